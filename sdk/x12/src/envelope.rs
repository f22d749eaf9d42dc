//! Writing an interchange: ISA, GS, ST with their trailers, counts and control numbers filled in.

use crate::delimiters::Delimiters;
use crate::problem::SegmentId;
use crate::writer::{Refusal, SegmentWriter, WriteError};

/// What goes into an ISA (and IEA02).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsaFields {
    /// ISA01 and ISA02: authorization, usually `00` and empty.
    pub authorization: (String, String),
    /// ISA03 and ISA04: security, usually `00` and empty.
    pub security: (String, String),
    /// ISA05 qualifier (2) and ISA06 id (at most 15).
    pub sender: (String, String),
    /// ISA07 qualifier (2) and ISA08 id (at most 15).
    pub receiver: (String, String),
    /// ISA09, YYMMDD.
    pub date: String,
    /// ISA10, HHMM.
    pub time: String,
    /// ISA13, at most 999 999 999.
    pub control_number: u32,
    /// ISA14: ask for a TA1.
    pub acknowledgement_requested: bool,
    /// ISA15: test (`T`) instead of production (`P`).
    pub test: bool,
}

/// What goes into a GS (and GE02).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GsFields {
    /// GS01: HC for claims.
    pub functional_id: String,
    /// GS02.
    pub sender: String,
    /// GS03.
    pub receiver: String,
    /// GS04, CCYYMMDD.
    pub date: String,
    /// GS05, HHMM.
    pub time: String,
    /// GS06.
    pub control_number: u32,
    /// GS08: 005010X222A1 for the professional claim.
    pub version: String,
}

/// Writes one interchange. Each level must be ended before the next of its kind begins; `finish` ends the last.
///
/// ```
/// # use claimhost_x12::{Delimiters, Envelope, GsFields, IsaFields, Transmission};
/// # let two = |a: &str, b: &str| (a.to_owned(), b.to_owned());
/// # let isa = IsaFields { authorization: two("00", ""), security: two("00", ""), sender: two("ZZ", "US"),
/// #   receiver: two("ZZ", "THEM"), date: "260102".into(), time: "0304".into(), control_number: 7,
/// #   acknowledgement_requested: true, test: true };
/// # let gs = GsFields { functional_id: "HC".into(), sender: "US".into(), receiver: "THEM".into(),
/// #   date: "20260102".into(), time: "0304".into(), control_number: 7, version: "005010X222A1".into() };
/// let mut envelope = Envelope::begin(&isa, Delimiters::STANDARD)?;
/// envelope.begin_group(&gs)?;
/// envelope.begin_transaction("837", "0001", "005010X222A1")?;
/// envelope.segments().segment("BHT").text("0019").text("00").end()?;
/// envelope.end_transaction()?;
/// envelope.end_group()?;
/// let bytes = envelope.finish()?;
/// assert!(Transmission::read(&bytes).is_sound());
/// # Ok::<(), claimhost_x12::WriteError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Envelope {
    writer: SegmentWriter,
    isa_control: String,
    groups: u32,
    group: Option<(String, u32)>,
    transaction: Option<(String, u32)>,
}

impl Envelope {
    /// Writes ISA.
    ///
    /// # Errors
    /// A field that holds a delimiter or does not fit its width.
    pub fn begin(isa: &IsaFields, delimiters: Delimiters) -> Result<Envelope, WriteError> {
        Envelope::begin_in(isa, SegmentWriter::new(delimiters))
    }

    /// As [`Envelope::begin`], with a writer of one's own (line ends), which must be empty.
    ///
    /// # Errors
    /// As [`Envelope::begin`].
    pub fn begin_in(isa: &IsaFields, mut writer: SegmentWriter) -> Result<Envelope, WriteError> {
        let delimiters = writer.delimiters();
        let isa_control = format!("{:09}", isa.control_number);
        let fields: [(&str, usize); 10] = [
            (&isa.authorization.0, 2),
            (&isa.authorization.1, 10),
            (&isa.security.0, 2),
            (&isa.security.1, 10),
            (&isa.sender.0, 2),
            (&isa.sender.1, 15),
            (&isa.receiver.0, 2),
            (&isa.receiver.1, 15),
            (&isa.date, 6),
            (&isa.time, 4),
        ];
        let mut builder = writer.segment("ISA");
        for (value, width) in fields {
            builder = builder.text(&format!("{value:width$}"));
            if value.len() > width {
                builder.too_long();
            }
        }
        builder = builder.raw(&[delimiters.repetition.unwrap_or(b'U')]).text("00501").text(&isa_control);
        if isa.control_number > 999_999_999 {
            builder.too_long();
        }
        builder
            .text(if isa.acknowledgement_requested { "1" } else { "0" })
            .text(if isa.test { "T" } else { "P" })
            .raw(&[delimiters.component])
            .end()?;
        Ok(Envelope { writer, isa_control, groups: 0, group: None, transaction: None })
    }

    /// Writes GS.
    ///
    /// # Errors
    /// A field that holds a delimiter, or a group that is open already.
    pub fn begin_group(&mut self, gs: &GsFields) -> Result<(), WriteError> {
        if self.group.is_some() {
            return Err(self.nesting(b"GS"));
        }
        let control = gs.control_number.to_string();
        self.writer
            .segment("GS")
            .text(&gs.functional_id)
            .text(&gs.sender)
            .text(&gs.receiver)
            .text(&gs.date)
            .text(&gs.time)
            .text(&control)
            .text("X")
            .text(&gs.version)
            .end()?;
        self.groups = self.groups.saturating_add(1);
        self.group = Some((control, 0));
        Ok(())
    }

    /// Writes ST. `implementation` is ST03; empty where the transaction has none (835).
    ///
    /// # Errors
    /// A field that holds a delimiter, no group, or a transaction that is open already.
    pub fn begin_transaction(&mut self, kind: &str, control: &str, implementation: &str) -> Result<(), WriteError> {
        let open = self.transaction.is_some();
        let Some((_, transactions)) = self.group.as_mut().filter(|_| !open) else {
            return Err(self.nesting(b"ST"));
        };
        self.writer.segment("ST").text(kind).text(control).text(implementation).end()?;
        *transactions = transactions.saturating_add(1);
        self.transaction = Some((control.to_owned(), self.writer.ordinal()));
        Ok(())
    }

    /// The writer, for the segments between ST and SE.
    pub fn segments(&mut self) -> &mut SegmentWriter {
        &mut self.writer
    }

    /// Writes SE with count and control number; gives the count.
    ///
    /// # Errors
    /// No transaction is open.
    pub fn end_transaction(&mut self) -> Result<u32, WriteError> {
        let Some((control, first)) = self.transaction.take() else {
            return Err(self.nesting(b"SE"));
        };
        let count = self.writer.ordinal().saturating_sub(first).saturating_add(2);
        self.writer.segment("SE").number(count).text(&control).end()?;
        Ok(count)
    }

    /// Writes GE.
    ///
    /// # Errors
    /// No group is open, or a transaction still is.
    pub fn end_group(&mut self) -> Result<(), WriteError> {
        if self.transaction.is_some() {
            return Err(self.nesting(b"GE"));
        }
        let Some((control, transactions)) = self.group.take() else {
            return Err(self.nesting(b"GE"));
        };
        self.writer.segment("GE").number(transactions).text(&control).end()
    }

    /// Writes IEA and gives the bytes.
    ///
    /// # Errors
    /// A group is still open.
    pub fn finish(mut self) -> Result<Vec<u8>, WriteError> {
        if self.group.is_some() {
            return Err(self.nesting(b"IEA"));
        }
        self.writer.segment("IEA").number(self.groups).text(&self.isa_control).end()?;
        Ok(self.writer.into_bytes())
    }

    fn nesting(&self, id: &[u8]) -> WriteError {
        let ordinal = self.writer.ordinal().saturating_add(1);
        WriteError { segment: SegmentId::new(id), ordinal, element: 0, component: None, refusal: Refusal::Nesting }
    }
}
