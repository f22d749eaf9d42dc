//! Which known person the patient of a claim is; or that it cannot be told. Never a guess.

use super::value::{like, member_key};
use super::{
    BirthIs, Known, MemberIs, NameIs, Origin, addresses_differ, compare_births, compare_members, compare_names,
};
use crate::claim::{Claim, Patient, PatientIdKind, PersonName, destination, iso};

/// What `find` came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<'k> {
    /// Nobody who can be this patient is known.
    Nobody,
    /// This one.
    One(&'k Known),
    /// Several can be, and nothing tells them apart: their rows.
    Alike(Vec<u64>),
    /// A patient id of the claim is another person's.
    AnotherUnderId(&'k Known),
    /// The member id is known of another of the family only, and the claim says that the patient is the subscriber.
    AnotherUnderMember(&'k Known),
}

/// How well a known person fits.
struct Fit<'k> {
    known: &'k Known,
    by_id: bool,
    /// Both have ids, and no id is on both sides: another person, or a list that numbers otherwise.
    other_id: bool,
    name: NameIs,
    birth: BirthIs,
    member: MemberIs,
}

impl Fit<'_> {
    /// Can be the patient at all. Twins share member id and birth date, namesakes a name, and none of them is meant.
    fn can_be(&self) -> bool {
        let same_birth = self.birth == BirthIs::Same;
        let near_birth = same_birth || matches!(self.birth, BirthIs::Slip(_) | BirthIs::Unknown);
        let by_member = matches!(self.member, MemberIs::Same | MemberIs::PersonCode);
        let near_member = by_member || matches!(self.member, MemberIs::Slip(_));
        if self.by_id {
            return self.name.may_be_one() || same_birth || (near_birth && by_member);
        }
        if by_member {
            return self.name.may_be_one() || (self.name == NameIs::OtherLast && near_birth);
        }
        // A namesake of that birth date with other numbers is another person, and an eligibility answer speaks of its member only.
        let other_number = self.other_id || self.known.origin == Origin::Eligibility;
        self.name.may_be_one() && near_birth && (near_member || (same_birth && !other_number))
    }

    /// Says the same in everything that both say.
    fn agrees(&self) -> bool {
        matches!(self.name, NameIs::Same | NameIs::Variant(_))
            && matches!(self.birth, BirthIs::Same | BirthIs::Unknown)
            && matches!(self.member, MemberIs::Same | MemberIs::PersonCode | MemberIs::Unknown)
    }

    fn rank(&self) -> u32 {
        let name = match self.name {
            NameIs::Same => 4,
            NameIs::Variant(_) => 3,
            NameIs::Swapped => 2,
            NameIs::Typo(_) => 1,
            _ => 0,
        };
        let birth = match self.birth {
            BirthIs::Same => 4,
            BirthIs::Slip(_) => 1,
            _ => 0,
        };
        let member = match self.member {
            MemberIs::Same => 4,
            MemberIs::PersonCode => 3,
            MemberIs::Slip(_) => 1,
            _ => 0,
        };
        name + birth + member + if self.by_id { 6 } else { 0 }
    }
}

/// Finds the patient of a claim among people with one of its keys.
pub fn find<'k>(claim: &Claim, known: &'k [Known]) -> Found<'k> {
    let patient = &claim.header.patient;
    let coverage = destination(claim);
    let member = coverage.map(|coverage| coverage.subscriber.member_id.as_str()).unwrap_or_default();
    let fits: Vec<Fit<'k>> = known
        .iter()
        .map(|known| Fit {
            known,
            by_id: own_ids(claim).any(|id| known.ids.iter().any(|own| own == id)),
            other_id: own_ids(claim).next().is_some()
                && !known.ids.is_empty()
                && !own_ids(claim).any(|id| known.ids.iter().any(|own| own == id)),
            name: compare_names(&patient.name, &known.name),
            birth: compare_births(patient.birth_date, known.birth_date),
            member: compare_members(member, &known.member_id),
        })
        .collect();
    let mut able: Vec<&Fit<'k>> = fits.iter().filter(|fit| fit.can_be()).collect();
    let best = able.iter().map(|fit| fit.rank()).max();
    able.retain(|fit| Some(fit.rank()) == best);
    match able.as_slice() {
        [] => {}
        [one] => return Found::One(one.known),
        several => {
            // One person in two rows, or in roster and 271, that say the same: nothing to choose between.
            let first = several.first().map(|fit| fit.known);
            let twice = |fit: &&Fit<'k>| first.is_some_and(|first| same_word(first, fit.known));
            if several.iter().all(|fit| fit.agrees()) && several.iter().all(twice) {
                return first.map_or(Found::Nobody, Found::One);
            }
            return Found::Alike(several.iter().map(|fit| fit.known.row).collect());
        }
    }
    if let Some(other) = fits.iter().find(|fit| fit.by_id && fit.known.birth_date.is_some()) {
        return Found::AnotherUnderId(other.known);
    }
    let is_self =
        coverage.is_some_and(|coverage| coverage.relationship == crate::claim::Relationship::PatientIsSubscriber);
    let family = |fit: &&Fit<'k>| {
        fit.member == MemberIs::Same
            && fit.known.is_subscriber != Some(false)
            && fit.name == NameIs::OtherFirst
            && fit.birth == BirthIs::Other
    };
    match fits.iter().find(family) {
        Some(other) if is_self => Found::AnotherUnderMember(other.known),
        _ => Found::Nobody,
    }
}

/// Two rows that say one thing.
pub(crate) fn same_word(a: &Known, b: &Known) -> bool {
    compare_names(&a.name, &b.name) == NameIs::Same
        && a.birth_date == b.birth_date
        && matches!(compare_members(&a.member_id, &b.member_id), MemberIs::Same | MemberIs::Unknown)
        && (a.ids == b.ids || a.ids.is_empty() || b.ids.is_empty())
        && !matches!((&a.address, &b.address), (Some(a), Some(b)) if addresses_differ(a, b))
}

/// The patient's ids, without numbers of single visits.
fn own_ids(claim: &Claim) -> impl Iterator<Item = &str> {
    ids_of(&claim.header.patient)
}

fn ids_of(patient: &Patient) -> impl Iterator<Item = &str> {
    let ids = patient.ids.iter().filter(|id| id.kind != PatientIdKind::Account);
    ids.map(|id| id.value.trim()).filter(|id| !id.is_empty())
}

/// What the patient of a claim can be found by: texts for look-up values.
pub fn keys_of_claim(claim: &Claim) -> Vec<String> {
    let mut keys = keys_of_patient(&claim.header.patient);
    if let Some(coverage) = destination(claim) {
        keys.push(format!("member|{}", like(&member_key(&coverage.subscriber.member_id))));
    }
    keep(keys)
}

/// What a patient can be found by without a claim.
pub fn keys_of_patient(patient: &Patient) -> Vec<String> {
    let mut keys: Vec<String> = ids_of(patient).map(|id| format!("id|{id}")).collect();
    keys.extend(patient.birth_date.map(|born| format!("born|{}", iso(born))));
    keys.extend(name_key(&patient.name));
    keep(keys)
}

/// What a known person is found by.
pub fn keys_of_known(known: &Known) -> Vec<String> {
    let mut keys: Vec<String> = known.ids.iter().map(|id| format!("id|{id}")).collect();
    keys.push(format!("member|{}", like(&member_key(&known.member_id))));
    keys.extend(known.birth_date.map(|born| format!("born|{}", iso(born))));
    keys.extend(name_key(&known.name));
    keep(keys)
}

fn name_key(name: &PersonName) -> Option<String> {
    let last = super::name::last_key(name);
    (!last.is_empty()).then(|| format!("last|{last}"))
}

fn keep(mut keys: Vec<String>) -> Vec<String> {
    keys.retain(|key| !key.ends_with('|'));
    keys.sort();
    keys.dedup();
    keys
}
