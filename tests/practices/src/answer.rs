//! Where every visit and every cent of it has to end: `answer.ndjson`.
//!
//! The arithmetic of payment is written here and again in the sandbox, on purpose: the two share the page that
//! describes them, not the code.

use crate::build::World;
use crate::kinds::End;
use crate::model::{Charge, Visit};
use crate::payers::{Schedule, Schedules};
use serde::Serialize;

/// One visit. Amounts in cents; `billed` is the sum of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Practice id.
    pub practice: String,
    /// Visit number as in the feed.
    pub visit: String,
    /// Charge ids as in the feed, without the ids of credits.
    pub source_charge_ids: Vec<String>,
    /// Kinds.
    pub seeded: Vec<String>,
    /// posted, denied, held, missing or open.
    pub end: String,
    /// CLM02 of the live version; of a held claim, what it would be.
    pub billed: i64,
    /// What all payers paid.
    pub paid: i64,
    /// CO 45 and CO 253.
    pub contractual: i64,
    /// What the last payer leaves to the patient.
    pub patient: i64,
    /// Unpaid under any other group and reason.
    pub denied: i64,
    /// `billed` of a held claim.
    pub held: i64,
    /// Nothing is billed yet: always 0.
    pub open: i64,
}

/// How one line's charge splits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Split {
    paid: i64,
    contractual: i64,
    patient: i64,
    denied: i64,
}

/// The rows of all practices, in the order of visit numbers.
pub fn rows(world: &World) -> Vec<Row> {
    let of = |practice: &crate::model::Practice| {
        let rows = practice.visits.iter().map(|visit| row(practice.id, visit, &world.schedules));
        rows.collect::<Vec<_>>()
    };
    world.practices.iter().flat_map(of).collect()
}

fn row(practice: &str, visit: &Visit, schedules: &Schedules) -> Row {
    let kind = visit.kind.row();
    let mut row = Row {
        practice: practice.to_owned(),
        visit: visit.number.clone(),
        source_charge_ids: visit.charge_ids(),
        seeded: kind.map(|kind| kind.name.to_owned()).into_iter().collect(),
        end: String::new(),
        billed: 0,
        paid: 0,
        contractual: 0,
        patient: 0,
        denied: 0,
        held: 0,
        open: 0,
    };
    let live = visit.live();
    let end = match kind.map_or(End::Posted, |kind| kind.end) {
        End::Held => {
            row.billed = live.iter().map(|charge| charge.amount).sum();
            row.held = row.billed;
            End::Held
        }
        end @ (End::Missing | End::Open) => end,
        End::Posted | End::Denied => {
            let splits: Vec<Split> = live.iter().map(|charge| split(visit, charge, schedules)).collect();
            row.billed = live.iter().map(|charge| charge.amount).sum();
            for split in &splits {
                row.paid += split.paid;
                row.contractual += split.contractual;
                row.patient += split.patient;
                row.denied += split.denied;
            }
            // The end follows from the money, not from what was seeded; a test compares the two.
            if row.billed > 0 && row.denied == row.billed { End::Denied } else { End::Posted }
        }
    };
    end.name().clone_into(&mut row.end);
    row
}

fn split(visit: &Visit, charge: &Charge, schedules: &Schedules) -> Split {
    let mut coverages = visit.coverages.iter();
    let Some((first, payer)) = coverages.next().and_then(|c| schedules.find(&c.payer).map(|payer| (c, payer))) else {
        return Split { denied: charge.amount, ..Split::default() };
    };
    let mut split = primary(payer, &first.member, charge);
    if let Some(payer) = coverages.next().and_then(|second| schedules.find(&second.payer)) {
        let paid = percent(split.patient, payer.secondary_percent);
        split.paid += paid;
        split.patient -= paid;
    }
    split
}

fn primary(payer: &Schedule, member: &str, charge: &Charge) -> Split {
    let refused =
        payer.terminated_members.iter().any(|ended| ended == member) || payer.denies.contains_key(&charge.code);
    let Some(fee) = payer.fees.get(&charge.code).filter(|_| !refused) else {
        return Split { denied: charge.amount, ..Split::default() };
    };
    let allowed = charge.amount.min(fee * charge.units);
    let copay = if payer.copay.codes.contains(&charge.code) { payer.copay.amount.min(allowed) } else { 0 };
    let coinsurance = percent(allowed - copay, payer.coinsurance_percent);
    let before = allowed - copay - coinsurance;
    let sequestration = percent(before, payer.sequestration_percent);
    Split {
        paid: before - sequestration,
        contractual: charge.amount - allowed + sequestration,
        patient: copay + coinsurance,
        denied: 0,
    }
}

/// So many percent of an amount that is not negative, half a cent upwards.
fn percent(amount: i64, percent: i64) -> i64 {
    (amount * percent * 2 + 100).div_euclid(200)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payers::{id, schedules};
    use crate::rng::Rng;

    fn charge(code: &str, units: i64, amount: i64) -> Charge {
        let date = crate::date::Day(0);
        let (id, code) = (String::new(), code.to_owned());
        Charge {
            id,
            code,
            local_code: None,
            modifiers: vec![],
            units,
            unit_price: None,
            amount,
            date,
            pointers: vec![],
            drug: None,
        }
    }

    /// Worked by hand from the page, not from this code.
    #[test]
    fn adjudicates_as_worked_by_hand() {
        let mut all = schedules(&mut Rng::new(1, 1));
        let payer = all.payer.iter_mut().find(|payer| payer.id == id::NORTHFIELD).unwrap();
        payer.fees.insert("99213".into(), 9205);
        payer.sequestration_percent = 2;
        payer.terminated_members.push("GONE".into());
        // allowed 92.05, copay 25.00, 20 % of 67.05 = 13.41, 53.64 left, 2 % = 1.0728 -> 1.07
        let split = primary(payer, "HERE", &charge("99213", 1, 15_000));
        assert_eq!(split, Split { paid: 5257, contractual: 5795 + 107, patient: 2500 + 1341, denied: 0 });
        // Charge below the fee: nothing is contractual but sequestration. 20 % of 12.53 = 2.506 -> 2.51; 10.02, 0.2004 -> 0.20
        payer.fees.insert("36415".into(), 2000);
        let split = primary(payer, "HERE", &charge("36415", 1, 1253));
        assert_eq!(split, Split { paid: 982, contractual: 20, patient: 251, denied: 0 });
        for (member, code) in [("GONE", "99213"), ("HERE", "96127"), ("HERE", "XXXXX")] {
            assert_eq!(primary(payer, member, &charge(code, 1, 700)), Split { denied: 700, ..Split::default() });
        }
        assert_eq!([percent(125, 2), percent(25, 2), percent(24, 2), percent(0, 20)], [3, 1, 0, 0]);
    }
}
