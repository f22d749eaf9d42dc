//! What the mappings read of answers: every field has to be in the vendor's description, its sample, or the collection of facts. A field that is not
//! public is no fact, however plausible its name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::openapi::{fields_of, text};
use super::*;

/// Names of the fields that a mapping reads below each of these roots: `item.primary.payer` is `primary` and `payer` of `item`.
fn read_of(mapping: &str, roots: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for line in mapping.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let Some((_, value)) = line.split_once('=') else { continue };
        let written = value.split('"').skip(1).step_by(2).flat_map(|path| path.split(" unless "));
        for path in written.flat_map(alternatives) {
            let plain = without_filters(path.trim_start_matches('^'));
            let Some((root, rest)) = plain.split_once('.') else { continue };
            if roots.contains(&root) {
                let names = rest.split('.').map(str::to_owned).chain(filters(path));
                found.entry(root.to_owned()).or_default().extend(names);
            }
        }
    }
    found
}

fn alternatives(path: &str) -> Vec<&str> {
    let mut depth = 0;
    path.split(|letter| {
        depth += i32::from(letter == '[') - i32::from(letter == ']');
        letter == '|' && depth == 0
    })
    .collect()
}

fn without_filters(path: &str) -> String {
    let mut depth = 0;
    let outside = |letter: &char| {
        depth += i32::from(*letter == '[');
        let keep = depth == 0;
        depth -= i32::from(*letter == ']');
        keep
    };
    path.chars().filter(outside).collect()
}

/// Names of what filters look at: `[sequencenumber=1]`.
fn filters(path: &str) -> Vec<String> {
    let inside = path.split('[').skip(1).filter_map(|part| part.split_once(']'));
    inside.filter_map(|(filter, _)| filter.split_once('=')).map(|(name, _)| name.to_owned()).collect()
}

fn connector(path: &str) -> String {
    std::fs::read_to_string(workspace().join("connectors").join(path)).unwrap()
}

/// Asserts that a mapping reads nothing else.
fn assert_public(mapping: &str, known: &[(&str, BTreeSet<String>)]) {
    let roots: Vec<&str> = known.iter().map(|(root, _)| *root).collect();
    let read = read_of(&connector(mapping), &roots);
    for (root, names) in known {
        let used = read.get(*root).cloned().unwrap_or_default();
        assert!(!used.is_empty(), "{mapping} reads nothing of {root}");
        let unknown: Vec<&String> = used.difference(names).collect();
        assert!(unknown.is_empty(), "{mapping}: {unknown:?} of {root} are not documented");
    }
}

/// Every name of an object in a JSON file.
fn names_in(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            names.insert(name.clone());
            names_in(value, names);
        }),
        Value::Array(items) => items.iter().for_each(|item| names_in(item, names)),
        _ => {}
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn drchrono_reads_what_its_description_has() {
    let Some(description) = text("drchrono-rest-api-openapi.yml") else { return };
    let of = |schema: &str| fields_of(&description, schema).0.into_iter().collect::<BTreeSet<String>>();
    let mut patient = of("Patient");
    // Of the objects within: the description has them one level down.
    for name in [
        "insurance_payer_id",
        "insurance_company",
        "insurance_id_number",
        "insurance_group_number",
        "is_subscriber_the_patient",
        "patient_relationship_to_subscriber",
        "subscriber_last_name",
        "subscriber_first_name",
        "subscriber_date_of_birth",
        "npi",
    ] {
        assert!(description.contains(&format!("            {name}:\n")), "{name} is within no object");
        patient.insert(name.to_owned());
    }
    let known = [
        ("item", of("BillingLineItem")),
        ("appointment", of("Appointment")),
        ("doctor", of("Doctor")),
        ("patient", patient),
    ];
    assert_public("drchrono/pulled.toml", &known);
    let deleted = of("BillingLineItemDeletion");
    for line in connector("drchrono/deletions.toml").lines() {
        let value = line.split_once(" = \"").and_then(|(_, value)| value.strip_suffix('"')).unwrap_or_default();
        let is_field = !value.is_empty() && !value.starts_with('=') && !line.starts_with("records");
        assert!(!is_field || deleted.contains(value), "{line}");
    }
}

#[test]
fn athenahealth_reads_what_the_samples_have() {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return;
    };
    let of = |file: &str| {
        let text = std::fs::read_to_string(Path::new(&root).join("vendor-json/athena-go-sdk").join(file)).unwrap();
        let mut names = BTreeSet::new();
        names_in(&serde_json::from_str(&text).unwrap(), &mut names);
        names
    };
    let known = [
        ("item", of("ListClaims.json")),
        ("patient", of("GetPatient.json")),
        ("policies", of("ListPatientInsurancePackages.json")),
        ("provider", of("GetProvider.json")),
        ("department", of("GetDepartment.json")),
    ];
    assert_public("athenahealth/pulled.toml", &known);
    // Of a charge itself, without a root.
    let claims = of("ListClaims.json");
    assert!(["transactionid", "procedurecode", "chargeamount"].iter().all(|name| claims.contains(*name)));
}

#[test]
fn tebra_reads_what_the_public_client_has() {
    // Section 4, element table; names and ids of a charge, and EncounterDetailsData, as the client reads them. `RenderingProviderName` is in
    // the list of fields of a charge that the same client asks for in its GetCharges (`src/tools/charges.ts`).
    let charge = set(&[
        "ChargeData",
        "ID",
        "EncounterID",
        "PatientID",
        "Status",
        "ProcedureCode",
        "ProcedureModifier1",
        // Seen in CreateEncounter only: taken where they are.
        "ProcedureModifier2",
        "ProcedureModifier3",
        "ProcedureModifier4",
        "Units",
        "UnitCharge",
        "TotalCharges",
        "ServiceStartDate",
        "PostingDate",
        "RenderingProviderName",
    ]);
    let encounter = set(&[
        "EncounterDetailsData",
        "PlaceOfServiceCode",
        "ServiceLocationName",
        "RenderingProvider",
        "ReferringProvider",
        "ServiceStartDate",
        "ServiceEndDate",
    ]);
    let patient = set(&[
        "Patient",
        "FirstName",
        "LastName",
        "DOB",
        "Gender",
        "AddressLine1",
        "City",
        "State",
        "ZipCode",
        "PrimaryInsurancePolicyCompanyName",
        "PrimaryInsurancePolicyPlanName",
        "PrimaryInsurancePolicyNumber",
        "SecondaryInsurancePolicyCompanyName",
        "SecondaryInsurancePolicyPlanName",
        "SecondaryInsurancePolicyNumber",
    ]);
    assert_public("tebra/pulled.toml", &[("item", charge), ("encounter", encounter), ("patient", patient)]);
}

#[test]
fn extensions_of_fhir_are_those_that_are_written_down() {
    let names = |mapping: &str| -> BTreeSet<String> {
        let text = connector(mapping);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        lines
            .flat_map(|line| line.split("extension(").skip(1))
            .filter_map(|part| part.split_once(')'))
            .map(|(name, _)| name.to_owned())
            .collect()
    };
    // Section 6, element table.
    let cerner = set(&[
        "procedure-code",
        "modifier-code",
        "priority",
        "code",
        "net-price",
        "unit-price",
        "offset-by",
        "replacing",
    ]);
    assert_eq!(names("oracle-cerner/mapping.toml"), cerner);
    let Some(description) = text("modernizing-medicine-ema-proprietary-api-openapi.json") else { return };
    let unknown: Vec<String> = names("modernizing-medicine/mapping.toml")
        .into_iter()
        .filter(|name| !description.contains(&format!("\"url\": \"{name}\"")))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn what_a_mapping_reads_is_found_in_every_alternative() {
    let mapping = "# x = \"item.no\"\na = \"item.b.c|patient.d\"\ne = [\"item.f unless patient.k\", \"^item.g[h=1][i=2].j\", \"= item.k\"]\nl = \"\"\n";
    let found = read_of(mapping, &["item", "patient"]);
    assert_eq!(found["item"], set(&["b", "c", "f", "g", "h", "i", "j"]));
    assert_eq!(found["patient"], set(&["d", "k"]));
}
