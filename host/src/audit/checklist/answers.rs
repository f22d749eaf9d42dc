//! Lines about what comes back: rejections that somebody goes through, and payments that post themselves.

use super::intake::look_back;
use super::{Draft, Facts, Line, Status, by_due, signed, text};
use crate::audit::kpi::ratio;
use crate::lifecycle::ClaimState;
use crate::store::practice_record::RecordKind;
use crate::store::{StoreResult, Tx};

/// Days between reviews of rejections.
const REVIEW_DAYS: i64 = 7;
/// From so many parts per ten thousand that post themselves, posting is automated.
const AUTOMATED: i64 = 9_500;

/// Claims that clearinghouse or payer refused and that wait for somebody.
pub(super) fn rejected(tx: &Tx<'_>) -> StoreResult<i64> {
    let counts = tx.claim_counts()?;
    let own = counts.into_iter().filter(|(state, _)| state == ClaimState::Rejected.as_str());
    Ok(own.map(|(_, count)| signed(count)).sum())
}

/// Clearinghouse rejections reviewed weekly.
pub(super) fn rejections(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Line> {
    let draft = Draft {
        id: "rejections",
        what: "clearinghouse rejections reviewed weekly",
        counts: "claims refused and not sent again",
    };
    let open = rejected(tx)?;
    let last = tx.latest_record(RecordKind::Rejections)?;
    let begun = tx.first_submission_day()?;
    let to_do = "`claimhost review rejections --by NAME` shows each, and records that they were gone through";
    let (status, due, found) = match (last, begun) {
        (Some(last), _) => {
            let due = last.day + REVIEW_DAYS;
            (by_due(facts.today, due), Some(due), format!("reviewed on {}; {open} are open today", text(last.day)))
        }
        (None, None) => (Status::Pass, None, "nothing was sent yet, so nothing can be refused".to_owned()),
        (None, Some(begun)) => {
            let due = begun + REVIEW_DAYS;
            let status = if facts.today > due { Status::Fail } else { Status::Pass };
            (status, Some(due), format!("never reviewed since the first 837 of {}; {open} are open today", text(begun)))
        }
    };
    Ok(draft.line(status, (open, None), due, found, to_do))
}

/// ERA posting automated.
pub(super) fn era_posting(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Line> {
    let draft = Draft {
        id: "era-posting",
        what: "ERA posting automated",
        counts: "claim payments of the last 90 days that posted themselves",
    };
    let (failed, all) = tx.clps_not_posted(look_back(facts.today), facts.today)?;
    let (_, ever) = tx.clps_not_posted(i64::MIN, facts.today)?;
    let posted = signed(all) - signed(failed);
    let rate = ratio(posted, signed(all), 10_000);
    let status = match rate {
        Some(rate) if rate >= AUTOMATED => Status::Pass,
        Some(_) => Status::Fail,
        None if ever > 0 => Status::Overdue,
        None => Status::Fail,
    };
    let found = match rate {
        Some(rate) => {
            format!("{posted} of {all} posted by themselves: {}.{:02} %, 95 are asked for", rate / 100, rate % 100)
        }
        None if ever > 0 => "835s have come, and none in the last 90 days".to_owned(),
        None => "no 835 has come yet".to_owned(),
    };
    let to_do = "enrol for ERA at the clearinghouse; `claimhost remittance list` has what did not post, and why";
    Ok(draft.line(status, (posted, Some(signed(all))), None, found, to_do))
}
