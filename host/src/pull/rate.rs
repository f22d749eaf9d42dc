//! Rates: how many requests leave in a window, counted together for every source that names the same one.
//!
//! A bucket of `burst` tokens that fills evenly, at a pace by which no window of `per` ever sees more than `calls`: `burst` at once, then
//! `calls - burst + 1` spread over the window. Buckets are of this process: after a restart they are full.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::config::RateConfig;

/// One rate.
#[derive(Debug)]
pub(super) struct Bucket {
    burst: f64,
    per_second: f64,
    /// Tokens, and when they were counted.
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    fn new(config: &RateConfig) -> Self {
        let burst = f64::from(config.burst);
        let spread = f64::from(config.calls.saturating_sub(config.burst).saturating_add(1));
        Self { burst, per_second: spread / config.per.0.as_secs_f64(), state: Mutex::new((burst, Instant::now())) }
    }

    /// Takes a token, or says how long there will be none.
    fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state.lock();
        let passed = now.saturating_duration_since(state.1).as_secs_f64();
        state.0 = (state.0 + passed * self.per_second).min(self.burst);
        state.1 = now.max(state.1);
        if state.0 >= 1.0 {
            state.0 -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - state.0) / self.per_second))
    }

    fn give_back(&self) {
        let mut state = self.state.lock();
        state.0 = (state.0 + 1.0).min(self.burst);
    }
}

/// All rates of the configuration, by name.
#[derive(Debug, Default)]
pub(super) struct Rates(BTreeMap<String, Arc<Bucket>>);

impl Rates {
    pub(super) fn new(configs: &[RateConfig]) -> Self {
        Self(configs.iter().map(|config| (config.name.clone(), Arc::new(Bucket::new(config)))).collect())
    }

    /// Those that a source counts on.
    pub(super) fn of(&self, names: &[String]) -> Spent {
        Spent(names.iter().filter_map(|name| self.0.get(name).cloned()).collect())
    }
}

/// The rates of one source.
#[derive(Debug, Clone, Default)]
pub(super) struct Spent(Vec<Arc<Bucket>>);

impl Spent {
    /// Takes a token of each rate, or of none; then how long to wait for the slowest.
    pub(super) fn take(&self, now: Instant) -> Result<(), Duration> {
        for (at, bucket) in self.0.iter().enumerate() {
            if let Err(wait) = bucket.take(now) {
                for taken in self.0.iter().take(at) {
                    taken.give_back();
                }
                return Err(wait);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Interval;

    fn rate(calls: u32, burst: u32, seconds: u64) -> RateConfig {
        RateConfig { name: "r".to_owned(), calls, per: Interval(Duration::from_secs(seconds)), burst }
    }

    /// Moments (in milliseconds) at which a caller that never rests gets through.
    fn moments(config: &RateConfig, until_ms: u64) -> Vec<u64> {
        let (bucket, start) = (Bucket::new(config), Instant::now());
        (0..until_ms).filter(|ms| bucket.take(start + Duration::from_millis(*ms)).is_ok()).collect()
    }

    #[test]
    fn no_window_ever_sees_more_than_the_rate() {
        for (calls, burst) in [(10, 1), (10, 4), (10, 10), (1, 1)] {
            let all = moments(&rate(calls, burst, 1), 5_000);
            assert!(all.len() >= usize::try_from(calls).unwrap() * 2 / 5, "{calls}/{burst}: {}", all.len());
            for from in 0..4_000 {
                let within = all.iter().filter(|at| (from..from + 1_000).contains(*at)).count();
                assert!(within <= usize::try_from(calls).unwrap(), "{calls}/{burst}: {within} from {from} ms");
            }
        }
    }

    #[test]
    fn sources_of_one_name_share_what_there_is_and_a_spent_rate_costs_the_others_nothing() {
        let rates = Rates::new(&[RateConfig { name: "hour".to_owned(), ..rate(2, 2, 3_600) }, rate(100, 100, 1)]);
        let (one, two) = (rates.of(&["r".to_owned(), "hour".to_owned()]), rates.of(&["hour".to_owned()]));
        let now = Instant::now();
        assert!(one.take(now).is_ok() && two.take(now).is_ok());
        let wait = one.take(now).unwrap_err();
        assert!(wait > Duration::from_secs(3_000) && wait <= Duration::from_secs(3_600), "{wait:?}");
        let before = rates.0["r"].state.lock().0;
        assert!(one.take(now).is_err());
        assert!((rates.0["r"].state.lock().0 - before).abs() < 1e-6, "a token was given back");
    }
}
