//! Batches, envelopes, control numbers, transports, acknowledgements.

pub mod professional;
