//! The same service twice: within the claim, or on an earlier live claim of the patient.

use crate::claim::{Claim, Frequency, ServiceLine, Severity, rendering};
use crate::scrub::form::{blank, same_modifiers, says_distinct};
use crate::scrub::{Context, Edit, Explain, Report};

const MEANT_TWICE: &str =
    "If it was given twice, enter the modifier that says so (76, 77, 91 or 59); if not, remove it.";

fn rendering_npi<'a>(claim: &'a Claim, line: &'a ServiceLine) -> &'a str {
    rendering(&claim.header, line).and_then(|provider| provider.npi.as_deref()).unwrap_or_default()
}

fn is_distinct(line: &ServiceLine) -> bool {
    line.procedure.modifiers.iter().any(|modifier| says_distinct(modifier))
}

/// See [`Edit::text`].
pub const LINE: Edit = Edit {
    id: "duplicate.line",
    title: "Two lines of the claim are the same service",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 1, section 120 (exact duplicate criteria)",
    explain: Explain {
        what: "Same code, modifiers (in any order), dates and rendering provider, and neither line says it is distinct (76, 77, 91, 59, XE, XS, XP, XU). Other sides (RT, LT), other drugs (NDC) and other places are other services.",
        why: "Payers deny the second line as a duplicate, and true repeats need a modifier.",
        known_problems: "Add-on codes billed on several lines instead of with units are held.",
        example: "A charge entered twice under two charge ids. Repair: remove one, or add 76.",
        fix: "None: only the chart knows.",
    },
    check: line,
};

fn line(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        if blank(&line.procedure.code) || is_distinct(line) {
            continue;
        }
        let before = super::numbered(claim).take(usize::from(number).saturating_sub(1));
        let same = |other: &ServiceLine| {
            other.procedure.code == line.procedure.code
                && other.service_dates == line.service_dates
                && same_modifiers(&other.procedure.modifiers, &line.procedure.modifiers)
                && rendering_npi(claim, other) == rendering_npi(claim, line)
                && other.drug.as_ref().map(|drug| &drug.code) == line.drug.as_ref().map(|drug| &drug.code)
                && crate::claim::place_of_service(&claim.header, other)
                    == crate::claim::place_of_service(&claim.header, line)
        };
        if let Some((first, _)) = before.into_iter().find(|(_, other)| same(other)) {
            let words =
                format!("Line {number} is the same service as line {first} ({}). {MEANT_TWICE}", super::code(line));
            report.line(number, "procedure", words);
        }
    }
}

/// See [`Edit::text`].
pub const CLAIM: Edit = Edit {
    id: "duplicate.claim",
    title: "A service was already billed on another claim of the patient",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 1, section 120 (exact duplicate criteria)",
    explain: Explain {
        what: "Same date, code, modifiers, units, charge and rendering provider as a line of an earlier live claim of another lineage, and no modifier says it is distinct. Voids are not looked at.",
        why: "Billed twice is denied at best, and a repayment with questions at worst.",
        known_problems: "Two real visits on one day without modifier are held, as the payer would.",
        example: "A visit registered twice. Repair: void one of the two visits, or add the modifier.",
        fix: "None.",
    },
    check: claim,
};

fn claim(claim: &Claim, context: &Context, report: &mut Report) {
    if claim.frequency == Frequency::Void || context.earlier.is_empty() {
        return;
    }
    for (number, line) in super::numbered(claim) {
        if blank(&line.procedure.code) || is_distinct(line) {
            continue;
        }
        let others = context.earlier.iter().filter(|other| other.live && other.claim_id != claim.control_number);
        let found = others.into_iter().find(|other| {
            other.services.iter().any(|service| {
                service.code == line.procedure.code
                    && service.service_dates == line.service_dates
                    && service.units_thousandths == line.units.thousandths
                    && service.charge == line.charge
                    && same_modifiers(&service.modifiers, &line.procedure.modifiers)
                    && service.rendering_npi == rendering_npi(claim, line)
            })
        });
        if let Some(other) = found {
            let words = format!(
                "Line {number} ({}) was already billed on claim {}. {MEANT_TWICE}",
                super::code(line),
                other.claim_id
            );
            report.line(number, "procedure", words);
        }
    }
}
