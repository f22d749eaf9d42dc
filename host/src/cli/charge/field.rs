//! The fields of charge entry: one table for prompts, JSON, the row that is written, and what findings are about.
//!
//! Keys and columns are those of the adapter `csv-superbill` (docs/mapping.md), so that an entry is a superbill like any other.

use claimhost_hl7v2::shape;

use crate::claim::{Date, iso, parse_iso};

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Anything on one line.
    Text,
    /// `2026-05-01` or `05/01/2026`.
    Day,
    /// `F`, `M` or `U`.
    Gender,
    /// `Self`, `Spouse`, `Child`, `Other`.
    Relationship,
    /// Letters and digits, with or without a dot.
    Code,
    /// Several codes, separated by blanks or commas; at most so many.
    Codes(usize),
    /// Dollars.
    Amount,
    /// Up to three decimals.
    Quantity,
    /// `A,B` or `1,2`.
    Pointers,
    /// `new`, `replace`, `cancel`.
    Action,
}

/// One field.
#[derive(Debug)]
pub(super) struct Field {
    /// Its key in JSON.
    pub(super) key: &'static str,
    /// What the prompt says.
    pub(super) words: &'static str,
    /// What it takes.
    pub(super) form: Form,
    /// An entry without it is none.
    pub(super) required: bool,
    /// Column of the row; empty: `entry.rs` spreads it over several.
    pub(super) column: &'static str,
}

const fn field(key: &'static str, column: &'static str, words: &'static str, form: Form, required: bool) -> Field {
    Field { key, words, form, required, column }
}

/// Diagnoses of an entry.
pub(super) const DIAGNOSES_MAX: usize = 12;
/// Modifiers of a charge.
pub(super) const MODIFIERS_MAX: usize = 4;

/// Fields of the visit, in the order in which they are asked for. The day of service comes before the codes, which are looked
/// up by it.
#[rustfmt::skip] // a table
pub(super) const VISIT: &[Field] = &[
    field("visit", "Visit ID", "Visit number", Form::Text, true),
    field("service_date", "", "Date of service", Form::Day, true),
    field("patient_mrn", "Patient ID", "Patient id", Form::Text, true),
    field("patient_last", "Patient Last", "Last name", Form::Text, true),
    field("patient_first", "Patient First", "First name", Form::Text, true),
    field("patient_middle", "Patient Middle", "Middle name", Form::Text, false),
    field("patient_birth_date", "Patient DOB", "Date of birth", Form::Day, true),
    field("patient_gender", "Patient Sex", "Sex (F, M, U)", Form::Gender, true),
    field("patient_address1", "Address 1", "Street", Form::Text, true),
    field("patient_address2", "Address 2", "Apartment, unit", Form::Text, false),
    field("patient_city", "City", "City", Form::Text, true),
    field("patient_state", "State", "State", Form::Code, true),
    field("patient_postal_code", "ZIP", "ZIP", Form::Text, true),
    field("payer", "Payer", "Payer", Form::Text, true),
    field("member_id", "Member ID", "Member id", Form::Text, true),
    field("group_number", "Group", "Group number", Form::Text, false),
    field("relationship", "Relationship", "Patient is (self, spouse, child, other)", Form::Relationship, true),
    field("subscriber_last", "Subscriber Last", "Subscriber's last name", Form::Text, false),
    field("subscriber_first", "Subscriber First", "Subscriber's first name", Form::Text, false),
    field("subscriber_birth_date", "Subscriber DOB", "Subscriber's date of birth", Form::Day, false),
    field("subscriber_gender", "Subscriber Sex", "Subscriber's sex (F, M, U)", Form::Gender, false),
    field("authorization", "Auth", "Authorization", Form::Text, false),
    field("referral", "Referral", "Referral number", Form::Text, false),
    field("payer2", "Payer 2", "Second payer", Form::Text, false),
    field("member_id2", "Member ID 2", "Member id there", Form::Text, false),
    field("group_number2", "Group 2", "Group number there", Form::Text, false),
    field("relationship2", "Relationship 2", "Patient is there (self, spouse, child, other)", Form::Relationship, false),
    field("subscriber_last2", "Subscriber Last 2", "Subscriber's last name there", Form::Text, false),
    field("subscriber_first2", "Subscriber First 2", "Subscriber's first name there", Form::Text, false),
    field("subscriber_birth_date2", "Subscriber DOB 2", "Subscriber's date of birth there", Form::Day, false),
    field("subscriber_gender2", "Subscriber Sex 2", "Subscriber's sex there (F, M, U)", Form::Gender, false),
    field("rendering", "", "Rendering provider (NPI or roster id)", Form::Text, true),
    field("referring_npi", "Referring NPI", "Referring provider's NPI", Form::Text, false),
    field("location", "Location", "Location", Form::Text, false),
    field("place_of_service", "POS", "Place of service", Form::Code, false),
    field("admission_date", "Admission Date", "Day of admission", Form::Day, false),
    field("discharge_date", "Discharge Date", "Day of discharge", Form::Day, false),
    field("pickup_address1", "Pickup Address", "Picked up at, street", Form::Text, false),
    field("pickup_city", "Pickup City", "Picked up at, city", Form::Text, false),
    field("pickup_state", "Pickup State", "Picked up at, state", Form::Code, false),
    field("pickup_postal_code", "Pickup ZIP", "Picked up at, ZIP", Form::Text, false),
    field("dropoff_name", "Dropoff Name", "Taken to, name", Form::Text, false),
    field("dropoff_address1", "Dropoff Address", "Taken to, street", Form::Text, false),
    field("dropoff_city", "Dropoff City", "Taken to, city", Form::Text, false),
    field("dropoff_state", "Dropoff State", "Taken to, state", Form::Code, false),
    field("dropoff_postal_code", "Dropoff ZIP", "Taken to, ZIP", Form::Text, false),
    field("transport_reason", "Transport Reason", "Reason of the transport (A to E)", Form::Code, false),
    field("miles", "Miles", "Miles", Form::Quantity, false),
    field("diagnoses", "", "Diagnoses, principal first", Form::Codes(DIAGNOSES_MAX), true),
];

/// Fields of one charge.
#[rustfmt::skip] // a table
pub(super) const CHARGE: &[Field] = &[
    field("charge_id", "Line ID", "Charge id", Form::Text, true),
    field("service_date", "DOS", "Date of service", Form::Day, true),
    field("procedure", "CPT", "Procedure code", Form::Code, true),
    field("modifiers", "", "Modifiers", Form::Codes(MODIFIERS_MAX), false),
    field("minutes", "Minutes", "Minutes (anesthesia)", Form::Quantity, false),
    field("units", "Units", "Units", Form::Quantity, true),
    field("charge", "Charge", "Charge, dollars", Form::Amount, true),
    field("pointers", "Pointers", "Diagnoses it is for (A,B or 1,2)", Form::Pointers, false),
    field("ndc", "NDC", "NDC of the drug", Form::Code, false),
    field("ndc_quantity", "NDC Qty", "NDC quantity", Form::Quantity, false),
    field("ndc_unit", "NDC Unit", "NDC unit (ML, UN, GR, F2, ME)", Form::Code, false),
    field("action", "Action", "Action (new, replace, cancel)", Form::Action, false),
];

impl Form {
    /// The text as it is kept, or what was expected. Empty stays empty.
    pub(super) fn normal(self, text: &str) -> Result<String, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(String::new());
        }
        if text.chars().any(char::is_control) {
            return Err(self.wanted().to_owned());
        }
        let upper = text.to_ascii_uppercase();
        let plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        let kept = match self {
            Self::Text => Some(text.to_owned()),
            Self::Day => day(text).map(iso),
            Self::Gender => match upper.as_str() {
                "F" | "FEMALE" => Some("F".to_owned()),
                "M" | "MALE" => Some("M".to_owned()),
                "U" | "UNKNOWN" => Some("U".to_owned()),
                _ => None,
            },
            Self::Relationship => ["Self", "Spouse", "Child", "Other"]
                .into_iter()
                .find(|word| word.eq_ignore_ascii_case(text))
                .map(str::to_owned),
            Self::Code => plain(&upper).then_some(upper),
            Self::Codes(most) => {
                let codes: Vec<&str> = upper.split([' ', ',', ';']).filter(|code| !code.is_empty()).collect();
                (codes.len() <= most && codes.iter().all(|code| plain(code))).then(|| codes.join(" "))
            }
            Self::Amount => amount(text),
            Self::Quantity => quantity(text),
            Self::Pointers => {
                let is_pointer = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'A'..=b'L' | b',' | b' ');
                upper.bytes().all(is_pointer).then(|| upper.replace(' ', ","))
            }
            Self::Action => {
                ["new", "replace", "cancel"].into_iter().find(|word| word.eq_ignore_ascii_case(text)).map(str::to_owned)
            }
        };
        kept.ok_or_else(|| self.wanted().to_owned())
    }

    /// What it takes, in words.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Text => "text on one line",
            Self::Day => "a day such as 2026-05-01 or 05/01/2026",
            Self::Gender => "F, M or U",
            Self::Relationship => "self, spouse, child or other",
            Self::Code => "letters and digits",
            Self::Codes(MODIFIERS_MAX) => "at most 4 codes, separated by blanks",
            Self::Codes(_) => "at most 12 codes, separated by blanks",
            Self::Amount => "dollars such as 145.00",
            Self::Quantity => "a number with at most three decimals",
            Self::Pointers => "letters or numbers of diagnoses, such as A,B or 1,2",
            Self::Action => "new, replace or cancel",
        }
    }
}

/// `found looks like ..., expected ...`: the shape, never the value.
pub(super) fn misfit(text: &str, expected: &str) -> String {
    format!("found {}, expected {expected}", shape(text))
}

fn day(text: &str) -> Option<Date> {
    if let Ok(date) = parse_iso(text) {
        return Some(date);
    }
    let read = jiff::civil::Date::strptime("%m/%d/%Y", text).ok()?;
    Some(crate::claim::from_jiff(read)).filter(|date| date.year >= 1_000)
}

/// `$1,234.5` as `1234.50`.
fn amount(text: &str) -> Option<String> {
    let bare = text.strip_prefix('$').unwrap_or(text).replace(',', "");
    let (whole, cents) = bare.split_once('.').unwrap_or((&bare, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && whole.len() <= 10 && cents.len() <= 2 && digits(whole) && digits(cents);
    fits.then(|| format!("{whole}.{cents:0<2}"))
}

/// `01.500` as `1.5`.
fn quantity(text: &str) -> Option<String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || part.len() > 3 || !digits(whole) || !digits(part) {
        return None;
    }
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if part.is_empty() { whole.to_owned() } else { format!("{whole}.{part}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_keyed_gets_one_form() {
        for (form, keyed, kept) in [
            (Form::Day, "05/01/2026", "2026-05-01"),
            (Form::Day, " 2026-05-01 ", "2026-05-01"),
            (Form::Gender, "female", "F"),
            (Form::Relationship, "SPOUSE", "Spouse"),
            (Form::Codes(12), "i10, e11.9", "I10 E11.9"),
            (Form::Amount, "$1,234.5", "1234.50"),
            (Form::Amount, "145", "145.00"),
            (Form::Quantity, "01.500", "1.5"),
            (Form::Quantity, "0", "0"),
            (Form::Pointers, "a b", "A,B"),
            (Form::Text, "", ""),
        ] {
            assert_eq!(form.normal(keyed), Ok(kept.to_owned()), "{keyed}");
        }
        for (form, keyed) in [
            (Form::Day, "13/01/2026"),
            (Form::Day, "05/01/26"),
            (Form::Day, "2026-02-30"),
            (Form::Gender, "W"),
            (Form::Relationship, "aunt"),
            (Form::Codes(4), "25 59 RT LT 76"),
            (Form::Amount, "-5"),
            (Form::Amount, "1.234"),
            (Form::Amount, ".5"),
            (Form::Quantity, "1e3"),
            (Form::Quantity, "1.2345"),
            (Form::Pointers, "A,Z"),
            (Form::Text, "two\nlines"),
        ] {
            assert!(form.normal(keyed).is_err(), "{keyed}");
        }
    }

    #[test]
    fn keys_are_unique() {
        for table in [VISIT, CHARGE] {
            for (at, field) in table.iter().enumerate() {
                assert!(table.iter().skip(at + 1).all(|other| other.key != field.key), "{}", field.key);
            }
        }
    }
}
