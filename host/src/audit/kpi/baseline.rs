//! Figures of an earlier period, or of a system before claimhost: a csv with one row for each figure.
//!
//! Columns: `figure`, `numerator`, `denominator`, `from`, `to`; for the denial rate also `payer` and `group`, for the collection
//! cycle and the charge lag also `median` (days, at most two decimals). Where only a percentage is known, 82.5 % is 825 of 1,000.

use super::define::{DENIAL, Definition, FIGURES, Unit};
use super::{CHARGE_DAYS, define};
use crate::claim::day_number;
use crate::config::suggest;
use crate::practice::ProfileError;
use crate::practice::sheet::{self, Column, Problems, Row};
use crate::practice::{found, sheet_day};
use crate::store::figures::BaselineRow;

const COLUMNS: [Column; 8] = [
    Column { name: "figure", words: &["figure"], required: true },
    Column { name: "payer", words: &["payer"], required: false },
    Column { name: "group", words: &["group"], required: false },
    Column { name: "numerator", words: &["numerator"], required: true },
    Column { name: "denominator", words: &["denominator"], required: true },
    Column { name: "median", words: &["median"], required: false },
    Column { name: "from", words: &["from"], required: true },
    Column { name: "to", words: &["to"], required: true },
];

/// Groups of adjustments (CAS01).
const GROUPS: [&str; 5] = ["CO", "CR", "OA", "PI", "PR"];

/// Reads a baseline.
///
/// # Errors
/// [`ProfileError`] with every row and column that is wrong: what was found, what was expected.
pub fn read(path: &str, text: &str) -> Result<Vec<BaselineRow>, ProfileError> {
    let mut rows: Vec<BaselineRow> = Vec::new();
    sheet::read(path, text, &COLUMNS, |row, problems| {
        let before = problems.count();
        let Some(read) = one(row, problems) else { return };
        let same = |known: &&BaselineRow| {
            (&known.figure, &known.payer_id, &known.group_code) == (&read.figure, &read.payer_id, &read.group_code)
        };
        if rows.iter().any(|known| same(&known)) {
            let words =
                "found this figure a second time, with the same payer and group; expected each once: remove one row";
            problems.add(row.line, "figure", words);
        }
        if problems.count() == before {
            rows.push(read);
        }
    })?;
    Ok(rows)
}

fn one(row: &Row<'_>, problems: &mut Problems) -> Option<BaselineRow> {
    let [figure, payer, group, numerator, denominator, median, from, to] = row.cells.as_slice() else { return None };
    let line = row.line;
    let Some(definition) = FIGURES.iter().find(|known| known.id == *figure) else {
        let ids = FIGURES.map(|known| known.id);
        let near = suggest(figure, ids.into_iter());
        problems.add(line, "figure", format!("{}{near}", found(figure, &format!("one of {}", ids.join(", ")))));
        return None;
    };
    if definition.id != DENIAL.id && !(payer.is_empty() && group.is_empty()) {
        let words = format!("found a payer or group at {}, expected them at {} only", definition.id, DENIAL.id);
        problems.add(line, "payer", words);
    } else if payer.is_empty() && !group.is_empty() {
        problems.add(line, "payer", found(payer, "the payer whose group this is"));
    }
    if !group.is_empty() && !GROUPS.contains(group) {
        problems.add(line, "group", found(group, "a group of adjustments (CAS01): CO, CR, OA, PI or PR"));
    }
    let mut number = |key: &str, cell: &str, expected: &str, fits: &dyn Fn(i64) -> bool| {
        let number = cell.parse::<i64>().ok().filter(|number| fits(*number));
        if number.is_none() {
            problems.add(line, key, found(cell, expected));
        }
        number
    };
    let above = |number: i64| number > 0;
    let denominator = number("denominator", denominator, "a whole number above zero", &above);
    let most = denominator.unwrap_or(i64::MAX);
    let numerator = match definition.unit {
        Unit::Rate => {
            let part = |number: i64| (0..=most).contains(&number);
            number("numerator", numerator, "a whole number from zero to the denominator", &part)
        }
        Unit::Days => number("numerator", numerator, "a whole number: days, or cents of open A/R", &within_reason),
    };
    let mut day = |key: &str, cell: &str| {
        let day = sheet_day(cell).map(day_number);
        if day.is_none() {
            problems.add(line, key, found(cell, "a day as YYYY-MM-DD"));
        }
        day
    };
    let days = day("from", from).zip(day("to", to));
    if days.is_some_and(|(from, to)| from > to) {
        problems.add(line, "to", "found a day before `from`, expected that day or a later one");
    }
    let median_hundredths = (!median.is_empty()).then(|| hundredths(median)).flatten();
    if !median.is_empty() && !has_median(definition) {
        let words = format!("found a median at {}, expected it at collection-cycle and charge-lag only", definition.id);
        problems.add(line, "median", words);
    } else if !median.is_empty() && median_hundredths.is_none() {
        problems.add(line, "median", found(median, "days with at most two decimals, as 17 or 17.5, or nothing"));
    }
    Some(BaselineRow {
        figure: definition.id.to_owned(),
        payer_id: (*payer).to_owned(),
        group_code: (*group).to_owned(),
        numerator: numerator?,
        denominator: denominator?,
        median_hundredths,
        days: days?,
    })
}

/// Days and cents that a ratio can still hold.
fn within_reason(number: i64) -> bool {
    number.checked_mul(CHARGE_DAYS * 100).is_some()
}

fn has_median(definition: &Definition) -> bool {
    [define::CYCLE.id, define::LAG.id].contains(&definition.id)
}

/// `17.5` as 1750.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 6 || part.len() > 2 || !digits(whole) || !digits(part) || text.ends_with('.') {
        return None;
    }
    format!("{whole}{part:0<2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADING: &str = "figure,payer,group,numerator,denominator,median,from,to\n";

    #[test]
    fn a_baseline_is_read() {
        let text = format!(
            "{HEADING}first-pass-rate,,,825,1000,,2025-01-01,2025-12-31\n\
             denial-rate,90001,CO,5,100,,2025-01-01,2025-12-31\ncharge-lag,,,35,10,3.5,2025-01-01,2025-12-31\n"
        );
        let rows = read("b.csv", &text).unwrap();
        let told: Vec<_> = rows
            .iter()
            .map(|row| (&*row.figure, &*row.payer_id, &*row.group_code, row.numerator, row.median_hundredths))
            .collect();
        assert_eq!(
            told,
            [
                ("first-pass-rate", "", "", 825, None),
                ("denial-rate", "90001", "CO", 5, None),
                ("charge-lag", "", "", 35, Some(350))
            ]
        );
    }

    #[test] // each says row, column, what was found and what was expected
    fn what_is_wrong_is_told_by_row_and_column() {
        let days = "2025-01-01,2025-12-31";
        for (row, key, said) in [
            (format!("first-pas-rate,,,1,2,,{days}"), "figure", "expected one of first-pass-rate"),
            (format!("first-pass-rate,,,3,2,,{days}"), "numerator", "from zero to the denominator"),
            (format!("first-pass-rate,,,-1,2,,{days}"), "numerator", "from zero to the denominator"),
            (format!("first-pass-rate,,,1,0,,{days}"), "denominator", "above zero"),
            (format!("first-pass-rate,,,1.5,2,,{days}"), "numerator", "found 3 characters"),
            (format!("first-pass-rate,,,,2,,{days}"), "numerator", "found nothing"),
            (format!("first-pass-rate,90001,,1,2,,{days}"), "payer", "expected them at denial-rate only"),
            (format!("denial-rate,,CO,1,2,,{days}"), "payer", "found nothing"),
            (format!("denial-rate,9,XX,1,2,,{days}"), "group", "CO, CR, OA, PI or PR"),
            (format!("capture-rate,,,1,2,3,{days}"), "median", "at collection-cycle and charge-lag only"),
            (format!("charge-lag,,,1,2,3.555,{days}"), "median", "at most two decimals"),
            (format!("days-in-ar,,,{},2,,{days}", i64::MAX), "numerator", "found 19 digits"),
            ("capture-rate,,,1,2,,2025-13-01,2025-12-31".to_owned(), "from", "a day as YYYY-MM-DD"),
            ("capture-rate,,,1,2,,2025-12-31,2025-01-01".to_owned(), "to", "before `from`"),
        ] {
            let error = read("b.csv", &format!("{HEADING}{row}\n")).unwrap_err().to_string();
            assert!(error.starts_with(&format!("b.csv:2:1: {key}: found")) && error.contains(said), "{row}: {error}");
        }
        let twice = format!("{HEADING}capture-rate,,,1,2,,{days}\ncapture-rate,,,1,2,,{days}\n");
        assert!(
            read("b.csv", &twice).unwrap_err().to_string().starts_with("b.csv:3:1: figure: found this figure a second")
        );
        assert!(read("b.csv", "").unwrap_err().to_string().contains("found no rows"));
        assert!(
            read("b.csv", "figure,numerator\n").unwrap_err().to_string().contains("denominator: found no such column")
        );
    }
}
