//! A plugin that somebody may consent to: what it is, what it asks for, who signed it; then into the plugin folder, and pinned.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cache::write_atomically;
use super::discover;
use super::lock::{Lock, LockError, Locked};
use super::manifest::{Manifest, Permissions};
use super::registry::{PluginError, PluginHostConfig};
use super::source::{Pass, Source};
use super::trust::SIGNATURE;

/// What is shown before anybody consents. Nothing of the plugin has run.
pub struct Offer {
    source: Source,
    /// The name of the trusted key that signed it; else what is wrong with its signature.
    pub signer: Result<String, String>,
}

impl Offer {
    /// Reads a plugin folder.
    ///
    /// # Errors
    /// [`PluginError`]: it is none.
    pub fn read(config: &PluginHostConfig, folder: &Path) -> Result<Self, PluginError> {
        let mut folders = vec![folder.to_owned()];
        folders.extend(discover::folders(&config.folders));
        let source = Pass::new(&folders).source(folder)?;
        let signer = config.trust.signer(folder, &source.digest).map(str::to_owned);
        Ok(Self { source, signer })
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.source.manifest
    }

    /// SHA-256 of component, manifest and mapping, hex: what is pinned, and what a signature is made over.
    pub fn digest(&self) -> &str {
        &self.source.digest
    }

    /// Copies it into a folder of plugins, under its id, where it is not in one of them already.
    ///
    /// # Errors
    /// The operating system's.
    pub fn install(&self, folders: &[PathBuf]) -> io::Result<PathBuf> {
        let Source { folder, manifest, component, .. } = &self.source;
        let absolute = fs::canonicalize(folder)?;
        let inside = |place: &&PathBuf| fs::canonicalize(place).is_ok_and(|place| absolute.starts_with(place));
        if folders.iter().any(|place| inside(&place)) {
            return Ok(folder.clone());
        }
        let place = folders.first().ok_or_else(|| io::Error::other("plugins.folders names no folder"))?;
        let to = place.join(&manifest.id);
        fs::create_dir_all(&to)?;
        let parts = [SIGNATURE].into_iter().chain(manifest.mapping.as_deref());
        for part in parts.filter(|part| folder.join(part).is_file()) {
            write_atomically(&to.join(part), &fs::read(folder.join(part))?)?;
        }
        for case in fs::read_dir(folder.join("fixtures")).into_iter().flatten().flatten() {
            let into = to.join("fixtures").join(case.file_name());
            for file in fs::read_dir(case.path()).into_iter().flatten().flatten().filter(|file| file.path().is_file()) {
                fs::create_dir_all(&into)?;
                write_atomically(&into.join(file.file_name()), &fs::read(file.path())?)?;
            }
        }
        if manifest.base.is_none() {
            write_atomically(&to.join(&manifest.component), &component.bytes)?;
        }
        // With its manifest the folder is a plugin: that comes last.
        write_atomically(&to.join("plugin.toml"), &fs::read(folder.join("plugin.toml"))?)?;
        Ok(to)
    }

    /// Writes down that this version may run with these grants.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn consent(&self, lock: &Path, grants: Permissions) -> Result<(), LockError> {
        let Manifest { id, version, .. } = &self.source.manifest;
        let mut all = Lock::read(lock)?;
        all.put(Locked {
            id: id.clone(),
            version: version.clone(),
            digest: self.source.digest.clone(),
            rolled_back_from: None,
            grants,
        });
        all.write(lock)
    }
}
