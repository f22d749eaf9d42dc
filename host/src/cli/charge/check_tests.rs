use super::*;

#[test]
fn places_of_findings_are_fields_of_the_entry() {
    for (line, place, field) in [
        (None, "header.patient.birth-date", "patient_birth_date"),
        (None, "header.patient.name", "patient_last"),
        (None, "header.coverages.subscriber.member-id", "member_id"),
        (None, "coverages.subscriber.member_id", "member_id"),
        (None, "header.coverages[0].payer", "payer"),
        (None, "header.rendering", "rendering"),
        (None, "diagnoses", "diagnoses"),
        (None, "lines.service_dates", "charges"),
        (None, "claim", ""),
        (Some(1), "procedure.modifiers", "charges[1].modifiers"),
        (Some(0), "procedure.code", "charges[0].procedure"),
        (Some(0), "service_dates", "charges[0].service_date"),
        (Some(0), "providers.rendering.npi", "rendering"),
        (Some(0), "diagnosis_pointers", "charges[0].pointers"),
        (Some(2), "drug.code", "charges[2].ndc"),
        (None, "extras.dates", "admission_date"),
        (Some(0), "extras.ambulance.pickup", "pickup_address1"),
        (None, "coverages[0].referral_number", "referral"),
        (None, "header.referring", "referring_npi"),
    ] {
        assert_eq!(of_place(line, place), field, "{line:?} {place}");
    }
    assert_eq!(by_column("DOS", 1), "charges[1].service_date");
    assert_eq!(by_column("Patient DOB", 1), "patient_birth_date");
}

#[test]
fn what_is_compared_together_is_told_after_its_last_field() {
    assert!(asked_with("patient_last", "patient_middle") && !asked_with("patient_last", "patient_last"));
    assert!(asked_with("member_id", "member_id") && asked_with("charges[0].units", "charges[0].units"));
}
