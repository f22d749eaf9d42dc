//! The demo, kept honest: what the practices know to be right is moved away, the whole line runs, and then every visit and
//! every cent is compared with the practices' answer and with a recount of the bytes that were exchanged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;

use claimhost_tests::custody::assert_demo_accounted;
use claimhost_tests::handoff::differences;
use claimhost_tests::programs::json;
use claimhost_tests::recount::{Claim, Lineage, lineages, recount};
use serde_json::{Value, json};

const STATES: [&str; 9] = ["total", "held", "ready", "submitted", "rejected", "accepted", "denied", "paid", "posted"];
const KINDS: [&str; 7] = ["billed", "paid", "contractual", "patient", "denied", "held", "open"];

#[test]
fn ten_random_seeds_agree_visit_by_visit_and_cent_by_cent() {
    let first = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seeds: Vec<u64> = (0..10)
        .map(|at: u64| first.rotate_left(at as u32 * 7).wrapping_mul(0x9E37_79B9_7F4A_7C15) % 1_000_000)
        .collect();
    println!("seeds {seeds:?}");
    for seed in seeds {
        check_seed(seed, &[]);
    }
}

#[test]
fn a_second_run_delivers_everything_again_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let first = json(&["demo", "--data-dir", dir, "--seed", "4242", "--json"]);
    let second = json(&["demo", "--data-dir", dir, "--seed", "4242", "--json"]);
    assert_demo_accounted(folder.path());
    for same in ["claims", "cents", "ledger_digest", "visits", "findings"] {
        assert_eq!(first[same], second[same], "{same}");
    }
    let grown = |key: &str| second["documents"][key].as_u64().unwrap() - first["documents"][key].as_u64().unwrap();
    assert!(grown("received") > 0);
    assert_eq!(grown("received"), grown("ignored"), "each repeat is ignored as a repeat: {second}");
}

#[test]
fn faults_of_the_clearinghouse_change_no_cent() {
    let plain = check_seed(77, &[]);
    for faults in
        [&["late"][..], &["duplicate"], &["out-of-order"], &["truncated"], &["reversed"], &["ta1-reject", "999-reject"]]
    {
        let faulty = check_seed(77, faults);
        assert_eq!(plain["cents"], faulty["cents"], "{faults:?}");
        assert_eq!(plain["claims"], faulty["claims"], "{faults:?}");
    }
}

/// Runs one demo and compares. Returns its summary.
fn check_seed(seed: u64, faults: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let seed_text = seed.to_string();
    let mut arguments = vec!["demo", "--data-dir", dir, "--seed", &seed_text, "--json"];
    for fault in faults {
        arguments.extend(["--fault", fault]);
    }
    // The answer is taken away while the host works: a watcher thread moves it as soon as it is whole.
    let moved = folder.path().with_extension("answer");
    let watch = Watch::start(folder.path().join("answer.ndjson"), moved.clone());
    let summary = json(&arguments);
    watch.stop();
    let answers = answers(&moved);
    let _ = std::fs::remove_file(&moved);
    let config = folder.path().join("claimhost.toml");
    let visits = json(&["--config", config.to_str().unwrap(), "--json", "visit", "list"]);
    let bytes = recount(&folder.path().join("transport")).unwrap();
    compare(seed, faults, &summary, &answers, visits.as_array().unwrap(), &bytes);
    let wrong = differences(config.to_str().unwrap(), &answers, visits.as_array().unwrap(), &summary);
    assert!(wrong.is_empty(), "seed {seed} faults {faults:?}: {} differences\n{}", wrong.len(), wrong.join("\n"));
    assert_demo_accounted(folder.path());
    summary
}

fn answers(path: &Path) -> BTreeMap<(String, String), Value> {
    let text = std::fs::read_to_string(path).expect("the practices wrote answer.ndjson");
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| ((text_of(&row, "practice"), text_of(&row, "visit")), row))
        .collect()
}

fn text_of(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_else(|| panic!("{key} in {row}")).to_owned()
}

fn compare(
    seed: u64,
    faults: &[&str],
    summary: &Value,
    answers: &BTreeMap<(String, String), Value>,
    visits: &[Value],
    bytes: &BTreeMap<String, Claim>,
) {
    let mut wrong = Vec::new();
    let mut total: BTreeMap<&str, i64> = BTreeMap::new();
    let mut states: BTreeMap<&str, u64> = STATES.map(|state| (state, 0)).into();
    for visit in visits {
        let key = (text_of(visit, "practice"), text_of(visit, "visit"));
        let Some(answer) = answers.get(&key) else {
            wrong.push(format!("{key:?} is in no answer"));
            continue;
        };
        let mut differs = answer["end"] != visit["end"];
        for kind in KINDS {
            differs |= answer[kind].as_i64() != visit[kind].as_i64();
            *total.entry(kind).or_default() += visit[kind].as_i64().unwrap();
        }
        if differs {
            wrong.push(format!("answer {answer}\n   found {visit}"));
        }
        recounted(visit, bytes, &mut wrong);
        for state in claim_states(answer, visit, bytes, &mut wrong) {
            *states.entry(state).or_default() += 1;
            *states.entry("total").or_default() += 1;
        }
    }
    if summary["claims"] != json!(states) {
        wrong.push(format!("summary claims: {} against {states:?} of answer and bytes", summary["claims"]));
    }
    let ended = |end: &str| answers.values().filter(|answer| answer["end"] == end).count();
    for (key, count) in [("total", answers.len()), ("open", ended("open")), ("missing_charges", ended("missing"))] {
        if summary["visits"][key] != json!(count) {
            wrong.push(format!("summary visits {key}: {} against {count} of the answer", summary["visits"]));
        }
    }
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    visits.iter().flat_map(numbers).for_each(|number| *owners.entry(number).or_default() += 1);
    let of_one = |number: &&String| owners.get(number.as_str()) == Some(&1);
    wrong.extend(
        bytes.keys().filter(|number| !of_one(number)).map(|number| format!("{number} is of no visit, or of two")),
    );
    let found: std::collections::BTreeSet<_> =
        visits.iter().map(|visit| (text_of(visit, "practice"), text_of(visit, "visit"))).collect();
    wrong.extend(
        answers.keys().filter(|key| !found.contains(*key)).map(|key| format!("{key:?} was lost: {}", answers[key])),
    );
    for kind in KINDS {
        if summary["cents"][kind].as_i64() != Some(total[kind]) {
            wrong.push(format!("summary {kind}: {} against {} over the visits", summary["cents"][kind], total[kind]));
        }
    }
    let documents = &summary["documents"];
    let ends: u64 = ["translated", "ignored", "rejected", "parked", "pending"]
        .iter()
        .map(|end| documents[*end].as_u64().unwrap())
        .sum();
    assert_eq!(documents["received"].as_u64().unwrap(), ends, "documents add up");
    assert!(visits.len() > 300, "several hundred visits: {}", visits.len());
    assert_eq!(summary["cents"]["open"], 0, "with answers to everything nothing is open");
    assert!(wrong.is_empty(), "seed {seed} faults {faults:?}: {} differences\n{}", wrong.len(), wrong.join("\n"));
}

/// The CLM01s of a visit's claims, as the host lists them.
fn numbers(visit: &Value) -> impl Iterator<Item = &str> {
    let claims = visit["claims"].as_array().unwrap().iter();
    claims.flat_map(|claim| claim["control_numbers"].as_array().unwrap()).map(|number| number.as_str().unwrap())
}

/// The state of each lineage of a visit. How many left, what each bills and whether all of it was denied, the bytes say; the answer
/// says what the visit bills, and that a claim is held, which never leaves.
fn claim_states(
    answer: &Value,
    visit: &Value,
    bytes: &BTreeMap<String, Claim>,
    wrong: &mut Vec<String>,
) -> Vec<&'static str> {
    let sent: Vec<&Claim> = numbers(visit).filter_map(|number| bytes.get(number)).collect();
    let found = lineages(&sent);
    let end = text_of(answer, "end");
    if matches!(&*end, "held" | "open" | "missing") {
        if !sent.is_empty() {
            wrong.push(format!("{end}, and {} claims of it left: {visit}", sent.len()));
        }
        return if end == "held" { vec!["held"] } else { Vec::new() };
    }
    let billed: i64 = found.iter().map(|lineage| lineage.billed).sum();
    if found.is_empty() || Some(billed) != answer["billed"].as_i64() {
        wrong.push(format!("the bytes bill {billed} in {} claims, the answer {answer}", found.len()));
    }
    let denied = |lineage: &Lineage| lineage.billed > 0 && lineage.denied == lineage.billed;
    found.iter().map(|lineage| if denied(lineage) { "denied" } else { "posted" }).collect()
}

/// What the bytes say of a visit's claims against what the host says.
fn recounted(visit: &Value, bytes: &BTreeMap<String, Claim>, wrong: &mut Vec<String>) {
    let (mut paid, mut contractual, mut patient, mut denied) = (0, 0, 0, 0);
    let mut sent = 0;
    for number in numbers(visit) {
        let Some(claim) = bytes.get(number) else {
            wrong.push(format!("{number} never left: {visit}"));
            continue;
        };
        sent += i64::from(claim.billed.is_some());
        paid += claim.paid;
        contractual += claim.contractual;
        patient += claim.patient();
        denied += claim.denied;
    }
    let said = |key: &str| visit[key].as_i64().unwrap();
    if (paid, contractual, patient, denied) != (said("paid"), said("contractual"), said("patient"), said("denied")) {
        wrong.push(format!(
            "the bytes say paid {paid} contractual {contractual} patient {patient} denied {denied}, the host {visit}"
        ));
    }
    if visit["end"] == "posted" && sent == 0 {
        wrong.push(format!("posted without ever having left: {visit}"));
    }
}

/// Moves the answer away as soon as the practices have written it.
struct Watch {
    stop: std::sync::Arc<std::sync::atomic::AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Watch {
    fn start(from: std::path::PathBuf, to: std::path::PathBuf) -> Self {
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let flag = std::sync::Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            // `claimhost.toml` is written after the practices have ended: the answer is whole by then.
            let ready = from.with_file_name("claimhost.toml");
            loop {
                let last = flag.load(std::sync::atomic::Ordering::Relaxed);
                if ready.exists() && std::fs::rename(&from, &to).is_ok() || last {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        self.thread.join().unwrap();
    }
}
