//! The rows of the refusal table that are not about provider loops, in the order of the contract.

use super::claim::{medical_record, taken_dates};
use super::emit::{codes_max, taken_ids};
use super::line::{names_payer, taken_notes};
use super::parents::patient_subscribes;
use super::refusal::Sending::{Blocks, NotSent};
use super::refusal::{Find, Row, Sending, left};
use super::{codes, loops};
use crate::claim::*;

mod claim_extras;
mod coverage;
mod line;

type Found = Vec<Vec<usize>>;

const fn row(field: &'static str, sending: Sending, reason: &'static str, find: fn(&Claim) -> Found) -> Row {
    Row { field, sending, reason, find: Find::Claim(find) }
}

/// Positions of the items that fulfil a condition.
fn at<T>(items: &[T], condition: impl Fn(&T) -> bool) -> Found {
    items.iter().enumerate().filter(|(_, item)| condition(item)).map(|(n, _)| vec![n]).collect()
}

/// Positions from `max` on.
fn beyond<T>(items: &[T], max: usize) -> Found {
    (max..items.len()).map(|n| vec![n]).collect()
}

fn when(yes: bool) -> Found {
    if yes { vec![Vec::new()] } else { Vec::new() }
}

/// What `find` gives for each item, behind the item's position.
fn each<T>(items: &[T], find: impl Fn(usize, &T) -> Found) -> Found {
    let found = items.iter().enumerate().flat_map(|(n, item)| find(n, item).into_iter().map(move |found| (n, found)));
    found.map(|(n, found)| std::iter::once(n).chain(found).collect()).collect()
}

fn coverages(claim: &Claim, find: impl Fn(bool, &Coverage) -> Found) -> Found {
    each(&claim.header.coverages, |n, coverage| find(n == usize::from(claim.destination), coverage))
}

fn extras(claim: &Claim, find: impl Fn(&ClaimExtras) -> Found) -> Found {
    claim.header.extras.as_ref().map(find).unwrap_or_default()
}

fn lines(claim: &Claim, find: impl Fn(&ServiceLine) -> Found) -> Found {
    each(&claim.lines, |_, line| find(line))
}

fn line_extras(claim: &Claim, find: impl Fn(&LineExtras) -> Found) -> Found {
    lines(claim, |line| line.extras.as_ref().map(&find).unwrap_or_default())
}

fn own(claim: &Claim) -> bool {
    destination(claim).is_some_and(patient_subscribes)
}

/// Items that repeat the kind of an earlier one more often than allowed.
fn repeated<T, K: PartialEq>(items: &[T], kind: impl Fn(&T) -> K, max: impl Fn(&T) -> usize) -> Found {
    let earlier = |n: usize, item: &T| items.iter().take(n).filter(|other| kind(other) == kind(item)).count();
    items.iter().enumerate().filter(|(n, item)| earlier(*n, item) >= max(item)).map(|(n, _)| vec![n]).collect()
}

/// Conditions without a place: `offset` counts those of the same group written before.
fn conditions(before: &[Condition], items: &[Condition], groups: &[(&[ConditionCategory], usize)]) -> Found {
    let group = |c: &Condition| groups.iter().find(|(categories, _)| categories.contains(&c.category));
    let same = |a: &Condition, b: &Condition| group(a).map(|g| g.0) == group(b).map(|g| g.0);
    let count = |n: usize, item: &Condition| {
        before.iter().chain(items.iter().take(n)).filter(|other| same(other, item)).count()
    };
    let refused = |n: usize, item: &Condition| group(item).is_none_or(|(_, max)| count(n, item) >= *max);
    items.iter().enumerate().filter(|(n, item)| refused(*n, item)).map(|(n, _)| vec![n]).collect()
}

fn condition_codes(items: &[Condition]) -> Found {
    each(items, |_, c| beyond(&c.codes, codes_max(c.category)))
}

fn homebound_not(items: &[Condition]) -> Found {
    at(items, |c| c.category == ConditionCategory::Homebound && !c.applies)
}

fn certifications(ambulance: Option<&Ambulance>) -> &[Condition] {
    ambulance.map_or(&[], |a| &a.certifications)
}

fn id_positions(ids: &[ProviderId], kinds: &[ProviderIdKind], max: usize) -> Found {
    let taken: Vec<usize> = taken_ids(ids, kinds, max).collect();
    let left = ids.iter().enumerate().filter(|(n, id)| !id.value.is_empty() && !taken.contains(n));
    left.map(|(n, _)| vec![n]).collect()
}

fn organisation(coverage: &Coverage, part: impl Fn(&PersonName) -> &String) -> Found {
    when(!coverage.subscriber.is_person && !part(&coverage.subscriber.name).is_empty())
}

const NAME_OF_ORGANISATION: &str = "NM102 is 2: an organisation has NM103 only";
const ONE_OF_A_KIND: &str = "2300 and 2400 take one of each kind";
const CRC: &str = "CRC of this level takes other categories, or fewer segments";
const CERTIFICATIONS: &str =
    "certifications of a transport are CRC*07, three of them; other statements have their own list";
const CRC_CODES: &str = "CRC takes five codes; three for EPSDT, two for equipment, one for homebound and hospice";
const HOMEBOUND: &str = "CRC*75 says only that the patient is homebound";
const CAS: &str = "CAS takes six reasons for each group";
const MODIFIERS: &str = "SV101, SVD03: four modifiers";
const INTERNAL: &str = "no code of the practice's own has a qualifier; map it in the crosswalk";
const SECOND_PAYER: &str = "2300 and 2010 loops carry this for the payer billed only";

/// The rows, in the order of the contract.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = header_rows();
    rows.extend(coverage::coverage_rows());
    rows.extend(claim_extras::claim_extra_rows());
    rows.extend(line::line_rows());
    rows.extend(line::line_extra_rows());
    rows
}

fn header_rows() -> Vec<Row> {
    vec![
        row("header.patient.ids[].authority", NotSent, "REF EA has no place for who assigned the number", |c| {
            at(&c.header.patient.ids, |id| !id.authority.is_empty())
        }),
        row(
            "header.patient.ids[]",
            NotSent,
            "one medical record number is sent (REF EA); the claim is found by CLM01",
            |c| {
                let sent = medical_record(&c.header);
                at(&c.header.patient.ids, |id| {
                    id.kind != PatientIdKind::MedicalRecord || sent != Some(id.value.as_str())
                })
            },
        ),
        row(
            "header.patient.casualty-patient-id",
            NotSent,
            "REF 1W and SY of a patient stand in 2010CA, for a dependent",
            |c| when(own(c) && c.header.patient.casualty_patient_id.is_some()),
        ),
        row(
            "header.patient.contact",
            NotSent,
            "PER of a patient stands in 2010CA, for a dependent; the subscriber's in 2010BA",
            |c| when(own(c) && c.header.patient.contact.is_some()),
        ),
        row("header.patient.contact.numbers[]", NotSent, "PER of 2010CA takes a telephone and its extension", |c| {
            let contact = c.header.patient.contact.as_ref().filter(|_| !own(c));
            let found = contact.map(|contact| left(0, contact, false)).unwrap_or_default();
            found.into_iter().map(|positions| positions.into_iter().skip(1).collect()).collect()
        }),
        row("header.diagnoses[]", Blocks, "HI takes twelve diagnoses; split the visit", |c| {
            beyond(&c.header.diagnoses, 12)
        }),
        row("header.diagnoses[].system", Blocks, "HI takes ICD-10-CM and, before 2015-10-01, ICD-9-CM", |c| {
            at(&c.header.diagnoses, |d| d.system == DiagnosisSystem::Other)
        }),
        row(
            "header.location",
            NotSent,
            "the sending system's location; the profile turns it into CLM05-1 and 2310C",
            |c| when(!c.header.location.is_empty()),
        ),
        row("header.stated-total", NotSent, "CLM02 is the sum of the lines; the source's total is only checked", |c| {
            when(c.header.stated_total.is_some())
        }),
    ]
}
