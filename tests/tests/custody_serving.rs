//! Another master key, backups and verification beside a `serve` that takes messages all the while: nothing that was acknowledged is
//! missing, and each copy is a store that verifies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use claimhost_tests::custody::assert_verified;
use claimhost_tests::serving::{PATIENCE, Serving, block};
use claimhost_tests::site::{Charge, PRACTICE, Site, copy_folder};

const DAY: &str = "2026-05-20";
const TRANSLATED: &str = "claimhost_documents{practice=\"my-practice\",status=\"translated\"}";

/// A folder with a listener.
fn site() -> Site {
    let site = Site::new();
    let listener = format!(
        "\n[[intake.mllp]]\npractice = \"{PRACTICE}\"\nlisten = \"127.0.0.1:0\"\nadapter = \"hl7v2-dft\"\n\
         mapping = \"practices/my-practice/mapping.toml\"\n"
    );
    site.write("claimhost.toml", (site.text("claimhost.toml") + &listener).as_bytes());
    // Approved, so that claims leave while messages arrive.
    site.hl7("0.hl7", Charge::of_nobody_else(0).message().as_bytes());
    site.run(DAY);
    site
}

/// A sender that sends the next message when the one before is acknowledged, up to a number that is wanted.
struct Sender {
    acknowledged: Arc<AtomicU32>,
    wanted: Arc<AtomicU32>,
    ends: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

const PAUSE: Duration = Duration::from_millis(1);

impl Sender {
    fn start(serving: &Serving) -> Self {
        let (acknowledged, wanted, ends) = (Arc::default(), Arc::default(), Arc::default());
        let (count, up_to, end): (Arc<AtomicU32>, Arc<AtomicU32>, Arc<AtomicBool>) =
            (Arc::clone(&acknowledged), Arc::clone(&wanted), Arc::clone(&ends));
        let mut peer = serving.connect();
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::SeqCst) {
                let number = count.load(Ordering::SeqCst) + 1;
                if number > up_to.load(Ordering::SeqCst) {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                peer.send(&block(&Charge::of_nobody_else(number).message()));
                assert_eq!(peer.told(), Some(("AA".to_owned(), format!("MSG{number}"))));
                count.store(number, Ordering::SeqCst);
            }
        });
        Self { acknowledged, wanted, ends, thread }
    }

    /// Messages that are acknowledged.
    fn count(&self) -> u32 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Waits for so many more.
    fn more(&self, count: u32) {
        let (wanted, until) = (self.count() + count, Instant::now() + PATIENCE);
        self.wanted.store(wanted, Ordering::SeqCst);
        while self.count() < wanted {
            assert!(!self.thread.is_finished() && Instant::now() < until, "messages are acknowledged no longer");
            std::thread::sleep(PAUSE);
        }
    }

    /// Does something while messages come without end; until some were acknowledged while it was done.
    fn while_busy(&self, mut work: impl FnMut()) {
        let until = Instant::now() + PATIENCE;
        self.more(5);
        self.wanted.store(u32::MAX, Ordering::SeqCst);
        loop {
            let before = self.count();
            work();
            if self.count() > before {
                break;
            }
            assert!(!self.thread.is_finished() && Instant::now() < until, "nothing is acknowledged meanwhile");
        }
        self.wanted.store(0, Ordering::SeqCst);
    }

    fn end(self) -> u32 {
        self.ends.store(true, Ordering::SeqCst);
        let count = Arc::clone(&self.acknowledged);
        self.thread.join().unwrap();
        count.load(Ordering::SeqCst)
    }
}

/// That the visits of these messages are there, each once; beyond them there may be others.
fn assert_has(site: &Site, up_to: u32) {
    let listed = site.json(&["visit", "list"]);
    let visits: Vec<&str> = listed.as_array().unwrap().iter().map(|visit| visit["visit"].as_str().unwrap()).collect();
    let found: BTreeSet<&str> = visits.iter().copied().collect();
    assert_eq!(found.len(), visits.len(), "a visit is there twice");
    let missing: Vec<String> =
        (0..=up_to).map(|number| format!("V{number}")).filter(|visit| !found.contains(visit.as_str())).collect();
    assert!(missing.is_empty(), "acknowledged and not there: {missing:?}");
}

#[test]
fn the_master_key_is_rotated_while_messages_arrive() {
    let site = site();
    let config = site.dir().join("claimhost.toml");
    let old = site.text("key");
    let serving = Serving::start(&site, DAY);
    let sender = Sender::start(&serving);
    sender.more(20);
    let mut keys = BTreeSet::from([old.clone()]);
    sender.while_busy(|| {
        site.json(&["keys", "rotate"]);
        assert!(keys.insert(site.text("key")), "each time another one");
    });
    // Readers open with the new key beside the process that began with the old one, which goes on.
    assert_verified(&config);
    sender.more(20);
    let sent = sender.end();
    serving.wait_for(TRANSLATED, u64::from(sent) + 1);
    serving.stop();
    assert!(!site.dir().join("key.next").exists() && !site.dir().join("key.old").exists());
    assert_verified(&config);
    assert_has(&site, sent);
    // The next process has the new key only.
    let serving = Serving::start(&site, DAY);
    let mut peer = serving.connect();
    peer.send(&block(&Charge::of_nobody_else(sent + 1).message()));
    assert_eq!(peer.told(), Some(("AA".to_owned(), format!("MSG{}", sent + 1))));
    serving.wait_for(TRANSLATED, u64::from(sent) + 2);
    serving.stop();
    site.run(DAY);
    assert_has(&site, sent + 1);
    site.assert_accounted(DAY);
    site.write("key", old.as_bytes());
    assert_eq!(site.command(&["verify"]).status.code(), Some(3), "the old one opens nothing any more");
}

#[test]
fn backups_taken_while_messages_arrive_restore_to_stores_that_verify() {
    let site = site();
    let config = site.dir().join("claimhost.toml");
    let serving = Serving::start(&site, DAY);
    let sender = Sender::start(&serving);
    let mut copies = Vec::new();
    for at in 0..4 {
        sender.more(15);
        sender.while_busy(|| {
            let before = sender.count();
            let file = site.dir().join(format!("{at}-{}.backup", copies.len()));
            site.json(&["backup", file.to_str().unwrap()]);
            copies.push((file, before));
        });
        // And beside it all the store is what it was made of, at each moment.
        sender.while_busy(|| assert_verified(&config));
    }
    let sent = sender.end();
    serving.wait_for(TRANSLATED, u64::from(sent) + 1);
    serving.stop();
    assert_has(&site, sent);
    site.run(DAY);
    site.assert_accounted(DAY);
    println!("{} copies of {sent} messages", copies.len());
    for (file, before) in copies {
        let other = Site::new();
        for part in ["claimhost.toml", "key"] {
            other.write(part, site.text(part).as_bytes());
        }
        copy_folder(&site.dir().join("practices"), &other.dir().join("practices"));
        // Its outbox is another one.
        other.edit("claimhost.toml", "takes_away = false", "takes_away = true");
        let restored = other.json(&["restore", file.to_str().unwrap()]);
        assert_eq!(restored["verified"]["count"], 0, "{restored}");
        assert_verified(&other.dir().join("claimhost.toml"));
        // What nobody had read yet is read now.
        other.run(DAY);
        assert_has(&other, before);
        other.assert_accounted(DAY);
    }
}
