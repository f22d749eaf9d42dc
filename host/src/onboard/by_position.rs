//! De-identified lines of fixed-width samples: every cell in its place and of its width, by the layout that was drafted.

use std::collections::BTreeSet;

use claimhost_sdk::fixed::{Record, Role, Span, is_blank, text};

use super::disguise::Disguise;
use super::draft::Draft;
use super::recognise::{Format, Sample};
use crate::intake::framing::Settings;

/// The layout of a draft, and which of its columns stay.
pub(super) struct ByPosition {
    settings: Option<Settings>,
    kept: BTreeSet<String>,
}

impl ByPosition {
    /// Reads the draft's own mapping. `is_kept`: elements whose values are no patient's.
    pub(super) fn of(draft: &Draft, is_kept: impl Fn(&str) -> bool) -> Self {
        let kept = draft.entries.iter().filter(|entry| is_kept(&entry.element)).map(|entry| entry.source.clone());
        Self { settings: Settings::from_mapping(&draft.mapping).ok(), kept: kept.collect() }
    }

    /// The record of a line, and what the names of its columns begin with: those of a joined file have its name before them.
    fn record(&self, sample: &Sample, line: &str) -> Option<(&Record, String)> {
        let settings = self.settings.as_ref()?;
        if let Some(join) = settings.join.iter().find(|join| join.takes(&sample.file_name())) {
            return Some((join.record.as_ref()?, format!("{}:", join.name)));
        }
        let layout = settings.layout.as_ref()?;
        Some((layout.record(layout.kind(line)?)?, String::new()))
    }

    /// Notes what is disguised, where values can be shifted.
    pub(super) fn note(&self, disguise: &mut Disguise, sample: &Sample) {
        if !matches!(sample.format, Format::Fixed { .. }) {
            return;
        }
        for line in sample.bytes.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)) {
            let line = text(line);
            let Some((record, name)) = self.record(sample, &line) else { continue };
            let private = record.columns.iter().filter(|column| !self.kept.contains(&format!("{name}{}", column.name)));
            private.for_each(|column| disguise.note(column.span.of(&line).trim()));
        }
    }

    /// Some lines of a sample, disguised. Of a joined file those that `keys` has a text of.
    pub(super) fn lines(
        &self,
        disguise: &mut Disguise,
        sample: &Sample,
        most: usize,
        keys: &mut BTreeSet<String>,
    ) -> String {
        let (mut out, mut details) = (String::new(), 0);
        let joined = !keys.is_empty();
        let mut named = Vec::new();
        let all = sample
            .bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !is_blank(line))
            .filter(|line| self.record(sample, &text(line)).is_some_and(|(record, _)| record.role == Role::Detail));
        let shown = all.count().min(most);
        for line in sample.bytes.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)) {
            let line = text(line);
            let found = self.record(sample, &line);
            let is_detail = found.as_ref().is_none_or(|(record, _)| record.role == Role::Detail);
            let cells: Vec<String> = found
                .iter()
                .flat_map(|(record, _)| &record.columns)
                .map(|column| column.span.of(&line).trim().to_owned())
                .filter(|cell| cell.len() > 1)
                .collect();
            if is_detail && (details == most || (joined && !cells.iter().any(|cell| keys.contains(cell)))) {
                continue;
            }
            details += usize::from(is_detail);
            out += &self.line(disguise, &line, found, shown);
            out.push('\n');
            named.extend(cells);
        }
        keys.extend(named);
        out
    }

    /// `shown`: how many details there are, for what counts them.
    fn line(&self, disguise: &mut Disguise, line: &str, found: Option<(&Record, String)>, shown: usize) -> String {
        let Some((record, name)) = found else { return disguise.words(line) };
        let (mut out, mut at) = (String::new(), 0);
        let literal = record
            .literal
            .iter()
            .map(|(start, text)| (Span { start: *start, width: text.chars().count() }, Cell::Stays(text.clone())));
        let counted =
            record.count.iter().map(|(span, _)| (*span, Cell::Stays(format!("{shown:0>width$}", width = span.width))));
        let columns = record.columns.iter().map(|column| (column.span, Cell::Of(format!("{name}{}", column.name))));
        let mut spans: Vec<(Span, Cell)> = literal.chain(counted).chain(columns).collect();
        spans.sort_by_key(|(span, _)| span.start);
        // Where a line does not fit, anything may stand anywhere.
        let fits = record.misfit(line).is_none();
        for (span, column) in spans {
            if span.start < at {
                continue;
            }
            out += &disguise.words(Span { start: at, width: span.start - at }.of(line));
            let cell = span.of(line);
            out += &match column {
                Cell::Stays(text) => in_place(cell, &text),
                Cell::Of(column) if fits && self.kept.contains(&column) => {
                    let kept = disguise.kept(cell.trim());
                    in_place(cell, &kept)
                }
                Cell::Of(_) => {
                    let made = disguise.value(cell.trim());
                    let made =
                        if made.chars().count() > cell.chars().count() { disguise.words(cell.trim()) } else { made };
                    in_place(cell, &made)
                }
            };
            at = span.start + span.width;
        }
        out + &disguise.words(Span { start: at, width: usize::MAX - at }.of(line))
    }
}

/// A place of a line.
enum Cell {
    /// What tells its kind, or counts.
    Stays(String),
    /// Of a column.
    Of(String),
}

/// A text where another one stood: with the blanks that it had before it, as far as there is room, and blanks behind it.
fn in_place(cell: &str, made: &str) -> String {
    let width = cell.chars().count();
    let room = width.saturating_sub(made.chars().count());
    let before = cell.chars().take_while(|one| *one == ' ').count().min(room);
    format!("{:<width$}", format!("{}{made}", " ".repeat(before)))
}
