//! `document list|show|retry`: what arrived, what became of it, where it was refused, where and why; and another run, once
//! mapping, profile or plugin are mended.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::Serialize;
use serde_json::Value;

use super::output::{BOLD, RESET, day, print, print_json, table, visible};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::visit::history_table;
use super::{Failure, Global, Whose};
use crate::lifecycle::Retried;
use crate::store::document::{DocumentRow, DocumentStatus};
use crate::store::file::PART;
use crate::store::history::HistoryRow;
use crate::store::{StoreResult, Tx};

/// Looks at documents.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Document {
    /// Lists documents and what became of them
    List(List),
    /// Shows one document: its file, byte range, problems with place and remedy
    Show(Show),
    /// Runs rejected or parked documents again, through the mapping, profile and plugin as they are now
    Retry(Retry),
}

/// `document list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Only documents with this end
    #[arg(long, value_name = "STATUS", value_parser = statuses())]
    status: Option<String>,
}

/// `document show`
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The document, as `document list` prints it
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
    /// Print the original bytes and nothing else
    #[arg(long, conflicts_with = "json")]
    raw: bool,
}

/// `document retry`
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub(crate) struct Retry {
    /// The documents, as `document list` prints them
    #[arg(value_name = "PRACTICE/ID", group = "which")]
    ids: Vec<Reference>,
    /// All rejected documents
    #[arg(long, group = "which")]
    rejected: bool,
    /// All parked documents
    #[arg(long, group = "which")]
    parked: bool,
    #[command(flatten)]
    whose: Whose,
}

fn statuses() -> PossibleValuesParser {
    PossibleValuesParser::new(DocumentStatus::ALL.map(DocumentStatus::as_str))
}

#[derive(Serialize)]
struct Listed {
    id: String,
    practice: String,
    #[serde(flatten)]
    row: DocumentRow,
    received: String,
    /// The practice's part of a clearinghouse file: what was received is the file, a document of `clearing`.
    part: bool,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    file_name: String,
    detail: Value,
    /// Of a document that ran again.
    history: Vec<HistoryRow>,
}

#[derive(Serialize)]
struct RetriedLine {
    id: String,
    practice: String,
    #[serde(flatten)]
    retried: Retried,
}

impl Listed {
    fn of(practice: &str, row: DocumentRow, part: bool) -> Self {
        Self {
            id: name(practice, row.document_id),
            practice: practice.to_owned(),
            received: day(row.received_day),
            part,
            row,
        }
    }
}

impl Document {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::List(list) => list.run(global, &reader),
            Self::Show(show) => show.run(global, &reader),
            Self::Retry(retry) => retry.run(global, &reader),
        }
    }
}

impl List {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let status = self.status.as_deref().and_then(DocumentStatus::parse);
        let mut listed = Vec::new();
        let mut waiting = 0;
        for practice in reader.tenants(self.whose.practice())? {
            let (rows, parts, files) = practice.read(|tx| -> StoreResult<_> {
                Ok((tx.documents(status)?, tx.part_documents()?, tx.unframed_files()?.len()))
            })?;
            waiting += if status.is_none_or(|status| status == DocumentStatus::Pending) { files } else { 0 };
            let of = |row: DocumentRow| {
                let part = parts.contains(&row.document_id);
                Listed::of(practice.id(), row, part)
            };
            listed.extend(rows.into_iter().map(of));
        }
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["document", "practice", "status", "received", "file", "bytes", "reason"]);
        for Listed { id, practice, received, row, part } in &listed {
            let file = format!("{}{}", row.file_id, if *part { " (part)" } else { "" });
            out.add_row([id, practice, row.status.as_str(), received, &file, &row.ranges, &row.reason]);
        }
        print(&out.to_string());
        anstream::eprintln!("{}", counted(&listed, waiting));
        Ok(ExitCode::SUCCESS)
    }
}

/// How many were received, and what became of them: the numbers of the summary of `run --once`.
fn counted(listed: &[Listed], waiting: usize) -> String {
    let received = |status| {
        let of_status = listed.iter().filter(|one| !one.part && one.row.status == status).count();
        if status == DocumentStatus::Pending { of_status + waiting } else { of_status }
    };
    let counts = DocumentStatus::ALL.map(|status| (status, received(status)));
    let each: Vec<String> = counts.iter().map(|(status, count)| format!("{count} {}", status.as_str())).collect();
    let mut words =
        format!("{} documents received: {}", counts.iter().map(|(_, count)| count).sum::<usize>(), each.join(", "));
    if waiting > 0 {
        words += &format!("; {waiting} of the pending are files that wait to be cut, and not listed");
    }
    let parts = listed.iter().filter(|one| one.part).count();
    if parts > 0 {
        words += &format!("; {parts} parts of clearinghouse files, which are counted with their file");
    }
    words
}

impl Retry {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let mut wanted: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        for reference in &self.ids {
            let (practice, id) = reader.one(reference, self.whose.practice(), "document", "document list")?;
            practice.read(|tx| tx.document(id))?.ok_or_else(|| no_such("document", reference, "document list"))?;
            wanted.entry(practice.id().to_owned()).or_default().insert(id);
        }
        let all = [(self.rejected, DocumentStatus::Rejected), (self.parked, DocumentStatus::Parked)];
        for (_, status) in all.into_iter().filter(|(asked, _)| *asked) {
            for practice in reader.tenants(self.whose.practice())? {
                let rows = practice.read(|tx| tx.documents(Some(status)))?;
                let ids = rows.into_iter().map(|row| row.document_id);
                wanted.entry(practice.id().to_owned()).or_default().extend(ids);
            }
        }
        let mut lines = Vec::new();
        if wanted.values().any(|ids| !ids.is_empty()) {
            let host = global.open()?;
            for (practice, ids) in wanted {
                let ids: Vec<u64> = ids.into_iter().collect();
                lines.extend(host.retry_documents(&practice, &ids)?.into_iter().map(|retried| RetriedLine {
                    id: name(&practice, retried.document_id),
                    practice: practice.clone(),
                    retried,
                }));
            }
        }
        if global.json {
            print_json(&lines);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["document", "was", "is", "reason"]);
        for RetriedLine { id, retried, .. } in &lines {
            let reason = retried.kept.map_or_else(|| retried.reason.clone(), |kept| format!("did not run: {kept}"));
            out.add_row([id, retried.before.as_str(), retried.after.as_str(), &reason]);
        }
        print(&out.to_string());
        let ran = lines.iter().filter(|line| line.retried.kept.is_none()).count();
        let moved = lines.iter().filter(|line| line.retried.before != line.retried.after).count();
        anstream::eprintln!("{ran} documents ran again, {moved} have another end now");
        if moved > 0 {
            anstream::eprintln!("hint: `claimhost run --once`, or a running `serve`, takes their charges on");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Show {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.one(&self.id, self.whose.practice(), "document", "document list")?;
        let row = practice.read(|tx| tx.document(id))?.ok_or_else(|| no_such("document", &self.id, "document list"))?;
        if self.raw {
            let mut out = std::io::stdout().lock();
            practice.read(|tx| tx.document_bytes(&row, |part| out.write_all(part).map_err(Failure::from)))?;
            return Ok(ExitCode::SUCCESS);
        }
        let shown = practice.read(|tx: &Tx<'_>| -> StoreResult<_> {
            let (file_name, detail) = (tx.file_name(row.file_id)?.into_inner(), tx.document_detail(id)?);
            let part = tx.file(row.file_id)?.is_some_and(|file| file.channel == PART);
            let listed = Listed::of(practice.id(), row, part);
            Ok(Shown { listed, file_name, detail, history: tx.history("document", id)? })
        })?;
        if global.json {
            print_json(&shown);
        } else {
            tell(&shown);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(shown: &Shown) {
    let Listed { id, received, row, .. } = &shown.listed;
    print(&format!("{BOLD}Document {id}{RESET}  {}", row.status.as_str()));
    if !row.reason.is_empty() {
        print(&format!("  reason    {}", row.reason));
    }
    print(&format!("  received  {received}"));
    print(&format!("  file      {} `{}`, document {} of it", row.file_id, visible(&shown.file_name), row.ordinal + 1));
    print(&format!("  bytes     {}", row.ranges));
    if !row.plugin_digest.is_empty() {
        print(&format!("  plugin    {}", row.plugin_digest));
    }
    for line in detail_lines(&shown.detail) {
        print(&line);
    }
    print("  original  add --raw");
    if !shown.history.is_empty() {
        print(&format!("\n{BOLD}History{RESET}"));
        print(&history_table(&shown.history));
    }
}

/// What is known about a document that was not translated: its problems, and what else has a name (a reason, the balance of
/// a remittance).
pub(super) fn detail_lines(detail: &Value) -> Vec<String> {
    let Some(named) = detail.as_object() else {
        let problems = detail.as_array().into_iter().flatten().flat_map(problem_lines);
        return problems.chain(detail.as_str().map(|text| format!("  {text}"))).collect();
    };
    let mut lines = Vec::new();
    for (key, value) in named {
        match value {
            Value::Array(problems) if key == "problems" => lines.extend(problems.iter().flat_map(problem_lines)),
            Value::Object(parts) => {
                lines.push(format!("  {key}"));
                lines.extend(
                    parts.iter().map(|(part, value)| format!("    {:<28} {}", part.replace('_', " "), plain(value))),
                );
            }
            value => lines.push(format!("  {key:<9} {}", plain(value))),
        }
    }
    lines
}

/// One problem: its place, then found, expected and remedy.
fn problem_lines(problem: &Value) -> Vec<String> {
    let text = |key: &str| problem.get(key).map(plain).unwrap_or_default();
    let place = match problem.get("at") {
        Some(Value::Object(at)) => {
            let path = at.get("path").map(plain).unwrap_or_default();
            let offset =
                at.get("offset").filter(|offset| !offset.is_null()).map(|offset| format!(" (byte {})", plain(offset)));
            format!("{path}{}", offset.unwrap_or_default())
        }
        Some(other) => plain(other),
        None => String::new(),
    };
    let mut lines = vec![format!("  problem   {} at {place}", text("id"))];
    for key in ["found", "expected", "remedy"] {
        if !text(key).is_empty() {
            lines.push(format!("    {key:<9} {}", text(key)));
        }
    }
    lines
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_shape_of_detail_reads_as_lines() {
        let record = json!({"problems": [{"id": "ft1.code", "at": {"path": "FT1-7", "offset": 120},
            "found": "nothing", "expected": "a code", "remedy": "declare charge.code"}]});
        let lines = detail_lines(&record);
        assert_eq!(lines[0], "  problem   ft1.code at FT1-7 (byte 120)");
        assert_eq!(lines[3], "    remedy    declare charge.code");
        let balance = json!({"balance": {"paid_cents": 700}, "problems": record["problems"]});
        assert_eq!(detail_lines(&balance)[..2], ["  balance", "    paid cents                   700"]);
        assert_eq!(detail_lines(&balance)[2], lines[0]);
        assert_eq!(detail_lines(&json!({"fault": "deadline"})), ["  fault     deadline"]);
        assert!(detail_lines(&Value::Null).is_empty());
    }
}
