//! Whom to ask about a visit that lies ahead. A schedule names no payer: the cover is that of the visit's own registration, else of
//! the patient's last claim, else of the roster.

use crate::audit::capture::{self, visit_key};
use crate::audit::demographics::{self, BirthIs, Known, compare_births, compare_names};
use crate::claim::{Coverage, Date, Patient, PatientIdKind};
use crate::eligibility::{Person, Question};
use crate::practice::{Payer, Profile};
use crate::store::{StoreResult, Tx};
use crate::visit;

use super::identity::patient_mac_of;

/// Days back in which a claim still tells a patient's cover.
const CLAIM_DAYS: i64 = 400;

/// What can be asked about a visit ahead.
pub(crate) enum Upcoming {
    /// This.
    Ask(Box<Question>),
    /// Nothing: it does not take place, or its payer is not asked.
    NotAsked,
    /// Nobody knows who covers the patient.
    Unknown,
}

/// What can be asked about an expected visit.
pub(crate) fn of(tx: &Tx<'_>, profile: &Profile, expected_id: u64, today: i64) -> StoreResult<Upcoming> {
    let Some(expected) = capture::fold(&tx.expectations(expected_id)?).filter(capture::Expected::is_live) else {
        return Ok(Upcoming::NotAsked);
    };
    let told = &expected.told;
    let Some(day) = told.start.map(|start| start.day) else { return Ok(Upcoming::NotAsked) };
    if !told.visit_number.is_empty() {
        let key = visit_key(tx, &told.source_system, &told.visit_number);
        if let Some(visit_id) = tx.visit_with_mac(&key)?
            && let Some((patient, coverage)) = of_visit(tx, profile, visit_id)?
        {
            return Ok(from_coverage(profile, &patient, &coverage, day));
        }
    }
    if let Some(mac) = patient_mac_of(tx, &told.patient) {
        let claims = tx.claims_of_patient(&mac, today - CLAIM_DAYS)?;
        if let Some(last) = claims.iter().max_by_key(|claim| (claim.service_from, claim.claim_id)) {
            let claim = tx.version_body(last.claim_id, last.live_version)?.claim;
            if let Some(coverage) = claim.header.coverages.first() {
                return Ok(from_coverage(profile, &claim.header.patient, coverage, day));
            }
        }
    }
    from_roster(tx, profile, &told.patient, day)
}

/// Patient and first cover of a visit as far as it is known.
pub(super) fn of_visit(tx: &Tx<'_>, profile: &Profile, visit_id: u64) -> StoreResult<Option<(Patient, Coverage)>> {
    let events: Vec<visit::Event> = tx.events(visit_id)?.into_iter().map(visit::Event::from).collect();
    let mut folded = visit::fold(&events);
    visit::complete_visit(&mut folded, profile);
    let coverage = folded.header.coverages.first().cloned();
    Ok(coverage.map(|coverage| (folded.header.patient, coverage)))
}

/// The payer of a coverage, where it is one that is asked.
pub(super) fn asked_payer<'p>(profile: &'p Profile, coverage: &Coverage) -> Option<&'p Payer> {
    profile.payer.iter().find(|payer| payer.id == coverage.payer.id && payer.is_asked())
}

fn from_coverage(profile: &Profile, patient: &Patient, coverage: &Coverage, day: Date) -> Upcoming {
    if coverage.payer.id.is_empty() {
        return Upcoming::Unknown;
    }
    let Some(payer) = asked_payer(profile, coverage) else { return Upcoming::NotAsked };
    ask(Question::of(patient, coverage, payer, day))
}

fn ask(question: Option<Question>) -> Upcoming {
    question.map_or(Upcoming::Unknown, |question| Upcoming::Ask(Box::new(question)))
}

/// Of the roster's people the one who is sure to be this patient. A dependent there has no subscriber's name: nobody to ask for.
fn from_roster(tx: &Tx<'_>, profile: &Profile, patient: &Patient, day: Date) -> StoreResult<Upcoming> {
    let known = demographics::people_like(tx, patient)?;
    let shares_id = |known: &Known| {
        let own = patient.ids.iter().filter(|id| id.kind != PatientIdKind::Account);
        own.map(|id| id.value.trim()).any(|id| !id.is_empty() && known.ids.iter().any(|listed| listed == id))
    };
    let is_it = |known: &&Known| {
        let born = compare_births(patient.birth_date, known.birth_date);
        let sure = shares_id(known) || born == BirthIs::Same;
        sure && born != BirthIs::Other && compare_names(&patient.name, &known.name).may_be_one()
    };
    let mut found = known.iter().filter(is_it).filter(|known| known.is_subscriber != Some(false));
    let Some(one) = found.next() else { return Ok(Upcoming::Unknown) };
    // Once in the roster and once in a 271, saying the same: one person.
    if found.any(|other| !demographics::same_word(one, other) || other.member_id != one.member_id) {
        return Ok(Upcoming::Unknown);
    }
    let Some(payer) = profile.payer_by([one.payer.as_str()]) else { return Ok(Upcoming::Unknown) };
    if !payer.is_asked() {
        return Ok(Upcoming::NotAsked);
    }
    let person = Person {
        name: one.name.clone(),
        birth_date: one.birth_date.or(patient.birth_date),
        gender: one.gender.or(patient.gender),
    };
    Ok(ask(Question::of_member(person, &one.member_id, payer, day)))
}
