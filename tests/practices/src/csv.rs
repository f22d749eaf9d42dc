//! The CSV superbill: one row per charge line, and a patient list that is joined on `Patient ID`.

use crate::date::Day;
use crate::feed::{Sent, Today, main_and_alone};
use crate::model::{Action, Charge, Relation, Visit, money, quantity};

/// Columns of the charge file.
#[rustfmt::skip] // a table
pub const CHARGE_COLUMNS: &[&str] = &[
    "Visit ID", "Line ID", "Action", "Status", "Seq", "Patient ID", "Service Date", "Procedure", "Units", "Unit Price", "Charge", "Dx1",
    "Dx2", "Dx3", "Dx4", "Pointers", "Rendering NPI", "Rendering ID", "Location", "POS", "NDC", "NDC Qty", "NDC Unit",
];

/// Columns of the patient list.
#[rustfmt::skip] // a table
pub const PATIENT_COLUMNS: &[&str] = &[
    "Patient ID", "Last", "First", "Middle", "DOB", "Sex", "Address 1", "Address 2", "City", "State", "Zip", "Payer", "Member ID", "Group",
    "Relationship", "Sub Last", "Sub First", "Sub DOB", "Sub Sex", "Payer 2", "Member ID 2", "Relationship 2",
];

/// One row.
pub fn line(fields: &[String]) -> String {
    let quoted = fields.iter().map(|field| {
        if field.contains([',', '"', '\n']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.clone() }
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

/// The header row.
pub fn header(columns: &[&str]) -> String {
    line(&columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>())
}

/// The files of one day. Rows that repeat or stand alone come in a second charge file.
pub fn day(today: &Today<'_>, count: &mut i64) -> Vec<(String, String)> {
    let (main, alone) = main_and_alone(&today.sent);
    let stem = format!("r{}-{}", today.run, today.date.compact());
    let mut files = vec![(format!("patients-{stem}.csv"), patients(&today.sent))];
    for (steps, name) in [(main, format!("charges-{stem}.csv")), (alone, format!("charges-{stem}-b.csv"))] {
        let rows: String = steps.iter().map(|sent| rows(sent, count)).collect();
        if !rows.is_empty() {
            files.push((name, header(CHARGE_COLUMNS) + &rows));
        }
    }
    files
}

fn patients(sent: &[Sent<'_>]) -> String {
    let mut text = header(PATIENT_COLUMNS);
    let mut seen: Vec<&str> = Vec::new();
    for visit in sent.iter().map(|sent| sent.visit) {
        if !seen.contains(&visit.mrn.as_str()) {
            seen.push(&visit.mrn);
            text += &patient(visit);
        }
    }
    text
}

fn us(day: Option<Day>) -> String {
    day.map(Day::us).unwrap_or_default()
}

fn patient(visit: &Visit) -> String {
    let (who, home) = (&visit.patient, &visit.patient.address);
    let relation = match visit.relation {
        Relation::Itself => "Self",
        Relation::Spouse => "Spouse",
        Relation::Child => "Child",
    };
    let mut fields: Vec<String> =
        vec![visit.mrn.clone(), who.last.clone(), who.first.clone(), who.middle.clone(), us(who.born)];
    fields.extend([
        who.sex.to_owned(),
        home.line1.clone(),
        home.line2.clone(),
        home.city.clone(),
        home.state.clone(),
        zip(&home.zip),
    ]);
    if let Some(first) = visit.coverages.first() {
        fields.extend([first.alias.clone(), first.member.clone(), first.group.clone(), relation.to_owned()]);
    }
    // The system leaves the subscriber out where it is the patient.
    let other = Some(&visit.subscriber).filter(|_| visit.relation != Relation::Itself);
    fields.extend(match other {
        Some(other) => [other.last.clone(), other.first.clone(), us(other.born), other.sex.to_owned()],
        None => Default::default(),
    });
    fields.extend(match visit.coverages.get(1) {
        Some(second) => [second.alias.clone(), second.member.clone(), relation.to_owned()],
        None => Default::default(),
    });
    line(&fields)
}

fn zip(digits: &str) -> String {
    match digits.split_at_checked(5) {
        Some((five, four)) if !four.is_empty() => format!("{five}-{four}"),
        _ => digits.to_owned(),
    }
}

fn rows(sent: &Sent<'_>, count: &mut i64) -> String {
    let mut text = String::new();
    for action in &sent.step.actions {
        *count += 1;
        let (charge, action, sign) = match action {
            Action::New(charge) => (charge, if charge.id.ends_with('3') { "new" } else { "" }, 1),
            Action::Replace(charge) => (charge, "replace", 1),
            Action::Credit { charge, negative, .. } => (charge, "credit", if *negative { -1 } else { 1 }),
        };
        let status = if sent.visit.closed_by(sent.step.day) { "closed" } else { "" };
        text += &row(sent.visit, charge, [action, status], *count, sign);
    }
    text
}

fn dollars(cents: i64) -> String {
    let text = money(cents);
    text.strip_prefix('-').map_or_else(|| format!("${text}"), |positive| format!("-${positive}"))
}

fn row(visit: &Visit, charge: &Charge, [action, status]: [&str; 2], sequence: i64, sign: i64) -> String {
    let code = charge.local_code.map_or_else(|| charge.code.clone(), str::to_owned);
    let procedure = [&code].into_iter().chain(&charge.modifiers).cloned().collect::<Vec<_>>().join("-");
    let mut fields =
        vec![visit.number.clone(), charge.id.clone(), action.to_owned(), status.to_owned(), sequence.to_string()];
    fields.extend([visit.mrn.clone(), charge.date.us(), procedure, charge.units.to_string()]);
    fields.extend([
        charge.unit_price.map(|price| dollars(sign * price)).unwrap_or_default(),
        dollars(sign * charge.amount),
    ]);
    fields.extend((0..4).map(|at| visit.diagnoses.get(at).cloned().unwrap_or_default()));
    let letters = charge.pointers.iter().filter_map(|at| ["A", "B", "C", "D", "E"].get(*at).copied());
    fields.push(letters.collect::<Vec<_>>().join(","));
    fields.extend([visit.rendering.npi.clone(), visit.rendering.local.clone(), visit.location.clone()]);
    fields.push(if visit.sends_pos { visit.pos.clone() } else { String::new() });
    fields.extend(match &charge.drug {
        Some(drug) => [drug.ndc.to_owned(), quantity(drug.quantity), drug.unit.to_owned()],
        None => Default::default(),
    });
    line(&fields)
}
