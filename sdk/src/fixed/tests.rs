//! Layouts that are taken, layouts that are refused at their line, and lines that are read.

use super::*;
use crate::mapping::Mapping;

const CLINIC: &str = r#"
[[framing.fixed]]
is = "header"
type = "HDR"
[[framing.fixed]]
is = "parent"
type = "V"
length = "20"
columns = { "Visit" = "2 6", "Name" = "8 13" }
[[framing.fixed]]
is = "parent"
type = "I"
length = "10"
optional = "yes"
columns = { "Policy" = "2 9" }
[[framing.fixed]]
type = "C"
length = "20"
trimmed = "yes"
[framing.fixed.columns]
"Code" = "2 5"
"Fee" = "7 8 S9(6)V99"
"Note" = "15, 6"
[[framing.fixed]]
is = "trailer"
type = "TRL"
count = "4 5"
"#;

fn read(text: &str) -> Layout {
    let mut mapping = Mapping::parse(text);
    let layout = Layout::read(&mut mapping);
    assert!(mapping.problems().is_empty(), "{:?}", mapping.problems());
    mapping.finish().unwrap();
    layout.unwrap()
}

/// Line and id of each problem.
fn refused(text: &str) -> Vec<(String, String)> {
    let mut mapping = Mapping::parse(text);
    let _ = Layout::read(&mut mapping);
    let told = mapping.finish().unwrap_err();
    told.into_iter().map(|problem| (problem.at.path.split(',').next().unwrap().to_owned(), problem.id)).collect()
}

#[test]
fn kinds_are_told_by_their_literal_and_stand_below_their_parents() {
    let layout = read(CLINIC);
    let kind = |line: &str| layout.kind(line);
    assert_eq!(
        [kind("HDR"), kind("V1"), kind("I"), kind("C99213"), kind("TRL"), kind("X"), kind("")],
        [Some(0), Some(1), Some(2), Some(3), Some(4), None, None]
    );
    assert_eq!([1, 2, 3, 4].map(|kind| layout.level(kind)), [0, 1, 2, 0]);
    assert_eq!(layout.above(3).collect::<Vec<_>>(), [1], "the other one is optional");
    assert_eq!(layout.names(), ["Visit", "Name", "Policy", "Code", "Fee", "Note"]);
    let alone = read(
        "[[framing.fixed]]\nlength = \"3\"\ncolumns = { A = \"1 3\" }\n[[framing.fixed]]\nis = \"other\"\ntype = \"*\"\n",
    );
    assert_eq!([alone.kind("abc"), alone.kind("*bc")], [Some(0), Some(1)]);
}

#[test]
fn columns_are_characters_and_a_line_may_end_in_its_blanks() {
    let layout = read(CLINIC);
    let charge = layout.record(3).unwrap();
    let cell = |line: &str, name: &str| charge.column(name).unwrap().read(line).map(Cow::into_owned);
    let line = "C992130000450{ \u{e9}t\u{e9} x";
    assert_eq!(
        [cell(line, "code"), cell(line, "Fee"), cell(line, "Note")],
        [Some("99213".to_owned()), Some("45.00".to_owned()), Some("\u{e9}t\u{e9} x".to_owned())]
    );
    assert_eq!([cell("C99213", "Fee"), cell("C99213", "Note")], [Some(String::new()), Some(String::new())]);
    assert_eq!(cell("C9921300004", "Fee"), None, "it ends inside of the number");
    assert_eq!([charge.misfit("C99213"), charge.misfit(&"C".repeat(21))], [None, Some(21)]);
    let visit = layout.record(1).unwrap();
    assert_eq!([visit.misfit("V1"), visit.misfit(&"V".repeat(20))], [Some(2), None]);
    assert_eq!(text(b"\xef\xbb\xbfJos\xe9\r\n"), "Jos\u{e9}");
    assert!(is_blank(b" \x1a\r\n") && !is_blank(b" a"));
}

#[test]
fn what_contradicts_itself_is_refused_at_its_line() {
    for (text, wanted) in [
        ("columns = { A = \"1 5\", B = \"5 2\" }", vec![(3, "mapping.fixed-overlap")]),
        ("columns = { A = \"8 4\" }", vec![(3, "mapping.fixed-past")]),
        ("columns = { A = \"8\" }", vec![(3, "mapping.fixed-column")]),
        ("columns = { A = \"0 4\", B = \"5 2\" }", vec![(3, "mapping.fixed-column")]),
        ("columns = { A = \"1 4 9(3)V99\" }", vec![(3, "mapping.fixed-picture")]),
        ("columns = { A = \"1 4 money\" }", vec![(3, "mapping.fixed-picture")]),
        ("columns = { \"p:A\" = \"1 4\" }", vec![(3, "mapping.fixed-name")]),
        ("is = \"detial\"\ncolumns = { A = \"1 4\" }", vec![(3, "mapping.fixed-is")]),
        ("is = \"other\"\ntype = \"*\"", vec![(1, "mapping.fixed-detail")]),
        ("columns = { A = \"1 4\" }\ncount = \"1 2\"", vec![(4, "mapping.fixed-count")]),
        ("columns = { A = \"1 4\" }\ntypo = \"x\"", vec![(4, "mapping.unknown-key")]),
        ("columns = { A = \"1 4\" }\noptional = \"yes\"", vec![(4, "mapping.fixed-optional")]),
        ("columns = { A = \"1 4\" }\ntrimmed = \"true\"", vec![(4, "mapping.fixed-yes")]),
        ("", vec![(2, "mapping.fixed-column")]),
    ] {
        let told = refused(&format!("[[framing.fixed]]\nlength = \"10\"\n{text}\n"));
        let wanted: Vec<(String, String)> =
            wanted.into_iter().map(|(line, id)| (format!("mapping line {line}"), id.to_owned())).collect();
        assert_eq!(told, wanted, "{text}");
    }
    let told = refused("[[framing.fixed]]\ncolumns = { A = \"1 4\" }\n");
    assert_eq!(told, [("mapping line 2".to_owned(), "mapping.fixed-length".to_owned())], "no length");
}

#[test]
fn lines_that_could_be_two_kinds_and_names_that_mean_two_places_are_refused() {
    let two = |first: &str, second: &str| {
        refused(&format!(
            "[[framing.fixed]]\nlength = \"9\"\ncolumns = {{ A = \"4 2\" }}\n{first}\n[[framing.fixed]]\nlength = \"9\"\ncolumns = {{ A = \"4 2\" }}\n{second}\n"
        ))
    };
    let ids = |told: Vec<(String, String)>| told.into_iter().map(|(_, id)| id).collect::<Vec<_>>();
    assert_eq!(two("type = \"D\"", "type = \"D1\""), [("mapping line 8".to_owned(), "mapping.fixed-type".to_owned())]);
    assert_eq!(ids(two("type = \"D\"", "type = \"E\"\nat = \"2\"")), ["mapping.fixed-type"]);
    assert_eq!(ids(two("", "")), ["mapping.fixed-type"]);
    assert_eq!(ids(two("type = \"P\"\nis = \"parent\"", "type = \"D\"")), ["mapping.fixed-name"]);
    assert_eq!(ids(two("type = \"D\"", "type = \"P\"\nis = \"parent\"")), ["mapping.fixed-order"]);
    assert_eq!(ids(two("type = \"D\"", "type = \"12345678901\"")), ["mapping.fixed-past"]);
    assert_eq!(ids(refused("[framing.fixed]\nlength = \"9\"\n")), ["mapping.type", "mapping.unknown-key"]);
}
