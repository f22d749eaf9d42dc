//! The Medicare Beneficiary Identifier: its form, and the id as it is printed on the card.

/// The form of a Medicare Beneficiary Identifier: 1-9, letter, letter or digit, digit, letter, letter or digit, digit, two
/// letters, two digits; letters without S, L, O, I, B, Z, in capitals, without dashes (CMS, "Understanding the MBI").
pub fn is_mbi(id: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_uppercase() && !b"SLOIBZ".contains(&byte);
    let either = |byte: u8| letter(byte) || byte.is_ascii_digit();
    match *id.as_bytes() {
        [a, b, c, d, e, f, g, h, i, j, k] => {
            matches!(a, b'1'..=b'9')
                && letter(b)
                && either(c)
                && d.is_ascii_digit()
                && letter(e)
                && either(f)
                && g.is_ascii_digit()
                && letter(h)
                && letter(i)
                && j.is_ascii_digit()
                && k.is_ascii_digit()
        }
        _ => false,
    }
}

/// The MBI that a text is, as a claim carries it: the card prints dashes, which are "for viewing only" (CMS, same page). None
/// where it is none.
pub fn mbi_of(text: &str) -> Option<String> {
    let plain: String = text
        .trim()
        .chars()
        .filter(|letter| !matches!(letter, '-' | ' '))
        .map(|letter| letter.to_ascii_uppercase())
        .collect();
    is_mbi(&plain).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_of_the_card_are_no_part_of_the_id() {
        for (text, expected) in [
            ("1EG4-TE5-MK73", Some("1EG4TE5MK73")),
            ("1eg4-te5-mk73", Some("1EG4TE5MK73")),
            ("1EG4 TE5 MK73", Some("1EG4TE5MK73")),
            ("1EG4TE5MK73", Some("1EG4TE5MK73")),
            ("1EG4-TE5-MK7", None),
            ("1SG4-TE5-MK73", None),
            ("1EG4/TE5/MK73", None),
            ("", None),
        ] {
            assert_eq!(mbi_of(text).as_deref(), expected, "{text}");
        }
    }
}
