//! Operators and functions: what each takes, and what it makes.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::types::{Of, Typed, hint, is_number, spoken, spoken_of, thousandths};
use super::{Checker, meant};
use crate::ir::{Arithmetic, List, Node, Order, Test};
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
    pub(super) fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Option<Typed> {
        match (call.target.as_deref(), call.func_name.as_str(), call.args.as_slice()) {
            (None, operators::LOGICAL_AND, [left, right]) => self.both(left, right, true),
            (None, operators::LOGICAL_OR, [left, right]) => self.both(left, right, false),
            (None, operators::LOGICAL_NOT, [inner]) => {
                let typed = self.expression(inner)?;
                let node = self.condition(inner, typed)?;
                Some(Typed::one(Node::Not(Box::new(node)), Type::Bool))
            }
            (None, operators::CONDITIONAL, [condition, then, other]) => self.choose(condition, then, other),
            (None, operators::EQUALS, [left, right]) => self.same(expr.id, left, right),
            (None, operators::NOT_EQUALS, [left, right]) => {
                let same = self.same(expr.id, left, right)?;
                Some(Typed::one(Node::Not(Box::new(same.node)), Type::Bool))
            }
            (None, operators::LESS, [left, right]) => self.ordered(expr.id, Order::Less, left, right),
            (None, operators::LESS_EQUALS, [left, right]) => self.ordered(expr.id, Order::LessOrSame, left, right),
            (None, operators::GREATER, [left, right]) => self.ordered(expr.id, Order::Greater, left, right),
            (None, operators::GREATER_EQUALS, [left, right]) => {
                self.ordered(expr.id, Order::GreaterOrSame, left, right)
            }
            (None, operators::IN, [left, right]) => self.within(left, right),
            (None, operators::INDEX, [of, at]) => self.item(expr, of, at),
            (
                None,
                sign @ (operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO),
                [left, right],
            ) => self.arithmetic(expr.id, sign, left, right),
            (None, operators::NEGATE, [inner]) => {
                let typed = self.expression(inner)?;
                let Of::One(of) = typed.of.clone() else { return self.unfit(inner, &typed, "a number") };
                if !is_number(of) {
                    return self.unfit(inner, &typed, "a number");
                }
                let node = self.there(inner, typed)?;
                let node = Node::Arithmetic(Arithmetic::Subtract, Box::new(Node::Int(0)), Box::new(node));
                Some(Typed::one(node, of))
            }
            (target, name, args) => self.function(expr, target, name, args),
        }
    }

    fn unfit(&mut self, expr: &IdedExpr, typed: &Typed, expected: &str) -> Option<Typed> {
        self.wrong(expr.id, &spoken_of(&typed.of), expected, "");
        None
    }

    fn both(&mut self, left: &IdedExpr, right: &IdedExpr, and: bool) -> Option<Typed> {
        let first = self.expression(left);
        let first = first.and_then(|typed| self.condition(left, typed));
        // `a && b`: b is asked where a is true; `a || b`: where it is false.
        let second = self.knowing(left, and, right);
        let second = second.and_then(|typed| self.condition(right, typed));
        let mut parts = Vec::new();
        for node in [first?, second?] {
            match node {
                Node::All(inner) if and => parts.extend(inner),
                Node::Any(inner) if !and => parts.extend(inner),
                other => parts.push(other),
            }
        }
        Some(Typed::one(if and { Node::All(parts) } else { Node::Any(parts) }, Type::Bool))
    }

    fn choose(&mut self, condition: &IdedExpr, then: &IdedExpr, other: &IdedExpr) -> Option<Typed> {
        let typed = self.expression(condition)?;
        let node = self.condition(condition, typed)?;
        let first = self.knowing(condition, true, then)?;
        let second = self.knowing(condition, false, other)?;
        self.note_read(then, &first);
        self.note_read(other, &second);
        let (Of::One(of), Of::One(_)) = (&first.of, &second.of) else {
            self.wrong(then.id, "a list", "one value in both branches of `? :`", "put the `? :` into the loop");
            return None;
        };
        if first.of != second.of {
            let found = format!("{} and {}", spoken_of(&first.of), spoken_of(&second.of));
            self.wrong(other.id, &found, "one kind in both branches of `? :`", "");
            return None;
        }
        Some(Typed {
            maybe: first.maybe || second.maybe,
            ..Typed::one(Node::Choose(Box::new(node), Box::new(first.node), Box::new(second.node)), *of)
        })
    }

    /// A constant as another kind wants it: a whole number as decimals, a text as a word of a list.
    fn fit(&mut self, expr: &IdedExpr, typed: Typed, kind: Type) -> Option<Typed> {
        let Of::One(of) = typed.of else { return Some(typed) };
        match (of, kind) {
            (Type::Int, Type::Decimal) => {
                let scale = Node::Int(1_000);
                let node = match typed.node {
                    Node::Int(number) => Node::Int(number.saturating_mul(1_000)),
                    node => Node::Arithmetic(Arithmetic::Multiply, Box::new(node), Box::new(scale)),
                };
                Some(Typed { node, of: Of::One(kind), ..typed })
            }
            (Type::Text, Type::Choice(choice)) => {
                let Node::Text(word) = &typed.node else {
                    self.wrong(expr.id, "a text that is not written out", "a word in quotes", "");
                    return None;
                };
                let Some(at) = choice.words.iter().position(|known| **known == **word) else {
                    let remedy = meant(word, choice.words.iter().copied());
                    let expected = format!("a word of {}", choice.name);
                    self.wrong(expr.id, &format!("\"{word}\""), &expected, &remedy);
                    return None;
                };
                Some(Typed::one(Node::Int(i64::try_from(at).unwrap_or(-1)), kind))
            }
            _ => Some(typed),
        }
    }

    /// Two values brought to one kind, or told.
    fn pair(&mut self, id: u64, left: &IdedExpr, right: &IdedExpr) -> Option<(Typed, Typed, Type)> {
        let (first, second) = (self.expression(left), self.expression(right));
        let (first, second) = (first?, second?);
        self.note_read(left, &first);
        self.note_read(right, &second);
        let (Of::One(of_first), Of::One(of_second)) = (first.of.clone(), second.of.clone()) else {
            let found = format!("{} beside {}", spoken_of(&first.of), spoken_of(&second.of));
            self.wrong(id, &found, "two single values", "use `in`, or exists over the list");
            return None;
        };
        let second = self.fit(right, second, of_first)?;
        let first = self.fit(left, first, of_second)?;
        let (Of::One(one), Of::One(other)) = (first.of.clone(), second.of.clone()) else { return None };
        if one != other && one != Type::Null && other != Type::Null {
            let found = format!("{} beside {}", spoken(one), spoken(other));
            let wanted = if matches!(one, Type::Money | Type::Date) { one } else { other };
            self.wrong(id, &found, "two values of one kind", hint(wanted));
            return None;
        }
        Some((first, second, if one == Type::Null { other } else { one }))
    }

    fn same(&mut self, id: u64, left: &IdedExpr, right: &IdedExpr) -> Option<Typed> {
        let (first, second, kind) = self.pair(id, left, right)?;
        // `x == null`: it is missing.
        for (of, other) in [(&first, &second), (&second, &first)] {
            if other.node == Node::Missing {
                if of.node == Node::Missing || !of.maybe {
                    let found = "a comparison with null of what is always there";
                    self.wrong(id, found, "a field that may be missing", "take it away");
                    return None;
                }
                let there = Node::Has(Box::new(of.node.clone()));
                // A text that is there and empty is not null.
                let there = match kind {
                    Type::Text => {
                        let empty = Node::Same(Box::new(of.node.clone()), Box::new(Node::Text("".into())));
                        Node::Any(vec![there, empty])
                    }
                    _ => there,
                };
                return Some(Typed::one(Node::Not(Box::new(there)), Type::Bool));
            }
        }
        if matches!(kind, Type::Record(_)) {
            self.wrong(id, "two records", "two single values", "compare their fields");
            return None;
        }
        Some(Typed::one(Node::Same(Box::new(first.node), Box::new(second.node)), Type::Bool))
    }

    fn ordered(&mut self, id: u64, order: Order, left: &IdedExpr, right: &IdedExpr) -> Option<Typed> {
        let (first, second, kind) = self.pair(id, left, right)?;
        if !is_number(kind) && !matches!(kind, Type::Text | Type::Date) {
            self.wrong(id, spoken(kind), "numbers, texts or days", "");
            return None;
        }
        let (first, second) = (self.there(left, first), self.there(right, second));
        Some(Typed::one(Node::Compare(order, Box::new(first?), Box::new(second?)), Type::Bool))
    }

    fn within(&mut self, left: &IdedExpr, right: &IdedExpr) -> Option<Typed> {
        let of = self.expression(left)?;
        self.note_read(left, &of);
        let Of::One(kind) = of.of else { return self.unfit(left, &of, "one value before `in`") };
        // A list that is written out takes the kind of what is looked for.
        if let Expr::List(list) = &right.expr
            && !list.elements.is_empty()
        {
            let mut nodes = Vec::with_capacity(list.elements.len());
            for element in &list.elements {
                let typed = self.expression(element)?;
                let typed = self.fit(element, typed, kind)?;
                if typed.of != Of::One(kind) {
                    let found = format!("{} in a list for {}", spoken_of(&typed.of), spoken(kind));
                    self.wrong(element.id, &found, spoken(kind), hint(kind));
                    return None;
                }
                nodes.push(self.there(element, typed)?);
            }
            return Some(Typed::one(one_of(of.node, nodes), Type::Bool));
        }
        let list = self.expression(right)?;
        self.note_read(right, &list);
        let (Of::Many(item), Node::List(items)) = (&list.of, &list.node) else {
            return self.unfit(right, &list, "a list after `in`");
        };
        let of = self.fit(left, of, *item)?;
        if of.of != Of::One(*item) {
            let found = format!("{} in a list of {}", spoken_of(&of.of), spoken(*item));
            self.wrong(left.id, &found, spoken(*item), hint(*item));
            return None;
        }
        Some(Typed::one(Node::In(Box::new(of.node), items.clone()), Type::Bool))
    }

    fn item(&mut self, expr: &IdedExpr, of: &IdedExpr, at: &IdedExpr) -> Option<Typed> {
        let list = self.expression(of)?;
        let at = self.of_kind(at, Type::Int)?;
        let (Of::Many(item), Node::List(items)) = (&list.of, &list.node) else {
            return self.unfit(of, &list, "a list before `[...]`");
        };
        let maybe = !self.path(expr).is_some_and(|path| self.is_present(&path));
        Some(Typed { maybe, ..Typed::one(Node::Item(items.clone(), Box::new(at)), *item) })
    }

    fn arithmetic(&mut self, id: u64, sign: &str, left: &IdedExpr, right: &IdedExpr) -> Option<Typed> {
        let (first, second) = (self.expression(left), self.expression(right));
        let (first, second) = (first?, second?);
        let (Of::One(of_first), Of::One(of_second)) = (first.of.clone(), second.of.clone()) else {
            self.wrong(id, "a list", "two numbers", "use sum, min, max or size of the list");
            return None;
        };
        let (one, other) = (self.there(left, first), self.there(right, second));
        let (one, other) = (one?, other?);
        if matches!(other, Node::Int(0)) && matches!(sign, operators::DIVIDE | operators::MODULO) {
            self.wrong(right.id, "0", "a number to divide by", "nothing can be divided by zero");
            return None;
        }
        let thousand = |node: Node| match node {
            Node::Int(number) => Node::Int(number.saturating_mul(1_000)),
            node => Node::Arithmetic(Arithmetic::Multiply, Box::new(node), Box::new(Node::Int(1_000))),
        };
        use Arithmetic::{Add, Divide, DivideThousandths, Multiply, MultiplyThousandths, Remainder, Subtract};
        use Type::{Date, Decimal, Int, Money};
        let plain = if sign == operators::ADD { Add } else { Subtract };
        let (kind, one, other, of) = match (sign, of_first, of_second) {
            (operators::ADD | operators::SUBSTRACT, a, b) if a == b && is_number(a) => (plain, one, other, a),
            (operators::ADD | operators::SUBSTRACT, Int, Decimal) => (plain, thousand(one), other, Decimal),
            (operators::ADD | operators::SUBSTRACT, Decimal, Int) => (plain, one, thousand(other), Decimal),
            (operators::ADD | operators::SUBSTRACT, Date, Int) => (plain, one, other, Date),
            (operators::SUBSTRACT, Date, Date) => (Subtract, one, other, Int),
            (operators::MULTIPLY, a, Int) if is_number(a) => (Multiply, one, other, a),
            (operators::MULTIPLY, Int, b) if is_number(b) => (Multiply, one, other, b),
            (operators::MULTIPLY, Decimal, b @ (Decimal | Money)) => (MultiplyThousandths, one, other, b),
            (operators::MULTIPLY, Money, Decimal) => (MultiplyThousandths, one, other, Money),
            (operators::DIVIDE, a, Int) if is_number(a) => (Divide, one, other, a),
            (operators::DIVIDE, Decimal, Decimal) | (operators::DIVIDE, Money, Money) => {
                (DivideThousandths, one, other, Decimal)
            }
            (operators::DIVIDE, Money, Decimal) => (DivideThousandths, one, other, Money),
            (operators::MODULO, Int, Int) => (Remainder, one, other, Int),
            _ => {
                let sign = sign.trim_matches('_');
                let found = format!("{} {sign} {}", spoken(of_first), spoken(of_second));
                self.wrong(id, &found, "numbers that go together, or a day and a number of days", hint(of_first));
                return None;
            }
        };
        Some(Typed::one(Node::Arithmetic(kind, Box::new(one), Box::new(other)), of))
    }

    fn function(&mut self, expr: &IdedExpr, target: Option<&IdedExpr>, name: &str, args: &[IdedExpr]) -> Option<Typed> {
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

/// `x in [..]` of constants is a look-up; of anything else a comparison with each.
fn one_of(of: Node, nodes: Vec<Node>) -> Node {
    if nodes.iter().all(|node| matches!(node, Node::Text(_))) {
        let mut texts: Vec<Box<str>> = nodes
            .into_iter()
            .filter_map(|node| match node {
                Node::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        texts.sort_unstable();
        texts.dedup();
        return Node::OneOf(Box::new(of), texts.into());
    }
    if nodes.iter().all(|node| matches!(node, Node::Int(_))) {
        let numbers = nodes.into_iter().filter_map(|node| match node {
            Node::Int(number) => Some(number),
            _ => None,
        });
        return Node::OneOfInts(Box::new(of), numbers.collect());
    }
    Node::In(Box::new(of), Box::new(List::Constant(nodes.into())))
}
