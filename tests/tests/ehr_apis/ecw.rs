//! eClinicalWorks. Section 2: searches as its CapabilityStatement has them. Charges are found encounter by encounter; 250 calls a minute, those for
//! tokens too, and 429 until the minute is over.

use serde_json::{Value, json};

use super::fhir::{
    backend_auth, backend_key, backend_token, encounter, id_of, others, page, person, read, unauthorized,
};
use super::table::{Row, Table};
use super::*;

const BASE: &str = "/fhir/r4/CFFIBD";

fn table() -> Table {
    let (search, standard) = ("2 eClinicalWorks: Search", "12 FHIR R4: read");
    let reads = ["Encounter", "Patient", "Practitioner", "Location", "Organization", "Claim"];
    let mut rows = vec![
        Row::get("/ChargeItem", &["context", "subject"], search),
        Row::get("/Coverage", &["!patient"], search),
        Row::get("/Encounter", &["patient", "date", "location", "practitioner", "page"], search),
        Row::get("/Condition", &["patient", "encounter", "page"], search),
    ];
    rows.extend(reads.iter().map(|kind| Row::get(&format!("/{kind}/{{id}}"), &[], standard)));
    Table::new(BASE, rows).and(vec![Row::post("/token", "2 eClinicalWorks: Access (SMART Backend, RS384)")])
}

fn relative(reference: &str) -> String {
    reference.to_owned()
}

fn charge(id: u32, of: u32, code: &str, units: u32, price: f64, status: &str) -> Value {
    json!({
        "resourceType": "ChargeItem", "id": format!("ci-{id}"), "meta": {"lastUpdated": "2026-03-02T18:00:00Z"}, "status": status,
        "code": {"coding": [{"system": "http://www.ama-assn.org/go/cpt", "code": code}]}, "subject": {"reference": format!("Patient/p-{of}")},
        "context": {"reference": format!("Encounter/e-{of}")}, "occurrenceDateTime": "2026-03-02", "quantity": {"value": units},
        "priceOverride": {"value": price * f64::from(units), "currency": "USD"},
        "reason": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]}],
        "performer": [{"actor": {"reference": "Practitioner/dr-1"}}],
    })
}

fn resources() -> Vec<Value> {
    let mut all = others();
    for number in 1..=3_u32 {
        all.append(&mut person(number, relative));
        all.push(encounter(number, relative));
        all.push(json!({"resourceType": "Condition", "id": format!("c-{number}"), "meta": {"lastUpdated": "2026-03-02T18:00:00Z"},
            "subject": {"reference": format!("Patient/p-{number}")}, "encounter": {"reference": format!("Encounter/e-{number}")},
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "E11.9"}]}}));
    }
    all.extend([
        charge(1, 1, "99214", 1, 160.0, "billable"),
        charge(2, 1, "83036", 1, 25.5, "billable"),
        charge(3, 2, "99213", 1, 120.0, "billable"),
        charge(4, 2, "99212", 1, 80.0, "entered-in-error"),
        charge(5, 3, "36415", 2, 12.0, "billable"),
    ]);
    all
}

/// The mock's minute.
const MINUTE: Duration = Duration::from_secs(2);

fn api(calls_a_minute: usize) -> Api {
    api_of(calls_a_minute, Vec::new)
}

fn api_of(calls_a_minute: usize, more: fn() -> Vec<Value>) -> Api {
    let (seen, spent) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    let began = Mutex::new(None::<Instant>);
    Api::start(table(), move |asked, _| {
        // Once they are spent, nothing is answered until the minute is over, and nobody says how long that is.
        if spent.fetch_add(1, Ordering::SeqCst) >= calls_a_minute
            && began.lock().unwrap().get_or_insert_with(Instant::now).elapsed() < MINUTE
        {
            return Answer::new(429, "{\"error\": \"Rate limit exceeded\"}");
        }
        if asked.path() == "/token" {
            return backend_token(asked, "RS384", &seen);
        }
        if let Some(answer) = unauthorized(asked, "access-token-0001") {
            return answer;
        }
        let base = format!("https://{}{BASE}", asked.header("host"));
        let below = asked.path().strip_prefix(BASE).unwrap().trim_start_matches('/').to_owned();
        let mut all = resources();
        all.extend(more());
        let Some((kind, id)) = below.split_once('/') else { return search(&base, &below, asked, &all) };
        read(&all, kind, id)
    })
}

/// What references of these searches are: `Encounter/ID` and the id alone are both the standard's.
fn search(base: &str, kind: &str, asked: &Asked, all: &[Value]) -> Answer {
    let is = |one: &Value, parameter: &str, path: &str| {
        let wanted = asked.value(parameter);
        wanted.is_empty() || id_of(one.pointer(path).and_then(Value::as_str).unwrap_or_default()) == id_of(&wanted)
    };
    let date = asked.value("date");
    if kind == "Encounter" && !(date.len() == 12 && date.starts_with("ge")) {
        return Answer::new(400, format!("not documented: date={date}"));
    }
    let fits = |one: &&Value| {
        one["resourceType"] == kind
            && is(one, "context", "/context/reference")
            && is(one, "encounter", "/encounter/reference")
            && (kind != "Coverage" || is(one, "patient", "/beneficiary/reference"))
            && (date.is_empty() || one["period"]["start"].as_str().unwrap()[..10] >= date[2..])
    };
    let found: Vec<Value> = all.iter().filter(fits).cloned().collect();
    let at: usize = asked.value("page").parse().unwrap_or(1);
    let rest = found.get((at - 1) * 2..).unwrap_or_default();
    let next = (rest.len() > 2).then(|| format!("{base}/{kind}?date={date}&page={}", at + 1));
    page(base, &rest[..rest.len().min(2)], next)
}

fn source() -> Source {
    Source {
        connectors: vec!["eclinicalworks", "eclinicalworks-pull"],
        base: BASE,
        config: format!(
            "puller = \"eclinicalworks-pull\"\nadapter = \"eclinicalworks\"\nsince = \"2026-03-01\"\n{}",
            backend_auth("system/ChargeItem.read system/Encounter.read")
        ),
        files: vec![backend_key()],
        ..Source::default()
    }
}

/// The same, of a site that has answered where its modifiers are: nowhere, since it bills nothing that takes one.
fn answered() -> Source {
    let mut source = source();
    source.config = source.config.replacen("since = ", "mapping = \"mapping.ecw.toml\"\nsince = ", 1);
    let mapping = "blank_is_none = [\"line.procedure.modifiers\"]\n".to_owned();
    source.files.push(("mapping.ecw.toml".to_owned(), mapping));
    source
}

#[test]
fn encounters_of_these_days_bring_their_charges_to_an_837() {
    let api = api(NEVER);
    let (site, outcome) = undisturbed(&answered(), &api);
    assert!(problems(&site).is_empty(), "{:?}", problems(&site));
    assert_eq!(
        outcome.sent,
        [
            "P1 1 83036 2550 20260302 1",
            "P1 1 99214 16000 20260302 1",
            "P2 1 99213 12000 20260302 1",
            "P3 1 36415 2400 20260302 2"
        ],
        "{outcome:#?} {:?}",
        rules(&site)
    );
    let listed: Vec<Asked> =
        api.server.asked().into_iter().filter(|asked| asked.path().ends_with("/Encounter")).collect();
    assert_eq!(listed[0].value("date"), "ge2026-02-15");
}

#[test]
fn killed_in_mid_page_it_loses_and_doubles_nothing() {
    let (_site, expected) = undisturbed(&answered(), &api(NEVER));
    killed_in_mid_page(&answered(), || api(NEVER), &expected);
}

#[test]
fn a_charge_item_says_nothing_of_modifiers_and_all_but_a_visit_alone_waits_for_somebody_who_does() {
    let (site, outcome) = undisturbed(&source(), &api(NEVER));
    // What a visit's modifiers tell apart is other services beside it: it is the only line of its claim, and goes.
    assert_eq!(outcome.sent, ["P2 1 99213 12000 20260302 1"], "{outcome:#?}");
    assert_eq!(outcome.summary[0]["held"], 2, "{outcome:#?}");
    let rules: std::collections::BTreeSet<String> = rules(&site).into_iter().collect();
    assert!(rules.contains("modifiers.undelivered"), "{rules:?}");
}

#[test]
fn a_minute_that_is_spent_is_waited_for() {
    let api = api(9);
    let mut source = source();
    source.config = source.config.replacen("since = ", "rate = [\"ecw\"]\nsince = ", 1);
    let site = source.site(&api);
    // The README's rate, with the mock's minute.
    let rate = "\n[[intake.rate]]\nname = \"ecw\"\ncalls = 250\nper = \"2s\"\nburst = 50\n";
    site.write("claimhost.toml", (site.text("claimhost.toml") + rate).as_bytes());
    let told = pull(&site, "api");
    assert_eq!(
        (&told["ended"], &told["documents"], &told["retries"]),
        (&json!("done"), &json!(3), &json!(1)),
        "{told}"
    );
    assert!(work(&site).is_empty());
    api.assert_documented();
}

/// A visit that took place and that nobody charged for: its encounter is all that tells of it.
#[test]
fn a_finished_encounter_without_a_charge_is_a_gap_and_a_cancelled_one_is_none() {
    let api = api_of(NEVER, || {
        let mut more = [person(4, relative), person(5, relative)].concat();
        let mut cancelled = encounter(5, relative);
        cancelled["status"] = json!("cancelled");
        more.extend([encounter(4, relative), cancelled]);
        more
    });
    let site = answered().site(&api);
    let later = "2026-03-20";
    site.run(DAY);
    site.run(later);
    let report = site.json(&["--as-of", later, "audit", "charges"])[0].clone();
    let counts = ["expected", "charged", "gaps", "cancelled", "not_yet_due"];
    assert_eq!(counts.map(|name| report[name].as_u64().unwrap()), [5, 3, 1, 1, 0], "{report}");
    let gap = &report["gap_list"][0];
    assert!(gap.to_string().contains("e-4"), "{gap}");
    site.assert_accounted(later);
    api.assert_documented();
}
