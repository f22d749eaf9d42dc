//! HL7 data types of people and places to contract records: XPN, XAD, XCN, tables 0001 and 0063.
//!
//! Names keep the case they came in. The HL7 null (two quotes) reads as empty.

use claimhost_hl7v2::{Date as Hl7Date, Value};

use crate::claim::{Address, Date, Gender, PersonName, Provider, Relationship};
use crate::code::npi_is_valid;

/// The contract's day.
pub fn day(date: Hl7Date) -> Date {
    Date { year: date.year, month: date.month, day: date.day }
}

fn part(value: &Value<'_>, component: u16) -> String {
    value.component(component).text().trim().to_owned()
}

/// The first subcomponent: family names and streets are split further.
fn first(value: &Value<'_>, component: u16) -> String {
    value.component(component).subcomponent(1).text().trim().to_owned()
}

/// XPN: family, given, middle, suffix.
pub fn name(value: Option<Value<'_>>) -> PersonName {
    let Some(value) = value else { return PersonName::default() };
    PersonName { last: first(&value, 1), first: part(&value, 2), middle: part(&value, 3), suffix: part(&value, 4) }
}

/// XAD; `None` where all of it is empty. US ZIP codes lose their hyphen; the country of a US address is not kept.
pub fn address(value: Option<Value<'_>>) -> Option<Address> {
    let value = value.filter(Value::is_present)?;
    let street = value.component(1);
    let (line, named) = (first(&value, 1), street.subcomponent(2).text().trim().to_owned());
    // SAD: some senders split the number from the street.
    let split = !named.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    let line1 = if split { format!("{line} {named}") } else { line };
    let country = part(&value, 6).to_ascii_uppercase();
    let domestic = matches!(country.as_str(), "" | "US" | "USA" | "UNITED STATES");
    let postal_code: String =
        part(&value, 5).chars().filter(|letter| !(domestic && matches!(letter, '-' | ' '))).collect();
    let address = Address {
        line1,
        line2: part(&value, 2),
        city: part(&value, 3),
        state: part(&value, 4),
        postal_code,
        country: if domestic { String::new() } else { country },
        subdivision: String::new(),
    };
    (address != Address::default()).then_some(address)
}

/// Table 0001 (and 0335 words): F, M, anything else that was said is unknown.
pub fn gender(text: &str) -> Option<Gender> {
    match text.to_ascii_uppercase().as_str() {
        "" => None,
        "F" | "FEMALE" => Some(Gender::Female),
        "M" | "MALE" => Some(Gender::Male),
        _ => Some(Gender::Unknown),
    }
}

/// Table 0063 and the codes of X12 1069, by code or English word. `None`: nothing was said.
pub fn relationship(text: &str) -> Option<Relationship> {
    Some(match text.trim().to_ascii_uppercase().as_str() {
        "" => return None,
        "SEL" | "SELF" | "S" | "18" => Relationship::PatientIsSubscriber,
        "SPO" | "SPOUSE" | "01" | "1" => Relationship::Spouse,
        "CHD" | "CHILD" | "NCH" | "19" => Relationship::Child,
        "EME" | "EMPLOYEE" | "20" => Relationship::Employee,
        "UNK" | "UNKNOWN" | "21" => Relationship::Unknown,
        "39" => Relationship::OrganDonor,
        "40" => Relationship::CadaverDonor,
        "DOM" | "LIF" | "53" => Relationship::LifePartner,
        _ => Relationship::Other,
    })
}

/// The OID under which National Provider Identifiers are assigned.
const NPI_OID: &[u8] = b"2.16.840.1.113883.4.6";

/// XCN, all repetitions: one provider whose NPI may stand in another repetition than the local id. `None`: nobody.
pub fn provider<'a>(values: impl Iterator<Item = Value<'a>>) -> Option<Provider> {
    let mut provider: Option<Provider> = None;
    for value in values.filter(Value::is_present) {
        let (id, name) = (part(&value, 1), xcn_name(&value));
        let oid = value.component(9).raw().windows(NPI_OID.len()).any(|window| window == NPI_OID);
        let declared = part(&value, 13).eq_ignore_ascii_case("NPI") || oid;
        let is_npi = !id.is_empty() && (declared || npi_is_valid(&id));
        let known = provider.get_or_insert_with(|| Provider { name: name.clone(), ..Provider::default() });
        if name != known.name && name != PersonName::default() {
            continue; // another person
        }
        if is_npi {
            known.npi.get_or_insert(id);
        } else if known.local_id.is_empty() {
            known.local_id = id;
        }
    }
    provider
}

fn xcn_name(value: &Value<'_>) -> PersonName {
    PersonName { last: first(value, 2), first: part(value, 3), middle: part(value, 4), suffix: part(value, 5) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claimhost_hl7v2::{Message, Path};

    fn with<T>(field: &str, read: impl FnOnce(&Message<'_>, &Path) -> T) -> T {
        let text = format!("MSH|^~\\&|A\rZZZ|{field}");
        let message = Message::parse(text.as_bytes()).unwrap();
        read(&message, &Path::parse("ZZZ-1").unwrap())
    }

    #[test]
    fn providers_by_qualifier_oid_check_digit_and_repetition() {
        let read = |field: &str| with(field, |message, path| provider(message.repetitions(path))).unwrap();
        assert_eq!(read("1000000000^A^B^^^^^^^^^^NPI").npi.as_deref(), Some("1000000000")); // the scrub finds the check digit
        assert_eq!(read("1234567893^A^B").npi.as_deref(), Some("1234567893"));
        assert_eq!(read("555^A^B^^^^^^&2.16.840.1.113883.4.6&ISO").npi.as_deref(), Some("555"));
        let both = read("DR01^A^B~1234567893^A^B^^^^^^^^^^NPI");
        assert_eq!((both.local_id.as_str(), both.npi.as_deref()), ("DR01", Some("1234567893")));
        assert_eq!(read("DR01^A^B~1234567893^Other^C^^^^^^^^^^NPI").npi, None);
        assert_eq!(read("7714058293^Van Dyk&van&Dyk^B").local_id, "7714058293");
        assert_eq!(with("^^^", |message, path| provider(message.repetitions(path))), None);
    }

    #[test]
    fn addresses() {
        let read = |field: &str| with(field, |message, path| address(Some(message.get(path))));
        let plain = read("1 Elm St&Elm St&1^Apt 2^Toledo^OH^43001-1234^USA").unwrap();
        assert_eq!(
            (plain.line1.as_str(), plain.postal_code.as_str(), plain.country.as_str()),
            ("1 Elm St", "430011234", "")
        );
        assert_eq!(read("1000&Hospital Lane^^Toledo^OH^43001").unwrap().line1, "1000 Hospital Lane");
        assert_eq!(read("1 Rue X^^Paris^^75 001^FR").unwrap().postal_code, "75 001");
        assert_eq!(read("^^^^"), None);
        assert_eq!(read("\"\""), None);
    }
}
