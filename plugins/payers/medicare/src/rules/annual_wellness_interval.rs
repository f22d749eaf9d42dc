//! `medicare.annual-wellness-interval`: one annual wellness visit in twelve months, the first one once.
//!
//! What it does: holds G0438 and G0439 until eleven full calendar months have passed after the month of the patient's last
//! G0438 or G0439; holds a G0438 after any other G0438 it can see.
//! Why it matters: Medicare denies the visit, and the patient, who pays nothing for a covered one, gets the bill.
//! Known problems: sees this practice's own claims of 400 days only. Another practice's visit shows in the eligibility answer.
//! Example: G0439 on 2026-02-20 after one on 2025-03-15. Repair: from 2026-03-01 on it is covered.
//! Fix: none; a date is never moved.
//! References: Medicare Claims Processing Manual (Pub. 100-04), chapter 18, section 140; CR 7079, effective 2011-01-01.

use crate::claim::{Day, date, day, finding, numbered};
use crate::table::Table;
use claimhost_sdk::review::{ClaimInContext, DateBasis, Finding, Rule, Severity};

const ID: &str = "medicare.annual-wellness-interval";
const EFFECTIVE: Day = (2011, 1, 1);

pub fn describe() -> Rule {
    Rule {
        id: ID.to_owned(),
        title: "Annual wellness visit less than eleven full months after the last".to_owned(),
        severity: Severity::Hold,
        source_url: "https://www.cms.gov/Regulations-and-Guidance/Guidance/Manuals/Downloads/clm104c18pdf.pdf"
            .to_owned(),
        effective: Some(date(EFFECTIVE)),
        ended: None,
        basis: DateBasis::Service,
    }
}

fn is_wellness(code: &str) -> bool {
    matches!(code, "G0438" | "G0439")
}

/// Months from the month of `last` to the month of `this`.
fn months(last: Day, this: Day) -> i32 {
    (i32::from(this.0) - i32::from(last.0)) * 12 + i32::from(this.1) - i32::from(last.1)
}

pub fn check(input: &ClaimInContext, _: &Table, findings: &mut Vec<Finding>) {
    let claim = &input.claim;
    for (number, line) in numbered(claim) {
        let code = line.procedure.code.as_str();
        let this = day(line.service_dates.start);
        if !is_wellness(code) || this < EFFECTIVE {
            continue;
        }
        let on_others = input.earlier.iter().filter(|earlier| earlier.claim_id != claim.control_number);
        let on_others = on_others.map(|earlier| (earlier.procedure.code.as_str(), day(earlier.service_dates.start)));
        let on_this = claim.lines.iter().take(usize::from(number) - 1);
        let on_this = on_this.map(|before| (before.procedure.code.as_str(), day(before.service_dates.start)));
        // On one claim the first line counts, also where its date is the later one: one of the two is wrong.
        let before = on_others.filter(|(_, last)| *last <= this).chain(on_this).filter(|(code, _)| is_wellness(code));
        let (mut last, mut first_again) = (None::<Day>, false);
        for (known, on) in before {
            last = last.max(Some(on));
            first_again |= code == "G0438" && known == "G0438";
        }
        let Some(last) = last else { continue };
        let words = if months(last, this) < 12 {
            let (year, month) = (last.0 + 1, last.1);
            format!(
                "{code} on line {number}: the last annual wellness visit was billed in {:04}-{:02}; the next is covered from {year:04}-{month:02}-01. See the patient's eligibility, or bill what was done instead.",
                last.0, last.1
            )
        } else if first_again {
            format!(
                "G0438 on line {number} is paid once in a lifetime and was billed in {:04}-{:02}. Bill G0439.",
                last.0, last.1
            )
        } else {
            continue;
        };
        findings.push(finding(ID, Severity::Hold, number, "procedure.code", words, None));
    }
}

#[test]
fn months_count_over_the_turn_of_the_year() {
    assert_eq!(months((2025, 3, 31), (2026, 2, 28)), 11);
    assert_eq!(months((2025, 3, 31), (2026, 3, 1)), 12);
}
