//! Place of service (CLM05-1, SV105).

use crate::claim::{Claim, Severity, place_of_service};
use crate::scrub::form::{blank, digits, shape};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "place-of-service.missing",
    title: "The place of service is missing",
    severity: Severity::Reject,
    source: "005010X222A1 2300 CLM05-1",
    explain: Explain {
        what: "Looks for the claim's place of service.",
        why: "CLM05-1 is required, and fees depend on it.",
        known_problems: "A claim whose every line has its own still needs the claim's.",
        example: "The location is not in the practice profile. Repair: add it there with its place of service.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    if blank(&claim.header.place_of_service) {
        report.header("place_of_service", "The place of service is missing: the location is not in the practice profile. Add it there with its place of service.");
    }
}

/// See [`Edit::text`].
pub const FORM: Edit = Edit {
    id: "place-of-service.form",
    title: "A place of service has not two digits",
    severity: Severity::Reject,
    source: "CMS Place of Service Code Set; 005010X222A1 CLM05-1, SV105",
    explain: Explain {
        what: "Place of service of claim and lines has two digits.",
        why: "The code set has two-digit codes only.",
        known_problems: "A code may have the form and not exist: code.unknown.",
        example: "A leading zero lost: 2 for 02. Repair: correct the table of locations or the export.",
        fix: "None: 1 may be 01 or 11.",
    },
    check: form,
};

fn form(claim: &Claim, _: &Context, report: &mut Report) {
    let header = &claim.header;
    if !blank(&header.place_of_service) && !digits(&header.place_of_service, 2) {
        let words = format!(
            "The place of service has not two digits (found {}). Correct the location in the practice profile.",
            shape(&header.place_of_service)
        );
        report.header("place_of_service", words);
    }
    for (number, line) in super::numbered(claim) {
        let place = place_of_service(header, line);
        if !line.place_of_service.is_empty() && !digits(place, 2) {
            let words = format!(
                "The place of service of line {number} has not two digits (found {}). Correct it in the EHR.",
                shape(place)
            );
            report.line(number, "place_of_service", words);
        }
    }
}
