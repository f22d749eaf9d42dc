//! `claimhost kpi` through the real binary: of whole demos each numerator and denominator against a recount of the bytes and the
//! traces; reversals, second sendings, parked payments, empty periods; and an earlier period that is imported.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::Path;

use claimhost_tests::custody::assert_demo_accounted;
use claimhost_tests::figures::{Numbers, days, read};
use claimhost_tests::programs::json;
use claimhost_tests::site::{Charge, PRACTICE, Site};
use claimhost_tests::x12::{ack, check, clp};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const OURS: &str = "1234567893";

/// Numerator and denominator of every figure, and of every part of the denial rate.
fn numbers(figures: &Value) -> Numbers {
    let pair = |row: &Value| (row["numerator"].as_i64().unwrap(), row["denominator"].as_i64().unwrap());
    let mut numbers = Numbers::new();
    for figure in figures.as_array().unwrap() {
        let id = figure["figure"].as_str().unwrap();
        numbers.insert(id.to_owned(), pair(figure));
        for part in figure["by"].as_array().into_iter().flatten() {
            let of = |key: &str| part[key].as_str().unwrap();
            numbers.insert(format!("{id} {} {}", of("payer"), of("group")), pair(part));
        }
        assert_value(figure);
    }
    numbers
}

/// The value is what numerator and denominator come to, none where there is nothing.
fn assert_value(figure: &Value) {
    let (numerator, denominator) = (figure["numerator"].as_i64().unwrap(), figure["denominator"].as_i64().unwrap());
    let scale = match (figure["unit"].as_str().unwrap(), figure["figure"].as_str().unwrap()) {
        ("per-ten-thousand", _) => 10_000.0,
        (_, "days-in-ar") => 9_000.0,
        _ => 100.0,
    };
    match figure["value"].as_i64() {
        None => assert!(denominator <= 0, "{figure}"),
        Some(value) => {
            let exact = numerator as f64 * scale / denominator as f64;
            assert!(denominator > 0 && (exact - value as f64).abs() <= 0.5001, "{figure}: {exact}");
        }
    }
    let median = figure.get("median");
    let in_days = ["collection-cycle", "charge-lag"].contains(&figure["figure"].as_str().unwrap());
    assert_eq!(median.is_some_and(|median| !median.is_null()), in_days && denominator > 0, "{figure}");
}

fn kpi(config: &str, arguments: &[&str]) -> Value {
    json(&[&["--config", config, "--json", "kpi"], arguments].concat())
}

/// Runs a demo and compares all of it, and two periods.
fn check_demo(seed: &str, faults: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["demo", "--data-dir", folder.path().to_str().unwrap(), "--seed", seed, "--json"];
    faults.iter().for_each(|fault| arguments.extend(["--fault", fault]));
    json(&arguments);
    let config = folder.path().join("claimhost.toml");
    let config = config.to_str().unwrap();
    assert_demo_accounted(folder.path());
    let days_json: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("feeds/run-1/days.json")).unwrap()).unwrap();
    let played: Vec<String> =
        days_json.as_array().unwrap().iter().map(|day| day["as_of"].as_str().unwrap().to_owned()).collect();
    let last = played.last().unwrap().clone();
    let bytes = read(&folder.path().join("transport")).unwrap();
    let visits = json(&["--config", config, "--json", "visit", "list"]);
    let mut stories: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for visit in visits.as_array().unwrap() {
        let practice = visit["practice"].as_str().unwrap();
        let own = stories.entry(practice.to_owned()).or_default();
        // A gap that only the schedule tells of has no story.
        if let Some(id) = visit["visit_id"].as_u64() {
            own.push(json(&["--config", config, "--json", "trace", &format!("{practice}/{id}"), "--by", "visit"]));
        }
    }
    let claims = json(&["--config", config, "--json", "claim", "list"]);
    let day = |row: &Value| claimhost_tests::figures::day_of(row["service_from"].as_i64().unwrap());
    let unsent: BTreeMap<String, String> =
        claims.as_array().unwrap().iter().map(|row| (row["id"].as_str().unwrap().to_owned(), day(row))).collect();
    let captured = json(&["--config", config, "--json", "audit", "charges"]);

    // All of it, the first half, the last days; and before anything was.
    let middle = played[played.len() / 2].as_str();
    let periods = [
        vec!["--to", last.as_str()],
        vec!["--from", played[0].as_str(), "--to", middle],
        vec!["--from", middle, "--to", last.as_str()],
        vec!["--from", "2001-01-01", "--to", "2001-12-31"],
    ];
    let mut seen = 0;
    for period in &periods {
        let of = |key: &str| period.iter().position(|word| *word == key).map(|at| period[at + 1].replace('-', ""));
        let (from, to) = (of("--from").unwrap_or_default(), of("--to").unwrap());
        let told = kpi(config, period);
        let mut all = Numbers::new();
        for practice in told["practices"].as_array().unwrap() {
            let id = practice["practice"].as_str().unwrap();
            let mut expected = bytes.count(&stories[id], &unsent, &from, &to);
            let mut found = numbers(&practice["figures"]);
            for (name, (numerator, denominator)) in &found {
                let sum = all.entry(name.clone()).or_default();
                *sum = (sum.0 + numerator, sum.1 + denominator);
            }
            // These two by other ways, below.
            found.retain(|name, _| !["capture-rate", "days-in-ar"].contains(&name.as_str()));
            expected.retain(|name, (_, whole)| !name.contains(' ') || *whole > 0);
            assert_eq!(found, expected, "seed {seed} {faults:?} {id} {period:?}");
            seen += expected.values().map(|(_, whole)| whole).sum::<i64>();
        }
        // A payer's decisions of every practice, whether it denied under the group there or not.
        let of_payer = |name: &str| all.get(&format!("{} ", name.rsplit_once(' ')?.0)).map(|(_, whole)| *whole);
        let wholes: Vec<(String, i64)> = all.keys().filter_map(|name| Some((name.clone(), of_payer(name)?))).collect();
        for (name, whole) in wholes {
            all.get_mut(&name).unwrap().1 = whole;
        }
        assert_eq!(numbers(&told["all"]), all, "{period:?}");
    }
    assert!(seen > 1_000, "{seen}");
    let whole = kpi(config, &periods[0]);
    for practice in whole["practices"].as_array().unwrap() {
        let id = practice["practice"].as_str().unwrap();
        let found = numbers(&practice["figures"]);
        let counts = captured.as_array().unwrap().iter().find(|report| report["practice"] == id).unwrap();
        let (charged, gaps) = (counts["charged"].as_i64().unwrap(), counts["gaps"].as_i64().unwrap());
        assert_eq!(found["capture-rate"], (charged, charged + gaps), "{id}");
        assert_eq!(found["days-in-ar"], posted(&stories[id]), "{id}");
        if faults.is_empty() {
            assert_eq!(found["days-in-ar"], balance(folder.path(), id), "{id}");
        }
    }
}

/// What payers owe or dispute, and what was charged, by every entry that the traces show: all of it within 90 days.
fn posted(stories: &[Value]) -> (i64, i64) {
    let list = |row: &Value, key: &str| row[key].as_array().unwrap().clone();
    let claims = stories.iter().flat_map(|story| list(story, "claims"));
    let entries: Vec<Value> = claims.flat_map(|claim| list(&claim, "postings")).collect();
    let of = |accounts: &[&str]| -> i64 {
        let own = entries.iter().filter(|entry| accounts.contains(&entry["account"].as_str().unwrap()));
        own.map(|entry| entry["amount_cents"].as_i64().unwrap()).sum()
    };
    (of(&["payer-receivable", "denied"]), -of(&["charges"]))
}

/// What payers owe or dispute, and what was charged, by the practices' own answer: all of it within 90 days.
fn balance(folder: &Path, practice: &str) -> (i64, i64) {
    let answer = std::fs::read_to_string(folder.join("answer.ndjson")).unwrap();
    let rows = answer.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let own =
        rows.filter(|row| row["practice"] == practice && ["posted", "denied"].contains(&row["end"].as_str().unwrap()));
    let of = |row: &Value, key: &str| row[key].as_i64().unwrap();
    own.fold((0, 0), |(open, charged), row| {
        let open_of = of(&row, "billed") - of(&row, "paid") - of(&row, "contractual") - of(&row, "patient");
        (open + open_of, charged + of(&row, "billed"))
    })
}

#[test]
fn of_whole_demos_each_number_is_that_of_a_recount() {
    check_demo("7", &[]);
}

#[test]
fn refusals_and_reversals_of_whole_demos_are_counted_as_a_recount_counts_them() {
    check_demo("31", &["reversed", "999-reject", "277ca-reject"]);
}

/// One charge that was sent, and its CLM01.
fn one_sent(site: &Site) -> String {
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 1, "{summary}");
    clm01(site)
}

fn clm01(site: &Site) -> String {
    let claims = site.json(&["visit", "list"]);
    claims[0]["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned()
}

fn figures(site: &Site, arguments: &[&str]) -> (Value, Numbers) {
    let told = site.json(&[&["--as-of", DAY, "kpi"], arguments].concat());
    assert!(told["all"].is_null(), "one practice is all there is");
    let figures = told["practices"][0]["figures"].clone();
    let numbers = numbers(&figures);
    (figures, numbers)
}

#[test]
fn of_nothing_every_figure_is_none() {
    let site = Site::new();
    let refused = site.command(&["kpi"]);
    assert_eq!(refused.status.code(), Some(4), "no store yet: {}", String::from_utf8_lossy(&refused.stderr));
    site.run(DAY);
    let (told, found) = figures(&site, &[]);
    assert!(found.values().all(|pair| *pair == (0, 0)), "{found:?}");
    assert!(told.as_array().unwrap().iter().all(|figure| figure["value"].is_null()), "{told}");
    let shown = String::from_utf8(site.command(&["--as-of", DAY, "kpi"]).stdout).unwrap();
    assert_eq!(shown.matches(" none ").count(), 9, "{shown}");
    assert!(!shown.contains("NaN") && !shown.contains("inf"), "{shown}");

    // A period with nothing, beside one with something.
    one_sent(&site);
    let (_, found) = figures(&site, &["--from", "2026-05-01", "--to", "2026-05-10"]);
    assert!(found.values().all(|pair| *pair == (0, 0)), "{found:?}");
    let (told, found) = figures(&site, &["--from", DAY, "--to", DAY]);
    assert_eq!((found["first-pass-rate"], found["clean-claim-rate"]), ((0, 1), (1, 1)), "{found:?}");
    assert_eq!(told[0]["waiting"], 1, "no answer has decided it");
    assert_eq!((found["days-in-ar"], found["charge-lag"]), ((9_000, 9_000), (19, 1)), "{found:?}");
}

#[test]
fn a_second_sending_after_a_rejection_is_no_first_pass() {
    let site = Site::new();
    let claim = one_sent(&site);
    site.answer("1.999", ack(1, 1, "R", "R").as_bytes());
    site.run("2026-05-21");
    assert_eq!(site.outbox().len(), 2, "it was sent again");
    let paid = clp(&claim, "1", "90", "70", &["CO*45*20"]);
    site.answer("2.835", check(2, "I*70*C", "EXAMPLE", OURS, &[paid], "").as_bytes());
    site.run("2026-05-22");
    let told = site.json(&["--as-of", "2026-05-22", "kpi"]);
    let found = numbers(&told["practices"][0]["figures"]);
    assert_eq!(found["first-pass-rate"], (0, 1), "{found:?}");
    assert_eq!((found["claim-accuracy"], found["denial-rate"]), ((1, 1), (0, 1)), "paid as it was: {found:?}");
    assert_eq!(found["collection-cycle"], (21, 1), "from 1 May to 22 May");
    // The first sending counts, on its day.
    let later = site.json(&["--as-of", "2026-05-22", "kpi", "--from", "2026-05-21"]);
    assert_eq!(numbers(&later["practices"][0]["figures"])["first-pass-rate"], (0, 0));
    assert_eq!(days("20260522") - days("20260501"), 21);
}

#[test]
fn a_reversal_is_no_decision_and_a_denial_that_was_reversed_stays_one() {
    let site = Site::new();
    let claim = one_sent(&site);
    let denied = clp(&claim, "4", "90", "0", &["CO*16*90"]);
    site.answer("1.835", check(1, "H*0*C", "EXAMPLE", OURS, &[denied], "").as_bytes());
    site.run(DAY);
    let (told, found) = figures(&site, &[]);
    assert_eq!((found["first-pass-rate"], found["claim-accuracy"]), ((0, 1), (0, 1)), "{found:?}");
    assert_eq!((found["denial-rate"], found["denial-rate 00000 CO"]), ((1, 1), (1, 1)), "{found:?}");
    let by = &told.as_array().unwrap().iter().find(|figure| figure["figure"] == "denial-rate").unwrap()["by"];
    let reasons = serde_json::json!([{ "reason": "16", "decisions": 1, "cents": 9_000 }]);
    assert_eq!((&by[1]["reasons"], &by[0]["cents"]), (&reasons, &9_000.into()), "{by}");
    assert_eq!((found["days-in-ar"], found["collection-cycle"]), ((9_000, 9_000), (0, 0)), "{found:?}");

    let reversed = clp(&claim, "22", "-90", "0", &["CO*16*-90"]);
    let paid = clp(&claim, "1", "90", "70", &["CO*45*20"]);
    site.answer("2.835", check(2, "I*70*C", "EXAMPLE", OURS, &[reversed, paid], "").as_bytes());
    site.run(DAY);
    let (_, found) = figures(&site, &[]);
    assert_eq!((found["first-pass-rate"], found["denial-rate"]), ((0, 1), (1, 2)), "{found:?}");
    assert_eq!(found["claim-accuracy"], (0, 1), "it was denied for missing information once: {found:?}");
    assert_eq!((found["days-in-ar"], found["collection-cycle"]), ((0, 9_000), (19, 1)), "{found:?}");
    assert_eq!(found["posting-error-rate"], (0, 3), "{found:?}");
    site.assert_accounted(DAY);
}

#[test]
fn payments_that_are_parked_or_unknown_are_posting_errors_and_no_decisions() {
    let site = Site::new();
    let claim = one_sent(&site);
    for (number, cents, rest) in [(1, "60", "30"), (2, "61", "29")] {
        let own = clp(&claim, "1", "90", cents, &[&format!("CO*45*{rest}")]);
        let remittance = check(number, &format!("I*{cents}*C"), "EXAMPLE", OURS, &[own], "");
        site.answer(&format!("{number}.835"), remittance.replace("*T2*", "*T1*").as_bytes());
        site.run(DAY);
    }
    let (_, found) = figures(&site, &[]);
    assert_eq!((found["posting-error-rate"], found["denial-rate"]), ((2, 2), (0, 0)), "{found:?}");
    assert_eq!((found["first-pass-rate"], found["claim-accuracy"]), ((0, 1), (0, 0)), "{found:?}");
    let chosen = site.command(&["--as-of", DAY, "remittance", "choose", "1"]);
    assert!(chosen.status.success(), "{}", String::from_utf8_lossy(&chosen.stderr));
    let unknown = clp("NOBODY", "1", "50", "50", &[]);
    site.answer("3.835", check(3, "I*50*C", "EXAMPLE", OURS, &[unknown], "").as_bytes());
    site.run(DAY);
    let (_, found) = figures(&site, &[]);
    assert_eq!((found["posting-error-rate"], found["denial-rate"]), ((2, 3), (0, 1)), "{found:?}");
    assert_eq!((found["first-pass-rate"], found["claim-accuracy"]), ((1, 1), (1, 1)), "{found:?}");
}

#[test]
fn a_claim_that_was_held_for_a_day_is_not_clean_and_may_pass_at_first() {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(1).message().replace("99213^^C4", "NONE^^L").as_bytes());
    let summary = site.run("2026-05-19");
    assert_eq!(summary["claims"]["held"], 1, "{summary}");
    site.edit("practices/my-practice/profile.toml", "# \"OV3\" = \"99213\"", "\"NONE\" = \"99213\"");
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 1, "{summary}");
    let paid = clp(&clm01(&site), "1", "90", "70", &["CO*45*20"]);
    site.answer("1.835", check(1, "I*70*C", "EXAMPLE", OURS, &[paid], "").as_bytes());
    site.run(DAY);
    let (_, found) = figures(&site, &[]);
    assert_eq!((found["clean-claim-rate"], found["first-pass-rate"]), ((0, 1), (1, 1)), "{found:?}");
    let (_, found) = figures(&site, &["--from", DAY]);
    assert_eq!((found["clean-claim-rate"], found["first-pass-rate"]), ((0, 0), (1, 1)), "by its own day: {found:?}");
}

#[test]
fn an_earlier_period_is_imported_kept_and_shown_beside() {
    let site = Site::new();
    one_sent(&site);
    let heading = "figure,payer,group,numerator,denominator,median,from,to\n";
    let file = site.dir().join("before.csv");
    let import = |text: &[u8]| {
        std::fs::write(&file, text).unwrap();
        let output = site.command(&["--as-of", DAY, "kpi", "--baseline", file.to_str().unwrap(), "--json"]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let rows = "clean-claim-rate,,,825,1000,,2025-01-01,2025-12-31\ncharge-lag,,,35,10,3.5,2025-01-01,2025-12-31\n";
    let (code, said) = import(format!("{heading}{rows}").as_bytes());
    assert_eq!(code, Some(0), "{said}");
    let clean =
        |told: &Value| told.as_array().unwrap().iter().find(|row| row["figure"] == "clean-claim-rate").unwrap().clone();
    let (told, _) = figures(&site, &[]);
    let earlier = clean(&told)["earlier"].clone();
    assert_eq!((&earlier["value"], &earlier["change"]), (&8_250.into(), &1_750.into()), "{earlier}");
    assert_eq!((&earlier["from"], &earlier["to"]), (&"2025-01-01".into(), &"2025-12-31".into()));
    assert!(clean(&told)["value"] == 10_000 && told[0]["earlier"].is_null(), "{told}");
    let shown = String::from_utf8(site.command(&["--as-of", DAY, "kpi"]).stdout).unwrap();
    assert!(shown.contains("before 82.50 % (2025-01-01 to 2025-12-31), +17.50"), "{shown}");
    assert!(shown.contains("before 3.50 days, median 3.50"), "{shown}");

    // What cannot be read is told by row and column, and changes nothing.
    let days = "2025-01-01,2025-12-31";
    for (text, parts) in [
        (String::new(), vec!["before.csv:1:1:", "found no rows"]),
        (heading.to_owned(), vec!["before.csv:1:1:", "found no rows"]),
        (
            "figure;value\nclean-claim-rate;82\n".to_owned(),
            vec!["numerator: found no such column", "expected a heading"],
        ),
        (
            format!("{heading}clean-claim-rat,,,1,2,,{days}\n"),
            vec!["before.csv:2:1: figure:", "did you mean `clean-claim-rate`"],
        ),
        (
            format!("{heading}{rows}claim-accuracy,,,3,2,,{days}\n"),
            vec!["before.csv:4:1: numerator:", "found 1 digits", "expected"],
        ),
    ] {
        let (code, said) = import(text.as_bytes());
        assert_eq!(code, Some(4), "{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{text:?}: {said}");
    }
    let (code, said) = import(b"figure,numerator\n\xff\xfe");
    assert!(code == Some(4) && said.contains("no UTF-8 at 17"), "{said}");
    assert_eq!(clean(&figures(&site, &[]).0)["earlier"], earlier, "nothing has changed");
    let gone = site.command(&["kpi", "--baseline", "nowhere.csv"]);
    assert!(gone.status.code() == Some(4) && String::from_utf8_lossy(&gone.stderr).contains("nowhere.csv"));
    site.assert_accounted(DAY);
}

#[test]
fn a_command_line_that_asks_for_nothing_sensible_is_refused() {
    let site = Site::new();
    site.run(DAY);
    let refused = |arguments: &[&str]| {
        let output = site.command(&[&["--as-of", DAY, "kpi"], arguments].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stdout.is_empty(), "{arguments:?} printed something");
        (output.status.code().unwrap(), said)
    };
    let (code, said) = refused(&["--from", "2026-05-02", "--to", "2026-05-01"]);
    assert!(code == 2 && said.contains("--from 2026-05-02 is after the period's last day 2026-05-01"), "{said}");
    let (code, said) = refused(&["--from", "2026-05-21"]);
    assert!(code == 2 && said.contains("2026-05-20 (today)"), "{said}");
    for wrong in ["2026-02-30", "05/01/2026", "yesterday", ""] {
        let (code, said) = refused(&["--from", wrong]);
        assert!(code == 2 && said.contains("--from"), "{wrong}: {said}");
    }
    let (code, said) = refused(&["--practice", "my-practise"]);
    assert!(code == 4 && said.contains("did you mean `my-practice`"), "{said}");
    let (code, said) = refused(&["--practice", "clearing"]);
    assert!(code == 4 && said.contains("host's own tenant"), "{said}");
    let (code, said) = refused(&["--practice", "nobody", "--baseline", "x.csv"]);
    assert!(code == 4 && said.contains("there is no practice `nobody`"), "{said}");
    assert_eq!(numbers(&site.json(&["kpi", "--practice", PRACTICE])["practices"][0]["figures"]).len(), 9);
    let help = String::from_utf8(site.command(&["kpi", "--help"]).stdout).unwrap();
    for word in ["first-pass-rate", "posting-error-rate", "closed:", "none:"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}
