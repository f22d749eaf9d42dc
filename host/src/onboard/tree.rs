//! A JSON or XML sample as a tree, and where in it the records and their charges are.

use claimhost_fhir::{Json, Value as Read};
use serde_json::Value;

use super::OnboardError;
use super::columns::{ELEMENTS, plain};
use super::form::Form;
use super::names::is_like_id;
use super::recognise::{Format, Sample};

/// Deepest nesting that is followed.
pub(super) const DEPTH_MAX: usize = 8;

/// The sample as a tree.
pub(super) fn tree(sample: &Sample) -> Result<Value, OnboardError> {
    let wrong = |words: String| OnboardError::Sample { path: sample.path.clone(), words };
    let bytes = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&sample.bytes);
    if sample.format == Format::Xml {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            wrong(format!("found a byte that is no UTF-8 at {}, expected UTF-8", error.valid_up_to()))
        })?;
        let read = claimhost_sdk::xml::parse(text).map_err(|(at, found)| {
            wrong(format!("found {found} at byte {at}, expected XML; ask for the file again"))
        })?;
        return Ok(plain_tree(&read));
    }
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_slice(bytes).into_iter().collect();
    let mut values = values.map_err(|error| {
        wrong(format!(
            "found no JSON at line {}, column {}, expected JSON; ask for the file again",
            error.line(),
            error.column()
        ))
    })?;
    Ok(if values.len() == 1 { values.remove(0) } else { Value::Array(values) })
}

fn plain_tree(read: &Json<'_>) -> Value {
    match &read.value {
        Read::Array(items) => items.iter().map(plain_tree).collect(),
        Read::Object(fields) => fields.iter().map(|(name, value)| (name.to_string(), plain_tree(value))).collect(),
        _ => read.text().map_or(Value::Null, Value::from),
    }
}

/// Whether somewhere below there is a name that is known for procedure codes, with one.
fn has_procedure(value: &Value, depth: usize) -> bool {
    if depth > DEPTH_MAX {
        return false;
    }
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let is_named = ELEMENTS
                .iter()
                .any(|element| element.key == "procedure" && element.names.contains(&plain(name).as_str()));
            let text = scalar(value).or_else(|| scalar(value.get("code")?));
            (is_named && text.is_some_and(|text| Form::Procedure.has(&text, None))) || has_procedure(value, depth + 1)
        }),
        Value::Array(items) => items.iter().any(|item| has_procedure(item, depth + 1)),
        _ => false,
    }
}

/// Whether several objects of one object have procedures, so that its names are keys: a mapping would name one patient's and lose the others.
pub(super) fn is_keyed(value: &Value, depth: usize) -> bool {
    let objects = || value.as_object().into_iter().flatten().map(|(_, value)| value).filter(|value| value.is_object());
    let several = objects().filter(|value| has_procedure(value, 0)).nth(1).is_some();
    several || (depth < DEPTH_MAX && objects().any(|value| is_keyed(value, depth + 1)))
}

/// The names that lead to the records; of XML, the name of their element.
pub(super) fn records_of(tree: &Value, xml: bool) -> Option<String> {
    let is_list = |value: &Value| value.as_array().is_some_and(|items| items.first().is_some_and(Value::is_object));
    if is_list(tree) && has_procedure(tree, 0) {
        return Some(String::new());
    }
    let mut level: Vec<(String, &Value)> = vec![(String::new(), tree)];
    for _ in 0..DEPTH_MAX {
        let mut next = Vec::new();
        for (path, value) in level {
            for (name, value) in value.as_object().into_iter().flatten() {
                let path = if path.is_empty() || xml { name.clone() } else { format!("{path}.{name}") };
                // Of XML, an element that is there once is no list: one that has a procedure in it and no list of such.
                let once = xml && value.is_object() && !has_list(value);
                if (is_list(value) || once) && has_procedure(value, 0) {
                    return Some(path);
                }
                next.push((path, value));
            }
        }
        level = next;
    }
    // A file of one record.
    (tree.is_object() && has_procedure(tree, 0)).then(String::new)
}

fn has_list(value: &Value) -> bool {
    let fields = || value.as_object().into_iter().flatten().map(|(_, value)| value);
    fields().any(|value| (value.is_array() && has_procedure(value, 0)) || (has_procedure(value, 0) && has_list(value)))
}

/// The records at a place that [`records_of`] has found.
pub(super) fn collect<'v>(tree: &'v Value, place: &str, xml: bool, out: &mut Vec<&'v Value>) {
    let items = |value: &'v Value| value.as_array().map_or_else(|| vec![value], |items| items.iter().collect());
    if place.is_empty() {
        out.extend(items(tree));
    } else if xml {
        for (name, value) in tree.as_object().into_iter().flatten() {
            if name == place {
                out.extend(items(value));
            } else {
                items(value).into_iter().for_each(|item| collect(item, place, xml, out));
            }
        }
    } else if let Some(found) = place.split('.').try_fold(tree, |value, name| value.get(name)) {
        out.extend(items(found));
    }
}

/// The list of charges below a record; none where the record is the charge.
pub(super) fn charges_below(record: &Value, path: String, depth: usize) -> Option<String> {
    if depth > DEPTH_MAX {
        return None;
    }
    record.as_object()?.iter().find_map(|(name, value)| {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            _ if is_like_id(name) => None,
            Value::Array(items) if items.iter().any(Value::is_object) && has_procedure(value, 0) => Some(path),
            Value::Object(_) => charges_below(value, path, depth + 1),
            _ => None,
        }
    })
}

/// A text or number.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
