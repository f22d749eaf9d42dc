//! Dates of the claim beside its services: accident, admission, onset, disability (2300 DTP, CLM11).

use crate::claim::{AccidentCause, Claim, ClaimDateKind, Date, Severity, day_number, service_span};
use crate::scrub::form::{is_day, is_state};
use crate::scrub::{Context, Edit, Explain, Report};

fn date(claim: &Claim, kind: ClaimDateKind) -> Option<Date> {
    let dates = &claim.header.extras.as_ref()?.dates;
    dates.iter().find(|date| date.kind == kind).map(|date| date.value.start).filter(|date| is_day(*date))
}

/// See [`Edit::text`].
pub const ACCIDENT: Edit = Edit {
    id: "accident.date.missing",
    title: "The claim speaks of an accident and does not say when or where",
    severity: Severity::Hold,
    source: "005010X222A1 2300 CLM11-1 to -4, DTP 439",
    explain: Explain {
        what: "With an auto accident or another one (CLM11 AA, OA) there is its date; with an auto accident the state where it was, unless a country is given.",
        why: "Both are required then; liability insurers and payers that look for one ask for them.",
        known_problems: "Accidents at work (EM) may have no single day and pass.",
        example: "CLM11 = AA without DTP 439. Repair: enter date and state of the accident.",
        fix: "None.",
    },
    check: accident,
};

fn accident(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(cause) = claim.header.extras.as_ref().and_then(|extras| extras.related_cause.as_ref()) else { return };
    let has = |one| cause.causes.contains(&one);
    if (has(AccidentCause::Auto) || has(AccidentCause::Other)) && date(claim, ClaimDateKind::Accident).is_none() {
        report
            .header("extras.dates", "The claim speaks of an accident and does not say when. Enter the accident date.");
    }
    if has(AccidentCause::Auto) && cause.country.trim().is_empty() && !is_state(cause.auto_state.trim()) {
        report.header(
            "extras.related_cause",
            "The claim speaks of an auto accident and does not say in which state. Enter it.",
        );
    }
}

/// See [`Edit::text`].
pub const ADMISSION: Edit = Edit {
    id: "admission-date.missing",
    title: "An inpatient place of service without admission date",
    severity: Severity::Hold,
    source: "005010X222A1 2300 DTP 435; Medicare Claims Processing Manual, chapter 26, section 10.4, item 18",
    explain: Explain {
        what: "A claim in place of service 21, 51 or 61 has the day of admission.",
        why: "It is required for inpatient visits; payers match the claim with the stay.",
        known_problems: "A test read for an inpatient without a visit is held too.",
        example: "POS 21 without DTP 435. Repair: enter the day of admission.",
        fix: "None: the first service is not always the day.",
    },
    check: admission,
};

fn admission(claim: &Claim, _: &Context, report: &mut Report) {
    let inpatient = matches!(claim.header.place_of_service.as_str(), "21" | "51" | "61");
    if inpatient && date(claim, ClaimDateKind::Admission).is_none() {
        report.header(
            "extras.dates",
            "The place of service is an inpatient one, and the day of admission is missing. Enter it.",
        );
    }
}

/// See [`Edit::text`].
pub const ORDER: Edit = Edit {
    id: "claim-date.order",
    title: "A date of the claim lies on the wrong side of the services",
    severity: Severity::Hold,
    source: "005010X222A1 2300 DTP 431, 439, 454, 304, 484, 435, 096, 360, 361",
    explain: Explain {
        what: "Onset, accident, initial treatment, last seen, last menstrual period and admission are not after the last service; discharge is not before admission; a disability does not end before it starts. None is in the future, but for the end of a disability.",
        why: "One of the two dates is wrong, and payers compare them.",
        known_problems: "None known.",
        example: "Accident a month after the visit. Repair: correct the date.",
        fix: "None.",
    },
    check: order,
};

fn order(claim: &Claim, context: &Context, report: &mut Report) {
    use ClaimDateKind::{
        Accident, Admission, DisabilityEnd, DisabilityStart, Discharge, InitialTreatment, LastMenstrualPeriod,
        LastSeen, Onset,
    };
    let Some(extras) = claim.header.extras.as_ref().filter(|extras| !extras.dates.is_empty()) else { return };
    let last = service_span(&claim.lines).map(|span| span.end).filter(|end| is_day(*end));
    let mut at = |what: &str| {
        report.header("extras.dates", format!("{what} Correct the date."));
    };
    for one in &extras.dates {
        let day = one.value.start;
        if !is_day(day) {
            continue;
        }
        let what = match one.kind {
            Onset => "The onset",
            Accident => "The accident",
            InitialTreatment => "The initial treatment",
            LastSeen => "The last visit to the physician",
            LastMenstrualPeriod => "The last menstrual period",
            Admission => "The admission",
            _ => continue,
        };
        if last.is_some_and(|last| day_number(day) > day_number(last)) || day_number(day) > day_number(context.as_of) {
            at(&format!("{what} lies after the last service."));
        }
    }
    let before = |first, second| {
        let both = date(claim, first).zip(date(claim, second));
        both.is_some_and(|(first, second)| day_number(second) < day_number(first))
    };
    if before(Admission, Discharge) {
        at("The discharge lies before the admission.");
    }
    if before(DisabilityStart, DisabilityEnd) {
        at("The disability ends before it starts.");
    }
}
