//! Copies of the whole store: `backup` takes one while others write, `restore` puts one in its place; and the keys of practices
//! wrapped anew by another master key.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{MasterKey, PracticeKeys, SealError, StoreError, StoreResult, query, take};
use crate::private;

/// Copies the store at `from` into a new file, as it is at one moment; whoever writes meanwhile is not waited for and does not
/// wait. The copy holds the wrapped keys of practices, and not the master key.
///
/// # Errors
/// [`StoreError`]; [`StoreError::Io`] with `AlreadyExists` where the file is there.
pub fn backup(from: &Path, to: &Path) -> StoreResult<u64> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| StoreError::Io { path, source }
    };
    if to.exists() {
        return Err(io(to)(io::ErrorKind::AlreadyExists.into()));
    }
    let unfinished = beside(to, "part");
    drop(private::create(&unfinished).map_err(io(&unfinished))?);
    copy(from, &unfinished)?;
    File::open(&unfinished).and_then(|file| file.sync_all()).map_err(io(&unfinished))?;
    // A link fails where the name was taken meanwhile; a rename would replace it.
    fs::hard_link(&unfinished, to).map_err(io(to))?;
    fs::remove_file(&unfinished).map_err(io(&unfinished))?;
    sync_folder(to).map_err(io(to))?;
    Ok(fs::metadata(to).map_err(io(to))?.len())
}

/// All pages at once: one moment, whatever is written meanwhile.
fn copy(from: &Path, to: &Path) -> StoreResult<()> {
    let source = query::read_connection(from)?;
    let mut target = Connection::open(to)?;
    // One file is left, without a log beside it.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    rusqlite::backup::Backup::new(&source, &mut target)?.step(-1)?;
    target.pragma_update(None, "journal_mode", "DELETE")?;
    target.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// A copy that is about to take the store's place.
pub struct Restoring {
    path: PathBuf,
    unfinished: PathBuf,
    _lock: File,
}

impl Restoring {
    /// Copies a backup beside the store, which nobody may be using, so that it can be looked at first.
    ///
    /// # Errors
    /// [`StoreError::InUse`]; [`StoreError::Io`].
    pub fn begin(backup: &Path, path: &Path) -> StoreResult<Self> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            private::make_folder(folder).map_err(io)?;
        }
        let lock = private::touch(&path.with_extension("lock")).map_err(io)?;
        take(&lock, path)?;
        // The same extension for the lock: `Store::open_reader` asks for it.
        let unfinished = path.with_extension("restoring");
        drop(private::create(&unfinished).map_err(io)?);
        copy(backup, &unfinished)?;
        Ok(Self { path: path.to_owned(), unfinished, _lock: lock })
    }

    /// The copy.
    pub fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Puts the copy in the store's place. What was there is kept under the name that this gives.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn finish(self) -> StoreResult<Option<PathBuf>> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        File::open(&self.unfinished).and_then(|file| file.sync_all()).map_err(io)?;
        let mut kept = None;
        if self.path.exists() {
            let old = (1_u32..).map(|number| beside(&self.path, &format!("old-{number}"))).find(|old| !old.exists());
            for suffix in ["", "-wal", "-shm"] {
                let of = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
                if let Some(old) = &old
                    && of(&self.path).exists()
                {
                    fs::rename(of(&self.path), of(old)).map_err(io)?;
                }
            }
            kept = old;
        }
        fs::rename(&self.unfinished, &self.path).map_err(io)?;
        sync_folder(&self.path).map_err(io)?;
        Ok(kept)
    }

    /// Leaves the store as it was.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn abandon(self) -> StoreResult<()> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        fs::remove_file(&self.unfinished).map_err(io)
    }
}

/// Wraps the key of every practice with another master key, in one transaction. Works beside a process that has the store: it
/// has the keys themselves, which stay as they are. Returns how many.
///
/// # Errors
/// [`SealError::WrongMasterKey`], and nothing is changed; [`StoreError`].
pub fn rewrap(path: &Path, from: &MasterKey, to: &MasterKey) -> StoreResult<u64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let rows: Vec<(String, Vec<u8>)> = {
        let mut statement =
            transaction.prepare("SELECT practice_id, wrapped_key FROM practice ORDER BY practice_id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let mut count = 0;
    for (practice, wrapped) in rows {
        let wrapped = PracticeKeys::rewrap(from, to, &practice, &wrapped)?;
        transaction.execute("UPDATE practice SET wrapped_key = ?2 WHERE practice_id = ?1", (&practice, wrapped))?;
        count += 1;
    }
    transaction.commit()?;
    Ok(count)
}

/// Whether the master key opens every practice's key.
///
/// # Errors
/// [`SealError::WrongMasterKey`] names the first that it does not open.
pub fn opens(path: &Path, master: &MasterKey) -> StoreResult<()> {
    let connection = query::read_connection(path)?;
    let mut statement = connection.prepare("SELECT practice_id, wrapped_key FROM practice ORDER BY practice_id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (practice, wrapped): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        PracticeKeys::open(master, &practice, &wrapped).map_err(|error: SealError| StoreError::from(error))?;
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}.{suffix}", path.display()))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
