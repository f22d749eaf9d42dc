//! `medicare.chiropractic-at`: chiropractic manipulation is covered as active treatment only, and AT says so.
//!
//! What it does: holds 98940-98942 without AT, and without a modifier that says the practice expects a denial (GA, GX, GY, GZ).
//! Why it matters: without AT the service counts as maintenance and is denied.
//! Known problems: whether the treatment was active is in the chart: the finding asks.
//! Example: 98941 alone. Repair: AT for active treatment; GA with a signed notice for maintenance.
//! Fix: none; AT is a statement about the patient.
//! References: Medicare Claims Processing Manual (Pub. 100-04), chapter 12, section 220; CR 3449, effective 2004-10-01.

use crate::claim::{Day, date, day, finding, has_modifier, numbered};
use crate::table::Table;
use claimhost_sdk::review::{ClaimInContext, DateBasis, Finding, Rule, Severity};

const ID: &str = "medicare.chiropractic-at";
const EFFECTIVE: Day = (2004, 10, 1);

pub fn describe() -> Rule {
    Rule {
        id: ID.to_owned(),
        title: "Chiropractic manipulation without AT".to_owned(),
        severity: Severity::Hold,
        source_url: "https://www.cms.gov/Regulations-and-Guidance/Guidance/Manuals/Downloads/clm104c12.pdf".to_owned(),
        effective: Some(date(EFFECTIVE)),
        ended: None,
        basis: DateBasis::Service,
    }
}

pub fn check(input: &ClaimInContext, _: &Table, findings: &mut Vec<Finding>) {
    for (number, line) in numbered(&input.claim) {
        let code = line.procedure.code.as_str();
        let manipulation = matches!(code, "98940" | "98941" | "98942");
        if !manipulation
            || day(line.service_dates.start) < EFFECTIVE
            || has_modifier(line, &["AT", "GA", "GX", "GY", "GZ"])
        {
            continue;
        }
        let words = format!(
            "{code} on line {number}: was this active treatment? Then add AT. Maintenance is not covered: bill it with GA where the patient signed the notice."
        );
        findings.push(finding(ID, Severity::Hold, number, "procedure.modifiers", words, None));
    }
}
