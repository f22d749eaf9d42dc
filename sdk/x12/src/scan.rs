//! Finding one segment in bytes: the lowest layer, shared by the whole-file and the chunked readers.
//!
//! It knows the segment terminator and nothing of meaning. Every byte of a file is in exactly one of: lead-in, gap
//! (line ends and blanks between segments), segment, terminator; a property test adds them up.

/// Returns where `needle` is first found. Eight bytes at a time; a segment is 30 bytes on average.
pub(crate) fn find(hay: &[u8], needle: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let wanted = LOW * u64::from(needle);
    let (words, rest) = hay.as_chunks::<8>();
    for (n, word) in words.iter().enumerate() {
        let diff = u64::from_le_bytes(*word) ^ wanted;
        let zero = diff.wrapping_sub(LOW) & !diff & HIGH;
        if zero != 0 {
            return Some(n * 8 + (zero.trailing_zeros() / 8) as usize);
        }
    }
    let done = hay.len() - rest.len();
    rest.iter().position(|&b| b == needle).map(|n| done + n)
}

/// One step over the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A segment: `start..end` without its terminator, `next` is behind the terminator.
    Segment { start: usize, end: usize, next: usize, gap: Gap, terminated: bool },
    /// An ISA begins at `start`: the delimiters may change.
    Isa { start: usize, gap: Gap },
    /// More bytes are needed.
    NeedMore,
    /// Only white space was left.
    End,
}

/// What stood between the last terminator and a segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gap {
    /// Bytes of white space and of terminators of blank segments.
    pub len: usize,
    /// Segments without a byte in them (`~~`).
    pub blank_segments: usize,
    /// Whether there were blanks or tabs, not only line ends.
    pub blanks: bool,
}

impl Gap {
    /// Whether the gap is more than the line ends that many senders put behind a terminator.
    pub fn is_stray(&self) -> bool {
        self.blank_segments > 0 || self.blanks
    }
}

/// Looks for the next segment from `from`. `first` says that this is the ISA itself, to be taken as a segment.
#[inline]
pub(crate) fn next(bytes: &[u8], from: usize, terminator: u8, first: bool, at_end: bool) -> Scan {
    let mut gap = Gap::default();
    let mut start = from;
    let rest = loop {
        let rest = bytes.get(start..).unwrap_or_default();
        match rest.first() {
            None if at_end => return Scan::End,
            None => return Scan::NeedMore,
            Some(&b) if b == terminator => {
                // A line end as terminator makes blank lines, which nobody means as segments.
                gap.blank_segments += usize::from(!b.is_ascii_whitespace());
            }
            Some(b'\r' | b'\n') => {}
            Some(b' ' | b'\t') => gap.blanks = true,
            Some(_) => break rest,
        }
        start += 1;
    };
    gap.len = start - from;
    if !first {
        match rest {
            [b'I', b'S', b'A', sep, ..] if !sep.is_ascii_alphanumeric() && *sep != terminator => {
                return Scan::Isa { start, gap };
            }
            [b'I'] | [b'I', b'S'] | [b'I', b'S', b'A'] if !at_end => return Scan::NeedMore,
            _ => {}
        }
    }
    match find(rest, terminator) {
        Some(len) => Scan::Segment { start, end: start + len, next: start + len + 1, gap, terminated: true },
        None if !at_end => Scan::NeedMore,
        None => {
            // White space at the end of a file is no data. The same four bytes as above: `rest` begins with none of
            // them, so a segment has at least one byte and the walk moves on.
            let last = rest.iter().rposition(|b| !matches!(b, b'\r' | b'\n' | b' ' | b'\t'));
            let len = last.map_or(rest.len(), |last| last + 1);
            Scan::Segment { start, end: start + len, next: start + len, gap, terminated: false }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_as_a_plain_loop_does() {
        let hay: Vec<u8> = (0..200u8).chain(0..=255).collect();
        for start in 0..30 {
            for needle in 0..=255u8 {
                let want = hay[start..].iter().position(|&b| b == needle);
                assert_eq!(find(&hay[start..], needle), want);
            }
        }
        assert_eq!(find(&[0x80, 0x01, 0x00, 0xff, 0x81, 0x7f, 0x01, 0x01], 0), Some(2));
    }

    #[test]
    fn steps_over_gaps_and_stops_at_an_isa() {
        assert_eq!(
            next(b"\r\n ST*1~", 0, b'~', false, true),
            Scan::Segment {
                start: 3,
                end: 7,
                next: 8,
                gap: Gap { len: 3, blank_segments: 0, blanks: true },
                terminated: true
            }
        );
        assert!(matches!(
            next(b"~~SE*1", 0, b'~', false, true),
            Scan::Segment { start: 2, end: 6, terminated: false, .. }
        ));
        assert_eq!(next(b"SE*1", 0, b'~', false, false), Scan::NeedMore);
        // A form feed is no gap; taking it for trailing white space made an endless walk.
        assert!(matches!(next(b" \x0c", 0, b'~', false, true), Scan::Segment { start: 1, end: 2, next: 2, .. }));
        assert_eq!(next(b"\n\n", 0, b'~', false, true), Scan::End);
        assert!(matches!(next(b"~ISA|", 0, b'~', false, true), Scan::Isa { start: 1, .. }));
        assert_eq!(next(b"IS", 0, b'~', false, false), Scan::NeedMore);
    }
}
