//! Procedure-to-procedure pairs: millions of rows in about nine bytes each, one cache line a lookup.
//!
//! Sections: header, code table (open addressing, code to a number of 16 bits), attributes (dates, indicator,
//! rationale: few hundred to few thousand differ), buckets of 64 bytes with nine slots (pair of numbers, attribute).
//! A full bucket says so and the next one is read too. Readers borrow; nothing is copied or built at opening.

use super::Code;
use super::bytes::{Cursor, PayloadError, Texts, i32_at, push_number, push_texts, u8_at, u32_at};

const KIND: &str = "ptp";
const MAGIC: [u8; 8] = *b"NCCIPTP1";
/// Slots of a bucket: four bytes key, three bytes attribute, and one byte for all of count and overflow.
const SLOTS: usize = 9;
const BUCKET: usize = 64;
const ATTRIBUTE: usize = 12;
const CODE_SLOT: usize = 8;
/// Of nine slots six are used on average: one bucket in twelve overflows into its neighbour.
const FILL: usize = 6;
const OVERFLOW: u8 = 0x80;

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
    codes: &'a [[u8; CODE_SLOT]],
    attributes: &'a [[u8; ATTRIBUTE]],
    buckets: &'a [[u8; BUCKET]],
    rationales: Texts<'a>,
    rows: usize,
}

/// The number of a code within one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeNumber(u16);

impl<'a> PtpTable<'a> {
    /// Opens a payload: sizes are checked, content is read at look-up.
    ///
    /// # Errors
    /// [`PayloadError`]: no such payload, or cut off.
    pub fn open(payload: &'a [u8]) -> Result<Self, PayloadError> {
        let mut cursor = Cursor::open(KIND, MAGIC, payload)?;
        let (rows, codes, attributes, buckets) =
            (cursor.number()?, cursor.number()?, cursor.number()?, cursor.number()?);
        let rationales = Texts::open(&mut cursor)?;
        let table = Self {
            codes: cursor.records(codes)?,
            attributes: cursor.records(attributes)?,
            buckets: cursor.records(buckets)?,
            rationales,
            rows,
        };
        cursor.end()?;
        if !table.codes.len().is_power_of_two() || table.buckets.is_empty() {
            let found = format!("{} code slots and {} buckets", codes, buckets);
            return Err(PayloadError { kind: KIND, found, expected: "a power of two, and one bucket".to_owned() });
        }
        Ok(table)
    }

    /// Rows, deleted ones included.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The number of a code that is in some pair. Look it up once a line, then ask for pairs.
    pub fn number(&self, code: Code) -> Option<CodeNumber> {
        let mask = self.codes.len() - 1;
        let mut at = spread(code.packed(), self.codes.len());
        for _ in 0..self.codes.len() {
            let slot = self.codes.get(at)?;
            match u32_at(slot, 0) {
                0 => return None,
                found if found == code.packed() => return Some(CodeNumber(u16::from_le_bytes([slot[4], slot[5]]))),
                _ => at = (at + 1) & mask,
            }
        }
        None
    }

    /// The row that bundles column 1 and column 2 on a day. Where rows overlap (none should), the stricter.
    pub fn pair(&self, column1: CodeNumber, column2: CodeNumber, day: i32) -> Option<Attribute> {
        let key = key(column1, column2);
        let mut at = spread(key, self.buckets.len());
        let mut best: Option<Attribute> = None;
        for _ in 0..self.buckets.len() {
            let bucket = self.buckets.get(at)?;
            let state = bucket[BUCKET - 1];
            let mut matches = slots_with(bucket, key);
            while matches != 0 {
                let slot = matches.trailing_zeros() as usize;
                matches &= matches - 1;
                if let Some(row) = self.attribute(bucket, slot)
                    && row.bundles_on(day)
                    && best.is_none_or(|best| row.indicator < best.indicator)
                {
                    best = Some(row);
                }
            }
            if state & OVERFLOW == 0 {
                break;
            }
            at = if at + 1 == self.buckets.len() { 0 } else { at + 1 };
        }
        best
    }

    /// The row that bundles two codes, in this order, on a day (a day number).
    pub fn lookup(&self, column1: Code, column2: Code, day: i32) -> Option<Attribute> {
        self.pair(self.number(column1)?, self.number(column2)?, day)
    }

    /// CMS's reason for a row, as the file gave it.
    pub fn rationale(&self, row: &Attribute) -> &'a str {
        self.rationales.get(row.rationale)
    }

    fn attribute(&self, bucket: &[u8; BUCKET], slot: usize) -> Option<Attribute> {
        let at = SLOTS * 4 + slot * 3;
        let [low, middle, high] = *bucket.get(at..)?.first_chunk::<3>()?;
        let record = self.attributes.get(u32::from_le_bytes([low, middle, high, 0]) as usize)?;
        Some(Attribute {
            effective: i32_at(record, 0),
            deletion: i32_at(record, 4),
            indicator: Indicator::from_digit(u8_at(record, 8))?,
            before_1996: u8_at(record, 9) != 0,
            rationale: u16::from_le_bytes([u8_at(record, 10), u8_at(record, 11)]),
        })
    }
}

/// A bit for each slot with this key. All nine are compared, full or not: no branch to guess wrong, and no key is 0.
fn slots_with(bucket: &[u8; BUCKET], key: u32) -> u32 {
    let (keys, _) = bucket.as_chunks::<4>();
    let mut matches = 0;
    for (slot, found) in keys.iter().take(SLOTS).enumerate() {
        matches |= u32::from(u32::from_le_bytes(*found) == key) << slot;
    }
    matches
}

const fn key(column1: CodeNumber, column2: CodeNumber) -> u32 {
    (column1.0 as u32) << 16 | column2.0 as u32
}

/// A place in `0..places`: Fibonacci hashing, then the high half of a product instead of a division.
fn spread(key: u32, places: usize) -> usize {
    let mixed = u64::from(key).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 32;
    (mixed.wrapping_mul(places as u64) >> 32) as usize
}

/// Why rows cannot become a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PtpBuildError {
    /// Codes have numbers of 16 bits.
    #[error("{0} codes, expected at most 65,535: this is no NCCI table")]
    TooManyCodes(usize),
    /// Attributes have numbers of 24 bits.
    #[error("{0} combinations of dates and indicators, expected at most 16,777,216: this is no NCCI table")]
    TooManyAttributes(usize),
}

/// Collects rows and writes the payload.
#[derive(Default)]
pub struct PtpBuilder {
    rows: Vec<Row>,
    codes: std::collections::HashMap<u32, u32>,
    attributes: Vec<Attribute>,
    known: std::collections::HashMap<Attribute, u32>,
    rationales: Vec<String>,
}

/// One row: the two code numbers and the attribute's.
#[derive(Clone, Copy)]
struct Row {
    column1: u32,
    column2: u32,
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
        let (column1, column2) = (self.code(column1), self.code(column2));
        self.rows.push(Row { column1, column2, attribute });
    }

    /// Rows so far.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// No row yet.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn code(&mut self, code: Code) -> u32 {
        let next = self.codes.len() as u32 + 1; // from 1: an empty slot has the key 0
        *self.codes.entry(code.packed()).or_insert(next)
    }

    /// Writes the payload.
    ///
    /// # Errors
    /// [`PtpBuildError`].
    pub fn build(&self) -> Result<Vec<u8>, PtpBuildError> {
        if self.codes.len() >= 1 << 16 {
            return Err(PtpBuildError::TooManyCodes(self.codes.len()));
        }
        if self.attributes.len() > 1 << 24 {
            return Err(PtpBuildError::TooManyAttributes(self.attributes.len()));
        }
        let (codes, buckets) = (self.code_slots(), self.buckets());
        let mut out = MAGIC.to_vec();
        for count in [self.rows.len(), codes.len(), self.attributes.len(), buckets.len()] {
            push_number(&mut out, count);
        }
        push_texts(&mut out, &self.rationales);
        out.extend(codes.iter().flatten());
        for row in &self.attributes {
            out.extend_from_slice(&row.effective.to_le_bytes());
            out.extend_from_slice(&row.deletion.to_le_bytes());
            out.extend_from_slice(&[row.indicator as u8, u8::from(row.before_1996)]);
            out.extend_from_slice(&row.rationale.to_le_bytes());
        }
        out.extend(buckets.iter().flatten());
        Ok(out)
    }

    fn code_slots(&self) -> Vec<[u8; CODE_SLOT]> {
        let places = (self.codes.len() * 2).next_power_of_two().max(2);
        let mut slots = vec![[0_u8; CODE_SLOT]; places];
        let mut numbered: Vec<(u32, u32)> = self.codes.iter().map(|(code, number)| (*number, *code)).collect();
        numbered.sort_unstable(); // equal rows give equal bytes, whatever the map's order
        for (number, code) in numbered {
            let mut at = spread(code, places);
            while let Some(slot) = slots.get_mut(at) {
                if u32_at(slot, 0) == 0 {
                    let [a, b, c, d] = code.to_le_bytes();
                    let [e, f, ..] = number.to_le_bytes();
                    *slot = [a, b, c, d, e, f, 0, 0];
                    break;
                }
                at = (at + 1) & (places - 1);
            }
        }
        slots
    }

    fn buckets(&self) -> Vec<[u8; BUCKET]> {
        let places = self.rows.len().div_ceil(FILL).max(1);
        let mut buckets = vec![[0_u8; BUCKET]; places];
        for row in &self.rows {
            let key = row.column1 << 16 | row.column2;
            let mut at = spread(key, places);
            while let Some(bucket) = buckets.get_mut(at) {
                let count = usize::from(bucket[BUCKET - 1] & !OVERFLOW);
                if count < SLOTS {
                    let [low, middle, high, _] = row.attribute.to_le_bytes();
                    put(bucket, count * 4, key.to_le_bytes());
                    put(bucket, SLOTS * 4 + count * 3, [low, middle, high]);
                    bucket[BUCKET - 1] += 1;
                    break;
                }
                bucket[BUCKET - 1] |= OVERFLOW;
                at = (at + 1) % places;
            }
        }
        buckets
    }
}

fn put<const N: usize>(bucket: &mut [u8; BUCKET], at: usize, bytes: [u8; N]) {
    if let Some(place) = bucket.get_mut(at..at + N) {
        place.copy_from_slice(&bytes);
    }
}
