//! Documents that run again: parked ones when their plugin or its mapping has changed, and rejected or parked ones when an operator
//! says so, after a mapping or a profile was mended.
//!
//! The stored original is cut and translated with what is configured now. A document keeps its row and id; what changed is
//! in its history. What its visits know already stays known, so that a run too many changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;

use super::host::{Host, Practice};
use super::ingest::{Intake, WAITS_FOR_BUDGET, WAITS_FOR_RELEASE};
use super::pieces::{Batch, Pending};
use super::{HostError, answers};
use crate::intake::framing::ByteRange;
use crate::store::StoreResult;
use crate::store::document::{DocumentRow, DocumentStatus, format_ranges, parse_ranges};

/// What became of a document that was asked to run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Retried {
    /// Its id.
    pub document_id: u64,
    /// Its end before.
    pub before: DocumentStatus,
    /// Its end now.
    pub after: DocumentStatus,
    /// Id of the reason of the end now; of a translated one empty, or `line.open-end`.
    pub reason: String,
    /// Why it did not run; none where it ran.
    pub kept: Option<&'static str>,
}

const OTHER_END: &str = "only rejected and parked documents run again";
const NO_FOLDER: &str = "a listener refused it (its sender was told), or the folder it came from is not configured, or its adapter is not loaded";
const WAITS: &str = "the mapping cannot be used: the log says why";
const CUT_OTHERWISE: &str = "no document begins in its bytes any more";

/// What the history says of a document that ran again.
pub(super) fn event(before: DocumentStatus, after: DocumentStatus) -> String {
    format!("{} (ran again, was {})", after.as_str(), before.as_str())
}

const fn may_run(status: DocumentStatus) -> bool {
    matches!(status, DocumentStatus::Rejected | DocumentStatus::Parked)
}

impl Host {
    /// Runs documents of one tenant again. One that is not rejected or parked stays as it is.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn retry_documents(&self, tenant: &str, ids: &[u64]) -> Result<Vec<Retried>, HostError> {
        let Some(store) = self.practice_store(tenant) else { return Ok(Vec::new()) };
        let rows = store.read(|tx| -> StoreResult<Vec<DocumentRow>> {
            let rows = ids.iter().map(|id| tx.document(*id));
            Ok(rows.collect::<StoreResult<Vec<_>>>()?.into_iter().flatten().collect())
        })?;
        let wanted: Vec<DocumentRow> = rows.iter().filter(|row| may_run(row.status)).cloned().collect();
        let practice = self.practices.iter().find(|practice| practice.store.id() == tenant);
        let kept = match practice {
            Some(practice) => self.again_in_folders(practice, wanted)?,
            None => self.again_of_clearinghouse(wanted)?,
        };
        let mut retried = Vec::with_capacity(rows.len());
        for row in rows {
            let now = store.read(|tx| tx.document(row.document_id))?.unwrap_or_else(|| row.clone());
            let kept = if may_run(row.status) { kept.get(&row.document_id).copied() } else { Some(OTHER_END) };
            let (document_id, before) = (row.document_id, row.status);
            retried.push(Retried { document_id, before, after: now.status, reason: now.reason, kept });
        }
        Ok(retried)
    }

    /// Runs what came from folders. Gives the documents that did not run, with the reason.
    fn again_in_folders(
        &self,
        practice: &Practice,
        mut wanted: Vec<DocumentRow>,
    ) -> Result<HashMap<u64, &'static str>, HostError> {
        let mut kept = HashMap::new();
        for folder in &practice.folders {
            let Some(adapter) = self.plugins.adapter(&folder.config.adapter) else { continue };
            let intake = Intake::new(self, practice, folder, adapter, "operator");
            let (own, others) = intake.own(wanted)?;
            wanted = others;
            let ids: Vec<u64> = own.iter().map(|row| row.document_id).collect();
            match intake.again(own)? {
                Some(ran) => {
                    kept.extend(ids.into_iter().filter(|id| !ran.contains(id)).map(|id| (id, CUT_OTHERWISE)));
                }
                None => kept.extend(ids.into_iter().map(|id| (id, WAITS))),
            }
        }
        kept.extend(wanted.into_iter().map(|row| (row.document_id, NO_FOLDER)));
        Ok(kept)
    }

    /// A clearinghouse file runs as a whole: what its other transactions said is known, and stays.
    fn again_of_clearinghouse(&self, wanted: Vec<DocumentRow>) -> Result<HashMap<u64, &'static str>, HostError> {
        let files: BTreeSet<u64> = wanted.iter().map(|row| row.file_id).collect();
        for file_id in files {
            if let Some(file) = self.clearing.read(|tx| tx.file(file_id))? {
                self.clearing.write(|tx| answers::take_again(self, tx, &file))?;
            }
        }
        Ok(HashMap::new())
    }
}

impl Intake<'_> {
    /// Parked documents run again when the plugin or its mapping has changed, and those that its budget or its quarantine kept from
    /// running when it may run again.
    pub(super) fn retry_parked(&self) -> Result<u64, HostError> {
        let parked = self.practice.store.read(|tx| tx.documents(Some(DocumentStatus::Parked)))?;
        let may = self.adapter.may_run(self.practice.store.id());
        let was_not_run = |row: &DocumentRow| matches!(row.reason.as_str(), WAITS_FOR_BUDGET | WAITS_FOR_RELEASE);
        let due = |row: &DocumentRow| may && (row.plugin_digest != self.digest || was_not_run(row));
        let (parked, _) = self.own(parked.into_iter().filter(due).collect())?;
        let ran = self.again(parked)?.unwrap_or_default();
        Ok(u64::try_from(ran.len()).unwrap_or(0))
    }

    /// Parts documents into those of this folder and those of others.
    fn own(&self, documents: Vec<DocumentRow>) -> Result<(Vec<DocumentRow>, Vec<DocumentRow>), HostError> {
        let mut channels: HashMap<u64, bool> = HashMap::new();
        for row in &documents {
            if let std::collections::hash_map::Entry::Vacant(unknown) = channels.entry(row.file_id) {
                let file = self.practice.store.read(|tx| tx.file(row.file_id))?;
                unknown.insert(file.is_some_and(|file| file.channel == self.folder.channel));
            }
        }
        Ok(documents.into_iter().partition(|row| channels.get(&row.file_id).is_some_and(|own| *own)))
    }

    /// Cuts the files of these documents anew and translates what they hold now. Gives the documents that ran; none where
    /// the mapping cannot be used.
    fn again(&self, documents: Vec<DocumentRow>) -> Result<Option<BTreeSet<u64>>, HostError> {
        let mut by_file: BTreeMap<u64, Vec<DocumentRow>> = BTreeMap::new();
        for row in documents {
            by_file.entry(row.file_id).or_default().push(row);
        }
        let (mut batch, mut ran, mut mended) = (Batch::default(), BTreeSet::new(), Vec::new());
        for (file_id, wanted) in by_file {
            self.host.check_stop()?;
            let received_day = wanted.first().map_or(self.host.today(), |row| row.received_day);
            let known = self.practice.store.read(|tx| tx.documents_of_file(file_id))?;
            let mut places = Places::new(known, &wanted);
            let Some((framer, beside)) = self.framer(file_id)? else { return Ok(None) };
            for item in framer {
                let item = item.map_err(|source| HostError::Io { path: self.folder.channel.clone().into(), source })?;
                let Some(framed) = self.taken(item, file_id, &beside)? else { continue };
                let document_id = match places.take(framed.ranges()) {
                    Place::Of(document_id) => {
                        ran.insert(document_id);
                        Some(document_id)
                    }
                    Place::New => None,
                    Place::Other => continue,
                };
                batch.push(Pending { file_id, received_day, framed, document_id });
                if batch.is_full(self.host.pace.documents) && self.flush(&mut batch, &mut Vec::new())?.is_none() {
                    return Ok(None);
                }
            }
            mended.extend(wanted.into_iter().filter(|row| places.is_left(row) && row.plugin_digest.is_empty()));
        }
        if self.flush(&mut batch, &mut Vec::new())?.is_none() {
            return Ok(None);
        }
        ran.extend(mended.iter().map(|row| row.document_id));
        self.mended(&mended)?;
        Ok(Some(ran))
    }

    /// What could not be cut out of a file and can now: its bytes are in other documents of the file.
    fn mended(&self, rows: &[DocumentRow]) -> Result<(), HostError> {
        let (today, status) = (self.host.today(), DocumentStatus::Ignored);
        Ok(self.practice.store.write(|tx| -> StoreResult<()> {
            for row in rows {
                let id = row.document_id;
                tx.set_document(id, status, "framing.mended", "", &serde_json::Value::Null)?;
                tx.close_work(None, ("document", id), today)?;
                tx.record("document", id, today, self.actor, &event(row.status, status), "")?;
            }
            Ok(())
        })?)
    }
}

/// Whose a piece of a file is, that is cut anew.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Of the document that runs again.
    Of(u64),
    /// Of none: one document's bytes hold several now.
    New,
    /// Of a document that does not run.
    Other,
}

/// Finds the rows of pieces: by equal ranges, else by the bytes of a row whose file is cut otherwise now.
struct Places {
    known: HashSet<String>,
    exact: HashMap<String, (ByteRange, u64)>,
    by_start: BTreeMap<(u64, u64), (u64, String)>,
    opened: Vec<ByteRange>,
}

impl Places {
    fn new(known: Vec<DocumentRow>, wanted: &[DocumentRow]) -> Self {
        let mut places = Self {
            known: known.into_iter().map(|row| row.ranges).collect(),
            exact: HashMap::new(),
            by_start: BTreeMap::new(),
            opened: Vec::new(),
        };
        for row in wanted {
            let own = parse_ranges(&row.ranges).last().copied().unwrap_or_default();
            places.by_start.insert((own.0, row.document_id), (own.1, row.ranges.clone()));
            places.exact.insert(row.ranges.clone(), (own, row.document_id));
        }
        places
    }

    /// Whether no piece was this document's.
    fn is_left(&self, row: &DocumentRow) -> bool {
        let start = parse_ranges(&row.ranges).last().map_or(0, |own| own.0);
        self.by_start.contains_key(&(start, row.document_id))
    }

    fn take(&mut self, ranges: &[ByteRange]) -> Place {
        let text = format_ranges(ranges);
        if let Some((own, document_id)) = self.exact.remove(&text) {
            self.by_start.remove(&(own.0, document_id));
            return Place::Of(document_id);
        }
        if self.known.contains(&text) {
            return Place::Other;
        }
        // The last range is the document's own; those before it are what it shares with others.
        let own = ranges.last().copied().unwrap_or_default();
        let over = self.by_start.range(..(own.1, 0)).rev().find(|(_, (end, _))| *end > own.0);
        if let Some((&(start, document_id), (end, text))) = over {
            self.opened.push((start, *end));
            self.exact.remove(&text.clone());
            self.by_start.remove(&(start, document_id));
            return Place::Of(document_id);
        }
        let inside = self.opened.iter().any(|(start, end)| *start < own.1 && own.0 < *end);
        if inside { Place::New } else { Place::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(document_id: u64, ranges: &str) -> DocumentRow {
        let (status, reason) = (DocumentStatus::Rejected, String::new());
        let (ranges, plugin_digest) = (ranges.to_owned(), String::new());
        DocumentRow { document_id, file_id: 1, ordinal: 0, ranges, status, reason, received_day: 0, plugin_digest }
    }

    #[test]
    fn a_piece_goes_to_the_row_of_its_bytes_and_to_no_other() {
        let all = vec![row(1, "10-20"), row(2, "20-30"), row(3, "30-40")];
        let mut places = Places::new(all.clone(), &all[1..2]);
        assert_eq!(places.take(&[(10, 20)]), Place::Other, "translated long ago");
        assert_eq!(places.take(&[(20, 30)]), Place::Of(2));
        assert_eq!(places.take(&[(30, 40)]), Place::Other);
        assert!(!places.is_left(&all[1]));
    }

    #[test]
    fn a_file_that_was_refused_whole_becomes_its_documents() {
        let whole = row(1, "0-100");
        let mut places = Places::new(vec![whole.clone()], &[whole]);
        assert_eq!(places.take(&[(10, 50)]), Place::Of(1));
        assert_eq!(places.take(&[(50, 90)]), Place::New);
        assert_eq!(places.take(&[(100, 120)]), Place::Other, "bytes of none");
    }
}
