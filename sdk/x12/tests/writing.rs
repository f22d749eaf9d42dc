//! Writing: refusals name their place, and a file written again is the file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_x12::*;

const CLAIMS: &str = include_str!("fixtures/837p_three_claims.edi");

#[test]
fn the_writer_refuses_what_would_break_the_file() {
    let mut out = SegmentWriter::new(Delimiters::STANDARD);
    out.segment("REF").text("EI").text("1").end().unwrap();
    for (value, refusal) in [
        ("A*B", Refusal::Delimiter),
        ("A~", Refusal::Delimiter),
        ("A:B", Refusal::Delimiter),
        ("^", Refusal::Delimiter),
        ("A\nB", Refusal::ControlCharacter),
        ("JOSÉ", Refusal::OutsideCharacterSet),
    ] {
        assert_eq!(check_text(value, &Delimiters::STANDARD), Err(refusal));
        let error = out.segment("NM1").text("IL").composite(&["X", value]).end().unwrap_err();
        assert_eq!((error.ordinal, error.element, error.component, error.refusal), (2, 2, Some(2), refusal));
        assert!(!error.to_string().contains(value));
    }
    assert!(out.segment("nm1").end().is_err());
    let dropped = out.segment("NM1").text("IL");
    drop(dropped);
    out.segment("NM1").text("IL").skip(3).end().unwrap();
    assert_eq!(out.as_bytes(), b"REF*EI*1~NM1*IL~");
    assert_eq!(fold_accents("José Muñoz-Groß"), "Jose Munoz-Gross");
}

#[test]
fn an_envelope_counts_for_itself() {
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let isa = IsaFields {
        authorization: pair("00", ""),
        security: pair("00", ""),
        sender: pair("ZZ", "HARBORCLINIC"),
        receiver: pair("ZZ", "NORTHCLEAR"),
        date: "260105".into(),
        time: "0910".into(),
        control_number: 41,
        acknowledgement_requested: true,
        test: true,
    };
    let gs = GsFields {
        functional_id: "HC".into(),
        sender: "HARBORCLINIC".into(),
        receiver: "NORTHCLEAR".into(),
        date: "20260105".into(),
        time: "0910".into(),
        control_number: 41,
        version: "005010X222A1".into(),
    };
    // The fixture is written again, segment by segment, and comes out byte for byte.
    let source = Transmission::read(CLAIMS.as_bytes());
    let (_, _, transaction) = source.transactions().next().unwrap();
    let mut envelope = Envelope::begin_in(&isa, SegmentWriter::new(Delimiters::STANDARD).with_line_ends()).unwrap();
    assert!(envelope.begin_transaction("837", "0041", "").is_err());
    envelope.begin_group(&gs).unwrap();
    envelope.begin_transaction("837", "0041", "005010X222A1").unwrap();
    assert!(envelope.end_group().is_err());
    for segment in transaction.segments().filter(|s| !s.is("ST") && !s.is("SE")) {
        envelope.segments().copy(&segment).unwrap();
    }
    assert_eq!(envelope.end_transaction(), Ok(39));
    envelope.end_group().unwrap();
    assert_eq!(String::from_utf8(envelope.finish().unwrap()).unwrap(), CLAIMS);
    let long = IsaFields { sender: pair("ZZ", "SIXTEEN CHARACTER"), ..isa };
    assert_eq!(Envelope::begin(&long, Delimiters::STANDARD).unwrap_err().refusal, Refusal::TooLong);
}
