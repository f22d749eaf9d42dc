//! What FHIR servers of tests have in common: invented people, bundles, pages, and SMART Backend Services.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test helper"
)]

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::https::{Answer, Asked, RSA_KEY, decoded};

/// A page of a search: entries below the base, and the address of the next page.
pub fn page(base: &str, resources: &[Value], next: Option<String>) -> Answer {
    let entries: Vec<Value> = resources
        .iter()
        .map(|resource| {
            let (kind, id) = (resource["resourceType"].as_str().unwrap(), resource["id"].as_str().unwrap());
            json!({"fullUrl": format!("{base}/{kind}/{}", id.replace('|', "%7C")), "resource": resource})
        })
        .collect();
    let links: Vec<Value> = next.into_iter().map(|url| json!({"relation": "next", "url": url})).collect();
    Answer::json(&json!({"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}))
}

/// The resource with this id, or 404.
pub fn read(resources: &[Value], kind: &str, id: &str) -> Answer {
    let found = resources.iter().find(|one| one["resourceType"] == kind && one["id"] == id);
    found.map_or_else(
        || Answer::new(404, "{\"resourceType\": \"OperationOutcome\", \"issue\": [{\"severity\": \"error\", \"code\": \"not-found\"}]}"),
        Answer::json,
    )
}

/// What follows the last `/` of a reference, or an id as it is.
pub fn id_of(reference: &str) -> &str {
    reference.rsplit_once('/').map_or(reference, |(_, id)| id)
}

/// Patient `p-N` with a policy `cov-N` of the payer `pay-1`: nobody else has that name and day.
pub fn person(number: u32, references: impl Fn(&str) -> String) -> Vec<Value> {
    vec![
        json!({
            "resourceType": "Patient", "id": format!("p-{number}"), "meta": {"lastUpdated": "2026-03-02T12:00:00Z"},
            "identifier": [{"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                "system": "https://clinic.example/mrn", "value": format!("MRN-{number}")}],
            "name": [{"family": format!("Vance{}", char::from(b'a' + u8::try_from(number).unwrap())), "given": ["Orla"]}],
            "gender": "female", "birthDate": format!("195{number}-02-01"),
            "address": [{"line": ["1 Oak Way"], "city": "Salem", "state": "OR", "postalCode": "97301"}],
        }),
        json!({
            "resourceType": "Coverage", "id": format!("cov-{number}"), "meta": {"lastUpdated": "2026-03-02T12:00:00Z"},
            "status": "active", "beneficiary": {"reference": references(&format!("Patient/p-{number}"))},
            "relationship": {"coding": [{"code": "self"}]}, "subscriberId": format!("P{number}"),
            "payor": [{"reference": references("Organization/pay-1")}],
        }),
    ]
}

/// The payer, and a provider and a place of the practice's profile.
pub fn others() -> Vec<Value> {
    vec![
        json!({"resourceType": "Organization", "id": "pay-1", "identifier": [{"value": "00000"}], "name": "EXAMPLE"}),
        json!({"resourceType": "Practitioner", "id": "dr-1", "name": [{"family": "Changeme", "given": ["Pat"]}],
            "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000004"}]}),
        json!({"resourceType": "Location", "id": "MAIN", "name": "Main office"}),
    ]
}

/// Encounter `e-N` of patient `p-N`, finished.
pub fn encounter(number: u32, references: impl Fn(&str) -> String) -> Value {
    json!({
        "resourceType": "Encounter", "id": format!("e-{number}"), "meta": {"lastUpdated": "2026-03-02T18:00:00Z"}, "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": references(&format!("Patient/p-{number}"))},
        "period": {"start": "2026-03-02T16:00:00Z", "end": "2026-03-02T16:30:00Z"},
        "participant": [{"individual": {"reference": references("Practitioner/dr-1")}}],
        "location": [{"location": {"reference": references("Location/MAIN")}}],
    })
}

/// Whether the request's token is this one; else the answer.
pub fn unauthorized(asked: &Asked, token: &str) -> Option<Answer> {
    (asked.header("authorization") != format!("Bearer {token}"))
        .then(|| Answer::new(401, "").with("WWW-Authenticate", "Bearer"))
}

/// SMART Backend Services (2.2): what an authorization server looks at. Gives the token, or 400.
pub fn backend_token(asked: &Asked, algorithm: &str, seen: &Mutex<Vec<String>>) -> Answer {
    let form = |name: &str| asked.parameter(name).map(decoded).unwrap_or_default();
    let assertion = form("client_assertion");
    let parts: Vec<&str> = assertion.split('.').collect();
    let is_fresh = {
        let mut seen = seen.lock().unwrap();
        let is_fresh = !seen.contains(&assertion);
        seen.push(assertion.clone());
        is_fresh
    };
    let holds = form("grant_type") == "client_credentials"
        && form("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        && form("scope").starts_with("system/")
        && parts.len() == 3
        && is_fresh;
    if !holds {
        return Answer::new(400, "not documented: a request for a token that is none of SMART Backend Services");
    }
    let (header, claims) = (json_of(parts[0]), json_of(parts[1]));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let left = claims["exp"].as_u64().unwrap_or(0).saturating_sub(now);
    if header["alg"] != algorithm || claims["iss"] != claims["sub"] || !(1..=300).contains(&left) {
        return Answer::new(
            400,
            "not documented: an assertion with another algorithm, or one that holds for more than five minutes",
        );
    }
    Answer::json(&json!({"access_token": "access-token-0001", "token_type": "bearer", "expires_in": 300}))
}

/// JSON in base64url without padding (RFC 7515, 2).
fn json_of(part: &str) -> Value {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in part.bytes() {
        let value = LETTERS.iter().position(|letter| *letter == byte).expect("a letter of base64url");
        held = (held << 6 | u32::try_from(value).unwrap()) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    serde_json::from_slice(&out).unwrap()
}

/// `[[intake.pull.auth]]` of SMART Backend Services.
pub fn backend_auth(scope: &str) -> String {
    format!(
        "[[intake.pull.auth]]\nkind = \"smart-backend\"\nclient_id = \"client-1\"\nkey_id = \"k1\"\nalgorithm = \"RS384\"\n\
         token_url = \"BASE/token\"\nscope = \"{scope}\"\nsecret = {{ file = \"secrets/key\" }}"
    )
}

/// The file of its key.
pub fn backend_key() -> (String, String) {
    ("secrets/key".to_owned(), RSA_KEY.to_owned())
}
