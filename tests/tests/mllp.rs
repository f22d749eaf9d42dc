//! The MLLP listener through the real binary and plain sockets: what is acknowledged is stored, what is no message is counted,
//! kept and named, and no peer, however slow or rude, harms another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use claimhost_tests::serving::{PATIENCE, Peer, Serving, block};
use claimhost_tests::site::{Charge, PRACTICE, Site, counts};
use serde_json::Value;

const DAY: &str = "2026-05-20";

/// A folder with a listener, and further keys of it.
fn site(more: &str) -> Site {
    let site = Site::new();
    let config = format!(
        "{}\n[[intake.mllp]]\npractice = \"{PRACTICE}\"\nlisten = \"127.0.0.1:0\"\nadapter = \"hl7v2-dft\"\n\
         mapping = \"practices/my-practice/mapping.toml\"\n{more}\n",
        site.text("claimhost.toml").replace("settle_seconds = 5", "settle_seconds = 0")
    );
    site.write("claimhost.toml", config.as_bytes());
    site
}

fn message(number: u32) -> String {
    Charge::of_nobody_else(number).message()
}

fn stored(code: &str, number: u32) -> Option<(String, String)> {
    Some((code.to_owned(), format!("MSG{number}")))
}

/// Documents by status and reason.
fn documents(site: &Site) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    for row in site.json(&["document", "list", "--practice", PRACTICE]).as_array().unwrap() {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        *found.entry(format!("{} {}", text("status"), text("reason")).trim().to_owned()).or_default() += 1;
    }
    found
}

/// How often each of our member ids is in what left for the clearinghouse.
fn members_sent(site: &Site) -> BTreeMap<u32, u32> {
    let mut found = BTreeMap::new();
    for (_, bytes) in site.outbox() {
        for segment in String::from_utf8_lossy(&bytes).split('~').filter(|segment| segment.trim().starts_with("NM1*IL"))
        {
            let id = segment.trim().rsplit('*').next().and_then(|id| id.strip_prefix("ID")).unwrap();
            *found.entry(id.parse().unwrap()).or_default() += 1;
        }
    }
    found
}

#[test]
fn what_is_acknowledged_is_stored_and_goes_the_way_of_every_file() {
    let site = site("");
    let mut serving = Serving::start(&site, DAY);
    let mut peer = serving.connect();
    peer.send(&block(&message(1)));
    let answer = peer.answer().unwrap();
    assert!(answer.contains("\rMSA|AA|MSG1\r") && answer.starts_with("MSH|^~\\&|CH|CH|EHR|SITE|"), "{answer}");
    // The same message again is a repeat, as from a folder; and the folder works beside.
    peer.send(&block(&message(1)));
    assert_eq!(peer.told(), stored("AA", 1));
    site.hl7("a.hl7", message(2).as_bytes());
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 2);
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"ignored\"}", 1);
    assert_eq!(serving.metric("claimhost_mllp_connections{practice=\"my-practice\"}"), 1);
    serving.terminate();
    assert_eq!(serving.ended().code(), Some(0));
    assert_eq!(documents(&site), BTreeMap::from([("translated".to_owned(), 2), ("ignored repeat".to_owned(), 1)]));
    let summary = site.run(DAY);
    assert_eq!(counts(&summary)["translated"], 2);
    assert_eq!(members_sent(&site), BTreeMap::from([(1, 1), (2, 1)]), "each is billed once");
}

#[test]
fn peers_may_be_slow_or_many_or_close_their_side_and_get_every_answer_in_order() {
    let site = site("message_bytes_max = 4096");
    let serving = Serving::start(&site, DAY);
    // Byte by byte, beside one that sends half a block and then nothing.
    let mut silent = serving.connect();
    silent.send(&block(&message(900))[..40]);
    let mut slow = serving.connect();
    for byte in block(&message(1)) {
        slow.send(&[byte]);
        std::thread::sleep(Duration::from_micros(200));
    }
    assert_eq!(slow.told(), stored("AA", 1));
    // Many at once, and our side closed before the first answer is read; two connections in turns.
    let (mut left, mut right) = (serving.connect(), serving.connect());
    let all: Vec<u8> = (100..400).flat_map(|number| block(&message(number))).collect();
    let others: Vec<u8> = (400..700).flat_map(|number| block(&message(number))).collect();
    for (mine, other) in all.chunks(997).zip(others.chunks(997)) {
        left.send(mine);
        right.send(other);
    }
    left.end();
    right.end();
    for number in 100..400 {
        assert_eq!(left.told(), stored("AA", number));
    }
    for number in 400..700 {
        assert_eq!(right.told(), stored("AA", number));
    }
    assert_eq!((left.answer(), right.answer()), (None, None));
    drop(silent);
    serving.wait_for("claimhost_mllp_framing_faults_total{practice=\"my-practice\",fault=\"cut-off\"}", 1);
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 601);
    serving.stop();
    assert_eq!(
        documents(&site),
        BTreeMap::from([("translated".to_owned(), 601), ("rejected mllp.cut-off".to_owned(), 1)])
    );
}

#[test]
fn what_is_no_message_is_counted_kept_and_named() {
    let site = site("message_bytes_max = 4096");
    let serving = Serving::start(&site, DAY);
    let good = |number: u32| block(&message(number));
    let long = format!("MSH|^~\\&|A|B|C|D|1||DFT^P03|LONG|P|2.5\rNTE|1||{}", "x".repeat(5_000));
    let second = format!("{}{}", message(20), message(21));
    let batch = format!("BHS|^~\\&|A\r{}BTS|1\r", message(22));
    let no_id = message(23).replace("|MSG23|", "||");
    // What is sent on a connection, then closed; what is answered; the fault; what is kept.
    let cases: Vec<(Vec<u8>, &[&str], &str, &str)> = vec![
        ([b"\r\n".to_vec(), good(1), b"\r\n\r".to_vec()].concat(), &["AA"], "", ""),
        (format!("\u{b}{}\u{1c}", message(2)).into_bytes(), &["AA"], "no-carriage-return", ""),
        ([message(3).into_bytes(), good(4)].concat(), &["AA"], "outside-block", "mllp.outside-block"),
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), &[], "outside-block", ""),
        (format!("{}\u{1c}\r", message(5)).into_bytes(), &["AE"], "no-start-block", "mllp.no-start-block"),
        ([&good(6)[..100], &good(7)].concat(), &["AA"], "nested-start-block", "mllp.nested-start-block"),
        ([block(&long), good(8)].concat(), &["AE", "AA"], "too-long", "mllp.too-long"),
        (good(9)[..200].to_vec(), &[], "cut-off", "mllp.cut-off"),
        (block("PID|1||X\r"), &["AE"], "", "mllp.no-header"),
        (block(""), &["AE"], "", ""),
        (block(&second), &["AE"], "", "mllp.several-messages"),
        (block(&batch), &["AE"], "", "mllp.batch"),
        (block(&no_id), &["AE"], "", "mllp.no-control-id"),
        (block(&message(24).replace("|P|2.5", "|T|2.5")), &["AR"], "", ""),
        (block(&message(25).replace("|P|2.5", "|P|3.0")), &["AR"], "", ""),
    ];
    let (mut faults, mut kept) = (BTreeMap::<&str, u64>::new(), BTreeMap::<String, u32>::new());
    let mut taken = 0;
    for (bytes, answers, fault, reason) in &cases {
        let mut peer = serving.connect();
        peer.send(bytes);
        peer.end();
        assert_eq!(peer.all_told(), *answers, "{fault} {reason}");
        taken += answers.iter().filter(|code| **code == "AA").count() as u32;
        if !fault.is_empty() {
            *faults.entry(fault).or_default() += 1;
        }
        if !reason.is_empty() {
            *kept.entry(format!("rejected {reason}")).or_default() += 1;
        }
    }
    kept.insert("translated".to_owned(), taken);
    for fault in ["no-carriage-return", "outside-block", "no-start-block", "nested-start-block", "too-long", "cut-off"]
    {
        let sample = format!("claimhost_mllp_framing_faults_total{{practice=\"my-practice\",fault=\"{fault}\"}}");
        serving.wait_for(&sample, faults[fault]);
    }
    let ends = |outcome: &str| {
        serving.metric(&format!("claimhost_mllp_messages_total{{practice=\"my-practice\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!((ends("stored"), ends("refused"), ends("left"), ends("not-stored")), (u64::from(taken), 7, 2, 0));
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", u64::from(taken));
    serving.wait_for("claimhost_mllp_connections{practice=\"my-practice\"}", 0);
    serving.stop();
    assert_eq!(documents(&site), kept);
    // What is kept is what came, with what to do; and it is work.
    let shown = site.documents(PRACTICE);
    let cut = shown.iter().find(|document| document["reason"] == "mllp.cut-off").unwrap();
    assert_eq!(site.raw(cut), good(9)[1..200], "without the start block");
    assert!(cut.to_string().contains("ask for it"), "{cut}");
    let work = site.json(&["work", "list", "--kind", "document.rejected"]);
    assert_eq!(work.as_array().unwrap().len(), shown.len() - taken as usize);
    // It is not run as if it were whole.
    let again = site.json(&["document", "retry", "--rejected"]);
    assert!(again.as_array().unwrap().iter().all(|line| line["after"] == "rejected"), "{again}");
}

#[test]
fn senders_in_enhanced_mode_get_what_they_ask_for() {
    let site = site("message_types = [\"DFT\"]");
    let serving = Serving::start(&site, DAY);
    let asking = |number: u32, accept: &str, application: &str| {
        block(&message(number).replacen("|P|2.5", &format!("|P|2.5|||{accept}|{application}"), 1))
    };
    let mut peer = serving.connect();
    for (number, accept, application, answers) in
        [(1, "AL", "NE", &["CA"][..]), (2, "AL", "AL", &["CA", "AA"]), (3, "NE", "AL", &["AA"]), (4, "SU", "", &["CA"])]
    {
        peer.send(&asking(number, accept, application));
        for code in answers {
            assert_eq!(peer.told(), stored(code, number), "{accept} {application}");
        }
    }
    // What is wrong for what is in it: a commit error, and no second answer; one of the application where only that is asked for.
    let nameless = |number: u32, accept: &str, application: &str| {
        let text = String::from_utf8(asking(number, accept, application)).unwrap();
        text.replace(&format!("|MSG{number}|"), "||").into_bytes()
    };
    for (accept, application, code) in [("AL", "AL", "CE"), ("ER", "NE", "CE"), ("NE", "AL", "AE")] {
        peer.send(&nameless(8, accept, application));
        assert_eq!(peer.told(), Some((code.to_owned(), String::new())), "{accept} {application}");
    }
    // Not asked for, not answered: the next answer is that of the next message.
    peer.send(&asking(5, "NE", "NE"));
    peer.send(&asking(6, "ER", "NE"));
    let other = |number: u32| String::from_utf8(asking(number, "ER", "AL")).unwrap().replace("DFT^P03", "ADT^A01");
    peer.send(other(7).as_bytes());
    assert_eq!(peer.told(), stored("CR", 7));
    peer.end();
    assert_eq!(peer.all_told(), Vec::<String>::new());
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 6);
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"rejected\"}", 3);
    serving.stop();
    assert_eq!(documents(&site)["rejected mllp.no-control-id"], 3, "kept for a person");
}

#[test]
fn too_many_connections_and_idle_ones_are_closed() {
    let site = site("connections_max = 2\nidle_seconds = 2");
    let serving = Serving::start(&site, DAY);
    let (mut first, mut second) = (serving.connect(), serving.connect());
    for (number, peer) in [(1, &mut first), (2, &mut second)] {
        peer.send(&block(&message(number)));
        assert_eq!(peer.told(), stored("AA", number));
    }
    assert_eq!(serving.connect().answer(), None, "a third one is closed at once");
    assert_eq!(serving.metric("claimhost_mllp_connections_turned_away_total{practice=\"my-practice\"}"), 1);
    let started = Instant::now();
    assert_eq!(first.answer(), None, "closed for being idle");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    serving.wait_for("claimhost_mllp_connections{practice=\"my-practice\"}", 0);
    let mut third = serving.connect();
    third.send(&block(&message(3)));
    assert_eq!(third.told(), stored("AA", 3));
    serving.stop();
}

#[test]
fn told_to_stop_it_ends_the_block_in_hand_and_answers_it() {
    let site = site("");
    let mut serving = Serving::start(&site, DAY);
    let mut peer = serving.connect();
    peer.send(&block(&message(1)));
    assert_eq!(peer.told(), stored("AA", 1));
    let whole = block(&message(2));
    peer.send(&whole[..50]);
    let mut cut = serving.connect();
    cut.send(&whole[..50]);
    serving.wait_for("claimhost_mllp_connections{practice=\"my-practice\"}", 2);
    std::thread::sleep(Duration::from_millis(200)); // both halves have been read
    serving.terminate();
    std::thread::sleep(Duration::from_millis(200));
    peer.send(&whole[50..]);
    assert_eq!(peer.told(), stored("AA", 2));
    assert_eq!((peer.answer(), cut.answer()), (None, None));
    assert_eq!(serving.ended().code(), Some(0));
    let summary = site.run(DAY);
    assert_eq!((counts(&summary)["translated"], counts(&summary)["rejected"]), (2, 1), "{summary}");
    assert_eq!(documents(&site)["rejected mllp.cut-off"], 1);
}

#[test]
fn while_the_store_cannot_be_written_messages_stay_with_their_sender() {
    let site = site("");
    let serving = Serving::start(&site, DAY);
    let mut peer = serving.connect();
    peer.send(&block(&message(1)));
    assert_eq!(peer.told(), stored("AA", 1));
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 1);
    let store = rusqlite::Connection::open(site.dir().join("store/claimhost.db")).unwrap();
    store.busy_timeout(PATIENCE).unwrap();
    store.execute_batch("BEGIN IMMEDIATE").unwrap();
    peer.send(&block(&message(2)));
    let answer = peer.answer().expect("an answer within SQLite's patience");
    assert!(answer.contains("\rMSA|AR|MSG2|") && answer.contains("207^Application internal error"), "{answer}");
    // In enhanced mode that is a commit error, not a rejection: the same message may come again.
    peer.send(&block(&message(3).replacen("|P|2.5", "|P|2.5|||AL|AL", 1)));
    assert_eq!(peer.told(), stored("CE", 3));
    drop(store);
    peer.send(&block(&message(2)));
    assert_eq!(peer.told(), stored("AA", 2));
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 2);
    assert_eq!(serving.metric("claimhost_mllp_messages_total{practice=\"my-practice\",outcome=\"not-stored\"}"), 2);
    serving.stop();
}

#[test]
fn killed_under_load_it_has_every_acknowledged_message_exactly_once() {
    const SENDERS: u32 = 8;
    const OF_EACH: u32 = 150;
    let site = site("");
    let mut acknowledged: BTreeSet<u32> = BTreeSet::new();
    let mut sent: BTreeSet<u32> = BTreeSet::new();
    for round in 0..3_u64 {
        let serving = Serving::start(&site, DAY);
        let address = serving.mllp(0);
        let done: Vec<(BTreeSet<u32>, BTreeSet<u32>)> = std::thread::scope(|scope| {
            let mut senders = Vec::new();
            for sender in 0..SENDERS {
                let mine: Vec<u32> = (0..OF_EACH)
                    .map(|number| 1 + number * SENDERS + sender)
                    .filter(|number| !acknowledged.contains(number))
                    .collect();
                let address = &address;
                senders.push(scope.spawn(move || load(address, &mine)));
            }
            // Acknowledgements flow, the pipeline works on what came first; then the end.
            let started = Instant::now();
            while serving.metric("claimhost_mllp_messages_total{practice=\"my-practice\",outcome=\"stored\"}") < 100 {
                assert!(started.elapsed() < PATIENCE, "no load");
            }
            std::thread::sleep(Duration::from_millis(round * 137));
            serving.kill();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        for (told, begun) in done {
            acknowledged.extend(told);
            sent.extend(begun);
        }
        println!("round {round}: {} acknowledged of {} begun", acknowledged.len(), sent.len());
    }
    assert!(acknowledged.len() >= 300, "{}", acknowledged.len());
    site.run(DAY);
    let members = members_sent(&site);
    for number in &acknowledged {
        assert_eq!(members.get(number), Some(&1), "message {number} was acknowledged");
    }
    // What was stored and not acknowledged may be there; what nobody sent may not.
    assert!(members.iter().all(|(number, times)| *times == 1 && sent.contains(number)), "{members:?}");
    // All of it once more changes nothing.
    let before = site.run(DAY);
    let serving = Serving::start(&site, DAY);
    let all: Vec<u32> = acknowledged.iter().copied().collect();
    let (told, _) = load(&serving.mllp(0), &all);
    assert_eq!(told, acknowledged);
    serving.stop();
    let after = site.run(DAY);
    assert_eq!((&after["ledger_digest"], &after["claims"]), (&before["ledger_digest"], &before["claims"]));
    assert_eq!(members_sent(&site), members);
    assert_eq!(counts(&after)["pending"], 0);
}

/// Sends messages one after the other, waiting for each answer, until the other side ends. Gives those that were acknowledged,
/// and those that were begun.
fn load(address: &str, numbers: &[u32]) -> (BTreeSet<u32>, BTreeSet<u32>) {
    use std::io::Write;
    let (mut told, mut begun) = (BTreeSet::new(), BTreeSet::new());
    let mut peer = Peer::connect(address);
    for number in numbers {
        begun.insert(*number);
        if peer.stream().write_all(&block(&message(*number))).is_err() {
            break;
        }
        match peer.told() {
            Some((code, id)) => {
                assert_eq!((code.as_str(), id), ("AA", format!("MSG{number}")));
                told.insert(*number);
            }
            None => break,
        }
    }
    (told, begun)
}

#[test]
fn check_config_tells_of_addresses_and_of_adapters_that_read_no_messages() {
    let site = site("");
    let check = |site: &Site| -> Value {
        serde_json::from_slice(&site.command(&["check-config", "--json"]).stdout).expect("a report")
    };
    let words = |report: &Value, key: &str| -> String {
        let all = report["checks"].as_array().unwrap().iter();
        all.filter(|check| check["what"].as_str().unwrap().starts_with(key)).map(|check| check.to_string()).collect()
    };
    let report = check(&site);
    assert!(words(&report, "intake.mllp[0].listen").contains("is free"), "{report}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    site.edit("claimhost.toml", "listen = \"127.0.0.1:0\"", &format!("listen = \"{address}\""));
    assert!(words(&check(&site), "intake.mllp[0].listen").contains("choose another address"));
    site.edit(
        "claimhost.toml",
        "adapter = \"hl7v2-dft\"\nmapping = \"practices/my-practice/mapping.toml\"\n\n",
        "adapter = \"csv-superbill\"\n",
    );
    let report = check(&site);
    assert!(words(&report, "intake.mllp[0] of").contains("reads no HL7 v2 messages"), "{report}");
}
