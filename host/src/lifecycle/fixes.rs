//! Typed fixes: a rule proposes, the practice's policy decides, the host applies.

use crate::claim::{Claim, Fix, ServiceLine};

/// Applies a fix. False where its line does not exist.
pub(super) fn apply(claim: &mut Claim, fix: &Fix) -> bool {
    let line = match fix {
        Fix::AddModifier(fix) | Fix::RemoveModifier(fix) => fix.line,
        Fix::SetUnits(fix) => fix.line,
        Fix::SetPlaceOfService(fix) | Fix::SetProcedure(fix) => fix.line,
    };
    let Some(line) = usize::from(line).checked_sub(1).and_then(|at| claim.lines.get_mut(at)) else { return false };
    change(line, fix);
    true
}

fn change(line: &mut ServiceLine, fix: &Fix) {
    match fix {
        Fix::AddModifier(fix) => {
            if !line.procedure.modifiers.contains(&fix.modifier) {
                line.procedure.modifiers.push(fix.modifier.clone());
            }
        }
        Fix::RemoveModifier(fix) => line.procedure.modifiers.retain(|modifier| *modifier != fix.modifier),
        Fix::SetUnits(fix) => line.units.thousandths = fix.thousandths,
        Fix::SetPlaceOfService(fix) => line.place_of_service.clone_from(&fix.value),
        Fix::SetProcedure(fix) => line.procedure.code.clone_from(&fix.value),
    }
}
