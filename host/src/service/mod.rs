//! HTTP, metrics.
