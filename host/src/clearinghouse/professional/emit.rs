//! Segments that many loops share: NM1, N3 and N4, PER, REF, DTP, CAS, CN1, HCP, PWK, CRC, CR1.

use claimhost_x12::{Delimiters, SegmentWriter, WriteError, format_cents, format_thousandths};

use super::codes;
use super::loops::{Entity, ProviderLoop};
use super::same::address_given;
use crate::claim::*;

pub(super) type Done = Result<(), WriteError>;

/// Segments of one loop, rendered apart so that equal parents are found by their bytes.
pub(super) struct Out(pub SegmentWriter);

impl Out {
    pub(super) fn new() -> Out {
        Out(SegmentWriter::new(Delimiters::STANDARD))
    }

    /// A segment of simple elements.
    pub(super) fn seg(&mut self, id: &str, elements: &[&str]) -> Done {
        let mut builder = self.0.segment(id);
        for element in elements {
            builder = builder.text(&claimhost_x12::fold_accents(element));
        }
        builder.end()
    }

    /// A segment with one qualifier and one value, where there is a value.
    pub(super) fn pair(&mut self, id: &str, qualifier: &str, value: &str) -> Done {
        if value.is_empty() { Ok(()) } else { self.seg(id, &[qualifier, value]) }
    }

    /// AMT, where there is an amount.
    pub(super) fn amount(&mut self, qualifier: &str, cents: Option<Money>) -> Done {
        cents.map_or(Ok(()), |cents| self.seg("AMT", &[qualifier, &format_cents(cents)]))
    }

    /// NM1 of a person or organisation. An organisation has NM103 only.
    pub(super) fn name(&mut self, who: &str, person: bool, name: &PersonName, id: (&str, &str)) -> Done {
        let qualifier = if id.1.is_empty() { "" } else { id.0 };
        if person {
            let [last, first, middle, suffix] = [&name.last, &name.first, &name.middle, &name.suffix];
            self.seg("NM1", &[who, "1", last, first, middle, "", suffix, qualifier, id.1])
        } else {
            self.seg("NM1", &[who, "2", &name.last, "", "", "", "", qualifier, id.1])
        }
    }

    /// N3 and N4.
    pub(super) fn address(&mut self, address: Option<&Address>) -> Done {
        let Some(a) = address.filter(|address| address_given(address)) else { return Ok(()) };
        if !(a.line1.is_empty() && a.line2.is_empty()) {
            self.seg("N3", &[&a.line1, &a.line2])?;
        }
        self.seg("N4", &[&a.city, &a.state, &a.postal_code, &a.country, "", "", &a.subdivision])
    }

    /// PER: at most three numbers, an extension only behind a telephone.
    pub(super) fn contact(&mut self, contact: &Contact, any_number: bool) -> Done {
        let mut elements = vec!["IC", contact.name.as_str()];
        for number in contact_numbers(contact, any_number).filter_map(|n| contact.numbers.get(n)) {
            elements.push(match number.kind {
                ContactKind::Telephone => "TE",
                ContactKind::Extension => "EX",
                ContactKind::Fax => "FX",
                ContactKind::Email => "EM",
            });
            elements.push(&number.value);
        }
        self.seg("PER", &elements)
    }

    /// DMG.
    pub(super) fn demographics(&mut self, birth: Option<Date>, gender: Option<Gender>) -> Done {
        if birth.is_none() && gender.is_none() {
            return Ok(());
        }
        let (format, day) = birth.map_or(("", String::new()), |day| ("D8", d8(day)));
        self.seg("DMG", &[format, &day, gender.map_or("", codes::gender)])
    }

    /// DTP with D8 for one day, RD8 for a range.
    pub(super) fn date(&mut self, qualifier: &str, range: DateRange) -> Done {
        if range.start == range.end {
            return self.seg("DTP", &[qualifier, "D8", &d8(range.start)]);
        }
        self.seg("DTP", &[qualifier, "RD8", &format!("{}-{}", d8(range.start), d8(range.end))])
    }

    /// NM1, PRV, N3, N4, REF and PER of a provider loop, in the guide's order.
    pub(super) fn provider(&mut self, at: &ProviderLoop, provider: &Provider) -> Done {
        let person = match at.entity {
            Entity::Person => true,
            Entity::Organisation => false,
            Entity::Either => provider.is_person,
        };
        let npi = ("XX", provider.npi.as_deref().unwrap_or_default());
        if at.named {
            self.name(at.qualifier, person, &provider.name, npi)?;
        } else {
            let qualifier = if npi.1.is_empty() { "" } else { npi.0 };
            let entity = if person { "1" } else { "2" };
            self.seg("NM1", &[at.qualifier, entity, "", "", "", "", "", qualifier, npi.1])?;
        }
        if at.taxonomy && at.qualifier == "82" {
            self.taxonomy("PE", provider)?;
        }
        if at.address {
            self.address(provider.address.as_ref())?;
        }
        self.provider_ids(&provider.ids, at.ids, at.ids_max, at.payer_of_id)?;
        for contact in provider.contacts.iter().take(at.contacts) {
            self.contact(contact, at.any_number)?;
        }
        Ok(())
    }

    /// PRV.
    pub(super) fn taxonomy(&mut self, role: &str, provider: &Provider) -> Done {
        let taxonomy = provider.taxonomy.as_deref().unwrap_or_default();
        if taxonomy.is_empty() { Ok(()) } else { self.seg("PRV", &[role, "PXC", taxonomy]) }
    }

    /// REF of a provider: the kinds the loop takes, in its order.
    pub(super) fn provider_ids(
        &mut self,
        ids: &[ProviderId],
        kinds: &[ProviderIdKind],
        max: usize,
        payer: bool,
    ) -> Done {
        for id in taken_ids(ids, kinds, max).filter_map(|n| ids.get(n)) {
            let builder = self.0.segment("REF").text(codes::provider_id(id.kind)).text(&id.value);
            if payer && !id.payer_id.is_empty() {
                builder.empty().composite(&["2U", &id.payer_id]).end()?;
            } else {
                builder.end()?;
            }
        }
        Ok(())
    }

    /// REF of a payer.
    pub(super) fn payer_ids(&mut self, ids: &[PayerSecondaryId], max: usize) -> Done {
        for id in ids.iter().take(max) {
            self.pair("REF", codes::payer_secondary(id.kind), &id.value)?;
        }
        Ok(())
    }

    /// CAS: a segment for each group, six triplets at most.
    pub(super) fn adjustments(&mut self, adjustments: &[Adjustment]) -> Done {
        for (group, code) in codes::GROUPS {
            let of_group = adjustments.iter().filter(|a| a.group == group).take(6);
            let mut elements = vec![code.to_owned()];
            for adjustment in of_group {
                elements.push(adjustment.reason.clone());
                elements.push(format_cents(adjustment.amount));
                elements.push(adjustment.quantity.map(format_thousandths).unwrap_or_default());
            }
            if elements.len() > 1 {
                let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
                self.seg("CAS", &elements)?;
            }
        }
        Ok(())
    }

    /// PWK.
    pub(super) fn attachments(&mut self, attachments: &[Attachment]) -> Done {
        for a in attachments.iter().take(10) {
            let qualifier = if a.control_number.is_empty() { "" } else { "AC" };
            self.seg("PWK", &[&a.report_type, &a.transmission, "", "", qualifier, &a.control_number])?;
        }
        Ok(())
    }

    /// CN1.
    pub(super) fn contract(&mut self, contract: Option<&Contract>) -> Done {
        let Some(c) = contract else { return Ok(()) };
        let amount = c.amount.map(format_cents).unwrap_or_default();
        let percent = c.percent.map(format_thousandths).unwrap_or_default();
        let discount = c.discount_percent.map(format_thousandths).unwrap_or_default();
        self.seg("CN1", &[&c.kind, &amount, &percent, &c.code, &discount, &c.version])
    }

    /// HCP. HCP09 to HCP12 stand on lines only.
    pub(super) fn repricing(&mut self, repricing: Option<&Repricing>, line: bool) -> Done {
        let Some(r) = repricing else { return Ok(()) };
        let money = |cents: Option<Money>| cents.map(format_cents).unwrap_or_default();
        let system = r.procedure.as_ref().filter(|_| line).and_then(|p| codes::procedure(p.system));
        let code = r.procedure.as_ref().filter(|_| system.is_some()).map_or("", |p| p.code.as_str());
        let unit = r.approved.filter(|_| line).and_then(|q| codes::service_unit(q.unit));
        let approved = r.approved.filter(|_| unit.is_some()).map(|q| format_thousandths(q.thousandths));
        self.seg(
            "HCP",
            &[
                &r.method,
                &money(r.allowed),
                &money(r.savings),
                &r.organization_id,
                &r.rate.map(format_thousandths).unwrap_or_default(),
                &r.group_code,
                &money(r.group_amount),
                "",
                system.unwrap_or_default(),
                code,
                unit.unwrap_or_default(),
                approved.as_deref().unwrap_or_default(),
                &r.reject_reason,
                &r.policy_compliance,
                &r.exception,
            ],
        )
    }

    /// CR1.
    pub(super) fn ambulance(&mut self, ambulance: Option<&Ambulance>) -> Done {
        // Pick-up and drop-off of a line may stand alone (2420G, 2420H); CR1 is then the claim's.
        let stated = |a: &&Ambulance| a.weight_pounds.is_some() || a.miles != 0 || !a.transport_reason.is_empty();
        let Some(a) = ambulance.filter(stated) else { return Ok(()) };
        let weight = a.weight_pounds.map(format_thousandths).unwrap_or_default();
        let unit = if weight.is_empty() { "" } else { "LB" };
        let miles = format_thousandths(a.miles);
        let [round_trip, stretcher] = [&a.round_trip_purpose, &a.stretcher_purpose];
        self.seg("CR1", &[unit, &weight, "", &a.transport_reason, "DH", &miles, "", "", round_trip, stretcher])
    }

    /// CRC of one category.
    pub(super) fn condition(&mut self, condition: &Condition) -> Done {
        let mut elements = vec![codes::condition(condition.category), if condition.applies { "Y" } else { "N" }];
        elements.extend(condition.codes.iter().take(codes_max(condition.category)).map(String::as_str));
        self.seg("CRC", &elements)
    }

    /// NM1*PW and NM1*45 with their addresses: 2310E and 2310F, 2420G and 2420H.
    pub(super) fn route(&mut self, ambulance: Option<&Ambulance>) -> Done {
        if let Some(pickup) = ambulance.and_then(|a| a.pickup.as_ref()) {
            self.seg("NM1", &["PW", "2"])?;
            self.address(Some(pickup))?;
        }
        if let Some(dropoff) = ambulance.and_then(|a| a.dropoff.as_ref()) {
            self.seg("NM1", &["45", "2", &dropoff.name])?;
            self.address(Some(&dropoff.address))?;
        }
        Ok(())
    }
}

/// CCYYMMDD.
pub(super) fn d8(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year, date.month, date.day)
}

/// CRC03 and on: how many codes a category takes.
pub(super) fn codes_max(category: ConditionCategory) -> usize {
    match category {
        ConditionCategory::Homebound | ConditionCategory::Hospice => 1,
        ConditionCategory::DurableEquipment => 2,
        ConditionCategory::Epsdt => 3,
        _ => 5,
    }
}

/// Positions of the numbers of a contact that PER takes.
pub(super) fn contact_numbers(contact: &Contact, any_number: bool) -> impl Iterator<Item = usize> + '_ {
    let mut telephone = false;
    let taken = contact.numbers.iter().enumerate().filter(move |(_, number)| match number.kind {
        ContactKind::Telephone => {
            telephone = true;
            true
        }
        ContactKind::Extension => telephone,
        ContactKind::Fax | ContactKind::Email => any_number,
    });
    taken.map(|(n, _)| n).take(if any_number { 3 } else { 2 })
}

/// Positions of the ids that a provider loop takes, in its order.
pub(super) fn taken_ids(ids: &[ProviderId], kinds: &[ProviderIdKind], max: usize) -> impl Iterator<Item = usize> {
    let mut taken = Vec::new();
    for kind in kinds {
        taken.extend(ids.iter().enumerate().filter(|(_, id)| id.kind == *kind && !id.value.is_empty()).map(|(n, _)| n));
    }
    taken.truncate(max);
    taken.into_iter()
}
