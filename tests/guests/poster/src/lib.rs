//! A poster that fails on the visit V3, saying whose it is, and refuses V4; see `tests/tests/post.rs`. With the mapping `calm` it takes all, with
//! `slow` all but V3, on which it never ends; with `stuck` it never ends on any.

use contract::intake::{Place, Problem, Setup};
use contract::post::{Answer, Batch, Outcome};
use contract::posting::dollars;
use contract::{Poster, PosterDescription, evidence};

/// One session.
#[derive(Debug)]
pub struct Grim {
    calm: bool,
    slow: bool,
    stuck: bool,
}

impl Poster for Grim {
    fn describe() -> PosterDescription {
        PosterDescription {
            id: "grim-poster".to_owned(),
            title: "Fails on one visit".to_owned(),
            extension: "txt".to_owned(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        let says = |word: &str| setup.mapping.trim() == format!("{word} = \"yes\"");
        Ok(Self { calm: says("calm"), slow: says("slow"), stuck: says("stuck") })
    }

    #[allow(clippy::panic, reason = "that is what it is for")]
    fn post(&self, batch: &Batch) -> Answer {
        let mut file = String::new();
        let mut outcomes = Vec::new();
        for posting in &batch.postings {
            let (visit, name) = (posting.visit_number.as_str(), &posting.patient.name);
            match visit {
                _ if self.stuck || (self.slow && visit == "V3") => loop {
                    std::hint::black_box(visit);
                },
                "V3" if !self.calm => panic!("{} {} of {visit}", name.first, name.last),
                "V4" if !self.calm && !self.slow => outcomes.push(Outcome::Refused(vec![Problem {
                    id: "grim.closed".to_owned(),
                    at: Place { path: "visit".to_owned(), offset: None },
                    found: "a closed period".to_owned(),
                    expected: "an open one".to_owned(),
                    remedy: "open it".to_owned(),
                }])),
                _ => {
                    file += &format!("{} {visit} {}\n", posting.id, dollars(posting.paid));
                    outcomes.push(Outcome::Taken);
                }
            }
        }
        Answer { outcomes, file: file.into_bytes() }
    }
}

contract::poster!(Grim);
