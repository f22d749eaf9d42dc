//! A small seeded generator (splitmix64). The same seed gives the same world on every machine; no other source of
//! randomness, clock or hash order is used in this program.

/// The generator. Cheap to make: each practice has its own, so that one does not shift the others.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator for one part of the world of `seed`.
    pub fn new(seed: u64, part: u64) -> Self {
        // Mixed twice: parts that differ by the step of the generator would be one stream, shifted.
        let mixed = Self(seed).next();
        Self(Self(mixed ^ part).next())
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of `low..=high`.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap_or(1).max(1);
        low + i64::try_from(self.next() % span).unwrap_or(0)
    }

    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.range(1, 100) <= percent
    }

    /// One of the list; the default value for an empty list.
    pub fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let last = i64::try_from(list.len()).unwrap_or(1).max(1) - 1;
        let at = usize::try_from(self.range(0, last)).unwrap_or(0);
        list.get(at).copied().unwrap_or_default()
    }

    /// Shuffles in place (Fisher-Yates).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            let other = usize::try_from(self.range(0, i64::try_from(at).unwrap_or(0))).unwrap_or(0);
            list.swap(at, other);
        }
    }

    /// `count` decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| char::from(b'0' + u8::try_from(self.range(0, 9)).unwrap_or(0))).collect()
    }

    /// An NPI with a right check digit.
    pub fn npi(&mut self) -> String {
        let base = format!("1{}", self.digits(8));
        let check = npi_check_digit(&base);
        format!("{base}{check}")
    }
}

/// The check digit of nine NPI digits: Luhn over prefix 80840.
pub fn npi_check_digit(base: &str) -> u32 {
    let digits = "80840".chars().chain(base.chars()).filter_map(|c| c.to_digit(10));
    let digits: Vec<u32> = digits.collect();
    let double = |d: u32| if d * 2 > 9 { d * 2 - 9 } else { d * 2 };
    let sum: u32 = digits.iter().rev().enumerate().map(|(at, d)| if at % 2 == 0 { double(*d) } else { *d }).sum();
    (10 - sum % 10) % 10
}

#[test]
fn check_digit_of_the_published_example() {
    assert_eq!(npi_check_digit("123456789"), 3);
}
