//! The words of a finding: text with fields of the claim in braces. A field that may tell who the patient is has no place there.

use crate::check::{Of, Place};
use crate::eval::{Env, Trouble};
use crate::ir::Node;
use crate::keys::Text;
use crate::problem::{Problems, inside};
use crate::schema::Type;
use crate::table::expression;
use crate::value::{Value, iso};

/// A template.
#[derive(Debug, PartialEq)]
pub(crate) struct Message {
    parts: Vec<Part>,
    pub(crate) uses_earlier: bool,
}

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Value(Node, Type),
}

/// Words of a finding are at most this long.
const WORDS_MAX: usize = 1_000;

impl Message {
    pub(crate) fn read(text: &Text, per_line: bool, of: &str, problems: &mut Problems<'_>) -> Option<Self> {
        let of = format!("{of}, message");
        let before = problems.count();
        let (mut parts, mut plain, mut uses_earlier) = (Vec::new(), String::new(), false);
        let value = text.value.as_str();
        let mut at = 0;
        while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(open) = rest.find(['{', '}']) else {
                plain.push_str(rest);
                break;
            };
            plain.push_str(rest.get(..open).unwrap_or_default());
            let brace = rest.get(open..).unwrap_or_default();
            if brace.starts_with("{{") || brace.starts_with("}}") {
                plain.push_str(brace.get(..1).unwrap_or_default());
                at += open + 2;
                continue;
            }
            let offset = inside(problems.text(), text.span.clone(), at + open);
            let close = if brace.starts_with('{') { brace.find('}') } else { None };
            let Some(close) = close else {
                let (found, remedy) = ("a brace without the other", "write {field}, or {{ and }} for braces");
                problems.at(offset, &of, found, "a field in braces", remedy);
                return None;
            };
            let inner = brace.get(1..close).unwrap_or_default();
            let place = Place { of: &of, span: text.span.clone(), start: at + open + 1 };
            at += open + close + 1;
            let Some(checked) = expression(inner, &place, per_line, false, problems) else { continue };
            uses_earlier |= checked.uses_earlier;
            let (Of::One(kind) | Of::Many(kind)) = checked.of;
            if matches!(kind, Type::Record(_) | Type::Null | Type::List(_)) {
                let remedy = "name one of its fields";
                problems.at(offset, &of, check_kind(kind), "a value that can be written", remedy);
            } else if checked.private {
                let (found, expected) = ("a field that may tell who the patient is", "codes, amounts and days");
                problems.at(offset, &of, found, expected, "the place of the finding says where to look");
            } else {
                parts.push(Part::Text(std::mem::take(&mut plain)));
                parts.push(Part::Value(checked.node, kind));
            }
        }
        parts.push(Part::Text(plain));
        (problems.count() == before).then_some(Self { parts, uses_earlier })
    }

    /// The words for what a rule has found.
    pub(crate) fn write<'a>(&'a self, env: &mut Env<'a>) -> Result<String, Trouble> {
        let mut words = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => words.push_str(text),
                Part::Value(node, kind) => words.push_str(&shown(env, node, *kind)?),
            }
        }
        if words.len() > WORDS_MAX {
            let end = (0..=WORDS_MAX).rev().find(|end| words.is_char_boundary(*end)).unwrap_or(0);
            words.truncate(end);
        }
        Ok(words)
    }
}

fn check_kind(kind: Type) -> &'static str {
    match kind {
        Type::Record(_) => "a record",
        _ => "nothing that can be written",
    }
}

/// A value, or a list of them, as people read it.
pub(crate) fn shown<'a>(env: &mut Env<'a>, node: &'a Node, kind: Type) -> Result<String, Trouble> {
    const ITEMS_MAX: usize = 20;
    let Node::List(list) = node else { return Ok(spoken(env.value(node)?, kind)) };
    let (mut items, mut more) = (Vec::new(), 0_usize);
    env.each(list, &mut |_, item| {
        if items.len() < ITEMS_MAX {
            items.push(spoken(item, kind));
        } else {
            more += 1;
        }
        Ok(true)
    })?;
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    Ok(if items.is_empty() { "nothing".to_owned() } else { items.join(", ") + &rest })
}

fn spoken(value: Value<'_>, kind: Type) -> String {
    match (value, kind) {
        (Value::Missing, _) | (Value::Text(""), _) => "nothing".to_owned(),
        (Value::Text(text), _) => text.to_owned(),
        (Value::Bool(is), _) => if is { "yes" } else { "no" }.to_owned(),
        (Value::Int(cents), Type::Money) => {
            let sign = if cents < 0 { "-" } else { "" };
            format!("{sign}${}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
        }
        (Value::Int(thousandths), Type::Decimal) => {
            let sign = if thousandths < 0 { "-" } else { "" };
            let size = thousandths.unsigned_abs();
            let fraction = format!("{:03}", size % 1_000);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() { "" } else { "." };
            format!("{sign}{}{point}{fraction}", size / 1_000)
        }
        (Value::Int(day), Type::Date) => iso(day),
        (Value::Int(at), Type::Choice(choice)) => {
            let word = usize::try_from(at).ok().and_then(|at| choice.words.get(at));
            word.map_or("nothing", |word| *word).to_owned()
        }
        (Value::Int(number), _) => number.to_string(),
        (Value::Record(_), _) => "a record".to_owned(),
        (Value::List(items), _) => format!("{} of them", items.count()),
    }
}
