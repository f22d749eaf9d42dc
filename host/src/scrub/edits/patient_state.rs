//! What the registration says of the patient's life: date of death, pregnancy.

use crate::claim::{Claim, Gender, Severity, day_number};
use crate::scrub::form::is_day;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const DEATH: Edit = Edit {
    id: "patient.death-date.implausible",
    title: "The date of death lies before birth or in the future",
    severity: Severity::Hold,
    source: "005010X222A1 2000B/2000C PAT06 with DMG02",
    explain: Explain {
        what: "Compares the date of death with the date of birth and the day of the check.",
        why: "A wrong date of death closes the patient's cover at every payer.",
        known_problems: "None known.",
        example: "Died the year before the birth. Repair: correct the registration.",
        fix: "None.",
    },
    check: death,
};

fn death(claim: &Claim, context: &Context, report: &mut Report) {
    let patient = &claim.header.patient;
    let Some(death) = patient.death_date.filter(|date| is_day(*date)) else { return };
    let before_birth = patient.birth_date.is_some_and(|birth| is_day(birth) && day_number(death) < day_number(birth));
    if before_birth || day_number(death) > day_number(context.as_of) {
        let when = if before_birth { "before the birth" } else { "in the future" };
        report.header(
            "patient.death_date",
            format!("The patient's date of death lies {when}. Correct the registration."),
        );
    }
}

/// See [`Edit::text`].
pub const PREGNANT: Edit = Edit {
    id: "patient.pregnant.male",
    title: "A male patient is said to be pregnant",
    severity: Severity::Hold,
    source: "005010X222A1 2000B/2000C PAT09; 2300 DTP 484 (last menstrual period)",
    explain: Explain {
        what: "Finds the pregnancy indicator or a last menstrual period with gender male.",
        why: "Gender or indicator is wrong, and the payer compares both.",
        known_problems: "A pregnant trans man is held: the payer's record of the gender decides what to send.",
        example: "PAT09 = Y with DMG03 = M. Repair: correct the registration.",
        fix: "None.",
    },
    check: pregnant,
};

fn pregnant(claim: &Claim, _: &Context, report: &mut Report) {
    use crate::claim::ClaimDateKind::LastMenstrualPeriod;
    let patient = &claim.header.patient;
    let dates = claim.header.extras.as_ref().map_or(&[][..], |extras| &extras.dates);
    let said = patient.pregnant || dates.iter().any(|date| date.kind == LastMenstrualPeriod);
    if said && patient.gender == Some(Gender::Male) {
        report.header(
            "patient.gender",
            "The patient is male and said to be pregnant. Correct the gender or the pregnancy indicator.",
        );
    }
}
