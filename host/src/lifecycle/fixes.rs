//! Typed fixes: a rule proposes, the practice's policy decides, the host applies and writes down what was there before.
//!
//! A claim is made anew of its visit's charges whenever the visit is looked at, so that a fix that somebody takes back is gone with
//! the next turn. What has left stays as it was sent.

use super::HostError;
use super::accept::Word;
use super::fold::ClaimState;
use super::host::Host;
use crate::claim::{Claim, ClaimPlace, Finding, Fix, ServiceLine, Severity, iso};
use crate::store::acceptance::Acceptance;

/// What a fix did to a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Line, from 1.
    pub(super) line: u16,
    /// `procedure.modifiers`, `units`, `place-of-service`, `procedure.code`.
    pub(super) field: &'static str,
    pub(super) before: String,
    pub(super) after: String,
}

/// The field that a fix changes, and what it says.
type Shown = fn(&ServiceLine) -> (&'static str, String);

/// Applies a fix. None where its line does not exist, or where it is as the fix wants it.
pub(crate) fn apply(claim: &mut Claim, fix: &Fix) -> Option<Change> {
    let (line, field): (u16, Shown) = match fix {
        Fix::AddModifier(fix) | Fix::RemoveModifier(fix) => {
            (fix.line, |line| ("procedure.modifiers", line.procedure.modifiers.join(" ")))
        }
        Fix::SetUnits(fix) => (fix.line, |line| ("units", crate::claim::thousandths(line.units.thousandths))),
        Fix::SetPlaceOfService(fix) => (fix.line, |line| ("place-of-service", line.place_of_service.clone())),
        Fix::SetProcedure(fix) => (fix.line, |line| ("procedure.code", line.procedure.code.clone())),
    };
    let found = usize::from(line).checked_sub(1).and_then(|at| claim.lines.get_mut(at))?;
    let (field_name, before) = field(found);
    change(found, fix);
    let (_, after) = field(found);
    (before != after).then_some(Change { line, field: field_name, before, after })
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

/// What a word against the fixes of a rule is kept under, beside the words that accept findings.
pub(crate) fn refusal(rule: &str) -> Finding {
    let at = ClaimPlace { line: None, field: "fix".to_owned() };
    Finding { rule: rule.to_owned(), severity: Severity::Info, at, words: "refused".to_owned(), fix: None }
}

/// What came of a word against a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixAnswer {
    /// The next turn makes the claim without the fix, or with it again.
    Done,
    /// No fix of this rule was applied, or none was taken back.
    NoSuchFix,
    /// The claim has left as it is.
    HasLeft,
}

impl Host {
    /// Takes the fixes of a rule back from the claims of a visit, or (without a reason) lets them apply again. None where there is
    /// no such claim.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn undo_fix(
        &self,
        practice: &str,
        claim_id: u64,
        rule: &str,
        word: Word<'_>,
    ) -> Result<Option<FixAnswer>, HostError> {
        let Some(store) = self.practice_store(practice) else { return Ok(None) };
        store.write(|tx| {
            let Some(claim) = tx.claim(claim_id)? else { return Ok(None) };
            if ![ClaimState::Held.as_str(), ClaimState::Ready.as_str()].contains(&claim.state.as_str()) {
                return Ok(Some(FixAnswer::HasLeft));
            }
            let known = tx.acceptances(claim.visit_id)?;
            let refusal = refusal(rule);
            let body = tx.version_body(claim_id, claim.live_version)?;
            let concerned = match word.reason {
                Some(_) => body.fixed.iter().any(|fixed| fixed.rule == rule),
                None => tx.accepted(&known, &refusal).is_some(),
            };
            if !concerned {
                return Ok(Some(FixAnswer::NoSuchFix));
            }
            let event = match word.reason {
                Some(reason) => {
                    let kept = Acceptance { by: word.by.to_owned(), reason: reason.to_owned(), on: iso(self.as_of()) };
                    tx.accept(claim.visit_id, &refusal, &kept, self.today())?;
                    "fix taken back"
                }
                None => {
                    tx.take_back_acceptance(claim.visit_id, &refusal)?;
                    "fix allowed again"
                }
            };
            tx.record("claim", claim_id, self.today(), "operator", &format!("{rule} {event}"), "")?;
            tx.look_again_at(claim.visit_id)?;
            Ok(Some(FixAnswer::Done))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{Frequency, LineModifier, LineText, LineUnits};
    use crate::visit::samples;

    #[test]
    fn a_fix_says_what_was_there_before_and_nothing_where_nothing_changes() {
        let mut claim = Claim {
            control_number: String::new(),
            frequency: Frequency::Original,
            payer_control_number: None,
            destination: 0,
            total_charge: 9_000,
            header: samples::header(),
            lines: vec![samples::line("99213", 9_000)],
        };
        let code = claim.lines[0].procedure.code.clone();
        claim.lines[0].procedure.modifiers = vec!["25".to_owned()];
        claim.lines[0].units.thousandths = 2_000;
        let mut applied = |fix: Fix| {
            apply(&mut claim, &fix)
                .map(|change| format!("{} {}: {} to {}", change.line, change.field, change.before, change.after))
        };
        let modifier = |line, text: &str| LineModifier { line, modifier: text.to_owned() };
        let text = |value: &str| LineText { line: 1, value: value.to_owned() };
        assert_eq!(applied(Fix::AddModifier(modifier(1, "JZ"))).as_deref(), Some("1 procedure.modifiers: 25 to 25 JZ"));
        assert_eq!(applied(Fix::AddModifier(modifier(1, "JZ"))), None);
        assert_eq!(
            applied(Fix::RemoveModifier(modifier(1, "25"))).as_deref(),
            Some("1 procedure.modifiers: 25 JZ to JZ")
        );
        assert_eq!(
            applied(Fix::SetUnits(LineUnits { line: 1, thousandths: 1_500 })).as_deref(),
            Some("1 units: 2 to 1.5")
        );
        assert_eq!(applied(Fix::SetPlaceOfService(text("22"))).as_deref(), Some("1 place-of-service:  to 22"));
        assert_eq!(applied(Fix::SetProcedure(text("G2212"))), Some(format!("1 procedure.code: {code} to G2212")));
        assert_eq!(applied(Fix::AddModifier(modifier(0, "JZ"))), None);
        assert_eq!(applied(Fix::AddModifier(modifier(99, "JZ"))), None);
    }
}
