//! The table of edits. To add one: a file (or a const in the file of its subject) and a line in [`EDITS`].

mod billing;
mod charges;
mod dates;
mod demographics;
mod diagnoses;
mod drugs;
mod duplicates;
mod member;
mod patient_address;
mod patient_birth;
mod patient_name;
mod payer;
mod place;
mod pointers;
mod procedures;
mod providers;
mod statements;
mod subscriber;
mod text;
mod units;

use super::edit::{Edit, numbered};
use super::form::{has_code_form, shape};
use crate::claim::{ProcedureSystem, ServiceLine};

/// Every standard edit, in the order of the 837P: findings come in this order.
pub const EDITS: &[Edit] = &[
    billing::MISSING,
    billing::ADDRESS_FORM,
    billing::ZIP4,
    billing::TAX_ID,
    payer::MISSING,
    payer::UNKNOWN,
    payer::FILING,
    payer::OTHER_INCOMPLETE,
    payer::TWICE,
    payer::PRIOR_MISSING,
    subscriber::MISSING,
    subscriber::SELF_DIFFERS,
    subscriber::SELF_NAME,
    subscriber::DEPENDANT_SAME,
    member::MISSING,
    member::FORM,
    patient_name::MISSING,
    patient_name::DIGITS,
    patient_birth::MISSING,
    patient_birth::IMPLAUSIBLE,
    patient_birth::AFTER_SERVICE,
    patient_birth::GENDER,
    patient_address::MISSING,
    patient_address::FORM,
    providers::RENDERING_MISSING,
    providers::RENDERING_NPI,
    providers::NPI_FORM,
    providers::OTHER_NPI,
    providers::TAXONOMY,
    billing::FACILITY,
    place::MISSING,
    place::FORM,
    statements::MISSING,
    statements::CONTROL_NUMBER,
    statements::NOT_TAKEN,
    diagnoses::MISSING,
    diagnoses::TOO_MANY,
    diagnoses::FORM,
    diagnoses::DOT,
    diagnoses::SYSTEM,
    diagnoses::TWICE,
    dates::INVALID,
    dates::FUTURE,
    dates::AFTER_DEATH,
    dates::SPANS_YEARS,
    procedures::MISSING,
    procedures::UNMAPPED,
    procedures::FORM,
    procedures::MODIFIER_FORM,
    procedures::MODIFIER_TWICE,
    procedures::MODIFIER_TOO_MANY,
    units::NOT_POSITIVE,
    units::FRACTION,
    units::TOO_MANY,
    charges::ZERO,
    charges::NEGATIVE,
    charges::HIGH,
    charges::TOTAL,
    charges::STATED_TOTAL,
    charges::UNIT_PRICE,
    pointers::MISSING,
    pointers::RANGE,
    pointers::TOO_MANY,
    pointers::TWICE,
    drugs::NDC,
    drugs::QUANTITY,
    demographics::NAME,
    demographics::NAME_VARIANT,
    demographics::BIRTH_DATE,
    demographics::GENDER,
    demographics::MEMBER_ID,
    demographics::MEMBER_ID_FORM,
    demographics::ADDRESS,
    demographics::COVERAGE_DATES,
    demographics::SUBSCRIBER,
    demographics::IDENTITY,
    demographics::TWO_ALIKE,
    duplicates::LINE,
    duplicates::CLAIM,
    text::LINES,
    text::CHARACTERS,
    text::LENGTH,
    text::LETTERS,
];

/// What to call a line in words: its code where it is one, else its shape, for a shifted field may hold a name.
fn code(line: &ServiceLine) -> String {
    let procedure = &line.procedure;
    let public = matches!(procedure.system, ProcedureSystem::Cpt | ProcedureSystem::Hcpcs) && has_code_form(procedure);
    if public { procedure.code.clone() } else { format!("code {}", shape(&procedure.code)) }
}
