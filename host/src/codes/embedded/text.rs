//! One table as text: a label line, then rows, or what a version adds to and takes from another.

use crate::codes::System;
use crate::codes::container::{Cover, Label};
use crate::codes::list::{Entry, List, NO_FIRST, NO_LAST, pack};

/// The separator of a label's parts; none of them can have it.
const TAB: char = '\t';

/// Writes a table, against the codes of another where one is given. None where a label has a tab in it.
pub(super) fn write(label: &Label, payload: &[u8], base: Option<(&Label, &[u8])>) -> Option<String> {
    let list = List::open(payload)?;
    let against = base.map_or("-", |(label, _)| label.version.as_str());
    let partial = u8::from(list.is_partial());
    let cover = label.cover;
    let (source, sum) = (&label.source, hex::encode(label.source_sha256));
    let head = format!(
        "{}\t{}\t{}\t{}\t{}\t{source}\t{sum}\t{partial}\t{against}\n",
        label.kind, label.version, cover.first, cover.last, label.rows
    );
    if head.matches(TAB).count() != 8 {
        return None;
    }
    let rows: Vec<Entry> = list.entries().collect();
    let mut out = head;
    let mut before = String::new();
    let mut push = |line: String| {
        let shared = before.bytes().zip(line.bytes()).take_while(|(left, right)| left == right).count().min(35);
        out.push(char::from_digit(u32::try_from(shared).unwrap_or(0), 36).unwrap_or('0'));
        out.push_str(line.get(shared..).unwrap_or_default());
        out.push('\n');
        before = line;
    };
    match base {
        Some((_, base)) => {
            let base = List::open(base)?;
            let (old, new): (Vec<String>, Vec<String>) =
                (base.entries().map(|entry| entry.code).collect(), rows.into_iter().map(|entry| entry.code).collect());
            old.iter().filter(|code| new.binary_search(code).is_err()).for_each(|code| push(format!("-{code}")));
            new.iter().filter(|code| old.binary_search(code).is_err()).for_each(|code| push(format!("+{code}")));
        }
        None => rows.iter().map(line).for_each(push),
    }
    Some(out)
}

/// A row: code, first day, last day, what replaced it; what is absent at the end is left out.
fn line(entry: &Entry) -> String {
    let day = |day: i32, none: i32| if day == none { String::new() } else { day.to_string() };
    let (first, last) = (day(entry.first, NO_FIRST), day(entry.last, NO_LAST));
    format!("{},{first},{last},{}", entry.code, entry.replaced_by).trim_end_matches(',').to_owned()
}

/// Reads a table back. `base` gives the sorted codes of another version.
pub(super) fn read(text: &str, base: impl Fn(&str, &str) -> Option<Vec<String>>) -> Option<(Label, Vec<u8>)> {
    let (head, body) = text.split_once('\n')?;
    let parts: Vec<&str> = head.split(TAB).collect();
    let [kind, version, first, last, rows, source, sum, partial, against] = parts.as_slice() else { return None };
    let label = Label {
        kind: (*kind).to_owned(),
        version: (*version).to_owned(),
        cover: Cover { first: first.parse().ok()?, last: last.parse().ok()? },
        rows: rows.parse().ok()?,
        source: (*source).to_owned(),
        source_sha256: hex::decode(sum).ok()?.try_into().ok()?,
    };
    let mut lines: Vec<String> = Vec::new();
    let mut before = String::new();
    for coded in body.lines() {
        let shared = usize::try_from(coded.chars().next()?.to_digit(36)?).ok()?;
        let line = format!("{}{}", before.get(..shared)?, coded.get(1..)?);
        before.clone_from(&line);
        lines.push(line);
    }
    let mut entries: Vec<Entry> = if *against == "-" {
        lines.iter().map(|line| entry(line)).collect::<Option<_>>()?
    } else {
        let mut codes: std::collections::BTreeSet<String> = base(kind, against)?.into_iter().collect();
        for line in lines {
            match line.split_at_checked(1)? {
                ("-", code) => codes.remove(code).then_some(())?,
                ("+", code) => codes.insert(code.to_owned()).then_some(())?,
                _ => return None,
            }
        }
        codes.iter().map(|code| Entry::plain(code)).collect()
    };
    if System::by_name(kind) == Some(System::Icd10cm) {
        // In ICD-10-CM what has codes below it is a category; the importer has checked that of the source.
        let has_below: Vec<bool> = entries
            .iter()
            .zip(entries.iter().skip(1).map(Some).chain([None]))
            .map(|(entry, next)| next.is_some_and(|next| next.code.starts_with(&entry.code)))
            .collect();
        entries.iter_mut().zip(has_below).for_each(|(entry, category)| entry.category = category);
    }
    Some((label, pack(&entries, *partial == "1")))
}

fn entry(line: &str) -> Option<Entry> {
    let mut cells = line.split(',');
    let mut entry = Entry::plain(cells.next()?);
    let day = |cell: Option<&str>, none: i32| match cell {
        None | Some("") => Some(none),
        Some(text) => text.parse().ok(),
    };
    entry.first = day(cells.next(), NO_FIRST)?;
    entry.last = day(cells.next(), NO_LAST)?;
    entry.replaced_by = cells.next().unwrap_or_default().to_owned();
    Some(entry)
}
