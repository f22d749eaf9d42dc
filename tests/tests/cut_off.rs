//! Files that end inside their last charge: what is left of it is never billed. A source whose files never end with a line
//! end is no such thing, and what its files looked like before tells the two apart.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{Charge, PRACTICE, Site, counts};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const HEADER: &str = "Visit ID,Line ID,Status,Patient ID,Patient Last,Patient First,Patient DOB,Patient Sex,Address 1,City,State,ZIP,Payer,Member ID,Rendering NPI,Location,DOS,CPT,Units,Dx1,Charge\n";

/// A message whose last segment is its charge, and the charge ends with the amount.
fn message(number: u32) -> String {
    let text = Charge::of_nobody_else(number).message();
    let (charge, rest): (Vec<&str>, Vec<&str>) =
        text.split_terminator('\r').partition(|segment| segment.starts_with("FT1"));
    let charge = charge[0].replace("|J06.9^^I10|DR01", "");
    let charge = charge.trim_end_matches('|').trim_end_matches("MAIN").trim_end_matches('|');
    assert!(charge.ends_with("|90.00"), "{charge}");
    rest.into_iter().chain([charge]).map(|segment| format!("{segment}\r")).collect()
}

fn row(number: u32) -> String {
    let born = format!("03/{:02}/1970", number + 1);
    format!(
        "V{number},C{number},closed,M{number},VANCE,ORLA,{born},F,12 ELM STREET,ANYTOWN,OH,43001,EXAMPLE,ID{number},1000000004,MAIN,05/01/2026,99213,1,J06.9,90.00\n"
    )
}

/// What the site says of the files of its folders.
fn say(site: &Site, before: &str, now: &str) {
    let line = |word: &str| format!("last_line = \"{word}\"");
    site.edit("claimhost.toml", &line(before), &line(now));
}

fn reasons(site: &Site) -> Vec<String> {
    let rejected = site.documents(PRACTICE).into_iter().filter(|document| document["status"] == "rejected");
    rejected.map(|document| document["reason"].as_str().unwrap().to_owned()).collect()
}

fn leaves(summary: &Value) -> (u64, u64) {
    (summary["claims"]["submitted"].as_u64().unwrap(), summary["cents"]["billed"].as_u64().unwrap())
}

#[test]
fn the_first_file_of_a_folder_is_refused_wherever_its_last_amount_is_cut() {
    let whole = message(1);
    let amount = whole.rfind("90.00").unwrap();
    for end in amount + 1..amount + 5 {
        let site = Site::new();
        site.hl7("a.hl7", &whole.as_bytes()[..end]);
        let summary = site.run(DAY);
        assert_eq!((&summary["claims"]["total"], reasons(&site)), (&0.into(), vec!["hl7.cut-off".to_owned()]), "{end}");
        // The whole file is taken once.
        site.hl7("b.hl7", whole.as_bytes());
        assert_eq!(leaves(&site.run(DAY)), (1, 9_000));
    }
    // Two decimals are the whole of an amount: without its line end alone the file says what it says.
    let site = Site::new();
    say(&site, "compare", "open");
    site.hl7("a.hl7", whole.trim_end().as_bytes());
    assert_eq!(leaves(&site.run(DAY)), (1, 9_000));
}

fn held(site: &Site) -> Vec<String> {
    let listed = site.json(&["claim", "list", "--state", "held", "--findings"]);
    let rules = |claim: &Value| -> Vec<String> {
        let holds = claim["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "hold");
        holds.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    };
    listed.as_array().unwrap().iter().flat_map(rules).collect()
}

/// Where text is cut nothing in a file tells; in a first file of its folder nothing before it does. It is looked at, and nothing of it leaves.
#[test]
fn what_the_first_files_end_with_is_held_until_somebody_knows() {
    let site = Site::new();
    let whole = Charge::of_nobody_else(1).message();
    let cut = &whole[..whole.find("|ID1").unwrap() + 3];
    site.hl7("a.hl7", cut.as_bytes());
    site.hl7("b.hl7", message(2).trim_end().as_bytes());
    let summary = site.run(DAY);
    assert_eq!((counts(&summary)["rejected"], leaves(&summary).0), (0, 0), "{summary}");
    assert_eq!(held(&site).iter().filter(|rule| *rule == "line.open-end").count(), 2, "{:?}", held(&site));
    let marked = site.documents(PRACTICE).into_iter().filter(|one| one["reason"] == "line.open-end").count();
    assert_eq!(marked, 2);
    // Others leave, and no approval lets these go.
    for number in 3..=6 {
        site.hl7(&format!("c{number}.hl7"), message(number).as_bytes());
    }
    assert_eq!(leaves(&site.run(DAY)).0, 4);
    // The first comes again, whole, in the same order of its source: what was cut says nothing any more. The second is as it was.
    site.hl7("d.hl7", whole.as_bytes());
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary).0, held(&site)), (5, vec!["line.open-end".to_owned()]), "{summary}");
    let sent: String = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    assert!(sent.contains("*MI*ID1~") && !sent.contains("*MI*I~"), "{sent}");
    // Somebody has seen that it is whole.
    let claims = site.json(&["claim", "list", "--state", "held"]);
    let id = claims[0]["id"].as_str().unwrap();
    site.json(&["--as-of", DAY, "claim", "accept", id, "line.open-end", "--reason", "seen", "--by", "A. Lee"]);
    assert_eq!(leaves(&site.run(DAY)).0, 6);
}

/// Another charge of the visit is not the one that was cut.
#[test]
fn other_news_of_the_visit_does_not_say_that_it_was_whole() {
    let site = Site::new();
    let whole = Charge::of_nobody_else(1).message();
    site.hl7("a.hl7", &whole.as_bytes()[..whole.find("|ID1").unwrap() + 3]);
    site.hl7("b.hl7", whole.replace("20260501120000", "20260501130000").replace("FT1|1|C1|", "FT1|1|C9|").as_bytes());
    let summary = site.run(DAY);
    assert_eq!(leaves(&summary).0, 0, "{summary}");
    assert!(held(&site).contains(&"line.open-end".to_owned()), "{:?}", held(&site));
}

/// What was whole without its line end comes again with it, word for word: it is no news, and answers the question. So does the site.
#[test]
fn the_same_again_with_a_line_end_or_the_sites_word_says_that_it_was_whole() {
    let site = Site::new();
    site.hl7("a.hl7", message(1).trim_end().as_bytes());
    site.hl7("b.hl7", message(2).trim_end().as_bytes());
    assert_eq!(leaves(&site.run(DAY)).0, 0);
    site.hl7("c.hl7", message(1).as_bytes());
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary).0, counts(&summary)["ignored"]), (1, 1), "{summary}");
    say(&site, "compare", "open");
    assert_eq!((leaves(&site.run(DAY)).0, held(&site)), (2, Vec::new()));
    say(&site, "open", "closed");
    assert_eq!(leaves(&site.run(DAY)).0, 2, "what was answered stays answered");
}

/// What takes a charge back or corrects it is not told again by the charge before it.
#[test]
fn a_correction_that_may_be_cut_is_held_and_not_dropped() {
    for kind in ["DT", "AJ", "CD"] {
        let site = Site::new();
        let whole = Charge::of_nobody_else(1).message();
        site.hl7("a.hl7", whole.as_bytes());
        let later = whole.replace("20260501120000", "20260501130000").replace("|CG|", &format!("|{kind}|"));
        site.hl7("b.hl7", later.trim_end().as_bytes());
        let summary = site.run(DAY);
        let work = site.json(&["--as-of", DAY, "work", "list"]).to_string();
        assert_eq!(leaves(&summary).0, 0, "{kind}: {summary}");
        assert!(work.contains("line.open-end") || held(&site).contains(&"line.open-end".to_owned()), "{kind}: {work}");
    }
}

/// A word on what is seen is none on what comes later.
#[test]
fn an_accepted_end_accepts_no_other_one() {
    let site = Site::new();
    let first = Charge::of_nobody_else(1).message();
    site.hl7("a.hl7", first.trim_end().as_bytes());
    site.run(DAY);
    let id = site.json(&["claim", "list", "--state", "held"])[0]["id"].as_str().unwrap().to_owned();
    let accept = ["--as-of", DAY, "claim", "accept", &id, "line.open-end", "--reason", "seen", "--by", "A. Lee"];
    site.json(&accept);
    let second = first.replace("20260501120000", "20260501130000").replace("FT1|1|C1|", "FT1|1|C9|");
    site.hl7("b.hl7", &second.as_bytes()[..second.find("|ID1").unwrap() + 3]);
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary).0, held(&site).contains(&"line.open-end".to_owned())), (0, true), "{summary}");
}

/// What a whole document has told again says nothing any more, whatever the site says afterwards.
#[test]
fn what_was_told_again_stays_told() {
    let site = Site::new();
    let whole = Charge::of_nobody_else(1).message();
    site.hl7("a.hl7", &whole.as_bytes()[..whole.find("|ID1").unwrap() + 3]);
    site.run(DAY);
    site.hl7("b.hl7", whole.as_bytes());
    assert_eq!(leaves(&site.run(DAY)).0, 1);
    say(&site, "compare", "open");
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary), held(&site)), ((1, 9_000), Vec::new()), "{summary}");
    assert_eq!(site.outbox().len(), 1, "no correction leaves");
    site.assert_accounted(DAY);
}

#[test]
fn charges_that_are_joined_with_a_row_without_a_line_end_are_held_too() {
    let site = Site::new();
    site.add_folder("rows", "csv-superbill");
    let text = std::fs::read_to_string(site.dir().join("claimhost.toml")).unwrap();
    std::fs::write(site.dir().join("claimhost.toml"), text + "mapping = \"joined.toml\"\n").unwrap();
    let join = "[[framing.join]]\nname = \"patients\"\nfile = \"patients*.csv\"\nkey = \"Patient ID\"\non = \"Patient ID\"\n\
                [columns]\npatient_middle = \"patients:Middle\"\n";
    std::fs::write(site.dir().join("joined.toml"), join).unwrap();
    let put = |name: &str, text: &str| site.put("inbox/rows", name, text.as_bytes());
    put("patients0.csv", "Patient ID,Middle\nM3,CA");
    put("patients1.csv", "Patient ID,Middle\nM1,A\nM2,BO");
    put("a.csv", &format!("{HEADER}{}{}{}", row(1), row(2), row(3)));
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary).0, held(&site)), (1, vec!["line.open-end".to_owned(); 2]), "{summary}");
    // The joined file comes whole, and the charge again.
    put("patients2.csv", "Patient ID,Middle\nM1,A\nM2,BOAZ\nM3,CAL\n");
    put("b.csv", &format!("{HEADER}{}{}", row(2), row(3)));
    assert_eq!((leaves(&site.run(DAY)).0, held(&site)), (3, Vec::new()));
}

/// Wherever a charge message is cut before its charge, somebody is told: it is no message without charges.
#[test]
fn a_charge_message_that_is_cut_before_its_charge_is_refused() {
    let site = Site::new();
    let whole = Charge::new(1).message();
    let charge = whole.find("FT1|").unwrap();
    // One that ends with a whole segment, and its end, is a message without charges.
    for end in (5..charge).step_by(7).filter(|end| !whole[..*end].ends_with('\r')) {
        site.hl7(&format!("{end:04}.hl7"), &whole.as_bytes()[..end]);
    }
    let summary = site.run(DAY);
    let counted = counts(&summary);
    assert!(counted["received"] > 20, "{summary}");
    assert_eq!((counted["received"], counted["ignored"]), (counted["rejected"], 0), "{summary}");
    assert!(reasons(&site).iter().filter(|reason| *reason == "hl7.cut-off").count() > 20, "{:?}", reasons(&site));
}

#[test]
fn the_same_cut_file_again_is_refused_again() {
    let site = Site::new();
    let whole = message(1);
    let cut = &whole.as_bytes()[..whole.rfind("90.00").unwrap() + 1];
    for name in ["a.hl7", "b.hl7", "c.hl7", "d.hl7"] {
        site.hl7(name, cut);
        let summary = site.run(DAY);
        assert_eq!(summary["claims"]["total"], 0, "{name}: what was cut says nothing of its source: {summary}");
    }
    assert_eq!(reasons(&site).len(), 4);
}

#[test]
fn a_folder_whose_files_have_line_ends_refuses_one_without() {
    let site = Site::new();
    for number in 1..=3 {
        site.hl7(&format!("a{number}.hl7"), message(number).as_bytes());
    }
    site.hl7("b.hl7", message(4).trim_end().as_bytes());
    site.hl7("c.hl7", message(5).as_bytes());
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary), reasons(&site)), ((4, 36_000), vec!["hl7.cut-off".to_owned()]), "{summary}");
    assert_eq!(counts(&summary)["rejected"], 1, "{summary}");
    let refused = site.documents(PRACTICE).into_iter().find(|document| document["status"] == "rejected").unwrap();
    let told = refused["detail"].to_string();
    for words in ["FT1", "field 11", "send the file again", "last_line"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // The sender's new version writes none any more: the operator says so, and the document runs again.
    site.edit("claimhost.toml", "last_line = \"compare\"", "last_line = \"open\"");
    site.json(&["--as-of", DAY, "document", "retry", refused["id"].as_str().unwrap()]);
    assert_eq!(leaves(&site.run(DAY)), (5, 45_000));
}

#[test]
fn a_note_that_the_end_cut_is_no_end_where_files_have_line_ends() {
    let site = Site::new();
    site.edit("claimhost.toml", "last_line = \"compare\"", "last_line = \"closed\"");
    site.hl7("a.hl7", format!("{}NTE|1||patient to", message(1)).as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["total"], reasons(&site)), (&0.into(), vec!["hl7.cut-off".to_owned()]), "{summary}");
}

#[test]
fn rows_of_a_superbill_are_no_different() {
    let site = Site::new();
    site.add_folder("rows", "csv-superbill");
    let put = |name: &str, text: &str| site.put("inbox/rows", name, text.as_bytes());
    let text = format!("{HEADER}{}{}", row(1), row(2));
    put("a.csv", text.trim_end().strip_suffix("0.00").unwrap());
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary).0, reasons(&site)), (1, vec!["csv.truncated".to_owned()]), "{summary}");
    put("b.csv", &text);
    assert_eq!(leaves(&site.run(DAY)), (2, 18_000));
    // A row without its last cells says itself that it is cut.
    let cut = format!("{HEADER}{}", row(3));
    put("c.csv", cut.trim_end().strip_suffix(",J06.9,90.00").unwrap());
    assert_eq!((leaves(&site.run(DAY)).0, reasons(&site).len()), (2, 2));
    // Whole is an amount with its decimals, and a last cell that is closed, where the site says that its files end so.
    let config = std::fs::read_to_string(site.dir().join("claimhost.toml")).unwrap();
    std::fs::write(site.dir().join("claimhost.toml"), config + "last_line = \"open\"\n").unwrap();
    put("d.csv", format!("{HEADER}{}", row(4)).trim_end());
    put("e.csv", &format!("{HEADER}{}", row(5)).replace(",90.00\n", ",\"90\""));
    assert_eq!(leaves(&site.run(DAY)), (4, 36_000));
}

#[test]
fn a_transfer_that_is_cut_again_and_again_is_refused_again_and_again() {
    let site = Site::new();
    for number in 1..=3 {
        site.hl7(&format!("a{number}.hl7"), message(number).as_bytes());
    }
    // Inside the member id, where nothing in the line itself tells.
    let whole = Charge::of_nobody_else(4).message();
    let cut = &whole[..whole.find("|ID4").unwrap() + 3];
    for name in ["b1.hl7", "b2.hl7"] {
        site.hl7(name, cut.as_bytes());
    }
    let summary = site.run(DAY);
    assert_eq!((leaves(&summary).0, reasons(&site).len()), (3, 2), "both in one run: {summary}");
    for name in ["c1.hl7", "c2.hl7", "c3.hl7", "c4.hl7"] {
        site.hl7(name, cut.as_bytes());
        site.run(DAY);
    }
    assert_eq!(reasons(&site), vec!["hl7.cut-off"; 6]);
}
