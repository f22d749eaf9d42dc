//! Charge entry through the real binary: JSON on standard input, prompts on a terminal, two keyings, a repeat, a correction, what
//! is refused, and a process that is stopped in the middle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use claimhost_tests::house::again;
use claimhost_tests::programs::claimhost;
use claimhost_tests::site::{PRACTICE, Site};
use serde_json::{Value, json};

const DAY: &str = "2026-05-20";

/// A visit that is billed without a finding.
fn entry(number: u32) -> Value {
    json!({
        "visit": format!("K{number}"), "service_date": "05/01/2026", "patient_mrn": format!("M{number}"), "patient_last": "Vance",
        "patient_first": "Orla", "patient_birth_date": "01/01/1980", "patient_gender": "F", "patient_address1": "12 Elm Street",
        "patient_city": "Anytown", "patient_state": "OH", "patient_postal_code": "43001", "payer": "EXAMPLE",
        "member_id": format!("ID{number}"), "relationship": "self", "rendering": "DR01", "location": "MAIN", "diagnoses": ["J06.9"],
        "charges": [{ "charge_id": format!("KC{number}"), "procedure": "99213", "units": 1, "charge": "90.00" }],
    })
}

/// Runs `charge enter --json` with this on standard input: exit code and answer.
fn enter(site: &Site, input: &str, more: &[&str]) -> (i32, Value) {
    let output = piped(site, input, &[&["--json"], more].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let code = output.status.code().expect("an exit code");
    (code, serde_json::from_str(&said).unwrap_or(Value::String(String::from_utf8_lossy(&output.stderr).into_owned())))
}

fn piped(site: &Site, input: &str, more: &[&str]) -> Output {
    let config = site.dir().join("claimhost.toml");
    let mut child = Command::new(claimhost())
        .arg("--config")
        .arg(config)
        .args(["--as-of", DAY, "charge", "enter", PRACTICE])
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("claimhost starts");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn fields(answer: &Value) -> Vec<String> {
    let problems = answer["problems"].as_array().unwrap();
    // No table of pairs and no list of CPT numbers was imported here, and each claim says so.
    let silent = ["code.not-covered", "entry.code-not-checked"];
    let told = problems.iter().filter(|problem| !silent.iter().any(|rule| problem["rule"] == *rule));
    told.map(|problem| format!("{} {}", problem["field"].as_str().unwrap(), problem["rule"].as_str().unwrap()))
        .collect()
}

/// Everything that lies under the folder of entries, archived or not.
fn files(site: &Site) -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["", "archive"] {
        let folder = site.dir().join("charge-entry").join(PRACTICE).join(folder);
        let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
        let files = entries.filter(|entry| entry.path().is_file());
        names.extend(files.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    }
    names
}

#[test]
fn a_good_entry_becomes_a_document_a_claim_and_a_trace_and_twice_is_once() {
    let site = Site::new();
    let (code, said) = enter(&site, &entry(1).to_string(), &[]);
    assert_eq!((code, &said["entered"], &said["entries"][0]["charge_cents"]), (0, &1.into(), &9_000.into()), "{said}");
    // Again, before anything was taken.
    let (code, said) = enter(&site, &entry(1).to_string(), &[]);
    assert_eq!((code, &said["known"]), (0, &1.into()), "{said}");
    let summary = site.run(DAY);
    assert_eq!(
        (&summary["documents"]["translated"], &summary["claims"]["submitted"], &summary["cents"]["billed"]),
        (&1.into(), &1.into(), &9_000.into()),
        "{summary}"
    );
    let story = site.json(&["trace", "K1"]);
    assert_eq!(story["source_system"], "charge-entry");
    assert!(story["documents"][0]["file_name"].as_str().unwrap().starts_with("entry-"), "{story}");

    // Again, after it: known by the charge's own id.
    let (code, said) = enter(&site, &entry(1).to_string(), &[]);
    assert_eq!((code, &said["known"]), (0, &1.into()), "{said}");
    assert_eq!(files(&site).len(), 1);
    assert_eq!(site.run(DAY)["documents"]["received"], 1);

    // Another content under the id is refused, and a correction is one.
    let mut other = entry(1);
    other["charges"][0]["charge"] = json!("95.00");
    let (code, said) = enter(&site, &other.to_string(), &[]);
    assert_eq!(
        (code, fields(&said["entries"][0])),
        (4, vec!["charges[0].charge_id entry.id-used".to_owned()]),
        "{said}"
    );
    other["charges"][0]["action"] = json!("replace");
    let (code, said) = enter(&site, &other.to_string(), &[]);
    assert_eq!((code, &said["entered"]), (0, &1.into()), "{said}");
    site.run(DAY);
    let shown = site.json(&["visit", "show", "K1"]);
    let events = shown["events"].as_array().unwrap();
    let said: Vec<&str> = events.iter().map(|event| event["what"].as_str().unwrap()).collect();
    assert!(said.contains(&"new") && said.contains(&"replace"), "{shown}");
}

#[test]
fn every_field_is_checked_and_named_and_nothing_of_a_bad_entry_is_kept() {
    let site = Site::new();
    let roster = site.dir().join("roster.csv");
    std::fs::write(&roster, "Patient ID,Last,First,DOB,Payer,Member ID\nM7,Vance,Orla,01/10/1980,EXAMPLE,ID7\n")
        .unwrap();
    assert!(site.command(&["roster", "import", &roster.to_string_lossy()]).status.success());
    std::fs::write(site.dir().join("practices/my-practice/fees.csv"), "code,fee\n99213,90.00\n").unwrap();
    site.edit("practices/my-practice/profile.toml", "usage = \"T\"", "usage = \"T\"\nfees = \"fees.csv\"");
    site.edit(
        "practices/my-practice/profile.toml",
        "[crosswalk.procedure]",
        "[[crosswalk.code]]\ncode = \"OV3\"\ntarget = \"99213\"\nto = \"2026-04-30\"\n[crosswalk.procedure]\nOV4 = \"99213\"",
    );
    let changed = |number: u32, change: &dyn Fn(&mut Value)| {
        let mut value = entry(number);
        change(&mut value);
        value
    };
    let cases: Vec<(Value, &str)> = vec![
        (changed(2, &|e| e["rendering"] = json!("1000000005")), "rendering "), // a wrong check digit
        (changed(2, &|e| e["rendering"] = json!("DR77")), "rendering "),
        (changed(2, &|e| e["payer"] = json!("NOBODY")), "payer payer.unknown"),
        (changed(2, &|e| e["service_date"] = json!("2026-06-01")), "charges"), // after today
        (changed(2, &|e| e["patient_birth_date"] = json!("2026-05-02")), ""),  // after the service
        (changed(2, &|e| e["service_date"] = json!("2026-13-01")), "service_date entry.form"),
        (changed(2, &|e| e["diagnoses"] = json!(["J06.9", "QQ"])), "diagnoses diagnosis."),
        (changed(2, &|e| e["charges"][0]["procedure"] = json!("9921")), "charges[0].procedure "),
        (changed(2, &|e| e["charges"][0]["modifiers"] = json!(["2"])), "charges[0].modifiers "),
        (changed(2, &|e| e["charges"][0]["units"] = json!(0)), "charges[0].units "),
        (changed(2, &|e| e["charges"][0]["charge"] = json!("0")), "charges[0].charge charge.zero"),
        (changed(2, &|e| e["charges"][0]["charge"] = json!("ninety")), "charges[0].charge entry.form"),
        (changed(2, &|e| e["charges"][0]["pointers"] = json!("C")), "charges[0].pointers "),
        (changed(2, &|e| e["member_id"] = json!("")), "member_id entry.missing"),
        (changed(2, &|e| e["membr_id"] = json!("X")), "membr_id entry.unknown-field"),
        (changed(2, &|e| e["charges"][0]["procedure"] = json!("ZZ1")), "charges[0].procedure procedure.unmapped"),
        (changed(2, &|e| e["charges"][0]["procedure"] = json!("OV3")), "charges[0].procedure crosswalk.other-days"),
        (changed(2, &|e| e["charges"][0]["charge"] = json!("900.00")), "charges[0].charge typo.charge"),
        (changed(2, &|e| e["diagnoses"] = json!(["M54.5"])), "diagnoses code."), // a category since 2021
        (entry(7), "patient_birth_date demographic.birth-date"), // day and month swapped against the roster
    ];
    let input: String = cases.iter().map(|(value, _)| format!("{value}\n")).collect();
    let (code, said) = enter(&site, &input, &[]);
    assert_eq!((code, &said["refused"]), (4, &cases.len().into()), "{said}");
    for (at, (value, expected)) in cases.iter().enumerate() {
        let found = fields(&said["entries"][at]);
        assert!(found.iter().any(|field| field.starts_with(expected)), "{value}: {expected} in {found:?}");
    }
    assert_eq!(files(&site), Vec::<String>::new());
    // What the crosswalk knows on the day is good.
    let mapped = changed(8, &|e| e["charges"][0]["procedure"] = json!("OV4"));
    let (code, said) = enter(&site, &mapped.to_string(), &[]);
    assert_eq!((code, &said["entered"]), (0, &1.into()), "{said}");
    // What would only be held may be entered all the same; what cannot be read may not.
    let held = &cases.last().unwrap().0;
    let (code, said) = enter(&site, &format!("[{held},{}]", cases[5].0), &["--anyway"]);
    assert_eq!((code, &said["entered"], &said["refused"]), (4, &1.into(), &1.into()), "{said}");
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["held"], &summary["claims"]["submitted"]), (&1.into(), &1.into()), "{summary}");
}

#[test]
fn a_code_that_no_list_could_tell_is_said_to_be_unchecked() {
    let site = Site::new();
    let mut value = entry(1);
    value["charges"][0]["procedure"] = json!("99201"); // ended with 2020, which only a list of CPT numbers knows
    let (code, said) = enter(&site, &value.to_string(), &[]);
    let problems = said["entries"][0]["problems"].as_array().unwrap();
    let told = problems.iter().find(|problem| problem["rule"] == "entry.code-not-checked").unwrap();
    assert_eq!((code, &told["field"], &told["weight"]), (0, &"charges[0].procedure".into(), &"warn".into()), "{said}");
    // With a list of the day it is looked up, and nothing is said of one that is on it.
    std::fs::write(site.dir().join("numbers_2026.csv"), "cpt\n99213\n99214\n").unwrap();
    let list = site.dir().join("numbers_2026.csv");
    site.json(&["codes", "import", "--accept-smaller", "--system", "cpt", list.to_str().unwrap()]);
    value["visit"] = json!("K2");
    let (code, said) = enter(&site, &value.to_string(), &[]);
    assert_eq!(
        (code, fields(&said["entries"][0])),
        (4, vec!["charges[0].procedure code.unknown".to_owned()]),
        "{said}"
    );
    let (code, said) = enter(&site, &entry(3).to_string(), &[]);
    assert!(code == 0 && !said.to_string().contains("entry.code-not-checked"), "{said}");
}

#[test]
fn a_rule_table_whose_look_back_is_withheld_is_told_as_the_claim_would_be_held() {
    let site = Site::new();
    site.write("rules/again.toml", again("1", "warn").as_bytes());
    let folder = site.dir().join("plugins/rule-table").display().to_string();
    site.json(&["plugin", "add", "--yes", &folder, "--refuse", "look-back"]);
    let (code, said) = enter(&site, &entry(1).to_string(), &[]);
    let problems = said["entries"][0]["problems"].as_array().unwrap();
    let told = problems.iter().find(|problem| problem["rule"] == "rules.not-evaluated").unwrap();
    assert_eq!((code, &told["weight"]), (4, &"hold".into()), "{said}");
    let words = told["words"].as_str().unwrap().to_owned();
    assert!(words.starts_with("Rule table `again` looks back 30 days"), "{words}");
    // The claim says the same.
    let (code, said) = enter(&site, &entry(1).to_string(), &["--anyway"]);
    assert_eq!((code, &said["entered"]), (0, &1.into()), "{said}");
    site.run(DAY);
    let why = site.json(&["claim", "why", "1"]);
    let held = why["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "rules.not-evaluated").unwrap();
    assert_eq!(held["words"], words, "{why}");
}

#[test]
fn what_a_place_or_a_code_needs_beside_is_asked_for_and_named() {
    let site = Site::new();
    let hospital = "[[location]]\nids = [\"HOSP\"]\nplace_of_service = \"21\"\nfacility = { name = \"A HOSPITAL\", npi = \"1000000012\", \
                    address = { line1 = \"2 EXAMPLE STREET\", line2 = \"\", city = \"ANYTOWN\", state = \"OH\", postal_code = \"430010000\" } }\n\n[[location]]";
    site.edit("practices/my-practice/profile.toml", "[[location]]", hospital);
    let mut inpatient = entry(1);
    inpatient["location"] = json!("HOSP");
    inpatient["charges"][0]["procedure"] = json!("99232");
    let (code, said) = enter(&site, &inpatient.to_string(), &[]);
    assert_eq!(code, 4, "{said}");
    assert_eq!(fields(&said["entries"][0]), ["admission_date admission-date.missing"], "{said}");
    inpatient["admission_date"] = json!("04/28/2026");
    inpatient["discharge_date"] = json!("05/03/2026");
    let (code, said) = enter(&site, &inpatient.to_string(), &[]);
    assert_eq!((code, fields(&said["entries"][0])), (0, vec![]), "{said}");
    let mut anesthesia = entry(2);
    anesthesia["charges"][0]["procedure"] = json!("00840");
    anesthesia["charges"][0]["modifiers"] = json!(["AA"]);
    let (code, said) = enter(&site, &anesthesia.to_string(), &[]);
    assert!(
        code == 4 && fields(&said["entries"][0]).contains(&"charges[0].minutes anesthesia.minutes.missing".to_owned()),
        "{said}"
    );
    anesthesia["charges"][0]["minutes"] = json!(45);
    let (_, said) = enter(&site, &anesthesia.to_string(), &[]);
    assert!(!said.to_string().contains("anesthesia.minutes.missing"), "{said}");
    site.run(DAY);
    let sent: String = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    assert!(sent.contains("DTP*435*D8*20260428~") && sent.contains("DTP*096*D8*20260503~"), "{sent}");
}

#[test]
fn two_keyings_name_each_field_that_differs() {
    let site = Site::new();
    let mut second = entry(1);
    second["member_id"] = json!("ID11");
    second["charges"][0]["charge"] = json!("09.00");
    let pair = format!("{}\n{second}\n{}\n{}", entry(1), entry(2), entry(2));
    let (code, said) = enter(&site, &pair, &["--double-key"]);
    assert_eq!((code, &said["differs"], &said["entered"]), (4, &1.into(), &1.into()), "{said}");
    let differences = said["entries"][0]["differences"].as_array().unwrap();
    let named: Vec<&str> = differences.iter().map(|difference| difference["field"].as_str().unwrap()).collect();
    assert_eq!(named, ["member_id", "charges[0].charge"]);
    assert_eq!(said["entries"][1]["index"], 2);
    let (code, said) = enter(&site, &entry(3).to_string(), &["--double-key"]);
    assert_eq!(code, 2, "{said}");
    assert_eq!(files(&site).len(), 1);
}

#[test]
fn the_command_line_says_what_it_needs() {
    let site = Site::new();
    let output = piped(&site, "", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--json"));
    let canary = "XANTHIPPE";
    let (code, said) = enter(&site, &format!("{{\"patient_last\": {canary}}}"), &[]);
    assert!(code == 2 && said.to_string().contains("line 1") && !said.to_string().contains(canary), "{said}");
    let output = site.command(&["charge", "enter", "my-practise", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(4) && said.contains("did you mean `my-practice`"), "{said}");
}

/// Whether `script` of util-linux is there to give a terminal.
fn has_terminal() -> bool {
    let there = Command::new("script").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: `script` (util-linux) is not there to give a terminal");
    }
    there
}

/// `charge enter` on a terminal: the lines are keyed, and then the keyboard is closed. With `stop`: once this question is asked,
/// these characters are keyed before.
fn keyed(site: &Site, lines: &[&str], more: &str, stop: Option<(&str, &str)>) -> (Option<i32>, String) {
    let config = site.dir().join("claimhost.toml");
    let command =
        format!("{} --config {} --as-of {DAY} charge enter {PRACTICE} {more}", claimhost().display(), config.display());
    let mut child = Command::new("script")
        .args(["--quiet", "--return", "--flush", "--command", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("script starts");
    let mut input = child.stdin.take().unwrap();
    input.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut said = Vec::new();
    if let Some((question, keys)) = stop {
        let mut byte = [0];
        while !String::from_utf8_lossy(&said).contains(question) && output.read(&mut byte).unwrap() == 1 {
            said.push(byte[0]);
        }
        input.write_all(keys.as_bytes()).unwrap();
        input.flush().unwrap();
    }
    // With its standard input closed `script` sends the end of the file once what was keyed is read.
    drop(input);
    output.read_to_end(&mut said).unwrap();
    let status = child.wait().unwrap();
    (status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// What a person keys for `entry(1)`, question by question. An empty line takes what is offered, or leaves a field empty.
#[rustfmt::skip] // a conversation
const KEYED: [&str; 31] = [
    "K1", "05/01/2026", "M1", "Vance", "Orla", "", "01/01/1980", "F", "12 Elm Street", "", "Anytown", "OH", "43001", "EXAMPLE", "ID1",
    "", "self", "", "", "DR01", "", "MAIN", "J06.9", // authorization, second payer and referring provider: none
    "KC1", "", "99213", "", "", "90.00", "A", "", // day, modifiers and units as offered; an empty id ends the charges
];

#[test]
fn prompts_check_each_field_as_it_is_keyed() {
    if !has_terminal() {
        return;
    }
    let site = Site::new();
    let mut lines = KEYED.to_vec();
    // A wrong check digit is told at once; Enter would keep it, but the right one is keyed.
    lines.splice(19..20, ["1000000005", "DR01"]);
    lines.splice(1..2, ["05/32/2026", "05/01/2026"]);
    lines.extend(["y", "y", ""]);
    let (code, said) = keyed(&site, &lines, "", None);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("expected a day such as 2026-05-01") && said.contains("its check digit is wrong"), "{said}");
    assert!(said.contains("entered") && said.contains("1 charges, $90.00"), "{said}");
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["cents"]["billed"]), (&1.into(), &9_000.into()), "{summary}");
    // The same as JSON is the same.
    let (code, same) = enter(&site, &entry(1).to_string(), &[]);
    assert_eq!((code, same["entries"][0]["status"].as_str()), (0, Some("known")), "{same}");
}

#[test]
fn a_second_keying_on_a_terminal_settles_what_differs() {
    if !has_terminal() {
        return;
    }
    let site = Site::new();
    let first = [KEYED.as_slice(), &["y"]].concat();
    let mut second = first.clone();
    second[14] = "ID7";
    let lines = [first.as_slice(), &second, &["ID2", "ID7", "y", ""]].concat();
    let (code, said) = keyed(&site, &lines, "--double-key", None);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("member_id") && said.contains("first ID1, then ID7") && said.contains("one of the two"),
        "{said}"
    );
    let text = std::fs::read_to_string(site.dir().join("charge-entry").join(PRACTICE).join(&files(&site)[0])).unwrap();
    assert!(text.contains(",ID7,") && !text.contains(",ID1,"), "{text}");
}

/// Stopped by ctrl-C, or with the keyboard gone: nothing of the entry is there.
#[test]
fn a_stopped_entry_leaves_nothing() {
    if !has_terminal() {
        return;
    }
    let site = Site::new();
    // Twenty questions are answered, and the next one is never.
    for (keys, expected) in [("\u{3}", 130), ("\u{4}", 4)] {
        let stop = Some(("Referring provider", keys));
        let (code, said) = keyed(&site, &KEYED[..20], "", stop);
        assert_eq!(code, Some(expected), "{said}");
        assert!(!said.contains("entered"), "{said}");
        assert_eq!(files(&site), Vec::<String>::new());
    }
    assert_eq!(site.run(DAY)["documents"]["received"], 0);
}
