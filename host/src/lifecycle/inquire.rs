//! Questions about cover: which are wanted, their 270s, and what their facts come to.
//!
//! A question is kept as wanted with what made it (the schedule, an assembly, an operator); it is written, numbered and moved in
//! one transaction, and sent as an 837 is. Nothing is asked twice about one member and day: the key is unique.

use claimhost_x12::eligibility::{Inquiry, write};
use claimhost_x12::{GsFields, IsaFields};

use super::control::trace_number;
use super::host::{Host, Practice};
use super::submit::transmit;
use super::{HostError, upcoming};
use crate::claim::{Date, iso};
use crate::eligibility::{
    Asked, Concern, Cover, Folded, InquiryFact, InquiryState, Question, WORK, concern, days_that_count, fold,
    follow_up, reason,
};
use crate::practice::{EligibilityPolicy, Profile, Usage};
use crate::store::clearing::Owned;
use crate::store::inquiry::{InquiryRow, SubmittedInquiry};
use crate::store::submission::{SubmissionKind, SubmissionRow};
use crate::store::{StoreResult, Tx};

/// What a question is to history and work.
pub(super) const SUBJECT: &str = "inquiry";

/// Questions in one 270, and scheduled visits in one transaction.
const BATCH: usize = 500;

/// Asks what is wanted. `scheduled`: looks at the visits ahead first. Returns how many questions were wanted or written.
pub(super) fn ask(host: &Host, practice: &Practice, scheduled: bool) -> Result<u64, HostError> {
    let mut moved = if scheduled { want_scheduled(host, practice)? } else { 0 };
    loop {
        host.check_stop()?;
        let wanted = practice.store.read(|tx| tx.inquiries_waiting(InquiryState::Wanted, BATCH))?;
        if wanted.is_empty() {
            break;
        }
        moved += u64::try_from(wanted.len()).unwrap_or(0);
        practice.store.write(|tx| submit(host, practice, tx, &wanted))?;
    }
    if moved > 0 {
        transmit(host, &practice.store)?;
    }
    Ok(moved)
}

/// Wants to know of scheduled visits that are near.
fn want_scheduled(host: &Host, practice: &Practice) -> Result<u64, HostError> {
    let policy = &practice.profile.eligibility;
    if policy.days_before == 0 || !practice.profile.payer.iter().any(crate::practice::Payer::is_asked) {
        return Ok(0);
    }
    let (today, last) = (host.today(), host.today() + i64::from(policy.days_before));
    let ahead = practice.store.read(|tx| tx.expected_ahead(today, last))?;
    let mut wanted = 0;
    for part in ahead.chunks(BATCH) {
        host.check_stop()?;
        // Looked up beside what is written; the key of a question keeps it from being asked twice.
        let questions = practice.store.read(|tx| -> StoreResult<Vec<Question>> {
            let mut questions = Vec::new();
            for id in part {
                if let upcoming::Upcoming::Ask(question) = upcoming::of(tx, &practice.profile, *id, today)?
                    && cover(tx, policy, &question)?.folded.is_none()
                {
                    questions.push(*question);
                }
            }
            Ok(questions)
        })?;
        if questions.is_empty() {
            continue;
        }
        wanted += practice.store.write(|tx| -> Result<u64, HostError> {
            let mut wanted = 0;
            for question in &questions {
                wanted += u64::from(want(host, tx, question, 0, Asked::Schedule)?.is_some());
            }
            Ok(wanted)
        })?;
    }
    Ok(wanted)
}

/// Keeps a question that is to be asked. None where it was asked before.
pub(super) fn want(
    host: &Host,
    tx: &Tx<'_>,
    question: &Question,
    nth: u64,
    why: Asked,
) -> StoreResult<Option<InquiryRow>> {
    let wanted = tx.want_inquiry(question, nth, why, host.today(), trace_number)?;
    if let Some(row) = &wanted {
        tx.tenant(&host.clearing).own(Owned::Inquiry, &row.trace, tx.practice_id())?;
        let actor = if why == Asked::Operator { "operator" } else { "host" };
        let event = format!("wanted ({})", why.as_str());
        tx.record(SUBJECT, row.inquiry_id, host.today(), actor, &event, "")?;
    }
    Ok(wanted)
}

/// Writes one 270, with the facts and states that it moves.
fn submit(host: &Host, practice: &Practice, tx: &Tx<'_>, wanted: &[InquiryRow]) -> Result<(), HostError> {
    let (profile, today) = (&practice.profile, host.today());
    let mut questions: Vec<(Inquiry, u64, bool)> = Vec::with_capacity(wanted.len());
    for row in wanted {
        let question = tx.inquiry_question(row.inquiry_id)?;
        match question.unwritable(profile) {
            Some(at) => {
                let fact = InquiryFact::Unwritable { at: at.to_owned() };
                add_fact(tx, &profile.eligibility, row.inquiry_id, &fact, (0, today), "270")?;
            }
            None => {
                let was_sent = !tx.submissions_of_inquiry(row.inquiry_id)?.is_empty();
                questions.push((question.inquiry(profile, &row.trace), row.inquiry_id, was_sent));
            }
        }
    }
    if questions.is_empty() {
        return Ok(());
    }
    // A transaction a payer, so that a payer that refuses one as a whole refuses its own only; and one of its own for a question that
    // was sent back, perhaps for one of its neighbours.
    questions.sort_by(|(a, first, a_again), (b, second, b_again)| {
        (a_again, &a.payer_id, first).cmp(&(b_again, &b.payer_id, second))
    });
    let again: Vec<bool> = questions.iter().map(|(.., again)| *again).collect();
    let (inquiries, ids): (Vec<Inquiry>, Vec<u64>) = questions.into_iter().map(|(asked, id, _)| (asked, id)).unzip();
    let first_again = again.iter().position(|again| *again).unwrap_or(inquiries.len());
    let (new, sent_back) = inquiries.split_at_checked(first_again).unwrap_or((&inquiries, &[]));
    let groups: Vec<&[Inquiry]> = new.chunk_by(|a, b| a.payer_id == b.payer_id).chain(sent_back.chunks(1)).collect();
    let clearing = tx.tenant(&host.clearing);
    let submission_id = clearing.next_interchange()?;
    let number = format!("{submission_id:09}");
    clearing.own(Owned::Interchange, &number, tx.practice_id())?;
    let (isa, gs) = envelope(profile, host, u32::try_from(submission_id).unwrap_or(u32::MAX));
    let written = write(&isa, &gs, &number, &groups)
        .map_err(|error| HostError::Unwritable { practice: tx.practice_id().to_owned(), what: error.to_string() })?;
    let row = SubmissionRow {
        submission_id,
        kind: SubmissionKind::Inquiries,
        state: "pending".to_owned(),
        file_name: format!("{}-{number}.270", tx.practice_id()),
        created_day: today,
        claim_count: u64::try_from(ids.len()).unwrap_or(0),
        charge_cents: 0,
    };
    tx.add_submission(&row, &written.bytes, &[])?;
    for (inquiry_id, place) in ids.into_iter().zip(written.places) {
        tx.add_submitted_inquiry(&SubmittedInquiry {
            submission_id,
            inquiry_id,
            transaction_control: place.transaction.clone(),
            range: format!("{}-{}", place.bytes.start, place.bytes.end),
        })?;
        let fact = InquiryFact::Sent { submission: submission_id, transaction: place.transaction };
        add_fact(tx, &profile.eligibility, inquiry_id, &fact, (0, today), &format!("270 {number}"))?;
    }
    Ok(())
}

fn envelope(profile: &Profile, host: &Host, control: u32) -> (IsaFields, GsFields) {
    let Date { year, month, day } = host.as_of();
    let date = format!("{year:04}{month:02}{day:02}");
    let nothing = || ("00".to_owned(), String::new());
    let partner = |id: &str| ("ZZ".to_owned(), id.to_owned());
    // The hour is fixed, as in an 837: a replay writes the same bytes.
    let time = "1200".to_owned();
    let isa = IsaFields {
        authorization: nothing(),
        security: nothing(),
        sender: partner(&profile.submitter.id),
        receiver: partner(&profile.receiver.id),
        date: date.get(2..).unwrap_or_default().to_owned(),
        time: time.clone(),
        control_number: control,
        acknowledgement_requested: true,
        test: profile.usage == Usage::T,
    };
    let gs = GsFields {
        functional_id: String::new(),
        sender: profile.submitter.id.clone(),
        receiver: profile.receiver.id.clone(),
        date,
        time,
        control_number: control,
        version: String::new(),
    };
    (isa, gs)
}

/// Adds a fact to a question and moves what it moves; false where it is known. `of`: its document and its day.
pub(super) fn add_fact(
    tx: &Tx<'_>,
    policy: &EligibilityPolicy,
    inquiry_id: u64,
    fact: &InquiryFact,
    of: (u64, i64),
    cause: &str,
) -> StoreResult<bool> {
    let (document, today) = of;
    if !tx.add_inquiry_fact(inquiry_id, fact, document, today)? {
        return Ok(false);
    }
    let Some(mut row) = tx.inquiry(inquiry_id)? else { return Ok(true) };
    let folded = folded(tx, inquiry_id)?;
    if folded.state != row.state {
        row.state = folded.state;
        tx.set_inquiry_state(inquiry_id, folded.state)?;
        let event = format!("{} ({cause})", folded.state.as_str());
        tx.record(SUBJECT, inquiry_id, today, "host", &event, "")?;
    }
    settle_work(tx, policy, &row, &folded, today, true)?;
    if !matches!(fact, InquiryFact::Sent { .. }) {
        tx.look_again_for_inquiry(inquiry_id)?;
    }
    Ok(true)
}

/// What the facts of a question come to.
pub(crate) fn folded(tx: &Tx<'_>, inquiry_id: u64) -> StoreResult<Folded> {
    let facts: Vec<InquiryFact> = tx.inquiry_facts(inquiry_id)?.into_iter().map(|(fact, ..)| fact).collect();
    Ok(fold(&facts))
}

/// What is known of the cover that a question is about. An answer about its own day comes first, the newest of several,
/// though it was asked again since; one about another day that counts for it does so where it says yes: what was refused on the
/// 3rd may be in order on the 20th.
pub(super) fn cover(tx: &Tx<'_>, policy: &EligibilityPolicy, question: &Question) -> StoreResult<Cover> {
    let own_day = crate::claim::day_number(question.day);
    let days = days_that_count(policy.valid, question.day);
    let rows = tx.inquiries_of_member(&question.member_mac(tx), days)?;
    let rank = |row: &InquiryRow| match (row.service_day == own_day, row.state) {
        (true, InquiryState::NotSent) => Some(0),
        (true, state) if state.is_waiting() => Some(1),
        (true, _) => Some(3),
        (false, InquiryState::Active) => Some(2),
        (false, _) => None,
    };
    let best =
        rows.iter().filter_map(|row| Some((rank(row)?, row.inquiry_id, row))).max_by_key(|(rank, id, _)| (*rank, *id));
    let Some((_, _, row)) = best else { return Ok(Cover::default()) };
    let asked = Some(crate::claim::from_day_number(row.asked_day));
    Ok(Cover { asked, folded: Some(folded(tx, row.inquiry_id)?), is_unaskable: false })
}

/// Once a day: what waits too long becomes work, and work that was for before a visit ends with its day.
pub(super) fn daily(tx: &Tx<'_>, policy: &EligibilityPolicy, today: i64) -> StoreResult<()> {
    let mut ids: Vec<u64> =
        tx.inquiries_waiting(InquiryState::Asked, usize::MAX)?.into_iter().map(|row| row.inquiry_id).collect();
    let open = tx.open_work_items()?;
    ids.extend(open.into_iter().filter(|item| item.subject_kind == SUBJECT).map(|item| item.subject_id));
    ids.sort_unstable();
    ids.dedup();
    for inquiry_id in ids {
        if let Some(row) = tx.inquiry(inquiry_id)? {
            settle_work(tx, policy, &row, &folded(tx, inquiry_id)?, today, false)?;
        }
    }
    Ok(())
}

/// Opens the work that a question comes to, and closes any other of it. `is_new`: something has just been heard of it.
pub(super) fn settle_work(
    tx: &Tx<'_>,
    policy: &EligibilityPolicy,
    row: &InquiryRow,
    folded: &Folded,
    today: i64,
    is_new: bool,
) -> StoreResult<()> {
    let subject = (SUBJECT, row.inquiry_id);
    let open = tx.open_work_kinds(subject)?;
    let mut wanted = work_kind(tx, policy, row, today)?;
    if wanted.is_none() {
        // A claim that left before the answer cannot tell of it: the answer is work until the payer has answered the claim.
        let late = bad_news(row.state).filter(|kind| is_new || open.iter().any(|open| open == kind));
        wanted = late.filter(|_| row.service_day <= today && !is_not_of_patient(folded));
        if wanted.is_some() && !tx.claim_of_inquiry_waits(row.inquiry_id)? {
            wanted = None;
        }
    }
    for kind in open.iter().filter(|kind| Some(kind.as_str()) != wanted) {
        tx.close_work(Some(kind), subject, today)?;
    }
    if let Some(kind) = wanted.filter(|kind| !open.iter().any(|open| open == kind)) {
        let question = tx.inquiry_question(row.inquiry_id)?;
        tx.open_work(kind, subject, today, 0, &work_words(kind, &question, folded))?;
    }
    Ok(())
}

/// The kind of work that a question comes to on a day; none where nobody has to do anything, or it was asked again.
pub(crate) fn work_kind(
    tx: &Tx<'_>,
    policy: &EligibilityPolicy,
    row: &InquiryRow,
    today: i64,
) -> StoreResult<Option<&'static str>> {
    let [unanswered, not_sent, _, rejected, conflict] = WORK;
    // The claim of a visit that took place says it itself.
    let is_ahead = row.reason != Asked::Assembly.as_str() && row.service_day >= today;
    let kind = match row.state {
        InquiryState::Asked if row.asked_day + i64::from(policy.wait_days) <= today => unanswered,
        InquiryState::NotSent => not_sent,
        InquiryState::Conflict => conflict,
        state => match bad_news(state).filter(|_| is_ahead) {
            // An outage, or a practice that is not enrolled, says nothing of the patient.
            Some(kind) if kind == rejected && is_not_of_patient(&self::folded(tx, row.inquiry_id)?) => unanswered,
            Some(kind) => kind,
            None => return Ok(None),
        },
    };
    let member = tx.inquiry_question(row.inquiry_id)?.member_mac(tx);
    let same = tx.inquiries_of_member(&member, (row.service_day, row.service_day))?;
    Ok((!same.iter().any(|other| other.nth > row.nth)).then_some(kind))
}

/// The kind of work of an answer by which the claim would be denied.
fn bad_news(state: InquiryState) -> Option<&'static str> {
    let [_, _, inactive, rejected, _] = WORK;
    match state {
        InquiryState::Inactive => Some(inactive),
        InquiryState::Rejected | InquiryState::OtherPerson => Some(rejected),
        _ => None,
    }
}

/// A refusal that is about the payer's system or about who asks.
fn is_not_of_patient(folded: &Folded) -> bool {
    let refusals = folded.answer.iter().flat_map(|answer| &answer.refusals);
    folded.state == InquiryState::Rejected
        && !refusals.into_iter().any(|refusal| matches!(concern(&refusal.reason), Concern::Field(_)))
}

/// What is to be done, for whoever registers patients.
fn work_words(kind: &str, question: &Question, folded: &Folded) -> String {
    let Question { payer_name, day, .. } = question;
    let name = &question.person().name;
    let who = format!("{} {}", name.first.trim(), name.last.trim());
    let about = format!("{} on {}", who.trim(), iso(*day));
    let refusals = folded.answer.iter().flat_map(|answer| &answer.refusals);
    let refused: Vec<String> = refusals
        .map(|one| format!("{} (AAA {}): {}", reason(&one.reason), one.reason, follow_up(&one.follow_up)))
        .collect();
    let [unanswered, not_sent, inactive, _, conflict] = WORK;
    match kind {
        _ if kind == unanswered && refused.is_empty() => {
            format!("{payer_name} has not answered whether it covers {about}.")
        }
        _ if kind == not_sent => {
            format!("The question to {payer_name} about {about} did not get through: {}.", folded.why)
        }
        _ if kind == inactive => {
            format!("{payer_name} does not cover {about}. Ask the patient for another card.")
        }
        _ if kind == conflict => format!("{payer_name} has given two answers about {about} that differ."),
        _ if refused.is_empty() => {
            format!("What {payer_name} answers about {about} is about another person. Look at the card.")
        }
        _ => format!("{payer_name} refuses to answer about {about}: {}.", refused.join("; ")),
    }
}
