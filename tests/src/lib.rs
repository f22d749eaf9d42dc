//! What the end-to-end tests share: the real programs, a demo folder, a folder of one practice or of one for each file, and a
//! recount of the exchanged bytes.

pub mod ends;
pub mod programs;
pub mod recount;
pub mod site;
