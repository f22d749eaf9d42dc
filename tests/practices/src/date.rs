//! Calendar days as a count from 1970-01-01, and the ways the four feeds write them.

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Day(pub i64);

impl Day {
    /// A day of the Gregorian calendar.
    pub fn from_ymd(year: i64, month: i64, day: i64) -> Self {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let of_era = y - era * 400;
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    /// Reads `2026-03-02`; nothing for any other text or a day that does not exist.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let date = Self::from_ymd(year, month, day);
        (date.ymd() == (year, month, day) && text.len() == 10).then_some(date)
    }

    /// Year, month, day.
    pub fn ymd(self) -> (i64, i64, i64) {
        let z = self.0 + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z - era * 146_097;
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let mp = (5 * of_year + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        (year, month, of_year - (153 * mp + 2) / 5 + 1)
    }

    /// The day so many days later (earlier when negative).
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// `20260302`
    pub fn compact(self) -> String {
        let (y, m, d) = self.ymd();
        format!("{y:04}{m:02}{d:02}")
    }

    /// `2026-03-02`
    pub fn iso(self) -> String {
        let (y, m, d) = self.ymd();
        format!("{y:04}-{m:02}-{d:02}")
    }

    /// `03/02/2026`
    pub fn us(self) -> String {
        let (y, m, d) = self.ymd();
        format!("{m:02}/{d:02}/{y:04}")
    }
}

#[test]
fn days_of_the_calendar() {
    for (text, count) in [("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-03-02", 20_514)] {
        assert_eq!(Day::parse(text), Some(Day(count)));
        assert_eq!(Day(count).iso(), text);
    }
    assert_eq!(Day::from_ymd(2025, 12, 31).plus(1).us(), "01/01/2026");
    for bad in ["2026-02-29", "2026-3-2", "20260302", "x"] {
        assert_eq!(Day::parse(bad), None, "{bad}");
    }
}
