//! A running `serve` that is killed with `kill -9` at random moments, while MLLP peers, a folder and an upload bring charges and the
//! sandbox answers: after the last restart the ledger is that of the undisturbed run, the payers have taken the same services,
//! and whatever was acknowledged is there exactly once. And the moments that are worst: between a commit and its answer,
//! and in the middle of a body.
//!
//! `CLAIMHOST_SERVE_KILLS` says how many kills (without it a quarter of `CLAIMHOST_KILLS`, or 2), `CLAIMHOST_SERVE_KILL_SEED` replays a
//! printed seed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use claimhost_tests::custody::services_taken;
use claimhost_tests::dice::Dice;
use claimhost_tests::programs::claimhost;
use claimhost_tests::serving::{PATIENCE, Peer, Serving, block};
use claimhost_tests::site::{CLEARING, Charge, PRACTICE, Site, counts};
use claimhost_tests::ways::{self, Upload};
use claimhost_tests::x12::{check, claims_of, clp};
use serde_json::Value;

const DAY: &str = "2026-05-20";
/// Charges that come for the first time, by waves; then as many waves correct those of the first ones.
const WAVES: u32 = 4;
const CORRECTED: u32 = 2;
/// Peers of a wave, and messages of each; files with two messages; uploads with one.
const PEERS: u32 = 3;
const OF_A_PEER: u32 = 8;
const FILES: u32 = 5;
const UPLOADS: u32 = 4;
const OF_A_WAVE: u32 = PEERS * OF_A_PEER + FILES * 2 + UPLOADS;
/// One test at a time, so that the undisturbed run says how long a wave takes.
static ALONE: Mutex<()> = Mutex::new(());

/// One wave: its first number, and whether it corrects what has been billed.
#[derive(Debug, Clone, Copy)]
struct Wave {
    first: u32,
    corrects: bool,
}

fn waves() -> impl Iterator<Item = Wave> {
    let wave = |corrects| move |number| Wave { first: 1 + number * OF_A_WAVE, corrects };
    (0..WAVES).map(wave(false)).chain((0..CORRECTED).map(wave(true)))
}

impl Wave {
    fn message(self, number: u32) -> String {
        let text = Charge::of_nobody_else(number).message();
        if !self.corrects {
            return text;
        }
        let later = text.replace("20260501120000", "20260502120000").replace("|MSG", "|LATER");
        later.replace("|CG|", "|AJ|").replace("99213^^C4", "99214^^C4").replace("|90.00|", "|120.00|")
    }

    fn control_id(self, number: u32) -> String {
        format!("{}{number}", if self.corrects { "LATER" } else { "MSG" })
    }
}

/// The folder, its clearinghouse, and the service that is killed.
struct Line {
    site: Site,
    sandbox: Child,
    serving: Option<Serving>,
    /// Where the service listens now.
    mllp: Mutex<String>,
    upload: Mutex<String>,
    /// Control ids that were acknowledged.
    acknowledged: Mutex<BTreeSet<String>>,
}

const PAYERS: &str = "[[payer]]\nid = \"00000\"\nname = \"EXAMPLE PAYER CHANGE ME\"\ncoinsurance_percent = 20\n\
                      [payer.fees]\n\"99213\" = 7000\n\"99214\" = 10000\n";

impl Line {
    /// A practice at work, approved, and its clearinghouse beside it.
    fn start() -> Self {
        let site = ways::site("", "");
        site.write("payers.toml", PAYERS.as_bytes());
        site.hl7("first.hl7", Charge::of_nobody_else(9_000).message().as_bytes());
        site.run(DAY);
        let folder = |name: &str| site.dir().join(name);
        let mut command = Command::new(claimhost().with_file_name("claimhost-sandbox"));
        command.arg("--transport").arg(folder("transport")).arg("--payers").arg(folder("payers.toml"));
        command.arg("--state").arg(folder("sandbox")).args(["--as-of", DAY, "--seed", "1", "--watch"]);
        let sandbox = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the sandbox starts");
        let mut line = Self {
            site,
            sandbox,
            serving: None,
            mllp: Mutex::default(),
            upload: Mutex::default(),
            acknowledged: Mutex::default(),
        };
        line.serve();
        line
    }

    fn serve(&mut self) {
        let serving = Serving::start(&self.site, DAY);
        *self.mllp.lock().unwrap() = serving.mllp(0);
        *self.upload.lock().unwrap() = serving.upload();
        self.serving = Some(serving);
    }

    /// Charges arrive by every way, each sender going on until all of its own is taken. Kills the service once on the way, after so
    /// long, and starts it again.
    fn play(&mut self, wave: Wave, kill_after: Option<Duration>) {
        let mut serving = self.serving.take();
        let line = &*self;
        let again = std::thread::scope(|scope| {
            for peer in 0..PEERS {
                let first = wave.first + peer * OF_A_PEER;
                scope.spawn(move || line.tell(wave, first));
            }
            scope.spawn(|| line.put(wave, wave.first + PEERS * OF_A_PEER));
            scope.spawn(|| line.send(wave, wave.first + PEERS * OF_A_PEER + FILES * 2));
            let delay = kill_after?;
            std::thread::sleep(delay);
            serving.take().unwrap().kill();
            let again = Serving::start(&line.site, DAY);
            *line.mllp.lock().unwrap() = again.mllp(0);
            *line.upload.lock().unwrap() = again.upload();
            Some(again)
        });
        self.serving = again.or(serving);
    }

    /// An MLLP peer: each message until it is acknowledged, on a new connection where the last has ended.
    fn tell(&self, wave: Wave, first: u32) {
        let mut peer = None;
        for number in first..first + OF_A_PEER {
            until("acknowledged", || {
                let address = self.mllp.lock().unwrap().clone();
                let mut open = peer.take().or_else(|| Peer::try_connect(&address).ok())?;
                open.stream().write_all(&block(&wave.message(number))).ok()?;
                let (code, id) = open.told()?;
                assert!(code == "AA" || code == "AR", "{code} to {number}");
                assert_eq!(id, wave.control_id(number));
                peer = Some(open);
                (code == "AA").then_some(())
            });
            self.acknowledged.lock().unwrap().insert(wave.control_id(number));
        }
    }

    /// Files of two messages, written under another name and renamed.
    fn put(&self, wave: Wave, first: u32) {
        for number in (first..first + FILES * 2).step_by(2) {
            let text = [wave.message(number), wave.message(number + 1)].concat();
            let part = self.site.dir().join(format!("inbox/my-practice/{}.hl7.part", wave.control_id(number)));
            std::fs::write(&part, text).unwrap();
            std::fs::rename(&part, part.with_extension("")).unwrap();
            std::thread::sleep(Duration::from_millis(10)); // spread over the wave
        }
    }

    /// Uploads, each under its key until it is stored.
    fn send(&self, wave: Wave, first: u32) {
        for number in first..first + UPLOADS {
            let (text, key) = (wave.message(number), wave.control_id(number));
            let (one, other) = text.as_bytes().split_at(300);
            until("uploaded", || {
                let mut upload = Upload::begin(&self.upload.lock().unwrap().clone(), Some(&key)).ok()?;
                upload.chunk(one).and_then(|()| upload.chunk(other)).and_then(|()| upload.end()).ok()?;
                let (status, answer) = upload.answer()?;
                assert!(status == 201 || status == 503, "{answer}");
                (status == 201).then_some(())
            });
            self.acknowledged.lock().unwrap().insert(key);
        }
    }

    /// Waits until so much is billed and all of it decided.
    fn settle(&self, billed_cents: u64) {
        let serving = self.serving.as_ref().unwrap();
        let amount =
            |kind: &str| serving.metric(&format!("claimhost_amount_cents{{practice=\"{PRACTICE}\",kind=\"{kind}\"}}"));
        until("decided", || ((amount("billed"), amount("open")) == (billed_cents, 0)).then_some(()));
    }

    /// All waves, with a kill in each as long as some are left. Gives what it came to, and how long each wave took.
    fn run(mut self, mut kill_after: impl FnMut() -> Option<Duration>) -> (Outcome, Duration) {
        let began = Instant::now();
        let (billed, mut corrected) = (1 + u64::from(WAVES * OF_A_WAVE), 0);
        for wave in waves() {
            if wave.corrects {
                // What is corrected has left, so that the ledger says the same whenever the correction comes.
                self.settle(billed * 9_000 + corrected * 3_000);
                corrected += u64::from(OF_A_WAVE);
            }
            self.play(wave, kill_after());
        }
        self.settle(billed * 9_000 + corrected * 3_000);
        let took = began.elapsed() / (WAVES + CORRECTED);
        self.serving.take().unwrap().stop();
        drop(self.sandbox.stdin.take());
        assert!(self.sandbox.wait().unwrap().success());
        let all: BTreeSet<String> = waves()
            .flat_map(|wave| {
                let acknowledged = (0..PEERS * OF_A_PEER).chain(PEERS * OF_A_PEER + FILES * 2..OF_A_WAVE);
                acknowledged.map(move |at| wave.control_id(wave.first + at))
            })
            .collect();
        assert_eq!(*self.acknowledged.lock().unwrap(), all);
        let summary = self.site.run_unapproved(DAY);
        self.site.assert_accounted(DAY);
        (Outcome::of(&self.site, &summary), took)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.sandbox.kill();
        let _ = self.sandbox.wait();
    }
}

/// Tries until something is there.
fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(Instant::now() < until, "not {what} in {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What has to be the same.
#[derive(Debug, PartialEq)]
struct Outcome {
    summary: BTreeMap<&'static str, Value>,
    /// Documents with a charge: a repeat is none of them.
    translated: u64,
    /// How often each member was billed, by the claims' frequency.
    sent: BTreeMap<(String, String), u32>,
    taken: BTreeMap<String, u32>,
}

/// Of the practice, parts of remittances left out: how many answers there are, depends on which claims left together.
fn charges_read(site: &Site) -> u64 {
    let listed = site.json(&["document", "list", "--practice", PRACTICE]);
    let is_charge = |row: &&Value| row["status"] == "translated" && row["part"] == false;
    listed.as_array().unwrap().iter().filter(is_charge).count() as u64
}

impl Outcome {
    fn of(site: &Site, summary: &Value) -> Self {
        let keys = ["ledger_digest", "claims", "cents", "visits", "findings"];
        let mut sent = BTreeMap::new();
        for (_, bytes) in site.outbox() {
            for claim in claims_of(&String::from_utf8(bytes).unwrap()) {
                *sent.entry((claim.member, claim.frequency)).or_default() += 1;
            }
        }
        Self {
            summary: keys.into_iter().map(|key| (key, summary[key].clone())).collect(),
            translated: charges_read(site),
            sent,
            taken: services_taken(site.dir()),
        }
    }

    /// Each charge left once, and so did each correction.
    fn assert_once(&self) {
        let once = |number: u32, frequency: &str| ((format!("ID{number}"), frequency.to_owned()), 1);
        let mut expected: BTreeMap<(String, String), u32> = (1..=WAVES * OF_A_WAVE).map(|n| once(n, "1")).collect();
        expected.extend((1..=CORRECTED * OF_A_WAVE).map(|number| once(number, "7")));
        expected.extend([once(9_000, "1")]);
        assert_eq!(self.sent, expected);
        assert_eq!(self.taken.len(), expected.len() - (CORRECTED * OF_A_WAVE) as usize);
        assert!(self.taken.values().all(|times| *times == 1), "{:?}", self.taken);
    }
}

fn kills_asked() -> usize {
    let of = |name: &str| std::env::var(name).ok().map(|text| text.parse::<usize>().expect("a number of kills"));
    of("CLAIMHOST_SERVE_KILLS").unwrap_or_else(|| of("CLAIMHOST_KILLS").map_or(2, |all| all.div_ceil(4)))
}

#[test]
fn killed_under_load_it_ends_as_if_undisturbed() {
    let _alone = ALONE.lock();
    let mut dice = Dice::new(Dice::seed("CLAIMHOST_SERVE_KILL_SEED"));
    let (expected, wave) = Line::start().run(|| None);
    println!("undisturbed: {wave:?} a wave");
    expected.assert_once();
    let (kills, mut landed) = (kills_asked(), 0);
    while landed < kills {
        let mut moments = Vec::new();
        let (found, _) = Line::start().run(|| {
            let delay = Duration::from_millis(dice.below(u64::try_from(wave.as_millis()).unwrap() * 3 / 2));
            (landed < kills).then(|| {
                landed += 1;
                moments.push(delay);
                delay
            })
        });
        println!("killed after {moments:?}");
        for (what, value) in &expected.summary {
            assert_eq!(found.summary.get(what), Some(value), "{what}, killed after {moments:?}");
        }
        found.assert_once();
        assert_eq!((found.translated, found.taken), (expected.translated, expected.taken.clone()), "{moments:?}");
    }
}

/// Starts a service that ends itself at a moment, as `kill -9` would.
fn serve_until(site: &Site, moment: &str) -> Serving {
    Serving::with(site, DAY, |command| command.stderr(Stdio::null()).env("CLAIMHOST_CRASH_AT", moment))
}

fn upload(serving: &Serving, key: &str, text: &str) -> Option<(u32, Value)> {
    let mut upload = Upload::begin(&serving.upload(), Some(key)).unwrap();
    upload.chunk(text.as_bytes()).unwrap();
    upload.end().unwrap();
    upload.answer()
}

#[test]
fn ended_between_commit_and_answer_it_has_what_its_sender_sends_again_once() {
    let _alone = ALONE.lock();
    let wave = Wave { first: 1, corrects: false };
    let site = ways::site("", "");
    let mut serving = serve_until(&site, "after-receive:3");
    let mut peer = serving.connect();
    for (number, told) in [(1, Some("AA")), (2, Some("AA")), (3, None)] {
        peer.send(&block(&wave.message(number)));
        assert_eq!(peer.told().map(|(code, _)| code).as_deref(), told, "message {number}");
    }
    assert_eq!(serving.ended().signal(), Some(6), "it ends itself where the environment says");
    // Its sender has no answer, and sends it again.
    let mut serving = serve_until(&site, "after-receive:2");
    let mut peer = serving.connect();
    peer.send(&block(&wave.message(3)));
    assert_eq!(peer.told(), Some(("AA".to_owned(), "MSG3".to_owned())));
    assert_eq!(upload(&serving, "four", &wave.message(4)), None, "it ends before it answers");
    assert_eq!(serving.ended().signal(), Some(6));
    let serving = Serving::start(&site, DAY);
    let first = upload(&serving, "four", &wave.message(4)).expect("an answer");
    assert_eq!(first.0, 201, "{first:?}");
    assert_eq!(upload(&serving, "four", &wave.message(4)), Some(first));
    serving.stop();
    let found = counts(&site.run(DAY));
    // The third message came twice; the key says that the fourth is stored.
    assert_eq!((found["received"], found["translated"], found["ignored"]), (5, 4, 1), "{found:?}");
    let sent: Vec<_> =
        site.outbox().into_iter().flat_map(|(_, bytes)| claims_of(&String::from_utf8(bytes).unwrap())).collect();
    let mut members: Vec<&str> = sent.iter().map(|claim| claim.member.as_str()).collect();
    members.sort_unstable();
    assert_eq!(members, ["ID1", "ID2", "ID3", "ID4"]);
    site.assert_accounted(DAY);
}

#[test]
fn killed_in_the_middle_of_an_upload_it_has_nothing_of_it() {
    let _alone = ALONE.lock();
    let site = ways::site("", "");
    let serving = Serving::start(&site, DAY);
    let text = Charge::of_nobody_else(1).message();
    let (half, rest) = text.as_bytes().split_at(300);
    let mut upload = Upload::begin(&serving.upload(), Some("one")).unwrap();
    upload.chunk(half).unwrap();
    // The half is in the file without a name.
    let files = format!("/proc/{}/fd", serving.id());
    until("on its way", || {
        let entries = std::fs::read_dir(&files).unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        let is_body =
            |path: &std::path::Path| std::fs::read_link(path).is_ok_and(|to| to.to_string_lossy().contains(".upload-"));
        let mut bodies = entries.filter(|path| is_body(path));
        bodies.find(|path| std::fs::metadata(path).is_ok_and(|data| data.len() == half.len() as u64)).map(|_| ())
    });
    serving.kill();
    let _ = upload.chunk(rest).and_then(|()| upload.end());
    assert_eq!(upload.answer(), None);
    let beside = std::fs::read_dir(site.dir().join("store")).unwrap();
    let names: Vec<_> = beside.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| !name.contains("upload")), "{names:?}");
    assert_eq!(counts(&site.run(DAY))["received"], 0);
    let serving = Serving::start(&site, DAY);
    assert_eq!(self::upload(&serving, "one", &text).map(|(status, _)| status), Some(201));
    serving.stop();
    let found = counts(&site.run(DAY));
    assert_eq!((found["received"], found["translated"]), (1, 1), "{found:?}");
    site.assert_accounted(DAY);
}

/// A practice whose claims have left, and one file with four 835s that pay all of them.
fn paid_in_four(charges: u32) -> (Site, String) {
    let site = ways::site("", "");
    let messages: String = (1..=charges).map(|number| Charge::of_nobody_else(number).message()).collect();
    site.hl7("all.hl7", messages.as_bytes());
    site.run(DAY);
    let sent: Vec<_> =
        site.outbox().into_iter().flat_map(|(_, bytes)| claims_of(&String::from_utf8(bytes).unwrap())).collect();
    assert_eq!(sent.len(), charges as usize);
    let checks = (1..).zip(sent.chunks(sent.len() / 4)).map(|(number, claims)| {
        let paid: Vec<String> = claims.iter().map(|claim| clp(&claim.clm01, "1", "90", "70", &["CO*45*20"])).collect();
        check(number, &format!("I*{}*C", claims.len() * 70), "EXAMPLE PAYER CHANGE ME", "1234567893", &paid, "")
    });
    let answer = checks.collect();
    (site, answer)
}

#[test]
fn ended_in_the_middle_of_an_answer_it_applies_the_rest() {
    // More than goes into one transaction while listeners wait.
    const CHARGES: u32 = 200;
    let _alone = ALONE.lock();
    let (whole, answer) = paid_in_four(CHARGES);
    whole.answer("a.835", answer.as_bytes());
    let expected = whole.run(DAY);
    assert_eq!(expected["cents"]["paid"], i64::from(CHARGES) * 7_000, "{expected}");
    let (site, answer) = paid_in_four(CHARGES);
    let mut serving = serve_until(&site, "mid-answer");
    site.answer("a.835", answer.as_bytes());
    assert_eq!(serving.ended().signal(), Some(6), "it ends itself where the environment says");
    let ordinals = || {
        let listed = site.json(&["document", "list", "--practice", CLEARING]);
        let ordinal = |row: &Value| row["ordinal"].as_u64().unwrap();
        let mut all: Vec<u64> = listed.as_array().unwrap().iter().map(ordinal).collect();
        all.sort_unstable();
        all
    };
    let begun = ordinals().len();
    assert!((1..4).contains(&begun), "{begun} of 4 are applied");
    let found = site.run(DAY);
    assert_eq!(ordinals(), [0, 1, 2, 3], "each once");
    for key in ["ledger_digest", "claims", "cents", "visits", "documents"] {
        assert_eq!(found[key], expected[key], "{key}");
    }
    site.assert_accounted(DAY);
}
