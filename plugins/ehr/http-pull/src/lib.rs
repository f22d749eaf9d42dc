//! Pulls from an HTTP API by a mapping: a list of items page by page, from the last time on, with further requests for each item.
//!
//! `plan.rs` reads the mapping, `template.rs` its placeholders, `page.rs` an answer, `items.rs` completes what is in it; `cursor.rs` is where a
//! turn stands, `moment.rs` its clock. Here is the order of requests. A connector of an EHR is a mapping over this component: `README.md` has every key.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod cursor;
mod document;
mod items;
mod moment;
mod page;
mod plan;
mod spot;
mod template;

use std::collections::BTreeMap;

use claimhost_fhir::Json;
use claimhost_sdk::http::{Method, Request, Response};
use claimhost_sdk::intake::{Place, Problem, Setup};
use claimhost_sdk::pull::{Batch, Step, Turn};
use claimhost_sdk::{Puller, PullerDescription, evidence, setting};
use cursor::Cursor;
use document::Document;
use items::{Page, Tried};
use moment::Moment;
use plan::{Ask, Paging, Plan};
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
    /// The page before, of a listing that is asked for by a count or again: who gives the same once more heeds no count and has consumed nothing.
    before: String,
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
        let (waiting, before) = (Waiting::Begin, String::new());
        Ok(Self { plan, settings: setup.settings, now, cursor, resumed, waiting, before })
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
        if !self.plan.over.is_empty() && self.each_values().is_empty() {
            let expected = "one value at least in [intake.pull.settings]: without one there is nothing to ask for";
            return Err(problem("setting.missing", &self.plan.over, "commas or blanks without a value", expected));
        }
        // What is consumed and lost has to be asked for again from the first turn on.
        let needs_since = self.plan.window.is_some() || self.plan.reread.is_some();
        if needs_since && self.cursor.since.is_none() {
            return Err(problem(
                "pull.since",
                "since",
                "no first day",
                "`since` of this [[intake.pull]]: this API is asked window by window, or again for what was read",
            ));
        }
        // A value that is asked for no longer: the listing begins with the first.
        if !self.cursor.each.is_empty() && !self.each_values().contains(&self.cursor.each) {
            self.cursor = Cursor { next: String::new(), pages: 0, rows: 0, each: String::new(), ..self.cursor.clone() };
        }
        self.list()
    }

    /// The values of `over`, in the order of the site.
    fn each_values(&self) -> Vec<String> {
        let text = setting_of(&self.settings, &self.plan.over);
        let words = text.split(|letter: char| letter == ',' || letter.is_whitespace());
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// The request of the pass that the cursor is in, and how its pages follow each other.
    fn pass(&self) -> (&Ask, &Paging) {
        match &self.plan.reread {
            Some(reread) if self.cursor.reread => (&reread.ask, &reread.paging),
            _ => (&self.plan.list, &self.plan.paging),
        }
    }

    /// The request for the page that the cursor names.
    fn list(&mut self) -> Result<Step, Box<Problem>> {
        self.cursor.begun.get_or_insert(self.now);
        if self.cursor.each.is_empty()
            && let Some(first) = self.each_values().into_iter().next()
        {
            self.cursor.each = first;
        }
        let values = self.values(None);
        let (ask, paging) = self.pass();
        let request = match paging {
            Paging::Link(_) if !self.cursor.next.is_empty() => {
                let next = ask.at(self.cursor.next.clone(), &values);
                Some(Request { method: Method::Get, body: Vec::new(), ..next })
            }
            _ => ask.request(&values),
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
        let (size, first) = match *self.pass().1 {
            Paging::Count { size, first } => (size, first),
            _ => (0, 0),
        };
        Values {
            since: written(self.cursor.since),
            until: written(Some(self.until())),
            now: written(Some(self.now)),
            token: &self.cursor.next,
            offset: match self.pass().1 {
                Paging::Rows => self.cursor.rows,
                _ => self.cursor.pages.saturating_mul(size),
            },
            limit: size,
            page: self.cursor.pages.saturating_add(first),
            each: &self.cursor.each,
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
                self.cursor = Cursor { next: String::new(), pages: 0, rows: 0, ..self.cursor.clone() };
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
        if self.plan.never_empty && items.is_empty() {
            return Err(page::malformed(tree.at, "no item", "one item at least: where there is nothing, an empty one"));
        }
        let next = self.after(&tree, items.len())?;
        drop(tree);
        if matches!(self.pass().1, Paging::Drain | Paging::Rows | Paging::Count { .. }) {
            self.is_no_circle(&text, items.len())?;
        }
        let mut page = Box::new(Page {
            text,
            items,
            at: 0,
            with: 0,
            sub: 0,
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

    /// Where no address leads from page to page, one that is the page before is no further page. The first of a pass, a window or a value of
    /// `over` has none before it.
    fn is_no_circle(&mut self, text: &str, items: usize) -> Result<(), Box<Problem>> {
        if self.cursor.pages == 0 {
            self.before.clear();
        }
        if items > 0 && text == self.before {
            return Err(problem(
                "pull.circle",
                "pull.paging.by",
                "the page that was just read, again",
                "the rows that follow (a server that heeds `{offset}` or `{page}`), a listing that reading consumes, or another kind of paging",
            ));
        }
        self.before.clear();
        self.before.push_str(text);
        Ok(())
    }

    /// Where the page after this one is; none: the turn ends with this one.
    fn after(&self, tree: &Json<'_>, items: usize) -> Result<Option<Cursor>, Box<Problem>> {
        let here = &self.cursor;
        let next = match self.pass().1 {
            Paging::None => None,
            Paging::Rows | Paging::Drain => (items > 0).then(String::new),
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
            let came = if *self.pass().1 == Paging::Rows { u64::try_from(items).unwrap_or(0) } else { 0 };
            let rows = here.rows.saturating_add(came);
            return Ok(Some(Cursor { next, pages: here.pages + 1, rows, ..here.clone() }));
        }
        if self.plan.reread.is_some() && !here.reread {
            return Ok(Some(Cursor { reread: true, next: String::new(), pages: 0, rows: 0, ..here.clone() }));
        }
        let mut values = self.each_values().into_iter().skip_while(|value| *value != here.each).skip(1);
        if let Some(each) = values.next() {
            return Ok(Some(Cursor { each, next: String::new(), pages: 0, rows: 0, ..here.clone() }));
        }
        // The window is over; another one begins where it ends, until the listing has come to where it began.
        let (until, begun) = (self.until(), here.begun.unwrap_or(self.now));
        Ok((until < begun).then(|| Cursor {
            since: Some(until),
            begun: Some(begun),
            next: String::new(),
            pages: 0,
            rows: 0,
            ..here.clone()
        }))
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
