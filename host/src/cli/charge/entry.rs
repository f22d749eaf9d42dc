//! One entry: a visit with its charges, as keyed or read from JSON, and the superbill rows that it becomes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::field::{CHARGE, DIAGNOSES_MAX, Field, MODIFIERS_MAX, VISIT, misfit};
use crate::config::suggest;

/// A problem of an entry, or a finding about it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Problem {
    /// Key of the field (`member_id`, `charges[0].units`); empty: the entry as a whole.
    pub(super) field: String,
    /// Rule, or `entry.form`, `entry.missing`, `entry.unknown-field`, `entry.id-used`.
    pub(super) rule: String,
    /// How bad.
    pub(super) weight: Weight,
    /// For the person who keys.
    pub(super) words: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Weight {
    /// Told.
    Warn,
    /// The claim would be held.
    Hold,
    /// It is no entry.
    Refuse,
}

/// Texts by key, in the form of [`super::field::Form::normal`].
pub(super) type Texts = BTreeMap<&'static str, String>;

/// One visit with its charges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Of the visit.
    pub(super) visit: Texts,
    /// Of each charge.
    pub(super) charges: Vec<Texts>,
    /// No more charges are to come: the visit is billed at once.
    pub(super) closed: bool,
}

impl Entry {
    /// Reads a JSON object. Problems stand with their fields; what can be read is kept, so that all are told at once.
    pub(super) fn read(value: &Value) -> (Self, Vec<Problem>) {
        let mut entry = Self { closed: true, ..Self::default() };
        let mut problems = Vec::new();
        let Value::Object(members) = value else {
            problems.push(form("", "found no object, expected { \"visit\": ..., \"charges\": [...] }"));
            return (entry, problems);
        };
        for (key, value) in members {
            match (key.as_str(), value) {
                ("closed", Value::Bool(closed)) => entry.closed = *closed,
                ("closed", _) => problems.push(form("closed", "expected true or false")),
                ("charges", Value::Array(charges)) => {
                    for (at, charge) in charges.iter().enumerate() {
                        let path = format!("charges[{at}]");
                        let texts = match charge {
                            Value::Object(members) => {
                                let members = members.iter().map(|(key, value)| (key.as_str(), value));
                                texts(CHARGE, members, &format!("{path}."), &mut problems)
                            }
                            _ => {
                                problems.push(form(&path, "found no object, expected { \"charge_id\": ... }"));
                                Texts::new()
                            }
                        };
                        entry.charges.push(texts);
                    }
                }
                ("charges", _) => problems.push(form("charges", "expected a list of objects")),
                (key, value) => entry.visit.extend(texts(VISIT, [(key, value)].into_iter(), "", &mut problems)),
            }
        }
        entry.fill();
        let missing = entry.missing();
        let told: Vec<String> = problems.iter().map(|problem| problem.field.clone()).collect();
        problems.extend(missing.into_iter().filter(|problem| !told.contains(&problem.field)));
        (entry, problems)
    }

    /// A charge without a day of its own is of the visit's day; one that is counted in minutes is one unit.
    pub(super) fn fill(&mut self) {
        let day = self.visit.get("service_date").cloned().unwrap_or_default();
        for charge in &mut self.charges {
            if charge.get("minutes").is_some_and(|minutes| !minutes.is_empty()) {
                let units = charge.entry("units").or_default();
                if units.is_empty() {
                    units.push('1');
                }
            }
            let own = charge.entry("service_date").or_default();
            if own.is_empty() {
                own.clone_from(&day);
            }
        }
        if day.is_empty()
            && let Some(first) = self.charges.first().and_then(|charge| charge.get("service_date"))
        {
            self.visit.insert("service_date", first.clone());
        }
    }

    /// Fields that an entry must have and this one lacks.
    fn missing(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut look = |fields: &[Field], texts: &Texts, path: &str| {
            for field in fields.iter().filter(|field| field.required) {
                if texts.get(field.key).is_none_or(String::is_empty) {
                    problems.push(missing(&format!("{path}{}", field.key), field.form.wanted()));
                }
            }
        };
        look(VISIT, &self.visit, "");
        for (at, charge) in self.charges.iter().enumerate() {
            look(CHARGE, charge, &format!("charges[{at}]."));
        }
        if self.charges.is_empty() {
            problems.push(missing("charges", "at least one charge"));
        }
        let mut ids: Vec<&str> = self.charge_ids().collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| matches!(pair, [a, b] if a == b && !a.is_empty())) {
            problems.push(form("charges", "two charges have one charge_id, expected an id for each"));
        }
        problems
    }

    /// The visit's number.
    pub(super) fn number(&self) -> &str {
        self.visit.get("visit").map_or("", String::as_str)
    }

    /// The charges' own ids.
    pub(super) fn charge_ids(&self) -> impl Iterator<Item = &str> {
        self.charges.iter().filter_map(|charge| charge.get("charge_id")).map(String::as_str)
    }

    /// The sum of the charges, in cents.
    pub(super) fn cents(&self) -> i64 {
        let cents = |charge: &Texts| charge.get("charge").and_then(|text| text.replace('.', "").parse::<i64>().ok());
        self.charges.iter().filter_map(cents).sum()
    }

    /// Header and one row a charge; for an entry without charges, the header and one row of the visit. `sequence` orders a
    /// correction after what it corrects.
    pub(super) fn rows(&self, sequence: Option<u64>) -> Vec<Vec<String>> {
        let mut columns: Vec<String> = ["Status", "Seq", "Rendering NPI", "Rendering ID"].map(str::to_owned).to_vec();
        let named = |fields: &'static [Field]| fields.iter().filter(|field| !field.column.is_empty());
        columns.extend(named(VISIT).chain(named(CHARGE)).map(|field| field.column.to_owned()));
        columns.extend((1..=DIAGNOSES_MAX).map(|at| format!("Dx{at}")));
        columns.extend((1..=MODIFIERS_MAX).map(|at| format!("Mod{at}")));
        let none = Texts::new();
        let charges: Vec<&Texts> = if self.charges.is_empty() { vec![&none] } else { self.charges.iter().collect() };
        let text = |texts: &Texts, key: &str| texts.get(key).cloned().unwrap_or_default();
        let rendering = text(&self.visit, "rendering");
        let is_npi = rendering.len() == 10 && rendering.bytes().all(|byte| byte.is_ascii_digit());
        let (npi, local) = if is_npi { (rendering, String::new()) } else { (String::new(), rendering) };
        let spread = |texts: &Texts, key: &str, count: usize| {
            let codes = text(texts, key);
            let mut codes: Vec<String> = codes.split(' ').map(str::to_owned).collect();
            codes.resize(count, String::new());
            codes
        };
        let mut rows = vec![columns];
        for charge in charges {
            let corrects = text(charge, "action") == "replace" || text(charge, "action") == "cancel";
            let order = sequence.filter(|_| corrects).map(|number| number.to_string()).unwrap_or_default();
            let mut row = vec![if self.closed { "closed".to_owned() } else { String::new() }, order];
            row.extend([npi.clone(), local.clone()]);
            row.extend(named(VISIT).map(|field| text(&self.visit, field.key)));
            row.extend(named(CHARGE).map(|field| text(charge, field.key)));
            row.extend(spread(&self.visit, "diagnoses", DIAGNOSES_MAX));
            row.extend(spread(charge, "modifiers", MODIFIERS_MAX));
            rows.push(row);
        }
        rows
    }

    /// Where two keyings of one visit differ: the field, and what each says.
    pub(super) fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let mut look = |fields: &[Field], first: &Texts, second: &Texts, path: &str| {
            for field in fields {
                let of = |texts: &Texts| texts.get(field.key).cloned().unwrap_or_default();
                let (first, second) = (of(first), of(second));
                if first != second {
                    found.push(Difference { field: format!("{path}{}", field.key), first, second });
                }
            }
        };
        look(VISIT, &self.visit, &other.visit, "");
        for (at, (first, second)) in self.charges.iter().zip(&other.charges).enumerate() {
            look(CHARGE, first, second, &format!("charges[{at}]."));
        }
        if self.charges.len() != other.charges.len() {
            let count = |entry: &Self| format!("{} charges", entry.charges.len());
            found.push(Difference { field: "charges".to_owned(), first: count(self), second: count(other) });
        }
        if self.closed != other.closed {
            let (first, second) = (self.closed.to_string(), other.closed.to_string());
            found.push(Difference { field: "closed".to_owned(), first, second });
        }
        found
    }

    /// The text of a field by its path (`member_id`, `charges[0].units`), to be keyed anew.
    pub(super) fn text_mut(&mut self, path: &str) -> Option<(&'static Field, &mut String)> {
        let (fields, texts, key) = match path.strip_prefix("charges[").and_then(|rest| rest.split_once("].")) {
            Some((at, key)) => (CHARGE, self.charges.get_mut(at.parse::<usize>().ok()?)?, key),
            None => (VISIT, &mut self.visit, path),
        };
        let field = fields.iter().find(|field| field.key == key)?;
        Some((field, texts.entry(field.key).or_default()))
    }
}

/// A field that two keyings do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Difference {
    /// Path of the field.
    pub(super) field: String,
    /// What was keyed first.
    pub(super) first: String,
    /// What was keyed second.
    pub(super) second: String,
}

fn form(field: &str, words: &str) -> Problem {
    Problem { field: field.to_owned(), rule: "entry.form".to_owned(), weight: Weight::Refuse, words: words.to_owned() }
}

fn missing(field: &str, wanted: &str) -> Problem {
    let words = format!("found nothing, expected {wanted}");
    Problem { field: field.to_owned(), rule: "entry.missing".to_owned(), weight: Weight::Refuse, words }
}

fn texts<'a>(
    fields: &'static [Field],
    members: impl Iterator<Item = (&'a str, &'a Value)>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Texts {
    let mut texts = Texts::new();
    for (key, value) in members {
        let Some(field) = fields.iter().find(|field| field.key == key) else {
            let near = suggest(key, fields.iter().map(|field| field.key));
            let words = format!("there is no such field{near}");
            problems.push(Problem { rule: "entry.unknown-field".to_owned(), ..form(&format!("{path}{key}"), &words) });
            continue;
        };
        let Some(text) = plain(value) else {
            problems.push(form(
                &format!("{path}{key}"),
                &format!("found a list or object, expected {}", field.form.wanted()),
            ));
            continue;
        };
        match field.form.normal(&text) {
            Ok(text) => {
                texts.insert(field.key, text);
            }
            Err(expected) => problems.push(form(&format!("{path}{key}"), &misfit(&text, &expected))),
        }
    }
    texts
}

/// A value as keyed: a text, a number, a list of codes.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| match item {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
                .collect();
            items.map(|items| items.join(" "))
        }
        Value::Bool(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn whole() -> Value {
        json!({
            "visit": "V1", "patient_mrn": "M1", "patient_last": "Vance", "patient_first": "Orla", "patient_birth_date": "01/31/1980",
            "patient_gender": "F", "patient_address1": "12 Elm", "patient_city": "Anytown", "patient_state": "oh",
            "patient_postal_code": "43001", "payer": "EXAMPLE", "member_id": "ID1", "relationship": "self", "rendering": "DR01",
            "diagnoses": ["I10", "e11.9"], "service_date": "2026-05-01",
            "charges": [{ "charge_id": "C1", "procedure": "99213", "modifiers": ["25"], "units": 1, "charge": 145.5, "pointers": "A" }],
        })
    }

    #[test]
    fn a_whole_entry_becomes_rows_under_the_adapters_columns() {
        let (entry, problems) = Entry::read(&whole());
        assert_eq!(problems, []);
        let rows = entry.rows(None);
        assert_eq!(rows.len(), 2);
        let cell = |column: &str| rows[1][rows[0].iter().position(|name| name == column).unwrap()].as_str();
        for (column, text) in [
            ("Visit ID", "V1"),
            ("DOS", "2026-05-01"),
            ("Patient DOB", "1980-01-31"),
            ("State", "OH"),
            ("Rendering ID", "DR01"),
            ("Rendering NPI", ""),
            ("Dx2", "E11.9"),
            ("Dx3", ""),
            ("Mod1", "25"),
            ("Charge", "145.50"),
            ("Status", "closed"),
            ("Seq", ""),
        ] {
            assert_eq!(cell(column), text, "{column}");
        }
        assert_eq!(entry.cents(), 14_550);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    }

    #[test]
    fn every_problem_is_told_at_once_with_its_field_and_never_a_value() {
        let mut value = whole();
        value["patient_birth_date"] = json!("1980-13-01");
        value["patient_lst"] = json!("Vance");
        value["charges"][0]["units"] = json!("many");
        value.as_object_mut().unwrap().remove("member_id");
        let (_, problems) = Entry::read(&value);
        let fields: Vec<(&str, &str)> =
            problems.iter().map(|problem| (problem.field.as_str(), problem.rule.as_str())).collect();
        for expected in [
            ("patient_birth_date", "entry.form"),
            ("patient_lst", "entry.unknown-field"),
            ("charges[0].units", "entry.form"),
            ("member_id", "entry.missing"),
        ] {
            assert!(fields.contains(&expected), "{expected:?} in {fields:?}");
        }
        assert!(problems.iter().any(|problem| problem.words.contains("did you mean `patient_last`")));
        assert!(!problems.iter().any(|problem| problem.words.contains("1980") || problem.words.contains("many")));
    }

    #[test]
    fn two_keyings_are_compared_field_by_field() {
        let (first, _) = Entry::read(&whole());
        let mut value = whole();
        value["member_id"] = json!("ID7");
        value["charges"][0]["charge"] = json!("154.50");
        let (second, _) = Entry::read(&value);
        let differences = first.differences(&second);
        let fields: Vec<&str> = differences.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["member_id", "charges[0].charge"]);
        assert_eq!((differences[1].first.as_str(), differences[1].second.as_str()), ("145.50", "154.50"));
        assert_eq!(first.differences(&first.clone()), []);
    }
}
