//! The canonical claim: the records of the newest contract, and the arithmetic every step needs.
//!
//! Pure data, no I/O. The types are generated from `wit/`; what is here is what they cannot carry: sums, days,
//! names of fields, and [`Phi`], which keeps patient data out of logs.

mod date;
mod mbi;
mod npi;
mod phi;
pub mod record;

pub use date::{DateError, day_number, from_day_number, from_jiff, iso, parse_iso, to_jiff};
pub use mbi::{is_mbi, mbi_of};
pub use npi::npi_is_valid;
pub use phi::Phi;

pub use crate::plugin::contract::adapter::claimhost::plugin::claim::*;
pub use crate::plugin::contract::adapter::claimhost::plugin::intake::{
    Attendance, Charge, ChargeAction, Document, Event as DocumentEvent, ExpectedVisit, Ignored, Outcome, Place,
    Problem, Related, Setup, SourceOrder, VisitStatus, VisitUpdate,
};
pub use crate::plugin::contract::rules::claimhost::plugin::review::{
    ClaimInContext, ClaimPlace, DateBasis, EarlierLine, Finding, Fix, LineModifier, LineText, LineUnits, Rule, Severity,
};

/// The visit updates among the events of a document.
pub fn visits(events: Vec<DocumentEvent>) -> Vec<VisitUpdate> {
    let visit = |event| match event {
        DocumentEvent::Visit(update) => Some(update),
        DocumentEvent::Expected(_) => None,
    };
    events.into_iter().filter_map(visit).collect()
}

/// CLM02: the sum of SV102 over the lines, in cents. `None` on overflow.
pub fn total_charge(lines: &[ServiceLine]) -> Option<i64> {
    lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.charge))
}

/// Quantities at the scale of a thousandth: `1`, `0.5`.
pub fn thousandths(value: i64) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let (whole, part) = (value.unsigned_abs() / 1000, value.unsigned_abs() % 1000);
    let text = format!("{sign}{whole}.{part:03}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whether the source names the payer's number of a claim that this one replaces or voids.
pub fn replaces_another(header: &ClaimHeader) -> bool {
    let references = header.extras.iter().flat_map(|extras| &extras.references);
    references.into_iter().any(|reference| reference.kind == ClaimReferenceKind::ReplacedClaim)
}

/// Takes the payer's number of the claim that this one replaces (REF F8 of the source) out of a visit's header: it is one
/// claim's ([`Claim::payer_control_number`]), and not every one's of the visit.
pub fn take_replaced_claim(header: &mut ClaimHeader) -> Option<String> {
    let references = &mut header.extras.as_mut()?.references;
    let is_it = |reference: &ClaimReference| reference.kind == ClaimReferenceKind::ReplacedClaim;
    let (replaced, others) = std::mem::take(references).into_iter().partition::<Vec<_>, _>(is_it);
    *references = others;
    replaced.into_iter().map(|reference| reference.value).find(|value| !value.trim().is_empty())
}

/// The coverage this version goes to (2000B/2010BB).
pub fn destination(claim: &Claim) -> Option<&Coverage> {
    claim.header.coverages.get(usize::from(claim.destination))
}

/// First and last service day over all lines. `None` for a claim without lines.
pub fn service_span(lines: &[ServiceLine]) -> Option<DateRange> {
    let start = lines.iter().map(|line| line.service_dates.start).min_by_key(|date| day_number(*date))?;
    let end = lines.iter().map(|line| line.service_dates.end).max_by_key(|date| day_number(*date))?;
    Some(DateRange { start, end })
}

/// The rendering provider of a line: 2420A where given, else 2310B of the claim, else none (the billing provider renders).
pub fn rendering<'a>(header: &'a ClaimHeader, line: &'a ServiceLine) -> Option<&'a Provider> {
    line.providers.as_ref().and_then(|providers| providers.rendering.as_ref()).or(header.rendering.as_ref())
}

/// The place of service of a line: SV105 where given, else CLM05-1.
pub fn place_of_service<'a>(header: &'a ClaimHeader, line: &'a ServiceLine) -> &'a str {
    if line.place_of_service.is_empty() { &header.place_of_service } else { &line.place_of_service }
}
