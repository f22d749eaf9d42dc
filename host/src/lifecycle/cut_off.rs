//! Documents that the end of their file may have cut short: taken or refused, as files of the same source end.
//!
//! A last line without a line end is whole where its source writes none, and half a charge where the transfer broke off.
//! Refused is what is cut in a folder whose files have line ends, and a last value that could be the beginning of a longer
//! amount: what is left of it is billed by nobody. The original is kept, and runs again (`document retry`) once
//! `last_line` says that the source writes its files so.

use super::HostError;
use super::ingest::Intake;
use super::pieces::Framed;
use crate::config::LastLine;
use crate::intake::framing::{Frame, Item, OpenEnd, has_line_ends};

/// Files before the one in hand that are looked at.
const COMPARED_MAX: usize = 10;
const WAY_BACK: &str = "; if this source writes no line end behind its last line, set last_line = \"open\" in claimhost.toml \
                        and let this run again with `claimhost document retry`";

impl Intake<'_> {
    /// A piece of a stored file as it counts; none for bytes that belong to the file and to no document.
    pub(super) fn taken(&self, item: Item, file_id: u64) -> Result<Option<Framed>, HostError> {
        match Framed::of(item) {
            Some(Framed::Frame(frame)) => Ok(Some(self.decided(frame, file_id)?)),
            other => Ok(other),
        }
    }

    fn decided(&self, mut frame: Frame, file_id: u64) -> Result<Framed, HostError> {
        let Some(open_end) = frame.open_end.take() else { return Ok(Framed::Frame(frame)) };
        let OpenEnd { mut problem, may_go_on } = *open_end;
        let is_taken = match self.folder.config.last_line {
            LastLine::Open => true,
            LastLine::Closed => false,
            LastLine::Compare => !may_go_on && !self.has_line_ends(file_id)?,
        };
        if is_taken {
            return Ok(Framed::Frame(frame));
        }
        problem.remedy.push_str(WAY_BACK);
        Ok(Framed::Problem(problem))
    }

    /// Whether the files of this folder that came before one had line ends, and are enough to say so.
    fn has_line_ends(&self, file_id: u64) -> Result<bool, HostError> {
        let channel = &self.folder.channel;
        let last = self.practice.store.read(|tx| tx.last_bytes_before(channel, file_id, COMPARED_MAX))?;
        Ok(has_line_ends(&last))
    }
}
