//! Whether a practice may submit: somebody has looked at what its mappings make of its documents, and said so.
//!
//! Without that, documents are read, payers asked about cover, visits assembled and claims scrubbed, and what is ready waits, with
//! one work item for the practice. An approval is of the mappings as they are: any other byte in a mapping, another adapter, or another way in, and
//! everything waits again, corrections and claims to later payers too; so it does while an adapter is not active, since nobody knows what
//! that would make of its documents. A wrong mapping bills wrong for everybody; a day's
//! wait costs a day. A changed crosswalk or profile does not ask again: their codes and payers hold claims one by one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::host::{Host, Practice};
use super::{HostError, VersionState};
use crate::clearinghouse::professional;
use crate::plugin::PluginHost;
use crate::practice::Profile;
use crate::store::checklist::Ends;
use crate::store::practice_record::{NewRecord, PracticeRecord, RecordKind};
use crate::store::{StoreResult, Tx};

/// Kind of the work item of a practice whose claims wait for the approval.
pub(crate) const WORK_GO_LIVE: &str = "practice.go-live";
/// Its subject.
const SUBJECT: (&str, u64) = ("practice", 0);
/// Visits whose events are looked through for what the interfaces have no place for.
const SAMPLE: u64 = 200;
/// Ready claims that a dry run writes.
const DRY_RUN_MAX: usize = 5_000;
/// Rules that are told of.
const RULES_MAX: usize = 10;

/// What somebody has to look at before claims leave, and what was approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoLive {
    /// Digest of the mappings as they are.
    pub mapping_digest: String,
    /// Adapters of its ways in that are not active: it cannot be approved meanwhile.
    #[serde(default)]
    pub inactive: Vec<String>,
    /// What came in, and what of it the interfaces have no place for.
    pub coverage: Coverage,
    /// What would leave.
    pub dry_run: DryRun,
    /// The practice's own codes.
    pub crosswalk: CrosswalkState,
}

/// The coverage report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Documents by way in and end.
    pub documents: Ends,
    /// Newest visits that were looked through.
    pub visits: u64,
    /// Elements that an interface has no place for, by visits that lack them.
    pub undelivered: BTreeMap<String, u64>,
}

/// Claims made and scrubbed, and written as they would leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryRun {
    /// Ready.
    pub ready: u64,
    /// What these charge, cents.
    pub ready_cents: i64,
    /// Of these, tried: written as an 837P.
    pub written: u64,
    /// Tried, and the 837P cannot carry it.
    pub unwritable: u64,
    /// Held by the scrub.
    pub held: u64,
    /// Sent already.
    pub sent: u64,
    /// What is found most often, with how many findings.
    pub rules: Vec<(String, u64)>,
}

/// The crosswalk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrosswalkState {
    /// Rows that are approved with it.
    pub rows: u64,
    /// Digest of the rows.
    pub digest: String,
    /// Codes that lead two ways on one day, in words: claims with them are held one by one.
    pub conflicts: Vec<String>,
}

/// Why an approval is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such practice.
    #[error("there is no such practice")]
    Unknown,
    /// Nothing was made of its documents yet.
    #[error(
        "no claim was made yet, so nobody can have looked at one: put a sample of its documents into the inbox, then \
         `claimhost run --once`"
    )]
    NothingToLookAt,
    /// Nobody knows what an adapter that is not active would make of its documents.
    #[error("{}; `claimhost plugin list` says why", inactive_words(.0))]
    Inactive(Vec<String>),
}

fn inactive_words(adapters: &[String]) -> String {
    format!("what reads its documents is not active: {}", adapters.join(", "))
}

/// The mappings of a practice as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mappings {
    /// Whatever their order; where an adapter is not active, of no version that could be approved.
    pub(crate) digest: String,
    /// Adapters that are not active.
    pub(crate) inactive: Vec<String>,
}

impl Mappings {
    /// Whether these are the ones that were approved.
    pub(crate) fn are_approved(&self, digest: &str) -> bool {
        self.inactive.is_empty() && self.digest == digest
    }
}

/// What is kept of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Approval {
    by: String,
    seen: GoLive,
}

/// The mappings of a practice; their digest is, of each way in, of the adapter and the text that its sessions are opened with, a connector's own
/// with what the site says before it. Whatever their order.
pub(crate) fn mappings(plugins: &PluginHost, ways: Vec<(String, String)>) -> Mappings {
    let mut inactive = Vec::new();
    let in_force = |(id, site): (String, String)| {
        let text = match plugins.adapter(&id) {
            Some(adapter) => adapter.mapping_with(&site),
            None => {
                inactive.push(id.clone());
                site
            }
        };
        (id, text)
    };
    let digest = digest_of(ways.into_iter().map(in_force).collect());
    inactive.sort();
    inactive.dedup();
    Mappings { digest, inactive }
}

fn digest_of(mut mappings: Vec<(String, String)>) -> String {
    mappings.sort();
    let mut digest = Sha256::new();
    for part in mappings.iter().flat_map(|(adapter, text)| [adapter, text]) {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    hex::encode(digest.finalize())
}

/// Whether claims of the practice may leave. Where they may not, and some are ready, that is work.
pub(super) fn may_send(host: &Host, practice: &Practice) -> Result<bool, HostError> {
    let mappings = practice.mappings(host.plugins());
    let (last, (count, cents), open) = practice.store.read(|tx| -> StoreResult<_> {
        let open = match tx.open_work_of(WORK_GO_LIVE, SUBJECT)? {
            Some((work_id, cents)) => Some((cents, tx.work_words(work_id)?.into_inner())),
            None => None,
        };
        Ok((tx.latest_record(RecordKind::GoLive)?, tx.ready_cents()?, open))
    })?;
    let approved = last.as_ref().is_some_and(|record| mappings.are_approved(&record.digest));
    let wanted = (!approved && count > 0).then(|| (cents, words(last.as_ref(), &mappings)));
    if wanted != open {
        practice.store.write(|tx| match &wanted {
            Some((cents, words)) => tx.open_work(WORK_GO_LIVE, SUBJECT, host.today(), *cents, words).map(|_| ()),
            None => tx.close_work(Some(WORK_GO_LIVE), SUBJECT, host.today()),
        })?;
    }
    Ok(approved)
}

fn words(last: Option<&PracticeRecord>, mappings: &Mappings) -> String {
    let why = match last {
        _ if !mappings.inactive.is_empty() => inactive_words(&mappings.inactive),
        None => "nobody has approved yet that this practice submits".to_owned(),
        Some(_) => "a mapping has changed since it was approved that this practice submits".to_owned(),
    };
    format!("claims are ready and wait: {why}")
}

impl Host {
    /// What somebody has to look at before claims of a practice leave. None where there is no such practice.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn go_live(&self, practice: &str) -> Result<Option<GoLive>, HostError> {
        let Some(practice) = self.practice_named(practice) else { return Ok(None) };
        let mappings = practice.mappings(self.plugins());
        Ok(Some(practice.store.read(|tx| look(tx, &practice.profile, mappings))?))
    }

    /// The last approval: day, by whom, and whether it is of the mappings as they are.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn approved(&self, practice: &str) -> Result<Option<(i64, String, bool)>, HostError> {
        let Some(practice) = self.practice_named(practice) else { return Ok(None) };
        let mappings = practice.mappings(self.plugins());
        Ok(practice.store.read(|tx| -> StoreResult<_> {
            let Some(record) = tx.latest_record(RecordKind::GoLive)? else { return Ok(None) };
            let approval: Approval = tx.practice_record_body(record.record_id)?;
            Ok(Some((record.day, approval.by, mappings.are_approved(&record.digest))))
        })?)
    }

    /// Approves that a practice submits, with what there is to look at now. Claims that wait leave in the next turn.
    ///
    /// # Errors
    /// [`HostError`]; a refusal is the inner result.
    pub fn approve(&self, practice: &str, by: &str) -> Result<Result<GoLive, Refused>, HostError> {
        let Some(practice) = self.practice_named(practice) else { return Ok(Err(Refused::Unknown)) };
        let (mappings, today) = (practice.mappings(self.plugins()), self.today());
        if !mappings.inactive.is_empty() {
            return Ok(Err(Refused::Inactive(mappings.inactive)));
        }
        Ok(practice.store.write(|tx| -> StoreResult<_> {
            let seen = look(tx, &practice.profile, mappings)?;
            if seen.dry_run.ready + seen.dry_run.held + seen.dry_run.sent == 0 {
                return Ok(Err(Refused::NothingToLookAt));
            }
            let approval = Approval { by: by.to_owned(), seen };
            tx.add_practice_record(&NewRecord {
                kind: RecordKind::GoLive,
                day: today,
                days: (today, today),
                open_count: 0,
                digest: &approval.seen.mapping_digest,
                body: &approval,
            })?;
            tx.close_work(Some(WORK_GO_LIVE), SUBJECT, today)?;
            Ok(Ok(approval.seen))
        })?)
    }
}

fn look(tx: &Tx<'_>, profile: &Profile, mappings: Mappings) -> StoreResult<GoLive> {
    let Mappings { digest: mapping_digest, inactive } = mappings;
    let (coverage, dry_run, crosswalk) = (coverage(tx)?, dry_run(tx)?, crosswalk(profile));
    Ok(GoLive { mapping_digest, inactive, coverage, dry_run, crosswalk })
}

fn coverage(tx: &Tx<'_>) -> StoreResult<Coverage> {
    let highest = tx.highest("visit", "visit_id")?;
    let newest = tx.visits_between(highest.saturating_sub(SAMPLE - 1), highest)?;
    let mut undelivered: BTreeMap<String, u64> = BTreeMap::new();
    for visit in &newest {
        let mut lacks: Vec<String> =
            tx.events(visit.visit_id)?.into_iter().flat_map(|event| event.update.undelivered).collect();
        lacks.sort();
        lacks.dedup();
        for element in lacks {
            *undelivered.entry(element).or_default() += 1;
        }
    }
    let visits = u64::try_from(newest.len()).unwrap_or(0);
    Ok(Coverage { documents: tx.ends_by_channel((i64::MIN, i64::MAX))?, visits, undelivered })
}

fn dry_run(tx: &Tx<'_>) -> StoreResult<DryRun> {
    let (ready, ready_cents) = tx.ready_cents()?;
    let mut run = DryRun { ready, ready_cents, written: 0, unwritable: 0, held: 0, sent: 0, rules: Vec::new() };
    for version in tx.versions_in(VersionState::Ready, DRY_RUN_MAX)? {
        let claim = tx.version_body(version.claim_id, version.version)?.claim;
        match professional::render(0, &claim) {
            Ok(_) => run.written += 1,
            Err(_) => run.unwritable += 1,
        }
    }
    for (state, count) in tx.claim_counts()? {
        match state.as_str() {
            "held" => run.held += count,
            "ready" => {}
            _ => run.sent += count,
        }
    }
    run.rules = tx.finding_counts()?;
    run.rules.sort_by(|left, right| right.1.cmp(&left.1).then_with(|| left.0.cmp(&right.0)));
    run.rules.truncate(RULES_MAX);
    Ok(run)
}

fn crosswalk(profile: &Profile) -> CrosswalkState {
    let rows = profile.crosswalk.rows();
    let mut digest = Sha256::new();
    for row in rows {
        digest.update(format!("{row:?}\n").as_bytes());
    }
    let conflicts = profile.crosswalk.conflicts().iter().map(crate::practice::Conflict::words).collect();
    CrosswalkState { rows: u64::try_from(rows.len()).unwrap_or(0), digest: hex::encode(digest.finalize()), conflicts }
}

#[cfg(test)]
mod tests {
    use super::digest_of;

    #[test]
    fn a_digest_is_of_adapters_and_texts_whatever_their_order() {
        let way = |adapter: &str, text: &str| (adapter.to_owned(), text.to_owned());
        let two = digest_of(vec![way("hl7v2-dft", "a = 1"), way("csv-superbill", "b = 2")]);
        assert_eq!(two, digest_of(vec![way("csv-superbill", "b = 2"), way("hl7v2-dft", "a = 1")]));
        for other in [
            vec![way("hl7v2-dft", "a = 1")],
            vec![way("hl7v2-dft", "a = 1 "), way("csv-superbill", "b = 2")],
            vec![way("hl7v2-dft", "b = 2"), way("csv-superbill", "a = 1")],
            vec![way("hl7v2-dft", "a = 1"), way("csv-superbill", "b = 2"), way("fhir-r4", "")],
            vec![way("hl7v2-dfta", " = 1"), way("csv-superbill", "b = 2")],
        ] {
            assert_ne!(two, digest_of(other));
        }
    }
}
