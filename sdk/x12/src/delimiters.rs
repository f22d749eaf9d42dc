//! The four delimiters of an interchange, read from its ISA.
//!
//! ISA is the one segment of fixed layout (106 bytes with its terminator). Senders get it wrong by a byte or two,
//! so the separators are then counted instead, and the deviation is reported. Nothing is guessed past that.

use crate::problem::{Place, Problem, ProblemKind, SegmentId, shape};

/// Bytes of an ISA of the standard layout, terminator included.
pub const ISA_LEN: usize = 106;
/// Bytes within which a deviating ISA must have its 16 separators.
pub const ISA_LEN_MAX: usize = 512;
/// Offsets of the 16 element separators in the standard layout.
const SEPARATORS_AT: [usize; 16] = [3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103];

/// Delimiters of one interchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delimiters {
    /// Element separator: the byte after `ISA`.
    pub element: u8,
    /// Second byte of the element separator, where a file was re-encoded and it became a UTF-8 pair.
    pub element_tail: Option<u8>,
    /// Repetition separator, ISA11; none before 00402 (ISA11 = `U`).
    pub repetition: Option<u8>,
    /// Component separator, ISA16.
    pub component: u8,
    /// Segment terminator, the byte after ISA16. May be a line end.
    pub segment: u8,
}

impl Delimiters {
    /// The usual set: `*`, `^`, `:`, `~`.
    pub const STANDARD: Delimiters =
        Delimiters { element: b'*', element_tail: None, repetition: Some(b'^'), component: b':', segment: b'~' };

    /// Bytes of the element separator, 1 or 2.
    pub(crate) fn element_len(&self) -> usize {
        1 + usize::from(self.element_tail.is_some())
    }

    /// Whether this byte is one of the delimiters and so cannot stand in data.
    pub fn contains(&self, b: u8) -> bool {
        b == self.element || b == self.component || b == self.segment || self.repetition == Some(b)
    }
}

/// What looking for delimiters at the start of an ISA gave.
#[derive(Debug)]
pub enum Detected {
    /// Found; the problem, if any, is a tolerated deviation.
    Found(Delimiters, Option<Box<Problem>>),
    /// The bytes end before the ISA does, and more may come.
    NeedMore,
    /// No usable ISA.
    No(Box<Problem>),
}

/// Reads the delimiters of the ISA at the start of `bytes`, which stands at `offset` in its file. `at_end` says that no more bytes come.
pub fn detect(bytes: &[u8], offset: u64, at_end: bool) -> Detected {
    let place = Place { segment: SegmentId::new(b"ISA"), ordinal: 1, offset, element: None, component: None };
    let no = |place: Place, found: String, expected: &'static str| {
        Detected::No(Box::new(Problem::error(
            ProblemKind::IsaLayout,
            place,
            found,
            expected,
            "ask the sender for a file with an ISA of the X12 layout",
        )))
    };
    let window = bytes.get(..ISA_LEN_MAX).unwrap_or(bytes);
    let (Some(prefix), Some(&element)) = (window.get(..3), window.get(3)) else {
        return if at_end {
            no(place, format!("{} bytes", window.len()), "ISA of 106 bytes")
        } else {
            Detected::NeedMore
        };
    };
    if !prefix.eq_ignore_ascii_case(b"ISA") || element.is_ascii_alphanumeric() || element.is_ascii_whitespace() {
        return no(place, "no separator after ISA".to_owned(), "the element separator as byte 4");
    }
    if element >= 0xc2 && window.len() < 5 && !at_end {
        return Detected::NeedMore; // the separator itself may be a pair
    }
    let tail = match (element, window.get(4)) {
        (0xc2..=0xdf, Some(&tail @ 0x80..=0xbf)) => Some(tail),
        _ => None,
    };
    let width = 1 + usize::from(tail.is_some());
    let mut at = [0usize; 16];
    let mut count = 0;
    let mut pos = 3;
    while let Some(&b) = window.get(pos) {
        if b == element && (tail.is_none() || window.get(pos + 1).copied() == tail) {
            if let Some(slot) = at.get_mut(count) {
                *slot = pos;
            }
            count += 1;
            if count == 16 {
                break;
            }
            pos += width;
        } else {
            pos += 1;
        }
    }
    let last = at.last().copied().unwrap_or(0) + width; // ISA16
    let (true, Some(&component), Some(&segment)) = (count == 16, window.get(last), window.get(last + 1)) else {
        if !at_end && window.len() < ISA_LEN_MAX {
            return Detected::NeedMore;
        }
        return no(
            place,
            format!("{count} element separators"),
            "16 element separators, ISA16 and the segment terminator",
        );
    };
    let usable = |b: u8| !b.is_ascii_alphanumeric() && b != b' ' && b != element;
    if !usable(component) || !usable(segment) || component == segment {
        let element = if usable(component) { 17 } else { 16 };
        return no(
            place.at(element),
            "a letter, digit, blank or a delimiter already taken".to_owned(),
            "a component separator and a segment terminator of their own",
        );
    }
    let isa11 = at.get(10).zip(at.get(11)).and_then(|(&a, &b)| window.get(a + width..b)).unwrap_or_default();
    let repetition =
        isa11.first().copied().filter(|&b| usable(b) && !b.is_ascii_whitespace() && b != component && b != segment);
    let delimiters = Delimiters { element, element_tail: tail, repetition, component, segment };
    let standard = tail.is_none() && at == SEPARATORS_AT;
    let isa12 = at.get(11).zip(at.get(12)).and_then(|(&a, &b)| window.get(a + width..b)).unwrap_or_default();
    let versioned = isa12.len() == 5 && isa12.iter().all(u8::is_ascii_digit);
    if !standard && !versioned {
        // Counting over the end of a short ISA, or over prose, lands anywhere; the version tells.
        return no(place.at(12), shape(isa12), "a version of five digits, such as 00501");
    }
    let warning = (!standard).then(|| {
        Box::new(
            Problem::error(
                ProblemKind::IsaLayout,
                place,
                format!("separators at other places, in an ISA of {} bytes", last + 2),
                "an ISA of 106 bytes with its elements at fixed places",
                "read by counting separators; tell the sender",
            )
            .warning(),
        )
    });
    Detected::Found(delimiters, warning)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISA: &[u8] =
        b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260101*1200*^*00501*000000001*0*T*:~";

    fn found(bytes: &[u8]) -> (Delimiters, bool) {
        match detect(bytes, 0, true) {
            Detected::Found(d, warning) => (d, warning.is_some()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_the_usual_and_the_odd_sets() {
        assert_eq!(found(ISA), (Delimiters::STANDARD, false));
        let mut old = ISA.to_vec();
        old[82] = b'U';
        assert_eq!(found(&old).0.repetition, None);
        let mut line = ISA.to_vec();
        line[105] = b'\n';
        assert_eq!(found(&line).0.segment, b'\n');
        let latin: Vec<u8> = ISA.iter().map(|&b| if b == b'*' { 0xd6 } else { b }).collect();
        assert_eq!(found(&latin).0.element, 0xd6);
        let utf8 = String::from_utf8(ISA.to_vec()).unwrap().replace('*', "Ö").into_bytes();
        let (d, warned) = found(&utf8);
        assert_eq!((d.element, d.element_tail, d.component, d.segment, warned), (0xc3, Some(0x96), b':', b'~', true));
    }

    #[test]
    fn counts_separators_when_the_layout_is_off() {
        let short = [&ISA[..5], &ISA[6..]].concat();
        assert_eq!(found(&short), (Delimiters::STANDARD, true));
        let long = [&ISA[..40], b"XXXXXXXXXX", &ISA[40..]].concat();
        assert_eq!(found(&long), (Delimiters::STANDARD, true));
    }

    #[test] // each would make every later segment wrong, so it must not be guessed past
    fn refuses_what_gives_no_delimiters() {
        let mut same = ISA.to_vec();
        same[105] = b':';
        let mut letter = ISA.to_vec();
        letter[105] = b'A';
        for bytes in [&b"ISA"[..], b"ISA*00*", b"ISAX", b"ISA ", b"", &ISA[..105], &same, &letter] {
            assert!(matches!(detect(bytes, 0, true), Detected::No(_)), "{}", bytes.len());
        }
        assert!(matches!(detect(&ISA[..105], 0, false), Detected::NeedMore));
    }
}
