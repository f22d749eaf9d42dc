//! What every rule asks of a claim: lines with numbers, who renders, dates in order, modifiers.

use claimhost_sdk::claim::{Claim, Date, DateRange, ServiceLine};
use claimhost_sdk::review::{ClaimPlace, Finding, Fix, Severity};

/// Year, month, day: compares as the calendar does.
pub type Day = (u16, u8, u8);

/// The day as a comparable value.
pub fn day(date: Date) -> Day {
    (date.year, date.month, date.day)
}

/// A day of the contract.
pub const fn date((year, month, day): Day) -> Date {
    Date { year, month, day }
}

/// Same first and last day.
pub fn same_dates(left: DateRange, right: DateRange) -> bool {
    day(left.start) == day(right.start) && day(left.end) == day(right.end)
}

/// The lines, counted from 1.
pub fn numbered(claim: &Claim) -> impl Iterator<Item = (u16, &ServiceLine)> {
    (1_u16..).zip(&claim.lines)
}

/// NPI of who rendered the line: 2420A, else 2310B, else the billing provider.
pub fn rendering_npi<'a>(claim: &'a Claim, line: &'a ServiceLine) -> &'a str {
    let own = line.providers.as_ref().and_then(|providers| providers.rendering.as_ref());
    let provider = own.or(claim.header.rendering.as_ref()).or(claim.header.billing.as_ref());
    provider.and_then(|provider| provider.npi.as_deref()).unwrap_or_default()
}

/// Whether the line has one of the modifiers.
pub fn has_modifier(line: &ServiceLine, modifiers: &[&str]) -> bool {
    line.procedure.modifiers.iter().any(|modifier| modifiers.contains(&modifier.as_str()))
}

/// Office or other outpatient visits, new and established patients.
pub fn is_office_visit(code: &str) -> bool {
    matches!(code, "99202" | "99203" | "99204" | "99205" | "99211" | "99212" | "99213" | "99214" | "99215")
}

/// A finding about a line.
pub fn finding(rule: &str, severity: Severity, line: u16, field: &str, words: String, fix: Option<Fix>) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        at: ClaimPlace { line: Some(line), field: field.to_owned() },
        words,
        fix,
    }
}
