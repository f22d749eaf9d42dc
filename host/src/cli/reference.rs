//! How things are named on the command line: `PRACTICE/ID`, or `ID` where only one practice can be meant.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// A name as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    practice: Option<String>,
    id: String,
}

impl Reference {
    /// The part before the slash.
    pub(crate) fn practice(&self) -> Option<&str> {
        self.practice.as_deref()
    }

    /// The part after it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The id as a number of ours.
    pub(crate) fn number(&self) -> Option<u64> {
        self.id.parse().ok()
    }
}

impl FromStr for Reference {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let text = text.trim();
        Ok(match text.split_once('/') {
            Some((practice, id)) if !practice.is_empty() => {
                Self { practice: Some(practice.to_owned()), id: id.to_owned() }
            }
            _ => Self { practice: None, id: text.to_owned() },
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.practice {
            Some(practice) => write!(formatter, "{practice}/{}", self.id),
            None => formatter.write_str(&self.id),
        }
    }
}

/// The name of a thing as every command prints and takes it.
pub(crate) fn name(practice: &str, id: u64) -> String {
    format!("{practice}/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_typed() {
        let typed: Reference = name("cedar-family", 17).parse().unwrap();
        assert_eq!((typed.practice(), typed.number()), (Some("cedar-family"), Some(17)));
        assert_eq!(typed.to_string(), "cedar-family/17");
    }

    #[test]
    fn a_bare_word_has_no_practice_and_may_be_no_number() {
        for (text, number) in [("17", Some(17)), (" 17 ", Some(17)), ("V-10/3x", None), ("", None), ("-1", None)] {
            let typed: Reference = text.parse().unwrap();
            assert_eq!(typed.number(), number, "{text:?}");
        }
        let typed: Reference = "/17".parse().unwrap();
        assert_eq!((typed.practice(), typed.id()), (None, "/17"));
    }
}
