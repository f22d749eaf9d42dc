//! `codes import` through the real binary: what is wrong with a file is told with its row, and what was loaded stays; versions of
//! one table stand beside each other; an import that is killed leaves nothing half.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use claimhost_tests::programs::claimhost;
use claimhost_tests::site::Site;
use serde_json::Value;

/// CMS's columns of pairs.
const HEADING: &str =
    "Column 1\tColumn 2\tprior to 1996\tEffective Date\tDeletion Date\tModifier\tPTP Edit Rationale\n";

fn file(site: &Site, name: &str, bytes: &[u8]) -> PathBuf {
    let path = site.dir().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Imports a table that is whole though it has few rows.
fn imported(site: &Site, path: &std::path::Path, more: &[&str]) -> Value {
    site.json(&[&["codes", "import", "--accept-smaller", path.to_str().unwrap()], more].concat())
}

/// What a refused import says; it must leave with 4.
fn refused(site: &Site, path: &std::path::Path, more: &[&str]) -> String {
    let output = site.command(&[&["codes", "import", path.to_str().unwrap()], more].concat());
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(words.contains("nothing imported"), "{words}");
    words
}

/// Every table: name and rows.
fn tables(site: &Site) -> Vec<(String, u64)> {
    let listed = site.json(&["codes", "list"]);
    assert_eq!(listed["problems"], serde_json::json!([]), "{listed}");
    let row = |row: &Value| {
        let text = |key: &str| row[key].as_str().unwrap().to_owned();
        (format!("{} {}", text("kind"), text("version")), row["rows"].as_u64().unwrap())
    };
    listed["tables"].as_array().unwrap().iter().map(row).collect()
}

fn pairs(rows: &[&str]) -> Vec<u8> {
    let row = |row: &&str| row.replace(' ', "\t") + "\n";
    (HEADING.to_owned() + &rows.iter().map(row).collect::<String>()).into_bytes()
}

const FIRST: &[&str] = &["20610 99213 * 20200101 * 1 visit", "80053 80048 * 20200101 * 0 panel"];

#[test]
fn the_public_lists_are_there_without_an_import() {
    let site = Site::new();
    let names: Vec<String> = tables(&site).into_iter().map(|(name, _)| name).collect();
    for name in ["icd10cm 2026-04", "hcpcs 2024-07", "hcpcs-modifier 2024-07", "place-of-service 2024-01"] {
        assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
    }
    let asked = ["codes", "check", "2026-05-04", "E11.9", "E11", "I10.99", "--system", "icd10cm", "--json"];
    let output = site.command(&asked);
    assert_eq!(output.status.code(), Some(4), "a check that found something");
    let checked: Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdicts: Vec<&str> = checked.as_array().unwrap().iter().map(|row| row["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["valid", "not-billable", "unknown"]);
}

#[test]
fn a_bad_file_changes_nothing_and_names_its_row() {
    let site = Site::new();
    imported(&site, &file(&site, "pairs-practitioner-v320r0.txt", &pairs(FIRST)), &[]);
    let before = tables(&site);

    // Cut in the middle of a row, at a row's end of a zip, and a row whose columns are mixed up.
    let whole = pairs(FIRST);
    let cut = refused(&site, &file(&site, "pairs-practitioner-v321r0.txt", &whole[..whole.len() - 9]), &[]);
    assert!(cut.contains("pairs-practitioner-v321r0.txt"), "{cut}");
    let zipped = zip("pairs-practitioner-v321r0.txt", &whole);
    let cut = refused(&site, &file(&site, "pairs.zip", &zipped[..zipped.len() / 2]), &[]);
    assert!(cut.contains("pairs.zip") && cut.contains("cut off or damaged"), "{cut}");
    for (row, told) in [
        ("99213 * 20610 20200101 * 1 visit", "row 4"),
        ("20610 99214 * * 20200101 1 visit", "row 4"),
        ("20610 99214 * 20200101 * 7 visit", "0, 1 or 9"),
        ("20610 99214 * 20201301 * 1 visit", "a day of the calendar"),
        ("20610 99213 * 20200101 * 0 visit", "row 2"), // a second opinion on one pair: two quarters in one file
    ] {
        let words =
            refused(&site, &file(&site, "pairs-practitioner-v321r0.txt", &pairs(&[FIRST, &[row]].concat())), &[]);
        assert!(words.contains("row 4") && words.contains(told), "{row}: {words}");
    }
    // A list of places in which the columns of a row are turned round, and one of another code set.
    let places = "pos_code,name\n11,Office\nHome,12\n";
    let words = refused(&site, &file(&site, "pos_codes_2027.csv", places.as_bytes()), &[]);
    assert!(words.contains("row 3"), "{words}");
    let words = refused(&site, &file(&site, "list.csv", b"a,b\n1,2\n"), &[]);
    assert!(words.contains("the columns a, b"), "{words}");
    assert_eq!(tables(&site), before, "what was loaded stays");
    let answer = site.json(&["codes", "check", "2026-05-04"]);
    assert!(answer.as_array().is_some_and(|rows| !rows.is_empty()));
}

#[test]
fn quarters_and_years_stand_beside_each_other() {
    let site = Site::new();
    let first = file(&site, "pairs-practitioner-v320r0.txt", &pairs(FIRST));
    let told = imported(&site, &first, &[]);
    assert_eq!((&told["tables"][0]["version"], &told["tables"][0]["new"]), (&"2026Q1".into(), &true.into()));
    let second = file(&site, "pairs-practitioner-v321r0.txt", &pairs(&FIRST[..1]));
    imported(&site, &second, &[]);
    let of_pairs = |site: &Site| -> Vec<(String, u64)> {
        tables(site).into_iter().filter(|(name, _)| name.starts_with("ncci-ptp")).collect()
    };
    let both = [("ncci-ptp-practitioner 2026Q1".to_owned(), 2), ("ncci-ptp-practitioner 2026Q2".to_owned(), 1)];
    assert_eq!(of_pairs(&site), both);

    // The same again is said and changes nothing; the same quarter with other rows is refused, or takes its place when told to.
    assert_eq!(imported(&site, &second, &[])["tables"][0]["new"], false);
    let other = file(&site, "again.txt", &pairs(&["20610 99214 * 20200101 * 1 visit"]));
    let words = refused(&site, &other, &["--version", "2026Q2", "--service", "practitioner"]);
    assert!(
        words.contains("ncci-ptp-practitioner 2026Q2 is loaded already, from pairs-practitioner-v321r0.txt"),
        "{words}"
    );
    assert_eq!(of_pairs(&site), both);

    // An older one keeps its own days, though a later one knows them too (pairs have their days back to 1996).
    let older = file(&site, "pairs-practitioner-v313r0.txt", &pairs(FIRST));
    let told = imported(&site, &older, &[]);
    let table = &told["tables"][0];
    assert_eq!((&table["answered_for"], &table["new"]), (&false.into(), &true.into()), "{told}");
    assert!(table["older_than"].as_str().unwrap().starts_with("ncci-ptp-practitioner 20"), "{told}");
    assert_eq!(of_pairs(&site).len(), 3);

    // A year of places twice: once as it was, once with another place.
    let year = file(&site, "pos_codes_2027.csv", b"pos_code,name\n11,Office\n12,Home\n");
    let words = refused(&site, &year, &[]);
    let told = ["found 2 rows of place-of-service 2027-01", "place-of-service 2024-01 has", "--accept-smaller"];
    told.iter().for_each(|part| assert!(words.contains(part), "{part}: {words}"));
    imported(&site, &year, &[]);
    assert_eq!(imported(&site, &year, &[])["tables"][0]["new"], false);
    let twice = file(&site, "pos_codes_2027.csv", b"pos_code,name\n11,Office\n12,Home\n11,Office\n");
    let words = refused(&site, &twice, &[]);
    assert!(words.contains("row 4") && words.contains("row 2 has it"), "{words}");
    let changed = file(&site, "pos_codes_2027.csv", b"pos_code,name\n11,Office\n");
    let words = refused(&site, &changed, &[]);
    assert!(words.contains("--replace"), "{words}");
    assert_eq!(imported(&site, &changed, &["--replace"])["tables"][0]["rows"], 1);
}

/// The kinds, and the version of each, of the NCCI tables and of the files that they are made of.
fn of_ncci(site: &Site) -> Vec<(String, u64)> {
    tables(site).into_iter().filter(|(name, _)| name.starts_with("ncci")).collect()
}

#[test]
fn a_table_cut_at_a_rows_end_is_not_taken() {
    let site = Site::new();
    let row = |number: usize| format!("{:05},1,3,data,Practitioner\n", 10_000 + number);
    let units = |rows: usize| {
        let head = "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\n";
        (head.to_owned() + &(0..rows).map(row).collect::<String>()).into_bytes()
    };
    // The first of its kind is compared with what CMS publishes.
    let words = refused(&site, &file(&site, "mue_practitioner_2026-04-01.csv", &units(99)), &[]);
    assert!(words.contains("found 99 rows") && words.contains("expected at least 10000"), "{words}");
    let whole = file(&site, "mue_practitioner_2026-04-01.csv", &units(14_000));
    assert_eq!(site.json(&["codes", "import", whole.to_str().unwrap()])["tables"][0]["rows"], 14_000);
    // The next one with it: 12,599 of 14,000 are less than 90 percent.
    let cut = file(&site, "mue_practitioner_2026-07-01.csv", &units(12_599));
    let words = refused(&site, &cut, &[]);
    let told = ["found 12599 rows", "expected at least 12600", "ncci-mue-practitioner 2026Q2 has 14000"];
    told.iter().for_each(|part| assert!(words.contains(part), "{part}: {words}"));
    assert_eq!(of_ncci(&site).len(), 1, "what was loaded answers");
    let next = file(&site, "mue_practitioner_2026-07-01.csv", &units(12_600));
    assert_eq!(site.json(&["codes", "import", next.to_str().unwrap()])["tables"][0]["new"], true);
    // In the middle of its last row, and without a row: told as what it is, at its row.
    let whole = units(14_000);
    let words = refused(&site, &file(&site, "mue_practitioner_2026-07-01.csv", &whole[..whole.len() - 9]), &[]);
    assert!(words.contains("row 14001, end of file") && words.contains("cut off"), "{words}");
    let words = refused(&site, &file(&site, "mue_practitioner_2026-07-01.csv", &units(0)), &[]);
    assert!(words.contains("no row below the header"), "{words}");
}

#[test]
fn the_files_of_a_quarter_are_one_table_however_they_come() {
    let rows = [
        "20610 99213 * 20200101 * 1 visit",
        "29827 29820 * 20200101 * 1 less",
        "45385 45380 * 20200101 * 1 less",
        "80053 80048 * 20200101 * 0 panel",
    ];
    let one = &rows[..1];
    let names = |number: usize| format!("ccipra-v321r0-f{number}.TXT");
    let part = |site: &Site, number: usize| file(site, &names(number), &pairs(&rows[number - 1..number]));
    // One after the other.
    let site = Site::new();
    for number in [2, 1, 4] {
        let told = imported(&site, &part(&site, number), &[]);
        let words = told["incomplete"][0].as_str().unwrap();
        assert!(words.contains("2026Q2 is incomplete, and not used") && words.contains("f3"), "{words}");
        assert!(!of_ncci(&site).iter().any(|(name, _)| name == "ncci-ptp-practitioner 2026Q2"));
    }
    let status = site.json(&["--as-of", "2026-05-11", "codes", "status"]);
    let pairs_known = status["systems"].as_array().unwrap().iter().find(|row| row["system"] == "ncci-ptp-practitioner");
    assert_eq!(pairs_known.unwrap()["today"], false, "{status}");
    assert!(
        status["incomplete"][0].as_str().unwrap().contains("f1, f2, f4 of 4 files there; import f3 too"),
        "{status}"
    );
    let told = imported(&site, &part(&site, 3), &[]);
    assert_eq!((&told["incomplete"], &told["tables"][1]["rows"]), (&serde_json::json!([]), &4.into()), "{told}");
    let first = of_ncci(&site);
    assert_eq!(first.len(), 5, "the table and its files: {first:?}");
    let status = site.json(&["--as-of", "2026-05-11", "codes", "status"]);
    assert_eq!(status["incomplete"], serde_json::json!([]));
    // One of them again is nothing new; with other rows it is refused, and takes its place in the table when told to.
    assert!(
        imported(&site, &part(&site, 1), &[])["tables"].as_array().unwrap().iter().all(|told| told["new"] == false)
    );
    let other = file(&site, &names(1), &pairs(&["20610 99214 * 20200101 * 1 visit", one[0]]));
    assert!(refused(&site, &other, &["--accept-smaller"]).contains("2026Q2-f1 is loaded already"));
    assert_eq!(imported(&site, &other, &["--replace"])["tables"][1]["rows"], 5);

    // Together, in any order, and in one that CMS cut into two.
    let site = Site::new();
    let paths: Vec<PathBuf> = [3, 1, 2, 4].into_iter().map(|number| part(&site, number)).collect();
    let mut arguments = vec!["codes", "import", "--accept-smaller"];
    arguments.extend(paths.iter().map(|path| path.to_str().unwrap()));
    assert_eq!(site.json(&arguments)["incomplete"], serde_json::json!([]));
    let mut together = of_ncci(&site);
    together.sort();
    let mut after = first;
    after.sort();
    assert_eq!(together, after);
    let old = file(&site, "ccipra-v180r0-f1.TXT", &pairs(one));
    imported(&site, &old, &["--parts", "2"]);
    let old = file(&site, "ccipra-v180r0-f2.TXT", &pairs(&[rows[2]]));
    assert_eq!(imported(&site, &old, &["--parts", "2"])["tables"][1]["version"], "2012Q1");
    // Twice the same number, and one that is too high.
    let fifth = file(&site, "ccipra-v321r0-f5.TXT", &pairs(one));
    assert!(refused(&site, &fifth, &[]).contains("found f5, expected f1 to f4"));
}

#[test]
fn a_gzip_file_is_taken_as_it_lies() {
    let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set, the published file is not here");
        return;
    };
    let site = Site::new();
    let path = PathBuf::from(corpus).join("codesets/ncci/ptp_practitioner_2024-07-01.csv.gz");
    let told = site.json(&["codes", "import", path.to_str().unwrap()]);
    assert_eq!((&told["tables"][0]["version"], &told["tables"][0]["rows"]), (&"2024Q3".into(), &2_546_017.into()));
}

#[test]
fn an_import_that_is_killed_leaves_nothing_half() {
    let site = Site::new();
    imported(&site, &file(&site, "pairs-practitioner-v320r0.txt", &pairs(FIRST)), &[]);
    let before = tables(&site);
    let mut large = HEADING.to_owned();
    for number in 0..60_000 {
        large += &format!("{:05}\t{:05}\t\t20200101\t*\t1\treason\n", number % 300 * 331, 10_000 + number / 300);
    }
    let path = file(&site, "pairs-practitioner-v321r0.txt", large.as_bytes());
    let config = site.dir().join("claimhost.toml");
    let mut killed = 0;
    for wait in [20, 60, 120, 240, 480, 900] {
        let mut import = Command::new(claimhost());
        import.arg("--config").arg(&config).args(["codes", "import", "--accept-smaller"]).arg(&path);
        let mut child = import.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        // The table is there whole or not at all, and nothing in the folder is a problem.
        let after = tables(&site);
        let is_whole = after.contains(&("ncci-ptp-practitioner 2026Q2".to_owned(), 60_000));
        assert!(after == before || is_whole, "{after:?}");
        if is_whole {
            break;
        }
    }
    println!("killed {killed} times");
    assert!(killed > 0, "no import was killed in its middle");
    let told = imported(&site, &path, &[]);
    assert_eq!(told["tables"][0]["rows"], 60_000);
}

fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    // Stored, not deflated: the layout of APPNOTE.TXT 6.3, written here so that nothing of the host's is needed.
    let (length, sum) = (u32::try_from(bytes.len()).unwrap(), crc32(bytes));
    let name_length = u16::try_from(name.len()).unwrap();
    let common = |out: &mut Vec<u8>| {
        out.extend_from_slice(&[10, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x5c]);
        out.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&name_length.to_le_bytes());
        out.extend_from_slice(&[0, 0]);
    };
    let mut out = b"PK\x03\x04".to_vec();
    common(&mut out);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(bytes);
    let directory = u32::try_from(out.len()).unwrap();
    out.extend_from_slice(b"PK\x01\x02\x0a\x00");
    common(&mut out);
    out.extend_from_slice(&[0; 14]);
    out.extend_from_slice(name.as_bytes());
    let size = u32::try_from(out.len()).unwrap() - directory;
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&directory.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 })
    })
}

#[test]
fn a_whole_archive_is_read() {
    let site = Site::new();
    let mut archive = std::fs::File::create(site.dir().join("pairs.zip")).unwrap();
    archive.write_all(&zip("pairs-practitioner-v321r0.txt", &pairs(FIRST))).unwrap();
    let told = imported(&site, &site.dir().join("pairs.zip"), &[]);
    assert_eq!(told["tables"][0]["version"], "2026Q2");
    assert_eq!(told["tables"][0]["rows"], 2);
}
