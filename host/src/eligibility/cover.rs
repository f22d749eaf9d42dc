//! What is known of the cover of one claim's patient: what the scrub looks at.

use super::{Answer, Concern, Folded, InquiryState, Refusal, concern};
use crate::claim::{Date, day_number, from_day_number};
use crate::practice::Validity;

/// What a payer that is asked has said of a claim's patient, or has not.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cover {
    /// The day on which the question that counts was asked; none: no question counts.
    pub asked: Option<Date>,
    /// What its facts come to.
    pub folded: Option<Folded>,
    /// The visit lacks what a question needs.
    pub is_unaskable: bool,
}

/// Why nothing is verified.
#[derive(Debug, Clone, PartialEq)]
pub enum Unverified<'a> {
    /// Nobody has asked.
    NotAsked,
    /// Nobody can ask: the visit has no member id, or no name of the subscriber or the patient.
    NotAskable,
    /// The question waits for its answer since that day.
    Waiting(Option<Date>),
    /// It did not get through: TA105, IK501 or the element.
    NotSent(&'a str),
    /// The answer says nothing of the cover as a whole.
    Unclear,
    /// Two answers differ.
    Conflict,
    /// The payer cannot answer, or not to this practice.
    Refused(&'a Refusal),
}

impl Cover {
    /// A question that is wanted on this day, and not written yet.
    pub fn wanted(day: Date) -> Self {
        Self { asked: Some(day), folded: Some(super::fold(&[])), is_unaskable: false }
    }

    /// Why nothing is verified; none where the payer has said something of the patient.
    pub fn unverified(&self) -> Option<Unverified<'_>> {
        let Some(folded) = &self.folded else {
            return Some(if self.is_unaskable { Unverified::NotAskable } else { Unverified::NotAsked });
        };
        match folded.state {
            InquiryState::Wanted | InquiryState::Asked => Some(Unverified::Waiting(self.asked)),
            InquiryState::NotSent => Some(Unverified::NotSent(&folded.why)),
            InquiryState::Unclear => Some(Unverified::Unclear),
            InquiryState::Conflict => Some(Unverified::Conflict),
            // Where one refusal is about the patient, the patient is what is to be mended.
            InquiryState::Rejected if self.rejections().is_empty() => {
                folded.answer.as_ref().and_then(|answer| answer.refusals.first()).map(Unverified::Refused)
            }
            InquiryState::Rejected | InquiryState::Active | InquiryState::Inactive | InquiryState::OtherPerson => None,
        }
    }

    /// Refusals that say that the patient or the member id is not as the payer has it, each with the field.
    pub fn rejections(&self) -> Vec<(&Refusal, &'static str)> {
        let Some(Folded { state: InquiryState::Rejected, answer: Some(answer), .. }) = &self.folded else {
            return Vec::new();
        };
        let of_patient = |refusal: &'_ Refusal| match concern(&refusal.reason) {
            Concern::Field(field) => Some(field),
            Concern::Asking | Concern::Payer => None,
        };
        answer.refusals.iter().filter_map(|refusal| Some((refusal, of_patient(refusal)?))).collect()
    }

    /// The payer's word on a cover, active or not.
    pub fn answer(&self) -> Option<&Answer> {
        let folded = self.folded.as_ref()?;
        let says = matches!(folded.state, InquiryState::Active | InquiryState::Inactive | InquiryState::Unclear);
        folded.answer.as_ref().filter(|_| says)
    }

    /// An answer about somebody else.
    pub fn of_another(&self) -> Option<&Answer> {
        let folded = self.folded.as_ref()?;
        folded.answer.as_ref().filter(|_| folded.state == InquiryState::OtherPerson)
    }
}

/// First and last day that an answer may be about to count for a day of service.
pub(crate) fn days_that_count(validity: Validity, service: Date) -> (i64, i64) {
    let day = day_number(service);
    match validity {
        Validity::Day => (day, day),
        Validity::Month => {
            let first = day_number(Date { day: 1, ..service });
            // No month has more than 31 days; the next one begins after at most that many.
            let last = (first..first + 31).take_while(|day| month(*day) == month(first)).last();
            (first, last.unwrap_or(day))
        }
    }
}

fn month(day: i64) -> (u16, u8) {
    let date = from_day_number(day);
    (date.year, date.month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_its_day_or_its_month() {
        let day = |month, day| day_number(Date { year: 2024, month, day });
        let span = days_that_count(Validity::Day, Date { year: 2024, month: 2, day: 29 });
        assert_eq!(span, (day(2, 29), day(2, 29)));
        let span = days_that_count(Validity::Month, Date { year: 2024, month: 2, day: 15 });
        assert_eq!(span, (day(2, 1), day(2, 29)));
        let span = days_that_count(Validity::Month, Date { year: 2024, month: 12, day: 31 });
        assert_eq!(span, (day(12, 1), day(12, 31)));
    }
}
