//! A delimited sample as columns, and which of its rows do not stand in them.

use claimhost_sdk::delimited::{DateFormat, fields, records};

use super::columns::{Column, Found, plain};
use super::form::{Form, date_format};
use super::recognise::Sample;

/// Rows of one header.
pub(crate) struct Sheet {
    /// The header's cells.
    pub(crate) columns: Vec<Column>,
    /// Rows with as many cells as the header.
    pub(crate) rows: usize,
    /// Rows with another number of cells: every adapter call rejects them.
    pub(crate) odd: usize,
}

impl Sheet {
    /// Reads a sample, and others of the same header behind it.
    pub(crate) fn read(sample: &Sample, delimiter: u8) -> Self {
        let rows = records(&sample.bytes, delimiter);
        let mut rows = rows.into_iter().map(|row| fields(row, delimiter));
        let header = rows.next().unwrap_or_default();
        let columns = header.into_iter().map(Column::new).collect();
        let mut sheet = Self { columns, rows: 0, odd: 0 };
        rows.for_each(|row| sheet.add(row));
        sheet
    }

    /// Whether another sheet has the same header.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let names = |sheet: &Self| sheet.columns.iter().map(|column| plain(&column.name)).collect::<Vec<_>>();
        names(self) == names(other)
    }

    /// Takes the rows of a sheet of the same header.
    pub(crate) fn take(&mut self, other: Self) {
        self.rows += other.rows;
        self.odd += other.odd;
        for (column, more) in self.columns.iter_mut().zip(other.columns) {
            column.values.extend(more.values);
        }
    }

    fn add(&mut self, row: Vec<String>) {
        let first = row.first().map(|cell| cell.to_ascii_lowercase()).unwrap_or_default();
        if row.iter().all(String::is_empty) || first.starts_with("total") || first.starts_with("grand total") {
            return; // the component ignores these too, with its reason
        }
        if row.len() != self.columns.len() {
            self.odd += 1;
            return;
        }
        self.rows += 1;
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.values.push(value);
        }
    }

    /// Rows whose values stand one column beside their own: what is wrong or lacking in its place has the form there. Only columns in which
    /// most rows have a value of the form are looked at.
    pub(crate) fn shifted(&self, found: &Found, dates: Option<&DateFormat>) -> usize {
        let sure: Vec<(usize, Form)> = found
            .placed
            .iter()
            .filter(|(element, ..)| !matches!(element.form, Form::Text | Form::Quantity))
            .filter_map(|(element, at, _)| {
                let (fit, _) = self.columns.get(*at)?.fit(element.form, dates);
                (fit * 10 >= self.rows * 6).then_some((*at, element.form))
            })
            .collect();
        let has = |row: usize, at: Option<usize>, form: Form| {
            let value = at.and_then(|at| self.columns.get(at)).and_then(|column| column.values.get(row));
            value.is_some_and(|value| !value.trim().is_empty() && form.has(value, dates))
        };
        let is_shifted = |row: &usize| {
            let wrong: Vec<&(usize, Form)> = sure.iter().filter(|(at, form)| !has(*row, Some(*at), *form)).collect();
            let beside =
                |step: isize| wrong.iter().filter(|(at, form)| has(*row, at.checked_add_signed(step), *form)).count();
            wrong.len() >= 2 && beside(1).max(beside(-1)) * 2 >= wrong.len()
        };
        (0..self.rows).filter(is_shifted).count()
    }

    /// The columns' values that are likely days: of columns that are called so, else all of columns in which 9 of 10 are.
    pub(crate) fn days(&self) -> Vec<&str> {
        let is_named = |column: &&Column| {
            let name = plain(&column.name);
            super::columns::ELEMENTS
                .iter()
                .any(|element| element.form == Form::Day && element.names.contains(&name.as_str()))
        };
        let named: Vec<&str> = self.columns.iter().filter(is_named).flat_map(Column::said).collect();
        if date_format(named.iter().copied()).is_some() {
            return named;
        }
        let mostly = |column: &&Column| {
            let all = column.said().count();
            date_format(column.said()).is_some_and(|(_, count, _)| count * 10 >= all * 9)
        };
        self.columns.iter().filter(mostly).flat_map(Column::said).collect()
    }
}
