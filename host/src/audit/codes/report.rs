//! Which of the practice's own codes lead nowhere, on how many claims, with how many dollars, and what stands in their place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::not_in_force;
use crate::audit::family;
use crate::claim::{Claim, Date, Finding, day_number, iso, service_span};
use crate::codes::shelf::Shelf;
use crate::practice::{CodeSet, Mapped, Mapping, Profile};
use crate::store::{StoreResult, Tx};

/// What is wrong with a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// No row has it.
    Unmapped,
    /// Rows have it, on other days.
    OtherDays,
    /// Two rows say two things of one day.
    Ambiguous,
    /// A row leads to a code that is not in force.
    Retired,
}

impl Kind {
    /// As JSON writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unmapped => "unmapped",
            Self::OtherDays => "other-days",
            Self::Ambiguous => "ambiguous",
            Self::Retired => "retired",
        }
    }
}

/// One code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What is wrong.
    pub kind: Kind,
    /// `procedure` or `diagnosis`.
    pub set: CodeSet,
    /// The practice's own code. Where no row has it, it is what the EHR sent there: it may be patient data in a shifted field.
    pub code: String,
    /// Rows of the crosswalk, each with what it says.
    pub rows: Vec<String>,
    /// Why it is not billed, in words.
    pub why: String,
    /// Codes that may be billed instead: successors as published, or what other rows say.
    pub instead: Vec<String>,
    /// Lines with it (of a diagnosis: lines that point to it).
    pub lines: u64,
    /// Claims with it.
    pub claims: u64,
    /// What those lines charge, in cents.
    pub cents: i64,
    /// First and last day of service; none where no claim has it.
    pub days: Option<(String, String)>,
}

/// The report of one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The practice.
    pub practice: String,
    /// Rows of its crosswalk.
    pub crosswalk_rows: u64,
    /// Claims with any such code.
    pub claims: u64,
    /// What they bill, each once, in cents.
    pub cents: i64,
    /// By code, the most money first. Rows that are wrong on the day of the report are listed without claims too.
    pub codes: Vec<Entry>,
}

type Key = (Kind, CodeSet, String);

/// Reports on live versions, and on the crosswalk itself.
///
/// # Errors
/// The store's.
pub fn report(tx: &Tx<'_>, profile: &Profile, shelf: &Shelf, today: Date) -> StoreResult<Report> {
    let mut entries: BTreeMap<Key, (Entry, BTreeSet<u64>)> = BTreeMap::new();
    let crosswalk = &profile.crosswalk;
    for conflict in crosswalk.conflicts() {
        entry(&mut entries, ambiguous(conflict.first, conflict.second));
    }
    for row in crosswalk.rows().iter().filter(|row| (row.days.0..=row.days.1).contains(&day_number(today))) {
        if let Some((why, instead)) = not_in_force(shelf, row.set, &row.target, day_number(today)) {
            entry(&mut entries, retired(row, why, instead));
        }
    }
    let (mut claims, mut cents) = (0, 0);
    for claim_id in family::claims(tx, &family::CODES)? {
        let Some(row) = tx.claim(claim_id)? else { continue };
        claims += 1;
        cents += row.billed_cents;
        let body = tx.version_body(claim_id, row.live_version)?;
        for stored in tx.findings(claim_id, row.live_version)? {
            let Some(found) = told(&stored.finding, &body.claim, profile, shelf) else { continue };
            let (entry, of) = entry(&mut entries, found);
            let lines = lines(&body.claim, &stored.finding);
            for (charge, day) in lines {
                entry.lines += 1;
                entry.cents += charge;
                let day = iso(day);
                let (first, last) = entry.days.take().unwrap_or_else(|| (day.clone(), day.clone()));
                entry.days = Some((first.min(day.clone()), last.max(day)));
            }
            if of.insert(claim_id) {
                entry.claims += 1;
            }
        }
    }
    let mut codes: Vec<Entry> = entries.into_values().map(|(entry, _)| entry).collect();
    codes.sort_by_key(|entry| (std::cmp::Reverse(entry.cents), entry.kind, entry.code.clone()));
    let crosswalk_rows = crosswalk.rows().len() as u64;
    Ok(Report { practice: tx.practice_id().to_owned(), crosswalk_rows, claims, cents, codes })
}

fn entry(entries: &mut BTreeMap<Key, (Entry, BTreeSet<u64>)>, found: Entry) -> &mut (Entry, BTreeSet<u64>) {
    let key = (found.kind, found.set, found.code.to_uppercase());
    entries.entry(key).or_insert_with(|| (found, BTreeSet::new()))
}

/// The code that a finding is about, as the crosswalk and the lists know it now.
fn told(finding: &Finding, claim: &Claim, profile: &Profile, shelf: &Shelf) -> Option<Entry> {
    if !family::CODES.has(&finding.rule) {
        return None;
    }
    let line = finding.at.line.and_then(|line| claim.lines.get(usize::from(line).checked_sub(1)?));
    let (set, code, day) = match line {
        Some(line) => (CodeSet::Procedure, line.procedure.code.as_str(), Some(line.service_dates.start)),
        None => {
            let at = finding.at.field.strip_prefix("diagnoses[")?.strip_suffix(']')?.parse::<usize>().ok()?;
            let code = claim.header.diagnoses.get(at)?.code.as_str();
            (CodeSet::Diagnosis, code, service_span(&claim.lines).map(|span| span.start))
        }
    };
    let day = day_number(day?);
    if finding.rule == "crosswalk.retired" {
        let row = profile.crosswalk.source(set, code, day)?;
        let (why, instead) = not_in_force(shelf, set, &row.target, day)?;
        return Some(retired(row, why, instead));
    }
    Some(match profile.crosswalk.on(set, code, Some(day)) {
        Mapped::TwoWays(conflict) => ambiguous(conflict.first, conflict.second),
        Mapped::OtherDays(row) => Entry {
            rows: vec![said(row)],
            instead: vec![row.billed_as()],
            why: format!("mapped {}, not on the day of service", row.days_in_words()),
            ..bare(Kind::OtherDays, set, &row.code)
        },
        Mapped::To(row) => Entry {
            rows: vec![said(row)],
            instead: vec![row.billed_as()],
            why: "mapped since the claim was looked at".to_owned(),
            ..bare(Kind::Unmapped, set, code)
        },
        Mapped::Unknown => Entry { why: "no row has it".to_owned(), ..bare(Kind::Unmapped, set, code) },
    })
}

/// Charge and first day of the lines that a finding is about: its own, or those that point to its diagnosis.
fn lines(claim: &Claim, finding: &Finding) -> Vec<(i64, Date)> {
    let numbered = (1_u16..).zip(&claim.lines);
    let at = finding.at.field.strip_prefix("diagnoses[").and_then(|rest| rest.strip_suffix(']')?.parse::<u8>().ok());
    let about = |(number, line): &(u16, &crate::claim::ServiceLine)| match (finding.at.line, at) {
        (Some(of), _) => of == *number,
        (None, Some(at)) => line.diagnosis_pointers.contains(&(at + 1)),
        (None, None) => false,
    };
    numbered.filter(about).map(|(_, line)| (line.charge, line.service_dates.start)).collect()
}

fn bare(kind: Kind, set: CodeSet, code: &str) -> Entry {
    let (rows, instead) = (Vec::new(), Vec::new());
    Entry {
        kind,
        set,
        code: code.to_owned(),
        rows,
        why: String::new(),
        instead,
        lines: 0,
        claims: 0,
        cents: 0,
        days: None,
    }
}

fn said(row: &Mapping) -> String {
    format!("{}: {} {}", row.row, row.billed_as(), row.days_in_words())
}

fn ambiguous(first: &Mapping, second: &Mapping) -> Entry {
    Entry {
        rows: vec![said(first), said(second)],
        instead: vec![first.billed_as(), second.billed_as()],
        why: "two rows have one day".to_owned(),
        ..bare(Kind::Ambiguous, first.set, &first.code)
    }
}

fn retired(row: &Mapping, why: String, instead: Vec<String>) -> Entry {
    let why = format!("leads to {}, {why}", row.target);
    Entry { rows: vec![said(row)], instead, why, ..bare(Kind::Retired, row.set, &row.code) }
}
