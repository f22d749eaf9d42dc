//! A procedure code in 30 bits: five characters of `A`-`Z` and `0`-`9`, six bits each.

use std::fmt;

/// A CPT or HCPCS Level II code (SV101-2), packed. The order is of no meaning, only equal is equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(u32);

impl Code {
    /// Packs a code; `None` for anything but five digits or upper-case letters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes())
    }

    /// As [`Code::parse`], over bytes of a file.
    pub fn from_bytes(text: &[u8]) -> Option<Self> {
        let five: &[u8; 5] = text.try_into().ok()?;
        let mut packed = 0_u32;
        for &byte in five {
            if !byte.is_ascii_digit() && !byte.is_ascii_uppercase() {
                return None;
            }
            // 0x30..=0x39 stays, 0x41..=0x5A becomes 0x01..=0x1A: both fit six bits and never meet.
            packed = packed << 6 | u32::from(byte & 0x3F);
        }
        Some(Self(packed))
    }

    /// The packed form, at most 30 bits, as payloads keep it.
    pub const fn packed(self) -> u32 {
        self.0
    }

    /// Its five letters and digits.
    pub fn letters(self) -> [u8; 5] {
        [24, 18, 12, 6, 0].map(|shift| {
            let six = (self.0 >> shift & 0x3F) as u8;
            if six < 0x30 { six | 0x40 } else { six }
        })
    }

    /// A number below [`Code::PLACES`] for codes of the forms of CPT and HCPCS Level II: five digits, four digits and a letter, a
    /// letter and four digits. Its low six bits are the last character, the rest numbers the four before. None for other codes.
    /// Computed, not looked up: a pair is found by it.
    #[inline]
    pub const fn place(self) -> Option<u32> {
        /// Set in the six bits of a digit, never in those of a letter.
        const DIGIT: u32 = 0x20;
        const MIDDLE: u32 = DIGIT << 18 | DIGIT << 12 | DIGIT << 6;
        if self.0 & MIDDLE != MIDDLE || (self.0 >> 24 | self.0) & DIGIT == 0 {
            return None;
        }
        let [a, b, c, d] = [self.0 >> 24, self.0 >> 18 & 0xF, self.0 >> 12 & 0xF, self.0 >> 6 & 0xF];
        let first = if a & DIGIT == 0 { a + 9 } else { a & 0xF };
        Some((first * 1_000 + b * 100 + c * 10 + d) << 6 | self.0 & 0x3F)
    }

    /// One more than the highest [`Code::place`]: 64 for each of 36 first characters and three digits.
    pub const PLACES: u32 = 36_000 << 6;

    /// The code of a packed form. A corrupt one gives some other code, never a fault.
    pub const fn from_packed(packed: u32) -> Self {
        Self(packed)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.letters() {
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Code;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_code_survives_packing(text in "[A-Z0-9]{5}") {
            prop_assert_eq!(Code::parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn places_are_apart_and_only_of_the_forms_there_are(
            left in "[0-9]{5}|[0-9]{4}[A-Z]|[A-Z][0-9]{4}", right in "[0-9]{5}|[0-9]{4}[A-Z]|[A-Z][0-9]{4}", other in "[A-Z0-9]{5}",
        ) {
            let place = |text: &str| Code::parse(text).unwrap().place();
            prop_assert!(place(&left).is_some_and(|place| place < Code::PLACES));
            prop_assert_eq!(place(&left) == place(&right), left == right);
            let letters: Vec<bool> = other.bytes().map(|byte| byte.is_ascii_alphabetic()).collect();
            let has_form = !(letters[1..4].contains(&true) || letters[0] && letters[4]);
            prop_assert_eq!(place(&other).is_some(), has_form);
        }

        #[test]
        fn two_codes_are_never_one(left in "[A-Z0-9]{5}", right in "[A-Z0-9]{5}") {
            prop_assert_eq!(Code::parse(&left) == Code::parse(&right), left == right);
        }
    }

    #[test]
    fn refuses_what_is_no_code() {
        for text in ["", "9921", "992133", "99 13", "g0101", "9921é", "*"] {
            assert!(Code::parse(text).is_none(), "{text:?}");
        }
    }
}
