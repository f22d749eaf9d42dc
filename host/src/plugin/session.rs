//! One session: a store, an instance and the guest's `session` resource. Belongs to one practice, plugin and setup.
//!
//! A session that faulted must be dropped: its memory may be in any state. `runner.rs` sees to that by taking it by
//! value.

use std::cell::RefCell;
use std::time::Duration;

use wasmtime::component::{ComponentExportIndex, Func, InstancePre, ResourceAny, ResourceTableError, TypedFunc};
use wasmtime::{Store, Trap};

use super::contract::{adapter, poster, puller, rules};
use super::engine::ticks;
use super::fault::{Fault, FaultKind};
use super::image::{Image, Laid};
use super::imports::LogEntry;
use super::load::Plugin;
use super::pool::Slot;
use super::source;
use super::wasi::{RESOURCES_MAX, State};
use crate::claim::{ClaimInContext, Finding, Phi, Problem, Setup};

/// The interface of world `rules`, and its method that looks at claims.
const CHECK: &str = "claimhost:plugin/check@0.1.0-draft";
const METHOD: &str = "[method]session.check";

/// `open` may take this many deadlines: it parses a mapping, once, and a fault in it quarantines.
const OPEN_DEADLINES: u32 = 4;

/// Prepared imports of a world; starting an instance from it only copies memory.
pub(super) enum Pre {
    /// World `adapter`.
    Adapter(adapter::AdapterPre<State>),
    /// World `rules`.
    Rules(RulesPre),
    /// World `puller`.
    Puller(puller::PullerPre<State>),
    /// World `poster`.
    Poster(poster::PosterPre<State>),
}

/// World `rules`, prepared: its bindings, and the method that claims are handed to laid out.
pub(super) struct RulesPre {
    instance: InstancePre<State>,
    bindings: rules::RulesIndices,
    check: ComponentExportIndex,
}

impl RulesPre {
    pub(super) fn new(instance: InstancePre<State>) -> wasmtime::Result<Self> {
        let bindings = rules::RulesIndices::new(&instance)?;
        let component = instance.component();
        let named = |name: &str| wasmtime::Error::msg(format!("does not export `{name}`"));
        let world = component.get_export_index(None, CHECK).ok_or_else(|| named(CHECK))?;
        let check = component.get_export_index(Some(&world), METHOD).ok_or_else(|| named(METHOD))?;
        Ok(Self { instance, bindings, check })
    }

    fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Exports> {
        let instance = self.instance.instantiate(&mut *store)?;
        // Here every export is held against its type, `check` too.
        let world = self.bindings.load(&mut *store, &instance)?;
        let check = instance.get_func(&mut *store, self.check).ok_or_else(|| wasmtime::Error::msg(METHOD))?;
        Ok(Exports::Rules(world, Check { method: check, image: RefCell::default() }))
    }
}

/// `session.check`, for claims that are laid out, and where the last ones were.
pub(super) struct Check {
    method: Func,
    image: RefCell<Image>,
}

impl Check {
    /// Exactly one list of findings for each claim, in order.
    pub(super) fn call(
        &self,
        store: &mut Store<State>,
        session: ResourceAny,
        claims: &[ClaimInContext],
    ) -> wasmtime::Result<Vec<Vec<Finding>>> {
        type Parameters<'a> = (ResourceAny, Laid<'a, ClaimInContext>);
        // SAFETY: the bindings have held this function against `list<claim-in-context>`, and that is what `Laid` of it is.
        #[allow(unsafe_code, reason = "checking every record's type again at each call takes as long as a call")]
        let check = unsafe { TypedFunc::<Parameters<'_>, (Vec<Vec<Finding>>,)>::new_unchecked(self.method) };
        let mut image = self.image.borrow_mut();
        let answer = check.call(store, (session, Laid::out(claims, &mut image))).map(|(findings,)| findings);
        image.shrink();
        answer
    }
}

/// The instance.
pub(super) enum Exports {
    /// World `adapter`.
    Adapter(adapter::Adapter),
    /// World `rules`.
    Rules(rules::Rules, Check),
    /// World `puller`.
    Puller(puller::Puller),
    /// World `poster`.
    Poster(poster::Poster),
}

/// A started component without a session: answers `describe`.
pub(super) struct Started {
    store: Store<State>,
    exports: Exports,
}

/// An open session. Field order matters: the slot is given back after the store is gone.
pub(super) struct Session {
    started: Started,
    handle: ResourceAny,
    _slot: Slot,
}

impl Started {
    /// Starts an instance for a practice.
    pub(super) fn new(plugin: &Plugin, practice: &str) -> Result<Self, Fault> {
        let of_fixtures = practice == super::fixtures::PRACTICE;
        let tables = if of_fixtures { &plugin.shared.fixture_tables } else { &plugin.shared.tables };
        let tables = std::sync::Arc::clone(tables);
        if !plugin.granted_tables.is_empty() {
            tables.open();
        }
        let state = State::new(practice, plugin.limits, std::sync::Arc::clone(&plugin.granted_tables), tables);
        let mut store = Store::new(plugin.engine(), state);
        store.limiter(|state| state);
        store.set_max_component_handles(RESOURCES_MAX);
        store.epoch_deadline_trap();
        store.set_epoch_deadline(ticks(plugin.limits.deadline() * OPEN_DEADLINES));
        let exports = match &plugin.compiled.pre {
            Pre::Adapter(pre) => pre.instantiate(&mut store).map(Exports::Adapter),
            Pre::Rules(pre) => pre.instantiate(&mut store),
            Pre::Puller(pre) => pre.instantiate(&mut store).map(Exports::Puller),
            Pre::Poster(pre) => pre.instantiate(&mut store).map(Exports::Poster),
        };
        match exports {
            Ok(exports) => Ok(Self { store, exports }),
            Err(error) => {
                let kind = store.data_mut().take_exceeded().unwrap_or(FaultKind::Start);
                Err(Fault::with_detail(kind, format!("{error:?}")))
            }
        }
    }

    /// Runs one guest call under a deadline and the ceilings. Whatever the guest wrote goes to the practice's log.
    pub(super) fn call<T>(
        &mut self,
        plugin: &Plugin,
        deadline: Duration,
        run: impl FnOnce(&Exports, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Fault> {
        self.store.data_mut().take_exceeded();
        self.store.set_epoch_deadline(ticks(deadline));
        // Bytes that may cross from guest to host in one call: what `output_mib` bounds.
        self.store.set_hostcall_fuel((plugin.limits.output_mib as usize) << 20);
        let result = run(&self.exports, &mut self.store);
        let log = &*plugin.shared.log;
        let state = self.store.data_mut();
        let output = state.flush(log, &plugin.manifest.id, &plugin.digest);
        result.map_err(|error| {
            let kind = classify(&error, state.take_exceeded(), plugin, deadline);
            let detail = format!("{error:?}\n{output}");
            let entry = LogEntry::Fault { fault: kind.to_string(), detail: Phi::new(detail.clone()) };
            log.write(state.practice(), &plugin.manifest.id, &plugin.digest, entry);
            Fault::with_detail(kind, detail)
        })
    }
}

impl Session {
    /// Starts an instance and opens its session. The inner error is the guest's list of problems with the setup.
    pub(super) fn open(
        plugin: &Plugin,
        practice: &str,
        setup: &Setup,
        slot: Slot,
    ) -> Result<Result<Self, Vec<Problem>>, Fault> {
        Self::open_with(plugin, practice, setup, slot, |exports, store, setup| match exports {
            Exports::Adapter(world) => world.claimhost_plugin_translate().session().call_open(store, setup),
            Exports::Rules(world, _) => world.claimhost_plugin_check().session().call_open(store, setup),
            Exports::Poster(world) => world.claimhost_plugin_post().session().call_open(store, setup),
            Exports::Puller(_) => Err(wasmtime::Error::msg("a puller opens with a turn")),
        })
    }

    /// The same, of a world whose `open` takes more than a setup.
    pub(super) fn open_with(
        plugin: &Plugin,
        practice: &str,
        setup: &Setup,
        slot: Slot,
        open: impl FnOnce(&Exports, &mut Store<State>, &Setup) -> wasmtime::Result<Result<ResourceAny, Vec<Problem>>>,
    ) -> Result<Result<Self, Vec<Problem>>, Fault> {
        let mut started = Started::new(plugin, practice)?;
        let deadline = plugin.limits.deadline() * OPEN_DEADLINES;
        let joined;
        let setup = match &plugin.mapping {
            None => setup,
            own => {
                let mapping = source::joined(own.as_deref(), &setup.mapping);
                joined = Setup { settings: setup.settings.clone(), mapping };
                &joined
            }
        };
        let opened = started.call(plugin, deadline, |exports, store| open(exports, store, setup))?;
        Ok(opened.map(|handle| Self { started, handle, _slot: slot }))
    }

    /// Linear memory that it holds, and what the host keeps for its calls.
    pub(super) fn memory_bytes(&self) -> usize {
        let kept = match &self.started.exports {
            Exports::Rules(_, check) => check.image.borrow().kept_bytes(),
            Exports::Adapter(_) | Exports::Puller(_) | Exports::Poster(_) => 0,
        };
        self.started.store.data().memory_bytes() + kept
    }

    /// One call of the session's method.
    pub(super) fn call<T>(
        &mut self,
        plugin: &Plugin,
        deadline: Duration,
        run: impl FnOnce(&Exports, &mut Store<State>, ResourceAny) -> wasmtime::Result<T>,
    ) -> Result<T, Fault> {
        let handle = self.handle;
        self.started.call(plugin, deadline, |exports, store| run(exports, store, handle))
    }
}

/// An answer of one document or claim with more in it than `limits.results`.
#[derive(Debug, thiserror::Error)]
#[error("{found} results")]
pub(super) struct TooManyResults {
    pub(super) found: usize,
}

/// Refuses answers of which one has more in it than is allowed.
pub(super) fn bounded<O>(
    store: &Store<State>,
    answers: Vec<O>,
    count: impl Fn(&O) -> usize,
) -> wasmtime::Result<Vec<O>> {
    let most = answers.iter().map(count).max().unwrap_or(0);
    if most > store.data().results_max() { Err(TooManyResults { found: most }.into()) } else { Ok(answers) }
}

/// The kind of a failed call, in our own words only.
fn classify(error: &wasmtime::Error, exceeded: Option<FaultKind>, plugin: &Plugin, deadline: Duration) -> FaultKind {
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::Interrupt) {
        return FaultKind::Deadline { ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX) };
    }
    if let Some(kind) = exceeded {
        return kind;
    }
    if let Some(TooManyResults { found }) = error.downcast_ref() {
        return FaultKind::Results { found: *found, expected: plugin.limits.results };
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return FaultKind::Resources { most: RESOURCES_MAX };
    }
    // wasmtime's error for a spent budget of crossing bytes is private; its text is fixed and holds no guest data.
    if error.root_cause().to_string().contains("fuel") {
        return FaultKind::Oversize { mib: plugin.limits.output_mib };
    }
    FaultKind::Trap(trap.map_or_else(|| "it broke the component contract or left".to_owned(), ToString::to_string))
}
