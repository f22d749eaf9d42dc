//! `set` and `unset` of a case: any field of the contract, by its name.

use claimhost_sdk::calendar::civil;
use claimhost_sdk::review::ClaimInContext;
use serde_json::{Map, Value as Json, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SERVICE;
use crate::keys::{Text, day_of, kind};
use crate::problem::{Problems, meant};
use crate::schema::{self, RecordType, Type};
use crate::table::{cents, scaled};

/// The claim of a case with the fields that it sets.
pub(super) fn changed(
    context: ClaimInContext,
    set: Option<(&DeTable<'_>, usize)>,
    unset: &[Text],
    of: &str,
    problems: &mut Problems<'_>,
) -> Option<ClaimInContext> {
    if set.is_none() && unset.is_empty() {
        return Some(context);
    }
    let mut json = serde_json::to_value(&context).ok()?;
    for (key, value) in set.into_iter().flat_map(|(table, _)| table) {
        let wrong = assign(&mut json, key.get_ref(), Some(value));
        if let Err((at_value, found, expected, remedy)) = wrong {
            let at = if at_value { value.span().start } else { key.span().start };
            problems.at(at, &format!("{of}, set"), &found, &expected, &remedy);
        }
    }
    for text in unset {
        if let Err((_, found, expected, remedy)) = assign(&mut json, &text.value, None) {
            problems.at(text.span.start, &format!("{of}, unset"), &found, &expected, &remedy);
        }
    }
    serde_json::from_value(json).ok()
}

/// Whether the value (not the path) is wrong; found, expected, remedy.
type Wrong = (bool, String, String, String);

fn path_wrong(found: &str, expected: &str, remedy: String) -> Wrong {
    (false, found.to_owned(), expected.to_owned(), remedy)
}

/// Sets the field of a path, making the groups on the way; without a value, takes it away.
fn assign(context: &mut Json, path: &str, value: Option<&Spanned<DeValue<'_>>>) -> Result<(), Wrong> {
    let mut parts = path.split('.');
    let root = parts.next().unwrap_or_default();
    let (name, index) = indexed(root)?;
    let (mut here, mut of): (&mut Json, Type) = match name {
        "claim" => (step(context, "claim")?, Type::Record(&schema::CLAIM)),
        "lines" => {
            let lines = step(step(context, "claim")?, "lines")?;
            (lines, Type::List(&schema::LINE_TYPE))
        }
        "coverage" => {
            let coverages = step(step(step(context, "claim")?, "header")?, "coverages")?;
            (item(coverages, 0, &schema::COVERAGE_TYPE)?, Type::Record(&schema::COVERAGE))
        }
        "earlier" => (step(context, "earlier")?, Type::List(&schema::EARLIER_TYPE)),
        _ => {
            let remedy = meant(name, ["claim", "lines", "coverage", "earlier"].into_iter());
            return Err(path_wrong(&format!("`{name}`"), "claim, lines, coverage or earlier", remedy));
        }
    };
    if let Some(index) = index {
        (here, of) = indexed_item(here, of, index, name)?;
    }
    let mut optional = false;
    for part in parts {
        let (name, index) = indexed(part)?;
        let Type::Record(record) = of else {
            return Err(path_wrong(&format!("`.{name}`"), "no field after a plain value", String::new()));
        };
        if here.is_null() {
            *here = empty(record);
        }
        let Some((_, field)) = record.field(name) else {
            let remedy = meant(name, record.fields.iter().map(|field| field.name));
            return Err(path_wrong(&format!("`{name}`"), &format!("a field of {}", record.name), remedy));
        };
        (here, of, optional) = (step(here, field.member)?, field.of, field.optional);
        if let Some(index) = index {
            (here, of) = indexed_item(here, of, index, name)?;
            optional = false;
        }
    }
    *here = match value {
        Some(value) => json_of(value.get_ref(), of)?,
        None if optional => Json::Null,
        None => match of {
            Type::List(_) => json!([]),
            Type::Text => json!(""),
            _ => {
                let found = format!("`{path}`, which is always there");
                return Err(path_wrong(&found, "a field that may be missing", String::new()));
            }
        },
    };
    Ok(())
}

fn step<'j>(json: &'j mut Json, name: &str) -> Result<&'j mut Json, Wrong> {
    json.get_mut(name).ok_or_else(|| path_wrong(&format!("`{name}`"), "a field that is there", String::new()))
}

fn indexed(part: &str) -> Result<(&str, Option<usize>), Wrong> {
    let Some((name, rest)) = part.split_once('[') else { return Ok((part, None)) };
    let index = rest.strip_suffix(']').and_then(|index| index.parse().ok());
    match index {
        Some(index) => Ok((name, Some(index))),
        None => Err(path_wrong(&format!("`{part}`"), "a position in brackets, from 0: lines[0]", String::new())),
    }
}

fn indexed_item<'j>(here: &'j mut Json, of: Type, index: usize, name: &str) -> Result<(&'j mut Json, Type), Wrong> {
    let Type::List(of) = of else {
        return Err(path_wrong(&format!("`{name}[{index}]`"), "no position: it is no list", String::new()));
    };
    Ok((item(here, index, of)?, *of))
}

/// An item of a list; one past its end is made.
fn item<'j>(list: &'j mut Json, index: usize, of: &Type) -> Result<&'j mut Json, Wrong> {
    let Json::Array(items) = list else {
        return Err(path_wrong("no list", "a list", String::new()));
    };
    if items.len() == index {
        items.push(empty_of(*of));
    }
    let count = items.len();
    items.get_mut(index).ok_or_else(|| {
        let expected = format!("at most {count}: items are made one after the other");
        path_wrong(&format!("position {index}"), &expected, String::new())
    })
}

fn empty(record: &RecordType) -> Json {
    let field = |field: &schema::Field| {
        let value = if field.optional { Json::Null } else { empty_of(field.of) };
        (field.member.to_owned(), value)
    };
    Json::Object(record.fields.iter().map(field).collect::<Map<_, _>>())
}

fn empty_of(of: Type) -> Json {
    match of {
        Type::Bool => json!(false),
        Type::Int | Type::Money | Type::Decimal => json!(0),
        Type::Text => json!(""),
        Type::Date => json_day(SERVICE),
        Type::Choice(choice) => json!(choice.variants.first()),
        Type::Record(record) => empty(record),
        Type::List(_) => json!([]),
        Type::Null => Json::Null,
    }
}

fn json_day(number: i64) -> Json {
    let (year, month, day) = civil(number);
    json!({ "year": year, "month": month, "day": day })
}

fn json_of(value: &DeValue<'_>, of: Type) -> Result<Json, Wrong> {
    let wrong = |expected: &str| (true, kind(value).to_owned(), expected.to_owned(), String::new());
    let number = match value {
        DeValue::Integer(number) => Some(number.as_str()),
        DeValue::Float(number) => Some(number.as_str()),
        _ => None,
    };
    match (of, value) {
        (Type::Bool, DeValue::Boolean(is)) => Ok(json!(is)),
        (Type::Int, DeValue::Integer(number)) => {
            let number: Option<u16> = number.as_str().parse().ok();
            number.map(|number| json!(number)).ok_or_else(|| wrong("a whole number from 0 to 65535"))
        }
        (Type::Money, _) => {
            let cents = number.and_then(cents);
            cents.map(|cents| json!(cents)).ok_or_else(|| wrong("dollars: 125 or 125.50"))
        }
        (Type::Decimal, _) => {
            let thousandths = number.and_then(|number| scaled(number, 3));
            thousandths.map(|number| json!(number)).ok_or_else(|| wrong("a number with at most three decimals"))
        }
        (Type::Text, DeValue::String(text)) => Ok(json!(text)),
        (Type::Date, _) => day_of(value).map(json_day).ok_or_else(|| wrong("a day without quotes: 2026-01-31")),
        (Type::Choice(choice), DeValue::String(word)) => {
            let at = choice.words.iter().position(|known| *known == word.as_ref());
            let variant = at.and_then(|at| choice.variants.get(at));
            let remedy = meant(word, choice.words.iter().copied());
            variant
                .map(|variant| json!(variant))
                .ok_or_else(|| (true, format!("\"{word}\""), format!("a word of {}", choice.name), remedy))
        }
        (Type::List(of), DeValue::Array(items)) => {
            items.iter().map(|item| json_of(item.get_ref(), *of)).collect::<Result<Vec<_>, _>>().map(Json::Array)
        }
        (Type::Record(record), DeValue::Table(table)) => {
            let mut json = empty(record);
            for (key, value) in table {
                let name = key.get_ref().as_ref();
                let Some((_, field)) = record.field(name) else {
                    let remedy = meant(name, record.fields.iter().map(|field| field.name));
                    return Err((true, format!("`{name}`"), format!("a field of {}", record.name), remedy));
                };
                *step(&mut json, field.member)? = json_of(value.get_ref(), field.of)?;
            }
            Ok(json)
        }
        (other, _) => Err(wrong(crate::check::spoken(other))),
    }
}
