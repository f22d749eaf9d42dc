//! Clearinghouse files: stored in the host's own tenant, split by who owns what they name, and turned into facts.
//!
//! Every transaction of a file is one document. A file whose envelope is broken (cut, miscounted) changes nothing: its
//! sender sends the whole one again. `payment.rs` takes the 835s, `cover_answers.rs` the 271s.

use std::ops::Range;

use claimhost_x12::ack999::Ack999;
use claimhost_x12::claim_ack::{AckStage, ClaimAck, Status};
use claimhost_x12::eligibility::Eligibility;
use claimhost_x12::remittance::Remittance;
use claimhost_x12::ta1::{Ta1, Ta1Code};
use claimhost_x12::{Parsed, Segment, Transaction, Transmission, ack999, claim_ack, eligibility, remittance, ta1};
use serde_json::json;

use super::arrive::Inbox;
use super::cover_answers::{acknowledged, on_eligibility};
use super::crash::crash_point;
use super::host::Host;
use super::payment;
use super::refold::refold;
use super::refusal;
use super::unapplied;
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

/// Stores and applies what lies in the clearinghouse inbox. Returns how many documents that were.
pub(super) fn take(host: &Host) -> Result<u64, HostError> {
    let inbox = &host.config.clearinghouse.inbox;
    crate::private::close_folder(inbox).map_err(HostError::io(inbox))?;
    Inbox { host, store: &host.clearing, channel: CHANNEL, folder: inbox }.take(|_| false, |_, _, _| Ok(()))?;
    let files = host.clearing.read(|tx| tx.unframed_files())?;
    let mut documents = 0;
    for file in files {
        documents += take_file(host, &file)?;
    }
    Ok(documents)
}

/// Applies a stored file, as many of its transactions in one write as the pace allows: a listener waits for no large answer. Where a
/// crash has ended it in the middle, its documents say how far it came. Returns how many transactions were applied.
fn take_file(host: &Host, file: &FileRow) -> Result<u64, HostError> {
    let known = host.clearing.read(|tx| tx.documents_of_file(file.file_id))?.len();
    let bytes = host.clearing.read(|tx| bytes_to_read(host, tx, file, known > 0))?;
    let answers = Answers::read(bytes.as_deref());
    let sets = answers.sets(host, file);
    let mut from = known.min(sets.len());
    loop {
        host.check_stop()?;
        let until = from + host.pace.sets(sets.iter().skip(from).map(|(range, _)| range.1 - range.0));
        host.clearing.write(|tx| apply(host, tx, file, &sets, from..until))?;
        if until == sets.len() {
            return Ok(u64::try_from(sets.len().saturating_sub(known)).unwrap_or(0));
        }
        crash_point("mid-answer");
        from = until;
    }
}

/// Applies a file that ran before, in one transaction, and gives those of its transactions that were rejected another end; the others
/// said what they had to say.
pub(super) fn take_again(host: &Host, tx: &Tx<'_>, file: &FileRow) -> Result<(), HostError> {
    let bytes = bytes_to_read(host, tx, file, false)?;
    let answers = Answers::read(bytes.as_deref());
    let sets = answers.sets(host, file);
    apply(host, tx, file, &sets, 0..sets.len())
}

/// The bytes of a file; none where it is too large to be read as a whole, and not yet begun.
fn bytes_to_read(host: &Host, tx: &Tx<'_>, file: &FileRow, is_begun: bool) -> StoreResult<Option<Vec<u8>>> {
    let is_too_large = file.size_bytes > u64::from(host.config.clearinghouse.answer_megabytes_max) << 20;
    if is_too_large && !is_begun { Ok(None) } else { bytes_of(tx, file).map(Some) }
}

/// Gives each of these transactions of a file a document with what it came to. With the last of all, the file is done.
fn apply(
    host: &Host,
    tx: &Tx<'_>,
    file: &FileRow,
    sets: &[Located<'_>],
    ordinals: Range<usize>,
) -> Result<(), HostError> {
    let known = tx.documents_of_file(file.file_id)?;
    let is_last = ordinals.end == sets.len();
    for (ordinal, (range, set)) in sets.iter().enumerate().skip(ordinals.start).take(ordinals.len()) {
        let before = known.get(ordinal);
        // Facts name the document that is about to be made.
        let document_id = before.map_or_else(|| tx.next_document_id(), |row| Ok(row.document_id))?;
        let Answer { status, reason, detail, amount_cents } = &set.apply(host, tx, file.file_id, document_id)?;
        let at = u32::try_from(ordinal).unwrap_or(u32::MAX);
        match before {
            Some(before) if before.status != DocumentStatus::Rejected => continue,
            Some(before) => {
                tx.set_document(document_id, *status, reason, "", detail)?;
                tx.move_document(document_id, at, &[*range])?;
                tx.close_work(None, ("document", document_id), host.today())?;
                let event = super::retry::event(before.status, *status);
                tx.record("document", document_id, host.today(), "operator", &event, "")?;
            }
            None => {
                tx.add_document(&NewDocument {
                    file_id: file.file_id,
                    ordinal: at,
                    ranges: &[*range],
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
    if is_last {
        tx.file_framed(file.file_id)?;
    }
    Ok(())
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

/// A file, read.
struct Answers<'a> {
    /// None: too large to be read.
    transmission: Option<Transmission<'a>>,
    interchanges: Vec<Parsed<Ta1>>,
    groups: Vec<Parsed<Ack999>>,
    claims: Vec<Parsed<ClaimAck>>,
    covers: Vec<Parsed<Eligibility>>,
    remittances: Vec<Parsed<Remittance>>,
}

/// One transaction of a file, or the whole of a file that cannot be used.
enum Set<'a> {
    Interchange(&'a Parsed<Ta1>, Option<&'a Segment<'a>>),
    Group(&'a Parsed<Ack999>, &'a Transaction<'a>),
    Claims(&'a Parsed<ClaimAck>, &'a Transaction<'a>),
    Cover(&'a Parsed<Eligibility>, &'a Transaction<'a>),
    Remittance(&'a Parsed<Remittance>, &'a Transaction<'a>),
    /// Of another kind; none: the file has no transaction at all.
    Other(&'a Transmission<'a>, Option<&'a Transaction<'a>>),
    /// The envelope is broken.
    Broken(&'a Transmission<'a>, &'a [Parsed<Remittance>]),
    /// Bytes, and the most megabytes that are read.
    TooLarge(u64, u32),
}

/// A transaction with its byte range in the file.
type Located<'a> = ((u64, u64), Set<'a>);

impl<'a> Answers<'a> {
    fn read(bytes: Option<&'a [u8]>) -> Self {
        let transmission = bytes.map(Transmission::read);
        let sound = transmission.as_ref().filter(|transmission| transmission.is_sound());
        Self {
            interchanges: sound.map(|sound| ta1::read_transmission(sound).transactions).unwrap_or_default(),
            groups: sound.map(|sound| ack999::read_transmission(sound).transactions).unwrap_or_default(),
            claims: sound.map(|sound| claim_ack::read_transmission(sound).transactions).unwrap_or_default(),
            covers: sound.map(|sound| eligibility::read_transmission(sound).transactions).unwrap_or_default(),
            // What a broken file says of money is told.
            remittances: transmission
                .as_ref()
                .map(|transmission| remittance::read_transmission(transmission).transactions)
                .unwrap_or_default(),
            transmission,
        }
    }

    /// Its transactions in the order in which they are applied: by kind, each kind as it stands in the file. Never none.
    fn sets(&'a self, host: &Host, file: &FileRow) -> Vec<Located<'a>> {
        let whole = (0, file.size_bytes);
        let Some(transmission) = &self.transmission else {
            let megabytes_max = host.config.clearinghouse.answer_megabytes_max;
            return vec![(whole, Set::TooLarge(file.size_bytes, megabytes_max))];
        };
        if !transmission.is_sound() {
            return vec![(whole, Set::Broken(transmission, &self.remittances))];
        }
        let of = |range: &Range<u64>| {
            let mut all = transmission.transactions().map(|(_, _, transaction)| transaction);
            all.find(|transaction| transaction.range == *range)
        };
        let mut sets: Vec<Located<'a>> = Vec::new();
        for parsed in &self.interchanges {
            let mut segments = transmission.interchanges.iter().flat_map(|interchange| &interchange.acknowledgements);
            let own = segments.find(|segment| segment.offset == parsed.origin.range.start);
            sets.push((span(parsed), Set::Interchange(parsed, own)));
        }
        let groups = self.groups.iter().filter_map(|one| Some((span(one), Set::Group(one, of(&one.origin.range)?))));
        sets.extend(groups);
        let claims = self.claims.iter().filter_map(|one| Some((span(one), Set::Claims(one, of(&one.origin.range)?))));
        sets.extend(claims);
        let covers = self.covers.iter().filter_map(|one| Some((span(one), Set::Cover(one, of(&one.origin.range)?))));
        sets.extend(covers);
        let money = self.remittances.iter();
        sets.extend(money.filter_map(|one| Some((span(one), Set::Remittance(one, of(&one.origin.range)?)))));
        for (_, _, other) in transmission.transactions() {
            let range = (other.range.start, other.range.end);
            if !sets.iter().any(|(taken, _)| *taken == range) {
                sets.push((range, Set::Other(transmission, Some(other))));
            }
        }
        if sets.is_empty() {
            sets.push((whole, Set::Other(transmission, None)));
        }
        sets
    }
}

impl Set<'_> {
    fn apply(&self, host: &Host, tx: &Tx<'_>, file_id: u64, document: u64) -> Result<Answer, HostError> {
        match self {
            Self::Interchange(one, own) => clean(one, |value| on_ta1(host, tx, document, value, *own)),
            Self::Group(one, own) => clean(one, |value| on_999(host, tx, document, value, own)),
            Self::Claims(one, own) => clean(one, |value| on_claim_ack(host, tx, document, value, own)),
            Self::Cover(one, own) => clean(one, |value| on_eligibility(host, tx, document, value, own)),
            Self::Remittance(one, own) => {
                let answer = clean(one, |value| payment::on_remittance(host, tx, value, &one.origin, own, file_id))?;
                Ok(if one.is_clean() { answer } else { refusal::with_balance(answer, &[&one.value]) })
            }
            Self::Other(transmission, other) => Ok(refusal::kind(transmission, *other)),
            Self::Broken(transmission, remittances) => {
                let remittances: Vec<_> = remittances.iter().map(|parsed| &parsed.value).collect();
                let answer = refusal::of_codec("x12.envelope", &transmission.problems);
                Ok(refusal::with_balance(answer, &remittances))
            }
            Self::TooLarge(size, megabytes_max) => Ok(refusal::too_large(*size, *megabytes_max)),
        }
    }
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
        new |= unapplied::settle(host, tx, &own, &version.payer_id, &number)?;
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
