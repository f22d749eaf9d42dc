//! One slip of the keyboard between two texts: what a person does who copies by hand.

/// One slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slip {
    /// Two neighbours change places.
    Swapped,
    /// One character is another.
    One,
    /// One character is missing or too many.
    Missing,
}

impl Slip {
    /// The slip that makes one text of the other; none where they are equal, or more than one apart.
    pub fn between(a: &str, b: &str) -> Option<Self> {
        if a == b || a.len().abs_diff(b.len()) > 4 || strsim::damerau_levenshtein(a, b) != 1 {
            return None;
        }
        let (left, right) = (a.chars().count(), b.chars().count());
        if left != right {
            return Some(Self::Missing);
        }
        let differ = a.chars().zip(b.chars()).filter(|(a, b)| a != b).count();
        Some(if differ == 2 { Self::Swapped } else { Self::One })
    }

    /// Of digits, in words.
    pub const fn of_digits(self) -> &'static str {
        match self {
            Self::Swapped => "two digits are swapped",
            Self::One => "one digit differs",
            Self::Missing => "one digit is missing or too many",
        }
    }

    /// Of characters, in words.
    pub const fn of_characters(self) -> &'static str {
        match self {
            Self::Swapped => "two characters are swapped",
            Self::One => "one character differs",
            Self::Missing => "one character is missing or too many",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_told_from_none_and_from_two() {
        use Slip::{Missing, One, Swapped};
        for (a, b, expected) in [
            ("1234", "1234", None),
            ("1234", "1243", Some(Swapped)),
            ("1234", "1235", Some(One)),
            ("1234", "124", Some(Missing)),
            ("1234", "12345", Some(Missing)),
            ("1234", "2143", None),
            ("", "1", Some(Missing)),
            ("Müller", "Muller", Some(One)),
        ] {
            assert_eq!(Slip::between(a, b), expected, "{a} {b}");
            assert_eq!(Slip::between(b, a), expected, "{b} {a}");
        }
    }
}
