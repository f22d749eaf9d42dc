//! What a payer that was asked (270) says of the patient's cover (271), or does not say. How the answer differs from the visit
//! field by field is told by `demographics.rs`, under the ids of those fields; each severity here is the practice's policy.
//!
//! As there, the words hold values of the patient: a biller has to see both.

use crate::audit::demographics::{Field, compare_with};
use crate::claim::{Claim, Severity, destination, iso};
use crate::eligibility::{InquiryState, Refusal, Unverified, follow_up, reason};
use crate::practice::Policy;
use crate::scrub::{Context, Edit, Explain, Report};

/// See [`Edit::text`].
pub const UNVERIFIED: Edit = Edit {
    id: "eligibility.unverified",
    title: "Nobody has said that the patient is covered",
    severity: Severity::Warn,
    source: "005010X279A1 270 and 271; the profile's [eligibility] unverified",
    explain: Explain {
        what: "Looks for an answer of the payer that counts for the day of service. Says whether nobody has asked, the answer is awaited, the question did not get through, or the answer says nothing.",
        why: "A patient without cover is a denial of the whole claim, and a patient who is asked weeks later for another card.",
        known_problems: "Severity by the profile's [eligibility] unverified: off, info, warn or hold. A hold ends when the answer comes, or with claim accept.",
        example: "Asked on 2026-05-20, no answer yet. Repair: wait, ask the clearinghouse, or `claimhost eligibility ask VISIT`.",
        fix: "None: only the payer knows.",
    },
    check: unverified,
};

/// See [`Edit::text`].
pub const INACTIVE: Edit = Edit {
    id: "eligibility.inactive",
    title: "The payer does not cover the patient on the day of service",
    severity: Severity::Hold,
    source: "005010X279A1 2110C/2110D EB01 6, 7, 8; DTP 291, 307, 346, 347, 356, 357; the profile's [eligibility] inactive",
    explain: Explain {
        what: "Compares the services' days with status and days of the cover in the payer's answer.",
        why: "Services without cover are denied in full; the patient may have another card.",
        known_problems: "A cover that begins again after the answer is not seen: ask again.",
        example: "Service on 2026-05-20, the payer says that the cover ended on 2026-04-30. Repair: ask the patient for the new card.",
        fix: "None: only the card or the patient knows.",
    },
    check: inactive,
};

/// See [`Edit::text`].
pub const REJECTED: Edit = Edit {
    id: "eligibility.rejected",
    title: "The payer does not find the patient as the visit has it",
    severity: Severity::Hold,
    source: "005010X279A1 2100C/2100D AAA03, AAA04; the profile's [eligibility] rejected",
    explain: Explain {
        what: "Names the field that the payer's refusal (AAA) speaks of, and what the payer says to do. Refusals that are about the practice or the payer's own system are eligibility.unverified.",
        why: "A claim is looked up as a question is: a member who is not found is a rejected claim.",
        known_problems: "Payers use one reason for several fields; compare all of them with the card.",
        example: "AAA 72, correct and ask again: the payer has no such member id. Repair: look at the card.",
        fix: "None: only the card or the patient knows.",
    },
    check: rejected,
};

/// See [`Edit::text`].
pub const OTHER_PERSON: Edit = Edit {
    id: "eligibility.other-person",
    title: "The payer's answer is about another person",
    severity: Severity::Hold,
    source: "005010X279A1 2100C/2100D NM1, DMG; the profile's [eligibility] rejected",
    explain: Explain {
        what: "Finds an answer whose name and birth date are both another person's. Nothing else of it is compared.",
        why: "The member id is somebody else's: the claim would be paid to nobody, or for the wrong patient.",
        known_problems: "None known.",
        example: "The question was about Orla Vance, the answer is about Milo Brandt. Repair: look at the card.",
        fix: "None: only the card or the patient knows.",
    },
    check: other_person,
};

/// See [`Edit::text`].
pub const OTHER_PAYER: Edit = Edit {
    id: "eligibility.other-payer",
    title: "Another payer comes first",
    severity: Severity::Warn,
    source: "005010X279A1 2110C/2110D EB01 R, 2120 NM1; the profile's [eligibility] other_payer",
    explain: Explain {
        what: "Finds a claim to a first payer whose answer names another payer as primary (PRP), or as one whose place it does not say (PR), and the visit does not have that payer.",
        why: "A payer that comes second denies until the first has decided.",
        known_problems: "Payers keep covers of years ago on file.",
        example: "The answer names FIRST HEALTH as primary. Repair: ask the patient which cover is first, and register both.",
        fix: "None: only the patient knows.",
    },
    check: other_payer,
};

/// Says it as the policy has it.
fn tell(policy: Policy, field: impl Into<String>, words: String, report: &mut Report) {
    if let Some(severity) = policy.severity() {
        report.at_as(severity, None, field, words);
    }
}

fn of_coverage(claim: &Claim, field: &str) -> String {
    format!("coverages[{}].{field}", claim.destination)
}

fn payer(claim: &Claim) -> &str {
    destination(claim).map_or("The payer", |coverage| coverage.payer.name.as_str())
}

fn unverified(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(why) = context.cover.and_then(|cover| cover.unverified()) else { return };
    let name = payer(claim);
    let words = match why {
        Unverified::NotAsked => format!(
            "Nobody has asked {name} whether it covers the patient on the day of service. Ask with `claimhost eligibility ask`, \
             or look it up and accept this."
        ),
        Unverified::NotAskable => format!(
            "{name} cannot be asked whether it covers the patient: the visit has no member id, or no name. Correct it in the \
             EHR; it is asked then."
        ),
        Unverified::Waiting(asked) => {
            let since = asked.map(|day| format!(" since {}", iso(day))).unwrap_or_default();
            format!(
                "{name} is asked{since} whether it covers the patient, and has not answered yet. Wait, or look it up and accept \
                 this."
            )
        }
        Unverified::NotSent(why) => format!(
            "The question to {name} about the patient's cover did not get through ({why}). Correct it and ask again with \
             `claimhost eligibility ask`."
        ),
        Unverified::Unclear => {
            format!(
                "{name} has answered, and does not say whether it covers the patient. Call, or look it up and accept this."
            )
        }
        Unverified::Conflict => format!(
            "{name} has given two answers about the patient's cover that differ. Ask again with `claimhost eligibility ask`."
        ),
        Unverified::Refused(refusal) => format!("{name} does not answer: {}", refused(refusal)),
    };
    tell(context.profile.eligibility.unverified, of_coverage(claim, "payer"), words, report);
}

/// `the payer cannot answer at the moment (AAA 42): ask again.`
fn refused(Refusal { reason: code, follow_up: next, .. }: &Refusal) -> String {
    format!("{} (AAA {code}): {}.", reason(code), follow_up(next))
}

fn inactive(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(cover) = context.cover else { return };
    let Some(answer) = cover.answer() else { return };
    let policy = context.profile.eligibility.inactive;
    let days = answer.known.iter().flat_map(|known| compare_with(claim, known, context.profile));
    let mut days = days.filter(|difference| difference.field == Field::CoverageDates).peekable();
    let is_inactive = cover.folded.as_ref().is_some_and(|folded| folded.state == InquiryState::Inactive);
    if days.peek().is_none() && is_inactive {
        let words = format!("{} says that the cover is not active. Ask for another card, or ask again.", payer(claim));
        tell(policy, of_coverage(claim, "payer"), words, report);
    }
    for difference in days {
        tell(policy, difference.at, difference.words, report);
    }
}

fn rejected(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(cover) = context.cover else { return };
    for (refusal, field) in cover.rejections() {
        let at = if field.starts_with("subscriber") { of_coverage(claim, field) } else { field.to_owned() };
        let words = format!("{} does not find the patient: {}", payer(claim), refused(refusal));
        tell(context.profile.eligibility.rejected, at, words, report);
    }
}

fn other_person(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(known) = context.cover.and_then(|cover| cover.of_another()).and_then(|answer| answer.known.as_ref())
    else {
        return;
    };
    let born = |date: Option<crate::claim::Date>| date.map(|day| format!(", born {}", iso(day))).unwrap_or_default();
    let full = |name: &crate::claim::PersonName| format!("\"{} {}\"", name.first.trim(), name.last.trim());
    let patient = &claim.header.patient;
    let words = format!(
        "{} was asked about {}{}, and answers about {}{}. Look at the card: the member id is another person's.",
        payer(claim),
        full(&patient.name),
        born(patient.birth_date),
        full(&known.name),
        born(known.birth_date)
    );
    tell(context.profile.eligibility.rejected, of_coverage(claim, "subscriber.member_id"), words, report);
}

fn other_payer(claim: &Claim, context: &Context, report: &mut Report) {
    let Some(answer) = context.cover.and_then(|cover| cover.answer()).filter(|answer| answer.has_other_payer) else {
        return;
    };
    let policy = context.profile.eligibility.other_payer;
    let has = |name: &str, id: &str| {
        let listed = context.profile.payer_by([id, name]).map(|payer| payer.id.as_str());
        claim.header.coverages.iter().any(|coverage| {
            let own = &coverage.payer;
            listed == Some(own.id.as_str())
                || (!id.is_empty() && own.id.eq_ignore_ascii_case(id))
                || (!name.is_empty() && own.name.trim().eq_ignore_ascii_case(name.trim()))
        })
    };
    if answer.other_payers.is_empty() && claim.header.coverages.len() < 2 {
        let words = format!(
            "{} says that another payer covers the patient too, and names none. Ask which comes first.",
            payer(claim)
        );
        tell(policy, "coverages", words, report);
    }
    // Second and third payers are no reason to wait: the first one is who is billed.
    let first = answer.other_payers.iter().filter(|other| matches!(other.entity.as_str(), "PRP" | "PR"));
    for other in first.filter(|other| !has(&other.name, &other.id)) {
        let named = if other.name.is_empty() { &other.id } else { &other.name };
        let place = if other.entity == "PRP" { "is the primary payer" } else { "covers the patient too" };
        let words = format!(
            "{} says that {named} {place}, and the visit does not have it. Ask the patient which cover comes first, and register \
             both.",
            payer(claim)
        );
        tell(policy, "coverages", words, report);
    }
}
