//! Functions and methods: what each takes, and what it makes.

use cel::common::ast::{Expr, IdedExpr, LiteralValue};

use super::types::{Of, Typed, hint, is_number, spoken, spoken_of, thousandths};
use super::{Checker, meant};
use crate::ir::{List, Node, Test};
use crate::schema::{self, Type};
use crate::value::parse_day;

/// Functions and methods, for suggestions.
const KNOWN: [&str; 22] = [
    "size",
    "usd",
    "date",
    "has",
    "sum",
    "min",
    "max",
    "years",
    "add_months",
    "place",
    "renderer",
    "diagnoses",
    "startsWith",
    "endsWith",
    "contains",
    "between",
    "substring",
    "orValue",
    "exists",
    "all",
    "filter",
    "map",
];

impl Checker<'_, '_, '_> {
    pub(super) fn function(
        &mut self,
        expr: &IdedExpr,
        target: Option<&IdedExpr>,
        name: &str,
        args: &[IdedExpr],
    ) -> Option<Typed> {
        // `x.f(y)` and `f(x, y)` are one.
        let all: Vec<&IdedExpr> = target.into_iter().chain(args).collect();
        match (name, all.as_slice()) {
            ("size", [of]) => self.size(of),
            ("usd", [amount]) => self.usd(amount),
            ("date", [text]) => self.date(text),
            ("sum" | "min" | "max", [list]) => self.total(name, list),
            ("years", [from, to]) => {
                let (from, to) = (self.of_kind(from, Type::Date), self.of_kind(to, Type::Date));
                Some(Typed::one(Node::Years(Box::new(from?), Box::new(to?)), Type::Int))
            }
            ("add_months", [day, months]) => {
                let (day, months) = (self.of_kind(day, Type::Date), self.of_kind(months, Type::Int));
                Some(Typed::one(Node::AddMonths(Box::new(day?), Box::new(months?)), Type::Date))
            }
            ("place", [line]) => {
                let line = self.line(line)?;
                Some(Typed::one(Node::Place(Box::new(line)), Type::Text))
            }
            ("renderer", [of]) => {
                let line = self.line(of)?;
                let maybe = !self.path(expr).is_some_and(|path| self.is_present(&path));
                let of = Type::Record(&schema::PROVIDER);
                Some(Typed { maybe, ..Typed::one(Node::Renderer(Box::new(line)), of) })
            }
            ("diagnoses", [line]) => {
                let line = self.line(line)?;
                Some(Typed::many(List::Diagnoses(Box::new(line)), Type::Record(&schema::DIAGNOSIS)))
            }
            ("startsWith" | "endsWith" | "contains", [text, part]) => {
                let test = match name {
                    "startsWith" => Test::StartsWith,
                    "endsWith" => Test::EndsWith,
                    _ => Test::Contains,
                };
                let (text, part) = (self.of_kind(text, Type::Text), self.of_kind(part, Type::Text));
                Some(Typed::one(Node::Test(test, Box::new(text?), Box::new(part?)), Type::Bool))
            }
            ("between", [of, from, to]) => self.between(of, from, to),
            ("substring", [text, from]) => self.substring(text, from, None),
            ("substring", [text, from, to]) => self.substring(text, from, Some(to)),
            ("orValue", [of, other]) => self.or_value(expr.id, of, other),
            _ => self.no_function(expr, name),
        }
    }

    fn no_function(&mut self, expr: &IdedExpr, name: &str) -> Option<Typed> {
        let remedy = match name {
            "matches" => "regular expressions are left out: use startsWith, between, substring or `in`".to_owned(),
            "timestamp" | "duration" => {
                "days are written date(\"2026-01-31\"); their difference is a number".to_owned()
            }
            "int" | "uint" | "double" | "string" | "bytes" | "bool" | "dyn" | "type" => {
                "conversions are left out: compare values of one kind".to_owned()
            }
            "bind" => "names for parts are left out: write the part twice, or make two rules".to_owned(),
            known if KNOWN.contains(&known) => {
                format!("`{name}` is there, but not with these arguments: see docs/rules.md")
            }
            _ => meant(name, KNOWN.into_iter()),
        };
        let at = self.parsed.offset(expr.id);
        let text = self.parsed.text;
        // The node is the parenthesis: the name stands before it.
        let begin = text.get(..at).and_then(|before| before.rfind(name)).or_else(|| text.find(name)).unwrap_or(at);
        self.wrong_at(self.place.start + begin, &format!("`{name}(...)`"), "a function of rule tables", &remedy);
        None
    }

    fn size(&mut self, of: &IdedExpr) -> Option<Typed> {
        let typed = self.expression(of)?;
        self.note_read(of, &typed);
        match (&typed.of, typed.node.clone()) {
            (Of::Many(_), Node::List(list)) => Some(Typed::one(Node::Size(list), Type::Int)),
            (Of::One(Type::Text), _) => {
                let text = self.there(of, typed)?;
                Some(Typed::one(Node::Length(Box::new(text)), Type::Int))
            }
            _ => self.unfit(of, &typed, "a list or a text"),
        }
    }

    fn usd(&mut self, amount: &IdedExpr) -> Option<Typed> {
        let cents = match &amount.expr {
            Expr::Literal(LiteralValue::Int(dollars)) => dollars.checked_mul(100),
            Expr::Literal(LiteralValue::Double(dollars)) => {
                thousandths(**dollars).filter(|thousandths| thousandths % 10 == 0).map(|thousandths| thousandths / 10)
            }
            Expr::Literal(LiteralValue::String(text)) => crate::table::cents(text.inner()),
            _ => None,
        };
        let Some(cents) = cents else {
            self.wrong(amount.id, "no amount", "dollars with at most two decimals", hint(Type::Money));
            return None;
        };
        Some(Typed::one(Node::Int(cents), Type::Money))
    }

    fn date(&mut self, text: &IdedExpr) -> Option<Typed> {
        let day = match &text.expr {
            Expr::Literal(LiteralValue::String(text)) => parse_day(text.inner()),
            _ => None,
        };
        let Some(day) = day else {
            self.wrong(text.id, "no day", "a day of the calendar, written out", hint(Type::Date));
            return None;
        };
        Some(Typed::one(Node::Int(day), Type::Date))
    }

    fn total(&mut self, name: &str, list: &IdedExpr) -> Option<Typed> {
        let typed = self.expression(list)?;
        self.note_read(list, &typed);
        let (Of::Many(of), Node::List(items)) = (&typed.of, &typed.node) else {
            return self.unfit(list, &typed, "a list");
        };
        let fits = is_number(*of) || (name != "sum" && *of == Type::Date);
        if !fits {
            return self.unfit(list, &typed, "a list of numbers, such as lines.map(l, l.charge)");
        }
        let (of, items) = (*of, items.clone());
        Some(match name {
            "sum" => Typed::one(Node::Sum(items), of),
            "min" => Typed { maybe: true, ..Typed::one(Node::Min(items), of) },
            _ => Typed { maybe: true, ..Typed::one(Node::Max(items), of) },
        })
    }

    fn line(&mut self, expr: &IdedExpr) -> Option<Node> {
        let typed = self.expression(expr)?;
        if typed.of == Of::One(Type::Record(&schema::SERVICE_LINE)) {
            return self.there(expr, typed);
        }
        self.wrong(
            expr.id,
            &spoken_of(&typed.of),
            "a line of the claim",
            "give it `line`, or a loop's variable over lines",
        );
        None
    }

    fn between(&mut self, of: &IdedExpr, from: &IdedExpr, to: &IdedExpr) -> Option<Typed> {
        let (value, low, kind) = self.pair(of.id, of, from)?;
        let (_, high, other) = self.pair(of.id, of, to)?;
        if kind != other || !(is_number(kind) || matches!(kind, Type::Text | Type::Date)) {
            self.wrong(of.id, spoken(kind), "numbers, texts or days of one kind", "");
            return None;
        }
        let (low, high) = (self.there(from, low), self.there(to, high));
        let node = Node::Between(Box::new(value.node), Box::new(low?), Box::new(high?));
        Some(Typed::one(node, Type::Bool))
    }

    fn substring(&mut self, text: &IdedExpr, from: &IdedExpr, to: Option<&IdedExpr>) -> Option<Typed> {
        let text = self.of_kind(text, Type::Text)?;
        let from = self.of_kind(from, Type::Int)?;
        let to = match to {
            Some(to) => Some(Box::new(self.of_kind(to, Type::Int)?)),
            None => None,
        };
        Some(Typed::one(Node::Substring(Box::new(text), Box::new(from), to), Type::Text))
    }

    fn or_value(&mut self, id: u64, of: &IdedExpr, other: &IdedExpr) -> Option<Typed> {
        let (first, second, kind) = self.pair(id, of, other)?;
        if !first.maybe {
            self.wrong(of.id, "a value that is always there", "one that may be missing", "take the orValue away");
            return None;
        }
        let second = self.there(other, second)?;
        Some(Typed::one(Node::OrElse(Box::new(first.node), Box::new(second)), kind))
    }
}
