//! What must be true of every store that a test leaves: it is what it was made of, and nothing is unaccounted for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::programs::claimhost;

/// Asserts that `verify` finds no difference and that `trace --unaccounted` lists nothing on this day.
///
/// # Panics
/// Where something differs or is in none of the ends: the message has each of it.
pub fn assert_accounted(config: &Path, as_of: &str) {
    assert_verified(config);
    let listed = listed(config, &["--as-of", as_of, "trace", "--unaccounted"]);
    let empty = listed.as_array().is_some_and(Vec::is_empty);
    assert!(empty, "unaccounted on {as_of}: {listed:#}");
}

/// Asserts that `verify` and `trace --unaccounted` tell of something of each of these tables and of no other. `why` is for the reader of a
/// failure.
///
/// # Panics
/// Where something else is told of, or something is not.
pub fn assert_left(config: &Path, as_of: &str, tables: &[&str], why: &str) {
    let report = listed(config, &["verify", "--all"]);
    let left = listed(config, &["--as-of", as_of, "trace", "--unaccounted"]);
    let differences = report.get("differences").and_then(Value::as_array);
    let of = |one: &Value| one.get("table").and_then(Value::as_str).unwrap_or_default().to_owned();
    let told: BTreeSet<String> = differences.into_iter().chain(left.as_array()).flatten().map(of).collect();
    let expected: BTreeSet<String> = tables.iter().map(|table| (*table).to_owned()).collect();
    assert_eq!(told, expected, "left on {as_of} ({why}): {report:#} {left:#}");
}

/// Asserts that `verify` finds no difference.
///
/// # Panics
/// Where something differs.
pub fn assert_verified(config: &Path) {
    let report = listed(config, &["verify", "--all"]);
    assert_eq!(report.get("count").and_then(Value::as_u64), Some(0), "differences: {report:#}");
}

/// What `verify` or `trace --unaccounted` lists, whatever the exit code. Null where the command was refused.
///
/// # Panics
/// Where it does not start.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn listed(config: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(claimhost())
        .arg("--config")
        .arg(config)
        .arg("--json")
        .args(arguments)
        .output()
        .expect("it starts");
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// Asserts the same of a demo that has ended, on its last day.
///
/// # Panics
/// As [`assert_accounted`]; and where the folder is no demo's.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn assert_demo_accounted(folder: &Path) {
    let runs = (1..).map(|run| folder.join(format!("feeds/run-{run}/days.json"))).take_while(|file| file.exists());
    let days = std::fs::read(runs.last().expect("the days of the demo")).expect("the days of the demo");
    let days: Value = serde_json::from_slice(&days).expect("a list of days");
    let last = days.as_array().and_then(|days| days.last()?.get("as_of")?.as_str()).expect("its last day");
    assert_accounted(&folder.join("claimhost.toml"), last);
}

/// How often each service stands with the sandbox's payers, of a folder that it has its state in as `sandbox/`: what they took, and
/// what was neither replaced nor voided.
///
/// # Panics
/// Where it has taken nothing yet.
#[allow(clippy::expect_used, clippy::panic, reason = "a test helper: its failure is the test's")]
pub fn services_taken(folder: &Path) -> BTreeMap<String, u32> {
    let text = std::fs::read_to_string(folder.join("sandbox/accepted.ndjson")).expect("what the payers took");
    let mut taken = BTreeMap::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).expect("a service");
        if row.get("state").and_then(Value::as_str) != Some("accepted") {
            continue;
        }
        let service = SERVICE.map(|key| row.get(key).unwrap_or_else(|| panic!("{key} in {row}")).to_string());
        *taken.entry(service.join(" ")).or_default() += 1;
    }
    taken
}

/// What a service is known by, whatever file and number it came under.
const SERVICE: [&str; 11] = [
    "payee",
    "payer",
    "responsibility",
    "last",
    "first",
    "birth_date",
    "service_date",
    "code",
    "modifiers",
    "units",
    "charge",
];
