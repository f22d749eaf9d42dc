//! The member id of each coverage (NM109 of 2010BA and 2330A).

use crate::claim::{Claim, Severity};
use crate::scrub::form::blank;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "member-id.missing",
    title: "The payer billed has no member id",
    severity: Severity::Reject,
    source: "005010X222A1 2010BA NM109",
    explain: Explain {
        what: "Looks for the member id of the coverage the claim goes to. Other coverages: `payer.other.incomplete`.",
        why: "Without it the payer cannot find the member.",
        known_problems: "Workers' compensation claims may know a casualty number only; with one the edit passes.",
        example: "IN1-36 is empty. Repair: enter the id from the card.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(coverage) = crate::claim::destination(claim) else { return };
    if blank(&coverage.subscriber.member_id) && coverage.casualty_claim_number.is_none() {
        let field = format!("coverages[{}].subscriber.member_id", claim.destination);
        report.header(field, "The payer billed has no member id. Enter it from the insurance card.");
    }
}

/// See [`Edit::text`].
pub const FORM: Edit = Edit {
    id: "member-id.placeholder",
    title: "A member id is a placeholder or holds a blank",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2330A NM109",
    explain: Explain {
        what: "Finds what registration types when it has no card: UNKNOWN, NONE, one character over and over, 123456789; ids of one character; blanks inside.",
        why: "Payers answer it with 'member not found' after days.",
        known_problems: "A payer that prints blanks on its cards wants the id without them.",
        example: "999999999. Repair: enter the id from the card.",
        fix: "None.",
    },
    check: form,
};

/// What people type instead of an id. Compared without case.
const PLACEHOLDERS: &[&str] = &[
    "UNKNOWN",
    "UNK",
    "NONE",
    "NULL",
    "N/A",
    "NA",
    "PENDING",
    "TBD",
    "TEMP",
    "TEST",
    "SELF",
    "SELFPAY",
    "NOTONFILE",
    "123456789",
    "1234567890",
    "012345678",
];

fn form(claim: &Claim, _: &Context, report: &mut Report) {
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let id = coverage.subscriber.member_id.trim();
        let problem = if id.is_empty() {
            continue;
        } else if PLACEHOLDERS.iter().any(|word| word.eq_ignore_ascii_case(id)) || is_one_character_again(id) {
            "is a placeholder"
        } else if id.bytes().any(|byte| byte.is_ascii_whitespace()) {
            "holds a blank"
        } else if id.len() < 2 {
            "has one character"
        } else {
            continue;
        };
        let field = format!("coverages[{at}].subscriber.member_id");
        report.header(
            field,
            format!("The member id of coverage {} {problem}. Enter it as on the insurance card.", at + 1),
        );
    }
}

fn is_one_character_again(id: &str) -> bool {
    id.len() >= 5 && id.as_bytes().windows(2).all(|pair| matches!(pair, [left, right] if left == right))
}
