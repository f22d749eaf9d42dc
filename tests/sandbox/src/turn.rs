//! One turn: read new files, decide, make answers, commit to the journal, then deliver.
//!
//! Nothing appears in transport/in before the commit is on disk.

use crate::adjudicate::Payers;
use crate::answers::{Envelope, ack999, cover, interchange, renumber, ta1};
use crate::business::{Rejection, at_clearinghouse};
use crate::claim::Claim;
use crate::deliver;
use crate::faults::{Faults, fingerprint, strikes};
use crate::inquiry::Question;
use crate::journal::{Answer, Event, Journal, Movement, State};
use crate::reader::{Header, read};
use crate::validate::{Checked, check, check_inquiries};
use crate::walk::SegmentError;
use anyhow::Result;
use serde::Serialize;
use std::collections::HashSet;
use std::path::PathBuf;

mod acknowledge;
mod decide;
mod settle;

/// Name and id of the clearinghouse (ISA06, 2100A).
const CLEARINGHOUSE: (&str, &str) = ("SANDBOX CLEARINGHOUSE", "SANDBOX");

/// What the command line fixes.
#[derive(Debug)]
pub struct Settings {
    /// DIR/transport.
    pub transport: PathBuf,
    /// State folder.
    pub state: PathBuf,
    /// CCYY-MM-DD.
    pub as_of: String,
    /// Dice.
    pub seed: u64,
    /// Faults.
    pub faults: Faults,
}

/// The line printed for a turn.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Turn number; unchanged when there was nothing to do.
    pub turn: u32,
    /// Files answered.
    pub files: usize,
    /// TA1 R.
    pub interchanges_rejected: usize,
    /// 999 R.
    pub transactions_rejected: usize,
    /// Claims taken by a payer.
    pub claims_accepted: usize,
    /// 277CA rejections.
    pub claims_rejected: usize,
    /// Claims that had been taken before.
    pub claims_repeated: usize,
    /// Transaction sets of 835 made.
    pub remittances: usize,
    /// Questions of 270s that were answered.
    pub questions: usize,
    /// 835s written again by --redeliver.
    pub redelivered: usize,
    /// Files written to transport/in.
    pub delivered: usize,
    /// Movements and answers left for later turns.
    pub pending: usize,
}

/// What the 277CAs of one inbound ST say, while it is being decided.
struct Batch {
    header: Header,
    reference: String,
    batch: String,
    claims: Vec<(Claim, Option<Rejection>, Option<Decided>)>,
}

enum Decided {
    Taken(String),
    Refused(Rejection),
}

/// A turn at work.
pub struct Turn<'a> {
    settings: &'a Settings,
    payers: &'a Payers,
    state: &'a mut State,
    events: Vec<Event>,
    turn: u32,
    date: String,
    control: u32,
    batches: Vec<Batch>,
    moves: Vec<(String, Movement)>,
    summary: Summary,
}

/// Runs one turn over the given files. Returns the summary, and whether anything happened.
pub fn run(
    settings: &Settings,
    payers: &Payers,
    journal: &mut Journal,
    state: &mut State,
    files: &[(String, Vec<u8>)],
    redeliver: bool,
) -> Result<(Summary, bool)> {
    let mut summary = Summary { turn: state.turn, pending: state.pending(), ..Summary::default() };
    if files.is_empty() && state.pending() == 0 && !redeliver {
        return Ok((summary, false));
    }
    let control = state.answers.iter().map(|answer| answer.control).max().unwrap_or(0);
    let turn = state.turn + 1;
    summary.turn = turn;
    let date = settings.as_of.replace('-', "");
    let mut work = Turn {
        settings,
        payers,
        state,
        events: Vec::new(),
        turn,
        date,
        control,
        batches: Vec::new(),
        moves: Vec::new(),
        summary,
    };
    if redeliver {
        work.redeliver();
    }
    for (name, bytes) in files {
        work.file(name, bytes);
    }
    work.decide();
    work.acknowledge_claims();
    work.remit();
    let Turn { events, mut summary, .. } = work.commit();
    journal.append(&events)?;
    summary.delivered = deliver::deliver(settings, journal, state)?;
    summary.pending = state.pending();
    deliver::write_services(settings, state)?;
    Ok((summary, true))
}

impl Turn<'_> {
    fn record(&mut self, event: Event) {
        self.state.apply(&event);
        self.events.push(event);
    }

    fn answer(&mut self, kind: &str, late: bool, extra: u32, repeatable: bool, control: u32, text: String) {
        let normal = ["ta1", "999", "277ca", "277ca-payer", "835", "271"];
        let place = normal.iter().position(|known| *known == kind).unwrap_or(0);
        let rank = if self.settings.faults.out_of_order { normal.len() - 1 - place } else { place };
        let extension = kind.split('-').next().unwrap_or(kind);
        let number = self.state.answers.len() + 1;
        let name = format!("{:06}-{rank}-{number:06}-{kind}-{control:09}.{extension}", self.turn);
        let as_of = self.settings.as_of.clone();
        self.record(Event::Answer(Answer { name, control, turn: self.turn, as_of, late, extra, repeatable, text }));
    }

    fn envelope(&mut self, header: &Header, sender: &str) -> Envelope {
        self.control += 1;
        Envelope {
            sender: sender.to_owned(),
            receiver: header.sender.clone(),
            control: self.control,
            usage: header.usage.clone(),
            date: self.date.clone(),
        }
    }

    fn redeliver(&mut self) {
        let old: Vec<Answer> = self
            .state
            .answers
            .iter()
            .filter(|answer| answer.repeatable && self.state.released.contains(&answer.name))
            .cloned()
            .collect();
        self.record(Event::Redelivery { files: old.len() });
        self.summary.redelivered = old.len();
        for answer in old {
            self.control += 1;
            let control = self.control;
            self.answer("835", false, 0, false, control, renumber(&answer.text, answer.control, control));
        }
    }

    /// TA1 and 999 of one file; its claims go to `batches`.
    fn file(&mut self, name: &str, bytes: &[u8]) {
        let print = fingerprint(bytes);
        if self.state.answered.contains(&print) {
            return;
        }
        self.summary.files += 1;
        let parsed = read(bytes);
        let header = match &parsed {
            Ok(interchange) => interchange.header.clone(),
            Err(fault) => fault.0.clone(),
        };
        let sender = format!("{}/{}", header.sender.0, header.sender.1);
        let used = self.state.interchanges.contains(&(sender.clone(), header.control.clone()));
        let mut groups: Vec<_> = match &parsed {
            Ok(interchange) => {
                let checked = |g: &crate::reader::Group| {
                    let of = if g.header.element(1) == "HS" { check_inquiries } else { check };
                    (g.header.clone(), g.sets.iter().map(of).collect::<Vec<_>>())
                };
                interchange.groups.iter().map(checked).collect()
            }
            Err(_) => Vec::new(),
        };
        let mut note = match &parsed {
            Err(fault) => fault.1,
            Ok(_) if used => "025",
            Ok(_) => "000",
        };
        let mut fresh = HashSet::new();
        if note == "000" && self.rejecting() {
            fresh = self.first_sent(&groups);
            let keys = || groups.iter().flat_map(|(_, sets)| sets).flat_map(Checked::keys);
            let all = keys().all(|key| fresh.contains(&key));
            let subject = format!("{sender}|{}", header.control);
            let f = self.settings.faults;
            if f.ta1_reject && all && strikes(self.settings.seed, "ta1", &subject, 3) {
                note = "024";
            }
        }
        let accepted = note == "000";
        let control = header.control.clone();
        self.record(Event::File { name: name.to_owned(), sender, control, fingerprint: print, accepted });
        let envelope = self.envelope(&header, CLEARINGHOUSE.1);
        self.answer("ta1", false, 0, false, envelope.control, ta1::write(&envelope, &header, note));
        if !accepted {
            self.summary.interchanges_rejected += 1;
            return;
        }
        self.strike_sets(&header, &mut groups, &fresh);
        let bodies: Vec<_> = groups.iter().map(|(group, sets)| ack999::body(group, sets)).collect();
        let envelope = self.envelope(&header, CLEARINGHOUSE.1);
        self.answer("999", false, 0, false, envelope.control, interchange(&envelope, ack999::KIND, &bodies));
        let mut numbers = HashSet::new();
        for set in groups.into_iter().flat_map(|(_, sets)| sets) {
            if set.accepted() && set.kind == "270" {
                self.cover(&header, &set);
            } else if set.accepted() {
                self.batch(&header, set, &mut numbers, &fresh);
            } else {
                self.summary.transactions_rejected += 1;
            }
        }
    }

    fn rejecting(&self) -> bool {
        let f = self.settings.faults;
        f.ta1_reject || f.ack999_reject || f.claim_reject
    }

    /// Keys of claims never sent before, by number or by content of service; remembers all of them.
    fn first_sent(&mut self, groups: &[(crate::reader::Segment, Vec<Checked>)]) -> HashSet<String> {
        let mut fresh = HashSet::new();
        let mut keys = Vec::new();
        for claim in groups.iter().flat_map(|(_, sets)| sets).flat_map(|set| &set.claims) {
            let own = [number_key(claim), service_key(claim)];
            if !own.iter().any(|key| self.state.seen.contains(key)) {
                fresh.insert(claim.key());
            }
            keys.extend(own);
        }
        let questions = groups.iter().flat_map(|(_, sets)| sets).filter(|set| set.kind == "270");
        for key in questions.flat_map(Checked::keys) {
            if !self.state.seen.contains(&key) {
                fresh.insert(key.clone());
            }
            keys.push(key);
        }
        if !keys.is_empty() {
            self.record(Event::Seen { keys });
        }
        fresh
    }

    fn strike_sets(
        &self,
        header: &Header,
        groups: &mut [(crate::reader::Segment, Vec<Checked>)],
        fresh: &HashSet<String>,
    ) {
        if !self.settings.faults.ack999_reject {
            return;
        }
        for set in groups.iter_mut().flat_map(|(_, sets)| sets).filter(|set| set.accepted()) {
            let subject = format!("{}|{}|{}", header.sender.1, header.control, set.control);
            let all = set.keys().iter().all(|key| fresh.contains(key));
            if all && strikes(self.settings.seed, "999", &subject, 3) {
                set.set_codes.push("5");
                let elements = vec![(3, 0, "7")];
                set.errors.push(SegmentError {
                    position: 2,
                    id: "BHT".into(),
                    in_loop: String::new(),
                    code: "8",
                    elements,
                });
            }
        }
    }

    /// The 271 of one ST of questions, from the clearinghouse for all payers.
    fn cover(&mut self, header: &Header, set: &Checked) {
        let odd = self.settings.faults.odd_cover.then_some(self.settings.seed);
        let known = |question: &Question| (question.clone(), cover::member(self.payers, question, odd));
        let answered: Vec<_> = set.questions.iter().map(known).collect();
        self.summary.questions += answered.len();
        let body = cover::body(&set.batch, &self.date, &answered);
        let envelope = self.envelope(header, CLEARINGHOUSE.1);
        self.release("271", &envelope, interchange(&envelope, cover::KIND, &[body]));
    }

    fn batch(&mut self, header: &Header, set: Checked, numbers: &mut HashSet<String>, fresh: &HashSet<String>) {
        let mut claims = Vec::new();
        for claim in set.claims {
            let number = format!("{}|{}", claim.payee(), claim.number);
            let struck = self.settings.faults.claim_reject
                && fresh.contains(&claim.key())
                && strikes(self.settings.seed, "277ca", &claim.key(), 4);
            let rejection = if !numbers.insert(number) {
                Some(("A3", "54", ""))
            } else if struck {
                Some(("A7", "21", ""))
            } else {
                at_clearinghouse(&claim, self.payers)
            };
            claims.push((claim, rejection, None));
        }
        let reference = format!("{}{}", header.control, set.control);
        self.batches.push(Batch { header: header.clone(), reference, batch: set.batch, claims });
    }

    fn commit(mut self) -> Self {
        let as_of = self.settings.as_of.clone();
        let due = |answer: &&Answer| !self.state.released.contains(&answer.name) && answer.is_due(self.turn, &as_of);
        let mut released: Vec<String> = self.state.answers.iter().filter(due).map(|a| a.name.clone()).collect();
        if self.settings.faults.out_of_order {
            released.reverse();
        }
        self.record(Event::Commit { turn: self.turn, as_of, released });
        self
    }
}

/// A claim's name when sent: its number, frequency and original.
fn number_key(claim: &Claim) -> String {
    format!("{}|{}|{}", claim.key(), claim.frequency, claim.original)
}

/// A claim's services when sent: the same for a version with another number.
fn service_key(claim: &Claim) -> String {
    let lines: Vec<String> = claim.lines.iter().map(|l| format!("{}{}{}", l.date, l.code, l.charge)).collect();
    let text =
        [&claim.payer, &claim.frequency, &claim.original, &claim.subscriber.id, &claim.patient.first, &lines.join(",")];
    fingerprint(text.map(String::as_str).join("|").as_bytes())
}
