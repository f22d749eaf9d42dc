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
use crate::store::claim::AppliedFix;
use claimhost_sdk::delimited::thousandths;

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

/// Undoes a fix that was applied, and nothing that another has made of the field since: of several, the last comes first.
pub(crate) fn undo(claim: &mut Claim, fixed: &AppliedFix) {
    let AppliedFix { line, field, before, after, .. } = fixed;
    let Some(line) = usize::from(*line).checked_sub(1).and_then(|at| claim.lines.get_mut(at)) else { return };
    match field.as_str() {
        "procedure.modifiers" => {
            let (before, after): (Vec<&str>, Vec<&str>) =
                (before.split(' ').collect(), after.split(' ').filter(|text| !text.is_empty()).collect());
            let modifiers = &mut line.procedure.modifiers;
            modifiers.retain(|known| before.contains(&known.as_str()) || !after.contains(&known.as_str()));
            for (at, gone) in before.iter().enumerate().filter(|(_, text)| !text.is_empty() && !after.contains(text)) {
                modifiers.insert(at.min(modifiers.len()), (*gone).to_owned());
            }
        }
        "units" => {
            let (before, after) = (thousandths(before), thousandths(after));
            if Some(line.units.thousandths) == after {
                line.units.thousandths = before.unwrap_or(line.units.thousandths);
            }
        }
        "place-of-service" if line.place_of_service == *after => line.place_of_service.clone_from(before),
        "procedure.code" if line.procedure.code == *after => line.procedure.code.clone_from(before),
        _ => {}
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

    #[test]
    fn a_fix_is_undone_and_what_another_has_changed_since_stays() {
        let mut claim = Claim {
            control_number: String::new(),
            frequency: Frequency::Original,
            payer_control_number: None,
            destination: 0,
            total_charge: 9_000,
            header: samples::header(),
            lines: vec![samples::line("99213", 9_000)],
        };
        claim.lines[0].procedure.modifiers = vec!["25".to_owned(), "59".to_owned()];
        claim.lines[0].units.thousandths = 2_000;
        let original = claim.clone();
        let modifier = |text: &str| LineModifier { line: 1, modifier: text.to_owned() };
        let text = |value: &str| LineText { line: 1, value: value.to_owned() };
        let fixes = [
            Fix::AddModifier(modifier("GP")),
            Fix::RemoveModifier(modifier("25")),
            Fix::SetUnits(LineUnits { line: 1, thousandths: 1_500 }),
            Fix::SetPlaceOfService(text("22")),
            Fix::SetProcedure(text("G2212")),
        ];
        let apply = |claim: &mut Claim, fix: &Fix| {
            let Change { line, field, before, after } = super::apply(claim, fix).unwrap();
            let field = field.to_owned();
            AppliedFix { rule: String::new(), digest: String::new(), table: None, line, field, before, after }
        };
        let applied: Vec<AppliedFix> = fixes.iter().map(|fix| apply(&mut claim, fix)).collect();
        let mended = claim.clone();
        applied.iter().rev().for_each(|fixed| undo(&mut claim, fixed));
        assert_eq!(claim, original);
        // Of two that added a modifier, one alone.
        let mut claim = mended;
        apply(&mut claim, &Fix::AddModifier(modifier("KX")));
        undo(&mut claim, &applied[0]);
        assert_eq!(claim.lines[0].procedure.modifiers, ["59", "KX"]);
        // Nor what says something else by now.
        claim.lines[0].procedure.code = "G0463".to_owned();
        undo(&mut claim, &applied[4]);
        assert_eq!(claim.lines[0].procedure.code, "G0463");
    }
}
