//! Lines of fixed-width files: which kind of record a line is, and its columns by position, as `[[framing.fixed]]` of a mapping says.
//!
//! The host cuts files by it and the adapter reads lines by it, so that both mean the same. Positions count characters from 1, as vendors
//! print their layouts; text is UTF-8 or else CP1252. Reading the mapping is in `layout.rs`, digits with an implied point in `picture.rs`.

mod layout;
mod picture;

use std::borrow::Cow;

use claimhost_hl7v2::Charset;

pub use layout::LENGTH_MAX;
pub use picture::Picture;

/// What the host calls the numbers of a document's lines, one after the other, among what comes with it.
pub const LINES: &str = "line-numbers";

/// What a record is in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A charge, or an appointment: a document.
    Detail,
    /// What the details below it have in common, up to the next one of its kind.
    Parent,
    /// Begins a file or batch.
    Header,
    /// Ends a file or batch.
    Trailer,
    /// Nothing that is read here.
    Other,
}

/// What the count of a header or trailer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Details.
    Details,
    /// Every record but header and trailer.
    Records,
    /// Every line.
    Lines,
}

/// Where something stands in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First character, from 0.
    pub start: usize,
    /// Characters.
    pub width: usize,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What the mapping calls it.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// How its digits are meant; none: it is text.
    pub picture: Option<Picture>,
}

/// One kind of record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is.
    pub role: Role,
    /// Position, from 0, and text that every line of this kind has; none: whatever is of no other kind.
    pub literal: Option<(usize, String)>,
    /// Characters of a line; none: as many as there are.
    pub length: Option<usize>,
    /// Lines may end where nothing but blanks would follow.
    pub trimmed: bool,
    /// Of a parent: details may be without it.
    pub optional: bool,
    /// Where a header or trailer has its count, and of what.
    pub count: Option<(Span, Counts)>,
    /// In the order of their places.
    pub columns: Vec<Column>,
}

/// Every kind of record of a site's files, in the order of the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The kinds. Parents stand above what comes after them.
    pub records: Vec<Record>,
}

impl Span {
    /// What a line has there; nothing where it ends before.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        let at = |characters: usize| {
            if text.is_ascii() {
                characters.min(text.len())
            } else {
                text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
            }
        };
        text.get(at(self.start)..at(self.start.saturating_add(self.width))).unwrap_or_default()
    }
}

/// `31-38`, as layouts print it.
impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.start.saturating_add(1), self.start.saturating_add(self.width))
    }
}

impl Column {
    /// What a line has in this column, without blanks around it. `None` where its picture does not fit; then it was not empty.
    pub fn read<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        let cell = self.span.of(text);
        match &self.picture {
            None => Some(Cow::Borrowed(cell.trim())),
            Some(_) if cell.trim().is_empty() => Some(Cow::Borrowed("")),
            // The line ends inside of it.
            Some(_) if cell.chars().count() < self.span.width => None,
            Some(picture) => picture.read(cell).map(Cow::Owned),
        }
    }
}

impl Record {
    /// Whether a line is of this kind; one without a literal says nothing.
    fn is_named_by(&self, text: &str) -> bool {
        let Some((start, literal)) = &self.literal else { return false };
        Span { start: *start, width: literal.chars().count() }.of(text) == literal
    }

    /// The column of a name, without case.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// How many characters a line has, where they are not as many as they should be.
    pub fn misfit(&self, text: &str) -> Option<usize> {
        let found = text.chars().count();
        let fits = |length: usize| found == length || (self.trimmed && found < length);
        self.length.is_some_and(|length| !fits(length)).then_some(found)
    }
}

impl Layout {
    /// The kind of a line, by its place in the mapping.
    pub fn kind(&self, text: &str) -> Option<usize> {
        let named = self.records.iter().position(|record| record.is_named_by(text));
        named.or_else(|| self.records.iter().position(|record| record.literal.is_none()))
    }

    /// A kind by its place.
    pub fn record(&self, kind: usize) -> Option<&Record> {
        self.records.get(kind)
    }

    /// How many parents stand above a kind, optional ones included.
    pub fn level(&self, kind: usize) -> usize {
        let parents = |records: &[Record]| records.iter().filter(|record| record.role == Role::Parent).count();
        match self.record(kind).map(|record| record.role) {
            Some(Role::Parent) => parents(self.records.get(..kind).unwrap_or_default()),
            Some(Role::Detail) => parents(&self.records),
            _ => 0,
        }
    }

    /// The kinds that have to stand above a kind.
    pub fn above(&self, kind: usize) -> impl Iterator<Item = usize> + '_ {
        let parents = self.records.iter().enumerate().filter(|(_, record)| record.role == Role::Parent);
        parents.take(self.level(kind)).filter(|(_, record)| !record.optional).map(|(at, _)| at)
    }

    /// Names of the columns of details and their parents.
    pub fn names(&self) -> Vec<String> {
        let read = self.records.iter().filter(|record| matches!(record.role, Role::Detail | Role::Parent));
        let mut names: Vec<String> = Vec::new();
        for column in read.flat_map(|record| &record.columns) {
            if !names.contains(&column.name) {
                names.push(column.name.clone());
            }
        }
        names
    }
}

/// The text of a line, without its end and without a byte order mark.
pub fn text(line: &[u8]) -> Cow<'_, str> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Charset::Utf8.decode(line).0
}

/// Whether a line has nothing: blanks, or the mark that ends files of old systems.
pub fn is_blank(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x1a)
}

#[cfg(test)]
mod tests;
