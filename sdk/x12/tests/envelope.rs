//! Envelope and claim framing over hand-written files of invented practices, whole and damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_x12::*;

const CLAIMS: &str = include_str!("fixtures/837p_three_claims.edi");
const ACK: &str = include_str!("fixtures/999_mixed.edi");
const TREE: &str = include_str!("fixtures/277ca_tree.edi");
const REMITTANCE: &str = include_str!("fixtures/835_two_payments.edi");

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{:?} {p}", p.kind)).collect::<Vec<_>>().join("\n")
}

fn problems(file: &str) -> String {
    lines(&Transmission::read(file.as_bytes()).problems)
}

#[test]
fn the_fixtures_are_sound() {
    for file in [CLAIMS, ACK, TREE, REMITTANCE] {
        assert_eq!(problems(file), "");
    }
}

#[test] // one damage at a time: each is located, and what is around it is still listed
fn damage_is_located() {
    let damaged = [
        ("wrong SE01", CLAIMS.replace("SE*39*", "SE*38*")),
        ("wrong SE02", CLAIMS.replace("SE*39*0041", "SE*39*0099")),
        ("SE02 other zeros", CLAIMS.replace("SE*39*0041", "SE*39*41")),
        ("wrong GE", CLAIMS.replace("GE*1*41", "GE*2*42")),
        ("wrong IEA", CLAIMS.replace("IEA*1*000000041", "IEA*x*000000040")),
        ("no SE", CLAIMS.replace("SE*39*0041~\n", "")),
        ("no IEA", CLAIMS.replace("IEA*1*000000041~\n", "")),
        ("cut in a claim", CLAIMS[..CLAIMS.find("SV1*HC:99212").unwrap() + 8].to_owned()),
        ("data after IEA", format!("{CLAIMS}GS*HC~")),
        ("two files", format!("{CLAIMS}{ACK}")),
        ("prose first", format!("Dear practice,\n{CLAIMS}")),
        ("no ISA", CLAIMS[CLAIMS.find("GS*").unwrap()..].to_owned()),
        ("empty", String::new()),
        ("lost terminator", CLAIMS.replace("N3*1 PIER ROAD~\n", "N3*1 PIER ROAD ")),
        ("blank segment", CLAIMS.replace("BHT*", "~ BHT*")),
        ("id with data", CLAIMS.replace("REF*EI", "QUILL ADA*EI")),
        ("IEA unterminated", CLAIMS.replace("IEA*1*000000041~\n", "IEA*1*000000041")),
    ];
    let report: Vec<String> = damaged
        .iter()
        .map(|(name, file)| {
            let t = Transmission::read(file.as_bytes());
            let found: Vec<String> =
                t.transactions().map(|(_, _, t)| format!("{}/{}", t.kind, t.segment_count)).collect();
            format!("## {name}: {}\n{}", found.join(" "), lines(&t.problems))
        })
        .collect();
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn tolerates_line_end_terminators_and_byte_order_marks() {
    for file in [
        CLAIMS.replace("~\n", "\n"),
        CLAIMS.replace("~\n", "\r\n"),
        CLAIMS.replace('\n', "\r\n"),
        CLAIMS.replace("~\n", "~"),
        format!("\u{feff}{CLAIMS}\n\n\u{1a}"),
        CLAIMS.replace('*', "\u{1d}").replace('~', "\u{1c}"),
    ] {
        assert_eq!(problems(&file), "");
        assert_eq!(ClaimFrames::new(file.as_bytes()).filter(|f| f.is_ok()).count(), 3);
    }
    let latin: Vec<u8> = CLAIMS.bytes().map(|b| if b == b'*' { 0xd6 } else { b }).collect();
    assert_eq!(ClaimFrames::new(&latin).filter(|f| f.is_ok()).count(), 3);
}

#[test]
fn a_claim_frame_holds_its_parents_and_no_others() {
    let frames: Vec<ClaimFrame> = ClaimFrames::new(CLAIMS.as_bytes()).map(|f| f.unwrap()).collect();
    assert_eq!(frames.len(), 3);
    let text = |n: usize| String::from_utf8(frames[n].bytes(CLAIMS.as_bytes())).unwrap();
    for n in 0..3 {
        for segment in ["ISA*", "GS*HC", "ST*837", "BHT*", "NM1*41", "NM1*40", "HL*1**20", "NM1*85"] {
            assert_eq!(text(n).matches(segment).count(), 1, "{segment} in {n}");
        }
        assert_eq!(text(n).matches("CLM*").count(), 1);
        assert!(!text(n).contains("SE*") && !text(n).contains("IEA*"));
    }
    assert!(text(0).contains("HC0001") && text(0).contains("QUILL") && text(0).ends_with("20260103~"));
    assert!(text(1).contains("HC0002") && text(1).contains("QUILL") && !text(1).contains("REED"));
    assert!(
        text(2).contains("HC0003")
            && text(2).contains("TOMAS")
            && text(2).contains("IVY")
            && !text(2).contains("QUILL")
    );
    // The first is one stretch of the file, the second leaves a claim out, the third two claims and a loop.
    assert_eq!(frames.iter().map(|f| f.ranges.len()).collect::<Vec<_>>(), [1, 2, 2]);
    for (n, frame) in frames.iter().enumerate() {
        assert_eq!((frame.ordinal as usize, frame.implementation.as_str()), (n + 1, "005010X222A1"));
        let in_frame = text(n).find("CLM*").unwrap() as u64;
        assert_eq!(frame.file_offset(in_frame), Some(frame.clm.offset));
        assert_eq!(frame.file_offset(frame.len() as u64), None);
    }
}

#[test]
fn the_framer_says_what_it_does_not_take() {
    let report = |file: &str, ceiling: usize| {
        let items: Vec<String> = ClaimFrames::with_ceiling(file.as_bytes(), ceiling)
            .map(|item| match item {
                Ok(frame) => format!("claim {} {:?}", frame.ordinal, frame.doubts),
                Err(p) => format!("{:?} {p}", p.kind),
            })
            .collect();
        items.join("\n")
    };
    let no_claims = CLAIMS.replace("CLM*", "NTE*");
    let big = CLAIMS.replace("DTP*472*D8*20260104~\nHL*3", &format!("{}HL*3", "NTE*ADD*MORE~\n".repeat(100)));
    let parts = [
        ("an 835", report(REMITTANCE, 9999)),
        ("no claims", report(&no_claims, 9999)),
        ("one too large", report(&big, 1200)),
        ("the first too large", report(&CLAIMS.replace("HI*ABK:J0190~\n", &"NTE*ADD*MORE~\n".repeat(100)), 1200)),
        ("parents too large", report(CLAIMS, 400)),
        ("cut", report(&CLAIMS[..CLAIMS.find("HI*ABK:Z").unwrap()], 9999)),
        ("no trailers", report(&CLAIMS.replace("SE*39*0041~\n", ""), 9999)),
        ("bad level", report(&CLAIMS.replace("HL*3*1*22*1", "HL*3*1*XX*1"), 9999)),
        ("wrong parent", report(&CLAIMS.replace("HL*4*3*23", "HL*4*2*23"), 9999)),
        ("lost terminator", report(&CLAIMS.replacen("HI*ABK:J0190~\n", "HI*ABK:J0190", 1), 9999)),
    ];
    insta::assert_snapshot!(parts.map(|(name, text)| format!("## {name}\n{text}")).join("\n"));
}
