//! What is lost where data leaves the EHR: the seeded failures, and next to each the near misses that must stay unharmed.
//!
//! Eligibility: what the payer, asked, says of the member is not what the visit has. Capture: the schedule says that somebody was seen, and charges never come. Demographics: the visit says something else
//! than the card, which the practice's roster has. Codes, typos and modifiers are in `again.rs`.

use crate::date::Day;
use crate::draft::{Draft, Who};
use crate::kinds::Kind;
use crate::model::{Coverage, Relation, Visit};
use crate::payers::id;
use crate::roster::Registered;
use crate::schedule::{Appointment, FREE_KIND, News};
use crate::seeded::Builder;

impl Builder<'_> {
    /// Adds a visit of these kinds.
    pub(crate) fn hand_off(&mut self, kind: Kind) {
        if self.rekeyed(kind) {
            return;
        }
        let office = self.rng.pick(self.services.encounters.get(..4).unwrap_or_default());
        let who = match kind {
            Kind::WrongName | Kind::WrongBirthDate | Kind::WrongMemberId => Who::Subscriber,
            Kind::WrongSubscriber | Kind::NearTwin => Who::Child,
            _ => Who::Anyone,
        };
        let mut draft = self.draft(kind, office, who);
        match kind {
            Kind::CaptureGap => draft.charges.clear(),
            Kind::NearNoShow => self.another_slot(&mut draft, -4, "", &[(1, News::Booked), (1, News::NoShow)]),
            Kind::NearCancelled => self.another_slot(&mut draft, -3, "", &[(1, News::Booked), (2, News::Cancelled)]),
            Kind::NearNoChargeVisit => {
                self.another_slot(&mut draft, -5, FREE_KIND, &[(1, News::Booked), (1, News::Completed)]);
            }
            Kind::NearNotYetDue => {
                let ahead = self.start.plus(crate::build::DAYS + 4).0 - self.slot_date(&draft).0;
                self.another_slot(&mut draft, ahead, "", &[(1, News::Booked)]);
            }
            Kind::NearBookedTwice => self.another_slot(&mut draft, 0, "", &[(2, News::Booked)]),
            Kind::NearMoved => {
                let to = self.slot_date(&draft);
                let slot = self.slot(&draft);
                draft.appointments = vec![Appointment {
                    date: to.plus(-2),
                    news: vec![(1, News::Booked), (2, News::Moved(to))],
                    ..slot
                }];
            }
            Kind::NearOtherVisitNumber => {
                let slot = self.slot(&draft);
                draft.appointments = vec![Appointment { visit: format!("{}9", slot.visit), ..slot }];
            }
            _ => self.mismatch(kind, &mut draft),
        }
        self.send(draft);
    }

    /// A second appointment of the visit's patient, `days` from the visit; with the visit's own on its day where 0.
    fn another_slot(&mut self, draft: &mut Draft, days: i64, kind: &'static str, news: &[(i64, News)]) {
        let own = self.slot(draft);
        let other = Appointment {
            id: format!("{}B", own.id),
            visit: String::new(),
            date: own.date.plus(days),
            kind: if kind.is_empty() { own.kind } else { kind },
            news: news.to_vec(),
            ..own.clone()
        };
        draft.appointments = vec![own, other];
    }

    /// The visit differs from the card, or only seems to.
    fn mismatch(&mut self, kind: Kind, draft: &mut Draft) {
        let mut known = Registered::of(&draft.visit);
        let service = draft.latest();
        match kind {
            Kind::WrongName => draft.of_patient(|person| person.last = misspelled(&person.last)),
            Kind::WrongBirthDate => draft.of_patient(|person| person.born = person.born.map(other_birth_date)),
            Kind::WrongMemberId => {
                draft.visit.coverages.iter_mut().take(1).for_each(|coverage| coverage.member = mistyped(coverage));
            }
            Kind::WrongSubscriber => {
                draft.visit.relation = Relation::Itself;
                draft.visit.subscriber = draft.visit.patient.clone();
                known.relation = Relation::Child;
            }
            Kind::CoverageEnded => known.cover_to = Some(service.plus(-self.rng.range(1, 60))),
            Kind::NearNickname => {
                let (card, called) = self.rng.pick(&[("Robert", "Bob"), ("Margaret", "Peggy"), ("William", "Bill")]);
                card.clone_into(&mut known.patient.first);
                draft.of_patient(|person| called.clone_into(&mut person.first));
            }
            Kind::NearPunctuatedName => {
                let (card, typed) = self.rng.pick(&[
                    ("O'Dell", "ODELL"),
                    ("Smythe-Okafor", "Smythe Okafor"),
                    ("St. Clair", "St Clair"),
                ]);
                card.clone_into(&mut known.patient.last);
                draft.of_patient(|person| typed.clone_into(&mut person.last));
            }
            Kind::NearNameSuffix => known.suffix = "Jr",
            Kind::NearMemberIdFormat => {
                let (head, tail) = known.member.split_at(known.member.len().min(4));
                known.member = format!("{}-{}", head.to_lowercase(), tail.to_lowercase());
            }
            Kind::NearNewAddress => known.patient.address.line1 = format!("{} Former Road", self.rng.range(10, 99)),
            Kind::NearCoverEndsOnTheDay => known.cover_to = Some(service),
            Kind::PayerEnded => {
                let ended = service.plus(-self.rng.range(1, 60)).compact();
                self.payer_knows(draft, "ended", ended);
            }
            Kind::PayerRefuses => self.payer_knows(draft, "refused", "75".to_owned()),
            Kind::PayerName => self.payer_knows(draft, "last", "Quillfeather".to_owned()),
            Kind::NearPayerNickname => {
                draft.of_patient(|person| "Peggy".clone_into(&mut person.first));
                "Peggy".clone_into(&mut known.patient.first);
                self.payer_knows(draft, "first", "Margaret".to_owned());
            }
            Kind::NearTwin => {
                let mut twin = known.patient.clone();
                twin.first = if twin.first == "Victor" { "Ursula" } else { "Victor" }.to_owned();
                twin.middle.clear();
                known.twin = Some(twin);
            }
            _ => {}
        }
        draft.visit.registered = Some(known);
    }

    /// What the payer of a visit has of its member otherwise than the practice.
    fn payer_knows(&mut self, draft: &Draft, what: &'static str, value: String) {
        let coverage = draft.visit.coverages.first();
        self.known_members.extend(coverage.map(|own| (own.payer.clone(), own.member.clone(), what, value)));
    }

    /// The day of the visit as its appointment has it: a charge may be misdated.
    fn slot_date(&self, draft: &Draft) -> Day {
        let today = draft.today(self.start);
        draft.charges.iter().map(|charge| charge.date).min().unwrap_or(today).min(today)
    }

    /// The visit's own appointment.
    pub(crate) fn slot(&self, draft: &Draft) -> Appointment {
        let Visit { number, rendering, .. } = &draft.visit;
        let roster = &self.practice.roster;
        let doctor = roster.iter().find(|doctor| doctor.local == rendering.local || doctor.npi == rendering.npi);
        let date = self.slot_date(draft);
        let has = |start: &str| draft.charges.iter().any(|charge| charge.code.starts_with(start));
        let kind = match (has("9920"), has("G0439"), has("992") || draft.charges.is_empty()) {
            (true, ..) => "NEW",
            (_, true, _) => "AWV",
            (_, _, true) => "EST",
            _ => "PROC",
        };
        // Booked before or on the first day of the feed; seen is told on the day that the first charges come, or never.
        let mut news = vec![(1, News::Booked)];
        if self.visits.len().is_multiple_of(2) || draft.charges.is_empty() {
            news.push((draft.day, News::Completed));
        }
        Appointment {
            id: format!("A{number}"),
            visit: number.clone(),
            date,
            minute: 480 + i64::try_from(self.visits.len() % 32).unwrap_or(0) * 15,
            kind,
            doctor: doctor.or(roster.first()).map(|doctor| doctor.local.clone()).unwrap_or_default(),
            news,
        }
    }
}

/// The name with two letters in the wrong order.
pub(crate) fn misspelled(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    let at = (1..letters.len().saturating_sub(1)).rev().find(|at| {
        let pair = (letters.get(*at), letters.get(at + 1));
        matches!(pair, (Some(a), Some(b)) if a != b && a.is_ascii_lowercase() && b.is_ascii_lowercase())
    });
    match at {
        Some(at) => letters.swap(at, at + 1),
        None => letters.push('e'),
    }
    letters.into_iter().collect()
}

/// Day and month swapped, where that is an earlier day; else the year before.
fn other_birth_date(born: Day) -> Day {
    let (year, month, day) = born.ymd();
    let swapped = Day::from_ymd(year, day, month);
    if day <= 12 && swapped < born { swapped } else { Day::from_ymd(year - 1, month, day.min(28)) }
}

/// Two of the last four digits swapped, else the last digit another: what a tired hand types. Nobody else has the result: all
/// that is before those digits is one patient's, except in Medicare-like ids, of which only the last digit is free.
pub(crate) fn mistyped(coverage: &Coverage) -> String {
    let mut letters: Vec<char> = coverage.member.chars().collect();
    let digit = |letter: Option<&char>| letter.and_then(|letter| letter.to_digit(10));
    let free = if coverage.payer == id::FEDERAL { 0 } else { 4 };
    let pair = (letters.len().saturating_sub(free)..letters.len().saturating_sub(1))
        .rev()
        .find(|at| matches!((digit(letters.get(*at)), digit(letters.get(at + 1))), (Some(a), Some(b)) if a != b));
    match pair {
        Some(at) => letters.swap(at, at + 1),
        None => {
            let last = digit(letters.last()).unwrap_or(0);
            letters.pop();
            letters.extend(char::from_digit((last + 1) % 10, 10));
        }
    }
    letters.into_iter().collect()
}
