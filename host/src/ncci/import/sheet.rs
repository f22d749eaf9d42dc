//! Rows of a CMS table: tab or comma separated, title rows above, a header of one or several rows, or none.

use csv::{ByteRecord, ReaderBuilder};

use super::ImportError;

/// Rows above the data at most: CMS has up to six.
const TITLE_ROWS_MAX: usize = 30;
/// Bytes of the beginning that decide between tab and comma.
const PEEK: usize = 4096;

/// An open table, standing before its first data row.
pub(crate) struct Sheet<'a> {
    file: &'a str,
    bytes: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    /// The letters and digits of each column's header cells, lower case, joined over the header rows.
    names: Vec<String>,
    /// The first data row, which ends the header.
    first: Option<ByteRecord>,
    record: ByteRecord,
}

impl<'a> Sheet<'a> {
    /// Reads up to the first row whose first cell is data, of a file that is there to its end.
    pub(crate) fn open(file: &'a str, bytes: &'a [u8], is_data: fn(&ByteRecord) -> bool) -> Result<Self, ImportError> {
        let whole = "the whole table; fetch the file again";
        if bytes.is_empty() {
            return Err(ImportError::new(file, None, "end of file", "an empty file", whole));
        }
        if !bytes.ends_with(b"\n") {
            let last = bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
            let found = "a last row without a line end, so it is cut off";
            return Err(ImportError::new(file, Some(last), "end of file", found, whole));
        }
        let sheet = Self::peek(file, bytes, is_data)?;
        if sheet.first.is_none() {
            let found = "no row below the header";
            return Err(ImportError::new(file, None, "table", found, "rows that begin with procedure codes"));
        }
        Ok(sheet)
    }

    /// As [`Sheet::open`], of a file that may be cut off or end after its header: to see which table it is.
    pub(crate) fn peek(file: &'a str, bytes: &'a [u8], is_data: fn(&ByteRecord) -> bool) -> Result<Self, ImportError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let delimiter = if bytes.iter().take(PEEK).any(|byte| *byte == b'\t') { b'\t' } else { b',' };
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).has_headers(false).flexible(true).trim(csv::Trim::All);
        let reader = builder.from_reader(bytes);
        let (names, record) = (Vec::new(), ByteRecord::new());
        let mut sheet = Self { file, bytes, reader, names, first: None, record };
        for _ in 0..=TITLE_ROWS_MAX {
            if !sheet.advance()? {
                return Ok(sheet);
            }
            if is_data(&sheet.record) {
                sheet.first = Some(sheet.record.clone());
                return Ok(sheet);
            }
            sheet.take_names();
        }
        let expected = "a row that begins with procedure codes within the first 30 rows";
        Err(ImportError::new(file, None, "table", "none", expected))
    }

    /// A row with one filled cell is a title; several are a header, or a part of one.
    fn take_names(&mut self) {
        if self.record.iter().filter(|cell| !cell.is_empty()).count() < 2 {
            return;
        }
        for (at, cell) in self.record.iter().enumerate() {
            let cell = String::from_utf8_lossy(cell).to_lowercase();
            let letters = cell.chars().filter(|letter| letter.is_alphanumeric());
            match self.names.get_mut(at) {
                Some(name) => name.extend(letters),
                None => self.names.push(letters.collect()),
            }
        }
    }

    /// The column whose header holds one of these words.
    pub(crate) fn column(&self, words: &[&str]) -> Option<usize> {
        self.names.iter().position(|name| words.iter().any(|word| name.contains(word)))
    }

    /// As [`Sheet::column`]; an error names the field.
    pub(crate) fn required(&self, field: &'static str, words: &[&str]) -> Result<usize, ImportError> {
        self.column(words).ok_or_else(|| {
            ImportError::new(self.file, None, field, "no such column in the header", "a column that is named so")
        })
    }

    /// Whether anything was read above the data that could be a header.
    pub(crate) fn has_header(&self) -> bool {
        !self.names.is_empty()
    }

    /// Columns of the first data row.
    pub(crate) fn width(&self) -> usize {
        self.first.as_ref().map_or(0, ByteRecord::len)
    }

    /// The next data row and its number in the file, from 1. Blank rows are passed over.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &ByteRecord)>, ImportError> {
        if let Some(first) = self.first.take() {
            self.record = first;
        } else {
            loop {
                if !self.advance()? {
                    return Ok(None);
                }
                if self.record.iter().any(|cell| !cell.is_empty()) {
                    break;
                }
            }
        }
        Ok(Some((self.row(), &self.record)))
    }

    /// The row's number. Where lines end with CR and LF, the reader has not yet counted the LF before it.
    fn row(&self) -> u64 {
        self.record.position().map_or(0, |at| {
            let pending = usize::try_from(at.byte()).ok().and_then(|byte| self.bytes.get(byte)) == Some(&b'\n');
            at.line() + u64::from(pending)
        })
    }

    fn advance(&mut self) -> Result<bool, ImportError> {
        self.reader.read_byte_record(&mut self.record).map_err(|error| {
            let row = error.position().map(csv::Position::line);
            ImportError::new(self.file, row, "row", "bytes that are no text table", "tab or comma separated text")
        })
    }

    /// Name of the file.
    pub(crate) const fn file(&self) -> &'a str {
        self.file
    }
}
