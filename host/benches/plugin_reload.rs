//! From a save to the active version, as a running `serve` does it; 275 connectors ready from a warm cache, and the first
//! document of each; what is left to a healthy plugin beside each hostile one.
//!
//! The peers publish less: wasmtime tells 8 us for a pooled instance, Extism 2.9 ms for a plugin from its cache, nobody a reload.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use claimhost::claim::{Document, Outcome, parse_iso};
use claimhost::plugin::build::build_guest;
use claimhost::plugin::{Adapter, PluginHost, PluginHostConfig, Translated};
use claimhost::store::MasterKey;
use serde_json::Value;
use support::{claims, figure, practice, resident_mb, scratch, workspace};

/// Saves of each kind; their median counts.
const SAVES: usize = 21;
/// Connectors, over the four stock components.
const CONNECTORS: usize = 275;
/// Set in the process that measures the connectors and nothing else.
const READY: &str = "CLAIMHOST_BENCH_READY";

fn main() {
    if std::env::var_os(READY).is_some() {
        return ready();
    }
    support::machine();
    support::plugin_folders();
    reload();
    ready_in_its_own_process();
    neighbours();
}

/// Copies what a plugin folder needs to run.
fn copy_plugin(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for part in ["plugin.toml", "plugin.wasm"] {
        fs::copy(from.join(part), to.join(part)).unwrap();
    }
    for case in fs::read_dir(from.join("fixtures")).into_iter().flatten().flatten() {
        let into = to.join("fixtures").join(case.file_name());
        fs::create_dir_all(&into).unwrap();
        for file in fs::read_dir(case.path()).unwrap().flatten() {
            fs::copy(file.path(), into.join(file.file_name())).unwrap();
        }
    }
}

/// A connector folder: a manifest that names its base, and a mapping.
fn connector(folder: &Path, id: &str, base: &str, mapping: &str) {
    fs::create_dir_all(folder).unwrap();
    let manifest = fs::read_to_string(workspace().join("plugins/ehr").join(base).join("plugin.toml")).unwrap();
    let manifest = manifest.replace(&format!("id = \"{base}\""), &format!("id = \"{id}\"\nbase = \"{base}\""));
    let manifest = manifest.replace("component = \"plugin.wasm\"", "");
    let (head, tail) = manifest.split_once("evidence").unwrap();
    fs::write(folder.join("plugin.toml"), format!("{head}mapping = \"mapping.toml\"\nevidence{tail}")).unwrap();
    fs::write(folder.join("mapping.toml"), mapping).unwrap();
}

fn save(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("editor");
    fs::write(&beside, bytes).unwrap();
    fs::rename(beside, path).unwrap();
}

/// A running service and how to ask it.
struct Serving {
    child: Child,
    address: String,
    token: String,
}

impl Serving {
    fn start(root: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claimhost"));
        command.arg("--config").arg(root.join("claimhost.toml"));
        command.args(["serve", "--json", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address: Value = serde_json::from_str(&line).unwrap();
        let control: Value = serde_json::from_slice(&fs::read(root.join("store/serve.json")).unwrap()).unwrap();
        Self {
            child,
            address: address["listening"].as_str().unwrap().to_owned(),
            token: control["token"].as_str().unwrap().to_owned(),
        }
    }

    /// The active digest of a plugin.
    fn digest(&self, id: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "GET /v1/plugins HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.token
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let body: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
        let plugins = body["plugins"].as_array().unwrap();
        let plugin = plugins.iter().find(|plugin| plugin["id"] == id).unwrap();
        assert_eq!(plugin["candidate"], Value::Null, "{plugin}");
        plugin["digest"].as_str().unwrap().to_owned()
    }

    /// Time from a save until another version is active.
    fn active_after(&self, id: &str, path: &Path, bytes: &[u8]) -> Duration {
        let before = self.digest(id);
        let began = Instant::now();
        save(path, bytes);
        while self.digest(id) == before {
            assert!(began.elapsed() < Duration::from_secs(60), "{id} is not reloaded");
            std::thread::sleep(Duration::from_millis(1));
        }
        began.elapsed()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// `reload_component_ms`, `reload_table_ms`: with the fixtures that travel with either.
fn reload() {
    let root = scratch("bench-reload");
    let _ = fs::remove_dir_all(&root);
    let plugins = root.join("plugins");
    let stock = workspace().join("plugins");
    copy_plugin(&stock.join("payers/unitedhealthcare"), &plugins.join("unitedhealthcare"));
    copy_plugin(&stock.join("ehr/csv-superbill"), &plugins.join("csv-superbill"));
    let table = plugins.join("table");
    // A fixture with a mapping of its own answers alike whatever the connector's says.
    let cases = fs::read_dir(stock.join("ehr/csv-superbill/fixtures")).unwrap().flatten();
    let has_mapping =
        |case: &Path| fs::read_to_string(case.join("mapping.toml")).is_ok_and(|text| text.contains("source_system"));
    let cases: Vec<PathBuf> = cases.map(|case| case.path()).filter(|case| has_mapping(case)).collect();
    assert!(!cases.is_empty());
    for case in cases {
        let into = table.join("fixtures").join(case.file_name().unwrap());
        fs::create_dir_all(&into).unwrap();
        for file in fs::read_dir(&case).unwrap().flatten() {
            fs::copy(file.path(), into.join(file.file_name())).unwrap();
        }
    }
    connector(&table, "table", "csv-superbill", "source_system = \"S\"\n");
    fs::write(root.join("key"), MasterKey::generate().unwrap().to_hex().as_bytes()).unwrap();
    fs::write(root.join("claimhost.toml"), "[plugins]\ntrust = \"any\"\n").unwrap();
    let serving = Serving::start(&root);
    let wasm = plugins.join("unitedhealthcare/plugin.wasm");
    let component = fs::read(&wasm).unwrap();
    let code = (0..SAVES).map(|turn| {
        // A section that means nothing: other bytes, which no cache has.
        let mut bytes = component.clone();
        let section = [&[4][..], b"save", &u32::try_from(turn).unwrap().to_le_bytes()].concat();
        bytes.push(0);
        bytes.push(u8::try_from(section.len()).unwrap());
        bytes.extend(section);
        serving.active_after("unitedhealthcare", &wasm, &bytes)
    });
    let code = middle(code.collect());
    let data = (0..SAVES).map(|turn| {
        let text = format!("source_system = \"S-{turn}\"\n");
        serving.active_after("table", &table.join("mapping.toml"), text.as_bytes())
    });
    let data = middle(data.collect());
    figure("reload_component_kib", component.len() as f64 / 1024.0, "KiB");
    figure("reload_component_ms", code, "ms");
    figure("reload_table_ms", data, "ms");
}

fn ready_root() -> PathBuf {
    scratch("bench-ready")
}

fn connectors_config() -> PluginHostConfig {
    PluginHostConfig::new(vec![ready_root().join("plugins")], ready_root().join("cache"))
}

const STOCK: [&str; 4] = ["hl7v2-dft", "csv-superbill", "fhir-r4", "x12-837"];

/// Memory is of a process: a new one opens the connectors from the cache that this one has warmed.
fn ready_in_its_own_process() {
    let root = ready_root();
    let _ = fs::remove_dir_all(&root);
    let plugins = root.join("plugins");
    for base in STOCK {
        copy_plugin(&workspace().join("plugins/ehr").join(base), &plugins.join(base));
    }
    for number in 0..CONNECTORS {
        let base = STOCK[number % STOCK.len()];
        let mapping = match base {
            "hl7v2-dft" => "source_system = \"MSH-4.1\"\n".to_owned(),
            "csv-superbill" => format!("source_system = \"SITE-{number}\"\n"),
            _ => String::new(),
        };
        let id = format!("connector-{number}");
        connector(&plugins.join(&id), &id, base, &format!("# connector {number}\n{mapping}"));
    }
    drop(PluginHost::open(connectors_config()).unwrap());
    let status = Command::new(std::env::current_exe().unwrap()).env(READY, "1").status().unwrap();
    assert!(status.success());
}

/// `ready275_ms`, `ready275_mb`, `first_doc_ms`.
fn ready() {
    let began = Instant::now();
    let host = PluginHost::open(connectors_config()).unwrap();
    let took = began.elapsed();
    let list = host.list();
    assert!(list.iter().all(|info| info.error.is_none()), "{:?}", list.iter().find(|info| info.error.is_some()));
    assert_eq!((list.len(), host.compiled_components()), (CONNECTORS + STOCK.len(), STOCK.len()));
    figure("ready275_ms", took.as_secs_f64() * 1e3, "ms");
    figure("ready275_mb", resident_mb(), "MB");
    let message = claims::documents(1).remove(0);
    let mut times: Vec<Duration> = Vec::new();
    for number in 0..CONNECTORS {
        let adapter = host.adapter(&format!("connector-{number}")).unwrap();
        let format = adapter.manifest().formats[0].clone();
        // A document of another kind is rejected, with its problem: an answer as good as any for the clock.
        let document = Document { format, ..message.clone() };
        let began = Instant::now();
        let answers = adapter.translate(&format!("practice-{number}"), &claims::setup(), &[document]).unwrap();
        times.push(began.elapsed());
        let read = matches!(answers[0], Translated::Outcome(Outcome::Events(_)));
        assert!(read || number % STOCK.len() != 0, "{:?}", answers[0]);
        assert!(matches!(answers[0], Translated::Outcome(_)), "{:?}", answers[0]);
    }
    times.sort();
    figure("first_doc_ms", times.last().unwrap().as_secs_f64() * 1e3, "ms");
    figure("first_doc_p50_ms", middle(times), "ms");
}

/// Batches that a healthy plugin answers in a time.
fn answered(adapter: &Adapter, time: Duration) -> f64 {
    let documents = claims::documents(100);
    let (began, mut batches) = (Instant::now(), 0);
    while began.elapsed() < time {
        let answers = adapter.translate("healthy", &claims::setup(), &documents).unwrap();
        assert!(answers.iter().all(|answer| matches!(answer, Translated::Outcome(Outcome::Events(_)))));
        batches += 1;
    }
    f64::from(batches) / began.elapsed().as_secs_f64()
}

/// `neighbour_min_pct`: what one worker gets done with a healthy adapter while another has a hostile one, from its tenth second,
/// over what it gets done alone before and after. `CLAIMHOST_NEIGHBOUR_SECONDS` is for how long each is measured.
fn neighbours() {
    let asked = std::env::var("CLAIMHOST_NEIGHBOUR_SECONDS").ok().and_then(|text| text.parse().ok());
    let time = Duration::from_secs(asked.unwrap_or(10));
    let component = build_guest(&workspace(), "guest-hostile").unwrap();
    let mut least = f64::MAX;
    for text in ["loop", "recurse", "eat", "trap", "huge", "gigabyte", "items:5000", "short", "utf8", "flood:word"] {
        let root = scratch("bench-neighbour");
        let _ = fs::remove_dir_all(&root);
        let folder = root.join("plugins/hostile");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(&component, folder.join("plugin.wasm")).unwrap();
        let manifest = "id = \"hostile\"\nversion = \"1.0.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\n\
                        framing = \"whole\"\nformats = [\"text\"]\nevidence = \"standard-only\"\n[limits]\noutput_mib = 4\n";
        fs::write(folder.join("plugin.toml"), manifest).unwrap();
        let folders = vec![root.join("plugins"), workspace().join("plugins/ehr/hl7v2-dft")];
        let host = PluginHost::open(PluginHostConfig::new(folders, support::plugin_cache())).unwrap();
        let (healthy, hostile) = (host.adapter("hl7v2-dft").unwrap(), host.adapter("hostile").unwrap());
        let before = answered(&healthy, time / 2);
        let stop = Arc::new(AtomicBool::new(false));
        let beside = std::thread::scope(|scope| {
            let stopped = Arc::clone(&stop);
            scope.spawn(move || {
                let document = Document {
                    format: "text".to_owned(),
                    content: text.as_bytes().to_vec(),
                    related: Vec::new(),
                    received: parse_iso(practice::AS_OF).unwrap(),
                    ordinal: 0,
                };
                let documents = vec![document; 10];
                while !stopped.load(Ordering::Relaxed) {
                    hostile.translate("north", &claims::setup(), &documents).unwrap();
                    // As the pipeline: what waits for its budget is looked at again with the next turn.
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
            std::thread::sleep(Duration::from_secs(10));
            let beside = answered(&healthy, time);
            stop.store(true, Ordering::Relaxed);
            beside
        });
        let after = answered(&healthy, time / 2);
        let kept = beside / f64::midpoint(before, after) * 100.0;
        figure(&format!("neighbour_{}_pct", text.split(':').next().unwrap()), kept, "%");
        least = least.min(kept);
    }
    figure("neighbour_min_pct", least, "%");
}
