//! One row of a schedule to one expected visit.
//!
//! Rows of one appointment id are one visit; where several files or rows tell of it, `sequence` or `updated` says which
//! is the newest. A site whose files are whole exports without either says `newest = "file"`: then the day a file was
//! received decides.

use std::collections::BTreeMap;

use claimhost_sdk::claim::{Date, DateTime};
use claimhost_sdk::delimited::DateFormat;
use claimhost_sdk::hl7;
use claimhost_sdk::intake::{Attendance, ExpectedVisit, Outcome, SourceOrder};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::record::Reader;

use crate::columns::Cells;

/// Words of the status column. A site adds its own under `[statuses]`.
const STATUSES: &[(&str, &str)] = &[
    ("", "booked"),
    ("SCHEDULED", "booked"),
    ("BOOKED", "booked"),
    ("CONFIRMED", "booked"),
    ("PENDING", "booked"),
    ("ARRIVED", "arrived"),
    ("CHECKED IN", "arrived"),
    ("CHECKED OUT", "fulfilled"),
    ("COMPLETE", "fulfilled"),
    ("COMPLETED", "fulfilled"),
    ("SEEN", "fulfilled"),
    ("CANCELLED", "cancelled"),
    ("CANCELED", "cancelled"),
    ("NO SHOW", "no-show"),
    ("NO-SHOW", "no-show"),
    ("NOSHOW", "no-show"),
    ("NO CHARGE", "no-charge"),
    ("MOVED", "moved"),
    ("RESCHEDULED", "moved"),
];

/// How this site's schedule is read.
#[derive(Debug)]
pub struct Appointments {
    statuses: BTreeMap<String, Option<Attendance>>,
    /// The day a file was received is its order.
    newest_by_file: bool,
}

/// One row while it is read.
type Row<'r> = Reader<'r, Cells<'r>>;

impl Appointments {
    /// Reads `newest` and `[statuses]`.
    pub fn read(mapping: &mut Mapping<'_>) -> Self {
        let newest = mapping.text("newest", "column");
        if !matches!(newest.as_str(), "column" | "file") {
            mapping.problem("newest", "mapping.newest", &format!("`{newest}`"), "column or file");
        }
        Self { statuses: hl7::attendances(mapping, "statuses", STATUSES), newest_by_file: newest == "file" }
    }

    /// One row.
    pub fn translate(&self, source_system: &str, cells: &Cells<'_>, dates: &DateFormat, received: Date) -> Outcome {
        let mut row = Row::new(cells, dates);
        let patient = row.patient();
        let (appointment_id, visit_number) = (row.text("appointment"), row.text("visit"));
        let named = !patient.ids.is_empty() || !patient.name.last.is_empty();
        if !named {
            row.problem("patient_mrn", "no-patient", "a patient id, or a last name");
        }
        let status = self.statuses.get(&row.text("status").to_uppercase()).copied();
        if status.is_none() {
            row.problem("status", "appointment-status", "a status that [statuses] of this site's mapping knows");
        }
        let start = start(&mut row);
        if start.is_none() && cells.text("date").is_empty() {
            row.problem("date", "no-start", "the day of the visit");
        }
        let order = self.order(&mut row, received);
        if !row.problems.is_empty() {
            return Outcome::Rejected(row.problems);
        }
        let told = ExpectedVisit {
            source_system: source_system.to_owned(),
            visit_number,
            appointment_id,
            order,
            patient,
            start,
            provider: row.provider("provider_npi", "provider_id"),
            location: row.text("location"),
            visit_type: row.text("visit_type"),
            status: status.flatten(),
            moved_to: row.text("moved_to"),
            reason: row.text("reason"),
        };
        Outcome::Events(vec![told.into()])
    }

    fn order(&self, row: &mut Row<'_>, received: Date) -> SourceOrder {
        let sequence = row.text("sequence");
        let number = sequence.parse().ok();
        if number.is_none() && !sequence.is_empty() {
            row.problem("sequence", "sequence", "a whole number");
        }
        let event_time = match when(row, "updated") {
            Some(at) => stamp(at),
            None if self.newest_by_file => stamp(DateTime { day: received, hour: 0, minute: 0 }),
            None => String::new(),
        };
        SourceOrder { sequence: number, event_time }
    }
}

fn stamp(at: DateTime) -> String {
    format!("{:04}{:02}{:02}{:02}{:02}00000000", at.day.year, at.day.month, at.day.day, at.hour, at.minute)
}

/// Day and time, in two columns or in the day's.
fn start(row: &mut Row<'_>) -> Option<DateTime> {
    let mut start = when(row, "date")?;
    let time = row.text("time");
    if !time.is_empty() {
        match clock(&time) {
            Some((hour, minute)) => (start.hour, start.minute) = (hour, minute),
            None => row.problem("time", "time", "a time such as 14:30 or 2:30 PM"),
        }
    }
    Some(start)
}

/// `03/02/2026`, `03/02/2026 14:30`, `2026-03-02T14:30`.
fn when(row: &mut Row<'_>, key: &str) -> Option<DateTime> {
    let text = row.text(key);
    if text.is_empty() {
        return None;
    }
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((&text, ""));
    let read = row.dates.day(day).and_then(|day| {
        let (hour, minute) = if time.trim().is_empty() { (0, 0) } else { clock(time)? };
        Some(DateTime { day, hour, minute })
    });
    if read.is_none() {
        row.problem(key, "date", "a day as date_format in this site's mapping says, with or without a time");
    }
    read
}

/// `14:30`, `14:30:00`, `1430`, `2:30 PM`, `2 pm`.
fn clock(text: &str) -> Option<(u8, u8)> {
    let text = text.trim().to_ascii_uppercase();
    let (digits, afternoon) = match text.trim_end_matches('M') {
        rest if rest.len() == text.len() => (rest, None),
        rest => match (rest.strip_suffix('A'), rest.strip_suffix('P')) {
            (Some(rest), _) => (rest, Some(false)),
            (_, Some(rest)) => (rest, Some(true)),
            _ => return None,
        },
    };
    let digits = digits.trim();
    let (hour, minute) = match digits.split_once(':') {
        Some((hour, rest)) => (hour, rest.split_once(':').map_or(rest, |(minute, _)| minute)),
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None if afternoon.is_some() => (digits, "00"),
        None => return None,
    };
    let plain = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(hour) || !plain(minute) || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match afternoon {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(false) => hour % 12,
        Some(true) => hour % 12 + 12,
    };
    (hour < 24 && minute < 60).then_some((hour, minute))
}

#[cfg(test)]
mod tests {
    use super::clock;

    #[test]
    fn times_as_people_write_them() {
        for (text, time) in [
            ("14:30", (14, 30)),
            ("9:05", (9, 5)),
            ("14:30:59", (14, 30)),
            ("1430", (14, 30)),
            ("2:30 PM", (14, 30)),
            ("12:15am", (0, 15)),
            ("12 PM", (12, 0)),
        ] {
            assert_eq!(clock(text), Some(time), "{text}");
        }
        for text in ["", "24:00", "14:60", "13:00 PM", "0:30 AM", "9", "9:5", "noon", "M", "1:2:3:4M"] {
            assert_eq!(clock(text), None, "{text}");
        }
    }
}
