//! Pieces of stored files on their way through an adapter: which of them have their document, and which go together.
//!
//! A file is cut from its beginning each time; how far it was done is kept with it, so that after a crash the pieces that
//! have a document are passed over.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};

use super::HostError;
use super::ingest::Intake;
use crate::intake::framing::{ByteRange, Frame, FramingProblem, Item};
use crate::store::document::{DocumentRow, format_ranges};
use crate::store::file::{CHUNK_BYTES, Cut, FileRow};
use crate::store::{PracticeStore, StoreError};

/// Bytes of documents that are translated and committed together: a large one goes with few others.
const BYTES_BATCH: usize = 4 << 20;

/// A document, or bytes that are none.
pub(super) enum Framed {
    Frame(Frame),
    Problem(FramingProblem),
}

impl Framed {
    /// None for bytes that belong to the file and to no document.
    pub(super) fn of(item: Item) -> Option<Self> {
        match item {
            Item::Frame(frame) => Some(Self::Frame(frame)),
            Item::Problem(problem) => Some(Self::Problem(problem)),
            Item::Gap(_) => None,
        }
    }

    pub(super) fn ranges(&self) -> &[ByteRange] {
        match self {
            Self::Frame(frame) => &frame.ranges,
            Self::Problem(problem) => std::slice::from_ref(&problem.range),
        }
    }

    /// What it is, for [`Cut::add`]: of a problem its id.
    pub(super) fn kind(&self) -> &str {
        match self {
            Self::Frame(_) => "",
            Self::Problem(problem) => &problem.id,
        }
    }

    /// Bytes it holds.
    fn size(&self) -> usize {
        match self {
            Self::Frame(Frame { content, related, .. }) => {
                content.len() + related.iter().map(|part| part.content.len()).sum::<usize>()
            }
            Self::Problem(_) => 0,
        }
    }
}

/// One of a batch.
pub(super) struct Pending {
    pub(super) file_id: u64,
    pub(super) received_day: i64,
    pub(super) framed: Framed,
    /// The document's row, where it is tried again.
    pub(super) document_id: Option<u64>,
}

/// Documents that are translated and committed together.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) pending: Vec<Pending>,
    bytes: usize,
}

impl Batch {
    pub(super) fn push(&mut self, pending: Pending) {
        self.bytes += pending.framed.size();
        self.pending.push(pending);
    }

    pub(super) fn is_full(&self, documents_max: usize) -> bool {
        self.pending.len() >= documents_max || self.bytes >= BYTES_BATCH
    }
}

/// How far a file is cut with the batch in hand, and whether that is all of it.
pub(super) struct FileCut {
    pub(super) file_id: u64,
    pub(super) size: u64,
    pub(super) cut: Cut,
    pub(super) ended: bool,
}

/// Pieces of a file that had their documents before a crash.
pub(super) enum Known {
    /// The first so many, cut as they are cut now.
    First(Cut),
    /// The file is cut otherwise now, by another mapping or another claimhost: kind and ranges of what has a document.
    These(HashSet<(String, String)>),
}

impl Known {
    /// Cuts the file up to where a crash left it and compares.
    pub(super) fn of(intake: &Intake<'_>, file: &FileRow) -> Result<Option<Self>, HostError> {
        let before = file.cut;
        if before.pieces == 0 {
            return Ok(Some(Self::First(before)));
        }
        let Some((framer, beside)) = intake.framer(file.file_id)? else { return Ok(None) };
        let mut now = Cut::default();
        for item in framer {
            let item = item.map_err(|source| HostError::Io { path: intake.folder.channel.clone().into(), source })?;
            let Some(framed) = intake.taken(item, file.file_id, &beside)? else { continue };
            now.add(framed.kind(), &format_ranges(framed.ranges()));
            if now.pieces == before.pieces {
                break;
            }
        }
        if now == before {
            return Ok(Some(Self::First(before)));
        }
        let rows = intake.practice.store.read(|tx| tx.documents_of_file(file.file_id))?;
        let kind = |row: &DocumentRow| if row.plugin_digest.is_empty() { row.reason.clone() } else { String::new() };
        Ok(Some(Self::These(rows.into_iter().map(|row| (kind(&row), row.ranges)).collect())))
    }

    /// Whether a piece has its document. `cut` is how far the file is cut with it.
    pub(super) fn has(&self, framed: &Framed, cut: &Cut) -> bool {
        match self {
            Self::First(before) => cut.pieces <= before.pieces,
            Self::These(rows) => rows.contains(&(framed.kind().to_owned(), format_ranges(framed.ranges()))),
        }
    }
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
    pub(super) fn new(store: &'a PracticeStore, file_id: u64) -> Self {
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
