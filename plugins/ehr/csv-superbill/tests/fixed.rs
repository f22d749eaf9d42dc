//! A file is one thing however it is written: rows under a header and the same rows by position give the same events.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use claimhost_sdk::Adapter;
use claimhost_sdk::claim::Date;
use claimhost_sdk::intake::{Document, Event, Outcome, Place, Problem, Related, Setup};
use plugin_csv_superbill::Superbill;
use proptest::prelude::*;

/// Columns, the text that is right in each, and the mapping of both renderings.
const COLUMNS: [(&str, &str); 18] = [
    ("Visit ID", "V[0-9]{1,5}"),
    ("Line ID", "[0-9]{0,3}"),
    ("Action", "(new|replace|cancel|credit)?"),
    ("Seq", "[0-9]{0,3}"),
    ("Patient ID", "[A-Z0-9]{0,8}"),
    ("Patient Last", "[A-Za-z',\"|é -]{0,12}"),
    ("Patient First", "[A-Za-z]{0,9}"),
    ("Patient DOB", "(0[1-9]/1[0-9]/19[0-9]{2})?"),
    ("Payer", "[A-Z &]{0,14}"),
    ("Member ID", "[A-Z0-9-]{0,11}"),
    ("Rendering NPI", "(1234567893|1000000004)?"),
    ("POS", "(11|22)?"),
    ("DOS", "0[1-9]/[12][0-9]/2026"),
    ("CPT", "(9921[0-5](-25)?|J1100|OV-3)?"),
    ("Units", "-?[1-9](\\.5)?"),
    ("Charge", "[$]?[1-9][0-9]{0,2}\\.[0-9]{2}|\\([1-9]0\\.00\\)"),
    ("Dx1", "(J06\\.9|E119)?"),
    ("Pointers", "(A|1|A,B)?"),
];

fn any_row() -> impl Strategy<Value = Vec<String>> {
    let cells: Vec<BoxedStrategy<String>> = COLUMNS
        .iter()
        .map(|(_, right)| {
            let right = proptest::string::string_regex(right).unwrap();
            prop_oneof![12 => right, 1 => "[ -~éü]{0,14}"].prop_map(|cell| cell.trim().to_owned()).boxed()
        })
        .collect();
    cells
}

fn translate(mapping: &str, document: &Document) -> Outcome {
    let setup = Setup { settings: Vec::new(), mapping: format!("source_system = \"X\"\n{mapping}") };
    Superbill::open(setup).unwrap().translate(document)
}

fn document(content: String, related: Vec<(&str, String)>) -> Document {
    let related = related.into_iter().map(|(name, text)| Related { name: name.to_owned(), content: text.into_bytes() });
    let (format, received) = ("delimited".to_owned(), Date { year: 2026, month: 3, day: 2 });
    Document { format, content: content.into_bytes(), related: related.collect(), received, ordinal: 0 }
}

/// Without where a charge stood, which differs.
fn events(outcome: Outcome) -> Outcome {
    let Outcome::Events(events) = outcome else { return outcome };
    let without = |event| match event {
        Event::Visit(mut update) => {
            update.charges.iter_mut().for_each(|charge| charge.at = Place { path: String::new(), offset: None });
            Event::Visit(update)
        }
        other => other,
    };
    Outcome::Events(events.into_iter().map(without).collect())
}

/// What is wrong, at which column.
fn told(problems: &[Problem]) -> Vec<(String, String, String)> {
    let column = |problem: &Problem| {
        let column = problem.at.path.split_once("column ").map_or("", |(_, column)| column);
        column.split(" (").next().unwrap_or_default().to_owned()
    };
    let id = |problem: &Problem| problem.id.split_once('.').unwrap().1.to_owned();
    problems.iter().map(|problem| (id(problem), column(problem), problem.found.clone())).collect()
}

proptest! {
    #[test]
    fn a_row_by_position_is_the_row_of_a_csv(row in any_row(), wider in prop::collection::vec(0_usize..4, COLUMNS.len()), right in any::<bool>()) {
        let widths: Vec<usize> =
            row.iter().zip(&wider).map(|(cell, wider)| (cell.chars().count() + wider).max(1)).collect();
        let (mut mapping, mut line, mut at) = (String::new(), String::new(), 1);
        for ((cell, width), (name, _)) in row.iter().zip(&widths).zip(COLUMNS) {
            mapping += &format!("{name:?} = \"{at} {width}\"\n");
            line += &if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") };
            at += width;
        }
        let mapping = format!("[[framing.fixed]]\nlength = \"{}\"\n[framing.fixed.columns]\n{mapping}", at - 1);
        let by_position = translate(&mapping, &document(line + "\r\n", vec![("line-numbers", "1".to_owned())]));

        let quoted = |cells: Vec<&str>| cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect::<Vec<_>>().join(",");
        let header = quoted(COLUMNS.iter().map(|(name, _)| *name).collect());
        let of_csv = translate("", &document(quoted(row.iter().map(String::as_str).collect()), vec![("header", header)]));
        match (of_csv, by_position) {
            (Outcome::Rejected(csv), Outcome::Rejected(position)) => prop_assert_eq!(told(&csv), told(&position)),
            // A visit number that begins with "Total": a row that people add to a spreadsheet.
            (Outcome::Ignored(csv), _) if csv.id == "csv.total-row" => {}
            (csv, position) => prop_assert_eq!(events(csv), events(position)),
        }
    }
}
