//! `codes`: tables of codes and of NCCI by day of service: import, look at them, ask them.

mod check;
mod files;
mod generate;
mod import;
mod list;

use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, Global};
use crate::claim::{day_number, parse_iso};
use crate::codes::Library;
use crate::codes::container::Cover;
use crate::config::Config;
use crate::lifecycle::HostError;

pub(super) use import::import_below;

/// Tables of codes and of NCCI by day of service
#[derive(Debug, Subcommand)]
pub(crate) enum Codes {
    /// Imports published files: ICD-10-CM, HCPCS, lists of numbers, NCCI, fee schedule indicators; plain or zipped
    Import(import::Import),
    /// Lists every table: version, days it knows, rows, source
    List(list::List),
    /// Tells for each system which days are known, and which between them are not
    Status(list::Status),
    /// Tells what codes are on a day of service, or which tables know that day
    Check(check::Check),
    /// Makes the archive of public lists that comes with claimhost anew (for its developers)
    Generate(generate::Generate),
}

impl Codes {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        match self {
            Self::Import(command) => command.run(global),
            Self::List(command) => command.run(global),
            Self::Status(command) => command.run(global),
            Self::Check(command) => command.run(global),
            Self::Generate(command) => command.run(global),
        }
    }
}

/// The folder of tables that the configuration names.
fn library(global: &Global) -> Result<Library, Failure> {
    let config = Config::load(&global.config).map_err(HostError::from)?;
    Ok(Library::open(&config.codes.folder))
}

/// `2026-04-01..2026-06-30`, or `2026-04-01..` for a list that stands until another replaces it.
fn cover(text: &str) -> Result<Cover, String> {
    let wrong = || "expected FROM..TO, such as 2026-04-01..2026-06-30, or FROM.. without an end".to_owned();
    let (first, last) = text.split_once("..").ok_or_else(wrong)?;
    let day = |text: &str| parse_iso(text.trim()).map(day_number).map_err(|error| error.to_string());
    let first = day(first)?;
    let last = if last.trim().is_empty() { crate::codes::container::OPEN_END } else { day(last)? };
    if first > last { Err("the first day is after the last".to_owned()) } else { Ok(Cover { first, last }) }
}
