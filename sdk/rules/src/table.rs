//! Reads a table: header, rules, and in each rule its condition, words, fix and cases. Every problem at once, each at its place.

use std::collections::HashMap;

use claimhost_sdk::review::{DateBasis, Severity};
use toml::de::{DeTable, DeValue};

#[cfg(feature = "cases")]
use crate::cases::Case;
use crate::check::{self, Place, Read};
use crate::index::{Index, Need};
use crate::ir::Node;
use crate::keys::{Keys, SEVERITIES, Text, kind};
use crate::message::Message;
use crate::parse;
use crate::problem::{Problem, Problems, meant};
use crate::schema::{self, Type};

/// A larger file is no table that somebody edits.
pub const BYTES_MAX: usize = 1 << 20;
/// Days that a rule may look back at most: ten years.
pub const LOOK_BACK_MAX: u16 = 3_660;

/// What a table is and whom it is for. An empty list: everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// Letters, digits and `-`: the first part of its rules' ids.
    pub id: String,
    /// For people.
    pub title: String,
    /// As its author counts.
    pub version: String,
    /// Electronic payer ids (2010BB NM109).
    pub payers: Vec<String>,
    /// Claim filing indicators (SBR09).
    pub filing_indicators: Vec<String>,
    /// Group numbers or names (SBR03, SBR04).
    pub plans: Vec<String>,
    /// States where services are given, two letters.
    pub states: Vec<String>,
    /// Practices.
    pub practices: Vec<String>,
    /// First and last day on which it counts, as days since 1970.
    pub effective: Option<i64>,
    /// The last day.
    pub ended: Option<i64>,
    /// Of service or of receipt.
    pub basis: Basis,
}

/// Which date decides. The contract's, comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// The day of service.
    #[default]
    Service,
    /// The day on which the payer gets it.
    Receipt,
}

impl From<Basis> for DateBasis {
    fn from(basis: Basis) -> Self {
        match basis {
            Basis::Service => Self::Service,
            Basis::Receipt => Self::Receipt,
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// `<table>.<rule>`
    pub id: String,
    /// For people.
    pub title: String,
    /// What a finding does.
    pub severity: Severity,
    /// The public page that states it.
    pub source: String,
    /// First day, as days since 1970.
    pub effective: Option<i64>,
    /// Last day.
    pub ended: Option<i64>,
    /// Which date decides.
    pub basis: Basis,
    /// Days of earlier lines that it sees.
    pub look_back_days: u16,
    /// Looks at each line, not at the claim as a whole.
    pub per_line: bool,
    /// Line of the file where it begins.
    pub line: usize,
    /// Place of its findings in the claim, in the contract's words.
    pub(crate) field: String,
    pub(crate) when: Node,
    pub(crate) need: Need,
    pub(crate) message: Message,
    pub(crate) fix: Option<Fix>,
    pub(crate) reads: Vec<Read>,
    /// Its cases; none where they were not asked for.
    #[cfg(feature = "cases")]
    pub cases: Vec<Case>,
}

#[cfg(feature = "cases")]
impl Rule {
    /// Whether two rules find the same on every claim, and say it alike.
    fn finds_as(&self, other: &Self) -> bool {
        let dates =
            |rule: &Self| (rule.effective, rule.ended, rule.basis, rule.look_back_days, rule.per_line, rule.line);
        self.id == other.id
            && self.severity == other.severity
            && dates(self) == dates(other)
            && self.field == other.field
            && self.when == other.when
            && self.message == other.message
            && self.fix == other.fix
    }
}

/// A change that a rule proposes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fix {
    AddModifier(String),
    RemoveModifier(String),
    /// Thousandths.
    SetUnits(Node),
    SetPlace(String),
    SetProcedure(String),
}

/// A table that was read and checked.
#[derive(Debug)]
pub struct Table {
    /// What it is and whom it is for.
    pub header: Header,
    /// Its rules, in the order of the file.
    pub rules: Vec<Rule>,
    pub(crate) index: Index,
}

impl Table {
    /// Reads and checks a table to check claims with. For reports ([`Table::explain`]) read it with its cases.
    ///
    /// # Errors
    /// Every problem, at most 50, in the order of the file.
    pub fn read(text: &str) -> Result<Self, Vec<Problem>> {
        Self::read_as(text, false)
    }

    /// The same with its cases, which the component has no use for.
    ///
    /// # Errors
    /// As [`Table::read`].
    #[cfg(feature = "cases")]
    pub fn read_with_cases(text: &str) -> Result<Self, Vec<Problem>> {
        Self::read_as(text, true)
    }

    fn read_as(text: &str, cases: bool) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::of(text);
        if text.len() > BYTES_MAX {
            let found = format!("{} bytes", text.len());
            problems.at(0, "", &found, &format!("at most {BYTES_MAX}"), "make several tables of it");
            return problems.finish().map(|()| unreachable_table());
        }
        let parsed = match DeTable::parse(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                problems.at(at, "", error.message(), "TOML", "correct this line");
                return problems.finish().map(|()| unreachable_table());
            }
        };
        let mut keys = Keys::new(parsed.get_ref(), "", 0, &mut problems);
        let header_table = keys.table("table");
        let rule_tables = keys.tables("rule");
        if header_table.is_none() && parsed.get_ref().get("table").is_none() {
            keys.missing("table", "a [table] block with id, title and version");
        }
        if rule_tables.is_empty() && parsed.get_ref().get("rule").is_none() {
            keys.missing("rule", "at least one [[rule]] block");
        }
        keys.finish();
        let header = header_table.map(|(table, at)| header(table, at, &mut problems)).unwrap_or_default();
        let mut rules: Vec<Rule> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (table, at) in rule_tables {
            let rule = rule(table, at, &header, cases, &mut problems);
            let Some(rule) = rule else { continue };
            if let Some(first) = seen.insert(rule.id.clone(), rule.line) {
                let expected = format!("an id of its own: line {first} has it");
                problems.at(at, &format!("rule \"{}\"", rule.id), "an id that is there twice", &expected, "rename one");
            }
            rules.push(rule);
        }
        problems.finish()?;
        let index = Index::of(&rules);
        Ok(Self { header, rules, index })
    }

    /// The text with empty lines for its cases, which checking claims has no use for: lines keep their numbers. Where that would be
    /// another table (a text in quotes that looks like a case), the text itself.
    #[cfg(feature = "cases")]
    pub fn without_cases(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut in_case = false;
        for line in text.split_inclusive('\n') {
            let begin = line.trim_start();
            if begin.starts_with('[') {
                in_case = begin.starts_with("[[rule.case]]") || begin.starts_with("[rule.case.");
            }
            out.push_str(if in_case { "\n" } else { line });
        }
        let same = |table: &Self| {
            table.header == self.header && table.rules.len() == self.rules.len() && {
                table.rules.iter().zip(&self.rules).all(|(one, other)| one.finds_as(other))
            }
        };
        match Self::read(&out) {
            Ok(table) if same(&table) => out,
            _ => text.to_owned(),
        }
    }

    /// Days of earlier lines that the rules want to see at most.
    pub fn look_back_days(&self) -> u16 {
        self.rules.iter().map(|rule| rule.look_back_days).max().unwrap_or(0)
    }

    /// Whether a rule proposes a fix.
    pub fn proposes_fixes(&self) -> bool {
        self.rules.iter().any(|rule| rule.fix.is_some())
    }
}

/// Never used: a table that has problems is none.
fn unreachable_table() -> Table {
    Table { header: Header::default(), rules: Vec::new(), index: Index::of(&[]) }
}

const BASES: [(&str, Basis); 2] = [("service", Basis::Service), ("receipt", Basis::Receipt)];

fn header(table: &DeTable<'_>, at: usize, problems: &mut Problems<'_>) -> Header {
    let mut keys = Keys::new(table, "table", at, problems);
    let id = keys.required("id", "letters, digits and `-`").map(|id| checked_id(&mut keys, id)).unwrap_or_default();
    let title = keys.required("title", "what the table is, for people").unwrap_or_default().value;
    let version = keys.required("version", "a version, such as \"1\" or \"2026-03\"").unwrap_or_default();
    if version.value.len() > 32 || version.value.contains(|letter: char| letter.is_control() || letter == '/') {
        keys.wrong(version.span.start, "version", "a version of this form", "at most 32 letters without `/`", "");
    }
    let mut list = |key: &'static str| keys.texts(key).into_iter().map(|text| text.value).collect::<Vec<_>>();
    let (payers, plans, practices) = (list("payers"), list("plans"), list("practices"));
    let filing_indicators = list("filing_indicators");
    let states = keys.texts("states");
    for state in &states {
        if state.value.len() != 2 || !state.value.bytes().all(|byte| byte.is_ascii_uppercase()) {
            let found = format!("\"{}\"", state.value);
            keys.wrong(state.span.start, "states", &found, "two capital letters, such as \"TX\"", "");
        }
    }
    let states = states.into_iter().map(|state| state.value).collect();
    let (effective, ended) = days(&mut keys);
    let basis = keys.word("basis", &BASES).unwrap_or_default();
    keys.finish();
    Header {
        id,
        title,
        version: version.value,
        payers,
        filing_indicators,
        plans,
        states,
        practices,
        effective,
        ended,
        basis,
    }
}

fn checked_id(keys: &mut Keys<'_, '_, '_, '_>, id: Text) -> String {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.value.len() > 64 || !id.value.bytes().all(fits) {
        let found = format!("\"{}\"", id.value);
        keys.wrong(id.span.start, "id", &found, "at most 64 small letters, digits and `-`", "");
    }
    id.value
}

fn days(keys: &mut Keys<'_, '_, '_, '_>) -> (Option<i64>, Option<i64>) {
    let (effective, ended) = (keys.day("effective"), keys.day("ended"));
    if let (Some((from, _)), Some((to, at))) = (effective, ended)
        && to < from
    {
        keys.wrong(at, "ended", "a last day before the first", "a day on or after `effective`", "swap the two");
    }
    (effective.map(|(day, _)| day), ended.map(|(day, _)| day))
}

fn rule(table: &DeTable<'_>, at: usize, header: &Header, cases: bool, problems: &mut Problems<'_>) -> Option<Rule> {
    let line = problems.line(at);
    let mut keys = Keys::new(table, "rule", at, problems);
    let id = keys.required("id", "letters, digits and `-`").map(|id| checked_id(&mut keys, id));
    let of = id.as_ref().map_or_else(|| "rule".to_owned(), |id| format!("rule \"{id}\""));
    keys.named(of.clone());
    let title = keys.required("title", "what the rule says, for people").unwrap_or_default().value;
    if table.get("severity").is_none() {
        keys.missing("severity", "reject, hold, warn or info");
    }
    let severity = keys.word("severity", &SEVERITIES);
    let source = keys.required("source", "the public page that states the rule: https://...").unwrap_or_default();
    if !source.value.is_empty() && !source.value.starts_with("https://") {
        keys.wrong(source.span.start, "source", "an address of this form", "https://...", "name the payer's page");
    }
    let (effective, ended) = days(&mut keys);
    let basis = keys.word("basis", &BASES).unwrap_or_default();
    let look_back_days = keys.count("look_back_days", LOOK_BACK_MAX).unwrap_or(0);
    let per_line = keys.word("each", &[("claim", false), ("line", true)]).unwrap_or(false);
    let when = keys.required("when", "the condition under which there is a finding");
    let message = keys.required("message", "what is wrong and what to do, for a biller");
    let field = keys.text("at");
    let fix = keys.table("fix");
    let case_tables = keys.tables("case");
    keys.finish();

    let field = field.map(|field| place_of(&field, per_line, &of, problems)).unwrap_or_default();
    let condition = when.as_ref().and_then(|when| condition(when, per_line, cases, &of, problems));
    let message = message.and_then(|message| Message::read(&message, per_line, &of, problems));
    let fix = fix.and_then(|(table, at)| fix_of(table, at, per_line, &of, problems));
    if let (Some(when), Some((.., uses_earlier))) = (&when, &condition) {
        let uses_earlier = *uses_earlier || message.as_ref().is_some_and(|message| message.uses_earlier);
        if uses_earlier != (look_back_days > 0) {
            let (found, expected) = if uses_earlier {
                ("`earlier` without look_back_days", "the days that the rule looks back")
            } else {
                ("look_back_days without `earlier`", "a condition that asks `earlier`")
            };
            problems.at(when.span.start, &format!("{of}, look_back_days"), found, expected, "add it, or take it away");
        }
    }
    #[cfg(feature = "cases")]
    let cases = if cases {
        let read = |(table, at): &(&DeTable<'_>, usize)| crate::cases::read(table, *at, &of, header, problems);
        case_tables.iter().filter_map(read).collect()
    } else {
        Vec::new()
    };
    #[cfg(not(feature = "cases"))]
    let _ = (cases, case_tables);
    let (when, reads, _) = condition?;
    let need = Need::of(&when, per_line);
    let id = format!("{}.{}", header.id, id?);
    Some(Rule {
        id,
        title,
        severity: severity?,
        source: source.value,
        effective,
        ended,
        basis,
        look_back_days,
        per_line,
        line,
        field,
        when,
        need,
        message: message?,
        fix,
        reads,
        #[cfg(feature = "cases")]
        cases,
    })
}

fn condition(
    when: &Text,
    per_line: bool,
    notes: bool,
    of: &str,
    problems: &mut Problems<'_>,
) -> Option<(Node, Vec<Read>, bool)> {
    let of = format!("{of}, when");
    let place = Place { of: &of, span: when.span.clone(), start: 0 };
    let checked = expression(&when.value, &place, per_line, notes, problems)?;
    if checked.of != check::Of::One(Type::Bool) || checked.maybe {
        let found = "something else than a condition";
        problems.at(when.span.start, &of, found, "a condition, true or false", "compare it with something");
        return None;
    }
    Some((checked.node, checked.reads, checked.uses_earlier))
}

/// Parses and checks a text of the table.
pub(crate) fn expression(
    text: &str,
    place: &Place<'_>,
    per_line: bool,
    notes: bool,
    problems: &mut Problems<'_>,
) -> Option<check::Checked> {
    match parse::parse(text) {
        Ok(parsed) => check::check(&parsed, place, per_line, notes, problems),
        Err(mistake) => {
            let at = crate::problem::inside(problems.text(), place.span.clone(), place.start + mistake.offset);
            problems.at(at, place.of, &mistake.found, "a condition in CEL", &mistake.remedy);
            None
        }
    }
}

/// A place in the claim, as fields with dots, in the contract's words.
fn place_of(field: &Text, per_line: bool, of: &str, problems: &mut Problems<'_>) -> String {
    let (mut record, what) = if per_line { (&schema::SERVICE_LINE, "a line") } else { (&schema::CLAIM, "the claim") };
    let mut words = Vec::new();
    for name in field.value.split('.') {
        let Some((_, known)) = record.field(name) else {
            let remedy = meant(name, record.fields.iter().map(|field| field.name));
            let expected = format!("a field of {what}, as in \"procedure.modifiers\"");
            problems.at(field.span.start, &format!("{of}, at"), &format!("`{name}`"), &expected, &remedy);
            return String::new();
        };
        words.push(known.name.replace('_', "-"));
        match known.of {
            Type::Record(inner) | Type::List(&Type::Record(inner)) => record = inner,
            _ => record = &schema::NOTHING,
        }
    }
    words.join(".")
}

fn fix_of(table: &DeTable<'_>, at: usize, per_line: bool, of: &str, problems: &mut Problems<'_>) -> Option<Fix> {
    let mut keys = Keys::new(table, &format!("{of}, fix"), at, problems);
    if !per_line {
        keys.missing("each", "each = \"line\" in the rule: a fix changes the line that the rule looks at");
    }
    let add = keys.text("add_modifier");
    let remove = keys.text("remove_modifier");
    let units = keys.any("set_units").map(|value| (value.get_ref(), value.span()));
    let place = keys.text("set_place_of_service");
    let procedure = keys.text("set_procedure");
    let count = [add.is_some(), remove.is_some(), units.is_some(), place.is_some(), procedure.is_some()];
    if count.iter().filter(|is| **is).count() != 1 {
        let known = "one of add_modifier, remove_modifier, set_units, set_place_of_service, set_procedure";
        keys.wrong(at, "fix", "none or several", known, "");
    }
    let form = |text: &Text, length: usize| {
        text.value.len() == length && text.value.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    for (key, text, length) in [
        ("add_modifier", &add, 2),
        ("remove_modifier", &remove, 2),
        ("set_place_of_service", &place, 2),
        ("set_procedure", &procedure, 5),
    ] {
        if let Some(text) = text.as_ref().filter(|text| !form(text, length)) {
            let expected = format!("{length} capital letters or digits");
            keys.wrong(text.span.start, key, &format!("\"{}\"", text.value), &expected, "");
        }
    }
    keys.finish();
    if let Some((value, span)) = units {
        let of = format!("{of}, fix, set_units");
        let DeValue::String(text) = value else {
            problems.at(span.start, &of, kind(value), "a text: \"1\", or a calculation of the line's fields", "");
            return None;
        };
        let place = Place { of: &of, span: span.clone(), start: 0 };
        let checked = expression(text, &place, per_line, false, problems)?;
        let node = match checked.of {
            check::Of::One(Type::Decimal) if !checked.maybe => checked.node,
            check::Of::One(Type::Int) if !checked.maybe => {
                Node::Arithmetic(crate::ir::Arithmetic::Multiply, Box::new(checked.node), Box::new(Node::Int(1_000)))
            }
            _ => {
                problems.at(span.start, &of, "no number", "units, a number that is there", "");
                return None;
            }
        };
        return Some(Fix::SetUnits(node));
    }
    let add = add.map(|text| Fix::AddModifier(text.value));
    let remove = remove.map(|text| Fix::RemoveModifier(text.value));
    let place = place.map(|text| Fix::SetPlace(text.value));
    add.or(remove).or(place).or(procedure.map(|text| Fix::SetProcedure(text.value)))
}

/// `125`, `125.50` or `-3.5` as cents.
pub(crate) fn cents(text: &str) -> Option<i64> {
    scaled(text, 2)
}

/// A plain number with at most so many decimals, times ten to their power.
pub(crate) fn scaled(text: &str, decimals: usize) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) || fraction.len() > decimals {
        return None;
    }
    let joined: i64 = format!("{whole}{fraction:0<decimals$}").parse().ok()?;
    Some(sign * joined)
}
