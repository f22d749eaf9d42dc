//! DG1 segments and the FT1-19 codes that point at them, as one numbered list (HI of 2300).

use claimhost_hl7v2::{Group, Message, Segment, Value};

use super::paths::Paths;
use crate::claim::Diagnosis;
use crate::code;

/// The diagnoses of one message in order; pointers count from 1.
pub struct Diagnoses<'p> {
    paths: &'p Paths,
    list: Vec<Diagnosis>,
}

impl<'p> Diagnoses<'p> {
    /// All DG1 of the message: the shared ones by priority (DG1-15) and order, then those of single charges (P11).
    /// DG1-21 = D (deleted) is passed over.
    pub fn of(message: &Message<'_>, paths: &'p Paths) -> Self {
        let scope = message.charge_scope();
        let mut diagnoses = Self { paths, list: Vec::new() };
        let name = diagnoses.segment();
        let shared = message.shared(scope).filter(|segment| segment.id().as_str() == name);
        diagnoses.add(shared.collect());
        for charge in message.charges(scope) {
            diagnoses.add(charge.segments().filter(|segment| segment.id().as_str() == name).collect());
        }
        diagnoses
    }

    /// The whole list, for the header.
    pub fn into_list(self) -> Vec<Diagnosis> {
        self.list
    }

    /// Pointers of a charge: what it names itself, else its procedure's PR1-15, else the first four of its own group (P11), else the
    /// visit's only one. Of several of the visit none is taken: which of them a charge is for, nobody has said.
    pub fn pointers(&mut self, charge: &Group<'_, '_>, own_procedure: Option<Segment<'_>>) -> Vec<u8> {
        let named: Vec<Value<'_>> =
            self.paths.charge_diagnoses.path.iter().flat_map(|path| charge.repetitions(path)).collect();
        let procedure: Vec<Value<'_>> = own_procedure.iter().flat_map(|segment| segment.repetitions(15)).collect();
        for values in [named, procedure] {
            let pointers: Vec<u8> = values.iter().filter_map(|value| self.point(value)).collect();
            if !pointers.is_empty() {
                return pointers;
            }
        }
        let counts = |segment: &Segment<'_>| !deleted(segment);
        let name = self.segment();
        let own = charge.segments().any(|segment| segment.id().as_str() == name && counts(&segment));
        let mut applying: Vec<Segment<'_>> = charge.effective(name).filter(counts).collect();
        applying.sort_by_key(|segment| self.priority(segment));
        let mut pointers: Vec<u8> = applying.iter().filter_map(|segment| self.position(&self.read(segment)?)).collect();
        pointers.dedup();
        if !own && pointers.len() > 1 {
            return Vec::new();
        }
        pointers.truncate(4);
        pointers
    }

    /// The position of the code a field names; a code that no DG1 has goes to the end of the list.
    fn point(&mut self, value: &Value<'_>) -> Option<u8> {
        let part = |number| value.component(number).text().trim().to_owned();
        let named = code::diagnosis(&part(3), &part(1));
        if named.code.is_empty() {
            return None;
        }
        if self.position(&named).is_none() {
            self.list.push(named.clone());
        }
        self.position(&named)
    }

    fn position(&self, diagnosis: &Diagnosis) -> Option<u8> {
        let at = self.list.iter().position(|known| known.code == diagnosis.code)?;
        u8::try_from(at + 1).ok()
    }

    fn add(&mut self, mut segments: Vec<Segment<'_>>) {
        segments.sort_by_key(|segment| self.priority(segment));
        for segment in segments.iter().filter(|segment| !deleted(segment)) {
            if let Some(diagnosis) = self.read(segment).filter(|diagnosis| self.position(diagnosis).is_none()) {
                self.list.push(diagnosis);
            }
        }
    }

    fn read(&self, segment: &Segment<'_>) -> Option<Diagnosis> {
        let code = pick(segment, &self.paths.diagnosis_code);
        let diagnosis = code::diagnosis(&pick(segment, &self.paths.diagnosis_system), &code);
        (!diagnosis.code.is_empty()).then_some(diagnosis)
    }

    fn priority(&self, segment: &Segment<'_>) -> u32 {
        let text = pick(segment, &self.paths.diagnosis_priority);
        text.parse().ok().filter(|priority| *priority > 0).unwrap_or(u32::MAX)
    }

    /// The segment that diagnoses stand in: DG1, unless the site says otherwise.
    fn segment(&self) -> &'p str {
        let place = self.paths.diagnosis_code.path.as_ref().and_then(|path| path.places().first());
        place.map_or("DG1", |place| place.segment.as_str())
    }
}

fn deleted(segment: &Segment<'_>) -> bool {
    segment.id().as_str() == "DG1" && segment.get(21, 1, 1, 0).text().trim() == "D"
}

/// A path inside this very segment: the first alternative with text.
fn pick(segment: &Segment<'_>, field: &super::paths::Field) -> String {
    let places = field.path.iter().flat_map(|path| path.places());
    let texts = places.filter(|place| place.segment == segment.id()).map(|place| {
        segment.get(place.field, place.repetition, place.component.max(1), place.subcomponent).text().trim().to_owned()
    });
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}
