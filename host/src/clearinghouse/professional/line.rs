//! One service line: 2400, the drug (2410), providers (2420A to 2420H), decisions of other payers (2430) and
//! equipment forms (2440).

use claimhost_x12::{format_cents, format_thousandths};

use super::emit::{Done, Out, d8};
use super::{claim, codes, loops};
use crate::claim::*;

/// 2400 to 2440 of line `n`, from 0.
pub(super) fn line(out: &mut Out, claim: &Claim, n: usize) -> Done {
    let Some(line) = claim.lines.get(n) else { return Ok(()) };
    let extras = line.extras.as_ref();
    out.seg("LX", &[&(n + 1).to_string()])?;
    sv1(out, line)?;
    let equipment = extras.and_then(|e| e.equipment.as_ref());
    if let Some(rental) = equipment.and_then(|e| e.rental.as_ref()) {
        sv5(out, rental)?;
    }
    out.attachments(extras.map_or(&[], |e| &e.attachments))?;
    out.pair("PWK", "CT", equipment.map_or("", |e| &e.certificate_transmission))?;
    out.ambulance(extras.and_then(|e| e.ambulance.as_ref()))?;
    if let Some(certification) = equipment.and_then(|e| e.certification.as_ref()) {
        out.seg("CR3", &[&certification.kind, "MO", &format_thousandths(certification.months)])?;
    }
    let certified = extras.and_then(|e| e.ambulance.as_ref()).map_or(&[][..], |a| &a.certifications);
    let stated = extras.map_or(&[][..], |e| &e.conditions);
    claim::conditions(out, certified, stated, &codes::LINE_CONDITIONS)?;
    out.date("472", line.service_dates)?;
    if let Some(extras) = extras {
        facts(out, extras)?;
    }
    if let Some(drug) = &line.drug {
        drug_loop(out, drug)?;
    }
    for placed in loops::line_providers(claim, n).iter().filter(|placed| !placed.repeated()) {
        out.provider(placed.at, placed.provider)?;
    }
    out.route(extras.and_then(|e| e.ambulance.as_ref()))?;
    for decision in line.adjudications.iter().take(15) {
        adjudication(out, decision)?;
    }
    equipment.map_or(Ok(()), |equipment| equipment.forms.iter().try_for_each(|form| supporting_form(out, form)))
}

fn sv1(out: &mut Out, line: &ServiceLine) -> Done {
    let pointers: Vec<String> = line.diagnosis_pointers.iter().take(4).map(u8::to_string).collect();
    let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
    let yes = |flag: bool| if flag { "Y" } else { "" };
    out.0
        .segment("SV1")
        .composite(&procedure(&line.procedure))
        .cents(line.charge)
        .text(codes::service_unit(line.units.unit).unwrap_or_default())
        .thousandths(line.units.thousandths)
        .text(&line.place_of_service)
        .empty()
        .composite(&pointers)
        .empty()
        .text(yes(line.emergency))
        .empty()
        .text(yes(line.epsdt))
        .text(yes(line.family_planning))
        .skip(2)
        .text(if line.copay_exempt { "0" } else { "" })
        .end()
}

/// SV101 and SVD03: system, code, four modifiers, description.
fn procedure(procedure: &Procedure) -> [&str; 7] {
    let modifier = |n: usize| procedure.modifiers.get(n).map_or("", String::as_str);
    let system = codes::procedure(procedure.system).unwrap_or_default();
    [system, &procedure.code, modifier(0), modifier(1), modifier(2), modifier(3), &procedure.description]
}

fn sv5(out: &mut Out, rental: &Rental) -> Done {
    out.0
        .segment("SV5")
        .composite(&[codes::procedure(rental.procedure.system).unwrap_or_default(), &rental.procedure.code])
        .text("DA")
        .thousandths(rental.days)
        .cents(rental.rental_price)
        .cents(rental.purchase_price)
        .text(&rental.frequency)
        .end()
}

/// DTP behind the service date, QTY, MEA, CN1, REF, AMT, K3, NTE, PS1, HCP.
fn facts(out: &mut Out, extras: &LineExtras) -> Done {
    for (kind, code) in codes::LINE_DATES {
        if let Some(date) = extras.dates.iter().find(|date| date.kind == kind) {
            out.date(code, DateRange { start: date.value, end: date.value })?;
        }
    }
    out.pair("QTY", "PT", &extras.ambulance_patients.map(|n| n.to_string()).unwrap_or_default())?;
    out.pair("QTY", "FL", &extras.anesthesia_units.map(format_thousandths).unwrap_or_default())?;
    for m in extras.measurements.iter().take(5) {
        out.seg("MEA", &[&m.reference, &m.qualifier, &format_thousandths(m.value)])?;
    }
    out.contract(extras.contract.as_ref())?;
    for (kind, code, max) in codes::LINE_REFERENCES {
        for reference in extras.references.iter().filter(|r| r.kind == kind).take(max) {
            let builder = out.0.segment("REF").text(code).text(&reference.value);
            if reference.payer_id.is_empty() || !names_payer(kind) {
                builder.end()?;
            } else {
                builder.empty().composite(&["2U", &reference.payer_id]).end()?;
            }
        }
    }
    out.amount("T", extras.sales_tax)?;
    out.amount("F4", extras.postage)?;
    for text in extras.file_information.iter().take(10) {
        out.seg("K3", &[text])?;
    }
    for n in taken_notes(&extras.notes) {
        if let Some(note) = extras.notes.get(n) {
            out.seg("NTE", &[codes::note(note.kind), &note.text])?;
        }
    }
    if let Some(purchased) = &extras.purchased {
        out.seg("PS1", &[&purchased.provider_reference, &format_cents(purchased.charge)])?;
    }
    out.repricing(extras.repricing.as_ref(), true)
}

/// Whether REF04 of a line reference may say whose number it is.
pub(super) fn names_payer(kind: LineReferenceKind) -> bool {
    matches!(kind, LineReferenceKind::PriorAuthorization | LineReferenceKind::ReferralNumber)
}

/// Positions of the notes that a line takes: one ADD or DCP, then one TPO.
pub(super) fn taken_notes(notes: &[Note]) -> impl Iterator<Item = usize> {
    let own = notes.iter().position(|n| matches!(n.kind, NoteKind::Additional | NoteKind::Goals));
    let third = notes.iter().position(|n| n.kind == NoteKind::ThirdParty);
    own.into_iter().chain(third)
}

fn drug_loop(out: &mut Out, drug: &Drug) -> Done {
    out.seg("LIN", &["", codes::drug(drug.qualifier), &drug.code])?;
    if let Some((amount, unit)) = drug.amount.and_then(|amount| Some((amount, codes::drug_unit(amount.unit)?))) {
        out.seg("CTP", &["", "", "", &format_thousandths(amount.thousandths), unit])?;
    }
    if drug.prescription.is_empty() {
        out.pair("REF", "VY", &drug.link_sequence)
    } else {
        out.pair("REF", "XZ", &drug.prescription)
    }
}

fn adjudication(out: &mut Out, decision: &LineAdjudication) -> Done {
    let bundled = decision.bundled_into.map(|n| n.to_string()).unwrap_or_default();
    out.0
        .segment("SVD")
        .text(&decision.payer_id)
        .cents(decision.paid)
        .composite(&procedure(&decision.procedure))
        .empty()
        .thousandths(decision.units)
        .text(&bundled)
        .end()?;
    out.adjustments(&decision.adjustments)?;
    out.date("573", DateRange { start: decision.adjudicated, end: decision.adjudicated })?;
    out.amount("EAF", decision.remaining_liability)
}

fn supporting_form(out: &mut Out, form: &SupportingForm) -> Done {
    out.seg("LQ", &[if form.is_cms { "UT" } else { "AS" }, &form.code])?;
    for answer in form.answers.iter().take(99) {
        let day = answer.date.map(d8).unwrap_or_default();
        let percent = answer.percent.map(format_thousandths).unwrap_or_default();
        out.seg("FRM", &[&answer.question, &answer.response, &answer.text, &day, &percent])?;
    }
    Ok(())
}
