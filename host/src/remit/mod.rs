//! From an 835 to postings: what the payer paid, what it left to the patient, what it wrote off, what it refused.
//!
//! Pure functions over `claimhost_x12::remittance`: no I/O, no store, no clock. Finding the claim that a CLP pays,
//! work items and commits are `lifecycle`; reading the 835 is the codec. Read [`posting`] first.

pub mod balance;
pub mod classify;
pub mod handover;
pub mod key;
pub mod pair;
pub mod payment;
pub mod posting;

#[cfg(test)]
mod properties;

pub use balance::{ClaimBalance, RemittanceBalance, claim_balance, remittance_difference, signed_payment};
pub use classify::{Share, classify};
pub use handover::{Decided, Release, releases};
pub use key::{RemittanceKey, content_digest};
pub use pair::{NetPayments, net};
pub use payment::{Amounts, Payment};
pub use posting::{
    Account, ClaimPostings, Posting, ProviderPosting, Unapplied, post_charge, post_claim, post_provider_adjustments,
    unapplied_cash,
};
