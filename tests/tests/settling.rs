//! A watched folder whose senders write in place: `serve` takes a file once nobody has written to it for `settle_seconds`, whole and
//! once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::Write;
use std::time::{Duration, Instant};

use claimhost_tests::serving::Serving;
use claimhost_tests::site::{Charge, Site, counts};

const DAY: &str = "2026-05-20";
/// How long nobody has to have written.
const SETTLE: Duration = Duration::from_secs(3);
const MESSAGES: u32 = 20;

/// Appends to a file until it is whole, for longer than it takes to settle, and gives the longest that nobody wrote.
fn grow(path: &std::path::Path, text: &[u8]) -> Duration {
    let mut file = std::fs::File::create(path).unwrap();
    let mut longest = Duration::ZERO;
    // Pieces end wherever they end: in the middle of a message, mostly.
    for piece in text.chunks(text.len() / 90) {
        let began = Instant::now();
        file.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(50));
        longest = longest.max(began.elapsed());
    }
    longest
}

#[test]
fn a_file_that_grows_in_place_is_taken_once_and_whole_when_it_has_settled() {
    let site = Site::new();
    site.edit("claimhost.toml", "settle_seconds = 5", &format!("settle_seconds = {}", SETTLE.as_secs()));
    site.edit("claimhost.toml", "poll_seconds = 5", "poll_seconds = 1");
    let serving = Serving::start(&site, DAY);
    let text: String = (1..=MESSAGES).map(|number| Charge::of_nobody_else(number).message()).collect();
    let inbox = site.dir().join("inbox/my-practice");
    let path = inbox.join("day.hl7");
    let documents = |status: &str| format!("claimhost_documents{{practice=\"my-practice\",status=\"{status}\"}}");
    let turns = serving.metric("claimhost_turns_total");
    let longest = grow(&path, text.as_bytes());
    if longest >= SETTLE {
        // It has settled in between, and what was there was rightly taken.
        println!("skipped: this machine let the writer wait for {longest:?}");
        return;
    }
    assert!(path.is_file(), "it was taken while it grew");
    assert!(serving.metric("claimhost_turns_total") > turns, "and was looked at meanwhile");
    assert_eq!(serving.metric(&documents("translated")), 0);
    serving.wait_for(&documents("translated"), MESSAGES.into());
    serving.stop();
    assert_eq!(std::fs::read(inbox.join("archive/day.hl7")).unwrap(), text.as_bytes());
    assert!(!path.exists() && std::fs::read_dir(inbox.join("archive")).unwrap().count() == 1, "once");
    let found = counts(&site.run(DAY));
    assert_eq!((found["received"], found["translated"]), (u64::from(MESSAGES), u64::from(MESSAGES)), "{found:?}");
}
