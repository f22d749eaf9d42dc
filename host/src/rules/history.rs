//! What was ever active in a folder of tables: each text by its digest, and a list of activations and removals.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::RuleTable;
use super::folder::write_whole;

/// Where texts and the list of activations are kept, in the folder of tables.
const HISTORY: &str = "history";
/// The list of activations, one JSON object a line.
const LIST: &str = "activations.jsonl";

/// Who activated a text that somebody wrote into the folder without the command, or took one away.
pub const FILE_CHANGED: &str = "file changed";

/// One activation or removal, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// When, ISO 8601 with the zone.
    pub at: String,
    /// Who; [`FILE_CHANGED`] where somebody wrote the file without the command.
    pub by: String,
    /// File in the folder.
    pub file: String,
    /// The table.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text, hex.
    pub digest: String,
    /// What it took the place of; empty: nothing.
    pub replaced: String,
    /// The table is no longer active: its file, with the text of this digest, was taken away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// The last that is kept of a table.
pub(super) fn last_of<'k>(known: &'k [Activation], id: &str) -> Option<&'k Activation> {
    known.iter().rev().find(|known| known.id == id)
}

/// The history of one folder.
#[derive(Debug)]
pub(super) struct History {
    folder: PathBuf,
}

impl History {
    pub(super) fn of(folder: &Path) -> Self {
        Self { folder: folder.join(HISTORY) }
    }

    /// Whether the folder has one, be it empty.
    pub(super) fn is_there(&self) -> bool {
        self.folder.is_dir()
    }

    /// Keeps a text and its activation, once.
    pub(super) fn keep(&self, file: &str, table: &RuleTable, by: &str, replaced: String) -> io::Result<Activation> {
        let header = table.header();
        let known = self.list()?;
        if let Some(last) = last_of(&known, &header.id)
            && last.digest == table.digest
            && last.file == file
            && !last.removed
        {
            return Ok(last.clone());
        }
        fs::create_dir_all(&self.folder)?;
        let text = self.folder.join(text_name(&table.digest));
        if !text.is_file() {
            write_whole(&text, table.text.as_bytes())?;
        }
        let activation = Activation {
            at: now(),
            by: by.to_owned(),
            file: file.to_owned(),
            id: header.id.clone(),
            version: header.version.clone(),
            digest: table.digest.clone(),
            replaced,
            removed: false,
        };
        self.add(&activation)?;
        Ok(activation)
    }

    /// Keeps that a table is no longer active, once.
    pub(super) fn remove(&self, id: &str) -> io::Result<()> {
        let known = self.list()?;
        let Some(last) = last_of(&known, id).filter(|last| !last.removed) else { return Ok(()) };
        let (by, replaced) = (FILE_CHANGED.to_owned(), String::new());
        self.add(&Activation { at: now(), by, replaced, removed: true, ..last.clone() })
    }

    fn add(&self, activation: &Activation) -> io::Result<()> {
        let line = serde_json::to_string(activation)? + "\n";
        let mut list = fs::OpenOptions::new().create(true).append(true).read(true).open(self.folder.join(LIST))?;
        // A line that a crash cut off stays a line of its own.
        if list.metadata()?.len() > 0 {
            let mut last = [0];
            list.seek(SeekFrom::End(-1))?;
            list.read_exact(&mut last)?;
            if last != [b'\n'] {
                list.write_all(b"\n")?;
            }
        }
        list.write_all(line.as_bytes())?;
        list.sync_all()
    }

    /// Every activation and removal, oldest first. A line that a crash cut off, be it within a letter, is passed over.
    pub(super) fn list(&self) -> io::Result<Vec<Activation>> {
        match fs::read(self.folder.join(LIST)) {
            Ok(bytes) => {
                let lines = bytes.split(|byte| *byte == b'\n');
                Ok(lines.filter_map(|line| serde_json::from_slice(line).ok()).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// A text by its digest. What is kept is compared with it.
    pub(super) fn text(&self, digest: &str) -> Option<String> {
        let hexadecimal = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
        let text = hexadecimal.then(|| fs::read_to_string(self.folder.join(text_name(digest))).ok())??;
        (super::digest(&text) == digest).then_some(text)
    }

    /// What was last active of a file, and was not taken away since, nor is active of another file: the newest of the file that is
    /// the last word on its table.
    pub(super) fn last_active(&self, known: &[Activation], file: &str) -> Option<Arc<RuleTable>> {
        let stands = |one: &&Activation| {
            one.file == file && !one.removed && last_of(known, &one.id).is_some_and(|last| std::ptr::eq(last, *one))
        };
        let last = known.iter().rev().find(stands)?;
        let text = self.text(&last.digest)?;
        RuleTable::load(file, text.as_bytes()).ok().map(Arc::new)
    }
}

fn now() -> String {
    jiff::ZonedDateTime::now().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn text_name(digest: &str) -> String {
    format!("{digest}.toml")
}
