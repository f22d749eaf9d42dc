//! Rendered claims to an interchange: grouping, HL and ST numbers, counts, and the positions for tracing.

use std::collections::HashMap;
use std::ops::Range;

use claimhost_x12::{Delimiters, GsFields, IsaFields};

use super::emit::{Out, d8};
use super::refusal::first_block;
use super::*;
use crate::claim::destination;

/// Most claims under one patient (2300).
const CLAIMS_PER_PATIENT_MAX: usize = 100;

/// Segments rendered apart.
struct Body {
    bytes: Vec<u8>,
    segments: u32,
}

/// A claim rendered with its parents: everything of it but its places and numbers in an interchange.
pub struct Rendered {
    billing: Body,
    subscriber: Body,
    patient: Option<Body>,
    claim: Body,
    /// First byte and segment of each line within `claim`.
    lines: Vec<(u64, u32)>,
}

/// Writes claims of one practice as one interchange.
///
/// # Errors
/// Of the first claim that cannot be sent; then nothing is written.
pub fn write(envelope: &Envelope, claims: &[&Claim]) -> Result<Written, WriteError> {
    let rendered = claims.iter().enumerate().map(|(n, claim)| render(n, claim));
    assemble(envelope, &rendered.collect::<Result<Vec<_>, _>>()?)
}

/// Writes rendered claims of one practice as one interchange.
///
/// # Errors
/// [`WriteError::Envelope`], [`WriteError::Empty`].
pub fn assemble(envelope: &Envelope, claims: &[Rendered]) -> Result<Written, WriteError> {
    if claims.is_empty() {
        return Err(WriteError::Empty);
    }
    let mut assembly = Assembly { out: head(envelope)?, position: 0, traces: claims.iter().map(|_| None).collect() };
    let mut transactions = 0_u32;
    for (n, part) in claims.chunks(CLAIMS_PER_TRANSACTION_MAX).enumerate() {
        assembly.transaction(envelope, transactions, n * CLAIMS_PER_TRANSACTION_MAX, part)?;
        transactions += 1;
    }
    let trailer = format!("GE*{transactions}*{}~IEA*1*{:09}~", envelope.group_control, envelope.interchange_control);
    assembly.out.extend_from_slice(trailer.as_bytes());
    Ok(Written { bytes: assembly.out, claims: assembly.traces.into_iter().flatten().collect() })
}

/// ISA and GS.
fn head(envelope: &Envelope) -> Result<Vec<u8>, WriteError> {
    let bad = |error: claimhost_x12::WriteError| WriteError::Envelope(error.to_string());
    let day = d8(envelope.created.day);
    let time = format!("{:02}{:02}", envelope.created.hour, envelope.created.minute);
    let partner = |p: &Partner| (p.qualifier.clone(), p.id.clone());
    let nothing = || ("00".to_owned(), String::new());
    let isa = IsaFields {
        authorization: nothing(),
        security: nothing(),
        sender: partner(&envelope.sender),
        receiver: partner(&envelope.receiver),
        date: day.get(2..).unwrap_or_default().to_owned(),
        time: time.clone(),
        control_number: envelope.interchange_control,
        acknowledgement_requested: true,
        test: envelope.test,
    };
    let gs = GsFields {
        functional_id: "HC".to_owned(),
        sender: envelope.sender.application_id.clone(),
        receiver: envelope.receiver.application_id.clone(),
        date: day,
        time,
        control_number: envelope.group_control,
        version: IMPLEMENTATION.to_owned(),
    };
    let mut out = claimhost_x12::Envelope::begin(&isa, Delimiters::STANDARD).map_err(bad)?;
    out.begin_group(&gs).map_err(bad)?;
    Ok(out.segments().as_bytes().to_vec())
}

/// ST to 1000B.
fn heading(envelope: &Envelope, control: &str, n: u32) -> Result<Body, claimhost_x12::WriteError> {
    let mut out = Out::new();
    out.seg("ST", &["837", control, IMPLEMENTATION])?;
    let reference = if n == 0 { envelope.reference.clone() } else { format!("{}-{}", envelope.reference, n + 1) };
    let purpose = match envelope.purpose {
        Purpose::Chargeable => "CH",
        Purpose::Reporting => "RP",
    };
    let time = format!("{:02}{:02}", envelope.created.hour, envelope.created.minute);
    out.seg("BHT", &["0019", "00", &reference, &d8(envelope.created.day), &time, purpose])?;
    let submitter = &envelope.submitter;
    let entity = if submitter.is_person { "1" } else { "2" };
    out.seg("NM1", &["41", entity, &submitter.name, &submitter.first, "", "", "", "46", &submitter.id])?;
    for contact in submitter.contacts.iter().take(2) {
        out.contact(contact, true)?;
    }
    let receiver = &envelope.receiver_name;
    out.seg("NM1", &["40", "2", &receiver.name, "", "", "", "", "46", &receiver.id])?;
    Ok(body(out))
}

fn body(out: Out) -> Body {
    Body { segments: out.0.ordinal(), bytes: out.0.into_bytes() }
}

/// Renders one claim, called by its number in errors.
///
/// # Errors
/// What the 837P cannot carry.
pub fn render(n: usize, claim: &Claim) -> Result<Rendered, WriteError> {
    if let Some(refusal) = first_block(claim) {
        return Err(WriteError::Blocked { claim: n, refusal });
    }
    let missing = |field| WriteError::Missing { claim: n, field };
    let header = &claim.header;
    let coverage = destination(claim).ok_or(missing("destination"))?;
    let billing = header.billing.as_ref().ok_or(missing("header.billing"))?;
    let others = || header.coverages.iter();
    let required = [
        (claim.control_number.is_empty(), "control-number"),
        (claim.lines.is_empty(), "lines"),
        (header.diagnoses.is_empty(), "header.diagnoses"),
        (header.provider_signature.is_none(), "header.provider-signature"),
        (header.assignment.is_none(), "header.assignment"),
        (others().any(|c| c.benefits_assignment.is_none()), "header.coverages[].benefits-assignment"),
        (others().any(|c| c.release.is_none()), "header.coverages[].release"),
    ];
    if let Some((_, field)) = required.into_iter().find(|(empty, _)| *empty) {
        return Err(missing(field));
    }
    rendered(claim, coverage, billing).map_err(|error| match unwritable(claim).into_iter().next() {
        Some(unwritable) => WriteError::Unwritable { claim: n, unwritable },
        None => WriteError::Element { claim: n, place: error.to_string() },
    })
}

fn rendered(
    claim: &Claim,
    coverage: &crate::claim::Coverage,
    billing: &crate::claim::Provider,
) -> Result<Rendered, claimhost_x12::WriteError> {
    let mut above = Out::new();
    parents::billing(&mut above, claim, billing)?;
    let mut holder = Out::new();
    parents::subscriber(&mut holder, claim, coverage)?;
    let mut patient = None;
    if !parents::patient_subscribes(coverage) {
        let mut out = Out::new();
        parents::patient(&mut out, claim, coverage)?;
        patient = Some(body(out));
    }
    let mut out = Out::new();
    claim::claim(&mut out, claim, coverage)?;
    let mut lines = Vec::with_capacity(claim.lines.len());
    for n in 0..claim.lines.len() {
        lines.push((out.0.offset(), out.0.ordinal()));
        line::line(&mut out, claim, n)?;
    }
    Ok(Rendered { billing: body(above), subscriber: body(holder), patient, claim: body(out), lines })
}

/// Claims under one parent, by position, in the order in which the parent first came.
fn grouped<'a>(members: &[usize], key: impl Fn(usize) -> &'a [u8]) -> Vec<Vec<usize>> {
    let mut places: HashMap<&[u8], usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &member in members {
        let place = *places.entry(key(member)).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(member),
            None => groups.push(vec![member]),
        }
    }
    groups
}

struct Assembly {
    out: Vec<u8>,
    /// Segments of the open transaction.
    position: u32,
    traces: Vec<Option<WrittenClaim>>,
}

impl Assembly {
    fn append(&mut self, body: &Body) -> Range<u32> {
        let first = self.position + 1;
        self.out.extend_from_slice(&body.bytes);
        self.position += body.segments;
        first..self.position + 1
    }

    /// An HL and what is below it; gives the positions of both.
    fn level(&mut self, hl: u32, parent: u32, code: &str, children: bool, body: &Body) -> Range<u32> {
        let parent = if parent == 0 { String::new() } else { parent.to_string() };
        let hl = format!("HL*{hl}*{parent}*{code}*{}~", u8::from(children));
        self.out.extend_from_slice(hl.as_bytes());
        self.position += 1;
        let below = self.append(body);
        below.start - 1..below.end
    }

    fn transaction(&mut self, envelope: &Envelope, n: u32, base: usize, part: &[Rendered]) -> Result<(), WriteError> {
        let control = format!("{:04}", envelope.first_transaction.saturating_add(n));
        let heading = heading(envelope, &control, n).map_err(|error| WriteError::Envelope(error.to_string()))?;
        self.position = 0;
        self.append(&heading);
        let mut hl = 0;
        let at = |n: usize| part.get(n);
        let all: Vec<usize> = (0..part.len()).collect();
        for of_billing in grouped(&all, |n| at(n).map_or(&[], |r| &r.billing.bytes)) {
            let Some(first) = of_billing.first().and_then(|n| at(*n)) else { continue };
            hl += 1;
            let billing_hl = hl;
            let billing = self.level(hl, 0, "20", true, &first.billing);
            for of_subscriber in grouped(&of_billing, |n| at(n).map_or(&[], |r| &r.subscriber.bytes)) {
                let Some(first) = of_subscriber.first().and_then(|n| at(*n)) else { continue };
                hl += 1;
                let subscriber_hl = hl;
                let dependents = first.patient.is_some();
                let subscriber = self.level(hl, billing_hl, "22", dependents, &first.subscriber);
                let key = |n: usize| at(n).and_then(|r| r.patient.as_ref()).map_or(&[][..], |p| &p.bytes);
                let patients = grouped(&of_subscriber, key);
                let parts = patients.iter().flat_map(|all| all.chunks(CLAIMS_PER_PATIENT_MAX).enumerate());
                let mut subscriber = subscriber;
                for (k, of_patient) in parts {
                    if let Some(patient) = of_patient.first().and_then(|n| at(*n)).and_then(|r| r.patient.as_ref()) {
                        hl += 1;
                        let patient = self.level(hl, subscriber_hl, "23", false, patient);
                        self.claims(base, part, of_patient, &control, hl, &[&billing, &subscriber, &patient]);
                        continue;
                    }
                    if k > 0 {
                        hl += 1;
                        subscriber = self.level(hl, billing_hl, "22", false, &first.subscriber);
                    }
                    self.claims(base, part, of_patient, &control, hl, &[&billing, &subscriber]);
                }
            }
        }
        let trailer = format!("SE*{}*{control}~", self.position + 1);
        self.out.extend_from_slice(trailer.as_bytes());
        Ok(())
    }

    /// The claims of one patient, and their traces.
    fn claims(
        &mut self,
        base: usize,
        part: &[Rendered],
        members: &[usize],
        control: &str,
        hl: u32,
        parents: &[&Range<u32>],
    ) {
        for &n in members {
            let Some(rendered) = part.get(n) else { continue };
            let parents = parents.iter().map(|&range| range.clone()).collect();
            let trace = self.claim(rendered, control, hl, parents);
            if let Some(slot) = self.traces.get_mut(base + n) {
                *slot = Some(trace);
            }
        }
    }

    fn claim(&mut self, rendered: &Rendered, control: &str, hl: u32, parents: Vec<Range<u32>>) -> WrittenClaim {
        let start = self.out.len() as u64;
        let positions = self.append(&rendered.claim);
        let end = self.out.len() as u64;
        let mut lines = Vec::with_capacity(rendered.lines.len());
        for (n, (byte, segment)) in rendered.lines.iter().enumerate() {
            let next = rendered.lines.get(n + 1);
            lines.push(WrittenLine {
                number: u32::try_from(n + 1).unwrap_or(u32::MAX),
                positions: positions.start + segment..next.map_or(positions.end, |(_, s)| positions.start + s),
                bytes: start + byte..next.map_or(end, |(b, _)| start + b),
            });
        }
        WrittenClaim {
            transaction: control.to_owned(),
            hierarchy: hl,
            clm_position: positions.start,
            positions,
            parents,
            bytes: start..end,
            lines,
        }
    }
}
