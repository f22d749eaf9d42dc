//! The practice's own codes: those whose crosswalk says nothing for the day, says two things, or leads to a code that is not in
//! force. Codes without any row are `procedure.unmapped` and `diagnosis.system`.
//!
//! The practice's own code stands in the words only where a row of its crosswalk has it: any other may be a shifted field.

use crate::audit::codes::not_in_force;
use crate::claim::{Claim, DiagnosisSystem, ProcedureSystem, Severity, day_number, service_span};
use crate::practice::{CodeSet, Mapped, Mapping};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const OTHER_DAYS: Edit = Edit {
    id: "crosswalk.other-days",
    title: "The crosswalk knows the practice's own code on other days only",
    severity: Severity::Hold,
    source: "45 CFR 162.1002: CPT, HCPCS and ICD-10-CM only; the practice's crosswalk",
    explain: Explain {
        what: "Finds own codes with rows of the crosswalk of which none has the day of service.",
        why: "No payer knows the practice's own codes, and the code that was right last year is not guessed to be right today.",
        known_problems: "A code that has itself the form of CPT or HCPCS is taken as one outside of its rows.",
        example: "OV3 mapped to 2025-12-31, service 2026-01-02. Repair: a row for the new year.",
        fix: "None: what it is billed as now, the practice decides.",
    },
    check: other_days,
};

/// See [`Edit::text`].
pub const TWO_WAYS: Edit = Edit {
    id: "crosswalk.ambiguous",
    title: "The crosswalk maps a code two ways on the day of service",
    severity: Severity::Hold,
    source: "the practice's crosswalk",
    explain: Explain {
        what: "Finds codes with two rows that have the day of service and say different codes or modifiers.",
        why: "One of the two is wrong, and both would be paid: nobody would notice.",
        known_problems: "None known. `claimhost check-config` names such rows before any claim.",
        example: "OV3 = 99213 from January, OV3 = 99214 from March, the first without an end. Repair: end the first in February.",
        fix: "None: which row is right, the practice decides.",
    },
    check: two_ways,
};

/// See [`Edit::text`].
pub const RETIRED: Edit = Edit {
    id: "crosswalk.retired",
    title: "The crosswalk leads to a code that is not in force on the day of service",
    severity: Severity::Hold,
    source: "the practice's crosswalk; ICD-10-CM and HCPCS Level II as published (`claimhost codes list`)",
    explain: Explain {
        what: "Asks the code lists of the day for each code that a row of the crosswalk leads to: ended, not begun, a category, or none at all. Says what replaced it where that is published.",
        why: "A crosswalk is written once, and codes end each January, April and October; every visit since is denied.",
        known_problems: "A code that the EHR sent as it is, and that a row leads to as well, is told of here too: the row is wrong all the same. CPT numbers are known only where a list was imported.",
        example: "INJ leads to J0885, ended. Repair: end the row on that day, and add one for its successor.",
        fix: "None: a successor may need other units.",
    },
    check: retired,
};

fn other_days(claim: &Claim, context: &Context, report: &mut Report) {
    each(claim, context, |line, at, mapped, is_own| {
        if let (Mapped::OtherDays(row), true) = (mapped, is_own) {
            let words = format!(
                "The crosswalk maps {} only {} ({}: {}), not on the day of service. Add a row for that day.",
                row.code,
                row.days_in_words(),
                row.row,
                row.billed_as()
            );
            report.at(line, at, words);
        }
    });
}

fn two_ways(claim: &Claim, context: &Context, report: &mut Report) {
    each(claim, context, |line, at, mapped, _| {
        if let Mapped::TwoWays(conflict) = mapped {
            let words = conflict.words();
            let (first, rest) = words.split_at(words.chars().next().map_or(0, char::len_utf8));
            report.at(line, at, format!("{}{rest}.", first.to_uppercase()));
        }
    });
}

/// Calls with what the crosswalk says of every code: line, field, and whether the code is no public one.
fn each<'a>(claim: &Claim, context: &Context<'a>, mut call: impl FnMut(Option<u16>, String, Mapped<'a>, bool)) {
    let crosswalk = &context.profile.crosswalk;
    if crosswalk.is_empty() {
        return;
    }
    let first = service_span(&claim.lines).map(|span| day_number(span.start));
    for (at, diagnosis) in claim.header.diagnoses.iter().enumerate() {
        let mapped = crosswalk.on(CodeSet::Diagnosis, &diagnosis.code, first);
        call(None, format!("diagnoses[{at}]"), mapped, diagnosis.system == DiagnosisSystem::Other);
    }
    for (number, line) in super::numbered(claim) {
        let day = Some(day_number(line.service_dates.start));
        let mapped = crosswalk.on(CodeSet::Procedure, &line.procedure.code, day);
        let is_own = line.procedure.system == ProcedureSystem::Internal;
        call(Some(number), "procedure.code".to_owned(), mapped, is_own);
    }
}

fn retired(claim: &Claim, context: &Context, report: &mut Report) {
    let crosswalk = &context.profile.crosswalk;
    if crosswalk.is_empty() {
        return;
    }
    if let Some(day) = service_span(&claim.lines).map(|span| day_number(span.start)) {
        for (at, diagnosis) in claim.header.diagnoses.iter().enumerate() {
            let row = crosswalk.source(CodeSet::Diagnosis, &diagnosis.code, day);
            if let Some(words) = row.and_then(|row| retirement(context, row, day)) {
                report.header(format!("diagnoses[{at}]"), words);
            }
        }
    }
    for (number, line) in super::numbered(claim) {
        let day = day_number(line.service_dates.start);
        let row = crosswalk.source(CodeSet::Procedure, &line.procedure.code, day);
        if let Some(words) = row.and_then(|row| retirement(context, row, day)) {
            report.line(number, "procedure.code", words);
        }
    }
}

fn retirement(context: &Context, row: &Mapping, day: i64) -> Option<String> {
    let (why, instead) = not_in_force(context.codes, row.set, &row.target, day)?;
    let instead = if instead.is_empty() { String::new() } else { format!(" ({})", instead.join(", ")) };
    Some(format!(
        "The crosswalk maps {} to {} ({}), {why}{instead}. Correct the row, or end it and add one for this day.",
        row.code, row.target, row.row
    ))
}

/// Whether the crosswalk has a row for a code, on whatever day.
pub(super) fn knows(context: &Context, set: CodeSet, code: &str) -> bool {
    let crosswalk = &context.profile.crosswalk;
    !crosswalk.is_empty() && crosswalk.on(set, code, None) != Mapped::Unknown
}
