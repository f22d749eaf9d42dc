//! An invented bundle: visits of patients, each with an Encounter, ChargeItems, a Condition, a Coverage and Observations.
#![allow(dead_code, reason = "two benches share it")]

/// ChargeItems of one visit.
pub const CHARGES: usize = 4;

/// A searchset of that many visits, about 7 KB each.
pub fn bundle(visits: usize) -> String {
    let mut entries = vec![
        resource(
            "Practitioner",
            "doc",
            r#""name":[{"family":"Okonedo","given":["Felix"]}],"identifier":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"1245319599"}]"#,
        ),
        resource(
            "Organization",
            "payer",
            r#""name":"Harbor Health Plan","identifier":[{"system":"https://clinic.example/payers","value":"HARB1"}]"#,
        ),
    ];
    for visit in 0..visits {
        let patient = format!(r#"{{"reference":"Patient/p{visit}"}}"#);
        let encounter = format!(r#"{{"reference":"Encounter/e{visit}"}}"#);
        entries.push(resource("Patient", &format!("p{visit}"), r#""name":[{"use":"official","family":"Thistlewood","given":["Maren","Q"]}],"gender":"female","birthDate":"1987-04-12","address":[{"line":["14 Orchard Row"],"city":"Millbrook","state":"OH","postalCode":"43001-0114"}]"#));
        entries.push(resource("Coverage", &format!("v{visit}"), &format!(r#""status":"active","beneficiary":{patient},"subscriberId":"HHP{visit}","relationship":{{"coding":[{{"code":"self"}}]}},"payor":[{{"reference":"Organization/payer"}}],"order":1"#)));
        entries.push(resource("Encounter", &format!("e{visit}"), &format!(r#""status":"finished","class":{{"code":"AMB"}},"subject":{patient},"participant":[{{"individual":{{"reference":"Practitioner/doc"}}}}],"period":{{"start":"2026-02-09T09:00:00-05:00","end":"2026-02-09T09:25:00-05:00"}}"#)));
        entries.push(resource("Condition", &format!("d{visit}"), &format!(r#""code":{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J06.9"}}]}},"subject":{patient},"encounter":{encounter}"#)));
        for charge in 0..CHARGES {
            entries.push(resource("ChargeItem", &format!("c{visit}-{charge}"), &format!(r#""status":"billable","code":{{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"9921{charge}"}}]}},"subject":{patient},"context":{encounter},"occurrenceDateTime":"2026-02-09","performer":[{{"actor":{{"reference":"Practitioner/doc"}}}}],"quantity":{{"value":1}},"priceOverride":{{"value":90.50,"currency":"USD"}},"reason":[{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J06.9"}}]}}]"#)));
        }
        for observation in 0..6 {
            entries.push(resource("Observation", &format!("o{visit}-{observation}"), &format!(r#""status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}}]}},"subject":{patient},"encounter":{encounter},"valueQuantity":{{"value":71.5,"unit":"beats/minute"}}"#)));
        }
    }
    format!(r#"{{"resourceType":"Bundle","type":"searchset","entry":[{}]}}"#, entries.join(",\n"))
}

fn resource(kind: &str, id: &str, elements: &str) -> String {
    format!(
        r#"{{"fullUrl":"https://fhir.example/r4/{kind}/{id}","resource":{{"resourceType":"{kind}","id":"{id}","meta":{{"versionId":"1","lastUpdated":"2026-02-10T09:31:00Z","profile":["http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind}"]}},"text":{{"status":"generated","div":"<div>Generated narrative that nobody reads, as most servers send it.</div>"}},{elements}}}}}"#
    )
}
