//! The 837P export of a practice's own system: 005010X222A1, one subscriber (and patient) loop per claim.
//!
//! It has no payer control numbers (REF F8): the system never saw a remittance; it replaces by its own CLM01.

use crate::date::Day;
use crate::feed::{Sent, Today, main_and_alone};
use crate::model::{Address, Charge, Coverage, Person, Practice, Relation, Visit, quantity};

/// Claims per file.
const CLAIMS: usize = 15;

/// Segments as they are collected; the writer counts them for SE01.
#[derive(Debug, Default)]
struct Out(Vec<String>);

impl Out {
    fn push<T: AsRef<str>>(&mut self, elements: &[T]) {
        let text = elements.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("*");
        self.0.push(text.trim_end_matches('*').to_owned());
    }
}

/// The files of one day. `count` runs on: file number, control numbers.
pub fn day(today: &Today<'_>, count: &mut i64) -> Vec<(String, String)> {
    let (main, alone) = main_and_alone(&today.sent);
    let mut files = Vec::new();
    let alone: Vec<&[Sent<'_>]> = alone.chunks(1).collect();
    for (at, claims) in (0i64..).zip(main.chunks(CLAIMS).chain(alone)) {
        *count += 1;
        let name = format!("claims-r{}-{}-{:02}.837", today.run, today.date.compact(), at + 1);
        files.push((name, file(today, claims, *count, at)));
    }
    files
}

fn file(today: &Today<'_>, claims: &[Sent<'_>], count: i64, of_day: i64) -> String {
    let practice = today.practice;
    let control = i64::from(today.run) * 1000 + count;
    let minutes = 8 * 60 + of_day * 20;
    let time = format!("{:02}{:02}", minutes / 60 % 24, minutes % 60);
    let (date, short) = (today.date.compact(), today.date.compact().split_off(2));
    let (sender, receiver) = (practice.source, "CLAIMHOST");
    let control9 = format!("{control:09}");
    let set = format!("{control:04}");
    let blank = " ".repeat(10);
    let isa =
        format!("ISA*00*{blank}*00*{blank}*ZZ*{sender:<15}*ZZ*{receiver:<15}*{short}*{time}*^*00501*{control9}*0*T*:");
    let gs = format!("GS*HC*{sender}*{receiver}*{date}*{time}*{control}*X*005010X222A1");
    let mut out = Out::default();
    out.push(&["ST", "837", &set, "005010X222A1"]);
    out.push(&["BHT", "0019", "00", &format!("B{control}"), &date, &time, "CH"]);
    out.push(&["NM1", "41", "2", practice.name, "", "", "", "", "46", sender]);
    out.push(&["PER", "IC", "Billing Office", "TE", &practice.telephone]);
    out.push(&["NM1", "40", "2", receiver, "", "", "", "", "46", receiver]);
    billing(&mut out, practice);
    let mut level = 1;
    for sent in claims {
        claim(&mut out, practice, sent, &mut level);
    }
    let segments = out.0.len() + 1;
    out.push(&["SE", &segments.to_string(), &set]);
    let ends = [format!("GE*1*{control}"), format!("IEA*1*{control9}")];
    [isa, gs].into_iter().chain(out.0).chain(ends).map(|segment| segment + "~\n").collect()
}

fn billing(out: &mut Out, practice: &Practice) {
    out.push(&["HL", "1", "", "20", "1"]);
    out.push(&["PRV", "BI", "PXC", practice.taxonomy]);
    out.push(&["NM1", "85", "2", practice.name, "", "", "", "", "XX", &practice.npi]);
    home(out, &practice.address);
    out.push(&["REF", "EI", &practice.tax_id]);
}

/// N3 and N4; nothing without an address.
fn home(out: &mut Out, address: &Address) {
    if !address.line1.is_empty() {
        out.push(&["N3", &address.line1, &address.line2]);
        out.push(&["N4", &address.city, &address.state, &address.zip]);
    }
}

fn born(out: &mut Out, person: &Person) {
    out.push(&["DMG", "D8", &person.born.map(Day::compact).unwrap_or_default(), person.sex]);
}

/// NM1 of a subscriber (2010BA, 2330A).
fn member(out: &mut Out, person: &Person, id: &str) {
    let qualifier = if id.is_empty() { "" } else { "MI" };
    out.push(&["NM1", "IL", "1", &person.last, &person.first, &person.middle, "", "", qualifier, id]);
}

fn payer(out: &mut Out, coverage: &Coverage) {
    out.push(&["NM1", "PR", "2", &coverage.name, "", "", "", "", "PI", &coverage.payer]);
}

fn claim(out: &mut Out, practice: &Practice, sent: &Sent<'_>, level: &mut i64) {
    let visit = sent.visit;
    let itself = visit.relation == Relation::Itself;
    *level += 1;
    out.push(&["HL", &level.to_string(), "1", "22", if itself { "0" } else { "1" }]);
    let Some(first) = visit.coverages.first() else {
        return;
    };
    out.push(&["SBR", "P", if itself { "18" } else { "" }, &first.group, "", "", "", "", "", first.filing]);
    member(out, &visit.subscriber, &first.member);
    home(out, &visit.subscriber.address);
    born(out, &visit.subscriber);
    payer(out, first);
    if !itself {
        let parent = level.to_string();
        *level += 1;
        out.push(&["HL", &level.to_string(), &parent, "23", "0"]);
        out.push(&["PAT", "19"]);
        let patient = &visit.patient;
        out.push(&["NM1", "QC", "1", &patient.last, &patient.first, &patient.middle]);
        home(out, &patient.address);
        born(out, patient);
    }
    // A correction carries what stands after it; a void what stood before it.
    let before = visit.live_after(sent.at);
    let after = visit.live_after(sent.at + 1);
    let (frequency, lines) = match (before.is_empty() || sent.step.repeats, after.is_empty()) {
        (true, _) => ("1", &after),
        (false, true) => ("8", &before),
        (false, false) => ("7", &after),
    };
    claim_loop(out, practice, visit, frequency, lines);
    for (at, charge) in (1..).zip(lines) {
        line(out, at, charge);
    }
}

fn claim_loop(out: &mut Out, practice: &Practice, visit: &Visit, frequency: &str, lines: &[Charge]) {
    let total: i64 = lines.iter().map(|charge| charge.amount).sum::<i64>() + visit.total_off;
    let place = format!("{}:B:{frequency}", visit.pos);
    out.push(&["CLM", &visit.number, &amount(total), "", "", &place, "Y", "A", "Y", "Y"]);
    let diagnoses = (0..)
        .zip(&visit.diagnoses)
        .map(|(at, code)| format!("{}:{}", if at == 0 { "ABK" } else { "ABF" }, code.replace('.', "")));
    let diagnoses: Vec<String> = ["HI".to_owned()].into_iter().chain(diagnoses).collect();
    if diagnoses.len() > 1 {
        out.push(&diagnoses);
    }
    let who = &visit.rendering;
    if who.npi.is_empty() {
        out.push(&["NM1", "82", "1", &who.last, &who.first]);
        out.push(&["REF", "G2", &who.local]);
    } else {
        out.push(&["NM1", "82", "1", &who.last, &who.first, "", "", "", "XX", &who.npi]);
        out.push(&["PRV", "PE", "PXC", practice.taxonomy]);
    }
    let facility =
        practice.places.iter().find(|place| place.local == visit.location).and_then(|place| place.facility.as_ref());
    if let Some((name, npi)) = facility {
        out.push(&["NM1", "77", "2", name, "", "", "", "", "XX", npi]);
        home(out, &facility_address(&practice.address));
    }
    if let Some(second) = visit.coverages.get(1) {
        let relation = if visit.relation == Relation::Itself { "18" } else { "19" };
        out.push(&["SBR", "S", relation, &second.group, "", "", "", "", "", second.filing]);
        out.push(&["OI", "", "", "Y", "", "", "Y"]);
        member(out, &visit.subscriber, &second.member);
        home(out, &visit.subscriber.address);
        payer(out, second);
    }
}

/// Where a practice's second place is: down the road.
pub fn facility_address(billing: &Address) -> Address {
    Address { line1: format!("{} Annex Road", billing.line1.split(' ').next().unwrap_or("1")), ..billing.clone() }
}

fn line(out: &mut Out, at: usize, charge: &Charge) {
    let procedure = ["HC", &charge.code].into_iter().map(str::to_owned).chain(charge.modifiers.iter().cloned());
    let procedure = procedure.collect::<Vec<_>>().join(":");
    let pointers = charge.pointers.iter().map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(":");
    out.push(&["LX", &at.to_string()]);
    out.push(&["SV1", &procedure, &amount(charge.amount), "UN", &charge.units.to_string(), "", "", &pointers]);
    out.push(&["DTP", "472", "D8", &charge.date.compact()]);
    out.push(&["REF", "6R", &charge.id]);
    if let Some(drug) = &charge.drug {
        out.push(&["LIN", "", "N4", drug.ndc]);
        out.push(&["CTP", "", "", "", &quantity(drug.quantity), drug.unit]);
    }
}

/// X12 decimal: no trailing zeros, no point without a fraction.
fn amount(cents: i64) -> String {
    quantity(cents * 10)
}
