//! `claimhost checklist`, `review` and `go-live` through the real binary: a practice that is not approved ingests and does not
//! submit; each line is moved by facts and by recorded reviews, falls due again, and says what to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use claimhost_tests::site::{Charge, PRACTICE, Site};
use claimhost_tests::x12::{ack, check, clp, interchange};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const OURS: &str = "1234567893";
const MAPPING: &str = "practices/my-practice/mapping.toml";
const PROFILE: &str = "practices/my-practice/profile.toml";

/// Whatever the exit code: what a command printed for machines, the code, and what it said.
fn told(site: &Site, arguments: &[&str]) -> (Value, i32, String) {
    let output = site.command(&[arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), output.status.code().unwrap(), said)
}

fn go_live(site: &Site, more: &[&str]) -> (Value, i32, String) {
    told(site, &[&["--as-of", DAY, "go-live", PRACTICE], more].concat())
}

/// Lines by id.
fn lines(site: &Site, day: &str) -> BTreeMap<String, Value> {
    let (list, code, said) = told(site, &["--as-of", day, "checklist", PRACTICE]);
    let lines = list["lines"].as_array().unwrap_or_else(|| panic!("{said}"));
    assert_eq!(lines.len(), 10);
    let pass = lines.iter().filter(|line| line["status"] == "pass").count();
    assert_eq!((list["pass"].as_u64(), code), (Some(pass as u64), if pass == 10 { 0 } else { 4 }));
    for line in lines {
        let to_do = line["to_do"].as_str().unwrap();
        assert_eq!(to_do.is_empty(), line["status"] == "pass", "{line}");
        assert!(!line["found"].as_str().unwrap().is_empty(), "{line}");
    }
    lines.iter().map(|line| (line["id"].as_str().unwrap().to_owned(), line.clone())).collect()
}

/// Status and next day of a line.
fn stands(line: &Value) -> (&str, &str) {
    (line["status"].as_str().unwrap(), line["next_due"].as_str().unwrap_or("always"))
}

#[test]
fn a_practice_that_nobody_has_approved_ingests_and_does_not_submit() {
    let site = Site::new();
    site.run_unapproved(DAY);
    let (_, code, said) = go_live(&site, &["--approve", "--by", "A. Lee"]);
    assert!(code == 4 && said.contains("no claim was made yet") && said.contains("nothing was recorded"), "{said}");

    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.hl7("2.hl7", Charge::new(2).message().replace("99213^^C4", "NONE^^L").as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!((&summary["claims"]["ready"], &summary["claims"]["held"]), (&1.into(), &1.into()), "{summary}");
    assert!(site.outbox().is_empty());
    let work = site.json(&["--as-of", DAY, "work", "list", "--kind", "practice.go-live"]);
    assert_eq!((work.as_array().unwrap().len(), &work[0]["amount_cents"]), (1, &9_000.into()), "{work}");
    assert!(work[0]["words"].as_str().unwrap().contains("nobody has approved yet"), "{work}");
    // It is in an end, until that work is overdue.
    site.assert_accounted(DAY);
    let (late, ..) = told(&site, &["--as-of", "2026-06-20", "trace", "--unaccounted"]);
    assert!(late.to_string().contains("practice.go-live"), "{late}");
    // Turns without news write nothing.
    let head = |site: &Site| site.json(&["verify", "--practice", PRACTICE])["practices"][0]["head"].clone();
    let before = head(&site);
    site.run_unapproved(DAY);
    assert_eq!(head(&site), before);

    let (seen, code, _) = go_live(&site, &[]);
    assert_eq!((code, &seen["approved"], &seen["approved_on"]), (4, &false.into(), &Value::Null), "{seen}");
    let run = &seen["dry_run"];
    assert_eq!((&run["ready"], &run["written"], &run["unwritable"]), (&1.into(), &1.into(), &0.into()), "{run}");
    assert_eq!((&run["held"], &run["ready_cents"]), (&1.into(), &9_000.into()), "{run}");
    assert!(run["rules"].to_string().contains("procedure.unmapped"), "{run}");
    let documents = &seen["coverage"]["documents"]["folder:0"];
    assert_eq!((&documents["translated"], &seen["coverage"]["visits"]), (&2.into(), &2.into()), "{seen}");

    let (seen, code, said) = go_live(&site, &["--approve", "--by", "A. Lee"]);
    assert_eq!((code, &seen["approved_by"], &seen["approved_on"]), (0, &"A. Lee".into(), &DAY.into()), "{said}");
    let summary = site.run_unapproved(DAY);
    assert_eq!((&summary["claims"]["submitted"], site.outbox().len()), (&1.into(), 1), "{summary}");
    assert_eq!(site.json(&["work", "list", "--kind", "practice.go-live"]), Value::Array(Vec::new()));
    site.assert_accounted(DAY);

    // Any other byte in a mapping, and everything waits again: a new claim, and one that a 999 sends back.
    let mapping = site.text(MAPPING);
    site.write(MAPPING, (mapping.clone() + "\n# looked at again\n").as_bytes());
    site.hl7("3.hl7", Charge::new(3).message().as_bytes());
    site.answer("1.999", ack(1, 1, "R", "R").as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!((&summary["claims"]["ready"], site.outbox().len()), (&2.into(), 1), "{summary}");
    let work = site.json(&["work", "list", "--kind", "practice.go-live"]);
    assert!(work[0]["words"].as_str().unwrap().contains("a mapping has changed") && work[0]["amount_cents"] == 18_000);
    let line = lines(&site, DAY)["go-live"].clone();
    assert_eq!((stands(&line), &line["number"]), (("fail", DAY), &2.into()), "{line}");
    // As it was before, it is approved already.
    site.write(MAPPING, mapping.as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!((&summary["claims"]["submitted"], site.outbox().len()), (&2.into(), 2), "{summary}");
    assert_eq!(stands(&lines(&site, DAY)["go-live"]), ("pass", "always"));
    site.assert_accounted(DAY);
}

#[test]
fn an_adapter_that_is_not_active_is_the_reason_and_nothing_is_approved_without_it() {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let folder = site.dir().join("plugins/csv-superbill");
    std::fs::rename(&folder, site.dir().join("away")).unwrap();
    site.hl7("2.hl7", Charge::new(2).message().as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!((&summary["claims"]["ready"], &summary["claims"]["submitted"]), (&1.into(), &1.into()), "{summary}");
    let words = |site: &Site| site.json(&["work", "list", "--kind", "practice.go-live"])[0]["words"].to_string();
    assert!(words(&site).contains("what reads its documents is not active: csv-superbill"), "{}", words(&site));
    let (seen, code, _) = go_live(&site, &[]);
    assert_eq!((code, &seen["inactive"]), (4, &serde_json::json!(["csv-superbill"])), "{seen}");
    let line = lines(&site, DAY)["go-live"].clone();
    assert!(stands(&line).0 == "fail" && line["found"].as_str().unwrap().contains("is not active: csv-superbill"));
    let (_, code, said) = go_live(&site, &["--approve", "--by", "A. Lee"]);
    assert!(
        code == 4 && said.contains("is not active: csv-superbill") && said.contains("nothing was recorded"),
        "{said}"
    );
    // It waits for another reason meanwhile: the work says that one.
    std::fs::rename(site.dir().join("away"), &folder).unwrap();
    let mapping = site.text(MAPPING);
    site.write(MAPPING, (mapping.clone() + "\n# other words\n").as_bytes());
    site.run_unapproved(DAY);
    assert!(words(&site).contains("a mapping has changed"), "{}", words(&site));
    // As it was, it is approved already.
    site.write(MAPPING, mapping.as_bytes());
    assert_eq!(site.run_unapproved(DAY)["claims"]["submitted"], 2);
    site.assert_accounted(DAY);
}

#[test]
fn a_changed_profile_does_not_ask_again() {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    site.edit(PROFILE, "alarm_days = 30", "alarm_days = 31");
    site.hl7("2.hl7", Charge::new(2).message().as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!(summary["claims"]["submitted"], 2, "{summary}");
    // Another way in does.
    site.add_folder("more", "hl7v2-dft");
    site.hl7("3.hl7", Charge::new(3).message().as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["ready"]), (&2.into(), &1.into()), "{summary}");
}

/// A site whose schedule has these visits: number, day (MM/DD/YYYY) and type.
fn scheduled(visits: &[(u32, String, &str)]) -> Site {
    let site = Site::new();
    site.write("practices/my-practice/mapping.schedule.toml", b"source_system = \"SITE\"\ncontent = \"schedule\"\n");
    let more = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/schedule\"\nadapter = \"csv-superbill\"\n\
                mapping = \"practices/my-practice/mapping.schedule.toml\"\n";
    site.write("claimhost.toml", (site.text("claimhost.toml") + more).as_bytes());
    let heading =
        "Appt ID,Visit ID,Status,Date,Time,Visit Type,Provider ID,Patient ID,Patient Last,Patient First,Patient DOB\n";
    let row = |(at, day, kind): &(u32, String, &str)| {
        format!("A{at},V{at},Completed,{day},9:00,{kind},DR01,M{at},VANCE,ORLA,01/01/1980\n")
    };
    let rows: String = visits.iter().map(row).collect();
    site.write("inbox/schedule/1.csv", (heading.to_owned() + &rows).as_bytes());
    site
}

/// A visit in April and one in May that are charged, and one in May that is not.
fn with_schedule() -> Site {
    let days = [(1, "04/15/2026", "OFFICE"), (2, "05/04/2026", "OFFICE"), (3, "05/05/2026", "LAB")];
    let site = scheduled(&days.map(|(at, day, kind)| (at, day.to_owned(), kind)));
    for (number, day) in [(1, "20260415"), (2, "20260504")] {
        let charge = Charge { day: day.to_owned(), ..Charge::of_nobody_else(number) };
        site.hl7(&format!("{number}.hl7"), charge.message().as_bytes());
    }
    site
}

/// Loads a quarter of what CMS publishes of it, with hardly a row.
fn import_tables(site: &Site, quarter: &str, version: &str) {
    let pairs = "Column 1\tColumn 2\tprior to 1996\tEffective Date\tDeletion Date\tModifier\tPTP Edit Rationale\n\
                 20610\t99213\t*\t20200101\t*\t1\tvisit\n";
    let indicators = "hcpcs_code,mod,status,pctc,glob,pre_op,intra_op,post_op,mult_proc,bilat_surg,asst_surg,co_surg,team_surg\n\
                      99213,,A,0,XXX,0,0,0,0,0,0,0,0\n";
    for (name, text, version) in [
        ("hcpcs.csv", "hcpcs_code,date_added,date_term,xref\nA0001,20200101,,\nJ1885,20200101,,\n", version),
        ("modifiers.csv", "mod_code,mod_type\nA1,HCPCS\nRT,HCPCS\n", version),
        ("pairs-practitioner.txt", pairs, quarter),
        ("rvu_indicators.csv", indicators, quarter),
    ] {
        site.write(name, text.as_bytes());
        let file = site.dir().join(name).display().to_string();
        let imported = site.json(&["codes", "import", "--accept-smaller", "--version", version, &file]);
        assert_eq!(imported["tables"][0]["new"], true, "{imported}");
    }
}

#[test]
fn each_line_is_moved_by_facts_and_reviews_and_falls_due_again() {
    let site = with_schedule();
    let (_, code, said) = told(&site, &["--as-of", DAY, "checklist", PRACTICE]);
    assert!(code == 4 && said.contains("holds nothing yet"), "{said}");
    site.run(DAY);
    let first = lines(&site, DAY);
    let expected = [
        ("service-types", "fail"),  // nobody charged a LAB visit
        ("code-tables", "overdue"), // the list of HCPCS that comes along is of 2024
        ("eligibility", "fail"),    // no 271
        ("modifier-rules", "fail"), // no NCCI pairs, no indicators
        ("transfer", "fail"),       // never audited
        ("rejections", "pass"),     // the first 837 is of today
        ("era-posting", "fail"),    // no 835
        ("fhir", "fail"),           // nobody knows
        ("go-live", "pass"),        // approved by the site
        ("charge-capture", "pass"), // April is due by the end of May
    ];
    for (id, status) in expected {
        assert_eq!(first[id]["status"], status, "{}", first[id]);
    }
    let types = &first["service-types"];
    assert_eq!((&types["number"], &types["of"]), (&1.into(), &2.into()), "{types}");
    let found = types["found"].as_str().unwrap();
    assert!(found.contains("without: LAB (0 charged, 1 without charges)"), "{found}");
    assert!(found.contains("OFFICE: folder:0 (hl7v2-dft), 2 charged"), "{found}");
    assert_eq!(stands(&first["charge-capture"]), ("pass", "2026-05-31"));
    assert_eq!(stands(&first["rejections"]), ("pass", "2026-05-27"));
    let found = first["code-tables"]["found"].as_str().unwrap();
    assert!(found.contains("too old: ") && found.contains("hcpcs until 2024-09-30"), "{found}");

    // Facts.
    site.edit(PROFILE, "bill_hold_days = 0", "bill_hold_days = 0\nno_charge_visit_types = [\"lab\"]");
    site.edit(
        PROFILE,
        "# ehr = { product = \"MY EHR\", no_fhir_as_of = \"2026-01-31\" }",
        "ehr = { product = \"MY EHR\", no_fhir_as_of = \"2026-01-31\" }",
    );
    site.answer("1.271", answer_271().as_bytes());
    let claims = site.json(&["visit", "list"]);
    let clm01 = claims[0]["claims"][0]["control_numbers"][0].as_str().unwrap();
    let paid = clp(clm01, "1", "90", "70", &["CO*45*20"]);
    site.answer("1.835", check(1, "I*70*C", "EXAMPLE", OURS, &[paid], "").as_bytes());
    site.run(DAY);
    let now = lines(&site, DAY);
    assert_eq!(stands(&now["service-types"]), ("pass", "always"), "{}", now["service-types"]);
    assert_eq!(stands(&now["fhir"]), ("pass", "2027-01-31"), "{}", now["fhir"]);
    assert_eq!(stands(&now["eligibility"]), ("pass", "2026-06-03"), "{}", now["eligibility"]);
    assert_eq!((stands(&now["era-posting"]), &now["era-posting"]["number"]), (("pass", "always"), &1.into()));

    // Reviews.
    let review = |arguments: &[&str]| told(&site, &[&["--as-of", DAY, "review"], arguments].concat());
    let (kept, code, said) = review(&["charges", "--month", "2026-04", "--by", "A. Lee"]);
    assert_eq!((code, &kept["result"]["charged"], &kept["by"]), (0, &1.into(), &"A. Lee".into()), "{said}");
    assert_eq!((&kept["from"], &kept["to"], &kept["on"]), (&"2026-04-01".into(), &"2026-04-30".into(), &DAY.into()));
    let (kept, code, said) = review(&["transfer", "--by", "A. Lee"]);
    assert_eq!((code, &kept["result"]["unaccounted"]), (0, &0.into()), "{said}");
    let (kept, code, said) = review(&["rejections", "--by", "B. Roy"]);
    assert_eq!((code, &kept["result"]), (0, &Value::Array(Vec::new())), "{said}");
    let now = lines(&site, DAY);
    assert_eq!(stands(&now["transfer"]), ("pass", "2026-08-20"));
    assert_eq!(stands(&now["rejections"]), ("pass", "2026-05-27"));
    assert_eq!(stands(&now["charge-capture"]), ("pass", "2026-06-30"), "{}", now["charge-capture"]);
    site.assert_accounted(DAY);

    // Tables.
    import_tables(&site, "2026Q2", "2026-04");
    let now = lines(&site, DAY);
    assert_eq!(stands(&now["code-tables"]), ("pass", "2026-07-01"), "{}", now["code-tables"]);
    assert_eq!(now["code-tables"]["number"], now["code-tables"]["of"], "{}", now["code-tables"]);
    assert_eq!(stands(&now["modifier-rules"]), ("pass", "2026-07-01"), "{}", now["modifier-rules"]);
    let (list, code, said) = told(&site, &["--as-of", DAY, "checklist", PRACTICE]);
    assert_eq!((&list["pass"], code), (&10.into(), 0), "all ten: {said}");
    assert_eq!(lines(&site, "2026-06-30")["code-tables"]["status"], "pass", "their last day");

    // Time passes.
    let later = lines(&site, "2026-08-21");
    for id in ["code-tables", "modifier-rules", "transfer", "rejections", "eligibility", "charge-capture"] {
        assert_eq!(later[id]["status"], "overdue", "{}", later[id]);
    }
    let found = later["charge-capture"]["found"].as_str().unwrap();
    assert!(found.contains("not yet: 2026-05-01 to 2026-05-31"), "{found}");
    let much_later = lines(&site, "2027-02-01");
    assert_eq!(much_later["fhir"]["status"], "overdue");
    assert_eq!(much_later["era-posting"]["status"], "overdue", "none in 90 days");
}

#[test]
fn a_day_busier_than_the_practice_s_days_are_is_audited_within_a_week() {
    // Nine days with one visit, one with two, one with four: the 90th percentile is two.
    let days = (1..=11).flat_map(|day| {
        (0..match day {
            5 => 2,
            8 => 4,
            _ => 1,
        })
            .map(move |at| (day * 10 + at, format!("05/{day:02}/2026"), "OFFICE"))
    });
    let site = scheduled(&days.collect::<Vec<_>>());
    site.run(DAY);
    let line = |day: &str| lines(&site, day)["charge-capture"].clone();
    let asked = line("2026-05-15");
    assert_eq!(
        (stands(&asked), &asked["number"], &asked["of"]),
        (("pass", "2026-05-15"), &0.into(), &1.into()),
        "{asked}"
    );
    assert!(asked["found"].as_str().unwrap().ends_with("not yet: 2026-05-08"), "that day alone: {asked}");
    assert_eq!(stands(&line("2026-05-16")), ("fail", "2026-05-15"), "nobody has ever audited");
    // The audit of another day is not that of this one, and says that audits are made.
    let review = |day: &str| {
        let (kept, code, said) = told(&site, &["--as-of", DAY, "review", "charges", "--day", day, "--by", "A. Lee"]);
        assert_eq!((code, &kept["from"]), (0, &day.into()), "{said}");
        kept["result"]["gaps"].as_u64()
    };
    assert_eq!(review("2026-05-05"), Some(2));
    assert_eq!(stands(&line(DAY)), ("overdue", "2026-05-15"));
    assert_eq!(review("2026-05-08"), Some(4), "four visits, and nobody charged one");
    let done = line(DAY);
    assert_eq!((stands(&done), &done["number"], &done["of"]), (("pass", "2026-06-30"), &1.into(), &1.into()), "{done}");
}

fn answer_271() -> String {
    let npi = format!("NM1*1P*2*PRACTICE*****XX*{OURS}");
    let body = [
        "ST*271*0001*005010X279A1",
        "BHT*0022*11*Q1*20260504*1200",
        "HL*1**20*1",
        "NM1*PR*2*EXAMPLE*****PI*00000",
        "HL*2*1*21*1",
        &npi,
        "HL*3*2*22*0",
        "NM1*IL*1*VANCE*ORLA****MI*ID1",
        "DMG*D8*19800101*F",
        "EB*1**30",
    ];
    interchange(1, "HB", "005010X279A1", &body)
}

#[test]
fn what_was_refused_waits_in_the_review_and_bad_input_records_nothing() {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let refused = |arguments: &[&str]| {
        let (out, code, said) = told(&site, &[&["--as-of", DAY], arguments].concat());
        assert!(out.is_null(), "{arguments:?} printed something");
        (code, said)
    };
    for (arguments, code, words) in [
        (&["review", "charges", "--month", "2026-05", "--by", "X"][..], 2, "2026-05-31 is not over"),
        (&["review", "charges", "--day", "2026-05-20", "--by", "X"], 2, "2026-05-20 is not over"),
        (&["review", "charges", "--day", "2026-02-30", "--by", "X"], 2, "--day"),
        (&["review", "charges", "--month", "2026-4", "--by", "X"], 2, "YYYY-MM"),
        (&["review", "charges", "--by", "X"], 2, "--month"),
        (&["review", "transfer"], 2, "--by"),
        (&["review", "rejections", "--by", ""], 2, "--by"),
        (&["review", "rejections", "--by", "X", "--practice", "my-practise"], 4, "did you mean `my-practice`"),
        (&["checklist", "my-practise"], 4, "did you mean `my-practice`"),
        (&["checklist", "clearing"], 4, "host's own tenant"),
        (&["go-live", "my-practise"], 4, "did you mean `my-practice`"),
        (&["go-live", PRACTICE, "--approve"], 2, "--by"),
        (&["go-live", PRACTICE, "--by", "X"], 2, "--approve"),
    ] {
        let (found, said) = refused(arguments);
        assert!(found == code && said.contains(words), "{arguments:?}: {found} {said}");
    }
    assert_eq!(lines(&site, DAY)["transfer"]["found"], "it was never audited");
    // A statement that is none is a fault of the configuration, with its place.
    site.write("practices/my-practice/capability.json", b"{}");
    site.edit(
        PROFILE,
        "# ehr = { product = \"MY EHR\", fhir_capability",
        "ehr = { product = \"MY EHR\", fhir_capability",
    );
    let (code, said) = refused(&["checklist", PRACTICE]);
    assert!(code == 3 && said.contains("capability.json:1:1: resourceType: found another resource"), "{said}");
    let statement = r#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","date":"2026-03-02"}"#;
    site.write("practices/my-practice/capability.json", statement.as_bytes());
    let line = lines(&site, DAY)["fhir"].clone();
    assert_eq!(stands(&line), ("pass", "2027-03-02"), "{line}");
    assert!(line["found"].as_str().unwrap().contains("FHIR 4.0.1"), "{line}");
    // Nothing was lost of what is stored, and the page is what a person reads.
    let shown = site.command(&["--as-of", DAY, "checklist", PRACTICE]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("transfer audited quarterly") && shown.contains("to do: `claimhost review transfer"),
        "{shown}"
    );
    site.assert_accounted(DAY);
}
