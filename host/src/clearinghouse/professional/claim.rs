//! One claim: 2300, 2310A to 2310F, and 2320 with 2330A to 2330G for every other payer.

use claimhost_x12::{format_cents, format_thousandths};

use super::emit::{Done, Out};
use super::{codes, loops, parents};
use crate::claim::*;

/// 2300 to 2330G. The lines follow.
pub(super) fn claim(out: &mut Out, claim: &Claim, coverage: &Coverage) -> Done {
    let extras = claim.header.extras.as_ref();
    clm(out, claim, coverage)?;
    dates(out, extras)?;
    out.attachments(extras.map_or(&[], |e| &e.attachments))?;
    out.contract(extras.and_then(|e| e.contract.as_ref()))?;
    out.amount("F5", claim.header.patient_paid)?;
    references(out, claim, coverage)?;
    for text in extras.iter().flat_map(|e| e.file_information.iter().take(10)) {
        out.seg("K3", &[text])?;
    }
    if let Some(note) = extras.and_then(|e| e.notes.first()) {
        out.seg("NTE", &[codes::note(note.kind), &note.text])?;
    }
    out.ambulance(extras.and_then(|e| e.ambulance.as_ref()))?;
    if let Some(spinal) = extras.and_then(|e| e.spinal.as_ref()) {
        let [nature, one, two] = [&spinal.nature, &spinal.description1, &spinal.description2];
        out.seg("CR2", &["", "", "", "", "", "", "", nature, "", one, two])?;
    }
    let certified = extras.and_then(|e| e.ambulance.as_ref()).map_or(&[][..], |a| &a.certifications);
    let stated = extras.map_or(&[][..], |e| &e.conditions);
    conditions(out, certified, stated, &codes::CLAIM_CONDITIONS)?;
    codes_of(out, claim)?;
    out.repricing(extras.and_then(|e| e.repricing.as_ref()), false)?;
    providers(out, claim)?;
    out.route(extras.and_then(|e| e.ambulance.as_ref()))?;
    for (n, other) in claim.header.coverages.iter().enumerate() {
        if n != usize::from(claim.destination) {
            other_payer(out, other, &claim.header.patient)?;
        }
    }
    Ok(())
}

fn clm(out: &mut Out, claim: &Claim, coverage: &Coverage) -> Done {
    let header = &claim.header;
    let extras = header.extras.as_ref();
    let yes_no = |yes: bool| if yes { "Y" } else { "N" };
    let mut builder = out
        .0
        .segment("CLM")
        .text(&claim.control_number)
        .cents(claim.total_charge)
        .skip(2)
        .composite(&[&header.place_of_service, "B", codes::frequency(claim.frequency)])
        .text(header.provider_signature.map_or("", yes_no))
        .text(header.assignment.map_or("", codes::assignment))
        .text(coverage.benefits_assignment.map_or("", codes::benefits))
        .text(coverage.release.map_or("", codes::release))
        .text(if coverage.signature_on_file_generated { "P" } else { "" });
    let cause = extras.and_then(|e| e.related_cause.as_ref());
    builder = match cause {
        None => builder.empty(),
        Some(cause) => {
            let at = |n: usize| cause.causes.get(n).map_or("", |c| codes::cause(*c));
            builder.composite(&[at(0), at(1), "", &cause.auto_state, &cause.country])
        }
    };
    let program = extras.map_or("", |e| &e.special_program);
    builder.text(program).skip(7).text(extras.map_or("", |e| &e.delay_reason)).end()
}

fn dates(out: &mut Out, extras: Option<&ClaimExtras>) -> Done {
    let Some(extras) = extras else { return Ok(()) };
    for (kind, code) in codes::CLAIM_DATES {
        let Some(date) = taken_dates(&extras.dates).map(|(_, date)| date).find(|date| date.kind == kind) else {
            continue;
        };
        let DateRange { start, end } = date.value;
        if kind == ClaimDateKind::Disability {
            let range = format!("{}-{}", super::emit::d8(start), super::emit::d8(end));
            out.seg("DTP", &[code, "RD8", &range])?;
        } else {
            out.date(code, DateRange { start, end: start })?;
        }
    }
    Ok(())
}

/// Dates that the guide takes: one of a kind, and one of the three of disability.
pub(super) fn taken_dates(dates: &[ClaimDate]) -> impl Iterator<Item = (usize, &ClaimDate)> {
    let group = |kind: ClaimDateKind| match kind {
        ClaimDateKind::DisabilityStart | ClaimDateKind::DisabilityEnd => ClaimDateKind::Disability,
        other => other,
    };
    let first =
        move |n: usize, date: &ClaimDate| !dates.iter().take(n).any(|earlier| group(earlier.kind) == group(date.kind));
    dates.iter().enumerate().filter(move |(n, date)| first(*n, date))
}

/// REF EA: the reference of the claim, else the patient's first medical record number.
pub(super) fn medical_record(header: &ClaimHeader) -> Option<&str> {
    let stated = header.extras.iter().flat_map(|e| &e.references);
    let stated = stated.filter(|r| r.kind == ClaimReferenceKind::MedicalRecord).map(|r| r.value.as_str());
    let known = header.patient.ids.iter().filter(|id| id.kind == PatientIdKind::MedicalRecord);
    stated.chain(known.map(|id| id.value.as_str())).find(|value| !value.is_empty())
}

fn references(out: &mut Out, claim: &Claim, coverage: &Coverage) -> Done {
    let extras = claim.header.extras.as_ref();
    let value = |kind| {
        let found = extras.and_then(|e| e.references.iter().find(|r| r.kind == kind));
        found.map_or("", |r| r.value.as_str())
    };
    for (kind, code) in codes::REFERENCES_BEFORE {
        out.pair("REF", code, value(kind))?;
    }
    out.pair("REF", "9F", coverage.referral_number.as_deref().unwrap_or_default())?;
    out.pair("REF", "G1", coverage.prior_authorization.as_deref().unwrap_or_default())?;
    let replaced = claim.payer_control_number.as_deref();
    out.pair("REF", "F8", replaced.unwrap_or_else(|| value(ClaimReferenceKind::ReplacedClaim)))?;
    for (kind, code) in codes::REFERENCES_BEHIND {
        if kind == ClaimReferenceKind::MedicalRecord {
            out.pair("REF", code, medical_record(&claim.header).unwrap_or_default())?;
        } else {
            out.pair("REF", code, value(kind))?;
        }
    }
    Ok(())
}

/// CRC, category by category in the guide's order.
pub(super) fn conditions(
    out: &mut Out,
    certified: &[Condition],
    stated: &[Condition],
    groups: &[(&[ConditionCategory], usize)],
) -> Done {
    for (categories, max) in groups {
        let all = certified.iter().chain(stated).filter(|c| categories.contains(&c.category));
        for condition in all.take(*max) {
            out.condition(condition)?;
        }
    }
    Ok(())
}

/// HI: diagnoses, anesthesia procedures, condition codes.
fn codes_of(out: &mut Out, claim: &Claim) -> Done {
    let extras = claim.header.extras.as_ref();
    let diagnoses = claim.header.diagnoses.iter().take(12).enumerate();
    let diagnoses = diagnoses.filter_map(|(n, d)| Some((codes::diagnosis(d.system, n == 0)?, d.code.as_str())));
    hi(out, diagnoses)?;
    let anesthesia = extras.map_or(&[][..], |e| &e.anesthesia_procedures).iter().take(2).enumerate();
    hi(out, anesthesia.map(|(n, code)| (if n == 0 { "BP" } else { "BO" }, code.as_str())))?;
    let conditions = extras.map_or(&[][..], |e| &e.condition_codes);
    for twelve in conditions.chunks(12).take(2) {
        hi(out, twelve.iter().map(|code| ("BG", code.as_str())))?;
    }
    Ok(())
}

fn hi<'a>(out: &mut Out, codes: impl Iterator<Item = (&'a str, &'a str)>) -> Done {
    let mut codes = codes.peekable();
    if codes.peek().is_none() {
        return Ok(());
    }
    let mut builder = out.0.segment("HI");
    for (qualifier, code) in codes {
        builder = builder.composite(&[qualifier, code]);
    }
    builder.end()
}

/// 2310A to 2310D.
fn providers(out: &mut Out, claim: &Claim) -> Done {
    let header = &claim.header;
    let billing = header.billing.as_ref();
    let differs = |provider: &&Provider| !billing.is_some_and(|b| super::same::adds_nothing(provider, b));
    let rows = [
        (&loops::REFERRING, header.referring.as_ref()),
        (&loops::PRIMARY_CARE, header.primary_care.as_ref()),
        (&loops::RENDERING, header.rendering.as_ref().filter(differs)),
        (&loops::FACILITY, header.service_facility.as_ref().filter(differs)),
        (&loops::SUPERVISING, header.supervising.as_ref()),
    ];
    for (at, provider) in rows {
        if let Some(provider) = provider {
            out.provider(at, provider)?;
        }
    }
    Ok(())
}

/// 2320 and 2330A to 2330G.
fn other_payer(out: &mut Out, coverage: &Coverage, patient: &Patient) -> Done {
    let decided = coverage.adjudication.as_ref();
    let subscriber = &coverage.subscriber;
    parents::sbr(out, coverage, codes::relationship(coverage.relationship))?;
    out.adjustments(decided.map_or(&[], |d| &d.adjustments))?;
    out.amount("D", decided.and_then(|d| d.paid))?;
    out.amount("A8", decided.and_then(|d| d.non_covered))?;
    out.amount("EAF", decided.and_then(|d| d.remaining_liability))?;
    let benefits = coverage.benefits_assignment.map_or("", codes::benefits);
    let generated = if coverage.signature_on_file_generated { "P" } else { "" };
    out.seg("OI", &["", "", benefits, generated, "", coverage.release.map_or("", codes::release)])?;
    moa(out, decided.and_then(|d| d.outpatient.as_ref()))?;
    let own = parents::patient_subscribes(coverage) && subscriber.name.last.is_empty();
    let name = if own { &patient.name } else { &subscriber.name };
    let id = (codes::member_id(subscriber.member_id_kind), subscriber.member_id.as_str());
    out.name("IL", subscriber.is_person, name, id)?;
    out.address(subscriber.address.as_ref())?;
    out.pair("REF", "SY", subscriber.social_security_number.as_deref().unwrap_or_default())?;
    other_payer_name(out, coverage)?;
    other_payer_providers(out, coverage)
}

/// 2330B.
fn other_payer_name(out: &mut Out, coverage: &Coverage) -> Done {
    let decided = coverage.adjudication.as_ref();
    parents::payer_name(out, &coverage.payer)?;
    out.address(coverage.payer.address.as_ref())?;
    if let Some(day) = decided.and_then(|d| d.adjudicated) {
        out.date("573", DateRange { start: day, end: day })?;
    }
    out.payer_ids(&coverage.payer.secondary_ids, 2)?;
    out.pair("REF", "G1", coverage.prior_authorization.as_deref().unwrap_or_default())?;
    out.pair("REF", "9F", coverage.referral_number.as_deref().unwrap_or_default())?;
    out.pair("REF", "T4", if decided.is_some_and(|d| d.is_adjusted) { "Y" } else { "" })?;
    out.pair("REF", "F8", decided.and_then(|d| d.claim_control_number.as_deref()).unwrap_or_default())
}

/// 2330C to 2330G.
fn other_payer_providers(out: &mut Out, coverage: &Coverage) -> Done {
    const ORDER: [ProviderRole; 6] = [
        ProviderRole::Referring,
        ProviderRole::PrimaryCare,
        ProviderRole::Rendering,
        ProviderRole::ServiceFacility,
        ProviderRole::Supervising,
        ProviderRole::Billing,
    ];
    for role in ORDER {
        let (entity, kinds, max) = loops::other_payer(role);
        let stated = coverage.other_payer_providers.iter().find(|p| p.role == role);
        let mut ids: Vec<ProviderId> = stated.map(|p| p.ids.clone()).unwrap_or_default();
        if role == ProviderRole::Billing {
            ids.extend(coverage.billing_provider_ids.iter().cloned());
        }
        if stated.is_none() && ids.is_empty() {
            continue;
        }
        let person = match entity {
            loops::Entity::Person => true,
            loops::Entity::Organisation => false,
            loops::Entity::Either => stated.is_some_and(|p| p.is_person),
        };
        out.seg("NM1", &[codes::role(role), if person { "1" } else { "2" }])?;
        out.provider_ids(&ids, kinds, max, false)?;
    }
    Ok(())
}

fn moa(out: &mut Out, outpatient: Option<&OutpatientAdjudication>) -> Done {
    let Some(moa) = outpatient else { return Ok(()) };
    let money = |cents: Option<Money>| cents.map(format_cents).unwrap_or_default();
    let mut elements =
        vec![moa.reimbursement_rate.map(format_thousandths).unwrap_or_default(), money(moa.hcpcs_payable)];
    elements.extend((0..5).map(|n| moa.remarks.get(n).cloned().unwrap_or_default()));
    elements.extend([money(moa.esrd_payment), money(moa.professional_component)]);
    let elements: Vec<&str> = elements.iter().map(String::as_str).collect();
    if elements.iter().all(|element| element.is_empty()) { Ok(()) } else { out.seg("MOA", &elements) }
}
