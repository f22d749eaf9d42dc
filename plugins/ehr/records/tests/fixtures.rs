//! Every case of `fixtures/`, and mappings that open no session.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use claimhost_fhir::Json;
use claimhost_sdk::Adapter;
use claimhost_sdk::intake::{Document, Event, Outcome, Related, Setup};
use plugin_records::Records;

/// What the host's framing does, for files that have each record between its own brackets.
fn frame(case: &Path, bytes: &[u8]) -> Vec<(Vec<u8>, Vec<Related>)> {
    let text = std::str::from_utf8(bytes).unwrap();
    let parts: Vec<String> = if text.starts_with('<') {
        text.lines().filter(|line| line.starts_with("<a:ChargeData")).map(str::to_owned).collect()
    } else {
        let json = Json::parse(text).unwrap();
        let list = json.get("claims").or(json.get("results")).unwrap_or(&json);
        let starts: Vec<usize> = list.items().iter().map(|item| item.at).collect();
        let end = text.rfind(']').unwrap();
        let ends = starts.iter().skip(1).copied().chain([end]);
        let cut = |(from, to): (&usize, usize)| text[*from..to].trim_end().trim_end_matches(',').to_owned();
        starts.iter().zip(ends).map(cut).collect()
    };
    assert!(!parts.is_empty(), "{}", case.display());
    let patients = std::fs::read_to_string(case.join("patients.json")).unwrap_or("{}".to_owned());
    let known = Json::parse(&patients).unwrap();
    let joined = |part: &str| -> Vec<Related> {
        let number = |json: &Json<'_>, name: &str| json.get(name).map(claimhost_sdk::path::plain);
        let key = number(&Json::parse(part).unwrap(), "patient");
        let items = known.get("results").map(Json::items).unwrap_or_default();
        let found = items.iter().filter(|item| number(item, "id") == key);
        let content = |item: &Json<'_>| patients[item.at..].rsplit_once(']').unwrap().0.as_bytes().to_vec();
        found.map(|item| Related { name: "patients".to_owned(), content: content(item) }).collect()
    };
    let with_joined = |part: String| {
        let related = if part.starts_with('{') { joined(&part) } else { Vec::new() };
        (part.into_bytes(), related)
    };
    parts.into_iter().map(with_joined).collect()
}

#[test]
fn fixtures_give_the_committed_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let count = claimhost_sdk::fixtures::run::<Records>(&folder, "input.*", frame);
    assert!(count.as_ref().is_ok_and(|count| *count >= 3), "{}", count.expect_err("fewer cases"));
}

fn open(mapping: &str) -> Result<Records, Vec<String>> {
    let setup = Setup { settings: Vec::new(), mapping: mapping.to_owned() };
    Records::open(setup)
        .map_err(|problems| problems.into_iter().map(|problem| format!("{} {}", problem.id, problem.at.path)).collect())
}

#[test]
fn a_mapping_is_refused_at_its_line() {
    for (mapping, wanted) in [
        ("", "mapping.visit"),
        ("[visit]\nvisit = \"a..b\"\n", "mapping.path"),
        ("[visit]\nvisit = \"a unless b..c\"\n", "mapping.path"),
        ("[visit]\nvisit = \"id\"\nmember_idd = \"x\"\n", "mapping.unknown"),
        ("date_format = \"MM/DD/YY\"\n[visit]\nvisit = \"id\"\n", "mapping.date-format"),
        ("required = [\"visit.member_id\"]\n[visit]\nvisit = \"id\"\n", "mapping.required"),
        ("[visit]\nvisit = \"id\"\n[transforms]\nvisit = \"upper\"\n", "mapping.transform"),
        ("[records]\ncomplete = \"maybe\"\n[visit]\nvisit = \"id\"\n", "mapping.complete"),
    ] {
        let problems = open(mapping).unwrap_err();
        assert!(problems.iter().any(|problem| problem.starts_with(wanted)), "{mapping}: {problems:?}");
    }
    assert!(open("[visit]\nvisit = \"id\"\n").is_ok());
}

/// The first coverage that DrChrono's pulled documents come to: payer, member id and group.
fn drchrono(appointment: &str) -> [String; 3] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../connectors/drchrono");
    let session = open(&std::fs::read_to_string(folder.join("pulled.toml")).unwrap()).unwrap();
    let content = format!(
        "{{\"item\":{{\"id\":1,\"appointment\":9,\"code\":\"99213\",\"billed\":80,\"quantity\":1,\"service_date\":\"2026-03-02\"}},\
         \"appointment\":{{{appointment}}},\"patient\":{{\"last_name\":\"VANCE\",\"primary_insurance\":{{\"insurance_payer_id\":\"22222\",\
         \"insurance_company\":\"TODAYS\",\"insurance_id_number\":\"T2\",\"insurance_group_number\":\"G2\"}}}}}}"
    );
    let document = Document {
        ordinal: 0,
        format: "json".to_owned(),
        content: content.into_bytes(),
        related: Vec::new(),
        received: claimhost_sdk::fixtures::RECEIVED,
    };
    let Outcome::Events(events) = session.translate(&document) else { panic!("{:?}", session.translate(&document)) };
    let Event::Visit(visit) = &events[0] else { panic!("a visit") };
    let coverage = &visit.header.coverages[0];
    let payer = coverage.payer.local_ids[0].clone();
    [payer, coverage.subscriber.member_id.clone(), coverage.subscriber.group_number.clone()]
}

#[test]
fn a_policy_is_the_visits_or_the_patients_and_never_of_both() {
    for (appointment, wanted) in [
        ("", ["22222", "T2", "G2"]),
        (
            "\"primary_insurer_payer_id\":\"\",\"primary_insurer_name\":null,\"primary_insurance_id_number\":\"\"",
            ["22222", "T2", "G2"],
        ),
        ("\"primary_insurer_payer_id\":\"11111\",\"primary_insurance_id_number\":\"V1\"", ["11111", "V1", ""]),
        (
            "\"primary_insurer_payer_id\":\"\",\"primary_insurer_name\":\"VISIT'S\",\"primary_insurance_id_number\":\"V1\"",
            ["VISIT'S", "V1", ""],
        ),
        // What is missing of the one is not taken from the other: such a claim is held.
        ("\"primary_insurer_name\":\"VISIT'S\"", ["VISIT'S", "", ""]),
        ("\"primary_insurance_id_number\":\"V1\"", ["", "V1", ""]),
    ] {
        assert_eq!(drchrono(appointment), wanted, "{appointment}");
    }
}

/// Pointers of the first charge, and what of a charge is undelivered.
fn pointed(mapping: &str, charge: &str) -> (Vec<u8>, Vec<String>) {
    let text = format!(
        "source_system = \"S\"\n{mapping}\n[visit]\nvisit = \"id\"\ndx = \"dx\"\n[charge]\nprocedure = \"code\"\nservice_date = \"day\"\n{charge}"
    );
    let session = open(&text).unwrap();
    let content = r#"{"id": 1, "dx": ["J06.9", "R05.9"], "code": "99213", "day": "2026-03-02", "lines": [{"code": "99213", "day": "2026-03-02", "for": ["2"]}]}"#;
    let document = Document {
        ordinal: 0,
        format: "json".to_owned(),
        content: content.as_bytes().to_vec(),
        related: Vec::new(),
        received: claimhost_sdk::fixtures::RECEIVED,
    };
    let Outcome::Events(events) = session.translate(&document) else { panic!("{:?}", session.translate(&document)) };
    let Event::Visit(visit) = &events[0] else { panic!("a visit") };
    let mut lacking = visit.undelivered.clone();
    lacking.retain(|element| element.starts_with("line."));
    (visit.charges[0].line.diagnosis_pointers.clone(), lacking)
}

#[test]
fn what_a_mapping_has_no_path_for_is_undelivered_and_nobody_guesses_what_a_charge_is_for() {
    let all = ["line.units", "line.charge", "line.procedure.modifiers", "line.diagnosis-pointers"].map(str::to_owned);
    let lines = "[records]\ncharges = \"lines\"";
    assert_eq!(pointed(lines, ""), (vec![], all.to_vec()), "of two diagnoses of the visit none is taken");
    assert_eq!(pointed("", ""), (vec![1, 2], all[..3].to_vec()), "a record that is the charge has its diagnoses");
    let more = "pointers = \"for\"\nunits = \"qty\"\nunit_charge = \"price\"\nmodifiers = \"mods\"\n";
    assert_eq!(pointed(lines, more), (vec![2], vec![]));
    let answered = format!("blank_is_none = [\"line.procedure.modifiers\"]\n{lines}");
    assert_eq!(pointed(&answered, "pointers = \"for\"\n"), (vec![2], all[..2].to_vec()));
}

#[test]
fn what_is_no_document_is_refused_at_its_byte() {
    let records = open("[visit]\nvisit = \"id\"\n").unwrap();
    for (content, at) in [(&b"{\"id\": 1,}"[..], 9), (b"<a><b></a>", 6), (b"{\"id\": \"\xff\"}", 8), (b"", 0)] {
        let document = Document {
            ordinal: 0,
            format: "json".to_owned(),
            content: content.to_vec(),
            related: Vec::new(),
            received: claimhost_sdk::fixtures::RECEIVED,
        };
        let Outcome::Rejected(problems) = records.translate(&document) else { unreachable!("{content:?}") };
        assert_eq!((problems[0].id.as_str(), problems[0].at.offset), ("records.malformed", Some(at)), "{content:?}");
    }
}

#[test]
fn a_record_of_which_something_could_not_be_read_is_no_whole_one() {
    let session = open("[visit]\nvisit = \"item.visit\"\n").unwrap();
    let translate = |text: &str| {
        let received = claimhost_sdk::claim::Date { year: 2026, month: 3, day: 2 };
        let content = text.as_bytes().to_vec();
        session.translate(&Document { format: "json".to_owned(), content, related: Vec::new(), received, ordinal: 0 })
    };
    let whole = "{\"item\":{\"visit\":\"1\"}}";
    let Outcome::Rejected(problems) =
        translate(&whole.replace("}}", "},\"pull.unreadable\":{\"patient\":\"status 403\"}}"))
    else {
        panic!("a record without its patient");
    };
    assert_eq!((problems.len(), problems[0].id.as_str()), (1, "records.incomplete"), "{problems:?}");
    let incomplete = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(all) if all.iter().any(|one| one.id == "records.incomplete"));
    assert!(!incomplete(&translate(whole)));
}

/// A source that says of nothing when it changed is ordered by the turns that pulled it; what was not pulled stays without an order.
#[test]
fn what_was_pulled_is_ordered_by_its_turn_where_the_mapping_says_so() {
    let session = open("[visit]\nvisit = \"id\"\nupdated = \"@pulled\"\n").unwrap();
    let order = |related: Vec<Related>| {
        let received = claimhost_sdk::fixtures::RECEIVED;
        let content = b"{\"id\": 1}".to_vec();
        let document = Document { format: "json".to_owned(), content, related, received, ordinal: 0 };
        let Outcome::Events(events) = session.translate(&document) else { panic!("no visit") };
        let Event::Visit(visit) = &events[0] else { panic!("a visit") };
        visit.order.event_time.clone()
    };
    let pulled = Related { name: "@pulled".to_owned(), content: b"2026-03-03T18:00:00.000042Z".to_vec() };
    assert_eq!(order(vec![pulled]), "20260303180000000042");
    assert_eq!(order(Vec::new()), "");
}
