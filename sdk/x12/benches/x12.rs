//! How fast: tokenising an 837, framing its claims, reading an 835. Prints `figure NAME VALUE UNIT` lines.
//!
//! The counts are asserted, so that a reader that skips work cannot win. Data are generated: no file is needed.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use claimhost_x12::{ClaimFrameStream, ClaimFrames, Delimiters, SegmentWriter, Segments, Transmission, remittance};

const CLAIMS: usize = 20_000;
const ISA: &[u8] =
    b"ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260101*1200*^*00501*000000001*0*P*:~";

fn file(
    group: &str,
    kind: &str,
    version: &str,
    head: &[&[&str]],
    claim: impl Fn(&mut SegmentWriter, usize),
) -> Vec<u8> {
    let mut out = SegmentWriter::new(Delimiters::STANDARD);
    let line = |out: &mut SegmentWriter, row: &[&str]| {
        let (id, elements) = row.split_first().unwrap();
        let builder = elements.iter().fold(out.segment(id), |b, e| b.composite(&e.split(':').collect::<Vec<_>>()));
        builder.end().unwrap();
    };
    line(&mut out, &["GS", group, "SENDER", "RECEIVER", "20260101", "1200", "1", "X", version]);
    line(&mut out, &["ST", kind, "0001"]);
    for row in head {
        line(&mut out, row);
    }
    for n in 0..CLAIMS {
        claim(&mut out, n);
    }
    let count = (out.ordinal()).to_string();
    for row in [&["SE", &count, "0001"][..], &["GE", "1", "1"], &["IEA", "1", "000000001"]] {
        line(&mut out, row);
    }
    [ISA, out.as_bytes()].concat()
}

/// Runs for about a second and returns the best time of one pass.
fn best(mut pass: impl FnMut()) -> Duration {
    let begin = Instant::now();
    let mut best = Duration::MAX;
    while begin.elapsed() < Duration::from_secs(1) {
        let start = Instant::now();
        pass();
        best = best.min(start.elapsed());
    }
    best
}

fn main() {
    let head: [&[&str]; 5] = [
        &["BHT", "0019", "00", "B1", "20260101", "1200", "CH"],
        &["NM1", "41", "2", "HARBOR CLINIC", "", "", "", "", "46", "SENDER"],
        &["NM1", "40", "2", "NORTH CLEARING", "", "", "", "", "46", "RECEIVER"],
        &["HL", "1", "", "20", "1"],
        &["NM1", "85", "2", "HARBOR CLINIC", "", "", "", "", "XX", "1555123409"],
    ];
    let claims = file("HC", "837", "005010X222A1", &head, |out, n| {
        out.segment("HL").number(n as u32 + 2).text("1").text("22").text("0").end().unwrap();
        out.segment("SBR").text("P").text("18").skip(6).text("CI").end().unwrap();
        out.segment("NM1")
            .text("IL")
            .text("1")
            .text("QUILL")
            .text("ADA")
            .skip(3)
            .text("MI")
            .text("M0001")
            .end()
            .unwrap();
        out.segment("CLM")
            .text(&format!("HC{n:06}"))
            .cents(15_000)
            .skip(2)
            .composite(&["11", "B", "1"])
            .text("Y")
            .text("A")
            .end()
            .unwrap();
        out.segment("HI").composite(&["ABK", "J0190"]).composite(&["ABF", "R05"]).end().unwrap();
        for line in 1..=2 {
            out.segment("LX").number(line).end().unwrap();
            out.segment("SV1")
                .composite(&["HC", "99213", "25"])
                .cents(7_500)
                .text("UN")
                .text("1")
                .skip(2)
                .text("1")
                .end()
                .unwrap();
            out.segment("DTP").text("472").text("D8").text("20260103").end().unwrap();
        }
    });
    let (mut segments, mut elements) = (0, 0);
    let took = best(|| {
        (segments, elements) = (0, 0);
        for segment in Segments::new(black_box(&claims), Delimiters::STANDARD, 0, 1) {
            segments += 1;
            elements += segment.elements().count();
        }
    });
    assert_eq!((segments, elements), (CLAIMS * 11 + 11, CLAIMS * 53 + 69));
    println!("figure x12_tokenise_mb_per_s {:.0} MB/s", claims.len() as f64 / 1e6 / took.as_secs_f64());

    let took = best(|| assert!(Transmission::read(black_box(&claims)).is_sound()));
    println!("figure x12_envelope_mb_per_s {:.0} MB/s", claims.len() as f64 / 1e6 / took.as_secs_f64());

    let took = best(|| assert_eq!(ClaimFrames::new(black_box(&claims)).filter(|f| f.is_ok()).count(), CLAIMS));
    println!("figure x12_frames_per_s {:.0} claims/s", CLAIMS as f64 / took.as_secs_f64());

    let took = best(|| {
        let (mut stream, mut count) = (ClaimFrameStream::new(), 0);
        for chunk in black_box(&claims).chunks(64 << 10) {
            stream.feed(chunk);
            while stream.next_frame().is_some_and(|f| f.is_ok()) {
                count += 1;
            }
        }
        stream.finish();
        while stream.next_frame().is_some_and(|f| f.is_ok()) {
            count += 1;
        }
        assert_eq!(count, CLAIMS);
    });
    println!("figure x12_frames_streamed_per_s {:.0} claims/s", CLAIMS as f64 / took.as_secs_f64());

    let total = (CLAIMS * 120).to_string();
    let head: [&[&str]; 5] = [
        &["BPR", "I", &total, "C", "ACH", "CCP", "", "", "", "", "", "", "", "", "", "", "20260121"],
        &["TRN", "1", "EFT1", "1990000009"],
        &["N1", "PR", "EXAMPLE HEALTH"],
        &["N1", "PE", "HARBOR CLINIC", "XX", "1555123409"],
        &["LX", "1"],
    ];
    let advice = file("HP", "835", "005010X221A1", &head, |out, n| {
        out.segment("CLP")
            .text(&format!("HC{n:06}"))
            .text("1")
            .text("150")
            .text("120")
            .text("10")
            .text("12")
            .text("ICN1")
            .end()
            .unwrap();
        out.segment("NM1")
            .text("QC")
            .text("1")
            .text("QUILL")
            .text("ADA")
            .skip(3)
            .text("MI")
            .text("M0001")
            .end()
            .unwrap();
        out.segment("DTM").text("232").text("20260103").end().unwrap();
        for line in ["L1", "L2"] {
            out.segment("SVC").composite(&["HC", "99213"]).text("75").text("60").text("").text("1").end().unwrap();
            out.segment("DTM").text("472").text("20260103").end().unwrap();
            out.segment("CAS").text("CO").text("45").text("10").end().unwrap();
            out.segment("CAS").text("PR").text("2").text("5").end().unwrap();
            out.segment("REF").text("6R").text(line).end().unwrap();
            out.segment("AMT").text("B6").text("65").end().unwrap();
        }
    });
    let took = best(|| {
        let all = remittance::read(black_box(&advice));
        let [one] = &all.transactions[..] else { unreachable!("one 835 was written") };
        assert!(one.is_clean() && one.value.claims.len() == CLAIMS);
        assert_eq!(one.value.claims.iter().map(|c| c.paid_cents).sum::<i64>(), one.value.payment.amount_cents);
    });
    println!("figure x12_835_claims_per_s {:.0} claims/s", CLAIMS as f64 / took.as_secs_f64());
}
