//! What kind of file is this? From its first bytes: a PDF or a spreadsheet in a charge folder is named, not cut.

use super::{Framing, FramingProblem};

/// Bytes looked at.
pub(super) const HEAD_BYTES: usize = 4096;

/// Beginnings of files that are never documents.
const BINARY: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF-", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"II*\0", "an image"),
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
];

/// The problem of a file that cannot be of this framing; its range is set by the caller.
pub(super) fn refuse(framing: Framing, head: &[u8]) -> Option<FramingProblem> {
    let expected = expected(framing);
    if head.is_empty() {
        let remedy = "check the export: an empty file is no news and no error";
        return Some(FramingProblem::new("framing.empty", (0, 0), "an empty file", expected, remedy));
    }
    let binary = BINARY.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| *name);
    // Further on, a NUL is one message's trouble and not the file's.
    let nul = head.iter().take(HEAD_BYTES).any(|byte| *byte == 0);
    if let Some(name) = binary.or(nul.then_some("a binary file")) {
        let remedy = "have the source export it as text (UTF-8), or remove the file from this folder";
        return Some(FramingProblem::new("framing.binary", (0, 0), name, expected, remedy));
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0x0b))?;
    let text = text.get(start..).unwrap_or_default();
    let found = kind(text)?;
    let right = match framing {
        Framing::Hl7v2 => found == HL7,
        Framing::X12Claim => found == X12,
        Framing::Ndjson | Framing::FhirBundle => found == JSON,
        Framing::Records => matches!(found, JSON | XML),
        Framing::Delimited => false,
        Framing::Whole => true,
    };
    let remedy = "move the file to the folder of its own source, or correct the adapter of this one";
    (!right).then(|| FramingProblem::new("framing.wrong-kind", (0, 0), found, expected, remedy))
}

/// What a file says it is; none: text that says nothing of itself, as rows do.
///
/// # Errors
/// The problem of a file that is none of text: empty, binary, blank.
pub(crate) fn known(head: &[u8]) -> Result<Option<Known>, FramingProblem> {
    if let Some(problem) = refuse(Framing::Whole, head) {
        return Err(problem);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = text.iter().position(|byte| !matches!(byte, b'\r' | b'\n' | b' ' | b'\t' | 0x0b));
    let Some(start) = start else { return Err(blank(Framing::Whole, head.len() as u64)) };
    Ok(kind(text.get(start..).unwrap_or_default()).map(|kind| match kind {
        HL7 => Known::Hl7v2,
        X12 => Known::X12,
        JSON => Known::Json,
        _ => Known::Xml,
    }))
}

/// Kinds of text that say what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// HL7 v2 messages, in a batch or not.
    Hl7v2,
    /// An X12 interchange.
    X12,
    /// JSON.
    Json,
    /// XML or HTML.
    Xml,
}

/// The problem of a file that holds blank lines and nothing else.
pub(super) fn blank(framing: Framing, length: u64) -> FramingProblem {
    let remedy = "check the export: a file of blank lines is no news and no error";
    FramingProblem::new("framing.no-documents", (0, length), "blank lines only", expected(framing), remedy)
}

const HL7: &str = "an HL7 v2 file";
const X12: &str = "an X12 interchange";
const JSON: &str = "JSON";
const XML: &str = "XML or HTML";

/// What the text says it is; `None` if it says nothing.
fn kind(text: &[u8]) -> Option<&'static str> {
    let segment = |name: &[u8]| text.starts_with(name) && text.get(3).is_some_and(|byte| !byte.is_ascii_alphanumeric());
    match text {
        _ if [b"MSH|", b"FHS|", b"BHS|"].iter().any(|name| text.starts_with(*name)) => Some(HL7),
        _ if segment(b"MSH") && text.get(4..8).is_some_and(|codes| codes.contains(&b'\\')) => Some(HL7),
        _ if segment(b"ISA") && text.get(6) == text.get(3) => Some(X12),
        [b'{', ..] | [b'[', b'{', ..] => Some(JSON),
        [b'<', b'?' | b'!' | b'a'..=b'z' | b'A'..=b'Z', ..] => Some(XML),
        _ => None,
    }
}

fn expected(framing: Framing) -> &'static str {
    match framing {
        Framing::Hl7v2 => "HL7 v2 messages",
        Framing::Delimited => "rows of text under a header",
        Framing::Ndjson => "a JSON object on each line",
        Framing::X12Claim => "an 837 interchange",
        Framing::FhirBundle => "a FHIR bundle",
        Framing::Whole => "a text document",
        Framing::Records => "JSON or XML",
    }
}
