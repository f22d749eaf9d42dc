//! Writing segments: elements and composites with trailing empties trimmed, and no delimiter ever inside data.
//!
//! X12 has no escape. A value that holds a delimiter, a control character or a byte outside the character set is
//! refused with its place; nothing is replaced silently. Envelopes with counts are `envelope.rs`.

use std::borrow::Cow;
use std::fmt;

use crate::delimiters::Delimiters;
use crate::number::{Date, format_cents, format_thousandths};
use crate::problem::SegmentId;
use crate::segment::Segment;

/// Why a value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It holds the element separator, the component or repetition separator, or the segment terminator.
    Delimiter,
    /// It holds a control character, such as a line end.
    ControlCharacter,
    /// It holds a letter outside ASCII, which is outside the X12 basic and extended character sets.
    OutsideCharacterSet,
    /// The segment id is not two or three upper case letters and digits.
    SegmentId,
    /// It is longer than its fixed-width element (ISA).
    TooLong,
    /// A trailer or header was asked for where none may stand.
    Nesting,
}

/// A value that cannot be written. Says where it was to stand, not what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteError {
    /// Segment.
    pub segment: SegmentId,
    /// Position of the segment among those written, from 1.
    pub ordinal: u32,
    /// Element, from 1; 0 when it is the segment itself.
    pub element: u8,
    /// Component of a composite, from 1.
    pub component: Option<u8>,
    /// Why.
    pub refusal: Refusal,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.segment)?;
        if self.element > 0 {
            write!(f, "{:02}", self.element)?;
        }
        if let Some(component) = self.component {
            write!(f, "-{component}")?;
        }
        let (found, expected, remedy) = match self.refusal {
            Refusal::Delimiter => {
                ("a delimiter inside data", "data without the four delimiters", "change the value at its source")
            }
            Refusal::ControlCharacter => {
                ("a control character", "printable characters", "change the value at its source")
            }
            Refusal::OutsideCharacterSet => {
                ("a character outside ASCII", "the X12 character set", "write the name without accents at its source")
            }
            Refusal::SegmentId => {
                ("no segment id", "two or three upper case letters and digits", "correct the program")
            }
            Refusal::TooLong => {
                ("a value that is too long", "a value that fits its fixed width", "shorten it in the practice profile")
            }
            Refusal::Nesting => ("an envelope out of order", "ISA, GS, ST .. SE, GE, IEA", "correct the program"),
        };
        write!(f, " (segment {}): found {found}, expected {expected}; {remedy}", self.ordinal)
    }
}

impl std::error::Error for WriteError {}

/// Writes segments into memory.
///
/// ```
/// use claimhost_x12::{Delimiters, SegmentWriter};
/// let mut out = SegmentWriter::new(Delimiters::STANDARD);
/// out.segment("SV1").composite(&["HC", "99213", "", ""]).cents(12_550).text("UN").thousandths(1_000).text("").end()?;
/// assert_eq!(out.as_bytes(), b"SV1*HC:99213*125.5*UN*1~");
/// # Ok::<(), claimhost_x12::WriteError>(())
/// ```
#[derive(Clone)]
pub struct SegmentWriter {
    out: Vec<u8>,
    delimiters: Delimiters,
    ordinal: u32,
    line_end: bool,
}

impl SegmentWriter {
    /// An empty writer.
    pub fn new(delimiters: Delimiters) -> SegmentWriter {
        SegmentWriter {
            out: Vec::new(),
            delimiters: Delimiters { element_tail: None, ..delimiters },
            ordinal: 0,
            line_end: false,
        }
    }

    /// Puts a line end behind each terminator, for people to read. Off unless asked for.
    pub fn with_line_ends(mut self) -> SegmentWriter {
        self.line_end = true;
        self
    }

    /// The delimiters written with.
    pub fn delimiters(&self) -> Delimiters {
        self.delimiters
    }

    /// Bytes written so far: the offset of the next segment.
    pub fn offset(&self) -> u64 {
        self.out.len() as u64
    }

    /// Segments written so far: the ordinal of the last one.
    pub fn ordinal(&self) -> u32 {
        self.ordinal
    }

    /// What was written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// What was written, given away.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Begins a segment. Nothing stays written unless [`SegmentBuilder::end`] is called and succeeds.
    pub fn segment(&mut self, id: &str) -> SegmentBuilder<'_> {
        let start = self.out.len();
        self.out.extend_from_slice(id.as_bytes());
        let plain = (2..=3).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let mut builder = SegmentBuilder {
            id: SegmentId::new(id.as_bytes()),
            writer: self,
            start,
            element: 0,
            keep: start + id.len(),
            error: None,
            done: false,
        };
        if !plain {
            builder.refuse(None, Refusal::SegmentId);
        }
        builder
    }

    /// Writes a segment read elsewhere: the same elements, under this writer's delimiters.
    ///
    /// # Errors
    /// When its data holds one of this writer's delimiters. Composites and repeats are split by the segment's own.
    pub fn copy(&mut self, segment: &Segment<'_>) -> Result<(), WriteError> {
        let id = crate::segment::decode(segment.id()).into_owned();
        let fixed = segment.is("ISA"); // ISA11 and ISA16 hold delimiters as data
        let mut builder = self.segment(&id);
        for element in segment.elements() {
            if fixed {
                builder = builder.raw(element.bytes);
                continue;
            }
            builder = builder.repeats(element.repeats().map(|r| r.components().map(|c| c.bytes).collect::<Vec<_>>()));
        }
        builder.end()
    }
}

/// One segment being written. Elements follow in order; a refusal is kept and told by [`SegmentBuilder::end`].
#[must_use = "a segment is written by `end`"]
pub struct SegmentBuilder<'w> {
    writer: &'w mut SegmentWriter,
    id: SegmentId,
    start: usize,
    element: u8,
    /// End of the last element that is not empty.
    keep: usize,
    error: Option<WriteError>,
    done: bool,
}

impl SegmentBuilder<'_> {
    pub(crate) fn id(&self) -> SegmentId {
        self.id
    }

    fn refuse(&mut self, component: Option<u8>, refusal: Refusal) {
        let ordinal = self.writer.ordinal.saturating_add(1);
        let error = WriteError { segment: self.id, ordinal, element: self.element, component, refusal };
        self.error.get_or_insert(error);
    }

    fn separator(&mut self) {
        self.writer.out.push(self.writer.delimiters.element);
        self.element = self.element.saturating_add(1);
    }

    fn data(&mut self, component: Option<u8>, value: &[u8]) {
        let delimiters = self.writer.delimiters;
        for &b in value {
            let refusal = match b {
                _ if delimiters.contains(b) => Refusal::Delimiter,
                0..=31 | 127 => Refusal::ControlCharacter,
                128.. => Refusal::OutsideCharacterSet,
                _ => continue,
            };
            self.refuse(component, refusal);
            return;
        }
        self.writer.out.extend_from_slice(value);
        if !value.is_empty() {
            self.keep = self.writer.out.len();
        }
    }

    /// The next element, simple. Empty text leaves it out.
    pub fn text(mut self, value: &str) -> Self {
        self.separator();
        self.data(None, value.as_bytes());
        self
    }

    /// The next element, left out.
    pub fn empty(self) -> Self {
        self.text("")
    }

    /// The next `n` elements, left out.
    pub fn skip(mut self, n: usize) -> Self {
        for _ in 0..n {
            self = self.empty();
        }
        self
    }

    /// The next element, or nothing.
    pub fn option(self, value: Option<&str>) -> Self {
        self.text(value.unwrap_or_default())
    }

    /// The next element, an amount.
    pub fn cents(self, cents: i64) -> Self {
        self.text(&format_cents(cents))
    }

    /// The next element, a quantity.
    pub fn thousandths(self, thousandths: i64) -> Self {
        self.text(&format_thousandths(thousandths))
    }

    /// The next element, a whole number.
    pub fn number(self, number: u32) -> Self {
        self.text(&number.to_string())
    }

    /// The next element, a date CCYYMMDD.
    pub fn date(self, date: Date) -> Self {
        self.text(&date.to_string())
    }

    /// The next element, a composite; empty components at its end are left out.
    pub fn composite(self, components: &[&str]) -> Self {
        self.repeats([components.iter().map(|c| c.as_bytes()).collect::<Vec<_>>()])
    }

    fn repeats<'c>(mut self, repeats: impl IntoIterator<Item = Vec<&'c [u8]>>) -> Self {
        self.separator();
        let delimiters = self.writer.delimiters;
        for (n, components) in repeats.into_iter().enumerate() {
            if n > 0 {
                match delimiters.repetition {
                    Some(repetition) => self.writer.out.push(repetition),
                    None => self.refuse(None, Refusal::Delimiter),
                }
                self.keep = self.writer.out.len();
            }
            let used = components.iter().rposition(|c| !c.is_empty()).map_or(0, |last| last + 1);
            let single = components.len() == 1;
            for (m, component) in components.into_iter().take(used).enumerate() {
                if m > 0 {
                    self.writer.out.push(delimiters.component);
                }
                self.data(if single { None } else { u8::try_from(m + 1).ok() }, component);
            }
        }
        self
    }

    /// An element as it is, for ISA, whose data are the delimiters.
    pub(crate) fn raw(mut self, value: &[u8]) -> Self {
        self.separator();
        self.writer.out.extend_from_slice(value);
        self.keep = self.writer.out.len();
        self
    }

    pub(crate) fn too_long(&mut self) {
        self.refuse(None, Refusal::TooLong);
    }

    /// Writes the segment.
    ///
    /// # Errors
    /// The first refusal; the writer is then as it was before the segment.
    pub fn end(mut self) -> Result<(), WriteError> {
        if let Some(error) = self.error {
            return Err(error); // dropping takes the segment back
        }
        self.writer.out.truncate(self.keep);
        self.writer.out.push(self.writer.delimiters.segment);
        if self.writer.line_end && !self.writer.delimiters.segment.is_ascii_whitespace() {
            self.writer.out.push(b'\n');
        }
        self.writer.ordinal = self.writer.ordinal.saturating_add(1);
        self.done = true;
        Ok(())
    }
}

impl Drop for SegmentBuilder<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.writer.out.truncate(self.start);
        }
    }
}

/// Whether text can be written as data under these delimiters; else why not.
///
/// # Errors
/// The refusal a writer would give.
pub fn check_text(text: &str, delimiters: &Delimiters) -> Result<(), Refusal> {
    match text.bytes().find(|&b| delimiters.contains(b) || !(b' '..=b'~').contains(&b)) {
        None => Ok(()),
        Some(b) if delimiters.contains(b) => Err(Refusal::Delimiter),
        Some(b) if b.is_ascii() => Err(Refusal::ControlCharacter),
        Some(_) => Err(Refusal::OutsideCharacterSet),
    }
}

/// Folds the accents of Latin letters (`é` to `e`, `Ñ` to `N`, `ß` to `ss`); other text stays, to be refused by the writer.
pub fn fold_accents(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let folded = match c {
            'À'..='Å' | 'Ā' | 'Ă' | 'Ą' => "A",
            'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
            'Ç' | 'Ć' | 'Č' => "C",
            'ç' | 'ć' | 'č' => "c",
            'È'..='Ë' | 'Ē' | 'Ę' | 'Ě' => "E",
            'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
            'Ì'..='Ï' | 'Ī' | 'İ' => "I",
            'ì'..='ï' | 'ī' | 'ı' => "i",
            'Ñ' | 'Ń' | 'Ň' => "N",
            'ñ' | 'ń' | 'ň' => "n",
            'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ő' => "O",
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
            'Ù'..='Ü' | 'Ū' | 'Ů' | 'Ű' => "U",
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
            'Ý' | 'Ÿ' => "Y",
            'ý' | 'ÿ' => "y",
            'Ś' | 'Š' | 'Ş' => "S",
            'ś' | 'š' | 'ş' => "s",
            'Ź' | 'Ž' | 'Ż' => "Z",
            'ź' | 'ž' | 'ż' => "z",
            'Ł' => "L",
            'ł' => "l",
            'ß' => "ss",
            'Æ' => "AE",
            'æ' => "ae",
            '\u{2018}' | '\u{2019}' => "'",
            '\u{2010}'..='\u{2014}' => "-",
            '\u{a0}' => " ",
            other => {
                out.push(other);
                continue;
            }
        };
        out.push_str(folded);
    }
    Cow::Owned(out)
}
