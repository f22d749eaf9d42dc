//! What the guide lets each provider loop carry: one table, read by the writer and by the refusals.

use super::same::adds_nothing;
use crate::claim::{Claim, Provider, ProviderIdKind, ProviderRole};

/// Which NM102 a loop takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entity {
    Person,
    Organisation,
    Either,
}

/// One provider loop. `field` is its contract path.
#[derive(Debug)]
pub(super) struct ProviderLoop {
    pub field: &'static str,
    /// NM101.
    pub qualifier: &'static str,
    pub entity: Entity,
    pub named: bool,
    /// PRV.
    pub taxonomy: bool,
    /// N3, N4.
    pub address: bool,
    /// PER segments.
    pub contacts: usize,
    /// Whether PER takes fax and email beside telephone and extension.
    pub any_number: bool,
    /// REF01, in order of writing.
    pub ids: &'static [ProviderIdKind],
    pub ids_max: usize,
    /// REF04 `2U`.
    pub payer_of_id: bool,
}

const LICENSE: ProviderIdKind = ProviderIdKind::StateLicense;
const UPIN: ProviderIdKind = ProviderIdKind::Upin;
const COMMERCIAL: ProviderIdKind = ProviderIdKind::Commercial;
const LOCATION: ProviderIdKind = ProviderIdKind::Location;

const CLAIM: ProviderLoop = ProviderLoop {
    field: "",
    qualifier: "",
    entity: Entity::Either,
    named: true,
    taxonomy: false,
    address: false,
    contacts: 0,
    any_number: false,
    ids: &[LICENSE, UPIN, COMMERCIAL],
    ids_max: 3,
    payer_of_id: false,
};
const LINE: ProviderLoop = ProviderLoop { ids_max: 20, payer_of_id: true, ..CLAIM };

pub(super) const BILLING: ProviderLoop = ProviderLoop {
    field: "header.billing",
    qualifier: "85",
    taxonomy: true,
    address: true,
    contacts: 2,
    any_number: true,
    ids: &[ProviderIdKind::Employer, ProviderIdKind::SocialSecurity, LICENSE, UPIN],
    ..CLAIM
};
pub(super) const REFERRING: ProviderLoop =
    ProviderLoop { field: "header.referring", qualifier: "DN", entity: Entity::Person, ..CLAIM };
pub(super) const PRIMARY_CARE: ProviderLoop =
    ProviderLoop { field: "header.primary-care", qualifier: "P3", entity: Entity::Person, ..CLAIM };
pub(super) const RENDERING: ProviderLoop = ProviderLoop {
    field: "header.rendering",
    qualifier: "82",
    taxonomy: true,
    ids: &[LICENSE, UPIN, COMMERCIAL, LOCATION],
    ids_max: 4,
    ..CLAIM
};
pub(super) const FACILITY: ProviderLoop = ProviderLoop {
    field: "header.service-facility",
    qualifier: "77",
    entity: Entity::Organisation,
    address: true,
    contacts: 1,
    ids: &[LICENSE, COMMERCIAL, LOCATION],
    ..CLAIM
};
pub(super) const SUPERVISING: ProviderLoop = ProviderLoop {
    field: "header.supervising",
    qualifier: "DQ",
    entity: Entity::Person,
    ids: &[LICENSE, UPIN, COMMERCIAL, LOCATION],
    ids_max: 4,
    ..CLAIM
};
pub(super) const LINE_RENDERING: ProviderLoop = ProviderLoop {
    field: "line.providers.rendering",
    qualifier: "82",
    taxonomy: true,
    ids: &[LICENSE, UPIN, COMMERCIAL, LOCATION],
    ..LINE
};
pub(super) const LINE_PURCHASED: ProviderLoop =
    ProviderLoop { field: "line.extras.purchased.provider", qualifier: "QB", named: false, ..LINE };
pub(super) const LINE_FACILITY: ProviderLoop = ProviderLoop {
    field: "line.providers.service-facility",
    qualifier: "77",
    entity: Entity::Organisation,
    address: true,
    ids: &[COMMERCIAL, LOCATION],
    ids_max: 3,
    ..LINE
};
pub(super) const LINE_SUPERVISING: ProviderLoop = ProviderLoop {
    field: "line.providers.supervising",
    qualifier: "DQ",
    entity: Entity::Person,
    ids: &[LICENSE, UPIN, COMMERCIAL, LOCATION],
    ..LINE
};
pub(super) const LINE_ORDERING: ProviderLoop = ProviderLoop {
    field: "line.providers.ordering",
    qualifier: "DK",
    entity: Entity::Person,
    address: true,
    contacts: 1,
    any_number: true,
    ..LINE
};
pub(super) const LINE_REFERRING: ProviderLoop =
    ProviderLoop { field: "line.providers.referring", qualifier: "DN", entity: Entity::Person, ..LINE };
pub(super) const LINE_PRIMARY_CARE: ProviderLoop =
    ProviderLoop { field: "line.providers.primary-care", qualifier: "P3", entity: Entity::Person, ..LINE };

/// A provider of a claim with its loop.
pub(super) struct Placed<'a> {
    pub at: &'static ProviderLoop,
    pub provider: &'a Provider,
    /// Counts from 0.
    pub line: Option<usize>,
    /// The provider of another loop that this one has to differ from.
    same: Option<&'a Provider>,
}

impl Placed<'_> {
    /// Whether another loop of the claim says all of it, so that the guide wants this one left out.
    pub(super) fn repeated(&self) -> bool {
        self.same.is_some_and(|same| adds_nothing(self.provider, same))
    }
}

/// Every provider of the claim, header first.
pub(super) fn providers(claim: &Claim) -> Vec<Placed<'_>> {
    let mut placed = Vec::with_capacity(8);
    header_providers(claim, &mut placed);
    for line in 0..claim.lines.len() {
        placed.extend(line_providers(claim, line));
    }
    placed
}

fn header_providers<'a>(claim: &'a Claim, out: &mut Vec<Placed<'a>>) {
    let header = &claim.header;
    let billing = header.billing.as_ref();
    let rows: [(&'static ProviderLoop, Option<&'a Provider>, Option<&'a Provider>); 6] = [
        (&BILLING, billing, None),
        (&REFERRING, header.referring.as_ref(), None),
        (&PRIMARY_CARE, header.primary_care.as_ref(), None),
        (&RENDERING, header.rendering.as_ref(), billing),
        (&FACILITY, header.service_facility.as_ref(), billing),
        (&SUPERVISING, header.supervising.as_ref(), None),
    ];
    out.extend(
        rows.into_iter().filter_map(|(at, provider, same)| Some(Placed { at, provider: provider?, line: None, same })),
    );
}

/// The providers of one line, 2420A to 2420F in order.
pub(super) fn line_providers(claim: &Claim, line: usize) -> Vec<Placed<'_>> {
    let header = &claim.header;
    let Some(service) = claim.lines.get(line) else { return Vec::new() };
    let purchased = service.extras.as_ref().and_then(|e| e.purchased.as_ref()).and_then(|p| p.provider.as_ref());
    let own = service.providers.as_ref();
    let rendering = header.rendering.as_ref().or(header.billing.as_ref());
    let facility = header.service_facility.as_ref().or(header.billing.as_ref());
    let rows: [(&'static ProviderLoop, Option<&Provider>, Option<&Provider>); 7] = [
        (&LINE_RENDERING, own.and_then(|p| p.rendering.as_ref()), rendering),
        (&LINE_PURCHASED, purchased, None),
        (&LINE_FACILITY, own.and_then(|p| p.service_facility.as_ref()), facility),
        (&LINE_SUPERVISING, own.and_then(|p| p.supervising.as_ref()), header.supervising.as_ref()),
        (&LINE_ORDERING, own.and_then(|p| p.ordering.as_ref()), None),
        (&LINE_REFERRING, own.and_then(|p| p.referring.as_ref()), header.referring.as_ref()),
        (&LINE_PRIMARY_CARE, own.and_then(|p| p.primary_care.as_ref()), header.primary_care.as_ref()),
    ];
    rows.into_iter()
        .filter_map(|(at, provider, same)| Some(Placed { at, provider: provider?, line: Some(line), same }))
        .collect()
}

/// REF01 that 2330C to 2330G take, and which NM102.
pub(super) fn other_payer(role: ProviderRole) -> (Entity, &'static [ProviderIdKind], usize) {
    match role {
        ProviderRole::Referring | ProviderRole::PrimaryCare => (Entity::Person, &[LICENSE, UPIN, COMMERCIAL], 3),
        ProviderRole::Rendering => (Entity::Either, &[LICENSE, UPIN, COMMERCIAL, LOCATION], 3),
        ProviderRole::ServiceFacility => (Entity::Organisation, &[LICENSE, COMMERCIAL, LOCATION], 3),
        ProviderRole::Supervising => (Entity::Person, &[LICENSE, UPIN, COMMERCIAL, LOCATION], 3),
        ProviderRole::Billing => (Entity::Either, &[COMMERCIAL, LOCATION], 2),
    }
}
