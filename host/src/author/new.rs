//! `plugin new`: a plugin that works, with fixtures, in a folder of its own.
//!
//! Every language answers the same fixtures: what a plugin says is the contract's, whatever it is written in. One of them fails where
//! the mapping is emptied, so that green means that the mapping was read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::CONTRACT;
use super::carried::{self, Written};

/// Longest name: it is a folder, a crate and a key in configurations.
const NAME_MAX: usize = 60;

/// What a new plugin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// Documents of one EHR to visit events
    Adapter,
    /// One payer's rules over claims
    Rules,
    /// Documents of an EHR's interface, request by request: in toml or rust
    Puller,
}

impl Kind {
    /// Its word in `plugin.toml`, and in the names of templates.
    fn word(self) -> &'static str {
        match self {
            Self::Adapter => "adapter",
            Self::Rules => "rules",
            Self::Puller => "puller",
        }
    }
}

/// What a new plugin is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Data over a stock component: a mapping, or a rule table; nothing is built
    Toml,
    /// A crate
    Rust,
    /// A module, built with componentize-py
    Python,
    /// A module, built with componentize-js
    #[value(name = "javascript")]
    JavaScript,
}

/// The stock adapter whose component a new one runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Base {
    /// Delimited and fixed-width files, one charge a row
    #[value(name = "csv-superbill")]
    CsvSuperbill,
    /// JSON and XML of any shape
    #[value(name = "records")]
    Records,
    /// HL7 v2 charges and visits
    #[value(name = "hl7v2-dft")]
    Hl7v2Dft,
    /// FHIR R4 bundles
    #[value(name = "fhir-r4")]
    FhirR4,
}

impl Base {
    /// Id of the plugin whose component it is.
    pub fn id(self) -> &'static str {
        match self {
            Self::CsvSuperbill => "csv-superbill",
            Self::Records => "records",
            Self::Hl7v2Dft => "hl7v2-dft",
            Self::FhirR4 => "fhir-r4",
        }
    }

    /// `framing` and `formats` of the manifest, and limits as the stock adapter has them.
    fn manifest(self) -> (&'static str, &'static str, u32, u32) {
        match self {
            Self::CsvSuperbill => ("delimited", "\"delimited\"", 1000, 64),
            Self::Records => ("records", "\"json\", \"xml\"", 1000, 64),
            Self::Hl7v2Dft => ("hl7v2", "\"hl7v2\"", 1000, 64),
            Self::FhirR4 => ("fhir-bundle", "\"fhir-r4\"", 2000, 256),
        }
    }
}

/// A plugin to be written.
#[derive(Debug, Clone)]
pub struct New {
    /// Its world.
    pub kind: Kind,
    /// Its id, and the name of its folder.
    pub name: String,
    /// What it is written in.
    pub language: Language,
    /// The stock adapter below an adapter of [`Language::Toml`].
    pub base: Base,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The name cannot be an id.
    #[error(
        "`{name}` {problem}; expected a small letter, then small letters, digits and single `-`, at most {NAME_MAX}, such as `my-ehr`"
    )]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// There is no template of this kind in this language.
    #[error("a puller is written in toml (a mapping over `http-pull`) or rust; say --lang toml or --lang rust")]
    Language,
    /// The folder is there.
    #[error("{} is there already, and nothing in it was changed; choose another name or --dir", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// A file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl New {
    /// Writes the plugin into a new folder of its name below `parent`, and gives that folder.
    ///
    /// # Errors
    /// [`NewError`]; then nothing of it is left.
    pub fn write(&self, parent: &Path) -> Result<PathBuf, NewError> {
        check_name(&self.name)?;
        if self.kind == Kind::Puller && matches!(self.language, Language::Python | Language::JavaScript) {
            return Err(NewError::Language);
        }
        let folder = parent.join(&self.name);
        let file = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| NewError::File { path, source }
        };
        fs::create_dir_all(parent).map_err(file(parent))?;
        match fs::create_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(NewError::Taken { path: folder });
            }
            made => made.map_err(file(&folder))?,
        }
        let write = |(path, content): &Written| {
            let path = folder.join(path);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(&path, content)).map_err(file(&path))
        };
        let written = self.files().iter().try_for_each(write);
        // What a template shows is invented.
        let marked = |()| {
            let path = folder.join("fixtures");
            crate::plugin::mark_invented(&folder)
                .map_err(|error| NewError::File { path, source: io::Error::other(error.to_string()) })
        };
        let written = written.and_then(marked);
        // The folder is ours alone: it was not there before.
        written.inspect_err(|_| drop(fs::remove_dir_all(&folder)))?;
        Ok(folder)
    }

    /// Every file, by its path in the folder.
    pub fn files(&self) -> Vec<Written> {
        let mut files = vec![
            ("plugin.toml".to_owned(), self.manifest().into_bytes()),
            ("README.md".to_owned(), super::readme::of(self).into_bytes()),
        ];
        for template in self.templates() {
            files.extend(
                carried::below(&format!("host/src/author/templates/{template}"))
                    .map(|(path, content)| (path.to_owned(), self.filled(content))),
            );
        }
        let wit = || carried::wit().into_iter().map(|(path, content)| (format!("wit/{path}"), content));
        match self.language {
            Language::Toml => {}
            Language::Rust => {
                files.extend(carried::sdk().into_iter().map(|(path, content)| (format!("claimhost/{path}"), content)));
                files.push(("Cargo.lock".to_owned(), carried::lock()));
                files.push((".gitignore".to_owned(), b"/target\n/plugin.wasm\n".to_vec()));
            }
            Language::Python => files.extend(carried::python().into_iter().chain(wit())),
            Language::JavaScript => files.extend(carried::javascript().into_iter().chain(wit())),
        }
        files
    }

    /// Folders of templates, all of which belong to the plugin.
    fn templates(&self) -> Vec<String> {
        let kind = self.kind.word();
        let code = |language: &str| vec![format!("{kind}-code"), format!("{kind}-{language}")];
        let mut templates = match (self.kind, self.language) {
            (Kind::Adapter, Language::Toml) => vec![format!("adapter-{}", self.base.id())],
            (Kind::Rules | Kind::Puller, Language::Toml) => vec![format!("{kind}-toml")],
            (_, Language::Rust) => code("rust"),
            (_, Language::Python) => code("python"),
            (_, Language::JavaScript) => code("javascript"),
        };
        // Rules say the same of the same claims in every language, a table too.
        templates.extend((self.kind == Kind::Rules).then(|| "rules-fixtures".to_owned()));
        templates
    }

    /// A template with the plugin's name in it. What is no text stays as it is.
    fn filled(&self, content: &[u8]) -> Vec<u8> {
        match std::str::from_utf8(content) {
            Ok(text) => text.replace("{{name}}", &self.name).into_bytes(),
            Err(_) => content.to_vec(),
        }
    }

    /// `plugin.toml`.
    fn manifest(&self) -> String {
        let (name, kind) = (&self.name, self.kind.word());
        let mut text = format!(
            "# What the host reads before it loads anything. Every key: `claimhost plugin docs`, page plugin-toml.md.\nid = \"{name}\"\n\
             version = \"0.1.0\"\nkind = \"{kind}\"\nfamily = \"{name}\"\ncontract = \"{CONTRACT}\"\n"
        );
        let (framing, formats, deadline_ms, memory_mib) = match (self.kind, self.language) {
            (Kind::Adapter, Language::Toml) => self.base.manifest(),
            // As the component of pullers has them.
            (Kind::Puller, Language::Toml) => ("", "", 2000, 256),
            // A script's interpreter is in its component: 12 to 18 MB, and memory to run in.
            (_, Language::Python | Language::JavaScript) => ("ndjson", "\"ndjson\"", 2000, 256),
            _ => ("ndjson", "\"ndjson\"", 250, 64),
        };
        if self.kind == Kind::Adapter {
            text += &format!("framing = \"{framing}\"\nformats = [{formats}]\n");
        }
        text += "# How far it was checked: standard-only; documented (a public page says so); sample-verified (a sample of the system shows it).\n\
                 evidence = \"standard-only\"\n";
        match (self.kind, self.language) {
            (Kind::Adapter, Language::Toml) => {
                text += &format!("base = \"{}\"\nmapping = \"mapping.toml\"\n", self.base.id())
            }
            (Kind::Rules, Language::Toml) => text += "base = \"rule-table\"\nmapping = \"table.toml\"\n",
            (Kind::Puller, Language::Toml) => text += "base = \"http-pull\"\nmapping = \"mapping.toml\"\n",
            _ => text += "mapping = \"mapping.toml\"\n",
        }
        text += &format!("\n[limits]\ndeadline_ms = {deadline_ms}\nmemory_mib = {memory_mib}\n");
        if (self.kind, self.language) == (Kind::Rules, Language::Toml) {
            // Those of the component: a table that asks for more than its manifest is refused.
            text += "\n[permissions]\n\
                     look_back_days = 3660        # at most; a table sees what the longest of its rules asks for\n\
                     fixes = true                 # a rule may propose one; the profile's apply_fixes decides\n";
        }
        text
    }
}

fn check_name(name: &str) -> Result<(), NewError> {
    let fail = |problem| Err(NewError::Name { name: name.to_owned(), problem });
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() > NAME_MAX {
        return fail("is too long");
    }
    if !name.bytes().all(plain) {
        return fail("has another character in it");
    }
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return fail("begins with something else");
    }
    if name.ends_with('-') || name.contains("--") {
        return fail("has a `-` too many");
    }
    // Two plugins of one id cannot run on one host.
    if carried::STOCK.contains(&name) {
        return fail("is the id of a plugin that comes with claimhost");
    }
    Ok(())
}
