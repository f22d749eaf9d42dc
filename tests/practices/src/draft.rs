//! A visit in the making: patient, coverage, charges and the first steps.

use crate::build::person;
use crate::catalog::{DRUGS, Encounter, FIRST_NAMES};
use crate::date::Day;
use crate::kinds::{Format, Kind};
use crate::model::{Action, Charge, Coverage, Drug, Relation, Rendering, Step, Visit};
use crate::payers::{id, identity};
use crate::schedule::Appointment;
use crate::seeded::{Builder, relative};

/// A visit before its steps are laid out.
#[derive(Debug, Clone)]
pub struct Draft {
    /// All but the steps.
    pub visit: Visit,
    /// First charges.
    pub charges: Vec<Charge>,
    /// Day of the first charges.
    pub day: i64,
    /// The system closes the visit with its charges.
    pub closed: bool,
    /// Charges may come on two days.
    pub may_spread: bool,
    /// What follows.
    pub then: Vec<Step>,
    /// Slots in the calendar; none: the visit's own, as it took place.
    pub appointments: Vec<Appointment>,
    /// The visit is another one billed again, and has no slot of its own.
    pub again: bool,
}

/// Which patient is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Anyone.
    Anyone,
    /// Someone with this primary payer.
    Payer(&'static str),
    /// A patient who is the subscriber.
    Subscriber,
    /// A baby under one of the commercial payers.
    Infant,
    /// A child under a parent's coverage.
    Child,
}

impl Draft {
    /// The date of the day the first charges arrive.
    pub fn today(&self, start: Day) -> Day {
        start.plus(self.day - 1)
    }

    /// The latest date of service.
    pub fn latest(&self) -> Day {
        self.charges.iter().map(|charge| charge.date).max().unwrap_or_default()
    }

    /// Moves the services to the arrival day, after that day was changed.
    pub fn redate(&mut self, start: Day) {
        let today = self.today(start);
        self.charges.iter_mut().for_each(|charge| charge.date = today);
    }
}

impl Builder<'_> {
    /// An ordinary encounter, or with some Medicare-like patients one that its rules must not hold.
    pub(crate) fn encounter(&mut self, payer: &str) -> Encounter {
        let near = payer == id::FEDERAL && self.rng.chance(40);
        self.rng.pick(if near { self.services.near_misses } else { self.services.encounters })
    }

    pub(crate) fn any(&mut self, kind: Kind) -> Draft {
        let payer = self.payer();
        let encounter = self.encounter(payer);
        self.draft(kind, encounter, Who::Payer(payer))
    }

    /// An encounter with at least two services.
    pub(crate) fn several(&mut self, kind: Kind) -> Draft {
        let several: Vec<Encounter> =
            self.services.encounters.iter().filter(|e| e.services.contains(' ')).copied().collect();
        let encounter = self.rng.pick(&several);
        self.draft(kind, encounter, Who::Anyone)
    }

    fn payer(&mut self) -> &'static str {
        let adults = [
            id::NORTHFIELD,
            id::NORTHFIELD,
            id::NORTHFIELD,
            id::BLUEWATER,
            id::BLUEWATER,
            id::FEDERAL,
            id::FEDERAL,
            id::TRUST,
        ];
        let children = [
            id::NORTHFIELD,
            id::NORTHFIELD,
            id::NORTHFIELD,
            id::BLUEWATER,
            id::BLUEWATER,
            id::STATE,
            id::STATE,
            id::TRUST,
        ];
        self.rng.pick(if self.practice.format == Format::X12 { &children } else { &adults })
    }

    pub(crate) fn coverage(&mut self, payer: &str) -> Coverage {
        let Some(known) = identity(payer) else {
            return Coverage {
                payer: payer.into(),
                alias: String::new(),
                name: String::new(),
                filing: "",
                member: String::new(),
                group: String::new(),
            };
        };
        let group =
            if [id::FEDERAL, id::STATE].contains(&payer) { String::new() } else { format!("G{}", self.rng.digits(5)) };
        // Unique within the demo: the practice and the visit are part of it.
        let practice = self.practice.format as usize + 1;
        let (count, digits) = (format!("{:04}", self.visits.len()), self.rng.digits(4));
        let member = match (payer, count.as_bytes(), digits.as_bytes()) {
            // A Medicare id has a form of its own: C A AN N A AN N A A N N.
            (id::FEDERAL, [a, b, c, d], [e, ..]) => {
                let [a, b, c, d, e] = [a, b, c, d, e].map(|byte| char::from(*byte));
                format!("{}{practice}{a}K{b}{c}TE{d}{e}", known.prefix)
            }
            _ => format!("{}{practice}{count}{digits}", known.prefix),
        };
        let alias = self.rng.pick(known.aliases).to_owned();
        let alias = if self.rng.chance(15) { alias.to_lowercase() } else { alias };
        Coverage { payer: payer.to_owned(), alias, name: known.name.to_owned(), filing: known.filing, member, group }
    }

    /// The number of the visit to be added, or of the one after it.
    pub(crate) fn visit_number(&self, after: usize) -> String {
        let number = 1001 + self.visits.len() + after;
        match self.practice.format {
            Format::Hl7 => format!("V2600{number}"),
            Format::Shifted => format!("H-{number}"),
            Format::Csv => format!("MD{number}"),
            Format::X12 => format!("SP{number}"),
        }
    }

    pub(crate) fn charge_id(&mut self) -> String {
        self.charges += 1;
        match self.practice.format {
            Format::Hl7 => format!("{}", 70_000_000 + self.charges),
            Format::Shifted => format!("HC{:06}", self.charges),
            Format::Csv => format!("L{:06}", self.charges),
            Format::X12 => format!("SL{:06}", self.charges),
        }
    }

    /// A visit of a new patient, arriving on day 1, 2 or 3.
    pub(crate) fn draft(&mut self, kind: Kind, encounter: Encounter, who: Who) -> Draft {
        let format = self.practice.format;
        let payer = match (who, format) {
            (Who::Payer(payer), _) => payer,
            // Children who are subscribers themselves are with the Medicaid-like payer.
            (Who::Subscriber, Format::X12) => id::STATE,
            (Who::Infant | Who::Child, _) => id::NORTHFIELD,
            _ => self.payer(),
        };
        let relation = match (who, format, payer) {
            (Who::Subscriber, ..) | (_, _, id::FEDERAL) | (_, Format::X12, id::STATE) => Relation::Itself,
            (Who::Infant | Who::Child, ..) | (_, Format::X12, _) => Relation::Child,
            _ => match self.rng.range(1, 100) {
                1..=72 => Relation::Itself,
                73..=88 => Relation::Spouse,
                _ => Relation::Child,
            },
        };
        let (youngest, eldest) = match (who, format, relation, payer) {
            (Who::Infant, ..) => (0, 0),
            (_, Format::X12, ..) => (0, 17),
            (_, _, _, id::FEDERAL) => (66, 88),
            (_, _, Relation::Child, _) => (5, 19),
            _ => (22, 64),
        };
        let mut patient = person(&mut self.rng, self.start, youngest, eldest);
        if youngest > 2 && patient.first == "Baby Girl" {
            self.rng.pick(FIRST_NAMES).clone_into(&mut patient.first);
        }
        let subscriber = relative(&mut self.rng, &patient, relation, self.start);
        let place_at = match (encounter.services.contains("29881"), format) {
            (true, _) => self.practice.places.len() - 1,
            (false, Format::Shifted) => 0,
            _ => usize::try_from(self.rng.range(0, 9)).unwrap_or(0) / 8,
        };
        let place = self.practice.places.get(place_at).cloned().unwrap_or_default();
        let day = self.rng.range(1, 3);
        let closed = match format {
            Format::Hl7 => self.rng.chance(60),
            Format::Shifted => false,
            Format::Csv => self.rng.chance(50),
            Format::X12 => true,
        };
        let coverage = self.coverage(payer);
        let visit = Visit {
            number: self.visit_number(0),
            mrn: format!("{}{}", [1, 2, 3, 4].get(format as usize).unwrap_or(&5), 40_000 + 7 * self.visits.len()),
            patient,
            subscriber,
            relation,
            coverages: vec![coverage],
            rendering: self.rendering(),
            location: place.local.to_owned(),
            pos: place.pos.to_owned(),
            sends_pos: format == Format::X12 || (format == Format::Csv && self.rng.chance(50)),
            diagnoses: encounter.diagnoses.split(' ').map(str::to_owned).collect(),
            steps: Vec::new(),
            appointments: Vec::new(),
            registered: None,
            unlisted: false,
            kind,
            total_off: 0,
            paid_at_desk: if format == Format::Hl7 && self.rng.chance(15) { 2500 } else { 0 },
        };
        let (charges, then, appointments) = (Vec::new(), Vec::new(), Vec::new());
        let mut draft = Draft { visit, charges, day, closed, may_spread: false, then, appointments, again: false };
        let date = draft.today(self.start).plus(-if self.rng.chance(60) { 0 } else { self.rng.range(1, 10) });
        let prices_shown = self.rng.chance(88);
        draft.charges =
            encounter.services.split(' ').map(|service| Charge { date, ..self.charge(service, &draft) }).collect();
        if !prices_shown {
            draft.charges.iter_mut().for_each(|charge| charge.unit_price = None);
        }
        draft
    }

    fn rendering(&mut self) -> Rendering {
        let at = usize::try_from(self.rng.range(0, 9)).unwrap_or(0) % self.practice.roster.len().max(1);
        let doctor = self.practice.roster.get(at).cloned().unwrap_or_default();
        let by_npi = self.practice.format == Format::X12 || self.rng.chance(50);
        let (npi, local) = if by_npi { (doctor.npi, String::new()) } else { (String::new(), doctor.local) };
        Rendering { npi, local, last: doctor.last.to_owned(), first: doctor.first.to_owned() }
    }

    /// A charge of `code-modifier*units`, dated like the visit's other charges.
    pub(crate) fn charge(&mut self, service: &str, draft: &Draft) -> Charge {
        let (service, units) = service.split_once('*').unwrap_or((service, "1"));
        let units = units.parse().unwrap_or(1);
        let mut parts = service.split('-').map(str::to_owned);
        let code = parts.next().unwrap_or_default();
        let mut modifiers: Vec<String> = parts.collect();
        let drug = DRUGS.iter().find(|drug| drug.0 == code);
        let federal = draft.visit.coverages.iter().take(1).any(|coverage| coverage.payer == id::FEDERAL);
        if federal && drug.is_some() && draft.visit.kind != Kind::DrugWithoutJz && modifiers.is_empty() {
            modifiers.push("JZ".to_owned());
        }
        let price = self.prices.get(code.as_str()).copied().unwrap_or(0);
        let local_code = match code.as_str() {
            "99213" if self.practice.format == Format::Hl7 && self.rng.chance(20) => Some("OV3"),
            "99214" if self.practice.format == Format::Hl7 && self.rng.chance(20) => Some("OV4"),
            _ => None,
        };
        let last = draft.visit.diagnoses.len().min(4);
        let mut pointers = vec![usize::try_from(self.rng.range(0, 99)).unwrap_or(0) % last.max(1)];
        // A service of one side is for every diagnosis of the visit, so that the one of its side is among them.
        let has_side = modifiers.iter().any(|modifier| modifier == "RT" || modifier == "LT");
        if last > 1 && (self.rng.chance(50) || has_side) {
            pointers = (0..last).collect();
        }
        Charge {
            id: self.charge_id(),
            code,
            local_code,
            modifiers,
            units,
            unit_price: Some(price),
            amount: price * units,
            date: draft.latest(),
            pointers,
            drug: drug.map(|drug| Drug { ndc: drug.1, quantity: drug.2 * units, unit: drug.3 }),
        }
    }

    /// Lays out the steps and keeps the visit.
    pub(crate) fn send(&mut self, draft: Draft) {
        let own = if draft.again { Vec::new() } else { vec![self.slot(&draft)] };
        let Draft { mut visit, charges, day, closed, may_spread, then, appointments, .. } = draft;
        visit.appointments = if appointments.is_empty() { own } else { appointments };
        if visit.kind == Kind::CaptureGap {
            return self.visits.push(visit); // the schedule is all that tells of it
        }
        let hl7 = self.practice.format == Format::Hl7;
        if hl7 {
            visit.steps.push(Step { day, opens: true, ..Step::default() });
        }
        let mut parts = vec![(day, charges)];
        let splits = self.practice.format != Format::X12 && self.rng.chance(35);
        if let (true, true, Some((_, charges))) = (may_spread, splits, parts.first_mut())
            && charges.len() > 1
        {
            let rest = charges.split_off(1);
            // The rest an hour later, or the next day while the visit still waits.
            parts.push((if closed || day > 2 { day } else { day + 1 }, rest));
        }
        for (day, charges) in parts.into_iter().filter(|(_, charges)| !charges.is_empty()) {
            let alone = hl7 && self.rng.chance(8);
            let actions = charges.into_iter().map(Action::New).collect();
            visit.steps.push(Step { day, actions, alone, closes: closed && !hl7, ..Step::default() });
        }
        if hl7 && closed {
            visit.steps.push(Step { day, closes: true, ..Step::default() });
        }
        visit.steps.extend(then);
        self.visits.push(visit);
    }
}
