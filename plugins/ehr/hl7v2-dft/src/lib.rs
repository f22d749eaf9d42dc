//! Charges by HL7 v2: DFT^P03 and DFT^P11, the ADT events that open, close or cancel a visit, and appointments (SIU).
//!
//! This table is the standard's own layout (2.3.1 to 2.8). A site that differs says so in its mapping, under the same
//! keys; a message that does not fit the mapping is rejected at the first field that does not. How fields become claim
//! data is `claimhost_sdk::hl7`: the next HL7 adapter is another table.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod schedule;

use claimhost_sdk::hl7::{Defaults, Site};
use claimhost_sdk::intake::{Document, Outcome, Problem, Setup};
use claimhost_sdk::{Adapter, AdapterDescription, evidence};

/// The standard's layout.
pub const STANDARD: Defaults = Defaults {
    paths: &[
        ("source_system", "MSH-4.1"),
        ("visit.number", "PV1-19.1|PID-18.1"),
        ("visit.location", "FT1-16.1|PV1-3.1"),
        ("visit.class", "PV1-2"),
        ("visit.admission", "PV1-44"),
        ("visit.discharge", "PV1-45"),
        ("order.sequence", "MSH-13"),
        ("order.time", "EVN-2|MSH-7"),
        ("patient.mrn", "PID-3.1"),
        ("patient.authority", "PID-3.4.1"),
        ("patient.account", "PID-18.1"),
        ("patient.name", "PID-5"),
        ("patient.birth_date", "PID-7"),
        ("patient.gender", "PID-8"),
        ("patient.address", "PID-11"),
        ("charge.id", "FT1-2.1"),
        ("charge.reverses", "FT1-31.1"),
        ("charge.date", "FT1-4"),
        ("charge.type", "FT1-6"),
        ("charge.code", "FT1-25|FT1-7"),
        ("charge.modifiers", "FT1-26"),
        ("charge.units", "FT1-10"),
        ("charge.minutes", ""),
        ("charge.amount", "FT1-11"),
        ("charge.unit_amount", "FT1-12|FT1-22"),
        ("charge.diagnoses", "FT1-19"),
        ("charge.rendering", "FT1-20|PV1-7"),
        ("charge.ordering", "FT1-21"),
        ("charge.referring", "PV1-8"),
        ("charge.place_of_service", ""),
        ("charge.ndc", "FT1-29.1"),
        ("charge.ndc_quantity", ""),
        ("charge.ndc_unit", ""),
        ("insurance.payer_name", "IN1-4.1"),
        ("insurance.member_id", "IN1-36|IN1-49.1|IN2-61.1"),
        ("insurance.group_number", "IN1-8"),
        ("insurance.subscriber_name", "IN1-16"),
        ("insurance.relationship", "IN1-17"),
        ("insurance.subscriber_birth_date", "IN1-18"),
        ("insurance.subscriber_address", "IN1-19"),
        ("insurance.subscriber_gender", "IN1-43"),
        ("insurance.authorization", "IN1-14.1"),
        ("insurance.order", "IN1-22|IN1-1"),
        ("diagnosis.code", "DG1-3.1"),
        ("diagnosis.system", "DG1-3.3|DG1-2"),
        ("diagnosis.priority", "DG1-15"),
        ("schedule.appointment", "SCH-2.1|SCH-1.1"),
        ("schedule.start", "SCH-11.4|TQ1-7|AIS-4|AIG-8|AIL-6|AIP-6"),
        ("schedule.provider", "AIP-3|PV1-7"),
        ("schedule.location", "AIL-3.1|PV1-3.1"),
        ("schedule.visit_type", "SCH-8.1|AIS-3.1|SCH-7.1"),
        ("schedule.status", "SCH-25.1"),
        ("schedule.reason", "SCH-6.2|SCH-6.1"),
        ("schedule.moved_to", ""),
        ("schedule.admitted", "PV1-44"),
        ("schedule.admit_type", "PV1-18.1|PV1-4.1"),
    ],
    schedule: schedule::STANDARD,
    payer_ids: &["IN1-3.1", "IN1-2.1", "IN1-4.1"],
    // Table 0017 less AJ: an adjustment is no new amount of a charge, and the standard has no verb for one. DT is NextGen's. A feed that
    // means by them what it says of a charge names them.
    types: &[("CG", "new"), ("CD", "credit"), ("PY", "ignore"), ("CO", "ignore")],
    visit_events: &["A01", "A04", "A08"],
    closed_events: &["A03"],
    // Table 0004: inpatient.
    inpatient_classes: &["I"],
    cancelled_events: &["A11"],
    undelivered: &[
        "header.billing",
        "header.service-facility",
        "coverage.filing-indicator",
        "header.extras.ambulance",
        "line.emergency",
        "line.epsdt",
    ],
};

/// What the messages of this family can carry.
const DELIVERS: &[&str] = &[
    "header.patient.ids",
    "header.patient.name",
    "header.patient.birth-date",
    "header.patient.gender",
    "header.patient.address",
    "header.coverages",
    "header.coverages.prior-authorization",
    "header.diagnoses",
    "header.rendering",
    "header.referring",
    "header.location",
    "header.extras.dates",
    "line.procedure",
    "line.procedure.modifiers",
    "line.charge",
    "line.unit-charge",
    "line.units",
    "line.service-dates",
    "line.diagnosis-pointers",
    "line.place-of-service",
    "line.drug",
    "line.providers.rendering",
    "line.providers.ordering",
    "charge.coverages",
    "visit.status",
    "expected-visit",
];

/// One site's messages.
#[derive(Debug)]
pub struct Dft(Site);

impl Adapter for Dft {
    fn describe() -> AdapterDescription {
        AdapterDescription {
            id: "hl7v2-dft".to_owned(),
            title: "HL7 v2 charges (DFT P03, P11), visits (ADT) and appointments (SIU)".to_owned(),
            family: "hl7v2".to_owned(),
            formats: vec!["hl7v2".to_owned()],
            delivers: DELIVERS.iter().map(|field| (*field).to_owned()).collect(),
            evidence: evidence::Level::Documented,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        Site::open(&setup, &STANDARD).map(Self)
    }

    fn translate(&self, document: &Document) -> Outcome {
        self.0.translate(document)
    }
}

claimhost_sdk::adapter!(Dft);
