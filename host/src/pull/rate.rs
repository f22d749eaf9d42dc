//! Rates: how many requests leave in a window, counted together for every source that names the same one.
//!
//! A bucket of `burst` tokens that fills evenly, at a pace by which no window of `per` ever sees more than `calls`: `burst` at once, then
//! `calls - burst + 1` spread over the window. What is left is in the store, of the host's own tenant: practices share it, and so do processes
//! that follow each other. It is taken there before the request leaves.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::RateConfig;
use crate::store::rate::RateLeft;
use crate::store::{PracticeStore, StoreResult};

/// Millionths of a token.
const TOKEN: f64 = 1e6;
/// Where no rate says what a window is.
const WINDOW: Duration = Duration::from_secs(60);

/// One rate.
#[derive(Debug)]
pub(super) struct Bucket {
    name: String,
    burst: f64,
    per_second: f64,
    per: Duration,
}

impl Bucket {
    fn new(config: &RateConfig) -> Self {
        let burst = f64::from(config.burst);
        let spread = f64::from(config.calls.saturating_sub(config.burst).saturating_add(1));
        let per = config.per.0;
        Self { name: config.name.clone(), burst, per_second: spread / per.as_secs_f64(), per }
    }

    /// What is left after one more token was taken, or how long there will be none. `before`: as it was counted last; none: it is full.
    fn take(&self, before: Option<RateLeft>, now_us: i64) -> Result<RateLeft, Duration> {
        let tokens = before.map_or(self.burst, |before| {
            // A clock that was set back adds nothing.
            let passed = Duration::from_micros(u64::try_from(now_us.saturating_sub(before.counted_us)).unwrap_or(0));
            #[allow(clippy::cast_precision_loss, reason = "a rate has far fewer tokens than 2^53 millionths")]
            let known = before.tokens_millionths as f64 / TOKEN;
            (known + passed.as_secs_f64() * self.per_second).min(self.burst)
        });
        if tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - tokens) / self.per_second));
        }
        // Rounded down: what is lost is never asked for.
        #[allow(clippy::cast_possible_truncation, reason = "at most `burst`, a u32, in millionths")]
        let tokens_millionths = ((tokens - 1.0) * TOKEN).floor() as i64;
        Ok(RateLeft { tokens_millionths, counted_us: now_us })
    }
}

/// All rates of the configuration, by name.
pub(super) struct Rates {
    buckets: BTreeMap<String, Arc<Bucket>>,
    /// Of the host's own tenant.
    store: PracticeStore,
}

impl Rates {
    pub(super) fn new(configs: &[RateConfig], store: PracticeStore) -> Self {
        let buckets = configs.iter().map(|config| (config.name.clone(), Arc::new(Bucket::new(config)))).collect();
        Self { buckets, store }
    }

    /// Those that a source counts on.
    pub(super) fn of(&self, names: &[String]) -> Spent {
        let buckets = names.iter().filter_map(|name| self.buckets.get(name).cloned()).collect();
        Spent { buckets, store: self.store.clone() }
    }
}

/// The rates of one source.
#[derive(Clone)]
pub(super) struct Spent {
    buckets: Vec<Arc<Bucket>>,
    store: PracticeStore,
}

impl Spent {
    /// Takes a token of each rate, or of none; then how long to wait for the slowest.
    ///
    /// # Errors
    /// [`StoreError`](crate::store::StoreError).
    pub(super) fn take(&self, now_us: i64) -> StoreResult<Result<(), Duration>> {
        if self.buckets.is_empty() {
            return Ok(Ok(()));
        }
        self.store.write(|tx| -> StoreResult<Result<(), Duration>> {
            let (mut taken, mut waits) = (Vec::new(), None);
            for bucket in &self.buckets {
                let before = tx.rate_left(&bucket.name)?;
                match bucket.take(before, now_us) {
                    Ok(left) => taken.push((bucket, left)),
                    Err(wait) => {
                        waits = waits.max(Some(wait));
                        // Of a clock that was set back: time counts from now on, and not once it is there again.
                        if let Some(before) = before.filter(|before| before.counted_us > now_us) {
                            tx.set_rate_left(&bucket.name, RateLeft { counted_us: now_us, ..before })?;
                        }
                    }
                }
            }
            if let Some(wait) = waits {
                return Ok(Err(wait));
            }
            taken.into_iter().try_for_each(|(bucket, left)| tx.set_rate_left(&bucket.name, left))?;
            Ok(Ok(()))
        })
    }

    /// How long to wait where a server says that a rate is spent and not for how long, the `nth` time in a row, from 1: the shortest window,
    /// then the next longer one, at most the longest.
    pub(super) fn window(&self, nth: u32) -> Duration {
        let mut windows: Vec<Duration> = self.buckets.iter().map(|bucket| bucket.per).collect();
        windows.sort_unstable();
        let at = usize::try_from(nth.saturating_sub(1)).unwrap_or(usize::MAX).min(windows.len().saturating_sub(1));
        windows.get(at).copied().unwrap_or(WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Interval;
    use crate::store::{CLEARING, MasterKey, Store};

    fn rate(calls: u32, burst: u32, seconds: u64) -> RateConfig {
        RateConfig { name: "r".to_owned(), calls, per: Interval(Duration::from_secs(seconds)), burst }
    }

    /// Moments (in milliseconds) at which a caller that never rests gets through.
    fn moments(config: &RateConfig, until_ms: i64) -> Vec<i64> {
        let (bucket, mut left) = (Bucket::new(config), None);
        let mut passes = |ms: &i64| match bucket.take(left, ms * 1_000) {
            Ok(now) => {
                left = Some(now);
                true
            }
            Err(_) => false,
        };
        (0..until_ms).filter(|ms| passes(ms)).collect()
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
    fn sources_of_one_name_share_what_there_is_across_processes_and_a_spent_rate_costs_the_others_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let key = || MasterKey::from_hex(&"07".repeat(32)).unwrap();
        let open = || Store::open(&path, key()).unwrap().practice(CLEARING).unwrap();
        let configs = [RateConfig { name: "hour".to_owned(), ..rate(2, 2, 3_600) }, rate(100, 100, 1)];
        let now = 1_772_000_000_000_000;
        {
            let rates = Rates::new(&configs, open());
            let (one, two) = (rates.of(&["r".to_owned(), "hour".to_owned()]), rates.of(&["hour".to_owned()]));
            assert!(one.take(now).unwrap().is_ok() && two.take(now).unwrap().is_ok());
        }
        // The next process does not begin with a full one.
        let rates = Rates::new(&configs, open());
        let one = rates.of(&["r".to_owned(), "hour".to_owned()]);
        let wait = one.take(now).unwrap().unwrap_err();
        assert!(wait > Duration::from_secs(3_000) && wait <= Duration::from_secs(3_600), "{wait:?}");
        let left = || rates.store.read(|tx| tx.rate_left("r")).unwrap().unwrap().tokens_millionths;
        let before = left();
        assert!(one.take(now).unwrap().is_err());
        assert_eq!(left(), before, "nothing was taken");
        // A clock that was set back a day adds nothing, and is waited for no longer than any other.
        let back = now - 86_400_000_000;
        assert!(one.take(back).unwrap().is_err());
        assert!(one.take(back + 3_601_000_000).unwrap().is_ok());
    }

    #[test]
    fn a_server_that_does_not_say_how_long_gets_window_after_window() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db"), MasterKey::generate().unwrap()).unwrap();
        let configs = [RateConfig { name: "hour".to_owned(), ..rate(500, 1, 3_600) }, rate(10, 1, 1)];
        let rates = Rates::new(&configs, store.practice(CLEARING).unwrap());
        let both = rates.of(&["hour".to_owned(), "r".to_owned()]);
        assert_eq!([1, 2, 3].map(|nth| both.window(nth).as_secs()), [1, 3_600, 3_600]);
        assert_eq!(rates.of(&[]).window(1).as_secs(), 60);
    }
}
