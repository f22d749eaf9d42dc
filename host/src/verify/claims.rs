//! Lineages: states from facts, what is billed, control numbers and look-up values, work that must be open, and the accounts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Found, figures, named};
use crate::claim::{destination, iso, service_span};
use crate::lifecycle::{
    Fact, Payment, Recounted, VersionState, alike, charged_version, control_number, is_release, recount, unsettled,
    wanted_work,
};
use crate::store::claim::{ClaimKey, ClaimRow, VersionBody, VersionKind, VersionRow};
use crate::store::clearing::Owned;
use crate::store::finding::StoredFinding;
use crate::store::remittance::PostingRow;
use crate::store::{StoreResult, Tx};
use crate::visit::ChargeKey;

/// What a visit asks of one of its lineages.
#[derive(Default)]
pub(super) struct Lineage {
    /// A version has left.
    pub(super) left: bool,
    /// Charges of the live version.
    pub(super) charges: Vec<ChargeKey>,
}

/// What a CLP said of its payment; the rest of what is kept of it is for the next payer.
#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) payer_control_number: String,
    pub(super) payment: Option<Payment>,
}

/// A lineage with what its states and accounts are made of.
pub(super) struct Loaded {
    versions: Vec<VersionRow>,
    facts: BTreeMap<u32, Vec<Fact>>,
    pub(super) recounted: Recounted,
    pub(super) postings: Vec<PostingRow>,
}

impl Loaded {
    /// The day on which the first version that nobody has answered left.
    pub(super) fn waits_since(&self) -> Option<i64> {
        let waits = |state: &VersionState| {
            matches!(state, VersionState::Submitted | VersionState::Accepted | VersionState::Reversed)
        };
        let waiting = self.versions.iter().zip(&self.recounted.states).filter(|(_, (_, state))| waits(state));
        waiting.filter_map(|(version, _)| version.submitted_day).min()
    }
}

pub(super) fn load(tx: &Tx<'_>, claim_id: u64) -> StoreResult<Loaded> {
    let versions = tx.versions(claim_id)?;
    let mut facts: BTreeMap<u32, Vec<Fact>> = BTreeMap::new();
    for version in &versions {
        let of = tx.facts(claim_id, version.version)?.into_iter().map(|(fact, ..)| fact).collect();
        facts.insert(version.version, of);
    }
    let recounted = recount(tx, &versions, |version| Ok(facts.get(&version.version).cloned().unwrap_or_default()))?;
    Ok(Loaded { versions, facts, recounted, postings: tx.postings(Some(claim_id), None)? })
}

/// Goes over one lineage.
pub(super) fn check(
    tx: &Tx<'_>,
    clearing: Option<&Tx<'_>>,
    claim: &ClaimRow,
    out: &mut Lineage,
    found: &mut Found,
) -> StoreResult<()> {
    let id = claim.claim_id;
    let loaded = load(tx, id)?;
    let Loaded { versions, facts, recounted, .. } = &loaded;
    for (version, (_, state)) in versions.iter().zip(&recounted.states) {
        if version.state != *state {
            let what =
                format!("version {} is {}, its facts say {}", version.version, version.state.as_str(), state.as_str());
            found.tell("state", "claim_version", named("claim_version", id), what);
        }
    }
    if claim.state != recounted.state.as_str() {
        let what = format!("is `{}`, its versions say {}", known_state(&claim.state), recounted.state.as_str());
        found.tell("state", "claim", id.to_string(), what);
    }
    let live = recounted.live_version.unwrap_or(claim.live_version);
    found.expect(claim.live_version == live, "state", "claim", id, "live_version is not that of its versions");
    if claim.billed_cents != recounted.billed_cents {
        let what = format!("bills {} cents, its live version says {}", claim.billed_cents, recounted.billed_cents);
        found.tell("money", "claim", id.to_string(), what);
    }
    for (at, version) in (1_u32..).zip(versions) {
        found.expect(version.version == at, "missing", "claim_version", id, "a version before it is not there");
        let body = tx.version_body(id, version.version)?;
        let of_version = facts.get(&version.version).map(Vec::as_slice).unwrap_or_default();
        one(tx, clearing, version, &body, of_version, found)?;
        let has_left = version.submitted_day.is_some() || version.state == VersionState::ViaEhr;
        out.left |= has_left;
        if version.version == claim.live_version
            && recounted.live_version.is_some()
            && version.kind != VersionKind::Void
        {
            out.charges = body.charges.into_iter().map(|(key, _)| key).collect();
            let span = service_span(&body.claim.lines).map(|span| [span.start, span.end].map(crate::claim::day_number));
            let days = [claim.service_from, claim.service_to];
            found.expect(
                span.is_none_or(|span| span == days),
                "day",
                "claim",
                id,
                "its service days are not those of its lines",
            );
            found.expect(
                claim.payer_id == version.payer_id,
                "payer",
                "claim",
                id,
                "its payer is not that of its live version",
            );
        }
    }
    found.expect(!versions.is_empty(), "missing", "claim", id, "it has no version");
    accounts(tx, claim, &loaded, found)?;
    figures::claim(tx, claim, recounted, found)?;
    work(tx, id, recounted, true, found)
}

/// The work that a lineage must have, and, where that is asked, the work that it must not have.
pub(super) fn work(tx: &Tx<'_>, id: u64, recounted: &Recounted, both: bool, found: &mut Found) -> StoreResult<()> {
    let open = tx.open_work_kinds(("claim", id))?;
    for (kind, wanted, _) in wanted_work(recounted) {
        let has = open.iter().any(|known| known == kind);
        if wanted && !has {
            found.tell("work", "claim", id.to_string(), format!("has no open work {kind}"));
        } else if both && has && !wanted {
            found.tell("work", "claim", id.to_string(), format!("has open work {kind} without a cause"));
        }
    }
    Ok(())
}

/// The state, where it is a word of ours.
fn known_state(text: &str) -> &'static str {
    crate::lifecycle::ClaimState::ALL
        .into_iter()
        .map(|state| state.as_str())
        .find(|known| *known == text)
        .unwrap_or("?")
}

/// One version: what it holds, how it is called, where it was sent.
fn one(
    tx: &Tx<'_>,
    clearing: Option<&Tx<'_>>,
    version: &VersionRow,
    body: &VersionBody,
    facts: &[Fact],
    found: &mut Found,
) -> StoreResult<()> {
    let (id, number) = (version.claim_id, version.version);
    let minted = control_number(tx, id, number) == version.control_number;
    found.expect(minted, "look-up", "claim_version", id, "its control number (CLM01) is not the one that it is given");
    if let Some(clearing) = clearing {
        let owner = clearing.owner(Owned::Claim, &version.control_number)?;
        let own = owner.as_deref() == Some(tx.practice_id());
        found.expect(
            own,
            "look-up",
            "owner",
            id,
            "nobody owns its control number (CLM01): an answer would not be known",
        );
    }
    let claim = &body.claim;
    let charge = claim.total_charge == version.charge_cents;
    found.expect(charge, "money", "claim_version", id, "charge_cents is not the total of what it holds");
    let payer = destination(claim).is_none_or(|coverage| coverage.payer.id == version.payer_id);
    found.expect(payer, "payer", "claim_version", id, "payer_id is not the payer of what it holds");
    let sent: BTreeSet<(u64, String)> =
        tx.submissions_of(id, number)?.into_iter().map(|sent| (sent.submission_id, sent.transaction_control)).collect();
    let told: BTreeSet<(u64, String)> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Submitted { submission, transaction } => Some((*submission, transaction.clone())),
            _ => None,
        })
        .collect();
    found.expect(
        sent == told,
        "answer",
        "submission_claim",
        id,
        "the 837s it was in are not those that its facts tell of",
    );
    found.expect(
        version.submitted_day.is_some() != told.is_empty(),
        "day",
        "claim_version",
        id,
        "submitted_day does not fit its facts",
    );
    names(tx, version, body, facts, found)?;
    let held = tx.findings(id, number)?.iter().any(StoredFinding::holds);
    match version.state {
        VersionState::Held => found.expect(held, "state", "claim_version", id, "is held, and no finding holds it"),
        VersionState::Superseded => {}
        _ => found.expect(!held, "state", "claim_version", id, "is not held, and a finding holds it"),
    }
    Ok(())
}

/// The other names of a version.
fn names(tx: &Tx<'_>, version: &VersionRow, body: &VersionBody, facts: &[Fact], found: &mut Found) -> StoreResult<()> {
    let mut named = |kind: ClaimKey, parts: &[&[u8]]| -> StoreResult<()> {
        let known = tx.is_named(kind, parts, version.claim_id, version.version)?;
        let what = format!("version {} is not found by {}", version.version, kind.as_str());
        found.expect(known, "look-up", "claim_key", version.claim_id, &what);
        Ok(())
    };
    let claim = &body.claim;
    if version.submitted_day.is_some()
        && let (Some(coverage), Some(span)) = (destination(claim), service_span(&claim.lines))
    {
        let (first, last, total) = (iso(span.start), iso(span.end), claim.total_charge.to_string());
        let member = coverage.subscriber.member_id.as_bytes();
        named(ClaimKey::MemberDatesCharge, &[member, first.as_bytes(), last.as_bytes(), total.as_bytes()])?;
    }
    for (kind, parts) in alike(claim).iter().filter(|_| version.kind.is_primary()) {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        named(*kind, &parts)?;
    }
    for fact in facts {
        let number = match fact {
            Fact::ClaimAck { payer_control_number, .. } => payer_control_number,
            Fact::Payment(payment) => &payment.payer_control_number,
            _ => continue,
        };
        if !number.is_empty() {
            named(ClaimKey::PayerControlNumber, &[version.payer_id.as_bytes(), number.as_bytes()])?;
        }
    }
    Ok(())
}

/// The charge that the ledger must have of a lineage: 0 after a void, and where everything was refused and nothing waits to take
/// its place.
fn charged(versions: &[VersionRow]) -> i64 {
    let waits = |version: &VersionRow| {
        version.kind.is_primary() && version.submitted_day.is_none() && version.state != VersionState::Superseded
    };
    let over = |version: &&VersionRow| version.state == VersionState::Superseded && !versions.iter().any(waits);
    let version = charged_version(versions).filter(|version| version.kind != VersionKind::Void && !over(version));
    version.map_or(0, |version| version.charge_cents)
}

/// What the entries of one decision come to, by account.
type Accounts = BTreeMap<String, i64>;

/// The accounts of a lineage against its charge and against what payers decided.
pub(super) fn accounts(tx: &Tx<'_>, claim: &ClaimRow, loaded: &Loaded, found: &mut Found) -> StoreResult<()> {
    let Loaded { versions, facts, postings, .. } = loaded;
    let (id, charged) = (claim.claim_id, charged(versions));
    let sum: i64 = postings.iter().map(|posting| posting.amount_cents).sum();
    if sum != 0 {
        found.tell(
            "money",
            "posting",
            id.to_string(),
            format!("the accounts of the claim come to {sum} cents, expected 0"),
        );
    }
    let (mut charges, mut receivable) = (0, 0);
    let mut posted: BTreeMap<(u64, u32), Accounts> = BTreeMap::new();
    for posting in postings {
        let version = posting.claim.map_or(0, |(_, version)| version);
        match posting.remittance_id {
            Some(remittance) => {
                let accounts = posted.entry((remittance, version)).or_default();
                *accounts.entry(posting.account.clone()).or_default() += posting.amount_cents;
            }
            None if is_release(posting) => {}
            None if posting.account == "charges" => charges += posting.amount_cents,
            None if posting.account == "payer-receivable" => receivable += posting.amount_cents,
            None => found.tell("money", "posting", named("posting", id), "an entry is of no known kind"),
        }
    }
    if (charges, receivable) != (-charged, charged) {
        let what =
            format!("the ledger has a charge of {} and {receivable} cents, its versions say {charged}", -charges);
        found.tell("money", "posting", named("posting", id), what);
    }
    let mut decided: BTreeMap<(u64, u32), Accounts> = BTreeMap::new();
    let mut paid: BTreeMap<u32, BTreeSet<Payment>> = BTreeMap::new();
    for row in tx.remittance_claims(None, Some(id))? {
        let said: Said = tx.remittance_claim_body(row.remittance_id, row.ordinal)?;
        let (Some((_, version)), Some(payment)) = (row.claim, said.payment) else { continue };
        if row.state == "posted" {
            let sums = decided.entry((row.remittance_id, version)).or_default();
            let parts = [
                ("cash", payment.paid),
                ("contractual", payment.contractual),
                ("patient-receivable", payment.patient),
                ("denied", payment.denied),
            ];
            for (account, cents) in parts {
                *sums.entry(account.to_owned()).or_default() += cents;
                *sums.entry("payer-receivable".to_owned()).or_default() -= cents;
            }
        }
        if matches!(row.state.as_str(), "posted" | "unapplied") {
            paid.entry(version).or_default().insert(payment);
        }
    }
    for accounts in posted.values_mut().chain(decided.values_mut()) {
        accounts.retain(|_, cents| *cents != 0);
    }
    posted.retain(|_, accounts| !accounts.is_empty());
    decided.retain(|_, accounts| !accounts.is_empty());
    for key in posted.keys().chain(decided.keys()).collect::<BTreeSet<_>>() {
        if posted.get(key) != decided.get(key) {
            let what = format!("remittance {} has posted to version {} what it did not decide", key.0, key.1);
            found.tell("money", "posting", named("posting", id), what);
        }
    }
    for (version, facts) in facts {
        let told: BTreeSet<&Payment> = facts
            .iter()
            .filter_map(|fact| if let Fact::Payment(payment) = fact { Some(payment) } else { None })
            .collect();
        let kept: BTreeSet<&Payment> = paid.get(version).into_iter().flatten().collect();
        found.expect(told == kept, "answer", "fact", id, "its payments are not those that remittances have for it");
    }
    if !unsettled(tx, id, postings)?.is_empty() {
        found.tell(
            "money",
            "posting",
            id.to_string(),
            "what a later payer took over is not taken from those before it",
        );
    }
    Ok(())
}
