//! Clearinghouse files: stored in the host's own tenant, split by who owns what they name, and turned into facts.
//!
//! Every transaction of a file is one document. A file whose envelope is broken (cut, miscounted) changes nothing: its
//! sender sends the whole one again. `payment.rs` takes the 835s, `cover_answers.rs` the 271s.

use claimhost_x12::ack999::Ack999;
use claimhost_x12::claim_ack::{AckStage, ClaimAck, Status};
use claimhost_x12::ta1::{Ta1, Ta1Code};
use claimhost_x12::{Parsed, Segment, Transaction, Transmission, ack999, claim_ack, eligibility, remittance, ta1};
use serde_json::json;

use super::arrive::Inbox;
use super::cover_answers::{acknowledged, on_eligibility};
use super::host::Host;
use super::payment;
use super::refold::refold;
use super::refusal;
use super::{Fact, HostError, Stage};
use crate::eligibility::InquiryFact;
use crate::store::claim::{ClaimKey, VersionRow};
use crate::store::clearing::Owned;
use crate::store::document::{DocumentStatus, NewDocument};
use crate::store::file::FileRow;
use crate::store::{PracticeStore, StoreError, StoreResult, Tx};

/// What one transaction came to.
pub(super) struct Answer {
    pub(super) status: DocumentStatus,
    pub(super) reason: &'static str,
    pub(super) detail: serde_json::Value,
    /// Money that waits where it is refused, cents.
    pub(super) amount_cents: i64,
}

impl Answer {
    /// Facts that were new, or not.
    pub(super) fn news(new: bool) -> Self {
        let (status, reason) = if new { (DocumentStatus::Translated, "") } else { (DocumentStatus::Ignored, "repeat") };
        Self { status, reason, detail: serde_json::Value::Null, amount_cents: 0 }
    }

    pub(super) fn rejected(reason: &'static str, detail: serde_json::Value) -> Self {
        Self { status: DocumentStatus::Rejected, reason, detail, amount_cents: 0 }
    }
}

/// Channel of the clearinghouse's files.
pub(crate) const CHANNEL: &str = "clearinghouse";

/// An answer with its byte range in the file.
type Located = ((u64, u64), Answer);

/// Stores and applies what lies in the clearinghouse inbox. Returns how many documents that were.
pub(super) fn take(host: &Host) -> Result<u64, HostError> {
    let inbox = &host.config.clearinghouse.inbox;
    crate::private::close_folder(inbox).map_err(HostError::io(inbox))?;
    Inbox { host, store: &host.clearing, channel: CHANNEL, folder: inbox }.take(|_| false, |_, _, _| Ok(()))?;
    let files = host.clearing.read(|tx| tx.unframed_files())?;
    let mut documents = 0;
    for file in files {
        host.check_stop()?;
        documents += host.clearing.write(|tx| take_file(host, tx, &file))?;
    }
    Ok(documents)
}

/// Applies a stored file and gives each of its transactions a document. A file that ran before gives those that were rejected
/// another end; the others said what they had to say. Returns how many transactions that were.
pub(super) fn take_file(host: &Host, tx: &Tx<'_>, file: &FileRow) -> Result<u64, HostError> {
    let megabytes_max = host.config.clearinghouse.answer_megabytes_max;
    let known = tx.documents_of_file(file.file_id)?;
    let next = tx.next_document_id()?;
    // Each answer becomes the document after the ones before it; facts name it.
    let document_of = |ordinal: usize| {
        let new = u64::try_from(ordinal.saturating_sub(known.len())).unwrap_or(0);
        known.get(ordinal).map_or(next + new, |row| row.document_id)
    };
    let answers = if file.size_bytes > u64::from(megabytes_max) << 20 {
        vec![((0, file.size_bytes), refusal::too_large(file.size_bytes, megabytes_max))]
    } else {
        apply(host, tx, file.file_id, &bytes_of(tx, file)?, &document_of)?
    };
    let count = answers.len();
    for (ordinal, (range, answer)) in answers.into_iter().enumerate() {
        let Answer { status, reason, detail, amount_cents } = &answer;
        let document_id = document_of(ordinal);
        let at = u32::try_from(ordinal).unwrap_or(u32::MAX);
        match known.get(ordinal) {
            Some(before) if before.status != DocumentStatus::Rejected => continue,
            Some(before) => {
                tx.set_document(document_id, *status, reason, "", detail)?;
                tx.move_document(document_id, at, &[range])?;
                tx.close_work(None, ("document", document_id), host.today())?;
                let event = super::retry::event(before.status, *status);
                tx.record("document", document_id, host.today(), "operator", &event, "")?;
            }
            None => {
                tx.add_document(&NewDocument {
                    file_id: file.file_id,
                    ordinal: at,
                    ranges: &[range],
                    status: *status,
                    reason,
                    received_day: file.received_day,
                    plugin_digest: "",
                    detail,
                })?;
            }
        }
        if *status == DocumentStatus::Rejected {
            tx.open_work("document.rejected", ("document", document_id), host.today(), *amount_cents, reason)?;
        }
    }
    tx.file_framed(file.file_id)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The whole file, as it arrived.
pub(super) fn bytes_of(tx: &Tx<'_>, file: &FileRow) -> StoreResult<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(file.size_bytes).unwrap_or(0));
    let mut chunk = 0;
    while let Some(part) = tx.file_chunk(file.file_id, chunk)? {
        bytes.extend(part);
        chunk += 1;
    }
    Ok(bytes)
}

/// Applies one file. Each answer comes with its byte range.
fn apply(
    host: &Host,
    tx: &Tx<'_>,
    file_id: u64,
    bytes: &[u8],
    document_of: &dyn Fn(usize) -> u64,
) -> Result<Vec<Located>, HostError> {
    let whole = (0, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    let transmission = Transmission::read(bytes);
    if !transmission.is_sound() {
        let answer = refusal::of_codec("x12.envelope", &transmission.problems);
        let remittances = remittance::read_transmission(&transmission).transactions;
        let remittances: Vec<_> = remittances.iter().map(|parsed| &parsed.value).collect();
        return Ok(vec![(whole, refusal::with_balance(answer, &remittances))]);
    }
    let of = |range: &std::ops::Range<u64>| {
        transmission
            .transactions()
            .map(|(_, _, transaction)| transaction)
            .find(|transaction| transaction.range == *range)
    };
    let mut answers = Vec::new();
    for parsed in ta1::read_transmission(&transmission).transactions {
        let document = document_of(answers.len());
        let mut segments = transmission.interchanges.iter().flat_map(|interchange| &interchange.acknowledgements);
        let own = segments.find(|segment| segment.offset == parsed.origin.range.start);
        answers.push((span(&parsed), clean(&parsed, |value| on_ta1(host, tx, document, value, own))?));
    }
    for parsed in ack999::read_transmission(&transmission).transactions {
        let document = document_of(answers.len());
        let Some(own) = of(&parsed.origin.range) else { continue };
        answers.push((span(&parsed), clean(&parsed, |value| on_999(host, tx, document, value, own))?));
    }
    for parsed in claim_ack::read_transmission(&transmission).transactions {
        let document = document_of(answers.len());
        let Some(own) = of(&parsed.origin.range) else { continue };
        answers.push((span(&parsed), clean(&parsed, |value| on_claim_ack(host, tx, document, value, own))?));
    }
    for parsed in eligibility::read_transmission(&transmission).transactions {
        let document = document_of(answers.len());
        let Some(own) = of(&parsed.origin.range) else { continue };
        answers.push((span(&parsed), clean(&parsed, |value| on_eligibility(host, tx, document, value, own))?));
    }
    for parsed in remittance::read_transmission(&transmission).transactions {
        let Some(transaction) = of(&parsed.origin.range) else { continue };
        let answer =
            clean(&parsed, |value| payment::on_remittance(host, tx, value, &parsed.origin, transaction, file_id))?;
        let answer = if parsed.is_clean() { answer } else { refusal::with_balance(answer, &[&parsed.value]) };
        answers.push((span(&parsed), answer));
    }
    for (_, _, other) in transmission.transactions() {
        let range = (other.range.start, other.range.end);
        if !answers.iter().any(|(taken, _): &Located| *taken == range) {
            answers.push((range, refusal::kind(&transmission, Some(other))));
        }
    }
    if answers.is_empty() {
        answers.push((whole, refusal::kind(&transmission, None)));
    }
    Ok(answers)
}

fn span<T>(parsed: &Parsed<T>) -> (u64, u64) {
    (parsed.origin.range.start, parsed.origin.range.end)
}

/// A transaction with an error changes nothing.
fn clean<T>(parsed: &Parsed<T>, apply: impl FnOnce(&T) -> Result<Answer, HostError>) -> Result<Answer, HostError> {
    if parsed.is_clean() { apply(&parsed.value) } else { Ok(refusal::of_codec("x12.transaction", &parsed.problems)) }
}

/// The practice that owns a control number of ours.
pub(super) fn owner_of(host: &Host, tx: &Tx<'_>, kind: Owned, number: &str) -> StoreResult<Option<PracticeStore>> {
    Ok(tx.owner(kind, number)?.and_then(|id| host.practice_store(&id)))
}

fn on_ta1(
    host: &Host,
    tx: &Tx<'_>,
    document: u64,
    ack: &Ta1,
    segment: Option<&Segment<'_>>,
) -> Result<Answer, HostError> {
    let number = interchange_number(&ack.interchange_control);
    let Some(practice) = owner_of(host, tx, Owned::Interchange, &number)? else {
        return Ok(refusal::unowned_interchange(segment));
    };
    let submission: u64 = number.parse().unwrap_or(0);
    let accepted = ack.code != Ta1Code::Rejected;
    let fact = Fact::Interchange { submission, accepted, code: ack.note.clone() };
    let own = tx.tenant(&practice);
    let versions = own.claims_in_submission(submission, None)?;
    let keys = versions.into_iter().map(|claim| (claim.claim_id, claim.version, fact.clone()));
    let of_inquiries = InquiryFact::Interchange { submission, accepted, code: ack.note.clone() };
    let asked = acknowledged(host, &own, (submission, None), &of_inquiries, document, "TA1")?;
    Ok(Answer::news(asked | add_facts(&own, keys, document, host.today(), "TA1")?))
}

fn on_999(
    host: &Host,
    tx: &Tx<'_>,
    document: u64,
    ack: &Ack999,
    answer_set: &Transaction<'_>,
) -> Result<Answer, HostError> {
    // GS06 of ours is the interchange's number.
    let number = interchange_number(&ack.group_control);
    let Some(practice) = owner_of(host, tx, Owned::Interchange, &number)? else {
        return Ok(refusal::unowned_group(answer_set));
    };
    let submission: u64 = number.parse().unwrap_or(0);
    let own = tx.tenant(&practice);
    let mut facts = Vec::new();
    let (mut named, mut asked) = (0, false);
    // A group that is refused is refused whole, whatever is said of its transactions.
    let answered = if ack.code.is_accepted() { ack.transactions.as_slice() } else { &[] };
    for transaction in answered {
        let accepted = transaction.code.is_accepted();
        let of = (submission, Some(transaction.transaction_control.as_str()));
        named += own.inquiries_in_submission(of.0, of.1)?.len();
        let fact = InquiryFact::Transaction { submission, accepted, code: transaction.code.to_string() };
        asked |= acknowledged(host, &own, of, &fact, document, "999")?;
        for claim in own.claims_in_submission(submission, Some(&transaction.transaction_control))? {
            named += 1;
            let code = transaction.code.to_string();
            facts.push((claim.claim_id, claim.version, Fact::Transaction { submission, accepted, code }));
        }
    }
    if named == 0 {
        let accepted = ack.code.is_accepted();
        let fact = InquiryFact::Transaction { submission, accepted, code: ack.code.to_string() };
        asked |= acknowledged(host, &own, (submission, None), &fact, document, "999")?;
        for claim in own.claims_in_submission(submission, None)? {
            let code = ack.code.to_string();
            facts.push((claim.claim_id, claim.version, Fact::Transaction { submission, accepted, code }));
        }
    }
    Ok(Answer::news(asked | add_facts(&own, facts.into_iter(), document, host.today(), "999")?))
}

fn on_claim_ack(
    host: &Host,
    tx: &Tx<'_>,
    document: u64,
    ack: &ClaimAck,
    answer_set: &Transaction<'_>,
) -> Result<Answer, HostError> {
    let stage = if ack.stage == AckStage::Payer { Stage::Payer } else { Stage::Clearinghouse };
    let mut new = false;
    let mut unknown = 0_u64;
    let mut known = 0_u64;
    for (trace, statuses) in ack.rejected_wholesale() {
        let number = interchange_number(trace);
        let Some(practice) = owner_of(host, tx, Owned::Interchange, &number)? else {
            unknown += 1;
            continue;
        };
        let own = tx.tenant(&practice);
        let claims = own.claims_in_submission(number.parse().unwrap_or(0), None)?;
        let fact =
            Fact::ClaimAck { stage, accepted: false, code: code_of(statuses), payer_control_number: String::new() };
        known += 1;
        new |= add_facts(
            &own,
            claims.into_iter().map(|claim| (claim.claim_id, claim.version, fact.clone())),
            document,
            host.today(),
            "277CA",
        )?;
    }
    for entry in ack.claims() {
        let claim = entry.claim;
        let above = entry.receiver.statuses.iter().chain(&entry.provider.statuses);
        let version = match owner_of(host, tx, Owned::Claim, &claim.claim_id)? {
            Some(practice) => {
                let found = tx.tenant(&practice).version_by_control_number(&claim.claim_id)?;
                found.map(|version| (practice, version))
            }
            None => None,
        };
        let Some((practice, version)) = version else {
            unknown += 1;
            continue;
        };
        known += 1;
        let own = tx.tenant(&practice);
        let accepted = !above.chain(&claim.statuses).any(Status::is_rejection);
        let number = claim.payer_claim_control().unwrap_or_default().to_owned();
        let fact =
            Fact::ClaimAck { stage, accepted, code: code_of(&claim.statuses), payer_control_number: number.clone() };
        new |= add_facts(
            &own,
            std::iter::once((version.claim_id, version.version, fact)),
            document,
            host.today(),
            "277CA",
        )?;
        name(&own, &version, &number)?;
    }
    if known == 0 && unknown > 0 {
        return Ok(refusal::unowned_claims(answer_set, unknown));
    }
    let mut answer = Answer::news(new);
    if unknown > 0 {
        answer.detail = json!({ "claims_of_nobody": unknown });
    }
    Ok(answer)
}

/// Remembers the payer's number of a version, for remittances that do not carry ours.
pub(super) fn name(own: &Tx<'_>, version: &VersionRow, number: &str) -> StoreResult<()> {
    if number.is_empty() {
        return Ok(());
    }
    let parts: [&[u8]; 2] = [version.payer_id.as_bytes(), number.as_bytes()];
    own.name_version(ClaimKey::PayerControlNumber, &parts, version.claim_id, version.version)
}

fn code_of<'a>(statuses: impl IntoIterator<Item = &'a Status>) -> String {
    let codes = statuses.into_iter().flat_map(|status| &status.codes);
    codes.map(|code| format!("{}:{}", code.category, code.status)).collect::<Vec<_>>().join(" ")
}

fn add_facts(
    own: &Tx<'_>,
    facts: impl Iterator<Item = (u64, u32, Fact)>,
    document: u64,
    day: i64,
    cause: &str,
) -> Result<bool, StoreError> {
    let mut new = false;
    for (claim_id, version, fact) in facts {
        if own.add_fact(claim_id, version, &fact, document, day)? {
            new = true;
            refold(own, claim_id, day, cause)?;
        }
    }
    Ok(new)
}

/// ISA13 as we keep it: nine digits.
pub(super) fn interchange_number(text: &str) -> String {
    format!("{:0>9}", text.trim().trim_start_matches('0'))
}
