//! The world over many seeds: determinism, what a run may change, sums, kinds, NPIs, dates, visible defects.

use crate::answer::{Row, rows};
use crate::build::{DAYS, World, world};
use crate::date::Day;
use crate::feed::File;
use crate::kinds::{End, Format, Kind, TABLE};
use crate::model::{Action, Relation, Visit};
use crate::rng::npi_check_digit;
use std::collections::{BTreeMap, BTreeSet};

mod feeds;

const SEEDS: u64 = 50;

fn start() -> Day {
    Day::from_ymd(2026, 3, 2)
}

fn files(seed: u64, run: u32) -> Vec<File> {
    crate::files(seed, run, start()).unwrap()
}

fn each_seed(check: impl Fn(u64, &World, &[Row])) {
    for seed in 1..=SEEDS {
        let world = world(seed, start());
        let rows = rows(&world);
        check(seed, &world, &rows);
    }
}

fn visits(world: &World) -> impl Iterator<Item = (Format, &Visit)> {
    world.practices.iter().flat_map(|practice| practice.visits.iter().map(|visit| (practice.format, visit)))
}

fn npi_is_valid(npi: &str) -> bool {
    npi.len() == 10 && npi_check_digit(&npi[..9]).to_string() == npi[9..]
}

#[test]
fn every_row_adds_up_and_ends_as_its_kind_says() {
    each_seed(|seed, _, rows| {
        let mut numbers = BTreeSet::new();
        for row in rows {
            assert_eq!(
                row.billed,
                row.paid + row.contractual + row.patient + row.denied + row.held + row.open,
                "{seed} {row:?}"
            );
            let parts = [row.paid, row.contractual, row.patient, row.denied, row.held];
            assert!(parts.iter().all(|part| *part >= 0), "{seed} {row:?}");
            assert_eq!(row.seeded.len(), 1);
            let kind = TABLE.iter().find(|kind| kind.name == row.seeded[0]).unwrap();
            assert_eq!(kind.end.name(), row.end, "{seed} {row:?}");
            let nothing = kind.kind == Kind::VoidedAfter || matches!(kind.end, End::Missing | End::Open);
            assert_eq!(row.billed == 0, nothing, "{seed} {row:?}");
            assert_eq!(row.denied > 0, matches!(kind.kind, Kind::DeniedLine | Kind::DeniedClaim), "{seed} {row:?}");
            assert!(numbers.insert((&row.practice, &row.visit)));
        }
        let contractual = rows.iter().filter(|row| row.contractual > 0).count();
        let posted = rows.iter().filter(|row| row.end == "posted").count();
        assert!(contractual * 2 > posted, "CO 45 is rare: {contractual} of {posted}");
        assert!(
            rows.iter().any(|row| row.billed > 0 && row.end == "posted" && row.contractual == 0),
            "never below the fee"
        );
    });
}

#[test]
fn every_kind_occurs_wherever_its_format_can_say_it() {
    each_seed(|seed, world, _| {
        for practice in &world.practices {
            assert!((170..=225).contains(&practice.visits.len()), "{seed} {}", practice.visits.len());
            for row in TABLE {
                let found = practice.visits.iter().filter(|visit| visit.kind == row.kind).count();
                assert_eq!(found > 0, row.formats.contains(&practice.format), "{seed} {} {}", practice.id, row.name);
            }
        }
    });
}

#[test]
fn npis_are_right_except_the_seeded_ones() {
    each_seed(|seed, world, _| {
        for practice in &world.practices {
            let places = practice.places.iter().filter_map(|place| place.facility.as_ref().map(|facility| &facility.1));
            for npi in practice.roster.iter().map(|doctor| &doctor.npi).chain([&practice.npi]).chain(places) {
                assert!(npi_is_valid(npi), "{seed} {npi}");
            }
            for visit in &practice.visits {
                let npi = &visit.rendering.npi;
                let right =
                    npi.is_empty() || (npi_is_valid(npi) && practice.roster.iter().any(|doctor| doctor.npi == *npi));
                assert_eq!(right, visit.kind != Kind::BadNpi, "{seed} {npi}");
                let known =
                    practice.roster.iter().any(|doctor| doctor.npi == *npi || doctor.local == visit.rendering.local);
                assert_eq!(known, ![Kind::BadNpi, Kind::NoRenderingNpi].contains(&visit.kind));
            }
        }
    });
}

#[test]
fn dates_days_and_charge_ids_keep_their_rules() {
    each_seed(|seed, world, _| {
        let mut ids = BTreeSet::new();
        for (format, visit) in visits(world) {
            let mut day = 0;
            for step in &visit.steps {
                assert!(step.day >= day, "{seed} {}: steps go back", visit.number);
                day = step.day;
                assert!([1, 2, 3, 6, 9].contains(&day));
                assert_eq!(day == DAYS, visit.kind == Kind::Open);
                for action in &step.actions {
                    let charge = match action {
                        Action::New(charge) | Action::Replace(charge) | Action::Credit { charge, .. } => charge,
                    };
                    assert_eq!(charge.date > world.start.plus(DAYS - 1), visit.kind == Kind::FutureDate);
                    assert!(
                        charge.date <= world.start.plus(day - 1) || visit.kind == Kind::FutureDate,
                        "{seed} {}",
                        visit.number
                    );
                    assert_eq!(
                        visit.patient.born.is_some_and(|born| charge.date < born),
                        visit.kind == Kind::BeforeBirth
                    );
                    let whole = charge.unit_price.is_none_or(|price| price * charge.units == charge.amount);
                    let off = visit.kind == Kind::DoesNotAddUp && format != Format::X12;
                    assert!(whole || off, "{seed} {}", visit.number);
                    assert!(charge.units > 0 || visit.kind == Kind::ZeroUnits);
                    assert!(charge.amount > 0 || visit.kind == Kind::ZeroCharge);
                    if visit.kind != Kind::PointerRange {
                        assert!(charge.pointers.iter().all(|at| *at < visit.diagnoses.len()));
                        assert_eq!(charge.pointers.is_empty(), visit.kind == Kind::NoDiagnosis);
                    }
                }
            }
            for id in visit.charge_ids() {
                assert!(ids.insert((format, id)), "{seed}: a charge id twice");
            }
        }
    });
}

#[test]
fn people_and_member_ids_are_not_shared() {
    each_seed(|seed, world, _| {
        let mut people: BTreeMap<String, (Format, String)> = BTreeMap::new();
        // A second record of one person, and a twin, have the member id of the first.
        let shared = [Kind::NoMemberId, Kind::SecondaryNoMemberId, Kind::TypoNearDuplicate, Kind::NearTwinVisit];
        for (format, visit) in visits(world).filter(|(_, visit)| !shared.contains(&visit.kind)) {
            for coverage in &visit.coverages {
                let owner = (format, visit.mrn.clone());
                assert_eq!(*people.entry(coverage.member.clone()).or_insert_with(|| owner.clone()), owner, "{seed}");
            }
        }
        let first = world.practices.iter().map(|practice| format!("{:?}", practice.visits[0].patient));
        assert_eq!(first.collect::<BTreeSet<_>>().len(), 4, "{seed}: practices draw from one stream");
    });
}

/// A defect's patient has one visit, or the two that the kind is about; others come on different days.
#[test]
fn a_defect_does_not_leak() {
    each_seed(|seed, world, _| {
        for practice in &world.practices {
            let mut by_patient: BTreeMap<&str, Vec<&Visit>> = BTreeMap::new();
            practice.visits.iter().for_each(|visit| by_patient.entry(&visit.mrn).or_default().push(visit));
            for visits in by_patient.values().filter(|visits| visits.len() > 1) {
                assert_eq!(visits.len(), 2);
                let other_card = [Kind::TypoMemberId, Kind::NearNewMemberId].contains(&visits[1].kind);
                assert_eq!(visits[0].patient, visits[1].patient);
                assert_eq!(visits[0].coverages != visits[1].coverages, other_card);
                let dates = visits.iter().map(|visit| visit.live()[0].date).collect::<Vec<_>>();
                assert_eq!(visits[0].kind, Kind::Clean);
                match visits[1].kind {
                    Kind::DuplicateClaim => assert_eq!(dates[0], dates[1]),
                    Kind::AwvTooSoon
                    | Kind::TypoMemberId
                    | Kind::NearNewMemberId
                    | Kind::OmittedUnrelated
                    | Kind::NearUnrelated => assert!(dates[0] < dates[1]),
                    kind => assert!(kind == Kind::Clean && dates[0] != dates[1], "{seed} {kind:?}"),
                }
            }
            for visit in &practice.visits {
                let demographic =
                    [Kind::NoPatientName, Kind::NoBirthDate, Kind::NoAddress, Kind::NoMemberId].contains(&visit.kind);
                assert!(!demographic || visit.relation == Relation::Itself);
                let corrected = visit.steps.iter().filter(|step| !step.repeats && step.day == 6).count() > 0;
                assert!(visit.coverages.len() == 1 || !corrected, "corrections only without a second coverage");
            }
        }
    });
}

/// The defect is one empty datum: beside it stands the same kind of visit with both member ids.
#[test]
fn a_second_coverage_lacks_its_member_id_where_seeded_and_nowhere_else() {
    each_seed(|seed, world, _| {
        for (_, visit) in visits(world).filter(|(_, visit)| visit.coverages.len() > 1) {
            let empty: Vec<bool> = visit.coverages.iter().map(|coverage| coverage.member.is_empty()).collect();
            let seeded = visit.kind == Kind::SecondaryNoMemberId;
            assert_eq!(empty, [false, seeded], "{seed} {} {:?}", visit.number, visit.kind);
        }
    });
}

#[test]
fn steps_before_billing_come_before_the_hold_is_over() {
    each_seed(|seed, world, _| {
        for (_, visit) in visits(world) {
            if [Kind::CorrectedBefore, Kind::CreditedBefore, Kind::UnmatchedCredit].contains(&visit.kind) {
                let first = visit.steps[0].day;
                assert!(visit.steps.iter().all(|step| !step.closes && step.day < first + 2), "{seed} {}", visit.number);
            }
        }
    });
}

#[test]
fn a_credit_fits_one_charge_or_none() {
    each_seed(|seed, world, _| {
        for (_, visit) in visits(world) {
            for (at, step) in visit.steps.iter().enumerate() {
                let before = visit.live_after(at);
                for action in &step.actions {
                    if let Action::Credit { charge, own_id, by, .. } = action {
                        let fits = before.iter().filter(|live| {
                            (&live.code, &live.modifiers, live.amount)
                                == (&charge.code, &charge.modifiers, charge.amount)
                        });
                        let expected = usize::from(visit.kind != Kind::UnmatchedCredit);
                        assert!(fits.count() == expected || *by == crate::model::By::SameId, "{seed} {}", visit.number);
                        assert!(!before.iter().any(|live| live.id == *own_id && *by != crate::model::By::SameId));
                    }
                }
            }
        }
    });
}

#[test]
fn every_billed_code_has_a_fee_unless_a_kind_wants_otherwise() {
    each_seed(|seed, world, _| {
        for (_, visit) in visits(world).filter(|(_, visit)| !visit.kind.is_defect()) {
            for charge in visit.live() {
                let payer = world.schedules.find(&visit.coverages[0].payer).unwrap();
                let priced = payer.fees.contains_key(&charge.code) && !payer.denies.contains_key(&charge.code);
                let wanted = [Kind::DeniedLine, Kind::DeniedClaim, Kind::Open].contains(&visit.kind);
                assert!(priced || wanted, "{seed} {} {}", visit.number, charge.code);
            }
        }
    });
}

#[test]
fn arguments_and_help() {
    let parse = |text: &str| crate::options(text.split(' ').map(str::to_owned));
    let options = parse("--seed 7 --dir x --run 3 --start 2026-04-01").unwrap().unwrap();
    assert_eq!((options.seed, options.run, options.start), (7, 3, Day::from_ymd(2026, 4, 1)));
    assert!(parse("--help").unwrap().is_none());
    for bad in [
        "--seed 1",
        "--dir x",
        "--dir x --seed y",
        "--dir x --seed 1 --run 0",
        "--dir x --seed 1 --start 2026-02-30",
        "--dirs x",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
    assert!(TABLE.iter().all(|row| crate::help().contains(row.name)));
}

/// Near misses stay near misses: diagnoses are billable and units within the practitioner MUE.
#[test]
fn codes_stand_in_the_published_lists() {
    let Ok(corpus) = std::env::var("CLAIMHOST_CORPUS") else {
        eprintln!("skipped: CLAIMHOST_CORPUS is not set");
        return;
    };
    let table = |path: &str| {
        let text = std::fs::read_to_string(format!("{corpus}/codesets/{path}")).unwrap();
        let pairs = text
            .lines()
            .filter_map(|line| line.split_once(','))
            .map(|(code, rest)| (code.to_owned(), rest.split(',').next().unwrap().to_owned()));
        pairs.collect::<BTreeMap<_, _>>()
    };
    let (icd, mue) =
        (table("icd10cm/icd10cm_fy2026_april2026_codes.csv"), table("ncci/mue_practitioner_2024-07-01.csv"));
    each_seed(|_, world, _| {
        for (_, visit) in visits(world).filter(|(_, visit)| !visit.kind.is_defect()) {
            for code in &visit.diagnoses {
                assert_eq!(icd.get(&code.replace('.', "")).map(String::as_str), Some("1"), "{code}");
            }
            let mut units: BTreeMap<String, i64> = BTreeMap::new();
            visit.live().iter().for_each(|charge| *units.entry(charge.code.clone()).or_default() += charge.units);
            for (code, units) in units.iter().filter(|(code, _)| *code != "G2211") {
                assert!(mue.get(code).is_some_and(|limit| limit.parse::<i64>().unwrap() >= *units), "{code} x {units}");
            }
        }
    });
}
