//! `plugin log`: what plugins said while they worked for a practice. Sealed in the store, because a guest may quote a patient:
//! shown to whoever has the key, as documents are.

use std::process::ExitCode;

use serde::Serialize;

use super::output::{day, print, print_json, table};
use super::reader::Reader;
use super::{Failure, Global, Whose};
use crate::plugin::LoggedEntry;
use crate::store::plugin_log::PluginLogRow;

/// `plugin log`
#[derive(Debug, clap::Args)]
pub(crate) struct Log {
    #[command(flatten)]
    whose: Whose,
    /// Only this plugin
    #[arg(long, value_name = "ID")]
    plugin: Option<String>,
}

#[derive(Serialize)]
struct Listed {
    practice: String,
    #[serde(flatten)]
    row: PluginLogRow,
    date: String,
}

impl Log {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        let mut listed = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            let rows = practice.read(|tx| tx.plugin_log(self.plugin.as_deref()))?;
            let of = |row: PluginLogRow| Listed { practice: practice.id().to_owned(), date: day(row.day), row };
            listed.extend(rows.into_iter().map(of));
        }
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["day", "practice", "plugin", "digest", "kind", "what"]);
        let mut count = 0;
        for Listed { practice, row, date } in &listed {
            let digest: String = row.plugin_digest.chars().take(12).collect();
            for entry in &row.entries {
                let (kind, what) = told(entry);
                out.add_row([date, practice, &row.plugin, &digest, &kind, &what]);
                count += 1;
            }
        }
        print(&out.to_string());
        anstream::eprintln!("{count} entries of {} batches", listed.len());
        Ok(ExitCode::SUCCESS)
    }
}

/// An entry in two cells. Control characters of a guest must not reach a terminal.
fn told(entry: &LoggedEntry) -> (String, String) {
    let (kind, what) = match entry {
        LoggedEntry::Line { level, message, places } => (level.clone(), format!("{message} {}", places.join(" "))),
        LoggedEntry::Output { text } => ("output".to_owned(), text.clone()),
        LoggedEntry::Fault { fault, detail } => ("fault".to_owned(), format!("{fault}\n{detail}")),
        LoggedEntry::Cut { lines, bytes, entries } => {
            let words =
                format!("cut: {lines} lines, {bytes} bytes of output and {entries} entries beyond the ceilings");
            ("cut".to_owned(), words)
        }
    };
    let plain = |char: char| if char.is_control() && char != '\n' { '\u{fffd}' } else { char };
    (kind, what.trim_end().chars().map(plain).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_cannot_write_to_the_terminal() {
        let entry = LoggedEntry::Output { text: "a\u{1b}[2Jb\nc\r\n".to_owned() };
        assert_eq!(told(&entry), ("output".to_owned(), "a\u{fffd}[2Jb\nc".to_owned()));
    }
}
