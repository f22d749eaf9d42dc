//! Which column holds what: the site's `[columns]` over usual names, and the joined files of `[framing]`.
//!
//! A column that the mapping names has to be in the file, or in the layout of a file without a header (`positions.rs`); one that only this
//! table names may be missing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use claimhost_sdk::delimited;
use claimhost_sdk::fixed::{Layout, Record, Role, Span};
use claimhost_sdk::intake::{Document, Place, Problem};
use claimhost_sdk::mapping::{Mapping, nearest};
use claimhost_sdk::record::Fields;

use crate::positions;

/// Contract element and usual column of a superbill.
pub const SUPERBILL: &[(&str, &str)] = &[
    ("visit", "Visit ID"),
    ("charge_id", "Line ID"),
    ("action", "Action"),
    ("status", "Status"),
    ("sequence", "Seq"),
    ("patient_mrn", "Patient ID"),
    ("patient_last", "Patient Last"),
    ("patient_first", "Patient First"),
    ("patient_middle", "Patient Middle"),
    ("patient_birth_date", "Patient DOB"),
    ("patient_gender", "Patient Sex"),
    ("patient_address1", "Address 1"),
    ("patient_address2", "Address 2"),
    ("patient_city", "City"),
    ("patient_state", "State"),
    ("patient_postal_code", "ZIP"),
    ("payer", "Payer"),
    ("member_id", "Member ID"),
    ("group_number", "Group"),
    ("relationship", "Relationship"),
    ("subscriber_last", "Subscriber Last"),
    ("subscriber_first", "Subscriber First"),
    ("subscriber_birth_date", "Subscriber DOB"),
    ("subscriber_gender", "Subscriber Sex"),
    ("payer2", "Payer 2"),
    ("member_id2", "Member ID 2"),
    ("group_number2", "Group 2"),
    ("relationship2", "Relationship 2"),
    ("subscriber_last2", "Subscriber Last 2"),
    ("subscriber_first2", "Subscriber First 2"),
    ("subscriber_birth_date2", "Subscriber DOB 2"),
    ("subscriber_gender2", "Subscriber Sex 2"),
    ("rendering_npi", "Rendering NPI"),
    ("rendering_id", "Rendering ID"),
    ("referring_npi", "Referring NPI"),
    ("location", "Location"),
    ("place_of_service", "POS"),
    ("service_date", "DOS"),
    ("service_date_to", "DOS To"),
    ("procedure", "CPT"),
    ("modifier1", "Mod1"),
    ("modifier2", "Mod2"),
    ("modifier3", "Mod3"),
    ("modifier4", "Mod4"),
    ("units", "Units"),
    ("minutes", "Minutes"),
    ("unit_charge", "Unit Charge"),
    ("charge", "Charge"),
    ("dx1", "Dx1"),
    ("dx2", "Dx2"),
    ("dx3", "Dx3"),
    ("dx4", "Dx4"),
    ("dx5", "Dx5"),
    ("dx6", "Dx6"),
    ("dx7", "Dx7"),
    ("dx8", "Dx8"),
    ("dx9", "Dx9"),
    ("dx10", "Dx10"),
    ("dx11", "Dx11"),
    ("dx12", "Dx12"),
    ("pointers", "Pointers"),
    ("authorization", "Auth"),
    ("referral", "Referral"),
    ("admission_date", "Admission Date"),
    ("discharge_date", "Discharge Date"),
    ("pickup_address1", "Pickup Address"),
    ("pickup_city", "Pickup City"),
    ("pickup_state", "Pickup State"),
    ("pickup_postal_code", "Pickup ZIP"),
    ("dropoff_name", "Dropoff Name"),
    ("dropoff_address1", "Dropoff Address"),
    ("dropoff_city", "Dropoff City"),
    ("dropoff_state", "Dropoff State"),
    ("dropoff_postal_code", "Dropoff ZIP"),
    ("transport_reason", "Transport Reason"),
    ("miles", "Miles"),
    ("ndc", "NDC"),
    ("ndc_quantity", "NDC Qty"),
    ("ndc_unit", "NDC Unit"),
    ("total", "Total"),
];

/// Contract element and usual column of a schedule.
pub const SCHEDULE: &[(&str, &str)] = &[
    ("appointment", "Appt ID"),
    ("visit", "Visit ID"),
    ("status", "Status"),
    ("reason", "Reason"),
    ("moved_to", "Moved To"),
    ("sequence", "Seq"),
    ("updated", "Updated"),
    ("date", "Date"),
    ("time", "Time"),
    ("visit_type", "Visit Type"),
    ("provider_npi", "Provider NPI"),
    ("provider_id", "Provider ID"),
    ("location", "Location"),
    ("patient_mrn", "Patient ID"),
    ("patient_last", "Patient Last"),
    ("patient_first", "Patient First"),
    ("patient_middle", "Patient Middle"),
    ("patient_birth_date", "Patient DOB"),
    ("patient_gender", "Patient Sex"),
];

/// One `[[framing.join]]`, as far as the row's reader needs it: the host does the joining.
#[derive(Debug)]
struct Join {
    name: String,
    /// Column of the charge row.
    on: String,
    file: String,
    /// A file of fixed width.
    record: Option<Record>,
}

#[derive(Debug)]
struct Column {
    /// Name of the joined file; empty for the charge file.
    join: String,
    name: String,
    /// Named by the site: it has to be there.
    required: bool,
    /// `[values.ELEMENT]`: what the site writes, and what it means by it.
    words: BTreeMap<String, String>,
}

/// The columns of one site.
#[derive(Debug)]
pub struct Columns {
    delimiter: u8,
    /// Where columns stand in files without a header.
    layout: Option<Layout>,
    joins: Vec<Join>,
    columns: BTreeMap<&'static str, Column>,
    /// Elements of which the site says that it does not have them (an empty text).
    without: Vec<&'static str>,
}

impl Columns {
    /// Reads `[framing]`, `[columns]` and `[values]`, whose keys are those of `usual`.
    pub fn read(mapping: &mut Mapping<'_>, usual: &'static [(&'static str, &'static str)]) -> Self {
        let delimiter = mapping.text("framing.delimiter", ",");
        let delimiter = match (delimiter.as_str(), delimiter.as_bytes()) {
            ("tab" | "\\t", _) => b'\t',
            (_, [byte]) => *byte,
            _ => {
                mapping.problem(
                    "framing.delimiter",
                    "mapping.delimiter",
                    "several characters",
                    "one character, or tab",
                );
                b','
            }
        };
        let layout = Layout::read(mapping);
        let joins: Vec<Join> =
            (0..mapping.array("framing.join")).map(|at| Join::read(mapping, at, layout.as_ref())).collect();
        // JSON files are cut by it.
        let _ = mapping.text("framing.records", "");
        let (mut columns, mut without) = (BTreeMap::new(), Vec::new());
        for (key, usual) in usual {
            let full = format!("columns.{key}");
            let named = mapping.text(&full, usual);
            if named.trim().is_empty() {
                without.push(*key); // this site does not have it
                continue;
            }
            let (join, name) = match named.split_once(':') {
                Some((join, name)) if joins.iter().any(|known| known.name == join) => (join, name),
                Some((join, _)) => {
                    let known: Vec<String> = joins.iter().map(|join| join.name.clone()).collect();
                    let expected = nearest(join, &known)
                        .map_or("the name of a [[framing.join]]".to_owned(), |name| format!("`{name}:`"));
                    mapping.problem(&full, "mapping.join", &format!("`{join}:`"), &expected);
                    continue;
                }
                None => ("", named.as_str()),
            };
            let (join, name, required) = (join.to_owned(), name.trim().to_owned(), mapping.has(&full));
            let words = mapping.table(&format!("values.{key}"), &[]);
            let record = joins.iter().find(|known| known.name == join).map(|known| known.record.as_ref());
            let placed = match record {
                Some(record) => record.map(names_of),
                None => layout.as_ref().map(Layout::names),
            };
            if let Some(placed) = placed.filter(|_| required) {
                must_be_placed(mapping, &full, &name, &placed);
            }
            let column = Column { join, name, required, words };
            columns.insert(*key, column);
        }
        Self { delimiter, layout, joins, columns, without }
    }

    /// Whether the site says that it has no column for an element.
    pub fn is_without(&self, key: &str) -> bool {
        self.without.contains(&key)
    }

    /// The cells of a document.
    ///
    /// # Errors
    /// A column the mapping names and the header does not have, or a joined row that is not there.
    pub fn cells(&self, document: &Document) -> Result<Cells<'_>, Vec<Problem>> {
        let related =
            |name: &str| document.related.iter().find(|part| part.name == name).map(|part| part.content.as_slice());
        let row = document.ordinal.saturating_add(1);
        let mut tables = BTreeMap::new();
        let (mut place, mut role, mut problems) = (format!("row {row}"), None, Vec::new());
        match &self.layout {
            Some(layout) => {
                let read = positions::row(layout, document);
                place = read.line.map_or(place, |line| format!("line {line}"));
                (role, problems) = (Some(read.role), read.problems);
                tables.insert("", read.table);
            }
            None => {
                tables.insert("", self.table(related("header"), Some(&document.content)));
            }
        }
        for join in &self.joins {
            let table = match &join.record {
                Some(record) => {
                    let (table, told) = positions::joined(record, related(&join.name));
                    let within = |problem: Problem| {
                        let path = format!("{place}, joined {} {}", join.name, problem.at.path);
                        Problem { at: Place { path, ..problem.at }, ..problem }
                    };
                    problems.extend(told.into_iter().map(within));
                    table
                }
                None => self.table(related(&format!("{}.header", join.name)), related(&join.name)),
            };
            tables.insert(&join.name, table);
        }
        let cells = Cells { place, columns: self, tables, role, problems };
        let unknown = self.unknown(&cells);
        if unknown.is_empty() { Ok(cells) } else { Err(unknown) }
    }

    /// Names, without case, to texts.
    fn table(&self, header: Option<&[u8]>, row: Option<&[u8]>) -> Table {
        let read = |bytes: Option<&[u8]>| bytes.map(|bytes| delimited::fields(bytes, self.delimiter));
        let names = read(header).unwrap_or_default();
        let found = row.is_some();
        let texts = read(row).unwrap_or_default();
        Table {
            found,
            has_header: header.is_some(),
            width: texts.len(),
            first: texts.first().cloned().unwrap_or_default(),
            names,
            texts,
            spans: Vec::new(),
        }
    }

    fn unknown(&self, cells: &Cells<'_>) -> Vec<Problem> {
        let missing = self.columns.iter().filter_map(|(key, column)| {
            let table = cells.tables.get(column.join.as_str())?;
            let absent = column.required && table.has_header && table.position(&column.name).is_none();
            absent.then_some((key, column, table))
        });
        missing
            .map(|(key, column, table)| Problem {
                id: "csv.unknown-column".to_owned(),
                at: Place { path: format!("header {}", column.join).trim_end().to_owned(), offset: None },
                found: format!("{} columns, none of them `{}`", table.names.len(), column.name),
                expected: format!("column `{}` for [columns] {key}", column.name),
                remedy: nearest(&column.name, &table.names)
                    .map_or(format!("correct [columns] {key} in this site's mapping"), |near| {
                        format!("did you mean `{near}`? Correct [columns] {key} in this site's mapping")
                    }),
            })
            .collect()
    }
}

impl Join {
    fn read(mapping: &mut Mapping<'_>, at: usize, layout: Option<&Layout>) -> Self {
        let prefix = format!("framing.join.{at}");
        let mut text = |key: &str| mapping.text(&format!("{prefix}.{key}"), "");
        let (name, on, file, key) = (text("name"), text("on"), text("file"), text("key"));
        let _ = text("records");
        let record = mapping.has(&format!("{prefix}.columns")).then(|| Record::joined(mapping, &prefix));
        if let Some(layout) = layout {
            must_be_placed(mapping, &format!("{prefix}.on"), &on, &layout.names());
        }
        if let Some(record) = &record {
            must_be_placed(mapping, &format!("{prefix}.key"), &key, &names_of(record));
        }
        Self { name, on, file, record }
    }
}

fn names_of(record: &Record) -> Vec<String> {
    record.columns.iter().map(|column| column.name.clone()).collect()
}

/// A column that a layout does not have is a problem: there is no header that could have it.
fn must_be_placed(mapping: &mut Mapping<'_>, key: &str, name: &str, placed: &[String]) {
    if placed.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return;
    }
    let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let near = nearest(name, placed).map(|near| format!("`{near}`, or another one of ")).unwrap_or_default();
    let expected = format!("{near}the columns of the layout: {}", quoted(placed));
    mapping.problem(key, "mapping.fixed-unknown", &format!("`{name}`"), &expected);
}

/// A row under the names of its columns.
#[derive(Debug)]
pub struct Table {
    /// Whether there is such a row.
    pub found: bool,
    has_header: bool,
    names: Vec<String>,
    texts: Vec<String>,
    width: usize,
    first: String,
    /// Of a row of fixed width: line and place of each text.
    spans: Vec<(Option<u64>, Span)>,
}

impl Table {
    /// A row of fixed width, without cells yet.
    pub fn of_row() -> Self {
        let (names, texts, spans) = (Vec::new(), Vec::new(), Vec::new());
        Self { found: true, has_header: false, names, texts, width: 0, first: String::new(), spans }
    }

    /// Adds a cell of a line.
    pub fn add(&mut self, name: &str, text: String, line: Option<u64>, span: Span) {
        self.names.push(name.to_owned());
        self.texts.push(text);
        self.spans.push((line, span));
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }
}

/// One row, and the rows joined to it.
#[derive(Debug)]
pub struct Cells<'c> {
    /// `row 12`, `line 13`.
    place: String,
    columns: &'c Columns,
    tables: BTreeMap<&'c str, Table>,
    /// Of fixed width: what its last line is.
    role: Option<Option<Role>>,
    /// What does not fit its layout.
    problems: Vec<Problem>,
}

impl Cells<'_> {
    /// The text of an element; empty where this site has no such column.
    pub fn text(&self, key: &str) -> &str {
        let column = self.columns.columns.get(key);
        let cell = column.and_then(|column| {
            let table = self.tables.get(column.join.as_str())?;
            let cell = table.texts.get(table.position(&column.name)?)?;
            Some(column.words.get(cell).unwrap_or(cell))
        });
        cell.map_or("", String::as_str)
    }

    /// Whether the row sums up others: people write "Total" into its first column.
    pub fn is_total(&self) -> bool {
        let first = self.tables.get("").map_or("", |table| table.first.as_str()).to_ascii_lowercase();
        (first.starts_with("total") || first.starts_with("grand total")) && self.text("procedure").is_empty()
    }

    /// Whether the layout says that such lines are not read.
    pub fn is_other(&self) -> bool {
        self.role == Some(Some(Role::Other))
    }

    /// Whether this is a parent above visits, without one below it: nothing in it says which visit.
    pub fn is_above_visits(&self) -> bool {
        let name = self.columns.columns.get("visit").map(|column| column.name.as_str()).unwrap_or_default();
        let has_visit = self.tables.get("").is_some_and(|table| table.position(name).is_some());
        self.role == Some(Some(Role::Parent)) && !has_visit && self.problems.is_empty()
    }

    /// How many cells the row has.
    pub fn columns(&self) -> usize {
        self.tables.get("").map_or(0, |table| table.texts.len())
    }

    /// Whether the file has a column for an element.
    pub fn has(&self, key: &str) -> bool {
        let column = self.columns.columns.get(key);
        column.is_some_and(|column| {
            let table = self.tables.get(column.join.as_str());
            table.is_some_and(|table| table.position(&column.name).is_some())
        })
    }

    /// Whether nothing is in the row.
    pub fn is_blank(&self) -> bool {
        self.problems.is_empty() && self.tables.get("").is_none_or(|table| table.texts.iter().all(String::is_empty))
    }

    /// Rows that are not of this file: one with another number of cells than the header has, one that does not fit its layout, or one whose
    /// joined row is not there.
    pub fn misfits(&self) -> Vec<Problem> {
        let mut problems = self.problems.clone();
        if let Some(table) = self.tables.get("").filter(|table| table.has_header && table.width != table.names.len()) {
            problems.push(Problem {
                id: "csv.width".to_owned(),
                at: Place { path: self.place.clone(), offset: None },
                found: format!("{} cells", table.width),
                expected: format!("{} cells, as the header has", table.names.len()),
                remedy: "quote cells that hold the delimiter, or correct [framing] delimiter".to_owned(),
            });
        }
        for join in &self.columns.joins {
            let is_missing = self.tables.get(join.name.as_str()).is_none_or(|table| !table.found);
            if is_missing && self.problems.is_empty() {
                problems.push(Problem {
                    id: format!("{}.join-missing", self.family()),
                    at: Place { path: format!("{}, column {}", self.place, join.on), offset: None },
                    found: "a key that no joined row has".to_owned(),
                    expected: format!("a row of `{}` with the key of column `{}`", join.name, join.on),
                    remedy: format!("deliver {} with the charges, with a row for this key", join.file),
                });
            }
        }
        problems
    }

    /// Where an element stands.
    pub fn place(&self, key: &str) -> Place {
        let column = self.columns.columns.get(key);
        let Some(column) = column else {
            return Place { path: format!("{}, [columns] {key}", self.place), offset: None };
        };
        let join = if column.join.is_empty() { String::new() } else { format!("{}:", column.join) };
        let table = self.tables.get(column.join.as_str());
        let at = table.and_then(|table| table.spans.get(table.position(&column.name)?));
        let (line, name) = match at {
            Some((line, span)) => (*line, positions::with_span(&column.name, *span)),
            None => (None, column.name.clone()),
        };
        let place = line.map_or(self.place.clone(), |line| format!("line {line}"));
        Place { path: format!("{place}, column {join}{name}"), offset: None }
    }
}

impl Fields for Cells<'_> {
    fn family(&self) -> &'static str {
        if self.columns.layout.is_some() { "fixed" } else { "csv" }
    }

    fn text(&self, key: &str) -> Cow<'_, str> {
        Cow::Borrowed(Cells::text(self, key))
    }

    /// Columns that differ by a number; pointers are one.
    fn list(&self, key: &str) -> Vec<String> {
        let numbered =
            |name: &str, last: u8| (1..=last).map(|at| Cells::text(self, &format!("{name}{at}")).to_owned()).collect();
        match key {
            "dx" => numbered("dx", 12),
            "modifiers" => numbered("modifier", 4),
            _ => vec![Cells::text(self, key).to_owned()],
        }
    }

    fn place(&self, key: &str) -> Place {
        Cells::place(self, key)
    }

    fn remedy(&self, key: &str) -> String {
        format!("correct the row, or [columns] {key} in this site's mapping")
    }

    fn diagnoses_are_the_charges(&self) -> bool {
        !self.has("pointers")
    }
}
