//! TA1, the interchange acknowledgement: whether our ISA..IEA was taken at all (X12C/005010X231 section B.1.1.5.1).

use std::fmt;

use crate::number::Date;
use crate::problem::Problem;
use crate::reading::{Fields, Parsed, Readings, origin, require};
use crate::transmission::Transmission;

/// TA104.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ta1Code {
    /// `A`: accepted.
    Accepted,
    /// `E`: accepted, with errors in the envelope; the transactions go on.
    AcceptedWithErrors,
    /// `R`: rejected; nothing of the interchange was taken. Also stands where the code could not be read, with a problem.
    Rejected,
}

impl fmt::Display for Ta1Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ta1Code::Accepted => "A",
            Ta1Code::AcceptedWithErrors => "E",
            Ta1Code::Rejected => "R",
        })
    }
}

/// One TA1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ta1 {
    /// TA101: ISA13 of the interchange it answers.
    pub interchange_control: String,
    /// TA102: ISA09 of that interchange.
    pub interchange_date: Option<Date>,
    /// TA103: ISA10 of that interchange, HHMM.
    pub interchange_time: String,
    /// TA104.
    pub code: Ta1Code,
    /// TA105: note code, `000` for no error.
    pub note: String,
}

/// Reads every TA1 of a file. An interchange may hold nothing else.
pub fn read(bytes: &[u8]) -> Readings<Ta1> {
    let transmission = Transmission::read(bytes);
    require(read_transmission(&transmission), &transmission, "TA1 between ISA and GS")
}

/// As [`read`], from an envelope that was read already; a file with none of them is no problem here.
pub fn read_transmission(transmission: &Transmission<'_>) -> Readings<Ta1> {
    let mut problems = transmission.problems.clone();
    let mut transactions = Vec::new();
    for interchange in &transmission.interchanges {
        for segment in &interchange.acknowledgements {
            let range = segment.offset..segment.end();
            let mut own: Vec<Problem> = problems.extract_if(.., |p| range.contains(&p.place.offset)).collect();
            let mut fields = Fields { segment, problems: &mut own };
            let interchange_control = fields.text(1, "ISA13 of the interchange acknowledged");
            let date = segment.element(2).trimmed();
            let interchange_date = Date::parse_short(date).or_else(|| Date::parse(date));
            if interchange_date.is_none() {
                fields.bad(2, "a date YYMMDD");
            }
            let code = match segment.element(4).trimmed() {
                b"A" => Ta1Code::Accepted,
                b"E" => Ta1Code::AcceptedWithErrors,
                b"R" => Ta1Code::Rejected,
                _ => {
                    fields.bad(4, "A, E or R");
                    Ta1Code::Rejected
                }
            };
            let value = Ta1 {
                interchange_control,
                interchange_date,
                interchange_time: segment.string(3),
                code,
                note: segment.string(5),
            };
            transactions.push(Parsed { value, origin: origin(interchange, None, None, range), problems: own });
        }
    }
    Readings { transactions, problems }
}
