//! Demographics through the real binary: a roster and a 271 against visits, bad rosters, and that no value leaves the sealed store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, PRACTICE, Site};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const HEADER: &str = "Patient ID,Last,First,DOB,Sex,Address 1,City,State,ZIP,Payer,Member ID\n";

/// The row of the patient of `Charge::new(number)`.
fn row(number: u32) -> String {
    format!("M{number},Vance,Orla,01/01/1980,F,12 Elm Street,Anytown,OH,43001,EXAMPLE,ID-{number}\n")
}

fn import(site: &Site, text: &str, more: &[&str]) -> (bool, String) {
    let path = site.dir().join("roster.csv");
    std::fs::write(&path, text).unwrap();
    let path = path.to_string_lossy().into_owned();
    let output = site.command(&[&["roster", "import", &path, "--practice", PRACTICE], more].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

fn report(site: &Site) -> Value {
    site.json(&["audit", "demographics"])[0].clone()
}

fn rules(report: &Value) -> Vec<(String, u64)> {
    let fields = report["fields"].as_array().unwrap();
    fields.iter().map(|field| (field["rule"].as_str().unwrap().to_owned(), field["claims"].as_u64().unwrap())).collect()
}

fn is(rule: &str, claims: u64) -> (String, u64) {
    (rule.to_owned(), claims)
}

#[test]
fn a_roster_against_visits() {
    let site = Site::new();
    let rows = [
        row(1),
        row(2).replace("Vance", "Vanec"),                         // a misspelling: holds
        row(3).replace("Orla", "Orla Mae"),                       // one of two first names: a warning
        row(4).replace("01/01/1980", "01/10/1980"),               // another birth date: holds
        row(5).replace("ID-5", "ID-6").replace("43001", "43009"), // too short an id to call it a slip, and another ZIP
        row(6).to_uppercase(),
    ];
    let (ok, said) = import(&site, &format!("{HEADER}{}", rows.concat()), &[]);
    assert!(ok && said.contains("6 patients"), "{said}");
    for number in 1..=7 {
        site.hl7(&format!("{number}.hl7"), Charge::new(number).message().as_bytes());
    }
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&4.into(), &3.into()), "{summary}");
    let found = report(&site);
    let expected = [
        is("demographic.address", 1),
        is("demographic.birth-date", 1),
        is("demographic.member-id", 1),
        is("demographic.name", 1),
        is("demographic.name-variant", 1),
    ];
    assert_eq!(rules(&found), expected, "{found}");
    assert_eq!((&found["claims"], &found["cents"], &found["known_people"]), (&4.into(), &36_000.into(), &6.into()));

    // Nothing moves in a second run.
    site.run(DAY);
    assert_eq!(report(&site), found);

    // The roster is corrected: the held claims leave.
    let corrected: String = (1..=6).map(row).collect();
    let (ok, said) = import(&site, &format!("{HEADER}{corrected}"), &["--json"]);
    assert!(ok && said.contains("\"before\":6"), "{said}");
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 7, "{summary}");
    // What was sent with a warning keeps it: it is what was known then.
    assert_eq!(rules(&report(&site)), [is("demographic.name-variant", 1)]);
}

#[test]
fn rows_of_a_roster_that_cannot_all_be_right_are_named() {
    let site = Site::new();
    let rows = [
        row(1),
        row(2).replace("M2,", "M1,").replace("Orla", "Ann"), // one id for two people
        row(3).replace("01/01/1980", "02/02/1982"),
        row(4).replace("01/01/1980", "02/02/1982"), // two ids for one person, as far as the row says
        row(1).replace("EXAMPLE,ID-1", "SECOND,S1"), // another coverage of one person is none
    ];
    let (ok, said) = import(&site, &format!("{HEADER}{}", rows.concat()), &["--json"]);
    let imported: Value = serde_json::from_str(&said).unwrap();
    assert!(ok && imported["patients"] == 5 && imported["doubtful"] == 2, "{said}");
    let doubts = imported["doubts"].as_array().unwrap();
    let starts = |at: usize, words: &str| doubts[at].as_str().unwrap().starts_with(words);
    assert!(starts(0, "row 3: its patient id is that of row 2"), "{said}");
    assert!(starts(1, "row 5: its name and birth date are those of row 4"), "{said}");
    let (ok, said) = import(&site, &format!("{HEADER}{}", rows.concat()), &[]);
    assert!(ok && said.contains("doubtful  row 3") && !said.contains("Vance"), "{said}");
}

#[test]
fn two_alike_are_named_and_never_guessed() {
    let site = Site::new();
    let unnumbered = row(8).replace("M8,", ",").replace("ID-8", "");
    let alike = [unnumbered.clone(), unnumbered.replace("12 Elm", "99 Oak")];
    import(&site, &format!("{HEADER}{}", alike.concat()), &[]);
    let mut charge = Charge::new(8);
    charge.mrn = "NEW8".to_owned();
    site.hl7("8.hl7", charge.message().as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 1, "{summary}");
    let found = report(&site);
    assert_eq!(rules(&found), [is("demographic.two-alike", 1)]);
    assert!(found["claim_list"][0]["findings"][0][1].as_str().unwrap().contains("Rows 2 and 3"), "{found}");
}

#[test]
fn a_roster_that_cannot_be_read_changes_nothing_and_says_where() {
    let site = Site::new();
    import(&site, &format!("{HEADER}{}", row(1)), &[]);
    let canary = "XANTHIPPE";
    for (text, place) in [
        (format!("{HEADER}{}{canary},{canary},Orla,1980-13-01,F,,,,,,\n", row(1)), "row 3, column DOB"),
        (format!("{HEADER}{}short,{canary}\n", row(1)), "row 3: found 2 cells, expected 11"),
        (format!("{HEADER},,{canary},,,,,,,,\n"), "row 2: found neither patient id nor last name"),
        (format!("Patient ID,Surname,First,DOB\nM1,{canary},Orla,01/01/1980\n"), "column `Last` for `last`"),
        (format!("{canary},{canary},01/01/1980\n"), "column `Last` for `last`"),
        (HEADER.to_owned(), "found no patients"),
        (String::new(), "column `Last`"),
    ] {
        let (ok, said) = import(&site, &text, &[]);
        assert!(!ok && said.contains(place), "{place}: {said}");
        assert!(!said.contains(canary), "{said}");
    }
    let (ok, said) = import(&site, &format!("{HEADER}{}", row(1)), &["--json"]);
    assert!(ok && said.contains("\"before\":1"), "the first roster was still there: {said}");
    // A mapping names other columns.
    let mapping = site.dir().join("roster.toml");
    std::fs::write(&mapping, "date_format = \"YYYYMMDD\"\ndelimiter = \"|\"\n[columns]\nlast = \"Surname\"\n").unwrap();
    let file = "Surname|First|DOB|Member ID\nVance|Orla|19800101|ID1\n";
    let (ok, said) = import(&site, file, &["--mapping", &mapping.to_string_lossy()]);
    assert!(ok && said.contains("1 patients"), "{said}");
    std::fs::write(&mapping, "[columns]\nlsat = \"Surname\"\n").unwrap();
    let (ok, said) = import(&site, file, &["--mapping", &mapping.to_string_lossy()]);
    assert!(!ok && said.contains("did you mean `last`"), "{said}");
}

/// The answer to the eligibility question of one patient.
fn eligibility(number: u32, last: &str, member: &str, more: &str) -> String {
    let body = format!(
        "ST*271*0001*005010X279A1~BHT*0022*11*Q{number}*20260504*1200~HL*1**20*1~NM1*PR*2*EXAMPLE*****PI*00000~\
         HL*2*1*21*1~NM1*1P*2*PRACTICE*****XX*NPI~HL*3*2*22*0~NM1*IL*1*{last}*ORLA****MI*{member}~DMG*D8*19800101*F~{more}"
    );
    let count = body.matches('~').count() + 1;
    format!(
        "ISA*00*          *00*          *ZZ*EXAMPLECH      *ZZ*SITE           *260505*1200*^*00501*{number:09}*0*T*:~\
         GS*HB*EXAMPLECH*SITE*20260505*1200*{number}*X*005010X279A1~{body}SE*{count}*0001~GE*1*{number}~IEA*1*{number:09}~"
    )
}

#[test]
fn an_eligibility_answer_against_visits() {
    let site = Site::new();
    let profile = std::fs::read_to_string(site.dir().join("practices/my-practice/profile.toml")).unwrap();
    let npi = profile.lines().find_map(|line| line.strip_prefix("npi = \"")).unwrap().trim_end_matches('"');
    let answer = |number, last: &str, member: &str, more: &str| {
        eligibility(number, last, member, more).replace("*NPI~", &format!("*{npi}~"))
    };
    site.answer("1.271", answer(1, "VANCE", "ID1", "EB*1**30~").as_bytes());
    site.answer("2.271", answer(2, "VANCE", "ID2", "DTP*347*D8*20260430~EB*6**30~").as_bytes());
    site.answer("3.271", eligibility(3, "VANCE", "ID3", "EB*1**30~").replace("*NPI~", "*1999999984~").as_bytes());
    site.answer("4.271", answer(4, "VANCE", "ID4", "AAA*N**75*C~").as_bytes());
    for number in 1..=4 {
        site.hl7(&format!("{number}.hl7"), Charge::new(number).message().as_bytes());
    }
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&3.into(), &1.into()), "{summary}");
    assert_eq!(summary["documents"]["rejected"], 1, "nobody's NPI asked: {summary}");
    let found = report(&site);
    assert_eq!(rules(&found), [is("demographic.coverage-dates", 1)], "{found}");
    // The same answer again changes nothing; a newer one frees the claim.
    site.answer("2b.271", answer(5, "VANCE", "ID2", "DTP*347*D8*20260430~EB*6**30~").replace("Q5", "Q2").as_bytes());
    site.run(DAY);
    assert_eq!(rules(&report(&site)), [is("demographic.coverage-dates", 1)]);
    site.answer(
        "2c.271",
        answer(6, "VANCE", "ID2", "DTP*346*D8*20260501~EB*1**30~").replace("*20260504*", "*20260506*").as_bytes(),
    );
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 4, "{summary}");
}

#[test]
fn values_are_seen_by_the_authorised_reader_only() {
    let site = Site::new();
    let canary = "XANTHIPPE";
    let text = format!("{HEADER}{}", row(1).replace("Vance", canary));
    import(&site, &text, &[]);
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    let run = site.command(&["--as-of", DAY, "run", "--once"]);
    let said = String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned();
    assert!(run.status.success() && !said.contains(canary), "{said}");
    let why = site.json(&["claim", "why", "my-practice/1"]);
    assert!(why.to_string().contains(canary), "a biller sees both names: {why}");
    for entry in std::fs::read_dir(site.dir().join("store")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "the store is sealed");
    }
    site.assert_accounted(DAY);
}
