//! Dates of service (DTP 472).

use crate::claim::{Claim, Severity, day_number, iso};
use crate::scrub::form::is_day;
use crate::scrub::{Context, Edit, Explain, Report};

const FIELD: &str = "service_dates";

/// See [`Edit::text`].
pub const INVALID: Edit = Edit {
    id: "service-date.invalid",
    title: "A date of service is missing, no day of the calendar, or ends before it starts",
    severity: Severity::Reject,
    source: "005010X222A1 2400 DTP 472",
    explain: Explain {
        what: "First and last day of every line exist and are in order.",
        why: "DTP 472 is required; a receiver rejects a day that does not exist.",
        known_problems: "None known.",
        example: "From 2026-03-05 to 2026-03-02. Repair: correct the charge.",
        fix: "None.",
    },
    check: invalid,
};

fn invalid(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let dates = line.service_dates;
        if !is_day(dates.start) || !is_day(dates.end) {
            report.line(
                number,
                FIELD,
                format!("Line {number} ({}) has no valid date of service. Correct the charge.", super::code(line)),
            );
        } else if day_number(dates.start) > day_number(dates.end) {
            report.line(
                number,
                FIELD,
                format!(
                    "The service of line {number} ({}) ends before it starts. Correct the charge.",
                    super::code(line)
                ),
            );
        }
    }
}

/// See [`Edit::text`].
pub const FUTURE: Edit = Edit {
    id: "service-date.future",
    title: "A service lies in the future",
    severity: Severity::Hold,
    source: "005010X222A1 2400 DTP 472",
    explain: Explain {
        what: "No line's last day is after the day of the check.",
        why: "What has not been done cannot be billed.",
        known_problems: "Monthly rentals billed ahead are held.",
        example: "A wrong month or year. Repair: correct the charge.",
        fix: "None.",
    },
    check: future,
};

fn future(claim: &Claim, context: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let end = line.service_dates.end;
        if is_day(end) && day_number(end) > day_number(context.as_of) {
            let words = format!(
                "Line {number} ({}) is dated {}, in the future. Correct the date of service.",
                super::code(line),
                iso(end)
            );
            report.line(number, FIELD, words);
        }
    }
}

/// See [`Edit::text`].
pub const AFTER_DEATH: Edit = Edit {
    id: "service-date.after-death",
    title: "A service is dated after the patient's death",
    severity: Severity::Hold,
    source: "005010X222A1 2000B/2000C PAT06 with 2400 DTP 472",
    explain: Explain {
        what: "No line's first day is after the date of death. The day itself passes.",
        why: "Payers deny it, and a wrong date of death closes the patient's cover.",
        known_problems: "Pathology after death is billed to others and not seen here.",
        example: "A charge on the wrong patient. Repair: correct date or patient.",
        fix: "None.",
    },
    check: after_death,
};

fn after_death(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(death) = claim.header.patient.death_date.filter(|date| is_day(*date)) else { return };
    for (number, line) in super::numbered(claim) {
        if is_day(line.service_dates.start) && day_number(line.service_dates.start) > day_number(death) {
            let words = format!(
                "Line {number} ({}) is dated after the patient's death. Correct the date of service or of death.",
                super::code(line)
            );
            report.line(number, FIELD, words);
        }
    }
}

/// See [`Edit::text`].
pub const SPANS_YEARS: Edit = Edit {
    id: "service-date.spans-years",
    title: "A service spans two calendar years",
    severity: Severity::Warn,
    source: "005010X222A1 2400 DTP 472; 42 CFR 410.160 (the deductible is annual)",
    explain: Explain {
        what: "First and last day of a line lie in one year.",
        why: "Deductibles start anew each year; several payers want one line for each.",
        known_problems: "A night between the years is one service for most payers: therefore a warning.",
        example: "2025-12-30 to 2026-01-02. Repair: one line for each year.",
        fix: "None.",
    },
    check: spans_years,
};

fn spans_years(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let dates = line.service_dates;
        if is_day(dates.start) && is_day(dates.end) && dates.start.year < dates.end.year {
            report.line(
                number,
                FIELD,
                format!(
                    "Line {number} ({}) spans two calendar years; several payers want a line for each.",
                    super::code(line)
                ),
            );
        }
    }
}
