//! Tebra: charges as `tebra-pull` brings them, each with its encounter and patient.

use claimhost_tests::programs::workspace;

use super::{Case, Connector, End, Row, day, slashes};

const TABLE: [Row; 17] = [
    ("patient.name", End::Held(&["patient.name.missing"])),
    ("patient.birth-date", End::Held(&["patient.birth-date.missing"])),
    ("patient.sex", End::Held(&["patient.gender.missing"])),
    ("patient.address", End::Held(&["patient.address.missing"])),
    ("member-id", End::Held(&["member-id.missing"])),
    ("payer", End::Held(&["payer.unknown"])),
    ("rendering", End::Held(&["rendering.missing"])),
    ("billing", End::OfProfile),
    ("place-of-service", End::Held(&["place-of-service.missing"])),
    ("dates", End::Refused("records.date")),
    ("diagnoses", End::Held(&["diagnosis.missing"])),
    ("codes", End::Held(&["procedure.missing"])),
    ("modifiers", End::Leaves(Some("- -"))),
    ("units", End::Held(&["units.not-positive"])),
    ("charges", End::Held(&["charge.zero"])),
    // Where a site's charges have diagnoses, they are the charge's own: without them there is none.
    ("pointers", End::Held(&["diagnosis.missing"])),
    ("secondary", End::Leaves(None)),
];

pub fn tebra() -> Connector {
    let shipped = std::fs::read_to_string(workspace().join("connectors/tebra/pulled.toml")).unwrap();
    // A site whose patients hold their own policies, and that has seen codes in EncounterDiagnosisID: the last table is [charge].
    let ids: Vec<String> = (1..=4).map(|at| format!("\"item.ChargeData.EncounterDiagnosisID{at}\"")).collect();
    let supplied = shipped.replace("\"= unknown\"", "\"= self\"") + &format!("charge_dx = [{}]\n", ids.join(", "));
    Connector {
        id: "tebra",
        files,
        shipped,
        supplied,
        profile: &[("ids = [\"DR01\"]", "ids = [\"DR01\", \"PAT CHANGEME\"]")],
        // Nobody says whose the policies are nor what the diagnoses are, and a provider is a name.
        unanswered: End::Held(&[
            "diagnosis.undelivered",
            "provider.not-in-roster",
            "rendering.npi.missing",
            "subscriber.name.missing",
        ]),
        table: TABLE,
    }
}

fn files(cases: &[Case]) -> Vec<(String, Vec<u8>)> {
    let all = cases.iter().flat_map(|case| [(*case, 0), (*case, 1)]);
    all.map(|(case, service)| (format!("{}-{service}.xml", case.id()), document(case, service).into_bytes())).collect()
}

/// `<NAME>text</NAME>` of those that have a text.
fn elements(all: &[(&str, String)]) -> String {
    let said = all.iter().filter(|(_, text)| !text.is_empty());
    said.map(|(name, text)| format!("<{name}>{text}</{name}>")).collect()
}

fn document(case: Case, service: usize) -> String {
    let id = case.id();
    let (code, modifier, units, amount, price) = match service {
        0 => (case.code(), "25", "1.0000", "120.5000", "120.5000"),
        _ => ("J1100".to_owned(), "", "4.0000", "24.0000", "6.0000"),
    };
    let pointed =
        |at: usize| case.pointers(service).get(at).map(|at| case.diagnoses()[at - 1].to_owned()).unwrap_or_default();
    let charge = elements(&[
        ("EncounterID", id.to_string()),
        ("ID", format!("{id}{service}")),
        ("PatientID", id.to_string()),
        ("EncounterDiagnosisID1", pointed(0)),
        ("EncounterDiagnosisID2", pointed(1)),
        ("PrimaryInsurancePlanName", "CASE PLAN".to_owned()),
        ("ProcedureCode", code),
        ("ProcedureModifier1", case.text("modifiers", modifier)),
        ("RenderingProviderName", case.text("rendering", "PAT CHANGEME")),
        ("ServiceStartDate", day(case.day(), slashes)),
        ("Status", "Ready".to_owned()),
        ("TotalCharges", case.text("charges", amount)),
        ("UnitCharge", case.text("charges", price)),
        ("Units", case.text("units", units)),
    ]);
    let encounter = elements(&[
        ("PlaceOfServiceCode", case.text("place-of-service", "11")),
        ("RenderingProvider", case.text("rendering", "PAT CHANGEME")),
        ("ServiceLocationName", case.text("place-of-service", "MAIN")),
    ]);
    let address = ["1 OAK WAY", "SALEM", "OR", "97301"].map(|part| case.text("patient.address", part));
    let [street, city, state, zip] = address;
    let patient = elements(&[
        ("LastName", case.family()),
        ("FirstName", case.given()),
        ("DOB", day(case.born(), slashes)),
        ("Gender", case.text("patient.sex", "Female")),
        ("AddressLine1", street),
        ("City", city),
        ("State", state),
        ("ZipCode", zip),
        ("PrimaryInsurancePolicyPlanName", case.text("payer", "EXAMPLE")),
        ("PrimaryInsurancePolicyNumber", case.member()),
        ("SecondaryInsurancePolicyPlanName", case.text("secondary", "SECOND")),
        ("SecondaryInsurancePolicyNumber", case.text("secondary", format!("S{id}"))),
    ]);
    format!(
        "<pull><item><ChargeData>{charge}</ChargeData></item><encounter><EncounterDetailsData>{encounter}</EncounterDetailsData></encounter>\
         <patient><Patient>{patient}</Patient></patient></pull>"
    )
}
