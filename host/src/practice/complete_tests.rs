use super::*;
use crate::claim::{Payer as ClaimPayer, Procedure, Relationship};
use crate::visit::samples::{coverage, diagnosis, header, line, name, profile, provider};

fn local(id: &str) -> Option<Provider> {
    let mut unnamed = provider("");
    unnamed.name = name("", "");
    unnamed.local_id = id.into();
    Some(unnamed)
}

#[test]
fn an_hl7_header_becomes_a_whole_one() {
    let mut bare = header();
    bare.place_of_service = String::new();
    bare.location = "MAIN".into();
    bare.rendering = local("DR01");
    bare.coverages = vec![coverage("", "W100"), coverage("", "X200")];
    bare.coverages[0].payer.local_ids = vec!["nfhp ".into()];
    bare.coverages[1].payer.name = "EASTERN".into();
    bare.coverages[1].relationship = Relationship::Child;
    let mut lines = [line("OV3", 10_000)];
    lines[0].procedure.system = ProcedureSystem::Internal;
    let profile = profile();
    assert_eq!(complete(&mut bare, &mut lines, &profile), []);

    let billing = bare.billing.unwrap();
    assert_eq!((billing.npi.as_deref(), billing.is_person), (Some(profile.npi.as_str()), false));
    assert_eq!(billing.ids[0].value, profile.tax_id.value);
    let rendering = bare.rendering.unwrap();
    assert_eq!(rendering.npi.as_deref(), Some(profile.provider[0].npi.as_str()));
    assert_eq!(rendering.name.last, profile.provider[0].last);
    assert_eq!(bare.place_of_service, "11");
    let [first, second] = bare.coverages.as_slice() else { panic!() };
    assert_eq!((first.payer.id.as_str(), first.filing_indicator.as_str()), ("90001", "CI"));
    assert_eq!(first.subscriber.name, bare.patient.name);
    assert_eq!(first.subscriber.birth_date, bare.patient.birth_date);
    assert_eq!(second.payer.id, "90002");
    assert!(second.subscriber.name.last.is_empty(), "a parent's data are not the child's");
    assert_eq!((first.responsibility, second.responsibility), (Responsibility::Primary, Responsibility::Secondary));
    assert_eq!((lines[0].procedure.code.as_str(), lines[0].procedure.system), ("99213", ProcedureSystem::Cpt));
    assert_eq!(bare.provider_signature, Some(true));
}

#[test]
fn what_the_source_said_stays() {
    let mut said = header();
    said.place_of_service = "22".into();
    said.location = "MAIN".into();
    said.provider_signature = Some(false);
    said.billing = Some(provider("1999999984"));
    said.coverages[0].responsibility = Responsibility::Secondary;
    said.coverages[0].subscriber.name = name("Quillfeather", "T");
    let mut odd = provider("1999999984");
    odd.local_id = "DR01".into();
    said.rendering = Some(odd.clone());
    let before = said.clone();
    complete(&mut said, &mut [], &profile());
    assert_eq!(said.place_of_service, "22");
    assert_eq!(said.provider_signature, Some(false));
    assert_eq!(said.billing, before.billing);
    assert_eq!(said.rendering, Some(odd), "an NPI outside the roster is not crossed with a local id of it");
    assert_eq!(said.coverages[0].responsibility, Responsibility::Secondary);
    assert_eq!(said.coverages[0].subscriber.name.first, "T");
}

#[test]
fn what_nobody_knows_is_a_problem_and_stays() {
    let mut unknown = header();
    unknown.place_of_service = String::new();
    unknown.location = "ANNEX".into();
    unknown.rendering = local("DR99");
    unknown.coverages[0].payer = ClaimPayer { id: "NOBODY".into(), ..unknown.coverages[0].payer.clone() };
    let mut lines = [line("XR", 5_000)];
    lines[0].procedure = Procedure { system: ProcedureSystem::Internal, ..lines[0].procedure.clone() };
    let problems = complete(&mut unknown, &mut lines, &profile());
    let ids: Vec<&str> = problems.iter().map(|problem| problem.id.as_str()).collect();
    assert_eq!(ids, ["payer.unknown", "location.unknown", "provider.not-in-roster"]);
    assert_eq!(lines[0].procedure.system, ProcedureSystem::Internal);
    assert!(problems.iter().all(|problem| !problem.words.contains("NOBODY") && !problem.words.contains("DR99")));
}

#[test]
fn crosswalks_know_codes_by_shape_and_diagnoses_without_the_dot() {
    let mut coded = header();
    coded.diagnoses = vec![diagnosis("CGH"), diagnosis("J069")];
    coded.diagnoses[0].system = DiagnosisSystem::Other;
    complete(&mut coded, &mut [], &profile());
    assert_eq!(coded.diagnoses, [diagnosis("R059"), diagnosis("J069")]);
    let shapes = [
        ("99213", ProcedureSystem::Cpt),
        ("0240U", ProcedureSystem::Cpt),
        ("G0439", ProcedureSystem::Hcpcs),
        ("OV3", ProcedureSystem::Internal),
    ];
    for (code, system) in shapes {
        assert_eq!(system_by_shape(code), system, "{code}");
    }
}
