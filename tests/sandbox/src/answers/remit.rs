//! 835 (005010X221A1): one transaction set per payer and payee, always in balance.
//!
//! SVC02 - CAS = SVC03, CLP03 - CAS = CLP04, sum of CLP04 - sum of PLB = BPR02. BPR02 is never negative: what
//! a payee owes is carried forward (PLB FB) and taken from its next remittances.

use super::{Body, Kind, composite, money, quantity};
use crate::adjudicate::{Adjudication, LineResult, Payer, Payers};
use crate::claim::{Claim, Line};
use crate::faults::hash;
use crate::journal::{Entry, Movement};

/// GS and ST of an 835.
pub const KIND: Kind = Kind { group: "HP", set: "835", version: "005010X221A1", in_header: false };

/// One payment or reversal.
#[derive(Debug)]
pub struct Item<'a> {
    /// The claim.
    pub entry: &'a Entry,
    /// What happens to it.
    pub movement: Movement,
}

/// A transaction set, and what the payee owes after it (cents).
#[derive(Debug)]
pub struct Remittance {
    /// Segments between ST and SE.
    pub body: Body,
    /// New PLB FB balance.
    pub balance: i64,
}

/// TRN03: `1` and nine digits that follow from the payer id.
pub fn originator(payer: &str) -> String {
    format!("1{:09}", hash(payer.as_bytes(), 835) % 1_000_000_000)
}

/// Writes the remittance. `trace` is TRN02, `balance` what the payee owes from before.
pub fn write(payer: &Payer, payers: &Payers, trace: &str, date: &str, items: &[Item], balance: i64) -> Remittance {
    let sign = |item: &Item| {
        if item.movement == Movement::Reverse { -1 } else { 1 }
    };
    let paid = |item: &Item| sign(item) * item.entry.adjudication.as_ref().map_or(0, |a| a.paid);
    let claims: i64 = items.iter().map(paid).sum();
    // Reversals the payer makes by itself bring no interest: only new decisions do.
    let fresh = items.iter().any(|item| item.movement == Movement::Pay);
    let interest = if fresh { payer.interest } else { 0 };
    let before = claims + interest;
    let forward = if before < 0 { before } else { balance.min(before) };
    let plb = forward - interest;
    let total = claims - plb;
    let mut out = Body::default();
    payment(&mut out, payer, trace, date, total);
    payee(&mut out, items);
    out.add(&["LX", "1"]);
    for item in items {
        if let Some(adjudication) = &item.entry.adjudication {
            claim(&mut out, payers, item.entry, adjudication, sign(item));
        }
    }
    let who = items.first().map_or("", |item| item.entry.claim.payee());
    let year_end = format!("{}1231", date.get(..4).unwrap_or("2026"));
    let mut line = vec!["PLB".to_owned(), who.to_owned(), year_end];
    for (code, amount) in [("L6", -interest), ("FB", forward)] {
        if amount != 0 {
            line.push(composite(&[code, trace]));
            line.push(money(amount));
        }
    }
    if line.len() > 3 {
        out.add(&line.iter().map(String::as_str).collect::<Vec<_>>());
    }
    Remittance { body: out, balance: balance - forward }
}

fn payment(out: &mut Body, payer: &Payer, trace: &str, date: &str, total: i64) {
    let id = originator(&payer.id);
    let amount = money(total);
    let by_ach = hash(payer.id.as_bytes(), 1).is_multiple_of(2);
    match (total, by_ach) {
        (0, _) => out.add(&["BPR", "H", "0", "C", "NON", "", "", "", "", "", "", "", "", "", "", "", date]),
        (_, true) => out.add(&[
            "BPR",
            "I",
            &amount,
            "C",
            "ACH",
            "CCP",
            "01",
            "999999992",
            "DA",
            "100200300",
            &id,
            "",
            "01",
            "999988880",
            "DA",
            "400500600",
            date,
        ]),
        (_, false) => out.add(&["BPR", "I", &amount, "C", "CHK", "", "", "", "", "", "", "", "", "", "", "", date]),
    }
    out.add(&["TRN", "1", trace, &id]);
    out.add(&["DTM", "405", date]);
    out.add(&["N1", "PR", &payer.name, "XV", &payer.id]);
    out.add(&["N3", "1 Sandbox Plaza"]);
    out.add(&["N4", "Columbus", "OH", "432150000"]);
    out.add(&["PER", "BL", "Provider Services", "TE", "6145550199"]);
}

fn payee(out: &mut Body, items: &[Item]) {
    let Some(claim) = items.first().map(|item| &item.entry.claim) else {
        return;
    };
    let name = if claim.billing.first.is_empty() {
        claim.billing.last.clone()
    } else {
        format!("{} {}", claim.billing.first, claim.billing.last)
    };
    if claim.billing.id.is_empty() {
        out.add(&["N1", "PE", &name, "FI", &claim.tax_id.1]);
    } else {
        out.add(&["N1", "PE", &name, "XX", &claim.billing.id]);
        out.add(&["REF", "TJ", &claim.tax_id.1]);
    }
}

/// SBR09 where an 835 knows the code, else ZZ (an 835 has no CI or BL).
fn filing(sent: &str) -> &str {
    const KNOWN: [&str; 18] =
        ["12", "13", "14", "15", "16", "17", "AM", "CH", "DS", "HM", "LM", "MA", "MB", "MC", "OF", "TV", "VA", "WC"];
    if KNOWN.contains(&sent) { sent } else { "ZZ" }
}

fn claim(out: &mut Body, payers: &Payers, entry: &Entry, adjudication: &Adjudication, sign: i64) {
    let claim: &Claim = &entry.claim;
    let reversal = sign < 0;
    let patient = if reversal || adjudication.patient == 0 { String::new() } else { money(adjudication.patient) };
    out.add(&[
        "CLP",
        &claim.number,
        if reversal { "22" } else { &adjudication.status },
        &money(sign * claim.charge),
        &money(sign * adjudication.paid),
        &patient,
        filing(&claim.filing),
        &entry.icn,
        &claim.place,
        &claim.frequency,
    ]);
    let (p, s) = (&claim.patient, &claim.subscriber);
    let same = (&p.last, &p.first, &p.birth_date) == (&s.last, &s.first, &s.birth_date);
    let id = if same { s.id.as_str() } else { "" };
    let mi = if id.is_empty() { "" } else { "MI" };
    out.add(&["NM1", "QC", "1", &p.last, &p.first, &p.middle, "", &p.suffix, mi, id]);
    if !same {
        out.add(&["NM1", "IL", &s.kind, &s.last, &s.first, &s.middle, "", &s.suffix, "MI", &s.id]);
    }
    if let Some(next) = adjudication.forwarded_to.as_deref().filter(|_| !reversal) {
        let name = payers.find(next).map_or("", |payer| &payer.name);
        out.add(&["NM1", "TT", "2", name, "", "", "", "", "PI", next]);
    }
    for (line, result) in claim.lines.iter().zip(&adjudication.lines) {
        service(out, line, result, sign);
    }
}

fn service(out: &mut Body, line: &Line, result: &LineResult, sign: i64) {
    let mut parts = vec![line.qualifier.as_str(), line.code.as_str()];
    parts.extend(line.modifiers.iter().map(String::as_str));
    let units = quantity(line.units);
    out.add(&["SVC", &composite(&parts), &money(sign * line.charge), &money(sign * result.paid), "", &units]);
    match line.date.split_once('-') {
        Some((from, to)) => {
            out.add(&["DTM", "150", from]);
            out.add(&["DTM", "151", to]);
        }
        None => out.add(&["DTM", "472", &line.date]),
    }
    let mut groups: Vec<&str> = Vec::new();
    for adjustment in &result.adjustments {
        if !groups.contains(&adjustment.group.as_str()) {
            groups.push(&adjustment.group);
        }
    }
    for group in groups {
        let mut cas = vec!["CAS".to_owned(), group.to_owned()];
        for adjustment in result.adjustments.iter().filter(|a| a.group == group) {
            cas.extend([adjustment.reason.clone(), money(sign * adjustment.amount), String::new()]);
        }
        out.add(&cas.iter().map(String::as_str).collect::<Vec<_>>());
    }
    if !line.control.is_empty() {
        out.add(&["REF", "6R", &line.control]);
    }
    if result.allowed != 0 {
        out.add(&["AMT", "B6", &money(sign * result.allowed)]);
    }
}
