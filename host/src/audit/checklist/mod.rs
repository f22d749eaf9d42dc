//! The integration checklist of a practice: ten lines, each decided by what is stored and configured.
//!
//! `due.rs` says when something is due again; `intake.rs`, `tables.rs`, `answers.rs` and `capture.rs` decide the lines; `review.rs`
//! runs the audits that a person has to look at, and records that somebody did. Nobody ticks a line off: where a fact can be
//! had, the fact decides, and where a person has to look, the record of that look has its day and its result.

mod answers;
mod capture;
pub mod due;
mod intake;
pub mod review;
mod tables;

pub use capture::{BUSY_PERCENTILE, busy_days};

use serde::Serialize;

use crate::claim::{from_day_number, iso};
use crate::codes::shelf::Shelf;
use crate::practice::Profile;
use crate::store::{StoreResult, Tx};

/// How a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It holds today.
    Pass,
    /// It does not hold.
    Fail,
    /// It held, and its time has passed.
    Overdue,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its id.
    pub id: &'static str,
    /// What has to be so.
    pub what: &'static str,
    /// How it stands.
    pub status: Status,
    /// The number behind it.
    pub number: i64,
    /// Of how many; none where the number stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<i64>,
    /// What the number counts.
    pub counts: &'static str,
    /// `YYYY-MM-DD`; none: with the next document, always.
    pub next_due: Option<String>,
    /// What was found.
    pub found: String,
    /// What to do; empty where it passes.
    pub to_do: String,
}

/// Whether the practice may submit, and what it has approved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approved {
    /// The mappings now are those of the last approval.
    pub counts: bool,
    /// Adapters that read its documents and are not active now.
    pub inactive: Vec<String>,
    /// Day of the last approval.
    pub last: Option<i64>,
    /// Claims that wait for it.
    pub waiting: i64,
}

/// A way in for documents, as the configuration has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Channel text of its files in the store.
    pub channel: String,
    /// Id of its adapter.
    pub adapter: String,
}

/// What the lines are decided by, beside the store.
pub struct Facts<'a> {
    /// The practice.
    pub profile: &'a Profile,
    /// Ways in.
    pub ways: &'a [Way],
    /// Tables of codes.
    pub shelf: &'a Shelf,
    /// Its approval.
    pub approved: &'a Approved,
    /// Today, as a day number.
    pub today: i64,
}

/// The ten lines, in the order in which data goes.
///
/// # Errors
/// The store's.
pub fn lines(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Vec<Line>> {
    Ok(vec![
        intake::service_types(tx, facts)?,
        tables::code_tables(facts),
        intake::eligibility(tx, facts)?,
        tables::modifier_rules(tx, facts)?,
        intake::transfer(tx, facts)?,
        answers::rejections(tx, facts)?,
        answers::era_posting(tx, facts)?,
        intake::fhir(facts),
        intake::go_live(facts),
        capture::audited(tx, facts)?,
    ])
}

/// A line that is being decided.
struct Draft {
    id: &'static str,
    what: &'static str,
    counts: &'static str,
}

impl Draft {
    fn line(
        self,
        status: Status,
        (number, of): (i64, Option<i64>),
        due: Option<i64>,
        found: String,
        to_do: &str,
    ) -> Line {
        Line {
            id: self.id,
            what: self.what,
            status,
            number,
            of,
            counts: self.counts,
            next_due: due.map(text),
            found,
            to_do: if status == Status::Pass { String::new() } else { to_do.to_owned() },
        }
    }
}

fn text(day: i64) -> String {
    iso(from_day_number(day))
}

/// Of something that was done and is due again.
fn by_due(today: i64, due: i64) -> Status {
    if today > due { Status::Overdue } else { Status::Pass }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
