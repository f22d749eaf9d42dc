//! Appointments: what a practice's scheduling says of the visits that somebody should charge for.
//!
//! Two practices send scheduling messages (`siu.rs`), two export the day's changes as CSV, which is written here. Every
//! visit has an appointment, except one that is another visit billed a second time.

use crate::csv::{header, line};
use crate::date::Day;
use crate::feed::Today;
use crate::model::{Practice, Visit};

/// What is told of an appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It is in the calendar.
    Booked,
    /// The patient was seen.
    Completed,
    /// It was called off.
    Cancelled,
    /// The patient did not come.
    NoShow,
    /// It is on another day now.
    Moved(Day),
}

/// One slot of the calendar. Its patient is the visit's.
#[derive(Debug, Clone, PartialEq)]
pub struct Appointment {
    /// Appointment id.
    pub id: String,
    /// Visit number as the schedule knows it; empty where it knows none.
    pub visit: String,
    /// Day of the visit, as booked.
    pub date: Day,
    /// Minute of the day.
    pub minute: i64,
    /// Visit type in the practice's own words.
    pub kind: &'static str,
    /// Local id of the doctor.
    pub doctor: String,
    /// Day of the run and what is told on it, in order.
    pub news: Vec<(i64, News)>,
}

/// A visit type that nobody charges for: profile key `no_charge_visit_types`.
pub const FREE_KIND: &str = "POSTOP";

impl Appointment {
    /// The date after the first `count` pieces of news.
    pub fn date_after(&self, count: usize) -> Day {
        let mut moved = self.news.iter().take(count).filter_map(|(_, news)| match news {
            News::Moved(date) => Some(*date),
            _ => None,
        });
        moved.next_back().unwrap_or(self.date)
    }
}

/// News of one day with its appointment and visit; the last is the position of the news.
pub fn of_day(practice: &Practice, day: i64) -> Vec<(&Visit, &Appointment, usize)> {
    let mut told = Vec::new();
    for visit in &practice.visits {
        for appointment in &visit.appointments {
            let news = appointment.news.iter().enumerate().filter(|(_, (on, _))| *on == day);
            told.extend(news.map(|(at, _)| (visit, appointment, at)));
        }
    }
    told
}

/// Columns of a schedule export.
#[rustfmt::skip] // a table
pub const COLUMNS: &[&str] = &[
    "Appt ID", "Visit ID", "Status", "Updated", "Date", "Time", "Visit Type", "Provider ID", "Patient ID", "Patient Last",
    "Patient First", "Patient DOB", "Moved To", "Reason",
];

/// The export of one day: a row for each piece of news. None on a day without any.
pub fn csv(today: &Today<'_>, day: i64) -> Option<(String, String)> {
    let rows: String =
        of_day(today.practice, day).into_iter().map(|(visit, slot, at)| row(today, visit, slot, at)).collect();
    let name = format!("schedule-r{}-{}.csv", today.run, today.date.compact());
    (!rows.is_empty()).then(|| (name, header(COLUMNS) + &rows))
}

/// A moved appointment is two here: the old one says where it went, the new one has an id of its own.
fn row(today: &Today<'_>, visit: &Visit, slot: &Appointment, at: usize) -> String {
    let Some((_, news)) = slot.news.get(at) else { return String::new() };
    let moved = slot.news.iter().take(at).any(|(_, news)| matches!(news, News::Moved(_)));
    let (old, new) = (slot.id.clone(), format!("{}R", slot.id));
    let id = if moved { &new } else { &old };
    let cells = |id: &str, status: &str, date: Day, moved_to: &str, reason: &str| {
        let who = &visit.patient;
        let updated = format!("{} {:02}:{:02}", today.date.us(), 7 + at, slot.minute % 60);
        let time = format!("{:02}:{:02}", slot.minute / 60, slot.minute % 60);
        let born = who.born.map(Day::us).unwrap_or_default();
        let texts = [id, &slot.visit, status, &updated, &date.us(), &time, slot.kind, &slot.doctor, &visit.mrn];
        let texts = texts.into_iter().chain([who.last.as_str(), &who.first, &born, moved_to, reason]);
        line(&texts.map(str::to_owned).collect::<Vec<_>>())
    };
    let date = slot.date_after(at);
    match news {
        News::Booked => cells(id, "Scheduled", date, "", ""),
        News::Completed => cells(id, "Completed", date, "", ""),
        News::Cancelled => cells(id, "Cancelled", date, "", "patient called"),
        News::NoShow => cells(id, "No Show", date, "", ""),
        News::Moved(to) => cells(&old, "Rescheduled", date, &new, "") + &cells(&new, "Scheduled", *to, "", ""),
    }
}
