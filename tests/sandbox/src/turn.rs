//! One turn: read new files, decide, make answers, commit to the journal, then deliver.
//!
//! Nothing appears in transport/in before the commit is on disk.

use crate::adjudicate::{Payers, primary, secondary, shares, shares_of_claim};
use crate::answers::{Envelope, ack999, claim_ack, cut, interchange, remit, renumber, ta1};
use crate::business::{Decision, Rejection, at_clearinghouse, at_payer};
use crate::claim::Claim;
use crate::deliver;
use crate::faults::{Faults, fingerprint, hash, strikes};
use crate::journal::{Answer, Event, Journal, Movement, State};
use crate::reader::{Header, read};
use crate::validate::{Checked, check};
use crate::walk::SegmentError;
use anyhow::Result;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

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
        let normal = ["ta1", "999", "277ca", "277ca-payer", "835"];
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
                let checked = |g: &crate::reader::Group| (g.header.clone(), g.sets.iter().map(check).collect::<Vec<_>>());
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
            let claims = || groups.iter().flat_map(|(_, sets)| sets).flat_map(|set| &set.claims);
            let all = claims().all(|claim| fresh.contains(&claim.key()));
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
            if set.accepted() {
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
            let all = set.claims.iter().all(|claim| fresh.contains(&claim.key()));
            if all && strikes(self.settings.seed, "999", &subject, 3) {
                set.set_codes.push("5");
                let elements = vec![(3, 0, "7")];
                set.errors.push(SegmentError { position: 2, id: "BHT".into(), in_loop: String::new(), code: "8", elements });
            }
        }
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

    /// The payers decide: originals before what replaces them, whatever the order of arrival.
    fn decide(&mut self) {
        let mut open: Vec<(usize, usize)> = Vec::new();
        for (at, batch) in self.batches.iter().enumerate() {
            open.extend((0..batch.claims.len()).map(|claim| (at, claim)));
        }
        open.retain(|place| self.claim_at(*place).is_some_and(|(_, rejection)| rejection.is_none()));
        let original = |work: &Self, place: &(usize, usize)| {
            work.claim_at(*place).is_some_and(|(claim, _)| claim.frequency == "1")
        };
        let (first, mut later): (Vec<_>, Vec<_>) = open.into_iter().partition(|place| original(self, place));
        for place in first {
            self.decide_one(place, true);
        }
        loop {
            let before = later.len();
            later.retain(|place| !self.decide_one(*place, false));
            if later.is_empty() || later.len() == before {
                break;
            }
        }
        for place in later {
            self.decide_one(place, true);
        }
    }

    fn claim_at(&self, (batch, claim): (usize, usize)) -> Option<(&Claim, Option<Rejection>)> {
        self.batches.get(batch)?.claims.get(claim).map(|(claim, rejection, _)| (claim, *rejection))
    }

    /// False when the claim waits for an original that may still come in this turn.
    fn decide_one(&mut self, place: (usize, usize), last: bool) -> bool {
        let Some((claim, _)) = self.claim_at(place) else { return true };
        let claim = claim.clone();
        let decided = match at_payer(&claim, self.payers, self.state) {
            Decision::Reject(_) if !last => return false,
            Decision::Reject(rejection) => Decided::Refused(rejection),
            Decision::Again(icn) => {
                self.summary.claims_repeated += 1;
                Decided::Taken(icn)
            }
            Decision::Accept => {
                self.summary.claims_accepted += 1;
                Decided::Taken(self.accept(claim, place.0))
            }
        };
        if let Some(slot) = self.batches.get_mut(place.0).and_then(|batch| batch.claims.get_mut(place.1)) {
            slot.2 = Some(decided);
        }
        true
    }

    /// Adjudicates, records the claim, and queues the money.
    fn accept(&mut self, mut claim: Claim, batch: usize) -> String {
        let payers = self.payers;
        let Some(payer) = payers.find(&claim.payer) else { return String::new() };
        if let Some(batch) = self.batches.get(batch) {
            claim.partner = batch.header.sender.clone();
            claim.usage = batch.header.usage.clone();
        }
        let icn = control_number(&claim.payer, &format!("{}|{}", claim.key(), claim.content));
        let replaces = (claim.frequency != "1").then(|| claim.original.clone());
        for old in replaces.as_deref().map(|old| self.state.family(old)).unwrap_or_default() {
            let queued = self.moves.iter().rev().find(|(icn, _)| *icn == old).map(|(_, m)| *m != Movement::Reverse);
            let standing = queued.unwrap_or_else(|| self.state.entries.get(&old).is_some_and(|e| e.standing));
            self.record(Event::Dropped { icn: old.clone() });
            if standing {
                self.moves.push((old, Movement::Reverse));
            }
        }
        let adjudication = if claim.frequency == "8" {
            None
        } else if let Some(shares) = shares_of_claim(&claim).filter(|_| claim.is_secondary()) {
            Some(secondary(payer, &claim, &shares))
        } else {
            let next = claim.others.iter().find(|other| other.responsibility == "S" && payers.find(&other.payer).is_some());
            Some(primary(payer, &claim, next.map(|other| other.payer.as_str())))
        };
        let event = Event::Claim {
            icn: icn.clone(),
            claim: Box::new(claim.clone()),
            adjudication: adjudication.clone(),
            replaces,
            parent: None,
        };
        self.record(event);
        if let Some(adjudication) = adjudication {
            self.moves.push((icn.clone(), Movement::Pay));
            if let Some(next) = adjudication.forwarded_to.as_deref().and_then(|id| payers.find(id)) {
                let mut forwarded = claim;
                if let Some(other) = forwarded.others.iter().find(|other| other.payer == next.id).cloned() {
                    // The secondary knows the patient under its own member id.
                    let birth_date = if other.subscriber.last == forwarded.subscriber.last
                        && other.subscriber.first == forwarded.subscriber.first
                    {
                        forwarded.subscriber.birth_date.clone()
                    } else {
                        String::new()
                    };
                    forwarded.subscriber = crate::claim::Party { birth_date, ..other.subscriber };
                    forwarded.filing = other.filing;
                }
                forwarded.payer.clone_from(&next.id);
                forwarded.responsibility = "S".to_owned();
                let child = control_number(&next.id, &format!("crossover|{icn}"));
                let result = secondary(next, &forwarded, &shares(&adjudication));
                self.record(Event::Claim {
                    icn: child.clone(),
                    claim: Box::new(forwarded),
                    adjudication: Some(result),
                    replaces: None,
                    parent: Some(icn.clone()),
                });
                self.record(Event::Due { icn: child, turn: self.turn + 1, movement: Movement::Pay });
            }
        }
        icn
    }

    /// Two 277CAs per inbound transaction: the clearinghouse's, and one of each payer that saw a claim.
    fn acknowledge_claims(&mut self) {
        let payers = self.payers;
        for batch in std::mem::take(&mut self.batches) {
            let mut at_clearinghouse = Vec::new();
            let mut by_payer: BTreeMap<String, Vec<claim_ack::Status>> = BTreeMap::new();
            for (claim, rejection, decided) in batch.claims {
                let (icn, refused) = match decided {
                    Some(Decided::Taken(icn)) => (Some(icn), None),
                    Some(Decided::Refused(rejection)) => (None, Some(rejection)),
                    None => (None, None),
                };
                if rejection.is_some() || refused.is_some() {
                    self.summary.claims_rejected += 1;
                }
                if rejection.is_none() {
                    let status = claim_ack::Status { claim: claim.clone(), icn, rejection: refused };
                    by_payer.entry(claim.payer.clone()).or_default().push(status);
                }
                at_clearinghouse.push(claim_ack::Status { claim, icn: None, rejection });
            }
            let (name, id) = CLEARINGHOUSE;
            let source = claim_ack::Source { entity: "AY", name, id, category: "A1", status: "19" };
            self.acknowledge(&batch.header, "277ca", &source, &batch.reference, &batch.batch, &at_clearinghouse);
            for (payer, claims) in by_payer {
                let name = payers.find(&payer).map_or("", |payer| payer.name.as_str());
                let source = claim_ack::Source { entity: "PR", name, id: &payer, category: "A2", status: "20" };
                self.acknowledge(&batch.header, "277ca-payer", &source, &batch.reference, &batch.batch, &claims);
            }
        }
    }

    fn acknowledge(
        &mut self,
        header: &Header,
        kind: &str,
        source: &claim_ack::Source,
        reference: &str,
        batch: &str,
        claims: &[claim_ack::Status],
    ) {
        let envelope = self.envelope(header, source.id);
        let body = claim_ack::body(source, reference, batch, &self.date, claims);
        self.answer(kind, false, 0, false, envelope.control, interchange(&envelope, claim_ack::KIND, &[body]));
    }

    /// One 835 interchange per payer, one ST per payee, from what was queued and what has come due.
    fn remit(&mut self) {
        let mut all: Vec<(String, Movement)> = Vec::new();
        for icn in &self.state.order {
            let due = self.state.entries.get(icn).map_or(&[][..], |entry| &entry.due);
            all.extend(due.iter().filter(|(turn, _)| *turn <= self.turn).map(|(_, m)| (icn.clone(), *m)));
        }
        all.append(&mut self.moves);
        let mut files: BTreeMap<String, BTreeMap<String, Vec<(String, Movement)>>> = BTreeMap::new();
        for (icn, movement) in all {
            let Some(claim) = self.state.entries.get(&icn).map(|entry| &entry.claim) else { continue };
            let (payer, payee) = (claim.payer.clone(), claim.payee().to_owned());
            files.entry(payer).or_default().entry(payee).or_default().push((icn, movement));
        }
        for (payer_id, payees) in files {
            let payers = self.payers;
            let Some(payer) = payers.find(&payer_id) else { continue };
            let mut bodies = Vec::new();
            let mut header = Header::default();
            for (at, (payee, moves)) in payees.iter().enumerate() {
                let trace = format!("{payer_id}{:05}{:02}", self.turn, at + 1);
                let item = |(icn, movement): &(String, Movement)| {
                    self.state.entries.get(icn).map(|entry| remit::Item { entry, movement: *movement })
                };
                let items: Vec<_> = moves.iter().filter_map(item).collect();
                if let Some(first) = items.first() {
                    header.sender = first.entry.claim.partner.clone();
                    header.usage = first.entry.claim.usage.clone();
                }
                let key = (payer_id.clone(), payee.clone());
                let owed = self.state.balances.get(&key).copied().unwrap_or(0);
                let made = remit::write(payer, payers, &trace, &self.date, &items, owed);
                bodies.push(made.body);
                self.summary.remittances += 1;
                if made.balance != owed {
                    self.record(Event::Balance { payer: key.0, payee: key.1, cents: made.balance });
                }
                for (icn, movement) in moves {
                    self.record(Event::Moved { icn: icn.clone(), movement: *movement });
                    self.reverse_later(icn, *movement);
                }
            }
            let envelope = self.envelope(&header, &payer_id);
            let text = interchange(&envelope, remit::KIND, &bodies);
            self.release(&envelope, text);
        }
    }

    /// The `reversed` fault: one paid claim in three is taken back and paid again, together or apart.
    fn reverse_later(&mut self, icn: &str, movement: Movement) {
        let paid = self.state.live(icn).is_some_and(|e| e.adjudication.as_ref().is_some_and(|a| a.paid > 0));
        let s = self.settings;
        if !s.faults.reversed || movement != Movement::Pay || !paid || !strikes(s.seed, "reversed", icn, 3) {
            return;
        }
        let apart = u32::from(strikes(s.seed, "reversed-apart", icn, 2));
        let (icn, turn) = (icn.to_owned(), self.turn + 1);
        self.record(Event::Due { icn: icn.clone(), turn, movement: Movement::Reverse });
        self.record(Event::Due { icn, turn: turn + apart, movement: Movement::PayAgain });
    }

    fn release(&mut self, envelope: &Envelope, text: String) {
        let faults = self.settings.faults;
        let mut copies = vec![(envelope.control, text.clone(), true)];
        if faults.duplicate {
            self.control += 1;
            copies.push((self.control, renumber(&text, envelope.control, self.control), false));
        }
        for (control, text, repeatable) in copies {
            let wait = u32::from(faults.truncated);
            if faults.truncated {
                self.answer("835", faults.late, 0, false, control, cut(&text));
            }
            self.answer("835", faults.late, wait, repeatable, control, text);
        }
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
    let text = [&claim.payer, &claim.frequency, &claim.original, &claim.subscriber.id, &claim.patient.first, &lines.join(",")];
    fingerprint(text.map(String::as_str).join("|").as_bytes())
}

/// The payer claim control number (CLP07, REF 1K): fixed by what the claim is, not by when it came.
fn control_number(payer: &str, subject: &str) -> String {
    format!("{payer}{:016X}", hash(subject.as_bytes(), 277))
}
