//! `transport_days`: originals and 837s that have lain in the folders for as long as the profile says are removed.
//!
//! Only what can be had again goes: an original whose bytes are those of the stored file, an 837 whose bytes are those of the
//! outbox and that a 999 or 277CA has answered. What differs stays, and is counted. Joined files stay: charge rows of later days
//! need them. Answers belong to all practices, so they stay for the longest time that any of them says.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::answers;
use super::crash::crash_point;
use super::host::{Host, Practice};
use super::{Fact, HostError};
use crate::eligibility::InquiryFact;
use crate::intake::folder::{ARCHIVE, Opened};
use crate::store::file::{InArchive, content_of};
use crate::store::submission::SubmissionRow;
use crate::store::{PracticeStore, StoreResult, Tx};

/// What became of files past their time.
#[derive(Default)]
struct Tidied {
    removed: u64,
    /// Not what is stored, or not to be read or removed.
    kept: u64,
    /// 837s that nobody has answered.
    unanswered: u64,
}

/// Removes what is past its time, of every practice and of the clearinghouse's answers.
pub(super) fn tidy(host: &Host) -> Result<(), HostError> {
    for practice in &host.practices {
        let Some(up_to) = up_to(host, practice.profile.transport_days) else { continue };
        let mut originals = Tidied::default();
        for folder in &practice.folders {
            let joins = folder.joins(&host.plugins);
            let archive = folder.config.path.join(ARCHIVE);
            let is_join = |name: &[u8]| joins.is_join(&String::from_utf8_lossy(name));
            archived(&practice.store, &folder.channel, &archive, up_to, is_join, &mut originals)?;
        }
        originals.tell(practice.store.id(), "originals");
        sent(host, practice, up_to)?.tell(practice.store.id(), "837s");
    }
    let days = host.practices.iter().map(|practice| practice.profile.transport_days);
    let longest = if days.clone().any(|days| days == 0) { None } else { days.max() };
    if let Some(up_to) = longest.and_then(|days| up_to(host, days)) {
        let mut answers = Tidied::default();
        let archive = host.config.clearinghouse.inbox.join(ARCHIVE);
        archived(&host.clearing, answers::CHANNEL, &archive, up_to, |_| false, &mut answers)?;
        answers.tell(host.clearing.id(), "answers");
    }
    Ok(())
}

/// The last day whose files go; none where they stay.
fn up_to(host: &Host, days: u16) -> Option<i64> {
    (days > 0).then(|| host.today() - i64::from(days))
}

fn archived(
    store: &PracticeStore,
    channel: &str,
    archive: &Path,
    up_to: i64,
    stays: impl Fn(&[u8]) -> bool,
    tidied: &mut Tidied,
) -> Result<(), HostError> {
    let rows = store.read(|tx| -> StoreResult<Vec<InArchive>> {
        let mut rows = tx.files_in_archive(channel, up_to)?;
        let names = rows.iter().map(|row| tx.file_source_name(row.file_id)).collect::<StoreResult<Vec<_>>>()?;
        let mut names = names.iter();
        rows.retain(|_| names.next().is_none_or(|name| !stays(name.expose())));
        Ok(rows)
    })?;
    let mut gone = Vec::new();
    for row in rows {
        let path = archive.join(OsStr::from_bytes(&row.archive_name));
        let is_stored =
            store.read(|tx| Ok::<_, HostError>(content(&path).map(|content| tx.has_content(&row, &content))))?;
        if tidied.remove(&path, is_stored) {
            gone.push(row.file_id);
        }
    }
    if gone.is_empty() {
        return Ok(());
    }
    crash_point("after-remove");
    Ok(store.write(|tx| gone.iter().try_for_each(|file_id| tx.file_gone(*file_id)))?)
}

/// 837s of the practice that are answered and past their time.
fn sent(host: &Host, practice: &Practice, up_to: i64) -> Result<Tidied, HostError> {
    let store = &practice.store;
    let mut tidied = Tidied::default();
    let mut gone = Vec::new();
    for row in store.read(|tx| tx.submissions_in_outbox(up_to))? {
        if !store.read(|tx| is_answered(tx, &row))? {
            tidied.unanswered += 1;
            continue;
        }
        let path = host.config.clearinghouse.outbox.join(&row.file_name);
        let bytes = store.read(|tx| tx.submission_bytes(row.submission_id))?;
        let stored: [u8; 32] = Sha256::digest(&bytes).into();
        if tidied.remove(&path, content(&path).map(|content| content == stored)) {
            gone.push(row.submission_id);
        }
    }
    store.write(|tx| gone.iter().try_for_each(|id| tx.submission_left_outbox(*id)))?;
    Ok(tidied)
}

/// Whether a 999 or 277CA has answered every claim of an 837, or a 999 or 271 every question of a 270.
fn is_answered(tx: &Tx<'_>, row: &SubmissionRow) -> StoreResult<bool> {
    for sent in tx.inquiries_in_submission(row.submission_id, None)? {
        let answers = |fact: &InquiryFact| match fact {
            InquiryFact::Transaction { submission, .. } => *submission == row.submission_id,
            InquiryFact::Answered(_) => true,
            _ => false,
        };
        if !tx.inquiry_facts(sent.inquiry_id)?.iter().any(|(fact, _, _)| answers(fact)) {
            return Ok(false);
        }
    }
    for claim in tx.claims_in_submission(row.submission_id, None)? {
        let answers = |fact: &Fact| match fact {
            Fact::Transaction { submission, .. } => *submission == row.submission_id,
            Fact::ClaimAck { .. } => true,
            _ => false,
        };
        if !tx.facts(claim.claim_id, claim.version)?.iter().any(|(fact, _, _)| answers(fact)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn content(path: &Path) -> io::Result<[u8; 32]> {
    content_of(&mut Opened::open(path)?.file)
}

impl Tidied {
    /// Removes a file that is what is stored. True where it is not there any more.
    fn remove(&mut self, path: &Path, is_stored: io::Result<bool>) -> bool {
        match is_stored {
            Ok(true) if std::fs::remove_file(path).is_ok() => {
                self.removed += 1;
                true
            }
            // The clearinghouse, or an operator, took it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            _ => {
                self.kept += 1;
                false
            }
        }
    }

    fn tell(&self, tenant: &str, what: &str) {
        let Self { removed, kept, unanswered } = self;
        if *removed > 0 {
            tracing::info!(tenant, files = removed, "{what} past transport_days are removed");
        }
        if *kept > 0 {
            tracing::warn!(
                tenant,
                files = kept,
                "{what} past transport_days stay: they are not what is stored, or cannot be removed"
            );
        }
        if *unanswered > 0 {
            tracing::warn!(
                tenant,
                files = unanswered,
                "{what} past transport_days stay: no 999 or 277CA has answered them"
            );
        }
    }
}
