//! What a source may be, and what is said of one that it may not.

use super::*;

#[test]
fn intervals_are_a_number_and_a_unit() {
    for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3_600), (" 2d ", 172_800)] {
        assert_eq!(Interval::parse(text), Some(Interval(Duration::from_secs(seconds))), "{text}");
    }
    for text in ["", "m", "0m", "-1m", "1.5h", "15", "15 min", "100001s", "\u{e9}"] {
        assert_eq!(Interval::parse(text), None, "{text}");
    }
}

#[test]
fn nothing_leaves_this_machine_in_the_clear() {
    for (text, safe) in [
        ("https://ehr.example/r4", true),
        ("http://127.0.0.1:9/x", true),
        ("http://[::1]:9/", true),
        ("http://localhost/", true),
        ("http://ehr.example/", false),
        ("http://127.0.0.1.example/", false),
        ("https://user@ehr.example/", false),
        ("https://u:p@ehr.example/", false),
        ("ftp://ehr.example/", false),
    ] {
        assert_eq!(is_safe(&Url::parse(text).unwrap()), safe, "{text}");
    }
}

const PULL: &str = r#"
[[practice]]
id = "elm"
profile = "p"
[[intake.rate]]
name = "hour"
calls = 500
per = "1h"
[[intake.pull]]
practice = "elm"
name = "ehr"
puller = "http-pull"
pull_mapping = "pull.toml"
adapter = "records"
base_url = "https://ehr.example/r4"
rate = ["hour"]
since = "2026-01-31"
[intake.pull.secrets]
customer-key = { file = "secrets/key" }
[[intake.pull.auth]]
kind = "api-key"
secret = { env = "EHR_KEY" }
[[intake.pull.auth]]
kind = "oauth2-client"
client_id = "c"
secret = { file = "secrets/client" }
token_url = "https://ehr.example/token"
"#;

fn load(text: &str) -> Result<crate::config::Config, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("claimhost.toml");
    std::fs::write(&path, text).unwrap();
    crate::config::Config::load(&path).map_err(|error| error.to_string())
}

#[test]
fn a_source_has_its_defaults_its_paths_and_a_way_in() {
    let config = load(PULL).unwrap().intake;
    let [pull] = config.pull.as_slice() else { panic!("one source") };
    let kept = (pull.every.0.as_secs(), pull.timeout_seconds, pull.tries, pull.answer_megabytes_max, pull.requests_max);
    assert_eq!(kept, (900, 60, 5, 8, 5_000));
    assert!(pull.pull_mapping.as_ref().is_some_and(|path| path.is_absolute()));
    assert!(pull.secrets["customer-key"].file.as_ref().is_some_and(|path| path.is_absolute()));
    assert!(
        pull.auth[1].secret.as_ref().and_then(|secret| secret.file.as_ref()).is_some_and(|path| path.is_absolute())
    );
    assert_eq!(config.rate[0].burst, 1);
    let routes: Vec<_> = config.routes().map(|route| (route.channel(), route.adapter.to_owned())).collect();
    assert_eq!(routes, [("pull:ehr".to_owned(), "records".to_owned())]);
}

#[test]
fn what_a_source_cannot_be_is_named_with_its_key() {
    for (from, to, parts) in [
        ("since =", "sinse =", &["unknown field `sinse`", "did you mean `since`?"][..]),
        ("practice = \"elm\"\nname", "practice = \"elmo\"\nname", &["intake.pull[0].practice", "did you mean `elm`?"]),
        ("https://ehr.example/r4", "http://ehr.example/r4", &["intake.pull[0].base_url", "https"]),
        ("https://ehr.example/r4", "https://ehr.example/r4?x=1", &["intake.pull[0].base_url"]),
        ("\"hour\"]", "\"huor\"]", &["`huor` is no [[intake.rate]]", "did you mean `hour`?"]),
        ("2026-01-31", "31.1.2026", &["intake.pull[0].since: expected a day as 2026-01-31"]),
        ("name = \"ehr\"", "name = \"the ehr\"", &["intake.pull[0].name"]),
        ("calls = 500", "calls = 0", &["intake.rate[0].calls", "intake.rate[0].burst"]),
        ("per = \"1h\"", "per = \"hourly\"", &["found `hourly`", "such as 15m"]),
        (
            "{ file = \"secrets/key\" }",
            "{ file = \"a\", env = \"B\" }",
            &["secrets.customer-key: expected one of file and env"],
        ),
        ("client_id = \"c\"\n", "", &["auth[1].client_id: is missing"]),
        (
            "token_url = \"https",
            "key_id = \"k\"\ntoken_url = \"http",
            &["auth[1].key_id: belongs to another kind", "auth[1].token_url"],
        ),
        ("kind = \"api-key\"", "kind = \"basic\"\nuser = \"u\"", &["intake.pull[0].auth: one at most beside API keys"]),
        (
            "kind = \"oauth2-client\"",
            "kind = \"smart-backend\"",
            &["auth[1].key_id: is missing", "auth[1].algorithm: is missing"],
        ),
        (
            "rate = ",
            "tries = 0\nanswer_megabytes_max = 65\nproxy = \"http://u:p@x:1\"\nrate = ",
            &["tries: expected", "found 65", "proxy: expected"],
        ),
    ] {
        assert!(PULL.contains(from), "{from}");
        let error = load(&PULL.replacen(from, to, 1)).unwrap_err();
        for part in parts {
            assert!(error.contains(part), "{to}: {part}: {error}");
        }
    }
    let (before, rest) = PULL.split_once("[[intake.pull]]").unwrap();
    let twice = format!("{before}[[intake.pull]]{rest}[[intake.pull]]{rest}");
    assert!(load(&twice).unwrap_err().contains("intake.pull[1].name: `ehr` is there twice"));
}
