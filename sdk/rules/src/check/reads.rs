//! What a condition reads, for the answer to "what did it see".

use cel::common::ast::IdedExpr;

use super::types::{Of, Typed};
use super::{Checker, Variable};
use crate::ir::{List, Node};
use crate::schema::Type;

/// A value that a condition reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// As the condition writes it; `lines[].charge` where a loop reads it of each line.
    pub label: String,
    /// One value, or of a loop the list of them.
    pub(crate) node: Node,
    /// What kind of value.
    pub(crate) of: Type,
    /// It is another of each line that the rule looks at.
    pub(crate) of_line: bool,
}

impl Checker<'_, '_, '_> {
    /// Remembers a value that was read, once, as it is written.
    pub(super) fn note_read(&mut self, expr: &IdedExpr, typed: &Typed) {
        if !self.notes {
            return;
        }
        let (node, of) = match (&typed.node, &typed.of) {
            (Node::List(list), Of::Many(of)) => (Node::List(list.clone()), *of),
            (node, Of::One(of)) if !matches!(of, Type::Record(_) | Type::Null) => (node.clone(), *of),
            _ => return,
        };
        let Some(path) = self.path(expr) else { return };
        let (before, root, after) = around_root(&path);
        let variable = self.variables.iter().find(|variable| variable.name == root && variable.slot > 0);
        let (label, node) = match variable {
            None => (path, node),
            Some(Variable { slot, over: Some((list, written)), .. }) => {
                let Some(node) = (match node {
                    Node::List(_) => None,
                    node => Some(Node::List(Box::new(List::Map(Box::new(list.clone()), *slot, Box::new(node))))),
                }) else {
                    return;
                };
                (format!("{before}{written}[]{after}"), node)
            }
            Some(_) => return,
        };
        if matches!(of, Type::Record(_)) && matches!(node, Node::List(_)) {
            return;
        }
        if self.reads.iter().all(|read| read.label != label) {
            let of_line = self.line_rule && matches!(around_root(&label).1, "line" | "line_number");
            self.reads.push(Read { label, node, of, of_line });
        }
    }
}

/// The name that a path begins with, and what is written around it: `renderer(`, `line`, `).npi`.
fn around_root(path: &str) -> (&str, &str, &str) {
    let (before, rest) = path.split_at(path.rfind('(').map_or(0, |at| at + 1));
    let (root, after) = rest.split_at(rest.find(['.', '[', ')']).unwrap_or(rest.len()));
    (before, root, after)
}
