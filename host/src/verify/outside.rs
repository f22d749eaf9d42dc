//! Files that lie outside the store and must be what is stored: 837s and 270s in the outbox, originals in archives, files for EHRs.
//!
//! One that is another than was written is a difference wherever it lies. One that is gone is a loss only where nobody else has to have it:
//! - an 837 or 270 that nothing has answered, unless the configuration says that it is taken away
//! - a file that rows of later files are joined with
//!
//! Any other original may go: the store has its bytes. A file for an EHR goes when the EHR takes it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Found;
use crate::config::Config;
use crate::eligibility::InquiryFact;
use crate::intake::folder::{ARCHIVE, Opened};
use crate::lifecycle::{ANSWERS_CHANNEL, ENTRY_CHANNEL, Fact};
use crate::store::file::{InArchive, content_of};
use crate::store::post::PostBatchRow;
use crate::store::submission::SubmissionRow;
use crate::store::{CLEARING, StoreResult, Tx};

/// Where they lie.
#[derive(Debug, Clone)]
pub struct Outside {
    outbox: PathBuf,
    takes_away: bool,
    /// By tenant and channel.
    archives: BTreeMap<(String, String), PathBuf>,
}

impl Outside {
    /// As a configuration says.
    pub fn of(config: &Config) -> Self {
        let watched = config.intake.routes().filter_map(|route| {
            let (key, at) = route.key;
            let folder = (key == "intake.folder").then(|| config.intake.folder.get(at)).flatten()?;
            Some(((route.practice.to_owned(), route.channel()), folder.path.clone()))
        });
        let keyed = config.practice.iter().map(|practice| {
            ((practice.id.clone(), ENTRY_CHANNEL.to_owned()), config.intake.charge_entry.join(&practice.id))
        });
        let answers = ((CLEARING.to_owned(), ANSWERS_CHANNEL.to_owned()), config.clearinghouse.inbox.clone());
        let archives = watched.chain(keyed).chain([answers]);
        Self {
            outbox: config.clearinghouse.outbox.clone(),
            takes_away: config.clearinghouse.takes_away,
            archives: archives.map(|(of, folder)| (of, folder.join(ARCHIVE))).collect(),
        }
    }

    /// An 837 or 270 that was sent, against its file in the outbox.
    pub(super) fn submission(
        &self,
        tx: &Tx<'_>,
        row: &SubmissionRow,
        bytes: &[u8],
        found: &mut Found,
    ) -> StoreResult<()> {
        let id = row.submission_id;
        match state_of(&self.outbox.join(&row.file_name), bytes) {
            State::Same => {}
            State::Other => {
                found.tell("file", "submission", id.to_string(), "the file in the outbox is not what was written")
            }
            State::Gone if self.takes_away || is_answered(tx, row)? => {}
            State::Gone => {
                let what = "its file has left the outbox, and nothing has answered it";
                found.tell("file", "submission", id.to_string(), what);
            }
        }
        Ok(())
    }

    /// A file of a watched folder, against its original in the archive.
    pub(super) fn original(&self, tx: &Tx<'_>, file_id: u64, channel: &str, found: &mut Found) -> StoreResult<()> {
        let Some(archive) = self.archives.get(&(tx.practice_id().to_owned(), channel.to_owned())) else {
            return Ok(());
        };
        let Some(row) = tx.file_in_archive(file_id)? else { return Ok(()) };
        let path = archive.join(OsStr::from_bytes(&row.archive_name));
        match original(tx, &path, &row) {
            Ok(true) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let joined = tx.documents_of_file(file_id)?.iter().any(|document| document.reason == "joined-file");
                let what = "is joined with others, and is no longer in archive/";
                found.expect(!joined, "file", "file", file_id, what);
            }
            Ok(false) | Err(_) => {
                found.tell("file", "file", file_id.to_string(), "its original in archive/ is not what is stored");
            }
        }
        Ok(())
    }

    /// Goes over all of a tenant.
    pub(super) fn check(&self, tx: &Tx<'_>, found: &mut Found) -> StoreResult<()> {
        super::each_range(tx.highest("submission", "submission_id")?, |from, to| {
            for row in tx.submissions_between(from, to)?.into_iter().filter(|row| row.state == "sent") {
                let result =
                    tx.submission_bytes(row.submission_id).and_then(|bytes| self.submission(tx, &row, &bytes, found));
                found.settle("submission", row.submission_id, result)?;
            }
            Ok(())
        })?;
        super::each_range(tx.highest("file", "file_id")?, |from, to| {
            for (file, _) in tx.files_between(from, to)? {
                let result = self.original(tx, file.file_id, &file.channel, found);
                found.settle("file", file.file_id, result)?;
            }
            Ok(())
        })?;
        super::each_range(tx.highest("post_batch", "batch_id")?, |from, to| {
            for row in tx.post_batches_between(from, to)? {
                let result = for_ehr(tx, &row, found);
                found.settle("post_batch", row.batch_id, result)?;
            }
            Ok(())
        })
    }
}

/// A file that was put into an EHR's folder. What takes it away is the EHR's.
pub(super) fn for_ehr(tx: &Tx<'_>, row: &PostBatchRow, found: &mut Found) -> StoreResult<()> {
    if row.state == "sent" {
        let bytes = tx.post_batch_bytes(row.batch_id)?;
        let other = state_of(&Path::new(&row.folder).join(&row.file_name), &bytes) == State::Other;
        found.expect(!other, "file", "post_batch", row.batch_id, "the file in its folder is not what was written");
    }
    Ok(())
}

/// A file against the bytes that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Same,
    /// Or it cannot be read.
    Other,
    Gone,
}

fn state_of(path: &Path, bytes: &[u8]) -> State {
    match std::fs::read(path) {
        Ok(there) if there == bytes => State::Same,
        Err(error) if error.kind() == io::ErrorKind::NotFound => State::Gone,
        Ok(_) | Err(_) => State::Other,
    }
}

/// Whether an original is the file that is stored.
fn original(tx: &Tx<'_>, path: &Path, row: &InArchive) -> io::Result<bool> {
    let mut opened = Opened::open(path)?;
    Ok(opened.size == row.size_bytes && tx.has_content(row, &content_of(&mut opened.file)?))
}

/// Whether anything was ever heard of an 837 or 270: then the clearinghouse has it.
fn is_answered(tx: &Tx<'_>, row: &SubmissionRow) -> StoreResult<bool> {
    let id = row.submission_id;
    for asked in tx.inquiries_in_submission(id, None)? {
        let answers = |fact: &InquiryFact| match fact {
            InquiryFact::Interchange { submission, .. } | InquiryFact::Transaction { submission, .. } => {
                *submission == id
            }
            InquiryFact::Answered(_) => true,
            InquiryFact::Sent { .. } | InquiryFact::Unwritable { .. } => false,
        };
        if tx.inquiry_facts(asked.inquiry_id)?.iter().any(|(fact, ..)| answers(fact)) {
            return Ok(true);
        }
    }
    for claim in tx.claims_in_submission(id, None)? {
        let answers = |fact: &Fact| match fact {
            Fact::Interchange { submission, .. } | Fact::Transaction { submission, .. } => *submission == id,
            Fact::ClaimAck { .. } | Fact::Payment(_) => true,
            Fact::Submitted { .. } | Fact::Superseded => false,
        };
        if tx.facts(claim.claim_id, claim.version)?.iter().any(|(fact, ..)| answers(fact)) {
            return Ok(true);
        }
    }
    Ok(false)
}
