//! One table in one file: a label that says what it is and which days of service it knows, then a payload of bytes.
//!
//! The payload's layout is its reader's business (`list.rs` for code lists, `ncci` for its own). A file is written beside
//! its place, synced and renamed: a reader sees the old table or the new one, never half of one. It is opened
//! read-only, mapped and shared; every byte is covered by a sum, so a damaged file is an error, never an answer.
//!
//! ```text
//! 0   magic "CLMTABLE"        16  length of header, u32     32  rows, u64             48  sum of payload, u64
//! 8   format, u32             20  0, u32                    40  first day, i32        56  SHA-256 of source, 32 bytes
//! 12  0, u32                  24  length of payload, u64    44  last day, i32         88  kind, version, source: u16 + text
//! ```
//! Then zeros, and the sum of the header in its last 8 bytes; the payload begins at a multiple of 64. All little-endian.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::claim::{from_day_number, iso};

/// Last path part of a table's file.
pub const EXTENSION: &str = "table";
/// `last` of a list that stands until another replaces it: 9999-12-31.
pub const OPEN_END: i64 = 2_932_896;

const MAGIC: &[u8; 8] = b"CLMTABLE";
const FORMAT: u32 = 1;
/// Where the texts begin.
const FIXED: usize = 88;
const ALIGN: usize = 64;
const TEXT_MAX: usize = 255;

/// First and last day of service that a table knows, both included: [`crate::claim::day_number`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cover {
    /// First day.
    pub first: i64,
    /// Last day; [`OPEN_END`] where nothing says when the table ends.
    pub last: i64,
}

impl Cover {
    /// Whether the table knows this day.
    pub fn has(self, day: i64) -> bool {
        (self.first..=self.last).contains(&day)
    }

    /// The day itself where the table knows it, else the first or last day that it knows, whichever is nearer.
    pub fn nearest(self, day: i64) -> i64 {
        day.clamp(self.first, self.last.max(self.first))
    }
}

impl std::fmt::Display for Cover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = iso(from_day_number(self.first));
        if self.last >= OPEN_END {
            write!(f, "from {first}")
        } else {
            write!(f, "{first} to {}", iso(from_day_number(self.last)))
        }
    }
}

/// What a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What it holds: `icd10cm`, `hcpcs`, `ncci-ptp-practitioner`. Lower case, digits, dashes.
    pub kind: String,
    /// The publisher's version: `2026-04`. Letters, digits, dashes, dots. Versions of one kind sort as text.
    pub version: String,
    /// The days of service it knows.
    pub cover: Cover,
    /// Rows of the source that are in it.
    pub rows: u64,
    /// File name of the source, without its folder.
    pub source: String,
    /// SHA-256 of the source's bytes as they were imported.
    pub source_sha256: [u8; 32],
}

impl Label {
    /// `icd10cm 2026-04`
    pub fn name(&self) -> String {
        format!("{} {}", self.kind, self.version)
    }

    /// Name of the table's file: one file for each kind and version, so that none disturbs another.
    pub fn file_name(&self) -> String {
        format!("{}.{}.{EXTENSION}", self.kind, self.version)
    }
}

/// A table that cannot be opened or written. Names the file, what was found, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// Reading or writing failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
    /// Not one of our files.
    #[error("{}: no claimhost table (it begins otherwise); remove it, and import the published file again", path.display())]
    NotATable {
        /// The file.
        path: PathBuf,
    },
    /// A later claimhost wrote it.
    #[error("{}: format {found}, this claimhost reads {FORMAT}; import the published file again", path.display())]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// Shorter or longer than its header says.
    #[error("{}: {found} bytes, its header says {expected}: cut off, or added to; import the published file again", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Bytes there.
        found: u64,
        /// Bytes by the header; the least there must be, where the header itself is cut.
        expected: u64,
    },
    /// A sum does not fit.
    #[error("{}: its {part} is damaged (the sum differs); import the published file again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// `header` or `payload`.
        part: &'static str,
    },
    /// A label that cannot become a file.
    #[error("a table's {field} is {found}, expected {expected}")]
    BadLabel {
        /// Which part.
        field: &'static str,
        /// Its shape.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
}

/// An open table: its label and its payload, shared by all who hold it.
#[derive(Debug)]
pub struct Table {
    label: Label,
    bytes: Bytes,
    payload: Range<usize>,
}

#[derive(Debug)]
enum Bytes {
    Mapped(memmap2::Mmap),
    Owned(Vec<u8>),
}

impl Bytes {
    fn all(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl Table {
    /// Maps a file and checks every byte of it.
    ///
    /// # Errors
    /// [`ContainerError`]: not there, not a table, cut off, damaged.
    pub fn open(path: &Path) -> Result<Self, ContainerError> {
        let wrong = |source| ContainerError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(wrong)?;
        if file.metadata().map_err(wrong)?.len() < FIXED as u64 {
            let found = file.metadata().map_err(wrong)?.len();
            return Err(ContainerError::Length { path: path.to_owned(), found, expected: FIXED as u64 });
        }
        // SAFETY: the bytes must not change while they are mapped. claimhost never writes into a table in place: `write`
        // makes a new file and renames it, so a mapping keeps the old one. An operator who edits a table by hand is told not
        // to by the folder's README.
        #[allow(unsafe_code)]
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(wrong)?;
        Self::check(path, Bytes::Mapped(map))
    }

    /// A table that is nowhere on disk: tests, and tables decoded where no folder can be written.
    ///
    /// # Errors
    /// [`ContainerError::BadLabel`].
    pub fn in_memory(label: &Label, payload: &[u8]) -> Result<Self, ContainerError> {
        let mut bytes = header(label, payload)?;
        bytes.extend_from_slice(payload);
        Self::check(Path::new("memory"), Bytes::Owned(bytes))
    }

    fn check(path: &Path, bytes: Bytes) -> Result<Self, ContainerError> {
        let all = bytes.all();
        let length = |expected| ContainerError::Length { path: path.to_owned(), found: all.len() as u64, expected };
        let short = || length(FIXED as u64);
        if all.get(..8).ok_or_else(short)? != MAGIC {
            return Err(ContainerError::NotATable { path: path.to_owned() });
        }
        let format = u32_at(all, 8).ok_or_else(short)?;
        if format != FORMAT {
            return Err(ContainerError::OtherFormat { path: path.to_owned(), found: format });
        }
        let start = u32_at(all, 16).ok_or_else(short)?;
        let end = u64_at(all, 24).ok_or_else(short)?.saturating_add(u64::from(start));
        let start = start as usize;
        if end != all.len() as u64 {
            return Err(length(end));
        }
        let damaged = |part| ContainerError::Damaged { path: path.to_owned(), part };
        let head = all.get(..start).ok_or_else(|| damaged("header"))?;
        let (summed, stored) = head.split_last_chunk::<8>().ok_or_else(|| damaged("header"))?;
        if sum(summed) != u64::from_le_bytes(*stored) {
            return Err(damaged("header"));
        }
        let label = read_label(summed).ok_or_else(|| damaged("header"))?;
        let payload = all.get(start..).ok_or_else(|| damaged("payload"))?;
        if Some(sum(payload)) != u64_at(summed, 48) {
            return Err(damaged("payload"));
        }
        let payload = start..all.len();
        Ok(Self { label, bytes, payload })
    }

    /// What it is.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// Its bytes, for its kind's reader.
    pub fn payload(&self) -> &[u8] {
        self.bytes.all().get(self.payload.clone()).unwrap_or_default()
    }

    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        self.bytes.all().len() as u64
    }
}

/// Writes a table into a folder, under [`Label::file_name`], and returns its path. A table of that kind and version is
/// replaced; whoever has it open keeps the old one. After an interruption the old one is there, or the new one.
///
/// # Errors
/// [`ContainerError`]: the label or the folder.
pub fn write(folder: &Path, label: &Label, payload: &[u8]) -> Result<PathBuf, ContainerError> {
    let head = header(label, payload)?;
    let path = folder.join(label.file_name());
    let beside = folder.join(format!(".{}.{}.part", label.file_name(), std::process::id()));
    let written = put(folder, &beside, &path, &[&head, payload]);
    if written.is_err() {
        // The first error is the one to tell; a leftover is never read, for it has another extension.
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(|source| ContainerError::Io { path: path.clone(), source })?;
    Ok(path)
}

fn put(folder: &Path, beside: &Path, path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = File::create(beside)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()?;
    std::fs::rename(beside, path)?;
    File::open(folder)?.sync_all()
}

fn header(label: &Label, payload: &[u8]) -> Result<Vec<u8>, ContainerError> {
    check_label(label)?;
    let texts = [&label.kind, &label.version, &label.source];
    let length = FIXED + texts.iter().map(|text| 2 + text.len()).sum::<usize>() + 8;
    let length = length.next_multiple_of(ALIGN);
    let day = |day: i64| i32::try_from(day.clamp(-OPEN_END, OPEN_END)).unwrap_or(0).to_le_bytes();
    let mut head = Vec::with_capacity(length + payload.len());
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&FORMAT.to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    head.extend_from_slice(&u32::try_from(length).unwrap_or(0).to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    head.extend_from_slice(&(payload.len() as u64).to_le_bytes());
    head.extend_from_slice(&label.rows.to_le_bytes());
    head.extend_from_slice(&day(label.cover.first));
    head.extend_from_slice(&day(label.cover.last));
    head.extend_from_slice(&sum(payload).to_le_bytes());
    head.extend_from_slice(&label.source_sha256);
    for text in texts {
        head.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_le_bytes());
        head.extend_from_slice(text.as_bytes());
    }
    head.resize(length - 8, 0);
    let summed = sum(&head);
    head.extend_from_slice(&summed.to_le_bytes());
    Ok(head)
}

fn check_label(label: &Label) -> Result<(), ContainerError> {
    let name = |text: &str, upper: bool| {
        let fits = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || byte == b'-'
                || (upper && (byte.is_ascii_uppercase() || byte == b'.'))
        };
        (1..=64).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('.')
    };
    let bad = |field, found: &str, expected| {
        Err(ContainerError::BadLabel { field, found: format!("{} characters", found.chars().count()), expected })
    };
    if !name(&label.kind, false) {
        return bad("kind", &label.kind, "1 to 64 lower-case letters, digits and dashes");
    }
    if !name(&label.version, true) {
        return bad("version", &label.version, "1 to 64 letters, digits, dashes and dots");
    }
    if label.source.len() > TEXT_MAX {
        return bad("source", &label.source, "a file name of at most 255 bytes");
    }
    if label.cover.first > label.cover.last {
        let found = label.cover.to_string();
        return Err(ContainerError::BadLabel { field: "cover", found, expected: "a first day not after the last" });
    }
    Ok(())
}

fn read_label(head: &[u8]) -> Option<Label> {
    let mut at = FIXED;
    let mut text = || -> Option<String> {
        let length = usize::from(u16::from_le_bytes(*head.get(at..)?.first_chunk()?));
        let bytes = head.get(at + 2..at + 2 + length)?;
        at += 2 + length;
        String::from_utf8(bytes.to_vec()).ok()
    };
    let (kind, version, source) = (text()?, text()?, text()?);
    let day = |at: usize| Some(i64::from(i32::from_le_bytes(*head.get(at..)?.first_chunk()?)));
    Some(Label {
        kind,
        version,
        cover: Cover { first: day(40)?, last: day(44)? },
        rows: u64_at(head, 32)?,
        source,
        source_sha256: *head.get(56..)?.first_chunk()?,
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A sum against damage, not against forgery: multiply and rotate over eight-byte words in four lanes, some 10 GB/s, so
/// that opening every table takes milliseconds. Each step is one-to-one in the word, so a single changed word always shows.
fn sum(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x9E37_79B9_7F4A_7C15;
    let step = |lane: u64, word: u64| (lane ^ word).wrapping_mul(PRIME).rotate_left(29);
    let mut lanes = [1_u64, 2, 3, 4];
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        let (words, _) = block.as_chunks::<8>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = step(*lane, u64::from_le_bytes(*word));
        }
    }
    let tail = rest.iter().fold(bytes.len() as u64, |lane, byte| step(lane, u64::from(*byte)));
    lanes.into_iter().fold(tail, step)
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
