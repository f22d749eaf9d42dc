//! What a plugin folder holds, read once: manifest, component, mapping, and the one digest of them all.
//!
//! A [`Pass`] looks at many folders together, so that connectors that run one component read and digest its file once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::files;
use super::fixtures;
use super::manifest::Manifest;
use super::registry::PluginError;
use super::trust;

/// A component bigger than this is not read.
const COMPONENT_BYTES_MAX: u64 = 64 << 20;
/// A mapping bigger than this is not read.
const MAPPING_BYTES_MAX: u64 = 16 << 20;

/// A component file, read.
pub(super) struct ComponentFile {
    pub(super) bytes: Vec<u8>,
    pub(super) sha256: [u8; 32],
}

/// One version of a plugin, read and not yet compiled.
#[derive(Clone)]
pub(super) struct Source {
    /// Where its fixtures are.
    pub(super) folder: PathBuf,
    pub(super) manifest: Manifest,
    /// The manifest as it was read: what is digested, and written where the version is copied.
    pub(super) text: String,
    pub(super) component: Arc<ComponentFile>,
    /// Its own mapping, TOML.
    pub(super) mapping: Option<String>,
    /// SHA-256 of component, manifest and mapping, hex.
    pub(super) digest: String,
    /// Digest of its fixtures; zeros where they cannot be read.
    pub(super) fixtures: [u8; 32],
    /// Its `plugin.minisig`, where it has one that can be read.
    pub(super) signature: Option<Vec<u8>>,
}

type Read = Arc<OnceLock<Result<Arc<ComponentFile>, String>>>;

/// Where the component of a base comes from.
enum Base {
    /// Folder and file.
    Folder(PathBuf, String),
    /// What of it is active; none: nothing of it is.
    Active(Option<Arc<ComponentFile>>),
}

/// One look at all folders.
pub(super) struct Pass {
    /// Component of each plugin that has its own, by id.
    bases: BTreeMap<String, Base>,
    read: Mutex<HashMap<PathBuf, Read>>,
}

impl Pass {
    /// Reads which plugin of these folders has which component.
    pub(super) fn new(folders: &[PathBuf]) -> Self {
        let mut bases = BTreeMap::new();
        for folder in folders {
            if let Ok(manifest) = Manifest::read(folder)
                && manifest.base.is_none()
            {
                // Of two folders with one id the first counts, as everywhere.
                bases.entry(manifest.id).or_insert_with(|| Base::Folder(folder.clone(), manifest.component));
            }
        }
        Self { bases, read: Mutex::new(HashMap::new()) }
    }

    /// Connectors run what is active of their bases: never what is only in a folder.
    pub(super) fn of_accepted(bases: BTreeMap<String, Option<Arc<ComponentFile>>>) -> Self {
        let bases = bases.into_iter().map(|(id, component)| (id, Base::Active(component))).collect();
        Self { bases, read: Mutex::new(HashMap::new()) }
    }

    /// Reads a plugin folder.
    pub(super) fn source(&self, folder: &Path) -> Result<Source, PluginError> {
        let (manifest, text) = Manifest::read_with_text(folder)?;
        let component = match &manifest.base {
            None => self.component(folder, &manifest.component)?,
            Some(base) => {
                let fail = |problem: String| PluginError::Component { path: folder.join("plugin.toml"), problem };
                match self.bases.get(base) {
                    Some(Base::Folder(folder, name)) => self.component(folder, name)?,
                    Some(Base::Active(Some(component))) => Arc::clone(component),
                    Some(Base::Active(None)) => {
                        let problem = format!("base: `{base}` is not active; `claimhost plugin list` says why");
                        return Err(fail(problem));
                    }
                    None => {
                        let problem =
                            format!("base: no plugin folder here has id `{base}` and a component of its own; add it");
                        return Err(fail(problem));
                    }
                }
            }
        };
        Source::of(folder, manifest, text, component)
    }

    /// The component of a plugin folder, read by the first that asks.
    fn component(&self, folder: &Path, name: &str) -> Result<Arc<ComponentFile>, PluginError> {
        let path = folder.join(name);
        let cell = Arc::clone(self.read.lock().entry(path.clone()).or_default());
        let read = || read_component(folder, name);
        cell.get_or_init(read).clone().map_err(|problem| PluginError::Component { path, problem })
    }
}

fn read_component(folder: &Path, name: &str) -> Result<Arc<ComponentFile>, String> {
    let bytes = files::read(folder, Path::new(name), COMPONENT_BYTES_MAX).map_err(|problem| {
        let remedy =
            if folder.join(name).exists() { "strip or rebuild the component" } else { "build it with `plugin build`" };
        format!("{problem}; {remedy}")
    })?;
    let sha256 = Sha256::digest(&bytes).into();
    Ok(Arc::new(ComponentFile { bytes, sha256 }))
}

impl Source {
    /// Reads a version that was kept for a rollback: a folder that has its component whatever its manifest says.
    pub(super) fn kept(folder: &Path) -> Result<Self, PluginError> {
        let (manifest, text) = Manifest::read_with_text(folder)?;
        let path = folder.join(super::versions::COMPONENT);
        let component = read_component(folder, super::versions::COMPONENT)
            .map_err(|problem| PluginError::Component { path, problem })?;
        Self::of(folder, manifest, text, component)
    }

    fn of(folder: &Path, manifest: Manifest, text: String, component: Arc<ComponentFile>) -> Result<Self, PluginError> {
        let mapping = match &manifest.mapping {
            None => None,
            Some(name) => Some(read_mapping(folder, name)?),
        };
        let mut digest = Sha256::new().chain_update(component.sha256).chain_update(Sha256::digest(&text));
        if let Some(mapping) = &mapping {
            digest.update(Sha256::digest(mapping));
        }
        let digest = hex::encode(digest.finalize());
        let fixtures = fixtures::digest(folder).unwrap_or_default();
        let signature = trust::signature(folder).ok().flatten();
        Ok(Self { folder: folder.to_owned(), manifest, text, component, mapping, digest, fixtures, signature })
    }
}

fn read_mapping(folder: &Path, name: &str) -> Result<String, PluginError> {
    let fail = |problem: String| PluginError::Mapping { path: folder.join(name), problem };
    let bytes = files::read(folder, Path::new(name), MAPPING_BYTES_MAX).map_err(fail)?;
    let text = String::from_utf8(bytes).map_err(|_| fail("is not UTF-8".to_owned()))?;
    match text.parse::<toml::Table>() {
        Ok(_) => Ok(text),
        Err(error) => {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.lines().count().max(1));
            Err(fail(format!("line {line}: {}; correct it", error.message().trim_end())))
        }
    }
}

/// The mapping that a session is opened with: the plugin's own, and before it what the site says, key by key.
pub(super) fn joined(own: Option<&str>, site: &str) -> String {
    let Some(own) = own else { return site.to_owned() };
    if site.trim().is_empty() {
        return own.to_owned();
    }
    match (own.parse::<toml::Table>(), site.parse::<toml::Table>()) {
        (Ok(mut own), Ok(site)) => {
            lay_over(&mut own, site);
            own.to_string()
        }
        // The plugin says where the site's text is wrong.
        _ => site.to_owned(),
    }
}

fn lay_over(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => lay_over(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_site_says_goes_before_what_the_plugin_says_key_by_key() {
        let own = "a = 1\n[ft1]\ncode = 6\nunits = 10\n[[join]]\nname = \"one\"\n";
        assert_eq!(joined(Some(own), ""), own, "as it is");
        assert_eq!(joined(None, "b = 2"), "b = 2");
        let both: toml::Table = joined(Some(own), "[ft1]\ncode = 7\n[[join]]\nname = \"two\"\n").parse().unwrap();
        let expected: toml::Table = "a = 1\n[ft1]\ncode = 7\nunits = 10\n[[join]]\nname = \"two\"\n".parse().unwrap();
        assert_eq!(both, expected, "a list is replaced as a whole");
        assert_eq!(joined(Some(own), "= broken"), "= broken", "the plugin is shown what the site wrote");
    }
}
