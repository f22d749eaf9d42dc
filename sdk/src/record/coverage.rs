//! Who pays.

use crate::claim::{Coverage, Patient, Payer, PersonName, Relationship, Subscriber};
use crate::hl7;

use super::{Fields, Reader};

impl<F: Fields> Reader<'_, F> {
    /// The coverage of the elements with this ending; `None` without payer and member id.
    pub(super) fn coverage(&mut self, patient: &Patient, ending: &str) -> Option<Coverage> {
        let key = |name: &str| format!("{name}{ending}");
        let (payer, member_id) = (self.text(&key("payer")), self.text(&key("member_id")));
        if payer.is_empty() && member_id.is_empty() {
            return None;
        }
        let name = PersonName {
            last: self.text(&key("subscriber_last")),
            first: self.text(&key("subscriber_first")),
            ..PersonName::default()
        };
        let unnamed = name == PersonName::default();
        let said = hl7::relationship(&self.fields.text(&key("relationship")));
        let relationship =
            said.unwrap_or(if unnamed { Relationship::PatientIsSubscriber } else { Relationship::Unknown });
        let mut person = Subscriber {
            name,
            birth_date: self.date(&key("subscriber_birth_date")),
            gender: hl7::gender(&self.fields.text(&key("subscriber_gender"))),
            // A superbill has one address; a family on one policy is taken to live there.
            address: patient.address.clone(),
            ..Subscriber::default()
        };
        if relationship == Relationship::PatientIsSubscriber {
            fill(&mut person, patient);
        }
        let text = |name: &str| if ending.is_empty() { self.text(name) } else { String::new() };
        let (authorization, referral) = (text("authorization"), text("referral"));
        Some(Coverage {
            payer: Payer { name: payer.clone(), local_ids: vec![payer], ..Payer::default() },
            subscriber: Subscriber { member_id, group_number: self.text(&key("group_number")), ..person },
            relationship,
            prior_authorization: (!authorization.is_empty()).then_some(authorization),
            referral_number: (!referral.is_empty()).then_some(referral),
            ..Coverage::default()
        })
    }
}

/// The patient's own data where the subscriber's columns are empty or say the same in other letters. Where they say something
/// else, that stays, for the scrub to find: a child that is registered with the parent's card as `self`.
fn fill(person: &mut Subscriber, patient: &Patient) {
    let same = |one: &str, other: &str| one.trim().to_lowercase() == other.trim().to_lowercase();
    for (own, of_patient) in
        [(&mut person.name.last, &patient.name.last), (&mut person.name.first, &patient.name.first)]
    {
        if own.is_empty() || same(own, of_patient) {
            own.clone_from(of_patient);
        }
    }
    if person.name.last == patient.name.last && person.name.first == patient.name.first {
        person.name.clone_from(&patient.name);
    }
    person.birth_date = person.birth_date.or(patient.birth_date);
    person.gender = person.gender.or(patient.gender);
}
