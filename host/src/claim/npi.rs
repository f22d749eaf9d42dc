//! The check digit of a National Provider Identifier (CMS, 45 CFR 162.406): Luhn over `80840` and the ten digits.

/// Whether the text is ten digits, begins with 1 or 2, and its check digit is right.
pub fn npi_is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || !bytes.iter().all(u8::is_ascii_digit) || !matches!(bytes.first(), Some(b'1' | b'2')) {
        return false;
    }
    // 24 is what the constant prefix 80840 adds to the sum.
    let sum: u32 = bytes.iter().rev().enumerate().fold(24, |sum, (place, byte)| {
        let digit = u32::from(byte - b'0');
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum + doubled / 10 + doubled % 10
    });
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::npi_is_valid;

    #[test]
    fn the_published_example_passes_and_every_changed_digit_fails() {
        let right = "1234567893"; // the worked example of the CMS check digit page
        assert!(npi_is_valid(right));
        for place in 0..10 {
            for digit in '0'..='9' {
                let mut text: Vec<char> = right.chars().collect();
                if text[place] == digit {
                    continue;
                }
                text[place] = digit;
                assert!(!npi_is_valid(&text.iter().collect::<String>()), "{place} {digit}");
            }
        }
        for text in ["", "123456789", "12345678933", "123456789A", "0234567893"] {
            assert!(!npi_is_valid(text), "{text:?}");
        }
    }
}
