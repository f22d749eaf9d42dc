//! Claim: the resource that states a whole claim, for sources that have one.

use crate::datatypes::{Address, CodeableConcept, Extension, Identifier, Money, Period, Quantity, Reference};
use crate::primitives::{DateTime, Decimal, Text};

resource! {
    /// A claim as the source has it.
    Claim {
        /// active, cancelled, draft, entered-in-error.
        status: Option<Text<'a>>,
        /// institutional, professional, pharmacy, ...
        r#type: Option<CodeableConcept<'a>>,
        /// claim, preauthorization, predetermination.
        r#use: Option<Text<'a>>,
        /// Patient.
        patient: Option<Reference<'a>>,
        /// Days of service.
        billable_period: Option<Period>,
        /// When it was made.
        created: Option<DateTime>,
        /// Payer.
        insurer: Option<Reference<'a>>,
        /// Billing provider.
        provider: Option<Reference<'a>>,
        /// Referral.
        referral: Option<Reference<'a>>,
        /// Service facility.
        facility: Option<Reference<'a>>,
        /// Claims this one replaces or voids.
        related: Vec<ClaimRelated<'a>>,
        /// Providers and their roles.
        care_team: Vec<CareTeamMember<'a>>,
        /// Dates, onset, admission and the like.
        supporting_info: Vec<ClaimSupportingInfo<'a>>,
        /// Diagnoses.
        diagnosis: Vec<ClaimDiagnosis<'a>>,
        /// Coverages, in order of their sequence.
        insurance: Vec<ClaimInsurance<'a>>,
        /// Service lines.
        item: Vec<ClaimItem<'a>>,
        /// Sum of the lines.
        total: Option<Money<'a>>,
    }
}

element! {
    /// A related claim.
    ClaimRelated {
        /// The claim.
        claim: Option<Reference<'a>>,
        /// prior, associated, ...
        relationship: Option<CodeableConcept<'a>>,
        /// Its number with the payer.
        reference: Option<Identifier<'a>>,
    }
}

element! {
    /// A provider of the claim.
    CareTeamMember {
        /// Number that lines refer to.
        sequence: Option<u32>,
        /// Practitioner or organization.
        provider: Option<Reference<'a>>,
        /// Whether they bill.
        responsible: Option<bool>,
        /// primary, assist, supervisor, ...
        role: Option<CodeableConcept<'a>>,
        /// Taxonomy.
        qualification: Option<CodeableConcept<'a>>,
    }
}

element! {
    /// Further information.
    ClaimSupportingInfo {
        /// Number that lines refer to.
        sequence: Option<u32>,
        /// Kind.
        category: Option<CodeableConcept<'a>>,
        /// What.
        code: Option<CodeableConcept<'a>>,
        /// When.
        timing_date: Option<DateTime>,
        /// From when to when.
        timing_period: Option<Period>,
        /// Value, if a string.
        value_string: Option<Text<'a>>,
        /// Value, if a quantity.
        value_quantity: Option<Quantity<'a>>,
    }
}

element! {
    /// A diagnosis of the claim.
    ClaimDiagnosis {
        /// Number that lines refer to.
        sequence: Option<u32>,
        /// Its code.
        diagnosis_codeable_concept: Option<CodeableConcept<'a>>,
        /// Or the condition.
        diagnosis_reference: Option<Reference<'a>>,
        /// principal, admitting, ...
        r#type: Vec<CodeableConcept<'a>>,
    }
}

element! {
    /// A coverage the claim is against.
    ClaimInsurance {
        /// 1 is primary.
        sequence: Option<u32>,
        /// Whether this claim goes to it.
        focal: Option<bool>,
        /// Coverage.
        coverage: Option<Reference<'a>>,
        /// Prior authorization numbers.
        pre_auth_ref: Vec<Text<'a>>,
    }
}

element! {
    /// A service line.
    ClaimItem {
        /// Line number.
        sequence: Option<u32>,
        /// Extensions of the source.
        extension: Vec<Extension<'a>>,
        /// Providers of the line.
        care_team_sequence: Vec<u32>,
        /// Diagnosis pointers.
        diagnosis_sequence: Vec<u32>,
        /// Supporting information.
        information_sequence: Vec<u32>,
        /// CPT, HCPCS or NDC code.
        product_or_service: Option<CodeableConcept<'a>>,
        /// Modifiers.
        modifier: Vec<CodeableConcept<'a>>,
        /// Units.
        quantity: Option<Quantity<'a>>,
        /// Charge of one unit.
        unit_price: Option<Money<'a>>,
        /// Charge of the line.
        net: Option<Money<'a>>,
        /// Price multiplier.
        factor: Option<Decimal<'a>>,
        /// Revenue code.
        revenue: Option<CodeableConcept<'a>>,
        /// Day of service.
        serviced_date: Option<DateTime>,
        /// Or first and last day.
        serviced_period: Option<Period>,
        /// Place of service.
        location_codeable_concept: Option<CodeableConcept<'a>>,
        /// Or address of service.
        location_address: Option<Address<'a>>,
        /// Or location.
        location_reference: Option<Reference<'a>>,
        /// Encounters.
        encounter: Vec<Reference<'a>>,
        /// Parts of the line, such as its drug.
        detail: Vec<ClaimDetail<'a>>,
    }
}

element! {
    /// A part of a service line.
    ClaimDetail {
        /// Line number.
        sequence: Option<u32>,
        /// CPT, HCPCS or NDC code.
        product_or_service: Option<CodeableConcept<'a>>,
        /// Modifiers.
        modifier: Vec<CodeableConcept<'a>>,
        /// Units.
        quantity: Option<Quantity<'a>>,
        /// Charge of one unit.
        unit_price: Option<Money<'a>>,
        /// Charge of the line.
        net: Option<Money<'a>>,
        /// Price multiplier.
        factor: Option<Decimal<'a>>,
    }
}
