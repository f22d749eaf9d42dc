//! What a practice keeps beside its profile: the crosswalk from its own codes, by day of service, and its fee schedule.

use crate::date::Day;
use crate::model::{Practice, money};

/// An own code that no row has.
pub const UNMAPPED: &str = "QQ7";
/// An own code whose row ended last year.
pub const ENDED: &str = "OLD1";
/// An own code that leads to [`RETIRED_TARGET`].
pub const RETIRED: &str = "NV1";
/// A HCPCS Level II code that ended in 2015.
pub const RETIRED_TARGET: &str = "A7011";
/// An own code with a row up to a day and another one from the next: what it is on both.
pub const DATED: (&str, [&str; 2]) = ("EV1", ["99212", "99213"]);

/// The last day of the first row of [`DATED`].
pub fn last_day_of_first_row(start: Day) -> Day {
    start.plus(-2)
}

/// `crosswalk.csv`
pub fn csv(start: Day) -> String {
    let (code, [before, after]) = DATED;
    let last = last_day_of_first_row(start);
    let rows = [
        (ENDED, "99213", String::new(), start.plus(-70).iso()),
        (RETIRED, RETIRED_TARGET, String::new(), String::new()),
        (code, before, String::new(), last.iso()),
        (code, after, last.plus(1).iso(), String::new()),
    ];
    let rows = rows.map(|(code, target, from, to)| format!("{code},{target},procedure,,{from},{to}\r\n"));
    format!("code,target,set,modifiers,from,to\r\n{}", rows.concat())
}

/// `fees.csv`: the charge master as it is, and the year before five percent lower.
pub fn fees(practice: &Practice, start: Day) -> String {
    let last = start.plus(-120);
    let rows = practice.prices.iter().map(|(code, cents)| {
        let old = (cents * 95 / 100).max(1);
        format!("{code},,{},,{}\r\n{code},,{},{},\r\n", money(old), last.iso(), money(*cents), last.plus(1).iso())
    });
    format!("code,modifiers,fee,from,to\r\n{}", rows.collect::<String>())
}
