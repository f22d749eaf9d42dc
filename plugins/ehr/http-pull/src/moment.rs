//! Moments to the minute, UTC: the host's clock, `since`, overlaps and windows. Written as `2026-03-02T08:00` in cursors.

use claimhost_sdk::calendar;
use claimhost_sdk::claim::{Date, DateTime};

const MINUTES_OF_DAY: i64 = 24 * 60;

/// Minutes since 1970-01-01T00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

impl Moment {
    /// The beginning of a day.
    pub fn of_day(day: Date) -> Self {
        Self(days(day) * MINUTES_OF_DAY)
    }

    /// The host's clock.
    pub fn of(now: DateTime) -> Self {
        Self(days(now.day) * MINUTES_OF_DAY + i64::from(now.hour) * 60 + i64::from(now.minute))
    }

    /// Reads what [`Moment::written`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let part = |from: usize, to: usize| -> Option<i64> {
            let text = text.get(from..to)?;
            text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
        };
        let marks = [(4, "-"), (7, "-"), (10, "T"), (13, ":")];
        if text.len() != 16 || marks.iter().any(|(at, mark)| text.get(*at..at + 1) != Some(mark)) {
            return None;
        }
        let day = Date {
            year: u16::try_from(part(0, 4)?).ok()?,
            month: u8::try_from(part(5, 7)?).ok()?,
            day: u8::try_from(part(8, 10)?).ok()?,
        };
        Some(Self(days(day) * MINUTES_OF_DAY + part(11, 13)? * 60 + part(14, 16)?))
    }

    /// As a cursor has it.
    pub fn written(self) -> String {
        self.format("YYYY-MM-DDThh:mm")
    }

    /// So many minutes later, or earlier.
    pub fn plus(self, minutes: i64) -> Self {
        Self(self.0.saturating_add(minutes))
    }

    /// By a pattern of `YYYY`, `MM`, `DD`, `hh`, `mm` and `ss`; every other letter stands for itself.
    pub fn format(self, pattern: &str) -> String {
        let (year, month, day) = calendar::civil(self.0.div_euclid(MINUTES_OF_DAY));
        let minutes = self.0.rem_euclid(MINUTES_OF_DAY);
        pattern
            .replace("YYYY", &format!("{year:04}"))
            .replace("MM", &format!("{month:02}"))
            .replace("DD", &format!("{day:02}"))
            .replace("hh", &format!("{:02}", minutes / 60))
            .replace("mm", &format!("{:02}", minutes % 60))
            .replace("ss", "00")
    }
}

/// A time as `90m`, `2h`, `1d`, in minutes.
pub fn minutes(text: &str) -> Option<i64> {
    let text = text.trim();
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "m" => 1,
        "h" => 60,
        "d" => MINUTES_OF_DAY,
        _ => return None,
    };
    number.parse::<i64>().ok().filter(|number| (0..=100_000).contains(number)).map(|number| number * unit)
}

fn days(day: Date) -> i64 {
    calendar::days(day.year, day.month, day.day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_read_and_moved() {
        let day = Date { year: 2024, month: 2, day: 29 };
        let moment = Moment::of(DateTime { day, hour: 0, minute: 5 });
        assert_eq!(moment.written(), "2024-02-29T00:05");
        assert_eq!(Moment::parse("2024-02-29T00:05"), Some(moment));
        assert_eq!(moment.plus(-10).written(), "2024-02-28T23:55");
        assert_eq!(moment.plus(2 * MINUTES_OF_DAY).format("MM/DD/YYYY"), "03/02/2024");
        assert_eq!(moment.format("YYYY-MM-DDThh:mm:ssZ"), "2024-02-29T00:05:00Z");
        assert_eq!(Moment::of_day(Date { year: 1970, month: 1, day: 1 }), Moment(0));
        for text in ["", "2024-02-29", "2024-02-29 00:05", "2024-02-29T00:0x", "+024-02-29T00:05"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
        for (text, wanted) in
            [("0m", Some(0)), ("90m", Some(90)), ("2h", Some(120)), ("1d", Some(1_440)), ("1w", None), ("", None)]
        {
            assert_eq!(minutes(text), wanted, "{text}");
        }
    }
}
