//! IN1 groups to coverages, in order of responsibility.

use claimhost_hl7v2::{Group, Message, Path, Value};

use super::paths::{Field, Paths, text};
use super::people;
use super::place::of_date;
use crate::claim::{Coverage, Date, Patient, Payer, PersonName, Relationship, Responsibility, Subscriber};
use crate::intake::Problem;

const ORDER: [Responsibility; 11] = [
    Responsibility::Primary,
    Responsibility::Secondary,
    Responsibility::Tertiary,
    Responsibility::Four,
    Responsibility::Five,
    Responsibility::Six,
    Responsibility::Seven,
    Responsibility::Eight,
    Responsibility::Nine,
    Responsibility::Ten,
    Responsibility::Eleven,
];

/// SBR01 for the n-th coverage, from 0.
pub fn responsibility(position: usize) -> Responsibility {
    ORDER.get(position).copied().unwrap_or(Responsibility::Unknown)
}

/// Reads IN1 groups. Needs the patient, whose name and birth date a subscriber "self" has.
pub struct Coverages<'s> {
    /// Where things stand.
    pub paths: &'s Paths,
    /// Where a payer is named, every one of them an alias for the practice profile.
    pub payer_ids: &'s [Path],
    /// PID.
    pub patient: &'s Patient,
}

impl Coverages<'_> {
    /// The coverages of the whole message.
    pub fn shared(&self, message: &Message<'_>, problems: &mut Vec<Problem>) -> Vec<Coverage> {
        self.read(message.coverages(message.charge_scope()).collect(), problems)
    }

    /// The coverages of a charge of its own (P11); empty where it has none.
    pub fn own(&self, charge: &Group<'_, '_>, problems: &mut Vec<Problem>) -> Vec<Coverage> {
        let has_own = charge.segments().any(|segment| segment.id().as_str() == "IN1");
        if has_own { self.read(charge.coverages().collect(), problems) } else { Vec::new() }
    }

    fn read(&self, mut groups: Vec<Group<'_, '_>>, problems: &mut Vec<Problem>) -> Vec<Coverage> {
        let order = |group: &Group<'_, '_>| text(self.paths.coverage_order.of(group)).parse().unwrap_or(u32::MAX);
        groups.sort_by_key(order);
        let numbered = groups.iter().enumerate();
        numbered.map(|(position, group)| self.coverage(position, group, problems)).collect()
    }

    fn coverage(&self, position: usize, group: &Group<'_, '_>, problems: &mut Vec<Problem>) -> Coverage {
        let p = self.paths;
        let said = people::relationship(&text(p.relationship.of(group)));
        let name = people::name(p.subscriber_name.of(group));
        let relationship = said.unwrap_or(if name == PersonName::default() {
            Relationship::PatientIsSubscriber
        } else {
            Relationship::Unknown
        });
        let person = if relationship == Relationship::PatientIsSubscriber {
            Subscriber {
                name: self.patient.name.clone(),
                birth_date: self.patient.birth_date,
                gender: self.patient.gender,
                address: self.patient.address.clone(),
                ..Subscriber::default()
            }
        } else {
            Subscriber {
                name,
                birth_date: date(&p.subscriber_birth_date, p.subscriber_birth_date.of(group), problems),
                gender: people::gender(&text(p.subscriber_gender.of(group))),
                address: people::address(p.subscriber_address.of(group)),
                ..Subscriber::default()
            }
        };
        let mut local_ids: Vec<String> = self.payer_ids.iter().map(|path| text(Some(group.get(path)))).collect();
        local_ids.retain(|id| !id.is_empty());
        local_ids.dedup();
        let authorization = text(p.authorization.of(group));
        Coverage {
            responsibility: responsibility(position),
            payer: Payer { name: text(p.payer_name.of(group)), local_ids, ..Payer::default() },
            subscriber: Subscriber {
                member_id: text(p.member_id.of(group)),
                group_number: text(p.group_number.of(group)),
                ..person
            },
            relationship,
            prior_authorization: (!authorization.is_empty()).then_some(authorization),
            ..Coverage::default()
        }
    }
}

/// A day that may be missing, but must be a day where it is not.
pub fn date(field: &Field, value: Option<Value<'_>>, problems: &mut Vec<Problem>) -> Option<Date> {
    let value = value?;
    let leaf = if value.location().component == 0 { value.component(1) } else { value };
    let leaf = leaf.present()?;
    match leaf.date() {
        Ok(day) => Some(people::day(day)),
        Err(error) => {
            problems.push(of_date(&error, &leaf, field.key));
            None
        }
    }
}
