//! Facts, the state fold, and the pipeline that drives it.
