//! A document of an item: the item as it came, and what was asked for it.
//!
//! JSON: `{"item": ..., "NAME": ...}`, an array of a request whose answer has items, or of which there are several. FHIR: a bundle of them all, each resource once. XML: the
//! same as elements, `<pull><item>...</item><NAME>...</NAME></pull>`, each answer in one of its own.
//!
//! An answer that the server keeps from us is no empty one: the document says so in a way that no adapter takes for a whole
//! record. JSON and XML: `"pull.unreadable": {"NAME": "status 403"}`. FHIR: an outcome in the item's own entry (Bundle.entry.response.outcome).

use crate::plan::Format;
use crate::template::quote;

/// What was gathered for an item.
#[derive(Default)]
pub struct Document {
    parts: Vec<Part>,
    /// Requests without an answer: name and status.
    unreadable: Vec<(String, u16)>,
    /// The answers as they came, by the names of their requests.
    answers: Vec<(String, String)>,
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

    /// Keeps an answer for the requests that are made of it.
    pub fn keep(&mut self, name: &str, answer: &str) {
        self.answers.push((name.to_owned(), answer.to_owned()));
    }

    /// What was kept under a name.
    pub fn kept(&self, name: &str) -> Vec<String> {
        self.answers.iter().filter(|(known, _)| known == name).map(|(_, answer)| answer.clone()).collect()
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
        if format == Format::Xml {
            return self.elements(item);
        }
        let mut out = format!("{{\"item\":{item}");
        for part in &self.parts {
            out.push_str(",\"");
            quote(&mut out, &part.name);
            out.push_str("\":");
            // Of several answers none is left out.
            if part.is_list || part.pieces.len() > 1 {
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

    fn elements(self, item: &str) -> Vec<u8> {
        let mut out = format!("<pull><item>{item}</item>");
        for part in &self.parts {
            for piece in &part.pieces {
                out.push_str(&format!("<{0}>{piece}</{0}>", part.name));
            }
        }
        if !self.unreadable.is_empty() {
            out.push_str("<pull.unreadable>");
            for (name, status) in &self.unreadable {
                out.push_str(&format!("<{name}>status {status}</{name}>"));
            }
            out.push_str("</pull.unreadable>");
        }
        out.push_str("</pull>");
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
fn a_document_of_xml_has_an_element_for_each_answer() {
    let mut document = Document::default();
    document.add("visit", true, ["<a:V/>".to_owned(), "<a:V>1</a:V>".to_owned()].into_iter());
    document.lacks("patient", 403);
    let written = String::from_utf8(document.written("<a:C>7</a:C>", "", Format::Xml)).unwrap();
    assert_eq!(
        written,
        "<pull><item><a:C>7</a:C></item><visit><a:V/></visit><visit><a:V>1</a:V></visit>\
         <pull.unreadable><patient>status 403</patient></pull.unreadable></pull>"
    );
    assert_eq!(Document::default().written("<a:C/>", "", Format::Xml), b"<a:C/>");
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
