//! What an author of a plugin is given: a new one in every language, the loop around it, and the page that is followed to the letter.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use claimhost_tests::programs::{claimhost, workspace};
use claimhost_tests::site::{Charge, Site, copy_folder};
use serde_json::Value;

/// A folder that has nothing to do with the project.
fn clean() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("authors").tempdir().unwrap()
}

/// Runs `claimhost` in a folder. What is compiled is kept in the project's cache, as without a configuration always.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(claimhost()).current_dir(folder).args(arguments).output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// What `plugin test` says of one folder.
fn tested(folder: &Path, name: &str) -> Value {
    let output = run(folder, &["plugin", "test", "--json", name]);
    let all: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(output.status.success(), all[0]["ok"] == true, "{}", text(&output));
    all[0].clone()
}

/// Green as it is written, red where what it says is taken out of its mapping.
fn is_green_and_red_without(folder: &Path, name: &str, mapping: &str) {
    let green = tested(folder, name);
    assert!(green["ok"] == true && green["cases"].as_u64().unwrap() >= 2, "{green}");
    let path = folder.join(name).join(mapping);
    let kept = std::fs::read(&path).unwrap();
    std::fs::write(&path, "").unwrap();
    let red = tested(folder, name);
    assert_eq!(red["ok"], false, "{name}: green with an empty {mapping}");
    std::fs::write(&path, kept).unwrap();
}

#[test]
fn a_new_plugin_of_data_is_green_and_red_where_its_mapping_is_emptied() {
    let folder = clean();
    for base in ["csv-superbill", "records", "hl7v2-dft", "fhir-r4"] {
        let name = format!("my-{base}");
        succeeds(folder.path(), &["plugin", "new", "adapter", &name, "--base", base]);
        is_green_and_red_without(folder.path(), &name, "mapping.toml");
    }
    succeeds(folder.path(), &["plugin", "new", "rules", "my-payer", "--dir", "here/and-there"]);
    let below = folder.path().join("here/and-there");
    is_green_and_red_without(&below, "my-payer", "table.toml");
    succeeds(folder.path(), &["plugin", "new", "puller", "my-pull"]);
    is_green_and_red_without(folder.path(), "my-pull", "mapping.toml");
    let page = std::fs::read_to_string(folder.path().join("my-pull/README.md")).unwrap();
    assert!(
        page.contains("[[intake.pull]]") && page.contains("`http-pull`") && !page.contains("plugin bench"),
        "{page}"
    );
    let output = run(folder.path(), &["plugin", "new", "puller", "no-pull", "--lang", "python"]);
    assert!(
        output.status.code() == Some(2) && text(&output).contains("--lang toml or --lang rust"),
        "{}",
        text(&output)
    );
    assert!(!folder.path().join("no-pull").exists());
    // It is a rule set that describes the rules of its table, and its table has cases of its own.
    let shown: Value = serde_json::from_str(&succeeds(&below, &["plugin", "inspect", "--json", "my-payer"])).unwrap();
    assert_eq!(shown["description"]["rules"][0]["id"], "my-payer.needs-modifier", "{shown}");
    assert!(succeeds(&below, &["rules", "test", "my-payer/table.toml"]).contains("my-payer"));
}

#[test]
fn a_new_table_that_is_added_and_named_by_the_profile_holds_a_claim_under_its_rule() {
    let site = Site::new();
    // Equal but for whom they are for.
    let added = add_table(&site, "my-payer", "practices = [\"my-practice\"]", "");
    assert_eq!(added["refused"], Value::Array(Vec::new()), "{added}");
    let added = add_table(&site, "their-payer", "practices = [\"elsewhere\"]", "");
    assert_eq!(added["refused"], Value::Array(Vec::new()), "{added}");
    let (none, mine) = ("[\"medicare\"].\nrules = []", "[\"medicare\"].\nrules = [\"my-payer\", \"their-payer\"]");
    site.edit("practices/my-practice/profile.toml", none, mine);
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    let summary = site.run_unapproved("2026-05-20");
    assert_eq!(summary["claims"]["held"], 1, "{summary}");
    let why = site.json(&["claim", "why", "1"]);
    let found = why["findings"].as_array().unwrap().iter().find(|found| found["rule"] == "my-payer.needs-modifier");
    let words = found.unwrap_or_else(|| panic!("{why}"))["words"].as_str().unwrap();
    assert_eq!(words, "99213 on line 1 has none of GN, GO, GP: add the one that the record calls for.");
    assert!(!why["findings"].to_string().contains("their-payer"), "of another practice: {why}");
}

/// A new table about 99213, with more in its header and its rule, without fixtures: what `plugin add` says of it.
fn add_table(site: &Site, name: &str, header: &str, rule: &str) -> Value {
    let place = format!("mine/{name}");
    succeeds(site.dir(), &["plugin", "new", "rules", name, "--dir", "mine"]);
    let table = format!("{place}/table.toml");
    site.edit(&table, "[\"97110\", \"97112\"]", "[\"97110\", \"99213\"]");
    site.edit(&table, "version = \"1\"", &format!("version = \"1\"\n{header}"));
    site.edit(&table, "each = \"line\"", &format!("each = \"line\"\n{rule}"));
    let place = site.dir().join(place);
    std::fs::remove_dir_all(place.join("fixtures")).unwrap();
    site.json(&["plugin", "add", "--yes", place.to_str().unwrap()])
}

#[test]
fn a_table_that_asks_for_more_than_its_manifest_is_refused_with_the_line_to_write() {
    let folder = clean();
    succeeds(folder.path(), &["plugin", "new", "rules", "my-payer"]);
    let place = folder.path().join("my-payer");
    std::fs::remove_dir_all(place.join("fixtures")).unwrap();
    let (table, manifest) = (place.join("table.toml"), place.join("plugin.toml"));
    let (rules, own) = (std::fs::read_to_string(&table).unwrap(), std::fs::read_to_string(&manifest).unwrap());
    let more = "each = \"line\"\nlook_back_days = 30\nfix = { add_modifier = \"GP\" }";
    let asks = rules.replace("each = \"line\"", more).replace("&& !line", "&& earlier.size() == 0 && !line");
    std::fs::write(&table, asks).unwrap();
    // As it is written it asks for what a table may ask for.
    let shown = || run(folder.path(), &["plugin", "inspect", "my-payer"]);
    assert!(shown().status.success() && text(&shown()).contains("my-payer.needs-modifier"), "{}", text(&shown()));
    for (line, says) in [
        ("look_back_days = 3660", "look_back_days = 0; write look_back_days = 30"),
        ("fixes = true", "[permissions] has no fixes = true; write it"),
    ] {
        std::fs::write(&manifest, own.replace(line, "")).unwrap();
        assert!(text(&shown()).contains(says), "{}", text(&shown()));
    }
    // Of one that cannot be read its own error is told, not what the component of tables could look back.
    std::fs::write(&manifest, own.replace("look_back_days = 3660", "")).unwrap();
    std::fs::write(&table, "no table").unwrap();
    let tested = text(&run(folder.path(), &["plugin", "test", "my-payer"]));
    assert!(!(text(&shown()) + &tested).contains("looks back"), "{}", text(&shown()));
}

#[test]
fn a_folder_that_is_there_and_a_name_that_is_none_are_refused() {
    let folder = clean();
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    std::fs::write(folder.path().join("taken/notes"), "mine").unwrap();
    let output = run(folder.path(), &["plugin", "new", "adapter", "taken"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
    let left: Vec<_> = std::fs::read_dir(folder.path().join("taken")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing was put beside what was there");
    let stock = ["csv-superbill", "medicare-tobacco", "epic"];
    for name in stock.into_iter().chain(["My-EHR", "1st", "a--b", "a-", "../out", "", "a_b", &"a".repeat(61)]) {
        let output = run(folder.path(), &["plugin", "new", "rules", "--", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", text(&output));
    }
    // An option without effect is none.
    for (kind, language) in [("rules", "toml"), ("adapter", "rust")] {
        let output = run(folder.path(), &["plugin", "new", kind, "mine", "--lang", language, "--base", "records"]);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains("--base records: only an adapter in toml"), "{}", text(&output));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn limits_are_shown_as_the_plugin_has_them() {
    let folder = clean();
    succeeds(folder.path(), &["plugin", "new", "adapter", "my-ehr"]);
    let manifest = folder.path().join("my-ehr/plugin.toml");
    let own = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, own.replace("memory_mib = 64", "memory_mib = 9999")).unwrap();
    let shown: Value =
        serde_json::from_str(&succeeds(folder.path(), &["plugin", "inspect", "--json", "my-ehr"])).unwrap();
    // What is asked for and no more than the host allows.
    assert!(shown["limits"]["deadline_ms"] == 1000 && shown["limits"]["memory_mib"] == 512, "{shown}");
}

#[test]
fn a_new_crate_builds_outside_the_project_and_says_what_every_language_says() {
    let folder = clean();
    // What both are made of is built once.
    std::fs::create_dir(folder.path().join(".cargo")).unwrap();
    std::fs::write(folder.path().join(".cargo/config.toml"), "[build]\ntarget-dir = \"built\"\n").unwrap();
    for (kind, name) in [("adapter", "my-ehr"), ("rules", "my-payer"), ("puller", "my-pull")] {
        succeeds(folder.path(), &["plugin", "new", kind, name, "--lang", "rust"]);
        succeeds(folder.path(), &["plugin", "build", name]);
        is_green_and_red_without(folder.path(), name, "mapping.toml");
        let shown: Value =
            serde_json::from_str(&succeeds(folder.path(), &["plugin", "inspect", "--json", name])).unwrap();
        assert_eq!(shown["component"]["engine"], "pooled", "{shown}");
        assert!(shown["component"]["component_bytes"].as_u64().unwrap() < 2 << 20, "{shown}");
        // What runs is what was built; that there is something newer is said, and a mapping is not built.
        let stale = || text(&run(folder.path(), &["plugin", "test", name])).contains("is older than its sources");
        assert!(!stale());
        let source = folder.path().join(name).join("src/lib.rs");
        std::fs::write(&source, std::fs::read(&source).unwrap()).unwrap();
        assert!(stale());
    }
}

#[test]
fn a_tool_that_cannot_be_had_is_said_with_how_to_get_it() {
    let folder = clean();
    for (language, program, hint) in [("python", "python3", "CLAIMHOST_PYTHON"), ("javascript", "npm", "node 20")] {
        succeeds(folder.path(), &["plugin", "new", "rules", language, "--lang", language]);
        let output = Command::new(claimhost())
            .current_dir(folder.path())
            .args(["plugin", "build", language])
            .env("PATH", folder.path())
            .env("CLAIMHOST_TOOLS", folder.path().join("tools"))
            .output()
            .unwrap();
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("`{program}` cannot be run")) && said.contains(hint), "{said}");
        assert!(!folder.path().join(language).join("plugin.wasm").exists());
    }
}

/// Builds a plugin in Python or JavaScript; false where the tool cannot be had on this machine, and `CLAIMHOST_TOOLS_REQUIRED` does not
/// name the language.
fn is_built(folder: &Path, name: &str, language: &str) -> bool {
    let output = run(folder, &["plugin", "build", name]);
    let said = text(&output);
    let has_no_tool = output.status.code() == Some(1) && said.contains("hint: install");
    assert!(output.status.success() || has_no_tool, "{name}: {said}");
    if has_no_tool {
        let required = std::env::var("CLAIMHOST_TOOLS_REQUIRED").unwrap_or_default();
        assert!(!required.split_whitespace().any(|required| required == language), "{said}");
        println!("skipped: {name}: {said}");
    }
    !has_no_tool
}

/// A new plugin of both kinds, and the shipped example, in a language whose interpreter is in its component.
fn scripts(language: &str, example: &str) {
    let folder = clean();
    for (kind, name) in [("adapter", "my-ehr"), ("rules", "my-payer")] {
        succeeds(folder.path(), &["plugin", "new", kind, name, "--lang", language]);
        if !is_built(folder.path(), name, language) {
            return;
        }
        is_green_and_red_without(folder.path(), name, "mapping.toml");
    }
    let example = workspace().join("plugins/examples").join(example);
    let example = example.to_str().unwrap();
    assert!(is_built(folder.path(), example, language));
    let green = tested(folder.path(), example);
    assert!(green["ok"] == true && green["items"].as_u64().unwrap() >= 9, "{green}");
    let shown: Value =
        serde_json::from_str(&succeeds(folder.path(), &["plugin", "inspect", "--json", example])).unwrap();
    assert_eq!(shown["component"]["engine"], "on-demand", "{shown}");
    assert!(shown["description"]["id"] == shown["id"] && shown["error"].is_null(), "{shown}");
    let imports = shown["component"]["imports"].as_array().unwrap();
    assert!(!imports.iter().any(|import| import.as_str().unwrap().starts_with("wasi:http")), "{imports:?}");
    // Among the project's own, where it is built.
    let listed = succeeds(&workspace(), &["plugin", "list"]);
    let id = shown["id"].as_str().unwrap();
    assert!(listed.lines().any(|line| line.contains(id) && line.contains("active")), "{listed}");
}

#[test]
fn python() {
    scripts("python", "medicare-tobacco");
}

#[test]
fn the_claims_of_the_example_in_python_are_those_of_its_table() {
    let example = workspace().join("plugins/examples/medicare-tobacco");
    let check = |folder: &Path| Command::new("python3").arg(folder.join("tests/cases.py")).arg("--check").output();
    match check(&example) {
        Err(error) => return println!("skipped: the table of cases: python3: {error}"),
        Ok(output) => assert!(output.status.success(), "{}", text(&output)),
    }
    // What is not of the table is named, and stays as it is.
    let folder = clean();
    for part in ["tests", "fixtures"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        copy_folder(&example.join(part), &folder.path().join(part));
    }
    assert!(check(folder.path()).unwrap().status.success());
    let case = "diagnosis-another-fails";
    let claim = folder.path().join("fixtures").join(case).join("claim.json");
    let other = std::fs::read_to_string(&claim).unwrap().replace("99406", "99407");
    std::fs::write(&claim, &other).unwrap();
    let output = check(folder.path()).unwrap();
    let said = text(&output);
    assert!(!output.status.success() && said.contains(case) && said.lines().count() == 1, "{said}");
    assert_eq!(std::fs::read_to_string(&claim).unwrap(), other);
}

#[test]
fn javascript() {
    scripts("javascript", "ndjson-superbill");
}

/// What `number` of the module for JavaScript gives: what the contract can say, to the digit, and nothing else.
const NUMBERS: &str = r#"
import { number } from './claimhost.mjs';
const most = 9223372036854775807n;
const cases = [
  ['120.5', 2, 12050n], ['0', 2, 0n], ['0'.repeat(30) + '1', 0, 1n],
  ['9223372036854775807', 0, most], ['9223372036854775808', 0, undefined],
  ['92233720368547758.07', 2, most], ['92233720368547758.08', 2, undefined],
  ['1'.repeat(20), 0, undefined], ['9'.repeat(2000000), 2, undefined],
  ['1.234', 2, undefined], ['-1', 2, undefined], ['1e3', 2, undefined], ['', 2, undefined],
];
for (const [text, decimals, expected] of cases) {
  const found = number(text, decimals);
  if (found !== expected) throw new Error(`${text.slice(0, 30)}: found ${found}, expected ${expected}`);
}
console.log(cases.length);
"#;

#[test]
fn a_number_in_javascript_is_one_that_the_contract_can_say_or_none() {
    let folder = clean();
    std::fs::copy(workspace().join("sdk/javascript/claimhost.js"), folder.path().join("claimhost.mjs")).unwrap();
    std::fs::write(folder.path().join("numbers.mjs"), NUMBERS).unwrap();
    match Command::new("node").current_dir(folder.path()).arg("numbers.mjs").output() {
        Err(error) => println!("skipped: node: {error}"),
        Ok(output) => assert!(output.status.success() && text(&output).trim() == "13", "{}", text(&output)),
    }
}

#[test]
fn a_bench_prints_figures_and_says_where_there_is_nothing_to_run() {
    let folder = clean();
    succeeds(folder.path(), &["plugin", "new", "adapter", "my-ehr"]);
    let said = succeeds(folder.path(), &["plugin", "bench", "my-ehr", "--seconds", "1"]);
    let figures: Vec<(&str, f64)> = said
        .lines()
        .map(|line| {
            let parts: Vec<&str> = line.split(' ').collect();
            assert!(parts.len() == 4 && parts[0] == "figure", "{line}");
            (parts[1], parts[2].parse().unwrap())
        })
        .collect();
    let names: Vec<&str> = figures.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        ["documents_per_s", "document_us", "document_alone_us", "session_start_us", "session_memory_mib"]
    );
    assert!(figures.iter().all(|(_, value)| *value > 0.0), "{figures:?}");
    assert!((figures[0].1 * figures[1].1 - 1e6).abs() < 2e4, "the same time, said twice: {figures:?}");
    std::fs::remove_dir_all(folder.path().join("my-ehr/fixtures")).unwrap();
    let output = run(folder.path(), &["plugin", "bench", "my-ehr"]);
    assert!(output.status.code() == Some(4) && text(&output).contains("holds nothing to run"), "{}", text(&output));
}

#[test]
fn pages_are_written_into_a_folder_of_their_own() {
    let folder = clean();
    succeeds(folder.path(), &["plugin", "docs", "--dir", "pages"]);
    let page = std::fs::read_to_string(folder.path().join("pages/intake.md")).unwrap();
    assert!(page.contains("## visit-update") && page.contains("[claim-header](claim.md#claim-header)"));
    succeeds(folder.path(), &["plugin", "docs", "--dir", "pages"]);
    std::fs::write(folder.path().join("README.md"), "mine").unwrap();
    let output = run(folder.path(), &["plugin", "docs", "--dir", "."]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine");
}

/// `plugin dev` as a process whose lines are read.
struct Dev {
    child: std::process::Child,
    lines: std::sync::mpsc::Receiver<Value>,
}

impl Dev {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    fn start_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(claimhost())
            .current_dir(folder)
            .args([&["plugin", "dev", "--json"], arguments].concat())
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = std::sync::mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self { child, lines }
    }

    fn next(&self) -> Value {
        self.lines.recv_timeout(Duration::from_secs(120)).expect("a round")
    }

    /// As Ctrl-C does.
    fn interrupt(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        let begin = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(begin.elapsed() < Duration::from_secs(30), "it goes on"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{status}");
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

#[test]
fn dev_tests_on_every_save_and_hands_sound_versions_to_a_running_host() {
    let site = Site::new();
    site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"any\"");
    let folder = clean();
    succeeds(folder.path(), &["plugin", "new", "adapter", "my-ehr"]);
    let serving = claimhost_tests::serving::Serving::start(&site, "2026-03-02");
    let config = site.dir().join("claimhost.toml");
    let dev = Dev::start(folder.path(), &["my-ehr", "--host", config.to_str().unwrap()]);
    let first = dev.next();
    assert!(first["ok"] == true && first["cases"] == 2, "{first}");
    let has = |round: &Value| ["activated", "has it"].contains(&round["host"].as_str().unwrap_or_default());
    // The host watches its folders too, and may have been quicker.
    assert!(has(&first), "{first}");
    let digest = |site: &Site| {
        let listed = site.json(&["plugin", "list"]);
        let plugins = listed["plugins"].as_array().unwrap().clone();
        plugins.into_iter().find(|plugin| plugin["id"] == "my-ehr").map(|plugin| plugin["digest"].clone())
    };
    let before = digest(&site).expect("the host has it");

    let mapping = folder.path().join("my-ehr/mapping.toml");
    let text = std::fs::read_to_string(&mapping).unwrap();
    std::fs::write(&mapping, text.replace("\"Fee\"", "\"Feee\"")).unwrap();
    let broken = dev.next();
    assert!(broken["ok"] == false && broken["host"].is_null(), "{broken}");
    assert!(broken["error"].as_str().unwrap().contains("a-day"), "{broken}");
    assert_eq!(digest(&site).as_ref(), Some(&before), "what fails is handed to nobody");

    std::fs::write(&mapping, text + "\n# the same, said otherwise\n").unwrap();
    let sound = dev.next();
    assert!(sound["ok"] == true && has(&sound), "{sound}");
    assert_ne!(digest(&site).as_ref(), Some(&before));
    dev.interrupt();

    // In the host's own folder, by its address.
    let left: Value = serde_json::from_str(&site.text("store/serve.json")).unwrap();
    let address = format!("http://{}", left["listening"].as_str().unwrap());
    let place = site.dir().join("plugins/my-ehr");
    let arguments = [place.to_str().unwrap(), "--host", &address];
    let output = run(folder.path(), &[&["plugin", "dev"], arguments.as_slice()].concat());
    assert!(output.status.code() == Some(2) && self::text(&output).contains("serve.json"), "{}", self::text(&output));
    let dev = Dev::start_with(folder.path(), &arguments, &[("CLAIMHOST_TOKEN", left["token"].as_str().unwrap())]);
    let first = dev.next();
    assert!(first["ok"] == true && first["host"] == "has it", "{first}");
    dev.interrupt();
    // A folder that is none of the host's: what it runs is not this.
    std::fs::write(&mapping, std::fs::read_to_string(&mapping).unwrap() + "# once more\n").unwrap();
    let elsewhere = ["my-ehr", "--host", &address];
    let dev = Dev::start_with(folder.path(), &elsewhere, &[("CLAIMHOST_TOKEN", left["token"].as_str().unwrap())]);
    let refused = dev.next();
    assert!(refused["ok"] == false && refused["host"].as_str().unwrap().contains("this folder holds"), "{refused}");
    dev.interrupt();
    let dev = Dev::start_with(folder.path(), &arguments, &[("CLAIMHOST_TOKEN", "another")]);
    let refused = dev.next();
    assert!(refused["ok"] == false && refused["host"].as_str().unwrap().contains("401"), "{refused}");
    dev.interrupt();
    serving.stop();
}

/// The commands of the page's first section: its `sh` blocks, one after the other.
fn commands() -> String {
    let page = std::fs::read_to_string(workspace().join("docs/plugin-authors.md")).unwrap();
    let section =
        page.split("\n## ").find(|part| part.starts_with("From nothing to the first translated document")).unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect()
}

#[test]
fn the_page_leads_from_nothing_to_the_first_translated_document_in_five_minutes() {
    let commands = commands();
    assert!(commands.matches("claimhost ").count() >= 7, "{commands}");
    let folder = clean();
    let begin = Instant::now();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.current_dir(folder.path()).args(["-eu", "-c", &commands]);
    shell.env("PATH", format!("{}:{path}", claimhost().parent().unwrap().display()));
    let output = shell.output().unwrap();
    let took = begin.elapsed();
    println!("{}", text(&output));
    assert!(output.status.success(), "{}", text(&output));
    println!("figure first_document_s {:.1} s", took.as_secs_f64());
    assert!(took < Duration::from_secs(300), "{took:?}");
    // Two rows, two documents, one visit of two charges.
    let office = folder.path().join("my-office");
    let documents: Value = serde_json::from_str(&succeeds(&office, &["document", "list", "--json"])).unwrap();
    let documents = documents.as_array().unwrap();
    assert!(
        documents.len() == 2 && documents.iter().all(|document| document["status"] == "translated"),
        "{documents:?}"
    );
    let visits: Value = serde_json::from_str(&succeeds(&office, &["visit", "list", "--json"])).unwrap();
    assert_eq!(visits.as_array().unwrap().len(), 1, "{visits}");
}

#[test]
fn what_the_page_says_of_languages_and_bases_is_what_the_command_takes() {
    let folder = clean();
    let help = succeeds(folder.path(), &["plugin", "new", "--help"]);
    for word in [
        "adapter",
        "rules",
        "puller",
        "toml",
        "rust",
        "python",
        "javascript",
        "csv-superbill",
        "records",
        "hl7v2-dft",
        "fhir-r4",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    let page = std::fs::read_to_string(workspace().join("docs/plugin-authors.md")).unwrap();
    let script: PathBuf = workspace().join("host/src/plugin/script.rs");
    let script = std::fs::read_to_string(script).unwrap();
    for version in ["0.25.1", "0.23.0"] {
        assert!(page.contains(version) && script.contains(&format!("\"{version}\"")), "{version}");
    }
}
