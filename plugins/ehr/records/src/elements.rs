//! Where the elements of a visit and of a charge stand: `[visit]`, `[charge]` and `[values]` of the mapping.
//!
//! A path is below the record that its table is of; `^` before it begins at the visit, `/` at the document, `NAME:` at the record of the
//! joined file NAME. `= text` is the text itself, `@pulled` the moment at which the host pulled the document; `A unless B` is A where B has no
//! text. What the source writes and what is meant by it is in `[values.ELEMENT]`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use claimhost_fhir::Json;
use claimhost_sdk::intake::{Place, Problem};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::path::{Path, plain};
use claimhost_sdk::record::Fields;

/// Elements of a visit.
pub const VISIT: &[&str] = &[
    "visit",
    "status",
    "sequence",
    "updated",
    "patient_mrn",
    "patient_last",
    "patient_first",
    "patient_middle",
    "patient_birth_date",
    "patient_gender",
    "patient_address1",
    "patient_address2",
    "patient_city",
    "patient_state",
    "patient_postal_code",
    "payer",
    "member_id",
    "group_number",
    "relationship",
    "subscriber_last",
    "subscriber_first",
    "subscriber_birth_date",
    "subscriber_gender",
    "payer2",
    "member_id2",
    "group_number2",
    "relationship2",
    "subscriber_last2",
    "subscriber_first2",
    "subscriber_birth_date2",
    "subscriber_gender2",
    "rendering_npi",
    "rendering_id",
    "referring_npi",
    "location",
    "place_of_service",
    "dx",
    "authorization",
    "referral",
    "admission_date",
    "discharge_date",
    "total",
];

/// Elements of a charge.
pub const CHARGE: &[&str] = &[
    "charge_id",
    "action",
    "procedure",
    "modifiers",
    "units",
    "minutes",
    "unit_charge",
    "charge",
    "service_date",
    "service_date_to",
    "place_of_service",
    "pointers",
    "charge_dx",
    "rendering_npi",
    "rendering_id",
    "ndc",
    "ndc_quantity",
    "ndc_unit",
];

/// The moment of the turn that pulled the document, under this name beside it; nothing where it was not pulled.
pub const PULLED: &str = "@pulled";

/// From where a path goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Here,
    Visit,
    Document,
    Joined(String),
}

/// What an element is read from.
#[derive(Debug)]
enum Source {
    /// The site's own word.
    Constant(String),
    /// [`PULLED`].
    Pulled,
    At {
        from: From,
        path: Path,
        unless: Vec<(From, Path)>,
    },
}

/// One part of a text is taken.
#[derive(Debug)]
enum Transform {
    Before(String),
    After(String),
    Digits,
    /// So many letters from the beginning.
    First(usize),
    /// A position counted from 0 is one counted from 1.
    FromZero,
}

#[derive(Debug)]
struct Element {
    sources: Vec<Source>,
    /// The paths as they are written.
    written: String,
    transforms: Vec<Transform>,
    words: BTreeMap<String, String>,
    required: bool,
}

/// The elements of one kind of record.
#[derive(Debug)]
pub struct Elements {
    table: &'static str,
    elements: BTreeMap<&'static str, Element>,
}

impl Elements {
    /// Reads `[TABLE]`, its `[values]` and `[transforms]`.
    pub fn read(
        mapping: &mut Mapping<'_>,
        table: &'static str,
        known: &[&'static str],
        required: &[String],
        joins: &[String],
    ) -> Self {
        let mut elements = BTreeMap::new();
        for name in known {
            let key = format!("{table}.{name}");
            let texts = mapping.list(&key, &[]);
            let (words_key, transforms_key) = (format!("values.{name}"), format!("transforms.{name}"));
            let words = mapping.table(&words_key, &[]);
            let wanted = mapping.list(&transforms_key, &[]);
            if texts.iter().all(|text| text.trim().is_empty()) {
                continue; // this source does not have it
            }
            let sources = texts.iter().filter_map(|text| source(mapping, &key, text, joins)).collect();
            let transforms = wanted.iter().filter_map(|text| transform(mapping, &transforms_key, text)).collect();
            let required = required.contains(&key);
            elements.insert(*name, Element { sources, written: texts.join(", "), transforms, words, required });
        }
        Self { table, elements }
    }

    /// Whether the mapping has a path for `visit.NAME` or `charge.NAME`.
    pub fn has(&self, full: &str) -> bool {
        let name = full.strip_prefix(self.table).and_then(|rest| rest.strip_prefix('.'));
        name.is_some_and(|name| self.elements.contains_key(name))
    }
}

fn source(mapping: &mut Mapping<'_>, key: &str, text: &str, joins: &[String]) -> Option<Source> {
    let text = text.trim();
    if let Some(constant) = text.strip_prefix('=') {
        return Some(Source::Constant(constant.trim().to_owned()));
    }
    if text == PULLED {
        return Some(Source::Pulled);
    }
    let mut paths = text.split(" unless ").map(|text| path_of(mapping, key, text, joins));
    let (from, path) = paths.next()??;
    let unless = paths.collect::<Option<Vec<_>>>()?;
    Some(Source::At { from, path, unless })
}

fn path_of(mapping: &mut Mapping<'_>, key: &str, text: &str, joins: &[String]) -> Option<(From, Path)> {
    let text = text.trim();
    let joined = joins.iter().find_map(|name| Some((name, text.strip_prefix(name.as_str())?.strip_prefix(':')?)));
    let (from, path) = match (joined, text.strip_prefix('^'), text.strip_prefix('/')) {
        (Some((name, path)), ..) => (From::Joined(name.clone()), path),
        (None, Some(path), _) => (From::Visit, path),
        (None, None, Some(path)) => (From::Document, path),
        (None, None, None) => (From::Here, text),
    };
    let read = Path::parse(path);
    if read.is_none() {
        let expected = "a path such as patient.insurances[sequencenumber=1].memberid, `PATH unless PATH`, or `= text`";
        mapping.problem(key, "mapping.path", &format!("`{text}`"), expected);
    }
    read.map(|path| (from, path))
}

fn transform(mapping: &mut Mapping<'_>, key: &str, text: &str) -> Option<Transform> {
    let read = match text.split_once(':') {
        Some(("before", mark)) if !mark.is_empty() => Some(Transform::Before(mark.to_owned())),
        Some(("after", mark)) if !mark.is_empty() => Some(Transform::After(mark.to_owned())),
        Some(("first", count)) => count.parse().ok().map(Transform::First),
        None if text == "digits" => Some(Transform::Digits),
        None if text == "from-zero" => Some(Transform::FromZero),
        _ => None,
    };
    if read.is_none() {
        let expected = "before:TEXT, after:TEXT, first:COUNT, digits or from-zero";
        mapping.problem(key, "mapping.transform", &format!("`{text}`"), expected);
    }
    read
}

impl Transform {
    fn apply(&self, text: &str) -> String {
        match self {
            Self::Before(mark) => text.split_once(mark.as_str()).map_or(text, |(before, _)| before).trim().to_owned(),
            Self::After(mark) => text.split_once(mark.as_str()).map_or("", |(_, after)| after).trim().to_owned(),
            Self::Digits => text.chars().filter(char::is_ascii_digit).collect(),
            Self::First(count) => text.chars().take(*count).collect(),
            Self::FromZero => text
                .parse::<u8>()
                .ok()
                .and_then(|at| at.checked_add(1))
                .map_or_else(|| text.to_owned(), |at| at.to_string()),
        }
    }
}

/// One visit or charge of a document.
pub struct Record<'r, 'a> {
    /// Its elements.
    pub elements: &'r Elements,
    /// The document.
    pub root: &'r Json<'a>,
    /// The visit.
    pub visit: &'r Json<'a>,
    /// The visit or the charge.
    pub here: &'r Json<'a>,
    /// Records of joined files, by the names of the joins.
    pub joined: &'r [(String, Json<'a>)],
    /// When the document was pulled; empty: it was not.
    pub pulled: &'r str,
}

impl<'r, 'a> Record<'r, 'a> {
    fn start(&self, from: &From) -> Option<&'r Json<'a>> {
        match from {
            From::Here => Some(self.here),
            From::Visit => Some(self.visit),
            From::Document => Some(self.root),
            From::Joined(name) => self.joined.iter().find(|(known, _)| known == name).map(|(_, json)| json),
        }
    }

    /// Whether one of these paths has a text.
    fn has_one(&self, paths: &[(From, Path)]) -> bool {
        let has = |(from, path): &(From, Path)| self.start(from).is_some_and(|start| !path.text(start).is_empty());
        paths.iter().any(has)
    }

    /// Every text of an element, with the words of the site put in.
    fn texts(&self, key: &str) -> Vec<String> {
        let Some(element) = self.elements.elements.get(key) else { return Vec::new() };
        let raw = element.sources.iter().flat_map(|source| match source {
            Source::Constant(text) => vec![text.clone()],
            Source::Pulled => vec![self.pulled.to_owned()],
            Source::At { unless, .. } if self.has_one(unless) => Vec::new(),
            Source::At { from, path, .. } => {
                self.start(from).into_iter().flat_map(|start| path.all(start)).map(plain).collect()
            }
        });
        raw.map(|text| {
            let text = element.transforms.iter().fold(text, |text, transform| transform.apply(&text));
            let text = element.words.get(&text).cloned().unwrap_or(text);
            if key != "updated" && key.contains("date") { day_of(&text).to_owned() } else { text }
        })
        .collect()
    }

    /// Whether one of its own elements has a text.
    pub fn says_something(&self) -> bool {
        let own = |source: &Source| match source {
            Source::At { from: From::Here, path, .. } => {
                path.all(self.here).into_iter().any(|json| !plain(json).is_empty())
            }
            Source::At { .. } | Source::Constant(_) | Source::Pulled => false,
        };
        self.elements.elements.values().flat_map(|element| &element.sources).any(own)
    }

    /// Required elements that the record does not have.
    pub fn missing(&self) -> Vec<Problem> {
        let required = self.elements.elements.iter().filter(|(_, element)| element.required);
        let absent = required.filter(|(key, _)| self.texts(key).iter().all(String::is_empty));
        absent
            .map(|(key, _)| Problem {
                id: "records.required".to_owned(),
                at: self.place(key),
                found: "nothing".to_owned(),
                expected: format!("{}.{key}, which the mapping requires", self.elements.table),
                remedy: "have the source fill it in, or take it out of `required`".to_owned(),
            })
            .collect()
    }
}

/// The day of a time stamp.
fn day_of(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(['T', ' ']) {
        Some((day, clock)) if clock.contains(':') => day,
        _ => text,
    }
}

impl Fields for Record<'_, '_> {
    fn family(&self) -> &'static str {
        "records"
    }

    /// The first that is not empty.
    fn text(&self, key: &str) -> Cow<'_, str> {
        Cow::Owned(self.texts(key).into_iter().find(|text| !text.is_empty()).unwrap_or_default())
    }

    fn list(&self, key: &str) -> Vec<String> {
        self.texts(key)
    }

    fn place(&self, key: &str) -> Place {
        let element = self.elements.elements.get(key);
        let source = element.and_then(|element| element.sources.first());
        let found = match source {
            // The offset is in the document: a joined record has none there.
            Some(Source::At { from: From::Joined(_), .. } | Source::Constant(_) | Source::Pulled) | None => None,
            Some(Source::At { from, path, .. }) => self.start(from).and_then(|start| path.first(start)),
        };
        let offset = found.and_then(|json| u32::try_from(json.at).ok());
        let below = self.root.path_to(self.here.at);
        let written = element.map_or("no path", |element| element.written.as_str());
        let path = format!(
            "{}{}{written} ({}.{key})",
            below.trim_start_matches('.'),
            if below.is_empty() { "" } else { ": " },
            self.elements.table
        );
        Place { path, offset }
    }

    fn remedy(&self, key: &str) -> String {
        format!("correct it in the source, or [{}] {key} in this site's mapping", self.elements.table)
    }

    fn diagnoses_are_the_charges(&self) -> bool {
        std::ptr::eq(self.here, self.visit) && !self.elements.elements.contains_key("pointers")
    }
}
