//! What the clearinghouse says of questions about cover: TA1 and 999 of a 270, and the 271.
//!
//! A 271 is matched by the trace numbers (TRN02) that we gave; a refusal of the payer or of the practice, which carries none, by
//! BHT03. People of an answer that nobody here asked for are known to the practice whose NPI asked, as people of a roster are.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_x12::Transaction;
use claimhost_x12::eligibility::{Eligibility, Member, Trace};
use serde_json::json;

use super::answers::{Answer, interchange_number, owner_of};
use super::control::is_trace_number;
use super::host::Host;
use super::{HostError, inquire, refusal};
use crate::audit::demographics;
use crate::claim::{Date, day_number};
use crate::eligibility::{self as cover, InquiryFact};
use crate::store::clearing::Owned;
use crate::store::document::DocumentStatus;
use crate::store::{PracticeStore, StoreResult, Tx};

/// A TA1 or 999 of a 270: the fact of every question in it, of one ST or all. True where that is news.
pub(super) fn acknowledged(
    host: &Host,
    own: &Tx<'_>,
    (submission, transaction): (u64, Option<&str>),
    fact: &InquiryFact,
    document: u64,
    cause: &str,
) -> StoreResult<bool> {
    let Some(profile) = host.profile(own.practice_id()) else { return Ok(false) };
    let mut new = false;
    for sent in own.inquiries_in_submission(submission, transaction)? {
        let of = (document, host.today());
        new |= inquire::add_fact(own, &profile.eligibility, sent.inquiry_id, fact, of, cause)?;
    }
    Ok(new)
}

/// One 271.
pub(super) fn on_eligibility(
    host: &Host,
    tx: &Tx<'_>,
    document: u64,
    answer: &Eligibility,
    answer_set: &Transaction<'_>,
) -> Result<Answer, HostError> {
    if answer.members.is_empty() {
        return refused_whole(host, tx, document, answer);
    }
    let mut work = Reading { host, tx, document, answer, taken: BTreeSet::new(), new: false, of_another_practice: 0 };
    work.asked()?;
    let (mut unowned, mut untraced) = (0_u64, 0_u64);
    let mut told: BTreeMap<&str, &PracticeStore> = BTreeMap::new();
    let day = answer
        .created
        .map_or(host.today(), |date| day_number(Date { year: date.year, month: date.month, day: date.day }));
    let originators: BTreeSet<String> = host.profiles().map(cover::originator).collect();
    for (at, member) in answer.members.iter().enumerate().filter(|(at, _)| !work.taken.contains(at)) {
        // A number of the form that we give, and that we did not: of another store, or of one that was put back.
        let is_ours = |trace: &Trace| is_trace_number(&trace.number) && originators.contains(&trace.originator);
        if member.traces.iter().any(is_ours) {
            untraced += 1;
            continue;
        }
        let Some(practice) = practice_of(host, member) else {
            unowned += 1;
            continue;
        };
        let row = u64::try_from(at + 1).unwrap_or(u64::MAX);
        if let Some(known) = demographics::eligibility::known(member, row) {
            let own = tx.tenant(practice);
            if demographics::roster::put(&own, &known, day)? {
                work.new = true;
                told.insert(practice.id(), practice);
            }
        }
    }
    for practice in told.into_values() {
        tx.tenant(practice).look_again_at_held()?;
    }
    if work.of_another_practice > 0 {
        return Ok(refusal::of_another_practice(answer_set, work.of_another_practice));
    }
    if untraced > 0 {
        return Ok(refusal::untraced_people(answer_set, untraced, answer.members.len()));
    }
    if unowned > 0 {
        return Ok(refusal::unowned_people(answer_set, unowned, answer.members.len()));
    }
    Ok(Answer::news(work.new))
}

/// The practice whose NPI asked (its own, or of one provider of its roster).
fn practice_of<'h>(host: &'h Host, member: &Member) -> Option<&'h PracticeStore> {
    let npi = member.receiver.as_ref().filter(|party| party.id_qualifier == "XX").map(|party| party.id.as_str());
    npi.and_then(|npi| host.practice_of_npi(npi))
}

/// A 271 that tells of nobody: the payer refuses what BHT03 names, or it is nobody's.
fn refused_whole(host: &Host, tx: &Tx<'_>, document: u64, answer: &Eligibility) -> Result<Answer, HostError> {
    let (number, at) = answer.reference.split_once('-').unwrap_or((&answer.reference, "1"));
    let transaction = at.parse::<u32>().map(|at| format!("{at:04}")).ok();
    if !answer.rejections.is_empty()
        && let Some(transaction) = transaction
        && let number = interchange_number(number)
        && let Some(practice) = owner_of(host, tx, Owned::Interchange, &number)?
    {
        let own = tx.tenant(&practice);
        let submission = number.parse().unwrap_or(0);
        if !own.inquiries_in_submission(submission, Some(&transaction))?.is_empty() {
            let fact = InquiryFact::Answered(Box::new(cover::Answer::refused(answer)));
            let of = (submission, Some(transaction.as_str()));
            return Ok(Answer::news(acknowledged(host, &own, of, &fact, document, "271")?));
        }
    }
    let reason = "a 271 that tells of no person: the payer refused the question (AAA), or knows nobody";
    let detail = json!({ "id": "eligibility.nobody", "reason": reason });
    let (status, reason) = (DocumentStatus::Ignored, "eligibility.nobody");
    Ok(Answer { status, reason, detail, amount_cents: 0 })
}

/// A 271 while it is applied.
struct Reading<'r> {
    host: &'r Host,
    tx: &'r Tx<'r>,
    document: u64,
    answer: &'r Eligibility,
    /// People that belong to questions of ours, by position: with the subscribers above them and the dependents below.
    taken: BTreeSet<usize>,
    new: bool,
    /// Answers to a question of one practice that name another as who asked.
    of_another_practice: u64,
}

impl Reading<'_> {
    /// Applies what answers our questions.
    fn asked(&mut self) -> Result<(), HostError> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let traces = self.answer.members.iter().flat_map(|member| &member.traces);
        for number in traces.map(|trace| trace.number.as_str()).filter(|number| seen.insert(number)) {
            let Some(practice) = owner_of(self.host, self.tx, Owned::Inquiry, number)? else { continue };
            self.one(&practice, number)?;
        }
        Ok(())
    }

    fn one(&mut self, practice: &PracticeStore, number: &str) -> Result<(), HostError> {
        let own = self.tx.tenant(practice);
        let (Some(row), Some(profile)) = (own.inquiry_traced(number)?, self.host.profile(practice.id())) else {
            return Ok(());
        };
        let found = self.answer.answered(number);
        for at in &found {
            self.take(*at);
        }
        let question = own.inquiry_question(row.inquiry_id)?;
        let members = found.iter().filter_map(|at| self.answer.members.get(*at));
        let of = |npi: &str| profile.npi == npi || profile.provider.iter().any(|provider| provider.npi == npi);
        let is_own = |member: &Member| member.receiver.as_ref().is_some_and(|party| of(&party.id));
        // Practices may share an NPI: whose number it is comes first.
        let another = |member: &Member| {
            !is_own(member) && practice_of(self.host, member).is_some_and(|asked| asked.id() != practice.id())
        };
        let (foreign, members): (Vec<&Member>, Vec<&Member>) = members.partition(|member| another(member));
        if !foreign.is_empty() {
            self.of_another_practice += 1;
        }
        // Of several people under one trace the one who was asked about; the first of those who are as close.
        let answers = members.into_iter().map(|member| cover::Answer::of(&question, member)).rev();
        if let Some(answer) = answers.max_by_key(|answer| answer.closeness(&question)) {
            let fact = InquiryFact::Answered(Box::new(answer));
            let of = (self.document, self.host.today());
            self.new |= inquire::add_fact(&own, &profile.eligibility, row.inquiry_id, &fact, of, "271")?;
        }
        Ok(())
    }

    /// The person at a position, the subscriber above, and the subscribers' dependents that no other trace names.
    fn take(&mut self, at: usize) {
        let members = &self.answer.members;
        let dependent = |at: usize| members.get(at).is_some_and(|member| member.is_dependent);
        let mut above = at;
        while dependent(above) && above > 0 {
            above -= 1;
        }
        self.taken.insert(at);
        self.taken.insert(above);
        if above == at {
            let below = members.iter().enumerate().skip(at + 1).take_while(|(_, member)| member.is_dependent);
            self.taken.extend(below.filter(|(_, member)| member.traces.is_empty()).map(|(at, _)| at));
        }
    }
}
