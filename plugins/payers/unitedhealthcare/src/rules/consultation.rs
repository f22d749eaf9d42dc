//! `unitedhealthcare.consultation`: consultation codes are not paid.
//!
//! What it does: holds 99241-99245 and 99251-99255.
//! Why it matters: the line is denied; the visit is paid under the code of the office, hospital, nursing facility or home visit.
//! Known problems: contracts on a fee schedule of 2010 or later lost these codes four months before (2019-06-01); this rule
//! begins when all had.
//! Example: 99243. Repair: the visit code that fits place and documentation.
//! Fix: none; level and place are in the chart.
//! References: UnitedHealthcare Commercial, Consultation Services Policy; Network Bulletin of March 2019, as reported by the
//! California Medical Association on 2019-05-30.

use crate::claim::Fact;
use claimhost_sdk::review::{ClaimInContext, Finding, Rule, Severity};

const FACT: Fact = Fact {
    id: "unitedhealthcare.consultation",
    title: "A consultation code, which is not paid",
    severity: Severity::Hold,
    source: "https://www.uhcprovider.com/en/policies-protocols/commercial-policies/commercial-reimbursement-policies/COMM-Consultation-Services-Policy.html",
    effective: (2019, 10, 1),
};

pub fn describe() -> Rule {
    FACT.rule()
}

pub fn check(input: &ClaimInContext, findings: &mut Vec<Finding>) {
    for (number, line) in FACT.lines(&input.claim) {
        let code = line.procedure.code.as_str();
        if matches!(
            code,
            "99241" | "99242" | "99243" | "99244" | "99245" | "99251" | "99252" | "99253" | "99254" | "99255"
        ) {
            let words = format!(
                "{code} on line {number} is a consultation code, which UnitedHealthcare does not pay. Bill the visit code that fits the place and the documentation."
            );
            findings.push(FACT.finding(number, "procedure.code", words));
        }
    }
}
