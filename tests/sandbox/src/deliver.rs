//! Files in and out: new 837s and 270s, answers put in place (`.part`, sync, rename), and accepted.ndjson.

use crate::journal::{Event, Journal, Life, State};
use crate::turn::Settings;
use anyhow::{Context, Result};
use serde_json::json;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

/// Length and time of files known to be answered, so that a watch does not read them again.
pub type Known = HashMap<String, (u64, Option<SystemTime>)>;

/// New or changed 837s and 270s of transport/out, by name.
pub fn new_files(settings: &Settings, known: &mut Known) -> Result<Vec<(String, Vec<u8>)>> {
    let folder = settings.transport.join("out");
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(&folder) else {
        return Ok(found);
    };
    for entry in entries {
        let entry = entry.context("transport/out: cannot list")?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') || !(name.ends_with(".837") || name.ends_with(".270")) {
            continue;
        }
        let Ok(data) = entry.metadata() else { continue };
        let mark = (data.len(), data.modified().ok());
        if !data.is_file() || known.get(&name) == Some(&mark) {
            continue;
        }
        let Ok(bytes) = fs::read(entry.path()) else {
            continue;
        };
        known.insert(name.clone(), mark);
        found.push((name, bytes));
    }
    found.sort();
    Ok(found)
}

/// Puts the released answers of the last commits in place, in order. Returns how many.
pub fn deliver(settings: &Settings, journal: &mut Journal, state: &mut State) -> Result<usize> {
    if state.undelivered.is_empty() {
        return Ok(0);
    }
    let folder = settings.transport.join("in");
    fs::create_dir_all(&folder).context("transport/in: cannot create")?;
    let texts: HashMap<&str, &str> = state.answers.iter().map(|a| (a.name.as_str(), a.text.as_str())).collect();
    for name in &state.undelivered {
        part(&folder, name, texts.get(name.as_str()).unwrap_or(&"").as_bytes())?;
    }
    for name in &state.undelivered {
        fs::rename(folder.join(format!("{name}.part")), folder.join(name)).context("transport/in: cannot rename")?;
    }
    File::open(&folder).and_then(|folder| folder.sync_all()).context("transport/in: cannot sync")?;
    let count = state.undelivered.len();
    let event = Event::Delivered { turn: state.turn };
    journal.append(std::slice::from_ref(&event))?;
    state.apply(&event);
    Ok(count)
}

fn part(folder: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    let mut file = File::create(folder.join(format!("{name}.part"))).context("answer: cannot create")?;
    file.write_all(bytes).context("answer: cannot write")?;
    file.sync_all().context("answer: cannot sync")
}

/// Writes accepted.ndjson: one service line of every claim a payer took from the practice (no crossovers).
pub fn write_services(settings: &Settings, state: &State) -> Result<()> {
    let mut text = String::new();
    for entry in state.order.iter().filter_map(|icn| state.entries.get(icn)) {
        // A void carries the services it takes back; they are listed with the claim it names.
        if entry.parent.is_some() || entry.adjudication.is_none() {
            continue;
        }
        let claim = &entry.claim;
        let life: Life = entry.life;
        for line in &claim.lines {
            let row = json!({
                "last": claim.patient.last, "first": claim.patient.first, "birth_date": claim.patient.birth_date,
                "service_date": line.date, "code": line.code, "modifiers": line.modifiers, "units": line.units,
                "charge": line.charge, "clm01": claim.number, "payee": claim.payee(), "payer": claim.payer,
                "responsibility": claim.responsibility, "state": life,
            });
            text.push_str(&row.to_string());
            text.push('\n');
        }
    }
    let name = "accepted.ndjson";
    part(&settings.state, name, text.as_bytes())?;
    fs::rename(settings.state.join(format!("{name}.part")), settings.state.join(name))
        .context("accepted.ndjson: cannot rename")
}
