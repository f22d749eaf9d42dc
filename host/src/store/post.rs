//! What EHRs are told of payers' decisions: a row for each, and the files that have them. A file's bytes and the state of its rows are one
//! transaction; what becomes of it in its folder is `crate::post`.

use serde::{Deserialize, Serialize};

use super::{StoreError, StoreResult, Tx};

/// Where a post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PostState {
    /// It has not left; one with a batch is written into a file that is not in its folder yet.
    Queued,
    /// Its file is in the folder.
    Sent,
    /// Somebody has said that the EHR has it, from its file or keyed by hand.
    Confirmed,
    /// The poster, or the EHR, does not take it: work.
    Refused,
    /// There is nothing to tell this EHR of, or somebody has said that it is not told.
    #[serde(rename = "nothing-to-post")]
    Nothing,
}

impl PostState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Confirmed, Self::Refused, Self::Nothing];

    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::Nothing => "nothing-to-post",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A post's clear columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostRow {
    /// Id within the practice.
    pub post_id: u64,
    /// Name of the target.
    pub target: String,
    /// `payment` or `reversal`.
    pub kind: String,
    /// The remittance that it tells of.
    pub remittance_id: u64,
    /// Position of the CLP.
    pub ordinal: u32,
    /// The version that was decided.
    pub claim: (u64, u32),
    /// Of a reversal, the post that it takes back.
    pub reverses: Option<u64>,
    /// Where it stands.
    pub state: PostState,
    /// The file that has it.
    pub batch_id: Option<u64>,
    /// CLP04.
    pub paid_cents: i64,
    /// Day number.
    pub created_day: i64,
    /// Of what answered for it last.
    pub plugin_digest: String,
}

/// A file's clear columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostBatchRow {
    /// Id within the practice.
    pub batch_id: u64,
    /// Name of the target.
    pub target: String,
    /// `written` (in the store), `staged` (in the folder under its hidden name), `sent`, or `dropped` (it never left, and does not).
    pub state: String,
    /// Its name in the folder.
    pub file_name: String,
    /// Where it is, as an absolute path; empty until it is staged. The configuration may name another one by then.
    pub folder: String,
    /// Day number.
    pub created_day: i64,
    /// Posts in it.
    pub post_count: u64,
    /// Of what wrote it.
    pub plugin_digest: String,
}

const POST: &str = "SELECT post_id, target, kind, remittance_id, ordinal, claim_id, version, reverses, state, batch_id, paid_cents, \
                    created_day, plugin_digest FROM post WHERE practice_id = ?1";
const BATCH: &str = "SELECT batch_id, target, state, file_name, created_day, post_count, plugin_digest, folder FROM post_batch \
                     WHERE practice_id = ?1";

fn post_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<PostRow> {
    let state: String = row.get(8)?;
    Ok(PostRow {
        post_id: row.get(0)?,
        target: row.get(1)?,
        kind: row.get(2)?,
        remittance_id: row.get(3)?,
        ordinal: row.get(4)?,
        claim: (row.get(5)?, row.get(6)?),
        reverses: row.get(7)?,
        // A text that is no state is found by `verify`, as a row that was not written by us.
        state: PostState::parse(&state).unwrap_or(PostState::Refused),
        batch_id: row.get(9)?,
        paid_cents: row.get(10)?,
        created_day: row.get(11)?,
        plugin_digest: row.get(12)?,
    })
}

fn batch_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<PostBatchRow> {
    Ok(PostBatchRow {
        batch_id: row.get(0)?,
        target: row.get(1)?,
        state: row.get(2)?,
        file_name: row.get(3)?,
        created_day: row.get(4)?,
        post_count: row.get(5)?,
        plugin_digest: row.get(6)?,
        folder: row.get(7)?,
    })
}

impl Tx<'_> {
    /// The id that the next post gets.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_post_id(&self) -> StoreResult<u64> {
        self.next_id("post", "post_id")
    }

    /// Adds a post with what is told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_post<T: Serialize>(&self, row: &PostRow, body: &T) -> StoreResult<()> {
        let sealed = self.seal_json("post", row.post_id, body)?;
        self.execute(
            "INSERT INTO post (practice_id, post_id, target, kind, remittance_id, ordinal, claim_id, version, reverses, state,
             batch_id, paid_cents, created_day, plugin_digest, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            rusqlite::params![
                self.practice_id(),
                row.post_id,
                &row.target,
                &row.kind,
                row.remittance_id,
                row.ordinal,
                row.claim.0,
                row.claim.1,
                row.reverses,
                row.state.as_str(),
                row.batch_id,
                row.paid_cents,
                row.created_day,
                &row.plugin_digest,
                sealed,
            ],
        )?;
        Ok(())
    }

    /// Moves a post: its state, its file, what answered for it, what is kept of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_post<T: Serialize>(&self, row: &PostRow, body: &T) -> StoreResult<()> {
        let sealed = self.seal_json("post", row.post_id, body)?;
        self.execute(
            "UPDATE post SET state = ?3, batch_id = ?4, plugin_digest = ?5, body = ?6
             WHERE practice_id = ?1 AND post_id = ?2",
            (self.practice_id(), row.post_id, row.state.as_str(), row.batch_id, &row.plugin_digest, sealed),
        )?;
        Ok(())
    }

    /// Moves every post of a file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_posts_of_batch(&self, batch_id: u64, state: PostState) -> StoreResult<()> {
        self.execute(
            "UPDATE post SET state = ?3 WHERE practice_id = ?1 AND batch_id = ?2",
            (self.practice_id(), batch_id, state.as_str()),
        )?;
        Ok(())
    }

    /// All posts of the practice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts(&self) -> StoreResult<Vec<PostRow>> {
        self.rows(&format!("{POST} ORDER BY post_id"), [self.practice_id()], post_row)
    }

    /// One post.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_of(&self, post_id: u64) -> StoreResult<Option<PostRow>> {
        self.row(&format!("{POST} AND post_id = ?2"), (self.practice_id(), post_id), post_row)
    }

    /// What a post tells.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_body<T: serde::de::DeserializeOwned>(&self, post_id: u64) -> StoreResult<T> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM post WHERE practice_id = ?1 AND post_id = ?2",
            (self.practice_id(), post_id),
            |row| row.get(0),
        )?;
        let sealed = sealed.ok_or(StoreError::Missing { what: "post", id: post_id })?;
        self.unseal_json("post", post_id, &sealed)
    }

    /// Posts of a lineage.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts_of_claim(&self, claim_id: u64) -> StoreResult<Vec<PostRow>> {
        self.rows(&format!("{POST} AND claim_id = ?2 ORDER BY post_id"), (self.practice_id(), claim_id), post_row)
    }

    /// Posts of a remittance.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts_of_remittance(&self, remittance_id: u64) -> StoreResult<Vec<PostRow>> {
        let sql = format!("{POST} AND remittance_id = ?2 ORDER BY post_id");
        self.rows(&sql, (self.practice_id(), remittance_id), post_row)
    }

    /// Posts that one target has of one CLP, oldest first: told, taken back, told again, ...
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts_of_clp(&self, target: &str, remittance_id: u64, ordinal: u32) -> StoreResult<Vec<PostRow>> {
        let sql = format!("{POST} AND remittance_id = ?2 AND ordinal = ?3 AND target = ?4 ORDER BY post_id");
        self.rows(&sql, (self.practice_id(), remittance_id, ordinal, target), post_row)
    }

    /// Posts of a file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts_of_batch(&self, batch_id: u64) -> StoreResult<Vec<PostRow>> {
        self.rows(&format!("{POST} AND batch_id = ?2 ORDER BY post_id"), (self.practice_id(), batch_id), post_row)
    }

    /// Posts that have not left, in a file or not, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts_waiting(&self) -> StoreResult<Vec<PostRow>> {
        self.rows(&format!("{POST} AND state = 'queued' ORDER BY post_id"), [self.practice_id()], post_row)
    }

    /// Posts of a target that are in no file yet, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn queued_posts(&self, target: &str, most: usize) -> StoreResult<Vec<PostRow>> {
        let sql = format!("{POST} AND target = ?2 AND state = 'queued' AND batch_id IS NULL ORDER BY post_id LIMIT ?3");
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.rows(&sql, (self.practice_id(), target, most), post_row)
    }

    /// Posts of a target that its poster refused, and which something else than this version would answer for now. None of them ever left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts_refused_by_others(&self, target: &str, plugin_digest: &str) -> StoreResult<Vec<PostRow>> {
        let sql = format!(
            "{POST} AND target = ?2 AND state = 'refused' AND batch_id IS NULL AND plugin_digest <> ?3 ORDER BY post_id"
        );
        self.rows(&sql, (self.practice_id(), target, plugin_digest), post_row)
    }

    /// Posts with ids in a range.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn posts_between(&self, from: u64, to: u64) -> StoreResult<Vec<(PostRow, String)>> {
        let sql = format!(
            "{} AND post_id BETWEEN ?2 AND ?3 ORDER BY post_id",
            POST.replace(" FROM post", ", state FROM post")
        );
        self.rows(&sql, (self.practice_id(), from, to), |row| Ok((post_row(row)?, row.get(13)?)))
    }

    /// The id that the next file gets.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_post_batch_id(&self) -> StoreResult<u64> {
        self.next_id("post_batch", "batch_id")
    }

    /// Adds a file with its bytes.
    ///
    /// # Errors
    /// [`StoreError`]; another one has its id.
    pub fn add_post_batch(&self, row: &PostBatchRow, bytes: &[u8]) -> StoreResult<()> {
        let sealed = self.seal("post_batch", row.batch_id, bytes);
        self.execute(
            "INSERT INTO post_batch (practice_id, batch_id, target, state, file_name, folder, created_day, post_count, plugin_digest, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                self.practice_id(),
                row.batch_id,
                &row.target,
                &row.state,
                &row.file_name,
                &row.folder,
                row.created_day,
                row.post_count,
                &row.plugin_digest,
                sealed,
            ),
        )?;
        Ok(())
    }

    /// Moves a file: its state, and the folder that it is in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_post_batch(&self, batch_id: u64, state: &str, folder: &str) -> StoreResult<()> {
        self.execute(
            "UPDATE post_batch SET state = ?3, folder = ?4 WHERE practice_id = ?1 AND batch_id = ?2",
            (self.practice_id(), batch_id, state, folder),
        )?;
        Ok(())
    }

    /// Files that are not in their folders, as far as is known, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_batches_waiting(&self) -> StoreResult<Vec<PostBatchRow>> {
        let sql = format!("{BATCH} AND state <> 'sent' AND state <> 'dropped' ORDER BY batch_id");
        self.rows(&sql, [self.practice_id()], batch_row)
    }

    /// One file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_batch(&self, batch_id: u64) -> StoreResult<Option<PostBatchRow>> {
        self.row(&format!("{BATCH} AND batch_id = ?2"), (self.practice_id(), batch_id), batch_row)
    }

    /// Files with ids in a range.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_batches_between(&self, from: u64, to: u64) -> StoreResult<Vec<PostBatchRow>> {
        let sql = format!("{BATCH} AND batch_id BETWEEN ?2 AND ?3 ORDER BY batch_id");
        self.rows(&sql, (self.practice_id(), from, to), batch_row)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn post_batch_bytes(&self, batch_id: u64) -> StoreResult<Vec<u8>> {
        let sealed: Option<Vec<u8>> = self.row(
            "SELECT body FROM post_batch WHERE practice_id = ?1 AND batch_id = ?2",
            (self.practice_id(), batch_id),
            |row| row.get(0),
        )?;
        let sealed = sealed.ok_or(StoreError::Missing { what: "post batch", id: batch_id })?;
        Ok(self.practice.keys.unseal("post_batch", batch_id, &sealed)?.to_vec())
    }
}
