//! The patient's address (N3 and N4): there, with a state and ZIP that can be.

use crate::claim::{Claim, Severity};
use crate::scrub::form::{blank, is_state, is_us, is_zip, shape};
use crate::scrub::postal::zip_fits_state;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "patient.address.missing",
    title: "The patient's address is missing or incomplete",
    severity: Severity::Reject,
    source: "005010X222A1 2010BA/2010CA N301, N401, N402, N403",
    explain: Explain {
        what: "Looks for street, city and, in the US, state and ZIP.",
        why: "N3 and N4 are required of the patient.",
        known_problems: "Patients without a home need the address the practice uses for mail to them.",
        example: "PID-11 has a city but no street. Repair: complete the registration.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(address) = &claim.header.patient.address else {
        report.header("patient.address", "The patient has no address. Complete the registration.");
        return;
    };
    let us = is_us(address);
    let parts = [
        ("patient.address.line1", &address.line1, "street", true),
        ("patient.address.city", &address.city, "city", true),
        ("patient.address.state", &address.state, "state", us),
        ("patient.address.postal_code", &address.postal_code, "ZIP", us),
    ];
    for (field, value, which, wanted) in parts {
        if wanted && blank(value) {
            report.header(field, format!("The patient's address has no {which}. Complete the registration."));
        }
    }
}

/// See [`Edit::text`].
pub const FORM: Edit = Edit {
    id: "patient.address.form",
    title: "City, state or ZIP of the patient cannot be",
    severity: Severity::Hold,
    source: "005010X222A1 N402, N403; USPS Publication 28, appendix B",
    explain: Explain {
        what: "In the US: the city has letters, the state is a postal code of the list, the ZIP has five or nine digits, with or without dash.",
        why: "Clearinghouses check both against the postal list and reject the claim.",
        known_problems: "Whether ZIP and state belong together: `patient.address.zip-state`.",
        example: "ZIP of four digits, its leading zero lost in a spreadsheet. Repair: correct the registration or the export.",
        fix: "None.",
    },
    check: form,
};

fn form(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(address) = claim.header.patient.address.as_ref().filter(|address| is_us(address)) else { return };
    if !blank(&address.state) && !is_state(address.state.trim()) {
        let words = format!(
            "The patient's state is none of the postal codes (found {}). Correct the registration.",
            shape(&address.state)
        );
        report.header("patient.address.state", words);
    }
    if !blank(&address.city) && !address.city.chars().any(char::is_alphabetic) {
        let words =
            format!("The patient's city has no letter (found {}). Correct the registration.", shape(&address.city));
        report.header("patient.address.city", words);
    }
    if !blank(&address.postal_code) && !is_zip(address.postal_code.trim()) {
        let found = shape(&address.postal_code);
        let words =
            format!("The patient's ZIP has neither five nor nine digits (found {found}). Correct the registration.");
        report.header("patient.address.postal_code", words);
    }
}

/// See [`Edit::text`].
pub const ZIP_STATE: Edit = Edit {
    id: "patient.address.zip-state",
    title: "State and ZIP of the patient do not belong together",
    severity: Severity::Hold,
    source: "005010X222A1 N402, N403; USPS Publication 65 (three-digit ZIP prefixes)",
    explain: Explain {
        what: "In the US: the first three digits of the ZIP belong to the state. Prefixes that serve two states pass with both.",
        why: "Clearinghouses compare both with the postal list and reject the claim; one of the two was typed wrongly.",
        known_problems: "The single ZIP codes that cross a state line are allowed by their prefix only.",
        example: "OH with 90210. Repair: correct the registration.",
        fix: "None: either may be wrong.",
    },
    check: zip_state,
};

fn zip_state(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(address) = claim.header.patient.address.as_ref().filter(|address| is_us(address)) else { return };
    let (state, zip) = (address.state.trim(), address.postal_code.trim());
    if is_state(state) && is_zip(zip) && !zip_fits_state(zip, state) {
        report.header(
            "patient.address.postal_code",
            "The patient's ZIP does not lie in the state of the address. Correct the registration.",
        );
    }
}
