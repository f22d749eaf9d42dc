//! The shipped pipeline on the shipped store, in one process, over a disk that fails: power cuts that lose and tear what no fsync has
//! made durable, in the store and in the folders that files arrive in and leave from, at work and at rest; a full disk, folders
//! without space, an fsync or a rename that fails, a clock that jumps; answers come in any order, twice, and cut off. Whatever
//! happens, the ledger, every count and cent, and the services that the payer has taken are those of the undisturbed run,
//! `verify` finds no difference, and nothing is unaccounted for.
//!
//! `CLAIMHOST_SCHEDULES` says how many schedules (40 without it; `.ci/run --full` runs 10,000), `CLAIMHOST_SIMULATION_SEED` replays a
//! printed one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod disk;
mod folders;
mod payer;

use std::collections::BTreeMap;

use claimhost::claim::{Date, day_number, parse_iso};
use claimhost::config::Config;
use claimhost::lifecycle::Host;
use claimhost::verify::ends::unaccounted;
use claimhost::verify::{Outside, Plan, verify};
use claimhost_tests::dice::Dice;
use claimhost_tests::site::{Charge, PRACTICE, Site, copy_folder};
use disk::Faults;
use folders::Trouble;
use payer::Payer;
use serde_json::Value;

const SEED: &str = "CLAIMHOST_SIMULATION_SEED";
const DAY: &str = "2026-05-20";
/// The earliest day that the clock jumps to: no work is overdue on it.
const EARLIEST: &str = "2026-05-12";
/// What can go wrong, as it is counted. Of 40 schedules each meets every one.
const MET: [&str; 9] = [
    "power cut",
    "power cut at rest",
    "full disk",
    "failed fsync",
    "failed rename",
    "folder without space",
    "folder that fails",
    "cut answer",
    "clock jump",
];
/// Fault schedules that one scenario is tried with.
const SCHEDULES_A_SCENARIO: u64 = 10;
/// Turns after which a host that still fails, with nothing failing under it, is broken.
const TRIES: usize = 6;

#[test]
fn whatever_fails_it_ends_as_if_nothing_had() {
    let schedules: u64 = std::env::var("CLAIMHOST_SCHEDULES").map_or(40, |text| text.parse().expect("a number"));
    let replayed = std::env::var_os(SEED).is_some();
    let first = Dice::seed(SEED);
    disk::install();
    // A practice at work: approved, with one claim that has left.
    let template = Site::new();
    template.hl7("before.hl7", Charge::of_nobody_else(99).message().as_bytes());
    template.run(DAY);
    let mut met = BTreeMap::<&str, u64>::new();
    let mut expected: Option<(u64, Ended)> = None;
    let count = if replayed { 1 } else { schedules };
    for seed in first..first + count {
        let scenario = seed / SCHEDULES_A_SCENARIO;
        if expected.as_ref().is_none_or(|(known, _)| *known != scenario) {
            expected = Some((scenario, Run::new(&template, scenario, None).play()));
        }
        let (_, undisturbed) = expected.as_ref().unwrap();
        let mut run = Run::new(&template, scenario, Some((seed, undisturbed.changes.clone())));
        println!("{SEED}={seed}");
        let ended = run.play();
        run.met.iter().for_each(|(fault, times)| *met.entry(fault).or_default() += times);
        for (what, value) in &undisturbed.same {
            assert_eq!(ended.same.get(what), Some(value), "{what}; {SEED}={seed}, faults {:?}", run.met);
        }
    }
    println!("{count} schedules: {met:?}");
    if count >= 40 {
        for fault in MET {
            assert!(met.get(fault).is_some_and(|times| *times > 0), "no {fault} in {met:?}");
        }
    }
}

/// What has to be the same, and how often each step changed the disk.
struct Ended {
    same: BTreeMap<String, Value>,
    changes: Vec<u64>,
}

/// One run of a scenario.
struct Run {
    folder: tempfile::TempDir,
    host: Option<Host>,
    payer: Payer,
    /// Of the scenario: the same with and without faults.
    plot: Dice,
    /// Of what goes wrong, and how often each step changes the disk; none: nothing does.
    trouble: Option<(Dice, Vec<u64>)>,
    met: BTreeMap<&'static str, u64>,
    steps: Vec<u64>,
    numbers: u32,
}

impl Run {
    fn new(template: &Site, scenario: u64, trouble: Option<(u64, Vec<u64>)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(template.dir(), folder.path());
        Self {
            folder,
            host: None,
            payer: Payer::default(),
            plot: Dice::new(scenario),
            trouble: trouble.map(|(seed, changes)| (Dice::new(seed ^ 0x5DEE_CE66), changes)),
            met: BTreeMap::new(),
            steps: Vec::new(),
            numbers: 0,
        }
    }

    fn play(&mut self) -> Ended {
        let patients = 3 + u32::try_from(self.plot.below(4)).unwrap();
        let first: Vec<String> = (1..=patients).map(|number| Charge::of_nobody_else(number).message()).collect();
        self.deliver("first", &first);
        self.settle();
        let answered_early = self.plot.below(2) == 0;
        if answered_early {
            self.answer();
        }
        let mut later = Vec::new();
        for number in 1..=patients {
            match self.plot.below(4) {
                0 => later.push(self.again(number, "AJ", "99214^^C4", "120.00")),
                1 => later.push(self.again(number, "CD", "99213^^C4", "90.00")),
                2 => {
                    later.push(self.again(number, "CD", "99213^^C4", "90.00"));
                    later.push(self.again(number, "CG", "99213^^C4", "90.00"));
                }
                _ => {}
            }
        }
        self.deliver("later", &later);
        self.settle();
        self.answer();
        let repeats: Vec<String> = first
            .iter()
            .map(|message| message.replace("|MSG", "|AGAIN").replace("20260501120000||", "20260502120000||"))
            .collect();
        self.deliver("repeats", &repeats);
        self.settle();
        // What a refused or corrected claim led to is answered too.
        for _ in 0..3 {
            self.answer();
        }
        self.end()
    }

    /// A later message about a patient's charge.
    fn again(&mut self, number: u32, kind: &str, code: &str, amount: &str) -> String {
        self.numbers += 1;
        Charge::of_nobody_else(number)
            .message()
            .replace("20260501120000", &format!("202605011300{:02}", self.numbers))
            .replace("|MSG", &format!("|LATER{}", self.numbers))
            .replace("|CG|", &format!("|{kind}|"))
            .replace("99213^^C4", code)
            .replace("|90.00|", &format!("|{amount}|"))
    }

    /// Puts messages into the inbox, in one file or a file each.
    fn deliver(&mut self, name: &str, messages: &[String]) {
        let inbox = self.folder.path().join("inbox/my-practice");
        if self.plot.below(2) == 0 {
            std::fs::write(inbox.join(format!("{name}.hl7")), messages.concat()).unwrap();
        } else {
            for (at, message) in messages.iter().enumerate() {
                std::fs::write(inbox.join(format!("{name}-{at}.hl7")), message).unwrap();
            }
        }
    }

    /// The payer takes what has left; its answers arrive in any order, some of them twice, some while others are taken.
    fn answer(&mut self) {
        let out = self.folder.path().join("transport/out");
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && path.extension().is_some_and(|end| end == "837"))
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
            .collect();
        files.sort();
        let mut answers = self.payer.take(files);
        let inbox = self.folder.path().join("transport/in");
        if let Some((dice, _)) = &mut self.trouble {
            dice.shuffle(&mut answers);
            if let (0, Some((name, text))) = (dice.below(3), answers.first().cloned()) {
                answers.push((format!("again-{name}"), text));
            }
            // A transfer that broke off; the whole file comes too.
            if let (0, Some((name, text))) = (dice.below(3), answers.last().cloned()) {
                let cut = 1 + dice.below(text.len() as u64 - 2);
                answers.insert(0, (format!("cut-{name}"), text[..usize::try_from(cut).unwrap()].to_owned()));
                *self.met.entry("cut answer").or_default() += 1;
            }
        }
        let half = answers.len() / 2;
        for (at, (name, text)) in answers.iter().enumerate() {
            std::fs::write(inbox.join(name), text).unwrap();
            if at + 1 == half {
                self.settle();
            }
        }
        self.settle();
    }

    /// Turns until nothing moves, with whatever goes wrong on the way.
    fn settle(&mut self) {
        let step = self.steps.len();
        let fault = self
            .trouble
            .as_mut()
            .map_or(Fault::None, |(dice, changes)| Fault::any(dice, changes.get(step).copied().unwrap_or(20)));
        let mut blocked = None;
        let mut day = parse_iso(DAY).unwrap();
        let (mut faults, mut trouble) = (Faults::default(), None);
        match fault {
            Fault::None => {}
            Fault::Folders(of) => trouble = Some(of),
            Fault::Power(at) => faults.dead_from = Some(at),
            Fault::Full(from, to) => faults.full = Some((from, to)),
            Fault::Sync(at) => faults.no_sync_at = Some(at),
            Fault::Rename(number) => {
                // A folder stands where the next 837 wants to go.
                let path = self.folder.path().join(format!("transport/out/{PRACTICE}-{number:09}.837"));
                if !path.exists() {
                    std::fs::create_dir_all(path.join("in-the-way")).unwrap();
                    blocked = Some(path);
                }
            }
            Fault::Clock(other) => {
                day = other;
                *self.met.entry("clock jump").or_default() += 1;
            }
        }
        disk::arm(faults);
        let mut well = self.try_to_settle(day, trouble);
        let changes = disk::changes();
        // A file that cannot be archived waits in its inbox, and holds nothing up.
        if let (Some(of), true) = (trouble, folders::has_struck()) {
            *self.met.entry(name_of(of)).or_default() += 1;
        } else if !well {
            let name = match fault {
                Fault::Power(_) => "power cut",
                Fault::Full(..) => "full disk",
                Fault::Sync(_) => "failed fsync",
                Fault::Rename(_) => "failed rename",
                Fault::None | Fault::Clock(_) | Fault::Folders(_) => {
                    panic!("it fails with nothing failing under it: {fault:?}")
                }
            };
            *self.met.entry(name).or_default() += 1;
        }
        if let Some(path) = blocked {
            std::fs::remove_dir_all(path).unwrap();
        }
        for _ in 0..TRIES {
            if well && day == parse_iso(DAY).unwrap() {
                break;
            }
            let mut next = Faults::default();
            if disk::is_dead() {
                self.host = None;
                let (dice, _) = self.trouble.as_mut().unwrap();
                disk::reboot(&mut |limit| dice.below(limit));
                folders::reboot(&mut |limit| dice.below(limit));
                // The power may go again while it recovers.
                next.dead_from = (dice.below(4) == 0).then(|| 1 + dice.below(30));
            } else if let Some((dice, _)) = &mut self.trouble
                && dice.below(2) == 0
            {
                self.host = None;
            }
            day = parse_iso(DAY).unwrap();
            disk::arm(next);
            well = self.try_to_settle(day, None);
        }
        assert!(well, "it does not settle when nothing fails any more");
        disk::arm(Faults::default());
        self.rest();
        self.steps.push(changes);
    }

    /// The power may go while nothing is left to do: what has left for the payer, and was said to, is on the disk.
    fn rest(&mut self) {
        let Some((dice, _)) = &mut self.trouble else { return };
        if dice.below(3) > 0 {
            return;
        }
        disk::cut_power();
        self.host = None;
        disk::reboot(&mut |limit| dice.below(limit));
        folders::reboot(&mut |limit| dice.below(limit));
        *self.met.entry("power cut at rest").or_default() += 1;
        assert!(self.try_to_settle(parse_iso(DAY).unwrap(), None), "it does not go on after a power cut at rest");
    }

    fn try_to_settle(&mut self, day: Date, trouble: Option<Trouble>) -> bool {
        let folder = self.folder.path().to_owned();
        folders::while_watched(&folder, trouble, || self.settle_once(day))
    }

    fn settle_once(&mut self, day: Date) -> bool {
        if self.host.is_none() {
            let config = Config::load(&self.folder.path().join("claimhost.toml")).unwrap();
            match Host::open(config, day) {
                Ok(host) => self.host = Some(host),
                Err(_) => return false,
            }
        }
        let host = self.host.as_mut().unwrap();
        host.set_as_of(day);
        let settled = host.settle();
        settled.is_ok() && !disk::is_dead()
    }

    fn end(&mut self) -> Ended {
        let host = self.host.as_ref().unwrap();
        let mut tenants = host.practice_stores();
        tenants.push(host.clearing().clone());
        let outside = Outside::of(host.config());
        let configured: Vec<String> = host.config().practice.iter().map(|practice| practice.id.clone()).collect();
        let plan = Plan {
            store: host.store(),
            tenants: &tenants,
            configured: &configured,
            clearing: Some(host.clearing()),
            outside: Some(&outside),
            head: None,
            threads: 1,
        };
        let report = verify(&plan, true).unwrap();
        assert_eq!(report.count, 0, "verify: {report:?}, faults {:?}", self.met);
        let today = if self.met.contains_key("clock jump") { EARLIEST } else { DAY };
        for tenant in &tenants {
            let day = day_number(parse_iso(today).unwrap());
            let found = unaccounted(host.store(), tenant, host.profile(tenant.id()), &outside, day).unwrap();
            assert_eq!(found.count, 0, "unaccounted: {found:?}, faults {:?}", self.met);
        }
        let summary = serde_json::to_value(host.summary().unwrap()).unwrap();
        let mut same: BTreeMap<String, Value> = ["ledger_digest", "claims", "cents", "visits", "findings"]
            .into_iter()
            .map(|key| (key.to_owned(), summary[key].clone()))
            .collect();
        same.insert("services that the payer has taken".into(), serde_json::to_value(self.payer.accepted()).unwrap());
        assert_eq!(summary["documents"]["pending"], 0, "{summary}");
        Ended { same, changes: std::mem::take(&mut self.steps) }
    }
}

/// What goes wrong in one step.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    Power(u64),
    Full(u64, u64),
    Sync(u64),
    Rename(u32),
    Folders(Trouble),
    Clock(Date),
}

fn name_of(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::NoSpace(..) => "folder without space",
        Trouble::Broken(..) => "folder that fails",
    }
}

impl Fault {
    /// One of them, in a step that changes the disk so often.
    fn any(dice: &mut Dice, changes: u64) -> Self {
        let mut at = || 1 + dice.below(changes.max(1));
        let (one, other) = (at(), at());
        // A step changes the folders some twenty times.
        let here = 1 + dice.below(20);
        let until = here + 1 + dice.below(6);
        match dice.below(12) {
            0 => Self::None,
            1..=3 => Self::Power(one),
            4 => Self::Full(one.min(other), one.max(other) + 1),
            5 => Self::Sync(one),
            6 => Self::Rename(1 + u32::try_from(dice.below(4)).unwrap()),
            7 | 8 => Self::Folders(Trouble::NoSpace(here, until)),
            9 | 10 => Self::Folders(Trouble::Broken(here, until)),
            _ => {
                let days = [EARLIEST, "2026-05-19", "2026-05-21", "2026-06-08"];
                Self::Clock(parse_iso(days[usize::try_from(dice.below(4)).unwrap()]).unwrap())
            }
        }
    }
}
