//! What an edit is: its id, its text for people, and the function that looks at a claim.

use super::Context;
use crate::claim::{Claim, ClaimPlace, Finding, Fix, ServiceLine, Severity};

/// The text of an edit, in the order in which it is printed.
#[derive(Debug, Clone, Copy)]
pub struct Explain {
    /// What it does.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Where it is known to be wrong or silent.
    pub known_problems: &'static str,
    /// A claim that fails, and its repair.
    pub example: &'static str,
    /// Whether a fix is proposed and how safe it is.
    pub fix: &'static str,
}

/// One standard edit.
#[derive(Debug, Clone, Copy)]
pub struct Edit {
    /// Stable, dotted: `patient.name.missing`.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// Reject: the 837P cannot be built or no payer takes it. Hold: a person has to mend it. Warn: sent all the same.
    pub severity: Severity,
    /// Where it is stated: loop and element of 005010X222A1, a regulation, a CMS page.
    pub source: &'static str,
    /// The long text.
    pub explain: Explain,
    /// Looks at a claim and reports.
    pub check: fn(&Claim, &Context, &mut Report),
}

impl Edit {
    /// The whole text, as `rules explain` prints it.
    pub fn text(&self) -> String {
        let Explain { what, why, known_problems, example, fix } = self.explain;
        format!(
            "{} ({})\n{}\n\nWhat it does: {what}\nWhy it matters: {why}\nKnown problems: {known_problems}\nExample: {example}\nFix: {fix}\nReferences: {}\n",
            self.id,
            severity_name(self.severity),
            self.title,
            self.source
        )
    }
}

/// A severity in lower case, as people read it.
const fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Reject => "reject",
        Severity::Hold => "hold",
        Severity::Warn => "warn",
        Severity::Info => "info",
    }
}

/// Where an edit puts its findings.
pub struct Report<'a> {
    edit: &'a Edit,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Report<'a> {
    /// Findings of this edit go to this list.
    pub fn new(edit: &'a Edit, findings: &'a mut Vec<Finding>) -> Self {
        Self { edit, findings }
    }

    /// Findings of another edit, into the same list: for a pass that finds what several edits are about.
    pub fn of<'b>(&'b mut self, edit: &'b Edit) -> Report<'b>
    where
        'a: 'b,
    {
        Report { edit, findings: self.findings }
    }

    /// A finding about the claim as a whole.
    pub fn header(&mut self, field: impl Into<String>, words: impl Into<String>) {
        self.push(None, field.into(), words.into(), None);
    }

    /// A finding about a line, counted from 1.
    pub fn line(&mut self, line: u16, field: impl Into<String>, words: impl Into<String>) {
        self.push(Some(line), field.into(), words.into(), None);
    }

    /// A finding about either, with another severity than the edit's: policy decides.
    pub fn at_as(&mut self, severity: Severity, line: Option<u16>, field: impl Into<String>, words: impl Into<String>) {
        self.push(line, field.into(), words.into(), None);
        self.told_as(severity);
    }

    /// What was told last has another severity than the edit's.
    pub fn told_as(&mut self, severity: Severity) {
        if let Some(last) = self.findings.last_mut() {
            last.severity = severity;
        }
    }

    /// A finding about either.
    pub fn at(&mut self, line: Option<u16>, field: impl Into<String>, words: impl Into<String>) {
        self.push(line, field.into(), words.into(), None);
    }

    /// A finding about a line, with a change that a practice may let the host apply.
    pub fn line_with_fix(&mut self, line: u16, field: impl Into<String>, words: impl Into<String>, fix: Fix) {
        self.push(Some(line), field.into(), words.into(), Some(fix));
    }

    fn push(&mut self, line: Option<u16>, field: String, words: String, fix: Option<Fix>) {
        let Edit { id, severity, .. } = self.edit;
        self.findings.push(Finding {
            rule: (*id).to_owned(),
            severity: *severity,
            at: ClaimPlace { line, field },
            words,
            fix,
        });
    }
}

/// The lines with their numbers, from 1.
pub fn numbered(claim: &Claim) -> impl Iterator<Item = (u16, &ServiceLine)> + Clone {
    (1_u16..).zip(&claim.lines)
}
