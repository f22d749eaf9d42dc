//! The index changes no finding, and no condition that can be written makes the evaluation panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use claimhost_rules::{Table, cases};
use claimhost_sdk::review::ClaimInContext;
use proptest::prelude::*;

const CODES: [&str; 6] = ["99213", "99214", "G2211", "J3301", "97110", "A0425"];
const MODIFIERS: [&str; 4] = ["25", "JZ", "GP", "59"];
const PLACES: [&str; 3] = ["11", "22", "02"];
const PAYERS: [&str; 3] = ["P1", "P2", "MEDB1"];

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

/// Conditions about a line that is called `var`, of the kinds that the index reads and of those that it does not.
fn about_line(var: &'static str) -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        one_of(&CODES).prop_map(move |code| format!("{var}.procedure.code == \"{code}\"")),
        one_of(&CODES).prop_map(move |code| format!("\"{code}\" != {var}.procedure.code")),
        (one_of(&CODES), one_of(&CODES)).prop_map(move |(a, b)| format!("{var}.procedure.code in [\"{a}\", \"{b}\"]")),
        (one_of(&CODES), one_of(&CODES))
            .prop_map(move |(a, b)| format!("{var}.procedure.code.between(\"{a}\", \"{b}\")")),
        one_of(&["9", "99", "J", "G22", "997"])
            .prop_map(move |text| format!("{var}.procedure.code.startsWith(\"{text}\")")),
        one_of(&MODIFIERS).prop_map(move |text| format!("\"{text}\" in {var}.procedure.modifiers")),
        (one_of(&MODIFIERS), one_of(&MODIFIERS))
            .prop_map(move |(a, b)| format!("{var}.procedure.modifiers.exists(m, m in [\"{a}\", \"{b}\"])")),
        one_of(&PLACES).prop_map(move |text| format!("place({var}) == \"{text}\"")),
        one_of(&["11", "22", ""]).prop_map(move |text| format!("{var}.place_of_service == \"{text}\"")),
        one_of(&PLACES).prop_map(|text| format!("claim.header.place_of_service == \"{text}\"")),
        one_of(&PAYERS).prop_map(|text| format!("coverage.payer.id == \"{text}\"")),
        Just(format!("{var}.charge > usd(50)")),
        Just("true".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn about_claim() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        about_line("l").prop_map(|part| format!("lines.exists(l, {part})")),
        about_line("l").prop_map(|part| format!("claim.lines.all(l, {part})")),
        about_line("l").prop_map(|part| format!("lines.exists_one(l, {part})")),
        (about_line("k"), about_line("l")).prop_map(|(a, b)| format!("lines.filter(k, {a}).exists(l, {b})")),
        (about_line("k"), about_line("l")).prop_map(|(a, b)| format!("lines.filter(k, {a}).all(l, {b})")),
        about_line("l").prop_map(|part| format!("size(lines.filter(l, {part})) > 0")),
        about_line("l").prop_map(|part| format!("lines.filter(l, {part}).size() >= 0")),
        about_line("l").prop_map(|part| format!("lines.exists(l, lines.exists(o, o.charge == l.charge && {part}))")),
        one_of(&PAYERS).prop_map(|text| format!("coverage.payer.id in [\"{text}\", \"P9\"]")),
    ];
    leaf.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

fn table(rules: &[(bool, String)]) -> String {
    let rule = |(at, (per_line, when)): (usize, &(bool, String))| {
        let each = if *per_line { "line" } else { "claim" };
        format!(
            "[[rule]]\nid = \"r{at}\"\ntitle = \"t\"\nseverity = \"warn\"\nsource = \"https://example.org\"\neach = \"{each}\"\n\
             when = '''{when}'''\nmessage = \"m\"\n"
        )
    };
    let rules: String = rules.iter().enumerate().map(rule).collect();
    format!("[table]\nid = \"p\"\ntitle = \"t\"\nversion = \"1\"\n{rules}")
}

fn claims() -> impl Strategy<Value = ClaimInContext> {
    let line = (one_of(&CODES), prop::collection::vec(one_of(&MODIFIERS), 0..3), one_of(&["", "11", "22"]), 0..3_i64);
    let lines = prop::collection::vec(line, 0..5);
    (lines, one_of(&["11", "22", ""]), one_of(&PAYERS)).prop_map(|(lines, place, payer)| {
        let mut context = base();
        let plain = context.claim.lines[0].clone();
        let made = lines.into_iter().map(|(code, modifiers, place, cents)| {
            let mut line = plain.clone();
            line.procedure.code = code.to_owned();
            line.procedure.modifiers = modifiers.into_iter().map(ToOwned::to_owned).collect();
            line.place_of_service = place.to_owned();
            line.charge = 4_999 + cents;
            line
        });
        context.claim.lines = made.collect();
        context.claim.header.place_of_service = place.to_owned();
        context.claim.header.coverages[0].payer.id = payer.to_owned();
        context
    })
}

fn base() -> ClaimInContext {
    let text = table(&[(false, "true".to_owned())]) + "[[rule.case]]\nname = \"c\"\nfinds = true\n";
    let table = Table::read_with_cases(&text).unwrap();
    table.rules[0].cases[0].context.clone()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn with_and_without_index_the_findings_are_the_same(
        rules in prop::collection::vec(
            prop_oneof![
                about_line("line").prop_map(|when| (true, when)),
                about_claim().prop_map(|when| (false, when)),
            ],
            1..6,
        ),
        claims in prop::collection::vec(claims(), 1..6),
    ) {
        let text = table(&rules);
        let read = Table::read(&text).map_err(|problems| TestCaseError::fail(format!("{text}\n{}", problems[0])))?;
        for claim in claims {
            prop_assert_eq!(read.check(&claim), read.check_every_rule(&claim), "{}", text);
        }
    }
}

/// Pieces of conditions, right and wrong: most are refused, and some are not.
fn pieces() -> impl Strategy<Value = String> {
    let word = one_of(&[
        "claim",
        "lines",
        "line",
        "coverage",
        "earlier",
        "as_of",
        ".header",
        ".patient",
        ".birth_date",
        ".lines",
        ".charge",
        ".units",
        ".amount",
        ".drug",
        ".code",
        ".procedure",
        ".modifiers",
        ".service_dates",
        ".start",
        ".year",
        "[0]",
        "[-1]",
        ".exists(x, ",
        ".all(y, ",
        ".filter(z, ",
        ".map(w, ",
        "x",
        "y",
        "z",
        "w",
        "has(",
        "size(",
        "usd(",
        "date(",
        "sum(",
        "min(",
        "years(",
        "add_months(",
        "place(",
        "renderer(",
        "diagnoses(",
        ".orValue(",
        ".substring(",
        ".between(",
        ")",
        "(",
        ", ",
        " && ",
        " || ",
        "!",
        " == ",
        " != ",
        " < ",
        " in ",
        " + ",
        " - ",
        " * ",
        " / ",
        " % ",
        " ? ",
        " : ",
        "1",
        "0",
        "-",
        "9223372036854775807",
        "1.5",
        "\"x\"",
        "'2026-01-01'",
        "null",
        "true",
        "[1, 2]",
        "[]",
        "{",
        "}",
    ]);
    prop::collection::vec(word, 1..14).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_condition_panics(when in pieces(), per_line in any::<bool>()) {
        let case = "[[rule.case]]\nname = \"c\"\nfinds = true\n";
        if let Ok(read) = Table::read_with_cases(&(table(&[(per_line, when)]) + case)) {
            // What may be missing was asked for, or the table was refused.
            for outcome in cases::run(&read) {
                let kinds = outcome.findings.iter().any(|found| found.words.contains("missing or of another kind"));
                prop_assert!(!kinds, "{:?}", outcome);
            }
        }
    }

    #[test]
    fn no_table_panics(text in "\\PC{0,60}", at in 0_usize..400) {
        let whole = table(&[(false, "claim.header.place_of_service == \"11\"".to_owned())]);
        let mut at = at.min(whole.len());
        while !whole.is_char_boundary(at) {
            at -= 1;
        }
        let _ = Table::read_with_cases(&format!("{}{text}{}", &whole[..at], &whole[at..]));
    }

    #[test]
    fn numbers_at_their_limits_are_trouble_and_no_panic(
        left in prop_oneof![Just(i64::MAX), Just(i64::MIN + 1), any::<i64>(), -3_i64..3],
        right in prop_oneof![Just(i64::MAX), Just(i64::MIN + 1), any::<i64>(), -3_i64..3],
        sign in one_of(&["+", "-", "*", "/", "%"]),
    ) {
        // As a whole number, as decimals, as an amount.
        for when in [
            format!("({left} {sign} ({right})) == 1"),
            format!("(lines[0].units.amount.orValue(0.0) {sign} ({right})) == 1.0"),
            format!("sum(lines.map(l, l.charge * ({left}) {sign} ({right}))) == usd(1)"),
            format!("add_months(as_of + {left}, {right}) == as_of"),
            format!("as_of - ({left}) > as_of + ({right})"),
            format!("years(as_of + ({left}), as_of) == 1"),
        ] {
            let case = "[[rule.case]]\nname = \"c\"\nfinds = true\n";
            if let Ok(read) = Table::read_with_cases(&(table(&[(false, when)]) + case)) {
                cases::run(&read);
            }
        }
    }
}
