use super::*;
use crate::claim::{LineProviders, PayerIdKind, VisitStatus};
use crate::visit::fold;
use crate::visit::samples::{arbitrary, charge, coverage, diagnosis, event, provider};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn mint(key: &ChargeKey) -> String {
    format!("L{}", hex::encode(&digest_of(key)[..6]))
}

fn reasons(split: &Split) -> Vec<SplitReason> {
    split.claims.iter().map(|draft| draft.why).collect()
}

#[test]
fn a_plain_visit_is_one_claim_with_what_is_common_in_its_header() {
    let mut both = event(1, vec![charge("1", "99213", 10_000), charge("2", "87880", 2_000)]);
    for charge in &mut both.charges {
        let rendering = Some(provider("1098765435"));
        charge.line.providers = Some(LineProviders { rendering, ..nobody() });
        charge.line.place_of_service = "22".into();
    }
    both.charges[1].line.diagnosis_pointers = vec![2];
    both.header.diagnoses.insert(0, diagnosis("Z0000"));
    let split = split(&fold(&[both]), &mint);
    let [draft] = split.claims.as_slice() else { panic!() };
    let claim = &draft.claim;
    assert_eq!((draft.why, claim.total_charge, claim.lines.len()), (SplitReason::First, 12_000, 2));
    assert_eq!(claim.header.place_of_service, "22");
    assert_eq!(claim.header.rendering.as_ref().unwrap().npi.as_deref(), Some("1098765435"));
    assert!(claim.lines.iter().all(|line| line.providers.is_none() && line.place_of_service.is_empty()));
    // No line points to the third one: it stays all the same.
    assert_eq!(claim.header.diagnoses, [diagnosis("Z0000"), diagnosis("J069"), diagnosis("M545")]);
    assert_eq!(claim.lines[1].diagnosis_pointers, [2]);
    let references = &claim.lines[0].extras.as_ref().unwrap().references;
    assert_eq!(references[0].value, mint(&draft.charges[0].0));
    assert!(split.problems.is_empty());
}

#[test]
fn each_reason_splits() {
    let mut charges: Vec<Charge> = (0..5).map(|id| charge(&id.to_string(), "99213", 1_000 + id)).collect();
    charges[1].coverages = vec![coverage("90002", "X")];
    charges[2].line.providers = Some(LineProviders { rendering: Some(provider("1098765435")), ..nobody() });
    charges[3].line.providers = Some(LineProviders { service_facility: Some(provider("1245319599")), ..nobody() });
    charges[4].coverages = vec![coverage("90001", "W100")];
    charges[4].coverages[0].prior_authorization = Some("PA7".into());
    let split = split(&fold(&[event(1, charges)]), &mint);
    use SplitReason::{Authorization, Coverage, Facility, First, Rendering};
    assert_eq!(reasons(&split), [First, Coverage, Rendering, Facility, Authorization]);
    assert_eq!(split.claims[1].claim.header.coverages[0].payer.id_kind, PayerIdKind::Payer);
    assert_eq!(split.claims[1].claim.header.coverages[0].payer.id, "90002");
}

use crate::claim::Charge;

#[test]
fn a_repeated_diagnosis_is_left_to_the_scrub_and_beyond_twelve_those_pointed_to_stay() {
    let mut one = event(1, vec![charge("1", "99213", 10_000)]);
    one.header.diagnoses = ["J069", "M545", "J069"].map(diagnosis).to_vec();
    one.charges[0].line.diagnosis_pointers = vec![2];
    let cut = split(&fold(&[one.clone()]), &mint);
    assert_eq!(cut.claims[0].claim.header.diagnoses, one.header.diagnoses);
    assert_eq!(cut.claims[0].claim.lines[0].diagnosis_pointers, [2]);
    one.header.diagnoses = (0..14).map(|number| diagnosis(&format!("M{number:03}"))).collect();
    one.charges[0].line.diagnosis_pointers = vec![14, 1];
    let cut = split(&fold(&[one]), &mint);
    let claim = &cut.claims[0].claim;
    assert_eq!(claim.header.diagnoses.len(), DIAGNOSES_MAX);
    assert_eq!(claim.header.diagnoses[11], diagnosis("M013"));
    assert_eq!(claim.lines[0].diagnosis_pointers, [12, 1]);
}

#[test]
fn the_thirteenth_diagnosis_and_the_fifty_first_line_begin_a_claim() {
    let mut many = event(1, (0..7).map(|id| charge(&id.to_string(), "99213", 1_000)).collect());
    many.header.diagnoses = (0..14).map(|number| diagnosis(&format!("M{number:03}"))).collect();
    for (at, charge) in many.charges.iter_mut().enumerate() {
        charge.line.diagnosis_pointers = vec![at as u8 * 2 + 1, at as u8 * 2 + 2];
    }
    many.header.stated_total = Some(7_001);
    let cut = split(&fold(&[many]), &mint);
    assert_eq!(reasons(&cut), [SplitReason::First, SplitReason::Diagnoses]);
    assert_eq!(cut.claims[0].claim.header.diagnoses.len(), 12);
    assert_eq!(cut.claims[1].claim.lines[0].diagnosis_pointers, [1, 2]);
    assert_eq!(cut.problems[0].id, "visit.total-differs");
    let lines = event(1, (0..101).map(|id| charge(&id.to_string(), "99213", 1_000)).collect());
    let cut = split(&fold(&[lines]), &mint);
    assert_eq!(reasons(&cut), [SplitReason::First, SplitReason::Lines, SplitReason::Lines]);
    assert_eq!(cut.claims.iter().map(|draft| draft.claim.lines.len()).collect::<Vec<_>>(), [50, 50, 1]);
}

#[test]
fn moving_a_value_from_line_to_header_changes_no_digest() {
    let first = event(1, vec![charge("1", "99213", 10_000)]);
    let alone = split(&fold(std::slice::from_ref(&first)), &mint);
    let mut other = event(2, vec![charge("2", "87880", 2_000)]);
    other.header.rendering = Some(provider("1098765435"));
    other.header.diagnoses = vec![diagnosis("Z0000")];
    let both = split(&fold(&[first, other]), &mint);
    assert_eq!(alone.claims[0].charges, both.claims[0].charges);
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn every_live_charge_is_on_one_claim_and_nothing_is_lost(events in arbitrary::events()) {
        let visit = fold(&events);
        prop_assert!(visit.status != VisitStatus::Cancelled || visit.charges.is_empty());
        let split = split(&visit, &mint);
        let keys: Vec<_> = split.claims.iter().flat_map(|draft| &draft.charges).map(|(key, _)| key).collect();
        prop_assert_eq!(keys.len(), visit.charges.len());
        prop_assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
        let total: i64 = split.claims.iter().map(|draft| draft.claim.total_charge).sum();
        prop_assert_eq!(total, visit.charges.iter().map(|charge| charge.line.charge).sum::<i64>());
        for draft in &split.claims {
            let claim = &draft.claim;
            prop_assert!(claim.lines.len() <= LINES_MAX && claim.header.diagnoses.len() <= DIAGNOSES_MAX);
            for (line, (key, _)) in claim.lines.iter().zip(&draft.charges) {
                let charge = visit.charges.iter().find(|charge| charge.key == *key).unwrap();
                let npi = |provider: Option<&Provider>| provider.and_then(|provider| provider.npi.clone());
                prop_assert_eq!(npi(rendering(&claim.header, line)), npi(rendering(&visit.header, &charge.line)));
                prop_assert_eq!(&claim.header.coverages[..], coverages_of(&charge.coverages, &visit.header));
                let pointed = |header: &ClaimHeader, line: &ServiceLine| follow(&line.diagnosis_pointers, &header.diagnoses)
                    .into_iter().filter(|pointer| matches!(pointer, Pointer::To(_))).collect::<Vec<_>>();
                prop_assert_eq!(pointed(&claim.header, line), pointed(&visit.header, &charge.line));
            }
        }
    }

    #[test]
    fn the_split_of_a_set_is_one(events in arbitrary::events()) {
        let back: Vec<_> = events.iter().rev().cloned().collect();
        prop_assert_eq!(split(&fold(&events), &mint), split(&fold(&back), &mint));
    }
}
