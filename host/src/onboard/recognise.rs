//! What a sample is: format, encoding, delimiter, and the stock component that reads it. What no component reads is refused by name.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use claimhost_sdk::delimited::{fields, records};
use serde::Serialize;

use super::OnboardError;
use super::fixed;
use super::form::Form;
use crate::intake::framing::{Known, known};

/// Largest sample: a day of a large practice. What is wrong in a year's export is wrong in a day of it.
pub(crate) const SAMPLE_BYTES_MAX: u64 = 16 << 20;
/// Delimiters that exports use.
const DELIMITERS: [u8; 6] = [b',', b'\t', b'|', b';', b'^', b'~'];
/// Lines looked at for the delimiter.
const LINES: usize = 50;

/// A format, with the stock component that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    /// Rows under a header.
    Delimited {
        /// What stands between two cells.
        delimiter: u8,
    },
    /// Lines with columns by position.
    Fixed {
        /// Characters of most lines.
        length: usize,
    },
    /// HL7 v2 messages.
    Hl7v2,
    /// JSON of a vendor's own shape.
    Json,
    /// XML of a vendor's own shape.
    Xml,
    /// FHIR R4: a Bundle, a resource, or one resource a line.
    Fhir,
    /// An 837P that a practice system has written.
    X12,
}

impl Format {
    /// Id of the component.
    pub(crate) const fn component(self) -> &'static str {
        match self {
            Self::Delimited { .. } | Self::Fixed { .. } => "csv-superbill",
            Self::Hl7v2 => "hl7v2-dft",
            Self::Json | Self::Xml => "records",
            Self::Fhir => "fhir-r4",
            Self::X12 => "x12-837",
        }
    }

    /// Samples of one kind are one way in: the component that reads them, and of XML and fixed width that too, since places in them are other
    /// ones.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Fixed { .. } => "csv-superbill, fixed width",
            Self::Xml => "records, XML",
            other => other.component(),
        }
    }

    /// What people call it.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Delimited { .. } => "delimited rows",
            Self::Fixed { .. } => "fixed width",
            Self::Hl7v2 => "HL7 v2",
            Self::Json => "JSON",
            Self::Xml => "XML",
            Self::Fhir => "FHIR R4",
            Self::X12 => "X12 837P",
        }
    }

    /// Ending of files of this format.
    pub(crate) const fn ending(self) -> &'static str {
        match self {
            Self::Delimited { .. } => "csv",
            Self::Fixed { .. } => "txt",
            Self::Hl7v2 => "hl7",
            Self::Json | Self::Fhir => "json",
            Self::Xml => "xml",
            Self::X12 => "x12",
        }
    }
}

/// One file of a practice's export.
pub(crate) struct Sample {
    /// Its place on the command line, from 1: a report names it so, since a file's name may be a patient's.
    pub(crate) number: usize,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What it is.
    pub(crate) format: Format,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

/// What the report says of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub(crate) struct Recognised {
    /// As [`Sample::number`].
    pub(crate) sample: usize,
    /// Format, in words.
    pub(crate) format: String,
    /// `UTF-8` or `CP1252`.
    pub(crate) encoding: String,
    /// What stands between two cells, of delimited rows.
    pub(crate) delimiter: Option<String>,
    /// The stock component that reads it.
    pub(crate) component: String,
    /// Bytes.
    pub(crate) bytes: usize,
}

impl Sample {
    /// Reads a file and recognises it.
    ///
    /// # Errors
    /// [`OnboardError::Sample`]: it cannot be read, is too large, or nothing here reads it.
    pub(crate) fn read(number: usize, path: &Path) -> Result<Self, OnboardError> {
        let wrong = |words: String| OnboardError::Sample { path: path.to_owned(), words };
        let file = File::open(path).map_err(|error| wrong(format!("{error}; name a file of the export")))?;
        let data = file.metadata().map_err(|error| wrong(error.to_string()))?;
        if !data.is_file() {
            return Err(wrong("found no file, expected one; name each file of the export".to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(SAMPLE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| wrong(error.to_string()))?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > SAMPLE_BYTES_MAX {
            let found = data.len().max(SAMPLE_BYTES_MAX + 1);
            let max = SAMPLE_BYTES_MAX >> 20;
            return Err(wrong(format!("found {found} bytes, expected a sample of at most {max} MiB; export one day")));
        }
        let format = recognise(&bytes).map_err(wrong)?;
        Ok(Self { number, path: path.to_owned(), format, bytes })
    }

    /// The name of its file.
    pub(crate) fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What the report says of it.
    pub(crate) fn recognised(&self) -> Recognised {
        let delimiter = match self.format {
            Format::Delimited { delimiter: b'\t' } => Some("tab".to_owned()),
            Format::Delimited { delimiter } => Some(char::from(delimiter).to_string()),
            _ => None,
        };
        Recognised {
            sample: self.number,
            format: self.format.words().to_owned(),
            encoding: if std::str::from_utf8(&self.bytes).is_ok() { "UTF-8" } else { "CP1252" }.to_owned(),
            delimiter,
            component: self.format.component().to_owned(),
            bytes: self.bytes.len(),
        }
    }
}

/// What a file is, or why nothing here reads it: found, expected, what to do.
pub(super) fn recognise(bytes: &[u8]) -> Result<Format, String> {
    let kind = known(bytes).map_err(|problem| format!("found {}; {}", problem.found, problem.remedy))?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    match kind {
        Some(Known::Hl7v2) => Ok(Format::Hl7v2),
        Some(Known::X12) => of_x12(text),
        Some(Known::Json) => of_json(text),
        Some(Known::Xml) => of_xml(text),
        None => of_rows(text),
    }
}

fn of_x12(text: &[u8]) -> Result<Format, String> {
    let separator = text.get(3).copied().unwrap_or(b'*');
    let set = text.windows(4).position(|part| part.starts_with(b"ST") && part.get(2) == Some(&separator));
    let set = set.and_then(|at| text.get(at + 3..at + 6)).unwrap_or_default();
    if set == b"837" {
        return Ok(Format::X12);
    }
    let found = if set.iter().all(u8::is_ascii_digit) { String::from_utf8_lossy(set) } else { "no".into() };
    Err(format!(
        "found an X12 file with {found} transaction set, expected an 837; answers go to the clearinghouse's inbox"
    ))
}

fn of_json(text: &[u8]) -> Result<Format, String> {
    let first = serde_json::Deserializer::from_slice(text).into_iter::<serde_json::Value>().next();
    match first {
        Some(Ok(value)) => {
            let item = value.as_array().and_then(|items| items.first()).unwrap_or(&value);
            Ok(if item.get("resourceType").is_some_and(serde_json::Value::is_string) {
                Format::Fhir
            } else {
                Format::Json
            })
        }
        Some(Err(error)) => {
            let at = format!("line {}, column {}", error.line(), error.column());
            Err(format!("found no JSON at {at}, expected JSON as the file begins; ask for the file again, whole"))
        }
        None => Err("found no JSON, expected JSON as the file begins; ask for the file again".to_owned()),
    }
}

fn of_xml(text: &[u8]) -> Result<Format, String> {
    let head = String::from_utf8_lossy(text.get(..2_000).unwrap_or(text)).to_ascii_lowercase();
    if head.starts_with("<!doctype html") || head.contains("<html") {
        return Err("found a web page, expected an export; a page that says that the export failed is none".to_owned());
    }
    if head.contains("http://hl7.org/fhir\"") {
        return Err("found FHIR as XML, expected FHIR as JSON; ask the server for application/fhir+json".to_owned());
    }
    Ok(Format::Xml)
}

/// Rows of text: the delimiter that gives most lines as many cells as the first.
fn of_rows(text: &[u8]) -> Result<Format, String> {
    let agreed = |delimiter: u8| {
        let rows = records(text.get(..text.len().min(1 << 20)).unwrap_or_default(), delimiter);
        let widths: Vec<usize> = rows.iter().take(LINES).map(|row| fields(row, delimiter).len()).collect();
        let (header, rest) = widths.split_first()?;
        let same = rest.iter().filter(|width| *width == header).count();
        (*header > 2).then_some((same * 2 >= rest.len(), *header, delimiter))
    };
    let best = DELIMITERS.into_iter().filter_map(agreed).max_by_key(|(agree, width, _)| (*agree, *width));
    // Of lines of one length few have as many commas as the others.
    if !best.is_some_and(|(agree, ..)| agree)
        && let Some(length) = fixed::length_of(text)
    {
        return Ok(Format::Fixed { length });
    }
    let Some((_, _, delimiter)) = best else {
        return Err(
            "found text without a delimiter that its lines agree on, and no lines of one length, expected rows under a header (comma, tab, \
             `|`, `;`), lines of fixed width, HL7 v2, FHIR, JSON, XML or an 837; have the source export one of these"
                .to_owned(),
        );
    };
    let header = records(text, delimiter).first().map(|row| fields(row, delimiter)).unwrap_or_default();
    // A row of values in the header's place would be read as names: one charge be lost, and a patient's texts stand in report and mapping.
    if let Some(at) = header.iter().position(|cell| is_value(cell)) {
        return Err(format!(
            "line 1, cell {}: found a value, expected the name of a column; have the export write its header line",
            at + 1
        ));
    }
    Ok(Format::Delimited { delimiter })
}

/// Whether a cell of the first row is a value and no name: a number, an amount, a telephone number, a day (with two digits of the year or
/// a clock behind it too), a code of a procedure or a diagnosis.
pub(super) fn is_value(cell: &str) -> bool {
    const WORDS: [&str; 18] = [
        "T", "Z", "AM", "PM", "UTC", "USD", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT",
        "NOV", "DEC",
    ];
    let has_digit = cell.bytes().any(|byte| byte.is_ascii_digit());
    let mut words = cell.split(|one: char| !one.is_alphabetic()).filter(|word| !word.is_empty());
    // Whole words: `Mod 1` and `Dx1` are names.
    let number = words.all(|word| WORDS.contains(&word.to_ascii_uppercase().as_str()));
    has_digit && (number || Form::Procedure.has(cell, None) || Form::Diagnosis.has(cell, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_recognised_by_its_bytes() {
        let csv = |delimiter| Ok(Format::Delimited { delimiter });
        for (bytes, wanted) in [
            ("Visit,Line,CPT\n1,2,99213\n", csv(b',')),
            ("Visit\tLine\tCPT\n1\t2\t99213\n", csv(b'\t')),
            ("\u{feff}Visit|Name|CPT\n1|VANCE, ORLA|99213\n", csv(b'|')),
            ("Visit;Name;Fee\n1;Vance, Orla;1,50\n", csv(b';')),
            ("MSH|^~\\&|A|B|C|D|20260501||DFT^P03|1|P|2.5\r", Ok(Format::Hl7v2)),
            ("[{\"resourceType\":\"Bundle\"}]", Ok(Format::Fhir)),
            ("{\"resourceType\":\"Encounter\"}\n{\"resourceType\":\"Claim\"}\n", Ok(Format::Fhir)),
            ("{\"claims\":[]}", Ok(Format::Json)),
            ("<?xml version=\"1.0\"?><Charges/>", Ok(Format::Xml)),
        ] {
            assert_eq!(recognise(bytes.as_bytes()), wanted, "{bytes}");
        }
        // One comma a line is a name's.
        let wide = |last: &str| format!("{last:<10}ORLA, Q   19800101F99213{last:<10}ORLA  Q   19800101F99213");
        let lines = format!("{}\r\n{}\r\n", wide("VANCE"), wide("BRANDT"));
        assert_eq!(recognise(lines.as_bytes()), Ok(Format::Fixed { length: 68 }));
    }

    #[test]
    fn a_first_row_of_values_is_no_header() {
        for cell in [
            "03/02/26",
            "3-2-2026",
            "2026-03-02T10:15:00Z",
            "03/02/2026 9:05 PM",
            "02-Mar-26",
            "20260302",
            "99213",
            "99213-25",
            "0001F",
            "J1100",
            "J06.9",
            "e119",
            "5550101",
            "555-555-0100",
            "1234567893",
            "$1,234.50",
            "90.00",
            "-3",
        ] {
            let said = recognise(format!("VANCE,ORLA,{cell}\nBRANDT,MILO,{cell}\n").as_bytes()).unwrap_err();
            assert!(said.starts_with("line 1, cell 3: found a value") && !said.contains(cell), "{cell}: {said}");
        }
        for name in
            ["Dx1", "Mod 1", "ICD-10", "CPT4", "LAB", "Address 2", "M1", "Date", "Amount ($)", "1st Payer", "#", ""]
        {
            assert!(recognise(format!("Visit,Line,{name}\n1,2,3\n").as_bytes()).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_nothing_reads_is_refused_with_what_to_do() {
        for (bytes, words) in [
            (&b""[..], "an empty file"),
            (b"\n\n \n", "blank lines only"),
            (b"PK\x03\x04rest", "an Excel workbook"),
            (b"a,b,c\n1,\0,3\n", "a binary file"),
            (b"<!DOCTYPE html><html>", "a web page"),
            (b"<Bundle xmlns=\"http://hl7.org/fhir\">", "application/fhir+json"),
            (b"{\"claims\": [", "found no JSON at line 1"),
            (b"ISA*00*          *00*          *ZZ*A              *ZZ*B              *260101*1200*^*00501*1*0*T*:~ST*835*1~", "835 transaction set"),
            (b"V1,03/02/2026,99213\nV2,03/02/2026,99213\n", "line 1, cell 2: found a value"),
            (b"one\ntwo\n", "without a delimiter"),
        ] {
            let said = recognise(bytes).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
