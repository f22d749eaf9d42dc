//! The write-ahead log into the store's file, beside the writers. Without this it is the commit that fills the log which copies all of it,
//! and a listener's sender waits for that.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use rusqlite::Connection;

use super::{Inner, Store, StoreError, StoreResult};

/// Pages of the log with which a commit copies them, where nobody does it beside: pages of look-up values change again and again, and
/// each checkpoint writes them once.
pub(super) const PAGES: i64 = 16_000;
/// The same where somebody does: readers held the log.
const PAGES_BESIDE: i64 = 8 * PAGES;
/// How often the log is looked at.
const PAUSE: Duration = Duration::from_millis(250);
/// Pages from which the log is to begin anew: else it only grows.
const BEGIN_ANEW: i64 = PAGES / 2;

/// Copies the log as long as this is kept.
pub struct Checkpoints {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Store {
    /// Copies the write-ahead log beside the writers from now on.
    ///
    /// # Errors
    /// [`StoreError`]: no connection, no thread.
    pub fn checkpoint_beside(&self) -> StoreResult<Checkpoints> {
        let inner = Arc::clone(&self.inner);
        let own = Connection::open(&inner.path)?;
        own.pragma_update(None, "synchronous", "FULL")?;
        let (stop, stopped) = bounded(1);
        let thread = std::thread::Builder::new().name("checkpoints".to_owned());
        let thread = thread.spawn(move || run(&inner, &own, &stopped));
        let thread = thread.map_err(|source| StoreError::Io { path: self.path().to_owned(), source })?;
        Ok(Checkpoints { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(inner: &Inner, own: &Connection, stopped: &Receiver<()>) {
    let mut failing = inner.connection.lock().pragma_update(None, "wal_autocheckpoint", PAGES_BESIDE).is_err();
    while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        let copied = copy(inner, own);
        if let Err(error) = &copied
            && !failing
        {
            tracing::warn!(%error, "the store's log cannot be copied beside the writers; it is copied by one of them");
        }
        failing = copied.is_err();
    }
    let _ = inner.connection.lock().pragma_update(None, "wal_autocheckpoint", PAGES);
}

/// Copies what there is while others write. What they wrote meanwhile is little: with that copied while nobody writes, the next write
/// begins the log anew.
fn copy(inner: &Inner, own: &Connection) -> rusqlite::Result<()> {
    let (log, copied) = passive(own)?;
    if log > BEGIN_ANEW && copied < log {
        passive(&inner.connection.lock())?;
    }
    Ok(())
}

/// Copies what no reader holds back, without waiting for anybody. Gives the pages of the log, and how many of them are copied.
fn passive(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| Ok((row.get(1)?, row.get(2)?)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Instant;

    use super::*;
    use crate::store::MasterKey;

    /// Practices in the store's file alone, as it is without its log.
    fn in_file(path: &Path) -> i64 {
        let alone = tempfile::tempdir().unwrap();
        let copy = alone.path().join("alone.db");
        std::fs::copy(path, &copy).unwrap();
        let connection = Connection::open(copy).unwrap();
        connection.query_row("SELECT COUNT(*) FROM practice", [], |row| row.get(0)).unwrap_or(0)
    }

    fn pages(store: &Store) -> i64 {
        store.inner.connection.lock().query_row("PRAGMA wal_autocheckpoint", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn what_is_committed_comes_into_the_file_beside_the_writers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = Store::open(&path, MasterKey::generate().unwrap()).unwrap();
        let beside = store.checkpoint_beside().unwrap();
        store.practice("oak").unwrap();
        let since = Instant::now();
        while in_file(&path) < 1 {
            assert!(since.elapsed() < Duration::from_secs(60), "nothing is copied");
            std::thread::sleep(PAUSE);
        }
        assert_eq!(pages(&store), PAGES_BESIDE);
        // It ends while somebody writes, and the commits copy the log again.
        let more = store.practice("elm").unwrap();
        more.write(|_| Ok::<(), StoreError>(())).unwrap();
        drop(beside);
        assert_eq!(pages(&store), PAGES);
        assert_eq!(more.read(|tx| tx.highest("visit", "visit_id")).unwrap(), 0);
    }
}
