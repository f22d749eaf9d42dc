//! Demographic mismatch: the patient on the claim against what the practice's roster or a payer's eligibility answer (271)
//! says. Pure: `find` says which known person a claim's patient is, `compare` how the two differ.
//!
//! Does not cry wolf: only a difference that a payer denies for holds a claim, and only where it is sure who is meant.
//! `name.rs`, `nicknames.rs`, `value.rs`: single fields. `roster.rs`, `eligibility.rs`: where known people come from.
//! `report.rs`: counts and dollars. The findings themselves: `scrub/edits/demographics.rs`.

mod compare;
pub mod eligibility;
mod find;
mod name;
mod nicknames;
mod report;
pub mod roster;
mod value;

pub use compare::{Difference, Field, compare, compare_with};
pub(crate) use find::same_word;
pub use find::{Found, find, keys_of_claim, keys_of_known, keys_of_patient};
pub use name::{NameIs, compare_names};
pub use report::{Report, report};
pub use value::{BirthIs, MemberIs, addresses_differ, compare_births, compare_members, is_hicn, is_mbi, member_key};

use serde::{Deserialize, Serialize};

use crate::claim::{Address, Claim, Date, Gender, Patient, PersonName};
use crate::store::{StoreResult, Tx};

/// Where a known person is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// The practice's own list.
    Roster,
    /// A payer's answer to an eligibility question (X12 271).
    Eligibility,
}

impl Origin {
    /// "the roster says".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Roster => "the roster",
            Self::Eligibility => "the payer's eligibility answer",
        }
    }

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Roster => "roster",
            Self::Eligibility => "eligibility",
        }
    }
}

/// A person that the practice or a payer knows. Empty texts and `None`: not said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// Whose word it is.
    pub origin: Origin,
    /// Row of the roster, or position in the 271, from 1: what a person is shown.
    pub row: u64,
    /// The practice's ids of the patient.
    pub ids: Vec<String>,
    /// Name.
    pub name: PersonName,
    /// Birth date.
    pub birth_date: Option<Date>,
    /// Gender.
    pub gender: Option<Gender>,
    /// Address.
    pub address: Option<Address>,
    /// The payer, by name or id; empty: any.
    pub payer: String,
    /// Member id.
    pub member_id: String,
    /// Is the subscriber: false for a dependent, none where nobody says it.
    pub is_subscriber: Option<bool>,
    /// First day of the cover.
    pub cover_from: Option<Date>,
    /// Last day of the cover.
    pub cover_to: Option<Date>,
    /// The payer said that there is no cover (271 EB01 = 6).
    pub is_inactive: bool,
}

impl Known {
    /// Nothing known yet.
    pub fn new(origin: Origin, row: u64) -> Self {
        Self {
            origin,
            row,
            ids: Vec::new(),
            name: PersonName {
                last: String::new(),
                first: String::new(),
                middle: String::new(),
                suffix: String::new(),
            },
            birth_date: None,
            gender: None,
            address: None,
            payer: String::new(),
            member_id: String::new(),
            is_subscriber: None,
            cover_from: None,
            cover_to: None,
            is_inactive: false,
        }
    }
}

/// Known people with one of the keys of a patient who has no claim yet.
///
/// # Errors
/// The store's.
pub fn people_like(tx: &Tx<'_>, patient: &Patient) -> StoreResult<Vec<Known>> {
    with_keys(tx, &keys_of_patient(patient))
}

/// Known people with one of the keys of a claim's patient.
///
/// # Errors
/// The store's.
pub fn people_of(tx: &Tx<'_>, claim: &Claim) -> StoreResult<Vec<Known>> {
    with_keys(tx, &keys_of_claim(claim))
}

fn with_keys(tx: &Tx<'_>, keys: &[String]) -> StoreResult<Vec<Known>> {
    let keys: Vec<[u8; 32]> = keys.iter().map(|key| tx.lookup("person", &[key.as_bytes()])).collect();
    tx.known_people(&keys)
}
