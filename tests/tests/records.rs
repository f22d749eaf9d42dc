//! Documents in JSON whose shape the site's mapping says, through the real binary: to an 837P, and, where something is missing or
//! wrong, to a finding or a refusal that says where.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{PRACTICE, Site};

const DAY: &str = "2026-05-02";
const MAPPING: &str = r#"source_system = "EXAMPLE"
[framing]
records = "claims"
[records]
charges = "procedures"
[visit]
visit = "claimid"
status = "status"
patient_mrn = "patient.id"
patient_last = "patient.last"
patient_first = "patient.first"
patient_birth_date = "patient.dob"
patient_gender = "patient.sex"
patient_address1 = "patient.street"
patient_city = "patient.city"
patient_state = "patient.state"
patient_postal_code = "patient.zip"
payer = "patient.plan"
member_id = "patient.member"
rendering_id = "provider"
place_of_service = "= 11"
dx = "dx"
[charge]
charge_id = "id"
procedure = "code"
charge = "amount"
modifiers = "modifiers"
units = "units"
service_date = "^day"
action = "state"
[values.action]
void = "cancel"
"#;

fn site() -> Site {
    let site = Site::new();
    site.write("practices/my-practice/mapping.records.toml", MAPPING.as_bytes());
    let folder = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/records\"\nadapter = \"records\"\n\
                  mapping = \"practices/my-practice/mapping.records.toml\"\n";
    site.write("claimhost.toml", (site.text("claimhost.toml") + folder).as_bytes());
    std::fs::create_dir_all(site.dir().join("inbox/records")).unwrap();
    site
}

fn claim(number: u32, more: &str, procedures: &str) -> String {
    format!(
        "{{\"claimid\": \"C{number}\", \"day\": \"2026-05-01\", \"provider\": \"DR01\", \"dx\": [\"J06.9\"]{more}, \"patient\": {{\
         \"id\": \"M{number}\", \"last\": \"VANCE\", \"first\": \"ORLA\", \"dob\": \"1950-01-{:02}\", \"sex\": \"F\", \"street\": \"1 Oak Way\", \
         \"city\": \"SALEM\", \"state\": \"OR\", \"zip\": \"97301\", \"plan\": \"EXAMPLE\", \"member\": \"ID{number}\"}}, \
         \"procedures\": [{procedures}]}}",
        number + 1
    )
}

fn put(site: &Site, name: &str, claims: &[String]) {
    site.put(
        "inbox/records",
        name,
        format!("{{\"total\": {}, \"claims\": [{}]}}", claims.len(), claims.join(",\n")).as_bytes(),
    );
}

#[test]
fn a_list_of_claims_becomes_claims_and_a_void_takes_its_charge_back() {
    let site = site();
    let line = |id: &str, more: &str| {
        format!("{{\"id\": \"{id}\", \"code\": \"99213\", \"amount\": 90.0, \"units\": 1{more}}}")
    };
    let no_units = line("3", "").replace(", \"units\": 1", "");
    put(
        &site,
        "1.json",
        &[
            claim(1, "", &line("1", "")),
            claim(2, "", &no_units),
            claim(3, "", &line("4", "").replace("90.0", "\"9O\"")),
        ],
    );
    let summary = site.run(DAY);
    let counted =
        (&summary["documents"]["received"], &summary["documents"]["translated"], &summary["documents"]["rejected"]);
    assert_eq!(counted, (&3.into(), &2.into(), &1.into()), "{summary}");
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&1.into(), &1.into()), "{summary}");
    let sent = site.outbox();
    let text: String = sent.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(text.contains("SV1*HC:99213*90*UN*1*") && text.contains("NM1*IL*1*VANCE*ORLA****MI*ID1~"), "{text}");
    // The other two say where and what.
    let refused = site.documents(PRACTICE).into_iter().find(|row| row["status"] == "rejected").unwrap().to_string();
    assert!(
        refused.contains("procedures[0]: amount (charge.charge)") && refused.contains("records.amount"),
        "{refused}"
    );
    let held = site.json(&["visit", "show", "C2"])["claims"][0]["claim_id"].as_u64().unwrap();
    let why = site.json(&["claim", "why", &format!("my-practice/{held}")]).to_string();
    assert!(why.contains("units"), "{why}");
    site.assert_accounted(DAY);
    // The source takes the charge back.
    put(&site, "2.json", &[claim(1, "", &line("1", ", \"state\": \"void\""))]);
    let summary = site.run("2026-05-03");
    assert_eq!(summary["documents"]["received"], 4, "{summary}");
    let shown = site.json(&["visit", "show", "C1"]);
    assert_eq!(
        (&shown["events"][0]["what"], &shown["events"][1]["what"]),
        (&"new".into(), &"cancel".into()),
        "{shown}"
    );
    site.assert_accounted("2026-05-03");
}
