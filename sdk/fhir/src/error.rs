//! The one error of this codec: a place, the class of what was there, what belongs there.
//!
//! The messages of serde and serde_json quote the value; they are taken apart here and never passed on.

use std::fmt;

/// JSON that is no FHIR resource of the type asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FhirError {
    /// FHIR path of the element, such as `Claim.item[0].quantity.value`; the resource type alone for the whole.
    pub path: String,
    /// Class of what was found, never its text.
    pub found: String,
    /// What belongs there.
    pub expected: String,
    /// Line in the JSON text of the resource, 1 is the first; 0 when it has no line.
    pub line: usize,
    /// Column in bytes, 1 is the first.
    pub column: usize,
}

impl fmt::Display for FhirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, found, expected, line, column } = self;
        write!(
            f,
            "{path} (line {line}, column {column}): found {found}, expected {expected}; ask the source to correct it"
        )
    }
}

impl std::error::Error for FhirError {}

impl FhirError {
    pub(crate) fn new(path: &str, found: &str, expected: &str) -> Self {
        let (path, found, expected) = (path.to_owned(), found.to_owned(), expected.to_owned());
        Self { path, found, expected, line: 0, column: 0 }
    }

    /// Keeps of a JSON error what is no value: types, our own words and names of our fields.
    pub(crate) fn from_json(prefix: &str, path: &serde_path_to_error::Path, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let text = text.rfind(" at line ").and_then(|at| text.get(..at)).unwrap_or(&text);
        let expected = text.rfind(", expected ").and_then(|at| text.get(at + 11..));
        let (found, expected) = if error.is_eof() {
            ("the end of the text".to_owned(), "the rest of the JSON".to_owned())
        } else if error.is_syntax() {
            ("text that is no JSON".to_owned(), "JSON".to_owned())
        } else if let Some(found) = text.strip_prefix("found ") {
            // Written by `primitives.rs`.
            (found.split(", expected ").next().unwrap_or_default().to_owned(), expected.unwrap_or_default().to_owned())
        } else if let Some(field) = text.strip_prefix("duplicate field ") {
            (format!("{field} twice"), "it once".to_owned())
        } else if let Some(kind) = text.strip_prefix("invalid type: ") {
            (json_type(kind).to_owned(), expected.map(plain).unwrap_or_default())
        } else {
            ("another value".to_owned(), expected.map(plain).unwrap_or_else(|| "a value of this element".to_owned()))
        };
        let path = format!("{prefix}{}", fhir_path(path));
        Self { path, found, expected, line: error.line(), column: error.column() }
    }
}

/// Turns the name serde has for what was found into that of JSON; the value after it is dropped.
fn json_type(found: &str) -> &'static str {
    match found.split([' ', ',']).next() {
        Some("string") => "a string",
        Some("integer" | "floating" | "number") => "a number",
        Some("boolean") => "true or false",
        Some("null" | "unit") => "null",
        Some("map") => "an object",
        Some("sequence") => "an array",
        _ => "another type",
    }
}

fn plain(expected: &str) -> String {
    match expected {
        "a sequence" => "an array".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other => other.to_owned(),
    }
}

/// Prints `.item[0].quantity`. Names that cannot be of an element are not shown.
fn fhir_path(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let name = |key: &str| {
        let plain = key.len() <= 40 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        format!(".{}", if plain { key } else { "?" })
    };
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("[{index}]"),
            Segment::Map { key } => name(key),
            Segment::Enum { variant } => name(variant),
            Segment::Unknown => String::new(),
        })
        .collect()
}
