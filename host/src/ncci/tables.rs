//! The NCCI tables of a shelf: which one answers for a day of service.

use super::addon::AddonTable;
use super::mue::MueTable;
use super::ptp::PtpTable;
use super::{Kind, PayloadError};
use crate::codes::container::{Label, Table};
use crate::codes::shelf::Shelf;

/// The answer of a shelf for one kind and one day.
#[derive(Clone, Copy)]
pub enum Answer<'a, T> {
    /// A table knows the day.
    Known(T, &'a Label),
    /// There are tables, none knows the day: nothing is checked, and that is no pass.
    Outside,
    /// No table of this kind was ever imported.
    Absent,
}

impl<'a, T> Answer<'a, T> {
    /// The table, where one knows the day.
    pub fn known(self) -> Option<(T, &'a Label)> {
        match self {
            Self::Known(table, label) => Some((table, label)),
            Self::Outside | Self::Absent => None,
        }
    }
}

/// The NCCI tables of a shelf.
#[derive(Clone, Copy)]
pub struct Tables<'a> {
    shelf: &'a Shelf,
}

impl<'a> Tables<'a> {
    /// Those of this shelf.
    pub const fn of(shelf: &'a Shelf) -> Self {
        Self { shelf }
    }

    /// Pairs for practitioners.
    pub fn ptp(&self, day: i64) -> Answer<'a, PtpTable<'a>> {
        self.answer(Kind::PtpPractitioner, day, PtpTable::open)
    }

    /// Units, for practitioners or for suppliers.
    pub fn mue(&self, kind: Kind, day: i64) -> Answer<'a, MueTable<'a>> {
        self.answer(kind, day, MueTable::open)
    }

    /// Add-on codes.
    pub fn addon(&self, day: i64) -> Answer<'a, AddonTable<'a>> {
        self.answer(Kind::Addon, day, AddonTable::open)
    }

    /// A payload that a later claimhost wrote is as good as none for that day: outside, so that it is seen.
    fn answer<T>(&self, kind: Kind, day: i64, open: impl Fn(&'a [u8]) -> Result<T, PayloadError>) -> Answer<'a, T> {
        let table: Option<&'a Table> = self.shelf.covering(kind.name(), day).map(|table| &**table);
        match table.and_then(|table| Some((open(table.payload()).ok()?, table.label()))) {
            Some((table, label)) => Answer::Known(table, label),
            None if self.shelf.tables(kind.name()).is_empty() => Answer::Absent,
            None => Answer::Outside,
        }
    }
}
