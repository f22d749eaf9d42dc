//! Calendar days as a count from 1970-01-01.

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Day(pub i64);

impl Day {
    /// A day of the Gregorian calendar.
    pub const fn from_ymd(year: i64, month: i64, day: i64) -> Self {
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let of_era = y - era * 400;
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
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
        (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * mp + 2) / 5 + 1)
    }

    /// The day so many days later (earlier when negative).
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// The same day so many years earlier; 28 February for 29.
    pub fn years_before(self, years: i64) -> Self {
        let (year, month, day) = self.ymd();
        Self::from_ymd(year - years, month, if (month, day) == (2, 29) { 28 } else { day })
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
}

#[test]
fn days_of_the_calendar() {
    for (ymd, count) in [((1970, 1, 1), 0), ((2000, 2, 29), 11_016), ((2026, 3, 2), 20_514)] {
        assert_eq!(Day::from_ymd(ymd.0, ymd.1, ymd.2), Day(count));
        assert_eq!(Day(count).ymd(), ymd);
    }
    assert_eq!(Day::from_ymd(2024, 2, 29).years_before(1).iso(), "2023-02-28");
}
