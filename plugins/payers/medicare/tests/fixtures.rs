//! The cases of every rule: claims in, findings out, and how many findings a person expects.
//!
//! A case is a change of one plain claim. `UPDATE=1` writes `fixtures/<case>/claim.json` and `expected.json`; without it
//! the files must say the same. The number in the table is written by hand: an update cannot hide a wrong answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use claimhost_sdk::Rules;
use claimhost_sdk::claim::*;
use claimhost_sdk::intake::Setup;
use claimhost_sdk::review::{ClaimInContext, EarlierLine, Finding, Fix};
use plugin_medicare::Medicare;
use std::path::{Path, PathBuf};

const G2211: &str = "medicare.g2211-needs-office-visit";
const MOD25: &str = "medicare.g2211-modifier-25";
const AWV: &str = "medicare.annual-wellness-interval";
const DRUG: &str = "medicare.drug-jw-jz";
const AT: &str = "medicare.chiropractic-at";

struct Case {
    rule: &'static str,
    name: &'static str,
    /// Findings of this rule; other rules must be silent.
    expected: usize,
    build: fn() -> ClaimInContext,
}

const fn case(rule: &'static str, name: &'static str, expected: usize, build: fn() -> ClaimInContext) -> Case {
    Case { rule, name, expected, build }
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    case(G2211, "g2211-alone-fails", 1, || claim("2026-03-02", &["G2211", "36415"])),
    case(G2211, "g2211-visit-of-another-day-fails", 1, || on_line(claim("2026-03-02", &["G2211", "99213"]), 1, |l| l.service_dates = days("2026-03-03"))),
    case(G2211, "g2211-visit-of-another-provider-fails", 1, || on_line(claim("2026-03-02", &["G2211", "99213"]), 1, |l| l.providers = Some(rendered_by("1679576722")))),
    case(G2211, "g2211-with-visit-passes", 0, || claim("2026-03-02", &["99213", "G2211"])),
    case(G2211, "g2211-new-patient-passes", 0, || claim("2024-01-01", &["99203", "G2211"])),
    case(G2211, "g2211-before-its-date-passes", 0, || claim("2023-12-31", &["G2211"])),
    case(MOD25, "g2211-visit-with-25-fails", 1, || claim("2026-03-02", &["99213-25", "20610", "G2211"])),
    case(MOD25, "g2211-vaccine-in-2024-fails", 1, || claim("2024-12-31", &["99213-25", "G0008", "G2211"])),
    case(MOD25, "g2211-vaccine-from-2025-passes", 0, || claim("2025-01-01", &["99213-25", "G0008", "G2211"])),
    case(MOD25, "g2211-25-before-its-date-passes", 0, || claim("2023-12-31", &["99213-25", "G2211"])),
    case(AWV, "wellness-too-soon-fails", 1, || earlier(claim("2026-02-28", &["G0439"]), "G0439", "2025-03-15")),
    case(AWV, "wellness-after-first-too-soon-fails", 1, || earlier(claim("2026-03-06", &["G0439"]), "G0438", "2026-03-02")),
    case(AWV, "wellness-first-again-fails", 1, || earlier(claim("2026-04-02", &["G0438"]), "G0438", "2025-03-02")),
    case(AWV, "wellness-twice-on-one-claim-fails", 1, || claim("2026-03-02", &["G0438", "G0439"])),
    case(AWV, "wellness-twelve-months-later-passes", 0, || earlier(claim("2026-03-01", &["G0439"]), "G0439", "2025-03-31")),
    case(AWV, "wellness-alone-passes", 0, || earlier(claim("2026-03-02", &["G0439", "36415"]), "99213", "2026-02-02")),
    case(AWV, "wellness-its-own-earlier-version-passes", 0, || own_version(earlier(claim("2026-03-02", &["G0439"]), "G0439", "2026-03-02"))),
    case(AWV, "wellness-before-its-date-passes", 0, || earlier(claim("2010-12-31", &["G0439"]), "G0439", "2010-12-01")),
    case(DRUG, "drug-without-jw-or-jz-fails", 1, || drug(claim("2026-03-02", &["20610", "J3301"]), 1)),
    case(DRUG, "drug-first-day-fails", 1, || drug(claim("2023-07-01", &["J1885"]), 0)),
    case(DRUG, "drug-jw-of-another-day-fails", 1, || on_line(drug(drug(claim("2026-03-02", &["J3301", "J3301-JW"]), 0), 1), 1, |l| l.service_dates = days("2026-03-03"))),
    case(DRUG, "drug-with-jz-passes", 0, || drug(claim("2026-03-02", &["20610", "J3301-JZ"]), 1)),
    case(DRUG, "drug-discarded-part-with-jw-passes", 0, || drug(drug(claim("2026-03-02", &["J0702", "J0702-JW"]), 0), 1)),
    case(DRUG, "drug-not-in-the-table-passes", 0, || drug(claim("2026-03-02", &["J7613"]), 0)),
    case(DRUG, "drug-without-ndc-passes", 0, || claim("2026-03-02", &["J3301"])),
    case(DRUG, "drug-before-its-date-passes", 0, || drug(claim("2023-06-30", &["J3301"]), 0)),
    case(AT, "chiropractic-without-at-fails", 1, || claim("2026-03-02", &["98941"])),
    case(AT, "chiropractic-with-at-passes", 0, || claim("2026-03-02", &["98940-AT"])),
    case(AT, "chiropractic-maintenance-passes", 0, || claim("2026-03-02", &["98942-GA"])),
    case(AT, "chiropractic-other-region-passes", 0, || claim("2026-03-02", &["98943"])),
    case(AT, "chiropractic-before-its-date-passes", 0, || claim("2004-09-30", &["98941"])),
];

fn open() -> Medicare {
    Medicare::open(Setup { settings: vec![], mapping: String::new() }).unwrap()
}

fn folder(case: &Case) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(case.name)
}

#[test]
fn every_case_finds_what_the_table_and_its_fixture_say() {
    let session = open();
    for case in CASES {
        let claims = vec![(case.build)()];
        let answers: Vec<Vec<Finding>> = claims.iter().map(|claim| session.check(claim)).collect();
        let found: Vec<_> = answers[0].iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(found, vec![case.rule; case.expected], "{}", case.name);

        let json = |value: &dyn erased::Json| value.pretty() + "\n";
        let files = [("claim.json", json(&claims)), ("expected.json", json(&answers))];
        for (name, text) in files {
            let path = folder(case).join(name);
            if std::env::var_os("UPDATE").is_some() {
                std::fs::create_dir_all(folder(case)).unwrap();
                std::fs::write(&path, &text).unwrap();
            }
            let kept =
                std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} is missing: UPDATE=1", path.display()));
            assert_eq!(kept, text, "{}", path.display());
        }
        // What the host reads from the files is what was checked here.
        let kept = std::fs::read_to_string(folder(case).join("claim.json")).unwrap();
        let read: Vec<ClaimInContext> = serde_json::from_str(&kept).unwrap();
        assert!(read == claims, "{}", case.name);
    }
}

/// `serde_json` on either kind of list.
mod erased {
    pub trait Json {
        fn pretty(&self) -> String;
    }
    impl<T: serde::Serialize> Json for T {
        fn pretty(&self) -> String {
            serde_json::to_string_pretty(self).unwrap()
        }
    }
}

#[test]
fn every_rule_has_a_source_dates_and_three_kinds_of_case_and_no_folder_is_left_over() {
    for rule in Medicare::describe().rules {
        let of = |end: &str| CASES.iter().any(|case| case.rule == rule.id && case.name.ends_with(end));
        assert!(of("-fails") && of("-passes") && of("-before-its-date-passes"), "{}", rule.id);
        assert!(rule.source_url.starts_with("https://www.cms.gov/") && rule.effective.is_some(), "{}", rule.id);
    }
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(CASES.iter().any(|case| name == case.name), "{name:?} has no case");
    }
}

#[test]
fn jz_is_proposed_where_there_is_room_for_it() {
    let session = open();
    let with_room = session.check(&drug(claim("2026-03-02", &["20610", "J3301"]), 1));
    assert!(matches!(&with_room[0].fix, Some(Fix::AddModifier(fix)) if fix.line == 2 && fix.modifier == "JZ"));
    let full = session.check(&drug(claim("2026-03-02", &["J3301-RT-GA-KX-59"]), 0));
    assert_eq!(full.len(), 1);
    assert!(full[0].fix.is_none());
}

#[test]
fn the_description_and_plugin_toml_agree() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin.toml")).unwrap();
    let description = Medicare::describe();
    assert!(manifest.contains(&format!("id = \"{}\"", description.id)));
    assert!(manifest.contains(&format!("look_back_days = {} ", description.look_back_days)));
}

// ---- the plain claim and its changes ----------------------------------------------------------------

fn date(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap());
    let mut next = || parts.next().unwrap();
    Date { year: next(), month: u8::try_from(next()).unwrap(), day: u8::try_from(next()).unwrap() }
}

fn days(text: &str) -> DateRange {
    DateRange { start: date(text), end: date(text) }
}

fn provider(is_person: bool, last: &str, first: &str, npi: &str) -> Provider {
    Provider {
        is_person,
        name: PersonName { last: last.into(), first: first.into(), middle: String::new(), suffix: String::new() },
        npi: Some(npi.into()),
        taxonomy: None,
        address: None,
        ids: vec![],
        contacts: vec![],
        local_id: String::new(),
    }
}

fn rendered_by(npi: &str) -> LineProviders {
    let rendering = Some(provider(true, "Barlow", "Simon", npi));
    LineProviders {
        rendering,
        service_facility: None,
        supervising: None,
        ordering: None,
        referring: None,
        primary_care: None,
    }
}

/// `99213-25`: a line of one unit.
fn line(service: &str, day: &str) -> ServiceLine {
    let mut parts = service.split('-');
    let code: String = parts.next().unwrap().into();
    let system = if code.starts_with(|letter: char| letter.is_ascii_digit()) {
        ProcedureSystem::Cpt
    } else {
        ProcedureSystem::Hcpcs
    };
    ServiceLine {
        procedure: Procedure { system, code, modifiers: parts.map(Into::into).collect(), description: String::new() },
        charge: 5_000,
        unit_charge: None,
        units: Quantity { unit: Unit::Units, thousandths: 1000 },
        place_of_service: String::new(),
        diagnosis_pointers: vec![1],
        service_dates: days(day),
        emergency: false,
        epsdt: false,
        family_planning: false,
        copay_exempt: false,
        drug: None,
        providers: None,
        adjudications: vec![],
        extras: None,
    }
}

fn claim(day: &str, services: &[&str]) -> ClaimInContext {
    let lines: Vec<_> = services.iter().map(|service| line(service, day)).collect();
    let patient = Patient {
        ids: vec![],
        name: PersonName { last: "Hollis".into(), first: "Edith".into(), middle: String::new(), suffix: String::new() },
        birth_date: Some(date("1950-04-05")),
        gender: Some(Gender::Female),
        address: None,
        death_date: None,
        weight_pounds: None,
        pregnant: false,
        casualty_patient_id: None,
        contact: None,
    };
    let header = ClaimHeader {
        patient,
        coverages: vec![],
        diagnoses: vec![Diagnosis { system: DiagnosisSystem::Icd10cm, code: "I10".into() }],
        billing: Some(provider(false, "Cedar Family Medicine", "", "1234567893")),
        rendering: Some(provider(true, "Osei", "Daniel", "1245319599")),
        referring: None,
        primary_care: None,
        service_facility: None,
        supervising: None,
        place_of_service: "11".into(),
        location: String::new(),
        provider_signature: Some(true),
        assignment: Some(Assignment::Assigned),
        patient_paid: None,
        stated_total: None,
        extras: None,
    };
    let claim = Claim {
        control_number: "C2".into(),
        frequency: Frequency::Original,
        payer_control_number: None,
        destination: 0,
        total_charge: lines.iter().map(|line| line.charge).sum(),
        header,
        lines,
    };
    ClaimInContext { claim, as_of: date(day), earlier: vec![] }
}

fn on_line(mut input: ClaimInContext, at: usize, change: fn(&mut ServiceLine)) -> ClaimInContext {
    change(&mut input.claim.lines[at]);
    input
}

fn drug(mut input: ClaimInContext, at: usize) -> ClaimInContext {
    input.claim.lines[at].drug = Some(Drug {
        qualifier: DrugQualifier::Ndc,
        code: "70020293001".into(),
        amount: Some(Quantity { unit: Unit::Milliliter, thousandths: 1000 }),
        prescription: String::new(),
        link_sequence: String::new(),
    });
    input
}

fn earlier(mut input: ClaimInContext, code: &str, day: &str) -> ClaimInContext {
    let ServiceLine { procedure, units, charge, .. } = line(code, day);
    input.earlier.push(EarlierLine {
        claim_id: "C1".into(),
        service_dates: days(day),
        procedure,
        units,
        charge,
        rendering_npi: "1245319599".into(),
        diagnoses: vec!["I10".into()],
    });
    input
}

fn own_version(mut input: ClaimInContext) -> ClaimInContext {
    input.earlier[0].claim_id = input.claim.control_number.clone();
    input
}
