//! What every typed reader shares: the answer type, and reading of elements with located problems.
//!
//! A reader never stops at a bad element: the field stays empty (or 0), a problem says where, and
//! [`Parsed::is_clean`] is false. Whoever posts or changes state from a reading must ask that first.

use std::ops::Range;

use crate::number::{self, Date};
use crate::problem::{Place, Problem, ProblemKind, push, shape};
use crate::segment::{Element, Segment};
use crate::transmission::{Group, Interchange, Transaction, Transmission};

/// Where a reading comes from: its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Interchange control number, ISA13.
    pub interchange_control: String,
    /// Interchange sender: ISA05, ISA06.
    pub interchange_sender: (String, String),
    /// Interchange receiver: ISA07, ISA08.
    pub interchange_receiver: (String, String),
    /// Usage indicator ISA15, `P` or `T`.
    pub usage: String,
    /// Group control number GS06; empty for a TA1.
    pub group_control: String,
    /// Application sender GS02.
    pub group_sender: String,
    /// Application receiver GS03.
    pub group_receiver: String,
    /// Transaction control number ST02; empty for a TA1.
    pub transaction_control: String,
    /// ST03, or GS08.
    pub implementation: String,
    /// Bytes of the file: the transaction, or the TA1 segment.
    pub range: Range<u64>,
}

/// One transaction as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    /// What it says.
    pub value: T,
    /// Its envelope.
    pub origin: Origin,
    /// What is wrong with it, envelope counts included.
    pub problems: Vec<Problem>,
}

impl<T> Parsed<T> {
    /// Whether it was read to the last element without an error. Warnings are allowed.
    pub fn is_clean(&self) -> bool {
        !self.problems.iter().any(Problem::is_error)
    }
}

/// All transactions of one kind in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings<T> {
    /// In order of the file.
    pub transactions: Vec<Parsed<T>>,
    /// What is wrong with the file outside these transactions.
    pub problems: Vec<Problem>,
}

/// Reads every transaction whose ST01 is in `kinds` with `read`.
pub(crate) fn read_kind<T>(
    transmission: &Transmission<'_>,
    kinds: &[&str],
    mut read: impl FnMut(&Transaction<'_>, &mut Vec<Problem>) -> T,
) -> Readings<T> {
    let mut problems = transmission.problems.clone();
    let mut transactions = Vec::new();
    for (interchange, group, transaction) in transmission.transactions() {
        if !kinds.contains(&transaction.kind.as_str()) {
            continue;
        }
        let range = transaction.range.clone();
        let mut own: Vec<Problem> = problems.extract_if(.., |p| range.contains(&p.place.offset)).collect();
        let value = read(transaction, &mut own);
        let cut = |p: &Problem| matches!(p.kind, ProblemKind::Truncated | ProblemKind::MissingTrailer);
        if !transaction.closed && !own.iter().any(cut) {
            let place = start_of(transaction);
            push(
                &mut own,
                Problem::error(
                    ProblemKind::MissingTrailer,
                    place,
                    "a transaction without SE",
                    "SE",
                    "ask the sender for the whole file again",
                ),
            );
        }
        own.sort_by_key(|p| p.place.offset);
        transactions.push(Parsed {
            value,
            origin: origin(interchange, Some(group), Some(transaction), range),
            problems: own,
        });
    }
    Readings { transactions, problems }
}

/// Says that a file that was to hold `wanted` holds none. Not asked when one file is offered to every reader.
pub(crate) fn require<T>(
    mut readings: Readings<T>,
    transmission: &Transmission<'_>,
    wanted: &'static str,
) -> Readings<T> {
    if !readings.transactions.is_empty() || transmission.interchanges.is_empty() {
        return readings;
    }
    let (offset, found) = match transmission.transactions().next() {
        Some((_, _, other)) => (other.range.start, format!("transaction {}", kind_or_shape(&other.kind))),
        None => (0, "no transaction".to_owned()),
    };
    let remedy = "give this file to the reader of its kind";
    let problem = Problem::error(ProblemKind::WrongTransaction, Place::byte(offset), found, wanted, remedy);
    push(&mut readings.problems, problem);
    readings
}

/// ST01 when it is three digits, else its shape.
pub(crate) fn kind_or_shape(kind: &str) -> String {
    if kind.len() == 3 && kind.bytes().all(|b| b.is_ascii_digit()) { kind.to_owned() } else { shape(kind.as_bytes()) }
}

pub(crate) fn origin(
    interchange: &Interchange<'_>,
    group: Option<&Group<'_>>,
    transaction: Option<&Transaction<'_>>,
    range: Range<u64>,
) -> Origin {
    let (group_control, group_sender, group_receiver) =
        group.map_or_else(Default::default, |g| (g.control_number.clone(), g.sender.clone(), g.receiver.clone()));
    let (transaction_control, implementation) =
        transaction.map_or_else(Default::default, |t| (t.control_number.clone(), t.implementation.clone()));
    Origin {
        interchange_control: interchange.control_number.clone(),
        interchange_sender: interchange.sender.clone(),
        interchange_receiver: interchange.receiver.clone(),
        usage: interchange.usage.clone(),
        group_control,
        group_sender,
        group_receiver,
        transaction_control,
        implementation,
        range,
    }
}

/// A reference: REF01 qualifier, REF02 value.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference {
    /// Qualifier REF01, such as `1K` or `6R`.
    pub qualifier: String,
    /// Value REF02.
    pub value: String,
}

/// First value under a qualifier.
pub(crate) fn reference<'r>(references: &'r [Reference], qualifier: &str) -> Option<&'r str> {
    references.iter().find(|r| r.qualifier == qualifier).map(|r| r.value.as_str())
}

/// A procedure: SVC01 or SVC06 (835, 277CA), composite C003.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Procedure {
    /// Component 1: HC for CPT and HCPCS, AD dental, NU revenue, N4 drug, ZZ own code.
    pub qualifier: String,
    /// Component 2: the code.
    pub code: String,
    /// Components 3 to 6: modifiers, as many as there are.
    pub modifiers: Vec<String>,
    /// Component 7: the payer's own description, where sent.
    pub description: String,
}

impl Procedure {
    pub(crate) fn read(element: Element<'_>) -> Procedure {
        let part = |m: usize| element.component(m).text().into_owned();
        let modifiers = (3..=6).map(part).filter(|m| !m.is_empty()).collect();
        Procedure { qualifier: part(1), code: part(2), modifiers, description: part(7) }
    }
}

/// A name loop: NM1 with what identifies the party.
#[derive(Clone, PartialEq, Eq)]
pub struct Party {
    /// Entity identifier NM101, such as QC or 82.
    pub entity: String,
    /// NM102 = 1.
    pub is_person: bool,
    /// Last name or organization NM103.
    pub name: String,
    /// First name NM104.
    pub first: String,
    /// Middle name NM105.
    pub middle: String,
    /// Suffix NM107.
    pub suffix: String,
    /// Id qualifier NM108: XX NPI, MI member id, FI tax id.
    pub id_qualifier: String,
    /// Id NM109.
    pub id: String,
    /// Where its NM1 stands.
    pub place: Place,
}

impl Party {
    pub(crate) fn read(nm1: &Segment<'_>) -> Party {
        Party {
            entity: nm1.string(1),
            is_person: nm1.element(2).trimmed() == b"1",
            name: nm1.string(3),
            first: nm1.string(4),
            middle: nm1.string(5),
            suffix: nm1.string(7),
            id_qualifier: nm1.string(8),
            id: nm1.string(9),
            place: nm1.place(),
        }
    }
}

const ASK: &str = "ask the sender to correct it; do not post from this transaction";

/// Elements of one segment, read with their problems.
pub(crate) struct Fields<'s, 'a, 'p> {
    pub(crate) segment: &'s Segment<'a>,
    pub(crate) problems: &'p mut Vec<Problem>,
}

impl Fields<'_, '_, '_> {
    fn optional<T>(&mut self, n: usize, expected: &'static str, parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        let text = self.segment.element(n).trimmed();
        if text.is_empty() {
            return None;
        }
        let value = parse(text);
        if value.is_none() {
            let place = self.segment.place().at(n);
            push(self.problems, Problem::error(ProblemKind::BadElement, place, shape(text), expected, ASK));
        }
        value
    }

    fn required<T>(&mut self, n: usize, expected: &'static str, parse: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        if self.segment.element(n).is_empty() {
            self.missing(n, expected);
            return None;
        }
        self.optional(n, expected, parse)
    }

    pub(crate) fn missing(&mut self, n: usize, expected: &'static str) {
        push(
            self.problems,
            Problem::error(ProblemKind::MissingElement, self.segment.place().at(n), "nothing", expected, ASK),
        );
    }

    pub(crate) fn optional_cents(&mut self, n: usize) -> Option<i64> {
        self.optional(n, AMOUNT, amount)
    }

    /// 0 when a problem was pushed.
    pub(crate) fn cents(&mut self, n: usize) -> i64 {
        self.required(n, AMOUNT, amount).unwrap_or(0)
    }

    pub(crate) fn thousandths(&mut self, n: usize) -> Option<i64> {
        self.optional(n, "a quantity with at most three decimals", number::thousandths)
    }

    pub(crate) fn count(&mut self, n: usize) -> Option<u32> {
        self.optional(n, "a whole number", number::count)
    }

    pub(crate) fn required_count(&mut self, n: usize) -> u32 {
        self.required(n, "a whole number", number::count).unwrap_or(0)
    }

    pub(crate) fn date(&mut self, n: usize) -> Option<Date> {
        self.optional(n, "a date CCYYMMDD", Date::parse)
    }

    /// A date that matters less than the rest: a bad one is a warning.
    pub(crate) fn lenient_range(&mut self, n: usize) -> Option<(Date, Date)> {
        let text = self.segment.element(n).trimmed();
        let value = Date::parse_range(text);
        if value.is_none() {
            let place = self.segment.place().at(n);
            let expected = "a date CCYYMMDD or two joined by -";
            push(
                self.problems,
                Problem::error(ProblemKind::BadElement, place, shape(text), expected, "left out; look at the original")
                    .warning(),
            );
        }
        value
    }

    /// Text that must be there.
    pub(crate) fn text(&mut self, n: usize, expected: &'static str) -> String {
        if self.segment.element(n).is_empty() {
            self.missing(n, expected);
        }
        self.segment.string(n)
    }

    pub(crate) fn bad(&mut self, n: usize, expected: &'static str) {
        let found = shape(self.segment.element(n).bytes);
        push(self.problems, Problem::error(ProblemKind::BadElement, self.segment.place().at(n), found, expected, ASK));
    }

    /// Says that the segment has no place where it stands.
    pub(crate) fn out_of_place(&mut self, expected: &'static str) {
        let found = format!("{} here", self.segment.segment_id());
        push(self.problems, Problem::error(ProblemKind::OutOfPlace, self.segment.place(), found, expected, ASK));
    }

    /// Says that the segment is none the guide knows here; nothing a reader needs is in it.
    pub(crate) fn unknown(&mut self, expected: &'static str) {
        let found = format!("{} here", self.segment.segment_id());
        let problem = Problem::error(
            ProblemKind::OutOfPlace,
            self.segment.place(),
            found,
            expected,
            "skipped; look at the original",
        );
        push(self.problems, problem.warning());
    }
}

/// Amounts of answers are below this: $100 billion, in cents. The guides allow ten digits; the check of a large payer has some more.
/// Without a bound the sum of a few amounts would leave 64 bits.
const CENTS_END: i64 = 10_000_000_000_000;

fn amount(text: &[u8]) -> Option<i64> {
    number::cents(text).filter(|cents| (-CENTS_END..CENTS_END).contains(cents))
}

pub(crate) const AMOUNT: &str = "an amount below 100 billion with at most two decimals, `-` or no sign";

/// Where its ST stands.
pub(crate) fn start_of(transaction: &Transaction<'_>) -> Place {
    let st = transaction.segments().next();
    st.map_or(Place::byte(transaction.range.start), |st| st.place())
}

/// Says that a segment the transaction must have is not there.
pub(crate) fn missing_segment(transaction: &Transaction<'_>, expected: &'static str, problems: &mut Vec<Problem>) {
    let place = start_of(transaction);
    push(problems, Problem::error(ProblemKind::MissingSegment, place, "a transaction without it", expected, ASK));
}
