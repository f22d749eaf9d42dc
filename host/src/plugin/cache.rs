//! Compiled components on disk, so that a start costs 0.3 ms instead of 300.
//!
//! An artefact is machine code that will run with the host's rights, so it is read only from the host's own folder
//! (0700) and only when its digest, written beside it, agrees. Anything else is compiled anew: never an error.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::engine::settings_digest;

/// Files of compiled code, three each: far more components than a host has. Without a bound, whoever saves all day fills a disk.
const COMPILED_MAX: usize = 3 * 128;
/// Plugins whose fixtures have passed.
const VERIFIED_MAX: usize = 4_096;

/// The folder.
pub(super) struct Cache {
    folder: PathBuf,
}

/// Whether the cache had it. For tests and `plugin list`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loaded {
    /// From the cache.
    Cached,
    /// Compiled now.
    Compiled,
}

impl Cache {
    /// Opens or creates the folder, for its owner only.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        for name in ["compiled", "verified"] {
            fs::create_dir_all(folder.join(name))?;
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Parses, validates and compiles the component, or takes what was compiled of the same bytes before.
    pub(super) fn component(
        &self,
        engine: &Engine,
        bytes: &[u8],
        sha256: &[u8; 32],
    ) -> wasmtime::Result<(Component, Loaded)> {
        let key = Sha256::new().chain_update(sha256).chain_update(settings_digest(engine)).finalize();
        let name = hex::encode(key);
        let code = self.folder.join("compiled").join(format!("{name}.cwasm"));
        let seal = code.with_extension("sha256");
        if let Some(component) = read(engine, &key, &code, &seal) {
            return Ok((component, Loaded::Cached));
        }
        // Of several processes that start at once one compiles, and the others take what it made. Without the lock each compiles.
        let turn = fs::File::create(code.with_extension("lock")).and_then(|file| file.lock().map(|()| file));
        if turn.is_ok()
            && let Some(component) = read(engine, &key, &code, &seal)
        {
            return Ok((component, Loaded::Cached));
        }
        let component = Component::new(engine, bytes)?;
        // A cache that cannot be written costs time at the next start, nothing else.
        let artefact = component.serialize()?;
        let kept = write_atomically(&code, &artefact)
            .and_then(|()| write_atomically(&seal, hex::encode(seal_of(&key, &artefact)).as_bytes()));
        if let Err(error) = kept {
            tracing::warn!(kind = %error.kind(), "plugin cache not written; the next start compiles again");
        }
        prune(&self.folder.join("compiled"), COMPILED_MAX);
        Ok((component, Loaded::Compiled))
    }

    /// Whether the fixtures of exactly this plugin on exactly this engine have passed before.
    pub(super) fn is_verified(&self, key: &[u8; 32]) -> bool {
        self.folder.join("verified").join(hex::encode(key)).is_file()
    }

    /// Remembers that they have.
    pub(super) fn remember_verified(&self, key: &[u8; 32]) {
        if let Err(error) = write_atomically(&self.folder.join("verified").join(hex::encode(key)), b"") {
            tracing::warn!(kind = %error.kind(), "plugin cache not written; fixtures will run again");
        }
        prune(&self.folder.join("verified"), VERIFIED_MAX);
    }
}

/// The artefact, when it is whole and belongs to this key.
fn read(engine: &Engine, key: &[u8], code: &Path, seal: &Path) -> Option<Component> {
    let artefact = fs::read(code).ok()?;
    let sealed = fs::read_to_string(seal).ok()?;
    if hex::encode(seal_of(key, &artefact)) != sealed.trim() {
        return None;
    }
    // SAFETY: `deserialize` demands bytes that `serialize` of a compatible engine made. They are in a folder that only
    // this host writes, under a key of component, wasmtime version and settings, and their digest agrees.
    #[allow(unsafe_code, reason = "the one way to load compiled code; guarded by the digest above")]
    unsafe { Component::deserialize(engine, &artefact) }.ok()
}

/// Removes the oldest files of a folder that has too many. What is still in use is made again when it is missed.
fn prune(folder: &Path, files_max: usize) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> =
        entries.filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()))).collect();
    if files.len() > files_max {
        files.sort();
        let surplus = files.len() - files_max * 3 / 4;
        files.iter().take(surplus).for_each(|(_, path)| drop(fs::remove_file(path)));
    }
}

/// Binds an artefact to its key, so that two intact files under each other's names do not pass.
fn seal_of(key: &[u8], artefact: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key).chain_update(artefact).finalize().into()
}

/// Temporary file beside it, then rename: a reader sees the old or the new file, never half of one.
pub(super) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let turn = COUNTER.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{turn}.tmp", std::process::id()));
    let written = fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_too_many_files_loses_its_oldest() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..9_u64 {
            let file = fs::File::create(folder.path().join(number.to_string())).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number)).unwrap();
        }
        prune(folder.path(), 9);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 9);
        prune(folder.path(), 8);
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().map(|file| file.file_name()).collect();
        left.sort();
        assert_eq!(left, ["3", "4", "5", "6", "7", "8"]);
    }
}
