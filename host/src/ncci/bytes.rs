//! Fixed-width little-endian records over borrowed bytes: what the three payloads have in common.

/// A payload that is none of this kind or has other sections than its header says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("NCCI payload `{kind}`: found {found}, expected {expected}; import the table again")]
pub struct PayloadError {
    /// Which payload.
    pub kind: &'static str,
    /// What was found: sizes, never content.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

/// Takes sections off the front of a payload.
pub(super) struct Cursor<'a> {
    kind: &'static str,
    rest: &'a [u8],
    /// Bytes of the whole payload.
    length: usize,
}

impl<'a> Cursor<'a> {
    /// Starts after the magic.
    pub(super) fn open(kind: &'static str, magic: [u8; 8], payload: &'a [u8]) -> Result<Self, PayloadError> {
        match payload.strip_prefix(&magic) {
            Some(rest) => Ok(Self { kind, rest, length: payload.len() }),
            None => Err(PayloadError {
                kind,
                found: format!("{} bytes that begin otherwise", payload.len()),
                expected: "the payload of this version".to_owned(),
            }),
        }
    }

    /// A count or size.
    pub(super) fn number(&mut self) -> Result<usize, PayloadError> {
        let [four] = self.records::<4>(1)? else { return Err(self.short(4)) };
        usize::try_from(u32::from_le_bytes(*four)).map_err(|_| self.short(4))
    }

    /// So many records of N bytes.
    pub(super) fn records<const N: usize>(&mut self, count: usize) -> Result<&'a [[u8; N]], PayloadError> {
        let bytes = self.bytes(count.checked_mul(N).ok_or_else(|| self.short(usize::MAX))?)?;
        Ok(bytes.as_chunks::<N>().0)
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], PayloadError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.short(count))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Passes over the zeros that [`push_align`] wrote.
    pub(super) fn align(&mut self, to: usize) -> Result<(), PayloadError> {
        let at = self.length - self.rest.len();
        self.bytes(at.next_multiple_of(to) - at).map(|_| ())
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), PayloadError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let found = format!("{} bytes after the last section", self.rest.len());
        Err(PayloadError { kind: self.kind, found, expected: "nothing there".to_owned() })
    }

    fn short(&self, wanted: usize) -> PayloadError {
        let (found, expected) = (format!("{} bytes", self.rest.len()), format!("a section of {wanted}"));
        PayloadError { kind: self.kind, found, expected }
    }
}

/// The u32 at a constant offset of a record; 0 past its end, which the record types never ask for.
pub(super) fn u32_at<const N: usize>(record: &[u8; N], at: usize) -> u32 {
    record.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |four| u32::from_le_bytes(*four))
}

/// As [`u32_at`], signed.
pub(super) fn i32_at<const N: usize>(record: &[u8; N], at: usize) -> i32 {
    record.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |four| i32::from_le_bytes(*four))
}

/// As [`u32_at`], one byte.
pub(super) fn u8_at<const N: usize>(record: &[u8; N], at: usize) -> u8 {
    record.get(at).copied().unwrap_or(0)
}

/// A count as payloads keep it. More than four thousand million is no table.
pub(super) fn push_number(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

/// Zeros up to a multiple of a cache line: payloads lie in their files at such multiples, and so in memory.
pub(super) fn push_align(out: &mut Vec<u8>, to: usize) {
    out.resize(out.len().next_multiple_of(to), 0);
}

/// Short texts, each with its length before it, and the bytes of all before them: rationales.
pub(super) fn push_texts(out: &mut Vec<u8>, texts: &[String]) {
    push_number(out, texts.iter().map(|text| 4 + text.len()).sum());
    for text in texts {
        push_number(out, text.len());
        out.extend_from_slice(text.as_bytes());
    }
}

/// What [`push_texts`] wrote, read when it is asked for: opening a table allocates nothing.
#[derive(Clone, Copy)]
pub(super) struct Texts<'a>(&'a [u8]);

impl<'a> Texts<'a> {
    /// Takes the section.
    pub(super) fn open(cursor: &mut Cursor<'a>) -> Result<Self, PayloadError> {
        let length = cursor.number()?;
        cursor.bytes(length).map(Self)
    }

    /// The text at a position; empty where there is none.
    pub(super) fn get(self, at: u16) -> &'a str {
        let mut rest = self.0;
        for _ in 0..at {
            let Some((_, after)) = text(rest) else { return "" };
            rest = after;
        }
        text(rest).map_or("", |(found, _)| str::from_utf8(found).unwrap_or_default())
    }
}

fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}
