//! The operator's side, through the real binary: two remittances under one trace number, work, every tenant's documents,
//! documents that run again, who looked at a claim, and ids that are given once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, Site};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PAYEE: &str = "1234567893";
const MAPPING: &str = "practices/my-practice/mapping.toml";
const PROFILE: &str = "practices/my-practice/profile.toml";

/// An 835 of one claim charged 90.00: what was paid, the rest CO-45.
struct Check<'a> {
    envelope: u32,
    trace: &'a str,
    payee: &'a str,
    claim: &'a str,
    paid: u32,
}

impl Check<'_> {
    fn text(&self) -> String {
        let Self { envelope, trace, payee, claim, paid } = self;
        let body = [
            "ST*835*0001".to_owned(),
            format!("BPR*I*{paid}*C*ACH*CCP*01*111111118*DA*1*1999999999**01*222222226*DA*2*20260518"),
            format!("TRN*1*{trace}*1999999999"),
            "DTM*405*20260518".to_owned(),
            "N1*PR*EXAMPLE".to_owned(),
            "N3*1 PAYER ROAD".to_owned(),
            "N4*ANYTOWN*OH*430010000".to_owned(),
            "PER*BL*HELP DESK*TE*5555550101".to_owned(),
            format!("N1*PE*MY PRACTICE CHANGE ME*XX*{payee}"),
            "LX*1".to_owned(),
            format!("CLP*{claim}*1*90*{paid}**12*ICN{claim}"),
            "NM1*QC*1*VANCE*ORLA****MI*ID1".to_owned(),
            format!("SVC*HC:99213*90*{paid}**1"),
            "DTM*472*20260501".to_owned(),
            format!("CAS*CO*45*{}", 90 - paid),
        ];
        let count = body.len() + 1;
        format!(
            "ISA*00*          *00*          *ZZ*RECEIVERID     *ZZ*SUBMITTERID    *260518*1200*^*00501*{envelope:09}*0*T*:~\
             GS*HP*RECEIVERID*SUBMITTERID*20260518*1200*{envelope}*X*005010X221A1~{}~SE*{count}*0001~GE*1*{envelope}~\
             IEA*1*{envelope:09}~",
            body.join("~")
        )
    }
}

/// A site that has sent one claim; its CLM01.
fn sent(number: u32) -> (Site, String) {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(number).message().as_bytes());
    assert_eq!(site.run(DAY)["claims"]["submitted"], 1);
    let control = site.json(&["visit", "list"])[0]["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned();
    (site, control)
}

fn pay(site: &Site, check: &Check<'_>) -> Value {
    site.answer(&format!("{}.835", check.envelope), check.text().as_bytes());
    site.run(DAY)
}

fn states(site: &Site) -> Vec<String> {
    let listed = site.json(&["remittance", "list"]);
    listed.as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap().to_owned()).collect()
}

fn refused(site: &Site, arguments: &[&str], code: i32) -> String {
    let output = site.command(arguments);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {words}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    words
}

fn said(site: &Site, arguments: &[&str]) -> String {
    let output = site.command(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The end of a site that only one check was ever sent to.
fn only(paid: u32) -> Value {
    let (site, claim) = sent(1);
    let summary = pay(&site, &Check { envelope: 1, trace: "T1", payee: PAYEE, claim: &claim, paid });
    assert_eq!((&summary["claims"]["posted"], &summary["cents"]["paid"]), (&1.into(), &(paid * 100).into()));
    summary
}

fn same_money(one: &Value, other: &Value) {
    for key in ["claims", "cents", "ledger_digest"] {
        assert_eq!(one[key], other[key], "{key}");
    }
}

#[test]
fn of_two_remittances_under_one_number_the_chosen_one_counts_as_if_it_had_come_alone() {
    let (site, claim) = sent(1);
    let first = Check { envelope: 1, trace: "T1", payee: PAYEE, claim: &claim, paid: 70 };
    let second = Check { envelope: 2, paid: 60, ..first };
    assert_eq!(pay(&site, &first)["cents"]["paid"], 7_000);
    let other = Check { envelope: 3, trace: "T2", claim: "NOBODYS", ..first };
    pay(&site, &other);
    let words = refused(&site, &["remittance", "choose", "1"], 4);
    assert!(words.contains("not in conflict") && words.contains("remittance list"), "{words}");
    assert!(refused(&site, &["remittance", "choose", "my-practice/9"], 4).contains("remittance list"));
    // The second content: both are parked, and nothing stands.
    let parked = pay(&site, &second);
    assert_eq!((&parked["cents"]["paid"], &parked["claims"]["posted"]), (&0.into(), &0.into()), "{parked}");
    assert_eq!(states(&site), ["parked", "posted", "parked"]);
    let listed = site.json(&["remittance", "list", "--state", "parked"]);
    assert_eq!((&listed[1]["amount_cents"], &listed[1]["claims"]), (&6_000.into(), &1.into()), "{listed}");
    assert_eq!(listed[1]["other_contents"], serde_json::json!(["my-practice/1"]), "{listed}");
    let traced = said(&site, &["trace", "V1"]);
    let words = "parked: two contents under one key, choose with `claimhost remittance choose my-practice/3`";
    assert!(traced.contains(words), "{traced}");
    let payments = &site.json(&["trace", "V1"])["claims"][0]["payments"];
    assert_eq!((&payments[0]["state"], &payments[1]["state"]), (&"parked".into(), &"parked".into()), "{payments}");
    let work = site.json(&["work", "list", "--kind", "remittance.conflict"]);
    assert_eq!(work[0]["subject"], "my-practice/1", "{work}");
    // Chosen: as if the other had never come; the money of nobody's claim stays where it was.
    let chosen = site.json(&["--as-of", DAY, "remittance", "choose", "3"]);
    assert_eq!((&chosen["changed"], &chosen["set_aside"][0]), (&true.into(), &"my-practice/1".into()), "{chosen}");
    assert_eq!(states(&site), ["set-aside", "posted", "posted"]);
    assert_eq!(site.json(&["work", "list", "--kind", "remittance.conflict"]), serde_json::json!([]));
    let unapplied = site.json(&["remittance", "show", "2"]);
    assert_eq!(
        (&unapplied["unapplied_cents"], &unapplied["payments"][0]["state"]),
        (&7_000.into(), &"unapplied".into())
    );
    let history = site.json(&["remittance", "show", "1"])["history"].to_string();
    assert!(history.contains("set aside: remittance 3 was chosen") && history.contains("operator"), "{history}");
    let after = site.run(DAY);
    assert_eq!((&after["cents"]["paid"], &after["claims"]["posted"]), (&6_000.into(), &1.into()), "{after}");
    // Again, and again delivered: nothing moves.
    assert_eq!(site.json(&["remittance", "choose", "3"])["changed"], false);
    assert!(said(&site, &["remittance", "choose", "3"]).contains("was chosen before"));
    for check in [&first, &second] {
        site.answer("again.835", Check { envelope: 9, ..*check }.text().as_bytes());
        same_money(&site.run(DAY), &after);
    }
    assert_eq!(states(&site), ["set-aside", "posted", "posted"]);
}

#[test]
fn the_ledger_after_a_choice_is_the_ledger_of_the_chosen_one() {
    let (site, claim) = sent(1);
    let first = Check { envelope: 1, trace: "T1", payee: PAYEE, claim: &claim, paid: 70 };
    pay(&site, &first);
    pay(&site, &Check { envelope: 2, paid: 60, ..first });
    site.json(&["--as-of", DAY, "remittance", "choose", "2"]);
    same_money(&site.run(DAY), &only(60));
    // A wrong choice is corrected by another one.
    let corrected = site.json(&["--as-of", DAY, "remittance", "choose", "1"]);
    assert_eq!(corrected["set_aside"][0], "my-practice/2", "{corrected}");
    let seventy = only(70);
    same_money(&site.run(DAY), &seventy);
    // A third content is a new conflict; what was set aside stays so.
    pay(&site, &Check { envelope: 3, paid: 50, ..first });
    assert_eq!(states(&site), ["parked", "set-aside", "parked"]);
    site.json(&["--as-of", DAY, "remittance", "choose", "1"]);
    assert_eq!(states(&site), ["posted", "set-aside", "set-aside"]);
    same_money(&site.run(DAY), &seventy);
}

#[test]
fn work_is_listed_with_its_day_what_it_is_about_and_what_to_do() {
    let site = Site::new();
    site.hl7("a.hl7", Charge { payer: "NOBODYKNOWS".to_owned(), ..Charge::new(1) }.message().as_bytes());
    site.hl7("b.hl7", b"");
    site.answer("c.835", b"ISA*cut");
    site.run(DAY);
    let work = site.json(&["--as-of", DAY, "work", "list"]);
    let kinds: Vec<(&str, &str)> = work
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["kind"].as_str().unwrap(), row["practice"].as_str().unwrap()))
        .collect();
    for expected in
        [("claim.held", "my-practice"), ("document.rejected", "my-practice"), ("document.rejected", "clearing")]
    {
        assert!(kinds.contains(&expected), "{expected:?} in {work}");
    }
    assert_eq!(kinds.len(), 3, "{work}");
    for row in work.as_array().unwrap() {
        assert_eq!((&row["due"], &row["overdue"]), (&"2026-06-03".into(), &false.into()), "{row}");
        let subject = row["subject"].as_str().unwrap();
        assert!(row["to_do"].as_str().unwrap().contains(subject), "what to type names it: {row}");
        assert!(!row["words"].as_str().unwrap().is_empty(), "{row}");
    }
    let held = site.json(&["work", "list", "--kind", "claim.held", "--practice", "my-practice"]);
    assert!(held[0]["words"].as_str().unwrap().contains("payer.unknown"), "{held}");
    assert_eq!(site.json(&["--as-of", "2026-06-03", "work", "list", "--overdue"]), serde_json::json!([]));
    let late = site.json(&["--as-of", "2026-06-04", "work", "list", "--overdue", "--kind", "document"]);
    assert_eq!(late.as_array().unwrap().len(), 2, "{late}");
    assert!(said(&site, &["--as-of", "2026-06-04", "work", "list"]).contains("overdue"));
    assert!(refused(&site, &["work", "list", "--kind", "claim.hold"], 2).contains("claim.held"));
    // What held it is mended: the host closes the item itself.
    site.edit(PROFILE, "aliases = [\"EXAMPLE\"]", "aliases = [\"EXAMPLE\", \"NOBODYKNOWS\"]");
    site.run("2026-05-21");
    assert_eq!(site.json(&["work", "list", "--kind", "claim"]), serde_json::json!([]));
}

#[test]
fn documents_of_every_tenant_are_listed_and_add_up() {
    let (site, claim) = sent(1);
    pay(&site, &Check { envelope: 1, trace: "T1", payee: PAYEE, claim: &claim, paid: 70 });
    site.answer("cut.835", b"ISA*cut");
    let summary = site.run(DAY);
    let listed = site.json(&["document", "list"]);
    let rows = listed.as_array().unwrap();
    let received: Vec<&Value> = rows.iter().filter(|row| row["part"] == false).collect();
    assert_eq!(summary["documents"]["received"], received.len(), "{listed}");
    let of = |status: &str| received.iter().filter(|row| row["status"] == status).count();
    for status in ["translated", "ignored", "rejected", "parked", "pending"] {
        assert_eq!(summary["documents"][status], of(status), "{status}: {listed}");
    }
    let clearing: Vec<&&Value> = received.iter().filter(|row| row["practice"] == "clearing").collect();
    assert_eq!(clearing.len(), 2, "{listed}");
    for row in clearing {
        let shown = site.json(&["document", "show", row["id"].as_str().unwrap()]);
        assert!(shown["file_name"].as_str().unwrap().ends_with(".835"), "{shown}");
    }
    assert_eq!(rows.len() - received.len(), 1, "the practice's part of the 835: {listed}");
    let output = site.command(&["document", "list"]);
    let counted = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(counted.contains("3 documents received: 2 translated, 0 ignored, 1 rejected"), "{counted}");
    assert!(String::from_utf8_lossy(&output.stdout).contains(" clearing "), "the practice is a column");
}

fn statuses(site: &Site, practice: &str) -> Vec<String> {
    let listed = site.json(&["document", "list", "--practice", practice]);
    let text = |row: &Value| format!("{} {}", row["status"].as_str().unwrap(), row["reason"].as_str().unwrap());
    listed.as_array().unwrap().iter().map(text).collect()
}

#[test]
fn what_a_mapping_refused_runs_again_when_the_mapping_is_mended() {
    let site = Site::new();
    let message = |number| Charge { visit: String::new(), ..Charge::new(number) }.message();
    site.hl7("1.hl7", message(1).as_bytes());
    site.hl7("2.hl7", [message(2), Charge::new(3).message()].concat().as_bytes());
    assert_eq!(site.run(DAY)["documents"]["rejected"], 2);
    // Nothing is mended: they run, and nothing else changes.
    let again = site.json(&["--as-of", DAY, "document", "retry", "--rejected"]);
    assert!(again.as_array().unwrap().iter().all(|row| row["after"] == "rejected" && row["kept"].is_null()), "{again}");
    assert_eq!(site.json(&["work", "list", "--kind", "document"]).as_array().unwrap().len(), 2);
    site.edit(MAPPING, "# number = \"PV1-19.1|PID-18.1\"", "number = \"PV1-19.1|PID-3.1\"");
    // The EHR has sent the first one again meanwhile: what runs again is a repeat of it.
    site.hl7("1-again.hl7", message(1).replace("|MSG1|", "|MSG91|").as_bytes());
    assert_eq!(site.run(DAY)["claims"]["submitted"], 2);
    let retried = site.json(&["--as-of", DAY, "document", "retry", "--rejected"]);
    let ends: Vec<(&str, &str)> = retried
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["after"].as_str().unwrap(), row["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(ends, [("ignored", "repeat"), ("translated", "")], "{retried}");
    let history = site.json(&["document", "show", "my-practice/2"])["history"].to_string();
    assert!(history.contains("translated (ran again, was rejected)") && history.contains("operator"), "{history}");
    assert_eq!(site.json(&["work", "list", "--kind", "document"]), serde_json::json!([]));
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["total"]), (&3.into(), &3.into()), "{summary}");
    assert_eq!(summary["documents"]["received"], 4, "no document was added: {summary}");
    // A run too many is harmless; a document with another end says why it stays.
    assert_eq!(site.json(&["document", "retry", "--rejected", "--parked"]), serde_json::json!([]));
    let stays = site.json(&["document", "retry", "my-practice/2"]);
    assert!(stays[0]["kept"].as_str().unwrap().contains("only rejected and parked"), "{stays}");
    same_money(&site.run(DAY), &summary);
    assert!(refused(&site, &["document", "retry", "my-practice/99"], 4).contains("document list"));
    refused(&site, &["document", "retry"], 2);
}

#[test]
fn a_superbill_cut_wrongly_becomes_its_rows_when_the_delimiter_is_declared() {
    let site = Site::new();
    let patients = "Patient ID;Last;First;DOB;Sex;Address 1;City;State;ZIP;Payer;Member ID;Relationship\n\
                    P1;VANCE;ORLA;01/01/1980;F;12 ELM STREET;ANYTOWN;OH;43001;EXAMPLE;ID1;self\n";
    let charges = "Visit ID;Line ID;Action;Status;Seq;Patient ID;Rendering NPI;Location;DOS;CPT;Units;Charge;Dx1;Dx2;Dx3;Dx4;Pointers\n\
                   B1;L1;new;closed;1;P1;1000000004;MAIN;05/01/2026;99213;1;90.00;J06.9;;;;1\n\
                   B2;L2;new;closed;2;P1;1000000004;MAIN;05/04/2026;99213;1;90.00;J06.9;;;;1\n";
    site.csv("1.csv", charges.as_bytes());
    let refused = site.run(DAY)["documents"]["rejected"].as_u64().unwrap();
    assert!(refused >= 2, "{:?}", statuses(&site, "my-practice"));
    site.edit("practices/my-practice/mapping.csv-superbill.toml", "delimiter = \",\"", "delimiter = \";\"");
    site.csv("patients-1.csv", patients.as_bytes());
    site.run(DAY);
    let retried = site.json(&["--as-of", DAY, "document", "retry", "--rejected"]);
    assert_eq!(retried.as_array().unwrap().len() as u64, refused, "{retried}");
    let summary = site.run(DAY);
    assert_eq!(
        (&summary["documents"]["rejected"], &summary["documents"]["translated"]),
        (&0.into(), &2.into()),
        "{retried}"
    );
    assert_eq!(summary["claims"]["submitted"], 2, "{summary}");
    assert_eq!(site.json(&["work", "list"]), serde_json::json!([]), "{retried}");
}

#[test]
fn a_remittance_of_a_payee_nobody_had_runs_again_when_the_profile_is_mended() {
    let site = Site::new();
    let check = Check { envelope: 1, trace: "T1", payee: "1000000012", claim: "ELSEWHERE", paid: 70 };
    assert_eq!(pay(&site, &check)["documents"]["rejected"], 1);
    assert_eq!(statuses(&site, "clearing"), ["rejected clearing.unowned"]);
    site.edit(PROFILE, "npi = \"1234567893\"", "npi = \"1000000012\"");
    let retried = site.json(&["--as-of", DAY, "document", "retry", "clearing/1"]);
    assert_eq!((&retried[0]["before"], &retried[0]["after"]), (&"rejected".into(), &"translated".into()), "{retried}");
    assert_eq!(site.json(&["remittance", "list"])[0]["unapplied_cents"], 7_000);
    let work = site.json(&["work", "list"]);
    assert_eq!((work.as_array().unwrap().len(), &work[0]["kind"]), (1, &"remittance.unapplied".into()), "{work}");
    let summary = site.run(DAY);
    assert_eq!((&summary["documents"]["received"], &summary["documents"]["rejected"]), (&1.into(), &0.into()));
}

#[test]
fn who_looked_is_known_as_it_was_then() {
    let site = Site::new();
    let (none, medicare) = ("[\"medicare\"].\nrules = []", "[\"medicare\"].\nrules = [\"medicare\"]");
    site.edit(PROFILE, none, medicare);
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let plugins = site.json(&["plugin", "list"]);
    let digest = |id: &str| {
        let found = plugins["plugins"].as_array().unwrap().iter().find(|plugin| plugin["id"] == id).unwrap();
        found["digest"].as_str().unwrap().to_owned()
    };
    // The profile has another mind now; the claim was looked at then.
    site.edit(PROFILE, medicare, none);
    let why = site.json(&["claim", "why", "1"]);
    assert_eq!(why["looked"][0]["rule_set"], "", "{why}");
    assert_eq!(why["looked"][1]["rule_set"], "medicare");
    // Behind the version, what it was granted: code tables.
    let looked = why["looked"][1]["digest"].as_str().unwrap();
    let (plugin, granted) = looked.split_once('+').unwrap();
    assert_eq!((plugin, granted.len()), (digest("medicare").as_str(), 32));
    assert!(said(&site, &["claim", "why", "1"]).contains(&format!("rule set medicare ({looked})")));
    let history = site.json(&["claim", "history", "1"]);
    let of = |history: &Value, event: &str| {
        let rows = history.as_array().unwrap();
        let row = rows.iter().find(|row| row["event"].as_str().unwrap().starts_with(event));
        row.unwrap_or_else(|| panic!("{event} in {history}"))["plugin_digest"].as_str().unwrap().to_owned()
    };
    for event in ["version 1 ready", "ready"] {
        assert_eq!(of(&history, event), looked, "{history}");
    }
    // A visit's history names the adapter that told of it, at first and later.
    let later = Charge::new(1).message().replace("|MSG1|", "|MSG2|").replace("|C1|", "|C2|").replace("99213", "99214");
    site.hl7("2.hl7", later.as_bytes());
    site.run(DAY);
    let visit = site.json(&["visit", "show", "V1"])["history"].clone();
    for event in ["open", "event of document 2"] {
        // The adapter, and behind a plus the mapping that it reads with.
        let both = of(&visit, event);
        let (plugin, setup) = both.split_once('+').unwrap_or_else(|| panic!("{visit}"));
        assert_eq!((plugin, setup.len()), (digest("hl7v2-dft").as_str(), 32), "{visit}");
    }
}

#[test]
fn the_id_of_a_dropped_claim_is_never_given_again() {
    let site = Site::new();
    let held = Charge { payer: "NOBODYKNOWS".to_owned(), ..Charge::new(1) };
    site.hl7("1.hl7", held.message().as_bytes());
    site.run(DAY);
    assert_eq!(site.json(&["claim", "list"])[0]["id"], "my-practice/1");
    let cancelled = held.message().replace("|CG|", "|DT|").replace("|MSG1|", "|MSG2|").replace("120000|", "130000|");
    site.hl7("2.hl7", cancelled.replace("20260501120000", "20260501130000").as_bytes());
    site.run(DAY);
    assert_eq!(site.json(&["claim", "list"]), serde_json::json!([]), "the visit says it no longer");
    // The EHR took back what it had charged: nothing is missing, and nothing to do.
    assert_eq!(site.json(&["visit", "list"])[0]["state"], "not-billable");
    assert_eq!(site.json(&["--as-of", DAY, "work", "list"]), serde_json::json!([]));
    site.assert_accounted(DAY);
    site.hl7("3.hl7", Charge::new(3).message().as_bytes());
    site.run(DAY);
    assert_eq!(site.json(&["claim", "list"])[0]["id"], "my-practice/2");
    let history = site.json(&["claim", "history", "1"]).to_string();
    assert!(history.contains("dropped") && !history.contains("submitted"), "{history}");
    assert!(!site.json(&["claim", "history", "2"]).to_string().contains("dropped"));
}

#[test]
fn a_store_of_another_form_is_refused_with_what_to_do() {
    let site = Site::new();
    site.run_unapproved("2026-05-20");
    let store = rusqlite::Connection::open(site.dir().join("store/claimhost.db")).unwrap();
    store.pragma_update(None, "application_id", 0).unwrap();
    drop(store);
    // Whoever writes, and whoever only looks.
    for arguments in [&["run", "--once"][..], &["claim", "list"]] {
        let output = site.command(arguments);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        let told = words.contains("is of an earlier claimhost") && words.contains("make a new one");
        assert!(!output.status.success() && told, "{arguments:?}: {words}");
    }
}
