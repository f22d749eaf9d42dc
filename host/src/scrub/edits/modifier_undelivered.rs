//! Lines without a modifier from an interface that has no place for one: nobody has said that there is none.

use crate::claim::{Claim, Severity};
use crate::ncci::Code;
use crate::ncci::modifier::is_visit;
use crate::scrub::{Context, Edit, Explain, Report};

/// The element as adapters name it (`visit-update.undelivered`).
const ELEMENT: &str = "line.procedure.modifiers";

/// See [`Edit::text`].
pub const UNDELIVERED: Edit = Edit {
    id: "modifiers.undelivered",
    title: "A line has no modifier, and the interface that sent it has no place for one",
    severity: Severity::Hold,
    source: "005010X222A1 2400 SV101-3 to SV101-6; visit-update.undelivered of the adapter",
    explain: Explain {
        what: "Finds lines without a modifier of visits whose interfaces never send any. A line that has one, from the crosswalk too, passes; a visit that is the only line of its claim is a warning.",
        why: "Without 25, 59, RT or 26 a service is paid short or denied, and whether one belongs there is in the chart only.",
        known_problems: "A practice whose services take no modifier answers once, in its mapping: blank_is_none.",
        example: "A procedure of a chart read by FHIR. Repair: map where the site has them, or accept the claim as it is.",
        fix: "None: a guessed modifier says what nobody recorded, and so does a guessed absence.",
    },
    check: undelivered,
};

fn undelivered(claim: &Claim, context: &Context, report: &mut Report) {
    if !context.undelivered.iter().any(|element| element == ELEMENT) {
        return;
    }
    // What a visit's modifiers tell apart is other services beside it.
    let is_alone = match claim.lines.as_slice() {
        [line] if context.siblings.is_empty() => Code::parse(&line.procedure.code).is_some_and(is_visit),
        _ => false,
    };
    for (number, line) in super::numbered(claim) {
        if line.procedure.modifiers.is_empty() {
            let words = format!(
                "Line {number} ({}) has no modifier, and the interface that sent this visit has no place for one. See in the chart whether one belongs \
                 there. Then say in the site's mapping where modifiers stand, or `blank_is_none = [\"{ELEMENT}\"]` where a charge without one needs \
                 none (it counts for visits that are told after that), send them by another feed, or accept this claim as it is (claim accept).",
                super::code(line)
            );
            report.line(number, super::modifier_omission::FIELD, words);
            if is_alone {
                report.told_as(Severity::Warn);
            }
        }
    }
}
