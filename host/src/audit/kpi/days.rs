//! Numbers of days, counted: mean, median and rank without keeping one by one what a million claims say; and ratios of integers.

use std::collections::BTreeMap;
use std::ops::AddAssign;

/// How often each number of days came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Days(BTreeMap<i64, u64>);

impl Days {
    /// Counts one.
    pub fn add(&mut self, days: i64) {
        *self.0.entry(days).or_default() += 1;
    }

    /// How many were counted.
    pub fn count(&self) -> i64 {
        i64::try_from(self.0.values().sum::<u64>()).unwrap_or(i64::MAX)
    }

    /// All days together.
    pub fn sum(&self) -> i64 {
        let sum: i128 = self.0.iter().map(|(days, count)| i128::from(*days) * i128::from(*count)).sum();
        i64::try_from(sum).unwrap_or(i64::MAX)
    }

    /// The median in hundredths of a day; of an even number the mean of the two in the middle. None of nothing.
    pub fn median_hundredths(&self) -> Option<i64> {
        let count = u64::try_from(self.count()).ok()?;
        let (lower, upper) = (self.at(count.checked_add(1)? / 2)?, self.at(count / 2 + 1)?);
        Some((lower + upper) * 50)
    }

    /// The value that at least so many percent of what was counted do not exceed: nearest rank, so one that came. None of nothing.
    pub fn percentile(&self, percent: u8) -> Option<i64> {
        let count = u128::try_from(self.count()).ok()?;
        let rank = (count * u128::from(percent.min(100))).div_ceil(100).max(1);
        self.at(u64::try_from(rank).ok()?)
    }

    /// The value at a rank, from 1, in rising order.
    fn at(&self, rank: u64) -> Option<i64> {
        let mut passed = 0;
        for (days, count) in &self.0 {
            passed += count;
            if passed >= rank {
                return Some(*days);
            }
        }
        None
    }
}

impl AddAssign<&Self> for Days {
    fn add_assign(&mut self, other: &Self) {
        for (days, count) in &other.0 {
            *self.0.entry(*days).or_default() += count;
        }
    }
}

impl FromIterator<i64> for Days {
    fn from_iter<T: IntoIterator<Item = i64>>(values: T) -> Self {
        let mut days = Self::default();
        values.into_iter().for_each(|value| days.add(value));
        days
    }
}

/// `numerator / denominator`, times `scale`, rounded to the nearest whole, halves away from zero. None where the denominator is
/// not above zero: nothing of nothing is no rate.
pub fn ratio(numerator: i64, denominator: i64, scale: i64) -> Option<i64> {
    if denominator <= 0 {
        return None;
    }
    let (scaled, denominator) = (i128::from(numerator) * i128::from(scale), i128::from(denominator));
    let rounded = (scaled.abs() * 2 + denominator) / (denominator * 2);
    i64::try_from(rounded * scaled.signum()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counted_days_say_what_a_sorted_list_says(mut list in proptest::collection::vec(-40_i64..400, 0..60), percent in 0_u8..=100) {
            let days: Days = list.iter().copied().collect();
            list.sort_unstable();
            prop_assert_eq!(days.count(), list.len() as i64);
            prop_assert_eq!(days.sum(), list.iter().sum::<i64>());
            let middle = list.len() / 2;
            let median = match list.len() {
                0 => None,
                odd if odd % 2 == 1 => Some(list[middle] * 100),
                _ => Some((list[middle - 1] + list[middle]) * 50),
            };
            prop_assert_eq!(days.median_hundredths(), median);
            let Some(value) = days.percentile(percent) else {
                prop_assert!(list.is_empty());
                return Ok(());
            };
            // It came; at least so many percent are not above it, and of any smaller one fewer are.
            let not_above = |value: i64| list.iter().filter(|one| **one <= value).count() * 100;
            prop_assert!(list.contains(&value));
            prop_assert!(not_above(value) >= usize::from(percent) * list.len());
            if let Some(smaller) = list.iter().rev().find(|one| **one < value) {
                prop_assert!(not_above(*smaller) < usize::from(percent) * list.len());
            }
        }

        #[test]
        fn counting_apart_and_together_is_the_same(one in proptest::collection::vec(0_i64..50, 0..20), two in proptest::collection::vec(0_i64..50, 0..20)) {
            let mut sum: Days = one.iter().copied().collect();
            sum += &two.iter().copied().collect();
            prop_assert_eq!(sum, one.into_iter().chain(two).collect::<Days>());
        }
    }

    #[test]
    fn ratios_round_to_the_nearest_and_nothing_of_nothing_is_none() {
        let table = [
            (1, 3, 10_000, Some(3_333)),
            (2, 3, 10_000, Some(6_667)),
            (1, 8, 100, Some(13)),
            (-1, 8, 100, Some(-13)),
            (0, 5, 10_000, Some(0)),
            (0, 0, 10_000, None),
            (5, 0, 10_000, None),
            (5, -1, 10_000, None),
            (i64::MAX, i64::MAX, 10_000, Some(10_000)),
        ];
        for (numerator, denominator, scale, expected) in table {
            assert_eq!(ratio(numerator, denominator, scale), expected, "{numerator}/{denominator}");
        }
        assert_eq!(Days::default().percentile(90), None);
        assert_eq!((1..=10).collect::<Days>().percentile(90), Some(9));
        assert_eq!((1..=11).collect::<Days>().percentile(90), Some(10));
    }
}
