//! Code mapping: the practice's own codes that no crosswalk row turns into a code that is in force. Pure part and report; the
//! findings are `scrub/edits/crosswalk.rs`, the crosswalk itself `practice/crosswalk.rs`.

mod report;

pub use report::{Entry, Kind, Report, report};

use crate::claim::{from_day_number, iso};
use crate::codes::shelf::Shelf;
use crate::codes::{System, Verdict, below, look, near};
use crate::practice::CodeSet;

/// Codes that are offered in the place of one that is not in force.
const OFFERED_MAX: usize = 3;

/// Why a billed code is not in force on a day, in words, and what may be billed instead; none where it is, or where no list
/// knows.
pub fn not_in_force(shelf: &Shelf, set: CodeSet, code: &str, day: i64) -> Option<(String, Vec<String>)> {
    let system = match set {
        CodeSet::Procedure => System::of_procedure(code)?,
        CodeSet::Diagnosis => System::Icd10cm,
    };
    let on = |number: i64| iso(from_day_number(number));
    match look(shelf, system, code, day).verdict {
        Verdict::Valid | Verdict::NotCovered => None,
        Verdict::NotBillable => {
            let (codes, count) = below(shelf, system, code, day, OFFERED_MAX);
            Some((format!("which is a category of {count} codes and not billed itself"), codes))
        }
        Verdict::NotYet { first } => Some((format!("which begins on {}", on(first)), Vec::new())),
        Verdict::Retired { last, replaced_by } if replaced_by.is_empty() => {
            Some((format!("which ended on {}", on(last)), Vec::new()))
        }
        Verdict::Retired { last, replaced_by } => {
            Some((format!("which ended on {} and was replaced", on(last)), vec![replaced_by]))
        }
        Verdict::Unknown => Some(("which does not exist".to_owned(), near(shelf, system, code, day, OFFERED_MAX))),
    }
}
