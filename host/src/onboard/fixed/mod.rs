//! Where the columns of a fixed-width sample stand, and what its lines are.
//!
//! A line of dashes says it, or a line of names; else blanks that every line has, and changes between letters and digits (`columns.rs`). What
//! none of these tells is one column, and the draft says so. A width is at least what the sample needs: blanks beside a number are its own,
//! so that a longer one later is read whole or refused, and not cut.

mod columns;
mod to_do;

use claimhost_sdk::fixed::{is_blank, text};

use super::columns::Column;
use super::draft::quoted;
use super::sheet::Sheet;

pub(crate) use columns::Field;
pub(crate) use to_do::to_do;

/// Shortest line that is looked at: two short words a line are no table.
const LENGTH_MIN: usize = 30;
/// Lines looked at to recognise a file.
const LINES: usize = 400;
/// Lines before and behind the details that may be headers and trailers.
const ENVELOPE_MAX: usize = 5;

/// What a sample of fixed width looks like.
pub(crate) struct Shape {
    /// Characters of a detail.
    pub(crate) length: usize,
    /// Its columns.
    pub(crate) fields: Vec<Field>,
    /// Details, each padded to the length.
    details: Vec<Vec<char>>,
    /// Details that end in the middle of their blanks.
    is_trimmed: bool,
    /// Text that all details begin with, where headers and trailers have another one there.
    literal: String,
    headers: Vec<Envelope>,
    trailers: Vec<Envelope>,
    /// Lines between details that are unlike them.
    odd: usize,
}

/// A line before or behind the details.
struct Envelope {
    literal: String,
    /// Start and width, from 0, of the only number in it that counts the details.
    count: Option<(usize, usize)>,
}

/// Letter, digit, blank, or what it is.
fn class(one: char) -> char {
    match one {
        one if one.is_alphabetic() => 'A',
        one if one.is_ascii_digit() => '9',
        other => other,
    }
}

fn lines(bytes: &[u8]) -> Vec<Vec<char>> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !is_blank(line));
    lines.map(|line| text(line).chars().collect()).collect()
}

/// The length that most lines have, and how many have it.
fn usual(lines: &[Vec<char>]) -> (usize, usize) {
    let mut counts = std::collections::BTreeMap::new();
    lines.iter().for_each(|line| *counts.entry(line.len()).or_insert(0_usize) += 1);
    counts.into_iter().max_by_key(|(length, count)| (*count, *length)).unwrap_or_default()
}

/// Characters of a line, where a text is lines of fixed width.
pub(crate) fn length_of(bytes: &[u8]) -> Option<usize> {
    let mut lines = lines(bytes);
    lines.truncate(LINES);
    let (length, count) = usual(&lines);
    if length >= LENGTH_MIN && count >= 2 && count * 10 >= lines.len() * 6 {
        return Some(length);
    }
    // Blanks at the end may be left out: then lines have blanks in common at several places.
    let inner = lines.get(1..lines.len().saturating_sub(1)).filter(|inner| inner.len() >= 3)?;
    let length = inner.iter().map(Vec::len).max().filter(|length| *length >= LENGTH_MIN)?;
    let is_common = |at: usize| inner.iter().all(|line| line.get(at).is_none_or(|one| *one == ' '));
    let gaps = (1..length).filter(|at| is_common(*at) && !is_common(at - 1)).count();
    (gaps >= 4).then_some(length)
}

impl Shape {
    /// Looks at samples of one kind.
    ///
    /// # Errors
    /// Found, expected, what to do: several kinds of records that belong together.
    pub(crate) fn of(samples: &[&[u8]]) -> Result<Self, String> {
        let length = samples.iter().filter_map(|bytes| length_of(bytes)).max().unwrap_or_default();
        let parts: Vec<Vec<Vec<char>>> = samples.iter().map(|bytes| lines(bytes)).collect();
        let (_, even) = usual(&parts.concat());
        let is_trimmed = even * 10 < parts.iter().map(Vec::len).sum::<usize>() * 6;
        let usual_classes = usual_classes(&parts, length);
        // Blanks say nothing: a line of names has most of them where details have theirs.
        let said = usual_classes.iter().filter(|class| **class != ' ').count();
        let is_like = |line: &[char]| {
            let fits = if is_trimmed { line.len() <= length } else { line.len() == length };
            fits && likeness(line, &usual_classes) * 2 >= said
        };
        let (mut details, mut before, mut behind) = (Vec::new(), Vec::new(), Vec::new());
        let mut odd = 0;
        for part in &parts {
            let first = part.iter().take(ENVELOPE_MAX).take_while(|line| !is_like(line)).count();
            let rest = part.get(first..).unwrap_or_default();
            let last = rest.iter().rev().take(ENVELOPE_MAX).take_while(|line| !is_like(line)).count();
            let (inner, ends) = rest.split_at_checked(rest.len() - last).unwrap_or_default();
            before.extend(part.iter().take(first).cloned());
            behind.extend(ends.iter().cloned());
            odd += inner.iter().filter(|line| !is_like(line)).count();
            details.extend(inner.iter().filter(|line| is_like(line)).cloned());
        }
        if odd * 5 > details.len() {
            return Err(format!(
                "found lines of {length} characters and {odd} that are unlike them between {} others (a record in several lines), expected \
                 one line a charge; write the kinds of lines into a mapping by hand: [[framing.fixed]] with is = \"parent\", docs/mapping.md",
                details.len()
            ));
        }
        let literal = literal(&details, before.first(), behind.last());
        details.iter_mut().for_each(|line| line.resize(length, ' '));
        let counted = if samples.len() == 1 { details.len() } else { 0 };
        let headers = envelopes(&before, &details, literal.chars().count(), counted);
        let trailers = envelopes(&behind, &details, literal.chars().count(), counted);
        let fields = columns::fields(&details, &before, literal.chars().count());
        Ok(Self { length, fields, details, is_trimmed, literal, headers, trailers, odd })
    }

    /// The details as rows under the names of the columns.
    pub(crate) fn sheet(&self) -> Sheet {
        let cell = |line: &Vec<char>, field: &Field| {
            let cell: String = line.iter().skip(field.start).take(field.width).collect();
            cell.trim().to_owned()
        };
        let column = |field: &Field| Column {
            values: self.details.iter().map(|line| cell(line, field)).collect(),
            ..Column::new(field.name.clone())
        };
        Sheet { columns: self.fields.iter().map(column).collect(), rows: self.details.len(), odd: self.odd }
    }

    /// `[[framing.fixed]]`, with a reason above each line that has one.
    pub(crate) fn framing(&self) -> String {
        let mut out = format!("# {} lines of {} characters\n", self.details.len(), self.length);
        let envelope = |is: &str, envelope: &Envelope| {
            let mut out = format!("[[framing.fixed]]\nis = \"{is}\"\ntype = {}\n", quoted(&envelope.literal));
            if let Some((start, width)) = envelope.count {
                out += "# it equals the number of details in the sample\n";
                out += &format!("count = \"{} {width}\"\n", start + 1);
            }
            out + "\n"
        };
        self.headers.iter().for_each(|header| out += &envelope("header", header));
        out += "[[framing.fixed]]\n";
        if !self.literal.is_empty() {
            out += "# every detail begins so, and headers and trailers otherwise\n";
            out += &format!("type = {}\n", quoted(&self.literal));
        }
        out += &self.record("framing.fixed");
        self.trailers.iter().for_each(|trailer| out += &format!("\n{}", envelope("trailer", trailer).trim_end()));
        out + "\n"
    }

    /// `length`, `trimmed` and columns, of details or of a joined file.
    pub(crate) fn record(&self, table: &str) -> String {
        let mut out = format!("length = \"{}\"\n", self.length);
        if self.is_trimmed {
            out += "# lines end where nothing but blanks would follow\ntrimmed = \"yes\"\n";
        }
        out += &format!("[{table}.columns]\n");
        for field in &self.fields {
            out += &format!("# {}\n{} = \"{} {}\"\n", field.why, quoted(&field.name), field.start + 1, field.width);
        }
        out
    }
}

/// What most lines have at each place.
fn usual_classes(parts: &[Vec<Vec<char>>], length: usize) -> Vec<char> {
    let at = |place: usize| {
        let mut counts = std::collections::BTreeMap::new();
        for line in parts.iter().flatten() {
            *counts.entry(class(line.get(place).copied().unwrap_or(' '))).or_insert(0_usize) += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map_or(' ', |(class, _)| class)
    };
    (0..length).map(at).collect()
}

/// At how many places a line has what most lines have, where they have anything.
fn likeness(line: &[char], usual: &[char]) -> usize {
    let each = usual.iter().enumerate().filter(|(_, wanted)| **wanted != ' ');
    each.filter(|(at, wanted)| class(line.get(*at).copied().unwrap_or(' ')) == **wanted).count()
}

/// What details begin with and neither header nor trailer: where both are there and each begins with letters, or each with digits.
fn literal(details: &[Vec<char>], header: Option<&Vec<char>>, trailer: Option<&Vec<char>>) -> String {
    let (Some(header), Some(trailer), Some(first)) = (header, trailer, details.first()) else { return String::new() };
    for (length, of) in [(3, 'A'), (2, '9'), (1, 'A'), (1, '9')] {
        let begins = |line: &[char]| {
            line.get(..length).filter(|text| text.iter().all(|one| class(*one) == of)).map(<[char]>::to_vec)
        };
        let Some(own) = begins(first) else { continue };
        let is_constant = details.iter().all(|line| line.starts_with(&own));
        let differs = |line: &[char]| begins(line).is_some_and(|text| text != own);
        if is_constant && differs(header) && differs(trailer) {
            return own.into_iter().collect();
        }
    }
    String::new()
}

/// The kinds of the lines before or behind the details: each by the shortest text that no detail begins with.
fn envelopes(lines: &[Vec<char>], details: &[Vec<char>], least: usize, counted: usize) -> Vec<Envelope> {
    let mut known: Vec<Envelope> = Vec::new();
    for line in lines {
        let begins = |literal: &str| {
            line.iter().copied().zip(literal.chars()).filter(|(left, right)| left == right).count()
                == literal.chars().count()
        };
        if known.iter().any(|envelope| begins(&envelope.literal)) {
            continue;
        }
        let tells = |length: &usize| {
            let own = line.get(..*length).unwrap_or_default();
            !own.iter().all(|one| *one == ' ') && !details.iter().any(|detail| detail.starts_with(own))
        };
        let Some(length) = (least.max(1)..=line.len()).find(tells) else { continue };
        // The whole of its first word, where that is short: one letter of a name says little.
        let word = line.iter().position(|one| !one.is_alphabetic()).unwrap_or(line.len());
        let length = if least == 0 && word > length && word <= 12 { word } else { length };
        let literal: String = line.iter().take(length).collect();
        let count = count(line, length, counted);
        known.push(Envelope { literal, count });
    }
    known
}

/// The only number of a line that is the number of details.
fn count(line: &[char], from: usize, details: usize) -> Option<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = from;
    while at < line.len() {
        let width = line.iter().skip(at).take_while(|one| one.is_ascii_digit()).count();
        if width > 0 {
            let number: String = line.iter().skip(at).take(width).collect();
            if details > 0 && number.parse() == Ok(details) {
                found.push((at, width));
            }
        }
        at += width.max(1);
    }
    match found.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
