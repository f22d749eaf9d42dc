//! Recomputes what is stored from what it was made of, and says where it differs: states from facts, balances from decisions,
//! look-up values from contents, sums of tables and the history chain against the head that is kept. `ends` lists what is in
//! none of the ends that DESIGN names.
//!
//! A difference is told by table, id and kind, never by what a person is called. A practice of any size streams: visits go by
//! ranges, tables row by row; several threads read one moment of the store. Nothing here writes.
//!
//! `visits` and `claims` go over visits with their claims, `figures` over what `kpi` counts of them, `money` over remittances, `custody` over files,
//! documents, 837s and 270s, `outside` over files that lie outside the store, `inquiries` over questions about cover, `posts` over what EHRs are told,
//! `ends` over what is open. Rows themselves: `store/check.rs`, `store/sums.rs`.

mod claims;
mod custody;
pub mod ends;
mod figures;
mod inquiries;
mod money;
mod outside;
mod posts;
mod visits;

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde::Serialize;

use crate::config::is_id;
use crate::remit::Account;
use crate::store::check::Snapshot;
use crate::store::sums::{Table, TableSum, TableSums};
use crate::store::{CLEARING, PracticeStore, SealError, Store, StoreError, StoreResult, Tx};

pub use outside::Outside;

/// Visits, remittances, files or 837s that one thread goes over at a time.
const RANGE: u64 = 2_000;
/// Differences that are kept of one part of the work; beyond it they are counted.
const KEPT_MAX: usize = 1_000;

/// Something that is not what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The tenant.
    pub practice: String,
    /// What was compared: `state`, `money`, `sum`, `seal`, `chain`, ...
    pub check: &'static str,
    /// Table.
    pub table: String,
    /// Its row, by ids that claimhost minted; empty: the table as a whole.
    pub row: String,
    /// What differs, in words without a patient's data.
    pub what: String,
}

/// What a verification has gone over and found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// By tenant.
    pub practices: Vec<Verified>,
    /// How many differences.
    pub count: u64,
    /// The first of them, in a fixed order; all that were kept where all are asked for.
    pub differences: Vec<Difference>,
}

/// What was gone over of one tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// The tenant.
    pub practice: String,
    /// The configuration has it. What is left of one that it no longer has is gone over as any other.
    pub configured: bool,
    /// Visits.
    pub visits: u64,
    /// Lineages.
    pub claims: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// The end of its history: number and mac of the last entry. Kept elsewhere, `verify --head` finds what was cut off since.
    pub head: String,
}

/// Where differences are told.
pub(crate) struct Found {
    practice: String,
    kept: Vec<Difference>,
    count: u64,
}

impl Found {
    pub(crate) fn new(practice: &str) -> Self {
        Self { practice: practice.to_owned(), kept: Vec::new(), count: 0 }
    }

    /// Tells of one difference.
    pub(crate) fn tell(&mut self, check: &'static str, table: &str, row: impl Into<String>, what: impl Into<String>) {
        self.count += 1;
        if self.kept.len() < KEPT_MAX {
            let practice = self.practice.clone();
            self.kept.push(Difference { practice, check, table: table.to_owned(), row: row.into(), what: what.into() });
        }
    }

    /// Tells of one where `holds` does not.
    pub(crate) fn expect(&mut self, holds: bool, check: &'static str, table: &str, id: u64, what: &str) {
        if !holds {
            self.tell(check, table, named(table, id), what);
        }
    }

    /// Takes what one thing came to: one that cannot be read is a difference, and the next one's turn comes.
    pub(crate) fn settle(&mut self, table: &str, id: u64, result: StoreResult<()>) -> StoreResult<()> {
        match result {
            Ok(()) => {}
            Err(StoreError::Seal(SealError::Broken { table, row })) => {
                self.tell("seal", table, row.to_string(), "a sealed value does not open");
            }
            Err(StoreError::Seal(SealError::NotARecord { table, row })) => {
                self.tell("seal", table, row.to_string(), "what opens is no record of this version");
            }
            Err(StoreError::Missing { what, id }) => self.tell("missing", what, id.to_string(), "is not there"),
            Err(StoreError::Sqlite(error)) => {
                self.tell("unreadable", table, id.to_string(), format!("cannot be read: {}", of_sqlite(&error)));
            }
            Err(other) => return Err(other),
        }
        Ok(())
    }
}

/// The row as it is told of: an id of its own, or of what it belongs to.
pub(crate) fn named(table: &str, id: u64) -> String {
    match table {
        "posting" | "fact" | "claim_key" | "claim_version" | "denial" => format!("claim_id {id}"),
        "submission_claim" | "submission_inquiry" => format!("submission_id {id}"),
        "inquiry_fact" => format!("inquiry_id {id}"),
        "remittance_claim" => format!("remittance_id {id}"),
        "visit_event" | "source_system" => format!("visit_id {id}"),
        _ => id.to_string(),
    }
}

/// The kind of an error of the database. Its own words may hold a value.
fn of_sqlite(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => failure.to_string(),
        rusqlite::Error::IntegralValueOutOfRange(column, _) => format!("column {column} is out of range"),
        rusqlite::Error::FromSqlConversionFailure(column, ..) | rusqlite::Error::InvalidColumnType(column, ..) => {
            format!("column {column} is of another kind")
        }
        _ => "the database refuses it".to_owned(),
    }
}

/// One part of the work. The order is that of the report: what says most of a difference comes first.
enum Job {
    Visits(usize, u64, u64),
    Remittances(usize, u64, u64),
    Submissions(usize, u64, u64),
    Files(usize, u64, u64),
    Inquiries(usize, u64, u64),
    Posts(usize, u64, u64),
    PostBatches(usize, u64, u64),
    Whole(usize),
    Chain(usize),
    Table(usize, Table),
    File,
}

/// What a job came to.
#[derive(Default)]
struct Done {
    at: usize,
    tenant: usize,
    found: Vec<Difference>,
    count: u64,
    visits: u64,
    claims: u64,
    rows: u64,
    head: Option<String>,
}

/// What is gone over.
pub struct Plan<'a> {
    /// The store.
    pub store: &'a Store,
    /// Tenants to go over.
    pub tenants: &'a [PracticeStore],
    /// Ids of practices that the configuration has.
    pub configured: &'a [String],
    /// The host's own tenant, which knows who owns a control number.
    pub clearing: Option<&'a PracticeStore>,
    /// Files outside the store; none: they are of another moment than the store.
    pub outside: Option<&'a Outside>,
    /// A head kept elsewhere, for one tenant: number and mac.
    pub head: Option<(u64, Vec<u8>)>,
    /// Threads.
    pub threads: usize,
}

/// Verifies tenants. Reads one moment of the store.
///
/// # Errors
/// The store's; what cannot be read of one thing is a difference.
pub fn verify(plan: &Plan<'_>, all: bool) -> StoreResult<Report> {
    moment(plan, plan.store.snapshots(plan.threads)?, all)
}

/// The same, of a moment that is already seen; a thread for each reader of it.
fn moment(plan: &Plan<'_>, snapshots: Vec<Snapshot>, all: bool) -> StoreResult<Report> {
    let Some(first) = snapshots.first() else { return Ok(Report::default()) };
    let mut jobs = Vec::new();
    let mut found = Vec::new();
    of_nobody(plan.store, first, &mut found)?;
    for (at, tenant) in plan.tenants.iter().enumerate() {
        let tx = first.tx(tenant);
        let mut ranges = |highest: u64, make: fn(usize, u64, u64) -> Job| {
            jobs.extend((0..=highest / RANGE).map(|part| make(at, part * RANGE, part * RANGE + RANGE - 1)));
        };
        ranges(tx.highest("visit", "visit_id")?, Job::Visits);
        ranges(tx.highest("remittance", "remittance_id")?, Job::Remittances);
        ranges(tx.highest("submission", "submission_id")?, Job::Submissions);
        ranges(tx.highest("file", "file_id")?, Job::Files);
        ranges(tx.highest("inquiry", "inquiry_id")?, Job::Inquiries);
        ranges(tx.highest("post", "post_id")?, Job::Posts);
        ranges(tx.highest("post_batch", "batch_id")?, Job::PostBatches);
        jobs.push(Job::Whole(at));
        jobs.push(Job::Chain(at));
        jobs.extend(tx.summed_tables()?.into_iter().map(|table| Job::Table(at, table)));
    }
    jobs.push(Job::File);
    let queue: Mutex<VecDeque<(usize, Job)>> = Mutex::new(jobs.into_iter().enumerate().collect());
    let results: Mutex<Vec<Done>> = Mutex::default();
    std::thread::scope(|scope| -> StoreResult<()> {
        let threads: Vec<_> = snapshots
            .into_iter()
            .map(|snapshot| {
                let (queue, results) = (&queue, &results);
                scope.spawn(move || -> StoreResult<()> {
                    loop {
                        let next = queue.lock().pop_front();
                        let Some((at, job)) = next else { return Ok(()) };
                        let done = run(plan, &snapshot, at, job)?;
                        results.lock().push(done);
                    }
                })
            })
            .collect();
        // What a thread that failed had not gone over must not pass for sound.
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    let mut done = results.into_inner();
    done.sort_by_key(|done| done.at);
    let mut report = Report { count: u64::try_from(found.len()).unwrap_or(0), ..Report::default() };
    for (at, tenant) in plan.tenants.iter().enumerate() {
        let configured = tenant.id() == CLEARING || plan.configured.iter().any(|id| id == tenant.id());
        let mut verified = Verified { practice: tenant.id().to_owned(), configured, ..Verified::default() };
        for part in done.iter().filter(|part| part.tenant == at) {
            verified.visits += part.visits;
            verified.claims += part.claims;
            verified.rows += part.rows;
            verified.head.extend(part.head.as_deref());
        }
        report.practices.push(verified);
    }
    for part in &mut done {
        report.count += part.count;
        found.append(&mut part.found);
    }
    found.truncate(if all { usize::MAX } else { 1 });
    report.differences = found;
    Ok(report)
}

fn run(plan: &Plan<'_>, snapshot: &Snapshot, at: usize, job: Job) -> StoreResult<Done> {
    let tenant = match &job {
        Job::Visits(tenant, ..)
        | Job::Remittances(tenant, ..)
        | Job::Submissions(tenant, ..)
        | Job::Files(tenant, ..)
        | Job::Inquiries(tenant, ..)
        | Job::Posts(tenant, ..)
        | Job::PostBatches(tenant, ..)
        | Job::Whole(tenant)
        | Job::Chain(tenant)
        | Job::Table(tenant, _) => *tenant,
        Job::File => usize::MAX,
    };
    let mut done = Done { at, tenant, ..Done::default() };
    let Some(practice) = plan.tenants.get(tenant) else {
        let mut found = Found::new("");
        for problem in snapshot.file_problems()? {
            found.tell("file", "", "", problem);
        }
        (done.found, done.count) = (found.kept, found.count);
        return Ok(done);
    };
    let tx = snapshot.tx(practice);
    let clearing = plan.clearing.map(|clearing| snapshot.tx(clearing));
    let mut found = Found::new(practice.id());
    match job {
        Job::Visits(_, from, to) => {
            (done.visits, done.claims) = visits::check(&tx, clearing.as_ref(), from, to, &mut found)?;
        }
        Job::Remittances(_, from, to) => money::check(&tx, from, to, &mut found)?,
        Job::Submissions(_, from, to) => {
            custody::submissions(&tx, clearing.as_ref(), plan.outside, from, to, &mut found)?
        }
        Job::Files(_, from, to) => custody::files(&tx, plan.outside, from, to, &mut found)?,
        Job::Inquiries(_, from, to) => inquiries::check(&tx, clearing.as_ref(), from, to, &mut found)?,
        Job::Posts(_, from, to) => posts::check(&tx, from, to, &mut found)?,
        Job::PostBatches(_, from, to) => posts::batches(&tx, plan.outside, from, to, &mut found)?,
        Job::Whole(_) => whole(&tx, &mut found)?,
        Job::Chain(_) => done.head = Some(chain(&tx, plan.head.as_ref(), &mut found)?),
        Job::Table(_, table) => {
            let mut seals = Found::new(practice.id());
            let kept = tx.kept_sums()?.unwrap_or_default();
            let recounted = tx.recount_table(&table, |row, what| seals.tell("seal", &table.name, row, what));
            match recounted {
                Ok(sum) => {
                    done.rows = u64::try_from(sum.rows).unwrap_or(0);
                    sums(&kept, &table, sum, &mut found);
                }
                Err(error) => found.settle(&table.name, 0, Err(error))?,
            }
            seals.kept.append(&mut found.kept);
            found = Found { count: seals.count + found.count, ..seals };
        }
        Job::File => {}
    }
    (done.found, done.count) = (found.kept, found.count);
    Ok(done)
}

/// What belongs to no tenant that can be opened: no query of a practice meets it.
fn of_nobody(store: &Store, snapshot: &Snapshot, found: &mut Vec<Difference>) -> StoreResult<()> {
    // An id that nobody configured may be any text.
    let found_of = |id: &str| Found::new(if is_id(id) { id } else { "" });
    for id in store.tenant_ids()? {
        if let Err(StoreError::Seal(SealError::WrongMasterKey { .. })) = store.known_practice(&id) {
            let mut of = found_of(&id);
            of.tell("key", "practice", "", "its key does not open: what it has cannot be read");
            found.append(&mut of.kept);
        }
    }
    let mut known = None;
    for (id, table) in snapshot.rows_without_key()? {
        let mut of = found_of(&id);
        if known.as_ref() != Some(&id) {
            of.tell("key", "practice", "", "its key is gone: what it has cannot be read");
        }
        of.tell("key", &table, "", "has rows of a tenant without a key");
        found.append(&mut of.kept);
        known = Some(id);
    }
    Ok(())
}

fn each_range(highest: u64, mut take: impl FnMut(u64, u64) -> StoreResult<()>) -> StoreResult<()> {
    (0..=highest / RANGE).try_for_each(|part| take(part * RANGE, part * RANGE + RANGE - 1))
}

/// A table against the sum that the head keeps of it.
fn sums(kept: &TableSums, table: &Table, now: TableSum, found: &mut Found) {
    let before = kept.get(&table.name).copied().unwrap_or_default();
    if before == now {
        return;
    }
    let what = match now.rows - before.rows {
        0 => "a row is another one than was written".to_owned(),
        more if more > 0 => format!("{} rows, of which {more} were never written by claimhost", now.rows),
        fewer => format!("{} rows, {} fewer than were written", now.rows, -fewer),
    };
    found.tell("sum", &table.name, "", what);
}

/// What only the practice as a whole can tell.
fn whole(tx: &Tx<'_>, found: &mut Found) -> StoreResult<()> {
    let (sum, of_nothing) = tx.ledger_sums()?;
    if sum != 0 {
        found.tell("money", "posting", "", format!("all accounts together come to {sum} cents, expected 0"));
    }
    if of_nothing > 0 {
        found.tell("money", "posting", "", format!("{of_nothing} entries belong to neither a claim nor a remittance"));
    }
    for (account, day) in tx.balances_that_differ()? {
        let account = Account::parse(&account).map_or("an unknown account", Account::as_str);
        let what = format!("what was posted to {account} on day {day} is not what its entries come to");
        found.tell("money", "account_day", "", what);
    }
    for claim_id in tx.claims_without_visit()? {
        found.tell("missing", "claim", claim_id.to_string(), "its visit is not there");
    }
    for claim_id in tx.claims_missing()? {
        found.tell("missing", "claim", claim_id.to_string(), "something belongs to it, and it is not there");
    }
    Ok(())
}

/// The history against its head, and against one that was kept elsewhere. Gives the head: of what was walked, not of what has come
/// since.
fn chain(tx: &Tx<'_>, kept: Option<&(u64, Vec<u8>)>, found: &mut Found) -> StoreResult<String> {
    let broken = match tx.verify_history() {
        Ok(walked) => walked.err(),
        Err(error) => {
            found.settle("history", 0, Err(error))?;
            return Ok(String::new());
        }
    };
    if let Some(broken) = broken {
        found.tell("chain", "history", broken.seq.to_string(), broken.what);
    }
    let (seq, mac) = tx.history_end()?;
    // A tenant that nothing has come for has none yet.
    if tx.kept_sums()?.is_none() && (seq > 0 || tx.history_mac(1)?.is_some()) {
        found.tell("head", "history_head", "", "there is no head that opens");
    }
    if let Some((seq, mac)) = kept
        && tx.history_mac(*seq)?.as_ref() != Some(mac)
    {
        found.tell(
            "head",
            "history",
            seq.to_string(),
            "is not what the head that you kept says: it was cut off or put back",
        );
    }
    Ok(if seq == 0 { String::new() } else { format!("{seq}:{}", hex::encode(mac)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MasterKey;

    #[test]
    fn the_head_that_is_printed_is_that_of_the_moment_that_was_gone_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db"), MasterKey::generate().unwrap()).unwrap();
        let practice = store.practice("elm").unwrap();
        let record = || practice.write(|tx| tx.record("claim", 1, 20_000, "host", "held", "")).unwrap();
        record();
        let snapshots = store.snapshots(1).unwrap();
        let first = practice.read(|tx| tx.history_end()).unwrap();
        // Somebody writes meanwhile.
        record();
        let (tenants, configured) = ([practice.clone()], ["elm".to_owned()]);
        let plan = Plan {
            store: &store,
            tenants: &tenants,
            configured: &configured,
            clearing: None,
            outside: None,
            head: None,
            threads: 1,
        };
        let report = moment(&plan, snapshots, true).unwrap();
        assert_eq!(
            (report.count, report.practices[0].head.as_str()),
            (0, format!("1:{}", hex::encode(first.1)).as_str())
        );
        assert!(verify(&plan, true).unwrap().practices[0].head.starts_with("2:"));
    }
}
