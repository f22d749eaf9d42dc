//! Payment policy indicators of the Medicare Physician Fee Schedule: global days, bilateral, assistant, professional and
//! technical component. Numbers only; no descriptor and no value is kept.
//!
//! Here are the table (compact bytes that are read where they lie) and its import from CMS's relative value file. What a
//! claim is told is in `scrub/edits/modifier_omission.rs`; where tables are kept is in `codes`.

pub mod import;

use crate::codes::shelf::Shelf;
use crate::ncci::bytes::{Cursor, push_number, u8_at, u32_at};
use crate::ncci::{Code, PayloadError};

/// The kind of the table on a shelf.
pub const KIND: &str = "pfs";
/// What to import, for a person who has to fetch it.
pub const PUBLISHED_AS: &str = "CMS's physician fee schedule relative value file of the quarter (cms.gov, PPRRVU)";

const MAGIC: [u8; 8] = *b"PFSIND01";
const RECORD: usize = 12;

/// GLOB DAYS: what the payment of a procedure includes of the days around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// `000`: the day itself.
    Day,
    /// `010`: the day and ten after it.
    Ten,
    /// `090`: the day before, the day, and ninety after it.
    Ninety,
    /// `MMM`: maternity.
    Maternity,
    /// `XXX`: the concept does not apply.
    None,
    /// `YYY`: the contractor decides.
    Contractor,
    /// `ZZZ`: as the service that it is added to.
    AddOn,
}

impl Global {
    /// Of the published text.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "000" | "0" => Self::Day,
            "010" | "10" => Self::Ten,
            "090" | "90" => Self::Ninety,
            "MMM" => Self::Maternity,
            "XXX" => Self::None,
            "YYY" => Self::Contractor,
            "ZZZ" => Self::AddOn,
            _ => return None,
        })
    }

    /// Days after the procedure that its payment includes; none where the concept does not apply.
    pub const fn days_after(self) -> Option<i64> {
        match self {
            Self::Day => Some(0),
            Self::Ten => Some(10),
            Self::Ninety => Some(90),
            _ => None,
        }
    }

    const ALL: [Self; 7] =
        [Self::Day, Self::Ten, Self::Ninety, Self::Maternity, Self::None, Self::Contractor, Self::AddOn];
}

/// The indicators of one code without modifier. A digit is CMS's own; 9: the concept does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indicators {
    /// The code.
    pub code: Code,
    /// GLOB DAYS.
    pub global: Global,
    /// PCTC IND: 1 has a professional and a technical component.
    pub components: u8,
    /// BILAT SURG: 1 is paid at 150 percent when bilateral.
    pub bilateral: u8,
    /// ASST SURG: 0 with proof, 1 never, 2 paid.
    pub assistant: u8,
    /// CO-SURG: 0 never, 1 with proof, 2 paid.
    pub co_surgeons: u8,
    /// TEAM SURG: 0 never, 1 with proof, 2 paid.
    pub team: u8,
}

/// The table, over borrowed bytes, in the order of packed codes.
#[derive(Clone, Copy)]
pub struct PfsTable<'a> {
    rows: &'a [[u8; RECORD]],
}

impl<'a> PfsTable<'a> {
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

    /// The table of a shelf that knows a day; none where no table does.
    pub fn on(shelf: &'a Shelf, day: i64) -> Option<Self> {
        Self::open(shelf.covering(KIND, day)?.payload()).ok()
    }

    /// Codes in it.
    pub const fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The indicators of a code; none where the schedule does not have it.
    pub fn lookup(&self, code: Code) -> Option<Indicators> {
        let at = self.rows.binary_search_by_key(&code.packed(), |row| u32_at(row, 0)).ok()?;
        let row = self.rows.get(at)?;
        Some(Indicators {
            code,
            global: *Global::ALL.get(usize::from(u8_at(row, 4)))?,
            components: u8_at(row, 5),
            bilateral: u8_at(row, 6),
            assistant: u8_at(row, 7),
            co_surgeons: u8_at(row, 8),
            team: u8_at(row, 9),
        })
    }
}

/// Writes the payload. The rows need no order; each code once (the import refuses others).
pub fn build(rows: &[Indicators]) -> Vec<u8> {
    let mut sorted: Vec<&Indicators> = rows.iter().collect();
    sorted.sort_by_key(|row| row.code.packed());
    let mut out = MAGIC.to_vec();
    push_number(&mut out, sorted.len());
    for row in sorted {
        out.extend_from_slice(&row.code.packed().to_le_bytes());
        let global = Global::ALL.iter().position(|global| *global == row.global).unwrap_or(4);
        let digits = [row.components, row.bilateral, row.assistant, row.co_surgeons, row.team];
        out.push(u8::try_from(global).unwrap_or(4));
        out.extend_from_slice(&digits);
        out.extend_from_slice(&[0, 0]);
    }
    out
}
