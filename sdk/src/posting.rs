//! Payers' decisions as movements of money, for posters: each CLP taken apart so that its parts add up to it, and words for them.

use crate::claim::{AdjustmentGroup, Date, Money, PatientIdKind};
use crate::post::{Adjustment, Line, Posting, Share};

/// What a movement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Movement {
    /// The payer paid it.
    Payment,
    /// Written off under contract or law.
    Contractual,
    /// What earlier payers did with it; they told it themselves.
    Coordination,
    /// The patient owes it.
    Patient,
    /// Unpaid for any other reason.
    Denied,
}

impl Movement {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Payment, Self::Contractual, Self::Coordination, Self::Patient, Self::Denied];

    /// Its word in mappings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Contractual => "contractual",
            Self::Coordination => "coordination",
            Self::Patient => "patient",
            Self::Denied => "denied",
        }
    }
}

/// One movement. Never of nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    /// The service line; none: the claim as a whole.
    pub line: Option<&'a Line>,
    /// What it is.
    pub movement: Movement,
    /// CAS01 of an adjustment (`CO`), else empty.
    pub group: &'static str,
    /// CARC of an adjustment, else empty.
    pub reason: &'a str,
    /// Cents, signed as the posting's.
    pub amount: Money,
}

/// Takes a posting apart: the claim as a whole first (claim level CAS, and what of CLP04 no line carries), then its lines.
pub fn entries(posting: &Posting) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let of_lines: Money = posting.lines.iter().map(|line| line.paid).sum();
    add(&mut entries, None, posting.paid - of_lines, &posting.adjustments);
    for line in &posting.lines {
        add(&mut entries, Some(line), line.paid, &line.adjustments);
    }
    entries
}

fn add<'a>(entries: &mut Vec<Entry<'a>>, line: Option<&'a Line>, paid: Money, adjustments: &'a [Adjustment]) {
    if paid != 0 {
        entries.push(Entry { line, movement: Movement::Payment, group: "", reason: "", amount: paid });
    }
    for adjustment in adjustments.iter().filter(|adjustment| adjustment.amount != 0) {
        let movement = match adjustment.share {
            Share::Contractual => Movement::Contractual,
            Share::Coordination => Movement::Coordination,
            Share::Patient => Movement::Patient,
            Share::Denied => Movement::Denied,
        };
        let (group, reason) = (group(adjustment.group), adjustment.reason.as_str());
        entries.push(Entry { line, movement, group, reason, amount: adjustment.amount });
    }
}

/// CAS01.
pub const fn group(group: AdjustmentGroup) -> &'static str {
    match group {
        AdjustmentGroup::Contractual => "CO",
        AdjustmentGroup::Correction => "CR",
        AdjustmentGroup::Other => "OA",
        AdjustmentGroup::PayerInitiated => "PI",
        AdjustmentGroup::Patient => "PR",
    }
}

/// The id of the patient's record (PID-3 `MR`); empty where there is none.
pub fn record_id(posting: &Posting) -> &str {
    id_of(posting, PatientIdKind::MedicalRecord)
}

/// The id of the patient's record, else the first other one of the patient; empty where there is none. Never an account number: that
/// names a bill, not a person.
pub fn patient_id(posting: &Posting) -> &str {
    match record_id(posting) {
        "" => id_of(posting, PatientIdKind::Other),
        record => record,
    }
}

fn id_of(posting: &Posting, kind: PatientIdKind) -> &str {
    let id = posting.patient.ids.iter().find(|id| id.kind == kind && !id.value.is_empty());
    id.map_or("", |id| &id.value)
}

/// `-12.30` of cents.
pub fn dollars(cents: Money) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

/// A day as a format says it: `YYYY`, `MM` and `DD` are replaced.
pub fn day(date: Date, format: &str) -> String {
    let Date { year, month, day } = date;
    format
        .replace("YYYY", &format!("{year:04}"))
        .replace("MM", &format!("{month:02}"))
        .replace("DD", &format!("{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{Patient, PatientId, Procedure};
    use crate::post::Kind;

    fn adjustment(share: Share, amount: Money) -> Adjustment {
        Adjustment { group: AdjustmentGroup::Contractual, reason: "45".to_owned(), share, amount }
    }

    fn line(number: u16, paid: Money, adjustments: Vec<Adjustment>) -> Line {
        Line {
            line: number,
            charge_id: String::new(),
            procedure: Procedure::default(),
            service_dates: None,
            charge: 0,
            paid,
            units: 1_000,
            adjustments,
        }
    }

    fn posting() -> Posting {
        Posting {
            id: String::new(),
            kind: Kind::Payment,
            reverses: String::new(),
            source_system: String::new(),
            visit_number: String::new(),
            patient: Patient::default(),
            control_number: String::new(),
            payer_control_number: String::new(),
            payer_id: String::new(),
            payer_name: String::new(),
            trace_number: String::new(),
            paid_on: Date::default(),
            status: "1".to_owned(),
            charge: 20_000,
            paid: 9_500,
            adjustments: Vec::new(),
            lines: Vec::new(),
        }
    }

    #[test]
    fn a_patient_is_named_by_the_record_and_never_by_an_account() {
        let id = |kind, value: &str| PatientId { kind, authority: String::new(), value: value.to_owned() };
        let (account, other) = (id(PatientIdKind::Account, "A1"), id(PatientIdKind::Other, "P1"));
        let record = id(PatientIdKind::MedicalRecord, "M1");
        for (ids, of_record, of_patient) in [
            (vec![], "", ""),
            (vec![account.clone()], "", ""),
            (vec![account.clone(), other.clone()], "", "P1"),
            (vec![account, other, record], "M1", "M1"),
        ] {
            let mut posting = posting();
            posting.patient.ids = ids;
            assert_eq!((record_id(&posting), patient_id(&posting)), (of_record, of_patient));
        }
    }

    #[test]
    fn the_parts_add_up_to_the_whole_and_say_nothing_of_nothing() {
        let posting = Posting {
            adjustments: vec![adjustment(Share::Coordination, 1_000)],
            lines: vec![
                line(1, 9_000, vec![adjustment(Share::Contractual, 1_000), adjustment(Share::Denied, 0)]),
                line(2, 0, vec![adjustment(Share::Denied, 5_000), adjustment(Share::Patient, 3_500)]),
            ],
            ..posting()
        };
        let found: Vec<(Option<u16>, Movement, Money)> = entries(&posting)
            .iter()
            .map(|entry| (entry.line.map(|line| line.line), entry.movement, entry.amount))
            .collect();
        let expected = [
            (None, Movement::Payment, 500),
            (None, Movement::Coordination, 1_000),
            (Some(1), Movement::Payment, 9_000),
            (Some(1), Movement::Contractual, 1_000),
            (Some(2), Movement::Denied, 5_000),
            (Some(2), Movement::Patient, 3_500),
        ];
        assert_eq!(found, expected);
        assert_eq!(found.iter().map(|(_, _, amount)| amount).sum::<Money>(), posting.charge);
    }

    #[test]
    fn money_and_days_are_written_as_people_write_them() {
        let written: Vec<String> = [0, 5, -5, 123_456, -10_000].map(dollars).into();
        assert_eq!(written, ["0.00", "0.05", "-0.05", "1234.56", "-100.00"]);
        let date = Date { year: 2026, month: 3, day: 2 };
        assert_eq!((day(date, "MM/DD/YYYY"), day(date, "YYYYMMDD")), ("03/02/2026".to_owned(), "20260302".to_owned()));
    }
}
