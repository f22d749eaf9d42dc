//! Copies of the whole store: `backup` takes one while others write, `restore` puts one in its place; and the keys of practices
//! wrapped anew by another master key.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{LOCK_PATIENCE, MasterKey, PracticeKeys, SealError, StoreError, StoreResult, query, take};
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

/// Extension of a copy that is about to take the store's place, and what the name of a store that was kept goes on with.
const RESTORING: &str = "restoring";
const OLD: &str = "old-";
/// What SQLite keeps beside a store's file while it is open, and a crash leaves there.
const LOGS: [&str; 2] = ["-wal", "-shm"];
/// Between two attempts to have the store alone.
const PAUSE: Duration = Duration::from_millis(50);

/// What a restore has left beside the place of a store that is not there: to begin an empty one would count control numbers from 1
/// again.
pub(super) fn unfinished_restore(path: &Path) -> io::Result<Option<PathBuf>> {
    if fs::metadata(path).is_ok_and(|store| store.len() > 0) {
        return Ok(None);
    }
    let restoring = path.with_extension(RESTORING);
    if restoring.exists() {
        return Ok(Some(restoring));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kept = format!("{name}.{OLD}");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder_of(path))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&kept) {
            found.push(entry.path());
        }
    }
    Ok(found.into_iter().min())
}

/// Takes what is in the log of a store into its file, and leaves no log; a damaged store is left as it is.
fn in_one_file(path: &Path) -> StoreResult<()> {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, NotADatabase};
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let started = Instant::now();
    while started.elapsed() < LOCK_PATIENCE {
        let connection = Connection::open_with_flags(path, flags)?;
        // What cannot be read stays beside what it belongs to: closing would remove it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        match connection.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "delete" => return Ok(()),
            Ok(_) => {} // as it was: somebody looks at it
            Err(error) => match error.sqlite_error_code() {
                Some(DatabaseBusy | DatabaseLocked) => {}
                Some(DatabaseCorrupt | NotADatabase) => return Ok(()),
                _ => return Err(error.into()),
            },
        }
        drop(connection);
        std::thread::sleep(PAUSE);
    }
    Err(StoreError::InUse { path: path.to_owned() })
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
        let unfinished = path.with_extension(RESTORING);
        drop(private::create(&unfinished).map_err(io)?);
        if let Err(error) = copy(backup, &unfinished) {
            fs::remove_file(&unfinished).map_err(io)?;
            return Err(error);
        }
        Ok(Self { path: path.to_owned(), unfinished, _lock: lock })
    }

    /// The copy.
    pub fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Keeps the store that is there under another name too, whole in one file; gives that name. Nobody has to be able to read it: a
    /// damaged store is what a backup is for.
    ///
    /// # Errors
    /// [`StoreError::InUse`] where somebody still looks at it; [`StoreError::Io`].
    pub fn keep(&self) -> StoreResult<Option<PathBuf>> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        let is_there = self.path.exists();
        if !is_there && !LOGS.iter().any(|log| with(&self.path, log).exists()) {
            return Ok(None);
        }
        if is_there {
            in_one_file(&self.path)?;
        }
        let old = self.free_name().map_err(io)?;
        if is_there && !old.exists() {
            fs::hard_link(&self.path, &old).map_err(io)?;
        }
        // Of a damaged store, or of one that is gone: beside the copy they would be taken for its own.
        for log in LOGS.into_iter().filter(|log| with(&self.path, log).exists()) {
            fs::rename(with(&self.path, log), with(&old, log)).map_err(io)?;
        }
        sync_folder(&self.path).map_err(io)?;
        Ok(Some(old))
    }

    /// A name that nothing has yet, or the one that a restore has given this very store before it was interrupted.
    fn free_name(&self) -> io::Result<PathBuf> {
        use std::os::unix::fs::MetadataExt;
        let inode = |path: &Path| fs::metadata(path).ok().map(|of| (of.dev(), of.ino()));
        let store = inode(&self.path);
        let mut names = (1_u32..).map(|number| beside(&self.path, &format!("{OLD}{number}")));
        let free = names.find(|old| match inode(old) {
            None => LOGS.iter().all(|log| !with(old, log).exists()),
            known => known == store,
        });
        free.ok_or_else(|| io::ErrorKind::AlreadyExists.into())
    }

    /// Puts the copy in the store's place, in one step: whatever happens, one of the two is there.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn finish(self) -> StoreResult<()> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        File::open(&self.unfinished).and_then(|file| file.sync_all()).map_err(io)?;
        fs::rename(&self.unfinished, &self.path).map_err(io)?;
        sync_folder(&self.path).map_err(io)
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
    with(path, &format!(".{suffix}"))
}

/// The same name with this at its end.
fn with(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}
