//! What is wrong with a visit whose claim must be held. The defect is the only thing wrong with it, and its patient has
//! no other visit, except where the kind is about two (`seeded.rs`).

use crate::catalog::LAST_NAMES;
use crate::draft::{Draft, Who};
use crate::kinds::{Format, Kind};
use crate::model::{Action, Address, By, Charge, Coverage, Person, Relation, Rendering};
use crate::payers::id;
use crate::rng::npi_check_digit;
use crate::seeded::Builder;

impl Builder<'_> {
    /// Adds a visit with this defect.
    pub(crate) fn defect(&mut self, kind: Kind) {
        let office = self.rng.pick(self.services.encounters.get(..4).unwrap_or_default());
        let mut draft = match kind {
            Kind::NoPatientName | Kind::NoBirthDate | Kind::NoAddress | Kind::NoMemberId => {
                self.draft(kind, office, Who::Subscriber)
            }
            Kind::SecondaryNoMemberId => self.covered_twice(kind),
            Kind::BeforeBirth => self.draft(kind, office, Who::Infant),
            Kind::BadModifier => self.draft(kind, office, Who::Anyone),
            Kind::ZeroUnits | Kind::ZeroCharge => self.several(kind),
            Kind::DuplicateLine => {
                let encounter = self.rng.pick(self.services.repeated);
                self.draft(kind, encounter, Who::Anyone)
            }
            Kind::G2211Alone => {
                let services = format!("G2211 {}", self.services.beside_g2211);
                let mut draft = self.draft(kind, office, Who::Payer(id::FEDERAL));
                draft.charges = services.split(' ').map(|code| self.charge(code, &draft)).collect();
                draft
            }
            Kind::DrugWithoutJz => self.draft(kind, self.services.drug, Who::Payer(id::FEDERAL)),
            _ => self.any(kind),
        };
        self.damage(kind, &mut draft);
        self.send(draft);
    }

    /// The one thing that is wrong.
    fn damage(&mut self, kind: Kind, draft: &mut Draft) {
        let far = self.start.plus(crate::build::DAYS + self.rng.range(30, 60));
        let today = draft.today(self.start);
        match kind {
            Kind::NoPatientName => draft.of_patient(|person| {
                *person = Person { last: String::new(), first: String::new(), middle: String::new(), ..person.clone() };
            }),
            Kind::NoBirthDate => draft.of_patient(|person| person.born = None),
            Kind::NoAddress => draft.of_patient(|person| person.address = Address::default()),
            Kind::NoMemberId => draft.visit.coverages.iter_mut().for_each(|coverage| coverage.member.clear()),
            Kind::SecondaryNoMemberId => {
                draft.visit.coverages.iter_mut().skip(1).for_each(|coverage| coverage.member.clear());
            }
            Kind::UnknownPayer => {
                let stranger = Coverage {
                    payer: "Q7701".into(),
                    alias: "QFM".into(),
                    name: "Quillfeather Mutual".into(),
                    ..self.coverage(id::TRUST)
                };
                draft.visit.coverages = vec![stranger];
            }
            Kind::NoRenderingNpi => {
                let last = self.rng.pick(LAST_NAMES).to_owned();
                draft.visit.rendering =
                    Rendering { local: "DR99".into(), npi: String::new(), last, first: "Sam".into() };
            }
            Kind::BadNpi => {
                let (base, wrong) =
                    (format!("1{}", self.rng.digits(8)), u32::try_from(self.rng.range(1, 9)).unwrap_or(1));
                let digit = (npi_check_digit(&base) + wrong) % 10;
                draft.visit.rendering.npi = format!("{base}{digit}");
                draft.visit.rendering.local.clear();
            }
            Kind::NoPlace => (draft.visit.location, draft.visit.pos) = ("ANNEX9".into(), String::new()),
            Kind::FutureDate => draft.charges.iter_mut().for_each(|charge| charge.date = far),
            Kind::BeforeBirth => {
                draft.charges.iter_mut().for_each(|charge| charge.date = today.plus(-9));
                draft.of_patient(|person| person.born = Some(today.plus(-4)));
            }
            Kind::BadDiagnosis => {
                let bad = self.rng.pick(&["ZZ1.Q", "Z9"]);
                draft.visit.diagnoses.iter_mut().take(1).for_each(|code| bad.clone_into(code));
                draft.charges.iter_mut().for_each(|charge| charge.pointers = vec![0]);
            }
            Kind::NoDiagnosis => {
                draft.visit.diagnoses.clear();
                draft.charges.iter_mut().for_each(|charge| charge.pointers.clear());
            }
            Kind::DoesNotAddUp if self.practice.format == Format::X12 => draft.visit.total_off = 1000,
            Kind::PointerRange => {
                let past = draft.visit.diagnoses.len();
                draft.charges.iter_mut().rev().take(1).for_each(|charge| charge.pointers = vec![0, past]);
            }
            Kind::DuplicateLine => {
                draft.charges.iter_mut().for_each(|charge| charge.modifiers.retain(|modifier| modifier != "76"))
            }
            Kind::UnmatchedCredit => {
                (draft.day, draft.closed) = (self.rng.range(1, 2), false);
                draft.redate(self.start);
                let mut step = self.late_charge(draft);
                let by = if self.practice.format == Format::Hl7 { By::Content } else { By::SameId };
                let stray = |action| match action {
                    Action::New(charge) => Action::Credit { own_id: charge.id.clone(), charge, by, negative: true },
                    other => other,
                };
                (step.day, step.actions) = (draft.day + 1, step.actions.into_iter().map(stray).collect());
                draft.then.push(step);
            }
            _ => draft.charges.iter_mut().rev().take(1).for_each(|charge| damage_line(kind, charge)),
        }
    }
}

fn damage_line(kind: Kind, charge: &mut Charge) {
    match kind {
        Kind::BadProcedure => {
            (charge.code, charge.local_code, charge.drug) = ("G04".to_owned(), None, None);
            charge.modifiers.clear();
        }
        Kind::BadModifier => charge.modifiers = vec!["2".to_owned()],
        Kind::ZeroUnits => (charge.units, charge.unit_price) = (0, None),
        Kind::ZeroCharge => (charge.amount, charge.unit_price) = (0, charge.unit_price.map(|_| 0)),
        Kind::DoesNotAddUp => {
            // The charge is the fee schedule's: off it would be another kind.
            charge.unit_price = Some(charge.amount / charge.units.max(1) + 1000);
        }
        _ => {}
    }
}

/// The patient is the subscriber: the same thing is missing on both.
impl Draft {
    pub(crate) fn of_patient(&mut self, change: impl Fn(&mut Person)) {
        change(&mut self.visit.patient);
        if self.visit.relation == Relation::Itself {
            self.visit.subscriber = self.visit.patient.clone();
        }
    }
}
