//! What tests of the plugin host share: a folder with the hostile guest, and documents for it.
#![allow(dead_code, reason = "each test is a crate of its own and uses a part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use claimhost::claim::{Date, Document, Ignored, Outcome, Setup};
use claimhost::plugin::build::build_guest;
use claimhost::plugin::{Adapter, FaultKind, PluginHost, PluginHostConfig, PluginInfo, Translated, Trust, TrustPolicy};

/// The hostile guest, built.
pub fn component() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        build_guest(workspace, "guest-hostile").expect("the hostile guest builds")
    })
}

/// A folder with the hostile plugin, a cache beside it, and what to change in its manifest.
pub struct Site {
    pub root: tempfile::TempDir,
}

impl Site {
    pub fn new(limits: &str) -> Self {
        let site = Self { root: tempfile::tempdir().unwrap() };
        site.plugin("hostile", limits);
        site
    }

    pub fn plugin(&self, id: &str, tail: &str) -> PathBuf {
        let folder = self.root.path().join("plugins").join(id);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("plugin.wasm"), named(id)).unwrap();
        let manifest = format!(
            "id = \"{id}\"\nversion = \"1.0.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\nframing = \"whole\"\n\
             formats = [\"text\"]\nevidence = \"standard-only\"\n{tail}"
        );
        fs::write(folder.join("plugin.toml"), manifest).unwrap();
        folder
    }

    pub fn config(&self) -> PluginHostConfig {
        // Compiling takes seconds in a debug build: one cache for all but the test of the cache.
        static SHARED: OnceLock<tempfile::TempDir> = OnceLock::new();
        let cache = SHARED.get_or_init(|| tempfile::tempdir().unwrap()).path().to_owned();
        let own = self.root.path().join("cache");
        let cache = if own.is_dir() { own } else { cache };
        PluginHostConfig::new(vec![self.root.path().join("plugins")], cache)
    }

    pub fn open(&self) -> PluginHost {
        PluginHost::open(self.config()).unwrap()
    }

    pub fn adapter(&self) -> Arc<Adapter> {
        let host = self.open();
        host.adapter("hostile").unwrap_or_else(|| panic!("{:?}", host.list()))
    }

    pub fn fixture(&self, case: &str, input: &str, expected: &str) {
        let folder = self.root.path().join("plugins/hostile/fixtures").join(case);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("input.txt"), input).unwrap();
        fs::write(folder.join("expected.json"), expected).unwrap();
    }
}

pub fn setup(mapping: &str) -> Setup {
    Setup { settings: Vec::new(), mapping: mapping.to_owned() }
}

pub fn documents(texts: &[&str]) -> Vec<Document> {
    let received = Date { year: 2026, month: 1, day: 2 };
    let document = |(ordinal, text): (usize, &&str)| Document {
        format: "text".to_owned(),
        content: text.as_bytes().to_vec(),
        related: Vec::new(),
        received,
        ordinal: u32::try_from(ordinal).unwrap(),
    };
    texts.iter().enumerate().map(document).collect()
}

pub fn ask(adapter: &Adapter, practice: &str, texts: &[&str]) -> Vec<Translated> {
    let answers = adapter.translate(practice, &setup(""), &documents(texts)).unwrap();
    assert_eq!(answers.len(), texts.len(), "one answer each");
    answers
}

pub fn reason(answer: &Translated) -> &str {
    match answer {
        Translated::Outcome(Outcome::Ignored(Ignored { reason, .. })) => reason,
        other => panic!("{other:?}"),
    }
}

pub fn parked(answer: &Translated) -> &FaultKind {
    match answer {
        Translated::Parked(fault) => fault.kind(),
        other => panic!("{other:?}"),
    }
}

/// The component with another mark: another version of it, which answers `version` otherwise.
pub fn marked(number: usize) -> Vec<u8> {
    let mut bytes = fs::read(component()).unwrap();
    let mark = format!("VERSION-MARK-{number:03}");
    let mut found = 0;
    for at in 0..bytes.len().saturating_sub(mark.len()) {
        if bytes[at..].starts_with(b"VERSION-MARK-") {
            bytes[at..at + mark.len()].copy_from_slice(mark.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "the component has its mark");
    bytes
}

/// The component that says it is the plugin of an id.
pub fn named(id: &str) -> Vec<u8> {
    const MARK: &[u8] = b"PLUGIN-ID:";
    let mut bytes = fs::read(component()).unwrap();
    let marks: Vec<usize> = (0..bytes.len() - MARK.len()).filter(|at| bytes[*at..].starts_with(MARK)).collect();
    let [mark] = marks.as_slice() else { panic!("the component has one id: {marks:?}") };
    let mut room = [0; 24];
    room[..id.len()].copy_from_slice(id.as_bytes());
    bytes[mark + MARK.len()..][..room.len()].copy_from_slice(&room);
    bytes
}

/// Writes a file as editors do: a new one beside it, then a rename over it.
pub fn save(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("editor~");
    fs::write(&beside, bytes).unwrap();
    fs::rename(&beside, path).unwrap();
}

/// A host that keeps versions and has a lock file.
pub fn config(site: &Site, mode: Trust) -> PluginHostConfig {
    let trust = TrustPolicy { mode, lock: Some(site.root.path().join("plugins.lock")), keys: Vec::new() };
    PluginHostConfig { trust, keep_versions: true, cache: site.root.path().join("kept"), ..site.config() }
}

pub fn folder(site: &Site, id: &str) -> PathBuf {
    site.root.path().join("plugins").join(id)
}

pub fn version(adapter: &Adapter) -> String {
    reason(&ask(adapter, "north", &["version"])[0]).to_owned()
}

pub fn active(host: &PluginHost) -> Arc<Adapter> {
    host.adapter("hostile").unwrap_or_else(|| panic!("{:?}", host.list()))
}

pub fn info(host: &PluginHost, id: &str) -> PluginInfo {
    host.list().into_iter().find(|info| info.id == id).unwrap()
}

/// What a reload did, one word for each plugin that changed.
pub fn reload(host: &PluginHost) -> Vec<(String, &'static str)> {
    host.reload(false).unwrap().into_iter().map(|change| (change.id, change.what.name())).collect()
}

pub fn only(what: &'static str) -> Vec<(String, &'static str)> {
    vec![("hostile".to_owned(), what)]
}

/// A connector: a manifest that names its base, and a mapping.
pub fn connector(site: &Site, id: &str, mapping: &str) -> PathBuf {
    let folder = site.plugin(id, "base = \"hostile\"\nmapping = \"mapping.toml\"\n");
    fs::remove_file(folder.join("plugin.wasm")).unwrap();
    fs::write(folder.join("mapping.toml"), mapping).unwrap();
    folder
}
