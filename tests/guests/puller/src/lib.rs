//! A puller that asks once, and stores what came as one document; see `tests/tests/pull/main.rs`. Its types have the names that the macro's
//! own types must not have.

use contract::http::{Method, Request, Response};
use contract::intake::{Problem, Setup};
use contract::pull::{Batch, Step, Turn};
use contract::{Puller, PullerDescription, evidence};

/// Where a turn stands.
#[derive(Debug)]
pub enum Session {
    /// Nothing was asked for.
    New,
    /// The answer comes next.
    Asked,
    /// It is stored.
    Stored,
}

impl Puller for Session {
    fn describe() -> PullerDescription {
        PullerDescription {
            id: "one-request".to_owned(),
            title: "Asks once".to_owned(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(_setup: Setup, _turn: Turn) -> Result<Self, Vec<Problem>> {
        Ok(Self::New)
    }

    fn next(&mut self, response: Option<Response>) -> Step {
        match (&self, response) {
            (Self::New, _) => {
                *self = Self::Asked;
                Step::Send(Request {
                    method: Method::Get,
                    url: "/rows".to_owned(),
                    headers: Vec::new(),
                    body: Vec::new(),
                    secrets: Vec::new(),
                })
            }
            (Self::Asked, Some(response)) => {
                *self = Self::Stored;
                Step::Store(Batch { documents: vec![response.body], cursor: "asked".to_owned() })
            }
            _ => Step::Done("asked".to_owned()),
        }
    }
}

contract::puller!(Session);
