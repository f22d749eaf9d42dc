//! The answer for one code on one day of service, from whichever table of a shelf knows that day.

use super::container::{Label, Table};
use super::list::{Found, List};
use super::shelf::Shelf;
use super::system::{Rhythm, System};
use crate::claim::{Date, day_number, from_day_number};

/// First day of ICD-10-CM, and the day after the last of ICD-9-CM (45 CFR 162.1002).
pub const ICD10_STARTS: Date = Date { year: 2015, month: 10, day: 1 };

/// What a code is on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be billed: a table that knows the day says so, or the tables before and after the day both do.
    Valid,
    /// A category: codes below it may be billed.
    NotBillable,
    /// It comes into force later.
    NotYet {
        /// Day number; where no day was published, the first day of the first table that has it.
        first: i64,
    },
    /// It was in force before.
    Retired {
        /// Day number of its last day; where none was published, the last day of the last table that had it.
        last: i64,
        /// What replaced it; empty where nothing was published.
        replaced_by: String,
    },
    /// No table has it, and those that know the day, or end before it, would.
    Unknown,
    /// No table knows the day, and those around it do not agree; or only lists that are not complete know it and lack the code.
    NotCovered,
}

/// An answer and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked<'a> {
    /// What the code is.
    pub verdict: Verdict,
    /// The table that was consulted: one that knows the day, else the one before it, or the update of its fiscal year. None
    /// where there is no such table, and for ICD-9-CM, which is known by form.
    pub table: Option<&'a Label>,
}

/// Looks a code up. Does not allocate for a code that is valid.
pub fn look<'a>(shelf: &'a Shelf, system: System, code: &str, day: i64) -> Looked<'a> {
    if system == System::Icd9cm {
        return by_form(code, day);
    }
    let mut partial = None;
    for (table, list) in covering(shelf, system, day) {
        let verdict = match list.find(code, day) {
            Found::Valid => Verdict::Valid,
            Found::Category => Verdict::NotBillable,
            Found::NotYet { first } => Verdict::NotYet { first },
            Found::Retired { last, replaced_by } => Verdict::Retired { last, replaced_by },
            Found::Absent if list.is_partial() || lacks_family(&list, system, code, day) => {
                partial = Some(table.label());
                continue;
            }
            Found::Absent => elsewhere(shelf, system, code, day),
        };
        return Looked { verdict, table: Some(table.label()) };
    }
    let (verdict, beside) = between(shelf, system, code, day);
    Looked { verdict, table: partial.or(beside) }
}

/// Codes of dental services (D0000 to D9999) are the ADA's, and most of CMS's lists are published without them: such a list
/// says nothing of any.
fn lacks_family(list: &List<'_>, system: System, code: &str, day: i64) -> bool {
    system == System::Hcpcs && code.starts_with('D') && list.below("D", day, 0).1 == 0
}

/// Whether a complete table knows the day: what it says of a code is final.
pub fn is_covered(shelf: &Shelf, system: System, day: i64) -> bool {
    system == System::Icd9cm || covering(shelf, system, day).next().is_some_and(|(_, list)| !list.is_partial())
}

/// The last day that any table of this kind knows; none where no table is loaded.
pub fn known_until(shelf: &Shelf, kind: &str) -> Option<i64> {
    shelf.tables(kind).iter().map(|table| table.label().cover.last).max()
}

/// Tables that know the day, complete lists first, the latest version first.
fn covering(shelf: &Shelf, system: System, day: i64) -> impl Iterator<Item = (&Table, List<'_>)> {
    let tables = shelf.of_system(system);
    [false, true].into_iter().flat_map(move |partial| {
        let knows = tables.iter().rev().filter(move |table| table.label().cover.has(day));
        let lists = knows.filter_map(|table| Some((&**table, List::open(table.payload())?)));
        lists.filter(move |(_, list)| list.is_partial() == partial)
    })
}

/// A day that no table knows lies between two, or after the last, or before the first. Where the last table before it and the
/// first one after it say the same, that was so in between. After the last table, what was no code, a category or retired
/// stays so until a table says otherwise: codes are added, but a code nobody has heard of is a slip of the hand far more often
/// than a new one. Before the first table nothing is said, for lists drop what has ended.
fn between<'a>(shelf: &'a Shelf, system: System, code: &str, day: i64) -> (Verdict, Option<&'a Label>) {
    let (before, after) = (beside(shelf, system, code, day, true), beside(shelf, system, code, day, false));
    let Some((label, before)) = before else { return (Verdict::NotCovered, None) };
    let began = |found: &Found| matches!(found, Found::NotYet { first } if *first <= day) || *found == Found::Valid;
    if let Some((next, after)) = &after
        && let Some(starts) = year_of_update(system, next, day)
        && matches!(after, Found::Category | Found::Absent)
        && *after != before
    {
        let verdict = match (began(&before), after) {
            (true, _) => Verdict::Retired { last: starts - 1, replaced_by: String::new() },
            (false, Found::Category) => Verdict::NotBillable,
            (false, _) => elsewhere(shelf, system, code, day),
        };
        return (verdict, Some(next));
    }
    let verdict = match (before, after.map(|(_, found)| found)) {
        (Found::Category, None | Some(Found::Category)) => Verdict::NotBillable,
        (Found::Absent, None | Some(Found::Absent)) => elsewhere(shelf, system, code, day),
        (Found::Retired { last, replaced_by }, None | Some(Found::Absent | Found::Retired { .. })) => {
            Verdict::Retired { last, replaced_by }
        }
        (Found::NotYet { first }, _) if first > day => Verdict::NotYet { first },
        (before, Some(Found::Valid)) if began(&before) => Verdict::Valid,
        _ => Verdict::NotCovered,
    };
    (verdict, Some(label))
}

/// ICD-10-CM changes on 1 October; the update of April only adds codes (42 USC 1395ww(d)(5)(K)(vii)). So what an update of the
/// same fiscal year has no longer, or has as a category, has been so since that year began: the day number of its 1 October.
fn year_of_update(system: System, update: &Label, day: i64) -> Option<i64> {
    let year = |day: i64| {
        let date = from_day_number(day);
        date.year + u16::from(date.month >= 10)
    };
    let starts = |year: u16| day_number(Date { year: year.saturating_sub(1), month: 10, day: 1 });
    (system.rhythm() == Rhythm::FiscalYear && year(update.cover.first) == year(day)).then(|| starts(year(day)))
}

/// What the nearest table before a day, or after it, says of a code on its own last or first day. A list that is not complete
/// is no witness of what it lacks.
fn beside<'a>(shelf: &'a Shelf, system: System, code: &str, day: i64, before: bool) -> Option<(&'a Label, Found)> {
    let lies = |label: &Label| if before { label.cover.last < day } else { label.cover.first > day };
    let edge = |label: &Label| if before { label.cover.last } else { label.cover.first };
    let witness = |table: &'a std::sync::Arc<Table>| {
        let (label, list) = (table.label(), List::open(table.payload())?);
        let found = list.find(code, edge(label));
        let is_witness = !list.is_partial() && !lacks_family(&list, system, code, edge(label));
        (found != Found::Absent || is_witness).then_some((label, found))
    };
    let witnesses = shelf.of_system(system).iter().filter(|table| lies(table.label())).filter_map(witness);
    witnesses.min_by_key(|(label, _)| edge(label).abs_diff(day))
}

/// ICD-9-CM has no table here: its form and its last day are all that is known.
fn by_form<'a>(code: &str, day: i64) -> Looked<'a> {
    let starts = day_number(ICD10_STARTS);
    let verdict = match System::Icd9cm.fits(code) {
        false => Verdict::Unknown,
        true if day < starts => Verdict::Valid,
        true => Verdict::Retired { last: starts - 1, replaced_by: String::new() },
    };
    Looked { verdict, table: None }
}

/// A code that the day's own table lacks: was it there before, or will it be?
fn elsewhere(shelf: &Shelf, system: System, code: &str, day: i64) -> Verdict {
    let (mut before, mut after): (Option<(i64, String)>, Option<i64>) = (None, None);
    for table in shelf.of_system(system) {
        let Some(list) = List::open(table.payload()) else { continue };
        let cover = table.label().cover;
        if cover.last < day {
            let gone = match list.find(code, cover.last) {
                Found::Absent | Found::NotYet { .. } => continue,
                Found::Valid | Found::Category => (cover.last, String::new()),
                Found::Retired { last, replaced_by } => (last, replaced_by),
            };
            before = before.max(Some(gone));
        } else if cover.first > day {
            let first = match list.find(code, cover.first) {
                Found::Absent => continue,
                Found::NotYet { first } => first,
                Found::Valid | Found::Category | Found::Retired { .. } => cover.first,
            };
            after = Some(after.map_or(first, |known| known.min(first)));
        }
    }
    match (before, after) {
        (Some((last, replaced_by)), _) => Verdict::Retired { last, replaced_by },
        (None, Some(first)) => Verdict::NotYet { first },
        (None, None) => Verdict::Unknown,
    }
}

/// Billable codes below a category on a day, the shortest first, at most so many; and their whole number.
pub fn below(shelf: &Shelf, system: System, category: &str, day: i64, max: usize) -> (Vec<String>, usize) {
    covering(shelf, system, day).next().map_or((Vec::new(), 0), |(_, list)| list.below(category, day, max))
}

/// Digits and letters that are taken for each other, when written and when read.
const ALIKE: &[(u8, u8)] = &[(b'0', b'O'), (b'1', b'I'), (b'1', b'L'), (b'5', b'S'), (b'8', b'B'), (b'2', b'Z')];

/// Codes in force on a day that one which does not exist may have been meant to be, the likeliest first, at most so many: two
/// neighbours swapped, a digit for a letter, a character too many, a code that goes on too long; else what begins alike.
pub fn near(shelf: &Shelf, system: System, code: &str, day: i64, max: usize) -> Vec<String> {
    let mut near: Vec<String> = Vec::new();
    let Some((_, list)) = covering(shelf, system, day).next() else { return near };
    if !code.is_ascii() {
        return near;
    }
    let bytes = code.as_bytes();
    let with = |at: usize, byte: u8| {
        let mut other = bytes.to_vec();
        if let Some(place) = other.get_mut(at) {
            *place = byte;
        }
        other
    };
    let swapped = (1..bytes.len()).map(|at| {
        let mut other = bytes.to_vec();
        other.swap(at - 1, at);
        other
    });
    let alike = (0..bytes.len()).flat_map(|at| {
        let pairs = ALIKE.iter().flat_map(|(left, right)| [(*left, *right), (*right, *left)]);
        pairs.filter(move |(from, _)| bytes.get(at) == Some(from)).map(move |(_, to)| (at, to))
    });
    let one_less = (0..bytes.len()).map(|at| [bytes.get(..at), bytes.get(at + 1..)].into_iter().flatten().flatten());
    let shorter = (3..bytes.len()).rev().filter_map(|length| bytes.get(..length).map(<[u8]>::to_vec));
    let candidates = swapped
        .chain(alike.map(|(at, to)| with(at, to)))
        .chain(one_less.map(|bytes| bytes.copied().collect()))
        .chain(shorter);
    for candidate in candidates.filter_map(|bytes| String::from_utf8(bytes).ok()) {
        if candidate != code && list.find(&candidate, day) == Found::Valid && !near.contains(&candidate) {
            near.push(candidate);
        }
    }
    if near.is_empty() {
        let begins_alike = (3..bytes.len()).rev().find_map(|length| {
            let (codes, _) = list.below(code.get(..length)?, day, max);
            (!codes.is_empty()).then_some(codes)
        });
        near = begins_alike.unwrap_or_default();
    }
    near.truncate(max);
    near
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
