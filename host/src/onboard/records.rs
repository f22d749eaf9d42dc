//! The mapping of JSON and XML of a vendor's own shape over `records`: the list of records, and paths whose last names are known.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_sdk::delimited::DateFormat;
use serde_json::Value;

use super::OnboardError;
use super::columns::{Column, ELEMENTS, Element, Entry, Found, Use, find, is_of_element, plain};
use super::draft::{Draft, Hints, quoted};
use super::form::{Form, date_format};
use super::names::{has_digit, is_like_id};
use super::recognise::{Format, Sample};
use super::tree::{DEPTH_MAX, charges_below, collect, is_keyed, records_of, scalar, tree};

/// Words of a visit's status that the component knows.
const STATUSES: [&str; 4] = ["open", "closed", "cancelled", "canceled"];
/// Records that are looked at.
const RECORDS_MAX: usize = 5_000;
/// Names that say nothing without the one before them.
const GENERIC: [&str; 16] = [
    "id", "code", "name", "type", "value", "date", "status", "number", "first", "last", "npi", "city", "state", "zip",
    "dob", "sex",
];
/// People and places beside the patient, whose name and address are not the patient's.
const OTHERS: [&str; 12] = [
    "doctor",
    "provider",
    "physician",
    "clinician",
    "rendering",
    "referring",
    "facility",
    "location",
    "department",
    "guarantor",
    "insured",
    "subscriber",
];

/// Drafts the mapping of samples of one shape.
///
/// # Errors
/// [`OnboardError::Sample`]: a sample cannot be read, or has no records with procedure codes and a visit's number.
pub(crate) fn draft(samples: &[&Sample]) -> Result<Draft, OnboardError> {
    let mut shape = Shape::default();
    let mut place = None;
    for sample in samples {
        let wrong = |words: &str| OnboardError::Sample { path: sample.path.clone(), words: words.to_owned() };
        let tree = tree(sample)?;
        let keyed = "found charges below names that are keys, expected a list of records; have the source export a list with the key inside";
        if sample.format == Format::Json && is_keyed(&tree, 0) {
            return Err(wrong(keyed));
        }
        let place = match &place {
            Some(known) => known,
            None => place.insert(records_of(&tree, sample.format == Format::Xml).ok_or_else(|| {
                wrong("found no list of records with procedure codes, expected one; export a day with charges")
            })?),
        };
        if place.split('.').any(is_like_id) {
            return Err(wrong(keyed));
        }
        let mut found = Vec::new();
        collect(&tree, place, sample.format == Format::Xml, &mut found);
        if found.is_empty() {
            return Err(wrong(
                "found other records than in the file before, expected the same shape; onboard each kind by itself",
            ));
        }
        found.truncate(RECORDS_MAX);
        shape.records.extend(found.into_iter().cloned());
    }
    shape.framing = place.unwrap_or_default();
    shape.charges = shape.records.iter().find_map(|record| charges_below(record, String::new(), 0)).unwrap_or_default();
    let path = samples.first().map(|sample| sample.path.clone()).unwrap_or_default();
    let words = "found records without a name that is known for a visit's number, expected one; write the mapping by hand (claimhost plugin \
                 new NAME --base records)";
    shape.drafted().ok_or_else(|| OnboardError::Sample { path, words: words.to_owned() })
}

/// A day without the clock behind it, as the component reads it.
fn without_clock(text: String) -> String {
    let has_clock = text.len() > 10 && matches!(text.as_bytes().get(10), Some(b'T' | b' '));
    if has_clock { text.chars().take(10).collect() } else { text }
}

/// The places of a list of records, each with the values of every record.
fn places(records: &[&Value], skip: &str) -> Vec<Column> {
    let mut rows: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (row, record) in records.iter().enumerate() {
        let mut found = Vec::new();
        leaves(record, &mut Vec::new(), skip, &mut found);
        for (path, text) in found {
            let values = rows.entry(path).or_default();
            values.resize(row, String::new());
            values.push(without_clock(text));
        }
    }
    let all = records.len();
    let column = |(path, mut values): (Vec<String>, Vec<String>)| {
        values.resize(all, String::new());
        Column { name: path.join("."), aliases: aliases(&path), values }
    };
    rows.into_iter().map(column).collect()
}

/// The names of a place's path, without their positions in lists.
fn names_of(column: &Column) -> impl Iterator<Item = &str> {
    column.name.split('.').map(|name| name.split('[').next().unwrap_or_default())
}

/// The places that no id leads to, and how many there were beside.
fn without_ids(columns: Vec<Column>) -> (Vec<Column>, usize) {
    let all = columns.len();
    let columns: Vec<Column> = columns.into_iter().filter(|column| !names_of(column).any(is_like_id)).collect();
    let ids = all - columns.len();
    (columns, ids)
}

/// Whether a place that nothing reads is named: a name that one record alone has may be an id or a person's name that somebody made a key of.
fn is_told(column: &Column) -> bool {
    names_of(column).all(is_of_element) || (column.said().count() > 1 && !names_of(column).any(has_digit))
}

fn leaves(value: &Value, path: &mut Vec<String>, skip: &str, out: &mut Vec<(Vec<String>, String)>) {
    if path.len() > DEPTH_MAX || (!skip.is_empty() && path.join(".") == skip) {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                path.push(name.clone());
                leaves(value, path, skip, out);
                path.pop();
            }
        }
        // A list of texts is one place; of a list of records, the first two are places of their own.
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let name = path.pop().unwrap_or_default();
            for (at, item) in items.iter().take(2).enumerate() {
                path.push(format!("{name}[{at}]"));
                leaves(item, path, skip, out);
                path.pop();
            }
            path.push(name);
        }
        Value::Array(items) => out.extend(items.iter().find_map(scalar).map(|text| (path.clone(), text))),
        value => out.extend(scalar(value).map(|text| (path.clone(), text))),
    }
}

/// What a place may be known by: its last names together, and the last alone where it says enough.
fn aliases(path: &[String]) -> Vec<String> {
    let second = path.iter().any(|name| name.ends_with("[1]"));
    let names: Vec<String> = path.iter().map(|name| plain(name.split('[').next().unwrap_or_default())).collect();
    let ending = if second { "2" } else { "" };
    let Some((last, before)) = names.split_last() else { return Vec::new() };
    let mut aliases: Vec<String> = before.iter().rev().map(|parent| format!("{parent}{last}{ending}")).collect();
    let is_others = before.iter().any(|parent| OTHERS.iter().any(|other| parent.contains(other)));
    if !GENERIC.contains(&last.as_str()) && !is_others || before.is_empty() {
        aliases.push(format!("{last}{ending}"));
    }
    aliases
}

/// What was seen of the samples.
#[derive(Default)]
struct Shape {
    framing: String,
    records: Vec<Value>,
    charges: String,
}

impl Shape {
    fn drafted(&self) -> Option<Draft> {
        let records: Vec<&Value> = self.records.iter().collect();
        let (visits, ids_of_visit) = without_ids(places(&records, &self.charges));
        let below: Vec<&Value> = if self.charges.is_empty() {
            Vec::new()
        } else {
            records.iter().flat_map(|record| at(record, &self.charges)).collect()
        };
        let (charges, ids_of_charge) = without_ids(places(&below, ""));
        let days: Vec<&str> =
            visits.iter().chain(&charges).filter(|column| is_of_days(column)).flat_map(Column::said).collect();
        let written = date_format(days.iter().copied()).map_or("YYYY-MM-DD", |(format, ..)| format);
        let dates = DateFormat::parse(written);
        let (of_visit, of_charge) = (find(&visits, dates.as_ref()), find(&charges, dates.as_ref()));
        let mut draft = Draft { hints: Hints::of(&of_visit, &visits), ..Draft::default() };
        let mut tables = Tables::default();
        tables.take(&of_charge, &charges, Use::Charge, From::Charge);
        // What a charge needs and its record does not have may stand at the visit.
        let from = if self.charges.is_empty() { From::Both } else { From::Visit };
        tables.take(&of_visit, &visits, Use::Charge, from);
        tables.take(&of_visit, &visits, Use::Visit, from);
        if !tables.visit.iter().any(|(key, ..)| *key == "visit") {
            return None;
        }
        draft.notes = of_visit.notes.iter().chain(&of_charge.notes).chain(&tables.notes).cloned().collect();
        let mut hidden = ids_of_visit + ids_of_charge;
        let mut unread = |found: &Found, columns: &[Column], before: &str| {
            let read: BTreeSet<usize> = found.placed.iter().map(|(_, at, _)| *at).collect();
            let left = columns.iter().enumerate().filter(|(at, _)| !read.contains(at));
            let (told, rest): (Vec<_>, Vec<_>) = left.map(|(_, column)| column).partition(|column| is_told(column));
            hidden += rest.len();
            told.into_iter().map(|column| format!("{before}{}", column.name)).collect::<Vec<_>>()
        };
        draft.unused = unread(&of_visit, &visits, "");
        let below_them = if self.charges.is_empty() { String::new() } else { format!("{}.", self.charges) };
        draft.unused.extend(unread(&of_charge, &charges, &below_them));
        if hidden > 0 {
            draft.notes.push(format!(
                "{hidden} names that nothing reads hold digits or stand in one record alone: they may be keys of patients and are not shown"
            ));
        }
        draft.modifiers_not_read =
            draft.unused.iter().filter(|name| plain(name).contains("modifier")).cloned().collect();
        draft.mapping = self.mapping(written, &tables);
        for (table, rows) in [("visit", &tables.visit), ("charge", &tables.charge)] {
            draft.entries.extend(rows.iter().map(|(key, source, why)| Entry {
                element: format!("{table}.{key}"),
                source: source.clone(),
                why: why.clone(),
            }));
        }
        Some(draft)
    }

    fn mapping(&self, dates: &str, tables: &Tables) -> String {
        let mut text = format!(
            "# Drafted by `claimhost onboard` from {} records. Above each line stands why; look at them, then delete the comments.\n\
             # Every key: docs/mapping.md, records.\n\n\
             # Part of every charge's key: another one for each EHR, and never changed.\nsource_system = \"RECORDS\"\n\
             date_format = {}\n\n[framing]\nrecords = {}\n\n[records]\n",
            self.records.len(),
            quoted(dates),
            quoted(&self.framing)
        );
        if !self.charges.is_empty() {
            text += &format!("charges = {}\n", quoted(&self.charges));
        }
        for (table, rows) in [("visit", &tables.visit), ("charge", &tables.charge)] {
            text += &format!("\n[{table}]\n");
            let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (key, source, why) in rows {
                if matches!(*key, "dx" | "charge_dx" | "modifiers") {
                    lists.entry(key).or_default().push(quoted(source));
                } else {
                    text += &format!("# {why}\n{key} = {}\n", quoted(source));
                }
            }
            for (key, sources) in lists {
                text += &format!("{key} = [{}]\n", sources.join(", "));
            }
        }
        text
    }
}

fn at<'v>(record: &'v Value, path: &str) -> Vec<&'v Value> {
    let found = path.split('.').try_fold(record, |value, name| value.get(name));
    found.and_then(Value::as_array).into_iter().flatten().collect()
}

fn is_of_days(column: &Column) -> bool {
    let is_day = |element: &&Element| element.form == Form::Day;
    ELEMENTS
        .iter()
        .filter(is_day)
        .any(|element| element.names.iter().any(|name| column.aliases.iter().any(|alias| alias == name)))
}

type Row = (&'static str, String, String);

/// The rows of `[visit]` and `[charge]`.
#[derive(Default)]
struct Tables {
    visit: Vec<Row>,
    charge: Vec<Row>,
    notes: Vec<String>,
}

impl Tables {
    /// Takes what was found for one kind of element, where it is not there yet.
    fn take(&mut self, found: &Found, columns: &[Column], of: Use, from: From) {
        let known: BTreeSet<&str> = self.visit.iter().chain(&self.charge).map(|(key, ..)| *key).collect();
        for (element, at, why) in found.placed.iter().filter(|(element, ..)| element.of == of) {
            let Some(column) = columns.get(*at) else { continue };
            let is_list =
                |letters: &str| element.key.strip_prefix(letters).is_some_and(|number| number.parse::<u8>().is_ok());
            // Diagnoses of the visit are the visit's; those of the charge's own record are the charge's.
            let (key, table) = match element.key {
                _ if is_list("dx") && from == From::Charge => ("charge_dx", &mut self.charge),
                _ if is_list("dx") => ("dx", &mut self.visit),
                _ if is_list("modifier") => ("modifiers", &mut self.charge),
                key if of == Use::Charge => (key, &mut self.charge),
                key => (key, &mut self.visit),
            };
            if known.contains(key) {
                continue;
            }
            // The site's own words would reject every record; the bill-hold closes visits without them.
            let words = || column.said().map(str::to_ascii_lowercase);
            if key == "status" && words().any(|word| !STATUSES.contains(&word.as_str())) {
                self.notes.push(format!(
                    "`{}`: not all of its words are open, closed or cancelled, so it is not read; [visit] status or [charge] action with \
                     [values] has to say what they mean",
                    column.name
                ));
                continue;
            }
            let before = if from == From::Visit && of == Use::Charge && key != "dx" { "^" } else { "" };
            table.push((key, format!("{before}{}", column.name), why.clone()));
        }
    }
}

/// Whose record a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Visit,
    Charge,
    /// The record is visit and charge in one.
    Both,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn drafted(value: Value) -> toml::Table {
        let sample =
            Sample { number: 1, path: "a.json".into(), format: Format::Json, bytes: value.to_string().into_bytes() };
        draft(&[&sample]).map_err(|error| error.to_string()).unwrap().mapping.parse().unwrap()
    }

    #[test]
    fn nested_charges_are_found_with_what_stands_at_their_visit() {
        let visit = |number: u32| {
            json!({
                "encounter": {"id": format!("E{number}"), "date": "2026-05-01T09:00:00"},
                "patient": {"mrn": "M1", "name": {"last": "VANCE", "first": "ORLA"}, "dob": "1980-01-01"},
                "doctor": {"npi": "1234567893", "name": {"last": "ADLER"}},
                "insurance": [{"plan": "FIRST", "memberId": "P1"}, {"plan": "SECOND", "memberId": "Q1"}],
                "diagnoses": ["J06.9"],
                "lines": [{"lineId": "1", "cpt": "99213", "modifiers": ["25"], "units": 1, "amount": 90.5}],
            })
        };
        let mapping = drafted(json!({"data": {"encounters": [visit(1), visit(2)]}}));
        let text = |table: &str, key: &str| mapping[table][key].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("framing", "records"), "data.encounters");
        assert_eq!(text("records", "charges"), "lines");
        for (table, key, path) in [
            ("visit", "visit", "encounter.id"),
            ("visit", "patient_last", "patient.name.last"),
            ("visit", "patient_birth_date", "patient.dob"),
            ("visit", "rendering_npi", "doctor.npi"),
            ("visit", "payer", "insurance[0].plan"),
            ("visit", "member_id", "insurance[0].memberId"),
            ("visit", "member_id2", "insurance[1].memberId"),
            ("charge", "procedure", "cpt"),
            ("charge", "charge_id", "lineId"),
            ("charge", "charge", "amount"),
            ("charge", "service_date", "^encounter.date"),
        ] {
            assert_eq!(text(table, key), path, "{key}: {mapping}");
        }
        assert_eq!(mapping["visit"]["dx"][0].as_str(), Some("diagnoses"), "{mapping}");
        assert_eq!(mapping["charge"]["modifiers"][0].as_str(), Some("modifiers"), "{mapping}");
    }

    #[test]
    fn a_flat_list_is_visit_and_charge_and_a_list_without_codes_is_refused() {
        let row =
            json!({"visitId": "V1", "chargeId": "C1", "procedureCode": "99213", "dos": "05/01/2026", "dx1": "J069"});
        let mapping = drafted(json!([row]));
        assert_eq!(mapping["visit"]["visit"].as_str(), Some("visitId"), "{mapping}");
        assert_eq!(
            (mapping["charge"]["procedure"].as_str(), mapping["date_format"].as_str()),
            (Some("procedureCode"), Some("MM/DD/YYYY"))
        );
        assert_eq!(mapping["visit"]["dx"][0].as_str(), Some("dx1"), "{mapping}");
        let sample = Sample { number: 1, path: "a.json".into(), format: Format::Json, bytes: b"[{\"a\":1}]".to_vec() };
        assert!(draft(&[&sample]).is_err_and(|error| error.to_string().contains("procedure codes")));
    }

    fn sample(value: &Value) -> Sample {
        Sample { number: 1, path: "a.json".into(), format: Format::Json, bytes: value.to_string().into_bytes() }
    }

    #[test]
    fn charges_below_keys_are_refused_and_no_key_is_named() {
        let visit = |id: &str| json!({"visitId": id, "chargeId": "1", "cpt": "99213", "dos": "2026-05-01"});
        for tree in [
            json!({"patients": {"ZQVANCE": visit("V1"), "ZQORLA": visit("V2")}}),
            json!({"patients": {"ZQVANCE": {"rows": [visit("V1")]}, "ZQORLA": {"rows": [visit("V2")]}}}),
            json!({"555-01-0099": {"rows": [visit("V1")]}}),
        ] {
            let said = draft(&[&sample(&tree)]).unwrap_err().to_string();
            assert!(said.contains("names that are keys") && !said.contains("ZQ") && !said.contains("0099"), "{said}");
        }
    }

    #[test]
    fn a_name_of_one_record_or_with_digits_is_counted_and_not_shown() {
        let row = |extra: Value| {
            let mut row = json!({"visitId": "V1", "cpt": "99213", "dos": "2026-05-01", "room": "3", "modifier5": "25"});
            row["seen"] = extra;
            row
        };
        let by = |key: &str| json!({key: {"note": "x"}});
        for (rows, unused, hidden) in [
            (json!([row(by("555-01-0099")), row(by("555-01-0099"))]), vec!["modifier5", "room"], "1 names"),
            (json!([row(by("ZQVANCE")), row(by("ZQORLA"))]), vec!["modifier5", "room"], "2 names"),
            (json!([row(by("ZQVANCE"))]), vec!["modifier5"], "2 names"),
        ] {
            let draft = draft(&[&sample(&rows)]).map_err(|error| error.to_string()).unwrap();
            assert_eq!(draft.unused, unused, "{:?}", draft.notes);
            assert_eq!(draft.modifiers_not_read, ["modifier5"]);
            assert!(draft.notes.iter().any(|note| note.starts_with(hidden)), "{:?}", draft.notes);
            assert!(!draft.mapping.contains("0099") && !draft.mapping.contains("ZQ"), "{}", draft.mapping);
        }
    }
}
