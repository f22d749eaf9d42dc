//! Rule tables: payers' rules that people edit, active by lying in a folder. Each is for the claims that its header names.
//!
//! [`RuleTable::load`] makes a table of bytes, or says what is wrong with it; [`Tables`] (`folder.rs`) holds those that are active, `history.rs`
//! keeps those that were. The language is `claimhost-rules`; a table runs in the sandbox, in the component `rule-table`. What others see of a table: `convert.rs` brings the host's
//! records to the evaluation of tables for reports, `shadow.rs` compares a candidate with what is stored.

mod convert;
mod folder;
mod history;
pub mod shadow;

use std::sync::Arc;

use claimhost_rules::{Basis, Header, Problem, Table, cases};
use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

pub use convert::to_contract;
pub use folder::{Activated, ActivationError, Refreshed, Tables};
pub use history::{Activation, FILE_CHANGED};

use crate::claim::{Claim, Date, Rule, Setup, day_number, destination, service_span};

/// Id of the component that runs tables.
pub const COMPONENT: &str = "rule-table";

/// A table that may be active.
#[derive(Debug)]
pub struct RuleTable {
    /// Its text.
    pub text: String,
    /// What the component gets: the text without its cases.
    run: String,
    /// SHA-256 of the text, hex.
    pub digest: String,
    /// Header, rules and cases.
    pub table: Table,
    /// Its rules as the contract describes them.
    pub rules: Vec<Rule>,
}

/// Why a table cannot be used: each problem on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", told(name, problems))]
pub struct TableError {
    /// The file.
    pub name: String,
    /// Each with line and column.
    pub problems: Vec<Problem>,
}

fn told(name: &str, problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(|problem| format!("{name}: {problem}")).collect();
    lines.join("\n")
}

impl RuleTable {
    /// Reads, checks and tries a table: its own cases have to pass, and every rule has to have one that finds something and one that
    /// does not. What a reloader calls.
    ///
    /// # Errors
    /// [`TableError`] with every problem, each at its line and column.
    pub fn load(name: &str, bytes: &[u8]) -> Result<Self, TableError> {
        let loaded = Self::read(name, bytes)?;
        let untried = cases::untried(&loaded.table).into_iter().map(|(rule, line, what)| Problem {
            line,
            column: 1,
            of: format!("rule \"{rule}\""),
            found: what.to_owned(),
            expected: "cases of both kinds".to_owned(),
            remedy: "write a [[rule.case]]".to_owned(),
        });
        let failed = cases::run(&loaded.table).into_iter().filter(|outcome| !outcome.passes()).map(|outcome| {
            let expected = match outcome.expected {
                cases::Finds::Something => "a finding".to_owned(),
                cases::Finds::Exactly(0) => "none".to_owned(),
                cases::Finds::Exactly(count) => format!("{count} findings"),
            };
            Problem {
                line: outcome.line,
                column: 1,
                of: format!("rule \"{}\", case \"{}\"", outcome.rule, outcome.case),
                found: outcome.trouble.unwrap_or_else(|| format!("{} findings", outcome.findings.len())),
                expected,
                remedy: "`claimhost rules test` shows what the rule saw".to_owned(),
            }
        });
        let problems: Vec<Problem> = untried.chain(failed).collect();
        if problems.is_empty() { Ok(loaded) } else { Err(TableError { name: name.to_owned(), problems }) }
    }

    /// The same without trying its cases: for the command that tries them.
    ///
    /// # Errors
    /// As [`RuleTable::load`].
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, TableError> {
        let refused = |problems: Vec<Problem>| TableError { name: name.to_owned(), problems };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
            let (found, expected) = ("bytes that are no UTF-8".to_owned(), "UTF-8".to_owned());
            refused(vec![Problem {
                line,
                column,
                of: String::new(),
                found,
                expected,
                remedy: "save it as UTF-8".to_owned(),
            }])
        })?;
        let table = Table::read_with_cases(text).map_err(refused)?;
        let rules = convert::rules(&table);
        let run = table.without_cases(text);
        Ok(Self { text: text.to_owned(), run, digest: digest(text), table, rules })
    }

    /// What it is and whom it is for.
    pub fn header(&self) -> &Header {
        &self.table.header
    }

    /// What a session of the component is opened with.
    pub fn setup(&self) -> Setup {
        Setup { settings: Vec::new(), mapping: self.run.clone() }
    }

    /// Whether it is for a claim of a practice, checked on a day.
    pub fn is_for(&self, practice: &str, claim: &Claim, as_of: Date) -> bool {
        let header = self.header();
        let one = |known: &[String], text: &str| known.is_empty() || known.iter().any(|known| same(known, text));
        if !one(&header.practices, practice)
            || !one(&header.states, claim_state(claim))
            || !counts_on(header, claim, as_of)
        {
            return false;
        }
        let Some(coverage) = destination(claim) else {
            return header.payers.is_empty() && header.filing_indicators.is_empty() && header.plans.is_empty();
        };
        let plans = || {
            let of = [&coverage.subscriber.group_number, &coverage.subscriber.group_name];
            let codes = coverage.payer.local_ids.iter();
            of.into_iter().chain(codes).any(|text| !text.trim().is_empty() && one(&header.plans, text))
        };
        one(&header.payers, &coverage.payer.id)
            && one(&header.filing_indicators, &coverage.filing_indicator)
            && (header.plans.is_empty() || plans())
    }
}

/// SHA-256 of a table's text, hex.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn same(left: &str, right: &str) -> bool {
    left.trim().eq_ignore_ascii_case(right.trim())
}

/// The state where services are given: the facility's, else the billing provider's.
fn claim_state(claim: &Claim) -> &str {
    let header = &claim.header;
    let facility = header.service_facility.as_ref().and_then(|provider| provider.address.as_ref());
    let billing = header.billing.as_ref().and_then(|provider| provider.address.as_ref());
    facility.or(billing).map_or("", |address| address.state.as_str())
}

fn counts_on(header: &Header, claim: &Claim, as_of: Date) -> bool {
    let day = match header.basis {
        Basis::Receipt => Some(day_number(as_of)),
        Basis::Service => service_span(&claim.lines).map(|span| day_number(span.start)),
    };
    day.is_none_or(|day| header.effective.is_none_or(|from| from <= day) && header.ended.is_none_or(|to| day <= to))
}

/// A table that looked at a claim, as it was then.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, claimhost_derive::Read)]
pub struct TableRef {
    /// The table.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its text, hex.
    pub digest: String,
    /// The day that the rules saw, ISO 8601.
    pub on: String,
}

impl TableRef {
    /// Of a table on a day.
    pub fn of(table: &RuleTable, on: Date) -> Self {
        let header = table.header();
        let (id, version, digest) = (header.id.clone(), header.version.clone(), table.digest.clone());
        Self { id, version, digest, on: crate::claim::iso(on) }
    }
}

/// The active tables of a moment.
pub type Active = Arc<Vec<Arc<RuleTable>>>;
