//! What was expected, what was charged, what is missing: counts that add up, with dollars.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Basis, Shown};
use crate::claim::{from_day_number, iso};
use crate::store::expected::{ExpectedRow, ExpectedState};
use crate::store::{StoreResult, Tx};

/// Counts and cents of some expected visits.
///
/// `told = same_visit + moved + expected`, and `expected = charged + cancelled + no_show + no_charge + gaps + not_yet_due`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Appointments and arrivals that somebody told of.
    pub told: u64,
    /// Of these, told twice: another one stands for it.
    pub same_visit: u64,
    /// Of these, moved: another appointment stands for it.
    pub moved: u64,
    /// The rest: visits that are expected, or were.
    pub expected: u64,
    /// With charges.
    pub charged: u64,
    /// Did not take place.
    pub cancelled: u64,
    /// The patient did not come.
    pub no_show: u64,
    /// Nobody charges for it.
    pub no_charge: u64,
    /// Without charges though the hours have passed.
    pub gaps: u64,
    /// Ahead, or within the hours.
    pub not_yet_due: u64,
    /// What the charged ones were charged.
    pub charged_cents: i64,
    /// What the gaps are worth.
    pub gap_cents: i64,
    /// Charged of charged and gaps, in tenths of a percent; none where nothing has come due.
    pub capture_rate_permille: Option<u64>,
}

impl Counts {
    fn add(&mut self, row: &ExpectedRow) {
        self.told += 1;
        let place = match row.state {
            ExpectedState::SameVisit => {
                self.same_visit += 1;
                return;
            }
            ExpectedState::Moved => {
                self.moved += 1;
                return;
            }
            ExpectedState::Charged => &mut self.charged,
            ExpectedState::Cancelled => &mut self.cancelled,
            ExpectedState::NoShow => &mut self.no_show,
            ExpectedState::NoCharge => &mut self.no_charge,
            ExpectedState::Gap => &mut self.gaps,
            ExpectedState::NotYetDue => &mut self.not_yet_due,
        };
        *place += 1;
        self.expected += 1;
        self.charged_cents += row.charged_cents;
        self.gap_cents += row.expected_cents;
        let due = self.charged + self.gaps;
        self.capture_rate_permille = (self.charged * 1_000).checked_div(due);
    }
}

/// Counts of one provider, visit type or day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Provider, visit type or day; empty where nobody said it.
    pub name: String,
    /// Its counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One visit without charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapLine {
    /// Id of the expected visit.
    pub expected_id: u64,
    /// `YYYY-MM-DD`.
    pub day: String,
    /// The sending system's appointment id.
    pub appointment_id: String,
    /// The sending system's visit number.
    pub visit_number: String,
    /// The patient.
    pub patient: String,
    /// The provider.
    pub provider: String,
    /// The visit type.
    pub visit_type: String,
    /// What it is worth, in cents.
    pub cents: i64,
    /// By which visits.
    pub basis: Basis,
    /// By how many.
    pub over: u64,
}

/// The report of one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The practice.
    pub practice: String,
    /// All of it.
    #[serde(flatten)]
    pub counts: Counts,
    /// By provider.
    pub by_provider: Vec<Group>,
    /// By visit type.
    pub by_visit_type: Vec<Group>,
    /// By day.
    pub by_day: Vec<Group>,
    /// Each gap, the most money first.
    pub gap_list: Vec<GapLine>,
}

/// Reports on expected visits that start in these days, both ends included; none: all.
///
/// # Errors
/// The store's.
pub fn report(tx: &Tx<'_>, days: Option<(i64, i64)>) -> StoreResult<Report> {
    let mut counts = Counts::default();
    let (mut providers, mut types, mut by_day) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut gap_list = Vec::new();
    for row in tx.expected_visits(days)? {
        let shown: Option<Shown> = tx.expected_body(row.expected_id)?;
        let day = iso(from_day_number(row.start_day));
        let (provider, kind) =
            shown.as_ref().map(|shown| (shown.provider.clone(), shown.visit_type.clone())).unwrap_or_default();
        counts.add(&row);
        for (groups, name) in [(&mut providers, provider), (&mut types, kind), (&mut by_day, day.clone())] {
            let group: &mut Counts = groups.entry(name).or_default();
            group.add(&row);
        }
        if let Some(shown) = shown.filter(|_| row.state == ExpectedState::Gap) {
            gap_list.push(GapLine {
                expected_id: row.expected_id,
                day,
                appointment_id: shown.appointment_id,
                visit_number: shown.visit_number,
                patient: shown.patient,
                provider: shown.provider,
                visit_type: shown.visit_type,
                cents: row.expected_cents,
                basis: shown.worth.map_or(Basis::None, |worth| worth.basis),
                over: shown.worth.map_or(0, |worth| worth.over),
            });
        }
    }
    gap_list.sort_by_key(|gap| (std::cmp::Reverse(gap.cents), gap.expected_id));
    let list =
        |groups: BTreeMap<String, Counts>| groups.into_iter().map(|(name, counts)| Group { name, counts }).collect();
    Ok(Report {
        practice: tx.practice_id().to_owned(),
        counts,
        by_provider: list(providers),
        by_visit_type: list(types),
        by_day: list(by_day),
        gap_list,
    })
}
