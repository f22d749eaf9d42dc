//! Checks a parsed condition against the contract's fields and types, and makes what is evaluated of it.
//!
//! The parser knows no types and no names; all of that is here. What may be missing has to be asked for before it is used: after
//! `has(x) &&`, in the branch of `has(x) ? ... :`, or after `x == "..." &&`, `x` is there. `==`, `!=` and `in` may be asked of what is missing:
//! it equals nothing.

mod functions;
mod loops;
mod operations;
mod reads;
mod types;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, operators};

use crate::eval::SLOTS;
use crate::ir::{DatePart, List, Node};
use crate::parse::Parsed;
use crate::problem::{Problems, inside, meant};
use crate::schema::{self, RecordType, Type};

pub use reads::Read;
pub(crate) use types::Of;
use types::Typed;
pub(crate) use types::spoken;

/// Conditions nested deeper are refused: nobody reads them, and the evaluation recurses.
const DEPTH_MAX: u32 = 40;

/// What a checked text came to.
pub(crate) struct Checked {
    pub(crate) node: Node,
    pub(crate) of: Of,
    pub(crate) private: bool,
    pub(crate) maybe: bool,
    pub(crate) reads: Vec<Read>,
    pub(crate) uses_earlier: bool,
}

/// Where a text of the table stands.
pub(crate) struct Place<'p> {
    /// `rule "x", when`
    pub(crate) of: &'p str,
    /// The string in the file, with its quotes.
    pub(crate) span: std::ops::Range<usize>,
    /// Where the condition begins in its value, in bytes.
    pub(crate) start: usize,
}

/// A loop's variable, or `line`.
#[derive(Clone)]
struct Variable {
    name: String,
    slot: u8,
    of: Type,
    private: bool,
    /// Items of its list may be missing.
    maybe: bool,
    /// The list it goes over and how that is written, where no other loop is around it.
    over: Option<(List, String)>,
}

pub(super) struct Checker<'c, 'p, 't> {
    parsed: &'c Parsed<'c>,
    place: &'c Place<'p>,
    problems: &'c mut Problems<'t>,
    variables: Vec<Variable>,
    /// Paths that are known to be there.
    present: Vec<String>,
    reads: Vec<Read>,
    uses_earlier: bool,
    line_rule: bool,
    /// Notes what is read, for reports.
    notes: bool,
    depth: u32,
    /// Something of what is being checked may tell who the patient is.
    private: bool,
}

/// Checks one text. None: its problems were told.
pub(crate) fn check(
    parsed: &Parsed<'_>,
    place: &Place<'_>,
    line_rule: bool,
    notes: bool,
    problems: &mut Problems<'_>,
) -> Option<Checked> {
    let before = problems.count();
    let (variables, present, reads) = (Vec::new(), Vec::new(), Vec::new());
    let (uses_earlier, depth, private) = (false, 0, false);
    #[rustfmt::skip] // one row
    let mut checker = Checker { parsed, place, problems, variables, present, reads, uses_earlier, line_rule, notes, depth, private };
    if line_rule {
        checker.variables.push(Variable {
            name: "line".to_owned(),
            slot: 0,
            of: Type::Record(&schema::SERVICE_LINE),
            private: false,
            maybe: false,
            over: None,
        });
    }
    let typed = checker.expression(&parsed.tree)?;
    checker.note_read(&parsed.tree, &typed);
    let (reads, uses_earlier) = (std::mem::take(&mut checker.reads), checker.uses_earlier);
    (problems.count() == before).then_some(Checked {
        node: typed.node,
        of: typed.of,
        private: typed.private,
        maybe: typed.maybe,
        reads,
        uses_earlier,
    })
}

impl Checker<'_, '_, '_> {
    /// Tells a problem at a node of the tree.
    fn wrong(&mut self, id: u64, found: &str, expected: &str, remedy: &str) {
        let at = self.place.start + self.parsed.offset(id);
        self.wrong_at(at, found, expected, remedy);
    }

    /// The same at the name that stands at or after a node: of `a.b`, the node is the dot.
    fn wrong_name(&mut self, id: u64, name: &str, found: &str, expected: &str, remedy: &str) {
        let from = self.parsed.offset(id);
        let rest = self.parsed.text.get(from..).unwrap_or_default();
        let at = self.place.start + from + rest.find(name).unwrap_or(0);
        self.wrong_at(at, found, expected, remedy);
    }

    fn wrong_at(&mut self, at: usize, found: &str, expected: &str, remedy: &str) {
        let offset = inside(self.problems.text(), self.place.span.clone(), at);
        self.problems.at(offset, self.place.of, found, expected, remedy);
    }

    fn expression(&mut self, expr: &IdedExpr) -> Option<Typed> {
        if self.depth >= DEPTH_MAX {
            self.wrong(expr.id, "a condition nested too deep", "at most 40 levels", "make two rules of it");
            return None;
        }
        self.depth += 1;
        // Whatever is made of what may tell who the patient is may tell it too: in every construct, so it is done here for all.
        let beside = std::mem::take(&mut self.private);
        let typed = self.shallow(expr).map(|typed| Typed { private: typed.private || self.private, ..typed });
        self.private = beside || typed.as_ref().is_some_and(|typed| typed.private);
        self.depth -= 1;
        typed
    }

    fn shallow(&mut self, expr: &IdedExpr) -> Option<Typed> {
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr.id, literal),
            Expr::Ident(name) => self.name(expr.id, name),
            Expr::Select(select) if select.test => self.has(expr.id, select),
            Expr::Select(select) => self.select(expr, select),
            Expr::Call(call) => self.call(expr, call),
            Expr::Comprehension(comprehension) => self.comprehension(expr.id, comprehension),
            Expr::List(list) => self.list(expr.id, &list.elements),
            Expr::Map(_) => self.left_out(expr.id, "a map `{...}`", "write the cases as conditions with `||`"),
            Expr::Struct(_) => self.left_out(expr.id, "a record `Name{...}`", "name the claim's own fields"),
            Expr::Unspecified => self.left_out(expr.id, "nothing", "write a condition"),
        }
    }

    fn left_out(&mut self, id: u64, what: &str, remedy: &str) -> Option<Typed> {
        self.wrong(id, what, "a construct that rule tables have", remedy);
        None
    }

    fn literal(&mut self, id: u64, literal: &LiteralValue) -> Option<Typed> {
        Some(match literal {
            LiteralValue::Boolean(is) => Typed::one(Node::Bool(**is), Type::Bool),
            LiteralValue::Int(number) => Typed::one(Node::Int(**number), Type::Int),
            LiteralValue::String(text) => Typed::one(Node::Text(text.inner().into()), Type::Text),
            LiteralValue::Null => Typed { maybe: true, ..Typed::one(Node::Missing, Type::Null) },
            LiteralValue::Double(number) => {
                let Some(thousandths) = types::thousandths(**number) else {
                    self.wrong(id, "a number with more than three decimals", "at most three decimals", "round it");
                    return None;
                };
                Typed::one(Node::Int(thousandths), Type::Decimal)
            }
            LiteralValue::UInt(_) => return self.left_out(id, "an unsigned number", "leave the `u` away"),
            LiteralValue::Bytes(_) => return self.left_out(id, "bytes `b\"...\"`", "leave the `b` away"),
        })
    }

    fn name(&mut self, id: u64, name: &str) -> Option<Typed> {
        if let Some(variable) = self.variables.iter().find(|variable| variable.name == name) {
            let (slot, of, private) = (variable.slot, variable.of, variable.private);
            let maybe = variable.maybe && !self.is_present(name);
            return Some(Typed { maybe, private, ..Typed::one(Node::Slot(slot), of) });
        }
        let record = |node, record: &'static RecordType| Typed::one(node, Type::Record(record));
        Some(match name {
            "claim" => record(Node::Claim, &schema::CLAIM),
            "lines" => Typed::many(List::Lines, Type::Record(&schema::SERVICE_LINE)),
            // A claim without a payer is held by the host's own edits; here it would be a rule without an answer.
            "coverage" => record(Node::Coverage, &schema::COVERAGE),
            "as_of" => Typed::one(Node::AsOf, Type::Date),
            "line_number" if self.line_rule => Typed::one(Node::LineNumber, Type::Int),
            "earlier" => {
                self.uses_earlier = true;
                Typed::many(List::Earlier, Type::Record(&schema::EARLIER_LINE))
            }
            _ => {
                let roots = ["claim", "lines", "coverage", "as_of", "earlier"];
                let of_line: &[&str] = if self.line_rule { &["line_number"] } else { &[] };
                let own: Vec<String> = self.variables.iter().map(|variable| variable.name.clone()).collect();
                let known = roots.iter().chain(of_line).copied().chain(own.iter().map(String::as_str));
                let remedy = match name {
                    "line" | "line_number" => {
                        "the rule looks at the claim as a whole: say each = \"line\", or lines.exists(l, ...)"
                            .to_owned()
                    }
                    _ => meant(name, known),
                };
                self.wrong(id, &format!("`{name}`"), "a name that a condition knows", &remedy);
                return None;
            }
        })
    }

    fn select(&mut self, expr: &IdedExpr, select: &SelectExpr) -> Option<Typed> {
        let base = self.expression(&select.operand)?;
        let name = select.field.as_str();
        let Of::One(of) = base.of else {
            let remedy = "ask its items: .exists(x, ...), .all(x, ...), [0]";
            self.wrong_name(expr.id, name, &format!("`.{name}` of a list"), "a record", remedy);
            return None;
        };
        let record = match of {
            Type::Record(record) => record,
            Type::Date => {
                let part = match name {
                    "year" => DatePart::Year,
                    "month" => DatePart::Month,
                    "day" => DatePart::Day,
                    _ => {
                        let remedy = meant(name, ["year", "month", "day"].into_iter());
                        self.wrong_name(expr.id, name, &format!("`{name}`"), "a part of a day", &remedy);
                        return None;
                    }
                };
                let part = Node::DatePart(part, Box::new(base.node));
                return Some(Typed { maybe: base.maybe, ..Typed::one(part, Type::Int) });
            }
            other => {
                let found = format!("`.{name}` of {}", spoken(other));
                self.wrong_name(expr.id, name, &found, "a record", "take the field away");
                return None;
            }
        };
        let Some((at, field)) = record.field(name) else {
            let remedy = meant(name, record.fields.iter().map(|field| field.name));
            self.wrong_name(expr.id, name, &format!("`{name}`"), &format!("a field of {}", record.name), &remedy);
            return None;
        };
        let is_lines = matches!(base.node, Node::Claim) && name == "lines";
        let node = Node::Field(Box::new(base.node), at);
        let private = field.private;
        if let Type::List(of) = field.of {
            let list = if is_lines { List::Lines } else { List::Of(node) };
            return Some(Typed { private, ..Typed::many(list, *of) });
        }
        let maybe = (base.maybe || field.optional) && !self.path(expr).is_some_and(|path| self.is_present(&path));
        Some(Typed { maybe, private, ..Typed::one(node, field.of) })
    }

    fn has(&mut self, id: u64, select: &SelectExpr) -> Option<Typed> {
        // What is asked here may be known already; that is no mistake.
        let present = std::mem::take(&mut self.present);
        let bare = SelectExpr { test: false, ..select.clone() };
        let bare = IdedExpr { id, expr: Expr::Select(bare) };
        let typed = self.expression(&bare);
        self.present = present;
        let typed = typed?;
        self.note_read(&bare, &typed);
        let node = match typed.of {
            Of::Many(_) => {
                let Node::List(list) = typed.node else { return None };
                let some = Node::Compare(crate::ir::Order::Greater, Box::new(Node::Size(list)), Box::new(Node::Int(0)));
                return Some(Typed::one(some, Type::Bool));
            }
            Of::One(of) if typed.maybe || of == Type::Text => Node::Has(Box::new(typed.node)),
            Of::One(of) => {
                let found = format!("`has` of {} that is always there", spoken(of));
                self.wrong(id, &found, "a field that may be missing", "take the `has` away");
                return None;
            }
        };
        Some(Typed::one(node, Type::Bool))
    }

    fn list(&mut self, id: u64, elements: &[IdedExpr]) -> Option<Typed> {
        let mut nodes = Vec::with_capacity(elements.len());
        let mut kind = None;
        for element in elements {
            let typed = self.expression(element)?;
            let Of::One(of) = typed.of else {
                self.wrong(element.id, "a list in a list", "one value", "take the inner brackets away");
                return None;
            };
            if typed.maybe {
                self.wrong(element.id, "a value that may be missing", "one that is there", "ask `has(...)` before");
                return None;
            }
            if kind.is_some_and(|kind| kind != of) {
                let found = format!("{} in a list of {}", spoken(of), kind.map_or("nothing", spoken));
                self.wrong(element.id, &found, "items of one kind", "make two lists of it");
                return None;
            }
            kind = Some(of);
            nodes.push(typed.node);
        }
        let Some(of) = kind else {
            self.wrong(id, "an empty list", "a list with items", "nothing is in it: write `false`");
            return None;
        };
        Some(Typed::many(List::Constant(nodes.into()), of))
    }

    /// How a value is written, where it is a name, a field, an item at a fixed place, or what a function says of a line: what is known
    /// to be there goes by it.
    fn path(&self, expr: &IdedExpr) -> Option<String> {
        match &expr.expr {
            Expr::Ident(name) => Some(name.clone()),
            Expr::Select(select) => Some(format!("{}.{}", self.path(&select.operand)?, select.field)),
            Expr::Call(CallExpr { func_name, target: None, args }) if func_name == operators::INDEX => {
                let [of, at] = args.as_slice() else { return None };
                let Expr::Literal(LiteralValue::Int(at)) = &at.expr else { return None };
                Some(format!("{}[{}]", self.path(of)?, **at))
            }
            Expr::Call(CallExpr { func_name, target, args }) if OF_LINE.contains(&func_name.as_str()) => {
                let mut all = target.as_deref().into_iter().chain(args);
                let (Some(of), None) = (all.next(), all.next()) else { return None };
                Some(format!("{func_name}({})", self.path(of)?))
            }
            _ => None,
        }
    }

    /// Whether a path is known to be there, or leads to one that is.
    fn is_present(&self, path: &str) -> bool {
        self.present
            .iter()
            .any(|known| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
    }

    /// What is there where a condition is true, or is false.
    fn learn(&self, expr: &IdedExpr, truth: bool, out: &mut Vec<String>, depth: u32) {
        if depth > DEPTH_MAX {
            return;
        }
        match &expr.expr {
            Expr::Select(select) if select.test && truth => {
                let operand = self.path(&select.operand);
                out.extend(operand.map(|operand| format!("{operand}.{}", select.field)));
            }
            Expr::Call(CallExpr { func_name, target, args }) => match (func_name.as_str(), args.as_slice()) {
                (operators::LOGICAL_NOT, [inner]) => self.learn(inner, !truth, out, depth + 1),
                (operators::LOGICAL_AND, [left, right]) if truth => {
                    self.learn(left, truth, out, depth + 1);
                    self.learn(right, truth, out, depth + 1);
                }
                (operators::LOGICAL_OR, [left, right]) if !truth => {
                    self.learn(left, truth, out, depth + 1);
                    self.learn(right, truth, out, depth + 1);
                }
                (operators::EQUALS, [left, right]) | (operators::NOT_EQUALS, [left, right]) => {
                    let equal = (func_name == operators::EQUALS) == truth;
                    let null = |expr: &IdedExpr| matches!(expr.expr, Expr::Literal(LiteralValue::Null));
                    for (of, other) in [(left, right), (right, left)] {
                        // Equal to something, or not equal to nothing.
                        if equal != null(other) {
                            out.extend(self.path(of));
                        }
                    }
                }
                (operators::IN, [left, _]) if truth => out.extend(self.path(left)),
                ("between", _) if truth => {
                    out.extend(target.as_ref().and_then(|target| self.path(target)));
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Checks with what is known from another part of the condition.
    fn knowing(&mut self, from: &IdedExpr, truth: bool, expr: &IdedExpr) -> Option<Typed> {
        let before = self.present.len();
        let mut learnt = Vec::new();
        self.learn(from, truth, &mut learnt, 0);
        self.present.extend(learnt);
        let typed = self.expression(expr);
        self.present.truncate(before);
        typed
    }

    /// A condition: true or false, and there.
    fn condition(&mut self, expr: &IdedExpr, typed: Typed) -> Option<Node> {
        self.note_read(expr, &typed);
        if typed.of != Of::One(Type::Bool) {
            let found = types::spoken_of(&typed.of);
            self.wrong(expr.id, &found, "a condition, true or false", "compare it with something");
            return None;
        }
        self.there(expr, typed)
    }

    /// A value that is there.
    fn there(&mut self, expr: &IdedExpr, typed: Typed) -> Option<Node> {
        self.note_read(expr, &typed);
        if !typed.maybe {
            return Some(typed.node);
        }
        let path = self.path(expr);
        let found = path
            .as_ref()
            .map_or("a value that may be missing".to_owned(), |path| format!("`{path}`, which may be missing"));
        let remedy = match path.filter(|path| path.contains('.')) {
            Some(path) => format!("write has({path}) && before it, or {path}.orValue(...)"),
            None => "say what counts where it is missing: .orValue(...)".to_owned(),
        };
        self.wrong(expr.id, &found, "a value that is there", &remedy);
        None
    }

    /// A value of one kind that is there.
    fn of_kind(&mut self, expr: &IdedExpr, kind: Type) -> Option<Node> {
        let typed = self.expression(expr)?;
        if typed.of == Of::One(kind) {
            return self.there(expr, typed);
        }
        let found = types::spoken_of(&typed.of);
        self.wrong(expr.id, &found, spoken(kind), types::hint(kind));
        None
    }

    /// The slot of one more loop variable.
    fn next_slot(&mut self, id: u64) -> Option<u8> {
        let used = self.variables.iter().map(|variable| usize::from(variable.slot) + 1).max().unwrap_or(1).max(1);
        if used >= SLOTS {
            self.wrong(id, "a loop in too many loops", "at most 7", "make two rules of it");
            return None;
        }
        u8::try_from(used).ok()
    }
}

/// Functions that say something of a line.
const OF_LINE: [&str; 3] = ["place", "renderer", "diagnoses"];
