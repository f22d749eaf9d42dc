//! Timely filing: whether the payer still takes the claim.

use crate::claim::{Claim, Date, Frequency, Severity, day_number, destination, from_day_number, iso};
use crate::scrub::form::{is_day, is_medicare};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const FILING: Edit = Edit {
    id: "timely-filing.past",
    title: "The payer's time for filing is over",
    severity: Severity::Hold,
    source: "42 CFR 424.44 and Medicare Claims Processing Manual, chapter 1, section 70 (one calendar year from the service); the payer's entry in the practice profile: timely_filing_days",
    explain: Explain {
        what: "Compares the first day of each line with the day of the check: for Medicare (filing indicator MB or MA) one calendar year, for others `timely_filing_days` of the payer. The last day itself passes.",
        why: "A claim filed late is denied for good, and the patient may not be billed for it.",
        known_problems: "Replacements, voids and claims to a later payer have limits of their own and are not looked at; a claim with a delay reason (CLM20) passes. A payer without the key has no limit here.",
        example: "Service 2025-03-02, checked 2026-03-03, Medicare. Repair: a delay reason where one of the exceptions applies; else write it off.",
        fix: "None.",
    },
    check: filing,
};

/// The last day for filing of a Medicare service: the same day of the next year; 28 February for 29.
fn medicare_limit(service: Date) -> Date {
    let day = if service.month == 2 && service.day == 29 { 28 } else { service.day };
    Date { year: service.year.saturating_add(1), month: service.month, day }
}

fn filing(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(coverage) = destination(claim) else { return };
    let delayed = claim.header.extras.as_ref().is_some_and(|extras| !extras.delay_reason.trim().is_empty());
    let later_payer = super::coordination::rank(coverage.responsibility) > 1;
    if claim.frequency != Frequency::Original || claim.destination > 0 || later_payer || delayed {
        return;
    }
    let days =
        context.profile.payer.iter().find(|payer| payer.id == coverage.payer.id).map(|payer| payer.timely_filing_days);
    for (number, line) in super::numbered(claim) {
        let service = line.service_dates.start;
        if !is_day(service) {
            continue;
        }
        let limit = match days {
            Some(days) if days > 0 => from_day_number(day_number(service) + i64::from(days)),
            _ if is_medicare(&coverage.filing_indicator) => medicare_limit(service),
            _ => return,
        };
        if day_number(context.as_of) > day_number(limit) {
            let words = format!(
                "Line {number} ({}): the payer took it until {}. Enter a delay reason where an exception applies, or write it off.",
                super::code(line),
                iso(limit)
            );
            report.line(number, "service_dates", words);
        }
    }
}
