//! Modifiers that the day's other services, the place or the diagnoses call for, and that are not there: bilateral, a separate
//! visit, the visit at which surgery was decided, the professional component, an assistant. What an earlier surgery calls for:
//! `global_period.rs`; distinct services of a pair: `ncci_pairs.rs`.
//!
//! All of it needs the indicators of the Medicare Physician Fee Schedule (`codes import`, kind `pfs`); where no table knows the
//! day, nothing is said.

use crate::claim::{Claim, Diagnosis, Fix, LineModifier, ServiceLine, Severity, place_of_service, rendering};
use crate::ncci::modifier::is_visit;
use crate::ncci::{Code, Tables};
use crate::pfs::{Global, Indicators, PfsTable};
use crate::scrub::billed::{self, Billed, Place};
use crate::scrub::form::says_distinct;
use crate::scrub::side::{Side, side_of};
use crate::scrub::{Context, Edit, Explain, Report};

pub(super) const FIELD: &str = "procedure.modifiers";

/// See [`Edit::text`].
pub const BILATERAL: Edit = Edit {
    id: "modifier-omission.bilateral",
    title: "A procedure that has two sides is billed twice, and no modifier says which side",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, section 40.7; fee schedule, BILAT SURG 1 and 3",
    explain: Explain {
        what: "Finds a bilateral procedure on two lines, or with two units, of one day and provider without RT, LT, 50 or a modifier that says distinct; and one whose diagnoses name both sides, or one (warnings).",
        why: "The second one is denied as a duplicate, or the line pays one side.",
        known_problems: "Two joints of one side are two services: they need 59 or XS, and are asked for it here.",
        example: "20610 twice, for M17.11 and for M17.12. Repair: RT and LT.",
        fix: "RT or LT, where two lines point to diagnoses of different sides and the payer is not Medicare, or one line to diagnoses of one side; else a question.",
    },
    check: bilateral,
};

/// See [`Edit::text`].
pub const SEPARATE_VISIT: Edit = Edit {
    id: "modifier-omission.separate-visit",
    title: "A visit on the day of a minor procedure has no modifier 25",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, sections 30.6.6 and 40.1; fee schedule, GLOB DAYS 000 and 010",
    explain: Explain {
        what: "Finds a visit beside a procedure with a global period of 0 or 10 days, of one day and provider, without 25, 24 or 57. Where the NCCI table of the day has the two as a pair, ncci.ptp.modifier-missing decides instead.",
        why: "The visit belongs to the procedure's payment, unless it was significant and separate and says so.",
        known_problems: "Nothing is said of procedures to which the concept does not apply (XXX), such as an ECG.",
        example: "99213 and 17110. Repair: 99213-25 where the record supports it.",
        fix: "None: whether the visit was significant and separate is in the chart. Another diagnosis is neither needed nor enough (NCCI Policy Manual, chapter 1, section D).",
    },
    check: separate_visit,
};

/// See [`Edit::text`].
pub const DECISION: Edit = Edit {
    id: "modifier-omission.decision-for-surgery",
    title: "A visit on the day of major surgery, or the day before, has no modifier 57",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, sections 30.6.6 and 40.1; fee schedule, GLOB DAYS 090",
    explain: Explain {
        what: "Finds a visit on the day of a procedure with a global period of 90 days or the day before, by the same provider, without 57, 24 or 25; one of that day with 25, which is for procedures of 0 or 10 days; and one with 57 beside such a procedure alone. Warns where the visit is on an earlier claim.",
        why: "The day before and the day itself belong to the surgery's payment, unless surgery was decided then.",
        known_problems: "A visit to prepare a surgery decided before is part of it: remove it.",
        example: "99284 and 27236 on one day. Repair: 99284-57.",
        fix: "57 at first visits (new patient, emergency department, first hospital day, consultation); else a question.",
    },
    check: decision,
};

/// See [`Edit::text`].
pub const COMPONENT: Edit = Edit {
    id: "modifier-omission.component",
    title: "A test with two components is billed whole, where the facility has one of them",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 13, section 20; fee schedule, PCTC IND 1",
    explain: Explain {
        what: "Finds codes with a professional and a technical component without 26 or TC, given in a hospital, emergency department, surgical centre, nursing facility or psychiatric facility (19, 21-24, 31, 51, 61).",
        why: "The facility bills the technical component; the whole is denied.",
        known_problems: "None known.",
        example: "71046 at place 22. Repair: 71046-26.",
        fix: "26: the place decides.",
    },
    check: component,
};

/// See [`Edit::text`].
pub const ASSISTANT: Edit = Edit {
    id: "modifier-omission.assistant",
    title: "A surgery is billed by two providers, and neither says what the second one did",
    severity: Severity::Hold,
    source: "Medicare Claims Processing Manual, chapter 12, sections 20.4.3 and 40.8; fee schedule, ASST SURG, CO-SURG, TEAM SURG",
    explain: Explain {
        what: "Finds a procedure with a global period that another provider of the practice has on the same day, at the same site, without 62, 66, 80, 81, 82, AS, 76 or 77 on this line or that.",
        why: "The second claim is denied as a duplicate.",
        known_problems: "Only providers of one practice are seen. 54 to 56 (split care) pass.",
        example: "27447 by the surgeon and by the assistant. Repair: 80, or AS for a physician assistant.",
        fix: "AS, where who renders is a physician assistant, nurse practitioner or clinical nurse specialist by taxonomy and assistants are paid; else a question.",
    },
    check: assistant,
};

/// One line with its indicators.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) number: u16,
    pub(super) line: &'a ServiceLine,
    pub(super) billed: Billed<'a>,
    pub(super) pfs: Indicators,
}

/// The lines of a claim that the fee schedule of their day knows. Allocates nothing: most claims miss no modifier.
pub(super) fn known<'a>(claim: &'a Claim, context: &Context<'a>) -> impl Iterator<Item = Known<'a>> + Clone + use<'a> {
    let asked = !context.codes.tables(crate::pfs::KIND).is_empty() && billed::follows_ncci(claim, context);
    let codes = context.codes;
    let one = move |(number, line): (u16, &'a ServiceLine)| {
        let billed = Billed::of_line(claim, number, line)?;
        let pfs = PfsTable::on(codes, billed.days.0)?.lookup(billed.code)?;
        Some(Known { number, line, billed, pfs })
    };
    super::numbered(claim).take(if asked { usize::MAX } else { 0 }).filter_map(one)
}

/// What the fee schedule knows of the visit: of the claim, and of the visit's other claims.
fn of_visit<'a>(
    claim: &'a Claim,
    context: &Context<'a>,
) -> impl Iterator<Item = (Billed<'a>, Indicators)> + Clone + use<'a> {
    let context = *context;
    let siblings = billed::siblings(claim, &context).filter_map(move |one| Some((one, indicators(&context, &one)?)));
    known(claim, &context).map(|one| (one.billed, one.pfs)).chain(siblings)
}

/// Indicators of a service that was billed.
pub(super) fn indicators(context: &Context, billed: &Billed<'_>) -> Option<Indicators> {
    PfsTable::on(context.codes, billed.days.0)?.lookup(billed.code)
}

pub(super) fn has(modifiers: &[String], any: &[&str]) -> bool {
    modifiers.iter().any(|modifier| any.contains(&modifier.as_str()))
}

/// A modifier as a fix, where there is room for it.
pub(super) fn add(line: u16, modifiers: &[String], modifier: &str) -> Option<Fix> {
    (modifiers.len() < 4).then(|| Fix::AddModifier(LineModifier { line, modifier: modifier.to_owned() }))
}

pub(super) fn tell(report: &mut Report, line: u16, words: String, fix: Option<Fix>) {
    match fix {
        Some(fix) => report.line_with_fix(line, FIELD, words, fix),
        None => report.line(line, FIELD, words),
    }
}

/// The diagnoses that a line points to.
pub(super) fn diagnoses<'a>(claim: &'a Claim, line: &'a ServiceLine) -> impl Iterator<Item = &'a Diagnosis> {
    let at = |pointer: &u8| claim.header.diagnoses.get(usize::from(pointer.checked_sub(1)?));
    line.diagnosis_pointers.iter().filter_map(at)
}

/// RT, LT, 50, a digit, an eyelid, an artery.
pub(super) fn names_site(modifier: &str) -> bool {
    matches!(modifier.as_bytes(), [b'L', b'T' | b'C' | b'D' | b'M'] | [b'R', b'T' | b'C' | b'I'] | [b'E', b'1'..=b'4'])
        || matches!(modifier.as_bytes(), [b'F' | b'T', b'A' | b'1'..=b'9'])
        || modifier == "50"
}

fn bilateral(claim: &Claim, context: &Context, report: &mut Report) {
    let known = known(claim, context);
    let unsaid = |one: &Known<'_>| {
        let modifiers = &one.line.procedure.modifiers;
        matches!(one.pfs.bilateral, 1 | 3)
            && !modifiers.iter().any(|modifier| names_site(modifier) || says_distinct(modifier))
            && !has(modifiers, &["58", "78", "79", "80", "81", "82", "AS"])
    };
    // Medicare counts the units of two lines, and most limits of such procedures are one (NCCI MUE).
    let of_medicare = billed::is_medicare_coverage(claim);
    let both = if of_medicare {
        "one line of one unit with 50"
    } else {
        "RT and LT on two lines, or one line of one unit with 50"
    };
    for one in known.clone().filter(unsaid) {
        let sides: Vec<Side> = diagnoses(claim, one.line).filter_map(|diagnosis| side_of(&diagnosis.code)).collect();
        let other = known.clone().filter(unsaid).find(|other| {
            other.number != one.number
                && other.billed.code == one.billed.code
                && other.billed.meets(&one.billed).is_some()
        });
        let code = super::code(one.line);
        if let Some(other) = other {
            let own = single(&sides);
            let theirs: Vec<Side> = diagnoses(claim, other.line).filter_map(|known| side_of(&known.code)).collect();
            let decided =
                own.filter(|_| !of_medicare).filter(|own| single(&theirs).is_some_and(|theirs| theirs != *own));
            let fix = decided.and_then(|side| add(one.number, &one.line.procedure.modifiers, side.modifier()?));
            let words = format!(
                "Line {} ({code}) is on line {} too, that day, and neither names its side. Were both sides done? Enter {both}; 59 or XS where it was another site of one side.",
                one.number, other.number
            );
            tell(report, one.number, words, fix);
        } else if one.line.units.thousandths == 2000 {
            let words =
                format!("Line {} ({code}) has 2 units without a side. Were both sides done? Enter {both}.", one.number);
            tell(report, one.number, words, None);
        } else if sides.contains(&Side::Both) || (sides.contains(&Side::Right) && sides.contains(&Side::Left)) {
            let words = format!(
                "Line {} ({code}) points to diagnoses of both sides, and names none. Enter 50 if both sides were done, else RT or LT.",
                one.number
            );
            report.at_as(Severity::Warn, Some(one.number), FIELD, words);
        } else if let Some(side) = single(&sides).filter(|_| one.pfs.bilateral == 1) {
            let Some(modifier) = side.modifier() else { continue };
            let words = format!(
                "Line {} ({code}) was done on one side, names none, and its diagnoses name {modifier}. Enter {modifier} if the record agrees.",
                one.number
            );
            tell(report, one.number, words, add(one.number, &one.line.procedure.modifiers, modifier));
            report.told_as(Severity::Warn);
        }
    }
}

/// The one side that all of these name.
fn single(sides: &[Side]) -> Option<Side> {
    let (first, rest) = sides.split_first()?;
    (*first != Side::Both && rest.iter().all(|side| side == first)).then_some(*first)
}

fn separate_visit(claim: &Claim, context: &Context, report: &mut Report) {
    let known = known(claim, context);
    let tables = Tables::of(context.codes);
    for visit in known.clone().filter(|one| is_visit(one.billed.code)) {
        if has(visit.billed.modifiers, &["24", "25", "57"]) {
            continue;
        }
        // CMS has no pair for most visits: new patients, the emergency department, preventive ones.
        let is_pair = |one: &Billed<'_>, day: i64| {
            let Some(((table, _), day)) = tables.ptp(day).known().zip(i32::try_from(day).ok()) else { return false };
            let (visit, one) = (visit.billed.code, one.code);
            table.lookup(one, visit, day).or_else(|| table.lookup(visit, one, day)).is_some()
        };
        let minor = |(one, pfs): &(Billed<'_>, Indicators)| {
            matches!(pfs.global, Global::Day | Global::Ten)
                && !is_visit(one.code)
                && one.meets(&visit.billed).is_some_and(|day| !is_pair(one, day))
        };
        let Some((procedure, _)) = of_visit(claim, context).find(minor) else { continue };
        let words = format!(
            "Line {} ({}) is a visit on the day of {}, whose payment includes it. Was it significant and separate? If the record says so, enter 25; if not, remove it.",
            visit.number,
            super::code(visit.line),
            procedure.words()
        );
        tell(report, visit.number, words, None);
    }
}

/// First visits: what is decided at one was not decided before.
fn is_first_visit(code: Code) -> bool {
    let text: String = code.letters().iter().map(|letter| char::from(*letter)).collect();
    matches!(
        crate::scrub::form::cpt_number(&text),
        Some(99_202..=99_205 | 99_221..=99_223 | 99_242..=99_245 | 99_252..=99_255 | 99_281..=99_285 | 92_002 | 92_004)
    )
}

/// Whether a visit is on the day of a surgery or the day before, by the same provider.
fn just_before(visit: &Billed<'_>, surgery: &Billed<'_>) -> bool {
    visit.rendering_npi == surgery.rendering_npi && (0..=1).contains(&(surgery.days.0 - visit.days.0))
}

fn decision(claim: &Claim, context: &Context, report: &mut Report) {
    const SAID: &[&str] = &["24", "25", "57"];
    let known = known(claim, context);
    let is_major = |pfs: &Indicators| pfs.global == Global::Ninety;
    for visit in known.clone().filter(|one| is_visit(one.billed.code) && !has(one.billed.modifiers, SAID)) {
        let own = of_visit(claim, context).filter(|(_, pfs)| is_major(pfs)).map(|(one, _)| one);
        let others = billed::earlier(claim, context).filter(|other| {
            just_before(&visit.billed, other) && indicators(context, other).is_some_and(|pfs| is_major(&pfs))
        });
        if let Some(surgery) = own.chain(others).find(|surgery| just_before(&visit.billed, surgery)) {
            let decides = is_first_visit(visit.billed.code);
            let fix = if decides { add(visit.number, visit.billed.modifiers, "57") } else { None };
            let words = format!(
                "Line {} ({}) is a visit on the day of {} or the day before, whose payment includes it. Was surgery decided at this visit? If the record says so, enter 57; if not, remove it.",
                visit.number,
                super::code(visit.line),
                surgery.words()
            );
            tell(report, visit.number, words, fix);
        }
    }
    other_modifier(claim, context, report);
    for surgery in known.filter(|one| is_major(&one.pfs)) {
        let visit = billed::earlier(claim, context)
            .find(|other| is_visit(other.code) && !has(other.modifiers, SAID) && just_before(other, &surgery.billed));
        if let Some(visit) = visit {
            let words = format!(
                "The payment of line {} ({}) includes {}, on that day or the day before. If surgery was decided then, replace that claim with modifier 57.",
                surgery.number,
                super::code(surgery.line),
                visit.words()
            );
            report.at_as(Severity::Warn, Some(surgery.number), FIELD, words);
        }
    }
}

/// 25 where the day's procedure is a major one, and 57 where it is none (MCPM chapter 12, sections 40.2.A.4 and 30.6.6).
fn other_modifier(claim: &Claim, context: &Context, report: &mut Report) {
    let known = known(claim, context);
    for visit in known.clone().filter(|one| is_visit(one.billed.code)) {
        let of_day = |global: fn(Global) -> bool, days: i64| {
            let own = of_visit(claim, context).filter(|(one, _)| !is_visit(one.code));
            let before =
                billed::earlier(claim, context).filter_map(|other| Some((other, indicators(context, &other)?)));
            own.chain(before).find(|(other, pfs)| {
                let after = other.days.0 - visit.billed.days.0;
                global(pfs.global) && other.rendering_npi == visit.billed.rendering_npi && (0..=days).contains(&after)
            })
        };
        let major = |global: Global| global == Global::Ninety;
        let minor = |global: Global| matches!(global, Global::Day | Global::Ten);
        let says = |one: &str| has(visit.billed.modifiers, &[one]);
        let asks = if says("25") && !says("57") && !says("24") {
            of_day(major, 0).map(|(surgery, _)| {
                format!("25 is for a visit beside a procedure with 0 or 10 global days, and {} has 90: enter 57 if surgery was decided at the visit; if it had been decided before, remove the visit.", surgery.words())
            })
        } else if says("57") && !says("25") && of_day(major, 1).is_none() {
            of_day(minor, 0).map(|(procedure, _)| {
                format!("57 is for the decision for surgery with 90 global days, and {} has 0 or 10: enter 25 if the visit was significant and separate; if not, remove it.", procedure.words())
            })
        } else {
            None
        };
        if let Some(asks) = asks {
            tell(report, visit.number, format!("Line {} ({}): {asks}", visit.number, super::code(visit.line)), None);
        }
    }
}

/// Places where the facility has the equipment.
const FACILITIES: &[&str] = &["19", "21", "22", "23", "24", "31", "51", "61"];

fn component(claim: &Claim, context: &Context, report: &mut Report) {
    for one in known(claim, context) {
        let place = place_of_service(&claim.header, one.line);
        if one.pfs.components != 1 || !FACILITIES.contains(&place) || has(one.billed.modifiers, &["26", "TC"]) {
            continue;
        }
        let words = format!(
            "Line {} ({}) has a professional and a technical component, and was given at place of service {}: the facility bills the technical one. Enter 26.",
            one.number,
            super::code(one.line),
            place
        );
        tell(report, one.number, words, add(one.number, one.billed.modifiers, "26"));
    }
}

/// Modifiers that say why two providers have one procedure on one day.
const SHARED: &[&str] =
    &["54", "55", "56", "58", "59", "62", "66", "76", "77", "78", "79", "80", "81", "82", "AS", "XE", "XP", "XS", "XU"];

fn assistant(claim: &Claim, context: &Context, report: &mut Report) {
    for one in known(claim, context) {
        if one.pfs.global.days_after().is_none() || has(one.billed.modifiers, SHARED) || is_visit(one.billed.code) {
            continue;
        }
        let sites = |modifiers: &[String]| -> Vec<String> {
            modifiers.iter().filter(|modifier| names_site(modifier)).cloned().collect()
        };
        let surgeon = billed::earlier(claim, context).find(|other| {
            other.code == one.billed.code
                && other.rendering_npi != one.billed.rendering_npi
                && other.shares_day(&one.billed).is_some()
                && !has(other.modifiers, SHARED)
                && sites(other.modifiers) == sites(one.billed.modifiers)
        });
        let Some(surgeon) = surgeon else { continue };
        let Place::Earlier(claim_id) = surgeon.place else { continue };
        let taxonomy =
            rendering(&claim.header, one.line).and_then(|provider| provider.taxonomy.as_deref()).unwrap_or("");
        // 363A physician assistant, 363L nurse practitioner, 364S clinical nurse specialist.
        let is_assistant = ["363A", "363L", "364S"].iter().any(|kind| taxonomy.starts_with(kind));
        let fix =
            if is_assistant && one.pfs.assistant == 2 { add(one.number, one.billed.modifiers, "AS") } else { None };
        let paid = if one.pfs.assistant == 1 { " (Medicare pays no assistant for it)" } else { "" };
        let words = format!(
            "Line {} ({}) is on claim {claim_id} too, that day, by another provider. What did the second one do? Enter 80, 82 or AS for an assistant{paid}, 62 for co-surgeons; remove it if it was entered twice.",
            one.number,
            super::code(one.line)
        );
        tell(report, one.number, words, fix);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_told_from_other_modifiers() {
        for site in ["RT", "LT", "50", "E1", "FA", "F9", "TA", "T5", "LC", "RI"] {
            assert!(names_site(site), "{site}");
        }
        for other in ["25", "TC", "FB", "E5", "LS", "RR", "TH", ""] {
            assert!(!names_site(other), "{other}");
        }
    }
}
