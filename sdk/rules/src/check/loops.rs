//! Loops over lists: `exists`, `all`, `exists_one`, `filter`, `map`. The parser hands them over expanded; each has its own shape.

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

use super::types::{Of, Typed};
use super::{Checker, Variable};
use crate::ir::{List, Node};
use crate::schema::Type;

/// What a loop is made of.
enum Loop<'e> {
    Exists(&'e IdedExpr),
    Every(&'e IdedExpr),
    One(&'e IdedExpr),
    Filter(&'e IdedExpr),
    Map(Option<&'e IdedExpr>, &'e IdedExpr),
}

/// What a loop with a condition comes to.
type Make = fn(Box<List>, u8, Box<Node>) -> Node;

/// Tells the macros apart by what they start from and what they do with each item.
fn shape(of: &ComprehensionExpr) -> Option<Loop<'_>> {
    let Expr::Call(CallExpr { func_name, args, .. }) = &of.loop_step.expr else { return None };
    match (&of.accu_init.expr, func_name.as_str(), args.as_slice()) {
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_OR, [_, part]) => Some(Loop::Exists(part)),
        (Expr::Literal(LiteralValue::Boolean(_)), operators::LOGICAL_AND, [_, part]) => Some(Loop::Every(part)),
        (Expr::Literal(LiteralValue::Int(_)), operators::CONDITIONAL, [part, ..]) => Some(Loop::One(part)),
        (Expr::List(_), operators::ADD, [_, item]) => Some(Loop::Map(None, only(item)?)),
        (Expr::List(_), operators::CONDITIONAL, [part, then, _]) => {
            let Expr::Call(CallExpr { args, .. }) = &then.expr else { return None };
            let item = only(args.get(1)?)?;
            match &item.expr {
                Expr::Ident(name) if *name == of.iter_var => Some(Loop::Filter(part)),
                _ => Some(Loop::Map(Some(part), item)),
            }
        }
        _ => None,
    }
}

fn only(list: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::List(list) = &list.expr else { return None };
    list.elements.first()
}

impl Checker<'_, '_, '_> {
    pub(super) fn comprehension(&mut self, id: u64, of: &ComprehensionExpr) -> Option<Typed> {
        let range = self.expression(&of.iter_range)?;
        self.note_read(&of.iter_range, &range);
        let (Node::List(list), Of::Many(item)) = (range.node, range.of.clone()) else {
            let found = super::types::spoken_of(&range.of);
            self.wrong(of.iter_range.id, &found, "a list", "exists, all, filter and map go over lists");
            return None;
        };
        let Some(shape) = shape(of).filter(|_| of.iter_var2.is_none()) else {
            return self.left_out(
                id,
                "a loop of this form",
                "use exists, all, exists_one, filter or map with one name",
            );
        };
        let name = of.iter_var.clone();
        if self.variables.iter().any(|known| known.name == name) || RESERVED.contains(&name.as_str()) {
            let found = format!("`{name}` for two things");
            self.wrong_name(id, &name, &found, "a name of its own", "call the loop's variable otherwise");
            return None;
        }
        let slot = self.next_slot(id)?;
        let outer = self.variables.iter().all(|variable| variable.slot == 0);
        let over = self.path(&of.iter_range).filter(|_| outer).map(|written| ((*list).clone(), written));
        let (private, maybe) = (range.private, range.maybe);
        self.variables.push(Variable { name, slot, of: item, private, maybe, over });
        let typed = self.body(&shape, list, slot, Typed { maybe, private, ..Typed::one(Node::Missing, item) });
        self.variables.pop();
        typed
    }

    /// `item` is what the list holds: its kind, and whether it may be missing or private.
    fn body(&mut self, shape: &Loop<'_>, list: Box<List>, slot: u8, item: Typed) -> Option<Typed> {
        let (make, part): (Make, _) = match shape {
            Loop::Exists(part) => (Node::Exists, part),
            Loop::Every(part) => (Node::Every, part),
            Loop::One(part) => (Node::One, part),
            Loop::Filter(part) => {
                let part = self.part(part)?;
                let list = Node::List(Box::new(List::Filter(list, slot, Box::new(part))));
                let Of::One(of) = item.of else { return None };
                return Some(Typed { node: list, of: Of::Many(of), ..item });
            }
            Loop::Map(part, of) => return self.mapped(list, slot, *part, of),
        };
        let part = self.part(part)?;
        Some(Typed::one(make(list, slot, Box::new(part)), Type::Bool))
    }

    fn mapped(&mut self, list: Box<List>, slot: u8, part: Option<&IdedExpr>, of: &IdedExpr) -> Option<Typed> {
        let (list, typed) = match part {
            Some(part) => {
                let condition = self.part(part)?;
                (Box::new(List::Filter(list, slot, Box::new(condition))), self.knowing(part, true, of)?)
            }
            None => (list, self.expression(of)?),
        };
        self.note_read(of, &typed);
        let Of::One(kind) = typed.of else {
            self.wrong(of.id, "a list in a list", "one value of each item", "loop over the inner list with exists");
            return None;
        };
        let list = List::Map(list, slot, Box::new(typed.node));
        // Of what may be missing, items of the list may be.
        Some(Typed { maybe: typed.maybe, ..Typed::many(list, kind) })
    }

    fn part(&mut self, part: &IdedExpr) -> Option<Node> {
        let typed = self.expression(part)?;
        self.condition(part, typed)
    }
}

/// Names that mean something everywhere.
const RESERVED: [&str; 7] = ["claim", "lines", "coverage", "as_of", "earlier", "line", "line_number"];
