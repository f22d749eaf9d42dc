//! De-identified fixtures of the samples: a few documents of each, in their own format, for `plugin test` and for whoever mends a mapping.
//!
//! What stays is named (codes, amounts, units, places, payers, words of the standards); everything else is disguised, so that a field
//! that nobody thought of is disguised too.

mod accepted;
mod kept;
mod messages;
mod rows;
mod segments;
mod trees;

use std::collections::BTreeSet;

use serde_json::Value;

pub(crate) use accepted::Deidentifier;
use kept::{Kept, is_kept};
use messages::messages;
use rows::rows;
use segments::x12;
use trees::{Known, json, xml};

use super::OnboardError;
use super::by_position::ByPosition;
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

/// The fixtures of one way in.
///
/// # Errors
/// No random bytes.
pub(super) fn of(at: usize, samples: &[&Sample], draft: &Draft) -> Result<Vec<Fixture>, OnboardError> {
    let mut disguise = Disguise::new()?;
    let folder = format!("fixtures/way-{}", at + 1);
    let mut made = vec![Fixture { path: format!("{folder}/mapping.toml"), bytes: draft.mapping.clone().into_bytes() }];
    let kept = Kept::known();
    // Rows of joined files are taken where the rows of the charges name them.
    let mut keys = BTreeSet::new();
    let layout = ByPosition::of(draft, is_kept);
    samples.iter().for_each(|sample| note(&mut disguise, sample.format, &sample.bytes, &kept));
    samples.iter().for_each(|sample| layout.note(&mut disguise, sample));
    for (number, sample) in samples.iter().enumerate() {
        let text = String::from_utf8_lossy(&sample.bytes);
        let whole = || (sample.bytes.len() <= WHOLE_BYTES_MAX).then_some(&*text);
        let out = match sample.format {
            Format::Delimited { delimiter } => {
                Some(rows(&mut disguise, &sample.bytes, delimiter, &kept, Some(&mut keys)))
            }
            Format::Fixed { .. } => Some(layout.lines(&mut disguise, sample, DOCUMENTS_MAX, &mut keys)),
            Format::Hl7v2 => Some(messages(&mut disguise, &text, &kept, DOCUMENTS_MAX)),
            Format::Json => serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).ok().map(|mut value| {
                let names = Names::of(&value, of_mapping(&draft.mapping));
                let known = Known { kept: &kept, names: &names, items_max: DOCUMENTS_MAX };
                json(&mut disguise, &mut value, &mut Vec::new(), &known);
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

/// Notes what of a file is disguised, where values can be shifted.
fn note(disguise: &mut Disguise, format: Format, bytes: &[u8], kept: &Kept) {
    match format {
        Format::Delimited { delimiter } => rows::note(disguise, bytes, delimiter, kept),
        Format::Hl7v2 => messages::note(disguise, &String::from_utf8_lossy(bytes)),
        Format::Fixed { .. } | Format::Json | Format::Xml | Format::Fhir | Format::X12 => {}
    }
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
