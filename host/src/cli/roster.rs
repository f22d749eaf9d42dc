//! `roster import`: the practice's list of patients, against which claims are compared.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::{RED, RESET, print, print_json};
use super::{Failure, Global, Whose};
use crate::audit::demographics::roster::{Imported, Mapping, RosterError, import, mapping};
use crate::claim::{Date, day_number};
use crate::config::Config;
use crate::lifecycle::{HostError, master_key};
use crate::store::{PracticeStore, Store};

/// The practice's list of patients.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Roster {
    /// Loads a roster in the place of the one before; one that cannot be read changes nothing
    Import(Import),
}

/// `roster import`
#[derive(Debug, clap::Args)]
pub(crate) struct Import {
    /// Delimited file with a header row
    file: PathBuf,
    #[command(flatten)]
    whose: Whose,
    /// TOML with `delimiter`, `date_format` and `[columns]`; without it, the usual names
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

impl Roster {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let Self::Import(command) = self;
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let practice = super::one_practice(&config, command.whose.practice())?;
        let store = Store::open(&config.store.path, master_key(&config)?)?;
        let imported = load(&store.practice(practice)?, &command.file, command.mapping.as_deref(), global.today())?;
        if global.json {
            print_json(&imported);
        } else {
            let blank =
                if imported.blank > 0 { format!(", {} blank rows passed over", imported.blank) } else { String::new() };
            print(&format!(
                "{} patients in the roster of {practice} ({} before){blank}",
                imported.patients, imported.before
            ));
            imported.doubts.iter().for_each(|doubt| print(&format!("{RED}doubtful{RESET}  {doubt}")));
            let told = u64::try_from(imported.doubts.len()).unwrap_or(u64::MAX);
            if imported.doubtful > told {
                print(&format!("and {} more doubtful rows", imported.doubtful - told));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Loads a roster file in the place of the one before.
pub(crate) fn load(store: &PracticeStore, path: &Path, by: Option<&Path>, today: Date) -> Result<Imported, Failure> {
    let said = |error: RosterError| match error {
        RosterError::Store(error) => Failure::from(error),
        other => Failure::missing(format!("{}: {other}", path.display())),
    };
    let mapping = match by {
        Some(path) => mapping(&std::fs::read_to_string(path)?).map_err(said)?,
        None => Mapping::default(),
    };
    let file = std::fs::File::open(path).map_err(|error| Failure::missing(format!("{}: {error}", path.display())))?;
    import(store, BufReader::new(file), &mapping, day_number(today)).map_err(said)
}
