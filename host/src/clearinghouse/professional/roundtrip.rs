//! Proof that nothing is lost between an 837P that came in and the one that would go out: each element of each loop of
//! the original is looked for in what the writer makes of the adapter's update.
//!
//! Not compared: envelope, 1000A and 1000B (the host sends under its own profile), HL and LX numbers, CLM01 (minted),
//! NM102 of the pay-to address (always 2).
//! Equal: `40.00` and `40`; a range of one day and that day.

use claimhost_x12::{ClaimFrames, Detected, Element, Segment, Segments, detect, thousandths};

use super::refusal::{Refusal, refusals};
use super::{Created, Envelope, Partner, Purpose, Receiver, Submitter, WriteError, write};
use crate::claim::{
    ChargeAction, Claim, Contact, ContactKind, ContactNumber, Date, Frequency, VisitUpdate, take_replaced_claim,
    total_charge,
};

/// An element of the original that is not in the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Which claim of the file, from 0.
    pub claim: usize,
    /// Its loop, with positions from 0: `2320[0]/2330B`.
    pub loop_id: String,
    /// Segment id.
    pub segment: String,
    /// Byte of the segment in the original.
    pub offset: u64,
    /// Element, from 1; 0: the whole segment.
    pub element: usize,
    /// The row of the refusal table that keeps it from being sent.
    pub refused: Option<&'static str>,
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum RoundTripError {
    /// The file has more or fewer claims than there are updates.
    #[error("found {updates} updates for {claims} claims, expected one for each")]
    Count {
        /// Claims in the original.
        claims: usize,
        /// Updates given.
        updates: usize,
    },
    /// The writer refused a claim.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The claim of one update, without splitting: all its charges, the first coverage billed.
pub fn claim_of(update: &VisitUpdate) -> Claim {
    let lines: Vec<_> = update.charges.iter().map(|charge| charge.line.clone()).collect();
    let frequency = match update.charges.first().map(|charge| charge.action) {
        Some(ChargeAction::Replace) => Frequency::Replacement,
        Some(ChargeAction::Cancel) => Frequency::Void,
        _ => Frequency::Original,
    };
    let mut header = update.header.clone();
    Claim {
        control_number: update.visit_number.clone(),
        frequency,
        payer_control_number: take_replaced_claim(&mut header),
        destination: 0,
        total_charge: header.stated_total.or_else(|| total_charge(&lines)).unwrap_or(0),
        header,
        lines,
    }
}

/// Writes the claims of `updates` (one for each claim of `original`, in order) and lists what is not in them.
///
/// # Errors
/// When the numbers differ, or a claim cannot be written.
pub fn round_trip(original: &[u8], updates: &[VisitUpdate]) -> Result<Vec<Lost>, RoundTripError> {
    let frames: Vec<_> = ClaimFrames::new(original).flatten().collect();
    if frames.len() != updates.len() {
        return Err(RoundTripError::Count { claims: frames.len(), updates: updates.len() });
    }
    let mut lost = Vec::new();
    for (n, (frame, update)) in frames.iter().zip(updates).enumerate() {
        let claim = claim_of(update);
        let written = write(&envelope(), &[&claim])?;
        let before = frame.bytes(original);
        let refused = refusals(&claim);
        let mut of_claim = compare(&located(&before), &located(&written.bytes));
        for item in &mut of_claim {
            item.claim = n;
            item.refused = explained(item, &refused);
            item.offset = frame.file_offset(item.offset).unwrap_or(item.offset);
        }
        lost.append(&mut of_claim);
    }
    Ok(lost)
}

struct Located<'a> {
    loop_id: String,
    segment: Segment<'a>,
}

/// The segments from 2000A on, each with its loop.
fn located(bytes: &[u8]) -> Vec<Located<'_>> {
    let Detected::Found(delimiters, _) = detect(bytes, 0, true) else { return Vec::new() };
    let mut at = Place::default();
    let segments = Segments::new(bytes, delimiters, 0, 1);
    segments.filter_map(|segment| at.step(&segment).map(|loop_id| Located { loop_id, segment })).collect()
}

/// Where the walk is: the level, and the counts of repeated loops.
#[derive(Default)]
struct Place {
    level: &'static str,
    inner: String,
    other: usize,
    line: usize,
    decision: usize,
    form: usize,
}

impl Place {
    fn step(&mut self, segment: &Segment<'_>) -> Option<String> {
        let qualifier = segment.text(1);
        match segment.id() {
            b"HL" => {
                self.level = match segment.text(3).as_ref() {
                    "20" => "2000A",
                    "22" => "2000B",
                    _ => "2000C",
                };
                self.inner.clear();
                return None;
            }
            b"SE" | b"GE" | b"IEA" => self.level = "",
            b"CLM" => {
                *self = Place { level: "2300", ..Place::default() };
            }
            b"SBR" if matches!(self.level, "2300" | "2320") => {
                self.other += usize::from(self.level == "2320");
                self.level = "2320";
                self.inner.clear();
            }
            b"LX" => {
                self.line += usize::from(self.level == "2400");
                *self = Place { level: "2400", line: self.line, ..Place::default() };
                return None;
            }
            b"NM1" => self.inner = format!("/NM1*{qualifier}"),
            b"LIN" => self.inner = "/2410".to_owned(),
            b"SVD" => {
                self.inner = format!("/2430[{}]", self.decision);
                self.decision += 1;
            }
            b"LQ" => {
                self.inner = format!("/2440[{}]", self.form);
                self.form += 1;
            }
            _ => {}
        }
        let number = match self.level {
            "" => return None,
            "2320" => format!("[{}]", self.other),
            "2400" => format!("[{}]", self.line),
            _ => String::new(),
        };
        Some(format!("{}{number}{}", self.level, self.inner))
    }
}

fn compare(before: &[Located<'_>], after: &[Located<'_>]) -> Vec<Lost> {
    let mut used = vec![false; after.len()];
    let mut lost = Vec::new();
    for original in before {
        let candidates = after.iter().enumerate().filter(|(n, candidate)| {
            used.get(*n) == Some(&false)
                && candidate.loop_id == original.loop_id
                && candidate.segment.id() == original.segment.id()
        });
        let best = candidates
            .map(|(n, candidate)| (differences(&original.segment, &candidate.segment), n))
            .min_by_key(|(differences, n)| (differences.len(), *n));
        let missing = match best {
            Some((differences, n)) => {
                if let Some(slot) = used.get_mut(n) {
                    *slot = true;
                }
                differences
            }
            None => vec![0],
        };
        lost.extend(missing.into_iter().map(|element| Lost {
            claim: 0,
            loop_id: original.loop_id.clone(),
            segment: original.segment.segment_id().to_string(),
            offset: original.segment.offset,
            element,
            refused: None,
        }));
    }
    lost
}

/// Elements of `before` that `after` does not have.
fn differences(before: &Segment<'_>, after: &Segment<'_>) -> Vec<usize> {
    let exempt = |n: usize| {
        (before.is("CLM") && n == 1)
            || (before.is("NM1") && n == 2 && before.text(1) == "87")
            || (before.is("DTP") && n == 2)
    };
    let elements = before.elements().enumerate().map(|(n, element)| (n + 1, element));
    elements
        .filter(|(n, element)| !element.is_empty() && !exempt(*n) && !same(before, *n, element, &after.element(*n)))
        .map(|(n, _)| n)
        .collect()
}

fn same(segment: &Segment<'_>, n: usize, before: &Element<'_>, after: &Element<'_>) -> bool {
    if segment.is("DTP") && n == 3 {
        let range = |e: &Element<'_>| claimhost_x12::Date::parse_range(e.trimmed());
        return range(before).is_some() && range(before) == range(after);
    }
    let parts = |e: &Element<'_>| {
        let mut parts: Vec<String> = e.components().map(|part| normal(&part.text())).collect();
        while parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        parts
    };
    parts(before) == parts(after)
}

/// A number with a point without its trailing zeros; other text as it is.
fn normal(text: &str) -> String {
    match thousandths(text.as_bytes()).filter(|_| text.contains('.')) {
        Some(number) => claimhost_x12::format_thousandths(number),
        None => text.to_owned(),
    }
}

/// The refusal that keeps an element from being sent.
fn explained(lost: &Lost, refused: &[Refusal]) -> Option<&'static str> {
    let subscriber = "header.coverages[].subscriber";
    let (prefix, exact): (&str, &[&str]) = match (lost.loop_id.as_str(), lost.segment.as_str()) {
        ("2000B/NM1*IL", "DMG") => (subscriber, &["birth-date", "gender"]),
        ("2000B/NM1*IL", "N3" | "N4") => (subscriber, &["address"]),
        ("2300/NM1*82", _) => ("header.rendering", &[""]),
        ("2300/NM1*77", _) => ("header.service-facility", &[""]),
        (line, _) if line.starts_with("2400") => match line.split("NM1*").nth(1) {
            Some("82") => ("line.providers.rendering", &[""]),
            Some("77") => ("line.providers.service-facility", &[""]),
            Some("DQ") => ("line.providers.supervising", &[""]),
            Some("DN") => ("line.providers.referring", &[""]),
            Some("P3") => ("line.providers.primary-care", &[""]),
            _ => return None,
        },
        _ => return None,
    };
    let field = |name: &&str| if name.is_empty() { prefix.to_owned() } else { format!("{prefix}.{name}") };
    let found = exact.iter().map(field).find_map(|field| refused.iter().find(|r| r.field == field));
    found.map(|refusal| refusal.field)
}

/// An envelope that stands for none: it is not compared.
fn envelope() -> Envelope {
    let partner =
        || Partner { qualifier: "ZZ".to_owned(), id: "ROUNDTRIP".to_owned(), application_id: "ROUNDTRIP".to_owned() };
    let numbers = vec![ContactNumber { kind: ContactKind::Telephone, value: "5555550100".to_owned() }];
    Envelope {
        sender: partner(),
        receiver: partner(),
        submitter: Submitter {
            is_person: false,
            name: "ROUND TRIP".to_owned(),
            first: String::new(),
            id: "ROUNDTRIP".to_owned(),
            contacts: vec![Contact { name: "BILLING".to_owned(), numbers }],
        },
        receiver_name: Receiver { name: "ROUND TRIP".to_owned(), id: "ROUNDTRIP".to_owned() },
        test: true,
        interchange_control: 1,
        group_control: 1,
        first_transaction: 1,
        reference: "ROUNDTRIP".to_owned(),
        purpose: Purpose::Chargeable,
        created: Created { day: Date { year: 2026, month: 1, day: 1 }, hour: 0, minute: 0 },
    }
}
