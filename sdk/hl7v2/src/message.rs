//! One message: its delimiters and where its segments are. Fields are found when they are asked for.
//!
//! Parsing reads every byte once, for line ends. Picking a field reads the segment up to that field.
//! Grouping of segments (a charge with its notes and procedures): `group.rs`.

use crate::delimiters::Delimiters;
use crate::escape::Charset;
use crate::path::{Path, Place};
use crate::scan;
use crate::value::{Location, NULL, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Name of a segment: a capital letter and two capitals or digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId([u8; 3]);

impl SegmentId {
    /// Stands for a line that does not begin with a segment name, such as the rest of a note with line breaks.
    pub const STRAY: Self = Self(*b"???");
    pub(crate) const MSH: Self = Self(*b"MSH");
    pub(crate) const FT1: Self = Self(*b"FT1");
    pub(crate) const IN1: Self = Self(*b"IN1");

    /// Returns the id for a name, or `None` when the name cannot be one.
    pub fn new(name: &str) -> Option<Self> {
        Self::from_bytes(name.as_bytes())
    }

    pub(crate) fn from_bytes(name: &[u8]) -> Option<Self> {
        let id: [u8; 3] = name.try_into().ok()?;
        let [first, ..] = id;
        let named = first.is_ascii_uppercase()
            && id
                .iter()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        named.then_some(Self(id))
    }

    /// Returns the name, `???` for a stray line.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Tells whether this is a site's own segment (`Z..`).
    pub fn is_local(&self) -> bool {
        let Self([first, ..]) = self;
        *first == b'Z'
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
            ParseFault::Empty => {
                f.write_str("found no segment, expected a message; check the transfer")
            }
            ParseFault::NoHeader => f.write_str(
                "found another line, expected MSH; check that the source sends HL7 v2 (ER7)",
            ),
            ParseFault::NoFieldSeparator => f.write_str(
                "MSH-1: found no separator, expected one such as `|`; correct the sender",
            ),
            ParseFault::EncodingCharacters { count } => write!(
                f,
                "MSH-2: found {count} characters, expected one to five different ones that are no letters or \
                 digits, such as `^~\\&`; correct the sender"
            ),
            ParseFault::SecondHeader => f.write_str(
                "found a second MSH, expected one message; split the file with `frames` first",
            ),
            ParseFault::TooLong => {
                f.write_str("found more than 4 GiB, expected one message; check the framing")
            }
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
}

/// A parsed message, borrowing its bytes.
#[derive(Debug, Clone)]
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
        let end = bytes
            .iter()
            .rposition(|byte| !matches!(byte, b'\r' | b'\n' | 0x1c))
            .map_or(0, |at| at + 1);
        let start = leading_filler(bytes);
        let body = bytes.get(..end).unwrap_or_default();
        let Some(text) = body.get(start..).filter(|text| !text.is_empty()) else {
            return fail(start.min(end), ParseFault::Empty);
        };
        if !text.starts_with(b"MSH") {
            return fail(start, ParseFault::NoHeader);
        }
        let header = text
            .get(..scan::line_end(text).unwrap_or(text.len()))
            .unwrap_or_default();
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
                ranges.push(SegmentRange {
                    id,
                    start: at as u32,
                    end: (at + length) as u32,
                    ordinal,
                });
            }
            at += length + 1;
        }
        let mut message = Self {
            bytes,
            delimiters,
            charset: Charset::default(),
            ranges,
        };
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
            Some(segment) => segment.get(
                place.field,
                place.repetition,
                place.component,
                place.subcomponent,
            ),
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
        let range = self
            .ranges
            .iter()
            .filter(|range| range.id == id)
            .nth(skip)?;
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
        self.ranges
            .iter()
            .filter(move |range| Some(range.id) == id)
            .map(|range| self.at_range(range))
    }

    /// Iterates over the lines that are no segments. An adapter should report them: mostly they are the rest of
    /// a text field with an unescaped line break, and then the fields after it are missing.
    pub fn stray_lines(&self) -> impl Iterator<Item = Segment<'a>> + '_ {
        self.segments()
            .filter(|segment| segment.id == SegmentId::STRAY)
    }

    pub(crate) fn segment_at(&self, index: usize) -> Option<Segment<'a>> {
        self.ranges.get(index).map(|range| self.at_range(range))
    }

    fn at_range(&self, range: &SegmentRange) -> Segment<'a> {
        Segment {
            id: range.id,
            ordinal: range.ordinal,
            offset: range.start,
            bytes: self
                .bytes
                .get(range.start as usize..range.end as usize)
                .unwrap_or_default(),
            delimiters: self.delimiters,
            charset: self.charset,
        }
    }
}

/// One segment, without its terminator.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    id: SegmentId,
    ordinal: u32,
    offset: u32,
    bytes: &'a [u8],
    delimiters: Delimiters,
    charset: Charset,
}

impl<'a> Segment<'a> {
    /// Returns the name.
    pub fn id(&self) -> SegmentId {
        self.id
    }

    /// Returns which segment of this name it is in the message; 1 is the first.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// Returns the byte offset of the segment in the message.
    pub fn offset(&self) -> u32 {
        self.offset
    }

    /// Returns the bytes of the segment, name included.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns a value by numbers. 0 stands for the whole: repetition 0 is the field with all repetitions,
    /// component 0 the whole repetition, subcomponent 0 the whole component.
    pub fn get(&self, field: u16, repetition: u16, component: u16, subcomponent: u16) -> Value<'a> {
        let header = self.id == SegmentId::MSH;
        let location = Location {
            segment: self.id,
            ordinal: self.ordinal,
            field,
            repetition,
            component,
            subcomponent,
            offset: self.offset,
        };
        if header && field <= 2 {
            return self.header_character(location);
        }
        let index = if header { field - 1 } else { field };
        if index > 0 && repetition == 1 && component <= 1 && subcomponent <= 1 {
            return self.leading(location, index);
        }
        let found = if index == 0 {
            None
        } else {
            scan::part(self.bytes, Some(self.delimiters.field), index.into())
        };
        let Some((mut at, mut raw)) = found else {
            return Value::absent(location.moved(self.bytes.len()));
        };
        // A part of a part is the first of what lies between: FT1-7 with component 1 is of repetition 1.
        for (number, deeper, separator) in [
            (
                repetition,
                component | subcomponent,
                self.delimiters.repetition,
            ),
            (component, subcomponent, Some(self.delimiters.component)),
            (subcomponent, 0, self.delimiters.subcomponent),
        ] {
            if number | deeper == 0 || raw == NULL {
                continue;
            }
            let Some((moved, part)) = scan::part(raw, separator, usize::from(number.max(1)) - 1)
            else {
                return Value::absent(location.moved(at + raw.len()));
            };
            (at, raw) = (at + moved, part);
        }
        Value::found(location.moved(at), raw, self.delimiters, self.charset)
    }

    /// Returns the first repetition of a field, or its first component, or the first subcomponent of that: most
    /// of what is ever asked for. It ends at whatever separator comes first, so one pass finds it.
    fn leading(&self, location: Location, index: u16) -> Value<'a> {
        let field = self.delimiters.field;
        let start = scan::nth(self.bytes, field, index.into()).map(|at| at + 1);
        let Some((start, rest)) = start.and_then(|at| Some((at, self.bytes.get(at..)?))) else {
            return Value::absent(location.moved(self.bytes.len()));
        };
        let repetition = self.delimiters.repetition.unwrap_or(field);
        let inner = location.component | location.subcomponent > 0;
        let component = if inner {
            self.delimiters.component
        } else {
            field
        };
        let subcomponent = self
            .delimiters
            .subcomponent
            .filter(|_| location.subcomponent > 0)
            .unwrap_or(field);
        let ends = |byte: &u8| {
            *byte == field || *byte == repetition || *byte == component || *byte == subcomponent
        };
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        let raw = rest.get(..end).unwrap_or_default();
        Value::found(location.moved(start), raw, self.delimiters, self.charset)
    }

    /// Returns MSH-1, the separator itself, or MSH-2; neither is split or unescaped.
    fn header_character(&self, location: Location) -> Value<'a> {
        let (at, raw) = match location.field {
            1 => (3, self.bytes.get(3..4)),
            2 => scan::part(self.bytes, Some(self.delimiters.field), 1)
                .map_or((4, None), |(at, raw)| (at, Some(raw))),
            _ => (0, None),
        };
        let first = |number| number <= 1;
        let whole =
            first(location.repetition) && first(location.component) && first(location.subcomponent);
        Value::atomic(location, at, raw.filter(|_| whole), self.charset)
    }

    /// Returns a field with all its repetitions. MSH-1 is the separator itself and MSH-2 the encoding
    /// characters; neither is split or unescaped.
    pub fn field(&self, number: u16) -> Value<'a> {
        self.get(number, 0, 0, 0)
    }

    /// Iterates over the repetitions of a field; an empty field has none.
    pub fn repetitions(&self, field: u16) -> impl Iterator<Item = Value<'a>> + use<'a> {
        self.field(field).repetitions()
    }

    /// Returns the number of the last field, 0 if the segment is only its name.
    pub fn field_count(&self) -> usize {
        let separators = self
            .bytes
            .iter()
            .filter(|byte| **byte == self.delimiters.field)
            .count();
        separators + usize::from(self.id == SegmentId::MSH)
    }
}

/// Returns the length of what may stand before MSH: byte order mark, MLLP start, blank lines, spaces.
fn leading_filler(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        rest = match rest {
            [0xef, 0xbb, 0xbf, after @ ..] | [b'\r' | b'\n' | b' ' | b'\t' | 0x0b, after @ ..] => {
                after
            }
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
        let slot = self
            .few
            .iter_mut()
            .find(|(name, _)| name.is_none_or(|name| name == id));
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
mod tests {
    use super::*;
    use crate::Presence;

    const HEADER: &str = "MSH|^~\\&|APP|FAC|||20260105||DFT^P03|7|P|2.5.1";

    fn text(message: &Message<'_>, path: &str) -> String {
        message.get(&Path::parse(path).unwrap()).text().into_owned()
    }

    #[test]
    fn header_fields_are_numbered_as_in_the_standard() {
        let message = Message::parse(HEADER.as_bytes()).unwrap();
        let expected = [
            ("MSH-1", "|"),
            ("MSH-2", "^~\\&"),
            ("MSH-2.1", "^~\\&"),
            ("MSH-3", "APP"),
            ("MSH-9.2", "P03"),
            ("MSH-12", "2.5.1"),
            ("MSH-13", ""),
        ];
        for (path, value) in expected {
            assert_eq!(text(&message, path), value, "{path}");
        }
        assert_eq!(message.segment("MSH").unwrap().field_count(), 12);
    }

    #[test]
    fn picks_repetitions_components_and_alternatives() {
        let bytes = format!(
            "{HEADER}\rPID|1||7^^^A&OID&ISO^MR~8^^^B^AN||Doe&van^Jo\r\n\nFT1|1|\"\"|||||99213^^C4\nFT1|2||||||99214||x~~z\r"
        );
        let message = Message::parse(bytes.as_bytes()).unwrap();
        let expected = [
            ("PID-3.1", "7"),
            ("PID-3[2].1", "8"),
            ("PID-3[3].1", ""),
            ("PID-3.4.2", "OID"),
            ("PID-3.4", "A&OID&ISO"),
            ("PID-5.1.2", "van"),
            ("PID-5.2.1", "Jo"),
            ("PID-5.2.2", ""),
            ("FT1-25.1|FT1-7.1", "99213"),
            ("FT1[2]-7", "99214"),
            ("FT1[2]-9[3]", "z"),
            ("FT1[3]-7", ""),
            ("ZXX-1|PID-1", "1"),
        ];
        for (path, value) in expected {
            assert_eq!(text(&message, path), value, "{path}");
        }
        let ids: Vec<String> = message
            .repetitions(&Path::parse("PID-3.5").unwrap())
            .map(|v| v.text().into_owned())
            .collect();
        assert_eq!(ids, ["MR", "AN"]);
        assert_eq!(
            message
                .segments_named("FT1")
                .map(|s| s.ordinal())
                .collect::<Vec<_>>(),
            [1, 2]
        );
        let presence = |path: &str| message.get(&Path::parse(path).unwrap()).presence();
        assert_eq!(presence("FT1-2"), Presence::Null);
        assert_eq!(presence("FT1-2.3"), Presence::Null);
        assert_eq!(presence("FT1-3"), Presence::Empty);
        assert_eq!(presence("FT1-40"), Presence::Absent);
        assert_eq!(presence("IN1-2"), Presence::Absent);
    }

    #[test]
    fn tolerates_what_transfers_add() {
        for (before, after) in [
            ("\u{feff}", ""),
            ("\u{b}", "\u{1c}\r"),
            ("\r\n \n", "\r\n\r\n"),
            ("", "\u{1c}"),
        ] {
            let bytes = format!("{before}{HEADER}\rPID|1{after}");
            let message = Message::parse(bytes.as_bytes()).unwrap();
            assert_eq!(message.segments().len(), 2);
            assert_eq!(text(&message, "PID-1"), "1");
        }
    }

    #[test]
    fn stray_lines_are_kept_and_reported() {
        let bytes = format!("{HEADER}\rNTE|1||first\nsecond line\rPIDX|1\rZP1\r");
        let message = Message::parse(bytes.as_bytes()).unwrap();
        assert_eq!(message.stray_lines().count(), 2);
        assert!(
            message
                .segment("ZP1")
                .is_some_and(|segment| segment.id().is_local())
        );
    }

    #[test]
    fn what_is_no_message_is_located() {
        let table: [(&[u8], usize, ParseFault); 6] = [
            (b"", 0, ParseFault::Empty),
            (b"\r\n \r\n", 3, ParseFault::Empty),
            (b"\nPID|1", 1, ParseFault::NoHeader),
            (b"MSH", 0, ParseFault::NoFieldSeparator),
            (b"MSH|AB|", 0, ParseFault::EncodingCharacters { count: 2 }),
            (b"MSH|^~\\&|\rPID\rMSH|^~\\&|", 14, ParseFault::SecondHeader),
        ];
        for (bytes, offset, fault) in table {
            assert_eq!(
                Message::parse(bytes).unwrap_err(),
                ParseError { offset, fault },
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn counts_more_names_than_the_short_table_holds() {
        let mut bytes = HEADER.to_owned();
        for round in 0..2 {
            for number in 0..90 {
                bytes.push_str(&format!("\rZ{}{}|{round}", number / 10, number % 10));
            }
        }
        let message = Message::parse(bytes.as_bytes()).unwrap();
        assert_eq!(
            message
                .segments_named("Z89")
                .map(|s| s.ordinal())
                .collect::<Vec<_>>(),
            [1, 2]
        );
        assert_eq!(text(&message, "Z77[2]-1"), "1");
    }
}
