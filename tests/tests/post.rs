//! What EHRs are told of payers' decisions, through the real binary: to a CSV and to a DFT, once whatever crash or repeat, taken back where the
//! decision is, and work where it cannot be told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use claimhost_tests::programs::{guest, workspace};
use claimhost_tests::site::{Charge, PRACTICE, Site};
use claimhost_tests::x12::{check, clp};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const OURS: &str = "1234567893";
const CSV: &str = "poster = \"csv-poster\"";

/// A target of a practice, whose folder is `post/PRACTICE`.
fn target(practice: &str, poster: &str) -> String {
    format!("\n[[post]]\npractice = \"{practice}\"\nname = \"billing\"\n{poster}\nfolder = \"post/{practice}\"\n")
}

/// A site with this target and claims of so many visits that were sent.
fn site(poster: &str, visits: u32) -> Site {
    let site = Site::new();
    let config = site.text("claimhost.toml") + &target(PRACTICE, poster);
    site.write("claimhost.toml", config.as_bytes());
    for number in 1..=visits {
        site.hl7(&format!("{number}.hl7"), Charge::of_nobody_else(number).message().as_bytes());
    }
    assert_eq!(site.run(DAY)["claims"]["submitted"], visits);
    site
}

/// CLM01 of the visit with this number.
fn clm01(site: &Site, number: u32) -> String {
    let visits = site.json(&["visit", "list", "--practice", PRACTICE]);
    let visit = visits.as_array().unwrap().iter().find(|visit| visit["visit"] == format!("V{number}")).unwrap();
    visit["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned()
}

/// Puts an 835 of these claims where answers arrive, and runs.
fn pay(site: &Site, number: u32, amount: &str, claims: &[String]) -> Value {
    site.answer(&format!("{number}.835"), check(number, amount, "EXAMPLE", OURS, claims, "").as_bytes());
    site.run(DAY)
}

/// Files of a folder by name; hidden ones too.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let named = |path: PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), std::fs::read_to_string(path).unwrap())
    };
    entries.map(named).collect()
}

fn sent(site: &Site) -> BTreeMap<String, String> {
    files(&site.dir().join("post").join(PRACTICE))
}

/// Rows of all files as heading to value.
fn rows(site: &Site) -> Vec<BTreeMap<String, String>> {
    let mut rows = Vec::new();
    for text in sent(site).values() {
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().unwrap();
        rows.extend(lines.map(|line| header.iter().cloned().zip(line).collect()));
    }
    rows
}

/// Cents of a row.
fn cents(row: &BTreeMap<String, String>) -> i64 {
    row["amount"].replace('.', "").parse().unwrap()
}

/// The target's counts, which add up, and how many of each there are.
fn counts(site: &Site) -> BTreeMap<String, u64> {
    let list = site.json(&["post", "list"]);
    let of = &list["targets"].as_array().unwrap()[0];
    let count = |key: &str| of[key].as_u64().unwrap();
    let states = ["queued", "sent", "confirmed", "refused", "nothing_to_post"];
    assert_eq!(count("postings"), states.iter().map(|state| count(state)).sum::<u64>(), "{of}");
    assert_eq!(count("postings"), list["postings"].as_array().unwrap().len() as u64);
    states.iter().map(|state| ((*state).to_owned(), count(state))).filter(|(_, count)| *count > 0).collect()
}

fn are(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect()
}

/// Open work about postings: kind and words.
fn work(site: &Site) -> Vec<(String, String)> {
    let list = site.json(&["--as-of", DAY, "work", "list", "--kind", "post"]);
    let text = |item: &Value, key: &str| item[key].as_str().unwrap().to_owned();
    list.as_array().unwrap().iter().map(|item| (text(item, "kind"), text(item, "words"))).collect()
}

#[test]
fn decisions_go_to_a_csv_once_and_what_people_say_of_them_is_kept() {
    let site = site(CSV, 3);
    let claims = [
        clp(&clm01(&site, 1), "1", "90", "60", &["CO*45*20", "PR*3*10"]),
        clp(&clm01(&site, 2), "4", "90", "0", &["CO*50*90"]),
        // A price: nothing is paid, and nothing is decided.
        clp(&clm01(&site, 3), "25", "90", "0", &["CO*45*90"]),
    ];
    let summary = pay(&site, 1, "I*60*C", &claims);
    let keys: Vec<&String> = summary.as_object().unwrap().keys().collect();
    assert!(!keys.iter().any(|key| key.contains("post") || key.contains("told")), "its shape is documented: {keys:?}");
    assert_eq!(counts(&site), are(&[("sent", 2), ("nothing_to_post", 1)]));
    let found: BTreeSet<String> = rows(&site)
        .iter()
        .map(|row| {
            let of = |key: &str| row[key].as_str();
            [of("action"), of("visit"), of("patient_id"), of("charge_id"), of("code"), of("check")].join(" ")
                + &[" ", of("entry"), " ", of("group"), of("reason"), " ", of("amount")].concat()
        })
        .collect();
    let expected = [
        "payment V1 M1 C1 99213 T1 contractual CO45 20.00",
        "payment V1 M1 C1 99213 T1 patient PR3 10.00",
        "payment V1 M1 C1 99213 T1 payment  60.00",
        "payment V2 M2 C2 99213 T1 denied CO50 90.00",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
    let before = sent(&site);
    assert_eq!(before.keys().collect::<Vec<_>>(), ["my-practice-billing-000000001.csv"]);
    for run in 0..2 {
        site.run(DAY);
        assert_eq!(sent(&site), before, "run {run}: nothing new");
    }
    // The same 835 again, in another interchange.
    site.answer("again.835", check(7, "I*60*C", "EXAMPLE", OURS, &claims, "").replace("*T7*", "*T1*").as_bytes());
    site.run(DAY);
    assert_eq!(sent(&site), before);
    // What was a price is paid.
    pay(&site, 8, "I*90*C", &[clp(&clm01(&site, 3), "1", "90", "90", &[])]);
    let before = sent(&site);
    assert_eq!(before.keys().next_back().map(String::as_str), Some("my-practice-billing-000000002.csv"));
    assert_eq!(counts(&site), are(&[("sent", 3), ("nothing_to_post", 1)]));
    site.assert_accounted(DAY);
    let trace = site.json(&["trace", "V1"]);
    let told = &trace["claims"][0]["told"][0];
    let named = (&told["state"], &told["file_name"], &told["paid_cents"]);
    assert_eq!(named, (&"sent".into(), &"my-practice-billing-000000001.csv".into(), &6_000.into()), "{told}");
    let event = |row: &Value| row["event"].as_str().unwrap().contains("billing told of a payment");
    assert!(trace["claims"][0]["history"].as_array().unwrap().iter().any(event), "{trace}");
    let masked = site.command(&["trace", "V1", "--mask", "--json"]);
    let masked = String::from_utf8(masked.stdout).unwrap();
    assert!(masked.contains("\"target\":\"billing\"") || masked.contains("\"target\": \"billing\""), "{masked}");

    // What people say.
    let say = |arguments: &[&str]| site.json(&[&["--as-of", DAY, "post"], arguments, &["--by", "Kit"]].concat());
    let refused = say(&["refuse", "2", "--reason", "period is closed"]);
    assert_eq!((&refused[0]["changed"], &refused[0]["state"]), (&true.into(), &"refused".into()));
    assert_eq!(work(&site), [("post.refused".to_owned(), "billing: period is closed".to_owned())]);
    site.run(DAY);
    assert_eq!(sent(&site), before, "what the EHR refused is not told again by itself");
    site.assert_accounted(DAY);
    // What is sent of a file is confirmed; what was refused of it stays refused, and is told.
    let of_file = say(&["confirm", "--file", "my-practice-billing-000000001.csv"]);
    let told: Vec<(&Value, &Value, &Value)> =
        of_file.as_array().unwrap().iter().map(|one| (&one["id"], &one["changed"], &one["state"])).collect();
    let (first, second) = (Value::from("my-practice/1"), Value::from("my-practice/2"));
    let expected: [(&Value, &Value, &Value); 2] =
        [(&first, &true.into(), &"confirmed".into()), (&second, &false.into(), &"refused".into())];
    assert_eq!(told, expected);
    assert_eq!(say(&["confirm", "1"])[0]["changed"], false);
    let wrong = site.command(&["post", "refuse", "1", "--reason", "no", "--by", "Kit"]);
    let words = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(wrong.status.code() == Some(4) && words.contains("is confirmed, and cannot become refused"), "{words}");
    let posting = |list: &Value, id: &str| {
        let row = list["postings"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone();
        (row["posting"].clone(), row["file_name"].clone())
    };
    let id = posting(&site.json(&["post", "list"]), "my-practice/2").0;
    say(&["again", "2"]);
    site.run(DAY);
    assert_eq!(
        posting(&site.json(&["post", "list"]), "my-practice/2"),
        (id, "my-practice-billing-000000003.csv".into())
    );
    assert_eq!((sent(&site).len(), work(&site)), (3, Vec::new()));
    say(&["confirm", "--file", "my-practice-billing-000000003.csv"]);
    assert_eq!(counts(&site), are(&[("sent", 1), ("confirmed", 2), ("nothing_to_post", 1)]));
    site.assert_accounted(DAY);
}

#[test]
fn payments_go_to_a_dft_and_what_a_site_did_not_say_is_refused() {
    let mapping = workspace().join("plugins/ehr/nextgen-post/fixtures/payments-only/mapping.toml");
    let site = site("poster = \"nextgen-post\"\nmapping = \"post.toml\"", 2);
    std::fs::copy(&mapping, site.dir().join("post.toml")).unwrap();
    let (first, second) = (clm01(&site, 1), clm01(&site, 2));
    let paid = clp(&first, "1", "90", "60", &["CO*45*30"]);
    let denied = clp(&second, "4", "90", "0", &["CO*50*90"]);
    pay(&site, 1, "I*60*C", &[paid, denied]);
    assert_eq!(counts(&site), are(&[("sent", 1), ("nothing_to_post", 1)]), "the site tells NextGen of payments alone");
    let text = sent(&site)["my-practice-billing-000000001.hl7"].clone();
    let id = site.json(&["post", "list"])["postings"][0]["posting"].as_str().unwrap().to_owned();
    let segments: Vec<&str> = text.split_terminator('\r').collect();
    assert_eq!(segments.len(), 5, "{text}");
    assert!(segments[0].starts_with("MSH|^~\\&|CLAIMHOST|SITE|NEXTGEN|SITE|20260520||DFT^P03|"), "{text}");
    assert_eq!(segments[0].split('|').nth(9), Some(id.as_str()));
    assert_eq!(segments[4].split('|').nth(6), Some("PY"));
    assert_eq!(segments[4].split('|').nth(11), Some("60.00"));
    // The payer takes it back: how NextGen is told of that is not public.
    pay(
        &site,
        2,
        "I*0*C",
        &[clp(&first, "22", "-90", "-60", &["CO*45*-30"]), clp(&first, "1", "90", "60", &["CO*45*30"])],
    );
    assert_eq!(counts(&site), are(&[("sent", 2), ("refused", 1), ("nothing_to_post", 1)]));
    let words = work(&site);
    assert!(words.len() == 1 && words[0].1.contains("nextgen-post.reversal"), "{words:?}");
    site.assert_accounted(DAY);
    // The site says how: what was refused is told by itself.
    site.write("post.toml", ("reversals = \"negative\"\n".to_owned() + &site.text("post.toml")).as_bytes());
    site.run(DAY);
    assert_eq!(counts(&site), are(&[("sent", 3), ("nothing_to_post", 1)]));
    let all: String = sent(&site).values().cloned().collect();
    assert!(all.contains("|-60.00") && work(&site).is_empty(), "{all}");
    site.assert_accounted(DAY);
}

#[test]
fn what_is_taken_back_is_told_and_the_ehr_ends_with_the_ledgers_cents() {
    let site = site(CSV, 2);
    let (first, second) = (clm01(&site, 1), clm01(&site, 2));
    pay(&site, 1, "I*60*C", &[clp(&first, "1", "90", "60", &["CO*45*30"])]);
    // The payer corrects itself.
    let back = clp(&first, "22", "-90", "-60", &["CO*45*-30"]);
    pay(&site, 2, "I*10*C", &[back, clp(&first, "1", "90", "70", &["CO*45*20"])]);
    let list = site.json(&["post", "list"]);
    let of = |at: usize, key: &str| list["postings"][at][key].clone();
    assert_eq!((of(1, "kind"), of(1, "reverses"), of(1, "paid_cents")), ("reversal".into(), 1.into(), (-6_000).into()));
    let reversal = rows(&site).into_iter().find(|row| row["action"] == "reversal").unwrap();
    assert_eq!(Value::from(reversal["reverses"].clone()), of(0, "posting"));
    // Two contents under one trace number: what was told is taken back, and the one that an operator chooses is told.
    pay(&site, 3, "I*50*C", &[clp(&second, "1", "90", "50", &["CO*45*40"])]);
    let other = check(4, "I*55*C", "EXAMPLE", OURS, &[clp(&second, "1", "90", "55", &["CO*45*35"])], "");
    site.answer("4.835", other.replace("*T4*", "*T3*").as_bytes());
    site.run(DAY);
    let of_second = |site: &Site| -> Vec<i64> {
        rows(site).iter().filter(|row| row["visit"] == "V2" && row["entry"] == "payment").map(cents).collect()
    };
    assert_eq!(of_second(&site), [5_000, -5_000]);
    for (choice, expected) in [("4", vec![5_000, -5_000, 5_500]), ("3", vec![5_000, -5_000, 5_500, -5_500, 5_000])] {
        site.json(&["--as-of", DAY, "remittance", "choose", choice]);
        site.run(DAY);
        assert_eq!(of_second(&site), expected, "{choice}");
    }
    let paid: i64 = rows(&site).iter().filter(|row| row["entry"] == "payment").map(cents).sum();
    let summary = site.run(DAY);
    assert_eq!(Value::from(paid), summary["cents"]["paid"], "{summary}");
    let ids: Vec<String> = rows(&site).into_iter().map(|row| row["row"].clone()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no row twice");
    site.assert_accounted(DAY);
}

#[test]
fn a_crash_loses_no_file_and_brings_none_back() {
    let site = site(CSV, 4);
    let folder = site.dir().join("post").join(PRACTICE);
    for (number, moment) in [(1, "post-written"), (2, "post-staged"), (3, "post-renamed")] {
        let claim = clp(&clm01(&site, number), "1", "90", "60", &["CO*45*30"]);
        site.answer(&format!("{number}.835"), check(number, "I*60*C", "EXAMPLE", OURS, &[claim], "").as_bytes());
        let mut run = site.prepared(&["--as-of", DAY, "run", "--once"]);
        let ended = run.env("CLAIMHOST_CRASH_AT", moment).output().unwrap();
        assert!(!ended.status.success(), "{moment}");
        let name = format!("my-practice-billing-{number:09}.csv");
        let there = files(&folder);
        let hidden = format!(".{name}.part");
        assert_eq!(
            (there.contains_key(&name), there.contains_key(&hidden)),
            match moment {
                "post-written" => (false, false),
                "post-staged" => (false, true),
                _ => (true, false),
            }
        );
        // The EHR takes what it sees at once.
        let taken = there.contains_key(&name);
        if taken {
            std::fs::remove_file(folder.join(&name)).unwrap();
        }
        site.run(DAY);
        let there = files(&folder);
        assert_eq!((there.contains_key(&name), there.contains_key(&hidden)), (!taken, false), "{moment}");
        assert_eq!(counts(&site), are(&[("sent", u64::from(number))]), "{moment}");
        site.assert_accounted(DAY);
    }
    // Somebody else's file is not written over.
    site.write(&format!("post/{PRACTICE}/my-practice-billing-000000004.csv"), b"theirs");
    pay(&site, 4, "I*60*C", &[clp(&clm01(&site, 4), "1", "90", "60", &["CO*45*30"])]);
    let words = work(&site);
    assert!(words.len() == 1 && words[0].1.contains("holds another file"), "{words:?}");
    site.assert_accounted(DAY);
    std::fs::remove_file(folder.join("my-practice-billing-000000004.csv")).unwrap();
    site.run(DAY);
    assert_eq!((counts(&site), work(&site)), (are(&[("sent", 4)]), Vec::new()));
}

/// A folder with the poster that fails on one visit.
fn grim(site: &Site) -> PathBuf {
    guest("poster", site.dir())
}

#[test]
fn a_poster_that_fails_on_one_parks_it_the_others_leave_and_no_log_names_anybody() {
    let site = site("poster = \"grim-poster\"\nmapping = \"grim.toml\"", 5);
    site.write("grim.toml", b"");
    // Nobody has added it yet: it waits, as work.
    let claims: Vec<String> = (1..=5).map(|number| clp(&clm01(&site, number), "1", "90", "90", &[])).collect();
    pay(&site, 1, "I*450*C", &claims);
    let words = work(&site);
    assert!(
        words.len() == 1 && words[0].0 == "post.failed" && words[0].1.contains("`grim-poster` is not loaded"),
        "{words:?}"
    );
    assert_eq!(counts(&site), are(&[("queued", 5)]));
    site.assert_accounted(DAY);
    let bad = site.command(&["check-config"]);
    assert!(bad.status.code() == Some(3) && String::from_utf8_lossy(&bad.stdout).contains("post[0] of my-practice"));
    site.json(&["plugin", "add", "--yes", grim(&site).to_str().unwrap()]);
    let listed = site.json(&["plugin", "inspect", "grim-poster"]);
    assert_eq!((&listed["kind"], &listed["description"]["extension"]), (&"poster".into(), &"txt".into()));

    let mut run = site.prepared(&["--as-of", DAY, "run", "--once", "--json"]);
    let ran = run.env("CLAIMHOST_LOG", "trace").env("RUST_BACKTRACE", "full").output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr).into_owned() + &String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}");
    for secret in ["VANCE", "ORLA", " V3", "ICN"] {
        let found = said.lines().find(|line| line.contains(secret));
        assert!(found.is_none(), "{secret}: {found:?}");
    }
    assert_eq!(counts(&site), are(&[("sent", 3), ("refused", 2)]));
    let text: String = sent(&site).values().cloned().collect();
    let visits: BTreeSet<&str> = text.lines().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!((visits.into_iter().collect::<Vec<_>>(), text.lines().count()), (vec!["V1", "V2", "V5"], 3));
    let mut kinds: Vec<(String, String)> = work(&site);
    kinds.sort();
    assert_eq!(kinds.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), ["post.parked", "post.refused"]);
    assert!(kinds[1].1.contains("grim.closed at visit: found a closed period"), "{kinds:?}");
    site.run(DAY);
    assert_eq!(counts(&site), are(&[("sent", 3), ("refused", 2)]), "the same poster is not asked again");
    site.assert_accounted(DAY);
    // Mended: it is asked again by itself.
    site.write("grim.toml", b"calm = \"yes\"\n");
    site.run(DAY);
    assert_eq!((counts(&site), work(&site)), (are(&[("sent", 5)]), Vec::new()));
    let text: String = sent(&site).values().cloned().collect();
    assert_eq!(text.lines().collect::<BTreeSet<_>>().len(), 5, "each once: {text}");
    site.assert_accounted(DAY);
}

#[test]
fn one_that_the_poster_never_ends_on_is_parked_in_one_run_and_keyed_by_hand() {
    let site = site("poster = \"grim-poster\"\nmapping = \"grim.toml\"", 8);
    site.write("grim.toml", b"slow = \"yes\"\n");
    site.json(&["plugin", "add", "--yes", grim(&site).to_str().unwrap()]);
    let claims: Vec<String> = (1..=8).map(|number| clp(&clm01(&site, number), "1", "90", "90", &[])).collect();
    pay(&site, 1, "I*720*C", &claims);
    // Finding it takes more than the fault budget has.
    assert_eq!(counts(&site), are(&[("sent", 7), ("refused", 1)]), "{:?}", work(&site));
    let kinds: Vec<String> = work(&site).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["post.parked"]);
    let items = site.json(&["--as-of", DAY, "work", "list", "--kind", "post"]);
    let (subject, to_do) = (items[0]["subject"].as_str().unwrap(), items[0]["to_do"].as_str().unwrap());
    assert!(to_do.contains(&format!("`claimhost post confirm {subject} --by NAME`")), "{to_do}");
    // Keyed by hand: it is no work any more, and no change of mapping tells it again.
    let said = site.json(&["--as-of", DAY, "post", "confirm", subject, "--by", "Kit"]);
    assert_eq!((&said[0]["changed"], &said[0]["state"]), (&true.into(), &"confirmed".into()));
    let before = sent(&site);
    site.write("grim.toml", b"calm = \"yes\"\n");
    site.run(DAY);
    assert_eq!((counts(&site), work(&site)), (are(&[("sent", 7), ("confirmed", 1)]), Vec::new()));
    assert_eq!(sent(&site), before);
    site.assert_accounted(DAY);
}

#[test]
fn a_poster_without_fault_budget_stops_in_words_and_goes_on_in_a_later_turn() {
    let site = site("poster = \"grim-poster\"\nmapping = \"grim.toml\"", 8);
    site.write("grim.toml", b"stuck = \"yes\"\n");
    site.json(&["plugin", "add", "--yes", grim(&site).to_str().unwrap()]);
    let claims: Vec<String> = (1..=8).map(|number| clp(&clm01(&site, number), "1", "90", "90", &[])).collect();
    pay(&site, 1, "I*720*C", &claims);
    // It ends on none: each that is found costs its halves and a last try, and what these may cost together has an end.
    let parked = |site: &Site| counts(site).get("refused").copied().unwrap_or(0);
    let first = parked(&site);
    assert!((1..8).contains(&first), "{:?}", counts(&site));
    assert_eq!(counts(&site), are(&[("queued", 8 - first), ("refused", first)]));
    let kinds = |site: &Site| work(site).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(&site).iter().filter(|kind| *kind == "post.failed").count(), 1, "{:?}", work(&site));
    let words = work(&site).into_iter().find(|(kind, _)| kind == "post.failed").unwrap().1;
    assert!(words.starts_with("billing: ") && words.contains("budget"), "{words}");
    site.assert_accounted(DAY);
    // Another process has another budget: it goes on where it stopped.
    for _ in 0..8 {
        if parked(&site) < 8 {
            site.run(DAY);
        }
    }
    assert_eq!(counts(&site), are(&[("refused", 8)]));
    assert_eq!(kinds(&site), ["post.parked"; 8]);
    assert_eq!(sent(&site).len(), 0);
    site.assert_accounted(DAY);
}

#[test]
fn what_takes_back_nothing_tells_nothing() {
    // The target is told of payments alone: a denial is nothing, and so is what takes it back.
    let mapping =
        std::fs::read_to_string(workspace().join("plugins/ehr/nextgen-post/fixtures/payments-only/mapping.toml"));
    let site = site("poster = \"nextgen-post\"\nmapping = \"post.toml\"", 1);
    site.write("post.toml", ("reversals = \"negative\"\n".to_owned() + &mapping.unwrap()).as_bytes());
    let first = clm01(&site, 1);
    pay(&site, 1, "I*0*C", &[clp(&first, "4", "90", "0", &["CO*50*90"])]);
    assert_eq!(counts(&site), are(&[("nothing_to_post", 1)]));
    // The site wants denials too by now.
    let (none, told) = ("denied = \"none\"", "denied = \"DN\"");
    let mut text = site.text("post.toml");
    assert!(text.contains(none) && text.contains("[codes]"), "{text}");
    text = text.replace(none, told).replace("[codes]", "[codes]\ndenied = \"D{reason}\"");
    site.write("post.toml", text.as_bytes());
    pay(
        &site,
        2,
        "I*60*C",
        &[clp(&first, "22", "-90", "0", &["CO*50*-90"]), clp(&first, "1", "90", "60", &["CO*45*30"])],
    );
    assert_eq!(counts(&site), are(&[("sent", 1), ("nothing_to_post", 2)]));
    let all: String = sent(&site).values().cloned().collect();
    assert!(all.contains("|60.00") && !all.contains("D50"), "{all}");
    site.assert_accounted(DAY);
}

#[test]
fn a_payment_stands_again_where_its_reversal_was_taken_back() {
    let site = site(CSV, 1);
    let first = clm01(&site, 1);
    pay(&site, 1, "I*60*C", &[clp(&first, "1", "90", "60", &["CO*45*30"])]);
    let back = || clp(&first, "22", "-90", "-60", &["CO*45*-30"]);
    pay(&site, 2, "I*10*C", &[back(), clp(&first, "1", "90", "70", &["CO*45*20"])]);
    // Another content under its trace number, with the same reversal in it, is chosen.
    let claims = [back(), clp(&first, "1", "90", "80", &["CO*45*10"])];
    site.answer("3.835", check(3, "I*20*C", "EXAMPLE", OURS, &claims, "").replace("*T3*", "*T2*").as_bytes());
    site.run(DAY);
    site.json(&["--as-of", DAY, "remittance", "choose", "3"]);
    let summary = site.run(DAY);
    let list = site.json(&["post", "list"]);
    let told: Vec<(&str, i64, Option<u64>)> = list["postings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["paid_cents"].as_i64().unwrap(), row["reverses"].as_u64()))
        .collect();
    let expected = [
        ("payment", 6_000, None),
        ("reversal", -6_000, Some(1)),
        ("payment", 7_000, None),
        ("reversal", 6_000, Some(2)),
        ("reversal", -7_000, Some(3)),
        ("reversal", -6_000, Some(1)),
        ("payment", 8_000, None),
    ];
    assert_eq!(told, expected);
    let paid: i64 = rows(&site).iter().filter(|row| row["entry"] == "payment").map(cents).sum();
    assert_eq!(Value::from(paid), summary["cents"]["paid"], "{summary}");
    site.assert_accounted(DAY);
    // A posting of other money than its CLP's is found.
    let store = rusqlite::Connection::open(site.dir().join("store/claimhost.db")).unwrap();
    let more = "UPDATE remittance_claim SET paid_cents = paid_cents + 1 WHERE remittance_id = 1";
    assert_eq!(store.execute(more, []).unwrap(), 1);
    drop(store);
    let verified = site.command(&["verify", "--all", "--json"]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(said.contains("paid_cents is not that of the CLP that it tells of"), "{said}");
}

#[test]
fn what_waits_for_a_target_that_is_gone_is_work_until_it_is_back() {
    let site = site("poster = \"grim-poster\"", 1);
    pay(&site, 1, "I*60*C", &[clp(&clm01(&site, 1), "1", "90", "60", &["CO*45*30"])]);
    let config = site.text("claimhost.toml");
    let none = config.replace(&target(PRACTICE, "poster = \"grim-poster\""), "");
    let renamed = config.replace("name = \"billing\"", "name = \"other\"").replace("grim-poster", "csv-poster");
    for changed in [&none, &renamed] {
        assert_ne!(changed, &config);
        site.write("claimhost.toml", changed.as_bytes());
        site.run(DAY);
        let words = work(&site);
        assert!(words.len() == 1 && words[0].0 == "post.failed", "{words:?}");
        assert!(words[0].1.starts_with("billing: no [[post]] of this practice has this name"), "{words:?}");
        site.assert_accounted(DAY);
    }
    site.write("claimhost.toml", config.replace("grim-poster", "csv-poster").as_bytes());
    site.run(DAY);
    assert_eq!((counts(&site), work(&site)), (are(&[("sent", 1)]), Vec::new()));
    site.assert_accounted(DAY);
}

#[test]
fn what_waits_for_a_target_that_is_gone_for_good_is_ended_in_words_and_nothing_is_lost() {
    let site = site("poster = \"csv-poster\"", 3);
    let claims = [1, 2].map(|number| clp(&clm01(&site, number), "1", "90", "60", &["CO*45*30"]));
    pay(&site, 1, "I*60*C", &claims[..1]);
    let config = site.text("claimhost.toml");
    // The poster is none, so that what is new waits: a payment, and what takes the first one back.
    site.write("claimhost.toml", config.replace("csv-poster", "grim-poster").as_bytes());
    let back = clp(&clm01(&site, 1), "22", "-90", "-60", &["CO*45*-30"]);
    pay(&site, 2, "H*0*C", &[claims[1].clone(), back]);
    assert_eq!(counts(&site), are(&[("sent", 1), ("queued", 2)]));
    let drop =
        |more: &[&str]| site.command(&[&["--as-of", DAY, "post", "drop", "billing", "--by", "Kit"], more].concat());
    let said = |output: &std::process::Output| {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let early = drop(&["--reason", "we left"]);
    assert!(
        early.status.code() == Some(4) && said(&early).contains("is a [[post]] of my-practice"),
        "{}",
        said(&early)
    );

    let none = config.replace(&target(PRACTICE, "poster = \"csv-poster\""), "");
    site.write("claimhost.toml", none.as_bytes());
    site.run(DAY);
    let words = work(&site);
    assert!(words.len() == 1 && words[0].1.contains("`claimhost post drop`"), "{words:?}");
    let checked = site.command(&["check-config"]);
    assert_eq!(checked.status.code(), Some(3));
    let told =
        "post target billing of my-practice: 2 postings wait for it, and no [[post]] of my-practice has this name";
    assert!(said(&checked).contains(told), "{}", said(&checked));
    let listed = site.command(&["post", "list"]);
    assert!(said(&listed).contains("billing (no [[post]] has this name any more: put it back"), "{}", said(&listed));
    assert_eq!(drop(&[]).status.code(), Some(2), "a reason is asked for");

    let ended = drop(&["--reason", "we left that EHR", "--json"]);
    assert!(ended.status.success(), "{}", said(&ended));
    let ended: Value = serde_json::from_slice(&ended.stdout).unwrap();
    let ids = |key: &str| ended[key].as_array().unwrap().len();
    assert_eq!((ids("dropped"), ids("reversals"), ids("on_their_way")), (2, 1, 0), "{ended}");
    assert_eq!(ended["paid_cents"], 0, "60.00 and -60.00: {ended}");
    assert_eq!((counts(&site), work(&site)), (are(&[("sent", 1), ("nothing_to_post", 2)]), Vec::new()));
    let list = site.json(&["post", "list", "--state", "nothing-to-post"]);
    assert_eq!(list["postings"][0]["why"], "dropped, says Kit: we left that EHR", "{list}");
    let trace = site.json(&["trace", "V2"]);
    let event = |row: &Value| row["event"].as_str().unwrap().contains("what waited for it was dropped, says Kit");
    assert!(trace["claims"][0]["history"].as_array().unwrap().iter().any(event), "{trace}");
    site.assert_accounted(DAY);
    assert!(site.command(&["check-config"]).status.success());
    let again = drop(&["--reason", "we left"]);
    assert!(again.status.code() == Some(4) && said(&again).contains("nothing waits for `billing`"), "{}", said(&again));

    // Back again it is told of what comes from now on.
    site.write("claimhost.toml", config.as_bytes());
    pay(&site, 3, "I*90*C", &[clp(&clm01(&site, 3), "1", "90", "90", &[])]);
    assert_eq!(counts(&site), are(&[("sent", 2), ("nothing_to_post", 2)]));
    site.assert_accounted(DAY);
}

#[test]
fn a_file_that_was_written_for_a_target_that_is_gone_ends_with_its_queue_and_one_on_its_way_does_not() {
    for (moment, is_dropped) in [("post-written", true), ("post-staged", false)] {
        let site = site(CSV, 1);
        let paid = check(1, "I*60*C", "EXAMPLE", OURS, &[clp(&clm01(&site, 1), "1", "90", "60", &["CO*45*30"])], "");
        site.answer("1.835", paid.as_bytes());
        let mut run = site.prepared(&["--as-of", DAY, "run", "--once"]);
        assert!(!run.env("CLAIMHOST_CRASH_AT", moment).output().unwrap().status.success(), "{moment}");
        let config = site.text("claimhost.toml");
        site.write("claimhost.toml", config.replace(&target(PRACTICE, CSV), "").as_bytes());
        let ended = site.command(&["--as-of", DAY, "post", "drop", "billing", "--reason", "gone", "--by", "Kit"]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        if is_dropped {
            assert!(ended.status.success(), "{said}");
            assert_eq!(counts(&site), are(&[("nothing_to_post", 1)]));
        } else {
            assert!(ended.status.code() == Some(4) && said.contains("1 postings stay"), "{said}");
            assert_eq!(counts(&site), are(&[("queued", 1)]));
            site.write("claimhost.toml", config.as_bytes());
        }
        site.run(DAY);
        site.assert_accounted(DAY);
        assert_eq!(sent(&site).len(), usize::from(!is_dropped), "{moment}");
    }
}

#[test]
fn what_a_store_that_was_put_back_tells_anew_has_ids_of_its_own() {
    let site = site(CSV, 2);
    let backup = site.dir().join("before.db");
    site.json(&["backup", backup.to_str().unwrap()]);
    let ids = |site: &Site| -> Vec<String> {
        let list = site.json(&["post", "list"]);
        list["postings"].as_array().unwrap().iter().map(|row| row["posting"].as_str().unwrap().to_owned()).collect()
    };
    let first = clp(&clm01(&site, 1), "1", "90", "60", &["CO*45*30"]);
    pay(&site, 1, "I*60*C", std::slice::from_ref(&first));
    let told = ids(&site);
    site.json(&["restore", backup.to_str().unwrap(), "--force"]);
    std::fs::remove_dir_all(site.dir().join("post")).unwrap();
    assert_eq!(ids(&site), Vec::<String>::new());
    // Another decision comes first now, then the same again.
    pay(&site, 2, "I*50*C", &[clp(&clm01(&site, 2), "1", "90", "50", &["CO*45*40"])]);
    pay(&site, 1, "I*60*C", &[first]);
    let again = ids(&site);
    assert_eq!((again.len(), &again[1]), (2, &told[0]), "the same under the same id, nothing else under it: {again:?}");
    site.assert_accounted(DAY);
}

#[test]
fn two_practices_share_nothing_and_a_source_has_its_own_target() {
    let site = Site::new();
    let profile = site.text("practices/my-practice/profile.toml");
    let profile = profile
        .replace("id = \"my-practice\"", "id = \"north\"")
        .replace(OURS, "1345678902")
        .replace("MY PRACTICE CHANGE ME", "NORTH PRACTICE");
    site.write("practices/north/profile.toml", profile.as_bytes());
    site.write("practices/north/mapping.toml", site.text("practices/my-practice/mapping.toml").as_bytes());
    std::fs::create_dir_all(site.dir().join("inbox/north")).unwrap();
    let more = "\n[[practice]]\nid = \"north\"\nprofile = \"practices/north/profile.toml\"\n[[intake.folder]]\npractice = \"north\"\n\
                path = \"inbox/north\"\nadapter = \"hl7v2-dft\"\nmapping = \"practices/north/mapping.toml\"\n";
    let other = "\n[[post]]\npractice = \"north\"\nname = \"elsewhere\"\nposter = \"csv-poster\"\nfolder = \"post/elsewhere\"\n\
                 sources = [\"ANOTHER\"]\n";
    let config = site.text("claimhost.toml") + more + &target(PRACTICE, CSV) + &target("north", CSV) + other;
    site.write("claimhost.toml", config.as_bytes());
    for practice in [PRACTICE, "north"] {
        site.put(&format!("inbox/{practice}"), "1.hl7", Charge::of_nobody_else(1).message().as_bytes());
    }
    site.run(DAY);
    for (number, practice, npi) in [(1, PRACTICE, OURS), (2, "north", "1345678902")] {
        let visits = site.json(&["visit", "list", "--practice", practice]);
        let clm01 = visits[0]["claims"][0]["control_numbers"][0].as_str().unwrap();
        let claim = clp(clm01, "1", "90", "60", &["CO*45*30"]);
        // The same visit, check and amounts.
        let text = check(number, "I*60*C", "EXAMPLE", npi, &[claim], "").replace("*T2*", "*T1*");
        site.answer(&format!("{number}.835"), text.as_bytes());
    }
    site.run(DAY);
    let of = |practice: &str| files(&site.dir().join("post").join(practice));
    let (own, north) = (of(PRACTICE), of("north"));
    assert_eq!(own.keys().collect::<Vec<_>>(), ["my-practice-billing-000000001.csv"]);
    assert_eq!(north.keys().collect::<Vec<_>>(), ["north-billing-000000001.csv"]);
    let ids = |text: &BTreeMap<String, String>| -> BTreeSet<String> {
        let rows = text.values().flat_map(|text| text.lines().skip(1)).map(str::to_owned);
        rows.map(|row| row.split(',').nth(1).unwrap().to_owned()).collect()
    };
    assert!(ids(&own).is_disjoint(&ids(&north)) && ids(&own).len() == 1, "each has ids of its own");
    let listed = site.json(&["post", "list", "--practice", "north"]);
    let targets: Vec<(&Value, &Value, &Value)> = listed["targets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| (&of["target"], &of["sent"], &of["nothing_to_post"]))
        .collect();
    let (one, none) = (Value::from(1), Value::from(0));
    assert_eq!(targets, [(&"billing".into(), &one, &none), (&"elsewhere".into(), &none, &one)]);
    assert!(files(&site.dir().join("post/elsewhere")).is_empty());
    site.assert_accounted(DAY);
}
