//! Epic and NextGen: DFT^P03 as the standard lays it out.

use claimhost_tests::site::segment;

use super::{Case, Connector, End, Row, compact, day};

/// Of both: neither lays anything out otherwise than the standard.
const TABLE: [Row; 17] = [
    ("patient.name", End::Held(&["patient.name.missing"])),
    ("patient.birth-date", End::Held(&["patient.birth-date.missing"])),
    ("patient.sex", End::Held(&["patient.gender.missing"])),
    ("patient.address", End::Held(&["patient.address.missing"])),
    ("member-id", End::Held(&["member-id.missing"])),
    ("payer", End::Held(&["payer.unknown"])),
    ("rendering", End::Held(&["rendering.missing"])),
    ("billing", End::OfProfile),
    // HL7 has no place for it: the location leads to it.
    ("place-of-service", End::Held(&["place-of-service.undelivered"])),
    // A charge without its day or its code is no charge: the field is named.
    ("dates", End::Refused("hl7.misaligned")),
    ("diagnoses", End::Held(&["diagnosis.missing"])),
    ("codes", End::Refused("hl7.misaligned")),
    ("modifiers", End::Leaves(Some("- -"))),
    ("units", End::Held(&["units.not-positive"])),
    ("charges", End::Held(&["charge.zero"])),
    // DG1 of a message apply to each of its charges.
    ("pointers", End::Leaves(Some("1:2 1:2"))),
    ("secondary", End::Leaves(None)),
];

pub fn epic() -> Connector {
    Connector {
        id: "epic",
        files: |cases| vec![("charges.hl7".to_owned(), messages("EPIC", cases))],
        shipped: String::new(),
        supplied: String::new(),
        profile: &[],
        unanswered: End::Leaves(None),
        table: TABLE,
    }
}

pub fn nextgen() -> Connector {
    Connector { id: "nextgen", files: |cases| vec![("charges.hl7".to_owned(), messages("NEXTGEN", cases))], ..epic() }
}

/// The messages of these visits, one after another.
pub fn messages(from: &str, cases: &[Case]) -> Vec<u8> {
    cases.iter().flat_map(|case| message(from, *case).into_bytes()).collect()
}

fn message(from: &str, case: Case) -> String {
    let id = case.id();
    let born = day(case.born(), compact);
    let name = case.text("patient.name", format!("{}^{}", case.family(), case.given()));
    let doctor = case.text("rendering", "1000000004^CHANGEME^PAT^^^^^^^^^^NPI");
    let mut lines = vec![
        format!("MSH|^~\\&|EHR|{from}|HOST|BILL|20260302170{:03}||DFT^P03^DFT_P03|M{id}|P|2.5.1", 100 + case.number),
        "EVN|P03|20260302170100".to_owned(),
        segment(
            "PID",
            &[
                (1, "1"),
                (3, &format!("MR{id}^^^{from}^MR")),
                (5, &name),
                (7, &born),
                (8, &case.text("patient.sex", "F")),
                (11, &case.text("patient.address", "1 OAK WAY^^SALEM^OR^97301")),
            ],
        ),
        segment(
            "PV1",
            &[(1, "1"), (2, "O"), (3, &case.text("place-of-service", "MAIN")), (7, &doctor), (19, &id.to_string())],
        ),
    ];
    let services = [(case.code(), "25", "1", "120.50"), ("J1100".to_owned(), "", "4", "24.00")];
    for (at, (code, modifier, units, amount)) in services.into_iter().enumerate() {
        let pointed: Vec<String> =
            case.pointers(at).iter().map(|at| format!("{}^^I10", case.diagnoses()[at - 1])).collect();
        lines.push(segment(
            "FT1",
            &[
                (1, &(at + 1).to_string()),
                (2, &format!("C{id}-{at}")),
                (4, &day(case.day(), compact)),
                (6, "CG"),
                (10, &case.text("units", units)),
                (11, &case.text("charges", amount)),
                (19, &pointed.join("~")),
                (20, &doctor),
                (25, &code),
                (26, &case.text("modifiers", modifier)),
            ],
        ));
    }
    for (at, code) in case.diagnoses().iter().enumerate() {
        lines.push(format!("DG1|{}||{code}^^I10", at + 1));
    }
    let policy = |at: usize, payer: &str, member: &str| {
        segment(
            "IN1",
            &[(1, &at.to_string()), (3, payer), (4, payer), (16, &name), (17, "SEL"), (18, &born), (36, member)],
        )
    };
    lines.push(policy(1, &case.text("payer", "EXAMPLE"), &case.member()));
    if case.has("secondary") {
        lines.push(policy(2, "SECOND", &format!("S{id}")));
    }
    lines.into_iter().map(|line| line + "\r").collect()
}
