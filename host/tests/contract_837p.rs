//! Every field of the contract's claim is written to the 837P or refused by the one table, found by walking the WIT.
//!
//! A maximal claim is generated from `wit/`; then each leaf alone is changed to a distinctive value, which must be found
//! in the output, or a refusal for exactly that place must exist. Every variant of an enum must write other bytes. Every
//! list is grown far past the guide's limits. Every row of the table must be hit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use claimhost::claim::{Claim, Contact, ContactKind, ContactNumber, Date};
use claimhost::clearinghouse::professional::{
    Created, Envelope, Partner, Purpose, Receiver, Refusal, Sending, Submitter, WriteError, refusals, table, write,
};
use serde_json::{Value, json};
use wit_parser::{Resolve, Type, TypeDefKind, TypeId};

/// Variants that the guide itself does not tell apart: CPT and HCPCS Level II are both `HC`.
const ALIKE: [(&str, &str); 1] = [("Cpt", "Hcpcs")];
/// A variant that only another field of the situation keeps from being sent.
const CONFLICTS: [(&str, &str); 1] = [("header.coverages[0].relationship", "header.coverages[0].subscriber.is-person")];
/// Longer than any list the guide takes.
const GROWN: usize = 120;

struct Contract {
    resolve: Resolve,
    claim: TypeId,
}

fn contract() -> Contract {
    let mut resolve = Resolve::new();
    resolve.push_path("../wit/0.1.0-draft").unwrap();
    let (_, interface) = resolve.interfaces.iter().find(|(_, i)| i.name.as_deref() == Some("claim")).unwrap();
    let claim = interface.types["claim"];
    Contract { resolve, claim }
}

/// What the walk meets at a place.
#[derive(Debug, Clone)]
enum Leaf {
    Text,
    Flag,
    Number { wide: bool },
    Day,
    Enum(Vec<String>),
    List,
}

fn camel(kebab: &str) -> String {
    let part = |p: &str| p[..1].to_uppercase() + &p[1..];
    kebab.split('-').map(part).collect()
}

impl Contract {
    /// A value with everything in it: options given, lists with one item.
    fn maximal(&self, ty: &Type, counter: &mut u32) -> Value {
        *counter += 1;
        match ty {
            Type::Bool => json!(true),
            Type::String => json!(format!("T{counter:04}")),
            Type::U8 => json!(1),
            Type::U16 | Type::U32 | Type::U64 => json!(2),
            Type::S64 => json!(10_000 + i64::from(*counter) * 100),
            Type::Id(id) => {
                let def = &self.resolve.types[*id];
                match &def.kind {
                    TypeDefKind::Type(inner) => self.maximal(inner, counter),
                    TypeDefKind::Option(inner) => self.maximal(inner, counter),
                    TypeDefKind::List(inner) => json!([self.maximal(inner, counter)]),
                    TypeDefKind::Enum(e) => json!(camel(&e.cases[0].name)),
                    TypeDefKind::Record(_) if def.name.as_deref() == Some("date") => {
                        json!({"year": 2001, "month": 2, "day": 3})
                    }
                    TypeDefKind::Record(record) => {
                        let fields = record.fields.iter();
                        fields.map(|f| (f.name.replace('-', "_"), self.maximal(&f.ty, counter))).collect()
                    }
                    other => panic!("the walk does not know {other:?}: teach it"),
                }
            }
            other => panic!("the walk does not know {other:?}: teach it"),
        }
    }

    /// Every leaf and list of `value`, by JSON pointer.
    fn leaves(&self, ty: &Type, value: &Value, pointer: String, out: &mut Vec<(String, Leaf)>) {
        match ty {
            Type::Bool => out.push((pointer, Leaf::Flag)),
            Type::String => out.push((pointer, Leaf::Text)),
            Type::S64 => out.push((pointer, Leaf::Number { wide: true })),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => out.push((pointer, Leaf::Number { wide: false })),
            Type::Id(id) => {
                let def = &self.resolve.types[*id];
                match &def.kind {
                    TypeDefKind::Type(inner) | TypeDefKind::Option(inner) => self.leaves(inner, value, pointer, out),
                    TypeDefKind::List(inner) => {
                        for (n, item) in value.as_array().unwrap().iter().enumerate() {
                            self.leaves(inner, item, format!("{pointer}/{n}"), out);
                        }
                        out.push((pointer, Leaf::List));
                    }
                    TypeDefKind::Enum(e) => {
                        out.push((pointer, Leaf::Enum(e.cases.iter().map(|case| camel(&case.name)).collect())));
                    }
                    TypeDefKind::Record(_) if def.name.as_deref() == Some("date") => out.push((pointer, Leaf::Day)),
                    TypeDefKind::Record(record) => {
                        for field in &record.fields {
                            let name = field.name.replace('-', "_");
                            self.leaves(&field.ty, &value[&name], format!("{pointer}/{name}"), out);
                        }
                    }
                    other => panic!("the walk does not know {other:?}: teach it"),
                }
            }
            other => panic!("the walk does not know {other:?}: teach it"),
        }
    }
}

/// `/header/patient/ids/0/authority` is `header.patient.ids[0].authority`.
fn path(pointer: &str) -> String {
    let mut out = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|b| b.is_ascii_digit()) {
            out.push_str(&format!("[{part}]"));
        } else {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(&part.replace('_', "-"));
        }
    }
    out
}

fn envelope() -> Envelope {
    let partner = |id: &str| Partner { qualifier: "ZZ".into(), id: id.into(), application_id: id.into() };
    let number = ContactNumber { kind: ContactKind::Telephone, value: "6145550100".into() };
    Envelope {
        sender: partner("SENDER"),
        receiver: partner("RECEIVER"),
        submitter: Submitter {
            is_person: false,
            name: "SUBMITTER".into(),
            first: String::new(),
            id: "S1".into(),
            contacts: vec![Contact { name: "OFFICE".into(), numbers: vec![number] }],
        },
        receiver_name: Receiver { name: "RECEIVER".into(), id: "R1".into() },
        test: true,
        interchange_control: 1,
        group_control: 1,
        first_transaction: 1,
        reference: "REFERENCE".into(),
        purpose: Purpose::Chargeable,
        created: Created { day: Date { year: 2026, month: 3, day: 2 }, hour: 10, minute: 0 },
    }
}

/// The claim's part of the output, HL to SE, or why there is none.
fn written(value: &Value) -> (Result<String, WriteError>, Vec<Refusal>) {
    let claim: Claim = serde_json::from_value(value.clone()).unwrap_or_else(|e| panic!("serde form: {e}"));
    let text = write(&envelope(), &[&claim]).map(|written| {
        let text = String::from_utf8(written.bytes).unwrap();
        let (from, to) = (text.find("HL*").unwrap(), text.find("~SE*").unwrap());
        text[from..=to].to_owned()
    });
    (text, refusals(&claim))
}

fn tokens(text: &str) -> HashMap<&str, usize> {
    let mut out = HashMap::new();
    for token in text.split(['*', ':', '~', '^', '-']) {
        *out.entry(token).or_default() += 1;
    }
    out
}

fn covered(refused: &[Refusal], path: &str) -> bool {
    let covers = |at: &str| path.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    refused.iter().any(|r| covers(&r.at))
}

/// The maximal claim made one that can be sent: facilities are organisations, each id of a kind its loop takes.
fn base(contract: &Contract) -> Value {
    let mut value = contract.maximal(&Type::Id(contract.claim), &mut 0);
    let second = contract.maximal(&Type::Id(contract.claim), &mut 2_000);
    let mut other = second["header"]["coverages"][0].clone();
    other["responsibility"] = json!("Secondary");
    other["other_payer_providers"][0]["role"] = json!("Rendering");
    other["billing_provider_ids"][0]["kind"] = json!("Commercial");
    other["relationship"] = json!("Spouse");
    value["header"]["coverages"][0]["billing_provider_ids"][0]["kind"] = json!("Commercial");
    value["header"]["coverages"].as_array_mut().unwrap().push(other);
    value["destination"] = json!(0);
    value["header"]["billing"]["ids"][0]["kind"] = json!("Employer");
    value["header"]["service_facility"]["is_person"] = json!(false);
    value["lines"][0]["providers"]["service_facility"]["is_person"] = json!(false);
    value["lines"][0]["providers"]["service_facility"]["ids"][0]["kind"] = json!("Commercial");
    value["lines"][0]["extras"]["references"][0]["kind"] = json!("PriorAuthorization");
    value["header"]["extras"]["conditions"][0]["category"] = json!("SpectacleLenses");
    value["lines"][0]["extras"]["conditions"][0]["category"] = json!("DurableEquipment");
    value
}

/// Situations that decide which loops there are.
fn situations(contract: &Contract) -> BTreeMap<&'static str, Value> {
    let own = base(contract);
    let mut dependent = own.clone();
    dependent["header"]["coverages"][0]["relationship"] = json!("Child");
    let mut sparse = dependent.clone(); // what is left out gives its place to something else
    for n in 0..2 {
        sparse["header"]["coverages"][n]["subscriber"]["group_number"] = json!("");
        sparse["header"]["coverages"][n]["subscriber"]["is_person"] = json!(false);
    }
    sparse["lines"][0]["drug"]["prescription"] = json!("");
    sparse["header"]["billing"]["is_person"] = json!(false);
    sparse["header"]["rendering"]["is_person"] = json!(false);
    sparse["lines"][0]["providers"]["rendering"]["is_person"] = json!(false);
    sparse["header"]["coverages"][1]["relationship"] = json!("PatientIsSubscriber");
    let mut disabled = own.clone(); // a date that may span days, a homebound patient
    disabled["header"]["extras"]["dates"][0]["kind"] = json!("Disability");
    disabled["header"]["extras"]["conditions"][0]["category"] = json!("Homebound");
    let mut repeated = own.clone(); // providers that say nothing new
    let billing = repeated["header"]["billing"].clone();
    let mut facility = billing.clone();
    facility["is_person"] = json!(false);
    repeated["header"]["billing"] = facility.clone();
    repeated["header"]["rendering"] = facility.clone();
    repeated["header"]["service_facility"] = facility.clone();
    repeated["lines"][0]["providers"]["rendering"] = facility.clone();
    repeated["lines"][0]["providers"]["service_facility"] = facility;
    for role in ["supervising", "referring", "primary_care"] {
        let mut same = repeated["header"][role].clone();
        same["ids"][0]["payer_id"] = json!("");
        repeated["lines"][0]["providers"][role] = same.clone();
        repeated["header"][role] = same;
    }
    repeated["header"]["billing"]["ids"][0]["payer_id"] = json!("");
    let plain = repeated["header"]["billing"].clone();
    repeated["header"]["rendering"] = plain.clone();
    repeated["header"]["service_facility"] = plain.clone();
    repeated["lines"][0]["providers"]["rendering"] = plain.clone();
    repeated["lines"][0]["providers"]["service_facility"] = plain;
    BTreeMap::from([
        ("own", own),
        ("dependent", dependent),
        ("sparse", sparse),
        ("disabled", disabled),
        ("repeated", repeated),
    ])
}

struct Run {
    hit: BTreeSet<&'static str>,
    wrong: Vec<String>,
}

impl Run {
    fn write(&mut self, value: &Value) -> (Result<String, WriteError>, Vec<Refusal>) {
        let (text, refused) = written(value);
        self.hit.extend(refused.iter().map(|r| r.field));
        if let Err(error) = &text
            && !refused.iter().any(|r| r.sending == Sending::Blocks)
        {
            self.wrong.push(format!("not written, and nothing blocks it: {error}"));
        }
        (text, refused)
    }

    fn leaf(&mut self, situation: &str, base: &Value, before: &str, pointer: &str, leaf: &Leaf) {
        let at = path(pointer);
        let change = |to: Value| {
            let mut value = base.clone();
            *value.pointer_mut(pointer).unwrap() = to;
            value
        };
        match leaf {
            Leaf::Text => self.found(situation, &at, before, &change(json!("ZQ77X")), &["ZQ77X"]),
            Leaf::Day => {
                let day = json!({"year": 1987, "month": 6, "day": 5});
                let mut value = change(day.clone());
                self.found(situation, &at, before, &value, &["19870605"]);
                if let Some(range) = pointer.strip_suffix("/start") {
                    *value.pointer_mut(&format!("{range}/end")).unwrap() = day; // one day: every date takes it
                    self.found(situation, &at, before, &value, &["19870605"]);
                }
            }
            Leaf::Number { wide: true } => {
                self.found(situation, &at, before, &change(json!(731_000_123)), &["7310001.23", "731000.123"]);
            }
            Leaf::Number { wide: false } if at == "destination" => {
                let (text, _) = self.write(&change(json!(1)));
                if text.as_deref() == Ok(before) {
                    self.wrong.push(format!("{situation} {at}: the other coverage writes the same"));
                }
            }
            Leaf::Number { wide: false } => self.found(situation, &at, before, &change(json!(97)), &["97"]),
            Leaf::Flag => {
                self.variants(situation, &at, &[change(json!(true)), change(json!(false))], &["true", "false"])
            }
            Leaf::Enum(cases) => {
                let values: Vec<Value> = cases.iter().map(|case| change(json!(case))).collect();
                let names: Vec<&str> = cases.iter().map(String::as_str).collect();
                self.variants(situation, &at, &values, &names);
            }
            Leaf::List => self.grow(situation, base, pointer),
        }
    }

    /// The value is found more often than before, or its place is refused.
    fn found(&mut self, situation: &str, at: &str, before: &str, value: &Value, wanted: &[&str]) {
        let (text, refused) = self.write(value);
        if covered(&refused, at) {
            return;
        }
        let Ok(text) = text else {
            self.wrong.push(format!("{situation} {at}: blocked by another field: {text:?}"));
            return;
        };
        let (old, new) = (tokens(before), tokens(&text));
        let more = |w: &&str| new.get(w).copied().unwrap_or(0) > old.get(w).copied().unwrap_or(0);
        if !wanted.iter().any(more) {
            self.wrong.push(format!("{situation} {at}: neither written nor refused"));
        }
    }

    /// Every two variants write other bytes, but for those that are refused here.
    fn variants(&mut self, situation: &str, at: &str, values: &[Value], names: &[&str]) {
        let mut seen: Vec<(&str, String)> = Vec::new();
        for (value, name) in values.iter().zip(names) {
            let (text, refused) = self.write(value);
            if covered(&refused, at) {
                continue;
            }
            let Ok(text) = text else {
                if CONFLICTS.iter().any(|(field, by)| *field == at && covered(&refused, by)) {
                    continue;
                }
                self.wrong.push(format!("{situation} {at} = {name}: blocked by another field: {text:?}"));
                continue;
            };
            for (other, written) in &seen {
                if *written == text && !ALIKE.contains(&(other, name)) {
                    self.wrong.push(format!("{situation} {at}: {other} and {name} write the same"));
                }
            }
            seen.push((name, text));
        }
    }

    /// Each item of the grown list is written, or refused at its position.
    fn grow(&mut self, situation: &str, base: &Value, pointer: &str) {
        let at = path(pointer);
        let grown = |count: usize| {
            let mut value = base.clone();
            let list = value.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
            let item = list[list.len() - 1].clone();
            let first = list.len();
            for n in first..count {
                let mut copy = item.clone();
                mark(&mut copy, n);
                list.push(copy);
            }
            (value, first)
        };
        let (value, first) = grown(GROWN);
        let (_, refused) = self.write(&value);
        let taken: Vec<usize> = (first..GROWN).filter(|n| !covered(&refused, &format!("{at}[{n}]"))).collect();
        let limit = taken.last().map_or(first, |last| last + 1);
        if taken.len() != limit - first {
            self.wrong.push(format!("{situation} {at}: refused in the middle of the list"));
        }
        if limit == first {
            return;
        }
        let (value, _) = grown(limit);
        let (text, _) = self.write(&value);
        let Ok(text) = text else {
            self.wrong.push(format!("{situation} {at}: {limit} items are neither written nor refused"));
            return;
        };
        let (shorter, _) = self.write(&grown(limit - 1).0);
        let new = tokens(&text);
        let list = value.pointer(pointer).unwrap().as_array().unwrap();
        for n in taken {
            let marks = marks(&list[n]);
            let written = if marks.is_empty() {
                shorter.as_ref().is_ok_and(|shorter| text.len() > shorter.len())
            } else {
                marks.iter().any(|m| new.contains_key(m.as_str()))
            };
            if !written {
                self.wrong.push(format!("{situation} {at}[{n}]: neither written nor refused"));
            }
        }
    }
}

/// Gives every text of an item a value of its own.
fn mark(value: &mut Value, n: usize) {
    match value {
        Value::String(text) if text.starts_with('T') && text[1..].bytes().all(|b| b.is_ascii_digit()) => {
            *text = format!("{text}N{n}");
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, n)),
        Value::Object(fields) => fields.values_mut().for_each(|field| mark(field, n)),
        _ => {}
    }
}

fn marks(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.starts_with('T') && text.contains('N') => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(marks).collect(),
        Value::Object(fields) => fields.values().flat_map(marks).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn every_field_of_the_contract_is_written_or_refused_and_no_refusal_is_dead() {
    let contract = contract();
    let mut run = Run { hit: BTreeSet::new(), wrong: Vec::new() };
    let mut count = 0;
    for (situation, base) in situations(&contract) {
        let (before, _) = run.write(&base);
        let before = before.unwrap_or_else(|e| panic!("{situation}: the base claim is not written: {e}"));
        let mut leaves = Vec::new();
        contract.leaves(&Type::Id(contract.claim), &base, String::new(), &mut leaves);
        count += leaves.len();
        for (pointer, leaf) in &leaves {
            run.leaf(situation, &base, &before, pointer, leaf);
        }
    }
    let dead: Vec<_> = table().filter(|(field, ..)| !run.hit.contains(field)).map(|(field, ..)| field).collect();
    assert!(count > 1_000, "only {count} leaves: the walk has lost the contract");
    assert!(run.wrong.is_empty(), "{} faults:\n{}", run.wrong.len(), run.wrong.join("\n"));
    assert!(dead.is_empty(), "rows that nothing hits: {dead:#?}");
}
