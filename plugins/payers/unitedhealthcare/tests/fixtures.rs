//! The cases of every rule: claims in, findings out, and how many findings a person expects.
//!
//! A case is a change of one plain claim. `UPDATE=1` writes `fixtures/<case>/claim.json` and `expected.json`; without it
//! the files must say the same. The number in the table is written by hand: an update cannot hide a wrong answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use claimhost_sdk::Rules;
use claimhost_sdk::claim::*;
use claimhost_sdk::intake::Setup;
use claimhost_sdk::review::{ClaimInContext, Finding};
use plugin_unitedhealthcare::UnitedHealthcare;
use std::path::{Path, PathBuf};

const CONSULT: &str = "unitedhealthcare.consultation";
const PLACE: &str = "unitedhealthcare.telehealth-place";
const THERAPY: &str = "unitedhealthcare.therapy-modifier";

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
    case(CONSULT, "consultation-office-fails", 1, || claim("2026-03-02", &["99243", "20610"])),
    case(CONSULT, "consultation-first-day-inpatient-fails", 1, || claim("2019-10-01", &["99251"])),
    case(CONSULT, "consultation-visit-code-passes", 0, || claim("2026-03-02", &["99204"])),
    case(CONSULT, "consultation-electronic-99451-passes", 0, || claim("2026-03-02", &["99451"])),
    case(CONSULT, "consultation-before-its-date-passes", 0, || claim("2019-09-30", &["99243"])),
    case(PLACE, "telehealth-at-the-office-fails", 1, || claim("2026-03-02", &["99213-95"])),
    case(PLACE, "telehealth-line-elsewhere-fails", 1, || on_line(at("02", claim("2026-03-02", &["99213-95", "99214-GT"])), 1, |line| line.place_of_service = "22".into())),
    case(PLACE, "telehealth-02-passes", 0, || at("02", claim("2026-03-02", &["99213-95"]))),
    case(PLACE, "telehealth-home-passes", 0, || at("10", claim("2026-03-02", &["99213-GT"]))),
    case(PLACE, "telehealth-02-without-modifier-passes", 0, || at("02", claim("2026-03-02", &["99213"]))),
    case(PLACE, "telehealth-before-its-date-passes", 0, || claim("2020-12-31", &["99213-95"])),
    case(THERAPY, "therapy-without-modifier-fails", 1, || claim("2026-03-02", &["97110", "97140-GP"])),
    case(THERAPY, "therapy-first-day-fails", 2, || claim("2019-09-01", &["97530", "G0283-59"])),
    case(THERAPY, "therapy-with-gp-passes", 0, || claim("2026-03-02", &["97110-GP-59", "97530-GO", "92507-GN"])),
    case(THERAPY, "therapy-other-code-passes", 0, || claim("2026-03-02", &["98941"])),
    case(THERAPY, "therapy-before-its-date-passes", 0, || claim("2019-08-31", &["97110"])),
];

fn open() -> UnitedHealthcare {
    UnitedHealthcare::open(Setup { settings: vec![], mapping: String::new() }).unwrap()
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
        let claims_json = serde_json::to_string_pretty(&claims).unwrap() + "\n";
        let answers_json = serde_json::to_string_pretty(&answers).unwrap() + "\n";
        for (name, text) in [("claim.json", claims_json), ("expected.json", answers_json)] {
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

#[test]
fn every_rule_has_a_source_dates_and_three_kinds_of_case_and_no_folder_is_left_over() {
    for rule in UnitedHealthcare::describe().rules {
        let of = |end: &str| CASES.iter().any(|case| case.rule == rule.id && case.name.ends_with(end));
        assert!(of("-fails") && of("-passes") && of("-before-its-date-passes"), "{}", rule.id);
        assert!(rule.source_url.starts_with("https://www.uhcprovider.com/") && rule.effective.is_some(), "{}", rule.id);
    }
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(CASES.iter().any(|case| name == case.name), "{name:?} has no case");
    }
}

#[test]
fn the_description_and_plugin_toml_agree_and_a_table_is_refused() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin.toml")).unwrap();
    assert!(manifest.contains(&format!("id = \"{}\"", UnitedHealthcare::describe().id)));
    let problems = UnitedHealthcare::open(Setup { settings: vec![], mapping: "[x]\n".to_owned() }).unwrap_err();
    assert_eq!(problems[0].at.path, "rule table, line 1");
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

/// At this place of service.
fn at(place: &str, mut input: ClaimInContext) -> ClaimInContext {
    input.claim.header.place_of_service = place.into();
    input
}
