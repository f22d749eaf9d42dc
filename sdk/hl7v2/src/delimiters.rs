//! The characters that separate the parts of a message, as MSH-1 and MSH-2 declare them.
//!
//! Each message brings its own; nothing above may assume `|^~\&`.

use crate::message::ParseFault;

/// Separators of one message (MSH-1 and, in the order of MSH-2: component, repetition, escape, subcomponent,
/// truncation). A character MSH-2 leaves out does not exist in that message: text is not split by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Delimiters {
    /// Field separator, MSH-1, mostly `|`.
    pub field: u8,
    /// Component separator, mostly `^`.
    pub component: u8,
    /// Repetition separator, mostly `~`.
    pub repetition: Option<u8>,
    /// Escape character, mostly `\`.
    pub escape: Option<u8>,
    /// Subcomponent separator, mostly `&`.
    pub subcomponent: Option<u8>,
    /// Truncation character, mostly `#`, HL7 2.7 and later.
    pub truncation: Option<u8>,
}

impl Default for Delimiters {
    /// The recommended `|^~\&`, without truncation.
    fn default() -> Self {
        Self {
            field: b'|',
            component: b'^',
            repetition: Some(b'~'),
            escape: Some(b'\\'),
            subcomponent: Some(b'&'),
            truncation: None,
        }
    }
}

impl Delimiters {
    /// Reads the delimiters from a header segment (`MSH`, `FHS` or `BHS`), given without its terminator.
    ///
    /// # Errors
    /// When the segment is too short, or its characters cannot separate anything: letters, digits, spaces,
    /// quotes, control characters a terminator is made of, non-ASCII bytes, one character with two roles.
    pub fn from_header(segment: &[u8]) -> Result<Self, ParseFault> {
        let Some((&field, rest)) = segment.get(3..).and_then(|rest| rest.split_first()) else {
            return Err(ParseFault::NoFieldSeparator);
        };
        if !can_delimit(field) {
            return Err(ParseFault::NoFieldSeparator);
        }
        let end = crate::scan::first(rest, field).unwrap_or(rest.len());
        let encoding = rest.get(..end).unwrap_or_default();
        let fault = ParseFault::EncodingCharacters { count: encoding.len() };
        if encoding.len() > 5 || !encoding.iter().all(|byte| can_delimit(*byte)) {
            return Err(fault);
        }
        let twice = (1..encoding.len()).any(|at| {
            let (before, after) = encoding.split_at(at);
            before.last().is_some_and(|byte| after.contains(byte))
        });
        let at = |index: usize| encoding.get(index).copied();
        match at(0) {
            Some(component) if !twice => {
                Ok(Self { field, component, repetition: at(1), escape: at(2), subcomponent: at(3), truncation: at(4) })
            }
            _ => Err(fault),
        }
    }

    /// Returns MSH-2: the encoding characters in their order, up to the first one that is not in use.
    pub fn encoding_characters(&self) -> String {
        let optional = [self.repetition, self.escape, self.subcomponent, self.truncation];
        let mut characters = String::from(char::from(self.component));
        characters.extend(optional.iter().map_while(|byte| byte.map(char::from)));
        characters
    }
}

fn can_delimit(byte: u8) -> bool {
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !matches!(byte, b' ' | b'"' | b'\r' | b'\n' | 0x0b | 0x1c | 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_declared_characters() {
        let usual = Delimiters::from_header(b"MSH|^~\\&|A").unwrap();
        assert_eq!(usual, Delimiters::default());
        let odd = Delimiters::from_header(b"MSH!@#$%*!A").unwrap();
        assert_eq!((odd.field, odd.component, odd.truncation), (b'!', b'@', Some(b'*')));
        assert_eq!(odd.encoding_characters(), "@#$%*");
        let short = Delimiters::from_header(b"MSH|^~|A").unwrap();
        assert_eq!((short.repetition, short.escape, short.subcomponent), (Some(b'~'), None, None));
    }

    #[test]
    fn refuses_characters_that_cannot_separate() {
        for header in
            ["MSH", "MSHA^~\\&", "MSH |", "MSH||", "MSH|^^~\\|", "MSH|^~\\&#!|", "MSH|^~\\A|", "MSH|^~\u{e9}|"]
        {
            assert!(Delimiters::from_header(header.as_bytes()).is_err(), "{header}");
        }
    }
}
