//! `claimhost connector search` and `probe` through the real binary: what ships is found by name, and a server over HTTPS says what it can
//! deliver.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::process::{Command, Output};

use claimhost_tests::https::{Answer, Server};
use claimhost_tests::programs::claimhost;
use serde_json::{Value, json};

fn run(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(claimhost());
    command.current_dir(folder.path()).arg("connector").args(arguments);
    command.output().expect("claimhost starts")
}

fn found(name: &str) -> Vec<Value> {
    let output = run(&["search", name, "--json"]);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().clone()
}

#[test]
fn connectors_are_found_by_product_developer_or_id_whatever_the_punctuation() {
    let ids = |name: &str| found(name).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert!(ids("Dr. Chrono").contains(&"drchrono".to_owned()));
    assert!(ids("ATHENA").contains(&"athenahealth".to_owned()));
    let of_catalogue = found("1Life Healthcare");
    assert_eq!(
        (&of_catalogue[0]["id"], &of_catalogue[0]["product"]),
        (&"1life".into(), &"1Life".into()),
        "{of_catalogue:?}"
    );
    assert_eq!(
        (&of_catalogue[0]["family"], &of_catalogue[0]["evidence"]),
        (&"fhir-r4".into(), &"standard-only".into())
    );
    let tebra = found("tebra").into_iter().find(|one| one["id"] == "tebra").unwrap();
    assert!(tebra["needs"].as_str().unwrap().contains("customer key"), "{tebra}");
    for one in found("e") {
        assert!(!one["needs"].as_str().unwrap().is_empty() && !one["product"].as_str().unwrap().is_empty(), "{one}");
    }
}

#[test]
fn a_name_that_nobody_has_is_told_with_what_is_close() {
    let output = run(&["search", "athenahelth"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("did you mean") && said.contains("athenahealth"), "{said}");
    let output = run(&["search", "qqqqqq"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("claimhost onboard"));
}

/// A statement with these resources, each with its interactions and search parameters.
fn statement(resources: &[(&str, &[&str], &[&str])]) -> Value {
    let resource = |(kind, interactions, parameters): &(&str, &[&str], &[&str])| {
        json!({
            "type": kind,
            "interaction": interactions.iter().map(|code| json!({"code": code})).collect::<Vec<_>>(),
            "searchParam": parameters.iter().map(|name| json!({"name": name, "type": "date"})).collect::<Vec<_>>(),
        })
    };
    let resources: Vec<Value> = resources.iter().map(resource).collect();
    let rest = json!([{"mode": "server", "security": {"service": [{"coding": [{"code": "SMART-on-FHIR"}]}]}, "resource": resources}]);
    json!({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "date": "2026-01-05", "software": {"name": "An EHR"}, "rest": rest})
}

/// Asks a server under a path; the code, what it printed, what it said.
fn probe(server: &Server, path: &str) -> (Option<i32>, Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &server.pem).unwrap();
    let output = run(&["probe", &format!("{}{path}", server.url()), "--ca-file", ca.to_str().unwrap(), "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or(Value::Null), said)
}

fn by(said: &Value, element: &str) -> Vec<String> {
    let elements = said["elements"].as_array().unwrap_or_else(|| panic!("{said}"));
    let one = elements.iter().find(|one| one["element"].as_str().unwrap().starts_with(element)).unwrap();
    one["by"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_server_says_what_it_can_deliver_and_what_must_come_another_way() {
    let both: &[&str] = &["read", "search-type"];
    let clinical = statement(&[
        ("Patient", both, &["_lastUpdated"]),
        ("Encounter", both, &["date"]),
        ("Procedure", both, &["patient"]),
        ("Condition", both, &["patient"]),
        ("Practitioner", &["read"], &[]),
    ]);
    let billing = statement(&[("ChargeItem", both, &["_lastUpdated"]), ("Coverage", both, &["patient"])]);
    let server = Server::start(move |asked, _| match asked.path() {
        "/clinical/r4/metadata" => Answer::json(&clinical),
        "/billing/metadata" => Answer::json(&billing),
        "/moved/metadata" => Answer::new(302, "").with("location", "/clinical/r4/metadata"),
        "/away/metadata" => Answer::new(302, "").with("location", "https://elsewhere.example/metadata"),
        "/old/metadata" => Answer::json(&json!({"resourceType": "Conformance", "fhirVersion": "1.0.2"})),
        "/closed/metadata" => Answer::new(401, r#"{"resourceType":"OperationOutcome","issue":[{"code":"login"}]}"#),
        "/page/metadata" => Answer::new(200, "<html>Welcome</html>"),
        _ => Answer::new(404, ""),
    });
    let (code, said, words) = probe(&server, "/clinical/r4/");
    assert_eq!(code, Some(0), "{words}");
    assert!(by(&said, "charges").is_empty() && by(&said, "coverage").is_empty(), "{said}");
    assert_eq!(by(&said, "visits"), ["Encounter (search by date)"]);
    assert_eq!(by(&said, "rendering"), ["Practitioner (read by id only)"]);
    assert_eq!((&said["smart"], &said["fhir_version"]), (&true.into(), &"4.0.1".into()));
    let (_, said, _) = probe(&server, "/billing/metadata");
    assert_eq!(by(&said, "charges"), ["ChargeItem (search by _lastUpdated)"]);
    assert!(by(&said, "patient:").is_empty());
    assert_eq!(probe(&server, "/moved").0, Some(0), "a redirect on the same server is followed");
    for (path, words) in [
        ("/old", "DSTU2"),
        ("/closed", "OperationOutcome (login) with status 401"),
        ("/page", "a page or XML"),
        ("/nothing", "status 404"),
        ("/away", "elsewhere.example"),
    ] {
        let (code, _, said) = probe(&server, path);
        assert!(code == Some(4) && said.contains(words), "{path}: {said}");
    }
    for asked in server.asked() {
        assert!(asked.method == "GET" && asked.header("authorization").is_empty(), "{asked:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("none.pem"), "no certificate").unwrap();
    for (file, words) in [("missing.pem", "No such file"), ("none.pem", "PEM")] {
        let path = folder.path().join(file);
        let output = run(&["probe", &server.url(), "--ca-file", path.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(4) && said.contains(file) && said.contains(words), "{said}");
        assert!(
            !said.contains("/metadata") && !said.contains("another address"),
            "the address is not to blame: {said}"
        );
    }
    let plain = run(&["probe", "http://fhir.example/r4"]);
    assert!(plain.status.code() == Some(4) && String::from_utf8_lossy(&plain.stderr).contains("https"));
}
