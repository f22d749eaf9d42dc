//! Kinds of values while a condition is checked.

use crate::ir::{List, Node};
use crate::schema::Type;

/// One value, or a list of such.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Of {
    One(Type),
    Many(Type),
}

/// A checked part of a condition.
#[derive(Debug, Clone)]
pub(crate) struct Typed {
    pub(crate) node: Node,
    pub(crate) of: Of,
    /// May be missing; of a list: its items may.
    pub(crate) maybe: bool,
    /// May tell who the patient is: by itself, or by what it is made of (`Checker::expression`).
    pub(crate) private: bool,
}

impl Typed {
    pub(crate) const fn one(node: Node, of: Type) -> Self {
        Self { node, of: Of::One(of), maybe: false, private: false }
    }

    pub(crate) fn many(list: List, of: Type) -> Self {
        Self { node: Node::List(Box::new(list)), of: Of::Many(of), maybe: false, private: false }
    }
}

/// A kind in words.
pub(crate) const fn spoken(of: Type) -> &'static str {
    match of {
        Type::Bool => "true or false",
        Type::Int => "a whole number",
        Type::Money => "an amount of money",
        Type::Decimal => "a number with decimals",
        Type::Text => "a text",
        Type::Date => "a day",
        Type::Choice(_) => "a word of a fixed list",
        Type::Record(_) => "a record",
        Type::List(_) => "a list",
        Type::Null => "null",
    }
}

pub(crate) fn spoken_of(of: &Of) -> String {
    match of {
        Of::One(of) => spoken(*of).to_owned(),
        Of::Many(of) => format!("a list ({} each)", spoken(*of)),
    }
}

/// How a value of this kind is written.
pub(crate) const fn hint(of: Type) -> &'static str {
    match of {
        Type::Money => "write an amount as usd(125) or usd(125.50)",
        Type::Date => "write a day as date(\"2026-01-31\")",
        Type::Text => "write a text in quotes",
        Type::Decimal => "write a number as 1.5",
        Type::Int => "write a whole number",
        _ => "use a field of this kind",
    }
}

pub(crate) const fn is_number(of: Type) -> bool {
    matches!(of, Type::Int | Type::Money | Type::Decimal)
}

/// A number in thousandths, where it has no more than three decimals.
pub(crate) fn thousandths(number: f64) -> Option<i64> {
    const LARGEST: f64 = 9e15;
    let scaled = number * 1_000.0;
    let whole = scaled.round();
    #[allow(clippy::cast_possible_truncation, reason = "its size is looked at")]
    (whole.abs() < LARGEST && (scaled - whole).abs() < 1e-6 * whole.abs().max(1.0)).then_some(whole as i64)
}
