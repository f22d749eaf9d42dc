//! stub
use super::host::{Host, Practice};
use super::HostError;
pub(super) fn take(_: &Host, _: &Practice) -> Result<u64, HostError> { Ok(0) }
