//! `plugin test --accept` over somebody's data, and what `plugin test` says where an answer is another: canaries in every format that
//! the de-identifier knows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use claimhost_tests::canary::{Canary, Day, Search, files_below};
use claimhost_tests::programs::claimhost;
use serde_json::Value;

fn clean() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("accept").tempdir().unwrap()
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(claimhost()).current_dir(folder).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    text(&output)
}

/// Exit code 4, and what is said.
fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(4), "{arguments:?}: {}", text(&output));
    text(&output)
}

/// A new plugin without fixtures.
fn bare(folder: &Path, arguments: &[&str], name: &str) -> PathBuf {
    succeeds(folder, &[&["plugin", "new"], arguments].concat());
    let plugin = folder.join(name);
    std::fs::remove_dir_all(plugin.join("fixtures")).unwrap();
    plugin
}

fn put(plugin: &Path, path: &str, content: &str) {
    let path = plugin.join("fixtures").join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn read(plugin: &Path, path: &str) -> String {
    std::fs::read_to_string(plugin.join("fixtures").join(path)).unwrap()
}

/// Every file with its bytes.
fn all(plugin: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files_below(plugin).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Who is in the inputs below; nothing else is called so.
fn patient() -> Search {
    let mut canaries = vec![
        Canary::new("last name", "Zqvance"),
        Canary::new("first name", "Zqorla"),
        Canary::new("subscriber", "Zqmilo"),
        Canary::new("chart", "ZQM7731"),
        Canary::new("member", "ZQP5512"),
        Canary::new("street", "Zqlarch"),
        Canary::new("city", "Zqburgh"),
        Canary::new("phone", "5559173"),
        Canary::new("post box", "zqorla@"),
        Canary::new("visit", "ZQV4410"),
        Canary::new("charge", "ZQC9001"),
        Canary::new("ZIP code", "43917"),
    ];
    canaries.extend(Canary::day("birth date", Day { year: 1957, month: 3, day: 23 }));
    canaries.extend(Canary::day("service date", Day { year: 2026, month: 3, day: 2 }));
    Search::new(&canaries)
}

/// Accepts a fixture, and looks for the patient everywhere. Gives the expected answer.
fn accepted_without_anybody(folder: &Path, name: &str, cases: &[&str]) -> Value {
    let plugin = folder.join(name);
    let search = patient();
    let found = |plugin: &Path| all(plugin).into_values().flat_map(|bytes| search.find(&bytes)).collect::<Vec<_>>();
    let before = found(&plugin);
    assert!(before.iter().any(|what| what.starts_with("last name")), "{name}: the search finds nobody: {before:?}");
    let said = succeeds(folder, &["plugin", "test", name, "--accept"]);
    for case in cases {
        assert!(said.contains(&format!("disguised  {name}: {case}")), "{said}");
    }
    assert_eq!(found(&plugin), Vec::<String>::new(), "{name}: {:?}", all(&plugin).keys());
    assert!(search.find(said.as_bytes()).is_empty(), "{said}");
    // It is a fixture like any other, and what was accepted once stays byte for byte.
    succeeds(folder, &["plugin", "test", name]);
    let kept = all(&plugin);
    for more in [&["--accept"][..], &["--accept", "--disguise"], &["--accept", "--synthetic"]] {
        succeeds(folder, &[&["plugin", "test", name], more].concat());
        assert_eq!(all(&plugin), kept, "{name} {more:?}");
    }
    serde_json::from_str(&read(&plugin, &format!("{}/expected.json", cases[0]))).unwrap()
}

const CSV: &str = "Encounter No,Charge No,Chart,Last Name,First Name,Birth Date,Sex,Plan,Policy,Doctor NPI,Place,Service Date,Procedure,\
                   Modifier,Qty,Fee,Diagnosis,Diagnosis 2,Remarks\n\
                   ZQV4410,ZQC9001,ZQM7731,Zqvance,Zqorla,03/23/1957,2,FIRST PLAN,ZQP5512,1234567893,11,03/02/2026,99213,25,1,120.50,J06.9,\
                   R05.9,\"Zqorla, 14 Zqlarch Ave, Zqburgh OH 43917, (614) 555-9173, zqorla@x.example\"\n\
                   ZQV4410,ZQC9001-2,ZQM7731,Zqvance,Zqorla,03/23/1957,2,FIRST PLAN,ZQP5512,1234567893,11,03/02/2026,J1100,,2,18.00,J06.9,,\n";

#[test]
fn nobody_is_left_of_rows_and_the_same_person_stays_one() {
    let folder = clean();
    let plugin = bare(folder.path(), &["adapter", "rows"], "rows");
    put(&plugin, "real/input.csv", CSV);
    // The same patient in another fixture, and an answer of yesterday with the patient in it.
    put(&plugin, "second/input.csv", CSV.lines().take(2).collect::<Vec<_>>().join("\n").as_str());
    put(&plugin, "second/expected.json", "[\"Zqvance\"]");
    let expected = accepted_without_anybody(folder.path(), "rows", &["real", "second"]);
    let input = read(&plugin, "real/input.csv");
    let row: Vec<&str> = input.lines().nth(1).unwrap().split(',').collect();
    // The same stand-in wherever the patient was: in both inputs, and in what the adapter says.
    assert_eq!(
        row[..10],
        read(&plugin, "second/input.csv").lines().nth(1).unwrap().split(',').collect::<Vec<_>>()[..10]
    );
    let visit = &expected[0]["Events"][0]["Visit"];
    let patient = &visit["header"]["patient"];
    assert_eq!(
        (row[0], row[2], row[3], row[4]),
        (
            visit["visit_number"].as_str().unwrap(),
            patient["ids"][0]["value"].as_str().unwrap(),
            patient["name"]["last"].as_str().unwrap(),
            patient["name"]["first"].as_str().unwrap()
        )
    );
    // What was done is what was done.
    let line = &visit["charges"][0]["line"];
    assert_eq!(
        (&line["procedure"]["code"], &line["charge"], &patient["gender"]),
        (&"99213".into(), &12050.into(), &"Female".into())
    );
    assert_eq!(input.lines().count(), CSV.lines().count(), "every row is there");
}

#[test]
fn nobody_is_left_of_rows_that_join_under_columns_that_only_the_mapping_knows() {
    let folder = clean();
    let plugin = bare(folder.path(), &["adapter", "joined"], "joined");
    let mapping = "source_system = \"J\"\ndate_format = \"DD.MM.YYYY\"\n[framing]\ndelimiter = \";\"\n[[framing.join]]\nname = \"people\"\n\
                   file = \"people*.csv\"\nkey = \"Nr\"\non = \"Person\"\n[columns]\nvisit = \"Fall\"\ncharge_id = \"Zeile\"\n\
                   patient_mrn = \"Person\"\npatient_last = \"people:Nachname\"\npatient_first = \"people:Vorname\"\n\
                   patient_birth_date = \"people:Geboren\"\npatient_gender = \"people:Geschlecht\"\npayer = \"Kasse\"\nmember_id = \"Police\"\n\
                   rendering_npi = \"Arzt\"\nplace_of_service = \"Ort\"\nservice_date = \"Tag\"\nprocedure = \"Leistung\"\nunits = \"Menge\"\n\
                   charge = \"Betrag\"\ndx1 = \"Befund\"\n[values.patient_gender]\n\"w\" = \"F\"\n";
    std::fs::write(plugin.join("mapping.toml"), mapping).unwrap();
    put(
        &plugin,
        "real/input.csv",
        "Fall;Zeile;Person;Kasse;Police;Arzt;Ort;Tag;Leistung;Menge;Betrag;Befund\n\
         ZQV4410;ZQC9001;ZQM7731;FIRST PLAN;ZQP5512;1234567893;11;02.03.2026;99213;1;120.50;J06.9\n",
    );
    put(&plugin, "real/people-1.csv", "Nr;Nachname;Vorname;Geboren;Geschlecht\nZQM7731;Zqvance;Zqorla;23.03.1957;w\n");
    let expected = accepted_without_anybody(folder.path(), "joined", &["real"]);
    let visit = &expected[0]["Events"][0]["Visit"];
    assert_eq!(visit["charges"][0]["line"]["procedure"]["code"], "99213", "{expected}");
    assert_eq!(visit["header"]["patient"]["gender"], "Female");
    assert_eq!(visit["header"]["coverages"][0]["payer"]["name"], "FIRST PLAN");
}

#[test]
fn nobody_is_left_of_messages() {
    let folder = clean();
    let plugin = bare(folder.path(), &["adapter", "messages", "--base", "hl7v2-dft"], "messages");
    std::fs::write(plugin.join("mapping.toml"), "[visit]\nnumber = \"PV1-19.1\"\n").unwrap();
    put(
        &plugin,
        "real/input.hl7",
        "MSH|^~\\&|EHR|SITE|CH|CH|20260302101500||DFT^P03|ZQC9001-7|P|2.5\r\
         PID|1||ZQM7731^^^S^MR||Zqvance^Zqorla^Q||19570323|F|||14 Zqlarch Ave^^Zqburgh^OH^43917||(614)555-9173^^^zqorla@x.example\r\
         PV1|1|O|LOC^^^^^^^^Zqburgh||||||||||||||||ZQV4410\r\
         FT1|1|ZQC9001||20260302||CG|99213^Zqorla was here^C4|||1|120.50||||||||J06.9^^I10|1234567893^Osei^Daniel^^^^^^NPI\r\
         IN1|1|P1|FP|FIRST PLAN||||||||||||Zqvance^Zqmilo|01|19570323|14 Zqlarch Ave^^Zqburgh^OH^43917|||||||||||||||||ZQP5512\r\
         ZNT|1|Zqvance called from 555-9173\r",
    );
    let expected = accepted_without_anybody(folder.path(), "messages", &["real"]);
    assert!(expected[0]["Events"][0]["Visit"]["charges"][0]["line"]["procedure"]["code"] == "99213", "{expected}");
}

const RECORD: &str = r#"{"id": "ZQV4410", "changed": "2026-03-02T17:00:00-05:00",
    "patient": {"chart": "ZQM7731", "name": {"last": "Zqvance", "first": "Zqorla"}, "born": "1957-03-23", "sex": "F",
        "mail": "zqorla@x.example", "home": {"street": "14 Zqlarch Ave", "city": "Zqburgh", "zip": 43917}, "phone": 6145559173},
    "insurance": [{"rank": 2, "plan": "SECOND PLAN", "member": "ZQP5512-2"}, {"rank": 1, "plan": "FIRST PLAN", "member": "ZQP5512"}],
    "doctor": {"npi": "1234567893"}, "place": "11", "diagnoses": ["J06.9", "R05.9"],
    "charges": [{"id": "ZQC9001", "state": "ready", "code": "99213", "modifiers": ["25"], "units": 1, "amount": "120.50",
        "day": "2026-03-02", "for": [1, 2], "note": "Zqmilo signed"}]}"#;

#[test]
fn nobody_is_left_of_records_in_json() {
    let folder = clean();
    let plugin = bare(folder.path(), &["adapter", "records-json", "--base", "records"], "records-json");
    put(&plugin, "real/input.json", &format!("{{\"encounters\": [{RECORD}, {RECORD}]}}"));
    let expected = accepted_without_anybody(folder.path(), "records-json", &["real"]);
    let visit = &expected[1]["Events"][0]["Visit"];
    assert_eq!(visit["header"]["coverages"][0]["payer"]["name"], "FIRST PLAN", "{expected}");
    assert_eq!(visit["charges"][0]["line"]["procedure"]["modifiers"][0], "25", "{expected}");
}

#[test]
fn nobody_is_left_of_records_in_xml() {
    let folder = clean();
    let plugin = bare(folder.path(), &["adapter", "records-xml", "--base", "records"], "records-xml");
    let mapping = "source_system = \"X\"\ndate_format = \"YYYY-MM-DD\"\n[framing]\nrecords = \"Charge\"\n[visit]\nvisit = \"VisitNo\"\n\
                   patient_mrn = \"Chart\"\npatient_last = \"Last\"\npatient_first = \"First\"\npatient_birth_date = \"Born\"\n\
                   patient_gender = \"Sex\"\npayer = \"Plan\"\nmember_id = \"Policy\"\nrendering_npi = \"Npi\"\nplace_of_service = \"Pos\"\n\
                   dx = \"Dx\"\n[charge]\ncharge_id = \"Id\"\nprocedure = \"Cpt\"\nunits = \"Units\"\ncharge = \"Fee\"\nservice_date = \"Dos\"\n";
    std::fs::write(plugin.join("mapping.toml"), mapping).unwrap();
    put(
        &plugin,
        "real/input.xml",
        "<?xml version=\"1.0\"?>\n<Charges by='Zqvance'><!-- of Zqorla --><Charge note=\"Zqvance, 555-9173\"><VisitNo>ZQV4410</VisitNo>\
         <Chart>ZQM7731</Chart><Last>Zqvance</Last><First>Zqorla</First><Born>1957-03-23</Born><Sex>F</Sex><Plan>FIRST PLAN</Plan>\
         <Policy>ZQP5512</Policy><Npi>1234567893</Npi><Pos>11</Pos><Dx>J06.9</Dx><Id>ZQC9001</Id><Cpt>99213</Cpt><Units>1</Units>\
         <Fee>120.50</Fee><Dos>2026-03-02</Dos><Home>14 Zqlarch Ave, Zqburgh 43917</Home></Charge></Charges>\n",
    );
    let expected = accepted_without_anybody(folder.path(), "records-xml", &["real"]);
    assert_eq!(expected[0]["Events"][0]["Visit"]["charges"][0]["line"]["charge"], 12050, "{expected}");
}

#[test]
fn nobody_is_left_of_resources() {
    let folder = clean();
    let plugin = bare(folder.path(), &["adapter", "resources", "--base", "fhir-r4"], "resources");
    put(
        &plugin,
        "real/input.json",
        r#"{"resourceType": "Bundle", "type": "collection", "entry": [
        {"fullUrl": "https://x.example/Patient/ZQM7731", "resource": {"resourceType": "Patient", "id": "ZQM7731",
            "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "ZQM7731"}], "name": [{"family": "Zqvance", "given": ["Zqorla"]}],
            "telecom": [{"system": "phone", "value": "614-555-9173"}, {"system": "email", "value": "zqorla@x.example"}], "gender": "female",
            "birthDate": "1957-03-23", "address": [{"line": ["14 Zqlarch Ave"], "city": "Zqburgh", "state": "OH", "postalCode": "43917"}]}},
        {"resource": {"resourceType": "Encounter", "id": "ZQV4410", "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": "Patient/ZQM7731", "display": "Zqvance"}, "period": {"start": "2026-03-02T09:00:00Z"}}},
        {"resource": {"resourceType": "ChargeItem", "id": "ZQC9001", "status": "billable", "subject": {"reference": "Patient/ZQM7731"},
            "context": {"reference": "Encounter/ZQV4410"}, "occurrenceDateTime": "2026-03-02",
            "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "99213", "display": "seen with Zqmilo"}]},
            "quantity": {"value": 1}, "priceOverride": {"value": 120.50, "currency": "USD"}}}]}"#,
    );
    let expected = accepted_without_anybody(folder.path(), "resources", &["real"]);
    assert_eq!(expected[0]["Events"][0]["Visit"]["charges"][0]["line"]["procedure"]["code"], "99213", "{expected}");
}

/// A manifest over a stock component with a framing of its own.
fn over(plugin: &Path, base: &str, framing: &str, format: &str, mapping: &str) {
    std::fs::create_dir_all(plugin).unwrap();
    let id = plugin.file_name().unwrap().to_str().unwrap();
    let manifest = format!(
        "id = \"{id}\"\nversion = \"0.1.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\nframing = \"{framing}\"\nformats = [\"{format}\"]\n\
         evidence = \"standard-only\"\nbase = \"{base}\"\n{}[limits]\ndeadline_ms = 1000\n",
        if mapping.is_empty() { "" } else { "mapping = \"mapping.toml\"\n" }
    );
    std::fs::write(plugin.join("plugin.toml"), manifest).unwrap();
    if !mapping.is_empty() {
        std::fs::write(plugin.join("mapping.toml"), mapping).unwrap();
    }
}

#[test]
fn nobody_is_left_of_an_837() {
    let folder = clean();
    let plugin = folder.path().join("claims");
    over(&plugin, "x12-837", "x12-claim", "x12-837", "");
    let shown = claimhost_tests::programs::workspace().join("plugins/ehr/x12-837/fixtures/office-visit/input.x12");
    let own = std::fs::read_to_string(shown).unwrap();
    let subscriber = own.split('~').map(str::trim).find(|segment| segment.starts_with("NM1*IL*")).unwrap();
    let claim = own.split('~').map(str::trim).find(|segment| segment.starts_with("CLM*")).unwrap();
    let number = claim.split('*').nth(1).unwrap();
    let real = own
        .replace(subscriber, "NM1*IL*1*Zqvance*Zqorla****MI*ZQP5512")
        .replace(claim, &format!("{}~NTE*ADD*Zqvance called 5559173", claim.replacen(number, "ZQV4410", 1)))
        .replace("SE*41*", "SE*42*");
    put(&plugin, "real/input.x12", &real);
    let expected = accepted_without_anybody(folder.path(), "claims", &["real"]);
    assert!(expected[0]["Events"][0]["Visit"]["charges"].as_array().is_some_and(|all| !all.is_empty()), "{expected}");
}

#[test]
fn nobody_is_left_of_lines_of_json() {
    let folder = clean();
    let made = bare(folder.path(), &["adapter", "a", "--base", "records"], "a");
    let mapping = std::fs::read_to_string(made.join("mapping.toml")).unwrap();
    let plugin = folder.path().join("lines");
    over(&plugin, "records", "ndjson", "json", &mapping.replace("records = \"encounters\"", ""));
    let line = serde_json::from_str::<Value>(RECORD).unwrap().to_string();
    put(&plugin, "real/input.ndjson", &format!("{line}\n{}\n", line.replace("ZQC9001", "ZQC9001-5")));
    let expected = accepted_without_anybody(folder.path(), "lines", &["real"]);
    assert_eq!(expected.as_array().unwrap().len(), 2, "a line is a document still: {expected}");
}

#[test]
fn what_is_invented_stays_and_what_takes_its_place_is_asked_about() {
    let folder = clean();
    succeeds(folder.path(), &["plugin", "new", "adapter", "mine"]);
    let plugin = folder.path().join("mine");
    let test = |more: &[&'static str]| [&["plugin", "test", "mine"][..], more].concat();
    std::fs::remove_dir_all(plugin.join("fixtures/what-is-wrong")).unwrap();
    succeeds(folder.path(), &test(&["--accept"]));
    // A template is invented; its answers are written anew and its people stay.
    let kept = all(&plugin);
    assert!(read(&plugin, "a-day/input.csv").contains("VANCE"));
    succeeds(folder.path(), &test(&["--accept"]));
    assert_eq!(all(&plugin), kept);
    // Another text in its place may be anybody's.
    put(&plugin, "a-day/input.csv", CSV);
    let before = all(&plugin);
    let said = refused(folder.path(), &test(&["--accept"]));
    assert!(
        said.contains("a-day") && said.contains("--accept --synthetic") && said.contains("--accept --disguise"),
        "{said}"
    );
    assert_eq!(all(&plugin), before, "nothing is written");
    succeeds(folder.path(), &test(&["--accept", "--synthetic"]));
    assert_eq!(read(&plugin, "a-day/input.csv"), CSV);
    assert!(read(&plugin, "a-day/expected.json").contains("Zqvance"));
    // It was somebody after all.
    succeeds(folder.path(), &test(&["--accept", "--disguise"]));
    let search = patient();
    let left: Vec<String> = all(&plugin).into_values().flat_map(|bytes| search.find(&bytes)).collect();
    assert_eq!(left.iter().filter(|what| !what.starts_with("service date")).count(), 0, "{left:?}");
    let output = run(folder.path(), &["plugin", "test", "mine", "--synthetic"]);
    assert_eq!(output.status.code(), Some(2), "without --accept: {}", text(&output));
}

#[test]
fn what_cannot_be_disguised_is_refused_with_the_way_out_and_left_as_it_is() {
    let folder = clean();
    // What no EHR sends.
    for (kind, name, case) in [("rules", "my-payer", "with-passes"), ("puller", "my-pull", "first-turn")] {
        succeeds(folder.path(), &["plugin", "new", kind, name]);
        let marks = folder.path().join(name).join("fixtures/accepted.toml");
        std::fs::remove_file(&marks).unwrap();
        let before = all(&folder.path().join(name));
        let said = refused(folder.path(), &["plugin", "test", name, "--accept"]);
        assert!(said.contains("--accept --synthetic") && said.contains("invented values"), "{said}");
        assert_eq!(all(&folder.path().join(name)), before);
        succeeds(folder.path(), &["plugin", "test", name, "--accept", "--synthetic"]);
        assert!(std::fs::read_to_string(marks).unwrap().contains(&format!("[{case}]\ndata = \"invented\"")));
        succeeds(folder.path(), &["plugin", "test", name, "--accept"]);
    }
    let plugin = bare(folder.path(), &["adapter", "rows"], "rows");
    for (file, content, words) in [
        // Without a header the first row would be taken for one and stay.
        ("real/input.csv", CSV.split_once('\n').unwrap().1.to_owned(), "found a value in the header's place"),
        // Nothing reads it, so nothing disguises it.
        ("real/who.txt", "Zqvance".to_owned(), "who.txt: is in a fixture that is disguised"),
        ("real/more/input.csv", CSV.to_owned(), "more: is in a fixture that is disguised"),
        // A column of codes that neither its name nor the mapping tells: the fixture would show codes that nobody sent.
        ("real/input.csv", CSV.replace("Diagnosis 2", "D2").replace("R05.9", "Q"), "says something else at"),
    ] {
        put(&plugin, "real/input.csv", CSV);
        put(&plugin, file, &content);
        if words.starts_with("says") {
            let mapping = std::fs::read_to_string(plugin.join("mapping.toml")).unwrap();
            std::fs::write(plugin.join("mapping.toml"), mapping.replace("\"Diagnosis 2\"", "\"D2\"")).unwrap();
        }
        let before = all(&plugin);
        let said = refused(folder.path(), &["plugin", "test", "rows", "--accept"]);
        assert!(said.contains(words) && !said.contains("Zqvance"), "{file}: {said}");
        assert_eq!(all(&plugin), before, "{file}");
        std::fs::remove_dir_all(plugin.join("fixtures/real")).unwrap();
    }
}

/// The lines below `failed`.
fn lines(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let output = run(folder, &[&["plugin", "test", "mine"], arguments].concat());
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
    String::from_utf8_lossy(&output.stdout).lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_difference_is_told_field_by_field_by_the_keys_of_the_source() {
    let folder = clean();
    succeeds(folder.path(), &["plugin", "new", "adapter", "mine"]);
    let plugin = folder.path().join("mine");
    let mapping = std::fs::read_to_string(plugin.join("mapping.toml")).unwrap();
    let with = |from: &str, to: &str| {
        assert!(mapping.contains(from), "{from}");
        std::fs::write(plugin.join("mapping.toml"), mapping.replace(from, to)).unwrap();
    };
    // Units read from another column: that field of each charge, by visit and charge, and nothing that is as it was.
    with("units = \"Qty\"", "units = \"Place\"");
    let said = lines(folder.path(), &[]);
    assert!(said[0].contains("failed") && said[0].contains("fixtures differ"), "{said:?}");
    assert_eq!(said[1], "a-day");
    assert_eq!(said[2], "document 1, visit V100, charge 1, line.units.thousandths: expected 1000, found 11000");
    assert!(said.iter().filter(|line| line.starts_with("document ")).all(|line| line.contains("units")), "{said:#?}");

    with("charge_id = \"Charge No\"", "charge_id = \"Policy\"");
    let said = lines(folder.path(), &[]);
    for line in [
        "document 1, visit V100, charge 1: missing, expected 99213, charge 12050",
        "document 1, visit V100, charge P77: additional, found 99213, charge 12050",
    ] {
        assert!(said.contains(&line.to_owned()), "{line}: {said:#?}");
    }

    with("date_format = \"MM/DD/YYYY\"", "date_format = \"DD/MM/YYYY\"");
    let said = lines(folder.path(), &[]);
    let day = "document 1, visit V100, charge 1, line.service_dates.start: expected 2026-03-02, found 2026-02-03";
    assert!(said.contains(&day.to_owned()), "{said:#?}");
    assert!(
        said.iter().any(|line| line.contains("header.patient.birth_date: expected 1950-02-01, found 1950-01-02")),
        "{said:#?}"
    );
    let document =
        "document 3: expected events (visit V101), found rejected (problem csv.date at row 3, column Birth Date)";
    assert!(said.iter().any(|line| line.starts_with(document.split(" (problem").next().unwrap())), "{said:#?}");

    // No more than somebody reads, and the rest are counted; all of them for a program.
    let all: Value = serde_json::from_slice(&run(folder.path(), &["plugin", "test", "mine", "--json"]).stdout).unwrap();
    let differing = all[0]["differing"].as_array().unwrap();
    let count: usize = differing.iter().map(|case| case["differences"].as_array().unwrap().len()).sum();
    let first = &differing[0]["differences"][0];
    assert!(count > 4 && first["path"].is_string() && first["expected"] != first["found"], "{all}");
    let few = lines(folder.path(), &["--lines", "2"]);
    assert_eq!(few.iter().filter(|line| line.starts_with("document ")).count(), 2, "{few:#?}");
    assert!(few.iter().any(|line| line.starts_with(&format!("and {} more differences", count - 2))), "{few:#?}");

    // Of data that nobody has vouched for, where it differs and never what it says.
    std::fs::remove_file(plugin.join("fixtures/accepted.toml")).unwrap();
    let hidden = lines(folder.path(), &[]).join("\n");
    assert!(hidden.contains("document 1, visit 1, charge 1, line.service_dates.start: expected an object"), "{hidden}");
    assert!(
        hidden.contains("values and keys are left out") && !hidden.contains("1950") && !hidden.contains("V100"),
        "{hidden}"
    );
}
