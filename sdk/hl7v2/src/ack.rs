//! Acknowledgements (original mode): MSH with sender and receiver exchanged, and MSA.
//!
//! Whether a message is accepted, and when, is the host's decision: an AA means that it is stored.

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
}

impl AckCode {
    /// Returns the two letters of MSA-1.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "AA",
            Self::Error => "AE",
            Self::Reject => "AR",
        }
    }
}

/// Writes the acknowledgement of `message`, in its delimiters. `now` is MSH-7 (`YYYYMMDDHHMMSS`), `control_id`
/// MSH-10 of the reply, and `text` MSA-3: place and shape of what is wrong, never a patient's value.
///
/// # Errors
/// When `now`, `control_id` or a copied field cannot be written; not for a message that was parsed.
pub fn ack(
    message: &Message<'_>,
    code: AckCode,
    now: &str,
    control_id: &str,
    text: &str,
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
    reply.set("MSH-10", control_id)?.set_raw("MSH-11", &field(11))?.set_raw("MSH-12", &field(12))?;
    reply.segment("MSA")?.set("MSA-1", code.as_str())?.set_raw("MSA-2", &field(10))?;
    if !text.is_empty() {
        reply.set("MSA-3", text)?;
    }
    Ok(reply.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanges_sender_and_receiver() {
        let bytes = b"MSH|^~\\&|EHR|CLINIC|CH|HOST|20260105||DFT^P03^DFT_P03|M7|T|2.3|";
        let message = Message::parse(bytes).unwrap();
        let reply = ack(&message, AckCode::Error, "20260106", "R1", "FT1-4: found 3 letters").unwrap();
        let expected = "MSH|^~\\&|CH|HOST|EHR|CLINIC|20260106||ACK^P03|R1|T|2.3\rMSA|AE|M7|FT1-4: found 3 letters\r";
        assert_eq!(String::from_utf8(reply).unwrap(), expected);
        let bare = Message::parse(b"MSH|^~\\&").unwrap();
        assert!(ack(&bare, AckCode::Accept, "", "", "").unwrap().ends_with(b"MSA|AA|\r"));
    }
}
