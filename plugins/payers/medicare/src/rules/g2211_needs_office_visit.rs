//! `medicare.g2211-needs-office-visit`: G2211 is an add-on to an office visit.
//!
//! What it does: holds G2211 where no line of the claim has an office or outpatient visit (99202-99205, 99211-99215) of the
//! same date and rendering provider.
//! Why it matters: an add-on without its base code is denied; often the visit was forgotten, and that is the larger sum.
//! Known problems: a visit that was split off to another claim of the same day is not seen.
//! Example: G2211 with 36415 only. Repair: bill the visit on this claim, or remove G2211.
//! Fix: none; which visit took place is in the chart.
//! References: CMS MLN Matters MM13473, effective for services from 2024-01-01.

use crate::claim::{Day, date, day, finding, is_office_visit, numbered, rendering_npi, same_dates};
use crate::table::Table;
use claimhost_sdk::review::{ClaimInContext, DateBasis, Finding, Rule, Severity};

const ID: &str = "medicare.g2211-needs-office-visit";
/// First day of the code's payment.
pub const EFFECTIVE: Day = (2024, 1, 1);
/// The article of CMS on the code.
pub const SOURCE: &str = "https://www.cms.gov/files/document/mm13473-how-use-office-and-outpatient-evaluation-and-management-visit-complexity-add-code-g2211.pdf";

pub fn describe() -> Rule {
    Rule {
        id: ID.to_owned(),
        title: "G2211 needs an office visit of the same day and provider on the claim".to_owned(),
        severity: Severity::Hold,
        source_url: SOURCE.to_owned(),
        effective: Some(date(EFFECTIVE)),
        ended: None,
        basis: DateBasis::Service,
    }
}

pub fn check(input: &ClaimInContext, _: &Table, findings: &mut Vec<Finding>) {
    let claim = &input.claim;
    for (number, line) in numbered(claim) {
        if line.procedure.code != "G2211" || day(line.service_dates.start) < EFFECTIVE {
            continue;
        }
        let has_base = claim.lines.iter().any(|other| {
            is_office_visit(&other.procedure.code)
                && same_dates(other.service_dates, line.service_dates)
                && rendering_npi(claim, other) == rendering_npi(claim, line)
        });
        if !has_base {
            let words = format!(
                "G2211 on line {number} is an add-on to an office visit (99202-99205, 99211-99215) of the same day and provider, and the claim has none. Bill the visit on this claim, or remove G2211."
            );
            findings.push(finding(ID, Severity::Hold, number, "procedure.code", words, None));
        }
    }
}
