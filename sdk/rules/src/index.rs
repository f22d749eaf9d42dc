//! Which rules can touch a claim: by code, modifier, payer and place of service, from what a condition cannot do without.
//!
//! A need is necessary, never sufficient: where none can be read off a condition, its rule meets every claim. `tests/properties.rs`
//! compares findings with and without.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use claimhost_sdk::claim::{Claim, ServiceLine};

use crate::ir::{List, Node, Order, Test};
use crate::schema::{CLAIM, CLAIM_HEADER, COVERAGE, PAYER, PROCEDURE, SERVICE_LINE};
use crate::table::Rule;

/// Texts, and ranges of texts, of which one has to be there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Keys {
    exact: BTreeSet<Box<str>>,
    /// Both ends count.
    ranges: Vec<(Box<str>, Box<str>)>,
}

impl Keys {
    fn one(text: &str) -> Self {
        Self { exact: BTreeSet::from([text.into()]), ranges: Vec::new() }
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.exact.contains(text) || self.ranges.iter().any(|(from, to)| **from <= *text && *text <= **to)
    }

    fn joined(mut self, other: Self) -> Self {
        self.exact.extend(other.exact);
        self.ranges.extend(other.ranges);
        self
    }

    /// Fewer is better; a range is many.
    fn size(&self) -> usize {
        self.exact.len() + self.ranges.len() * 100
    }
}

/// What has to be on a claim for a condition to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Need {
    /// Some line has one of these codes.
    code: Option<Keys>,
    /// Some line has one of these modifiers.
    modifier: Option<Keys>,
    /// The payer it goes to has one of these ids.
    payer: Option<Keys>,
    /// The claim or some line has one of these places of service.
    place: Option<Keys>,
    /// The line that the rule looks at has one of these codes.
    own_code: Option<Keys>,
}

/// Positions of the fields that needs are read off.
struct Paths {
    procedure: u16,
    code: u16,
    modifiers: u16,
    line_place: u16,
    header: u16,
    header_place: u16,
    payer: u16,
    payer_id: u16,
}

static PATHS: LazyLock<Paths> = LazyLock::new(|| {
    let at = |found: Option<(u16, _)>| found.map_or(u16::MAX, |(at, _): (u16, &crate::schema::Field)| at);
    Paths {
        procedure: at(SERVICE_LINE.field("procedure")),
        code: at(PROCEDURE.field("code")),
        modifiers: at(PROCEDURE.field("modifiers")),
        line_place: at(SERVICE_LINE.field("place_of_service")),
        header: at(CLAIM.field("header")),
        header_place: at(CLAIM_HEADER.field("place_of_service")),
        payer: at(COVERAGE.field("payer")),
        payer_id: at(PAYER.field("id")),
    }
});

/// What a text of a condition is, where it can be looked up.
enum What {
    Code(u8),
    Place,
    Payer,
}

/// Reads needs off a condition; `lines` are the variables that stand for a line of the claim.
struct Reader {
    lines: Vec<u8>,
}

impl Need {
    pub(crate) fn of(when: &Node, per_line: bool) -> Self {
        let mut reader = Reader { lines: if per_line { vec![0] } else { Vec::new() } };
        reader.need(when, true)
    }

    fn both(self, other: Self) -> Self {
        let better = |left: Option<Keys>, right: Option<Keys>| match (left, right) {
            (Some(left), Some(right)) => Some(if right.size() < left.size() { right } else { left }),
            (left, right) => left.or(right),
        };
        Self {
            code: better(self.code, other.code),
            modifier: better(self.modifier, other.modifier),
            payer: better(self.payer, other.payer),
            place: better(self.place, other.place),
            own_code: better(self.own_code, other.own_code),
        }
    }

    fn either(self, other: Self) -> Self {
        let joined = |left: Option<Keys>, right: Option<Keys>| Some(left?.joined(right?));
        Self {
            code: joined(self.code, other.code),
            modifier: joined(self.modifier, other.modifier),
            payer: joined(self.payer, other.payer),
            place: joined(self.place, other.place),
            own_code: joined(self.own_code, other.own_code),
        }
    }

    /// Whether the claim has what no other part of the index has looked at.
    pub(crate) fn allows(&self, claim: &Claim) -> bool {
        fits(self.payer.as_ref(), payer(claim).into_iter())
            && fits(self.place.as_ref(), places(claim))
            && fits(self.modifier.as_ref(), modifiers(claim))
            && fits(self.code.as_ref(), codes(claim))
    }

    /// Whether a line has the code that a rule for lines cannot do without.
    pub(crate) fn allows_line(&self, line: &ServiceLine) -> bool {
        self.own_code.as_ref().is_none_or(|keys| keys.has(&line.procedure.code))
    }

    /// In words, for reports.
    pub(crate) fn words(&self) -> String {
        let parts =
            [("code", &self.code), ("modifier", &self.modifier), ("payer", &self.payer), ("place", &self.place)];
        let parts = parts.iter().filter_map(|(name, keys)| {
            let keys = keys.as_ref()?;
            let exact = keys.exact.iter().map(ToString::to_string);
            let ranges = keys.ranges.iter().map(|(from, to)| {
                let prefix = to.strip_suffix(char::MAX);
                prefix.map_or_else(|| format!("{from} to {to}"), |prefix| format!("{prefix}..."))
            });
            Some(format!("{name} {}", exact.chain(ranges).collect::<Vec<_>>().join(", ")))
        });
        parts.collect::<Vec<_>>().join("; ")
    }
}

impl Reader {
    fn need(&mut self, node: &Node, truth: bool) -> Need {
        match (node, truth) {
            (Node::All(parts), true) | (Node::Any(parts), false) => {
                let parts = parts.iter().map(|part| self.need(part, truth));
                parts.reduce(Need::both).unwrap_or_default()
            }
            (Node::Any(parts), true) | (Node::All(parts), false) => {
                let parts = parts.iter().map(|part| self.need(part, truth));
                parts.reduce(Need::either).unwrap_or_default()
            }
            (Node::Not(part), _) => self.need(part, !truth),
            (Node::Choose(condition, then, other), true) => {
                let then = self.need(condition, true).both(self.need(then, true));
                let other = self.need(condition, false).both(self.need(other, true));
                then.either(other)
            }
            (Node::Same(left, right), true) => match (&**left, &**right) {
                (of, Node::Text(text)) | (Node::Text(text), of) => self.keyed(of, Keys::one(text)),
                _ => Need::default(),
            },
            (Node::OneOf(of, texts), true) => {
                self.keyed(of, Keys { exact: texts.iter().cloned().collect(), ranges: Vec::new() })
            }
            (Node::Between(of, from, to), true) => match (&**from, &**to) {
                (Node::Text(from), Node::Text(to)) => {
                    self.keyed(of, Keys { exact: BTreeSet::new(), ranges: vec![(from.clone(), to.clone())] })
                }
                _ => Need::default(),
            },
            (Node::Test(Test::StartsWith, of, prefix), true) => match &**prefix {
                Node::Text(prefix) if !prefix.is_empty() => {
                    let last = format!("{prefix}{}", char::MAX);
                    self.keyed(of, Keys { exact: BTreeSet::new(), ranges: vec![(prefix.clone(), last.into())] })
                }
                _ => Need::default(),
            },
            (Node::In(of, list), true) => self.modified(of, list),
            (Node::Exists(list, slot, part), true) => {
                if let Some(need) = self.modifier_loop(list, *slot, part) {
                    return need;
                }
                self.looped(list, *slot, Some(part))
            }
            (Node::One(list, slot, part), true) => self.looped(list, *slot, Some(part)),
            // At least one item that fulfils the filter.
            (Node::Compare(order, left, right), true) => {
                let some = match (&**left, order, &**right) {
                    (Node::Size(list), Order::Greater, Node::Int(least)) if *least >= 0 => Some(list),
                    (Node::Size(list), Order::GreaterOrSame, Node::Int(least)) if *least >= 1 => Some(list),
                    (Node::Int(least), Order::Less, Node::Size(list)) if *least >= 0 => Some(list),
                    _ => None,
                };
                some.map(|list| self.looped(list, u8::MAX, None)).unwrap_or_default()
            }
            _ => Need::default(),
        }
    }

    /// Of a loop over the claim's lines: what its condition, and those of its filters, need of some line.
    fn looped(&mut self, list: &List, slot: u8, part: Option<&Node>) -> Need {
        match list {
            List::Lines => {
                let Some(part) = part else { return Need::default() };
                self.lines.push(slot);
                let need = self.need(part, true);
                self.lines.pop();
                Need { own_code: None, ..need }
            }
            List::Filter(inner, filter_slot, filter) => {
                let filtered = self.looped(inner, *filter_slot, Some(filter));
                match (part, base(inner)) {
                    (Some(part), List::Lines) => filtered.both(self.looped(&List::Lines, slot, Some(part))),
                    _ => filtered,
                }
            }
            List::Map(inner, ..) => self.looped(inner, u8::MAX, None),
            _ => Need::default(),
        }
    }

    /// `"25" in line.procedure.modifiers`
    fn modified(&self, of: &Node, list: &List) -> Need {
        match (of, list) {
            (Node::Text(modifier), List::Of(field)) if self.is_modifiers(field) => {
                Need { modifier: Some(Keys::one(modifier)), ..Need::default() }
            }
            _ => Need::default(),
        }
    }

    /// `line.procedure.modifiers.exists(m, m in [...])`
    fn modifier_loop(&self, list: &List, slot: u8, part: &Node) -> Option<Need> {
        let List::Of(field) = list else { return None };
        if !self.is_modifiers(field) {
            return None;
        }
        let exact = match part {
            Node::OneOf(of, texts) if **of == Node::Slot(slot) => texts.iter().cloned().collect(),
            Node::Same(left, right) => match (&**left, &**right) {
                (of, Node::Text(text)) | (Node::Text(text), of) if *of == Node::Slot(slot) => {
                    BTreeSet::from([text.clone()])
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(Need { modifier: Some(Keys { exact, ranges: Vec::new() }), ..Need::default() })
    }

    fn is_modifiers(&self, field: &Node) -> bool {
        let Node::Field(procedure, at) = field else { return false };
        *at == PATHS.modifiers && self.procedure_of(procedure).is_some()
    }

    fn procedure_of(&self, node: &Node) -> Option<u8> {
        match node {
            Node::Field(line, at) if *at == PATHS.procedure => match **line {
                Node::Slot(slot) if self.lines.contains(&slot) => Some(slot),
                _ => None,
            },
            _ => None,
        }
    }

    fn keyed(&self, of: &Node, keys: Keys) -> Need {
        match self.what(of) {
            Some(What::Code(0)) => Need { code: Some(keys.clone()), own_code: Some(keys), ..Need::default() },
            Some(What::Code(_)) => Need { code: Some(keys), ..Need::default() },
            // An empty place of a line is no place of the claim.
            Some(What::Place) if !keys.has("") => Need { place: Some(keys), ..Need::default() },
            Some(What::Payer) => Need { payer: Some(keys), ..Need::default() },
            _ => Need::default(),
        }
    }

    fn what(&self, node: &Node) -> Option<What> {
        match node {
            Node::Field(of, at) if *at == PATHS.code && self.procedure_of(of).is_some() => {
                self.procedure_of(of).map(What::Code)
            }
            Node::Field(of, at) => match &**of {
                Node::Slot(slot) if *at == PATHS.line_place && self.lines.contains(slot) => Some(What::Place),
                Node::Field(inner, header) => match &**inner {
                    Node::Claim if *header == PATHS.header && *at == PATHS.header_place => Some(What::Place),
                    Node::Coverage if *header == PATHS.payer && *at == PATHS.payer_id => Some(What::Payer),
                    _ => None,
                },
                _ => None,
            },
            Node::Place(_) => Some(What::Place),
            _ => None,
        }
    }
}

fn fits<'t>(keys: Option<&Keys>, mut texts: impl Iterator<Item = &'t str>) -> bool {
    keys.is_none_or(|keys| texts.any(|text| keys.has(text)))
}

/// What a list is made of.
fn base(list: &List) -> &List {
    match list {
        List::Filter(inner, ..) => base(inner),
        other => other,
    }
}

fn codes(claim: &Claim) -> impl Iterator<Item = &str> {
    claim.lines.iter().map(|line| line.procedure.code.as_str())
}

fn modifiers(claim: &Claim) -> impl Iterator<Item = &str> {
    claim.lines.iter().flat_map(|line| &line.procedure.modifiers).map(String::as_str)
}

fn places(claim: &Claim) -> impl Iterator<Item = &str> {
    let own = claim.lines.iter().map(|line| line.place_of_service.as_str());
    std::iter::once(claim.header.place_of_service.as_str()).chain(own)
}

fn payer(claim: &Claim) -> Option<&str> {
    claim.header.coverages.get(usize::from(claim.destination)).map(|coverage| coverage.payer.id.as_str())
}

/// Rules by one of their needs, the first they have of code, modifier, payer, place.
#[derive(Debug, Default)]
pub(crate) struct Index {
    code: Side,
    modifier: Side,
    payer: Side,
    place: Side,
    always: Vec<usize>,
}

#[derive(Debug, Default)]
struct Side {
    exact: HashMap<Box<str>, Vec<usize>>,
    ranges: Vec<(Box<str>, Box<str>, usize)>,
}

impl Side {
    fn add(&mut self, keys: &Keys, rule: usize) {
        for key in &keys.exact {
            self.exact.entry(key.clone()).or_default().push(rule);
        }
        self.ranges.extend(keys.ranges.iter().map(|(from, to)| (from.clone(), to.clone(), rule)));
    }

    fn find<'t>(&self, texts: impl Iterator<Item = &'t str>, found: &mut [bool]) {
        let mut mark = |rule: usize| {
            if let Some(place) = found.get_mut(rule) {
                *place = true;
            }
        };
        for text in texts {
            self.exact.get(text).into_iter().flatten().for_each(|rule| mark(*rule));
            let within = self.ranges.iter().filter(|(from, to, _)| **from <= *text && *text <= **to);
            within.for_each(|(.., rule)| mark(*rule));
        }
    }
}

impl Index {
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (at, rule) in rules.iter().enumerate() {
            let Need { code, modifier, payer, place, .. } = &rule.need;
            match (code, modifier, payer, place) {
                (Some(keys), ..) => index.code.add(keys, at),
                (_, Some(keys), ..) => index.modifier.add(keys, at),
                (_, _, Some(keys), _) => index.payer.add(keys, at),
                (.., Some(keys)) => index.place.add(keys, at),
                _ => index.always.push(at),
            }
        }
        index
    }

    /// Marks the rules that can touch a claim.
    pub(crate) fn find(&self, claim: &Claim, found: &mut [bool]) {
        for rule in &self.always {
            if let Some(place) = found.get_mut(*rule) {
                *place = true;
            }
        }
        self.code.find(codes(claim), found);
        self.modifier.find(modifiers(claim), found);
        self.payer.find(payer(claim).into_iter(), found);
        self.place.find(places(claim), found);
    }
}
