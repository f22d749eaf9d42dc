//! Numbers from a seed that is printed, so that a run can be had again.

/// A sequence of numbers (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The seed of a variable, else one of this moment, printed as `VARIABLE=seed`.
    ///
    /// # Panics
    /// Where the variable is no number.
    #[allow(clippy::expect_used, clippy::print_stdout, reason = "a test helper: its failure is the test's")]
    pub fn seed(variable: &str) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time after 1970");
        let now = u64::try_from(now.as_nanos() % 1_000_000_000_000).expect("twelve digits");
        let seed = std::env::var(variable).map_or(now, |text| text.parse().expect("a seed is a number"));
        println!("{variable}={seed}");
        seed
    }

    /// The next number, below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }

    /// Any order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            let other = self.below(at as u64 + 1);
            things.swap(at, usize::try_from(other).unwrap_or(at));
        }
    }
}
