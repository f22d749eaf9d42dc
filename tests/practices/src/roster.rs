//! The practice's list of patients: who they are by their card, whatever the front desk typed into the visit.

use crate::csv::{header, line};
use crate::date::Day;
use crate::model::{Person, Practice, Relation, Visit};

/// What the card says, where the visit says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// The patient.
    pub patient: Person,
    /// `Jr` and the like, which the feeds leave out.
    pub suffix: &'static str,
    /// Member id of the primary coverage.
    pub member: String,
    /// What the patient is to the subscriber.
    pub relation: Relation,
    /// Last day of the cover.
    pub cover_to: Option<Day>,
    /// Somebody else under the same member id.
    pub twin: Option<Person>,
}

impl Registered {
    /// The same as the visit says.
    pub fn of(visit: &Visit) -> Self {
        Self {
            patient: visit.patient.clone(),
            suffix: "",
            member: visit.coverages.first().map(|coverage| coverage.member.clone()).unwrap_or_default(),
            relation: visit.relation,
            cover_to: None,
            twin: None,
        }
    }
}

/// Columns of the list.
#[rustfmt::skip] // a table
pub const COLUMNS: &[&str] = &[
    "Patient ID", "Last", "First", "Middle", "Suffix", "DOB", "Sex", "Address 1", "Address 2", "City", "State", "ZIP", "Payer",
    "Member ID", "Relationship", "Cover To",
];

/// `roster.csv`: each patient once, but those who came since it was written.
pub fn csv(practice: &Practice) -> String {
    let mut text = header(COLUMNS);
    let mut seen: Vec<&str> = Vec::new();
    for visit in &practice.visits {
        if visit.unlisted || seen.contains(&visit.mrn.as_str()) {
            continue;
        }
        seen.push(&visit.mrn);
        let known = visit.registered.clone().unwrap_or_else(|| Registered::of(visit));
        text += &row(visit, &visit.mrn, &known, &known.patient);
        if let Some(twin) = &known.twin {
            text += &row(visit, &format!("{}T", visit.mrn), &known, twin);
        }
    }
    text
}

fn row(visit: &Visit, id: &str, known: &Registered, who: &Person) -> String {
    let relation = match known.relation {
        Relation::Itself => "Self",
        Relation::Spouse => "Spouse",
        Relation::Child => "Child",
    };
    let home = &who.address;
    let payer = visit.coverages.first().map(|coverage| coverage.alias.as_str()).unwrap_or_default();
    let (born, cover_to) = (who.born.map(Day::us).unwrap_or_default(), known.cover_to.map(Day::us).unwrap_or_default());
    let texts =
        [id, &who.last, &who.first, &who.middle, known.suffix, &born, who.sex, &home.line1, &home.line2, &home.city];
    let texts = texts.into_iter().chain([home.state.as_str(), &home.zip, payer, &known.member, relation, &cover_to]);
    line(&texts.map(str::to_owned).collect::<Vec<_>>())
}
