//! Bundles, and what references inside them point to.

use crate::datatypes::Reference;
use crate::parse::Raw;
use crate::primitives::Text;
use serde::Deserialize;
use std::collections::HashMap;

/// A collection of resources: a search page, a document, a transaction.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Bundle<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// searchset, collection, transaction, document, ...
    pub r#type: Option<Text<'a>>,
    /// Links to this and other pages.
    pub link: Vec<BundleLink<'a>>,
    /// The resources.
    pub entry: Vec<BundleEntry<'a>>,
}

/// A link of a bundle.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct BundleLink<'a> {
    /// self, next, ...
    pub relation: Option<Text<'a>>,
    /// Where to.
    pub url: Option<Text<'a>>,
}

/// An entry of a bundle.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct BundleEntry<'a> {
    /// Absolute URL or `urn:uuid:` of the resource.
    pub full_url: Option<Text<'a>>,
    /// The resource, not yet read.
    pub resource: Option<Raw<'a>>,
}

impl<'a> Bundle<'a> {
    /// Returns the URL of the next page.
    pub fn next_page(&self) -> Option<&str> {
        let next = self.link.iter().find(|link| link.relation.as_deref() == Some("next"));
        next.and_then(|link| link.url.as_deref())
    }

    /// Builds the index that resolves references between the entries.
    pub fn index(&self) -> BundleIndex<'_, 'a> {
        let mut index = BundleIndex { bundle: self, urls: HashMap::new(), ids: HashMap::new() };
        for (number, entry) in self.entry.iter().enumerate() {
            if let Some(url) = entry.full_url.as_deref() {
                note(&mut index.urls, url.to_owned(), number);
            }
            // An entry whose head cannot be read is found by its URL, and its error when it is read.
            let head = entry.resource.and_then(|raw| raw.head("").ok());
            if let Some((kind, Some(id))) = head {
                note(&mut index.ids, format!("{}/{}", &*kind, &*id), number);
            }
        }
        index
    }
}

/// Remembers an entry, or that a key has more than one.
fn note(map: &mut HashMap<String, Option<usize>>, key: String, number: usize) {
    map.entry(key).and_modify(|found| *found = None).or_insert(Some(number));
}

/// What a reference points to.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// An entry of the bundle, by its number from 0.
    Entry(usize),
    /// A resource contained in the one that refers.
    Contained(Raw<'a>),
    /// The resource itself (`#`).
    Itself,
    /// Nothing here; the resource may be fetched.
    Missing,
    /// More than one entry fits; none is chosen.
    Ambiguous,
    /// No reference, but a business identifier to look up.
    IdentifierOnly,
    /// Only words, or nothing at all.
    DisplayOnly,
}

/// Index of a bundle's entries; see [`Bundle::index`].
#[derive(Debug, Clone)]
pub struct BundleIndex<'b, 'a> {
    bundle: &'b Bundle<'a>,
    urls: HashMap<String, Option<usize>>,
    ids: HashMap<String, Option<usize>>,
}

impl<'a> BundleIndex<'_, 'a> {
    /// Resolves a reference of the resource in entry `from`, whose contained resources are `contained`: `#id`,
    /// `urn:` and absolute URLs, `Type/id` against the base of the entry's own URL and then by type and id.
    /// Versions (`/_history/2`) are passed over.
    pub fn resolve(&self, from: usize, contained: &[Raw<'a>], reference: &Reference<'a>) -> Target<'a> {
        let Some(text) = reference.reference.as_deref().filter(|text| !text.is_empty()) else {
            return if reference.identifier.is_some() { Target::IdentifierOnly } else { Target::DisplayOnly };
        };
        if let Some(id) = text.strip_prefix('#') {
            return if id.is_empty() { Target::Itself } else { in_contained(contained, id) };
        }
        let text = text.split("/_history/").next().unwrap_or(text);
        let absolute = text.starts_with("urn:") || text.contains("://");
        let found = if absolute {
            self.urls.get(text)
        } else {
            let base = self.bundle.entry.get(from).and_then(|entry| base(entry.full_url.as_deref()?));
            base.and_then(|base| self.urls.get(&format!("{base}/{text}"))).or_else(|| self.ids.get(text))
        };
        match found {
            Some(Some(number)) => Target::Entry(*number),
            Some(None) => Target::Ambiguous,
            None => Target::Missing,
        }
    }

    /// Returns the JSON text of entry `number`.
    pub fn raw(&self, number: usize) -> Option<Raw<'a>> {
        self.bundle.entry.get(number).and_then(|entry| entry.resource)
    }
}

fn in_contained<'a>(contained: &[Raw<'a>], id: &str) -> Target<'a> {
    let is = |raw: &&Raw<'a>| raw.head("").is_ok_and(|(_, found)| found.as_deref() == Some(id));
    let mut found = contained.iter().filter(is);
    match (found.next(), found.next()) {
        (Some(raw), None) => Target::Contained(*raw),
        (Some(_), Some(_)) => Target::Ambiguous,
        _ => Target::Missing,
    }
}

/// Returns the service base of a RESTful URL `base/Type/id`.
fn base(full_url: &str) -> Option<&str> {
    let (kind, _) = full_url.rsplit_once('/').filter(|_| full_url.contains("://"))?;
    kind.rsplit_once('/').map(|(base, _)| base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Resource, parse};

    const BUNDLE: &str = r##"{"resourceType":"Bundle","link":[{"relation":"next","url":"https://a/p2"}],"entry":[
        {"fullUrl":"https://a/fhir/Claim/1","resource":{"resourceType":"Claim","id":"1","contained":[{"resourceType":"Coverage","id":"c"}]}},
        {"fullUrl":"https://a/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1"}},
        {"fullUrl":"https://b/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1"}},
        {"fullUrl":"urn:uuid:7","resource":{"resourceType":"Patient","id":"u"}}]}"##;

    fn resolved(from: usize, reference: &str) -> String {
        let bundle: Bundle<'_> = parse(BUNDLE.as_bytes()).unwrap();
        let index = bundle.index();
        let Ok(Resource::Claim(claim)) = index.raw(0).unwrap().resource("Bundle.entry[0].resource") else { panic!() };
        let reference = Reference { reference: Some(reference.into()), ..Reference::default() };
        format!("{:?}", index.resolve(from, &claim.contained, &reference))
    }

    #[test]
    fn references_of_every_kind() {
        let table = [
            (0, "#c", "Contained(<resource of 36 bytes>)"),
            (0, "#d", "Missing"),
            (0, "#", "Itself"),
            (0, "Patient/1", "Entry(1)"),
            (2, "Patient/1", "Entry(2)"),
            (3, "Patient/1", "Ambiguous"),
            (3, "Claim/1", "Entry(0)"),
            (0, "Patient/u", "Entry(3)"),
            (0, "urn:uuid:7", "Entry(3)"),
            (0, "https://b/fhir/Patient/1/_history/4", "Entry(2)"),
            (0, "https://c/fhir/Patient/1", "Missing"),
            (0, "Patient/9", "Missing"),
            (9, "", "DisplayOnly"),
        ];
        for (from, reference, expected) in table {
            assert_eq!(resolved(from, reference), expected, "{from} {reference}");
        }
        let bundle: Bundle<'_> = parse(BUNDLE.as_bytes()).unwrap();
        assert_eq!(bundle.next_page(), Some("https://a/p2"));
    }
}
