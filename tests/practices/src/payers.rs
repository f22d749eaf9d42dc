//! The payers of the demo world, their fee schedules, and `payers.toml` that the sandbox pays by.
//!
//! Adjudication itself is in `answer.rs`.

use crate::catalog::{PRICES, REFUSED};
use crate::rng::Rng;
use serde::Serialize;
use std::collections::BTreeMap;

/// Ids by role, for the builder.
pub mod id {
    /// Commercial, copay and coinsurance.
    pub const NORTHFIELD: &str = "90001";
    /// Commercial, other copay, pays interest.
    pub const BLUEWATER: &str = "90002";
    /// Medicare-like: sequestration, forwards to the supplement.
    pub const FEDERAL: &str = "90003";
    /// Supplement to the Medicare-like payer.
    pub const SUPPLEMENT: &str = "90004";
    /// Medicaid-like: no patient share.
    pub const STATE: &str = "90005";
    /// Employer trust, mostly second payer.
    pub const TRUST: &str = "90006";
}

/// What practices write in their profile and feeds about a payer.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Electronic id.
    pub id: &'static str,
    /// Name in the profile.
    pub name: &'static str,
    /// What the practices' systems call it.
    pub aliases: &'static [&'static str],
    /// SBR09.
    pub filing: &'static str,
    /// First letters of its member ids.
    pub prefix: &'static str,
}

/// Every payer.
#[rustfmt::skip] // a table
pub const PAYERS: &[Identity] = &[
    Identity { id: id::NORTHFIELD, name: "Northfield Health Plan", aliases: &["NFHP", "NORTHFIELD"], filing: "CI", prefix: "NFH" },
    Identity { id: id::BLUEWATER, name: "Bluewater Mutual", aliases: &["BWM", "BLUEWATER PPO"], filing: "12", prefix: "BWQ" },
    Identity { id: id::FEDERAL, name: "Federal Senior Program", aliases: &["FSP", "FED SENIOR PART B"], filing: "MB", prefix: "1F" },
    Identity { id: id::SUPPLEMENT, name: "Old Lantern Supplement", aliases: &["OLS", "OLD LANTERN"], filing: "CI", prefix: "OL" },
    Identity { id: id::STATE, name: "Valley State Medical Assistance", aliases: &["VSMA", "STATE MEDICAL"], filing: "MC", prefix: "VS" },
    Identity { id: id::TRUST, name: "Guildhall Employer Trust", aliases: &["GET", "GUILDHALL"], filing: "CI", prefix: "GET" },
];

/// The payer with this id; the first for an id that does not exist.
pub fn identity(id: &str) -> Option<&'static Identity> {
    PAYERS.iter().find(|payer| payer.id == id)
}

/// Copay of some codes.
#[derive(Debug, Clone, Serialize)]
pub struct Copay {
    /// Codes.
    pub codes: Vec<String>,
    /// Cents.
    pub amount: i64,
}

/// A payer's rules of payment, as in payers.toml.
#[derive(Debug, Clone, Serialize)]
pub struct Schedule {
    /// Electronic id.
    pub id: String,
    /// Name.
    pub name: String,
    /// CAS PR 3.
    pub copay: Copay,
    /// CAS PR 2, percent of allowed after copay.
    pub coinsurance_percent: i64,
    /// CAS CO 253, percent of the payment.
    pub sequestration_percent: i64,
    /// PLB L6, cents per remittance.
    pub interest: i64,
    /// Percent of the patient share paid as secondary payer.
    pub secondary_percent: i64,
    /// Payer ids it forwards to.
    pub crossover: Vec<String>,
    /// Takes frequency 7.
    pub takes_replacement: bool,
    /// Member ids without coverage: CO 27.
    pub terminated_members: Vec<String>,
    /// What it has of members otherwise than the practices: `[payer.members.ID]`, for answers to questions about cover.
    pub members: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// Code to allowed cents per unit.
    pub fees: BTreeMap<String, i64>,
    /// Code to group and reason.
    pub denies: BTreeMap<String, (String, String)>,
}

/// payers.toml.
#[derive(Debug, Clone, Serialize)]
pub struct Schedules {
    /// One per payer.
    pub payer: Vec<Schedule>,
}

impl Schedules {
    /// The schedule of a payer.
    pub fn find(&self, id: &str) -> Option<&Schedule> {
        self.payer.iter().find(|payer| payer.id == id)
    }
}

/// Builds the fee schedules of a seed. Members without coverage are added by the builder.
pub fn schedules(rng: &mut Rng) -> Schedules {
    Schedules { payer: PAYERS.iter().map(|payer| schedule(rng, payer)).collect() }
}

fn schedule(rng: &mut Rng, payer: &Identity) -> Schedule {
    // percent of the usual price, copay, coinsurance, sequestration, interest, secondary percent
    let (level, copay, coinsurance, sequestration, interest, second) = match payer.id {
        id::NORTHFIELD => (118, 2500, 20, 0, 0, 80),
        id::BLUEWATER => (134, 3000, 10, 0, 137, 80),
        id::FEDERAL => (100, 0, 20, 2, 0, 80),
        id::SUPPLEMENT => (100, 0, 0, 0, 0, 100),
        id::STATE => (76, 0, 0, 0, 0, 100),
        _ => (109, 1500, 15, 0, 0, 75),
    };
    let mut fees: BTreeMap<String, i64> = BTreeMap::new();
    for (code, price) in PRICES {
        let jitter = rng.range(-3, 3);
        fees.insert((*code).to_owned(), (price * (level + jitter) / 100).max(1));
    }
    let refusals: &[(&str, &str, &str)] = match payer.id {
        id::NORTHFIELD => &[("96127", "CO", "50"), ("99406", "CO", "96")],
        id::BLUEWATER => &[("99406", "PR", "96"), ("G0296", "CO", "50")],
        id::FEDERAL => &[("96127", "CO", "50"), ("G0296", "PI", "97")],
        id::STATE => &[("99406", "CO", "96")],
        _ => &[("G0296", "OA", "109"), ("96127", "CO", "50")],
    };
    let denies =
        refusals.iter().map(|(code, group, reason)| ((*code).to_owned(), ((*group).to_owned(), (*reason).to_owned())));
    let denies: BTreeMap<_, _> = denies.collect();
    // A denial stands before the fee: half of the refused codes have one all the same.
    for (code, price) in REFUSED {
        if denies.contains_key(*code) && rng.chance(50) {
            fees.insert((*code).to_owned(), *price);
        }
    }
    let visits = ["99203", "99204", "99212", "99213", "99214"];
    Schedule {
        id: payer.id.to_owned(),
        name: payer.name.to_owned(),
        copay: Copay { codes: if copay == 0 { vec![] } else { visits.map(str::to_owned).to_vec() }, amount: copay },
        coinsurance_percent: coinsurance,
        sequestration_percent: sequestration,
        interest,
        secondary_percent: second,
        crossover: if payer.id == id::FEDERAL { vec![id::SUPPLEMENT.to_owned()] } else { vec![] },
        takes_replacement: true,
        terminated_members: vec![],
        members: BTreeMap::new(),
        fees,
        denies,
    }
}
