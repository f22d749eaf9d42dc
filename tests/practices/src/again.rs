//! Kinds about codes, amounts, modifiers, and about two visits of one person: what is lost where somebody keys or maps what
//! another system knows already, and the near misses of it.

use crate::catalog::Encounter;
use crate::crosswalk::{DATED, ENDED, RETIRED, UNMAPPED, last_day_of_first_row};
use crate::date::Day;
use crate::draft::{Draft, Who};
use crate::handoff::{misspelled, mistyped};
use crate::kinds::{Format, Kind};
use crate::model::Charge;
use crate::payers::id;
use crate::seeded::{Builder, LATER};

impl Builder<'_> {
    /// Adds a visit of these kinds, with the one before it where the kind is about two. False: it is none of them.
    pub(crate) fn rekeyed(&mut self, kind: Kind) -> bool {
        match kind {
            Kind::CodeUnmapped | Kind::CodeOtherDays | Kind::CodeRetired | Kind::NearCrosswalkDay => {
                self.own_code(kind)
            }
            Kind::TypoCharge | Kind::NearPrice => self.amount(kind),
            Kind::TypoServiceDate => self.another_year(),
            Kind::TypoMemberId | Kind::NearNewMemberId => self.second_card(kind),
            Kind::TypoNearDuplicate | Kind::NearTwinVisit => self.second_record(kind),
            Kind::OmittedUnrelated | Kind::NearUnrelated => self.after_surgery(kind),
            _ => return self.modifier(kind),
        }
        true
    }

    fn office(&mut self) -> Encounter {
        self.rng.pick(self.services.encounters.get(..4).unwrap_or_default())
    }

    /// A charge under a code of the practice's own.
    fn own_code(&mut self, kind: Kind) {
        let office = self.office();
        let mut draft = self.draft(kind, office, Who::Anyone);
        let (own, billed) = match kind {
            Kind::CodeUnmapped => (UNMAPPED, "99213"),
            Kind::CodeOtherDays => (ENDED, "99213"),
            Kind::CodeRetired => (RETIRED, "99213"),
            _ => {
                // The last day of the first row, or the first of the second.
                let after = usize::from(self.rng.chance(50));
                let date = last_day_of_first_row(self.start).plus(i64::try_from(after).unwrap_or(0));
                draft.charges.iter_mut().for_each(|charge| charge.date = date);
                (DATED.0, DATED.1.get(after).copied().unwrap_or_default())
            }
        };
        let price = self.prices.get(billed).copied().unwrap_or(0);
        for charge in draft.charges.iter_mut().take(1) {
            billed.clone_into(&mut charge.code);
            (charge.local_code, charge.amount) = (Some(own), price * charge.units);
            charge.unit_price = charge.unit_price.map(|_| price);
        }
        self.send(draft);
    }

    /// Charges off the fee schedule, by a slip or by what is tolerated.
    fn amount(&mut self, kind: Kind) {
        let office = self.office();
        let mut draft = self.draft(kind, office, Who::Anyone);
        let shift = self.rng.chance(50);
        for charge in &mut draft.charges {
            charge.unit_price = None;
            charge.amount = match kind {
                Kind::NearPrice => charge.amount * 105 / 100,
                _ if shift => charge.amount * 10,
                _ => swapped(charge.amount),
            };
        }
        self.send(draft);
    }

    /// The year before the appointment's.
    fn another_year(&mut self) {
        let office = self.office();
        let mut draft = self.draft(Kind::TypoServiceDate, office, Who::Subscriber);
        let own = self.slot(&draft);
        draft.appointments = vec![own];
        for charge in &mut draft.charges {
            let (year, month, day) = charge.date.ymd();
            charge.date = Day::from_ymd(year - 1, month, day);
        }
        let first = draft.latest();
        draft.of_patient(|person| {
            // Nobody is treated before birth: that is another kind.
            person.born = person.born.map(|born| if born.plus(30) > first { born.plus(-1500) } else { born });
        });
        self.send(draft);
    }

    /// A patient who is newer than the roster comes twice, the second time with another member id.
    fn second_card(&mut self, kind: Kind) {
        let office = self.office();
        // Medicare-like ids of one practice are too near each other to be told from a slip.
        let mut first = self.draft(Kind::Clean, office, Who::Payer(id::NORTHFIELD));
        first.visit.unlisted = true;
        let mut second = self.second(kind, &mut first);
        // Whoever comes again is an established patient.
        for charge in &mut second.charges {
            let code = match charge.code.as_str() {
                "99203" => "99213",
                "99204" => "99214",
                _ => continue,
            };
            let price = self.prices.get(code).copied().unwrap_or(0);
            code.clone_into(&mut charge.code);
            charge.amount = price * charge.units;
            charge.unit_price = charge.unit_price.map(|_| price);
        }
        if kind == Kind::TypoMemberId {
            second.visit.coverages.iter_mut().take(1).for_each(|coverage| coverage.member = mistyped(coverage));
        }
        self.send(first);
        if kind == Kind::NearNewMemberId {
            // Drawn after the first visit is kept: the number of visits is in it.
            let card = self.coverage(id::NORTHFIELD);
            second.visit.coverages = vec![card];
        }
        self.send(second);
    }

    /// The same services on the same day under another record number: of the same person, misspelled, or of the twin.
    fn second_record(&mut self, kind: Kind) {
        let office = self.office();
        let who = if kind == Kind::NearTwinVisit { Who::Child } else { Who::Payer(id::NORTHFIELD) };
        let mut first = self.draft(Kind::Clean, office, who);
        first.visit.unlisted = kind == Kind::TypoNearDuplicate;
        let mut second = self.second(kind, &mut first);
        let dates = first.charges.iter().map(|charge| charge.date);
        second.charges.iter_mut().zip(dates).for_each(|(charge, date)| charge.date = date);
        second.visit.mrn += "9";
        if kind == Kind::TypoNearDuplicate {
            second.again = true;
            second.of_patient(|person| person.last = misspelled(&person.last));
        } else {
            let twin = if second.visit.patient.first == "Victor" { "Ursula" } else { "Victor" };
            second.of_patient(|person| (person.first, person.middle) = (twin.to_owned(), String::new()));
        }
        self.send(first);
        self.send(second);
    }

    /// A visit to the surgeon, days after the operation.
    fn after_surgery(&mut self, kind: Kind) {
        let surgery = Encounter { services: "29881-RT", diagnoses: "S83.241A" };
        let mut first = self.draft(Kind::Clean, surgery, Who::Anyone);
        let mut second = self.second(kind, &mut first);
        let service = if kind == Kind::NearUnrelated { "99213-24" } else { "99213" };
        second.visit.diagnoses = vec!["M54.59".to_owned()];
        let date = second.latest();
        second.charges = vec![Charge { date, ..self.charge(service, &second) }];
        let place = self.practice.places.first().cloned().unwrap_or_default();
        (second.visit.location, second.visit.pos) = (place.local.to_owned(), place.pos.to_owned());
        self.send(first);
        self.send(second);
    }

    /// A second visit of a patient, which is seen after the first one was billed.
    fn second(&mut self, kind: Kind, first: &mut Draft) -> Draft {
        if !first.closed {
            first.day = 1;
            first.redate(self.start);
        }
        let mut second = first.clone();
        (second.visit.number, second.visit.kind, second.day) = (self.visit_number(1), kind, LATER);
        second.redate(self.start);
        for charge in &mut second.charges {
            charge.id = self.charge_id();
        }
        second
    }

    /// Services of one day that a modifier tells apart, with or without it.
    fn modifier(&mut self, kind: Kind) -> bool {
        let format = self.practice.format;
        let visit_beside = match format {
            Format::Hl7 => ("99213 94640", "J45.21"),
            Format::Shifted => ("99213 20610-RT", "M17.11"),
            Format::Csv => ("99213 17110", "B07.9"),
            Format::X12 => ("99213 69210", "H61.21"),
        };
        let pair = match format {
            Format::Hl7 => ("94640 93000", "J45.21 R07.9"),
            Format::Shifted => ("20550 97140-GP", "M65.4 M54.59"),
            Format::Csv => ("17110 11102", "B07.9 D48.5"),
            Format::X12 => ("69210 92552", "H61.21 H65.90"),
        };
        let (services, diagnoses) = match kind {
            Kind::OmittedSeparate => visit_beside,
            Kind::OmittedDistinct | Kind::NearDistinct => pair,
            Kind::OmittedBilateral => ("20610*2", "M17.0"),
            Kind::NearBilateral => ("20610-RT 20610-LT", "M17.0"),
            Kind::OmittedDecision => ("99203 29881-RT", "S83.241A"),
            Kind::NearDecision => ("99203-57 29881-RT", "S83.241A"),
            Kind::OmittedComponent => ("73562-RT", "M25.561"),
            Kind::NearComponent => ("73562-RT-26", "M25.561"),
            _ => return false,
        };
        let mut draft = self.draft(kind, Encounter { services, diagnoses }, Who::Anyone);
        if kind == Kind::NearDistinct {
            draft.charges.iter_mut().rev().take(1).for_each(|charge| charge.modifiers.push("59".to_owned()));
        }
        if matches!(kind, Kind::OmittedComponent | Kind::NearComponent)
            && let Some(place) = self.practice.places.last()
        {
            (draft.visit.location, draft.visit.pos) = (place.local.to_owned(), place.pos.to_owned());
        }
        self.send(draft);
        true
    }
}

/// The amount with its two leading different digits in the wrong order; ten times as much where there are none.
fn swapped(cents: i64) -> i64 {
    let mut digits: Vec<char> = cents.to_string().chars().collect();
    // Cents stay cents: what is typed is dollars where the price is in dollars.
    let end = digits.len().saturating_sub(if cents % 100 == 0 { 2 } else { 0 });
    let at =
        (0..end.saturating_sub(1)).find(|at| digits.get(*at) != digits.get(at + 1) && digits.get(at + 1) != Some(&'0'));
    match at {
        Some(at) => {
            digits.swap(at, at + 1);
            digits.into_iter().collect::<String>().parse().unwrap_or(cents * 10)
        }
        None => cents * 10,
    }
}

#[test]
fn amounts_are_swapped_as_a_hand_does_it() {
    for (cents, typed) in [(14_500, 41_500), (11_200, 12_100), (9_131, 1_931), (11_100, 111_000), (10_000, 100_000)] {
        assert_eq!(swapped(cents), typed);
    }
}
