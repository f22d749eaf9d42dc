//! Peers that send faster than they are served: the service holds them back by not reading from them, its memory stays bounded,
//! and everybody else goes on being answered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::{ErrorKind, Write};

use claimhost_tests::serving::{Peer, Serving, block};
use claimhost_tests::site::{Charge, PRACTICE, Site};
use claimhost_tests::ways;

const DAY: &str = "2026-05-20";
/// So many round trips of another connection without a byte taken: the peer is held back.
const ROUNDS: u32 = 100;

/// A connection that sends blocks without ever waiting.
struct Flood {
    peer: Peer,
    /// What is left of the block in hand.
    rest: Vec<u8>,
    begun: u32,
    accepted: usize,
    /// Rounds in which nothing was taken.
    idle: u32,
}

impl Flood {
    fn new(serving: &Serving) -> Self {
        let mut peer = serving.connect();
        peer.stream().set_nonblocking(true).unwrap();
        Self { peer, rest: Vec::new(), begun: 0, accepted: 0, idle: 0 }
    }

    /// Sends until nothing more is taken.
    fn pour(&mut self, message: &dyn Fn(u32) -> Vec<u8>, most: usize) {
        self.idle += 1;
        loop {
            if self.rest.is_empty() {
                self.begun += 1;
                self.rest = message(self.begun);
            }
            match self.peer.stream().write(&self.rest) {
                Ok(count) => {
                    self.rest.drain(..count);
                    self.accepted += count;
                    self.idle = 0;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("it is closed and not held back: {error}"),
            }
            assert!(self.accepted < most, "{} bytes taken, and still more", self.accepted);
        }
    }

    fn is_held_back(&self) -> bool {
        self.idle >= ROUNDS
    }
}

/// A message that the practice has no charge in. Its control id, which the acknowledgement repeats, is 32 KiB long.
fn with_a_long_id(number: u32) -> Vec<u8> {
    let id = format!("{number}-{}", "x".repeat(32 << 10));
    block(&format!("MSH|^~\\&|LAB|SITE|CH|CH|20260501120000||ORU^R01|{id}|P|2.5\rPID|1||M1\r"))
}

#[test]
fn a_peer_that_reads_no_answer_is_held_back_and_the_others_are_answered() {
    let site = ways::site("", "");
    let serving = Serving::start(&site, DAY);
    let mut other = serving.connect();
    let mut acknowledged = 0;
    let mut ask = || {
        acknowledged += 1;
        other.send(&block(&Charge::of_nobody_else(acknowledged).message()));
        assert_eq!(other.told(), Some(("AA".to_owned(), format!("MSG{acknowledged}"))));
    };
    ask();
    let ended = |status: &str| format!("claimhost_documents{{practice=\"{PRACTICE}\",status=\"{status}\"}}");
    serving.wait_for(&ended("translated"), 1);
    let before = serving.memory_mb();
    let mut flood = Flood::new(&serving);
    while !flood.is_held_back() {
        flood.pour(&with_a_long_id, 400 << 20);
        ask();
    }
    let after = serving.memory_mb();
    println!("held back after {} messages, {} bytes; {before} MB before, {after} MB then", flood.begun, flood.accepted);
    // What it does not read is in the system's buffers; of its own it has 64 answers that wait, and no more.
    assert!(after < before + 128, "{after} MB of memory, {before} MB before");
    // It reads at last: what was taken of it is stored and answered, in its order.
    let Flood { mut peer, rest, begun, .. } = flood;
    peer.stream().set_nonblocking(false).unwrap();
    let mut writer = peer.stream().try_clone().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            writer.write_all(&rest).unwrap();
            writer.shutdown(std::net::Shutdown::Write).unwrap();
        });
        for number in 1..=begun {
            let (code, id) = peer.told().unwrap_or_else(|| panic!("no answer to message {number} of {begun}"));
            assert_eq!((code.as_str(), id.split_once('-').unwrap().0), ("AA", number.to_string().as_str()));
        }
        assert_eq!(peer.answer(), None);
    });
    serving.wait_for(&ended("ignored"), u64::from(begun));
    serving.wait_for(&ended("translated"), u64::from(acknowledged));
    serving.stop();
}

/// Nobody else can write while this lives.
fn hold_store(site: &Site) -> rusqlite::Connection {
    let store = rusqlite::Connection::open(site.dir().join("store/claimhost.db")).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    store
}

#[test]
fn what_waits_for_the_disk_is_bounded_in_bytes_whoever_sent_it() {
    const MESSAGE_BYTES: usize = 1 << 20;
    let site = ways::site("", "");
    let serving = Serving::start(&site, DAY);
    let mut peer = serving.connect();
    peer.send(&block(&Charge::of_nobody_else(1).message()));
    assert_eq!(peer.told(), Some(("AA".to_owned(), "MSG1".to_owned())));
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 1);
    let before = serving.memory_mb();
    let store = hold_store(&site);
    let large = |number: u32| {
        let note = "x".repeat(MESSAGE_BYTES);
        block(&format!("MSH|^~\\&|LAB|SITE|CH|CH|1||ORU^R01|L{number}|P|2.5\rPID|1||M1\rNTE|1||{note}\r"))
    };
    // Each might have 64 messages that wait: 256 MB.
    let mut floods: Vec<Flood> = (0..4).map(|_| Flood::new(&serving)).collect();
    let mut most = 0;
    while !floods.iter().all(Flood::is_held_back) {
        floods.iter_mut().for_each(|flood| flood.pour(&large, 400 << 20));
        // The same thread serves this page and the connections.
        serving.metric("claimhost_turns_total");
        most = most.max(serving.memory_mb());
    }
    let accepted: usize = floods.iter().map(|flood| flood.accepted).sum();
    println!("held back after {accepted} bytes; {before} MB before, {most} MB then");
    // 32 MiB that wait, the block in hand and the next of each connection, and what is about to be written.
    assert!(most < before + 128, "{most} MB of memory, {before} MB before");
    drop(floods);
    drop(store);
    peer.send(&block(&Charge::of_nobody_else(2).message()));
    assert_eq!(peer.told(), Some(("AA".to_owned(), "MSG2".to_owned())), "it goes on");
    serving.kill();
}
