//! NextGen over FHIR. Enterprise: section 3 and its CapabilityStatement. Office: its own description (OpenAPI 2), which searches by patient only.
//! Neither has ChargeItem, Claim or Account: what comes is a chart, and is held for coding.

use serde_json::{Value, json};

use super::fhir::{
    backend_auth, backend_key, backend_token, encounter, id_of, others, page, person, read, unauthorized,
};
use super::openapi::{of_yaml, text};
use super::table::{Row, Table};
use super::*;

const ENTERPRISE: &str = "/nge/prod/fhir-api-r4/fhir/R4";
const OFFICE: &str = "/api/fhir/r4";

/// SMART, and nothing about how an application without a user signs in: the site says it.
fn tokens() -> Vec<Row> {
    vec![Row::post("/token", "3 NextGen: FHIR (SMART); address and kind by the site")]
}

fn enterprise() -> Table {
    let cites = "3 NextGen: FHIR, CapabilityStatement of Enterprise";
    let mut rows = vec![
        Row::get("/Encounter", &["_id", "patient", "date", "_lastUpdated", "_maxresults"], cites),
        Row::get("/Procedure", &["_id", "patient", "date", "status", "_lastUpdated", "_maxresults"], cites),
        Row::get(
            "/Condition",
            &["_id", "patient", "category", "onset-date", "clinical-status", "_lastUpdated", "_maxresults"],
            cites,
        ),
        Row::get("/Coverage", &["_id", "patient", "_lastUpdated", "_maxresults"], cites),
    ];
    let reads =
        ["Encounter", "Procedure", "Condition", "Coverage", "Patient", "Practitioner", "Location", "Organization"];
    rows.extend(reads.iter().map(|kind| Row::get(&format!("/{kind}/{{id}}"), &[], cites)));
    Table::new(ENTERPRISE, rows).and(tokens())
}

fn relative(reference: &str) -> String {
    reference.to_owned()
}

/// An encounter of a patient with its diagnosis and a procedure of the day.
fn chart(number: u32, patient: u32, code: &str) -> Vec<Value> {
    let subject = json!({"reference": format!("Patient/p-{patient}")});
    let mut encounter = encounter(number, relative);
    encounter["subject"] = subject.clone();
    encounter["diagnosis"] = json!([{"condition": {"reference": format!("Condition/c-{number}")}}]);
    let updated = json!({"lastUpdated": "2026-03-02T18:00:00Z"});
    let of = json!({"reference": format!("Encounter/e-{number}")});
    vec![
        encounter,
        json!({"resourceType": "Condition", "id": format!("c-{number}"), "meta": updated, "subject": subject, "encounter": of,
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]}}),
        json!({"resourceType": "Procedure", "id": format!("pr-{number}"), "meta": updated, "status": "completed", "subject": subject,
            // Of an encounter over midnight: the second day's is asked for too.
            "encounter": of, "performedDateTime": if number == 3 { "2026-03-03" } else { "2026-03-02" },
            "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": code}]}}),
        // Of another day: asked for by day, it does not come.
        json!({"resourceType": "Procedure", "id": format!("old-{number}"), "meta": updated, "status": "completed", "subject": subject,
            "encounter": {"reference": format!("Encounter/o-{number}")}, "performedDateTime": "2025-11-03",
            "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": "99215"}]}}),
    ]
}

/// Three patients, one of them with two encounters on the day: each search by patient and day brings the procedures of both.
fn resources() -> Vec<Value> {
    let mut all = others();
    for number in 1..=3_u32 {
        all.append(&mut person(number, relative));
        all.append(&mut chart(number, number, "99213"));
    }
    all.append(&mut chart(4, 1, "36415"));
    all
}

fn api(table: Table, prefix: &'static str) -> Api {
    let seen = Mutex::new(Vec::new());
    Api::start(table, move |asked, _| {
        if asked.path() == "/token" {
            return backend_token(asked, "RS384", &seen);
        }
        if let Some(answer) = unauthorized(asked, "access-token-0001") {
            return answer;
        }
        let base = format!("https://{}{prefix}", asked.header("host"));
        let below = asked.path().strip_prefix(prefix).unwrap().trim_start_matches('/').to_owned();
        let all = resources();
        let Some((kind, id)) = below.split_once('/') else { return search(&base, &below, asked, &all) };
        read(&all, kind, id)
    })
}

fn search(base: &str, kind: &str, asked: &Asked, all: &[Value]) -> Answer {
    let is_office = base.ends_with(OFFICE);
    let (patient, date, updated) = (asked.value("patient"), asked.value("date"), asked.value("_lastUpdated"));
    // Office: "The only supported prefixes are gt, lt, ge, le, eq", and only a date without a patient is refused.
    let day = date.trim_start_matches(['g', 'l', 'e', 't', 'q']);
    if is_office && patient.is_empty() || !date.is_empty() && day.len() != 10 {
        return Answer::new(400, format!("not documented: patient={patient}, date={date}"));
    }
    let of = |one: &Value| {
        let reference = one.pointer("/subject/reference").or_else(|| one.pointer("/beneficiary/reference"));
        id_of(reference.and_then(Value::as_str).unwrap_or_default()).to_owned()
    };
    let when = |one: &Value| {
        let at = one.pointer("/period/start").or_else(|| one.pointer("/performedDateTime"));
        at.and_then(Value::as_str).unwrap_or_default()[..10].to_owned()
    };
    let fits = |one: &&Value| {
        one["resourceType"] == kind
            && (patient.is_empty() || of(one) == id_of(&patient))
            && (date.is_empty() || if date.starts_with("ge") { when(one).as_str() >= day } else { when(one) == day })
            && (updated.is_empty() || one["meta"]["lastUpdated"].as_str().unwrap()[..10] > updated[2..])
    };
    let found: Vec<Value> = all.iter().filter(fits).cloned().collect();
    // How pages follow each other is the standard's: an address.
    let at: usize = asked.value("_id").strip_prefix("page-").map_or(0, |at| at.parse().unwrap());
    let rest = found.get(at * 2..).unwrap_or_default();
    let next = (rest.len() > 2).then(|| format!("{base}/{kind}?_lastUpdated={updated}&_id=page-{}", at + 1));
    page(base, &rest[..rest.len().min(2)], next)
}

fn source() -> Source {
    Source {
        connectors: vec!["nextgen-pull"],
        base: ENTERPRISE,
        config: format!(
            "puller = \"nextgen-pull\"\nadapter = \"fhir-r4\"\nsince = \"2026-03-01\"\n{}",
            backend_auth("system/*.read")
        ),
        files: vec![backend_key()],
        ..Source::default()
    }
}

/// What a chart comes to: a visit of each encounter, held, with the finding that names what no chart has.
fn is_held_for_coding(site: &Site, outcome: &Outcome) {
    assert!(problems(site).is_empty(), "{:?}", problems(site));
    assert!(outcome.sent.is_empty(), "{outcome:#?}");
    assert_eq!(outcome.summary[0]["held"], 4, "{outcome:#?}");
    let rules = rules(site);
    assert!(rules.iter().any(|rule| rule.ends_with(".undelivered")), "{rules:?}");
    let codes: Vec<String> = site
        .json(&["claim", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|claim| site.json(&["claim", "show", claim["id"].as_str().unwrap()]).to_string())
        .collect();
    let of = |code: &str| codes.iter().filter(|shown| shown.contains(&format!("\"{code}\""))).count();
    assert_eq!((of("99213"), of("36415"), of("99215")), (3, 1, 0), "each encounter has its own: {codes:?}");
    assert!(codes.iter().all(|shown| shown.contains("E119")), "{codes:?}");
}

#[test]
fn encounters_of_enterprise_come_with_their_chart_and_are_held_for_coding() {
    let api = api(enterprise(), ENTERPRISE);
    let (site, outcome) = undisturbed(&source(), &api);
    is_held_for_coding(&site, &outcome);
}

#[test]
fn killed_in_mid_page_it_loses_and_doubles_nothing() {
    let (_site, expected) = undisturbed(&source(), &api(enterprise(), ENTERPRISE));
    killed_in_mid_page(&source(), || api(enterprise(), ENTERPRISE), &expected);
}

#[test]
fn office_is_asked_patient_by_patient() {
    let Some(description) = text("nextgen-office-fhir-r4-openapi.yaml") else { return };
    let table = of_yaml(&description, "/api").and(tokens());
    let api = api(table, OFFICE);
    let office = std::fs::read_to_string(workspace().join("connectors/nextgen-pull/office.toml")).unwrap();
    let mut source = Source { base: OFFICE, ..source() };
    source.config = source.config.replacen("since = ", "pull_mapping = \"office.toml\"\nsince = ", 1)
        + "\n[intake.pull.settings]\npatients = \"p-1, p-2 p-3\"";
    source.files.push(("office.toml".to_owned(), office));
    let (site, outcome) = undisturbed(&source, &api);
    is_held_for_coding(&site, &outcome);
}
