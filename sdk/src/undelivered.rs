//! Elements that a source has no place for (`visit-update.undelivered`): what is said of the source, less what a document shows after all
//! and what the site says of its absence.

use crate::intake::Charge;
use crate::mapping::Mapping;

/// Modifiers of a charge. None is right for many a charge: only the site knows whether a source without a place for them has any.
pub const MODIFIERS: &str = "line.procedure.modifiers";
/// Diagnoses that a charge is for.
pub const POINTERS: &str = "line.diagnosis-pointers";
/// Units of a charge.
pub const UNITS: &str = "line.units";
/// Its amount.
pub const CHARGE: &str = "line.charge";

/// Elements of a source, as an adapter's table and the site's mapping have them.
#[derive(Debug, Clone, Default)]
pub struct Undelivered {
    elements: Vec<String>,
    blank_is_none: Vec<String>,
}

impl Undelivered {
    /// Reads `blank_is_none` of a site's mapping; `elements` are what the source has no place for.
    pub fn read(mapping: &mut Mapping<'_>, elements: Vec<String>) -> Self {
        let blank_is_none = mapping.list("blank_is_none", &[]);
        if blank_is_none.iter().any(|element| element != MODIFIERS) {
            // Of no other element is nothing an answer: a charge without units has not been counted.
            mapping.problem("blank_is_none", "mapping.word", "another element", MODIFIERS);
        }
        Self { elements, blank_is_none }
    }

    /// What a document with these charges does not deliver: an element that one of them has, has a place.
    pub fn of(&self, more: &[&str], charges: &[Charge]) -> Vec<String> {
        let mut elements: Vec<String> = self.elements.clone();
        elements.extend(more.iter().map(|element| (*element).to_owned()));
        let is_shown = |element: &str| {
            charges.iter().map(|charge| &charge.line).any(|line| match element {
                MODIFIERS => !line.procedure.modifiers.is_empty(),
                POINTERS => !line.diagnosis_pointers.is_empty(),
                UNITS => line.units.thousandths != 0,
                CHARGE => line.charge != 0,
                _ => false,
            })
        };
        elements.retain(|element| !self.blank_is_none.contains(element) && !is_shown(element));
        elements
    }
}

/// Those of `elements` whose keys are all without a path in the mapping, by what `has_path` says of a key.
pub fn without_path<'e>(elements: &[(&'e str, &[&str])], has_path: impl Fn(&str) -> bool) -> Vec<&'e str> {
    let lacks = |keys: &[&str]| !keys.iter().any(|key| has_path(key));
    elements.iter().filter(|(_, keys)| lacks(keys)).map(|(element, _)| *element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{Procedure, Quantity, ServiceLine};
    use crate::intake::Problem;

    fn read(text: &str) -> Result<Undelivered, Vec<Problem>> {
        let mut mapping = Mapping::parse(text);
        let read = Undelivered::read(&mut mapping, [MODIFIERS, UNITS, "header.billing"].map(str::to_owned).to_vec());
        mapping.finish().map(|()| read)
    }

    fn charge(modifiers: &[&str], thousandths: i64) -> Charge {
        let modifiers = modifiers.iter().map(|text| (*text).to_owned()).collect();
        let line = ServiceLine {
            procedure: Procedure { modifiers, ..Procedure::default() },
            units: Quantity { thousandths, ..Quantity::default() },
            ..ServiceLine::default()
        };
        Charge { line, ..Charge::default() }
    }

    #[test]
    fn what_a_document_shows_has_a_place_and_what_the_site_answers_is_no_question() {
        let plain = read("").unwrap();
        let bare = [charge(&[], 0)];
        assert_eq!(plain.of(&[CHARGE], &bare), [MODIFIERS, UNITS, "header.billing", CHARGE]);
        assert_eq!(plain.of(&[], &[charge(&[], 0), charge(&["25"], 1000)]), ["header.billing"]);
        let answered = read("blank_is_none = [\"line.procedure.modifiers\"]").unwrap();
        assert_eq!(answered.of(&[], &bare), [UNITS, "header.billing"]);
    }

    #[test]
    fn nothing_is_no_answer_of_another_element() {
        let problems = read("blank_is_none = [\"line.units\"]").unwrap_err();
        assert!(problems.iter().any(|problem| problem.at.path.ends_with("blank_is_none")), "{problems:?}");
    }

    #[test]
    fn an_element_needs_one_path_of_its_keys() {
        let elements: [(&str, &[&str]); 2] = [(CHARGE, &["amount", "unit_amount"]), (UNITS, &["units"])];
        assert_eq!(without_path(&elements, |key| key == "unit_amount"), [UNITS]);
    }
}
