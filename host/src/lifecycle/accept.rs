//! An operator's word that what a rule holds is right as it is: the claim is looked at again and may leave.
//!
//! Rules see what is usual, a biller knows the visit. Without a way out of a hold that is wrong, practices switch rules off for
//! everybody. What no word can mend stays held: what a standard or the claim form refuses, and what was not evaluated.

use super::HostError;
use super::host::Host;
use super::review::WAITS;
use crate::claim::{Finding, Severity, iso};
use crate::store::acceptance::Acceptance;
use crate::store::finding::StoredFinding;
use crate::store::{StoreResult, Tx};

/// Rules whose holds are no judgement: nobody has looked, or the 837P has no place for it.
const NO_JUDGEMENT: [&str; 4] = ["rules.not-evaluated", "claim.unwritable", "text.unwritable", WAITS];

/// What an operator says of findings of one claim.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    /// Who says it.
    pub by: &'a str,
    /// Why it is right as it is; none: an earlier word is taken back.
    pub reason: Option<&'a str>,
}

/// What came of a word on one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// So many findings of the rule are accepted, or the word on them is taken back.
    Done(usize),
    /// The claim has no finding of the rule that holds it, or, to be taken back, none that was accepted.
    NoSuchFinding,
    /// The finding is of a kind that no word mends.
    NotAcceptable,
}

impl Host {
    /// Accepts what these rules hold of the live version of a claim, or takes that back. None where there is no such claim.
    /// Nothing changes unless every rule can be answered with [`Answer::Done`]. The next turn looks at the claim again.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn accept_findings(
        &self,
        practice: &str,
        claim_id: u64,
        rules: &[String],
        word: Word<'_>,
    ) -> Result<Option<Vec<Answer>>, HostError> {
        let Some(store) = self.practice_store(practice) else { return Ok(None) };
        store.write(|tx| {
            let Some(claim) = tx.claim(claim_id)? else { return Ok(None) };
            let findings = tx.findings(claim_id, claim.live_version)?;
            let known = tx.acceptances(claim.visit_id)?;
            let concerned = |stored: &&StoredFinding| match word.reason {
                Some(_) => stored.holds(),
                None => tx.accepted(&known, &stored.finding).is_some(),
            };
            let concerned: Vec<&StoredFinding> = findings.iter().filter(concerned).collect();
            let of_rule = |rule: &String| -> Vec<&Finding> {
                concerned.iter().map(|stored| &stored.finding).filter(|finding| finding.rule == *rule).collect()
            };
            let answers: Vec<Answer> = rules.iter().map(|rule| answer(&of_rule(rule))).collect();
            if answers.iter().all(|answer| matches!(answer, Answer::Done(_))) {
                for rule in rules {
                    self.keep_word(tx, (claim.visit_id, claim_id), &of_rule(rule), word)?;
                }
                tx.look_again_at(claim.visit_id)?;
            }
            Ok(Some(answers))
        })
    }

    fn keep_word(
        &self,
        tx: &Tx<'_>,
        (visit_id, claim_id): (u64, u64),
        findings: &[&Finding],
        word: Word<'_>,
    ) -> StoreResult<()> {
        for finding in findings {
            match word.reason {
                Some(reason) => {
                    let acceptance =
                        Acceptance { by: word.by.to_owned(), reason: reason.to_owned(), on: iso(self.as_of()) };
                    tx.accept(visit_id, finding, &acceptance, self.today())?;
                }
                None => tx.take_back_acceptance(visit_id, finding)?,
            }
        }
        let Some(first) = findings.first() else { return Ok(()) };
        let event = if word.reason.is_some() { "accepted" } else { "acceptance taken back" };
        tx.record("claim", claim_id, self.today(), "operator", &format!("{} {event}", first.rule), "")
    }
}

/// What becomes of the findings of one rule.
fn answer(findings: &[&Finding]) -> Answer {
    let no_judgement =
        |finding: &&Finding| finding.severity == Severity::Reject || NO_JUDGEMENT.contains(&finding.rule.as_str());
    match findings.len() {
        0 => Answer::NoSuchFinding,
        _ if findings.iter().any(no_judgement) => Answer::NotAcceptable,
        count => Answer::Done(count),
    }
}
