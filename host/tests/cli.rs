//! The real binary, as a new user meets it: init, check-config, run, list, serve; exit codes; nothing to guess in errors.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_claimhost");

fn claimhost(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(BINARY).current_dir(folder).args(arguments).env_remove("CLAIMHOST_MASTER_KEY").output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", words(output)))
}

fn words(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// A folder as `init` makes it, with no plugin and no folder to read: what these tests are about needs neither.
fn made(root: &Path) {
    let output = claimhost(root, &["init", ".", "--no-plugins"]);
    assert_eq!(code(&output), 0, "{}", words(&output));
    let path = root.join("claimhost.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, _) = text.split_once("# One block for each folder that documents").unwrap();
    std::fs::write(&path, before).unwrap();
}

#[test]
fn what_init_makes_checks_runs_and_lists() {
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let check = claimhost(root.path(), &["check-config", "--json"]);
    assert_eq!((code(&check), json(&check)["ok"].as_bool()), (0, Some(true)), "{}", words(&check));
    let run = claimhost(root.path(), &["run", "--once", "--json", "--as-of", "2026-03-02"]);
    assert_eq!(code(&run), 0, "{}", words(&run));
    let summary = json(&run);
    assert_eq!((&summary["documents"]["received"], &summary["claims"]["total"]), (&0.into(), &0.into()));
    for list in [
        ["claim", "list"],
        ["visit", "list"],
        ["document", "list"],
        ["denial", "list"],
        ["remittance", "list"],
        ["work", "list"],
    ] {
        let listed = claimhost(root.path(), &[list[0], list[1], "--json"]);
        assert_eq!((code(&listed), json(&listed)), (0, Value::Array(Vec::new())), "{list:?} {}", words(&listed));
    }
    let plugins = claimhost(root.path(), &["plugin", "list", "--json"]);
    assert_eq!(json(&plugins), serde_json::json!({ "plugins": [] }));
}

#[test]
fn init_overwrites_nothing_and_keeps_the_key_to_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let key = std::fs::read(root.path().join("key")).unwrap();
    let again = claimhost(root.path(), &["init", ".", "--no-plugins"]);
    assert_eq!(code(&again), 4);
    assert!(words(&again).contains("claimhost.toml") && words(&again).contains("key"), "{}", words(&again));
    assert_eq!(std::fs::read(root.path().join("key")).unwrap(), key);
    for (path, mode) in [("key", 0o600), ("transport/out", 0o700), ("transport/in", 0o700)] {
        assert_eq!(std::fs::metadata(root.path().join(path)).unwrap().permissions().mode() & 0o777, mode, "{path}");
    }
}

#[test]
fn wrong_configurations_end_with_3_and_say_what_was_meant() {
    let root = tempfile::tempdir().unwrap();
    let absent = claimhost(root.path(), &["claim", "list"]);
    assert_eq!(code(&absent), 3);
    assert!(words(&absent).contains("claimhost init"), "{}", words(&absent));
    made(root.path());
    let profile = root.path().join("practices/my-practice/profile.toml");
    let good = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, good.replace("1234567893", "1234567890").replace("430010000", "43")).unwrap();
    let check = claimhost(root.path(), &["check-config"]);
    assert_eq!(code(&check), 3);
    assert!(words(&check).contains("npi") && words(&check).contains("postal_code"), "all at once: {}", words(&check));
    let path = root.path().join("claimhost.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("outbox =", "outbocks =")).unwrap();
    let unknown = claimhost(root.path(), &["check-config"]);
    assert_eq!(code(&unknown), 3);
    assert!(words(&unknown).contains("did you mean `outbox`?"), "{}", words(&unknown));
    std::fs::write(&path, text).unwrap();
    std::fs::write(&profile, good).unwrap();
    assert_eq!(code(&claimhost(root.path(), &["run", "--once"])), 0);
    std::fs::write(root.path().join("key"), "0".repeat(64)).unwrap();
    for arguments in [&["run", "--once"][..], &["claim", "list"], &["check-config"]] {
        let other_key = claimhost(root.path(), arguments);
        assert_eq!(code(&other_key), 3, "{arguments:?} {}", words(&other_key));
    }
}

#[test]
fn check_config_tells_the_faults_of_every_table_at_once() {
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let path = root.path().join("claimhost.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let profile = root.path().join("practices/my-practice/profile.toml");
    let billing = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, billing.replacen("npi = ", "npis = ", 1).replacen("name = ", "nam = ", 1)).unwrap();
    // Two keys that nobody knows, two values of another kind, a block without its profile, a folder that is not there.
    let bad = good
        .replacen("poll_seconds = 5", "poll_seconds = \"often\"", 1)
        .replacen("claims_per_file_max =", "claims_per_files_max =", 1)
        .replacen("[rules]", "[rule]", 1)
        + "\n[[practice]]\nid = \"second\"\n\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"nowhere\"\n\
           adapter = \"hl7v2-dft\"\nmaping = 7\n";
    std::fs::write(&path, &bad).unwrap();
    let line = |part: &str| bad.lines().position(|line| line.starts_with(part)).unwrap() + 1;
    let checked = claimhost(root.path(), &["check-config"]);
    let said = words(&checked);
    assert_eq!(code(&checked), 3, "{said}");
    for (part, words) in [
        ("poll_seconds", "service.poll_seconds: invalid type: string"),
        ("claims_per_files_max", "did you mean `claims_per_file_max`?"),
        ("[rule]", "did you mean `rules`?"),
        ("maping", "intake.folder[0].maping: unknown field `maping`"),
    ] {
        let place = format!("claimhost.toml:{}:", line(part));
        assert!(said.lines().any(|line| line.contains(&place) && line.contains(words)), "{place} {words}: {said}");
    }
    for part in
        ["practice[1]: missing field `profile`", "nowhere: is not there", "did you mean `npi`?", "did you mean `name`?"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("practice[0]"), "what is right is not told: {said}");
    // What is no TOML is told at its lines too, and nothing that may only follow from it.
    std::fs::write(&path, good.replacen("[service]", "[service", 1) + "\n[keys]\nx =\n").unwrap();
    let broken = words(&claimhost(root.path(), &["check-config"]));
    assert!(broken.matches("claimhost.toml:").count() >= 3 && !broken.contains("unknown field"), "{broken}");
}

#[test]
fn unknown_things_end_with_4_and_name_the_command_that_lists_them() {
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    assert_eq!(code(&claimhost(root.path(), &["claim", "list"])), 4, "nothing has run yet");
    assert_eq!(code(&claimhost(root.path(), &["run", "--once"])), 0);
    for (arguments, hint) in [
        (vec!["claim", "show", "my-practice/17"], "claim list"),
        (vec!["claim", "why", "17"], "claim list"),
        (vec!["claim", "history", "abc"], "claim list"),
        (vec!["document", "show", "my-practice/1"], "document list"),
        (vec!["visit", "show", "V-1"], "visit list"),
        (vec!["trace", "V-1"], "visit list"),
        (vec!["document", "retry", "my-practice/1"], "document list"),
        (vec!["remittance", "show", "my-practice/1"], "remittance list"),
        (vec!["remittance", "choose", "my-practice/1"], "remittance list"),
        (vec!["work", "list", "--practice", "my-practise"], "my-practice"),
        (vec!["claim", "list", "--practice", "my-practise"], "my-practice"),
        (vec!["plugin", "inspect", "hl7"], "plugin list"),
    ] {
        let output = claimhost(root.path(), &arguments);
        assert_eq!(code(&output), 4, "{arguments:?} {}", words(&output));
        assert!(output.stdout.is_empty() && words(&output).contains(hint), "{arguments:?} {}", words(&output));
    }
    for arguments in
        [vec!["clam", "list"], vec!["claim", "list", "--state", "hold"], vec!["run"], vec!["demo", "--fault", "lat"]]
    {
        assert_eq!(code(&claimhost(root.path(), &arguments)), 2, "{arguments:?}");
    }
}

/// Ends a service that a failed assertion left behind.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn serve_answers_and_drains() {
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let mut command = Command::new(BINARY);
    command
        .current_dir(root.path())
        .args(["serve", "--json", "--listen", "127.0.0.1:0"])
        .env_remove("CLAIMHOST_MASTER_KEY");
    let mut served = Served(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(served.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let listening: Value = serde_json::from_str(&line).unwrap();
    let address = listening["listening"].as_str().unwrap();
    assert!(get(address, "/healthz").starts_with("HTTP/1.1 200"));
    let until = Instant::now() + Duration::from_secs(20);
    while !get(address, "/readyz").starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < until, "{}", get(address, "/readyz"));
        std::thread::sleep(Duration::from_millis(50));
    }
    let metrics = get(address, "/metrics");
    for sample in [
        "claimhost_ready 1",
        "claimhost_errors_total 0",
        "claimhost_documents{practice=\"my-practice\",status=\"pending\"} 0",
        "claimhost_amount_cents{practice=\"my-practice\",kind=\"billed\"} 0",
    ] {
        assert!(metrics.lines().any(|line| line == sample), "{sample} in\n{metrics}");
    }
    let beside = claimhost(root.path(), &["claim", "list", "--json"]);
    assert_eq!(code(&beside), 0, "reading beside a running service: {}", words(&beside));
    let second = claimhost(root.path(), &["run", "--once"]);
    assert_eq!(code(&second), 1, "a second writer is refused: {}", words(&second));
    assert!(Command::new("kill").args(["-TERM", &served.0.id().to_string()]).status().unwrap().success());
    let until = Instant::now() + Duration::from_secs(10);
    let status = loop {
        if let Some(status) = served.0.try_wait().unwrap() {
            break status;
        }
        assert!(Instant::now() < until, "still running 10 s after SIGTERM");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}

/// A folder whose only adapter is one that fails on request.
fn hostile(root: &Path) {
    made(root);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let component = claimhost::plugin::build::build_guest(workspace, "guest-hostile").unwrap();
    let folder = root.join("plugins/hostile");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::create_dir_all(root.join("inbox/odd")).unwrap();
    std::fs::copy(component, folder.join("plugin.wasm")).unwrap();
    let manifest = "id = \"hostile\"\nversion = \"1.0.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\nframing = \"whole\"\n\
                    formats = [\"text\"]\nevidence = \"standard-only\"\n";
    std::fs::write(folder.join("plugin.toml"), manifest).unwrap();
    let path = root.join("claimhost.toml");
    let more = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/odd\"\nadapter = \"hostile\"\nmapping = \"odd.toml\"\n";
    std::fs::write(root.join("odd.toml"), "turn = 1\n").unwrap();
    let text = std::fs::read_to_string(&path).unwrap().replace("trust = \"locked\"", "trust = \"any\"");
    std::fs::write(path, text + more).unwrap();
}

#[test]
fn a_parked_document_runs_again_when_asked_and_when_its_plugin_changes() {
    let root = tempfile::tempdir().unwrap();
    hostile(root.path());
    std::fs::write(root.path().join("inbox/odd/1.txt"), "trap").unwrap();
    let run = || {
        let output = claimhost(root.path(), &["run", "--once", "--json"]);
        assert_eq!(code(&output), 0, "{}", words(&output));
        json(&output)
    };
    let history = || json(&claimhost(root.path(), &["document", "show", "1", "--json"]))["history"].clone();
    let work = || json(&claimhost(root.path(), &["work", "list", "--kind", "document.parked", "--json"]));
    assert_eq!(run()["documents"]["parked"], 1);
    for times in 1..=2 {
        let retried = claimhost(root.path(), &["document", "retry", "--parked", "--json"]);
        let line = &json(&retried)[0];
        assert_eq!(
            (&line["before"], &line["after"], &line["kept"]),
            (&"parked".into(), &"parked".into(), &Value::Null)
        );
        assert_eq!(history().as_array().unwrap().len(), times);
        assert_eq!(work().as_array().unwrap().len(), 1, "one item, however often it ran");
    }
    run();
    assert_eq!(history().as_array().unwrap().len(), 2, "the same plugin is not asked again by itself");
    std::fs::write(root.path().join("odd.toml"), "turn = 2\n").unwrap();
    run();
    assert_eq!(history().as_array().unwrap().len(), 3, "with another mapping it is");
    run();
    assert_eq!(history().as_array().unwrap().len(), 3);
    let manifest = root.path().join("plugins/hostile/plugin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("1.0.0", "1.0.1")).unwrap();
    assert_eq!(run()["documents"]["parked"], 1);
    let last = history().as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["actor"], &last["event"]), (&"host".into(), &"parked (ran again, was parked)".into()));
}

#[test]
fn a_document_that_waits_for_its_plugins_budget_runs_when_there_is_some() {
    let root = tempfile::tempdir().unwrap();
    hostile(root.path());
    let path = root.path().join("claimhost.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let more = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/second\"\nadapter = \"hostile\"\n";
    std::fs::write(&path, text + more).unwrap();
    std::fs::create_dir_all(root.path().join("inbox/second")).unwrap();
    // The first folder spends more than a second on what never ends; the second one's turn comes then.
    std::fs::write(root.path().join("inbox/odd/1.txt"), "loop").unwrap();
    std::fs::write(root.path().join("inbox/second/1.txt"), "well").unwrap();
    let run = || json(&claimhost(root.path(), &["run", "--once", "--json"]))["documents"].clone();
    let first = run();
    assert_eq!((&first["parked"], &first["ignored"]), (&2.into(), &0.into()), "{first}");
    let listed = json(&claimhost(root.path(), &["document", "list", "--json"]));
    let reasons: Vec<&str> = listed.as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["plugin.fault", "plugin.budget-spent"]);
    let second = run();
    assert_eq!((&second["parked"], &second["ignored"]), (&1.into(), &1.into()), "a new start has a budget: {second}");
}

/// What a host must keep to itself.
const PATIENT: &str = "VANCE-ORLA-19800101";

#[test]
fn what_a_plugin_says_of_a_patient_is_sealed_and_shown_only_by_the_plugin_log() {
    let root = tempfile::tempdir().unwrap();
    hostile(root.path());
    for (name, verb) in [("1", "leak"), ("2", "panic"), ("3", "log"), ("4", "Id of no form")] {
        std::fs::write(root.path().join(format!("inbox/odd/{name}.txt")), format!("{verb}:{PATIENT}")).unwrap();
    }
    let mut command = Command::new(BINARY);
    command.current_dir(root.path()).args(["serve", "--json", "--listen", "127.0.0.1:0"]);
    command
        .env_remove("CLAIMHOST_MASTER_KEY")
        .env("CLAIMHOST_LOG", "claimhost=trace,info")
        .env("RUST_LOG", "claimhost=trace,info");
    let said = std::fs::File::create(root.path().join("stderr")).unwrap();
    let mut served = Served(command.stdout(Stdio::piped()).stderr(said).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(served.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let listening: Value = serde_json::from_str(&line).unwrap();
    let address = listening["listening"].as_str().unwrap();
    let until = Instant::now() + Duration::from_secs(60);
    let parked = "claimhost_documents{practice=\"my-practice\",status=\"parked\"} 1";
    while !get(address, "/metrics").contains(parked) {
        assert!(Instant::now() < until, "{}", get(address, "/metrics"));
        std::thread::sleep(Duration::from_millis(100));
    }
    let pages = ["/metrics", "/readyz", "/healthz"].map(|page| get(address, page)).concat();
    drop(served);
    let said = std::fs::read_to_string(root.path().join("stderr")).unwrap();
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(root.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_file() && entry.file_name().is_some_and(|name| name != "stderr") {
            bytes.extend(std::fs::read(entry).unwrap());
        }
    }
    for entry in std::fs::read_dir(root.path().join("store")).into_iter().flatten() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let listed: String =
        [&["document", "list", "--json"][..], &["work", "list", "--json"], &["plugin", "list", "--json"]]
            .iter()
            .map(|arguments| words(&claimhost(root.path(), arguments)))
            .collect();
    let stored = String::from_utf8_lossy(&bytes);
    assert!(stored.contains("plugin_log"), "the store's file is among those that were read");
    for (place, text) in [("metrics", pages.as_str()), ("log", &said), ("lists", &listed), ("store", &stored)] {
        assert!(!text.contains("VANCE"), "{place}");
    }
    assert!(listed.contains("plugin.odd-id"), "{listed}");
    let log = json(&claimhost(root.path(), &["plugin", "log", "--plugin", "hostile", "--json"]));
    let entries: Vec<&Value> =
        log.as_array().unwrap().iter().flat_map(|row| row["entries"].as_array().unwrap()).collect();
    let of = |kind: &str| entries.iter().filter(|entry| entry["kind"] == kind).copied().collect::<Vec<_>>();
    let lines = of("line");
    assert!(
        lines
            .iter()
            .any(|entry| entry["level"] == "error" && entry["message"] == PATIENT && entry["places"][0] == PATIENT)
    );
    assert!(of("output").iter().any(|entry| entry["text"].as_str().unwrap().contains(PATIENT)));
    assert!(of("fault").iter().any(|entry| entry["detail"].as_str().unwrap().contains(PATIENT)), "the panic's message");
    // 5,000 lines in one call: the manifest's ceiling is kept, the rest counted.
    let cut = of("cut").into_iter().find(|entry| entry["lines"].as_u64().unwrap() > 0).unwrap();
    let flood = lines.iter().filter(|entry| entry["message"] == "hostile.line").count() as u64;
    assert!(flood > 0 && flood.is_multiple_of(5_000 - cut["lines"].as_u64().unwrap()), "{flood} kept, {cut}");
    let shown = words(&claimhost(root.path(), &["plugin", "log", "--practice", "my-practice"]));
    assert!(shown.contains(PATIENT) && shown.contains("beyond the ceilings"), "{shown}");
    assert_eq!(
        json(&claimhost(root.path(), &["plugin", "log", "--plugin", "another", "--json"])),
        Value::Array(Vec::new())
    );
}

#[test]
fn settings_of_a_rule_set_reach_it_and_check_config_names_an_unknown_one() {
    let root = tempfile::tempdir().unwrap();
    made(root.path());
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let built = claimhost(root.path(), &["plugin", "build"]);
    assert_eq!(code(&built), 0, "{}", words(&built));
    std::fs::create_dir_all(root.path().join("plugins/medicare")).unwrap();
    for part in ["plugin.toml", "plugin.wasm"] {
        std::fs::copy(
            workspace.join("plugins/payers/medicare").join(part),
            root.path().join("plugins/medicare").join(part),
        )
        .unwrap();
    }
    let medicare = root.path().join("plugins/medicare").display().to_string();
    let added = claimhost(root.path(), &["plugin", "add", "--yes", &medicare]);
    assert_eq!(code(&added), 0, "{}", words(&added));
    let path = root.path().join("practices/my-practice/profile.toml");
    let profile = std::fs::read_to_string(&path)
        .unwrap()
        .replace("[\"medicare\"].\nrules = []", "[\"medicare\"].\nrules = [\"medicare\"]");
    let check = |settings: &str| {
        std::fs::write(&path, format!("{profile}\n{settings}\n")).unwrap();
        let checked = claimhost(root.path(), &["check-config"]);
        (code(&checked), words(&checked))
    };
    let (ok, said) = check("[rule_settings.medicare.drug]\nalso_single_dose = [\"J9999\"]");
    assert_eq!(ok, 0, "{said}");
    assert!(said.contains("rule set medicare of my-practice: 0.1.0 opens with these settings"), "{said}");
    for (settings, expected) in [
        (
            "[rule_settings.medicare]\nstrict = true",
            "rule_settings.medicare: strict: found a setting that this plugin does not have",
        ),
        ("[rule_settings.medicare.drug]\nsingle_dos = []", "rule table, line 2"),
        ("[rule_settings.medicaid]\nstrict = true", "found a rule set that looks at no claim"),
    ] {
        let (failed, said) = check(settings);
        assert_eq!(failed, 3, "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

#[test] // a crate that is no member of the project: its folder is all that `plugin build` is told
fn plugin_build_takes_any_folder_with_a_plugin_crate() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("my-ehr");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    std::fs::copy(workspace.join("tests/guests/hostile/src/lib.rs"), folder.join("src/lib.rs")).unwrap();
    std::fs::copy(workspace.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    let manifest = format!(
        "[package]\nname = \"an-ehr-of-ours\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\n\
         claimhost-sdk = {{ path = {:?} }}\nwit-bindgen = \"*\"\n[workspace]\n",
        workspace.join("sdk")
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let nothing = claimhost(root.path(), &["plugin", "build", "my-ehr"]);
    assert_ne!(code(&nothing), 0);
    assert!(words(&nothing).contains("has no plugin.toml"), "{}", words(&nothing));
    let toml = "id = \"hostile\"\nversion = \"0.1.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\nfamily = \"test\"\n\
                framing = \"whole\"\nformats = [\"text\"]\nevidence = \"standard-only\"\n";
    std::fs::write(folder.join("plugin.toml"), toml).unwrap();
    let built = claimhost(root.path(), &["plugin", "build", "my-ehr", "--json"]);
    assert_eq!(code(&built), 0, "{}", words(&built));
    assert!(folder.join("plugin.wasm").is_file());
    let unknown = claimhost(root.path(), &["plugin", "build", "hl7v2-dtf"]);
    assert!(words(&unknown).contains("hl7v2-dft"), "{}", words(&unknown));
}

#[test]
fn without_a_configuration_every_plugin_folder_of_the_project_is_listed() {
    let root = tempfile::tempdir().unwrap();
    let listed = claimhost(root.path(), &["plugin", "list", "--json"]);
    assert_eq!(code(&listed), 0, "{}", words(&listed));
    let listed = json(&listed);
    let ids: Vec<&str> =
        listed["plugins"].as_array().unwrap().iter().map(|plugin| plugin["id"].as_str().unwrap()).collect();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folders = ["plugins/ehr", "plugins/payers"].map(|below| workspace.join(below));
    let folders = folders.iter().flat_map(|below| std::fs::read_dir(below).unwrap()).map(|entry| entry.unwrap().path());
    let names = folders
        .filter(|folder| folder.join("plugin.toml").is_file())
        .map(|folder| folder.file_name().unwrap().to_owned());
    for name in names {
        assert!(ids.contains(&name.to_str().unwrap()), "{name:?} {ids:?}");
    }
}
