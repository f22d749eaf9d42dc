//! Visits and charges in JSON and XML documents of any shape: the site's mapping says where each element stands.
//!
//! `elements.rs` reads the paths, `claimhost_sdk::xml` makes of XML what JSON is; what an element means is `claimhost_sdk::record`. A connector
//! of an EHR that answers in JSON or XML is a mapping over this component (`docs/records.md`).
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod elements;

use claimhost_fhir::{Json, Value};
use claimhost_sdk::delimited::DateFormat;
use claimhost_sdk::intake::{Document, Ignored, Outcome, Place, Problem, Setup, VisitUpdate};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::path::Path;
use claimhost_sdk::record::{Fields, Reader};
use claimhost_sdk::undelivered::{self, MODIFIERS, POINTERS, UNITS, Undelivered, without_path};
use claimhost_sdk::{Adapter, AdapterDescription, evidence, xml};
use elements::{CHARGE, Elements, PULLED, Record, VISIT};

/// Contract fields for which a mapping can name a path.
const DELIVERS: &[&str] = &[
    "header.patient.ids",
    "header.patient.name",
    "header.patient.birth-date",
    "header.patient.gender",
    "header.patient.address",
    "header.coverages",
    "header.coverages.prior-authorization",
    "header.coverages.referral-number",
    "header.diagnoses",
    "header.rendering",
    "header.referring",
    "header.place-of-service",
    "header.location",
    "header.stated-total",
    "header.extras.dates",
    "line.procedure",
    "line.procedure.modifiers",
    "line.charge",
    "line.unit-charge",
    "line.units",
    "line.service-dates",
    "line.diagnosis-pointers",
    "line.place-of-service",
    "line.drug",
    "line.providers.rendering",
    "visit.status",
];

/// Elements of a charge, and the keys of the mapping of which one has to have a path.
const BY_PATH: &[(&str, &[&str])] = &[
    (UNITS, &["charge.units", "charge.minutes"]),
    (undelivered::CHARGE, &["charge.charge", "charge.unit_charge"]),
    (MODIFIERS, &["charge.modifiers"]),
    (POINTERS, &["charge.pointers", "charge.charge_dx"]),
];
/// Elements that a mapping lists as undelivered and that have a place where a site's mapping gives them a path.
const PLACED_BY: &[(&str, &[&str])] = &[
    ("header.place-of-service", &["visit.place_of_service", "charge.place_of_service"]),
    ("header.diagnoses", &["visit.dx", "charge.charge_dx"]),
    ("line.drug", &["charge.ndc"]),
];

/// What a puller says of requests for this record that were not answered, by their names: it is no whole record.
const UNREADABLE: &str = "pull.unreadable";

/// What stands beside a document.
struct Beside<'a> {
    /// Records of joined files, by the names of the joins.
    joined: Vec<(String, Json<'a>)>,
    /// When it was pulled; empty: it was not.
    pulled: &'a str,
}

/// One source's documents.
#[derive(Debug)]
pub struct Records {
    source_system: String,
    dates: DateFormat,
    /// Visits below a document, charges below a visit; none: the thing itself.
    visits: Path,
    charges: Path,
    visit: Elements,
    charge: Elements,
    /// A visit's record has all its charges.
    complete: bool,
    /// Names of joined files; of those in `optional_joins` a record may be missing.
    joins: Vec<String>,
    optional_joins: Vec<String>,
    undelivered: Undelivered,
}

impl Adapter for Records {
    fn describe() -> AdapterDescription {
        AdapterDescription {
            id: "records".to_owned(),
            title: "Visits and charges in JSON and XML, by paths".to_owned(),
            family: "records".to_owned(),
            formats: vec!["json".to_owned(), "xml".to_owned()],
            delivers: DELIVERS.iter().map(|field| (*field).to_owned()).collect(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(&setup.mapping);
        let mut joins = Vec::new();
        while mapping.has(&format!("framing.join.{}.name", joins.len())) {
            joins.push(mapping.text(&format!("framing.join.{}.name", joins.len()), ""));
        }
        mapping.leave("framing");
        let optional_joins = mapping.list("optional_joins", &[]);
        let source_system = mapping.text("source_system", "RECORDS");
        let format = mapping.text("date_format", "YYYY-MM-DD");
        let dates = DateFormat::parse(&format);
        if dates.is_none() {
            let expected = "YYYY, MM and DD once each, such as MM/DD/YYYY or YYYYMMDD";
            mapping.problem("date_format", "mapping.date-format", &format!("`{format}`"), expected);
        }
        let visits = Path::of_key(&mut mapping, "records.visits", "");
        let charges = Path::of_key(&mut mapping, "records.charges", "");
        let complete = mapping.text("records.complete", "no");
        if !matches!(complete.as_str(), "yes" | "no") {
            mapping.problem("records.complete", "mapping.complete", &format!("`{complete}`"), "yes or no");
        }
        let undelivered = mapping.list("undelivered", &["header.billing", "coverage.filing-indicator"]);
        let required = mapping.list("required", &[]);
        let visit = Elements::read(&mut mapping, "visit", VISIT, &required, &joins);
        let charge = Elements::read(&mut mapping, "charge", CHARGE, &required, &joins);
        let unknown = required.iter().filter(|name| !visit.has(name) && !charge.has(name));
        for name in unknown {
            mapping.problem(
                "required",
                "mapping.required",
                &format!("`{name}`"),
                "an element with a path, such as visit.member_id",
            );
        }
        if !visit.has("visit.visit") {
            mapping.problem("visit.visit", "mapping.visit", "no path", "the path of the visit number");
        }
        let undelivered = Undelivered::read(&mut mapping, placeless(undelivered, &visit, &charge));
        mapping.finish()?;
        // A format that is none was a problem above.
        let dates = dates.ok_or_else(Vec::new)?;
        let complete = complete == "yes";
        Ok(Self { source_system, dates, visits, charges, visit, charge, complete, joins, optional_joins, undelivered })
    }

    fn translate(&self, document: &Document) -> Outcome {
        let read = || -> Result<(Json<'_>, Beside<'_>), Box<Problem>> {
            let root = parse(&document.content, "document")?;
            if let Some(lacking) = root.get(UNREADABLE) {
                return Err(unreadable(&root, lacking));
            }
            let joined = self.joins.iter().map(|name| Ok((name.clone(), self.joined(document, name)?)));
            let pulled = document.related.iter().find(|part| part.name == PULLED);
            let pulled = pulled.and_then(|part| std::str::from_utf8(&part.content).ok()).unwrap_or_default();
            Ok((root, Beside { joined: joined.collect::<Result<_, Box<Problem>>>()?, pulled }))
        };
        let (root, beside) = match read() {
            Ok(read) => read,
            Err(problem) => return Outcome::Rejected(vec![*problem]),
        };
        let visits = if self.visits.is_none() { vec![&root] } else { self.visits.all(&root) };
        if visits.is_empty() {
            let reason = "a document without a visit where the mapping says that they are";
            return Outcome::Ignored(Ignored { id: "records.no-visit".to_owned(), reason: reason.to_owned() });
        }
        let (mut updates, mut problems) = (Vec::new(), Vec::new());
        for visit in visits {
            if self.is_blank(&root, visit, &beside) {
                continue;
            }
            match self.visit(&root, visit, &beside) {
                Ok(update) => updates.push(update.into()),
                Err(mut wrong) => problems.append(&mut wrong),
            }
        }
        match (problems.is_empty(), updates.is_empty()) {
            (false, _) => Outcome::Rejected(problems),
            (true, false) => Outcome::Events(updates),
            (true, true) => {
                let reason = "a record without anything in it: how some sources answer that there is nothing new";
                Outcome::Ignored(Ignored { id: "records.blank".to_owned(), reason: reason.to_owned() })
            }
        }
    }
}

impl<'a> Beside<'a> {
    /// A visit or charge of the document.
    fn record<'r>(
        &'r self,
        elements: &'r Elements,
        root: &'r Json<'a>,
        visit: &'r Json<'a>,
        here: &'r Json<'a>,
    ) -> Record<'r, 'a> {
        Record { elements, root, visit, here, joined: &self.joined, pulled: self.pulled }
    }
}

impl Records {
    /// The record of a joined file; of one that may be missing, nothing.
    fn joined<'d>(&self, document: &'d Document, name: &String) -> Result<Json<'d>, Box<Problem>> {
        let part = document.related.iter().find(|part| part.name == *name);
        match part {
            Some(part) => parse(&part.content, name),
            None if self.optional_joins.contains(name) => Ok(Json { at: 0, value: Value::Null }),
            None => Err(Box::new(Problem {
                id: "records.join-missing".to_owned(),
                at: Place { path: format!("[[framing.join]] {name}"), offset: None },
                found: "a key that no joined record has".to_owned(),
                expected: format!("a record of `{name}` with this record's key"),
                remedy: format!("deliver {name} with the charges, with a record for this key"),
            })),
        }
    }

    /// Whether a record says nothing of a visit nor of a charge.
    fn is_blank<'a>(&self, root: &Json<'a>, visit: &Json<'a>, beside: &Beside<'a>) -> bool {
        let says = |elements: &Elements, here: &Json<'a>| beside.record(elements, root, visit, here).says_something();
        !says(&self.visit, visit) && !self.charges_of(visit).into_iter().any(|here| says(&self.charge, here))
    }

    fn charges_of<'j, 'a>(&self, visit: &'j Json<'a>) -> Vec<&'j Json<'a>> {
        if self.charges.is_none() { vec![visit] } else { self.charges.all(visit) }
    }

    fn visit<'a>(&self, root: &Json<'a>, visit: &Json<'a>, beside: &Beside<'a>) -> Result<VisitUpdate, Vec<Problem>> {
        let record = beside.record(&self.visit, root, visit, visit);
        let mut reader = Reader::new(&record, &self.dates);
        let visit_number = reader.visit_number();
        let (mut header, mut diagnoses) = reader.header();
        let (status, order) = (reader.status(), reader.order());
        let mut problems = record.missing();
        problems.append(&mut reader.problems);
        let mut charges = Vec::new();
        for here in self.charges_of(visit) {
            let record = beside.record(&self.charge, root, visit, here);
            if Fields::text(&record, "action").eq_ignore_ascii_case("ignore") {
                continue; // not billable, or not yet: the source's word for it is in [values]
            }
            problems.append(&mut record.missing());
            let mut reader = Reader::new(&record, &self.dates);
            charges.extend(reader.charge(&mut diagnoses));
            problems.append(&mut reader.problems);
        }
        header.diagnoses = diagnoses.list;
        if !problems.is_empty() {
            return Err(problems);
        }
        let undelivered = self.undelivered.of(&[], &charges);
        Ok(VisitUpdate {
            source_system: self.source_system.clone(),
            visit_number,
            order,
            status,
            header,
            charges,
            complete: self.complete,
            undelivered,
            doubts: Vec::new(),
        })
    }
}

/// What the source has no place for: what the mapping lists, less what it has a path for, and elements of a charge without any path.
fn placeless(mut listed: Vec<String>, visit: &Elements, charge: &Elements) -> Vec<String> {
    let has_path = |key: &str| visit.has(key) || charge.has(key);
    let without = without_path(BY_PATH, has_path);
    let lacks = [without.clone(), without_path(PLACED_BY, has_path)].concat();
    let may_have_one = |element: &String| BY_PATH.iter().chain(PLACED_BY).any(|(known, _)| element == known);
    listed.retain(|element| lacks.contains(&element.as_str()) || !may_have_one(element));
    let more: Vec<String> =
        without.into_iter().filter(|element| !listed.iter().any(|known| known == element)).map(str::to_owned).collect();
    listed.extend(more);
    listed
}

fn unreadable(root: &Json<'_>, lacking: &Json<'_>) -> Box<Problem> {
    Box::new(Problem {
        id: "records.incomplete".to_owned(),
        at: Place { path: root.path_to(lacking.at).trim_start_matches('.').to_owned(), offset: u32::try_from(lacking.at).ok() },
        found: "requests for this record that the source did not answer".to_owned(),
        expected: "an answer to each".to_owned(),
        remedy: "they stand here with their status: give the puller the right to read them, then have the record change in the source, so that it \
                 comes again"
            .to_owned(),
    })
}

/// A document as a tree.
fn parse<'d>(content: &'d [u8], part: &str) -> Result<Json<'d>, Box<Problem>> {
    let problem = |at: usize, found: &str, expected: &str| {
        Box::new(Problem {
            id: "records.malformed".to_owned(),
            at: Place { path: part.to_owned(), offset: u32::try_from(at).ok() },
            found: found.to_owned(),
            expected: expected.to_owned(),
            remedy: "ask the source for it again; if it is always so, correct [framing] of this site's mapping"
                .to_owned(),
        })
    };
    let text = std::str::from_utf8(content)
        .map_err(|error| problem(error.valid_up_to(), "a byte that is no UTF-8", "UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('<') {
        return xml::parse(text).map_err(|(at, found)| problem(at, found, "well-formed XML"));
    }
    Json::parse(text).map_err(|error| problem(error.at, error.found, error.expected))
}

claimhost_sdk::adapter!(Records);
