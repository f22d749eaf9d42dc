//! Lines about what the EHR hands over: service types, people, transfer, FHIR, and the approval to submit.

use super::due::months_later;
use super::{Draft, Facts, Line, Status, by_due, signed, text};
use crate::audit::capture::Shown;
use crate::store::practice_record::RecordKind;
use crate::store::{StoreResult, Tx};

/// Days that service types and answers are looked back for.
pub(super) const LOOK_BACK_DAYS: i64 = 90;

/// The first of the days that are looked back on, today included.
pub(super) fn look_back(today: i64) -> i64 {
    today - (LOOK_BACK_DAYS - 1)
}
/// Days for which a payer's answer counts.
const ELIGIBILITY_DAYS: i64 = 30;
/// Months between audits of the transfer.
const TRANSFER_MONTHS: i8 = 3;
/// Days after which a question without an answer is late; one in ten may be.
const LATE_DAYS: i64 = 7;
/// Months after which it is asked again whether the EHR has FHIR.
const FHIR_MONTHS: i8 = 12;
/// Names that are told of a list.
const TOLD_MAX: usize = 10;

/// A documented path for every service type: each visit type of the schedule has charges that came by a way in which is
/// configured, or is one that nobody charges for.
pub(super) fn service_types(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Line> {
    let draft = Draft {
        id: "service-types",
        what: "a documented path for every service type",
        counts: "visit types of the last 90 days with a path",
    };
    let types = tx.service_types(look_back(facts.today), facts.today)?;
    let (mut with_path, mut paths, mut without) = (0, Vec::new(), Vec::new());
    for kind in &types {
        let shown: Option<Shown> = tx.expected_body(kind.example)?;
        let name = shown.map(|shown| shown.visit_type).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "(not said)".to_owned());
        let channel = kind.visit_id.map(|visit| tx.channel_of_visit(visit)).transpose()?.flatten();
        let way = channel.and_then(|channel| {
            let known = facts.ways.iter().find(|way| way.channel == channel)?;
            Some(format!("{channel} ({})", known.adapter))
        });
        match (way, kind.no_charge) {
            (Some(way), _) => {
                with_path += 1;
                paths.push(format!("{name}: {way}, {} charged", kind.charged));
            }
            (None, no_charge) if no_charge > 0 && kind.charged == 0 && kind.gaps == 0 => {
                with_path += 1;
                paths.push(format!("{name}: nobody charges for it"));
            }
            (None, _) => without.push(format!("{name} ({} charged, {} without charges)", kind.charged, kind.gaps)),
        }
    }
    let all = i64::try_from(types.len()).unwrap_or(i64::MAX);
    let mut found = match all {
        0 => "no schedule, SIU or ADT message tells the service types".to_owned(),
        _ => format!("{with_path} of {all} visit types have a path"),
    };
    for (words, list) in [("without: ", &without), ("", &paths)] {
        if !list.is_empty() {
            let more =
                if list.len() > TOLD_MAX { format!(" and {} more", list.len() - TOLD_MAX) } else { String::new() };
            let told: Vec<&str> = list.iter().take(TOLD_MAX).map(String::as_str).collect();
            found += &format!("; {words}{}{more}", told.join(", "));
        }
    }
    let status = if all > 0 && without.is_empty() { Status::Pass } else { Status::Fail };
    let to_do = "send the schedule; charge the visits of these types through a way in that is configured, or name the type in \
                 no_charge_visit_types";
    Ok(draft.line(status, (with_path, Some(all)), None, found, to_do))
}

/// Demographics verified against eligibility: payers have answered (271) about people of the practice, not too long ago. What their
/// answers say against the visit is in the findings; a question without an answer is work of its own.
pub(super) fn eligibility(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Line> {
    let draft = Draft {
        id: "eligibility",
        what: "demographics verified against eligibility",
        counts: "answers of payers (271) about somebody of the practice",
    };
    let (asked, waiting, late, answered) =
        tx.cover_questions_since(facts.today - ELIGIBILITY_DAYS, facts.today - LATE_DAYS)?;
    let (told, latest) = tx.known_people_of("eligibility")?;
    let (roster, _) = tx.known_people_of("roster")?;
    let latest = latest.max(answered);
    let due = latest.map(|day| day + ELIGIBILITY_DAYS);
    // Payers that answer a few of many questions verify nobody.
    let backlog = late * 10 > asked;
    let status = due.filter(|_| !backlog).map_or(Status::Fail, |due| by_due(facts.today, due));
    let since = latest.map_or("none has come".to_owned(), |day| format!("the latest of {}", text(day)));
    let answers = asked.saturating_sub(waiting) + told;
    let found = format!(
        "{} of {asked} questions of the last {ELIGIBILITY_DAYS} days answered, {late} of the others wait {LATE_DAYS} days and more, {told} people in other 271s, {since}; {roster} people in the roster",
        asked.saturating_sub(waiting)
    );
    let to_do = "ask the payers (eligibility = \"270\" at a payer in the profile), or put their 271s into the clearinghouse inbox";
    Ok(draft.line(status, (signed(answers), None), due, found, to_do))
}

/// Transfer audited quarterly.
pub(super) fn transfer(tx: &Tx<'_>, facts: &Facts<'_>) -> StoreResult<Line> {
    let draft = Draft {
        id: "transfer",
        what: "transfer audited quarterly",
        counts: "things that the last audit found unaccounted for, or broken upstream",
    };
    let Some(last) = tx.latest_record(RecordKind::Transfer)? else {
        let found = "it was never audited".to_owned();
        return Ok(draft.line(
            Status::Fail,
            (0, None),
            Some(facts.today),
            found,
            "`claimhost review transfer --by NAME`",
        ));
    };
    let due = months_later(last.day, TRANSFER_MONTHS);
    let status = if last.open_count > 0 { Status::Fail } else { by_due(facts.today, due) };
    let found = format!("audited on {}, {} things unaccounted for or broken upstream", text(last.day), last.open_count);
    let to_do = "`claimhost trace --unaccounted` lists what is in none of the ends, `claimhost onboard --against` what is broken; then `claimhost \
         review transfer --by NAME`";
    Ok(draft.line(status, (last.open_count, None), Some(due), found, to_do))
}

/// FHIR status of the EHR known: documents come as FHIR, or the profile has the EHR's own CapabilityStatement, or says since
/// when it is known that there is none.
pub(super) fn fhir(facts: &Facts<'_>) -> Line {
    let draft = Draft { id: "fhir", what: "FHIR status of the EHR known", counts: "ways in that are FHIR" };
    let ways = facts.ways.iter().filter(|way| way.adapter.starts_with("fhir")).count();
    let number = (i64::try_from(ways).unwrap_or(0), i64::try_from(facts.ways.len()).ok());
    if ways > 0 {
        return draft.line(Status::Pass, number, None, format!("{ways} ways in are FHIR"), "");
    }
    let to_do = "fetch [base]/metadata of the EHR into a file and name it in the profile ([ehr] fhir_capability), or say there \
                 since when it is known that there is none (no_fhir_as_of)";
    let Some(known) = facts.profile.ehr.as_ref().and_then(crate::practice::Ehr::known) else {
        let found = "no way in is FHIR, and the profile does not say whether the EHR has it".to_owned();
        return draft.line(Status::Fail, number, Some(facts.today), found, to_do);
    };
    let (since, words) = known;
    let due = months_later(since, FHIR_MONTHS);
    draft.line(by_due(facts.today, due), number, Some(due), format!("{words}, as of {}", text(since)), to_do)
}

/// Compatibility verified before onboarding.
pub(super) fn go_live(facts: &Facts<'_>) -> Line {
    let draft = Draft {
        id: "go-live",
        what: "compatibility verified before onboarding",
        counts: "claims that wait for the approval",
    };
    let approved = facts.approved;
    let to_do = if approved.inactive.is_empty() {
        "`claimhost go-live PRACTICE` shows coverage, dry run and crosswalk; with --approve --by NAME it is approved"
    } else {
        "`claimhost plugin list` says why a plugin is not active"
    };
    let (status, found) = match &approved.last {
        None => (Status::Fail, "it was never approved: documents are read, claims made, and none is sent".to_owned()),
        Some(day) if !approved.inactive.is_empty() => {
            let (on, inactive) = (text(*day), approved.inactive.join(", "));
            let found =
                format!("approved on {on}, and what reads its documents is not active: {inactive}: no claim is sent");
            (Status::Fail, found)
        }
        Some(day) if !approved.counts => {
            (Status::Fail, format!("approved on {}, and a mapping has changed since: no claim is sent", text(*day)))
        }
        Some(day) => (Status::Pass, format!("approved on {}, with the mappings of today", text(*day))),
    };
    let due = (status == Status::Fail).then_some(facts.today);
    draft.line(status, (approved.waiting, None), due, found, to_do)
}
