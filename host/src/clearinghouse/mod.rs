//! Batches, envelopes, control numbers, transports, acknowledgements.

pub mod outbox;
