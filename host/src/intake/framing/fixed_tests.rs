//! Lines of fixed width: every byte is accounted for, details come with their parents, counts are held to, memory is bounded.

use proptest::prelude::*;

use super::tests::{Pieces, assert_covered, frames, items, problems, texts};
use super::*;

const VISITS: &str = r#"
[[framing.fixed]]
is = "header"
type = "H"
count = "2 3"
counts = "records"
[[framing.fixed]]
is = "parent"
type = "P"
length = "4"
columns = { "Patient" = "2 3" }
[[framing.fixed]]
is = "parent"
type = "V"
length = "4"
columns = { "Visit" = "2 3" }
[[framing.fixed]]
is = "parent"
type = "I"
optional = "yes"
length = "4"
columns = { "Plan" = "2 3" }
[[framing.fixed]]
type = "C"
length = "4"
columns = { "Code" = "2 3" }
[[framing.fixed]]
is = "other"
type = "N"
[[framing.fixed]]
is = "trailer"
type = "T"
count = "2 3"
"#;

fn cut(file: &str) -> Vec<Item> {
    let items = items(Framing::Delimited, VISITS, Joins::default(), file.as_bytes());
    assert_covered(file.as_bytes(), &items);
    items
}

fn ids(items: &[Item]) -> Vec<&str> {
    problems(items).iter().map(|problem| problem.id.as_str()).collect()
}

/// Numbers of the lines of each document.
fn lines(items: &[Item]) -> Vec<String> {
    let of = |frame: &&Frame| {
        let part = frame.related.iter().find(|part| part.name == "line-numbers").unwrap();
        String::from_utf8(part.content.clone()).unwrap()
    };
    frames(items).iter().map(of).collect()
}

#[test]
fn details_come_with_what_stands_above_them() {
    let file = "H  8\r\nP001\r\nV001\r\nI001\r\nC001\r\n\r\nC002\r\nV002\r\nC003\r\nP002\r\nT  3\r\n";
    let items = cut(file);
    assert_eq!(
        texts(&items),
        [
            "P001\r\nV001\r\nI001\r\nC001\r\n",
            "P001\r\nV001\r\nI001\r\nC002\r\n",
            "P001\r\nV002\r\nC003\r\n",
            "P002\r\n"
        ]
    );
    assert_eq!(lines(&items), ["2 3 4 5", "2 3 4 7", "2 8 9", "10"], "numbers of lines, blank ones counted");
    assert_eq!(frames(&items).iter().map(|frame| frame.ordinal).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(ids(&items), Vec::<&str>::new());
}

#[test]
fn below_a_line_of_no_known_kind_no_parent_holds() {
    let items = cut("H  6\nP001\nV001\n?002\nC001\nP003\nV003\nT  1\n");
    assert_eq!(texts(&items), ["P001\nV001\n", "?002\n", "C001\n", "P003\nV003\n"]);
    assert_eq!(lines(&items), ["2 3", "4", "5", "6 7"]);
    // Of two plans before a charge nobody knows which holds.
    let items = cut("H  7\nP001\nV001\nI001\nI002\nC001\nN no matter\nV002\nT  1\n");
    assert_eq!(texts(&items), ["P001\nV001\n", "C001\n", "N no matter\n", "V002\n"]);
    assert_eq!(ids(&items), ["fixed.twice", "fixed.twice"]);
}

#[test]
fn counts_of_headers_and_trailers_are_held_to() {
    for (file, wanted) in [
        ("H  3\nP001\nV001\nC001\nT  1\n", vec![]),
        ("H  3\nP001\nV001\nC001\nT  2\n", vec!["fixed.count"]),
        ("H  9\nP001\nV001\nC001\nT  1\n", vec!["fixed.count"]),
        ("H  3\nP001\nV001\nC001\nTone\n", vec!["fixed.count"]),
        ("H  3\nP001\nV001\nC001\n", vec!["fixed.no-trailer"]),
        ("H  4\nP001\nV001\nC001\n", vec!["fixed.no-trailer", "fixed.count"]),
        ("P001\nV001\nC001\nT  1\nP001\nV001\nC001\nC002\nT  2\n\x1a", vec![]),
        ("H  3\nP001\nV001\nC001\nH  3\nP001\nV001\nC001\nT  1\n", vec![]),
        ("H  0\nT  0\n", vec![]),
    ] {
        let items = cut(file);
        assert_eq!(ids(&items), wanted, "{file}: {items:?}");
    }
    let items = cut("H  3\nP001\nV001\nC001\nT  2\n");
    let problem = problems(&items)[0];
    assert_eq!((problem.found.as_str(), problem.expected.as_str()), ("1 details", "2 details, as line 5 says"));
}

#[test]
fn joined_rows_are_found_by_the_column_of_any_line_of_a_document() {
    let mapping = format!(
        "{VISITS}\n[[framing.join]]\nname = \"plans\"\nfile = \"p*\"\nkey = \"ID\"\non = \"Plan\"\nlength = \"6\"\ncolumns = {{ ID = \"1 3\", Name = \"4 3\" }}\n\
         [[framing.join]]\nname = \"codes\"\nfile = \"c*\"\nkey = \"Code\"\non = \"Code\"\n"
    );
    let settings = Settings::from_mapping(&mapping).unwrap();
    let mut joins = Joins::default();
    joins.add(&settings, &settings.join[0], b"A01abc\r\nA02def\r\nA03\r\n").unwrap();
    joins.add(&settings, &settings.join[1], b"Code,Text\n001,one\n").unwrap();
    assert_eq!(joins.broken(), 1, "shorter than its layout");
    let items = items(Framing::Delimited, &mapping, joins, b"P001\nV001\nIA02\nC001\nV002\nC009\nT  2\n");
    let related: Vec<Vec<&str>> =
        frames(&items).iter().map(|frame| frame.related.iter().map(|part| part.name.as_str()).collect()).collect();
    assert_eq!(
        related,
        [vec!["plans", "codes.header", "codes", "line-numbers"], vec!["codes.header", "line-numbers"],]
    );
    let wrong = mapping.replace("Name = \"4 3\"", "Name = \"3 9\"");
    let told = Settings::from_mapping(&wrong).unwrap_err().to_string();
    assert!(told.contains("mapping line") && told.contains("of which `ID`"), "{told}");
    let mut keyless = settings.clone();
    keyless.join[0].key = "Other".to_owned();
    assert!(matches!(Joins::default().add(&keyless, &keyless.join[0], b"A01abc"), Err(FramingError::JoinKey { .. })));
}

#[test]
fn a_file_without_line_ends_is_one_problem_in_bounded_memory() {
    let settings = Settings::from_mapping(VISITS).unwrap();
    let mut cutter = fixed::Fixed::new("f", settings.layout.clone().unwrap(), settings, Joins::default());
    let mut file = b"P001\nV001\n".to_vec();
    file.extend(std::iter::repeat_n(b'C', 5_000_000));
    file.extend_from_slice(b"\nC001\nT  1\n");
    let mut out = VecDeque::new();
    for chunk in file.chunks(CHUNK_BYTES) {
        cutter.push(chunk, &mut out);
        assert!(cutter.held() <= ROW_BYTES_MAX + 2 * CHUNK_BYTES);
    }
    cutter.finish(&mut out);
    let items: Vec<Item> = out.into();
    assert_covered(&file, &items);
    assert_eq!((texts(&items), ids(&items)), (vec!["P001\nV001\n", "C001\n"], vec!["fixed.too-long"]));
}

proptest! {
    #[test]
    fn any_lines_are_accounted_for_however_the_file_is_read(
        lines in prop::collection::vec(("([HPVICNT?][0-9 ]{0,4})?", prop::sample::select(vec!["\n", "\r\n", "\r", " \n"])), 0..40),
        size in 1_usize..300,
    ) {
        let file: String = lines.into_iter().map(|(line, end)| line + end).collect();
        let whole = cut(&file);
        let pieces = Pieces(io::Cursor::new(file.as_bytes()), size);
        let pieces = Framer::open(Framing::Delimited, "f", VISITS, Joins::default(), pieces).unwrap();
        prop_assert_eq!(&pieces.map(Result::unwrap).collect::<Vec<_>>(), &whole);
        // No charge is left out, and none is below a visit that is not the last one above it.
        let charges = file.split('\n').filter(|line| line.starts_with('C')).count();
        let framed = frames(&whole);
        let last = |frame: &&&Frame| frame.content.split_inclusive(|byte| *byte == b'\n').next_back().is_some_and(|line| line.starts_with(b"C"));
        prop_assert_eq!(framed.iter().filter(last).count(), charges);
        for frame in framed {
            let (first, own) = (frame.ranges[0], frame.ranges[frame.ranges.len() - 1]);
            if first != own {
                let between = &file[first.1 as usize..own.0 as usize];
                prop_assert!(!between.split('\n').any(|line| line.starts_with(['?', 'H', 'T'])), "{:?}", frame);
            }
        }
    }

    #[test]
    fn any_bytes_are_accounted_for(file in prop::collection::vec(any::<u8>(), 0..600)) {
        let items = items(Framing::Delimited, VISITS, Joins::default(), &file);
        assert_covered(&file, &items);
    }
}
