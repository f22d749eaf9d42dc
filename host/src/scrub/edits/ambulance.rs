//! Ambulance: where the patient was taken from and to (2310E, 2310F, 2420G, 2420H, SV101-3).

use crate::claim::{Address, Ambulance, Claim, ServiceLine, Severity};
use crate::scrub::form::{blank, code_between};
use crate::scrub::{Context, Edit, Explain, Report};

/// HCPCS codes of ground and air ambulance: A0425 to A0436.
fn is_ambulance(line: &ServiceLine) -> bool {
    code_between(&line.procedure.code, "A0425", "A0436")
}

fn transport<'a>(claim: &'a Claim, line: &'a ServiceLine) -> impl Iterator<Item = &'a Ambulance> {
    let of_claim = claim.header.extras.as_ref().and_then(|extras| extras.ambulance.as_ref());
    let of_line = line.extras.as_ref().and_then(|extras| extras.ambulance.as_ref());
    of_claim.into_iter().chain(of_line)
}

fn whole(address: &Address) -> bool {
    !blank(&address.line1) && !blank(&address.city)
}

/// See [`Edit::text`].
pub const PICKUP: Edit = Edit {
    id: "ambulance.pickup.missing",
    title: "An ambulance claim does not say where the patient was picked up",
    severity: Severity::Hold,
    source: "005010X222A1 2310E/2420G NM1 PW, N3, N4; Medicare Claims Processing Manual, chapter 15, section 30.1.2",
    explain: Explain {
        what: "Lines A0425 to A0436 have a pick-up address with street and city on claim or line.",
        why: "The fee goes by the ZIP of the pick-up, and the guide requires the loop.",
        known_problems: "A pick-up without a street is written as a description in N301.",
        example: "A0429 without NM1 PW. Repair: enter the pick-up.",
        fix: "None.",
    },
    check: pickup,
};

fn pickup(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if is_ambulance(line) && !transport(claim, line).any(|one| one.pickup.as_ref().is_some_and(whole)) {
            let words = format!(
                "Line {number} ({}) does not say where the patient was picked up. Enter the pick-up address.",
                super::code(line)
            );
            report.line(number, "extras.ambulance.pickup", words);
        }
    }
}

/// See [`Edit::text`].
pub const ROUTE: Edit = Edit {
    id: "ambulance.modifier.missing",
    title: "An ambulance line does not say from where to where",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 15, section 30.A (origin and destination modifiers)",
    explain: Explain {
        what: "Lines A0425 to A0436 have a modifier of two letters of D, E, G, H, I, J, N, P, R, S, X (X only as destination).",
        why: "Payers deny the line without it.",
        known_problems: "A patient pronounced dead before pick-up has QL alone and passes.",
        example: "A0429 without modifier. Repair: RH from home to hospital.",
        fix: "None.",
    },
    check: route,
};

fn route(claim: &Claim, _: &Context, report: &mut Report) {
    let told = |modifier: &String| match modifier.as_bytes() {
        [from, to] => b"DEGHIJNPRS".contains(from) && b"DEGHIJNPRSX".contains(to) || modifier == "QL",
        _ => false,
    };
    for (number, line) in super::numbered(claim) {
        if is_ambulance(line) && !line.procedure.modifiers.iter().any(told) {
            let words = format!(
                "Line {number} ({}) does not say from where to where. Enter the modifier of origin and destination.",
                super::code(line)
            );
            report.line(number, "procedure.modifiers", words);
        }
    }
}
