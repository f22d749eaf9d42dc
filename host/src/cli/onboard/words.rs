//! The report for people: the same parts as lines and as a page.

use std::fmt::Write;

use super::super::html;
use super::super::output::{BOLD, RESET, dollars, table, visible};
use crate::onboard::{Report, State, percent};

/// One part of the report.
struct Part {
    title: String,
    /// Lines before the table.
    lines: Vec<String>,
    heading: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Part {
    fn new(title: impl Into<String>, heading: &'static [&'static str], rows: Vec<Vec<String>>) -> Self {
        Self { title: title.into(), lines: Vec::new(), heading, rows }
    }
}

/// As lines for a terminal.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    for part in parts(report) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{}{BOLD}{}{RESET}", if out.is_empty() { "" } else { "\n" }, visible(&part.title));
        out.push('\n');
        for line in &part.lines {
            let _ = writeln!(out, "  {}", visible(line));
        }
        if !part.rows.is_empty() {
            let heading: Vec<String> = part.heading.iter().map(|name| format!("  {name}")).collect();
            let mut rows = table(&heading.iter().map(String::as_str).collect::<Vec<_>>());
            for row in &part.rows {
                rows.add_row(row.iter().map(|cell| format!("  {}", visible(cell))).collect::<Vec<_>>());
            }
            let _ = writeln!(out, "{rows}");
        }
    }
    out.trim_end().to_owned()
}

/// As one page, with nothing loaded from elsewhere.
pub(super) fn page(report: &Report) -> String {
    let title = format!("Onboarding of {}, {}", report.practice, report.day);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{1}</style></head><body>\n<h1>{0}</h1>\n",
        html::text(&title),
        html::STYLE
    );
    for part in parts(report) {
        let _ = writeln!(out, "<h2>{}</h2>", html::text(&part.title));
        for line in &part.lines {
            let _ = writeln!(out, "<p>{}</p>", html::text(line));
        }
        if part.rows.is_empty() {
            continue;
        }
        let cells = |tag: &str, cells: &mut dyn Iterator<Item = &str>| {
            let each = cells.map(|cell| format!("<{tag}>{}</{tag}>", html::text(cell)));
            format!("<tr>{}</tr>\n", each.collect::<String>())
        };
        out += "<table>\n";
        out += &cells("th", &mut part.heading.iter().copied());
        for row in &part.rows {
            out += &cells("td", &mut row.iter().map(String::as_str));
        }
        out += "</table>\n";
    }
    out + "</body></html>\n"
}

fn parts(report: &Report) -> Vec<Part> {
    let mut parts: Vec<Part> = against(report).into_iter().collect();
    parts.push(samples(report));
    parts.extend(report.ways.iter().map(way));
    parts.push(elements(report));
    parts.extend(codes(report));
    parts.push(payers(report));
    parts.extend(dry_run(report));
    parts
}

fn against(report: &Report) -> Option<Part> {
    let against = report.against.as_ref()?;
    let rows = against.broken.iter().map(|broken| {
        let (was, is) = (format!("{}%", broken.was_percent), format!("{}%", broken.is_percent));
        vec![broken.element.clone(), was, is, broken.words.clone()]
    });
    let mut part =
        Part::new(format!("Against the report of {}", against.day), &["element", "was", "is", ""], rows.collect());
    let (then, now) = against.rejected_percent;
    part.lines.push(
        if part.rows.is_empty() { "nothing that was there is gone" } else { "an upstream change broke:" }.to_owned(),
    );
    part.lines.push(format!("documents rejected: {then}% then, {now}% now"));
    Some(part)
}

fn samples(report: &Report) -> Part {
    let rows = report.samples.iter().map(|sample| {
        let delimiter = sample.delimiter.clone().unwrap_or_default();
        vec![
            sample.sample.to_string(),
            sample.format.clone(),
            sample.encoding.clone(),
            delimiter,
            sample.component.clone(),
            sample.bytes.to_string(),
        ]
    });
    Part::new("Samples", &["sample", "format", "encoding", "delimiter", "component", "bytes"], rows.collect())
}

fn way(way: &crate::onboard::WayIn) -> Part {
    let rows = way.entries.iter().map(|entry| vec![entry.element.clone(), entry.source.clone(), entry.why.clone()]);
    let mut part = Part::new(format!("{} ({})", way.mapping, way.adapter), &["element", "is", "why"], rows.collect());
    if !way.connector.is_empty() {
        part.lines.push(format!("looks like the connector {}: {}", way.connector, way.connector_why));
    }
    if way.shifted > 0 {
        part.lines.push(format!("shifted: {} rows have values that do not stand in their places", way.shifted));
    }
    if !way.modifiers_not_read.is_empty() {
        part.lines.push(format!("modifiers lost: nothing reads {}", way.modifiers_not_read.join(", ")));
    }
    part.lines.extend(way.notes.iter().map(|note| format!("look at: {note}")));
    if !way.unused.is_empty() {
        part.lines.push(format!("nothing reads: {}", way.unused.join(", ")));
    }
    part
}

const fn state(state: State) -> &'static str {
    match state {
        State::Present => "present",
        State::Partly => "partly",
        State::Derivable => "derivable",
        State::Missing => "missing",
    }
}

fn elements(report: &Report) -> Part {
    let rows = report.elements.iter().map(|element| {
        let counts = format!("{} of {} {}", element.present, element.total, element.of);
        let from = if element.derivable.is_empty() { String::new() } else { format!("from {}; ", element.derivable) };
        let what = match element.state {
            State::Present => String::new(),
            State::Derivable => format!("{from}else {}", element.consequence),
            _ => element.consequence.clone(),
        };
        vec![
            element.title.clone(),
            state(element.state).to_owned(),
            format!("{counts}, {}%", percent(element.present, element.total)),
            what,
        ]
    });
    Part::new("What a clean claim needs", &["element", "", "in", "otherwise"], rows.collect())
}

fn codes(report: &Report) -> Option<Part> {
    let rows: Vec<Vec<String>> = report
        .codes
        .iter()
        .map(|code| {
            let shown =
                if code.code.is_empty() { "(not shown: no code by its form)".to_owned() } else { code.code.clone() };
            vec![code.set.clone(), shown, code.count.to_string(), code.words.clone()]
        })
        .collect();
    (!rows.is_empty()).then(|| Part::new("Codes that do not translate", &["set", "code", "count", "why"], rows))
}

fn payers(report: &Report) -> Part {
    let rows = report.payers.iter().map(|payer| {
        let name = if payer.name.is_empty() {
            "(not shown: the same text is a patient's)".to_owned()
        } else {
            payer.name.clone()
        };
        let id = if payer.id.is_empty() {
            "unmatched: needs its electronic id, or an alias of a [[payer]]".to_owned()
        } else {
            payer.id.clone()
        };
        vec![name, payer.visits.to_string(), id]
    });
    Part::new("Payers as they came", &["name", "visits", "id"], rows.collect())
}

fn dry_run(report: &Report) -> Vec<Part> {
    let run = &report.dry_run;
    let counts = |counts: &std::collections::BTreeMap<String, u64>| {
        let each: Vec<String> =
            counts.iter().filter(|(_, count)| **count > 0).map(|(end, count)| format!("{count} {end}")).collect();
        if each.is_empty() { "none".to_owned() } else { each.join(", ") }
    };
    let findings: Vec<Vec<String>> =
        run.findings.iter().map(|(rule, count)| vec![rule.clone(), count.to_string()]).collect();
    let mut part = Part::new(format!("Dry run, as of {}", run.as_of), &["finding", "count"], findings);
    let all: u64 = run.documents.values().sum();
    part.lines = vec![
        format!("documents  {all}: {}", counts(&run.documents)),
        format!("visits     {}", counts(&run.visits)),
        format!("claims     {}; ${} ready", counts(&run.claims), dollars(run.ready_cents)),
        format!("837P       {} claims in {} files, which are gone with the dry run", run.written, run.files_837),
        format!("mappings   {} (go-live.json has the record for the sign-off)", report.go_live.mapping_digest),
    ];
    if !report.to_do.is_empty() {
        let words = format!(
            "{} keys of the profile are left to the site; the dry run has invented values there: ",
            report.to_do.len()
        );
        part.lines.push(words + &report.to_do.join(", "));
    }
    let problems: Vec<Vec<String>> = run
        .problems
        .iter()
        .map(|problem| {
            vec![
                problem.count.to_string(),
                problem.id.clone(),
                problem.at.clone(),
                problem.expected.clone(),
                problem.remedy.clone(),
            ]
        })
        .collect();
    let rejected = (!problems.is_empty())
        .then(|| Part::new("Rejected", &["count", "problem", "at", "expected", "to do"], problems));
    [Some(part), rejected].into_iter().flatten().collect()
}
