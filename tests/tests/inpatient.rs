//! A hospitalist's visits through the real binary: the days of the stay come with the message, and the claim leaves; one that
//! does not tell them is held until it does. (CSV and FHIR: the fixtures of their plugins; keyed: `charge_entry.rs`.)
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, Site};

const DAY: &str = "2026-05-20";
/// A place of service 21, with the facility that it needs.
const HOSPITAL: &str = "[[location]]\nids = [\"HOSP\"]\nplace_of_service = \"21\"\nfacility = { name = \"A HOSPITAL\", npi = \"1000000012\", \
    address = { line1 = \"2 EXAMPLE STREET\", line2 = \"\", city = \"ANYTOWN\", state = \"OH\", postal_code = \"430010000\" } }\n\n[[location]]";

/// A visit of the hospital. `class`: PV1-2; `admitted`: PV1-44.
fn hl7(number: u32, class: &str, admitted: &str) -> String {
    let message = Charge::new(number).message().replace("99213^^C4", "99232^^C4").replace("MAIN", "HOSP");
    let visit = format!("V{number}\r");
    message.replace("PV1|1|O|", &format!("PV1|1|{class}|")).replacen(
        &visit,
        &format!("V{number}{}{admitted}\r", "|".repeat(25)),
        1,
    )
}

#[test]
fn the_days_of_a_stay_leave_with_the_claim() {
    let site = Site::new();
    site.edit("practices/my-practice/profile.toml", "[[location]]", HOSPITAL);
    site.hl7("1.hl7", hl7(1, "I", "20260428071500").as_bytes());
    site.hl7("2.hl7", hl7(2, "I", "").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&1.into(), &1.into()), "{summary}");
    let held = site.json(&["claim", "list", "--state", "held", "--findings"]);
    let rules: Vec<&str> =
        held[0]["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"admission-date.missing"), "{held}");
    // The sender corrects the second visit: it is told when the patient came.
    site.hl7("3.hl7", hl7(2, "I", "20260429").replace("MSG2", "MSG3").as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&2.into(), &0.into()), "{summary}");
    let sent: String = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    for day in ["DTP*435*D8*20260428~", "DTP*435*D8*20260429~"] {
        assert_eq!(sent.matches(day).count(), 1, "{day}: {sent}");
    }
}
