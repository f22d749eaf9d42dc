//! Add-on codes and the primary procedures they may be billed with.

use super::Code;
use super::bytes::{Cursor, PayloadError, i32_at, push_number, u8_at, u32_at};

const KIND: &str = "addon";
const MAGIC: [u8; 8] = *b"NCCIAOC1";
const RECORD: usize = 20;

/// How closed the list of primaries is (CMS: add-on code type).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddonType {
    /// 1: paid only with one of the listed primaries.
    Listed = 1,
    /// 2: no primary is listed; each contractor decides.
    Unlisted = 2,
    /// 3: some primaries are listed, contractors may take others.
    PartlyListed = 3,
}

impl AddonType {
    /// The type of its digit.
    pub const fn from_digit(digit: u8) -> Option<Self> {
        match digit {
            1 => Some(Self::Listed),
            2 => Some(Self::Unlisted),
            3 => Some(Self::PartlyListed),
            _ => None,
        }
    }
}

/// One row of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addon {
    /// The add-on code.
    pub code: Code,
    /// A primary; none where the file says `CCCCC` (the contractor decides).
    pub primary: Option<Code>,
    /// Its type.
    pub kind: AddonType,
    /// First day in effect, as a day number; [`i32::MIN`] where the file has none.
    pub effective: i32,
    /// Last day in effect; [`i32::MAX`] where it is not deleted.
    pub deletion: i32,
}

/// The table, over borrowed bytes, in the order of packed add-on codes.
#[derive(Clone, Copy)]
pub struct AddonTable<'a> {
    rows: &'a [[u8; RECORD]],
}

impl<'a> AddonTable<'a> {
    /// Opens a payload.
    ///
    /// # Errors
    /// [`PayloadError`]: no such payload, or cut off.
    pub fn open(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut cursor = Cursor::open(KIND, MAGIC, payload)?;
        let rows = cursor.number()?;
        let table = Self { rows: cursor.records(rows)? };
        cursor.end()?;
        Ok(table)
    }

    /// Rows.
    pub const fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The rows of an add-on code that are in effect on a day; none where the code is no add-on code then.
    pub fn lookup(&self, code: Code, day: i32) -> impl Iterator<Item = Addon> + Clone + 'a {
        let from = self.rows.partition_point(|row| u32_at(row, 0) < code.packed());
        let rows = self.rows.get(from..).unwrap_or_default();
        let rows = rows.iter().take_while(move |row| u32_at(row, 0) == code.packed());
        rows.filter_map(read).filter(move |row| row.effective <= day && day <= row.deletion)
    }

    /// Whether the code is an add-on code on a day.
    pub fn is_addon(&self, code: Code, day: i32) -> bool {
        self.lookup(code, day).next().is_some()
    }
}

fn read(row: &[u8; RECORD]) -> Option<Addon> {
    let primary = u32_at(row, 4);
    Some(Addon {
        code: Code::from_packed(u32_at(row, 0)),
        primary: (primary != 0).then(|| Code::from_packed(primary)),
        kind: AddonType::from_digit(u8_at(row, 8))?,
        effective: i32_at(row, 12),
        deletion: i32_at(row, 16),
    })
}

/// Writes the payload. The rows need no order.
pub fn build(rows: &[Addon]) -> Vec<u8> {
    let mut sorted: Vec<&Addon> = rows.iter().collect();
    sorted.sort_by_key(|row| (row.code.packed(), row.primary.map_or(0, Code::packed), row.effective));
    let mut out = MAGIC.to_vec();
    push_number(&mut out, sorted.len());
    for row in sorted {
        out.extend_from_slice(&row.code.packed().to_le_bytes());
        out.extend_from_slice(&row.primary.map_or(0, Code::packed).to_le_bytes());
        out.extend_from_slice(&[row.kind as u8, 0, 0, 0]);
        out.extend_from_slice(&row.effective.to_le_bytes());
        out.extend_from_slice(&row.deletion.to_le_bytes());
    }
    out
}
