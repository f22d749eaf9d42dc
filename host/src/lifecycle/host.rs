//! The host: configuration, store, plugins and practices, and one turn of the whole line.
//!
//! A turn is: answers, intake, assembly and scrub, claims to later payers, outbox, what EHRs are told, questions about cover. Each step reads what is due from the store
//! and commits its result with the state it leaves, so that a turn can end anywhere and the next one goes on. The same
//! turn serves `run --once`, `serve` and `demo`.

mod reload;
mod stamps;
mod turn;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crate::claim::{Date, Setup, day_number};
use crate::codes::Library;
use crate::codes::shelf::Shelf;
use crate::config::{Config, FolderConfig, LastLine, Route};
use crate::lifecycle::pace::Pace;
use crate::lifecycle::seats::Seats;
use crate::lifecycle::summary::{Summary, summarize};
use crate::lifecycle::unjudged::Unjudged;
use crate::lifecycle::{
    DataQuestions, DataReloads, HostError, answers, due, go_live, ingest, inquire, later, lost_tables, master_key,
    submit, tidy,
};
use crate::plugin::{CodeTables, LogBuffer, PluginHost, PluginHostConfig, PluginLog};
use crate::practice::Profile;
use crate::rules::Tables;
use crate::store::{PracticeStore, Store, StoreResult, Tx};
pub(crate) use reload::load_profile;
use reload::read_profile;
use stamps::Stamps;
pub use turn::Turn;

/// The running host.
pub struct Host {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) clearing: PracticeStore,
    /// The plugins of this turn: what a turn begins with one version ends with it.
    pub(super) plugins: PluginHost,
    /// The plugins as they are now.
    live: PluginHost,
    log: Arc<LogBuffer>,
    library: Arc<Library>,
    /// The tables of codes and pairs of this turn.
    pub(super) codes: Arc<Shelf>,
    /// The active rule tables.
    pub(super) tables: Tables,
    /// Other tables are active than the history says.
    tables_moved: bool,
    pub(super) practices: Vec<Practice>,
    pub(super) as_of: Date,
    /// Files younger than this are still being written; zero where a run takes what is there.
    settle: Duration,
    /// What was last logged of each watched folder.
    told: parking_lot::Mutex<HashMap<String, [u64; 4]>>,
    /// With which day and profiles files past their time were removed.
    tidied: Option<(Date, Vec<Stamps>)>,
    reloads: DataReloads,
    questions: DataQuestions,
    /// Where claims are written down.
    pub(super) seats: Seats,
    /// How much one transaction holds.
    pub(super) pace: Pace,
    stop: Arc<AtomicBool>,
}

/// One practice at work.
pub(super) struct Practice {
    pub(super) profile: Profile,
    profile_path: PathBuf,
    /// It and the files that it names, as they were when they were read, taken or not.
    profile_files: Stamps,
    /// What is on disk was refused; this one is older.
    profile_refused: bool,
    pub(super) store: PracticeStore,
    pub(super) folders: Vec<Folder>,
    /// What held claims were last looked at with: the profile's change, the day.
    reviewed: Option<(Stamps, Date)>,
    /// Whether visits ahead are to be looked at in this turn: another day, another profile.
    look_ahead: bool,
    /// What is held since a rule set was not run.
    pub(super) unjudged: Unjudged,
}

/// One watched folder, or one listener: a way in for documents of one kind.
pub(super) struct Folder {
    pub(super) config: FolderConfig,
    /// Nothing is watched: files come by `receive.rs`, and the path is empty.
    pub(super) listens: bool,
    /// Channel text of its files in the store.
    pub(super) channel: String,
    /// What its adapter's sessions are opened with.
    pub(super) setup: Setup,
    /// The mapping's file as it was when it was read, taken or not.
    mapping_file: Stamps,
    /// What is on disk was refused; the setup's is older.
    mapping_refused: bool,
}

/// Id of the adapter that reads what `charge enter` takes.
pub(crate) const ENTRY_ADAPTER: &str = "csv-superbill";
/// What its charges say as their source: the EHR's visit of the same number is another.
pub(crate) const ENTRY_SOURCE: &str = "charge-entry";
/// How its rows are read: the adapter's usual columns, days as ISO 8601 has them.
pub(crate) const ENTRY_MAPPING: &str = "source_system = \"charge-entry\"\ndate_format = \"YYYY-MM-DD\"\n";
/// Channel of its files in the store.
pub(crate) const ENTRY_CHANNEL: &str = "charge-entry";

impl Host {
    /// Opens everything that a configuration names.
    ///
    /// # Errors
    /// [`HostError`]: the key, the store, a profile, a mapping, the plugins.
    pub fn open(config: Config, as_of: Date) -> Result<Self, HostError> {
        let store = Store::open(&config.store.path, master_key(&config)?)?;
        let log = Arc::new(LogBuffer::default());
        let library = Arc::new(Library::open(&config.codes.folder));
        let of_plugins = PluginHostConfig {
            log: Arc::clone(&log) as Arc<dyn PluginLog>,
            tables: Arc::clone(&library) as Arc<dyn CodeTables>,
            keep_versions: true,
            ..config.plugins.host()
        };
        let live = PluginHost::open(of_plugins).map_err(|error| HostError::Plugin(error.to_string()))?;
        let plugins = live.pinned();
        let mut practices = Vec::with_capacity(config.practice.len());
        for practice in &config.practice {
            let (profile, profile_files) = read_profile(&practice.profile);
            let profile = profile?;
            if profile.id != practice.id {
                let (path, found, expected) = (practice.profile.display(), &profile.id, &practice.id);
                return Err(HostError::Profile(format!("{path}: id is `{found}`, claimhost.toml says `{expected}`")));
            }
            tell_conflicts(&profile, "claims with this code are held");
            let mut folders = Vec::new();
            for route in config.intake.routes().filter(|route| route.practice == practice.id) {
                folders.push(Folder::open(&config, &route)?);
            }
            folders.push(Folder::of_charge_entry(&config, &practice.id));
            practices.push(Practice {
                profile_files,
                profile_refused: false,
                profile_path: practice.profile.clone(),
                profile,
                store: store.practice(&practice.id)?,
                folders,
                reviewed: None,
                look_ahead: false,
                unjudged: Unjudged::default(),
            });
        }
        let clearing = store.clearing()?;
        let tables = Tables::open(&config.rules.folder);
        // What was active before a restart stays; of a table that never was, nobody knows whom its rules are for.
        if let Some(error) = tables.never_active().first() {
            return Err(HostError::Rules(error.to_string()));
        }
        if let Some(error) = lost_tables(&clearing, &tables)? {
            return Err(HostError::Rules(error.to_string()));
        }
        let codes = library.shelf();
        for problem in codes.problems() {
            tracing::error!(%problem, "codes: a table cannot be used");
        }
        let (settle, told, stop) = (Duration::ZERO, parking_lot::Mutex::default(), Arc::default());
        #[rustfmt::skip] // one row
        let host = Self { config, store, clearing, plugins, live, log, library, codes, tables, tables_moved: false, practices, as_of, settle, told, tidied: None, reloads: DataReloads::default(), questions: DataQuestions::default(), seats: Seats::of_cores(), pace: Pace::ALONE, stop };
        host.note_tables()?;
        Ok(host)
    }

    /// The day that rules, windows and file dates see.
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// Moves the clock.
    pub fn set_as_of(&mut self, as_of: Date) {
        self.as_of = as_of;
    }

    /// Commits what plugins have said for a practice with the batch that called them.
    pub(super) fn keep_plugin_log(&self, tx: &Tx<'_>) -> StoreResult<()> {
        tx.add_plugin_log(self.today(), &self.log.take(tx.practice_id()))
    }

    pub(super) fn today(&self) -> i64 {
        day_number(self.as_of)
    }

    /// Leaves files alone that were changed within this time: for a host that watches while others write.
    pub fn wait_for_writers(&mut self, settle: Duration) {
        self.settle = settle;
    }

    /// Whether nobody has written to a file for long enough.
    pub(super) fn is_settled(&self, path: &Path) -> bool {
        let age = modified(path).and_then(|changed| changed.elapsed().ok());
        self.settle.is_zero() || age.is_some_and(|age| age >= self.settle)
    }

    /// Whether these counts of a watched folder differ from those last asked about; zeros are no news at first.
    pub(super) fn is_news(&self, folder: &str, counts: [u64; 4]) -> bool {
        let before = self.told.lock().insert(folder.to_owned(), counts).unwrap_or_default();
        before != counts
    }

    /// Set it to end the turn in hand at the next step.
    pub fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    pub(super) fn check_stop(&self) -> Result<(), HostError> {
        if self.stop.load(Ordering::Relaxed) { Err(HostError::Stopped) } else { Ok(()) }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The plugins of the turn in hand, or of the last.
    pub fn plugins(&self) -> &PluginHost {
        &self.plugins
    }

    /// The plugins as they are now: what is reloaded here serves the next turn.
    pub fn live_plugins(&self) -> PluginHost {
        self.live.clone()
    }

    /// Profiles, mappings and tables that were taken anew or refused since the start.
    pub fn data_reloads(&self) -> DataReloads {
        self.reloads
    }

    /// Where another thread asks what becomes of data that changed.
    pub fn data_questions(&self) -> DataQuestions {
        self.questions.clone()
    }

    /// The active rule tables.
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Handles of all practices, in the configuration's order.
    pub fn practice_stores(&self) -> Vec<PracticeStore> {
        self.practices.iter().map(|practice| practice.store.clone()).collect()
    }

    /// The handle of the host's own tenant.
    pub(crate) fn clearing_store(&self) -> PracticeStore {
        self.clearing.clone()
    }

    /// The handle of one practice, or of the host's own tenant.
    pub fn practice_store(&self, id: &str) -> Option<PracticeStore> {
        if id == self.clearing.id() {
            return Some(self.clearing.clone());
        }
        self.practice_named(id).map(|practice| practice.store.clone())
    }

    pub(super) fn practice_named(&self, id: &str) -> Option<&Practice> {
        self.practices.iter().find(|practice| practice.store.id() == id)
    }

    /// The profile of one practice.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.practice_named(id).map(|practice| &practice.profile)
    }

    /// The profiles of all practices.
    pub(super) fn profiles(&self) -> impl Iterator<Item = &Profile> {
        self.practices.iter().map(|practice| &practice.profile)
    }

    /// The practice with this NPI: its own, or that of a provider who is in no other practice's roster.
    pub(super) fn practice_of_npi(&self, npi: &str) -> Option<&PracticeStore> {
        if let Some(own) = self.practices.iter().find(|practice| practice.profile.npi == npi) {
            return Some(&own.store);
        }
        let has = |practice: &&Practice| practice.profile.provider.iter().any(|provider| provider.npi == npi);
        let mut found = self.practices.iter().filter(has);
        let first = found.next()?;
        found.next().is_none().then_some(&first.store)
    }

    /// The host's own tenant.
    pub fn clearing(&self) -> &PracticeStore {
        &self.clearing
    }

    /// Practices work side by side; each step inside a practice is in order.
    ///
    /// # Errors
    /// [`HostError`]: what stops the host, never a bad document.
    pub fn turn(&mut self) -> Result<Turn, HostError> {
        self.reload();
        if std::mem::take(&mut self.tables_moved) {
            self.note_tables()?;
        }
        self.look_again()?;
        let mut turn = Turn { answers: answers::take(self)?, ..Turn::default() };
        let host = &*self;
        let results: Vec<Result<Turn, HostError>> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                self.practices.iter().map(|practice| scope.spawn(move || practice_turn(host, practice))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(Err(HostError::Stopped))).collect()
        });
        for result in results {
            turn += result?;
        }
        Ok(turn)
    }

    /// Turns until nothing moves; then, once a day and when a profile changes, removes files past their time.
    ///
    /// # Errors
    /// As [`Host::turn`].
    pub fn settle(&mut self) -> Result<(), HostError> {
        self.settle_within(Duration::MAX).map(|_| ())
    }

    /// As [`Host::settle`], but ends after so much time where listeners keep bringing news. True where nothing moved any more.
    ///
    /// # Errors
    /// As [`Host::turn`].
    pub fn settle_within(&mut self, time: Duration) -> Result<bool, HostError> {
        let began = Instant::now();
        while self.turn()?.moved() {
            if began.elapsed() >= time {
                return Ok(false);
            }
        }
        let now = (self.as_of, self.practices.iter().map(|practice| practice.profile_files.clone()).collect());
        if self.tidied.as_ref() != Some(&now) {
            tidy::tidy(self)?;
            self.tidied = Some(now);
        }
        Ok(true)
    }

    /// Counts and cents.
    ///
    /// # Errors
    /// The store's.
    pub fn summary(&self) -> Result<Summary, HostError> {
        Ok(summarize(&self.practice_stores(), &self.clearing)?)
    }

    /// Once a day, and when a profile changes: a claim is held by what was known then, which another profile or day (or other
    /// plugins, at the start) may free; and a claim that nobody has answered becomes work. In every turn: a rule set that was not run
    /// may run now.
    fn look_again(&mut self) -> Result<(), HostError> {
        let as_of = self.as_of;
        for practice in &mut self.practices {
            practice.unjudged.look_again(&self.plugins, &practice.store)?;
            let now = Some((practice.profile_files.clone(), as_of));
            practice.look_ahead = practice.reviewed != now;
            if practice.reviewed != now {
                let alarm = day_number(as_of) - i64::from(practice.profile.alarm_days);
                let hours = practice.profile.charge_capture_hours;
                let profile_moved =
                    practice.reviewed.as_ref().is_none_or(|(profile, _)| *profile != practice.profile_files);
                practice.store.write(|tx| -> Result<(), HostError> {
                    tx.look_again_at_held()?;
                    if profile_moved {
                        tx.look_again_at_amendments()?;
                        tx.look_again_at_expected(hours)?;
                    }
                    for (claim_id, amount) in tx.unanswered_since(alarm)? {
                        let words = "sent longer ago than the profile's alarm_days, and no decision has come";
                        tx.open_work("claim.unanswered", ("claim", claim_id), day_number(as_of), amount, words)?;
                    }
                    inquire::daily(tx, &practice.profile.eligibility, day_number(as_of))?;
                    Ok(())
                })?;
                practice.reviewed = now;
            }
        }
        Ok(())
    }
}

impl Practice {
    /// The mappings that its documents are read with now.
    pub(super) fn mappings(&self, plugins: &PluginHost) -> go_live::Mappings {
        let ways = self.folders.iter().filter(|folder| folder.channel != ENTRY_CHANNEL);
        let of = |way: &Folder| (way.config.adapter.clone(), way.setup.mapping.clone());
        go_live::mappings(plugins, ways.map(of).collect())
    }
}

fn practice_turn(host: &Host, practice: &Practice) -> Result<Turn, HostError> {
    let turn = practice_steps(host, practice);
    // What was said where nothing was committed (a mapping that a plugin refuses) is kept all the same.
    let logged = host.log.take(practice.store.id());
    if !logged.is_empty() {
        practice.store.write(|tx| tx.add_plugin_log(host.today(), &logged))?;
    }
    turn
}

fn practice_steps(host: &Host, practice: &Practice) -> Result<Turn, HostError> {
    let mut turn = Turn {
        documents: ingest::take(host, practice)?,
        visits: due::take(host, practice)?,
        later: later::make(host, practice)?,
        submitted: submit::send(host, practice)?,
        expected: crate::audit::capture::settle(&practice.store, &practice.profile, host.today())?,
        answers: 0,
        asked: 0,
        told: crate::post::Round {
            config: &host.config,
            store: &practice.store,
            plugins: &host.plugins,
            as_of: host.as_of,
        }
        .run()?,
    };
    // After the schedule is settled: it says which visits lie ahead.
    let news = practice.look_ahead || turn.documents > 0 || turn.expected > 0;
    turn.asked = inquire::ask(host, practice, news)?;
    Ok(turn)
}

impl Folder {
    fn open(config: &Config, route: &Route<'_>) -> Result<Self, HostError> {
        let (key, at) = route.key;
        let watched = (key == "intake.folder").then(|| config.intake.folder.get(at)).flatten();
        let mut folder = Self {
            config: FolderConfig {
                practice: route.practice.to_owned(),
                path: watched.map(|folder| folder.path.clone()).unwrap_or_default(),
                adapter: route.adapter.to_owned(),
                mapping: route.mapping.cloned(),
                last_line: route.last_line,
            },
            listens: watched.is_none(),
            channel: route.channel(),
            setup: Setup { settings: Vec::new(), mapping: String::new() },
            mapping_file: Stamps::default(),
            mapping_refused: false,
        };
        if let Some(path) = route.mapping {
            folder.mapping_file.add(path);
            folder.setup.mapping = std::fs::read_to_string(path).map_err(HostError::io(path))?;
        }
        Ok(folder)
    }

    /// The folder of what is keyed for a practice. Nothing is configured for it, and it need not be there.
    fn of_charge_entry(config: &Config, practice: &str) -> Self {
        Self {
            config: FolderConfig {
                practice: practice.to_owned(),
                path: config.intake.charge_entry.join(practice),
                adapter: ENTRY_ADAPTER.to_owned(),
                mapping: None,
                last_line: LastLine::Closed,
            },
            listens: false,
            channel: ENTRY_CHANNEL.to_owned(),
            setup: Setup { settings: Vec::new(), mapping: ENTRY_MAPPING.to_owned() },
            mapping_file: Stamps::default(),
            mapping_refused: false,
        }
    }

    /// Whether anything was ever keyed, where this is the folder for it; any other folder is looked at always.
    pub(super) fn is_used(&self) -> bool {
        self.channel != ENTRY_CHANNEL || self.config.path.is_dir()
    }
}

/// A crosswalk that maps a code two ways on one day is a fault of the configuration, whoever notices it.
fn tell_conflicts(profile: &Profile, consequence: &str) {
    for conflict in profile.crosswalk.conflicts() {
        tracing::error!(practice = profile.id, "crosswalk: {}; {consequence}", conflict.words());
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
