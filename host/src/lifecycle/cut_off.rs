//! Documents that the end of their file may have cut short: taken or refused, as files of the same source end.
//!
//! A last line without a line end is whole where its source writes none, and half a charge where the transfer broke off.
//! Refused is what is cut in a folder whose files have line ends, and a last value that could be the beginning of a longer
//! amount: what is left of it is billed by nobody. The original is kept, and runs again (`document retry`) once
//! `last_line` says that the source writes its files so.
//!
//! The first files of a way in tell nothing, and text that is cut is text: they are taken, so that somebody can look at them, and
//! marked ([`OPEN_END`]). What is billed of them waits, until the site has said how its files end, the same has come again
//! whole, or somebody has accepted it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::HostError;
use super::ingest::{Beside, Intake};
use super::pieces::Framed;
use crate::claim::{Charge, ChargeAction, VisitStatus};
use crate::config::LastLine;
use crate::intake::folder::ARCHIVE;
use crate::intake::framing::{Frame, FramingProblem, Item, OpenEnd, has_line_ends};
use crate::store::document::OPEN_END;
use crate::store::{StoreResult, Tx};
use crate::visit::{Event, VisitProblem, source_order};

/// Files before the one in hand that are looked at.
const COMPARED_MAX: usize = 10;
const WAY_BACK: &str = "; if this source writes no line end behind its last line, set last_line = \"open\" in claimhost.toml \
                        and let this run again with `claimhost document retry`";
const HELD: &str = "its file, or one that it is joined with, ends without a line end, and nobody has said whether such a file is \
                    whole or cut off: set last_line = \"open\" in claimhost.toml if its source writes none";
/// What helps besides, where another telling is known to be of the same charges; and where it would be a second charge.
const SEND_AGAIN: &str = "else have the file sent again, or accept this once you have seen that it is whole";
const LOOK: &str = "else accept this once you have seen that it is whole; where it is cut, dismiss the visit and have it sent under \
                    another number: its charges have no ids, and sent again they would be charged twice";

/// The events of a visit that count, and a problem for each document that may be cut off. What is told again whole says nothing any more.
pub(super) fn counted<'e>(
    tx: &Tx<'_>,
    visit_id: u64,
    events: &'e [Event],
) -> StoreResult<(Cow<'e, [Event]>, Vec<VisitProblem>)> {
    let marked = tx.open_ended_of(visit_id)?;
    if marked.is_empty() {
        return Ok((Cow::Borrowed(events), Vec::new()));
    }
    let (gone, open) = told_again(events, &marked);
    let left = events.iter().filter(|event| number(event).is_none_or(|id| !gone.contains(&id))).cloned().collect();
    // Each is named: a word on one is none on another that comes later.
    let problem = |id: &u64| {
        let nameless =
            |event: &Event| number(event) == Some(*id) && event.charges.iter().any(|charge| charge.id.is_empty());
        let helps = if events.iter().any(nameless) { LOOK } else { SEND_AGAIN };
        VisitProblem::new(OPEN_END, "document", &format!("document {id}: {HELD}; {helps}"))
    };
    Ok((Cow::Owned(left), open.iter().map(problem).collect()))
}

/// Of marked documents those that whole ones have told again, and the others. Only what is new in a document can be told again (what it
/// takes back or corrects cannot), by documents that came later, are no earlier in the source's order, and say what else it says.
fn told_again(events: &[Event], marked: &[(u64, bool)]) -> (BTreeSet<u64>, BTreeSet<u64>) {
    let is_marked = |event: &Event| number(event).and_then(|id| marked.iter().find(|(known, _)| *known == id));
    let is_new = |charge: &&Charge| charge.action == ChargeAction::New && charge.reverses.is_empty();
    let (mut gone, mut open) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        let Some((id, is_over)) = is_marked(event).copied() else { continue };
        let later = || {
            events.iter().filter(|known| {
                is_marked(known).is_none()
                    && number(known) > Some(id)
                    && source_order(&known.order, &event.order) != Ordering::Less
                    && (event.status == VisitStatus::Unchanged || known.status == event.status)
                    && (event.header.coverages.is_empty() || !known.header.coverages.is_empty())
                    && (known.complete || !event.complete)
            })
        };
        // A whole one that corrects or takes back its charges knows them: it counts, and there is nothing left to ask.
        let corrects = |charge: &Charge| {
            let of_it = |known: &Charge| !is_new(&known) && [&known.id, &known.reverses].contains(&&charge.id);
            !charge.id.is_empty() && later().any(|known| known.charges.iter().any(of_it))
        };
        if !event.charges.is_empty() && event.charges.iter().all(corrects) {
            continue;
        }
        // What has no charges is told again by another one of the same moment; news of a later one are others.
        let is_dated = event.order.sequence.is_some() || !event.order.event_time.is_empty();
        let of_the_moment =
            |known: &Event| known.charges.is_empty() && source_order(&known.order, &event.order) == Ordering::Equal;
        let told = if event.charges.is_empty() {
            is_dated && later().any(of_the_moment)
        } else {
            event.charges.iter().all(|charge| {
                let is_it = |known: &Charge| is_new(&known) && known.id == charge.id;
                is_new(&charge) && !charge.id.is_empty() && later().any(|known| known.charges.iter().any(is_it))
            })
        };
        if is_over || told {
            gone.insert(id)
        } else {
            open.insert(id)
        };
    }
    (gone, open)
}

fn number(event: &Event) -> Option<u64> {
    event.document.parse().ok()
}

impl Intake<'_> {
    /// A piece of a stored file as it counts; none for bytes that belong to the file and to no document.
    pub(super) fn taken(&self, item: Item, file_id: u64, beside: &Beside) -> Result<Option<Framed>, HostError> {
        match Framed::of(item) {
            Some(Framed::Frame(frame)) => {
                let mut decided = self.decided(frame, file_id)?;
                if let Framed::Frame(frame) = &mut decided {
                    if frame.related.iter().any(|part| beside.open_rows.contains(&part.content)) {
                        frame.open_end = Some(Box::new(joined_open()));
                    }
                    frame.related.extend(beside.pulled.clone());
                }
                Ok(Some(decided))
            }
            other => Ok(other),
        }
    }

    /// A frame whose end is still open then was taken without anybody's word.
    fn decided(&self, mut frame: Frame, file_id: u64) -> Result<Framed, HostError> {
        let Some(open_end) = frame.open_end.take() else { return Ok(Framed::Frame(frame)) };
        match self.folder.config.last_line {
            LastLine::Open => return Ok(Framed::Frame(frame)),
            LastLine::Compare if !open_end.may_go_on && !self.has_line_ends(file_id)? => {
                frame.open_end = Some(open_end);
                return Ok(Framed::Frame(frame));
            }
            LastLine::Compare | LastLine::Closed => {}
        }
        let OpenEnd { mut problem, .. } = *open_end;
        problem.remedy.push_str(WAY_BACK);
        Ok(Framed::Problem(problem))
    }

    /// The site has said that its files are whole without a line end: nothing of them waits for that any more. What a whole document has
    /// told again stays as that says it.
    pub(super) fn answer_open_ended(&self) -> Result<(), HostError> {
        if self.folder.config.last_line != LastLine::Open {
            return Ok(());
        }
        let store = &self.practice.store;
        let channel = self.folder.channel.as_str();
        let marked = store.read(|tx| tx.open_ended_in(channel))?;
        let mut own = Vec::new();
        for (document_id, file_id) in marked {
            if self.is_of_folder(file_id)? {
                own.push(document_id);
            }
        }
        if own.is_empty() {
            return Ok(());
        }
        Ok(store.write(|tx| -> StoreResult<()> {
            let mut over = BTreeSet::new();
            for visit_id in tx.visits_of_documents(&own)? {
                let events: Vec<Event> = tx.events(visit_id)?.into_iter().map(Event::from).collect();
                over.extend(told_again(&events, &tx.open_ended_of(visit_id)?).0);
                tx.look_again_at(visit_id)?;
            }
            for document_id in &own {
                let is_over = over.contains(document_id);
                tx.answer_open_ended(*document_id, is_over)?;
                let event =
                    if is_over { "told again by a whole document" } else { "taken as whole: last_line is open" };
                tx.record("document", *document_id, self.host.today(), "host", event, "")?;
            }
            Ok(())
        })?)
    }

    /// Whether a file came by this way in, wherever the configuration had it then: it lies in the folder's archive.
    fn is_of_folder(&self, file_id: u64) -> Result<bool, HostError> {
        if self.folder.listens {
            return Ok(true);
        }
        let name = self.practice.store.read(|tx| tx.archive_name(file_id))?;
        let archive = self.folder.config.path.join(ARCHIVE);
        Ok(name.is_some_and(|name| archive.join(OsStr::from_bytes(&name)).is_file()))
    }

    /// Whether the files of this folder that came before one had line ends, and are enough to say so.
    fn has_line_ends(&self, file_id: u64) -> Result<bool, HostError> {
        let channel = &self.folder.channel;
        let last = self.practice.store.read(|tx| tx.last_bytes_before(channel, file_id, COMPARED_MAX))?;
        Ok(has_line_ends(&last))
    }
}

/// What a document is marked with that is joined with the last row of an open-ended file.
fn joined_open() -> OpenEnd {
    let (expected, remedy) = ("a line end behind it", "have the joined file sent again");
    let problem = FramingProblem::new("join.open-end", (0, 0), "the last row of a joined file", expected, remedy);
    OpenEnd { problem, may_go_on: false }
}
