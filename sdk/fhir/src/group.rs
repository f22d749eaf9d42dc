//! Which entries belong together: a group is what one patient's visit is billed from.
//!
//! First pass: [`Grouper::note`] is given each entry's head, keeps a few numbers of it and forgets the text. Second pass:
//! [`Groups::next_group`] reads back the entries of one visit (Encounter, Claim, ChargeItem, Procedure, Condition), the
//! patient's coverages, and whatever those refer to (people, organizations, places, conditions, requests). What is in no
//! visit comes last, patient by patient. Every noted entry is in at least one group; one that is shared is in several.
//!
//! An entry costs about 40 bytes of memory, whatever its size. Here nothing is decided about money: a group has every
//! entry that MAY be meant by a reference, and the reader of the group tells which one is.

use std::collections::hash_map::{DefaultHasher, Entry as Place, HashMap};
use std::hash::{Hash, Hasher};
use std::ops::Range;

use crate::head::{Head, references};

/// Most bytes of one visit: 16 MiB.
pub const VISIT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of entries without a visit that go together.
const REST_BYTES: u64 = 1 << 20;

/// Types a visit is made of.
fn is_part(kind: &str) -> bool {
    matches!(kind, "Encounter" | "Claim" | "ChargeItem" | "Procedure")
}

/// Types that come along where a visit refers to them, and whether their own references count too.
fn context(kind: &str) -> Option<bool> {
    match kind {
        "Coverage" | "PractitionerRole" | "Location" | "ServiceRequest" | "Account" | "Condition" => Some(true),
        "Patient" | "RelatedPerson" | "Practitioner" | "Organization" => Some(false),
        _ => None,
    }
}

/// What is kept of an entry.
#[derive(Debug, Clone, Copy)]
struct Slot {
    start: u64,
    length: u32,
    /// Position in its bundle; `u32::MAX`: none.
    number: u32,
    unit: Option<u32>,
    patient: u32,
    follow: bool,
    used: bool,
}

/// A visit.
#[derive(Debug, Clone, Copy)]
struct Unit {
    patient: u32,
    /// The patient's `Type/id`, where its reference ends in one.
    patient_tail: u64,
    /// The same of the visit.
    tail: u64,
    has_encounter: bool,
    /// The visit it turned out to be.
    same_as: Option<u32>,
}

/// First pass.
#[derive(Debug, Default)]
pub struct Grouper {
    slots: Vec<Slot>,
    units: Vec<Unit>,
    unit_of: HashMap<u64, u32>,
    patient_of: HashMap<u64, u32>,
    /// Hash of a reference that means the entry, and the entry.
    targets: Vec<(u64, u32)>,
    /// Hash of a patient, and a coverage.
    coverages: Vec<(u64, u32)>,
}

impl Grouper {
    /// Notes an entry. `number` is its position in its bundle.
    pub fn note(&mut self, range: &Range<u64>, number: Option<u32>, head: &Head<'_>) {
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let kind = head.kind.as_deref().unwrap_or_default();
        let own = format!("{kind}/{}", head.id.as_deref().unwrap_or_default());
        let full_url = head.full_url.as_deref().filter(|url| !url.is_empty());
        let itself = hash(full_url.unwrap_or(&own));
        let about = head.patient.as_deref();
        let patient = if kind == "Patient" { Some(itself) } else { about.map(|about| canonical(about, full_url)) };
        let patient_tail = about.map_or(0, tail);
        let patient = self.patient(patient.unwrap_or(0));
        let visit = head.visit.as_deref().map(|visit| (canonical(visit, full_url), tail(visit)));
        let unit = match (kind, visit) {
            ("Encounter", _) | ("Claim" | "ChargeItem" | "Procedure", None) => Some((itself, hash(&own))),
            ("Condition", Some(visit)) => Some(visit),
            (_, Some(visit)) if is_part(kind) => Some(visit),
            _ => None,
        };
        let unit = unit.map(|(key, tail)| {
            let unit = self.unit(key, Unit { patient, patient_tail, tail, has_encounter: false, same_as: None });
            if let Some(known) = self.units.get_mut(unit as usize) {
                known.has_encounter |= kind == "Encounter";
                if known.patient_tail == 0 {
                    (known.patient, known.patient_tail) = (patient, patient_tail);
                }
            }
            unit
        });
        if context(kind).is_some() {
            self.targets.extend(full_url.map(|url| (hash(url), slot)));
            self.targets.push((hash(&own), slot));
        }
        if kind == "Coverage" {
            self.coverages
                .extend(about.into_iter().flat_map(|about| [(canonical(about, full_url), slot), (tail(about), slot)]));
        }
        self.slots.push(Slot {
            start: range.start,
            length: u32::try_from(range.end.saturating_sub(range.start)).unwrap_or(u32::MAX),
            number: number.unwrap_or(u32::MAX),
            unit,
            patient,
            follow: unit.is_some() || context(kind) == Some(true),
            used: false,
        });
    }

    fn patient(&mut self, key: u64) -> u32 {
        let next = u32::try_from(self.patient_of.len()).unwrap_or(u32::MAX);
        *self.patient_of.entry(key).or_insert(next)
    }

    fn unit(&mut self, key: u64, unit: Unit) -> u32 {
        match self.unit_of.entry(key) {
            Place::Occupied(known) => *known.get(),
            Place::Vacant(free) => {
                let next = u32::try_from(self.units.len()).unwrap_or(u32::MAX);
                self.units.push(unit);
                *free.insert(next)
            }
        }
    }

    /// Ends the first pass.
    pub fn groups(mut self) -> Groups {
        self.join_visits();
        self.targets.sort_unstable();
        self.targets.dedup();
        self.coverages.sort_unstable();
        self.coverages.dedup();
        let mut parts: Vec<(u32, u32, u32)> = Vec::new();
        for (slot, at) in (0_u32..).zip(&mut self.slots) {
            let Some(unit) = at.unit else { continue };
            let unit = self.units.get(unit as usize).and_then(|known| known.same_as).unwrap_or(unit);
            at.unit = Some(unit);
            let patient = self.units.get(unit as usize).map_or(0, |known| known.patient);
            parts.push((patient, unit, slot));
        }
        parts.sort_unstable();
        let patients = self.patient_of.iter().map(|(key, number)| (*number, *key)).collect();
        Groups {
            slots: self.slots,
            units: self.units,
            patients,
            targets: self.targets,
            coverages: self.coverages,
            parts,
            next_part: 0,
            rest: None,
        }
    }

    /// A visit that is referred to by `Encounter/id` where its entry has another URL: joined where only one can be meant.
    fn join_visits(&mut self) {
        let mut by_tail: HashMap<u64, Option<u32>> = HashMap::new();
        for (number, unit) in (0_u32..).zip(&self.units).filter(|(_, unit)| unit.has_encounter) {
            by_tail.entry(unit.tail).and_modify(|known| *known = None).or_insert(Some(number));
        }
        for unit in self.units.iter_mut().filter(|unit| !unit.has_encounter && unit.tail != 0) {
            unit.same_as = by_tail.get(&unit.tail).copied().flatten();
        }
    }
}

/// Entries that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Where each entry is, in the order of the file.
    pub ranges: Vec<Range<u64>>,
    /// Position of each in its bundle.
    pub numbers: Vec<Option<u32>>,
    /// Their texts, joined; empty where the visit is larger than [`VISIT_BYTES_MAX`].
    pub bytes: Vec<u8>,
    /// Whether it is larger than that.
    pub too_large: bool,
}

/// Second pass.
#[derive(Debug)]
pub struct Groups {
    slots: Vec<Slot>,
    units: Vec<Unit>,
    patients: HashMap<u32, u64>,
    targets: Vec<(u64, u32)>,
    coverages: Vec<(u64, u32)>,
    /// Patient, visit, entry; in this order.
    parts: Vec<(u32, u32, u32)>,
    next_part: usize,
    /// Patient and entry of what is in no visit, and how far it has been put out.
    rest: Option<(Vec<(u32, u32)>, usize)>,
}

impl Groups {
    /// The next group. `read` gives the bytes of a range of the file.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn next_group<E>(
        &mut self,
        mut read: impl FnMut(Range<u64>) -> Result<Vec<u8>, E>,
    ) -> Result<Option<Group>, E> {
        let Some((_, unit, _)) = self.parts.get(self.next_part).copied() else { return self.next_rest(read) };
        let parts = self.parts.get(self.next_part..).unwrap_or_default();
        let mut wanted: Vec<u32> = parts.iter().take_while(|part| part.1 == unit).map(|part| part.2).collect();
        self.next_part += wanted.len();
        if let Some(unit) = self.units.get(unit as usize) {
            // The tail is a second name of the patient, for bundles that mix URLs and `Patient/1`.
            let known = self.patients.get(&unit.patient).copied().unwrap_or(0);
            let named = |key| Self::of(&self.coverages, key).collect::<Vec<u32>>();
            let exact = if known == 0 { Vec::new() } else { named(known) };
            wanted.extend(if exact.is_empty() && unit.patient_tail != 0 { named(unit.patient_tail) } else { exact });
        }
        let mut texts: HashMap<u32, Vec<u8>> = HashMap::new();
        let (mut at, mut size) = (0, 0);
        while let Some(slot) = wanted.get(at).copied() {
            at += 1;
            let Place::Vacant(free) = texts.entry(slot) else { continue };
            let Some(entry) = self.slots.get(slot as usize).copied() else { continue };
            size += entry.length as usize;
            if size > VISIT_BYTES_MAX {
                free.insert(Vec::new());
                continue;
            }
            let bytes = free.insert(read(entry.start..entry.start + u64::from(entry.length))?);
            if entry.follow {
                let text = std::str::from_utf8(bytes).unwrap_or_default();
                for reference in references(text) {
                    let reference = without_version(&reference);
                    wanted.extend(Self::of(&self.targets, hash(reference)));
                    wanted.extend(Self::of(&self.targets, tail(reference)));
                }
            }
        }
        let mut order: Vec<u32> = texts.keys().copied().collect();
        order.sort_unstable();
        Ok(Some(self.group(&order, size > VISIT_BYTES_MAX, |slot| Ok(texts.remove(&slot).unwrap_or_default()))?))
    }

    /// What is in no visit, patient by patient, at most [`REST_BYTES`] at a time where entries are smaller than that.
    fn next_rest<E>(&mut self, mut read: impl FnMut(Range<u64>) -> Result<Vec<u8>, E>) -> Result<Option<Group>, E> {
        let (rest, done) = self.rest.get_or_insert_with(|| {
            let unused = (0_u32..).zip(&self.slots).filter(|(_, slot)| !slot.used);
            let mut rest: Vec<(u32, u32)> = unused.map(|(number, slot)| (slot.patient, number)).collect();
            rest.sort_unstable();
            (rest, 0)
        });
        let left = rest.get(*done..).unwrap_or_default();
        let Some((patient, _)) = left.first().copied() else { return Ok(None) };
        let mut size = 0;
        let mut order = Vec::new();
        for (_, number) in left.iter().take_while(|(of, _)| *of == patient) {
            size += self.slots.get(*number as usize).map_or(0, |slot| u64::from(slot.length));
            if size > REST_BYTES && !order.is_empty() {
                break;
            }
            order.push(*number);
        }
        *done += order.len();
        let slots = self.slots.clone_ranges(&order);
        let mut ranges = slots.into_iter();
        Ok(Some(self.group(&order, false, |_| ranges.next().map_or(Ok(Vec::new()), &mut read))?))
    }

    fn group<E>(
        &mut self,
        order: &[u32],
        too_large: bool,
        mut text: impl FnMut(u32) -> Result<Vec<u8>, E>,
    ) -> Result<Group, E> {
        let mut group = Group { ranges: Vec::new(), numbers: Vec::new(), bytes: Vec::new(), too_large };
        for number in order {
            let Some(slot) = self.slots.get_mut(*number as usize) else { continue };
            slot.used = true;
            group.ranges.push(slot.start..slot.start + u64::from(slot.length));
            group.numbers.push((slot.number != u32::MAX).then_some(slot.number));
            let bytes = text(*number)?;
            if !too_large {
                group.bytes.extend_from_slice(&bytes);
            }
        }
        Ok(group)
    }

    /// Entries under a key of a sorted table.
    fn of(table: &[(u64, u32)], key: u64) -> impl Iterator<Item = u32> + '_ {
        let from = table.partition_point(|(known, _)| *known < key);
        table.get(from..).unwrap_or_default().iter().take_while(move |(known, _)| *known == key).map(|(_, slot)| *slot)
    }
}

/// Ranges of some slots.
trait Ranges {
    fn clone_ranges(&self, order: &[u32]) -> Vec<Range<u64>>;
}

impl Ranges for Vec<Slot> {
    fn clone_ranges(&self, order: &[u32]) -> Vec<Range<u64>> {
        let slots = order.iter().filter_map(|number| self.get(*number as usize));
        slots.map(|slot| slot.start..slot.start + u64::from(slot.length)).collect()
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish().max(1)
}

/// A reference without `/_history/2`.
pub fn without_version(reference: &str) -> &str {
    reference.split("/_history/").next().unwrap_or(reference)
}

/// A reference as the URL it stands for: `Type/id` is below the base of the entry's own URL.
fn canonical(reference: &str, full_url: Option<&str>) -> u64 {
    let reference = without_version(reference);
    if reference.starts_with("urn:") || reference.contains("://") {
        return hash(reference);
    }
    match full_url.and_then(base) {
        Some(base) => hash(&format!("{base}/{reference}")),
        None => hash(reference),
    }
}

/// Hash of the `Type/id` that a reference ends in; 0 where it does not.
fn tail(reference: &str) -> u64 {
    let reference = without_version(reference);
    if reference.starts_with("urn:") {
        return 0;
    }
    let mut parts = reference.rsplitn(3, '/');
    match (parts.next(), parts.next()) {
        (Some(id), Some(kind)) if !id.is_empty() && !kind.is_empty() => hash(&format!("{kind}/{id}")),
        _ => 0,
    }
}

/// The service base of a RESTful URL `base/Type/id`.
pub fn base(full_url: &str) -> Option<&str> {
    let (kind, _) = full_url.rsplit_once('/').filter(|_| full_url.contains("://"))?;
    kind.rsplit_once('/').map(|(base, _)| base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{EntryScanner, Scanned};

    /// Ids of the entries of each group, as `Kind/id`.
    fn groups(file: &str) -> Vec<Vec<String>> {
        let (mut scanner, mut grouper) = (EntryScanner::default(), Grouper::default());
        scanner.push(file.as_bytes());
        scanner.finish();
        while let Some(piece) = scanner.next_piece() {
            if let Scanned::Entry(entry) = piece {
                let text = String::from_utf8(entry.bytes).unwrap();
                grouper.note(&entry.range, entry.number, &Head::read(&text).unwrap());
            }
        }
        let mut groups = grouper.groups();
        let read = |range: Range<u64>| Ok::<_, ()>(file.as_bytes()[range.start as usize..range.end as usize].to_vec());
        let mut told = Vec::new();
        while let Some(group) = groups.next_group(read).unwrap() {
            let texts = group.ranges.iter().map(|range| &file[range.start as usize..range.end as usize]);
            let joined: String = texts.clone().collect();
            assert_eq!(joined.as_bytes(), group.bytes);
            let name = |text: &str| {
                let head = Head::read(text).unwrap();
                format!("{}/{}", head.kind.unwrap_or_default(), head.id.unwrap_or_default())
            };
            told.push(texts.map(name).collect());
        }
        told
    }

    #[test]
    fn a_visit_with_what_it_refers_to_and_the_rest_by_patient() {
        let file = r#"{"resourceType":"Bundle","entry":[
            {"fullUrl":"https://a/Practitioner/d","resource":{"resourceType":"Practitioner","id":"d"}},
            {"fullUrl":"https://a/Observation/o","resource":{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"}}},
            {"fullUrl":"https://a/ChargeItem/c","resource":{"resourceType":"ChargeItem","id":"c","subject":{"reference":"Patient/p"},
                "context":{"reference":"Encounter/e"},"performer":[{"actor":{"reference":"Practitioner/d/_history/2"}}]}},
            {"fullUrl":"https://a/Encounter/e","resource":{"resourceType":"Encounter","id":"e","subject":{"reference":"Patient/p"}}},
            {"fullUrl":"https://a/Encounter/f","resource":{"resourceType":"Encounter","id":"f","subject":{"reference":"Patient/q"}}},
            {"fullUrl":"https://a/Patient/p","resource":{"resourceType":"Patient","id":"p"}},
            {"fullUrl":"https://a/Patient/r","resource":{"resourceType":"Patient","id":"r"}},
            {"fullUrl":"https://a/Coverage/v","resource":{"resourceType":"Coverage","id":"v","beneficiary":{"reference":"Patient/p"},
                "payor":[{"reference":"Organization/y"}]}},
            {"fullUrl":"https://a/Organization/y","resource":{"resourceType":"Organization","id":"y"}}]}"#;
        assert_eq!(
            groups(file),
            [
                vec!["Practitioner/d", "ChargeItem/c", "Encounter/e", "Patient/p", "Coverage/v", "Organization/y"],
                vec!["Encounter/f"],
                vec!["Observation/o"],
                vec!["Patient/r"],
            ]
        );
    }

    #[test]
    fn lines_of_a_bulk_export_in_any_order_and_urls_beside_ids() {
        let lines = "{\"resourceType\":\"ChargeItem\",\"id\":\"c\",\"context\":{\"reference\":\"https://a/Encounter/e\"}}\n\
            {\"resourceType\":\"Condition\",\"id\":\"x\",\"encounter\":{\"reference\":\"Encounter/e\"}}\n\
            {\"resourceType\":\"Encounter\",\"id\":\"e\"}\n";
        assert_eq!(groups(lines), [["ChargeItem/c", "Condition/x", "Encounter/e"]]);
        let urn = r#"{"entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Encounter","id":"1"}},
            {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Claim","id":"2","item":[{"encounter":[{"reference":"urn:uuid:1"}]}]}},
            {"fullUrl":"urn:uuid:3","resource":{"resourceType":"Claim","id":"3"}}]}"#;
        assert_eq!(groups(urn), [vec!["Encounter/1", "Claim/2"], vec!["Claim/3"]]);
    }
}
