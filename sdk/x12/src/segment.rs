//! Segments, elements, repeats and components, all borrowed from the file.
//!
//! Nothing is split before it is asked for: a segment is its bytes and where they stand. Elements count from 1 as
//! the guides do (`CLP03` is `element(3)`), components too.

use std::borrow::Cow;

use crate::delimiters::Delimiters;
use crate::problem::{Place, SegmentId};
use crate::scan::{self, Gap, Scan};

/// One segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    /// The bytes, without the terminator.
    pub bytes: &'a [u8],
    /// Byte offset in the file, from 0.
    pub offset: u64,
    /// Position in its interchange, ISA = 1. Blank segments are not counted.
    pub ordinal: u32,
    /// What stood before it.
    pub gap: Gap,
    /// False when the file ended before a terminator came.
    pub terminated: bool,
    /// Delimiters of its interchange.
    pub delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// The segment id as found, such as `CLP`.
    pub fn id(&self) -> &'a [u8] {
        match self.split().next() {
            Some(element) => element.bytes,
            None => &[],
        }
    }

    /// Whether this is the segment with that id. Cheaper than splitting.
    #[inline]
    pub fn is(&self, id: &str) -> bool {
        let id = id.as_bytes();
        match self.bytes.strip_prefix(id) {
            Some([]) => true,
            Some([next, ..]) => *next == self.delimiters.element,
            None => false,
        }
    }

    /// The id in a form that may be printed.
    pub fn segment_id(&self) -> SegmentId {
        SegmentId::new(self.id())
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        Place { segment: self.segment_id(), ordinal: self.ordinal, offset: self.offset, element: None, component: None }
    }

    /// Bytes of the file it takes: `offset..end`, terminator included.
    pub fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64 + u64::from(self.terminated)
    }

    /// The id, then all elements.
    fn split(&self) -> Elements<'a> {
        Elements { rest: Some(self.bytes), delimiters: self.delimiters }
    }

    /// All elements, from the first after the id. Trailing empty ones are there if the sender wrote them.
    pub fn elements(&self) -> Elements<'a> {
        let mut elements = self.split();
        elements.next();
        elements
    }

    /// Element `n`, from 1; empty when the segment is shorter. 0 is the id.
    #[inline]
    pub fn element(&self, n: usize) -> Element<'a> {
        self.split().nth(n).unwrap_or(Element { bytes: &[], delimiters: self.delimiters })
    }

    /// Text of element `n`, without white space around it; Latin-1 when it is not UTF-8.
    pub fn text(&self, n: usize) -> Cow<'a, str> {
        self.element(n).text()
    }

    /// Owned text of element `n`, as [`Segment::text`].
    pub fn string(&self, n: usize) -> String {
        self.text(n).into_owned()
    }

    /// Component `m` of element `n`, both from 1; empty when there is none.
    pub fn component(&self, n: usize, m: usize) -> Element<'a> {
        self.element(n).component(m)
    }
}

/// An element, one of its repeats, or a component: bytes and the delimiters that split them further.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The bytes as found.
    pub bytes: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Element<'a> {
    /// Whether nothing but white space is there.
    pub fn is_empty(&self) -> bool {
        self.bytes.trim_ascii().is_empty()
    }

    /// Bytes without white space around them (fixed-width senders pad; X12 says they should not).
    pub fn trimmed(&self) -> &'a [u8] {
        self.bytes.trim_ascii()
    }

    /// Text without white space around it; Latin-1 when it is not UTF-8, so that nothing is lost.
    pub fn text(&self) -> Cow<'a, str> {
        decode(self.trimmed())
    }

    /// The repeats (`HI` of older guides, `AK9`..); one when there is no repetition separator in it.
    pub fn repeats(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let delimiters = self.delimiters;
        Parts { rest: Some(self.bytes), separator: delimiters.repetition }
            .map(move |bytes| Element { bytes, delimiters })
    }

    /// The components of a composite; one when it is simple.
    pub fn components(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let delimiters = self.delimiters;
        Parts { rest: Some(self.bytes), separator: Some(delimiters.component) }
            .map(move |bytes| Element { bytes, delimiters })
    }

    /// Component `m`, from 1; empty when there is none.
    pub fn component(&self, m: usize) -> Element<'a> {
        let none = Element { bytes: &[], delimiters: self.delimiters };
        m.checked_sub(1).and_then(|m| self.components().nth(m)).unwrap_or(none)
    }
}

/// Decodes bytes as UTF-8, else as Latin-1.
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&b| char::from(b)).collect()),
    }
}

struct Parts<'a> {
    rest: Option<&'a [u8]>,
    separator: Option<u8>,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest?;
        let cut = self.separator.and_then(|separator| scan::find(rest, separator));
        self.rest = cut.and_then(|cut| rest.get(cut + 1..));
        Some(cut.and_then(|cut| rest.get(..cut)).unwrap_or(rest))
    }
}

/// Iterator over the elements of a segment.
#[derive(Clone)]
pub struct Elements<'a> {
    rest: Option<&'a [u8]>,
    delimiters: Delimiters,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;
    #[inline]
    fn next(&mut self) -> Option<Element<'a>> {
        let rest = self.rest?;
        let delimiters = self.delimiters;
        let cut = match delimiters.element_tail {
            None => scan::find(rest, delimiters.element),
            Some(tail) => rest.windows(2).position(|pair| pair == [delimiters.element, tail]),
        };
        self.rest = cut.and_then(|cut| rest.get(cut + delimiters.element_len()..));
        let bytes = cut.and_then(|cut| rest.get(..cut)).unwrap_or(rest);
        Some(Element { bytes, delimiters })
    }
}

/// Iterator over the segments of ONE interchange, or of a part of one.
///
/// It ends after IEA, before the next ISA, or with the bytes; [`Segments::position`] says where.
#[derive(Clone)]
pub struct Segments<'a> {
    bytes: &'a [u8],
    pos: usize,
    base: u64,
    ordinal: u32,
    delimiters: Delimiters,
    done: bool,
}

impl<'a> Segments<'a> {
    /// Segments of `bytes`, which begins at `base` in its file; the first is number `ordinal`.
    pub fn new(bytes: &'a [u8], delimiters: Delimiters, base: u64, ordinal: u32) -> Segments<'a> {
        Segments { bytes, pos: 0, base, ordinal, delimiters, done: false }
    }

    /// Offset in the file behind the last segment given.
    pub fn position(&self) -> u64 {
        self.base + self.pos as u64
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;
    #[inline]
    fn next(&mut self) -> Option<Segment<'a>> {
        if self.done {
            return None;
        }
        match scan::next(self.bytes, self.pos, self.delimiters.segment, self.ordinal == 1, true) {
            Scan::Segment { start, end, next, gap, terminated } => {
                let segment = Segment {
                    bytes: self.bytes.get(start..end)?,
                    offset: self.base + start as u64,
                    ordinal: self.ordinal,
                    gap,
                    terminated,
                    delimiters: self.delimiters,
                };
                self.pos = next;
                self.ordinal = self.ordinal.saturating_add(1);
                self.done = segment.is("IEA");
                Some(segment)
            }
            Scan::Isa { .. } | Scan::NeedMore | Scan::End => {
                self.done = true;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(bytes: &[u8]) -> Segment<'_> {
        Segments::new(bytes, Delimiters::STANDARD, 10, 2).next().unwrap()
    }

    #[test]
    fn splits_elements_repeats_components() {
        let segment = one(b"SVC*HC:99213:25*100.5** x ^y*~");
        assert_eq!((segment.id(), segment.offset, segment.ordinal, segment.end()), (&b"SVC"[..], 10, 2, 40));
        assert!(segment.is("SVC") && !segment.is("SV"));
        assert_eq!(segment.component(1, 2).text(), "99213");
        assert_eq!(segment.component(1, 9).bytes, b"");
        assert_eq!(segment.component(1, 0).bytes, b"");
        assert_eq!(segment.elements().count(), 5);
        assert!(segment.element(3).is_empty() && segment.element(99).is_empty());
        let repeats: Vec<_> = segment.element(4).repeats().map(|r| r.string()).collect();
        assert_eq!(repeats, ["x", "y"]);
    }

    impl Element<'_> {
        fn string(&self) -> String {
            self.text().into_owned()
        }
    }

    #[test]
    fn falls_back_to_latin_1() {
        assert_eq!(one(b"NM1*\xd6DMAN~").text(1), "ÖDMAN");
        assert_eq!(one("NM1*ÖDMAN~".as_bytes()).text(1), "ÖDMAN");
    }

    #[test]
    fn splits_on_a_two_byte_separator() {
        let delimiters = Delimiters { element: 0xc3, element_tail: Some(0x96), ..Delimiters::STANDARD };
        let segment = Segments::new("STÖ835ÖÃ~".as_bytes(), delimiters, 0, 2).next().unwrap();
        assert!(segment.is("ST"));
        assert_eq!((segment.text(1), segment.text(2)), ("835".into(), "Ã".into()));
    }

    #[test]
    fn stops_after_iea_and_before_isa() {
        let mut segments = Segments::new(b"SE*1~IEA*1~ZZ*1~", Delimiters::STANDARD, 0, 5);
        assert_eq!(segments.by_ref().count(), 2);
        assert_eq!(segments.position(), 11);
        assert_eq!(Segments::new(b"SE*1~ISA*1~", Delimiters::STANDARD, 0, 5).count(), 1);
    }
}
