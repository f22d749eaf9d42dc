//! XML as the tree that JSON is: an element is an object of its attributes and elements, or its text; elements of one name are
//! an array.
//!
//! Names are taken without their prefixes: what a source calls `a:ChargeData` today is `b:ChargeData` tomorrow. Nothing outside of the
//! document is read: a document type and entities of its own are refused. Nesting is bounded.

use std::borrow::Cow;

use claimhost_fhir::{Json, Value};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting taken.
const DEPTH_MAX: usize = 100;

/// An element that is not closed yet.
struct Open<'a> {
    at: usize,
    name: String,
    fields: Vec<(Cow<'a, str>, Json<'a>)>,
    text: String,
    is_nil: bool,
}

/// The root element's content.
///
/// # Errors
/// Byte offset and class of what is wrong.
pub fn parse(text: &str) -> Result<Json<'_>, (usize, &'static str)> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut root = None;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|_| (at, "text that is no well-formed XML"))?;
        let done = match event {
            Event::Eof if open.is_empty() => return root.ok_or((at, "no element")),
            Event::Eof => return Err((at, "the end of the document within an element")),
            Event::Start(start) if open.len() < DEPTH_MAX && root.is_none() => {
                open.push(begin(&start, at)?);
                None
            }
            Event::Empty(start) if open.len() < DEPTH_MAX && root.is_none() => Some(begin(&start, at)?),
            Event::Start(_) | Event::Empty(_) => return Err((at, "a second document, or deeper nesting than 100")),
            Event::End(_) => open.pop(),
            Event::Text(piece) => {
                add(&mut open, &piece.xml10_content(), at)?;
                None
            }
            Event::CData(piece) => {
                add(&mut open, &piece.xml10_content(), at)?;
                None
            }
            Event::GeneralRef(reference) => {
                let letter = match reference.resolve_char_ref() {
                    Ok(Some(letter)) => letter.to_string(),
                    Ok(None) => quick_xml::escape::resolve_predefined_entity(&reference)
                        .ok_or((at, "an entity of the document's own"))?
                        .to_owned(),
                    Err(_) => return Err((at, "a character reference that is none")),
                };
                add(&mut open, &letter, at)?;
                None
            }
            Event::DocType(_) => return Err((at, "a document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => None,
        };
        let Some(closed) = done else { continue };
        let name = closed.name.clone();
        let json = closed.value();
        match open.last_mut() {
            Some(parent) => parent.take(name, json),
            None => root = Some(json),
        }
    }
}

fn begin<'a>(start: &BytesStart<'_>, at: usize) -> Result<Open<'a>, (usize, &'static str)> {
    let mut open = Open {
        at,
        name: local(start.name().into_inner()).to_owned(),
        fields: Vec::new(),
        text: String::new(),
        is_nil: false,
    };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| (at, "an attribute that is no well-formed XML"))?;
        let name = attribute.key.into_inner();
        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|_| (at, "an entity of the document's own"))?;
        if name == "xmlns" || name.starts_with("xmlns:") {
            continue;
        }
        open.is_nil |= local(name) == "nil" && matches!(value.trim(), "true" | "1");
        let value = Json { at, value: Value::Text(Cow::Owned(value.into_owned())) };
        open.fields.push((Cow::Owned(local(name).to_owned()), value));
    }
    Ok(open)
}

/// The name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn add(open: &mut [Open<'_>], text: &str, at: usize) -> Result<(), (usize, &'static str)> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err((at, "text outside of the root element")),
    }
    Ok(())
}

impl<'a> Open<'a> {
    /// Adds a child: the second of its name makes an array.
    fn take(&mut self, name: String, child: Json<'a>) {
        let known = self.fields.iter_mut().find(|(known, _)| *known == name).map(|(_, json)| json);
        match known {
            None => self.fields.push((Cow::Owned(name), child)),
            Some(Json { value: Value::Array(items), .. }) => items.push(child),
            Some(first) => {
                let at = first.at;
                let before = std::mem::replace(first, Json { at, value: Value::Null });
                first.value = Value::Array(vec![before, child]);
            }
        }
    }

    /// Text where it has neither elements nor attributes.
    fn value(self) -> Json<'a> {
        let Self { at, mut fields, text, is_nil, .. } = self;
        let text = text.trim();
        let value = if is_nil {
            Value::Null
        } else if fields.is_empty() {
            Value::Text(Cow::Owned(text.to_owned()))
        } else {
            if !text.is_empty() {
                fields.push((Cow::Borrowed("text"), Json { at, value: Value::Text(Cow::Owned(text.to_owned())) }));
            }
            Value::Object(fields)
        };
        Json { at, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::Path;

    #[test]
    fn elements_are_found_by_paths() {
        let text = "<?xml version=\"1.0\"?><!-- x --><s:Envelope xmlns:s=\"u\"><s:Body id=\"7\"><a:Charge xmlns:a=\"v\"><a:Code>99213</a:Code>\
                    <a:Code>A &amp; &#66;</a:Code><Note><![CDATA[<b>]]></Note><Gone xmlns:i=\"w\" i:nil=\"true\"/><Empty/></a:Charge></s:Body></s:Envelope>";
        let root = parse(text).unwrap();
        let all = |path: &str| -> Vec<String> {
            Path::parse(path).unwrap().all(&root).into_iter().map(crate::path::plain).collect()
        };
        assert_eq!(all("Body.Charge.Code"), ["99213", "A & B"]);
        assert_eq!(all("Body.Charge.Code[1]"), ["A & B"]);
        assert_eq!(all("Body.Charge.Note"), ["<b>"]);
        assert_eq!(all("Body.id"), ["7"]);
        assert_eq!(all("Body.Charge.Gone"), Vec::<String>::new());
        assert_eq!(all("Body.Charge.Empty"), [""]);
    }

    #[test]
    fn what_is_no_document_is_refused() {
        let deep = "<a>".repeat(101);
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a>&own;</a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a b=\"&x;\"/>",
            "<a/>x",
            &deep,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
