//! The practice's roster of patients: a delimited file whose columns a small mapping names.
//!
//! A file is the whole roster: it takes the place of the one before, in one transaction. One that cannot be read to its end
//! changes nothing. Every problem names row and column and the class of what was found, never a value.

use std::collections::HashMap;
use std::io::Read;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Known, Origin, keys_of_known};
use crate::claim::{Address, Date, Gender, from_jiff};
use crate::store::{PracticeStore, StoreError, StoreResult};

/// Problems that are told; of more, the number.
const TOLD_MAX: usize = 20;

/// The columns of a roster. Every key may be left out; a column that is named has to be in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// One character, or `tab`.
    pub delimiter: String,
    /// `YYYY`, `MM`, `DD` once each.
    pub date_format: String,
    /// Element and column.
    pub columns: std::collections::BTreeMap<String, String>,
}

impl Default for Mapping {
    fn default() -> Self {
        Self { delimiter: ",".to_owned(), date_format: "MM/DD/YYYY".to_owned(), columns: Default::default() }
    }
}

/// Element and usual column.
const USUAL: [(&str, &str); 18] = [
    ("patient_id", "Patient ID"),
    ("last", "Last"),
    ("first", "First"),
    ("middle", "Middle"),
    ("suffix", "Suffix"),
    ("birth_date", "DOB"),
    ("gender", "Sex"),
    ("address1", "Address 1"),
    ("address2", "Address 2"),
    ("city", "City"),
    ("state", "State"),
    ("postal_code", "ZIP"),
    ("payer", "Payer"),
    ("member_id", "Member ID"),
    ("relationship", "Relationship"),
    ("cover_from", "Cover From"),
    ("cover_to", "Cover To"),
    ("patient_id2", "Patient ID 2"),
];

/// Why a roster was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum RosterError {
    /// The mapping.
    #[error("mapping: {0}")]
    Mapping(String),
    /// The header lacks a column.
    #[error("header: found {found}, expected a column `{column}` for `{element}`; correct [columns] of the mapping")]
    Column {
        /// What the mapping calls it.
        element: String,
        /// The column.
        column: String,
        /// Class of what the header has. Its texts may be a patient's, where the file has no header.
        found: String,
    },
    /// Rows that cannot be read.
    #[error("{} rows cannot be read, nothing was loaded:\n{}", .count, .told.join("\n"))]
    Rows {
        /// How many.
        count: u64,
        /// The first of them: row, column, found, expected.
        told: Vec<String>,
    },
    /// No rows.
    #[error("found no patients, expected a header and rows; nothing was loaded")]
    Empty,
    /// The file.
    #[error("{0}")]
    File(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Patients in the roster now.
    pub patients: u64,
    /// Patients before.
    pub before: u64,
    /// Blank rows that were passed over.
    pub blank: u64,
    /// Rows that are loaded and cannot all be right.
    pub doubtful: u64,
    /// The first of them: row, and what it has in common with which other row.
    pub doubts: Vec<String>,
}

/// What rows have in common that two people have not: an id, or name and birth date.
#[derive(Default)]
struct Seen {
    /// Row that has the id, and who it is.
    ids: HashMap<String, (u64, [u8; 32])>,
    /// Row that has name and birth date, and its id.
    people: HashMap<[u8; 32], (u64, String)>,
}

impl Seen {
    /// What is doubtful about a row beside those before it. Several rows of one person (a row for each coverage) are not.
    fn doubt(&mut self, person: &Known) -> Option<String> {
        let plain = |text: &str| text.trim().to_lowercase();
        let name = &person.name;
        let born = person.birth_date.map(crate::claim::iso).unwrap_or_default();
        let parts = [plain(&name.last), plain(&name.first), plain(&name.suffix), born.clone()];
        let who: [u8; 32] = Sha256::digest(parts.join("\u{1f}")).into();
        let id = person.ids.first().cloned().unwrap_or_default();
        let row = person.row;
        let mut doubt = None;
        if !id.is_empty() {
            match self.ids.get(&id) {
                Some((before, known)) if *known != who => {
                    doubt = Some(format!(
                        "row {row}: its patient id is that of row {before}, which has another name or birth date; give each \
                         person an id of their own"
                    ));
                }
                Some(_) => {}
                None => {
                    self.ids.insert(id.clone(), (row, who));
                }
            }
        }
        if !born.is_empty() && !name.last.trim().is_empty() {
            match self.people.get(&who) {
                Some((before, known)) if *known != id && !known.is_empty() && !id.is_empty() => {
                    doubt.get_or_insert_with(|| {
                        format!(
                            "row {row}: its name and birth date are those of row {before}, under another patient id; merge \
                             them in the EHR where they are one person"
                        )
                    });
                }
                Some(_) => {}
                None => {
                    self.people.insert(who, (row, id));
                }
            }
        }
        doubt
    }
}

/// Reads a mapping.
///
/// # Errors
/// [`RosterError::Mapping`].
pub fn mapping(text: &str) -> Result<Mapping, RosterError> {
    let mapping: Mapping = toml::from_str(text).map_err(|error| RosterError::Mapping(error.to_string()))?;
    for key in mapping.columns.keys() {
        if !USUAL.iter().any(|(element, _)| element == key) {
            let near = crate::config::suggest(key, USUAL.iter().map(|(element, _)| *element));
            return Err(RosterError::Mapping(format!("[columns] has no element `{key}`{near}")));
        }
    }
    Ok(mapping)
}

/// Loads a roster in the place of the one before. Rows are read one at a time.
///
/// # Errors
/// [`RosterError`]; what was loaded before stays.
pub fn import(store: &PracticeStore, file: impl Read, mapping: &Mapping, today: i64) -> Result<Imported, RosterError> {
    let format = DateFormat::parse(&mapping.date_format)?;
    let delimiter = match (mapping.delimiter.as_str(), mapping.delimiter.as_bytes()) {
        ("tab" | "\\t", _) => b'\t',
        (_, [byte]) => *byte,
        _ => return Err(RosterError::Mapping("delimiter: expected one character, or tab".to_owned())),
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file);
    let read = |error: csv::Error| RosterError::File(format!("the file cannot be read: {}", kind(&error)));
    let header: Vec<String> = reader.byte_headers().map_err(read)?.iter().map(text).collect();
    let columns = Columns::of(&header, mapping)?;
    store.write(|tx| {
        let before = tx.forget_people(Origin::Roster.as_str())?;
        let mut imported = Imported { before, ..Imported::default() };
        let mut seen = Seen::default();
        let (mut count, mut told) = (0, Vec::new());
        let mut record = csv::ByteRecord::new();
        let mut row = 1;
        while reader.read_byte_record(&mut record).map_err(read)? {
            row += 1;
            let cells: Vec<String> = record.iter().map(text).collect();
            if cells.iter().all(String::is_empty) {
                imported.blank += 1;
                continue;
            }
            let problems = if cells.len() == header.len() {
                match columns.person(row, &cells, &format) {
                    Ok(person) => {
                        imported.patients += 1;
                        if let Some(doubt) = seen.doubt(&person) {
                            imported.doubtful += 1;
                            if imported.doubts.len() < TOLD_MAX {
                                imported.doubts.push(doubt);
                            }
                        }
                        put(tx, &person, today)?;
                        continue;
                    }
                    Err(problems) => problems,
                }
            } else {
                vec![format!("row {row}: found {} cells, expected {} as in the header", cells.len(), header.len())]
            };
            count += 1;
            told.extend(problems.into_iter().take(TOLD_MAX - told.len().min(TOLD_MAX)));
        }
        match (count, imported.patients) {
            (0, 0) => Err(RosterError::Empty),
            (0, _) => Ok(imported),
            _ => Err(RosterError::Rows { count, told }),
        }
    })
}

/// Keeps one person, as of a day, with the keys that it is found by. False where that is known.
///
/// # Errors
/// The store's.
pub fn put(tx: &crate::store::Tx<'_>, person: &Known, day: i64) -> StoreResult<bool> {
    let keys: Vec<[u8; 32]> = keys_of_known(person).iter().map(|key| tx.lookup("person", &[key.as_bytes()])).collect();
    let source = match person.origin {
        Origin::Roster => tx.lookup("roster-row", &[&person.row.to_be_bytes()]),
        Origin::Eligibility => {
            let born = person.birth_date.map(crate::claim::iso).unwrap_or_default();
            let parts = [&person.payer, &person.member_id, &person.name.last, &person.name.first, &born];
            tx.lookup("eligibility", &parts.map(|part| part.as_bytes()))
        }
    };
    tx.put_person(person.origin.as_str(), &source, day, &keys, person)
}

/// Which cell holds what.
struct Columns(Vec<(&'static str, usize, String)>);

impl Columns {
    fn of(header: &[String], mapping: &Mapping) -> Result<Self, RosterError> {
        let mut columns = Vec::new();
        for (element, usual) in USUAL {
            let named = mapping.columns.get(element);
            let column = named.map_or(usual, String::as_str);
            if column.is_empty() {
                continue;
            }
            match header.iter().position(|known| known.eq_ignore_ascii_case(column)) {
                Some(at) => columns.push((element, at, column.to_owned())),
                None if named.is_some() || matches!(element, "last" | "first" | "birth_date") => {
                    return Err(RosterError::Column {
                        element: element.to_owned(),
                        column: column.to_owned(),
                        found: format!("{} columns, none of them it", header.len()),
                    });
                }
                None => {}
            }
        }
        Ok(Self(columns))
    }

    fn text(&self, element: &str, cells: &[String]) -> String {
        let at = self.0.iter().find(|(known, ..)| *known == element).map(|(_, at, _)| *at);
        at.and_then(|at| cells.get(at)).cloned().unwrap_or_default()
    }

    fn person(&self, row: u64, cells: &[String], format: &DateFormat) -> Result<Known, Vec<String>> {
        let text = |element: &str| self.text(element, cells);
        let mut problems = Vec::new();
        let mut date = |element: &str| {
            let value = text(element);
            let day = format.day(&value);
            if day.is_none() && !value.is_empty() {
                let column = self.0.iter().find(|(known, ..)| *known == element).map_or("", |(.., name)| name.as_str());
                let found = claimhost_hl7v2::shape(&value);
                problems.push(format!("row {row}, column {column}: found {found}, expected a day as date_format says"));
            }
            day
        };
        let (birth_date, cover_from, cover_to) = (date("birth_date"), date("cover_from"), date("cover_to"));
        let address = Address {
            line1: text("address1"),
            line2: text("address2"),
            city: text("city"),
            state: text("state"),
            postal_code: text("postal_code"),
            country: String::new(),
            subdivision: String::new(),
        };
        let mut ids = vec![text("patient_id"), text("patient_id2")];
        ids.retain(|id| !id.is_empty());
        let mut person = Known::new(Origin::Roster, row);
        person.name.last = text("last");
        person.name.first = text("first");
        person.name.middle = text("middle");
        person.name.suffix = text("suffix");
        if person.name.last.is_empty() && ids.is_empty() {
            problems.push(format!("row {row}: found neither patient id nor last name, expected one of them"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let has_address = !address.line1.is_empty() || !address.postal_code.is_empty();
        Ok(Known {
            ids,
            birth_date,
            gender: gender(&text("gender")),
            address: has_address.then_some(address),
            payer: text("payer"),
            member_id: text("member_id"),
            is_subscriber: match text("relationship").to_ascii_uppercase().as_str() {
                "" => None,
                "SELF" | "SEL" | "18" | "SUBSCRIBER" => Some(true),
                _ => Some(false),
            },
            cover_from,
            cover_to,
            ..person
        })
    }
}

fn gender(text: &str) -> Option<Gender> {
    match text.to_ascii_uppercase().as_str() {
        "F" | "FEMALE" => Some(Gender::Female),
        "M" | "MALE" => Some(Gender::Male),
        _ => None,
    }
}

/// UTF-8, else CP1252; trimmed, without a byte order mark.
fn text(cell: &[u8]) -> String {
    let text = match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(cell).0.into_owned(),
    };
    text.trim_start_matches('\u{feff}').trim().to_owned()
}

fn kind(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Io(error) => error.to_string(),
        _ => "not rows of cells".to_owned(),
    }
}

/// How days are written.
struct DateFormat(String);

impl DateFormat {
    fn parse(format: &str) -> Result<Self, RosterError> {
        let once = |token: &str| format.matches(token).count() == 1;
        if !(once("YYYY") && once("MM") && once("DD")) || format.contains('%') {
            let words =
                format!("date_format: found `{format}`, expected YYYY, MM and DD once each, such as MM/DD/YYYY");
            return Err(RosterError::Mapping(words));
        }
        Ok(Self(format.replace("YYYY", "%Y").replace("MM", "%m").replace("DD", "%d")))
    }

    fn day(&self, text: &str) -> Option<Date> {
        jiff::civil::Date::strptime(&self.0, text).ok().map(from_jiff)
    }
}
