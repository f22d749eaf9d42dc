//! How documents arrive and are framed.
//!
//! `folder` finds files, `mllp` cuts connections into messages and says what their senders are answered, `framing` cuts what was
//! stored into documents. None of them knows claims: what a document means is the adapter's, and storing it is the store's.

pub mod folder;
pub mod framing;
pub mod mllp;
