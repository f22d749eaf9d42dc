//! Fixed-width files through the real binary: a layout by position in the mapping, from the inbox to the 837P. What does not fit is refused by
//! line and column, the rest goes on; a count that does not hold is told; a mended mapping runs the stored lines again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::site::{PRACTICE, Site, counts};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const MAPPING: &str = "practices/my-practice/mapping.csv-superbill.toml";

/// Columns of a charge with their widths, and pictures where digits have no point of their own.
const CHARGE: [(&str, usize, &str); 23] = [
    ("Visit ID", 8, ""),
    ("Line ID", 3, ""),
    ("Action", 7, ""),
    ("Seq", 4, "9(4)"),
    ("Patient ID", 8, ""),
    ("Patient Last", 16, ""),
    ("Patient First", 12, ""),
    ("Patient DOB", 8, ""),
    ("Patient Sex", 1, ""),
    ("Address 1", 18, ""),
    ("City", 10, ""),
    ("State", 2, ""),
    ("ZIP", 9, ""),
    ("Payer", 12, ""),
    ("Member ID", 10, ""),
    ("Relationship", 4, ""),
    ("Rendering NPI", 10, ""),
    ("POS", 2, ""),
    ("DOS", 8, ""),
    ("CPT", 8, ""),
    ("Units", 4, "9(3)V9"),
    ("Charge", 9, "S9(7)V99"),
    ("Dx1", 7, ""),
];
/// Characters of a charge: its type, the columns, and a note that nothing reads.
const LENGTH: usize = 200;

fn mapping() -> String {
    let mut columns = String::new();
    let mut at = 2;
    for (name, width, picture) in CHARGE {
        columns += &format!("{name:?} = \"{at} {width} {picture}\"\n");
        at += width;
    }
    format!(
        "source_system = \"CEDAR\"\ndate_format = \"YYYYMMDD\"\n\n\
         [[framing.fixed]]\nis = \"header\"\ntype = \"H\"\n\n\
         [[framing.fixed]]\ntype = \"D\"\nlength = \"{LENGTH}\"\ntrimmed = \"no\"\n[framing.fixed.columns]\n{columns}\n\
         [[framing.fixed]]\nis = \"trailer\"\ntype = \"T\"\ncount = \"2 6\"\n\n\
         [columns]\nlocation = \"\"\n"
    )
}

/// A charge with its cells in their places; empty where nothing is said.
fn charge(visit: usize, cells: &[(&str, &str)]) -> String {
    const PEOPLE: [(&str, &str, &str); 5] = [
        ("VANCE", "ORLA", "19800114"),
        ("BRANDT", "MILO", "19651130"),
        ("OKAFOR", "ADA", "19910702"),
        ("LINDEN", "SOFIA", "19720325"),
        ("PETROV", "IVAN", "19580909"),
    ];
    let (last, first, born) = PEOPLE[visit - 1];
    let (number, chart, member) = (format!("V{visit}"), format!("M{visit}"), format!("ID{visit}"));
    let usual = [
        ("Visit ID", number.as_str()),
        ("Line ID", "1"),
        ("Seq", "0001"),
        ("Patient ID", &chart),
        ("Patient Last", last),
        ("Patient First", first),
        ("Patient DOB", born),
        ("Patient Sex", "F"),
        ("Address 1", "12 ELM STREET"),
        ("City", "ANYTOWN"),
        ("State", "OH"),
        ("ZIP", "43001"),
        ("Payer", "EXAMPLE"),
        ("Member ID", &member),
        ("Relationship", "Self"),
        ("Rendering NPI", "1000000004"),
        ("POS", "11"),
        ("DOS", "20260501"),
        ("CPT", "99213"),
        ("Units", "0010"),
        ("Charge", "00000900{"),
        ("Dx1", "J06.9"),
    ];
    let mut line = "D".to_owned();
    for (name, width, _) in CHARGE {
        let said = cells.iter().chain(&usual).find(|(known, _)| *known == name).map_or("", |(_, said)| said);
        line += &format!("{said:<width$}");
    }
    format!("{line:<LENGTH$}")
}

fn file(details: &[String], told: usize) -> String {
    format!("HCEDAR FAMILY CARE\r\n{}\r\nT{told:06}\r\n", details.join("\r\n"))
}

fn site() -> Site {
    let site = Site::new();
    site.write(MAPPING, mapping().as_bytes());
    site
}

/// Place and id of every problem of rejected documents.
fn rejected(site: &Site) -> Vec<(String, String)> {
    let documents = site.documents(PRACTICE);
    let mut all = Vec::new();
    for document in documents.iter().filter(|document| document["status"] == "rejected") {
        match document["detail"]["problems"].as_array() {
            Some(problems) => all.extend(problems.iter().map(|problem| {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                assert!(!problem["remedy"].as_str().unwrap().is_empty(), "{problem}");
                (text(&problem["at"]["path"]), text(&problem["id"]))
            })),
            None => all.push((String::new(), document["reason"].as_str().unwrap().to_owned())),
        }
    }
    all.sort();
    all
}

fn pair(at: &str, id: &str) -> (String, String) {
    (at.to_owned(), id.to_owned())
}

#[test]
fn charges_by_position_become_an_837p_and_what_does_not_fit_is_told_by_line_and_column() {
    let site = site();
    let details = [
        charge(1, &[("Charge", "00001255{")]),
        charge(2, &[]).trim_end().to_owned(),
        charge(3, &[("Charge", "0000090.0")]),
        charge(4, &[("CPT", "99212-25"), ("Charge", "00000605N")]),
        charge(4, &[("Line ID", "2"), ("CPT", "99214"), ("Charge", "00001300{"), ("DOS", "20260231")]),
        charge(1, &[("Seq", "0002"), ("Action", "replace"), ("Charge", "00001300{")]),
        charge(4, &[("Line ID", "3"), ("CPT", "99212-25"), ("Charge", "00000605E")]),
    ];
    site.csv("charges-0501.txt", file(&details, 7).as_bytes());
    let summary = site.run(DAY);
    let counted = counts(&summary);
    assert_eq!((counted["received"], counted["translated"], counted["rejected"]), (7, 4, 3), "{summary}");
    assert_eq!(
        rejected(&site),
        [
            pair("line 3", "fixed.length"),
            pair("line 4, column Charge (166-174)", "fixed.picture"),
            pair("line 6, column DOS (146-153)", "fixed.date"),
        ]
    );
    let sent = String::from_utf8(site.outbox().remove(0).1).unwrap();
    assert!(sent.contains("SV1*HC:99213*130*UN*1*") && !sent.contains("125.5"), "the correction counts: {sent}");
    assert!(sent.contains("NM1*IL*1*VANCE*ORLA****MI*ID1~") && sent.contains("HI*ABK:J069~"), "{sent}");
    // V4: a charge of 60.55 and its credit of the same amount, then nothing that is billed.
    assert!(!sent.contains("PETROV") && !sent.contains("LINDEN"), "{sent}");
    site.assert_accounted(DAY);

    // The source leaves out blanks at the end of lines: said in the mapping, the stored line runs again.
    site.edit(MAPPING, "trimmed = \"no\"", "trimmed = \"yes\"");
    let retried = site.json(&["--as-of", DAY, "document", "retry", "--rejected"]);
    let after: Vec<&str> = retried.as_array().unwrap().iter().map(|one| one["after"].as_str().unwrap()).collect();
    assert_eq!(after.iter().filter(|after| **after == "translated").count(), 1, "{retried}");
    site.run(DAY);
    let sent: String = site.outbox().iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(sent.contains("NM1*IL*1*BRANDT*MILO****MI*ID2~"), "{sent}");
    assert_eq!(rejected(&site).len(), 2);
}

#[test]
fn a_count_that_does_not_hold_and_a_trailer_that_is_missing_are_told_and_what_came_is_taken() {
    let site = site();
    site.csv("a.txt", file(&[charge(1, &[])], 2).as_bytes());
    let whole = file(&[charge(2, &[]), charge(3, &[])], 2);
    site.csv("b.txt", &whole.as_bytes()[..whole.rfind('T').unwrap()]);
    site.csv("c.txt", file(&[charge(4, &[]), format!("X{}", &charge(5, &[])[1..])], 1).as_bytes());
    let summary = site.run(DAY);
    let counted = counts(&summary);
    assert_eq!((counted["translated"], counted["rejected"]), (4, 3), "{summary}");
    assert_eq!(
        rejected(&site),
        [pair("file", "fixed.count"), pair("file", "fixed.no-trailer"), pair("line 3", "fixed.record-type"),]
    );
    assert_eq!(summary["claims"]["submitted"], 4, "{summary}");
}

#[test]
fn a_layout_that_contradicts_itself_is_refused_by_line_before_any_file_is_read() {
    let site = site();
    let check = |from: &str, to: &str| {
        site.edit(MAPPING, from, to);
        let output = site.command(&["check-config"]);
        site.edit(MAPPING, to, from);
        assert!(!output.status.success(), "{to}");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let said = check("\"Line ID\" = \"10 3 \"", "\"Line ID\" = \"9 4 \"");
    assert!(said.contains("columns 9-12") && said.contains("`Visit ID` has 2-9"), "{said}");
    let said = check("length = \"200\"", "length = \"150\"");
    assert!(said.contains("columns 175-181") && said.contains("at most 150"), "{said}");
    let said = check("location = \"\"", "location = \"Loc\"");
    assert!(said.contains("[columns] location") && said.contains("`Loc`"), "{said}");
    assert!(said.contains("`Visit ID`, ") && said.contains("`Dx1`"), "what exists: {said}");
}
