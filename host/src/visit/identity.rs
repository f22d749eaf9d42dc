//! Who a patient is: (practice, assigning authority, id); and whether two descriptions can be one person.
//!
//! Nothing is ever merged here. A contradiction holds the claim; a link between sources is a record of its own.

use crate::claim::{Patient, PatientIdKind};

/// An id with the authority that assigned it. The practice completes it.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientKey {
    /// PID-3.4; empty where the source names none.
    pub authority: String,
    /// The id, trimmed.
    pub value: String,
    /// What it identifies.
    pub kind: PatientIdKind,
}

/// What two descriptions say of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They share an id, and nothing contradicts it.
    Same,
    /// They share an id, and birth date and name (last or first) both differ: one id on two people.
    Conflict,
    /// Ids of one authority and kind differ, and so do birth date and name.
    Different,
    /// Neither is shown. Ambiguity is no link.
    Unknown,
}

/// The keys of a patient, in the order of the document, each once.
pub fn patient_keys(patient: &Patient) -> Vec<PatientKey> {
    let mut keys: Vec<PatientKey> = Vec::new();
    for id in patient.ids.iter().filter(|id| !id.value.trim().is_empty()) {
        let key =
            PatientKey { authority: id.authority.trim().to_owned(), value: id.value.trim().to_owned(), kind: id.kind };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Compares two descriptions. A changed name alone (marriage) or a corrected birth date alone is no contradiction; another
/// first name with another birth date is one (a family under one id), an initial or a shorter form of the same is not.
pub fn same_person(a: &Patient, b: &Patient) -> Verdict {
    let births_differ = matches!((a.birth_date, b.birth_date), (Some(a), Some(b)) if a != b);
    let (last_a, last_b) = (letters(&a.name.last), letters(&b.name.last));
    let names_differ = !last_a.is_empty() && !last_b.is_empty() && last_a != last_b;
    let (first_a, first_b) = (letters(&a.name.first), letters(&b.name.first));
    let firsts_differ = !first_a.starts_with(&first_b) && !first_b.starts_with(&first_a);
    let contradicts = births_differ && (names_differ || firsts_differ);
    let (keys_a, keys_b) = (patient_keys(a), patient_keys(b));
    if keys_a.iter().any(|key| keys_b.contains(key)) {
        return if contradicts { Verdict::Conflict } else { Verdict::Same };
    }
    let other_id = |key: &PatientKey| keys_b.iter().any(|b| b.authority == key.authority && b.kind == key.kind);
    if contradicts && keys_a.iter().any(other_id) { Verdict::Different } else { Verdict::Unknown }
}

/// Letters and digits, upper case: "O'Dell-Marsh" is "ODELL MARSH".
fn letters(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Date;
    use crate::visit::samples::patient;

    #[test]
    fn one_id_on_two_people_is_a_conflict_and_a_new_name_is_none() {
        let a = patient();
        let mut b = patient();
        b.name.last = "QUILL-FEATHER".into();
        b.birth_date = Some(Date { year: 1990, month: 1, day: 1 });
        assert_eq!(same_person(&a, &b), Verdict::Same, "the same letters");
        b.name.last = "Brightwater".into();
        assert_eq!(same_person(&a, &b), Verdict::Conflict);
        b.ids[0].value = "M200".into();
        assert_eq!(same_person(&a, &b), Verdict::Different);
        b.ids[0].authority = "HOSPITAL".into();
        assert_eq!(same_person(&a, &b), Verdict::Unknown);
        b = patient();
        b.name.last = "Brightwater".into();
        assert_eq!(same_person(&a, &b), Verdict::Same, "married");
        b.birth_date = None;
        assert_eq!(same_person(&a, &b), Verdict::Same);
    }

    #[test]
    fn of_one_family_under_one_id_everybody_is_somebody_else() {
        let a = patient();
        let mut b = patient();
        b.birth_date = Some(Date { year: 1990, month: 1, day: 1 });
        for (first, verdict) in [("", Verdict::Same), ("Quentin", Verdict::Conflict)] {
            b.name.first = first.into();
            assert_eq!(same_person(&a, &b), verdict, "{first}");
        }
        b.name.first = a.name.first.chars().take(1).collect();
        assert_eq!(same_person(&a, &b), Verdict::Same, "an initial");
        b = patient();
        b.name.first = "Quentin".into();
        assert_eq!(same_person(&a, &b), Verdict::Same, "another name alone");
    }
}
