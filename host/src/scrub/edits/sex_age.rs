//! Diagnoses and procedures against the patient's gender and age.
//!
//! Whole categories of which no member fits the other sex or another age. Transgender patients pass as CMS says: condition
//! code 45 on the claim, or modifier KX on the line (Medicare Claims Processing Manual, chapter 32, section 240).

use crate::claim::{Claim, Gender, ServiceLine, Severity, day_number};
use crate::scrub::form::{age_years, cpt_number};
use crate::scrub::{Context, Edit, Explain, Report};

pub(super) fn incongruence_is_told(claim: &Claim) -> bool {
    let told =
        claim.header.extras.as_ref().is_some_and(|extras| extras.condition_codes.iter().any(|code| code == "45"));
    told || claim.lines.iter().any(has_kx)
}

fn has_kx(line: &ServiceLine) -> bool {
    line.procedure.modifiers.iter().any(|modifier| modifier == "KX")
}

/// Years of age on the first day of service. `None` without the dates.
fn age(claim: &Claim) -> Option<u16> {
    let first = claim.lines.iter().map(|line| line.service_dates.start).min_by_key(|date| day_number(*date))?;
    age_years(claim.header.patient.birth_date?, first)
}

/// See [`Edit::text`].
pub const DIAGNOSIS_SEX: Edit = Edit {
    id: "diagnosis.sex-conflict",
    title: "A diagnosis does not fit the patient's gender",
    severity: Severity::Hold,
    source: "CMS Medicare Code Editor, sex conflict; Medicare Claims Processing Manual, chapter 32, section 240",
    explain: Explain {
        what: "Pregnancy and diseases of female organs with gender male, diseases of male organs with gender female. Gender unknown passes.",
        why: "Payers deny it; gender, code or patient is wrong.",
        known_problems: "Whole categories only. Newborns' and other claims where the mother's code stands on purpose are held.",
        example: "O80 on a male patient. Repair: correct gender, code or patient; condition code 45 or modifier KX where both are right.",
        fix: "None.",
    },
    check: diagnosis_sex,
};

#[rustfmt::skip] // a table
const FEMALE: &[&str] = &[
    "O", "C51", "C52", "C53", "C54", "C55", "C56", "C57", "C58", "D06", "D25", "D26", "D27", "D28", "D39", "N70", "N71", "N72", "N73", "N74", "N75",
    "N76", "N77", "N80", "N81", "N82", "N83", "N84", "N85", "N86", "N87", "N88", "N89", "N90", "N91", "N92", "N93", "N94", "N95", "N96", "N97", "N98",
    "R87", "Z014", "Z124", "Z320", "Z33", "Z34", "Z36", "Z39", "Z3A", "Z640", "Z641", "Q50", "Q51", "Q52",
];
#[rustfmt::skip] // a table
const MALE: &[&str] = &[
    "C60", "C61", "C62", "C63", "D074", "D075", "D076", "D29", "D40", "N40", "N41", "N42", "N43", "N44", "N45", "N46", "N47", "N48", "N49", "N50", "N51",
    "N52", "N53", "Q53", "Q54", "Q55", "R972", "Z125", "Z8546", "Z8547", "Z9852",
];

fn diagnosis_sex(claim: &Claim, _: &Context, report: &mut Report) {
    let (other, which) = match claim.header.patient.gender {
        Some(Gender::Male) => (FEMALE, "male"),
        Some(Gender::Female) => (MALE, "female"),
        _ => return,
    };
    for (at, diagnosis) in claim.header.diagnoses.iter().enumerate() {
        if other.iter().any(|start| diagnosis.code.starts_with(start)) && !incongruence_is_told(claim) {
            let words = format!("Diagnosis {} does not fit a {which} patient. Correct the gender or the code.", at + 1);
            report.header(format!("diagnoses[{at}]"), words);
        }
    }
}

/// See [`Edit::text`].
pub const DIAGNOSIS_AGE: Edit = Edit {
    id: "diagnosis.age-conflict",
    title: "A diagnosis does not fit the patient's age",
    severity: Severity::Hold,
    source: "CMS Medicare Code Editor, age conflict (newborn, pediatric, maternity, adult); ICD-10-CM Official Guidelines, sections I.C.16, I.C.21.c.12",
    explain: Explain {
        what: "On the first day of service: liveborn (Z38) and newborn examinations (Z00.11) under one year; perinatal conditions (P00-P96) under 18; child examination (Z00.12) under 21; adult examination (Z00.0) from 15; pregnancy and delivery (O00-O9A, Z34) from 9 to 64.",
        why: "Payers deny it; birth date, code or patient is wrong.",
        known_problems: "A perinatal condition that lasts into adult life is held, though the guidelines allow it.",
        example: "P22.0 on an adult. Repair: correct birth date, code or patient.",
        fix: "None.",
    },
    check: diagnosis_age,
};

/// Start of the code, youngest and oldest age in years.
#[rustfmt::skip] // a table
const AGES: &[(&str, u16, u16)] = &[
    ("Z38", 0, 0), ("Z0011", 0, 0), ("P", 0, 17), ("Z0012", 0, 20), ("Z000", 15, 200), ("O", 9, 64), ("Z34", 9, 64), ("Z3A", 9, 64),
];

fn diagnosis_age(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(age) = age(claim) else { return };
    for (at, diagnosis) in claim.header.diagnoses.iter().enumerate() {
        let fits =
            |(start, from, to): &(&str, u16, u16)| !diagnosis.code.starts_with(start) || (*from..=*to).contains(&age);
        if !AGES.iter().all(fits) {
            let words =
                format!("Diagnosis {} does not fit the patient's age. Correct the birth date or the code.", at + 1);
            report.header(format!("diagnoses[{at}]"), words);
        }
    }
}

/// See [`Edit::text`].
pub const PROCEDURE_SEX: Edit = Edit {
    id: "procedure.sex-conflict",
    title: "A procedure does not fit the patient's gender",
    severity: Severity::Hold,
    source: "CMS Integrated Outpatient Code Editor, procedure and sex conflict; Medicare Claims Processing Manual, chapter 32, section 240",
    explain: Explain {
        what: "CPT 56405-58999 and 59000-59899, G0101, Q0091 with gender male; CPT 54000-55899, G0102, G0103 with gender female.",
        why: "Payers deny it; gender, code or patient is wrong.",
        known_problems: "Other codes of one sex are not listed.",
        example: "G0103 on a female patient. Repair: correct gender, code or patient; modifier KX where both are right.",
        fix: "None.",
    },
    check: procedure_sex,
};

fn procedure_sex(claim: &Claim, _: &Context, report: &mut Report) {
    let gender = claim.header.patient.gender;
    for (number, line) in super::numbered(claim) {
        let code = line.procedure.code.as_str();
        let cpt = cpt_number(code).unwrap_or(0);
        let female = matches!(cpt, 56_405..=59_899) || matches!(code, "G0101" | "Q0091");
        let male = matches!(cpt, 54_000..=55_899) || matches!(code, "G0102" | "G0103");
        let conflict = (female && gender == Some(Gender::Male)) || (male && gender == Some(Gender::Female));
        if conflict && !incongruence_is_told(claim) {
            let words = format!(
                "Line {number} ({}) does not fit the patient's gender. Correct the gender or the code.",
                super::code(line)
            );
            report.line(number, "procedure.code", words);
        }
    }
}

/// See [`Edit::text`].
pub const PROCEDURE_AGE: Edit = Edit {
    id: "procedure.age-conflict",
    title: "A procedure does not fit the patient's age",
    severity: Severity::Hold,
    source: "CMS Integrated Outpatient Code Editor, procedure and age conflict; the age bands of CPT 99381-99397 as every payer's preventive care policy has them",
    explain: Explain {
        what: "On the first day of service: preventive visits 99381-99387 and 99391-99397 in their seven bands (under 1, 1-4, 5-11, 12-17, 18-39, 40-64, 65 and over); newborn care 99460-99463 under one year; 99468 and 99469 under one year.",
        why: "Payers deny it; birth date or code is wrong.",
        known_problems: "Some plans let a visit in the year of a birthday pass.",
        example: "99395 at 50. Repair: the code of the age, or the right birth date.",
        fix: "None: the age may be wrong.",
    },
    check: procedure_age,
};

fn band(code: u32) -> Option<(u16, u16)> {
    Some(match code {
        99_381 | 99_391 | 99_460..=99_463 | 99_468 | 99_469 => (0, 0),
        99_382 | 99_392 => (1, 4),
        99_383 | 99_393 => (5, 11),
        99_384 | 99_394 => (12, 17),
        99_385 | 99_395 => (18, 39),
        99_386 | 99_396 => (40, 64),
        99_387 | 99_397 => (65, 200),
        _ => return None,
    })
}

fn procedure_age(claim: &Claim, _: &Context, report: &mut Report) {
    let Some(birth) = claim.header.patient.birth_date else { return };
    for (number, line) in super::numbered(claim) {
        let Some((from, to)) = cpt_number(&line.procedure.code).and_then(band) else { continue };
        let Some(age) = age_years(birth, line.service_dates.start) else { continue };
        if !(from..=to).contains(&age) {
            let words = format!(
                "Line {number} ({}) does not fit the patient's age. Correct the birth date or the code.",
                super::code(line)
            );
            report.line(number, "procedure.code", words);
        }
    }
}
