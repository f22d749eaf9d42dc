//! What an entry is and whom it is about: enough to group entries, without reading the rest into memory.
//!
//! The whole text is checked to be JSON on the way. What the elements mean is the reader's of the group.

use std::borrow::Cow;

use crate::json::{Json, JsonError, Parser, Value};

/// Of an entry, or of a resource that stands alone.
#[derive(Clone, Default, PartialEq)]
pub struct Head<'a> {
    /// `Bundle.entry.fullUrl`.
    pub full_url: Option<Cow<'a, str>>,
    /// `resourceType`.
    pub kind: Option<Cow<'a, str>>,
    /// Logical id.
    pub id: Option<Cow<'a, str>>,
    /// Reference to the encounter: `encounter`, `context`, or that of the first `Claim.item` with one.
    pub visit: Option<Cow<'a, str>>,
    /// Reference to the patient: `patient`, `subject` or `beneficiary`.
    pub patient: Option<Cow<'a, str>>,
}

impl std::fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<head of a {}>", self.kind.as_deref().unwrap_or("resource without type"))
    }
}

impl<'a> Head<'a> {
    /// Reads the head of an entry's text.
    ///
    /// # Errors
    /// Where the text is no JSON.
    pub fn read(text: &'a str) -> Result<Self, JsonError> {
        let mut head = Self::default();
        let mut parser = Parser::new(text, 0);
        parser.object(|parser, name| match &*name {
            "fullUrl" => string(parser, &mut head.full_url),
            "resource" if parser.peek() == Some(b'{') => parser.object(|parser, name| head.element(parser, &name)),
            _ => head.element(parser, &name),
        })?;
        parser.end()?;
        Ok(head)
    }

    fn element(&mut self, parser: &mut Parser<'a>, name: &str) -> Result<(), JsonError> {
        match name {
            "resourceType" => string(parser, &mut self.kind),
            "id" => string(parser, &mut self.id),
            "encounter" | "context" => reference(parser, &mut self.visit),
            "patient" | "subject" | "beneficiary" => reference(parser, &mut self.patient),
            "item" if parser.peek() == Some(b'[') => parser.array(|parser| {
                if parser.peek() != Some(b'{') {
                    return parser.skip();
                }
                parser.object(|parser, name| match &*name {
                    "encounter" => reference(parser, &mut self.visit),
                    _ => parser.skip(),
                })
            }),
            _ => parser.skip(),
        }
    }
}

fn string<'a>(parser: &mut Parser<'a>, into: &mut Option<Cow<'a, str>>) -> Result<(), JsonError> {
    if let Value::Text(text) = parser.value()?.value {
        into.get_or_insert(text);
    }
    Ok(())
}

/// `{"reference": ...}`, the first of a list, or of an object one level down (`DocumentReference.context`).
fn reference<'a>(parser: &mut Parser<'a>, into: &mut Option<Cow<'a, str>>) -> Result<(), JsonError> {
    let value = parser.value()?;
    let first: Option<&Json<'a>> = value.items().first();
    if let Some(Json { value: Value::Text(text), .. }) = first.and_then(|value| value.get("reference")) {
        into.get_or_insert(text.clone());
    }
    Ok(())
}

/// The references in a text, by a search for the name: cheaper than reading it. Contained ones (`#id`) are left out.
pub fn references(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let found = text.get(at..)?.find("\"reference\"")? + at;
            at = found + "\"reference\"".len();
            if found > 0 && text.as_bytes().get(found - 1) == Some(&b'\\') {
                continue;
            }
            let mut parser = Parser::new(text, at);
            if parser.peek() != Some(b':') {
                continue;
            }
            let mut parser = Parser::new(text, parser.offset() + 1);
            if parser.peek() != Some(b'"') {
                continue;
            }
            if let Ok(Json { value: Value::Text(reference), .. }) = parser.value()
                && !reference.starts_with('#')
            {
                return Some(reference);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_entries_and_of_resources() {
        let entry = r#"{"fullUrl":"urn:uuid:1","resource":{"item":[{"sequence":1},{"encounter":[{"reference":"Encounter/7"}]}],
            "patient":{"reference":"Patient\/1"},"id":"c","resourceType":"Claim"},"request":{"method":"POST"}}"#;
        let head = Head::read(entry).unwrap();
        let told =
            [&head.full_url, &head.kind, &head.id, &head.visit, &head.patient].map(|told| told.as_deref().unwrap());
        assert_eq!(told, ["urn:uuid:1", "Claim", "c", "Encounter/7", "Patient/1"]);
        let alone =
            Head::read(r#"{"resourceType":"ChargeItem","context":{"reference":"Encounter/7"},"subject":5}"#).unwrap();
        assert_eq!((alone.visit.as_deref(), alone.patient), (Some("Encounter/7"), None));
        assert_eq!(Head::read("{\"resource\":{\"id\":1,}}").unwrap_err().at, 20);
        assert!(Head::read("[]").is_err());
    }

    #[test]
    fn references_of_a_text() {
        let text = r##"{"a":{"reference" : "Patient/1"},"b":"\"reference\":\"x\"","c":[{"reference":"#in"},{"reference":3},{"reference":"urn:uuid:2"}]}"##;
        assert_eq!(references(text).collect::<Vec<_>>(), ["Patient/1", "urn:uuid:2"]);
    }
}
