//! Codes that say where they are given, against the place of service.

use crate::claim::{Claim, Severity, place_of_service};
use crate::scrub::form::{code_between, cpt_number};
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const CONFLICT: Edit = Edit {
    id: "place-of-service.conflict",
    title: "A service is not given in such a place",
    severity: Severity::Hold,
    source: "CMS Place of Service Code Set; Medicare Claims Processing Manual, chapter 12, section 30.6, and chapter 26, section 10.5",
    explain: Explain {
        what: "Visits whose code names the setting: office visits (99202-99215) not in 21, 51, 61, 81; hospital visits (99221-99239) not in an office, home, clinic or laboratory; emergency visits (99281-99285) not in an office, home, nursing facility or laboratory; nursing facility visits (99304-99316) and home visits (99341-99350) not in an office or hospital; ambulance (A0425-A0436) in 41 or 42 only.",
        why: "Payers deny it, for fee and code are of two settings.",
        known_problems: "Lists what cannot be; a setting that is merely unusual passes.",
        example: "99213 in 21. Repair: correct the place of service, or the code.",
        fix: "None: either may be wrong.",
    },
    check: conflict,
};

fn conflict(claim: &Claim, _: &Context, report: &mut Report) {
    for (number, line) in super::numbered(claim) {
        let place = place_of_service(&claim.header, line);
        let code = line.procedure.code.as_str();
        let wrong = match cpt_number(code) {
            Some(99_202..=99_215 | 99_381..=99_397) => matches!(place, "21" | "41" | "42" | "51" | "61" | "81"),
            Some(99_221..=99_239) => matches!(place, "11" | "12" | "17" | "20" | "49" | "50" | "71" | "72" | "81"),
            Some(99_281..=99_285) => matches!(place, "11" | "12" | "13" | "31" | "32" | "50" | "71" | "72" | "81"),
            Some(99_304..=99_316) => matches!(place, "11" | "12" | "21" | "22" | "23" | "24" | "41" | "42" | "81"),
            Some(99_341..=99_350) => matches!(place, "11" | "21" | "22" | "23" | "24" | "41" | "42" | "81"),
            Some(_) => false,
            None => code_between(code, "A0425", "A0436") && place.len() == 2 && !matches!(place, "41" | "42"),
        };
        if wrong {
            let words = format!(
                "Line {number} ({}) is not given in place of service {place}. Correct the place or the code.",
                super::code(line)
            );
            report.line(number, "place_of_service", words);
        }
    }
}
