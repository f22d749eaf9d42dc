//! The mapping of JSON and XML of a vendor's own shape over `records`: the list of records, and paths whose last names are known.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_fhir::{Json, Value as Read};
use claimhost_sdk::delimited::DateFormat;
use serde_json::Value;

use super::OnboardError;
use super::columns::{Column, ELEMENTS, Element, Entry, Found, Use, find, plain};
use super::draft::{Draft, Hints, quoted};
use super::form::{Form, date_format};
use super::recognise::{Format, Sample};

/// Words of a visit's status that the component knows.
const STATUSES: [&str; 4] = ["open", "closed", "cancelled", "canceled"];
/// Deepest nesting that is followed.
const DEPTH_MAX: usize = 8;
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
        let place = match &place {
            Some(known) => known,
            None => place.insert(records_of(&tree, sample.format == Format::Xml).ok_or_else(|| {
                wrong("found no list of records with procedure codes, expected one; export a day with charges")
            })?),
        };
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

/// The sample as a tree.
pub(crate) fn tree(sample: &Sample) -> Result<Value, OnboardError> {
    let wrong = |words: String| OnboardError::Sample { path: sample.path.clone(), words };
    let bytes = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&sample.bytes);
    if sample.format == Format::Xml {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            wrong(format!("found a byte that is no UTF-8 at {}, expected UTF-8", error.valid_up_to()))
        })?;
        let read = claimhost_sdk::xml::parse(text).map_err(|(at, found)| {
            wrong(format!("found {found} at byte {at}, expected XML; ask for the file again"))
        })?;
        return Ok(plain_tree(&read));
    }
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(bytes).into_iter().collect();
    let mut values = values.map_err(|error| {
        wrong(format!(
            "found no JSON at line {}, column {}, expected JSON; ask for the file again",
            error.line(),
            error.column()
        ))
    })?;
    Ok(if values.len() == 1 { values.remove(0) } else { Value::Array(values) })
}

fn plain_tree(read: &Json<'_>) -> Value {
    match &read.value {
        Read::Array(items) => items.iter().map(plain_tree).collect(),
        Read::Object(fields) => fields.iter().map(|(name, value)| (name.to_string(), plain_tree(value))).collect(),
        _ => read.text().map_or(Value::Null, Value::from),
    }
}

/// Whether somewhere below there is a name that is known for procedure codes, with one.
fn has_procedure(value: &Value, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let is_named = ELEMENTS
                .iter()
                .any(|element| element.key == "procedure" && element.names.contains(&plain(name).as_str()));
            let text = scalar(value).or_else(|| scalar(value.get("code")?));
            (is_named && text.is_some_and(|text| Form::Procedure.has(&text, None))) || has_procedure(value, depth + 1)
        }),
        Value::Array(items) => items.iter().any(|item| has_procedure(item, depth + 1)),
        _ => false,
    }
}

/// The names that lead to the records; of XML, the name of their element.
fn records_of(tree: &Value, xml: bool) -> Option<String> {
    let is_list = |value: &Value| value.as_array().is_some_and(|items| items.first().is_some_and(Value::is_object));
    if is_list(tree) && has_procedure(tree, 0) {
        return Some(String::new());
    }
    let mut level: Vec<(String, &Value)> = vec![(String::new(), tree)];
    for _ in 0..DEPTH_MAX {
        let mut next = Vec::new();
        for (path, value) in level {
            for (name, value) in value.as_object().into_iter().flatten() {
                let path = if path.is_empty() || xml { name.clone() } else { format!("{path}.{name}") };
                // Of XML, an element that is there once is no list: one that has a procedure in it and no list of such.
                let once = xml && value.is_object() && !has_list(value);
                if (is_list(value) || once) && has_procedure(value, 0) {
                    return Some(path);
                }
                next.push((path, value));
            }
        }
        level = next;
    }
    // A file of one record.
    (tree.is_object() && has_procedure(tree, 0)).then(String::new)
}

fn has_list(value: &Value) -> bool {
    let fields = || value.as_object().into_iter().flatten().map(|(_, value)| value);
    fields().any(|value| (value.is_array() && has_procedure(value, 0)) || (has_procedure(value, 0) && has_list(value)))
}

fn collect<'v>(tree: &'v Value, place: &str, xml: bool, out: &mut Vec<&'v Value>) {
    let items = |value: &'v Value| value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
    if place.is_empty() {
        out.extend(items(tree));
    } else if xml {
        for (name, value) in tree.as_object().into_iter().flatten() {
            if name == place {
                out.extend(items(value));
            } else {
                items(value).into_iter().for_each(|item| collect(item, place, xml, out));
            }
        }
    } else if let Some(found) = place.split('.').try_fold(tree, |value, name| value.get(name)) {
        out.extend(items(found));
    }
}

/// The list of charges below a record; none where the record is the charge.
fn charges_below(record: &Value, path: String, depth: usize) -> Option<String> {
    if depth > DEPTH_MAX {
        return None;
    }
    record.as_object()?.iter().find_map(|(name, value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) && has_procedure(value, 0) => Some(path),
            Value::Object(_) => charges_below(value, path, depth + 1),
            _ => None,
        }
    })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
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
        let visits = places(&records, &self.charges);
        let below: Vec<&Value> = if self.charges.is_empty() {
            Vec::new()
        } else {
            records.iter().flat_map(|record| at(record, &self.charges)).collect()
        };
        let charges = places(&below, "");
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
        let unread = |found: &Found, columns: &[Column], before: &str| {
            let read: BTreeSet<usize> = found.placed.iter().map(|(_, at, _)| *at).collect();
            // A name that one record alone has may be an id or a person's name that somebody made a key of.
            let is_name = |column: &Column| column.values.len() < 2 || column.said().count() > 1;
            let left = columns.iter().enumerate().filter(|(at, column)| !read.contains(at) && is_name(column));
            left.map(|(_, column)| format!("{before}{}", column.name)).collect::<Vec<_>>()
        };
        draft.unused = unread(&of_visit, &visits, "");
        let below_them = if self.charges.is_empty() { String::new() } else { format!("{}.", self.charges) };
        draft.unused.extend(unread(&of_charge, &charges, &below_them));
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
}
