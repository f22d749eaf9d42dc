//! Batches through sessions, and what happens when one faults.
//!
//! A fault drops the session and the batch is bisected in fresh ones, so that one bad document costs its neighbours
//! nothing. A document that faults alone, and again alone with ten times the deadline, is parked. Worker time spent on
//! faults comes out of a budget of the plugin; when it is overdrawn the rest waits.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use wasmtime::Store;
use wasmtime::component::ResourceAny;

use super::fault::{Fault, FaultKind};
use super::load::Plugin;
use super::manifest::Permissions;
use super::pool::Key;
use super::session::{Exports, Session};
use super::wasi::State;
use crate::claim::{Problem, Setup};

/// Documents or claims of one guest call.
pub(super) const BATCH_MAX: usize = 100;
/// The second try of a single document has this many deadlines.
const LAST_TRY_DEADLINES: u32 = 10;
/// What a plugin may spend on faults: one second of worker time a minute, saved up to one second.
const BUDGET: Duration = Duration::from_secs(1);
const BUDGET_REFILL: Duration = Duration::from_secs(60);
/// How far one bisection may overdraw it. Finding one document that never ends among 100 takes about 18 default
/// deadlines (4.5 s): that much must be possible, or its neighbours would wait with it.
pub(super) const OVERDRAFT: Duration = Duration::from_secs(10);

/// What is left for faults, in seconds; refilled as time passes.
pub(super) struct Budget {
    state: Mutex<(f64, Instant)>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { state: Mutex::new((BUDGET.as_secs_f64(), Instant::now())) }
    }

    fn balance(&self) -> f64 {
        let mut state = self.state.lock();
        let passed = state.1.elapsed().as_secs_f64();
        state.0 = (state.0 + passed * BUDGET.as_secs_f64() / BUDGET_REFILL.as_secs_f64()).min(BUDGET.as_secs_f64());
        state.1 = Instant::now();
        state.0
    }

    /// Charges a fault outside of a batch.
    pub(super) fn charge(&self, time: Duration) {
        self.spend(time);
    }

    fn spend(&self, time: Duration) {
        self.balance();
        self.state.lock().0 -= time.as_secs_f64();
    }

    pub(super) fn is_spent(&self) -> bool {
        self.balance() <= 0.0
    }

    fn is_overdrawn(&self) -> bool {
        self.is_overdrawn_by(OVERDRAFT)
    }

    pub(super) fn is_overdrawn_by(&self, most: Duration) -> bool {
        self.balance() <= -most.as_secs_f64()
    }
}

/// How a batch crosses: the session's method of one world.
pub(super) type Call<'a, I, O> = &'a dyn Fn(&Exports, &mut Store<State>, ResourceAny, &[I]) -> wasmtime::Result<Vec<O>>;

/// Why a fresh session gave no answers.
enum Failed {
    /// The guest refuses the setup: the whole call ends.
    Setup(Vec<Problem>),
    /// `open` faulted: quarantined.
    Open(Fault),
    /// The call faulted.
    Call(Fault),
}

/// One `run`: what stays the same over its batches.
struct Run<'a, I, O> {
    plugin: &'a Plugin,
    setup: &'a Setup,
    key: Key,
    call: Call<'a, I, O>,
}

/// Runs all items; exactly one result each, in order. `Err`: the guest refuses the setup.
pub(super) fn run<I, O>(
    plugin: &Plugin,
    practice: &str,
    setup: &Setup,
    items: &[I],
    call: Call<'_, I, O>,
) -> Result<Vec<Result<O, Fault>>, Vec<Problem>> {
    let key =
        Key { practice: practice.into(), plugin: plugin.digest.as_str().into(), setup: opened_with(plugin, setup) };
    let run = Run { plugin, setup, key, call };
    let mut results = Vec::with_capacity(items.len());
    for batch in items.chunks(BATCH_MAX) {
        if plugin.is_quarantined(practice) {
            park(&mut results, batch.len(), &Fault::new(FaultKind::Quarantined));
        } else if plugin.budget.is_spent() {
            park(&mut results, batch.len(), &Fault::new(FaultKind::BudgetSpent));
        } else {
            run.batch(batch, &mut results)?;
        }
    }
    Ok(results)
}

/// Runs all items in one new session that nobody has used and nobody will: for fixtures.
pub(super) fn run_alone<I, O>(
    plugin: &Plugin,
    practice: &str,
    setup: &Setup,
    items: &[I],
    call: Call<'_, I, O>,
) -> Result<Result<Vec<O>, Vec<Problem>>, Fault> {
    let key =
        Key { practice: practice.into(), plugin: plugin.digest.as_str().into(), setup: opened_with(plugin, setup) };
    let run = Run { plugin, setup, key, call };
    match run.fresh(items, plugin.limits.deadline()) {
        Ok((outputs, _session)) => Ok(Ok(outputs)),
        Err(Failed::Setup(problems)) => Ok(Err(problems)),
        Err(Failed::Open(fault) | Failed::Call(fault)) => Err(fault),
    }
}

impl<I, O> Run<'_, I, O> {
    fn batch(&self, items: &[I], results: &mut Vec<Result<O, Fault>>) -> Result<(), Vec<Problem>> {
        let began = Instant::now();
        let deadline = self.plugin.limits.deadline();
        let first = match self.plugin.shared.pool.take(&self.key) {
            Some(session) => self.answer(session, items, deadline).map_err(Failed::Call),
            None => self.fresh(items, deadline),
        };
        self.settle(first, began, items, results)
    }

    /// Keeps the answers, or charges the fault and goes on in halves.
    fn settle(
        &self,
        first: Result<(Vec<O>, Session), Failed>,
        began: Instant,
        items: &[I],
        results: &mut Vec<Result<O, Fault>>,
    ) -> Result<(), Vec<Problem>> {
        match first {
            Ok((outputs, session)) => {
                self.give(session);
                results.extend(outputs.into_iter().map(Ok));
                return Ok(());
            }
            Err(Failed::Setup(problems)) => return Err(problems),
            Err(Failed::Open(fault)) => {
                self.plugin.count_fault();
                self.plugin.budget.spend(began.elapsed());
                self.plugin.quarantine(&self.key.practice);
                park(results, items.len(), &fault);
                return Ok(());
            }
            Err(Failed::Call(_)) => {}
        }
        self.plugin.count_fault();
        self.plugin.budget.spend(began.elapsed());
        if self.plugin.budget.is_overdrawn() {
            park(results, items.len(), &Fault::new(FaultKind::BudgetSpent));
            return Ok(());
        }
        if items.len() <= 1 {
            return self.last_try(items, results);
        }
        let (left, right) = items.split_at(items.len() / 2);
        for half in [left, right] {
            if self.plugin.is_quarantined(&self.key.practice) {
                park(results, half.len(), &Fault::new(FaultKind::Quarantined));
                continue;
            }
            let began = Instant::now();
            let outcome = self.fresh(half, self.plugin.limits.deadline());
            self.settle(outcome, began, half, results)?;
        }
        Ok(())
    }

    /// A single item that faulted: once more, alone, with ten times the deadline. One such try at a time in the whole
    /// host, so that slow plugins cannot hold every worker.
    fn last_try(&self, items: &[I], results: &mut Vec<Result<O, Fault>>) -> Result<(), Vec<Problem>> {
        let _turn = self.plugin.shared.last_try.lock();
        let began = Instant::now();
        match self.fresh(items, self.plugin.limits.deadline() * LAST_TRY_DEADLINES) {
            Ok((outputs, session)) => {
                self.give(session);
                results.extend(outputs.into_iter().map(Ok));
            }
            Err(Failed::Setup(problems)) => return Err(problems),
            Err(Failed::Open(fault)) => {
                self.plugin.quarantine(&self.key.practice);
                park(results, items.len(), &fault);
            }
            Err(Failed::Call(again)) => {
                self.plugin.count_fault();
                self.plugin.budget.spend(began.elapsed());
                park(results, items.len(), &again);
            }
        }
        Ok(())
    }

    /// Keeps a session for the next call, unless another version has taken the plugin's place meanwhile.
    fn give(&self, session: Session) {
        if self.plugin.is_retired() {
            return;
        }
        self.plugin.shared.pool.give(self.key.clone(), session);
        // Retired between the two lines: what was given is taken back.
        if self.plugin.is_retired() {
            self.plugin.shared.pool.retire(|key| *key == self.key);
        }
    }

    fn fresh(&self, items: &[I], deadline: Duration) -> Result<(Vec<O>, Session), Failed> {
        let slot = self.plugin.shared.pool.slot();
        match Session::open(self.plugin, &self.key.practice, self.setup, slot) {
            Ok(Ok(session)) => self.answer(session, items, deadline).map_err(Failed::Call),
            Ok(Err(problems)) => Err(Failed::Setup(problems)),
            Err(fault) => Err(Failed::Open(fault.in_open())),
        }
    }

    /// One call. The session comes back only with the right number of answers.
    fn answer(&self, mut session: Session, items: &[I], deadline: Duration) -> Result<(Vec<O>, Session), Fault> {
        let call = self.call;
        let outputs =
            session.call(self.plugin, deadline, |exports, store, handle| call(exports, store, handle, items))?;
        if outputs.len() == items.len() {
            return Ok((outputs, session));
        }
        Err(Fault::new(FaultKind::Count { expected: items.len(), found: outputs.len() }))
    }
}

fn park<O>(results: &mut Vec<Result<O, Fault>>, count: usize, fault: &Fault) {
    results.extend(std::iter::repeat_with(|| Err(fault.clone())).take(count));
}

/// Digest of what a session of a plugin is opened with beside its code: settings and mapping, and what it was granted. Where
/// nothing was granted, that of the setup. What is recorded and what sessions are found by is one and the same.
pub(super) fn opened_with(plugin: &Plugin, setup: &Setup) -> [u8; 32] {
    let of_setup = setup_digest(setup);
    if plugin.granted == Permissions::default() {
        return of_setup;
    }
    // Names and numbers only: this cannot fail.
    let granted = serde_json::to_vec(&plugin.granted).unwrap_or_default();
    Sha256::new().chain_update(of_setup).chain_update(granted).finalize().into()
}

/// Digest of settings and mapping, each text with its length, so that no two setups share one.
pub(super) fn setup_digest(setup: &Setup) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let texts = setup.settings.iter().flat_map(|(name, value)| [name, value]).chain([&setup.mapping]);
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setups_that_read_alike_have_other_digests() {
        let setup = |settings: &[(&str, &str)], mapping: &str| Setup {
            settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            mapping: mapping.to_owned(),
        };
        let all = [
            setup(&[("a", "bc")], ""),
            setup(&[("ab", "c")], ""),
            setup(&[("a", "b")], "c"),
            setup(&[], "abc"),
            setup(&[("a", "bc"), ("", "")], ""),
        ];
        for (place, left) in all.iter().enumerate() {
            for right in all.iter().skip(place + 1) {
                assert_ne!(setup_digest(left), setup_digest(right));
            }
            assert_eq!(setup_digest(left), setup_digest(&left.clone()));
        }
    }

    #[test]
    fn a_budget_is_spent_then_overdrawn_then_refilled() {
        let budget = Budget::new();
        assert!(!budget.is_spent());
        budget.spend(Duration::from_millis(1_500));
        assert!(budget.is_spent() && !budget.is_overdrawn());
        budget.spend(OVERDRAFT);
        assert!(budget.is_overdrawn());
        let back = Instant::now().checked_sub(Duration::from_secs(1_000)).unwrap();
        budget.state.lock().1 = back;
        assert!(!budget.is_spent());
    }
}
