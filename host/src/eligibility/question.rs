//! Who is asked about: a member of a payer on a day, as the visit or the schedule has them.

use claimhost_x12::eligibility::{Inquiry, InquiryPerson, unwritable};
use serde::{Deserialize, Serialize};

use crate::audit::demographics::member_key;
use crate::claim::{Coverage, Date, Gender, Patient, PersonName, Relationship, iso};
use crate::practice::{Payer, Profile, TaxIdKind};
use crate::store::Tx;

/// Why a question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// A scheduled visit is near.
    Schedule,
    /// A visit is put on claims.
    Assembly,
    /// An operator wants to know.
    Operator,
}

impl Asked {
    /// The column's text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Assembly => "assembly",
            Self::Operator => "operator",
        }
    }
}

/// A person of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// NM103 to NM107.
    pub name: PersonName,
    /// DMG02.
    pub birth_date: Option<Date>,
    /// DMG03.
    pub gender: Option<Gender>,
}

/// One question: the body of an inquiry, sealed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// 2100A NM109.
    pub payer_id: String,
    /// 2100A NM103.
    pub payer_name: String,
    /// 2100C NM109.
    pub member_id: String,
    /// 2100C.
    pub subscriber: Person,
    /// 2100D and its INS02, where the patient is not the subscriber.
    pub dependent: Option<(Person, String)>,
    /// DTP 291.
    pub day: Date,
}

impl Question {
    /// The question about a patient's cover on a day. None where there is nobody to ask about: no member id, or no name.
    pub fn of(patient: &Patient, coverage: &Coverage, payer: &Payer, day: Date) -> Option<Self> {
        let subscriber = &coverage.subscriber;
        let own = Person { name: patient.name.clone(), birth_date: patient.birth_date, gender: patient.gender };
        let holder =
            Person { name: subscriber.name.clone(), birth_date: subscriber.birth_date, gender: subscriber.gender };
        let is_self = coverage.relationship == Relationship::PatientIsSubscriber;
        let question = Self {
            payer_id: payer.id.clone(),
            payer_name: payer.name.clone(),
            member_id: subscriber.member_id.trim().to_owned(),
            subscriber: if is_self { own.clone() } else { holder },
            dependent: (!is_self).then(|| (own, relationship(coverage.relationship).to_owned())),
            day,
        };
        question.is_askable().then_some(question)
    }

    /// The question about somebody known as a subscriber by name and member id only.
    pub fn of_member(person: Person, member_id: &str, payer: &Payer, day: Date) -> Option<Self> {
        let question = Self {
            payer_id: payer.id.clone(),
            payer_name: payer.name.clone(),
            member_id: member_id.trim().to_owned(),
            subscriber: person,
            dependent: None,
            day,
        };
        question.is_askable().then_some(question)
    }

    fn is_askable(&self) -> bool {
        let named = |person: &Person| !person.name.last.trim().is_empty();
        !member_key(&self.member_id).is_empty()
            && named(&self.subscriber)
            && self.dependent.as_ref().is_none_or(|(person, _)| named(person))
    }

    /// Who is asked about.
    pub fn person(&self) -> &Person {
        self.dependent.as_ref().map_or(&self.subscriber, |(person, _)| person)
    }

    /// The look-up value of payer, member and person: questions about one of them on one day are one.
    pub fn member_mac(&self, tx: &Tx<'_>) -> [u8; 32] {
        let plain = |text: &str| -> String {
            text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_uppercase).collect()
        };
        let Person { name, birth_date, .. } = self.person();
        let born = birth_date.map(iso).unwrap_or_default();
        let role = if self.dependent.is_some() { "dependent" } else { "subscriber" };
        let parts = [
            self.payer_id.clone(),
            member_key(&self.member_id),
            plain(&name.last),
            plain(&name.first),
            born,
            role.into(),
        ];
        tx.lookup("inquiry", &parts.each_ref().map(|part| part.as_bytes()))
    }

    /// As the 270 has it.
    pub fn inquiry(&self, profile: &Profile, trace: &str) -> Inquiry {
        Inquiry {
            payer_name: self.payer_name.clone(),
            payer_id: self.payer_id.clone(),
            provider_name: profile.name.clone(),
            provider_npi: profile.npi.clone(),
            trace: trace.to_owned(),
            originator: originator(profile),
            member_id: self.member_id.clone(),
            subscriber: person(&self.subscriber),
            dependent: self.dependent.as_ref().map(|(one, relationship)| (person(one), relationship.clone())),
            day: day(self.day),
        }
    }

    /// The loop and element that a 270 cannot carry; none where it can be written.
    pub fn unwritable(&self, profile: &Profile) -> Option<&'static str> {
        unwritable(&self.inquiry(profile, "T"))
    }
}

/// TRN03: 1 and the EIN; where the practice has none, 9 and the NPI as far as it fits (a social security number is no sender's id).
pub(crate) fn originator(profile: &Profile) -> String {
    match profile.tax_id.kind {
        TaxIdKind::Ein => format!("1{}", profile.tax_id.value),
        TaxIdKind::Ssn => format!("9{}", profile.npi.chars().take(9).collect::<String>()),
    }
}

/// INS02 of a 270 knows spouse, child and any other adult.
const fn relationship(relationship: Relationship) -> &'static str {
    match relationship {
        Relationship::Spouse => "01",
        Relationship::Child => "19",
        _ => "34",
    }
}

fn person(person: &Person) -> InquiryPerson {
    let Person { name, birth_date, gender } = person;
    InquiryPerson {
        last: name.last.clone(),
        first: name.first.clone(),
        middle: name.middle.clone(),
        suffix: name.suffix.clone(),
        birth_date: birth_date.map(day),
        gender: match gender {
            Some(Gender::Female) => "F",
            Some(Gender::Male) => "M",
            Some(Gender::Unknown) | None => "",
        }
        .to_owned(),
    }
}

fn day(date: Date) -> claimhost_x12::Date {
    claimhost_x12::Date { year: date.year, month: date.month, day: date.day }
}
