//! Files in: from a watched folder to the store, then to `archive/` beside it. Each is taken once, whatever a crash leaves.
//!
//! A row knows the file it was read from (name, time of change, inode, content) until that file is in the archive. What a
//! crash left in the inbox is recognised by it and only archived. A second delivery of the same file, after the first was
//! archived, is another file and is received again. A file that cannot be read waits and holds no other.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::HostError;
use super::crash::crash_point;
use super::host::Host;
use super::pace::Pace;
use crate::intake::folder::{self, Arrival, Opened};
use crate::store::file::{InInbox, Source, content_of};
use crate::store::{PracticeStore, StoreError, StoreResult, Tx};

/// Files stored in one transaction, at most; [`Pace`] bounds their bytes.
const FILES_BATCH: usize = 200;

/// A watched folder and whose it is.
pub(super) struct Inbox<'a> {
    pub(super) host: &'a Host,
    pub(super) store: &'a PracticeStore,
    /// Channel text of its files in the store.
    pub(super) channel: &'a str,
    pub(super) folder: &'a Path,
}

/// Files that stay where they are, by reason; they are counted, for their names are not for a log.
#[derive(Default)]
struct Waiting {
    unreadable: u64,
    changing: u64,
    not_archived: u64,
    why: Option<std::io::Error>,
}

impl Inbox<'_> {
    /// Stores what lies in the folder and archives it: first those that `first` says, then the others, by name. `stored` is
    /// told of each file in the transaction that stores it: its name, id and bytes.
    pub(super) fn take(
        &self,
        first: impl Fn(&str) -> bool,
        stored: impl Fn(&Tx<'_>, &Arrival, u64) -> StoreResult<()>,
    ) -> Result<(), HostError> {
        let found = folder::scan(self.folder).map_err(HostError::io(self.folder))?;
        let mut waiting = Waiting::default();
        let mut arrivals = self.finish_moves(found.files, &mut waiting)?;
        arrivals.retain(|arrival| self.host.is_settled(&arrival.path));
        arrivals.sort_by_key(|arrival| !first(&arrival.name));
        let mut rest = arrivals.as_slice();
        while !rest.is_empty() {
            self.host.check_stop()?;
            let sizes = rest.iter().take(FILES_BATCH).map(|arrival| arrival.size);
            let (batch, others) = rest.split_at(Pace::within(self.host.pace.stored_bytes, sizes));
            rest = others;
            let ids = self.store.write(|tx| -> Result<Vec<(u64, PathBuf)>, HostError> {
                let mut ids = Vec::with_capacity(batch.len());
                for arrival in batch {
                    if let Some(file_id) = self.store_one(tx, arrival, &mut waiting)? {
                        stored(tx, arrival, file_id)?;
                        ids.push((file_id, arrival.path.clone()));
                    }
                }
                Ok(ids)
            })?;
            if !ids.is_empty() {
                crash_point("after-store");
            }
            self.archive(ids, &mut waiting)?;
        }
        self.tell(found.odd, &waiting);
        Ok(())
    }

    /// None where it cannot be read, or changed meanwhile: it waits, and nothing of it is kept.
    fn store_one(&self, tx: &Tx<'_>, arrival: &Arrival, waiting: &mut Waiting) -> Result<Option<u64>, HostError> {
        let mut opened = match Opened::open(&arrival.path) {
            Ok(opened) => opened,
            Err(error) => {
                waiting.unreadable(error);
                return Ok(None);
            }
        };
        let source = source(&arrival.path, &opened);
        match tx.store_file(self.channel, Some(&source), self.host.today(), &mut opened.file) {
            Ok(file_id) if opened.is_unchanged().is_ok_and(|unchanged| unchanged) => Ok(Some(file_id)),
            Ok(file_id) => {
                waiting.changing += 1;
                tx.forget_file(file_id)?;
                Ok(None)
            }
            Err(StoreError::Io { source, .. }) => {
                waiting.unreadable(source);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Moves files to the archive and notes their names there.
    fn archive(&self, files: Vec<(u64, PathBuf)>, waiting: &mut Waiting) -> Result<(), HostError> {
        let mut archived = Vec::with_capacity(files.len());
        for (file_id, path) in files {
            match folder::archive(&path) {
                Ok(name) => archived.push((file_id, name)),
                Err(error) => {
                    waiting.not_archived += 1;
                    waiting.why.get_or_insert(error);
                }
            }
        }
        if archived.is_empty() {
            return Ok(());
        }
        crash_point("after-archive");
        Ok(self.store.write(|tx| -> StoreResult<()> {
            for (file_id, name) in &archived {
                tx.file_archived(*file_id, name.as_bytes())?;
            }
            Ok(())
        })?)
    }

    /// Archives what is stored already, and finds what was archived without a note. Gives the files that are new.
    fn finish_moves(&self, files: Vec<Arrival>, waiting: &mut Waiting) -> Result<Vec<Arrival>, HostError> {
        let mut left = self.store.read(|tx| tx.files_in_inbox(self.channel))?;
        if left.is_empty() {
            return Ok(files);
        }
        let (mut new, mut known) = (Vec::with_capacity(files.len()), Vec::new());
        for arrival in files {
            let name = arrival.path.file_name().unwrap_or_default().as_bytes().to_vec();
            match self.row_of(&arrival.path, &name, &left)? {
                Some(at) => known.push((left.swap_remove(at).file_id, arrival.path)),
                None => new.push(arrival),
            }
        }
        self.archive(known, waiting)?;
        for row in left {
            self.look_in_archive(row)?;
        }
        Ok(new)
    }

    /// Which of these rows was read from a file. None too where the file cannot be read.
    fn row_of(&self, path: &Path, name: &[u8], rows: &[InInbox]) -> Result<Option<usize>, HostError> {
        let Ok(mut opened) = Opened::open(path) else { return Ok(None) };
        if !rows.iter().any(|row| row.size_bytes == opened.size) {
            return Ok(None);
        }
        let Ok(content) = content_of(&mut opened.file) else { return Ok(None) };
        let source = Source { name: name.to_vec(), ..source(path, &opened) };
        Ok(self.store.read(|tx| -> StoreResult<Option<usize>> {
            Ok(rows.iter().position(|row| tx.is_source(row, self.channel, &source, &content)))
        })?)
    }

    /// A stored file whose original has left the inbox: it is in the archive, or somebody took it away.
    fn look_in_archive(&self, row: InInbox) -> Result<(), HostError> {
        let file_id = row.file_id;
        let name = self.store.read(|tx| tx.file_source_name(file_id))?;
        let archive = self.folder.join(folder::ARCHIVE);
        let rows = [row];
        for archived in folder::archived(&archive, OsStr::from_bytes(name.expose())) {
            if self.row_of(&archive.join(&archived), name.expose(), &rows)?.is_some() {
                return Ok(self.store.write(|tx| tx.file_archived(file_id, archived.as_bytes()))?);
            }
        }
        Ok(self.store.write(|tx| tx.file_gone(file_id))?)
    }

    /// Logs what waits, by counts, whenever they change: a folder is looked at every few seconds.
    fn tell(&self, odd: u64, waiting: &Waiting) {
        let (practice, folder) = (self.store.id(), self.channel);
        let Waiting { unreadable, changing, not_archived, why } = waiting;
        if !self.host.is_news(&format!("{practice}/{folder}"), [*unreadable, *changing, *not_archived, odd]) {
            return;
        }
        let error = why.as_ref().map(ToString::to_string).unwrap_or_default();
        if *unreadable > 0 {
            let words = "files cannot be read and wait: give the user of claimhost the right to read them";
            tracing::error!(practice, folder, files = unreadable, error, "{words}");
        }
        if *not_archived > 0 {
            let words =
                "files are stored and cannot be moved to archive/: give the user of claimhost the right to write there";
            tracing::error!(practice, folder, files = not_archived, error, "{words}");
        }
        if *changing > 0 {
            tracing::warn!(practice, folder, files = changing, "files are still being written and wait");
        }
        if odd > 0 {
            let words = "folders, dead links or devices among the files are left alone: remove them";
            tracing::warn!(practice, folder, entries = odd, "{words}");
        }
    }
}

impl Waiting {
    fn unreadable(&mut self, error: std::io::Error) {
        // Gone since the folder was listed: whoever took it away has it.
        if error.kind() != std::io::ErrorKind::NotFound {
            self.unreadable += 1;
            self.why.get_or_insert(error);
        }
    }
}

fn source(path: &Path, opened: &Opened) -> Source {
    let name = path.file_name().unwrap_or_default().as_bytes().to_vec();
    Source { name, changed_ns: opened.changed_ns, inode: opened.inode }
}
