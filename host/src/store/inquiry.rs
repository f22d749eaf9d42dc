//! Questions about cover (270), the facts that answers brought, and the visits that want to know. What facts come to:
//! `crate::eligibility`.

use serde::Serialize;

use super::{SealError, StoreError, StoreResult, Tx};
use crate::eligibility::{Asked, InquiryFact, InquiryState, Question};

/// The clear columns of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InquiryRow {
    /// Id within the practice.
    pub inquiry_id: u64,
    /// Day that is asked about, as a day number.
    pub service_day: i64,
    /// 0; 1 and more: asked again.
    pub nth: u64,
    /// TRN02.
    pub trace: String,
    /// Our id of the payer.
    pub payer_id: String,
    /// `schedule`, `assembly` or `operator`.
    pub reason: String,
    /// The fold's answer.
    pub state: InquiryState,
    /// Day on which it was wanted.
    pub asked_day: i64,
}

/// A question in a 270.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubmittedInquiry {
    /// ISA13.
    pub submission_id: u64,
    /// The question.
    pub inquiry_id: u64,
    /// ST02.
    pub transaction_control: String,
    /// Byte range in the 270, `start-end`.
    pub range: String,
}

const INQUIRY: &str = "SELECT inquiry_id, service_day, nth, trace, payer_id, reason, state, asked_day FROM inquiry \
                       WHERE practice_id = ?1";

fn inquiry_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<InquiryRow> {
    let state: String = row.get(6)?;
    Ok(InquiryRow {
        inquiry_id: row.get(0)?,
        service_day: row.get(1)?,
        nth: row.get(2)?,
        trace: row.get(3)?,
        payer_id: row.get(4)?,
        reason: row.get(5)?,
        state: InquiryState::parse(&state).unwrap_or(InquiryState::Wanted),
        asked_day: row.get(7)?,
    })
}

impl Tx<'_> {
    /// Keeps a question that is to be asked, under the trace number that `trace` makes of its id. None where the same was asked
    /// for before, as often as `nth` says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn want_inquiry(
        &self,
        question: &Question,
        nth: u64,
        reason: Asked,
        day: i64,
        trace: impl FnOnce(&Self, u64) -> String,
    ) -> StoreResult<Option<InquiryRow>> {
        let (member_mac, service_day) = (question.member_mac(self), crate::claim::day_number(question.day));
        // Before an id is given: which numbers there are must not depend on what was asked for in vain.
        let sql = "SELECT 1 FROM inquiry WHERE practice_id = ?1 AND member_mac = ?2 AND service_day = ?3 AND nth = ?4";
        if self.row(sql, (self.practice_id(), member_mac, service_day, nth), |_| Ok(()))?.is_some() {
            return Ok(None);
        }
        let inquiry_id = self.next_id("inquiry", "inquiry_id")?;
        let row = InquiryRow {
            inquiry_id,
            service_day,
            nth,
            trace: trace(self, inquiry_id),
            payer_id: question.payer_id.clone(),
            reason: reason.as_str().to_owned(),
            state: InquiryState::Wanted,
            asked_day: day,
        };
        let body = self.seal_json("inquiry", inquiry_id, question)?;
        self.execute(
            "INSERT INTO inquiry (practice_id, inquiry_id, member_mac, service_day, nth, trace, payer_id, reason,
             state, asked_day, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            (
                self.practice_id(),
                inquiry_id,
                member_mac,
                service_day,
                nth,
                &row.trace,
                &row.payer_id,
                &row.reason,
                row.state.as_str(),
                day,
                body,
            ),
        )?;
        Ok(Some(row))
    }

    /// One question.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiry(&self, inquiry_id: u64) -> StoreResult<Option<InquiryRow>> {
        self.row(&format!("{INQUIRY} AND inquiry_id = ?2"), (self.practice_id(), inquiry_id), inquiry_row)
    }

    /// The question with this trace number (TRN02).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiry_traced(&self, trace: &str) -> StoreResult<Option<InquiryRow>> {
        self.row(&format!("{INQUIRY} AND trace = ?2"), (self.practice_id(), trace), inquiry_row)
    }

    /// Every question, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiries(&self) -> StoreResult<Vec<InquiryRow>> {
        self.rows(&format!("{INQUIRY} ORDER BY inquiry_id"), [self.practice_id()], inquiry_row)
    }

    /// Questions with ids in a range, both ends included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiries_between(&self, from: u64, to: u64) -> StoreResult<Vec<InquiryRow>> {
        let sql = format!("{INQUIRY} AND inquiry_id BETWEEN ?2 AND ?3 ORDER BY inquiry_id");
        self.rows(&sql, (self.practice_id(), from, to), inquiry_row)
    }

    /// Questions that wait in a state (wanted, asked), oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiries_waiting(&self, state: InquiryState, limit: usize) -> StoreResult<Vec<InquiryRow>> {
        let sql = format!("{INQUIRY} AND state = ?2 ORDER BY inquiry_id LIMIT ?3");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.rows(&sql, (self.practice_id(), state.as_str(), limit), inquiry_row)
    }

    /// Questions about a member with a day in these, both ends included: by day, then as often as asked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiries_of_member(&self, member_mac: &[u8; 32], days: (i64, i64)) -> StoreResult<Vec<InquiryRow>> {
        let sql = format!(
            "{INQUIRY} AND member_mac = ?2 AND service_day BETWEEN ?3 AND ?4 ORDER BY service_day, nth, inquiry_id"
        );
        self.rows(&sql, (self.practice_id(), member_mac, days.0, days.1), inquiry_row)
    }

    /// Questions about the members of a visit's claims, and whatever day they are about.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiries_of_visit(&self, visit_id: u64) -> StoreResult<Vec<InquiryRow>> {
        let sql = format!(
            "{INQUIRY} AND member_mac IN (SELECT member_mac FROM inquiry_visit WHERE practice_id = ?1 AND visit_id = ?2)
             ORDER BY inquiry_id"
        );
        self.rows(&sql, (self.practice_id(), visit_id), inquiry_row)
    }

    /// Who is asked about. Patient data.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiry_question(&self, inquiry_id: u64) -> StoreResult<Question> {
        let body: Option<Vec<u8>> = self.row(
            "SELECT body FROM inquiry WHERE practice_id = ?1 AND inquiry_id = ?2",
            (self.practice_id(), inquiry_id),
            |row| row.get(0),
        )?;
        let body = body.ok_or(StoreError::Missing { what: "inquiry", id: inquiry_id })?;
        self.unseal_json("inquiry", inquiry_id, &body)
    }

    /// Moves a question.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_inquiry_state(&self, inquiry_id: u64, state: InquiryState) -> StoreResult<()> {
        self.execute(
            "UPDATE inquiry SET state = ?3 WHERE practice_id = ?1 AND inquiry_id = ?2",
            (self.practice_id(), inquiry_id, state.as_str()),
        )?;
        Ok(())
    }

    /// Adds a fact of a question; false where it is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_inquiry_fact(
        &self,
        inquiry_id: u64,
        fact: &InquiryFact,
        document_id: u64,
        day: i64,
    ) -> StoreResult<bool> {
        let bytes =
            serde_json::to_vec(fact).map_err(|_| SealError::NotARecord { table: "inquiry_fact", row: inquiry_id })?;
        let mac = self.lookup("inquiry_fact", &[&bytes]);
        let body = self.seal("inquiry_fact", inquiry_id, &bytes);
        let added = self.execute(
            "INSERT OR IGNORE INTO inquiry_fact (practice_id, inquiry_id, fact_mac, kind, received_day, document_id, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (self.practice_id(), inquiry_id, mac, fact.kind(), day, document_id, body),
        )?;
        Ok(added == 1)
    }

    /// The facts of a question with the document and day each came from, in no order that matters.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiry_facts(&self, inquiry_id: u64) -> StoreResult<Vec<(InquiryFact, u64, i64)>> {
        let rows: Vec<(Vec<u8>, u64, i64)> = self.rows(
            "SELECT body, document_id, received_day FROM inquiry_fact WHERE practice_id = ?1 AND inquiry_id = ?2
             ORDER BY received_day, document_id, fact_mac",
            (self.practice_id(), inquiry_id),
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        rows.into_iter()
            .map(|(body, document, day)| Ok((self.unseal_json("inquiry_fact", inquiry_id, &body)?, document, day)))
            .collect()
    }

    /// Notes the place of a question in a 270.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_submitted_inquiry(&self, sent: &SubmittedInquiry) -> StoreResult<()> {
        self.execute(
            "INSERT INTO submission_inquiry (practice_id, submission_id, inquiry_id, transaction_control, ranges)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (self.practice_id(), sent.submission_id, sent.inquiry_id, &sent.transaction_control, &sent.range),
        )?;
        Ok(())
    }

    /// The questions in a 270; of one ST, or all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiries_in_submission(
        &self,
        submission_id: u64,
        transaction: Option<&str>,
    ) -> StoreResult<Vec<SubmittedInquiry>> {
        self.rows(
            "SELECT submission_id, inquiry_id, transaction_control, ranges FROM submission_inquiry
             WHERE practice_id = ?1 AND submission_id = ?2 AND (?3 IS NULL OR transaction_control = ?3)
             ORDER BY inquiry_id",
            (self.practice_id(), submission_id, transaction),
            submitted_row,
        )
    }

    /// The 270s a question was in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submissions_of_inquiry(&self, inquiry_id: u64) -> StoreResult<Vec<SubmittedInquiry>> {
        self.rows(
            "SELECT submission_id, inquiry_id, transaction_control, ranges FROM submission_inquiry
             WHERE practice_id = ?1 AND inquiry_id = ?2 ORDER BY submission_id",
            (self.practice_id(), inquiry_id),
            submitted_row,
        )
    }

    /// A visit's claim wants to know of a member; again is harmless.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_inquiry_visit(&self, member_mac: &[u8; 32], visit_id: u64) -> StoreResult<()> {
        self.execute(
            "INSERT OR IGNORE INTO inquiry_visit (practice_id, member_mac, visit_id) VALUES (?1, ?2, ?3)",
            (self.practice_id(), member_mac, visit_id),
        )?;
        Ok(())
    }

    /// Whether a claim that wanted to know of the member of a question, and has a service on its day, has left and waits for its payer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_of_inquiry_waits(&self, inquiry_id: u64) -> StoreResult<bool> {
        let left: Option<u64> = self.row(
            "SELECT 1 FROM inquiry i JOIN inquiry_visit v USING (practice_id, member_mac)
             JOIN claim c ON c.practice_id = i.practice_id AND c.visit_id = v.visit_id
             WHERE i.practice_id = ?1 AND i.inquiry_id = ?2 AND c.state IN ('submitted', 'accepted')
             AND i.service_day BETWEEN c.service_from AND c.service_to LIMIT 1",
            (self.practice_id(), inquiry_id),
            |row| row.get(0),
        )?;
        Ok(left.is_some())
    }

    /// The first visit whose claims want to know of the member of a question; none where it has not been assembled yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn visit_of_inquiry(&self, inquiry_id: u64) -> StoreResult<Option<u64>> {
        let found: Option<Option<u64>> = self.row(
            "SELECT MIN(v.visit_id) FROM inquiry_visit v JOIN inquiry i USING (practice_id, member_mac)
             WHERE v.practice_id = ?1 AND i.inquiry_id = ?2",
            (self.practice_id(), inquiry_id),
            |row| row.get(0),
        )?;
        Ok(found.flatten())
    }

    /// Looks again at visits with a held claim that want to know of the member of a question. Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn look_again_for_inquiry(&self, inquiry_id: u64) -> StoreResult<usize> {
        self.execute(
            "UPDATE visit SET changed = 1 WHERE practice_id = ?1 AND visit_id IN
             (SELECT v.visit_id FROM inquiry_visit v JOIN inquiry i USING (practice_id, member_mac)
              JOIN claim c ON c.practice_id = v.practice_id AND c.visit_id = v.visit_id
              WHERE v.practice_id = ?1 AND i.inquiry_id = ?2 AND c.state = 'held')",
            (self.practice_id(), inquiry_id),
        )
    }

    /// How many questions are in each state.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn inquiry_counts(&self) -> StoreResult<Vec<(String, u64)>> {
        self.counts("inquiry", "state")
    }

    /// Expected visits that lie ahead, with a start in these days, both ends included.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn expected_ahead(&self, from: i64, to: i64) -> StoreResult<Vec<u64>> {
        self.rows(
            "SELECT expected_id FROM expected_visit WHERE practice_id = ?1 AND state = 'not-yet-due'
             AND start_day BETWEEN ?2 AND ?3 ORDER BY expected_id",
            (self.practice_id(), from, to),
            |row| row.get(0),
        )
    }
}

fn submitted_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<SubmittedInquiry> {
    Ok(SubmittedInquiry {
        submission_id: row.get(0)?,
        inquiry_id: row.get(1)?,
        transaction_control: row.get(2)?,
        range: row.get(3)?,
    })
}
