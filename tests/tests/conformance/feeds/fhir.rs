//! eClinicalWorks, Oracle Health and Modernizing Medicine: ChargeItem of FHIR R4, each with its own extensions.

use serde_json::{Value, json};

use super::json::without;
use super::{Case, Connector, End, Row, day, iso};

const ECW: [Row; 17] = [
    ("patient.name", End::Held(&["patient.name.missing"])),
    ("patient.birth-date", End::Held(&["patient.birth-date.missing"])),
    ("patient.sex", End::Held(&["patient.gender.missing"])),
    ("patient.address", End::Held(&["patient.address.missing"])),
    ("member-id", End::Held(&["member-id.missing"])),
    ("payer", End::Held(&["payer.unknown"])),
    ("rendering", End::Held(&["rendering.missing"])),
    ("billing", End::OfProfile),
    ("place-of-service", End::Held(&["place-of-service.missing"])),
    ("dates", End::Refused("fhir.no-date")),
    ("diagnoses", End::Held(&["diagnosis.missing"])),
    ("codes", End::Refused("fhir.no-code")),
    ("modifiers", End::Held(&["modifiers.undelivered"])),
    ("units", End::Held(&["units.not-positive"])),
    ("charges", End::Held(&["charge.zero"])),
    // Whether ChargeItem.reason is filled in is not public; the visit's conditions are there.
    ("pointers", End::Held(&["pointer.undelivered"])),
    ("secondary", End::Leaves(None)),
];

pub fn eclinicalworks() -> Connector {
    Connector {
        id: "eclinicalworks",
        files: |cases| bundles(cases, ecw_item, true),
        shipped: String::new(),
        // The site has seen where its modifiers are.
        supplied: "[charge_item]\nmodifiers = \"extension(modifier).valueCode\"\n".to_owned(),
        profile: &[],
        unanswered: End::Held(&["modifiers.undelivered"]),
        table: with(ECW, &[("modifiers", End::Leaves(Some("- -")))]),
    }
}

/// A table with some of its lines changed.
fn with(table: [Row; 17], changed: &[Row]) -> [Row; 17] {
    table.map(|(element, end)| changed.iter().find(|(other, _)| *other == element).copied().unwrap_or((element, end)))
}

pub fn oracle_cerner() -> Connector {
    let codes = [("cpt", "CPT"), ("hcpcs", "HCPCS"), ("modifier", "MODIFIER"), ("icd10cm", "ICD")];
    let codes = codes.map(|(key, name)| format!("{key} = [\"{CERNER_CODES}{name}\"]\n"));
    Connector {
        id: "oracle-cerner",
        files: |cases| bundles(cases, cerner_item, false),
        shipped: String::new(),
        supplied: format!("[codes]\n{}", codes.concat()),
        profile: &[],
        // Code systems are the tenant's own: until the site names them, nothing is taken for CPT or ICD-10-CM.
        unanswered: End::Held(&["diagnosis.system", "procedure.unmapped"]),
        // Diagnoses come with the charges only, and modifiers have an extension that is documented.
        table: with(ECW, &[("pointers", End::Held(&["diagnosis.missing"])), ("modifiers", End::Leaves(Some("- -")))]),
    }
}

pub fn modernizing_medicine() -> Connector {
    Connector {
        id: "modernizing-medicine",
        files: |cases| {
            let files = bundles(cases, modmed_item, false).into_iter();
            files.map(|(name, bytes)| (name, without_subscriber_id(&bytes))).collect()
        },
        shipped: String::new(),
        // The site has seen the policy's number in the class of the plan.
        supplied: "[coverage]\nmember_id = \"class[type=plan].value\"\n".to_owned(),
        profile: &[],
        unanswered: End::Held(&["member-id.missing", "payer.other.incomplete"]),
        table: with(ECW, &[("pointers", End::Held(&["diagnosis.missing"])), ("modifiers", End::Leaves(Some("- -")))]),
    }
}

/// EMA's example of a Coverage has no `subscriberId`.
fn without_subscriber_id(bundle: &[u8]) -> Vec<u8> {
    let mut bundle: Value = serde_json::from_slice(bundle).unwrap();
    for entry in bundle["entry"].as_array_mut().unwrap() {
        entry["resource"].as_object_mut().unwrap().remove("subscriberId");
    }
    bundle.to_string().into_bytes()
}

fn to(kind: &str, id: impl std::fmt::Display) -> Value {
    json!({"reference": format!("{kind}/{id}")})
}

const MR: &str = "http://www.hl7.org/fhir/v2/0203/index.html#v2-0203-MR";
const NPI: &str = "http://hl7.org/fhir/sid/us-npi";

/// A bundle of each visit. `conditions`: whether the chart's diagnoses come with it.
fn bundles(cases: &[Case], item: fn(Case, usize) -> Value, conditions: bool) -> Vec<(String, Vec<u8>)> {
    let one = |case: &Case| {
        let mut all = visit(*case);
        let codes = if conditions { case.diagnoses() } else { &[] };
        all.extend(codes.iter().enumerate().map(|(at, code)| {
            json!({"resourceType": "Condition", "id": format!("c-{at}"), "subject": to("Patient", case.id()), "encounter": to("Encounter", case.id()),
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]}})
        }));
        all.extend([item(*case, 0), item(*case, 1)]);
        let entries: Vec<Value> = all
            .into_iter()
            .map(|resource| {
                let (kind, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
                json!({"fullUrl": format!("https://fhir.example/r4/{kind}/{id}"), "resource": resource})
            })
            .collect();
        let bundle = json!({"resourceType": "Bundle", "type": "collection", "entry": entries});
        (format!("{}.json", case.id()), bundle.to_string().into_bytes())
    };
    cases.iter().map(one).collect()
}

/// Patient, policies, payers, doctor, place and encounter.
fn visit(case: Case) -> Vec<Value> {
    let id = case.id();
    let born = day(case.born(), iso);
    let patient = json!({"resourceType": "Patient", "id": id.to_string(), "gender": "female", "birthDate": born,
        "identifier": [{"system": MR, "value": format!("MRN-{id}"),
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}}],
        "name": [{"family": case.family(), "given": [case.given()]}],
        "address": [{"line": ["1 OAK WAY"], "city": "SALEM", "state": "OR", "postalCode": "97301"}]});
    let patient = without(
        patient,
        case,
        &[
            ("patient.name", "name"),
            ("patient.birth-date", "birthDate"),
            ("patient.sex", "gender"),
            ("patient.address", "address"),
        ],
    );
    let policy = |order: usize, payer: &str, member: &str| {
        let member =
            if member.is_empty() { json!({}) } else { json!({"subscriberId": member, "class": class(member)}) };
        let mut policy = json!({"resourceType": "Coverage", "id": format!("cov-{id}-{order}"), "status": "active", "order": order,
            "beneficiary": to("Patient", id), "relationship": {"coding": [{"code": "self", "display": "Self"}]},
            "payor": [to("Organization", payer)]});
        member.as_object().unwrap().iter().for_each(|(name, value)| policy[name] = value.clone());
        policy
    };
    let mut all = vec![patient, without(policy(1, "pay-1", &case.member()), case, &[("payer", "payor")])];
    if case.has("secondary") {
        all.push(policy(2, "pay-2", &format!("S{id}")));
    }
    let encounter = json!({"resourceType": "Encounter", "id": id.to_string(), "meta": {"lastUpdated": "2026-03-02T18:00:00Z"},
        "status": "finished", "class": {"code": "AMB"}, "subject": to("Patient", id),
        "period": {"start": "2026-02-01T16:00:00Z", "end": "2026-02-01T16:30:00Z"},
        "participant": [{"individual": to("Practitioner", "dr-1")}], "location": [{"location": to("Location", "MAIN")}]});
    all.extend([
        json!({"resourceType": "Organization", "id": "pay-1", "identifier": [{"value": "00000"}], "name": "EXAMPLE"}),
        json!({"resourceType": "Organization", "id": "pay-2", "identifier": [{"value": "11111"}], "name": "SECOND"}),
        json!({"resourceType": "Practitioner", "id": "dr-1", "identifier": [{"system": NPI, "value": "1000000004"}],
            "name": [{"family": "CHANGEME", "given": ["PAT"]}]}),
        json!({"resourceType": "Location", "id": "MAIN", "name": "Main office"}),
        without(encounter, case, &[("rendering", "participant"), ("place-of-service", "location")]),
    ]);
    all
}

/// EMA's number of a policy: it has no other.
fn class(member: &str) -> Value {
    json!([{"type": {"coding": [{"code": "plan"}]}, "value": member, "name": "Plan A"}])
}

/// Code, whether it is HCPCS, modifier, units and cents of a unit.
fn service(case: Case, at: usize) -> (String, bool, &'static str, f64, f64) {
    if at == 0 { (case.code(), false, "25", 1.0, 120.5) } else { ("J1100".to_owned(), true, "", 4.0, 6.0) }
}

/// What every ChargeItem has.
fn item(case: Case, at: usize, id: String, reasons: &str) -> Value {
    let pointed: Vec<Value> = case
        .pointers(at)
        .iter()
        .map(|at| json!({"coding": [{"system": reasons, "code": case.diagnoses()[at - 1]}]}))
        .collect();
    let item = json!({"resourceType": "ChargeItem", "id": id, "meta": {"lastUpdated": "2026-03-02T18:00:00Z"}, "status": "billable",
        "subject": to("Patient", case.id()), "context": to("Encounter", case.id()), "occurrenceDateTime": day(case.day(), iso),
        "reason": pointed, "performer": [{"actor": to("Practitioner", "dr-1")}]});
    without(item, case, &[("rendering", "performer"), ("dates", "occurrenceDateTime")])
}

fn ecw_item(case: Case, at: usize) -> Value {
    let (code, is_hcpcs, modifier, units, price) = service(case, at);
    let mut item = item(case, at, format!("ci-{}-{at}", case.id()), "http://hl7.org/fhir/sid/icd-10-cm");
    let system = if is_hcpcs {
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
    } else {
        "http://www.ama-assn.org/go/cpt"
    };
    if !modifier.is_empty() && case.has("modifiers") {
        item["extension"] = json!([{"url": "https://ecw.example/modifier", "valueCode": modifier}]);
    }
    if !code.is_empty() {
        item["code"] = json!({"coding": [{"system": system, "code": code}]});
    }
    item["quantity"] = json!({"value": units});
    item["priceOverride"] = json!({"value": price * units, "currency": "USD"});
    without(item, case, &[("units", "quantity"), ("charges", "priceOverride")])
}

const CERNER_CODES: &str = "https://fhir.cerner.com/tenant/CodeSystem/BillCodes-";
const CERNER: &str = "https://fhir-ehr.cerner.com/r4/StructureDefinition";

fn cerner_item(case: Case, at: usize) -> Value {
    let (code, is_hcpcs, modifier, units, price) = service(case, at);
    let mut item = item(case, at, format!("ci-{}-{at}", case.id()), &format!("{CERNER_CODES}ICD"));
    let coded = |name: &str, system: &str, code: &str| {
        json!({"url": format!("{CERNER}/{name}"), "extension": [
            {"url": "code", "valueCodeableConcept": {"coding": [{"system": format!("{CERNER_CODES}{system}"), "code": code}]}},
            {"url": format!("{CERNER}/priority"), "valueUnsignedInt": 1}]})
    };
    let priced = |name: &str, value: f64| json!({"url": format!("{CERNER}/{name}"), "valueMoney": {"value": value, "currency": "USD"}});
    let mut extensions = Vec::new();
    if !code.is_empty() {
        extensions.push(coded("procedure-code", if is_hcpcs { "HCPCS" } else { "CPT" }, &code));
    }
    if !modifier.is_empty() && case.has("modifiers") {
        extensions.push(coded("modifier-code", "MODIFIER", modifier));
    }
    if case.has("charges") {
        extensions.extend([priced("unit-price", price), priced("net-price", price * units)]);
    }
    item["extension"] = json!(extensions);
    item["quantity"] = json!({"value": units});
    without(item, case, &[("units", "quantity")])
}

fn modmed_item(case: Case, at: usize) -> Value {
    let (code, _, modifier, units, price) = service(case, at);
    let mut item = item(case, at, format!("CHG|{}{at}", case.id()), "I10");
    let mut detail = Vec::new();
    if case.has("dates") {
        let day = day(case.day(), iso);
        detail.push(json!({"url": "transactionPeriod", "valuePeriod": {"start": day, "end": day}}));
    }
    if !code.is_empty() {
        detail.push(json!({"url": "code", "valueCoding": {"system": "CPT", "code": code}}));
    }
    if case.has("units") {
        detail.push(json!({"url": "quantity", "valueDecimal": units}));
    }
    if case.has("charges") {
        detail.push(json!({"url": "unitCost", "valueMoney": {"value": price, "currency": "USD"}}));
    }
    if !modifier.is_empty() && case.has("modifiers") {
        detail.push(json!({"url": "procedureCodeModifier", "valueString": modifier}));
    }
    let mut transaction = vec![json!({"url": "financialTransactionDetail", "extension": detail})];
    if case.has("charges") {
        transaction.push(json!({"url": "totalCost", "valueMoney": {"value": price * units, "currency": "USD"}}));
    }
    item["extension"] = json!([{"url": "financialTransaction", "extension": transaction}]);
    item
}
