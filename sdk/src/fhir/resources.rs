//! The resources of one document: of repeated ones the newest, and what a reference means.

use std::collections::HashMap;

use claimhost_fhir::json::Parser;
use claimhost_fhir::{DateTime, Json, base, without_version};

use crate::calendar;
use crate::intake::{Document, Place, Problem};

/// A resource of the document.
#[derive(Debug)]
pub struct Resource<'a> {
    /// `resourceType`.
    pub kind: String,
    /// Logical id.
    pub id: String,
    /// `fullUrl` of its entry; empty where there is none.
    pub url: String,
    /// Its elements.
    pub json: Json<'a>,
    /// Where it is: `Bundle.entry[3].resource`, or its type.
    path: String,
}

impl Resource<'_> {
    /// Where a value of it is.
    pub fn place(&self, at: &Json<'_>) -> Place {
        let path = format!("{}{}", self.path, self.json.path_to(at.at));
        Place { path, offset: u32::try_from(at.at).ok() }
    }

    /// Where an element is that it does not have.
    pub fn place_of(&self, element: &str) -> Place {
        let dot = if element.is_empty() { "" } else { "." };
        Place { path: format!("{}{dot}{element}", self.path), offset: u32::try_from(self.json.at).ok() }
    }

    /// A problem at a value.
    pub fn problem(&self, id: &str, at: &Json<'_>, found: &str, expected: &str, remedy: &str) -> Problem {
        problem(id, self.place(at), found, expected, remedy)
    }

    /// A problem of an element that it does not have.
    pub fn missing(&self, id: &str, element: &str, expected: &str, remedy: &str) -> Problem {
        problem(id, self.place_of(element), "nothing", expected, remedy)
    }

    /// `Type/id`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind, self.id)
    }
}

/// A problem.
pub fn problem(id: &str, at: Place, found: &str, expected: &str, remedy: &str) -> Problem {
    let (id, found, expected, remedy) = (id.to_owned(), found.to_owned(), expected.to_owned(), remedy.to_owned());
    Problem { id, at, found, expected, remedy }
}

/// Whether an entry says that what belongs to it could not be had (Bundle.entry.response.outcome): what there is of it is no whole.
fn lacks_something(entry: &Json<'_>) -> bool {
    let outcome = entry.get("response").and_then(|response| response.get("outcome"));
    let issues = outcome.and_then(|outcome| outcome.get("issue")).map(Json::items).unwrap_or_default();
    issues.iter().any(|issue| matches!(issue.text_of("severity"), Some("error" | "fatal")))
}

/// What a reference means.
#[derive(Debug, Clone, Copy)]
pub enum Target<'r, 'a> {
    /// A resource of the document.
    Found(&'r Resource<'a>),
    /// A resource inside of the one that refers.
    Contained(&'r Json<'a>),
    /// Nothing here, or more than one: what the reference says of itself counts.
    Elsewhere,
}

/// Every resource of a document.
#[derive(Debug, Default)]
pub struct Resources<'a> {
    list: Vec<Resource<'a>>,
    by_url: HashMap<String, usize>,
    by_name: HashMap<String, Option<usize>>,
    /// Entries that say that a resource is gone, and those that are no resource.
    pub problems: Vec<Problem>,
}

impl<'a> Resources<'a> {
    /// Reads the entries of a document, one JSON text after another.
    ///
    /// # Errors
    /// The problem of text that is no JSON.
    pub fn read(document: &'a Document) -> Result<Self, Box<Problem>> {
        let unreadable = |at: usize, found: &str, expected: &str| {
            let at = Place { path: "resource".to_owned(), offset: u32::try_from(at).ok() };
            Box::new(problem("fhir.malformed", at, found, expected, "ask the source to correct it and send it again"))
        };
        let text = std::str::from_utf8(&document.content)
            .map_err(|error| unreadable(error.valid_up_to(), "a byte that is no UTF-8", "UTF-8"))?;
        let numbers = document.related.iter().find(|related| related.name == "entries").map(|related| &related.content);
        let numbers = numbers.and_then(|numbers| std::str::from_utf8(numbers).ok()).unwrap_or_default();
        let mut numbers = numbers.split(' ').map(|number| number.parse::<u32>().ok());
        let mut resources = Self::default();
        let mut parser = Parser::new(text, bom(text));
        while parser.peek().is_some() {
            let json = parser.value().map_err(|error| unreadable(error.at, error.found, error.expected))?;
            resources.entry(json, numbers.next().flatten());
        }
        Ok(resources)
    }

    fn entry(&mut self, json: Json<'a>, number: Option<u32>) {
        let url = json.text_of("fullUrl").unwrap_or_default().to_owned();
        let entry = number.map(|number| format!("Bundle.entry[{number}]"));
        if json.text_of("resourceType") == Some("Bundle") {
            // One document, one bundle: where the adapter is used without the framing.
            if let claimhost_fhir::Value::Object(fields) = json.value {
                for (_, entries) in fields.into_iter().filter(|(name, _)| name == "entry") {
                    if let claimhost_fhir::Value::Array(entries) = entries.value {
                        (0..).zip(entries).for_each(|(number, entry)| self.entry(entry, Some(number)));
                    }
                }
            }
            return;
        }
        if lacks_something(&json) {
            let at =
                Place { path: entry.as_deref().unwrap_or("entry").to_owned(), offset: u32::try_from(json.at).ok() };
            self.problems.push(problem(
                "fhir.entry-failed",
                at,
                "an outcome of severity error in response.outcome",
                "an entry whose request was done in whole",
                "its diagnostics name what could not be read and why: give the source the right to it, then have the resource \
                 change in the EHR, so that it comes again",
            ));
        }
        let (json, path) = match json.value {
            claimhost_fhir::Value::Object(fields) if !fields.iter().any(|(name, _)| name == "resourceType") => {
                let path = format!("{}.resource", entry.as_deref().unwrap_or("entry"));
                let deleted = fields.iter().any(|(name, request)| {
                    name == "request" && request.text_of("method").is_some_and(|method| method == "DELETE")
                });
                let at = Place { path: entry.unwrap_or("entry".to_owned()), offset: u32::try_from(json.at).ok() };
                match fields.into_iter().find(|(name, _)| name == "resource") {
                    Some((_, resource)) => (resource, path),
                    None if deleted => {
                        return self.problems.push(problem(
                            "fhir.deletion",
                            at,
                            "a request to delete a resource, which does not say of what visit",
                            "the resource with status entered-in-error",
                            "have the source send the resource with its status, or cancel the charge by hand",
                        ));
                    }
                    None => return self.problems.push(no_resource(at, "an entry without a resource")),
                }
            }
            value => {
                let json = Json { at: json.at, value };
                let kind = json.text_of("resourceType").unwrap_or("resource").to_owned();
                (json, entry.map_or(kind, |entry| format!("{entry}.resource")))
            }
        };
        let kind = json.text_of("resourceType").unwrap_or_default().to_owned();
        if kind.is_empty() || !kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) || kind.len() > 40 {
            let at = Place { path, offset: u32::try_from(json.at).ok() };
            return self.problems.push(no_resource(at, "no resourceType"));
        }
        let id = json.text_of("id").unwrap_or_default().to_owned();
        self.add(Resource { kind, id, url, json, path });
    }

    /// Of two versions of one resource the newer counts; two contents of one version are a problem.
    fn add(&mut self, resource: Resource<'a>) {
        let known = match resource.url.as_str() {
            "" if resource.id.is_empty() => None,
            "" => self.by_name.get(&resource.name()).copied().flatten(),
            url => self.by_url.get(url).copied(),
        };
        if let Some(known) = known.and_then(|at| self.list.get_mut(at)) {
            match version(&resource.json).cmp(&version(&known.json)) {
                std::cmp::Ordering::Greater => *known = resource,
                std::cmp::Ordering::Equal if !same(&known.json, &resource.json) => {
                    let expected = "one content of a version (meta.versionId, meta.lastUpdated)";
                    let remedy = "ask the source which one holds; it has to raise meta.versionId with every change";
                    let at = resource.place_of("meta");
                    self.problems.push(problem("fhir.same-version-twice", at, "another content", expected, remedy));
                }
                _ => {}
            }
            return;
        }
        let at = self.list.len();
        if !resource.url.is_empty() {
            self.by_url.insert(resource.url.clone(), at);
        }
        if !resource.id.is_empty() {
            self.by_name.entry(resource.name()).and_modify(|known| *known = None).or_insert(Some(at));
        }
        self.list.push(resource);
    }

    /// Resources of a type, in the order of the document.
    pub fn of<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r Resource<'a>> {
        self.list.iter().filter(move |resource| resource.kind == kind)
    }

    /// All of them.
    pub fn all(&self) -> &[Resource<'a>] {
        &self.list
    }

    /// What a `Reference` of a resource means: contained, by URL, by `Type/id` below the base of its own URL, by
    /// `Type/id`, by a business identifier that exactly one resource has. Where two fit, none is chosen.
    pub fn target<'r>(&'r self, from: &'r Resource<'a>, reference: &Json<'_>) -> Target<'r, 'a> {
        let text = reference.text_of("reference").unwrap_or_default();
        if let Some(id) = text.strip_prefix('#') {
            let contained = from.json.get("contained").map(Json::items).unwrap_or_default();
            let mut fitting = contained.iter().filter(|inner| inner.text_of("id") == Some(id));
            return match (fitting.next(), fitting.next()) {
                (Some(inner), None) => Target::Contained(inner),
                _ => Target::Elsewhere,
            };
        }
        let text = without_version(text);
        let found = if text.is_empty() {
            reference.get("identifier").and_then(|identifier| self.by_identifier(identifier))
        } else if text.starts_with("urn:") || text.contains("://") {
            let by_tail = || {
                // A line of a bulk export has no URL of its own.
                let at = text.rsplitn(3, '/').take(2).collect::<Vec<_>>();
                let name = at.into_iter().rev().collect::<Vec<_>>().join("/");
                let at = self.by_name.get(&name).copied().flatten()?;
                self.list.get(at).is_some_and(|resource| resource.url.is_empty()).then_some(at)
            };
            self.by_url.get(text).copied().or_else(by_tail)
        } else {
            let below = base(&from.url).and_then(|base| self.by_url.get(&format!("{base}/{text}")).copied());
            below.or_else(|| self.by_name.get(text).copied().flatten())
        };
        found.and_then(|at| self.list.get(at)).map_or(Target::Elsewhere, Target::Found)
    }

    fn by_identifier(&self, wanted: &Json<'_>) -> Option<usize> {
        let key = |identifier: &Json<'_>| {
            Some((identifier.text_of("system")?.to_owned(), identifier.text_of("value")?.to_owned()))
        };
        let wanted = key(wanted)?;
        let has = |resource: &Resource<'_>| {
            let all = resource.json.get("identifier").map(Json::items).unwrap_or_default();
            all.iter().any(|identifier| key(identifier).as_ref() == Some(&wanted))
        };
        let mut fitting = self.list.iter().enumerate().filter(|(_, resource)| has(resource));
        match (fitting.next(), fitting.next()) {
            (Some((at, _)), None) => Some(at),
            _ => None,
        }
    }
}

fn no_resource(at: Place, found: &str) -> Problem {
    problem("fhir.no-resource", at, found, "a FHIR resource", "check that the source exports FHIR R4 resources as JSON")
}

fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

/// When it was changed, then its version where that is a number.
fn version(json: &Json<'_>) -> (Option<(i64, u32)>, Option<u64>) {
    let meta = json.get("meta");
    let updated = meta.and_then(|meta| DateTime::parse(meta.text_of("lastUpdated")?)).map(|time| moment(&time));
    let number = meta.and_then(|meta| meta.get("versionId")).map(crate::path::plain);
    (updated, number.and_then(|number| number.parse().ok()))
}

/// Seconds since 1970-01-01 in UTC, and nanoseconds.
pub fn moment(time: &DateTime) -> (i64, u32) {
    let days = calendar::days(time.date.year, time.date.month, time.date.day);
    let offset = i64::from(time.offset_minutes.unwrap_or(0)) * 60;
    (days * 86_400 + i64::from(time.second) - offset, time.nanosecond)
}

/// Same elements with the same values, wherever they are.
fn same(left: &Json<'_>, right: &Json<'_>) -> bool {
    use claimhost_fhir::Value::{Array, Object};
    match (&left.value, &right.value) {
        (Array(left), Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Object(fields), Object(others)) => {
            fields.len() == others.len()
                && fields.iter().all(|(name, value)| right.get(name).is_some_and(|other| same(value, other)))
        }
        (left, right) => left == right,
    }
}
