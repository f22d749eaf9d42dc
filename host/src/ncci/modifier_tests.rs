use super::*;
use crate::claim::parse_iso;

fn verdict(column1: &str, column2: &str, day: &str) -> Result<(), Unseparated> {
    let parts: Vec<Vec<String>> =
        [column1, column2].iter().map(|text| text.split('-').map(str::to_owned).collect()).collect();
    let side = |at: usize| Side { code: Code::parse(&parts[at][0]).unwrap(), modifiers: &parts[at][1..] };
    separates(&side(0), &side(1), day_number(parse_iso(day).unwrap()))
}

/// Column 1 and column 2 with their modifiers, the day, whether they are separated, and where CMS says so.
type Row = (&'static str, &'static str, &'static str, bool, &'static str);

const MANUAL: &str = "NCCI Policy Manual, chapter 1, section E";
const MLN: &str = "MLN1783722, examples";
const TODAY: &str = "2024-07-01";

/// The published examples, in numbers.
#[rustfmt::skip]
const PUBLISHED: &[Row] = &[
    // 59 and X{EPSU}: other lesion, other site, other encounter; on either column since 2019-07-01.
    ("11055", "11720", TODAY, false, MLN),
    ("11055", "11720-59", TODAY, true, MLN),
    ("11055", "11720-XS", TODAY, true, MLN),
    ("11055-XS", "11720", TODAY, true, "CR 11168"),
    ("11055-59", "11720", "2019-07-01", true, "CR 11168"),
    ("11055-59", "11720", "2019-06-30", false, "CR 11168"),
    ("11055", "11720-59", "2019-06-30", true, "CR 11168"),
    ("11102", "17000-59", TODAY, true, MLN),
    ("11102", "17000", TODAY, false, MLN),
    ("47370", "76942-59", TODAY, true, MLN),
    ("47370", "76942", TODAY, false, MLN),
    ("45385", "45380-59", TODAY, true, MLN),
    ("45385", "45380", TODAY, false, MLN),
    ("38221", "38220-59", TODAY, true, MANUAL),
    ("38221", "38220", TODAY, false, MANUAL),
    ("93015", "93040-XE", TODAY, true, MLN),
    ("93015", "93040-59", TODAY, true, MLN),
    ("97530", "97150-59", TODAY, true, MLN),
    ("97530-59", "97150", TODAY, true, "CR 11168"),
    ("37220", "75710-XU", TODAY, true, MLN),
    ("77427", "77427-59", TODAY, false, "CPT modifier 59: not with 77427"),
    // Paired organs: the other side separates, the same does not.
    ("29827-RT", "29820-RT", TODAY, false, MLN),
    ("29827-RT", "29820-LT", TODAY, true, MLN),
    ("34833-LT", "34820-RT", TODAY, true, "MLN Matters SE0715"),
    ("67210-RT", "67220-RT", TODAY, false, MLN),
    ("67210-RT", "67220-LT", TODAY, true, MLN),
    ("67210-E1", "67220-E4", TODAY, true, MANUAL),
    ("11055-T5", "11720-T5", TODAY, false, MLN),
    ("11055-T5", "11720-TA", TODAY, true, MLN),
    ("26160-FA", "26055-F1", TODAY, true, MANUAL),
    ("26160-F7", "26055-F7", TODAY, false, MANUAL),
    ("92928-LD", "92920-RC", TODAY, true, MANUAL),
    ("92928-LD", "92920-LD", TODAY, false, MANUAL),
    ("92928-LM", "92920-RI", TODAY, true, MANUAL),
    ("29827-50", "29820-RT", TODAY, false, "50 is both sides"),
    ("29827-RT", "29820", TODAY, false, "stricter than claim systems: column 2 names no site"),
    ("11730-T1", "11720", TODAY, false, "stricter than claim systems: column 2 names no site"),
    ("29827", "29820-LT", TODAY, true, MANUAL),
    ("29827-50", "29820", TODAY, false, "50 is no NCCI modifier"),
    ("29827-50", "29820-50", TODAY, false, "50 is no NCCI modifier"),
    ("29827-RT", "29820-RT-59", TODAY, true, MANUAL),
    // 25 and 57: on the visit alone, and nothing else speaks for the visit.
    ("20610", "99213", TODAY, false, MANUAL),
    ("20610", "99213-25", TODAY, true, MANUAL),
    ("20610-25", "99213", TODAY, false, MANUAL),
    ("20610-RT", "99213", TODAY, false, MANUAL),
    ("20610-59", "99213", TODAY, false, "CPT modifier 59: for visits see 25"),
    ("20610", "99213-59", TODAY, false, "CPT modifier 59: for visits see 25"),
    ("27447", "99223-57", TODAY, true, MANUAL),
    ("27447-57", "99223", TODAY, false, MANUAL),
    ("27447", "99213-24", TODAY, true, MANUAL),
    ("92235", "92014-25", TODAY, true, "eye visits take 25"),
    ("11721", "G0463-27", TODAY, true, MANUAL),
    ("36556", "99291-25", TODAY, true, MANUAL),
    ("36556-59", "99291", TODAY, false, "CPT modifier 59: for visits see 25"),
    ("99291", "36600-59", TODAY, true, "the procedure is column 2 of the visit"),
    ("G0439", "99213-25", TODAY, true, MANUAL),
    ("G0439", "99213", TODAY, false, MANUAL),
    // 58, 78, 79: a procedure in the postoperative period.
    ("44140", "45378-58", TODAY, true, MANUAL),
    ("44140-58", "45378", TODAY, true, MANUAL),
    ("27447", "27310-78", TODAY, true, MANUAL),
    ("66984", "65855-79", TODAY, true, MANUAL),
    ("20610", "99213-79", TODAY, false, "79 is for procedures"),
    // 91: laboratory tests.
    ("80053", "82947-91", TODAY, true, MANUAL),
    ("80053", "82947", TODAY, false, MANUAL),
    ("45385", "45380-91", TODAY, false, "91 is for laboratory tests"),
    // What bypasses nothing.
    ("45385", "45380-76", TODAY, false, "76 and 77 are no NCCI modifiers"),
    ("45385", "45380-77", TODAY, false, "76 and 77 are no NCCI modifiers"),
    ("45385-22", "45380-51", TODAY, false, MANUAL),
    ("45385", "45380-GC-26", TODAY, false, MANUAL),
    ("45385", "45380-5", TODAY, false, "no modifier at all"),
];

#[test]
fn the_published_examples() {
    let wrong: Vec<_> = PUBLISHED
        .iter()
        .filter(|(column1, column2, day, separated, _)| verdict(column1, column2, day).is_ok() != *separated)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn says_why_not() {
    assert_eq!(verdict("45385", "45380-76", TODAY), Err(Unseparated::NoModifier));
    assert_eq!(verdict("20610-25", "99213", TODAY), Err(Unseparated::WrongCode(*b"25")));
    assert_eq!(verdict("20610-RT", "99213", TODAY), Err(Unseparated::WrongCode(*b"RT")));
    assert_eq!(verdict("29827-RT", "29820-RT", TODAY), Err(Unseparated::SameSite(*b"RT")));
    assert_eq!(verdict("29827-RT", "29820", TODAY), Err(Unseparated::OneSide(*b"RT")));
}
