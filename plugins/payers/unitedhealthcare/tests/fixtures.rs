//! The cases of every rule: claims in, findings out, and how many findings a person expects (`UPDATE=1` writes the fixtures).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use claimhost_sdk::Rules;
use claimhost_sdk::intake::Setup;
use claimhost_sdk::review::ClaimInContext;
use claimhost_sdk::rule_cases::{Case, case, claim, on_line, run};
use plugin_unitedhealthcare::UnitedHealthcare;

const CONSULT: &str = "unitedhealthcare.consultation";
const PLACE: &str = "unitedhealthcare.telehealth-place";
const THERAPY: &str = "unitedhealthcare.therapy-modifier";

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

#[test]
fn every_case_finds_what_the_table_and_its_fixture_say() {
    run::<UnitedHealthcare>(Path::new(env!("CARGO_MANIFEST_DIR")), "https://www.uhcprovider.com/", CASES)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn the_description_and_plugin_toml_agree_and_a_table_is_refused() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("plugin.toml")).unwrap();
    assert!(manifest.contains(&format!("id = \"{}\"", UnitedHealthcare::describe().id)));
    let problems = UnitedHealthcare::open(Setup { settings: vec![], mapping: "[x]\n".to_owned() }).unwrap_err();
    assert_eq!(problems[0].at.path, "rule table, line 1");
}

/// At this place of service.
fn at(place: &str, mut input: ClaimInContext) -> ClaimInContext {
    input.claim.header.place_of_service = place.into();
    input
}
