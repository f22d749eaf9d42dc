//! NCCI in a claim: invented tables of few pairs, numbers only; claims that must be held, and neighbours that must not.

use std::sync::LazyLock;

use super::*;
use crate::codes::container::{Cover, Label, Table};
use crate::codes::shelf::Shelf;
use crate::ncci::import::{Asked, Source, import};

/// In force for the first quarter of 2026, some for part of it.
const PAIRS: &str = "Column 1,Column 2,prior to 1996,Effective Date,Deletion Date,Modifier,Rationale\n\
    80053,80048,,20000101,*,0,panel\n\
    20610,99213,,20130101,*,1,visit\n\
    93000,99214,,20130101,*,1,visit\n\
    29827,29820,,20040101,*,1,lesser\n\
    45385,45380,,20020101,20260301,1,lesser\n\
    99213,99408,,20200101,*,0,practice\n\
    11055,11720,,20020101,20020101,9,other\n";
const UNITS: &str = "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\n\
    82374,2,1,data,Practitioner\n20610,2,3,data,Practitioner\n17000,1,2,code,Practitioner\n\
    A4253,0,3,policy,Practitioner\n29881,1,2,CMS Policy,Practitioner\n29874,1,2,code,Practitioner\n99408,0,3,CMS Policy,Practitioner\n";
const EQUIPMENT: &str = "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\nA4253,1,3,nature,DME Supplier\n";
const ADDONS: &str = "primary_code,add_on_code,aoc_edit_type\n\
    99291,99292,1\n11102,11103,1\n11103,11107,1\nCCCCC,0437T,2\n49320,49327,3\n";

/// The tables, for every test of the scrub.
pub(super) fn shelf() -> &'static Shelf {
    static SHELF: LazyLock<Shelf> = LazyLock::new(|| {
        let files = [
            ("ccipra-v320r0-f1.csv", PAIRS),
            ("mue_practitioner_2026Q1.csv", UNITS),
            ("mue_dme_2026Q1.csv", EQUIPMENT),
            ("addon_2026Q1.csv", ADDONS),
        ];
        Shelf::of(files.map(|(name, text)| {
            let imported = import(&[Source { name, bytes: text.as_bytes() }], Asked::default()).unwrap();
            let (first, last) = imported.cover;
            let label = Label {
                kind: imported.kind.name().to_owned(),
                version: imported.quarter.to_string(),
                cover: Cover { first, last },
                rows: imported.rows,
                source: name.to_owned(),
                source_sha256: [0; 32],
            };
            Table::in_memory(&label, &imported.payload).unwrap()
        }))
    });
    &SHELF
}

/// The clean claim with these lines, beside earlier claims: ids and places of what NCCI finds.
fn found(claim: &Claim, earlier: &[EarlierClaim], profile: &Profile) -> Vec<Finding> {
    found_beside(claim, &[], earlier, profile)
}

/// The same, with other claims of its visit.
fn found_beside(claim: &Claim, siblings: &[EarlierClaim], earlier: &[EarlierClaim], profile: &Profile) -> Vec<Finding> {
    let context = Context {
        as_of: AS_OF,
        profile,
        earlier,
        siblings,
        codes: shelf(),
        known: &[],
        alike: &[],
        visit: VisitDays::default(),
        cover: None,
        undelivered: &[],
    };
    let mut findings = scrub(claim, &context);
    findings.retain(|finding| finding.rule.starts_with("ncci."));
    findings
}

fn with(lines: &[&str]) -> Claim {
    let mut claim = clean();
    claim.lines = lines.iter().map(|text| of(text)).collect();
    sum(&mut claim);
    claim
}

/// `99213-25*2`: code, modifiers, units.
fn of(text: &str) -> ServiceLine {
    let (text, units) = text.split_once('*').unwrap_or((text, "1"));
    let parts: Vec<&str> = text.split('-').collect();
    let mut line = line(parts[0], &parts[1..], 1_000);
    line.units.thousandths = units.parse::<i64>().unwrap() * 1000;
    line
}

fn ids(lines: &[&str]) -> Vec<String> {
    let told = |finding: Finding| format!("{} {}", finding.rule, finding.at.line.unwrap());
    found(&with(lines), &[], &profile()).into_iter().map(told).collect()
}

fn earlier(lines: &[&str]) -> EarlierClaim {
    EarlierClaim::of(&Claim { control_number: text("C0"), ..with(lines) }, true)
}

/// A visit that was split has one day on several claims. Of a pair the claim with column 2 is told; units count on each.
#[test]
fn the_other_claims_of_the_visit_are_beside_it() {
    // Those that leave together have no id yet.
    let sibling = |claim: &Claim| EarlierClaim { claim_id: String::new(), ..EarlierClaim::of(claim, true) };
    let told_beside = |own: &[&str], other: EarlierClaim| -> Vec<String> {
        let findings = found_beside(&with(own), &[other], &[], &profile());
        findings.into_iter().map(|finding| format!("{} {}", finding.rule, finding.at.line.unwrap())).collect()
    };
    let told = |own: &[&str], other: &[&str]| told_beside(own, sibling(&with(other)));
    let none: [&str; 0] = [];
    assert_eq!(told(&["80048"], &["80053"]), ["ncci.ptp 1"]);
    assert_eq!(told(&["80053"], &["80048"]), none, "the other claim is told");
    assert_eq!(told(&["99213"], &["20610"]), ["ncci.ptp.modifier-missing 1"]);
    assert_eq!(told(&["99213-25"], &["20610"]), none);
    assert_eq!(told(&["17000"], &["17000"]), ["ncci.mue.day 1"]);
    assert_eq!(told(&["82374*2"], &["82374*2"]), none, "a limit of a line is of a line");
    assert_eq!(
        (told(&["99292"], &["99291"]), told(&["99292"], &["99213"])),
        (vec![], vec![text("ncci.addon.primary-missing 1")])
    );
    // Of another provider, day or payer it is another service.
    let mut other = with(&["80053"]);
    other.header.coverages[0].payer.id = text("OTHER");
    assert!(found_beside(&with(&["80048"]), &[sibling(&other)], &[], &profile()).is_empty());
    let mut other = with(&["80053"]);
    other.lines[0].service_dates = crate::claim::DateRange { start: on(2026, 2, 2), end: on(2026, 2, 2) };
    assert!(found_beside(&with(&["80048"]), &[sibling(&other)], &[], &profile()).is_empty());
    // What has left is not looked at again: the claim with column 1 is told.
    assert_eq!(told_beside(&["80053"], earlier(&["80048"])), ["ncci.ptp 1"]);
    // A primary that is held leaves later.
    let held = EarlierClaim { live: false, ..sibling(&with(&["99291"])) };
    assert_eq!(told_beside(&["99292"], held), ["ncci.addon.primary-missing 1"]);
    let words = found_beside(&with(&["99213"]), &[sibling(&with(&["20610"]))], &[], &profile());
    assert!(
        words[0].words.starts_with("99213 and 20610 are on two claims of this visit, and 99213 is part of 20610"),
        "{words:?}"
    );
}

/// CMS has pairs of a procedure with some visits only: of those the pair speaks, of the others the fee schedule's days.
#[test]
fn a_visit_that_no_pair_names_is_asked_about_all_the_same() {
    use crate::pfs::{self, Global, Indicators};
    let of = |(code, global)| Indicators {
        code: crate::ncci::Code::parse(code).unwrap(),
        global,
        components: 0,
        bilateral: 0,
        assistant: 0,
        co_surgeons: 0,
        team: 0,
    };
    let codes = [("99213", Global::None), ("99203", Global::None), ("99283", Global::None), ("20610", Global::Day)];
    let indicators: Vec<Indicators> = codes.map(of).to_vec();
    let label = Label {
        kind: pfs::KIND.to_owned(),
        version: text("2026Q1"),
        cover: Cover { first: 0, last: i64::from(i32::MAX) },
        rows: 4,
        source: text("test"),
        source_sha256: [0; 32],
    };
    let pairs = import(&[Source { name: "ccipra-v320r0-f1.csv", bytes: PAIRS.as_bytes() }], Asked::default()).unwrap();
    let (first, last) = pairs.cover;
    let kind = pairs.kind.name().to_owned();
    let of_pairs = Label { kind, cover: Cover { first, last }, rows: pairs.rows, ..label.clone() };
    let shelf = Shelf::of([
        Table::in_memory(&label, &pfs::build(&indicators)).unwrap(),
        Table::in_memory(&of_pairs, &pairs.payload).unwrap(),
    ]);
    let asked = |lines: &[&str]| -> Vec<String> {
        let context = Context {
            as_of: AS_OF,
            profile: &profile(),
            earlier: &[],
            siblings: &[],
            codes: &shelf,
            known: &[],
            alike: &[],
            visit: VisitDays::default(),
            cover: None,
            undelivered: &[],
        };
        let findings = scrub(&with(lines), &context);
        let told =
            |finding: &Finding| finding.rule.starts_with("ncci.") || finding.rule.starts_with("modifier-omission.");
        findings.into_iter().filter(told).map(|finding| finding.rule).collect()
    };
    assert_eq!(asked(&["99213", "20610-RT"]), ["ncci.ptp.modifier-missing"]);
    assert_eq!(asked(&["99203", "20610-RT"]), ["modifier-omission.separate-visit"]);
    assert_eq!(asked(&["99283", "20610-RT"]), ["modifier-omission.separate-visit"]);
    assert_eq!(asked(&["99203-25", "20610-RT"]), Vec::<String>::new());
    assert_eq!(asked(&["99203", "99213"]), Vec::<String>::new(), "two visits");
}

#[test]
fn pairs_of_one_claim() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["80053", "80048"], &["ncci.ptp 2"]),
        (&["80048", "80053"], &["ncci.ptp 1"]),
        (&["80053", "80048-59-91"], &["ncci.ptp 2"]),
        (&["20610-RT", "99213"], &["ncci.ptp.modifier-missing 2"]),
        (&["99213", "20610-RT"], &["ncci.ptp.modifier-missing 1"]),
        (&["99213-25", "20610-RT"], &[]),
        (&["99213-57", "20610-RT"], &[]),
        (&["99213", "20610-59"], &["ncci.ptp.modifier-missing 1"]),
        (&["29827-RT", "29820-RT"], &["ncci.ptp.modifier-missing 2"]),
        (&["29827-RT", "29820-LT"], &[]),
        (&["29827-RT", "29820"], &["ncci.ptp.modifier-missing 2"]),
        (&["29827", "29820-RT"], &[]),
        (&["29827-RT", "29820-RT-XS"], &[]),
        (&["29827-76", "29820-77"], &["ncci.ptp.modifier-missing 2"]),
        (&["45385", "45380"], &[]),
        (&["11055", "11720"], &[]),
        (&["93000", "99213"], &[]),
        (&["99214", "93000", "20610-RT"], &["ncci.ptp.modifier-missing 1"]),
    ];
    for (lines, expected) in cases {
        assert_eq!(ids(lines), *expected, "{lines:?}");
    }
}

#[test]
fn another_day_or_provider_is_no_pair_and_dates_of_the_table_count() {
    let mut claim = with(&["80053", "80048"]);
    claim.lines[1].service_dates = DateRange { start: on(2026, 3, 3), end: on(2026, 3, 3) };
    assert!(found(&claim, &[], &profile()).is_empty());
    claim.lines[0].service_dates.end = on(2026, 3, 4);
    assert_eq!(found(&claim, &[], &profile()).len(), 1, "a service of several days meets each of them");

    let mut claim = with(&["80053", "80048"]);
    let other = provider(true, "1234567893", "Lund", "Petra");
    claim.lines[1].providers = Some(LineProviders {
        rendering: Some(other),
        service_facility: None,
        supervising: None,
        ordering: None,
        referring: None,
        primary_care: None,
    });
    assert!(found(&claim, &[], &profile()).is_empty());

    let mut claim = with(&["45385", "45380"]);
    for line in &mut claim.lines {
        line.service_dates = DateRange { start: on(2026, 3, 1), end: on(2026, 3, 1) };
    }
    assert_eq!(found(&claim, &[], &profile()).len(), 1, "the deletion date is the last day in effect");
}

#[test]
fn earlier_claims_count_where_live_and_of_one_payer() {
    let rows: &[(&[&str], &[&str], usize)] = &[
        (&["80053"], &["80048"], 1),
        (&["80048"], &["80053"], 1),
        (&["20610"], &["99213"], 1),
        (&["20610"], &["99213-25"], 0),
        (&["93000"], &["99213"], 0),
        (&["20610-RT"], &["20610-LT*2"], 1),
        (&["17000"], &["17000-59"], 1),
        (&["99292"], &["99291"], 0),
        (&["11103"], &["11102"], 0),
    ];
    for (lines, before, expected) in rows {
        let (claim, before) = (with(lines), earlier(before));
        assert_eq!(found(&claim, std::slice::from_ref(&before), &profile()).len(), *expected, "{lines:?}");
        let alone = found(&claim, &[], &profile()).len();
        for other in [
            EarlierClaim { live: false, ..before.clone() },
            EarlierClaim { payer_id: text("90002"), ..before.clone() },
            EarlierClaim { claim_id: text("C1"), ..before.clone() },
        ] {
            assert_eq!(found(&claim, &[other], &profile()).len(), alone, "{lines:?}");
        }
    }
}

#[test]
fn units_of_a_line_and_of_a_day() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["82374*2"], &[]),
        (&["82374*3"], &["ncci.mue.line 1"]),
        (&["82374*2", "82374-91*2"], &[]),
        (&["17000"], &[]),
        (&["17000*2"], &["ncci.mue.day 1"]),
        (&["93000", "17000", "17000-59"], &["ncci.mue.day 2"]),
        (&["17000", "17000-55"], &[]),
        (&["20610-RT", "20610-LT"], &[]),
        (&["20610-50"], &[]),
        (&["20610-50*3"], &["ncci.mue.day 1"]),
        (&["A4253"], &[]), // another payer's coverage is not Medicare's
        (&["29874-RT", "29874-LT"], &["ncci.mue.day 1"]),
        (&["99499*9"], &[]),
    ];
    for (lines, expected) in cases {
        assert_eq!(ids(lines), *expected, "{lines:?}");
    }
}

#[test]
fn units_over_several_days_suppliers_and_policy() {
    let mut claim = with(&["17000*3"]);
    claim.lines[0].service_dates.start = on(2026, 2, 28);
    assert!(found(&claim, &[], &profile()).is_empty(), "three days, three units");
    claim.lines[0].units.thousandths = 5_000;
    assert_eq!(found(&claim, &[], &profile()).len(), 1);

    let mut claim = with(&["A4253"]);
    claim.header.billing.as_mut().unwrap().taxonomy = Some(text("332B00000X"));
    assert!(found(&claim, &[], &profile()).is_empty(), "a supplier's limit is 1");

    let mut minutes = with(&["17000*45"]);
    minutes.lines[0].units.unit = Unit::Minutes;
    assert!(found(&minutes, &[], &profile()).is_empty());

    let warns = Profile { mue_clinical: crate::practice::Consequence::Warn, ..profile() };
    let severity = |lines: &[&str]| found(&with(lines), &[], &warns).first().map(|finding| finding.severity);
    assert_eq!(severity(&["20610*3"]), Some(Severity::Warn), "clinical: policy");
    assert_eq!(severity(&["17000*2"]), Some(Severity::Hold), "absolute: never");
    assert_eq!(severity(&["A4253"]), None, "Medicare's coverage");
}

/// NCCI Policy Manual, chapter 1, section V: a limit of 0 and the rationale CMS Policy are Medicare's coverage. Chapter 12 of the
/// Claims Processing Manual, section 40.7: Medicare wants both sides on one line with 50; others take two.
#[test]
fn coverage_and_sides_are_medicares_where_the_payer_is_medicare() {
    let table: &[(&[&str], Option<Severity>, Option<Severity>)] = &[
        (&["A4253"], None, Some(Severity::Hold)),
        (&["A4253-GY"], None, None),
        (&["99408"], None, Some(Severity::Hold)),
        (&["29881-RT", "29881-RT-59"], Some(Severity::Warn), Some(Severity::Hold)),
        (&["29881-RT", "29881-LT"], Some(Severity::Warn), Some(Severity::Hold)),
        (&["29874-RT", "29874-LT"], Some(Severity::Warn), Some(Severity::Hold)),
        (&["29874-RT", "29874-RT-59"], Some(Severity::Hold), Some(Severity::Hold)),
        (&["29874-RT", "29874"], Some(Severity::Hold), Some(Severity::Hold)),
        (&["29874-50"], None, None),
        (&["17000*2"], Some(Severity::Hold), Some(Severity::Hold)),
        (&["99213-25", "99408"], Some(Severity::Warn), Some(Severity::Hold)),
    ];
    for (lines, other, medicare) in table {
        for (filing, expected) in
            [("CI", other), ("MC", other), ("HM", other), ("MB", medicare), ("MA", medicare), ("16", medicare)]
        {
            let mut claim = with(lines);
            claim.header.coverages[0].filing_indicator = text(filing);
            let severity = found(&claim, &[], &profile()).into_iter().map(|finding| finding.severity).next();
            assert_eq!(severity, *expected, "{lines:?} {filing}");
        }
    }
}

#[test]
fn add_on_codes_need_what_they_add_to() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["99292"], &["ncci.addon.primary-missing 1"]),
        (&["99292", "99291"], &[]),
        (&["11103", "17000"], &["ncci.addon.primary-missing 1"]),
        (&["11102", "11103", "11107"], &[]),
        (&["0437T"], &["ncci.addon.primary-missing 1"]),
        (&["0437T", "11103", "11102"], &[]),
        (&["0437T", "99292"], &["ncci.addon.primary-missing 1", "ncci.addon.primary-missing 2"]),
        (&["49327"], &["ncci.addon.primary-missing 1"]),
        (&["49327", "49320"], &[]),
        (&["49327", "44950"], &[]),
    ];
    for (lines, expected) in cases {
        assert_eq!(ids(lines), *expected, "{lines:?}");
    }
}

/// NCCI Policy Manual, chapter 1, section D: a visit needs no other diagnosis to be separate, and is not separate for having one.
#[test]
fn proposes_nothing_for_the_chart_decides() {
    for lines in [&["93000", "99214"][..], &["20610", "99213"], &["29827", "29820"]] {
        let mut claim = with(lines);
        claim.lines[0].diagnosis_pointers = vec![1];
        claim.lines[1].diagnosis_pointers = vec![2];
        let findings = found(&claim, &[], &profile());
        assert!(findings.len() == 1 && findings[0].fix.is_none(), "{lines:?}");
    }
}

#[test]
fn a_payer_that_does_not_follow_ncci_and_a_void_are_not_asked() {
    let claim = with(&["80053", "80048", "99292", "17000*9"]);
    assert_eq!(found(&claim, &[], &profile()).len(), 3);
    let mut other = profile();
    other.payer[0].id = text("90001");
    assert_eq!(found(&claim, &[], &other).len(), 3, "by default every payer follows it");
    other.payer[0].ncci = false;
    assert!(found(&claim, &[], &other).is_empty());
    assert!(found(&Claim { frequency: Frequency::Void, ..claim }, &[], &profile()).is_empty());
}

#[test]
fn what_no_table_knows_is_told_and_never_passed() {
    let told = |claim: &Claim, shelf: &Shelf, as_of: Date| -> Vec<(Severity, Option<u16>)> {
        let context = Context {
            as_of,
            profile: &profile(),
            earlier: &[],
            siblings: &[],
            codes: shelf,
            known: &[],
            alike: &[],
            visit: VisitDays::default(),
            cover: None,
            undelivered: &[],
        };
        let findings = scrub(claim, &context);
        let gaps = findings.into_iter().filter(|finding| finding.rule == "code.not-covered");
        gaps.map(|finding| (finding.severity, finding.at.line)).collect()
    };
    let empty = Shelf::default();
    let mut claim = with(&["99213", "93000", "20610-RT"]);
    assert!(told(&claim, shelf(), AS_OF).is_empty());
    assert_eq!(told(&claim, &empty, AS_OF), [(Severity::Warn, None)], "once for a claim, and it is sent");
    for line in &mut claim.lines[1..] {
        line.service_dates = DateRange { start: on(2025, 12, 31), end: on(2025, 12, 31) };
    }
    // Pairs know their past; units and add-on codes know their quarter. What is older than the tables is sent.
    assert_eq!(told(&claim, shelf(), AS_OF), [(Severity::Warn, Some(2))]);
    for (day, severity) in [(on(2026, 4, 1), Severity::Warn), (on(2029, 3, 31), Severity::Hold)] {
        for line in &mut claim.lines[1..] {
            line.service_dates = DateRange { start: day, end: day };
        }
        assert_eq!(told(&claim, shelf(), on(2029, 12, 31)), [(severity, Some(2))], "36 months after the quarter");
    }
    let mut other = profile();
    other.payer[0].id = text("90001");
    other.payer[0].ncci = false;
    let context = Context {
        as_of: AS_OF,
        profile: &other,
        earlier: &[],
        siblings: &[],
        codes: &empty,
        known: &[],
        alike: &[],
        visit: VisitDays::default(),
        cover: None,
        undelivered: &[],
    };
    assert!(scrub(&claim, &context).iter().all(|finding| finding.rule != "code.not-covered"));
}

#[test]
fn a_line_in_two_pairs_has_one_finding_that_names_both() {
    // 20610/99213 and 93000/99214 are pairs of the table; so is the panel with each of its parts.
    let findings = found(&with(&["80048", "80053", "80053-59"]), &[], &profile());
    let of_line: Vec<_> = findings.iter().filter(|finding| finding.at.line == Some(1)).collect();
    assert_eq!(of_line.len(), 1, "{findings:?}");
    assert!(
        of_line[0].words.contains("line 2 (80053)") && of_line[0].words.contains("line 3 (80053)"),
        "{:?}",
        of_line[0]
    );
}

#[test]
fn words_name_both_codes_the_lines_and_the_table() {
    let mut words = Vec::new();
    for lines in [
        &["80053", "80048"][..],
        &["20610-RT", "99213"],
        &["29827-RT", "29820-RT"],
        &["29827", "29820"],
        &["82374*3"],
        &["17000", "17000-59"],
        &["20610*3"],
        &["29881-RT", "29881-LT"],
        &["29827-RT", "29820"],
        &["99213-25", "99408"],
        &["99292"],
        &["0437T"],
    ] {
        words.extend(found(&with(lines), &[], &profile()).into_iter().map(|finding| finding.words));
    }
    words.extend(found(&with(&["80053"]), &[earlier(&["80048"])], &profile()).into_iter().map(|finding| finding.words));
    words.extend(found(&with(&["99213"]), &[earlier(&["20610"])], &profile()).into_iter().map(|finding| finding.words));
    let mut medicare = with(&["A4253", "29881-RT", "29881-LT"]);
    medicare.header.coverages[0].filing_indicator = text("MB");
    words.extend(found(&medicare, &[], &profile()).into_iter().map(|finding| finding.words));
    insta::assert_snapshot!(words.join("\n"));
}
