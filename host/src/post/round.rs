//! One round of a practice's targets: what was written and has not left leaves; what is queued goes through its poster, file by file.
//!
//! A poster that fails on a batch is asked for halves of it, down to the one post that it fails on: that one is parked, the others leave.

use std::collections::BTreeSet;
use std::path::Path;

use super::folder::{self, FolderError};
use super::record::{NOTHING_BEFORE, Told};
use super::{SUBJECT, WORK_FAILED, WORK_PARKED, WORK_REFUSED, batch_name, setup_of};
use crate::claim::{Date, Problem, Setup, day_number};
use crate::config::{Config, PostConfig};
use crate::lifecycle::crash_point;
use crate::plugin::{PluginHost, PostAnswer, PostBatch, PostError, PostOutcome, PostTry, Poster};
use crate::store::post::{PostBatchRow, PostRow, PostState};
use crate::store::{PracticeStore, StoreResult, Tx};

/// What a round needs.
pub struct Round<'a> {
    /// Its targets are those of the practice.
    pub config: &'a Config,
    /// The practice.
    pub store: &'a PracticeStore,
    /// The plugins of this turn.
    pub plugins: &'a PluginHost,
    /// The day of the run.
    pub as_of: Date,
}

/// One target at work.
struct Target<'a> {
    round: &'a Round<'a>,
    config: &'a PostConfig,
    poster: &'a Poster,
    setup: &'a Setup,
    digest: &'a str,
}

/// What became of one post.
struct Fate {
    row: PostRow,
    told: Told,
    /// Work that it leaves; none: it closes what there is.
    work: Option<&'static str>,
}

impl Round<'_> {
    /// Does what is due. Gives how many posts moved.
    ///
    /// # Errors
    /// The store's. What a target cannot do is work, and the next target's turn comes.
    pub fn run(&self) -> StoreResult<u64> {
        let targets: Vec<&PostConfig> = self.config.posts_of(self.store.id()).collect();
        self.stranded(&targets)?;
        if targets.is_empty() {
            return Ok(0);
        }
        let mut moved = 0;
        let mut waiting = self.store.read(|tx| tx.post_batches_waiting())?;
        for config in targets {
            let (own, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|batch| batch.target == config.name);
            waiting = others;
            moved += self.target(config, &own)?;
        }
        Ok(moved)
    }

    /// What waits for a target that the configuration does not have (any more, or under this name) never leaves: work. It closes as any
    /// that a target has, when what waits leaves.
    fn stranded(&self, targets: &[&PostConfig]) -> StoreResult<()> {
        let waiting = self.store.read(|tx| tx.posts_waiting())?;
        let is_gone = |row: &&PostRow| !targets.iter().any(|config| config.name == row.target);
        let gone: BTreeSet<&str> = waiting.iter().filter(is_gone).map(|row| row.target.as_str()).collect();
        for target in gone {
            self.fail(
                target,
                "no [[post]] of this practice has this name; put it back, or give it its old name again: what waits for it leaves then; where \
                 nobody is to be told any more, `claimhost post drop`",
            )?;
        }
        Ok(())
    }

    fn target(&self, config: &PostConfig, waiting: &[PostBatchRow]) -> StoreResult<u64> {
        let mut moved = 0;
        // In their order: a reversal is in a later file than what it takes back.
        for batch in waiting {
            match self.deliver(config, batch)? {
                Ok(count) => moved += count,
                Err(error) => return self.fail(&config.name, &error.to_string()).map(|()| moved),
            }
        }
        let setup = setup_of(config);
        let poster = self.plugins.poster(&config.poster);
        let (setup, poster) = match (setup, poster) {
            (Ok(setup), Some(poster)) => (setup, poster),
            (Err(words), _) => return self.fail(&config.name, &words).map(|()| moved),
            (Ok(_), None) => {
                let words = format!("poster `{}` is not loaded; `claimhost plugin list` says why", config.poster);
                return self.fail(&config.name, &words).map(|()| moved);
            }
        };
        let digest = poster.digest_with(&setup);
        let target = Target { round: self, config, poster: &poster, setup: &setup, digest: &digest };
        target.take_up_refused()?;
        match target.run(&mut moved)? {
            None => Ok(moved),
            Some(words) => self.fail(&config.name, &words).map(|()| moved),
        }
    }

    /// Says that a target cannot be told anything, on the oldest post that waits for it. Said again only where it is something else.
    fn fail(&self, target: &str, words: &str) -> StoreResult<()> {
        let words = format!("{target}: {words}");
        let day = day_number(self.as_of);
        let oldest = self.store.read(|tx| -> StoreResult<_> {
            let rows = tx.posts_waiting()?;
            let Some(row) = rows.iter().find(|row| row.target == target) else { return Ok(None) };
            let known = |item: &crate::store::work::WorkRow| {
                item.kind == WORK_FAILED && item.subject_kind == SUBJECT && item.subject_id == row.post_id
            };
            for item in tx.open_work_items()?.into_iter().filter(known) {
                if *tx.work_words(item.work_id)?.expose() == words {
                    return Ok(None);
                }
            }
            Ok(Some(row.clone()))
        })?;
        let Some(row) = oldest else { return Ok(()) };
        tracing::warn!(practice = self.store.id(), target, "an EHR cannot be told; there is work about it");
        self.store
            .write(|tx| tx.open_work(WORK_FAILED, (SUBJECT, row.post_id), day, row.paid_cents, &words).map(|_| ()))
    }

    /// Puts a file into its folder. The outer error is the store's.
    fn deliver(&self, config: &PostConfig, batch: &PostBatchRow) -> StoreResult<Result<u64, FolderError>> {
        let (id, name) = (batch.batch_id, &batch.file_name);
        let written = batch.state == "written";
        // One that is staged is renamed where it is, whatever the configuration says by now.
        let folder = if written { config.folder.as_path() } else { Path::new(&batch.folder) };
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let named = folder.to_string_lossy();
        if written {
            let bytes = self.store.read(|tx| tx.post_batch_bytes(id))?;
            crash_point("post-written");
            match folder::stage(&folder, name, &bytes) {
                Ok(true) => self.store.write(|tx| tx.set_post_batch(id, "staged", &named))?,
                Ok(false) => {}
                Err(error) => return Ok(Err(error)),
            }
            crash_point("post-staged");
        }
        if let Err(error) = folder::publish(&folder, name) {
            return Ok(Err(error));
        }
        crash_point("post-renamed");
        let day = day_number(self.as_of);
        self.store.write(|tx| -> StoreResult<()> {
            for row in tx.posts_of_batch(id)? {
                let event = format!("{} told of a {}: {name}", config.name, row.kind);
                tx.record("claim", row.claim.0, day, "host", &event, &batch.plugin_digest)?;
                tx.close_work(None, (SUBJECT, row.post_id), day)?;
            }
            tx.set_posts_of_batch(id, PostState::Sent)?;
            tx.set_post_batch(id, "sent", &named)
        })?;
        Ok(Ok(batch.post_count))
    }
}

impl Target<'_> {
    /// What another version of the poster, or of its mapping, did not take is asked again. None of it ever left.
    fn take_up_refused(&self) -> StoreResult<()> {
        let again = |tx: &Tx<'_>| tx.posts_refused_by_others(&self.config.name, self.digest);
        if self.round.store.read(again)?.is_empty() {
            return Ok(());
        }
        self.round.store.write(|tx| -> StoreResult<()> {
            for row in again(tx)? {
                let told: Told = tx.post_body(row.post_id)?;
                tx.close_work(None, (SUBJECT, row.post_id), self.day())?;
                tx.set_post(&PostRow { state: PostState::Queued, ..row }, &Told { why: String::new(), ..told })?;
            }
            Ok(())
        })
    }

    /// Takes what is queued, file by file. Gives why it cannot go on, where it cannot.
    fn run(&self, moved: &mut u64) -> StoreResult<Option<String>> {
        loop {
            let rows = self.next()?;
            if rows.is_empty() {
                return Ok(None);
            }
            let mut pieces = vec![(PostTry::Whole, rows)];
            while let Some((nth, piece)) = pieces.pop() {
                let mut asked = self.ask(&piece, nth)?;
                let alone = piece.len() == 1;
                if alone && matches!(asked, Err(PostError::Batch(_))) {
                    // Once more, with ten times the time.
                    asked = self.ask(&piece, PostTry::Last)?;
                }
                let fates = match &asked {
                    Ok((_, answer)) => self.fates(&piece, &answer.outcomes)?,
                    Err(PostError::Setup(problems)) => return Ok(Some(words_of(problems))),
                    Err(error @ PostError::Open(_)) => return Ok(Some(error.to_string())),
                    Err(error @ PostError::Batch(_)) if alone => {
                        let words = format!("{}: the poster fails on it: {error}", self.config.name);
                        self.each(&piece, |_| (PostState::Refused, words.clone(), Some(WORK_PARKED)))?
                    }
                    Err(PostError::Batch(_)) => {
                        let mut first = piece;
                        let second = first.split_off(first.len() / 2);
                        pieces.extend([(PostTry::Part, second), (PostTry::Part, first)]);
                        continue;
                    }
                };
                let (name, file) = asked.map(|(name, answer)| (name, answer.file)).unwrap_or_default();
                let written = self.keep(&name, &file, fates)?;
                *moved += u64::try_from(piece.len()).unwrap_or(0);
                if let Some(batch) = written
                    && let Err(error) = self.round.deliver(self.config, &batch)?
                {
                    return Ok(Some(error.to_string()));
                }
            }
        }
    }

    /// The posts of the next file: none that takes back another one of it, whose fate has to be known first.
    fn next(&self) -> StoreResult<Vec<PostRow>> {
        loop {
            let mut rows =
                self.round.store.read(|tx| tx.queued_posts(&self.config.name, self.config.postings_per_file_max))?;
            let taken_back =
                |at: usize, row: &PostRow| rows.iter().take(at).any(|before| Some(before.post_id) == row.reverses);
            if let Some(at) = rows.iter().enumerate().position(|(at, row)| taken_back(at, row)) {
                rows.truncate(at);
            }
            let untold = self.round.store.read(|tx| -> StoreResult<Vec<(PostRow, PostState)>> {
                let mut untold = Vec::new();
                for row in rows.iter().filter(|row| row.reverses.is_some()) {
                    let before = row.reverses.map(|id| tx.post_of(id)).transpose()?.flatten();
                    let state = before.map(|before| before.state);
                    let state = state.filter(|state| matches!(state, PostState::Refused | PostState::Nothing));
                    untold.extend(state.map(|state| (row.clone(), state)));
                }
                Ok(untold)
            })?;
            if untold.is_empty() {
                return Ok(rows);
            }
            // Told alone it would take away money that the EHR was never told of.
            let (rows, states): (Vec<PostRow>, Vec<PostState>) = untold.into_iter().unzip();
            let mut states = states.into_iter();
            let fates = self.each(&rows, |row| match (states.next(), row.reverses) {
                (Some(PostState::Nothing), _) | (_, None) => (PostState::Nothing, NOTHING_BEFORE.to_owned(), None),
                (_, Some(before)) => {
                    let words = format!(
                        "{}: it takes back post {before}, which was refused: see to that one; where it was keyed by hand, key this one \
                         too, and say so of both with `claimhost post confirm`",
                        self.config.name
                    );
                    (PostState::Refused, words, Some(WORK_REFUSED))
                }
            })?;
            self.keep("", &[], fates)?;
        }
    }

    /// Asks the poster. With its answer, the name of the file. The outer error is the store's.
    fn ask(&self, piece: &[PostRow], nth: PostTry) -> StoreResult<Result<(String, PostAnswer), PostError>> {
        let practice = self.round.store.id();
        let batch = self.round.store.read(|tx| -> StoreResult<PostBatch> {
            let posting = |row: &PostRow| tx.post_body::<Told>(row.post_id).map(|told| told.posting);
            Ok(PostBatch {
                id: batch_name(practice, &self.config.name, tx.next_post_batch_id()?),
                day: self.round.as_of,
                postings: piece.iter().map(posting).collect::<StoreResult<_>>()?,
            })
        })?;
        let answer = self.poster.post(practice, self.setup, &batch, nth);
        Ok(answer.map(|answer| (batch.id, answer)))
    }

    fn fates(&self, piece: &[PostRow], outcomes: &[PostOutcome]) -> StoreResult<Vec<Fate>> {
        let mut outcomes = outcomes.iter();
        self.each(piece, |_| match outcomes.next() {
            Some(PostOutcome::Taken) => (PostState::Queued, String::new(), None),
            Some(PostOutcome::Nothing(why)) => (PostState::Nothing, format!("{}: {}", why.id, why.reason), None),
            Some(PostOutcome::Refused(problems)) => {
                let words = format!("{}: {}", self.config.name, words_of(problems));
                (PostState::Refused, words, Some(WORK_REFUSED))
            }
            // The plugin host has seen to it that there are as many answers as posts.
            None => (PostState::Refused, "the poster did not answer for it".to_owned(), Some(WORK_REFUSED)),
        })
    }

    /// What becomes of each: its state, why, and what work it leaves.
    fn each(
        &self,
        rows: &[PostRow],
        mut of: impl FnMut(&PostRow) -> (PostState, String, Option<&'static str>),
    ) -> StoreResult<Vec<Fate>> {
        self.round.store.read(|tx| {
            let fate = |row: &PostRow| -> StoreResult<Fate> {
                let told: Told = tx.post_body(row.post_id)?;
                let (state, why, work) = of(row);
                let row = PostRow { state, plugin_digest: self.digest.to_owned(), ..row.clone() };
                Ok(Fate { row, told: Told { why, ..told }, work })
            };
            rows.iter().map(fate).collect()
        })
    }

    /// Commits what became of posts, with the file of those that were taken.
    fn keep(&self, name: &str, file: &[u8], fates: Vec<Fate>) -> StoreResult<Option<PostBatchRow>> {
        let taken = fates.iter().filter(|fate| fate.row.state == PostState::Queued).count();
        let day = self.day();
        self.round.store.write(|tx| -> StoreResult<Option<PostBatchRow>> {
            let batch = PostBatchRow {
                batch_id: tx.next_post_batch_id()?,
                target: self.config.name.clone(),
                state: "written".to_owned(),
                file_name: format!("{name}.{}", self.poster.description().extension),
                folder: String::new(),
                created_day: day,
                post_count: u64::try_from(taken).unwrap_or(u64::MAX),
                plugin_digest: self.digest.to_owned(),
            };
            if taken > 0 {
                tx.add_post_batch(&batch, file)?;
            }
            for mut fate in fates {
                let subject = (SUBJECT, fate.row.post_id);
                if fate.row.state == PostState::Queued {
                    fate.row.batch_id = Some(batch.batch_id);
                } else {
                    tx.close_work(None, subject, day)?;
                }
                if let Some(kind) = fate.work {
                    tx.open_work(kind, subject, day, fate.row.paid_cents, &fate.told.why)?;
                    let event = format!("{} is not told of a {}: {kind}", self.config.name, fate.row.kind);
                    tx.record("claim", fate.row.claim.0, day, "host", &event, self.digest)?;
                }
                tx.set_post(&fate.row, &fate.told)?;
            }
            Ok((taken > 0).then_some(batch))
        })
    }

    fn day(&self) -> i64 {
        day_number(self.round.as_of)
    }
}

/// Problems that a poster tells, for an authorised reader.
fn words_of(problems: &[Problem]) -> String {
    let one = |problem: &Problem| {
        let Problem { id, at, found, expected, remedy } = problem;
        format!("{id} at {}: found {found}, expected {expected}; {remedy}", at.path)
    };
    problems.iter().map(one).collect::<Vec<_>>().join("; ")
}
