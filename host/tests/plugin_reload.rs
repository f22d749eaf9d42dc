//! New versions while calls run: what becomes active, what does not and why, what is freed, and who may.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use claimhost::plugin::{
    Adapter, Changed, Lock, Offer, Permissions, PluginHost, PluginHostConfig, PluginInfo, Trust, TrustPolicy,
    TrustedKey,
};
use parking_lot::Mutex;
use support::{Site, ask, marked, reason, save};

/// A host that keeps versions and has a lock file.
fn config(site: &Site, mode: Trust) -> PluginHostConfig {
    let trust = TrustPolicy { mode, lock: Some(site.root.path().join("plugins.lock")), keys: Vec::new() };
    PluginHostConfig { trust, keep_versions: true, cache: site.root.path().join("kept"), ..site.config() }
}

fn folder(site: &Site, id: &str) -> PathBuf {
    site.root.path().join("plugins").join(id)
}

fn version(adapter: &Adapter) -> String {
    reason(&ask(adapter, "north", &["version"])[0]).to_owned()
}

fn active(host: &PluginHost) -> Arc<Adapter> {
    host.adapter("hostile").unwrap_or_else(|| panic!("{:?}", host.list()))
}

fn info(host: &PluginHost, id: &str) -> PluginInfo {
    host.list().into_iter().find(|info| info.id == id).unwrap()
}

/// What a reload did, one word for each plugin that changed.
fn reload(host: &PluginHost) -> Vec<(String, &'static str)> {
    host.reload(false).unwrap().into_iter().map(|change| (change.id, change.what.name())).collect()
}

fn only(what: &'static str) -> Vec<(String, &'static str)> {
    vec![("hostile".to_owned(), what)]
}

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

/// A connector: a manifest that names its base, and a mapping.
fn connector(site: &Site, id: &str, mapping: &str) -> PathBuf {
    let folder = site.plugin(id, "base = \"hostile\"\nmapping = \"mapping.toml\"\n");
    fs::remove_file(folder.join("plugin.wasm")).unwrap();
    fs::write(folder.join("mapping.toml"), mapping).unwrap();
    folder
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
fn nothing_runs_that_nobody_consented_to_and_a_change_needs_consent_again() {
    let site = Site::new("[permissions]\ncode_tables = [\"icd10cm\", \"hcpcs\"]\n");
    let config = || config(&site, Trust::Locked);
    let lock = site.root.path().join("plugins.lock");
    let own = folder(&site, "hostile");
    let host = PluginHost::open(config()).unwrap();
    let error = info(&host, "hostile").error.unwrap().to_string();
    assert!(error.contains("not in plugins.lock") && error.contains("plugin add"), "{error}");
    let consent = |tables: &[&str]| {
        let code_tables = tables.iter().map(|table| (*table).to_owned()).collect();
        let grants = Permissions { code_tables, look_back_days: 9, ..Permissions::default() };
        Offer::read(&config(), &own).unwrap().consent(&lock, grants).unwrap();
    };
    consent(&["hcpcs", "place-of-service"]);
    assert_eq!(reload(&host), only("activated"));
    let granted = info(&host, "hostile").granted;
    assert_eq!((granted.code_tables, granted.look_back_days), (vec!["hcpcs".to_owned()], 0), "asked for and granted");

    save(&own.join("plugin.wasm"), &marked(1));
    assert_eq!(reload(&host), only("refused"));
    let error = info(&host, "hostile").candidate.unwrap().to_string();
    assert!(error.contains("has changed since it was granted"), "{error}");
    assert_eq!(version(&active(&host)), "000/", "the version that was consented to goes on");
    let again = PluginHost::open(config()).unwrap();
    assert_eq!(version(&active(&again)), "000/", "after a restart too: it was kept");
    consent(&["hcpcs"]);
    assert_eq!(reload(&host), only("activated"));
    assert_eq!(version(&active(&host)), "001/");

    // Grants alone: the same version with other rights is not the same.
    consent(&[]);
    assert_eq!(reload(&host), only("activated"));
    assert_eq!(info(&host, "hostile").granted, Permissions::default());

    // A lock file that cannot be read changes nothing.
    fs::write(&lock, "[[plugin]\n").unwrap();
    assert!(host.reload(false).is_err());
    assert_eq!(version(&active(&host)), "001/");
    let blind = PluginHost::open(config()).unwrap();
    assert!(blind.adapter("hostile").is_none(), "and a start with it runs nothing");
    Lock::default().write(&lock).unwrap();
    assert_eq!(reload(&host), only("refused"));
    assert!(host.adapter("hostile").is_none(), "consent that is taken back stops it");
}

#[test]
fn what_is_installed_takes_the_place_of_the_folder_that_has_its_id() {
    let site = Site::new("");
    let plugins = site.root.path().join("plugins");
    fs::rename(plugins.join("hostile"), plugins.join("our-ehr")).unwrap();
    fs::create_dir_all(plugins.join("our-ehr/fixtures/gone")).unwrap();
    fs::write(plugins.join("our-ehr/fixtures/gone/input.txt"), "old").unwrap();
    fs::write(plugins.join("our-ehr/notes.txt"), "ours").unwrap();
    let offered = site.root.path().join("offered");
    fs::create_dir_all(offered.join("fixtures/new")).unwrap();
    fs::copy(plugins.join("our-ehr/plugin.toml"), offered.join("plugin.toml")).unwrap();
    fs::write(offered.join("plugin.wasm"), marked(3)).unwrap();
    fs::write(offered.join("fixtures/new/input.txt"), "hello").unwrap();
    let expected = r#"[{"Ignored":{"id":"hostile.hello","reason":"hello"}}]"#;
    fs::write(offered.join("fixtures/new/expected.json"), expected).unwrap();
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let offer = Offer::read(&config(&site, Trust::Any), &offered).unwrap();
    // What was read is what is put, whatever its folder holds by then.
    fs::write(offered.join("plugin.wasm"), marked(4)).unwrap();
    assert_eq!(offer.install(std::slice::from_ref(&plugins)).unwrap(), plugins.join("our-ehr"));
    assert_eq!(reload(&host), only("activated"));
    assert_eq!(version(&active(&host)), "003/");
    let mut names: Vec<String> = fs::read_dir(plugins.join("our-ehr"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["fixtures", "notes.txt", "plugin.toml", "plugin.wasm"]);
    assert!(!plugins.join("our-ehr/fixtures/gone").exists(), "nothing of the old version is left");
    assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1, "no other folder");
}

/// A plugin that always has the digest of these signatures; whether it runs is decided before it is looked at more closely.
const SIGNED_MANIFEST: &str = "id = \"signed\"\nversion = \"1.0.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\n\
                               framing = \"whole\"\nformats = [\"text\"]\nevidence = \"standard-only\"\n";
const SIGNED_COMPONENT: &[u8] = b"no component";
/// Made with minisign for this test: a key that is trusted, its signature, and that of a key that nobody knows.
const VENDOR_KEY: &str = "RWTTJXK1e61g1D+H1O8AjOBm1b1mfgIzncRsZ6F8DejRHjMLvwRzLaXj";
const BY_VENDOR: &str = "untrusted comment: for a test\n\
    RUTTJXK1e61g1MSEsGJsbVSVr/ts1XW1jPhTA2pKvcV1103UEzVKhRTq1xqkygo4fj2u1Zq/sXvBVHgA+qbuAnyTefE5dW2Pvw8=\n\
    trusted comment: for a test\n\
    GzVZ/Mhs5Yoy++hHr8682KUZatCaJhnsbIRBp7kVKCczojT53CT/zN93F589CiAPF3W6K1DLzSF30G/A1SHUAg==\n";
const BY_STRANGER: &str = "untrusted comment: for a test\n\
    RUTUcjZAb0/mvhgQCoDDBuTf2bWnKgoYEfoRSNbuXHYaKqF9kyJAGa2btLZd03LdYVunVmIJJNPZgV3ffCE8V/UtPIn/ue9jgwg=\n\
    trusted comment: for a test\n\
    moXhenwCQO1Yw6YkAimVLTeo/Vc27fTz/2Ua3bM09vPTwF22O3QwJGqJnZg+QqkjF5p3U5LOEoXmslSGddXOCw==\n";

#[test]
fn where_signatures_are_asked_for_only_a_trusted_key_counts() {
    let site = Site::new("");
    let own = folder(&site, "signed");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("plugin.toml"), SIGNED_MANIFEST).unwrap();
    fs::write(own.join("plugin.wasm"), SIGNED_COMPONENT).unwrap();
    let with = || {
        let mut config = config(&site, Trust::Signed);
        config.trust.keys = vec![TrustedKey { name: "vendor".to_owned(), minisign: VENDOR_KEY.to_owned() }];
        config
    };
    let lock = site.root.path().join("plugins.lock");
    let error = || {
        Offer::read(&with(), &own).unwrap().consent(&lock, Permissions::default()).unwrap();
        info(&PluginHost::open(with()).unwrap(), "signed").error.unwrap().to_string()
    };
    let sign = |signature: &str| fs::write(own.join("plugin.minisig"), signature).unwrap();
    assert!(error().contains("has no plugin.minisig"), "{}", error());
    sign(BY_STRANGER);
    assert!(error().contains("not by a key"), "{}", error());
    sign("untrusted comment: x\nAAAA\n");
    assert!(error().contains("no signature of minisign"), "{}", error());
    sign(BY_VENDOR);
    assert_eq!(Offer::read(&with(), &own).unwrap().signer, Ok("vendor".to_owned()));
    assert!(error().contains("is no component"), "it may run, and is tried: {}", error());
    fs::write(own.join("plugin.toml"), SIGNED_MANIFEST.replace("1.0.0", "1.0.1")).unwrap();
    assert!(error().contains("not of this version"), "consent alone is not enough: {}", error());
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
