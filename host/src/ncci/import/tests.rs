//! The layouts, and every way a file can be wrong. Codes are numbers, rationales invented.

use super::*;
use crate::claim::{day_number, from_day_number, iso, parse_iso};
use crate::ncci::Code;
use crate::ncci::addon::{AddonTable, AddonType};
use crate::ncci::mue::{Adjudication, MueTable};
use crate::ncci::ptp::{Indicator, PtpTable};

/// CMS's text: titles, a header over two rows, tabs, Windows line ends.
const CMS: &str = "Codes of a published table\t\t\t\t\t\t\r\n\
    Column1/Column2 Edits\t\t\t\t\t\t\r\n\
    \t\t*=in existence\tEffective\tDeletion Date\tModifier\tPTP Edit Rationale\r\n\
    Column 1\tColumn 2\tprior to 1996\tDate\t*=no data\t0=not allowed\t\r\n\
    20610\t99213\t\t20130101\t*\t1\tvisit\r\n\
    20610\t36000\t*\t19960101\t20121231\t0\taccess\r\n\
    20610\t36000\t*\t20130101\t*\t1\taccess\r\n\
    45385\t45380\t\t20020101\t20020101\t9\tlesser\r\n";

/// One row for many column 2 codes, no effective dates.
const GROUPED: &str = "column_1,deletion_date,modifier_indicator,rationale_id,column_2_codes\n\
    20610,*,1,4,99213 99214\n20610,20231231,0,1,36000\n45385,20240930,0,1,45380\n";

fn source<'a>(name: &'a str, text: &'a str) -> Source<'a> {
    Source { name, bytes: text.as_bytes() }
}

fn pair(imported: &Imported, column1: &str, column2: &str, day: &str) -> Option<Indicator> {
    let day = i32::try_from(day_number(parse_iso(day).unwrap())).unwrap();
    let code = |text: &str| Code::parse(text).unwrap();
    let table = PtpTable::open(&imported.payload).unwrap();
    table.lookup(code(column1), code(column2), day).map(|row| row.indicator)
}

fn cover(imported: &Imported) -> String {
    let day = |day| iso(from_day_number(day));
    format!("{} {} to {}", imported.kind.name(), day(imported.cover.0), day(imported.cover.1))
}

#[test]
fn reads_cms_text_with_titles() {
    let imported = import(&[source("ccipra-v302r0-f1.TXT", CMS)], Asked::default()).unwrap();
    assert_eq!((imported.rows, imported.quarter.to_string().as_str()), (4, "2024Q3"));
    assert_eq!(cover(&imported), "ncci-ptp-practitioner 1996-01-01 to 2024-09-30");
    let cases = [
        ("20610", "99213", "2013-01-01", Some(Indicator::WithModifier)),
        ("20610", "99213", "2012-12-31", None),
        ("99213", "20610", "2013-01-01", None),
        ("20610", "36000", "2012-12-31", Some(Indicator::Never)),
        ("20610", "36000", "2013-01-01", Some(Indicator::WithModifier)),
        ("45385", "45380", "2002-01-01", None),
    ];
    for (column1, column2, day, expected) in cases {
        assert_eq!(pair(&imported, column1, column2, day), expected, "{column1}/{column2} {day}");
    }
}

#[test]
fn reads_commas_and_columns_without_a_header() {
    let commas: String = CMS.lines().skip(4).map(|row| row.replace('\t', ",") + "\n").collect();
    let asked = Asked { quarter: Quarter::parse("2024Q3"), service: Some(Service::Outpatient) };
    let imported = import(&[source("pairs.csv", &commas)], asked).unwrap();
    assert_eq!(cover(&imported), "ncci-ptp-outpatient 1996-01-01 to 2024-09-30");
    assert_eq!(pair(&imported, "20610", "36000", "2000-01-01"), Some(Indicator::Never));
}

#[test]
fn reads_the_grouped_form_and_knows_only_its_quarter() {
    let imported = import(&[source("ptp_practitioner_2024-07-01.csv", GROUPED)], Asked::default()).unwrap();
    assert_eq!(cover(&imported), "ncci-ptp-practitioner 2024-07-01 to 2024-09-30");
    assert_eq!(imported.rows, 4);
    assert_eq!(pair(&imported, "20610", "99214", "2024-07-01"), Some(Indicator::WithModifier));
    assert_eq!(pair(&imported, "20610", "99214", "2024-06-30"), None);
    assert_eq!(pair(&imported, "20610", "36000", "2024-07-01"), None);
    assert_eq!(pair(&imported, "45385", "45380", "2024-09-30"), Some(Indicator::Never));
    assert_eq!(pair(&imported, "45385", "45380", "2024-10-01"), None);
}

#[test]
fn joins_the_files_that_cms_cuts_a_quarter_into() {
    let (head, tail) = CMS.split_at(CMS.find("45385").unwrap());
    let files = [source("ccipra-v302r0-f1.TXT", head), source("ccipra-v302r0-f2.TXT", tail)];
    assert_eq!(import(&files, Asked::default()).unwrap().rows, 4);
}

#[test]
fn reads_units_in_both_layouts() {
    let published = "Values in force,,,\nHCPCS/CPT Code,Practitioner Services MUE Values,MUE Adjudication Indicator,MUE Rationale\n\
        20610,2,3 Date of Service Edit: Clinical,data\n82374,2,1 Line Edit,data\n99213,1,2 Date of Service Edit: Policy,policy\n";
    let name = "MCR_MUE_PractitionerServices_Eff_07-01-2024.csv";
    let plain = "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\n20610,2,3,data,Practitioner\n82374,2,1,data,Practitioner\n99213,1,2,policy,Practitioner\n";
    for (name, text) in [(name, published), ("mue_2024-07-01.csv", plain)] {
        let imported = import(&[source(name, text)], Asked::default()).unwrap();
        assert_eq!(cover(&imported), "ncci-mue-practitioner 2024-07-01 to 2024-09-30");
        let table = MueTable::open(&imported.payload).unwrap();
        let limit = |code: &str| table.lookup(Code::parse(code).unwrap()).map(|mue| (mue.units, mue.adjudication));
        assert_eq!(limit("20610"), Some((2, Adjudication::DayClinical)));
        assert_eq!(limit("82374"), Some((2, Adjudication::Line)));
        assert_eq!(limit("99213"), Some((1, Adjudication::DayAbsolute)));
        assert_eq!(limit("99214"), None);
        assert_eq!(table.rationale(&table.lookup(Code::parse("99213").unwrap()).unwrap()), "policy");
    }
}

#[test]
fn reads_add_on_codes_with_and_without_dates() {
    let plain = "primary_code,add_on_code,aoc_edit_type\nCCCCC,0054T,2\n99291,99292,1\n49320,49327,3\n";
    let imported = import(&[source("addon_2024-06-03.csv", plain)], Asked::default()).unwrap();
    assert_eq!(cover(&imported), "ncci-addon 2024-04-01 to 2024-06-30");
    let dated = "AOC\tAOC_DEL_DT\tPRIMARY_CODE\tPRIMARY_CODE_DEL_DT\tAOC_EDIT_EFF_DT\tAOC_EDIT_DEL_DT\tAOC_EDIT_TYPE\n\
        0054T\t\tCCCCC\t\t2013091\t\t2\n99292\t\t99291\t\t2013091\t\t1\n49327\t\t49320\t20231231\t20130401\t\t3\n";
    let later = import(&[source("AOC_V2024Q3-MCR.txt", dated)], Asked::default()).unwrap();
    assert_eq!(cover(&later), "ncci-addon 2013-04-01 to 2024-09-30");
    for (imported, day) in [(&imported, "2024-06-30"), (&later, "2013-04-01")] {
        let day = i32::try_from(day_number(parse_iso(day).unwrap())).unwrap();
        let table = AddonTable::open(&imported.payload).unwrap();
        let rows = |code: &str| -> Vec<(Option<String>, AddonType)> {
            let rows = table.lookup(Code::parse(code).unwrap(), day);
            rows.map(|row| (row.primary.map(|code| code.to_string()), row.kind)).collect()
        };
        assert_eq!(rows("99292"), [(Some("99291".to_owned()), AddonType::Listed)]);
        assert_eq!(rows("0054T"), [(None, AddonType::Unlisted)]);
        assert_eq!(rows("49327"), [(Some("49320".to_owned()), AddonType::PartlyListed)]);
        assert!(rows("99291").is_empty());
    }
    let table = AddonTable::open(&later.payload).unwrap();
    let day = i32::try_from(day_number(parse_iso("2024-01-01").unwrap())).unwrap();
    assert!(!table.is_addon(Code::parse("49327").unwrap(), day), "its only primary is deleted");
}

/// What is wrong, the file's name, its text, what the error says.
type Wrong = (&'static str, &'static str, String, &'static [&'static str]);

#[test]
fn every_fault_names_its_row() {
    let pra = "ccipra-v302r0-f1.TXT";
    let grouped = "ptp_practitioner_2024-07-01.csv";
    let units = "mue_practitioner_2024-07-01.csv";
    let head = "hcpcs_code,mue_units,mue_mai,mue_rationale,mue_service\n";
    let addon = "addon_2024-07-01.csv";
    let addon_head = "primary_code,add_on_code,aoc_edit_type\n";
    let cases: Vec<Wrong> = vec![
        ("empty", pra, String::new(), &["empty file"]),
        ("titles only", pra, CMS.lines().take(4).map(|row| format!("{row}\n")).collect(), &["no row below the header"]),
        ("cut in a row", pra, CMS[..CMS.len() - 12].to_owned(), &["without a line end", "fetch the file again"]),
        (
            "cut at a cell, mended by hand",
            pra,
            CMS.replace("\t1\taccess\r\n", "\r\n"),
            &["row 7", "columns", "cut off"],
        ),
        (
            "one column missing",
            pra,
            CMS.replace("\t\t20130101\t*\t1\tvisit", "\t20130101\t*\t1\tvisit\t"),
            &["row 5", "before 1996", "looks like a date", "shifted"],
        ),
        ("a date that is none", pra, CMS.replace("20121231", "20121331"), &["row 6", "deletion date", "YYYYMMDD"]),
        (
            "a date in words",
            pra,
            CMS.replace("20130101\t*\t1\tvisit", "January\t*\t1\tvisit"),
            &["row 5", "effective date"],
        ),
        (
            "an indicator that is none",
            pra,
            CMS.replace("\t1\tvisit", "\t2\tvisit"),
            &["row 5", "modifier indicator", "0, 1 or 9"],
        ),
        (
            "deleted before it began",
            pra,
            CMS.replace("19960101\t20121231", "20130101\t20121231"),
            &["row 6", "before the effective date"],
        ),
        (
            "two quarters in one table",
            pra,
            format!("{CMS}20610\t99213\t\t20130101\t20240630\t1\tvisit\r\n"),
            &["row 9", "20610/99213", "row 5", "two quarters"],
        ),
        (
            "two quarters, other indicator",
            pra,
            format!("{CMS}20610\t99213\t\t20240101\t*\t0\tvisit\r\n"),
            &["row 9", "two quarters"],
        ),
        (
            "two files joined",
            pra,
            format!("{CMS}Column 1\tColumn 2\t\tDate\t*\tModifier\tx\r\n"),
            &["row 9", "column 1"],
        ),
        ("no quarter", "pairs.txt", CMS.to_owned(), &["--version 2024Q3"]),
        ("other columns", "list_2024-07-01.csv", "code,price\n20610,1\n".to_owned(), &["header", "PTP pairs"]),
        ("grouped twice", grouped, format!("{GROUPED}20610,*,1,4,99214\n"), &["row 5", "20610/99214", "row 2"]),
        ("grouped, a code cut off", grouped, GROUPED.replace("99213 99214", "99213 9921"), &["row 2", "column 2"]),
        ("grouped, no codes", grouped, GROUPED.replace("99213 99214", ""), &["row 2", "at least one"]),
        ("grouped, a lower-case word", grouped, GROUPED.replace("45385,2", "total,2"), &["row 4", "column 1"]),
        ("units in words", units, format!("{head}20610,two,3,data,Practitioner\n"), &["row 2", "MUE value"]),
        ("an MAI that is none", units, format!("{head}20610,2,4,data,Practitioner\n"), &["row 2", "adjudication"]),
        (
            "another service type",
            units,
            format!("{head}20610,2,3,data,Outpatient Hospital\n"),
            &["row 2", "service type", "practitioner"],
        ),
        (
            "a code twice",
            units,
            format!("{head}20610,2,3,data,Practitioner\n20610,3,3,data,Practitioner\n"),
            &["row 3", "row 2", "two quarters"],
        ),
        ("an add-on type that is none", addon, format!("{addon_head}99291,99292,4\n"), &["row 2", "edit type"]),
        ("an add-on pair twice", addon, format!("{addon_head}99291,99292,1\n99291,99292,1\n"), &["row 3", "row 2"]),
        (
            "a primary that is none",
            addon,
            format!("{addon_head}99291,99292,1\n9929,99293,1\n"),
            &["row 3", "primary code"],
        ),
    ];
    for (what, name, text, says) in cases {
        let error = import(&[source(name, &text)], Asked::default()).expect_err(what).to_string();
        for part in says {
            assert!(error.contains(part), "{what}: {part:?} is not in {error:?}");
        }
        assert!(error.starts_with(name), "{what}: {error}");
    }
}

#[test]
fn files_of_two_quarters_or_services_are_not_one_table() {
    let files = [source("ccipra-v302r0-f1.TXT", CMS), source("ccipra-v301r0-f2.TXT", CMS)];
    let error = import(&files, Asked::default()).unwrap_err().to_string();
    assert!(error.contains("v301r0-f2") && error.contains("2024Q2") && error.contains("2024Q3"), "{error}");
    let files = [source("ccipra-v302r0-f1.TXT", CMS), source("ccioph-v302r0-f1.TXT", CMS)];
    let error = import(&files, Asked::default()).unwrap_err().to_string();
    assert!(error.contains("outpatient"), "{error}");
    let files = [source("ccipra-v302r0-f1.TXT", CMS), source("ptp_practitioner_2024-07-01.csv", GROUPED)];
    let error = import(&files, Asked::default()).unwrap_err().to_string();
    assert!(error.contains("layout"), "{error}");
    let asked = Asked { quarter: Quarter::parse("2024Q2"), service: None };
    assert!(import(&[source("ccipra-v302r0-f1.TXT", CMS)], asked).unwrap_err().to_string().contains("2024Q2"));
    assert!(import(&[], Asked::default()).is_err());
}

#[test]
fn tells_its_files_from_others() {
    for (name, text) in [("a.txt", CMS), ("b.csv", GROUPED), ("c.csv", "hcpcs_code,mue_units\n20610,2\n")] {
        assert!(recognises(&source(name, text)), "{name}");
    }
    for text in ["", "code,billable\nA000,1\n", "HCPC,SHORT DESCRIPTION,ADD DT\nA0021,x,19960101\n"] {
        assert!(!recognises(&source("x.csv", text)), "{text:?}");
    }
}
