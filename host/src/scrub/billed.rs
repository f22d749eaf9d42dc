//! What was billed for one patient on one day by one provider: lines of the claim, of the other claims of its visit, and of earlier live
//! claims, alike.
//!
//! NCCI looks at services "of the same provider, for the same patient, on the same day", on one claim or on several.

use super::edit::numbered;
use super::{Context, EarlierClaim, EarlierService};
use crate::claim::{
    Claim, DateRange, Frequency, ProcedureSystem, ServiceLine, Unit, day_number, destination, rendering,
};
use crate::ncci::Code;

/// Where a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// A line of this claim, from 1.
    Line(u16),
    /// Another claim of the visit, which was split.
    Sibling {
        /// It has left, and stands until something takes its place.
        has_left: bool,
    },
    /// An earlier claim, by its CLM01.
    Earlier(&'a str),
}

/// One service.
#[derive(Debug, Clone, Copy)]
pub struct Billed<'a> {
    /// Where it stands.
    pub place: Place<'a>,
    /// SV101-2, in the form of a code.
    pub code: Code,
    /// SV101-3 to -6.
    pub modifiers: &'a [String],
    /// Units in thousandths; none where minutes or miles are counted.
    pub units_thousandths: Option<i64>,
    /// First and last day, as day numbers.
    pub days: (i64, i64),
    /// NM109 of who renders; empty: the billing provider.
    pub rendering_npi: &'a str,
}

impl<'a> Billed<'a> {
    /// A line of the claim; none where it has no code of CPT or HCPCS, or no day.
    pub fn of_line(claim: &'a Claim, number: u16, line: &'a ServiceLine) -> Option<Self> {
        if !matches!(line.procedure.system, ProcedureSystem::Cpt | ProcedureSystem::Hcpcs) {
            return None;
        }
        Some(Self {
            place: Place::Line(number),
            code: Code::parse(&line.procedure.code)?,
            modifiers: &line.procedure.modifiers,
            units_thousandths: (line.units.unit == Unit::Units).then_some(line.units.thousandths),
            days: days(line.service_dates)?,
            rendering_npi: rendering(&claim.header, line).and_then(|provider| provider.npi.as_deref()).unwrap_or(""),
        })
    }

    /// The first day that both were given by the same provider.
    pub fn meets(&self, other: &Self) -> Option<i64> {
        (self.rendering_npi == other.rendering_npi).then(|| self.shares_day(other)).flatten()
    }

    /// The first day that both were given, whoever gave them.
    pub fn shares_day(&self, other: &Self) -> Option<i64> {
        let first = self.days.0.max(other.days.0);
        (first <= self.days.1.min(other.days.1)).then_some(first)
    }

    /// What to call it in words: `line 2 (36000)`, `36000 of another claim of this visit`, `36000 of claim C0`.
    pub fn words(&self) -> String {
        match self.place {
            Place::Line(number) => format!("line {number} ({})", self.code),
            Place::Sibling { .. } => format!("{} of another claim of this visit", self.code),
            Place::Earlier(claim) => format!("{} of claim {claim}", self.code),
        }
    }
}

fn days(dates: DateRange) -> Option<(i64, i64)> {
    let (first, last) = (day_number(dates.start), day_number(dates.end));
    (super::form::is_day(dates.start) && super::form::is_day(dates.end) && first <= last).then_some((first, last))
}

/// Services of the claim.
pub fn own(claim: &Claim) -> impl Iterator<Item = Billed<'_>> + Clone {
    numbered(claim).filter_map(move |(number, line)| Billed::of_line(claim, number, line))
}

/// Services of the patient's earlier live claims to the same payer.
pub fn earlier<'a>(claim: &'a Claim, context: &Context<'a>) -> impl Iterator<Item = Billed<'a>> + Clone {
    let payer = destination(claim).map_or("", |coverage| coverage.payer.id.as_str());
    of_claims(claim, context, move |other| other.payer_id == payer)
}

/// Services of the visit's other claims to the same payer, and of [`earlier`].
pub fn beside<'a>(claim: &'a Claim, context: &Context<'a>) -> impl Iterator<Item = Billed<'a>> + Clone {
    siblings(claim, context).chain(earlier(claim, context))
}

/// [`beside`], but for what is held.
pub fn may_leave<'a>(claim: &'a Claim, context: &Context<'a>) -> impl Iterator<Item = Billed<'a>> + Clone {
    of_siblings(claim, context, |other| other.live).chain(earlier(claim, context))
}

/// Services of the visit's other claims to the same payer: of those that have left, and of those that have not, held ones too.
pub fn siblings<'a>(claim: &'a Claim, context: &Context<'a>) -> impl Iterator<Item = Billed<'a>> + Clone + use<'a> {
    of_siblings(claim, context, |_| true)
}

fn of_siblings<'a>(
    claim: &'a Claim,
    context: &Context<'a>,
    counts: fn(&EarlierClaim) -> bool,
) -> impl Iterator<Item = Billed<'a>> + Clone + use<'a> {
    let payer = destination(claim).map_or("", |coverage| coverage.payer.id.as_str());
    let siblings = context.siblings.iter().filter(move |other| other.payer_id == payer && counts(other));
    siblings.flat_map(|other| {
        let place = Place::Sibling { has_left: !other.claim_id.is_empty() };
        other.services.iter().filter_map(move |service| of_service(place, service))
    })
}

/// Services of the patient's earlier live claims, to whichever payer.
pub fn of_any_payer<'a>(claim: &'a Claim, context: &Context<'a>) -> impl Iterator<Item = Billed<'a>> + Clone {
    of_claims(claim, context, |_| true)
}

fn of_claims<'a>(
    claim: &'a Claim,
    context: &Context<'a>,
    counts: impl Fn(&super::EarlierClaim) -> bool + Clone,
) -> impl Iterator<Item = Billed<'a>> + Clone {
    let live =
        move |other: &&super::EarlierClaim| other.live && other.claim_id != claim.control_number && counts(other);
    context.earlier.iter().filter(live).flat_map(|other| {
        other.services.iter().filter_map(|service| of_service(Place::Earlier(&other.claim_id), service))
    })
}

fn of_service<'a>(place: Place<'a>, service: &'a EarlierService) -> Option<Billed<'a>> {
    Some(Billed {
        place,
        code: Code::parse(&service.code)?,
        modifiers: &service.modifiers,
        units_thousandths: Some(service.units_thousandths),
        days: days(service.service_dates)?,
        rendering_npi: &service.rendering_npi,
    })
}

/// Whether NCCI is asked about this claim: not for voids, nor where the profile says that the payer does not follow it.
pub fn follows_ncci(claim: &Claim, context: &Context) -> bool {
    let payer = destination(claim).map_or("", |coverage| coverage.payer.id.as_str());
    let known = context.profile.payer.iter().find(|known| known.id == payer);
    claim.frequency != Frequency::Void && known.is_none_or(|known| known.ncci)
}

/// Whether the payer that the claim goes to covers what Medicare covers, and no more (SBR09).
pub fn is_medicare_coverage(claim: &Claim) -> bool {
    destination(claim).is_some_and(|coverage| super::form::follows_medicare_coverage(&coverage.filing_indicator))
}
