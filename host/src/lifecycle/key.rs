//! The master key, from the variable or the file that the configuration names.

use std::path::{Path, PathBuf};

use super::HostError;
use crate::config::Config;
use crate::store::MasterKey;

/// Reads the master key.
///
/// # Errors
/// [`HostError::Key`]: it is not there, or of another form.
pub(crate) fn master_key(config: &Config) -> Result<MasterKey, HostError> {
    let wrong = |origin: &str| {
        HostError::Key(format!("{origin}: expected 64 hexadecimal digits, as `claimhost init` writes them"))
    };
    if let Ok(text) = std::env::var(&config.keys.master_key_env) {
        return MasterKey::from_hex(&text).ok_or_else(|| wrong(&config.keys.master_key_env));
    }
    let path = &config.keys.master_key_file;
    let read = |path: &Path| -> std::io::Result<Result<MasterKey, HostError>> {
        let text = zeroize::Zeroizing::new(std::fs::read_to_string(path)?);
        Ok(MasterKey::from_hex(&text).ok_or_else(|| wrong(&path.display().to_string())))
    };
    let master = read(path).map_err(|error| {
        HostError::Key(format!(
            "{}: {error}. Make one with `claimhost init DIR`, or set {}",
            path.display(),
            config.keys.master_key_env
        ))
    })??;
    // A rotation that was interrupted: some practices may be wrapped by the next key already.
    let next = next_key_file(path);
    match read(&next) {
        Ok(next) => Ok(master.or(next?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(master),
        Err(error) => Err(HostError::Key(format!("{}: {error}", next.display()))),
    }
}

/// Where the next master key is while the one in `path` is rotated.
pub(crate) fn next_key_file(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.next", path.display()))
}
