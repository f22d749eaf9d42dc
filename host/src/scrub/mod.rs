//! Standard edits.
