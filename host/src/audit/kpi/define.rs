//! What each figure is: its formula in words, by which day it is cut, and what its numbers count. `docs/kpi.md` and the help of
//! the command say no more and no less than this table.

/// How a value is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Parts per ten thousand: 8,321 is 83.21 %.
    Rate,
    /// Hundredths of a day: 1,250 is 12.5 days.
    Days,
}

impl Unit {
    /// As `--json` calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rate => "per-ten-thousand",
            Self::Days => "hundredths-of-a-day",
        }
    }
}

/// One figure.
#[derive(Debug, PartialEq, Eq)]
pub struct Definition {
    /// Id, in `--json` and in a baseline.
    pub id: &'static str,
    /// As people call it.
    pub name: &'static str,
    /// Numerator over denominator, in words.
    pub formula: &'static str,
    /// What belongs to a period.
    pub cut: &'static str,
    /// How its value is given.
    pub unit: Unit,
    /// What numerator and denominator count.
    pub counts: (&'static str, &'static str),
    /// Whether a median stands beside the mean.
    pub has_median: bool,
}

/// Days over which charges are averaged for the days in A/R.
pub const CHARGE_DAYS: i64 = 90;

/// First-pass rate.
pub const FIRST_PASS: Definition = Definition {
    id: "first-pass-rate",
    name: "first-pass rate",
    formula: "claims whose first sending nobody refused (TA1, 999, 277CA) and whose first 835 denied nothing of it / claims sent",
    cut: "the day a claim first left in an 837",
    unit: Unit::Rate,
    counts: ("claims", "claims"),
    has_median: false,
};
/// Clean-claim rate.
pub const CLEAN: Definition = Definition {
    id: "clean-claim-rate",
    name: "clean-claim rate",
    formula: "claims of which no version was ever held / claims made",
    cut: "the day a claim's first version was made",
    unit: Unit::Rate,
    counts: ("claims", "claims"),
    has_median: false,
};
/// Claim accuracy.
pub const ACCURACY: Definition = Definition {
    id: "claim-accuracy",
    name: "claim accuracy",
    formula: "closed claims without a version 7 or 8 that left and without a denial of CO or OA with 4, 11, 16, 22, 31 or 97 / closed claims",
    cut: "the day a claim was closed (last)",
    unit: Unit::Rate,
    counts: ("claims", "claims"),
    has_median: false,
};
/// Denial rate.
pub const DENIAL: Definition = Definition {
    id: "denial-rate",
    name: "denial rate",
    formula: "decisions that denied something / decisions; by payer, and by payer and group (CAS01)",
    cut: "the day of payment of the remittance (BPR16)",
    unit: Unit::Rate,
    counts: ("decisions", "decisions"),
    has_median: false,
};
/// Days in A/R.
pub const DAYS_IN_AR: Definition = Definition {
    id: "days-in-ar",
    name: "days in A/R",
    formula: "what payers owe or dispute (accounts payer-receivable and denied) / average daily charges: those of 90 days, divided by 90",
    cut: "the end of the last day; charges by the day they were first sent, on that day and the 89 before it",
    unit: Unit::Days,
    counts: ("cents open", "cents charged in 90 days"),
    has_median: false,
};
/// Collection cycle.
pub const CYCLE: Definition = Definition {
    id: "collection-cycle",
    name: "collection cycle",
    formula: "days from the first day of service to the day a claim was posted / claims posted (voided ones are left out)",
    cut: "the day a claim was posted (last)",
    unit: Unit::Days,
    counts: ("days", "claims"),
    has_median: true,
};
/// Charge lag.
pub const LAG: Definition = Definition {
    id: "charge-lag",
    name: "charge lag",
    formula: "days from a claim's first day of service to the day the first charge of its visit arrived / claims",
    cut: "the day that charge arrived",
    unit: Unit::Days,
    counts: ("days", "claims"),
    has_median: true,
};
/// Capture rate.
pub const CAPTURE: Definition = Definition {
    id: "capture-rate",
    name: "capture rate",
    formula: "expected visits with charges / expected visits with charges or past their hours without them (`audit charges`)",
    cut: "the day an expected visit begins",
    unit: Unit::Rate,
    counts: ("visits", "visits"),
    has_median: false,
};
/// Posting error rate.
pub const POSTING: Definition = Definition {
    id: "posting-error-rate",
    name: "posting error rate",
    formula: "claim payments (CLP) that were not posted to a claim: unapplied, parked or set aside / claim payments that came",
    cut: "the day of payment of the remittance (BPR16)",
    unit: Unit::Rate,
    counts: ("claim payments", "claim payments"),
    has_median: false,
};

/// All, in the order in which they are shown.
pub const FIGURES: [&Definition; 9] =
    [&FIRST_PASS, &CLEAN, &ACCURACY, &DENIAL, &DAYS_IN_AR, &CYCLE, &LAG, &CAPTURE, &POSTING];

/// What words of the formulas mean, for the help and the page.
pub const TERMS: [(&str, &str); 9] = [
    (
        "claim",
        "a lineage: one claim with all its versions, counted once. Drafts that their visit took back before they left are none",
    ),
    (
        "first sending",
        "the first 837 that the first version left in; one that had to be sent again after TA1 or 999 is not passed",
    ),
    (
        "decision",
        "a claim payment (CLP) that was posted and is neither a reversal (CLP02 22) nor a price (25); each counts, so a reversed and corrected claim has two. Parked or set aside remittances decide nothing",
    ),
    (
        "first 835",
        "the decision of the first payer on the first version with the earliest BPR16; later reversals change nothing about it",
    ),
    (
        "denied",
        "some of it is unpaid under a group and reason that is neither contract (CO-45, CO-253) nor coordination (OA-23) nor the patient's (PR-1, -2, -3). As it was said then: what a payer reversed later stays denied on its day",
    ),
    (
        "closed",
        "posted or denied: every payer that was asked has decided. Voided claims are closed, with a version 8; a correction opens a claim again, and its last closing counts. A claim whose every version was refused and taken back is not closed",
    ),
    (
        "open A/R",
        "balances of the ledger; the patient's share is not in it, because patients do not pay through claimhost. Credits count against it",
    ),
    ("period", "both days included; without --from it begins with the store, without --to it ends today (--as-of)"),
    ("none", "the denominator is zero: nothing of nothing is no rate"),
];
