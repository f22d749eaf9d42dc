//! The answer for one code on one day of service, from whichever table of a shelf knows that day.

use super::container::{Label, Table};
use super::list::{Found, List};
use super::shelf::Shelf;
use super::system::System;
use crate::claim::{Date, day_number};

/// First day of ICD-10-CM, and the day after the last of ICD-9-CM (45 CFR 162.1002).
pub const ICD10_STARTS: Date = Date { year: 2015, month: 10, day: 1 };

/// What a code is on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be billed.
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
    /// A table that knows the day does not have it, nor any other table.
    Unknown,
    /// No table knows the day, or only lists that are not complete and do not have it.
    NotCovered,
}

/// An answer and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked<'a> {
    /// What the code is.
    pub verdict: Verdict,
    /// The table that was consulted: none where no table knows the day, and for ICD-9-CM, which is known by form.
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
            Found::Absent if list.is_partial() => {
                partial = Some(table.label());
                continue;
            }
            Found::Absent => elsewhere(shelf, system, code, day),
        };
        return Looked { verdict, table: Some(table.label()) };
    }
    Looked { verdict: Verdict::NotCovered, table: partial }
}

/// Tables that know the day, complete lists first, the latest version first.
fn covering(shelf: &Shelf, system: System, day: i64) -> impl Iterator<Item = (&Table, List<'_>)> {
    let tables = shelf.tables(system.name());
    [false, true].into_iter().flat_map(move |partial| {
        let knows = tables.iter().rev().filter(move |table| table.label().cover.has(day));
        let lists = knows.filter_map(|table| Some((&**table, List::open(table.payload())?)));
        lists.filter(move |(_, list)| list.is_partial() == partial)
    })
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
    for table in shelf.tables(system.name()) {
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

/// Codes of a day's table that differ from this one in a single character, for a code that does not exist; at most so many.
pub fn near(shelf: &Shelf, system: System, code: &str, day: i64, max: usize) -> Vec<String> {
    let mut near = Vec::new();
    let Some((_, list)) = covering(shelf, system, day).next() else { return near };
    if !code.is_ascii() {
        return near;
    }
    // Two neighbours swapped is the commonest slip of the hand; then a code that goes on too long, or stops too early.
    let bytes = code.as_bytes();
    let swapped = (1..bytes.len()).filter_map(|at| {
        let mut other = bytes.to_vec();
        other.swap(at - 1, at);
        String::from_utf8(other).ok()
    });
    let shorter = code.get(..code.len().saturating_sub(1)).map(str::to_owned);
    for candidate in swapped.chain(shorter) {
        if candidate != code && list.find(&candidate, day) == Found::Valid && !near.contains(&candidate) {
            near.push(candidate);
        }
    }
    near.truncate(max);
    near
}

#[cfg(test)]
#[path = "lookup_tests.rs"]
mod tests;
