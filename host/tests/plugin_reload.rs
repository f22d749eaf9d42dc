//! New versions while calls run: what becomes active, what does not and why, and what is freed. Who may run: `plugin_trust.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use claimhost::plugin::{Changed, PluginHost, PluginHostConfig, Trust};
use parking_lot::Mutex;
use support::{Site, active, ask, config, connector, folder, info, marked, only, reason, reload, save, version};

#[test]
fn a_saved_component_becomes_active_and_what_has_begun_ends_on_its_own() {
    let site = Site::new("");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let (before, turn) = (active(&host), host.pinned());
    assert_eq!(version(&before), "000/");
    assert_eq!(reload(&host), [], "nothing has changed");
    save(&folder(&site, "hostile").join("plugin.wasm"), &marked(1));
    assert_eq!(reload(&host), only("activated"));
    assert_eq!(version(&active(&host)), "001/");
    assert_ne!(before.digest(), active(&host).digest());
    assert_eq!(version(&before), "000/", "a call that has begun");
    assert_eq!(turn.adapter("hostile").unwrap().digest(), before.digest(), "a turn that has begun");
    assert!(!turn.is_as(&host) && turn.pinned().is_as(&turn));
}

#[test]
fn a_bad_candidate_changes_nothing_and_says_why() {
    let site = Site::new("");
    let own = folder(&site, "hostile");
    site.fixture("echo", "hello", r#"[{"Ignored":{"id":"hostile.hello","reason":"hello"}}]"#);
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let digest = active(&host).digest().to_owned();
    let manifest = fs::read(own.join("plugin.toml")).unwrap();
    let wasm = fs::read(own.join("plugin.wasm")).unwrap();
    let with = |tail: &str| [manifest.as_slice(), tail.as_bytes()].concat();
    type Bad<'a> = (&'a str, Vec<u8>, &'a str);
    let bad: [Bad<'_>; 7] = [
        ("plugin.wasm", wasm[..wasm.len() / 2].to_vec(), "no component that can run here"),
        ("plugin.wasm", Vec::new(), "no component that can run here"),
        ("plugin.toml", with("framin = 1\n"), "unknown field `framin`"),
        ("plugin.toml", with("mapping = \"mapping.toml\"\n"), "cannot be read"),
        ("plugin.toml", with("base = \"nobody\"\n"), "no plugin folder here has id `nobody`"),
        ("plugin.toml", String::from_utf8(manifest.clone()).unwrap().replace("\"text\"", "\"csv\"").into(), "formats"),
        ("fixtures/echo/expected.json", b"[]".to_vec(), "fails its own fixtures"),
    ];
    for (file, bytes, words) in bad {
        let good = fs::read(own.join(file)).unwrap();
        save(&own.join(file), &bytes);
        let changes = host.reload(false).unwrap();
        let Some(Changed::Refused(error)) = changes.first().map(|change| change.what.clone()) else {
            panic!("{file}: {changes:?}")
        };
        assert!(error.to_string().contains(words), "{file}: {error}");
        assert_eq!(active(&host).digest(), digest, "{file}: what was active stays");
        let told = info(&host, "hostile");
        assert!(told.error.is_none() && told.candidate.unwrap().to_string().contains(words), "{file}");
        assert_eq!(reload(&host), [], "{file}: told once");
        save(&own.join(file), &good);
        assert_eq!(reload(&host), [], "{file}: back to what is active");
        assert!(info(&host, "hostile").candidate.is_none(), "{file}");
    }
    assert_eq!(host.reloads().refused.load(Ordering::Relaxed), 7);
    assert_eq!(host.reloads().activated.load(Ordering::Relaxed), 0);
    assert_eq!(version(&active(&host)), "000/");
}

#[test]
fn folders_come_and_go_and_a_manifest_that_an_editor_has_in_hand_stops_nothing() {
    let site = Site::new("");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let second = site.plugin("second", "");
    assert_eq!(reload(&host), [("second".to_owned(), "activated")]);
    let twin = site.plugin("twin", "");
    let text = fs::read_to_string(twin.join("plugin.toml")).unwrap();
    fs::write(twin.join("plugin.toml"), text.replace("twin", "hostile")).unwrap();
    fs::copy(support::component(), twin.join("plugin.wasm")).unwrap();
    assert_eq!(reload(&host), only("refused"), "who has an id keeps it");
    fs::remove_dir_all(&twin).unwrap();
    assert_eq!(reload(&host), only("removed"));
    assert!(host.adapter("hostile").is_some());
    let aside = second.join("aside");
    fs::rename(second.join("plugin.toml"), &aside).unwrap();
    assert_eq!(reload(&host), [("second".to_owned(), "refused")]);
    assert!(host.adapter("second").is_some(), "its manifest is gone, its folder is not");
    fs::rename(&aside, second.join("plugin.toml")).unwrap();
    assert_eq!(reload(&host), []);
    fs::remove_dir_all(&second).unwrap();
    assert_eq!(reload(&host), [("second".to_owned(), "removed")]);
    assert!(host.adapter("second").is_none());
}

#[test]
fn connectors_share_one_component_and_differ_by_their_mapping() {
    let site = Site::new("");
    let folders: Vec<PathBuf> =
        (0..5).map(|n| connector(&site, &format!("connector-{n}"), &format!("site = {n}\n"))).collect();
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    assert!(host.list().iter().all(|info| info.error.is_none()), "{:?}", host.list());
    assert_eq!((host.list().len(), host.compiled_components()), (6, 1), "compiled once");
    let answer = |id: &str, site: &str| {
        let setup = support::setup(site);
        let answers = host.adapter(id).unwrap().translate("north", &setup, &support::documents(&["version"])).unwrap();
        reason(&answers[0]).to_owned()
    };
    for n in 0..5 {
        assert_eq!(answer(&format!("connector-{n}"), ""), format!("000/site = {n}\n"));
    }
    assert_eq!(answer("connector-1", "site = 9\nmore = true\n"), "000/more = true\nsite = 9\n", "the site goes first");
    let digests: std::collections::BTreeSet<String> = host.list().into_iter().map(|info| info.digest).collect();
    assert_eq!(digests.len(), 6, "each its own version");

    // Data alone: nothing is compiled.
    let compiled = || fs::read_dir(site.root.path().join("kept/compiled")).unwrap().count();
    let before = compiled();
    save(&folders[3].join("mapping.toml"), b"site = 33\n");
    assert_eq!(reload(&host), [("connector-3".to_owned(), "activated")]);
    assert_eq!((answer("connector-3", ""), compiled()), ("000/site = 33\n".to_owned(), before));
    assert_eq!(host.compiled_components(), 1);
    save(&folders[3].join("mapping.toml"), b"site = \n");
    assert_eq!(reload(&host), [("connector-3".to_owned(), "refused")]);
    let error = info(&host, "connector-3").candidate.unwrap().to_string();
    assert!(error.contains("mapping.toml: line 1"), "{error}");

    // A new base: all of them, in one step.
    save(&folder(&site, "hostile").join("plugin.wasm"), &marked(7));
    save(&folders[3].join("mapping.toml"), b"site = 33\n");
    let changes = reload(&host);
    assert_eq!(changes.len(), 6, "{changes:?}");
    assert!(changes.iter().all(|(_, what)| *what == "activated"));
    assert_eq!((answer("connector-3", ""), host.compiled_components()), ("007/site = 33\n".to_owned(), 1));
}

#[test]
fn a_connector_whose_mapping_its_base_refuses_is_not_active() {
    let site = Site::new("");
    connector(&site, "connector", "site = 1\n");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    for (bad, words) in [("# refuse\n", "expected a mapping; write one"), ("# trap\n", "the plugin stopped")] {
        save(&folder(&site, "connector").join("mapping.toml"), bad.as_bytes());
        assert_eq!(reload(&host), [("connector".to_owned(), "refused")]);
        let error = info(&host, "connector").candidate.unwrap().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(version(&host.adapter("connector").unwrap()), "000/site = 1\n");
    }
}

#[test]
fn an_earlier_version_is_put_back_and_stays_until_something_new_is_saved() {
    let site = Site::new("");
    let wasm = folder(&site, "hostile").join("plugin.wasm");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let error = host.rollback("hostile").unwrap_err().to_string();
    assert!(error.contains("no earlier version"), "{error}");
    for number in 1..=6 {
        save(&wasm, &marked(number));
        assert_eq!(reload(&host), only("activated"));
    }
    let kept = |of: &str| fs::read_dir(site.root.path().join("kept/versions").join(of)).unwrap().count();
    assert_eq!((kept("hostile"), kept(".components")), (5, 4), "four versions and their order");
    host.rollback("hostile").unwrap();
    assert_eq!(version(&active(&host)), "005/");
    assert_eq!(reload(&host), [], "the folder still holds what was rolled back");
    let again = PluginHost::open(config(&site, Trust::Any)).unwrap();
    assert_eq!(version(&active(&again)), "005/", "a restart does not bring it back");
    assert!(info(&again, "hostile").candidate.unwrap().to_string().contains("rolled back"));
    host.rollback("hostile").unwrap();
    assert_eq!(version(&active(&host)), "006/", "once more takes it back");
    host.rollback("hostile").unwrap();
    save(&wasm, &marked(7));
    assert_eq!(reload(&host), only("activated"));
    assert_eq!(version(&active(&host)), "007/");
    assert_eq!(host.reloads().rolled_back.load(Ordering::Relaxed), 3);
    assert!(host.rollback("nobody").is_err());
}

#[test]
fn sessions_of_a_replaced_version_are_freed_and_idle_ones_keep_to_their_memory() {
    let site = Site::new("");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let before = active(&host);
    for practice in 0..10 {
        ask(&before, &format!("practice-{practice}"), &["a"]);
    }
    assert_eq!(host.idle_sessions(), 10);
    save(&folder(&site, "hostile").join("plugin.wasm"), &marked(1));
    assert_eq!(reload(&host), only("activated"));
    assert_eq!(host.idle_sessions(), 0);
    ask(&before, "late", &["a"]);
    assert_eq!(host.idle_sessions(), 0, "nor is one kept that a late call opened");
    assert_eq!(host.compiled_components(), 2, "while somebody holds the old version");
    drop(before);
    assert_eq!(host.compiled_components(), 1);

    let small = PluginHost::open(PluginHostConfig { idle_mib: 4, ..config(&site, Trust::Any) }).unwrap();
    let adapter = active(&small);
    let mut most = 0;
    for practice in 0..20 {
        ask(&adapter, &format!("practice-{practice}"), &["a"]);
        most = most.max(small.idle_sessions());
    }
    assert!((1..=3).contains(&most), "each has more than a MiB: {most}");
}

/// Seconds of the test under load; `CLAIMHOST_RELOAD_SECONDS` makes it longer.
fn seconds() -> Duration {
    let asked = std::env::var("CLAIMHOST_RELOAD_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(4))
}

#[test]
fn under_load_every_answer_is_that_of_one_version() {
    let site = Site::new("");
    connector(&site, "connector", "turn = 0\n");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let told: Mutex<HashMap<String, String>> = Mutex::default();
    let (stop, batches) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut reloads = 0;
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let (host, told, stop, batches) = (&host, &told, &stop, &batches);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let adapter = host.adapter("connector").expect("there is always an active version");
                    let answers = ask(&adapter, &format!("practice-{worker}"), &["version"; 100]);
                    let first = reason(&answers[0]).to_owned();
                    assert!(answers.iter().all(|answer| reason(answer) == first), "a batch is of one version");
                    let digest = adapter.digest().to_owned();
                    let known = told.lock().entry(digest).or_insert_with(|| first.clone()).clone();
                    assert_eq!(known, first, "a digest always answers alike");
                    batches.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let began = Instant::now();
        for turn in 1.. {
            if began.elapsed() >= seconds() {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
            // Three times data, then code: two components in turn, which the cache has after the first time.
            match turn % 4 {
                0 => save(&folder(&site, "hostile").join("plugin.wasm"), &marked(turn / 4 % 2)),
                _ => save(&folder(&site, "connector").join("mapping.toml"), format!("turn = {turn}\n").as_bytes()),
            }
            let changes = reload(&host);
            assert!(changes.iter().all(|(_, what)| *what == "activated"), "{changes:?}");
            reloads += changes.iter().filter(|(id, _)| id == "connector").count();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let versions = told.lock().len();
    println!("{reloads} reloads, {versions} versions answered, {} batches", batches.load(Ordering::Relaxed));
    assert!(versions >= 3 && reloads >= versions - 1, "{reloads} reloads, {versions} versions");
    assert!(host.compiled_components() <= 1);
}

/// Resident memory of this process, KiB.
fn resident_kib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Minutes long, and alone in its process: `cargo test --test plugin_reload -- --ignored --exact NAME`.
#[test]
#[ignore = "measures the memory of the whole process over 1,000 reloads"]
fn a_thousand_reloads_leave_nothing_behind() {
    let site = Site::new("");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let wasm = folder(&site, "hostile").join("plugin.wasm");
    let mut at_hundred = 0.0;
    for turn in 1..=1_000 {
        // Eight components in turn: all but the first of each come from the cache.
        save(&wasm, &marked(turn % 8));
        assert_eq!(reload(&host), only("activated"));
        assert_eq!(version(&active(&host)), format!("{:03}/", turn % 8));
        if turn == 100 {
            at_hundred = resident_kib();
        }
    }
    let grown = resident_kib() / at_hundred;
    println!("after 100: {at_hundred} KiB; after 1,000: {:.3} of it", grown);
    assert!(grown < 1.05, "{grown}");
}
