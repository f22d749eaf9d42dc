//! Diagnoses of the claim (HI).

use crate::claim::{Claim, Date, Diagnosis, DiagnosisSystem, Severity, day_number};
use crate::scrub::form::{blank, is_day, is_icd9, is_icd10, shape};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const MISSING: Edit = Edit {
    id: "diagnosis.missing",
    title: "The claim has no diagnosis",
    severity: Severity::Reject,
    source: "005010X222A1 2300 HI (ABK)",
    explain: Explain {
        what: "Looks for one diagnosis.",
        why: "HI is required; medical need is decided by it.",
        known_problems: "None known.",
        example: "No DG1 and no FT1-19. Repair: code the visit.",
        fix: "None.",
    },
    check: missing,
};

fn missing(claim: &Claim, _: &Context, report: &mut Report) {
    if claim.header.diagnoses.is_empty() {
        report.header("diagnoses", "The claim has no diagnosis. Code the visit.");
    }
}

/// See [`Edit::text`].
pub const TOO_MANY: Edit = Edit {
    id: "diagnosis.too-many",
    title: "The claim has more than twelve diagnoses",
    severity: Severity::Reject,
    source: "005010X222A1 2300 HI01-HI12",
    explain: Explain {
        what: "Counts the diagnoses. The host splits a visit so that twelve suffice.",
        why: "HI has twelve places.",
        known_problems: "None known.",
        example: "Thirteen diagnoses at one line. Repair: leave out those the services are not for.",
        fix: "None.",
    },
    check: too_many,
};

fn too_many(claim: &Claim, _: &Context, report: &mut Report) {
    let count = claim.header.diagnoses.len();
    if count > 12 {
        report.header(
            "diagnoses",
            format!("The claim has {count} diagnoses, twelve can be sent. Leave out those no service is for."),
        );
    }
}

/// See [`Edit::text`].
pub const FORM: Edit = Edit {
    id: "diagnosis.form",
    title: "A diagnosis code has not the form of its code set",
    severity: Severity::Reject,
    source: "ICD-10-CM Official Guidelines, section I.A; 45 CFR 162.1002",
    explain: Explain {
        what: "ICD-10-CM: letter, two of digit or A or B, up to four more. ICD-9-CM: three to five digits, V or E codes.",
        why: "A code of another form exists nowhere; the claim is rejected.",
        known_problems: "A code may have the form and not exist: code.unknown.",
        example: "Z9 (too short). Repair: code the diagnosis in full.",
        fix: "None.",
    },
    check: form,
};

fn form(claim: &Claim, _: &Context, report: &mut Report) {
    for (at, diagnosis) in claim.header.diagnoses.iter().enumerate() {
        let fits = match diagnosis.system {
            DiagnosisSystem::Icd10cm => fits_with_or_without_dot(&diagnosis.code, is_icd10),
            DiagnosisSystem::Icd9cm => fits_with_or_without_dot(&diagnosis.code, is_icd9),
            DiagnosisSystem::Other => !blank(&diagnosis.code),
        };
        if !fits {
            let words = format!(
                "Diagnosis {} has not the form of its code set (found {}). Code it in full.",
                at + 1,
                shape(&diagnosis.code)
            );
            report.header(format!("diagnoses[{at}]"), words);
        }
    }
}

/// A dot has an edit of its own: here it must not hide the form, nor count as a second fault.
fn fits_with_or_without_dot(code: &str, fits: fn(&str) -> bool) -> bool {
    fits(code) || code.split_once('.').is_some_and(|(lead, rest)| lead.len() >= 3 && fits(&format!("{lead}{rest}")))
}

/// See [`Edit::text`].
pub const DOT: Edit = Edit {
    id: "diagnosis.dot",
    title: "A diagnosis code is written with its dot",
    severity: Severity::Reject,
    source: "005010X222A1 2300 HI: the decimal point is not sent",
    explain: Explain {
        what: "Finds a dot in a code. The contract keeps codes without; an adapter takes it out.",
        why: "Receivers reject the dot.",
        known_problems: "None known.",
        example: "An adapter that copies DG1-3 as it is. Repair: strip the dot in the adapter.",
        fix: "None: the adapter is wrong for every claim.",
    },
    check: dot,
};

fn dot(claim: &Claim, _: &Context, report: &mut Report) {
    for (at, diagnosis) in claim.header.diagnoses.iter().enumerate() {
        let fits = match diagnosis.system {
            DiagnosisSystem::Icd9cm => is_icd9 as fn(&str) -> bool,
            _ => is_icd10,
        };
        if diagnosis.code.contains('.') && fits_with_or_without_dot(&diagnosis.code, fits) {
            report.header(
                format!("diagnoses[{at}]"),
                format!("Diagnosis {} is written with its dot. The adapter has to deliver codes without.", at + 1),
            );
        }
    }
}

/// See [`Edit::text`].
pub const SYSTEM: Edit = Edit {
    id: "diagnosis.system",
    title: "A diagnosis is in a code set that cannot be billed on that day",
    severity: Severity::Reject,
    source: "45 CFR 162.1002: ICD-9-CM until 2015-09-30, ICD-10-CM from 2015-10-01",
    explain: Explain {
        what: "Compares the code set of each diagnosis with the first day of service; finds sets that are never billed (SNOMED, local).",
        why: "HI takes ICD-10-CM for services from 2015-10-01 and ICD-9-CM before.",
        known_problems: "A claim that spans the change has to be split; its first day counts here.",
        example: "DG1-3.3 says SNOMED. Repair: map the field with the ICD-10-CM code, or add a crosswalk to the profile.",
        fix: "None.",
    },
    check: system,
};

const ICD10_STARTS: Date = Date { year: 2015, month: 10, day: 1 };

fn system(claim: &Claim, _: &Context, report: &mut Report) {
    let starts = claim.lines.iter().map(|line| line.service_dates.start).filter(|start| is_day(*start));
    let Some(first) = starts.map(day_number).min() else { return };
    let new = first >= day_number(ICD10_STARTS);
    for (at, Diagnosis { system, .. }) in claim.header.diagnoses.iter().enumerate() {
        let what = match (system, new) {
            (DiagnosisSystem::Other, _) => {
                "is in a code set that is not billed. Code it in ICD-10-CM, or add it to the crosswalk of the practice profile."
            }
            (DiagnosisSystem::Icd9cm, true) => "is ICD-9-CM, which ended on 2015-09-30. Code it in ICD-10-CM.",
            (DiagnosisSystem::Icd10cm, false) => {
                "is ICD-10-CM, which began on 2015-10-01; the service is older. Code it in ICD-9-CM, or correct the date of service."
            }
            _ => continue,
        };
        report.header(format!("diagnoses[{at}]"), format!("Diagnosis {} {what}", at + 1));
    }
}

/// See [`Edit::text`].
pub const TWICE: Edit = Edit {
    id: "diagnosis.twice",
    title: "A diagnosis stands there twice",
    severity: Severity::Hold,
    source: "ICD-10-CM Official Guidelines, section I.B.12: a code is reported once for an encounter",
    explain: Explain {
        what: "Finds the same code at two positions.",
        why: "It takes one of twelve places; a few clearinghouses reject it.",
        known_problems: "None known.",
        example: "The same DG1 twice. Repair: remove one.",
        fix: "None.",
    },
    check: twice,
};

fn twice(claim: &Claim, _: &Context, report: &mut Report) {
    let diagnoses = &claim.header.diagnoses;
    for (at, diagnosis) in diagnoses.iter().enumerate() {
        if diagnoses.iter().take(at).any(|before| before.code == diagnosis.code) {
            report.header(
                format!("diagnoses[{at}]"),
                format!("Diagnosis {} is the same as one before it. Remove it.", at + 1),
            );
        }
    }
}
