//! Payers' decisions as rows of a delimited file: one row for each movement of money, columns by mapping.
//!
//! `README.md` has every key and every column.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

use std::collections::BTreeMap;

use claimhost_sdk::claim::Date;
use claimhost_sdk::intake::{Ignored, Place, Problem, Setup};
use claimhost_sdk::mapping::{Mapping, nearest};
use claimhost_sdk::post::{Answer, Batch, Kind, Outcome, Posting};
use claimhost_sdk::posting::{Entry, Movement, day, dollars, entries, patient_id};
use claimhost_sdk::{Poster, PosterDescription, evidence, setting};

/// What a column may hold.
const FIELDS: [&str; 28] = [
    "posting",
    "row",
    "batch",
    "action",
    "reverses",
    "source_system",
    "visit",
    "patient_id",
    "patient_last",
    "patient_first",
    "birth_date",
    "claim",
    "payer_claim",
    "payer",
    "payer_name",
    "check",
    "paid_on",
    "status",
    "line",
    "charge_id",
    "code",
    "modifiers",
    "service_date",
    "charge",
    "entry",
    "group",
    "reason",
    "amount",
];

/// The columns where the mapping names none: each its own heading.
const COLUMNS: [&str; 17] = [
    "row",
    "posting",
    "action",
    "reverses",
    "visit",
    "patient_id",
    "claim",
    "payer",
    "check",
    "paid_on",
    "charge_id",
    "code",
    "service_date",
    "entry",
    "group",
    "reason",
    "amount",
];

/// Fields that a row is refused without, where the mapping names none.
const REQUIRED: [&str; 1] = ["visit"];

/// One session.
pub struct CsvPoster {
    /// Heading and field.
    columns: Vec<(String, String)>,
    required: Vec<String>,
    delimiter: char,
    header: bool,
    date_format: String,
    /// The site's word for each movement; one that is empty is not told.
    words: BTreeMap<&'static str, String>,
    payment: String,
    reversal: String,
}

impl Poster for CsvPoster {
    fn describe() -> PosterDescription {
        PosterDescription {
            id: "csv-poster".to_owned(),
            title: "Payers' decisions as delimited rows".to_owned(),
            extension: "csv".to_owned(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        setting::only(&setup, &[])?;
        let mut mapping = Mapping::parse(&setup.mapping);
        let columns = columns(&mut mapping);
        let required = mapping.list("required", &REQUIRED);
        if let Some(unknown) = required.iter().find(|field| !FIELDS.contains(&field.as_str())) {
            mapping.problem("required", "mapping.field", &format!("`{unknown}`"), &known(unknown));
        }
        let delimiter = delimiter(&mut mapping);
        let header = match mapping.text("header", "yes").as_str() {
            "yes" => true,
            "no" => false,
            other => {
                mapping.problem("header", "mapping.value", &format!("`{other}`"), "`yes` or `no`");
                true
            }
        };
        let date_format = mapping.text("date_format", "YYYY-MM-DD");
        if ["YYYY", "MM", "DD"].iter().any(|part| !date_format.contains(part)) {
            mapping.problem(
                "date_format",
                "mapping.value",
                &format!("`{date_format}`"),
                "YYYY, MM and DD in some order",
            );
        }
        // What earlier payers did they have told themselves.
        let word = |movement: &Movement| if *movement == Movement::Coordination { "" } else { movement.as_str() };
        let words = Movement::ALL
            .iter()
            .map(|movement| {
                (movement.as_str(), mapping.text(&format!("entries.{}", movement.as_str()), word(movement)))
            })
            .collect();
        let payment = mapping.text("actions.payment", "payment");
        let reversal = mapping.text("actions.reversal", "reversal");
        if payment == reversal {
            mapping.problem("actions.reversal", "mapping.value", "the word of a payment", "another word");
        }
        mapping.finish()?;
        Ok(Self { columns, required, delimiter, header, date_format, words, payment, reversal })
    }

    fn post(&self, batch: &Batch) -> Answer {
        let mut rows = String::new();
        let outcomes = batch.postings.iter().map(|posting| self.one(batch, posting, &mut rows)).collect();
        let mut file = String::new();
        if self.header && !rows.is_empty() {
            let headings = self.columns.iter().map(|(heading, _)| self.quoted(heading));
            file += &headings.collect::<Vec<_>>().join(&self.delimiter.to_string());
            file += "\r\n";
        }
        Answer { outcomes, file: (file + &rows).into_bytes() }
    }
}

/// `columns`: a field, or HEADING=FIELD.
fn columns(mapping: &mut Mapping<'_>) -> Vec<(String, String)> {
    let mut columns = Vec::new();
    for text in mapping.list("columns", &COLUMNS) {
        let (heading, field) = text.rsplit_once('=').unwrap_or((&text, &text));
        let (heading, field) = (heading.trim(), field.trim());
        if !FIELDS.contains(&field) {
            mapping.problem("columns", "mapping.field", &format!("`{field}`"), &known(field));
        }
        columns.push((heading.to_owned(), field.to_owned()));
    }
    for field in ["amount", "entry"] {
        if !columns.iter().any(|(_, known)| known == field) {
            mapping.problem("columns", "mapping.value", "no such column", &format!("a column of `{field}`"));
        }
    }
    // Without one of them the EHR cannot tell a row that it has already.
    if !columns.iter().any(|(_, field)| matches!(field.as_str(), "posting" | "row")) {
        mapping.problem("columns", "mapping.value", "no such column", "a column of `row`, or of `posting`");
    }
    columns
}

fn known(field: &str) -> String {
    let fields: Vec<String> = FIELDS.iter().map(|field| (*field).to_owned()).collect();
    match nearest(field, &fields) {
        Some(near) => format!("a field; did you mean `{near}`?"),
        None => format!("one of {}", FIELDS.join(", ")),
    }
}

fn delimiter(mapping: &mut Mapping<'_>) -> char {
    match mapping.text("delimiter", ",").as_str() {
        "tab" | "\t" => '\t',
        text if text.len() == 1 && !text.starts_with(['"', '\r', '\n']) => text.chars().next().unwrap_or(','),
        other => {
            mapping.problem("delimiter", "mapping.value", &format!("`{other}`"), "one character, or `tab`");
            ','
        }
    }
}

impl CsvPoster {
    /// Adds the rows of one posting, or none of them.
    fn one(&self, batch: &Batch, posting: &Posting, rows: &mut String) -> Outcome {
        let told: Vec<(usize, Entry<'_>)> =
            entries(posting).into_iter().filter(|entry| !self.word(entry.movement).is_empty()).enumerate().collect();
        if told.is_empty() {
            let reason = "none of its entries is told: the mapping has no word for them".to_owned();
            return Outcome::Nothing(Ignored { id: "csv-poster.no-entry".to_owned(), reason });
        }
        let mut own = String::new();
        for (at, entry) in told {
            let value = |field: &str| self.value(field, batch, posting, &entry, at + 1);
            if let Some(missing) = self.required.iter().find(|field| value(field).is_empty()) {
                return Outcome::Refused(vec![Problem {
                    id: "csv-poster.missing".to_owned(),
                    at: Place { path: missing.clone(), offset: None },
                    found: "nothing".to_owned(),
                    expected: "a value: `required` of this target's mapping names it".to_owned(),
                    remedy: "key this one into the EHR by hand, or take the field out of `required`".to_owned(),
                }]);
            }
            let values = self.columns.iter().map(|(_, field)| self.quoted(&value(field)));
            own += &values.collect::<Vec<_>>().join(&self.delimiter.to_string());
            own += "\r\n";
        }
        *rows += &own;
        Outcome::Taken
    }

    fn word(&self, movement: Movement) -> &str {
        self.words.get(movement.as_str()).map_or("", String::as_str)
    }

    fn value(&self, field: &str, batch: &Batch, posting: &Posting, entry: &Entry<'_>, nth: usize) -> String {
        let date = |date: Option<Date>| date.map(|date| day(date, &self.date_format)).unwrap_or_default();
        let (line, patient) = (entry.line, &posting.patient);
        match field {
            "posting" => posting.id.clone(),
            "row" => format!("{}-{nth}", posting.id),
            "batch" => batch.id.clone(),
            "action" if posting.kind == Kind::Reversal => self.reversal.clone(),
            "action" => self.payment.clone(),
            "reverses" => posting.reverses.clone(),
            "source_system" => posting.source_system.clone(),
            "visit" => posting.visit_number.clone(),
            "patient_id" => patient_id(posting).to_owned(),
            "patient_last" => patient.name.last.clone(),
            "patient_first" => patient.name.first.clone(),
            "birth_date" => date(patient.birth_date),
            "claim" => posting.control_number.clone(),
            "payer_claim" => posting.payer_control_number.clone(),
            "payer" => posting.payer_id.clone(),
            "payer_name" => posting.payer_name.clone(),
            "check" => posting.trace_number.clone(),
            "paid_on" => date(Some(posting.paid_on)),
            "status" => posting.status.clone(),
            "line" => line.map(|line| line.line.to_string()).unwrap_or_default(),
            "charge_id" => line.map(|line| line.charge_id.clone()).unwrap_or_default(),
            "code" => line.map(|line| line.procedure.code.clone()).unwrap_or_default(),
            "modifiers" => line.map(|line| line.procedure.modifiers.join(" ")).unwrap_or_default(),
            "service_date" => date(line.and_then(|line| line.service_dates).map(|dates| dates.start)),
            "charge" => dollars(line.map_or(posting.charge, |line| line.charge)),
            "entry" => self.word(entry.movement).to_owned(),
            "group" => entry.group.to_owned(),
            "reason" => entry.reason.to_owned(),
            "amount" => dollars(entry.amount),
            // `open` has refused every other name.
            _ => String::new(),
        }
    }

    /// A value as RFC 4180 has it.
    fn quoted(&self, value: &str) -> String {
        if value.contains([self.delimiter, '"', '\r', '\n']) {
            return format!("\"{}\"", value.replace('"', "\"\""));
        }
        value.to_owned()
    }
}

claimhost_sdk::poster!(CsvPoster);
