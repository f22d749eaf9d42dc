//! A seeded generator (splitmix64): the same seed gives the same claims on every machine. No clock, no hash order.

/// The generator.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator for one part of a seed's world, so that one claim does not shift the others.
    pub fn new(seed: u64, part: u64) -> Self {
        let mixed = Self(seed).bits();
        Self(Self(mixed ^ part).bits())
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of `low..=high`.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).unwrap_or(1).max(1);
        low + i64::try_from(self.bits() % span).unwrap_or(0)
    }

    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.range(1, 100) <= percent
    }

    /// One of the list; the default value for an empty one.
    pub fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let last = i64::try_from(list.len()).unwrap_or(1).max(1) - 1;
        usize::try_from(self.range(0, last)).ok().and_then(|at| list.get(at)).copied().unwrap_or_default()
    }

    /// `count` decimal digits.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|_| self.range(0, 9).to_string()).collect()
    }

    /// One letter of the list.
    pub fn letter(&mut self, letters: &str) -> char {
        let list: Vec<char> = letters.chars().collect();
        self.pick(&list)
    }

    /// An NPI with a right check digit.
    pub fn npi(&mut self) -> String {
        let base = format!("1{}", self.digits(8));
        let check = npi_check_digit(&base);
        format!("{base}{check}")
    }

    /// A Medicare beneficiary identifier by CMS's format: C A AN N A AN N A A N N, without S, L, O, I, B, Z.
    pub fn mbi(&mut self) -> String {
        const LETTERS: &str = "ACDEFGHJKMNPQRTUVWXY";
        const BOTH: &str = "ACDEFGHJKMNPQRTUVWXY0123456789";
        let mut text = self.letter("123456789").to_string();
        for class in [LETTERS, BOTH, "0123456789", LETTERS, BOTH, "0123456789", LETTERS, LETTERS] {
            text.push(self.letter(class));
        }
        text + &self.digits(2)
    }
}

/// The check digit of nine NPI digits: Luhn over prefix 80840.
pub fn npi_check_digit(base: &str) -> u32 {
    let digits: Vec<u32> = "80840".chars().chain(base.chars()).filter_map(|one| one.to_digit(10)).collect();
    let double = |digit: u32| if digit * 2 > 9 { digit * 2 - 9 } else { digit * 2 };
    let sum: u32 =
        digits.iter().rev().enumerate().map(|(at, digit)| if at % 2 == 0 { double(*digit) } else { *digit }).sum();
    (10 - sum % 10) % 10
}

#[test]
fn check_digit_of_the_published_example() {
    assert_eq!(npi_check_digit("123456789"), 3);
}
