//! Public sample messages of other projects, found through CLAIMHOST_CORPUS; skipped without it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs
)]

use claimhost_hl7v2::{FrameKind, FrameSplitter, Message, frames};
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "hl7") {
            found.push(path);
        }
    }
}

#[test]
fn every_message_parses_and_every_byte_is_in_a_frame() {
    let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set");
        return;
    };
    let mut paths = Vec::new();
    files(&Path::new(&corpus).join("hl7v2"), &mut paths);
    assert!(!paths.is_empty(), "CLAIMHOST_CORPUS has no hl7v2/**/*.hl7");
    let (mut messages, mut refused) = (0, 0);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let all: Vec<_> = frames(&bytes).collect();
        assert_eq!(all.iter().map(|frame| frame.length).sum::<u64>(), bytes.len() as u64, "{path:?}");
        let mut splitter = FrameSplitter::default();
        let mut streamed = 0;
        for chunk in bytes.chunks(61) {
            splitter.push(chunk);
            while splitter.next_frame().is_some() {
                streamed += 1;
            }
        }
        splitter.finish();
        while splitter.next_frame().is_some() {
            streamed += 1;
        }
        assert_eq!(streamed, all.len(), "{path:?}");
        for frame in all.iter().filter(|frame| frame.kind != FrameKind::Message) {
            println!("{path:?} byte {}: {:?} of {} bytes, {:?}", frame.offset, frame.kind, frame.length, frame.fault);
        }
        for frame in all.iter().filter(|frame| frame.kind == FrameKind::Message) {
            match Message::parse(frame.bytes) {
                Ok(message) => {
                    messages += 1;
                    let stray = message.stray_lines().count();
                    if stray > 0 {
                        println!("{path:?} byte {}: {stray} stray lines", frame.offset);
                    }
                }
                Err(error) => {
                    refused += 1;
                    println!("{path:?} byte {}: {error}", frame.offset);
                }
            }
        }
    }
    println!("{} files, {messages} messages, {refused} refused", paths.len());
    assert!(messages >= paths.len() / 2, "most files hold a message");
}
