//! Amounts that no claim carries: refused at their field, before anything adds them up.
//!
//! An 837P's amounts have at most ten digits (X12 005010X222A1 B.1.1.3.1.2). What lies a hundredfold above that is a shifted column or a
//! broken adapter, and the sum of a few of them would leave the range of the ledger. Amounts between the two are held by
//! the scrub (`charge.high`) and refused by the writer.

use crate::claim::{Charge, Place, Problem, VisitUpdate};

/// $10 billion, in cents; and a billion units, in thousandths. The sum of nine million such amounts fits into 64 bits.
pub const MOST: i64 = 1_000_000_000_000;

/// The first amount of an update that is out of range.
pub fn out_of_range(update: &VisitUpdate) -> Option<Problem> {
    let header = &update.header;
    let whole = [("patient-paid", header.patient_paid), ("stated-total", header.stated_total)];
    let path = whole
        .into_iter()
        .find(|(_, amount)| amount.is_some_and(is_out))
        .map(|(field, _)| format!("header.{field}"))
        .or_else(|| {
            header.coverages.iter().enumerate().find_map(|(at, coverage)| {
                let decided = coverage.adjudication.as_ref()?;
                let adjusted = decided.adjustments.iter().any(|adjustment| is_out(adjustment.amount));
                let amounts = [decided.paid, decided.non_covered, decided.remaining_liability];
                (adjusted || amounts.into_iter().flatten().any(is_out))
                    .then(|| format!("header.coverages[{}].adjudication", at + 1))
            })
        })
        .or_else(|| {
            let mut charges = update.charges.iter().enumerate();
            charges.find_map(|(at, charge)| of_charge(charge).map(|field| format!("charges[{}].line.{field}", at + 1)))
        })?;
    Some(Problem {
        id: "amount.out-of-range".to_owned(),
        at: Place { path, offset: None },
        found: "13 digits or more".to_owned(),
        expected: "an amount below 10,000,000,000.00; an 837P carries at most 10 digits".to_owned(),
        remedy: "Look whether a column is shifted or an amount mistyped in the original, correct the mapping or the source, and send it again."
            .to_owned(),
    })
}

fn of_charge(charge: &Charge) -> Option<&'static str> {
    let line = &charge.line;
    let decided = line.adjudications.iter().any(|decision| {
        is_out(decision.paid)
            || is_out(decision.units)
            || decision.remaining_liability.is_some_and(is_out)
            || decision.adjustments.iter().any(|adjustment| is_out(adjustment.amount))
    });
    let fields = [
        ("charge", is_out(line.charge)),
        ("unit-charge", line.unit_charge.is_some_and(is_out)),
        ("units", is_out(line.units.thousandths)),
        ("adjudications", decided),
    ];
    fields.into_iter().find(|(_, out)| *out).map(|(field, _)| field)
}

fn is_out(amount: i64) -> bool {
    !(-MOST..MOST).contains(&amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::samples;

    #[test]
    fn an_amount_is_refused_at_its_field() {
        let charges = vec![samples::charge("C1", "99213", 9_000)];
        let plain = VisitUpdate { charges, ..samples::update(1) };
        assert!(out_of_range(&plain).is_none());
        let told = |change: &dyn Fn(&mut VisitUpdate)| {
            let mut update = plain.clone();
            change(&mut update);
            out_of_range(&update).map(|problem| problem.at.path)
        };
        assert_eq!(told(&|update| update.charges[0].line.charge = MOST - 1), None);
        assert_eq!(told(&|update| update.charges[0].line.charge = MOST).as_deref(), Some("charges[1].line.charge"));
        assert_eq!(told(&|update| update.charges[0].line.charge = i64::MIN).as_deref(), Some("charges[1].line.charge"));
        assert_eq!(
            told(&|update| update.charges[0].line.unit_charge = Some(MOST)).as_deref(),
            Some("charges[1].line.unit-charge")
        );
        assert_eq!(
            told(&|update| update.charges[0].line.units.thousandths = i64::MAX).as_deref(),
            Some("charges[1].line.units")
        );
        assert_eq!(told(&|update| update.header.stated_total = Some(i64::MAX)).as_deref(), Some("header.stated-total"));
    }
}
