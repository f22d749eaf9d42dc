//! Charge messages over MLLP into a running `serve`: how many are acknowledged a second over 64 connections, and how long an
//! acknowledgement takes at half of the bar.
//!
//! The real program, its store with full sync and sealing, and its pipeline, which translates and bills meanwhile: all on the
//! cores of this machine, and this client too. Every answer is checked, and every acknowledged message is counted in the store
//! afterwards: a listener that acknowledges what it does not keep cannot win.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use claimhost::claim::parse_iso;
use claimhost::config::Config;
use claimhost::lifecycle::Host;
use claimhost::store::{MasterKey, PracticeStore};
use support::{figure, fsync, micros, practice, scratch};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PRACTICE: &str = "birch-0";
const CONNECTIONS: usize = 64;
/// Bar of the first figure; the second is measured at half of it.
const BAR_PER_S: usize = 5_000;
const WARM: Duration = Duration::from_secs(1);
const TIMED: Duration = Duration::from_secs(5);
/// More messages than any run sends.
const MESSAGES: usize = 120_000;

/// A folder of one practice with a listener.
fn site(root: &Path, plugins: &[PathBuf]) {
    let _ = fs::remove_dir_all(root);
    fs::create_dir_all(root).unwrap();
    let quoted = |path: &Path| toml::Value::String(path.display().to_string()).to_string();
    let folders: Vec<String> = plugins.iter().map(|path| quoted(path)).collect();
    let cache = quoted(&support::plugin_cache());
    let text = format!(
        "[plugins]\ntrust = \"any\"\nfolders = [{}]\ncache = {cache}\n[[practice]]\nid = \"{PRACTICE}\"\nprofile = \"p.toml\"\n\
         [[intake.mllp]]\npractice = \"{PRACTICE}\"\nlisten = \"127.0.0.1:0\"\nadapter = \"hl7v2-dft\"\n\
         [[intake.folder]]\npractice = \"{PRACTICE}\"\npath = \"seed\"\nadapter = \"hl7v2-dft\"\n",
        folders.join(", ")
    );
    fs::write(root.join("p.toml"), practice::profile(PRACTICE, 0)).unwrap();
    fs::write(root.join("key"), MasterKey::generate().unwrap().to_hex().as_bytes()).unwrap();
    fs::write(root.join("claimhost.toml"), text).unwrap();
    go_live(root);
}

/// One claim is made, and the practice approved, so that what is measured submits as a practice at work does.
fn go_live(root: &Path) {
    let mut text = String::new();
    practice::message(&mut text, MESSAGES);
    fs::create_dir_all(root.join("seed")).unwrap();
    fs::write(root.join("seed/1.hl7"), text).unwrap();
    let config = Config::load(&root.join("claimhost.toml")).unwrap();
    let mut host = Host::open(config, parse_iso(practice::AS_OF).unwrap()).unwrap();
    host.settle().unwrap();
    host.approve(PRACTICE, "bench").unwrap().unwrap();
}

/// The service and the address of its listener.
fn serve(root: &Path) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimhost"));
    command.arg("--config").arg(root.join("claimhost.toml"));
    command.args(["--as-of", practice::AS_OF, "serve", "--json", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let addresses: serde_json::Value = serde_json::from_str(&line).unwrap();
    (child, addresses["mllp"][0].as_str().unwrap().to_owned())
}

fn stop(mut child: Child) {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "it drains");
}

/// Messages in their blocks; each is of another visit.
fn blocks(count: usize) -> Vec<Vec<u8>> {
    let block = |visit| {
        let mut text = String::from("\u{b}");
        practice::message(&mut text, visit);
        text.push_str("\u{1c}\r");
        text.into_bytes()
    };
    (0..count).map(block).collect()
}

/// Sends a block and waits for its AA.
async fn exchange(stream: &mut TcpStream, block: &[u8], answer: &mut Vec<u8>) {
    stream.write_all(block).await.unwrap();
    answer.clear();
    while !answer.ends_with(b"\x1c\r") {
        assert!(stream.read_buf(answer).await.unwrap() > 0, "the listener has closed");
    }
    let id = |bytes: &[u8], at: usize| bytes.split(|byte| *byte == b'|').nth(at).unwrap_or_default().to_vec();
    let msa = answer.windows(4).position(|name| name == b"MSA|").unwrap();
    let told = &answer[msa..];
    assert!(told.starts_with(b"MSA|AA|"), "{}", String::from_utf8_lossy(answer));
    let control = id(told, 2);
    assert!(control.starts_with(&id(block, 9)), "the answer of another message");
}

/// What one connection did: acknowledged messages, those within the timed part, and the times of these.
type Done = (usize, usize, Vec<Duration>);

/// One connection: as fast as it goes, or on a beat. With a beat a time is counted from when the message was due.
async fn connection(
    address: String,
    blocks: Arc<Vec<Vec<u8>>>,
    at: usize,
    start: Instant,
    beat: Option<(Duration, Duration)>,
) -> Done {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut answer, mut times) = (Vec::with_capacity(1024), Vec::new());
    let (mut sent, mut timed) = (0, 0);
    for block in blocks.iter().skip(at).step_by(CONNECTIONS) {
        let due = match beat {
            Some((offset, beat)) => {
                let due = start + offset + beat * u32::try_from(sent).unwrap();
                tokio::time::sleep_until(due.into()).await;
                due
            }
            None => Instant::now(),
        };
        if due.duration_since(start) > WARM + TIMED {
            return (sent, timed, times);
        }
        exchange(&mut stream, block, &mut answer).await;
        sent += 1;
        let elapsed = start.elapsed();
        if elapsed > WARM && (beat.is_some() || elapsed <= WARM + TIMED) {
            timed += 1;
            times.push(due.elapsed());
        }
    }
    panic!("more messages are wanted");
}

/// All connections. The clients share one thread, so that they take as little of the machine as may be.
fn drive(address: &str, blocks: &Arc<Vec<Vec<u8>>>, beat: Option<Duration>) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let start = Instant::now();
    let done: Vec<Done> = runtime.block_on(async {
        let tasks: Vec<_> = (0..CONNECTIONS)
            .map(|at| {
                let beat = beat.map(|beat| (beat * at as u32 / CONNECTIONS as u32, beat));
                tokio::spawn(connection(address.to_owned(), Arc::clone(blocks), at, start, beat))
            })
            .collect();
        let mut done = Vec::new();
        for task in tasks {
            done.push(task.await.unwrap());
        }
        done
    });
    done.into_iter().fold((0, 0, Vec::new()), |(sent, timed, mut times), (more, more_timed, more_times)| {
        times.extend(more_times);
        (sent + more, timed + more_timed, times)
    })
}

/// Messages in the store: documents, and those of files that wait to be cut.
fn stored(root: &Path) -> usize {
    let config = Config::load(&root.join("claimhost.toml")).unwrap();
    let host = Host::open(config, parse_iso(practice::AS_OF).unwrap()).unwrap();
    let store: PracticeStore = host.practice_store(PRACTICE).unwrap();
    store
        .read(|tx| {
            let files = tx.unframed_files()?;
            let counts = tx.received_document_counts()?;
            let mut found: u64 = counts.iter().map(|(_, count)| *count).sum::<u64>() - files.len() as u64;
            for file in files {
                let mut chunk = 0;
                while let Some(bytes) = tx.file_chunk(file.file_id, chunk)? {
                    found += bytes.iter().filter(|byte| **byte == 0x0b).count() as u64;
                    chunk += 1;
                }
                found -= file.cut.pieces;
            }
            Ok::<_, claimhost::store::StoreError>(usize::try_from(found).unwrap())
        })
        .unwrap()
}

fn run(root: &Path, plugins: &[PathBuf], blocks: &Arc<Vec<Vec<u8>>>, beat: Option<Duration>) -> Done {
    site(root, plugins);
    let (child, address) = serve(root);
    let done = drive(&address, blocks, beat);
    stop(child);
    assert_eq!(stored(root), done.0 + 1, "every acknowledged message is in the store, once");
    done
}

fn main() {
    support::machine();
    let plugins = support::plugin_folders();
    let root = scratch("bench-mllp");
    drop(support::plugins(&plugins)); // compiled and proved before, as on a host that has run once
    let blocks = Arc::new(blocks(MESSAGES));
    let mut rates: Vec<usize> = (0..3).map(|_| run(&root, &plugins, &blocks, None).1).collect();
    rates.sort_unstable();
    figure("mllp_acked_messages_per_s", rates[1] as f64 / TIMED.as_secs_f64(), "1/s");
    let beat = Duration::from_secs(1) * CONNECTIONS as u32 / (BAR_PER_S as u32 / 2);
    let (_, timed, mut times) = run(&root, &plugins, &blocks, Some(beat));
    assert!(timed >= BAR_PER_S / 2 * TIMED.as_secs() as usize * 99 / 100, "the load was sent: {timed}");
    times.sort();
    let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1e3;
    figure("mllp_ack_p50_ms", at(50), "ms");
    figure("mllp_ack_p99_ms", at(99), "ms");
    figure("fsync_us", micros(fsync(&root), 1), "us");
    let _ = fs::remove_dir_all(&root);
}
