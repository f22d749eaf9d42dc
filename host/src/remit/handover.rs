//! What a later payer takes over: the part of a claim that payers before it left to the patient, or denied.
//!
//! The payer that decides first settles the charge. A later one decides on what is left: its decision (CLP03 less OA-23)
//! must leave the account where that part stands, first the patient's share, then what was denied. Where the payers
//! before it have not decided, the charge is still with the payers and nothing is taken over. Computed from all
//! decisions of a claim together, so that the order in which they came does not matter.

use std::collections::BTreeMap;

/// What one payer has decided about one line so far, cents; reversals are netted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decided {
    /// Left to the patient: PR-1, PR-2, PR-3.
    pub patient: i64,
    /// Unpaid for any other reason.
    pub denied: i64,
    /// What the decision is about: charge less OA-23, all that left the payer receivable.
    pub decided: i64,
}

/// A part that a later payer takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Place of the payer in the order of coverages; never the first.
    pub payer: usize,
    /// The line it stands on; 0: the claim as a whole.
    pub line: u16,
    /// From the patient receivable, cents, positive.
    pub patient: i64,
    /// From what was denied, cents, positive.
    pub denied: i64,
}

/// What later payers take over. `lines`: for each line the decision of each payer, in the order of coverages.
///
/// A payer takes what it decides on from the same line first; what that line does not have, it takes from the others (a
/// payer may decide a claim without its lines). What no line has is not taken: it stays a credit of the payers, which
/// shows that two of them have decided on the same part.
pub fn releases(lines: &BTreeMap<u16, Vec<Decided>>) -> Vec<Release> {
    let payers = lines.values().map(Vec::len).max().unwrap_or(0);
    let of = |line: &[Decided], payer: usize| line.get(payer).copied().unwrap_or_default();
    let mut held: BTreeMap<u16, Decided> = lines.keys().map(|line| (*line, Decided::default())).collect();
    let mut taken = Vec::new();
    for payer in 0..payers {
        if payer > 0 {
            let mut rest = 0_i64;
            for (number, line) in lines {
                let wanted = of(line, payer).decided.max(0);
                rest = rest.saturating_add(take(&mut held, payer, *number, wanted, &mut taken));
            }
            let others: Vec<u16> = lines.keys().copied().collect();
            for number in others {
                rest = take(&mut held, payer, number, rest, &mut taken);
            }
        }
        for (number, line) in lines {
            let Decided { patient, denied, .. } = of(line, payer);
            let stands = held.entry(*number).or_default();
            stands.patient = stands.patient.saturating_add(patient).max(0);
            stands.denied = stands.denied.saturating_add(denied).max(0);
        }
    }
    taken
}

/// Takes up to `wanted` from one line; gives what it did not have.
fn take(held: &mut BTreeMap<u16, Decided>, payer: usize, line: u16, wanted: i64, taken: &mut Vec<Release>) -> i64 {
    let Some(stands) = held.get_mut(&line) else { return wanted };
    let patient = wanted.min(stands.patient);
    let denied = (wanted - patient).min(stands.denied);
    stands.patient -= patient;
    stands.denied -= denied;
    if patient != 0 || denied != 0 {
        match taken.iter_mut().find(|one| (one.payer, one.line) == (payer, line)) {
            Some(one) => {
                one.patient += patient;
                one.denied += denied;
            }
            None => taken.push(Release { payer, line, patient, denied }),
        }
    }
    wanted - patient - denied
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decided(patient: i64, denied: i64, decided: i64) -> Decided {
        Decided { patient, denied, decided }
    }

    fn on_one_line(payers: Vec<Decided>) -> Vec<(usize, i64, i64)> {
        let taken = releases(&[(1, payers)].into());
        taken.into_iter().map(|one| (one.payer, one.patient, one.denied)).collect()
    }

    #[test]
    fn what_is_taken_comes_from_where_it_stands() {
        let none: Vec<(usize, i64, i64)> = Vec::new();
        let table = [
            ("the patient's share", vec![decided(20, 0, 100), decided(5, 0, 20)], vec![(1, 20, 0)]),
            ("all was denied", vec![decided(0, 100, 100), decided(40, 0, 100)], vec![(1, 0, 100)]),
            ("share and denial", vec![decided(20, 30, 100), decided(0, 0, 50)], vec![(1, 20, 30)]),
            ("only the share is decided on", vec![decided(20, 30, 100), decided(0, 0, 20)], vec![(1, 20, 0)]),
            ("the first has not answered", vec![decided(0, 0, 0), decided(40, 0, 100)], none.clone()),
            ("the first was reversed", vec![decided(0, 0, 0), decided(0, 0, 20)], none.clone()),
            ("two decided on the same part", vec![decided(20, 0, 100), decided(0, 0, 50)], vec![(1, 20, 0)]),
            (
                "three payers",
                vec![decided(0, 100, 100), decided(60, 0, 100), decided(10, 0, 60)],
                vec![(1, 0, 100), (2, 60, 0)],
            ),
            ("alone", vec![decided(20, 0, 100)], none),
        ];
        for (name, payers, expected) in table {
            assert_eq!(on_one_line(payers), expected, "{name}");
        }
    }

    #[test] // the first payer denies the claim as a whole, the second decides line by line
    fn what_its_own_line_does_not_have_comes_from_the_others() {
        let lines = [
            (0, vec![decided(0, 100, 100), decided(0, 0, 0)]),
            (1, vec![decided(0, 0, 0), decided(10, 0, 60)]),
            (2, vec![decided(0, 0, 0), decided(0, 0, 40)]),
        ];
        assert_eq!(releases(&lines.into()), [Release { payer: 1, line: 0, patient: 0, denied: 100 }]);
    }

    proptest! {
        #[test] // nothing is taken that does not stand, and never more than was decided on
        fn no_account_goes_below_nothing(
            lines in prop::collection::btree_map(0_u16..4, prop::collection::vec(
                (0_i64..1_000, 0_i64..1_000, -500_i64..2_000).prop_map(|(p, d, all)| decided(p, d, all)), 0..4), 0..4)
        ) {
            let taken = releases(&lines);
            let sum = |of: &dyn Fn(&Decided) -> i64| lines.values().flatten().map(of).sum::<i64>();
            let patient: i64 = taken.iter().map(|one| one.patient).sum();
            let denied: i64 = taken.iter().map(|one| one.denied).sum();
            prop_assert!(patient <= sum(&|one| one.patient) && denied <= sum(&|one| one.denied));
            for (payer, all) in (1..4).map(|payer| (payer, taken.iter().filter(move |one| one.payer == payer))) {
                let wanted: i64 = lines.values().filter_map(|line| line.get(payer)).map(|one| one.decided.max(0)).sum();
                prop_assert!(all.map(|one| one.patient + one.denied).sum::<i64>() <= wanted);
            }
            prop_assert!(taken.iter().all(|one| one.payer > 0 && one.patient >= 0 && one.denied >= 0));
        }
    }
}
