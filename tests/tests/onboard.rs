//! `claimhost onboard` through the real binary: a sample of each format is recognised, a mapping drafted, run to 837P and reported; what
//! no sample is is refused; and nothing of a patient is in what is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use claimhost_tests::programs::{claimhost, workspace};
use claimhost_tests::site::Charge;
use serde_json::Value;

const DAY: &str = "2026-05-20";
/// What `onboard` leaves to the site of the billing provider, with the values that `init` has.
const BILLING: [(&str, &str); 8] = [
    ("name = \"TODO: legal", "name = \"LAKESIDE MEDICAL GROUP\""),
    ("npi = \"TODO: NPI of the billing", "npi = \"1234567893\""),
    ("taxonomy = \"TODO", "taxonomy = \"207Q00000X\""),
    ("tax_id = ", "tax_id = { kind = \"ein\", value = \"123456789\" }"),
    (
        "address = ",
        "address = { line1 = \"1 EXAMPLE STREET\", line2 = \"\", city = \"ANYTOWN\", state = \"OH\", postal_code = \"430010000\" }",
    ),
    ("contact = ", "contact = { name = \"BILLING OFFICE\", telephone = \"5555550100\" }"),
    (
        "submitter = ",
        "submitter = { name = \"LAKESIDE\", id = \"SUBMITTERID\", contact = \"BILLING OFFICE\", telephone = \"5555550100\" }",
    ),
    ("receiver = ", "receiver = { name = \"MY CLEARINGHOUSE\", id = \"RECEIVERID\" }"),
];

/// What a patient is known by in the samples of these tests.
const CANARIES: [&str; 7] = ["ZQVANCE", "ZQORLA", "ZQBRANDT", "ZQOKAFOR", "ZQELM", "ZQTOWN", "ZQID"];

/// An invented EHR's export: its own names for everything.
const HEADER: &str = "Encounter Number,Charge No,Chart No,Patient Last Name,Patient First Name,Date of Birth,Sex,Street,City,State,Zip,\
    Primary Insurance,Payer ID,Claim Filing Code,Policy Number,Relation,Servicing NPI,Provider Last Name,Provider First Name,\
    Provider Taxonomy,Facility,POS,Date of Service,Procedure Code,Mod 1,Qty,Fee,Diagnosis 1,Diagnosis 2,Dx Pointer,Remarks";

/// Nobody is like another one: patients that are alike are held.
const PEOPLE: [(&str, &str, &str); 7] = [
    ("ZQVANCE", "ZQORLA", "01/14/1980"),
    ("ZQBRANDT", "ZQMILO", "11/30/1965"),
    ("ZQOKAFOR", "ZQADA", "07/02/1991"),
    ("ZQLINDEN", "ZQSOFIA", "03/25/1972"),
    ("ZQPETROV", "ZQIVAN", "09/09/1958"),
    ("ZQSANTOS", "ZQRAUL", "12/17/2001"),
    ("ZQWHITE", "ZQGRACE", "05/21/1948"),
];

fn row(visit: usize, charge: usize, code: &str, fee: &str) -> String {
    let (last, first, born) = PEOPLE[visit - 1];
    format!(
        "E{visit},C{charge},M{visit},{last},{first},{born},F,{visit}2 ZQELM STREET,ZQTOWN,OH,43001,NORTHFIELD HEALTH,60054,CI,\
         ZQID77{visit}00,Self,1000000004,ADLER,PAT,207Q00000X,MAIN,11,05/0{visit}/2026,{code},,1,{fee},J06.9,,1,saw ZQVANCE"
    )
}

fn export() -> String {
    let rows = [row(1, 1, "99213", "90.00"), row(2, 2, "99212", "60.00"), row(3, 3, "99214", "130.00")];
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

/// A folder for samples and what is made of them.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Whatever the exit code.
    fn run(&self, arguments: &[&str]) -> Output {
        // Away from any claimhost.toml: the project's own plugins read the samples.
        let mut command = Command::new(claimhost());
        let temporary = self.path("tmp");
        fs::create_dir_all(&temporary).unwrap();
        command.env("TMPDIR", &temporary).current_dir(self.0.path()).args(["--as-of", DAY, "onboard"]).args(arguments);
        let output = command.output().expect("claimhost starts");
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "the dry run's folder is gone");
        output
    }

    fn report(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        said
    }

    /// A command on the folder that was made.
    fn site(&self, arguments: &[&str]) -> (Value, Option<i32>, String) {
        let config = self.path("onboard/claimhost.toml");
        let output = Command::new(claimhost())
            .args(["--as-of", DAY, "--json", "--config"])
            .arg(&config)
            .args(arguments)
            .output()
            .expect("claimhost starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), output.status.code(), said)
    }

    fn edit(&self, name: &str, change: impl Fn(&str) -> String) {
        let path = self.path(name);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, change(&text)).unwrap();
    }
}

/// The drafted profile with the billing provider filled in, and nothing else; visits are billed at once.
fn filled(profile: &str) -> String {
    let line = |line: &str| {
        let found = BILLING.iter().find(|(key, _)| line.starts_with(key));
        found.map_or(line, |(_, value)| value).to_owned() + "\n"
    };
    profile.lines().map(line).collect::<String>().replace("bill_hold_days = 3", "bill_hold_days = 0")
}

fn element<'r>(report: &'r Value, id: &str) -> &'r Value {
    let elements = report["elements"].as_array().unwrap();
    elements.iter().find(|element| element["id"] == id).unwrap_or_else(|| panic!("no {id}"))
}

fn state(report: &Value, id: &str) -> String {
    element(report, id)["state"].as_str().unwrap().to_owned()
}

/// Documents by end; they add up to what came.
fn documents(report: &Value, end: &str) -> u64 {
    report["dry_run"]["documents"][end].as_u64().unwrap_or(0)
}

/// Every file below a folder, but for plugins and the cache, with its text.
fn texts(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(name.as_str(), "plugins" | "cache") {
            found.extend(texts(&path));
        } else if path.is_file() {
            found.push((path.clone(), String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
        }
    }
    found
}

#[test]
fn an_invented_export_becomes_an_837p_with_nothing_edited_but_the_billing_provider() {
    let desk = Desk::new();
    let sample = desk.put("export_20260501.csv", export());
    let report = desk.report(&["export_20260501.csv"]);
    assert_eq!(report["samples"][0]["component"], "csv-superbill");
    assert_eq!(report["samples"][0]["delimiter"], ",");
    assert_eq!((documents(&report, "translated"), documents(&report, "rejected")), (3, 0), "{report:#}");
    let run = &report["dry_run"];
    assert_eq!(
        (&run["claims"]["ready"], &run["ready_cents"], &run["written"]),
        (&3.into(), &28_000.into(), &3.into()),
        "{run:#}"
    );
    assert_eq!(run["files_837"], 1, "{run:#}");
    for id in
        ["patient.name", "patient.birth-date", "member-id", "rendering.npi", "place-of-service", "charge", "pointers"]
    {
        assert_eq!(state(&report, id), "present", "{id}");
    }
    assert_eq!(
        (state(&report, "billing"), state(&report, "referring")),
        ("derivable".to_owned(), "missing".to_owned())
    );
    assert!(element(&report, "payer.secondary")["consequence"].as_str().unwrap().contains("second payer"));
    assert_eq!(report["payers"][0]["id"], "60054");
    assert_eq!(report["ways"][0]["unused"], serde_json::json!(["Remarks"]), "{report:#}");
    assert!(sample.is_file(), "the sample stays where it is");

    // Compiled once for all tests.
    let cache = format!("cache = {:?}", workspace().join("target/plugin-cache"));
    desk.edit("onboard/claimhost.toml", |text| text.replace("cache = \"cache\"", &cache));
    // What only the site can supply is refused by its key.
    let (checks, code, said) = desk.site(&["check-config"]);
    assert_eq!(code, Some(3), "{said}");
    let words = checks.to_string();
    for key in ["npi: found `TODO", "tax_id.value: found `TODO", "submitter.id: found `TODO"] {
        assert!(words.contains(key), "{key}: {words}");
    }
    assert!(!words.contains("provider[") && !words.contains("payer["), "{words}");

    desk.edit("onboard/practices/my-practice/profile.toml", filled);
    let (checks, code, said) = desk.site(&["check-config"]);
    assert_eq!(code, Some(0), "{said}: {checks:#}");
    fs::copy(&sample, desk.path("onboard/inbox/my-practice/export_20260501.csv")).unwrap();
    let (_, code, said) = desk.site(&["run", "--once"]);
    assert_eq!(code, Some(0), "{said}");
    let (seen, ..) = desk.site(&["go-live", "my-practice"]);
    // The record of the dry run is of the mapping that is approved.
    let record: Value = serde_json::from_slice(&fs::read(desk.path("onboard/go-live.json")).unwrap()).unwrap();
    assert_eq!(
        (&seen["mapping_digest"], &seen["dry_run"]["ready"]),
        (&record["mapping_digest"], &record["dry_run"]["ready"])
    );
    assert_eq!(seen["approved"], false, "a record of a dry run approves nothing");
    desk.site(&["go-live", "my-practice", "--approve", "--by", "test"]);
    let (summary, ..) = desk.site(&["run", "--once"]);
    assert_eq!(summary["claims"]["ready"], 0, "{summary}");
    let sent: Vec<_> = fs::read_dir(desk.path("onboard/transport/out")).unwrap().collect();
    assert_eq!(sent.len(), 1, "{summary}");
    let text = fs::read_to_string(sent[0].as_ref().unwrap().path()).unwrap();
    assert!(text.contains("SV1*HC:99213*90") && text.contains("NM1*PR*2*NORTHFIELD HEALTH*****PI*60054"), "{text}");

    // A quarter later the export has lost its policy numbers: what the comparison says is to be done, by the checklist too.
    let emptied = (1..=3).fold(export(), |text, number| text.replace(&format!("ZQID77{number}00"), ""));
    desk.put("later.csv", emptied);
    let output = desk.run(&["later.csv", "--against", "onboard/report.json", "--json"]);
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    let compared = desk.put("compared.json", &output.stdout);
    let compared = compared.to_str().unwrap();
    let (reviewed, code, said) = desk.site(&["review", "transfer", "--by", "A. Lee", "--compared", compared]);
    assert_eq!((code, &reviewed["result"]["broken"]), (Some(0), &serde_json::json!(["member-id"])), "{said}");
    let (list, ..) = desk.site(&["checklist", "my-practice"]);
    let line = list["lines"].as_array().unwrap().iter().find(|line| line["id"] == "transfer").unwrap().clone();
    assert_eq!(line["status"], "fail", "{line}");
    assert!(line["found"].as_str().unwrap().contains("1 things unaccounted for or broken upstream"), "{line}");
    let record = desk.path("onboard/go-live.json");
    let (_, code, said) = desk.site(&["review", "transfer", "--by", "A. Lee", "--compared", record.to_str().unwrap()]);
    assert!(code == Some(4) && said.contains("is no report"), "{said}");
}

#[test]
fn patients_in_a_file_of_their_own_are_joined_by_the_column_that_both_have() {
    let desk = Desk::new();
    let charges = "Visit;Line;Chart;Provider NPI;POS;DOS;CPT;Units;Charge;Dx1\n\
                   V1;1;M1;1000000004;11;2026-05-01;99213;1;90.00;J06.9\nV2;1;M2;1000000004;11;2026-05-02;99212;1;60.00;J06.9\n";
    let patients = "Chart;Last;First;DOB;Sex;Street;City;State;ZIP;Plan;Policy\n\
                    M1;VANCE;ORLA;1980-01-14;F;12 ELM STREET;ANYTOWN;OH;43001;NORTHFIELD;N1234\n\
                    M2;BRANDT;MILO;1985-09-30;M;14 ELM STREET;ANYTOWN;OH;43001;NORTHFIELD;N1235\n";
    desk.put("charges-0501.csv", charges);
    desk.put("patients-0501.csv", patients);
    let report = desk.report(&["charges-0501.csv", "patients-0501.csv"]);
    assert_eq!(documents(&report, "translated"), 2, "{report:#}");
    assert_eq!(
        (state(&report, "patient.name"), state(&report, "member-id")),
        ("present".to_owned(), "present".to_owned())
    );
    let mapping: Value = {
        let text = fs::read_to_string(desk.path("onboard/practices/my-practice/mapping.toml")).unwrap();
        assert!(text.contains("file = \"patients-*.csv\"") && text.contains("key = \"Chart\""), "{text}");
        assert!(text.contains("patient_last = \"file2:Last\"") && text.contains("delimiter = \";\""), "{text}");
        report["dry_run"].clone()
    };
    assert_eq!(mapping["claims"]["ready"], 2, "{report:#}");
    // The fixture still joins.
    let read = |name: &str| fs::read_to_string(desk.path(&format!("onboard/fixtures/way-1/{name}"))).unwrap();
    let (rows, joined) = (read("input.csv"), read("input-2.csv"));
    let cell =
        |text: &str, row: usize, at: usize| text.lines().nth(row).unwrap().split(';').nth(at).unwrap().to_owned();
    assert_eq!(cell(&rows, 1, 2), cell(&joined, 1, 0), "{rows}\n{joined}");
    assert!(!rows.contains("M1") && !joined.contains("VANCE"), "{rows}\n{joined}");
}

#[test]
fn rows_that_are_shifted_and_codes_and_modifiers_that_do_not_arrive_are_told() {
    let desk = Desk::new();
    let mut text = export();
    // A code of the practice's own, a retired shape of a diagnosis, a row with a cell too many, and one whose values stand beside their places.
    text += &(row(4, 4, "OV3", "45.00") + "\n");
    text += &(row(5, 5, "99213", "45.00").replace(",J06.9,", ",Z99.99,") + "\n");
    text += &(row(6, 6, "99213", "45.00").replace("ZQTOWN,", "ZQTOWN, upstairs,") + "\n");
    text += &(row(7, 7, "99213", "45.00").replace(",99213,,1,45.00,J06.9,,1,", ",,99213,,1,45.00,J06.9,1,") + "\n");
    let text = text.replacen("99213,,1,90.00", "99213,25,1,90.00", 1);
    desk.put("a.csv", text.replace(",Remarks", ",Mod 9").replace("saw ZQVANCE", "RT"));
    let report = desk.report(&["a.csv"]);
    assert_eq!(report["ways"][0]["shifted"], 2, "{report:#}");
    assert_eq!(report["ways"][0]["modifiers_not_read"], serde_json::json!(["Mod 9"]));
    let codes = report["codes"].as_array().unwrap();
    let code =
        |code: &str| codes.iter().find(|one| one["code"] == code).unwrap_or_else(|| panic!("{code}: {report:#}"));
    assert!(code("OV3")["words"].as_str().unwrap().contains("crosswalk.procedure"));
    assert_eq!(code("Z9999")["set"], "diagnosis");
    let problems = report["dry_run"]["problems"].to_string();
    assert!(problems.contains("csv.width"), "{problems}");
    let sum: u64 =
        ["translated", "ignored", "rejected", "parked", "pending"].iter().map(|end| documents(&report, end)).sum();
    assert_eq!(sum, 7, "{report:#}");
}

#[test]
fn hl7_messages_are_read_where_the_standard_says_or_where_they_are() {
    let desk = Desk::new();
    let standard: String = (1..=3).map(|number| Charge::of_nobody_else(number).message()).collect();
    desk.put("standard.hl7", &standard);
    let report = desk.report(&["standard.hl7", "--out", "one"]);
    assert_eq!(report["samples"][0]["format"], "HL7 v2");
    assert_eq!((documents(&report, "translated"), &report["dry_run"]["claims"]["ready"]), (3, &3.into()), "{report:#}");
    assert!(report["to_do"].to_string().contains("provider[0].npi"), "{report:#}");
    assert_eq!(report["payers"][0]["id"], "", "an invented id is none");

    // The procedure one field to the left of the standard's, as some version 2.3 feeds have it.
    let moved = standard.replace("|CG|99213^^C4|||1|", "|99213^^C4||||1|");
    desk.put("moved.hl7", moved);
    let report = desk.report(&["moved.hl7", "--out", "two"]);
    let entries = report["ways"][0]["entries"].as_array().unwrap();
    let code = entries.iter().find(|entry| entry["element"] == "charge.code").unwrap();
    assert_eq!(code["source"], "FT1-6", "{report:#}");
    assert!(code["why"].as_str().unwrap().contains("3 of 3 charges"), "{code}");
    assert_eq!(documents(&report, "translated"), 3, "{report:#}");
}

#[test]
fn records_fhir_and_837_are_drafted_over_their_components_and_a_known_connector_is_named() {
    let desk = Desk::new();
    let visit = |number: usize| {
        let (last, first, _) = PEOPLE[number - 1];
        serde_json::json!({
            "encounter": {"id": format!("E{number}"), "date": format!("2026-05-0{number}T09:00:00")},
            "patient": {"mrn": format!("M{number}"), "name": {"last": last, "first": first}, "dob": format!("198{number}-01-14"), "sex": "F",
                "street": "12 ELM STREET", "city": "ANYTOWN", "state": "OH", "zip": "43001"},
            "doctor": {"npi": "1000000004", "name": {"last": "ADLER", "first": "PAT"}},
            "pos": "11",
            "insurance": [{"plan": "NORTHFIELD", "memberId": format!("N123{number}")}],
            "diagnoses": ["J06.9"],
            "lines": [{"lineId": "1", "cpt": "99213", "units": 1, "amount": 90.5, "pointers": "1"}],
        })
    };
    let export = |modifiers: &[&str]| {
        let mut visits = [visit(1), visit(2)];
        for (visit, modifier) in visits.iter_mut().zip(modifiers) {
            visit["lines"][0]["modifiers"] = serde_json::json!([modifier]);
        }
        serde_json::json!({"data": {"encounters": visits}}).to_string()
    };
    desk.put("own.json", export(&["25", "25"]));
    let report = desk.report(&["own.json", "--out", "own"]);
    assert_eq!((documents(&report, "translated"), &report["dry_run"]["claims"]["ready"]), (2, &2.into()), "{report:#}");
    // Of an export without modifiers the dry run says what the site has to answer.
    desk.put("bare.json", export(&[]));
    let report = desk.report(&["bare.json", "--out", "bare"]);
    assert_eq!(report["dry_run"]["findings"]["modifiers.undelivered"], 2, "{report:#}");

    let day = workspace().join("connectors/drchrono/fixtures/family-practice-day");
    let files: Vec<String> = ["input.json", "patients.json", "appointments.json", "doctors.json"]
        .iter()
        .map(|name| day.join(name).display().to_string())
        .collect();
    let arguments: Vec<&str> = files.iter().map(String::as_str).chain(["--out", "chrono"]).collect();
    let report = desk.report(&arguments);
    assert_eq!(report["ways"][0]["connector"], "drchrono", "{report:#}");
    assert!(documents(&report, "translated") >= 3, "{report:#}");

    for (file, component) in [
        ("plugins/ehr/fhir-r4/fixtures/us-core-day/input.json", "fhir-r4"),
        ("plugins/ehr/x12-837/fixtures/office-visit/input.x12", "x12-837"),
        ("connectors/tebra/fixtures/charges/input.xml", "records"),
    ] {
        let path = workspace().join(file).display().to_string();
        let report = desk.report(&[&path, "--out", &format!("of-{component}")]);
        assert_eq!(report["samples"][0]["component"], component);
        assert!(documents(&report, "translated") > 0, "{file}: {report:#}");
        assert!(element(&report, "procedure")["present"].as_u64().unwrap() > 0, "{file}: {report:#}");
    }
}

#[test]
fn what_is_no_sample_is_refused_and_nothing_is_written() {
    let desk = Desk::new();
    desk.put("empty.csv", "");
    desk.put("book.csv", b"PK\x03\x04rest");
    desk.put("huge.csv", vec![b'a'; (16 << 20) + 1]);
    desk.put("words.txt", "one\ntwo\nthree\n");
    desk.put("orphans.csv", "Key,Color,Size\nA,red,1\nB,blue,2\n");
    for (name, words) in [
        ("empty.csv", "an empty file"),
        ("book.csv", "an Excel workbook"),
        ("huge.csv", "at most 16 MiB"),
        ("words.txt", "without a delimiter"),
        ("orphans.csv", "no column of procedure codes"),
        ("none.csv", "No such file"),
    ] {
        let said = desk.refused(&[name]);
        assert!(said.contains(name) && said.contains(words), "{name}: {said}");
        assert!(!desk.path("onboard").exists(), "{name}");
    }
}

#[test]
fn a_second_run_replaces_drafts_only_where_it_is_told_to_and_never_the_key() {
    let desk = Desk::new();
    desk.put("a.csv", export());
    desk.report(&["a.csv"]);
    let key = fs::read(desk.path("onboard/key")).unwrap();
    desk.edit("onboard/practices/my-practice/mapping.toml", |text| format!("{text}# mine\n"));
    let said = desk.refused(&["a.csv"]);
    assert!(said.contains("nothing was changed") && said.contains("--force"), "{said}");
    assert!(fs::read_to_string(desk.path("onboard/practices/my-practice/mapping.toml")).unwrap().contains("# mine"));
    desk.report(&["a.csv", "--force"]);
    assert!(!fs::read_to_string(desk.path("onboard/practices/my-practice/mapping.toml")).unwrap().contains("# mine"));
    assert_eq!(fs::read(desk.path("onboard/key")).unwrap(), key);
}

#[test]
fn a_later_sample_says_which_element_an_upstream_change_broke() {
    let desk = Desk::new();
    desk.put("a.csv", export());
    desk.report(&["a.csv"]);
    let against = |name: &str, text: String| {
        desk.put(name, text);
        let output = desk.run(&[name, "--against", "onboard/report.json", "--json"]);
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (report["against"]["broken"].as_array().unwrap().clone(), output.status.code())
    };
    let (broken, code) = against("same.csv", export().replace("E1,", "E11,"));
    assert_eq!((broken.len(), code), (0, Some(0)), "{broken:?}");

    let emptied = (1..=3).fold(export(), |text, number| text.replace(&format!("ZQID77{number}00"), ""));
    let (broken, code) = against("emptied.csv", emptied);
    let ids: Vec<&str> = broken.iter().map(|one| one["element"].as_str().unwrap()).collect();
    assert_eq!((ids.as_slice(), code), (&["member-id"][..], Some(4)), "{broken:?}");
    assert_eq!((&broken[0]["was_percent"], &broken[0]["is_percent"]), (&100.into(), &0.into()));

    let (broken, code) = against("renamed.csv", export().replace("Procedure Code", "Service"));
    assert_eq!((broken.len(), code), (1, Some(4)), "{broken:?}");
    assert_eq!(broken[0]["element"], "procedure", "{broken:?}");
    assert!(broken[0]["words"].as_str().unwrap().contains("`Procedure Code`"), "{broken:?}");
    assert_eq!(
        fs::read_dir(desk.0.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count(),
        2,
        "nothing new"
    );
}

#[test]
fn a_later_sample_is_read_by_the_mapping_of_its_own_kind() {
    let desk = Desk::new();
    let visit = |number: usize| {
        serde_json::json!({
            "visitId": format!("E{number}"), "patientId": format!("M{number}"), "patientLast": PEOPLE[number].0, "patientFirst": "ORLA",
            "chargeId": "1", "cpt": "99213", "dos": "2026-05-01", "units": 1, "amount": 90.5,
        })
    };
    desk.put("a.json", serde_json::json!({"data": [visit(1), visit(2)]}).to_string());
    let charge = |number: usize| {
        let last = PEOPLE[number + 2].0;
        format!(
            "<Row><EncounterNumber>X{number}</EncounterNumber><ChartNumber>N{number}</ChartNumber><LastName>{last}</LastName>\
             <FirstName>ADA</FirstName><LineNumber>1</LineNumber><ProcedureCode>99212</ProcedureCode><ServiceDate>05/02/2026</ServiceDate><Quantity>1</Quantity><Fee>60.00</Fee></Row>"
        )
    };
    let xml: String = (1..=2).map(charge).collect();
    desk.put("b.xml", format!("<?xml version=\"1.0\"?><Rows>{xml}</Rows>"));
    let report = desk.report(&["a.json", "b.xml"]);
    let kinds: Vec<&Value> = report["ways"].as_array().unwrap().iter().map(|way| &way["kind"]).collect();
    assert_eq!(kinds, ["records", "records, XML"], "{report:#}");
    assert_eq!(documents(&report, "translated"), 4, "{report:#}");
    for samples in [&["b.xml"][..], &["a.json"], &["a.json", "b.xml"]] {
        let output = desk.run(&[samples, &["--against", "onboard/report.json", "--json"]].concat());
        let later: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(documents(&later, "translated"), 2 * samples.len() as u64, "{samples:?}: {said} {later:#}");
    }
}

#[test]
fn nothing_of_a_patient_is_in_what_is_written_or_printed() {
    let desk = Desk::new();
    // A patient's name where a payer should be, and in a code: a shifted row does that.
    let mixed = row(4, 4, "99213", "45.00").replace("NORTHFIELD HEALTH", "ZQVANCE");
    desk.put("a.csv", export() + &mixed + "\n" + &row(5, 5, "ZQVANCE", "45.00") + "\n");
    desk.put(
        "b.hl7",
        Charge { name: "ZQVANCE^ZQORLA".into(), mrn: "ZQID1".into(), visit: "ZQID2".into(), ..Charge::new(1) }
            .message(),
    );
    for arguments in [&["a.csv", "b.hl7", "--html", "page.html"][..], &["a.csv", "b.hl7", "--force", "--json"]] {
        let output = desk.run(arguments);
        for said in [&output.stdout, &output.stderr] {
            let said = String::from_utf8_lossy(said).to_uppercase();
            assert_eq!(CANARIES.iter().find(|canary| said.contains(*canary)), None, "{said}");
        }
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let written = texts(&desk.path("onboard"));
    assert!(
        written.iter().any(|(path, _)| path.ends_with("fixtures/way-2/input.hl7")),
        "{:?}",
        written.iter().map(|(path, _)| path).collect::<Vec<_>>()
    );
    let page = (desk.path("page.html"), fs::read_to_string(desk.path("page.html")).unwrap());
    assert!(page.1.contains("What a clean claim needs"));
    for (path, text) in written.into_iter().chain([page]) {
        let text = text.to_uppercase();
        let found = CANARIES.iter().find(|canary| text.contains(*canary));
        assert_eq!(found, None, "{}", path.display());
    }
    assert!(!desk.path("tmp").read_dir().unwrap().any(|_| true));
}

#[test]
fn a_second_ehr_of_a_practice_is_looked_up_in_the_profile_that_it_has() {
    let desk = Desk::new();
    desk.put("a.csv", export());
    desk.report(&["a.csv", "--out", "first"]);
    desk.edit("first/practices/my-practice/profile.toml", filled);
    desk.put("b.csv", export().replace("NORTHFIELD HEALTH", "NORTHFIELD OF OHIO").replace("60054", "70070"));
    let report = desk.report(&["b.csv", "--out", "second", "--profile", "first/practices/my-practice/profile.toml"]);
    assert_eq!(
        (&report["to_do"], &report["dry_run"]["claims"]["held"]),
        (&serde_json::json!([]), &3.into()),
        "{report:#}"
    );
    assert!(report["dry_run"]["findings"]["payer.unknown"].as_u64().unwrap_or(0) >= 3, "{report:#}");
    assert!(!desk.path("second/practices/my-practice/profile.toml").exists());
    let text = fs::read_to_string(desk.path("second/claimhost.toml")).unwrap();
    assert!(text.contains("first/practices/my-practice/profile.toml"), "{text}");
}
