//! Cuts a file into documents, streaming: what `framing` in a plugin's manifest names.
//!
//! Memory is bounded by the largest document taken, never by the file; of FHIR resources, which may stand anywhere in it, there is
//! an index of some 100 bytes for each. Every byte of the file is in a [`Frame`], a
//! [`Gap`] (what belongs to the file but to no document) or a [`FramingProblem`]: nothing is dropped. A frame keeps its
//! byte ranges, so that a problem in a document points into the original.

mod delimited;
mod fhir_bundle;
mod fixed;
mod hl7v2;
mod join;
mod json_records;
mod ndjson;
mod records;
mod settings;
mod sniff;
mod whole;
mod x12;
mod xml_records;

use std::collections::VecDeque;
use std::io::{self, Read, Seek};

pub use delimited::ROW_BYTES_MAX;
pub use join::{JOIN_BYTES_MAX, Joins};
pub use ndjson::LINE_BYTES_MAX;
pub(crate) use settings::matches_glob;
pub use settings::{JoinSettings, Settings};
pub(crate) use sniff::{Known, known};
pub use whole::WHOLE_BYTES_MAX;

use crate::claim::Related;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// How files of an adapter are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// One HL7 v2 message; FHS and BHS envelopes are unwrapped.
    Hl7v2,
    /// Header and rows; a document is a row. Where the mapping has a layout by position (`[[framing.fixed]]`): lines of fixed width.
    Delimited,
    /// A JSON object on each line.
    Ndjson,
    /// One CLM of an 837 with its parent loops.
    X12Claim,
    /// Entries of a FHIR bundle, grouped by patient and visit.
    FhirBundle,
    /// Items of an array in a JSON file, elements of one name in an XML file.
    Records,
    /// The file as it is.
    Whole,
}

impl From<crate::plugin::Framing> for Framing {
    fn from(declared: crate::plugin::Framing) -> Self {
        match declared {
            crate::plugin::Framing::Hl7v2 => Self::Hl7v2,
            crate::plugin::Framing::Delimited => Self::Delimited,
            crate::plugin::Framing::Ndjson => Self::Ndjson,
            crate::plugin::Framing::X12Claim => Self::X12Claim,
            crate::plugin::Framing::FhirBundle => Self::FhirBundle,
            crate::plugin::Framing::Records => Self::Records,
            crate::plugin::Framing::Whole => Self::Whole,
        }
    }
}

impl Framing {
    /// The name in `plugin.toml`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "hl7v2" => Self::Hl7v2,
            "delimited" => Self::Delimited,
            "ndjson" => Self::Ndjson,
            "x12-claim" => Self::X12Claim,
            "fhir-bundle" => Self::FhirBundle,
            "records" => Self::Records,
            "whole" => Self::Whole,
            _ => return None,
        })
    }
}

/// First byte and the byte after the last, in the file.
pub type ByteRange = (u64, u64);

/// One document.
#[derive(Clone, PartialEq)]
pub struct Frame {
    /// Position in the file, from 0. Refused documents count too, so that row 12 stays row 12.
    pub ordinal: u32,
    /// Where its bytes are in the file, in the order of `content`.
    pub ranges: Vec<ByteRange>,
    /// Format for the adapter.
    pub format: String,
    /// The bytes, exactly as they arrived.
    pub content: Vec<u8>,
    /// Header and joined rows.
    pub related: Vec<Related>,
    /// The file ends with this document, with no line end, and nothing in it says that it is cut off.
    pub open_end: Option<Box<OpenEnd>>,
}

/// A document at the end of a file that has no line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenEnd {
    /// The problem that this is, unless its source writes its files so.
    pub problem: FramingProblem,
    /// Its last value may be the beginning of a longer one: see [`may_go_on`].
    pub may_go_on: bool,
}

/// Whether a last value of a file may be the beginning of a longer amount or count that would be as good: `9` and `90.0` of
/// `90.00`. Two decimals are the whole of an amount. A code or a day that is cut is no longer one, which the scrub sees; of text,
/// and of a member id, nobody can tell.
pub(crate) fn may_go_on(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let value = value.strip_prefix(b"\"").unwrap_or(value);
    let value = value.strip_prefix(b"(").or_else(|| value.strip_prefix(b"-")).unwrap_or(value);
    let value = value.strip_prefix(b"$").unwrap_or(value);
    let mut parts = value.splitn(2, |byte| *byte == b'.');
    let (whole, decimals) = (parts.next().unwrap_or_default(), parts.next());
    let digits = |part: &[u8]| part.iter().all(|byte| byte.is_ascii_digit() || *byte == b',');
    match decimals {
        None => (1..=4).contains(&whole.len()) && digits(whole),
        Some(decimals) => decimals.len() < 2 && digits(whole) && digits(decimals),
    }
}

/// So many files with a line end, and fewer without, say that the source writes one. One without may be cut off, too.
const SURE: usize = 3;

/// Whether the files that end with these bytes say that their source writes a line end behind the last line.
pub(crate) fn has_line_ends(last_bytes: &[u8]) -> bool {
    let closed = last_bytes.iter().filter(|byte| matches!(**byte, b'\r' | b'\n')).count();
    closed >= SURE && closed > last_bytes.len() - closed
}

impl std::fmt::Debug for Frame {
    /// Prints everything but the bytes: they are a patient's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<frame {} of {} bytes at {:?}>", self.ordinal, self.content.len(), self.ranges)
    }
}

/// Bytes that belong to the file but to no document of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub range: ByteRange,
    /// What.
    pub kind: GapKind,
}

/// What stands between documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapKind {
    /// Blank lines, a byte order mark, MLLP bytes.
    Filler,
    /// FHS/BHS/BTS/FTS; SE/GE/IEA and loops of an 837 without a claim.
    Envelope,
    /// The header of a delimited file. It is `related` of every row.
    Header,
}

/// Bytes that are no document, or a sign that some are missing. Becomes a work item of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("byte {}: found {found}, expected {expected}; {remedy}", range.0)]
pub struct FramingProblem {
    /// Stable id, dotted.
    pub id: String,
    /// Which bytes; empty where bytes are missing.
    pub range: ByteRange,
    /// Class of what was found, never its text.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// What to do.
    pub remedy: String,
}

impl FramingProblem {
    pub(crate) fn new(id: &str, range: ByteRange, found: impl Into<String>, expected: &str, remedy: &str) -> Self {
        Self { id: id.to_owned(), range, found: found.into(), expected: expected.to_owned(), remedy: remedy.to_owned() }
    }
}

/// A piece of the file.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A document.
    Frame(Frame),
    /// Bytes between documents.
    Gap(Gap),
    /// Something is wrong here. Documents after it still come.
    Problem(FramingProblem),
}

/// Why a file cannot be framed at all: configuration, not content.
#[derive(Debug, thiserror::Error)]
pub enum FramingError {
    /// `[framing]` of the mapping.
    #[error("mapping, [framing]: {0}")]
    Settings(String),
    /// A joined file is too large to be held.
    #[error(
        "join `{join}`: a file of {bytes} bytes, at most {JOIN_BYTES_MAX} are held; send only the rows that changed"
    )]
    JoinTooLarge {
        /// Name in the mapping.
        join: String,
        /// Size of the file.
        bytes: u64,
    },
    /// A joined file does not have its key column.
    #[error(
        "join `{join}`: found no column `{column}` in its header, expected it as [[framing.join]] key says; correct the mapping or the file"
    )]
    JoinKey {
        /// Name in the mapping.
        join: String,
        /// The column.
        column: String,
    },
    /// A joined file cannot be read.
    #[error("join `{join}`: {source}")]
    JoinRead {
        /// Name in the mapping.
        join: String,
        /// Why.
        source: io::Error,
    },
}

/// One way to cut. Is given the file in chunks and puts out what is complete.
trait Cutter {
    /// Takes the next bytes.
    fn push(&mut self, chunk: &[u8], out: &mut VecDeque<Item>);
    /// The file has ended.
    fn finish(&mut self, out: &mut VecDeque<Item>);
    /// Looks into the file once more, after its end, and puts out the next items; nothing when there are no more.
    fn again(&mut self, _source: &mut dyn Source, _out: &mut VecDeque<Item>) -> io::Result<()> {
        Ok(())
    }
}

/// A file that can be read from any place.
pub trait Source: Read + Seek {}

impl<R: Read + Seek> Source for R {}

/// Cuts one file. An iterator of [`Item`]s; an `Err` is a read error of the file and ends it.
pub struct Framer<R> {
    reader: R,
    framing: Framing,
    cutter: Box<dyn Cutter + Send>,
    out: VecDeque<Item>,
    chunk: Vec<u8>,
    read_bytes: u64,
    /// The first bytes, until there are enough of them to tell what the file is.
    head: Option<Vec<u8>>,
    /// The file is not what it should be: its bytes are counted and reported as a whole.
    refused: Option<FramingProblem>,
    /// Whether anything but blank lines was found.
    found_something: bool,
    ended: bool,
    /// The second look has ended too.
    again_ended: bool,
}

impl<R: Source> Framer<R> {
    /// Begins with a file. `mapping` is the site's mapping, of which `[framing]` counts; `joins` are the rows of its
    /// joined files ([`Joins::load`], or [`Joins::default`] for none); `format` is what the adapter calls the documents.
    ///
    /// # Errors
    /// When `[framing]` cannot be read.
    pub fn open(framing: Framing, format: &str, mapping: &str, joins: Joins, reader: R) -> Result<Self, FramingError> {
        let cutter: Box<dyn Cutter + Send> = match framing {
            Framing::Hl7v2 => Box::new(hl7v2::Hl7v2::new(format)),
            Framing::Delimited => {
                let settings = Settings::from_mapping(mapping)?;
                match settings.layout.clone() {
                    Some(layout) => Box::new(fixed::Fixed::new(format, layout, settings, joins)),
                    None => Box::new(delimited::Delimited::new(format, settings, joins)),
                }
            }
            Framing::Ndjson => Box::new(ndjson::Ndjson::new(format)),
            Framing::X12Claim => Box::new(x12::X12::new(format)),
            Framing::Whole => Box::new(whole::Whole::new(format)),
            Framing::FhirBundle => Box::new(fhir_bundle::FhirBundle::new(format)),
            Framing::Records => Box::new(records::Records::new(Settings::from_mapping(mapping)?, joins)),
        };
        Ok(Self {
            reader,
            framing,
            cutter,
            out: VecDeque::new(),
            chunk: vec![0; CHUNK_BYTES],
            read_bytes: 0,
            head: Some(Vec::new()),
            refused: None,
            found_something: false,
            ended: false,
            again_ended: false,
        })
    }

    fn read(&mut self) -> io::Result<()> {
        let count = loop {
            match self.reader.read(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.read_bytes += count as u64;
        let bytes = self.chunk.get(..count).unwrap_or_default();
        if let Some(head) = &mut self.head {
            head.extend_from_slice(bytes);
            if count > 0 && head.len() < sniff::HEAD_BYTES {
                return Ok(());
            }
            let head = self.head.take().unwrap_or_default();
            self.refused = sniff::refuse(self.framing, &head);
            if self.refused.is_none() {
                self.cutter.push(&head, &mut self.out);
            }
        } else if self.refused.is_none() {
            self.cutter.push(bytes, &mut self.out);
        }
        if count == 0 {
            self.ended = true;
            match self.refused.take() {
                Some(problem) => {
                    self.out.push_back(Item::Problem(FramingProblem { range: (0, self.read_bytes), ..problem }));
                }
                None => self.cutter.finish(&mut self.out),
            }
        }
        Ok(())
    }
}

impl<R: Source> Iterator for Framer<R> {
    type Item = io::Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(item) = self.out.pop_front() {
                self.found_something |= !matches!(item, Item::Gap(Gap { kind: GapKind::Filler, .. }));
                return Some(Ok(item));
            }
            if self.ended && !self.again_ended {
                match self.cutter.again(&mut self.reader, &mut self.out) {
                    Ok(()) => self.again_ended = self.out.is_empty(),
                    Err(error) => {
                        (self.again_ended, self.found_something) = (true, true);
                        return Some(Err(error));
                    }
                }
                continue;
            }
            if self.ended {
                let blank = !std::mem::replace(&mut self.found_something, true);
                return blank.then(|| Ok(Item::Problem(sniff::blank(self.framing, self.read_bytes))));
            }
            if let Err(error) = self.read() {
                (self.ended, self.again_ended, self.found_something) = (true, true, true);
                return Some(Err(error));
            }
        }
    }
}

#[cfg(test)]
mod fixed_tests;
#[cfg(test)]
mod tests;
