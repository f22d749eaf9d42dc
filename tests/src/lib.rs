//! What the end-to-end tests share: the real programs, a folder of one practice, a recount of the exchanged bytes, and what the
//! detectors of hand-off failures have to find.

pub mod handoff;
pub mod programs;
pub mod recount;
pub mod site;
