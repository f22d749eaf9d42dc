//! The other resources billing reads, each with the elements a claim can be built from.
//!
//! Elements are those of FHIR R4 under their own names; the codec adds no meaning.

use crate::datatypes::{
    Address, CodeableConcept, Coding, ContactPoint, Extension, HumanName, Identifier, Money, Period, Quantity,
    Reference,
};
use crate::parse::Raw;
use crate::primitives::{DateTime, Decimal, Text};
use serde::Deserialize;

/// A patient.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Patient<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// Whether the record is in use.
    pub active: Option<bool>,
    /// Names.
    pub name: Vec<HumanName<'a>>,
    /// Telephone and the like.
    pub telecom: Vec<ContactPoint<'a>>,
    /// male, female, other, unknown.
    pub gender: Option<Text<'a>>,
    /// Day of birth.
    pub birth_date: Option<DateTime>,
    /// Whether deceased.
    pub deceased_boolean: Option<bool>,
    /// Or when.
    pub deceased_date_time: Option<DateTime>,
    /// Addresses.
    pub address: Vec<Address<'a>>,
}

/// Insurance of a patient.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Coverage<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Resources that exist only inside this one.
    pub contained: Vec<Raw<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// active, cancelled, draft, entered-in-error.
    pub status: Option<Text<'a>>,
    /// Kind of plan.
    pub r#type: Option<CodeableConcept<'a>>,
    /// Owner of the policy.
    pub policy_holder: Option<Reference<'a>>,
    /// Subscriber.
    pub subscriber: Option<Reference<'a>>,
    /// Member number of the subscriber.
    pub subscriber_id: Option<Text<'a>>,
    /// The patient insured.
    pub beneficiary: Option<Reference<'a>>,
    /// Dependent number.
    pub dependent: Option<Text<'a>>,
    /// Patient to subscriber.
    pub relationship: Option<CodeableConcept<'a>>,
    /// When in force.
    pub period: Option<Period>,
    /// Payers; the first pays.
    pub payor: Vec<Reference<'a>>,
    /// Group, plan and the like.
    pub class: Vec<CoverageClass<'a>>,
    /// 1 is primary.
    pub order: Option<u32>,
    /// Network.
    pub network: Option<Text<'a>>,
}

/// A class of a coverage.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct CoverageClass<'a> {
    /// group, plan, rxbin, ...
    pub r#type: Option<CodeableConcept<'a>>,
    /// Its number.
    pub value: Option<Text<'a>>,
    /// Its name.
    pub name: Option<Text<'a>>,
}

/// A charge.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ChargeItem<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Resources that exist only inside this one.
    pub contained: Vec<Raw<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// planned, billable, not-billable, aborted, billed, entered-in-error.
    pub status: Option<Text<'a>>,
    /// Charges this belongs to.
    pub part_of: Vec<Reference<'a>>,
    /// CPT or HCPCS code.
    pub code: Option<CodeableConcept<'a>>,
    /// Patient.
    pub subject: Option<Reference<'a>>,
    /// Encounter.
    pub context: Option<Reference<'a>>,
    /// Day of service.
    pub occurrence_date_time: Option<DateTime>,
    /// Or first and last moment.
    pub occurrence_period: Option<Period>,
    /// Who did it.
    pub performer: Vec<ChargeItemPerformer<'a>>,
    /// Organization that did it.
    pub performing_organization: Option<Reference<'a>>,
    /// Organization that asked for it.
    pub requesting_organization: Option<Reference<'a>>,
    /// Cost center.
    pub cost_center: Option<Reference<'a>>,
    /// Units.
    pub quantity: Option<Quantity<'a>>,
    /// Body sites.
    pub bodysite: Vec<CodeableConcept<'a>>,
    /// Price multiplier.
    pub factor_override: Option<Decimal<'a>>,
    /// Charge.
    pub price_override: Option<Money<'a>>,
    /// When entered.
    pub entered_date: Option<DateTime>,
    /// Diagnoses.
    pub reason: Vec<CodeableConcept<'a>>,
    /// Procedures and the like.
    pub service: Vec<Reference<'a>>,
    /// Product.
    pub product_reference: Option<Reference<'a>>,
    /// Or its code, such as an NDC.
    pub product_codeable_concept: Option<CodeableConcept<'a>>,
    /// Accounts.
    pub account: Vec<Reference<'a>>,
}

/// Who did what was charged.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ChargeItemPerformer<'a> {
    /// Role.
    pub function: Option<CodeableConcept<'a>>,
    /// Who.
    pub actor: Option<Reference<'a>>,
}

/// A visit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Encounter<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Resources that exist only inside this one.
    pub contained: Vec<Raw<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// planned, arrived, in-progress, finished, cancelled, entered-in-error, ...
    pub status: Option<Text<'a>>,
    /// AMB, EMER, IMP, ...
    pub class: Option<Coding<'a>>,
    /// Kinds; some sources put the E/M code here.
    pub r#type: Vec<CodeableConcept<'a>>,
    /// Patient.
    pub subject: Option<Reference<'a>>,
    /// Providers.
    pub participant: Vec<EncounterParticipant<'a>>,
    /// When.
    pub period: Option<Period>,
    /// Reasons.
    pub reason_code: Vec<CodeableConcept<'a>>,
    /// Diagnoses.
    pub diagnosis: Vec<EncounterDiagnosis<'a>>,
    /// Accounts.
    pub account: Vec<Reference<'a>>,
    /// Places.
    pub location: Vec<EncounterLocation<'a>>,
    /// Organization.
    pub service_provider: Option<Reference<'a>>,
    /// Larger encounter.
    pub part_of: Option<Reference<'a>>,
}

/// A provider of a visit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct EncounterParticipant<'a> {
    /// Roles.
    pub r#type: Vec<CodeableConcept<'a>>,
    /// When.
    pub period: Option<Period>,
    /// Who.
    pub individual: Option<Reference<'a>>,
}

/// A diagnosis of a visit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct EncounterDiagnosis<'a> {
    /// Condition or procedure.
    pub condition: Option<Reference<'a>>,
    /// Role, such as billing.
    pub r#use: Option<CodeableConcept<'a>>,
    /// 1 is first.
    pub rank: Option<u32>,
}

/// A place of a visit.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct EncounterLocation<'a> {
    /// Place.
    pub location: Option<Reference<'a>>,
    /// planned, active, reserved, completed.
    pub status: Option<Text<'a>>,
}

/// A diagnosis.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Condition<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// active, resolved, ...
    pub clinical_status: Option<CodeableConcept<'a>>,
    /// confirmed, refuted, entered-in-error, ...
    pub verification_status: Option<CodeableConcept<'a>>,
    /// encounter-diagnosis, problem-list-item.
    pub category: Vec<CodeableConcept<'a>>,
    /// ICD-10-CM code.
    pub code: Option<CodeableConcept<'a>>,
    /// Patient.
    pub subject: Option<Reference<'a>>,
    /// Encounter.
    pub encounter: Option<Reference<'a>>,
    /// When it began.
    pub onset_date_time: Option<DateTime>,
    /// When recorded.
    pub recorded_date: Option<DateTime>,
}

/// What was done.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Procedure<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// completed, not-done, entered-in-error, ...
    pub status: Option<Text<'a>>,
    /// CPT or HCPCS code.
    pub code: Option<CodeableConcept<'a>>,
    /// Patient.
    pub subject: Option<Reference<'a>>,
    /// Encounter.
    pub encounter: Option<Reference<'a>>,
    /// When.
    pub performed_date_time: Option<DateTime>,
    /// Or from when to when.
    pub performed_period: Option<Period>,
    /// Who did it.
    pub performer: Vec<ProcedurePerformer<'a>>,
    /// Where.
    pub location: Option<Reference<'a>>,
    /// Diagnoses.
    pub reason_code: Vec<CodeableConcept<'a>>,
    /// Or the conditions.
    pub reason_reference: Vec<Reference<'a>>,
}

/// Who did a procedure.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ProcedurePerformer<'a> {
    /// Role.
    pub function: Option<CodeableConcept<'a>>,
    /// Who.
    pub actor: Option<Reference<'a>>,
    /// For which organization.
    pub on_behalf_of: Option<Reference<'a>>,
}

/// A person who treats.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Practitioner<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// Whether the record is in use.
    pub active: Option<bool>,
    /// Names.
    pub name: Vec<HumanName<'a>>,
    /// Telephone and the like.
    pub telecom: Vec<ContactPoint<'a>>,
    /// Addresses.
    pub address: Vec<Address<'a>>,
}

/// What a practitioner does where.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct PractitionerRole<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Whether in use.
    pub active: Option<bool>,
    /// Who.
    pub practitioner: Option<Reference<'a>>,
    /// For whom.
    pub organization: Option<Reference<'a>>,
    /// Roles.
    pub code: Vec<CodeableConcept<'a>>,
    /// Specialties, with taxonomy codes.
    pub specialty: Vec<CodeableConcept<'a>>,
    /// Where.
    pub location: Vec<Reference<'a>>,
}

/// A practice, facility or payer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Organization<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// Whether the record is in use.
    pub active: Option<bool>,
    /// prov, pay, ...
    pub r#type: Vec<CodeableConcept<'a>>,
    /// Name.
    pub name: Option<Text<'a>>,
    /// Telephone and the like.
    pub telecom: Vec<ContactPoint<'a>>,
    /// Addresses.
    pub address: Vec<Address<'a>>,
    /// Larger organization.
    pub part_of: Option<Reference<'a>>,
}

/// A place of care.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Location<'a> {
    /// Logical id.
    pub id: Option<Text<'a>>,
    /// Business identifiers.
    pub identifier: Vec<Identifier<'a>>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// active, suspended, inactive.
    pub status: Option<Text<'a>>,
    /// Name.
    pub name: Option<Text<'a>>,
    /// Kinds; some sources put the place of service code here.
    pub r#type: Vec<CodeableConcept<'a>>,
    /// Telephone and the like.
    pub telecom: Vec<ContactPoint<'a>>,
    /// Address.
    pub address: Option<Address<'a>>,
    /// Whose it is.
    pub managing_organization: Option<Reference<'a>>,
    /// Larger place.
    pub part_of: Option<Reference<'a>>,
}
