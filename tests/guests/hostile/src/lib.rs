//! An adapter that misbehaves on request: the text of a document says how. It exports the world directly, since the
//! SDK's trait cannot answer short. See `host/tests/plugin_host.rs`.
#![cfg(target_arch = "wasm32")]

use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};

use claimhost_sdk::bindings::adapter::exports::claimhost::plugin::translate as world;
use claimhost_sdk::claim::Date;
use claimhost_sdk::intake::{Document, Ignored, Outcome, Place, Problem, Setup};
use claimhost_sdk::{codes, evidence, log};

struct Component;
struct Session;

/// Documents this instance has seen: what a pure adapter must not have.
static SEEN: AtomicU32 = AtomicU32::new(0);

impl world::Guest for Component {
    type Session = Session;
    fn describe() -> world::Description {
        world::Description {
            id: "hostile".into(),
            title: "Misbehaves on request".into(),
            family: "test".into(),
            formats: vec!["text".into()],
            delivers: vec![],
            evidence: evidence::Level::StandardOnly,
        }
    }
}

impl world::GuestSession for Session {
    fn open(setup: Setup) -> Result<world::Session, Vec<Problem>> {
        match setup.mapping.as_str() {
            "trap" => panic!("open of a practice"),
            "problem" => Err(vec![Problem {
                id: "mapping.bad".into(),
                at: Place { path: "line 1".into(), offset: None },
                found: "one word".into(),
                expected: "a mapping".into(),
                remedy: "write one".into(),
            }]),
            _ => Ok(world::Session::new(Session)),
        }
    }

    fn translate(&self, documents: Vec<Document>) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> = documents.iter().map(|document| answer(&text(document))).collect();
        if documents.iter().any(|document| text(document) == "short") {
            outcomes.pop();
        }
        outcomes
    }
}

fn text(document: &Document) -> String {
    String::from_utf8_lossy(&document.content).trim().to_owned()
}

fn answer(text: &str) -> Outcome {
    let seen = SEEN.fetch_add(1, Ordering::Relaxed) + 1;
    let (verb, rest) = text.split_once(':').unwrap_or((text, ""));
    let reason = match verb {
        "loop" => loop {
            std::hint::black_box(());
        },
        "trap" => std::process::abort(),
        "panic" => panic!("{rest}"),
        "eat" => {
            let mut all: Vec<Vec<u8>> = Vec::new();
            loop {
                all.push(vec![1; 1 << 20]);
                std::hint::black_box(&all);
            }
        }
        "huge" => "x".repeat(8 << 20),
        "exit" => std::process::exit(3),
        "sleep" => {
            std::thread::sleep(std::time::Duration::from_secs(3600));
            "awake".into()
        }
        "count" => seen.to_string(),
        "world" => world_seen(),
        "log" => {
            for _ in 0..5_000 {
                log::write(log::Level::Info, "hostile.line", &[]);
            }
            println!("{rest}");
            "logged".into()
        }
        // Says a patient's data wherever a guest can say something.
        "leak" => {
            log::write(log::Level::Error, rest, &[rest.to_owned()]);
            println!("{rest}");
            eprintln!("{rest}");
            return Outcome::Rejected(vec![Problem {
                id: rest.to_owned(),
                at: Place { path: rest.to_owned(), offset: None },
                found: rest.to_owned(),
                expected: rest.to_owned(),
                remedy: rest.to_owned(),
            }]);
        }
        "code" => {
            // TABLE CODE...: what each is on the first day of 2026.
            let date = Date { year: 2026, month: 1, day: 1 };
            let mut words = rest.split(' ');
            let table = words.next().unwrap_or_default();
            let asked: Vec<String> = words.map(str::to_owned).collect();
            let told = |answer: &codes::Answer| match (answer.known, answer.valid) {
                (true, true) => "valid".to_owned(),
                (true, false) => format!("known{}", answer.target),
                (false, _) => "unknown".to_owned(),
            };
            codes::lookup(table, &asked, date).iter().map(told).collect::<Vec<_>>().join(" ")
        }
        _ => text.to_owned(),
    };
    Outcome::Ignored(Ignored { id: format!("hostile.{verb}"), reason })
}

/// Everything a guest could learn of the machine and the moment.
fn world_seen() -> String {
    use std::hash::BuildHasher;
    let hash = std::collections::hash_map::RandomState::new().hash_one(1);
    let before = std::time::Instant::now();
    std::thread::sleep(std::time::Duration::from_secs(60));
    let mut input = Vec::new();
    let read = std::io::stdin().read_to_end(&mut input);
    format!(
        "wall {:?}, passed {:?}, hash {hash}, env {}, args {}, stdin {read:?}, folder {}, socket {}",
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH),
        before.elapsed(),
        std::env::vars().count(),
        std::env::args().count(),
        std::fs::read_dir("/").is_ok(),
        std::net::TcpStream::connect("127.0.0.1:80").is_ok(),
    )
}

claimhost_sdk::bindings::adapter::export_adapter_world!(Component with_types_in claimhost_sdk::bindings::adapter);
