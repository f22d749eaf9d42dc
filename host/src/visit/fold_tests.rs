use super::*;
use crate::claim::{Date, VisitStatus};
use crate::visit::samples::{act, arbitrary, charge, coverage, diagnosis, event, name, provider};
use proptest::prelude::*;

fn ids(visit: &Visit) -> Vec<&str> {
    visit.problems.iter().map(|problem| problem.id.as_str()).collect()
}

fn live(visit: &Visit) -> Vec<(&str, i64)> {
    visit.charges.iter().map(|charge| (charge.line.procedure.code.as_str(), charge.line.charge)).collect()
}

const NEW: ChargeAction = ChargeAction::New;
const REPLACE: ChargeAction = ChargeAction::Replace;
const CANCEL: ChargeAction = ChargeAction::Cancel;
const CREDIT: ChargeAction = ChargeAction::Credit;

/// Action, id, code and amount.
type Told<'a> = (ChargeAction, &'a str, &'a str, i64);
/// What it shows, what is told, and the live charges and problems that are left.
type Case<'a> = (&'a str, &'a [Told<'a>], &'a [(&'a str, i64)], &'a [&'a str]);

/// Each: what one event after the other says, and the live charges and problems that are left.
#[test]
fn what_charges_do_to_each_other() {
    let cases: &[Case<'_>] = &[
        ("the same charge again", &[(NEW, "1", "A", 5), (NEW, "1", "A", 5)], &[("A", 5)], &[]),
        ("another amount is a correction", &[(NEW, "1", "A", 5), (NEW, "1", "A", 6)], &[("A", 6)], &[]),
        (
            "an old message after a correction",
            &[(NEW, "1", "A", 5), (REPLACE, "1", "A", 6), (NEW, "1", "A", 5)],
            &[("A", 6)],
            &[],
        ),
        (
            "a correction taken back",
            &[(NEW, "1", "A", 5), (REPLACE, "1", "A", 6), (REPLACE, "1", "A", 5)],
            &[("A", 5)],
            &[],
        ),
        (
            "one key, two services",
            &[(NEW, "1", "A", 5), (NEW, "1", "B", 5)],
            &[("A", 5), ("B", 5)],
            &["visit.untrusted-key"],
        ),
        ("one of them reversed", &[(NEW, "1", "A", 5), (NEW, "1", "B", 5), (CREDIT, "1", "A", 5)], &[("B", 5)], &[]),
        (
            "the key of a second service is not given twice",
            &[(NEW, "1", "A", 5), (NEW, "1", "B", 5), (REPLACE, "1", "C", 5), (NEW, "1", "B", 5)],
            &[("A", 5), ("C", 5)],
            &["visit.untrusted-key"],
        ),
        (
            "nor when the second service has become a third",
            &[(NEW, "1", "A", 5), (NEW, "1", "B", 5), (REPLACE, "1", "C", 5), (NEW, "1", "B", 6)],
            &[("A", 5), ("C", 5), ("B", 6)],
            &["visit.untrusted-key"],
        ),
        ("replaced by another service", &[(NEW, "1", "A", 5), (REPLACE, "1", "B", 7)], &[("B", 7)], &[]),
        ("replacing the unknown", &[(REPLACE, "1", "A", 5)], &[("A", 5)], &["visit.unmatched-replacement"]),
        (
            "replacing the unknown twice",
            &[(REPLACE, "1", "A", 5), (REPLACE, "1", "A", 6)],
            &[("A", 6)],
            &["visit.unmatched-replacement"],
        ),
        (
            "replacing what was reversed",
            &[(NEW, "1", "A", 5), (CANCEL, "1", "A", 5), (REPLACE, "1", "A", 6)],
            &[("A", 6)],
            &[],
        ),
        ("cancelled", &[(NEW, "1", "A", 5), (NEW, "2", "B", 5), (CANCEL, "1", "A", 5)], &[("B", 5)], &[]),
        ("cancelled twice", &[(NEW, "1", "A", 5), (CANCEL, "1", "A", 5), (CANCEL, "1", "A", 5)], &[], &[]),
        (
            "cancelling the unknown",
            &[(NEW, "1", "A", 5), (CANCEL, "9", "A", 5)],
            &[("A", 5)],
            &["visit.unmatched-cancel"],
        ),
        ("credited by its id", &[(NEW, "1", "A", 5), (CREDIT, "1", "A", 5)], &[], &[]),
        (
            "a credit again spares the other",
            &[(NEW, "1", "A", 5), (NEW, "2", "A", 5), (CREDIT, "1", "A", 5), (CREDIT, "1", "A", 5)],
            &[("A", 5)],
            &[],
        ),
        (
            "charged again after a credit",
            &[(NEW, "1", "A", 5), (CREDIT, "1", "A", 5), (NEW, "1", "A", 5)],
            &[("A", 5)],
            &[],
        ),
        ("credited by attributes", &[(NEW, "1", "A", 5), (NEW, "2", "B", 5), (CREDIT, "", "B", 5)], &[("A", 5)], &[]),
        (
            "a credit with an id of its own",
            &[(NEW, "1", "A", 5), (CREDIT, "9", "A", 5), (CREDIT, "9", "A", 5)],
            &[],
            &[],
        ),
        (
            "two fit",
            &[(NEW, "1", "A", 5), (NEW, "2", "A", 5), (CREDIT, "", "A", 5)],
            &[("A", 5), ("A", 5)],
            &["visit.unmatched-credit"],
        ),
        ("none fits", &[(NEW, "1", "A", 5), (CREDIT, "", "A", 6)], &[("A", 5)], &["visit.unmatched-credit"]),
        ("a part is credited", &[(NEW, "1", "A", 5), (CREDIT, "1", "A", 2)], &[("A", 5)], &["visit.credit-differs"]),
        (
            "a repeat without ids",
            &[(NEW, "", "A", 5), (NEW, "", "A", 5)],
            &[("A", 5), ("A", 5)],
            &["visit.suspected-repeat"],
        ),
        ("no repeat without ids", &[(NEW, "", "A", 5), (NEW, "", "B", 5)], &[("A", 5), ("B", 5)], &[]),
        (
            "a replacement that names nothing",
            &[(NEW, "1", "A", 5), (REPLACE, "", "A", 6)],
            &[("A", 5), ("A", 6)],
            &["visit.unmatched-replacement"],
        ),
    ];
    for (what, told, charges, problems) in cases {
        let one = |(at, (action, id, code, cents)): (usize, &Told<'_>)| {
            event(at as u64 + 1, vec![act(*action, id, code, *cents)])
        };
        let mut events: Vec<Event> = told.iter().enumerate().map(one).collect();
        events.reverse();
        let visit = fold(&events);
        assert_eq!(live(&visit), *charges, "{what}");
        assert_eq!(ids(&visit), *problems, "{what}");
        let keys: BTreeSet<_> = visit.charges.iter().map(|charge| &charge.key).collect();
        assert_eq!(keys.len(), visit.charges.len(), "{what}");
    }
}

#[test]
fn a_replacement_under_a_new_id_ends_the_old_one() {
    let mut changed = act(REPLACE, "2", "99214", 15_000);
    changed.reverses = "1".into();
    let events =
        [event(1, vec![charge("1", "99213", 10_000)]), event(2, vec![changed.clone()]), event(3, vec![changed])];
    let visit = fold(&events);
    assert_eq!(live(&visit), [("99214", 15_000)]);
    assert_eq!(visit.charges[0].key, ChargeKey::of_id("2"));
    let mut credit = act(CREDIT, "77", "99214", 15_000);
    credit.reverses = "2".into();
    assert_eq!(live(&fold(&[&events[..], &[event(4, vec![credit])]].concat())), []);
}

#[test]
fn two_equal_services_in_one_document_stay_two() {
    let visit = fold(&[event(1, vec![charge("", "97110", 4_000), charge("", "97110", 4_000)])]);
    assert_eq!(visit.charges.len(), 2);
    assert_ne!(visit.charges[0].key, visit.charges[1].key);
    assert_eq!(ids(&visit), [] as [&str; 0]);
}

#[test]
fn a_tie_is_held_until_a_later_event_settles_it() {
    let mut events = vec![
        event(1, vec![charge("1", "99213", 10_000)]),
        event(2, vec![act(REPLACE, "1", "99213", 11_000)]),
        event(2, vec![act(REPLACE, "1", "99213", 12_000)]),
    ];
    assert_eq!(ids(&fold(&events)), ["visit.order-tie"]);
    events.push(event(3, vec![charge("2", "87880", 2_000)]));
    assert_eq!(ids(&fold(&events)), ["visit.order-tie"], "another charge settles nothing");
    events.push(event(4, vec![act(REPLACE, "1", "99213", 12_000)]));
    assert_eq!(ids(&fold(&events)), [] as [&str; 0]);
    // Different charges of one order are no tie.
    let apart = [event(1, vec![charge("1", "99213", 10_000)]), event(1, vec![charge("2", "87880", 2_000)])];
    assert_eq!(ids(&fold(&apart)), [] as [&str; 0]);
}

#[test]
fn a_complete_event_cancels_earlier_charges_that_it_does_not_name() {
    let first = event(1, vec![charge("1", "99213", 10_000), charge("2", "87880", 2_000), charge("", "36415", 500)]);
    let mut all = event(2, vec![charge("2", "87880", 2_000)]);
    all.complete = true;
    let late = event(3, vec![charge("3", "94640", 3_000)]);
    let visit = fold(&[late.clone(), all, first.clone()]);
    assert_eq!(live(&visit), [("87880", 2_000), ("94640", 3_000)]);
    let mut none = event(4, vec![]);
    none.complete = true;
    assert_eq!(live(&fold(&[none, late, first])), []);
}

#[test]
fn a_cancelled_visit_has_no_charges_and_later_ones_are_held() {
    let first = event(1, vec![charge("1", "99213", 10_000)]);
    let mut end = event(2, vec![]);
    end.status = VisitStatus::Cancelled;
    let visit = fold(&[end.clone(), first.clone()]);
    assert_eq!((visit.status, visit.charges.len(), visit.problems.len()), (VisitStatus::Cancelled, 0, 0));
    let late = event(3, vec![charge("2", "87880", 2_000)]);
    assert_eq!(ids(&fold(&[late, end.clone(), first.clone()])), ["visit.charge-after-end"]);
    end.status = VisitStatus::NotBillable;
    assert_eq!(fold(&[end, first]).status, VisitStatus::NotBillable);
}

#[test]
fn pointers_follow_their_own_documents_diagnoses() {
    let mut first = event(1, vec![charge("1", "99213", 10_000)]);
    first.charges[0].line.diagnosis_pointers = vec![2, 1, 7];
    let mut second = event(2, vec![charge("2", "87880", 2_000)]);
    second.header.diagnoses = vec![diagnosis("Z0000"), diagnosis("M545")];
    second.charges[0].line.diagnosis_pointers = vec![1];
    let visit = fold(&[second, first]);
    assert_eq!(visit.header.diagnoses, ["Z0000", "M545", "J069"].map(diagnosis));
    assert_eq!(visit.charges[0].line.diagnosis_pointers, [2, 3, 7]);
    assert_eq!(visit.charges[1].line.diagnosis_pointers, [1]);
}

#[test]
fn a_charge_keeps_the_provider_of_its_own_event_unless_the_visit_is_told_another() {
    let first = event(1, vec![charge("1", "99213", 10_000)]);
    let mut second = event(2, vec![charge("2", "87880", 2_000)]);
    second.header.rendering = Some(provider("1098765435"));
    let visit = fold(&[second.clone(), first.clone()]);
    let rendering = |visit: &Visit, at: usize| {
        crate::claim::rendering(&visit.header, &visit.charges[at].line).and_then(|provider| provider.npi.clone())
    };
    assert_eq!(rendering(&visit, 0).as_deref(), Some("1234567893"));
    assert_eq!(rendering(&visit, 1).as_deref(), Some("1098765435"));
    let mut news = event(3, vec![]);
    news.header.rendering = Some(provider("1245319599"));
    let visit = fold(&[news, second, first]);
    assert_eq!(rendering(&visit, 0).as_deref(), Some("1245319599"));
    assert_eq!(rendering(&visit, 1).as_deref(), Some("1245319599"));
}

#[test]
fn a_stated_total_lasts_as_long_as_the_charges_it_totals() {
    let mut first = event(1, vec![charge("1", "99213", 10_000)]);
    first.header.stated_total = Some(10_000);
    assert_eq!(fold(std::slice::from_ref(&first)).header.stated_total, Some(10_000));
    let news = event(2, vec![]);
    assert_eq!(fold(&[first.clone(), news]).header.stated_total, Some(10_000));
    let late = event(2, vec![charge("2", "87880", 2_000)]);
    assert_eq!(fold(&[first, late]).header.stated_total, None);
}

#[test]
fn two_patients_on_one_visit_and_two_coverages_in_one_order_are_held() {
    let first = event(1, vec![charge("1", "99213", 10_000)]);
    let mut other = event(2, vec![]);
    other.header.patient.name = name("Brightwater", "Otis");
    other.header.patient.birth_date = Some(Date { year: 2001, month: 2, day: 3 });
    assert_eq!(ids(&fold(&[first.clone(), other])), ["visit.identity-conflict"]);
    let mut tied = event(1, vec![]);
    tied.header.coverages = vec![coverage("90002", "X")];
    assert_eq!(ids(&fold(&[first, tied])), ["visit.order-tie"]);
}

proptest! {
    #![proptest_config(ProptestConfig::default())]

    #[test]
    fn arrival_order_and_repeats_never_decide(
        (events, arrived) in arbitrary::events().prop_flat_map(|events| {
            let with_repeats = [events.clone(), events.clone()].concat();
            let some = proptest::sample::subsequence(with_repeats.clone(), 0..=with_repeats.len());
            (Just(events), some.prop_shuffle())
        }),
    ) {
        // Every event at least once, in any order, some of them again.
        let mut all = arrived;
        all.extend(events.iter().rev().cloned());
        prop_assert_eq!(fold(&all), fold(&events));
    }

    #[test]
    fn no_key_lives_twice_and_every_pointer_was_somebodys(events in arbitrary::events()) {
        let visit = fold(&events);
        let keys: BTreeSet<_> = visit.charges.iter().map(|charge| &charge.key).collect();
        prop_assert_eq!(keys.len(), visit.charges.len());
        for charge in &visit.charges {
            let (digest, place) = charge.source;
            let source = events.iter().find(|event| event.digest == digest).unwrap();
            let told = &source.charges[place];
            prop_assert_eq!(&told.line.procedure, &charge.line.procedure);
            for (then, now) in told.line.diagnosis_pointers.iter().zip(&charge.line.diagnosis_pointers) {
                let then = source.header.diagnoses.get(usize::from(*then) - 1);
                let now = visit.header.diagnoses.get(usize::from(*now) - 1);
                prop_assert_eq!(then, now);
            }
        }
    }
}
