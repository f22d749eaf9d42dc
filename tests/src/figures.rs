//! The figures of `claimhost kpi`, counted a second time: from the bytes of 837s, 277CAs and 835s, and from what `trace --json`
//! tells of every visit; when a claim was held and closed, its history says. Calls nothing of the host's; splits X12 by hand, as `recount.rs`
//! does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::recount::{cents, element, files, segments};

/// Numerator and denominator of each figure by id; of the denial rate also by `denial-rate PAYER GROUP`.
pub type Numbers = BTreeMap<String, (i64, i64)>;

/// What the files that left and came back say.
#[derive(Debug, Default)]
pub struct Bytes {
    /// By CLM01.
    sent: BTreeMap<String, Sent>,
    /// In the order of payment.
    decisions: Vec<Decision>,
    /// CLM01 and whether a 277CA took it.
    acknowledged: Vec<(String, bool)>,
}

#[derive(Debug, Default)]
struct Sent {
    /// GS04 of the first 837.
    day: String,
    /// 837s it was in.
    times: usize,
    /// First DTP 472.
    service: String,
    /// CLM05-3.
    frequency: String,
}

#[derive(Debug)]
struct Decision {
    claim: String,
    payer: String,
    status: String,
    /// BPR16.
    day: String,
    /// Group, reason, cents of what is neither contract, coordination nor the patient's.
    denied: Vec<(String, String, i64)>,
}

/// Reads every 837 in `out` and every answer in `in`.
///
/// # Errors
/// The file system's.
pub fn read(transport: &Path) -> anyhow::Result<Bytes> {
    let mut bytes = Bytes::default();
    for file in files(&transport.join("out"))? {
        let (mut day, mut claim) = (String::new(), String::new());
        for segment in segments(&std::fs::read_to_string(file)?) {
            match element(&segment, 0) {
                "GS" => day = element(&segment, 4).to_owned(),
                "CLM" => {
                    claim = element(&segment, 1).to_owned();
                    let sent = bytes.sent.entry(claim.clone()).or_default();
                    sent.times += 1;
                    if sent.day.is_empty() || day < sent.day {
                        sent.day.clone_from(&day);
                    }
                    sent.frequency = element(&segment, 5).split(':').nth(2).unwrap_or_default().to_owned();
                }
                "DTP" if element(&segment, 1) == "472" => {
                    let sent = bytes.sent.entry(claim.clone()).or_default();
                    let first = element(&segment, 3).split('-').next().unwrap_or_default().to_owned();
                    if sent.service.is_empty() || first < sent.service {
                        sent.service = first;
                    }
                }
                _ => {}
            }
        }
    }
    let mut seen = BTreeSet::new();
    for file in files(&transport.join("in"))? {
        let text = std::fs::read_to_string(file)?.replace(['\n', '\r'], "");
        for (kind, mark) in [("835", "ST*835*"), ("277", "ST*277*")] {
            for transaction in text.split(mark).skip(1) {
                // A cut file says nothing; what comes twice is one.
                let Some((body, _)) = transaction.split_once("~SE*") else { continue };
                let body = body.split_once('~').map_or("", |(_, body)| body);
                if !seen.insert(body.to_owned()) {
                    continue;
                }
                if kind == "835" { bytes.remittance(body) } else { bytes.acknowledgement(body) }
            }
        }
    }
    bytes.decisions.sort_by(|left, right| left.day.cmp(&right.day));
    Ok(bytes)
}

impl Bytes {
    fn remittance(&mut self, body: &str) {
        let (mut day, mut payer) = (String::new(), String::new());
        for segment in segments(body) {
            match element(&segment, 0) {
                "BPR" => day = element(&segment, 16).to_owned(),
                "N1" if element(&segment, 1) == "PR" => payer = element(&segment, 4).to_owned(),
                "CLP" => self.decisions.push(Decision {
                    claim: element(&segment, 1).to_owned(),
                    payer: payer.clone(),
                    status: element(&segment, 2).to_owned(),
                    day: day.clone(),
                    denied: Vec::new(),
                }),
                "CAS" => {
                    let group = element(&segment, 1);
                    for triplet in 0..6 {
                        let (reason, amount) = (element(&segment, 2 + triplet * 3), element(&segment, 3 + triplet * 3));
                        let shared = matches!(
                            (group, reason),
                            ("CO", "45" | "253") | ("OA", "23") | ("PR", "1" | "2" | "3") | (_, "")
                        );
                        if let Some(decision) = self.decisions.last_mut().filter(|_| !shared) {
                            decision.denied.push((group.to_owned(), reason.to_owned(), cents(amount)));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn acknowledgement(&mut self, body: &str) {
        let mut claim = String::new();
        for segment in segments(body) {
            match element(&segment, 0) {
                "HL" => claim.clear(),
                "TRN" => element(&segment, 2).clone_into(&mut claim),
                "STC" if self.sent.contains_key(&claim) => {
                    let category = element(&segment, 1).split(':').next().unwrap_or_default();
                    let taken = !matches!(category, "A3" | "A4" | "A6" | "A7" | "A8");
                    self.acknowledged.push((claim.clone(), taken));
                }
                _ => {}
            }
        }
    }

    /// Counts the figures of one practice between two days (`CCYYMMDD`, both included) but for the capture rate and the balance,
    /// from the stories of all its visits and the service days of claims that never left.
    pub fn count(&self, stories: &[Value], unsent: &BTreeMap<String, String>, from: &str, to: &str) -> Numbers {
        let within = |day: &str| !day.is_empty() && from <= day && day <= to;
        let mut numbers = Numbers::new();
        let mut add = |figure: &str, part: bool, whole: bool| {
            let sum = numbers.entry(figure.to_owned()).or_insert((0, 0));
            *sum = (sum.0 + i64::from(part && whole), sum.1 + i64::from(whole));
        };
        let (mut cycle, mut lag) = ((0, 0), (0, 0));
        let mut own: BTreeSet<&str> = BTreeSet::new();
        for story in stories {
            let events = list(story, "events").iter().filter(|event| !text(event, "code").is_empty());
            let charged = events.map(|event| plain(text(event, "arrived"))).min().unwrap_or_default();
            for claim in list(story, "claims") {
                let versions = list(claim, "versions");
                let numbers_of: Vec<&str> = versions.iter().map(|version| text(version, "control_number")).collect();
                own.extend(&numbers_of);
                let made = versions.first().map(|version| plain(text(version, "created"))).unwrap_or_default();
                let history = list(claim, "history");
                let held = |row: &Value| {
                    let event = text(row, "event");
                    event == "held" || event.starts_with("version ") && event.contains(" held (")
                };
                add("clean-claim-rate", !history.iter().any(held), within(&made));

                let first = numbers_of.iter().find_map(|number| Some((*number, self.sent.get(*number)?)));
                if let Some((number, sent)) = first {
                    let refused = self.acknowledged.iter().any(|(claim, taken)| claim == number && !taken);
                    // Later payers may name it too: CLP02 2 and 3.
                    let decides = |decision: &&Decision| {
                        decision.claim == number && !matches!(&*decision.status, "22" | "25" | "2" | "3")
                    };
                    let decision = self.decisions.iter().find(decides);
                    let passed = sent.times == 1 && !refused && decision.is_some_and(|one| one.denied.is_empty());
                    add("first-pass-rate", passed, within(&sent.day));
                }

                let state = text(claim, "state");
                let is_state = |row: &&Value| STATES.contains(&text(row, "event"));
                let last = history.iter().rev().find(is_state);
                let counts = versions.iter().any(|version| text(version, "state") != "superseded");
                let closed = last
                    .filter(|_| counts && matches!(state, "posted" | "denied"))
                    .map(|row| day_of(number(row, "day")));
                let corrected = numbers_of.iter().filter_map(|number| self.sent.get(*number));
                let corrected = corrected.into_iter().any(|sent| matches!(&*sent.frequency, "7" | "8"));
                let of_claim = |decision: &&Decision| numbers_of.contains(&&*decision.claim) && decision.status != "22";
                let mistaken = self.decisions.iter().filter(of_claim).flat_map(|decision| &decision.denied).any(
                    |(group, reason, _)| {
                        matches!(&**group, "CO" | "OA") && matches!(&**reason, "4" | "11" | "16" | "22" | "31" | "97")
                    },
                );
                let closed_day = closed.unwrap_or_default();
                add("claim-accuracy", !corrected && !mistaken, within(&closed_day));

                let primary = numbers_of
                    .iter()
                    .rev()
                    .find_map(|number| self.sent.get(*number).filter(|sent| !sent.service.is_empty()));
                let service =
                    primary.map(|sent| sent.service.clone()).or_else(|| unsent.get(text(claim, "id")).cloned());
                let service = service.unwrap_or_default();
                let billed = claim.get("cents").map_or(0, |cents| number(cents, "billed"));
                if state == "posted" && billed != 0 && within(&closed_day) {
                    cycle = (cycle.0 + days(&closed_day) - days(&service), cycle.1 + 1);
                }
                if within(&charged) {
                    lag = (lag.0 + days(&charged) - days(&service), lag.1 + 1);
                }
            }
        }
        let decided = self.decisions.iter().filter(|decision| own.contains(&*decision.claim) && within(&decision.day));
        let mut payments = 0;
        for decision in decided {
            payments += 1;
            if matches!(&*decision.status, "22" | "25") {
                continue;
            }
            let denied: BTreeSet<&str> =
                decision.denied.iter().filter(|(.., cents)| *cents > 0).map(|(group, ..)| &**group).collect();
            add("denial-rate", !denied.is_empty(), true);
            add(&format!("denial-rate {} ", decision.payer), !denied.is_empty(), true);
            for group in GROUPS {
                add(&format!("denial-rate {} {group}", decision.payer), denied.contains(group), true);
            }
        }
        numbers.retain(|name, (part, _)| *part > 0 || !GROUPS.iter().any(|group| name.ends_with(&format!(" {group}"))));
        numbers.insert("collection-cycle".into(), cycle);
        numbers.insert("charge-lag".into(), lag);
        numbers.insert("posting-error-rate".into(), (0, payments));
        for figure in ["first-pass-rate", "clean-claim-rate", "claim-accuracy", "denial-rate"] {
            numbers.entry(figure.to_owned()).or_insert((0, 0));
        }
        numbers
    }
}

const STATES: [&str; 8] = ["held", "ready", "submitted", "rejected", "accepted", "denied", "paid", "posted"];
const GROUPS: [&str; 5] = ["CO", "CR", "OA", "PI", "PR"];

/// Days since 1970-01-01 of `CCYYMMDD`, by counting leap years.
pub fn days(day: &str) -> i64 {
    let part = |at: std::ops::Range<usize>| day.get(at).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let (year, month) = (part(0..4), part(4..6));
    let before = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum::<i64>();
    let months = (1..month).map(|month| month_days(year, month)).sum::<i64>();
    before + months + part(6..8) - 1
}

/// `CCYYMMDD` of days since 1970-01-01.
pub fn day_of(mut days: i64) -> String {
    let mut year = 1970;
    while days >= if leap(year) { 366 } else { 365 } {
        days -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    while days >= month_days(year, month) {
        days -= month_days(year, month);
        month += 1;
    }
    format!("{year}{month:02}{:02}", days + 1)
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn plain(day: &str) -> String {
    day.replace('-', "")
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Value, key: &str) -> i64 {
    row.get(key).and_then(Value::as_i64).unwrap_or_default()
}

fn list<'a>(row: &'a Value, key: &str) -> &'a [Value] {
    row.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
