//! How documents arrive and are framed.
