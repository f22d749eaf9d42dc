//! The plugin host against a guest that misbehaves on request (`tests/guests/hostile`): every ceiling is hit, every
//! promise of isolation is tried.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use claimhost::claim::Date;
use claimhost::codes::Library;
use claimhost::codes::container::{Cover, Label, write};
use claimhost::codes::list::{Entry, pack};
use claimhost::plugin::{
    Answer, CodeTables, DataIs, Disguiser, FaultKind, FixtureError, FixturePolicy, GivenFixture, Limits, LogEntry,
    OpenError, PluginError, PluginHost, PluginHostConfig, PluginLog, Translated,
};
use parking_lot::Mutex;
use support::{Site, ask, documents, parked, reason, setup};

#[test]
fn each_ceiling_parks_its_document_and_names_itself() {
    let site = Site::new("[limits]\ndeadline_ms = 40\nmemory_mib = 32\noutput_mib = 4\n");
    // A host each, so that one case's faults do not spend another's budget.
    let case = |text: &str| parked(&ask(&site.adapter(), "north", &[text])[0]).clone();
    assert_eq!(case("loop"), FaultKind::Deadline { ms: 400 }, "the second try has ten deadlines");
    assert_eq!(case("eat"), FaultKind::Memory { mib: 32 });
    assert_eq!(case("huge"), FaultKind::Oversize { mib: 4 });
    assert_eq!(case("short"), FaultKind::Count { expected: 1, found: 0 });
    assert!(matches!(case("trap"), FaultKind::Trap(name) if name.contains("unreachable")));
    assert!(matches!(case("exit"), FaultKind::Trap(_)));
}

#[test]
fn one_bad_document_among_a_hundred_is_found_and_the_others_stand() {
    for bad in ["trap", "loop", "short"] {
        for place in [0, 37, 99] {
            let site = Site::new("[limits]\ndeadline_ms = 40\n");
            let adapter = site.adapter();
            let names: Vec<String> = (0..100).map(|at| format!("document {at}")).collect();
            let mut texts: Vec<&str> = names.iter().map(String::as_str).collect();
            texts[place] = bad;
            let answers = ask(&adapter, "north", &texts);
            for (at, answer) in answers.iter().enumerate() {
                match at == place {
                    true => assert!(matches!(answer, Translated::Parked(fault) if !fault.is_temporary()), "{answer:?}"),
                    false => assert_eq!(reason(answer), names[at]),
                }
            }
            assert!(adapter.faults() >= 8, "seven halvings and the last try");
        }
    }
}

#[test]
fn a_spent_budget_makes_the_plugin_wait_and_its_neighbour_go_on() {
    let site = Site::new("[limits]\ndeadline_ms = 120\n");
    site.plugin("neighbour", "");
    let host = site.open();
    let hostile = host.adapter("hostile").unwrap();
    assert_eq!(*parked(&ask(&hostile, "north", &["loop"])[0]), FaultKind::Deadline { ms: 1200 });
    let waiting = ask(&hostile, "north", &["well"]);
    assert!(matches!(&waiting[0], Translated::Parked(fault) if fault.is_temporary()));
    assert_eq!(reason(&ask(&host.adapter("neighbour").unwrap(), "north", &["well"])[0]), "well");
}

#[test]
fn a_fault_in_open_quarantines_for_that_practice_until_released() {
    let site = Site::new("");
    let host = site.open();
    let adapter = host.adapter("hostile").unwrap();
    let bad = adapter.translate("north", &setup("trap"), &documents(&["a", "b"])).unwrap();
    assert!(bad.iter().all(|answer| matches!(parked(answer), FaultKind::Trap(_))));
    assert!(bad.iter().all(|answer| matches!(answer, Translated::Parked(fault) if fault.is_quarantine())));
    assert!(!adapter.may_run("north") && adapter.may_run("south"));
    assert_eq!(*parked(&ask(&adapter, "north", &["a"])[0]), FaultKind::Quarantined);
    assert_eq!(reason(&ask(&adapter, "south", &["a"])[0]), "a");
    assert_eq!(host.release("hostile", Some("south")), Some(vec![]));
    assert_eq!(host.release("hostile", None), Some(vec!["north".to_owned()]));
    assert_eq!(host.release("nobody", None), None);
    assert_eq!(reason(&ask(&adapter, "north", &["a"])[0]), "a");
}

#[test]
fn a_refused_mapping_is_answered_for_the_whole_call() {
    let OpenError::Problems(problems) =
        Site::new("").adapter().translate("north", &setup("problem"), &documents(&["a", "b"])).unwrap_err();
    assert_eq!(problems[0].id, "mapping.bad");
}

#[test]
fn a_session_serves_one_practice_and_one_setup_and_not_after_a_fault() {
    let site = Site::new("");
    let adapter = site.adapter();
    let count = |practice: &str| reason(&ask(&adapter, practice, &["count"])[0]).to_owned();
    assert_eq!((count("north"), count("north")), ("1".to_owned(), "2".to_owned()), "warm: this guest cheats");
    assert_eq!(count("south"), "1", "another practice never sees that session");
    let other = adapter.translate("north", &setup("other"), &documents(&["count"])).unwrap();
    assert_eq!(reason(&other[0]), "1", "nor another setup");
    assert_eq!(count("north"), "3");
    ask(&adapter, "north", &["trap"]);
    assert_eq!(count("north"), "1", "nor anybody after a fault");
}

#[test]
fn the_world_is_empty_still_and_the_same_for_everyone() {
    let site = Site::new("");
    let adapter = site.adapter();
    let began = Instant::now();
    let north = reason(&ask(&adapter, "north", &["world"])[0]).to_owned();
    let south = reason(&ask(&site.adapter(), "south", &["world"])[0]).to_owned();
    assert_eq!(north, south, "clocks and random numbers are equal in two hosts");
    assert!(north.contains("wall Ok(946684800s), passed 0ns"), "{north}");
    assert!(north.ends_with("env 0, args 0, stdin Ok(0), folder false, socket false"), "{north}");
    assert_eq!(reason(&ask(&adapter, "north", &["sleep"])[0]), "awake");
    assert!(began.elapsed() < Duration::from_secs(30), "no wait is real");
}

#[derive(Default)]
struct Kept(Mutex<Vec<(String, String)>>);

impl PluginLog for Kept {
    fn write(&self, practice: &str, _plugin: &str, _digest: &str, entry: LogEntry) {
        let text = match entry {
            LogEntry::Line { message, .. } => message.expose().clone(),
            LogEntry::Output(text) => format!("output {}", text.expose()),
            LogEntry::Fault { fault, detail } => format!("fault {fault} | {}", detail.expose()),
            LogEntry::Dropped { lines, bytes } => format!("dropped {lines} lines, {bytes} bytes"),
        };
        self.0.lock().push((practice.to_owned(), text));
    }
}

struct OneTable;

impl CodeTables for OneTable {
    fn lookup(&self, _practice: &str, _table: &str, codes: &[String], _on: Date) -> Vec<Answer> {
        codes.iter().map(|code| Answer { known: code == "A1", valid: true, target: String::new() }).collect()
    }
}

#[test]
fn guest_words_reach_the_sealed_log_and_nothing_else() {
    let site = Site::new("[limits]\nlog_lines = 10\n");
    let log = Arc::new(Kept::default());
    let host = PluginHost::open(PluginHostConfig { log: log.clone(), ..site.config() }).unwrap();
    let adapter = host.adapter("hostile").unwrap();
    let answers = ask(&adapter, "north", &["panic:ZUNIGA^MARISOL"]);
    let Translated::Parked(fault) = &answers[0] else { panic!() };
    for shown in [fault.to_string(), format!("{fault:?}"), format!("{answers:?}"), format!("{:?}", fault.kind())] {
        assert!(!shown.contains("ZUNIGA"), "{shown}");
    }
    assert!(fault.detail().expose().contains("ZUNIGA^MARISOL"), "the sealed log is told");
    assert!(log.0.lock().iter().any(|(practice, text)| practice == "north" && text.contains("ZUNIGA")));
    log.0.lock().clear();
    ask(&adapter, "south", &["log:hello"]);
    let lines = std::mem::take(&mut *log.0.lock());
    assert!(lines.iter().all(|(practice, _)| practice == "south"));
    let of = |wanted: &str| lines.iter().filter(|(_, text)| text.trim() == wanted).count();
    assert_eq!((of("hostile.line"), of("output hello"), of("dropped 4990 lines, 0 bytes")), (10, 1, 1));
}

#[test]
fn what_a_flood_says_beyond_its_ceilings_is_counted_and_dropped() {
    let site = Site::new("[limits]\ndeadline_ms = 5000\nlog_lines = 1000\n");
    // The texts that are kept of one call, and what is said of the others.
    let said = |cap: Limits, text: &str| {
        let log = Arc::new(Kept::default());
        let host = PluginHost::open(PluginHostConfig { log: log.clone(), limits_cap: cap, ..site.config() }).unwrap();
        ask(&host.adapter("hostile").unwrap(), "north", &[text]);
        let lines = std::mem::take(&mut *log.0.lock());
        let (dropped, kept): (Vec<String>, Vec<String>) =
            lines.into_iter().map(|(_, text)| text).partition(|text| text.starts_with("dropped"));
        (kept, dropped.join(", "))
    };
    let (kept, dropped) = said(Limits { log_lines: 3, ..Limits::CAP }, "log:hello");
    assert_eq!((kept.len(), dropped.as_str()), (4, "dropped 4997 lines, 0 bytes"), "the operator's ceiling counts");
    // 256 KiB of lines.
    let (kept, dropped) = said(Limits::CAP, "shout:100");
    assert_eq!((kept.len(), dropped.as_str()), (32, "dropped 68 lines, 0 bytes"));
    // 64 KiB of output, of 200,000 lines of 40 bytes.
    let (kept, dropped) = said(Limits::CAP, "flood:word");
    assert_eq!((kept.len(), kept[0].len()), (1, "output ".len() + (64 << 10)));
    assert_eq!(dropped, format!("dropped 0 lines, {} bytes", 200_000 * 40 - (64 << 10)));
}

#[test]
fn chance_is_the_same_in_every_session_of_every_host() {
    let site = Site::new("");
    let said = |practice: &str| reason(&ask(&site.adapter(), practice, &["random"])[0]).to_owned();
    let first = said("north");
    assert_eq!(first, said("south"));
    // Bytes that differ among themselves, of two sequences.
    let parts: Vec<&str> = first.split(' ').collect();
    let (secure, insecure) = (parts[0].as_bytes(), parts[2].as_bytes());
    assert!(secure != insecure && secure.len() == 4_000, "{first}");
    // Wasmtime gives one byte of each four of the kilobyte: 256 draws, then again from its beginning.
    assert!(secure.chunks(2).collect::<std::collections::BTreeSet<_>>().len() > 100, "{first}");
}

#[test]
fn code_tables_answer_only_where_granted() {
    let site = Site::new("[permissions]\ncode_tables = [\"icd10cm\"]\n");
    let host = PluginHost::open(PluginHostConfig { tables: Arc::new(OneTable), ..site.config() }).unwrap();
    let answers = ask(&host.adapter("hostile").unwrap(), "north", &["code:icd10cm A1 B2", "code:hcpcs A1 B2"]);
    assert_eq!(reason(&answers[0]), "valid unknown");
    assert_eq!(reason(&answers[1]), "unknown unknown");
}

/// A folder of tables as a host has it, with one that its operator imported: HCPCS that knows J0001 alone.
fn library(site: &Site) -> Arc<Library> {
    let folder = site.root.path().join("codes");
    let label = Label {
        kind: "hcpcs".to_owned(),
        version: "2026-01".to_owned(),
        cover: Cover { first: 20_454, last: 20_543 },
        rows: 1,
        source: "own.csv".to_owned(),
        source_sha256: [0; 32],
    };
    write(&folder, &label, &pack(&[Entry::plain("J0001")], true)).unwrap();
    Arc::new(Library::open(&folder))
}

#[test]
fn granted_tables_are_those_of_the_shelf_by_day() {
    let site = Site::new("[permissions]\ncode_tables = [\"icd10cm\", \"hcpcs\"]\n");
    let host = PluginHost::open(PluginHostConfig { tables: library(&site), ..site.config() }).unwrap();
    let asked = [
        "code:icd10cm I10 E11 B880 Q999X",
        "code:hcpcs J0001 C9014 J0000",
        "code:place-of-service 11",
        "code:nothing 1",
    ];
    let answers = ask(&host.adapter("hostile").unwrap(), "north", &asked);
    let told: Vec<&str> = answers.iter().map(reason).collect();
    // 2026-01-01 lies between two lists of ICD-10-CM that agree on I10; B88.0 ended in October, C9014 was replaced.
    assert_eq!(told, ["valid known known unknown", "valid knownJ0567 unknown", "unknown", "unknown"]);
}

#[test]
fn fixtures_see_the_public_tables_and_not_those_of_the_operator() {
    let site = Site::new("[permissions]\ncode_tables = [\"hcpcs\"]\n");
    let expected = r#"[{"Ignored":{"id":"hostile.code","reason":"unknown knownJ0567"}}]"#;
    site.fixture("codes", "code:hcpcs J0001 C9014", expected);
    let host = PluginHost::open(PluginHostConfig { tables: library(&site), ..site.config() }).unwrap();
    let adapter = host.adapter("hostile").unwrap_or_else(|| panic!("{:?}", host.list()));
    assert_eq!(reason(&ask(&adapter, "north", &["code:hcpcs J0001 C9014"])[0]), "valid knownJ0567");
}

#[test]
fn a_table_that_does_not_exist_cannot_be_granted() {
    let site = Site::new("[permissions]\ncode_tables = [\"icd10\"]\n");
    let error = site.open().list()[0].error.clone().unwrap().to_string();
    assert!(error.contains("no table `icd10`") && error.contains("icd10cm"), "{error}");
}

#[test]
fn a_damaged_cache_is_healed() {
    let site = Site::new("");
    fs::create_dir(site.root.path().join("cache")).unwrap();
    assert_eq!(reason(&ask(&site.adapter(), "north", &["a"])[0]), "a");
    let compiled = site.root.path().join("cache/compiled");
    let artefact = || {
        let mut files = fs::read_dir(&compiled).unwrap().map(|file| file.unwrap().path());
        files.find(|path| path.extension().is_some_and(|extension| extension == "cwasm")).unwrap()
    };
    let good = fs::read(artefact()).unwrap();
    let written = || fs::metadata(artefact()).unwrap().modified().unwrap();
    let before = written();
    assert_eq!(reason(&ask(&site.adapter(), "north", &["a"])[0]), "a");
    assert_eq!(written(), before, "an intact artefact is used as it is");
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    for damage in [flipped, good[..good.len() / 2].to_vec(), Vec::new()] {
        fs::write(artefact(), damage).unwrap();
        assert_eq!(reason(&ask(&site.adapter(), "north", &["a"])[0]), "a");
        assert_eq!(fs::read(artefact()).unwrap().len(), good.len(), "compiled anew");
    }
}

#[test]
fn a_plugin_whose_own_fixtures_fail_is_not_activated() {
    let ignored =
        |verb: &str, reason: &str| format!("[{{\"Ignored\":{{\"id\":\"hostile.{verb}\",\"reason\":\"{reason}\"}}}}]");
    let error = |site: &Site| {
        let host = site.open();
        assert!(host.adapter("hostile").is_none());
        match host.list()[0].error.clone() {
            Some(PluginError::Fixtures { error, .. }) => *error,
            other => panic!("{other:?}"),
        }
    };
    let site = Site::new("");
    site.fixture("echo", "hello", &ignored("hello", "hello"));
    site.fixture("more", "good day", &ignored("good day", "good day"));
    site.adapter();

    site.fixture("echo", "hello", &ignored("hello", "goodbye"));
    assert!(
        matches!(error(&site), FixtureError::Mismatch { case, pointer, .. } if case == "echo" && pointer == "/0/Ignored/reason")
    );
    site.fixture("echo", "count", &ignored("count", "1"));
    assert!(
        matches!(error(&site), FixtureError::Impure { case, .. } if case == "echo"),
        "right alone, other among others"
    );
    site.fixture("echo", "trap", "[]");
    assert!(matches!(error(&site), FixtureError::Fault { case, .. } if case == "echo"));

    // Accepting writes what the plugin answers, after which it passes.
    site.fixture("echo", "hello", "[]");
    let skip = PluginHost::open(PluginHostConfig { fixtures: FixturePolicy::Skip, ..site.config() }).unwrap();
    let folder = site.root.path().join("plugins/hostile");
    let accepted = skip.accept_fixtures(&folder, DataIs::Invented, &mut Upper).unwrap();
    assert!(accepted.cases == 2 && accepted.disguised.is_empty(), "{accepted:?}");
    let report = skip.verify_fixtures(&folder).unwrap();
    assert_eq!((report.cases, report.items), (2, 2));
    site.adapter();
}

/// Puts capitals in the place of everything, and cannot do so with `never`.
struct Upper;

impl Disguiser for Upper {
    fn note(&mut self, _given: &GivenFixture<'_>) {}

    fn disguise(&mut self, given: &GivenFixture<'_>) -> Result<Vec<Vec<u8>>, (String, String)> {
        let one = |(name, bytes): &(String, Vec<u8>)| match bytes.as_slice() {
            b"never" => Err((name.clone(), "found what it cannot take".to_owned())),
            bytes => Ok(bytes.to_ascii_uppercase()),
        };
        given.files.iter().map(one).collect()
    }
}

#[test]
fn data_that_was_not_accepted_is_disguised_and_the_plugin_answers_to_that() {
    let site = Site::new("");
    site.fixture("one", "hello", "[]");
    site.fixture("two", "good day", "[]");
    let host = PluginHost::open(PluginHostConfig { fixtures: FixturePolicy::Skip, ..site.config() }).unwrap();
    let folder = site.root.path().join("plugins/hostile");
    let text = |name: &str| fs::read_to_string(folder.join("fixtures").join(name)).unwrap();
    let accept = |says| host.accept_fixtures(&folder, says, &mut Upper);
    let input = |case: &str| folder.join("fixtures").join(case).join("input.txt");
    // The id of its answer is the verb of the document: that a stand-in would change it is refused, and nothing is written.
    let error = accept(DataIs::Unsaid).unwrap_err().to_string();
    assert!(error.contains("says something else at /0/Ignored/id") && error.contains("--synthetic"), "{error}");
    assert_eq!((text("one/expected.json").as_str(), fs::read(input("one")).unwrap().as_slice()), ("[]", &b"hello"[..]));
    assert!(!folder.join("fixtures/accepted.toml").exists());

    // Of capitals nothing changes.
    for case in ["one", "two"] {
        fs::write(input(case), "HELLO").unwrap();
    }
    let accepted = accept(DataIs::Unsaid).unwrap();
    assert_eq!((accepted.cases, accepted.disguised.join(" ").as_str()), (2, "one two"));
    assert!(text("accepted.toml").contains("[two]\ndata = \"disguised\""), "{}", text("accepted.toml"));
    assert!(accept(DataIs::Real).unwrap().disguised.is_empty(), "what was disguised is not disguised again");
    host.verify_fixtures(&folder).unwrap();

    // What is called invented stays; when it is another text, somebody says what it is now.
    fs::write(input("one"), "hello").unwrap();
    assert!(accept(DataIs::Invented).unwrap().disguised.is_empty());
    assert!(text("one/expected.json").contains("hostile.hello"));
    fs::write(input("one"), "never").unwrap();
    let error = accept(DataIs::Unsaid).unwrap_err().to_string();
    assert!(error.contains("--accept --synthetic") && error.contains("--accept --disguise"), "{error}");
    let error = accept(DataIs::Real).unwrap_err().to_string();
    assert!(error.contains("found what it cannot take") && error.contains("--synthetic"), "{error}");
    assert!(text("one/expected.json").contains("hostile.hello"), "nothing was written");
    fs::write(folder.join("fixtures/one/notes.txt"), "who it was").unwrap();
    let error = accept(DataIs::Real).unwrap_err().to_string();
    assert!(error.contains("notes.txt") && error.contains("take it out"), "{error}");
}

#[test]
fn a_bad_plugin_is_listed_and_stops_nobody() {
    let site = Site::new("");
    let broken = site.plugin("broken", "");
    fs::write(broken.join("plugin.wasm"), b"\0asm\x0d\0\x01\0 not a component").unwrap();
    let typo = site.plugin("typo", "permisions = 1\n");
    let other = site.plugin("other-kind", "");
    let manifest = fs::read_to_string(other.join("plugin.toml")).unwrap();
    fs::write(other.join("plugin.toml"), manifest.replace("\"adapter\"", "\"rules\"")).unwrap();
    let twin = site.plugin("zwilling", "");
    let manifest = fs::read_to_string(twin.join("plugin.toml")).unwrap();
    fs::write(twin.join("plugin.toml"), manifest.replace("zwilling", "hostile")).unwrap();
    fs::copy(support::component(), twin.join("plugin.wasm")).unwrap();
    let host = site.open();
    let error = |folder: &Path| {
        let info = host.list().into_iter().find(|info| info.folder == folder).unwrap();
        info.error.unwrap().to_string()
    };
    assert!(error(&broken).contains("is no component"), "{}", error(&broken));
    assert!(error(&typo).contains("plugin.toml:8") && error(&typo).contains("did you mean `permissions`"));
    assert!(error(&other).contains("does not export `claimhost:plugin/check`"));
    assert!(error(&twin).contains("taken by another"));
    assert!(host.adapter("hostile").is_some());
    let pooled =
        |host: &PluginHost| host.list().iter().any(|info| info.id == "hostile" && info.error.is_none() && info.pooled);
    assert!(pooled(&host), "a Rust guest fits a slot");
    let big = Site::new("[limits]\nmemory_mib = 400\n");
    assert!(!pooled(&big.open()), "what asks for more than a slot has runs on demand");
    assert_eq!(reason(&ask(&big.adapter(), "north", &["a"])[0]), "a");

    // A failing candidate changes nothing; a repaired one is taken, calls in flight keep what they hold.
    assert!(host.activate(&typo).is_err());
    let held = host.adapter("hostile").unwrap();
    let folder = site.plugin("hostile", "family = \"changed\"\n");
    let info = host.activate(&folder).unwrap();
    assert_ne!(held.digest(), info.digest);
    assert_eq!(host.adapter("hostile").unwrap().digest(), info.digest);
    assert_eq!(reason(&ask(&held, "north", &["a"])[0]), "a");
}

#[test]
fn more_practices_and_threads_than_slots_wait_their_turn() {
    let site = Site::new("");
    let host = site.open();
    let adapter = host.adapter("hostile").unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let adapter = &adapter;
            scope.spawn(move || {
                for practice in 0..50 {
                    let practice = format!("practice-{thread}-{practice}");
                    assert_eq!(reason(&ask(adapter, &practice, &["count"])[0]), "1");
                }
            });
        }
    });
    assert!(host.idle_sessions() <= 64);
}
