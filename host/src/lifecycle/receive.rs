//! Bytes in from listeners: messages of MLLP connections and uploads, to stored files, before their senders are answered.
//!
//! What listeners bring becomes files of the same kind as those of watched folders, in one transaction for all that waits;
//! the next turn cuts and translates them as it does any file. Their originals lie nowhere else.

use std::io::Read;

use super::HostError;
use super::crash::crash_point;
use super::host::Host;
use super::ingest;
use crate::config::Route;
use crate::intake::framing::FramingProblem;
use crate::intake::mllp::in_block;
use crate::store::{PracticeStore, StoreResult, Tx};

/// Where the documents of one listener or feed go.
#[derive(Clone)]
pub(crate) struct Receiver {
    store: PracticeStore,
    /// Channel text of its files in the store.
    channel: String,
}

/// What one listener has brought.
pub(crate) struct Received<'a> {
    /// The listener's.
    pub(crate) receiver: &'a Receiver,
    /// Contents of whole blocks.
    pub(crate) messages: Vec<&'a [u8]>,
    /// Bytes that are kept as rejected documents, and why.
    pub(crate) refused: Vec<(&'a [u8], &'a FramingProblem)>,
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uploaded {
    /// It is stored, now or under this key before: the file's id.
    Stored(u64),
    /// The key stands for other bytes.
    OtherBytes,
}

/// An upload, before it is stored.
pub(crate) struct Upload<'a> {
    /// What its sender calls it.
    pub(crate) key: Option<&'a str>,
    /// The first day whose keys are still remembered.
    pub(crate) keys_since: i64,
    /// SHA-256 of its bytes.
    pub(crate) content: [u8; 32],
    /// Its bytes.
    pub(crate) body: &'a mut dyn Read,
}

impl Host {
    /// Where the documents of a listener or feed go; none where its practice is not configured.
    pub(crate) fn receiver(&self, route: &Route<'_>) -> Option<Receiver> {
        let store = self.practice_store(route.practice)?;
        Some(Receiver { store, channel: route.channel() })
    }
}

/// Stores everything that listeners have brought, in one transaction. When this answers `Ok`, it is on the disk.
pub(crate) fn store_messages(day: i64, received: &[Received<'_>]) -> Result<(), HostError> {
    let Some(first) = received.first() else { return Ok(()) };
    first.receiver.store.write(|tx| -> StoreResult<()> {
        for Received { receiver, messages, refused } in received {
            let tx = tx.tenant(&receiver.store);
            if !messages.is_empty() {
                let blocks: Vec<u8> = messages.iter().flat_map(|content| in_block(content)).collect();
                tx.store_file(&receiver.channel, None, day, &mut blocks.as_slice())?;
            }
            for (bytes, problem) in refused {
                store_refused(&tx, &receiver.channel, day, bytes, problem)?;
            }
        }
        Ok(())
    })?;
    crash_point("after-receive");
    Ok(())
}

/// A file of its own, with the one rejected document that it is: nothing reads it as a message. A person sees it.
fn store_refused(tx: &Tx<'_>, channel: &str, day: i64, mut bytes: &[u8], problem: &FramingProblem) -> StoreResult<()> {
    let file_id = tx.store_file(&format!("{channel}:refused"), None, day, &mut bytes)?;
    ingest::reject_new(tx, file_id, day, day, problem)?;
    tx.file_framed(file_id)
}

/// Stores an upload. When this answers `Ok`, it is on the disk.
pub(crate) fn store_upload(receiver: &Receiver, day: i64, upload: Upload<'_>) -> Result<Uploaded, HostError> {
    let Upload { key, keys_since, content, body } = upload;
    let channel = receiver.channel.as_str();
    let uploaded = receiver.store.write(|tx| -> StoreResult<Uploaded> {
        tx.forget_upload_keys(keys_since)?;
        if let Some(known) = key.map(|key| tx.upload_of_key(channel, key)).transpose()?.flatten() {
            let same = tx.is_upload(&known, &content);
            return Ok(if same { Uploaded::Stored(known.file_id) } else { Uploaded::OtherBytes });
        }
        let file_id = tx.store_file(channel, None, day, body)?;
        if let Some(key) = key {
            tx.add_upload_key(channel, key, &content, file_id, day)?;
        }
        Ok(Uploaded::Stored(file_id))
    })?;
    crash_point("after-receive");
    Ok(uploaded)
}
