//! Makes one visit per seeded kind that is billed, denied or open, and the pairs of visits. Defects are in `defects.rs`.

use crate::build::{charge_master, person};
use crate::catalog::{Encounter, Services, services};
use crate::date::Day;
use crate::draft::{Draft, Who};
use crate::kinds::{Format, Kind};
use crate::model::{Action, By, Charge, Person, Practice, Relation, Step, Visit};
use crate::payers::id;
use crate::rng::Rng;
use std::collections::BTreeMap;

/// Day of corrections after billing and of second visits.
pub(crate) const LATER: i64 = 6;

/// Adds visits to one practice.
#[derive(Debug)]
pub struct Builder<'a> {
    pub(crate) practice: &'a Practice,
    /// Every draw of the practice.
    pub rng: Rng,
    pub(crate) start: Day,
    pub(crate) prices: BTreeMap<&'static str, i64>,
    pub(crate) services: &'static Services,
    /// What was built.
    pub visits: Vec<Visit>,
    /// Payer and member id of ended coverages.
    pub terminated: Vec<(String, String)>,
    /// Payer and member id, and what the payer has otherwise of the member.
    pub known_members: Vec<KnownMember>,
    pub(crate) charges: i64,
    /// Patients who come a second time, with the date of the first visit.
    returning: Vec<(Visit, Day)>,
}

/// Payer, member id, key of `[payer.members.ID]`, value.
pub type KnownMember = (String, String, &'static str, String);

impl<'a> Builder<'a> {
    /// A builder for an empty practice.
    pub fn new(practice: &'a Practice, mut rng: Rng, start: Day) -> Self {
        let prices = charge_master(&mut rng, practice);
        let services = services(practice.format);
        let (visits, terminated, known_members, returning) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { practice, rng, start, prices, services, visits, terminated, known_members, charges: 0, returning }
    }

    /// Adds the visit of a kind, and the one before it where the kind is about two.
    pub fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Clean => self.clean(),
            Kind::DuplicateClaim => self.duplicate_claim(),
            Kind::AwvTooSoon => self.awv_too_soon(),
            Kind::MissingCharges => self.missing_charges(),
            _ if kind.is_hand_off() => self.hand_off(kind),
            _ if kind.is_defect() => self.defect(kind),
            _ => self.episode(kind),
        }
    }

    fn clean(&mut self) {
        if self.rng.chance(30)
            && let Some((before, date)) = self.returning.pop()
        {
            let encounter = self.rng.pick(self.services.encounters.get(..4).unwrap_or_default());
            let mut draft = self.draft(Kind::Clean, encounter, Who::Anyone);
            let number = draft.visit.number.clone();
            draft.visit = Visit { number, ..before };
            draft.visit.diagnoses = encounter.diagnoses.split(' ').map(str::to_owned).collect();
            let today = self.start.plus(draft.day - 1);
            let other = today.plus(if today == date { -1 } else { 0 });
            draft.charges.iter_mut().for_each(|charge| charge.date = other);
            return self.send(draft);
        }
        let returns = self.rng.chance(8);
        let mut draft = if returns {
            let encounter = self.rng.pick(self.services.encounters.get(..4).unwrap_or_default());
            self.draft(Kind::Clean, encounter, Who::Anyone)
        } else {
            self.any(Kind::Clean)
        };
        draft.may_spread = true;
        if returns && let Some(charge) = draft.charges.first() {
            self.returning.push((draft.visit.clone(), charge.date));
        }
        self.send(draft);
    }

    /// Kinds that are billed, denied or open.
    fn episode(&mut self, kind: Kind) {
        let mut draft = match kind {
            Kind::Secondary => self.covered_twice(kind),
            Kind::Crossover => {
                let encounter = self.encounter(id::FEDERAL);
                let mut draft = self.draft(kind, encounter, Who::Payer(id::FEDERAL));
                let second = self.coverage(id::SUPPLEMENT);
                draft.visit.coverages.push(second);
                draft
            }
            Kind::CreditedBefore | Kind::CreditedAfter => self.several(kind),
            Kind::TwoIdentical => {
                let encounter = self.rng.pick(self.services.repeated);
                self.draft(kind, encounter, Who::Anyone)
            }
            _ => self.any(kind),
        };
        match kind {
            Kind::DeniedLine => {
                // The two that may not stand beside everything: the line is to be denied, not held.
                let has = |start: &str| draft.charges.iter().any(|charge| charge.code.starts_with(start));
                let code = match (has("G0439"), has("904")) {
                    (true, _) => "99406",
                    (_, true) => "96127",
                    _ => self.rng.pick(&["96127", "99406", "G0296"]),
                };
                let line = self.charge(code, &draft);
                draft.charges.push(line);
            }
            Kind::DeniedClaim => self.deny(&mut draft),
            Kind::Open => (draft.day, draft.closed) = (crate::build::DAYS, false),
            Kind::CorrectedBefore | Kind::CreditedBefore => {
                draft.closed = false;
                draft.day = self.rng.range(1, 2);
            }
            _ => {}
        }
        if kind == Kind::Open || draft.today(self.start) < draft.latest() {
            draft.redate(self.start);
        }
        let (before, after) = (draft.day + 1, LATER);
        let step = match kind {
            Kind::CorrectedBefore => Some(self.correction(&draft, before)),
            Kind::CorrectedAfter => Some(self.correction(&draft, after)),
            Kind::CreditedBefore => Some(self.credit(&draft, before, draft.charges.len() - 1)),
            Kind::CreditedAfter => Some(self.credit(&draft, after, draft.charges.len() - 1)),
            Kind::VoidedAfter => Some(self.credit(&draft, after, 0)),
            Kind::LateCharge => Some(self.late_charge(&draft)),
            Kind::RepeatedMessage => {
                let day = (draft.day + self.rng.range(0, 1)).min(3);
                let actions = draft.charges.iter().cloned().map(Action::New).collect();
                Some(Step { day, actions, alone: true, repeats: true, ..Step::default() })
            }
            _ => None,
        };
        draft.then.extend(step);
        self.send(draft);
    }

    /// Two coverages, both complete: the kind `secondary` as it stands.
    pub(crate) fn covered_twice(&mut self, kind: Kind) -> Draft {
        let pairs: &[(&str, &str)] = match self.practice.format {
            Format::X12 => &[(id::NORTHFIELD, id::STATE), (id::BLUEWATER, id::STATE), (id::NORTHFIELD, id::BLUEWATER)],
            _ => &[
                (id::NORTHFIELD, id::BLUEWATER),
                (id::BLUEWATER, id::TRUST),
                (id::NORTHFIELD, id::TRUST),
                (id::FEDERAL, id::TRUST),
            ],
        };
        let (first, second) = self.rng.pick(pairs);
        let encounter = self.encounter(first);
        let mut draft = self.draft(kind, encounter, Who::Payer(first));
        let second = self.coverage(second);
        draft.visit.coverages.push(second);
        draft
    }

    /// Ends the coverage, or leaves only services that the payer refuses.
    fn deny(&mut self, draft: &mut Draft) {
        let coverage = draft.visit.coverages.first().cloned();
        // Where payers are asked, an ended cover is found before the claim leaves: a kind of its own.
        if self.practice.format != Format::Shifted && self.rng.chance(50) {
            self.terminated.extend(coverage.map(|coverage| (coverage.payer, coverage.member)));
        } else {
            draft.charges = vec![self.charge("96127", draft), self.charge("G0296", draft)];
        }
    }

    /// A message with the changed charge: replaced under its id, or credited and charged anew (shifted HL7).
    fn correction(&mut self, draft: &Draft, day: i64) -> Step {
        let office = draft.charges.iter().find(|charge| charge.code.starts_with("99")).or(draft.charges.first());
        let Some(old) = office.cloned() else {
            return Step::default();
        };
        let mut new = self.changed(&old);
        let actions = if self.practice.format == Format::Shifted {
            new.id = self.charge_id();
            let negative = self.rng.chance(50);
            vec![Action::Credit { charge: old, by: By::SameId, own_id: String::new(), negative }, Action::New(new)]
        } else {
            vec![Action::Replace(new)]
        };
        Step { day, actions, alone: self.rng.chance(40), ..Step::default() }
    }

    /// The charge one level up or down, or at another price.
    fn changed(&self, old: &Charge) -> Charge {
        let other = match old.code.as_str() {
            "99213" => "99214",
            "99214" | "99212" => "99213",
            "99203" => "99204",
            "99204" => "99203",
            _ => "",
        };
        let mut new = old.clone();
        new.local_code = None;
        let price = match self.prices.get(other) {
            Some(price) => {
                other.clone_into(&mut new.code);
                *price
            }
            // Another price, and none that looks like a slip beside the fee schedule.
            None => {
                let before = old.amount / old.units.max(1);
                let after = before * 104 / 100 + 1;
                after + i64::from(digits(before) == digits(after))
            }
        };
        new.unit_price = old.unit_price.map(|_| price);
        new.amount = price * new.units;
        new
    }

    /// A message that takes back the charges from position `first` on.
    fn credit(&mut self, draft: &Draft, day: i64, first: usize) -> Step {
        let charges = draft.charges.get(first..).unwrap_or_default();
        let actions = charges.iter().map(|charge| {
            let by = match self.practice.format {
                Format::Hl7 => {
                    self.rng.pick(&[Some(By::SameId), Some(By::Reference), Some(By::Content)]).unwrap_or(By::SameId)
                }
                _ => By::SameId,
            };
            let twin = |other: &&Charge| other.code == charge.code && other.modifiers == charge.modifiers;
            let by = if by == By::Content && draft.charges.iter().filter(twin).count() > 1 { By::SameId } else { by };
            let own_id = if by == By::SameId { charge.id.clone() } else { self.charge_id() };
            Action::Credit { charge: charge.clone(), by, own_id, negative: self.rng.chance(50) }
        });
        let actions = actions.collect();
        Step { day, actions, alone: self.rng.chance(40), ..Step::default() }
    }

    pub(crate) fn late_charge(&mut self, draft: &Draft) -> Step {
        let absent = |code: &&&str| draft.charges.iter().all(|charge| charge.code != **code);
        let code = self.services.late.iter().find(absent).copied().unwrap_or_default();
        // In a surgery center the technical component is the center's.
        let code = if draft.visit.pos == "24" { format!("{code}-26") } else { code.to_owned() };
        let actions = vec![Action::New(self.charge(&code, draft))];
        Step { day: LATER, actions, alone: self.rng.chance(40), ..Step::default() }
    }

    fn missing_charges(&mut self) {
        let mut draft = self.any(Kind::MissingCharges);
        (draft.closed, draft.charges) = (true, Vec::new());
        self.send(draft);
    }

    fn duplicate_claim(&mut self) {
        let encounter = self.rng.pick(self.services.encounters);
        let mut first = self.draft(Kind::Clean, encounter, Who::Anyone);
        if !first.closed {
            first.day = 1;
            first.redate(self.start);
        }
        let number = self.visit_number(1);
        let mut second = Draft {
            visit: Visit { number, kind: Kind::DuplicateClaim, ..first.visit.clone() },
            day: LATER,
            again: true,
            ..first.clone()
        };
        for charge in &mut second.charges {
            charge.id = self.charge_id();
        }
        self.send(first);
        self.send(second);
    }

    fn awv_too_soon(&mut self) {
        let yearly = Encounter { services: "G0439", diagnoses: "Z00.00" };
        let mut first = self.draft(Kind::Clean, yearly, Who::Payer(id::FEDERAL));
        first.closed = true;
        let mut second = first.clone();
        second.visit.number = self.visit_number(1);
        second.visit.kind = Kind::AwvTooSoon;
        second.day = LATER;
        let date = self.start.plus(LATER - 1 - self.rng.range(0, 1));
        for charge in &mut second.charges {
            charge.id = self.charge_id();
            charge.date = date;
        }
        self.send(first);
        self.send(second);
    }
}

/// Subscriber of a patient who is not the subscriber: same home, an adult.
pub(crate) fn relative(rng: &mut Rng, patient: &Person, relation: Relation, day: Day) -> Person {
    let mut other = match relation {
        Relation::Itself => return patient.clone(),
        Relation::Spouse => person(rng, day, 24, 64),
        Relation::Child => person(rng, day, 40, 58),
    };
    other.last.clone_from(&patient.last);
    other.address = patient.address.clone();
    other
}

/// The digits of an amount in order: two amounts with the same ones look like a slip of the keyboard.
fn digits(cents: i64) -> Vec<char> {
    let mut digits: Vec<char> = cents.to_string().chars().collect();
    digits.sort_unstable();
    digits
}
