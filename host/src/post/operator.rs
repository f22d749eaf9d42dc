//! What people say of posts: the EHR has it, the EHR does not take it, tell it again.

use super::record::Told;
use super::{SUBJECT, WORK_REFUSED};
use crate::store::post::{PostRow, PostState};
use crate::store::{PracticeStore, StoreResult, Tx};

/// What came of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is so now.
    Done,
    /// It was so before.
    Already,
    /// It stands otherwise: this word is about posts of the other state.
    Not(PostState),
    /// There is no such post.
    Unknown,
}

/// The EHR has it: what was sent, or what was refused and then keyed by hand. It is never told again.
///
/// # Errors
/// The store's.
pub fn confirm(store: &PracticeStore, post_id: u64, by: &str, day: i64) -> StoreResult<Said> {
    let event = format!("it is in the EHR, says {by}");
    let from = [PostState::Sent, PostState::Refused];
    move_to(store, post_id, (&from, PostState::Confirmed), (&event, None), day)
}

/// The EHR does not take what was sent: work.
///
/// # Errors
/// The store's.
pub fn refuse(store: &PracticeStore, post_id: u64, reason: &str, by: &str, day: i64) -> StoreResult<Said> {
    let event = format!("the EHR refuses what it was told, says {by}");
    move_to(store, post_id, (&[PostState::Sent], PostState::Refused), (&event, Some(reason)), day)
}

/// What the EHR refused is told again, under the same id.
///
/// # Errors
/// The store's.
pub fn again(store: &PracticeStore, post_id: u64, by: &str, day: i64) -> StoreResult<Said> {
    let event = format!("the EHR is told again, says {by}");
    move_to(store, post_id, (&[PostState::Refused], PostState::Queued), (&event, None), day)
}

/// What became of a queue that was ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Posts that are told to nobody now.
    pub ended: Vec<PostRow>,
    /// Posts whose file is on its way into a folder, and may be there: they stay.
    pub on_their_way: Vec<PostRow>,
}

/// Ends what waits for a target: nobody is told of it. What the EHR has by then of the same claims stays as it is.
///
/// # Errors
/// The store's.
pub fn drop_queue(store: &PracticeStore, target: &str, reason: &str, by: &str, day: i64) -> StoreResult<Dropped> {
    store.write(|tx: &Tx<'_>| {
        let mut dropped = Dropped::default();
        let batches = tx.post_batches_waiting()?;
        let is_staged =
            |row: &PostRow| batches.iter().any(|batch| Some(batch.batch_id) == row.batch_id && batch.state == "staged");
        for row in tx.posts_waiting()?.into_iter().filter(|row| row.target == target) {
            if is_staged(&row) {
                dropped.on_their_way.push(row);
                continue;
            }
            let told: Told = tx.post_body(row.post_id)?;
            tx.close_work(None, (SUBJECT, row.post_id), day)?;
            let event = format!("{target} is not told of a {}: what waited for it was dropped, says {by}", row.kind);
            tx.record("claim", row.claim.0, day, "operator", &event, "")?;
            let row = PostRow { state: PostState::Nothing, batch_id: None, ..row };
            tx.set_post(&row, &Told { why: format!("dropped, says {by}: {reason}"), ..told })?;
            dropped.ended.push(row);
        }
        for batch in batches.iter().filter(|batch| batch.target == target && batch.state == "written") {
            tx.set_post_batch(batch.batch_id, "dropped", "")?;
        }
        Ok(dropped)
    })
}

fn move_to(
    store: &PracticeStore,
    post_id: u64,
    (from, to): (&[PostState], PostState),
    (event, reason): (&str, Option<&str>),
    day: i64,
) -> StoreResult<Said> {
    store.write(|tx: &Tx<'_>| {
        let Some(row) = tx.post_of(post_id)? else { return Ok(Said::Unknown) };
        if row.state == to {
            return Ok(Said::Already);
        }
        if !from.contains(&row.state) {
            return Ok(Said::Not(row.state));
        }
        let told: Told = tx.post_body(post_id)?;
        let why = reason.unwrap_or_default().to_owned();
        let subject = (SUBJECT, post_id);
        tx.close_work(None, subject, day)?;
        if reason.is_some() {
            tx.open_work(WORK_REFUSED, subject, day, row.paid_cents, &format!("{}: {why}", row.target))?;
        }
        tx.record("claim", row.claim.0, day, "operator", event, "")?;
        let batch_id = row.batch_id.filter(|_| to != PostState::Queued);
        tx.set_post(&PostRow { state: to, batch_id, ..row }, &Told { why, ..told })?;
        Ok(Said::Done)
    })
}
