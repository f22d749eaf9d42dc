//! The table of paths, with a site's mapping laid over it.

use crate::mapping::Mapping;
use crate::path::Path;

/// Key of the mapping and path: what an adapter knows about its EHR before a site says otherwise.
pub type Table = &'static [(&'static str, &'static str)];

macro_rules! paths {
    ($($(#[$doc:meta])* $record:ident in $section:literal { $($field:ident),* $(,)? })*) => {
        $($(#[$doc])*
        #[derive(Debug, Default)]
        pub struct $record {
            $(#[doc = concat!("`", $section, ".", stringify!($field), "`.")] pub $field: Path,)*
        }

        impl $record {
            fn read(mapping: &mut Mapping<'_>, section: &str, table: Table) -> Self {
                Self { $($field: of(mapping, &format!("{section}.{}", stringify!($field)), table),)* }
            }
        })*
    };
}

paths! {
    /// Order of versions.
    OrderPaths in "order" { time, version }
    /// Below an Encounter.
    VisitPaths in "visit" { number, class, date, location, rendering, referring }
    /// Below a Patient or RelatedPerson.
    PatientPaths in "patient" { mrn, authority, name, birth_date, death_date, gender, address }
    /// Below a Practitioner, Organization, Location or PractitionerRole.
    ProviderPaths in "provider" { npi, name, address, taxonomy }
    /// Below a Coverage.
    CoveragePaths in "coverage" { payer, member_id, group_number, relationship, subscriber, order }
    /// Below a Claim.
    ClaimPaths in "claim" { id, replaces, date, items, insurance, facility, referral, billing, total }
    /// Below a ChargeItem: the item that takes it back, the item whose place it takes, and the elements of which each is a charge of its own.
    CreditPaths in "charge_item" { offset_by, replaces, details }
    /// Below a Claim item, a ChargeItem, a Procedure or an Encounter that is a charge itself.
    LinePaths in "claim_item" {
        id, code, modifiers, units, amount, unit_amount, date, place_of_service, reasons, rendering, ordering, ndc,
        body_site,
    }
}

/// Every path of a site.
#[derive(Debug, Default)]
pub struct Paths {
    /// `[order]`
    pub order: OrderPaths,
    /// `[visit]`
    pub visit: VisitPaths,
    /// `[patient]`
    pub patient: PatientPaths,
    /// `[provider]`
    pub provider: ProviderPaths,
    /// `[coverage]`
    pub coverage: CoveragePaths,
    /// `[coverage] payer_ids`: below the payer's Organization.
    pub payer_ids: Vec<Path>,
    /// `[claim]`
    pub claim: ClaimPaths,
    /// `[claim_item]`
    pub claim_item: LinePaths,
    /// `[charge_item]`
    pub charge_item: LinePaths,
    /// `[charge_item] offset_by, replaces, details`
    pub credit: CreditPaths,
    /// `[procedure]`
    pub procedure: LinePaths,
    /// `[encounter]`: an Encounter whose own code is billed.
    pub encounter: LinePaths,
}

impl Paths {
    /// Reads the mapping over the table.
    pub fn read(mapping: &mut Mapping<'_>, table: Table, payer_ids: &[&str]) -> Self {
        let ids = mapping.list("coverage.payer_ids", payer_ids);
        let payer_ids = ids.iter().filter_map(|text| {
            let path = Path::parse(text);
            if path.is_none() {
                mapping.problem("coverage.payer_ids", "mapping.path", &format!("`{text}`"), "a path");
            }
            path
        });
        Self {
            payer_ids: payer_ids.collect(),
            order: OrderPaths::read(mapping, "order", table),
            visit: VisitPaths::read(mapping, "visit", table),
            patient: PatientPaths::read(mapping, "patient", table),
            provider: ProviderPaths::read(mapping, "provider", table),
            coverage: CoveragePaths::read(mapping, "coverage", table),
            claim: ClaimPaths::read(mapping, "claim", table),
            claim_item: LinePaths::read(mapping, "claim_item", table),
            charge_item: LinePaths::read(mapping, "charge_item", table),
            credit: CreditPaths::read(mapping, "charge_item", table),
            procedure: LinePaths::read(mapping, "procedure", table),
            encounter: LinePaths::read(mapping, "encounter", table),
        }
    }
}

fn of(mapping: &mut Mapping<'_>, key: &str, table: Table) -> Path {
    let default = table.iter().find(|(known, _)| *known == key).map_or("", |(_, path)| path);
    Path::of_key(mapping, key, default)
}
