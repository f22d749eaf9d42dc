//! `claimhost onboard` with samples of fixed width, through the real binary: with a line of names above the columns to the 837P; without
//! names a refusal where two columns may be the codes; nothing of a patient is in what is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use claimhost_tests::programs::claimhost;
use serde_json::Value;

const DAY: &str = "2026-05-20";
const CANARIES: [&str; 5] = ["ZQVANCE", "ZQORLA", "ZQBRANDT", "ZQELM", "ZQID"];

/// Names as this invented export has them, widths, and the values of three visits.
const COLUMNS: [(&str, usize, [&str; 3]); 22] = [
    ("Encounter Number", 18, ["E1001", "E1002", "E1003"]),
    ("Charge No", 11, ["1", "2", "3"]),
    ("Chart No", 10, ["M71", "M72", "M73"]),
    ("Patient Last", 14, ["ZQVANCE", "ZQBRANDT", "ZQOKAFOR"]),
    ("Patient First", 15, ["ZQORLA", "ZQMILO", "ZQADA"]),
    ("DOB", 12, ["01/14/1980", "11/30/1965", "07/02/1991"]),
    ("Sex", 5, ["F", "M", "F"]),
    ("Street", 20, ["12 ZQELM STREET", "34 ZQOAK", "56 ZQPINE WAY"]),
    ("City", 10, ["ZQTOWN", "ZQTOWN", "ZQTOWN"]),
    ("State", 7, ["OH", "OH", "OH"]),
    ("Zip", 7, ["43001", "43002", "43001"]),
    ("Insurance", 18, ["NORTHFIELD HEALTH", "NORTHFIELD HEALTH", "NORTHFIELD HEALTH"]),
    ("Payer ID", 10, ["60054", "60054", "60054"]),
    ("Policy No", 11, ["ZQID7711", "ZQID7722", "ZQID7733"]),
    ("Relation", 10, ["Self", "Self", "Self"]),
    ("Provider NPI", 14, ["1000000004", "1000000004", "1000000004"]),
    ("POS", 5, ["11", "11", "11"]),
    ("DOS", 12, ["05/01/2026", "05/02/2026", "05/03/2026"]),
    ("CPT", 7, ["99213", "99212", "99214"]),
    ("Qty", 5, ["1", "1", "1"]),
    ("Fee", 9, ["90.00", "60.00", "130.00"]),
    ("Diagnosis 1", 13, ["J06.9", "E11.9", "L70.0"]),
];

/// Lines of the three visits, with what stands before each and its amounts at the right.
fn details(before: &str) -> Vec<String> {
    let line = |visit: usize| {
        let cell = |(name, width, values): &(&str, usize, [&str; 3])| {
            let value = values[visit];
            if *name == "Fee" { format!("{value:>w$}  ", w = width - 2) } else { format!("{value:<width$}") }
        };
        format!("{before}{}", COLUMNS.iter().map(cell).collect::<String>())
    };
    (0..3).map(line).collect()
}

fn named() -> String {
    let names: String = COLUMNS.iter().map(|(name, width, _)| format!("{name:<width$}")).collect();
    format!("{names}\r\n{}\r\n", details("").join("\r\n"))
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn new(file: &str, content: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.path(file), content).unwrap();
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn onboard(&self, arguments: &[&str]) -> (Value, String) {
        let mut command = Command::new(claimhost());
        let output = command
            .current_dir(self.0.path())
            .args(["--as-of", DAY, "onboard"])
            .args(arguments)
            .arg("--json")
            .output()
            .expect("claimhost starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), said)
    }

    fn mapping(&self) -> String {
        fs::read_to_string(self.path("onboard/practices/my-practice/mapping.toml")).unwrap()
    }
}

/// Every text below a folder, but for plugins and the cache.
fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "plugins" | "cache") {
            found.extend(texts(&path));
        } else if path.is_file() {
            found.push((path.clone(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
        }
    }
    found
}

#[test]
fn columns_below_names_become_an_837p_of_the_dry_run_and_fixtures_keep_their_places() {
    let desk = Desk::new("charges.txt", &named());
    let (report, said) = desk.onboard(&["charges.txt"]);
    assert_eq!(report["samples"][0]["format"], "fixed width", "{said}");
    assert_eq!(report["samples"][0]["component"], "csv-superbill");
    let run = &report["dry_run"];
    assert_eq!((&run["documents"]["translated"], &run["documents"]["rejected"]), (&3.into(), &0.into()), "{report:#}");
    assert_eq!(
        (&run["claims"]["ready"], &run["ready_cents"], &run["files_837"]),
        (&3.into(), &28_000.into(), &1.into()),
        "{run:#}"
    );
    let mapping = desk.mapping();
    for line in
        ["type = \"Encounter\"", "\"Encounter Number\" = \"1 18\"", "\"CPT\" = \"210 7\"", "procedure = \"CPT\""]
    {
        assert!(mapping.contains(line), "{line}: {mapping}");
    }
    assert!(!mapping.contains("TODO"), "every element has a name: {mapping}");
    for (path, text) in texts(&desk.path("onboard")) {
        let text = text.to_uppercase();
        assert_eq!(CANARIES.iter().find(|canary| text.contains(*canary)), None, "{}: {text}", path.display());
    }
    let fixture = fs::read_to_string(desk.path("onboard/fixtures/way-1/input.txt")).unwrap();
    let lines: Vec<&str> = fixture.lines().collect();
    assert_eq!(lines.len(), 4, "{fixture}");
    for (made, was) in lines.iter().zip(named().lines()).skip(1) {
        assert_eq!(made.chars().count(), was.chars().count(), "{made}");
        assert_eq!(
            (&made[209..214], &made[221..230]),
            (&was[209..214], &was[221..230]),
            "codes and amounts stay: {made}"
        );
    }
}

#[test]
fn without_names_two_columns_that_look_like_codes_are_not_guessed() {
    let text = format!("HCEDAR FAMILY CARE 20260503\r\n{}\r\nT000003\r\n", details("D").join("\r\n"));
    let desk = Desk::new("charges.txt", &text);
    let (report, said) = desk.onboard(&["charges.txt"]);
    // A ZIP has the form of a CPT code.
    assert_eq!(report, Value::Null, "{report:#}");
    assert!(said.contains("charges.txt: found no column of procedure codes"), "{said}");
    assert_eq!(CANARIES.iter().find(|canary| said.to_uppercase().contains(*canary)), None, "{said}");
}
