//! CMS publishes NCCI tables by calendar quarter; a table without effective dates knows that quarter and no other day.

use std::fmt;

use crate::claim::{Date, day_number};

/// A calendar quarter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    /// Year.
    pub year: u16,
    /// 1 to 4.
    pub quarter: u8,
}

impl Quarter {
    /// Reads `2024Q3`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, quarter) = text.split_once(['Q', 'q'])?;
        Self::new(year.parse().ok()?, quarter.parse().ok()?)
    }

    /// A quarter since the first edits (1996).
    pub fn new(year: u16, quarter: u8) -> Option<Self> {
        ((1996..=2200).contains(&year) && (1..=4).contains(&quarter)).then_some(Self { year, quarter })
    }

    /// The quarter that a file's name tells: `2024Q3`, a day such as `2024-07-01` or `20240701`, or CMS's version, where
    /// `v302r0` is the third of the thirtieth year (version 1 was 1995).
    pub fn of_file_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        Self::by_name(&lower).or_else(|| Self::by_day(&lower)).or_else(|| Self::by_version(&lower))
    }

    fn by_name(lower: &str) -> Option<Self> {
        lower.match_indices('q').find_map(|(at, _)| {
            let before = lower.get(..at)?.trim_end_matches(['-', '_', ' ']);
            let year = before.get(before.len().checked_sub(4)?..)?;
            let quarter = lower.get(at + 1..at + 2)?;
            Self::new(digits(year)?, u8::try_from(digits(quarter)?).ok()?)
        })
    }

    fn by_day(lower: &str) -> Option<Self> {
        let numbers: Vec<&str> = lower.split(|letter: char| !letter.is_ascii_digit()).collect();
        let month = |month: u16| u8::try_from(month.checked_sub(1)? / 3 + 1).ok();
        let in_parts = numbers.windows(2).find_map(|pair| match pair {
            [year, number] if year.len() == 4 && number.len() == 2 => Self::new(digits(year)?, month(digits(number)?)?),
            _ => None,
        });
        let american = numbers.windows(3).find_map(|parts| match parts {
            [number, day, year] if number.len() == 2 && day.len() == 2 && year.len() == 4 => {
                Self::new(digits(year)?, month(digits(number)?)?)
            }
            _ => None,
        });
        in_parts.or(american).or_else(|| {
            numbers
                .iter()
                .filter(|number| number.len() == 8)
                .find_map(|number| Self::new(digits(number.get(..4)?)?, month(digits(number.get(4..6)?)?)?))
        })
    }

    fn by_version(lower: &str) -> Option<Self> {
        lower.match_indices('v').find_map(|(at, _)| {
            let version = lower.get(at + 1..at + 4)?;
            lower.get(at + 4..at + 5).filter(|next| *next == "r")?;
            let (year, quarter) = (digits(version.get(..2)?)?, digits(version.get(2..)?)?);
            Self::new(1994 + year, u8::try_from(quarter + 1).ok()?)
        })
    }

    /// Its first day, as a day number.
    pub fn first_day(self) -> i64 {
        day_number(Date { year: self.year, month: self.quarter * 3 - 2, day: 1 })
    }

    /// Its last day, as a day number.
    pub fn last_day(self) -> i64 {
        let (year, quarter) = if self.quarter == 4 { (self.year + 1, 1) } else { (self.year, self.quarter + 1) };
        Self { year, quarter }.first_day() - 1
    }
}

fn digits(text: &str) -> Option<u16> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Q{}", self.year, self.quarter)
    }
}

#[cfg(test)]
mod tests {
    use super::Quarter;
    use crate::claim::{from_day_number, iso};

    #[test]
    fn file_names_tell_their_quarter() {
        let cases = [
            ("ccipra-v302r0-f1.TXT", Some("2024Q3")),
            ("ptp_practitioner_2024-07-01.csv.gz", Some("2024Q3")),
            ("MCR_MUE_PractitionerServices_Eff_07-01-2024.csv", Some("2024Q3")),
            ("mue_20241231.csv", Some("2024Q4")),
            ("practitioner 2026Q1 f2.txt", Some("2026Q1")),
            ("practitioner-2026-q1.txt", Some("2026Q1")),
            ("AOC_V2024Q2-MCR.txt", Some("2024Q2")),
            ("pairs.txt", None),
            ("v999.txt", None),
            ("mue_2024-13-01.csv", None),
        ];
        for (name, expected) in cases {
            let found = Quarter::of_file_name(name).map(|quarter| quarter.to_string());
            assert_eq!(found.as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn days_of_a_quarter() {
        let days = |text: &str| {
            let quarter = Quarter::parse(text).unwrap();
            (iso(from_day_number(quarter.first_day())), iso(from_day_number(quarter.last_day())))
        };
        assert_eq!(days("2024Q1"), ("2024-01-01".into(), "2024-03-31".into()));
        assert_eq!(days("2024Q4"), ("2024-10-01".into(), "2024-12-31".into()));
        assert!(Quarter::parse("2024Q5").is_none() && Quarter::parse("24Q1").is_none());
    }
}
