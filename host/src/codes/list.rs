//! A list of codes as the payload of a table: sorted keys in one column, what is known of each in others, read where it lies.
//!
//! ```text
//! 0  magic "LIST"   4  format, u32   8  rows, u32   12  columns present, u32 (bits)
//! ```
//! Then the columns that are present, in this order: keys (u64 a row), first day and last day in force (i32 each), what
//! replaced it (u64), categories (one bit a row, padded to bytes). A code may have several rows, one for each time it was in
//! force. A key is the code in base 37, left-aligned, so that keys sort as codes and codes below a category are one range.

/// Letters and digits of a code at most: twelve fit a key.
pub const CODE_MAX: usize = 12;
/// First day where none was published: the code is in force from the first day of the table's cover.
pub const NO_FIRST: i32 = i32::MIN;
/// Last day where none was published.
pub const NO_LAST: i32 = i32::MAX;

const MAGIC: &[u8; 4] = b"LIST";
const FORMAT: u32 = 1;
const HEAD: usize = 16;
const DAYS: u32 = 1;
const REPLACED: u32 = 2;
const CATEGORIES: u32 = 4;
const PARTIAL: u32 = 8;

/// One row before it is packed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Letters and digits, upper case.
    pub code: String,
    /// First day in force, or [`NO_FIRST`].
    pub first: i32,
    /// Last day in force, or [`NO_LAST`].
    pub last: i32,
    /// A category, not itself billable.
    pub category: bool,
    /// What replaced it; empty where nothing was said.
    pub replaced_by: String,
}

impl Entry {
    /// A code about which nothing but its existence is known.
    pub fn plain(code: &str) -> Self {
        let (code, replaced_by) = (code.to_owned(), String::new());
        Self { code, first: NO_FIRST, last: NO_LAST, category: false, replaced_by }
    }
}

/// The key of a code; none where it has other characters than digits and capitals, or too many.
pub fn key(code: &str) -> Option<u64> {
    if code.is_empty() || code.len() > CODE_MAX {
        return None;
    }
    let mut key = 0_u64;
    for byte in code.bytes() {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0' + 1,
            b'A'..=b'Z' => byte - b'A' + 11,
            _ => return None,
        };
        key = key * 37 + u64::from(digit);
    }
    Some(key * step(code.len()))
}

/// What the keys of all codes that begin with one of this length span.
fn step(length: usize) -> u64 {
    37_u64.pow(u32::try_from(CODE_MAX.saturating_sub(length)).unwrap_or(0))
}

/// The code of a key.
pub fn code(mut key: u64) -> String {
    let mut code = Vec::with_capacity(CODE_MAX);
    for length in 1..=CODE_MAX {
        let digit = u8::try_from(key / step(length)).unwrap_or(0);
        key %= step(length);
        match digit {
            0 => break,
            1..=10 => code.push(b'0' + digit - 1),
            _ => code.push(b'A' + digit - 11),
        }
    }
    String::from_utf8(code).unwrap_or_default()
}

/// Packs entries into a payload; `partial`: the list knows some codes, and says nothing about others. Entries whose code is no
/// code are left out: importers have refused them before.
pub fn pack(entries: &[Entry], partial: bool) -> Vec<u8> {
    let mut rows: Vec<(u64, &Entry)> = entries.iter().filter_map(|entry| Some((key(&entry.code)?, entry))).collect();
    rows.sort_by(|left, right| (left.0, left.1).cmp(&(right.0, right.1)));
    let mut columns = if partial { PARTIAL } else { 0 };
    for (_, entry) in &rows {
        if entry.first != NO_FIRST || entry.last != NO_LAST {
            columns |= DAYS;
        }
        if !entry.replaced_by.is_empty() {
            columns |= REPLACED;
        }
        if entry.category {
            columns |= CATEGORIES;
        }
    }
    let mut payload = Vec::with_capacity(HEAD + rows.len() * 25);
    payload.extend_from_slice(MAGIC);
    for number in [FORMAT, u32::try_from(rows.len()).unwrap_or(0), columns] {
        payload.extend_from_slice(&number.to_le_bytes());
    }
    rows.iter().for_each(|(key, _)| payload.extend_from_slice(&key.to_le_bytes()));
    if columns & DAYS != 0 {
        rows.iter().for_each(|(_, entry)| payload.extend_from_slice(&entry.first.to_le_bytes()));
        rows.iter().for_each(|(_, entry)| payload.extend_from_slice(&entry.last.to_le_bytes()));
    }
    if columns & REPLACED != 0 {
        let replaced = |entry: &Entry| key(&entry.replaced_by).unwrap_or(0);
        rows.iter().for_each(|(_, entry)| payload.extend_from_slice(&replaced(entry).to_le_bytes()));
    }
    if columns & CATEGORIES != 0 {
        for eight in rows.chunks(8) {
            payload.push(eight.iter().rev().fold(0, |bits, (_, entry)| bits << 1 | u8::from(entry.category)));
        }
    }
    payload
}

/// A payload, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct List<'a> {
    keys: &'a [[u8; 8]],
    first: &'a [[u8; 4]],
    last: &'a [[u8; 4]],
    replaced: &'a [[u8; 8]],
    categories: &'a [u8],
    partial: bool,
}

/// What a list says of a code on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// In force and billable.
    Valid,
    /// In force, and a category.
    Category,
    /// In force from this day on only.
    NotYet {
        /// Day number.
        first: i64,
    },
    /// In force until this day.
    Retired {
        /// Day number.
        last: i64,
        /// What replaced it; empty where nothing was said.
        replaced_by: String,
    },
    /// Not on the list.
    Absent,
}

impl<'a> List<'a> {
    /// Reads a payload's head; none where it is another one's, or of another format.
    pub fn open(payload: &'a [u8]) -> Option<Self> {
        let head = payload.get(..HEAD)?;
        let number = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?));
        if head.get(..4)? != MAGIC || number(4)? != FORMAT {
            return None;
        }
        let (rows, columns) = (number(8)? as usize, number(12)?);
        let mut rest = payload.get(HEAD..)?;
        let mut take = |bit: u32, width: usize| -> Option<&'a [u8]> {
            let length = if bit == 0 || columns & bit != 0 { rows.checked_mul(width)? } else { 0 };
            let (column, after) = rest.split_at_checked(length)?;
            rest = after;
            Some(column)
        };
        let (keys, first, last) = (take(0, 8)?, take(DAYS, 4)?, take(DAYS, 4)?);
        let replaced = take(REPLACED, 8)?;
        let bits = if columns & CATEGORIES != 0 { rows.div_ceil(8) } else { 0 };
        (rest.len() == bits).then_some(Self {
            keys: keys.as_chunks().0,
            first: first.as_chunks().0,
            last: last.as_chunks().0,
            replaced: replaced.as_chunks().0,
            categories: rest,
            partial: columns & PARTIAL != 0,
        })
    }

    /// Whether the list knows only some codes: a code that is not on it may exist.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// What it says of a code on a day. Does not allocate for a code that is valid.
    pub fn find(&self, code: &str, day: i64) -> Found {
        let Some(key) = key(code) else { return Found::Absent };
        let from = self.keys.partition_point(|known| u64::from_le_bytes(*known) < key);
        let mut nearest = Found::Absent;
        for row in from.. {
            if self.keys.get(row).is_none_or(|known| u64::from_le_bytes(*known) != key) {
                break;
            }
            let (first, last) = (self.first_day(row), self.last_day(row));
            if day < first {
                // Rows of a code rise by their first day: an earlier end is nearer the truth than a later beginning.
                return if nearest == Found::Absent { Found::NotYet { first } } else { nearest };
            }
            if day <= last {
                return if self.is_category(row) { Found::Category } else { Found::Valid };
            }
            let replaced_by = self.replaced.get(row).map(|key| crate::codes::list::code(u64::from_le_bytes(*key)));
            nearest = Found::Retired { last, replaced_by: replaced_by.unwrap_or_default() };
        }
        nearest
    }

    /// Billable codes in force on a day that begin with this one, the shortest first, at most so many; and their whole number.
    pub fn below(&self, category: &str, day: i64, max: usize) -> (Vec<String>, usize) {
        let Some(low) = key(category) else { return (Vec::new(), 0) };
        let high = low.saturating_add(step(category.len()));
        let from = self.keys.partition_point(|known| u64::from_le_bytes(*known) <= low);
        let to = self.keys.partition_point(|known| u64::from_le_bytes(*known) < high);
        let in_force = |row: &usize| (self.first_day(*row)..=self.last_day(*row)).contains(&day);
        let rows = (from..to).filter(|row| !self.is_category(*row)).filter(in_force);
        let mut codes: Vec<String> = rows.filter_map(|row| self.code(row)).collect();
        codes.sort_by_key(String::len);
        let count = codes.len();
        codes.truncate(max);
        (codes, count)
    }

    /// Every row, unpacked.
    pub fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.keys.len()).filter_map(|row| {
            let day = |column: &[[u8; 4]], none: i32| column.get(row).map_or(none, |day| i32::from_le_bytes(*day));
            let replaced = self.replaced.get(row).map(|key| code(u64::from_le_bytes(*key)));
            Some(Entry {
                code: self.code(row)?,
                first: day(self.first, NO_FIRST),
                last: day(self.last, NO_LAST),
                category: self.is_category(row),
                replaced_by: replaced.unwrap_or_default(),
            })
        })
    }

    fn code(&self, row: usize) -> Option<String> {
        Some(code(u64::from_le_bytes(*self.keys.get(row)?)))
    }

    fn first_day(&self, row: usize) -> i64 {
        self.first.get(row).map_or(i64::from(NO_FIRST), |day| i64::from(i32::from_le_bytes(*day)))
    }

    fn last_day(&self, row: usize) -> i64 {
        self.last.get(row).map_or(i64::from(NO_LAST), |day| i64::from(i32::from_le_bytes(*day)))
    }

    fn is_category(&self, row: usize) -> bool {
        self.categories.get(row / 8).is_some_and(|bits| bits >> (row % 8) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(code: &str, first: i32, last: i32, category: bool, replaced_by: &str) -> Entry {
        Entry { code: code.into(), first, last, category, replaced_by: replaced_by.into() }
    }

    #[test]
    fn a_code_is_in_force_between_its_days_and_may_come_back() {
        let rows = [
            entry("A1", 10, 20, false, ""),
            entry("A1", 30, 40, false, "B2"),
            entry("B", NO_FIRST, NO_LAST, true, ""),
            entry("B2", NO_FIRST, NO_LAST, false, ""),
            entry("B31", 50, NO_LAST, false, ""),
        ];
        let payload = pack(&rows, false);
        let list = List::open(&payload).unwrap();
        let retired = |last, by: &str| Found::Retired { last, replaced_by: by.into() };
        for (code, day, found) in [
            ("A1", 9, Found::NotYet { first: 10 }),
            ("A1", 10, Found::Valid),
            ("A1", 20, Found::Valid),
            ("A1", 25, retired(20, "")),
            ("A1", 40, Found::Valid),
            ("A1", 41, retired(40, "B2")),
            ("B", 1, Found::Category),
            ("B2", -5, Found::Valid),
            ("A", 10, Found::Absent),
            ("A11", 10, Found::Absent),
            ("a1", 10, Found::Absent),
            ("", 10, Found::Absent),
            ("THIRTEENCHARS", 10, Found::Absent),
        ] {
            assert_eq!(list.find(code, day), found, "{code} {day}");
        }
        assert_eq!(list.below("B", 49, 5), (vec!["B2".to_owned()], 1));
        assert_eq!(list.below("B", 50, 1), (vec!["B2".to_owned()], 2));
        assert!(List::open(&payload[..payload.len() - 1]).is_none() && List::open(b"").is_none());
    }

    proptest! {
        #[test]
        fn keys_sort_as_codes_and_go_back(left in "[0-9A-Z]{1,12}", right in "[0-9A-Z]{1,12}") {
            prop_assert_eq!(code(key(&left).unwrap()), left.clone());
            prop_assert_eq!(key(&left).cmp(&key(&right)), left.cmp(&right));
        }

        #[test]
        fn what_is_packed_comes_back(
            codes in proptest::collection::btree_set("[0-9A-Z]{1,6}", 0..40),
            days in any::<bool>(), categories in any::<bool>(), partial in any::<bool>(),
        ) {
            let rows: Vec<Entry> = codes.iter().enumerate().map(|(at, code)| {
                let at = i32::try_from(at).unwrap();
                let (first, last) = if days { (at, at + 5) } else { (NO_FIRST, NO_LAST) };
                entry(code, first, last, categories && at % 3 == 0, if at % 4 == 1 { "Z9" } else { "" })
            }).collect();
            let payload = pack(&rows, partial);
            let list = List::open(&payload).unwrap();
            prop_assert_eq!(list.entries().collect::<Vec<_>>(), rows);
            prop_assert_eq!(list.is_partial(), partial);
        }
    }
}
