//! The enums of the contract, each with its words in the contract's own order.

#![allow(clippy::wildcard_imports, reason = "every enum of the contract")]

use claimhost_sdk::claim::*;

use super::Choice;
use crate::value::{Reflect, Value};

choices! {
    FREQUENCY Frequency "frequency" { Original "original", Replacement "replacement", Void "void" }
    PATIENT_ID_KIND PatientIdKind "patient-id-kind" { MedicalRecord "medical-record", Account "account", Other "other" }
    GENDER Gender "gender" { Female "female", Male "male", Unknown "unknown" }
    CONTACT_KIND ContactKind "contact-kind" { Telephone "telephone", Extension "extension", Fax "fax", Email "email" }
    RESPONSIBILITY Responsibility "responsibility" { Primary "primary", Secondary "secondary", Tertiary "tertiary", Four "four", Five "five", Six "six", Seven "seven", Eight "eight", Nine "nine", Ten "ten", Eleven "eleven", Unknown "unknown" }
    PAYER_ID_KIND PayerIdKind "payer-id-kind" { Payer "payer", Plan "plan" }
    PAYER_SECONDARY_KIND PayerSecondaryKind "payer-secondary-kind" { PayerIdentification "payer-identification", Employer "employer", ClaimOffice "claim-office", Naic "naic" }
    MEMBER_ID_KIND MemberIdKind "member-id-kind" { Member "member", StandardUnique "standard-unique" }
    RELATIONSHIP Relationship "relationship" { PatientIsSubscriber "patient-is-subscriber", Spouse "spouse", Child "child", Employee "employee", Unknown "unknown", OrganDonor "organ-donor", CadaverDonor "cadaver-donor", LifePartner "life-partner", Other "other" }
    PROVIDER_ID_KIND ProviderIdKind "provider-id-kind" { StateLicense "state-license", Upin "upin", Commercial "commercial", Location "location", Employer "employer", SocialSecurity "social-security" }
    BENEFITS_ASSIGNMENT BenefitsAssignment "benefits-assignment" { Yes "yes", No "no", NotApplicable "not-applicable" }
    RELEASE Release "release" { Signed "signed", InformedConsent "informed-consent" }
    ADJUSTMENT_GROUP AdjustmentGroup "adjustment-group" { Contractual "contractual", Correction "correction", Other "other", PayerInitiated "payer-initiated", Patient "patient" }
    PROVIDER_ROLE ProviderRole "provider-role" { Referring "referring", PrimaryCare "primary-care", Rendering "rendering", ServiceFacility "service-facility", Supervising "supervising", Billing "billing" }
    DIAGNOSIS_SYSTEM DiagnosisSystem "diagnosis-system" { Icd10cm "icd10cm", Icd9cm "icd9cm", Other "other" }
    ASSIGNMENT Assignment "assignment" { Assigned "assigned", LabOnly "lab-only", NotAssigned "not-assigned" }
    CLAIM_DATE_KIND ClaimDateKind "claim-date-kind" { Onset "onset", InitialTreatment "initial-treatment", LastSeen "last-seen", AcuteManifestation "acute-manifestation", Accident "accident", LastMenstrualPeriod "last-menstrual-period", LastXray "last-xray", VisionPrescription "vision-prescription", DisabilityStart "disability-start", DisabilityEnd "disability-end", Disability "disability", LastWorked "last-worked", ReturnToWork "return-to-work", Admission "admission", Discharge "discharge", AssumedCare "assumed-care", RelinquishedCare "relinquished-care", CasualtyFirstContact "casualty-first-contact", RepricerReceived "repricer-received" }
    CLAIM_REFERENCE_KIND ClaimReferenceKind "claim-reference-kind" { ServiceAuthorizationException "service-authorization-exception", MedicareCrossover "medicare-crossover", MammographyCertification "mammography-certification", Clia "clia", RepricedClaim "repriced-claim", AdjustedRepricedClaim "adjusted-repriced-claim", InvestigationalDevice "investigational-device", ClearinghouseTrace "clearinghouse-trace", MedicalRecord "medical-record", DemonstrationProject "demonstration-project", CarePlanOversight "care-plan-oversight", ReplacedClaim "replaced-claim" }
    NOTE_KIND NoteKind "note-kind" { Additional "additional", Certification "certification", Goals "goals", DiagnosisDescription "diagnosis-description", ThirdParty "third-party" }
    PROCEDURE_SYSTEM ProcedureSystem "procedure-system" { Cpt "cpt", Hcpcs "hcpcs", Jurisdiction "jurisdiction", HomeInfusion "home-infusion", AdvancedBilling "advanced-billing", Internal "internal" }
    UNIT Unit "unit" { Units "units", Minutes "minutes", Days "days", InternationalUnit "international-unit", Gram "gram", Milligram "milligram", Milliliter "milliliter" }
    CONDITION_CATEGORY ConditionCategory "condition-category" { Ambulance "ambulance", SpectacleLenses "spectacle-lenses", ContactLenses "contact-lenses", SpectacleFrames "spectacle-frames", Homebound "homebound", Epsdt "epsdt", Hospice "hospice", DurableEquipment "durable-equipment" }
    ACCIDENT_CAUSE AccidentCause "accident-cause" { Auto "auto", Employment "employment", Other "other" }
    DRUG_QUALIFIER DrugQualifier "drug-qualifier" { Ndc "ndc", Ean13 "ean13", Ean8 "ean8", Hibc "hibc", CustomerOrder "customer-order", Gtin14 "gtin14", Upc "upc" }
    LINE_DATE_KIND LineDateKind "line-date-kind" { Prescription "prescription", CertificationRevision "certification-revision", BeginTherapy "begin-therapy", LastCertification "last-certification", LastSeen "last-seen", HemoglobinTest "hemoglobin-test", CreatinineTest "creatinine-test", Shipped "shipped", LastXray "last-xray", InitialTreatment "initial-treatment" }
    LINE_REFERENCE_KIND LineReferenceKind "line-reference-kind" { RepricedLine "repriced-line", AdjustedRepricedLine "adjusted-repriced-line", PriorAuthorization "prior-authorization", LineControlNumber "line-control-number", MammographyCertification "mammography-certification", Clia "clia", ReferringClia "referring-clia", ImmunizationBatch "immunization-batch", ReferralNumber "referral-number" }
}
