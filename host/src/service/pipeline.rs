//! The pipeline's thread: a turn, a status, then a wait until a folder changes, the poll interval is over, or the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use notify::{RecursiveMode, Watcher};

use super::status::{Board, Counts, Status};
use crate::lifecycle::{ClaimState, Host, HostError};
use crate::store::document::DocumentStatus;
use crate::store::visit::VisitState;
use crate::store::{PracticeStore, StoreError, StoreResult};

/// Files arrive in bursts: how long a folder must be quiet before a turn begins, and how long we wait for that at most.
const QUIET: Duration = Duration::from_millis(150);
const QUIET_MAX: Duration = Duration::from_secs(2);

/// The same for what is configured: people save one file, and wait for it.
const QUIET_OF_DATA: Duration = Duration::from_millis(20);
const QUIET_OF_DATA_MAX: Duration = Duration::from_millis(200);

/// How long turns follow each other before the status is posted, where listeners keep bringing news.
const SETTLE_MAX: Duration = Duration::from_secs(5);

/// What has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    /// Files arrive.
    Files,
    /// Profiles, mappings, tables, plugins.
    Data,
}

/// Ends a wait.
#[derive(Clone)]
pub(super) struct Waker(Sender<News>);

impl Waker {
    /// Wakes the pipeline; one wake is as good as many.
    pub(super) fn wake(&self) {
        let _ = self.0.try_send(News::Files);
    }

    /// Wakes it for something that does not arrive in bursts.
    pub(super) fn wake_for_data(&self) {
        let _ = self.0.try_send(News::Data);
    }
}

/// The host and what wakes it.
pub(super) struct Pipeline {
    host: Host,
    fixed_day: bool,
    board: Arc<Board>,
    wakes: Receiver<News>,
    poll: Duration,
    /// Kept alive: a dropped watcher watches nothing.
    _watcher: Option<notify::RecommendedWatcher>,
}

impl Pipeline {
    /// Watches the host's folders. Where the system cannot announce changes, polling is all there is.
    pub(super) fn new(host: Host, fixed_day: bool, board: Arc<Board>) -> (Self, Waker) {
        let (sender, wakes) = crossbeam_channel::bounded(1);
        let poll = Duration::from_secs(host.config().service.poll_seconds.max(1));
        let watcher = watch(&host, sender.clone());
        (Self { host, fixed_day, board, wakes, poll, _watcher: watcher }, Waker(sender))
    }

    /// Turns until it is told to stop.
    pub(super) fn run(mut self) {
        let mut status = Status::default();
        let board = Arc::clone(&self.board);
        let turned = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.turns(&mut status)));
        if turned.is_err() {
            tracing::error!("the pipeline broke: a defect of claimhost; restart it");
            status.broke = true;
            status.not_ready.push("the pipeline broke".to_owned());
            board.post(status);
        }
    }

    fn turns(&mut self, status: &mut Status) {
        let stop = self.host.stop_flag();
        while !stop.load(Ordering::Relaxed) {
            if !self.fixed_day {
                self.host.set_as_of(crate::claim::from_jiff(jiff::ZonedDateTime::now().date()));
            }
            let began = Instant::now();
            let result = self.host.settle_within(SETTLE_MAX);
            if matches!(result, Err(HostError::Stopped)) && stop.load(Ordering::Relaxed) {
                return;
            }
            status.turns += 1;
            status.last_turn = began.elapsed();
            status.turn_time += status.last_turn;
            status.not_ready.clear();
            let more = matches!(result, Ok(false));
            if let Err(error) = result {
                status.errors += 1;
                tracing::error!(%error, "a turn failed; it is tried again");
                status.not_ready.push("the last turn failed".to_owned());
            }
            self.look(status);
            self.board.post(status.clone());
            tracing::debug!(turn = status.turns, milliseconds = status.last_turn.as_millis(), "turn");
            if !more {
                self.wait();
            }
        }
    }

    /// Fills the status from store and plugins.
    fn look(&self, status: &mut Status) {
        if let Err(error) = self.host.clearing().write(|_| Ok::<(), StoreError>(())) {
            tracing::error!(%error, "the store cannot be written");
            status.not_ready.push("the store cannot be written".to_owned());
        }
        status.not_ready.extend(self.absent_plugins());
        status.plugin_faults = self.plugin_faults();
        status.data_reloads = self.host.data_reloads();
        for practice in self.host.practice_stores().iter().chain([self.host.clearing()]) {
            match counts(practice) {
                Ok(counts) => {
                    status.practices.insert(practice.id().to_owned(), counts);
                }
                Err(error) => tracing::error!(%error, practice = practice.id(), "counts"),
            }
        }
    }

    /// Pullers, posters, adapters and rule sets that configuration and profiles name, and that are not loaded.
    fn absent_plugins(&self) -> Vec<String> {
        let mut absent = Vec::new();
        for route in self.host.config().intake.routes() {
            if self.host.plugins().adapter(route.adapter).is_none() {
                absent.push(format!("adapter {} is not loaded", route.adapter));
            }
        }
        for pull in &self.host.config().intake.pull {
            if self.host.plugins().puller(&pull.puller).is_none() {
                absent.push(format!("puller {} is not loaded", pull.puller));
            }
        }
        for post in &self.host.config().post {
            if self.host.plugins().poster(&post.poster).is_none() {
                absent.push(format!("poster {} is not loaded", post.poster));
            }
        }
        for practice in &self.host.config().practice {
            let Some(profile) = self.host.profile(&practice.id) else { continue };
            for set in profile.rules.iter().chain(profile.payer.iter().flat_map(|payer| &payer.rules)) {
                if self.host.plugins().rules(set).is_none() {
                    absent.push(format!("rule set {set} is not loaded"));
                }
            }
        }
        if !self.host.tables().active().is_empty() && self.host.plugins().rules(crate::rules::COMPONENT).is_none() {
            absent.push(format!("plugin {}, which runs rule tables, is not loaded", crate::rules::COMPONENT));
        }
        absent.sort();
        absent.dedup();
        absent
    }

    fn plugin_faults(&self) -> BTreeMap<String, u64> {
        let plugins = self.host.plugins();
        let active = plugins.list().into_iter().filter_map(|info| {
            let adapter = plugins.adapter(&info.id).map(|adapter| adapter.faults());
            let rules = || plugins.rules(&info.id).map(|rules| rules.faults());
            let puller = || plugins.puller(&info.id).map(|puller| puller.faults());
            let poster = || plugins.poster(&info.id).map(|poster| poster.faults());
            let faults = adapter.or_else(rules).or_else(puller).or_else(poster)?;
            Some((info.id, faults))
        });
        active.collect()
    }

    fn wait(&self) {
        let Ok(mut news) = self.wakes.recv_timeout(self.poll) else { return };
        let first = Instant::now();
        while !self.host.stop_flag().load(Ordering::Relaxed) {
            let (quiet, quiet_max) = match news {
                News::Files => (QUIET, QUIET_MAX),
                News::Data => (QUIET_OF_DATA, QUIET_OF_DATA_MAX),
            };
            if first.elapsed() >= quiet_max {
                return;
            }
            match self.wakes.recv_timeout(quiet) {
                Ok(News::Files) => news = News::Files,
                Ok(News::Data) => {}
                Err(_) => return,
            }
        }
    }
}

/// Watches every folder that something arrives in, and those of profiles, mappings and tables.
fn watch(host: &Host, sender: Sender<News>) -> Option<notify::RecommendedWatcher> {
    let config = host.config();
    let inboxes = config.intake.folder.iter().map(|folder| folder.path.clone());
    let inboxes: BTreeSet<PathBuf> = inboxes.chain([config.clearinghouse.inbox.clone()]).collect();
    let profiles = config.practice.iter().map(|practice| practice.profile.as_path());
    let mappings = config.intake.routes().filter_map(|route| route.mapping.map(PathBuf::as_path));
    let mut of_data: BTreeSet<PathBuf> =
        profiles.chain(mappings).filter_map(Path::parent).map(Path::to_owned).collect();
    of_data.extend([config.codes.folder.clone(), config.rules.folder.clone()]);
    let arrives = inboxes.clone();
    let told = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if event.kind.is_access() {
            return;
        }
        let of_files = event.paths.is_empty()
            || event.paths.iter().any(|path| path.parent().is_some_and(|folder| arrives.contains(folder)));
        let _ = sender.try_send(if of_files { News::Files } else { News::Data });
    };
    let mut watcher = match notify::recommended_watcher(told) {
        Ok(watcher) => watcher,
        Err(error) => {
            tracing::warn!(%error, "folders cannot be watched; they are polled");
            return None;
        }
    };
    for folder in &inboxes {
        if let Err(error) = crate::private::make_folder(folder)
            .map_err(notify::Error::io)
            .and_then(|()| watcher.watch(folder, RecursiveMode::NonRecursive))
        {
            tracing::warn!(kind = ?error.kind, "a folder cannot be watched; it is polled");
        }
    }
    // Tables are imported into a folder each.
    for folder in of_data.difference(&inboxes).filter(|folder| folder.is_dir()) {
        let mode = if *folder == config.codes.folder { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        if let Err(error) = watcher.watch(folder, mode) {
            tracing::warn!(kind = ?error.kind, "a folder cannot be watched; it is polled");
        }
    }
    Some(watcher)
}

/// Counts of one tenant, with a zero for every name that has none.
fn counts(practice: &PracticeStore) -> StoreResult<Counts> {
    practice.read(|tx| {
        let mut counts = Counts::default();
        let names = |all: &[&str]| all.iter().map(|name| ((*name).to_owned(), 0)).collect::<BTreeMap<String, u64>>();
        counts.documents = names(&DocumentStatus::ALL.map(DocumentStatus::as_str));
        counts.documents.extend(tx.received_document_counts()?);
        if practice.id() == crate::store::CLEARING {
            return Ok(counts);
        }
        counts.visits = names(&VisitState::ALL.map(VisitState::as_str));
        counts.visits.extend(tx.visit_counts()?);
        counts.claims = names(&ClaimState::ALL.map(ClaimState::as_str));
        counts.claims.extend(tx.claim_counts()?);
        let sums = tx.cents_by_account()?;
        let sum = |account: &str| sums.get(account).copied().unwrap_or(0);
        let (paid, contractual) = (sum("cash"), sum("contractual"));
        let (patient, denied, held, billed) = (sum("patient-receivable"), sum("denied"), sum("held"), sum("billed"));
        let open = billed - paid - contractual - patient - denied - held;
        counts.cents = BTreeMap::from([
            ("billed", billed),
            ("paid", paid),
            ("contractual", contractual),
            ("patient", patient),
            ("denied", denied),
            ("held", held),
            ("open", open),
        ]);
        Ok(counts)
    })
}
