//! Which acknowledgements a sender gets for one block, by MSH-15 and MSH-16.
//!
//! | | stored | kept as refused | left to the sender | the store failed |
//! |---|---|---|---|---|
//! | original mode: both fields empty | AA | AE | AR | AR |
//! | enhanced mode, commit: MSH-15 | CA | CE | CR | CE |
//! | enhanced mode, application: MSH-16 | AA | AE | AR | AR |
//!
//! In enhanced mode AL asks always, NE or nothing never, ER for refusals, SU for what was stored; another value counts as AL. A
//! message that a commit acknowledgement has refused never reached the application, so that no second one follows.

use claimhost_hl7v2::{AckCode, AckError, Message, ack};

use super::header::{NOT_STORED, Refusal};

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// It is on the disk.
    Stored,
    /// It is refused, and kept.
    Kept(&'a Refusal),
    /// It is refused, and not kept.
    Left(&'a Refusal),
}

/// MSH-7 and MSH-10 of one acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// `YYYYMMDDHHMMSS`.
    pub now: String,
    /// At most 20 characters, never twice.
    pub control_id: String,
}

/// The header of a message that has none that can be read.
const NO_HEADER: &[u8] = b"MSH|^~\\&|||||||||P|2.5.1";

/// The acknowledgements of a block, in their order, without their own blocks. `header` is the first segment of it.
pub fn replies(header: &[u8], outcome: Outcome<'_>, mut stamp: impl FnMut() -> Stamp) -> Vec<Vec<u8>> {
    let parsed = Message::parse(header).or_else(|_| Message::parse(NO_HEADER));
    let Ok(message) = parsed else { return Vec::new() };
    let text = |field| {
        let value = message.segment("MSH").map(|msh| msh.get(field, 1, 1, 0).text().trim().to_owned());
        value.unwrap_or_default()
    };
    let (accept, application) = (text(15), text(16));
    let refusal = match outcome {
        Outcome::Stored => None,
        Outcome::Kept(refusal) | Outcome::Left(refusal) => Some(refusal),
    };
    let asked = |condition: &str| match condition {
        "" | "NE" => false,
        "ER" => refusal.is_some(),
        "SU" => refusal.is_none(),
        _ => true,
    };
    let in_application = match outcome {
        Outcome::Stored => AckCode::Accept,
        Outcome::Kept(_) => AckCode::Error,
        Outcome::Left(_) => AckCode::Reject,
    };
    let mut codes = Vec::with_capacity(2);
    if accept.is_empty() && application.is_empty() {
        codes.push(in_application);
    } else {
        if asked(&accept) {
            codes.push(match outcome {
                Outcome::Stored => AckCode::CommitAccept,
                Outcome::Left(refusal) if refusal.id != NOT_STORED => AckCode::CommitReject,
                Outcome::Kept(_) | Outcome::Left(_) => AckCode::CommitError,
            });
        }
        if asked(&application) && (refusal.is_none() || codes.is_empty()) {
            codes.push(in_application);
        }
    }
    let words = refusal.map(Refusal::words).unwrap_or_default();
    let error = refusal.map(|refusal| AckError {
        segment: refusal.at.0,
        field: refusal.at.1,
        code: refusal.code,
        text: &words,
    });
    let written = codes.into_iter().filter_map(|code| {
        let Stamp { now, control_id } = stamp();
        ack(&message, code, &now, &control_id, error.as_ref()).ok()
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(accept: &str, application: &str, outcome: Outcome<'_>) -> Vec<String> {
        let header = format!("MSH|^~\\&|A|B|C|D|1||DFT^P03|M1|P|2.5.1|||{accept}|{application}");
        let mut number = 0;
        let stamp = || {
            number += 1;
            Stamp { now: "20260105".to_owned(), control_id: number.to_string() }
        };
        let all = replies(header.as_bytes(), outcome, stamp);
        let mut ids = Vec::new();
        let codes = all.iter().map(|reply| {
            let text = String::from_utf8(reply.clone()).unwrap();
            ids.push(text.split('|').nth(9).unwrap().to_owned());
            let msa: Vec<&str> = text.split('\r').find(|line| line.starts_with("MSA")).unwrap().split('|').collect();
            assert_eq!(msa[2], "M1", "MSA-2 is MSH-10 of the message");
            assert_eq!(text.contains("\rERR|"), outcome != Outcome::Stored, "{text}");
            msa[1].to_owned()
        });
        let codes = codes.collect();
        ids.dedup();
        assert_eq!(ids.len(), all.len(), "each has an id of its own");
        codes
    }

    #[test]
    fn the_sender_gets_what_it_asked_for() {
        let refusal = Refusal::no_start_block();
        let (kept, left) = (Outcome::Kept(&refusal), Outcome::Left(&refusal));
        for (accept, application, stored, refused, rejected) in [
            ("", "", &["AA"][..], &["AE"][..], &["AR"][..]),
            ("AL", "NE", &["CA"], &["CE"], &["CR"]),
            ("AL", "", &["CA"], &["CE"], &["CR"]),
            ("AL", "AL", &["CA", "AA"], &["CE"], &["CR"]),
            ("NE", "AL", &["AA"], &["AE"], &["AR"]),
            ("", "AL", &["AA"], &["AE"], &["AR"]),
            ("NE", "NE", &[], &[], &[]),
            ("ER", "NE", &[], &["CE"], &["CR"]),
            ("SU", "NE", &["CA"], &[], &[]),
            ("ER", "SU", &["AA"], &["CE"], &["CR"]),
            ("SU", "ER", &["CA"], &["AE"], &["AR"]),
            ("SU", "SU", &["CA", "AA"], &[], &[]),
            ("XX", "", &["CA"], &["CE"], &["CR"]),
        ] {
            assert_eq!(codes(accept, application, Outcome::Stored), stored, "{accept} {application}");
            assert_eq!(codes(accept, application, kept), refused, "{accept} {application}");
            assert_eq!(codes(accept, application, left), rejected, "{accept} {application}");
        }
        let failed = Refusal::not_stored();
        assert_eq!(codes("", "", Outcome::Left(&failed)), ["AR"]);
        assert_eq!(codes("AL", "", Outcome::Left(&failed)), ["CE"]);
    }

    #[test]
    fn a_block_without_a_header_is_answered_too() {
        let refusal = Refusal::no_start_block();
        let stamp = || Stamp { now: "20260105".to_owned(), control_id: "1".to_owned() };
        let all = replies(b"PID|1", Outcome::Kept(&refusal), stamp);
        let text = String::from_utf8(all.concat()).unwrap();
        assert!(text.starts_with("MSH|^~\\&|||||20260105||ACK^^ACK|1|P|2.5.1\rMSA|AE||"), "{text}");
    }
}
