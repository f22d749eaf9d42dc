//! Every field of the contract's claim has a name in conditions: the WIT is read here, and compared with the schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};

use claimhost_rules::Table;
use claimhost_rules::schema::{self, Type};

const WIT: [&str; 2] =
    [include_str!("../../../wit/0.1.0-draft/claim.wit"), include_str!("../../../wit/0.1.0-draft/review.wit")];

/// Records (name to fields) and enums (name to words) of the contract.
type Contract = (BTreeMap<String, Vec<(String, String)>>, BTreeMap<String, Vec<String>>);

fn contract() -> Contract {
    let text: String = WIT.concat().lines().map(|line| line.split("//").next().unwrap().to_owned() + "\n").collect();
    let (mut records, mut enums) = (BTreeMap::new(), BTreeMap::new());
    for (kind, rest) in text.match_indices("record ").chain(text.match_indices("enum ")).map(|(at, kind)| {
        let begin = at == 0 || text[..at].ends_with(char::is_whitespace);
        (if begin { kind.trim() } else { "" }, &text[at + kind.len()..])
    }) {
        let Some((name, rest)) = rest.split_once('{').filter(|_| !kind.is_empty()) else { continue };
        let body = rest.split('}').next().unwrap();
        let parts = body.split(',').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
        let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
        let name = name.trim().to_owned();
        if kind == "enum" {
            enums.insert(name, parts);
        } else {
            let field = |part: &String| {
                let (name, of) = part.split_once(':').unwrap();
                (name.trim().to_owned(), of.trim().to_owned())
            };
            records.insert(name, parts.iter().map(field).collect());
        }
    }
    (records, enums)
}

/// Compares one field's type; returns the record in it.
fn same(of: Type, wit: &str, enums: &BTreeMap<String, Vec<String>>, at: &str) -> Option<&'static schema::RecordType> {
    if let Some(inner) = wit.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
        let Type::List(item) = of else { panic!("{at}: {of:?} is no list") };
        return same(*item, inner, enums, at);
    }
    let fits = match (of, wit) {
        (Type::Text, "string")
        | (Type::Bool, "bool")
        | (Type::Int, "u8" | "u16")
        | (Type::Money, "money")
        | (Type::Decimal, "thousandths")
        | (Type::Date, "date") => true,
        // `quantity.thousandths`
        (Type::Decimal, "s64") => at == "quantity.amount",
        (Type::Choice(choice), name) => choice.name == name && enums[name] == choice.words,
        (Type::Record(record), name) => return (record.name == name).then_some(record),
        _ => false,
    };
    assert!(fits, "{at}: {of:?} for `{wit}`");
    None
}

#[test]
fn every_field_of_the_contract_has_a_name() {
    let (records, enums) = contract();
    assert!(records.len() > 50 && enums.len() > 25, "{} records, {} enums", records.len(), enums.len());
    let mut waiting = vec![&schema::CLAIM, &schema::EARLIER_LINE];
    let (mut seen, mut fields) = (BTreeSet::new(), 0);
    while let Some(record) = waiting.pop() {
        if !seen.insert(record.name) {
            continue;
        }
        let wit = &records[record.name];
        assert_eq!(record.fields.len(), wit.len(), "{}", record.name);
        for (field, (name, of)) in record.fields.iter().zip(wit) {
            let expected = match (record.name, name.as_str()) {
                ("quantity", "thousandths") => "amount".to_owned(),
                _ => name.replace('-', "_"),
            };
            let at = format!("{}.{expected}", record.name);
            assert_eq!(field.name, expected, "{}", record.name);
            let optional = of.strip_prefix("option<").and_then(|rest| rest.strip_suffix('>'));
            assert_eq!(field.optional, optional.is_some(), "{at}");
            waiting.extend(same(field.of, optional.unwrap_or(of), &enums, &at));
            fields += 1;
        }
    }
    assert!(fields > 250, "{fields} fields");
}

/// A condition that reads a field, by its kind.
fn reads(path: &str, of: Type, optional: bool) -> String {
    let plain = match of {
        Type::Bool => format!("{path} == true"),
        Type::Int => format!("{path} == 1"),
        Type::Money => format!("{path} == usd(1)"),
        Type::Decimal => format!("{path} == 1.5"),
        Type::Text => format!("{path} == \"x\""),
        Type::Date => format!("{path} == date(\"2026-01-01\")"),
        Type::Choice(choice) => format!("{path} == \"{}\"", choice.words[0]),
        Type::List(_) => format!("size({path}) > 0"),
        Type::Record(_) | Type::Null => return if optional { format!("has({path})") } else { "true".to_owned() },
    };
    if optional { format!("(has({path}) || {plain})") } else { plain }
}

/// Reads every field below a record; lists are looped over.
fn walk(path: &str, record: &'static schema::RecordType, depth: usize, out: &mut Vec<String>) {
    for field in record.fields {
        let at = format!("{path}.{}", field.name);
        out.push(reads(&at, field.of, field.optional));
        match field.of {
            Type::Record(inner) => walk(&at, inner, depth, out),
            Type::List(Type::Record(inner)) => {
                let variable = format!("v{depth}");
                let mut below = Vec::new();
                walk(&variable, inner, depth + 1, &mut below);
                out.extend(below.into_iter().map(|part| format!("{at}.exists({variable}, {part})")));
            }
            _ => {}
        }
    }
}

#[test]
fn every_field_can_be_read_by_a_condition() {
    let mut conditions = Vec::new();
    walk("claim", &schema::CLAIM, 0, &mut conditions);
    let mut below = Vec::new();
    walk("e", &schema::EARLIER_LINE, 0, &mut below);
    let earlier = below.into_iter().map(|part| format!("earlier.exists(e, {part})"));
    assert!(conditions.len() > 700, "{}", conditions.len());
    for chunk in conditions.into_iter().chain(earlier).collect::<Vec<_>>().chunks(200) {
        let rules = chunk.iter().enumerate().map(|(at, when)| {
            let look_back = if when.contains("earlier") { "look_back_days = 1\n" } else { "" };
            format!(
                "[[rule]]\nid = \"r{at}\"\ntitle = \"t\"\nseverity = \"warn\"\nsource = \"https://example.org\"\n\
                 {look_back}when = '{when}'\nmessage = \"m\"\n"
            )
        });
        let text = format!("[table]\nid = \"all\"\ntitle = \"t\"\nversion = \"1\"\n{}", rules.collect::<String>());
        if let Err(problems) = Table::read(&text) {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
    }
}
