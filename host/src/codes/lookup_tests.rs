//! Verdicts over small shelves: years beside each other, gaps, lists that are not complete.

use super::*;
use crate::codes::container::{Cover, OPEN_END};
use crate::codes::list::{Entry, pack};

fn table(system: System, version: &str, first: i64, last: i64, partial: bool, rows: &[Entry]) -> Table {
    let label = Label {
        kind: system.name().into(),
        version: version.into(),
        cover: Cover { first, last },
        rows: rows.len() as u64,
        source: "list.csv".into(),
        source_sha256: [0; 32],
    };
    Table::in_memory(&label, &pack(rows, partial)).unwrap()
}

fn plain(codes: &[&str]) -> Vec<Entry> {
    codes.iter().map(|code| Entry { category: code.len() == 3, ..Entry::plain(code) }).collect()
}

#[test]
fn years_stand_beside_each_other_and_a_gap_is_not_covered() {
    let shelf = Shelf::of([
        table(System::Icd10cm, "2021-01", 100, 199, false, &plain(&["A00", "A000", "B37", "B373"])),
        table(System::Icd10cm, "2025-04", 300, 399, false, &plain(&["A00", "A000", "C01", "C010"])),
    ]);
    let verdict = |code: &str, day: i64| look(&shelf, System::Icd10cm, code, day).verdict;
    let retired = |last| Verdict::Retired { last, replaced_by: String::new() };
    for (code, day, expected) in [
        ("A000", 150, Verdict::Valid),
        ("A000", 350, Verdict::Valid),
        ("A00", 350, Verdict::NotBillable),
        ("A000", 250, Verdict::NotCovered),
        ("A000", 99, Verdict::NotCovered),
        ("A000", 400, Verdict::NotCovered),
        ("B373", 350, retired(199)),
        ("C010", 150, Verdict::NotYet { first: 300 }),
        ("D010", 150, Verdict::Unknown),
    ] {
        assert_eq!(verdict(code, day), expected, "{code} {day}");
    }
    let version = |day| look(&shelf, System::Icd10cm, "A000", day).table.map(|label| label.version.as_str());
    assert_eq!([version(150), version(250), version(350)], [Some("2021-01"), None, Some("2025-04")]);
    assert_eq!(below(&shelf, System::Icd10cm, "C01", 350, 3), (vec!["C010".to_owned()], 1));
    assert_eq!(near(&shelf, System::Icd10cm, "A0001", 350, 3), ["A000"]);
    assert_eq!(near(&shelf, System::Icd10cm, "0A00", 350, 3), ["A000"]);
    assert!(near(&shelf, System::Icd10cm, "C0999", 350, 3).is_empty());
}

#[test]
fn a_list_that_is_not_complete_knows_its_own_codes_and_no_others() {
    let dated = Entry { first: 250, last: 310, replaced_by: "J2".into(), ..Entry::plain("J1") };
    let shelf = Shelf::of([
        table(System::Hcpcs, "2024", 100, 320, false, &[dated, Entry::plain("J2")]),
        table(System::Hcpcs, "2025", 300, 399, true, &plain(&["J1234"])),
    ]);
    let verdict = |code: &str, day: i64| look(&shelf, System::Hcpcs, code, day).verdict;
    assert_eq!(verdict("J1234", 350), Verdict::Valid);
    assert_eq!(verdict("J2", 350), Verdict::NotCovered, "absence from a partial list says nothing");
    assert_eq!(verdict("J2", 310), Verdict::Valid, "a complete list that knows the day is asked first");
    assert_eq!(verdict("J1", 311), Verdict::Retired { last: 310, replaced_by: "J2".into() });
    assert_eq!(verdict("J1", 200), Verdict::NotYet { first: 250 });
    assert!(look(&shelf, System::Hcpcs, "J2", 350).table.is_some_and(|label| label.version == "2025"));
}

#[test]
fn icd9_is_known_by_form_until_its_last_day() {
    let shelf = Shelf::default();
    let last = day_number(ICD10_STARTS) - 1;
    let verdict = |code: &str, day| look(&shelf, System::Icd9cm, code, day).verdict;
    assert_eq!(verdict("25000", last), Verdict::Valid);
    assert_eq!(verdict("25000", last + 1), Verdict::Retired { last, replaced_by: String::new() });
    assert_eq!(verdict("A000", last), Verdict::Unknown);
}

#[test]
fn a_later_version_wins_where_covers_overlap() {
    let shelf = Shelf::of([
        table(System::PlaceOfService, "2024", 100, OPEN_END, false, &plain(&["11", "99"])),
        table(System::PlaceOfService, "2025", 200, OPEN_END, false, &plain(&["11"])),
    ]);
    let verdict = |day| look(&shelf, System::PlaceOfService, "99", day).verdict;
    assert_eq!(verdict(150), Verdict::Valid);
    assert_eq!(verdict(250), Verdict::Unknown, "its list stood until this one replaced it");
}
