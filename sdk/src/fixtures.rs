//! Runs the `fixtures/` folder of a plugin: one case a folder, `input.*` and `mapping.toml` in, `expected.json` out.
//!
//! For the plugin's own tests; the host runs the same folders in the sandbox before it activates a plugin. With `UPDATE=1`
//! in the environment the answers are written instead of compared: read them before you commit them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Adapter;
use crate::claim::Date;
use crate::intake::{Document, Outcome, Related, Setup};

/// The day every fixture was received.
pub const RECEIVED: Date = Date { year: 2026, month: 3, day: 2 };

/// Runs every case in `folder`, cutting each input into documents with `frame` (given the case's folder and the bytes). `input` is
/// the name of its file; `input.*` takes any ending.
///
/// # Errors
/// Each case that differs, in a text for the test's output. A folder without cases is an error too.
pub fn run<A: Adapter>(
    folder: &Path,
    input: &str,
    frame: impl Fn(&Path, &[u8]) -> Vec<(Vec<u8>, Vec<Related>)>,
) -> Result<usize, String> {
    let mut cases: Vec<_> = list(folder, true)?;
    cases.sort();
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for case in &cases {
        let outcomes = translate::<A>(case, input, &frame)?;
        let mut found = serde_json::to_string_pretty(&outcomes).map_err(|error| error.to_string())?;
        found.push('\n');
        let expected = case.join("expected.json");
        if update {
            fs::write(&expected, &found).map_err(|error| format!("{}: {error}", expected.display()))?;
        } else if fs::read_to_string(&expected).unwrap_or_default() != found {
            wrong.push(format!("{}: found\n{found}", expected.display()));
        }
    }
    match (wrong.is_empty(), cases.is_empty()) {
        (true, false) => Ok(cases.len()),
        (_, true) => Err(format!("{}: no cases", folder.display())),
        (false, _) => Err(wrong.join("\n")),
    }
}

/// Runs every case of a poster: `batch.json` in, outcomes and file out.
///
/// # Errors
/// As [`run`].
pub fn run_poster<P: crate::Poster>(folder: &Path) -> Result<usize, String> {
    let mut cases: Vec<_> = list(folder, true)?;
    cases.sort();
    let mut wrong = Vec::new();
    for case in &cases {
        let text = |name: &str| fs::read_to_string(case.join(name)).unwrap_or_default();
        let at = |what: &str| format!("{}/{what}", case.display());
        let batch: crate::post::Batch =
            serde_json::from_str(&text("batch.json")).map_err(|error| format!("{}: {error}", at("batch.json")))?;
        let setup = Setup { settings: Vec::new(), mapping: text("mapping.toml") };
        let poster = P::open(setup).map_err(|problems| format!("{}: {problems:?}", at("mapping.toml")))?;
        let answer = poster.post(&batch);
        let file = String::from_utf8_lossy(&answer.file);
        let found = serde_json::json!([{ "outcomes": answer.outcomes, "file": file }]);
        let expected = case.join("expected.json");
        if std::env::var_os("UPDATE").is_some() {
            let text = serde_json::to_string_pretty(&found).map_err(|error| error.to_string())? + "\n";
            fs::write(&expected, text).map_err(|error| format!("{}: {error}", expected.display()))?;
        } else if serde_json::from_str::<serde_json::Value>(&text("expected.json")).ok() != Some(found.clone()) {
            wrong.push(format!("{}: found\n{found:#}", expected.display()));
        }
    }
    match (wrong.is_empty(), cases.is_empty()) {
        (true, false) => Ok(cases.len()),
        (_, true) => Err(format!("{}: no cases", folder.display())),
        (false, _) => Err(wrong.join("\n")),
    }
}

/// The input file of a case.
fn input_of(case: &Path, input: &str) -> Result<PathBuf, String> {
    let Some(stem) = input.strip_suffix("*") else { return Ok(case.join(input)) };
    let named = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(stem));
    list(case, false)?.into_iter().find(named).ok_or_else(|| format!("{}: no {input}", case.display()))
}

/// Translates one case, and again with every document alone and in reverse: the answers must be the same.
fn translate<A: Adapter>(
    case: &Path,
    input: &str,
    frame: impl Fn(&Path, &[u8]) -> Vec<(Vec<u8>, Vec<Related>)>,
) -> Result<Vec<Outcome>, String> {
    let input = input_of(case, input)?;
    let bytes = fs::read(&input).map_err(|error| format!("{}: {error}", input.display()))?;
    let mapping = fs::read_to_string(case.join("mapping.toml")).unwrap_or_default();
    let open = || {
        A::open(Setup { settings: Vec::new(), mapping: mapping.clone() })
            .map_err(|problems| format!("{}: {problems:?}", case.display()))
    };
    let format = A::describe().formats.first().cloned().unwrap_or_default();
    let documents: Vec<Document> = frame(case, &bytes)
        .into_iter()
        .zip(0_u32..)
        .map(|((content, related), ordinal)| Document {
            format: format.clone(),
            content,
            related,
            received: RECEIVED,
            ordinal,
        })
        .collect();
    let session = open()?;
    let outcomes: Vec<Outcome> = documents.iter().map(|document| session.translate(document)).collect();
    for (document, outcome) in documents.iter().zip(&outcomes).rev() {
        if session.translate(document) != *outcome || open()?.translate(document) != *outcome {
            return Err(format!("{}: document {} answers differently alone", case.display(), document.ordinal));
        }
    }
    Ok(outcomes)
}

fn list(folder: &Path, folders: bool) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir() == folders).collect())
}
