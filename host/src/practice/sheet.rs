//! Tables that a practice supplies beside its profile (crosswalk, fees): delimited text with a heading row.
//!
//! Columns are found by the words of their heading, in any order; columns that nobody asks for are passed over. A file is
//! read whole; every problem names its row, and one problem refuses the file.

use super::check::{ProfileError, ProfileProblem};

/// Problems that are told; of more, the number.
const TOLD_MAX: usize = 20;

/// A column by its name, and other headings that mean it: letters and digits in lower case.
pub(crate) struct Column {
    /// What errors call it.
    pub(crate) name: &'static str,
    /// Headings.
    pub(crate) words: &'static [&'static str],
    /// Whether the file has to have it.
    pub(crate) required: bool,
}

/// One row: its cells in the order of the columns asked for, trimmed; empty where the file has no such column.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    /// Line of the file, from 1.
    pub(crate) line: u64,
    /// A cell for each column asked for.
    pub(crate) cells: Vec<&'a str>,
}

/// Problems of a file, gathered.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    told: Vec<ProfileProblem>,
    count: usize,
}

impl Problems {
    pub(crate) fn add(&mut self, line: u64, key: &str, words: impl Into<String>) {
        self.count += 1;
        if self.told.len() < TOLD_MAX {
            let line = usize::try_from(line).unwrap_or(usize::MAX);
            self.told.push(ProfileProblem { line, column: 1, key: key.to_owned(), words: words.into() });
        }
    }

    /// How many so far.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The error of a file with problems; none of one without.
    pub(crate) fn error(mut self, path: &str) -> Option<ProfileError> {
        if self.count > self.told.len() {
            let words = format!("and {} more rows; nothing of the file is used", self.count - self.told.len());
            let line = self.told.last().map_or(1, |problem| problem.line);
            self.told.push(ProfileProblem { line, column: 1, key: String::new(), words });
        }
        (self.count > 0).then(|| ProfileError { path: path.to_owned(), problems: self.told })
    }
}

/// Reads a table and hands each row over.
///
/// # Errors
/// [`ProfileError`]: no heading, a column that is missing or there twice, rows that are cut off, and what `take` adds.
pub(crate) fn read(
    path: &str,
    text: &str,
    columns: &[Column],
    mut take: impl FnMut(&Row<'_>, &mut Problems),
) -> Result<(), ProfileError> {
    let mut problems = Problems::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';', b'|'].into_iter().find(|mark| heading.contains(char::from(*mark))).unwrap_or(b',');
    let mut builder = csv::ReaderBuilder::new();
    let mut reader = builder
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut places: Option<(usize, Vec<Option<usize>>)> = None;
    let mut rows = 0_u64;
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                problems.add(line, "", "found a row that is no delimited text, expected cells with closed quotes");
                break;
            }
        }
        let line = record.position().map_or(1, |at| line_of(text, at));
        if record.iter().all(str::is_empty) {
            continue;
        }
        let Some((width, places)) = &places else {
            match find(columns, &record, &mut problems) {
                Some(found) => places = Some((record.len(), found)),
                None => break,
            }
            continue;
        };
        rows += 1;
        if record.len() < *width {
            let words = format!("found {} cells, expected {width} as in the heading: the row is cut off", record.len());
            problems.add(line, "", words);
            continue;
        }
        let cell = |place: &Option<usize>| place.and_then(|at| record.get(at)).unwrap_or_default();
        take(&Row { line, cells: places.iter().map(cell).collect() }, &mut problems);
    }
    if problems.count == 0 && rows == 0 {
        problems.add(1, "", "found no rows, expected a heading and rows");
    }
    problems.error(path).map_or(Ok(()), Err)
}

/// The line that a record begins in: its position is that of the blank lines before it.
fn line_of(text: &str, at: &csv::Position) -> u64 {
    let rest = usize::try_from(at.byte()).ok().and_then(|byte| text.as_bytes().get(byte..)).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    at.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}

fn find(columns: &[Column], record: &csv::StringRecord, problems: &mut Problems) -> Option<Vec<Option<usize>>> {
    let plain = |cell: &str| -> String {
        cell.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let headings: Vec<String> = record.iter().map(plain).collect();
    let mut places = Vec::with_capacity(columns.len());
    for Column { name, words, required } in columns {
        let mut found = headings.iter().enumerate().filter(|(_, heading)| words.contains(&heading.as_str()));
        let place = found.next().map(|(at, _)| at);
        if found.next().is_some() {
            problems.add(1, name, format!("found two columns for it, expected one `{name}`; rename or remove one"));
        } else if place.is_none() && *required {
            let words = format!("found no such column among {}, expected a heading `{name}`", headings.len());
            problems.add(1, name, words);
        }
        places.push(place);
    }
    (problems.count == 0).then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [
        Column { name: "code", words: &["code"], required: true },
        Column { name: "to", words: &["to", "end"], required: false },
    ];

    fn read_all(text: &str) -> Result<Vec<(u64, Vec<String>)>, String> {
        let mut rows = Vec::new();
        let take = |row: &Row<'_>, _: &mut Problems| {
            rows.push((row.line, row.cells.iter().map(|cell| (*cell).to_owned()).collect()));
        };
        read("f.csv", text, &COLUMNS, take).map_err(|error| error.to_string())?;
        Ok(rows)
    }

    #[test]
    fn columns_are_found_by_their_heading_in_any_order_and_with_any_delimiter() {
        for text in ["End,X,Code\n,1,OV3\n\n2026-01-01,,OV4\n", "Code;End\nOV3;\n\nOV4;2026-01-01\n"] {
            let rows = read_all(text).unwrap();
            let cells: Vec<Vec<String>> = rows.iter().map(|(_, cells)| cells.clone()).collect();
            assert_eq!(cells, [vec!["OV3".to_owned(), String::new()], vec!["OV4".to_owned(), "2026-01-01".to_owned()]]);
            assert_eq!(rows[1].0, 4, "{text}");
        }
    }

    #[test]
    fn a_bad_file_is_refused_with_its_row() {
        for (text, said) in [
            ("", "f.csv:1:1: found no rows"),
            ("code\n", "f.csv:1:1: found no rows"),
            ("codes\nOV3\n", "f.csv:1:1: code: found no such column"),
            ("code,code\nOV3,OV4\n", "f.csv:1:1: code: found two columns"),
            ("code,to\nOV3,\nOV4\n", "f.csv:3:1: found 1 cells, expected 2"),
        ] {
            let error = read_all(text).unwrap_err();
            assert!(error.starts_with(said), "{text:?}: {error}");
        }
        let many = format!("code,to\n{}", "OV3\n".repeat(30));
        let error = read_all(&many).unwrap_err();
        assert_eq!(error.lines().count(), 21);
        assert!(error.contains("and 10 more rows"), "{error}");
    }
}
