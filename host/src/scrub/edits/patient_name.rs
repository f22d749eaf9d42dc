//! The patient's name: there, and of letters.
//!
//! Hyphens, apostrophes, blanks, full stops, lower case, one letter: all of these are names.

use crate::claim::{Claim, Severity};
use crate::scrub::form::{blank, same_letters};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "patient.name.missing",
    title: "The patient has no last or no first name",
    severity: Severity::Reject,
    source: "005010X222A1 2010BA/2010CA NM103, NM104; 42 CFR 424.32",
    explain: Explain {
        what: "Looks for a last and a first name.",
        why: "The payer finds its member by name, date of birth and id; without a name the claim comes back unread.",
        known_problems: "A person with one legal name fails until the registration repeats it or writes what the card shows.",
        example: "PID-5 holds a last name only. Repair: complete the registration in the EHR and send it again.",
        fix: "None: only the registration knows.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    let name = &claim.header.patient.name;
    let parts = [("patient.name.last", &name.last, "last"), ("patient.name.first", &name.first, "first")];
    for (field, value, which) in parts {
        if blank(value) {
            report.header(
                field,
                format!("The patient has no {which} name. Complete the registration as on the insurance card."),
            );
        }
    }
}

/// See [`Edit::text`].
pub const DIGITS: Edit = Edit {
    id: "patient.name.digits",
    title: "The patient's name holds a digit",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM103-NM105",
    explain: Explain {
        what: "Looks for a digit in last, first and middle name.",
        why: "A digit is a typing error, an id in the wrong field, or a feed whose fields are shifted.",
        known_problems: "Temporary names of newborns with a number (Baby 2) are held; payers do not know them either.",
        example: "A last name ends in 0 for O. Repair: correct the registration; for every patient of a feed: its mapping.",
        fix: "None.",
    },
    check: digits,
};

fn digits(claim: &Claim, _: &Context, report: &mut Report) {
    let name = &claim.header.patient.name;
    for (field, value) in
        [("patient.name.last", &name.last), ("patient.name.first", &name.first), ("patient.name.middle", &name.middle)]
    {
        if value.bytes().any(|byte| byte.is_ascii_digit()) {
            report
                .header(field, "The patient's name holds a digit. Correct the registration as on the insurance card.");
        }
    }
}

/// See [`Edit::text`].
pub const PLACEHOLDER: Edit = Edit {
    id: "patient.name.placeholder",
    title: "The patient's name is a placeholder",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM103, NM104",
    explain: Explain {
        what: "Finds what registration types when it has no name, or when it tries the system: TEST, ZZTEST, UNKNOWN, DO NOT USE, XXX; compared without case, blanks and marks, with each name whole.",
        why: "A test patient is not billed; a patient without a name is nobody's member.",
        known_problems: "A person whose last or first name really is Test is held. Doe is a name and passes.",
        example: "ZZTEST, PATIENT. Repair: complete the registration, or mark the visit as not billable.",
        fix: "None.",
    },
    check: placeholder,
};

const PLACEHOLDERS: &[&str] = &[
    "test",
    "testing",
    "tester",
    "testpatient",
    "patienttest",
    "zztest",
    "zzztest",
    "unknown",
    "unk",
    "notgiven",
    "noname",
    "nolastname",
    "nofirstname",
    "donotuse",
    "placeholder",
    "dummy",
    "tbd",
    "xx",
    "xxx",
    "xxxx",
    "xxxxx",
    "zzz",
    "asdf",
];

fn placeholder(claim: &Claim, _: &Context, report: &mut Report) {
    let name = &claim.header.patient.name;
    let begins =
        |text: &str| text.chars().find(|letter| letter.is_alphabetic()).map(|letter| letter.to_ascii_lowercase());
    for (field, value) in [("patient.name.last", &name.last), ("patient.name.first", &name.first)] {
        let first = begins(value);
        if PLACEHOLDERS.iter().any(|word| begins(word) == first && same_letters(word, value)) {
            report.header(
                field,
                "The patient's name is a placeholder. Complete the registration, or mark the visit as not billable.",
            );
        }
    }
}

/// See [`Edit::text`].
pub const CHARACTERS: Edit = Edit {
    id: "patient.name.characters",
    title: "The patient's name holds a character that no name has",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM103-NM105",
    explain: Explain {
        what: "Finds @ # $ % & = + _ / ; ! ? < > | \\ [ ] { } and question marks in last, first and middle name.",
        why: "The payer compares the name with the card; such a character is an address, a note or a broken transfer.",
        known_problems: "Parentheses and quotation marks around a nickname pass.",
        example: "SMITH/JONES. Repair: the name as on the insurance card.",
        fix: "None.",
    },
    check: characters,
};

fn characters(claim: &Claim, _: &Context, report: &mut Report) {
    let name = &claim.header.patient.name;
    let bad = |byte: u8| b"@#$%&=+_/;!?<>|\\[]{}".contains(&byte);
    for (field, value) in
        [("patient.name.last", &name.last), ("patient.name.first", &name.first), ("patient.name.middle", &name.middle)]
    {
        if value.bytes().any(bad) {
            report.header(
                field,
                "The patient's name holds a character that no name has. Correct the registration as on the insurance card.",
            );
        }
    }
}

/// See [`Edit::text`].
pub const TITLE: Edit = Edit {
    id: "patient.name.title",
    title: "The patient's first name begins with a form of address",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA NM104 (NM106, the prefix, is not used)",
    explain: Explain {
        what: "Finds Mr, Mrs, Ms, Miss and Dr before another word in the first name.",
        why: "The payer compares the name with its member's; a form of address is no part of it.",
        known_problems: "A first name that is one of these words alone passes.",
        example: "Mr. John. Repair: John.",
        fix: "None.",
    },
    check: title,
};

fn title(claim: &Claim, _: &Context, report: &mut Report) {
    let first = &claim.header.patient.name.first;
    let mut words = first.split([' ', '.']).filter(|word| !word.is_empty());
    let begins = words
        .next()
        .is_some_and(|word| ["mr", "mrs", "ms", "miss", "dr"].iter().any(|known| known.eq_ignore_ascii_case(word)));
    if begins && words.next().is_some() {
        report.header(
            "patient.name.first",
            "The patient's first name begins with a form of address. Correct the registration as on the insurance card.",
        );
    }
}
