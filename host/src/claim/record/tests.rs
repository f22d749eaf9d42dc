use proptest::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::{canonical, kept};

/// The same, said slowly over a tree.
fn slowly(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut kept: Vec<_> =
                fields.iter().map(|(name, value)| (name, slowly(value))).filter(|(_, text)| !empty(text)).collect();
            kept.sort();
            let kept = kept.iter().map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", kept.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(slowly).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn empty(text: &str) -> bool {
    ["null", "false", "\"\"", "[]", "{}"].contains(&text)
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a\",:{}\\[\\]é]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-d]{1,2}", inner, 0..5)
                .prop_map(|map| Value::from_iter(map.into_iter().rev())),
        ]
    })
}

#[derive(Serialize)]
enum Shape {
    Bare,
    Wrapped(String),
    Pair(u8, u8),
    Named { second: Option<u8>, first: Vec<u8> },
}

#[derive(Serialize)]
struct Record {
    zulu: Shape,
    alpha: Shape,
    empty: Shape,
    none: Shape,
    hotel: Shape,
}

proptest! {
    #[test]
    fn one_pass_writes_what_the_tree_says(value in tree()) {
        prop_assert_eq!(String::from_utf8(canonical(&value).unwrap()).unwrap(), slowly(&value));
    }

    #[test]
    fn what_is_kept_of_a_tree_is_all_of_it(value in tree()) {
        prop_assert_eq!(serde_json::from_slice::<Value>(&kept(&value).unwrap()).unwrap(), value);
    }
}

#[test]
fn fields_are_in_order_and_variants_are_groups() {
    let record = Record {
        zulu: Shape::Bare,
        alpha: Shape::Pair(1, 2),
        empty: Shape::Wrapped(String::new()),
        none: Shape::Named { second: None, first: vec![] },
        hotel: Shape::Named { second: Some(2), first: vec![1] },
    };
    let text = String::from_utf8(canonical(&record).unwrap()).unwrap();
    let in_order = r#"{"alpha":{"Pair":[1,2]},"empty":{"Wrapped":""},"hotel":{"Named":{"first":[1],"second":2}},"none":{"Named":{}},"zulu":"Bare"}"#;
    assert_eq!(text, in_order);
    let text = String::from_utf8(kept(&record).unwrap()).unwrap();
    let as_it_is = r#"{"zulu":"Bare","alpha":{"Pair":[1,2]},"empty":{"Wrapped":""},"none":{"Named":{}},"hotel":{"Named":{"second":2,"first":[1]}}}"#;
    assert_eq!(text, as_it_is);
}

#[test]
fn a_float_has_no_canonical_text() {
    assert!(canonical(&1.5).is_err() && kept(&1.5).is_err());
}

#[derive(Serialize)]
struct Said {
    signature: Option<bool>,
    number: Option<&'static str>,
    flag: bool,
    group: Option<Group>,
}

#[derive(Serialize)]
struct Group {
    none: Option<u8>,
}

#[test]
fn no_that_was_said_is_not_nothing() {
    let said = Said { signature: Some(false), number: Some(""), flag: false, group: Some(Group { none: None }) };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    assert_eq!(text(kept(&said).unwrap()), r#"{"signature":false,"number":"","group":{}}"#);
    assert_eq!(text(canonical(&said).unwrap()), r#"{"number":"","signature":false}"#);
    let unsaid = Said { signature: None, number: None, flag: false, group: None };
    assert_eq!((text(kept(&unsaid).unwrap()), text(canonical(&unsaid).unwrap())), ("{}".to_owned(), "{}".to_owned()));
}
