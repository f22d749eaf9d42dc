use super::super::PfsTable;
use super::*;

/// As CMS writes it: titles, a heading over several rows, rows with modifiers. Numbers and codes of the test.
const RELEASE: &str = "2024 National Physician Fee Schedule Relative Value File,,,,,,,,,,,\r\n\
RELEASED 06/01/2024,,,,,,,,,,,\r\n\
,,,STATUS,PCTC,GLOB,PRE,MULT,BILAT,ASST,CO-,TEAM\r\n\
HCPCS,MOD,DESCRIPTION,CODE,IND,DAYS,OP,PROC,SURG,SURG,SURG,SURG\r\n\
10060,,x,A,0,010,0.1,2,0,1,0,0\r\n\
20610,,x,A,0,000,0,2,1,1,0,0\r\n\
27447,,x,A,0,090,0.1,2,1,2,1,0\r\n\
71046,,x,A,1,XXX,0,0,0,0,0,0\r\n\
71046,26,x,A,1,XXX,0,0,0,0,0,0\r\n\
71046,TC,x,A,1,XXX,0,0,0,0,0,0\r\n";

fn of(name: &str, text: &str) -> Result<Imported, String> {
    let source = Source { name, bytes: text.as_bytes() };
    import(&source, None).map_err(|error| error.to_string())
}

#[test]
fn a_release_gives_the_indicators_of_each_code() {
    assert!(recognises(&Source { name: "PPRRVU24_JUL.csv", bytes: RELEASE.as_bytes() }));
    let imported = of("PPRRVU24_JUL.csv", RELEASE).unwrap();
    assert_eq!((imported.quarter.to_string().as_str(), imported.rows, imported.with_modifier), ("2024Q3", 4, 2));
    assert_eq!(imported.cover.1, day_number(Date { year: 2024, month: 12, day: 31 }));
    let table = PfsTable::open(&imported.payload).unwrap();
    let of = |code: &str| table.lookup(Code::parse(code).unwrap());
    let knee = of("27447").unwrap();
    assert_eq!((knee.global, knee.bilateral, knee.assistant, knee.co_surgeons), (Global::Ninety, 1, 2, 1));
    assert_eq!(of("71046").map(|chest| (chest.global, chest.components)), Some((Global::None, 1)));
    assert_eq!((of("20610").unwrap().global.days_after(), of("99999")), (Some(0), None));
    assert!(PfsTable::open(&imported.payload[..imported.payload.len() - 1]).is_err() && PfsTable::open(b"").is_err());
}

#[test]
fn a_bad_file_names_its_row() {
    for (change, said) in [
        (("20610,,x,A,0,000", "20610,,x,A,0,011"), "f2024q3.csv, row 6, GLOB DAYS: found 3 digits"),
        (("20610,,x,A,0,000,0,2,1", "20610,,x,A,0,000,0,2,"), "f2024q3.csv, row 6, BILAT SURG"),
        (("20610,,x", "10060,,x"), "f2024q3.csv, row 6, HCPCS: found 10060, which row 5 has too"),
        (("20610,,x,A,0,000,0,2,1,1,0,0", "20610,,x"), "f2024q3.csv, row 6, GLOB DAYS: found a row of 3 columns"),
        (("BILAT", "OTHER"), "f2024q3.csv, BILAT SURG"),
    ] {
        let error = of("f2024q3.csv", &RELEASE.replace(change.0, change.1)).unwrap_err();
        assert!(error.starts_with(said), "{error}");
    }
    let cut = of("f2024q3.csv", RELEASE.trim_end()).unwrap_err();
    assert!(cut.contains("without a line end"), "{cut}");
    assert!(of("indicators.csv", RELEASE).unwrap_err().contains("--version 2024Q3"));
}

#[test]
fn names_tell_the_quarter() {
    for (name, expected) in [
        ("PPRRVU24_JUL.csv", Some("2024Q3")),
        ("PPRRVU2026_Apr_nonQPP.csv", Some("2026Q2")),
        ("PPRRVU23.csv", Some("2023Q1")),
        ("RVU24D.zip", Some("2024Q4")),
        ("rvu_indicators_2024-07.csv", Some("2024Q3")),
        ("indicators.csv", None),
    ] {
        assert_eq!(quarter_of(name).map(|quarter| quarter.to_string()).as_deref(), expected, "{name}");
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
fn the_published_file_is_read_whole() {
    let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set, the published file is not here");
        return;
    };
    let path = std::path::Path::new(&corpus).join("codesets/pfs/rvu_indicators_2024-07.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let imported = of("rvu_indicators_2024-07.csv", &text).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty()).count() as u64;
    assert_eq!(imported.rows + imported.with_modifier + 1, lines);
    let table = PfsTable::open(&imported.payload).unwrap();
    // A naive reading of each row.
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[1].is_empty() {
            let found = table.lookup(Code::parse(cells[0]).unwrap()).unwrap();
            assert_eq!(Some(found.global), Global::parse(cells[4]), "{line}");
            assert_eq!(
                (found.bilateral.to_string().as_str(), found.components.to_string().as_str()),
                (cells[9], cells[3])
            );
        }
    }
}
