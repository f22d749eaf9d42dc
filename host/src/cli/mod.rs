//! The command line: one file per subcommand, its arguments first, then one function. Data goes to standard output, all
//! else to standard error, and what is printed reads the same without colour.
//!
//! Exit codes: 0 done; 1 claimhost itself failed; 2 the command line is wrong; 3 the configuration is wrong; 4 the thing
//! asked for does not exist, or a check found something.
//!
//! Commands that only look (`document`, `visit`, `claim`, `denial`, `eligibility list`, `remittance list`, `post list`, `audit`, `kpi`, `checklist`, `work`, `trace`, `verify`, `rules shadow`) open the store through
//! `reader.rs`, beside a running `serve` too; commands that move something (`pull`, `document retry`, `roster import`, `review`, `go-live --approve`, `remittance choose`, `remittance apply`, `post confirm`, `claim accept`, `claim undo-fix`) open the
//! whole host. `charge enter` and `rules activate` only look too: what they take is a file for the next turn. Things are named as `reference.rs` says.

mod audit;
mod backup;
mod charge;
mod check_config;
mod checklist;
mod claim;
mod codes;
mod connector;
mod demo;
mod denial;
mod document;
mod eligibility;
mod go_live;
mod html;
mod init;
mod keys;
mod kpi;
mod onboard;
mod output;
mod panics;
mod peers;
mod plugin;
mod plugin_at;
mod plugin_bench;
mod plugin_dev;
mod plugin_docs;
mod plugin_inspect;
mod plugin_live;
mod plugin_log;
mod plugin_new;
mod plugin_test;
mod plugin_trust;
mod post;
mod post_drop;
mod pull;
mod reader;
mod reference;
mod remittance;
mod review;
mod roster;
mod rules;
mod run;
mod serve;
mod serving;
mod summary;
mod trace;
mod verify;
mod visit;
mod work;
mod x12;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::claim::Date;
use crate::config::Config;
use crate::lifecycle::{Host, HostError};

/// Printed under the help.
const EXIT_CODES: &str = "Exit codes: 0 done, 1 claimhost failed, 2 wrong command line, 3 wrong configuration, 4 not there \
                          or a check found something";

/// The claim engine: from an EHR's documents to posted money.
#[derive(Debug, Parser)]
#[command(name = "claimhost", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Global {
    /// Configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = "claimhost.toml")]
    pub(crate) config: PathBuf,
    /// Print one JSON object (or array) on standard output, for machines
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The day that rules, windows and file dates see, so that a run can be replayed; default: today
    #[arg(long, global = true, value_name = "DATE", value_parser = day)]
    pub(crate) as_of: Option<Date>,
}

fn day(text: &str) -> Result<Date, String> {
    crate::claim::parse_iso(text).map_err(|error| error.to_string())
}

/// A name or a reason: something is said.
fn words(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() { Err("nothing is said".to_owned()) } else { Ok(text.to_owned()) }
}

/// Which practice, where there are several.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Whose {
    /// Only this practice; may be left out where there is one
    #[arg(long, value_name = "ID")]
    practice: Option<String>,
}

impl Whose {
    /// The practice asked for.
    pub(crate) fn practice(&self) -> Option<&str> {
        self.practice.as_deref()
    }
}

/// The practice that a command writes to: the one asked for, or the only one.
fn one_practice<'a>(config: &'a Config, asked: Option<&str>) -> Result<&'a str, Failure> {
    let ids: Vec<&str> = config.practice.iter().map(|practice| practice.id.as_str()).collect();
    match (asked, ids.as_slice()) {
        (None, [only]) => Ok(only),
        (asked, _) => ids.iter().find(|id| Some(**id) == asked).copied().ok_or_else(|| {
            let said = asked.map_or("say which practice".to_owned(), |id| {
                format!("there is no practice `{id}`{}", crate::config::suggest(id, ids.iter().copied()))
            });
            Failure::missing(format!("{said}\nhint: the practices are {}", ids.join(", ")))
        }),
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the whole line on invented practices: documents to posted money, then prints what happened
    Demo(demo::Demo),
    /// Makes a folder to work in: configuration, practice profile, mapping, key, plugins
    Init(init::Init),
    /// Drafts mapping and profile from a practice's sample export, and says what a clean claim lacks
    Onboard(onboard::Onboard),
    /// Checks the configuration and everything it names: all problems of each file at once
    CheckConfig(check_config::CheckConfig),
    /// Takes what has arrived through the whole line, then prints where everything is
    Run(run::Run),
    /// Watches the folders and runs the line until it is told to stop
    Serve(serve::Serve),
    /// Asks an EHR's interface for what is new, now
    Pull(pull::Pull),
    /// Lists or shows documents, or runs them again
    #[command(subcommand)]
    Document(document::Document),
    /// Lists or shows visits
    #[command(subcommand)]
    Visit(visit::Visit),
    /// Lists or shows claims, their history, and why they wait
    #[command(subcommand)]
    Claim(claim::Claim),
    /// Lists what payers denied
    #[command(subcommand)]
    Denial(denial::Denial),
    /// Lists or shows what payers were asked about cover and what they said, or asks
    #[command(subcommand)]
    Eligibility(eligibility::Eligibility),
    /// Audits what the EHR hands over: visits without charges, demographics that differ
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Figures of a period, each with its formula, numerator and denominator
    #[command(after_long_help = kpi::definitions())]
    Kpi(kpi::Kpi),
    /// Ten lines of a sound integration, each pass, fail or overdue, with its number and when it is next due
    Checklist(checklist::Checklist),
    /// Audits that a person looks at, recorded with who, when and what was found
    #[command(subcommand)]
    Review(review::Review),
    /// Shows whether a practice is ready to submit, and lets it
    GoLive(go_live::GoLive),
    /// Takes charges that are keyed by hand
    #[command(subcommand)]
    Charge(charge::Charge),
    /// Loads the practice's list of patients
    #[command(subcommand)]
    Roster(roster::Roster),
    /// Lists remittances, or chooses one of two under one trace number
    #[command(subcommand)]
    Remittance(remittance::Remittance),
    /// Lists what EHRs are told of payers' decisions, or takes what people say of it
    #[command(subcommand)]
    Post(post::Post),
    /// Lists what people have to do
    #[command(subcommand)]
    Work(work::Work),
    /// Follows one visit from the document to the posted money on one screen, or lists what is unaccounted for
    Trace(trace::Trace),
    /// Recomputes what is stored from what it was made of, and says where it differs
    Verify(verify::Verify),
    /// Copies the store into a file, while others write; the key is not in it
    Backup(backup::Backup),
    /// Puts a backup in the store's place, after it was verified
    Restore(backup::Restore),
    /// Manages the master key
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Makes, lists, inspects, builds, tests, measures, adds, reloads or rolls back plugins
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Finds the connector of a product, or asks a server what it can deliver
    #[command(subcommand)]
    Connector(connector::Connector),
    /// Lists, tries or activates rule tables, or shows what a candidate would change
    #[command(subcommand)]
    Rules(rules::Rules),
    /// Imports tables of codes and of NCCI, and tells what they know on a day of service
    #[command(subcommand)]
    Codes(codes::Codes),
    /// Tools for X12 files
    #[command(subcommand)]
    X12(x12::X12),
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    panics::keep_words_out();
    let arguments = Arguments::parse();
    let global = &arguments.global;
    output::log_to_stderr(global.json, matches!(arguments.command, Command::Serve(_)));
    let result = match arguments.command {
        Command::Demo(command) => command.run(global),
        Command::Init(command) => command.run(global),
        Command::Onboard(command) => command.run(global),
        Command::CheckConfig(command) => command.run(global),
        Command::Run(command) => command.run(global),
        Command::Serve(command) => command.run(global),
        Command::Pull(command) => command.run(global),
        Command::Document(command) => command.run(global),
        Command::Visit(command) => command.run(global),
        Command::Claim(command) => command.run(global),
        Command::Denial(command) => command.run(global),
        Command::Eligibility(command) => command.run(global),
        Command::Audit(command) => command.run(global),
        Command::Kpi(command) => command.run(global),
        Command::Checklist(command) => command.run(global),
        Command::Review(command) => command.run(global),
        Command::GoLive(command) => command.run(global),
        Command::Charge(command) => command.run(global),
        Command::Roster(command) => command.run(global),
        Command::Remittance(command) => command.run(global),
        Command::Post(command) => command.run(global),
        Command::Work(command) => command.run(global),
        Command::Trace(command) => command.run(global),
        Command::Verify(command) => command.run(global),
        Command::Backup(command) => command.run(global),
        Command::Restore(command) => command.run(global),
        Command::Keys(command) => command.run(global),
        Command::Plugin(command) => command.run(global),
        Command::Connector(command) => command.run(global),
        Command::Rules(command) => command.run(global),
        Command::Codes(command) => command.run(global),
        Command::X12(command) => command.run(global),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Why a command ended without its result.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// claimhost itself failed, or its surroundings.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// The command line, or what comes on standard input with it, is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// The configuration is wrong.
    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self { code: 3, message: message.into() }
    }

    /// What was asked for does not exist.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self { code: 4, message: message.into() }
    }

    fn report(self) -> ExitCode {
        anstream::eprintln!("{}error{}: {}", output::RED, output::RESET, self.message);
        ExitCode::from(self.code)
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        match error {
            HostError::Config(_) | HostError::Key(_) | HostError::Profile(_) | HostError::Rules(_) => {
                Self::config(error.to_string())
            }
            HostError::Store(error) => Self::from(error),
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        use crate::store::{SealError, StoreError};
        match error {
            // The key is configuration, as one that is missing is.
            StoreError::Seal(SealError::WrongMasterKey { .. }) => Self::config(error.to_string()),
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error.to_string())
    }
}

impl Global {
    /// The clock.
    pub(crate) fn today(&self) -> Date {
        self.as_of.unwrap_or_else(|| crate::claim::from_jiff(jiff::ZonedDateTime::now().date()))
    }

    /// Opens the host that the configuration describes.
    pub(crate) fn open(&self) -> Result<Host, Failure> {
        self.open_with(|_| {})
    }

    /// The same, with what the command line says instead of the configuration.
    pub(crate) fn open_with(&self, change: impl FnOnce(&mut Config)) -> Result<Host, Failure> {
        let mut config = Config::load(&self.config).map_err(HostError::from)?;
        change(&mut config);
        Ok(Host::open(config, self.today())?)
    }
}
