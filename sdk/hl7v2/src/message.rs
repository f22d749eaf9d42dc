//! One message: its delimiters and where its segments are. Fields are found when they are asked for.
//!
//! Parsing reads every byte twice: for line ends, and for every fourth separator. Picking a field reads from there to its end.
//! Grouping of segments (a charge with its notes and procedures): `group.rs`.

use crate::delimiters::Delimiters;
use crate::escape::Charset;
use crate::path::{Path, Place};
use crate::scan::{self, Marks};
use crate::segment::{Segment, SegmentId};
use crate::value::{Location, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseFault {
    /// Nothing but blanks.
    Empty,
    /// The first segment is not MSH.
    NoHeader,
    /// MSH-1 is missing or cannot separate fields.
    NoFieldSeparator,
    /// MSH-2 has this many characters, or characters that cannot separate; one to five different ones can.
    EncodingCharacters {
        /// Bytes found in MSH-2.
        count: usize,
    },
    /// A second MSH: two messages that were not split.
    SecondHeader,
    /// Longer than 4 GiB.
    TooLong,
}

/// A message that cannot be read at all, with the byte where that shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// Byte offset in the bytes given to [`Message::parse`].
    pub offset: usize,
    /// What is wrong there.
    pub fault: ParseFault,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: ", self.offset)?;
        match self.fault {
            ParseFault::Empty => f.write_str("found no segment, expected a message; check the transfer"),
            ParseFault::NoHeader => {
                f.write_str("found another line, expected MSH; check that the source sends HL7 v2 (ER7)")
            }
            ParseFault::NoFieldSeparator => {
                f.write_str("MSH-1: found no separator, expected one such as `|`; correct the sender")
            }
            ParseFault::EncodingCharacters { count } => write!(
                f,
                "MSH-2: found {count} characters, expected one to five different ones that are no letters or \
                 digits, such as `^~\\&`; correct the sender"
            ),
            ParseFault::SecondHeader => {
                f.write_str("found a second MSH, expected one message; split the file with `frames` first")
            }
            ParseFault::TooLong => f.write_str("found more than 4 GiB, expected one message; check the framing"),
        }
    }
}

impl std::error::Error for ParseError {}

#[derive(Debug, Clone, Copy)]
pub(crate) struct SegmentRange {
    pub(crate) id: SegmentId,
    start: u32,
    end: u32,
    ordinal: u32,
    marks: Marks,
}

/// A parsed message, borrowing its bytes.
#[derive(Clone)]
pub struct Message<'a> {
    bytes: &'a [u8],
    delimiters: Delimiters,
    charset: Charset,
    pub(crate) ranges: Vec<SegmentRange>,
}

impl<'a> Message<'a> {
    /// Finds the segments of one message. They end with CR, LF or CRLF; blank lines, a byte order mark and
    /// MLLP bytes around the message are passed over. Lines that are no segments become
    /// [`SegmentId::STRAY`], so that nothing is lost; see [`Message::stray_lines`].
    ///
    /// # Errors
    /// When there is no MSH at the start, its delimiters are unusable, or a second MSH follows.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let fail = |offset, fault| Err(ParseError { offset, fault });
        if u32::try_from(bytes.len()).is_err() {
            return fail(0, ParseFault::TooLong);
        }
        let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n' | 0x1c)).map_or(0, |at| at + 1);
        let start = leading_filler(bytes);
        let body = bytes.get(..end).unwrap_or_default();
        let Some(text) = body.get(start..).filter(|text| !text.is_empty()) else {
            return fail(start.min(end), ParseFault::Empty);
        };
        if !text.starts_with(b"MSH") {
            return fail(start, ParseFault::NoHeader);
        }
        let header = text.get(..scan::line_end(text).unwrap_or(text.len())).unwrap_or_default();
        let delimiters = match Delimiters::from_header(header) {
            Ok(delimiters) => delimiters,
            Err(fault) => return fail(start, fault),
        };
        let mut ranges = Vec::with_capacity(16);
        let mut seen = Ordinals::default();
        let mut at = start;
        while let Some(rest) = body.get(at..).filter(|rest| !rest.is_empty()) {
            let length = scan::line_end(rest).unwrap_or(rest.len());
            let line = rest.get(..length).unwrap_or_default();
            if let Some(id) = line_id(line, delimiters.field) {
                if id == SegmentId::MSH && at != start {
                    return fail(at, ParseFault::SecondHeader);
                }
                let ordinal = seen.next(id);
                // Both fit: the whole input fits, as checked above.
                let marks = Marks::of(line, delimiters.field);
                ranges.push(SegmentRange { id, start: at as u32, end: (at + length) as u32, ordinal, marks });
            }
            at += length + 1;
        }
        let mut message = Self { bytes, delimiters, charset: Charset::default(), ranges };
        if let Some(header) = message.segment_at(0) {
            message.charset = Charset::from_msh18(header.get(18, 1, 1, 0).raw());
        }
        Ok(message)
    }

    /// Returns the bytes the message was parsed from; all offsets count from their start.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the delimiters of MSH-1 and MSH-2.
    pub fn delimiters(&self) -> &Delimiters {
        &self.delimiters
    }

    /// Returns the character set of MSH-18.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// Returns the value at the first alternative of `path` that has text; if none has, the first that is
    /// [`Presence::Null`](crate::Presence::Null); if none is, what the first alternative found.
    pub fn get(&self, path: &Path) -> Value<'a> {
        Value::preferred(path, |place| self.get_place(place))
    }

    /// Returns the value at one place, in the first segment of that name unless the place says which.
    pub fn get_place(&self, place: &Place) -> Value<'a> {
        self.pick(place, self.nth_named(place.segment, place.ordinal))
    }

    pub(crate) fn pick(&self, place: &Place, segment: Option<Segment<'a>>) -> Value<'a> {
        match segment {
            Some(segment) => segment.get(place.field, place.repetition, place.component, place.subcomponent),
            None => Value::absent(Location {
                segment: place.segment,
                ordinal: u32::from(place.ordinal.max(1)),
                field: place.field,
                repetition: place.repetition,
                component: place.component,
                subcomponent: place.subcomponent,
                offset: self.bytes.len() as u32,
            }),
        }
    }

    fn nth_named(&self, id: SegmentId, ordinal: u16) -> Option<Segment<'a>> {
        let skip = usize::from(ordinal.max(1)) - 1;
        let range = self.ranges.iter().filter(|range| range.id == id).nth(skip)?;
        Some(self.at_range(range))
    }

    /// Returns the value at the place in each repetition of its field, in order: all diagnoses of `FT1-19.1`.
    /// Of the alternatives, the first whose field has anything in it is taken.
    pub fn repetitions(&self, path: &Path) -> impl Iterator<Item = Value<'a>> + use<'a> {
        Value::repetitions_of(path, &|place| self.get_place(place))
    }

    /// Returns the first segment of that name.
    pub fn segment(&self, name: &str) -> Option<Segment<'a>> {
        self.nth_named(SegmentId::new(name)?, 1)
    }

    /// Iterates over all segments in order, stray lines included.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = Segment<'a>> + '_ {
        self.ranges.iter().map(|range| self.at_range(range))
    }

    /// Iterates over the segments of that name in order.
    pub fn segments_named(&self, name: &str) -> impl Iterator<Item = Segment<'a>> + '_ {
        let id = SegmentId::new(name);
        self.ranges.iter().filter(move |range| Some(range.id) == id).map(|range| self.at_range(range))
    }

    /// Iterates over the lines that are no segments. An adapter should report them: mostly they are the rest of
    /// a text field with an unescaped line break, and then the fields after it are missing.
    pub fn stray_lines(&self) -> impl Iterator<Item = Segment<'a>> + '_ {
        self.segments().filter(|segment| segment.id() == SegmentId::STRAY)
    }

    pub(crate) fn segment_at(&self, index: usize) -> Option<Segment<'a>> {
        self.ranges.get(index).map(|range| self.at_range(range))
    }

    fn at_range(&self, range: &SegmentRange) -> Segment<'a> {
        let bytes = self.bytes.get(range.start as usize..range.end as usize).unwrap_or_default();
        let name = (range.id, range.ordinal);
        Segment::new(name, range.start, bytes, range.marks, self.delimiters, self.charset)
    }
}

impl fmt::Debug for Message<'_> {
    /// Prints the lengths, not the bytes: they are a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<message of {} bytes, {} segments>", self.bytes.len(), self.ranges.len())
    }
}

/// Returns the length of what may stand before MSH: byte order mark, MLLP start, blank lines, spaces.
fn leading_filler(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [0xef, 0xbb, 0xbf, after @ ..] | [b'\r' | b'\n' | b' ' | b'\t' | 0x0b, after @ ..] => after,
            _ => return bytes.len() - rest.len(),
        };
    }
}

/// Returns the name of a line, [`SegmentId::STRAY`] if it has none, `None` if it is blank.
fn line_id(line: &[u8], separator: u8) -> Option<SegmentId> {
    let named = line.get(..3).and_then(SegmentId::from_bytes);
    match (named, line.get(3)) {
        (Some(id), None) => Some(id),
        (Some(id), Some(byte)) if *byte == separator => Some(id),
        _ if line.trim_ascii().is_empty() => None,
        _ => Some(SegmentId::STRAY),
    }
}

/// Counts segments by name. A message rarely has more than 32 names; a broken one may have thousands, so the
/// rest goes to a map instead of a longer search.
#[derive(Default)]
struct Ordinals {
    few: [(Option<SegmentId>, u32); 32],
    many: BTreeMap<SegmentId, u32>,
}

impl Ordinals {
    fn next(&mut self, id: SegmentId) -> u32 {
        let slot = self.few.iter_mut().find(|(name, _)| name.is_none_or(|name| name == id));
        let count = match slot {
            Some((name, count)) => {
                *name = Some(id);
                count
            }
            None => self.many.entry(id).or_insert(0),
        };
        *count += 1;
        *count
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
