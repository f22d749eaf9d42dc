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
use std::collections::BTreeSet;

use super::HostError;
use super::ingest::Intake;
use super::pieces::Framed;
use crate::config::LastLine;
use crate::intake::framing::{Frame, FramingProblem, Item, OpenEnd, has_line_ends};
use crate::store::document::OPEN_END;
use crate::store::{StoreResult, Tx};
use crate::visit::{Event, VisitProblem};

/// Files before the one in hand that are looked at.
const COMPARED_MAX: usize = 10;
const WAY_BACK: &str = "; if this source writes no line end behind its last line, set last_line = \"open\" in claimhost.toml \
                        and let this run again with `claimhost document retry`";
const HELD: &str = "the file that tells of it, or one that it is joined with, ends without a line end, and nobody has said whether \
                    such a file is whole or cut off: set last_line = \"open\" in claimhost.toml if its source writes none; \
                    else have the file sent again, or accept this once you have seen that it is whole";

/// The events of a visit that count, and the problem where one of them may be cut off. One that is told again whole, charge by charge,
/// says nothing any more.
pub(super) fn counted<'e>(
    tx: &Tx<'_>,
    visit_id: u64,
    events: &'e [Event],
) -> StoreResult<(Cow<'e, [Event]>, Option<VisitProblem>)> {
    let marked: BTreeSet<String> = tx.open_ended_of(visit_id)?.into_iter().map(|id| id.to_string()).collect();
    if marked.is_empty() {
        return Ok((Cow::Borrowed(events), None));
    }
    let (open, whole): (Vec<&Event>, Vec<&Event>) = events.iter().partition(|event| marked.contains(&event.document));
    let ids = |event: &Event| -> BTreeSet<String> { event.charges.iter().map(|charge| charge.id.clone()).collect() };
    let is_told_again = |event: &Event| {
        let own = ids(event);
        !own.is_empty() && !own.contains("") && whole.iter().any(|known| own.is_subset(&ids(known)))
    };
    let gone: BTreeSet<&str> =
        open.iter().filter(|event| is_told_again(event)).map(|event| event.document.as_str()).collect();
    let left = events.iter().filter(|event| !gone.contains(event.document.as_str())).cloned().collect();
    let problem = (gone.len() < open.len()).then(|| VisitProblem::new(OPEN_END, "document", HELD));
    Ok((Cow::Owned(left), problem))
}

impl Intake<'_> {
    /// A piece of a stored file as it counts; none for bytes that belong to the file and to no document. `open_rows` end joined files.
    pub(super) fn taken(&self, item: Item, file_id: u64, open_rows: &[Vec<u8>]) -> Result<Option<Framed>, HostError> {
        match Framed::of(item) {
            Some(Framed::Frame(frame)) => {
                let mut decided = self.decided(frame, file_id)?;
                if let Framed::Frame(frame) = &mut decided
                    && frame.related.iter().any(|part| open_rows.contains(&part.content))
                {
                    frame.open_end = Some(Box::new(joined_open()));
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

    /// The site has said that its files are whole without a line end: nothing of them waits for that any more.
    pub(super) fn answer_open_ended(&self) -> Result<(), HostError> {
        if self.folder.config.last_line != LastLine::Open {
            return Ok(());
        }
        let store = &self.practice.store;
        let channel = self.folder.channel.as_str();
        let marked = store.read(|tx| tx.open_ended_in(channel))?;
        if marked.is_empty() {
            return Ok(());
        }
        Ok(store.write(|tx| -> StoreResult<()> {
            for visit_id in tx.visits_of_documents(&marked)? {
                tx.look_again_at(visit_id)?;
            }
            for document_id in &marked {
                tx.document_is_whole(*document_id)?;
                let event = "taken as whole: last_line is open";
                tx.record("document", *document_id, self.host.today(), "host", event, "")?;
            }
            Ok(())
        })?)
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
