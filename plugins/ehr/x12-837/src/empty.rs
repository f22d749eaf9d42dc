//! The contract's records with nothing in them: the generated types have no `Default`.

use claimhost_sdk::claim::*;

pub(crate) fn name() -> PersonName {
    PersonName { last: String::new(), first: String::new(), middle: String::new(), suffix: String::new() }
}

pub(crate) fn provider() -> Provider {
    Provider {
        is_person: true,
        name: name(),
        npi: None,
        taxonomy: None,
        address: None,
        ids: Vec::new(),
        contacts: Vec::new(),
        local_id: String::new(),
    }
}

pub(crate) fn header() -> ClaimHeader {
    ClaimHeader {
        patient: Patient {
            ids: Vec::new(),
            name: name(),
            birth_date: None,
            gender: None,
            address: None,
            death_date: None,
            weight_pounds: None,
            pregnant: false,
            casualty_patient_id: None,
            contact: None,
        },
        coverages: Vec::new(),
        diagnoses: Vec::new(),
        billing: None,
        rendering: None,
        referring: None,
        primary_care: None,
        service_facility: None,
        supervising: None,
        place_of_service: String::new(),
        location: String::new(),
        provider_signature: None,
        assignment: None,
        patient_paid: None,
        stated_total: None,
        extras: Some(claim_extras()),
    }
}

pub(crate) fn claim_extras() -> ClaimExtras {
    ClaimExtras {
        dates: Vec::new(),
        references: Vec::new(),
        notes: Vec::new(),
        attachments: Vec::new(),
        contract: None,
        repricing: None,
        ambulance: None,
        spinal: None,
        conditions: Vec::new(),
        related_cause: None,
        special_program: String::new(),
        delay_reason: String::new(),
        anesthesia_procedures: Vec::new(),
        condition_codes: Vec::new(),
        file_information: Vec::new(),
        pay_to_address: None,
        pay_to_plan: None,
        currency: String::new(),
    }
}

pub(crate) fn line_extras() -> LineExtras {
    LineExtras {
        dates: Vec::new(),
        references: Vec::new(),
        notes: Vec::new(),
        attachments: Vec::new(),
        contract: None,
        repricing: None,
        ambulance: None,
        equipment: None,
        conditions: Vec::new(),
        measurements: Vec::new(),
        purchased: None,
        sales_tax: None,
        postage: None,
        ambulance_patients: None,
        anesthesia_units: None,
        file_information: Vec::new(),
    }
}

pub(crate) fn coverage() -> Coverage {
    Coverage {
        responsibility: Responsibility::Unknown,
        payer: Payer {
            name: String::new(),
            id_kind: PayerIdKind::Payer,
            id: String::new(),
            address: None,
            secondary_ids: Vec::new(),
            local_ids: Vec::new(),
        },
        subscriber: Subscriber {
            is_person: true,
            name: name(),
            member_id_kind: MemberIdKind::Member,
            member_id: String::new(),
            birth_date: None,
            gender: None,
            address: None,
            group_number: String::new(),
            group_name: String::new(),
            social_security_number: None,
            contact: None,
            insurance_type: String::new(),
        },
        relationship: Relationship::PatientIsSubscriber,
        filing_indicator: String::new(),
        casualty_claim_number: None,
        billing_provider_ids: Vec::new(),
        prior_authorization: None,
        referral_number: None,
        benefits_assignment: None,
        release: None,
        signature_on_file_generated: false,
        adjudication: None,
        other_payer_providers: Vec::new(),
    }
}

pub(crate) fn prior_adjudication() -> PriorAdjudication {
    PriorAdjudication {
        paid: None,
        non_covered: None,
        remaining_liability: None,
        adjustments: Vec::new(),
        outpatient: None,
        adjudicated: None,
        claim_control_number: None,
        is_adjusted: false,
    }
}

pub(crate) fn ambulance() -> Ambulance {
    Ambulance {
        weight_pounds: None,
        transport_reason: String::new(),
        miles: 0,
        round_trip_purpose: String::new(),
        stretcher_purpose: String::new(),
        certifications: Vec::new(),
        pickup: None,
        dropoff: None,
    }
}

pub(crate) fn equipment() -> Equipment {
    Equipment { rental: None, certificate_transmission: String::new(), certification: None, forms: Vec::new() }
}

pub(crate) fn line_providers() -> LineProviders {
    LineProviders {
        rendering: None,
        service_facility: None,
        supervising: None,
        ordering: None,
        referring: None,
        primary_care: None,
    }
}
