//! Batches, envelopes, control numbers, transports, acknowledgements.
