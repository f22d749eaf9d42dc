//! Runs everything that is specific to an EHR or a payer: WebAssembly components behind the contract in `wit/`.
//!
//! Start at [`PluginHost`] (`registry.rs`); `reload.rs` looks at folders and swaps: `source.rs` reads one, `trust.rs` with
//! `lock.rs` decides whether it may run, `load.rs` makes a plugin of it, `versions.rs` keeps it for a rollback; `loaded.rs` is what every
//! active one has. `puller.rs` is a
//! session of its own a turn, `poster.rs` one a file. A call goes: `adapter.rs` or `rules.rs` -> `runner.rs` (batches, bisection,
//! parking) -> `pool.rs` (one session per practice, plugin and setup) -> `session.rs` (store, deadline, ceilings) ->
//! the component; `image.rs` lays claims out for it. `wasi.rs` is the empty, deterministic world it sees; `imports.rs` the two things it may ask for.
//!
//! Calls are synchronous and may take a whole deadline: call from worker threads, never from a tokio worker.
//! For authors: `build.rs` and `script.rs` make components, `anatomy.rs` looks into one, `bench.rs` measures one.
//! Not here: framing of files (`intake`), what becomes of an outcome (`visit`) or a finding (`scrub`).

mod adapter;
mod anatomy;
mod bench;
pub mod build;
mod cache;
mod components;
pub mod contract;
mod described;
mod discover;
mod engine;
mod fault;
mod files;
mod fixtures;
mod image;
mod imports;
mod listed;
mod load;
mod loaded;
mod lock;
mod log;
mod look;
mod manifest;
mod offer;
mod pool;
mod poster;
mod puller;
mod registry;
mod reload;
mod rollback;
mod rules;
mod runner;
mod script;
mod session;
mod single;
mod source;
mod trust;
mod versions;
mod wasi;

pub use adapter::{Adapter, OpenError, Translated};
pub use anatomy::Anatomy;
pub use bench::BenchReport;
pub(crate) use discover::folders as plugin_folders;
pub use fault::{Fault, FaultKind};
pub(crate) use fixtures::mark_invented;
pub use fixtures::{
    Accepted, DataIs, Difference, Differing, Disguiser, FixtureError, FixtureReport, Given as GivenFixture,
};
pub use imports::{Answer, CodeTables, DropLog, LogEntry, NoTables, PluginLog};
pub use listed::Listed;
pub use loaded::Loaded;
pub use lock::{Lock, LockError, Locked};
pub use log::{LogBuffer, Logged, LoggedEntry};
pub use manifest::{Evidence, Framing, Kind, Limits, Manifest, ManifestError, Permissions};
pub use offer::Offer;
pub use poster::{
    Adjustment as PostAdjustment, Answer as PostAnswer, Batch as PostBatch, Kind as PostKind, Line as PostLine,
    Outcome as PostOutcome, PostError, PostTry, Poster, Posting, Share as PostShare,
};
pub use puller::{Header, Method, PullError, Puller, Pulling, Request, Response, Step, Turn};
pub use registry::{FixturePolicy, HostError, PluginError, PluginHost, PluginHostConfig, PluginInfo};
pub(crate) use registry::{IDLE_MIB, STACK_KIB};
pub use reload::{Change, Changed, Counters};
pub use rules::{Checked, RuleSet};
pub(crate) use trust::is_public_key;
pub use trust::{Trust, TrustError, TrustPolicy, TrustedKey};
