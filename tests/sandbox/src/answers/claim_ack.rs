//! 277CA (005010X214): the clearinghouse's and then the payer's word on each claim.
//!
//! 2200C carries an STC because common checkers ask for one; 2200D is what decides.

use super::{Body, Kind, composite, money};
use crate::business::Rejection;
use crate::claim::Claim;

/// GS and ST of a 277CA.
pub const KIND: Kind = Kind { group: "HN", set: "277", version: "005010X214", in_header: true };

/// The sender of the acknowledgement (2100A).
#[derive(Debug)]
pub struct Source<'a> {
    /// NM101: AY clearinghouse, PR payer.
    pub entity: &'a str,
    /// NM103.
    pub name: &'a str,
    /// NM109.
    pub id: &'a str,
    /// Category of acceptance: A1 received, A2 accepted into adjudication.
    pub category: &'a str,
    /// Status code of acceptance.
    pub status: &'a str,
}

/// One claim and its verdict.
#[derive(Debug)]
pub struct Status {
    /// The claim.
    pub claim: Claim,
    /// REF 1K, when the payer has given it.
    pub icn: Option<String>,
    /// Reason when rejected.
    pub rejection: Option<Rejection>,
}

/// Writes one transaction set: the claims of one inbound ST.
pub fn body(source: &Source, reference: &str, batch: &str, date: &str, claims: &[Status]) -> Body {
    let mut out = Body::default();
    let Some(first) = claims.first() else {
        return out;
    };
    let mut level = 0;
    let mut next = || {
        level += 1;
        level.to_string()
    };
    let split = |list: &[&Status]| {
        let sum = |rejected: bool| {
            list.iter().filter(|s| s.rejection.is_some() == rejected).map(|s| s.claim.charge).sum::<i64>()
        };
        let rejected = list.iter().filter(|s| s.rejection.is_some()).count();
        (list.len() - rejected, rejected, sum(false), sum(true))
    };
    let totals = |out: &mut Body, list: &[&Status], codes: [&str; 2]| {
        let (accepted, rejected, yes, no) = split(list);
        if accepted > 0 {
            out.add(&["QTY", codes[0], &accepted.to_string()]);
        }
        if rejected > 0 {
            out.add(&["QTY", codes[1], &rejected.to_string()]);
        }
        if accepted > 0 {
            out.add(&["AMT", "YU", &money(yes)]);
        }
        if rejected > 0 {
            out.add(&["AMT", "YY", &money(no)]);
        }
    };
    let all: Vec<&Status> = claims.iter().collect();
    let total = |list: &[&Status]| money(list.iter().map(|s| s.claim.charge).sum());
    out.add(&["BHT", "0085", "08", reference, date, "1200", "TH"]);
    out.add(&["HL", &next(), "", "20", "1"]);
    out.add(&[
        "NM1",
        source.entity,
        "2",
        source.name,
        "",
        "",
        "",
        "",
        if source.entity == "PR" { "PI" } else { "46" },
        source.id,
    ]);
    out.add(&["TRN", "1", reference]);
    out.add(&["DTP", "050", "D8", date]);
    out.add(&["DTP", "009", "D8", date]);
    let receiver = next();
    out.add(&["HL", &receiver, "1", "21", "1"]);
    let submitter = &first.claim.submitter;
    out.add(&[
        "NM1",
        "41",
        &submitter.kind,
        &submitter.last,
        &submitter.first,
        &submitter.middle,
        "",
        "",
        "46",
        &submitter.id,
    ]);
    out.add(&["TRN", "2", batch]);
    out.add(&["STC", &composite(&["A1", "19", source.entity]), date, "WQ", &total(&all)]);
    totals(&mut out, &all, ["90", "AA"]);
    let mut payees: Vec<&str> = Vec::new();
    for status in claims {
        if !payees.contains(&status.claim.payee()) {
            payees.push(status.claim.payee());
        }
    }
    for payee in payees {
        let list: Vec<&Status> = claims.iter().filter(|s| s.claim.payee() == payee).collect();
        let Some(billing) = list.first().map(|s| &s.claim) else {
            continue;
        };
        let provider = next();
        out.add(&["HL", &provider, &receiver, "19", "1"]);
        let b = &billing.billing;
        let qualifier = if b.id.is_empty() { "FI" } else { "XX" };
        out.add(&["NM1", "85", &b.kind, &b.last, &b.first, &b.middle, "", &b.suffix, qualifier, payee]);
        out.add(&["TRN", "1", "0"]);
        out.add(&["STC", &composite(&["A1", "19", "85"]), "", "WQ", &total(&list)]);
        out.add(&["REF", if billing.tax_id.0 == "SY" { "SY" } else { "TJ" }, &billing.tax_id.1]);
        totals(&mut out, &list, ["QA", "QC"]);
        for status in list {
            out.add(&["HL", &next(), &provider, "PT"]);
            claim(&mut out, source, status, date);
        }
    }
    out
}

fn claim(out: &mut Body, source: &Source, status: &Status, date: &str) {
    let claim = &status.claim;
    let p = &claim.patient;
    let id = if claim.subscriber.id.is_empty() { "UNKNOWN" } else { &claim.subscriber.id };
    out.add(&["NM1", "QC", "1", &p.last, &p.first, &p.middle, "", &p.suffix, "MI", id]);
    out.add(&["TRN", "2", &claim.number]);
    let code = match status.rejection {
        Some((category, code, entity)) => composite(&[category, code, entity]),
        None => composite(&[source.category, source.status, if source.entity == "PR" { "PR" } else { "41" }]),
    };
    let action = if status.rejection.is_some() { "U" } else { "WQ" };
    out.add(&["STC", &code, date, action, &money(claim.charge)]);
    if let Some(icn) = &status.icn {
        out.add(&["REF", "1K", icn]);
    }
    let bounds = claim.lines.iter().flat_map(|line| line.date.split('-'));
    let (from, to) = (bounds.clone().min().unwrap_or(""), bounds.max().unwrap_or(""));
    if from == to {
        out.add(&["DTP", "472", "D8", from]);
    } else {
        out.add(&["DTP", "472", "RD8", &format!("{from}-{to}")]);
    }
}
