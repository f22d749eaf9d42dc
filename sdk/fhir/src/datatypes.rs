//! FHIR data types that resources are made of, with what adapters ask them.

use crate::primitives::{DateTime, Decimal, Text};
use serde::Deserialize;

/// Identifier and code systems as sources write them.
pub mod system {
    /// National Provider Identifier.
    pub const NPI: &str = "http://hl7.org/fhir/sid/us-npi";
    /// Employer identification number.
    pub const EIN: &str = "urn:oid:2.16.840.1.113883.4.4";
    /// CPT codes.
    pub const CPT: &str = "http://www.ama-assn.org/go/cpt";
    /// HCPCS level II codes.
    pub const HCPCS: &str = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";
    /// ICD-10-CM codes.
    pub const ICD_10_CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";
    /// Health care provider taxonomy.
    pub const TAXONOMY: &str = "http://nucc.org/provider-taxonomy";
    /// NAIC number of a payer.
    pub const NAIC: &str = "urn:oid:2.16.840.1.113883.6.300";
}

/// A code of a code system.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Coding<'a> {
    /// URI of the code system.
    pub system: Option<Text<'a>>,
    /// The code.
    pub code: Option<Text<'a>>,
    /// Its words.
    pub display: Option<Text<'a>>,
}

/// A concept in one or more code systems, or in words.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct CodeableConcept<'a> {
    /// Codes for it.
    pub coding: Vec<Coding<'a>>,
    /// Words for it.
    pub text: Option<Text<'a>>,
}

impl CodeableConcept<'_> {
    /// Returns the first code of one of the systems, in the order of the systems.
    pub fn code(&self, systems: &[&str]) -> Option<&str> {
        systems.iter().find_map(|wanted| {
            let found = self.coding.iter().find(|coding| coding.system.as_deref() == Some(*wanted));
            found.and_then(|coding| coding.code.as_deref())
        })
    }
}

/// A business identifier.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Identifier<'a> {
    /// usual, official, temp, secondary, old.
    pub r#use: Option<Text<'a>>,
    /// Kind, such as MB (member) or MR (medical record).
    pub r#type: Option<CodeableConcept<'a>>,
    /// URI of who issues it.
    pub system: Option<Text<'a>>,
    /// The identifier.
    pub value: Option<Text<'a>>,
}

impl<'a> Identifier<'a> {
    /// Returns the first identifier of that system with a value.
    pub fn of_system<'l>(list: &'l [Identifier<'a>], system: &str) -> Option<&'l str> {
        let wanted = list.iter().filter(|identifier| identifier.system.as_deref() == Some(system));
        wanted.filter_map(|identifier| identifier.value.as_deref()).next()
    }

    /// Returns the first identifier with a value whose type has that code, such as `MB`.
    pub fn of_type<'l>(list: &'l [Identifier<'a>], code: &str) -> Option<&'l str> {
        let typed = |identifier: &&Identifier<'_>| {
            let codings = identifier.r#type.iter().flat_map(|concept| &concept.coding);
            codings.into_iter().any(|coding| coding.code.as_deref() == Some(code))
        };
        list.iter().filter(typed).filter_map(|identifier| identifier.value.as_deref()).next()
    }
}

/// A pointer to another resource; see [`BundleIndex::resolve`](crate::BundleIndex::resolve).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Reference<'a> {
    /// `Patient/1`, an absolute URL, `urn:uuid:...` or `#contained`.
    pub reference: Option<Text<'a>>,
    /// Resource type pointed to.
    pub r#type: Option<Text<'a>>,
    /// Business identifier instead of, or besides, the reference.
    pub identifier: Option<Box<Identifier<'a>>>,
    /// Words for it.
    pub display: Option<Text<'a>>,
}

/// An amount.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Money<'a> {
    /// The amount.
    pub value: Option<Decimal<'a>>,
    /// ISO 4217 code.
    pub currency: Option<Text<'a>>,
}

impl Money<'_> {
    /// Returns cents of US dollars (a missing currency is taken for USD); `None` for another currency, no
    /// amount, or a part of a cent.
    pub fn usd_cents(&self) -> Option<i64> {
        let dollars = self.currency.as_deref().is_none_or(|currency| currency == "USD");
        self.value.filter(|_| dollars).and_then(|value| value.cents())
    }
}

/// A measured amount, such as units of service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Quantity<'a> {
    /// The number.
    pub value: Option<Decimal<'a>>,
    /// Unit in words.
    pub unit: Option<Text<'a>>,
    /// Code system of the unit.
    pub system: Option<Text<'a>>,
    /// Code of the unit.
    pub code: Option<Text<'a>>,
}

/// From when to when; either may be open.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct Period {
    /// First moment.
    pub start: Option<DateTime>,
    /// Last moment.
    pub end: Option<DateTime>,
}

/// A name of a person.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct HumanName<'a> {
    /// usual, official, temp, nickname, anonymous, old, maiden.
    pub r#use: Option<Text<'a>>,
    /// The whole name.
    pub text: Option<Text<'a>>,
    /// Last name.
    pub family: Option<Text<'a>>,
    /// First and middle names; null where only an extension stands.
    pub given: Vec<Option<Text<'a>>>,
    /// Such as Dr.
    pub prefix: Vec<Option<Text<'a>>>,
    /// Such as Jr.
    pub suffix: Vec<Option<Text<'a>>>,
    /// When it is or was in use.
    pub period: Option<Period>,
}

impl<'a> HumanName<'a> {
    /// Returns the name for a claim: official, else usual, else the first that is not old or a nickname.
    pub fn preferred<'l>(list: &'l [HumanName<'a>]) -> Option<&'l HumanName<'a>> {
        let of = |wanted: &str| list.iter().find(|name| name.r#use.as_deref() == Some(wanted));
        let dated =
            |name: &&HumanName<'_>| matches!(name.r#use.as_deref(), Some("old" | "maiden" | "nickname" | "anonymous"));
        of("official").or_else(|| of("usual")).or_else(|| list.iter().find(|name| !dated(name)))
    }

    /// Returns the n-th given name, 0 is the first.
    pub fn given(&self, index: usize) -> Option<&str> {
        self.given.iter().flatten().nth(index).map(|text| &**text)
    }
}

/// A postal address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Address<'a> {
    /// home, work, temp, old, billing.
    pub r#use: Option<Text<'a>>,
    /// Street lines; null where only an extension stands.
    pub line: Vec<Option<Text<'a>>>,
    /// City.
    pub city: Option<Text<'a>>,
    /// State, mostly two letters.
    pub state: Option<Text<'a>>,
    /// ZIP code.
    pub postal_code: Option<Text<'a>>,
    /// Country.
    pub country: Option<Text<'a>>,
    /// The whole address.
    pub text: Option<Text<'a>>,
    /// When it is or was in use.
    pub period: Option<Period>,
}

/// A telephone number or the like.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct ContactPoint<'a> {
    /// phone, fax, email, ...
    pub system: Option<Text<'a>>,
    /// The number or address.
    pub value: Option<Text<'a>>,
    /// home, work, mobile, ...
    pub r#use: Option<Text<'a>>,
}

/// An element of a source's own; some keep charges in these.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
pub struct Extension<'a> {
    /// Which extension.
    pub url: Option<Text<'a>>,
    /// Extensions inside.
    pub extension: Vec<Extension<'a>>,
    /// Value, if a string.
    pub value_string: Option<Text<'a>>,
    /// Value, if a code.
    pub value_code: Option<Text<'a>>,
    /// Value, if a URI.
    pub value_uri: Option<Text<'a>>,
    /// Value, if true or false.
    pub value_boolean: Option<bool>,
    /// Value, if a decimal.
    pub value_decimal: Option<Decimal<'a>>,
    /// Value, if an integer.
    pub value_integer: Option<Decimal<'a>>,
    /// Value, if a date.
    pub value_date: Option<DateTime>,
    /// Value, if a date with time.
    pub value_date_time: Option<DateTime>,
    /// Value, if a period.
    pub value_period: Option<Period>,
    /// Value, if a coding.
    pub value_coding: Option<Coding<'a>>,
    /// Value, if a concept.
    pub value_codeable_concept: Option<CodeableConcept<'a>>,
    /// Value, if an identifier.
    pub value_identifier: Option<Identifier<'a>>,
    /// Value, if a reference.
    pub value_reference: Option<Reference<'a>>,
    /// Value, if an amount.
    pub value_money: Option<Money<'a>>,
    /// Value, if a quantity.
    pub value_quantity: Option<Quantity<'a>>,
}

impl<'a> Extension<'a> {
    /// Iterates over the extensions whose URL is `name` or ends in `/name`.
    pub fn named<'l>(list: &'l [Extension<'a>], name: &str) -> impl Iterator<Item = &'l Extension<'a>> {
        list.iter().filter(move |extension| {
            let url = extension.url.as_deref().unwrap_or_default();
            url == name || url.strip_suffix(name).is_some_and(|rest| rest.ends_with('/'))
        })
    }
}
