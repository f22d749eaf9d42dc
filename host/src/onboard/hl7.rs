//! The mapping of an HL7 v2 feed over `hl7v2-dft`: the standard's positions where the sample has them, and another one only where
//! exactly one other position of the charge holds what is looked for.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_hl7v2::{Group, Message, Path, frames, parse_date};

use super::OnboardError;
use super::columns::Entry;
use super::draft::{Draft, quoted};
use super::form::Form;
use super::recognise::Sample;

/// Where an element stands by default, and what its values look like.
struct Key {
    table: &'static str,
    key: &'static str,
    path: &'static str,
    form: Form,
    /// Places that sites use instead, beside every place of the charge.
    others: &'static [&'static str],
}

const fn key(
    table: &'static str,
    key: &'static str,
    path: &'static str,
    form: Form,
    others: &'static [&'static str],
) -> Key {
    Key { table, key, path, form, others }
}

/// The elements that are looked for, with the component's defaults (docs/mapping.md). Those with the surest form come first: what one
/// has found no other one takes.
#[rustfmt::skip] // a table
const KEYS: &[Key] = &[
    key("charge", "code", "FT1-25|FT1-7", Form::Procedure, &[]),
    key("charge", "diagnoses", "FT1-19", Form::Diagnosis, &[]),
    key("charge", "date", "FT1-4", Form::Day, &[]),
    key("charge", "amount", "FT1-11", Form::Money, &[]),
    key("charge", "units", "FT1-10", Form::Quantity, &[]),
    key("charge", "modifiers", "FT1-26", Form::Modifier, &[]),
    key("charge", "id", "FT1-2.1", Form::Text, &["FT1-23.1", "FT1-3.1"]),
    key("charge", "rendering", "FT1-20|PV1-7", Form::Text, &["FT1-17", "PV1-17", "PV1-9"]),
    key("visit", "number", "PV1-19.1|PID-18.1", Form::Text, &["PV1-50.1"]),
    key("visit", "location", "FT1-16.1|PV1-3.1", Form::Text, &["FT1-13.1", "PV1-39.1"]),
    key("patient", "mrn", "PID-3.1", Form::Text, &["PID-2.1", "PID-4.1"]),
    key("patient", "name", "PID-5", Form::Text, &[]),
    key("patient", "birth_date", "PID-7", Form::Day, &[]),
    key("patient", "gender", "PID-8", Form::Gender, &[]),
    key("patient", "address", "PID-11", Form::Text, &[]),
    key("insurance", "member_id", "IN1-36|IN1-49.1|IN2-61.1", Form::Text, &["IN1-2.1"]),
    key("insurance", "payer_name", "IN1-4.1", Form::Text, &[]),
];

/// Where the transaction type is.
const TYPE: &str = "FT1-6";
/// Transaction types (FT1-6) that the component knows.
const TYPES: [&str; 4] = ["CG", "CD", "PY", "CO"];

/// What is at the places of the charges of a sample.
#[derive(Default)]
struct Seen {
    charges: usize,
    /// Present and of the form, by key of [`KEYS`].
    fit: BTreeMap<&'static str, usize>,
    /// The same of the other places, by path.
    others: BTreeMap<String, BTreeMap<&'static str, usize>>,
    /// Values of a place that are there once, for ids.
    values: BTreeMap<String, BTreeSet<Vec<u8>>>,
    types: BTreeMap<String, usize>,
    sending_facility: usize,
    sending_application: usize,
    messages: usize,
}

/// Drafts the mapping of HL7 samples.
///
/// # Errors
/// [`OnboardError::Sample`]: there is no charge in any of them.
pub(crate) fn draft(samples: &[&Sample]) -> Result<Draft, OnboardError> {
    let mut seen = Seen::default();
    for sample in samples {
        for frame in frames(&sample.bytes).messages() {
            if let Ok(message) = Message::parse(frame.bytes) {
                seen.message(&message);
            }
        }
    }
    if seen.charges == 0 {
        let path = samples.first().map(|sample| sample.path.clone()).unwrap_or_default();
        let words = format!(
            "found {} messages and no charge (FT1) in them, expected DFT; export a day with charges",
            seen.messages
        );
        return Err(OnboardError::Sample { path, words });
    }
    Ok(seen.drafted())
}

/// Whether a value has a form; components of HL7 are told apart before.
fn has(form: Form, text: &str) -> bool {
    match form {
        Form::Day => text.get(..8).is_some_and(|day| parse_date(day).is_some()),
        // A count is an amount by its form alone.
        Form::Money => text.contains('.') && form.has(text, None),
        Form::Text => !text.is_empty(),
        form => form.has(text, None),
    }
}

impl Seen {
    fn message(&mut self, message: &Message<'_>) {
        self.messages += 1;
        let says = |path: &str| Path::parse(path).is_ok_and(|path| message.get(&path).is_present());
        self.sending_facility += usize::from(says("MSH-4.1"));
        self.sending_application += usize::from(says("MSH-3.1"));
        for charge in message.charges(message.charge_scope()) {
            self.charge(&charge);
        }
    }

    fn charge(&mut self, charge: &Group<'_, '_>) {
        self.charges += 1;
        let text = |path: &str| {
            let value = Path::parse(path).ok().map(|path| charge.get(&path))?;
            let first = if path.contains('.') { value } else { value.component(1) };
            first.is_present().then(|| first.text().trim().to_owned())
        };
        for key in KEYS {
            *self.fit.entry(key.key).or_default() +=
                usize::from(text(key.path).is_some_and(|found| has(key.form, &found)));
            for other in key.others {
                if let Some(found) = text(other).filter(|found| has(key.form, found)) {
                    *self.others.entry((*other).to_owned()).or_default().entry(key.key).or_default() += 1;
                    self.values.entry((*other).to_owned()).or_default().insert(found.into_bytes());
                }
            }
        }
        if let Some(kind) = text(TYPE) {
            *self.types.entry(kind).or_default() += 1;
        }
        for segment in charge.segments() {
            let name = segment.id();
            if name.as_str() != "FT1" && !name.is_local() {
                continue;
            }
            for field in 1..=u16::try_from(segment.field_count()).unwrap_or(0) {
                let value = segment.field(field).component(1);
                let found = value.text().trim().to_owned();
                if found.is_empty() {
                    continue;
                }
                let counts = self.others.entry(format!("{}-{field}", name.as_str())).or_default();
                *counts.entry("type").or_default() += usize::from(TYPES.contains(&found.as_str()));
                for key in KEYS
                    .iter()
                    .filter(|key| !matches!(key.form, Form::Text | Form::Quantity | Form::Gender | Form::Modifier))
                {
                    *counts.entry(key.key).or_default() += usize::from(has(key.form, &found));
                }
            }
        }
    }

    /// The one other place that nine of ten charges have an element at.
    fn elsewhere(&self, key: &Key, taken: &BTreeSet<String>) -> Vec<(String, usize)> {
        let is_own = |path: &str| key.path.split('|').any(|own| own == path);
        let fits = self.others.iter().filter(|(path, _)| !is_own(path) && !taken.contains(*path)).filter_map(
            |(path, counts)| {
                let count = counts.get(key.key).copied().unwrap_or(0);
                (count * 10 >= self.charges * 9).then(|| (path.clone(), count))
            },
        );
        // An id that is the same twice is none.
        let is_key =
            |path: &str| key.key != "id" || self.values.get(path).is_some_and(|values| values.len() == self.charges);
        fits.filter(|(path, _)| is_key(path)).collect()
    }

    /// Where the transaction type is, if the code stands in its place.
    fn type_elsewhere(&self) -> String {
        let count = |counts: &BTreeMap<&'static str, usize>| counts.get("type").copied().unwrap_or(0);
        let mut places = self.others.iter().filter(|(_, counts)| count(counts) * 10 >= self.charges * 9);
        match (places.next(), places.next()) {
            (Some((path, counts)), None) => {
                format!(
                    "# {} of {} charges have a known type here\ntype = {}\n",
                    count(counts),
                    self.charges,
                    quoted(path)
                )
            }
            _ => "# no one place has the types of all charges: every charge is a new one\ntype = \"\"\n".to_owned(),
        }
    }

    fn drafted(&self) -> Draft {
        let mut draft = Draft::default();
        let mut tables: BTreeMap<&str, String> = BTreeMap::new();
        let mut taken = BTreeSet::new();
        for key in KEYS {
            let fit = self.fit.get(key.key).copied().unwrap_or(0);
            let text = tables.entry(key.table).or_default();
            let element = format!("{}.{}", key.table, key.key);
            let words = if key.form == Form::Text { "a text" } else { key.form.words() };
            if fit * 2 >= self.charges {
                taken.extend(key.path.split('|').map(str::to_owned));
                let why = format!("the standard's place: {fit} of {} charges have {words} there", self.charges);
                *text += &format!("# {why}\n# {} = {}\n", key.key, quoted(key.path));
                draft.entries.push(Entry { element, source: key.path.to_owned(), why });
                continue;
            }
            match self.elsewhere(key, &taken).as_slice() {
                [(path, count)] => {
                    taken.insert(path.clone());
                    let why = format!(
                        "{count} of {} charges have {words} here, {fit} at the standard's place ({}); look at it",
                        self.charges, key.path
                    );
                    *text += &format!("# {why}\n{} = {}\n", key.key, quoted(path));
                    if path == TYPE {
                        *text += &self.type_elsewhere();
                    }
                    draft.entries.push(Entry { element, source: path.clone(), why });
                }
                several => {
                    let why = format!(
                        "{fit} of {} charges have {words} at the standard's place ({})",
                        self.charges, key.path
                    );
                    *text += &format!("# {why}\n# {} = {}\n", key.key, quoted(key.path));
                    if !several.is_empty() {
                        let places: Vec<&str> = several.iter().map(|(path, _)| path.as_str()).collect();
                        draft.notes.push(format!(
                            "{element}: {why}; several others have it: {}; say which",
                            places.join(", ")
                        ));
                    } else if key.key != "modifiers" {
                        draft.notes.push(format!("{element}: {why}, and no other place has it"));
                    }
                    if fit > 0 {
                        draft.entries.push(Entry { element, source: key.path.to_owned(), why });
                    }
                }
            }
        }
        let typed = !taken.contains(TYPE);
        draft.mapping = self.mapping(&tables, typed, &mut draft.notes);
        draft
    }

    fn mapping(&self, tables: &BTreeMap<&str, String>, typed: bool, notes: &mut Vec<String>) -> String {
        let mut text = format!(
            "# Drafted by `claimhost onboard` from {} messages with {} charges. What is commented out is the component's default.\n\
             # Every key: docs/mapping.md, hl7v2-dft.\n\n# Part of every charge's key.\n",
            self.messages, self.charges
        );
        text += match (self.sending_facility, self.sending_application) {
            (0, 0) => {
                notes.push(
                    "MSH-3 and MSH-4 are empty: nobody says who sends; give the mapping a place that says it"
                        .to_owned(),
                );
                "# source_system = \"MSH-4.1\"\n"
            }
            (0, _) => "source_system = \"MSH-3.1\"\n",
            _ => "# source_system = \"MSH-4.1\"\n",
        };
        for table in ["visit", "patient", "charge", "insurance"] {
            text += &format!("\n[{table}]\n{}", tables.get(table).map(String::as_str).unwrap_or_default());
        }
        text += "\n# What a transaction type (FT1-6) means: new, credit, cancel, replace or ignore.\n[types]\n";
        for (kind, count) in self.types.iter().filter(|_| typed) {
            // In a message that is shifted it may be anything.
            let is_word = *count > 1 && kind.len() <= 10 && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !TYPES.contains(&kind.as_str()) && is_word {
                text += &format!("# {count} charges; nothing is guessed\n# {kind} = \"\"\n");
                notes.push(format!(
                    "{count} charges have a transaction type that is not known: [types] has to say what it means"
                ));
            }
        }
        text
    }
}
