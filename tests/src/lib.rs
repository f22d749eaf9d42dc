//! What the end-to-end tests share: the real programs, a demo folder, a folder of one practice, of three, or of one for each file, a running
//! service, tables of rules, an EHR's HTTPS server and what FHIR ones have in common, a recount of the exchanged bytes, answers of a clearinghouse, what must be true of every store, and what the detectors
//! of hand-off failures have to find.

pub mod canary;
pub mod custody;
pub mod dice;
pub mod elements;
pub mod ends;
pub mod fhir;
pub mod figures;
pub mod handoff;
pub mod house;
pub mod https;
pub mod programs;
pub mod recount;
pub mod sent;
pub mod serving;
pub mod site;
pub mod tenants;
pub mod ways;
pub mod x12;
