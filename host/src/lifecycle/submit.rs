//! Ready versions into 837s: bytes, control numbers, facts and state in one transaction, then the transport.

use std::collections::{BTreeMap, HashSet};

use crate::claim::{Claim, LineReferenceKind, Phi, destination, iso, service_span};
use crate::clearinghouse::outbox::deliver;
use crate::clearinghouse::professional::{
    self, Created, Envelope, Partner, Purpose, Receiver, Rendered, Submitter, WriteError,
};
use crate::practice::{Profile, Usage};
use crate::store::claim::{ClaimKey, ClaimRow, VersionKind, VersionRow};
use crate::store::clearing::Owned;
use crate::store::remittance::PostingRow;
use crate::store::submission::{SubmissionKind, SubmissionRow, SubmittedClaim};
use crate::store::{PracticeStore, StoreError, StoreResult, Tx};

use super::crash::crash_point;
use super::go_live;
use super::host::{Host, Practice};
use super::refold::{Cause, charged_version, facts_of, fold_version, refold, refold_known};
use super::review::hold;
use super::{Fact, HostError, VersionState};

/// Writes and sends what is ready, where the practice may submit. Returns how many claims.
pub(super) fn send(host: &Host, practice: &Practice) -> Result<u64, HostError> {
    resend_refused(&practice.store, host.today())?;
    if !go_live::may_send(host, practice)? {
        transmit(host, &practice.store)?;
        return Ok(0);
    }
    let mut sent = 0;
    loop {
        host.check_stop()?;
        let seat = host.seats.take();
        let batch = practice.store.read(|tx| ready(host, tx))?;
        drop(seat);
        let was_last = batch.is_empty();
        sent += submit(host, practice, &batch)?;
        transmit(host, &practice.store)?;
        if was_last {
            return Ok(sent);
        }
    }
}

/// Sends every 837 and 270 that is committed and not yet with the transport: after a crash the same bytes, under the same name.
pub(super) fn transmit(host: &Host, practice: &PracticeStore) -> Result<(), HostError> {
    for submission in practice.read(|tx| tx.submissions("pending"))? {
        let bytes = practice.read(|tx| tx.submission_bytes(submission.submission_id))?;
        let outbox = &host.config.clearinghouse.outbox;
        crash_point("before-rename");
        deliver(outbox, &submission.file_name, &bytes).map_err(HostError::io(outbox))?;
        crash_point("after-rename");
        practice.write(|tx| tx.submission_sent(submission.submission_id))?;
    }
    Ok(())
}

/// A version that may leave.
struct Ready {
    version: VersionRow,
    /// What names it as one that is billed twice ([`ClaimKey::MemberDatesCharge`]).
    name: Option<Phi<[String; 4]>>,
    lineage: Rows,
}

/// What sending a version moves: read before the transaction, for while one practice writes the others wait.
struct Rows {
    claim: ClaimRow,
    versions: Vec<VersionRow>,
    /// Of the version that is sent, and of those that have left.
    facts: BTreeMap<u32, Vec<Fact>>,
}

impl Rows {
    fn of(tx: &Tx<'_>, version: &VersionRow) -> StoreResult<Self> {
        let claim = tx.claim(version.claim_id)?;
        let claim = claim.ok_or(StoreError::Missing { what: "claim", id: version.claim_id })?;
        let versions = tx.versions(version.claim_id)?;
        let mut facts = BTreeMap::new();
        for known in &versions {
            if known.submitted_day.is_some() || known.version == version.version {
                facts.insert(known.version, facts_of(tx, known)?);
            }
        }
        Ok(Self { claim, versions, facts })
    }
}

/// What is ready, written down. Claims are let go one by one: a file may hold thousands.
#[derive(Default)]
struct Batch {
    fit: Vec<Ready>,
    /// As they go into the 837P, each of `fit`.
    rendered: Vec<Rendered>,
    /// Those that it cannot carry, and why.
    unfit: Vec<(VersionRow, Phi<Claim>, WriteError)>,
}

impl Batch {
    const fn is_empty(&self) -> bool {
        self.fit.is_empty() && self.unfit.is_empty()
    }
}

fn ready(host: &Host, tx: &Tx<'_>) -> StoreResult<Batch> {
    let mut batch = Batch::default();
    let claims_max = host.config.clearinghouse.claims_per_file_max.min(host.pace.claims);
    for version in tx.versions_in(VersionState::Ready, claims_max)? {
        let claim = Phi::new(tx.version_body(version.claim_id, version.version)?.claim);
        match professional::render(0, claim.expose()) {
            Ok(text) => {
                batch.rendered.push(text);
                let name = member_dates_charge(claim.expose()).map(Phi::new);
                let lineage = Rows::of(tx, &version)?;
                batch.fit.push(Ready { version, name, lineage });
            }
            Err(error) => batch.unfit.push((version, claim, error)),
        }
    }
    Ok(batch)
}

/// Numbers the interchange and keeps it with what it moves, in one transaction. Nothing else moves versions of the practice between
/// reading and this: its steps are in order.
fn submit(host: &Host, practice: &Practice, batch: &Batch) -> Result<u64, HostError> {
    if batch.is_empty() {
        return Ok(0);
    }
    practice.store.write(|tx| -> Result<u64, HostError> {
        let _seat = host.seats.take_at_once();
        for (version, claim, error) in &batch.unfit {
            hold_unwritable(tx, version, claim.expose(), error, host.today())?;
        }
        match batch.fit.is_empty() {
            true => Ok(0),
            false => keep(host, practice, tx, batch),
        }
    })
}

fn keep(host: &Host, practice: &Practice, tx: &Tx<'_>, batch: &Batch) -> Result<u64, HostError> {
    let today = host.today();
    let clearing = tx.tenant(&host.clearing);
    let submission_id = clearing.next_interchange()?;
    let number = format!("{submission_id:09}");
    clearing.own(Owned::Interchange, &number, tx.practice_id())?;
    let envelope = envelope(&practice.profile, host, u32::try_from(submission_id).unwrap_or(u32::MAX));
    let written = professional::assemble(&envelope, &batch.rendered)
        .map_err(|error| HostError::Unwritable { practice: tx.practice_id().to_owned(), what: error.to_string() })?;
    let cause = format!("837 {number}");
    let mut charge_cents = 0;
    let mut submitted = Vec::with_capacity(batch.fit.len());
    let mut moved: HashSet<u64> = batch.unfit.iter().map(|(version, ..)| version.claim_id).collect();
    for (Ready { version, name, lineage }, place) in batch.fit.iter().zip(&written.claims) {
        // A second version of one lineage in the batch finds it as the first has left it.
        let lineage = if moved.insert(version.claim_id) { lineage } else { &Rows::of(tx, version)? };
        let Rows { claim, versions, facts } = lineage;
        charge_cents += version.charge_cents;
        submitted.push(SubmittedClaim {
            submission_id,
            claim_id: version.claim_id,
            version: version.version,
            transaction_control: place.transaction.clone(),
            range: format!("{}-{}", place.bytes.start, place.bytes.end),
        });
        let fact = Fact::Submitted { submission: submission_id, transaction: place.transaction.clone() };
        let is_news = tx.add_fact(version.claim_id, version.version, &fact, 0, today)?;
        if version.submitted_day.is_none() {
            first_sending(tx, version, versions, name.as_ref(), today)?;
            tx.visit_billed(claim.visit_id, today)?;
        }
        tx.set_version_state(version, VersionState::Submitted, Some(today))?;
        let mut versions = versions.clone();
        for moved in versions.iter_mut().filter(|known| known.version == version.version) {
            moved.state = VersionState::Submitted;
            moved.submitted_day = moved.submitted_day.or(Some(today));
        }
        let facts_of = |known: &VersionRow| {
            let mut facts = facts.get(&known.version).cloned().unwrap_or_default();
            facts.extend((is_news && known.version == version.version).then(|| fact.clone()));
            Ok(facts)
        };
        let cause = Cause { day: today, words: &cause, digests: "" };
        refold_known(tx, claim.clone(), &versions, facts_of, &cause)?;
    }
    let row = SubmissionRow {
        submission_id,
        kind: SubmissionKind::Claims,
        state: "pending".to_owned(),
        file_name: format!("{}-{number}.837", tx.practice_id()),
        created_day: today,
        claim_count: u64::try_from(batch.fit.len()).unwrap_or(0),
        charge_cents,
    };
    tx.add_submission(&row, &written.bytes, &submitted)?;
    Ok(row.claim_count)
}

/// A claim that the 837P cannot carry (a delimiter in a name, a code system without a qualifier) is held with the place; the
/// others go.
fn hold_unwritable(
    tx: &Tx<'_>,
    version: &VersionRow,
    claim: &Claim,
    error: &WriteError,
    today: i64,
) -> Result<(), StoreError> {
    let mut findings = tx.findings(version.claim_id, version.version)?;
    for text in professional::unwritable(claim) {
        let words = format!("The claim form cannot carry {} in this field. Correct it in the EHR.", text.found);
        findings.push(hold("text.unwritable", &text.at, &words));
    }
    let words = format!("The 837P cannot be written: {error}. Correct it in the EHR.");
    findings.push(hold("claim.unwritable", "claim", &words));
    tx.put_findings(version.claim_id, version.version, &findings)?;
    tx.set_version_state(version, VersionState::Held, None)?;
    tx.record("claim", version.claim_id, today, "host", &format!("version {} held (837P)", version.version), "")?;
    refold(tx, version.claim_id, today, "837P")
}

/// A TA1 or 999 rejection returns its claims to ready, for new control numbers.
fn resend_refused(practice: &PracticeStore, today: i64) -> Result<(), StoreError> {
    let refused = practice.read(|tx| tx.versions_in(VersionState::Rejected, usize::MAX))?;
    if refused.is_empty() {
        return Ok(());
    }
    practice.write(|tx| {
        for version in &refused {
            if fold_version(tx, version)?.may_resend {
                tx.set_version_state(version, VersionState::Ready, None)?;
                let event = format!("version {} ready (refused interchange or transaction)", version.version);
                tx.record("claim", version.claim_id, today, "host", &event, "")?;
                // It may wait here: until its practice is approved, or for the room in the next 837.
                refold(tx, version.claim_id, today, "refused")?;
            }
        }
        Ok(())
    })
}

/// The charge itself enters the ledger when the version first leaves; what it replaces leaves it.
fn first_sending(
    tx: &Tx<'_>,
    version: &VersionRow,
    versions: &[VersionRow],
    name: Option<&Phi<[String; 4]>>,
    today: i64,
) -> Result<(), StoreError> {
    let mut postings = Vec::new();
    if version.kind.is_primary() {
        let before = charged_version(versions);
        if let Some(before) = before.filter(|before| before.kind != VersionKind::Void) {
            postings.extend(charge(before, -before.charge_cents));
        }
        if version.kind != VersionKind::Void {
            postings.extend(charge(version, version.charge_cents));
        }
    }
    tx.post(&postings, today)?;
    if let Some(name) = name {
        let parts = name.expose().each_ref().map(|part| part.as_bytes());
        tx.name_version(ClaimKey::MemberDatesCharge, &parts, version.claim_id, version.version)?;
    }
    Ok(())
}

/// Member id, first and last day of service, total charge.
fn member_dates_charge(claim: &Claim) -> Option<[String; 4]> {
    let (coverage, span) = (destination(claim)?, service_span(&claim.lines)?);
    Some([coverage.subscriber.member_id.clone(), iso(span.start), iso(span.end), claim.total_charge.to_string()])
}

/// The charge of a version: the payer owes it.
pub(super) fn charge(version: &VersionRow, amount_cents: i64) -> Vec<PostingRow> {
    let accounts = [("payer-receivable", amount_cents), ("charges", -amount_cents)];
    accounts
        .map(|(account, amount_cents)| PostingRow {
            remittance_id: None,
            claim: Some((version.claim_id, version.version)),
            line: 0,
            payer_id: version.payer_id.clone(),
            account: account.to_owned(),
            amount_cents,
            group_code: String::new(),
            reason: String::new(),
        })
        .into()
}

fn envelope(profile: &Profile, host: &Host, control: u32) -> Envelope {
    let partner = |id: &str| Partner { qualifier: "ZZ".into(), id: id.to_owned(), application_id: id.to_owned() };
    let contact = crate::claim::Contact {
        name: profile.submitter.contact.clone(),
        numbers: vec![crate::claim::ContactNumber {
            kind: crate::claim::ContactKind::Telephone,
            value: profile.submitter.telephone.clone(),
        }],
    };
    Envelope {
        sender: partner(&profile.submitter.id),
        receiver: partner(&profile.receiver.id),
        submitter: Submitter {
            is_person: false,
            name: profile.submitter.name.clone(),
            first: String::new(),
            id: profile.submitter.id.clone(),
            contacts: vec![contact],
        },
        receiver_name: Receiver { name: profile.receiver.name.clone(), id: profile.receiver.id.clone() },
        test: profile.usage == Usage::T,
        interchange_control: control,
        group_control: control,
        first_transaction: 1,
        reference: format!("{control:09}"),
        purpose: Purpose::Chargeable,
        // The day is the one the rules see; the hour is fixed, so that a replay writes the same bytes.
        created: Created { day: host.as_of(), hour: 12, minute: 0 },
    }
}

/// The line of a version that carries this line control number (2400 REF 6R), from 1.
pub(super) fn line_by_control(claim: &Claim, control: &str) -> Option<u16> {
    let has = |line: &crate::claim::ServiceLine| {
        line.extras.as_ref().is_some_and(|extras| {
            extras
                .references
                .iter()
                .any(|reference| reference.kind == LineReferenceKind::LineControlNumber && reference.value == control)
        })
    };
    claim.lines.iter().position(has).and_then(|at| u16::try_from(at + 1).ok())
}
