//! `charge enter`: charges keyed by hand, with every field checked, become a document of the practice like any other.
//!
//! `field.rs` the table of fields; `entry.rs` one entry, its rows, two keyings compared; `check.rs` what is wrong with it; `prompt.rs`
//! the questions on a terminal. Here: the command, and the file that a good entry becomes.
//!
//! A good entry is a superbill file under `[intake] charge_entry`, whole or not at all; the next turn of the host takes it. Its
//! charges are told apart by their own ids, so that the same entry twice is one.

mod check;
mod entry;
mod field;
mod prompt;

use std::fs;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use sha2::{Digest, Sha256};

use self::check::{Checker, Known};
use self::entry::{Difference, Entry, Problem, Weight};
use super::output::{BOLD, GREEN, RED, RESET, dollars, print, print_json};
use super::{Failure, Global};
use crate::config::Config;
use crate::lifecycle::HostError;
use crate::private;

/// Charges keyed by hand.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Charge {
    /// Takes charges from a keyboard (or with --json from standard input), checks every field, and hands them to the intake
    Enter(Enter),
}

/// Printed under the help.
const EXIT_CODES: &str = "Exit codes: 0 every entry is taken, or was before; 1 claimhost failed; 2 wrong command line, or no \
                          terminal to ask on; 3 wrong configuration; 4 an entry was refused, or two keyings differ; 130 stopped \
                          with ctrl-C, and nothing of the entry is kept";

/// `charge enter`
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Enter {
    /// The practice whose charges they are
    #[arg(value_name = "PRACTICE")]
    practice: String,
    /// Each visit is keyed twice, and every field that differs is named. With --json: entries come in pairs
    #[arg(long)]
    double_key: bool,
    /// Takes entries whose claims would be held too; they wait as work
    #[arg(long)]
    anyway: bool,
}

/// What became of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    /// Handed to the intake.
    Entered,
    /// The same charges are there already.
    Known,
    /// Something is wrong; nothing of it is kept.
    Refused,
    /// Two keyings differ; nothing of them is kept.
    Differs,
}

/// One entry, for machines.
#[derive(Debug, Serialize)]
struct Answer {
    /// Position on standard input, from 0; with --double-key that of the first of two.
    index: usize,
    visit: String,
    charge_ids: Vec<String>,
    charge_cents: i64,
    status: Status,
    problems: Vec<Problem>,
    differences: Vec<Difference>,
}

/// All entries, for machines.
#[derive(Debug, Default, Serialize)]
struct Answers {
    entered: usize,
    known: usize,
    refused: usize,
    differs: usize,
    entries: Vec<Answer>,
}

impl Charge {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let Self::Enter(command) = self;
        let config = Config::load(&global.config).map_err(HostError::from)?;
        if !global.json && !std::io::stdin().is_terminal() {
            return Err(Failure::usage(
                "standard input is no terminal to ask on\nhint: add --json to read entries as JSON objects from it",
            ));
        }
        let desk = Desk {
            checker: Checker::open(global, &config, &command.practice)?,
            folder: config.intake.charge_entry.join(&command.practice),
            anyway: command.anyway,
        };
        let good = if global.json { desk.take_json(command.double_key)? } else { desk.take_keyed(command.double_key)? };
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(4) })
    }
}

/// Where entries are looked at and laid down.
struct Desk {
    checker: Checker,
    folder: PathBuf,
    anyway: bool,
}

impl Desk {
    fn take_json(&self, double_key: bool) -> Result<bool, Failure> {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        let mut read: Vec<(Entry, Vec<Problem>)> = Vec::new();
        for value in serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>() {
            let value = value.map_err(|error| {
                // The parser's own words quote what it read.
                let (line, column) = (error.line(), error.column());
                Failure::usage(format!("standard input, line {line}, column {column}: found no JSON, expected an entry or a list of them; nothing was taken"))
            })?;
            match value {
                serde_json::Value::Array(items) => read.extend(items.iter().map(Entry::read)),
                one => read.push(Entry::read(&one)),
            }
        }
        let step = if double_key { 2 } else { 1 };
        if !read.len().is_multiple_of(step) {
            let words = format!(
                "{} entries on standard input, expected pairs: each visit keyed twice; nothing was taken",
                read.len()
            );
            return Err(Failure::usage(words));
        }
        let mut answers = Answers::default();
        for (at, keyed) in read.chunks(step).enumerate() {
            let Some((entry, problems)) = keyed.first() else { continue };
            let differences = keyed.get(1).map(|(second, _)| entry.differences(second)).unwrap_or_default();
            let (status, problems) = if !differences.is_empty() {
                (Status::Differs, Vec::new())
            } else {
                self.take(entry, problems.clone())?
            };
            *match status {
                Status::Entered => &mut answers.entered,
                Status::Known => &mut answers.known,
                Status::Refused => &mut answers.refused,
                Status::Differs => &mut answers.differs,
            } += 1;
            answers.entries.push(Answer {
                index: at * step,
                visit: entry.number().to_owned(),
                charge_ids: entry.charge_ids().map(str::to_owned).collect(),
                charge_cents: entry.cents(),
                status,
                problems,
                differences,
            });
        }
        print_json(&answers);
        Ok(answers.refused + answers.differs == 0)
    }

    /// Visit after visit, until an empty visit number.
    fn take_keyed(&self, double_key: bool) -> Result<bool, Failure> {
        let mut good = true;
        while let Some(entry) = prompt::entry(&self.checker, double_key)? {
            let (status, problems) = self.take(&entry, Vec::new())?;
            let what =
                format!("visit {}, {} charges, ${}", entry.number(), entry.charges.len(), dollars(entry.cents()));
            match status {
                Status::Entered => print(&format!("{GREEN}entered{RESET}  {what}")),
                Status::Known => print(&format!("{BOLD}known{RESET}  {what}: the same charges are there already")),
                Status::Refused | Status::Differs => {
                    good = false;
                    for problem in &problems {
                        prompt::say(&format!("  {RED}{}{RESET} {}", problem.field, problem.words));
                    }
                    print(&format!("{RED}refused{RESET}  {what}: nothing of it is kept"));
                }
            }
        }
        Ok(good)
    }

    /// Looks at an entry and lays it down where it is good.
    fn take(&self, entry: &Entry, mut problems: Vec<Problem>) -> Result<(Status, Vec<Problem>), Failure> {
        if !problems.is_empty() {
            return Ok((Status::Refused, problems));
        }
        match self.checker.known(entry)? {
            Ok(Known::Yes) => return Ok((Status::Known, problems)),
            Ok(Known::No) => {}
            Err(problem) => problems.push(problem),
        }
        problems.extend(self.checker.look(entry)?);
        let limit = if self.anyway { Weight::Refuse } else { Weight::Hold };
        if problems.iter().any(|problem| problem.weight >= limit) {
            return Ok((Status::Refused, problems));
        }
        let rows = entry.rows(Some(self.checker.next_sequence(entry)?));
        match waiting(&self.folder, &rows)? {
            Waiting::Same => Ok((Status::Known, problems)),
            Waiting::Other(at) => {
                problems.push(Problem {
                    field: format!("charges[{at}].charge_id"),
                    rule: "entry.id-used".to_owned(),
                    weight: Weight::Refuse,
                    words: "a charge of this visit with this id, which says something else, waits to be taken; run \
                            `claimhost run --once` first, or use another id"
                        .to_owned(),
                });
                Ok((Status::Refused, problems))
            }
            Waiting::No => {
                lay_down(&self.folder, &rows)?;
                Ok((Status::Entered, problems))
            }
        }
    }
}

/// Rows as a file.
fn rows_text(rows: &[Vec<String>]) -> String {
    let cell = |text: &String| {
        if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.clone() }
    };
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n").collect()
}

/// What lies in the folder and was not taken yet, compared to an entry.
enum Waiting {
    No,
    Same,
    /// Position of the charge whose id is there with another content.
    Other(usize),
}

fn waiting(folder: &Path, rows: &[Vec<String>]) -> Result<Waiting, Failure> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Waiting::No) };
    let Some((header, charges)) = rows.split_first() else { return Ok(Waiting::No) };
    let at = |column: &str| header.iter().position(|name| name == column);
    let (Some(visit), Some(id), Some(sequence)) = (at("Visit ID"), at("Line ID"), at("Seq")) else {
        return Ok(Waiting::No);
    };
    let mut there: Vec<Vec<String>> = Vec::new();
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file()) {
        // One that the host archives in this moment is in the store by then.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let records = reader.records().filter_map(Result::ok);
        there.extend(records.map(|record| record.iter().map(str::to_owned).collect()));
    }
    let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    let bare = |row: &[String]| {
        let mut row = row.to_vec();
        if let Some(order) = row.get_mut(sequence) {
            order.clear();
        }
        row
    };
    let mut same = 0;
    for (at, charge) in charges.iter().enumerate() {
        let of_id = |row: &&Vec<String>| cell(row, visit) == cell(charge, visit) && cell(row, id) == cell(charge, id);
        let mut known = there.iter().filter(of_id).peekable();
        if known.peek().is_none() {
            continue;
        }
        if !known.any(|row| bare(row) == bare(charge)) {
            return Ok(Waiting::Other(at));
        }
        same += 1;
    }
    Ok(if same == charges.len() { Waiting::Same } else { Waiting::No })
}

/// Writes the file under another name, makes it durable, and gives it its name: whoever stops this leaves all of it or nothing
/// that anybody takes.
fn lay_down(folder: &Path, rows: &[Vec<String>]) -> Result<(), Failure> {
    private::make_folder(folder)?;
    let text = rows_text(rows);
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    let name = format!("entry-{}.csv", digest.get(..16).unwrap_or(&digest));
    private::write_whole(folder, &name, text.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(id: &str, amount: &str, sequence: &str) -> Vec<Vec<String>> {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        vec![row(["Visit ID", "Line ID", "Seq", "Charge"]), row(["V1", id, sequence, amount])]
    }

    #[test]
    fn what_waits_is_compared_by_visit_and_charge_id() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(waiting(&folder.path().join("none"), &rows("C1", "1.00", "")).unwrap(), Waiting::No));
        lay_down(folder.path(), &rows("C1", "1.00", "")).unwrap();
        assert!(matches!(waiting(folder.path(), &rows("C1", "1.00", "7")).unwrap(), Waiting::Same));
        assert!(matches!(waiting(folder.path(), &rows("C1", "2.00", "")).unwrap(), Waiting::Other(0)));
        assert!(matches!(waiting(folder.path(), &rows("C2", "1.00", "")).unwrap(), Waiting::No));
        let names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(
            matches!(names.as_slice(), [name] if name.starts_with("entry-") && name.ends_with(".csv")),
            "{names:?}"
        );
    }

    #[test]
    fn cells_that_need_it_are_quoted() {
        let text = rows_text(&[vec!["a,b".to_owned(), "c\"d".to_owned(), "e".to_owned()]]);
        assert_eq!(text, "\"a,b\",\"c\"\"d\",e\r\n");
    }
}
