//! What stands at one place of a message: its bytes, where they are, and whether there is anything.
//!
//! A value converts itself (text here; dates, money and quantities in `primitives.rs`) and is the place where
//! errors get their location.

use crate::delimiters::Delimiters;
use crate::escape::{Charset, unescape};
use crate::path::{Path, Place};
use crate::scan;
use crate::segment::SegmentId;
use crate::shape::shape;
use std::borrow::Cow;
use std::fmt;

/// Where a value is, numbered from 1 as in the standard; 0 stands for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Location {
    /// Segment name.
    pub segment: SegmentId,
    /// Which segment of that name in the message.
    pub ordinal: u32,
    /// Field.
    pub field: u16,
    /// Repetition, 0 for the field with all of them.
    pub repetition: u16,
    /// Component, 0 for the whole repetition.
    pub component: u16,
    /// Subcomponent, 0 for the whole component.
    pub subcomponent: u16,
    /// Byte offset in the bytes of the message; of an absent value, where it would have been.
    pub offset: u32,
}

impl Location {
    pub(crate) fn moved(mut self, by: usize) -> Self {
        self.offset = self.offset.saturating_add(u32::try_from(by).unwrap_or(u32::MAX));
        self
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.segment)?;
        if self.ordinal > 1 {
            write!(f, "[{}]", self.ordinal)?;
        }
        write!(f, "-{}", self.field)?;
        if self.repetition > 1 {
            write!(f, "[{}]", self.repetition)?;
        }
        for number in [self.component, self.subcomponent].into_iter().take_while(|number| *number > 0) {
            write!(f, ".{number}")?;
        }
        Ok(())
    }
}

/// Whether a sender put anything at a place. The classes mean different things when a message is an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    /// The segment is missing, or ends before the place.
    Absent,
    /// Nothing between the separators, or only spaces or inner separators: keep what is known.
    Empty,
    /// Two double quotes, the HL7 null: delete what is known. Of a null field, every component is null.
    Null,
    /// Text.
    Present,
}

/// The bytes at one place of a message.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    raw: &'a [u8],
    location: Location,
    presence: Presence,
    delimiters: Delimiters,
    charset: Charset,
}

impl<'a> Value<'a> {
    pub(crate) fn absent(location: Location) -> Self {
        let presence = Presence::Absent;
        Self { raw: b"", location, presence, delimiters: NOTHING_SPLITS, charset: Charset::Utf8 }
    }

    pub(crate) fn found(location: Location, raw: &'a [u8], delimiters: Delimiters, charset: Charset) -> Self {
        let blank = |byte: &u8| {
            let byte = Some(*byte);
            let inner = [Some(delimiters.component), delimiters.repetition, delimiters.subcomponent, Some(b' ')];
            inner.contains(&byte)
        };
        let presence = match raw {
            [] => Presence::Empty,
            [first, ..] if first.is_ascii_alphanumeric() => Presence::Present,
            NULL => Presence::Null,
            [first, ..] if blank(first) && raw.iter().all(blank) => Presence::Empty,
            _ => Presence::Present,
        };
        Self { raw, location, presence, delimiters, charset }
    }

    /// MSH-1 and MSH-2 consist of delimiters and must not be split by them.
    pub(crate) fn atomic(location: Location, at: usize, raw: Option<&'a [u8]>, charset: Charset) -> Self {
        match raw {
            Some(raw) => Self::found(location.moved(at), raw, NOTHING_SPLITS, charset),
            None => Self::absent(location.moved(at)),
        }
    }

    /// Finds the alternative of a path that counts; see [`Message::get`](crate::Message::get).
    pub(crate) fn preferred(path: &Path, find: impl Fn(&Place) -> Self) -> Self {
        let mut best: Option<Self> = None;
        for place in path.places() {
            let value = find(place);
            match (value.presence, best) {
                (Presence::Present, _) => return value,
                (_, None) => best = Some(value),
                (Presence::Null, Some(other)) if other.presence != Presence::Null => best = Some(value),
                _ => {}
            }
        }
        best.unwrap_or_else(|| Self::absent(NOWHERE))
    }

    pub(crate) fn repetitions_of(path: &Path, find: &dyn Fn(&Place) -> Self) -> impl Iterator<Item = Self> + use<'a> {
        let whole = |place: &Place| find(&Place { repetition: 0, component: 0, subcomponent: 0, ..*place });
        let found = path.places().iter().map(|place| (*place, whole(place)));
        let chosen = found.into_iter().find(|(_, value)| value.is_present());
        let pick = |(place, field): (Place, Self)| {
            field.repetitions().map(move |value| {
                let value = if place.component > 0 { value.component(place.component) } else { value };
                if place.subcomponent > 0 { value.subcomponent(place.subcomponent) } else { value }
            })
        };
        chosen.into_iter().flat_map(pick)
    }

    /// Returns the bytes as they are in the message, escapes and all.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Returns where the value is.
    pub fn location(&self) -> Location {
        self.location
    }

    /// Returns whether there is anything.
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// Tells whether there is text.
    pub fn is_present(&self) -> bool {
        self.presence == Presence::Present
    }

    /// Returns the value if there is text, for optional fields: `value.present().map(|v| v.date()).transpose()`.
    pub fn present(self) -> Option<Self> {
        self.is_present().then_some(self)
    }

    /// Returns the text, decoded and unescaped; empty unless the value is present.
    pub fn text(&self) -> Cow<'a, str> {
        self.decoded().0
    }

    /// Returns the text, and whether its bytes did not fit the declared character set, so that CP1252 was
    /// assumed. Worth a note to the sender; names come out wrong if the guess is.
    pub fn decoded(&self) -> (Cow<'a, str>, bool) {
        if !self.is_present() {
            return (Cow::Borrowed(""), false);
        }
        let (text, fallback) = self.charset.decode(self.raw);
        (unescape(text, &self.delimiters), fallback)
    }

    /// Returns a repetition of a whole field, 1 is the first.
    pub fn repetition(&self, number: u16) -> Self {
        let location = Location { repetition: number, ..self.location };
        self.sub(location, self.delimiters.repetition, number)
    }

    /// Returns a component of a repetition; of a whole field, a component of its first repetition.
    pub fn component(&self, number: u16) -> Self {
        let whole = if self.location.repetition == 0 { self.repetition(1) } else { *self };
        let location = Location { component: number, ..whole.location };
        whole.sub(location, whole.component_separator(), number)
    }

    /// Returns a subcomponent of a component; of more than that, of its first component.
    pub fn subcomponent(&self, number: u16) -> Self {
        let whole = if self.location.component == 0 { self.component(1) } else { *self };
        let location = Location { subcomponent: number, ..whole.location };
        whole.sub(location, whole.delimiters.subcomponent, number)
    }

    /// Iterates over the repetitions of a whole field; an empty or absent field has none.
    pub fn repetitions(self) -> impl Iterator<Item = Self> + use<'a> {
        let count = if self.raw.is_empty() { None } else { Some(self.raw) };
        let mut rest = count.map(|raw| (0, raw));
        let mut number = 0u16;
        std::iter::from_fn(move || {
            let (at, bytes) = rest?;
            number = number.saturating_add(1);
            let end = self.delimiters.repetition.and_then(|separator| scan::first(bytes, separator));
            let raw = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
            rest = end.and_then(|end| Some((at + end + 1, bytes.get(end + 1..)?)));
            let location = Location { repetition: number, ..self.location }.moved(at);
            Some(Self::found(location, raw, self.delimiters, self.charset))
        })
    }

    /// Returns the class of what is here, for messages: never the text itself.
    pub fn shape(&self) -> String {
        match self.presence {
            Presence::Absent => "nothing (absent)".to_owned(),
            Presence::Empty => "nothing (empty)".to_owned(),
            Presence::Null => "the HL7 null (two quotes)".to_owned(),
            Presence::Present => {
                let count = |byte: Option<u8>| self.raw.iter().filter(|at| Some(**at) == byte).count() + 1;
                let repetitions = if self.location.repetition == 0 { count(self.delimiters.repetition) } else { 1 };
                let components = count(self.component_separator());
                match (repetitions, components, count(self.delimiters.subcomponent)) {
                    (2.., _, _) => format!("{repetitions} repetitions"),
                    (_, 2.., _) => format!("{components} components"),
                    (_, _, parts @ 2..) => format!("{parts} subcomponents"),
                    _ => shape(&self.text()),
                }
            }
        }
    }

    pub(crate) fn subcomponent_separator(&self) -> Option<u8> {
        self.delimiters.subcomponent
    }

    fn component_separator(&self) -> Option<u8> {
        Some(self.delimiters.component).filter(|byte| *byte != 0)
    }

    fn sub(&self, location: Location, separator: Option<u8>, number: u16) -> Self {
        match self.presence {
            Presence::Absent => Self { location, ..*self },
            Presence::Null => Self { location, ..*self },
            _ => match usize::from(number).checked_sub(1).and_then(|index| scan::part(self.raw, separator, index)) {
                Some((at, raw)) => Self::found(location.moved(at), raw, self.delimiters, self.charset),
                None => Self::absent(location.moved(self.raw.len())),
            },
        }
    }
}

impl fmt::Debug for Value<'_> {
    /// Prints place and class, not the text: it is a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.location, self.shape())
    }
}

/// The HL7 null.
pub(crate) const NULL: &[u8] = b"\"\"";

/// Delimiters of a value that is never split; 0 is no character a header may declare.
const NOTHING_SPLITS: Delimiters =
    Delimiters { field: 0, component: 0, repetition: None, escape: None, subcomponent: None, truncation: None };

const NOWHERE: Location = Location {
    segment: SegmentId::STRAY,
    ordinal: 1,
    field: 0,
    repetition: 0,
    component: 0,
    subcomponent: 0,
    offset: 0,
};
