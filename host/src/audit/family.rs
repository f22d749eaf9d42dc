//! Detectors whose word is a finding of the scrub: which findings are whose, the work they open, and their counts.
//!
//! A finding belongs to at most one detector. Its claim gets one work item of that detector, worth what the claim bills, which
//! closes by itself when the findings are gone.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::store::finding::StoredFinding;
use crate::store::{StoreResult, Tx};

/// One detector.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// As `audit` calls it.
    pub name: &'static str,
    /// Kind of its work items.
    pub work: &'static str,
    /// Its rules: ids, or beginnings of ids that end in a dot.
    pub rules: &'static [&'static str],
}

/// Patients who are not who the roster or the payer says.
pub const DEMOGRAPHICS: Family = Family { name: "demographics", work: "audit.demographics", rules: &["demographic."] };

/// The practice's own codes without a billed one.
pub const CODES: Family = Family { name: "codes", work: "audit.codes", rules: &["crosswalk.", "procedure.unmapped"] };

/// What was keyed wrong where somebody typed it anew.
pub const TYPOS: Family = Family {
    name: "typos",
    work: "audit.typos",
    rules: &[
        "typo.",
        "charge.fee-schedule",
        "npi.check-digit",
        "member-id.mbi",
        "patient.birth-date.implausible",
        "patient.birth-date.after-service",
        "service-date.future",
        "service-date.invalid",
        "duplicate.claim",
    ],
};

/// A modifier that the context calls for, and that is not there.
pub const MODIFIERS: Family =
    Family { name: "modifiers", work: "audit.modifiers", rules: &["modifier-omission.", "ncci.ptp.modifier-missing"] };

/// Every detector of this kind.
pub const FAMILIES: [Family; 4] = [DEMOGRAPHICS, CODES, TYPOS, MODIFIERS];

impl Family {
    /// Whether a finding of this rule is its own.
    pub fn has(&self, rule: &str) -> bool {
        self.rules.iter().any(|own| if own.ends_with('.') { rule.starts_with(own) } else { rule == *own })
    }
}

/// Opens or closes the work of a claim by its findings: one item for each detector.
///
/// # Errors
/// The store's.
pub fn work(tx: &Tx<'_>, claim_id: u64, findings: &[StoredFinding], cents: i64, today: i64) -> StoreResult<()> {
    let open = tx.open_work_kinds(("claim", claim_id))?;
    for family in FAMILIES {
        let to_do = findings.iter().filter(|stored| stored.accepted.is_none()).map(|stored| &stored.finding);
        let own = to_do.filter(|finding| family.has(&finding.rule));
        let words: Vec<&str> = own.map(|finding| finding.words.as_str()).collect();
        if words.is_empty() && !open.iter().any(|kind| kind == family.work) {
            continue;
        }
        if words.is_empty() {
            tx.close_work(Some(family.work), ("claim", claim_id), today)?;
        } else {
            tx.open_work(family.work, ("claim", claim_id), today, cents, &words.join("\n"))?;
        }
    }
    Ok(())
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    /// Rule id (`demographic.member-id`).
    pub rule: String,
    /// Findings.
    pub findings: u64,
    /// Of these, findings that hold their claim.
    pub holds: u64,
    /// Claims with it.
    pub claims: u64,
    /// What those claims bill, in cents.
    pub cents: i64,
}

/// One claim with a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimLine {
    /// Lineage.
    pub claim_id: u64,
    /// Its state.
    pub state: String,
    /// Cents it bills.
    pub cents: i64,
    /// Rule and words of each finding. Patient data.
    pub findings: Vec<(String, String)>,
}

/// What a detector has found on the live versions of a practice's claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// The practice.
    pub practice: String,
    /// By rule.
    pub rules: Vec<RuleCount>,
    /// Claims with any.
    pub claims: u64,
    /// What they bill, each once.
    pub cents: i64,
    /// Each of them, the most money first.
    pub claim_list: Vec<ClaimLine>,
}

/// Counts the findings of a detector.
///
/// # Errors
/// The store's.
pub fn tally(tx: &Tx<'_>, family: &Family) -> StoreResult<Tally> {
    let mut rules: BTreeMap<String, RuleCount> = BTreeMap::new();
    let mut claim_list = Vec::new();
    for claim_id in claims(tx, family)? {
        let Some(claim) = tx.claim(claim_id)? else { continue };
        let mut seen = BTreeSet::new();
        let mut findings = Vec::new();
        for stored in tx.findings(claim_id, claim.live_version)? {
            let holds = stored.holds();
            let finding = stored.finding;
            if !family.has(&finding.rule) {
                continue;
            }
            let rule = finding.rule.clone();
            let empty = || RuleCount { rule, findings: 0, holds: 0, claims: 0, cents: 0 };
            let count = rules.entry(finding.rule.clone()).or_insert_with(empty);
            count.findings += 1;
            count.holds += u64::from(holds);
            if seen.insert(finding.rule.clone()) {
                count.claims += 1;
                count.cents += claim.billed_cents;
            }
            findings.push((finding.rule, finding.words));
        }
        claim_list.push(ClaimLine { claim_id, state: claim.state, cents: claim.billed_cents, findings });
    }
    claim_list.sort_by_key(|line| (std::cmp::Reverse(line.cents), line.claim_id));
    Ok(Tally {
        practice: tx.practice_id().to_owned(),
        rules: rules.into_values().collect(),
        claims: u64::try_from(claim_list.len()).unwrap_or(0),
        cents: claim_list.iter().map(|line| line.cents).sum(),
        claim_list,
    })
}

/// Claims whose live version has a finding of the detector, in order.
///
/// # Errors
/// The store's.
pub fn claims(tx: &Tx<'_>, family: &Family) -> StoreResult<BTreeSet<u64>> {
    let mut claims = BTreeSet::new();
    for rule in family.rules {
        claims.extend(tx.claims_with_findings(rule)?);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standard_edit_belongs_to_one_detector_at_most_and_every_rule_is_one() {
        for edit in crate::scrub::EDITS {
            let owners: Vec<&str> =
                FAMILIES.iter().filter(|family| family.has(edit.id)).map(|family| family.name).collect();
            assert!(owners.len() <= 1, "{}: {owners:?}", edit.id);
        }
        for rule in FAMILIES.iter().flat_map(|family| family.rules) {
            let known = |edit: &&crate::scrub::Edit| {
                if rule.ends_with('.') { edit.id.starts_with(rule) } else { edit.id == *rule }
            };
            assert!(crate::scrub::EDITS.iter().any(|edit| known(&edit)), "{rule}");
        }
    }
}
