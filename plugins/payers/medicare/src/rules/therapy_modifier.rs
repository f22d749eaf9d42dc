//! `medicare.therapy-modifier`: "always therapy" codes say whose plan of care they belong to.
//!
//! What it does: holds a code of the list without GN, GO or GP, and without a modifier that asks for its denial (GY, GX, GZ).
//! Why it matters: Medicare returns such claims unprocessed.
//! Known problems: codes that are therapy only where a therapist gives them ("sometimes therapy") are not looked at.
//! Example: 97110. Repair: GP (physical), GO (occupational) or GN (speech-language) therapy.
//! Fix: none; the discipline is in the plan of care.
//! References: Medicare Claims Processing Manual (Pub. 100-04), chapter 5, sections 10.6 and 20.1, and CMS's list of therapy codes
//! with the disposition "always therapy" (all of them have PC/TC indicator 7 in the fee schedule); Transmittal 3814, CR 10176,
//! "Updated Editing of Always Therapy Services", for services from 2018-01-01.

use crate::claim::{Day, date, day, finding, has_modifier, numbered};
use crate::table::Table;
use claimhost_sdk::review::{ClaimInContext, DateBasis, Finding, Rule, Severity};

const ID: &str = "medicare.therapy-modifier";
const EFFECTIVE: Day = (2018, 1, 1);

/// Sorted: it is searched so.
#[rustfmt::skip]
const ALWAYS_THERAPY: &[&str] = &[
    "92507", "92508", "92521", "92522", "92523", "92524", "92526", "92597", "92607", "92608", "92609", "96125", "97012",
    "97016", "97018", "97022", "97024", "97026", "97028", "97032", "97033", "97034", "97035", "97036", "97039", "97110",
    "97112", "97113", "97116", "97124", "97139", "97140", "97150", "97161", "97162", "97163", "97164", "97165", "97166",
    "97167", "97168", "97530", "97533", "97535", "97537", "97542", "97750", "97755", "97760", "97761", "97763", "97799",
    "G0281", "G0283", "G0329",
];

pub fn describe() -> Rule {
    Rule {
        id: ID.to_owned(),
        title: "A therapy code without GN, GO or GP".to_owned(),
        severity: Severity::Hold,
        source_url: "https://www.cms.gov/Regulations-and-Guidance/Guidance/Manuals/Downloads/clm104c05.pdf".to_owned(),
        effective: Some(date(EFFECTIVE)),
        ended: None,
        basis: DateBasis::Service,
    }
}

pub fn check(input: &ClaimInContext, _: &Table, findings: &mut Vec<Finding>) {
    for (number, line) in numbered(&input.claim) {
        let code = line.procedure.code.as_str();
        if ALWAYS_THERAPY.binary_search(&code).is_err()
            || day(line.service_dates.start) < EFFECTIVE
            || has_modifier(line, &["GN", "GO", "GP", "GY", "GX", "GZ"])
        {
            continue;
        }
        let words = format!(
            "{code} on line {number} needs GP (physical), GO (occupational) or GN (speech-language) therapy: whose plan of care is it?"
        );
        findings.push(finding(ID, Severity::Hold, number, "procedure.modifiers", words, None));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_sorted() {
        assert!(super::ALWAYS_THERAPY.is_sorted_by(|a, b| a < b));
    }
}
