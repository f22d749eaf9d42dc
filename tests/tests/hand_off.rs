//! Code mapping, re-entry typos and modifier omission through the real binary: what is found, what is listed with dollars, what
//! becomes work, and what a bad crosswalk or fee schedule does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, Site};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PROFILE: &str = "practices/my-practice/profile.toml";
const CROSSWALK: &str = "code,set,target,modifiers,from,to\n\
    OV3,procedure,99213,,,2025-12-31\n\
    OV3,procedure,99213,25,2026-01-01,\n\
    LAST,procedure,99213,,,2025-12-31\n\
    CGH,diagnosis,R05.9,,,\n";

/// The charge with another code; HL7 says of a code of the practice's own that its system is local.
fn coded(number: u32, code: &str) -> String {
    Charge::new(number).message().replace("99213^^C4", code)
}

fn file(site: &Site, name: &str, text: &str) {
    std::fs::write(site.dir().join("practices/my-practice").join(name), text).unwrap();
}

fn with_crosswalk(text: &str) -> Site {
    let site = Site::new();
    site.edit(PROFILE, "# [crosswalk]\n# file", "[crosswalk]\nfile");
    file(&site, "crosswalk.csv", text);
    site
}

fn with_fees(text: &str) -> Site {
    let site = Site::new();
    site.edit(PROFILE, "bill_hold_days = 0", "bill_hold_days = 0\nfees = \"fees.csv\"");
    file(&site, "fees.csv", text);
    site
}

fn audit(site: &Site, what: &str) -> Value {
    site.json(&["--as-of", DAY, "audit", what])[0].clone()
}

/// Rule and claims of a tally.
fn rules(report: &Value) -> Vec<(String, u64)> {
    let rules = report["rules"].as_array().unwrap();
    rules.iter().map(|rule| (rule["rule"].as_str().unwrap().to_owned(), rule["claims"].as_u64().unwrap())).collect()
}

fn work(site: &Site, kind: &str) -> Vec<i64> {
    let listed = site.json(&["--as-of", DAY, "work", "list", "--kind", kind]);
    listed.as_array().unwrap().iter().map(|item| item["amount_cents"].as_i64().unwrap()).collect()
}

#[test]
fn codes_of_the_practice_are_billed_by_day_and_listed_where_they_are_not() {
    let site = with_crosswalk(CROSSWALK);
    site.hl7("1.hl7", coded(1, "OV3^^L").as_bytes());
    site.hl7("2.hl7", coded(2, "LAST^^L").as_bytes());
    site.hl7("3.hl7", coded(3, "NEW^^L").as_bytes());
    site.hl7("4.hl7", coded(4, "NEW^^L").replace("J06.9^^I10", "CGH^^L").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&1.into(), &3.into()), "{summary}");
    let sent = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect::<String>();
    assert!(sent.contains("SV1*HC:99213:25*90*UN*1"), "{sent}");

    let report = audit(&site, "codes");
    assert_eq!(
        (&report["claims"], &report["cents"], &report["crosswalk_rows"]),
        (&3.into(), &27_000.into(), &4.into())
    );
    let codes = report["codes"].as_array().unwrap();
    let told: Vec<_> = codes
        .iter()
        .map(|code| {
            let text = |key: &str| code[key].as_str().unwrap().to_owned();
            (text("kind"), text("code"), code["claims"].as_u64().unwrap(), code["cents"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [("unmapped".into(), "NEW".into(), 2, 18_000), ("other-days".into(), "LAST".into(), 1, 9_000)],
        "{report}"
    );
    assert_eq!(codes[1]["instead"][0], "99213");
    assert_eq!(codes[1]["rows"][0], "crosswalk.csv row 4: 99213 until 2025-12-31");
    assert_eq!(work(&site, "audit.codes"), [9_000, 9_000, 9_000]);

    // The crosswalk gets its rows: the claims leave, and the work is done.
    file(&site, "crosswalk.csv", &format!("{CROSSWALK}NEW,,99214,,,\nLAST,,99212,,2026-01-01,\n"));
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&4.into(), &0.into()), "{summary}");
    assert_eq!(work(&site, "audit.codes"), [0_i64; 0]);
    assert_eq!(audit(&site, "codes")["claims"], 0);
    let sent = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect::<String>();
    assert!(sent.contains("HI*ABK:R059~"), "{sent}");
}

#[test]
fn one_code_two_ways_is_an_error_that_names_both_rows_and_holds_that_code_alone() {
    let site = with_crosswalk(&format!("{CROSSWALK}OV3,,99214,,2026-05-01,2026-05-31\nOV5,,99215,,,\n"));
    let checked = site.command(&["check-config"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(3), "{said}");
    for part in
        ["OV3", "crosswalk.csv row 3 says 99213-25 from 2026-01-01", "crosswalk.csv row 6 says 99214 from 2026-05-01"]
    {
        assert!(said.contains(part), "{said}");
    }
    site.hl7("1.hl7", coded(1, "OV3^^L").as_bytes());
    site.hl7("2.hl7", coded(2, "OV5^^L").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&1.into(), &1.into()), "{summary}");
    let report = audit(&site, "codes");
    let [code] = report["codes"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((&code["kind"], &code["claims"], &code["cents"]), (&"ambiguous".into(), &1.into(), &9_000.into()));
    assert_eq!(code["rows"].as_array().unwrap().len(), 2);
    let why = site.command(&["claim", "why", "1"]);
    let why = String::from_utf8_lossy(&why.stdout).into_owned() + &String::from_utf8_lossy(&why.stderr);
    assert!(why.contains("crosswalk.ambiguous") && why.contains("row 6"), "{why}");
}

#[test]
fn a_crosswalk_or_fee_schedule_that_cannot_be_read_is_refused_with_its_rows() {
    let site = with_crosswalk("code,target,from\nOV3,9921,\nOV4,99214,2026-02-30\n");
    let failed = site.command(&["run", "--once"]);
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert_eq!(failed.status.code(), Some(3), "{said}");
    assert!(said.contains("crosswalk.csv:2:1: target:") && said.contains("crosswalk.csv:3:1: from:"), "{said}");

    let site = with_fees("code,fee\n99213,90.00\n99213,95.00\n");
    let failed = site.command(&["check-config"]);
    let said = String::from_utf8_lossy(&failed.stdout).into_owned();
    assert_eq!(failed.status.code(), Some(3), "{said}");
    assert!(
        said.contains("fees.csv:3:1: fee: found another fee of 99213 for days that fees.csv row 2 has too"),
        "{said}"
    );
    std::fs::remove_file(site.dir().join("practices/my-practice/fees.csv")).unwrap();
    let failed = site.command(&["run", "--once"]);
    let said = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(failed.status.code() == Some(3) && said.contains("the profile names it as `fees`"), "{said}");
}

#[test]
fn typos_are_found_beside_fees_other_claims_and_other_records() {
    let site = with_fees("code,fee\n99213,90.00\n");
    let priced = |number: u32, dollars: &str| Charge::new(number).message().replace("|90.00|", &format!("|{dollars}|"));
    site.hl7("1.hl7", priced(1, "900.00").as_bytes());
    site.hl7("2.hl7", priced(2, "95.00").as_bytes());
    // The patient comes again, with two characters of the member id swapped.
    let member =
        |number: u32, id: &str| Charge::new(number).message().replace(&format!("|ID{number}|"), &format!("|{id}|"));
    site.hl7("3.hl7", member(3, "W123456789").as_bytes());
    let again = Charge { mrn: "M3".to_owned(), day: "20260508".to_owned(), ..Charge::new(4) }.message();
    site.hl7("4.hl7", again.replace("|ID4|", "|W123456798|").as_bytes());
    // A second record of one person, with a slip in the name; and a near-miss with another birth date.
    let person = |number: u32, name: &str, born: &str| {
        let charge = Charge { name: name.to_owned(), born: born.to_owned(), ..Charge::new(number) };
        charge.message().replace(&format!("|ID{number}|"), "|K77788899|")
    };
    site.hl7("5.hl7", person(5, "BRANDT^ADA", "19710203").as_bytes());
    site.hl7("6.hl7", person(6, "BRANDT^ADDA", "19710203").as_bytes());
    site.hl7("7.hl7", person(7, "BRANDT^ADA", "19750203").as_bytes());
    let summary = site.run("2026-05-20");
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&4.into(), &3.into()), "{summary}");
    let report = audit(&site, "typos");
    let expected = [("typo.charge", 1), ("typo.member-id", 1), ("typo.near-duplicate", 1)];
    assert_eq!(rules(&report), expected.map(|(rule, claims)| (rule.to_owned(), claims)), "{report}");
    assert_eq!((&report["claims"], &report["cents"]), (&3.into(), &108_000.into()));
    assert_eq!(work(&site, "audit.typos"), [90_000, 9_000, 9_000]);
    let list = report["claim_list"].to_string();
    assert!(list.contains("ten times as much") && list.contains("two characters are swapped"), "{list}");
    assert!(!list.contains("BRANDT") && !list.contains("W1234567"), "{list}");

    // It was the schedule that was wrong: the claim leaves, and its work is done.
    file(&site, "fees.csv", "code,fee\n99213,900.00\n99213,95.00,\n");
    assert_eq!(site.command(&["run", "--once"]).status.code(), Some(3), "two fees for one code");
    file(&site, "fees.csv", "code,fee\n99214,130.00\n");
    let summary = site.run("2026-05-22");
    assert_eq!(summary["claims"]["held"], 2, "{summary}");
    assert_eq!(work(&site, "audit.typos"), [9_000, 9_000]);
}

#[test]
fn a_year_slip_is_held_in_january() {
    let site = Site::new();
    site.hl7("1.hl7", Charge { day: "20250108".to_owned(), ..Charge::new(1) }.message().as_bytes());
    site.hl7("2.hl7", Charge { day: "20260108".to_owned(), ..Charge::new(2) }.message().as_bytes());
    site.hl7("3.hl7", Charge { day: "20251008".to_owned(), ..Charge::new(3) }.message().as_bytes());
    let summary = site.run("2026-01-10");
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&2.into(), &1.into()), "{summary}");
    let report = audit(&site, "typos");
    assert_eq!(rules(&report), [("typo.service-date".to_owned(), 1)], "{report}");
    assert!(report["claim_list"][0]["findings"][0][1].as_str().unwrap().contains("Was 2026-01-08 meant?"), "{report}");
}

/// Indicators of the test, in the layout of the published file.
const INDICATORS: &str = "hcpcs_code,mod,status,pctc,glob,pre_op,intra_op,post_op,mult_proc,bilat_surg,asst_surg,co_surg,team_surg\n\
    17110,,A,0,010,0,0,0,2,0,1,0,0\n\
    27447,,A,0,090,0,0,0,2,1,2,1,0\n\
    99213,,A,0,XXX,0,0,0,0,0,0,0,0\n";

#[test]
fn modifiers_that_the_context_calls_for() {
    let site = Site::new();
    let path = site.dir().join("rvu_indicators_2026-04.csv");
    std::fs::write(&path, INDICATORS).unwrap();
    let imported = site.json(&["codes", "import", "--accept-smaller", &path.display().to_string()]);
    assert_eq!(
        (&imported["tables"][0]["kind"], &imported["tables"][0]["rows"]),
        (&"pfs".into(), &3.into()),
        "{imported}"
    );
    let status = site.json(&["--as-of", DAY, "codes", "status"]);
    let systems = status["systems"].as_array().unwrap();
    assert!(systems.iter().any(|known| known["system"] == "pfs" && known["today"] == true), "{status}");

    // A knee in April, a cough in May by the same doctor; and the same cough of a patient who had no surgery.
    let surgery = Charge { mrn: "M1".to_owned(), day: "20260410".to_owned(), ..Charge::new(1) };
    site.hl7("1.hl7", surgery.message().replace("99213^^C4", "27447^^C4").replace("J06.9", "M17.9").as_bytes());
    site.hl7("2.hl7", Charge { mrn: "M1".to_owned(), ..Charge::new(2) }.message().as_bytes());
    site.hl7("3.hl7", Charge::new(3).message().as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&2.into(), &1.into()), "{summary}");
    let report = audit(&site, "modifiers");
    assert_eq!(rules(&report), [("modifier-omission.global-visit".to_owned(), 1)], "{report}");
    assert_eq!((&report["cents"], work(&site, "audit.modifiers")), (&9_000.into(), vec![9_000]));

    // Another diagnosis does not decide: whatever fixes the practice lets claimhost enter, 24 is asked for.
    site.edit(PROFILE, "apply_fixes = []", "apply_fixes = [\"modifier-omission.global-visit\"]");
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&2.into(), &1.into()), "{summary}");
    assert_eq!(work(&site, "audit.modifiers"), vec![9_000]);
}

/// A file has no order of days: the visit's message comes before the surgery's.
#[test]
fn a_surgery_that_is_told_of_after_the_visit_in_its_global_period() {
    for first in ["visit", "surgery"] {
        let site = Site::new();
        let path = site.dir().join("rvu_indicators_2026-04.csv");
        std::fs::write(&path, INDICATORS).unwrap();
        site.json(&["codes", "import", "--accept-smaller", &path.display().to_string()]);
        let visit = Charge { mrn: "M1".to_owned(), ..Charge::new(2) }.message();
        let surgery = Charge { mrn: "M1".to_owned(), day: "20260410".to_owned(), ..Charge::new(1) };
        let surgery = surgery.message().replace("99213^^C4", "27447^^C4").replace("J06.9", "M17.11");
        let (one, two) = if first == "visit" { (&visit, &surgery) } else { (&surgery, &visit) };
        site.hl7("1.hl7", one.as_bytes());
        site.hl7("2.hl7", two.as_bytes());
        let summary = site.run(DAY);
        assert_eq!(
            (&summary["claims"]["submitted"], &summary["claims"]["held"]),
            (&1.into(), &1.into()),
            "{first}: {summary}"
        );
        let held = site.json(&["claim", "list", "--findings"]);
        let held: Vec<String> = held
            .as_array()
            .unwrap()
            .iter()
            .filter(|claim| claim["state"] == "held")
            .flat_map(|claim| claim["findings"].as_array().unwrap())
            .filter(|finding| finding["severity"] == "hold")
            .map(|finding| finding["rule"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(held, ["modifier-omission.global-visit"], "{first}");
    }
}

const PAIRS: &str = "Column 1\tColumn 2\tprior to 1996\tEffective Date\tDeletion Date\tModifier\tPTP Edit Rationale\n\
    20610\t99213\t\t20130101\t*\t1\tvisit\n";
/// One of a visit's claims, of its own authorization.
fn claim_of(visit: &str, number: u32, code: &str, modifier: &str, version: u32) -> String {
    let modifiers = if modifier.is_empty() {
        String::new()
    } else {
        format!(r#""modifier":[{{"coding":[{{"code":"{modifier}"}}]}}],"#)
    };
    format!(
        r##"{{"resource":{{"resourceType":"Claim","id":"{visit}k{number}","meta":{{"lastUpdated":"2026-05-0{version}T10:00:00Z"}},"status":"active","use":"claim","type":{{"coding":[{{"code":"professional"}}]}},
        "contained":[{{"resourceType":"Patient","id":"pat","identifier":[{{"type":{{"coding":[{{"code":"MR"}}]}},"value":"{visit}"}}],"name":[{{"family":"VANCE{visit}","given":["ORLA"]}}],"gender":"female","birthDate":"1980-01-01","address":[{{"line":["12 ELM STREET"],"city":"ANYTOWN","state":"OH","postalCode":"43001"}}]}},
        {{"resourceType":"Coverage","id":"cov","status":"active","subscriberId":"ID{visit}","relationship":{{"coding":[{{"code":"self"}}]}},"beneficiary":{{"reference":"#pat"}},"payor":[{{"display":"EXAMPLE"}}]}}],
        "patient":{{"reference":"#pat"}},"careTeam":[{{"sequence":1,"provider":{{"reference":"Practitioner/DR01"}}}}],
        "diagnosis":[{{"sequence":1,"diagnosisCodeableConcept":{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"M17.11"}}]}}}}],
        "insurance":[{{"sequence":1,"focal":true,"coverage":{{"reference":"#cov"}},"preAuthRef":["AUTH{number}"]}}],
        "item":[{{"sequence":1,"careTeamSequence":[1],"productOrService":{{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"{code}"}}]}},{modifiers}"servicedDate":"2026-05-01","encounter":[{{"reference":"Encounter/{visit}"}}],"locationCodeableConcept":{{"coding":[{{"system":"https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set","code":"11"}}]}},"unitPrice":{{"value":90}}}}]}}}}"##
    )
}

fn bundle(claims: &[String]) -> String {
    format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{}]}}"#, claims.join(","))
}

/// A visit with two authorizations is two claims, and a pair stands on both: NCCI sees one day of one provider.
#[test]
fn a_pair_on_two_claims_of_one_visit() {
    let site = Site::new();
    site.add_folder("fhir", "fhir-r4");
    let path = site.dir().join("pairs-practitioner-v321r0.txt");
    std::fs::write(&path, PAIRS).unwrap();
    site.json(&["codes", "import", "--accept-smaller", &path.display().to_string()]);
    let first = bundle(&[claim_of("A", 1, "20610", "RT", 1), claim_of("A", 2, "99213", "", 1)]);
    let second = bundle(&[claim_of("B", 1, "20610", "RT", 1), claim_of("B", 2, "99213", "25", 1)]);
    site.put("inbox/fhir", "a.json", first.as_bytes());
    site.put("inbox/fhir", "b.json", second.as_bytes());
    let summary = site.run(DAY);
    let claims = |summary: &Value| ["total", "submitted", "held"].map(|of| summary["claims"][of].as_u64().unwrap());
    assert_eq!(claims(&summary), [4, 3, 1], "{summary}");
    let listed = site.json(&["claim", "list", "--state", "held", "--findings"]);
    let findings = listed[0]["findings"].as_array().unwrap();
    let held: Vec<&Value> = findings.iter().filter(|finding| finding["severity"] == "hold").collect();
    assert_eq!((held.len(), &held[0]["rule"]), (1, &"ncci.ptp.modifier-missing".into()), "{listed}");
    assert!(
        held[0]["words"]
            .as_str()
            .unwrap()
            .starts_with("99213 and 20610 are on two claims of this visit, and 99213 is part of 20610"),
        "{listed}"
    );
    // Coded anew, and the claim beside it has left and stands: held still where it has not the modifier.
    let again = |modifier: &str, version: u32| {
        let both = [claim_of("A", 1, "20610", "RT", version), claim_of("A", 2, "99213", modifier, version)];
        site.put("inbox/fhir", &format!("c{version}.json"), bundle(&both).as_bytes());
        site.run(DAY)
    };
    assert_eq!(claims(&again("GC", 2)), [4, 3, 1]);
    assert_eq!(claims(&again("25", 3)), [4, 4, 0]);
}
