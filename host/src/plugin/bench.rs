//! What a plugin costs: its own fixtures through the component in a loop, every answer looked at.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::fixtures::{self, FixtureError, PRACTICE};
use super::load::Plugin;
use super::registry::{PluginError, PluginHost};
use super::runner::{BATCH_MAX, Call};
use super::session::{Pre, Session};
use crate::claim::Setup;

/// Sessions that are started for the time of one.
const STARTS: usize = 20;

/// What was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BenchReport {
    /// Documents or claims of the fixtures, each many times.
    pub items: usize,
    /// Calls that were measured, of at most 100 items.
    pub calls: usize,
    /// Items a second of one session, in batches.
    pub items_per_s: f64,
    /// Microseconds of one item, of the median batch.
    pub item_us: f64,
    /// Microseconds of one item that goes alone, median.
    pub alone_us: f64,
    /// Microseconds to start a session with the first fixture's mapping: instance and `open`, median.
    pub session_start_us: f64,
    /// Bytes of linear memory of a session after all that.
    pub memory_bytes: usize,
}

impl PluginHost {
    /// Runs the fixtures of a plugin folder for about so long.
    ///
    /// # Errors
    /// [`PluginError`] where it has no fixtures, or an item of them faults.
    pub fn bench(&self, folder: &Path, time: Duration) -> Result<BenchReport, PluginError> {
        let plugin = self.compiled(folder)?;
        let measured = match &plugin.compiled.pre {
            Pre::Adapter(_) => {
                fixtures::documents_of(&plugin).and_then(|cases| measure(&plugin, &cases, time, &super::adapter::call))
            }
            Pre::Rules(_) => {
                fixtures::claims_of(&plugin).and_then(|cases| measure(&plugin, &cases, time, &super::rules::call))
            }
            Pre::Puller(_) | Pre::Poster(_) => Err(FixtureError::File {
                path: plugin.folder.join("plugin.toml"),
                problem: "kind: it waits for a server or a folder, and there is nothing to measure".to_owned(),
            }),
        };
        measured.map_err(|error| PluginError::Fixtures { id: plugin.manifest.id.clone(), error: Box::new(error) })
    }
}

/// The setup that most items have, so that one session takes them all, and those items.
fn largest<I: Clone>(cases: &[(Setup, Vec<I>)]) -> Option<(Setup, Vec<I>)> {
    let mut groups: Vec<(Setup, Vec<I>)> = Vec::new();
    for (setup, items) in cases {
        match groups.iter_mut().find(|(known, _)| known == setup) {
            Some((_, known)) => known.extend(items.iter().cloned()),
            None => groups.push((setup.clone(), items.clone())),
        }
    }
    groups.into_iter().rev().max_by_key(|(_, items)| items.len())
}

fn measure<I: Clone, O>(
    plugin: &Plugin,
    cases: &[(Setup, Vec<I>)],
    time: Duration,
    call: Call<'_, I, O>,
) -> Result<BenchReport, FixtureError> {
    let none = || FixtureError::File {
        path: plugin.folder.join("fixtures"),
        problem: "holds nothing to run; put a case into it".to_owned(),
    };
    let (setup, items) = largest(cases).ok_or_else(none)?;
    let fault = |fault| FixtureError::Fault { case: "bench".to_owned(), fault };
    let open = || -> Result<Session, FixtureError> {
        let slot = plugin.shared.pool.slot();
        let opened = Session::open(plugin, PRACTICE, &setup, slot).map_err(fault)?;
        opened.map_err(|problems| fixtures::refused("bench", &problems))
    };
    let mut starts = Vec::with_capacity(STARTS);
    let begin = Instant::now();
    let mut session = open()?;
    while starts.len() < STARTS && (starts.is_empty() || begin.elapsed() < time) {
        let start = Instant::now();
        session = open()?;
        starts.push(start.elapsed());
    }
    // A batch as the pipeline has it: whatever the fixtures hold, again and again.
    let batch: Vec<I> = items.iter().cycle().take(BATCH_MAX).cloned().collect();
    let deadline = plugin.limits.deadline();
    let mut run = |items: &[I]| -> Result<Duration, FixtureError> {
        let start = Instant::now();
        let answers = session
            .call(plugin, deadline, |exports, store, handle| call(exports, store, handle, items))
            .map_err(fault)?;
        let took = start.elapsed();
        let expected = items.len();
        if answers.len() == expected {
            return Ok(took);
        }
        let kind = super::fault::FaultKind::Count { expected, found: answers.len() };
        Err(fault(super::fault::Fault::new(kind)))
    };
    run(&batch)?;
    let (mut batches, mut alone) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    while batches.is_empty() || begin.elapsed() < time {
        batches.push(run(&batch)?);
    }
    for item in batch.chunks(1) {
        alone.push(run(item)?);
    }
    let item = median(&mut batches).as_secs_f64() / batch.len() as f64;
    Ok(BenchReport {
        items: items.len(),
        calls: batches.len() + alone.len(),
        items_per_s: 1.0 / item,
        item_us: item * 1e6,
        alone_us: median(&mut alone).as_secs_f64() * 1e6,
        session_start_us: median(&mut starts).as_secs_f64() * 1e6,
        memory_bytes: session.memory_bytes(),
    })
}

/// The middle one; none: no time.
fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
