//! Whether a table is as long as a published one: a file that was cut at the end of a row, or one file of several, reads as well as
//! a whole one, and would answer "no such code" and "no such pair" for everything that it lacks.
//!
//! A table is compared with the one of the nearest version that is loaded; the first of its kind, with a floor well below the tables
//! that its publisher has out ([`least`]). Lists that are not meant to be complete are not compared.

use super::System;
use super::container::Label;
use crate::ncci::Kind;
use crate::pfs;

/// A table has at least so many of a hundred rows of the one that is loaded. Publishers delete some codes a year and add more; one file
/// of four, or a first page, is far below this.
const LEAST_PERCENT: u64 = 90;

/// Rows that a whole table of a kind has at least: a third to two thirds of the ones we have read (the test has their counts), so that one
/// that shrinks is still taken and a quarter of it is not. 1 for a kind of which nothing is known.
pub fn least(kind: &str) -> u64 {
    if let Some(system) = System::by_name(kind) {
        return match system {
            System::Icd10cm => 60_000,
            System::Hcpcs => 5_000,
            System::Cpt => 9_000,
            System::Taxonomy => 700,
            System::HcpcsModifier => 250,
            System::CptModifier => 30,
            System::PlaceOfService => 45,
            System::Carc => 200,
            System::Rarc => 500,
            System::Icd9cm => 1,
        };
    }
    match Kind::ALL.into_iter().find(|known| known.name() == kind) {
        Some(Kind::PtpPractitioner | Kind::PtpOutpatient) => 1_000_000,
        Some(Kind::MuePractitioner | Kind::MueOutpatient) => 10_000,
        Some(Kind::MueDme) => 1_500,
        Some(Kind::Addon) => 2_000,
        None if kind == pfs::KIND => 10_000,
        None => 1,
    }
}

/// What a table is shorter than.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shorter {
    /// Rows that it should have at least.
    pub least: u64,
    /// Why, in words.
    pub than: String,
}

/// Whether a table is too short to be whole. `loaded`: complete tables of its kind, the earliest version first.
pub fn shorter<'a>(label: &Label, loaded: impl Iterator<Item = &'a Label>) -> Option<Shorter> {
    let mut nearest: Option<&Label> = None;
    for known in loaded {
        // The last one that is not later; else the first one that is.
        if nearest.is_none() || known.version <= label.version {
            nearest = Some(known);
        }
    }
    let (least, than) = match nearest {
        Some(known) => {
            (known.rows * LEAST_PERCENT / 100, format!("{} has {}, from {}", known.name(), known.rows, known.source))
        }
        None => (least(&label.kind), format!("every published {} has more", label.kind)),
    };
    (label.rows < least).then_some(Shorter { least, than })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::container::Cover;

    fn label(kind: &str, version: &str, rows: u64) -> Label {
        let (source, cover) = (format!("{version}.csv"), Cover { first: 0, last: 1 });
        Label { kind: kind.into(), version: version.into(), cover, rows, source, source_sha256: [0; 32] }
    }

    #[test]
    fn the_first_of_a_kind_is_as_long_as_published_ones() {
        for (kind, rows) in [
            ("ncci-ptp-practitioner", 2_546_017),
            ("ncci-mue-practitioner", 14_677),
            ("ncci-mue-outpatient", 14_628),
            ("ncci-mue-dme", 2_928),
            ("ncci-addon", 7_465),
            ("pfs", 16_470),
            ("icd10cm", 95_358),
            ("taxonomy", 874),
            ("place-of-service", 52),
        ] {
            assert_eq!(shorter(&label(kind, "2024Q3", rows), std::iter::empty()), None, "{kind}");
            // A quarter of it, as one file of four, or the first page.
            let short = shorter(&label(kind, "2024Q3", rows / 4), std::iter::empty());
            assert_eq!(short.map(|short| short.least), Some(least(kind)), "{kind}");
            assert!(least(kind) > 1, "{kind}");
        }
    }

    #[test]
    fn a_table_is_compared_with_the_nearest_version() {
        let loaded = [label("pfs", "2013Q1", 1_000), label("pfs", "2024Q1", 20_000), label("pfs", "2026Q1", 40_000)];
        let short = |version: &str, rows: u64| shorter(&label("pfs", version, rows), loaded.iter());
        assert_eq!(short("2024Q2", 18_000), None);
        assert_eq!(short("2024Q2", 17_999).map(|short| short.least), Some(18_000));
        assert!(short("2026Q2", 30_000).is_some_and(|short| short.than == "pfs 2026Q1 has 40000, from 2026Q1.csv"));
        // Older than everything loaded: the next later one; the same version: itself, which it would replace.
        assert_eq!(short("2012Q1", 900), None);
        assert!(short("2012Q1", 899).is_some());
        assert!(short("2013Q1", 899).is_some());
    }
}
