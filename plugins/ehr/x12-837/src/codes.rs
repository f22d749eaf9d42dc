//! Code values of 005010X222A1 to the contract's enums, one table per element.

use claimhost_sdk::claim::*;

pub(crate) const RESPONSIBILITY: &[(&str, Responsibility)] = &[
    ("P", Responsibility::Primary),
    ("S", Responsibility::Secondary),
    ("T", Responsibility::Tertiary),
    ("A", Responsibility::Four),
    ("B", Responsibility::Five),
    ("C", Responsibility::Six),
    ("D", Responsibility::Seven),
    ("E", Responsibility::Eight),
    ("F", Responsibility::Nine),
    ("G", Responsibility::Ten),
    ("H", Responsibility::Eleven),
    ("U", Responsibility::Unknown),
];
pub(crate) const RELATIONSHIP: &[(&str, Relationship)] = &[
    ("18", Relationship::PatientIsSubscriber),
    ("01", Relationship::Spouse),
    ("19", Relationship::Child),
    ("20", Relationship::Employee),
    ("21", Relationship::Unknown),
    ("39", Relationship::OrganDonor),
    ("40", Relationship::CadaverDonor),
    ("53", Relationship::LifePartner),
    ("G8", Relationship::Other),
];
pub(crate) const GENDER: &[(&str, Gender)] = &[("F", Gender::Female), ("M", Gender::Male), ("U", Gender::Unknown)];
pub(crate) const ENTITY: &[(&str, bool)] = &[("1", true), ("2", false)];
pub(crate) const MEMBER: &[(&str, MemberIdKind)] =
    &[("MI", MemberIdKind::Member), ("II", MemberIdKind::StandardUnique)];
pub(crate) const PAYER: &[(&str, PayerIdKind)] = &[("PI", PayerIdKind::Payer), ("XV", PayerIdKind::Plan)];
pub(crate) const PAYER_REF: &[(&str, PayerSecondaryKind)] = &[
    ("2U", PayerSecondaryKind::PayerIdentification),
    ("EI", PayerSecondaryKind::Employer),
    ("FY", PayerSecondaryKind::ClaimOffice),
    ("NF", PayerSecondaryKind::Naic),
];
pub(crate) const PROVIDER_REF: &[(&str, ProviderIdKind)] = &[
    ("0B", ProviderIdKind::StateLicense),
    ("1G", ProviderIdKind::Upin),
    ("G2", ProviderIdKind::Commercial),
    ("LU", ProviderIdKind::Location),
    ("EI", ProviderIdKind::Employer),
    ("SY", ProviderIdKind::SocialSecurity),
];
pub(crate) const CONTACT: &[(&str, ContactKind)] = &[
    ("TE", ContactKind::Telephone),
    ("EX", ContactKind::Extension),
    ("FX", ContactKind::Fax),
    ("EM", ContactKind::Email),
];
pub(crate) const FREQUENCY: &[(&str, Frequency)] =
    &[("1", Frequency::Original), ("7", Frequency::Replacement), ("8", Frequency::Void)];
pub(crate) const YES_NO: &[(&str, bool)] = &[("Y", true), ("N", false)];
pub(crate) const ASSIGNMENT: &[(&str, Assignment)] =
    &[("A", Assignment::Assigned), ("B", Assignment::LabOnly), ("C", Assignment::NotAssigned)];
pub(crate) const BENEFITS: &[(&str, BenefitsAssignment)] =
    &[("Y", BenefitsAssignment::Yes), ("N", BenefitsAssignment::No), ("W", BenefitsAssignment::NotApplicable)];
pub(crate) const RELEASE: &[(&str, Release)] = &[("Y", Release::Signed), ("I", Release::InformedConsent)];
pub(crate) const CAUSE: &[(&str, AccidentCause)] =
    &[("AA", AccidentCause::Auto), ("EM", AccidentCause::Employment), ("OA", AccidentCause::Other)];
pub(crate) const CLAIM_DATE: &[(&str, ClaimDateKind)] = &[
    ("431", ClaimDateKind::Onset),
    ("454", ClaimDateKind::InitialTreatment),
    ("304", ClaimDateKind::LastSeen),
    ("453", ClaimDateKind::AcuteManifestation),
    ("439", ClaimDateKind::Accident),
    ("484", ClaimDateKind::LastMenstrualPeriod),
    ("455", ClaimDateKind::LastXray),
    ("471", ClaimDateKind::VisionPrescription),
    ("314", ClaimDateKind::Disability),
    ("360", ClaimDateKind::DisabilityStart),
    ("361", ClaimDateKind::DisabilityEnd),
    ("297", ClaimDateKind::LastWorked),
    ("296", ClaimDateKind::ReturnToWork),
    ("435", ClaimDateKind::Admission),
    ("096", ClaimDateKind::Discharge),
    ("090", ClaimDateKind::AssumedCare),
    ("091", ClaimDateKind::RelinquishedCare),
    ("444", ClaimDateKind::CasualtyFirstContact),
    ("050", ClaimDateKind::RepricerReceived),
];
pub(crate) const LINE_DATE: &[(&str, LineDateKind)] = &[
    ("471", LineDateKind::Prescription),
    ("607", LineDateKind::CertificationRevision),
    ("463", LineDateKind::BeginTherapy),
    ("461", LineDateKind::LastCertification),
    ("304", LineDateKind::LastSeen),
    ("738", LineDateKind::HemoglobinTest),
    ("739", LineDateKind::CreatinineTest),
    ("011", LineDateKind::Shipped),
    ("455", LineDateKind::LastXray),
    ("454", LineDateKind::InitialTreatment),
];
pub(crate) const CLAIM_REF: &[(&str, ClaimReferenceKind)] = &[
    ("4N", ClaimReferenceKind::ServiceAuthorizationException),
    ("F5", ClaimReferenceKind::MedicareCrossover),
    ("EW", ClaimReferenceKind::MammographyCertification),
    ("X4", ClaimReferenceKind::Clia),
    ("9A", ClaimReferenceKind::RepricedClaim),
    ("9C", ClaimReferenceKind::AdjustedRepricedClaim),
    ("LX", ClaimReferenceKind::InvestigationalDevice),
    ("D9", ClaimReferenceKind::ClearinghouseTrace),
    ("P4", ClaimReferenceKind::DemonstrationProject),
    ("1J", ClaimReferenceKind::CarePlanOversight),
    ("F8", ClaimReferenceKind::ReplacedClaim),
];
pub(crate) const LINE_REF: &[(&str, LineReferenceKind)] = &[
    ("9B", LineReferenceKind::RepricedLine),
    ("9D", LineReferenceKind::AdjustedRepricedLine),
    ("G1", LineReferenceKind::PriorAuthorization),
    ("6R", LineReferenceKind::LineControlNumber),
    ("EW", LineReferenceKind::MammographyCertification),
    ("X4", LineReferenceKind::Clia),
    ("F4", LineReferenceKind::ReferringClia),
    ("BT", LineReferenceKind::ImmunizationBatch),
    ("9F", LineReferenceKind::ReferralNumber),
];
pub(crate) const NOTE: &[(&str, NoteKind)] = &[
    ("ADD", NoteKind::Additional),
    ("CER", NoteKind::Certification),
    ("DCP", NoteKind::Goals),
    ("DGN", NoteKind::DiagnosisDescription),
    ("TPO", NoteKind::ThirdParty),
];
pub(crate) const CONDITION: &[(&str, ConditionCategory)] = &[
    ("07", ConditionCategory::Ambulance),
    ("E1", ConditionCategory::SpectacleLenses),
    ("E2", ConditionCategory::ContactLenses),
    ("E3", ConditionCategory::SpectacleFrames),
    ("75", ConditionCategory::Homebound),
    ("ZZ", ConditionCategory::Epsdt),
    ("70", ConditionCategory::Hospice),
    ("09", ConditionCategory::DurableEquipment),
];
pub(crate) const GROUP: &[(&str, AdjustmentGroup)] = &[
    ("CO", AdjustmentGroup::Contractual),
    ("CR", AdjustmentGroup::Correction),
    ("OA", AdjustmentGroup::Other),
    ("PI", AdjustmentGroup::PayerInitiated),
    ("PR", AdjustmentGroup::Patient),
];
pub(crate) const ROLE: &[(&str, ProviderRole)] = &[
    ("DN", ProviderRole::Referring),
    ("P3", ProviderRole::PrimaryCare),
    ("82", ProviderRole::Rendering),
    ("77", ProviderRole::ServiceFacility),
    ("DQ", ProviderRole::Supervising),
    ("85", ProviderRole::Billing),
];
pub(crate) const SERVICE_UNIT: &[(&str, Unit)] = &[("UN", Unit::Units), ("MJ", Unit::Minutes)];
pub(crate) const DRUG_UNIT: &[(&str, Unit)] = &[
    ("UN", Unit::Units),
    ("F2", Unit::InternationalUnit),
    ("GR", Unit::Gram),
    ("ME", Unit::Milligram),
    ("ML", Unit::Milliliter),
];
pub(crate) const DRUG: &[(&str, DrugQualifier)] = &[
    ("N4", DrugQualifier::Ndc),
    ("EN", DrugQualifier::Ean13),
    ("EO", DrugQualifier::Ean8),
    ("HI", DrugQualifier::Hibc),
    ("ON", DrugQualifier::CustomerOrder),
    ("UK", DrugQualifier::Gtin14),
    ("UP", DrugQualifier::Upc),
];

/// SV101-1 and SVD03-1; `HC` is told apart by the form of the code.
pub(crate) fn procedure_system(qualifier: &str, code: &str) -> Option<ProcedureSystem> {
    let level_two = code.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    match qualifier {
        "HC" if level_two => Some(ProcedureSystem::Hcpcs),
        "HC" => Some(ProcedureSystem::Cpt),
        "ER" => Some(ProcedureSystem::Jurisdiction),
        "IV" => Some(ProcedureSystem::HomeInfusion),
        "WK" => Some(ProcedureSystem::AdvancedBilling),
        _ => None,
    }
}
