//! What 005010X222A1 leaves no place for: ONE table, read by the writer, the scrub and the property test that walks
//! the contract. A field that is neither written nor in here fails that test; a row that nothing can hit fails it too.
//!
//! Rows of provider loops are made from `loops.rs`; the others are in `refusal_rows.rs`.

use std::sync::LazyLock;

use super::emit::{contact_numbers, taken_ids};
use super::loops::{self, Entity, Placed, ProviderLoop};
use super::refusal_rows;
use crate::claim::Claim;

/// What a refusal means for the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sending {
    /// The claim goes without it.
    NotSent,
    /// The claim cannot be sent as it is.
    Blocks,
}

/// One field of one claim that the guide leaves no place for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Contract path, the row of the table: `header.patient.ids[].authority`, `line.unit-charge`.
    pub field: &'static str,
    /// The same with positions from 0: `header.patient.ids[0].authority`, `lines[2].unit-charge`.
    pub at: String,
    /// What it means for the claim.
    pub sending: Sending,
    /// The guide's reason, for a biller.
    pub reason: &'static str,
}

/// One row: where in a claim it applies, as the positions that fill the `[]` of `field` (and the line).
pub(super) struct Row {
    pub field: &'static str,
    pub sending: Sending,
    pub reason: &'static str,
    pub find: Find,
}

/// How a row is looked for.
pub(super) enum Find {
    /// In the claim.
    Claim(fn(&Claim) -> Vec<Vec<usize>>),
    /// Under each provider of one loop, behind the line that the loop may have.
    Provider(&'static ProviderLoop, fn(&Placed<'_>) -> Vec<Vec<usize>>),
}

impl Row {
    /// Where it applies. `providers` are the claim's.
    fn find(&self, claim: &Claim, providers: &[Placed<'_>]) -> Vec<Vec<usize>> {
        match &self.find {
            Find::Claim(find) => find(claim),
            Find::Provider(at, find) => {
                let own = providers.iter().filter(|placed| placed.at.field == at.field);
                own.flat_map(|placed| {
                    find(placed).into_iter().map(|positions| placed.line.into_iter().chain(positions).collect())
                })
                .collect()
            }
        }
    }

    fn refuse(&self, positions: &[usize]) -> Refusal {
        let Self { field, sending, reason, .. } = *self;
        Refusal { field, at: place(field, positions), sending, reason }
    }
}

/// Everything of this claim that is refused, in the order of the table.
pub fn refusals(claim: &Claim) -> Vec<Refusal> {
    let providers = loops::providers(claim);
    let found = |row: &Row| row.find(claim, &providers).iter().map(|found| row.refuse(found)).collect::<Vec<_>>();
    TABLE.iter().flat_map(found).collect()
}

/// The first row that keeps this claim from being sent.
pub(super) fn first_block(claim: &Claim) -> Option<Refusal> {
    let providers = loops::providers(claim);
    let mut blocks = TABLE.iter().filter(|row| row.sending == Sending::Blocks);
    blocks.find_map(|row| row.find(claim, &providers).first().map(|found| row.refuse(found)))
}

/// The rows of the table: field, meaning, reason.
pub fn table() -> impl Iterator<Item = (&'static str, Sending, &'static str)> {
    TABLE.iter().map(|row| (row.field, row.sending, row.reason))
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let mut rows = refusal_rows::rows();
    rows.extend(provider_rows());
    rows
});

/// `line.x[].y` with 2 and 1 is `lines[2].x[1].y`.
fn place(field: &str, positions: &[usize]) -> String {
    let mut positions = positions.iter();
    let mut number = || positions.next().map_or_else(String::new, usize::to_string);
    let mut out = String::with_capacity(field.len() + 8);
    let rest = match field.strip_prefix("line") {
        Some(rest) if rest.is_empty() || rest.starts_with('.') => {
            out.push_str(&format!("lines[{}]", number()));
            rest
        }
        _ => field,
    };
    for (n, part) in rest.split("[]").enumerate() {
        if n > 0 {
            out.push_str(&format!("[{}]", number()));
        }
        out.push_str(part);
    }
    out
}

fn when(yes: bool) -> Vec<Vec<usize>> {
    if yes { vec![Vec::new()] } else { Vec::new() }
}

/// Whether NM102 of this provider is 2.
fn organisation(p: &Placed<'_>) -> bool {
    match p.at.entity {
        Entity::Person => false,
        Entity::Organisation => true,
        Entity::Either => !p.provider.is_person,
    }
}

macro_rules! provider_rows {
    ($rows:ident, $($at:path = $field:literal),* $(,)?) => {$(
        $rows.extend(rows_of(&$at, [
            (concat!($field, ".local-id"), |p| when(!p.provider.local_id.is_empty())),
            (concat!($field, ".taxonomy"), |p| when(p.provider.taxonomy.is_some())),
            (concat!($field, ".address"), |p| when(p.provider.address.is_some())),
            (concat!($field, ".contacts[]"), |p| (p.at.contacts..p.provider.contacts.len()).map(|n| vec![n]).collect()),
            (concat!($field, ".contacts[].numbers[]"), numbers),
            (concat!($field, ".ids[]"), ids),
            (concat!($field, ".ids[].payer-id"), |p| {
                p.provider.ids.iter().enumerate().filter(|(_, id)| !id.payer_id.is_empty()).map(|(n, _)| vec![n]).collect()
            }),
            (concat!($field, ".is-person"), |p| when(match p.at.entity {
                Entity::Person => !p.provider.is_person,
                Entity::Organisation => p.provider.is_person,
                Entity::Either => false,
            })),
            (concat!($field, ".name"), |p| when(!p.provider.name.last.is_empty() || !p.provider.name.first.is_empty())),
            (concat!($field, ".name.first"), |p| when(organisation(p) && !p.provider.name.first.is_empty())),
            (concat!($field, ".name.middle"), |p| when(organisation(p) && !p.provider.name.middle.is_empty())),
            (concat!($field, ".name.suffix"), |p| when(organisation(p) && !p.provider.name.suffix.is_empty())),
            ($field, |p| when(p.repeated())),
        ]));
    )*};
}

fn provider_rows() -> Vec<Row> {
    let mut rows = Vec::new();
    provider_rows!(
        rows,
        loops::BILLING = "header.billing",
        loops::REFERRING = "header.referring",
        loops::PRIMARY_CARE = "header.primary-care",
        loops::RENDERING = "header.rendering",
        loops::FACILITY = "header.service-facility",
        loops::SUPERVISING = "header.supervising",
        loops::LINE_RENDERING = "line.providers.rendering",
        loops::LINE_PURCHASED = "line.extras.purchased.provider",
        loops::LINE_FACILITY = "line.providers.service-facility",
        loops::LINE_SUPERVISING = "line.providers.supervising",
        loops::LINE_ORDERING = "line.providers.ordering",
        loops::LINE_REFERRING = "line.providers.referring",
        loops::LINE_PRIMARY_CARE = "line.providers.primary-care",
    );
    rows
}

type Candidate = (&'static str, fn(&Placed<'_>) -> Vec<Vec<usize>>);

/// The candidates that this loop can need, with reason.
fn rows_of(at: &'static ProviderLoop, candidates: [Candidate; 13]) -> Vec<Row> {
    use Sending::{Blocks, NotSent};
    let organisations = at.entity != Entity::Person && at.named;
    let repeatable = at.qualifier != "85"
        && at.qualifier != "QB"
        && at.qualifier != "DK"
        && (at.field.starts_with("line") || matches!(at.qualifier, "82" | "77"));
    let needed = [
        (true, NotSent, "the sending system's own number; payers know providers by NPI"),
        (!at.taxonomy, NotSent, "PRV stands only for billing (2000A) and rendering (2310B, 2420A) providers"),
        (!at.address, NotSent, "N3 and N4 stand only for billing, service facility and ordering providers"),
        (true, NotSent, "PER: two for the billing provider, one for facility and ordering provider, none elsewhere"),
        (
            at.contacts > 0,
            NotSent,
            "PER takes three numbers (two for a facility: telephone and extension), an extension only behind a telephone",
        ),
        (true, NotSent, "REF of this loop takes other kinds of secondary identification, or fewer of them"),
        (!at.payer_of_id, NotSent, "REF04, whose number it is, stands only in the line's provider loops (2420)"),
        (
            at.entity != Entity::Either,
            Blocks,
            "NM102: referring, supervising and ordering providers are persons, facilities are not",
        ),
        (!at.named, NotSent, "2420B has no name, only NPI and REF"),
        (organisations, NotSent, "NM102 is 2: an organisation has NM103 only"),
        (organisations, NotSent, "NM102 is 2: an organisation has NM103 only"),
        (organisations, NotSent, "NM102 is 2: an organisation has NM103 only"),
        (repeatable, NotSent, "the loop is sent only when it differs from the billing provider or from the claim's"),
    ];
    let rows = candidates.into_iter().zip(needed).filter(|(_, (needed, ..))| *needed);
    rows.map(|((field, find), (_, sending, reason))| Row { field, sending, reason, find: Find::Provider(at, find) })
        .collect()
}

fn numbers(p: &Placed<'_>) -> Vec<Vec<usize>> {
    let contacts = p.provider.contacts.iter().enumerate().take(p.at.contacts);
    contacts.flat_map(|(n, contact)| left(n, contact, p.at.any_number)).collect()
}

/// Numbers of a contact that PER does not take, each behind the contact's own position.
pub(super) fn left(n: usize, contact: &crate::claim::Contact, any_number: bool) -> Vec<Vec<usize>> {
    let taken: Vec<usize> = contact_numbers(contact, any_number).collect();
    (0..contact.numbers.len()).filter(|m| !taken.contains(m)).map(|m| vec![n, m]).collect()
}

fn ids(p: &Placed<'_>) -> Vec<Vec<usize>> {
    let taken: Vec<usize> = taken_ids(&p.provider.ids, p.at.ids, p.at.ids_max).collect();
    let all = p.provider.ids.iter().enumerate().filter(|(_, id)| !id.value.is_empty());
    all.map(|(n, _)| n).filter(|n| !taken.contains(n)).map(|n| vec![n]).collect()
}
