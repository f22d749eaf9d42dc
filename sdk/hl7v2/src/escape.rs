//! Escape sequences (`\F\`, `\X0D\`) and character sets (MSH-18) of text in a message.
//!
//! Unknown sequences stay as they are: a backslash in a note is more often a backslash than an escape.

use crate::delimiters::Delimiters;
use std::borrow::Cow;

/// How the bytes of a message become characters, as MSH-18 (HL7 table 0211) declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Charset {
    /// MSH-18 is empty, `ASCII` or names UTF-8: UTF-8, and CP1252 for text that is not UTF-8.
    #[default]
    Utf8,
    /// `8859/1` or CP1252. Both are read as CP1252, which only adds to what ISO-8859-1 prints.
    Cp1252,
    /// `8859/15`: as CP1252, but with eight characters of its own.
    Latin9,
    /// A name this codec does not decode. Read like [`Charset::Utf8`], always reported as a fallback.
    Unsupported,
}

impl Charset {
    /// Returns the character set for the first repetition of MSH-18.
    pub fn from_msh18(name: &[u8]) -> Self {
        let plain: Vec<u8> = name.iter().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_uppercase).collect();
        match plain.as_slice() {
            b"" | b"ASCII" | b"USASCII" | b"UNICODEUTF8" | b"UTF8" | b"UNICODE" | b"ISOIR6" => Self::Utf8,
            b"88591" | b"ISO88591" | b"ISOIR100" | b"LATIN1" | b"CP1252" | b"WINDOWS1252" | b"ANSI" => Self::Cp1252,
            b"885915" | b"ISO885915" => Self::Latin9,
            _ => Self::Unsupported,
        }
    }

    /// Decodes bytes. The flag is true when the declared set did not fit and CP1252 was used instead.
    pub fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, bool) {
        if bytes.is_ascii() {
            // ASCII is valid in each of these sets; the second arm is never taken.
            return (std::str::from_utf8(bytes).map_or(Cow::Borrowed(""), Cow::Borrowed), false);
        }
        match (self, std::str::from_utf8(bytes)) {
            (Self::Utf8, Ok(text)) => (Cow::Borrowed(text), false),
            (Self::Unsupported, Ok(text)) => (Cow::Borrowed(text), true),
            (Self::Utf8 | Self::Unsupported, Err(_)) => (cp1252(bytes), true),
            (Self::Cp1252, _) => (cp1252(bytes), false),
            (Self::Latin9, _) => (Cow::Owned(bytes.iter().map(|byte| latin9(*byte)).collect()), false),
        }
    }
}

/// Characters of the bytes 0x80 to 0x9f; the five that CP1252 leaves open are the control characters.
const CP1252_HIGH: [char; 32] = [
    '\u{20ac}', '\u{81}', '\u{201a}', '\u{192}', '\u{201e}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2c6}', '\u{2030}',
    '\u{160}', '\u{2039}', '\u{152}', '\u{8d}', '\u{17d}', '\u{8f}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201c}',
    '\u{201d}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2dc}', '\u{2122}', '\u{161}', '\u{203a}', '\u{153}', '\u{9d}',
    '\u{17e}', '\u{178}',
];

fn cp1252(bytes: &[u8]) -> Cow<'_, str> {
    let decode = |byte: u8| {
        let high = byte.checked_sub(0x80).and_then(|index| CP1252_HIGH.get(usize::from(index)));
        high.copied().unwrap_or(char::from(byte))
    };
    Cow::Owned(bytes.iter().map(|byte| decode(*byte)).collect())
}

fn latin9(byte: u8) -> char {
    match byte {
        0xa4 => '\u{20ac}',
        0xa6 => '\u{160}',
        0xa8 => '\u{161}',
        0xb4 => '\u{17d}',
        0xb8 => '\u{17e}',
        0xbc => '\u{152}',
        0xbd => '\u{153}',
        0xbe => '\u{178}',
        _ => char::from(byte),
    }
}

/// Replaces the escape sequences of `text`: `\F\ \S\ \T\ \R\ \E\ \P\` by the message's delimiters, `\Xdd..\` by
/// the bytes named, `\.br\` by a line feed; `\H\` and `\N\` (highlighting) go away, all others stay.
pub fn unescape<'a>(text: Cow<'a, str>, delimiters: &Delimiters) -> Cow<'a, str> {
    let Some(mark) = delimiters.escape.map(char::from) else {
        return text;
    };
    if !text.contains(mark) {
        return text;
    }
    let mut result = String::with_capacity(text.len());
    let mut rest: &str = &text;
    while let Some((before, after)) = rest.split_once(mark) {
        result.push_str(before);
        let Some((body, next)) = after.split_once(mark) else {
            result.push(mark);
            rest = after;
            break;
        };
        if !push_escape(&mut result, body, delimiters) {
            result.push(mark);
            result.push_str(body);
            result.push(mark);
        }
        rest = next;
    }
    result.push_str(rest);
    Cow::Owned(result)
}

/// Appends what the escape sequence with this body stands for; false when it is unknown.
fn push_escape(result: &mut String, body: &str, delimiters: &Delimiters) -> bool {
    let delimiter = match body {
        "F" => Some(delimiters.field),
        "S" => Some(delimiters.component),
        "T" => delimiters.subcomponent,
        "R" => delimiters.repetition,
        "E" => delimiters.escape,
        "P" => delimiters.truncation,
        ".br" => Some(b'\n'),
        "H" | "N" => return true,
        _ => {
            return body.strip_prefix('X').and_then(hex).is_some_and(|bytes| {
                result.push_str(&Charset::Utf8.decode(&bytes).0);
                true
            });
        }
    };
    result.extend(delimiter.map(char::from));
    delimiter.is_some()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    if pairs.is_empty() || !odd.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect()
}

/// Escapes `text` so that it can stand in a field: delimiters become their sequences, CR, LF and the MLLP
/// bytes become `\Xdd\`, and text that is exactly `""` (the HL7 null) is written as `\X2222\`.
///
/// A message without an escape character cannot carry these at all; there they become spaces.
pub fn escape<'t>(text: &'t str, delimiters: &Delimiters) -> Cow<'t, str> {
    let name = |byte: u8| -> Option<&'static str> {
        let at = Some(byte);
        match byte {
            _ if at == delimiters.escape => Some("E"),
            _ if byte == delimiters.field => Some("F"),
            _ if byte == delimiters.component => Some("S"),
            _ if at == delimiters.repetition => Some("R"),
            _ if at == delimiters.subcomponent => Some("T"),
            _ if at == delimiters.truncation => Some("P"),
            b'\r' => Some("X0D"),
            b'\n' => Some("X0A"),
            0x0b => Some("X0B"),
            0x1c => Some("X1C"),
            _ => None,
        }
    };
    let null = text == "\"\"";
    if !null && !text.bytes().any(|byte| name(byte).is_some()) {
        return Cow::Borrowed(text);
    }
    let Some(mark) = delimiters.escape.map(char::from) else {
        let plain = |c: char| u8::try_from(c).ok().and_then(name).map_or(c, |_| ' ');
        return Cow::Owned(if null { " ".to_owned() } else { text.chars().map(plain).collect() });
    };
    if null {
        return Cow::Owned(format!("{mark}X2222{mark}"));
    }
    let mut result = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match u8::try_from(character).ok().filter(u8::is_ascii).and_then(name) {
            Some(name) => result.extend([mark.to_string().as_str(), name, mark.to_string().as_str()]),
            None => result.push(character),
        }
    }
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(text: &str) -> String {
        unescape(Cow::Borrowed(text), &Delimiters::default()).into_owned()
    }

    #[test]
    fn known_sequences_unknown_ones_stay() {
        let table = [
            ("none", "none"),
            (r"A\F\B\S\C\T\D\R\E\E\F", r"A|B^C&D~E\F"),
            (r"\X41\\X0d0A\", "A\r\n"),
            (r"\XC3A9\ \XE9\", "\u{e9} \u{e9}"),
            (r"one\.br\two", "one\ntwo"),
            (r"\H\bold\N\", "bold"),
            (r"\Zxy\ \.sp2\ \X4\ \Xgg\ \X\ \P\", r"\Zxy\ \.sp2\ \X4\ \Xgg\ \X\ \P\"),
            (r"C:\dir", r"C:\dir"),
            (r"\", r"\"),
            (r"\\", r"\\"),
        ];
        for (text, expected) in table {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn character_sets() {
        assert_eq!(Charset::Utf8.decode("\u{e9}".as_bytes()), (Cow::from("\u{e9}"), false));
        assert_eq!(Charset::Utf8.decode(b"\xe9\x80"), (Cow::from("\u{e9}\u{20ac}"), true));
        assert_eq!(Charset::from_msh18(b"8859/1").decode(b"\xe9"), (Cow::from("\u{e9}"), false));
        assert_eq!(Charset::from_msh18(b"8859/15").decode(b"\xa4"), (Cow::from("\u{20ac}"), false));
        assert_eq!(Charset::from_msh18(b"UNICODE UTF-8"), Charset::Utf8);
        assert_eq!(Charset::from_msh18(b"8859/5"), Charset::Unsupported);
        assert_eq!(Charset::Unsupported.decode("\u{e9}".as_bytes()), (Cow::from("\u{e9}"), true));
    }

    proptest! {
        #[test]
        fn round_trip(text in "[ -~\\r\\n\u{b}\u{1c}\u{e9}\u{a6}\u{4e00}\"|^~&#\\\\]{0,40}", truncation: bool) {
            let delimiters = Delimiters { truncation: truncation.then_some(b'#'), ..Delimiters::default() };
            let escaped = escape(&text, &delimiters);
            prop_assert_ne!(&*escaped, "\"\"");
            let forbidden = ['|', '^', '~', '&', '\r', '\n', '\u{b}', '\u{1c}'];
            prop_assert!(!escaped.contains(forbidden));
            prop_assert_eq!(&*unescape(escaped, &delimiters), text.as_str());
        }
    }
}
