//! A table over a claim: which rules are in force, which can touch it, and what they find.

use claimhost_sdk::calendar::civil;
use claimhost_sdk::claim::Date;
use claimhost_sdk::review::{self, ClaimInContext, ClaimPlace, Finding, LineModifier, LineText, LineUnits, Severity};

use crate::eval::{Env, Trouble, first_day};
use crate::message::shown;
use crate::table::{Basis, Fix, Rule, Table};
use crate::value::{Reflect, Value, day_number};

/// Modifiers that an 837P line has room for.
const MODIFIERS_MAX: usize = 4;

/// How a rule's look at a claim ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is for other days.
    NotInForce,
    /// It cannot touch the claim: what it needs, in words.
    NotTouched(String),
    /// It looked and found nothing.
    Passed,
    /// It found so many things.
    Found(usize),
    /// Its condition has no answer here.
    Failed(String),
}

/// What a rule says of a claim or a line.
struct Found {
    finding: Finding,
    /// Its condition, or its words, have no answer: the finding says so, and holds.
    is_trouble: bool,
}

/// What one rule saw of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The rule.
    pub rule: String,
    /// Its title.
    pub title: String,
    /// First and last day, as days since 1970.
    pub effective: Option<i64>,
    /// The last day.
    pub ended: Option<i64>,
    /// How it ended.
    pub end: End,
    /// What it read: as the condition writes it, and what was there. The claim's own values: for an authorised reader.
    pub saw: Vec<(String, String)>,
}

impl Table {
    /// What the rules find on a claim, in the order of the table, then of the lines.
    pub fn check(&self, context: &ClaimInContext) -> Vec<Finding> {
        let mut touched = vec![false; self.rules.len()];
        self.index.find(&context.claim, &mut touched);
        self.among(context, &touched, true)
    }

    /// The same without the index: for the proof that it changes nothing.
    pub fn check_every_rule(&self, context: &ClaimInContext) -> Vec<Finding> {
        self.among(context, &vec![true; self.rules.len()], false)
    }

    fn among(&self, context: &ClaimInContext, touched: &[bool], indexed: bool) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut env = Env::new(context);
        let first = first_day(&context.claim.lines);
        for (rule, _) in self.rules.iter().zip(touched).filter(|(_, touched)| **touched) {
            if !indexed || rule.need.allows(&context.claim) {
                rule.look(&mut env, first, indexed, &mut findings);
            }
        }
        findings.into_iter().map(|found| found.finding).collect()
    }

    /// What one rule finds on a claim, how that ended, and what it read.
    #[cfg(feature = "cases")]
    pub(crate) fn try_rule(&self, rule: &Rule, context: &ClaimInContext) -> (Vec<Finding>, Seen) {
        let first = first_day(&context.claim.lines);
        let mut found = Vec::new();
        if rule.need.allows(&context.claim) {
            rule.look(&mut Env::new(context), first, true, &mut found);
        }
        let findings = found.into_iter().map(|found| found.finding).collect();
        (findings, rule.explain(&mut Env::new(context), first, true))
    }

    /// The rules as the contract describes them.
    pub fn describe(&self) -> Vec<review::Rule> {
        let describe = |rule: &Rule| review::Rule {
            id: rule.id.clone(),
            title: rule.title.clone(),
            severity: rule.severity,
            source_url: rule.source.clone(),
            effective: rule.effective.and_then(date),
            ended: rule.ended.and_then(date),
            basis: rule.basis.into(),
        };
        self.rules.iter().map(describe).collect()
    }

    /// What every rule made of a claim, and what it read of it.
    pub fn explain(&self, context: &ClaimInContext) -> Vec<Seen> {
        let first = first_day(&context.claim.lines);
        let mut touched = vec![false; self.rules.len()];
        self.index.find(&context.claim, &mut touched);
        let explained = self.rules.iter().zip(&touched).map(|(rule, touched)| {
            let mut env = Env::new(context);
            rule.explain(&mut env, first, *touched)
        });
        explained.collect()
    }
}

/// A day of the contract, of a number.
fn date(number: i64) -> Option<Date> {
    let (year, month, day) = civil(number);
    Some(Date { year: u16::try_from(year).ok()?, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
}

impl Rule {
    /// Whether it counts on a day of service, checked on another.
    fn is_in_force(&self, service: Option<i64>, receipt: i64) -> bool {
        let day = match self.basis {
            Basis::Service => service,
            Basis::Receipt => Some(receipt),
        };
        // A claim without a day has none that is outside.
        day.is_none_or(|day| self.effective.is_none_or(|from| from <= day) && self.ended.is_none_or(|to| day <= to))
    }

    fn since(&self, first: Option<i64>) -> i64 {
        first.map_or(i64::MAX, |first| first.saturating_sub(i64::from(self.look_back_days)))
    }

    fn look<'a>(&'a self, env: &mut Env<'a>, first: Option<i64>, indexed: bool, found: &mut Vec<Found>) {
        let context = env.context;
        let receipt = day_number(context.as_of);
        env.since = self.since(first);
        env.restart();
        if !self.per_line {
            if self.is_in_force(first, receipt) {
                found.extend(self.one(env, None));
            }
            return;
        }
        for (number, line) in (1_u16..).zip(&context.claim.lines) {
            if indexed && !self.need.allows_line(line) {
                continue;
            }
            if !self.is_in_force(Some(day_number(line.service_dates.start)), receipt) {
                continue;
            }
            env.line_number = number;
            if let Some(place) = env.slots.first_mut() {
                *place = line.value();
            }
            found.extend(self.one(env, Some(number)));
        }
    }

    /// The finding about the claim, or about a line. A condition without an answer is a finding too: rules fail closed.
    fn one<'a>(&'a self, env: &mut Env<'a>, line: Option<u16>) -> Option<Found> {
        let at = ClaimPlace { line, field: self.field.clone() };
        let found = env.holds(&self.when).and_then(|holds| if holds { self.words(env).map(Some) } else { Ok(None) });
        match found {
            Ok(None) => None,
            Ok(Some(words)) => {
                let (rule, severity, fix) = (self.id.clone(), self.severity, self.fix(env, line));
                Some(Found { finding: Finding { rule, severity, at, words, fix }, is_trouble: false })
            }
            Err(trouble) => {
                let words = format!(
                    "The rule could not be evaluated on this claim: {trouble}. Correct the rule (line {} of its table); the \
                     claim waits.",
                    self.line
                );
                let (rule, severity) = (self.id.clone(), Severity::Hold);
                Some(Found { finding: Finding { rule, severity, at, words, fix: None }, is_trouble: true })
            }
        }
    }

    fn words<'a>(&'a self, env: &mut Env<'a>) -> Result<String, Trouble> {
        self.message.write(env)
    }

    /// The change it proposes: none where there is no room for it, or nothing would change.
    fn fix<'a>(&'a self, env: &mut Env<'a>, line: Option<u16>) -> Option<review::Fix> {
        let number = line?;
        let line = env.context.claim.lines.get(usize::from(number).checked_sub(1)?)?;
        let modifiers = &line.procedure.modifiers;
        match self.fix.as_ref()? {
            Fix::AddModifier(modifier) => (modifiers.len() < MODIFIERS_MAX && !modifiers.contains(modifier))
                .then(|| review::Fix::AddModifier(LineModifier { line: number, modifier: modifier.clone() })),
            Fix::RemoveModifier(modifier) => modifiers
                .contains(modifier)
                .then(|| review::Fix::RemoveModifier(LineModifier { line: number, modifier: modifier.clone() })),
            Fix::SetUnits(node) => match env.value(node) {
                Ok(Value::Int(thousandths)) if thousandths > 0 && thousandths != line.units.thousandths => {
                    Some(review::Fix::SetUnits(LineUnits { line: number, thousandths }))
                }
                _ => None,
            },
            Fix::SetPlace(value) => (line.place_of_service != *value)
                .then(|| review::Fix::SetPlaceOfService(LineText { line: number, value: value.clone() })),
            Fix::SetProcedure(value) => (line.procedure.code != *value)
                .then(|| review::Fix::SetProcedure(LineText { line: number, value: value.clone() })),
        }
    }

    fn explain<'a>(&'a self, env: &mut Env<'a>, first: Option<i64>, touched: bool) -> Seen {
        let context = env.context;
        let receipt = day_number(context.as_of);
        env.since = self.since(first);
        let days = context.claim.lines.iter().map(|line| Some(day_number(line.service_dates.start)));
        let in_force = if self.per_line {
            days.clone().any(|day| self.is_in_force(day, receipt))
        } else {
            self.is_in_force(first, receipt)
        };
        let mut seen = Seen {
            rule: self.id.clone(),
            title: self.title.clone(),
            effective: self.effective,
            ended: self.ended,
            end: End::NotInForce,
            saw: Vec::new(),
        };
        if !in_force {
            return seen;
        }
        if !touched || !self.need.allows(&context.claim) {
            seen.end = End::NotTouched(self.need.words());
            return seen;
        }
        let mut found = Vec::new();
        self.look(env, first, true, &mut found);
        env.restart();
        let trouble = found.iter().find(|found| found.is_trouble);
        seen.end = match (trouble, found.len()) {
            (Some(found), _) => End::Failed(found.finding.words.clone()),
            (None, 0) => End::Passed,
            (None, count) => End::Found(count),
        };
        if !self.per_line {
            self.saw(env, "", &mut seen.saw);
            return seen;
        }
        let lines = (1_u16..).zip(&context.claim.lines).filter(|(_, line)| self.need.allows_line(line));
        for (number, line) in lines {
            env.line_number = number;
            if let Some(place) = env.slots.first_mut() {
                *place = line.value();
            }
            self.saw(env, &format!("line {number}: "), &mut seen.saw);
        }
        seen
    }

    fn saw<'a>(&'a self, env: &mut Env<'a>, prefix: &str, out: &mut Vec<(String, String)>) {
        for read in &self.reads {
            let label = format!("{}{}", if read.of_line { prefix } else { "" }, read.label);
            if out.iter().any(|(known, _)| *known == label) {
                continue;
            }
            let value = shown(env, &read.node, read.of).unwrap_or_else(|trouble| trouble.to_string());
            out.push((label, value));
        }
    }
}
