//! Eligibility: payers are asked (X12 270) whether they cover a patient on a day, and what they say (271) is compared with the visit.
//!
//! Pure: `question.rs` who is asked about, `answer.rs` what a 271 says of them, `fold.rs` what the set of facts of one question
//! comes to, `cover.rs` what a claim is looked at with, `words.rs` reasons of a refusal. When questions are asked and how answers come in:
//! `lifecycle/inquire.rs`, `lifecycle/cover_answers.rs`; rows: `store/inquiry.rs`; findings: `scrub/edits/eligibility.rs`.
//!
//! An answer that nobody asked for here makes its people known (`audit::demographics`); one to a question of ours is a fact of
//! that question, and speaks for the claims of its member.

mod answer;
mod cover;
mod fold;
mod question;
mod words;

pub use answer::{Answer, OtherPayer, Refusal};
pub(crate) use cover::days_that_count;
pub use cover::{Cover, Unverified};
pub use fold::{Folded, InquiryFact, InquiryState, fold};
pub(crate) use question::originator;
pub use question::{Asked, Person, Question};
pub use words::{Concern, concern, follow_up, reason};

/// Kinds of the work that a question may come to. Each is about an inquiry.
pub const WORK: [&str; 5] = [
    "eligibility.unanswered",
    "eligibility.not-sent",
    "eligibility.inactive",
    "eligibility.rejected",
    "eligibility.conflict",
];
