//! Documents in: watched folders to stored files, files to frames, frames through the practice's adapter to visit events.
//!
//! A file is kept verbatim before anything reads it, then leaves the inbox (`arrive.rs`). Events, the end of each document and
//! how far the file is cut commit together, so that cutting goes on after a crash where it was.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::HostError;
use super::arrive::Inbox;
use super::crash::crash_point;
use super::host::{Folder, Host, Practice};
use super::pieces::{Batch, FileCut, Framed, Known, Pending, StoredFile};
use crate::audit::capture;
use crate::claim::{Document, DocumentEvent, ExpectedVisit, Outcome, Problem, Related, VisitUpdate, from_day_number};
use crate::intake::folder::{self, Arrival};
use crate::intake::framing::{Frame, Framer, Framing, FramingProblem, Joins, Settings};
use crate::plugin::{Adapter, OpenError, PluginHost, Translated};
use crate::private;
use crate::store::document::{DocumentStatus, NewDocument, OPEN_END, format_ranges};
use crate::store::file::{Cut, FileRow};
use crate::store::visit::{NewEvent, StoredEvent};
use crate::store::{Encoded, StoreError, StoreResult, Tx};
use crate::visit::{event_digest, out_of_range};

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
        let intake = Intake::new(host, practice, folder, adapter, "host");
        if !folder.listens {
            intake.store_arrivals()?;
        }
        documents += intake.frame_stored()?;
        intake.answer_open_ended()?;
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
    /// What its outcomes record: the version of the adapter, and of the mapping.
    pub(super) digest: String,
    /// Who runs documents again: `host`, `operator`.
    pub(super) actor: &'static str,
}

/// A stored file that is cut, and what is known of it beside its bytes.
type Opened<'a> = (Framer<StoredFile<'a>>, Beside);

/// What holds for every document of a file and is not in it.
#[derive(Default)]
pub(super) struct Beside {
    /// Rows that end joined files without a line end.
    pub(super) open_rows: Vec<Vec<u8>>,
    /// The moment of the turn that pulled it, as its documents are told.
    pub(super) pulled: Option<Related>,
}

/// A moment of pulling as a document is told of it: `@pulled` of a mapping.
fn pulled_at(moment_us: i64) -> Related {
    let moment = jiff::Timestamp::from_microsecond(moment_us).unwrap_or_default();
    Related { name: "@pulled".to_owned(), content: moment.to_string().into_bytes() }
}

/// How an adapter's files are cut.
fn framing_of(adapter: &Adapter) -> Framing {
    adapter.manifest().framing.map_or(Framing::Whole, Framing::from)
}

impl Folder {
    /// The joined files of this folder; none where its adapter is not loaded.
    pub(super) fn joins(&self, plugins: &PluginHost) -> Settings {
        plugins.adapter(&self.config.adapter).map(|adapter| self.joins_of(&adapter)).unwrap_or_default()
    }

    fn joins_of(&self, adapter: &Adapter) -> Settings {
        match framing_of(adapter) {
            Framing::Delimited | Framing::Records => {
                Settings::from_mapping(&adapter.mapping_with(&self.setup.mapping)).unwrap_or_default()
            }
            _ => Settings::default(),
        }
    }
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        host: &'a Host,
        practice: &'a Practice,
        folder: &'a Folder,
        adapter: Arc<Adapter>,
        actor: &'static str,
    ) -> Self {
        let digest = adapter.digest_with(&folder.setup);
        Self { host, practice, folder, adapter, digest, actor }
    }
}

impl Intake<'_> {
    /// Inbox to store, then out of the inbox. Joined files go first: rows of the others need them.
    fn store_arrivals(&self) -> Result<(), HostError> {
        let (path, store) = (&self.folder.config.path, &self.practice.store);
        private::make_folder(path).map_err(HostError::io(path))?;
        let joins = self.folder.joins_of(&self.adapter);
        let inbox = Inbox { host: self.host, store, channel: &self.folder.channel, folder: path };
        let stored = |tx: &Tx<'_>, arrival: &Arrival, file_id: u64| match joins.is_join(&arrival.name) {
            true => self.ignored_file(tx, file_id, arrival.size, "joined-file"),
            false => Ok(()),
        };
        inbox.take(|name| joins.is_join(name), stored)
    }

    /// A file that says nothing by itself is a document that is ignored: one that others are joined with, a batch without messages.
    fn ignored_file(&self, tx: &Tx<'_>, file_id: u64, size: u64, reason: &str) -> StoreResult<()> {
        tx.add_document(&NewDocument {
            file_id,
            ordinal: 0,
            ranges: &[(0, size)],
            status: DocumentStatus::Ignored,
            reason,
            received_day: self.host.today(),
            plugin_digest: "",
            detail: &serde_json::Value::Null,
        })?;
        tx.file_framed(file_id)
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
        let (mut batch, mut cuts, mut documents) = (Batch::default(), Vec::new(), 0);
        for file in files {
            self.host.check_stop()?;
            let Some(known) = Known::of(self, &file)? else { return Ok(documents) };
            let Some((framer, beside)) = self.framer(file.file_id)? else { return Ok(documents) };
            let (file_id, received_day) = (file.file_id, file.received_day);
            cuts.push(FileCut { file_id, size: file.size_bytes, cut: Cut::default(), ended: false });
            for item in framer {
                let item = item.map_err(|source| HostError::Io { path: self.folder.channel.clone().into(), source })?;
                let Some(framed) = self.taken(item, file_id, &beside)? else { continue };
                let Some(now) = cuts.last_mut() else { break };
                now.cut.add(framed.kind(), &format_ranges(framed.ranges()));
                if known.has(&framed, &now.cut) {
                    continue;
                }
                batch.push(Pending { file_id, received_day, framed, document_id: None });
                if batch.is_full(self.host.pace.documents) {
                    match self.flush(&mut batch, &mut cuts)? {
                        Some(count) => documents += count,
                        None => return Ok(documents),
                    }
                    crash_point("mid-file");
                }
            }
            if let Some(now) = cuts.last_mut() {
                now.ended = true;
            }
        }
        Ok(documents + self.flush(&mut batch, &mut cuts)?.unwrap_or(0))
    }

    /// Opens a stored file for framing. None, and a log line, where the mapping or a joined file cannot be used: its files wait.
    pub(super) fn framer(&self, file_id: u64) -> Result<Option<Opened<'_>>, HostError> {
        let settings = self.folder.joins_of(&self.adapter);
        let path = &self.folder.config.path;
        let archive = path.join(folder::ARCHIVE);
        let places: &[&Path] = if self.folder.listens { &[] } else { &[&archive, path] };
        let joins = Joins::load(&settings, places, self.folder.config.last_line);
        let open_rows = joins.as_ref().map(Joins::open_rows).unwrap_or_default();
        let pulled = self.practice.store.read(|tx| tx.pulled_moment(file_id))?.map(pulled_at);
        let reader = StoredFile::new(&self.practice.store, file_id);
        if let Ok(joins) = &joins {
            self.tell_broken(joins);
        }
        let (framing, mapping) = (framing_of(&self.adapter), self.adapter.mapping_with(&self.folder.setup.mapping));
        let opened = joins.and_then(|joins| Framer::open(framing, self.format(), &mapping, joins, reader));
        match opened {
            Ok(framer) => Ok(Some((framer, Beside { open_rows, pulled }))),
            Err(error) => {
                tracing::error!(practice = self.practice.store.id(), folder = self.folder.channel, %error, "files wait");
                Ok(None)
            }
        }
    }

    /// Rows of joined files that cannot be read: charges of theirs are rejected, and this says why.
    fn tell_broken(&self, joins: &Joins) {
        let (practice, folder) = (self.practice.store.id(), self.folder.channel.as_str());
        let rows = u64::try_from(joins.broken()).unwrap_or(u64::MAX);
        if self.host.is_news(&format!("{practice}/{folder}/joined"), [rows, 0, 0, 0]) && rows > 0 {
            let words = "rows of joined files are left out: a quote in them is not closed, they do not fit their layout, the file's end may have cut them short, or a file has no key; correct them and send the file again, or say how its files end with last_line";
            tracing::warn!(practice, folder, rows, "{words}");
        }
    }

    /// Translates a batch and commits it. None where the adapter refuses the mapping: the files wait for a better one.
    pub(super) fn flush(&self, batch: &mut Batch, cuts: &mut Vec<FileCut>) -> Result<Option<u64>, HostError> {
        let mut batch = std::mem::take(batch).pending;
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
        let told = translated.into_iter().map(Told::of).collect::<StoreResult<Vec<_>>>()?;
        self.practice.store.write(|tx| -> Result<(), HostError> {
            let mut told = told.iter();
            for pending in &batch {
                match &pending.framed {
                    Framed::Problem(problem) => self.refuse(tx, pending, problem)?,
                    Framed::Frame(frame) => {
                        if let Some(told) = told.next() {
                            self.settle(tx, pending, frame, told)?;
                        }
                    }
                }
            }
            for FileCut { file_id, size, cut, ended } in cuts.iter() {
                tx.file_cut(*file_id, cut)?;
                match *ended {
                    true if cut.pieces == 0 => self.ignored_file(tx, *file_id, *size, "no-documents")?,
                    true => tx.file_framed(*file_id)?,
                    false => {}
                }
            }
            self.host.keep_plugin_log(tx)?;
            Ok(())
        })?;
        cuts.retain(|file| !file.ended);
        Ok(Some(count))
    }

    fn refuse(&self, tx: &Tx<'_>, pending: &Pending, problem: &FramingProblem) -> StoreResult<()> {
        let today = self.host.today();
        let Some(document_id) = pending.document_id else {
            return reject_new(tx, pending.file_id, pending.received_day, today, problem);
        };
        let before = self.status_of(tx, document_id)?;
        tx.set_document(document_id, DocumentStatus::Rejected, &problem.id, "", &detail(problem))?;
        tx.move_document(document_id, 0, &[problem.range])?;
        tx.close_work(None, ("document", document_id), today)?;
        self.tell(tx, document_id, before, DocumentStatus::Rejected, "")?;
        tx.open_work("document.rejected", ("document", document_id), today, 0, &problem.id)?;
        Ok(())
    }

    /// Gives one document its end. The row comes first, because events name it.
    fn settle(&self, tx: &Tx<'_>, pending: &Pending, frame: &Frame, told: &Told) -> Result<(), HostError> {
        let Told { status, reason, detail, events } = told;
        let mut status = *status;
        let of_visit = events.iter().any(|event| matches!(event, TheirEvent::Visit(_)));
        let marked = status == DocumentStatus::Translated && of_visit && frame.open_end.is_some();
        let reason = if marked { OPEN_END } else { reason };
        let digest = self.digest.as_str();
        let before = pending.document_id.map(|document_id| self.status_of(tx, document_id)).transpose()?;
        let document_id = match pending.document_id {
            Some(document_id) => {
                tx.set_document(document_id, status, reason, digest, detail)?;
                tx.move_document(document_id, frame.ordinal, &frame.ranges)?;
                document_id
            }
            None => tx.add_document(&NewDocument {
                file_id: pending.file_id,
                ordinal: frame.ordinal,
                ranges: &frame.ranges,
                status,
                reason,
                received_day: pending.received_day,
                plugin_digest: digest,
                detail,
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
            tx.open_work(kind, subject, self.host.today(), 0, reason)?;
        }
        if status == DocumentStatus::Translated {
            let mut known = Vec::new();
            let mut news = false;
            for event in events {
                let event = match event {
                    TheirEvent::Visit(event) => event,
                    TheirEvent::Expected(expected) => {
                        news |= capture::expect(tx, document_id, pending.received_day, expected)?;
                        continue;
                    }
                };
                let from = Source { document_id, day: pending.received_day, plugin_digest: digest, is_whole: !marked };
                let Some((visit_id, opened)) = add(tx, &from, event)? else {
                    continue;
                };
                news = true;
                if !known.contains(&visit_id) {
                    known.push(visit_id);
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

/// What an adapter said of one document, ready to be stored.
struct Told {
    status: DocumentStatus,
    reason: String,
    detail: serde_json::Value,
    events: Vec<TheirEvent>,
}

enum TheirEvent {
    Visit(Box<VisitEvent>),
    Expected(Box<ExpectedVisit>),
}

/// News of one visit with its digest, and written down.
struct VisitEvent {
    update: VisitUpdate,
    digest: [u8; 32],
    body: Encoded,
}

impl Told {
    fn of(translated: Translated) -> StoreResult<Self> {
        let translated = within_range(translated);
        let (status, reason, detail) = end_of(&translated);
        let Translated::Outcome(Outcome::Events(events)) = translated else {
            return Ok(Self { status, reason, detail, events: Vec::new() });
        };
        let events = events.into_iter().map(|event| match event {
            DocumentEvent::Visit(update) => Ok(TheirEvent::Visit(Box::new(VisitEvent {
                digest: event_digest(&update),
                body: Encoded::of("visit_event", &update)?,
                update,
            }))),
            DocumentEvent::Expected(expected) => Ok(TheirEvent::Expected(Box::new(expected))),
        });
        Ok(Self { status, reason, detail, events: events.collect::<StoreResult<_>>()? })
    }
}

/// Bytes of a file that are no document become a rejected one, and work.
pub(super) fn reject_new(
    tx: &Tx<'_>,
    file_id: u64,
    received_day: i64,
    today: i64,
    problem: &FramingProblem,
) -> StoreResult<()> {
    let document_id = tx.add_document(&NewDocument {
        file_id,
        ordinal: 0,
        ranges: &[problem.range],
        status: DocumentStatus::Rejected,
        reason: &problem.id,
        received_day,
        plugin_digest: "",
        detail: &detail(problem),
    })?;
    tx.open_work("document.rejected", ("document", document_id), today, 0, &problem.id)?;
    Ok(())
}

/// The body of a document that framing refuses.
fn detail(problem: &FramingProblem) -> serde_json::Value {
    json!({ "problems": [{
        "id": problem.id, "at": { "path": "file", "offset": problem.range.0 },
        "found": problem.found, "expected": problem.expected, "remedy": problem.remedy,
    }] })
}

/// An adapter's word, or the refusal of a document with an amount that nothing could add up.
fn within_range(translated: Translated) -> Translated {
    let Translated::Outcome(Outcome::Events(events)) = &translated else { return translated };
    let updates = events.iter().filter_map(|event| match event {
        DocumentEvent::Visit(update) => Some(update),
        DocumentEvent::Expected(_) => None,
    });
    let problems: Vec<Problem> = updates.filter_map(out_of_range).collect();
    if problems.is_empty() { translated } else { Translated::Outcome(Outcome::Rejected(problems)) }
}

/// Reason of a document that was not run, since its plugin has spent its fault budget.
pub(super) const WAITS_FOR_BUDGET: &str = "plugin.budget-spent";
/// Reason of a document that was not run, since its plugin is quarantined.
pub(super) const WAITS_FOR_RELEASE: &str = "plugin.quarantined";

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
            let reason = match fault {
                fault if fault.is_temporary() => WAITS_FOR_BUDGET,
                fault if fault.is_quarantine() => WAITS_FOR_RELEASE,
                _ => "plugin.fault",
            };
            (DocumentStatus::Parked, reason.to_owned(), json!({ "fault": fault.to_string() }))
        }
    }
}

/// The id a plugin gave, where it has the form of one: it is kept in the clear, and a guest may put anything there.
fn clear_id<'a>(id: &'a str, instead: &'a str) -> &'a str {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    let is_id = id.len() <= 64 && id.bytes().all(plain) && id.starts_with(|first: char| first.is_ascii_lowercase());
    if is_id { id } else { instead }
}

/// Where an update comes from.
struct Source<'a> {
    document_id: u64,
    day: i64,
    plugin_digest: &'a str,
    /// Nothing is open about the end of its document.
    is_whole: bool,
}

/// Adds one update to its visit: gives the visit, and whether it is a new one. None where the visit knows it: the same
/// charge in a new message changes nothing.
fn add(tx: &Tx<'_>, from: &Source<'_>, event: &VisitEvent) -> StoreResult<Option<(u64, bool)>> {
    let Source { document_id, day, plugin_digest, is_whole } = *from;
    let VisitEvent { update, digest, body } = event;
    let (visit_id, opened) = tx.visit_of(update, day, plugin_digest)?;
    let mut digest = *digest;
    if update.charges.iter().any(|charge| charge.id.is_empty() && charge.reverses.is_empty()) {
        // Without a key to trust, the same content in another document is a suspected repeat, which the fold holds.
        use sha2::Digest;
        digest = sha2::Sha256::new().chain_update(digest).chain_update(document_id.to_be_bytes()).finalize().into();
    }
    capture::visit_touched(tx, visit_id, update)?;
    let event = NewEvent { document_id, arrived_day: day, digest, update, body, opens: opened };
    if tx.add_event(visit_id, &event)? {
        return Ok(Some((visit_id, opened)));
    }
    if is_whole
        && let Some(told) = tx.document_of_event(visit_id, &digest)?
        && tx.document_is_whole(told)?
    {
        tx.look_again_at(visit_id)?;
    }
    // The same content again. It is news only where something in between, in the source's own order, took its charges back.
    let Some(digest) = charged_again(&tx.events(visit_id)?, &event) else { return Ok(None) };
    let added = tx.add_event(visit_id, &NewEvent { digest, ..event })?;
    Ok(added.then_some((visit_id, opened)))
}

/// The digest under which a charge counts again: told before, taken back since, and told once more.
fn charged_again(known: &[StoredEvent], event: &NewEvent<'_>) -> Option<[u8; 32]> {
    let order = |update: &VisitUpdate| (update.order.sequence, update.order.event_time.clone());
    let before = known.iter().find(|known| known.digest == event.digest)?;
    let (now, before) = (order(event.update), order(&before.update));
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
        let at = order(&known.update);
        at > before && at < now && known.digest != event.digest && touches(known)
    };
    known.iter().find(between)?;
    use sha2::Digest;
    let again = sha2::Sha256::new().chain_update(event.digest).chain_update(format!("{now:?}"));
    Some(again.finalize().into())
}
