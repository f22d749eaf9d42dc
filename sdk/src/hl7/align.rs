//! Is this feed where the mapping says? A field of the wrong kind is named together with the field that holds its kind.
//!
//! Nothing is realigned: the remedy is a line of the site's mapping, written by a person who has seen the message.
//! What passes here may still be wrong (a code that does not exist): that is the scrub's.

use std::collections::BTreeMap;

use claimhost_hl7v2::{Group, Presence, Segment, Value, parse_decimal, parse_timestamp};

use super::charge::ChargeType;
use super::paths::{Field, Paths};
use super::place::{DATE_REMEDY, date_form, date_found, found, place};
use crate::code::{is_cpt, is_hcpcs};
use crate::intake::Problem;

/// What a field of a charge has to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Date,
    Type,
    Code,
    Quantity,
    Money,
    Provider,
    Diagnosis,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::Type => "transaction type",
            Self::Code => "procedure code",
            Self::Quantity => "quantity",
            Self::Money => "amount",
            Self::Provider => "provider",
            Self::Diagnosis => "diagnosis code",
        }
    }
}

/// Checks the fields of charges against what they have to hold.
pub struct Alignment<'s> {
    /// Where the mapping says things are.
    pub paths: &'s Paths,
    /// The transaction types this site declares.
    pub types: &'s BTreeMap<String, ChargeType>,
}

impl Alignment<'_> {
    /// The fields of this charge that cannot be what the mapping says, in the order of the segment.
    pub fn check(&self, charge: &Group<'_, '_>) -> Vec<Problem> {
        let p = self.paths;
        let Some(head) = charge.head() else { return Vec::new() };
        let mut wrong: Vec<(u32, Problem)> = Vec::new();
        let mut test = |field: &Field, kind: Kind, value: Option<Value<'_>>, right: bool| {
            if let Some(value) = value.filter(|_| !right) {
                wrong.push((u32::from(value.location().field), self.problem(&head, field, kind, &value)));
            }
        };
        let date = p.date.of(charge);
        test(&p.date, Kind::Date, date, date.is_some_and(|value| is_date(&value)));
        let kind = p.kind.of(charge);
        test(&p.kind, Kind::Type, kind, kind.is_some_and(|value| self.is_type(&value)));
        let code = code_value(p, charge);
        test(&p.code, Kind::Code, code, code.is_some_and(|value| is_code_like(&value)));
        let units = p.units.of(charge);
        test(&p.units, Kind::Quantity, units, units.is_some_and(|value| self.is_quantity_or_missing(&head, &value)));
        for field in [&p.amount, &p.unit_amount] {
            let value = field.of(charge);
            test(field, Kind::Money, value, value.is_some_and(|value| is_empty(&value) || cents(&value).is_some()));
        }
        for field in [&p.rendering, &p.ordering] {
            let value = field.of(charge);
            test(field, Kind::Provider, value, value.is_some_and(|value| !is_coded(&value)));
        }
        let diagnoses = p.charge_diagnoses.path.iter().flat_map(|path| charge.repetitions(path));
        for value in diagnoses.filter(Value::is_present) {
            test(&p.charge_diagnoses, Kind::Diagnosis, Some(value), is_diagnosis_like(&value));
        }
        wrong.sort_by_key(|(field, _)| *field);
        wrong.into_iter().map(|(_, problem)| problem).collect()
    }

    fn problem(&self, head: &Segment<'_>, field: &Field, kind: Kind, value: &Value<'_>) -> Problem {
        let mut at = place(value.location());
        // The field, not its first component: that is what the mapping names.
        if let Some((whole, _)) = at.path.split_once('.') {
            at.path = whole.to_owned();
        }
        let wanted = value.location().field;
        let elsewhere = (value.location().segment == head.id()).then(|| self.elsewhere(head, kind, wanted)).flatten();
        // The day is there, in another form: another field's day would be another day.
        let form = (kind == Kind::Date).then(|| date_form(&value.component(1).text())).flatten();
        let (found, remedy) = match (form, elsewhere) {
            (Some(form), _) => (date_found(form), DATE_REMEDY.to_owned()),
            (None, Some(other)) => {
                let other = format!("{}-{other}", head.id());
                let declared = match field.key.rsplit_once('.') {
                    Some((table, key)) => format!("[{table}] {key}"),
                    None => field.key.to_owned(),
                };
                (
                    format!("{} ({other} holds what looks like a {})", found(value), kind.name()),
                    format!("declare {declared} = \"{other}\" in this site's mapping"),
                )
            }
            (None, None) if kind == Kind::Type && is_billing_code(value) => {
                let field = format!("{}-{wanted}", value.location().segment);
                (
                    format!("{} (the fields of this segment seem shifted)", found(value)),
                    format!(
                        "declare in this site's mapping [charge] code = \"{field}\" if this is the charge's code, and [charge] type = the \
                         field of the transaction type ({}), or an empty text where the feed sends none: each {} is a charge then",
                        self.known_types(),
                        head.id()
                    ),
                )
            }
            (None, None) if kind == Kind::Type && value.is_present() => (
                found(value),
                "add this type under [types] in this site's mapping, or declare [charge] type".to_owned(),
            ),
            (None, None) => {
                let declared = crate::mapping::spoken(field.key);
                (found(value), format!("correct the sender, or declare {declared} in this site's mapping"))
            }
        };
        Problem { id: "hl7.misaligned".to_owned(), at, found, expected: kind.name().to_owned(), remedy }
    }

    /// The nearest field of the segment that holds this kind, and is not the field itself. FT1-1 is only a counter.
    fn elsewhere(&self, head: &Segment<'_>, kind: Kind, wanted: u16) -> Option<u16> {
        let holds = |field: &u16| {
            let value = head.get(*field, 1, 0, 0);
            value.is_present()
                && match kind {
                    Kind::Date => is_date(&value),
                    Kind::Type => self.is_type(&value),
                    Kind::Code => is_billing_code(&value),
                    Kind::Quantity => !self.is_mapped(*field) && is_small_number(&value),
                    Kind::Money => value.component(1).text().contains('.') && cents(&value).is_some(),
                    Kind::Provider => provider_like(&value),
                    Kind::Diagnosis => false,
                }
        };
        (2..=31).filter(|field| *field != wanted).filter(holds).min_by_key(|field| (field.abs_diff(wanted), *field))
    }

    /// `CG, CD`: what this site's types are called.
    fn known_types(&self) -> String {
        self.types.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    fn is_type(&self, value: &Value<'_>) -> bool {
        self.types.contains_key(value.component(1).text().trim())
    }

    /// A missing quantity is for the scrub, unless a description field beside it (FT1-8, FT1-9) holds the number.
    fn is_quantity_or_missing(&self, head: &Segment<'_>, value: &Value<'_>) -> bool {
        if !is_empty(value) {
            return value.component(1).thousandths().is_ok();
        }
        let beside = |field: u16| !self.is_mapped(field) && is_small_number(&head.get(field, 1, 0, 0));
        let standard = value.location().segment == head.id() && value.location().field == 10;
        !(standard && (beside(8) || beside(9)))
    }

    /// Whether the mapping uses this field of the segment for something else than a quantity.
    fn is_mapped(&self, number: u16) -> bool {
        let others = self.paths.of_charge().filter(|field| field.key != self.paths.units.key);
        let mut places = others.flat_map(|field| field.path.iter()).flat_map(|path| path.places());
        places.any(|place| place.segment.as_str() == "FT1" && place.field == number)
    }
}

/// The procedure code's field: the first alternative whose first component has text, else the last alternative.
pub fn code_value<'a>(paths: &Paths, charge: &Group<'_, 'a>) -> Option<Value<'a>> {
    let places = paths.code.path.as_ref()?.places();
    let values: Vec<Value<'a>> = places.iter().map(|place| charge.get_place(place)).collect();
    values.iter().find(|value| value.component(1).is_present()).or(values.last()).copied()
}

/// Cents of a CP or MO field.
pub fn cents(value: &Value<'_>) -> Option<i64> {
    value.component(1).cents().ok()
}

fn is_empty(value: &Value<'_>) -> bool {
    value.presence() != Presence::Present
}

fn is_date(value: &Value<'_>) -> bool {
    let first = value.component(1);
    let plausible = |text: &str| parse_timestamp(text).is_some_and(|time| (1900..2100).contains(&time.date.year));
    first.date().is_ok() && plausible(&first.text())
}

fn is_billing_code(value: &Value<'_>) -> bool {
    let code = value.component(1).text();
    is_cpt(code.trim()) || is_hcpcs(code.trim())
}

/// What a charge code may look like, a site's own code included: a word without spaces, no date, no money, no name.
fn is_code_like(value: &Value<'_>) -> bool {
    let code = value.component(1).text();
    let code = code.trim();
    let word = (1..=20).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    let money = code.contains('.') && cents(value).is_some() && value.component(2).presence() != Presence::Present;
    let short_number = code.len() < 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    let date = is_date(value) && code.len() >= 8;
    word && !money && !short_number && !date
}

fn is_diagnosis_like(value: &Value<'_>) -> bool {
    let code = value.component(1).text();
    let code = code.trim();
    let word = (1..=18).contains(&code.len())
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-./".contains(&byte));
    word && !is_procedure_field(value)
}

fn is_small_number(value: &Value<'_>) -> bool {
    let text = value.text();
    let text = text.trim();
    (1..=7).contains(&text.len()) && parse_decimal(text, 3).is_some_and(|number| number.abs() < 10_000_000)
}

/// A coded element of a procedure system where a person should be: `99213^Visit^CPT`.
fn is_procedure_field(value: &Value<'_>) -> bool {
    let system = value.component(3).text().trim().to_ascii_uppercase();
    matches!(system.as_str(), "CPT" | "CPT4" | "C4" | "HCPCS" | "HPC" | "HCPC")
}

fn is_coded(value: &Value<'_>) -> bool {
    is_procedure_field(value) && is_billing_code(value)
}

fn provider_like(value: &Value<'_>) -> bool {
    let letters = |number| {
        let text = value.component(number).text();
        !text.is_empty() && text.chars().all(|letter| letter.is_alphabetic() || "-' .".contains(letter))
    };
    value.component(1).is_present() && letters(2) && letters(3) && !is_coded(value)
}
