//! What a guest sees of the world: WASI p2, present but empty and the same in every session.
//!
//! No folders, no environment, no arguments, input at its end, no sockets; HTTP is not linked at all. Clocks stand
//! still, random bytes are one fixed sequence, and a wait is over at once, so that nothing but the document and the
//! setup can decide an outcome.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::body::Bytes;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, OutputStream, Pollable, StreamResult, subscribe};
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView, async_trait};

use super::contract::adapter::Adapter;
use super::fault::FaultKind;
use super::imports::{CodeTables, LogEntry, PluginLog};
use super::manifest::Limits;
use crate::claim::Phi;

/// Output kept of one call; more is counted and dropped. A panic message and some tracing fit.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// Bytes of log lines kept of one call.
const LOG_BYTES_MAX: usize = 256 * 1024;
/// What one session may hold of the host's at a time: streams, pollables, its own session. A guest holds some ten; each costs memory of
/// the host, which no ceiling of the guest's own memory counts.
pub(super) const RESOURCES_MAX: usize = 1_000;
/// All tables of a session together may have so many times the elements that one may have: a component brings its own, and small ones of
/// the adapters around it.
const TABLES_OF_ELEMENTS: usize = 2;
/// What each session's secure and insecure random bytes are, again and again.
static SECURE: LazyLock<Vec<u8>> = LazyLock::new(|| sequence("secure"));
static INSECURE: LazyLock<Vec<u8>> = LazyLock::new(|| sequence("insecure"));
/// 2000-01-01T00:00:00Z, the day that it always is.
const NOW_SECONDS: u64 = 946_684_800;

/// Standard output and error of one session, in one buffer.
#[derive(Default)]
struct Output {
    kept: Vec<u8>,
    dropped: u64,
}

/// A kilobyte that looks random and is the same on every machine.
fn sequence(name: &str) -> Vec<u8> {
    let block = |turn: u8| Sha256::new().chain_update(name).chain_update([turn]).finalize();
    (0..32).flat_map(block).collect()
}

/// Everything a store carries.
pub(super) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    output: Arc<Mutex<Output>>,
    limits: Limits,
    exceeded: Option<FaultKind>,
    memory_bytes: usize,
    table_elements: usize,
    practice: Arc<str>,
    granted: Arc<[String]>,
    tables: Arc<dyn CodeTables>,
    lines: Vec<(&'static str, String, Vec<String>)>,
    lines_bytes: usize,
    lines_dropped: u64,
}

impl State {
    /// The state of a new session. The same for every session but for practice, limits and grants.
    pub(super) fn new(practice: &str, limits: Limits, granted: Arc<[String]>, tables: Arc<dyn CodeTables>) -> Self {
        let output = Arc::new(Mutex::new(Output::default()));
        let wasi = WasiCtx::builder()
            .stdout(Sink(Arc::clone(&output)))
            .stderr(Sink(Arc::clone(&output)))
            .wall_clock(Stopped)
            .monotonic_clock(Stopped)
            .secure_random(Deterministic::new(SECURE.clone()))
            .insecure_random(Deterministic::new(INSECURE.clone()))
            .insecure_random_seed(0x0063_6c61_696d_686f_7374)
            .max_random_size(1 << 20)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        Self {
            wasi,
            table,
            output,
            limits,
            exceeded: None,
            memory_bytes: 0,
            table_elements: 0,
            practice: practice.into(),
            granted,
            tables,
            lines: Vec::new(),
            lines_bytes: 0,
            lines_dropped: 0,
        }
    }

    pub(super) fn practice(&self) -> &str {
        &self.practice
    }

    /// Linear memory of this store, of all memories of a component's instances together, bytes.
    pub(super) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    pub(super) fn results_max(&self) -> usize {
        self.limits.results as usize
    }

    pub(super) fn granted(&self, table: &str) -> bool {
        self.granted.iter().any(|name| name == table)
    }

    pub(super) fn tables(&self) -> Arc<dyn CodeTables> {
        Arc::clone(&self.tables)
    }

    pub(super) fn log_line(&mut self, level: &'static str, message: String, places: Vec<String>) {
        let bytes = message.len() + places.iter().map(|place| place.len() + size_of::<String>()).sum::<usize>();
        let fits = self.lines_bytes.saturating_add(bytes) <= LOG_BYTES_MAX;
        if fits && self.lines.len() < self.limits.log_lines as usize {
            self.lines_bytes += bytes;
            self.lines.push((level, message, places));
        } else {
            self.lines_dropped += 1;
        }
    }

    /// The ceiling that was hit since the last call began, if any.
    pub(super) fn take_exceeded(&mut self) -> Option<FaultKind> {
        self.exceeded.take()
    }

    /// Hands what the guest wrote to the practice's log and returns its output, for the detail of a fault.
    pub(super) fn flush(&mut self, log: &dyn PluginLog, plugin: &str, digest: &str) -> String {
        let output = std::mem::take(&mut *self.output.lock());
        for (level, message, places) in self.lines.drain(..) {
            let entry = LogEntry::Line { level, message: Phi::new(message), places: Phi::new(places) };
            log.write(&self.practice, plugin, digest, entry);
        }
        let text = String::from_utf8_lossy(&output.kept).into_owned();
        if !text.is_empty() {
            log.write(&self.practice, plugin, digest, LogEntry::Output(Phi::new(text.clone())));
        }
        self.lines_bytes = 0;
        let lines = std::mem::take(&mut self.lines_dropped);
        if lines > 0 || output.dropped > 0 {
            log.write(&self.practice, plugin, digest, LogEntry::Dropped { lines, bytes: output.dropped });
        }
        text
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Links WASI, then the still clock over its monotonic clock, then the contract's imports.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);
    monotonic_clock::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    linker.allow_shadowing(false);
    // Both worlds import the same interfaces.
    Adapter::add_to_linker::<State, HasSelf<State>>(linker, |state| state)
}

/// A clock that stands still.
struct Stopped;

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }
    fn now(&self) -> Duration {
        Duration::from_secs(NOW_SECONDS)
    }
}

impl HostMonotonicClock for Stopped {
    fn resolution(&self) -> u64 {
        1
    }
    fn now(&self) -> u64 {
        0
    }
}

impl monotonic_clock::Host for State {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(0)
    }
    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }
    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let over = self.table.push(Over)?;
        subscribe(&mut self.table, over)
    }
    fn subscribe_duration(&mut self, _length: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let over = self.table.push(Over)?;
        subscribe(&mut self.table, over)
    }
}

/// A wait that is over.
struct Over;

#[async_trait]
impl Pollable for Over {
    async fn ready(&mut self) {}
}

/// Standard output and error: kept up to a ceiling, always ready.
#[derive(Clone)]
struct Sink(Arc<Mutex<Output>>);

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink()) // p3 only, which is not linked
    }
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

#[async_trait]
impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut output = self.0.lock();
        let room = OUTPUT_BYTES_MAX.saturating_sub(output.kept.len()).min(bytes.len());
        output.kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
        output.dropped += (bytes.len() - room) as u64;
        Ok(())
    }
    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }
    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(OUTPUT_BYTES_MAX)
    }
}

/// Memory and table ceilings. Refuses growth, and remembers which ceiling it was: the guest's abort that follows would
/// otherwise look like any trap.
impl wasmtime::ResourceLimiter for State {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false); // what the memory itself allows: wasmtime would refuse it after it was counted
        }
        // The ceiling is of the session: a component may bring many memories. One that the system then refuses stays counted.
        let all = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        let allowed = all <= (self.limits.memory_mib as usize) << 20;
        if allowed {
            self.memory_bytes = all;
        } else {
            self.exceeded = Some(FaultKind::Memory { mib: self.limits.memory_mib });
        }
        Ok(allowed)
    }
    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false); // as above
        }
        let elements = self.limits.table_elements as usize;
        let all = self.table_elements.saturating_add(desired.saturating_sub(current));
        let allowed = desired <= elements && all <= elements.saturating_mul(TABLES_OF_ELEMENTS);
        if allowed {
            self.table_elements = all;
        } else {
            self.exceeded = Some(FaultKind::Table { elements: self.limits.table_elements });
        }
        Ok(allowed)
    }
    fn instances(&self) -> usize {
        INSTANCES_MAX
    }
    fn tables(&self) -> usize {
        INSTANCES_MAX
    }
    fn memories(&self) -> usize {
        INSTANCES_MAX
    }
}

/// Core instances, tables and memories of one session: a Python component has about twenty.
const INSTANCES_MAX: usize = 64;
