//! The code lists in a claim: the public tables that come with claimhost, on days that they know, between them and beyond them.

use std::sync::LazyLock;

use super::*;
use crate::codes::container::{Cover, Label, Table};
use crate::codes::list::{Entry, pack};
use crate::codes::shelf::Shelf;
use crate::codes::{System, embedded};

/// The embedded tables and a list of taxonomies.
fn shelf() -> &'static Shelf {
    static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
        let public = embedded::tables().unwrap();
        let public = public.iter().map(|(label, payload)| Table::in_memory(label, payload).unwrap());
        Shelf::of(public.chain([list(System::Taxonomy, "1990-01", on(1990, 1, 1), &["207Q00000X", "207R00000X"])]))
    });
    &SHELF
}

/// A complete list that stands from a day on.
fn list(system: System, version: &str, first: Date, codes: &[&str]) -> Table {
    let label = Label {
        kind: system.name().to_owned(),
        version: version.to_owned(),
        cover: Cover { first: day_number(first), last: crate::codes::container::OPEN_END },
        rows: codes.len() as u64,
        source: "list.csv".to_owned(),
        source_sha256: [0; 32],
    };
    let rows: Vec<Entry> = codes.iter().map(|code| Entry::plain(code)).collect();
    Table::in_memory(&label, &pack(&rows, false)).unwrap()
}

/// What the code edits say of the clean claim with a change.
fn found(change: fn(&mut Claim), profile: &Profile, shelf: &Shelf) -> Vec<Finding> {
    let mut claim = clean();
    change(&mut claim);
    // NCCI is another test's.
    let mut profile = profile.clone();
    profile.payer[0].id = text("90001");
    profile.payer[0].ncci = false;
    let context = Context {
        as_of: on(2027, 6, 1),
        profile: &profile,
        earlier: &[],
        siblings: &[],
        codes: shelf,
        known: &[],
        alike: &[],
        visit: VisitDays::default(),
        cover: None,
        undelivered: &[],
    };
    let mut findings = scrub(&claim, &context);
    findings.retain(|finding| finding.rule.starts_with("code."));
    findings
}

fn modified(claim: &mut Claim, modifier: &str) {
    claim.lines[1].procedure.modifiers = vec![text(modifier)];
}

/// What is done to the clean claim.
type Change = fn(&mut Claim);

/// Edit, place, what is done to the clean claim, which is of 2026-03-02: exactly this edit must speak, of this place.
#[rustfmt::skip]
pub(super) const FAULTS: &[(&str, &str, Change)] = &[
    ("code.unknown", "diagnoses[0]", |c| codes(c, &["I1099", "E119"])),
    ("code.unknown", "diagnoses[1]", |c| codes(c, &["I10", "E191"])),
    ("code.unknown", "diagnoses[0]", |c| codes(c, &["S93401X"])),
    ("code.unknown", "procedure.code", |c| only(c, "G0000", &[])),
    ("code.unknown", "procedure.code", |c| { only(c, "J3033", &[]); served(c, on(2024, 5, 1)); }),
    ("code.unknown", "procedure.modifiers[0]", |c| modified(c, "ZY")),
    ("code.unknown", "place_of_service", |c| c.header.place_of_service = text("30")),
    ("code.unknown", "place_of_service", |c| c.lines[1].place_of_service = text("88")),
    ("code.unknown", "rendering.taxonomy", |c| c.header.rendering.as_mut().unwrap().taxonomy = Some(text("207ZZ9999X"))),
    ("code.not-billable", "diagnoses[0]", |c| codes(c, &["E11"])),
    ("code.not-billable", "diagnoses[0]", |c| codes(c, &["S93401"])),
    ("code.not-billable", "diagnoses[0]", |c| { codes(c, &["M545"]); served(c, on(2026, 4, 1)); }), // billable until 2021
    ("code.not-billable", "diagnoses[0]", |c| { codes(c, &["E11"]); served(c, on(2027, 5, 3)); }), // beyond the last list
    ("code.not-yet-effective", "diagnoses[0]", |c| { codes(c, &["B8801"]); served(c, on(2025, 9, 30)); }),
    ("code.not-yet-effective", "procedure.code", |c| { only(c, "G9995", &[]); served(c, on(2021, 12, 31)); }),
    ("code.retired", "diagnoses[0]", |c| { codes(c, &["B880"]); served(c, on(2025, 10, 1)); }),
    ("code.retired", "diagnoses[0]", |c| { codes(c, &["S301XXA"]); served(c, on(2026, 4, 1)); }),
    ("code.retired", "procedure.code", |c| { only(c, "G9995", &[]); served(c, on(2024, 1, 1)); }),
    ("code.retired", "procedure.code", |c| only(c, "C9014", &[])),
    // Two lines of two days point to one diagnosis, which ended between them.
    ("code.retired", "diagnoses[0]", |c| {
        codes(c, &["B880"]);
        served(c, on(2025, 9, 30));
        c.lines[1].service_dates = DateRange { start: on(2025, 10, 1), end: on(2025, 10, 1) };
        for line in &mut c.lines { line.diagnosis_pointers = vec![1]; }
    }),
];

/// What no list may object to, nor be silent about where it does not know.
#[rustfmt::skip]
const NEAR_MISSES: &[(&str, Change)] = &[
    ("between two lists that both have the codes", |_| {}),
    ("on the last day of a code", |c| { codes(c, &["B880"]); served(c, on(2025, 9, 30)); }),
    ("a service that begins on the last day of a code", |c| { codes(c, &["B880"]); served(c, on(2025, 9, 30)); for line in &mut c.lines { line.service_dates.end = on(2025, 10, 2); } }),
    ("ICD-9-CM before ICD-10-CM", |c| { codes(c, &["25000"]); for d in &mut c.header.diagnoses { d.system = DiagnosisSystem::Icd9cm; } }),
    ("plain numbers, without a list of CPT", |c| only(c, "11111", &["25", "59"])),
    ("a modifier of CPT", |c| modified(c, "76")),
    ("from a residence to a hospital", |c| taken(c, &["RH"], true)),
    ("a modifier of HCPCS", |c| modified(c, "RT")),
    ("a code of a list that is not complete", |c| { only(c, "J1885", &[]); served(c, on(2026, 5, 4)); }),
    ("the last day of a code", |c| { only(c, "G9995", &[]); served(c, on(2023, 12, 31)); c.header.place_of_service.clear(); }),
    ("a void takes back what was sent", |c| { codes(c, &["E11"]); c.frequency = Frequency::Void; }),
    ("a form that another edit finds", |c| codes(c, &["Z9"])),
];

/// What lies beyond the lists: sent, and said.
#[rustfmt::skip]
const BEYOND: &[(&str, &str, Change)] = &[
    ("a code that is new since the list before", "ICD-10-CM", |c| { codes(c, &["B8801"]); served(c, on(2025, 10, 1)); }),
    ("before every list of diagnoses", "ICD-10-CM", |c| { served(c, on(2019, 5, 6)); c.header.place_of_service.clear(); }),
    ("before the list of places", "place of service", |c| { codes(c, &["M545"]); served(c, on(2021, 5, 6)); }),
    ("after the last list", "ICD-10-CM", |c| served(c, on(2026, 11, 30))),
    ("a code that a list which is not complete lacks", "HCPCS Level II", |c| { only(c, "H0001", &[]); served(c, on(2026, 5, 4)); }),
];

#[test]
fn each_code_fault_is_found_by_its_edit_at_its_place() {
    let (mut words, mut wrong) = (String::new(), Vec::new());
    for (at, (id, place, change)) in FAULTS.iter().enumerate() {
        let mut found = found(*change, &profile(), shelf());
        // Lists of other codes may not know so old a day: a row of its own.
        found.retain(|finding| finding.rule != "code.not-covered");
        let [finding] = found.as_slice() else {
            wrong.push(format!("{at} {id} {place}: {found:?}"));
            continue;
        };
        if finding.rule != *id || finding.at.field != *place || finding.severity != Severity::Hold {
            wrong.push(format!("{at} {id} {place}: {finding:?}"));
        }
        words.push_str(&format!("{id} {place}: {}\n", finding.words));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    insta::assert_snapshot!(words);
}

#[test]
fn lists_do_not_cry_wolf() {
    for (what, change) in NEAR_MISSES {
        let found = found(*change, &profile(), shelf());
        assert!(found.is_empty(), "{what}: {found:?}");
    }
}

#[test]
fn what_lies_beyond_the_lists_is_sent_and_told_once() {
    for (what, list, change) in BEYOND {
        let found = found(*change, &profile(), shelf());
        let told: Vec<_> = found.iter().map(|finding| (finding.rule.as_str(), finding.severity)).collect();
        assert_eq!(told, [("code.not-covered", Severity::Warn)], "{what}: {found:?}");
        assert!(found[0].words.contains(list), "{what}: {}", found[0].words);
    }
}

#[test]
fn policy_says_how_old_lists_may_be() {
    let severity = |months: u16, day: Date| {
        let profile = Profile { code_cover_hold_months: months, ..profile() };
        let mut claim = clean();
        served(&mut claim, day);
        let context = Context {
            as_of: AS_OF,
            profile: &profile,
            earlier: &[],
            siblings: &[],
            codes: shelf(),
            known: &[],
            alike: &[],
            visit: VisitDays::default(),
            cover: None,
            undelivered: &[],
        };
        let found = scrub(&claim, &context).into_iter().find(|finding| finding.rule == "code.not-covered");
        found.map(|finding| finding.severity)
    };
    // The last list of diagnoses ends on 2026-09-30.
    for (months, day, expected) in [
        (36, on(2026, 10, 1), Severity::Warn),
        (36, on(2029, 9, 29), Severity::Warn),
        (36, on(2029, 9, 30), Severity::Hold),
        (1, on(2026, 10, 29), Severity::Warn),
        (1, on(2026, 10, 30), Severity::Hold),
        (0, on(2026, 10, 1), Severity::Hold),
        (0, on(2019, 10, 1), Severity::Warn), // older than the lists: nobody can import what is not published any more
    ] {
        assert_eq!(severity(months, day), Some(expected), "{months} {day:?}");
    }
}

#[test]
fn a_list_of_cpt_is_asked_where_there_is_one() {
    let with_cpt = Shelf::of([list(System::Cpt, "2026", on(2026, 1, 1), &["99213", "93000"])]);
    assert!(found(|_| {}, &profile(), &with_cpt).is_empty());
    let found = found(|claim| only(claim, "99231", &[]), &profile(), &with_cpt);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule.as_str(), found[0].at.line), ("code.unknown", Some(1)));
    assert!(found[0].words.contains("99213"), "{}", found[0].words);
}
