//! What a FHIR R4 CapabilityStatement says of the parts of a claim: <http://hl7.org/fhir/R4/capabilitystatement.html>.
//!
//! A resource that a server names can be read or searched; what its instances hold, only a sample shows. So nothing here says that an
//! element is there: it says by which resource it can come, or that it must come another way.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// One part of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Element {
    /// What it is.
    pub(super) element: &'static str,
    /// Resources of the server that can hold it, each with the search parameter that leads to it; empty: none.
    pub(super) by: Vec<String>,
    /// What to do where none can.
    pub(super) otherwise: &'static str,
}

/// Parts of a claim, the resources that can hold them, the likeliest first, and what else can supply them.
#[rustfmt::skip] // a table
const PARTS: &[(&str, &[&str], &str)] = &[
    ("charges: code, amount, units", &["Claim", "ChargeItem", "ExplanationOfBenefit"], "charges as HL7 DFT, a file or charge entry; Procedure and Encounter have no amounts"),
    ("procedure codes", &["Claim", "ChargeItem", "Procedure"], "HL7 DFT, or a file"),
    ("modifiers, diagnosis pointers", &["Claim"], "HL7 DFT, or a file: ChargeItem and Procedure have them only as extensions of the server's own"),
    ("diagnoses", &["Claim", "Condition", "Encounter"], "HL7 DFT (DG1), or a file"),
    ("visits: number, days, status", &["Encounter"], "HL7 ADT or DFT, or a file"),
    ("patient: name, birth date, sex, address", &["Patient"], "HL7 (PID), or a roster file"),
    ("coverage: payer, member id, subscriber", &["Coverage"], "HL7 (IN1), or a file joined to the charges"),
    ("payers by name and id", &["Organization"], "payers of the practice profile, by alias"),
    ("rendering and referring NPI", &["Practitioner", "PractitionerRole"], "providers of the practice profile, by local id"),
    ("place of service", &["Location"], "places of the practice profile, by local id"),
    ("prior authorization, referral", &["ServiceRequest", "ClaimResponse"], "a file, or charge entry"),
    ("expected visits", &["Appointment", "Encounter"], "HL7 SIU, or a schedule file"),
];

/// Search parameters by which new and changed resources are found, the best first.
const CHANGED: [&str; 4] = ["_lastUpdated", "date", "encounter", "patient"];

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Said {
    /// `CapabilityStatement.fhirVersion`.
    pub(super) fhir_version: String,
    /// `CapabilityStatement.software.name`.
    pub(super) software: String,
    /// Resources that it names.
    pub(super) resources: usize,
    /// Whether it names SMART on FHIR as its security service.
    pub(super) smart: bool,
    /// The parts of a claim.
    pub(super) elements: Vec<Element>,
}

/// Reads what `[base]/metadata` answered.
///
/// # Errors
/// What came instead, what was expected, and what to do.
pub(super) fn read(status: u16, body: &[u8]) -> Result<Said, String> {
    let parsed: Result<Value, _> = serde_json::from_slice(body);
    let Ok(value) = parsed else {
        let found = what_came(body);
        return Err(format!(
            "found {found} with status {status}, expected a CapabilityStatement as JSON; name the base URL of FHIR R4 (often .../fhir/r4), not a page"
        ));
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    match text("resourceType") {
        "CapabilityStatement" => {}
        "OperationOutcome" => {
            let code = value
                .pointer("/issue/0/code")
                .and_then(Value::as_str)
                .filter(|code| is_code(code))
                .unwrap_or("no code");
            return Err(format!(
                "found an OperationOutcome ({code}) with status {status}, expected a CapabilityStatement; the server answers nothing here without \
                 registration, or the address is another"
            ));
        }
        "Conformance" => {
            return Err("found a Conformance statement (FHIR DSTU2), expected a CapabilityStatement of R4 (4.0.x); ask the vendor for its R4 base URL".to_owned());
        }
        _ => {
            return Err(format!(
                "found JSON that is no FHIR resource with status {status}, expected a CapabilityStatement; name the base URL of FHIR R4"
            ));
        }
    }
    if !(200..300).contains(&status) {
        return Err(format!("found status {status}, expected 200; ask the vendor whether metadata is open"));
    }
    let version = text("fhirVersion");
    if !version.starts_with("4.0") {
        let found = if is_code(version) { version } else { "none" };
        return Err(format!("found FHIR version {found}, expected R4 (4.0.x); ask the vendor for its R4 base URL"));
    }
    Ok(said(&value, version))
}

fn is_code(text: &str) -> bool {
    (1..=30).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

fn what_came(body: &[u8]) -> &'static str {
    match body.trim_ascii_start() {
        [] => "nothing",
        [b'<', ..] => "a page or XML",
        _ => "text that is no JSON",
    }
}

fn said(value: &Value, version: &str) -> Said {
    let mut resources: BTreeMap<&str, &Value> = BTreeMap::new();
    let servers = value.get("rest").and_then(Value::as_array).into_iter().flatten();
    let servers: Vec<&Value> =
        servers.filter(|rest| rest.get("mode").and_then(Value::as_str) != Some("client")).collect();
    for resource in servers.iter().flat_map(|rest| rest.get("resource").and_then(Value::as_array).into_iter().flatten())
    {
        if let Some(kind) = resource.get("type").and_then(Value::as_str) {
            resources.insert(kind, resource);
        }
    }
    let element = |(element, holders, otherwise): &(&'static str, &[&str], &'static str)| {
        let by = holders.iter().filter_map(|kind| resources.get(*kind).and_then(|resource| readable(kind, resource)));
        Element { element, by: by.collect(), otherwise }
    };
    let smart = value.get("rest").is_some_and(|rest| rest.to_string().contains("SMART-on-FHIR"));
    let software = value.pointer("/software/name").and_then(Value::as_str).unwrap_or_default();
    Said {
        fhir_version: version.to_owned(),
        software: software.chars().filter(|one| !one.is_control()).take(80).collect(),
        resources: resources.len(),
        smart,
        elements: PARTS.iter().map(element).collect(),
    }
}

/// The resource with the parameter that leads to it; none where it can be neither read nor searched.
fn readable(kind: &str, resource: &Value) -> Option<String> {
    let list = |key: &str, of: &str| {
        let items = resource.get(key).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(|item| item.get(of).and_then(Value::as_str).map(str::to_owned)).collect::<Vec<_>>()
    };
    let (interactions, parameters) = (list("interaction", "code"), list("searchParam", "name"));
    let can = |code: &str| interactions.iter().any(|known| known == code);
    let parameter = CHANGED.into_iter().find(|wanted| parameters.iter().any(|known| known == wanted));
    match (can("search-type"), can("read"), parameter) {
        (true, _, Some(parameter)) => Some(format!("{kind} (search by {parameter})")),
        (true, _, None) => Some(format!("{kind} (search)")),
        (false, true, _) => Some(format!("{kind} (read by id only)")),
        // Servers that name no interaction leave it open (0..*).
        (false, false, _) if interactions.is_empty() => Some(format!("{kind} (says not how)")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_server_names_is_told_by_element_and_the_rest_must_come_another_way() {
        let statement = json!({
            "resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "software": {"name": "EHR"},
            "rest": [{"mode": "server", "resource": [
                {"type": "Patient", "interaction": [{"code": "read"}, {"code": "search-type"}], "searchParam": [{"name": "_lastUpdated"}]},
                {"type": "Procedure", "interaction": [{"code": "read"}]},
                {"type": "Coverage", "interaction": [{"code": "create"}]},
            ]}],
        });
        let said = read(200, statement.to_string().as_bytes()).unwrap();
        let by = |element: &str| said.elements.iter().find(|one| one.element.starts_with(element)).unwrap().by.clone();
        assert_eq!(by("patient"), ["Patient (search by _lastUpdated)"]);
        assert_eq!(by("procedure codes"), ["Procedure (read by id only)"]);
        assert!(by("coverage").is_empty() && by("charges").is_empty());
        assert_eq!((said.resources, said.software.as_str(), said.smart), (3, "EHR", false));
    }

    #[test]
    fn what_came_instead_is_named() {
        for (status, body, words) in [
            (200, "<html>", "a page or XML"),
            (404, "", "found nothing with status 404"),
            (
                401,
                r#"{"resourceType":"OperationOutcome","issue":[{"code":"login"}]}"#,
                "OperationOutcome (login) with status 401",
            ),
            (200, r#"{"resourceType":"Conformance","fhirVersion":"1.0.2"}"#, "DSTU2"),
            (200, r#"{"resourceType":"CapabilityStatement","fhirVersion":"3.0.1"}"#, "FHIR version 3.0.1"),
            (500, r#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1"}"#, "found status 500"),
            (200, "[]", "no FHIR resource"),
        ] {
            let said = read(status, body.as_bytes()).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
