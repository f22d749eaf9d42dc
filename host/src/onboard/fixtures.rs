//! De-identified fixtures of the samples: a few documents of each, in their own format, for `plugin test` and for whoever mends a mapping.
//!
//! What stays is named (codes, amounts, units, places, payers, words of the standards); everything else is disguised, so that a field
//! that nobody thought of is disguised too.

use std::collections::BTreeSet;

use claimhost_sdk::delimited::{fields, records};
use serde_json::Value;

use super::OnboardError;
use super::by_position::ByPosition;
use super::columns::{ELEMENTS, plain};
use super::disguise::Disguise;
use super::draft::Draft;
use super::fhir::fhir;
use super::names::{Names, of_mapping};
use super::recognise::{Format, Sample};

/// Rows, messages or records of a fixture.
const DOCUMENTS_MAX: usize = 25;
/// A larger FHIR, X12 or XML sample has no fixture: it cannot be cut without losing what belongs together.
const WHOLE_BYTES_MAX: usize = 1 << 20;

/// A file of the fixtures.
pub(crate) struct Fixture {
    /// From the folder that is written.
    pub(crate) path: String,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Elements whose values are no patient's.
const KEPT: [&str; 32] = [
    "action",
    "status",
    "sequence",
    "patient_gender",
    "patient_state",
    "payer",
    "payer2",
    "payer_id",
    "filing_indicator",
    "relationship",
    "relationship2",
    "subscriber_gender",
    "location",
    "place_of_service",
    "procedure",
    "modifier1",
    "modifier2",
    "modifier3",
    "modifier4",
    "units",
    "minutes",
    "unit_charge",
    "charge",
    "dx1",
    "dx2",
    "dx3",
    "dx4",
    "pointers",
    "ndc",
    "ndc_quantity",
    "ndc_unit",
    "taxonomy",
];

/// The fixtures of one way in.
///
/// # Errors
/// No random bytes.
pub(super) fn of(at: usize, samples: &[&Sample], draft: &Draft) -> Result<Vec<Fixture>, OnboardError> {
    let mut disguise = Disguise::new()?;
    let folder = format!("fixtures/way-{}", at + 1);
    let mut made = vec![Fixture { path: format!("{folder}/mapping.toml"), bytes: draft.mapping.clone().into_bytes() }];
    let kept: BTreeSet<String> = ELEMENTS
        .iter()
        .filter(|element| KEPT.contains(&element.key) || element.key.starts_with("dx"))
        .flat_map(|element| element.names.iter().map(|name| (*name).to_owned()))
        .collect();
    // Rows of joined files are taken where the rows of the charges name them.
    let mut keys = BTreeSet::new();
    let layout = ByPosition::of(draft, &KEPT);
    samples.iter().for_each(|sample| note(&mut disguise, sample, &kept));
    samples.iter().for_each(|sample| layout.note(&mut disguise, sample));
    for (number, sample) in samples.iter().enumerate() {
        let text = String::from_utf8_lossy(&sample.bytes);
        let whole = || (sample.bytes.len() <= WHOLE_BYTES_MAX).then_some(&*text);
        let out = match sample.format {
            Format::Delimited { delimiter } => Some(rows(&mut disguise, sample, delimiter, &kept, &mut keys)),
            Format::Fixed { .. } => Some(layout.lines(&mut disguise, sample, DOCUMENTS_MAX, &mut keys)),
            Format::Hl7v2 => Some(messages(&mut disguise, &text)),
            Format::Json => serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).ok().map(|mut value| {
                let names = Names::of(&value, of_mapping(&draft.mapping));
                json(&mut disguise, &mut value, &mut Vec::new(), (&kept, &names));
                format!("{value:#}\n")
            }),
            Format::Xml => whole().map(|text| xml(&mut disguise, text, &kept)),
            Format::Fhir => whole().map(|text| fhir(&mut disguise, text)),
            Format::X12 => whole().map(|text| x12(&mut disguise, text)),
        };
        let name = if number == 0 { "input".to_owned() } else { format!("input-{}", number + 1) };
        made.extend(out.map(|text| Fixture {
            path: format!("{folder}/{name}.{}", sample.format.ending()),
            bytes: text.into_bytes(),
        }));
    }
    Ok(made)
}

/// Notes what of a sample is disguised, where values can be shifted.
fn note(disguise: &mut Disguise, sample: &Sample, kept: &BTreeSet<String>) {
    match sample.format {
        Format::Delimited { delimiter } => {
            let mut all = records(&sample.bytes, delimiter).into_iter().map(|row| fields(row, delimiter));
            let stays: Vec<bool> =
                all.next().unwrap_or_default().iter().map(|name| kept.contains(&plain(name))).collect();
            for row in all {
                let private = row.iter().zip(&stays).filter(|(_, stays)| !**stays);
                private.for_each(|(cell, _)| disguise.note(cell));
            }
        }
        Format::Hl7v2 => {
            let text = String::from_utf8_lossy(&sample.bytes);
            for line in text.split(['\r', '\n']).filter(|line| line.starts_with("PID") || line.starts_with("IN1")) {
                let private = |number: &usize| line.starts_with("PID") || matches!(number, 16 | 19 | 36);
                let fields = line.split('|').enumerate().filter(|(number, _)| private(number));
                fields.for_each(|(_, field)| disguise.note(field));
            }
        }
        Format::Fixed { .. } | Format::Json | Format::Xml | Format::Fhir | Format::X12 => {}
    }
}

fn rows(
    disguise: &mut Disguise,
    sample: &Sample,
    delimiter: u8,
    kept: &BTreeSet<String>,
    keys: &mut BTreeSet<String>,
) -> String {
    let all = records(&sample.bytes, delimiter);
    let mut all = all.into_iter().map(|row| fields(row, delimiter));
    let header = all.next().unwrap_or_default();
    let stays: Vec<bool> = header.iter().map(|name| kept.contains(&plain(name))).collect();
    let rows: Vec<Vec<String>> = all.collect();
    let joined = !keys.is_empty();
    let is_named = |row: &&Vec<String>| !joined || row.iter().any(|cell| !cell.is_empty() && keys.contains(cell));
    let chosen: Vec<&Vec<String>> = rows.iter().filter(is_named).take(DOCUMENTS_MAX).collect();
    let separator = char::from(delimiter);
    let cell = |text: &str| {
        let quote = text.contains([separator, '"', '\n', '\r']);
        if quote { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
    };
    let line = |cells: Vec<String>| {
        cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(&separator.to_string()) + "\n"
    };
    let mut out = line(header);
    for row in &chosen {
        let cells = row.iter().enumerate().map(|(at, text)| {
            // A row that is shifted may have anything anywhere.
            let keep = row.len() == stays.len() && stays.get(at).copied().unwrap_or(false);
            if keep { disguise.kept(text) } else { disguise.value(text) }
        });
        out += &line(cells.collect());
    }
    let named: Vec<String> = chosen.into_iter().flatten().filter(|cell| cell.len() > 1).cloned().collect();
    keys.extend(named);
    out
}

/// Fields of a segment that stay; others are disguised.
fn hl7_kept(segment: &str) -> &'static [usize] {
    match segment {
        "MSH" => &[1, 2, 3, 4, 5, 6, 9, 11, 12, 15, 16, 17, 18],
        "EVN" => &[1],
        "PID" => &[1, 8],
        "PV1" => &[1, 2, 3, 4, 10, 18, 36],
        "FT1" => &[1, 6, 7, 10, 11, 12, 16, 17, 18, 19, 22, 25, 26],
        "DG1" => &[1, 2, 3, 6, 15, 16],
        "IN1" => &[1, 3, 4, 15, 17, 22, 43, 47],
        "FHS" | "BHS" => &[1, 2, 3, 4, 5, 6],
        "FTS" | "BTS" => &[1],
        _ => &[],
    }
}

/// Words of identifier types, code systems and states that stay inside of disguised fields: without them the field is another one.
const WORDS: [&str; 14] =
    ["MR", "PI", "VN", "AN", "NPI", "XX", "I10", "I9", "C4", "CPT", "CPT4", "HCPCS", "ICD10", "L"];

fn messages(disguise: &mut Disguise, text: &str) -> String {
    let mut out = String::new();
    let mut count = 0;
    for line in
        text.split(['\r', '\n']).map(|line| line.trim_matches(['\u{b}', '\u{1c}'])).filter(|line| !line.is_empty())
    {
        let name = line.get(..3).unwrap_or_default();
        count += usize::from(name == "MSH");
        if count > DOCUMENTS_MAX && !matches!(name, "FTS" | "BTS") {
            continue;
        }
        let Some(separator) = line.chars().nth(3) else { continue };
        let first = usize::from(!matches!(name, "MSH" | "FHS" | "BHS"));
        let kept = hl7_kept(name);
        let fields = line.split(separator).enumerate().map(|(at, field)| {
            // MSH-1 is the separator itself.
            let number = if first == 1 { at } else { at + 1 };
            // Of a code the text beside it says anything.
            if at == 0 || (first == 0 && at == 1) {
                return field.to_owned();
            }
            if kept.contains(&number) {
                let field = described(disguise, field);
                return if name == "MSH" { field } else { disguise.kept(&field) };
            }
            disguised_field(disguise, field)
        });
        out += &fields.collect::<Vec<_>>().join(&separator.to_string());
        out.push('\r');
    }
    out
}

/// A field that stays, but for the text of a coded element (component 2) and what comes behind its system.
fn described(disguise: &mut Disguise, field: &str) -> String {
    let repetition = |repetition: &str| {
        let parts = repetition.split('^').enumerate().map(|(at, part)| match at {
            0 | 2 => part.to_owned(),
            _ if WORDS.contains(&part) || part.len() <= 3 => part.to_owned(),
            _ => disguise.value(part),
        });
        parts.collect::<Vec<_>>().join("^")
    };
    if !field.contains('^') {
        return field.to_owned();
    }
    field.split('~').map(repetition).collect::<Vec<_>>().join("~")
}

fn disguised_field(disguise: &mut Disguise, field: &str) -> String {
    let repetition = |repetition: &str| {
        let part = |part: &str| {
            let keep = WORDS.contains(&part) || crate::practice::STATES.contains(&part);
            if keep {
                part.to_owned()
            } else {
                part.split('&').map(|sub| disguise.value(sub)).collect::<Vec<_>>().join("&")
            }
        };
        repetition.split('^').map(part).collect::<Vec<_>>().join("^")
    };
    field.split('~').map(repetition).collect::<Vec<_>>().join("~")
}

/// Values below names that are known stay, and names that many objects have; long lists are cut. `path`: the names that lead here.
fn json(disguise: &mut Disguise, value: &mut Value, path: &mut Vec<String>, known: (&BTreeSet<String>, &Names)) {
    let (kept, names) = known;
    let stays = path.last().is_some_and(|name| kept.contains(&plain(name)));
    match value {
        Value::Object(fields) => {
            for (name, mut value) in std::mem::take(fields) {
                let shown = names.is_shown(path, &name);
                path.push(name.clone());
                json(disguise, &mut value, path, known);
                path.pop();
                let mut name = if shown { name } else { disguise.value(&name) };
                while fields.contains_key(&name) {
                    name.push('x');
                }
                fields.insert(name, value);
            }
        }
        Value::Array(items) => {
            items.truncate(DOCUMENTS_MAX);
            items.iter_mut().for_each(|item| json(disguise, item, path, known));
        }
        Value::String(text) if !stays => *text = disguise.value(text),
        Value::Number(number) if !stays => {
            let made = disguise.words(&number.to_string());
            *value = made.parse::<i64>().map_or(Value::String(made), Value::from);
        }
        _ => {}
    }
}

/// Texts and attributes; names and prefixes stay.
fn xml(disguise: &mut Disguise, text: &str, kept: &BTreeSet<String>) -> String {
    let (mut out, mut name) = (String::new(), String::new());
    for part in text.split_inclusive('>') {
        let (before, tag) = part.split_once('<').map_or((part, ""), |(before, tag)| (before, tag));
        let stays = kept.contains(&plain(&name)) || before.trim().is_empty();
        out += &if stays { before.to_owned() } else { disguise.value(before) };
        if tag.is_empty() {
            continue;
        }
        let own = tag.split([' ', '>', '/', '\n', '\t']).next().unwrap_or_default();
        name = own.rsplit(':').next().unwrap_or_default().to_owned();
        out.push('<');
        // A comment or CDATA says anything.
        if tag.starts_with("!--") || tag.starts_with("![CDATA[") {
            let inner = tag.trim_start_matches("!--").trim_start_matches("![CDATA[");
            let head = tag.strip_suffix(inner).unwrap_or_default();
            out += &(head.to_owned() + &disguise.words(inner));
            continue;
        }
        let (made, is_whole) = attributes(disguise, tag);
        out += &made;
        if !is_whole {
            name.clear();
        }
    }
    out
}

/// The inside of a tag with its attributes' values disguised, in quotes of either kind, and whether the last one has its end. Namespaces and
/// the declaration stay.
fn attributes(disguise: &mut Disguise, tag: &str) -> (String, bool) {
    let (mut out, mut value, mut open) = (String::new(), String::new(), None);
    for one in tag.chars() {
        match open {
            Some(quote) if one == quote => {
                let name =
                    out.trim_end_matches([quote, '=', ' ']).rsplit(char::is_whitespace).next().unwrap_or_default();
                let stays = tag.starts_with("?xml ") || name.starts_with("xmlns") || name.ends_with(":schemaLocation");
                let text = std::mem::take(&mut value);
                out += &if stays { text } else { disguise.value(&text) };
                out.push(one);
                open = None;
            }
            Some(_) => value.push(one),
            None => {
                open = matches!(one, '"' | '\'').then_some(one);
                out.push(one);
            }
        }
    }
    // A value with `>` in it goes on behind it.
    (out + &disguise.words(&value), open.is_none())
}

/// Elements of an 837 that stay, by segment; `u32::MAX`: all of them.
fn x12_kept(segment: &str, elements: &[&str]) -> u32 {
    const ALL: u32 = u32::MAX;
    let at = |places: &[u32]| places.iter().fold(0, |all, place| all | 1 << place);
    match segment {
        "ISA" => ALL & !at(&[6, 8]),
        "GS" => ALL & !at(&[2, 3]),
        "ST" | "SE" | "GE" | "IEA" | "HL" | "PRV" | "PAT" | "LX" | "HI" | "SV1" | "CAS" | "AMT" | "CUR" | "LIN"
        | "CTP" | "OI" => ALL,
        "BHT" => at(&[1, 2, 6]),
        "SBR" => at(&[1, 2, 5, 9]),
        "CLM" => ALL & !at(&[1]),
        "DTP" => at(&[1, 2]),
        "DMG" => at(&[1, 3]),
        "NM1" if elements.get(1) == Some(&"PR") => ALL,
        "NM1" => at(&[1, 2, 8]),
        "N4" => at(&[2]),
        "REF" => at(&[1]),
        "PER" => at(&[1, 3, 5, 7]),
        _ => 0,
    }
}

fn x12(disguise: &mut Disguise, text: &str) -> String {
    let Some(start) = text.find("ISA") else { return String::new() };
    let text = text.get(start..).unwrap_or_default();
    let (Some(separator), Some(terminator)) = (text.chars().nth(3), text.chars().nth(105)) else {
        return String::new();
    };
    let mut out = String::new();
    for segment in text.split(terminator).map(str::trim).filter(|segment| !segment.is_empty()) {
        let elements: Vec<&str> = segment.split(separator).collect();
        let kept = x12_kept(elements.first().copied().unwrap_or_default(), &elements);
        let one = |(at, text): (usize, &&str)| {
            let keep =
                at == 0 || 1_u32.checked_shl(u32::try_from(at).unwrap_or(u32::MAX)).is_some_and(|bit| kept & bit != 0);
            match text.split_once('-') {
                _ if keep || text.is_empty() => (*text).to_owned(),
                Some((from, to)) if from.len() == 8 && to.len() == 8 => {
                    format!("{}-{}", disguise.value(from), disguise.value(to))
                }
                _ => disguise.value(text),
            }
        };
        out += &elements.iter().enumerate().map(one).collect::<Vec<_>>().join(&separator.to_string());
        out.push(terminator);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(format: Format, text: &str) -> String {
        let sample = Sample { number: 1, path: "a".into(), format, bytes: text.as_bytes().to_vec() };
        let made = of(0, &[&sample], &Draft::default()).map_err(|error| error.to_string()).unwrap();
        String::from_utf8(made.into_iter().nth(1).unwrap().bytes).unwrap()
    }

    #[test]
    fn codes_and_amounts_stay_and_a_patient_does_not() {
        for (format, text) in [
            (
                Format::Delimited { delimiter: b',' },
                "Visit ID,Patient Last,Notes,CPT,Charge,Payer\nZQID1,ZQVANCE,\"saw ZQVANCE, twice\",99213,90.00,FIRST\n",
            ),
            (
                Format::Hl7v2,
                "MSH|^~\\&|EHR|SITE|CH|CH|20260501||DFT^P03|ZQID9|P|2.5\rPID|1||ZQID1^^^S^MR||ZQVANCE^ZQORLA||19800101|F\r\
                 FT1|1|ZQID2||20260501||CG|99213^ZQVANCE saw^C4|||1|90.00||||||||J06.9^^I10\rZPI|1|ZQVANCE\r",
            ),
            (
                Format::Json,
                "{\"rows\":[{\"visitId\":\"ZQID1\",\"patientLast\":\"ZQVANCE\",\"other\":\"ZQVANCE\",\"cpt\":\"99213\",\"charge\":90.00}]}",
            ),
            (
                Format::Xml,
                "<?xml version=\"1.0\"?><a:Charges note=\"ZQVANCE\"><!-- ZQVANCE --><Last>ZQVANCE</Last><CPT>99213</CPT><Charge>90.00</Charge></a:Charges>",
            ),
            (
                Format::Fhir,
                "{\"resourceType\":\"ChargeItem\",\"id\":\"ZQID1\",\"subject\":{\"reference\":\"Patient/ZQID1\",\"display\":\"ZQVANCE\"},\
                 \"code\":{\"coding\":[{\"system\":\"http://x\",\"code\":\"99213\"}]},\"priceOverride\":{\"value\":90.00}}",
            ),
            (
                Format::X12,
                "ISA*00*          *00*          *ZZ*SUBMITTER      *ZZ*RECEIVER       *260501*1200*^*00501*000000001*0*T*:~\
                 NM1*IL*1*ZQVANCE*ZQORLA****MI*ZQID77~CLM*ZQID1*90.00***11:B:1*Y*A*Y*Y~SV1*HC:99213*90.00*UN*1***1~",
            ),
        ] {
            let made = fixture(format, text);
            assert!(made.contains("99213") && made.contains("90"), "{made}");
            for gone in ["ZQVANCE", "ZQORLA", "ZQID"] {
                assert!(!made.to_uppercase().contains(gone), "{made}");
            }
        }
    }

    #[test]
    fn attributes_are_disguised_in_either_quotes_and_namespaces_stay() {
        let made = fixture(
            Format::Xml,
            "<?xml version='1.0'?><a:C xmlns:a=\"http://x.example/ns\" by='ZQVANCE' at = \"https://x.example/ZQORLA\" of='a > ZQID7'><CPT>99213</CPT></a:C>",
        );
        for stays in ["<?xml version='1.0'?>", "xmlns:a=\"http://x.example/ns\"", "<CPT>99213</CPT>", " by='"] {
            assert!(made.contains(stays), "{stays}: {made}");
        }
        for gone in ["ZQVANCE", "ZQORLA", "ZQID"] {
            assert!(!made.contains(gone), "{gone}: {made}");
        }
    }

    #[test]
    fn names_of_json_objects_that_are_keys_of_patients_are_disguised() {
        let text = "{\"patients\":{\"555-01-0099\":{\"last\":\"ZQVANCE\",\"extra\":1},\"ZQORLA\":{\"last\":\"ZQVANCE\",\"extra\":2},\
                    \"1234567893\":{\"last\":\"ZQVANCE\"}},\
                    \"rows\":[{\"visitId\":\"ZQID1\",\"cpt\":\"99213\",\"extra\":1},{\"visitId\":\"ZQID2\",\"cpt\":\"99212\",\"extra\":2}]}";
        let made = fixture(Format::Json, text);
        for gone in ["555-01-0099", "ZQORLA", "1234567893", "ZQVANCE", "ZQID"] {
            assert!(!made.contains(gone), "{gone}: {made}");
        }
        let made: Value = serde_json::from_str(&made).unwrap();
        assert_eq!(made.as_object().unwrap().len(), 2, "{made}");
        let sizes: BTreeSet<usize> =
            made.as_object().unwrap().values().filter_map(Value::as_object).map(serde_json::Map::len).collect();
        assert_eq!(sizes, BTreeSet::from([3]), "{made}");
        assert!(made.to_string().contains("\"extra\"") && made.to_string().contains("99213"), "{made}");
    }

    #[test]
    fn a_key_still_leads_to_its_row_and_shifted_rows_keep_nothing() {
        let made = fixture(
            Format::Delimited { delimiter: b',' },
            "Visit ID,Patient ID,CPT\nV1,P77,99213\nV2,P77,99213\nV3,P77,ZQVANCE,99213\n",
        );
        let rows: Vec<Vec<&str>> = made.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(rows[1][1], rows[2][1], "{made}");
        assert_ne!(rows[1][0], rows[2][0], "{made}");
        assert!(!made.contains("ZQVANCE") && rows[3].len() == 4, "{made}");
    }
}
