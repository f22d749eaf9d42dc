//! The NCCI tables of a shelf: which one answers for a day of service.

use super::addon::AddonTable;
use super::mue::MueTable;
use super::ptp::PtpTable;
use super::{Kind, PayloadError, Quarter};
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
        let table = answering(self.shelf, kind.name(), day);
        match table.and_then(|table| Some((open(table.payload()).ok()?, table.label()))) {
            Some((table, label)) => Answer::Known(table, label),
            None if self.shelf.tables(kind.name()).is_empty() => Answer::Absent,
            None => Answer::Outside,
        }
    }
}

/// Which table of a kind answers for a day: the newest one whose quarter had begun on it. A later quarter's file knows the day too (pairs
/// have their days back to 1996), and answers only where none of the time is loaded, the earliest such quarter first: CMS publishes a
/// version for the days of service from its first day on, and a new file, right or wrong, shall not change what is said of the days before it.
pub fn answering<'a>(shelf: &'a Shelf, kind: &str, day: i64) -> Option<&'a Table> {
    let tables = shelf.tables(kind);
    let mut knowing = tables.iter().filter(|table| table.label().cover.has(day));
    let begun = |label: &Label| Quarter::parse(&label.version).is_none_or(|quarter| quarter.first_day() <= day);
    let own = knowing.clone().rev().find(|table| begun(table.label()));
    own.or_else(|| knowing.next()).map(|table| &**table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::container::Cover;

    #[test]
    fn each_quarter_answers_for_its_own_days() {
        let kind = Kind::PtpPractitioner.name();
        let day = |text: &str| {
            let quarter = Quarter::parse(text).unwrap();
            (quarter.first_day(), quarter.last_day())
        };
        let since_1996 = |version: &str| {
            let cover = Cover { first: 9_496, last: day(version).1 };
            let (source, source_sha256) = ("pairs.txt".to_owned(), [0; 32]);
            let label = Label { kind: kind.to_owned(), version: version.into(), cover, rows: 1, source, source_sha256 };
            Table::in_memory(&label, b"").unwrap()
        };
        let shelf = Shelf::of(["2026Q1", "2026Q2", "2026Q4"].map(since_1996));
        let version = |day: i64| answering(&shelf, kind, day).map(|table| table.label().version.as_str());
        for (quarter, expected) in [
            ("2020Q1", Some("2026Q1")),
            ("2026Q1", Some("2026Q1")),
            ("2026Q2", Some("2026Q2")),
            // Not loaded: the next one that knows its days.
            ("2026Q3", Some("2026Q4")),
            ("2026Q4", Some("2026Q4")),
            ("2027Q1", None),
        ] {
            let (first, last) = day(quarter);
            assert_eq!((version(first), version(last)), (expected, expected), "{quarter}");
        }
    }
}
