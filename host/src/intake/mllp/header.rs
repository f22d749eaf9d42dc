//! What a listener decides from MSH alone, before the message is stored: it is taken, kept as refused, or left to its sender.
//!
//! Whether the message can be billed is the adapter's to say, after it is stored: an acknowledgement waits for the disk, not
//! for the claim. The page for senders is `docs/mllp.md`.

use claimhost_hl7v2::{Message, ParseFault, shape};

/// What a listener takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// MSH-11.1 that are taken; a message without one is.
    pub processing_ids: Vec<String>,
    /// MSH-9.1 that are taken; empty: all.
    pub message_types: Vec<String>,
}

/// What becomes of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A message: store it, then say that it is accepted.
    Take,
    /// Wrong for what is in it; sending it again will not help. It is kept as a rejected document, so that a person sees it.
    Keep(Refusal),
    /// Not for this listener. It stays with its sender.
    Leave(Refusal),
}

/// Why a block is not taken. No text of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Stable id.
    pub id: &'static str,
    /// Where: a segment and a field of it; 0: all of it.
    pub at: (&'static str, u16),
    /// Number and words of HL7 table 0357.
    pub code: (u16, &'static str),
    /// Class of what was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
    /// What to do.
    pub remedy: &'static str,
}

impl Refusal {
    /// Everything in one line, for MSA-3 and ERR-8.
    pub fn words(&self) -> String {
        let (segment, field) = self.at;
        let place = if field == 0 { segment.to_owned() } else { format!("{segment}-{field}") };
        format!("{place}: found {}, expected {}; {}", self.found, self.expected, self.remedy)
    }

    /// The message could not be stored. The disk's own words are in the log.
    pub fn not_stored() -> Self {
        Self {
            id: NOT_STORED,
            at: ("MSH", 0),
            code: (207, "Application internal error"),
            found: "a store that cannot be written".to_owned(),
            expected: "one that can".to_owned(),
            remedy: "send the message again later",
        }
    }

    /// A block that is longer than the listener takes.
    pub fn too_long(length: u64, bytes_max: usize) -> Self {
        Self {
            id: "mllp.too-long",
            at: ("MSH", 0),
            code: SEQUENCE,
            found: format!("a block of {length} bytes"),
            expected: format!("at most {bytes_max}"),
            remedy: "raise message_bytes_max of the listener, or send less in one message",
        }
    }

    /// A message that no start block precedes.
    pub fn no_start_block() -> Self {
        Self::framing("mllp.no-start-block", "a message without a start block", "0x0B before MSH", MEND)
    }

    /// What looks like a message, and is in no block.
    pub fn outside_block() -> Self {
        Self::framing("mllp.outside-block", "MSH in bytes outside of any block", "0x0B before MSH", MEND)
    }

    /// A block that another one begins in.
    pub fn nested_start() -> Self {
        Self::framing("mllp.nested-start-block", "a start block inside of a block", "0x1C 0x0D before it", MEND)
    }

    /// A block that the end of the connection cuts off.
    pub fn cut_off() -> Self {
        let remedy = "its sender has no acknowledgement and sends it again; if not, ask for it";
        Self::framing("mllp.cut-off", "the end of the connection inside of a block", "0x1C 0x0D before it", remedy)
    }

    fn framing(id: &'static str, found: &str, expected: &str, remedy: &'static str) -> Self {
        Self { id, at: ("MSH", 0), code: SEQUENCE, found: found.to_owned(), expected: expected.to_owned(), remedy }
    }
}

/// Id of [`Refusal::not_stored`].
pub const NOT_STORED: &str = "mllp.not-stored";
const SEQUENCE: (u16, &str) = (100, "Segment sequence error");
const REQUIRED: (u16, &str) = (101, "Required field missing");
const MEND: &str = "correct the sender's MLLP framing and send the message again";
const RESEND: &str = "correct the sender and send the message again";

/// Judges the content of a block.
pub fn judge(content: &[u8], rules: &Rules) -> Verdict {
    let header = match Message::parse(header_of(content)) {
        Ok(header) => header,
        Err(error) => return Verdict::Keep(unreadable(content, error.fault)),
    };
    let msh = header.segment("MSH");
    let text = |field, component| {
        let value = msh.map(|msh| msh.get(field, 1, component, 0).text().trim().to_owned());
        value.unwrap_or_default()
    };
    let (kind, control_id, processing, version) = (text(9, 1), text(10, 1), text(11, 1), text(12, 1));
    let refused = |id, field, code, found: &str, expected: String, remedy| Refusal {
        id,
        at: ("MSH", field),
        code,
        found: shape(found),
        expected,
        remedy,
    };
    if !version.is_empty() && version != "2" && !version.starts_with("2.") {
        let code = (203, "Unsupported version id");
        return Verdict::Leave(refused("mllp.version", 12, code, &version, "2.x".to_owned(), RESEND));
    }
    if !processing.is_empty() && !rules.processing_ids.contains(&processing) {
        let (code, expected) = ((202, "Unsupported processing id"), rules.processing_ids.join(" or "));
        let remedy = "send it to a listener whose processing_ids has it";
        return Verdict::Leave(refused("mllp.processing-id", 11, code, &processing, expected, remedy));
    }
    if !rules.message_types.is_empty() && !rules.message_types.contains(&kind) && !kind.is_empty() {
        let (code, expected) = ((200, "Unsupported message type"), rules.message_types.join(" or "));
        let remedy = "send it to a listener whose message_types has it";
        return Verdict::Leave(refused("mllp.message-type", 9, code, &kind, expected, remedy));
    }
    if kind.is_empty() {
        return Verdict::Keep(refused("mllp.no-message-type", 9, REQUIRED, "", "a message type".to_owned(), RESEND));
    }
    if control_id.is_empty() {
        return Verdict::Keep(refused(
            "mllp.no-control-id",
            10,
            REQUIRED,
            "",
            "a message control id".to_owned(),
            RESEND,
        ));
    }
    if has_second_header(content) {
        return Verdict::Keep(Refusal {
            id: "mllp.several-messages",
            at: ("MSH", 0),
            code: SEQUENCE,
            found: "a second MSH".to_owned(),
            expected: "one message in one block".to_owned(),
            remedy: "send each message in a block of its own",
        });
    }
    Verdict::Take
}

/// The first segment, with the blank lines before it.
pub fn header_of(content: &[u8]) -> &[u8] {
    let blank = content.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let rest = content.get(blank..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn has_second_header(content: &[u8]) -> bool {
    let lines = content.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.filter(|line| line.starts_with(b"MSH") && !line.get(3).is_some_and(u8::is_ascii_alphanumeric)).count() > 1
}

fn unreadable(content: &[u8], fault: ParseFault) -> Refusal {
    let header = header_of(content);
    let batch = [b"FHS", b"BHS"].iter().any(|name| header.starts_with(*name));
    let (id, field, code, found, expected) = match fault {
        ParseFault::NoFieldSeparator => ("mllp.header", 1, REQUIRED, "no field separator", "one such as `|`"),
        ParseFault::EncodingCharacters { .. } => (
            "mllp.header",
            2,
            REQUIRED,
            "characters that cannot separate",
            "one to five different ones, such as `^~\\&`",
        ),
        ParseFault::Empty => ("mllp.empty-block", 0, SEQUENCE, "an empty block", "a message"),
        _ if batch => ("mllp.batch", 0, SEQUENCE, "a batch", "one message in one block"),
        _ => ("mllp.no-header", 0, SEQUENCE, "another segment", "MSH at the start of the block"),
    };
    let (found, expected) = (found.to_owned(), expected.to_owned());
    let remedy = if batch { "put batches into a watched folder" } else { RESEND };
    Refusal { id, at: ("MSH", field), code, found, expected, remedy }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        Rules { processing_ids: vec!["P".to_owned()], message_types: Vec::new() }
    }

    fn told(content: &str) -> (&'static str, &'static str) {
        match judge(content.as_bytes(), &rules()) {
            Verdict::Take => ("take", ""),
            Verdict::Keep(refusal) => ("keep", refusal.id),
            Verdict::Leave(refusal) => ("leave", refusal.id),
        }
    }

    #[test]
    fn one_message_with_a_readable_header_is_taken_and_all_else_is_told_apart() {
        for (content, expected) in [
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1|P|2.5\rPID|1\r", ("take", "")),
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1||\rPID|1", ("take", "")),
            ("\r\nMSH|^~\\&|A|B|C|D|1||ADT^A01|M1|P^T|2\nPID|1", ("take", "")),
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1|P|2.5\rMSHX|1\r", ("take", "")),
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03||P|2.5\r", ("keep", "mllp.no-control-id")),
            ("MSH|^~\\&|A|B|C|D|1|||M1|P|2.5\r", ("keep", "mllp.no-message-type")),
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1|P|2.5\rMSH|^~\\&|A\r", ("keep", "mllp.several-messages")),
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1|T|2.5\r", ("leave", "mllp.processing-id")),
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1|P|3.0\r", ("leave", "mllp.version")),
            ("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1|P|22\r", ("leave", "mllp.version")),
            ("PID|1\r", ("keep", "mllp.no-header")),
            ("MSH", ("keep", "mllp.header")),
            ("MSH|^^\r", ("keep", "mllp.header")),
            ("FHS|^~\\&\rMSH|^~\\&|A\r", ("keep", "mllp.batch")),
            ("", ("keep", "mllp.empty-block")),
            ("\r\n", ("keep", "mllp.empty-block")),
        ] {
            assert_eq!(told(content), expected, "{content:?}");
        }
    }

    #[test]
    fn a_listener_can_take_some_types_only_and_says_which_in_words_without_the_text() {
        let rules = Rules { message_types: vec!["DFT".to_owned(), "ADT".to_owned()], ..rules() };
        let content = b"MSH|^~\\&|A|B|C|D|1||VANCE^P03|M1|P|2.5\r";
        let Verdict::Leave(refusal) = judge(content, &rules) else { panic!("it is left") };
        let words = refusal.words();
        assert_eq!(
            words,
            "MSH-9: found 5 letters, expected DFT or ADT; send it to a listener whose message_types has it"
        );
    }
}
