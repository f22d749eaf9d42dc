//! Procedure-to-procedure pairs: millions of rows in a few megabytes, neither search nor hash at a lookup.
//!
//! CMS's lists repeat: neighbouring codes bundle the same neighbours. So the pairs are kept as the page table of a processor keeps
//! addresses, and pages that are equal are kept once. Sections, numbers being u32:
//!
//! ```text
//! header      magic, rows, attributes, numbers, words of pages; then the rationales
//! attributes  what rows say (dates, indicator, rationale), the rows of one pair one after another; the first is in no pair
//! directory   of each first four characters, which last ones are used (a bit each) and how many codes are before: a code's number
//! index       of each number of column 1 and each 512 numbers of column 2, where the page begins
//! pages       a bit for each 16 numbers that have pairs, a word for each of these, then numbers of attributes
//! word        a bit for each of 16 numbers; EACH, or all have one attribute; where in the page the attributes are
//! ```
//! Codes beside each other have numbers beside each other; 0 is a code in no pair. The published 2.5 million rows take 3.4 MB, and as many
//! at random 23. Readers borrow; nothing is copied or built at opening.

use std::collections::HashMap;

use super::Code;
use super::bytes::{Cursor, PayloadError, Texts, i32_at, push_align, push_number, push_texts, u8_at, u32_at};

const KIND: &str = "ptp";
const MAGIC: [u8; 8] = *b"NCCIPTP3";
/// Where the sections after the attributes begin: at a cache line.
const ALIGN: usize = 64;
const ATTRIBUTE: usize = 12;
/// Of an attribute's flags: in existence before 1996; another row of the same pair follows.
const BEFORE_1996: u8 = 1;
const MORE: u8 = 2;
/// Which last characters follow these four (u64), how many codes are before (u32).
const ENTRY: usize = 12;
const ENTRIES: usize = Code::PLACES as usize >> 6;
/// Numbers of column 2 in a page, and in one of its words.
const PAGE: u32 = 512;
const WORD: u32 = 16;
/// Of a word: each number has an attribute of its own. Without it, all have that of the first.
const EACH: u32 = 1 << WORD;
const AT_SHIFT: u32 = WORD + 1;
/// The index grows with the square: 131,072 codes need 134 MB. CPT and HCPCS have some 20,000, deleted ones included.
const CODES_MAX: usize = 1 << 17;

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
        // `&`, not `&&`: half of the answers are yes, and a branch on them would be guessed wrong.
        (self.effective <= day) & (day <= self.deletion) & !matches!(self.indicator, Indicator::NotInUse)
    }

    fn bytes(&self, more: bool) -> [u8; ATTRIBUTE] {
        let ([a, b, c, d], [e, f, g, h]) = (self.effective.to_le_bytes(), self.deletion.to_le_bytes());
        let flags = (u8::from(self.before_1996) * BEFORE_1996) | (u8::from(more) * MORE);
        let [low, high] = self.rationale.to_le_bytes();
        [a, b, c, d, e, f, g, h, self.indicator as u8, flags, low, high]
    }
}

/// The table, over borrowed bytes.
#[derive(Clone, Copy)]
pub struct PtpTable<'a> {
    attributes: &'a [[u8; ATTRIBUTE]],
    directory: &'a [[u8; ENTRY]],
    index: &'a [[u8; 4]],
    pages: &'a [[u8; 4]],
    /// Pages of one number of column 1.
    width: usize,
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
        let (rows, attributes) = (cursor.number()?, cursor.number()?);
        let (numbers, words) = (cursor.number()?, cursor.number()?);
        let rationales = Texts::open(&mut cursor)?;
        let attributes = cursor.records(attributes)?;
        cursor.align(ALIGN)?;
        let directory = cursor.records(ENTRIES)?;
        let width = numbers.div_ceil(PAGE as usize);
        let index = cursor.records(numbers.saturating_mul(width))?;
        let pages = cursor.records(words)?;
        cursor.end()?;
        Ok(Self { attributes, directory, index, pages, width, rationales, rows })
    }

    /// Rows, deleted ones included.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The row that bundles two codes, column 1 and column 2, on a day (a day number). Where rows overlap (none should), the
    /// stricter. A code of no form of CPT or HCPCS is in no pair.
    #[inline]
    pub fn lookup(&self, column1: Code, column2: Code, day: i32) -> Option<Attribute> {
        let first = self.first(number(self.directory, column1.place()?), number(self.directory, column2.place()?))?;
        let (row, more) = self.attribute(first)?;
        if more {
            return self.strictest(first, day);
        }
        row.bundles_on(day).then_some(row)
    }

    /// CMS's reason for a row, as the file gave it.
    pub fn rationale(&self, row: &Attribute) -> &'a str {
        self.rationales.get(row.rationale)
    }

    /// Where a pair's attributes begin; 0 for what is in no pair. Whether it is one is not branched on but masked: what is read
    /// for the others is of no meaning, and may be past the end.
    #[inline]
    fn first(&self, column1: u32, column2: u32) -> Option<usize> {
        let index = self.index.get(column1 as usize * self.width + (column2 / PAGE) as usize)?;
        let page = self.pages.get(u32::from_le_bytes(*index) as usize..)?;
        let at = |at: u32| page.get(at as usize).map(|word| u32::from_le_bytes(*word));
        let (group, bit) = (column2 % PAGE / WORD, column2 % WORD);
        let groups = at(0)?;
        let word = at(1 + before(groups, group))?;
        let each = (word / EACH % 2).wrapping_neg();
        let found = at((word >> AT_SHIFT) + before(word & each, bit))?;
        let is_pair = groups >> group & word >> bit & 1;
        Some((found & is_pair.wrapping_neg()) as usize)
    }

    /// A row, and whether another one of the same pair follows.
    #[inline]
    fn attribute(&self, at: usize) -> Option<(Attribute, bool)> {
        let record = self.attributes.get(at)?;
        let flags = u8_at(record, 9);
        let row = Attribute {
            effective: i32_at(record, 0),
            deletion: i32_at(record, 4),
            indicator: Indicator::from_digit(u8_at(record, 8))?,
            before_1996: flags & BEFORE_1996 != 0,
            rationale: u16::from_le_bytes([u8_at(record, 10), u8_at(record, 11)]),
        };
        Some((row, flags & MORE != 0))
    }

    fn strictest(&self, first: usize, day: i32) -> Option<Attribute> {
        let mut best: Option<Attribute> = None;
        for at in first..self.attributes.len() {
            let (row, more) = self.attribute(at)?;
            if row.bundles_on(day) && best.is_none_or(|best| row.indicator < best.indicator) {
                best = Some(row);
            }
            if !more {
                break;
            }
        }
        best
    }
}

/// How many of a word's bits below this one are set.
const fn before(word: u32, bit: u32) -> u32 {
    (word & !(u32::MAX << bit)).count_ones()
}

/// The number of the code at a place, from 1; 0 where the table has none.
#[inline]
fn number(directory: &[[u8; ENTRY]], place: u32) -> u32 {
    let Some(entry) = directory.get((place >> 6) as usize) else { return 0 };
    let used = u64::from(u32_at(entry, 4)) << 32 | u64::from(u32_at(entry, 0));
    let bit = place & 0x3F;
    let to_here = (used << (63 - bit)).count_ones();
    u32_at(entry, 8).wrapping_add(to_here) & (used >> bit & 1).wrapping_neg() as u32
}

/// Why rows cannot become a table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PtpBuildError {
    /// A pair is found by the places of its codes.
    #[error("{0}, which has the form of neither CPT nor HCPCS: this is no NCCI table")]
    OtherForm(Code),
    /// Each code of column 1 has a line of its own in the index.
    #[error("{0} codes, expected at most 131,072 (CPT and HCPCS have some 20,000): this is no NCCI table")]
    TooManyCodes(usize),
}

/// Collects rows and writes the payload.
#[derive(Default)]
pub struct PtpBuilder {
    rows: Vec<Row>,
    other_form: Option<Code>,
    attributes: Vec<Attribute>,
    known: HashMap<Attribute, u32>,
    rationales: Vec<String>,
}

/// One row: the places of its codes, later their numbers, and which attribute it has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
        match (column1.place(), column2.place()) {
            (Some(column1), Some(column2)) => self.rows.push(Row { column1, column2, attribute }),
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
    pub fn build(mut self) -> Result<Vec<u8>, PtpBuildError> {
        if let Some(code) = self.other_form {
            return Err(PtpBuildError::OtherForm(code));
        }
        let (directory, codes) = directory(&self.rows);
        if codes > CODES_MAX {
            return Err(PtpBuildError::TooManyCodes(codes));
        }
        for row in &mut self.rows {
            row.column1 = number(&directory, row.column1);
            row.column2 = number(&directory, row.column2);
        }
        self.rows.sort_unstable();
        let mut parts = Parts::new(codes + 1);
        for line in self.rows.chunk_by(|left, right| left.column1 == right.column1) {
            parts.push(line, &self.attributes);
        }
        let mut out = MAGIC.to_vec();
        for count in [self.rows.len(), parts.attributes.len(), codes + 1, parts.pages.len()] {
            push_number(&mut out, count);
        }
        push_texts(&mut out, &self.rationales);
        out.extend_from_slice(parts.attributes.as_flattened());
        push_align(&mut out, ALIGN);
        out.extend_from_slice(directory.as_flattened());
        for word in parts.index.iter().chain(&parts.pages) {
            out.extend_from_slice(&word.to_le_bytes());
        }
        Ok(out)
    }
}

/// The directory of the codes of all rows, and how many codes there are.
fn directory(rows: &[Row]) -> (Vec<[u8; ENTRY]>, usize) {
    let mut used = vec![0_u64; ENTRIES];
    for place in rows.iter().flat_map(|row| [row.column1, row.column2]) {
        if let Some(used) = used.get_mut((place >> 6) as usize) {
            *used |= 1 << (place & 0x3F);
        }
    }
    let mut codes = 0;
    let mut entry = |used: &u64| {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l]) = (used.to_le_bytes(), u32::to_le_bytes(codes));
        codes += used.count_ones();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    };
    let entries = used.iter().map(&mut entry).collect();
    (entries, codes as usize)
}

/// What the rows become, section by section, and where what is kept once already is.
struct Parts {
    attributes: Vec<[u8; ATTRIBUTE]>,
    index: Vec<u32>,
    pages: Vec<u32>,
    width: usize,
    known_attributes: HashMap<Vec<u32>, u32>,
    known_pages: HashMap<Vec<u32>, u32>,
}

impl Parts {
    fn new(numbers: usize) -> Self {
        // At 0 is what is in no pair: a row that was never in use, a page without a bit.
        let none =
            Attribute { effective: 0, deletion: 0, indicator: Indicator::NotInUse, before_1996: false, rationale: 0 };
        let width = numbers.div_ceil(PAGE as usize);
        Self {
            attributes: vec![none.bytes(false)],
            index: vec![0; numbers * width],
            pages: vec![0],
            width,
            known_attributes: HashMap::new(),
            known_pages: HashMap::new(),
        }
    }

    /// Adds all rows of one code of column 1, sorted.
    fn push(&mut self, line: &[Row], attributes: &[Attribute]) {
        let pairs: Vec<(u32, u32)> = line
            .chunk_by(|left, right| left.column2 == right.column2)
            .filter_map(|rows| Some((rows.first()?.column2, self.first(rows, attributes))))
            .collect();
        let Some(column1) = line.first().map(|row| row.column1 as usize) else { return };
        for pairs in pairs.chunk_by(|left, right| left.0 / PAGE == right.0 / PAGE) {
            let page = page(pairs);
            let at = self.known_pages.get(&page).copied().unwrap_or_else(|| {
                let at = self.pages.len() as u32;
                self.pages.extend_from_slice(&page);
                self.known_pages.insert(page, at);
                at
            });
            if let Some((column2, _)) = pairs.first()
                && let Some(place) = self.index.get_mut(column1 * self.width + (column2 / PAGE) as usize)
            {
                *place = at;
            }
        }
    }

    /// Where the attributes of one pair's rows begin.
    fn first(&mut self, rows: &[Row], attributes: &[Attribute]) -> u32 {
        let wanted: Vec<u32> = rows.iter().map(|row| row.attribute).collect();
        if let Some(at) = self.known_attributes.get(&wanted) {
            return *at;
        }
        let at = self.attributes.len() as u32;
        let mut rest = wanted.len();
        for attribute in wanted.iter().filter_map(|number| attributes.get(*number as usize)) {
            rest -= 1;
            self.attributes.push(attribute.bytes(rest > 0));
        }
        self.known_attributes.insert(wanted, at);
        at
    }
}

/// The page of pairs (number of column 2, where the attributes begin), sorted.
fn page(pairs: &[(u32, u32)]) -> Vec<u32> {
    let words: Vec<&[(u32, u32)]> = pairs.chunk_by(|left, right| left.0 / WORD == right.0 / WORD).collect();
    let (mut page, mut firsts) = (vec![0], Vec::new());
    let mut groups = 0;
    for pairs in &words {
        let Some((column2, first)) = pairs.first() else { continue };
        let each = pairs.iter().any(|pair| pair.1 != *first);
        let bits = pairs.iter().fold(0, |bits, pair| bits | 1 << (pair.0 % WORD));
        let at = (1 + words.len() + firsts.len()) as u32;
        groups |= 1 << (column2 % PAGE / WORD);
        page.push(bits | if each { EACH } else { 0 } | at << AT_SHIFT);
        firsts.extend(pairs.iter().map(|pair| pair.1).take(if each { pairs.len() } else { 1 }));
    }
    page.extend(firsts);
    if let Some(first) = page.first_mut() {
        *first = groups;
    }
    page
}
