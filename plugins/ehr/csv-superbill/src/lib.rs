//! Superbills in delimited files: one row, one charge, with the patient in the row or in a joined file. With
//! `content = "schedule"` in the mapping: schedules, one row, one appointment (`schedule.rs`). With a layout by position in the mapping:
//! files of fixed width (`positions.rs`).
//!
//! No EHR publishes its column names, so the site's mapping names them (`columns.rs` has usual ones). The host cuts the
//! file into rows and joins them; `claimhost_sdk::record` makes claim data of one.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod columns;
mod positions;
mod schedule;

use claimhost_sdk::delimited::DateFormat;
use claimhost_sdk::intake::{Charge, Document, Ignored, Outcome, Problem, Setup, VisitUpdate};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::record::Reader;
use claimhost_sdk::undelivered::{CHARGE, MODIFIERS, UNITS, Undelivered, without_path};
use claimhost_sdk::{Adapter, AdapterDescription, evidence};
use columns::{Cells, Columns};
use schedule::Appointments;

/// Contract fields a superbill can carry.
const DELIVERS: &[&str] = &[
    "header.patient.ids",
    "header.patient.name",
    "header.patient.birth-date",
    "header.patient.gender",
    "header.patient.address",
    "header.coverages",
    "header.coverages.prior-authorization",
    "header.coverages.referral-number",
    "header.diagnoses",
    "header.rendering",
    "header.referring",
    "header.place-of-service",
    "header.location",
    "header.stated-total",
    "header.extras.dates",
    "header.extras.ambulance",
    "line.procedure",
    "line.procedure.modifiers",
    "line.charge",
    "line.unit-charge",
    "line.units",
    "line.service-dates",
    "line.diagnosis-pointers",
    "line.drug",
    "visit.status",
    "expected-visit",
];

/// Contract fields for which no superbill has a column here.
const UNDELIVERED: &[&str] = &["header.billing", "header.service-facility", "coverage.filing-indicator"];
/// Elements whose column a file may lack altogether, by their columns.
const BY_COLUMN: &[(&str, &[&str])] = &[(CHARGE, &["charge", "unit_charge"]), (UNITS, &["units", "minutes"])];

/// One site's files.
#[derive(Debug)]
pub struct Superbill {
    source_system: String,
    dates: DateFormat,
    columns: Columns,
    undelivered: Undelivered,
    /// The rows are appointments.
    schedule: Option<Appointments>,
}

impl Adapter for Superbill {
    fn describe() -> AdapterDescription {
        AdapterDescription {
            id: "csv-superbill".to_owned(),
            title: "Superbills and schedules in delimited and fixed-width files".to_owned(),
            family: "delimited".to_owned(),
            formats: vec!["delimited".to_owned()],
            delivers: DELIVERS.iter().map(|field| (*field).to_owned()).collect(),
            evidence: evidence::Level::Documented,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(&setup.mapping);
        let source_system = mapping.text("source_system", "CSV");
        let format = mapping.text("date_format", "MM/DD/YYYY");
        let dates = DateFormat::parse(&format);
        if dates.is_none() {
            let expected = "YYYY, MM and DD once each, such as MM/DD/YYYY or YYYYMMDD";
            mapping.problem("date_format", "mapping.date-format", &format!("`{format}`"), expected);
        }
        let content = mapping.text("content", "superbill");
        if !matches!(content.as_str(), "superbill" | "schedule") {
            mapping.problem("content", "mapping.content", &format!("`{content}`"), "superbill or schedule");
        }
        let schedule = (content == "schedule").then(|| Appointments::read(&mut mapping));
        let usual = if schedule.is_some() { columns::SCHEDULE } else { columns::SUPERBILL };
        let columns = Columns::read(&mut mapping, usual);
        let mut undelivered: Vec<String> = UNDELIVERED.iter().map(|field| (*field).to_owned()).collect();
        // A cell of `procedure` may hold them: that a file has no column of their own says nothing, what the mapping says does.
        if columns.is_without("modifier1") {
            undelivered.push(MODIFIERS.to_owned());
        }
        let undelivered = Undelivered::read(&mut mapping, undelivered);
        mapping.finish()?;
        // A format that is none was a problem above.
        let dates = dates.ok_or_else(Vec::new)?;
        Ok(Self { source_system, dates, columns, undelivered, schedule })
    }

    fn translate(&self, document: &Document) -> Outcome {
        let cells = match self.columns.cells(document) {
            Ok(cells) => cells,
            Err(problems) => return Outcome::Rejected(problems),
        };
        if cells.is_other() {
            return ignored("fixed.other-record", "a record of a kind that the layout leaves out");
        }
        if cells.is_blank() {
            return ignored("csv.blank-row", "a row without anything in it");
        }
        if cells.is_total() {
            return ignored("csv.total-row", "a row that sums up others");
        }
        if cells.is_above_visits() {
            return ignored("fixed.no-visit", "a record above visits, without a visit below it");
        }
        let problems = cells.misfits();
        if !problems.is_empty() {
            return Outcome::Rejected(problems);
        }
        if let Some(schedule) = &self.schedule {
            return schedule.translate(&self.source_system, &cells, &self.dates, document.received);
        }
        match self.visit(&cells) {
            Ok(update) => Outcome::Events(vec![update.into()]),
            Err(problems) => Outcome::Rejected(problems),
        }
    }
}

impl Superbill {
    /// The visit of one row, with its charge, or what is wrong with it.
    fn visit(&self, cells: &Cells<'_>) -> Result<VisitUpdate, Vec<Problem>> {
        let mut row = Reader::new(cells, &self.dates);
        let visit_number = row.visit_number();
        if visit_number.is_empty() && cells.columns() == 1 {
            // Every row of a file with another delimiter is one cell.
            let remedy = "set delimiter in [framing] of this site's mapping: the header line has one column, so the file's own is another";
            row.problems.iter_mut().for_each(|problem| problem.remedy = remedy.to_owned());
        }
        let (mut header, mut diagnoses) = row.header();
        let charge = row.charge(&mut diagnoses);
        header.diagnoses = diagnoses.list;
        let (status, order) = (row.status(), row.order());
        if !row.problems.is_empty() {
            return Err(row.problems);
        }
        let charges: Vec<Charge> = charge.into_iter().collect();
        // A record without a charge (a visit of fixed width whose details are others) says nothing of what its file has of charges.
        let lacking = if charges.is_empty() { Vec::new() } else { without_path(BY_COLUMN, |key| cells.has(key)) };
        let undelivered = self.undelivered.of(&lacking, &charges);
        Ok(VisitUpdate {
            source_system: self.source_system.clone(),
            visit_number,
            order,
            status,
            header,
            charges,
            complete: false,
            undelivered,
            doubts: Vec::new(),
        })
    }
}

fn ignored(id: &str, reason: &str) -> Outcome {
    Outcome::Ignored(Ignored { id: id.to_owned(), reason: reason.to_owned() })
}

claimhost_sdk::adapter!(Superbill);
