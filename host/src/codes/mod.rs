//! Code sets by date of service: which codes exist on a day, in tables that know which days they cover.
//!
//! `container.rs`: one table in one file. `shelf.rs`: the tables of a folder. `list.rs`: codes as a payload. `lookup.rs`: the
//! answer for a code on a day. `import/`: published files into lists. `embedded/`: public lists that come with claimhost.

pub mod container;
pub mod embedded;
pub mod form;
pub mod import;
mod keep;
mod library;
pub mod list;
mod lookup;
pub mod shelf;
mod size;
mod system;

pub use keep::{KeepError, Kept, Policy, keep};
pub use library::{Library, PublicTables};
pub use lookup::{ICD10_STARTS, Looked, Verdict, below, is_covered, known_until, look, near};
pub use size::least;
pub use system::{Rhythm, System};
