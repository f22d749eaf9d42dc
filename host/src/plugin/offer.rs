//! A plugin that somebody may consent to: what it is, what it asks for, who signed it; then into the plugin folder, and pinned.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cache::write_atomically;
use super::discover;
use super::fixtures;
use super::lock::{Lock, LockError, Locked};
use super::manifest::{Manifest, Permissions};
use super::registry::{PluginError, PluginHostConfig};
use super::source::{Pass, Source};
use super::trust::{SIGNATURE, signature};

/// What is shown before anybody consents. Nothing of the plugin has run.
pub struct Offer {
    source: Source,
    /// Its signature and fixtures, by their path in the folder.
    parts: Vec<(PathBuf, Vec<u8>)>,
    /// The name of the trusted key that signed it; else what is wrong with its signature.
    pub signer: Result<String, String>,
}

impl Offer {
    /// Reads a plugin folder with all that would be copied of it.
    ///
    /// # Errors
    /// [`PluginError`]: it is none; a part of it is a link out of it, or too large.
    pub fn read(config: &PluginHostConfig, folder: &Path) -> Result<Self, PluginError> {
        let mut folders = vec![folder.to_owned()];
        folders.extend(discover::folders(&config.folders));
        let source = Pass::new(&folders).source(folder)?;
        let signer = config.trust.signer(folder, &source.digest).map(str::to_owned);
        let path = folder.join(SIGNATURE);
        let signature = signature(folder).map_err(|problem| PluginError::Part { path, problem })?;
        let mut parts: Vec<(PathBuf, Vec<u8>)> = signature.map(|bytes| (SIGNATURE.into(), bytes)).into_iter().collect();
        let of_fixtures = |error| PluginError::Fixtures { id: source.manifest.id.clone(), error: Box::new(error) };
        parts.extend(fixtures::all_files(folder).map_err(of_fixtures)?);
        Ok(Self { source, parts, signer })
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.source.manifest
    }

    /// SHA-256 of component, manifest and mapping, hex: what is pinned, and what a signature is made over.
    pub fn digest(&self) -> &str {
        &self.source.digest
    }

    /// Puts it into a folder of plugins, where it is not in one of them already: in the place of the folder that has its id, else
    /// under its id in the first of them. What is put is what was read before anybody consented.
    ///
    /// # Errors
    /// The operating system's; then the folder that was there is there still.
    pub fn install(&self, folders: &[PathBuf]) -> io::Result<PathBuf> {
        if self.is_inside(folders)? {
            return Ok(self.source.folder.clone());
        }
        let place = folders.first().ok_or_else(|| io::Error::other("plugins.folders names no folder"))?;
        let to = self.installed(folders).unwrap_or_else(|| place.join(&self.source.manifest.id));
        self.put(&to)?;
        Ok(to)
    }

    /// Puts it in the place of the folder that has its id, where there is one other than its own.
    ///
    /// # Errors
    /// As [`Offer::install`].
    pub fn update(&self, folders: &[PathBuf]) -> io::Result<Option<PathBuf>> {
        if self.is_inside(folders)? {
            return Ok(None);
        }
        self.installed(folders).map(|to| self.put(&to).map(|()| to)).transpose()
    }

    fn is_inside(&self, folders: &[PathBuf]) -> io::Result<bool> {
        let absolute = fs::canonicalize(&self.source.folder)?;
        Ok(folders.iter().any(|place| fs::canonicalize(place).is_ok_and(|place| absolute.starts_with(place))))
    }

    /// The folder of plugins that has its id; else the place of one that an installation which was killed has put aside.
    fn installed(&self, folders: &[PathBuf]) -> Option<PathBuf> {
        let has = |folder: &Path| Manifest::read(folder).is_ok_and(|found| found.id == self.source.manifest.id);
        let there = discover::folders(folders).into_iter().find(|folder| has(folder));
        there.or_else(|| discover::put_aside(folders).into_iter().find(|(_, old)| has(old)).map(|(place, _)| place))
    }

    /// Writes a folder that nobody looks into, then lets it take the place of what is there: nobody sees half of one.
    fn put(&self, to: &Path) -> io::Result<()> {
        let (place, name) = match (to.parent(), to.file_name().and_then(|name| name.to_str())) {
            (Some(place), Some(name)) => (place, name),
            _ => return Err(io::Error::other(format!("{}: is no folder that can be replaced", to.display()))),
        };
        fs::create_dir_all(place)?;
        let (new, old) = (place.join(format!(".{name}.new")), place.join(discover::aside(name)));
        match fs::remove_dir_all(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Left by one that was killed: it may hold all that there is of somebody's sources.
        if old.exists() {
            if to.exists() { move_on(&old, to)? } else { fs::rename(&old, to)? }
        }
        let Source { manifest, text, component, mapping, .. } = &self.source;
        fs::create_dir(&new)?;
        let own = manifest.base.is_none().then_some((manifest.component.as_str(), component.bytes.as_slice()));
        let mapping = manifest.mapping.as_deref().zip(mapping.as_deref().map(str::as_bytes));
        let named = [Some(("plugin.toml", text.as_bytes())), own, mapping];
        let parts = self.parts.iter().map(|(name, bytes)| (name.as_path(), bytes.as_slice()));
        for (name, bytes) in named.into_iter().flatten().map(|(name, bytes)| (Path::new(name), bytes)).chain(parts) {
            let path = new.join(name);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            write_atomically(&path, bytes)?;
        }
        if !to.exists() {
            return fs::rename(&new, to);
        }
        fs::rename(to, &old)?;
        if let Err(error) = fs::rename(&new, to) {
            fs::rename(&old, to)?;
            return Err(error);
        }
        move_on(&old, to)
    }

    /// Writes down that this version may run with these grants.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn consent(&self, lock: &Path, grants: Permissions) -> Result<(), LockError> {
        let Manifest { id, version, .. } = &self.source.manifest;
        let own = Locked {
            id: id.clone(),
            version: version.clone(),
            digest: self.source.digest.clone(),
            rolled_back_from: None,
            grants,
        };
        Lock::change(lock, |all| all.put(own))
    }
}

/// Ends the replacement of a folder: sources and notes that lie beside the old plugin are not the plugin's, so they stay; then the
/// old folder goes.
fn move_on(old: &Path, to: &Path) -> io::Result<()> {
    let before = Manifest::read(old).ok();
    let of_plugin = |name: &str| {
        let named = before.as_ref().is_some_and(|before| {
            name == before.component || before.mapping.as_deref().is_some_and(|mapping| mapping == name)
        });
        named || ["plugin.toml", "fixtures", SIGNATURE].contains(&name)
    };
    for left in fs::read_dir(old)? {
        let left = left?;
        if left.file_name().to_str().is_none_or(|name| !of_plugin(name)) && !to.join(left.file_name()).exists() {
            fs::rename(left.path(), to.join(left.file_name()))?;
        }
    }
    fs::remove_dir_all(old)
}
