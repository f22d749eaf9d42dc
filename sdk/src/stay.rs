//! A stay in a hospital: the days of admission and discharge, which inpatient visits need (005010X222A1 2300 DTP 435 and 096).

use crate::claim::{ClaimDate, ClaimDateKind, ClaimExtras, Date, DateRange};

/// The extras of a header that tells these days; none where it tells neither.
pub fn stay(admission: Option<Date>, discharge: Option<Date>) -> Option<ClaimExtras> {
    let dates = [(ClaimDateKind::Admission, admission), (ClaimDateKind::Discharge, discharge)];
    let dates: Vec<ClaimDate> = dates
        .into_iter()
        .filter_map(|(kind, day)| day.map(|day| ClaimDate { kind, value: DateRange { start: day, end: day } }))
        .collect();
    (!dates.is_empty()).then(|| ClaimExtras { dates, ..ClaimExtras::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_that_is_told_is_one_date() {
        let day = |day| Some(Date { year: 2026, month: 5, day });
        let kinds = |extras: Option<ClaimExtras>| -> Vec<(ClaimDateKind, u8)> {
            extras.into_iter().flat_map(|extras| extras.dates).map(|date| (date.kind, date.value.end.day)).collect()
        };
        assert_eq!(kinds(stay(day(8), day(12))), [(ClaimDateKind::Admission, 8), (ClaimDateKind::Discharge, 12)]);
        assert_eq!(kinds(stay(day(8), None)), [(ClaimDateKind::Admission, 8)]);
        assert_eq!(stay(None, None), None);
    }
}
