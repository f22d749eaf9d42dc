//! What `onboard` reports, and how a later sample differs from it. Counts, names of columns, codes and payers: no patient.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::columns::Entry;
use super::coverage::{Code, Element};
use super::dry_run::DryRun;
use super::recognise::Recognised;
use crate::lifecycle::GoLive;

/// Form of the report: another number is another one.
pub(crate) const VERSION: u32 = 1;
/// Percentage points that an element has to fall by to be broken.
const FALL_POINTS: u64 = 20;

/// One way in of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WayIn {
    /// The adapter.
    pub(crate) adapter: String,
    /// What its samples are, where that is more than the adapter: one reads JSON and XML, by mappings of their own. Empty in a report of before.
    #[serde(default)]
    pub(crate) kind: String,
    /// The named connector that the sample looks like, and why; empty: none.
    pub(crate) connector: String,
    /// What says so.
    pub(crate) connector_why: String,
    /// File of the mapping, from the folder of the report.
    pub(crate) mapping: String,
    /// Samples, by number.
    pub(crate) samples: Vec<usize>,
    /// What is where, and why.
    pub(crate) entries: Vec<Entry>,
    /// What nothing reads.
    pub(crate) unused: Vec<String>,
    /// What a person has to know.
    pub(crate) notes: Vec<String>,
    /// Rows whose values do not stand in their places.
    pub(crate) shifted: u64,
    /// Columns of modifiers that nothing reads.
    pub(crate) modifiers_not_read: Vec<String>,
}

/// A payer as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PayerSeen {
    /// Its name; empty where it equals something of a patient, which is not shown.
    pub(crate) name: String,
    /// Visits with it.
    pub(crate) visits: u64,
    /// Its id at the clearinghouse, where the sample or the profile has it; empty: the site has to supply it.
    pub(crate) id: String,
}

/// An element that an earlier report had and this sample has no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Broken {
    /// The element.
    pub(crate) element: String,
    /// Percent of visits or charges that had it.
    pub(crate) was_percent: u64,
    /// Percent that have it now.
    pub(crate) is_percent: u64,
    /// What is known of the cause.
    pub(crate) words: String,
}

/// The comparison with an earlier report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Against {
    /// Day of the earlier report.
    pub(crate) day: String,
    /// What an upstream change broke.
    pub(crate) broken: Vec<Broken>,
    /// Documents of a hundred that were rejected then and now.
    pub(crate) rejected_percent: (u64, u64),
}

/// The whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// [`VERSION`].
    pub(crate) version: u32,
    /// Day it was made.
    pub(crate) day: String,
    /// Practice of the drafts.
    pub(crate) practice: String,
    /// The samples.
    pub(crate) samples: Vec<Recognised>,
    /// The ways in.
    pub(crate) ways: Vec<WayIn>,
    /// Clean-claim elements.
    pub(crate) elements: Vec<Element>,
    /// Codes that lead to no code in force.
    pub(crate) codes: Vec<Code>,
    /// Charges with modifiers.
    pub(crate) with_modifiers: u64,
    /// Payers as they came.
    pub(crate) payers: Vec<PayerSeen>,
    /// Keys of the drafted profile that only the site can supply; the dry run has invented values in their places.
    pub(crate) to_do: Vec<String>,
    /// What came of the samples.
    pub(crate) dry_run: DryRun,
    /// What `go-live` shows for the sign-off.
    pub(crate) go_live: GoLive,
    /// Files that were written into the folder.
    pub(crate) files: Vec<String>,
    /// The comparison that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) against: Option<Against>,
}

/// `present` of `total` in percent, to the nearest; of none, 0.
pub(crate) fn percent(present: u64, total: u64) -> u64 {
    (present * 100 + total / 2).checked_div(total).unwrap_or(0)
}

impl DryRun {
    /// Documents that came, and those rejected or parked.
    pub(crate) fn refused(&self) -> (u64, u64) {
        let of = |end: &str| self.documents.get(end).copied().unwrap_or(0);
        (of("rejected") + of("parked"), self.documents.values().sum())
    }
}

impl Report {
    /// What of an earlier report this one has no longer.
    pub(crate) fn against(&self, before: &Self) -> Against {
        let now: BTreeMap<&str, &Element> =
            self.elements.iter().map(|element| (element.id.as_str(), element)).collect();
        let columns = self.lost_columns();
        let mut broken: Vec<Broken> = columns.clone();
        let ((were, all_before), (are, all_now)) = (before.dry_run.refused(), self.dry_run.refused());
        for was in &before.elements {
            let Some(is) = now.get(was.id.as_str()) else { continue };
            // Where nothing was translated the lost columns say why: of the other elements nothing is known.
            if is.total == 0 && !columns.is_empty() {
                continue;
            }
            let (was_percent, is_percent) = (percent(was.present, was.total), percent(is.present, is.total));
            let vanished = is_percent == 0 && was_percent >= 5;
            if was_percent >= is_percent + FALL_POINTS || vanished {
                let words = format!("{} of {} {}, was {} of {}", is.present, is.total, is.of, was.present, was.total);
                broken.push(Broken { element: was.id.clone(), was_percent, is_percent, words });
            }
        }
        let rejected_percent = (percent(were, all_before), percent(are, all_now));
        if rejected_percent.1 >= rejected_percent.0 + FALL_POINTS && columns.is_empty() {
            let first = self.dry_run.problems.first();
            let words = first
                .map(|problem| format!("{} at {}: expected {}", problem.id, problem.at, problem.expected))
                .unwrap_or_default();
            let translated = (100 - rejected_percent.0.min(100), 100 - rejected_percent.1.min(100));
            broken.push(Broken {
                element: "documents".to_owned(),
                was_percent: translated.0,
                is_percent: translated.1,
                words,
            });
        }
        Against { day: before.day.clone(), broken, rejected_percent }
    }

    /// Elements whose column is no longer in the header.
    fn lost_columns(&self) -> Vec<Broken> {
        let lost = self.dry_run.problems.iter().filter(|problem| problem.id == "csv.unknown-column");
        let element = |expected: &str| expected.split("[columns] ").nth(1).map(str::to_owned);
        lost.filter_map(|problem| {
            let words = format!("expected {}; {}", problem.expected, problem.remedy);
            Some(Broken { element: element(&problem.expected)?, was_percent: 100, is_percent: 0, words })
        })
        .collect()
    }
}
