//! Writes a 270: one interchange with one group, payers over providers over subscribers over dependents.
//!
//! Each person is asked about for one day, for the plan as a whole (EQ 30), under a trace number that the answer carries back.

use std::ops::Range;

use crate::delimiters::Delimiters;
use crate::envelope::{Envelope, GsFields, IsaFields};
use crate::number::Date;
use crate::writer::{SegmentWriter, WriteError, check_text, fold_accents};

/// GS08 and ST03.
const IMPLEMENTATION: &str = "005010X279A1";

/// People asked about in one ST: the guide's limit of a batch.
pub const REQUESTS_PER_TRANSACTION_MAX: usize = 99;

/// A person of a question: 2100C or 2100D.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct InquiryPerson {
    /// NM103.
    pub last: String,
    /// NM104.
    pub first: String,
    /// NM105.
    pub middle: String,
    /// NM107.
    pub suffix: String,
    /// DMG02.
    pub birth_date: Option<Date>,
    /// DMG03: F or M; empty: not said.
    pub gender: String,
}

/// One question about one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Inquiry {
    /// 2100A NM103.
    pub payer_name: String,
    /// 2100A NM109, qualifier PI.
    pub payer_id: String,
    /// 2100B NM103: the practice.
    pub provider_name: String,
    /// 2100B NM109, qualifier XX.
    pub provider_npi: String,
    /// TRN02 of the person asked about.
    pub trace: String,
    /// TRN03: ten characters.
    pub originator: String,
    /// 2100C NM109, qualifier MI.
    pub member_id: String,
    /// 2100C.
    pub subscriber: InquiryPerson,
    /// 2100D with INS02, where the person asked about is not the subscriber.
    pub dependent: Option<(InquiryPerson, String)>,
    /// DTP 291.
    pub day: Date,
}

/// Where a question stands in what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InquiryPlace {
    /// ST02.
    pub transaction: String,
    /// Bytes of its loops (2000C, and 2000D).
    pub bytes: Range<u64>,
}

/// A written interchange.
#[derive(Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub bytes: Vec<u8>,
    /// Each question, in the order given.
    pub places: Vec<InquiryPlace>,
}

/// Why a 270 was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InquiryError {
    /// There is nothing to ask.
    Empty,
    /// An element that cannot be written, with the question it is of; none: of the envelope.
    Element(Option<usize>, WriteError),
}

impl std::fmt::Display for InquiryError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(f, "a 270 without a question"),
            Self::Element(None, error) => write!(f, "the envelope: {error}"),
            Self::Element(Some(at), error) => write!(f, "question {}: {error}", at + 1),
        }
    }
}

impl std::error::Error for InquiryError {}

/// Writes questions as one interchange, each group as a transaction of its own (several where it is large), so that what is said of a
/// transaction as a whole is said of its group only. Those of one payer and provider that follow each other share their HL 20
/// and 21. `reference` is BHT03: the ST's number is added to it from the second one on.
///
/// # Errors
/// [`InquiryError`]; then nothing is written.
pub fn write(isa: &IsaFields, gs: &GsFields, reference: &str, groups: &[&[Inquiry]]) -> Result<Written, InquiryError> {
    if groups.iter().all(|group| group.is_empty()) {
        return Err(InquiryError::Empty);
    }
    let of_envelope = |error| InquiryError::Element(None, error);
    let mut out = Envelope::begin(isa, Delimiters::STANDARD).map_err(of_envelope)?;
    let group = GsFields { functional_id: "HS".to_owned(), version: IMPLEMENTATION.to_owned(), ..gs.clone() };
    out.begin_group(&group).map_err(of_envelope)?;
    let mut places: Vec<InquiryPlace> = Vec::new();
    let parts = groups.iter().flat_map(|group| group.chunks(REQUESTS_PER_TRANSACTION_MAX));
    for (n, part) in parts.enumerate() {
        let control = format!("{:04}", n + 1);
        let reference = if n == 0 { reference.to_owned() } else { format!("{reference}-{}", n + 1) };
        out.begin_transaction("270", &control, IMPLEMENTATION).map_err(of_envelope)?;
        let bht = out.segments().segment("BHT").text("0022").text("13").text(&reference);
        bht.text(&gs.date).text(&gs.time).end().map_err(of_envelope)?;
        let mut tree = Tree { hl: 0, above: None };
        for inquiry in part {
            let bytes =
                tree.ask(out.segments(), inquiry).map_err(|error| InquiryError::Element(Some(places.len()), error))?;
            places.push(InquiryPlace { transaction: control.clone(), bytes });
        }
        out.end_transaction().map_err(of_envelope)?;
    }
    out.end_group().map_err(of_envelope)?;
    let bytes = out.finish().map_err(of_envelope)?;
    Ok(Written { bytes, places })
}

/// The first thing of a question that a 270 cannot carry, by loop and element; none where it can be written.
pub fn unwritable(inquiry: &Inquiry) -> Option<&'static str> {
    let Inquiry { payer_name, payer_id, provider_name, provider_npi, member_id, subscriber, dependent, .. } = inquiry;
    let bad = |text: &str| check_text(&fold_accents(text), &Delimiters::STANDARD).is_err();
    let texts = [
        (payer_name, "2100A NM103"),
        (payer_id, "2100A NM109"),
        (provider_name, "2100B NM103"),
        (provider_npi, "2100B NM109"),
        (member_id, "2100C NM109"),
    ];
    let required = [(payer_id, "2100A NM109"), (provider_npi, "2100B NM109"), (member_id, "2100C NM109")];
    if let Some((_, at)) = required.into_iter().find(|(text, _)| text.trim().is_empty()) {
        return Some(at);
    }
    if let Some((_, at)) = texts.into_iter().find(|(text, _)| bad(text)) {
        return Some(at);
    }
    let names = |person: &InquiryPerson| {
        let InquiryPerson { last, first, middle, suffix, gender, .. } = person;
        last.trim().is_empty() || [last, first, middle, suffix, gender].into_iter().any(|text| bad(text))
    };
    if names(subscriber) {
        return Some("2100C NM1");
    }
    dependent.as_ref().filter(|(person, _)| names(person)).map(|_| "2100D NM1")
}

/// The open levels of one ST.
struct Tree<'i> {
    hl: u32,
    /// The question that opened the levels of payer and provider, and the HL of the provider.
    above: Option<(&'i Inquiry, u32)>,
}

impl<'i> Tree<'i> {
    fn level(&mut self, out: &mut SegmentWriter, parent: u32, code: &str, children: bool) -> Result<u32, WriteError> {
        self.hl += 1;
        let parent = if parent == 0 { String::new() } else { parent.to_string() };
        let hl = out.segment("HL").number(self.hl).text(&parent).text(code);
        hl.text(if children { "1" } else { "0" }).end()?;
        Ok(self.hl)
    }

    fn ask(&mut self, out: &mut SegmentWriter, inquiry: &'i Inquiry) -> Result<Range<u64>, WriteError> {
        let same = |other: &Inquiry| {
            (&other.payer_name, &other.payer_id, &other.provider_name, &other.provider_npi)
                == (&inquiry.payer_name, &inquiry.payer_id, &inquiry.provider_name, &inquiry.provider_npi)
        };
        let provider = match self.above {
            Some((other, hl)) if same(other) => hl,
            _ => {
                let payer = self.level(out, 0, "20", true)?;
                organization(out, "PR", &inquiry.payer_name, "PI", &inquiry.payer_id)?;
                let provider = self.level(out, payer, "21", true)?;
                organization(out, "1P", &inquiry.provider_name, "XX", &inquiry.provider_npi)?;
                self.above = Some((inquiry, provider));
                provider
            }
        };
        let start = out.offset();
        let subscriber = self.level(out, provider, "22", inquiry.dependent.is_some())?;
        match &inquiry.dependent {
            None => {
                trace(out, inquiry)?;
                name(out, "IL", &inquiry.subscriber, &inquiry.member_id)?;
                demographics(out, &inquiry.subscriber)?;
            }
            Some((person, relationship)) => {
                name(out, "IL", &inquiry.subscriber, &inquiry.member_id)?;
                self.level(out, subscriber, "23", false)?;
                trace(out, inquiry)?;
                name(out, "03", person, "")?;
                demographics(out, person)?;
                if !relationship.is_empty() {
                    out.segment("INS").text("N").text(relationship).end()?;
                }
            }
        }
        out.segment("DTP").text("291").text("D8").date(inquiry.day).end()?;
        out.segment("EQ").text("30").end()?;
        Ok(start..out.offset())
    }
}

fn organization(
    out: &mut SegmentWriter,
    entity: &str,
    name: &str,
    qualifier: &str,
    id: &str,
) -> Result<(), WriteError> {
    let nm1 = out.segment("NM1").text(entity).text("2").text(&fold_accents(name)).skip(4);
    nm1.text(qualifier).text(&fold_accents(id)).end()
}

fn name(out: &mut SegmentWriter, entity: &str, person: &InquiryPerson, member_id: &str) -> Result<(), WriteError> {
    let InquiryPerson { last, first, middle, suffix, .. } = person;
    let mut nm1 = out.segment("NM1").text(entity).text("1");
    for part in [last, first, middle] {
        nm1 = nm1.text(&fold_accents(part));
    }
    nm1 = nm1.empty().text(&fold_accents(suffix));
    if member_id.is_empty() { nm1.end() } else { nm1.text("MI").text(&fold_accents(member_id)).end() }
}

fn trace(out: &mut SegmentWriter, inquiry: &Inquiry) -> Result<(), WriteError> {
    out.segment("TRN").text("1").text(&inquiry.trace).text(&inquiry.originator).end()
}

fn demographics(out: &mut SegmentWriter, person: &InquiryPerson) -> Result<(), WriteError> {
    match person.birth_date {
        Some(born) => out.segment("DMG").text("D8").date(born).text(&person.gender).end(),
        None if person.gender.is_empty() => Ok(()),
        None => out.segment("DMG").skip(2).text(&person.gender).end(),
    }
}
