//! What is known about a claim version: facts, in any order, twice, or never. State is what [`super::fold`] makes of the set.

use serde::{Deserialize, Serialize};

/// Who answered in a 277CA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// 2100A NM101 = AY.
    Clearinghouse,
    /// 2100A NM101 = PR.
    Payer,
}

/// One thing an answer, or we ourselves, said of one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    /// Written into an 837.
    Submitted {
        /// ISA13.
        submission: u64,
        /// ST02.
        transaction: String,
    },
    /// TA1 of the interchange.
    Interchange {
        /// ISA13.
        submission: u64,
        /// TA104 is A or E.
        accepted: bool,
        /// TA105.
        code: String,
    },
    /// 999 of the transaction set.
    Transaction {
        /// ISA13.
        submission: u64,
        /// IK501 is A, E or P.
        accepted: bool,
        /// IK501.
        code: String,
    },
    /// 277CA of the claim.
    ClaimAck {
        /// Who says so.
        stage: Stage,
        /// STC01 is no rejection.
        accepted: bool,
        /// STC01-1 and -2.
        code: String,
        /// REF 1K.
        payer_control_number: String,
    },
    /// CLP of an 835.
    Payment(Payment),
    /// The visit no longer says it, and no payer has it: another version stands for it, or none.
    Superseded,
}

impl Fact {
    /// The code of a refusal, with what said so; none where it refuses nothing.
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Interchange { accepted: false, code, .. } => Some(format!("TA1 {code}")),
            Self::Transaction { accepted: false, code, .. } => Some(format!("999 {code}")),
            Self::ClaimAck { accepted: false, code, .. } => Some(format!("277CA {code}")),
            _ => None,
        }
    }
}

/// One CLP, as the ledger took it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Payment {
    /// Our id of the remittance.
    pub remittance: u64,
    /// Position of the CLP in it.
    pub ordinal: u32,
    /// Our id of the payer that paid.
    pub payer_id: String,
    /// CLP02.
    pub status: String,
    /// CLP07.
    pub payer_control_number: String,
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
    /// Every line was denied.
    pub all_denied: bool,
    /// False: it does not balance, and its money is unapplied.
    pub posted: bool,
}

impl Payment {
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
}
