//! Oracle Health (Cerner Millennium). Section 6 and its CapabilityStatement: encounters by id, charges by encounter with `-status=billable`, opaque
//! next pages, one id on two of them; credits (`offset-by`) and corrections (`replacing`) are items of their own.

use serde_json::{Value, json};

use super::fhir::{
    backend_auth, backend_key, backend_token, encounter, id_of, others, page, person, read, unauthorized,
};
use super::table::{Row, Table};
use super::*;

const BASE: &str = "/r4/ec2458f2";
const OWN: &str = "https://fhir-ehr.cerner.com/r4/StructureDefinition";

fn table() -> Table {
    let (search, standard) = ("6 Oracle Cerner: Access, Search", "12 FHIR R4: read");
    let mut rows = vec![
        Row::get("/ChargeItem", &["_id", "context", "account", "-status", "_count"], search),
        Row::get("/Encounter", &["!_id"], "6 Oracle Cerner: CapabilityStatement (Encounter by _id)"),
        Row::get("/Coverage", &["!patient"], "6 Oracle Cerner: rest (Coverage, Std-FHIR)"),
        // The address of a page is the server's own.
        Row::get("/paged/{page}", &[], "6 Oracle Cerner: opaque next link"),
    ];
    let reads = ["Patient", "Practitioner", "Location", "Organization"];
    rows.extend(reads.iter().map(|kind| Row::get(&format!("/{kind}/{{id}}"), &[], standard)));
    Table::new(BASE, rows).and(vec![Row::post("/token", "6 Oracle Cerner: Access (SMART, system)")])
}

fn relative(reference: &str) -> String {
    reference.to_owned()
}

fn coding(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": format!("https://fhir.cerner.com/ec2458f2/CodeSystem/BillCodes-{system}"), "code": code}]})
}

/// A charge: of which encounter, code, units, unit price, version, and the item that takes it back or that it replaces.
fn charge(id: &str, of: u32, code: &str, units: f64, price: f64, version: u32, more: &[(&str, &str)]) -> Value {
    let mut extension = vec![
        json!({"url": format!("{OWN}/procedure-code"), "extension": [
            {"url": "code", "valueCodeableConcept": coding("CPT", code)}, {"url": format!("{OWN}/priority"), "valueUnsignedInt": 1}]}),
        json!({"url": format!("{OWN}/unit-price"), "valueMoney": {"value": price, "currency": "USD"}}),
        json!({"url": format!("{OWN}/net-price"), "valueMoney": {"value": price * units, "currency": "USD"}}),
    ];
    extension.extend(
        more.iter().map(|(name, other)| json!({"url": format!("{OWN}/{name}"), "valueReference": {"reference": format!("ChargeItem/{other}")}})),
    );
    json!({
        "resourceType": "ChargeItem", "id": id, "meta": {"versionId": version.to_string(), "lastUpdated": format!("2026-03-02T18:0{version}:00Z")},
        "extension": extension, "status": "billable", "code": coding("CDM_SCHED", "44001"), "subject": {"reference": format!("Patient/p-{of}")},
        "context": {"reference": format!("Encounter/e-{of}")}, "occurrenceDateTime": "2026-03-02T16:10:00Z", "quantity": {"value": units},
        "reason": [coding("ICD", "J06.9")], "performer": [{"actor": {"reference": "Practitioner/dr-1"}}],
    })
}

/// The charge with a second procedure and two modifiers, written in another order than that of their priorities.
fn ranked(mut charge: Value) -> Value {
    let ranked = |name: &str, system: &str, code: &str, priority: u32, place: &str| {
        json!({"url": format!("{OWN}/{name}"), "extension": [
            {"url": "code", "valueCodeableConcept": coding(system, code)}, {"url": place, "valueUnsignedInt": priority}]})
    };
    let extension = charge["extension"].as_array_mut().unwrap();
    extension.insert(0, ranked("procedure-code", "CPT", "99214", 2, "priority"));
    extension.insert(0, ranked("modifier-code", "MODIFIER", "GC", 2, "priority"));
    extension.push(ranked("modifier-code", "MODIFIER", "25", 1, &format!("{OWN}/priority")));
    charge
}

/// Pages of the charges of each encounter.
fn charges(of: u32) -> Vec<Vec<Value>> {
    match of {
        // One id on two pages, the newer with another count of units.
        1 => vec![
            vec![charge("a-1", 1, "99213", 1.0, 120.5, 1, &[]), charge("a-2", 1, "36415", 1.0, 12.0, 1, &[])],
            vec![charge("a-2", 1, "36415", 2.0, 12.0, 2, &[])],
        ],
        // A charge that was credited, and on the next page the item that takes it back.
        2 => vec![
            vec![
                charge("b-1", 2, "99214", 1.0, 160.0, 1, &[("offset-by", "b-3")]),
                charge("b-2", 2, "83036", 1.0, 25.5, 1, &[]),
            ],
            vec![charge("b-3", 2, "99214", 1.0, 160.0, 2, &[])],
        ],
        // A correction: the later item takes the place of the first, which was credited.
        _ => vec![vec![
            charge("c-1", 3, "99212", 1.0, 80.0, 1, &[("offset-by", "c-2")]),
            charge("c-2", 3, "99212", 1.0, 80.0, 2, &[]),
            ranked(charge("c-3", 3, "99213", 1.0, 120.0, 3, &[])),
        ]],
    }
}

fn api() -> Api {
    let seen = Mutex::new(Vec::new());
    Api::start(table(), move |asked, _| {
        if asked.path() == "/token" {
            return backend_token(asked, "RS384", &seen);
        }
        if let Some(answer) = unauthorized(asked, "access-token-0001") {
            return answer;
        }
        let base = format!("https://{}{BASE}", asked.header("host"));
        let mut all = others();
        for number in 1..=3_u32 {
            all.append(&mut person(number, relative));
            all.push(encounter(number, relative));
        }
        let below = asked.path().strip_prefix(BASE).unwrap().trim_start_matches('/').to_owned();
        let pages = |of: u32, at: usize| {
            let next = (at + 1 < charges(of).len()).then(|| format!("{base}/paged/{of}-{}", at + 1));
            page(&base, &charges(of)[at], next)
        };
        let number = |text: &str| id_of(text).trim_start_matches("e-").parse::<u32>().unwrap();
        match below.split_once('/') {
            Some(("paged", at)) => {
                let (of, at) = at.split_once('-').unwrap();
                pages(of.parse().unwrap(), at.parse().unwrap())
            }
            Some((kind, id)) => read(&all, kind, id),
            None if below == "ChargeItem" => {
                // "If context is provided, -status must also be provided. Must be set to billable."
                if asked.value("context").is_empty() || asked.value("-status") != "billable" {
                    return Answer::new(400, "not documented: charges without context and -status=billable");
                }
                pages(number(&asked.value("context")), 0)
            }
            None => {
                let wanted = if below == "Encounter" {
                    asked.value("_id")
                } else {
                    asked.value("patient").replace("p-", "cov-")
                };
                let fits = |one: &&Value| one["resourceType"] == below && one["id"] == wanted;
                page(&base, &all.iter().filter(fits).cloned().collect::<Vec<_>>(), None)
            }
        }
    })
}

fn source() -> Source {
    let codes = ["cpt = [\"CPT\"]", "hcpcs = [\"HCPCS\"]", "modifier = [\"MODIFIER\"]", "icd10cm = [\"ICD\"]"];
    let codes: Vec<String> = codes
        .iter()
        .map(|line| line.replace("[\"", "[\"https://fhir.cerner.com/ec2458f2/CodeSystem/BillCodes-"))
        .collect();
    Source {
        connectors: vec!["oracle-cerner", "oracle-cerner-pull"],
        base: BASE,
        config: format!(
            "puller = \"oracle-cerner-pull\"\nadapter = \"oracle-cerner\"\nmapping = \"mapping.cerner.toml\"\n\
             [intake.pull.settings]\nencounters = \"e-1, e-2, e-3\"\n{}",
            backend_auth("system/ChargeItem.read system/Encounter.read")
        ),
        files: vec![("mapping.cerner.toml".to_owned(), format!("[codes]\n{}\n", codes.join("\n"))), backend_key()],
        ..Source::default()
    }
}

const SENT: [&str; 4] = [
    "P1 1 36415 2400 20260302 2",
    "P1 1 99213 12050 20260302 1",
    "P2 1 83036 2550 20260302 1",
    "P3 1 99213:25:GC 12000 20260302 1",
];

#[test]
fn the_charges_of_the_encounters_of_a_site_net_out_across_pages() {
    let api = api();
    let (site, outcome) = undisturbed(&source(), &api);
    assert!(problems(&site).is_empty(), "{:?}", problems(&site));
    assert_eq!(outcome.sent, SENT, "{outcome:#?} {:?}", rules(&site));
}

#[test]
fn killed_in_mid_page_it_loses_and_doubles_nothing() {
    let (_site, expected) = undisturbed(&source(), &api());
    killed_in_mid_page(&source(), api, &expected);
}
