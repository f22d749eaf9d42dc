//! {{name}}: asks an interface for charges, page by page, one JSON object a line. `mapping.toml` says where they are.
//!
//! It only says which request comes next: the host has connection, credentials, rates, retries and clock, and keeps the cursor in the
//! transaction of the documents that come before it.

use claimhost_sdk::claim::Date;
use claimhost_sdk::http::{Method, Request, Response};
use claimhost_sdk::intake::{Place, Problem, Setup};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::pull::{Batch, Step, Turn};
use claimhost_sdk::{Puller, PullerDescription, evidence};

/// One turn.
pub struct Charges {
    path: String,
    next_page: String,
    listing: Listing,
    waiting: Waiting,
}

/// Where a listing stands. The cursor has all of it, so that a turn that breaks off goes on where it was.
struct Listing {
    /// The day that it begins at; empty: at the first.
    since: String,
    page: u32,
    /// The day that it was begun: the next listing begins there.
    begun: String,
}

/// What the next call has.
enum Waiting {
    /// Nothing: a request is due.
    Ask,
    /// The answer to a page.
    Answer,
    /// Nothing: the last page is stored.
    End,
}

impl Puller for Charges {
    fn describe() -> PullerDescription {
        PullerDescription {
            id: "{{name}}".to_owned(),
            title: "Charges of {{name}}".to_owned(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup, turn: Turn) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(&setup.mapping);
        let path = mapping.text("path", "");
        if !path.starts_with('/') {
            mapping.problem("path", "mapping.path", "no path", "one below the site's base_url, as `/api/charges`");
        }
        // The host gives names of headers in lower case.
        let next_page = mapping.text("next_page", "x-next-page").to_ascii_lowercase();
        mapping.finish()?;
        Ok(Self { path, next_page, listing: Listing::of(&turn), waiting: Waiting::Ask })
    }

    fn next(&mut self, response: Option<Response>) -> Step {
        match (&self.waiting, response) {
            (Waiting::End, _) => Step::Done(self.listing.begun.clone()),
            (Waiting::Answer, Some(response)) => self.page(&response).unwrap_or_else(Step::Failed),
            (Waiting::Answer, None) | (Waiting::Ask, _) => {
                self.waiting = Waiting::Answer;
                Step::Send(self.request())
            }
        }
    }
}

impl Charges {
    fn request(&self) -> Request {
        let Listing { since, page, .. } = &self.listing;
        let since = if since.is_empty() { String::new() } else { format!("&since={since}") };
        Request {
            method: Method::Get,
            url: format!("{}?page={page}{since}", self.path),
            headers: Vec::new(),
            body: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// The documents of a page, with the cursor behind them. What is no page ends the turn: the cursor stays, and the next turn asks again.
    fn page(&mut self, response: &Response) -> Result<Step, Vec<Problem>> {
        if response.status != 200 {
            return Err(vec![problem(&format!("status {}", response.status), "200 with a page")]);
        }
        let text = std::str::from_utf8(&response.body).map_err(|_| vec![problem("no UTF-8", "lines of JSON")])?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let documents = lines.map(|line| line.as_bytes().to_vec()).collect();
        let next = response.headers.iter().find(|header| header.name == self.next_page);
        let next = next.map(|header| header.value.parse());
        let cursor = match next {
            Some(Ok(page)) if page > self.listing.page => {
                self.listing.page = page;
                self.waiting = Waiting::Ask;
                self.listing.cursor()
            }
            Some(_) => return Err(vec![problem("a next page that is none", "a number above the last one's")]),
            None => {
                self.waiting = Waiting::End;
                self.listing.begun.clone()
            }
        };
        Ok(Step::Store(Batch { documents, cursor }))
    }
}

impl Listing {
    fn of(turn: &Turn) -> Self {
        let now = day(turn.now.day);
        let parts: Vec<&str> = turn.cursor.split(' ').collect();
        match parts.as_slice() {
            [since, page, begun] => {
                Self { since: (*since).to_owned(), page: page.parse().unwrap_or(1), begun: (*begun).to_owned() }
            }
            [since] if !since.is_empty() => Self { since: (*since).to_owned(), page: 1, begun: now },
            _ => Self { since: turn.since.map(day).unwrap_or_default(), page: 1, begun: now },
        }
    }

    fn cursor(&self) -> String {
        format!("{} {} {}", self.since, self.page, self.begun)
    }
}

fn day(date: Date) -> String {
    let Date { year, month, day } = date;
    format!("{year:04}-{month:02}-{day:02}")
}

/// A problem of an answer. None of its texts holds a value of it.
fn problem(found: &str, expected: &str) -> Problem {
    Problem {
        id: "{{name}}.answer".to_owned(),
        at: Place { path: "answer".to_owned(), offset: None },
        found: found.to_owned(),
        expected: expected.to_owned(),
        remedy: "compare the mapping with the interface's description".to_owned(),
    }
}

claimhost_sdk::puller!(Charges);
