//! Which column holds what: the site's `[columns]` over usual names, and the joined files of `[framing]`.
//!
//! A column that the mapping names has to be in the file; one that only this table names may be missing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use claimhost_sdk::delimited;
use claimhost_sdk::intake::{Document, Place, Problem};
use claimhost_sdk::mapping::{Mapping, nearest};
use claimhost_sdk::record::Fields;

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
        let mut joins = Vec::new();
        while mapping.has(&format!("framing.join.{}", joins.len()))
            || mapping.has(&format!("framing.join.{}.name", joins.len()))
        {
            let mut text = |key: &str| mapping.text(&format!("framing.join.{}.{key}", joins.len()), "");
            joins.push(Join { name: text("name"), on: text("on"), file: text("file") });
        }
        mapping.leave("framing");
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
            let column = Column { join, name, required, words };
            columns.insert(*key, column);
        }
        Self { delimiter, joins, columns, without }
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
        tables.insert("", self.table(related("header"), Some(&document.content)));
        for join in &self.joins {
            tables.insert(&join.name, self.table(related(&format!("{}.header", join.name)), related(&join.name)));
        }
        let cells = Cells { row, columns: self, tables };
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

#[derive(Debug)]
struct Table {
    found: bool,
    has_header: bool,
    names: Vec<String>,
    texts: Vec<String>,
    width: usize,
    first: String,
}

impl Table {
    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }
}

/// One row, and the rows joined to it.
#[derive(Debug)]
pub struct Cells<'c> {
    row: u32,
    columns: &'c Columns,
    tables: BTreeMap<&'c str, Table>,
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

    /// The text of the row's first column: where people write "Total".
    pub fn first(&self) -> &str {
        self.tables.get("").map_or("", |table| table.first.as_str())
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
        self.tables.get("").is_none_or(|table| table.texts.iter().all(String::is_empty))
    }

    /// Rows that are not of this file: one with another number of cells than the header has, or one whose joined row
    /// is not there.
    pub fn misfits(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(table) = self.tables.get("").filter(|table| table.has_header && table.width != table.names.len()) {
            problems.push(Problem {
                id: "csv.width".to_owned(),
                at: Place { path: format!("row {}", self.row), offset: None },
                found: format!("{} cells", table.width),
                expected: format!("{} cells, as the header has", table.names.len()),
                remedy: "quote cells that hold the delimiter, or correct [framing] delimiter".to_owned(),
            });
        }
        for join in &self.columns.joins {
            if self.tables.get(join.name.as_str()).is_none_or(|table| !table.found) {
                problems.push(Problem {
                    id: "csv.join-missing".to_owned(),
                    at: Place { path: format!("row {}, column {}", self.row, join.on), offset: None },
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
        let name = column.map_or_else(
            || format!("[columns] {key}"),
            |column| {
                let join = if column.join.is_empty() { String::new() } else { format!("{}:", column.join) };
                format!("column {join}{}", column.name)
            },
        );
        Place { path: format!("row {}, {name}", self.row), offset: None }
    }
}

impl Fields for Cells<'_> {
    fn family(&self) -> &'static str {
        "csv"
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
