//! FHIR R4 JSON codec for what billing reads: typed resources that borrow from their bytes.
//!
//! A tour: [`parse`] reads one resource type, [`Resource::parse`] whatever comes. A [`Bundle`] keeps its entries
//! as [`Raw`] text; [`Bundle::index`] finds what a [`Reference`] points to. Elements billing does not need are
//! passed over. Numbers stay text ([`Decimal`]), so that an amount is exact.
//!
//! An element of the wrong type is a [`FhirError`] with its path (`Claim.item[0].quantity.value`) and the class
//! of what was found. `Debug` of everything here prints classes too: a resource may be logged by mistake.
//! Not here: requests and paging (the host), which element becomes which claim field (the adapters).
//!
//! ```
//! let json = br#"{"resourceType":"ChargeItem","status":"billable","quantity":{"value":1.50}}"#;
//! let item = claimhost_fhir::parse::<claimhost_fhir::ChargeItem>(json)?;
//! assert_eq!(item.quantity.and_then(|quantity| quantity.value).and_then(|value| value.thousandths()), Some(1500));
//! # Ok::<(), claimhost_fhir::FhirError>(())
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

#[macro_use]
mod record;

mod bundle;
mod claim;
mod datatypes;
mod error;
mod group;
mod head;
pub mod json;
mod parse;
mod primitives;
mod resources;
mod scan;

pub use bundle::{Bundle, BundleEntry, BundleIndex, BundleLink, Target};
pub use claim::{
    CareTeamMember, Claim, ClaimDetail, ClaimDiagnosis, ClaimInsurance, ClaimItem, ClaimRelated, ClaimSupportingInfo,
};
pub use datatypes::{
    Address, CodeableConcept, Coding, ContactPoint, Extension, HumanName, Identifier, Money, Period, Quantity,
    Reference, system,
};
pub use error::FhirError;
pub use group::{Group, Grouper, Groups, VISIT_BYTES_MAX, base, without_version};
pub use head::{Head, references};
pub use json::{Json, JsonError, Value};
pub use parse::{Raw, Resource, TypedResource, parse};
pub use primitives::{Date, DateTime, Decimal, Precision, Text};
pub use resources::{
    ChargeItem, ChargeItemPerformer, Condition, Coverage, CoverageClass, Encounter, EncounterDiagnosis,
    EncounterLocation, EncounterParticipant, Location, Organization, Patient, Practitioner, PractitionerRole,
    Procedure, ProcedurePerformer,
};
pub use scan::{ENTRY_BYTES_MAX, Entry, EntryScanner, ScanFault, ScanProblem, Scanned};
