//! Empty records: `ClaimHeader { patient, ..Default::default() }` instead of thirteen lines of `None`.
//!
//! "Empty" is what a document says that says nothing. Three records have a default that is a word of the contract
//! rather than nothing: a person (not an organisation), `unknown`, and zero `units`.

use crate::claim::{
    Address, Ambulance, ClaimExtras, ClaimHeader, Coverage, Date, DateRange, Equipment, LineExtras, LineProviders,
    MemberIdKind, Patient, Payer, PayerIdKind, PersonName, PriorAdjudication, Procedure, ProcedureSystem, Provider,
    Quantity, Relationship, Responsibility, ServiceLine, Subscriber, Unit,
};
use crate::intake::{Charge, ChargeAction, Event, ExpectedVisit, Place, SourceOrder, VisitStatus, VisitUpdate};

macro_rules! empty {
    ($($record:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        $(impl Default for $record {
            fn default() -> Self {
                Self { $($field: $value),* }
            }
        })*
    };
}

/// What a field of any type is when nobody says anything.
fn none<T: Default>() -> T {
    T::default()
}

empty! {
    Date { year: 0, month: 0, day: 0 }
    DateRange { start: none(), end: none() }
    Quantity { unit: Unit::Units, thousandths: 0 }
    PersonName { last: none(), first: none(), middle: none(), suffix: none() }
    Address {
        line1: none(), line2: none(), city: none(), state: none(), postal_code: none(), country: none(),
        subdivision: none(),
    }
    Provider {
        is_person: true, name: none(), npi: None, taxonomy: None, address: None, ids: none(), contacts: none(),
        local_id: none(),
    }
    Patient {
        ids: none(), name: none(), birth_date: None, gender: None, address: None, death_date: None,
        weight_pounds: None, pregnant: false, casualty_patient_id: None, contact: None,
    }
    Payer {
        name: none(), id_kind: PayerIdKind::Payer, id: none(), address: None, secondary_ids: none(),
        local_ids: none(),
    }
    Subscriber {
        is_person: true, name: none(), member_id_kind: MemberIdKind::Member, member_id: none(), birth_date: None,
        gender: None, address: None, group_number: none(), group_name: none(), social_security_number: None,
        contact: None, insurance_type: none(),
    }
    Coverage {
        responsibility: Responsibility::Unknown, payer: none(), subscriber: none(),
        relationship: Relationship::Unknown, filing_indicator: none(), casualty_claim_number: None,
        billing_provider_ids: none(), prior_authorization: None, referral_number: None, benefits_assignment: None,
        release: None, signature_on_file_generated: false, adjudication: None, other_payer_providers: none(),
    }
    Procedure { system: ProcedureSystem::Internal, code: none(), modifiers: none(), description: none() }
    LineProviders {
        rendering: None, service_facility: None, supervising: None, ordering: None, referring: None,
        primary_care: None,
    }
    PriorAdjudication {
        paid: None, non_covered: None, remaining_liability: None, adjustments: none(), outpatient: None,
        adjudicated: None, claim_control_number: None, is_adjusted: false,
    }
    Ambulance {
        weight_pounds: None, transport_reason: none(), miles: 0, round_trip_purpose: none(), stretcher_purpose: none(),
        certifications: none(), pickup: None, dropoff: None,
    }
    Equipment { rental: None, certificate_transmission: none(), certification: None, forms: none() }
    LineExtras {
        dates: none(), references: none(), notes: none(), attachments: none(), contract: None, repricing: None,
        ambulance: None, equipment: None, conditions: none(), measurements: none(), purchased: None,
        sales_tax: None, postage: None, ambulance_patients: None, anesthesia_units: None, file_information: none(),
    }
    ServiceLine {
        procedure: none(), charge: 0, unit_charge: None, units: none(), place_of_service: none(),
        diagnosis_pointers: none(), service_dates: none(), emergency: false, epsdt: false, family_planning: false,
        copay_exempt: false, drug: None, providers: None, adjudications: none(), extras: None,
    }
    ClaimExtras {
        dates: none(), references: none(), notes: none(), attachments: none(), contract: None, repricing: None,
        ambulance: None, spinal: None, conditions: none(), related_cause: None, special_program: none(),
        delay_reason: none(), anesthesia_procedures: none(), condition_codes: none(), file_information: none(),
        pay_to_address: None, pay_to_plan: None, currency: none(),
    }
    ClaimHeader {
        patient: none(), coverages: none(), diagnoses: none(), billing: None, rendering: None, referring: None,
        primary_care: None, service_facility: None, supervising: None, place_of_service: none(), location: none(),
        provider_signature: None, assignment: None, patient_paid: None, stated_total: None, extras: None,
    }
    Place { path: none(), offset: None }
    SourceOrder { sequence: None, event_time: none() }
    Charge {
        id: none(), action: ChargeAction::New, reverses: none(), line: none(), coverages: none(), at: none(),
    }
    VisitUpdate {
        source_system: none(), visit_number: none(), order: none(), status: VisitStatus::Unchanged, header: none(),
        complete: false,
        charges: none(), undelivered: none(), doubts: none(),
    }
    ExpectedVisit {
        source_system: none(), visit_number: none(), appointment_id: none(), order: none(), patient: none(),
        start: None, provider: None, location: none(), visit_type: none(), status: None, moved_to: none(),
        reason: none(),
    }
}

impl From<VisitUpdate> for Event {
    fn from(update: VisitUpdate) -> Self {
        Self::Visit(update)
    }
}

impl From<ExpectedVisit> for Event {
    fn from(expected: ExpectedVisit) -> Self {
        Self::Expected(expected)
    }
}
