//! The other resources billing reads, each with the elements a claim can be built from.
//!
//! Elements are those of FHIR R4 under their own names; the codec adds no meaning.

use crate::datatypes::{Address, CodeableConcept, Coding, ContactPoint, HumanName, Money, Period, Quantity, Reference};
use crate::primitives::{DateTime, Decimal, Text};

resource! {
    /// A patient.
    Patient {
        /// Whether the record is in use.
        active: Option<bool>,
        /// Names.
        name: Vec<HumanName<'a>>,
        /// Telephone and the like.
        telecom: Vec<ContactPoint<'a>>,
        /// male, female, other, unknown.
        gender: Option<Text<'a>>,
        /// Day of birth.
        birth_date: Option<DateTime>,
        /// Whether deceased.
        deceased_boolean: Option<bool>,
        /// Or when.
        deceased_date_time: Option<DateTime>,
        /// Addresses.
        address: Vec<Address<'a>>,
    }
}

resource! {
    /// Insurance of a patient.
    Coverage {
        /// active, cancelled, draft, entered-in-error.
        status: Option<Text<'a>>,
        /// Kind of plan.
        r#type: Option<CodeableConcept<'a>>,
        /// Owner of the policy.
        policy_holder: Option<Reference<'a>>,
        /// Subscriber.
        subscriber: Option<Reference<'a>>,
        /// Member number of the subscriber.
        subscriber_id: Option<Text<'a>>,
        /// The patient insured.
        beneficiary: Option<Reference<'a>>,
        /// Dependent number.
        dependent: Option<Text<'a>>,
        /// Patient to subscriber.
        relationship: Option<CodeableConcept<'a>>,
        /// When in force.
        period: Option<Period>,
        /// Payers; the first pays.
        payor: Vec<Reference<'a>>,
        /// Group, plan and the like.
        class: Vec<CoverageClass<'a>>,
        /// 1 is primary.
        order: Option<u32>,
        /// Network.
        network: Option<Text<'a>>,
    }
}

element! {
    /// A class of a coverage.
    CoverageClass {
        /// group, plan, rxbin, ...
        r#type: Option<CodeableConcept<'a>>,
        /// Its number.
        value: Option<Text<'a>>,
        /// Its name.
        name: Option<Text<'a>>,
    }
}

resource! {
    /// A charge.
    ChargeItem {
        /// planned, billable, not-billable, aborted, billed, entered-in-error.
        status: Option<Text<'a>>,
        /// Charges this belongs to.
        part_of: Vec<Reference<'a>>,
        /// CPT or HCPCS code.
        code: Option<CodeableConcept<'a>>,
        /// Patient.
        subject: Option<Reference<'a>>,
        /// Encounter.
        context: Option<Reference<'a>>,
        /// Day of service.
        occurrence_date_time: Option<DateTime>,
        /// Or first and last moment.
        occurrence_period: Option<Period>,
        /// Who did it.
        performer: Vec<ChargeItemPerformer<'a>>,
        /// Organization that did it.
        performing_organization: Option<Reference<'a>>,
        /// Organization that asked for it.
        requesting_organization: Option<Reference<'a>>,
        /// Cost center.
        cost_center: Option<Reference<'a>>,
        /// Units.
        quantity: Option<Quantity<'a>>,
        /// Body sites.
        bodysite: Vec<CodeableConcept<'a>>,
        /// Price multiplier.
        factor_override: Option<Decimal<'a>>,
        /// Charge.
        price_override: Option<Money<'a>>,
        /// When entered.
        entered_date: Option<DateTime>,
        /// Diagnoses.
        reason: Vec<CodeableConcept<'a>>,
        /// Procedures and the like.
        service: Vec<Reference<'a>>,
        /// Product.
        product_reference: Option<Reference<'a>>,
        /// Or its code, such as an NDC.
        product_codeable_concept: Option<CodeableConcept<'a>>,
        /// Accounts.
        account: Vec<Reference<'a>>,
    }
}

element! {
    /// Who did what was charged.
    ChargeItemPerformer {
        /// Role.
        function: Option<CodeableConcept<'a>>,
        /// Who.
        actor: Option<Reference<'a>>,
    }
}

resource! {
    /// A visit.
    Encounter {
        /// planned, arrived, in-progress, finished, cancelled, entered-in-error, ...
        status: Option<Text<'a>>,
        /// AMB, EMER, IMP, ...
        class: Option<Coding<'a>>,
        /// Kinds; some sources put the E/M code here.
        r#type: Vec<CodeableConcept<'a>>,
        /// Patient.
        subject: Option<Reference<'a>>,
        /// Providers.
        participant: Vec<EncounterParticipant<'a>>,
        /// When.
        period: Option<Period>,
        /// Reasons.
        reason_code: Vec<CodeableConcept<'a>>,
        /// Diagnoses.
        diagnosis: Vec<EncounterDiagnosis<'a>>,
        /// Accounts.
        account: Vec<Reference<'a>>,
        /// Places.
        location: Vec<EncounterLocation<'a>>,
        /// Organization.
        service_provider: Option<Reference<'a>>,
        /// Larger encounter.
        part_of: Option<Reference<'a>>,
    }
}

element! {
    /// A provider of a visit.
    EncounterParticipant {
        /// Roles.
        r#type: Vec<CodeableConcept<'a>>,
        /// When.
        period: Option<Period>,
        /// Who.
        individual: Option<Reference<'a>>,
    }
}

element! {
    /// A diagnosis of a visit.
    EncounterDiagnosis {
        /// Condition or procedure.
        condition: Option<Reference<'a>>,
        /// Role, such as billing.
        r#use: Option<CodeableConcept<'a>>,
        /// 1 is first.
        rank: Option<u32>,
    }
}

element! {
    /// A place of a visit.
    EncounterLocation {
        /// Place.
        location: Option<Reference<'a>>,
        /// planned, active, reserved, completed.
        status: Option<Text<'a>>,
    }
}

resource! {
    /// A diagnosis.
    Condition {
        /// active, resolved, ...
        clinical_status: Option<CodeableConcept<'a>>,
        /// confirmed, refuted, entered-in-error, ...
        verification_status: Option<CodeableConcept<'a>>,
        /// encounter-diagnosis, problem-list-item.
        category: Vec<CodeableConcept<'a>>,
        /// ICD-10-CM code.
        code: Option<CodeableConcept<'a>>,
        /// Patient.
        subject: Option<Reference<'a>>,
        /// Encounter.
        encounter: Option<Reference<'a>>,
        /// When it began.
        onset_date_time: Option<DateTime>,
        /// When recorded.
        recorded_date: Option<DateTime>,
    }
}

resource! {
    /// What was done.
    Procedure {
        /// completed, not-done, entered-in-error, ...
        status: Option<Text<'a>>,
        /// CPT or HCPCS code.
        code: Option<CodeableConcept<'a>>,
        /// Patient.
        subject: Option<Reference<'a>>,
        /// Encounter.
        encounter: Option<Reference<'a>>,
        /// When.
        performed_date_time: Option<DateTime>,
        /// Or from when to when.
        performed_period: Option<Period>,
        /// Who did it.
        performer: Vec<ProcedurePerformer<'a>>,
        /// Where.
        location: Option<Reference<'a>>,
        /// Diagnoses.
        reason_code: Vec<CodeableConcept<'a>>,
        /// Or the conditions.
        reason_reference: Vec<Reference<'a>>,
    }
}

element! {
    /// Who did a procedure.
    ProcedurePerformer {
        /// Role.
        function: Option<CodeableConcept<'a>>,
        /// Who.
        actor: Option<Reference<'a>>,
        /// For which organization.
        on_behalf_of: Option<Reference<'a>>,
    }
}

resource! {
    /// A person who treats.
    Practitioner {
        /// Whether the record is in use.
        active: Option<bool>,
        /// Names.
        name: Vec<HumanName<'a>>,
        /// Telephone and the like.
        telecom: Vec<ContactPoint<'a>>,
        /// Addresses.
        address: Vec<Address<'a>>,
    }
}

resource! {
    /// What a practitioner does where.
    PractitionerRole {
        /// Whether in use.
        active: Option<bool>,
        /// Who.
        practitioner: Option<Reference<'a>>,
        /// For whom.
        organization: Option<Reference<'a>>,
        /// Roles.
        code: Vec<CodeableConcept<'a>>,
        /// Specialties, with taxonomy codes.
        specialty: Vec<CodeableConcept<'a>>,
        /// Where.
        location: Vec<Reference<'a>>,
    }
}

resource! {
    /// A practice, facility or payer.
    Organization {
        /// Whether the record is in use.
        active: Option<bool>,
        /// prov, pay, ...
        r#type: Vec<CodeableConcept<'a>>,
        /// Name.
        name: Option<Text<'a>>,
        /// Telephone and the like.
        telecom: Vec<ContactPoint<'a>>,
        /// Addresses.
        address: Vec<Address<'a>>,
        /// Larger organization.
        part_of: Option<Reference<'a>>,
    }
}

resource! {
    /// A place of care.
    Location {
        /// active, suspended, inactive.
        status: Option<Text<'a>>,
        /// Name.
        name: Option<Text<'a>>,
        /// Kinds; some sources put the place of service code here.
        r#type: Vec<CodeableConcept<'a>>,
        /// Telephone and the like.
        telecom: Vec<ContactPoint<'a>>,
        /// Address.
        address: Option<Address<'a>>,
        /// Whose it is.
        managing_organization: Option<Reference<'a>>,
        /// Larger place.
        part_of: Option<Reference<'a>>,
    }
}
