//! Counts of a period, from clear columns: one walk over the claims, one over remittances and denials.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::days::Days;
use super::define::CHARGE_DAYS;
use crate::remit::Account;
use crate::store::check::Snapshot;
use crate::store::figures::{Denial, FirstPass, Marked};
use crate::store::{PracticeStore, Store, StoreResult, Tx};

/// What a payer denied under a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Denied {
    /// Decisions with it.
    pub decisions: i64,
    /// Cents.
    pub cents: i64,
    /// By reason: decisions and cents.
    pub reasons: BTreeMap<String, (i64, i64)>,
}

/// The counts that figures are made of. Counts of practices add up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Claims made; of these never held.
    pub made: i64,
    /// See `made`.
    pub clean: i64,
    /// Claims first sent; of these passed, and without an answer that decides.
    pub sent: i64,
    /// See `sent`.
    pub passed: i64,
    /// See `sent`.
    pub waiting: i64,
    /// Claims closed; of these accurate.
    pub closed: i64,
    /// See `closed`.
    pub accurate: i64,
    /// Posted decisions by payer.
    pub decisions: BTreeMap<String, i64>,
    /// Of these, decisions that denied something.
    pub denying: BTreeMap<String, i64>,
    /// Of these, by payer and group.
    pub denied: BTreeMap<(String, String), Denied>,
    /// Balance of what payers owe or dispute, cents.
    pub open_cents: i64,
    /// Charges of the last [`CHARGE_DAYS`] days, cents.
    pub charge_cents: i64,
    /// From service to posted.
    pub cycle: Days,
    /// From service to charge.
    pub lag: Days,
    /// Expected visits with charges, and without.
    pub captured: (i64, i64),
    /// Claim payments that are not posted, and all.
    pub payments: (i64, i64),
}

impl Counts {
    /// Counts a practice between two days, both included. Lineages are walked by as many threads, all at one moment of the store.
    ///
    /// # Errors
    /// The store's.
    pub fn of(store: &Store, practice: &PracticeStore, (from, to): (i64, i64), threads: usize) -> StoreResult<Self> {
        let snapshots = store.snapshots(threads)?;
        let mut counts = Self::default();
        let Some(first) = snapshots.first() else { return Ok(counts) };
        counts.add_rest(&first.tx(practice), from, to)?;
        let parts = u64::try_from(snapshots.len()).unwrap_or(1).max(1);
        let share = first.tx(practice).highest("claim", "claim_id")? / parts + 1;
        let walked: Vec<StoreResult<Self>> = std::thread::scope(|scope| {
            let walk = |(at, snapshot): (u64, Snapshot)| {
                scope.spawn(move || {
                    let mut part = Self::default();
                    let ids = (at * share, (at + 1) * share - 1);
                    snapshot.tx(practice).each_marked(ids.0, ids.1, |claim| part.add_claim(claim, from, to))?;
                    Ok(part)
                })
            };
            let threads: Vec<_> = (0..).zip(snapshots).map(walk).collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        for part in walked {
            counts += &part?;
        }
        Ok(counts)
    }

    /// What is not counted by lineage.
    fn add_rest(&mut self, tx: &Tx<'_>, from: i64, to: i64) -> StoreResult<()> {
        let counts = self;
        let decisions = tx.decisions_by_payer(from, to)?;
        counts.decisions = decisions.into_iter().map(|(payer, count)| (payer, signed(count))).collect();
        let mut before = None;
        tx.each_denial(from, to, |denial| counts.add_denial(denial, &mut before))?;
        for account in [Account::PayerReceivable, Account::Denied] {
            counts.open_cents += tx.posted_between(account.as_str(), i64::MIN, to)?;
        }
        let since = to.saturating_sub(CHARGE_DAYS - 1);
        counts.charge_cents = -tx.posted_between(Account::Charges.as_str(), since, to)?;
        let (charged, gaps) = tx.captured_between(from, to)?;
        counts.captured = (signed(charged), signed(gaps));
        let (failed, all) = tx.clps_not_posted(from, to)?;
        counts.payments = (signed(failed), signed(all));
        Ok(())
    }

    fn add_claim(&mut self, claim: &Marked, from: i64, to: i64) {
        let marks = &claim.marks;
        let within = |day: i64| from <= day && day <= to;
        if within(marks.assembled_day) {
            self.made += 1;
            self.clean += i64::from(!marks.held_once);
        }
        if marks.sent_day.is_some_and(within) {
            self.sent += 1;
            self.passed += i64::from(marks.first_pass == FirstPass::Passed);
            self.waiting += i64::from(marks.first_pass == FirstPass::Waiting);
        }
        if let Some(closed) = marks.closed_day.filter(|day| within(*day)) {
            self.closed += 1;
            self.accurate += i64::from(!marks.corrected && !marks.error_denied);
            if claim.is_posted && claim.billed_cents != 0 {
                self.cycle.add(closed - claim.service_from);
            }
        }
        if let Some(charged) = marks.charged_day.filter(|day| within(*day)) {
            self.lag.add(charged - claim.service_from);
        }
    }

    /// Denials of one CLP come one after the other: `before` is the last one's CLP, with the groups it has counted in.
    fn add_denial(&mut self, denial: &Denial, before: &mut Option<(Clp, Vec<String>)>) {
        let clp = (denial.claim_id, denial.remittance_id, denial.ordinal);
        if before.as_ref().is_none_or(|(known, _)| *known != clp) {
            *self.denying.entry(denial.payer_id.clone()).or_default() += 1;
            *before = Some((clp, Vec::new()));
        }
        let key = (denial.payer_id.clone(), denial.group_code.clone());
        let denied = self.denied.entry(key).or_default();
        if let Some((_, groups)) = before
            && !groups.contains(&denial.group_code)
        {
            groups.push(denial.group_code.clone());
            denied.decisions += 1;
        }
        denied.cents += denial.amount_cents;
        let reason = denied.reasons.entry(denial.reason.clone()).or_default();
        *reason = (reason.0 + 1, reason.1 + denial.amount_cents);
    }
}

/// Lineage, remittance and position of a CLP.
type Clp = (u64, u64, u32);

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, other: &Self) {
        self.made += other.made;
        self.clean += other.clean;
        self.sent += other.sent;
        self.passed += other.passed;
        self.waiting += other.waiting;
        self.closed += other.closed;
        self.accurate += other.accurate;
        for (payer, count) in &other.decisions {
            *self.decisions.entry(payer.clone()).or_default() += count;
        }
        for (payer, count) in &other.denying {
            *self.denying.entry(payer.clone()).or_default() += count;
        }
        for (key, part) in &other.denied {
            let denied = self.denied.entry(key.clone()).or_default();
            denied.decisions += part.decisions;
            denied.cents += part.cents;
            for (reason, (decisions, cents)) in &part.reasons {
                let sum = denied.reasons.entry(reason.clone()).or_default();
                *sum = (sum.0 + decisions, sum.1 + cents);
            }
        }
        self.open_cents += other.open_cents;
        self.charge_cents += other.charge_cents;
        self.cycle += &other.cycle;
        self.lag += &other.lag;
        self.captured = (self.captured.0 + other.captured.0, self.captured.1 + other.captured.1);
        self.payments = (self.payments.0 + other.payments.0, self.payments.1 + other.payments.1);
    }
}
