//! The 837P export of the practice's own system: 005010X222A1, one subscriber (and patient) loop a claim, written as it stands.

use crate::maker::{AS_OF, Practice};
use crate::model::{Address, Claim, Cover, Decision, Line, Person, Provider};

/// Segments as they are collected; the writer counts them for SE01.
#[derive(Debug, Default)]
struct Out(Vec<String>);

impl Out {
    fn push<T: AsRef<str>>(&mut self, elements: &[T]) {
        let text = elements.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("*");
        self.0.push(text.trim_end_matches('*').to_owned());
    }
}

/// One file of claims.
pub fn file(practice: &Practice, claims: &[&Claim], number: usize) -> String {
    let (date, short) = (AS_OF.compact(), AS_OF.compact().split_off(2));
    let (control, set, blank) = (format!("{number:09}"), format!("{number:04}"), " ".repeat(10));
    let (hour, minute) = (number / 60 % 24, number % 60);
    let time = format!("{hour:02}{minute:02}");
    let isa = format!(
        "ISA*00*{blank}*00*{blank}*ZZ*{:<15}*ZZ*{:<15}*{short}*{time}*^*00501*{control}*0*T*:",
        "LABELLED", "CLAIMHOST"
    );
    let gs = format!("GS*HC*LABELLED*CLAIMHOST*{date}*{time}*{number}*X*005010X222A1");
    let mut out = Out::default();
    out.push(&["ST", "837", &set, "005010X222A1"]);
    out.push(&["BHT", "0019", "00", &format!("B{number}"), &date, &time, "CH"]);
    out.push(&["NM1", "41", "2", practice.name, "", "", "", "", "46", "LABELLED"]);
    out.push(&["PER", "IC", "Billing Office", "TE", "6145550142"]);
    out.push(&["NM1", "40", "2", "CLAIMHOST", "", "", "", "", "46", "CLAIMHOST"]);
    // One billing loop a claim: a defect of the billing provider is of one claim only.
    let mut level = 0;
    for claim in claims {
        one(&mut out, practice, claim, &mut level);
    }
    let segments = out.0.len() + 1;
    out.push(&["SE", &segments.to_string(), &set]);
    let ends = [format!("GE*1*{number}"), format!("IEA*1*{control}")];
    [isa, gs].into_iter().chain(out.0).chain(ends).map(|segment| segment + "~\n").collect()
}

fn home(out: &mut Out, address: &Address) {
    let Address { line1, city, state, zip } = address;
    if !line1.is_empty() {
        out.push(&["N3", line1]);
    }
    if !(city.is_empty() && state.is_empty() && zip.is_empty()) {
        out.push(&["N4", city, state, zip]);
    }
}

fn member(out: &mut Out, person: &Person, cover: &Cover) {
    let qualifier = if cover.member.is_empty() { "" } else { "MI" };
    let Person { last, first, middle, suffix, .. } = person;
    out.push(&["NM1", "IL", "1", last, first, middle, "", suffix, qualifier, &cover.member]);
}

fn payer(out: &mut Out, cover: &Cover) {
    out.push(&["NM1", "PR", "2", &cover.name, "", "", "", "", "PI", &cover.payer]);
}

fn pat(out: &mut Out, relationship: &str, claim: &Claim) {
    let died = if claim.died.is_empty() { "" } else { "D8" };
    let pregnant = if claim.pregnant { "Y" } else { "" };
    let segment = ["PAT", relationship, "", "", "", died, &claim.died, "", "", pregnant];
    if !relationship.is_empty() || !died.is_empty() || claim.pregnant {
        out.push(&segment);
    }
}

fn one(out: &mut Out, practice: &Practice, claim: &Claim, level: &mut usize) {
    *level += 1;
    let billing = level.to_string();
    out.push(&["HL", &billing, "", "20", "1"]);
    out.push(&["PRV", "BI", "PXC", practice.taxonomy]);
    let npi = if claim.billing_npi.is_empty() { &practice.npi } else { &claim.billing_npi };
    out.push(&["NM1", "85", "2", practice.name, "", "", "", "", "XX", npi]);
    home(out, &practice.address());
    out.push(&["REF", "EI", if claim.tax_id.is_empty() { practice.tax_id } else { &claim.tax_id }]);
    *level += 1;
    let subscriber_level = level.to_string();
    let Some(first) = claim.covers.first() else { return };
    let itself = first.subscriber.is_none();
    out.push(&["HL", &subscriber_level, &billing, "22", if itself { "0" } else { "1" }]);
    let own = if itself { "18" } else { "" };
    out.push(&["SBR", &first.responsibility, own, &first.group, "", "", "", "", "", &first.filing]);
    let subscriber = first.subscriber.as_ref().unwrap_or(&claim.patient);
    if itself {
        pat(out, "", claim);
    }
    member(out, subscriber, first);
    home(out, &subscriber.address);
    out.push(&["DMG", "D8", &subscriber.born, &subscriber.sex]);
    if !first.ssn.is_empty() {
        out.push(&["REF", "SY", &first.ssn]);
    }
    payer(out, first);
    if !itself {
        *level += 1;
        out.push(&["HL", &level.to_string(), &subscriber_level, "23", "0"]);
        pat(out, &first.relationship, claim);
        let Person { last, first, middle, suffix, .. } = &claim.patient;
        out.push(&["NM1", "QC", "1", last, first, middle, "", suffix]);
        home(out, &claim.patient.address);
        out.push(&["DMG", "D8", &claim.patient.born, &claim.patient.sex]);
    }
    header(out, claim, first);
    for (at, cover) in claim.covers.iter().enumerate().skip(1) {
        other(out, claim, cover, at);
    }
    let other = claim.covers.get(1);
    for (at, line) in (1..).zip(&claim.lines) {
        service(out, claim, at, line, other);
    }
}

fn header(out: &mut Out, claim: &Claim, first: &Cover) {
    let place = format!("{}:B:1", claim.pos);
    let total = amount(claim.sum() + claim.total_off);
    let mut clm = vec!["CLM", &claim.visit, &total, "", "", &place, "Y", "A", "Y", "Y", "", &claim.cause];
    clm.extend(["", "", "", "", "", "", "", ""]);
    clm.push(&claim.delay);
    out.push(&clm);
    for (qualifier, day) in &claim.dates {
        out.push(&["DTP", qualifier, "D8", &day.compact()]);
    }
    for (qualifier, value) in
        [("9F", &first.referral), ("G1", &first.authorization), ("X4", &claim.clia), ("EA", &claim.mrn)]
    {
        if !value.is_empty() {
            out.push(&["REF", qualifier, value]);
        }
    }
    if claim.ride.is_some() {
        out.push(&["CR1", "", "", "", "A", "DH", "12"]);
    }
    let diagnoses =
        claim.diagnoses.iter().enumerate().map(|(at, code)| format!("{}:{code}", if at == 0 { "ABK" } else { "ABF" }));
    let diagnoses: Vec<String> = ["HI".to_owned()].into_iter().chain(diagnoses).collect();
    if diagnoses.len() > 1 {
        out.push(&diagnoses);
    }
    for code in &claim.conditions {
        out.push(&["HI", &format!("BG:{code}")]);
    }
    person(out, "DN", claim.referring.as_ref());
    person(out, "82", claim.rendering.as_ref());
    if let Some((name, npi, address)) = &claim.facility {
        out.push(&["NM1", "77", "2", name, "", "", "", "", "XX", npi]);
        home(out, address);
    }
    person(out, "DQ", claim.supervising.as_ref());
    if let Some(Some(pickup)) = &claim.ride {
        out.push(&["NM1", "PW", "2"]);
        home(out, pickup);
    }
}

fn person(out: &mut Out, qualifier: &str, provider: Option<&Provider>) {
    let Some(Provider { entity, last, first, npi, taxonomy }) = provider else { return };
    let xx = if npi.is_empty() { "" } else { "XX" };
    out.push(&["NM1", qualifier, entity, last, first, "", "", "", xx, npi]);
    if qualifier == "82" && !taxonomy.is_empty() {
        out.push(&["PRV", "PE", "PXC", taxonomy]);
    }
}

fn cas(out: &mut Out, decision: &Decision) {
    for (group, reason, cents) in &decision.adjusted {
        out.push(&["CAS", group, reason, &amount(*cents)]);
    }
}

fn other(out: &mut Out, claim: &Claim, cover: &Cover, at: usize) {
    let relation = if cover.relationship.is_empty() { "18" } else { &cover.relationship };
    out.push(&["SBR", &cover.responsibility, relation, &cover.group, "", "", "", "", "", &cover.filing]);
    if let Some(decision) = &cover.decision {
        cas(out, decision);
        out.push(&["AMT", "D", &amount(decision.paid)]);
    }
    out.push(&["OI", "", "", "Y", "", "", "Y"]);
    let subscriber = cover.subscriber.as_ref().unwrap_or(&claim.patient);
    member(out, subscriber, cover);
    home(out, &subscriber.address);
    payer(out, cover);
    let decided = at == 1 && (cover.decision.is_some() || claim.lines.iter().any(|line| line.decision.is_some()));
    if decided && claim.lines.iter().all(|line| line.decision.is_none()) {
        out.push(&["DTP", "573", "D8", &AS_OF.plus(-1).compact()]);
    }
}

fn service(out: &mut Out, claim: &Claim, at: usize, line: &Line, other: Option<&Cover>) {
    let procedure = ["HC", &line.code].into_iter().map(str::to_owned).chain(line.modifiers.iter().cloned());
    let procedure = procedure.collect::<Vec<_>>().join(":");
    let pointers = line.pointers.iter().map(usize::to_string).collect::<Vec<_>>().join(":");
    out.push(&["LX", &at.to_string()]);
    out.push(&["SV1", &procedure, &amount(line.charge), &line.unit, &line.units, &line.pos, "", &pointers]);
    if line.from == line.to {
        out.push(&["DTP", "472", "D8", &line.from.compact()]);
    } else {
        out.push(&["DTP", "472", "RD8", &format!("{}-{}", line.from.compact(), line.to.compact())]);
    }
    out.push(&["REF", "6R", &format!("{}-{at}", claim.visit)]);
    if let Some((ndc, quantity, unit)) = &line.drug {
        out.push(&["LIN", "", "N4", ndc]);
        out.push(&["CTP", "", "", "", quantity, unit]);
    }
    person(out, "82", line.rendering.as_ref());
    if let (Some(decision), Some(other)) = (&line.decision, other) {
        out.push(&["SVD", &other.payer, &amount(decision.paid), &format!("HC:{}", line.code), "", &line.units]);
        cas(out, decision);
        out.push(&["DTP", "573", "D8", &AS_OF.plus(-1).compact()]);
    }
}

/// X12 decimal: no trailing zeros, no point without a fraction.
fn amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
