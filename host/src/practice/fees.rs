//! The practice's fee schedule: what it charges for one unit of a code, by day of service. A file beside the profile.
//!
//! Not what a payer allows: that is on the remittance. Rows with modifiers are for lines that have all of them; the row with
//! most of them answers.

use std::collections::HashMap;

use super::check::ProfileError;
use super::crosswalk::sheet_day;
use super::sheet::{self, Column};
use crate::claim::day_number;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// CPT or HCPCS.
    pub code: String,
    /// In order; empty: for lines with any.
    pub modifiers: Vec<String>,
    /// Of one unit.
    pub cents: i64,
    /// First and last day number; the whole of time where none was given.
    pub days: (i64, i64),
    /// Where it stands: `fees.csv row 12`.
    pub row: String,
}

/// The schedule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fees {
    rows: Vec<Fee>,
    by_code: HashMap<String, Vec<usize>>,
}

const COLUMNS: [Column; 6] = [
    Column {
        name: "code",
        words: &["code", "cpt", "hcpcs", "cpthcpcs", "procedure", "procedurecode", "cptcode", "hcpcscode"],
        required: true,
    },
    Column { name: "modifiers", words: &["modifiers", "modifier", "mod", "mods"], required: false },
    Column { name: "cents", words: &["cents", "feecents", "pricecents", "amountcents"], required: false },
    Column {
        name: "fee",
        words: &["fee", "price", "amount", "charge", "dollars", "unitprice", "standardfee"],
        required: false,
    },
    Column {
        name: "from",
        words: &["from", "effective", "effectivedate", "start", "startdate", "validfrom"],
        required: false,
    },
    Column { name: "to", words: &["to", "through", "end", "enddate", "validto", "termdate"], required: false },
];

impl Fees {
    /// Reads a schedule: `code`, `modifiers`, `fee` in dollars or `cents`, `from`, `to`.
    ///
    /// # Errors
    /// [`ProfileError`] with every row that is wrong, or that gives a second fee for a code on one day.
    pub fn read(path: &str, text: &str) -> Result<Self, ProfileError> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut fees = Self::default();
        sheet::read(path, text, &COLUMNS, |row, problems| {
            let [code, modifiers, cents, fee, from, to] = row.cells.as_slice() else { return };
            let before = problems.count();
            let mut day = |key: &str, cell: &str, none: i64| {
                let read = sheet_day(cell).map(day_number);
                if read.is_none() && !cell.is_empty() {
                    problems.add(row.line, key, super::check::found(cell, "a day as YYYY-MM-DD, or nothing"));
                }
                read.unwrap_or(none)
            };
            let days = (day("from", from, i64::MIN), day("to", to, i64::MAX));
            if days.0 > days.1 {
                problems.add(row.line, "to", "found a day before `from`, expected a later one");
            }
            let code = code.to_uppercase();
            if !crate::codes::form::is_cpt(&code) && !crate::codes::form::is_hcpcs(&code) {
                problems.add(row.line, "code", super::check::found(&code, "a code of CPT or HCPCS"));
            }
            let split = modifiers.split([' ', ';', ':', ',', '/', '-']).filter(|part| !part.is_empty());
            let mut modifiers: Vec<String> = split.map(str::to_uppercase).collect();
            modifiers.sort();
            let amount = match (*cents, *fee) {
                (cents, "") if !cents.is_empty() => cents.parse().ok(),
                ("", fee) if !fee.is_empty() => dollars(fee),
                _ => None,
            };
            let Some(cents) = amount.filter(|cents: &i64| *cents > 0) else {
                let words = "found no amount above zero, expected `fee` as 120.00, or `cents` as 12000, and not both";
                return problems.add(row.line, "fee", words);
            };
            let known = fees.by_code.entry(code.clone()).or_default();
            let other = known.iter().filter_map(|at| fees.rows.get(*at)).find(|other| {
                other.modifiers == modifiers && other.cents != cents && other.days.0 <= days.1 && days.0 <= other.days.1
            });
            if let Some(other) = other {
                let words = format!(
                    "found another fee of {code} for days that {} has too, expected one; end that row before this one begins",
                    other.row
                );
                problems.add(row.line, "fee", words);
            }
            if problems.count() == before {
                known.push(fees.rows.len());
                fees.rows.push(Fee { code, modifiers, cents, days, row: format!("{name} row {}", row.line) });
            }
        })?;
        Ok(fees)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The fee of a code with modifiers on a day: of the rows whose modifiers the line has, the one with most.
    pub fn of(&self, code: &str, modifiers: &[String], day: i64) -> Option<&Fee> {
        let rows = self.by_code.get(code)?.iter().filter_map(|at| self.rows.get(*at));
        rows.filter(|fee| (fee.days.0..=fee.days.1).contains(&day))
            .filter(|fee| fee.modifiers.iter().all(|modifier| modifiers.contains(modifier)))
            .max_by_key(|fee| fee.modifiers.len())
    }

    /// Fees of one unit of exactly this much, of whichever code, on a day.
    pub fn at(&self, cents: i64, day: i64) -> impl Iterator<Item = &Fee> {
        self.rows.iter().filter(move |fee| fee.cents == cents && (fee.days.0..=fee.days.1).contains(&day))
    }
}

/// Dollars with at most two decimals, with or without `$` and commas between thousands, to cents.
fn dollars(text: &str) -> Option<i64> {
    let text = text.trim_start_matches('$').trim().replace(',', "");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 2 || !digits(whole) || !digits(part) {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 100 + format!("{part:0<2}").parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i64 {
        day_number(crate::claim::parse_iso(text).unwrap())
    }

    #[test]
    fn a_fee_is_of_code_modifiers_and_day() {
        let text = "Code,Modifier,Fee,From,To\r\n99213,,$120.00,,2025-12-31\r\n99213,,125,2026-01-01,\r\n\
                    71046,,80.5,,\r\n71046,26,30.00,,\r\n99213,,125.00,2026-06-01,\r\nJ1885,,\"1,020.5\",,\r\n";
        let fees = Fees::read("p/fees.csv", text).unwrap();
        let of = |code: &str, modifiers: &[&str], on: &str| {
            let modifiers: Vec<String> = modifiers.iter().map(|modifier| (*modifier).to_owned()).collect();
            fees.of(code, &modifiers, day(on)).map(|fee| fee.cents)
        };
        assert_eq!(of("99213", &[], "2025-12-31"), Some(12_000));
        assert_eq!(of("99213", &["25"], "2026-07-01"), Some(12_500), "the same fee twice is no contradiction");
        assert_eq!(
            (of("71046", &["26"], "2026-01-01"), of("71046", &["LT"], "2026-01-01")),
            (Some(3_000), Some(8_050))
        );
        assert_eq!((of("J1885", &[], "2026-01-01"), of("99999", &[], "2026-01-01")), (Some(102_050), None));
        let cents = Fees::read("fees.csv", "code;cents\n99213;12000\n").unwrap();
        assert_eq!(
            cents.of("99213", &[], 0).map(|fee| (fee.cents, fee.row.as_str())),
            Some((12_000, "fees.csv row 2"))
        );
    }

    #[test]
    fn a_bad_schedule_is_refused_with_its_rows() {
        for (text, said) in [
            ("code,fee\n9921,1\n", "f.csv:2:1: code: found 4 digits"),
            ("code,fee\n99213,1.234\n", "f.csv:2:1: fee: found no amount"),
            ("code,fee\n99213,-1\n", "f.csv:2:1: fee: found no amount"),
            ("code,fee,cents\n99213,1,100\n", "f.csv:2:1: fee: found no amount"),
            ("code\n99213\n", "f.csv:2:1: fee: found no amount"),
            (
                "code,fee,to\n99213,1,\n99213,2,2026-01-01\n",
                "f.csv:3:1: fee: found another fee of 99213 for days that f.csv row 2",
            ),
            ("code,fee,from,to\n99213,1,2026-02-01,2026-01-01\n", "f.csv:2:1: to: found a day before"),
            ("code,fee,from\n99213,1,soon\n", "f.csv:2:1: from: found 4 characters"),
        ] {
            let error = Fees::read("f.csv", text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{text:?}: {error}");
        }
    }
}
