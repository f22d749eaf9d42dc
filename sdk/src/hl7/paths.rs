//! The keys of an HL7 mapping: what each means in the contract. Where each is found by default is the adapter's table.

use claimhost_hl7v2::{Group, Message, Path, Value};

use crate::mapping::Mapping;

/// Where one element of the contract stands in this site's messages.
#[derive(Debug, Clone)]
pub struct Field {
    /// Key in the mapping (`charge.code`).
    pub key: &'static str,
    /// `None` where the interface does not have it (an empty text in the mapping).
    pub path: Option<Path>,
}

impl Field {
    /// Reads the key from the mapping. A path that cannot be read is a problem of its line.
    pub fn read(mapping: &mut Mapping<'_>, key: &'static str, defaults: &[(&str, &str)]) -> Self {
        let default = defaults.iter().find(|(name, _)| *name == key).map_or("", |(_, path)| *path);
        let text = mapping.text(key, default);
        Self { key, path: compile(mapping, key, &text) }
    }

    /// The value in a charge or coverage: its own segments first, then the shared ones of the message.
    pub fn of<'a>(&self, group: &Group<'_, 'a>) -> Option<Value<'a>> {
        self.path.as_ref().map(|path| group.get(path))
    }

    /// The value in the message as a whole.
    pub fn of_message<'a>(&self, message: &Message<'a>) -> Option<Value<'a>> {
        self.path.as_ref().map(|path| message.get(path))
    }
}

/// Compiles a path of the mapping; empty is none.
pub fn compile(mapping: &mut Mapping<'_>, key: &str, text: &str) -> Option<Path> {
    if text.trim().is_empty() {
        return None;
    }
    match Path::parse(text) {
        Ok(path) => Some(path),
        Err(error) => {
            let found = format!("`{}`: {}", error.path, error.fault);
            mapping.problem(key, "mapping.path", &found, "a path such as FT1-7 or FT1-25.1|FT1-7.1, or an empty text");
            None
        }
    }
}

/// Text of a value: its first component where the path names none, trimmed; empty where there is none or the HL7 null.
pub fn text(value: Option<Value<'_>>) -> String {
    let Some(value) = value else { return String::new() };
    let leaf = if value.location().component == 0 { value.component(1) } else { value };
    leaf.text().trim().to_owned()
}

macro_rules! paths {
    ($($(#[$meaning:meta])* $field:ident = $key:literal)*) => {
        /// Every path of a mapping, compiled once.
        #[derive(Debug, Clone)]
        pub struct Paths { $($(#[$meaning])* pub $field: Field,)* }

        impl Paths {
            /// Reads all keys; those the adapter's table does not name have no place by default.
            pub fn read(mapping: &mut Mapping<'_>, defaults: &[(&str, &str)]) -> Self {
                Self { $($field: Field::read(mapping, $key, defaults),)* }
            }

            /// The paths that point into a charge (`[charge]`).
            pub fn of_charge(&self) -> impl Iterator<Item = &Field> {
                [$(&self.$field),*].into_iter().filter(|field| field.key.starts_with("charge."))
            }
        }
    };
}

paths! {
    /// `visit-update.source-system`.
    source_system = "source_system"
    /// `visit-update.visit-number`.
    visit_number = "visit.number"
    /// `header.location`.
    visit_location = "visit.location"
    /// The class of the patient (table 0004): whether the visit is a stay.
    visit_class = "visit.class"
    /// `header.extras.dates`, kind admission, of a stay.
    admission = "visit.admission"
    /// `header.extras.dates`, kind discharge, of a stay.
    discharge = "visit.discharge"
    /// `source-order.sequence`.
    sequence = "order.sequence"
    /// `source-order.event-time`.
    time = "order.time"
    /// `patient.ids`, kind medical-record: the id.
    mrn = "patient.mrn"
    /// `patient.ids`: who assigned it.
    authority = "patient.authority"
    /// `patient.ids`, kind account.
    account = "patient.account"
    /// `patient.name` (XPN).
    patient_name = "patient.name"
    /// `patient.birth-date`.
    birth_date = "patient.birth_date"
    /// `patient.gender` (table 0001).
    gender = "patient.gender"
    /// `patient.address` (XAD).
    address = "patient.address"
    /// `charge.id`: the key that makes a repeat harmless.
    charge_id = "charge.id"
    /// `charge.reverses`.
    reverses = "charge.reverses"
    /// `line.service-dates`: a day or start^end.
    date = "charge.date"
    /// `charge.action`, through `[types]`.
    kind = "charge.type"
    /// `line.procedure`: component 1 the code, component 3 its system.
    code = "charge.code"
    /// `line.procedure.modifiers`: each repetition.
    modifiers = "charge.modifiers"
    /// `line.units`.
    units = "charge.units"
    /// `line.units` in minutes, where the site sends them (anesthesia).
    minutes = "charge.minutes"
    /// `line.charge`.
    amount = "charge.amount"
    /// `line.unit-charge`.
    unit_amount = "charge.unit_amount"
    /// `line.diagnosis-pointers`: each repetition, in order.
    charge_diagnoses = "charge.diagnoses"
    /// `line.providers.rendering` (XCN).
    rendering = "charge.rendering"
    /// `line.providers.ordering` (XCN).
    ordering = "charge.ordering"
    /// `header.referring` (XCN).
    referring = "charge.referring"
    /// `line.place-of-service`, where the site sends the code of the CMS list.
    place_of_service = "charge.place_of_service"
    /// `line.drug.code`.
    ndc = "charge.ndc"
    /// `line.drug.amount`.
    ndc_quantity = "charge.ndc_quantity"
    /// `line.drug.amount.unit`.
    ndc_unit = "charge.ndc_unit"
    /// `payer.name`.
    payer_name = "insurance.payer_name"
    /// `subscriber.member-id`.
    member_id = "insurance.member_id"
    /// `subscriber.group-number`.
    group_number = "insurance.group_number"
    /// `subscriber.name` (XPN).
    subscriber_name = "insurance.subscriber_name"
    /// `coverage.relationship` (table 0063).
    relationship = "insurance.relationship"
    /// `subscriber.birth-date`.
    subscriber_birth_date = "insurance.subscriber_birth_date"
    /// `subscriber.address` (XAD).
    subscriber_address = "insurance.subscriber_address"
    /// `subscriber.gender`.
    subscriber_gender = "insurance.subscriber_gender"
    /// `coverage.prior-authorization`.
    authorization = "insurance.authorization"
    /// Order of the coverages.
    coverage_order = "insurance.order"
    /// `diagnosis.code`, in each diagnosis segment.
    diagnosis_code = "diagnosis.code"
    /// `diagnosis.system`.
    diagnosis_system = "diagnosis.system"
    /// Order of the diagnoses.
    diagnosis_priority = "diagnosis.priority"
}
