//! What the four writers share: a run's folders, the order in which a system sends, and files.

use crate::build::{DAYS, World};
use crate::date::Day;
use crate::kinds::Format;
use crate::model::{Practice, Step, Visit};
use crate::{csv, hl7, schedule, siu, x12};

/// One file of a day: path below DIR and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path with `/`.
    pub path: String,
    /// Content.
    pub text: String,
}

/// One step with its visit; `at` is the position of the step in the visit.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// The visit.
    pub visit: &'a Visit,
    /// The step.
    pub step: &'a Step,
    /// Position in `visit.steps`.
    pub at: usize,
}

/// Everything that writes one practice's day.
#[derive(Debug)]
pub struct Today<'a> {
    /// The practice.
    pub practice: &'a Practice,
    /// Its date.
    pub date: Day,
    /// Run number.
    pub run: u32,
    /// Steps of the day in the order they are sent: first those for the day's main file, then those alone.
    pub sent: Vec<Sent<'a>>,
}

/// All feed files of a run, without `days.json`.
pub fn files(world: &World, run: u32) -> Vec<File> {
    let mut files = Vec::new();
    for practice in &world.practices {
        // Counters run on over the days: message order, CSV sequence, control numbers.
        let mut count = 0;
        for day in 1..=DAYS {
            let today = Today { practice, date: world.start.plus(day - 1), run, sent: sent(practice, day) };
            let folder = format!("feeds/run-{run}/day-{day}/{}", practice.id);
            let mut put = |name: String, text: String| files.push(File { path: format!("{folder}/{name}"), text });
            let schedule = match practice.format {
                Format::Hl7 | Format::Shifted => siu::day(&today, day, &mut count),
                Format::Csv | Format::X12 => {
                    schedule::csv(&today, day).map(|(name, text)| (format!("schedule/{name}"), text))
                }
            };
            schedule.into_iter().for_each(|(name, text)| put(name, text));
            if today.sent.is_empty() {
                continue;
            }
            let written = match practice.format {
                Format::Hl7 | Format::Shifted => hl7::day(&today, &mut count),
                Format::Csv => csv::day(&today, &mut count),
                Format::X12 => x12::day(&today, &mut count),
            };
            written.into_iter().for_each(|(name, text)| put(name, text));
        }
    }
    files
}

/// Steps interleave as in a clinic: everybody's first step of the day, then everybody's second.
fn sent(practice: &Practice, day: i64) -> Vec<Sent<'_>> {
    let mut all: Vec<(bool, usize, Sent<'_>)> = Vec::new();
    for visit in &practice.visits {
        let of_day = visit.steps.iter().enumerate().filter(|(_, step)| step.day == day);
        // What follows a step in a file of its own is sent after that file.
        let mut alone = false;
        for (rank, (at, step)) in of_day.enumerate() {
            alone |= step.alone;
            all.push((alone, rank, Sent { visit, step, at }));
        }
    }
    all.sort_by_key(|(alone, rank, _)| (*alone, *rank));
    all.into_iter().map(|(.., sent)| sent).collect()
}

/// Splits the day's steps into the main file's and the rest.
pub fn main_and_alone<'a>(sent: &[Sent<'a>]) -> (Vec<Sent<'a>>, Vec<Sent<'a>>) {
    let mut seen: Vec<&str> = Vec::new();
    sent.iter().partition(|sent| {
        if sent.step.alone {
            seen.push(&sent.visit.number);
        }
        !seen.contains(&sent.visit.number.as_str())
    })
}

/// `days.json`
pub fn days(world: &World) -> String {
    let day = |day: i64| serde_json::json!({ "day": day, "as_of": world.start.plus(day - 1).iso() });
    format!("{:#}\n", serde_json::Value::Array((1..=DAYS).map(day).collect()))
}
