//! Charge keys, visit assembly, amendments, splitting into claims, patient identity.
//!
//! Pure functions over records: no I/O, no clock, no plugin. `event.rs` is what the store keeps of one document's news of
//! a visit; `fold.rs` makes the visit of a SET of events; `complete.rs` fills it from the practice profile; `split.rs` cuts
//! it into claims; `amend.rs` compares these with what was billed; `open.rs` says when it is time; `identity.rs` compares
//! patients. Scrubbing and sending are in `scrub` and `clearinghouse`.

mod amend;
mod amounts;
mod apply;
mod charge;
mod complete;
mod doubts;
mod event;
mod fold;
mod header;
mod identity;
mod open;
mod split;

#[cfg(test)]
pub(crate) mod samples;

pub use amend::{Amendment, BilledVersion, Sender, amend};
pub use amounts::out_of_range;
pub use charge::ChargeKey;
pub use complete::complete_visit;
pub(crate) use event::source_order;
pub use event::{Event, event_digest};
pub use fold::{LiveCharge, Visit, VisitProblem, fold};
pub use header::no_claim;
pub use identity::{PatientKey, Verdict, patient_keys, same_person};
pub use open::{Arrivals, Due, due};
pub use split::{Draft, Split, SplitReason, split};
