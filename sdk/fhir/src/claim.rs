//! Claim: the resource that states a whole claim, for sources that have one.

use crate::datatypes::{Address, CodeableConcept, Extension, Identifier, Money, Period, Quantity, Reference};
use crate::parse::Raw;
use crate::primitives::{DateTime, Decimal, Text};
use serde::Deserialize;

/// A claim as the source has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Claim<'a> {
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
    /// institutional, professional, pharmacy, ...
    pub r#type: Option<CodeableConcept<'a>>,
    /// claim, preauthorization, predetermination.
    pub r#use: Option<Text<'a>>,
    /// Patient.
    pub patient: Option<Reference<'a>>,
    /// Days of service.
    pub billable_period: Option<Period>,
    /// When it was made.
    pub created: Option<DateTime>,
    /// Payer.
    pub insurer: Option<Reference<'a>>,
    /// Billing provider.
    pub provider: Option<Reference<'a>>,
    /// Referral.
    pub referral: Option<Reference<'a>>,
    /// Service facility.
    pub facility: Option<Reference<'a>>,
    /// Claims this one replaces or voids.
    pub related: Vec<ClaimRelated<'a>>,
    /// Providers and their roles.
    pub care_team: Vec<CareTeamMember<'a>>,
    /// Dates, onset, admission and the like.
    pub supporting_info: Vec<ClaimSupportingInfo<'a>>,
    /// Diagnoses.
    pub diagnosis: Vec<ClaimDiagnosis<'a>>,
    /// Coverages, in order of their sequence.
    pub insurance: Vec<ClaimInsurance<'a>>,
    /// Service lines.
    pub item: Vec<ClaimItem<'a>>,
    /// Sum of the lines.
    pub total: Option<Money<'a>>,
}

/// A related claim.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ClaimRelated<'a> {
    /// The claim.
    pub claim: Option<Reference<'a>>,
    /// prior, associated, ...
    pub relationship: Option<CodeableConcept<'a>>,
    /// Its number with the payer.
    pub reference: Option<Identifier<'a>>,
}

/// A provider of the claim.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct CareTeamMember<'a> {
    /// Number that lines refer to.
    pub sequence: Option<u32>,
    /// Practitioner or organization.
    pub provider: Option<Reference<'a>>,
    /// Whether they bill.
    pub responsible: Option<bool>,
    /// primary, assist, supervisor, ...
    pub role: Option<CodeableConcept<'a>>,
    /// Taxonomy.
    pub qualification: Option<CodeableConcept<'a>>,
}

/// Further information.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ClaimSupportingInfo<'a> {
    /// Number that lines refer to.
    pub sequence: Option<u32>,
    /// Kind.
    pub category: Option<CodeableConcept<'a>>,
    /// What.
    pub code: Option<CodeableConcept<'a>>,
    /// When.
    pub timing_date: Option<DateTime>,
    /// From when to when.
    pub timing_period: Option<Period>,
    /// Value, if a string.
    pub value_string: Option<Text<'a>>,
    /// Value, if a quantity.
    pub value_quantity: Option<Quantity<'a>>,
}

/// A diagnosis of the claim.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ClaimDiagnosis<'a> {
    /// Number that lines refer to.
    pub sequence: Option<u32>,
    /// Its code.
    pub diagnosis_codeable_concept: Option<CodeableConcept<'a>>,
    /// Or the condition.
    pub diagnosis_reference: Option<Reference<'a>>,
    /// principal, admitting, ...
    pub r#type: Vec<CodeableConcept<'a>>,
}

/// A coverage the claim is against.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ClaimInsurance<'a> {
    /// 1 is primary.
    pub sequence: Option<u32>,
    /// Whether this claim goes to it.
    pub focal: Option<bool>,
    /// Coverage.
    pub coverage: Option<Reference<'a>>,
    /// Prior authorization numbers.
    pub pre_auth_ref: Vec<Text<'a>>,
}

/// A service line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ClaimItem<'a> {
    /// Line number.
    pub sequence: Option<u32>,
    /// Extensions of the source.
    pub extension: Vec<Extension<'a>>,
    /// Providers of the line.
    pub care_team_sequence: Vec<u32>,
    /// Diagnosis pointers.
    pub diagnosis_sequence: Vec<u32>,
    /// Supporting information.
    pub information_sequence: Vec<u32>,
    /// CPT, HCPCS or NDC code.
    pub product_or_service: Option<CodeableConcept<'a>>,
    /// Modifiers.
    pub modifier: Vec<CodeableConcept<'a>>,
    /// Units.
    pub quantity: Option<Quantity<'a>>,
    /// Charge of one unit.
    pub unit_price: Option<Money<'a>>,
    /// Charge of the line.
    pub net: Option<Money<'a>>,
    /// Price multiplier.
    pub factor: Option<Decimal<'a>>,
    /// Revenue code.
    pub revenue: Option<CodeableConcept<'a>>,
    /// Day of service.
    pub serviced_date: Option<DateTime>,
    /// Or first and last day.
    pub serviced_period: Option<Period>,
    /// Place of service.
    pub location_codeable_concept: Option<CodeableConcept<'a>>,
    /// Or address of service.
    pub location_address: Option<Address<'a>>,
    /// Or location.
    pub location_reference: Option<Reference<'a>>,
    /// Encounters.
    pub encounter: Vec<Reference<'a>>,
    /// Parts of the line, such as its drug.
    pub detail: Vec<ClaimDetail<'a>>,
}

/// A part of a service line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ClaimDetail<'a> {
    /// Line number.
    pub sequence: Option<u32>,
    /// CPT, HCPCS or NDC code.
    pub product_or_service: Option<CodeableConcept<'a>>,
    /// Modifiers.
    pub modifier: Vec<CodeableConcept<'a>>,
    /// Units.
    pub quantity: Option<Quantity<'a>>,
    /// Charge of one unit.
    pub unit_price: Option<Money<'a>>,
    /// Charge of the line.
    pub net: Option<Money<'a>>,
    /// Price multiplier.
    pub factor: Option<Decimal<'a>>,
}
