//! An operator wants to know: a question about a visit, or one that was asked before.

use super::host::{Host, Practice};
use super::{HostError, inquire, upcoming};
use crate::audit::capture;
use crate::claim::{Date, day_number};
use crate::eligibility::{Asked, InquiryState, Question};
use crate::store::inquiry::InquiryRow;
use crate::store::{StoreResult, Tx};
use crate::visit;

/// What came of a wish to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedFor {
    /// It is asked with the next turn.
    Wanted(InquiryRow),
    /// It is asked already, and the answer is awaited.
    Waiting(InquiryRow),
    /// The profile does not ask this payer.
    NotAsked(String),
    /// Nobody knows payer, member id or name of the patient.
    Unknown,
}

impl Host {
    /// Asks about the first cover of a visit, on its day of service, its booked day, or today. None where there is no such visit.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn ask_about_visit(&self, practice: &str, visit_id: u64) -> Result<Option<AskedFor>, HostError> {
        let Some(practice) = self.practice_named(practice) else { return Ok(None) };
        practice.store.write(|tx| {
            if tx.visit(visit_id)?.is_none() {
                return Ok(None);
            }
            let profile = &practice.profile;
            let Some((patient, coverage)) = upcoming::of_visit(tx, profile, visit_id)? else {
                return Ok(Some(AskedFor::Unknown));
            };
            let Some(payer) = upcoming::asked_payer(profile, &coverage) else {
                let unknown = coverage.payer.id.is_empty();
                let not_asked = AskedFor::NotAsked(coverage.payer.id);
                return Ok(Some(if unknown { AskedFor::Unknown } else { not_asked }));
            };
            let day = day_of(tx, visit_id)?.unwrap_or(self.as_of());
            let Some(question) = Question::of(&patient, &coverage, payer, day) else {
                return Ok(Some(AskedFor::Unknown));
            };
            tx.note_inquiry_visit(&question.member_mac(tx), visit_id)?;
            Ok(Some(self.ask_again(practice, tx, &question)?))
        })
    }

    /// Asks a question again. None where there is none with this id.
    ///
    /// # Errors
    /// [`HostError`].
    pub fn ask_inquiry_again(&self, practice: &str, inquiry_id: u64) -> Result<Option<AskedFor>, HostError> {
        let Some(practice) = self.practice_named(practice) else { return Ok(None) };
        practice.store.write(|tx| {
            if tx.inquiry(inquiry_id)?.is_none() {
                return Ok(None);
            }
            let question = tx.inquiry_question(inquiry_id)?;
            if !practice.profile.payer.iter().any(|payer| payer.id == question.payer_id && payer.is_asked()) {
                return Ok(Some(AskedFor::NotAsked(question.payer_id)));
            }
            Ok(Some(self.ask_again(practice, tx, &question)?))
        })
    }

    fn ask_again(&self, practice: &Practice, tx: &Tx<'_>, question: &Question) -> StoreResult<AskedFor> {
        let day = day_number(question.day);
        let before = tx.inquiries_of_member(&question.member_mac(tx), (day, day))?;
        let policy = &practice.profile.eligibility;
        if let Some(last) = before.last() {
            // One that waits too long for its answer may be asked again; one that has not left yet leaves with the next turn.
            let is_late = last.asked_day + i64::from(policy.wait_days) <= self.today();
            if last.state == InquiryState::Wanted || last.state.is_waiting() && !is_late {
                return Ok(AskedFor::Waiting(last.clone()));
            }
        }
        let nth = before.last().map_or(0, |last| last.nth + 1);
        let wanted = inquire::want(self, tx, question, nth, Asked::Operator)?;
        for row in &before {
            inquire::settle_work(tx, policy, row, &inquire::folded(tx, row.inquiry_id)?, self.today(), false)?;
        }
        if let Some(row) = &wanted {
            tx.look_again_for_inquiry(row.inquiry_id)?;
        }
        Ok(match (wanted, before.last()) {
            (Some(row), _) => AskedFor::Wanted(row),
            (None, Some(row)) => AskedFor::Waiting(row.clone()),
            (None, None) => AskedFor::Unknown,
        })
    }
}

/// The first day of service of a visit, else the day that it is booked for.
fn day_of(tx: &Tx<'_>, visit_id: u64) -> StoreResult<Option<Date>> {
    let stored = tx.events(visit_id)?;
    let named = stored.first().map(|event| (event.update.source_system.clone(), event.update.visit_number.clone()));
    let events: Vec<visit::Event> = stored.into_iter().map(visit::Event::from).collect();
    let folded = visit::fold(&events);
    let days = folded.charges.iter().map(|charge| charge.line.service_dates.start);
    if let Some(first) = days.min_by_key(|day| day_number(*day)) {
        return Ok(Some(first));
    }
    let Some((source_system, number)) = named else { return Ok(None) };
    capture::booked_day(tx, &source_system, &number)
}
