//! Tells codes apart by what the source calls their system and, where it says nothing, by their form.
//!
//! Form only: whether a code exists on a day is the scrub's question. Nothing is corrected here; a malformed code goes
//! on as it came, so that a person sees it.

use crate::claim::{Diagnosis, DiagnosisSystem, Drug, DrugQualifier, ProcedureSystem, Quantity, Unit};

/// Five digits, or four and one of F, T, U, M: CPT categories I, II, III, PLA and MAAA.
pub fn is_cpt(code: &str) -> bool {
    let (head, last) = code.split_at_checked(4).unwrap_or(("", ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(head) && (digits(last) && last.len() == 1 || matches!(last, "F" | "T" | "U" | "M"))
}

/// A letter and four digits: HCPCS Level II.
pub fn is_hcpcs(code: &str) -> bool {
    let (letter, digits) = code.split_at_checked(1).unwrap_or(("", ""));
    letter.bytes().all(|byte| byte.is_ascii_uppercase())
        && digits.len() == 4
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// The system of a procedure code. A code that the source calls its own (`L`, `99...`, `CDM`) stays internal even if it
/// looks like a CPT code; a malformed code keeps the system it was given.
pub fn procedure_system(declared: &str, code: &str) -> ProcedureSystem {
    let declared = plain(declared);
    if declared == "L" || declared == "CDM" || declared.starts_with("99") {
        return ProcedureSystem::Internal;
    }
    match declared.as_str() {
        _ if is_cpt(code) => ProcedureSystem::Cpt,
        _ if is_hcpcs(code) => ProcedureSystem::Hcpcs,
        "C4" | "CPT" | "CPT4" | "C5" | "CPT5" => ProcedureSystem::Cpt,
        "HCPCS" | "HPC" | "HCPC" | "HC" | "HCPT" => ProcedureSystem::Hcpcs,
        _ => ProcedureSystem::Internal,
    }
}

/// A diagnosis without its dot, upper case. Where the source names no system, a letter and a digit in front say ICD-10-CM.
pub fn diagnosis(declared: &str, code: &str) -> Diagnosis {
    let code: String = code.trim().chars().filter(|letter| *letter != '.').flat_map(char::to_uppercase).collect();
    let system = match plain(declared).as_str() {
        "I10" | "I10C" | "ICD10" | "ICD10CM" | "10" | "ABK" | "ABF" => DiagnosisSystem::Icd10cm,
        "I9" | "I9C" | "ICD9" | "ICD9CM" | "9" => DiagnosisSystem::Icd9cm,
        "" => match code.as_bytes() {
            [letter, digit, _, ..] if letter.is_ascii_uppercase() && digit.is_ascii_digit() => DiagnosisSystem::Icd10cm,
            _ => DiagnosisSystem::Other,
        },
        _ => DiagnosisSystem::Other,
    };
    Diagnosis { system, code }
}

/// Letters and digits only, upper case: `ICD-10`, `icd10` and `ICD 10` are one name.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Ten digits that begin with 1 or 2 and end with the right check digit (Luhn over 80840 and the number).
pub fn npi_is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || !bytes.iter().all(u8::is_ascii_digit) || !matches!(bytes.first(), Some(b'1' | b'2')) {
        return false;
    }
    let sum: u32 = bytes.iter().rev().enumerate().fold(24, |sum, (place, byte)| {
        let digit = u32::from(byte - b'0');
        let doubled = if place % 2 == 1 { digit * 2 } else { digit };
        sum + doubled / 10 + doubled % 10
    });
    sum.is_multiple_of(10)
}

/// An 11-digit NDC in 5-4-2 form, from a hyphenated
/// one (each part filled with zeros) or from digits as they are.
fn ndc(text: &str) -> String {
    let parts: Vec<&str> = text.trim().split('-').collect();
    match parts.as_slice() {
        [labeler, product, package] => format!("{labeler:0>5}{product:0>4}{package:0>2}"),
        _ => text.trim().replace('-', ""),
    }
}

/// LIN and CTP of a drug; `None` without an NDC. A quantity needs both its number and a known unit.
pub fn drug(code: &str, thousandths: Option<i64>, unit: &str) -> Option<Drug> {
    let unit = match plain(unit).as_str() {
        "UN" => Some(Unit::Units),
        "ML" => Some(Unit::Milliliter),
        "GR" | "GM" | "G" => Some(Unit::Gram),
        "ME" | "MG" => Some(Unit::Milligram),
        "F2" | "IU" => Some(Unit::InternationalUnit),
        _ => None,
    };
    let amount = unit.zip(thousandths).map(|(unit, thousandths)| Quantity { unit, thousandths });
    let drug = Drug {
        qualifier: DrugQualifier::Ndc,
        code: ndc(code),
        amount,
        prescription: String::new(),
        link_sequence: String::new(),
    };
    (!code.trim().is_empty()).then_some(drug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn procedures_by_system_and_form() {
        use ProcedureSystem::{Cpt, Hcpcs, Internal};
        for (declared, code, system) in [
            ("C4", "99213", Cpt),
            ("", "99213", Cpt),
            ("", "0001F", Cpt),
            ("HCPCS", "99213", Cpt),
            ("", "G0438", Hcpcs),
            ("CPT", "J1100", Hcpcs),
            ("HPC", "G04", Hcpcs),
            ("C4", "G04", Cpt),
            ("L", "99213", Internal),
            ("", "OV3", Internal),
            ("", "9921", Internal),
            ("", "993131", Internal),
            ("99LAB", "80053", Internal),
        ] {
            assert_eq!(procedure_system(declared, code), system, "{declared} {code}");
        }
    }

    #[test]
    fn diagnoses_lose_the_dot() {
        assert_eq!(
            diagnosis("I10", "e11.65"),
            Diagnosis { system: DiagnosisSystem::Icd10cm, code: "E1165".to_owned() }
        );
        assert_eq!(diagnosis("", "Z00.00").system, DiagnosisSystem::Icd10cm);
        assert_eq!(diagnosis("ICD-9-CM", "250.00").system, DiagnosisSystem::Icd9cm);
        assert_eq!(diagnosis("SCT", "29857009").system, DiagnosisSystem::Other);
        assert_eq!(diagnosis("", "29857009").system, DiagnosisSystem::Other);
    }

    #[test]
    fn a_short_ndc_is_filled_part_by_part() {
        assert_eq!(drug("0182-1061-05", None, "").unwrap().code, "00182106105");
        assert_eq!(drug("00182106105", Some(1500), "ML").unwrap().amount.unwrap().thousandths, 1500);
        assert_eq!(drug(" ", Some(1), "ML"), None);
        assert_eq!(drug("00182106105", Some(1500), "BOX").unwrap().amount, None);
    }

    #[test]
    fn the_check_digit_counts() {
        assert!(npi_is_valid("1234567893"));
        for text in ["1234567890", "123456789", "7714058293", "12345678 3"] {
            assert!(!npi_is_valid(text), "{text}");
        }
    }
}
