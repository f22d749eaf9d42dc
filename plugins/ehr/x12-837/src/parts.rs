//! Segments that many loops share, each read whole.

use claimhost_sdk::claim::*;
use claimhost_x12::Segment;

use crate::codes;
use crate::reader::Reader;

/// NM1 of a person or organisation: entity, name, NM108, NM109.
pub(crate) struct Name {
    pub is_person: bool,
    pub name: PersonName,
    pub qualifier: String,
    pub id: String,
}

pub(crate) fn name(r: &mut Reader<'_>, nm1: &Segment<'_>) -> Name {
    r.only(nm1, &[1, 2, 3, 4, 5, 7, 8, 9]);
    let is_person = r.required_code(nm1, 2, codes::ENTITY, true);
    if nm1.element(8).is_empty() != nm1.element(9).is_empty() {
        r.bad(nm1, if nm1.element(8).is_empty() { 8 } else { 9 }, 0, "qualifier and id together, or neither");
    }
    let name = PersonName { last: nm1.string(3), first: nm1.string(4), middle: nm1.string(5), suffix: nm1.string(7) };
    let given = [&name.first, &name.middle, &name.suffix].iter().any(|part| !part.is_empty());
    if !is_person && given {
        r.bad(nm1, 4, 0, "nothing: an organisation has NM103 only");
    }
    Name { is_person, name, qualifier: nm1.string(8), id: nm1.string(9) }
}

/// NM109 with XX.
fn npi(r: &mut Reader<'_>, nm1: &Segment<'_>, name: &Name) -> Option<String> {
    match name.qualifier.as_str() {
        "" => None,
        "XX" => Some(name.id.clone()),
        _ => {
            r.bad(nm1, 8, 0, "XX");
            None
        }
    }
}

/// A provider of an NM1, whose other segments follow.
pub(crate) fn provider(r: &mut Reader<'_>, nm1: &Segment<'_>) -> Provider {
    let name = name(r, nm1);
    let npi = npi(r, nm1, &name);
    Provider { is_person: name.is_person, name: name.name, npi, ..Provider::default() }
}

/// N3 and N4, where they come.
pub(crate) fn address(r: &mut Reader<'_>) -> Option<Address> {
    let n3 = r.take("N3");
    let n4 = if n3.is_some() { r.require("N4", &[], "N4 behind N3") } else { r.take("N4") };
    if let Some(n3) = &n3 {
        r.only(n3, &[1, 2]);
    }
    let n4 = n4?;
    if n3.is_none() {
        r.problem("x12.missing", &n4, 0, 0, "N4 without N3".to_owned(), "N3 before N4");
    }
    r.only(&n4, &[1, 2, 3, 4, 7]);
    Some(Address {
        line1: n3.as_ref().map(|s| s.string(1)).unwrap_or_default(),
        line2: n3.as_ref().map(|s| s.string(2)).unwrap_or_default(),
        city: n4.string(1),
        state: n4.string(2),
        postal_code: n4.string(3),
        country: n4.string(4),
        subdivision: n4.string(7),
    })
}

/// An address that must be there.
pub(crate) fn required_address(r: &mut Reader<'_>) -> Option<Address> {
    let address = address(r);
    if address.is_none() {
        r.missing("N3 and N4");
    }
    address
}

/// PER of one contact.
pub(crate) fn contact(r: &mut Reader<'_>, per: &Segment<'_>) -> Contact {
    r.only(per, &[1, 2, 3, 4, 5, 6, 7, 8]);
    let mut numbers = Vec::new();
    for element in [3, 5, 7] {
        if per.element(element).is_empty() && per.element(element + 1).is_empty() {
            continue;
        }
        if let Some(kind) = r.code(per, element, codes::CONTACT) {
            let value = r.required(per, element + 1, "a number or address");
            numbers.push(ContactNumber { kind, value });
        } else if per.element(element).is_empty() {
            r.bad(per, element, 0, "what the number is");
        }
    }
    Contact { name: per.string(2), numbers }
}

/// REF of providers, as long as they come; `payer` where REF04 may name one.
pub(crate) fn provider_ids(r: &mut Reader<'_>, kinds: &[&str], payer: bool) -> Vec<ProviderId> {
    let mut ids: Vec<ProviderId> = Vec::new();
    let tax = |kind: ProviderIdKind| matches!(kind, ProviderIdKind::Employer | ProviderIdKind::SocialSecurity);
    while let Some(segment) = r.take_with("REF", kinds) {
        if matches!(segment.text(1).as_ref(), "EI" | "SY") && ids.iter().any(|id| tax(id.kind)) {
            r.bad(&segment, 1, 0, "one REF with EI or SY (2010AA)");
        }
        let (value, payer_id) = reference(r, &segment, payer);
        if let Some(kind) = r.code(&segment, 1, codes::PROVIDER_REF) {
            ids.push(ProviderId { kind, value, payer_id });
        }
    }
    ids
}

/// REF02, and the payer of REF04 where it may stand.
pub(crate) fn reference(r: &mut Reader<'_>, segment: &Segment<'_>, payer: bool) -> (String, String) {
    r.only(segment, if payer { &[1, 2, 4] } else { &[1, 2] });
    let value = r.required(segment, 2, "the identification");
    if segment.element(4).is_empty() || !payer {
        return (value, String::new());
    }
    if segment.component(4, 1).text() != "2U" || segment.element(4).components().count() > 2 {
        r.bad(segment, 4, 1, "2U and the payer's id");
    }
    (value, segment.component(4, 2).text().into_owned())
}

/// PRV03 of a PRV with PXC.
pub(crate) fn taxonomy(r: &mut Reader<'_>, role: &str) -> Option<String> {
    let prv = r.take_with("PRV", &[role])?;
    r.only(&prv, &[1, 2, 3]);
    if prv.text(2) != "PXC" {
        r.bad(&prv, 2, 0, "PXC");
    }
    Some(r.required(&prv, 3, "a taxonomy code"))
}

/// DMG: birth date and gender.
pub(crate) fn demographics(r: &mut Reader<'_>) -> Option<(Option<Date>, Option<Gender>)> {
    let dmg = r.take("DMG")?;
    r.only(&dmg, &[1, 2, 3]);
    if dmg.text(1) != "D8" {
        r.bad(&dmg, 1, 0, "D8");
    }
    let birth = r.day(&dmg, 2);
    Some((birth, r.code(&dmg, 3, codes::GENDER)))
}

/// NM1*PR, its address: a payer.
pub(crate) fn payer(r: &mut Reader<'_>, nm1: &Segment<'_>) -> Payer {
    let name = name(r, nm1);
    let id_kind = r.required_code(nm1, 8, codes::PAYER, PayerIdKind::Payer);
    Payer {
        name: name.name.last,
        id_kind,
        id: name.id,
        address: address(r),
        secondary_ids: Vec::new(),
        local_ids: Vec::new(),
    }
}

/// SV101 and SVD03.
pub(crate) fn procedure(r: &mut Reader<'_>, segment: &Segment<'_>, element: usize) -> Procedure {
    let part = |n: usize| segment.component(element, n).text().into_owned();
    let (qualifier, code) = (part(1), part(2));
    let system = codes::procedure_system(&qualifier, &code);
    if system.is_none() {
        r.bad(segment, element, 1, "HC, ER, IV or WK");
    }
    if code.is_empty() {
        r.bad(segment, element, 2, "a procedure code");
    }
    if segment.element(element).components().count() > 7 && !segment.component(element, 8).is_empty() {
        r.bad(segment, element, 8, "nothing: the guide does not use this component");
    }
    let mut modifiers: Vec<String> = (3..=6).map(part).collect();
    while modifiers.last().is_some_and(String::is_empty) {
        modifiers.pop();
    }
    Procedure { system: system.unwrap_or(ProcedureSystem::Internal), code, modifiers, description: part(7) }
}

/// CAS, as many as come.
pub(crate) fn adjustments(r: &mut Reader<'_>) -> Vec<Adjustment> {
    let mut out = Vec::new();
    while let Some(cas) = r.take("CAS") {
        let Some(group) = r.code(&cas, 1, codes::GROUP) else {
            r.bad(&cas, 1, 0, "CO, CR, OA, PI or PR");
            continue;
        };
        for element in (2..=17).step_by(3) {
            let used = (element..element + 3).any(|n| !cas.element(n).is_empty());
            if !used {
                continue;
            }
            let reason = r.required(&cas, element, "a reason code");
            let amount = r.money(&cas, element + 1);
            let amount = r.must(&cas, element + 1, amount, 0, "an amount");
            out.push(Adjustment { group, reason, amount, quantity: r.decimal(&cas, element + 2) });
        }
    }
    out
}

/// PWK.
pub(crate) fn attachment(r: &mut Reader<'_>, pwk: &Segment<'_>) -> Attachment {
    r.only(pwk, &[1, 2, 5, 6]);
    if !pwk.element(6).is_empty() && pwk.text(5) != "AC" {
        r.bad(pwk, 5, 0, "AC");
    }
    Attachment { report_type: pwk.string(1), transmission: pwk.string(2), control_number: pwk.string(6) }
}

/// CN1.
pub(crate) fn contract(r: &mut Reader<'_>, cn1: &Segment<'_>) -> Contract {
    r.only(cn1, &[1, 2, 3, 4, 5, 6]);
    Contract {
        kind: cn1.string(1),
        amount: r.money(cn1, 2),
        percent: r.decimal(cn1, 3),
        code: cn1.string(4),
        discount_percent: r.decimal(cn1, 5),
        version: cn1.string(6),
    }
}

/// HCP.
pub(crate) fn repricing(r: &mut Reader<'_>, hcp: &Segment<'_>, line: bool) -> Repricing {
    let used: &[usize] =
        if line { &[1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15] } else { &[1, 2, 3, 4, 5, 6, 7, 13, 14, 15] };
    r.only(hcp, used);
    let procedure = (!hcp.element(10).is_empty()).then(|| {
        let (qualifier, code) = (hcp.string(9), hcp.string(10));
        let system = codes::procedure_system(&qualifier, &code);
        if system.is_none() {
            r.bad(hcp, 9, 0, "HC, ER, IV or WK");
        }
        Procedure {
            system: system.unwrap_or(ProcedureSystem::Internal),
            code,
            modifiers: Vec::new(),
            description: String::new(),
        }
    });
    let unit = r.code(hcp, 11, codes::SERVICE_UNIT);
    let approved = r.decimal(hcp, 12).map(|thousandths| Quantity { unit: unit.unwrap_or(Unit::Units), thousandths });
    Repricing {
        method: hcp.string(1),
        allowed: r.money(hcp, 2),
        savings: r.money(hcp, 3),
        organization_id: hcp.string(4),
        rate: r.decimal(hcp, 5),
        group_code: hcp.string(6),
        group_amount: r.money(hcp, 7),
        procedure,
        approved,
        reject_reason: hcp.string(13),
        policy_compliance: hcp.string(14),
        exception: hcp.string(15),
    }
}

/// CR1 into the ambulance record.
pub(crate) fn ambulance(r: &mut Reader<'_>, cr1: &Segment<'_>, to: &mut Ambulance) {
    r.only(cr1, &[1, 2, 4, 5, 6, 9, 10]);
    to.weight_pounds = r.decimal(cr1, 2);
    to.transport_reason = cr1.string(4);
    let miles = r.decimal(cr1, 6);
    to.miles = r.must(cr1, 6, miles, 0, "miles");
    to.round_trip_purpose = cr1.string(9);
    to.stretcher_purpose = cr1.string(10);
}

/// CRC.
pub(crate) fn condition(r: &mut Reader<'_>, crc: &Segment<'_>) -> Option<Condition> {
    r.only(crc, &[1, 2, 3, 4, 5, 6, 7]);
    let category = r.code(crc, 1, codes::CONDITION)?;
    let applies = r.required_code(crc, 2, codes::YES_NO, true);
    let codes = (3..=7).map(|n| crc.string(n)).filter(|code| !code.is_empty()).collect();
    Some(Condition { category, applies, codes })
}

/// NM1*PW and NM1*45 with their addresses.
pub(crate) fn route(r: &mut Reader<'_>, to: &mut Option<Ambulance>) {
    if let Some(nm1) = r.take_with("NM1", &["PW"]) {
        r.only(&nm1, &[1, 2]);
        let address = required_address(r);
        to.get_or_insert_default().pickup = address;
    }
    if let Some(nm1) = r.take_with("NM1", &["45"]) {
        r.only(&nm1, &[1, 2, 3]);
        if let Some(address) = required_address(r) {
            to.get_or_insert_default().dropoff = Some(Dropoff { name: nm1.string(3), address });
        }
    }
}
