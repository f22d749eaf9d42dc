//! Eligibility through the real binary and the sandbox: scheduled visits and claims are asked about once, what a payer says holds
//! or frees a claim, and what a clearinghouse may send instead of an answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::process::Command;

use claimhost_tests::programs::claimhost;
use claimhost_tests::site::{CLEARING, Charge, PRACTICE, Site};
use serde_json::Value;

/// The services of [`Charge`] are of 2026-05-01.
const DAY: &str = "2026-05-02";
const HEADER: &str = "Appt ID,Visit ID,Status,Updated,Date,Time,Visit Type,Provider ID,Patient ID,Patient Last,Patient First,Patient DOB,Reason\n";
const PAYERS: &str = "[[payer]]\nid = \"00000\"\nname = \"EXAMPLE PAYER CHANGE ME\"\n[payer.fees]\n\"99213\" = 7000\n";

/// A practice that asks its payer, with these keys of `[eligibility]`.
fn site(keys: &str) -> Site {
    let site = Site::new();
    let profile = "practices/my-practice/profile.toml";
    site.edit(profile, "eligibility = \"none\"", "eligibility = \"270\"");
    let text = site.text(profile);
    let (before, rest) = text.split_once("[eligibility]\n").unwrap();
    let (_, after) = rest.split_once("\n[[provider]]").unwrap();
    site.write(profile, format!("{before}[eligibility]\n{keys}\n\n[[provider]]{after}").as_bytes());
    let mapping = "source_system = \"SITE\"\ncontent = \"schedule\"\n";
    site.write("practices/my-practice/mapping.schedule.toml", mapping.as_bytes());
    let config = site.text("claimhost.toml");
    let more = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/schedule\"\nadapter = \"csv-superbill\"\n\
                mapping = \"practices/my-practice/mapping.schedule.toml\"\n";
    site.write("claimhost.toml", (config + more).as_bytes());
    std::fs::create_dir_all(site.dir().join("inbox/schedule")).unwrap();
    site.write("payers.toml", PAYERS.as_bytes());
    site
}

/// One turn of the clearinghouse.
fn sandbox(site: &Site, as_of: &str, more: &[&str]) -> Value {
    sandbox_of(site, as_of, more, 3)
}

fn sandbox_of(site: &Site, as_of: &str, more: &[&str], seed: u32) -> Value {
    let folder = |name: &str| site.dir().join(name);
    let out = Command::new(claimhost().with_file_name("claimhost-sandbox"))
        .arg("--transport")
        .arg(folder("transport"))
        .arg("--payers")
        .arg(folder("payers.toml"))
        .arg("--state")
        .arg(folder("sandbox"))
        .args(["--as-of", as_of, "--seed", &seed.to_string(), "--once"])
        .args(more)
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What the payer knows otherwise of members.
fn members(site: &Site, rows: &str) {
    site.write("payers.toml", format!("{PAYERS}{rows}").as_bytes());
}

fn inquiries(site: &Site) -> Vec<(String, String)> {
    let listed = site.json(&["eligibility", "list"]);
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    listed.as_array().unwrap().iter().map(|row| (text(row, "state"), text(row, "day"))).collect()
}

fn states(site: &Site) -> Vec<String> {
    inquiries(site).into_iter().map(|(state, _)| state).collect()
}

fn files(site: &Site, ending: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(site.dir().join("transport/out")) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &std::path::Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let wanted = files.iter().filter(|path| path.extension().is_some_and(|own| own == ending));
    wanted.map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

/// Rules and severities of the eligibility and demographic findings of the claim of a visit.
fn found(site: &Site, visit: u32) -> Vec<(String, String)> {
    let shown = site.json(&["visit", "show", &format!("V{visit}")]);
    let claim = shown["claims"][0]["claim_id"].as_u64().unwrap();
    let why = site.json(&["claim", "why", &format!("my-practice/{claim}")]);
    let findings = why["findings"].as_array().unwrap_or_else(|| panic!("{why}"));
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let all = findings.iter().map(|row| (text(row, "rule"), text(row, "severity")));
    all.filter(|(rule, _)| rule.starts_with("eligibility.") || rule.starts_with("demographic.")).collect()
}

fn is(rule: &str, severity: &str) -> Vec<(String, String)> {
    vec![(rule.to_owned(), severity.to_owned())]
}

fn work(site: &Site, as_of: &str) -> Vec<String> {
    let listed = site.json(&["--as-of", as_of, "work", "list", "--kind", "eligibility"]);
    let mut kinds: Vec<String> =
        listed.as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect();
    kinds.sort();
    kinds
}

fn charge(site: &Site, number: u32) {
    site.hl7(&format!("c{number}.hl7"), Charge::of_nobody_else(number).message().as_bytes());
}

/// A row of the schedule for the patient of [`charge`], under a visit number of its own.
fn appointment(site: &Site, number: u32, day: &str) {
    let born = Charge::of_nobody_else(number).born;
    let born = format!("{}/{}/{}", &born[4..6], &born[6..8], &born[..4]);
    let row = format!("A{number},,SCHEDULED,,{day},9:00,OV,DR01,M{number},VANCE,ORLA,{born},\n");
    site.put("inbox/schedule", &format!("s{number}.csv"), format!("{HEADER}{row}").as_bytes());
}

/// The roster says who covers them.
fn roster(site: &Site, numbers: &[u32]) {
    let mut text = "Patient ID,Last,First,DOB,Sex,Payer,Member ID\n".to_owned();
    for number in numbers {
        let born = Charge::of_nobody_else(*number).born;
        text += &format!("M{number},VANCE,ORLA,{}/{}/{},F,EXAMPLE,ID{number}\n", &born[4..6], &born[6..8], &born[..4]);
    }
    site.write("roster.csv", text.as_bytes());
    let path = site.dir().join("roster.csv");
    assert!(site.command(&["roster", "import", &path.to_string_lossy()]).status.success());
}

#[test]
fn a_scheduled_visit_is_asked_about_once_and_its_answer_counts() {
    let site = site("days_before = 3\nunverified = \"hold\"");
    roster(&site, &[1, 2]);
    appointment(&site, 1, "05/01/2026");
    appointment(&site, 2, "05/20/2026");
    appointment(&site, 3, "05/01/2026"); // of whom nobody knows the payer
    site.run("2026-04-27");
    assert!(files(&site, "270").is_empty(), "four days ahead");
    site.run("2026-04-28");
    let asked = files(&site, "270");
    assert_eq!(asked.len(), 1);
    let text = String::from_utf8(asked[0].1.clone()).unwrap();
    for part in [
        "*HS*",
        "ST*270*0001*005010X279A1~BHT*0022*13*",
        "NM1*IL*1*VANCE*ORLA****MI*ID1~",
        "DTP*291*D8*20260501~EQ*30~",
    ] {
        assert!(text.contains(part.trim_start_matches('*')), "{part}: {text}");
    }
    assert_eq!(inquiries(&site), [("asked".to_owned(), "2026-05-01".to_owned())]);
    let counted = &site.run("2026-04-28")["inquiries"];
    assert_eq!((&counted["total"], &counted["asked"]), (&1.into(), &1.into()), "{counted}");
    let unknown = site.json(&["--as-of", "2026-04-28", "eligibility", "list", "--state", "unknown-cover"]);
    assert_eq!(unknown.as_array().unwrap().len(), 1, "{unknown}");
    for day in ["2026-04-28", "2026-04-29"] {
        site.run(day);
        assert_eq!(files(&site, "270"), asked, "nothing is asked twice");
    }
    site.assert_accounted("2026-04-29");
    let turn = sandbox(&site, "2026-04-29", &[]);
    assert_eq!((&turn["questions"], &turn["transactions_rejected"]), (&1.into(), &0.into()), "{turn}");
    let line = |day: &str| {
        let output = site.command(&["--as-of", day, "--json", "checklist", PRACTICE]);
        let list: Value = serde_json::from_slice(&output.stdout).unwrap();
        list["lines"].as_array().unwrap().iter().find(|line| line["id"] == "eligibility").unwrap().clone()
    };
    assert_eq!(
        (&line("2026-04-29")["status"], &line("2026-04-29")["number"]),
        (&"fail".into(), &0.into()),
        "asked, not answered"
    );
    site.run("2026-04-29");
    assert_eq!(states(&site), ["active"]);
    assert_eq!((&line("2026-04-29")["status"], &line("2026-04-29")["number"]), (&"pass".into(), &1.into()));
    assert_eq!(line("2026-05-30")["status"], "overdue", "thirty days later");

    // The visit is charged: its answer is there, and the claim leaves.
    charge(&site, 1);
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 1, "{summary}");
    assert_eq!((found(&site, 1), files(&site, "270").len()), (vec![], 1));
    let story = site.json(&["trace", "V1"]);
    let kinds: Vec<&str> =
        story["cover"][0]["facts"].as_array().unwrap().iter().map(|fact| fact["kind"].as_str().unwrap()).collect();
    assert!(["sent", "ta1", "999", "271"].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    let number = story["cover"][0]["trace"].as_str().unwrap();
    assert_eq!(site.json(&["trace", number])["number"], "V1", "a trace number leads to its visit");
    let masked = site.command(&["trace", "V1", "--mask", "--json"]);
    let masked = String::from_utf8_lossy(&masked.stdout).into_owned();
    assert!(masked.contains("\"cover\"") && !masked.contains("ORLA") && !masked.contains("ID1"), "{masked}");
    site.assert_accounted(DAY);
}

#[test]
fn a_cover_that_is_not_there_is_told_before_the_visit_and_holds_its_claim() {
    let site = site("days_before = 3\nunverified = \"hold\"");
    members(&site, "[payer.members.ID1]\nended = \"20260331\"\n[payer.members.ID2]\nrefused = \"75\"\n");
    roster(&site, &[1, 2]);
    appointment(&site, 1, "05/01/2026");
    appointment(&site, 2, "05/01/2026");
    site.run("2026-04-29");
    sandbox(&site, "2026-04-29", &[]);
    site.run("2026-04-29");
    assert_eq!(states(&site), ["inactive", "rejected"]);
    assert_eq!(work(&site, "2026-04-29"), ["eligibility.inactive", "eligibility.rejected"]);
    let words = site.json(&["work", "list", "--kind", "eligibility.inactive"]).to_string();
    assert!(words.contains("ORLA VANCE") && words.contains("2026-05-01"), "{words}");
    charge(&site, 1);
    charge(&site, 2);
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["held"], &summary["findings"]["eligibility.inactive"]), (&2.into(), &1.into()));
    assert_eq!(found(&site, 1), is("eligibility.inactive", "hold"));
    assert_eq!(found(&site, 2), is("eligibility.rejected", "hold"));
    assert!(work(&site, DAY).is_empty(), "the claims say it now");
    site.assert_accounted(DAY);
    // A biller knows better.
    let word = ["claim", "accept", "my-practice/1", "eligibility.inactive", "--reason", "paper card seen"];
    assert!(site.command(&word).status.success());
    assert_eq!(site.run(DAY)["claims"]["submitted"], 1);
}

#[test]
fn an_answer_that_comes_after_its_claim_has_left_is_work_until_the_payer_has_answered_the_claim() {
    // The default: what is not verified is a warning, and the claim leaves with its question.
    let site = site("wait_days = 2");
    members(&site, "[payer.members.ID1]\nended = \"20260331\"\n[payer.members.ID2]\nrefused = \"75\"\n");
    for number in 1..=3 {
        charge(&site, number);
    }
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], files(&site, "270").len()), (&3.into(), 1), "{summary}");
    assert!(work(&site, DAY).is_empty());
    let all = files(&site, "837");
    site.edit("claimhost.toml", "takes_away = false", "takes_away = true");
    for (name, _) in &all {
        std::fs::rename(site.dir().join("transport/out").join(name), site.dir().join(name)).unwrap();
    }
    sandbox(&site, DAY, &[]);
    site.run(DAY);
    assert_eq!(states(&site), ["inactive", "rejected", "active"]);
    assert_eq!(work(&site, DAY), ["eligibility.inactive", "eligibility.rejected"], "no claim can tell of it any more");
    site.run("2026-05-03");
    assert_eq!(work(&site, "2026-05-03").len(), 2, "as long as the payer has not answered the claims");
    site.assert_accounted("2026-05-03");
    for (name, _) in &all {
        std::fs::rename(site.dir().join(name), site.dir().join("transport/out").join(name)).unwrap();
    }
    for day in ["2026-05-04", "2026-05-20", "2026-05-21"] {
        sandbox(&site, day, &[]);
        site.run(day);
    }
    assert_eq!(work(&site, "2026-05-21"), Vec::<String>::new(), "the remittance says it now");
    site.assert_accounted("2026-05-21");
}

#[test]
fn a_claim_waits_for_its_answer_and_each_field_of_it_is_compared() {
    let site = site("days_before = 0\nunverified = \"hold\"\nother_payer = \"hold\"");
    members(
        &site,
        "[payer.members.ID2]\nlast = \"VANEC\"\n[payer.members.ID3]\nbirth_date = \"19500401\"\n[payer.members.ID4]\n\
         gender = \"M\"\n[payer.members.ID5]\nrefused = \"72\"\n[payer.members.ID6]\ninactive = true\n[payer.members.ID7]\n\
         other_payer = \"FIRST HEALTH\"\n[payer.members.ID8]\nlast = \"BRANDT\"\nfirst = \"MILO\"\nbirth_date = \"19710203\"\n\
         [payer.members.ID9]\nrefused = \"42\"\n[payer.members.ID10]\nmember_id = \"ID1000004\"\n",
    );
    for number in 1..=10 {
        charge(&site, number);
    }
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["held"], 10, "{summary}");
    assert_eq!(found(&site, 1), is("eligibility.unverified", "hold"));
    assert_eq!(summary["findings"]["eligibility.unverified"], 10);
    assert_eq!(files(&site, "270").len(), 1, "one file for all of them");
    site.run(DAY);
    assert_eq!(files(&site, "270").len(), 1);
    sandbox(&site, DAY, &[]);
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&1.into(), &9.into()), "{summary}");
    let expected = [
        (1, vec![]),
        (2, is("demographic.name", "hold")),
        (3, is("demographic.birth-date", "hold")),
        (4, is("demographic.gender", "hold")),
        (5, is("eligibility.rejected", "hold")),
        (6, is("eligibility.inactive", "hold")),
        (7, is("eligibility.other-payer", "hold")),
        (8, is("eligibility.other-person", "hold")),
        (9, is("eligibility.unverified", "hold")),
        (10, is("demographic.member-id", "hold")),
    ];
    for (claim, expected) in expected {
        assert_eq!(found(&site, claim), expected, "visit {claim}");
    }
    site.assert_accounted(DAY);
    // The EHR corrects the member id: the corrected member is asked about by itself.
    let mut corrected = Charge::of_nobody_else(5).message().replace("|ID5|", "|ID55|").replace("MSG5|", "MSG5B|");
    corrected = corrected.replace("20260501120000", "20260502120000");
    site.hl7("c5b.hl7", corrected.as_bytes());
    site.run(DAY);
    assert_eq!(files(&site, "270").len(), 2);
    sandbox(&site, DAY, &[]);
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["held"], found(&site, 5)), (&8.into(), vec![]), "{summary}");
    site.assert_accounted(DAY);
}

#[test]
fn a_dependent_is_asked_about_under_the_subscriber() {
    let site = site("unverified = \"hold\"");
    let message = Charge::of_nobody_else(1).message().replace("|SEL|", "|CHD|");
    let (head, insurance) = message.split_once("IN1|").unwrap();
    let insurance = insurance.replace("VANCE^ORLA", "VANCE^RUTH").replacen("19500201", "19300201", 1);
    site.hl7("c1.hl7", format!("{head}IN1|{insurance}").as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["held"], 1, "{summary}");
    let asked = String::from_utf8(files(&site, "270")[0].1.clone()).unwrap();
    assert!(asked.contains("NM1*IL*1*VANCE*RUTH****MI*ID1~HL*4*3*23*0~TRN*1*"), "{asked}");
    assert!(asked.contains("NM1*03*1*VANCE*ORLA~DMG*D8*19500102*F~INS*N*19~"), "{asked}");
    let turn = sandbox(&site, DAY, &[]);
    assert_eq!(turn["transactions_rejected"], 0, "{turn}");
    site.run(DAY);
    assert_eq!(states(&site), ["active"]);
    assert_eq!(found(&site, 1), vec![], "the payer knows the child under the parent");
}

#[test]
fn a_crash_between_commit_and_rename_asks_the_same_once() {
    for moment in ["before-rename", "after-rename"] {
        let site = site("unverified = \"hold\"");
        charge(&site, 1);
        let crashed =
            site.prepared(&["--as-of", DAY, "run", "--once"]).env("CLAIMHOST_CRASH_AT", moment).output().unwrap();
        assert!(!crashed.status.success());
        assert_eq!(files(&site, "270").len(), usize::from(moment == "after-rename"));
        let before = files(&site, "270");
        site.run(DAY);
        let after = files(&site, "270");
        assert_eq!(after.len(), 1, "{moment}");
        assert!(before.is_empty() || before == after, "{moment}: the same bytes under the same name");
        site.run(DAY);
        assert_eq!(files(&site, "270"), after);
        sandbox(&site, DAY, &[]);
        assert_eq!(site.run(DAY)["claims"]["submitted"], 1, "{moment}");
        site.assert_accounted(DAY);
    }
}

#[test]
fn faults_of_the_clearinghouse_end_as_without_them() {
    for faults in [&["late"][..], &["duplicate"], &["truncated"], &["late", "duplicate", "truncated", "out-of-order"]] {
        let (turns, refused) = with_faults(faults, 3);
        let first = |key: &str| turns[0][key].as_u64().unwrap();
        assert_eq!(first("pending") > 0, faults.contains(&"late") || faults.contains(&"truncated"), "{faults:?}");
        let delivered: u64 = turns.iter().map(|turn| turn["delivered"].as_u64().unwrap()).sum();
        let plain = 3; // TA1, 999, 271
        let more = faults.contains(&"duplicate") || faults.contains(&"truncated");
        assert_eq!(delivered > plain, more, "{faults:?}: {turns:?}");
        assert_eq!(refused > 0, faults.contains(&"truncated"), "{faults:?}: what is cut off is refused");
    }
    // A rejection strikes one file in three: the first dice that have it.
    for (fault, counter) in [("ta1-reject", "interchanges_rejected"), ("999-reject", "transactions_rejected")] {
        let struck = (0..20).find(|seed| with_faults(&[fault], *seed).0.iter().any(|turn| turn[counter] != 0));
        println!("{fault}: {struck:?}");
        assert!(struck.is_some(), "{fault} never struck");
    }
}

/// Three questions, asked and answered through these faults: what the clearinghouse did, and how many documents were refused.
fn with_faults(faults: &[&str], seed: u32) -> (Vec<Value>, usize) {
    let site = site("unverified = \"hold\"\nwait_days = 9");
    for number in 1..=3 {
        charge(&site, number);
    }
    let flags: Vec<&str> = faults.iter().flat_map(|name| ["--fault", name]).collect();
    site.run(DAY);
    let mut turns = Vec::new();
    while turns.len() < 6 {
        turns.push(sandbox_of(&site, DAY, &flags, seed));
        site.run(DAY);
        if states(&site) == ["active"; 3] {
            break;
        }
    }
    let summary = site.run(DAY);
    assert_eq!((states(&site), &summary["claims"]["held"]), (vec!["active".to_owned(); 3], &0.into()), "{faults:?}");
    let refused = site.documents(CLEARING).iter().filter(|row| row["status"] == "rejected").count();
    (turns, refused)
}

/// The interchange of a 271 around these segments.
fn interchange(number: u32, body: &str) -> String {
    let body = format!("ST*271*0001*005010X279A1~BHT*0022*11*Q{number}*20260502*1200~{body}");
    let count = body.matches('~').count() + 1;
    format!(
        "ISA*00*          *00*          *ZZ*EXAMPLECH      *ZZ*SITE           *260502*1200*^*00501*{number:09}*0*T*:~\
         GS*HB*EXAMPLECH*SITE*20260502*1200*{number}*X*005010X279A1~{body}SE*{count}*0001~GE*1*{number}~IEA*1*{number:09}~"
    )
}

/// The answer to a question of the patient of `Charge::of_nobody_else(1)`.
fn answer(number: u32, trace: &str, npi: &str, more: &str) -> String {
    interchange(
        number,
        &format!(
            "HL*1**20*1~NM1*PR*2*EXAMPLE*****PI*00000~HL*2*1*21*1~NM1*1P*2*PRACTICE*****XX*{npi}~HL*3*2*22*0~\
             TRN*2*{trace}*1123456789~NM1*IL*1*VANCE*ORLA****MI*ID1~DMG*D8*19500102*F~{more}"
        ),
    )
}

const NPI: &str = "1234567893";

#[test]
fn what_is_no_answer_changes_nothing_and_two_that_differ_are_work() {
    let site = site("unverified = \"hold\"");
    charge(&site, 1);
    site.run(DAY);
    let trace = site.json(&["eligibility", "list"])[0]["trace"].as_str().unwrap().to_owned();
    let active = answer(1, &trace, NPI, "EB*1**30~");
    // Cut, of another store (a number of our form), and a refusal that names no question.
    site.answer("1.271", &active.as_bytes()[..active.len() - 60]);
    site.answer("2.271", answer(2, "N0SVCHTRACE00000", NPI, "EB*1**30~").as_bytes());
    site.answer("3.271", interchange(3, "HL*1**20*0~NM1*PR*2*EXAMPLE*****PI*00000~AAA*Y**42*R~").as_bytes());
    let summary = site.run(DAY);
    assert_eq!(
        (&summary["documents"]["rejected"], &summary["documents"]["ignored"]),
        (&2.into(), &1.into()),
        "{summary}"
    );
    let reasons: Vec<String> =
        site.documents(CLEARING).iter().map(|row| row["reason"].as_str().unwrap().to_owned()).collect();
    assert_eq!(reasons, ["x12.envelope", "clearing.unowned", "eligibility.nobody"]);
    assert_eq!((states(&site), found(&site, 1)), (vec!["asked".to_owned()], is("eligibility.unverified", "hold")));
    let audit = site.json(&["audit", "demographics"]);
    assert_eq!(audit[0]["known_people"], 0, "an answer to a question of another store makes nobody known: {audit}");

    // The answer, then the same in another file, then another one.
    site.answer("4.271", active.as_bytes());
    assert_eq!(site.run(DAY)["claims"]["submitted"], 1);
    site.answer("5.271", answer(5, &trace, NPI, "EB*1**30~").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["documents"]["ignored"], states(&site)), (&2.into(), vec!["active".to_owned()]));
    site.answer("6.271", answer(6, &trace, NPI, "EB*6**30~").as_bytes());
    site.run(DAY);
    assert_eq!(
        (states(&site), work(&site, DAY)),
        (vec!["conflict".to_owned()], vec!["eligibility.conflict".to_owned()])
    );
    let id = site.json(&["eligibility", "list"])[0]["id"].as_str().unwrap().to_owned();
    let shown = site.json(&["eligibility", "show", &id]);
    assert_eq!(shown["facts"].as_array().unwrap().iter().filter(|fact| fact["fact"]["kind"] == "answered").count(), 2);
    // Asked again, once: the new answer counts, and the work ends.
    let asked = site.json(&["--as-of", DAY, "eligibility", "ask", "--again", &id]);
    assert_eq!((&asked["is_new"], &asked["nth"]), (&true.into(), &1.into()), "{asked}");
    let asked = site.json(&["--as-of", DAY, "eligibility", "ask", "V1"]);
    assert_eq!(asked["is_new"], false, "{asked}");
    site.run(DAY);
    sandbox(&site, DAY, &[]);
    site.run(DAY);
    assert_eq!((states(&site), work(&site, DAY)), (vec!["conflict".to_owned(), "active".to_owned()], vec![]));
}

#[test]
fn a_question_that_does_not_get_through_or_is_not_answered_is_work() {
    let site = site("unverified = \"hold\"\nwait_days = 2");
    charge(&site, 1);
    site.run(DAY);
    let refuse = |file: &str, number: u32| {
        let own = format!("{number:09}");
        let text = format!(
            "ISA*00*          *00*          *ZZ*EXAMPLECH      *ZZ*SITE           *260502*1200*^*00501*{number:09}*0*T*:~\
             TA1*{own}*260502*1200*R*024~IEA*0*{number:09}~"
        );
        site.answer(file, text.as_bytes());
    };
    // Refused once: asked again by itself, under another control number. Refused again: somebody has to look.
    refuse("1.ta1", 1);
    site.run(DAY);
    assert_eq!((files(&site, "270").len(), states(&site)), (2, vec!["asked".to_owned()]));
    refuse("2.ta1", 2);
    site.run(DAY);
    assert_eq!((files(&site, "270").len(), states(&site)), (2, vec!["not-sent".to_owned()]));
    assert_eq!(work(&site, DAY), ["eligibility.not-sent"]);
    assert_eq!(found(&site, 1), is("eligibility.unverified", "hold"));
    let asked = site.json(&["--as-of", DAY, "eligibility", "ask", "V1"]);
    assert_eq!(asked["is_new"], true);
    site.run(DAY);
    assert_eq!((files(&site, "270").len(), work(&site, DAY)), (3, vec![]));
    // Two days later nobody has answered.
    site.run("2026-05-04");
    assert_eq!(work(&site, "2026-05-04"), ["eligibility.unanswered"]);
    site.assert_accounted("2026-05-04");
    sandbox(&site, "2026-05-04", &[]);
    assert_eq!(site.run("2026-05-04")["claims"]["submitted"], 1);
    assert!(work(&site, "2026-05-04").is_empty());
}

#[test]
fn an_answer_that_names_another_practice_of_this_host_is_refused() {
    let site = site("unverified = \"hold\"");
    // A second practice, with another NPI.
    let other = "1999999984";
    let profile = site.text("practices/my-practice/profile.toml");
    let profile = profile.replace("id = \"my-practice\"", "id = \"other\"").replace(NPI, other);
    site.write("practices/other/profile.toml", profile.as_bytes());
    let config = site.text("claimhost.toml");
    let more = "\n[[practice]]\nid = \"other\"\nprofile = \"practices/other/profile.toml\"\n";
    site.write("claimhost.toml", (config + more).as_bytes());
    charge(&site, 1);
    site.run(DAY);
    let trace = site.json(&["eligibility", "list"])[0]["trace"].as_str().unwrap().to_owned();
    site.answer("1.271", answer(1, &trace, other, "EB*1**30~").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["documents"]["rejected"], states(&site)), (&1.into(), vec!["asked".to_owned()]), "{summary}");
    let refused = &site.documents(CLEARING)[0];
    assert_eq!(refused["reason"], "clearing.unowned", "{refused}");
    assert!(refused.to_string().contains("another practice of this host"), "{refused}");
    site.answer("2.271", answer(2, &trace, NPI, "EB*1**30~").as_bytes());
    assert_eq!(site.run(DAY)["claims"]["submitted"], 1);
    site.assert_accounted(DAY);
}

#[test]
fn keys_of_the_profile_are_checked_and_what_is_off_is_not_asked() {
    let site = site("days_befor = 3");
    let said = |site: &Site| {
        let out = site.command(&["check-config"]);
        (out.status.code(), String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned())
    };
    let (code, words) = said(&site);
    assert!(code == Some(3) && words.contains("did you mean `days_before`"), "{code:?} {words}");
    let profile = "practices/my-practice/profile.toml";
    site.edit(profile, "days_befor = 3", "days_before = 90\nwait_days = 0");
    let (_, words) = said(&site);
    assert!(
        words.contains("eligibility.days_before: found 90") && words.contains("eligibility.wait_days: found 0"),
        "{words}"
    );
    site.edit(profile, "days_before = 90\nwait_days = 0", "unverified = \"off\"\nat_assembly = false");
    charge(&site, 1);
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], files(&site, "270").len()), (&1.into(), 0), "{summary}");
    // A payer that is not asked cannot be asked by hand either.
    site.edit(profile, "eligibility = \"270\"", "eligibility = \"none\"");
    let out = site.command(&["eligibility", "ask", "V1"]);
    assert_eq!(out.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&out.stderr).contains("eligibility = \"270\""));
}

#[test]
fn names_of_questions_and_answers_stay_sealed() {
    let site = site("unverified = \"hold\"");
    let canary = "XANTHIPPE";
    let message = Charge::of_nobody_else(1).message().replace("ORLA", canary);
    site.hl7("c1.hl7", message.as_bytes());
    site.run(DAY);
    members(&site, "[payer.members.ID1]\nlast = \"QUETZALCOATL\"\n");
    sandbox(&site, DAY, &[]);
    let run = site.command(&["--as-of", DAY, "run", "--once"]);
    let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    assert!(run.status.success() && !said.contains(canary) && !said.contains("QUETZALCOATL"), "{said}");
    let why = site.json(&["claim", "why", "my-practice/1"]).to_string();
    assert!(why.contains(canary) && why.contains("QUETZALCOATL"), "a biller sees both: {why}");
    for entry in std::fs::read_dir(site.dir().join("store")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for word in [canary, "QUETZALCOATL"] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "the store is sealed");
        }
    }
    site.assert_accounted(DAY);
}
