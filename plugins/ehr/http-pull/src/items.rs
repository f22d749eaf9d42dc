//! The items of a page: what each still needs is asked for, one request after another, until all are complete.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_sdk::http::{Method, Request, Response};
use claimhost_sdk::intake::Problem;
use claimhost_sdk::path::plain;
use claimhost_sdk::pull::Step;

use super::cursor::Cursor;
use super::document::{Document, entry};
use super::page::{self, Piece};
use super::plan::{Format, With};
use super::{HttpPull, Waiting, problem};

/// A page whose items are being completed.
pub struct Page {
    pub text: String,
    pub items: Vec<Piece>,
    /// The item at work, the next of its kinds of requests, and of that kind the next.
    pub at: usize,
    pub with: usize,
    pub sub: usize,
    pub document: Document,
    pub documents: Vec<Vec<u8>>,
    /// Answers of this page by their address: ten charges of one patient ask for the patient once.
    pub known: BTreeMap<String, String>,
    /// A further page of the answer at work.
    pub further: Option<String>,
    /// What came of each kind of request on this page.
    pub tried: Vec<Tried>,
    pub next: Option<Cursor>,
}

/// What came of one kind of request.
#[derive(Default, Clone)]
pub struct Tried {
    /// Whether anything was answered.
    pub answered: bool,
    /// Addresses that were kept from us.
    pub refused: BTreeSet<String>,
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

impl HttpPull {
    /// Goes on with the items of a page until one has to be asked for, or all are complete.
    pub(super) fn complete(&mut self, mut page: Box<Page>) -> Result<Step, Box<Problem>> {
        while let Some(item) = page.items.get(page.at).cloned() {
            if page.with >= self.plan.with.len() {
                let document = std::mem::take(&mut page.document);
                let document = document.written(item.text(&page.text), &item.url, self.plan.format);
                page.documents.push(document);
                page.at += 1;
                page.with = 0;
                page.sub = 0;
                continue;
            }
            match self.look(&page, &item)? {
                Looked::Nothing => {
                    page.with += 1;
                    page.sub = 0;
                }
                Looked::Known(address, answer) => self.take(&mut page, &address, &answer)?,
                Looked::Ask(request) => {
                    let address = address_of(&request);
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
        let item = piece.text(&page.text);
        let request = if let Some(further) = &page.further {
            let item = page::tree(item, self.plan.format)?;
            let next = with.ask.at(further.clone(), &self.values(Some(&item)));
            Some(Request { method: Method::Get, body: Vec::new(), ..next })
        } else {
            self.asks(with, &page.document, item)?.into_iter().nth(page.sub)
        };
        Ok(match request {
            None => Looked::Nothing,
            Some(request) => match page.known.get(&address_of(&request)) {
                Some(answer) => Looked::Known(address_of(&request), answer.clone()),
                None => Looked::Ask(request),
            },
        })
    }

    /// The requests of one kind for an item, each once: for the item itself, or for each answer of another kind.
    fn asks(&self, with: &With, document: &Document, item: &str) -> Result<Vec<Request>, Box<Problem>> {
        let subjects = if with.of.is_empty() { vec![item.to_owned()] } else { document.kept(&with.of) };
        let mut asks: Vec<Request> = Vec::new();
        for subject in &subjects {
            let tree = page::tree(subject, self.plan.format)?;
            let values = self.values(Some(&tree));
            let found: Vec<Request> = if with.reference.is_none() {
                with.ask.request(&values).into_iter().collect()
            } else {
                let references = with.reference.all(&tree).into_iter().map(plain);
                references.filter_map(leading).map(|url| with.ask.at(url, &values)).collect()
            };
            for request in found {
                if !asks.iter().any(|known| address_of(known) == address_of(&request)) {
                    asks.push(request);
                }
            }
        }
        Ok(asks)
    }

    /// An answer for an item came.
    pub(super) fn answer(
        &mut self,
        mut page: Box<Page>,
        address: String,
        response: Response,
    ) -> Result<Step, Box<Problem>> {
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
            page.sub += 1;
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
        for piece in &pieces {
            page.document.keep(&with.name, piece.text(answer));
        }
        let is_bundle = tree.text_of("resourceType") == Some("Bundle");
        let pieces = pieces.into_iter().map(|piece| match self.plan.format {
            // The address is the resource's own where the answer is one: entries of a page have not all one address.
            Format::Fhir if piece.url.is_empty() && !is_bundle && address.contains("://") => {
                entry(piece.text(answer), address)
            }
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
            page.sub += 1;
        }
        Ok(())
    }
}

/// What tells requests apart: the address, and what is sent there.
fn address_of(request: &Request) -> String {
    if request.body.is_empty() {
        return request.url.clone();
    }
    format!("{}\n{}", request.url, String::from_utf8_lossy(&request.body))
}

/// The address that a reference leads to: `#1` is in the resource itself, `urn:` nowhere.
fn leading(reference: String) -> Option<String> {
    let url = if reference.contains("://") { reference } else { format!("/{}", reference.trim_start_matches('/')) };
    (url.len() > 1 && !url.starts_with("/#") && !url.starts_with("/urn:")).then_some(url)
}
