//! The practice's crosswalk: its own codes to billable ones, by day of service.
//!
//! One way in three places, which all mean rows: `[crosswalk.procedure]` and `[crosswalk.diagnosis]` (rows without dates),
//! `[[crosswalk.code]]` in the profile, and the file that `crosswalk.file` names (csv, or TOML with `[[code]]`). Two rows
//! that map one code two ways on one day are a conflict: neither is taken, and both are named.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::check::{ProfileError, ProfileProblem};
use super::sheet::{self, Column, Problems};
use crate::claim::{Date, day_number, iso, parse_iso};

/// What kind of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeSet {
    /// To CPT or HCPCS Level II.
    #[default]
    Procedure,
    /// To ICD-10-CM.
    Diagnosis,
}

impl CodeSet {
    /// `procedure`, `diagnosis`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Procedure => "procedure",
            Self::Diagnosis => "diagnosis",
        }
    }
}

/// One row as the profile or a TOML file writes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrosswalkCode {
    /// `procedure`, or `diagnosis`.
    #[serde(default)]
    pub set: CodeSet,
    /// The practice's own code.
    pub code: String,
    /// What is billed.
    pub target: String,
    /// Modifiers that it is billed with, of procedures only.
    #[serde(default)]
    pub modifiers: Vec<String>,
    /// First day of service; none: from the beginning.
    #[serde(default, deserialize_with = "read_day", serialize_with = "write_day")]
    pub from: Option<Date>,
    /// Last day of service; none: until another row says so.
    #[serde(default, deserialize_with = "read_day", serialize_with = "write_day")]
    pub to: Option<Date>,
}

/// `[crosswalk]` of the profile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Crosswalk {
    /// Charge codes to CPT or HCPCS, on every day.
    #[serde(default)]
    pub procedure: BTreeMap<String, String>,
    /// Diagnosis codes to ICD-10-CM, on every day.
    #[serde(default)]
    pub diagnosis: BTreeMap<String, String>,
    /// Dated rows.
    #[serde(default)]
    pub code: Vec<CrosswalkCode>,
    /// A file of dated rows, beside the profile: csv, or TOML with `[[code]]`.
    #[serde(default)]
    pub file: Option<String>,
    /// Rows of that file: [`Crosswalk::take_file`].
    #[serde(skip)]
    of_file: Vec<Mapping>,
    #[serde(skip)]
    index: OnceLock<Index>,
}

/// One row, wherever it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mapping {
    /// What kind of code.
    pub set: CodeSet,
    /// The practice's own code, as it is written there.
    pub code: String,
    /// What is billed: upper case, without dot.
    pub target: String,
    /// Upper case.
    pub modifiers: Vec<String>,
    /// First and last day number; the whole of time where none was given.
    #[serde(skip)]
    pub days: (i64, i64),
    /// Where it stands: `crosswalk.csv row 12`, `crosswalk.procedure.OV3`.
    pub row: String,
}

impl Mapping {
    /// `from 2026-01-01 to 2026-06-30`, `on every day`.
    pub fn days_in_words(&self) -> String {
        let day = |number: i64| iso(crate::claim::from_day_number(number));
        match self.days {
            (i64::MIN, i64::MAX) => "on every day".to_owned(),
            (i64::MIN, last) => format!("until {}", day(last)),
            (first, i64::MAX) => format!("from {}", day(first)),
            (first, last) => format!("from {} to {}", day(first), day(last)),
        }
    }

    /// Target with modifiers: `99213-25`.
    pub fn billed_as(&self) -> String {
        self.modifiers.iter().fold(self.target.clone(), |text, modifier| text + "-" + modifier)
    }

    fn knows(&self, day: i64) -> bool {
        (self.days.0..=self.days.1).contains(&day)
    }
}

/// Two rows that map one code two ways on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict<'a> {
    /// The row that stands first.
    pub first: &'a Mapping,
    /// The other.
    pub second: &'a Mapping,
}

impl Conflict<'_> {
    /// Both rows with their days, and what to do.
    pub fn words(&self) -> String {
        let row =
            |mapping: &Mapping| format!("{} says {} {}", mapping.row, mapping.billed_as(), mapping.days_in_words());
        format!(
            "the {} code {} is mapped two ways on one day: {}; {}. End one row before the other begins, or remove one",
            self.first.set.as_str(),
            self.first.code,
            row(self.first),
            row(self.second)
        )
    }
}

/// What the crosswalk says of a code on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped<'a> {
    /// It does not know the code.
    Unknown,
    /// It knows the code, and not on this day. The row that ends last before the day, or else begins first after it.
    OtherDays(&'a Mapping),
    /// It is billed so.
    To(&'a Mapping),
    /// Two rows say two things.
    TwoWays(Conflict<'a>),
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Index {
    rows: Vec<Mapping>,
    by_code: HashMap<(CodeSet, String), Vec<usize>>,
    by_target: HashMap<(CodeSet, String), Vec<usize>>,
    conflicts: Vec<(usize, usize)>,
}

impl Crosswalk {
    /// Whether there is any row.
    pub fn is_empty(&self) -> bool {
        self.index().rows.is_empty()
    }

    /// Every row.
    pub fn rows(&self) -> &[Mapping] {
        &self.index().rows
    }

    /// What a code is billed as on a day of service. Without a day only rows without dates answer.
    pub fn on(&self, set: CodeSet, code: &str, day: Option<i64>) -> Mapped<'_> {
        let index = self.index();
        if index.rows.is_empty() {
            return Mapped::Unknown;
        }
        let Some(rows) = index.by_code.get(&(set, plain(code))) else { return Mapped::Unknown };
        let rows = rows.iter().filter_map(|at| index.rows.get(*at));
        let knows = |row: &&Mapping| day.map_or(row.days == (i64::MIN, i64::MAX), |day| row.knows(day));
        let mut found = rows.clone().filter(knows);
        match found.next() {
            Some(first) => match found.find(|other| differs(first, other)) {
                Some(second) => Mapped::TwoWays(Conflict { first, second }),
                None => Mapped::To(first),
            },
            None => {
                let day = day.unwrap_or(i64::MAX);
                let before = rows.clone().filter(|row| row.days.1 < day).max_by_key(|row| row.days.1);
                let near = before.or_else(|| rows.min_by_key(|row| row.days.0));
                near.map_or(Mapped::Unknown, Mapped::OtherDays)
            }
        }
    }

    /// The row that makes a billed code out of another one on a day.
    pub fn source(&self, set: CodeSet, target: &str, day: i64) -> Option<&Mapping> {
        let index = self.index();
        if index.rows.is_empty() {
            return None;
        }
        let rows = index.by_target.get(&(set, plain(target)))?;
        rows.iter().filter_map(|at| index.rows.get(*at)).find(|row| row.knows(day))
    }

    /// Rows that contradict each other.
    pub fn conflicts(&self) -> Vec<Conflict<'_>> {
        let index = self.index();
        let pair = |(first, second): &(usize, usize)| {
            Some(Conflict { first: index.rows.get(*first)?, second: index.rows.get(*second)? })
        };
        index.conflicts.iter().filter_map(pair).collect()
    }

    /// Takes the rows of the file that `file` names. `path` is the file as it was opened.
    ///
    /// # Errors
    /// [`ProfileError`] with every row that is wrong; nothing was taken.
    pub fn take_file(&mut self, path: &str, text: &str) -> Result<(), ProfileError> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_toml = name.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
        self.of_file = if is_toml { of_toml(path, name, text)? } else { of_table(path, name, text)? };
        self.index = OnceLock::new();
        Ok(())
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut rows = Vec::new();
            for (set, map) in [(CodeSet::Procedure, &self.procedure), (CodeSet::Diagnosis, &self.diagnosis)] {
                rows.extend(map.iter().map(|(code, target)| Mapping {
                    set,
                    code: code.clone(),
                    target: plain(target),
                    modifiers: Vec::new(),
                    days: (i64::MIN, i64::MAX),
                    row: format!("crosswalk.{}.{code}", set.as_str()),
                }));
            }
            let dated = self.code.iter().enumerate();
            rows.extend(dated.map(|(at, code)| mapping(code, format!("crosswalk.code[{at}]"))));
            rows.extend(self.of_file.iter().cloned());
            Index::of(rows)
        })
    }
}

impl Index {
    fn of(rows: Vec<Mapping>) -> Self {
        let mut index = Self::default();
        for (at, row) in rows.iter().enumerate() {
            index.by_code.entry((row.set, plain(&row.code))).or_default().push(at);
            index.by_target.entry((row.set, row.target.clone())).or_default().push(at);
        }
        for group in index.by_code.values() {
            for (position, first) in group.iter().enumerate() {
                for second in group.iter().skip(position + 1) {
                    let (Some(one), Some(other)) = (rows.get(*first), rows.get(*second)) else { continue };
                    let meet = one.days.0 <= other.days.1 && other.days.0 <= one.days.1;
                    if meet && differs(one, other) {
                        index.conflicts.push((*first, *second));
                    }
                }
            }
        }
        index.conflicts.sort_unstable();
        index.rows = rows;
        index
    }
}

/// What is wrong with one row, as a key and words; nothing where it is right. For the profile's check and for files.
pub(super) fn faults(row: &CrosswalkCode) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    if row.code.trim().is_empty() {
        faults.push(("code", "found nothing, expected the practice's own code".to_owned()));
    }
    if let Some(words) = target_fault(row.set, &row.target) {
        faults.push(("target", words));
    }
    let two = |modifier: &String| crate::codes::form::is_modifier(modifier.trim());
    if !row.modifiers.iter().all(two) {
        faults.push(("modifiers", "found one that has not two letters or digits, expected `25`, `RT`".to_owned()));
    } else if row.modifiers.len() > 4 {
        faults.push(("modifiers", format!("found {}, expected four at most (SV101-3 to -6)", row.modifiers.len())));
    } else if row.set == CodeSet::Diagnosis && !row.modifiers.is_empty() {
        faults.push(("modifiers", "found one at a diagnosis, expected none".to_owned()));
    }
    if let (Some(from), Some(to)) = (row.from, row.to)
        && day_number(from) > day_number(to)
    {
        faults.push(("to", format!("found {}, which is before {}, expected a later day", iso(to), iso(from))));
    }
    faults
}

/// What is wrong with the form of a target.
pub(super) fn target_fault(set: CodeSet, target: &str) -> Option<String> {
    let code = plain(target);
    let (ok, expected) = match set {
        CodeSet::Procedure => {
            let ok = code.len() == 5 && code.chars().all(|char| char.is_ascii_alphanumeric());
            (ok, "a CPT or HCPCS code of five characters")
        }
        CodeSet::Diagnosis => {
            let ok = (3..=7).contains(&code.len())
                && code.starts_with(|char: char| char.is_ascii_alphabetic())
                && code.chars().all(|char| char.is_ascii_alphanumeric());
            (ok, "an ICD-10-CM code")
        }
    };
    (!ok).then(|| super::check::found(target, expected))
}

fn mapping(code: &CrosswalkCode, row: String) -> Mapping {
    Mapping {
        set: code.set,
        code: code.code.trim().to_owned(),
        target: plain(&code.target),
        modifiers: code.modifiers.iter().map(|modifier| modifier.trim().to_uppercase()).collect(),
        days: (code.from.map_or(i64::MIN, day_number), code.to.map_or(i64::MAX, day_number)),
        row,
    }
}

fn differs(one: &Mapping, other: &Mapping) -> bool {
    one.target != other.target || one.modifiers != other.modifiers
}

/// A code for comparison: trimmed, without dots, upper case.
fn plain(code: &str) -> String {
    code.trim().replace('.', "").to_uppercase()
}

/// `[[code]]` rows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    code: Vec<toml::Spanned<CrosswalkCode>>,
}

fn of_toml(path: &str, name: &str, text: &str) -> Result<Vec<Mapping>, ProfileError> {
    let at = |byte: usize| text.get(..byte).unwrap_or(text).matches('\n').count() + 1;
    let file: File = toml::from_str(text).map_err(|fault| {
        let (line, words) = (at(fault.span().map_or(0, |span| span.start)), fault.message().trim().to_owned());
        let problems = vec![ProfileProblem { line, column: 1, key: String::new(), words }];
        ProfileError { path: path.to_owned(), problems }
    })?;
    let mut problems = Problems::default();
    let mut rows = Vec::with_capacity(file.code.len());
    for spanned in &file.code {
        let (line, row) = (at(spanned.span().start), spanned.get_ref());
        for (key, words) in faults(row) {
            problems.add(line as u64, key, words);
        }
        rows.push(mapping(row, format!("{name} line {line}")));
    }
    problems.error(path).map_or(Ok(rows), Err)
}

const COLUMNS: [Column; 6] = [
    Column {
        name: "code",
        words: &["code", "internalcode", "internal", "chargecode", "localcode", "ownercode", "owncode"],
        required: true,
    },
    Column {
        name: "target",
        words: &["target", "targetcode", "billingcode", "billedcode", "mapsto", "publiccode"],
        required: true,
    },
    Column { name: "set", words: &["set", "codeset", "type", "kind", "system"], required: false },
    Column { name: "modifiers", words: &["modifiers", "modifier", "mod", "mods"], required: false },
    Column {
        name: "from",
        words: &["from", "effective", "effectivedate", "start", "startdate", "validfrom"],
        required: false,
    },
    Column { name: "to", words: &["to", "through", "end", "enddate", "validto", "termdate"], required: false },
];

fn of_table(path: &str, name: &str, text: &str) -> Result<Vec<Mapping>, ProfileError> {
    let mut rows = Vec::new();
    sheet::read(path, text, &COLUMNS, |row, problems| {
        let [code, target, set, modifiers, from, to] = row.cells.as_slice() else { return };
        let set = match set.to_ascii_lowercase().as_str() {
            "" | "procedure" | "procedures" | "cpt" | "hcpcs" => CodeSet::Procedure,
            "diagnosis" | "diagnoses" | "icd10" | "icd-10" | "icd-10-cm" | "icd10cm" => CodeSet::Diagnosis,
            _ => return problems.add(row.line, "set", "found another word, expected procedure or diagnosis"),
        };
        let mut day = |key: &str, cell: &str| {
            let read = sheet_day(cell);
            if read.is_none() && !cell.is_empty() {
                problems.add(row.line, key, super::check::found(cell, "a day as YYYY-MM-DD, or nothing"));
            }
            read
        };
        let (from, to) = (day("from", from), day("to", to));
        let split = modifiers.split([' ', ';', ':', ',', '/', '-']).filter(|part| !part.is_empty());
        let code = CrosswalkCode {
            set,
            code: (*code).to_owned(),
            target: (*target).to_owned(),
            modifiers: split.map(str::to_owned).collect(),
            from,
            to,
        };
        for (key, words) in faults(&code) {
            problems.add(row.line, key, words);
        }
        rows.push(mapping(&code, format!("{name} row {}", row.line)));
    })?;
    Ok(rows)
}

/// A day of a table: `2026-01-31`, `20260131`, `01/31/2026` or `1/31/2026`.
pub(crate) fn sheet_day(cell: &str) -> Option<Date> {
    let parts: Vec<&str> = cell.split(['-', '/']).collect();
    let text = match parts.as_slice() {
        [whole] if whole.len() == 8 => {
            format!("{}-{}-{}", whole.get(..4)?, whole.get(4..6)?, whole.get(6..)?)
        }
        [year, month, day] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        [month, day, year] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => return None,
    };
    parse_iso(&text).ok()
}

/// `"2026-01-31"`, or a TOML date.
pub(super) fn read_day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    let text = match toml::Value::deserialize(from)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(day) => day.to_string(),
        _ => return Err(serde::de::Error::custom("found another kind of value, expected a day as YYYY-MM-DD")),
    };
    parse_iso(text.trim()).map(Some).map_err(serde::de::Error::custom)
}

#[allow(clippy::ref_option, reason = "serde asks for it")]
fn write_day<S: Serializer>(day: &Option<Date>, into: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => into.serialize_str(&iso(*day)),
        None => into.serialize_none(),
    }
}

#[cfg(test)]
#[path = "crosswalk_tests.rs"]
mod tests;
