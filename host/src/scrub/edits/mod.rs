//! The table of edits. To add one: a file (or a const in the file of its subject) and a line in [`EDITS`].

mod ambulance;
mod anesthesia;
mod billing;
mod charges;
mod claim_dates;
mod code_cover;
mod code_lists;
mod coordination;
mod crosswalk;
mod dates;
mod demographics;
mod diagnoses;
mod diagnosis_order;
mod drugs;
mod duplicates;
mod eligibility;
mod fees;
mod global_period;
mod laterality;
mod member;
mod modifier_omission;
mod modifier_policy;
mod modifier_undelivered;
mod modifier_use;
mod ncci_addon;
mod ncci_pairs;
mod ncci_units;
mod near_duplicates;
mod new_patient;
mod patient_address;
mod patient_birth;
mod patient_name;
mod patient_state;
mod payer;
mod place;
mod place_use;
mod pointers;
mod procedures;
mod provider_roles;
mod providers;
mod requirements;
mod sex_age;
mod statements;
mod subscriber;
mod text;
mod timely;
mod typos;
mod units;

pub(super) use new_patient::is_new_patient;

use super::edit::{Edit, numbered};
use super::form::{has_code_form, shape};
use crate::claim::{ProcedureSystem, ServiceLine};

/// Every standard edit, in the order of the 837P: findings come in this order.
pub const EDITS: &[Edit] = &[
    billing::MISSING,
    billing::ADDRESS_FORM,
    billing::ZIP4,
    billing::TAX_ID,
    billing::TAX_ID_DIFFERS,
    payer::MISSING,
    payer::UNKNOWN,
    payer::FILING,
    payer::OTHER_INCOMPLETE,
    payer::TWICE,
    payer::PRIOR_MISSING,
    coordination::PRIMARY_MISSING,
    coordination::BALANCE,
    requirements::PAYER,
    subscriber::MISSING,
    subscriber::SELF_DIFFERS,
    subscriber::SELF_NAME,
    subscriber::DEPENDANT_SAME,
    subscriber::CHILD_OLDER,
    member::MISSING,
    member::FORM,
    member::MBI,
    member::SSN,
    patient_name::MISSING,
    patient_name::DIGITS,
    patient_name::PLACEHOLDER,
    patient_name::CHARACTERS,
    patient_name::TITLE,
    patient_birth::MISSING,
    patient_birth::IMPLAUSIBLE,
    patient_birth::AFTER_SERVICE,
    patient_birth::SERVICE_DAY,
    patient_birth::GENDER,
    patient_state::DEATH,
    patient_state::PREGNANT,
    patient_address::MISSING,
    patient_address::FORM,
    patient_address::ZIP_STATE,
    providers::RENDERING_MISSING,
    providers::RENDERING_NPI,
    providers::NPI_FORM,
    providers::OTHER_NPI,
    providers::TAXONOMY,
    provider_roles::PERSON,
    provider_roles::GROUP_NPI,
    provider_roles::NAME,
    provider_roles::REFERRING,
    billing::FACILITY,
    place::MISSING,
    place::FORM,
    place_use::CONFLICT,
    statements::MISSING,
    statements::CONTROL_NUMBER,
    statements::NOT_TAKEN,
    claim_dates::ACCIDENT,
    claim_dates::ADMISSION,
    claim_dates::ORDER,
    diagnoses::MISSING,
    diagnoses::TOO_MANY,
    diagnoses::FORM,
    diagnoses::DOT,
    diagnoses::SYSTEM,
    diagnoses::TWICE,
    diagnosis_order::EXTERNAL_FIRST,
    diagnosis_order::SECONDARY_ONLY,
    diagnosis_order::EXCLUDES,
    sex_age::DIAGNOSIS_SEX,
    sex_age::DIAGNOSIS_AGE,
    dates::INVALID,
    dates::FUTURE,
    dates::AFTER_DEATH,
    dates::SPANS_YEARS,
    timely::FILING,
    procedures::MISSING,
    procedures::UNMAPPED,
    crosswalk::OTHER_DAYS,
    crosswalk::TWO_WAYS,
    crosswalk::RETIRED,
    procedures::FORM,
    procedures::MODIFIER_FORM,
    procedures::MODIFIER_TWICE,
    procedures::MODIFIER_TOO_MANY,
    modifier_undelivered::UNDELIVERED,
    modifier_use::CONTRADICTORY,
    modifier_use::WRONG_CODE,
    modifier_policy::CONTRADICTED,
    laterality::SIDE,
    sex_age::PROCEDURE_SEX,
    sex_age::PROCEDURE_AGE,
    units::NOT_POSITIVE,
    units::FRACTION,
    units::TOO_MANY,
    units::VISIT,
    anesthesia::MINUTES,
    anesthesia::NOT_TIMED,
    anesthesia::WHO,
    ambulance::PICKUP,
    ambulance::ROUTE,
    charges::ZERO,
    charges::NEGATIVE,
    charges::HIGH,
    charges::TOTAL,
    charges::STATED_TOTAL,
    charges::UNIT_PRICE,
    fees::SLIP,
    fees::DIFFERS,
    pointers::MISSING,
    pointers::RANGE,
    pointers::TOO_MANY,
    pointers::TWICE,
    drugs::NDC,
    drugs::QUANTITY,
    requirements::CLIA,
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
    eligibility::UNVERIFIED,
    eligibility::INACTIVE,
    eligibility::REJECTED,
    eligibility::OTHER_PERSON,
    eligibility::OTHER_PAYER,
    code_lists::UNKNOWN,
    code_lists::NOT_BILLABLE,
    code_lists::NOT_YET,
    code_lists::RETIRED,
    duplicates::LINE,
    duplicates::CLAIM,
    typos::MEMBER_ID,
    typos::SERVICE_DATE,
    near_duplicates::NEAR_DUPLICATE,
    new_patient::ESTABLISHED,
    ncci_pairs::NEVER,
    ncci_pairs::MODIFIER_MISSING,
    ncci_units::LINE,
    ncci_units::DAY,
    ncci_addon::PRIMARY_MISSING,
    code_cover::NOT_COVERED,
    modifier_omission::BILATERAL,
    modifier_omission::SEPARATE_VISIT,
    modifier_omission::DECISION,
    modifier_omission::COMPONENT,
    modifier_omission::ASSISTANT,
    global_period::VISIT,
    global_period::PROCEDURE,
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
