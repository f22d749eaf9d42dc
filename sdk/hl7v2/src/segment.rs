//! Names of segments, and one segment: its fields by number.
//!
//! A field is found by counting separators from the nearest mark before it, one for each four fields; nothing is kept between two picks.

use crate::delimiters::Delimiters;
use crate::escape::Charset;
use crate::scan::{self, Marks};
use crate::value::{Location, NULL, Value};
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
        let named = first.is_ascii_uppercase() && id.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        named.then_some(Self(id))
    }

    /// Returns the name, `???` for a stray line.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Returns the bytes of the name.
    pub(crate) const fn bytes(&self) -> &[u8; 3] {
        &self.0
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

/// One segment, without its terminator.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    id: SegmentId,
    ordinal: u32,
    offset: u32,
    bytes: &'a [u8],
    marks: Marks,
    delimiters: Delimiters,
    charset: Charset,
}

impl<'a> Segment<'a> {
    pub(crate) fn new(
        (id, ordinal): (SegmentId, u32),
        offset: u32,
        bytes: &'a [u8],
        marks: Marks,
        delimiters: Delimiters,
        charset: Charset,
    ) -> Self {
        Self { id, ordinal, offset, bytes, marks, delimiters, charset }
    }

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
        let field = self.delimiters.field;
        let found = self.rest_of(index).map(|(at, rest)| {
            let end = scan::first(rest, field).unwrap_or(rest.len());
            (at, rest.get(..end).unwrap_or_default())
        });
        let Some((mut at, mut raw)) = found else {
            return Value::absent(location.moved(self.bytes.len()));
        };
        // A part of a part is the first of what lies between: FT1-7 with component 1 is of repetition 1.
        for (number, deeper, separator) in [
            (repetition, component | subcomponent, self.delimiters.repetition),
            (component, subcomponent, Some(self.delimiters.component)),
            (subcomponent, 0, self.delimiters.subcomponent),
        ] {
            if number | deeper == 0 || raw == NULL {
                continue;
            }
            let Some((moved, part)) = scan::part(raw, separator, usize::from(number.max(1)) - 1) else {
                return Value::absent(location.moved(at + raw.len()));
            };
            (at, raw) = (at + moved, part);
        }
        Value::found(location.moved(at), raw, self.delimiters, self.charset)
    }

    /// Returns where a field begins, and the segment from there on. Of the name, nothing.
    fn rest_of(&self, index: u16) -> Option<(usize, &'a [u8])> {
        let start = self.marks.nth(self.bytes, self.delimiters.field, index.into())? + 1;
        Some((start, self.bytes.get(start..)?))
    }

    /// Returns the first repetition of a field, or its first component, or the first subcomponent of that: most
    /// of what is ever asked for. It ends at whatever separator comes first, so one pass finds it.
    fn leading(&self, location: Location, index: u16) -> Value<'a> {
        let field = self.delimiters.field;
        let Some((start, rest)) = self.rest_of(index) else {
            return Value::absent(location.moved(self.bytes.len()));
        };
        let repetition = self.delimiters.repetition.unwrap_or(field);
        let inner = location.component | location.subcomponent > 0;
        let component = if inner { self.delimiters.component } else { field };
        let subcomponent = self.delimiters.subcomponent.filter(|_| location.subcomponent > 0).unwrap_or(field);
        let ends = |byte: &u8| *byte == field || *byte == repetition || *byte == component || *byte == subcomponent;
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        let raw = rest.get(..end).unwrap_or_default();
        Value::found(location.moved(start), raw, self.delimiters, self.charset)
    }

    /// Returns MSH-1, the separator itself, or MSH-2; neither is split or unescaped.
    fn header_character(&self, location: Location) -> Value<'a> {
        let (at, raw) = match location.field {
            1 => (3, self.bytes.get(3..4)),
            2 => scan::part(self.bytes, Some(self.delimiters.field), 1).map_or((4, None), |(at, raw)| (at, Some(raw))),
            _ => (0, None),
        };
        let first = |number| number <= 1;
        let whole = first(location.repetition) && first(location.component) && first(location.subcomponent);
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
        let separators = self.bytes.iter().filter(|byte| **byte == self.delimiters.field).count();
        separators + usize::from(self.id == SegmentId::MSH)
    }
}

impl fmt::Debug for Segment<'_> {
    /// Prints name, number and length, not the bytes: they are a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}] <{} bytes>", self.id, self.ordinal, self.bytes.len())
    }
}
