//! What is known about a claim version: facts, in any order, twice, or never. State is what [`super::fold`] makes of the set.

use serde::{Deserialize, Serialize};

pub use crate::remit::Payment;

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
