//! iMD Health: nothing of an interface is public, so the site's export is one that somebody invented, and its mapping says everything.

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
    ("dates", End::Refused("csv.date")),
    ("diagnoses", End::Held(&["diagnosis.missing"])),
    ("codes", End::Held(&["procedure.missing"])),
    ("modifiers", End::Leaves(Some("- -"))),
    ("units", End::Held(&["units.not-positive"])),
    ("charges", End::Held(&["charge.zero"])),
    ("pointers", End::Held(&["pointer.missing"])),
    ("secondary", End::Leaves(None)),
];

const MAPPING: &str = r#"source_system = "IMD"
[columns]
visit = "Encounter No"
charge_id = "Charge No"
patient_mrn = "MRN"
patient_last = "Last Name"
patient_first = "First Name"
patient_birth_date = "Birth Date"
patient_gender = "Sex"
patient_address1 = "Street"
patient_city = "Town"
patient_state = "State"
patient_postal_code = "Zip"
payer = "Plan"
member_id = "Policy"
payer2 = "Plan Two"
member_id2 = "Policy Two"
rendering_npi = "Doctor NPI"
place_of_service = "Place"
service_date = "Service Date"
procedure = "Procedure"
modifier1 = "Eye"
units = "Qty"
charge = "Fee"
dx1 = "Diagnosis"
dx2 = "Diagnosis Two"
pointers = "For"
"#;

const HEADINGS: &str = "Encounter No,Charge No,MRN,Last Name,First Name,Birth Date,Sex,Street,Town,State,Zip,Plan,Policy,Plan Two,Policy Two,\
                        Doctor NPI,Place,Service Date,Procedure,Eye,Qty,Fee,Diagnosis,Diagnosis Two,For";

pub fn imd_health() -> Connector {
    Connector {
        id: "imd-health",
        files: |cases| vec![("charges.csv".to_owned(), rows(cases))],
        shipped: String::new(),
        supplied: MAPPING.to_owned(),
        profile: &[],
        // Nothing is assumed of the export: without a mapping there is no visit in it.
        unanswered: End::Refused("csv.no-visit-number"),
        table: TABLE,
    }
}

fn rows(cases: &[Case]) -> Vec<u8> {
    let rows = cases.iter().flat_map(|case| [row(*case, 0), row(*case, 1)]);
    let all: Vec<String> = std::iter::once(HEADINGS.to_owned()).chain(rows).collect();
    (all.join("\n") + "\n").into_bytes()
}

fn row(case: Case, service: usize) -> String {
    let id = case.id();
    let (code, modifier, units, amount) =
        if service == 0 { (case.code(), "25", "1", "120.50") } else { ("J1100".to_owned(), "", "4", "24.00") };
    let address = ["1 OAK WAY", "SALEM", "OR", "97301"].map(|part| case.text("patient.address", part));
    let letters: String =
        case.pointers(service).iter().map(|at| char::from(b'0' + u8::try_from(*at).unwrap())).collect();
    let diagnosis = |at: usize| case.diagnoses().get(at).copied().unwrap_or_default().to_owned();
    let cells = [
        vec![
            id.to_string(),
            format!("{id}-{service}"),
            id.to_string(),
            case.family(),
            case.given(),
            day(case.born(), slashes),
        ],
        vec![case.text("patient.sex", "F")],
        address.to_vec(),
        vec![case.text("payer", "EXAMPLE"), case.member()],
        vec![case.text("secondary", "SECOND"), case.text("secondary", format!("S{id}"))],
        vec![case.text("rendering", "1000000004"), case.text("place-of-service", "11"), day(case.day(), slashes), code],
        vec![case.text("modifiers", modifier), case.text("units", units), case.text("charges", amount)],
        vec![diagnosis(0), diagnosis(1), letters],
    ];
    cells.concat().join(",")
}
