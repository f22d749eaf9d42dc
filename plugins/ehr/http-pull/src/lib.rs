//! Pulls from an HTTP API by a mapping: a list of items page by page, from the last time on, with further requests for each item.
//!
//! `plan.rs` reads the mapping, `template.rs` its placeholders, `page.rs` an answer; `cursor.rs` is where a turn stands, `moment.rs` its
//! clock. Here is the order of requests. A connector of an EHR is a mapping over this component: `README.md` has every key.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod cursor;
mod document;
mod moment;
mod page;
mod plan;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use claimhost_fhir::Json;
use claimhost_sdk::http::{Method, Request, Response};
use claimhost_sdk::intake::{Place, Problem, Setup};
use claimhost_sdk::pull::{Batch, Step, Turn};
use claimhost_sdk::{Puller, PullerDescription, evidence, setting};
use cursor::Cursor;
use document::{Document, entry};
use moment::Moment;
use page::Piece;
use plan::{Format, Paging, Plan, With};
use template::Values;

/// One turn.
pub struct HttpPull {
    plan: Plan,
    settings: Vec<(String, String)>,
    now: Moment,
    cursor: Cursor,
    /// The page that is asked for now was begun in another turn: its address may have grown old.
    resumed: bool,
    waiting: Waiting,
}

/// What the next response is.
enum Waiting {
    /// None: the turn begins.
    Begin,
    /// A page of the list.
    List,
    /// An answer for an item of this page, whose address it is kept under.
    With(Box<Page>, String),
    /// None: a page was stored. None within: it was the last.
    Stored(Option<Cursor>),
}

/// A page whose items are being completed.
struct Page {
    text: String,
    items: Vec<Piece>,
    /// The item at work, and the next of its requests.
    at: usize,
    with: usize,
    document: Document,
    documents: Vec<Vec<u8>>,
    /// Answers of this page by their address: ten charges of one patient ask for the patient once.
    known: BTreeMap<String, String>,
    /// A further page of the answer at work.
    further: Option<String>,
    /// What came of each kind of request on this page.
    tried: Vec<Tried>,
    next: Option<Cursor>,
}

/// What came of one kind of request.
#[derive(Default, Clone)]
struct Tried {
    /// Whether anything was answered.
    answered: bool,
    /// Addresses that were kept from us.
    refused: BTreeSet<String>,
}

/// So many items of a page without one answer are no closed records: the right to read is missing, or the path is wrong. The turn ends
/// there, before a whole list is stored as what cannot be billed.
const REFUSED_MIN: usize = 3;

/// What one look at an item came to.
enum Looked {
    Ask(Request),
    /// The same was asked for another item: address and answer.
    Known(String, String),
    Nothing,
}

impl Puller for HttpPull {
    fn describe() -> PullerDescription {
        PullerDescription {
            id: "http-pull".to_owned(),
            title: "Lists of an HTTP API, in JSON, FHIR or XML, by a mapping".to_owned(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup, turn: Turn) -> Result<Self, Vec<Problem>> {
        let plan = Plan::parse(&setup.mapping)?;
        let known: Vec<&str> = plan.settings.iter().map(String::as_str).collect();
        setting::only(&setup, &known)?;
        let mut cursor = Cursor::parse(&turn.cursor).ok_or_else(|| {
            vec![Problem {
                id: "pull.cursor".to_owned(),
                at: Place { path: "cursor".to_owned(), offset: None },
                found: "a cursor that another puller wrote".to_owned(),
                expected: "one of this puller".to_owned(),
                remedy: "give the source another name: it then begins anew".to_owned(),
            }]
        })?;
        if turn.cursor.is_empty() {
            // The first listing goes back like any other: a day may be excluded by its bound, or be another zone's.
            cursor.since = turn.since.map(|day| Moment::of_day(day).plus(-plan.overlap));
        }
        let resumed = cursor.begun.is_some();
        let now = Moment::of(turn.now);
        Ok(Self { plan, settings: setup.settings, now, cursor, resumed, waiting: Waiting::Begin })
    }

    fn next(&mut self, response: Option<Response>) -> Step {
        let step = match (std::mem::replace(&mut self.waiting, Waiting::Begin), response) {
            (Waiting::Begin, None) => self.begin(),
            (Waiting::List, Some(response)) => self.page(response),
            (Waiting::With(page, address), Some(response)) => self.answer(page, address, response),
            (Waiting::Stored(Some(cursor)), None) => {
                self.cursor = cursor;
                self.list()
            }
            (Waiting::Stored(None), None) => return Step::Done(self.cursor.written()),
            _ => {
                Err(problem("pull.order", "turn", "a response that nobody asked for", "the answer to the last request"))
            }
        };
        step.unwrap_or_else(|problem| Step::Failed(vec![*problem]))
    }
}

impl HttpPull {
    fn begin(&mut self) -> Result<Step, Box<Problem>> {
        if let Some(name) = self.plan.settings.iter().find(|name| setting_of(&self.settings, name).is_empty()) {
            return Err(problem("setting.missing", name, "no such setting", "a value in [intake.pull.settings]"));
        }
        if self.plan.window.is_some() && self.cursor.since.is_none() {
            return Err(problem(
                "pull.since",
                "since",
                "no first day",
                "`since` of this [[intake.pull]]: this API is asked window by window",
            ));
        }
        self.list()
    }

    /// The request for the page that the cursor names.
    fn list(&mut self) -> Result<Step, Box<Problem>> {
        self.cursor.begun.get_or_insert(self.now);
        let values = self.values(None);
        let request = match &self.plan.paging {
            Paging::Link(_) if !self.cursor.next.is_empty() => {
                let next = self.plan.list.at(self.cursor.next.clone(), &values);
                Some(Request { method: Method::Get, body: Vec::new(), ..next })
            }
            _ => self.plan.list.request(&values),
        };
        let request = request.ok_or_else(|| {
            problem("pull.path", "pull.path", "a placeholder without a value", "a value: `since`, or a setting")
        })?;
        self.waiting = Waiting::List;
        Ok(Step::Send(request))
    }

    /// What placeholders stand for, on the cursor's page.
    fn values<'v, 'a>(&'v self, item: Option<&'v Json<'a>>) -> Values<'v, 'a> {
        let pattern = &self.plan.pattern;
        let written = |moment: Option<Moment>| moment.map(|moment| moment.format(pattern)).unwrap_or_default();
        let (size, first) = match self.plan.paging {
            Paging::Count { size, first } => (size, first),
            _ => (0, 0),
        };
        Values {
            since: written(self.cursor.since),
            until: written(Some(self.until())),
            now: written(Some(self.now)),
            token: &self.cursor.next,
            offset: self.cursor.pages.saturating_mul(size),
            limit: size,
            page: self.cursor.pages.saturating_add(first),
            settings: &self.settings,
            item,
        }
    }

    /// The end of the listing: when it began, or that of its window.
    fn until(&self) -> Moment {
        let begun = self.cursor.begun.unwrap_or(self.now);
        match (self.plan.window, self.cursor.since) {
            (Some(window), Some(since)) => since.plus(window).min(begun),
            _ => begun,
        }
    }

    /// A page of the list came.
    fn page(&mut self, response: Response) -> Result<Step, Box<Problem>> {
        if !(200..300).contains(&response.status) {
            // An address of an earlier turn may have grown old: the listing begins anew, and what is stored is a repeat.
            if std::mem::take(&mut self.resumed)
                && matches!(response.status, 400 | 404 | 410)
                && !self.cursor.next.is_empty()
            {
                self.cursor = Cursor { next: String::new(), pages: 0, ..self.cursor.clone() };
                return self.list();
            }
            return Err(Box::new(page::refused(response.status, "the list")));
        }
        self.resumed = false;
        let text = page::text(response.body)?;
        let tree = page::tree(&text, self.plan.format)?;
        if let Some(error) = page::error_in(&tree, &self.plan.wanted, self.plan.format) {
            return Err(Box::new(error));
        }
        page::is_list(&tree, &self.plan.items, self.plan.format)?;
        // Of XML a document is the page; its items are only counted.
        let items = page::items(&text, &tree, &self.plan.items, self.plan.format);
        let next = self.after(&tree, items.len())?;
        drop(tree);
        let mut page = Box::new(Page {
            text,
            items,
            at: 0,
            with: 0,
            document: Document::default(),
            documents: Vec::new(),
            known: BTreeMap::new(),
            further: None,
            tried: vec![Tried::default(); self.plan.with.len()],
            next,
        });
        if !self.plan.per_item {
            if !page.items.is_empty() {
                page.documents.push(std::mem::take(&mut page.text).into_bytes());
            }
            return Ok(self.store(*page));
        }
        self.complete(page)
    }

    /// Where the page after this one is; none: the turn ends with this one.
    fn after(&self, tree: &Json<'_>, items: usize) -> Result<Option<Cursor>, Box<Problem>> {
        let here = &self.cursor;
        let next = match &self.plan.paging {
            Paging::None => None,
            Paging::Link(path) | Paging::Token(path) => {
                let next = path.text(tree);
                if !next.is_empty() && next == here.next {
                    return Err(problem(
                        "pull.circle",
                        "pull.paging.next",
                        "the page that was just read",
                        "the next page",
                    ));
                }
                (!next.is_empty()).then_some(next)
            }
            Paging::Count { size, .. } => (u64::try_from(items).unwrap_or(0) >= *size).then(String::new),
        };
        if let Some(next) = next {
            return Ok(Some(Cursor { next, pages: here.pages + 1, ..here.clone() }));
        }
        // The window is over; another one begins where it ends, until the listing has come to where it began.
        let (until, begun) = (self.until(), here.begun.unwrap_or(self.now));
        Ok((until < begun).then(|| Cursor {
            since: Some(until),
            begun: Some(begun),
            next: String::new(),
            pages: 0,
            ..here.clone()
        }))
    }

    /// Goes on with the items of a page until one has to be asked for, or all are complete.
    fn complete(&mut self, mut page: Box<Page>) -> Result<Step, Box<Problem>> {
        while let Some(item) = page.items.get(page.at).cloned() {
            if page.with >= self.plan.with.len() {
                let document = std::mem::take(&mut page.document);
                let document = document.written(item.text(&page.text), &item.url, self.plan.format);
                page.documents.push(document);
                page.at += 1;
                page.with = 0;
                continue;
            }
            match self.look(&page, &item)? {
                Looked::Nothing => page.with += 1,
                Looked::Known(address, answer) => self.take(&mut page, &address, &answer)?,
                Looked::Ask(request) => {
                    let address = request.url.clone();
                    self.waiting = Waiting::With(page, address);
                    return Ok(Step::Send(request));
                }
            }
        }
        let all_refused = |tried: &Tried| !tried.answered && tried.refused.len() >= REFUSED_MIN;
        if let Some((with, tried)) = self.plan.with.iter().zip(&page.tried).find(|(_, tried)| all_refused(tried)) {
            return Err(Box::new(page::all_refused(&with.name, tried.refused.len())));
        }
        Ok(self.store(*page))
    }

    /// What the item at work needs next.
    fn look(&self, page: &Page, piece: &Piece) -> Result<Looked, Box<Problem>> {
        let Some(with) = self.plan.with.get(page.with) else { return Ok(Looked::Nothing) };
        let item = page::tree(piece.text(&page.text), self.plan.format)?;
        let values = self.values(Some(&item));
        let request = if let Some(further) = &page.further {
            Some(Request { method: Method::Get, body: Vec::new(), ..with.ask.at(further.clone(), &values) })
        } else if with.reference.is_none() {
            with.ask.request(&values)
        } else {
            let reference = with.reference.text(&item);
            let url =
                if reference.contains("://") { reference } else { format!("/{}", reference.trim_start_matches('/')) };
            // `#1` is in the resource itself, `urn:` nowhere.
            let leads = url.len() > 1 && !url.starts_with("/#") && !url.starts_with("/urn:");
            leads.then(|| with.ask.at(url, &values))
        };
        Ok(match request {
            None => Looked::Nothing,
            Some(request) => match page.known.get(&request.url).filter(|_| request.body.is_empty()) {
                Some(answer) => Looked::Known(request.url, answer.clone()),
                None => Looked::Ask(request),
            },
        })
    }

    /// An answer for an item came.
    fn answer(&mut self, mut page: Box<Page>, address: String, response: Response) -> Result<Step, Box<Problem>> {
        let Some(with) = self.plan.with.get(page.with) else { return self.complete(page) };
        // One record that is closed to us, or gone, is no reason to stop all others.
        if matches!(response.status, 403 | 404 | 410) {
            // Kept from us is not the same as none, whatever was asked for.
            if !with.optional || page.further.is_some() || response.status == 403 {
                page.document.lacks(&with.name, response.status);
                let at = page.with;
                if let Some(tried) = page.tried.get_mut(at) {
                    tried.refused.insert(address);
                }
            }
            page.with += 1;
            page.further = None;
            return self.complete(page);
        }
        let place = format!("item {} of page {}: [[pull.with]] {}", page.at + 1, self.cursor.pages + 1, with.name);
        let text = self.read(with, response).map_err(|problem| page::of_item(problem, &place))?;
        let at = page.with;
        if let Some(tried) = page.tried.get_mut(at) {
            tried.answered = true;
        }
        self.take(&mut page, &address, &text)?;
        page.known.insert(address, text);
        self.complete(page)
    }

    /// The text of an answer for an item.
    fn read(&self, with: &With, response: Response) -> Result<String, Box<Problem>> {
        if !(200..300).contains(&response.status) {
            return Err(Box::new(page::refused(response.status, "answer")));
        }
        let text = page::text(response.body)?;
        let tree = page::tree(&text, self.plan.format)?;
        if let Some(error) = page::error_in(&tree, &self.plan.wanted, self.plan.format) {
            return Err(Box::new(error));
        }
        page::is_answer(&tree, &with.items, self.plan.format)?;
        drop(tree);
        Ok(text)
    }

    /// Adds an answer to the document of the item at work.
    fn take(&self, page: &mut Page, address: &str, answer: &str) -> Result<(), Box<Problem>> {
        let Some(with) = self.plan.with.get(page.with) else { return Ok(()) };
        let tree = page::tree(answer, self.plan.format)?;
        let pieces = page::items(answer, &tree, &with.items, self.plan.format);
        let pieces = pieces.into_iter().map(|piece| match self.plan.format {
            Format::Fhir if piece.url.is_empty() && address.contains("://") => entry(piece.text(answer), address),
            Format::Fhir => entry(piece.text(answer), &piece.url),
            _ => piece.text(answer).to_owned(),
        });
        page.document.add(&with.name, !with.items.is_none(), pieces);
        let next = with.next.text(&tree);
        if page.further.as_ref().is_some_and(|before| *before == next) {
            return Err(problem("pull.circle", &with.name, "the page that was just read", "the next page"));
        }
        page.further = (!next.is_empty()).then_some(next);
        if page.further.is_none() {
            page.with += 1;
        }
        Ok(())
    }

    /// The page is complete: its documents, and the cursor behind them.
    fn store(&mut self, page: Page) -> Step {
        let is_closed = page.tried.iter().any(|tried| !tried.answered && !tried.refused.is_empty());
        let closed = self.cursor.closed.or(is_closed.then_some(self.cursor.since));
        let next = page.next.map(|next| Cursor { closed, ..next });
        let cursor = next.clone().unwrap_or_else(|| {
            let begun = self.cursor.begun.unwrap_or(self.now);
            let since = closed.unwrap_or(Some(begun.plus(-self.plan.overlap)));
            Cursor { since, ..Cursor::default() }
        });
        if next.is_none() {
            self.cursor = cursor.clone();
        }
        self.waiting = Waiting::Stored(next);
        Step::Store(Batch { documents: page.documents, cursor: cursor.written() })
    }
}

fn setting_of<'s>(settings: &'s [(String, String)], name: &str) -> &'s str {
    settings.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
}

fn problem(id: &str, path: &str, found: &str, expected: &str) -> Box<Problem> {
    Box::new(Problem {
        id: id.to_owned(),
        at: Place { path: path.to_owned(), offset: None },
        found: found.to_owned(),
        expected: expected.to_owned(),
        remedy: "correct the mapping or the settings of this source".to_owned(),
    })
}

claimhost_sdk::puller!(HttpPull);
