//! The files that CMS cuts the pairs of a quarter into: `ccipra-v321r0-f1` to `-f4`. They are one table, and a quarter of which one is
//! missing would answer "no edit" for every pair of that file, so it is no table until all of them are there.
//!
//! Each file that was imported stands on the shelf under a kind of its own, packed as it came, whether or not the others are there:
//! they may be imported one after the other, and one of them may be replaced.

use std::fmt;
use std::io::{Cursor, Read, Write};

use super::{Kind, Quarter};
use crate::codes::container::{Cover, Label, Table};
use crate::codes::shelf::Shelf;

/// Files that CMS cuts the pairs of a service type into.
pub const FILES: u8 = 4;

/// The number in a file's name: 2 of `ccipra-v321r0-f2.TXT`. None where the name has no `f2` of its own.
pub fn number(name: &str) -> Option<u8> {
    let lower = name.to_ascii_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.find_map(|word| match word.as_bytes() {
        [b'f', digit @ b'1'..=b'9'] => Some(digit - b'0'),
        _ => None,
    })
}

/// The kind under which the files of a table stand.
pub fn kind(of: Kind) -> String {
    format!("{}-file", of.name())
}

/// Whether a kind is that of files.
pub fn is_part(name: &str) -> bool {
    [Kind::PtpPractitioner, Kind::PtpOutpatient].into_iter().any(|of| kind(of) == name)
}

/// One file, as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Which table it is a part of.
    pub kind: Kind,
    /// Of which quarter.
    pub quarter: Quarter,
    /// Its number, from 1.
    pub number: u8,
    /// Its name.
    pub source: &'a str,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl Part<'_> {
    /// Its label on the shelf.
    pub fn label(&self) -> Label {
        Label {
            kind: kind(self.kind),
            version: format!("{}-f{}", self.quarter, self.number),
            cover: Cover { first: self.quarter.first_day(), last: self.quarter.last_day() },
            rows: self.rows,
            source: self.source.chars().take(200).collect(),
            source_sha256: self.sha256,
        }
    }
}

/// Packs the bytes of a file.
///
/// # Errors
/// None in practice: memory is written to.
pub fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Unpacks a file of the shelf.
///
/// # Errors
/// The payload is none of ours.
pub fn unpack(payload: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(Cursor::new(payload)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The files of a quarter that are on a shelf, by their numbers.
pub fn of(shelf: &Shelf, table: Kind, quarter: Quarter) -> impl Iterator<Item = (u8, &Table)> {
    shelf.tables(&kind(table)).iter().filter_map(move |file| {
        let (of, number) = numbered(&file.label().version)?;
        (of == quarter).then_some((number, &**file))
    })
}

fn numbered(version: &str) -> Option<(Quarter, u8)> {
    let (quarter, number) = version.split_once("-f")?;
    Some((Quarter::parse(quarter)?, number.parse().ok()?))
}

/// A quarter that is no table yet, because files of it are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// Which table.
    pub kind: Kind,
    /// Of which quarter.
    pub quarter: Quarter,
    /// Numbers of the files that are there.
    pub there: Vec<u8>,
}

impl Incomplete {
    /// Numbers of the files that are not.
    pub fn missing(&self) -> Vec<u8> {
        (1..=FILES).filter(|number| !self.there.contains(number)).collect()
    }
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |numbers: &[u8]| numbers.iter().map(|number| format!("f{number}")).collect::<Vec<_>>().join(", ");
        let (kind, quarter) = (self.kind.name(), self.quarter);
        write!(f, "{kind} {quarter} is incomplete, and not used: {} of {FILES} files there", list(&self.there))?;
        match self.missing().as_slice() {
            [] => write!(f, "; import any of them again"),
            missing => write!(f, "; import {} too", list(missing)),
        }
    }
}

/// The quarters that are incomplete, the earliest first.
pub fn incomplete(shelf: &Shelf) -> Vec<Incomplete> {
    let mut found: Vec<Incomplete> = Vec::new();
    for table in [Kind::PtpPractitioner, Kind::PtpOutpatient] {
        for file in shelf.tables(&kind(table)) {
            let Some((quarter, number)) = numbered(&file.label().version) else { continue };
            if shelf.tables(table.name()).iter().any(|whole| whole.label().version == quarter.to_string()) {
                continue;
            }
            match found.iter_mut().find(|known| known.kind == table && known.quarter == quarter) {
                Some(known) => known.there.push(number),
                None => found.push(Incomplete { kind: table, quarter, there: vec![number] }),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_number() {
        for (name, expected) in [
            ("ccipra-v321r0-f1.TXT", Some(1)),
            ("ccioph-v321r0-f4.txt in ccioph-v321r0-f4.zip", Some(4)),
            ("practitioner 2026Q1 f2.txt", Some(2)),
            ("ptp_practitioner_2024-07-01.csv", None),
            ("ccipra-v321r0.txt", None),
            ("f0.txt", None),
            ("ccipra-v321r0-f12.txt", None),
        ] {
            assert_eq!(number(name), expected, "{name}");
        }
    }

    #[test]
    fn a_quarter_is_incomplete_until_its_table_is_there() {
        let quarter = Quarter::parse("2026Q2").unwrap();
        let part = |number| {
            let (source, sha256, kind) = ("f.txt", [number; 32], Kind::PtpPractitioner);
            let part = Part { kind, quarter, number, source, rows: 3, sha256 };
            Table::in_memory(&part.label(), &pack(b"text").unwrap()).unwrap()
        };
        let shelf = Shelf::of([part(1), part(3)]);
        let told: Vec<String> = incomplete(&shelf).iter().map(Incomplete::to_string).collect();
        assert_eq!(
            told,
            ["ncci-ptp-practitioner 2026Q2 is incomplete, and not used: f1, f3 of 4 files there; import f2, f4 too"]
        );
        let files: Vec<u8> = of(&shelf, Kind::PtpPractitioner, quarter).map(|(number, _)| number).collect();
        assert_eq!(files, [1, 3]);
        assert!(of(&shelf, Kind::PtpOutpatient, quarter).next().is_none());
        let (_, file) = of(&shelf, Kind::PtpPractitioner, quarter).next().unwrap();
        assert_eq!(unpack(file.payload()).unwrap(), b"text");
        let whole = Label { kind: "ncci-ptp-practitioner".into(), version: "2026Q2".into(), ..part(1).label().clone() };
        let shelf = Shelf::of([part(1), Table::in_memory(&whole, b"x").unwrap()]);
        assert!(incomplete(&shelf).is_empty());
    }
}
