//! When a request is sent again: what the server asks for (RFC 9110, 10.2.3), else capped exponential backoff with jitter.

use std::time::Duration;

use jiff::Timestamp;

/// The first pause, doubled each time.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause that we choose ourselves.
const LONGEST: Duration = Duration::from_secs(30);

/// The longest wait that a server gets: who says a year is asked again tomorrow.
const ASKED_MAX: Duration = Duration::from_secs(86_400);

/// What `Retry-After` asks for, from `now` on: seconds, or a date as HTTP writes them; a day at most. None: neither.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // What no number holds is a long wait all the same.
        return Some(value.parse().map_or(ASKED_MAX, Duration::from_secs).min(ASKED_MAX));
    }
    // IMF-fixdate; the two obsolete forms of RFC 9110 are seldom and count as none.
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    let seconds = at.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(ASKED_MAX))
}

/// The pause before try `nth` + 1, `nth` from 1. `dice` is a random number: the pause is between half of it and the whole, so that
/// sources that failed together do not come back together.
pub(super) fn pause(nth: u32, dice: u32) -> Duration {
    let doubled = FIRST.saturating_mul(1_u32.checked_shl(nth.saturating_sub(1)).unwrap_or(u32::MAX));
    let whole = doubled.min(LONGEST);
    whole / 2 + (whole / 2).mul_f64(f64::from(dice) / f64::from(u32::MAX))
}

/// A random number for [`pause`].
pub(super) fn dice() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = Timestamp::from_second(784_111_777).unwrap(); // Sun, 06 Nov 1994 08:49:37 GMT
        for (text, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("86401", Some(86_400)),
            ("9223372036854775807", Some(86_400)),
            ("99999999999999999999", Some(86_400)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(86_400)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_cap_and_are_never_all_alike() {
        assert_eq!((pause(1, 0), pause(1, u32::MAX)), (FIRST / 2, FIRST));
        assert_eq!((pause(3, 0), pause(3, u32::MAX)), (FIRST * 2, FIRST * 4));
        for nth in [7, 40, u32::MAX] {
            assert_eq!((pause(nth, 0), pause(nth, u32::MAX)), (LONGEST / 2, LONGEST), "{nth}");
        }
    }
}
