//! What an operator has accepted: findings that hold a claim of a visit and are right as they are.
//!
//! An acceptance is of one finding of one visit, by its rule, field and words. Words name the values they speak of, so that a
//! value that changes is another finding, and holds again.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{StoreResult, Tx};
use crate::claim::Finding;

/// An operator's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// Who.
    pub by: String,
    /// Why it is right as it is. May hold patient data.
    pub reason: String,
    /// The day, ISO 8601.
    pub on: String,
}

/// The acceptances of one visit, by finding, each with its rule.
#[derive(Default)]
pub struct Acceptances(HashMap<Vec<u8>, (String, Acceptance)>);

impl Acceptances {
    /// Whether any finding of a rule was accepted, whatever it said.
    pub fn of_rule(&self, rule: &str) -> bool {
        self.0.values().any(|(known, _)| known == rule)
    }
}

impl Tx<'_> {
    /// Keeps an operator's word on a finding of a visit; a later word takes the place of an earlier one.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn accept(&self, visit_id: u64, finding: &Finding, word: &Acceptance, day: i64) -> StoreResult<()> {
        let body = self.seal_json("acceptance", visit_id, word)?;
        self.execute(
            "INSERT INTO acceptance (practice_id, visit_id, finding_mac, rule, accepted_day, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (practice_id, visit_id, finding_mac) DO UPDATE SET accepted_day = excluded.accepted_day,
             body = excluded.body",
            (self.practice_id(), visit_id, self.finding_mac(finding), &finding.rule, day, body),
        )?;
        Ok(())
    }

    /// Takes an operator's word back.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn take_back_acceptance(&self, visit_id: u64, finding: &Finding) -> StoreResult<()> {
        self.execute(
            "DELETE FROM acceptance WHERE practice_id = ?1 AND visit_id = ?2 AND finding_mac = ?3",
            (self.practice_id(), visit_id, self.finding_mac(finding)),
        )?;
        Ok(())
    }

    /// Takes every word on a rule back, whatever its findings said. Returns how many.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn take_back_acceptances_of(&self, visit_id: u64, rule: &str) -> StoreResult<usize> {
        self.execute(
            "DELETE FROM acceptance WHERE practice_id = ?1 AND visit_id = ?2 AND rule = ?3",
            (self.practice_id(), visit_id, rule),
        )
    }

    /// What was accepted of a visit.
    ///
    /// # Errors
    /// [`super::StoreError`].
    pub fn acceptances(&self, visit_id: u64) -> StoreResult<Acceptances> {
        let rows: Vec<(Vec<u8>, String, Vec<u8>)> = self.rows(
            "SELECT finding_mac, rule, body FROM acceptance WHERE practice_id = ?1 AND visit_id = ?2",
            (self.practice_id(), visit_id),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let opened = rows
            .into_iter()
            .map(|(mac, rule, body)| Ok((mac, (rule, self.unseal_json("acceptance", visit_id, &body)?))));
        Ok(Acceptances(opened.collect::<StoreResult<_>>()?))
    }

    /// The operator's word on a finding, where there is one.
    pub fn accepted<'a>(&self, known: &'a Acceptances, finding: &Finding) -> Option<&'a Acceptance> {
        if known.0.is_empty() {
            return None;
        }
        known.0.get(self.finding_mac(finding).as_slice()).map(|(_, word)| word)
    }

    /// Lines are no part of it: a visit's lines may come in another order tomorrow.
    fn finding_mac(&self, finding: &Finding) -> [u8; 32] {
        let parts = [&finding.rule, &finding.at.field, &finding.words];
        self.lookup("acceptance", &parts.map(|part| part.as_bytes()))
    }
}
