//! `unitedhealthcare.telehealth-place`: telehealth is told by the place of service, not by a modifier.
//!
//! What it does: holds a line with 95, GT, GQ or G0 whose place of service is neither 02 nor 10.
//! Why it matters: the payer considers telehealth for payment only under a telehealth place of service; the modifiers
//! are information.
//! Known problems: 10 (the patient's home) exists since 2022; before, only 02 counted. A claim with 10 before 2022 is the
//! code-set check's to find.
//! Example: 99213-95 at place 11. Repair: place 02 or 10; or remove the modifier where the visit was in person.
//! Fix: none; where the patient was is in the chart.
//! References: UnitedHealthcare, Telehealth reimbursement policy page (services from 2021-01-01); Center for Connected Health
//! Policy, summary of the Telehealth/Virtual Health policy (02 or 10).

use crate::claim::{Fact, has_modifier, place};
use claimhost_sdk::review::{ClaimInContext, Finding, Rule, Severity};

const FACT: Fact = Fact {
    id: "unitedhealthcare.telehealth-place",
    title: "A telehealth modifier at a place of service that is not telehealth",
    severity: Severity::Hold,
    source: "https://www.uhcprovider.com/en/resource-library/telehealth/reimbursement-policy.html",
    effective: (2021, 1, 1),
};

pub fn describe() -> Rule {
    FACT.rule()
}

pub fn check(input: &ClaimInContext, findings: &mut Vec<Finding>) {
    for (number, line) in FACT.lines(&input.claim) {
        let place = place(&input.claim, line);
        if has_modifier(line, &["95", "GT", "GQ", "G0"]) && !place.is_empty() && !matches!(place, "02" | "10") {
            let words = format!(
                "Line {number} has a telehealth modifier and place of service {place}. UnitedHealthcare pays telehealth at 02 or 10 only: correct the place, or remove the modifier where the visit was in person."
            );
            findings.push(FACT.finding(number, "place-of-service", words));
        }
    }
}
