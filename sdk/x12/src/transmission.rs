//! A file as its envelope: interchanges, groups, transactions, each with byte range and control number.
//!
//! Reading never fails: damage is listed as problems, and what stands before and after it is there. What the
//! transactions mean is read by `remittance`, `claim_ack`, `ack999` and `ta1`.

use std::ops::Range;

use crate::check::Role;
use crate::delimiters::Delimiters;
use crate::problem::Problem;
use crate::segment::{Segment, Segments};
use crate::walk::{Step, Walker};

/// A whole file.
#[derive(Debug)]
pub struct Transmission<'a> {
    /// Its interchanges, in order.
    pub interchanges: Vec<Interchange<'a>>,
    /// What is wrong with the envelope, in order of place.
    pub problems: Vec<Problem>,
}

/// One interchange, ISA to IEA.
#[derive(Debug)]
pub struct Interchange<'a> {
    /// Bytes of the file, IEA and its terminator included.
    pub range: Range<u64>,
    /// Delimiters its ISA declares.
    pub delimiters: Delimiters,
    /// The ISA segment itself.
    pub isa: Segment<'a>,
    /// Sender: ISA05 qualifier and ISA06 id, without padding.
    pub sender: (String, String),
    /// Receiver: ISA07 qualifier and ISA08 id, without padding.
    pub receiver: (String, String),
    /// Interchange control number, ISA13 as written.
    pub control_number: String,
    /// Usage indicator ISA15: `P` production, `T` test.
    pub usage: String,
    /// TA1 segments between ISA and the first GS.
    pub acknowledgements: Vec<Segment<'a>>,
    /// Functional groups.
    pub groups: Vec<Group<'a>>,
    /// Whether IEA came.
    pub closed: bool,
}

/// One functional group, GS to GE.
#[derive(Debug)]
pub struct Group<'a> {
    /// Bytes of the file, GE included.
    pub range: Range<u64>,
    /// Functional identifier GS01: HP remittance, HC claim, FA 999, HN claim acknowledgement.
    pub functional_id: String,
    /// Application sender GS02.
    pub sender: String,
    /// Application receiver GS03.
    pub receiver: String,
    /// Group control number GS06 as written.
    pub control_number: String,
    /// Version GS08, such as 005010X221A1.
    pub version: String,
    /// Transactions.
    pub transactions: Vec<Transaction<'a>>,
    /// Whether GE came. False too for a transaction outside any GS, which is given a group of its own.
    pub closed: bool,
}

/// One transaction set, ST to SE.
#[derive(Clone)]
pub struct Transaction<'a> {
    /// Bytes of the file, SE included.
    pub range: Range<u64>,
    /// Transaction set identifier ST01, such as 835.
    pub kind: String,
    /// Control number ST02 as written.
    pub control_number: String,
    /// Implementation ST03; GS08 where ST03 is empty (835, 4010).
    pub implementation: String,
    /// Number of segments, ST and SE included.
    pub segment_count: u32,
    /// Whether SE came.
    pub closed: bool,
    bytes: &'a [u8],
    delimiters: Delimiters,
    ordinal: u32,
}

impl<'a> Transaction<'a> {
    /// Its segments, ST first.
    pub fn segments(&self) -> Segments<'a> {
        Segments::new(self.bytes, self.delimiters, self.range.start, self.ordinal)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl<'a> Transmission<'a> {
    /// Reads the envelope of a file. Never fails: see [`Transmission::problems`].
    pub fn read(bytes: &'a [u8]) -> Transmission<'a> {
        let mut builder = Builder { bytes, interchanges: Vec::new() };
        let mut problems = Vec::new();
        let mut walker = Walker::new(usize::MAX);
        loop {
            match walker.step(bytes, 0, true, &mut problems) {
                Step::Segment(segment, role) => builder.add(segment, role),
                Step::Cut { .. } => {}
                Step::NeedMore | Step::Done => break,
            }
        }
        problems.sort_by_key(|p| p.place.offset);
        Transmission { interchanges: builder.interchanges, problems }
    }

    /// All transactions with the interchange and group they are in.
    pub fn transactions(&self) -> impl Iterator<Item = (&Interchange<'a>, &Group<'a>, &Transaction<'a>)> {
        self.interchanges
            .iter()
            .flat_map(|i| i.groups.iter().map(move |g| (i, g)))
            .flat_map(|(i, g)| g.transactions.iter().map(move |t| (i, g, t)))
    }

    /// Whether no problem is an error.
    pub fn is_sound(&self) -> bool {
        !self.problems.iter().any(Problem::is_error)
    }
}

struct Builder<'a> {
    bytes: &'a [u8],
    interchanges: Vec<Interchange<'a>>,
}

impl<'a> Builder<'a> {
    fn add(&mut self, segment: Segment<'a>, role: Role) {
        let end = segment.end();
        if role == Role::Isa {
            self.interchanges.push(interchange(segment));
            return;
        }
        let Some(interchange) = self.interchanges.last_mut() else {
            return;
        };
        interchange.range.end = end;
        match role {
            Role::Acknowledgement => interchange.acknowledgements.push(segment),
            Role::InterchangeEnd => interchange.closed = true,
            Role::GroupStart => interchange.groups.push(group(segment)),
            Role::TransactionStart => {
                if interchange.groups.last().is_none_or(|g| g.closed) {
                    let empty = Segment { bytes: &[], ..segment };
                    interchange.groups.push(group(empty));
                }
                if let Some(group) = interchange.groups.last_mut() {
                    let transaction = transaction(segment, &group.version);
                    group.transactions.push(transaction);
                }
            }
            _ => {}
        }
        let Some(group) = interchange.groups.last_mut() else {
            return;
        };
        match role {
            Role::GroupEnd => group.closed = true,
            Role::TransactionStart | Role::Body | Role::TransactionEnd => {
                let Some(transaction) = group.transactions.last_mut() else {
                    return;
                };
                transaction.range.end = end;
                transaction.closed = role == Role::TransactionEnd;
                transaction.segment_count = segment.ordinal.saturating_sub(transaction.ordinal).saturating_add(1);
                let range = transaction.range.start as usize..end as usize;
                transaction.bytes = self.bytes.get(range).unwrap_or_default();
            }
            _ => return,
        }
        group.range.end = end;
    }
}

fn interchange(isa: Segment<'_>) -> Interchange<'_> {
    Interchange {
        range: isa.offset..isa.end(),
        delimiters: isa.delimiters,
        isa,
        sender: (isa.string(5), isa.string(6)),
        receiver: (isa.string(7), isa.string(8)),
        control_number: isa.string(13),
        usage: isa.string(15),
        acknowledgements: Vec::new(),
        groups: Vec::new(),
        closed: false,
    }
}

fn group(gs: Segment<'_>) -> Group<'_> {
    Group {
        range: gs.offset..gs.end(),
        functional_id: gs.string(1),
        sender: gs.string(2),
        receiver: gs.string(3),
        control_number: gs.string(6),
        version: gs.string(8),
        transactions: Vec::new(),
        closed: false,
    }
}

fn transaction<'a>(st: Segment<'a>, version: &str) -> Transaction<'a> {
    let own = st.string(3);
    Transaction {
        range: st.offset..st.end(),
        kind: st.string(1),
        control_number: st.string(2),
        implementation: if own.is_empty() { version.to_owned() } else { own },
        segment_count: 1,
        closed: false,
        bytes: st.bytes,
        delimiters: st.delimiters,
        ordinal: st.ordinal,
    }
}
