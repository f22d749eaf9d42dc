//! Facts, the state fold, and the pipeline that drives every step.
//!
//! `host.rs` is one turn of the line; its steps are `arrive` (files in), `ingest` (documents to visit events), `assemble` (visits to claims, through
//! `review`), `submit` (claims to the outbox), `answers` and `payment` (facts and postings) and `later` (the next payer).
//! `inquire` asks payers about cover (`upcoming`: whom of a visit ahead), `cover_answers` takes what they say.
//! `handover.rs` keeps accounts right over several payers, `unapplied.rs` finds the claim of a payment that came before its name, `refusal.rs` words what is refused of an answer.
//! `go_live.rs` says whether a practice may submit. `receive.rs` stores what listeners bring, beside the turn. `tidy.rs` removes files past their time. `data_reload.rs` says what became of data that changed on disk. `fold.rs` says what facts mean, `refold.rs` applies it (`marks.rs`:
//! what figures count of it), `summary.rs` counts. `unjudged.rs` knows what waits for a rule set that was not run.

mod accept;
mod answers;
mod arrive;
mod ask;
mod assemble;
mod conflict;
mod control;
mod cover_answers;
mod crash;
mod cut_off;
mod data_reload;
mod dismiss;
mod due;
mod earlier;
mod error;
mod fact;
mod fixes;
mod fold;
mod go_live;
mod handover;
mod host;
mod identity;
mod ingest;
mod inquire;
mod key;
mod later;
mod lineages;
mod marks;
mod pace;
mod payment;
mod pieces;
mod receive;
mod refold;
mod refusal;
mod replaced;
pub mod report;
mod retry;
mod review;
mod seats;
mod submit;
pub mod summary;
mod tables;
mod tidy;
mod unapplied;
mod unjudged;
mod upcoming;
mod visit_work;

pub use accept::{Answer, Word};
pub(crate) use answers::CHANNEL as ANSWERS_CHANNEL;
pub use ask::AskedFor;
pub use conflict::Choice;
pub(crate) use control::{control_number, post_number, trace_number};
pub(crate) use crash::crash_point;
pub use data_reload::{DataChange, DataQuestions, DataReloads};
pub use dismiss::Dismissed;
pub(crate) use dismiss::{fold as fold_visit, word_on as word_on_visit};
pub(crate) use earlier::{Window, earlier_lines, other_claims, seen_lines};
pub use error::HostError;
pub use fact::{Fact, Payment, Stage};
pub use fixes::FixAnswer;
pub(crate) use fixes::{apply as apply_fix, refusal as fix_refusal, undo as undo_fix};
pub use fold::{ClaimState, VersionFold, VersionState, fold, lineage};
pub use go_live::{GoLive, Refused};
pub(crate) use go_live::{Mappings, WORK_GO_LIVE, mappings};
pub(crate) use handover::{is_release, unsettled};
pub(crate) use host::{ENTRY_ADAPTER, ENTRY_CHANNEL, ENTRY_MAPPING, ENTRY_SOURCE, load_profile};
pub use host::{Host, Turn};
pub(crate) use inquire::{folded, work_kind};
pub(crate) use key::{master_key, next_key_file};
pub(crate) use marks::{Told, is_closed};
pub(crate) use payment::group_of;
pub(crate) use receive::{Received, Receiver, Upload, Uploaded, store_messages, store_upload};
pub(crate) use refold::{Recounted, charged_version, recount, wanted_work};
pub use retry::Retried;
pub(crate) use review::alike;
pub(crate) use tables::lost_tables;
pub use unapplied::Applied;
pub(crate) use upcoming::{Upcoming, of as upcoming};
