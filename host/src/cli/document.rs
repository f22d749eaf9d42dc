//! `document list` and `document show`: what arrived, what became of it, and, where it was refused, where and why.

use std::io::Write;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::Serialize;
use serde_json::Value;

use super::output::{BOLD, RESET, day, print, print_json, table};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::{Failure, Global, Whose};
use crate::store::StoreResult;
use crate::store::document::{DocumentRow, DocumentStatus};

/// Looks at documents.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Document {
    /// Lists documents and what became of them
    List(List),
    /// Shows one document: its file, byte range, problems with place and remedy
    Show(Show),
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
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    file_name: String,
    detail: Value,
}

impl Listed {
    fn of(practice: &str, row: DocumentRow) -> Self {
        Self {
            id: name(practice, row.document_id),
            practice: practice.to_owned(),
            received: day(row.received_day),
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
        }
    }
}

impl List {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let status = self.status.as_deref().and_then(DocumentStatus::parse);
        let mut listed = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            let rows = practice.read(|tx| tx.documents(status))?;
            listed.extend(rows.into_iter().map(|row| Listed::of(practice.id(), row)));
        }
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["document", "status", "received", "file", "bytes", "reason"]);
        for Listed { id, received, row, .. } in &listed {
            out.add_row([id, row.status.as_str(), received, &row.file_id.to_string(), &row.ranges, &row.reason]);
        }
        print(&out.to_string());
        Ok(ExitCode::SUCCESS)
    }
}

impl Show {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.one(&self.id, self.whose.practice(), "document", "document list")?;
        let row = practice.read(|tx| tx.document(id))?.ok_or_else(|| no_such("document", &self.id, "document list"))?;
        if self.raw {
            let bytes = practice.read(|tx| tx.document_bytes(&row))?;
            std::io::stdout().lock().write_all(&bytes)?;
            return Ok(ExitCode::SUCCESS);
        }
        let (file_name, detail) = practice
            .read(|tx| -> StoreResult<_> { Ok((tx.file_name(row.file_id)?.into_inner(), tx.document_detail(id)?)) })?;
        let shown = Shown { listed: Listed::of(practice.id(), row), file_name, detail };
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
    print(&format!("  file      {} `{}`, document {} of it", row.file_id, shown.file_name, row.ordinal + 1));
    print(&format!("  bytes     {}", row.ranges));
    if !row.plugin_digest.is_empty() {
        print(&format!("  plugin    {}", row.plugin_digest));
    }
    for line in detail_lines(&shown.detail) {
        print(&line);
    }
    print("  original  add --raw");
}

/// What is known about a document that was not translated. Its shape depends on the step that refused it: a list of
/// problems (records or sentences), or a few named values.
pub(super) fn detail_lines(detail: &Value) -> Vec<String> {
    let problems = detail.get("problems").and_then(Value::as_array).or_else(|| detail.as_array());
    if let Some(problems) = problems {
        return problems.iter().flat_map(problem_lines).collect();
    }
    let Some(named) = detail.as_object() else {
        return detail.as_str().map(|text| format!("  {text}")).into_iter().collect();
    };
    named.iter().map(|(key, value)| format!("  {key:<9} {}", plain(value))).collect()
}

/// One problem: its place, then found, expected and remedy.
fn problem_lines(problem: &Value) -> Vec<String> {
    let text = |key: &str| problem.get(key).map(plain).unwrap_or_default();
    if problem.is_string() {
        return vec![format!("  problem   {}", plain(problem))];
    }
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
        assert_eq!(detail_lines(&json!({"problems": ["ISA: 12 bytes"]})), ["  problem   ISA: 12 bytes"]);
        assert_eq!(detail_lines(&json!({"fault": "deadline"})), ["  fault     deadline"]);
        assert!(detail_lines(&Value::Null).is_empty());
    }
}
