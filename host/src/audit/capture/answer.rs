//! Which charges answer which expected visit: under its visit number, else by patient, day and provider.
//!
//! One charged visit answers one expected visit of a day, so that counts and dollars are those of the store: of two appointments and one
//! charged visit one is a gap. Which one it answers depends on the set of both alone, never on the order in which they arrived.

use super::settle::{End, Settling, word};
use super::{Expected, letters, minutes, patient_day_keys, visit_key};
use crate::claim::{Attendance, Provider, day_number};
use crate::lifecycle::fold_visit;
use crate::store::StoreResult;
use crate::store::expected::ExpectedState;
use crate::visit::{Event, Verdict, Visit, same_person};

/// How well charges fit an expected visit, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// By the provider that it was to be with.
    Same,
    /// One side does not say who the provider is.
    Unknown,
    /// By somebody else, who has taken the patient over.
    Other,
}

/// A visit with the charges it has.
pub(super) struct Charges {
    pub(super) visit_id: u64,
    pub(super) visit: Visit,
    source_system: String,
    visit_number: String,
}

impl Charges {
    fn cents(&self) -> i64 {
        self.visit.charges.iter().map(|charge| charge.line.charge).sum()
    }

    /// What was charged on a day; none where nothing was. A charge of several days counts its dollars on the first.
    fn cents_on(&self, day: i64) -> Option<i64> {
        let on = self.visit.charges.iter().filter_map(|charge| {
            let dates = charge.line.service_dates;
            let days = day_number(dates.start)..=day_number(dates.end);
            days.contains(&day).then(|| if *days.start() == day { charge.line.charge } else { 0 })
        });
        on.reduce(|sum, cents| sum + cents)
    }

    fn rendering(&self) -> Option<Provider> {
        let of_line = |charge: &crate::visit::LiveCharge| charge.line.providers.as_ref()?.rendering.clone();
        self.visit.charges.iter().find_map(of_line).or_else(|| self.visit.header.rendering.clone())
    }
}

/// An expected visit that charges may be for.
struct Contender {
    id: u64,
    expected: Expected,
}

impl Contender {
    /// Those that are to take place come before those that the schedule says did not; then by time, type, and which was told first.
    fn rank(&self) -> (bool, i64, String, u64) {
        let (ended, (start, kind, id)) = (!self.expected.is_live(), rank(&self.expected, self.id));
        (ended, start, kind, id)
    }
}

/// Whether charges of the day may be for it though the schedule says that it did not take place: nothing but the day can tell, since it
/// has no visit number of its own.
pub(super) fn may_have_come(expected: &Expected) -> bool {
    matches!(expected.status, Attendance::Cancelled | Attendance::NoShow) && expected.told.visit_number.is_empty()
}

fn rank(expected: &Expected, id: u64) -> (i64, String, u64) {
    (expected.told.start.map_or(i64::MAX, minutes), expected.told.visit_type.trim().to_lowercase(), id)
}

/// Pairs of expected visits and charged visits, each in one pair at most, the best fits first. An expected visit that did not take place
/// by the schedule is answered last, and by its own provider only. `fit`: of the expected and the charged visit at these places.
fn pairs<R: Ord>(
    contenders: &[(bool, R)],
    charged: usize,
    fit: impl Fn(usize, usize) -> Option<Fit>,
) -> Vec<(usize, usize, Fit)> {
    let mut edges = Vec::new();
    for (at, (ended, rank)) in contenders.iter().enumerate() {
        for visit in 0..charged {
            match fit(at, visit) {
                Some(Fit::Other) if *ended => {}
                Some(fit) => edges.push((*ended, fit, rank, visit, at)),
                None => {}
            }
        }
    }
    edges.sort();
    let mut taken: Vec<(usize, usize, Fit)> = Vec::new();
    for (_, fit, _, visit, at) in edges {
        if !taken.iter().any(|(known, other, _)| *known == at || *other == visit) {
            taken.push((at, visit, fit));
        }
    }
    taken
}

impl Settling<'_> {
    pub(super) fn charges(&self, visit_id: u64) -> StoreResult<Charges> {
        let stored = self.tx.events(visit_id)?;
        let first = stored.first().map(|event| (event.update.source_system.clone(), event.update.visit_number.clone()));
        let (source_system, visit_number) = first.unwrap_or_default();
        let events: Vec<Event> = stored.into_iter().map(Event::from).collect();
        let visit = fold_visit(self.tx, visit_id, &events)?;
        Ok(Charges { visit_id, visit, source_system, visit_number })
    }

    /// Live charges under the visit number. A number that several appointments on other days share (a series) has to have
    /// charges of the day. Of several appointments under one number the first has the dollars.
    pub(super) fn charged_directly(
        &self,
        id: u64,
        expected: &Expected,
        direct: &Charges,
        day: i64,
        number: Option<[u8; 32]>,
    ) -> StoreResult<Option<i64>> {
        if direct.visit.charges.is_empty() {
            return Ok(None);
        }
        let others = number.map_or(Ok(Vec::new()), |key| self.others(id, &[key]))?;
        let day_of = |other: &Expected| other.told.start.map(|at| day_number(at.day));
        let booked = |other: &Expected| !other.told.appointment_id.is_empty();
        let series = others
            .iter()
            .any(|(_, other)| other.is_live() && booked(other) && day_of(other).is_some_and(|other| other != day));
        let own = rank(expected, id);
        let has_earlier = others
            .iter()
            .any(|(at, other)| booked(other) && (!series || day_of(other) == Some(day)) && rank(other, *at) < own);
        let cents = if series { direct.cents_on(day) } else { Some(direct.cents()) };
        Ok(cents.map(|cents| if has_earlier { 0 } else { cents }))
    }

    /// Charges under another visit number: the same patient and day. Not those of a visit that another appointment names by its
    /// number: they are that appointment's; nor those that answer another expected visit of the day better.
    pub(super) fn charged_elsewhere(
        &self,
        id: u64,
        expected: &Expected,
        day: i64,
        direct: Option<&Charges>,
    ) -> StoreResult<Option<End>> {
        let keys = patient_day_keys(self.tx, &expected.told.patient, day);
        let mut visits = self.unnamed_charges(id, expected, &keys, day)?;
        visits.retain(|visit| direct.is_none_or(|direct| direct.visit_id != visit.visit_id));
        if visits.is_empty() {
            return Ok(None);
        }
        let mut contenders = vec![Contender { id, expected: expected.clone() }];
        for (other, theirs) in self.others(id, &keys)? {
            let theirs = Contender { id: other, expected: theirs };
            if self.contends(&theirs, expected, day)? {
                contenders.push(theirs);
            }
        }
        let ranked: Vec<_> = contenders.iter().map(|one| (!one.expected.is_live(), one.rank())).collect();
        let fit = |at: usize, visit: usize| {
            let (contender, visit) = (contenders.get(at)?, visits.get(visit)?);
            if !is_patient(&contender.expected, &visit.visit.header.patient) {
                return None;
            }
            let fit = self.fit(&contender.expected.told.provider, &visit.rendering());
            // Where the EHR numbers its visits, a partner's visit under another number is another visit.
            (fit != Fit::Other || contender.expected.told.visit_number.is_empty()).then_some(fit)
        };
        let found = pairs(&ranked, visits.len(), fit);
        let Some((_, visit, fit)) = found.into_iter().find(|(at, ..)| *at == 0) else { return Ok(None) };
        let Some(found) = visits.get(visit) else { return Ok(None) };
        let number = if expected.told.visit_number.is_empty() { "" } else { " under another visit number" };
        let same = match fit {
            Fit::Other => "same patient and day, by another provider",
            Fit::Same | Fit::Unknown => "same patient, day and provider",
        };
        let though = if expected.is_live() {
            String::new()
        } else {
            format!(", though the schedule says {}", word(expected.status))
        };
        Ok(Some(End {
            state: ExpectedState::Charged,
            visit_id: Some(found.visit_id),
            cents: found.cents_on(day).unwrap_or(0),
            why: format!("charged{number}: {same}{though}"),
        }))
    }

    /// Visits with charges of the patient and day that no appointment names by their number, in the order of their numbers.
    fn unnamed_charges(&self, id: u64, expected: &Expected, keys: &[[u8; 32]], day: i64) -> StoreResult<Vec<Charges>> {
        let mut ids = Vec::new();
        for key in keys {
            ids.extend(self.tx.visits_with_charge_day(key)?);
        }
        ids.sort_unstable();
        ids.dedup();
        let mut visits = Vec::new();
        for visit_id in ids {
            let found = self.charges(visit_id)?;
            if found.cents_on(day).is_none() || !is_patient(expected, &found.visit.header.patient) {
                continue;
            }
            let key = visit_key(self.tx, &found.source_system, &found.visit_number);
            let named = self.others(id, &[key])?.into_iter().any(|(_, other)| {
                other.is_live()
                    && !other.told.appointment_id.is_empty()
                    && other.told.visit_number == found.visit_number
            });
            if !named {
                visits.push(found);
            }
        }
        visits.sort_by(|a, b| (&a.source_system, &a.visit_number).cmp(&(&b.source_system, &b.visit_number)));
        Ok(visits)
    }

    /// Whether another expected visit of the day may be what the charges are for: it is the same patient's, nothing else stands for it,
    /// somebody charges for its type, and it has no charges under its own number.
    fn contends(&self, other: &Contender, expected: &Expected, day: i64) -> StoreResult<bool> {
        let (id, theirs) = (other.id, &other.expected);
        let their_day = theirs.told.start.map_or(theirs.first_arrived_day, |at| day_number(at.day));
        let open = theirs.is_live() || may_have_come(theirs);
        if !open || their_day != day || !same_patient(expected, theirs) || self.free_type(theirs).is_some() {
            return Ok(false);
        }
        let told = &theirs.told;
        let number =
            (!told.visit_number.is_empty()).then(|| visit_key(self.tx, &told.source_system, &told.visit_number));
        if theirs.is_live() && self.same_visit(id, theirs, day, number)?.is_some() {
            return Ok(false);
        }
        let direct = number.map_or(Ok(None), |key| self.tx.visit_with_mac(&key))?;
        Ok(match direct {
            Some(visit) => self.charged_directly(id, theirs, &self.charges(visit)?, day, number)?.is_none(),
            None => true,
        })
    }

    fn fit(&self, expected: &Option<Provider>, charged: &Option<Provider>) -> Fit {
        let known = |provider: &Option<Provider>| provider.as_ref().and_then(|provider| self.known_as(provider));
        match (known(expected), known(charged)) {
            (Some(a), Some(b)) if a == b => Fit::Same,
            (Some(_), Some(_)) => Fit::Other,
            _ => Fit::Unknown,
        }
    }

    /// The provider as one name for the same person: the NPI where the roster knows it.
    pub(super) fn known_as(&self, provider: &Provider) -> Option<String> {
        let listed =
            self.profile.provider_by(provider.npi.as_deref(), &provider.local_id).map(|known| known.npi.clone());
        let own = provider.npi.clone().or_else(|| (!provider.local_id.is_empty()).then(|| provider.local_id.clone()));
        listed.or(own)
    }

    /// False only where both are named and differ.
    pub(super) fn may_be_one_provider(&self, a: &Option<Provider>, b: &Option<Provider>) -> bool {
        let known = |provider: &Option<Provider>| provider.as_ref().and_then(|provider| self.known_as(provider));
        !matches!((known(a), known(b)), (Some(a), Some(b)) if a != b)
    }
}

pub(super) fn same_patient(a: &Expected, b: &Expected) -> bool {
    is_patient(a, &b.told.patient)
}

/// By a shared id that nothing contradicts; by name and birth date only where no id says that they are two people.
fn is_patient(expected: &Expected, person: &crate::claim::Patient) -> bool {
    if same_person(&expected.told.patient, person) == Verdict::Conflict {
        return false;
    }
    let other = |id: &crate::claim::PatientId| {
        person
            .ids
            .iter()
            .any(|known| known.kind == id.kind && known.authority == id.authority && known.value != id.value)
    };
    share_id(expected, person) || (same_name(expected, person) && !expected.told.patient.ids.iter().any(other))
}

/// An id of one value; authorities that both sides name must agree.
fn share_id(expected: &Expected, person: &crate::claim::Patient) -> bool {
    let agree = |a: &str, b: &str| a.is_empty() || b.is_empty() || a.eq_ignore_ascii_case(b);
    expected.told.patient.ids.iter().any(|id| {
        person.ids.iter().any(|other| {
            id.kind == other.kind
                && !id.value.trim().is_empty()
                && id.value.trim() == other.value.trim()
                && agree(id.authority.trim(), other.authority.trim())
        })
    })
}

fn same_name(expected: &Expected, person: &crate::claim::Patient) -> bool {
    let (a, b) = (&expected.told.patient, person);
    let names = |name: &crate::claim::PersonName| (letters(&name.last), letters(&name.first));
    a.birth_date.is_some()
        && a.birth_date == b.birth_date
        && !a.name.last.is_empty()
        && names(&a.name) == names(&b.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contenders by time; charges by provider; who is answered by which.
    fn answered(contenders: &[(bool, i64, &str)], charged: &[&str]) -> Vec<(usize, usize)> {
        let ranked: Vec<(bool, i64)> = contenders.iter().map(|(ended, start, _)| (*ended, *start)).collect();
        let fit = |at: usize, visit: usize| {
            let (booked, charged) = (contenders[at].2, charged[visit]);
            Some(match (booked, charged) {
                ("", _) | (_, "") => Fit::Unknown,
                (a, b) if a == b => Fit::Same,
                _ => Fit::Other,
            })
        };
        let mut found: Vec<_> =
            pairs(&ranked, charged.len(), fit).into_iter().map(|(at, visit, _)| (at, visit)).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn one_charged_visit_answers_one_expected_visit() {
        for (what, contenders, charged, expected) in [
            (
                "two slots, one visit: the earlier one",
                &[(false, 9, "A"), (false, 10, "A")][..],
                &["A"][..],
                vec![(0, 0)],
            ),
            ("a partner saw the patient", &[(false, 9, "A")], &["B"], vec![(0, 0)]),
            ("each its own provider's", &[(false, 9, "A"), (false, 10, "B")], &["B", "A"], vec![(0, 1), (1, 0)]),
            ("the partner's own slot comes first", &[(false, 9, "A"), (false, 10, "B")], &["B"], vec![(1, 0)]),
            ("cancelled, and charged", &[(true, 9, "A")], &["A"], vec![(0, 0)]),
            ("cancelled, and somebody else charged", &[(true, 9, "A")], &["B"], vec![]),
            ("cancelled and booked anew", &[(true, 9, "A"), (false, 11, "A")], &["A"], vec![(1, 0)]),
            ("nobody says who", &[(false, 9, "")], &["B"], vec![(0, 0)]),
        ] {
            assert_eq!(answered(contenders, charged), expected, "{what}");
        }
    }
}
