//! TA1, the answer to an interchange as such.

use super::{Body, Envelope, isa};
use crate::reader::Header;

/// Writes the interchange that holds only a TA1. `note` is TA105; 000 accepts.
pub fn write(envelope: &Envelope, header: &Header, note: &str) -> String {
    let mut out = Body::default();
    out.text.push_str(&isa(envelope));
    let control = if header.control.is_empty() { "000000000" } else { &header.control };
    let date = if header.date.is_empty() { "000101" } else { &header.date };
    let time = if header.time.is_empty() { "0000" } else { &header.time };
    out.add(&["TA1", control, date, time, if note == "000" { "A" } else { "R" }, note]);
    out.add(&["IEA", "0", &format!("{:09}", envelope.control)]);
    out.text
}
