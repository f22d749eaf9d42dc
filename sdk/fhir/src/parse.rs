//! From bytes to typed resources, and text of resources that wait to be read.

use crate::bundle::Bundle;
use crate::claim::Claim;
use crate::error::FhirError;
use crate::primitives::Text;
use crate::resources::{
    ChargeItem, Condition, Coverage, Encounter, Location, Organization, Patient, Practitioner, PractitionerRole,
    Procedure,
};
use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;
use std::fmt;

/// A resource type of this codec.
pub trait TypedResource<'a>: Deserialize<'a> {
    /// Value of `resourceType`.
    const TYPE: &'static str;
}

/// JSON text of a resource inside another, checked to be JSON but not yet read. `Debug` prints its length.
#[derive(Clone, Copy)]
pub struct Raw<'a>(&'a RawValue);

impl<'a> Raw<'a> {
    /// Returns the JSON text.
    pub fn json(&self) -> &'a str {
        self.0.get()
    }

    /// Reads it as a resource; `path` (such as `Bundle.entry[3].resource`) begins the path of errors.
    ///
    /// # Errors
    /// As for [`Resource::parse`].
    pub fn resource(&self, path: &str) -> Result<Resource<'a>, FhirError> {
        Resource::read(self.json(), Some(path))
    }

    /// Returns `resourceType` and `id`.
    ///
    /// # Errors
    /// When it is no object, or these are no strings.
    pub fn head(&self, path: &str) -> Result<(Text<'a>, Option<Text<'a>>), FhirError> {
        let head = read_json::<Head<'a>>(self.json(), path)?;
        let kind = head.resource_type.ok_or_else(|| FhirError::new(path, "no resourceType", "a FHIR resource"))?;
        Ok((kind, head.id))
    }
}

impl fmt::Debug for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<resource of {} bytes>", self.json().len())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&'de RawValue>::deserialize(deserializer).map(Self)
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
struct Head<'a> {
    resource_type: Option<Text<'a>>,
    id: Option<Text<'a>>,
}

/// Reads a resource of one type.
///
/// # Errors
/// When the bytes are no UTF-8 or JSON, the resource is of another type, or an element has the wrong type.
pub fn parse<'a, T: TypedResource<'a>>(bytes: &'a [u8]) -> Result<T, FhirError> {
    let json = text(bytes)?;
    let head = read_json::<Head<'a>>(json, T::TYPE)?;
    if head.resource_type.as_deref() != Some(T::TYPE) {
        let expected = format!("resourceType {}", T::TYPE);
        return Err(FhirError::new(T::TYPE, "another or no resourceType", &expected));
    }
    read_json(json, T::TYPE)
}

fn text(bytes: &[u8]) -> Result<&str, FhirError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        FhirError {
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: before.len() - line_start + 1,
            ..FhirError::new("resource", "a byte that is no UTF-8", "UTF-8")
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn read_json<'a, T: Deserialize<'a>>(json: &'a str, path: &str) -> Result<T, FhirError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| FhirError::from_json(path, error.path(), error.inner()))?;
    match deserializer.end() {
        Ok(()) => Ok(value),
        Err(error) => Err(FhirError {
            line: error.line(),
            column: error.column(),
            ..FhirError::new(path, "more text after the resource", "one resource")
        }),
    }
}

/// Generates the enum of resources, its parser and the type names.
macro_rules! resources {
    ($($name:ident),* $(,)?) => {
        /// A resource of any type.
        #[derive(Debug, Clone)]
        pub enum Resource<'a> {
            $(#[doc = concat!("A [`", stringify!($name), "`].")] $name(Box<$name<'a>>),)*
            /// A type billing does not read.
            Other(Text<'a>),
        }

        $(impl<'a> TypedResource<'a> for $name<'a> {
            const TYPE: &'static str = stringify!($name);
        })*

        impl<'a> Resource<'a> {
            /// Reads a resource of any type.
            ///
            /// # Errors
            /// When the bytes are no UTF-8 or JSON, there is no `resourceType`, or an element has the wrong type.
            pub fn parse(bytes: &'a [u8]) -> Result<Self, FhirError> {
                Self::read(text(bytes)?, None)
            }

            fn read(json: &'a str, path: Option<&str>) -> Result<Self, FhirError> {
                let head = read_json::<Head<'a>>(json, path.unwrap_or("resource"))?;
                let Some(kind) = head.resource_type else {
                    return Err(FhirError::new(path.unwrap_or("resource"), "no resourceType", "a FHIR resource"));
                };
                match &*kind {
                    $(stringify!($name) => {
                        read_json(json, path.unwrap_or(stringify!($name))).map(|resource| Self::$name(Box::new(resource)))
                    })*
                    _ => Ok(Self::Other(kind)),
                }
            }
        }
    };
}

resources!(
    Bundle,
    ChargeItem,
    Claim,
    Condition,
    Coverage,
    Encounter,
    Location,
    Organization,
    Patient,
    Practitioner,
    PractitionerRole,
    Procedure,
);
