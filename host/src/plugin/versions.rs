//! Versions of plugins that were active, kept for a rollback: `versions/<id>/<digest>/` in the cache folder is the plugin
//! folder as it was, `versions/<id>/order` the digests as they became active, newest last.
//! `versions/.folders/<sha256 of a path>` is the id of the plugin that a folder had.
//!
//! Equal components are one file: each version has a hard link to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::cache::write_atomically;
use super::fixtures;
use super::source::Source;
use super::trust::SIGNATURE;

/// Versions of one plugin that are kept, the active one included.
const KEPT_MAX: usize = 4;
/// Name of the component in a kept folder, whatever the manifest calls it.
pub(super) const COMPONENT: &str = ".component";

/// The folder of kept versions.
pub(super) struct Versions {
    folder: PathBuf,
}

impl Versions {
    /// Below the cache folder.
    pub(super) fn new(cache: &Path) -> Self {
        Self { folder: cache.join("versions") }
    }

    /// Where a version is, or would be.
    pub(super) fn place(&self, id: &str, digest: &str) -> PathBuf {
        self.folder.join(id).join(digest)
    }

    /// Digests of the kept versions of a plugin as they became active, newest last.
    pub(super) fn order(&self, id: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join(id).join("order")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The version that was active before this one.
    pub(super) fn before(&self, id: &str, digest: &str) -> Option<String> {
        self.order(id).into_iter().rev().find(|kept| kept != digest)
    }

    /// Where it is written down which plugin a folder had.
    fn record(&self, folder: &Path) -> PathBuf {
        use sha2::Digest;
        let name = hex::encode(sha2::Sha256::digest(folder.as_os_str().as_encoded_bytes()));
        self.folder.join(".folders").join(name)
    }

    /// Id of the plugin that a folder had when a version of it last became active.
    pub(super) fn id_of(&self, folder: &Path) -> Option<String> {
        fs::read_to_string(self.record(folder)).ok()
    }

    /// Keeps a version that has become active in a folder, and forgets the oldest.
    pub(super) fn keep(&self, folder: &Path, source: &Source) {
        let id = source.manifest.id.as_str();
        if self.id_of(folder).as_deref() != Some(id) {
            let record = self.record(folder);
            let written = record.parent().map_or(Ok(()), fs::create_dir_all);
            if let Err(error) = written.and_then(|()| write_atomically(&record, id.as_bytes())) {
                tracing::warn!(plugin = id, kind = %error.kind(), "which plugin this folder has cannot be written down");
            }
        }
        let mut order = self.order(id);
        let place = self.place(id, &source.digest);
        if order.last() == Some(&source.digest) && place.is_dir() {
            return;
        }
        order.retain(|kept| *kept != source.digest);
        order.push(source.digest.clone());
        let forgotten: Vec<String> = order.drain(..order.len().saturating_sub(KEPT_MAX)).collect();
        let kept = self
            .copy(source, &place)
            .and_then(|()| write_atomically(&self.folder.join(id).join("order"), (order.join("\n") + "\n").as_bytes()));
        match kept {
            Ok(()) => forgotten.iter().for_each(|digest| self.forget(&self.place(id, digest))),
            Err(error) => {
                tracing::warn!(plugin = id, kind = %error.kind(), "this version cannot be kept for a rollback");
            }
        }
    }

    fn copy(&self, source: &Source, place: &Path) -> io::Result<()> {
        if place.is_dir() {
            return Ok(());
        }
        let components = self.folder.join(".components");
        fs::create_dir_all(&components)?;
        // Whole under its name or not at all.
        let making = place.with_extension("tmp");
        let _ = fs::remove_dir_all(&making);
        fs::create_dir_all(&making)?;
        let shared = components.join(hex::encode(source.component.sha256));
        if !shared.is_file() {
            write_atomically(&shared, &source.component.bytes)?;
        }
        fs::hard_link(&shared, making.join(COMPONENT))
            .or_else(|_| fs::write(making.join(COMPONENT), &source.component.bytes))?;
        fs::write(making.join("plugin.toml"), &source.text)?;
        if let (Some(name), Some(mapping)) = (&source.manifest.mapping, &source.mapping) {
            fs::write(making.join(name), mapping)?;
        }
        if let Some(signature) = &source.signature {
            fs::write(making.join(SIGNATURE), signature)?;
        }
        for (name, bytes) in fixtures::all_files(&source.folder).map_err(io::Error::other)? {
            let path = making.join(name);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(path, bytes)?;
        }
        // What is under a digest is what has it, with the fixtures that it passed, whatever became of the folder meanwhile.
        let kept = Source::kept(&making).map_err(io::Error::other)?;
        if kept.digest != source.digest || kept.fixtures != source.fixtures {
            let _ = fs::remove_dir_all(&making);
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the folder has changed meanwhile"));
        }
        fs::rename(&making, place)
    }

    /// Removes a version, and its component where no other has it.
    fn forget(&self, place: &Path) {
        use std::os::unix::fs::MetadataExt;
        let sha256 = fs::read(place.join(COMPONENT)).map(|bytes| {
            use sha2::Digest;
            hex::encode(sha2::Sha256::digest(bytes))
        });
        let _ = fs::remove_dir_all(place);
        let Ok(sha256) = sha256 else { return };
        let shared = self.folder.join(".components").join(sha256);
        if fs::metadata(&shared).is_ok_and(|file| file.nlink() == 1) {
            let _ = fs::remove_file(shared);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::source::Pass;

    #[test]
    fn what_is_kept_is_what_was_read_whatever_the_folder_holds_by_then() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("plugin");
        fs::create_dir(&folder).unwrap();
        let manifest = "id = \"some-ehr\"\nversion = \"1.0.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\n\
                        framing = \"whole\"\nformats = [\"text\"]\nevidence = \"documented\"\nmapping = \"mapping.toml\"\n";
        fs::write(folder.join("plugin.toml"), manifest).unwrap();
        fs::write(folder.join("mapping.toml"), "site = 1\n").unwrap();
        fs::write(folder.join("plugin.wasm"), "component").unwrap();
        fs::write(folder.join("plugin.minisig"), "of the first").unwrap();
        let fixture = folder.join("fixtures/one/expected.json");
        fs::create_dir_all(fixture.parent().unwrap()).unwrap();
        fs::write(&fixture, "[1]").unwrap();
        let source = Pass::new(std::slice::from_ref(&folder)).source(&folder).unwrap();
        fs::write(folder.join("plugin.toml"), manifest.replace("1.0.0", "2.0.0")).unwrap();
        fs::write(folder.join("mapping.toml"), "site = 2\n").unwrap();
        fs::write(folder.join("plugin.minisig"), "of the second").unwrap();
        fs::write(&fixture, "[2]").unwrap();
        let versions = Versions::new(root.path());
        versions.keep(&folder, &source);
        assert!(!versions.place("some-ehr", &source.digest).exists(), "it passed other fixtures");
        fs::write(&fixture, "[1]").unwrap();
        versions.keep(&folder, &source);
        let kept = Source::kept(&versions.place("some-ehr", &source.digest)).unwrap();
        assert_eq!(kept.digest, source.digest);
        assert_eq!((kept.manifest.version.as_str(), kept.mapping.as_deref()), ("1.0.0", Some("site = 1\n")));
        assert_eq!(kept.signature.as_deref(), Some(b"of the first".as_slice()));
    }
}
