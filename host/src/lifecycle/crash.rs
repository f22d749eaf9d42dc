//! Moments at which a crash would be hardest: between a commit and what follows it outside the store.

use std::sync::atomic::{AtomicU32, Ordering};

/// The variable that a test sets: a name, or `name:3` for the third time that this moment is reached.
const CRASH_AT: &str = "CLAIMHOST_CRASH_AT";

/// Times that the moment of the variable was reached.
static REACHED: AtomicU32 = AtomicU32::new(0);

/// Ends the process where the environment asks for it, as `kill -9` would. In the order of a turn:
///
/// - `after-store`: files are stored, their originals are in the inbox
/// - `after-archive`: they are in `archive/`, the store does not know it
/// - `mid-file`: some documents of a file have their end, others not
/// - `mid-answer`: some transactions of an answer are applied, others not
/// - `before-rename`: an 837 is committed, and not in the outbox
/// - `after-rename`: it is in the outbox, the store does not know it
/// - `after-remove`: a file past its `transport_days` is removed, the store does not know it
///
/// Where a listener takes:
///
/// - `after-receive`: what a sender has sent is committed, and its sender is not told
///
/// Where an EHR is told what payers decided:
///
/// - `post-written`: a file is committed, and nothing of it is in the folder
/// - `post-staged`: it is in the folder under its hidden name, and the store knows it
/// - `post-renamed`: it has its name, the store does not know it
///
/// Where a source is pulled:
///
/// - `before-pulled`: a page has come, nothing of it is stored
/// - `after-pulled`: its documents are stored with the cursor behind them, and nothing after them was asked for
///
/// While the master key is rotated:
///
/// - `key-next`: the next key is on the disk, nothing is wrapped by it
/// - `key-wrapped`: practices are wrapped by it, the key file has the old one
/// - `key-old`: the old key is kept beside it too
/// - `key-renamed`: the key file has the new key, the old one is still beside it
///
/// While a backup is restored:
///
/// - `restore-copied`: the copy lies beside the store, verified
/// - `restore-kept`: the store has its second name too
/// - `restore-placed`: the copy has the store's place
pub(crate) fn crash_point(name: &str) {
    let Some(asked) = std::env::var_os(CRASH_AT) else { return };
    let asked = asked.to_string_lossy();
    let (moment, times) = asked.split_once(':').unwrap_or((&asked, "1"));
    if moment == name && REACHED.fetch_add(1, Ordering::Relaxed) + 1 == times.parse().unwrap_or(1) {
        std::process::abort();
    }
}
