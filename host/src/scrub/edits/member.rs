//! The member id of each coverage (NM109 of 2010BA and 2330A).

use crate::claim::{Claim, Severity};
use crate::scrub::form::{blank, is_mbi, is_medicare, shape};
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
        what: "Finds what registration types when it has no card: UNKNOWN, NONE, one character over and over, 123456789; ids of one character; blanks inside; a telephone number or a date with its marks; the group number.",
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
    "SAME",
    "SAMEASABOVE",
    "SAME AS ABOVE",
    "ONFILE",
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
        } else if is_telephone(id) {
            "is a telephone number"
        } else if is_date(id) {
            "is a date"
        } else if !blank(&coverage.subscriber.group_number)
            && id.eq_ignore_ascii_case(coverage.subscriber.group_number.trim())
        {
            "is the group number"
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

/// `614-555-0100` and `(614) 555-0100`. Ten digits alone are an ordinary id.
fn is_telephone(id: &str) -> bool {
    let shape: String = id.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect();
    matches!(shape.as_str(), "999-999-9999" | "(999)999-9999" | "999.999.9999")
}

/// `03/04/1970`, `3/4/70` and `1970-03-04`.
fn is_date(id: &str) -> bool {
    let digits =
        |part: &str, counts: &[usize]| counts.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let (slashes, dashes): (Vec<&str>, Vec<&str>) = (id.split('/').collect(), id.split('-').collect());
    match (slashes.as_slice(), dashes.as_slice()) {
        ([a, b, c], _) => digits(a, &[1, 2, 4]) && digits(b, &[1, 2]) && digits(c, &[1, 2, 4]),
        (_, [a, b, c]) => digits(a, &[4]) && digits(b, &[2]) && digits(c, &[2]),
        _ => false,
    }
}

fn is_one_character_again(id: &str) -> bool {
    id.len() >= 5 && id.as_bytes().windows(2).all(|pair| matches!(pair, [left, right] if left == right))
}

/// See [`Edit::text`].
pub const MBI: Edit = Edit {
    id: "member-id.mbi",
    title: "A Medicare id has not the form of an MBI",
    severity: Severity::Hold,
    source: "CMS, Medicare Beneficiary Identifier format (11 places; letters S, L, O, I, B, Z are never used); required for services from 2020-01-01",
    explain: Explain {
        what: "Where the filing indicator is MB or MA: eleven characters, each place with its class. Lower case passes; dashes of the card are taken out before.",
        why: "Medicare rejects the claim before it looks at anything else.",
        known_problems: "Services before 2020 may carry the old number and are not looked at.",
        example: "An O for a zero. Repair: enter the id from the card.",
        fix: "None: only the card knows which character was meant.",
    },
    check: mbi,
};

fn mbi(claim: &Claim, _: &Context, report: &mut Report) {
    let old = claim.lines.iter().any(|line| line.service_dates.start.year < 2020);
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let id = coverage.subscriber.member_id.trim();
        if old || id.is_empty() || !is_medicare(&coverage.filing_indicator) || is_mbi(&id.to_ascii_uppercase()) {
            continue;
        }
        let words = format!(
            "The Medicare id of coverage {} has not the form of an MBI (found {}). Enter it as on the card.",
            at + 1,
            shape(id)
        );
        report.header(format!("coverages[{at}].subscriber.member_id"), words);
    }
}

/// See [`Edit::text`].
pub const SSN: Edit = Edit {
    id: "member-id.ssn",
    title: "A social security number stands for the member id",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA NM109, REF SY; 42 USC 405(c)(2)(C)",
    explain: Explain {
        what: "The id is written as a social security number (three, two and four digits with dashes), or is the number that the claim gives as such.",
        why: "Payers no longer find members by it, and it should not travel.",
        known_problems: "Nine digits without dashes are an ordinary id of many payers and pass, unless the claim itself says that they are the number.",
        example: "3-2-4 digits with dashes. Repair: enter the id from the card.",
        fix: "None.",
    },
    check: ssn,
};

fn ssn(claim: &Claim, _: &Context, report: &mut Report) {
    for (at, coverage) in claim.header.coverages.iter().enumerate() {
        let id = coverage.subscriber.member_id.trim();
        let plain = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<u8>>();
        let said = coverage.subscriber.social_security_number.as_deref();
        let same = said.is_some_and(|ssn| !id.is_empty() && plain(ssn) == plain(id) && plain(id).len() == 9);
        let dashed =
            matches!(id.as_bytes(), [a @ .., b'-', _, _, b'-', _, _, _, _] if a.len() == 3) && plain(id).len() == 9;
        if same || dashed {
            let words = format!(
                "The member id of coverage {} is a social security number. Enter the id from the card.",
                at + 1
            );
            report.header(format!("coverages[{at}].subscriber.member_id"), words);
        }
    }
}
