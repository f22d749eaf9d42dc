use super::*;

const DATED: &str = "Code,Set,Target,Modifiers,From,To\n\
OV3,procedure,99213,,,2025-12-31\n\
OV3,,99213,25,2026-01-01,\n\
CGH,diagnosis,R05.9,,,\n\
KNEE,,20610,RT LT,2026-02-01,2026-02-28\n";

fn day(text: &str) -> Option<i64> {
    Some(day_number(parse_iso(text).unwrap()))
}

fn of(text: &str) -> Crosswalk {
    let mut crosswalk = Crosswalk::default();
    crosswalk.take_file("practices/p/crosswalk.csv", text).unwrap();
    crosswalk
}

fn said(mapped: &Mapped<'_>) -> String {
    match mapped {
        Mapped::Unknown => "unknown".to_owned(),
        Mapped::OtherDays(row) => format!("other days: {} {}", row.billed_as(), row.days_in_words()),
        Mapped::To(row) => row.billed_as(),
        Mapped::TwoWays(conflict) => format!("two ways: {} {}", conflict.first.row, conflict.second.row),
    }
}

#[test]
fn a_code_maps_by_day_of_service() {
    let crosswalk = of(DATED);
    for (set, code, on, expected) in [
        (CodeSet::Procedure, "OV3", "2025-12-31", "99213"),
        (CodeSet::Procedure, " ov3", "2026-01-01", "99213-25"),
        (CodeSet::Diagnosis, "cgh", "2026-01-01", "R059"),
        (CodeSet::Procedure, "CGH", "2026-01-01", "unknown"),
        (CodeSet::Procedure, "KNEE", "2026-02-28", "20610-RT-LT"),
        (CodeSet::Procedure, "KNEE", "2026-03-01", "other days: 20610-RT-LT from 2026-02-01 to 2026-02-28"),
        (CodeSet::Procedure, "KNEE", "2026-01-31", "other days: 20610-RT-LT from 2026-02-01 to 2026-02-28"),
    ] {
        assert_eq!(said(&crosswalk.on(set, code, day(on))), expected, "{code} {on}");
    }
    let source = crosswalk.source(CodeSet::Procedure, "99213", day("2026-05-01").unwrap()).unwrap();
    assert_eq!((source.code.as_str(), source.row.as_str()), ("OV3", "crosswalk.csv row 3"));
    assert_eq!(crosswalk.source(CodeSet::Procedure, "20610", day("2026-05-01").unwrap()), None);
}

#[test]
fn profile_tables_dated_rows_and_files_are_one_crosswalk() {
    let text = "[procedure]\nOV3 = \"99213\"\n[[code]]\ncode = \"OV4\"\ntarget = \"99214\"\nfrom = 2026-01-01\n\
                [[code]]\nset = \"diagnosis\"\ncode = \"CGH\"\ntarget = \"R05.9\"\nto = \"2026-01-31\"\n";
    let mut crosswalk: Crosswalk = toml::from_str(text).unwrap();
    let file = "[[code]]\ncode = \"XR\"\ntarget = \"71046\"\nmodifiers = [\"tc\"]\n";
    crosswalk.take_file("more.toml", file).unwrap();
    for (set, code, expected) in [
        (CodeSet::Procedure, "OV3", "99213"),
        (CodeSet::Procedure, "OV4", "99214"),
        (CodeSet::Procedure, "XR", "71046-TC"),
        (CodeSet::Diagnosis, "CGH", "other days: R059 until 2026-01-31"),
    ] {
        assert_eq!(said(&crosswalk.on(set, code, day("2026-03-01"))), expected, "{code}");
    }
    assert_eq!(said(&crosswalk.on(CodeSet::Procedure, "OV3", None)), "99213");
    assert_eq!(crosswalk.conflicts(), []);
}

#[test]
fn one_code_two_ways_on_one_day_names_both_rows() {
    let rows = "OV3,,99214,,2026-06-01,2026-06-30\nOV3,,99213,25,2026-07-01,\n";
    let crosswalk = of(&format!("{DATED}{rows}"));
    let [conflict] = crosswalk.conflicts()[..] else { panic!("{:?}", crosswalk.conflicts()) };
    let words = conflict.words();
    for part in ["OV3", "crosswalk.csv row 3 says 99213-25 from 2026-01-01", "crosswalk.csv row 6 says 99214"] {
        assert!(words.contains(part), "{words}");
    }
    assert_eq!(
        said(&crosswalk.on(CodeSet::Procedure, "OV3", day("2026-06-15"))),
        "two ways: crosswalk.csv row 3 crosswalk.csv row 6"
    );
    assert_eq!(
        said(&crosswalk.on(CodeSet::Procedure, "OV3", day("2026-07-01"))),
        "99213-25",
        "twice the same is no conflict"
    );
    assert_eq!(said(&crosswalk.on(CodeSet::Procedure, "OV3", day("2026-05-31"))), "99213-25");
}

#[test]
fn a_bad_file_is_refused_with_all_its_rows_and_what_was_there_stays() {
    let mut crosswalk = of(DATED);
    let bad = "code,set,target,modifiers,from,to\nOV3,,9921,,,\n,,99213,,,\nOV4,lab,99213,,,\nOV5,,99213,RTX,,\n\
               OV6,,99213,,2026-02-30,\nOV7,,99213,,2026-02-02,2026-02-01\nCGH,diagnosis,R05.9,25,,\n";
    let error = crosswalk.take_file("c.csv", bad).unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    let starts = [
        "c.csv:2:1: target: found 4 digits",
        "c.csv:3:1: code: found nothing",
        "c.csv:4:1: set: found another word",
        "c.csv:5:1: modifiers: found one",
        "c.csv:6:1: from: found 10 characters",
        "c.csv:7:1: to: found 2026-02-01",
        "c.csv:8:1: modifiers: found one at a diagnosis",
    ];
    assert_eq!(lines.len(), starts.len(), "{error}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
    assert_eq!(crosswalk.rows().len(), 4);
    let error = crosswalk.take_file("c.toml", "\n[[code]]\ncode = \"A\"\ntarget = \"1\"\n").unwrap_err().to_string();
    assert!(error.starts_with("c.toml:2:1: target: found 1 digits"), "{error}");
    let error = crosswalk.take_file("c.toml", "[[code]]\ncode = \"A\"\nto = 3\ntarget = \"99213\"\n").unwrap_err();
    assert!(error.to_string().starts_with("c.toml:3:1: "), "{error}");
}
