//! An adapter that misbehaves on request: the text of a document says how. It exports the world directly, since the
//! SDK's trait cannot answer short. See `host/tests/plugin_host.rs` and `plugin_hostile.rs`.
#![cfg(target_arch = "wasm32")]

use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};

use claimhost_sdk::bindings::adapter::exports::claimhost::plugin::translate as world;
use claimhost_sdk::claim::Date;
use claimhost_sdk::intake::{Document, Ignored, Outcome, Place, Problem, Setup};
use claimhost_sdk::{codes, evidence, log};

/// Of the machine, what std has no name for.
mod machine {
    wit_bindgen::generate!({
        inline: r#"
            package guest:hostile;

            world machine {
                import wasi:clocks/monotonic-clock@0.2.0;
                import wasi:random/random@0.2.0;
                import wasi:random/insecure@0.2.0;
                import wasi:random/insecure-seed@0.2.0;
            }

            package wasi:io@0.2.0 {
                interface poll {
                    resource pollable {
                        ready: func() -> bool;
                        block: func();
                    }
                    poll: func(in: list<borrow<pollable>>) -> list<u32>;
                }
            }

            package wasi:clocks@0.2.0 {
                interface monotonic-clock {
                    use wasi:io/poll@0.2.0.{pollable};
                    type instant = u64;
                    type duration = u64;
                    now: func() -> instant;
                    resolution: func() -> duration;
                    subscribe-instant: func(when: instant) -> pollable;
                    subscribe-duration: func(when: duration) -> pollable;
                }
            }

            package wasi:random@0.2.0 {
                interface random {
                    get-random-bytes: func(len: u64) -> list<u8>;
                    get-random-u64: func() -> u64;
                }
                interface insecure {
                    get-insecure-random-bytes: func(len: u64) -> list<u8>;
                    get-insecure-random-u64: func() -> u64;
                }
                interface insecure-seed {
                    insecure-seed: func() -> tuple<u64, u64>;
                }
            }
        "#,
        generate_all,
    });
}

struct Component;

/// Keeps what it was opened with, to say it again.
struct Session {
    mapping: String,
}

/// Tests write other digits into the component, to have another version of it that answers otherwise.
#[used]
static MARK: [u8; 16] = *b"VERSION-MARK-000";

/// Whom it says it is: tests write another id into the component, to have a plugin of that id.
#[used]
static ID: [u8; 34] = *b"PLUGIN-ID:hostile\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The id, as it is in the component and not as the compiler knew it.
fn id() -> String {
    let bytes = ID.iter().skip(10).map(|byte| unsafe { std::ptr::read_volatile(byte) });
    bytes.take_while(|byte| *byte != 0).map(char::from).collect()
}

/// The last three characters of the mark, as they are in the component and not as the compiler knew them.
fn mark() -> String {
    let digits = MARK.iter().skip(13).map(|byte| unsafe { std::ptr::read_volatile(byte) });
    digits.map(char::from).collect()
}

/// Documents this instance has seen: what a pure adapter must not have.
static SEEN: AtomicU32 = AtomicU32::new(0);

impl world::Guest for Component {
    type Session = Session;
    fn describe() -> world::Description {
        world::Description {
            id: id(),
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
            // A comment, where the mapping has to be TOML.
            "# trap\n" => panic!("open of a practice"),
            "problem" | "# refuse\n" => Err(vec![Problem {
                id: "mapping.bad".into(),
                at: Place { path: "line 1".into(), offset: None },
                found: "one word".into(),
                expected: "a mapping".into(),
                remedy: "write one".into(),
            }]),
            "loop" => forever(),
            _ => Ok(world::Session::new(Session { mapping: setup.mapping })),
        }
    }

    fn translate(&self, documents: Vec<Document>) -> Vec<Outcome> {
        let mut outcomes: Vec<Outcome> =
            documents.iter().map(|document| answer(&text(document), &self.mapping)).collect();
        if documents.iter().any(|document| text(document) == "long") {
            outcomes.push(Outcome::Events(Vec::new()));
        }
        if documents.iter().any(|document| text(document) == "short") {
            outcomes.pop();
        }
        outcomes
    }
}

fn text(document: &Document) -> String {
    String::from_utf8_lossy(&document.content).trim().to_owned()
}

fn forever() -> ! {
    loop {
        std::hint::black_box(());
    }
}

/// Calls itself with nothing in memory: only the stack of calls grows.
#[inline(never)]
fn deeper(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { deeper(depth + 1).rotate_left(7) ^ depth.wrapping_mul(31) }
}

/// Calls itself with an array in each frame, which lies in memory.
#[inline(never)]
fn frames(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 32]);
    if depth == u64::MAX { 0 } else { frames(depth + 1) ^ std::hint::black_box(room[7]) }
}

fn problem(text: &str) -> Problem {
    let text = text.to_owned();
    let at = Place { path: text.clone(), offset: None };
    Problem { id: text.clone(), at, found: text.clone(), expected: text.clone(), remedy: text }
}

fn answer(text: &str, mapping: &str) -> Outcome {
    let seen = SEEN.fetch_add(1, Ordering::Relaxed) + 1;
    let (verb, rest) = text.split_once(':').unwrap_or((text, ""));
    let reason = match verb {
        "loop" => forever(),
        "recurse" => deeper(seen.into()).to_string(),
        "frames" => frames(0).to_string(),
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
        // A length that no memory has, in the place of its own.
        "gigabyte" => unsafe { String::from_raw_parts("x".repeat(8).leak().as_mut_ptr(), 1 << 30, 1 << 30) },
        "ten-million" => {
            let few = vec![problem("p")].leak();
            let many = unsafe { Vec::from_raw_parts(few.as_mut_ptr(), 10_000_000, 10_000_000) };
            return Outcome::Rejected(many);
        }
        "items" => return Outcome::Rejected(vec![problem("p"); rest.parse().unwrap_or(1)]),
        "utf8" => unsafe { String::from_utf8_unchecked(vec![b'a', 0xff, 0xfe, b'b']) },
        "nth" => match rest.parse() {
            Ok(nth) if seen >= nth => std::process::abort(),
            _ => "not yet".into(),
        },
        "stdin" => {
            let mut input = Vec::new();
            format!("{:?}", std::io::stdin().read_to_end(&mut input))
        }
        "poll" => {
            (0..1_000).for_each(|_| std::thread::sleep(std::time::Duration::from_secs(3600)));
            "polled".into()
        }
        "flood" => {
            (0..200_000).for_each(|_| println!("{rest} {rest} {rest} {rest} {rest} {rest} {rest} {rest}"));
            "flooded".into()
        }
        "places" => {
            let places = vec![String::new(); 4_000_000];
            log::write(log::Level::Info, "hostile.places", &places);
            "told".into()
        }
        "version" => format!("{}/{mapping}", mark()),
        "sleep" => {
            std::thread::sleep(std::time::Duration::from_secs(3600));
            "awake".into()
        }
        "count" => seen.to_string(),
        "world" => world_seen(),
        "random" => random(),
        // So many lines of eight KiB.
        "shout" => {
            let text = "x".repeat(8 << 10);
            (0..rest.parse().unwrap_or(1)).for_each(|_: u32| log::write(log::Level::Info, &text, &[]));
            "shouted".into()
        }
        "pollables" => pollables(rest.parse().unwrap_or(1)),
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

/// What there is of chance.
fn random() -> String {
    use machine::wasi::random::{insecure, insecure_seed, random};
    // In letters: figures are not shown as they are.
    let letters = |bytes: Vec<u8>| -> String {
        bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from(b'a' + half)).collect()
    };
    format!(
        "{} {:x} {} {:x} {:x?}",
        letters(random::get_random_bytes(2_000)),
        random::get_random_u64(),
        letters(insecure::get_insecure_random_bytes(2_000)),
        insecure::get_insecure_random_u64(),
        insecure_seed::insecure_seed(),
    )
}

/// Holds so many things of the host at once.
fn pollables(count: usize) -> String {
    let held: Vec<_> = (0..count).map(|_| machine::wasi::clocks::monotonic_clock::subscribe_duration(0)).collect();
    format!("held {}", held.len())
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
