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
        ("A000", 250, Verdict::Valid),
        ("A00", 250, Verdict::NotBillable),
        ("B373", 250, Verdict::NotCovered),
        ("C010", 250, Verdict::NotCovered),
        ("D010", 250, Verdict::Unknown),
        ("A000", 99, Verdict::NotCovered),
        ("D010", 99, Verdict::NotCovered),
        ("A000", 400, Verdict::NotCovered),
        ("A00", 400, Verdict::NotBillable),
        ("B373", 400, retired(199)),
        ("D010", 400, Verdict::Unknown),
        ("B373", 350, retired(199)),
        ("C010", 150, Verdict::NotYet { first: 300 }),
        ("D010", 150, Verdict::Unknown),
    ] {
        assert_eq!(verdict(code, day), expected, "{code} {day}");
    }
    let version = |day| look(&shelf, System::Icd10cm, "A000", day).table.map(|label| label.version.as_str());
    assert_eq!([version(99), version(150), version(250)], [None, Some("2021-01"), Some("2021-01")]);
    assert_eq!([version(350), version(450)], [Some("2025-04"), Some("2025-04")]);
    assert!(is_covered(&shelf, System::Icd10cm, 150) && !is_covered(&shelf, System::Icd10cm, 250));
    assert_eq!(known_until(&shelf, "icd10cm"), Some(399));
    assert_eq!(below(&shelf, System::Icd10cm, "C01", 350, 3), (vec!["C010".to_owned()], 1));
    assert_eq!(near(&shelf, System::Icd10cm, "A0001", 350, 3), ["A000"]);
    assert_eq!(near(&shelf, System::Icd10cm, "0A00", 350, 3), ["A000"]);
    assert_eq!(near(&shelf, System::Icd10cm, "A0O0", 350, 3), ["A000"], "a letter for a digit");
    assert_eq!(near(&shelf, System::Icd10cm, "A0010", 350, 3), ["A000"], "a character too many");
    assert_eq!(near(&shelf, System::Icd10cm, "C0199", 350, 3), ["C010"], "what begins alike");
    assert!(near(&shelf, System::Icd10cm, "D0999", 350, 3).is_empty());
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
fn an_update_of_the_same_fiscal_year_tells_what_october_changed() {
    let day = |year, month, day| day_number(Date { year, month, day });
    let shelf = Shelf::of([
        table(
            System::Icd10cm,
            "2025-04",
            day(2025, 4, 1),
            day(2025, 9, 30),
            false,
            &plain(&["A00", "A000", "B88", "B880"]),
        ),
        table(
            System::Icd10cm,
            "2026-04",
            day(2026, 4, 1),
            day(2026, 9, 30),
            false,
            &[plain(&["A00", "B88", "B8801", "C01", "C010"]), vec![Entry { category: true, ..Entry::plain("B880") }]]
                .concat(),
        ),
    ]);
    let verdict = |code: &str, on: i64| look(&shelf, System::Icd10cm, code, on).verdict;
    let october = day(2025, 10, 1);
    let ended = Verdict::Retired { last: october - 1, replaced_by: String::new() };
    assert_eq!(verdict("B880", october), ended, "it has codes below it now");
    assert_eq!(verdict("A000", october), ended);
    assert_eq!(verdict("B88", october), Verdict::NotBillable);
    assert_eq!(verdict("C01", october), Verdict::NotBillable, "a category that is new");
    assert_eq!(verdict("B8801", october), Verdict::NotCovered, "of October, or of April");
    assert_eq!(verdict("D01", october), Verdict::Unknown);
    assert_eq!(below(&shelf, System::Icd10cm, "B880", day(2026, 4, 1), 3).0, ["B8801"]);
}

#[test]
fn after_a_dated_list_what_it_announced_counts_and_a_partial_list_lacks_nothing() {
    let ended = Entry { first: 100, last: 250, replaced_by: "J2".into(), ..Entry::plain("J1") };
    let announced = Entry { first: 350, ..Entry::plain("J3") };
    let shelf = Shelf::of([
        table(System::Hcpcs, "2024", 100, 300, false, &[ended, Entry::plain("J2"), announced]),
        table(System::Hcpcs, "2025", 400, 499, true, &plain(&["J2", "J9"])),
    ]);
    let verdict = |code: &str, day: i64| look(&shelf, System::Hcpcs, code, day).verdict;
    assert_eq!(verdict("J1", 320), Verdict::Retired { last: 250, replaced_by: "J2".into() });
    assert_eq!(verdict("J2", 320), Verdict::Valid, "the list that is not complete has it later");
    assert_eq!(verdict("J3", 340), Verdict::NotYet { first: 350 });
    assert_eq!(verdict("J3", 360), Verdict::NotCovered);
    assert_eq!(verdict("J9", 320), Verdict::NotCovered, "it began in between");
    assert_eq!(verdict("J4", 450), Verdict::Unknown, "on no list");
    assert_eq!(verdict("J9", 600), Verdict::NotCovered, "the last list that has it counts");
}

#[test]
fn a_list_without_dental_codes_says_nothing_of_one() {
    let verdict = |own: &[&str], code: &str, day: i64| {
        let shelf = Shelf::of([
            table(System::Hcpcs, "2024", 100, 300, false, &plain(own)),
            table(System::Hcpcs, "2026", 400, 499, true, &plain(&["D1206", "J1"])),
        ]);
        look(&shelf, System::Hcpcs, code, day).verdict
    };
    assert_eq!(verdict(&["J2"], "D1206", 200), Verdict::NotCovered);
    assert_eq!(verdict(&["J2"], "D1206", 350), Verdict::NotCovered);
    assert_eq!(verdict(&["J2"], "D1206", 450), Verdict::Valid);
    assert_eq!(verdict(&["J2"], "J1", 200), Verdict::NotYet { first: 400 }, "another family");
    assert_eq!(verdict(&["J2", "D0120"], "D9999", 200), Verdict::Unknown, "a list that has them");
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
