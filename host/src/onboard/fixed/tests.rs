//! Columns that are found, those that are not told apart, and what headers and trailers are.

use super::*;

/// Lines with these widths and values.
fn table(rows: &[&[(&str, usize)]]) -> String {
    let line =
        |row: &[(&str, usize)]| row.iter().map(|(text, width)| format!("{text:<width$}")).collect::<String>() + "\r\n";
    rows.iter().map(|row| line(row)).collect()
}

fn shape(text: &str) -> Shape {
    Shape::of(&[text.as_bytes()]).unwrap()
}

fn fields(shape: &Shape) -> Vec<(String, usize, usize)> {
    shape.fields.iter().map(|field| (field.name.clone(), field.start + 1, field.width)).collect()
}

fn own(fields: &[(&str, usize, usize)]) -> Vec<(String, usize, usize)> {
    fields.iter().map(|(name, start, width)| ((*name).to_owned(), *start, *width)).collect()
}

/// Names and bounds alone: no blank in common, then a day, a sex and a code without a gap between them.
fn plain() -> String {
    table(&[
        &[("V1001", 8), ("VANCE", 12), ("19800114", 8), ("F", 1), ("99213", 5), ("    90.00", 9), ("J06.9", 8)],
        &[("V1002", 8), ("BRANDTSTETTE", 12), ("19651130", 8), ("M", 1), ("99212", 5), ("    60.50", 9), ("E11.9", 8)],
        &[("V1003", 8), ("OKAFOR", 12), ("19910702", 8), ("F", 1), ("99214", 5), ("   130.00", 9), ("L70.0", 8)],
    ])
}

#[test]
fn blanks_and_changes_of_class_are_columns_and_a_number_has_the_blanks_before_it() {
    let text = plain();
    assert_eq!(length_of(text.as_bytes()), Some(51));
    let shape = shape(&text);
    assert_eq!(
        fields(&shape),
        own(&[
            ("1-8", 1, 8),
            ("9-20", 9, 12),
            ("21-28", 21, 8),
            ("29-29", 29, 1),
            ("30-34", 30, 5),
            ("35-43", 35, 9),
            ("44-51", 44, 8),
        ])
    );
    let sheet = shape.sheet();
    assert_eq!((sheet.rows, sheet.odd), (3, 0));
    assert_eq!(sheet.columns[1].values, ["VANCE", "BRANDTSTETTE", "OKAFOR"]);
    assert_eq!(sheet.columns[5].values, ["90.00", "60.50", "130.00"]);
}

#[test]
fn days_and_npis_are_carved_out_of_digits_and_what_is_left_is_said_to_be_unknown() {
    let text = table(&[
        &[("0001", 4), ("1234567893", 10), ("20260501", 8), ("99213", 5), ("ANYTHING", 12)],
        &[("0002", 4), ("1000000004", 10), ("20260502", 8), ("99212", 5), ("OTHER", 12)],
        &[("0003", 4), ("1234567893", 10), ("20260430", 8), ("99214", 5), ("MORE", 12)],
    ]);
    let shape = shape(&text);
    assert_eq!(
        fields(&shape),
        own(&[("1-4", 1, 4), ("5-14", 5, 10), ("15-22", 15, 8), ("23-27", 23, 5), ("28-39", 28, 12)])
    );
    let text = table(&[&[("000199213000009000", 20), ("A", 15)], &[("000299212000006000", 20), ("B", 15)]]);
    let shape = self::shape(&text);
    assert_eq!(fields(&shape)[0], ("1-20".to_owned(), 1, 20));
    assert!(shape.framing().contains("18 digits without a boundary: TODO"), "{}", shape.framing());
}

#[test]
fn headers_trailers_and_their_counts_are_told_from_details() {
    let text = format!("HCEDAR FAMILY CARE   20260501\r\n{}T000003\r\n", plain().replace("V1", "DV1"));
    let shape = shape(&text);
    assert_eq!((shape.length, shape.literal.as_str()), (52, "D"));
    let framing = shape.framing();
    for words in [
        "is = \"header\"\ntype = \"H\"",
        "type = \"D\"\nlength = \"52\"",
        "is = \"trailer\"\ntype = \"T\"",
        "count = \"2 6\"",
    ] {
        assert!(framing.contains(words), "{words}: {framing}");
    }
    assert!(framing.contains("\"2-9\" = \"2 8\""), "the type is in no column: {framing}");
    let mut mapping = claimhost_sdk::mapping::Mapping::parse(&framing);
    let layout = claimhost_sdk::fixed::Layout::read(&mut mapping).unwrap();
    assert!(mapping.problems().is_empty(), "{:?}", mapping.problems());
    let kinds: Vec<_> = text.lines().map(|line| layout.kind(line)).collect();
    assert_eq!(kinds, [Some(0), Some(1), Some(1), Some(1), Some(2)]);
}

#[test]
fn a_line_of_names_and_one_of_dashes_say_where_columns_are_and_what_they_are_called() {
    let names: &[(&str, usize)] = &[("Visit ID", 10), ("Street", 20), ("CPT", 8), ("Amount", 8)];
    let row =
        |visit: &'static str, street: &'static str, code: &'static str, amount: &'static str| -> [(&str, usize); 4] {
            [(visit, 10), (street, 20), (code, 8), (amount, 8)]
        };
    let rows = [
        row("V1", "12 ELM STREET", "99213", "90.00"),
        row("V2", "34 OAK", "99212", "60.00"),
        row("V3", "56 PINE WAY", "99214", "8.00"),
    ];
    let of = |above: &[&[(&str, usize)]]| {
        let all: Vec<&[(&str, usize)]> = above.iter().copied().chain(rows.iter().map(|row| row.as_slice())).collect();
        shape(&table(&all))
    };
    let wanted = own(&[("Visit ID", 1, 10), ("Street", 11, 20), ("CPT", 31, 8), ("Amount", 39, 8)]);
    assert_eq!(fields(&of(&[names])), wanted, "house numbers are no column: no name stands above the street");
    let ruler: &[(&str, usize)] = &[("---------", 10), ("-------------------", 20), ("-------", 8), ("--------", 8)];
    let both = of(&[names, ruler]);
    assert_eq!(fields(&both), wanted);
    let framing = both.framing();
    assert!(framing.contains("type = \"Visit\"") && framing.contains("type = \"-"), "{framing}");
    assert!(!framing.contains("\n[[framing.fixed]]\ntype"), "details are what is nothing else: {framing}");
}

#[test]
fn records_of_several_lines_are_refused_with_what_to_write() {
    let visit = |number: usize| {
        let charge = format!("C{number:04}{}\r\n", "9921320260501000900001J069".repeat(2));
        format!("V{:<56}\r\n{}", "VANCE ORLA ELM STREET ANYTOWN NORTHFIELD HEALTH PLAN", charge.repeat(3))
    };
    let text: String = (1..=5).map(visit).collect();
    let words = Shape::of(&[text.as_bytes()]).err().unwrap();
    assert!(words.contains("is = \"parent\"") && words.contains("4 that are unlike them"), "{words}");
}

#[test]
fn prose_and_short_lines_are_no_fixed_width() {
    for text in [
        "",
        "one\ntwo\n",
        "a b c\nd e f\n",
        "This is a letter to the practice about charges.\nIt has lines of many lengths, and no table.\nSincerely.\n",
    ] {
        assert_eq!(length_of(text.as_bytes()), None, "{text}");
    }
    let trimmed: String = plain().lines().map(|line| line.trim_end().to_owned() + "\n").collect();
    assert!(length_of(trimmed.as_bytes()).is_some());
}
