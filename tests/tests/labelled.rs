//! Recall and false holds: labelled claims of `claimhost-labelled` through the real binary, joined with what they are.
//!
//! A defect is found where its claim is held, or its document rejected, with a finding at the right place. A clean claim or a
//! near-miss that is held is a false hold. Prints a table by kind; `LABELLED_SEED` and `LABELLED_CLAIMS` choose another run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use claimhost_tests::programs::claimhost;
use claimhost_tests::site::{PRACTICE, Site};
use serde_json::Value;

/// Kinds that wait for another part of the host: what they need, why, and which. Deleting a line switches its kinds on.
const PENDING: &[(&str, &str, &[&str])] = &[];

/// Percent.
const RECALL_MIN: f64 = 99.0;
const RECALL_OF_A_KIND_MIN: f64 = 95.0;
const FALSE_HOLDS_MAX: f64 = 0.5;

/// What the host said of one claim.
#[derive(Default)]
struct Said {
    held: bool,
    /// Line and field of each finding that holds, with its rule.
    places: Vec<(Option<u64>, String, String)>,
}

/// One kind's counts.
#[derive(Default)]
struct Count {
    claims: usize,
    found: usize,
    held: usize,
    /// The first claim that went wrong, with what was said of it.
    example: String,
}

#[test]
fn a_fixed_seed() {
    judge(2026, claims(1_200));
}

#[test]
fn a_random_seed() {
    let given = std::env::var("LABELLED_SEED").ok().and_then(|seed| seed.parse().ok());
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    judge(given.unwrap_or_else(|| u64::from(clock)), claims(1_200));
}

fn claims(default: usize) -> usize {
    std::env::var("LABELLED_CLAIMS").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

fn judge(seed: u64, claims: usize) {
    println!("seed {seed}, {claims} claims");
    let site = Site::new();
    let out = site.dir().join("labelled");
    generate(seed, claims, &out);
    let practice = site.dir().join("practices/my-practice");
    let profile = std::fs::read_to_string(out.join("profile.toml")).unwrap();
    std::fs::write(practice.join("profile.toml"), format!("fees = \"fees.csv\"\n{profile}")).unwrap();
    std::fs::copy(out.join("practice/fees.csv"), practice.join("fees.csv")).unwrap();
    for file in std::fs::read_dir(out.join("feed")).unwrap() {
        let path = file.unwrap().path();
        site.x12(path.file_name().unwrap().to_str().unwrap(), &std::fs::read(&path).unwrap());
    }
    prepare(&site, &out);
    let about: Value = serde_json::from_str(&std::fs::read_to_string(out.join("about.json")).unwrap()).unwrap();
    site.run(about["as_of"].as_str().unwrap());
    let said = said(&site);
    let labels = std::fs::read_to_string(out.join("labels.ndjson")).unwrap();
    let labels: Vec<Value> = labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    pending_names_are_those_of(&labels);
    let mut counts: BTreeMap<(String, String), Count> = BTreeMap::new();
    for label in &labels {
        if PENDING.iter().any(|(needs, _, _)| label["needs"] == *needs) {
            continue;
        }
        let text = |key: &str| label[key].as_str().unwrap_or_default().to_owned();
        let visit = text("visit");
        let said = said.get(&visit).unwrap_or_else(|| panic!("visit {visit} is nowhere: {label}"));
        let count = counts.entry((text("label"), text("kind"))).or_default();
        count.claims += 1;
        count.held += usize::from(said.held);
        let found = said.held && at_the_right_place(label, said);
        count.found += usize::from(found);
        let wrong = if label["label"] == "defect" { !found } else { said.held };
        if wrong && count.example.is_empty() {
            count.example = format!("{visit}: {:?}", said.places);
        }
    }
    report(&counts);
}

fn generate(seed: u64, claims: usize, out: &Path) {
    let program = claimhost().with_file_name("claimhost-labelled");
    let made = Command::new(program)
        .args(["--seed", &seed.to_string(), "--claims", &claims.to_string(), "--practice", PRACTICE, "--out"])
        .arg(out)
        .status()
        .expect("claimhost-labelled starts");
    assert!(made.success());
}

/// Tables that the operator imports, each with what its name does not tell. ICD-10-CM, HCPCS and places come with claimhost.
const TABLES: &[(&str, &[&str])] = &[
    ("ncci/ptp-practitioner.txt", &["--version", "2026Q2"]),
    ("ncci/mue-practitioner.csv", &["--version", "2026Q2"]),
    ("ncci/add-on-codes.txt", &["--version", "2026Q2"]),
    ("codes/taxonomy.csv", &["--version", "2026-01"]),
];

/// The columns of the practice's roster that are not called as usual.
const ROSTER: &str = "date_format = \"YYYY-MM-DD\"\n[columns]\npatient_id = \"MRN\"\n";

/// Gives the host the tables and the roster that the kinds need.
fn prepare(site: &Site, out: &Path) {
    let mapping = site.dir().join("roster.toml");
    std::fs::write(&mapping, ROSTER).unwrap();
    let (roster, mapping) = (out.join("practice/roster.csv"), mapping.display().to_string());
    let output = site.command(&["roster", "import", roster.to_str().unwrap(), "--mapping", &mapping]);
    assert!(output.status.success(), "roster: {}", String::from_utf8_lossy(&output.stderr));
    for (table, told) in TABLES {
        let path = out.join(table);
        let arguments = [&["codes", "import", "--accept-smaller", path.to_str().unwrap()], *told].concat();
        let output = site.command(&arguments);
        assert!(output.status.success(), "{table}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// By visit number: claims with their findings, and documents that were rejected.
fn said(site: &Site) -> HashMap<String, Said> {
    let mut by_visit: HashMap<String, Said> = HashMap::new();
    let rows = |arguments: &[&str]| site.json(arguments).as_array().cloned().unwrap_or_default();
    let numbers: HashMap<u64, String> = rows(&["visit", "list"])
        .iter()
        .map(|visit| (visit["visit_id"].as_u64().unwrap(), visit["visit"].as_str().unwrap().to_owned()))
        .collect();
    for claim in rows(&["claim", "list", "--findings"]) {
        let number = numbers[&claim["visit_id"].as_u64().unwrap()].clone();
        let said = by_visit.entry(number).or_default();
        said.held |= claim["state"] == "held";
        for finding in claim["findings"].as_array().unwrap() {
            if !matches!(finding["severity"].as_str(), Some("hold" | "reject")) {
                continue;
            }
            let place = finding["place"].as_str().unwrap();
            let (line, field) =
                match place.strip_prefix("line ").map(|rest| rest.split_once(", ").unwrap_or((rest, ""))) {
                    Some((line, field)) => (line.parse().ok(), field),
                    None => (None, place),
                };
            said.places.push((line, field.to_owned(), finding["rule"].as_str().unwrap().to_owned()));
        }
    }
    for document in rows(&["document", "list", "--practice", PRACTICE, "--status", "rejected"]) {
        if document["status"] != "rejected" {
            continue;
        }
        let shown = site.json(&["document", "show", document["id"].as_str().unwrap()]);
        let raw = String::from_utf8_lossy(&site.raw(&document)).into_owned();
        let number = raw.split('~').find_map(|segment| segment.trim().strip_prefix("CLM*")).unwrap();
        let said = by_visit.entry(number.split('*').next().unwrap().to_owned()).or_default();
        said.held = true;
        for problem in shown["detail"]["problems"].as_array().unwrap() {
            let text = |key: &str| problem[key].as_str().unwrap_or_default();
            let at =
                if problem["at"].is_object() { problem["at"]["path"].as_str().unwrap_or_default() } else { text("at") };
            said.places.push((None, format!("x12:{at}"), text("id").to_owned()));
        }
    }
    by_visit
}

fn at_the_right_place(label: &Value, said: &Said) -> bool {
    let line = label["line"].as_u64();
    label["places"].as_array().unwrap().iter().filter_map(Value::as_str).any(|place| {
        said.places.iter().any(|(at, field, _)| match place.split_once(':') {
            Some(("line", wanted)) => *at == line && field.starts_with(wanted),
            Some(("any", wanted)) => at.is_some() && field.starts_with(wanted),
            Some(("x12", _)) => field.starts_with(place),
            _ => at.is_none() && field.starts_with(place),
        })
    })
}

/// Nothing waits that is not named here, and nothing is named that does not wait.
fn pending_names_are_those_of(labels: &[Value]) {
    for (needs, _, names) in PENDING {
        let of = labels.iter().filter(|label| label["needs"] == *needs).filter_map(|label| label["kind"].as_str());
        assert_eq!(of.collect::<BTreeSet<_>>(), names.iter().copied().collect(), "{needs}");
    }
}

fn report(counts: &BTreeMap<(String, String), Count>) {
    println!("{:<10} {:<44} {:>6} {:>6} {:>7}", "label", "kind", "claims", "held", "found");
    let (mut defects, mut found, mut others, mut held) = (0, 0, 0, 0);
    let mut poor = Vec::new();
    for ((label, kind), count) in counts {
        let share = percent(count.found, count.claims);
        let shown = if label == "defect" { format!("{share:.1}%") } else { String::new() };
        println!("{label:<10} {kind:<44} {:>6} {:>6} {shown:>7} {}", count.claims, count.held, count.example);
        if label == "defect" {
            defects += count.claims;
            found += count.found;
            if share < RECALL_OF_A_KIND_MIN {
                poor.push(format!("{kind} {share:.1}%: {}", count.example));
            }
        } else {
            others += count.claims;
            held += count.held;
        }
    }
    for (needs, why, names) in PENDING {
        println!("pending: {needs}, {} kinds: {why}", names.len());
    }
    let (recall, false_holds) = (percent(found, defects), percent(held, others));
    println!("{defects} defects, {found} found; {others} clean claims and near-misses, {held} held");
    println!("figure recall_pct {recall:.2} %");
    println!("figure false_hold_pct {false_holds:.2} %");
    assert!(defects > 0 && others > 0);
    assert!(poor.is_empty(), "kinds below {RECALL_OF_A_KIND_MIN}%:\n{}", poor.join("\n"));
    assert!(recall >= RECALL_MIN, "recall {recall:.2}%");
    assert!(false_holds < FALSE_HOLDS_MAX, "false holds {false_holds:.2}%");
}

#[allow(clippy::cast_precision_loss, reason = "counts of a test")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
