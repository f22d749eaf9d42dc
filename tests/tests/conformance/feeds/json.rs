//! athenahealth and DrChrono: lists in JSON with the files that they are joined to.

use serde_json::{Value, json};

use super::{Case, Connector, End, Row, day, iso, slashes};

/// The claim list, with what of `/encounter/{id}/services` a site has seen in one reply.
const ATHENA: [Row; 17] = [
    ("patient.name", End::Held(&["patient.name.missing"])),
    ("patient.birth-date", End::Held(&["patient.birth-date.missing"])),
    ("patient.sex", End::Held(&["patient.gender.missing"])),
    ("patient.address", End::Held(&["patient.address.missing"])),
    ("member-id", End::Held(&["member-id.missing"])),
    ("payer", End::Held(&["payer.unknown"])),
    ("rendering", End::Held(&["rendering.missing"])),
    ("billing", End::OfProfile),
    // The department is in no file and not in the profile.
    ("place-of-service", End::Held(&["location.unknown", "place-of-service.missing"])),
    ("dates", End::Refused("records.date")),
    ("diagnoses", End::Held(&["diagnosis.missing"])),
    ("codes", End::Held(&["procedure.missing"])),
    ("modifiers", End::Leaves(Some("- -"))),
    ("units", End::Held(&["units.not-positive"])),
    ("charges", End::Held(&["charge.zero"])),
    ("pointers", End::Held(&["pointer.missing"])),
    ("secondary", End::Leaves(None)),
];

pub fn athenahealth() -> Connector {
    Connector {
        id: "athenahealth",
        files: athena_files,
        shipped: String::new(),
        // Names as POST has them; a site takes those of its own reply.
        supplied: "[charge]\nunits = \"units\"\nmodifiers = \"modifiers\"\npointers = \"icd10codes\"\n".to_owned(),
        profile: &[],
        // The claim list alone has none of the three.
        unanswered: End::Held(&["modifiers.undelivered", "pointer.undelivered", "units.undelivered"]),
        table: ATHENA,
    }
}

fn athena_files(cases: &[Case]) -> Vec<(String, Vec<u8>)> {
    let of = |make: fn(Case) -> Value| cases.iter().map(|case| make(*case)).collect::<Vec<_>>();
    let policies: Vec<Value> =
        cases.iter().flat_map(|case| [athena_policy(*case, true), athena_policy(*case, false)]).collect();
    vec![
        file("claims.json", &json!({"totalcount": cases.len(), "claims": of(athena_claim)})),
        file("patients.json", &json!(of(athena_patient))),
        file("insurances.json", &json!({"insurances": policies})),
        file(
            "providers.json",
            &json!([{"providerid": 5, "npi": 1_000_000_004, "lastname": "CHANGEME", "firstname": "PAT"}]),
        ),
        file("departments.json", &json!([{"departmentid": "3", "placeofservicetypeid": "11", "name": "MAIN"}])),
    ]
}

fn file(name: &str, content: &Value) -> (String, Vec<u8>) {
    (name.to_owned(), content.to_string().into_bytes())
}

fn athena_claim(case: Case) -> Value {
    let id = case.id();
    let diagnoses: Vec<Value> = case
        .diagnoses()
        .iter()
        .map(|code| json!({"diagnosisrawcode": code, "diagnosiscodeset": "ICD10", "deleteddiagnosis": "false"}))
        .chain([json!({"diagnosisrawcode": "300.0", "diagnosiscodeset": "ICD9", "deleteddiagnosis": "false"})])
        .collect();
    let services = [(case.code(), json!(["25"]), 1, "120.50"), ("J1100".to_owned(), json!([]), 4, "24")];
    let procedures: Vec<Value> = services
        .into_iter()
        .enumerate()
        .map(|(at, (code, modifiers, units, amount))| {
            let pointed: Vec<&str> = case.pointers(at).iter().map(|at| case.diagnoses()[at - 1]).collect();
            without(
                json!({"transactionid": format!("{id}{at}"), "procedurecode": code, "chargeamount": amount, "units": units,
                    "modifiers": modifiers, "icd10codes": pointed}),
                case,
                &[("units", "units"), ("charges", "chargeamount"), ("modifiers", "modifiers")],
            )
        })
        .collect();
    without(
        json!({"claimid": id.to_string(), "patientid": id, "departmentid": if case.has("place-of-service") { 3 } else { 9 },
            "billedproviderid": 5, "billedservicedate": day(case.day(), slashes), "diagnoses": diagnoses, "procedures": procedures,
            "primaryinsurancepayer": {"primarypatientinsuranceid": 1000 + id},
            "secondaryinsurancepayer": {"secondarypatientinsuranceid": if case.has("secondary") { 2000 + id } else { 0 }}}),
        case,
        &[("rendering", "billedproviderid")],
    )
}

fn athena_patient(case: Case) -> Value {
    without(
        json!({"patientid": case.id().to_string(), "lastname": case.family(), "firstname": case.given(), "dob": day(case.born(), slashes),
            "sex": case.text("patient.sex", "F"), "address1": "1 OAK WAY", "city": "SALEM", "state": "OR", "zip": "97301"}),
        case,
        &[
            ("patient.address", "address1"),
            ("patient.address", "city"),
            ("patient.address", "state"),
            ("patient.address", "zip"),
        ],
    )
}

fn athena_policy(case: Case, first: bool) -> Value {
    let (id, plan, member) = if first {
        (1000 + case.id(), "EXAMPLE", case.member())
    } else {
        (2000 + case.id(), "SECOND", format!("S{}", case.id()))
    };
    let plan = if first { case.text("payer", plan) } else { plan.to_owned() };
    json!({"insuranceid": id.to_string(), "sequencenumber": if first { 1 } else { 2 }, "insuranceplanname": plan, "insuranceidnumber": member,
        "relationshiptoinsured": "Self", "insurancepolicyholderlastname": case.family(), "insurancepolicyholderfirstname": case.given(),
        "insurancepolicyholderdob": day(case.born(), slashes), "insurancepolicyholdersex": case.text("patient.sex", "F")})
}

/// Line items, with what `verbose` brings of the patient.
const DRCHRONO: [Row; 17] = [
    ("patient.name", End::Held(&["patient.name.missing"])),
    ("patient.birth-date", End::Held(&["patient.birth-date.missing"])),
    ("patient.sex", End::Held(&["patient.gender.missing"])),
    ("patient.address", End::Held(&["patient.address.missing"])),
    ("member-id", End::Held(&["member-id.missing"])),
    ("payer", End::Held(&["payer.unknown"])),
    ("rendering", End::Held(&["rendering.missing"])),
    ("billing", End::OfProfile),
    // No element of it is documented: the office leads to it, and here there is none.
    ("place-of-service", End::Held(&["place-of-service.undelivered"])),
    ("dates", End::Refused("records.date")),
    ("diagnoses", End::Held(&["diagnosis.missing"])),
    ("codes", End::Held(&["procedure.missing"])),
    ("modifiers", End::Leaves(Some("- -"))),
    ("units", End::Held(&["units.not-positive"])),
    ("charges", End::Held(&["charge.zero"])),
    ("pointers", End::Held(&["pointer.missing"])),
    ("secondary", End::Leaves(None)),
];

pub fn drchrono() -> Connector {
    Connector {
        id: "drchrono",
        files: drchrono_files,
        shipped: String::new(),
        supplied: String::new(),
        profile: &[("ids = [\"MAIN\"]", "ids = [\"MAIN\", \"3\"]")],
        // An office's number is no place of service.
        unanswered: End::Held(&["location.unknown", "place-of-service.undelivered"]),
        table: DRCHRONO,
    }
}

fn drchrono_files(cases: &[Case]) -> Vec<(String, Vec<u8>)> {
    let items: Vec<Value> = cases.iter().flat_map(|case| [drchrono_item(*case, 0), drchrono_item(*case, 1)]).collect();
    let of = |make: fn(Case) -> Value| json!({"results": cases.iter().map(|case| make(*case)).collect::<Vec<_>>()});
    vec![
        file("line_items.json", &json!({"previous": null, "next": null, "results": items})),
        file("patients.json", &of(drchrono_patient)),
        file("appointments.json", &of(drchrono_appointment)),
        file("doctors.json", &json!({"results": [{"id": 5, "npi_number": "1000000004", "last_name": "CHANGEME"}]})),
    ]
}

fn drchrono_item(case: Case, service: usize) -> Value {
    let (code, kind, modifiers, quantity, price) = match service {
        0 => (case.code(), "C", json!(["25", "", "", ""]), 1.0, 120.5),
        _ => ("J1100".to_owned(), "H", json!([]), 4.0, 6.0),
    };
    let pointers: Vec<String> = case.pointers(service).iter().map(usize::to_string).collect();
    without(
        json!({"id": case.id() * 10 + service, "appointment": case.id(), "patient": case.id(), "doctor": 5, "code": code, "procedure_type": kind,
            "modifiers": modifiers, "quantity": quantity, "units": "UN", "price": price, "billed": price * quantity,
            "service_date": day(case.day(), iso), "updated_at": "2026-03-02T16:10:00", "diagnosis_pointers": pointers}),
        case,
        &[
            ("rendering", "doctor"),
            ("modifiers", "modifiers"),
            ("units", "quantity"),
            ("charges", "price"),
            ("charges", "billed"),
        ],
    )
}

fn drchrono_patient(case: Case) -> Value {
    let policy = |name: &str, id: &str, member: &str| {
        json!({"insurance_company": name, "insurance_payer_id": id, "insurance_id_number": member,
            "patient_relationship_to_subscriber": "", "is_subscriber_the_patient": true})
    };
    let member = if case.has("secondary") { format!("S{}", case.id()) } else { String::new() };
    let second = case.text("secondary", "SECOND");
    without(
        json!({"id": case.id(), "last_name": case.family(), "first_name": case.given(), "date_of_birth": day(case.born(), iso),
            "gender": case.text("patient.sex", "Female"), "address": "1 OAK WAY", "city": "SALEM", "state": "OR", "zip_code": "97301",
            "primary_insurance": policy(&case.text("payer", "EXAMPLE"), &case.text("payer", "00000"), &case.member()),
            "secondary_insurance": policy(&second, "", &member)}),
        case,
        &[
            ("patient.address", "address"),
            ("patient.address", "city"),
            ("patient.address", "state"),
            ("patient.address", "zip_code"),
        ],
    )
}

fn drchrono_appointment(case: Case) -> Value {
    without(
        json!({"id": case.id().to_string(), "office": 3, "status": "Complete", "icd10_codes": case.diagnoses(), "deleted_flag": false}),
        case,
        &[("place-of-service", "office")],
    )
}

/// Takes out the names of an element that the case is without.
pub fn without(mut value: Value, case: Case, names: &[(&str, &str)]) -> Value {
    for (_, name) in names.iter().filter(|(element, _)| !case.has(element)) {
        assert!(value.as_object_mut().unwrap().remove(*name).is_some(), "{name} was there");
    }
    value
}
