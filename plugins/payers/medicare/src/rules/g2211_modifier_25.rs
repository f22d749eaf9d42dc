//! `medicare.g2211-modifier-25`: G2211 beside a visit with modifier 25 is mostly not paid.
//!
//! What it does: warns where the office visit that G2211 belongs to has modifier 25. From 2025-01-01 it is silent when the
//! claim has a preventive visit, a vaccine administration or a Medicare wellness visit of the same day.
//! Why it matters: the line is denied; the practice may want to know before it counts on the money.
//! Known problems: only the commonest preventive services of the 2025 exception are known here, so it warns and never holds.
//! Example: 99213-25, 20610, G2211. Repair: remove G2211, or 25 where it does not belong.
//! Fix: none.
//! References: CMS MLN Matters MM13473 (2024); CMS, Physician Fee Schedule final rule for 2025, 89 FR 97710 (exception).

use super::g2211_needs_office_visit::{EFFECTIVE, SOURCE};
use crate::claim::{Day, date, day, finding, has_modifier, is_office_visit, numbered, rendering_npi, same_dates};
use crate::table::Table;
use claimhost_sdk::review::{ClaimInContext, DateBasis, Finding, Rule, Severity};

const ID: &str = "medicare.g2211-modifier-25";
const EXCEPTION: Day = (2025, 1, 1);

pub fn describe() -> Rule {
    Rule {
        id: ID.to_owned(),
        title: "G2211 beside a visit with modifier 25".to_owned(),
        severity: Severity::Warn,
        source_url: SOURCE.to_owned(),
        effective: Some(date(EFFECTIVE)),
        ended: None,
        basis: DateBasis::Service,
    }
}

/// Preventive services of the exception: wellness and preventive visits, administration of vaccines.
fn is_preventive(code: &str) -> bool {
    matches!(
        code,
        "G0402"
            | "G0438"
            | "G0439"
            | "G0008"
            | "G0009"
            | "G0010"
            | "90460"
            | "90461"
            | "90471"
            | "90472"
            | "90473"
            | "90474"
    )
}

pub fn check(input: &ClaimInContext, _: &Table, findings: &mut Vec<Finding>) {
    let claim = &input.claim;
    for (number, line) in numbered(claim) {
        let start = day(line.service_dates.start);
        if line.procedure.code != "G2211" || start < EFFECTIVE {
            continue;
        }
        let same_day = || claim.lines.iter().filter(|other| same_dates(other.service_dates, line.service_dates));
        let mut visits = same_day()
            .filter(|other| {
                is_office_visit(&other.procedure.code) && rendering_npi(claim, other) == rendering_npi(claim, line)
            })
            .peekable();
        let all_with_25 = visits.peek().is_some() && visits.all(|visit| has_modifier(visit, &["25"]));
        let excepted = start >= EXCEPTION && same_day().any(|other| is_preventive(&other.procedure.code));
        if all_with_25 && !excepted {
            let words = format!(
                "G2211 on line {number} belongs to a visit with modifier 25: Medicare does not pay it then, but (from 2025) beside preventive services. Remove G2211, or 25 where it does not belong."
            );
            findings.push(finding(ID, Severity::Warn, number, "procedure.code", words, None));
        }
    }
}
