//! `medicare.drug-jw-jz`: drugs from single-dose containers say whether anything was discarded.
//!
//! What it does: holds a line with a code of the rule table and an NDC that has neither JW (discarded) nor JZ (nothing
//! discarded), unless another line bills what was discarded of the same drug on the same day with JW.
//! Why it matters: claims without either are returned as unprocessable since October 2023.
//! Known problems: codes sold in single-dose and multi-dose containers are told apart by the NDCs of the table only.
//! Example: J3301, NDC, no modifier. Repair: JZ if the container was used up; else a second line with JW.
//! Fix: adds JZ. It attests that nothing was discarded: apply it by itself only where the practice's charges say so.
//! References: CMS, JW and JZ Modifier FAQ; Medicare Claims Processing Manual, chapter 17, section 40; CR 13056,
//! required for services from 2023-07-01.

use crate::claim::{Day, date, day, finding, has_modifier, numbered, same_dates};
use crate::table::Table;
use claimhost_sdk::review::{ClaimInContext, DateBasis, Finding, Fix, LineModifier, Rule, Severity};

const ID: &str = "medicare.drug-jw-jz";
const EFFECTIVE: Day = (2023, 7, 1);

pub fn describe() -> Rule {
    Rule {
        id: ID.to_owned(),
        title: "A drug from a single-dose container has neither JW nor JZ".to_owned(),
        severity: Severity::Hold,
        source_url: "https://www.cms.gov/medicare/medicare-fee-for-service-payment/hospitaloutpatientpps/downloads/jw-modifier-faqs.pdf".to_owned(),
        effective: Some(date(EFFECTIVE)),
        ended: None,
        basis: DateBasis::Service,
    }
}

pub fn check(input: &ClaimInContext, table: &Table, findings: &mut Vec<Finding>) {
    let claim = &input.claim;
    for (number, line) in numbered(claim) {
        let Some(drug) = &line.drug else { continue };
        let code = line.procedure.code.as_str();
        if day(line.service_dates.start) < EFFECTIVE
            || has_modifier(line, &["JW", "JZ"])
            || !table.drug.is_single_dose(code, &drug.code)
        {
            continue;
        }
        let discarded_elsewhere = claim.lines.iter().any(|other| {
            other.procedure.code == code
                && same_dates(other.service_dates, line.service_dates)
                && has_modifier(other, &["JW"])
        });
        if discarded_elsewhere {
            continue;
        }
        let words = format!(
            "{code} on line {number} comes from a single-dose container and has neither JW nor JZ. Nothing discarded: add JZ. Something discarded: bill it on a line of its own with JW."
        );
        // A fifth modifier would not be sent.
        let room = line.procedure.modifiers.len() < 4;
        let fix = room.then(|| Fix::AddModifier(LineModifier { line: number, modifier: "JZ".to_owned() }));
        findings.push(finding(ID, Severity::Hold, number, "procedure.modifiers", words, fix));
    }
}
