//! Whether what is written can be sent: length, control characters, delimiters, number of lines.
//!
//! One visitor walks the text of a claim with the room its element has; three edits look at what it shows.

use crate::claim::{Address, Claim, PersonName, Provider, Severity};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const LINES: Edit = Edit {
    id: "claim.too-many-lines",
    title: "The claim has more than fifty lines",
    severity: Severity::Reject,
    source: "005010X222A1 2400: at most 50",
    explain: Explain {
        what: "Counts the lines. The host splits a visit so that fifty suffice.",
        why: "Loop 2400 repeats fifty times.",
        known_problems: "None known.",
        example: "51 lines in a replacement. Repair: void it and bill two claims.",
        fix: "None.",
    },
    check: lines,
};

fn lines(claim: &Claim, _: &Context, report: &mut Report) {
    let count = claim.lines.len();
    if count > 50 {
        report.header("lines", format!("The claim has {count} lines, fifty can be sent. Split it."));
    }
}

/// See [`Edit::text`].
pub const CHARACTERS: Edit = Edit {
    id: "text.characters",
    title: "A text holds a control character or a delimiter of X12",
    severity: Severity::Reject,
    source: "005010X222A1 appendix B.1.1.2 (character sets and delimiters)",
    explain: Explain {
        what: "Looks for control characters and for * : ~ ^ in every text that is sent.",
        why: "X12 has no escape: such a text cannot be written, and it is not changed silently.",
        known_problems: "None known.",
        example: "An asterisk in a street. Repair: write it without.",
        fix: "None.",
    },
    check: characters,
};

/// Bytes that cannot be sent, and those of letters outside ASCII.
const fn is_plain(byte: u8) -> bool {
    !is_unsendable(byte) && byte < 0x80
}

const fn is_unsendable(byte: u8) -> bool {
    byte < b' ' || byte == 0x7F || matches!(byte, b'*' | b':' | b'~' | b'^')
}

/// One pass looks whether there is anything to tell, for this edit and the next two: of nearly every claim there is not.
fn characters(claim: &Claim, _: &Context, report: &mut Report) {
    let mut is_clean = true;
    each(claim, &mut |_, _, room, text| {
        // Bytes first: no text has more characters than bytes.
        is_clean = is_clean && text.len() <= room && text.bytes().all(is_plain);
    });
    if !is_clean {
        unsendable(claim, report);
        long(claim, &mut report.of(&LENGTH));
        foreign(claim, &mut report.of(&LETTERS));
    }
}

/// The pass of [`CHARACTERS`] has looked, and tells for the others too.
fn told_by_characters(_: &Claim, _: &Context, _: &mut Report) {}

fn unsendable(claim: &Claim, report: &mut Report) {
    each(claim, &mut |line, field, _, text| {
        let Some(at) = text.bytes().position(is_unsendable) else { return };
        let what = match text.as_bytes().get(at) {
            Some(byte) if byte.is_ascii_graphic() => format!("a {}", char::from(*byte)),
            _ => "a control character".to_owned(),
        };
        report.at(line, field, format!("This text holds {what}, which cannot be sent. Write it without."));
    });
}

/// See [`Edit::text`].
pub const LENGTH: Edit = Edit {
    id: "text.too-long",
    title: "A text is longer than its element",
    severity: Severity::Reject,
    source: "005010X222A1, maximum lengths of the elements",
    explain: Explain {
        what: "Compares each text with the room it has (name 60, first name 35, address line 55, city 30, ids 50 or 80, notes 80).",
        why: "A longer text is rejected; cut off silently it would say something else.",
        known_problems: "Characters are counted, as X12 does.",
        example: "A street of 60 characters. Repair: use the second address line.",
        fix: "None.",
    },
    check: told_by_characters,
};

fn long(claim: &Claim, report: &mut Report) {
    each(claim, &mut |line, field, room, text| {
        if text.len() > room && text.chars().count() > room {
            let words = format!("This text has {} characters, {room} can be sent. Shorten it.", text.chars().count());
            report.at(line, field, words);
        }
    });
}

/// See [`Edit::text`].
pub const LETTERS: Edit = Edit {
    id: "text.letters",
    title: "A text holds letters that some receivers do not read",
    severity: Severity::Warn,
    source: "005010X222A1 appendix B.1.1.2: basic and extended character set",
    explain: Explain {
        what: "Finds letters outside ASCII (accents, other scripts); in an identifier they hold the claim.",
        why: "Names are right with them, and leave without their accents. An identifier would be another one: the feed was read in a character set that is not its own.",
        known_problems: "Warns for every accented name.",
        example: "An accent in a name. Repair: where the payer rejects it, the name as on the card. In a member id: declare the feed's character set (MSH-18), or correct the id.",
        fix: "None.",
    },
    check: told_by_characters,
};

fn foreign(claim: &Claim, report: &mut Report) {
    each(claim, &mut |line, field, _, text| {
        if text.is_ascii() {
            return;
        }
        if IDENTIFIERS.contains(&field) {
            let words = "This identifier holds a letter outside ASCII, which no card has: the feed may be in another character set than it says. Correct it; it would leave as another identifier.";
            report.at_as(Severity::Hold, line, field, words);
        } else {
            report.at(line, field, "This text holds letters that some receivers do not read: it leaves in plain letters. If the payer rejects it, write it as on the card.");
        }
    });
}

/// Fields whose every character counts.
const IDENTIFIERS: [&str; 8] = [
    "control_number",
    "payer_control_number",
    "coverages.payer.id",
    "coverages.subscriber.member_id",
    "coverages.subscriber.group_number",
    "coverages.prior_authorization",
    "coverages.referral_number",
    "procedure.code",
];

/// Line, field, room in characters, text.
type See<'s> = dyn FnMut(Option<u16>, &'static str, usize, &str) + 's;

/// Shows every text that an 837P carries and a document filled.
fn each(claim: &Claim, see: &mut See) {
    let header = &claim.header;
    see(None, "control_number", 20, &claim.control_number);
    see(None, "payer_control_number", 50, claim.payer_control_number.as_deref().unwrap_or_default());
    name(None, "patient.name", &header.patient.name, see);
    address(None, "patient.address", header.patient.address.as_ref(), see);
    for id in &header.patient.ids {
        see(None, "patient.ids", 50, &id.value);
    }
    for coverage in &header.coverages {
        see(None, "coverages.payer.name", 60, &coverage.payer.name);
        see(None, "coverages.payer.id", 80, &coverage.payer.id);
        address(None, "coverages.payer.address", coverage.payer.address.as_ref(), see);
        name(None, "coverages.subscriber.name", &coverage.subscriber.name, see);
        address(None, "coverages.subscriber.address", coverage.subscriber.address.as_ref(), see);
        see(None, "coverages.subscriber.member_id", 80, &coverage.subscriber.member_id);
        see(None, "coverages.subscriber.group_number", 50, &coverage.subscriber.group_number);
        see(None, "coverages.subscriber.group_name", 60, &coverage.subscriber.group_name);
        see(None, "coverages.prior_authorization", 50, coverage.prior_authorization.as_deref().unwrap_or_default());
        see(None, "coverages.referral_number", 50, coverage.referral_number.as_deref().unwrap_or_default());
    }
    for diagnosis in &header.diagnoses {
        see(None, "diagnoses", 30, &diagnosis.code);
    }
    let providers = [
        ("billing", &header.billing),
        ("rendering", &header.rendering),
        ("referring", &header.referring),
        ("primary_care", &header.primary_care),
        ("service_facility", &header.service_facility),
        ("supervising", &header.supervising),
    ];
    for (field, one) in providers {
        provider(None, field, one.as_ref(), see);
    }
    if let Some(extras) = &header.extras {
        extras.notes.iter().for_each(|note| see(None, "extras.notes", 80, &note.text));
        extras.references.iter().for_each(|reference| see(None, "extras.references", 50, &reference.value));
        extras.file_information.iter().for_each(|text| see(None, "extras.file_information", 80, text));
    }
    for (number, line) in super::numbered(claim) {
        let at = Some(number);
        see(at, "procedure.code", 48, &line.procedure.code);
        see(at, "procedure.description", 80, &line.procedure.description);
        if let Some(drug) = &line.drug {
            see(at, "drug.code", 48, &drug.code);
            see(at, "drug.prescription", 50, &drug.prescription);
        }
        if let Some(own) = &line.providers {
            for one in [
                &own.rendering,
                &own.service_facility,
                &own.supervising,
                &own.ordering,
                &own.referring,
                &own.primary_care,
            ] {
                provider(at, "providers", one.as_ref(), see);
            }
        }
        if let Some(extras) = &line.extras {
            extras.notes.iter().for_each(|note| see(at, "extras.notes", 80, &note.text));
            extras.references.iter().for_each(|reference| see(at, "extras.references", 50, &reference.value));
            extras.file_information.iter().for_each(|text| see(at, "extras.file_information", 80, text));
        }
    }
}

fn name(line: Option<u16>, field: &'static str, name: &PersonName, see: &mut See) {
    see(line, field, 60, &name.last);
    see(line, field, 35, &name.first);
    see(line, field, 25, &name.middle);
    see(line, field, 10, &name.suffix);
}

fn address(line: Option<u16>, field: &'static str, address: Option<&Address>, see: &mut See) {
    let Some(address) = address else { return };
    see(line, field, 55, &address.line1);
    see(line, field, 55, &address.line2);
    see(line, field, 30, &address.city);
    see(line, field, 15, &address.postal_code);
}

fn provider(line: Option<u16>, field: &'static str, provider: Option<&Provider>, see: &mut See) {
    let Some(provider) = provider else { return };
    name(line, field, &provider.name, see);
    address(line, field, provider.address.as_ref(), see);
    provider.ids.iter().for_each(|id| see(line, field, 50, &id.value));
    for contact in &provider.contacts {
        see(line, field, 60, &contact.name);
        contact.numbers.iter().for_each(|number| see(line, field, 256, &number.value));
    }
}
