//! The records of the contract.
//!
//! One row a record, in the contract's own order; `tests/contract.rs` reads the WIT and finds a field that is missing here. Names are those
//! of the contract with `_` for `-`, but for one: `quantity.thousandths` is `amount`, since rules write 1.5, not 1500.

#![allow(clippy::wildcard_imports, reason = "every record of the contract")]

use claimhost_sdk::claim::*;
use claimhost_sdk::review::EarlierLine;

use super::choices::*;
use super::{Field, RecordType, Type};
use crate::value::{Record, Reflect, Value};

records! {
    PATIENT_ID PatientId "patient-id" {
        one kind "kind": (choice(PATIENT_ID_KIND)),
        one authority "authority": (text),
        one value "value": (text),
    }
    PERSON_NAME PersonName "person-name" {
        one last "last": (text),
        one first "first": (text),
        one middle "middle": (text),
        one suffix "suffix": (text),
    }
    ADDRESS Address "address" {
        one line1 "line1": (text),
        one line2 "line2": (text),
        one city "city": (text),
        one state "state": (text),
        one postal_code "postal_code": (text),
        one country "country": (text),
        one subdivision "subdivision": (text),
    }
    CASUALTY_ID CasualtyId "casualty-id" {
        one social_security "social_security": (bool),
        one value "value": (text),
    }
    CONTACT_NUMBER ContactNumber "contact-number" {
        one kind "kind": (choice(CONTACT_KIND)),
        one value "value": (text),
    }
    CONTACT Contact "contact" {
        one name "name": (text),
        one numbers "numbers": (list(record(CONTACT_NUMBER))),
    }
    PATIENT Patient "patient" {
        one ids "ids": (list(record(PATIENT_ID))),
        one name "name": (record(PERSON_NAME)),
        may birth_date "birth_date": (date),
        may gender "gender": (choice(GENDER)),
        may address "address": (record(ADDRESS)),
        may death_date "death_date": (date),
        may weight_pounds "weight_pounds": (decimal),
        one pregnant "pregnant": (bool),
        may casualty_patient_id "casualty_patient_id": (record(CASUALTY_ID)),
        may contact "contact": (record(CONTACT)),
    }
    PAYER_SECONDARY_ID PayerSecondaryId "payer-secondary-id" {
        one kind "kind": (choice(PAYER_SECONDARY_KIND)),
        one value "value": (text),
    }
    PAYER Payer "payer" {
        one name "name": (text),
        one id_kind "id_kind": (choice(PAYER_ID_KIND)),
        one id "id": (text),
        may address "address": (record(ADDRESS)),
        one secondary_ids "secondary_ids": (list(record(PAYER_SECONDARY_ID))),
        one local_ids "local_ids": (list(text)),
    }
    SUBSCRIBER Subscriber "subscriber" {
        one is_person "is_person": (bool),
        one name "name": (record(PERSON_NAME)),
        one member_id_kind "member_id_kind": (choice(MEMBER_ID_KIND)),
        one member_id "member_id": (text),
        may birth_date "birth_date": (date),
        may gender "gender": (choice(GENDER)),
        may address "address": (record(ADDRESS)),
        one group_number "group_number": (text),
        one group_name "group_name": (text),
        may social_security_number "social_security_number": (text),
        may contact "contact": (record(CONTACT)),
        one insurance_type "insurance_type": (text),
    }
    PROVIDER_ID ProviderId "provider-id" {
        one kind "kind": (choice(PROVIDER_ID_KIND)),
        one value "value": (text),
        one payer_id "payer_id": (text),
    }
    ADJUSTMENT Adjustment "adjustment" {
        one group "group": (choice(ADJUSTMENT_GROUP)),
        one reason "reason": (text),
        one amount "amount": (money),
        may quantity "quantity": (decimal),
    }
    OUTPATIENT_ADJUDICATION OutpatientAdjudication "outpatient-adjudication" {
        may reimbursement_rate "reimbursement_rate": (decimal),
        may hcpcs_payable "hcpcs_payable": (money),
        one remarks "remarks": (list(text)),
        may esrd_payment "esrd_payment": (money),
        may professional_component "professional_component": (money),
    }
    PRIOR_ADJUDICATION PriorAdjudication "prior-adjudication" {
        may paid "paid": (money),
        may non_covered "non_covered": (money),
        may remaining_liability "remaining_liability": (money),
        one adjustments "adjustments": (list(record(ADJUSTMENT))),
        may outpatient "outpatient": (record(OUTPATIENT_ADJUDICATION)),
        may adjudicated "adjudicated": (date),
        mayhid claim_control_number "claim_control_number": (text),
        one is_adjusted "is_adjusted": (bool),
    }
    OTHER_PAYER_PROVIDER OtherPayerProvider "other-payer-provider" {
        one role "role": (choice(PROVIDER_ROLE)),
        one is_person "is_person": (bool),
        one ids "ids": (list(record(PROVIDER_ID))),
    }
    COVERAGE Coverage "coverage" {
        one responsibility "responsibility": (choice(RESPONSIBILITY)),
        one payer "payer": (record(PAYER)),
        hid subscriber "subscriber": (record(SUBSCRIBER)),
        one relationship "relationship": (choice(RELATIONSHIP)),
        one filing_indicator "filing_indicator": (text),
        mayhid casualty_claim_number "casualty_claim_number": (text),
        one billing_provider_ids "billing_provider_ids": (list(record(PROVIDER_ID))),
        mayhid prior_authorization "prior_authorization": (text),
        mayhid referral_number "referral_number": (text),
        may benefits_assignment "benefits_assignment": (choice(BENEFITS_ASSIGNMENT)),
        may release "release": (choice(RELEASE)),
        one signature_on_file_generated "signature_on_file_generated": (bool),
        may adjudication "adjudication": (record(PRIOR_ADJUDICATION)),
        one other_payer_providers "other_payer_providers": (list(record(OTHER_PAYER_PROVIDER))),
    }
    DIAGNOSIS Diagnosis "diagnosis" {
        one system "system": (choice(DIAGNOSIS_SYSTEM)),
        one code "code": (text),
    }
    PROVIDER Provider "provider" {
        one is_person "is_person": (bool),
        one name "name": (record(PERSON_NAME)),
        may npi "npi": (text),
        may taxonomy "taxonomy": (text),
        may address "address": (record(ADDRESS)),
        one ids "ids": (list(record(PROVIDER_ID))),
        one contacts "contacts": (list(record(CONTACT))),
        one local_id "local_id": (text),
    }
    DATE_RANGE DateRange "date-range" {
        one start "start": (date),
        one end "end": (date),
    }
    CLAIM_DATE ClaimDate "claim-date" {
        one kind "kind": (choice(CLAIM_DATE_KIND)),
        one value "value": (record(DATE_RANGE)),
    }
    CLAIM_REFERENCE ClaimReference "claim-reference" {
        one kind "kind": (choice(CLAIM_REFERENCE_KIND)),
        hid value "value": (text),
    }
    NOTE Note "note" {
        one kind "kind": (choice(NOTE_KIND)),
        hid text "text": (text),
    }
    ATTACHMENT Attachment "attachment" {
        one report_type "report_type": (text),
        one transmission "transmission": (text),
        hid control_number "control_number": (text),
    }
    CONTRACT Contract "contract" {
        one kind "kind": (text),
        may amount "amount": (money),
        may percent "percent": (decimal),
        one code "code": (text),
        may discount_percent "discount_percent": (decimal),
        one version "version": (text),
    }
    PROCEDURE Procedure "procedure" {
        one system "system": (choice(PROCEDURE_SYSTEM)),
        one code "code": (text),
        one modifiers "modifiers": (list(text)),
        hid description "description": (text),
    }
    QUANTITY Quantity "quantity" {
        one unit "unit": (choice(UNIT)),
        one thousandths "amount": (decimal),
    }
    REPRICING Repricing "repricing" {
        one method "method": (text),
        may allowed "allowed": (money),
        may savings "savings": (money),
        one organization_id "organization_id": (text),
        may rate "rate": (decimal),
        one group_code "group_code": (text),
        may group_amount "group_amount": (money),
        may procedure "procedure": (record(PROCEDURE)),
        may approved "approved": (record(QUANTITY)),
        one reject_reason "reject_reason": (text),
        one policy_compliance "policy_compliance": (text),
        one exception "exception": (text),
    }
    CONDITION Condition "condition" {
        one category "category": (choice(CONDITION_CATEGORY)),
        one applies "applies": (bool),
        one codes "codes": (list(text)),
    }
    DROPOFF Dropoff "dropoff" {
        one name "name": (text),
        one address "address": (record(ADDRESS)),
    }
    AMBULANCE Ambulance "ambulance" {
        may weight_pounds "weight_pounds": (decimal),
        one transport_reason "transport_reason": (text),
        one miles "miles": (decimal),
        one round_trip_purpose "round_trip_purpose": (text),
        one stretcher_purpose "stretcher_purpose": (text),
        one certifications "certifications": (list(record(CONDITION))),
        mayhid pickup "pickup": (record(ADDRESS)),
        mayhid dropoff "dropoff": (record(DROPOFF)),
    }
    SPINAL_MANIPULATION SpinalManipulation "spinal-manipulation" {
        one nature "nature": (text),
        hid description1 "description1": (text),
        hid description2 "description2": (text),
    }
    RELATED_CAUSE RelatedCause "related-cause" {
        one causes "causes": (list(choice(ACCIDENT_CAUSE))),
        one auto_state "auto_state": (text),
        one country "country": (text),
    }
    PAY_TO_PLAN PayToPlan "pay-to-plan" {
        one name "name": (text),
        one id_kind "id_kind": (choice(PAYER_ID_KIND)),
        one id "id": (text),
        one address "address": (record(ADDRESS)),
        one secondary_ids "secondary_ids": (list(record(PAYER_SECONDARY_ID))),
        one tax_id "tax_id": (text),
    }
    CLAIM_EXTRAS ClaimExtras "claim-extras" {
        one dates "dates": (list(record(CLAIM_DATE))),
        one references "references": (list(record(CLAIM_REFERENCE))),
        one notes "notes": (list(record(NOTE))),
        one attachments "attachments": (list(record(ATTACHMENT))),
        may contract "contract": (record(CONTRACT)),
        may repricing "repricing": (record(REPRICING)),
        may ambulance "ambulance": (record(AMBULANCE)),
        may spinal "spinal": (record(SPINAL_MANIPULATION)),
        one conditions "conditions": (list(record(CONDITION))),
        may related_cause "related_cause": (record(RELATED_CAUSE)),
        one special_program "special_program": (text),
        one delay_reason "delay_reason": (text),
        one anesthesia_procedures "anesthesia_procedures": (list(text)),
        one condition_codes "condition_codes": (list(text)),
        hid file_information "file_information": (list(text)),
        may pay_to_address "pay_to_address": (record(ADDRESS)),
        may pay_to_plan "pay_to_plan": (record(PAY_TO_PLAN)),
        one currency "currency": (text),
    }
    CLAIM_HEADER ClaimHeader "claim-header" {
        hid patient "patient": (record(PATIENT)),
        one coverages "coverages": (list(record(COVERAGE))),
        one diagnoses "diagnoses": (list(record(DIAGNOSIS))),
        may billing "billing": (record(PROVIDER)),
        may rendering "rendering": (record(PROVIDER)),
        may referring "referring": (record(PROVIDER)),
        may primary_care "primary_care": (record(PROVIDER)),
        may service_facility "service_facility": (record(PROVIDER)),
        may supervising "supervising": (record(PROVIDER)),
        one place_of_service "place_of_service": (text),
        one location "location": (text),
        may provider_signature "provider_signature": (bool),
        may assignment "assignment": (choice(ASSIGNMENT)),
        may patient_paid "patient_paid": (money),
        may stated_total "stated_total": (money),
        may extras "extras": (record(CLAIM_EXTRAS)),
    }
    DRUG Drug "drug" {
        one qualifier "qualifier": (choice(DRUG_QUALIFIER)),
        one code "code": (text),
        may amount "amount": (record(QUANTITY)),
        hid prescription "prescription": (text),
        hid link_sequence "link_sequence": (text),
    }
    LINE_PROVIDERS LineProviders "line-providers" {
        may rendering "rendering": (record(PROVIDER)),
        may service_facility "service_facility": (record(PROVIDER)),
        may supervising "supervising": (record(PROVIDER)),
        may ordering "ordering": (record(PROVIDER)),
        may referring "referring": (record(PROVIDER)),
        may primary_care "primary_care": (record(PROVIDER)),
    }
    LINE_ADJUDICATION LineAdjudication "line-adjudication" {
        one payer_id "payer_id": (text),
        one paid "paid": (money),
        one procedure "procedure": (record(PROCEDURE)),
        one units "units": (decimal),
        may bundled_into "bundled_into": (int),
        one adjustments "adjustments": (list(record(ADJUSTMENT))),
        one adjudicated "adjudicated": (date),
        may remaining_liability "remaining_liability": (money),
    }
    LINE_DATE LineDate "line-date" {
        one kind "kind": (choice(LINE_DATE_KIND)),
        one value "value": (date),
    }
    LINE_REFERENCE LineReference "line-reference" {
        one kind "kind": (choice(LINE_REFERENCE_KIND)),
        hid value "value": (text),
        one payer_id "payer_id": (text),
    }
    RENTAL Rental "rental" {
        one procedure "procedure": (record(PROCEDURE)),
        one days "days": (decimal),
        one rental_price "rental_price": (money),
        one purchase_price "purchase_price": (money),
        one frequency "frequency": (text),
    }
    EQUIPMENT_CERTIFICATION EquipmentCertification "equipment-certification" {
        one kind "kind": (text),
        one months "months": (decimal),
    }
    FORM_ANSWER FormAnswer "form-answer" {
        one question "question": (text),
        hid response "response": (text),
        hid text "text": (text),
        may date "date": (date),
        may percent "percent": (decimal),
    }
    SUPPORTING_FORM SupportingForm "supporting-form" {
        one is_cms "is_cms": (bool),
        one code "code": (text),
        one answers "answers": (list(record(FORM_ANSWER))),
    }
    EQUIPMENT Equipment "equipment" {
        may rental "rental": (record(RENTAL)),
        one certificate_transmission "certificate_transmission": (text),
        may certification "certification": (record(EQUIPMENT_CERTIFICATION)),
        one forms "forms": (list(record(SUPPORTING_FORM))),
    }
    MEASUREMENT Measurement "measurement" {
        one reference "reference": (text),
        one qualifier "qualifier": (text),
        one value "value": (decimal),
    }
    PURCHASED_SERVICE PurchasedService "purchased-service" {
        one provider_reference "provider_reference": (text),
        one charge "charge": (money),
        may provider "provider": (record(PROVIDER)),
    }
    LINE_EXTRAS LineExtras "line-extras" {
        one dates "dates": (list(record(LINE_DATE))),
        one references "references": (list(record(LINE_REFERENCE))),
        one notes "notes": (list(record(NOTE))),
        one attachments "attachments": (list(record(ATTACHMENT))),
        may contract "contract": (record(CONTRACT)),
        may repricing "repricing": (record(REPRICING)),
        may ambulance "ambulance": (record(AMBULANCE)),
        may equipment "equipment": (record(EQUIPMENT)),
        one conditions "conditions": (list(record(CONDITION))),
        one measurements "measurements": (list(record(MEASUREMENT))),
        may purchased "purchased": (record(PURCHASED_SERVICE)),
        may sales_tax "sales_tax": (money),
        may postage "postage": (money),
        may ambulance_patients "ambulance_patients": (int),
        may anesthesia_units "anesthesia_units": (decimal),
        hid file_information "file_information": (list(text)),
    }
    SERVICE_LINE ServiceLine "service-line" {
        one procedure "procedure": (record(PROCEDURE)),
        one charge "charge": (money),
        may unit_charge "unit_charge": (money),
        one units "units": (record(QUANTITY)),
        one place_of_service "place_of_service": (text),
        one diagnosis_pointers "diagnosis_pointers": (list(int)),
        one service_dates "service_dates": (record(DATE_RANGE)),
        one emergency "emergency": (bool),
        one epsdt "epsdt": (bool),
        one family_planning "family_planning": (bool),
        one copay_exempt "copay_exempt": (bool),
        may drug "drug": (record(DRUG)),
        may providers "providers": (record(LINE_PROVIDERS)),
        one adjudications "adjudications": (list(record(LINE_ADJUDICATION))),
        may extras "extras": (record(LINE_EXTRAS)),
    }
    CLAIM Claim "claim" {
        one control_number "control_number": (text),
        one frequency "frequency": (choice(FREQUENCY)),
        mayhid payer_control_number "payer_control_number": (text),
        one destination "destination": (int),
        one total_charge "total_charge": (money),
        one header "header": (record(CLAIM_HEADER)),
        one lines "lines": (list(record(SERVICE_LINE))),
    }
    EARLIER_LINE EarlierLine "earlier-line" {
        one claim_id "claim_id": (text),
        one service_dates "service_dates": (record(DATE_RANGE)),
        one procedure "procedure": (record(PROCEDURE)),
        one units "units": (record(QUANTITY)),
        one charge "charge": (money),
        one rendering_npi "rendering_npi": (text),
        one diagnoses "diagnoses": (list(text)),
    }
}
