//! Reasons of a refused question (AAA03) and what to do about it (AAA04), in our own words.

/// What a reason is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// A field of the patient or of the coverage, as edits name it: `patient.name`, `subscriber.member_id`.
    Field(&'static str),
    /// The practice, its enrolment or the day asked for: the patient's data may be right.
    Asking,
    /// The payer's own system.
    Payer,
}

/// What a reason is about. An unknown one is the payer's: nothing is said of the patient.
pub fn concern(reason: &str) -> Concern {
    match reason {
        "58" | "60" | "61" | "71" => Concern::Field("patient.birth_date"),
        "64" | "68" | "72" | "76" => Concern::Field("subscriber.member_id"),
        "65" | "73" => Concern::Field("patient.name"),
        "66" | "74" => Concern::Field("patient.gender"),
        "67" | "75" | "77" | "78" | "95" => Concern::Field("patient"),
        "15" | "33" | "35" | "41" | "43" | "44" | "45" | "46" | "47" | "48" | "49" | "50" | "51" | "52" | "56"
        | "57" | "62" | "63" | "79" | "97" | "T4" => Concern::Asking,
        _ => Concern::Payer,
    }
}

/// What a reason says.
pub fn reason(reason: &str) -> &'static str {
    match reason {
        "15" | "33" | "T4" => "something that the payer needs is not in the question, or wrong",
        "41" | "43" | "44" | "45" | "46" | "47" | "48" | "49" | "50" | "51" | "52" | "79" | "97" => {
            "the payer does not answer this practice: it does not know it, or it is not enrolled for questions"
        }
        "42" | "80" => "the payer cannot answer at the moment",
        "56" | "57" | "62" | "63" => "the payer does not answer for this day",
        "58" | "71" => "the birth date is not the one that the payer has",
        "60" => "the birth date lies after the day of service",
        "61" => "the patient died before the day of service, as the payer has it",
        "64" | "72" => "the payer has no such member id",
        "65" | "73" => "the name is not the one that the payer has under this member id",
        "66" | "74" => "the gender is not the one that the payer has",
        "67" | "75" => "the payer does not find the patient",
        "68" | "76" => "the payer has the member id more than once",
        "95" => "the payer says that the patient is not covered",
        "77" | "78" => "the payer finds the subscriber, and not the patient under it or in the plan",
        _ => "the payer refuses the question",
    }
}

/// What to do (AAA04).
pub fn follow_up(code: &str) -> &'static str {
    match code {
        "C" => "correct it and ask again",
        "N" | "S" => "do not ask again; look at the card",
        "P" | "R" => "ask again",
        "W" => "ask again after 30 days",
        "X" => "ask again after 10 days",
        "Y" => "an answer follows",
        _ => "ask the payer",
    }
}
