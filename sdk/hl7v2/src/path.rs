//! Paths such as `PID-3.1`, `FT1-19[2].1` or `FT1-25.1|FT1-7.1`, compiled once, used on every message.
//!
//! Numbers start at 1 as in the standard. `SEG[n]` is the n-th segment of that name, `-f[n]` the n-th
//! repetition (the first without it), `.c.s` component and subcomponent (the whole without them).

use crate::segment::SegmentId;
use std::fmt;
use std::str::FromStr;

/// One place in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// Segment name.
    pub segment: SegmentId,
    /// Which segment of that name, 1 is the first; 0 when the path does not say.
    pub ordinal: u16,
    /// Field number; MSH-1 is the field separator, so MSH-3 is the sending application.
    pub field: u16,
    /// Repetition; 1 is the first.
    pub repetition: u16,
    /// Component; 0 means the whole repetition.
    pub component: u16,
    /// Subcomponent; 0 means the whole component.
    pub subcomponent: u16,
}

/// A compiled path: one or more places, the first with text in it wins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    places: Box<[Place]>,
}

/// A path that cannot be read. Paths come from profiles and adapters, not from patients, so the text is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError {
    /// The alternative that is wrong.
    pub path: String,
    /// What is wrong with it.
    pub fault: &'static str,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "path `{}`: {}; write it like FT1-19[2].1 or FT1-25.1|FT1-7.1", self.path, self.fault)
    }
}

impl std::error::Error for PathError {}

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// When an alternative has no segment name of three capitals or digits, no field, or a number that is
    /// zero or above 9999.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let places: Result<Box<[Place]>, PathError> = text.split('|').map(Place::parse).collect();
        places.map(|places| Self { places })
    }

    /// Returns the alternatives in order of preference; there is at least one.
    pub fn places(&self) -> &[Place] {
        &self.places
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, place) in self.places.iter().enumerate() {
            let bar = if index == 0 { "" } else { "|" };
            write!(f, "{bar}{place}")?;
        }
        Ok(())
    }
}

impl Place {
    /// Compiles one place; [`Path::parse`] also takes alternatives.
    ///
    /// # Errors
    /// As for [`Path::parse`].
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let text = text.trim();
        let fail = |fault| PathError { path: text.to_owned(), fault };
        let (segment, rest) = text.split_once('-').ok_or_else(|| fail("no field number"))?;
        let (name, ordinal) = indexed(segment).map_err(fail)?;
        let segment = SegmentId::new(name).ok_or_else(|| fail("no segment name of three capitals or digits"))?;
        let mut numbers = rest.split('.');
        let (field, repetition) = indexed(numbers.next().unwrap_or_default()).map_err(fail)?;
        let field = number(field).map_err(fail)?;
        let component = numbers.next().map_or(Ok(0), number).map_err(fail)?;
        let subcomponent = numbers.next().map_or(Ok(0), number).map_err(fail)?;
        if numbers.next().is_some() {
            return Err(fail("more than field, component and subcomponent"));
        }
        let place = Self {
            segment,
            ordinal: ordinal.unwrap_or(0),
            field,
            repetition: repetition.unwrap_or(1),
            component,
            subcomponent,
        };
        Ok(place)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.segment)?;
        if self.ordinal > 0 {
            write!(f, "[{}]", self.ordinal)?;
        }
        write!(f, "-{}", self.field)?;
        if self.repetition > 1 {
            write!(f, "[{}]", self.repetition)?;
        }
        for number in [self.component, self.subcomponent].into_iter().take_while(|number| *number > 0) {
            write!(f, ".{number}")?;
        }
        Ok(())
    }
}

/// Splits `19[2]` into `19` and 2.
fn indexed(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    let Some((name, index)) = text.split_once('[') else {
        return Ok((text, None));
    };
    let index = index.strip_suffix(']').ok_or("`[` without `]` after the number")?;
    Ok((name, Some(number(index)?)))
}

fn number(text: &str) -> Result<u16, &'static str> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && number > 0 => Ok(number),
        _ => Err("expected a number from 1 to 9999"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiles_and_prints_the_same() {
        for text in ["PID-3.1", "FT1-19[2].1", "IN1-36", "PID-5.1.2", "DG1[2]-3.1", "FT1-25.1|FT1-7.1", "ZXX-1"] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
        let place = Place::parse("FT1[3]-19[2].1.4").unwrap();
        assert_eq!((place.ordinal, place.field, place.repetition), (3, 19, 2));
        assert_eq!((place.component, place.subcomponent), (1, 4));
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in [
            "",
            "PID",
            "PID-",
            "PID-0",
            "PID-x",
            "pid-3",
            "PIDX-3",
            "PID-3.",
            "PID-3.1.2.3",
            "PID-3[2",
            "PID-3[0]",
            "PID-3|",
            "PID-+3",
            "PID-3[2]x",
            "PID-99999",
            "\u{e9}D-1",
        ] {
            assert!(Path::parse(text).is_err(), "{text:?}");
        }
    }
}
