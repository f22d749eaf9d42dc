//! Rows and records of joined files by their key, held while a charge file is cut.
//!
//! Files are read in the order of their names, folder by folder: of two rows with one key, the later counts. A folder's
//! `archive/` may be given first, so that a patient of yesterday's file is still found.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs;
use std::path::Path;

use claimhost_sdk::fixed::{self, Record};

use super::delimited::{Rows, cells, rows};
use super::json_records::{JsonRecords, at_names};
use super::{Cutter, FramingError, Item, JoinSettings, Settings, has_line_ends};
use crate::config::LastLine;

/// Largest joined file: 256 MiB.
pub const JOIN_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Joined rows of one site.
#[derive(Default)]
pub struct Joins {
    tables: HashMap<String, Table>,
    broken: usize,
    last_line: LastLine,
}

#[derive(Default)]
struct Table {
    header: Vec<u8>,
    rows: HashMap<Vec<u8>, Vec<u8>>,
    /// Keys of the rows that ended their files without a line end, and were taken while nobody had said whether they are whole.
    open: HashSet<Vec<u8>>,
    /// The last byte of every file, but for those that were cut off.
    last_bytes: Vec<u8>,
}

impl Table {
    /// A row takes the place of the one with its key.
    fn put(&mut self, key: Vec<u8>, row: Vec<u8>, is_open: bool) {
        if is_open {
            self.open.insert(key.clone());
        } else {
            self.open.remove(&key);
        }
        self.rows.insert(key, row);
    }

    /// Whether a file's last line is one. `may_go_on` is said of a value that nothing closes.
    fn takes(&mut self, file: &[u8], may_go_on: Option<bool>, last_line: LastLine) -> bool {
        let taken = match (may_go_on, last_line) {
            (None, _) | (_, LastLine::Open) => true,
            (_, LastLine::Closed) => false,
            (Some(may_go_on), LastLine::Compare) => !may_go_on && !has_line_ends(&self.last_bytes),
        };
        self.last_bytes.extend(file.last().filter(|_| taken));
        taken
    }
}

impl Joins {
    /// No rows yet. `last_line` says how their files end.
    pub fn with(last_line: LastLine) -> Self {
        Self { last_line, ..Self::default() }
    }

    /// Reads the files of every join. A join without a file is empty: its rows are then rejected as not found.
    ///
    /// # Errors
    /// A file over [`JOIN_BYTES_MAX`], or unreadable; a join whose newest file has no key column.
    pub fn load(settings: &Settings, folders: &[&Path], last_line: LastLine) -> Result<Self, FramingError> {
        let mut joins = Self::with(last_line);
        for join in &settings.join {
            let read = |source| FramingError::JoinRead { join: join.name.clone(), source };
            // Of the file that was read last: an earlier one that is none of these is left out. Where the newest is none, its source
            // writes another heading now, and rows of yesterday are not taken for today's.
            let mut keyless = None;
            for folder in folders.iter().filter(|folder| folder.is_dir()) {
                let entries = fs::read_dir(folder).map_err(read)?.filter_map(Result::ok);
                let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| takes(join, name)));
                let mut files: Vec<_> = named.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
                files.sort_by_key(|path| numbered(path));
                for file in files {
                    let bytes = fs::metadata(&file).map_err(read)?.len();
                    if bytes > JOIN_BYTES_MAX {
                        return Err(FramingError::JoinTooLarge { join: join.name.clone(), bytes });
                    }
                    match joins.add(settings, join, &fs::read(&file).map_err(read)?) {
                        Err(error @ FramingError::JoinKey { .. }) => {
                            joins.broken += 1;
                            keyless = Some(error);
                        }
                        other => {
                            other?;
                            keyless = None;
                        }
                    }
                }
            }
            if let Some(error) = keyless {
                return Err(error);
            }
        }
        Ok(joins)
    }

    /// Adds the rows of one file.
    ///
    /// # Errors
    /// When its header does not have the key column.
    pub fn add(&mut self, settings: &Settings, join: &JoinSettings, file: &[u8]) -> Result<(), FramingError> {
        if let Some(record) = &join.record {
            return self.add_fixed(join, record, file);
        }
        let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file).trim_ascii_start();
        if text.starts_with(b"{") || text.starts_with(b"[") {
            return self.add_json(join, file);
        }
        let delimiter = settings.delimiter_byte().unwrap_or(b',');
        let Rows { mut rows, broken, open } = rows(file, delimiter);
        self.broken += broken;
        let table = self.tables.entry(join.name.clone()).or_default();
        if let ([_], Some(_)) = (rows.as_slice(), open) {
            self.broken += 1; // cut inside its header
            return Ok(());
        }
        let taken = table.takes(file, open, self.last_line);
        if !taken {
            rows.pop();
            self.broken += 1;
        }
        let is_open = taken && open.is_some() && self.last_line == LastLine::Compare;
        let last = rows.len().saturating_sub(2);
        let mut rows = rows.into_iter();
        let Some(header) = rows.next() else { return Ok(()) };
        let names = cells(header, delimiter);
        let at = names.iter().position(|name| name.eq_ignore_ascii_case(join.key.as_bytes()));
        let Some(at) = at else {
            return Err(FramingError::JoinKey { join: join.name.clone(), column: join.key.clone() });
        };
        if table.header != header {
            // Another layout: rows of the old one would be read under the wrong names.
            table.header = header.to_vec();
            table.rows.clear();
            table.open.clear();
        }
        for (number, row) in rows.enumerate() {
            if let Some(key) = cells(row, delimiter).get(at).filter(|key| !key.is_empty()) {
                table.put(key.clone(), row.to_vec(), is_open && number == last);
            }
        }
        Ok(())
    }

    /// Adds the lines of a file of fixed width. Those that do not fit the layout, or have no key, are left out and counted.
    fn add_fixed(&mut self, join: &JoinSettings, record: &Record, file: &[u8]) -> Result<(), FramingError> {
        let Some(key) = record.column(&join.key) else {
            return Err(FramingError::JoinKey { join: join.name.clone(), column: join.key.clone() });
        };
        let table = self.tables.entry(join.name.clone()).or_default();
        let mut lines: Vec<&[u8]> =
            file.split_inclusive(|byte| *byte == b'\n').filter(|line| !fixed::is_blank(line)).collect();
        let open = lines.last().filter(|line| !line.ends_with(b"\n") && !line.ends_with(b"\r")).map(|_| false);
        let mut is_open = open.is_some() && self.last_line == LastLine::Compare;
        if !table.takes(file, open, self.last_line) {
            lines.pop();
            self.broken += 1;
            is_open = false;
        }
        let last = lines.len().saturating_sub(1);
        for (number, line) in lines.into_iter().enumerate() {
            let text = fixed::text(line);
            let value = key.read(&text).filter(|value| record.misfit(&text).is_none() && !value.is_empty());
            match value {
                Some(value) => table.put(value.into_owned().into_bytes(), line.to_vec(), is_open && number == last),
                None => self.broken += 1,
            }
        }
        Ok(())
    }

    /// Adds the records of a JSON file. Those that are none, or have no key, are left out and counted.
    fn add_json(&mut self, join: &JoinSettings, file: &[u8]) -> Result<(), FramingError> {
        let (mut cutter, mut out) = (JsonRecords::new(&join.records), VecDeque::new());
        cutter.push(file, &mut out);
        cutter.finish(&mut out);
        let table = self.tables.entry(join.name.clone()).or_default();
        let (mut taken, mut keyless) = (0_usize, 0_usize);
        for item in out {
            match item {
                Item::Frame(frame) => match key_of(&frame.content, &join.key) {
                    Some(key) => {
                        taken += 1;
                        table.rows.insert(key.into_bytes(), frame.content);
                    }
                    None => keyless += 1,
                },
                Item::Problem(_) => self.broken += 1,
                Item::Gap(_) => {}
            }
        }
        if taken == 0 && keyless > 0 {
            return Err(FramingError::JoinKey { join: join.name.clone(), column: join.key.clone() });
        }
        self.broken += keyless;
        Ok(())
    }

    /// Rows left out because a quote in them is not closed, that do not fit their layout, that the end of their file may have cut
    /// short, or that are no record with a key; and files without the key.
    pub fn broken(&self) -> usize {
        self.broken
    }

    /// Rows that end their files without a line end, taken while nobody had said whether they are whole.
    pub fn open_rows(&self) -> Vec<Vec<u8>> {
        let of = |table: &Table| table.open.iter().filter_map(|key| table.rows.get(key)).cloned().collect::<Vec<_>>();
        self.tables.values().flat_map(of).collect()
    }

    pub(super) fn header(&self, join: &str) -> Option<&[u8]> {
        self.tables.get(join).map(|table| table.header.as_slice())
    }

    pub(super) fn row(&self, join: &str, key: &[u8]) -> Option<&[u8]> {
        self.tables.get(join)?.rows.get(key).map(Vec::as_slice)
    }
}

/// A file's name and the number behind it: the order in which files of one name were archived.
fn numbered(path: &Path) -> (String, u64) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match name.rsplit_once('.').and_then(|(first, number)| Some((first.to_owned(), number.parse().ok()?))) {
        Some(numbered) => numbered,
        None => (name, 0),
    }
}

/// Whether a file is one of a join's: in the archive, a second one of the name ends in a number.
fn takes(join: &JoinSettings, name: &str) -> bool {
    let first = name.rsplit_once('.').filter(|(_, end)| end.bytes().all(|byte| byte.is_ascii_digit()));
    join.takes(name) || first.is_some_and(|(first, _)| join.takes(first))
}

/// The key of a joined record.
fn key_of(record: &[u8], names: &str) -> Option<String> {
    at_names(&serde_json::from_slice(record).ok()?, names)
}
