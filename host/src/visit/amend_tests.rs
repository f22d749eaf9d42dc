use super::*;
use crate::claim::{ChargeAction, ServiceLine};
use crate::visit::samples::{act, arbitrary, charge, coverage, event, profile};
use crate::visit::{Event, fold, split};
use proptest::prelude::*;

fn now(events: &[Event]) -> Split {
    split(&fold(events), &|key| key.expose().to_owned())
}

/// The billed lineages of a visit, as a clearinghouse would know them.
#[derive(Default)]
struct Ledger {
    lineages: Vec<BilledVersion>,
}

impl Ledger {
    /// Bills what the amendments say. Returns whether something was left to a person.
    fn bill(&mut self, split: &Split, profile: &Profile) -> bool {
        let mut work = false;
        for amendment in amend(&self.lineages, split, profile) {
            match amendment {
                Amendment::Nothing { .. } => {}
                Amendment::Void { lineage } => self.lineages[lineage as usize].claim.frequency = Frequency::Void,
                Amendment::Replace { lineage, draft } => {
                    assert_eq!(draft.claim.frequency, Frequency::Replacement);
                    self.lineages[lineage as usize] =
                        BilledVersion { lineage, claim: draft.claim, charges: draft.charges, sender: Sender::Us };
                }
                Amendment::New { draft } => {
                    assert_eq!(draft.claim.frequency, Frequency::Original);
                    let lineage = self.lineages.len() as u32;
                    self.lineages.push(BilledVersion {
                        lineage,
                        claim: draft.claim,
                        charges: draft.charges,
                        sender: Sender::Us,
                    });
                }
                Amendment::Work { .. } => work = true,
            }
        }
        work
    }

    fn live(&self) -> impl Iterator<Item = &BilledVersion> {
        self.lineages.iter().filter(|version| version.claim.frequency != Frequency::Void)
    }

    fn net(&self) -> Vec<String> {
        net(self.live().map(|version| &version.claim))
    }

    fn no_charge_is_on_two_claims(&self) -> bool {
        let keys: Vec<_> = self.live().flat_map(|version| &version.charges).map(|(key, _)| key).collect();
        keys.iter().collect::<BTreeSet<_>>().len() == keys.len()
    }
}

fn net<'a>(claims: impl Iterator<Item = &'a Claim>) -> Vec<String> {
    let of_line = |claim: &Claim, line: &ServiceLine| {
        let payer = &destination(claim).unwrap().payer.id;
        let (procedure, units) = (&line.procedure, line.units);
        format!(
            "{payer} {} {:?} {:?} {units:?} {}",
            procedure.code, procedure.modifiers, line.service_dates, line.charge
        )
    };
    let mut lines: Vec<String> =
        claims.flat_map(|claim| claim.lines.iter().map(move |line| of_line(claim, line))).collect();
    lines.sort();
    lines
}

#[test]
fn nothing_replace_void_and_new() {
    let profile = profile();
    let mut ledger = Ledger::default();
    let first = event(1, vec![charge("1", "99213", 10_000), charge("2", "87880", 2_000)]);
    let mut events = vec![first];
    assert!(matches!(amend(&[], &now(&events), &profile).as_slice(), [Amendment::New { .. }]));
    ledger.bill(&now(&events), &profile);
    events.push(event(2, vec![charge("1", "99213", 10_000)]));
    assert_eq!(amend(&ledger.lineages, &now(&events), &profile), [Amendment::Nothing { lineage: 0 }]);
    events.push(event(3, vec![act(ChargeAction::Credit, "2", "87880", 2_000)]));
    let changed = amend(&ledger.lineages, &now(&events), &profile);
    let [Amendment::Replace { lineage: 0, draft }] = changed.as_slice() else { panic!("{changed:?}") };
    assert_eq!((draft.claim.frequency, draft.claim.total_charge), (Frequency::Replacement, 10_000));
    events.push(event(4, vec![act(ChargeAction::Credit, "1", "99213", 10_000)]));
    assert_eq!(amend(&ledger.lineages, &now(&events), &profile), [Amendment::Void { lineage: 0 }]);
}

#[test]
fn a_charge_credited_and_charged_under_a_new_id_replaces() {
    let mut events = vec![event(1, vec![charge("1", "99213", 10_000)])];
    let mut ledger = Ledger::default();
    ledger.bill(&now(&events), &profile());
    events.push(event(2, vec![act(ChargeAction::Credit, "1", "99213", 10_000)]));
    events.push(event(3, vec![charge("2", "99214", 15_000)]));
    assert!(matches!(amend(&ledger.lineages, &now(&events), &profile()).as_slice(), [Amendment::Replace { .. }]));
}

/// 90002 takes no 7, 90003 neither 7 nor 8.
#[test]
fn what_a_payer_forbids_is_done_another_way_or_by_a_person() {
    for (payer, void_and_new) in [("90002", true), ("90003", false)] {
        let mut first = event(1, vec![charge("1", "99213", 10_000)]);
        first.header.coverages = vec![coverage(payer, "W1")];
        let mut second = event(2, vec![charge("2", "87880", 2_000)]);
        second.header.coverages = vec![coverage(payer, "W1")];
        let mut ledger = Ledger::default();
        ledger.bill(&now(std::slice::from_ref(&first)), &profile());
        let amendments = amend(&ledger.lineages, &now(&[first, second]), &profile());
        match amendments.as_slice() {
            [Amendment::Void { lineage: 0 }, Amendment::New { .. }] => assert!(void_and_new),
            [Amendment::Work { lineage: Some(0), draft: Some(_), .. }] => assert!(!void_and_new),
            other => panic!("{payer}: {other:?}"),
        }
    }
}

#[test]
fn a_charge_that_a_claim_cannot_let_go_of_is_billed_nowhere_else() {
    let mut first = event(1, vec![charge("1", "99213", 10_000)]);
    first.header.coverages = vec![coverage("90003", "W1")];
    let mut moved = event(2, vec![]);
    moved.header.coverages = vec![coverage("90001", "W1")];
    let mut ledger = Ledger::default();
    ledger.bill(&now(std::slice::from_ref(&first)), &profile());
    let amendments = amend(&ledger.lineages, &now(&[first, moved]), &profile());
    let work = |amendment: &Amendment| matches!(amendment, Amendment::Work { .. });
    assert_eq!(amendments.len(), 2);
    assert!(amendments.iter().all(work), "{amendments:?}");
}

/// The profile, with these payers made to take what `takes` says: (replacement, void) each.
fn with(takes: [(bool, bool); 2]) -> Profile {
    let mut profile = profile();
    for (payer, (replacement, void)) in profile.payer.iter_mut().zip(takes) {
        (payer.replacement, payer.void) = (replacement, void);
    }
    profile
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn billing_in_between_leaves_the_net_of_billing_once(
        events in arbitrary::events().prop_shuffle(),
        cuts in proptest::collection::vec(0..10_usize, 0..3),
        replacement in any::<[bool; 2]>(),
    ) {
        let profile = with(replacement.map(|replacement| (replacement, true)));
        let mut cuts = cuts;
        cuts.sort_unstable();
        let mut ledger = Ledger::default();
        for cut in cuts {
            prop_assert!(!ledger.bill(&now(&events[..cut.min(events.len())]), &profile));
            prop_assert!(ledger.no_charge_is_on_two_claims());
        }
        let end = now(&events);
        prop_assert!(!ledger.bill(&end, &profile));
        prop_assert!(ledger.no_charge_is_on_two_claims());
        prop_assert_eq!(ledger.net(), net(end.claims.iter().map(|draft| &draft.claim)));
        let settled = |amendment: &Amendment| matches!(amendment, Amendment::Nothing { .. });
        prop_assert!(amend(&ledger.lineages, &end, &profile).iter().all(settled), "amending twice changes nothing");
    }

    #[test]
    fn whatever_payers_forbid_no_charge_is_billed_twice(
        events in arbitrary::events().prop_shuffle(), cut in 0..10_usize, takes in any::<[(bool, bool); 2]>(),
    ) {
        let profile = with(takes);
        let mut ledger = Ledger::default();
        ledger.bill(&now(&events[..cut.min(events.len())]), &profile);
        let end = now(&events);
        let work = ledger.bill(&end, &profile);
        prop_assert!(ledger.no_charge_is_on_two_claims());
        let as_once = ledger.net() == net(end.claims.iter().map(|draft| &draft.claim));
        prop_assert!(work || as_once, "what differs from billing once is somebody's work");
    }
}
