//! Operators: what each takes, and what it makes. Functions are in `functions.rs`.

use cel::common::ast::{CallExpr, Expr, IdedExpr, operators};

use super::types::{Of, Typed, hint, is_number, spoken, spoken_of};
use super::{Checker, meant};
use crate::ir::{Arithmetic, List, Node, Order};
use crate::schema::Type;

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

    pub(super) fn unfit(&mut self, expr: &IdedExpr, typed: &Typed, expected: &str) -> Option<Typed> {
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
    pub(super) fn pair(&mut self, id: u64, left: &IdedExpr, right: &IdedExpr) -> Option<(Typed, Typed, Type)> {
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
