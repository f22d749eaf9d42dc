//! What the rules ask of a claim: lines with numbers, dates in order, modifiers, place of service.

use claimhost_sdk::claim::{Claim, Date, ServiceLine};
use claimhost_sdk::review::{ClaimPlace, DateBasis, Finding, Rule, Severity};

/// Year, month, day: compares as the calendar does.
pub type Day = (u16, u8, u8);

/// What is fixed of a rule.
pub struct Fact {
    /// Id.
    pub id: &'static str,
    /// One line.
    pub title: &'static str,
    /// What the finding does to a claim.
    pub severity: Severity,
    /// Page that states it.
    pub source: &'static str,
    /// First day of service.
    pub effective: Day,
}

impl Fact {
    /// For `describe`.
    pub fn rule(&self) -> Rule {
        let (year, month, day) = self.effective;
        Rule {
            id: self.id.to_owned(),
            title: self.title.to_owned(),
            severity: self.severity,
            source_url: self.source.to_owned(),
            effective: Some(Date { year, month, day }),
            ended: None,
            basis: DateBasis::Service,
        }
    }

    /// A finding about a line.
    pub fn finding(&self, line: u16, field: &str, words: String) -> Finding {
        Finding {
            rule: self.id.to_owned(),
            severity: self.severity,
            at: ClaimPlace { line: Some(line), field: field.to_owned() },
            words,
            fix: None,
        }
    }

    /// The lines, counted from 1, whose first day of service the rule holds for.
    pub fn lines<'a>(&self, claim: &'a Claim) -> impl Iterator<Item = (u16, &'a ServiceLine)> {
        let from = self.effective;
        (1_u16..).zip(&claim.lines).filter(move |(_, line)| {
            let start = line.service_dates.start;
            (start.year, start.month, start.day) >= from
        })
    }
}

/// Whether the line has one of the modifiers.
pub fn has_modifier(line: &ServiceLine, modifiers: &[&str]) -> bool {
    line.procedure.modifiers.iter().any(|modifier| modifiers.contains(&modifier.as_str()))
}

/// The line's own place of service, else the claim's.
pub fn place<'a>(claim: &'a Claim, line: &'a ServiceLine) -> &'a str {
    if line.place_of_service.is_empty() { &claim.header.place_of_service } else { &line.place_of_service }
}
