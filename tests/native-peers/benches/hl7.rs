//! Messages a second on one core: the DFT^P03 of the codec's own bench, 30 fields picked, by the codec and by crates of others.
//!
//! Places are parsed beforehand where a crate lets them be; rust-hl7 reads its places each time, and cannot name a second segment or one of two
//! places, so that those are its first ones.

#[allow(dead_code, reason = "its own main is not run here")]
#[path = "../../../sdk/hl7v2/benches/parse.rs"]
mod parse;

use std::hint::black_box;

use claimhost_hl7v2::Path;
use claimhost_native_peers::{best, figure, rounds};

/// Of each pick: hl7-parser's place, rust-hl7's place, and what rust-hl7 finds there.
fn places() -> Vec<(String, String, String)> {
    let each = parse::PICKS.iter().map(|(path, expected)| {
        let path = path.split('|').next().unwrap_or(path);
        let (segment, rest) = path.split_once('-').unwrap_or((path, ""));
        let (name, segment_number) = segment.split_once('[').unwrap_or((segment, "1]"));
        let segment_number = segment_number.trim_end_matches(']');
        let (field, component) = rest.split_once('.').map_or((rest, None), |(field, component)| (field, Some(component)));
        let (field, repeat) = field.split_once('[').unwrap_or((field, "1]"));
        let repeat = repeat.trim_end_matches(']');
        let component = component.unwrap_or("1");
        let theirs = format!("{name}[{segment_number}].{field}[{repeat}].{component}");
        // MSH-1 is a field of its own there.
        let mut own = format!("{name}.F{field}.R{repeat}");
        for (letter, part) in ["C", "S"].into_iter().zip(component.split('.')) {
            own += &format!(".{letter}{part}");
        }
        let expected = if segment_number == "1" { (*expected).to_owned() } else { "E11.9".to_owned() };
        (theirs, own, expected)
    });
    each.collect()
}

fn main() {
    let text = parse::message();
    let rounds = rounds(20_000);
    let places = places();
    let all = |_: ()| (0..rounds);
    let per_second = |time: std::time::Duration| f64::from(rounds) / time.as_secs_f64();

    let paths: Vec<Path> = parse::PICKS.iter().map(|(path, _)| Path::parse(path).expect("a path")).collect();
    let wanted: usize = parse::PICKS.iter().map(|(_, value)| value.len()).sum();
    let time = best(|| {
        for _ in all(()) {
            let message = claimhost_hl7v2::Message::parse(black_box(text.as_bytes())).expect("a message");
            let picked: usize = paths.iter().map(|path| message.get(path).raw().len()).sum();
            assert_eq!(black_box(picked), wanted);
        }
    });
    figure("hl7_parse_messages_per_s", per_second(time), "messages/s");

    let queries: Vec<hl7_parser::query::LocationQuery> =
        places.iter().map(|(place, ..)| hl7_parser::query::LocationQuery::parse(place).expect("a query")).collect();
    let message = hl7_parser::Message::parse(&text).expect("a message");
    for (query, (path, expected)) in queries.iter().zip(parse::PICKS) {
        let found = message.query(query).map(|found| found.raw_value().to_owned());
        assert_eq!(found.as_deref(), Some(expected), "{path}: {query}");
    }
    let time = best(|| {
        for _ in all(()) {
            let message = hl7_parser::Message::parse(black_box(&text)).expect("a message");
            let picked: usize =
                queries.iter().filter_map(|query| message.query(query)).map(|found| found.raw_value().len()).sum();
            assert_eq!(black_box(picked), wanted);
        }
    });
    figure("peer_hl7_parser_messages_per_s", per_second(time), "messages/s");

    // It takes the end of the last segment for one more segment.
    let text = text.trim_end_matches('\r');
    let message = rusthl7::message::Message::new(text);
    let wanted: usize = places.iter().map(|(.., expected)| expected.len()).sum();
    for (_, place, expected) in &places {
        assert_eq!(message.query(place.as_str()), expected, "{place}");
    }
    let time = best(|| {
        for _ in all(()) {
            let message = rusthl7::message::Message::new(black_box(text));
            let picked: usize = places.iter().map(|(_, place, _)| message.query(place.as_str()).len()).sum();
            assert_eq!(black_box(picked), wanted);
        }
    });
    figure("peer_rust_hl7_messages_per_s", per_second(time), "messages/s");
}
