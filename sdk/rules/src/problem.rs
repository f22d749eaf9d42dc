//! What is wrong with a table, and where: line and column in the TOML file, also inside of a condition.

use std::fmt;
use std::ops::Range;

use claimhost_sdk::intake;
use claimhost_sdk::mapping::nearest;

/// One thing that keeps a table from being used. Values of a table are its author's own words, so they may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Of what: `rule "g2211", when`; empty: the file.
    pub of: String,
    /// What is there.
    pub found: String,
    /// What fits.
    pub expected: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, of, found, expected, remedy } = self;
        let of = if of.is_empty() { String::new() } else { format!(", {of}") };
        write!(f, "line {line}, column {column}{of}: found {found}, expected {expected}")?;
        if remedy.is_empty() { Ok(()) } else { write!(f, "; {remedy}") }
    }
}

impl Problem {
    /// As a session of a plugin tells it.
    pub fn into_contract(self) -> intake::Problem {
        let of = if self.of.is_empty() { String::new() } else { format!(", {}", self.of) };
        intake::Problem {
            id: "table.problem".to_owned(),
            at: intake::Place { path: format!("line {}, column {}{of}", self.line, self.column), offset: None },
            found: self.found,
            expected: self.expected,
            remedy: self.remedy,
        }
    }
}

/// Problems while a table is read: all of them, in the order of the file.
pub(crate) struct Problems<'t> {
    text: &'t str,
    /// Bytes of the line ends: a table asks for the line of each of its rules.
    ends: Vec<usize>,
    found: Vec<(usize, Problem)>,
}

/// More are not told: one wrong key at the top may make hundreds.
const TOLD_MAX: usize = 50;

impl<'t> Problems<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { text, ends: text.match_indices('\n').map(|(at, _)| at).collect(), found: Vec::new() }
    }

    /// The line of a byte, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }

    /// Adds one at a byte of the file.
    pub(crate) fn at(&mut self, offset: usize, of: &str, found: &str, expected: &str, remedy: &str) {
        let (line, column) = place(self.text, offset);
        self.found.push((
            offset,
            Problem {
                line,
                column,
                of: of.to_owned(),
                found: found.to_owned(),
                expected: expected.to_owned(),
                remedy: remedy.to_owned(),
            },
        ));
    }

    pub(crate) const fn count(&self) -> usize {
        self.found.len()
    }

    pub(crate) const fn text(&self) -> &'t str {
        self.text
    }

    /// All of them, or nothing.
    pub(crate) fn finish(mut self) -> Result<(), Vec<Problem>> {
        self.found.sort_by_key(|(offset, _)| *offset);
        let mut problems: Vec<Problem> = self.found.into_iter().map(|(_, problem)| problem).collect();
        problems.dedup();
        problems.truncate(TOLD_MAX);
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

/// Line and column of a byte, both from 1; columns are characters.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = text.get(..offset).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Where byte `at` of a string's value lies in the file; `span` is the string with its quotes.
pub(crate) fn inside(text: &str, span: Range<usize>, at: usize) -> usize {
    let raw = text.get(span.clone()).unwrap_or_default();
    let (quotes, escapes) = match raw {
        _ if raw.starts_with("'''") => (3, false),
        _ if raw.starts_with("\"\"\"") => (3, true),
        _ if raw.starts_with('\'') => (1, false),
        _ => (1, true),
    };
    let mut rest = raw.get(quotes..).unwrap_or_default();
    let mut offset = span.start + quotes;
    if quotes == 3 {
        // The first line end of a multi-line string is not part of it.
        let skipped = if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
        rest = rest.get(skipped..).unwrap_or_default();
        offset += skipped;
    }
    let mut value = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((position, letter)) = chars.next() {
        let continues = letter == '\\' && escapes && chars.peek().is_some_and(|(_, next)| next.is_whitespace());
        if value >= at && !continues {
            return offset + position;
        }
        if letter != '\\' || !escapes {
            value += letter.len_utf8();
            continue;
        }
        match chars.next() {
            Some((_, wide @ ('u' | 'U'))) => {
                let digits = if wide == 'u' { 4 } else { 8 };
                let hex: String = chars.by_ref().take(digits).map(|(_, digit)| digit).collect();
                let code = u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32);
                value += code.map_or(1, char::len_utf8);
            }
            // A backslash at the end of a line: what follows, up to the next letter, is not part of it.
            Some((_, '\n' | '\r' | ' ' | '\t')) => {
                while chars.peek().is_some_and(|(_, next)| next.is_whitespace()) {
                    chars.next();
                }
            }
            _ => value += 1,
        }
    }
    span.end.saturating_sub(quotes)
}

/// `; did you mean ...` for the nearest of the known names, and all of them where they are few.
pub(crate) fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    const LISTED_MAX: usize = 40;
    let known: Vec<String> = known.map(ToOwned::to_owned).collect();
    let near = nearest(word, &known).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    if known.len() > LISTED_MAX {
        return near.trim_end().to_owned();
    }
    format!("{near}there are {}", known.join(", "))
}

#[test]
fn a_place_in_a_string_is_a_place_in_the_file() {
    for (text, find) in [
        ("when = 'a == X'", "X"),
        ("a = 1\nwhen = '''\nfirst\n  && X'''", "X"),
        ("when = \"\"\"\na == \\\"b\\\" && X\"\"\"", "X"),
        ("when = \"\\u00e9 X\"", "X"),
        ("when = \"\"\"a \\\n     X\"\"\"", "X"),
        ("when = '''\r\na\r\nX'''", "X"),
    ] {
        let table = toml::de::DeTable::parse(text).unwrap();
        let value = table.get_ref().get("when").unwrap();
        let decoded = value.get_ref().as_str().unwrap();
        let at = inside(text, value.span(), decoded.find(find).unwrap());
        assert_eq!(text.get(at..=at), Some("X"), "{text:?}");
    }
    assert_eq!(place("é\nab", 4), (2, 2));
}
