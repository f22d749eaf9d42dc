//! `claimhost onboard` with samples of fixed width, through the real binary: with a line of names above the columns to the 837P, and without
//! names to a draft that says what it could not tell; nothing of a patient is in what is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use claimhost_tests::programs::{claimhost, workspace};
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

    fn site(&self, arguments: &[&str]) -> (Value, Option<i32>, String) {
        let output = Command::new(claimhost())
            .args(["--as-of", DAY, "--json", "--config"])
            .arg(self.path("onboard/claimhost.toml"))
            .args(arguments)
            .output()
            .expect("claimhost starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), output.status.code(), said)
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

    // As a plugin's fixture the same lines are read by the same mapping.
    let cache = format!("cache = {:?}", workspace().join("target/plugin-cache"));
    let config = desk.path("onboard/claimhost.toml");
    fs::write(&config, fs::read_to_string(&config).unwrap().replace("cache = \"cache\"", &cache)).unwrap();
    fs::copy(desk.path("onboard/fixtures/way-1/input.txt"), desk.path("onboard/inbox/my-practice/one.txt")).unwrap();
    let (summary, _, said) = desk.site(&["run", "--once"]);
    assert_eq!(summary["documents"]["translated"], 3, "{summary}: {said}");
}

#[test]
fn without_names_what_is_not_told_apart_is_a_todo_and_a_person_says_it() {
    let lines = details("D");
    let text = format!("HCEDAR FAMILY CARE 20260503\r\n{}\r\nT000003\r\n", lines.join("\r\n"));
    let desk = Desk::new("charges.txt", &text);
    let (report, said) = desk.onboard(&["charges.txt"]);
    assert_eq!(report["dry_run"]["documents"]["rejected"], 3, "nothing says what a visit is: {said} {report:#}");
    let mapping = desk.mapping();
    for words in [
        "is = \"header\"\ntype = \"H\"",
        "type = \"D\"\nlength = \"244\"",
        "is = \"trailer\"\ntype = \"T\"",
        "count = \"2 6\"",
        "# TODO: which column? any text may be it\n# visit = \"\"",
        "# TODO: which column? days stand in ",
    ] {
        assert!(mapping.contains(words), "{words}: {mapping}");
    }
    let found = |element: &str| {
        let entries = report["ways"][0]["entries"].as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry["element"] == element)
            .map(|entry| entry["source"].as_str().unwrap().to_owned())
    };
    assert_eq!(found("rendering_npi").as_deref(), Some("180-193"), "{report:#}");
    assert!(found("procedure").is_some() && found("dx1").is_some() && found("visit").is_none(), "{report:#}");
    let printed = format!("{report}{said}{mapping}").to_uppercase();
    assert_eq!(CANARIES.iter().find(|canary| printed.contains(*canary)), None, "{printed}");

    // What a person says under [columns], over the places that were drafted.
    let place = |name: &str| {
        let before: usize = COLUMNS.iter().take_while(|(known, ..)| *known != name).map(|(_, width, _)| width).sum();
        let starts = |line: &&str| line.starts_with(&format!("\"{}-", before + 2));
        mapping
            .lines()
            .find(starts)
            .unwrap_or_else(|| panic!("{name} at {}: {mapping}", before + 2))
            .split('"')
            .nth(1)
            .unwrap()
            .to_owned()
    };
    let said = [
        ("visit", "Encounter Number"),
        ("charge_id", "Charge No"),
        ("patient_last", "Patient Last"),
        ("patient_first", "Patient First"),
        ("patient_birth_date", "DOB"),
        ("service_date", "DOS"),
        ("units", "Qty"),
    ];
    let mut columns: String = said.iter().map(|(key, name)| format!("{key} = {:?}\n", place(name))).collect();
    columns += &format!("charge = {:?}\n", fee_of(&mapping));
    let mended = mapping.replace("[columns]\n", &format!("[columns]\n{columns}"));
    fs::write(desk.path("onboard/practices/my-practice/mapping.toml"), mended).unwrap();
    let (report, said) = desk.onboard(&["charges.txt", "--against", "onboard/report.json"]);
    assert_eq!(report["dry_run"]["documents"]["translated"], 3, "{said} {report:#}");
}

/// The column that the draft says is a number and whose values are amounts.
fn fee_of(mapping: &str) -> String {
    let lines: Vec<&str> = mapping.lines().collect();
    let at = lines
        .windows(2)
        .rfind(|two| two[0].contains("a number, with the blanks before it"))
        .unwrap_or_else(|| panic!("{mapping}"));
    at[1].split('"').nth(1).unwrap().to_owned()
}
