//! Modifiers that contradict each other, and modifiers on a code they cannot belong to.
//!
//! What needs NCCI's tables (whether a pair of codes may be unbundled) is not here.

use crate::claim::{Claim, Severity};
use crate::scrub::form::{code_between, cpt_number};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const CONTRADICTORY: Edit = Edit {
    id: "modifier.contradictory",
    title: "Two modifiers of a line contradict each other",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, sections 20.4, 40 and 50; NCCI Policy Manual, chapter 1, section E",
    explain: Explain {
        what: "Finds pairs that cannot both be true of one line: RT and LT, 50 with a side, 26 and TC, JW and JZ, 58, 78 and 79, 76 and 77, 52 and 53, 62 and 66, 80, 81, 82 and AS, a new, used and rented item (NU, UE, RR), two physical states (P1-P6), two anesthesia arrangements.",
        why: "The payer takes one of the two, or rejects the line.",
        known_problems: "Payers that want RT and LT with two units on one line are rare: bill two lines or 50.",
        example: "20610 with RT and LT. Repair: two lines, or 50.",
        fix: "None: either may be meant.",
    },
    check: contradictory,
};

/// Of each group, a line has one at most.
#[rustfmt::skip] // a table
const ONE_OF: &[&[&str]] = &[
    &["RT", "LT"], &["50", "RT"], &["50", "LT"], &["26", "TC"], &["JW", "JZ"], &["58", "78", "79"], &["76", "77"], &["52", "53"], &["62", "66"],
    &["80", "81", "82", "AS"], &["NU", "UE", "RR"], &["P1", "P2", "P3", "P4", "P5", "P6"], &["AA", "AD", "QK", "QX", "QY", "QZ"], &["GY", "GZ"],
];

fn contradictory(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let modifiers = &line.procedure.modifiers;
        if modifiers.len() < 2 {
            continue;
        }
        for group in ONE_OF {
            let mut found = group.iter().filter(|one| modifiers.iter().any(|modifier| modifier == *one));
            if let (Some(first), Some(second)) = (found.next(), found.next()) {
                let words = format!(
                    "Line {number} ({}) has modifiers {first} and {second}, which cannot both be true. Remove one.",
                    super::code(line)
                );
                report.line(number, "procedure.modifiers", words);
                break;
            }
        }
    }
}

/// See [`Edit::text`].
pub const WRONG_CODE: Edit = Edit {
    id: "modifier.wrong-code",
    title: "A modifier cannot belong to the code",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, sections 30.6.6 and 40; NCCI Policy Manual, chapter 1, section E; CMS MLN 1783722 (modifiers 59 and X); CPT, appendix A (76, 77: not on visits); HCPCS Level II, anatomic modifiers",
    explain: Explain {
        what: "Finds 24, 25 and 57 on anesthesia, surgery, imaging and laboratory codes; 59, XE, XS, XP, XU, 26, TC, 50, RT, LT, 58, 78, 79, 80, 81, 82, AS, 62 and 66 on visits (99202-99499); P1-P6 outside anesthesia; QW outside the laboratory; JW and JZ on visits; 50, RT and LT on laboratory codes; 76 and 77 on visits; a toe on a code of head, trunk, arm or hand (21010-26989), a finger on one of hip, leg or foot (27000-28899), an eyelid or a coronary artery elsewhere in surgery; RT, LT and 50 on procedures of an organ that there is one of (stomach, appendix, colon, gall bladder, spleen, bladder, prostate, uterus, childbirth).",
        why: "The payer ignores or rejects it, and what was meant is not said; often it belongs to the line above or below.",
        known_problems: "Classes of codes only: whether a procedure can be bilateral, modifier.fee-schedule tells.",
        example: "20610-25 beside 99213. Repair: 25 to the visit.",
        fix: "None: which line was meant, only the coder knows.",
    },
    check: wrong_code,
};

/// What a code is, as far as modifiers care.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Anesthesia,
    Surgery,
    Imaging,
    Laboratory,
    Visit,
    Other,
}

fn class(code: &str) -> Class {
    match cpt_number(code) {
        Some(100..=1_999) => Class::Anesthesia,
        Some(10_004..=69_990) => Class::Surgery,
        Some(70_010..=79_999) => Class::Imaging,
        Some(80_047..=89_398) => Class::Laboratory,
        Some(99_202..=99_499) => Class::Visit,
        _ => Class::Other,
    }
}

/// Procedures of an organ that there is one of: esophagus, stomach and bowel through an endoscope, appendix, colon and rectum, gall
/// bladder and spleen, urinary bladder, prostate, body of the uterus, childbirth.
fn is_of_one_organ(code: &str) -> bool {
    matches!(
        cpt_number(code),
        Some(
            38_100..=38_120
            | 43_180..=43_289
            | 44_360..=44_408
            | 44_950..=44_979
            | 45_300..=45_398
            | 47_562..=47_620
            | 51_700..=51_798
            | 55_801..=55_866
            | 58_100..=58_294
            | 59_400..=59_622,
        )
    )
}

/// A finger, toe, eyelid or coronary artery on a procedure of another part of the body.
fn is_elsewhere(site: &str, code: &str) -> bool {
    let Some(number) = cpt_number(code) else { return false };
    match site.as_bytes() {
        [b'T', b'A' | b'1'..=b'9'] => matches!(number, 21_010..=26_989),
        [b'F', b'A' | b'1'..=b'9'] => matches!(number, 21_010..=24_999 | 27_000..=28_899),
        [b'E', b'1'..=b'4'] => matches!(number, 20_005..=64_999 | 69_000..=69_979),
        b"LC" | b"LD" | b"LM" | b"RC" | b"RI" => matches!(number, 10_004..=32_999 | 37_700..=69_979),
        _ => false,
    }
}

fn wrong_code(claim: &Claim, _: &Context, report: &mut Report) {
    use Class::{Anesthesia, Imaging, Laboratory, Other, Surgery, Visit};
    for (number, line) in super::numbered(claim) {
        if line.procedure.modifiers.is_empty() {
            continue;
        }
        let code = line.procedure.code.as_str();
        let class = class(code);
        let hcpcs_laboratory = code_between(code, "G0027", "G0499") || code_between(code, "P2028", "P9615");
        let pla = code.len() == 5 && code.ends_with(['U', 'M']);
        for (at, modifier) in line.procedure.modifiers.iter().enumerate() {
            let wrong = match modifier.as_str() {
                "24" | "25" | "57" => matches!(class, Anesthesia | Surgery | Imaging | Laboratory),
                "59" | "XE" | "XS" | "XP" | "XU" | "26" | "TC" | "58" | "78" | "79" | "80" | "81" | "82" | "AS"
                | "62" | "66" | "JW" | "JZ" | "76" | "77" => class == Visit,
                "50" | "RT" | "LT" => matches!(class, Visit | Laboratory) || is_of_one_organ(code),
                site if is_elsewhere(site, code) => true,
                "P1" | "P2" | "P3" | "P4" | "P5" | "P6" => class != Anesthesia,
                "QW" => class != Laboratory && !(class == Other && (hcpcs_laboratory || pla)),
                _ => false,
            };
            if wrong {
                let words = format!(
                    "Modifier {modifier} cannot belong to line {number} ({}). Put it where it was meant, or remove it.",
                    super::code(line)
                );
                report.line(number, format!("procedure.modifiers[{at}]"), words);
            }
        }
    }
}
