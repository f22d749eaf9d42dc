//! One turn of one source: its puller says what comes next, the client sends it, and what came is stored with the cursor behind it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::client::{Counts, Sending};
use super::error::SendError;
use super::source::Source;
use crate::claim::{Date, DateTime, Problem};
use crate::config::PullConfig;
use crate::plugin::{FaultKind, PluginHost, PullError, Puller, Step, Turn};
use crate::store::StoreError;

/// Steps in a row without a request: more is a puller that runs in a circle.
const IDLE_STEPS_MAX: u32 = 100;

/// Microseconds of a day.
const DAY_US: i64 = 86_400_000_000;

/// Days of nothing but waiting after which somebody has to know. A difference of days: it is more than one whole day.
const WAITS_DAYS_MAX: i64 = 2;

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// There is nothing more.
    Done,
    /// `requests_max` were sent: the next turn goes on at once.
    More,
    /// The server, or a rate, wants a longer wait: the next turn begins when it is over.
    Later,
    /// It could not go on: a work item says why.
    Failed,
    /// The host stops.
    Stopped,
}

impl Ended {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Done, Self::More, Self::Later, Self::Failed, Self::Stopped];

    /// Its word in metrics and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::More => "more",
            Self::Later => "later",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// What a turn did. Counts and our own words; `problem` is for an authorised reader.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The practice.
    pub practice: String,
    /// The source.
    pub source: String,
    /// How it ended.
    pub ended: Ended,
    /// Requests that were sent, those for tokens and the repeated ones too.
    pub requests: u64,
    /// How many of them were repeated.
    pub retries: u64,
    /// Bytes of answers.
    pub received_bytes: u64,
    /// Documents that were stored.
    pub documents: u64,
    /// Documents that came again as the last listing had them, and were not.
    pub unchanged: u64,
    /// Whether the cursor moved.
    pub cursor_moved: bool,
    /// Seconds until the next turn may begin, where the server or a rate says so.
    pub wait_seconds: Option<u64>,
    /// Why it failed, or waits.
    pub problem: Option<String>,
}

/// Why a turn ended before there was nothing more.
enum Broken {
    Send(SendError),
    Pull(PullError),
    /// What the puller says.
    Problems(Vec<Problem>),
    Host(String),
    Store(StoreError),
}

impl From<SendError> for Broken {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<PullError> for Broken {
    fn from(error: PullError) -> Self {
        Self::Pull(error)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[derive(Default)]
struct Came {
    documents: u64,
    unchanged: u64,
    moved: bool,
}

impl Source {
    /// Pulls once. What fails is in the report, and work until a turn ends well.
    pub fn pull(&self, plugins: &PluginHost, stop: &AtomicBool) -> Report {
        let _one_at_a_time = self.turn.lock();
        let counts = Counts::default();
        let mut came = Came::default();
        let entered = self.gate.enter(stop);
        let result = match &entered {
            Some(_) => self.steps(plugins, stop, &counts, &mut came),
            None => Err(Broken::Send(SendError::Stopped)),
        };
        drop(entered);
        let (ended, wait, words) = match &result {
            Ok(()) => (Ended::Done, None, None),
            Err(Broken::Send(SendError::Stopped)) => (Ended::Stopped, None, None),
            // Without progress the next turn would do the same again, and at once.
            Err(Broken::Send(SendError::RequestsMax)) if came.moved => (Ended::More, None, None),
            Err(Broken::Send(error @ SendError::Later { wait, .. })) => {
                (Ended::Later, Some(*wait), Some(error.to_string()))
            }
            Err(broken) => (Ended::Failed, None, Some(broken.words())),
        };
        if ended == Ended::Failed {
            // Secrets and certificates may have been mended until the next turn.
            *self.client.lock() = None;
            let class = result.as_ref().err().map_or("", Broken::class);
            tracing::error!(practice = self.practice(), source = self.name(), class, "a source could not be pulled");
        }
        let told = match ended {
            Ended::Failed => self.kept.tell(words.as_deref()),
            Ended::Done | Ended::More => self.kept.tell(None),
            // A wait is no fault, until nothing else happens for so long that it is one.
            Ended::Later if !came.moved => self.kept.waits().and_then(|days| {
                let words = format!("{days} days without anything: {}", words.as_deref().unwrap_or_default());
                if days >= WAITS_DAYS_MAX { self.kept.tell(Some(&words)) } else { Ok(()) }
            }),
            Ended::Later | Ended::Stopped => Ok(()),
        };
        if let Err(error) = told {
            tracing::error!(practice = self.practice(), source = self.name(), %error, "its work item cannot be written");
        }
        let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let report = Report {
            practice: self.practice().to_owned(),
            source: self.name().to_owned(),
            ended,
            requests: count(&counts.requests),
            retries: count(&counts.retries),
            received_bytes: count(&counts.received_bytes),
            documents: came.documents,
            unchanged: came.unchanged,
            cursor_moved: came.moved,
            wait_seconds: wait.map(|wait| wait.as_secs()),
            problem: words,
        };
        self.meters.add(&report);
        report
    }

    fn steps(&self, plugins: &PluginHost, stop: &AtomicBool, counts: &Counts, came: &mut Came) -> Result<(), Broken> {
        let id = &self.config.puller;
        let puller = plugins.puller(id).ok_or_else(|| {
            Broken::Host(format!("puller `{id}` is not loaded; `claimhost plugin list` shows what is, and why not"))
        })?;
        let setup = self.setup().map_err(Broken::Host)?;
        let client = self.client(&puller)?;
        let left = AtomicU64::new(u64::from(self.config.requests_max));
        let sending = Sending { client: &client, counts, stop, left };
        let turn = turn_of(&self.config, self.kept.cursor()?, self.fixed_day);
        let moment_us = self.kept.moment(now_us(turn.now.day))?;
        let mut pulling = puller.begin(self.practice(), &setup, &turn)?;
        let (mut response, mut idle, mut forbidden, mut told) = (None, 0_u32, None, false);
        // Nothing is sent once the host stops; what came before is still stored: a server may have forgotten it.
        loop {
            match pulling.next(response.take().as_ref()).map_err(PullError::Fault)? {
                Step::Send(request) => {
                    idle = 0;
                    response = Some(match sending.send(&request) {
                        // The puller knows what was asked for: of a list it is the end, of one item the want of one answer.
                        Err(error @ (SendError::NotAllowed(_) | SendError::RedirectNotAllowed(_))) => {
                            let broken = Broken::Send(error);
                            if !std::mem::replace(&mut told, true) {
                                let (practice, source, class) = (self.practice(), self.name(), broken.class());
                                tracing::warn!(practice, source, class, "requests of this turn are not sent");
                            }
                            forbidden = Some(broken);
                            sending.forbidden()?
                        }
                        sent => {
                            forbidden = None;
                            sent?
                        }
                    });
                }
                Step::Store(batch) => {
                    idle += 1;
                    if idle > IDLE_STEPS_MAX {
                        return Err(Broken::Host("the puller runs in a circle; report it to its author".to_owned()));
                    }
                    let stored = self.kept.store(&batch.documents, moment_us, &batch.cursor, false)?;
                    came.moved |= stored.moved;
                    came.documents += stored.documents;
                    came.unchanged += stored.unchanged;
                }
                Step::Done(cursor) => {
                    came.moved |= self.kept.store(&[], moment_us, &cursor, true)?.moved;
                    return Ok(());
                }
                Step::Failed(problems) => return Err(forbidden.unwrap_or(Broken::Problems(problems))),
            }
        }
    }

    /// How long after a turn the next one begins.
    pub(super) fn pause_after(&self, report: &Report) -> Duration {
        match (report.ended, report.wait_seconds) {
            (Ended::More, _) => Duration::ZERO,
            (Ended::Later, Some(seconds)) => Duration::from_secs(seconds.saturating_add(1)),
            _ => self.config.every.0,
        }
    }
}

impl Source {
    fn client(&self, puller: &Puller) -> Result<std::sync::Arc<super::client::Client>, SendError> {
        let mut known = self.client.lock();
        if let Some((digest, client)) = known.as_ref()
            && digest == puller.digest()
        {
            return Ok(std::sync::Arc::clone(client));
        }
        let (config, kept) = (&self.config, self.kept.clone());
        let client = super::client::Client::open(config, puller.http_hosts(), self.rates.clone(), kept)?;
        let client = std::sync::Arc::new(client);
        *known = Some((puller.digest().to_owned(), std::sync::Arc::clone(&client)));
        Ok(client)
    }
}

/// A turn that begins now, or at this hour of a day on which the clock stands still.
pub(super) fn turn_of(config: &PullConfig, cursor: String, fixed_day: Option<Date>) -> Turn {
    let now = Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC);
    let part = |part: i8| u8::try_from(part).unwrap_or(0);
    let day = fixed_day.unwrap_or_else(|| crate::claim::from_jiff(now.date()));
    let since = config.since.as_deref().and_then(|since| crate::claim::parse_iso(since).ok());
    Turn { cursor, now: DateTime { day, hour: part(now.hour()), minute: part(now.minute()) }, since }
}

/// Now, in microseconds since 1970, or this time of the day on which the clock stands still.
fn now_us(day: Date) -> i64 {
    let now = Timestamp::now().as_microsecond();
    crate::claim::day_number(day).saturating_mul(DAY_US).saturating_add(now.rem_euclid(DAY_US))
}

/// Why a turn cannot begin, for an operator.
pub(super) fn pull_words(error: &PullError) -> String {
    match error {
        PullError::Problems(problems) => problem_lines(problems),
        PullError::Fault(fault) => match fault.kind() {
            FaultKind::SetupRefused(problems) => problem_lines(problems),
            _ => fault.to_string(),
        },
    }
}

/// Problems as lines for an operator.
pub(super) fn problem_lines(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        let Problem { id, at, found, expected, remedy } = problem;
        format!("{id} at {}: found {found}, expected {expected}; {remedy}", at.path)
    };
    problems.iter().take(10).map(line).collect::<Vec<_>>().join("\n")
}

impl Broken {
    /// What broke it, in words that hold nothing from outside: for logs.
    fn class(&self) -> &'static str {
        match self {
            Self::Send(error) => match error {
                SendError::NotAllowed(_) | SendError::RedirectNotAllowed(_) => "a host that is not allowed",
                SendError::Redirects(_) => "too many redirects",
                SendError::Request(what) => what,
                SendError::NoSecret(_) | SendError::Secret(_) | SendError::Config(_) => "the configuration",
                SendError::Unauthorized | SendError::Token(_) | SendError::Assertion(_) => "credentials",
                SendError::Wire(_) => "no usable answer",
                SendError::Exhausted { .. } => "no answer",
                SendError::RequestsMax => "more requests than a turn may send",
                SendError::Later { .. } | SendError::Stopped => "a pause",
                SendError::Keep(_) | SendError::Rate(_) => "the store",
            },
            Self::Pull(_) => "the plugin",
            Self::Problems(_) => "what the source answered",
            Self::Host(_) => "the configuration",
            Self::Store(_) => "the store",
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Send(error) => error.to_string(),
            Self::Pull(error) => pull_words(error),
            Self::Problems(problems) => problem_lines(problems),
            Self::Host(words) => words.clone(),
            Self::Store(error) => error.to_string(),
        }
    }
}
