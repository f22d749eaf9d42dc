//! The command line: one file per subcommand. Data goes to standard output, all else to standard error.
//!
//! Exit codes: 0 done; 1 claimhost itself failed; 2 the command line is wrong; 3 the configuration is wrong; 4 the thing
//! asked for does not exist, or a check found something.

mod demo;
mod output;
mod peers;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::claim::Date;
use crate::config::Config;
use crate::lifecycle::{Host, HostError};

/// The claim engine: from an EHR's documents to posted money.
#[derive(Debug, Parser)]
#[command(name = "claimhost", version, max_term_width = 100)]
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

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the whole line on invented practices: documents to posted money, then prints what happened
    Demo(demo::Demo),
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Demo(demo) => demo.run(&arguments.global),
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
            HostError::Config(_) | HostError::Key(_) | HostError::Profile(_) => Self::config(error.to_string()),
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<crate::store::StoreError> for Failure {
    fn from(error: crate::store::StoreError) -> Self {
        Self::internal(error.to_string())
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
        let config = Config::load(&self.config).map_err(HostError::from)?;
        Ok(Host::open(config, self.today())?)
    }
}
