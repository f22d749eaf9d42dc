//! Forms of codes, without regular expressions. Form only: whether a code exists and was in force on a day, a table says.

/// ICD-10-CM: letter, two of digit or A or B, then up to four letters or digits. Without the dot. `U` is in use
/// since 2020 (chapter 22), `QA0` since 2025.
pub fn is_icd10(code: &str) -> bool {
    match code.as_bytes() {
        [first, second, third, rest @ ..] => {
            first.is_ascii_uppercase()
                && [second, third].iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'A' | b'B'))
                && rest.len() <= 4
                && rest.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        }
        _ => false,
    }
}

/// ICD-9-CM: three to five digits, V and two to four, E and three or four. Without the dot.
pub fn is_icd9(code: &str) -> bool {
    let (lead, rest) = match code.as_bytes() {
        [b'V', rest @ ..] => (2..=4, rest),
        [b'E', rest @ ..] => (3..=4, rest),
        rest => (3..=5, rest),
    };
    lead.contains(&rest.len()) && rest.iter().all(u8::is_ascii_digit)
}

/// CPT: five digits, or four and A (vaccines of 2020 on), F (performance), T (emerging), U (laboratory), M (multianalyte).
pub fn is_cpt(code: &str) -> bool {
    match code.as_bytes() {
        [four @ .., last] if four.len() == 4 => {
            four.iter().all(u8::is_ascii_digit)
                && (last.is_ascii_digit() || matches!(last, b'A' | b'F' | b'T' | b'U' | b'M'))
        }
        _ => false,
    }
}

/// HCPCS Level II: a letter A to V and four digits.
pub fn is_hcpcs(code: &str) -> bool {
    matches!(code.as_bytes(), [b'A'..=b'V', four @ ..] if four.len() == 4 && four.iter().all(u8::is_ascii_digit))
}

/// Two letters or digits.
pub fn is_modifier(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A modifier that CPT numbers, and not HCPCS: two digits, P1 to P6 (anesthesia), a digit and P (performance).
pub fn is_cpt_modifier(text: &str) -> bool {
    match text.as_bytes() {
        [first, second] if first.is_ascii_digit() => second.is_ascii_digit() || *second == b'P',
        [b'P', second] => (b'1'..=b'6').contains(second),
        _ => false,
    }
}

/// NUCC provider taxonomy: ten characters, the last an X.
pub fn is_taxonomy(text: &str) -> bool {
    match text.as_bytes() {
        [rest @ .., b'X'] => {
            rest.len() == 9 && rest.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        }
        _ => false,
    }
}
