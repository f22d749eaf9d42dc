//! Who may run: what `plugins.lock` and signatures decide, and what holds where a plugin folder is damaged meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::path::Path;

use claimhost::plugin::{Limits, Lock, Offer, Permissions, PluginHost, PluginHostConfig, Trust, TrustedKey};
use support::{
    Site, active, config, connector, documents, folder, info, marked, only, reason, reload, save, setup, version,
};

/// Consents to what is in a plugin folder, with all that it asks for.
fn consent(site: &Site, id: &str) {
    let offer = Offer::read(&config(site, Trust::Locked), &folder(site, id)).unwrap();
    offer.consent(&site.root.path().join("plugins.lock"), offer.manifest().permissions.clone()).unwrap();
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    save(path, text.replace(from, to).as_bytes());
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

#[test]
fn an_installation_that_was_killed_costs_nobody_their_sources() {
    let site = Site::new("");
    let plugins = site.root.path().join("plugins");
    let (own, old) = (plugins.join("hostile"), plugins.join(".hostile.old"));
    fs::write(own.join("source.rs"), "mine").unwrap();
    let offered = site.root.path().join("offered");
    fs::create_dir_all(&offered).unwrap();
    fs::copy(own.join("plugin.toml"), offered.join("plugin.toml")).unwrap();
    let install = |number: usize| {
        fs::write(offered.join("plugin.wasm"), marked(number)).unwrap();
        let offer = Offer::read(&config(&site, Trust::Any), &offered).unwrap();
        assert_eq!(offer.install(std::slice::from_ref(&plugins)).unwrap(), own);
        assert_eq!(fs::read(own.join("plugin.wasm")).unwrap(), marked(number));
        assert_eq!(fs::read_to_string(own.join("source.rs")).unwrap(), "mine");
        assert_eq!(fs::read_dir(&plugins).unwrap().count(), 1, "nothing is left beside it");
    };
    // Killed before the new folder was in its place.
    fs::rename(&own, &old).unwrap();
    install(3);
    // Killed after it: the sources are in the old folder alone.
    fs::create_dir(&old).unwrap();
    fs::copy(own.join("plugin.toml"), old.join("plugin.toml")).unwrap();
    fs::write(old.join("plugin.wasm"), marked(1)).unwrap();
    fs::rename(own.join("source.rs"), old.join("source.rs")).unwrap();
    install(4);
}

#[test]
fn an_installation_that_was_killed_is_taken_up_whatever_its_folder_is_called() {
    let site = Site::new("");
    let plugins = site.root.path().join("plugins");
    let own = plugins.join("ehr/our-ehr");
    fs::create_dir(plugins.join("ehr")).unwrap();
    fs::rename(plugins.join("hostile"), &own).unwrap();
    fs::write(own.join("source.rs"), "mine").unwrap();
    let offered = site.root.path().join("offered");
    fs::create_dir_all(&offered).unwrap();
    fs::copy(own.join("plugin.toml"), offered.join("plugin.toml")).unwrap();
    fs::write(offered.join("plugin.wasm"), marked(3)).unwrap();
    fs::rename(&own, plugins.join("ehr/.our-ehr.old")).unwrap();
    // One that is no replacement of it: another plugin's.
    let other = plugins.join("ehr/.another.old");
    fs::create_dir(&other).unwrap();
    let manifest = fs::read_to_string(offered.join("plugin.toml")).unwrap().replace("\"hostile\"", "\"another\"");
    fs::write(other.join("plugin.toml"), manifest).unwrap();
    let offer = Offer::read(&config(&site, Trust::Any), &offered).unwrap();
    assert_eq!(offer.install(std::slice::from_ref(&plugins)).unwrap(), own);
    assert_eq!(fs::read(own.join("plugin.wasm")).unwrap(), marked(3));
    assert_eq!(fs::read_to_string(own.join("source.rs")).unwrap(), "mine");
    assert!(other.is_dir() && !plugins.join("ehr/.our-ehr.old").exists());
    assert!(!plugins.join("hostile").exists(), "no second folder of one id");
    // A folder that the configuration names itself.
    fs::rename(&own, plugins.join("ehr/.our-ehr.old")).unwrap();
    assert_eq!(offer.install(std::slice::from_ref(&own)).unwrap(), own);
    assert_eq!(fs::read_to_string(own.join("source.rs")).unwrap(), "mine");
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
fn a_slip_in_a_manifest_stops_nothing_that_was_consented_to_and_hides_nothing_that_was_not() {
    let site = Site::new("");
    let (manifest, lock) = (folder(&site, "hostile").join("plugin.toml"), site.root.path().join("plugins.lock"));
    consent(&site, "hostile");
    let host = PluginHost::open(config(&site, Trust::Locked)).unwrap();
    for (slip, words) in [("id = \"hostle\"", "not in plugins.lock"), ("idd = \"hostile\"", "unknown field `idd`")] {
        edit(&manifest, "id = \"hostile\"", slip);
        assert_eq!(reload(&host), only("refused"), "{slip}");
        assert_eq!(version(&active(&host)), "000/", "{slip}: what was consented to goes on");
        assert!(info(&host, "hostile").candidate.unwrap().to_string().contains(words), "{slip}");
        let again = PluginHost::open(config(&site, Trust::Locked)).unwrap();
        assert_eq!(version(&active(&again)), "000/", "{slip}: after a restart too");
        edit(&manifest, slip, "id = \"hostile\"");
        assert_eq!(reload(&host), []);
    }

    // The other way round: consent is taken back while the manifest is in no state to be read, or away.
    let consented = fs::read(&lock).unwrap();
    for away in [false, true] {
        let whole = fs::read(&manifest).unwrap();
        if away {
            fs::remove_file(&manifest).unwrap()
        } else {
            save(&manifest, b"id = ")
        }
        assert_eq!(reload(&host), only("refused"), "{away}");
        assert!(host.adapter("hostile").is_some(), "{away}");
        Lock::default().write(&lock).unwrap();
        assert_eq!(reload(&host), only("refused"), "{away}");
        assert!(host.adapter("hostile").is_none(), "{away}: consent that is taken back stops it");
        fs::write(&lock, &consented).unwrap();
        save(&manifest, &whole);
        assert_eq!(reload(&host), only("activated"), "{away}");
    }
}

#[test]
fn a_version_that_is_pinned_and_refused_stops_nothing_but_a_right_that_is_taken_does() {
    let site = Site::new("[permissions]\ncode_tables = [\"hcpcs\"]\n");
    consent(&site, "hostile");
    let host = PluginHost::open(config(&site, Trust::Locked)).unwrap();
    assert_eq!(version(&active(&host)), "000/");
    let wasm = folder(&site, "hostile").join("plugin.wasm");
    save(&wasm, b"no component");
    consent(&site, "hostile");
    assert_eq!(reload(&host), only("refused"));
    assert_eq!(version(&active(&host)), "000/", "a candidate that fails changes nothing, consented to or not");
    let lock = site.root.path().join("plugins.lock");
    let offer = Offer::read(&config(&site, Trust::Locked), &folder(&site, "hostile")).unwrap();
    offer.consent(&lock, Permissions::default()).unwrap();
    assert_eq!(reload(&host), only("refused"));
    assert!(host.adapter("hostile").is_none(), "it would run with a right that nobody grants any more");
}

#[test]
fn what_is_pinned_and_was_kept_runs_where_its_folder_cannot_be_read() {
    let site = Site::new("");
    let wasm = folder(&site, "hostile").join("plugin.wasm");
    for number in [1, 2] {
        save(&wasm, &marked(number));
        consent(&site, "hostile");
        PluginHost::open(config(&site, Trust::Locked)).unwrap();
    }
    fs::remove_file(&wasm).unwrap();
    let host = PluginHost::open(config(&site, Trust::Locked)).unwrap();
    assert_eq!(version(&active(&host)), "002/");
    assert!(info(&host, "hostile").candidate.unwrap().to_string().contains("plugin.wasm"));
    assert_eq!(host.rollback("hostile").unwrap().version, "1.0.0");
    assert_eq!(version(&active(&host)), "001/", "with a folder that cannot be read too");
    let again = PluginHost::open(config(&site, Trust::Locked)).unwrap();
    assert_eq!(version(&active(&again)), "001/");
    save(&wasm, &marked(2));
    assert_eq!(reload(&again), only("refused"), "what was rolled back is there again, and stays rolled back");
    assert_eq!(version(&active(&again)), "001/");
}

#[test]
fn a_rollback_works_on_a_damaged_folder_where_no_consent_is_asked_for() {
    let site = Site::new("");
    let wasm = folder(&site, "hostile").join("plugin.wasm");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    save(&wasm, &marked(1));
    assert_eq!(reload(&host), only("activated"));
    fs::remove_file(&wasm).unwrap();
    assert_eq!(reload(&host), only("refused"));
    assert_eq!(version(&active(&host)), "001/");
    host.rollback("hostile").unwrap();
    assert_eq!(version(&active(&host)), "000/");
    save(&wasm, &marked(2));
    assert_eq!(reload(&host), only("activated"));
    fs::remove_file(&wasm).unwrap();
    assert_eq!(reload(&host), only("refused"));
    assert_eq!(version(&active(&host)), "002/", "the rollback is over: what it pinned takes no place any more");
}

#[test]
fn a_rollback_that_is_over_leaves_nothing_behind() {
    let site = Site::new("");
    let (wasm, lock) = (folder(&site, "hostile").join("plugin.wasm"), site.root.path().join("plugins.lock"));
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    save(&wasm, &marked(1));
    assert_eq!(reload(&host), only("activated"));
    host.rollback("hostile").unwrap();
    assert!(Lock::read(&lock).unwrap().of("hostile").unwrap().rolled_back_from.is_some());
    save(&wasm, &marked(2));
    assert_eq!(reload(&host), only("activated"));
    assert!(Lock::read(&lock).unwrap().of("hostile").unwrap().rolled_back_from.is_none());
    save(&wasm, &marked(1));
    assert_eq!(reload(&host), only("activated"), "whoever saves it anew means it");
    assert_eq!(version(&active(&host)), "001/");
}

#[test]
fn who_was_refused_holds_no_id() {
    let site = Site::new("");
    let ahead = site.plugin("ahead", "");
    fs::write(ahead.join("plugin.wasm"), b"no component").unwrap();
    edit(&ahead.join("plugin.toml"), "id = \"ahead\"", "id = \"twin\"");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    assert!(host.adapter("twin").is_none());
    // Both become sound in one look: the refused one has no right to the id that it could not run with.
    let behind = site.plugin("a-twin", "");
    edit(&behind.join("plugin.toml"), "id = \"a-twin\"", "id = \"twin\"");
    for folder in [&ahead, &behind] {
        fs::write(folder.join("plugin.wasm"), support::named("twin")).unwrap();
    }
    host.reload(false).unwrap();
    let runs = host.list().into_iter().find(|info| info.id == "twin" && info.error.is_none()).unwrap();
    assert_eq!(runs.folder, behind, "of two new ones the first by folder");
}

#[test]
fn consent_that_is_taken_back_stops_a_plugin_whose_folder_has_the_id_of_another() {
    let site = Site::new("");
    let second = site.plugin("second", "");
    for id in ["hostile", "second"] {
        consent(&site, id);
    }
    let host = PluginHost::open(config(&site, Trust::Locked)).unwrap();
    assert!(host.adapter("hostile").is_some() && host.adapter("second").is_some());
    // In one look: its folder holds a copy of the other, which is consented to, and it is taken out of `plugins.lock`.
    let lock = site.root.path().join("plugins.lock");
    Lock::change(&lock, |all| all.plugin.retain(|locked| locked.id != "second")).unwrap();
    for name in ["plugin.toml", "plugin.wasm"] {
        fs::copy(folder(&site, "hostile").join(name), second.join(name)).unwrap();
    }
    let changes = reload(&host);
    assert_eq!(changes, [("hostile".to_owned(), "refused")], "who has an id keeps it");
    assert!(host.adapter("hostile").is_some());
    assert!(host.adapter("second").is_none(), "nobody consents to it any more");
}

#[test]
fn a_connector_never_runs_a_component_of_its_base_that_was_refused() {
    let site = Site::new("");
    connector(&site, "connector", "site = 1\n");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let answer = |host: &PluginHost| version(&host.adapter("connector").unwrap());
    // A fixture that the new component fails: the base stays on the old one, and so does what runs on it.
    let expected = r#"[{"Ignored":{"id":"hostile.version","reason":"000/"}}]"#;
    site.fixture("version", "version", expected);
    assert_eq!(reload(&host), []);
    save(&folder(&site, "hostile").join("plugin.wasm"), &marked(1));
    assert_eq!(reload(&host), only("refused"));
    assert_eq!((version(&active(&host)), answer(&host)), ("000/".to_owned(), "000/site = 1\n".to_owned()));
    save(&folder(&site, "connector").join("mapping.toml"), b"site = 2\n");
    assert_eq!(reload(&host), [("connector".to_owned(), "activated")]);
    assert_eq!(answer(&host), "000/site = 2\n");
    // At a start nothing of the base is accepted.
    let again = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let error = info(&again, "connector").error.unwrap().to_string();
    assert!(error.contains("connector/plugin.toml: base: `hostile` is not active"), "{error}");
}

#[test]
fn a_component_that_does_not_fit_a_connector_is_the_error_of_its_manifest() {
    let site = Site::new("");
    let folder = connector(&site, "connector", "site = 1\n");
    edit(&folder.join("plugin.toml"), "kind = \"adapter\"", "kind = \"rules\"");
    edit(&folder.join("plugin.toml"), "framing = \"whole\"\nformats = [\"text\"]\n", "");
    let host = PluginHost::open(config(&site, Trust::Any)).unwrap();
    let error = info(&host, "connector").error.unwrap().to_string();
    assert!(error.contains("connector/plugin.toml: base: the component of `hostile` does not export"), "{error}");
}

#[test]
fn other_grants_are_another_digest_and_another_session() {
    let site = Site::new("[permissions]\ncode_tables = [\"hcpcs\", \"icd10cm\"]\n");
    let lock = site.root.path().join("plugins.lock");
    let with = |tables: &[&str]| {
        let code_tables = tables.iter().map(|table| (*table).to_owned()).collect();
        let grants = Permissions { code_tables, ..Permissions::default() };
        Offer::read(&config(&site, Trust::Locked), &folder(&site, "hostile")).unwrap().consent(&lock, grants).unwrap();
    };
    let mut told = std::collections::BTreeSet::new();
    with(&[]);
    let host = PluginHost::open(config(&site, Trust::Locked)).unwrap();
    for tables in [&[][..], &["hcpcs"], &["hcpcs", "icd10cm"]] {
        with(tables);
        host.reload(false).unwrap();
        let adapter = active(&host);
        assert_eq!(info(&host, "hostile").granted.code_tables, tables);
        for mapping in ["", "a = 1"] {
            told.insert(adapter.digest_with(&setup(mapping)));
            let answers = adapter.translate("north", &setup(mapping), &documents(&["count"])).unwrap();
            assert_eq!(reason(&answers[0]), "1", "no session of other grants answers");
        }
        assert!(told.iter().all(|digest| digest.starts_with(adapter.digest())));
    }
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told.contains(active(&host).digest()), "without setup and grants it is the digest itself");
}

#[test]
fn a_rollback_that_comes_to_nothing_leaves_the_pin_as_it_was() {
    let site = Site::new("");
    let (wasm, lock) = (folder(&site, "hostile").join("plugin.wasm"), site.root.path().join("plugins.lock"));
    consent(&site, "hostile");
    let host = PluginHost::open(config(&site, Trust::Locked)).unwrap();
    let first = active(&host).digest().to_owned();
    save(&wasm, &marked(1));
    consent(&site, "hostile");
    assert_eq!(reload(&host), only("activated"));
    let pinned = fs::read(&lock).unwrap();
    // What was kept does not run any more: a fixture of it fails.
    let fixture = site.root.path().join("kept/versions/hostile").join(first).join("fixtures/bad");
    fs::create_dir_all(&fixture).unwrap();
    fs::write(fixture.join("input.txt"), "hello").unwrap();
    fs::write(fixture.join("expected.json"), "[]").unwrap();
    let error = host.rollback("hostile").unwrap_err().to_string();
    assert!(error.contains("fails its own fixtures"), "{error}");
    assert_eq!((fs::read(&lock).unwrap(), version(&active(&host))), (pinned, "001/".to_owned()));
    assert_eq!(reload(&host), []);
    fs::remove_dir_all(fixture).unwrap();
    host.rollback("hostile").unwrap();
    assert_eq!(version(&active(&host)), "000/");
}

#[test]
fn what_was_proved_is_proved_again_with_fewer_rights_and_under_lower_ceilings() {
    let site = Site::new("[permissions]\ncode_tables = [\"hcpcs\"]\n");
    let problem = r#"{"id":"p","at":{"path":"p","offset":null},"found":"p","expected":"p","remedy":"p"}"#;
    site.fixture("codes", "code:hcpcs C9014", r#"[{"Ignored":{"id":"hostile.code","reason":"knownJ0567"}}]"#);
    site.fixture("many", "items:3", &format!("[{{\"Rejected\":[{problem},{problem},{problem}]}}]"));
    // Why it does not run with these rights, where nothing may give more results than so many; empty: it runs.
    let refused = |tables: &[String], results: u32| {
        let config =
            || PluginHostConfig { limits_cap: Limits { results, ..Limits::CAP }, ..config(&site, Trust::Locked) };
        let grants = Permissions { code_tables: tables.to_vec(), ..Permissions::default() };
        let offer = Offer::read(&config(), &folder(&site, "hostile")).unwrap();
        offer.consent(&site.root.path().join("plugins.lock"), grants).unwrap();
        info(&PluginHost::open(config()).unwrap(), "hostile").error.map(|error| error.to_string()).unwrap_or_default()
    };
    let all = ["hcpcs".to_owned()];
    let many = Limits::CAP.results;
    assert_eq!(refused(&all, many), "");
    let why = refused(&[], many);
    assert!(why.contains("fails its own fixtures: codes: at /0/Ignored/reason"), "{why}");
    let why = refused(&all, 2);
    assert!(why.contains("fails its own fixtures") && why.contains("3 results, at most 2"), "{why}");
    assert_eq!(refused(&all, many), "");
}
