//! `unitedhealthcare.therapy-modifier`: "always therapy" codes say whose plan of care they belong to.
//!
//! What it does: holds a code of the policy's list without GN, GO or GP.
//! Why it matters: such claims are not processed.
//! Known problems: the list is that of the policy page as it was read, a code that the payer has added since is not here. It is CMS's
//! list today (`medicare.therapy-modifier`), kept apart because each payer changes its own.
//! Example: 97110. Repair: GP (physical), GO (occupational) or GN (speech-language) therapy.
//! Fix: none; the discipline is in the plan of care.
//! References: UnitedHealthcare Commercial, Procedure to Modifier Policy, Professional; Network Bulletin of June 2019, as
//! reported by the American Occupational Therapy Association on 2019-06-03 (services from 2019-09-01).

use crate::claim::{Fact, has_modifier};
use claimhost_sdk::review::{ClaimInContext, Finding, Rule, Severity};

const FACT: Fact = Fact {
    id: "unitedhealthcare.therapy-modifier",
    title: "A therapy code without GN, GO or GP",
    severity: Severity::Hold,
    source: "https://www.uhcprovider.com/en/policies-protocols/commercial-policies/commercial-reimbursement-policies/COMM-Procedure-to-Modifier-Policy.html",
    effective: (2019, 9, 1),
};

#[rustfmt::skip]
const ALWAYS_THERAPY: &[&str] = &[
    "92507", "92508", "92521", "92522", "92523", "92524", "92526", "92597", "92607", "92608", "92609", "96125", "97012",
    "97016", "97018", "97022", "97024", "97026", "97028", "97032", "97033", "97034", "97035", "97036", "97039", "97110",
    "97112", "97113", "97116", "97124", "97139", "97140", "97150", "97161", "97162", "97163", "97164", "97165", "97166",
    "97167", "97168", "97530", "97533", "97535", "97537", "97542", "97750", "97755", "97760", "97761", "97763", "97799",
    "G0281", "G0283", "G0329",
];

pub fn describe() -> Rule {
    FACT.rule()
}

pub fn check(input: &ClaimInContext, findings: &mut Vec<Finding>) {
    for (number, line) in FACT.lines(&input.claim) {
        let code = line.procedure.code.as_str();
        if ALWAYS_THERAPY.contains(&code) && !has_modifier(line, &["GN", "GO", "GP"]) {
            let words = format!(
                "{code} on line {number} needs GP (physical), GO (occupational) or GN (speech-language) therapy: whose plan of care is it?"
            );
            findings.push(FACT.finding(number, "procedure.modifiers", words));
        }
    }
}
