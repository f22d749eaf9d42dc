//! The append-only journal and the state folded from it.
//!
//! A turn is written as a run of events that ends in `commit`, and is synced before any answer appears. A run
//! without its commit never happened: it is cut off at the next start. An answer that was released but has no
//! `delivered` is written again from its stored text, so a kill at any point leaves the same files.

use crate::adjudicate::Adjudication;
use crate::claim::Claim;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Money movement of one claim in a remittance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// First payment.
    Pay,
    /// Reversal (CLP02 22).
    Reverse,
    /// Payment after a reversal that the payer made by itself.
    PayAgain,
}

/// A file for transport/in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// File name; unique.
    pub name: String,
    /// ISA13.
    pub control: u32,
    /// Turn that made it.
    pub turn: u32,
    /// Date of that turn.
    pub as_of: String,
    /// Held for two turns or until the date is later.
    pub late: bool,
    /// Held for so many turns more.
    pub extra: u32,
    /// A whole 835 that `--redeliver` repeats.
    pub repeatable: bool,
    /// Content.
    pub text: String,
}

impl Answer {
    /// True when the answer may appear in this turn.
    pub fn is_due(&self, turn: u32, as_of: &str) -> bool {
        let wait = if self.late { 2 } else { 0 };
        turn >= self.turn + wait + self.extra
            || (self.late && as_of > self.as_of.as_str() && turn > self.turn + self.extra)
    }
}

/// One line of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// An answered file.
    File { name: String, sender: String, control: String, fingerprint: String, accepted: bool },
    /// A claim was sent once: reject faults leave it alone from now on.
    Seen { keys: Vec<String> },
    /// An accepted claim. Without adjudication it is a void.
    Claim {
        icn: String,
        claim: Box<Claim>,
        adjudication: Option<Adjudication>,
        replaces: Option<String>,
        parent: Option<String>,
    },
    /// A movement to make in a later turn.
    Due { icn: String, turn: u32, movement: Movement },
    /// All later movements of the claim are cancelled.
    Dropped { icn: String },
    /// A movement was put into a remittance.
    Moved { icn: String, movement: Movement },
    /// What a payee owes a payer (PLB FB), cents.
    Balance { payer: String, payee: String, cents: i64 },
    /// A file to deliver.
    Answer(Answer),
    /// All released 835s were asked for again.
    Redelivery { files: usize },
    /// End of a turn, and the answers that appear with it, in order.
    Commit { turn: u32, as_of: String, released: Vec<String> },
    /// The answers of the last commit are in place.
    Delivered { turn: u32 },
}

/// What became of an accepted claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Life {
    /// Counts.
    Accepted,
    /// Replaced by a frequency 7.
    Replaced,
    /// Taken back by a frequency 8.
    Voided,
}

/// An accepted claim in the state.
#[derive(Debug)]
pub struct Entry {
    /// Payer claim control number.
    pub icn: String,
    /// The claim.
    pub claim: Claim,
    /// Absent for a void.
    pub adjudication: Option<Adjudication>,
    /// Crossover: control number at the primary payer.
    pub parent: Option<String>,
    /// Life cycle.
    pub life: Life,
    /// The payment stands (paid and not reversed).
    pub standing: bool,
    /// Later movements, in order.
    pub due: Vec<(u32, Movement)>,
}

/// The fold of the journal.
#[derive(Debug, Default)]
pub struct State {
    /// Last committed turn.
    pub turn: u32,
    /// Accepted claims by control number.
    pub entries: BTreeMap<String, Entry>,
    /// Control numbers in order of acceptance.
    pub order: Vec<String>,
    /// Fingerprints of answered files.
    pub answered: HashSet<String>,
    /// Sender and ISA13 of accepted interchanges.
    pub interchanges: HashSet<(String, String)>,
    /// Keys of claims sent before.
    pub seen: HashSet<String>,
    /// Answers in order.
    pub answers: Vec<Answer>,
    /// Names of answers that have appeared, or are about to.
    pub released: HashSet<String>,
    /// Names of the last commit, until delivered.
    pub undelivered: Vec<String>,
    /// PLB FB per payer and payee.
    pub balances: BTreeMap<(String, String), i64>,
    keys: HashMap<String, Vec<String>>,
}

impl State {
    /// True when a claim with this key was accepted.
    pub fn knows(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Control number of the accepted claim with the same key and content.
    pub fn same_content(&self, claim: &Claim) -> Option<String> {
        let icns = self.keys.get(&claim.key())?;
        let same = |icn: &&String| self.entries.get(*icn).is_some_and(|e| e.claim.content == claim.content);
        icns.iter().find(same).cloned()
    }

    /// An accepted claim that can be replaced or voided.
    pub fn live(&self, icn: &str) -> Option<&Entry> {
        self.entries.get(icn).filter(|entry| entry.life == Life::Accepted)
    }

    /// Control numbers of the claim and of its crossovers, living ones only.
    pub fn family(&self, icn: &str) -> Vec<String> {
        let member = |e: &&Entry| e.icn == icn || e.parent.as_deref() == Some(icn);
        self.entries.values().filter(member).filter(|e| e.life == Life::Accepted).map(|e| e.icn.clone()).collect()
    }

    /// Movements and answers still to come.
    pub fn pending(&self) -> usize {
        let due: usize = self.entries.values().map(|entry| entry.due.len()).sum();
        due + self.answers.iter().filter(|answer| !self.released.contains(&answer.name)).count()
    }

    /// Applies one event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::File { sender, control, fingerprint, accepted, .. } => {
                self.answered.insert(fingerprint.clone());
                if *accepted {
                    self.interchanges.insert((sender.clone(), control.clone()));
                }
            }
            Event::Seen { keys } => self.seen.extend(keys.iter().cloned()),
            Event::Claim { icn, claim, adjudication, replaces, parent } => {
                let life = if adjudication.is_some() { Life::Accepted } else { Life::Voided };
                for old in replaces.as_deref().map(|old| self.family(old)).unwrap_or_default() {
                    if let Some(entry) = self.entries.get_mut(&old) {
                        entry.life = if adjudication.is_some() { Life::Replaced } else { Life::Voided };
                    }
                }
                // A crossover counts too: the practice's own secondary claim is then a duplicate.
                self.keys.entry(claim.key()).or_default().push(icn.clone());
                self.order.push(icn.clone());
                self.entries.insert(
                    icn.clone(),
                    Entry {
                        icn: icn.clone(),
                        claim: (**claim).clone(),
                        adjudication: adjudication.clone(),
                        parent: parent.clone(),
                        life,
                        standing: false,
                        due: Vec::new(),
                    },
                );
            }
            Event::Due { icn, turn, movement } => {
                if let Some(entry) = self.entries.get_mut(icn) {
                    entry.due.push((*turn, *movement));
                }
            }
            Event::Dropped { icn } => {
                if let Some(entry) = self.entries.get_mut(icn) {
                    entry.due.clear();
                }
            }
            Event::Moved { icn, movement } => {
                if let Some(entry) = self.entries.get_mut(icn) {
                    entry.standing = *movement != Movement::Reverse;
                    if let Some(at) = entry.due.iter().position(|(_, due)| due == movement) {
                        entry.due.remove(at);
                    }
                }
            }
            Event::Balance { payer, payee, cents } => {
                self.balances.insert((payer.clone(), payee.clone()), *cents);
            }
            Event::Answer(answer) => self.answers.push(answer.clone()),
            Event::Redelivery { .. } => {}
            Event::Commit { turn, released, .. } => {
                self.turn = *turn;
                self.released.extend(released.iter().cloned());
                self.undelivered.extend(released.iter().cloned());
            }
            Event::Delivered { .. } => self.undelivered.clear(),
        }
    }
}

/// The journal file, open for appending under the caller's lock.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

impl Journal {
    /// Opens the journal, cuts off what was never committed, and folds the rest.
    pub fn open(path: &Path) -> Result<(Journal, State)> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .context("sandbox journal: cannot open; check the state folder")?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).context("sandbox journal: cannot read")?;
        let mut state = State::default();
        let mut run: Vec<Event> = Vec::new();
        let (mut end, mut good, mut number) = (0usize, 0usize, 0usize);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            end += line.len();
            number += 1;
            let torn = !line.ends_with(b"\n");
            let event = match serde_json::from_slice::<Event>(line) {
                Ok(event) if !torn => event,
                _ if end == bytes.len() => break,
                _ => bail!(
                    "sandbox journal: line {number} is not an event; expected one JSON object a line, restore the file"
                ),
            };
            let closes = matches!(event, Event::Commit { .. } | Event::Delivered { .. });
            run.push(event);
            if closes {
                run.drain(..).for_each(|event| state.apply(&event));
                good = end;
            }
        }
        if good < bytes.len() {
            file.set_len(u64::try_from(good)?).context("sandbox journal: cannot cut the unfinished turn")?;
            file.seek(SeekFrom::End(0))?;
            file.sync_all()?;
        }
        Ok((Journal { file }, state))
    }

    /// Appends a run of events and syncs.
    pub fn append(&mut self, events: &[Event]) -> Result<()> {
        let mut bytes = Vec::new();
        for event in events {
            serde_json::to_writer(&mut bytes, event)?;
            bytes.push(b'\n');
        }
        self.file.write_all(&bytes).context("sandbox journal: cannot append")?;
        self.file.sync_data().context("sandbox journal: cannot sync")
    }
}
