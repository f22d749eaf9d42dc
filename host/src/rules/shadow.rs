//! A candidate over stored claims, beside what is active: what would be held, released, or told otherwise, with dollars, and whether the
//! payer, where it has decided on that version, saw it the same way. Fixes that the practice lets be applied are applied, as they would be.

use serde::Serialize;

use super::{RuleTable, convert};
use crate::claim::{Claim, ClaimInContext, Date, EarlierLine, Finding, Severity, iso, parse_iso};
use crate::lifecycle::{ClaimState, VersionState, apply_fix, earlier_lines, fix_refusal, undo_fix};
use crate::scrub;
use crate::store::claim::{AppliedFix, ClaimRow};
use crate::store::figures::Denial;
use crate::store::finding::StoredFinding;
use crate::store::{PracticeStore, StoreResult, Tx};

/// What a candidate changes for one claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It would wait, and does not today.
    NewlyHeld,
    /// It waits for the active table only, and would not for the candidate.
    NewlyReleased,
    /// Other findings; held as before, or not.
    Changed,
}

/// What the payer made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing yet: it has not left, or nobody has answered.
    Unknown,
    /// It was paid: a hold would have been wrong, or in vain.
    Paid,
    /// It was denied or refused, in whole or in part.
    Refused,
}

/// One claim that a candidate changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shadowed {
    /// Practice.
    pub practice: String,
    /// Lineage.
    pub claim_id: u64,
    /// First day of service.
    pub service: String,
    /// Its state now.
    pub state: String,
    /// CLM02 of the live version, cents.
    pub billed_cents: i64,
    /// What changes.
    pub change: Change,
    /// What the payer made of the live version.
    pub outcome: Outcome,
    /// Cents that the payer denied of it.
    pub denied_cents: i64,
    /// Group and reason of the denials: `CO-16`.
    pub reasons: Vec<String>,
    /// Whether the payer saw it as the candidate does; none where it has not decided, or where nothing is held or released.
    pub agrees: Option<bool>,
    /// Findings that the candidate has and the active table has not: rule and words.
    pub added: Vec<Told>,
    /// Findings that only the active table has.
    pub removed: Vec<Told>,
}

/// A finding in short.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Told {
    /// Rule.
    pub rule: String,
    /// `reject`, `hold`, `warn`, `info`.
    pub severity: &'static str,
    /// Line, from 1.
    pub line: Option<u16>,
    /// For a biller.
    pub words: String,
    /// The practice lets its fix be applied, which answers it: it keeps nothing from leaving.
    pub fixed: bool,
}

/// What a candidate came to over all claims.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Shadow {
    /// Claims with services since the day.
    pub looked_at: u64,
    /// Of these, those that the candidate is for.
    pub concerned: u64,
    /// Of these, those that are told and held as they are today.
    pub unchanged: u64,
    /// Claims that would wait.
    pub newly_held: Side,
    /// Claims that would no longer.
    pub newly_released: Side,
    /// Claims with other findings.
    pub changed: Side,
    /// Each, in the order of practice and number.
    pub claims: Vec<Shadowed>,
}

/// Claims of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// How many.
    pub claims: u64,
    /// What they bill, cents.
    pub billed_cents: i64,
    /// Of these, those that are held now.
    pub held_now: u64,
    /// What they bill, cents.
    pub held_now_cents: i64,
    /// The payer has paid.
    pub paid: u64,
    /// The payer has denied or refused, in whole or in part.
    pub refused: u64,
    /// What it denied of them, cents: what a hold might have saved.
    pub denied_cents: i64,
}

impl Shadow {
    fn add(&mut self, shadowed: Shadowed) {
        let side = match shadowed.change {
            Change::NewlyHeld => &mut self.newly_held,
            Change::NewlyReleased => &mut self.newly_released,
            Change::Changed => &mut self.changed,
        };
        side.claims += 1;
        side.billed_cents = side.billed_cents.saturating_add(shadowed.billed_cents);
        if shadowed.state == ClaimState::Held.as_str() {
            side.held_now += 1;
            side.held_now_cents = side.held_now_cents.saturating_add(shadowed.billed_cents);
        }
        side.paid += u64::from(shadowed.outcome == Outcome::Paid);
        side.refused += u64::from(shadowed.outcome == Outcome::Refused);
        side.denied_cents = side.denied_cents.saturating_add(shadowed.denied_cents);
        self.claims.push(shadowed);
    }
}

/// What is compared, for the claims of one practice.
#[derive(Debug, Clone, Copy)]
pub struct Compared<'a> {
    /// The candidate.
    pub candidate: &'a RuleTable,
    /// What has its id now.
    pub active: Option<&'a RuleTable>,
    /// `apply_fixes` of the practice's profile.
    pub apply_fixes: &'a [String],
}

/// Looks at the claims of a practice with services on or after a day.
///
/// # Errors
/// The store's.
pub fn shadow(practice: &PracticeStore, compared: Compared<'_>, since: i64, total: &mut Shadow) -> StoreResult<()> {
    practice.read(|tx| {
        for row in tx.claims()? {
            if row.service_from < since || row.billed_cents <= 0 {
                continue;
            }
            total.looked_at += 1;
            one(tx, practice.id(), &row, compared, total)?;
        }
        Ok(())
    })
}

fn one(tx: &Tx<'_>, practice: &str, row: &ClaimRow, compared: Compared<'_>, total: &mut Shadow) -> StoreResult<()> {
    let Compared { candidate, active, apply_fixes } = compared;
    let mut body = tx.version_body(row.claim_id, row.live_version)?;
    let Some(version) = tx.version(row.claim_id, row.live_version)? else { return Ok(()) };
    // The day that the rules saw; before tables were kept with it, the day on which the version was made.
    let id = &candidate.header().id;
    let then = body.looked.iter().filter_map(|looked| looked.table.as_ref()).find(|table| table.id == *id);
    let then = then.and_then(|table| parse_iso(&table.on).ok());
    let as_of = then.unwrap_or_else(|| crate::claim::from_day_number(version.created_day));
    // Both look at what the visit says: the active table's fixes would hide from the candidate what it has to find itself.
    let is_own = |fixed: &&AppliedFix| fixed.table.as_ref().is_some_and(|table| table.id == *id);
    for fixed in body.fixed.iter().rev().filter(is_own) {
        undo_fix(&mut body.claim, fixed);
    }
    let is_for = |table: &RuleTable| table.is_for(practice, &body.claim, as_of);
    let active = active.filter(|table| is_for(table));
    if !is_for(candidate) && active.is_none() {
        return Ok(());
    }
    total.concerned += 1;
    let days = candidate.table.look_back_days().max(active.map_or(0, |table| table.table.look_back_days()));
    let earlier = if days > 0 { earlier_lines(tx, row, &body.claim, i64::from(days), as_of)? } else { Vec::new() };
    let known = tx.acceptances(row.visit_id)?;
    let may_fix = |rule: &String| apply_fixes.contains(rule) && tx.accepted(&known, &fix_refusal(rule)).is_none();
    let look = |table: &RuleTable| Look::of(table, &body.claim, as_of, &earlier, &may_fix);
    let after = if is_for(candidate) { look(candidate) } else { Look::default() };
    let before = active.map(look).unwrap_or_default();
    if before == after {
        total.unchanged += 1;
        return Ok(());
    }
    let of_table = |stored: &StoredFinding| stored.table.as_ref().is_some_and(|table| table.id == *id);
    let stored = tx.findings(row.claim_id, row.live_version)?;
    let others_hold = stored.iter().any(|stored| stored.holds() && !of_table(stored));
    let holds = |look: &Look| {
        let holds = |finding: &Finding| scrub::holds(std::slice::from_ref(finding));
        // A word mends a hold and no rejection, whatever it says: as where the host looks.
        let accepted = |finding: &Finding| finding.severity == Severity::Hold && tx.accepted(&known, finding).is_some();
        look.found.iter().any(|finding| holds(finding) && !accepted(finding))
    };
    let (held_before, held_after) = (others_hold || holds(&before), others_hold || holds(&after));
    let change = match (held_before, held_after) {
        (false, true) => Change::NewlyHeld,
        (true, false) => Change::NewlyReleased,
        _ => Change::Changed,
    };
    let (denied_cents, reasons) = denied(tx, row)?;
    let outcome = outcome(version.state, denied_cents);
    let agrees = match (change, outcome) {
        (_, Outcome::Unknown) | (Change::Changed, _) => None,
        (Change::NewlyHeld, outcome) => Some(outcome == Outcome::Refused),
        (Change::NewlyReleased, outcome) => Some(outcome == Outcome::Paid),
    };
    let (told_before, told_after) = (before.told(), after.told());
    let only = |these: &[Told], others: &[Told]| -> Vec<Told> {
        these.iter().filter(|told| !others.contains(told)).cloned().collect()
    };
    total.add(Shadowed {
        practice: practice.to_owned(),
        claim_id: row.claim_id,
        service: iso(crate::claim::from_day_number(row.service_from)),
        state: row.state.clone(),
        billed_cents: row.billed_cents,
        change,
        outcome,
        denied_cents,
        reasons,
        agrees,
        added: only(&told_after, &told_before),
        removed: only(&told_before, &told_after),
    });
    Ok(())
}

/// What payers denied of the live version, in cents, and their reasons: what they said of another version is no word on this one.
fn denied(tx: &Tx<'_>, row: &ClaimRow) -> StoreResult<(i64, Vec<String>)> {
    let live = Some((row.claim_id, row.live_version));
    let decisions = tx.remittance_claims(None, Some(row.claim_id))?;
    let of_live = |denial: &Denial| {
        let at = (denial.remittance_id, denial.ordinal);
        decisions.iter().any(|one| (one.remittance_id, one.ordinal) == at && one.claim == live)
    };
    let denials: Vec<Denial> = tx.denials_of(row.claim_id)?.into_iter().filter(of_live).collect();
    let mut reasons: Vec<String> =
        denials.iter().map(|denial| format!("{}-{}", denial.group_code, denial.reason)).collect();
    reasons.sort();
    reasons.dedup();
    Ok((denials.iter().map(|denial| denial.amount_cents).sum(), reasons))
}

/// What a table comes to on a stored claim.
#[derive(Debug, Default, PartialEq)]
struct Look {
    /// What it finds, after fixes where any are applied.
    found: Vec<Finding>,
    /// What it found before, and the practice lets be mended.
    fixed: Vec<Finding>,
}

impl Look {
    /// Looks, applies what may be applied, and looks again: as the host does.
    fn of(
        table: &RuleTable,
        claim: &Claim,
        as_of: Date,
        earlier: &[EarlierLine],
        may_fix: &dyn Fn(&String) -> bool,
    ) -> Self {
        let mut found = check(table, claim, as_of, earlier);
        let (mut mended, mut fixed) = (claim.clone(), Vec::new());
        for finding in found.iter().filter(|finding| may_fix(&finding.rule)) {
            if finding.fix.as_ref().is_some_and(|fix| apply_fix(&mut mended, fix).is_some()) {
                fixed.push(finding.clone());
            }
        }
        if !fixed.is_empty() {
            found = check(table, &mended, as_of, earlier);
        }
        Self { found, fixed }
    }

    fn told(&self) -> Vec<Told> {
        let found = self.found.iter().map(|finding| told(finding, false));
        let mut all: Vec<Told> = found.chain(self.fixed.iter().map(|finding| told(finding, true))).collect();
        all.sort();
        all
    }
}

/// What a table finds on a stored claim.
fn check(table: &RuleTable, claim: &Claim, as_of: Date, earlier: &[EarlierLine]) -> Vec<Finding> {
    let context = ClaimInContext { claim: claim.clone(), as_of, earlier: earlier.to_vec() };
    // Records of one contract: what one side writes the other reads.
    let found = convert::to_contract(&context).map(|context| table.table.check(&context));
    found.and_then(|found| convert::findings(&found)).unwrap_or_else(|error| {
        let at = crate::claim::ClaimPlace { line: None, field: "claim".to_owned() };
        let words = format!("The claim cannot be given to the table: {error}");
        vec![Finding { rule: "rules.not-evaluated".to_owned(), severity: Severity::Hold, at, words, fix: None }]
    })
}

fn told(finding: &Finding, fixed: bool) -> Told {
    Told {
        rule: finding.rule.clone(),
        severity: crate::store::finding::severity_str(finding.severity),
        line: finding.at.line,
        words: finding.words.clone(),
        fixed,
    }
}

fn outcome(state: VersionState, denied_cents: i64) -> Outcome {
    match state {
        _ if denied_cents > 0 => Outcome::Refused,
        VersionState::Denied | VersionState::Rejected => Outcome::Refused,
        VersionState::Posted => Outcome::Paid,
        _ => Outcome::Unknown,
    }
}
