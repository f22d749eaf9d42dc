//! Simulates four practices and their systems for the demo and the end-to-end tests: their feeds, their profiles, the
//! payers' fee schedules, and the answer: where each visit and each cent has to end.
//!
//! It shares no code with the host, the SDK or the sandbox, so that one mistake cannot be made in both.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod again;
mod answer;
mod build;
mod catalog;
mod crosswalk;
mod csv;
mod date;
mod defects;
mod draft;
mod feed;
mod handoff;
mod hl7;
mod kinds;
mod model;
mod payers;
mod profile;
mod rng;
mod roster;
mod schedule;
mod seeded;
mod siu;
mod tables;
#[cfg(test)]
mod tests;
mod x12;

use anyhow::{Context, bail};
use date::Day;
use feed::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The command line.
#[derive(Debug)]
struct Options {
    dir: PathBuf,
    seed: u64,
    run: u32,
    start: Day,
}

const USAGE: &str = "\
Writes the practices' side of a demo directory.

Usage: claimhost-practices --dir DIR --seed N [--run K] [--start YYYY-MM-DD]

  --dir DIR     the demo directory; made when missing
  --seed N      the same seed writes the same world
  --run K       the same charges under new message ids, file names and control numbers [default: 1]
  --start DATE  the first day [default: 2026-03-02]
  -h, --help    this text

Writes DIR/practices/*/{profile,mapping,schedule}.toml, {roster,fees,crosswalk}.csv, DIR/codes/*, DIR/payers.toml, DIR/answer.ndjson,
DIR/feeds/run-K/days.json, DIR/feeds/run-K/day-D/PRACTICE/* and, where a schedule is exported, PRACTICE/schedule/*.

Kinds of visits (per thousand; at least one in each practice whose format can say it):
";

fn help() -> String {
    let mut text = USAGE.to_owned();
    for row in kinds::TABLE {
        let rate = if row.rate == 0 { "rest".to_owned() } else { row.rate.to_string() };
        text += &format!("  {:<28} {rate:>4}  {:<8} {}\n", row.name, row.end.name(), row.what);
    }
    text
}

/// Reads the arguments; nothing when help was asked for.
fn options(arguments: impl Iterator<Item = String>) -> anyhow::Result<Option<Options>> {
    let (mut dir, mut seed, mut run, mut start) = (None, None, 1, Day::from_ymd(2026, 3, 2));
    let mut arguments = arguments.peekable();
    while let Some(name) = arguments.next() {
        if ["-h", "--help"].contains(&name.as_str()) {
            return Ok(None);
        }
        let mut value = || arguments.next().with_context(|| format!("{name}: expected a value; see --help"));
        match name.as_str() {
            "--dir" => dir = Some(PathBuf::from(value()?)),
            "--seed" => seed = Some(value()?.parse().context("--seed: expected a whole number")?),
            "--run" => {
                run = value()?.parse().ok().filter(|run| (1..=99).contains(run)).context("--run: expected 1 to 99")?
            }
            "--start" => start = Day::parse(&value()?).context("--start: expected a date as 2026-03-02")?,
            _ => bail!("unknown argument {name}; see --help"),
        }
    }
    let (dir, seed) = (dir.context("--dir is missing; see --help")?, seed.context("--seed is missing; see --help")?);
    Ok(Some(Options { dir, seed, run, start }))
}

/// The folders of all days of a run, also of days on which a practice sends nothing.
fn make_days(dir: &Path, run: u32) -> anyhow::Result<()> {
    for day in 1..=build::DAYS {
        let folder = dir.join(format!("feeds/run-{run}/day-{day}"));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    Ok(())
}

/// Every file of a run, by path below the directory.
fn files(seed: u64, run: u32, start: Day) -> anyhow::Result<Vec<File>> {
    let world = build::world(seed, start);
    let mut files = feed::files(&world, run);
    files.push(File { path: format!("feeds/run-{run}/days.json"), text: feed::days(&world) });
    for practice in &world.practices {
        let folder = format!("practices/{}", practice.id);
        files
            .push(File { path: format!("{folder}/profile.toml"), text: toml::to_string(&profile::profile(practice))? });
        files.push(File { path: format!("{folder}/mapping.toml"), text: profile::mapping(practice) });
        files.extend(
            profile::schedule_mapping(practice).map(|text| File { path: format!("{folder}/schedule.toml"), text }),
        );
        files.push(File { path: format!("{folder}/roster.csv"), text: roster::csv(practice) });
        files.push(File { path: format!("{folder}/fees.csv"), text: crosswalk::fees(practice, start) });
        files.push(File { path: format!("{folder}/crosswalk.csv"), text: crosswalk::csv(start) });
    }
    files.extend(tables::files(start));
    files.push(File { path: "payers.toml".to_owned(), text: toml::to_string(&world.schedules)? });
    let mut answer = String::new();
    for row in answer::rows(&world) {
        answer += &serde_json::to_string(&row)?;
        answer.push('\n');
    }
    files.push(File { path: "answer.ndjson".to_owned(), text: answer });
    Ok(files)
}

fn write(dir: &Path, files: &[File]) -> anyhow::Result<()> {
    for file in files {
        let path = dir.join(&file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    match options(std::env::args().skip(1))? {
        None => std::io::stdout().write_all(help().as_bytes())?,
        Some(options) => {
            make_days(&options.dir, options.run)?;
            write(&options.dir, &files(options.seed, options.run, options.start)?)?;
        }
    }
    Ok(())
}
