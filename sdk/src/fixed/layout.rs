//! `[[framing.fixed]]` of a mapping. What contradicts itself is a problem at its line: no file is read by it.

use super::{Column, Counts, Layout, Picture, Record, Role, Span};
use crate::mapping::Mapping;

/// Longest line that a layout may have.
pub const LENGTH_MAX: usize = 65_536;

const POSITION: &str = "start and width, such as \"31 8\", or with a picture behind them: \"60 9 9(7)V99\"";

impl Layout {
    /// Reads the layout of a mapping; none where it has no `[[framing.fixed]]`. What is wrong is a problem of the mapping.
    pub fn read(mapping: &mut Mapping<'_>) -> Option<Self> {
        let count = mapping.array("framing.fixed");
        if count == 0 {
            return None;
        }
        let layout = Self { records: (0..count).map(|at| record(mapping, &format!("framing.fixed.{at}"))).collect() };
        layout.contradictions(mapping);
        Some(layout)
    }

    /// Kinds that a line could be two of, and names that mean two places.
    fn contradictions(&self, mapping: &mut Mapping<'_>) {
        for (at, record) in self.records.iter().enumerate() {
            let key = |name: &str| format!("framing.fixed.{at}.{name}");
            for (other, before) in self.records.iter().enumerate().take(at) {
                let found = match (&before.literal, &record.literal) {
                    (Some(left), Some(right)) if !excludes(left, right) => {
                        format!("`{}`, which lines of type `{}` may have too", right.1, left.1)
                    }
                    (None, None) => format!("none, as the {} before it", ordinal(other)),
                    _ => continue,
                };
                mapping.problem(
                    &key("type"),
                    "mapping.fixed-type",
                    &found,
                    "a text that no other kind of line has there",
                );
            }
            if record.literal.is_none() && record.role != Role::Detail {
                let expected = "the text that tells such a line; only details may be whatever is nothing else";
                mapping.problem(&key("type"), "mapping.fixed-type", "none", expected);
            }
            let parents = self.records.iter().take(at).filter(|before| before.role == Role::Parent);
            let is_read = matches!(record.role, Role::Detail | Role::Parent);
            for column in record.columns.iter().filter(|_| is_read) {
                if parents.clone().any(|parent| parent.column(&column.name).is_some()) {
                    let key = key(&format!("columns.{}", column.name));
                    let expected = "a name that no parent above it has: both are one row";
                    mapping.problem(&key, "mapping.fixed-name", &format!("`{}`", column.name), expected);
                }
            }
        }
        if !self.records.iter().any(|record| record.role == Role::Detail) {
            mapping.problem(
                "framing.fixed",
                "mapping.fixed-detail",
                "no kind of line that is a detail",
                "one at least",
            );
        }
        let late = |(at, record): &(usize, &Record)| {
            record.role == Role::Parent
                && self.records.get(..*at).unwrap_or_default().iter().any(|before| before.role == Role::Detail)
        };
        if let Some((at, _)) = self.records.iter().enumerate().find(late) {
            let key = format!("framing.fixed.{at}.is");
            let expected = "parents before the details that stand below them";
            mapping.problem(&key, "mapping.fixed-order", "a parent behind a detail", expected);
        }
    }
}

/// Whether two literals have a place where a line can only have one of them.
fn excludes(left: &(usize, String), right: &(usize, String)) -> bool {
    let place = |(start, text): &(usize, String)| (*start..).zip(text.chars().collect::<Vec<_>>()).collect::<Vec<_>>();
    let right = place(right);
    place(left).iter().any(|(at, one)| right.iter().any(|(other, letter)| at == other && one != letter))
}

fn ordinal(at: usize) -> String {
    match at {
        0 => "first".to_owned(),
        1 => "second".to_owned(),
        2 => "third".to_owned(),
        other => format!("{}th", other + 1),
    }
}

/// One kind of line.
fn record(mapping: &mut Mapping<'_>, prefix: &str) -> Record {
    let key = |name: &str| format!("{prefix}.{name}");
    let written = mapping.text(&key("is"), "detail");
    let role = match written.as_str() {
        "detail" => Role::Detail,
        "parent" => Role::Parent,
        "header" => Role::Header,
        "trailer" => Role::Trailer,
        "other" => Role::Other,
        _ => {
            let expected = "detail, parent, header, trailer or other";
            mapping.problem(&key("is"), "mapping.fixed-is", &format!("`{written}`"), expected);
            Role::Detail
        }
    };
    let literal = mapping.text(&key("type"), "");
    let start = number(mapping, &key("at"), "1").unwrap_or(1);
    let is_read = matches!(role, Role::Detail | Role::Parent);
    let (length, trimmed, columns) = columns(mapping, prefix, is_read);
    let optional = yes(mapping, &key("optional"));
    if optional && role != Role::Parent {
        mapping.problem(&key("optional"), "mapping.fixed-optional", &format!("of a {written}"), "of a parent");
    }
    let count = count(mapping, prefix, role);
    let literal = (!literal.is_empty()).then(|| (start - 1, literal));
    if let (Some((start, text)), Some(length)) = (&literal, length) {
        past(mapping, &key("type"), Span { start: *start, width: text.chars().count() }, length);
    }
    if let (Some((span, _)), Some(length)) = (&count, length) {
        past(mapping, &key("count"), *span, length);
    }
    Record { role, literal, length, trimmed, optional, count, columns }
}

impl Record {
    /// Reads `length`, `trimmed` and `columns` of a table of the mapping: the lines of a joined file have nothing else.
    pub fn joined(mapping: &mut Mapping<'_>, prefix: &str) -> Self {
        let (length, trimmed, columns) = columns(mapping, prefix, true);
        Self { role: Role::Detail, literal: None, length, trimmed, optional: false, count: None, columns }
    }
}

/// Length of the line and its columns; both have to be there where it is read.
fn columns(mapping: &mut Mapping<'_>, prefix: &str, is_read: bool) -> (Option<usize>, bool, Vec<Column>) {
    let key = |name: &str| format!("{prefix}.{name}");
    let length = mapping.has(&key("length")).then(|| number(mapping, &key("length"), "")).flatten();
    if is_read && !mapping.has(&key("length")) {
        let expected = "length: how many characters such a line has, without its end";
        mapping.problem(prefix, "mapping.fixed-length", "none", expected);
    }
    if let Some(found) = length.filter(|length| *length > LENGTH_MAX) {
        let expected = format!("at most {LENGTH_MAX}");
        mapping.problem(&key("length"), "mapping.fixed-length", &found.to_string(), &expected);
    }
    let trimmed = yes(mapping, &key("trimmed"));
    let named = mapping.table(&key("columns"), &[]);
    if is_read && named.is_empty() {
        mapping.problem(prefix, "mapping.fixed-column", "no columns", &format!("columns: of each {POSITION}"));
    }
    let mut columns: Vec<Column> = Vec::new();
    for (name, written) in named {
        let key = key(&format!("columns.{name}"));
        let Some((span, picture)) = position(&written) else {
            mapping.problem(&key, "mapping.fixed-column", &format!("`{written}`"), POSITION);
            continue;
        };
        if name.trim() != name || name.is_empty() || name.contains(':') {
            let expected = "a name without a colon and without blanks around it";
            mapping.problem(&key, "mapping.fixed-name", &format!("`{name}`"), expected);
        }
        let picture = picture.and_then(|written| {
            let picture = Picture::parse(&written);
            let width = picture.as_ref().map(Picture::width);
            if width != Some(span.width) {
                let found = width.map_or(format!("`{written}`"), |width| format!("`{written}`, {width} characters"));
                let expected = format!("a picture of {} characters, such as 9(7)V99 or S9(7)V99 of nine", span.width);
                mapping.problem(&key, "mapping.fixed-picture", &found, &expected);
            }
            picture
        });
        if let Some(length) = length {
            past(mapping, &key, span, length);
        }
        columns.push(Column { name, span, picture });
    }
    columns.sort_by_key(|column| column.span.start);
    for (before, column) in columns.iter().zip(columns.iter().skip(1)) {
        if column.span.start < before.span.start + before.span.width {
            let found = format!("columns {}, of which `{}` has {}", column.span, before.name, before.span);
            let key = key(&format!("columns.{}", column.name));
            mapping.problem(&key, "mapping.fixed-overlap", &found, "positions that no other column has");
        }
    }
    (length, trimmed, columns)
}

/// Where the count of a header or trailer stands, and of what it is.
fn count(mapping: &mut Mapping<'_>, prefix: &str, role: Role) -> Option<(Span, Counts)> {
    let key = |name: &str| format!("{prefix}.{name}");
    let written = mapping.text(&key("count"), "");
    let counted = mapping.text(&key("counts"), "details");
    let counts = match counted.as_str() {
        "details" => Counts::Details,
        "records" => Counts::Records,
        "lines" => Counts::Lines,
        _ => {
            let expected = "details, records (all but header and trailer) or lines";
            mapping.problem(&key("counts"), "mapping.fixed-counts", &format!("`{counted}`"), expected);
            Counts::Details
        }
    };
    if written.is_empty() {
        return None;
    }
    if !matches!(role, Role::Header | Role::Trailer) {
        mapping.problem(&key("count"), "mapping.fixed-count", "a count", "one in a header or trailer only");
    }
    match position(&written) {
        Some((span, None)) => Some((span, counts)),
        _ => {
            let expected = "start and width, such as \"2 6\"";
            mapping.problem(&key("count"), "mapping.fixed-count", &format!("`{written}`"), expected);
            None
        }
    }
}

/// `31 8`, `31, 8`, `60 9 9(7)V99`.
fn position(written: &str) -> Option<(Span, Option<String>)> {
    let mut parts = written.split([' ', ',']).filter(|part| !part.is_empty());
    let (start, width): (usize, usize) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let picture = parts.next().map(str::to_owned);
    let is_whole = parts.next().is_none() && start > 0 && width > 0 && start.max(width) <= LENGTH_MAX;
    is_whole.then(|| (Span { start: start - 1, width }, picture))
}

/// A position behind the end of the line.
fn past(mapping: &mut Mapping<'_>, key: &str, span: Span, length: usize) {
    if span.start + span.width > length {
        let expected = format!("at most {length}, the length of such a line");
        mapping.problem(key, "mapping.fixed-past", &format!("columns {span}"), &expected);
    }
}

fn number(mapping: &mut Mapping<'_>, key: &str, default: &str) -> Option<usize> {
    let written = mapping.text(key, default);
    let number = written.trim().parse().ok().filter(|number| *number > 0);
    if number.is_none() && !written.is_empty() {
        mapping.problem(key, "mapping.fixed-number", &format!("`{written}`"), "a number from 1");
    }
    number
}

fn yes(mapping: &mut Mapping<'_>, key: &str) -> bool {
    let written = mapping.text(key, "no");
    if !matches!(written.as_str(), "yes" | "no") {
        mapping.problem(key, "mapping.fixed-yes", &format!("`{written}`"), "yes or no");
    }
    written == "yes"
}
