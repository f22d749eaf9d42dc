//! Picking by path, numbering of MSH, what transfers add, and what is no message.

use super::*;
use crate::Presence;

const HEADER: &str = "MSH|^~\\&|APP|FAC|||20260105||DFT^P03|7|P|2.5.1";

fn text(message: &Message<'_>, path: &str) -> String {
    message.get(&Path::parse(path).unwrap()).text().into_owned()
}

#[test]
fn header_fields_are_numbered_as_in_the_standard() {
    let message = Message::parse(HEADER.as_bytes()).unwrap();
    let expected = [
        ("MSH-1", "|"),
        ("MSH-2", "^~\\&"),
        ("MSH-2.1", "^~\\&"),
        ("MSH-3", "APP"),
        ("MSH-9.2", "P03"),
        ("MSH-12", "2.5.1"),
        ("MSH-13", ""),
    ];
    for (path, value) in expected {
        assert_eq!(text(&message, path), value, "{path}");
    }
    assert_eq!(message.segment("MSH").unwrap().field_count(), 12);
}

#[test]
fn picks_repetitions_components_and_alternatives() {
    let bytes = format!(
        "{HEADER}\rPID|1||7^^^A&OID&ISO^MR~8^^^B^AN||Doe&van^Jo\r\n\nFT1|1|\"\"|||||99213^^C4\nFT1|2||||||99214||x~~z\r"
    );
    let message = Message::parse(bytes.as_bytes()).unwrap();
    let expected = [
        ("PID-3.1", "7"),
        ("PID-3[2].1", "8"),
        ("PID-3[3].1", ""),
        ("PID-3.4.2", "OID"),
        ("PID-3.4", "A&OID&ISO"),
        ("PID-5.1.2", "van"),
        ("PID-5.2.1", "Jo"),
        ("PID-5.2.2", ""),
        ("FT1-25.1|FT1-7.1", "99213"),
        ("FT1[2]-7", "99214"),
        ("FT1[2]-9[3]", "z"),
        ("FT1[3]-7", ""),
        ("ZXX-1|PID-1", "1"),
    ];
    for (path, value) in expected {
        assert_eq!(text(&message, path), value, "{path}");
    }
    let ids: Vec<String> =
        message.repetitions(&Path::parse("PID-3.5").unwrap()).map(|v| v.text().into_owned()).collect();
    assert_eq!(ids, ["MR", "AN"]);
    assert_eq!(message.segments_named("FT1").map(|s| s.ordinal()).collect::<Vec<_>>(), [1, 2]);
    let presence = |path: &str| message.get(&Path::parse(path).unwrap()).presence();
    assert_eq!(presence("FT1-2"), Presence::Null);
    assert_eq!(presence("FT1-2.3"), Presence::Null);
    assert_eq!(presence("FT1-3"), Presence::Empty);
    assert_eq!(presence("FT1-40"), Presence::Absent);
    assert_eq!(presence("IN1-2"), Presence::Absent);
}

#[test]
fn tolerates_what_transfers_add() {
    for (before, after) in [("\u{feff}", ""), ("\u{b}", "\u{1c}\r"), ("\r\n \n", "\r\n\r\n"), ("", "\u{1c}")] {
        let bytes = format!("{before}{HEADER}\rPID|1{after}");
        let message = Message::parse(bytes.as_bytes()).unwrap();
        assert_eq!(message.segments().len(), 2);
        assert_eq!(text(&message, "PID-1"), "1");
    }
}

#[test]
fn stray_lines_are_kept_and_reported() {
    let bytes = format!("{HEADER}\rNTE|1||first\nsecond line\rPIDX|1\rZP1\r");
    let message = Message::parse(bytes.as_bytes()).unwrap();
    assert_eq!(message.stray_lines().count(), 2);
    assert!(message.segment("ZP1").is_some_and(|segment| segment.id().is_local()));
}

#[test]
fn what_is_no_message_is_located() {
    let table: [(&[u8], usize, ParseFault); 6] = [
        (b"", 0, ParseFault::Empty),
        (b"\r\n \r\n", 3, ParseFault::Empty),
        (b"\nPID|1", 1, ParseFault::NoHeader),
        (b"MSH", 0, ParseFault::NoFieldSeparator),
        (b"MSH|AB|", 0, ParseFault::EncodingCharacters { count: 2 }),
        (b"MSH|^~\\&|\rPID\rMSH|^~\\&|", 14, ParseFault::SecondHeader),
    ];
    for (bytes, offset, fault) in table {
        assert_eq!(Message::parse(bytes).unwrap_err(), ParseError { offset, fault }, "{bytes:?}");
    }
}

#[test]
fn counts_more_names_than_the_short_table_holds() {
    let mut bytes = HEADER.to_owned();
    for round in 0..2 {
        for number in 0..90 {
            bytes.push_str(&format!("\rZ{}{}|{round}", number / 10, number % 10));
        }
    }
    let message = Message::parse(bytes.as_bytes()).unwrap();
    assert_eq!(message.segments_named("Z89").map(|s| s.ordinal()).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(text(&message, "Z77[2]-1"), "1");
}
