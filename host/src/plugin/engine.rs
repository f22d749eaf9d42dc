//! Two wasmtime engines and the one thread that moves their epochs.
//!
//! The pooled engine starts an instance in microseconds from reserved slots. Components that do not fit a slot (Python
//! and JavaScript: 12-18 MB, several core modules, big tables) run on the on-demand engine: slower to start, no limit
//! but their own ceilings.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use super::manifest::Limits;

/// Live sessions, idle ones included. Each holds one slot; 64 is eight workers with eight (practice, plugin) pairs each.
pub(super) const SESSIONS_MAX: u32 = 64;
/// Core instances of one component: a Rust guest has its module and two or three adapter shims.
const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = 8;
/// Tables of one component: one of each core module.
const TABLES_PER_COMPONENT_MAX: u32 = 8;
/// Elements of a table in a slot; a Rust guest has some hundreds of function pointers.
pub(super) const POOL_TABLE_ELEMENTS_MAX: u32 = 20_000;
/// Linear memory of a slot. Address space only; what a session may touch is its own `memory_mib`.
pub(super) const POOL_MEMORY_MIB_MAX: u32 = 256;
/// Bytes of a component that may go to the pool. Our guests have 0.1-1 MB; what is bigger brings a language runtime.
pub(super) const POOL_COMPONENT_BYTES_MAX: usize = 4 << 20;
/// Kept resident when a slot is handed on, so that a small session costs no page faults.
const MEMORY_KEEP_RESIDENT_BYTES: usize = 1 << 20;
/// Length of an epoch: the resolution of deadlines. 5 ms costs 200 wake-ups a second and no measurable time.
const TICK: Duration = Duration::from_millis(5);

/// Which engine a component runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placement {
    /// Reserved slots.
    Pooled,
    /// Allocated at each start.
    OnDemand,
}

impl Placement {
    /// Where a component of this size with these ceilings goes.
    pub(super) fn of(component_bytes: usize, limits: &Limits) -> Self {
        let fits = component_bytes <= POOL_COMPONENT_BYTES_MAX
            && limits.memory_mib <= POOL_MEMORY_MIB_MAX
            && limits.table_elements <= POOL_TABLE_ELEMENTS_MAX;
        if fits { Self::Pooled } else { Self::OnDemand }
    }
}

/// Both engines.
pub(super) struct Engines {
    pooled: Engine,
    on_demand: Engine,
}

impl Engines {
    /// Builds both and starts the ticker, which ends with the last engine.
    pub(super) fn new(stack_kib: u32) -> wasmtime::Result<Self> {
        let base = || {
            let mut config = base();
            config.max_wasm_stack((stack_kib as usize) << 10);
            config
        };
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(SESSIONS_MAX)
            .total_core_instances(SESSIONS_MAX * CORE_INSTANCES_PER_COMPONENT_MAX)
            // One linear memory each: shims bring none.
            .total_memories(SESSIONS_MAX)
            .total_tables(SESSIONS_MAX * TABLES_PER_COMPONENT_MAX)
            // Guest calls are synchronous, but wasmtime reserves a stack wherever it could switch: one each.
            .total_stacks(SESSIONS_MAX)
            .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT_MAX)
            .max_memories_per_component(1)
            .max_tables_per_component(TABLES_PER_COMPONENT_MAX)
            .table_elements(POOL_TABLE_ELEMENTS_MAX as usize)
            .max_memory_size((POOL_MEMORY_MIB_MAX as usize) << 20)
            .linear_memory_keep_resident(MEMORY_KEEP_RESIDENT_BYTES)
            // Only the pages that a session wrote to are cleared (Linux 6.7 and later). Without it the lowest bytes are, written
            // to or not: in a Rust guest they are its stack, of which it hardly uses any.
            .pagemap_scan(Enabled::Auto);
        let pooled = Engine::new(base().allocation_strategy(pool))?;
        let on_demand = Engine::new(base().allocation_strategy(InstanceAllocationStrategy::OnDemand))?;
        let ticked = [pooled.weak(), on_demand.weak()];
        std::thread::Builder::new().name("plugin-epochs".to_owned()).spawn(move || {
            loop {
                std::thread::sleep(TICK);
                let alive = ticked.iter().filter_map(wasmtime::EngineWeak::upgrade);
                if alive.map(|engine| engine.increment_epoch()).count() == 0 {
                    return;
                }
            }
        })?;
        Ok(Self { pooled, on_demand })
    }

    /// The engine of a placement.
    pub(super) fn get(&self, placement: Placement) -> &Engine {
        match placement {
            Placement::Pooled => &self.pooled,
            Placement::OnDemand => &self.on_demand,
        }
    }
}

/// Settings that both share. Everything here is part of [`settings_digest`].
fn base() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .memory_init_cow(true)
        .parallel_compilation(true)
        // One answer on every machine: NaN bits are the only thing plain wasm leaves open.
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false);
    config
}

/// Epoch ticks of a deadline; one more, since the first tick may be near.
pub(super) fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_millis() / TICK.as_millis();
    u64::try_from(ticks).unwrap_or(u64::MAX - 1).saturating_add(1)
}

/// Digest of wasmtime's version, the target and every setting that changes compiled code.
pub(super) fn settings_digest(engine: &Engine) -> [u8; 32] {
    struct Into(Sha256);
    impl Hasher for Into {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut hasher = Into(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}
