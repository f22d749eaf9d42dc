//! Days of service that no table knows, of code lists and of NCCI alike: what is not checked is no pass, and is told once.

use crate::claim::{Claim, Severity, from_day_number};
use crate::codes::{System, Verdict, is_covered, known_until};
use crate::ncci::{Answer, Kind, Tables};
use crate::scrub::billed::{self, Place};
use crate::scrub::{Context, Edit, Explain, Report};

use super::code_lists;

/// See [`Edit::text`].
pub const NOT_COVERED: Edit = Edit {
    id: "code.not-covered",
    title: "A day of service lies outside the tables that are loaded",
    severity: Severity::Warn,
    source: "45 CFR 162.1002; CMS NCCI tables, published by quarter; the days that each table knows: `claimhost codes status`",
    explain: Explain {
        what: "Asks for each code whether a list of its code set knows its day of service, and for each line whether tables of NCCI pairs, units and add-on codes do. A code that the lists before and after the day both have is known. Warns; holds where all tables of a kind ended code_cover_hold_months (profile) or more before the day. Names NCCI tables that were never imported.",
        why: "Nothing was checked, which must not look like a check that was passed.",
        known_problems: "A year or quarter begins before everybody has its lists: import them when CMS publishes them.",
        example: "A service of October, lists up to September. Repair: claimhost codes import the new list.",
        fix: "None.",
    },
    check,
};

const FIELD: &str = "lines.service_dates";

/// What was not checked: one bit for each kind, the latest such day with its line, and whether policy holds.
#[derive(Default)]
struct Gaps {
    lists: u32,
    outside: u32,
    absent: u32,
    latest: Option<(i64, Option<u16>)>,
    holds: bool,
}

impl Gaps {
    /// A day outside of the tables of a kind, which know days until `until`.
    fn tell(&mut self, context: &Context, day: i64, line: Option<u16>, until: Option<i64>) {
        if self.latest.is_none_or(|(known, _)| day > known) {
            self.latest = Some((day, line));
        }
        let months = i64::from(context.profile.code_cover_hold_months);
        self.holds |= until.is_some_and(|until| day > until && whole_months(until, day) >= months);
    }
}

fn check(claim: &Claim, context: &Context, report: &mut Report) {
    let mut gaps = Gaps::default();
    lists(claim, context, &mut gaps);
    pairs(claim, context, &mut gaps);
    if gaps.lists | gaps.outside | gaps.absent == 0 {
        return;
    }
    let mut words = Vec::new();
    let kinds = kinds(claim);
    let named =
        |bits: u32| kinds.iter().enumerate().filter(move |(at, _)| bits >> at & 1 == 1).map(|(_, kind)| kind.name());
    if let Some((_, line)) = gaps.latest {
        let of = line.map_or("A day of service".to_owned(), |line| format!("The day of line {line}"));
        let titles = System::ALL
            .iter()
            .enumerate()
            .filter(|(at, _)| gaps.lists >> at & 1 == 1)
            .map(|(_, system)| system.title());
        let outside: Vec<&str> = titles.chain(named(gaps.outside)).collect();
        words.push(format!(
            "{of} lies outside every loaded table of {}: what they say was not checked. Import the published files of that day with `claimhost codes import`.",
            outside.join(", ")
        ));
    }
    if gaps.absent != 0 {
        words.push(format!(
            "No table of {} is loaded: pairs, units or add-on codes were not checked. Import CMS's files with `claimhost codes import`, or set ncci = false for payers that do not follow NCCI.",
            named(gaps.absent).collect::<Vec<_>>().join(", ")
        ));
    }
    let severity = if gaps.holds { Severity::Hold } else { Severity::Warn };
    report.at_as(severity, gaps.latest.and_then(|(_, line)| line), FIELD, words.join(" "));
}

/// Codes whose lists say nothing about their day. A set that was never imported (CPT, taxonomy) is told by `codes status`.
fn lists(claim: &Claim, context: &Context, gaps: &mut Gaps) {
    code_lists::each(claim, |coded| {
        let system = coded.system;
        if context.codes.of_system(system).is_empty() || is_covered(context.codes, system, coded.days.0) {
            return;
        }
        if coded.look(context).0 == Verdict::NotCovered {
            let at = System::ALL.iter().position(|known| *known == system).unwrap_or(0);
            gaps.lists |= 1 << at;
            gaps.tell(context, coded.days.0, coded.line, known_until(context.codes, system.name()));
        }
    });
}

/// The tables of NCCI that a claim is checked against.
fn kinds(claim: &Claim) -> [Kind; 3] {
    [Kind::PtpPractitioner, super::ncci_units::kind(claim), Kind::Addon]
}

fn pairs(claim: &Claim, context: &Context, gaps: &mut Gaps) {
    if !billed::follows_ncci(claim, context) {
        return;
    }
    let (tables, kinds) = (Tables::of(context.codes), kinds(claim));
    let [_, units, _] = kinds;
    let mut last_day = None;
    for billed in billed::own(claim) {
        let (Place::Line(line), day) = (billed.place, billed.days.0) else { continue };
        if last_day.replace(day) == Some(day) {
            continue; // told at the first line of the day
        }
        let found = [gap(&tables.ptp(day)), gap(&tables.mue(units, day)), gap(&tables.addon(day))];
        for (at, (gap, kind)) in found.into_iter().zip(kinds).enumerate() {
            match gap {
                Gap::None => {}
                Gap::Absent => gaps.absent |= 1 << at,
                Gap::Outside => {
                    gaps.outside |= 1 << at;
                    gaps.tell(context, day, Some(line), known_until(context.codes, kind.name()));
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    Outside,
    Absent,
}

fn gap<T>(answer: &Answer<'_, T>) -> Gap {
    match answer {
        Answer::Known(..) => Gap::None,
        Answer::Outside => Gap::Outside,
        Answer::Absent => Gap::Absent,
    }
}

/// Whole months from one day to a later one.
fn whole_months(from: i64, to: i64) -> i64 {
    let (from, to) = (from_day_number(from), from_day_number(to));
    let months = |date: crate::claim::Date| i64::from(date.year) * 12 + i64::from(date.month);
    months(to) - months(from) - i64::from(to.day < from.day)
}
