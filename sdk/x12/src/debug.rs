//! `Debug` of everything that holds bytes of a file or names and ids of people: place, kind and size, never the text.
//!
//! Derived `Debug` ends in logs and panics by accident. What else is derived holds amounts, codes, counts and our own
//! claim ids.

use std::fmt;

use crate::ack999::{Context, ElementError};
use crate::eligibility::{Inquiry, InquiryPerson, Member, Written};
use crate::frames::ClaimFrames;
use crate::frames_split::Splitter;
use crate::frames_stream::{ClaimFrameStream, StreamedFrame};
use crate::reading::{Party, Reference};
use crate::segment::{Element, Elements, Segment, Segments};
use crate::transmission::Transaction;
use crate::writer::{SegmentBuilder, SegmentWriter};

macro_rules! discreet {
    ($($type:ty: |$it:ident| $format:literal, $($value:expr),+;)+) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $it = self;
                write!(f, concat!(stringify!($type), "(", $format, ")"), $($value),+)
            }
        }
    )+};
}

discreet! {
    Segment<'_>: |s| "{}, {} bytes", s.place(), s.bytes.len();
    Element<'_>: |e| "{} bytes", e.bytes.len();
    Elements<'_>: |e| "{} left", e.clone().count();
    Segments<'_>: |s| "at byte {}", s.position();
    Transaction<'_>: |t| "{}, bytes {:?}, {} segments, closed {}", crate::problem::shape(t.kind.as_bytes()), t.range, t.segment_count, t.closed;
    ClaimFrames<'_>: |c| "file of {} bytes", c.file_len();
    StreamedFrame: |s| "{:?}, {} bytes", s.frame, s.bytes.len();
    ClaimFrameStream: |s| "{} bytes buffered", s.buffered();
    Splitter: |s| "{} waiting", s.out.len();
    SegmentWriter: |w| "{} segments, {} bytes", w.ordinal(), w.offset();
    SegmentBuilder<'_>: |b| "{}", b.id();
    Reference: |r| "{}, {} bytes", crate::problem::SegmentId::new(r.qualifier.as_bytes()), r.value.len();
    Inquiry: |i| "for {:?}, dependent {}", i.day, i.dependent.is_some();
    InquiryPerson: |p| "birth date {}", p.birth_date.is_some();
    Written: |w| "{} bytes, {:?}", w.bytes.len(), w.places;
    Member: |m| "dependent {}, status {}, {} traces, {:?}", m.is_dependent, crate::problem::shape(m.status.as_bytes()), m.traces.len(), m.rejections;
    Party: |p| "{}, {}", crate::problem::SegmentId::new(p.entity.as_bytes()), p.place;
    Context: |c| "{:?} {:?} {:?} {:?}", crate::problem::shape(c.name.as_bytes()), c.position, c.element, c.component;
    ElementError: |e| "{}-{:?}-{:?}, code {}", e.element, e.component, e.repeat, crate::problem::shape(e.code.as_bytes());
}

#[cfg(test)]
mod tests {
    #[test] // a derived Debug creeping back in would print the patient
    fn no_value_of_a_file_shows() {
        let file = include_bytes!("../tests/fixtures/835_two_payments.edi");
        let claims = include_bytes!("../tests/fixtures/837p_three_claims.edi");
        let transmission = crate::Transmission::read(file);
        let segments: Vec<_> = transmission.transactions().flat_map(|(_, _, t)| t.segments()).collect();
        let elements: Vec<_> = segments.iter().map(|s| (s.element(3), s.elements())).collect();
        let readings = crate::remittance::read(file);
        let tree = crate::claim_ack::read(include_bytes!("../tests/fixtures/277ca_tree.edi"));
        let ack = crate::ack999::read(include_bytes!("../tests/fixtures/999_mixed.edi"));
        let mut stream = crate::ClaimFrameStream::new();
        stream.feed(claims);
        let frames: Vec<_> = std::iter::from_fn(|| stream.next_frame()).collect();
        let whole = crate::ClaimFrames::new(claims);
        let text =
            format!("{transmission:?}{segments:?}{elements:?}{readings:?}{tree:?}{ack:?}{frames:?}{stream:?}{whole:?}");
        for value in ["QUILL", "ADA", "REED", "TOMAS", "IVY", "M0001", "M0002", "19800203", "BADNPI", "GRP9"] {
            assert!(!text.contains(value), "{value}");
            assert!(!text.contains(&format!("{:?}", value.as_bytes()).replace(['[', ']'], "")), "{value} as numbers");
        }
    }
}
