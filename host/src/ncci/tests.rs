//! The packed table against a list of rows, and the payloads against damage.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::ptp::{Attribute, Indicator, PtpBuildError, PtpBuilder, PtpTable};
use super::{Code, PayloadError, addon, mue};

/// Often of few codes, so that pairs repeat and their dates overlap; else of so many that a table has several pages.
fn code() -> impl Strategy<Value = Code> {
    prop_oneof![
        (0_u32..12).prop_map(|number| Code::parse(&format!("{:05}", 99_200 + number)).unwrap()),
        "[A-V][0-9]{4}|[0-9]{4}[A-Z]".prop_map(|text| Code::parse(&text).unwrap()),
    ]
}

fn attribute() -> impl Strategy<Value = Attribute> {
    let indicator = prop_oneof![Just(Indicator::Never), Just(Indicator::WithModifier), Just(Indicator::NotInUse)];
    (0_i32..50, prop_oneof![Just(i32::MAX), 0_i32..60], indicator, any::<bool>()).prop_map(
        |(effective, deletion, indicator, before_1996)| {
            let rationale = u16::from(before_1996);
            Attribute { effective, deletion, indicator, before_1996, rationale }
        },
    )
}

proptest! {
    #[test]
    fn the_packed_table_answers_as_the_list_does(
        rows in prop::collection::vec((code(), code(), attribute()), 0..1_000),
        asked in prop::collection::vec((code(), code(), -5_i32..70), 1..200),
    ) {
        let mut builder = PtpBuilder::default();
        let mut naive: BTreeMap<(Code, Code), Vec<Attribute>> = BTreeMap::new();
        builder.rationale("one");
        builder.rationale("two");
        for (column1, column2, attribute) in &rows {
            builder.push(*column1, *column2, *attribute);
            naive.entry((*column1, *column2)).or_default().push(*attribute);
        }
        let payload = builder.build().unwrap();
        let table = PtpTable::open(&payload).unwrap();
        prop_assert_eq!(table.rows(), rows.len());
        let pairs = rows.iter().map(|(column1, column2, row)| (*column1, *column2, row.effective));
        for (column1, column2, day) in asked.into_iter().chain(pairs) {
            let found = table.lookup(column1, column2, day);
            let on_day = naive.get(&(column1, column2)).into_iter().flatten().filter(|row| {
                row.indicator != Indicator::NotInUse && row.effective <= day && row.deletion >= day
            });
            let strictest = on_day.map(|row| row.indicator).min();
            prop_assert_eq!(found.map(|row| row.indicator), strictest);
            if let Some(found) = found {
                prop_assert!(naive[&(column1, column2)].contains(&found));
                prop_assert_eq!(table.rationale(&found), if found.before_1996 { "two" } else { "one" });
            }
        }
    }

    #[test]
    fn a_damaged_payload_is_an_error_or_answers_without_a_fault(
        at in 0_usize..4_000, value: u8, cut in prop_oneof![0_usize..2_000, 0_usize..1_000_000],
    ) {
        let mut builder = PtpBuilder::default();
        let code = |number: u32| Code::parse(&format!("{number:05}")).unwrap();
        let attribute =
            Attribute { effective: 0, deletion: 9, indicator: Indicator::Never, before_1996: false, rationale: 0 };
        for number in 0..60 {
            builder.push(code(number), code(number + 1), attribute);
        }
        let mut payload = builder.build().unwrap();
        if let Ok(table) = PtpTable::open(&payload[..cut.min(payload.len() - 1)]) {
            prop_assert!(false, "{} rows of a part", table.rows());
        }
        // The first 2,000 bytes, header to directory, or the last, index and pages.
        let at = if at < 2_000 { at } else { payload.len() + 2_000 - 1 - at };
        payload[at] = value;
        if let Ok(table) = PtpTable::open(&payload) {
            for number in 0..61 {
                let _ = table.lookup(code(number), code(number + 1), 5);
            }
        }
    }
}

#[test]
fn equal_rows_give_equal_bytes() {
    let build = || {
        let mut builder = PtpBuilder::default();
        for number in 0..500_u32 {
            let day = i32::try_from(number % 7).unwrap();
            let indicator = Indicator::WithModifier;
            let row = Attribute { effective: day, deletion: i32::MAX, indicator, before_1996: false, rationale: 0 };
            let code = |number: u32| Code::parse(&format!("{number:05}")).unwrap();
            builder.push(code(number), code(number * 3), row);
        }
        builder.build().unwrap()
    };
    assert_eq!(build(), build());
}

/// Codes of five digits, then those of a letter and four digits.
fn numbered(number: u32) -> Code {
    let letter = char::from(b'A' + (number / 10_000).saturating_sub(10) as u8);
    let text = if number < 100_000 { format!("{number:05}") } else { format!("{letter}{:04}", number % 10_000) };
    Code::parse(&text).unwrap()
}

#[test]
fn more_codes_and_more_dates_than_sixteen_bits_have_are_all_told_apart() {
    const CODES: u32 = 66_000;
    let mut builder = PtpBuilder::default();
    let attribute = |number: u32| Attribute {
        effective: number as i32,
        deletion: i32::MAX,
        indicator: Indicator::WithModifier,
        before_1996: false,
        rationale: 0,
    };
    for number in 0..CODES {
        builder.push(numbered(number), numbered(number * 7 % CODES), attribute(number));
    }
    let payload = builder.build().unwrap();
    let table = PtpTable::open(&payload).unwrap();
    for number in 0..CODES {
        let ask = |column2| table.lookup(numbered(number), numbered(column2), i32::MAX);
        assert_eq!(ask(number * 7 % CODES), Some(attribute(number)));
        assert_eq!(ask((number * 7 + 1) % CODES), None);
    }
}

#[test]
fn a_table_of_more_codes_than_there_can_be_is_refused() {
    let mut builder = PtpBuilder::default();
    let attribute =
        Attribute { effective: 0, deletion: 9, indicator: Indicator::Never, before_1996: false, rationale: 0 };
    for number in 0..131_073 {
        builder.push(numbered(number), numbered(0), attribute);
    }
    assert_eq!(builder.build(), Err(PtpBuildError::TooManyCodes(131_073)));
}

#[test]
fn an_empty_table_has_no_pair() {
    let payload = PtpBuilder::default().build().unwrap();
    let code = Code::parse("99213").unwrap();
    assert_eq!(PtpTable::open(&payload).unwrap().lookup(code, code, 0), None);
}

#[test]
fn one_kind_of_payload_is_not_another() {
    let units = mue::build(&[], &[]);
    let wrong: [Result<(), PayloadError>; 3] = [
        PtpTable::open(&units).map(|_| ()),
        addon::AddonTable::open(&units).map(|_| ()),
        mue::MueTable::open(&[]).map(|_| ()),
    ];
    for result in wrong {
        assert!(result.unwrap_err().to_string().contains("import the table again"));
    }
}
