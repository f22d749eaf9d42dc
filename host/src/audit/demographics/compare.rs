//! How a claim's patient and coverage differ from the known person, field by field, in words for a biller.
//!
//! The words hold both values: they are kept sealed and shown only to whoever may read the practice's claims.

use super::{
    BirthIs, Found, Known, MemberIs, NameIs, addresses_differ, compare_births, compare_members, compare_names, find,
};
use crate::claim::{
    Address, Claim, Date, Gender, PersonName, Relationship, day_number, destination, iso, service_span,
};
use crate::practice::Profile;

/// What differs. Each is a finding kind of its own; which of them hold is said by the edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// Another name: the payer does not know the person.
    Name,
    /// A form of the name that payers mostly take.
    NameVariant,
    /// Another birth date.
    BirthDate,
    /// Another gender.
    Gender,
    /// Another member id.
    MemberId,
    /// A member id in another form, or one that may be another payer's.
    MemberIdForm,
    /// Another place.
    Address,
    /// The service lies outside of the cover.
    CoverageDates,
    /// The patient is not who the claim says towards the subscriber.
    Subscriber,
    /// The patient id is another person's.
    Identity,
    /// Several known people can be the patient.
    TwoAlike,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What.
    pub field: Field,
    /// The field of the claim.
    pub at: String,
    /// For a biller, with both values.
    pub words: String,
}

/// Compares a claim with the people that its keys found.
pub fn compare(claim: &Claim, known: &[Known], profile: &Profile) -> Vec<Difference> {
    let mut found = Differences(Vec::new());
    match find(claim, known) {
        Found::Nobody => {}
        Found::One(person) => found.person(claim, person, profile),
        Found::Alike(rows) => {
            let rows: Vec<String> = rows.iter().map(u64::to_string).collect();
            found.add(
                Field::TwoAlike,
                "patient",
                format!(
                    "Rows {} of the roster can all be this patient, so nothing was compared. Put the patient id into the \
                     rows, or take out the one that is wrong.",
                    rows.join(" and ")
                ),
            );
        }
        Found::AnotherUnderId(other) => found.add(
            Field::Identity,
            "patient.ids",
            format!(
                "{} has {} under this patient's id (row {}), and the claim is for {}. Find out whose visit it is.",
                capital(other.origin.words()),
                who(&other.name, other.birth_date),
                other.row,
                who(&claim.header.patient.name, claim.header.patient.birth_date)
            ),
        ),
        Found::AnotherUnderMember(other) => found.add(
            Field::Subscriber,
            &of_coverage(claim, "relationship"),
            format!(
                "The claim says that {} is the subscriber, and {} has {} under that member id (row {}). Name the subscriber \
                 and what the patient is to him or her.",
                who(&claim.header.patient.name, claim.header.patient.birth_date),
                other.origin.words(),
                who(&other.name, other.birth_date),
                other.row
            ),
        ),
    }
    found.0
}

/// Compares a claim with somebody who is known to be meant: the person of an answer to a question about this claim's patient.
pub fn compare_with(claim: &Claim, known: &Known, profile: &Profile) -> Vec<Difference> {
    let mut found = Differences(Vec::new());
    found.person(claim, known, profile);
    found.0
}

struct Differences(Vec<Difference>);

impl Differences {
    fn add(&mut self, field: Field, at: &str, words: String) {
        self.0.push(Difference { field, at: at.to_owned(), words });
    }

    fn person(&mut self, claim: &Claim, known: &Known, profile: &Profile) {
        let patient = &claim.header.patient;
        let says = known.origin.words();
        let row = known.row;
        let names = compare_names(&patient.name, &known.name);
        let (visit_name, known_name) = (full(&patient.name), full(&known.name));
        let name = |how: &str| {
            format!(
                "The visit names the patient {visit_name}, {says} (row {row}) {known_name}: {how}. Bill under the name on the \
                 card, or correct the list."
            )
        };
        let at = "patient.name";
        match names {
            NameIs::Same => {}
            NameIs::Variant(_) if patient.name.last.is_empty() || known.name.last.is_empty() => {}
            NameIs::Variant(how) => self.add(Field::NameVariant, at, name(how)),
            NameIs::Swapped => self.add(Field::Name, at, name("first and last name are swapped")),
            NameIs::Typo(true) => self.add(Field::Name, at, name("the last name is spelled otherwise")),
            NameIs::Typo(false) => self.add(Field::Name, at, name("the first name is spelled otherwise")),
            NameIs::OtherLast => self.add(Field::Name, at, name("another last name (a marriage?)")),
            NameIs::OtherFirst => self.add(Field::Name, at, name("another first name (a twin, or one of the family?)")),
            NameIs::Other => self.add(Field::Name, at, name("another name")),
        }
        let how = match compare_births(patient.birth_date, known.birth_date) {
            BirthIs::Slip(how) => Some(how),
            BirthIs::Other => Some("another day"),
            BirthIs::Same | BirthIs::Unknown => None,
        };
        if let (Some(how), Some(a), Some(b)) = (how, patient.birth_date, known.birth_date) {
            let words = format!(
                "The visit has the birth date {}, {says} (row {row}) {}: {how}. Look at the card or ask the patient.",
                iso(a),
                iso(b)
            );
            self.add(Field::BirthDate, "patient.birth_date", words);
        }
        if let (Some(a), Some(b)) = (patient.gender, known.gender)
            && a != b
            && a != Gender::Unknown
            && b != Gender::Unknown
        {
            let words = format!("The visit says {}, {says} (row {row}) {}.", gender(a), gender(b));
            self.add(Field::Gender, "patient.gender", words);
        }
        self.member(claim, known, profile);
        if let (Some(a), Some(b)) = (&patient.address, &known.address)
            && addresses_differ(a, b)
        {
            let words = format!(
                "The visit has the address {}, {says} (row {row}) {}. Ask the patient which is right.",
                place(a),
                place(b)
            );
            self.add(Field::Address, "patient.address", words);
        }
        self.cover(claim, known, profile);
    }

    fn member(&mut self, claim: &Claim, known: &Known, profile: &Profile) {
        let Some(coverage) = destination(claim) else { return };
        let (says, row) = (known.origin.words(), known.row);
        let (visit, listed) = (&coverage.subscriber.member_id, &known.member_id);
        let payer = payer_is(claim, known, profile);
        if payer == Some(false) {
            return; // the list speaks of another payer
        }
        let another = |coverage: &crate::claim::Coverage| {
            matches!(compare_members(&coverage.subscriber.member_id, listed), MemberIs::Same | MemberIs::PersonCode)
        };
        let words = |how: &str| format!("The visit has the member id {visit}, {says} (row {row}) {listed}: {how}.");
        let at = of_coverage(claim, "subscriber.member_id");
        match compare_members(visit, listed) {
            MemberIs::Unknown | MemberIs::Same => {}
            MemberIs::PersonCode => {
                self.add(Field::MemberIdForm, &at, words("the two digits of the family member are on one side only"));
            }
            MemberIs::Slip(how) => self.add(Field::MemberId, &at, words(how)),
            // The id of the patient's other payer is no mistake.
            MemberIs::Other if claim.header.coverages.iter().any(another) => {}
            MemberIs::Other if payer == Some(true) => self.add(Field::MemberId, &at, words("another id")),
            MemberIs::Other => {
                self.add(Field::MemberIdForm, &at, words("another id; the list does not say of which payer"));
            }
        }
        let is_self = coverage.relationship == Relationship::PatientIsSubscriber;
        if is_self && known.is_subscriber == Some(false) {
            let words = format!(
                "The claim says that the patient is the subscriber, {says} (row {row}) that the patient is a dependent. Name \
                 the subscriber."
            );
            self.add(Field::Subscriber, &of_coverage(claim, "relationship"), words);
        }
    }

    fn cover(&mut self, claim: &Claim, known: &Known, profile: &Profile) {
        if payer_is(claim, known, profile) == Some(false) {
            return;
        }
        let Some(span) = service_span(&claim.lines) else { return };
        let (says, row) = (known.origin.words(), known.row);
        let early = known.cover_from.filter(|from| day_number(span.start) < day_number(*from));
        let late = known.cover_to.filter(|to| day_number(span.end) > day_number(*to));
        let how = match (early, late) {
            (Some(from), _) => format!("the cover begins on {}", iso(from)),
            (None, Some(to)) => format!("the cover ended on {}", iso(to)),
            // A day that lies within the cover's own dates is covered, whatever the answer says of today.
            (None, None) if known.is_inactive && known.cover_from.is_none() => "there is no cover".to_owned(),
            (None, None) => return,
        };
        let words = format!(
            "The service is of {}, and {says} (row {row}) says that {how}. Ask for the cover of that day before you bill.",
            iso(if early.is_some() { span.start } else { span.end })
        );
        self.add(Field::CoverageDates, &of_coverage(claim, "payer"), words);
    }
}

/// A field of the coverage that the claim goes to, as other edits name it.
fn of_coverage(claim: &Claim, field: &str) -> String {
    format!("coverages[{}].{field}", claim.destination)
}

/// Whether the known person's payer is the one that this claim goes to. None: the list names none.
fn payer_is(claim: &Claim, known: &Known, profile: &Profile) -> Option<bool> {
    if known.payer.trim().is_empty() {
        return None;
    }
    let payer = &destination(claim)?.payer;
    let same = |a: &str| !a.is_empty() && a.trim().eq_ignore_ascii_case(known.payer.trim());
    let listed = profile.payer_by([known.payer.as_str()]);
    let by_profile = listed.map(|listed| listed.id == payer.id);
    Some(
        by_profile.unwrap_or_else(|| same(&payer.id) || same(&payer.name) || payer.local_ids.iter().any(|id| same(id))),
    )
}

fn full(name: &PersonName) -> String {
    let parts = [&name.first, &name.middle, &name.last, &name.suffix];
    let parts: Vec<&str> = parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    format!("\"{}\"", parts.join(" "))
}

fn who(name: &PersonName, born: Option<Date>) -> String {
    match born {
        Some(born) => format!("{}, born {}", full(name), iso(born)),
        None => full(name),
    }
}

fn place(address: &Address) -> String {
    let parts = [&address.line1, &address.line2, &address.city, &address.state, &address.postal_code];
    let parts: Vec<&str> = parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
    format!("\"{}\"", parts.join(", "))
}

const fn gender(gender: Gender) -> &'static str {
    match gender {
        Gender::Female => "female",
        Gender::Male => "male",
        Gender::Unknown => "unknown",
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
