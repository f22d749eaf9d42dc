//! What one CLP of an 835 said of one claim version, as the ledger took it.

use serde::{Deserialize, Serialize};

/// One CLP, as the ledger took it. Ordered by what it says, earliest payment first; our own ids, which are of the order of
/// arrival, come last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Payment {
    /// BPR16, day number.
    pub paid_day: i64,
    /// CLP03, cents.
    pub charge: i64,
    /// CLP04.
    pub paid: i64,
    /// Contract adjustments.
    pub contractual: i64,
    /// Patient's share.
    pub patient: i64,
    /// Unpaid amounts that are work.
    pub denied: i64,
    /// Our id of the payer that paid: one payer cannot reverse another's payment.
    pub payer_id: String,
    /// CLP02.
    pub status: String,
    /// CLP07.
    pub payer_control_number: String,
    /// Every line was denied.
    pub all_denied: bool,
    /// False: it does not balance, and its money is unapplied.
    pub posted: bool,
    /// Our id of the remittance.
    pub remittance: u64,
    /// Position of the CLP in it.
    pub ordinal: u32,
}

/// Amounts of one CLP, cents with the sign as sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amounts {
    /// CLP03.
    pub charge: i64,
    /// CLP04.
    pub paid: i64,
    /// [`Payment::contractual`].
    pub contractual: i64,
    /// [`Payment::patient`].
    pub patient: i64,
    /// [`Payment::denied`].
    pub denied: i64,
}

impl Amounts {
    /// With the other sign, each.
    #[must_use]
    pub fn opposite(self) -> Self {
        Self {
            charge: self.charge.saturating_neg(),
            paid: self.paid.saturating_neg(),
            contractual: self.contractual.saturating_neg(),
            patient: self.patient.saturating_neg(),
            denied: self.denied.saturating_neg(),
        }
    }
}

impl Payment {
    /// Its amounts.
    pub fn amounts(&self) -> Amounts {
        let Self { charge, paid, contractual, patient, denied, .. } = *self;
        Amounts { charge, paid, contractual, patient, denied }
    }

    /// CLP02 = 22.
    pub fn is_reversal(&self) -> bool {
        self.status == "22"
    }

    /// CLP02 = 25, and nothing moves: the payer has said what it would pay. One that carries a payment is unapplied money.
    pub fn is_price(&self) -> bool {
        self.posted && self.status == "25"
    }

    /// It is posted, and neither a reversal nor a price (25, predetermination): the payer has decided.
    pub fn is_decision(&self) -> bool {
        self.posted && !self.is_reversal() && !self.is_price()
    }

    /// CLP02 = 19, 20, 21: the payer has forwarded the claim by itself.
    pub fn is_forwarded(&self) -> bool {
        matches!(self.status.as_str(), "19" | "20" | "21")
    }

    /// It moves an account. A denial decides like a payment does: what was denied and then paid is decided twice.
    pub fn decides(&self) -> bool {
        [self.paid, self.contractual, self.patient, self.denied].iter().any(|cents| *cents != 0)
    }
}
