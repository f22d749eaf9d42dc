//! How documents arrive and are framed.
//!
//! `folder` finds files, `framing` cuts them into documents. Both know nothing of claims: what a document means is the
//! adapter's, and storing it is the store's.

pub mod folder;
pub mod framing;
