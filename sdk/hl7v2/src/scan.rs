//! Byte searches, eight bytes at a step, without `unsafe` and without a dependency.
//!
//! Everything above spends its time here: segment ends and every fourth field while parsing, from there the n-th separator while
//! picking.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const LOW7: u64 = !HIGH;

/// Sets the high bit of each byte of `word` that equals the byte repeated in `pattern`. Exact.
fn equal_mask(word: u64, pattern: u64) -> u64 {
    let differs = word ^ pattern;
    !(((differs & LOW7) + LOW7) | differs | LOW7)
}

fn count(mask: u64) -> usize {
    ((mask >> 7).wrapping_mul(LOW) >> 56) as usize
}

/// Returns the index of the `nth` (1 is the first) `byte` in `bytes`.
pub(crate) fn nth(bytes: &[u8], byte: u8, nth: usize) -> Option<usize> {
    let mut wanted = nth.checked_sub(1)?;
    let pattern = LOW.wrapping_mul(u64::from(byte));
    let (words, tail) = bytes.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let mut mask = equal_mask(u64::from_le_bytes(*word), pattern);
        if mask != 0 {
            let here = count(mask);
            if wanted < here {
                for _ in 0..wanted {
                    mask &= mask - 1;
                }
                return Some(base + mask.trailing_zeros() as usize / 8);
            }
            wanted -= here;
        }
        base += 8;
    }
    let found = tail.iter().enumerate().filter(|(_, at)| **at == byte).nth(wanted)?;
    Some(base + found.0)
}

/// Of the first separators of a segment, every [`Marks::STEP`]th: a field is found from the nearest one before it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Marks([u16; 8]);

impl Marks {
    const STEP: usize = 4;

    /// Goes over a segment once.
    pub(crate) fn of(segment: &[u8], separator: u8) -> Self {
        let pattern = LOW.wrapping_mul(u64::from(separator));
        // Beyond what a mark can say a field is counted from the last one.
        let within = segment.get(..usize::from(u16::MAX)).unwrap_or(segment);
        let (words, tail) = within.as_chunks::<8>();
        let mut marks = Self::default();
        let mut free = marks.0.iter_mut();
        let mut seen = 0;
        let mut mark = |at: usize| {
            seen += 1;
            if seen % Self::STEP == 0 {
                // Fits: `within` is no longer.
                free.next().map(|mark| *mark = at as u16)
            } else {
                Some(())
            }
        };
        for (number, word) in words.iter().enumerate() {
            let mut mask = equal_mask(u64::from_le_bytes(*word), pattern);
            while mask != 0 {
                if mark(number * 8 + mask.trailing_zeros() as usize / 8).is_none() {
                    return marks;
                }
                mask &= mask - 1;
            }
        }
        for (at, _) in tail.iter().enumerate().filter(|(_, byte)| **byte == separator) {
            mark(words.len() * 8 + at);
        }
        marks
    }

    /// Returns the index of the `nth` separator (1 is the first) of the segment that these are of.
    pub(crate) fn nth(&self, segment: &[u8], separator: u8, wanted: usize) -> Option<usize> {
        // Of those that are set: no separator is a segment's first byte.
        let before = self.0.iter().take(wanted / Self::STEP).take_while(|mark| **mark > 0).enumerate().last();
        let Some((number, mark)) = before else { return nth(segment, separator, wanted) };
        let (mark, left) = (usize::from(*mark), wanted - (number + 1) * Self::STEP);
        if left == 0 {
            return Some(mark);
        }
        nth(segment.get(mark + 1..)?, separator, left).map(|at| mark + 1 + at)
    }
}

/// Returns the index of the first `byte` in `bytes`.
#[inline]
pub(crate) fn first(bytes: &[u8], byte: u8) -> Option<usize> {
    let pattern = LOW.wrapping_mul(u64::from(byte));
    let (words, tail) = bytes.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let mask = equal_mask(u64::from_le_bytes(*word), pattern);
        if mask != 0 {
            return Some(base + mask.trailing_zeros() as usize / 8);
        }
        base += 8;
    }
    tail.iter().position(|at| *at == byte).map(|at| base + at)
}

/// Returns the index of the first CR or LF in `bytes`.
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    const LIMIT: u64 = LOW * 0x10;
    let (words, tail) = bytes.as_chunks::<8>();
    let mut base = 0;
    for word in words {
        let value = u64::from_le_bytes(*word);
        // Any byte below 0x10? Cheap, and true of almost no word of a message but those with a line end.
        if value.wrapping_sub(LIMIT) & !value & HIGH != 0 {
            let mask = equal_mask(value, LOW * 0x0d) | equal_mask(value, LOW * 0x0a);
            if mask != 0 {
                return Some(base + mask.trailing_zeros() as usize / 8);
            }
        }
        base += 8;
    }
    tail.iter().position(|byte| matches!(byte, b'\r' | b'\n')).map(|at| base + at)
}

/// Returns the part of `bytes` between separator `index` and the next one (0 is the part before the first),
/// with its offset. `None` past the last part. Without a separator the whole is part 0.
#[inline]
pub(crate) fn part(bytes: &[u8], separator: Option<u8>, index: usize) -> Option<(usize, &[u8])> {
    let Some(separator) = separator else {
        return (index == 0).then_some((0, bytes));
    };
    let start = if index == 0 { 0 } else { nth(bytes, separator, index)? + 1 };
    let rest = bytes.get(start..)?;
    let end = first(rest, separator).unwrap_or(rest.len());
    Some((start, rest.get(..end)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn agrees_with_the_obvious_search(bytes in prop::collection::vec(prop_oneof![0u8..20, 120u8..=255], 0..150), want in 0usize..9, byte in prop_oneof![0u8..20, 120u8..=255]) {
            let obvious = bytes.iter().enumerate().filter(|(_, at)| **at == byte).map(|(at, _)| at);
            prop_assert_eq!(nth(&bytes, byte, want), if want == 0 { None } else { obvious.clone().nth(want - 1) });
            prop_assert_eq!(line_end(&bytes), bytes.iter().position(|at| *at == 13 || *at == 10));
            let marks = Marks::of(&bytes, byte);
            // A segment begins with its name.
            if bytes.first() != Some(&byte) {
                for want in 1..40 {
                    prop_assert_eq!(marks.nth(&bytes, byte, want), nth(&bytes, byte, want));
                }
            }
            let parts: Vec<&[u8]> = bytes.split(|at| *at == byte).collect();
            prop_assert_eq!(part(&bytes, Some(byte), want).map(|(_, text)| text), parts.get(want).copied());
        }
    }
}
