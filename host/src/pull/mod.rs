//! Fetches documents from EHRs: the host does the I/O, a puller component says what comes next.
//!
//! Start at [`Pulls`]. One turn is `turn.rs`: a session of the puller (`crate::plugin::Puller`) answers with steps; `client.rs` sends what
//! it asks for. Beside it: `outgoing.rs` what a request may have, `address.rs` where it may go, `auth.rs` with `assertion.rs` and `secret.rs` who we are, `rate.rs` and `retry.rs`
//! when, `gate.rs` how many at once, `transport.rs` one exchange on the wire, `error.rs` what went wrong, in words that hold nothing from outside. `kept.rs` is the
//! transaction: documents of a page and the cursor behind it are stored together, so that a turn that breaks off anywhere asks for a page
//! again and never skips one.
//!
//! `check.rs` is what `check-config` tries of a source, `probe.rs` the one request of `connector probe`.
//!
//! Not here: cutting and translating what came (`lifecycle/ingest.rs` does that with these files as with any), the mapping of an EHR's
//! API (`plugins/ehr/http-pull`, `connectors`).

mod address;
mod assertion;
mod auth;
mod check;
mod client;
mod error;
mod gate;
mod kept;
mod meters;
mod outgoing;
mod probe;
mod rate;
mod retry;
mod secret;
mod source;
mod transport;
mod turn;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use check::check;
pub use error::{SendError, WireError};
pub use meters::SourceMeters;
pub(crate) use probe::probe;
pub use secret::{Secret, SecretError};
pub use source::{Source, setup_of};
pub use turn::{Ended, Report};

use crate::claim::{Date, day_number, from_jiff};
use crate::config::PullConfig;
use crate::lifecycle::Host;
use crate::plugin::PluginHost;
use gate::{Gate, TURNS_MAX};
use rate::Rates;

/// A thread that waits looks so often whether the host is told to stop.
const SLICE: Duration = Duration::from_millis(100);

/// Every source of a configuration.
pub struct Pulls {
    sources: Vec<Arc<Source>>,
}

impl Pulls {
    /// The sources of a host. `fixed_day`: the clock stands still at this day.
    pub fn of(host: &Host, fixed_day: Option<Date>) -> Self {
        let config = &host.config().intake;
        let rates = Rates::new(&config.rate, host.clearing_store());
        let today: kept::Today =
            Arc::new(move || day_number(fixed_day.unwrap_or_else(|| from_jiff(jiff::ZonedDateTime::now().date()))));
        let gate = Arc::new(Gate::new(TURNS_MAX));
        let routes = config.routes().filter(|route| route.key.0 == "intake.pull");
        let source = |(pull, route): (&PullConfig, crate::config::Route<'_>)| {
            let store = host.practice_store(&pull.practice)?;
            let clock = (fixed_day, Arc::clone(&today));
            let shared = (rates.of(&pull.rate), Arc::clone(&gate));
            Some(Arc::new(Source::new(pull, route.channel(), store, shared, clock)))
        };
        Self { sources: config.pull.iter().zip(routes).filter_map(source).collect() }
    }

    /// All of them.
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.sources
    }

    /// Pulls every source once, so many side by side as may be at work at once.
    pub fn pull_all(&self, plugins: &PluginHost, stop: &AtomicBool) -> Vec<Report> {
        std::thread::scope(|scope| {
            let turns: Vec<_> =
                self.sources.iter().map(|source| scope.spawn(move || source.pull(plugins, stop))).collect();
            turns.into_iter().filter_map(|turn| turn.join().ok()).collect()
        })
    }

    /// Pulls every source on its schedule, each on a thread of its own, until told to stop. `came` is called after a turn that brought
    /// documents. Gives the threads: one that is told to stop sends nothing more, and ends when it has kept the answer it waits for.
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn start(
        &self,
        plugins: &PluginHost,
        stop: &Arc<AtomicBool>,
        came: impl Fn() + Clone + Send + 'static,
    ) -> std::io::Result<Vec<JoinHandle<()>>> {
        let start = |source: &Arc<Source>| {
            let (source, plugins, stop, came) = (Arc::clone(source), plugins.clone(), Arc::clone(stop), came.clone());
            let name = format!("pull-{}", source.name());
            std::thread::Builder::new().name(name).spawn(move || on_schedule(&source, &plugins, &stop, &came))
        };
        self.sources.iter().map(start).collect()
    }
}

fn on_schedule(source: &Source, plugins: &PluginHost, stop: &AtomicBool, came: &dyn Fn()) {
    while !stop.load(Ordering::Relaxed) {
        // All of it: what breaks here would end the thread, and nobody would ask this EHR any more.
        let round = std::panic::AssertUnwindSafe(|| {
            let report = source.pull(plugins, stop);
            if report.documents > 0 {
                came();
            }
            rest(source.pause_after(&report), stop);
        });
        if std::panic::catch_unwind(round).is_err() {
            let (practice, name) = (source.practice(), source.name());
            tracing::error!(practice, source = name, "a turn broke: a defect of claimhost; it is tried again");
            rest(Duration::from_secs(60), stop);
        }
    }
}

/// Waits, unless the host is told to stop. A time that no clock reaches is waited for until then.
fn rest(pause: Duration, stop: &AtomicBool) {
    let until = Instant::now().checked_add(pause);
    while !stop.load(Ordering::Relaxed) {
        let left = until.map_or(SLICE, |until| until.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return;
        }
        std::thread::sleep(SLICE.min(left));
    }
}

#[test]
fn a_rest_ends_with_its_time_or_with_the_host_and_no_time_is_too_long() {
    let (running, stopped) = (AtomicBool::new(false), AtomicBool::new(true));
    rest(Duration::from_millis(1), &running);
    rest(Duration::MAX, &stopped);
}
