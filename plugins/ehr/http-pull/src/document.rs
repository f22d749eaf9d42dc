//! A document of an item: the item as it came, and what was asked for it.
//!
//! JSON: `{"item": ..., "NAME": ...}`, an array of a request whose answer has items. FHIR: a bundle of them all, each resource once.
//!
//! An answer that the server keeps from us is no empty one: the document says so in a way that no adapter takes for a whole
//! record. JSON: `"pull.unreadable": {"NAME": "status 403"}`. FHIR: an outcome in the item's own entry (Bundle.entry.response.outcome).

use crate::plan::Format;
use crate::template::quote;

/// What was gathered for an item.
#[derive(Default)]
pub struct Document {
    parts: Vec<Part>,
    /// Requests without an answer: name and status.
    unreadable: Vec<(String, u16)>,
}

struct Part {
    name: String,
    is_list: bool,
    pieces: Vec<String>,
}

impl Document {
    /// Adds pieces of JSON under a name.
    pub fn add(&mut self, name: &str, is_list: bool, pieces: impl Iterator<Item = String>) {
        match self.parts.iter_mut().find(|part| part.name == name) {
            Some(part) => part.pieces.extend(pieces),
            None => self.parts.push(Part { name: name.to_owned(), is_list, pieces: pieces.collect() }),
        }
    }

    /// Notes that the answer of a name, or a page of it, could not be had.
    pub fn lacks(&mut self, name: &str, status: u16) {
        self.unreadable.push((name.to_owned(), status));
    }

    /// The document.
    pub fn written(self, item: &str, url: &str, format: Format) -> Vec<u8> {
        if format == Format::Fhir {
            return self.bundle(item, url);
        }
        if self.parts.is_empty() && self.unreadable.is_empty() {
            return item.as_bytes().to_vec();
        }
        let mut out = format!("{{\"item\":{item}");
        for part in &self.parts {
            out.push_str(",\"");
            quote(&mut out, &part.name);
            out.push_str("\":");
            if part.is_list {
                out.push('[');
                out.push_str(&part.pieces.join(","));
                out.push(']');
            } else {
                out.push_str(part.pieces.first().map_or("null", String::as_str));
            }
        }
        for (at, (name, status)) in self.unreadable.iter().enumerate() {
            out.push_str(if at == 0 { ",\"pull.unreadable\":{\"" } else { ",\"" });
            quote(&mut out, name);
            out.push_str(&format!("\":\"status {status}\""));
        }
        out.push_str(if self.unreadable.is_empty() { "}" } else { "}}" });
        out.into_bytes()
    }

    fn bundle(self, item: &str, url: &str) -> Vec<u8> {
        let mut entries = vec![marked(entry(item, url), &self.unreadable)];
        for piece in self.parts.into_iter().flat_map(|part| part.pieces) {
            if !entries.contains(&piece) {
                entries.push(piece);
            }
        }
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{}]}}", entries.join(","))
            .into_bytes()
    }
}

/// An entry with the outcome of what could not be had for it. One that lacks nothing stays as it is.
fn marked(entry: String, unreadable: &[(String, u16)]) -> String {
    if unreadable.is_empty() {
        return entry;
    }
    let issue = |(name, status): &(String, u16)| {
        let mut out = "{\"severity\":\"error\",\"code\":\"incomplete\",\"diagnostics\":\"".to_owned();
        quote(&mut out, name);
        out.push_str(&format!(": status {status}\"}}"));
        out
    };
    let issues: Vec<String> = unreadable.iter().map(issue).collect();
    format!(
        "{},\"response\":{{\"status\":\"206\",\"outcome\":{{\"resourceType\":\"OperationOutcome\",\"issue\":[{}]}}}}}}",
        entry.strip_suffix('}').unwrap_or(&entry),
        issues.join(",")
    )
}

/// An entry of a bundle.
pub fn entry(resource: &str, url: &str) -> String {
    if url.is_empty() {
        return format!("{{\"resource\":{resource}}}");
    }
    let mut out = "{\"fullUrl\":\"".to_owned();
    quote(&mut out, url);
    out.push_str(&format!("\",\"resource\":{resource}}}"));
    out
}

#[test]
fn a_document_has_its_item_and_what_was_asked_for_it() {
    let mut document = Document::default();
    document.add("patient", false, ["{\"a\":1}".to_owned()].into_iter());
    document.add("notes", true, ["1".to_owned(), "2".to_owned()].into_iter());
    document.add("notes", true, ["3".to_owned()].into_iter());
    document.add("doctor", false, std::iter::empty());
    let written = String::from_utf8(document.written("{\"id\":7}", "", Format::Json)).unwrap();
    assert_eq!(written, "{\"item\":{\"id\":7},\"patient\":{\"a\":1},\"notes\":[1,2,3],\"doctor\":null}");
    assert_eq!(Document::default().written("7", "", Format::Json), b"7");
    let mut document = Document::default();
    document.add("charges", false, [entry("{\"r\":1}", "https://x/1"), entry("{\"r\":1}", "https://x/1")].into_iter());
    let written = String::from_utf8(document.written("{\"r\":0}", "", Format::Fhir)).unwrap();
    assert_eq!(written.matches("\"resource\":").count(), 2, "{written}");
    assert!(written.contains("{\"fullUrl\":\"https://x/1\",\"resource\":{\"r\":1}}"), "{written}");
}

#[test]
fn what_could_not_be_had_is_said_where_the_item_stands() {
    let lacking = || {
        let mut document = Document::default();
        document.lacks("patient", 403);
        document.lacks("notes", 410);
        document
    };
    let written = String::from_utf8(lacking().written("7", "", Format::Json)).unwrap();
    assert_eq!(written, "{\"item\":7,\"pull.unreadable\":{\"patient\":\"status 403\",\"notes\":\"status 410\"}}");
    let written = String::from_utf8(lacking().written("{\"r\":0}", "", Format::Fhir)).unwrap();
    let entry =
        "{\"resource\":{\"r\":0},\"response\":{\"status\":\"206\",\"outcome\":{\"resourceType\":\"OperationOutcome\"";
    assert!(
        written.contains(entry) && written.contains("patient: status 403") && written.ends_with("]}}}]}"),
        "{written}"
    );
}
