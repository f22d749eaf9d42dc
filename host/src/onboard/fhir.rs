//! De-identified FHIR: types, codes and systems stay, and what a reference leads to; ids, texts and addresses do not.

use serde_json::Value;

use super::disguise::Disguise;

/// Names of FHIR whose texts are codes, systems or types.
const FHIR_KEPT: [&str; 22] = [
    "resourceType",
    "system",
    "code",
    "status",
    "use",
    "unit",
    "currency",
    "type",
    "mode",
    "gender",
    "state",
    "country",
    "intent",
    "outcome",
    "relation",
    "priority",
    "rank",
    "contentType",
    "versionId",
    "kind",
    "valueCode",
    "method",
];

/// Types of resources that a reference may name: those of a visit, its charges, and people, places and payers around it. Another is
/// disguised as an id is.
#[rustfmt::skip] // a table
const FHIR_TYPES: [&str; 46] = [
    "Account", "AllergyIntolerance", "Appointment", "Binary", "Bundle", "CarePlan", "CareTeam", "ChargeItem",
    "ChargeItemDefinition", "Claim", "ClaimResponse", "Communication", "Composition", "Condition", "Contract", "Coverage",
    "CoverageEligibilityRequest", "CoverageEligibilityResponse", "Device", "DiagnosticReport", "DocumentReference", "Encounter",
    "EpisodeOfCare", "ExplanationOfBenefit", "HealthcareService", "Immunization", "InsurancePlan", "Invoice", "Location",
    "Medication", "MedicationAdministration", "MedicationDispense", "MedicationRequest", "Observation", "Organization", "Patient",
    "PaymentNotice", "PaymentReconciliation", "Practitioner", "PractitionerRole", "Procedure", "Provenance", "RelatedPerson",
    "Schedule", "ServiceRequest", "Slot",
];

/// The same resources, one a line where there are several.
pub(super) fn fhir(disguise: &mut Disguise, text: &str) -> String {
    let values: Vec<Value> = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'))
        .into_iter()
        .map_while(Result::ok)
        .collect();
    let lines = values.len() > 1;
    let mut out = String::new();
    for mut value in values {
        fhir_value(disguise, &mut value, false, "");
        out += &if lines { format!("{value}\n") } else { format!("{value:#}\n") };
    }
    out
}

/// Disguises what is called `name`. `extends`: it stands in an extension.
fn fhir_value(disguise: &mut Disguise, value: &mut Value, extends: bool, name: &str) {
    match value {
        Value::Object(fields) => {
            let extends = matches!(name, "extension" | "modifierExtension");
            fields.iter_mut().for_each(|(own, value)| fhir_value(disguise, value, extends, own));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fhir_value(disguise, item, extends, name)),
        // What an extension means; elsewhere an address may ask for a name, and a file may be called by one.
        Value::String(_) if name == "url" && extends => {}
        Value::String(text) if matches!(name, "reference" | "fullUrl" | "url") => *text = reference(disguise, text),
        Value::String(text) if name == "id" => *text = disguise.words(text),
        Value::String(text) if !FHIR_KEPT.contains(&name) => *text = disguise.value(text),
        _ => {}
    }
}

/// An address: types of resources and `_history` lead to what is meant and stay; ids, and whatever else it says, are disguised. Scheme and
/// host go, so that what was absolute leads within the file.
fn reference(disguise: &mut Disguise, text: &str) -> String {
    for scheme in ["urn:uuid:", "urn:oid:"] {
        if let Some(id) = text.strip_prefix(scheme) {
            return scheme.to_owned() + &disguise.words(id);
        }
    }
    let stays = |segment: &str| {
        let bare = segment.trim_end_matches(['/', '?']);
        bare == "_history" || FHIR_TYPES.contains(&bare)
    };
    let absolute = text.split_once("://").map(|(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let segments: Vec<&str> = absolute.unwrap_or(text).split_inclusive(['/', '?']).collect();
    // Folders before the resource's type are the server's.
    let first = absolute.and_then(|_| segments.iter().position(|segment| stays(segment))).unwrap_or(0);
    let each = segments.into_iter().skip(first);
    each.map(|segment| if stays(segment) { segment.to_owned() } else { disguise.words(segment) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_keep_what_they_lead_to_and_nothing_of_a_patient() {
        let text = json!({
            "resourceType": "Bundle",
            "link": [{"relation": "self", "url": "https://fhir.example/r4/Patient?name=ZQVANCE&birthdate=1980-01-14"}],
            "entry": [{
                "fullUrl": "https://fhir.example/r4/Patient/ZQID1",
                "request": {"method": "GET", "url": "Patient/ZQID1/_history/ZQID2"},
                "resource": {
                    "resourceType": "Patient",
                    "id": "ZQID1",
                    "extension": [{"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex", "valueCode": "F"}],
                    "photo": [{"url": "https://files.example/ZQVANCE-ZQORLA.jpg"}],
                    "link": [{"other": {"reference": "ZQORLA/Patient/ZQID1/_history/ZQID2"}}],
                    "generalPractitioner": [{"reference": "urn:uuid:ZQID3"}, {"reference": "#ZQID4"}],
                },
            }],
        });
        let made = fhir(&mut Disguise::new().unwrap(), &text.to_string());
        for gone in ["ZQVANCE", "ZQORLA", "ZQID", "1980", "fhir.example"] {
            assert!(!made.contains(gone), "{gone}: {made}");
        }
        assert!(made.contains("StructureDefinition/us-core-birthsex"), "{made}");
        let made: Value = serde_json::from_str(&made).unwrap();
        let entry = &made["entry"][0];
        let id = entry["resource"]["id"].as_str().unwrap();
        assert_eq!(entry["fullUrl"], format!("Patient/{id}"), "{made}");
        let asked = entry["request"]["url"].as_str().unwrap();
        assert!(asked.starts_with(&format!("Patient/{id}/_history/")), "{made}");
        assert!(made["link"][0]["url"].as_str().unwrap().starts_with("Patient?"), "{made}");
        let people = entry["resource"]["generalPractitioner"].to_string();
        assert!(people.contains("urn:uuid:") && people.contains("\"#"), "{made}");
    }
}
