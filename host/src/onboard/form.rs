//! What a value looks like: a day, an NPI, a diagnosis. Form only; what a value means, the adapters say.

use claimhost_sdk::delimited::{DateFormat, cents, pointers, procedure, thousandths};

use crate::claim::{Date, npi_is_valid};
use crate::codes::form::{is_cpt, is_hcpcs, is_icd10, is_modifier};
use crate::practice::STATES;

/// How exports write days, the likeliest first: of two that fit every value, the first is drafted and the other named.
pub(crate) const DATE_FORMATS: [&str; 8] =
    ["MM/DD/YYYY", "YYYY-MM-DD", "YYYYMMDD", "MM-DD-YYYY", "YYYY/MM/DD", "DD-MMM-YYYY", "MMDDYYYY", "DD/MM/YYYY"];

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// Whatever text.
    Text,
    /// A day, in the file's own format.
    Day,
    /// Ten digits with the check digit of an NPI.
    Npi,
    /// CPT or HCPCS, with modifiers behind it or not.
    Procedure,
    /// ICD-10-CM, with or without its dot.
    Diagnosis,
    /// Two letters or digits.
    Modifier,
    /// An amount.
    Money,
    /// A quantity.
    Quantity,
    /// F, M, or their words.
    Gender,
    /// A state of the US.
    State,
    /// Five or nine digits.
    Zip,
    /// Two digits.
    Place,
    /// Letters or numbers of diagnoses.
    Pointers,
}

impl Form {
    /// What it is called in a draft's comments.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Day => "days",
            Self::Npi => "NPIs with a right check digit",
            Self::Procedure => "CPT or HCPCS codes",
            Self::Diagnosis => "ICD-10-CM codes",
            Self::Modifier => "modifiers",
            Self::Money => "amounts",
            Self::Quantity => "quantities",
            Self::Gender => "genders",
            Self::State => "states",
            Self::Zip => "ZIP codes",
            Self::Place => "places of service",
            Self::Pointers => "pointers",
        }
    }

    /// Whether a value that is not empty has it. `dates`: how this file writes days.
    pub(crate) fn has(self, value: &str, dates: Option<&DateFormat>) -> bool {
        let value = value.trim();
        match self {
            Self::Text => true,
            Self::Day => dates.is_some_and(|dates| dates.day(value).is_some()),
            Self::Npi => npi_is_valid(value),
            Self::Procedure => {
                let (code, _) = procedure(value);
                is_cpt(&code) || is_hcpcs(&code)
            }
            Self::Diagnosis => is_icd10(&value.replace('.', "").to_ascii_uppercase()),
            Self::Modifier => is_modifier(value),
            Self::Money => cents(value).is_some(),
            Self::Quantity => thousandths(value).is_some(),
            Self::Gender => {
                matches!(
                    value.to_ascii_uppercase().as_str(),
                    "F" | "M" | "U" | "X" | "O" | "FEMALE" | "MALE" | "UNKNOWN" | "OTHER"
                )
            }
            Self::State => STATES.contains(&value.to_ascii_uppercase().as_str()),
            Self::Zip => {
                let digits: String = value.chars().filter(|one| !matches!(one, '-' | ' ')).collect();
                matches!(digits.len(), 5 | 9) && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Place => value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Pointers => pointers(value).is_some(),
        }
    }
}

/// The format that most values are days in, with how many, and the other formats that fit as many. None where no value is a day.
pub(crate) fn date_format<'v>(
    values: impl Iterator<Item = &'v str> + Clone,
) -> Option<(&'static str, usize, Vec<&'static str>)> {
    let counted = |format: &'static str| {
        let dates = DateFormat::parse(format)?;
        let plausible = |value: &&str| {
            dates.day(value).is_some_and(|day: claimhost_sdk::claim::Date| (1900..=2100).contains(&day.year))
        };
        Some((format, values.clone().filter(plausible).count()))
    };
    let counts: Vec<(&'static str, usize)> = DATE_FORMATS.into_iter().filter_map(counted).collect();
    let most = counts.iter().map(|(_, count)| *count).max().filter(|most| *most > 0)?;
    let mut fit = counts.into_iter().filter(|(_, count)| *count == most).map(|(format, _)| format);
    Some((fit.next()?, most, fit.collect()))
}

/// The day a value means, as the host's own type.
pub(crate) fn day(dates: &DateFormat, value: &str) -> Option<Date> {
    dates.day(value).map(|day| Date { year: day.year, month: day.month, day: day.day })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_forms_that_they_are_written_in() {
        let dates = DateFormat::parse("MM/DD/YYYY").unwrap();
        for (form, right, wrong) in [
            (Form::Npi, "1234567893", "1234567890"),
            (Form::Day, "3/2/2026", "2026-03-02"),
            (Form::Procedure, "99213-25", "OV3"),
            (Form::Procedure, "J1100", "ZZZZZ"),
            (Form::Diagnosis, "j06.9", "99213"),
            (Form::Modifier, "RT", "25X"),
            (Form::Money, "$1,234.50", "12,50"),
            (Form::Quantity, "1.5", "one"),
            (Form::Gender, "female", "12"),
            (Form::State, "oh", "ZZ"),
            (Form::Zip, "43001-1200", "4300"),
            (Form::Place, "11", "office"),
            (Form::Pointers, "A,B", "M54"),
        ] {
            assert!(form.has(right, Some(&dates)), "{form:?} {right}");
            assert!(!form.has(wrong, Some(&dates)), "{form:?} {wrong}");
        }
        assert!(!Form::Day.has("03/02/2026", None));
    }

    #[test]
    fn the_format_of_most_days_is_found_and_what_fits_as_well_is_named() {
        let found = |values: &[&'static str]| date_format(values.iter().copied());
        assert_eq!(found(&["03/02/2026", "12/31/2025", ""]), Some(("MM/DD/YYYY", 2, vec![])));
        assert_eq!(found(&["03/02/2026"]), Some(("MM/DD/YYYY", 1, vec!["DD/MM/YYYY"])));
        assert_eq!(found(&["31/12/2025", "03/02/2026"]), Some(("DD/MM/YYYY", 2, vec![])));
        assert_eq!(found(&["2026-03-02"]), Some(("YYYY-MM-DD", 1, vec![])));
        assert_eq!(
            found(&["20260302", "99213", "12345678"]).map(|(format, count, _)| (format, count)),
            Some(("YYYYMMDD", 1))
        );
        assert_eq!(found(&["Vance", "", "99213"]), None);
    }
}
