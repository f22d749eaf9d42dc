//! The payers' part of a turn, second half: what was queued or has come due becomes 835s.

use super::Turn;
use crate::answers::{Envelope, cut, interchange, remit, renumber};
use crate::faults::strikes;
use crate::journal::{Event, Movement};
use crate::reader::Header;
use std::collections::BTreeMap;

impl Turn<'_> {
    /// One 835 interchange per payer, one ST per payee, from what was queued and what has come due.
    pub(super) fn remit(&mut self) {
        let mut all: Vec<(String, Movement)> = Vec::new();
        for icn in &self.state.order {
            let due = self.state.entries.get(icn).map_or(&[][..], |entry| &entry.due);
            all.extend(due.iter().filter(|(turn, _)| *turn <= self.turn).map(|(_, m)| (icn.clone(), *m)));
        }
        all.append(&mut self.moves);
        let mut files: BTreeMap<String, BTreeMap<String, Vec<(String, Movement)>>> = BTreeMap::new();
        for (icn, movement) in all {
            let Some(claim) = self.state.entries.get(&icn).map(|entry| &entry.claim) else {
                continue;
            };
            let (payer, payee) = (claim.payer.clone(), claim.payee().to_owned());
            files.entry(payer).or_default().entry(payee).or_default().push((icn, movement));
        }
        for (payer_id, payees) in files {
            let payers = self.payers;
            let Some(payer) = payers.find(&payer_id) else {
                continue;
            };
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
            self.release("835", &envelope, text);
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

    /// Puts an 835 or 271 out, with the faults that are on.
    pub(super) fn release(&mut self, kind: &str, envelope: &Envelope, text: String) {
        let faults = self.settings.faults;
        let mut copies = vec![(envelope.control, text.clone(), true)];
        if faults.duplicate {
            self.control += 1;
            copies.push((self.control, renumber(&text, envelope.control, self.control), false));
        }
        for (control, text, repeatable) in copies {
            let wait = u32::from(faults.truncated);
            if faults.truncated {
                self.answer(kind, faults.late, 0, false, control, cut(&text));
            }
            self.answer(kind, faults.late, wait, repeatable && kind == "835", control, text);
        }
    }
}
