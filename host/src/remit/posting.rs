//! Postings: what one CLP, and the PLB of its remittance, move between accounts.
//!
//! Every claim's postings sum to zero, per line too. A reversal (CLP02 = 22) has negated amounts and takes the same
//! formulas back. Accounts start from [`post_charge`]: the payer owes the charge. A payer's decision moves what it is about to
//! cash, contract, patient or denied. What a later payer decides on is first taken from where the payers before it left
//! it: `handover.rs`.

use claimhost_x12::remittance::{Cas, ClaimPayment, Remittance};

use super::balance::{claim_balance, ordinal, remittance_difference};
use super::classify::{Share, classify};

/// An account of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Owed by payers that have not decided yet.
    PayerReceivable,
    /// Owed by the patient: PR-1, PR-2, PR-3.
    PatientReceivable,
    /// Written off under contract: CO-45, CO-253.
    Contractual,
    /// Receivable under dispute: unpaid for any other reason. Work, not a loss.
    Denied,
    /// Cash clearing: ends at BPR02 when a remittance has posted whole.
    Cash,
    /// Taken back or held by the payer outside the claims (PLB), until it is explained by a claim.
    Takeback,
    /// Interest paid by the payer (PLB L6).
    Interest,
    /// Money whose reason does not add up, or whose claim is unknown.
    Unapplied,
    /// What was charged; the other side of the payer receivable at billing.
    Charges,
}

impl Account {
    /// All of them.
    pub const ALL: [Account; 9] = [
        Account::PayerReceivable,
        Account::PatientReceivable,
        Account::Contractual,
        Account::Denied,
        Account::Cash,
        Account::Takeback,
        Account::Interest,
        Account::Unapplied,
        Account::Charges,
    ];

    /// Its name in the store and in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Account::PayerReceivable => "payer-receivable",
            Account::PatientReceivable => "patient-receivable",
            Account::Contractual => "contractual",
            Account::Denied => "denied",
            Account::Cash => "cash",
            Account::Takeback => "takeback",
            Account::Interest => "interest",
            Account::Unapplied => "unapplied",
            Account::Charges => "charges",
        }
    }

    /// The account of that name.
    pub fn parse(name: &str) -> Option<Account> {
        Account::ALL.into_iter().find(|account| account.as_str() == name)
    }
}

/// One entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Position of the SVC in its CLP, from 1; 0: the claim, or the remittance, as a whole.
    pub line: u16,
    /// What it moves.
    pub account: Account,
    /// Cents, debit positive. Never 0.
    pub amount_cents: i64,
    /// CAS01 where an adjustment is the reason, else empty.
    pub group: String,
    /// Claim adjustment reason code, or the PLB reason; else empty.
    pub reason: String,
}

/// A posting of the remittance as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPosting {
    /// The entry; its line is 0.
    pub posting: Posting,
    /// PLB03-2: often the payer's claim control number. Patient data: some payers send an account number here.
    pub reference: String,
}

/// What one CLP posts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClaimPostings {
    /// The entries; they sum to zero.
    pub postings: Vec<Posting>,
    /// CLP04, cents.
    pub paid: i64,
    /// CO-45 and CO-253, cents.
    pub contractual: i64,
    /// PR-1, PR-2 and PR-3, cents.
    pub patient: i64,
    /// Unpaid for any other reason than OA-23, cents.
    pub denied: i64,
    /// Lines with a denied amount.
    pub lines_denied: usize,
    /// Lines with a charge, a payment or an adjustment. A claim without service lines is one line.
    pub lines_total: usize,
    /// Nothing paid, nothing left to the patient, and every line (or the claim as a whole) denied.
    pub all_denied: bool,
}

/// A CLP that is not posted because it contradicts itself. Its cash is kept, the rest of the remittance posts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "CLP: charge, adjustments and payment are off by {difference_cents} cents, expected 0; its cash is unapplied: ask \
     the payer for a corrected remittance"
)]
pub struct Unapplied {
    /// `ClaimBalance::difference`, cents. 0: the sums hold, and a predetermination (CLP02 = 25) carries a payment.
    pub difference_cents: i64,
    /// Cash against unapplied, for CLP04.
    pub postings: Vec<Posting>,
}

/// Posts the charge of a line when it is billed: the payer owes it. A void or replacement posts the negated charge
/// first.
pub fn post_charge(line: u16, charge_cents: i64) -> Vec<Posting> {
    pair(line, Account::PayerReceivable, Account::Charges, charge_cents, "")
}

/// Posts one CLP.
///
/// # Errors
/// [`Unapplied`] when an equation does not hold.
pub fn post_claim(payment: &ClaimPayment) -> Result<ClaimPostings, Unapplied> {
    let difference_cents = claim_balance(payment).difference();
    let predetermined = payment.status == "25"; // a price, not a payment
    if predetermined && payment.paid_cents == 0 && difference_cents == 0 {
        return Ok(ClaimPostings::default());
    }
    let posted = if difference_cents == 0 && !predetermined { post_lines(payment) } else { None };
    posted.ok_or_else(|| Unapplied {
        // Balanced, yet past i64 in some sum: no amount of money is.
        difference_cents: if difference_cents == 0 && !predetermined { i64::MAX } else { difference_cents },
        postings: unapplied_cash(payment.paid_cents),
    })
}

/// Cash that belongs to no claim yet: against unapplied.
pub fn unapplied_cash(paid_cents: i64) -> Vec<Posting> {
    pair(0, Account::Cash, Account::Unapplied, paid_cents, "")
}

/// Posts what a remittance holds beside its claims: interest, takebacks, and the difference that is left, so that Cash
/// ends at BPR02 once the claims (posted or unapplied) are in.
pub fn post_provider_adjustments(remittance: &Remittance) -> Vec<ProviderPosting> {
    let mut postings = Vec::new();
    let mut post = |account: Account, amount: i64, reason: &str, reference: &str| {
        let of_pair = pair(0, account, Account::Cash, amount, reason);
        postings
            .extend(of_pair.into_iter().map(|posting| ProviderPosting { posting, reference: reference.to_owned() }));
    };
    for entry in remittance.provider_adjustments.iter().flat_map(|adjustment| &adjustment.entries) {
        // A positive PLB lowers the payment: it leaves Cash for the account.
        let account = if entry.reason == "L6" { Account::Interest } else { Account::Takeback };
        post(account, entry.amount_cents, &entry.reason, &entry.reference);
    }
    post(Account::Unapplied, remittance_difference(remittance), "", "");
    postings
}

/// The claim as a whole (line 0: claim-level CAS and what of CLP04 no line carries), then its lines.
/// `None` past i64.
fn post_lines(payment: &ClaimPayment) -> Option<ClaimPostings> {
    let mut total = ClaimPostings::default();
    let sum = |of: fn(&claimhost_x12::remittance::ServicePayment) -> i64| -> i128 {
        payment.lines.iter().map(|line| i128::from(of(line))).sum()
    };
    let whole_paid = i64::try_from(i128::from(payment.paid_cents) - sum(|line| line.paid_cents)).ok()?;
    let whole = decide(&mut total, 0, whole_paid, &payment.adjustments)?;
    let mut counted = Vec::new();
    if payment.lines.is_empty() {
        counted.push(whole);
    }
    for (index, line) in payment.lines.iter().enumerate() {
        let denied = decide(&mut total, ordinal(index), line.paid_cents, &line.adjustments)?;
        if line.charge_cents != 0 || line.paid_cents != 0 || !line.adjustments.is_empty() {
            counted.push(denied);
        }
    }
    total.lines_total = counted.len();
    total.lines_denied = counted.iter().filter(|denied| **denied != 0).count();
    let every_line = whole != 0 || total.lines_denied == total.lines_total;
    total.all_denied = total.paid == 0 && total.patient == 0 && total.denied != 0 && every_line;
    Some(total)
}

/// Adds one line's decision. Gives its denied amount; `None` past i64.
fn decide(total: &mut ClaimPostings, line: u16, paid: i64, adjustments: &[Cas]) -> Option<i64> {
    let amount_of = |share: Share| {
        let of_share = adjustments.iter().filter(|cas| classify(&cas.group, &cas.reason) == share);
        i64::try_from(of_share.map(|cas| i128::from(cas.amount_cents)).sum::<i128>()).ok()
    };
    let (contractual, patient) = (amount_of(Share::Contractual)?, amount_of(Share::Patient)?);
    let denied = amount_of(Share::Denied)?;
    let mut post = |account: Account, amount_cents: i64, group: &str, reason: &str| {
        if amount_cents != 0 {
            let (group, reason) = (group.to_owned(), reason.to_owned());
            total.postings.push(Posting { line, account, amount_cents, group, reason });
        }
    };
    post(Account::Cash, paid, "", "");
    for cas in adjustments {
        let account = match classify(&cas.group, &cas.reason) {
            Share::Contractual => Account::Contractual,
            Share::Patient => Account::PatientReceivable,
            Share::Denied => Account::Denied,
            Share::Coordination => continue,
        };
        post(account, cas.amount_cents, cas.group.as_str(), &cas.reason);
    }
    let decided: i128 = [paid, contractual, patient, denied].into_iter().map(i128::from).sum();
    post(Account::PayerReceivable, i64::try_from(-decided).ok()?, "", "");
    total.paid = total.paid.checked_add(paid)?;
    total.contractual = total.contractual.checked_add(contractual)?;
    total.patient = total.patient.checked_add(patient)?;
    total.denied = total.denied.checked_add(denied)?;
    Some(denied)
}

/// Debits one account and credits another. The codec reads nothing below -i64::MAX, so that negation is exact.
fn pair(line: u16, debit: Account, credit: Account, amount: i64, reason: &str) -> Vec<Posting> {
    let entry = |account, amount_cents| Posting {
        line,
        account,
        amount_cents,
        group: String::new(),
        reason: reason.to_owned(),
    };
    if amount == 0 {
        return Vec::new();
    }
    let amount = amount.max(-i64::MAX);
    vec![entry(debit, amount), entry(credit, -amount)]
}
