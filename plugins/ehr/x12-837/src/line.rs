//! 2400: one service line each. Its drug, providers, decisions and forms are in `line_loops.rs`.

use claimhost_sdk::claim::*;
use claimhost_sdk::intake::Place;
use claimhost_x12::Segment;

use crate::reader::{Reader, place};
use crate::{codes, extras, line_loops, parts};

/// A line and how it is known.
pub(crate) struct Read {
    /// REF 6R, else LX01.
    pub id: String,
    pub line: ServiceLine,
    /// Its LX.
    pub at: Place,
}

pub(crate) fn loops_2400(r: &mut Reader<'_>) -> Vec<Read> {
    let mut lines = Vec::new();
    while let Some(lx) = r.take("LX") {
        r.only(&lx, &[1]);
        let number = r.required(&lx, 1, "the line's number");
        let Some(sv1) = r.require("SV1", &[], "SV1 behind LX (2400)") else { break };
        let mut line = service(r, &sv1);
        let mut rare = LineExtras::default();
        let mut dated = false;
        while let Some(next) = r.peek() {
            if !line_segment(r, &next, &mut line, &mut rare, &mut dated) {
                break;
            }
        }
        if !dated {
            r.missing("DTP with 472, the service date (2400)");
        }
        line_loops::drug(r, &mut line);
        line_loops::providers(r, &mut line, &mut rare);
        line_loops::adjudications(r, &mut line);
        line_loops::forms(r, &mut rare);
        let control = rare.references.iter().find(|f| f.kind == LineReferenceKind::LineControlNumber);
        let id = control.map_or(number, |f| f.value.clone());
        if rare != LineExtras::default() {
            line.extras = Some(rare);
        }
        lines.push(Read { id, line, at: place(&lx, 0, 0) });
    }
    if lines.is_empty() {
        r.missing("LX, the first service line (2400)");
    }
    lines
}

fn service(r: &mut Reader<'_>, sv1: &Segment<'_>) -> ServiceLine {
    r.only(sv1, &[1, 2, 3, 4, 5, 7, 9, 11, 12, 15]);
    let charge = r.money(sv1, 2);
    let units = r.decimal(sv1, 4);
    let day = Date { year: 0, month: 0, day: 0 };
    ServiceLine {
        procedure: parts::procedure(r, sv1, 1),
        charge: r.must(sv1, 2, charge, 0, "an amount"),
        unit_charge: None,
        units: Quantity {
            unit: r.required_code(sv1, 3, codes::SERVICE_UNIT, Unit::Units),
            thousandths: r.must(sv1, 4, units, 0, "a quantity"),
        },
        place_of_service: sv1.string(5),
        diagnosis_pointers: pointers(r, sv1),
        service_dates: DateRange { start: day, end: day },
        emergency: r.yes(sv1, 9),
        epsdt: r.yes(sv1, 11),
        family_planning: r.yes(sv1, 12),
        copay_exempt: r.code(sv1, 15, &[("0", true)]).unwrap_or(false),
        drug: None,
        providers: None,
        adjudications: Vec::new(),
        extras: None,
    }
}

/// SV107: `1:2`, of some senders `1.00`.
fn pointers(r: &mut Reader<'_>, sv1: &Segment<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, part) in sv1.element(7).components().enumerate().filter(|(_, part)| !part.is_empty()) {
        let value = claimhost_x12::thousandths(part.trimmed()).filter(|value| value % 1_000 == 0);
        match value.and_then(|value| u8::try_from(value / 1_000).ok()) {
            Some(pointer) => out.push(pointer),
            None => r.bad(sv1, 7, n + 1, "the position of a diagnosis"),
        }
    }
    out
}

/// Reads one segment of 2400 behind SV1; false when it is none of them.
fn line_segment(
    r: &mut Reader<'_>,
    next: &Segment<'_>,
    line: &mut ServiceLine,
    rare: &mut LineExtras,
    dated: &mut bool,
) -> bool {
    let id = next.text(0);
    let known =
        ["SV5", "PWK", "CR1", "CR3", "CRC", "DTP", "QTY", "MEA", "CN1", "REF", "AMT", "K3", "NTE", "PS1", "HCP"];
    if !known.contains(&id.as_ref()) {
        return false;
    }
    r.take(&id);
    match id.as_ref() {
        "SV5" => rare.equipment.get_or_insert_default().rental = Some(rental(r, next)),
        "PWK" if next.text(1) == "CT" => {
            r.only(next, &[1, 2]);
            rare.equipment.get_or_insert_default().certificate_transmission = next.string(2);
        }
        "PWK" => rare.attachments.push(parts::attachment(r, next)),
        "CR1" => parts::ambulance(r, next, rare.ambulance.get_or_insert_default()),
        "CR3" => {
            r.only(next, &[1, 2, 3]);
            let months = r.decimal(next, 3);
            let months = r.must(next, 3, months, 0, "months");
            let certification = EquipmentCertification { kind: next.string(1), months };
            rare.equipment.get_or_insert_default().certification = Some(certification);
        }
        "CRC" => {
            let condition = parts::condition(r, next);
            extras::place_condition(condition, &mut rare.ambulance, &mut rare.conditions);
        }
        "DTP" if next.text(1) == "472" => {
            *dated = true;
            if let Some(period) = r.period(next) {
                line.service_dates = period;
            }
        }
        "DTP" => {
            let kind = r.code(next, 1, codes::LINE_DATE);
            let period = r.period(next);
            if let (Some(kind), Some(period)) = (kind, period) {
                if period.start != period.end {
                    r.bad(next, 2, 0, "D8: this date is one day");
                }
                rare.dates.push(LineDate { kind, value: period.start });
            }
        }
        _ => facts(r, next, rare),
    }
    true
}

/// QTY, MEA, CN1, REF, AMT, K3, NTE, PS1, HCP.
fn facts(r: &mut Reader<'_>, next: &Segment<'_>, rare: &mut LineExtras) {
    match (next.text(0).as_ref(), next.text(1).as_ref()) {
        ("QTY", "PT") => rare.ambulance_patients = r.whole(next, 2),
        ("QTY", "FL") => rare.anesthesia_units = r.decimal(next, 2),
        ("QTY", _) => r.bad(next, 1, 0, "PT or FL"),
        ("MEA", _) => {
            r.only(next, &[1, 2, 3]);
            let value = r.decimal(next, 3);
            let value = r.must(next, 3, value, 0, "a value");
            rare.measurements.push(Measurement { reference: next.string(1), qualifier: next.string(2), value });
        }
        ("CN1", _) => rare.contract = Some(parts::contract(r, next)),
        ("REF", qualifier) => {
            let (value, payer_id) = parts::reference(r, next, matches!(qualifier, "G1" | "9F"));
            if let Some(kind) = r.code(next, 1, codes::LINE_REF) {
                rare.references.push(LineReference { kind, value, payer_id });
            }
        }
        ("AMT", "T") => rare.sales_tax = r.money(next, 2),
        ("AMT", "F4") => rare.postage = r.money(next, 2),
        ("AMT", _) => r.bad(next, 1, 0, "T or F4"),
        ("K3", _) => rare.file_information.push(r.required(next, 1, "text")),
        ("NTE", _) => {
            r.only(next, &[1, 2]);
            let kind = r.required_code(next, 1, codes::NOTE, NoteKind::Additional);
            rare.notes.push(Note { kind, text: next.string(2) });
        }
        ("PS1", _) => {
            r.only(next, &[1, 2]);
            let charge = r.money(next, 2);
            let charge = r.must(next, 2, charge, 0, "an amount");
            let provider_reference = r.required(next, 1, "the provider's number");
            rare.purchased = Some(PurchasedService { provider_reference, charge, provider: None });
        }
        _ => rare.repricing = Some(parts::repricing(r, next, true)),
    }
}

/// SV5.
fn rental(r: &mut Reader<'_>, sv5: &Segment<'_>) -> Rental {
    r.only(sv5, &[1, 2, 3, 4, 5, 6]);
    if sv5.text(2) != "DA" {
        r.bad(sv5, 2, 0, "DA");
    }
    let (days, rental, purchase) = (r.decimal(sv5, 3), r.money(sv5, 4), r.money(sv5, 5));
    Rental {
        procedure: parts::procedure(r, sv5, 1),
        days: r.must(sv5, 3, days, 0, "days"),
        rental_price: r.must(sv5, 4, rental, 0, "an amount"),
        purchase_price: r.must(sv5, 5, purchase, 0, "an amount"),
        frequency: sv5.string(6),
    }
}
