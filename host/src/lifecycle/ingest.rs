//! Documents in: watched folders to stored files, files to frames, frames through the practice's adapter to visit events.
//!
//! A file is kept verbatim before anything reads it, then leaves the inbox. Events, and the end of each document, commit
//! together. A crash in between stores or frames a file again, which the keys of the events make harmless.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use serde_json::json;

use super::HostError;
use super::host::{Folder, Host, Practice};
use crate::audit::capture;
use crate::claim::{Document, DocumentEvent, Outcome, Problem, VisitUpdate, from_day_number};
use crate::intake::folder;
use crate::intake::framing::{Frame, Framer, Framing, FramingProblem, Item, Joins, Settings};
use crate::plugin::{Adapter, OpenError, Translated};
use crate::store::document::{CHUNK_BYTES, DocumentStatus, FileRow, NewDocument};
use crate::store::visit::StoredEvent;
use crate::store::{PracticeStore, StoreError, StoreResult, Tx};
use crate::visit::event_digest;

/// Files stored in one transaction.
const FILES_BATCH: usize = 200;
/// Documents translated and committed together.
pub(super) const DOCUMENTS_BATCH: usize = 250;

/// Takes what lies in the practice's folders. Returns how many documents got an end.
pub(super) fn take(host: &Host, practice: &Practice) -> Result<u64, HostError> {
    let mut documents = 0;
    for folder in practice.folders.iter().filter(|folder| folder.is_used()) {
        let Some(adapter) = host.plugins.adapter(&folder.config.adapter) else {
            tracing::error!(
                practice = practice.store.id(),
                adapter = folder.config.adapter,
                "adapter is not loaded; its files wait"
            );
            continue;
        };
        let intake = Intake { host, practice, folder, adapter, actor: "host" };
        intake.store_arrivals()?;
        documents += intake.frame_stored()?;
        documents += intake.retry_parked()?;
    }
    Ok(documents)
}

/// One folder at work. `retry.rs` runs its documents again.
pub(super) struct Intake<'a> {
    pub(super) host: &'a Host,
    pub(super) practice: &'a Practice,
    pub(super) folder: &'a Folder,
    pub(super) adapter: Arc<Adapter>,
    /// Who runs documents again: `host`, `operator`.
    pub(super) actor: &'static str,
}

/// A document, or bytes that are none.
pub(super) enum Framed {
    Frame(Frame),
    Problem(FramingProblem),
}

/// One of a batch.
pub(super) struct Pending {
    pub(super) file_id: u64,
    pub(super) received_day: i64,
    pub(super) framed: Framed,
    /// The document's row, where it is tried again.
    pub(super) document_id: Option<u64>,
}

impl Intake<'_> {
    /// Inbox to store, then out of the inbox. Joined files go first: rows of the others need them.
    fn store_arrivals(&self) -> Result<(), HostError> {
        let path = &self.folder.config.path;
        std::fs::create_dir_all(path).map_err(HostError::io(path))?;
        let joins = self.joins();
        let mut arrivals = folder::scan(path).map_err(HostError::io(path))?;
        arrivals.retain(|arrival| self.host.is_settled(&arrival.path));
        arrivals.sort_by_key(|arrival| !joins.is_join(&arrival.name));
        for batch in arrivals.chunks(FILES_BATCH) {
            self.host.check_stop()?;
            self.practice.store.write(|tx| -> Result<(), HostError> {
                for arrival in batch {
                    let mut file = std::fs::File::open(&arrival.path).map_err(HostError::io(path))?;
                    let file_id = tx.store_file(&self.folder.channel, &arrival.name, self.host.today(), &mut file)?;
                    if joins.is_join(&arrival.name) {
                        self.joined_file(tx, file_id, arrival.size)?;
                    }
                }
                Ok(())
            })?;
            for arrival in batch {
                folder::archive(arrival).map_err(HostError::io(path))?;
            }
        }
        Ok(())
    }

    /// A joined file is a document that says nothing by itself.
    fn joined_file(&self, tx: &Tx<'_>, file_id: u64, size: u64) -> StoreResult<()> {
        tx.add_document(&NewDocument {
            file_id,
            ordinal: 0,
            ranges: &[(0, size)],
            status: DocumentStatus::Ignored,
            reason: "joined-file",
            received_day: self.host.today(),
            plugin_digest: "",
            detail: &serde_json::Value::Null,
        })?;
        tx.file_framed(file_id)
    }

    fn joins(&self) -> Settings {
        match self.framing() {
            Framing::Delimited => Settings::from_mapping(&self.folder.setup.mapping).unwrap_or_default(),
            _ => Settings::default(),
        }
    }

    fn framing(&self) -> Framing {
        self.adapter.manifest().framing.map_or(Framing::Whole, Framing::from)
    }

    fn format(&self) -> &str {
        self.adapter.manifest().formats.first().map_or("", String::as_str)
    }

    /// Files of this folder that are stored and not framed, through the adapter.
    fn frame_stored(&self) -> Result<u64, HostError> {
        let files = self.practice.store.read(|tx| tx.unframed_files())?;
        let files: Vec<FileRow> = files.into_iter().filter(|file| file.channel == self.folder.channel).collect();
        if files.is_empty() {
            return Ok(0);
        }
        let mut batch = Vec::with_capacity(DOCUMENTS_BATCH);
        let mut ended = Vec::new();
        let mut documents = 0;
        for file in files {
            self.host.check_stop()?;
            let framed_up_to = self.practice.store.read(|tx| tx.framed_up_to(file.file_id))?;
            let Some(framer) = self.framer(file.file_id)? else { return Ok(documents) };
            for item in framer {
                let framed =
                    match item.map_err(|source| HostError::Io { path: self.folder.channel.clone().into(), source })? {
                        Item::Frame(frame) if framed_up_to.is_some_and(|last| frame.ordinal <= last) => continue,
                        Item::Frame(frame) => Framed::Frame(frame),
                        Item::Problem(problem) => Framed::Problem(problem),
                        Item::Gap(_) => continue,
                    };
                batch.push(Pending {
                    file_id: file.file_id,
                    received_day: file.received_day,
                    framed,
                    document_id: None,
                });
                if batch.len() >= DOCUMENTS_BATCH {
                    match self.flush(&mut batch, &mut ended)? {
                        Some(count) => documents += count,
                        None => return Ok(documents),
                    }
                }
            }
            ended.push(file.file_id);
        }
        Ok(documents + self.flush(&mut batch, &mut ended)?.unwrap_or(0))
    }

    /// Opens a stored file for framing. None, and a log line, where the mapping or a joined file cannot be used: its files wait.
    pub(super) fn framer(&self, file_id: u64) -> Result<Option<Framer<StoredFile<'_>>>, HostError> {
        let settings = self.joins();
        let archive = self.folder.config.path.join(folder::ARCHIVE);
        let joins = Joins::load(&settings, &[&archive, &self.folder.config.path]);
        let reader = StoredFile::new(&self.practice.store, file_id);
        let opened = joins
            .and_then(|joins| Framer::open(self.framing(), self.format(), &self.folder.setup.mapping, joins, reader));
        match opened {
            Ok(framer) => Ok(Some(framer)),
            Err(error) => {
                tracing::error!(practice = self.practice.store.id(), folder = self.folder.channel, %error, "files wait");
                Ok(None)
            }
        }
    }

    /// Translates a batch and commits it. None where the adapter refuses the mapping: the files wait for a better one.
    pub(super) fn flush(&self, batch: &mut Vec<Pending>, ended: &mut Vec<u64>) -> Result<Option<u64>, HostError> {
        let documents: Vec<Document> = batch
            .iter_mut()
            .filter_map(|pending| match &mut pending.framed {
                Framed::Frame(frame) => Some(Document {
                    format: std::mem::take(&mut frame.format),
                    content: std::mem::take(&mut frame.content),
                    related: std::mem::take(&mut frame.related),
                    received: from_day_number(pending.received_day),
                    ordinal: frame.ordinal,
                }),
                Framed::Problem(_) => None,
            })
            .collect();
        let translated = match self.adapter.translate(self.practice.store.id(), &self.folder.setup, &documents) {
            Ok(translated) => translated,
            Err(error @ OpenError::Problems(_)) => {
                tracing::error!(practice = self.practice.store.id(), folder = self.folder.channel, %error, "files wait");
                return Ok(None);
            }
        };
        let count = u64::try_from(batch.len()).unwrap_or(0);
        let mut translated = translated.into_iter();
        self.practice.store.write(|tx| -> Result<(), HostError> {
            for pending in batch.drain(..) {
                match &pending.framed {
                    Framed::Problem(problem) => self.refuse(tx, &pending, problem)?,
                    Framed::Frame(frame) => {
                        if let Some(outcome) = translated.next() {
                            self.settle(tx, &pending, frame, outcome)?;
                        }
                    }
                }
            }
            for file_id in ended.drain(..) {
                tx.file_framed(file_id)?;
            }
            self.host.keep_plugin_log(tx)?;
            Ok(())
        })?;
        Ok(Some(count))
    }

    fn refuse(&self, tx: &Tx<'_>, pending: &Pending, problem: &FramingProblem) -> StoreResult<()> {
        let detail = json!({ "problems": [{
            "id": problem.id, "at": { "path": "file", "offset": problem.range.0 },
            "found": problem.found, "expected": problem.expected, "remedy": problem.remedy,
        }] });
        let document_id = match pending.document_id {
            Some(document_id) => {
                let before = self.status_of(tx, document_id)?;
                tx.set_document(document_id, DocumentStatus::Rejected, &problem.id, "", &detail)?;
                tx.move_document(document_id, 0, &[problem.range])?;
                tx.close_work(None, ("document", document_id), self.host.today())?;
                self.tell(tx, document_id, before, DocumentStatus::Rejected, "")?;
                document_id
            }
            None => tx.add_document(&NewDocument {
                file_id: pending.file_id,
                ordinal: 0,
                ranges: &[problem.range],
                status: DocumentStatus::Rejected,
                reason: &problem.id,
                received_day: pending.received_day,
                plugin_digest: "",
                detail: &detail,
            })?,
        };
        tx.open_work("document.rejected", ("document", document_id), self.host.today(), 0, &problem.id)?;
        Ok(())
    }

    /// Gives one document its end. The row comes first, because events name it.
    fn settle(&self, tx: &Tx<'_>, pending: &Pending, frame: &Frame, translated: Translated) -> Result<(), HostError> {
        let (mut status, reason, detail) = end_of(&translated);
        let digest = self.adapter.digest();
        let before = pending.document_id.map(|document_id| self.status_of(tx, document_id)).transpose()?;
        let document_id = match pending.document_id {
            Some(document_id) => {
                tx.set_document(document_id, status, &reason, digest, &detail)?;
                tx.move_document(document_id, frame.ordinal, &frame.ranges)?;
                document_id
            }
            None => tx.add_document(&NewDocument {
                file_id: pending.file_id,
                ordinal: frame.ordinal,
                ranges: &frame.ranges,
                status,
                reason: &reason,
                received_day: pending.received_day,
                plugin_digest: digest,
                detail: &detail,
            })?,
        };
        let subject = ("document", document_id);
        let work = match status {
            DocumentStatus::Rejected => Some("document.rejected"),
            DocumentStatus::Parked => Some("document.parked"),
            _ => None,
        };
        if before.is_some_and(|before| before != status) {
            tx.close_work(None, subject, self.host.today())?;
        }
        if let Some(kind) = work {
            tx.open_work(kind, subject, self.host.today(), 0, &reason)?;
        }
        if let Translated::Outcome(Outcome::Events(events)) = translated {
            let mut told = Vec::new();
            let mut news = false;
            for event in events {
                let update = match event {
                    DocumentEvent::Visit(update) => update,
                    DocumentEvent::Expected(expected) => {
                        news |= capture::expect(tx, document_id, pending.received_day, &expected)?;
                        continue;
                    }
                };
                let Some((visit_id, opened)) = add(tx, document_id, pending.received_day, digest, update)? else {
                    continue;
                };
                news = true;
                if !told.contains(&visit_id) {
                    told.push(visit_id);
                    if !opened {
                        let event = format!("event of document {document_id}");
                        tx.record("visit", visit_id, pending.received_day, "host", &event, digest)?;
                    }
                }
            }
            if !news {
                status = DocumentStatus::Ignored;
                tx.set_document(document_id, status, "repeat", digest, &serde_json::Value::Null)?;
            }
        }
        match before {
            Some(before) => Ok(self.tell(tx, document_id, before, status, digest)?),
            None => Ok(()),
        }
    }

    fn status_of(&self, tx: &Tx<'_>, document_id: u64) -> StoreResult<DocumentStatus> {
        let row = tx.document(document_id)?;
        row.map(|row| row.status).ok_or(StoreError::Missing { what: "document", id: document_id })
    }

    /// A document that ran again has a history.
    fn tell(
        &self,
        tx: &Tx<'_>,
        document_id: u64,
        before: DocumentStatus,
        after: DocumentStatus,
        digest: &str,
    ) -> StoreResult<()> {
        tx.record("document", document_id, self.host.today(), self.actor, &super::retry::event(before, after), digest)
    }
}

fn end_of(translated: &Translated) -> (DocumentStatus, String, serde_json::Value) {
    match translated {
        Translated::Outcome(Outcome::Events(_)) => (DocumentStatus::Translated, String::new(), serde_json::Value::Null),
        Translated::Outcome(Outcome::Ignored(ignored)) => {
            let id = clear_id(&ignored.id, "plugin.odd-id");
            (DocumentStatus::Ignored, id.to_owned(), json!({ "id": ignored.id, "reason": ignored.reason }))
        }
        Translated::Outcome(Outcome::Rejected(problems)) => {
            let id = problems.first().map_or("rejected", |problem: &Problem| clear_id(&problem.id, "plugin.odd-id"));
            (DocumentStatus::Rejected, id.to_owned(), json!({ "problems": problems }))
        }
        Translated::Parked(fault) => {
            (DocumentStatus::Parked, "plugin.fault".to_owned(), json!({ "fault": fault.to_string() }))
        }
    }
}

/// The id a plugin gave, where it has the form of one: it is kept in the clear, and a guest may put anything there.
fn clear_id<'a>(id: &'a str, instead: &'a str) -> &'a str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    let is_id = id.len() <= 64 && id.bytes().all(plain) && id.starts_with(|first: char| first.is_ascii_lowercase());
    if is_id { id } else { instead }
}

/// Adds one update to its visit: gives the visit, and whether it is a new one. None where the visit knows it: the same
/// charge in a new message changes nothing.
fn add(
    tx: &Tx<'_>,
    document_id: u64,
    day: i64,
    plugin_digest: &str,
    update: VisitUpdate,
) -> StoreResult<Option<(u64, bool)>> {
    let (visit_id, opened) = tx.visit_of(&update.source_system, &update.visit_number, day, plugin_digest)?;
    let mut digest = event_digest(&update);
    if update.charges.iter().any(|charge| charge.id.is_empty() && charge.reverses.is_empty()) {
        // Without a key to trust, the same content in another document is a suspected repeat, which the fold holds.
        use sha2::Digest;
        digest = sha2::Sha256::new().chain_update(digest).chain_update(document_id.to_be_bytes()).finalize().into();
    }
    capture::visit_touched(tx, visit_id, &update)?;
    let event = StoredEvent { document_id, arrived_day: day, digest, update };
    if tx.add_event(visit_id, &digest, &event)? {
        return Ok(Some((visit_id, opened)));
    }
    // The same content again. It is news only where something in between, in the source's own order, took its charges back.
    let Some(digest) = charged_again(&tx.events(visit_id)?, &event) else { return Ok(None) };
    let added = tx.add_event(visit_id, &digest, &StoredEvent { digest, ..event })?;
    Ok(added.then_some((visit_id, opened)))
}

/// The digest under which a charge counts again: told before, taken back since, and told once more.
fn charged_again(known: &[StoredEvent], event: &StoredEvent) -> Option<[u8; 32]> {
    let order = |event: &StoredEvent| (event.update.order.sequence, event.update.order.event_time.clone());
    let (now, before) = (order(event), known.iter().find(|known| known.digest == event.digest).map(order)?);
    let ids: Vec<&str> =
        event.update.charges.iter().map(|charge| charge.id.as_str()).filter(|id| !id.is_empty()).collect();
    let touches = |known: &StoredEvent| {
        known
            .update
            .charges
            .iter()
            .any(|charge| ids.contains(&charge.id.as_str()) || ids.contains(&charge.reverses.as_str()))
    };
    let between = |known: &&StoredEvent| {
        let at = order(known);
        at > before && at < now && known.digest != event.digest && touches(known)
    };
    known.iter().find(between)?;
    use sha2::Digest;
    let again = sha2::Sha256::new().chain_update(event.digest).chain_update(format!("{now:?}"));
    Some(again.finalize().into())
}

/// Chunks of a stored file that are kept: a bulk export has one patient's resources in as many places as it has types.
const CHUNKS_KEPT: usize = 16;

/// A stored file, read chunk by chunk.
pub(super) struct StoredFile<'a> {
    store: &'a PracticeStore,
    file_id: u64,
    at: u64,
    /// Chunks by number, the last used last.
    kept: Vec<(u64, Vec<u8>)>,
}

impl<'a> StoredFile<'a> {
    fn new(store: &'a PracticeStore, file_id: u64) -> Self {
        Self { store, file_id, at: 0, kept: Vec::new() }
    }

    /// Makes a chunk the last of those kept. False where the file has none of this number.
    fn keep(&mut self, number: u64) -> io::Result<bool> {
        if let Some(place) = self.kept.iter().position(|(known, _)| *known == number) {
            let chunk = self.kept.remove(place);
            self.kept.push(chunk);
            return Ok(true);
        }
        let next = self.store.read(|tx| tx.file_chunk(self.file_id, number));
        let Some(bytes) = next.map_err(|error: StoreError| io::Error::other(error.to_string()))? else {
            return Ok(false);
        };
        if self.kept.len() == CHUNKS_KEPT {
            self.kept.remove(0);
        }
        self.kept.push((number, bytes));
        Ok(true)
    }
}

impl Read for StoredFile<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk_bytes = CHUNK_BYTES as u64;
        if !self.keep(self.at / chunk_bytes)? {
            return Ok(0);
        }
        let within = usize::try_from(self.at % chunk_bytes).unwrap_or(usize::MAX);
        let rest = self.kept.last().and_then(|(_, bytes)| bytes.get(within..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for StoredFile<'_> {
    /// From the start only: what the second look of a framing needs.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { return Err(io::ErrorKind::Unsupported.into()) };
        self.at = at;
        Ok(at)
    }
}
