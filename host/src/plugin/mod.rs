//! Runs everything that is specific to an EHR or a payer: WebAssembly components behind the contract in `wit/`.
//!
//! Start at [`PluginHost`] (`registry.rs`); `load.rs` makes a plugin of a folder, `loaded.rs` is what every active one has. A call goes: `adapter.rs` or `rules.rs` -> `runner.rs` (batches, bisection,
//! parking) -> `pool.rs` (one session per practice, plugin and setup) -> `session.rs` (store, deadline, ceilings) ->
//! the component. `wasi.rs` is the empty, deterministic world it sees; `imports.rs` the two things it may ask for.
//!
//! Calls are synchronous and may take a whole deadline: call from worker threads, never from a tokio worker.
//! Not here: framing of files (`intake`), what becomes of an outcome (`visit`) or a finding (`scrub`).

mod adapter;
pub mod build;
mod cache;
pub mod contract;
mod discover;
mod engine;
mod fault;
mod fixtures;
mod imports;
mod load;
mod loaded;
mod log;
mod manifest;
mod pool;
mod registry;
mod rules;
mod runner;
mod session;
mod wasi;

pub use adapter::{Adapter, OpenError, Translated};
pub use fault::{Fault, FaultKind};
pub use fixtures::{FixtureError, FixtureReport};
pub use imports::{Answer, CodeTables, DropLog, LogEntry, NoTables, PluginLog};
pub use loaded::Loaded;
pub use log::{LogBuffer, Logged, LoggedEntry};
pub use manifest::{Evidence, Framing, Kind, Limits, Manifest, ManifestError, Permissions};
pub use registry::{FixturePolicy, HostError, PluginError, PluginHost, PluginHostConfig, PluginInfo};
pub use rules::{Checked, RuleSet};
