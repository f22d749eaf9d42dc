//! Which quarter, month or year a file is of, from its name or from what the operator says; and the days that makes it know.

use super::{Cover, OPEN_END, Rhythm, System};
use crate::claim::{Date, day_number, from_day_number};

/// When a list was published for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// From the first of a month, until the next publication.
    Month(u16, u8),
    /// A calendar year.
    Year(u16),
    /// 1 October of the year before to 30 September.
    FiscalYear(u16),
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

impl Period {
    /// What `--version` says: `2026-04`, `2026Q2`, `FY2026`, `2026`. Other versions are names, and tell no days.
    pub fn of_version(text: &str) -> Option<Self> {
        let tokens = tokens(text);
        match tokens.as_slice() {
            [one] => year(one).map(Self::Year).or_else(|| day(one)),
            [fiscal, number] if fiscal == "fy" => year(number).map(Self::FiscalYear),
            [number, q, quarter] if q == "q" => by_quarter(year(number)?, quarter.parse().ok()?),
            [number, month] => by_month(year(number)?, month.parse().ok()?),
            [number, month, _] => by_month(year(number)?, month.parse().ok()?),
            _ => None,
        }
    }

    /// What a file's name says. A month beside a year tells most, then a quarter, then a year.
    pub fn of_file_name(name: &str, system: System) -> Option<Self> {
        let tokens = tokens(name);
        let pairs = || tokens.windows(2).filter_map(|pair| Some((pair.first()?.as_str(), pair.get(1)?.as_str())));
        let named = pairs().find_map(|(left, right)| match (month(left), year(right), year(left), month(right)) {
            (Some(month), Some(year), ..) | (_, _, Some(year), Some(month)) => by_month(year, month),
            _ => None,
        });
        let numbered = || {
            pairs().find_map(|(left, right)| (right.len() == 2).then(|| by_month(year(left)?, right.parse().ok()?))?)
        };
        let quarter = || {
            tokens.windows(3).find_map(|three| match three {
                [number, q, quarter] if q == "q" => by_quarter(year(number)?, quarter.parse().ok()?),
                // The relative value files: RVU24C is the third of 2024.
                [rvu, number, letter] if rvu.ends_with("rvu") && number.len() == 2 => {
                    let quarter = match letter.as_str() {
                        "a" | "ar" => 1,
                        "b" => 2,
                        "c" => 3,
                        "d" => 4,
                        _ => return None,
                    };
                    by_quarter(2000 + number.parse::<u16>().ok()?, quarter)
                }
                _ => None,
            })
        };
        // NUCC numbers its lists by year and half: 24.0 is of January 2024, 24.1 of July.
        let half = || {
            if system != System::Taxonomy {
                return None;
            }
            let joined = tokens.iter().find(|token| token.len() == 3 && token.parse::<u16>().is_ok());
            let split = || pairs().find(|(left, right)| left.len() == 2 && matches!(*right, "0" | "1"));
            let text = joined.cloned().or_else(|| split().map(|(left, right)| format!("{left}{right}")))?;
            let (number, half) = (text.get(..2)?.parse::<u16>().ok()?, text.get(2..)?);
            (half == "0" || half == "1").then(|| by_month(2000 + number, if half == "0" { 1 } else { 7 }))?
        };
        let fiscal =
            || pairs().find_map(|(left, right)| (left.ends_with("fy")).then(|| year(right).map(Self::FiscalYear))?);
        let whole = || tokens.iter().find_map(|token| day(token));
        let alone = || {
            tokens.iter().find_map(|token| year(token)).map(|year| match system.rhythm() {
                Rhythm::FiscalYear => Self::FiscalYear(year),
                _ => Self::Year(year),
            })
        };
        named.or_else(numbered).or_else(quarter).or_else(half).or_else(fiscal).or_else(whole).or_else(alone)
    }

    /// The quarter that has this day.
    pub fn quarter_of(number: i64) -> Self {
        let date = from_day_number(number);
        Self::Month(date.year, (date.month.saturating_sub(1) / 3) * 3 + 1)
    }

    /// As it is written in a label: versions of one system sort as text.
    pub fn version(self, system: System) -> String {
        match self {
            Self::Month(year, month) => format!("{year:04}-{month:02}"),
            Self::FiscalYear(year) => format!("{:04}-10", year.saturating_sub(1)),
            Self::Year(year) if system.rhythm() == Rhythm::Standing => format!("{year:04}-01"),
            Self::Year(year) => format!("{year:04}"),
        }
    }

    /// The days that a list of it knows.
    pub fn cover(self, system: System) -> Cover {
        let at = |year: u16, month: u8, day: u8| day_number(Date { year, month, day });
        let first = match self {
            Self::Month(year, month) if system.rhythm() == Rhythm::Quarter => {
                at(year, month.saturating_sub(1) / 3 * 3 + 1, 1)
            }
            Self::Month(year, month) => at(year, month, 1),
            Self::Year(year) => at(year, 1, 1),
            Self::FiscalYear(year) => at(year.saturating_sub(1), 10, 1),
        };
        let last = match (system.rhythm(), self) {
            (Rhythm::Standing, _) => OPEN_END,
            (_, Self::FiscalYear(year)) => at(year, 9, 30),
            (_, Self::Year(year)) => at(year, 12, 31),
            (Rhythm::FiscalYear, Self::Month(year, month)) => at(year + u16::from(month >= 10), 9, 30),
            (Rhythm::Quarter, Self::Month(year, month)) => match month.saturating_sub(1) / 3 * 3 + 4 {
                13 => at(year, 12, 31),
                next => at(year, next, 1) - 1,
            },
        };
        Cover { first, last }
    }
}

/// Runs of letters and runs of digits, lower case.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut kind = None;
    for letter in text.chars().map(|letter| letter.to_ascii_lowercase()) {
        let now = (letter.is_ascii_digit(), letter.is_ascii_alphanumeric());
        if now.1 {
            match tokens.last_mut() {
                Some(token) if kind == Some(now) => token.push(letter),
                _ => tokens.push(letter.to_string()),
            }
        }
        kind = Some(now);
    }
    tokens
}

fn year(token: &str) -> Option<u16> {
    let year = (token.len() == 4).then(|| token.parse::<u16>().ok())??;
    (1990..=2100).contains(&year).then_some(year)
}

fn month(token: &str) -> Option<u8> {
    let at = MONTHS.iter().position(|name| token.starts_with(name) && (token.len() == 3 || is_long(token)))?;
    u8::try_from(at + 1).ok()
}

fn is_long(token: &str) -> bool {
    const LONG: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    LONG.contains(&token) || token == "sept"
}

fn day(token: &str) -> Option<Period> {
    (token.len() == 8).then(|| by_month(year(token.get(..4)?)?, token.get(4..6)?.parse().ok()?))?
}

fn by_month(year: u16, month: u8) -> Option<Period> {
    (1..=12).contains(&month).then_some(Period::Month(year, month))
}

fn by_quarter(year: u16, quarter: u8) -> Option<Period> {
    (1..=4).contains(&quarter).then(|| Period::Month(year, quarter * 3 - 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_days() {
        let cases = [
            ("icd10cm_fy2026_april2026_codes.csv", System::Icd10cm, "2026-04", "2026-04-01 to 2026-09-30"),
            ("icd10cm_order_Jan2021.txt", System::Icd10cm, "2021-01", "2021-01-01 to 2021-09-30"),
            ("icd10cm-order-2025.txt", System::Icd10cm, "2024-10", "2024-10-01 to 2025-09-30"),
            ("icd10cm-October-2025.zip", System::Icd10cm, "2025-10", "2025-10-01 to 2026-09-30"),
            ("HCPC2024_JUL_ANWEB.txt", System::Hcpcs, "2024-07", "2024-07-01 to 2024-09-30"),
            ("july-2024-alpha-numeric-hcpcs-file.zip", System::Hcpcs, "2024-07", "2024-07-01 to 2024-09-30"),
            ("opps_addendum_b_2026-04_codes.csv", System::Cpt, "2026-04", "2026-04-01 to 2026-06-30"),
            ("RVU24C.zip", System::Cpt, "2024-07", "2024-07-01 to 2024-09-30"),
            ("PPRRVU24_OCT.csv", System::Cpt, "", ""),
            ("numbers 2025Q4.csv", System::Cpt, "2025-10", "2025-10-01 to 2025-12-31"),
            ("numbers_2025.csv", System::Cpt, "2025", "2025-01-01 to 2025-12-31"),
            ("pos_codes_2024.csv", System::PlaceOfService, "2024-01", "from 2024-01-01"),
            ("nucc_taxonomy_v24.0_codes_only.csv", System::Taxonomy, "2024-01", "from 2024-01-01"),
            ("nucc_taxonomy_241.csv", System::Taxonomy, "2024-07", "from 2024-07-01"),
            ("list_20250115.csv", System::Carc, "2025-01", "from 2025-01-01"),
            ("list.csv", System::Carc, "", ""),
        ];
        for (name, system, version, cover) in cases {
            let period = Period::of_file_name(name, system);
            assert_eq!(period.map(|period| period.version(system)).unwrap_or_default(), version, "{name}");
            assert_eq!(period.map(|period| period.cover(system).to_string()).unwrap_or_default(), cover, "{name}");
        }
        for (text, expected) in [
            ("2026-04", Some(Period::Month(2026, 4))),
            ("2026Q2", Some(Period::Month(2026, 4))),
            ("FY2026", Some(Period::FiscalYear(2026))),
            ("2026", Some(Period::Year(2026))),
            ("2026-13", None),
            ("spring", None),
        ] {
            assert_eq!(Period::of_version(text), expected, "{text}");
        }
        assert_eq!(Period::quarter_of(day_number(Date { year: 2022, month: 12, day: 31 })), Period::Month(2022, 10));
    }
}
