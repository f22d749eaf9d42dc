//! Which diagnosis may stand first, and which may not stand together (ICD-10-CM Official Guidelines).
//!
//! Rules that follow from the published categories. What the tabular list says of single codes is not here.

use crate::claim::{Claim, DiagnosisSystem, Severity};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const EXTERNAL_FIRST: Edit = Edit {
    id: "diagnosis.external-cause.first",
    title: "An external cause stands first",
    severity: Severity::Hold,
    source: "ICD-10-CM Official Guidelines, section I.C.20.a.6; chapter 20 (V00-Y99)",
    explain: Explain {
        what: "A code V00 to Y99 is neither the claim's first diagnosis nor the first of a line.",
        why: "It says how an injury came about, not what is treated; payers reject it as principal diagnosis.",
        known_problems: "None known.",
        example: "W01.0XXA first. Repair: put the injury first.",
        fix: "None: the pointers of every line would move.",
    },
    check: external_first,
};

/// The claim's first diagnosis, and each line's where it is another one: line, position from 0, code.
fn firsts(claim: &Claim) -> impl Iterator<Item = (Option<u16>, usize, &str)> {
    let diagnoses = &claim.header.diagnoses;
    let code =
        |at: usize| diagnoses.get(at).filter(|one| one.system == DiagnosisSystem::Icd10cm).map(|one| one.code.as_str());
    let of_lines = super::numbered(claim).filter_map(|(number, line)| {
        let at = usize::from(*line.diagnosis_pointers.first()?).checked_sub(1).filter(|at| *at > 0)?;
        Some((Some(number), at))
    });
    std::iter::once((None, 0)).chain(of_lines).filter_map(move |(line, at)| Some((line, at, code(at)?)))
}

fn external_first(claim: &Claim, _: &Context, report: &mut Report) {
    for (line, at, code) in firsts(claim) {
        if matches!(code.as_bytes(), [b'V'..=b'Y', second, ..] if second.is_ascii_digit()) {
            first(report, line, at, "is an external cause and cannot stand first. Put the injury or illness first");
        }
    }
}

fn first(report: &mut Report, line: Option<u16>, at: usize, what: &str) {
    match line {
        None => report.header(format!("diagnoses[{at}]"), format!("Diagnosis {} {what}.", at + 1)),
        Some(number) => {
            report.line(number, "diagnosis_pointers", format!("Diagnosis {}, first of line {number}, {what}.", at + 1));
        }
    }
}

/// See [`Edit::text`].
pub const SECONDARY_ONLY: Edit = Edit {
    id: "diagnosis.secondary-only",
    title: "A code that follows another one stands first",
    severity: Severity::Hold,
    source: "ICD-10-CM Official Guidelines, sections I.A.13 (etiology and manifestation) and I.B.14; CMS Medicare Code Editor, manifestation code as principal diagnosis",
    explain: Explain {
        what: "Codes whose category is of diseases classified elsewhere, organisms as the cause of such diseases (B95-B97), weeks of gestation (Z3A), resistance (Z16) and body mass index (Z68) are neither the claim's first diagnosis nor the first of a line.",
        why: "The disease itself is missing in front of it, and payers reject the claim.",
        known_problems: "Knows whole categories; single codes with a code first note in other categories are not found.",
        example: "F02.80 first. Repair: put the disease first.",
        fix: "None: which disease, only the chart knows.",
    },
    check: secondary_only,
};

/// Categories, and a few codes, of "diseases classified elsewhere" and the like, in order.
#[rustfmt::skip] // a table
const SECONDARY: &[&str] = &[
    "B95", "B96", "B97", "D638", "D77", "E35", "F02", "F54", "G01", "G02", "G053", "G054", "G07", "G13", "G26", "G320", "G328", "G53", "G55",
    "G59", "G63", "G733", "G737", "G94", "G990", "G992", "G998", "H22", "H28", "H32", "H368", "H42", "H624", "H67", "H750", "H82", "H940", "H948",
    "I32", "I39", "I41", "I43", "I52", "I682", "I688", "I790", "I791", "I798", "J17", "J99", "K23", "K67", "K77", "K87", "L14", "L45", "L54",
    "L62", "L86", "L99", "M01", "M148", "M36", "M49", "M63", "M90", "N08", "N16", "N22", "N29", "N33", "N37", "N51", "N74", "N77", "Z16", "Z3A", "Z68",
];

fn secondary_only(claim: &Claim, _: &Context, report: &mut Report) {
    for (line, at, code) in firsts(claim) {
        if SECONDARY.iter().any(|start| code.starts_with(start)) {
            first(report, line, at, "only ever follows another one. Put the disease it belongs to first");
        }
    }
}

/// See [`Edit::text`].
pub const EXCLUDES: Edit = Edit {
    id: "diagnosis.excludes",
    title: "Two diagnoses exclude each other",
    severity: Severity::Hold,
    source: "ICD-10-CM tabular list, Excludes1 notes; Official Guidelines, sections I.A.12.a and I.C.9.a (a combination code stands for essential hypertension)",
    explain: Explain {
        what: "Finds pairs of a short table: two types of diabetes (E08-E13); essential hypertension (I10) beside hypertensive heart or kidney disease (I11-I13); hypertensive kidney disease (I12) beside secondary hypertension (I15); hypertension (I10-I15) beside pulmonary hypertension (I27.0) or that of a newborn (P29.2); an examination with and without abnormal findings, whose titles contradict each other; supervision of a normal pregnancy (Z34) or an incidental one (Z33.1) beside a complication (O00-O9A).",
        why: "One of the two is wrong, and payers deny the line.",
        known_problems: "A small part of the Excludes1 notes: those that hold for whole categories and have no exception.",
        example: "E10.9 with E11.9. Repair: keep the one that the chart says.",
        fix: "None.",
    },
    check: excludes,
};

/// What of each side excludes what of the other.
#[rustfmt::skip] // a table
const EXCLUDE: &[(&[&str], &[&str])] = &[
    (&["E08"], &["E09", "E10", "E11", "E13"]), (&["E09"], &["E10", "E11", "E13"]), (&["E10"], &["E11", "E13"]), (&["E11"], &["E13"]),
    (&["I10"], &["I11", "I12", "I13"]), (&["I12"], &["I15"]), (&["I10", "I11", "I12", "I13", "I15"], &["I270", "P292"]), (&["Z0000"], &["Z0001"]), (&["Z00121"], &["Z00129"]), (&["Z01411"], &["Z01419"]),
    (&["Z34", "Z331"], &["O"]),
];

fn excludes(claim: &Claim, _: &Context, report: &mut Report) {
    let diagnoses = &claim.header.diagnoses;
    let is = |code: &str, list: &[&str]| list.iter().any(|start| code.starts_with(start));
    for (at, one) in diagnoses.iter().enumerate() {
        let before = diagnoses.iter().take(at).position(|other| {
            let (a, b) = (one.code.as_str(), other.code.as_str());
            EXCLUDE.iter().any(|(left, right)| (is(a, left) && is(b, right)) || (is(b, left) && is(a, right)))
        });
        if let Some(before) = before {
            let words = format!(
                "Diagnosis {} and diagnosis {} exclude each other. Keep the one that the chart says.",
                before + 1,
                at + 1
            );
            report.header(format!("diagnoses[{at}]"), words);
        }
    }
}
