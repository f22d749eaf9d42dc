//! Properties over arbitrary and over well-formed bytes: no panic, every byte accounted for, round trips.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_x12::*;
use proptest::prelude::*;

const FILE: &[u8] = include_bytes!("fixtures/837p_three_claims.edi");
const REMITTANCE: &[u8] = include_bytes!("fixtures/835_two_payments.edi");
const ACK: &[u8] = include_bytes!("fixtures/277ca_tree.edi");
const ISA: &[u8] =
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260101*1200*^*00501*000000001*0*P*:~";

/// Everything a reader may be asked, on bytes of any kind.
fn read_everything(bytes: &[u8]) {
    let transmission = Transmission::read(bytes);
    for (_, _, transaction) in transmission.transactions() {
        assert!(transaction.range.end <= bytes.len() as u64);
        for segment in transaction.segments() {
            for element in segment.elements() {
                for repeat in element.repeats() {
                    for component in repeat.components() {
                        let _ = component.text();
                    }
                }
            }
        }
    }
    let _ = ta1::read_transmission(&transmission);
    let _ = ack999::read_transmission(&transmission);
    for ack in claim_ack::read_transmission(&transmission).transactions {
        let _ = (ack.value.claims().count(), ack.value.rejected_wholesale().count());
    }
    for remittance in remittance::read_transmission(&transmission).transactions {
        let _ = remittance.value.out_of_balance();
    }
    for readings in [eligibility::read_transmission(&transmission), eligibility::read_inquiries(&transmission)] {
        for parsed in readings.transactions {
            let _ = parsed.value.answered("T1");
        }
    }
    for problem in &transmission.problems {
        let _ = problem.to_string();
        assert!(problem.place.offset <= bytes.len() as u64);
    }
    assert_eq!(whole(bytes, 500), chunked(bytes, &[7], 500));
}

fn whole(bytes: &[u8], ceiling: usize) -> Vec<Result<(ClaimFrame, Vec<u8>), Problem>> {
    ClaimFrames::with_ceiling(bytes, ceiling)
        .map(|r| {
            r.map(|f| {
                let b = f.bytes(bytes);
                (f, b)
            })
        })
        .collect()
}

fn chunked(mut bytes: &[u8], sizes: &[usize], ceiling: usize) -> Vec<Result<(ClaimFrame, Vec<u8>), Problem>> {
    let mut stream = ClaimFrameStream::with_ceiling(ceiling);
    let mut out = Vec::new();
    let mut sizes = sizes.iter().cycle();
    while !bytes.is_empty() {
        let (chunk, rest) = bytes.split_at((*sizes.next().unwrap()).clamp(1, bytes.len()));
        bytes = rest;
        stream.feed(chunk);
        while let Some(next) = stream.next_frame() {
            out.push(next.map(|s| (s.frame, s.bytes)));
        }
        assert!(stream.buffered() <= ceiling.max(ISA_LEN_MAX) + chunk.len(), "memory grows with the file");
    }
    stream.finish();
    while let Some(next) = stream.next_frame() {
        out.push(next.map(|s| (s.frame, s.bytes)));
    }
    out
}

/// Bytes that look like X12 often enough to reach the deep code.
fn x12ish() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        2 => Just(ISA.to_vec()),
        8 => prop::sample::select(vec![
            "GS*HC*A*B*20260101*1200*1*X*005010X222A1~", "GE*1*1~", "IEA*1*000000001~", "ST*837*1~", "ST*835*1~", "ST*277*1*005010X214~", "ST*999*1~",
            "SE*3*1~", "SE*1*1~", "HL*1**20*1~", "HL*2*1*22*1~", "HL*3*2*23*0~", "HL*4*3*PT~", "HL*5*1*21~", "HL*6*5*19~", "HL*~", "CLM*A*1~", "CLM*B*2.5~",
            "CLP*A*1*10*10~", "SVC*HC:1*5*5~", "CAS*CO*45*1*2**3~", "PLB*1*20260101*WO:1*-1~", "TA1*1*260101*1200*A*0~", "STC*A7:1:2*20260101*U*1~",
            "AK1*HC*1~", "AK2*837*1~", "IK3*NM1*1**8~", "IK4*1:2*3*4~", "CTX*CLM01:1~", "IK5*R~", "AK9*R*1*1*0~", "N1*PR*A~", "N1*PE*B~", "NM1*QC*1*A~",
            "~", "\r\n", "  ", "ISA", "ISA*", "\u{feff}", "REF*1K*1~", "TS3*1*2*3*4*5~", "MIA*1~", "MOA**1~",
        ]).prop_map(|s| s.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read_everything(&bytes);
    }

    #[test]
    fn no_x12ish_bytes_make_a_reader_panic(bytes in x12ish()) {
        read_everything(&bytes);
    }

    #[test]
    fn no_mutation_of_a_good_file_makes_a_reader_panic(
        which in 0..3usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..12),
    ) {
        let mut bytes = [FILE, REMITTANCE, ACK][which].to_vec();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at.max(1)),
            }
        }
        read_everything(&bytes);
    }

    #[test]
    fn every_byte_is_gap_segment_or_terminator(tail in x12ish()) {
        let bytes = [ISA, &tail].concat();
        let Detected::Found(delimiters, _) = detect(&bytes, 0, true) else { panic!("the ISA is good") };
        let mut segments = Segments::new(&bytes, delimiters, 0, 1);
        let mut at = 0;
        for segment in segments.by_ref() {
            prop_assert_eq!(at + segment.gap.len as u64, segment.offset);
            prop_assert_eq!(&bytes[segment.offset as usize..][..segment.bytes.len()], segment.bytes);
            let split: usize = segment.elements().map(|e| e.bytes.len() + 1).sum::<usize>() + segment.id().len();
            prop_assert_eq!(split, segment.bytes.len());
            at = segment.end();
        }
        prop_assert_eq!(segments.position(), at);
    }

    #[test]
    fn frames_in_chunks_are_the_frames_of_the_whole(
        bytes in x12ish(), sizes in prop::collection::vec(1..200usize, 1..8), ceiling in 120..3000usize,
    ) {
        prop_assert_eq!(whole(&bytes, ceiling), chunked(&bytes, &sizes, ceiling));
    }

    #[test]
    fn a_good_file_in_chunks(sizes in prop::collection::vec(1..400usize, 1..8)) {
        let frames = chunked(FILE, &sizes, FRAME_BYTES_MAX);
        prop_assert_eq!(frames.iter().filter(|f| f.is_ok()).count(), 3);
        prop_assert_eq!(whole(FILE, FRAME_BYTES_MAX), frames);
    }

    #[test]
    fn written_segments_read_back_the_same(
        rows in prop::collection::vec(
            ("[A-Z][A-Z0-9]{1,2}", prop::collection::vec(prop::collection::vec("[ A-Za-z0-9.,'-]{0,6}", 1..4), 0..8)), 1..12),
    ) {
        let mut writer = SegmentWriter::new(Delimiters::STANDARD);
        for (id, elements) in &rows {
            let mut builder = writer.segment(id);
            for components in elements {
                let parts: Vec<&str> = components.iter().map(String::as_str).collect();
                builder = builder.composite(&parts);
            }
            builder.end().unwrap();
        }
        let first: Vec<Segment<'_>> = Segments::new(writer.as_bytes(), Delimiters::STANDARD, 0, 2).collect();
        let ids_end_early = rows.iter().position(|(id, _)| id == "IEA" || id == "ISA").map_or(rows.len(), |n| n + 1);
        prop_assume!(ids_end_early == rows.len());
        prop_assert_eq!(first.len(), rows.len());
        for (segment, (id, elements)) in first.iter().zip(&rows) {
            prop_assert_eq!(segment.id(), id.as_bytes());
            for (n, components) in elements.iter().enumerate() {
                for (m, component) in components.iter().enumerate() {
                    prop_assert_eq!(segment.component(n + 1, m + 1).bytes, component.as_bytes());
                }
            }
        }
        let mut again = SegmentWriter::new(Delimiters::STANDARD);
        for segment in &first {
            again.copy(segment).unwrap();
        }
        prop_assert_eq!(again.as_bytes(), writer.as_bytes());
    }

    #[test]
    fn amounts_round_trip(value in any::<i64>(), thousandth in any::<i64>()) {
        if value != i64::MIN {
            prop_assert_eq!(cents(format_cents(value).as_bytes()), Some(value));
        }
        if thousandth != i64::MIN {
            prop_assert_eq!(thousandths(format_thousandths(thousandth).as_bytes()), Some(thousandth));
        }
        let text = format_cents(value);
        prop_assert!(!text.contains('.') || !text.ends_with('0'));
    }

    #[test]
    fn an_amount_is_what_a_slow_reader_says(text in "-?[0-9]{0,6}(\\.[0-9]{0,4})?") {
        let slow = || {
            let (sign, rest) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
            let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
            if whole.is_empty() && fraction.is_empty() { return None; }
            let padded = format!("{fraction:0<4}");
            if &padded[2..] != "00" { return None; }
            let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
            Some(sign * (whole * 100 + padded[..2].parse::<i64>().ok()?))
        };
        prop_assert_eq!(cents(text.as_bytes()), slow());
    }
}
