//! `backup FILE` and `restore FILE`: the whole store as one file, taken while others write, and verified before it takes the
//! store's place.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::output::{print, print_json};
use super::verify::{counts, line};
use super::{Failure, Global};
use crate::config::Config;
use crate::lifecycle::{HostError, crash_point, master_key};
use crate::store::copy::{self, Restoring};
use crate::store::{CLEARING, Store, StoreError};
use crate::verify::{Plan, Report, verify};

/// `backup`
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    /// The file to write; it must not be there
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// `restore`
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// A file that `backup` has written
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Take the place of a store that is there; it is kept beside it under another name
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Done {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<PathBuf>,
}

impl Backup {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let store = &config.store.path;
        if !store.exists() {
            return Err(Failure::missing(format!("{} is not there: there is nothing to copy", store.display())));
        }
        let size_bytes = copy::backup(store, &self.file).map_err(|error| match error {
            StoreError::Io { path, source } if source.kind() == std::io::ErrorKind::AlreadyExists => {
                Failure::usage(format!("{} is there already: name another file", path.display()))
            }
            other => other.into(),
        })?;
        let done = Done { file: self.file.clone(), size_bytes: Some(size_bytes), verified: None, kept: None };
        if global.json {
            print_json(&done);
        } else {
            print(&format!("{}: {size_bytes} bytes", self.file.display()));
            anstream::eprintln!(
                "The master key is not in it: it opens with {} only",
                config.keys.master_key_file.display()
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let path = &config.store.path;
        if !self.file.is_file() {
            return Err(Failure::missing(format!("{} is no file", self.file.display())));
        }
        if path.exists() && !self.force {
            let words = "there is a store already\nhint: --force puts the backup in its place and keeps it beside it";
            return Err(Failure::usage(format!("{}: {words}", path.display())));
        }
        let restoring = Restoring::begin(&self.file, path)?;
        let report = match check(&config, restoring.unfinished()) {
            Ok(report) if report.count == 0 => report,
            other => {
                restoring.abandon()?;
                let report = other?;
                report.differences.iter().for_each(|difference| print(&line(difference)));
                let words = "differences: the backup was changed, and the store is as it was";
                return Err(Failure::missing(format!("{}: {} {words}", self.file.display(), report.count)));
            }
        };
        crash_point("restore-copied");
        let kept = match restoring.keep() {
            Ok(kept) => kept,
            Err(error) => {
                restoring.abandon()?;
                return Err(error.into());
            }
        };
        crash_point("restore-kept");
        restoring.finish()?;
        crash_point("restore-placed");
        if global.json {
            print_json(&Done { file: path.clone(), size_bytes: None, verified: Some(report), kept });
        } else {
            for one in &report.practices {
                print(&counts(one));
            }
            if let Some(kept) = kept {
                print(&format!("what was there is kept as {}", kept.display()));
            }
            anstream::eprintln!(
                "What came and left since the backup is not in it: put originals of those days from archive/ back into the \
                 inboxes, answers too, before the next run; 837s of those days in the outbox tell what payers have"
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Opens the copy with the key that the configuration names, and verifies all of it.
fn check(config: &Config, copy: &Path) -> Result<Report, Failure> {
    let store = Store::open_reader(copy, master_key(config)?)?;
    let mut tenants = Vec::new();
    for id in store.tenant_ids()? {
        tenants.extend(store.known_practice(&id)?);
    }
    let configured: Vec<String> = config.practice.iter().map(|practice| practice.id.clone()).collect();
    let plan = Plan {
        store: &store,
        clearing: tenants.iter().find(|tenant| tenant.id() == CLEARING),
        tenants: &tenants,
        configured: &configured,
        // Files of today are of a later moment than the copy.
        outside: None,
        head: None,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    Ok(verify(&plan, true)?)
}
