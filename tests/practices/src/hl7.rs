//! HL7 v2 feeds. Standard: v2.5.1, ADT and DFT in FHS/BHS batches. Shifted: v2.3, FT1 in the site's own positions.
//!
//! `mapping.toml` of `profile.rs` says the same positions; EVN-2 rises in the order of sending.

use crate::date::Day;
use crate::feed::{Sent, Today, main_and_alone};
use crate::kinds::Format;
use crate::model::{Action, Address, By, Charge, Coverage, Person, Relation, Visit, money, quantity};

/// Escapes text for a component.
pub fn esc(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '\\' => out.push_str("\\E\\"),
            '|' => out.push_str("\\F\\"),
            '^' => out.push_str("\\S\\"),
            '&' => out.push_str("\\T\\"),
            '~' => out.push_str("\\R\\"),
            c => out.push(c),
        }
        out
    })
}

/// One segment: fields by their HL7 number.
#[derive(Debug)]
pub struct Segment {
    name: &'static str,
    fields: Vec<String>,
}

impl Segment {
    /// An empty one.
    pub fn new(name: &'static str) -> Self {
        Self { name, fields: Vec::new() }
    }

    /// Sets a field; its text has its separators already.
    pub fn set(mut self, field: usize, text: impl Into<String>) -> Self {
        if self.fields.len() < field {
            self.fields.resize(field, String::new());
        }
        if let Some(place) = self.fields.get_mut(field - 1) {
            *place = text.into();
        }
        self
    }

    /// As sent.
    pub fn text(&self) -> String {
        format!("{}|{}", self.name, self.fields.join("|")).trim_end_matches('|').to_owned()
    }
}

/// One practice's files of one day: name and text.
pub fn day(today: &Today<'_>, count: &mut i64) -> Vec<(String, String)> {
    let standard = today.practice.format == Format::Hl7;
    let (main, alone) = main_and_alone(&today.sent);
    let date = today.date.compact();
    let stem = format!("{}-r{}-{date}", if standard { "dft" } else { "charges" }, today.run);
    let mut files = Vec::new();
    let messages: Vec<String> = main.iter().map(|sent| message(today, sent, count)).collect();
    if !messages.is_empty() {
        let text = if standard { batch(today, &messages) } else { messages.concat() };
        files.push((format!("{stem}.hl7"), text));
    }
    for sent in &alone {
        let text = message(today, sent, count);
        files.push((format!("{stem}-{count:05}.hl7"), text));
    }
    files
}

/// Batch and file headers around a day's messages. No control ids: they would be one more thing that a run changes.
fn batch(today: &Today<'_>, messages: &[String]) -> String {
    let (date, source) = (today.date.compact(), today.practice.source);
    let head = |name| format!("{name}|^~\\&|CHARTWORKS|{source}|CLAIMHOST|BILLING|{date}190000\r");
    format!("{}{}{}BTS|{}\rFTS|1\r", head("FHS"), head("BHS"), messages.concat(), messages.len())
}

fn message(today: &Today<'_>, sent: &Sent<'_>, count: &mut i64) -> String {
    *count += 1;
    let standard = today.practice.format == Format::Hl7;
    let visit = sent.visit;
    let time = stamp(today.date, *count);
    let charges = !sent.step.actions.is_empty();
    let (event, kind) = match (charges, sent.step.opens, standard) {
        (true, _, true) => ("P03", "DFT^P03^DFT_P03"),
        (true, _, false) => ("P03", "DFT^P03"),
        (false, true, _) => ("A04", "ADT^A04^ADT_A01"),
        (false, false, _) => ("A03", "ADT^A03^ADT_A03"),
    };
    let mut segments = vec![format!(
        "MSH|^~\\&|CHARTWORKS|{}|CLAIMHOST|BILLING|{time}||{kind}|{}{:02}{count:06}|T|{}{}",
        today.practice.source,
        if standard { "CF" } else { "HO" },
        today.run,
        if standard { "2.5.1" } else { "2.3" },
        // MSH-13: the older system numbers its messages, the newer one leaves the order to EVN-2.
        if standard { String::new() } else { format!("|{count}") },
    )];
    segments.push(Segment::new("EVN").set(1, event).set(2, &time).text());
    segments.push(pid(visit, standard));
    segments.push(pv1(visit, standard, &time));
    let diagnoses: Vec<String> = (1..).zip(&visit.diagnoses).map(|(at, code)| dg1(at, code, standard)).collect();
    let insurances: Vec<String> = (1..).zip(&visit.coverages).map(|(at, coverage)| in1(at, coverage, visit)).collect();
    if charges {
        let mut rows: Vec<String> = Vec::new();
        let mut set = 0;
        for action in &sent.step.actions {
            set += 1;
            rows.extend(ft1(set, action, visit, standard, today.date));
        }
        if visit.paid_at_desk > 0 && sent.step.day < 4 && !sent.step.repeats {
            rows.push(desk_payment(set + 1, visit, today.date, *count));
        }
        segments.extend(rows);
        segments.extend(diagnoses);
    }
    segments.extend(insurances);
    segments.join("\r") + "\r"
}

/// The time of the message of this number: it rises with the order of sending.
pub fn stamp(date: Day, count: i64) -> String {
    let seconds = 7 * 3600 + count % 2000 * 19;
    format!("{}{:02}{:02}{:02}", date.compact(), seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// XPN.
pub fn name(person: &Person) -> String {
    let text = format!("{}^{}^{}", esc(&person.last), esc(&person.first), esc(&person.middle));
    text.trim_end_matches('^').to_owned()
}

fn address(address: &Address) -> String {
    let zip = match address.zip.split_at_checked(5) {
        Some((five, four)) if !four.is_empty() => format!("{five}-{four}"),
        _ => address.zip.clone(),
    };
    let text =
        format!("{}^{}^{}^{}^{zip}", esc(&address.line1), esc(&address.line2), esc(&address.city), address.state);
    text.trim_end_matches('^').to_owned()
}

fn date(day: Option<Day>) -> String {
    day.map(Day::compact).unwrap_or_default()
}

fn pid(visit: &Visit, standard: bool) -> String {
    let mrn = if standard { format!("{}^^^CEDAR^MR", visit.mrn) } else { format!("{}^^^HARBOR", visit.mrn) };
    let patient = &visit.patient;
    let pid = Segment::new("PID")
        .set(1, "1")
        .set(3, mrn)
        .set(5, name(patient))
        .set(7, date(patient.born))
        .set(8, patient.sex);
    pid.set(11, address(&patient.address)).set(18, &visit.number).text()
}

fn pv1(visit: &Visit, standard: bool, time: &str) -> String {
    let pv1 = Segment::new("PV1").set(1, "1").set(2, "O").set(3, esc(&visit.location)).set(7, xcn(visit));
    // The older system has the visit number in PID-18 only.
    // PV1-44 is when the patient came, which may be days before the message.
    let came = visit.appointments.first().map(|slot| {
        format!("{}{:02}{:02}", slot.date_after(slot.news.len()).compact(), slot.minute / 60, slot.minute % 60)
    });
    let came = came.unwrap_or_else(|| time.to_owned());
    if standard { pv1.set(19, &visit.number).set(44, came).text() } else { pv1.text() }
}

fn xcn(visit: &Visit) -> String {
    let who = &visit.rendering;
    if who.npi.is_empty() {
        format!("{}^{}^{}", who.local, esc(&who.last), esc(&who.first))
    } else {
        format!("{}^{}^{}^^^^^^^^^^NPI", who.npi, esc(&who.last), esc(&who.first))
    }
}

fn dg1(at: usize, code: &str, standard: bool) -> String {
    let dg1 = Segment::new("DG1").set(1, at.to_string()).set(6, "F").set(15, at.to_string());
    if standard {
        dg1.set(3, format!("{}^^I10C", esc(code))).text()
    } else {
        dg1.set(2, "I10").set(3, esc(code)).text()
    }
}

fn in1(at: usize, coverage: &Coverage, visit: &Visit) -> String {
    let relation = match visit.relation {
        Relation::Itself => "SEL",
        Relation::Spouse => "SPO",
        Relation::Child => "CHD",
    };
    let who = &visit.subscriber;
    // Half of the systems' payer tables have the electronic id, the others only their own short name.
    let id = if coverage.member.len().is_multiple_of(2) { &coverage.payer } else { &coverage.alias };
    let in1 = Segment::new("IN1")
        .set(1, at.to_string())
        .set(2, esc(&coverage.alias))
        .set(3, esc(id))
        .set(4, esc(&coverage.name));
    let in1 = in1
        .set(8, &coverage.group)
        .set(16, name(who))
        .set(17, relation)
        .set(18, date(who.born))
        .set(19, address(&who.address));
    in1.set(22, at.to_string()).set(36, &coverage.member).set(43, who.sex).text()
}

/// FT1, and ZFT where the site has one.
fn ft1(set: usize, action: &Action, visit: &Visit, standard: bool, posted: Day) -> Vec<String> {
    let (charge, kind, id, reverses, sign) = match action {
        Action::New(charge) => (charge, "CG", &charge.id, "", 1),
        Action::Replace(charge) => (charge, "AJ", &charge.id, "", 1),
        Action::Credit { charge, by: By::SameId, negative, .. } => {
            (charge, "CD", &charge.id, "", if *negative { -1 } else { 1 })
        }
        Action::Credit { charge, by, own_id, negative } => {
            let reverses = if *by == By::Reference { charge.id.as_str() } else { "" };
            (charge, "CD", own_id, reverses, if *negative { -1 } else { 1 })
        }
    };
    let amount = money(sign * charge.amount);
    let unit = charge.unit_price.map(|price| money(sign * price)).unwrap_or_default();
    let units = charge.units.to_string();
    let pointed = charge.pointers.iter().filter_map(|at| visit.diagnoses.get(*at));
    let pointed = pointed
        .map(|code| if standard { format!("{}^^I10C", esc(code)) } else { esc(code) })
        .collect::<Vec<_>>()
        .join("~");
    let ft1 = Segment::new("FT1").set(1, set.to_string()).set(2, id);
    if !standard {
        let ft1 = ft1
            .set(3, charge.date.compact())
            .set(5, kind)
            .set(6, charge.local_code.map_or_else(|| code(charge), str::to_owned))
            .set(8, units)
            .set(11, amount)
            .set(12, unit);
        let ft1 = ft1.set(17, xcn(visit)).set(19, pointed).text();
        return [ft1].into_iter().chain(zft(charge, Some(charge.modifiers.join("~")))).collect();
    }
    let (local, code) = match charge.local_code {
        Some(local) => (local.to_owned(), String::new()),
        None => (code(charge), code(charge)),
    };
    let ft1 = ft1
        .set(4, charge.date.compact())
        .set(5, posted.compact())
        .set(6, kind)
        .set(7, local)
        .set(10, units)
        .set(11, amount);
    let ft1 = ft1.set(12, unit).set(16, esc(&visit.location)).set(19, pointed).set(20, xcn(visit)).set(25, code);
    let ft1 = ft1.set(26, charge.modifiers.join("~")).set(31, reverses);
    let ft1 = if let Some(drug) = &charge.drug { ft1.set(29, drug.ndc) } else { ft1 };
    [ft1.text()].into_iter().chain(zft(charge, None)).collect()
}

/// Code with its system, as in HL7 table 0396.
fn code(charge: &Charge) -> String {
    let system = if charge.code.starts_with(|c: char| c.is_ascii_digit()) { "C4" } else { "HCPCS" };
    format!("{}^^{system}", esc(&charge.code))
}

/// Standard site: ZFT-1 quantity and ZFT-2 unit of a drug. Shifted site: ZFT-1 modifiers, ZFT-2 NDC, ZFT-3 and ZFT-4.
fn zft(charge: &Charge, modifiers: Option<String>) -> Option<String> {
    let mut fields: Vec<String> = Vec::new();
    let shifted = modifiers.is_some();
    fields.extend(modifiers);
    if let Some(drug) = &charge.drug {
        fields.extend(shifted.then(|| drug.ndc.to_owned()));
        fields.extend([quantity(drug.quantity), drug.unit.to_owned()]);
    }
    let filled = fields.iter().any(|field| !field.is_empty());
    filled.then(|| format!("ZFT|{}", fields.join("|")))
}

/// A payment at the desk (FT1-6 PY): no charge, to be ignored.
fn desk_payment(set: usize, visit: &Visit, posted: Day, count: i64) -> String {
    let ft1 = Segment::new("FT1")
        .set(1, set.to_string())
        .set(2, format!("P{count:06}"))
        .set(4, posted.compact())
        .set(6, "PY");
    ft1.set(7, "COPAY").set(10, "1").set(11, money(-visit.paid_at_desk)).text()
}
