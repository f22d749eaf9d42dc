//! The patient's date of birth and gender (DMG of 2010BA or 2010CA).

use crate::claim::{Claim, Severity, day_number};
use crate::scrub::form::{cpt_number, is_day};
use crate::scrub::{Context, Edit, Explain, Report};

const FIELD: &str = "patient.birth_date";

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "patient.birth-date.missing",
    title: "The patient has no date of birth",
    severity: Severity::Reject,
    source: "005010X222A1 2010BA/2010CA DMG02",
    explain: Explain {
        what: "Looks for a date of birth that is a day of the calendar.",
        why: "DMG02 is required, and payers match members by it.",
        known_problems: "None known.",
        example: "PID-7 is empty. Repair: complete the registration.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    if !claim.header.patient.birth_date.is_some_and(is_day) {
        report.header(FIELD, "The patient has no valid date of birth. Complete the registration.");
    }
}

/// See [`Edit::text`].
pub const IMPLAUSIBLE: Edit = Edit {
    id: "patient.birth-date.implausible",
    title: "The date of birth lies in the future or more than 125 years back",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA DMG02",
    explain: Explain {
        what: "Compares the date of birth with the day of the check.",
        why: "A wrong century or a swapped field is found here and not by the payer weeks later.",
        known_problems: "None known: nobody alive is older than 125.",
        example: "Born next year. Repair: correct the year in the registration.",
        fix: "None.",
    },
    check: implausible,
};

fn implausible(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(birth) = claim.header.patient.birth_date.filter(|date| is_day(*date)) else { return };
    if day_number(birth) > day_number(context.as_of) {
        report.header(FIELD, "The patient's date of birth lies in the future. Correct the registration.");
    } else if context.as_of.year.saturating_sub(birth.year) > 125 {
        report.header(FIELD, "The patient's date of birth is more than 125 years back. Correct the registration.");
    }
}

/// See [`Edit::text`].
pub const AFTER_SERVICE: Edit = Edit {
    id: "patient.birth-date.after-service",
    title: "A service is dated before the patient was born",
    severity: Severity::Hold,
    source: "005010X222A1 DMG02 with 2400 DTP 472",
    explain: Explain {
        what: "Compares each line's first day with the date of birth. The day of birth itself passes.",
        why: "Either date is wrong, or the charge is another patient's (often the mother's).",
        known_problems: "Services to an unborn child are billed for the mother and never seen here.",
        example: "Service 2026-03-01, birth 2026-03-02. Repair: correct the date, or move the charge to the right patient.",
        fix: "None.",
    },
    check: after_service,
};

fn after_service(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(birth) = claim.header.patient.birth_date.filter(|date| is_day(*date)) else { return };
    for (number, line) in super::numbered(claim) {
        if is_day(line.service_dates.start) && day_number(line.service_dates.start) < day_number(birth) {
            let words = format!(
                "Line {number} ({}) is dated before the patient was born. Correct the date of service or of birth, or move the charge to the right patient.",
                super::code(line)
            );
            report.line(number, "service_dates", words);
        }
    }
}

/// See [`Edit::text`].
pub const SERVICE_DAY: Edit = Edit {
    id: "patient.birth-date.service-day",
    title: "The date of birth is the day of service, and the service is none of a newborn",
    severity: Severity::Hold,
    source: "005010X222A1 2010BA/2010CA DMG02 with 2400 DTP 472",
    explain: Explain {
        what: "Finds a patient born on the first day of service who has an office visit or a preventive visit of the age of one year or more, and no diagnosis of birth (Z38, Z00.11, P00-P96).",
        why: "The day of the visit was typed, or filled in by default, where the birth date belongs; the payer does not find its member.",
        known_problems: "A newborn who is carried from home into an office on its first day, without a diagnosis of birth, is held.",
        example: "Service and birth on 2026-05-11, 99213 for hypertension. Repair: correct the registration.",
        fix: "None.",
    },
    check: service_day,
};

fn service_day(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(birth) = claim.header.patient.birth_date.filter(|date| is_day(*date)) else { return };
    let of_birth = |code: &str| code.starts_with("Z38") || code.starts_with("Z0011") || code.starts_with('P');
    if claim.header.diagnoses.iter().any(|diagnosis| of_birth(&diagnosis.code)) {
        return;
    }
    let is_visit = |code: &str| {
        let older = matches!(cpt_number(code), Some(99_202..=99_215 | 99_382..=99_387 | 99_392..=99_397));
        older || matches!(code, "G0402" | "G0438" | "G0439")
    };
    let first = claim.lines.iter().map(|line| line.service_dates.start).min_by_key(|day| day_number(*day));
    if first == Some(birth) && claim.lines.iter().any(|line| is_visit(&line.procedure.code)) {
        report.header(
            FIELD,
            "The patient's date of birth is the day of service, and the service is none of a newborn. Correct the registration.",
        );
    }
}

/// See [`Edit::text`].
pub const GENDER: Edit = Edit {
    id: "patient.gender.missing",
    title: "The patient's gender is not stated",
    severity: Severity::Reject,
    source: "005010X222A1 2010BA/2010CA DMG03",
    explain: Explain {
        what: "Looks for female, male or unknown.",
        why: "DMG03 is required. Unknown is an answer and passes; nothing is none.",
        known_problems: "None known.",
        example: "PID-8 is empty. Repair: complete the registration; U where it is not known.",
        fix: "None.",
    },
    check: gender,
};

fn gender(claim: &Claim, _: &Context, report: &mut Report) {
    if claim.header.patient.gender.is_none() {
        report.header("patient.gender", "The patient's gender is not stated. Enter F, M or U in the registration.");
    }
}
