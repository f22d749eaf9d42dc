//! A document of an item: the item as it came, and what was asked for it.
//!
//! JSON: `{"item": ..., "NAME": ...}`, an array of a request whose answer has items. FHIR: a bundle of them all, each resource once.

use crate::plan::Format;
use crate::template::quote;

/// What was gathered for an item.
#[derive(Default)]
pub struct Document {
    parts: Vec<Part>,
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

    /// The document.
    pub fn written(self, item: &str, url: &str, format: Format) -> Vec<u8> {
        if format == Format::Fhir {
            return self.bundle(entry(item, url));
        }
        if self.parts.is_empty() {
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
        out.push('}');
        out.into_bytes()
    }

    fn bundle(self, item: String) -> Vec<u8> {
        let mut entries = vec![item];
        for piece in self.parts.into_iter().flat_map(|part| part.pieces) {
            if !entries.contains(&piece) {
                entries.push(piece);
            }
        }
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{}]}}", entries.join(","))
            .into_bytes()
    }
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
