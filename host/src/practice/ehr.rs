//! What is known of the practice's EHR: whether it has FHIR. The EHR's own CapabilityStatement says it; where it has none, the
//! profile says since when that is known.

use serde::{Deserialize, Serialize};

use super::check::{ProfileError, ProfileProblem};
use super::crosswalk::sheet_day;
use crate::claim::day_number;

/// `[ehr]` of a profile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ehr {
    /// The product, as people call it.
    #[serde(default)]
    pub product: String,
    /// A file beside the profile: what the EHR answers at `[base]/metadata` (a FHIR CapabilityStatement, as JSON).
    #[serde(default)]
    pub fhir_capability: Option<String>,
    /// The day since which it is known that the EHR has no FHIR: `YYYY-MM-DD`.
    #[serde(default)]
    pub no_fhir_as_of: Option<String>,
    /// What that file says: [`super::Profile::read_files`].
    #[serde(skip)]
    pub capability: Option<Capability>,
}

/// What a CapabilityStatement says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// `CapabilityStatement.fhirVersion`.
    pub fhir_version: String,
    /// `CapabilityStatement.date`, as a day number.
    pub day: i64,
}

impl Ehr {
    /// What is known, and since which day (a day number); none where nothing is.
    pub fn known(&self) -> Option<(i64, String)> {
        if let Some(capability) = &self.capability {
            return Some((capability.day, format!("the EHR says FHIR {}", capability.fhir_version)));
        }
        let since = sheet_day(self.no_fhir_as_of.as_deref()?).map(day_number)?;
        Some((since, "the EHR has no FHIR".to_owned()))
    }
}

impl Capability {
    /// Reads a CapabilityStatement.
    ///
    /// # Errors
    /// [`ProfileError`] that names the element: what was found, what was expected.
    pub fn read(path: &str, text: &str) -> Result<Self, ProfileError> {
        let wrong = |key: &str, words: &str| {
            let problem = ProfileProblem { line: 1, column: 1, key: key.to_owned(), words: words.to_owned() };
            ProfileError { path: path.to_owned(), problems: vec![problem] }
        };
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| {
            let (line, column) = (error.line().max(1), error.column().max(1));
            let words = "found no JSON, expected a FHIR CapabilityStatement: what the EHR answers at [base]/metadata"
                .to_owned();
            ProfileError {
                path: path.to_owned(),
                problems: vec![ProfileProblem { line, column, key: String::new(), words }],
            }
        })?;
        let of = |key: &str| value.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
        if of("resourceType") != "CapabilityStatement" {
            return Err(wrong("resourceType", "found another resource, expected `CapabilityStatement`"));
        }
        let fhir_version = of("fhirVersion");
        let plain = fhir_version.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-'));
        if fhir_version.is_empty() || fhir_version.len() > 20 || !plain {
            return Err(wrong("fhirVersion", "found no version, expected one as 4.0.1"));
        }
        let day = of("date").get(..10).and_then(sheet_day).map(day_number);
        let day = day.ok_or_else(|| wrong("date", "found no day, expected the statement's date as YYYY-MM-DD"))?;
        Ok(Self { fhir_version: fhir_version.to_owned(), day })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_says_version_and_day_and_whatever_else_is_refused_by_its_element() {
        let good = r#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","date":"2026-01-05T10:00:00Z"}"#;
        let read = Capability::read("c.json", good).unwrap();
        assert_eq!(read.fhir_version, "4.0.1");
        let known = Ehr { capability: Some(read), ..Ehr::default() }.known().unwrap();
        assert_eq!(known.1, "the EHR says FHIR 4.0.1");
        for (text, said) in [
            ("", "c.json:1:1: found no JSON"),
            ("{}", "c.json:1:1: resourceType: found another"),
            (r#"{"resourceType":"CapabilityStatement"}"#, "c.json:1:1: fhirVersion: found no version"),
            (
                r#"{"resourceType":"CapabilityStatement","fhirVersion":"4.0.1","date":"soon"}"#,
                "c.json:1:1: date: found no day",
            ),
        ] {
            let error = Capability::read("c.json", text).unwrap_err().to_string();
            assert!(error.starts_with(said), "{text}: {error}");
        }
        let none = Ehr { no_fhir_as_of: Some("2026-02-30".into()), ..Ehr::default() };
        assert_eq!(none.known(), None);
    }
}
