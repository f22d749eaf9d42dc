//! Claims of three sizes, on the full record: a message through the shipped adapter and the host's own fold, completion and split.

use claimhost::claim::{
    Adjustment, AdjustmentGroup, Claim, ClaimInContext, Document, Drug, DrugQualifier, EarlierLine, LineAdjudication,
    LineProviders, Outcome, PriorAdjudication, Quantity, Responsibility, Setup, Unit, parse_iso, visits,
};
use claimhost::plugin::{Adapter, Translated};
use claimhost::practice::Profile;
use claimhost::visit::{Event, complete_visit, fold, split};

use super::practice;

/// The adapter's setup: the plugin's defaults.
pub fn setup() -> Setup {
    Setup { settings: Vec::new(), mapping: String::new() }
}

/// Charge messages of visits 0 to `count`.
pub fn documents(count: usize) -> Vec<Document> {
    let one = |n: usize| {
        let mut text = String::new();
        practice::message(&mut text, n);
        Document {
            format: "hl7v2".to_owned(),
            content: text.into_bytes(),
            related: Vec::new(),
            received: parse_iso(practice::AS_OF).unwrap(),
            ordinal: u32::try_from(n).unwrap(),
        }
    };
    (0..count).map(one).collect()
}

/// The practice of these claims.
pub fn profile() -> Profile {
    Profile::load(&practice::profile("birch-1", 1), "profile.toml").unwrap()
}

/// Four lines, one payer: what most visits become.
pub fn typical(adapter: &Adapter, count: usize) -> Vec<Claim> {
    let profile = profile();
    let answers = adapter.translate("bench", &setup(), &documents(count)).unwrap();
    let claim = |(n, answer): (usize, Translated)| {
        let Translated::Outcome(Outcome::Events(events)) = answer else { panic!("{answer:?}") };
        let events: Vec<Event> =
            visits(events).into_iter().map(|update| Event::new(n.to_string(), update, true)).collect();
        let mut visit = fold(&events);
        assert_eq!(complete_visit(&mut visit, &profile), []);
        let mut claims = split(&visit, &|_| format!("L{n}")).claims;
        assert_eq!(claims.len(), 1);
        let mut claim = claims.remove(0).claim;
        claim.control_number = format!("BENCH{n}");
        assert_eq!(claim.lines.len(), practice::LINES);
        claim
    };
    answers.into_iter().enumerate().map(claim).collect()
}

/// One line, one diagnosis.
pub fn smallest(typical: &Claim) -> Claim {
    let mut claim = typical.clone();
    claim.lines.truncate(1);
    claim.header.diagnoses.truncate(1);
    claim.lines[0].diagnosis_pointers = vec![1];
    claim.total_charge = claim.lines[0].charge;
    claim
}

/// As many lines as an 837P takes, each with a drug, its own providers and what another payer decided.
pub fn largest(typical: &Claim) -> Claim {
    let mut claim = typical.clone();
    let adjudicated = parse_iso("2026-02-20").unwrap();
    let adjustments = |amount| {
        let one = |group, reason: &str, amount| Adjustment { group, reason: reason.to_owned(), amount, quantity: None };
        vec![one(AdjustmentGroup::Contractual, "45", amount), one(AdjustmentGroup::Patient, "2", 500)]
    };
    let mut other = claim.header.coverages[0].clone();
    other.responsibility = Responsibility::Secondary;
    other.payer.id = "99002".to_owned();
    other.adjudication = Some(PriorAdjudication {
        paid: Some(40_000),
        non_covered: None,
        remaining_liability: Some(2_000),
        adjustments: adjustments(9_000),
        outpatient: None,
        adjudicated: Some(adjudicated),
        claim_control_number: Some("OTHER0001".to_owned()),
        is_adjusted: false,
    });
    claim.header.coverages.push(other);
    let provider = claim.header.rendering.clone().or_else(|| claim.lines[0].providers.as_ref()?.rendering.clone());
    assert!(provider.is_some());
    let rich = |n: usize| {
        let mut line = typical.lines[n % typical.lines.len()].clone();
        line.drug = Some(Drug {
            qualifier: DrugQualifier::Ndc,
            code: "00182106105".to_owned(),
            amount: Some(Quantity { unit: Unit::Milliliter, thousandths: 1_500 }),
            prescription: format!("RX{n}"),
            link_sequence: String::new(),
        });
        line.providers = Some(LineProviders {
            rendering: provider.clone(),
            service_facility: None,
            supervising: provider.clone(),
            ordering: provider.clone(),
            referring: provider.clone(),
            primary_care: None,
        });
        line.adjudications = vec![LineAdjudication {
            payer_id: "99002".to_owned(),
            paid: 800,
            procedure: line.procedure.clone(),
            units: 1_000,
            bundled_into: None,
            adjustments: adjustments(180),
            adjudicated,
            remaining_liability: Some(500),
        }];
        line
    };
    claim.lines = (0..50).map(rich).collect();
    claim.total_charge = claim.lines.iter().map(|line| line.charge).sum();
    claim
}

/// A claim as rules see it; `earlier`: an earlier visit of the same patient with as many lines.
pub fn in_context(claim: &Claim, earlier: bool) -> ClaimInContext {
    let lines = claim.lines.iter().filter(|_| earlier).map(|line| EarlierLine {
        claim_id: "BEFORE1".to_owned(),
        service_dates: line.service_dates,
        procedure: line.procedure.clone(),
        units: line.units,
        charge: line.charge,
        rendering_npi: practice::npi(187_654_321),
        diagnoses: claim.header.diagnoses.iter().map(|diagnosis| diagnosis.code.clone()).collect(),
    });
    ClaimInContext { claim: claim.clone(), as_of: parse_iso(practice::AS_OF).unwrap(), earlier: lines.collect() }
}
