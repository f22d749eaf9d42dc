//! Charges by FHIR R4: Claim, ChargeItem, and Encounter with Procedure and Condition (US Core).
//!
//! This table is the standard's own layout. A site that differs says so in its mapping, under the same keys; a resource
//! that does not fit is rejected at its path. How elements become claim data is `claimhost_sdk::fhir`: the next FHIR
//! adapter is another table.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

use claimhost_sdk::fhir::{Defaults, Site};
use claimhost_sdk::intake::{Document, Outcome, Problem, Setup};
use claimhost_sdk::{Adapter, AdapterDescription, evidence};

/// The standard's layout. Each path stands below the resource that its table is named after.
pub const STANDARD: Defaults = Defaults {
    source_system: "FHIR",
    paths: &[
        ("order.time", "meta.lastUpdated"),
        ("order.version", "meta.versionId"),
        // Encounter
        ("visit.number", "id"),
        ("visit.class", "class"),
        ("visit.date", "period"),
        ("visit.location", "location.location"),
        (
            "visit.rendering",
            "participant[type=PPRF].individual|participant[type=ATND].individual|participant.individual",
        ),
        ("visit.referring", "participant[type=REF].individual"),
        ("encounter.id", "id"),
        ("encounter.code", "type"),
        ("encounter.date", "period"),
        // Patient, RelatedPerson
        ("patient.mrn", "identifier[type=MR].value"),
        ("patient.authority", "identifier[type=MR].system"),
        ("patient.name", "name"),
        ("patient.birth_date", "birthDate"),
        ("patient.death_date", "deceasedDateTime"),
        ("patient.gender", "gender"),
        ("patient.address", "address"),
        // Practitioner, Organization, Location, PractitionerRole
        ("provider.npi", "identifier[system=http://hl7.org/fhir/sid/us-npi].value|identifier[type=NPI].value"),
        ("provider.name", "name"),
        ("provider.address", "address"),
        ("provider.taxonomy", "specialty.coding[system=http://nucc.org/provider-taxonomy].code"),
        // Coverage
        ("coverage.payer", "payor"),
        ("coverage.member_id", "identifier[type=MB].value|subscriberId"),
        ("coverage.group_number", "class[type=group].value"),
        ("coverage.relationship", "relationship"),
        ("coverage.subscriber", "subscriber"),
        ("coverage.order", "order"),
        // Claim and its lines
        ("claim.id", "id"),
        ("claim.replaces", "related[relationship=prior].claim|related[relationship=replaces].claim"),
        ("claim.date", "billablePeriod"),
        ("claim.items", "item"),
        ("claim.insurance", "insurance"),
        ("claim.facility", "facility"),
        ("claim.referral", "referral"),
        ("claim.billing", "provider"),
        ("claim.total", "total"),
        ("claim_item.id", "sequence"),
        ("claim_item.code", "productOrService"),
        ("claim_item.modifiers", "modifier"),
        ("claim_item.units", "quantity"),
        ("claim_item.amount", "net"),
        ("claim_item.unit_amount", "unitPrice"),
        ("claim_item.date", "servicedDate|servicedPeriod"),
        ("claim_item.place_of_service", "locationCodeableConcept"),
        ("claim_item.ndc", "detail.productOrService"),
        ("claim_item.body_site", "bodySite"),
        // ChargeItem
        ("charge_item.id", "id"),
        ("charge_item.code", "code"),
        (
            "charge_item.modifiers",
            "extension(modifier).valueCodeableConcept|extension(modifier).valueCoding|extension(modifier).valueCode",
        ),
        ("charge_item.units", "quantity"),
        ("charge_item.amount", "priceOverride"),
        ("charge_item.date", "occurrenceDateTime|occurrencePeriod"),
        ("charge_item.reasons", "reason"),
        ("charge_item.rendering", "performer.actor"),
        ("charge_item.ndc", "productCodeableConcept"),
        ("charge_item.body_site", "bodysite"),
        // Procedure
        ("procedure.id", "id"),
        ("procedure.code", "code"),
        ("procedure.date", "performedDateTime|performedPeriod"),
        ("procedure.reasons", "reasonReference|reasonCode"),
        ("procedure.rendering", "performer.actor"),
        ("procedure.body_site", "bodySite"),
    ],
    payer_ids: &["identifier.value", "name", "id"],
    charges: &["Claim", "ChargeItem", "Procedure"],
    statuses: &[
        ("billable", "new"),
        ("planned", "ignore"),
        // Billed by the EHR itself: a second bill from here would be a double one.
        ("billed", "ignore"),
        ("not-billable", "cancel"),
        ("aborted", "cancel"),
        ("entered-in-error", "cancel"),
    ],
    claim_types: &["professional", "vision"],
    // 837D and NCPDP. An institutional claim may be a visit of this practice that its EHR calls so: a person decides.
    ignored_claim_types: &["oral", "pharmacy"],
    closed: &["finished"],
    cancelled: &["cancelled", "entered-in-error"],
    clinical_procedures: "hold",
    undelivered: &["coverage.filing-indicator", "header.extras.ambulance", "line.emergency", "line.epsdt"],
};

/// What the resources of this family can carry.
const DELIVERS: &[&str] = &[
    "header.patient.ids",
    "header.patient.name",
    "header.patient.birth-date",
    "header.patient.gender",
    "header.patient.address",
    "header.coverages",
    "header.coverages.prior-authorization",
    "header.diagnoses",
    "header.billing",
    "header.rendering",
    "header.referring",
    "header.supervising",
    "header.service-facility",
    "header.location",
    "header.place-of-service",
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

/// One site's resources.
#[derive(Debug)]
pub struct FhirR4(Site);

impl Adapter for FhirR4 {
    fn describe() -> AdapterDescription {
        AdapterDescription {
            id: "fhir-r4".to_owned(),
            title: "FHIR R4 charges (Claim, ChargeItem) and visits (Encounter, Procedure, Condition)".to_owned(),
            family: "fhir-r4".to_owned(),
            formats: vec!["fhir-r4".to_owned()],
            delivers: DELIVERS.iter().map(|field| (*field).to_owned()).collect(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        Site::open(&setup, &STANDARD).map(Self)
    }

    fn translate(&self, document: &Document) -> Outcome {
        self.0.translate(document)
    }
}

claimhost_sdk::adapter!(FhirR4);
