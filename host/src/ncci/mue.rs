//! Medically unlikely edits: the units of a code that are payable in one line, or on one day.

use super::Code;
use super::bytes::{Cursor, PayloadError, Texts, push_number, push_texts, u8_at, u32_at};

const KIND: &str = "mue";
const MAGIC: [u8; 8] = *b"NCCIMUE1";
const RECORD: usize = 12;

/// MUE adjudication indicator: what the limit is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adjudication {
    /// 1: each line for itself.
    Line = 1,
    /// 2: all units of the day; fixed by policy, a payer may not pay more.
    DayAbsolute = 2,
    /// 3: all units of the day; clinical, more is paid where the record supports it.
    DayClinical = 3,
}

impl Adjudication {
    /// The indicator of its digit.
    pub const fn from_digit(digit: u8) -> Option<Self> {
        match digit {
            1 => Some(Self::Line),
            2 => Some(Self::DayAbsolute),
            3 => Some(Self::DayClinical),
            _ => None,
        }
    }
}

/// The limit of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mue {
    /// The code.
    pub code: Code,
    /// Whole units; 0: not payable to this kind of provider.
    pub units: u32,
    /// What they are compared with.
    pub adjudication: Adjudication,
    /// Position among the table's rationales.
    pub rationale: u16,
}

/// The table, over borrowed bytes, in the order of packed codes.
#[derive(Clone, Copy)]
pub struct MueTable<'a> {
    rows: &'a [[u8; RECORD]],
    rationales: Texts<'a>,
}

impl<'a> MueTable<'a> {
    /// Opens a payload.
    ///
    /// # Errors
    /// [`PayloadError`]: no such payload, or cut off.
    pub fn open(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut cursor = Cursor::open(KIND, MAGIC, payload)?;
        let rows = cursor.number()?;
        let rationales = Texts::open(&mut cursor)?;
        let table = Self { rows: cursor.records(rows)?, rationales };
        cursor.end()?;
        Ok(table)
    }

    /// Codes with a limit.
    pub const fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The limit of a code; `None` where none is published (some limits are confidential).
    pub fn lookup(&self, code: Code) -> Option<Mue> {
        let at = self.rows.binary_search_by_key(&code.packed(), |row| u32_at(row, 0)).ok()?;
        let row = self.rows.get(at)?;
        let (units, adjudication) = (u32_at(row, 4), Adjudication::from_digit(u8_at(row, 8))?);
        Some(Mue { code, units, adjudication, rationale: u16::from_le_bytes([u8_at(row, 10), u8_at(row, 11)]) })
    }

    /// CMS's reason for a limit.
    pub fn rationale(&self, mue: &Mue) -> &'a str {
        self.rationales.get(mue.rationale)
    }
}

/// Writes the payload. The rows need no order; of two with one code, the first stands (the import refuses that).
pub fn build(rows: &[Mue], rationales: &[String]) -> Vec<u8> {
    let mut sorted: Vec<&Mue> = rows.iter().collect();
    sorted.sort_by_key(|row| row.code.packed());
    sorted.dedup_by_key(|row| row.code);
    let mut out = MAGIC.to_vec();
    push_number(&mut out, sorted.len());
    push_texts(&mut out, rationales);
    for row in sorted {
        out.extend_from_slice(&row.code.packed().to_le_bytes());
        out.extend_from_slice(&row.units.to_le_bytes());
        out.extend_from_slice(&[row.adjudication as u8, 0]);
        out.extend_from_slice(&row.rationale.to_le_bytes());
    }
    out
}
