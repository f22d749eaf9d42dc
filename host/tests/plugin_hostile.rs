//! What a plugin can do to its host, one after the other: each is contained, told as what it is, and costs nobody else
//! anything. Limits of sessions are in `plugin_host.rs`, new versions in `plugin_reload.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use claimhost::plugin::{FaultKind, FixturePolicy, Limits, Offer, PluginHost, PluginHostConfig, Translated};
use support::{Site, ask, component, documents, marked, named, parked, reason, save, setup};

/// Asks the hostile plugin something in the north, and then everybody else whether they are well: another practice of the same
/// plugin where it can still run, and another plugin.
fn contained(limits: &str, text: &str) -> Translated {
    let site = Site::new(limits);
    site.plugin("neighbour", "");
    let host = site.open();
    let hostile = host.adapter("hostile").unwrap_or_else(|| panic!("{:?}", host.list()));
    let answer = ask(&hostile, "north", &[text]).remove(0);
    let neighbour = host.adapter("neighbour").unwrap();
    for practice in ["north", "south"] {
        assert_eq!(reason(&ask(&neighbour, practice, &["well"])[0]), "well", "beside {text}");
    }
    if hostile.has_budget() {
        assert_eq!(reason(&ask(&hostile, "south", &["well"])[0]), "well", "after {text}");
    }
    answer
}

fn fault(limits: &str, text: &str) -> FaultKind {
    parked(&contained(limits, text)).clone()
}

#[test]
fn what_never_ends_or_grows_hits_its_ceiling() {
    let quick = "[limits]\ndeadline_ms = 40\nmemory_mib = 32\n";
    assert!(matches!(fault(quick, "loop"), FaultKind::Deadline { .. }));
    assert!(
        matches!(fault("", "recurse"), FaultKind::Trap(name) if name.contains("stack")),
        "{:?}",
        fault("", "recurse")
    );
    assert_eq!(fault("[limits]\nmemory_mib = 32\n", "eat"), FaultKind::Memory { mib: 32 });
}

/// The component with an instance of each of these core modules beside its own.
fn with_modules(more: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = fs::read(component()).unwrap();
    let first = sections(&bytes).iter().filter(|(id, _)| *id == 1).count();
    for (number, module) in (first..).zip(more) {
        // Sections of a component: 1 is a core module, 2 core instances. Both may come again at its end.
        let instance = [&[1, 0], to_leb(number).as_slice(), &[0]].concat();
        bytes = joined(&bytes, &[sections(&bytes), vec![(1, module.clone()), (2, instance)]].concat());
    }
    bytes
}

/// A core module of sections.
fn module(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    joined(b"\0asm\x01\0\0\0", sections)
}

/// The component with more core instances, each with a memory of so many MiB from the start.
fn with_memories(mib: &[usize]) -> Vec<u8> {
    let memory = |mib: &usize| module(&[(5, [&[1, 0], to_leb(mib * 16).as_slice()].concat())]);
    with_modules(&mib.iter().map(memory).collect::<Vec<_>>())
}

#[test]
fn the_ceiling_of_memory_is_that_of_all_memories_of_a_session() {
    let site = Site::new("[limits]\nmemory_mib = 64\n");
    let wasm = site.root.path().join("plugins/hostile/plugin.wasm");
    fs::write(&wasm, with_memories(&[20, 20])).unwrap();
    let host = PluginHost::open(PluginHostConfig { idle_mib: 100, ..site.config() }).unwrap();
    let adapter = host.adapter("hostile").unwrap_or_else(|| panic!("{:?}", host.list()));
    for practice in ["north", "south", "east", "west"] {
        assert_eq!(reason(&ask(&adapter, practice, &["well"])[0]), "well");
    }
    assert_eq!(host.idle_sessions(), 2, "each holds more than 40 MiB");
    assert_eq!(parked(&ask(&adapter, "north", &["eat"])[0]), &FaultKind::Memory { mib: 64 });
    fs::write(&wasm, with_memories(&[20, 20, 30])).unwrap();
    let error = site.open().list().remove(0).error.unwrap().to_string();
    assert!(error.contains("64 MiB"), "{error}");
    // The pool has no slot for it: what looks into it says where it runs.
    fs::write(&wasm, with_memories(&[20])).unwrap();
    let anatomy = host.anatomy(wasm.parent().unwrap()).unwrap();
    assert_eq!(anatomy.engine, "on-demand");
}

#[test]
fn what_waits_does_not_wait() {
    for (text, answer) in [("sleep", "awake"), ("poll", "polled"), ("stdin", "Ok(0)")] {
        assert_eq!(reason(&contained("[limits]\ndeadline_ms = 2000\n", text)), answer);
    }
}

#[test]
fn answers_that_are_too_large_too_many_or_no_answers_are_faults() {
    // The guest's own glue may hit its memory before the host sees the answer.
    let broke =
        |kind: FaultKind| matches!(kind, FaultKind::Trap(_) | FaultKind::Oversize { .. } | FaultKind::Memory { .. });
    assert_eq!(fault("[limits]\noutput_mib = 4\n", "huge"), FaultKind::Oversize { mib: 4 });
    for text in ["gigabyte", "ten-million", "utf8"] {
        assert!(broke(fault("", text)), "{text}: {:?}", fault("", text));
    }
    assert_eq!(fault("[limits]\nresults = 10\n", "items:11"), FaultKind::Results { found: 11, expected: 10 });
    assert!(matches!(contained("[limits]\nresults = 10\n", "items:10"), Translated::Outcome(_)));
    assert_eq!(fault("", "short"), FaultKind::Count { expected: 1, found: 0 });
    assert_eq!(fault("", "long"), FaultKind::Count { expected: 1, found: 2 });
}

#[test]
fn the_operators_ceilings_count_and_not_the_manifests() {
    let site = Site::new("[limits]\ndeadline_ms = 60000\nmemory_mib = 4000\nresults = 1000000\noutput_mib = 4000\n");
    let cap = Limits { deadline_ms: 30, memory_mib: 24, results: 3, output_mib: 2, ..Limits::CAP };
    let host = || PluginHost::open(PluginHostConfig { limits_cap: cap, ..site.config() }).unwrap();
    let kind = |text: &str| parked(&ask(&host().adapter("hostile").unwrap(), "north", &[text])[0]).clone();
    assert_eq!(kind("loop"), FaultKind::Deadline { ms: 300 });
    assert_eq!(kind("eat"), FaultKind::Memory { mib: 24 });
    assert_eq!(kind("items:4"), FaultKind::Results { found: 4, expected: 3 });
    assert_eq!(kind("huge"), FaultKind::Oversize { mib: 2 });
    let shallow = PluginHost::open(PluginHostConfig { stack_kib: 64, ..site.config() }).unwrap();
    let kind = parked(&ask(&shallow.adapter("hostile").unwrap(), "north", &["recurse"])[0]).clone();
    assert!(matches!(&kind, FaultKind::Trap(name) if name.contains("stack")), "{kind:?}");
}

#[test]
fn floods_are_cut_and_traps_later_on_cost_their_document_alone() {
    assert_eq!(reason(&contained("[limits]\ndeadline_ms = 5000\n", "flood:word")), "flooded");
    match contained("[limits]\ndeadline_ms = 5000\n", "places") {
        Translated::Outcome(_) => {}
        Translated::Parked(fault) => {
            assert!(matches!(fault.kind(), FaultKind::Oversize { .. } | FaultKind::Memory { .. }), "{fault}");
        }
    }
    // The third call of a session traps; a fresh one answers.
    let site = Site::new("");
    let adapter = site.adapter();
    for _ in 0..6 {
        assert_eq!(reason(&ask(&adapter, "north", &["nth:3"])[0]), "not yet");
    }
    assert!(adapter.faults() > 0);
}

#[test]
fn an_open_that_never_ends_quarantines_that_practice_alone() {
    let site = Site::new("[limits]\ndeadline_ms = 40\n");
    let adapter = site.adapter();
    let answers = adapter.translate("north", &setup("loop"), &documents(&["a"])).unwrap();
    assert!(matches!(parked(&answers[0]), FaultKind::Deadline { .. }));
    assert_eq!(adapter.quarantined(), ["north"]);
    assert_eq!(reason(&ask(&adapter, "south", &["a"])[0]), "a");
}

#[test]
fn what_traps_or_loops_while_versions_change_stays_with_its_own() {
    let site = Site::new("[limits]\ndeadline_ms = 40\n");
    site.plugin("neighbour", "");
    let host = site.open();
    let wasm = site.root.path().join("plugins/hostile/plugin.wasm");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (practice, text) in [("north", "loop"), ("south", "trap")] {
            let (host, stop) = (&host, &stop);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let answers = ask(&host.adapter("hostile").unwrap(), practice, &[text, "well"]);
                    assert!(matches!(answers[0], Translated::Parked(_)));
                }
            });
        }
        for turn in 1..=10 {
            save(&wasm, &marked(turn % 2));
            let changes = host.reload(false).unwrap();
            assert_eq!(changes.len(), 1, "{changes:?}");
            assert_eq!(reason(&ask(&host.adapter("neighbour").unwrap(), "north", &["well"])[0]), "well");
        }
        stop.store(true, Ordering::Relaxed);
    });
    // A new version has a budget of its own.
    save(&wasm, &marked(9));
    host.reload(false).unwrap();
    assert_eq!(reason(&ask(&host.adapter("hostile").unwrap(), "north", &["version"])[0]), "009/");
}

/// Why a site's hostile plugin is refused, while its neighbour runs.
fn refused(site: &Site) -> String {
    let host = site.open();
    let neighbour = host.adapter("neighbour").unwrap_or_else(|| panic!("{:?}", host.list()));
    assert_eq!(reason(&ask(&neighbour, "north", &["well"])[0]), "well");
    let info = host.list().into_iter().find(|info| info.folder.ends_with("hostile")).unwrap();
    info.error.map(|error| error.to_string()).unwrap_or_default()
}

fn beside_a_neighbour() -> Site {
    let site = Site::new("");
    site.plugin("neighbour", "");
    site
}

#[test]
fn what_says_it_is_something_else_is_refused() {
    let site = beside_a_neighbour();
    let manifest = site.root.path().join("plugins/hostile/plugin.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("[\"text\"]", "[\"hl7v2\"]")).unwrap();
    assert!(refused(&site).contains("describes itself wrongly: formats"), "{}", refused(&site));
    fs::write(&manifest, text.replace("0.1.0-draft", "0.2.0")).unwrap();
    assert!(refused(&site).contains("this host runs"), "{}", refused(&site));
    fs::write(&manifest, text).unwrap();
    fs::write(site.root.path().join("plugins/hostile/plugin.wasm"), named("neighbour")).unwrap();
    assert!(refused(&site).contains("says another than `hostile`"), "{}", refused(&site));
}

/// The component with one import by another name of the same length.
fn importing(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = fs::read(component()).unwrap();
    let mut found = 0;
    for at in 0..bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "the component imports {from}");
    bytes
}

#[test]
fn an_import_that_was_not_granted_is_refused_by_name() {
    for (from, to, words) in [
        ("wasi:cli/stdout@", "wasi:http/types@", "have no HTTP of their own"),
        ("wasi:cli/stdout@", "evil:cli/stdout@", "expected only the contract and WASI"),
        ("claimhost:plugin/codes", "claimhost:plugin/https", "which the contract does not have"),
    ] {
        let site = beside_a_neighbour();
        fs::write(site.root.path().join("plugins/hostile/plugin.wasm"), importing(from, to)).unwrap();
        assert!(refused(&site).contains(words), "{to}: {}", refused(&site));
    }
}

/// Reads a number in LEB128.
fn leb(bytes: &[u8], at: &mut usize) -> usize {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

fn to_leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        bytes.push(if value == 0 { low } else { low | 0x80 });
        if value == 0 {
            return bytes;
        }
    }
}

/// Sections of a module or component: id and content.
fn sections(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut at, mut sections) = (8, Vec::new());
    while at < bytes.len() {
        let id = bytes[at];
        at += 1;
        let length = leb(bytes, &mut at);
        sections.push((id, bytes[at..at + length].to_vec()));
        at += length;
    }
    sections
}

fn joined(head: &[u8], sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = head[..8].to_vec();
    for (id, content) in sections {
        bytes.push(*id);
        bytes.extend(to_leb(content.len()));
        bytes.extend(content);
    }
    bytes
}

/// The component, its guest's first table with so many elements.
fn with_table(elements: usize) -> Vec<u8> {
    let bytes = fs::read(component()).unwrap();
    let mut outer = sections(&bytes);
    let guest = outer.iter_mut().find(|(id, content)| *id == 1 && content.len() > 50_000).expect("the guest's module");
    let mut inner = sections(&guest.1);
    let table = inner.iter_mut().find(|(id, _)| *id == 4).expect("its table");
    // One table of function references with a minimum and a maximum.
    assert_eq!(&table.1[..3], [1, 0x70, 1]);
    table.1 = [&[1, 0x70, 1][..], &to_leb(elements), &to_leb(elements)].concat();
    guest.1 = joined(&guest.1, &inner);
    joined(&bytes, &outer)
}

#[test]
fn a_table_beyond_its_ceiling_is_not_made() {
    let site = beside_a_neighbour();
    fs::write(site.root.path().join("plugins/hostile/plugin.wasm"), with_table(15_000)).unwrap();
    let why = refused(&site);
    assert!(why.contains("wanted more than its 10000 table elements"), "{why}");
    let larger = Site::new("[limits]\ntable_elements = 15000\n");
    fs::write(larger.root.path().join("plugins/hostile/plugin.wasm"), with_table(15_000)).unwrap();
    assert_eq!(reason(&ask(&larger.adapter(), "north", &["well"])[0]), "well");
}

/// A module with a table of so many elements.
fn table_of(elements: usize) -> Vec<u8> {
    module(&[(4, [&[1, 0x70, 0], to_leb(elements).as_slice()].concat())])
}

/// A module whose table has one element and grows by so many as the module starts, which stops where that is refused.
fn growing_by(elements: usize) -> Vec<u8> {
    // `ref.null func`, `i32.const`, `table.grow 0`, `i32.const -1`, `i32.eq`, `if unreachable end`. The number is signed: an empty byte more.
    let mut number = to_leb(elements);
    *number.last_mut().unwrap() |= 0x80;
    number.push(0);
    let grow =
        [&[0, 0xd0, 0x70, 0x41][..], &number, &[0xfc, 15, 0, 0x41, 0x7f, 0x46, 0x04, 0x40, 0, 0x0b, 0x0b]].concat();
    let code = [&[1][..], &to_leb(grow.len()), &grow].concat();
    module(&[(1, vec![1, 0x60, 0, 0]), (3, vec![1, 0]), (4, vec![1, 0x70, 0, 1]), (8, vec![0]), (10, code)])
}

#[test]
fn the_ceiling_of_tables_counts_what_grows_all_of_a_session_and_what_the_operator_allows() {
    let why = |cap: u32, more: &[Vec<u8>]| {
        let site = Site::new("");
        fs::write(site.root.path().join("plugins/hostile/plugin.wasm"), with_modules(more)).unwrap();
        let limits_cap = Limits { table_elements: cap, ..Limits::CAP };
        let host = PluginHost::open(PluginHostConfig { limits_cap, ..site.config() }).unwrap();
        if let Some(adapter) = host.adapter("hostile") {
            assert_eq!(reason(&ask(&adapter, "north", &["well"])[0]), "well");
        }
        host.list().remove(0).error.map(|error| error.to_string()).unwrap_or_default()
    };
    let cap = Limits::CAP.table_elements;
    let refused = "wanted more than its 10000 table elements";
    assert_eq!(why(cap, &[growing_by(9_000)]), "");
    assert!(why(cap, &[growing_by(10_000)]).contains(refused), "its table grows beyond the ceiling of one");
    assert_eq!(why(cap, &[table_of(9_000), growing_by(9_000)]), "");
    let all = why(cap, &[table_of(9_000), table_of(9_000), growing_by(9_000)]);
    assert!(all.contains(refused), "all tables together are beyond twice that: {all}");
    let capped = why(5_000, &[growing_by(9_000)]);
    assert!(capped.contains("wanted more than its 5000 table elements"), "{capped}");
}

#[test]
fn what_a_guest_holds_of_the_host_is_bounded() {
    assert_eq!(reason(&contained("", "pollables:100")), "held 100");
    assert_eq!(fault("", "pollables:2000"), FaultKind::Resources { most: 1_000 });
    // What was let go counts no more.
    let site = Site::new("");
    let adapter = site.adapter();
    for _ in 0..20 {
        assert_eq!(reason(&ask(&adapter, "north", &["pollables:400"])[0]), "held 400");
    }
    assert_eq!(adapter.faults(), 0);
}

#[test]
fn a_component_too_large_for_a_slot_runs_on_demand_and_a_giant_is_not_read() {
    let site = Site::new("");
    let wasm = site.root.path().join("plugins/hostile/plugin.wasm");
    let mut bytes = fs::read(component()).unwrap();
    // A section that means nothing, of five megabytes.
    let padding = [&[3][..], b"pad", &vec![0; 5 << 20]].concat();
    bytes.push(0);
    bytes.extend(to_leb(padding.len()));
    bytes.extend(padding);
    fs::write(&wasm, &bytes).unwrap();
    let host = site.open();
    let info = host.list().remove(0);
    assert!(info.error.is_none() && !info.pooled, "{:?}", info.error);
    assert_eq!(reason(&ask(&host.adapter("hostile").unwrap(), "north", &["well"])[0]), "well");

    let site = beside_a_neighbour();
    let giant = fs::File::create(site.root.path().join("plugins/hostile/plugin.wasm")).unwrap();
    giant.set_len(1 << 40).unwrap();
    assert!(refused(&site).contains("expected at most 67108864"), "{}", refused(&site));
}

#[test]
fn a_component_with_any_byte_changed_is_refused_or_contained() {
    let good = fs::read(component()).unwrap();
    for turn in 0..12 {
        let site = beside_a_neighbour();
        let wasm = site.root.path().join("plugins/hostile/plugin.wasm");
        let mut bytes = good.clone();
        let at = good.len() / 13 * (turn + 1) + turn;
        bytes[at] ^= 1 << (turn % 8);
        fs::write(&wasm, &bytes).unwrap();
        let host = site.open();
        if let Some(adapter) = host.adapter("hostile") {
            ask(&adapter, "north", &["well", "trap"]);
        }
        assert_eq!(reason(&ask(&host.adapter("neighbour").unwrap(), "north", &["well"])[0]), "well", "byte {at}");
        fs::write(&wasm, &good[..at]).unwrap();
        assert!(!refused(&site).is_empty(), "cut at {at}");
    }
}

#[test]
fn a_folder_cannot_reach_out_of_itself() {
    let secret = |site: &Site| site.root.path().join("key");
    type Make = fn(&Site, &Path);
    let cases: [(&str, Make); 5] = [
        ("link out", |site, own| {
            fs::remove_file(own.join("plugin.wasm")).unwrap();
            fs::rename(site.root.path().join("plugins/neighbour/plugin.wasm"), site.root.path().join("elsewhere.wasm"))
                .unwrap();
            fs::write(site.root.path().join("plugins/neighbour/plugin.wasm"), named("neighbour")).unwrap();
            symlink(site.root.path().join("elsewhere.wasm"), own.join("plugin.wasm")).unwrap();
        }),
        ("link out", |site, own| {
            let text = fs::read_to_string(own.join("plugin.toml")).unwrap();
            fs::write(own.join("plugin.toml"), text + "mapping = \"mapping.toml\"\n").unwrap();
            symlink(site.root.path().join("key"), own.join("mapping.toml")).unwrap();
        }),
        ("link out", |site, own| {
            fs::create_dir_all(own.join("fixtures/one")).unwrap();
            fs::write(own.join("fixtures/one/expected.json"), "[]").unwrap();
            symlink(site.root.path().join("key"), own.join("fixtures/one/input.txt")).unwrap();
        }),
        ("link out", |site, own| {
            fs::create_dir_all(own.join("fixtures")).unwrap();
            symlink(site.root.path(), own.join("fixtures/up")).unwrap();
        }),
        ("name of a file", |_, own| {
            let text = fs::read_to_string(own.join("plugin.toml")).unwrap();
            fs::write(own.join("plugin.toml"), text + "component = \"../neighbour/plugin.wasm\"\n").unwrap();
        }),
    ];
    for (at, (words, make)) in cases.into_iter().enumerate() {
        let site = beside_a_neighbour();
        fs::write(secret(&site), "word = \"SECRET-OF-THE-HOST\"\n").unwrap();
        make(&site, &site.root.path().join("plugins/hostile"));
        let why = refused(&site);
        assert!(why.contains(words) && !why.contains("SECRET"), "{at}: {why}");
    }
    // A link back to the folders above ends.
    let site = beside_a_neighbour();
    symlink("..", site.root.path().join("plugins/loop")).unwrap();
    let host = PluginHost::open(PluginHostConfig { fixtures: FixturePolicy::Always, ..site.config() }).unwrap();
    assert!(host.adapter("neighbour").is_some() && host.list().len() < 20);
}

#[test]
fn a_link_in_a_folder_that_is_offered_is_refused_before_anybody_consents() {
    let site = Site::new("");
    let secret = site.root.path().join("key");
    fs::write(&secret, "master key").unwrap();
    for part in ["fixtures/a/input.txt", "plugin.minisig"] {
        let offered = site.root.path().join("offered");
        let _ = fs::remove_dir_all(&offered);
        fs::create_dir_all(offered.join("fixtures/a")).unwrap();
        for name in ["plugin.toml", "plugin.wasm"] {
            fs::copy(site.root.path().join("plugins/hostile").join(name), offered.join(name)).unwrap();
        }
        assert!(Offer::read(&site.config(), &offered).is_ok());
        symlink(&secret, offered.join(part)).unwrap();
        let error = Offer::read(&site.config(), &offered).err().unwrap().to_string();
        assert!(error.contains("link out") && error.contains(part), "{part}: {error}");
        assert!(!error.contains("master key"));
    }
}
