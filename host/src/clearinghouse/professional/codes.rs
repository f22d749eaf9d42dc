//! Contract enums to the code values of 005010X222A1, one function per element.
//!
//! `None` is a variant the guide has no code for at that place; `refusal.rs` says so with the reason.

use crate::claim::*;

/// SBR01.
pub(super) fn responsibility(value: Responsibility) -> &'static str {
    match value {
        Responsibility::Primary => "P",
        Responsibility::Secondary => "S",
        Responsibility::Tertiary => "T",
        Responsibility::Four => "A",
        Responsibility::Five => "B",
        Responsibility::Six => "C",
        Responsibility::Seven => "D",
        Responsibility::Eight => "E",
        Responsibility::Nine => "F",
        Responsibility::Ten => "G",
        Responsibility::Eleven => "H",
        Responsibility::Unknown => "U",
    }
}

/// PAT01, and SBR02 of 2320.
pub(super) fn relationship(value: Relationship) -> &'static str {
    match value {
        Relationship::PatientIsSubscriber => "18",
        Relationship::Spouse => "01",
        Relationship::Child => "19",
        Relationship::Employee => "20",
        Relationship::Unknown => "21",
        Relationship::OrganDonor => "39",
        Relationship::CadaverDonor => "40",
        Relationship::LifePartner => "53",
        Relationship::Other => "G8",
    }
}

/// DMG03.
pub(super) fn gender(value: Gender) -> &'static str {
    match value {
        Gender::Female => "F",
        Gender::Male => "M",
        Gender::Unknown => "U",
    }
}

/// REF01 of a provider.
pub(super) fn provider_id(value: ProviderIdKind) -> &'static str {
    match value {
        ProviderIdKind::StateLicense => "0B",
        ProviderIdKind::Upin => "1G",
        ProviderIdKind::Commercial => "G2",
        ProviderIdKind::Location => "LU",
        ProviderIdKind::Employer => "EI",
        ProviderIdKind::SocialSecurity => "SY",
    }
}

/// NM108 of a payer.
pub(super) fn payer_id(value: PayerIdKind) -> &'static str {
    match value {
        PayerIdKind::Payer => "PI",
        PayerIdKind::Plan => "XV",
    }
}

/// REF01 of a payer.
pub(super) fn payer_secondary(value: PayerSecondaryKind) -> &'static str {
    match value {
        PayerSecondaryKind::PayerIdentification => "2U",
        PayerSecondaryKind::Employer => "EI",
        PayerSecondaryKind::ClaimOffice => "FY",
        PayerSecondaryKind::Naic => "NF",
    }
}

/// NM108 of a subscriber.
pub(super) fn member_id(value: MemberIdKind) -> &'static str {
    match value {
        MemberIdKind::Member => "MI",
        MemberIdKind::StandardUnique => "II",
    }
}

/// CAS01, in the order segments are written.
pub(super) const GROUPS: [(AdjustmentGroup, &str); 5] = [
    (AdjustmentGroup::Contractual, "CO"),
    (AdjustmentGroup::Correction, "CR"),
    (AdjustmentGroup::Other, "OA"),
    (AdjustmentGroup::PayerInitiated, "PI"),
    (AdjustmentGroup::Patient, "PR"),
];

/// CLM07.
pub(super) fn assignment(value: Assignment) -> &'static str {
    match value {
        Assignment::Assigned => "A",
        Assignment::LabOnly => "B",
        Assignment::NotAssigned => "C",
    }
}

/// CLM08, OI03.
pub(super) fn benefits(value: BenefitsAssignment) -> &'static str {
    match value {
        BenefitsAssignment::Yes => "Y",
        BenefitsAssignment::No => "N",
        BenefitsAssignment::NotApplicable => "W",
    }
}

/// CLM09, OI06.
pub(super) fn release(value: Release) -> &'static str {
    match value {
        Release::Signed => "Y",
        Release::InformedConsent => "I",
    }
}

/// CLM05-3.
pub(super) fn frequency(value: Frequency) -> &'static str {
    match value {
        Frequency::Original => "1",
        Frequency::Replacement => "7",
        Frequency::Void => "8",
    }
}

/// CLM11.
pub(super) fn cause(value: AccidentCause) -> &'static str {
    match value {
        AccidentCause::Auto => "AA",
        AccidentCause::Employment => "EM",
        AccidentCause::Other => "OA",
    }
}

/// NM101 of 2330C to 2330G.
pub(super) fn role(value: ProviderRole) -> &'static str {
    match value {
        ProviderRole::Referring => "DN",
        ProviderRole::PrimaryCare => "P3",
        ProviderRole::Rendering => "82",
        ProviderRole::ServiceFacility => "77",
        ProviderRole::Supervising => "DQ",
        ProviderRole::Billing => "85",
    }
}

/// HI01-1: of the first diagnosis, and of the others.
pub(super) fn diagnosis(value: DiagnosisSystem, first: bool) -> Option<&'static str> {
    match (value, first) {
        (DiagnosisSystem::Icd10cm, true) => Some("ABK"),
        (DiagnosisSystem::Icd10cm, false) => Some("ABF"),
        (DiagnosisSystem::Icd9cm, true) => Some("BK"),
        (DiagnosisSystem::Icd9cm, false) => Some("BF"),
        (DiagnosisSystem::Other, _) => None,
    }
}

/// SV101-1, SVD03-1, HCP09.
pub(super) fn procedure(value: ProcedureSystem) -> Option<&'static str> {
    match value {
        ProcedureSystem::Cpt | ProcedureSystem::Hcpcs => Some("HC"),
        ProcedureSystem::Jurisdiction => Some("ER"),
        ProcedureSystem::HomeInfusion => Some("IV"),
        ProcedureSystem::AdvancedBilling => Some("WK"),
        ProcedureSystem::Internal => None,
    }
}

/// SV103 and HCP11: units or minutes.
pub(super) fn service_unit(value: Unit) -> Option<&'static str> {
    match value {
        Unit::Units => Some("UN"),
        Unit::Minutes => Some("MJ"),
        _ => None,
    }
}

/// CTP05-1.
pub(super) fn drug_unit(value: Unit) -> Option<&'static str> {
    match value {
        Unit::Units => Some("UN"),
        Unit::InternationalUnit => Some("F2"),
        Unit::Gram => Some("GR"),
        Unit::Milligram => Some("ME"),
        Unit::Milliliter => Some("ML"),
        Unit::Minutes | Unit::Days => None,
    }
}

/// LIN02.
pub(super) fn drug(value: DrugQualifier) -> &'static str {
    match value {
        DrugQualifier::Ndc => "N4",
        DrugQualifier::Ean13 => "EN",
        DrugQualifier::Ean8 => "EO",
        DrugQualifier::Hibc => "HI",
        DrugQualifier::CustomerOrder => "ON",
        DrugQualifier::Gtin14 => "UK",
        DrugQualifier::Upc => "UP",
    }
}

/// NTE01.
pub(super) fn note(value: NoteKind) -> &'static str {
    match value {
        NoteKind::Additional => "ADD",
        NoteKind::Certification => "CER",
        NoteKind::Goals => "DCP",
        NoteKind::DiagnosisDescription => "DGN",
        NoteKind::ThirdParty => "TPO",
    }
}

/// CRC01.
pub(super) fn condition(value: ConditionCategory) -> &'static str {
    match value {
        ConditionCategory::Ambulance => "07",
        ConditionCategory::SpectacleLenses => "E1",
        ConditionCategory::ContactLenses => "E2",
        ConditionCategory::SpectacleFrames => "E3",
        ConditionCategory::Homebound => "75",
        ConditionCategory::Epsdt => "ZZ",
        ConditionCategory::Hospice => "70",
        ConditionCategory::DurableEquipment => "09",
    }
}

/// CRC categories of 2300 in the guide's order, and how many segments each group may have together.
pub(super) const CLAIM_CONDITIONS: [(&[ConditionCategory], usize); 4] = [
    (&[ConditionCategory::Ambulance], 3),
    (&[ConditionCategory::SpectacleLenses, ConditionCategory::ContactLenses, ConditionCategory::SpectacleFrames], 3),
    (&[ConditionCategory::Homebound], 1),
    (&[ConditionCategory::Epsdt], 1),
];

/// What the certifications of a transport can be.
pub(super) const AMBULANCE_CONDITIONS: [(&[ConditionCategory], usize); 1] = [(&[ConditionCategory::Ambulance], 3)];

/// CRC categories of 2400, likewise.
pub(super) const LINE_CONDITIONS: [(&[ConditionCategory], usize); 3] = [
    (&[ConditionCategory::Ambulance], 3),
    (&[ConditionCategory::Hospice], 1),
    (&[ConditionCategory::DurableEquipment], 1),
];

/// DTP01 of 2300, in the guide's order.
pub(super) const CLAIM_DATES: [(ClaimDateKind, &str); 19] = [
    (ClaimDateKind::Onset, "431"),
    (ClaimDateKind::InitialTreatment, "454"),
    (ClaimDateKind::LastSeen, "304"),
    (ClaimDateKind::AcuteManifestation, "453"),
    (ClaimDateKind::Accident, "439"),
    (ClaimDateKind::LastMenstrualPeriod, "484"),
    (ClaimDateKind::LastXray, "455"),
    (ClaimDateKind::VisionPrescription, "471"),
    (ClaimDateKind::Disability, "314"),
    (ClaimDateKind::DisabilityStart, "360"),
    (ClaimDateKind::DisabilityEnd, "361"),
    (ClaimDateKind::LastWorked, "297"),
    (ClaimDateKind::ReturnToWork, "296"),
    (ClaimDateKind::Admission, "435"),
    (ClaimDateKind::Discharge, "096"),
    (ClaimDateKind::AssumedCare, "090"),
    (ClaimDateKind::RelinquishedCare, "091"),
    (ClaimDateKind::CasualtyFirstContact, "444"),
    (ClaimDateKind::RepricerReceived, "050"),
];

/// DTP01 of 2400 behind the service date, in the guide's order.
pub(super) const LINE_DATES: [(LineDateKind, &str); 10] = [
    (LineDateKind::Prescription, "471"),
    (LineDateKind::CertificationRevision, "607"),
    (LineDateKind::BeginTherapy, "463"),
    (LineDateKind::LastCertification, "461"),
    (LineDateKind::LastSeen, "304"),
    (LineDateKind::HemoglobinTest, "738"),
    (LineDateKind::CreatinineTest, "739"),
    (LineDateKind::Shipped, "011"),
    (LineDateKind::LastXray, "455"),
    (LineDateKind::InitialTreatment, "454"),
];

/// REF01 of 2300, in the guide's order around 9F, G1 and F8, which are fields of their own.
pub(super) const REFERENCES_BEFORE: [(ClaimReferenceKind, &str); 3] = [
    (ClaimReferenceKind::ServiceAuthorizationException, "4N"),
    (ClaimReferenceKind::MedicareCrossover, "F5"),
    (ClaimReferenceKind::MammographyCertification, "EW"),
];
/// REF01 of 2300 behind F8. EA stands between D9 and P4.
pub(super) const REFERENCES_BEHIND: [(ClaimReferenceKind, &str); 8] = [
    (ClaimReferenceKind::Clia, "X4"),
    (ClaimReferenceKind::RepricedClaim, "9A"),
    (ClaimReferenceKind::AdjustedRepricedClaim, "9C"),
    (ClaimReferenceKind::InvestigationalDevice, "LX"),
    (ClaimReferenceKind::ClearinghouseTrace, "D9"),
    (ClaimReferenceKind::MedicalRecord, "EA"),
    (ClaimReferenceKind::DemonstrationProject, "P4"),
    (ClaimReferenceKind::CarePlanOversight, "1J"),
];

/// REF01 of 2400 in the guide's order, and how many of each a line may have.
pub(super) const LINE_REFERENCES: [(LineReferenceKind, &str, usize); 9] = [
    (LineReferenceKind::RepricedLine, "9B", 1),
    (LineReferenceKind::AdjustedRepricedLine, "9D", 1),
    (LineReferenceKind::PriorAuthorization, "G1", 5),
    (LineReferenceKind::LineControlNumber, "6R", 1),
    (LineReferenceKind::MammographyCertification, "EW", 1),
    (LineReferenceKind::Clia, "X4", 1),
    (LineReferenceKind::ReferringClia, "F4", 1),
    (LineReferenceKind::ImmunizationBatch, "BT", 1),
    (LineReferenceKind::ReferralNumber, "9F", 5),
];
