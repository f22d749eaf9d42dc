//! How a message ends: lines behind its last segment, and signs that the end of the file cut it off.
//!
//! A last segment without a terminator is common and whole; half a segment looks the same. What tells them apart here is
//! the segment's name, and what the segments of the same name before it have.

use crate::scan;
use crate::segment::SegmentId;
use std::fmt;

/// A sign that a last segment without a terminator is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutSign {
    /// The last line is a part of a segment's name, or a name without a field.
    Name,
    /// It is the header, which no message is by itself.
    Header,
    /// It is of a charge message (DFT) that has no charge (FT1), which every one has.
    NoCharge,
    /// It ends before a field that each segment of its name before it has.
    Fields {
        /// The segment.
        segment: SegmentId,
        /// The last field that it has.
        found: usize,
        /// The last field that it needs and that the others have.
        expected: usize,
    },
}

impl fmt::Display for CutSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("a last line that is a part of a segment's name"),
            Self::Header => f.write_str("a message that ends, without a line end, in its header"),
            Self::NoCharge => f.write_str("a charge message (DFT) that ends, without a line end, before its first FT1"),
            Self::Fields { segment, found, expected } => {
                write!(f, "a last segment {segment} that ends with field {found}, where others have field {expected}")
            }
        }
    }
}

/// A last segment without a terminator that nothing shows to be cut, nor to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSegment {
    /// The segment.
    pub segment: SegmentId,
    /// The last field that it has.
    pub field: usize,
}

impl fmt::Display for OpenSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a last segment {} that ends in field {}, without a line end", self.segment, self.field)
    }
}

impl OpenSegment {
    /// Whether it ends where a charge has amounts and quantities (FT1-5 to 18, and 22). Behind them are codes and people.
    pub fn ends_in_amounts(&self) -> bool {
        self.segment == SegmentId::FT1 && matches!(self.field, 5..=18 | 22)
    }
}

/// The last segment of a message, where it has no terminator.
pub fn open_segment(message: &[u8]) -> Option<OpenSegment> {
    let separator = *message.get(3)?;
    let start = message.iter().rposition(|byte| is_break(*byte)).map_or(0, |at| at + 1);
    let line = message.get(start..)?;
    let segment = name(line, separator)?;
    Some(OpenSegment { segment, field: last_field(line, separator) })
}

/// Whether the last segment has its terminator.
pub fn is_terminated(message: &[u8]) -> bool {
    message.last().is_none_or(|byte| matches!(byte, b'\r' | b'\n'))
}

/// Where the lines begin that follow a message's last segment and are none; the length of the message where there are none.
/// Behind a segment of text (NTE, OBX, TXA) they are its rest, broken by line ends, and belong to it.
pub fn stray_tail(message: &[u8]) -> usize {
    let Some(separator) = message.get(3).filter(|_| message.starts_with(b"MSH")) else { return message.len() };
    let mut from = message.len();
    loop {
        let body = message.get(..from).unwrap_or_default();
        let end = body.iter().rposition(|byte| !is_break(*byte)).map_or(0, |at| at + 1);
        let start = body.get(..end).unwrap_or_default().iter().rposition(|byte| is_break(*byte)).map_or(0, |at| at + 1);
        let line = body.get(start..end).unwrap_or_default();
        match name(line, *separator) {
            Some(id) if is_text(id) => return message.len(),
            Some(_) => return from,
            None if start == 0 => return message.len(),
            None => from = start,
        }
    }
}

/// Looks for a sign that the last segment of a message, which has no terminator, is not whole. `before` is the message
/// before it in the file, or nothing.
pub fn cut_sign(message: &[u8], before: &[u8]) -> Option<CutSign> {
    let separator = *message.get(3)?;
    let start = message.iter().rposition(|byte| is_break(*byte)).map_or(0, |at| at + 1);
    let line = message.get(start..)?;
    if start > 0 && is_part_of_name(line) {
        return Some(CutSign::Name);
    }
    let segment = name(line, separator)?;
    if start == 0 && event(message).is_some_and(|event| !event.is_empty()) {
        return Some(CutSign::Header);
    }
    let is_charge = |line: &[u8]| name(line, separator) == Some(SegmentId::FT1);
    if event(message).is_some_and(|event| event.starts_with(b"DFT")) && !lines(message).any(is_charge) {
        return Some(CutSign::NoCharge);
    }
    let needed = needed(segment)?;
    let found = last_field(line, separator);
    let same_event = event(message) == event(before);
    let earlier = lines(message.get(..start)?).chain(lines(if same_event { before } else { &[] }));
    let others = earlier.filter(|line| name(line, separator) == Some(segment));
    let expected = others.map(|line| last_field(line, separator)).min()?.min(needed);
    (found < expected).then_some(CutSign::Fields { segment, found, expected })
}

/// The last field that a claim needs of a segment, where the standard has it: fields behind it may be absent. IN1 is none of them: a
/// coverage as `self pay` is rightly shorter than its siblings, and the scrub misses the member id of one that is cut.
fn needed(segment: SegmentId) -> Option<usize> {
    Some(match segment.as_str() {
        "FT1" => 20, // performed by
        "DG1" | "PR1" => 3,
        _ => return None,
    })
}

fn is_text(id: SegmentId) -> bool {
    matches!(id.as_str(), "NTE" | "OBX" | "TXA")
}

fn is_break(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

fn is_part_of_name(line: &[u8]) -> bool {
    let named = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    line.len() <= 3 && line.first().is_some_and(u8::is_ascii_uppercase) && line.iter().all(named)
}

/// The name of a line that is a segment with at least one separator, or a bare name.
fn name(line: &[u8], separator: u8) -> Option<SegmentId> {
    let id = line.get(..3).and_then(SegmentId::from_bytes)?;
    line.get(3).is_none_or(|byte| *byte == separator).then_some(id)
}

/// The number of the last field that is not empty.
fn last_field(line: &[u8], separator: u8) -> usize {
    let fields = line.split(|byte| *byte == separator).enumerate();
    fields.filter(|(_, field)| !field.trim_ascii().is_empty()).map(|(at, _)| at).last().unwrap_or(0)
}

fn lines(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    message.split(|byte| is_break(*byte))
}

/// MSH-9, as written.
fn event(message: &[u8]) -> Option<&[u8]> {
    let header = message.get(..scan::line_end(message).unwrap_or(message.len()))?;
    let separator = header.get(3)?;
    header.split(|byte| byte == separator).nth(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "MSH|^~\\&|A|B|C|D|1||DFT^P03|1\rPID|1\r";

    fn tail(text: &str) -> (String, String) {
        let message = format!("{HEAD}{text}");
        let (kept, stray) = message.split_at(stray_tail(message.as_bytes()));
        (kept.strip_prefix(HEAD).unwrap_or(kept).to_owned(), stray.to_owned())
    }

    #[test]
    fn lines_behind_the_last_segment_are_told_apart_from_the_rest_of_a_note() {
        for (text, kept) in [
            ("FT1|1\r", "FT1|1\r"),
            ("FT1|1", "FT1|1"),
            ("FT1|1\rjunk\r", "FT1|1\r"),
            ("FT1|1\r\njunk\r\n\r\nmore junk", "FT1|1\r\n"),
            ("NTE|1||a note\rthat goes on\r", "NTE|1||a note\rthat goes on\r"),
            ("junk\rFT1|1\r", "junk\rFT1|1\r"),
            ("ZZ1|1\r\r\r", "ZZ1|1\r\r\r"),
        ] {
            assert_eq!(tail(text).0, kept, "{text:?}");
        }
        assert_eq!(stray_tail(b"no message\rat all\r"), 18);
        assert_eq!(stray_tail(b"MSH"), 3);
        assert_eq!(stray_tail(b""), 0);
    }

    #[test]
    fn an_open_segment_is_named_and_never_shown() {
        let open = |text: &str| open_segment(format!("{HEAD}{text}").as_bytes()).map(|open| open.to_string());
        let told = open("FT1|1|C1||20260501||CG|99213").unwrap();
        assert_eq!(told, "a last segment FT1 that ends in field 7, without a line end");
        for text in ["FT1|1|C1\r", "the rest of a note", ""] {
            assert_eq!(open(text), None, "{text}");
        }
        assert_eq!(open_segment(b""), None);
    }

    fn sign(text: &str, before: &str) -> Option<CutSign> {
        let before = if before.is_empty() { String::new() } else { format!("{HEAD}{before}") };
        cut_sign(format!("{HEAD}{text}").as_bytes(), before.as_bytes())
    }

    #[test]
    fn a_part_of_a_name_is_a_cut_and_a_whole_segment_is_none() {
        for text in ["F", "FT", "FT1", "DG1"] {
            assert_eq!(sign(text, ""), Some(CutSign::Name), "{text}");
        }
        for text in ["FT1|1||", "FT1|1|C1||20260501||CG|99213", "FT1|1\rOBX|1", "FT1|1\rZFT|1|2", "some text"] {
            assert_eq!(sign(text, ""), None, "{text}");
        }
        for text in ["PV1|1|O", "OBX|1", "ZFT|1|2"] {
            assert_eq!(sign(text, ""), Some(CutSign::NoCharge), "{text}");
        }
        assert_eq!(cut_sign(b"MSH|^~\\&|A|B|C|D|1||AD", b""), Some(CutSign::Header));
        let other = "MSH|^~\\&|A|B|C|D|1||ADT^A04|1\rPID|1\rPV1|1|O";
        assert_eq!(cut_sign(other.as_bytes(), b""), None, "no charge is expected of it");
        assert_eq!(cut_sign(b"MS", b""), None);
        assert_eq!(cut_sign(b"MSH|", b""), None);
    }

    #[test]
    fn a_charge_without_what_the_others_have_is_a_cut() {
        let whole = format!("FT1|1{}DR01", "|x".repeat(18) + "|");
        let fields = |found| Some(CutSign::Fields { segment: SegmentId::FT1, found, expected: 20 });
        assert_eq!(sign(&format!("{whole}\rFT1|2|x|x"), ""), fields(3));
        assert_eq!(sign("FT1|2|x|x", &whole), fields(3), "as in the message before");
        assert_eq!(sign(&format!("{whole}\r{whole}"), ""), None);
        // A modifier that the first has and the second does not.
        assert_eq!(sign(&format!("{whole}||||||25\r{whole}"), ""), None);
        // Of another event nothing is known.
        let other = format!("MSH|^~\\&|A|B|C|D|1||ADT^A04|1\r{whole}");
        assert_eq!(cut_sign(format!("{HEAD}FT1|2|x|x").as_bytes(), other.as_bytes()), None);
        let shown = sign(&format!("{whole}\rFT1|2|SECRET"), "").unwrap().to_string();
        assert!(shown.contains("FT1") && shown.contains("field 20") && !shown.contains("SECRET"), "{shown}");
    }
}
