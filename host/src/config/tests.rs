use super::*;

fn load(text: &str) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claimhost.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "claimhost.toml"))
}

#[test]
fn an_empty_file_has_every_default_and_paths_follow_the_file() {
    let config = load("").unwrap();
    assert!(config.store.path.ends_with("store/claimhost.db") && config.store.path.is_absolute());
    assert_eq!(config.clearinghouse.claims_per_file_max, 5_000);
}

#[test]
fn an_unknown_key_is_an_error_with_its_place_and_a_suggestion() {
    let error = load("[clearinghouse]\noutbocks = \"x\"\n").unwrap_err();
    assert!(error.starts_with("claimhost.toml:2:1: clearinghouse.outbocks: "), "{error}");
    assert!(error.contains("did you mean `outbox`?"), "{error}");
}

#[test]
fn a_table_stands_where_nothing_of_it_or_like_it_was_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claimhost.toml");
    std::fs::write(&path, "[stor]\npath = \"x\"\n[service]\npoll_seconds = \"5\"\n").unwrap();
    let look = Config::look(&path).unwrap();
    assert_eq!(look.errors.len(), 1, "{:?}", look.errors);
    let tables = ["store", "service", "keys", "plugins", "clearinghouse", "practice", "rules"];
    let standing: Vec<&str> = tables.into_iter().filter(|table| look.stands(table)).collect();
    assert_eq!(standing, ["keys", "plugins", "clearinghouse", "practice", "rules"]);
    assert!(look.config.is_some_and(|config| config.service.poll_seconds == 5));
}

#[test]
fn every_inconsistency_is_named_at_once() {
    let text = "[service]\nlisten = \"0.0.0.0:1\"\n[[practice]]\nid = \"clearing\"\nprofile = \"p\"\n\
                [[intake.folder]]\npractice = \"cleering\"\npath = \"in\"\nadapter = \"hl7v2-dft\"\n";
    let error = load(text).unwrap_err();
    for part in ["practice[0].id", "intake.folder[0].practice", "did you mean `clearing`?", "service.listen"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn what_plugins_may_not_be_is_named_with_its_key() {
    for (text, part) in [
        ("[plugins]\ntrust = \"some\"\n", "unknown variant `some`"),
        ("[plugins]\ntrust = \"signed\"\n", "plugins.trust: `signed` needs a [[plugins.key]]"),
        ("[plugins]\nstack_kib = 4096\n", "plugins.stack_kib: found 4096"),
        ("[plugins.limits]\nresults = 0\n", "plugins.limits.results: found 0"),
        ("[[plugins.key]]\nname = \"v\"\nminisign = \"x\"\n", "plugins.key[0].minisign"),
    ] {
        let error = load(text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
    let config = load("[plugins.limits]\ndeadline_ms = 7\n").unwrap().plugins;
    assert_eq!(config.trust, crate::plugin::Trust::Locked, "nothing runs that nobody consented to");
    let cap = config.host().limits_cap;
    assert_eq!((cap.deadline_ms, cap.memory_mib), (7, crate::plugin::Limits::CAP.memory_mib));
}

const LISTENERS: &str = r#"
[[practice]]
id = "elm"
profile = "p"
[[intake.mllp]]
practice = "elm"
listen = "127.0.0.1:2575"
adapter = "hl7v2-dft"
mapping = "m.toml"
[intake.upload]
listen = "127.0.0.1:8788"
[[intake.upload.feed]]
practice = "elm"
name = "superbills"
adapter = "csv-superbill"
[[intake.upload.token]]
practice = "elm"
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
"#;

#[test]
fn listeners_have_their_defaults_and_owners() {
    let config = load(LISTENERS).unwrap();
    let [mllp] = config.intake.mllp.as_slice() else { panic!("one listener") };
    assert_eq!((mllp.message_bytes_max, mllp.connections_max, mllp.idle_seconds), (4 << 20, 64, 600));
    assert_eq!(mllp.processing_ids, ["P"]);
    assert!(mllp.mapping.as_ref().is_some_and(|path| path.is_absolute()), "it follows the file");
    let upload = config.intake.upload.as_ref().unwrap();
    assert!(upload.token[0].digest().is_some_and(|digest| digest[0] == 0x9f));
    let routes: Vec<_> = config.intake.routes().map(|route| (route.key, route.adapter)).collect();
    assert_eq!(routes, [(("intake.mllp", 0), "hl7v2-dft"), (("intake.upload.feed", 0), "csv-superbill")]);
}

#[test]
fn what_a_listener_cannot_be_is_named_with_its_key() {
    for (from, to, parts) in [
        ("idle", "", &["unknown field `idle`", "did you mean `idle_seconds`?"][..]),
        ("listen = \"127.0.0.1:2575\"", "listen = \"0.0.0.0:2575\"", &["intake.mllp[0].listen", "peers"]),
        ("listen = \"127.0.0.1:2575\"", "listen = \"127.0.0.1:8787\"", &["service.listen has this address"]),
        ("listen = \"127.0.0.1:8788\"", "listen = \"10.0.0.1:8788\"", &["intake.upload.listen", "reverse proxy"]),
        ("mapping = \"m.toml\"", "message_bytes_max = 10", &["intake.mllp[0].message_bytes_max: found 10"]),
        ("mapping = \"m.toml\"", "connections_max = 0", &["intake.mllp[0].connections_max"]),
        ("mapping = \"m.toml\"", "processing_ids = []", &["intake.mllp[0].processing_ids"]),
        (
            "practice = \"elm\"\nlisten",
            "practice = \"elmo\"\nlisten",
            &["intake.mllp[0].practice", "did you mean `elm`?"],
        ),
        ("name = \"superbills\"", "name = \"super bills\"", &["intake.upload.feed[0].name"]),
        ("9f86", "zz", &["intake.upload.token[0].sha256", "sha256sum"]),
        (
            "[[intake.upload.token]]\npractice = \"elm\"",
            "[[intake.upload.token]]\npractice = \"oak\"",
            &["nobody could upload"],
        ),
    ] {
        let text = match to {
            "" => LISTENERS.replace("mapping = \"m.toml\"", "idle = 5"),
            to => LISTENERS.replacen(from, to, 1),
        };
        let error = load(&text).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{to}: {part}: {error}");
        }
    }
}
