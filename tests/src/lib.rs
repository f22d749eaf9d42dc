//! What the end-to-end tests share: the real programs, a demo folder, and a recount of the exchanged bytes.

pub mod programs;
pub mod recount;
