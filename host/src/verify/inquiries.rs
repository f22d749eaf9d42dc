//! Questions about cover: states from facts, trace numbers, and their places in the 270s.

use super::{Found, named};
use crate::eligibility::InquiryFact;
use crate::lifecycle::{folded, trace_number, work_kind};
use crate::practice::EligibilityPolicy;
use crate::store::clearing::Owned;
use crate::store::document::parse_ranges;
use crate::store::inquiry::InquiryRow;
use crate::store::submission::SubmissionRow;
use crate::store::{StoreResult, Tx};

/// Goes over questions with ids in a range.
pub(super) fn check(tx: &Tx<'_>, clearing: Option<&Tx<'_>>, from: u64, to: u64, found: &mut Found) -> StoreResult<()> {
    for row in tx.inquiries_between(from, to)? {
        let result = one(tx, clearing, &row, found);
        found.settle("inquiry", row.inquiry_id, result)?;
    }
    Ok(())
}

fn one(tx: &Tx<'_>, clearing: Option<&Tx<'_>>, row: &InquiryRow, found: &mut Found) -> StoreResult<()> {
    let id = row.inquiry_id;
    found.expect(folded(tx, id)?.state == row.state, "state", "inquiry", id, "its state is not what its facts come to");
    let question = tx.inquiry_question(id)?;
    let same = (crate::claim::day_number(question.day), question.payer_id.as_str());
    found.expect(same == (row.service_day, &row.payer_id), "look-up", "inquiry", id, "it is of another day or payer");
    let of_member = tx.inquiries_of_member(&question.member_mac(tx), (row.service_day, row.service_day))?;
    let is_found = of_member.iter().any(|other| other.inquiry_id == id);
    found.expect(is_found, "look-up", "inquiry", id, "its look-up value is another member's");
    found.expect(row.trace == trace_number(tx, id), "look-up", "inquiry", id, "its trace number is another one");
    if let Some(clearing) = clearing {
        let owner = clearing.owner(Owned::Inquiry, &row.trace)?;
        let own = owner.as_deref() == Some(tx.practice_id());
        found.expect(own, "look-up", "owner", id, "nobody owns its trace number (TRN02)");
    }
    let mut sent: Vec<(u64, String)> = Vec::new();
    for (fact, ..) in tx.inquiry_facts(id)? {
        if let InquiryFact::Sent { submission, transaction } = fact {
            sent.push((submission, transaction));
        }
    }
    sent.sort_unstable();
    let places = tx.submissions_of_inquiry(id)?;
    let written: Vec<(u64, String)> =
        places.into_iter().map(|place| (place.submission_id, place.transaction_control)).collect();
    found.expect(sent == written, "count", "inquiry", id, "it was sent in other 270s than are told of");
    Ok(())
}

/// The questions of one 270 against its bytes.
pub(super) fn submission(tx: &Tx<'_>, row: &SubmissionRow, bytes: &[u8], found: &mut Found) -> StoreResult<()> {
    let id = row.submission_id;
    let inquiries = tx.inquiries_in_submission(id, None)?;
    let count = u64::try_from(inquiries.len()).unwrap_or(0);
    found.expect(row.claim_count == count, "count", "submission", id, "claim_count is not the number of its questions");
    found.expect(row.charge_cents == 0, "money", "submission", id, "a 270 charges nothing");
    let mut ends = Vec::with_capacity(inquiries.len());
    for inquiry in inquiries {
        let Some(asked) = tx.inquiry(inquiry.inquiry_id)? else {
            let what = format!("inquiry {} is not there", inquiry.inquiry_id);
            found.tell("missing", "submission_inquiry", named("submission_inquiry", id), what);
            continue;
        };
        let range = parse_ranges(&inquiry.range).first().copied().unwrap_or_default();
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
        let part = bytes.get(at(range.0)..at(range.1)).unwrap_or_default();
        let trace = format!("~TRN*1*{}*", asked.trace);
        let has = part.windows(trace.len()).any(|window| window == trace.as_bytes());
        if !part.starts_with(b"HL*") || !part.ends_with(b"~EQ*30~") || !has {
            let what = format!("inquiry {} is not at its bytes", inquiry.inquiry_id);
            found.tell("range", "submission_inquiry", named("submission_inquiry", id), what);
        }
        ends.push(range);
    }
    ends.sort_unstable();
    let apart = ends.windows(2).all(|pair| matches!(pair, [first, second] if first.1 <= second.0));
    found.expect(apart, "range", "submission_inquiry", id, "two questions are at the same bytes");
    let written = bytes.windows(5).filter(|part| *part == b"~TRN*").count();
    found.expect(written == ends.len(), "count", "submission", id, "the 270 has other questions than are told of");
    Ok(())
}

/// Questions that nobody waits for and nobody has to do anything about.
pub(super) fn ends(tx: &Tx<'_>, policy: &EligibilityPolicy, today: i64, found: &mut Found) -> StoreResult<()> {
    for row in tx.inquiries()? {
        let id = row.inquiry_id;
        if row.state == crate::eligibility::InquiryState::Wanted {
            found.tell("end", "inquiry", id.to_string(), "is to be asked and was not sent");
        }
        let Some(kind) = work_kind(tx, policy, &row, today)? else { continue };
        let open = tx.open_work_kinds(("inquiry", id))?;
        let what = format!("has no open work {kind}");
        found.expect(open.iter().any(|known| known == kind), "work", "inquiry", id, &what);
    }
    Ok(())
}
