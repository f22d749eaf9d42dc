//! Recall and false holds: labelled claims of `claimhost-labelled` through the real binary, joined with what they are.
//!
//! A defect is found where its claim is held by a finding of its kind's own family at the right place, or its document rejected
//! there. A clean claim or a near-miss that is held is a false hold. Prints a table by kind; `LABELLED_SEED` and `LABELLED_CLAIMS` choose another run.
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
    // Some twenty of each kind: of two or three, 95 percent are all of them.
    let counts = judge(2026, claims(10_000), &own_tables);
    report(&counts);
    recall_is_high(&counts);
    nobody_cries_wolf(&counts);
}

/// The published tables in place of the set's own few rows: clean claims pass CMS's pairs, limits, add-on codes and fee
/// schedule too; and the defects are found as well, but for those of the set's invented pairs.
#[test]
fn false_holds_with_the_published_tables() {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return;
    };
    let folder = Path::new(&root).join("codesets");
    if let Some((missing, _)) = PUBLISHED.iter().find(|(file, _)| !folder.join(file).is_file()) {
        println!("skipped: {} is not there", folder.join(missing).display());
        return;
    }
    let counts = judge(2026, claims(1_200), &|site, out| published_tables(site, out, &folder));
    report(&counts);
    nobody_cries_wolf(&counts);
}

#[test]
fn a_random_seed() {
    let given = std::env::var("LABELLED_SEED").ok().and_then(|seed| seed.parse().ok());
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    let counts = judge(given.unwrap_or_else(|| u64::from(clock)), claims(1_200), &own_tables);
    report(&counts);
    recall_is_high(&counts);
    nobody_cries_wolf(&counts);
}

/// By label and kind.
type Counts = BTreeMap<(String, String), Count>;

fn claims(default: usize) -> usize {
    std::env::var("LABELLED_CLAIMS").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

fn judge(seed: u64, claims: usize, tables: &dyn Fn(&Site, &Path)) -> Counts {
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
    take_roster(&site, &out);
    tables(&site, &out);
    let about: Value = serde_json::from_str(&std::fs::read_to_string(out.join("about.json")).unwrap()).unwrap();
    site.run(about["as_of"].as_str().unwrap());
    let said = said(&site);
    let labels = std::fs::read_to_string(out.join("labels.ndjson")).unwrap();
    let labels: Vec<Value> = labels.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    pending_names_are_those_of(&labels);
    let mut counts = Counts::new();
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
        let found = said.held && by_its_own_rule_at_the_right_place(label, said);
        count.found += usize::from(found);
        let wrong = if label["label"] == "defect" { !found } else { said.held };
        if wrong && count.example.is_empty() {
            count.example = format!("{visit}: {:?}", said.places);
        }
    }
    counts
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

/// CMS's tables of the corpus, as of the quarter that the claims are in; and what to tell of each.
const PUBLISHED: &[(&str, &[&str])] = &[
    ("ncci/ptp_practitioner_2024-07-01.csv.gz", &["--version", "2026Q2", "--service", "practitioner"]),
    ("ncci/mue_practitioner_2024-07-01.csv", &["--version", "2026Q2", "--service", "practitioner"]),
    ("ncci/addon_codes_2024-06-03.csv", &["--version", "2026Q2"]),
    ("pfs/rvu_indicators_2024-07.csv", &["--version", "2026Q2"]),
];

/// The practice's roster.
fn take_roster(site: &Site, out: &Path) {
    let mapping = site.dir().join("roster.toml");
    std::fs::write(&mapping, ROSTER).unwrap();
    let (roster, mapping) = (out.join("practice/roster.csv"), mapping.display().to_string());
    let output = site.command(&["roster", "import", roster.to_str().unwrap(), "--mapping", &mapping]);
    assert!(output.status.success(), "roster: {}", String::from_utf8_lossy(&output.stderr));
}

/// The tables of the set, which the kinds need.
fn own_tables(site: &Site, out: &Path) {
    for (table, told) in TABLES {
        import(site, &out.join(table), told);
    }
}

/// CMS's, and the taxonomies of the set.
fn published_tables(site: &Site, out: &Path, folder: &Path) {
    for (at, (file, told)) in PUBLISHED.iter().enumerate() {
        // Under a name without the quarter that the file is of: it is told to be of the quarter of the claims.
        let path = out.join(format!("published-{at}.csv"));
        let mut packed = std::fs::File::open(folder.join(file)).unwrap();
        let mut plain = std::fs::File::create(&path).unwrap();
        if file.ends_with(".gz") {
            std::io::copy(&mut flate2::read::GzDecoder::new(packed), &mut plain).unwrap();
        } else {
            std::io::copy(&mut packed, &mut plain).unwrap();
        }
        import(site, &path, told);
    }
    let own = TABLES.iter().filter(|(table, _)| table.starts_with("codes/"));
    own.for_each(|(table, told)| import(site, &out.join(table), told));
}

fn import(site: &Site, path: &Path, told: &[&str]) {
    let arguments = [&["codes", "import", "--accept-smaller", path.to_str().unwrap()], told].concat();
    let output = site.command(&arguments);
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
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

fn by_its_own_rule_at_the_right_place(label: &Value, said: &Said) -> bool {
    let line = label["line"].as_u64();
    let families: Vec<&str> = label["family"].as_str().unwrap().split('|').collect();
    // `ncci.*` is `ncci.` and all that begins so. What a reader refuses is called after its segment.
    let own = |rule: &str| {
        rule.starts_with("x12.") || families.iter().any(|family| rule.starts_with(family.trim_end_matches('*')))
    };
    label["places"].as_array().unwrap().iter().filter_map(Value::as_str).any(|place| {
        said.places.iter().any(|(at, field, rule)| match place.split_once(':') {
            Some(("x12", _)) => field.starts_with(place),
            Some(("line", wanted)) => own(rule) && *at == line && field.starts_with(wanted),
            Some(("any", wanted)) => own(rule) && at.is_some() && field.starts_with(wanted),
            _ => own(rule) && at.is_none() && field.starts_with(place),
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

fn report(counts: &Counts) {
    println!("{:<10} {:<44} {:>6} {:>6} {:>7}", "label", "kind", "claims", "held", "found");
    for ((label, kind), count) in counts {
        let share = percent(count.found, count.claims);
        let shown = if label == "defect" { format!("{share:.1}%") } else { String::new() };
        println!("{label:<10} {kind:<44} {:>6} {:>6} {shown:>7} {}", count.claims, count.held, count.example);
    }
    for (needs, why, names) in PENDING {
        println!("pending: {needs}, {} kinds: {why}", names.len());
    }
    let ((defects, found), (others, held)) = (defects(counts), others(counts));
    println!("{defects} defects, {found} found; {others} clean claims and near-misses, {held} held");
    println!("figure recall_pct {:.2} %", percent(found, defects));
    println!("figure false_hold_pct {:.2} %", percent(held, others));
}

/// Defects, and those of them that were found.
fn defects(counts: &Counts) -> (usize, usize) {
    let all = counts.iter().filter(|((label, _), _)| label == "defect");
    all.fold((0, 0), |(claims, found), (_, count)| (claims + count.claims, found + count.found))
}

/// Clean claims and near-misses, and those of them that were held.
fn others(counts: &Counts) -> (usize, usize) {
    let all = counts.iter().filter(|((label, _), _)| label != "defect");
    all.fold((0, 0), |(claims, held), (_, count)| (claims + count.claims, held + count.held))
}

fn recall_is_high(counts: &Counts) {
    let (claims, found) = defects(counts);
    let poor: Vec<String> = counts
        .iter()
        .filter(|((label, _), count)| label == "defect" && percent(count.found, count.claims) < RECALL_OF_A_KIND_MIN)
        .map(|((_, kind), count)| format!("{kind} {:.1}%: {}", percent(count.found, count.claims), count.example))
        .collect();
    let recall = percent(found, claims);
    assert!(claims > 0);
    assert!(poor.is_empty(), "kinds below {RECALL_OF_A_KIND_MIN}%:\n{}", poor.join("\n"));
    assert!(recall >= RECALL_MIN, "recall {recall:.2}%");
}

fn nobody_cries_wolf(counts: &Counts) {
    let (claims, held) = others(counts);
    let false_holds = percent(held, claims);
    assert!(claims > 0);
    assert!(false_holds < FALSE_HOLDS_MAX, "false holds {false_holds:.2}%");
}

#[allow(clippy::cast_precision_loss, reason = "counts of a test")]
fn percent(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
