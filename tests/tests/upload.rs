//! The upload and senders that stream, race, stop in the middle or never end: a body is stored whole, once, or not at all, and is
//! never held in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::sync::Barrier;

use claimhost_tests::serving::Serving;
use claimhost_tests::site::{Charge, Site, counts};
use claimhost_tests::ways::{Upload, site};
use serde_json::Value;

const DAY: &str = "2026-05-20";

fn message(number: u32) -> String {
    Charge::of_nobody_else(number).message()
}

fn uploads(outcome: &str) -> String {
    format!("claimhost_uploads_total{{practice=\"my-practice\",outcome=\"{outcome}\"}}")
}

fn documents(status: &str) -> String {
    format!("claimhost_documents{{practice=\"my-practice\",status=\"{status}\"}}")
}

/// Nothing of a body is left beside the store.
fn assert_no_body(site: &Site) {
    let files = std::fs::read_dir(site.dir().join("store")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    let left: Vec<String> = names.filter(|name| name.contains("upload")).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn send(address: &str, key: Option<&str>, chunks: &[&[u8]]) -> (u32, Value) {
    let mut upload = Upload::begin(address, key).unwrap();
    for chunk in chunks {
        upload.chunk(chunk).unwrap();
    }
    upload.end().unwrap();
    upload.answer().expect("an answer")
}

#[test]
fn a_body_of_tens_of_megabytes_is_stored_whole_and_never_in_memory() {
    const MESSAGES: u64 = 480;
    let site = site("", "bytes_max = 200_000_000");
    let serving = Serving::start(&site, DAY);
    let address = serving.upload();
    // With the plugin at work: its memory is there from the first document on.
    assert_eq!(send(&address, None, &[message(1).as_bytes()]).0, 201);
    serving.wait_for(&documents("translated"), 1);
    let ((status, _), small) = serving.peak_mb_of(|| send(&address, None, &[message(2).as_bytes()]));
    assert_eq!(status, 201);
    serving.wait_for(&documents("translated"), 2);
    // Reports without a charge, of 256 KB each: one chunk has the end of one and the beginning of the next.
    let report = format!(
        "MSH|^~\\&|LAB|SITE|CH|CH|20260501||ORU^R01|R1|P|2.5\rPID|1||M1\r{}",
        format!("NTE|1||{}\r", "x".repeat(1_000)).repeat(254)
    );
    let body = report.repeat(usize::try_from(MESSAGES).unwrap());
    let chunks: Vec<&[u8]> = body.as_bytes().chunks(50_000).collect();
    let ((status, answer), large) = serving.peak_mb_of(|| send(&address, None, &chunks));
    assert_eq!((status, &answer["bytes"]), (201, &body.len().into()), "{answer}");
    println!("{} bytes: {large} MB of memory, {small} MB for a small one", body.len());
    // The store's page cache has 64 MB of what is not committed yet; the body is twice that.
    assert!(large < small + 80, "{large} MB of memory, {small} MB for a small one");
    serving.wait_for(&documents("ignored"), MESSAGES);
    serving.stop();
    assert_no_body(&site);
}

#[test]
fn two_requests_at_once_under_one_key_are_one_document() {
    const ROUNDS: u32 = 12;
    let site = site("", "");
    let serving = Serving::start(&site, DAY);
    let address = serving.upload();
    for round in 1..=ROUNDS {
        let (key, all) = (format!("key-{round}"), Barrier::new(2));
        // Both are under way, and end at the same moment.
        let one = |text: String| {
            let mut upload = Upload::begin(&address, Some(&key)).unwrap();
            upload.chunk(&text.as_bytes()[..100]).unwrap();
            all.wait();
            upload.chunk(&text.as_bytes()[100..]).unwrap();
            upload.end().unwrap();
            upload.answer().expect("an answer")
        };
        // In every third round the key stands for two documents: one of them is refused, whichever comes second.
        let differ = round % 3 == 0;
        let texts = [message(round), message(if differ { 100 + round } else { round })];
        let answers: Vec<(u32, Value)> = std::thread::scope(|scope| {
            let threads = texts.map(|text| scope.spawn(|| one(text)));
            threads.map(|thread| thread.join().unwrap()).into()
        });
        let mut statuses: Vec<u32> = answers.iter().map(|(status, _)| *status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, if differ { [201, 422] } else { [201, 201] }, "{answers:?}");
        if !differ {
            assert_eq!(answers[0], answers[1], "the same answer");
        }
    }
    serving.wait_for(&documents("translated"), ROUNDS.into());
    serving.stop();
    assert_eq!(counts(&site.run(DAY))["received"], u64::from(ROUNDS));
}

#[test]
fn a_body_that_ends_early_leaves_nothing_and_may_be_sent_again() {
    let site = site("", "idle_seconds = 1");
    let serving = Serving::start(&site, DAY);
    let address = serving.upload();
    let text = message(1);
    let (half, rest) = text.as_bytes().split_at(200);
    // The connection ends in the middle.
    let mut upload = Upload::begin(&address, Some("once")).unwrap();
    upload.chunk(half).unwrap();
    upload.cut();
    if let Some((status, answer)) = upload.answer() {
        assert_eq!((status, &answer["id"]), (400, &"upload.cut-off".into()), "{answer}");
    }
    serving.wait_for(&uploads("cut-off"), 1);
    // Its sender says nothing more, and is told.
    let mut upload = Upload::begin(&address, Some("once")).unwrap();
    upload.chunk(half).unwrap();
    let (status, answer) = upload.answer().expect("it is told");
    assert_eq!((status, &answer["id"]), (400, &"upload.cut-off".into()), "{answer}");
    assert!(["found", "expected", "remedy"].iter().all(|key| answer[*key].is_string()), "{answer}");
    serving.wait_for(&uploads("cut-off"), 2);
    assert_eq!(serving.metric(&documents("translated")), 0);
    assert_no_body(&site);
    // The key stands for nothing yet.
    let (status, answer) = send(&address, Some("once"), &[half, rest]);
    assert_eq!((status, &answer["bytes"]), (201, &text.len().into()), "{answer}");
    serving.wait_for(&documents("translated"), 1);
    serving.stop();
    assert_eq!(counts(&site.run(DAY))["received"], 1);
}

#[test]
fn a_body_over_the_limit_is_refused_before_its_end_and_read_no_further() {
    let site = site("", "bytes_max = 1000000");
    let serving = Serving::start(&site, DAY);
    let mut upload = Upload::begin(&serving.upload(), None).unwrap();
    let chunk = vec![b'x'; 100_000];
    for _ in 0..10 {
        upload.chunk(&chunk).unwrap();
    }
    // One byte more, and no end.
    upload.chunk(b"x").unwrap();
    let (status, answer) = upload.answer().expect("it is told");
    assert_eq!((status, &answer["id"]), (413, &"upload.too-large".into()), "{answer}");
    let more = (0..1_000).take_while(|_| upload.chunk(&chunk).is_ok()).count();
    assert!(more < 1_000, "it goes on reading");
    assert_eq!(serving.metric(&uploads("too-large")), 1);
    assert_no_body(&site);
    serving.stop();
    assert_eq!(counts(&site.run(DAY))["received"], 0);
}
