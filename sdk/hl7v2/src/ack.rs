//! Acknowledgements: MSH with sender and receiver exchanged, MSA, and ERR where something is wrong.
//!
//! Whether a message is accepted, when, and in which mode, is the host's decision: an AA or CA means that it is stored.
//! HL7 v2.5.1 chapter 2: 2.9 (the modes), 2.15.5 (ERR), 2.15.8 (MSA), tables 0008 and 0357.

use crate::message::Message;
use crate::path::PathError;
use crate::write::MessageBuilder;

/// MSA-1, HL7 table 0008.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AckCode {
    /// AA: stored, do not send again.
    Accept,
    /// AE: refused for what is in it; sending it again will not help.
    Error,
    /// AR: not taken now, or not of a kind taken here; it may be sent again.
    Reject,
    /// CA: enhanced mode, stored.
    CommitAccept,
    /// CE: enhanced mode, cannot be accepted for another reason than CR's.
    CommitError,
    /// CR: enhanced mode, its type, version or processing id is not taken here.
    CommitReject,
}

impl AckCode {
    /// Returns the two letters of MSA-1.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "AA",
            Self::Error => "AE",
            Self::Reject => "AR",
            Self::CommitAccept => "CA",
            Self::CommitError => "CE",
            Self::CommitReject => "CR",
        }
    }
}

/// What ERR says is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckError<'a> {
    /// The segment, such as `MSH`.
    pub segment: &'a str,
    /// The field in it, from 1; 0: the segment as a whole.
    pub field: u16,
    /// The number of HL7 table 0357, and its words.
    pub code: (u16, &'a str),
    /// For whoever reads the sender's log: place and shape of what is wrong, never a patient's value.
    pub text: &'a str,
}

/// Writes an acknowledgement of `message`, in its delimiters. `now` is MSH-7 (`YYYYMMDDHHMMSS`), `control_id` MSH-10 of the reply.
///
/// ERR has the form of the message's version: ERR-2, -3, -4 and -8 from 2.5 on, ERR-1 before. The words are in MSA-3 too,
/// until 2.7 withdrew it.
///
/// # Errors
/// When `now`, `control_id` or a copied field cannot be written; not for a message that was parsed.
pub fn ack(
    message: &Message<'_>,
    code: AckCode,
    now: &str,
    control_id: &str,
    error: Option<&AckError<'_>>,
) -> Result<Vec<u8>, PathError> {
    let header = message.segment("MSH");
    let field = |number| {
        let raw = header.map(|header| header.field(number).raw()).unwrap_or_default();
        message.charset().decode(raw).0
    };
    let event = header.map(|header| header.get(9, 1, 2, 0).raw()).unwrap_or_default();
    let event = message.charset().decode(event).0;
    let mut reply = MessageBuilder::new(*message.delimiters());
    reply.set_raw("MSH-3", &field(5))?.set_raw("MSH-4", &field(6))?;
    reply.set_raw("MSH-5", &field(3))?.set_raw("MSH-6", &field(4))?;
    reply.set("MSH-7", now)?.set("MSH-9.1", "ACK")?;
    if !event.is_empty() {
        reply.set_raw("MSH-9.2", &event)?;
    }
    let version = Version::of(header.map(|header| header.get(12, 1, 1, 0).raw()).unwrap_or_default());
    if version.has_structure {
        reply.set("MSH-9.3", "ACK")?;
    }
    reply.set("MSH-10", control_id)?.set_raw("MSH-11", &field(11))?.set_raw("MSH-12", &field(12))?;
    reply.segment("MSA")?.set("MSA-1", code.as_str())?.set_raw("MSA-2", &field(10))?;
    let Some(error) = error else { return Ok(reply.build()) };
    if version.minor < 7 {
        reply.set("MSA-3", error.text)?;
    }
    reply.segment("ERR")?;
    let (number, words) = (error.code.0.to_string(), error.code.1);
    let place = if error.field == 0 { String::new() } else { error.field.to_string() };
    if version.minor < 5 {
        reply.set("ERR-1.1", error.segment)?.set("ERR-1.2", "1")?.set("ERR-1.3", &place)?.set("ERR-1.4.1", &number)?;
        if message.delimiters().subcomponent.is_some() {
            reply.set("ERR-1.4.2", words)?.set("ERR-1.4.3", "HL70357")?;
        }
    } else {
        reply.set("ERR-2.1", error.segment)?.set("ERR-2.2", "1")?;
        if !place.is_empty() {
            reply.set("ERR-2.3", &place)?;
        }
        reply.set("ERR-3.1", &number)?.set("ERR-3.2", words)?.set("ERR-3.3", "HL70357")?;
        reply.set("ERR-4", "E")?.set("ERR-8", error.text)?;
    }
    Ok(reply.build())
}

/// What MSH-12 says of how to write.
struct Version {
    /// 3 of `2.3.1`; 5 where there is no version.
    minor: u8,
    /// MSH-9.3 names the structure, from 2.3.1 on.
    has_structure: bool,
}

impl Version {
    fn of(raw: &[u8]) -> Self {
        let text = std::str::from_utf8(raw).unwrap_or_default();
        let minor = text.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(5);
        Self { minor, has_structure: minor > 3 || text == "2.3.1" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: AckError<'_> =
        AckError { segment: "MSH", field: 10, code: (101, "Required field missing"), text: "MSH-10: found nothing" };

    fn written(message: &[u8], code: AckCode, error: Option<&AckError<'_>>) -> String {
        let message = Message::parse(message).unwrap();
        String::from_utf8(ack(&message, code, "20260106", "R1", error).unwrap()).unwrap()
    }

    #[test]
    fn exchanges_sender_and_receiver() {
        let reply = written(b"MSH|^~\\&|EHR|CLINIC|CH|HOST|20260105||DFT^P03^DFT_P03|M7|T|2.3|", AckCode::Accept, None);
        assert_eq!(reply, "MSH|^~\\&|CH|HOST|EHR|CLINIC|20260106||ACK^P03|R1|T|2.3\rMSA|AA|M7\r");
        let bare = Message::parse(b"MSH|^~\\&").unwrap();
        assert!(ack(&bare, AckCode::CommitAccept, "", "", None).unwrap().ends_with(b"MSA|CA|\r"));
    }

    #[test]
    fn says_what_is_wrong_as_the_version_has_it() {
        let reply = written(b"MSH|^~\\&|E|C|H|I|20260105||ADT^A01||P|2.5.1", AckCode::Error, Some(&ERROR));
        let err = "MSA|AE||MSH-10: found nothing\rERR||MSH^1^10|101^Required field missing^HL70357|E||||MSH-10: found nothing\r";
        assert!(reply.ends_with(err), "{reply}");
        let reply = written(b"MSH|^~\\&|E|C|H|I|20260105||ADT^A01||P|2.3.1", AckCode::CommitError, Some(&ERROR));
        let err = "MSA|CE||MSH-10: found nothing\rERR|MSH^1^10^101&Required field missing&HL70357\r";
        assert!(reply.ends_with(err), "{reply}");
        let reply = written(b"MSH|^~\\&|E|C|H|I|20260105||ADT^A01||P|2.8", AckCode::Reject, Some(&ERROR));
        assert!(reply.contains("\rMSA|AR|\rERR||"), "{reply}");
        let whole = AckError { field: 0, ..ERROR };
        let reply = written(b"MSH$*", AckCode::CommitReject, Some(&whole));
        assert!(reply.contains("\rERR$$MSH*1$101*"), "{reply}");
    }
}
