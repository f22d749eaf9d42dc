//! The loops above a claim: 2000A with 2010AA to 2010AC, 2000B with 2010BA and 2010BB, 2000C with 2010CA.
//!
//! Rendered without HL, so that claims of one provider, subscriber or patient are found by equal bytes.

use claimhost_x12::format_thousandths;

use super::emit::{Done, Out, d8};
use super::same::address_given;
use super::{codes, loops};
use crate::claim::*;

/// Whether the patient is the subscriber of the coverage billed: no 2000C then.
pub(super) fn patient_subscribes(coverage: &Coverage) -> bool {
    coverage.relationship == Relationship::PatientIsSubscriber
}

/// 2000A: PRV, CUR, 2010AA, 2010AB, 2010AC.
pub(super) fn billing(out: &mut Out, claim: &Claim, billing: &Provider) -> Done {
    let extras = claim.header.extras.as_ref();
    out.taxonomy("BI", billing)?;
    out.pair("CUR", "85", extras.map_or("", |e| &e.currency))?;
    out.provider(&loops::BILLING, billing)?;
    if let Some(address) = extras.and_then(|e| e.pay_to_address.as_ref()).filter(|a| address_given(a)) {
        out.seg("NM1", &["87", "2"])?;
        out.address(Some(address))?;
    }
    let Some(plan) = extras.and_then(|e| e.pay_to_plan.as_ref()) else { return Ok(()) };
    out.seg("NM1", &["PE", "2", &plan.name, "", "", "", "", codes::payer_id(plan.id_kind), &plan.id])?;
    out.address(Some(&plan.address))?;
    let not_tax: Vec<PayerSecondaryId> =
        plan.secondary_ids.iter().filter(|id| id.kind != PayerSecondaryKind::Employer).cloned().collect();
    out.payer_ids(&not_tax, 1)?;
    out.pair("REF", "EI", &plan.tax_id)
}

/// 2000B: SBR, PAT, 2010BA, 2010BB.
pub(super) fn subscriber(out: &mut Out, claim: &Claim, coverage: &Coverage) -> Done {
    let (subscriber, patient) = (&coverage.subscriber, &claim.header.patient);
    let own = patient_subscribes(coverage);
    sbr(out, coverage, if own { "18" } else { "" })?;
    if own {
        pat(out, "", patient)?;
    }
    let name = if own && !patient.name.last.is_empty() { &patient.name } else { &subscriber.name };
    let id = (codes::member_id(subscriber.member_id_kind), subscriber.member_id.as_str());
    out.name("IL", subscriber.is_person, name, id)?;
    if own {
        out.address(patient.address.as_ref().or(subscriber.address.as_ref()))?;
        let birth = patient.birth_date.or(subscriber.birth_date);
        out.demographics(birth, patient.gender.or(subscriber.gender))?;
    } else {
        // The guide asks for these only of a subscriber who is the patient, yet its own examples send them of others, and
        // payers match members by them: what the source says is sent.
        out.address(subscriber.address.as_ref())?;
        out.demographics(subscriber.birth_date, subscriber.gender)?;
    }
    out.pair("REF", "SY", subscriber.social_security_number.as_deref().unwrap_or_default())?;
    if own {
        out.pair("REF", "Y4", coverage.casualty_claim_number.as_deref().unwrap_or_default())?;
    }
    if let Some(contact) = &subscriber.contact {
        out.contact(contact, false)?;
    }
    let payer = &coverage.payer;
    payer_name(out, payer)?;
    out.address(payer.address.as_ref())?;
    out.payer_ids(&payer.secondary_ids, 3)?;
    let kinds = [ProviderIdKind::Commercial, ProviderIdKind::Location];
    out.provider_ids(&coverage.billing_provider_ids, &kinds, 2, false)
}

/// 2000C: PAT, 2010CA.
pub(super) fn patient(out: &mut Out, claim: &Claim, coverage: &Coverage) -> Done {
    let patient = &claim.header.patient;
    pat(out, codes::relationship(coverage.relationship), patient)?;
    out.name("QC", true, &patient.name, ("", ""))?;
    out.address(patient.address.as_ref())?;
    out.demographics(patient.birth_date, patient.gender)?;
    out.pair("REF", "Y4", coverage.casualty_claim_number.as_deref().unwrap_or_default())?;
    if let Some(id) = &patient.casualty_patient_id {
        out.pair("REF", if id.social_security { "SY" } else { "1W" }, &id.value)?;
    }
    patient.contact.as_ref().map_or(Ok(()), |contact| out.contact(contact, false))
}

/// SBR of 2000B and 2320.
pub(super) fn sbr(out: &mut Out, coverage: &Coverage, relationship: &str) -> Done {
    let subscriber = &coverage.subscriber;
    let group_name = if subscriber.group_number.is_empty() { subscriber.group_name.as_str() } else { "" };
    out.seg(
        "SBR",
        &[
            codes::responsibility(coverage.responsibility),
            relationship,
            &subscriber.group_number,
            group_name,
            &subscriber.insurance_type,
            "",
            "",
            "",
            &coverage.filing_indicator,
        ],
    )
}

/// NM1*PR of 2010BB and 2330B.
pub(super) fn payer_name(out: &mut Out, payer: &Payer) -> Done {
    let qualifier = if payer.id.is_empty() { "" } else { codes::payer_id(payer.id_kind) };
    out.seg("NM1", &["PR", "2", &payer.name, "", "", "", "", qualifier, &payer.id])
}

/// PAT, where there is anything to say.
fn pat(out: &mut Out, relationship: &str, patient: &Patient) -> Done {
    let (format, death) = patient.death_date.map_or(("", String::new()), |day| ("D8", d8(day)));
    let weight = patient.weight_pounds.map(format_thousandths).unwrap_or_default();
    let unit = if weight.is_empty() { "" } else { "01" };
    let pregnant = if patient.pregnant { "Y" } else { "" };
    if relationship.is_empty() && death.is_empty() && weight.is_empty() && !patient.pregnant {
        return Ok(());
    }
    out.seg("PAT", &[relationship, "", "", "", format, &death, unit, &weight, pregnant])
}
