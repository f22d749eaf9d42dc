//! What files become, and every way in which one may be wrong: each error names the row and what was found there.

use super::*;
use crate::codes::list::{Found, List};

fn asked(system: Option<System>, version: &str, partial: bool) -> Asked {
    let version = Some(version.to_owned()).filter(|version| !version.is_empty());
    Asked { system, version, cover: None, partial }
}

fn read(name: &str, text: &str, asked: &Asked) -> Result<Import, ImportError> {
    import(name, text.as_bytes(), asked, [0; 32])
}

/// `code` for every part of a made-up list, so that it is as long as a published one.
fn hcpcs(rows: impl Fn(u32) -> String) -> String {
    let mut text = "hcpcs_code,date_added,date_term,xref\n".to_owned();
    (0..6_000).for_each(|number| text.push_str(&rows(number)));
    text
}

fn plain(number: u32) -> String {
    format!("{}{:04},20200101,,\n", char::from(b'A' + u8::try_from(number / 2_000).unwrap()), number % 2_000)
}

#[test]
fn a_dated_list_keeps_days_and_what_replaced_a_code() {
    let text = hcpcs(plain).replace("A0007,20200101,,\n", "A0007,20200101,20211231,A0008\n");
    let import = read("hcpcs_2024_jul.csv", &text, &asked(None, "", false)).unwrap();
    let [list] = import.lists.as_slice() else { panic!("{:?}", import.lists) };
    assert_eq!((list.system, list.label.version.as_str(), list.partial), (System::Hcpcs, "2024-07", false));
    // One old end is no sign that the list still tells all of them, so it does not know the past.
    assert_eq!(list.label.cover.to_string(), "2024-07-01 to 2024-09-30");
    let codes = List::open(&list.payload).unwrap();
    let day = |year, month, day| day_number(crate::claim::Date { year, month, day });
    assert_eq!(codes.find("A0008", day(2024, 8, 1)), Found::Valid);
    let ended = Found::Retired { last: day(2021, 12, 31), replaced_by: "A0008".into() };
    assert_eq!(codes.find("A0007", day(2024, 8, 1)), ended);
}

#[test]
fn titles_above_notes_below_tabs_and_marks_are_read_past() {
    let text = "Provider taxonomy of a practice\r\n\r\nCode\tGrouping\r\n207Q00000X\tmedicine\r\n207R00000X*\tmedicine\r\n\tnothing\r\n";
    let import = read("nucc_taxonomy_241.csv", text, &asked(None, "", false)).unwrap();
    assert_eq!(import.lists[0].label.name(), "taxonomy 2024-07");
    assert_eq!(import.lists[0].label.rows, 2);
    assert_eq!(import.left_out, [("without a code".to_owned(), 1)], "what is left out is counted");
}

#[test]
fn a_list_of_several_systems_becomes_one_table_each() {
    let text = "HCPCS,status\n99213,A\n93000,A\nJ1885,E\n";
    let import = read("numbers 2025Q4.csv", text, &asked(None, "", false)).unwrap();
    let names: Vec<(String, bool)> = import.lists.iter().map(|list| (list.label.name(), list.partial)).collect();
    assert_eq!(names, [("hcpcs 2025-10-partial".into(), true), ("cpt 2025-10".into(), false)]);
}

#[test]
fn a_list_of_billed_services_is_no_list_of_all_cpt_numbers() {
    let text =
        "hcpcs_code,hcpcs_date_added,hcpcs_date_ended\n99213,1992-01-01,9999-12-31\nJ1885,1992-01-01,9999-12-31\n";
    for asked in [asked(None, "", false), asked(Some(System::Cpt), "", false)] {
        let import = read("rbcs_2023.csv", text, &asked).unwrap();
        assert!(import.lists.iter().all(|list| list.partial), "{import:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_row() {
    let long = hcpcs(plain);
    let cut = long.trim_end();
    let replaced = |from: &str, to: &str| long.replace(from, to);
    let icd = Some(System::Icd10cm);
    let order = |rows: &[(u32, &str, char)]| -> String {
        let row =
            |(number, code, billable): &(u32, &str, char)| format!("{number:05} {code:<7} {billable} short  long\n");
        rows.iter().map(row).collect()
    };
    let cases: Vec<(&str, String, Asked, Option<u64>, &str)> = vec![
        ("hcpcs_2024_jul.csv", String::new(), asked(None, "", false), None, "an empty file"),
        ("hcpcs_2024_jul.csv", cut.to_owned(), asked(None, "", false), Some(6_001), "cut off"),
        (
            "hcpcs_2024_jul.csv",
            replaced("A0009,20200101,,", "A0009,20200101"),
            asked(None, "", false),
            Some(11),
            "a row of 2 columns",
        ),
        (
            "hcpcs_2024_jul.csv",
            replaced("A0009,20200101,,", "20200101,A0009,,"),
            asked(None, "", false),
            Some(11),
            "is a column shifted?",
        ),
        (
            "hcpcs_2024_jul.csv",
            replaced("A0009,20200101,,", "A0009,20201301,,"),
            asked(None, "", false),
            Some(11),
            "where a day belongs",
        ),
        (
            "hcpcs_2024_jul.csv",
            replaced("A0009,20200101,,", "A0009,20200101,20191231,"),
            asked(None, "", false),
            Some(11),
            "ends before it begins",
        ),
        (
            "hcpcs_2024_jul.csv",
            replaced("A0009,20200101,,", "A0008,20210101,,"),
            asked(None, "", false),
            Some(11),
            "row 10 has it",
        ),
        // The same year twice in one file, and another table behind it.
        (
            "hcpcs_2024_jul.csv",
            long.clone() + &hcpcs(plain).replace("20200101", "20210101"),
            asked(None, "", false),
            Some(6_002),
            "is a column shifted?",
        ),
        (
            "hcpcs_2024_jul.csv",
            long.clone() + "207Q00000X,20200101,,\n",
            asked(None, "", false),
            Some(6_002),
            "does another table begin here",
        ),
        (
            "list.csv",
            "taxonomy_code\n207Q00000X\n".to_owned(),
            asked(None, "", false),
            None,
            "no date in the file's name",
        ),
        (
            "list.csv",
            "taxonomy_code\n207Q00000X\n".to_owned(),
            asked(None, "spring", false),
            None,
            "a version that tells no days",
        ),
        (
            "pos_2024.csv",
            "pos_code,name\n11,Office\n2,Telehealth\n".to_owned(),
            asked(None, "", false),
            Some(3),
            "the leading zero",
        ),
        (
            "pos_2024.csv",
            "pos_code,name\n11,Office\n11,Office\n".to_owned(),
            asked(None, "", false),
            Some(3),
            "row 2 has it",
        ),
        ("codes_2024.csv", "a,b\n1,2\n".to_owned(), asked(None, "", false), None, "the columns a, b"),
        ("codes_2024.bin", "\0\u{1}".to_owned(), asked(None, "", false), None, "bytes that are no text"),
        ("icd10cm_2026.csv", "code,billable\nA00,0\nA000,yes\n".to_owned(), asked(None, "", true), Some(3), "0 or 1"),
        (
            "order_2026.txt",
            order(&[(1, "A00", '0'), (3, "A001", '1')]),
            asked(icd, "", false),
            Some(2),
            "rows are missing",
        ),
        (
            "order_2026.txt",
            order(&[(1, "A00", '0'), (2, "A001", '1'), (1, "A00", '0')]),
            asked(icd, "", false),
            Some(3),
            "a second list begins here",
        ),
        (
            "order_2026.txt",
            order(&[(1, "A00", '0'), (2, "A001", '1')]) + "00003 A00\n",
            asked(icd, "", false),
            Some(3),
            "in other columns",
        ),
    ];
    for (at, (name, text, asked, row, told)) in cases.iter().enumerate() {
        let error = read(name, text, asked).map(|import| import.lists.len()).unwrap_err();
        assert_eq!(error.row, *row, "{at}: {error}");
        assert!(error.to_string().contains(told) && error.file == *name, "{at}: {error}");
    }
}

#[test]
fn archives_are_looked_into_and_a_damaged_one_is_told() {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [("record layout.txt", "no list"), ("lists/pos_codes_2024.csv", "pos_code\n11\n12\n")] {
        writer.start_file(name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    let archive = writer.finish().unwrap().into_inner();
    let files = unpack("places.zip", archive.clone()).unwrap();
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["pos_codes_2024.csv"]);
    for cut in [archive.len() / 3, archive.len() - 30] {
        let error = unpack("places.zip", archive[..cut].to_vec()).unwrap_err();
        assert!(error.to_string().contains("cut off or damaged"), "{error}");
    }
}

#[test]
fn a_gzip_file_is_the_file_in_it() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(b"pos_code\n11\n12\n").unwrap();
    let packed = encoder.finish().unwrap();
    let files = unpack("pos_codes_2024.csv.gz", packed.clone()).unwrap();
    assert_eq!((files[0].name.as_str(), files[0].bytes.as_slice()), ("pos_codes_2024.csv", &b"pos_code\n11\n12\n"[..]));
    for damaged in [packed[..packed.len() - 3].to_vec(), b"\x1F\x8Brest".to_vec()] {
        let error = unpack("list.gz", damaged).unwrap_err();
        assert!(error.to_string().contains("cut off or damaged"), "{error}");
    }
}
