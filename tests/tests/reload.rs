//! A running `serve` whose plugins, mappings and profiles change: what it takes, what it refuses and why, and that no
//! charge is lost, doubled or read by two versions meanwhile. Who may load what is in `host/tests/plugin_reload.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use claimhost_tests::house;
use claimhost_tests::serving::Serving;
use claimhost_tests::site::{Charge, PRACTICE, Site};
use serde_json::Value;

const DAY: &str = "2026-05-04";
const ACTIVATED: &str = "claimhost_plugin_reloads_total{outcome=\"activated\"}";
const REFUSED: &str = "claimhost_plugin_reloads_total{outcome=\"refused\"}";
const MAPPING: &str = "practices/my-practice/mapping.toml";
const MANIFEST: &str = "plugins/hl7v2-dft/plugin.toml";

fn site() -> Site {
    let site = Site::new();
    site.edit("claimhost.toml", "settle_seconds = 5", "settle_seconds = 0");
    // What was compiled is every site's; versions to go back to are this one's.
    let shared = claimhost_tests::programs::workspace().join("target/plugin-cache");
    site.edit("claimhost.toml", &format!("cache = {shared:?}"), "cache = \"cache\"");
    let own = site.dir().join("cache");
    for name in ["compiled", "verified"] {
        std::fs::create_dir_all(shared.join(name)).unwrap();
        std::fs::create_dir_all(&own).unwrap();
        std::os::unix::fs::symlink(shared.join(name), own.join(name)).unwrap();
    }
    site
}

/// As an editor saves: another file, then a rename over the old one.
fn save(site: &Site, file: &str, text: &str) {
    let path = site.dir().join(file);
    let beside = path.with_extension("swp");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(beside, path).unwrap();
}

fn send(site: &Site, number: u32) {
    let text = Charge::of_nobody_else(number).message();
    // Under its name it is whole.
    let inbox = site.dir().join("inbox/my-practice");
    std::fs::write(inbox.join(format!("{number}.tmp")), text).unwrap();
    std::fs::rename(inbox.join(format!("{number}.tmp")), inbox.join(format!("{number:06}.hl7"))).unwrap();
}

fn translated() -> String {
    format!("claimhost_documents{{practice=\"{PRACTICE}\",status=\"translated\"}}")
}

fn of_data(kind: &str, outcome: &str) -> String {
    format!("claimhost_data_reloads_total{{kind=\"{kind}\",outcome=\"{outcome}\"}}")
}

fn plugin(site: &Site, id: &str) -> Value {
    let listed = site.json(&["plugin", "list"]);
    listed["plugins"].as_array().unwrap().iter().find(|plugin| plugin["id"] == id).unwrap().clone()
}

fn digests(site: &Site) -> Vec<String> {
    let listed = site.json(&["document", "list", "--practice", PRACTICE]);
    listed.as_array().unwrap().iter().map(|row| row["plugin_digest"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_saved_version_waits_for_consent_then_runs_and_can_be_put_back() {
    let site = site();
    let serving = Serving::start(&site, DAY);
    send(&site, 1);
    serving.wait_for(&translated(), 1);
    let first = plugin(&site, "hl7v2-dft");
    assert_eq!((&first["state"], &first["candidate"]), (&"active".into(), &Value::Null));
    let text = site.text(MANIFEST);
    save(&site, MANIFEST, &text.replace("version = \"0.1.0\"", "version = \"0.1.1\""));
    serving.wait_for(REFUSED, 1);
    let waits = plugin(&site, "hl7v2-dft");
    let why = waits["candidate"].as_str().unwrap();
    assert!(why.contains("has changed since it was granted") && why.contains("plugin add"), "{why}");
    assert_eq!(waits["digest"], first["digest"]);
    assert_eq!(serving.metric("claimhost_plugin_candidate_refused{plugin=\"hl7v2-dft\"}"), 1);

    let folder = site.dir().join("plugins/hl7v2-dft").display().to_string();
    assert_eq!(site.command(&["plugin", "add", &folder]).status.code(), Some(2), "nobody is there to ask");
    let shown = String::from_utf8(site.command(&["plugin", "add", &folder]).stdout).unwrap();
    let version = ["hl7v2-dft 0.1.1", "asks for  nothing", "limits    1000 ms a call, 64 MiB of memory"];
    assert!(version.iter().all(|words| shown.contains(words)), "{shown}");
    let added = site.json(&["plugin", "add", "--yes", &folder]);
    assert_eq!(added["added"][0]["limits"]["memory_mib"], 64, "{added}");
    assert_eq!(added["refused"], Value::Array(Vec::new()), "{added}");
    serving.wait_for(ACTIVATED, 1);
    let second = plugin(&site, "hl7v2-dft");
    assert_eq!((&second["version"], &second["candidate"]), (&"0.1.1".into(), &Value::Null));
    send(&site, 2);
    serving.wait_for(&translated(), 2);
    let told: Vec<String> = [&first, &second].map(|plugin| plugin["digest"].as_str().unwrap().to_owned()).into();
    for (document, plugin) in digests(&site).iter().zip(&told) {
        assert!(document.starts_with(plugin), "{document} is of {plugin}");
    }

    let back = site.json(&["plugin", "rollback", "hl7v2-dft"]);
    assert_eq!(back["digest"], first["digest"]);
    serving.wait_for("claimhost_plugin_reloads_total{outcome=\"rolled-back\"}", 1);
    assert_eq!(plugin(&site, "hl7v2-dft")["digest"], first["digest"]);
    assert_eq!(site.command(&["plugin", "rollback", "nobody"]).status.code(), Some(4));

    // Cut in the middle: whoever copies it is not done, or never will be.
    let wasm = site.dir().join("plugins/hl7v2-dft/plugin.wasm");
    let whole = std::fs::read(&wasm).unwrap();
    std::fs::write(&wasm, &whole[..whole.len() / 2]).unwrap();
    let asked = site.command(&["plugin", "reload"]);
    assert_eq!(asked.status.code(), Some(4), "{}", String::from_utf8_lossy(&asked.stderr));
    send(&site, 3);
    serving.wait_for(&translated(), 3);
    assert_eq!(plugin(&site, "hl7v2-dft")["digest"], first["digest"]);
    serving.stop();
    assert!(!site.dir().join("store/serve.json").exists());
    let nobody = site.command(&["plugin", "reload"]);
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("no serve runs here"));
    assert_eq!(plugin(&site, "hl7v2-dft")["digest"], first["digest"], "what is pinned was kept");
}

#[test]
fn the_address_for_operators_wants_the_token_of_this_start() {
    let site = site();
    let serving = Serving::start(&site, DAY);
    let page = serving.page("/v1/plugins");
    assert!(page.starts_with("HTTP/1.1 401") && page.to_lowercase().contains("www-authenticate: bearer"), "{page}");
    assert!(!page.contains("hl7v2-dft"));
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(site.dir().join("store/serve.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    serving.kill();
    // A serve that was killed leaves its file: it is not asked.
    assert!(site.dir().join("store/serve.json").exists());
    assert_eq!(plugin(&site, "hl7v2-dft")["state"], "active");
}

#[test]
fn a_bad_mapping_or_profile_changes_nothing_and_a_good_one_frees_what_waits() {
    let site = site();
    let serving = Serving::start(&site, DAY);
    send(&site, 1);
    serving.wait_for(&translated(), 1);
    let mapping = site.text(MAPPING);
    save(&site, MAPPING, &format!("{mapping}\n[nonsense]\nfield = 1\n"));
    serving.wait_for(&of_data("mapping", "refused"), 1);
    send(&site, 2);
    serving.wait_for(&translated(), 2);
    save(&site, MAPPING, &format!("{mapping}\n# only words\n"));
    serving.wait_for(&of_data("mapping", "activated"), 1);
    send(&site, 3);
    serving.wait_for(&translated(), 3);
    let found = digests(&site);
    assert_eq!(found[0], found[1], "the bad one was never used");
    assert_ne!(found[1], found[2], "a digest is of plugin and mapping");
    let profile = site.text("practices/my-practice/profile.toml");
    save(&site, "practices/my-practice/profile.toml", &profile.replace("id = \"my-practice\"", "id = \"another\""));
    serving.wait_for(&of_data("profile", "refused"), 1);
    save(&site, "practices/my-practice/profile.toml", &profile);
    serving.wait_for(&of_data("profile", "activated"), 1);
    serving.stop();
    site.assert_accounted(DAY);
}

/// `plugin reload`: what it says of mappings and profiles, by kind, name and outcome; and its exit code.
fn asked_to_reload(site: &Site) -> (Vec<[String; 3]>, Option<i32>) {
    let asked = site.command(&["plugin", "reload", "--json"]);
    let answer: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(answer["data_waits"], false, "{answer}");
    let told = |change: &Value| ["kind", "id", "outcome"].map(|key| change[key].as_str().unwrap().to_owned());
    (answer["changes"].as_array().unwrap().iter().map(told).collect(), asked.status.code())
}

#[test]
fn what_was_refused_is_tried_again_and_told_to_whoever_asks() {
    let site = site();
    let serving = Serving::start(&site, DAY);
    send(&site, 1);
    serving.wait_for(&translated(), 1);
    assert_eq!(asked_to_reload(&site), (Vec::new(), Some(0)));
    let mapping = site.text(MAPPING);
    save(&site, MAPPING, &format!("{mapping}\n[nonsense]\nfield = 1\n"));
    serving.wait_for(&of_data("mapping", "refused"), 1);
    let (told, code) = asked_to_reload(&site);
    assert_eq!((told.len(), &told[0][0][..], &told[0][2][..], code), (1, "mapping", "refused", Some(4)));
    save(&site, MAPPING, &mapping);
    serving.wait_for(&of_data("mapping", "activated"), 1);
    assert_eq!(asked_to_reload(&site), (Vec::new(), Some(0)));

    // The same day and time, other bytes: as a restored backup has them.
    let path = site.dir().join(MAPPING);
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let other = path.with_extension("other");
    std::fs::write(&other, format!("{mapping}\n# other words\n")).unwrap();
    std::fs::File::options().append(true).open(&other).unwrap().set_modified(modified).unwrap();
    std::fs::rename(&other, &path).unwrap();
    serving.wait_for(&of_data("mapping", "activated"), 2);

    // A profile is refused for a file that it names; that file is all that changes afterwards.
    let profile = site.text("practices/my-practice/profile.toml");
    let with_fees = format!("fees = \"fees.csv\"\n{profile}");
    save(&site, "practices/my-practice/profile.toml", &with_fees);
    serving.wait_for(&of_data("profile", "refused"), 1);
    let (told, code) = asked_to_reload(&site);
    assert_eq!((told, code), (vec![["profile", PRACTICE, "refused"].map(str::to_owned)], Some(4)));
    save(&site, "practices/my-practice/fees.csv", "code,fee\n99213,150.00\n");
    serving.wait_for(&of_data("profile", "activated"), 1);

    // Tables of rules and of codes, which nothing is tried again of: what is refused is told as often as somebody asks.
    std::fs::create_dir_all(site.dir().join("rules")).unwrap();
    save(&site, "rules/house.toml", "[table]\nid = \"house\"\n");
    serving.wait_for(&of_data("rules", "refused"), 1);
    let folder = site.dir().join("rules").display().to_string();
    for _ in 0..2 {
        let (told, code) = asked_to_reload(&site);
        assert_eq!((told, code), (vec![["rules", &folder, "refused"].map(str::to_owned)], Some(4)));
    }
    std::fs::remove_file(site.dir().join("rules/house.toml")).unwrap();
    let codes = site.dir().join("codes");
    std::fs::create_dir_all(&codes).unwrap();
    save(&site, "codes/none.table", "none");
    serving.wait_for(&of_data("codes", "refused"), 1);
    let (told, code) = asked_to_reload(&site);
    assert_eq!((told.len(), &told[0][0][..], &told[0][2][..], code), (1, "codes", "refused", Some(4)), "{told:?}");
    serving.stop();
    site.assert_accounted(DAY);
}

#[test]
fn folders_that_are_moved_away_and_made_anew_are_seen_and_documents_wait_meanwhile() {
    let site = site();
    site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"any\"");
    // Nothing is polled within this test.
    site.edit("claimhost.toml", "poll_seconds = 5", "poll_seconds = 3600");
    std::fs::create_dir_all(site.dir().join("rules")).unwrap();
    let serving = Serving::start(&site, DAY);
    send(&site, 1);
    serving.wait_for(&translated(), 1);
    let active = |serving: &Serving| {
        let page = serving.page("/metrics");
        page.lines().filter(|line| line.starts_with("claimhost_plugin_active{") && line.ends_with(" 1")).count()
    };
    let all = active(&serving);
    let plugins = site.dir().join("plugins");
    let away = site.dir().join("away");
    std::fs::rename(&plugins, &away).unwrap();
    serving.wait_for("claimhost_plugin_reloads_total{outcome=\"removed\"}", all as u64);
    // Nobody is there to read them.
    send(&site, 2);
    send(&site, 3);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((serving.metric(&translated()), active(&serving)), (1, 0));
    copy(&away, &plugins);
    serving.wait_for(&translated(), 3);
    let until = Instant::now() + Duration::from_secs(60);
    while active(&serving) != all {
        assert!(Instant::now() < until, "{} of {all}", active(&serving));
        std::thread::sleep(Duration::from_millis(50));
    }
    let before = serving.metric(ACTIVATED);
    let text = site.text(MANIFEST);
    save(&site, MANIFEST, &text.replace("version = \"0.1.0\"", "version = \"0.1.1\""));
    serving.wait_for(ACTIVATED, before + 1);
    // A table of rules that is put into its folder.
    save(&site, "rules/house.toml", &house::table("1", "9000"));
    serving.wait_for(&of_data("rules", "activated"), 1);
    serving.stop();
    site.assert_accounted(DAY);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Seconds under load; `CLAIMHOST_RELOAD_SECONDS` makes it longer.
fn seconds() -> Duration {
    let asked = std::env::var("CLAIMHOST_RELOAD_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(asked.unwrap_or(4))
}

#[test]
fn while_versions_change_five_times_a_second_no_charge_is_lost_or_doubled() {
    let site = site();
    site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"any\"");
    let serving = Serving::start(&site, DAY);
    let (manifest, mapping) = (site.text(MANIFEST), site.text(MAPPING));
    let began = Instant::now();
    let (mut sent, mut turn) = (0, 0);
    while began.elapsed() < seconds() {
        for _ in 0..10 {
            sent += 1;
            send(&site, sent);
        }
        turn += 1;
        match turn % 2 {
            0 => save(&site, MAPPING, &format!("{mapping}\n# {turn}\n")),
            _ => {
                save(&site, MANIFEST, &manifest.replace("version = \"0.1.0\"", &format!("version = \"0.1.{turn}\"")));
            }
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    serving.wait_for(&translated(), sent.into());
    let reloads = serving.metric(ACTIVATED) + serving.metric(&of_data("mapping", "activated"));
    serving.stop();
    let found = digests(&site);
    let versions: BTreeSet<&String> = found.iter().collect();
    println!("{sent} messages, {reloads} reloads, {} versions read them", versions.len());
    assert!(reloads >= 3 && versions.len() >= 3, "{reloads} reloads, {} versions", versions.len());
    let summary = site.run_unapproved(DAY);
    assert_eq!(summary.pointer("/documents/translated").unwrap(), sent, "{summary}");
    assert_eq!(summary.pointer("/documents/received").unwrap(), sent, "{summary}");
    let claims = site.json(&["claim", "list"]);
    assert_eq!(claims.as_array().unwrap().len(), sent as usize, "one claim a visit");
    site.assert_accounted(DAY);
}
