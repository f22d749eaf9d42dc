//! A puller that asks once, and stores what came as one document; see `tests/tests/pull/main.rs`. Where its mapping is a word, it misbehaves:
//! `tests/tests/pull/hostile.rs`. Its types have the names that the macro's own types must not have.

use contract::http::{Method, Request, Response};
use contract::intake::{Problem, Setup};
use contract::pull::{Batch, Step, Turn};
use contract::{Puller, PullerDescription, evidence};

/// Where a turn stands.
#[derive(Debug)]
enum At {
    /// Nothing was asked for.
    New,
    /// The answer comes next.
    Asked,
    /// It is stored.
    Stored,
}

/// One turn.
#[derive(Debug)]
pub struct Session {
    word: String,
    at: At,
}

fn forever() -> ! {
    loop {
        std::hint::black_box(());
    }
}

impl Puller for Session {
    fn describe() -> PullerDescription {
        PullerDescription {
            id: "one-request".to_owned(),
            title: "Asks once".to_owned(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup, _turn: Turn) -> Result<Self, Vec<Problem>> {
        let word = setup.mapping.trim().trim_start_matches("# ").to_owned();
        match word.as_str() {
            "open-traps" => std::process::abort(),
            "open-loops" => forever(),
            _ => Ok(Self { word, at: At::New }),
        }
    }

    fn next(&mut self, response: Option<Response>) -> Step {
        match (&self.at, response, self.word.as_str()) {
            (At::Asked, _, "traps") => std::process::abort(),
            (At::Asked, _, "loops") => forever(),
            (At::Asked, _, "stores") => Step::Store(Batch { documents: Vec::new(), cursor: "asked".to_owned() }),
            (At::New, ..) => {
                self.at = At::Asked;
                Step::Send(Request {
                    method: Method::Get,
                    url: "/rows".to_owned(),
                    headers: Vec::new(),
                    body: Vec::new(),
                    secrets: Vec::new(),
                })
            }
            (At::Asked, Some(response), _) => {
                self.at = At::Stored;
                Step::Store(Batch { documents: vec![response.body], cursor: "asked".to_owned() })
            }
            _ => Step::Done("asked".to_owned()),
        }
    }
}

contract::puller!(Session);
