//! What the benches share. Plain loops, best of five runs: on a shared machine the best run is the one least disturbed.

use std::time::{Duration, Instant};

/// How many times a pass is repeated: of `CLAIMHOST_PEERS_ROUNDS`, else this many.
pub fn rounds(usual: u32) -> u32 {
    std::env::var("CLAIMHOST_PEERS_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// The best time of five runs.
pub fn best(mut run: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..5).map(time).min().unwrap_or_default()
}

/// One line for machines to read.
pub fn figure(name: &str, value: f64, unit: &str) {
    println!("figure {name} {value:.0} {unit}");
}
