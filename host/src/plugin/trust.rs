//! Which plugins may run: all that are found, those that an operator pinned, or of those the signed ones.
//!
//! A plugin's rights are what its manifest asks for AND what it was granted. A signature is minisign's over the plugin's
//! digest (64 hexadecimal digits and a line feed), in `plugin.minisig`.

use std::path::{Path, PathBuf};

use minisign_verify::{PublicKey, Signature};
use serde::{Deserialize, Serialize};

use super::files;
use super::lock::{Lock, LockError, Locked};
use super::manifest::{Manifest, Permissions};

/// The signature in a plugin folder.
pub(super) const SIGNATURE: &str = "plugin.minisig";
const SIGNATURE_BYTES_MAX: u64 = 4 << 10;

/// Which plugins may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Every plugin that is found, with what it asks for: for those who write plugins.
    Any,
    /// Those that `plugins.lock` pins, with the grants in it.
    #[default]
    Locked,
    /// As locked, and signed by a trusted key.
    Signed,
}

/// A key whose signatures count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedKey {
    /// Whose it is, for people.
    pub name: String,
    /// minisign's public key: the second line of its `.pub` file.
    pub minisign: String,
}

/// What decides.
#[derive(Debug, Clone, Default)]
pub struct TrustPolicy {
    /// Which plugins may run.
    pub mode: Trust,
    /// The lock file; none: nothing is pinned.
    pub lock: Option<PathBuf>,
    /// Keys whose signatures count.
    pub keys: Vec<TrustedKey>,
}

/// Why a plugin that is sound does not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Nobody has consented to it.
    #[error("is not in plugins.lock; look at what it asks for and grant it with `claimhost plugin add {}`", folder.display())]
    Unknown {
        /// Its folder.
        folder: PathBuf,
    },
    /// It is another version than the one consented to.
    #[error("has changed since it was granted (plugins.lock has {pinned:.12}, the folder {found:.12}); grant it again with `claimhost plugin add {}`", folder.display())]
    Changed {
        /// Its folder.
        folder: PathBuf,
        /// The digest that was granted.
        pinned: String,
        /// The folder's.
        found: String,
    },
    /// This version was rolled back.
    #[error("was rolled back from {found:.12}; save a new version, or `claimhost plugin rollback` once more")]
    RolledBack {
        /// The folder's digest.
        found: String,
    },
    /// No signature that counts.
    #[error("{words}; have it signed by a key of [[plugins.key]], or choose another `trust`")]
    Unsigned {
        /// What is wrong with the signature.
        words: String,
    },
    /// `plugins.lock` cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// What is to run of a plugin.
pub(super) enum Decision {
    /// What is in the folder, with these grants.
    Run(Permissions),
    /// The version that the lock file pins, which was kept; and why not what is in the folder.
    Pinned(Locked, TrustError),
    /// Nothing.
    Refused(TrustError),
}

impl TrustPolicy {
    /// The lock file as it is now.
    pub(super) fn read_lock(&self) -> Result<Lock, LockError> {
        self.lock.as_deref().map_or_else(|| Ok(Lock::default()), Lock::read)
    }

    /// Decides over what is in a plugin folder.
    pub(super) fn decide(&self, lock: &Lock, folder: &Path, manifest: &Manifest, digest: &str) -> Decision {
        let locked = lock.of(&manifest.id);
        let (folder, found) = (folder.to_owned(), digest.to_owned());
        match locked {
            Some(locked) if locked.digest == digest => match self.check_signature(&folder, digest) {
                Ok(_) => Decision::Run(both(&manifest.permissions, &locked.grants)),
                Err(error) => Decision::Refused(error),
            },
            Some(locked) if locked.rolled_back_from.as_deref() == Some(digest) => {
                Decision::Pinned(locked.clone(), TrustError::RolledBack { found })
            }
            _ if self.mode == Trust::Any => Decision::Run(manifest.permissions.clone()),
            Some(locked) => {
                let pinned = locked.digest.clone();
                Decision::Pinned(locked.clone(), TrustError::Changed { folder, pinned, found })
            }
            None => Decision::Refused(TrustError::Unknown { folder }),
        }
    }

    /// Whether a plugin has the signature that it needs.
    pub(super) fn check_signature(&self, folder: &Path, digest: &str) -> Result<(), TrustError> {
        match self.mode {
            Trust::Any | Trust::Locked => Ok(()),
            Trust::Signed => self.signer(folder, digest).map(|_| ()).map_err(|words| TrustError::Unsigned { words }),
        }
    }

    /// The name of the trusted key that signed this version.
    ///
    /// # Errors
    /// What is wrong with the signature.
    pub fn signer(&self, folder: &Path, digest: &str) -> Result<&str, String> {
        let bytes = signature(folder)
            .map_err(|problem| format!("plugin.minisig {problem}"))?
            .ok_or_else(|| "has no plugin.minisig".to_owned())?;
        let text = String::from_utf8(bytes).map_err(|_| "plugin.minisig is no signature of minisign".to_owned())?;
        let signature =
            Signature::decode(&text).map_err(|_| "plugin.minisig is no signature of minisign".to_owned())?;
        let signed = format!("{digest}\n");
        let by = |key: &&TrustedKey| {
            let public = PublicKey::from_base64(&key.minisign);
            public.is_ok_and(|public| public.verify(signed.as_bytes(), &signature, false).is_ok())
        };
        let key = self.keys.iter().find(by);
        key.map(|key| key.name.as_str())
            .ok_or_else(|| "plugin.minisig is not of this version, or not by a key of [[plugins.key]]".to_owned())
    }
}

/// The bytes of the signature in a plugin folder, where there is one.
pub(super) fn signature(folder: &Path) -> Result<Option<Vec<u8>>, String> {
    if !folder.join(SIGNATURE).exists() {
        return Ok(None);
    }
    files::read(folder, Path::new(SIGNATURE), SIGNATURE_BYTES_MAX).map(Some)
}

/// What is asked for and granted too.
pub(super) fn both(asked: &Permissions, granted: &Permissions) -> Permissions {
    let common = |asked: &[String], granted: &[String]| {
        asked.iter().filter(|name| granted.contains(name)).cloned().collect::<Vec<_>>()
    };
    Permissions {
        http_hosts: common(&asked.http_hosts, &granted.http_hosts),
        code_tables: common(&asked.code_tables, &granted.code_tables),
        look_back_days: asked.look_back_days.min(granted.look_back_days),
        fixes: asked.fixes && granted.fixes,
    }
}

/// Whether a text is a public key of minisign.
pub(crate) fn is_public_key(text: &str) -> bool {
    PublicKey::from_base64(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_needs_to_be_asked_for_and_granted() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let asked = Permissions {
            code_tables: names(&["icd10cm", "hcpcs"]),
            look_back_days: 30,
            fixes: true,
            ..Permissions::default()
        };
        let granted = Permissions {
            code_tables: names(&["hcpcs", "pos"]),
            look_back_days: 400,
            fixes: false,
            ..Permissions::default()
        };
        let expected = Permissions { code_tables: names(&["hcpcs"]), look_back_days: 30, ..Permissions::default() };
        assert_eq!(both(&asked, &granted), expected);
    }
}
