//! The cases of every rule: claims in, findings out, and how many findings a person expects (`UPDATE=1` writes the fixtures).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;

use claimhost_sdk::Rules;
use claimhost_sdk::claim::{Drug, DrugQualifier, LineProviders, Quantity, ServiceLine, Unit};
use claimhost_sdk::intake::Setup;
use claimhost_sdk::review::{ClaimInContext, EarlierLine, Fix};
use claimhost_sdk::rule_cases::{Case, case, claim, days, line, on_line, person, run};
use plugin_medicare::Medicare;

const G2211: &str = "medicare.g2211-needs-office-visit";
const MOD25: &str = "medicare.g2211-modifier-25";
const AWV: &str = "medicare.annual-wellness-interval";
const DRUG: &str = "medicare.drug-jw-jz";
const AT: &str = "medicare.chiropractic-at";
const THERAPY: &str = "medicare.therapy-modifier";

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
    case(THERAPY, "therapy-without-its-plan-fails", 2, || claim("2026-03-02", &["97110", "97140"])),
    case(THERAPY, "therapy-with-its-plan-passes", 0, || claim("2026-03-02", &["97110-GP", "97535-GO", "92507-GN"])),
    case(THERAPY, "therapy-for-its-denial-passes", 0, || claim("2026-03-02", &["97140-GY"])),
    case(THERAPY, "therapy-that-is-sometimes-one-passes", 0, || claim("2026-03-02", &["97597"])),
    case(THERAPY, "therapy-before-its-date-passes", 0, || claim("2017-12-31", &["97110"])),
];

#[test]
fn every_case_finds_what_the_table_and_its_fixture_say() {
    run::<Medicare>(Path::new(env!("CARGO_MANIFEST_DIR")), "https://www.cms.gov/", CASES)
        .unwrap_or_else(|wrong| panic!("{wrong}"));
}

#[test]
fn jz_is_proposed_where_there_is_room_for_it() {
    let session = Medicare::open(Setup { settings: vec![], mapping: String::new() }).unwrap();
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

fn rendered_by(npi: &str) -> LineProviders {
    LineProviders { rendering: Some(person("Barlow", "Simon", npi)), ..LineProviders::default() }
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
