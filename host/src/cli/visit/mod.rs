//! `visit list|show|dismiss|settle`: where each visit is, what happened to it, the claims it is on, that it is not to be billed, or that a
//! person has settled it.

mod dismiss;
mod settle;

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::{Deserialize, Serialize};

use super::output::{BOLD, RESET, day, dollars, print, print_json, table};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::{Failure, Global, Whose};
pub(super) use crate::claim::thousandths;
use crate::claim::{ChargeAction, Phi};
use crate::lifecycle::{report, word_on_visit};
use crate::store::acceptance::Acceptance;
use crate::store::claim::ClaimRow;
use crate::store::history::HistoryRow;
use crate::store::visit::{StoredEvent, VisitRow, VisitState};
use crate::store::{PracticeStore, StoreResult};
use crate::visit::Event;

/// Looks at visits.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Visit {
    /// Lists visits
    List(List),
    /// Shows one visit: its events in order, its claims, its history
    Show(Show),
    /// Says that a visit, as it was told, is not to be billed, with a reason
    Dismiss(dismiss::Dismiss),
    /// Says that the problems of a visit that no claim carries are settled by hand, with a reason
    Settle(settle::Settle),
}

/// `visit list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Only visits in this state
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(VisitState::ALL.map(VisitState::as_str)))]
    state: Option<String>,
}

/// `visit show`
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The visit, as `visit list` prints it, or its number in the EHR
    #[arg(value_name = "VISIT")]
    visit: Reference,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    practice: String,
    number: String,
    #[serde(flatten)]
    row: VisitRow,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    source_system: String,
    /// The word that it is not to be billed.
    dismissed: Option<Acceptance>,
    events: Vec<EventLine>,
    claims: Vec<ClaimRow>,
    history: Vec<HistoryRow>,
}

/// One charge event, or one event without charges, as a person reads it.
#[derive(Serialize, Deserialize)]
pub(super) struct EventLine {
    /// Our id of its document.
    pub(super) document: u64,
    /// Day it arrived.
    pub(super) arrived: String,
    /// The source's own order.
    pub(super) order: String,
    /// Status of the visit, or action on the charge.
    pub(super) what: String,
    /// The source's charge id.
    pub(super) charge: String,
    /// Code and modifiers.
    pub(super) code: String,
    /// Thousandths.
    pub(super) units: i64,
    /// Cents.
    pub(super) charge_cents: i64,
    /// Service day.
    pub(super) service: String,
    /// Where in the document.
    pub(super) place: String,
    /// Byte in the document.
    pub(super) offset: Option<u32>,
}

impl Visit {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::List(list) => list.run(global, &reader),
            Self::Show(show) => show.run(global, &reader),
            Self::Dismiss(dismiss) => dismiss.run(global, &reader),
            Self::Settle(settle) => settle.run(global, &reader),
        }
    }
}

impl List {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let mut listed = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            listed.extend(report::visits(&practice)?);
        }
        listed.retain(|visit| self.state.as_deref().is_none_or(|state| visit.state == state));
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out =
            table(&["visit", "number", "state", "end", "billed", "paid", "patient", "denied", "held", "open"]);
        for visit in &listed {
            let id = visit.visit_id.map_or_else(|| visit.practice.clone(), |id| name(&visit.practice, id));
            let cents = &visit.cents;
            let amounts = [cents.billed, cents.paid, cents.patient, cents.denied, cents.held, cents.open].map(dollars);
            let words = [id.as_str(), &visit.visit, visit.state, visit.end];
            out.add_row(words.into_iter().chain(amounts.iter().map(String::as_str)));
        }
        print(&out.to_string());
        Ok(ExitCode::SUCCESS)
    }
}

impl Listed {
    fn of(practice: &str, row: VisitRow, events: &[StoredEvent]) -> Self {
        let number = events.first().map(|event| event.update.visit_number.clone()).unwrap_or_default();
        Self { id: name(practice, row.visit_id), practice: practice.to_owned(), number, row }
    }
}

impl Show {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, visit_id) = find(reader, &self.visit, self.whose.practice())?;
        let shown = practice.read(|tx| -> StoreResult<Option<Shown>> {
            let Some(row) = tx.visit(visit_id)? else { return Ok(None) };
            let events = tx.events(visit_id)?;
            let told: Vec<Event> = events.iter().cloned().map(Event::from).collect();
            Ok(Some(Shown {
                dismissed: word_on_visit(tx, visit_id, &told)?,
                source_system: events.first().map(|event| event.update.source_system.clone()).unwrap_or_default(),
                listed: Listed::of(practice.id(), row, &events),
                events: event_lines(&events),
                claims: tx.claims_of_visit(visit_id)?,
                history: tx.history("visit", visit_id)?,
            }))
        })?;
        let shown = shown.ok_or_else(|| no_such("visit", &self.visit, "visit list"))?;
        if global.json {
            print_json(&shown);
        } else {
            tell(&shown);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(shown: &Shown) {
    let Listed { id, practice, number, row } = &shown.listed;
    print(&format!("{BOLD}Visit {id}{RESET}  {}", row.state.as_str()));
    print(&format!("  number    {number} of {}", shown.source_system));
    print(&format!("  seen      {}{}", day(row.first_seen_day), if row.closed { ", closed by the EHR" } else { "" }));
    if let Some(Acceptance { by, reason, on }) = &shown.dismissed {
        print(&format!("  dismissed by {by} on {on}: {reason}"));
    }
    print(&format!("\n{BOLD}Events{RESET}"));
    print(&event_table(practice, &shown.events));
    print(&format!("\n{BOLD}Claims{RESET}"));
    let mut claims = table(&["claim", "state", "payer", "billed"]);
    for claim in &shown.claims {
        claims.add_row([
            name(practice, claim.claim_id),
            claim.state.clone(),
            claim.payer_id.clone(),
            dollars(claim.billed_cents),
        ]);
    }
    print(&claims.to_string());
    print(&format!("\n{BOLD}History{RESET}"));
    print(&history_table(&shown.history));
}

/// Events as a table.
pub(super) fn event_table(practice: &str, events: &[EventLine]) -> String {
    let mut out =
        table(&["arrived", "document", "order", "event", "charge", "code", "units", "charged", "service", "place"]);
    for event in events {
        let EventLine { document, arrived, order, what, charge, code, units, charge_cents, service, .. } = event;
        let place = event.offset.map_or_else(|| event.place.clone(), |offset| format!("{} byte {offset}", event.place));
        let (units, charged) =
            if code.is_empty() { Default::default() } else { (thousandths(*units), dollars(*charge_cents)) };
        out.add_row([
            arrived,
            &name(practice, *document),
            order,
            what,
            charge,
            code,
            &units,
            &charged,
            service,
            &place,
        ]);
    }
    out.to_string()
}

/// History as a table.
pub(super) fn history_table(history: &[HistoryRow]) -> String {
    let mut out = table(&["day", "by", "event", "plugin"]);
    for entry in history {
        let digest: String = entry.plugin_digest.chars().take(12).collect();
        out.add_row([day(entry.day), entry.actor.clone(), entry.event.clone(), digest]);
    }
    out.to_string()
}

/// A line for each charge of each event, in the order of their arrival.
pub(super) fn event_lines(events: &[StoredEvent]) -> Vec<EventLine> {
    let mut sorted: Vec<&StoredEvent> = events.iter().collect();
    sorted.sort_by_key(|event| (event.arrived_day, event.document_id));
    let mut lines = Vec::new();
    for event in sorted {
        let update = &event.update;
        let order = match update.order.sequence {
            Some(sequence) => sequence.to_string(),
            None => update.order.event_time.clone(),
        };
        let status = format!("visit {}", words(&update.status));
        let blank = EventLine {
            document: event.document_id,
            arrived: day(event.arrived_day),
            order: order.clone(),
            what: status,
            charge: String::new(),
            code: String::new(),
            units: 0,
            charge_cents: 0,
            service: String::new(),
            place: String::new(),
            offset: None,
        };
        if update.charges.is_empty() || update.status != crate::claim::VisitStatus::Unchanged {
            lines.push(blank);
        }
        for charge in &update.charges {
            let line = &charge.line;
            let reverses = if charge.reverses.is_empty() { String::new() } else { format!(" of {}", charge.reverses) };
            lines.push(EventLine {
                document: event.document_id,
                arrived: day(event.arrived_day),
                order: order.clone(),
                what: format!("{}{reverses}", action(charge.action)),
                charge: charge.id.clone(),
                code: code(&line.procedure),
                units: line.units.thousandths,
                charge_cents: line.charge,
                service: crate::claim::iso(line.service_dates.start),
                place: charge.at.path.clone(),
                offset: charge.at.offset,
            });
        }
    }
    lines
}

/// `99213-25-59`.
pub(super) fn code(procedure: &crate::claim::Procedure) -> String {
    std::iter::once(procedure.code.as_str())
        .chain(procedure.modifiers.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join("-")
}

const fn action(action: ChargeAction) -> &'static str {
    match action {
        ChargeAction::New => "new",
        ChargeAction::Replace => "replace",
        ChargeAction::Cancel => "cancel",
        ChargeAction::Credit => "credit",
    }
}

/// A closed word of the contract, as its serialisation spells it.
pub(super) fn words<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut out = String::new();
    for (at, letter) in text.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            out.push(' ');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// The visit that a reference means: `PRACTICE/ID` is our id first, a bare word the EHR's visit number in all practices first.
pub(crate) fn find(
    reader: &Reader,
    visit: &Reference,
    practice: Option<&str>,
) -> Result<(PracticeStore, u64), Failure> {
    let absent = || no_such("visit", visit, "visit list");
    let number = Phi::new(visit.id().to_owned());
    let stores = reader.chosen(visit.practice().or(practice))?;
    if let (Some(_), Some(id)) = (visit.practice(), visit.number()) {
        for store in &stores {
            if store.read(|tx| tx.visit(id))?.is_some() {
                return Ok((store.clone(), id));
            }
        }
    }
    let mut found = Vec::new();
    for store in &stores {
        let ids = store.read(|tx| tx.visits_numbered(number.expose()))?;
        found.extend(ids.into_iter().map(|id| (store.clone(), id)));
    }
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(|(store, id)| name(store.id(), *id)).collect();
        return Err(Failure::missing(format!(
            "{} visits have that number\nhint: name one of {}",
            names.len(),
            names.join(", ")
        )));
    }
    match (found.pop(), visit.number(), stores.as_slice()) {
        (Some(found), _, _) => Ok(found),
        (None, Some(id), [only]) if only.read(|tx| tx.visit(id))?.is_some() => Ok((only.clone(), id)),
        _ => Err(absent()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_without_needless_zeros() {
        for (value, text) in [(1000, "1"), (1500, "1.5"), (5, "0.005"), (0, "0"), (-2000, "-2"), (10_000, "10")] {
            assert_eq!(thousandths(value), text);
        }
    }

    #[test]
    fn closed_words_read_as_words() {
        assert_eq!(words(&crate::claim::VisitStatus::NotBillable), "not billable");
    }
}
