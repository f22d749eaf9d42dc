//! One 835 transaction: found by its key, matched claim by claim, posted, or parked where two contents claim one key.

use std::collections::BTreeMap;

use claimhost_x12::remittance::{Cas, ClaimPayment, GroupCode, Remittance, ServicePayment};
use claimhost_x12::{Origin, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answers::{Answer, name, owner_of};
use super::conflict;
use super::handover;
use super::host::{Host, Practice};
use super::refold::refold;
use super::refusal;
use super::submit::line_by_control;
use super::unapplied::{self, has_left};
use super::{Fact, HostError, Payment};
use crate::claim::{Adjustment, AdjustmentGroup, Date, day_number, from_day_number};
use crate::post;
use crate::remit::{self, Account, Posting};
use crate::store::acceptance::Acceptance;
use crate::store::claim::{ClaimKey, VersionBody, VersionRow};
use crate::store::clearing::Owned;
use crate::store::document::{DocumentStatus, NewDocument};
use crate::store::figures::Denial;
use crate::store::file::PART;
use crate::store::remittance::{PostingRow, RemittanceClaimRow, RemittanceNames, RemittanceRow};
use crate::store::{StoreResult, Tx};

/// What one CLP said, kept for the trace and for the claim to the next payer.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Decision {
    /// CLP01 as it came.
    pub(super) claim_id: String,
    /// CLP07.
    pub(super) payer_control_number: String,
    /// BPR16.
    pub(super) paid_on: Date,
    /// Claim level CAS.
    pub(super) adjustments: Vec<Adjustment>,
    /// SVC loops.
    pub(super) lines: Vec<LineDecision>,
    /// The fact as the fold has it; none where no claim was found.
    pub(super) payment: Option<Payment>,
    /// Who said that it pays this claim, where nothing in it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) by_hand: Option<Acceptance>,
}

/// One SVC.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct LineDecision {
    /// Line of our claim, from 1; 0 where it was not found.
    pub(super) line: u16,
    /// SVC03.
    pub(super) paid: i64,
    /// SVC05, thousandths.
    pub(super) units: i64,
    /// Line CAS.
    pub(super) adjustments: Vec<Adjustment>,
}

/// Applies one remittance. `transaction` is what it was read from, `file_id` the clearing tenant's file.
pub(super) fn on_remittance(
    host: &Host,
    tx: &Tx<'_>,
    remittance: &Remittance,
    origin: &Origin,
    transaction: &Transaction<'_>,
    file_id: u64,
) -> Result<Answer, HostError> {
    let Some(practice) = practice_of(host, tx, remittance)? else {
        let balance = remit::RemittanceBalance::of(remittance);
        return Ok(refusal::unowned_remittance(remittance.payee.place, &balance));
    };
    let own = tx.tenant(&practice.store);
    let bytes = transaction.bytes();
    let payer_id = payer_of(practice, &own, remittance)?;
    let content = remit::content_digest(transaction);
    let content_mac = own.lookup("remittance-content", &[&content]);
    let key_mac = own.lookup("remittance", &[&remit::RemittanceKey::new(remittance, content).to_bytes()]);
    let known = own.remittances_by_key(&key_mac)?;
    if known.iter().any(|(_, mac)| mac.as_slice() == content_mac.as_slice()) {
        return Ok(Answer::news(false));
    }
    let part = own.store_file(PART, None, host.today(), &mut &*bytes)?;
    own.file_framed(part)?;
    let document_id = own.add_document(&NewDocument {
        file_id: part,
        ordinal: 0,
        ranges: &[(0, u64::try_from(bytes.len()).unwrap_or(0))],
        status: DocumentStatus::Translated,
        reason: "",
        received_day: host.today(),
        plugin_digest: "",
        detail: &source(origin, file_id),
    })?;
    let conflict = !known.is_empty();
    let paid_on = paid_on(host, remittance);
    let row = RemittanceRow {
        remittance_id: 0,
        payer_id: payer_id.clone(),
        amount_cents: remit::signed_payment(remittance),
        paid_day: day_number(paid_on),
        state: if conflict { "parked" } else { "posted" }.to_owned(),
        difference_cents: remit::remittance_difference(remittance),
        clp_count: u64::try_from(remittance.claims.len()).unwrap_or(u64::MAX),
        decision_count: 0,
        document_id,
    };
    let names = RemittanceNames {
        trace_number: remittance.trace.clone(),
        originator: remittance.originating_company.clone(),
        payer_name: remittance.payer.name.clone(),
    };
    let remittance_id = own.add_remittance(&row, (&key_mac, &content_mac), &names)?;
    let books = Books { host, own: &own, remittance_id, document_id, payer_id: &payer_id, paid_on };
    if conflict {
        books.park(remittance)?;
        conflict::park(&own, &known, remittance_id, row.amount_cents, host.today())?;
        return Ok(Answer::news(true));
    }
    books.post(remittance)?;
    own.record("remittance", remittance_id, host.today(), "host", "posted", "")?;
    for claim in &remittance.claims {
        unapplied::settle(host, tx, &own, &payer_id, &claim.payer_claim_control)?;
    }
    Ok(Answer::news(true))
}

/// Whose money it is: the practice with the payee's NPI (N104 in 1000B), since it has the cash; of several with one NPI, and where
/// the payee is nobody here, the one that the first claim of ours belongs to. Another practice's claim in it is to its books
/// a claim of nobody: its cash is unapplied there, and no answer moves a claim of those who were not paid.
fn practice_of<'a>(host: &'a Host, tx: &Tx<'_>, remittance: &Remittance) -> StoreResult<Option<&'a Practice>> {
    let payee = remittance.payee.id.as_str();
    let paid: Vec<&Practice> =
        host.practices.iter().filter(|practice| !payee.is_empty() && practice.profile.npi == payee).collect();
    if let [only] = paid.as_slice() {
        return Ok(Some(only));
    }
    for claim in &remittance.claims {
        if let Some(store) = owner_of(host, tx, Owned::Claim, &claim.claim_id)? {
            return Ok(host.practices.iter().find(|practice| practice.store.id() == store.id()));
        }
    }
    Ok(paid.first().copied())
}

/// Our id of the payer: by the profile, else as the claims in it were billed, else as the 835 says.
fn payer_of(practice: &Practice, own: &Tx<'_>, remittance: &Remittance) -> StoreResult<String> {
    let payer = &remittance.payer;
    let references = payer.references.iter().map(|reference| reference.value.as_str());
    let names = [payer.id.as_str()].into_iter().chain(references).chain([payer.name.as_str()]);
    if let Some(known) = practice.profile.payer_by(names) {
        return Ok(known.id.clone());
    }
    for claim in &remittance.claims {
        // One that decides as a later payer on a first payer's claim is somebody else.
        let later = matches!(claim.status.as_str(), "2" | "3" | "20" | "21");
        let version = own.version_by_control_number(&claim.claim_id)?;
        if let Some(version) = version.filter(|version| !(later && version.kind.is_primary())) {
            return Ok(version.payer_id);
        }
    }
    Ok(if payer.id.is_empty() { payer.name.clone() } else { payer.id.clone() })
}

/// Where an 835 came from: its file in the clearing tenant, its interchange, its bytes. `conflict.rs` reads it again.
fn source(origin: &Origin, file_id: u64) -> serde_json::Value {
    let range = &origin.range;
    json!({ "interchange": origin.interchange_control, "file": file_id, "start": range.start, "end": range.end })
}

/// BPR16, or the day of the run.
pub(super) fn paid_on(host: &Host, remittance: &Remittance) -> Date {
    remittance.payment.date.map_or(host.as_of(), |date| Date { year: date.year, month: date.month, day: date.day })
}

/// One remittance being posted, or parked.
pub(super) struct Books<'a> {
    pub(super) host: &'a Host,
    pub(super) own: &'a Tx<'a>,
    pub(super) remittance_id: u64,
    /// The practice's part of the file.
    pub(super) document_id: u64,
    pub(super) payer_id: &'a str,
    pub(super) paid_on: Date,
}

/// What one CLP comes to.
struct Decided {
    version: Option<VersionRow>,
    row: RemittanceClaimRow,
    decision: Decision,
    postings: Vec<PostingRow>,
}

impl<'a> Books<'a> {
    /// Of a remittance that is here already.
    pub(super) fn of(host: &'a Host, own: &'a Tx<'a>, row: &'a RemittanceRow) -> Self {
        // The day as it was kept when it came: an 835 without BPR16 is of that day.
        let paid_on = from_day_number(row.paid_day);
        let RemittanceRow { remittance_id, document_id, payer_id, .. } = row;
        Self { host, own, remittance_id: *remittance_id, document_id: *document_id, payer_id, paid_on }
    }

    /// Posts every claim and what stands beside them; what belongs to no claim is one work item.
    pub(super) fn post(&self, remittance: &Remittance) -> Result<(), HostError> {
        let (mut unapplied, mut decisions) = (Vec::new(), 0);
        for (ordinal, claim) in (0_u32..).zip(&remittance.claims) {
            let decided = self.decide(ordinal, claim, self.find(claim)?)?;
            if decided.row.state != "posted" {
                unapplied.push(decided.row.clone());
            }
            decisions += u64::from(decided.decision.payment.as_ref().is_some_and(Payment::is_decision));
            self.post_claim(decided, claim)?;
        }
        self.own.set_remittance_decisions(self.remittance_id, decisions)?;
        self.tell_unapplied(&unapplied)?;
        self.post_provider_adjustments(remittance, remit::remittance_difference(remittance))
    }

    /// Posts a CLP that was unapplied: `found` is its claim, and how that was found. Returns by how many cents it cannot be posted;
    /// then nothing has changed.
    pub(super) fn apply(
        &self,
        ordinal: u32,
        claim: &ClaimPayment,
        (version, matched_by): (VersionRow, &'static str),
        by_hand: Option<Acceptance>,
    ) -> Result<i64, HostError> {
        let mut decided = self.decide(ordinal, claim, (Some(version), matched_by))?;
        if decided.row.state != "posted" {
            return Ok(decided.row.difference_cents);
        }
        decided.decision.by_hand = by_hand;
        let back: Vec<PostingRow> =
            remit::unapplied_cash(-claim.paid_cents).iter().map(|entry| self.posting(entry, None, 0)).collect();
        self.own.post(&back, self.host.today())?;
        self.post_claim(decided, claim)?;
        let (mut unapplied, mut decisions) = (Vec::new(), 0);
        for row in self.own.remittance_claims(Some(self.remittance_id), None)? {
            let said: Decision = self.own.remittance_claim_body(row.remittance_id, row.ordinal)?;
            if row.state == "posted" {
                decisions += u64::from(said.payment.as_ref().is_some_and(Payment::is_decision));
            } else {
                unapplied.push(row);
            }
        }
        self.own.set_remittance_decisions(self.remittance_id, decisions)?;
        self.tell_unapplied(&unapplied)?;
        Ok(0)
    }

    /// What belongs to no claim is one work item, as long as there is something.
    fn tell_unapplied(&self, rows: &[RemittanceClaimRow]) -> StoreResult<()> {
        let (subject, today) = (("remittance", self.remittance_id), self.host.today());
        if rows.is_empty() {
            return self.own.close_work(Some("remittance.unapplied"), subject, today);
        }
        let words = rows.iter().map(|row| {
            let RemittanceClaimRow { ordinal, matched_by, difference_cents, .. } = row;
            format!("CLP {} {matched_by}, difference {difference_cents}", ordinal + 1)
        });
        let (cents, words) = (rows.iter().map(|row| row.paid_cents).sum(), words.collect::<Vec<_>>().join("; "));
        self.own.open_work("remittance.unapplied", subject, today, cents, &words)?;
        Ok(())
    }

    /// Keeps what every claim says, and posts nothing.
    pub(super) fn park(&self, remittance: &Remittance) -> Result<(), HostError> {
        for (ordinal, claim) in (0_u32..).zip(&remittance.claims) {
            let mut decided = self.decide(ordinal, claim, self.find(claim)?)?;
            "parked".clone_into(&mut decided.row.state);
            self.keep(&decided.row, &decided.decision)?;
        }
        Ok(())
    }

    /// Keeps what one CLP says.
    fn keep(&self, row: &RemittanceClaimRow, decision: &Decision) -> StoreResult<()> {
        self.own.put_remittance_claim(row, (self.payer_id, &decision.payer_control_number), decision)
    }

    /// What a CLP would post to the claim that was found for it.
    fn decide(
        &self,
        ordinal: u32,
        claim: &ClaimPayment,
        (version, matched_by): (Option<VersionRow>, &'static str),
    ) -> Result<Decided, HostError> {
        let body = version.as_ref().map(|found| self.own.version_body(found.claim_id, found.version)).transpose()?;
        // What the payer says we charged must be what we charged: a difference is shown, never posted.
        let charged = version.as_ref().map_or(claim.charge_cents.abs(), |version| version.charge_cents);
        let misread = claim.charge_cents.abs() - charged;
        let (books, entries, difference) = match remit::post_claim(claim) {
            Ok(_) if misread != 0 => (None, remit::unapplied_cash(claim.paid_cents), misread),
            Ok(mut books) => {
                let entries = std::mem::take(&mut books.postings);
                (Some(books), entries, 0)
            }
            Err(unapplied) => (None, unapplied.postings, unapplied.difference_cents),
        };
        // A balanced CLP whose claim nobody knows is cash that belongs to no claim yet.
        let entries = if version.is_none() { remit::unapplied_cash(claim.paid_cents) } else { entries };
        let key = version.as_ref().map(|found| (found.claim_id, found.version));
        let posted = version.is_some() && books.is_some();
        let books = books.unwrap_or_default();
        let payment = version.as_ref().map(|_| Payment {
            paid_day: day_number(self.paid_on),
            charge: claim.charge_cents,
            paid: claim.paid_cents,
            contractual: books.contractual,
            patient: books.patient,
            denied: books.denied,
            payer_id: self.payer_id.to_owned(),
            status: claim.status.clone(),
            payer_control_number: claim.payer_claim_control.clone(),
            all_denied: books.all_denied,
            posted,
            remittance: self.remittance_id,
            ordinal,
        });
        let decision = self.decision(claim, body.as_ref(), payment.clone());
        let row = RemittanceClaimRow {
            remittance_id: self.remittance_id,
            ordinal,
            claim: key,
            matched_by: matched_by.to_owned(),
            state: if posted { "posted" } else { "unapplied" }.to_owned(),
            paid_cents: claim.paid_cents,
            difference_cents: difference,
        };
        let line_of =
            |at: u16| usize::from(at).checked_sub(1).and_then(|at| decision.lines.get(at)).map_or(0, |line| line.line);
        let postings =
            entries.iter().map(|entry| self.posting(entry, key.filter(|_| posted), line_of(entry.line))).collect();
        Ok(Decided { version, row, decision, postings })
    }

    fn posting(&self, entry: &Posting, claim: Option<(u64, u32)>, line: u16) -> PostingRow {
        PostingRow {
            remittance_id: Some(self.remittance_id),
            claim,
            line,
            payer_id: self.payer_id.to_owned(),
            account: entry.account.as_str().to_owned(),
            amount_cents: entry.amount_cents,
            group_code: entry.group.clone(),
            reason: entry.reason.clone(),
        }
    }

    fn post_claim(&self, decided: Decided, claim: &ClaimPayment) -> Result<(), HostError> {
        let Decided { version, row, decision, postings } = decided;
        self.keep(&row, &decision)?;
        self.own.post(&postings, self.host.today())?;
        let (posted, ordinal) = (row.state == "posted", row.ordinal);
        if let (Some(version), Some(payment)) = (version, decision.payment) {
            self.keep_denials(&version, &payment, &postings)?;
            self.own.add_fact(
                version.claim_id,
                version.version,
                &Fact::Payment(payment),
                self.document_id,
                self.host.today(),
            )?;
            let lines: Vec<u16> = decision.lines.iter().map(|line| line.line).collect();
            if posted {
                self.tell_ehrs(&version, ordinal, claim, &lines)?;
            }
            name(self.own, &version, &claim.payer_claim_control)?;
            handover::settle(self.own, version.claim_id, self.host.today())?;
            self.own.expect_later(version.claim_id)?;
            refold(self.own, version.claim_id, self.host.today(), "835")?;
        }
        Ok(())
    }

    /// What the practice's EHRs are to be told of it.
    fn tell_ehrs(&self, version: &VersionRow, ordinal: u32, claim: &ClaimPayment, lines: &[u16]) -> StoreResult<()> {
        let decision = post::Decision {
            remittance_id: self.remittance_id,
            ordinal,
            version,
            payer_id: self.payer_id,
            paid_on: self.paid_on,
            claim,
            lines,
        };
        post::queue(self.own, self.host.config(), &decision, self.host.today())
    }

    /// What a decision denies, by group and reason.
    fn keep_denials(&self, version: &VersionRow, payment: &Payment, postings: &[PostingRow]) -> StoreResult<()> {
        let mut denied: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        if payment.is_decision() {
            for posting in postings.iter().filter(|posting| posting.account == Account::Denied.as_str()) {
                *denied.entry((&posting.group_code, &posting.reason)).or_default() += posting.amount_cents;
            }
        }
        for ((group_code, reason), amount_cents) in denied.into_iter().filter(|(_, cents)| *cents > 0) {
            self.own.put_denial(&Denial {
                claim_id: version.claim_id,
                remittance_id: self.remittance_id,
                ordinal: payment.ordinal,
                group_code: group_code.to_owned(),
                reason: reason.to_owned(),
                payer_id: self.payer_id.to_owned(),
                paid_day: day_number(self.paid_on),
                amount_cents,
            })?;
        }
        Ok(())
    }

    /// By the CLM01 we minted, then the payer's claim number, then member id + dates + charge. A match keeps its reason.
    pub(super) fn find(&self, claim: &ClaimPayment) -> StoreResult<(Option<VersionRow>, &'static str)> {
        if let Some(version) = self.own.version_by_control_number(&claim.claim_id)?.filter(has_left) {
            return Ok((Some(version), "control-number"));
        }
        let number = [self.payer_id.as_bytes(), claim.payer_claim_control.as_bytes()];
        let member = claim.party("IL").or_else(|| claim.party("QC")).map_or("", |party| party.id.as_str());
        let first = claim.date("232").map(day_text).unwrap_or_default();
        let last = claim.date("233").map_or_else(|| first.clone(), day_text);
        let charge = claim.charge_cents.to_string();
        let described = [member.as_bytes(), first.as_bytes(), last.as_bytes(), charge.as_bytes()];
        let ways: [(ClaimKey, &[&[u8]], bool); 2] = [
            (ClaimKey::PayerControlNumber, &number, !claim.payer_claim_control.is_empty()),
            (ClaimKey::MemberDatesCharge, &described, !member.is_empty() && !first.is_empty()),
        ];
        for (kind, parts, usable) in ways {
            let mut found = if usable { self.own.versions_named(kind, parts)? } else { Vec::new() };
            found.retain(has_left);
            match found.len() {
                0 => {}
                1 => return Ok((found.pop(), kind.as_str())),
                _ => return Ok((None, "ambiguous")),
            }
        }
        Ok((None, "unknown"))
    }

    fn decision(&self, claim: &ClaimPayment, body: Option<&VersionBody>, payment: Option<Payment>) -> Decision {
        let lines = claim.lines.iter().enumerate().map(|(at, service)| LineDecision {
            line: body.and_then(|body| line_of(body, at, service)).unwrap_or(0),
            paid: service.paid_cents,
            units: service.paid_units_thousandths.unwrap_or(1_000),
            adjustments: service.adjustments.iter().map(adjustment).collect(),
        });
        Decision {
            claim_id: claim.claim_id.clone(),
            payer_control_number: claim.payer_claim_control.clone(),
            paid_on: self.paid_on,
            adjustments: claim.adjustments.iter().map(adjustment).collect(),
            lines: lines.collect(),
            payment,
            by_hand: None,
        }
    }

    fn post_provider_adjustments(&self, remittance: &Remittance, difference: i64) -> Result<(), HostError> {
        if difference != 0 {
            let subject = ("remittance", self.remittance_id);
            let words = format!("the check does not balance by {difference} cents");
            self.own.open_work("remittance.unbalanced", subject, self.host.today(), difference, &words)?;
        }
        let rows: Vec<PostingRow> = remit::post_provider_adjustments(remittance)
            .into_iter()
            .map(|entry| self.posting(&entry.posting, None, 0))
            .collect();
        Ok(self.own.post(&rows, self.host.today())?)
    }
}

/// The line of our claim that an SVC pays: by REF 6R, else by position where the code is the same.
fn line_of(body: &VersionBody, at: usize, service: &ServicePayment) -> Option<u16> {
    let by_control = service.line_control().and_then(|control| line_by_control(&body.claim, control));
    by_control.or_else(|| {
        let line = body.claim.lines.get(at)?;
        let billed = service.billed_procedure.as_ref().unwrap_or(&service.procedure);
        (line.procedure.code == billed.code).then(|| u16::try_from(at + 1).ok())?
    })
}

fn adjustment(cas: &Cas) -> Adjustment {
    let group = group_of(&cas.group);
    Adjustment { group, reason: cas.reason.clone(), amount: cas.amount_cents, quantity: cas.quantity_thousandths }
}

/// CAS01 as the contract has it.
pub(crate) fn group_of(group: &GroupCode) -> AdjustmentGroup {
    match group {
        GroupCode::Contractual => AdjustmentGroup::Contractual,
        GroupCode::Correction => AdjustmentGroup::Correction,
        GroupCode::PayerInitiated => AdjustmentGroup::PayerInitiated,
        GroupCode::PatientResponsibility => AdjustmentGroup::Patient,
        GroupCode::Other | GroupCode::Unknown(_) => AdjustmentGroup::Other,
    }
}

fn day_text(date: claimhost_x12::Date) -> String {
    crate::claim::iso(Date { year: date.year, month: date.month, day: date.day })
}
