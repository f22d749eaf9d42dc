//! The columns of lines that belong together.

use super::class;
use crate::onboard::form::{Form, date_format};

/// Longest text of letters that an id may begin with in every line.
const PREFIX_MAX: usize = 4;

/// A column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Field {
    /// As the line of names has it; else its place, `9-16`.
    pub(crate) name: String,
    /// From 0.
    pub(crate) start: usize,
    /// Characters.
    pub(crate) width: usize,
    /// What tells it from its neighbours.
    pub(crate) why: String,
}

/// What lines have at a place.
struct Place {
    /// `A` letters, `9` digits, ` ` nothing, `?` several.
    class: char,
    /// No line has a blank here.
    is_full: bool,
}

/// The columns of lines of one length. `before`: the lines above them, of which one may have names and one dashes.
pub(super) fn fields(lines: &[Vec<char>], before: &[Vec<char>], from: usize) -> Vec<Field> {
    let length = lines.first().map_or(0, Vec::len);
    let parts = parts(lines, from);
    let ruler = before.iter().find(|line| is_ruler(line));
    let names = Names::of(before, &parts);
    let starts: Vec<(usize, String)> = match ruler {
        Some(ruler) => {
            starts_of(ruler, 1).into_iter().map(|at| (at, "the line of dashes above it".to_owned())).collect()
        }
        None => starts(lines, parts, names.as_ref().map(|names| names.starts.as_slice()).unwrap_or_default(), from),
    };
    let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([length]);
    let mut fields: Vec<Field> = Vec::new();
    for ((start, why), end) in starts.iter().zip(ends) {
        if end <= *start {
            continue;
        }
        let name = names.as_ref().map(|names| names.between(*start, end)).unwrap_or_default();
        // Below a line of names a place without one belongs to the name before it.
        if let (true, true, Some(last)) = (names.is_some(), name.is_empty(), fields.last_mut()) {
            last.width += end - start;
            continue;
        }
        let is_taken = name.is_empty() || name.contains(':') || fields.iter().any(|field| field.name == name);
        let name = if is_taken { format!("{}-{end}", start + 1) } else { name };
        fields.push(Field { name, start: *start, width: end - start, why: why.clone() });
    }
    fields
}

/// A line of names above the columns.
struct Names<'l> {
    line: &'l [char],
    /// Where each begins: behind two blanks, or behind one where values begin too.
    starts: Vec<usize>,
}

impl<'l> Names<'l> {
    /// The first line with names without values, several of them, that begin where values do.
    fn of(before: &'l [Vec<char>], parts: &[(usize, usize, String)]) -> Option<Self> {
        before
            .iter()
            .filter(|line| !is_ruler(line))
            .map(|line| Self::read(line, parts))
            .find(|names| names.are_names(parts))
    }

    fn read(line: &'l [char], parts: &[(usize, usize, String)]) -> Self {
        let apart = starts_of(line, 2);
        let begins = |at: &usize| apart.contains(at) || parts.iter().any(|(begin, ..)| begin == at);
        Self { line, starts: starts_of(line, 1).into_iter().filter(begins).collect() }
    }

    fn are_names(&self, parts: &[(usize, usize, String)]) -> bool {
        let ends = self.starts.iter().skip(1).copied().chain([self.line.len()]);
        let mut names = self.starts.iter().zip(ends).map(|(start, end)| piece(self.line, *start, end));
        let has_value = names.any(|name| crate::onboard::recognise::is_value(name.trim()));
        let is_within = |start: &&usize| parts.iter().any(|(begin, end, _)| begin < *start && *start < end);
        let within = self.starts.iter().filter(is_within).count();
        self.starts.len() > 2 && !has_value && within * 5 <= self.starts.len() * 2
    }

    /// The name that begins in a column.
    fn between(&self, start: usize, end: usize) -> String {
        let Some(at) = self.starts.iter().position(|at| (start..end).contains(at)) else { return String::new() };
        let from = self.starts.get(at).copied().unwrap_or_default();
        let to = self.starts.get(at + 1).copied().unwrap_or(self.line.len());
        piece(self.line, from, to).trim().to_owned()
    }
}

/// Runs of dashes with blanks between them.
fn is_ruler(line: &[char]) -> bool {
    line.iter().all(|one| matches!(one, '-' | '=' | ' ')) && starts_of(line, 1).len() > 2
}

/// Where words begin that so many blanks stand before.
fn starts_of(line: &[char], blanks: usize) -> Vec<usize> {
    let begins = |at: &usize| {
        let before = line.get(at.saturating_sub(blanks)..*at).unwrap_or_default();
        line.get(*at).is_some_and(|one| *one != ' ')
            && before.iter().all(|one| *one == ' ')
            && (*at == 0 || before.len() == blanks)
    };
    (0..line.len()).filter(begins).collect()
}

/// Stretches without a common blank, taken apart.
fn parts(lines: &[Vec<char>], from: usize) -> Vec<(usize, usize, String)> {
    let length = lines.first().map_or(0, Vec::len);
    let places: Vec<Place> = (0..length).map(|at| place(lines, at)).collect();
    let is_blank = |at: usize| places.get(at).is_none_or(|place| place.class == ' ');
    let mut parts = Vec::new();
    let mut at = from;
    while at < length {
        if is_blank(at) {
            at += 1;
            continue;
        }
        let end = (at..length).find(|end| is_blank(*end)).unwrap_or(length);
        parts.extend(split(lines, &places, at, end));
        at = end;
    }
    parts
}

/// Where columns begin, and why.
fn starts(
    lines: &[Vec<char>],
    mut parts: Vec<(usize, usize, String)>,
    names: &[usize],
    from: usize,
) -> Vec<(usize, String)> {
    for start in names {
        let inside = parts.iter().position(|(begin, end, _)| begin < start && start < end);
        if let Some((begin, end, why)) = inside.map(|inside| parts.remove(inside)) {
            parts.push((begin, *start, why));
            parts.push((*start, end, "the name above it begins here".to_owned()));
            parts.sort_by_key(|(begin, ..)| *begin);
        }
    }
    let mut starts = Vec::new();
    for (number, (begin, end, why)) in parts.iter().enumerate() {
        let behind = number.checked_sub(1).and_then(|before| parts.get(before)).map_or(from, |(_, end, _)| *end);
        let named = names.iter().find(|start| behind <= **start && *start <= begin);
        // Blanks before a number are its own: a longer one begins in them.
        let is_number = *begin > behind && is_number(lines, *begin, *end);
        let (start, why) = match named {
            Some(named) => (*named, format!("{why}; its name begins here")),
            None if number == 0 => (from, why.clone()),
            None if is_number => (behind, format!("{why}; a number, with the blanks before it")),
            None => (*begin, why.clone()),
        };
        starts.push((start, why));
    }
    starts
}

fn place(lines: &[Vec<char>], at: usize) -> Place {
    let (mut found, mut is_full) = (' ', true);
    for line in lines {
        match (found, class(line.get(at).copied().unwrap_or(' '))) {
            (_, ' ') => is_full = false,
            (' ', one) => found = one,
            (before, one) if before != one => found = '?',
            _ => {}
        }
    }
    Place { class: found, is_full }
}

/// Parts of a stretch that no common blank is in.
fn split(lines: &[Vec<char>], places: &[Place], begin: usize, end: usize) -> Vec<(usize, usize, String)> {
    let mut parts = Vec::new();
    let mut from = begin;
    let mut why = "blanks that every line has before it".to_owned();
    let class_at = |at: usize| places.get(at).map_or(' ', |place| place.class);
    for at in begin + 1..end {
        let (left, right) = (class_at(at - 1), class_at(at));
        let is_change =
            matches!((left, right), ('A', '9') | ('9', 'A')) && places.get(at).is_some_and(|place| place.is_full);
        if !is_change || belongs_together(lines, from, at, end) {
            continue;
        }
        parts.extend(carved(lines, from, at, &why));
        why = if right == '9' {
            "letters before it, digits in it; look at it"
        } else {
            "digits before it, letters in it; look at it"
        }
        .to_owned();
        from = at;
    }
    parts.extend(carved(lines, from, end, &why));
    parts
}

fn piece(line: &[char], from: usize, to: usize) -> String {
    line.iter().skip(from).take(to - from).collect()
}

/// Whether letters and what stands behind them in every line is one text: an id with a constant beginning, a code.
fn belongs_together(lines: &[Vec<char>], from: usize, at: usize, end: usize) -> bool {
    let letters: std::collections::BTreeSet<String> = lines.iter().map(|line| piece(line, from, at)).collect();
    let is_letters = letters.iter().all(|text| text.chars().all(char::is_alphabetic));
    if !is_letters {
        return false;
    }
    if letters.len() == 1 && lines.len() > 1 && at - from <= PREFIX_MAX {
        return true;
    }
    let is_gender = letters.iter().all(|text| matches!(text.as_str(), "F" | "M" | "U" | "X" | "O"));
    let is_code = |line: &Vec<char>| {
        let text = piece(line, from, end);
        let code = text.split(' ').next().unwrap_or_default();
        Form::Diagnosis.has(code, None) || Form::Procedure.has(code, None)
    };
    at - from == 1 && !is_gender && lines.iter().all(is_code)
}

/// Digits without a boundary: an NPI or a day that stands in the same place of every line is a column; what is left has no boundary.
fn carved(lines: &[Vec<char>], from: usize, to: usize, why: &str) -> Vec<(usize, usize, String)> {
    let is_digits = lines.iter().all(|line| line.iter().skip(from).take(to - from).all(char::is_ascii_digit));
    if !is_digits || to - from <= 8 || lines.len() < 2 {
        return vec![(from, to, why.to_owned())];
    }
    let fits = |start: usize, width: usize| {
        let values: Vec<String> = lines.iter().map(|line| piece(line, start, start + width)).collect();
        match width {
            10 => values.iter().all(|value| Form::Npi.has(value, None)),
            _ => date_format(values.iter().map(String::as_str)).is_some_and(|(_, count, _)| count == values.len()),
        }
    };
    for (width, what) in [(10, "NPIs with a right check digit"), (8, "days")] {
        let places: Vec<usize> = (from..=to.saturating_sub(width)).filter(|start| fits(*start, width)).collect();
        let [start] = places.as_slice() else { continue };
        let own = format!("every line has {what} here; look at it");
        let mut parts = if *start > from { carved(lines, from, *start, why) } else { Vec::new() };
        parts.push((*start, start + width, own.clone()));
        if start + width < to {
            parts.extend(carved(lines, start + width, to, "what is left of digits without a boundary; look at it"));
        }
        return parts;
    }
    let why = if to - from == 10 {
        why.to_owned()
    } else {
        format!("{why}; {} digits without a boundary: TODO say whether they are one column", to - from)
    };
    vec![(from, to, why)]
}

/// Whether every line has a number at this place, and not all of them begin where it begins, or they are amounts.
fn is_number(lines: &[Vec<char>], begin: usize, end: usize) -> bool {
    let values: Vec<String> = lines.iter().map(|line| piece(line, begin, end)).collect();
    let said = || values.iter().filter(|value| !value.trim().is_empty());
    let is_plain = said().all(|value| Form::Money.has(value, None) || Form::Quantity.has(value, None));
    let is_right = said().all(|value| !value.ends_with(' ')) && said().any(|value| value.starts_with(' '));
    let is_amount = said().all(|value| value.contains('.'));
    said().next().is_some() && is_plain && (is_right || is_amount)
}
