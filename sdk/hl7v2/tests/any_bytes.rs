//! No bytes make the codec panic, and no byte of a message is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use claimhost_hl7v2::{AckCode, Message, Path, ack};
use proptest::prelude::*;

const PATHS: [&str; 7] = ["MSH-2", "PID-3[2].1", "FT1-25.1|FT1-7.1", "FT1-19[2].1.2", "DG1[2]-3", "PR1-16", "MSH-9.2"];

/// Reads everything a message offers.
fn exercise(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(message) = Message::parse(bytes) else {
        return Ok(());
    };
    covers(&message)?;
    let scope = message.charge_scope();
    let groups: Vec<_> = message.charges(scope).collect();
    let in_charges: usize = groups.iter().map(|group| group.segments().count()).sum();
    prop_assert_eq!(in_charges + message.shared(scope).count(), message.segments().len());
    for path in PATHS.map(|path| Path::parse(path).unwrap()) {
        let grouped = groups.iter().map(|group| group.get(&path));
        for value in grouped.chain([message.get(&path)]).chain(message.repetitions(&path)) {
            let at = value.location().offset as usize;
            prop_assert_eq!(bytes.get(at..at + value.raw().len()), Some(value.raw()), "{}", value.location());
            let _ =
                (value.decoded(), value.date(), value.timestamp(), value.cents(), value.thousandths(), value.shape());
        }
    }
    for segment in message.segments() {
        let fields: usize = (1..=segment.field_count()).map(|number| segment.field(number as u16).raw().len()).sum();
        if segment.id() != claimhost_hl7v2::SegmentId::STRAY {
            let separators = segment.field_count() - usize::from(segment.id().as_str() == "MSH");
            prop_assert_eq!(
                fields + separators + 3,
                segment.bytes().len() + usize::from(segment.id().as_str() == "MSH")
            );
        }
    }
    let _ = groups.iter().flat_map(|group| group.coverages()).chain(message.coverages(scope)).count();
    let reply = ack(&message, AckCode::Accept, "20260105", "1", None).unwrap();
    prop_assert!(Message::parse(&reply).is_ok());
    Ok(())
}

/// Segments in order, and between them only line ends and blanks.
fn covers(message: &Message<'_>) -> Result<(), TestCaseError> {
    let mut at = 0;
    let filler = |bytes: &[u8]| {
        bytes.iter().all(|byte| byte.is_ascii_whitespace() || [0x0b, 0x1c, 0xef, 0xbb, 0xbf].contains(byte))
    };
    for segment in message.segments() {
        let start = segment.offset() as usize;
        prop_assert!(filler(&message.bytes()[at..start]));
        at = start + segment.bytes().len();
    }
    prop_assert!(filler(&message.bytes()[at..]));
    Ok(())
}

fn message_like() -> impl Strategy<Value = Vec<u8>> {
    let names =
        prop::sample::select(vec!["PID", "PV1", "FT1", "NTE", "PR1", "DG1", "GT1", "IN1", "IN2", "ZXX", "text", ""]);
    let segment = (names, "[|^~\\\\&\"A-Z0-9. -]{0,40}", prop::sample::select(vec!["\r", "\n", "\r\n", "\r\r"]));
    let header = prop::sample::select(vec![
        "MSH|^~\\&|",
        "MSH|^~\\&|||||||DFT^P11|",
        "MSH|^|",
        "MSH!@#$%*!",
        "\u{feff}MSH|^~\\&|\r",
        "\u{b}MSH|^~\\&#|||||||||||||||||8859/1\r",
    ]);
    (header, prop::collection::vec(segment, 0..12)).prop_map(|(header, segments)| {
        let lines = segments.iter().map(|(name, fields, end)| format!("{end}{name}|{fields}"));
        std::iter::once(header.to_owned()).chain(lines).collect::<String>().into_bytes()
    })
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exercise(&bytes)?;
        exercise(&[b"MSH|^~\\&".as_slice(), &bytes].concat())?;
    }

    #[test]
    fn message_like_text(bytes in message_like()) {
        exercise(&bytes)?;
    }

    #[test]
    fn any_path(text in "\\PC{0,12}", almost in "[A-Z0-9.|-]{0,12}|[A-Z]{3}\\[[0-9]{1,5}\\]-[0-9]{1,5}") {
        for text in [text, almost] {
            if let Ok(path) = Path::parse(&text) {
                prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
            }
        }
    }
}

proptest! {
    /// The short way to the first component and the long way, by hand, find the same.
    #[test]
    fn numbers_and_steps_agree(bytes in message_like(), numbers in (1u16..8, 1u16..4, 0u16..4, 0u16..3)) {
        let Ok(message) = Message::parse(&bytes) else { return Ok(()) };
        let (field, repetition, component, subcomponent) = numbers;
        for segment in message.segments().filter(|segment| segment.id().as_str() != "MSH") {
            let value = segment.get(field, repetition, component, subcomponent);
            let mut steps = segment.field(field).repetition(repetition);
            if component > 0 {
                steps = steps.component(component);
            }
            if subcomponent > 0 {
                steps = steps.subcomponent(subcomponent);
            }
            prop_assert_eq!(value.raw(), steps.raw());
            prop_assert_eq!(value.presence(), steps.presence());
            if value.is_present() {
                prop_assert_eq!(value.location().offset, steps.location().offset);
            }
            let listed = segment.repetitions(field).nth(usize::from(repetition) - 1);
            prop_assert!(value.presence() == claimhost_hl7v2::Presence::Absent || component > 0 || listed.is_none_or(|listed| listed.raw() == segment.get(field, repetition, 0, 0).raw()));
        }
    }
}
