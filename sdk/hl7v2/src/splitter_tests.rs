//! Framing: what is a message, which counts are wrong, and that chunks make no difference.

use super::*;
use crate::frame::frames;
use proptest::prelude::*;

type Owned = (FrameKind, u64, u64, Vec<u8>, Option<FrameFault>);

fn owned(frame: Frame<'_>) -> Owned {
    (frame.kind, frame.offset, frame.length, frame.bytes.to_vec(), frame.fault)
}

fn split(input: &[u8], chunk: usize, ceiling: usize) -> Vec<Owned> {
    let mut splitter = FrameSplitter::with_ceiling(ceiling);
    let mut found = Vec::new();
    for chunk in input.chunks(chunk) {
        splitter.push(chunk);
        while let Some(frame) = splitter.next_frame() {
            found.push(owned(frame));
        }
        assert!(splitter.buffer.len() <= ceiling + 2 * chunk.len() + 4, "memory is bounded");
    }
    splitter.finish();
    while let Some(frame) = splitter.next_frame() {
        found.push(owned(frame));
    }
    found
}

fn faults(input: &str) -> Vec<FrameFault> {
    frames(input.as_bytes()).filter_map(|frame| frame.fault).collect()
}

#[test]
fn messages_between_everything_else() {
    let input = "\u{feff}FHS|^~\\&\r\nBHS|^~\\&\r\nMSH|1\r\nPID|\r\n\r\nMSH|2\r\nPID|\r\nBTS|2\r\nFTS|1\r\n";
    let found: Vec<_> = frames(input.as_bytes()).collect();
    assert!(found.iter().all(|frame| frame.fault.is_none()));
    let messages: Vec<&[u8]> = frames(input.as_bytes()).messages().map(|frame| frame.bytes).collect();
    assert_eq!(messages, [b"MSH|1\r\nPID|\r\n\r\n".as_slice(), b"MSH|2\r\nPID|\r\n"]);

    let mllp = b"\x0bMSH|1\rPID|\r\x1c\r\x0bMSH|2\rPID|\x1c\r";
    let kinds: Vec<_> = frames(mllp).map(|frame| (frame.kind, frame.bytes)).collect();
    let filler = FrameKind::Filler;
    let expected: [(FrameKind, &[u8]); 5] = [
        (filler, b"\x0b"),
        (FrameKind::Message, b"MSH|1\rPID|\r"),
        (filler, b"\x1c\r\x0b"),
        (FrameKind::Message, b"MSH|2\rPID|"),
        (filler, b"\x1c\r"),
    ];
    assert_eq!(kinds, expected);
    let stray: Vec<_> = frames(b"PID|1\nMSHX|\nMSH|1\nMSHX\n").map(|frame| frame.kind).collect();
    assert_eq!(stray, [FrameKind::Stray, FrameKind::Message]);
}

#[test]
fn counts_are_checked() {
    let mismatch = |declared, counted| FrameFault::CountMismatch { declared, counted };
    let missing = FrameFault::MissingTrailer;
    let table: [(&str, Vec<FrameFault>); 9] = [
        ("BHS|\rMSH|\rMSH|\rBTS|2\r", vec![]),
        ("BHS|\rMSH|\rBTS|2\r", vec![mismatch(2, 1)]),
        ("BHS|\rMSH|\rBTS|\rBHS|\rBTS|1", vec![mismatch(1, 0)]),
        ("BHS|\rMSH|\rBTS|x|\r", vec![FrameFault::CountNotANumber]),
        ("FHS|\rBHS|\rBTS|0\rFTS|2\r", vec![mismatch(2, 1)]),
        ("FHS|\rMSH|\rFTS|1\r", vec![]),
        ("BHS|\rMSH|\r", vec![missing(Envelope::BatchTrailer)]),
        ("FHS|\rBHS|\rBTS|\r", vec![missing(Envelope::FileTrailer)]),
        ("BHS|\rMSH|\rBHS|\rMSH|\rBTS|1\r", vec![missing(Envelope::BatchTrailer)]),
    ];
    for (input, expected) in table {
        assert_eq!(faults(input), expected, "{input:?}");
    }
}

#[test]
fn too_long_messages_are_passed_over_and_the_next_one_is_found() {
    let long = format!("MSH|1\rOBX|{}\rMSH|2\r", "x".repeat(100));
    for chunk in [1, 3, 7, 1000] {
        let found = split(long.as_bytes(), chunk, 20);
        assert_eq!(found[0], (FrameKind::Message, 0, 111, vec![], Some(FrameFault::TooLong { ceiling: 20 })));
        assert_eq!(found[1], (FrameKind::Message, 111, 6, b"MSH|2\r".to_vec(), None));
    }
}

fn feed() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"MSH|".to_vec()),
        Just(b"BHS|\r".to_vec()),
        Just(b"BTS|1\r".to_vec()),
        Just(b"FHS|".to_vec()),
        Just(b"FTS|1\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\xef\xbb\xbf".to_vec()),
        Just(b"\x1c\r".to_vec()),
        Just(b"\x0b".to_vec()),
        Just(b"PID|1".to_vec()),
        prop::collection::vec(any::<u8>(), 0..12),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn frames_are_the_input(input in feed()) {
        let found: Vec<_> = frames(&input).collect();
        prop_assert_eq!(found.iter().map(|frame| frame.bytes).collect::<Vec<_>>().concat(), input.clone());
        let mut at = 0;
        for frame in &found {
            prop_assert_eq!(frame.offset, at);
            at += frame.length;
            prop_assert!(frame.length > 0 || frame.kind == FrameKind::End);
            prop_assert!(frame.kind != FrameKind::Message || frame.bytes.starts_with(b"MSH"));
        }
    }

    #[test]
    fn chunks_make_no_difference(input in feed(), chunk in 1usize..30, ceiling in 4usize..60) {
        let whole: Vec<_> = frames(&input).map(owned).collect();
        prop_assert_eq!(split(&input, chunk, usize::MAX / 4), whole);
        prop_assert_eq!(split(&input, chunk, ceiling), split(&input, input.len().max(1), ceiling));
    }
}
