//! Batches, envelopes, control numbers, transports, acknowledgements.

pub mod outbox;
pub mod professional;
