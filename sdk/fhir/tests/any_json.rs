//! No bytes and no JSON make the codec panic, and errors quote no value.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use claimhost_fhir::{Bundle, Claim, Patient, Reference, Resource, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

const TYPES: [&str; 13] = [
    "Bundle",
    "Patient",
    "Coverage",
    "Claim",
    "ChargeItem",
    "Encounter",
    "Condition",
    "Procedure",
    "Practitioner",
    "PractitionerRole",
    "Organization",
    "Location",
    "Basic",
];
const NAMES: [&str; 24] = [
    "id",
    "identifier",
    "contained",
    "extension",
    "name",
    "given",
    "item",
    "quantity",
    "value",
    "sequence",
    "coding",
    "code",
    "type",
    "entry",
    "resource",
    "fullUrl",
    "period",
    "start",
    "birthDate",
    "reference",
    "subject",
    "total",
    "diagnosis",
    "location",
];

/// JSON with names of FHIR elements at any place.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "SECRET[0-9T:Z-]{0,12}".prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let object = prop::collection::hash_map(prop::sample::select(&NAMES[..]), inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            object.prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        ]
    })
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = (Resource::parse(&bytes), parse::<Patient>(&bytes));
    }

    #[test]
    fn any_resource(kind in prop::sample::select(&TYPES[..]), mut value in any_json()) {
        if let Some(object) = value.as_object_mut() {
            object.insert("resourceType".to_owned(), json!(kind));
        }
        let text = value.to_string();
        match Resource::parse(text.as_bytes()) {
            Ok(Resource::Bundle(bundle)) => {
                let index = bundle.index();
                for (number, entry) in bundle.entry.iter().enumerate() {
                    let reference = Reference { reference: entry.full_url.clone(), ..Reference::default() };
                    let _ = index.resolve(number, &[], &reference);
                }
            }
            Ok(resource) => {
                let debug = format!("{resource:?}");
                prop_assert!(!debug.contains("SECRET"));
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains("SECRET"), "{}", shown);
            }
        }
    }
}

#[test]
fn wrong_types_are_located_and_not_quoted() {
    let table = [
        (
            json!({"resourceType": "Claim", "item": [{"sequence": 1}, {"quantity": {"value": "SECRET"}}]}),
            "Claim.item[1].quantity.value",
            "a string that is no number",
            "a number",
        ),
        (json!({"resourceType": "Claim", "item": {"sequence": 1}}), "Claim.item", "an object", "an array"),
        (json!({"resourceType": "Claim", "status": 5}), "Claim.status", "a number", "a string"),
        (
            json!({"resourceType": "Claim", "created": "SECRET, expected x"}),
            "Claim.created",
            "18 characters",
            "a date YYYY-MM-DD or date and time with offset",
        ),
        (
            json!({"resourceType": "Claim", "item": [{"sequence": "SECRET, expected x"}]}),
            "Claim.item[0].sequence",
            "a string",
            "u32",
        ),
        (json!({"resourceType": "Claim", "patient": "SECRET"}), "Claim.patient", "a string", "an object"),
        (json!({"resourceType": "Patient"}), "Claim", "another or no resourceType", "resourceType Claim"),
    ];
    for (value, path, found, expected) in table {
        let text = value.to_string();
        let error = parse::<Claim>(text.as_bytes()).unwrap_err();
        assert_eq!((error.path.as_str(), error.found.as_str(), error.expected.as_str()), (path, found, expected));
        assert!(!error.to_string().contains("SECRET"));
    }
}

#[test]
fn entries_are_located_inside_their_bundle() {
    let text = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","birthDate":"x"}}]}"#;
    let bundle: Bundle<'_> = parse(text.as_bytes()).unwrap();
    let error = bundle.entry[0].resource.unwrap().resource("Bundle.entry[0].resource").unwrap_err();
    assert_eq!(error.path, "Bundle.entry[0].resource.birthDate");
}

#[test]
fn broken_text_is_located() {
    for (bytes, found) in [
        (b"{\"resourceType\":\"Claim\"".as_slice(), "the end of the text"),
        (b"{]", "text that is no JSON"),
        (b"\n\xff", "a byte that is no UTF-8"),
        (b"{} {}", "more text after the resource"),
        (b"[]", "no resourceType"),
    ] {
        let error = Resource::parse(bytes).unwrap_err();
        assert_eq!(error.found, found);
    }
    let deep = format!("{{\"resourceType\":\"Patient\",\"extension\":{}", "[{\"extension\":".repeat(100_000));
    assert!(Resource::parse(deep.as_bytes()).is_err());
    assert!(Resource::parse("\u{feff}{\"resourceType\":\"Patient\"}".as_bytes()).is_ok());
}
