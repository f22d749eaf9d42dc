//! Procedure-to-procedure pairs: millions of rows in about eleven bytes each, one cache line a lookup.
//!
//! Sections: header, attributes (dates, indicator, rationale: few hundred to few thousand differ), then buckets of 64 bytes that
//! begin at a cache line, each with eight slots of eight bytes: the ranks of the two codes and the number of the attribute. A
//! full bucket says so and the next one is read too. Ranks are computed, so that a pair costs one read of a line that is not in
//! the cache. Readers borrow; nothing is copied or built at opening.

use super::Code;
use super::bytes::{Cursor, PayloadError, Texts, i32_at, push_align, push_number, push_texts, u8_at};

const KIND: &str = "ptp";
const MAGIC: [u8; 8] = *b"NCCIPTP2";
/// Slots of a bucket.
const SLOTS: usize = 8;
const BUCKET: usize = 64;
const ATTRIBUTE: usize = 12;
/// Of eight slots six are used on average: one bucket in seven overflows into its neighbour, which is the next cache line.
const FILL: usize = 6;
/// A slot from its low end: 20 bits each for the two ranks, 22 for the attribute; the highest bit of a bucket's last slot says that
/// it overflows. No rank is 0, and so no slot that is used.
const RANK_BITS: u32 = 20;
const KEY: u64 = (1 << (2 * RANK_BITS)) - 1;
const ATTRIBUTES_MAX: usize = 1 << 22;
const OVERFLOW: u64 = 1 << 63;

/// What may be done about a pair (CMS: correct coding modifier indicator).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Indicator {
    /// 0: no modifier separates the two; column 2 is not paid.
    Never = 0,
    /// 1: an NCCI PTP-associated modifier separates them where the record supports it.
    WithModifier = 1,
    /// 9: deleted on the day it began; never in use.
    NotInUse = 9,
}

impl Indicator {
    /// The indicator of its digit.
    pub const fn from_digit(digit: u8) -> Option<Self> {
        match digit {
            0 => Some(Self::Never),
            1 => Some(Self::WithModifier),
            9 => Some(Self::NotInUse),
            _ => None,
        }
    }
}

/// What a row of the file says about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// First day in effect, as a day number; [`i32::MIN`] where the file has none and the cover decides.
    pub effective: i32,
    /// Last day in effect; [`i32::MAX`] where it is not deleted.
    pub deletion: i32,
    /// Indicator.
    pub indicator: Indicator,
    /// In existence before 1996.
    pub before_1996: bool,
    /// Position among the table's rationales.
    pub rationale: u16,
}

impl Attribute {
    /// Whether the row bundles the pair on this day. Deletion dates are the last day in effect; 9 never is.
    pub const fn bundles_on(&self, day: i32) -> bool {
        self.effective <= day && day <= self.deletion && !matches!(self.indicator, Indicator::NotInUse)
    }
}

/// The table, over borrowed bytes.
#[derive(Clone, Copy)]
pub struct PtpTable<'a> {
    attributes: &'a [[u8; ATTRIBUTE]],
    buckets: &'a [[u8; BUCKET]],
    rationales: Texts<'a>,
    rows: usize,
}

impl<'a> PtpTable<'a> {
    /// Opens a payload: sizes are checked, content is read at look-up.
    ///
    /// # Errors
    /// [`PayloadError`]: no such payload, or cut off.
    pub fn open(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut cursor = Cursor::open(KIND, MAGIC, payload)?;
        let (rows, attributes, buckets) = (cursor.number()?, cursor.number()?, cursor.number()?);
        let rationales = Texts::open(&mut cursor)?;
        let attributes = cursor.records(attributes)?;
        cursor.align(BUCKET)?;
        let table = Self { attributes, buckets: cursor.records(buckets)?, rationales, rows };
        cursor.end()?;
        if table.buckets.is_empty() {
            return Err(PayloadError { kind: KIND, found: "no bucket".to_owned(), expected: "one or more".to_owned() });
        }
        Ok(table)
    }

    /// Rows, deleted ones included.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The row that bundles two codes, column 1 and column 2, on a day (a day number). Where rows overlap (none should), the
    /// stricter. A code of no form of CPT or HCPCS is in no pair.
    #[inline]
    pub fn lookup(&self, column1: Code, column2: Code, day: i32) -> Option<Attribute> {
        let key = key(column1.rank()?, column2.rank()?);
        let mut at = spread(key, self.buckets.len());
        let mut best: Option<Attribute> = None;
        for _ in 0..self.buckets.len() {
            let (slots, _) = self.buckets.get(at)?.as_chunks::<8>();
            let mut matches = 0_u32;
            let mut last = 0;
            // All eight are compared, full or not: no branch to guess wrong.
            for (slot, bytes) in slots.iter().enumerate() {
                last = u64::from_le_bytes(*bytes);
                matches |= u32::from(last & KEY == key) << slot;
            }
            while matches != 0 {
                let slot = matches.trailing_zeros() as usize;
                matches &= matches - 1;
                if let Some(row) = slots.get(slot).and_then(|bytes| self.attribute(u64::from_le_bytes(*bytes)))
                    && row.bundles_on(day)
                    && best.is_none_or(|best| row.indicator < best.indicator)
                {
                    best = Some(row);
                }
            }
            if last & OVERFLOW == 0 {
                break;
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
        best
    }

    /// CMS's reason for a row, as the file gave it.
    pub fn rationale(&self, row: &Attribute) -> &'a str {
        self.rationales.get(row.rationale)
    }

    fn attribute(&self, slot: u64) -> Option<Attribute> {
        let number = usize::try_from((slot & !OVERFLOW) >> (2 * RANK_BITS)).ok()?;
        let record = self.attributes.get(number)?;
        Some(Attribute {
            effective: i32_at(record, 0),
            deletion: i32_at(record, 4),
            indicator: Indicator::from_digit(u8_at(record, 8))?,
            before_1996: u8_at(record, 9) != 0,
            rationale: u16::from_le_bytes([u8_at(record, 10), u8_at(record, 11)]),
        })
    }
}

const fn key(column1: u32, column2: u32) -> u64 {
    (column1 as u64) << RANK_BITS | column2 as u64
}

/// A place in `0..places`: Fibonacci hashing, then the high half of a product instead of a division.
fn spread(key: u64, places: usize) -> usize {
    let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32;
    (mixed.wrapping_mul(places as u64) >> 32) as usize
}

/// Why rows cannot become a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PtpBuildError {
    /// A pair is found by the ranks of its codes.
    #[error("{0}, which has the form of neither CPT nor HCPCS: this is no NCCI table")]
    OtherForm(Code),
    /// Attributes have numbers of 22 bits.
    #[error("{0} combinations of dates and indicators, expected at most 4,194,304: this is no NCCI table")]
    TooManyAttributes(usize),
}

/// Collects rows and writes the payload.
#[derive(Default)]
pub struct PtpBuilder {
    rows: Vec<Row>,
    other_form: Option<Code>,
    attributes: Vec<Attribute>,
    known: std::collections::HashMap<Attribute, u32>,
    rationales: Vec<String>,
}

/// One row: what its pair is found by, and the number of its attribute.
#[derive(Clone, Copy)]
struct Row {
    key: u64,
    attribute: u32,
}

impl PtpBuilder {
    /// Position of a rationale, new or known.
    pub fn rationale(&mut self, text: &str) -> u16 {
        let known = self.rationales.iter().position(|known| known == text);
        let at = known.unwrap_or_else(|| {
            self.rationales.push(text.to_owned());
            self.rationales.len() - 1
        });
        u16::try_from(at).unwrap_or(u16::MAX)
    }

    /// Adds a row.
    pub fn push(&mut self, column1: Code, column2: Code, attribute: Attribute) {
        let attribute = *self.known.entry(attribute).or_insert_with(|| {
            self.attributes.push(attribute);
            (self.attributes.len() - 1) as u32
        });
        match (column1.rank(), column2.rank()) {
            (Some(one), Some(two)) => self.rows.push(Row { key: key(one, two), attribute }),
            (Some(_), None) => self.other_form = Some(column2),
            (None, _) => self.other_form = Some(column1),
        }
    }

    /// Rows so far.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// No row yet.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the payload.
    ///
    /// # Errors
    /// [`PtpBuildError`].
    pub fn build(&self) -> Result<Vec<u8>, PtpBuildError> {
        if let Some(code) = self.other_form {
            return Err(PtpBuildError::OtherForm(code));
        }
        if self.attributes.len() > ATTRIBUTES_MAX {
            return Err(PtpBuildError::TooManyAttributes(self.attributes.len()));
        }
        let buckets = self.buckets();
        let mut out = MAGIC.to_vec();
        for count in [self.rows.len(), self.attributes.len(), buckets.len()] {
            push_number(&mut out, count);
        }
        push_texts(&mut out, &self.rationales);
        for row in &self.attributes {
            out.extend_from_slice(&row.effective.to_le_bytes());
            out.extend_from_slice(&row.deletion.to_le_bytes());
            out.extend_from_slice(&[row.indicator as u8, u8::from(row.before_1996)]);
            out.extend_from_slice(&row.rationale.to_le_bytes());
        }
        push_align(&mut out, BUCKET);
        for slot in buckets.iter().flatten() {
            out.extend_from_slice(&slot.to_le_bytes());
        }
        Ok(out)
    }

    fn buckets(&self) -> Vec<[u64; SLOTS]> {
        let places = self.rows.len().div_ceil(FILL).max(1);
        let mut buckets = vec![[0_u64; SLOTS]; places];
        for row in &self.rows {
            let mut at = spread(row.key, places);
            while let Some(bucket) = buckets.get_mut(at) {
                if let Some(slot) = bucket.iter_mut().find(|slot| **slot & !OVERFLOW == 0) {
                    *slot |= u64::from(row.attribute) << (2 * RANK_BITS) | row.key;
                    break;
                }
                if let Some(last) = bucket.last_mut() {
                    *last |= OVERFLOW;
                }
                at = (at + 1) % places;
            }
        }
        buckets
    }
}
