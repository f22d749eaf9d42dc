//! JSON as a tree that borrows from its text, with the byte offset of every value.
//!
//! For mappings: a path that a site declares is not known at compile time. Numbers stay text, so that an amount is exact;
//! nesting is bounded, so that no text exhausts the stack. Names may repeat: the first counts.

use std::borrow::Cow;
use std::fmt;

use crate::primitives::Decimal;

/// Deepest nesting taken.
pub const DEPTH_MAX: usize = 100;

/// A value and where it begins.
#[derive(Clone, PartialEq)]
pub struct Json<'a> {
    /// Byte offset in the text.
    pub at: usize,
    /// What it is.
    pub value: Value<'a>,
}

/// What a value is.
#[derive(Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A string; borrowed unless it has escapes.
    Text(Cow<'a, str>),
    /// `[...]`
    Array(Vec<Json<'a>>),
    /// `{...}`, in the order of the text.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Text that is no JSON. Holds no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset of what is wrong.
    pub at: usize,
    /// Class of what was found.
    pub found: &'static str,
    /// What belongs there.
    pub expected: &'static str,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: found {}, expected {}", self.at, self.found, self.expected)
    }
}

impl std::error::Error for JsonError {}

impl fmt::Debug for Json<'_> {
    /// Prints the class: the text is a patient's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} at {}>", self.class(), self.at)
    }
}

impl<'a> Json<'a> {
    /// Reads one value and nothing else.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        let mut parser = Parser::new(text, 0);
        let value = parser.value()?;
        parser.end()?;
        Ok(value)
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match &self.value {
            Value::Object(fields) => fields.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The items of an array; any other value is a list of itself, `null` an empty one.
    pub fn items(&self) -> &[Json<'a>] {
        match &self.value {
            Value::Array(items) => items,
            Value::Null => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The text of a string, spaces around it aside.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text.trim()),
            _ => None,
        }
    }

    /// The text of a string inside an object.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.get(name)?.text()
    }

    /// A number, or a string that holds one as some sources write it.
    pub fn decimal(&self) -> Option<Decimal<'_>> {
        match &self.value {
            Value::Number(text) => Decimal::parse(text),
            Value::Text(text) => Decimal::parse(text),
            _ => None,
        }
    }

    /// The path below this value to what begins at a byte of the text: `.item[0].net`. Names that cannot be of an element are
    /// not shown.
    pub fn path_to(&self, at: usize) -> String {
        let mut path = String::new();
        let mut here = self;
        while here.at < at {
            let next = match &here.value {
                Value::Object(fields) => fields.iter().rev().find(|(_, value)| value.at <= at).map(|(name, value)| {
                    let plain =
                        name.len() <= 40 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                    (format!(".{}", if plain { name } else { "?" }), value)
                }),
                Value::Array(items) => {
                    let found = items.iter().enumerate().rev().find(|(_, value)| value.at <= at);
                    found.map(|(index, value)| (format!("[{index}]"), value))
                }
                _ => None,
            };
            let Some((step, value)) = next else { break };
            path.push_str(&step);
            here = value;
        }
        path
    }

    /// What kind of value it is, in words.
    pub fn class(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(text) if text.trim().is_empty() => "an empty string",
            Value::Text(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}

/// Reads JSON value by value; the caller decides which values become a tree.
pub struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Begins at a byte of the text.
    pub fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, depth: 0 }
    }

    /// Where the next byte is.
    pub fn offset(&self) -> usize {
        self.at
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The next byte that is no space.
    pub fn peek(&mut self) -> Option<u8> {
        let rest = self.bytes().get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.bytes().get(self.at).copied()
    }

    fn fail<T>(&self, expected: &'static str) -> Result<T, JsonError> {
        let found = match self.bytes().get(self.at) {
            None => "the end of the text",
            Some(b'"') => "a string",
            Some(byte) if byte.is_ascii_digit() || *byte == b'-' => "a number",
            Some(b'{' | b'}' | b'[' | b']' | b',' | b':') => "a bracket, comma or colon",
            Some(byte) if *byte < 0x20 => "a control character",
            Some(_) => "other text",
        };
        Err(JsonError { at: self.at, found, expected })
    }

    /// Nothing but spaces may follow.
    ///
    /// # Errors
    /// [`JsonError`] at what follows.
    pub fn end(&mut self) -> Result<(), JsonError> {
        if self.peek().is_none() { Ok(()) } else { self.fail("the end of the text") }
    }

    /// Reads a value as a tree.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn value(&mut self) -> Result<Json<'a>, JsonError> {
        let first = self.peek();
        let at = self.at;
        let value = match first {
            Some(b'{') => {
                let mut fields = Vec::new();
                self.object(|parser, name| {
                    fields.push((name, parser.value()?));
                    Ok(())
                })?;
                Value::Object(fields)
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.array(|parser| {
                    items.push(parser.value()?);
                    Ok(())
                })?;
                Value::Array(items)
            }
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return self.fail("a value"),
        };
        Ok(Json { at, value })
    }

    /// Passes over a value, which is checked all the same.
    ///
    /// # Errors
    /// [`JsonError`].
    pub fn skip(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{') => self.object(|parser, _| parser.skip()),
            Some(b'[') => self.array(Self::skip),
            Some(b'"') => self.quoted().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| ()),
            Some(b't') => self.word("true", ()),
            Some(b'f') => self.word("false", ()),
            Some(b'n') => self.word("null", ()),
            _ => self.fail("a value"),
        }
    }

    /// Reads an object; `each` is given a name and has to read its value.
    ///
    /// # Errors
    /// [`JsonError`], also of `each`.
    pub fn object(
        &mut self,
        mut each: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.open(b'{', "an object")?;
        if self.peek() == Some(b'}') {
            return self.close();
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail("a name in quotes");
            }
            let name = self.string()?;
            if self.peek() != Some(b':') {
                return self.fail("a colon");
            }
            self.at += 1;
            each(self, name)?;
            if self.more(b'}', "a comma or the end of the object")? {
                return self.close();
            }
        }
    }

    /// Reads an array; `each` has to read one item.
    ///
    /// # Errors
    /// [`JsonError`], also of `each`.
    pub fn array(&mut self, mut each: impl FnMut(&mut Self) -> Result<(), JsonError>) -> Result<(), JsonError> {
        self.open(b'[', "an array")?;
        if self.peek() == Some(b']') {
            return self.close();
        }
        loop {
            each(self)?;
            if self.more(b']', "a comma or the end of the array")? {
                return self.close();
            }
        }
    }

    fn open(&mut self, bracket: u8, expected: &'static str) -> Result<(), JsonError> {
        if self.peek() != Some(bracket) {
            return self.fail(expected);
        }
        if self.depth == DEPTH_MAX {
            return Err(JsonError { at: self.at, found: "deeper nesting", expected: "at most 100 levels" });
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), JsonError> {
        self.depth -= 1;
        self.at += 1;
        Ok(())
    }

    /// Whether the closing bracket comes; a comma is passed over.
    fn more(&mut self, end: u8, expected: &'static str) -> Result<bool, JsonError> {
        match self.peek() {
            Some(byte) if byte == end => Ok(true),
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            _ => self.fail(expected),
        }
    }

    fn word<T>(&mut self, word: &str, value: T) -> Result<T, JsonError> {
        if self.bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            self.at += word.len();
            return Ok(value);
        }
        self.fail("a value")
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length =
            rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
        let text = rest.get(..length).unwrap_or_default();
        if !is_number(text) {
            return Err(JsonError { at: self.at, found: "other text", expected: "a number" });
        }
        self.at += length;
        Ok(text)
    }

    /// The inside of a string, and whether it has escapes.
    fn quoted(&mut self) -> Result<(&'a str, bool), JsonError> {
        let start = self.at + 1;
        let mut escaped = false;
        let mut at = start;
        loop {
            let rest = self.bytes().get(at..).unwrap_or_default();
            at += rest.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count();
            match self.bytes().get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                _ => {
                    self.at = at.min(self.text.len());
                    return self.fail("the end of a string");
                }
            }
        }
        self.at = at + 1;
        Ok((self.text.get(start..at).unwrap_or_default(), escaped))
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        let start = self.at;
        let (inside, escaped) = self.quoted()?;
        if !escaped {
            return Ok(Cow::Borrowed(inside));
        }
        unescape(inside).map(Cow::Owned).ok_or(JsonError {
            at: start,
            found: "a string with an unknown escape",
            expected: "JSON escapes",
        })
    }
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => (text, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(whole) && digits(fraction) && digits(exponent) && (whole.len() == 1 || !whole.starts_with('0'))
}

fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(rest.get(..at)?);
        let escape = rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        out.push(match escape {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = hex(rest)?;
                rest = rest.get(4..)?;
                if (0xd800..0xdc00).contains(&high) {
                    let low = hex(rest.strip_prefix("\\u")?).filter(|low| (0xdc00..0xe000).contains(low))?;
                    rest = rest.get(6..)?;
                    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?
                } else {
                    char::from_u32(high)?
                }
            }
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}

fn hex(text: &str) -> Option<u32> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_with_their_places() {
        let text = "{\"a\": [1.50, \"x\\u00e9\\ud83d\\ude00\\n\"], \"b\": null, \"a\": 2}";
        let json = Json::parse(text).unwrap();
        let list = json.get("a").unwrap();
        assert_eq!(list.items()[0].decimal().unwrap().cents(), Some(150));
        assert!(list.items()[1].value == Value::Text(Cow::Owned("xé😀\n".to_owned())));
        assert_eq!((list.at, json.get("b").unwrap().items().len()), (6, 0));
        assert_eq!((json.path_to(7), json.path_to(13)), (".a[0]".to_owned(), ".a[1]".to_owned()));
    }

    #[test]
    fn what_is_no_json_is_located() {
        for (text, at) in [
            ("{\"a\":1,}", 7),
            ("{\"a\" 1}", 5),
            ("[01]", 1),
            ("[1 2]", 3),
            ("\"a\nb\"", 2),
            ("\"\\x\"", 0),
            ("\"\\ud800\"", 0),
            ("{} {}", 3),
            ("", 0),
            ("tru", 0),
            ("\"abc", 4),
        ] {
            assert_eq!(Json::parse(text).unwrap_err().at, at, "{text:?}");
        }
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_a_known_parser(text in "[\\[\\]{}\":,0-9eE.+ntrufalse\\\\ -]{0,24}|\\PC{0,20}") {
            let known = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(Json::parse(&text).is_ok(), known, "{}", text);
            let mut parser = Parser::new(&text, 0);
            let skipped = parser.skip().and_then(|()| parser.end()).is_ok();
            // Escapes are only told apart where a string is read.
            prop_assert!(skipped || !known);
        }
    }
}
