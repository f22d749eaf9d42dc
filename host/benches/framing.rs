//! The memory of every framing but `whole` on a file of 2 GB, through the shipped framers, and how fast each cuts.
//!
//! The file is made as it is read: a beginning, one unit again and again with its number in it, an end. Nothing of it is on the disk.
//! `CLAIMHOST_FRAMING_MB=20` makes it smaller.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::io::{Read, Seek, SeekFrom};
use std::time::Instant;

use claimhost::intake::framing::{Framer, Framing, Item, Joins};
use support::figure;

/// Most memory that cutting a file may take, MB.
const PEAK_MAX: f64 = 128.0;
/// What stands in a unit where its number goes.
const NUMBER: &[u8] = b"##########";

/// A file that is made as it is read.
struct Made {
    head: Vec<u8>,
    unit: Vec<u8>,
    /// Where numbers go in the unit.
    numbers: Vec<usize>,
    tail: Vec<u8>,
    count: u64,
    at: u64,
    /// The unit that was made last, and its number.
    made: (u64, Vec<u8>),
}

impl Made {
    fn new(head: &str, unit: &str, tail: &str, bytes: u64) -> Self {
        let unit = unit.as_bytes().to_vec();
        let numbers = (0..unit.len()).filter(|at| unit[*at..].starts_with(NUMBER)).collect();
        let count = bytes.saturating_sub((head.len() + tail.len()) as u64) / unit.len() as u64;
        let (head, tail) = (head.as_bytes().to_vec(), tail.as_bytes().to_vec());
        Self { head, unit, numbers, tail, count, at: 0, made: (u64::MAX, Vec::new()) }
    }

    fn length(&self) -> u64 {
        (self.head.len() + self.tail.len()) as u64 + self.count * self.unit.len() as u64
    }

    /// What stands at the place where the reader is, up to the end of its part.
    fn part(&mut self) -> &[u8] {
        let (head, unit) = (self.head.len() as u64, self.unit.len() as u64);
        if self.at < head {
            return &self.head[self.at as usize..];
        }
        let behind = self.at - head;
        let number = behind / unit;
        if number >= self.count {
            let within = (behind - self.count * unit) as usize;
            return self.tail.get(within..).unwrap_or_default();
        }
        if self.made.0 != number {
            self.made.0 = number;
            self.made.1.clone_from(&self.unit);
            let text = format!("{number:010}");
            for at in &self.numbers {
                self.made.1[*at..*at + NUMBER.len()].copy_from_slice(text.as_bytes());
            }
        }
        &self.made.1[(behind % unit) as usize..]
    }
}

impl Read for Made {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let part = self.part();
            let count = part.len().min(buffer.len() - filled);
            if count == 0 {
                break;
            }
            buffer[filled..filled + count].copy_from_slice(&part[..count]);
            filled += count;
            self.at += count as u64;
        }
        Ok(filled)
    }
}

impl Seek for Made {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let SeekFrom::Start(at) = to else { return Err(std::io::ErrorKind::Unsupported.into()) };
        self.at = at;
        Ok(at)
    }
}

/// Forgets how much memory this process had at most (Linux).
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("a kernel that forgets its mark");
}

/// The most memory since then, MB.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("VmHWM") / 1024.0
}

/// One visit of a FHIR bundle, about 2 KB a resource, as US Core servers send them with their narratives.
fn visit() -> String {
    let filler = "As most servers send it: a narrative that nobody reads. ".repeat(22);
    let resource = |kind: &str, id: &str, elements: &str| {
        format!(
            "{{\"fullUrl\":\"https://fhir.example/r4/{kind}/{id}##########\",\"resource\":{{\"resourceType\":\"{kind}\",\"id\":\"{id}##########\",\
             \"text\":{{\"status\":\"generated\",\"div\":\"<div>{filler}</div>\"}},{elements}}}}},\n"
        )
    };
    let patient = "\"subject\":{\"reference\":\"Patient/p##########\"}";
    let encounter = "{\"reference\":\"Encounter/e##########\"}";
    [
        resource("Patient", "p", "\"gender\":\"female\",\"birthDate\":\"1987-04-12\""),
        resource("Encounter", "e", &format!("\"status\":\"finished\",{patient}")),
        resource("Condition", "d", &format!("{patient},\"encounter\":{encounter}")),
        resource("ChargeItem", "c", &format!("\"status\":\"billable\",{patient},\"context\":{encounter}")),
        resource("Observation", "o", &format!("\"status\":\"final\",{patient},\"encounter\":{encounter}")),
    ]
    .concat()
}

fn main() {
    support::machine();
    let megabytes: u64 = std::env::var("CLAIMHOST_FRAMING_MB").ok().and_then(|text| text.parse().ok()).unwrap_or(2_048);
    let bytes = megabytes << 20;
    let note = "x".repeat(600);
    let message = format!(
        "MSH|^~\\&|EHR|SITE|CH|CH|20260501||DFT^P03|M##########|P|2.5\rPID|1||P##########^^^S^MR||SAMPLE^PERSON\r\
         FT1|1|C##########||20260501||CG|99213^^C4|||1|90.00\rNTE|1||{note}\r"
    );
    let row = format!("V##########,1,P##########,99213,1,90.00,J06.9,{}\n", &note[..200]);
    let columns = "[[framing.fixed]]\ntype = \"D\"\nlength = \"250\"\n[framing.fixed.columns]\n\"Visit ID\" = \"2 11\"\n\"CPT\" = \"13 5\"\n";
    let line = format!("D{:<249}\n", "V##########99213");
    let isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260505*1200*^*00501*000000001*0*T*:~\
               GS*HC*SENDER*RECEIVER*20260505*1200*1*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260505*1200*CH~\
               HL*1**20*1~NM1*85*2*GROUP*****XX*1234567893~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*SAMPLE*PERSON****MI*ID1~";
    let claim = "CLM*V##########*90***11:B:1*Y*A*Y*Y~HI*ABK:J069~LX*1~SV1*HC:99213*90*UN*1***1~DTP*472*D8*20260501~";
    let object = format!("{{\"visit\":\"V##########\",\"cpt\":\"99213\",\"note\":\"{note}\"}}");
    let json = format!("{object},\n");
    let element = format!("<Charge><Visit>V##########</Visit><CPT>99213</CPT><Note>{note}</Note></Charge>\n");
    let lines = format!("{object}\n");
    let visit = visit();
    let cases = [
        ("hl7v2", Framing::Hl7v2, "", ["", message.as_str(), ""], 1),
        (
            "delimited",
            Framing::Delimited,
            "",
            ["Visit ID,Line ID,Patient ID,CPT,Units,Charge,Dx1,Note\n", row.as_str(), ""],
            1,
        ),
        ("fixed", Framing::Delimited, columns, ["", line.as_str(), ""], 1),
        ("ndjson", Framing::Ndjson, "", ["", lines.as_str(), ""], 1),
        ("x12", Framing::X12Claim, "", [isa, claim, "SE*9*0001~GE*1*1~IEA*1*000000001~"], 1),
        ("json", Framing::Records, "[framing]\nrecords = \"rows\"\n", ["{\"rows\":[", json.as_str(), "{}]}"], 1),
        ("xml", Framing::Records, "[framing]\nrecords = \"Charge\"\n", ["<Rows>", element.as_str(), "</Rows>"], 1),
        // The last entry is empty, so that every other one can end in a comma: its problem is counted below.
        (
            "fhir",
            Framing::FhirBundle,
            "",
            ["{\"resourceType\":\"Bundle\",\"entry\":[\n", visit.as_str(), "{\"resource\":{}}]}"],
            1,
        ),
    ];
    let mut most: f64 = 0.0;
    for (name, framing, mapping, [head, unit, tail], frames_of_unit) in cases {
        let file = Made::new(head, unit, tail, bytes);
        let (length, count) = (file.length(), file.count);
        forget_peak();
        let start = Instant::now();
        let (mut frames, mut others) = (0_u64, 0_u64);
        for item in Framer::open(framing, name, mapping, Joins::default(), file).unwrap() {
            match item.unwrap() {
                Item::Frame(_) => frames += 1,
                Item::Problem(_) => others += 1,
                Item::Gap(_) => {}
            }
        }
        let (time, peak) = (start.elapsed(), peak_mb());
        // Of JSON the last record is an empty one.
        let more = u64::from(name == "json");
        assert_eq!(frames, count * frames_of_unit + more, "{name}: every document, and no other");
        assert!(others <= 2, "{name}: {others} problems");
        figure(&format!("framing_{name}_mb_per_s"), length as f64 / 1e6 / time.as_secs_f64(), "MB/s");
        figure(&format!("framing_peak_{name}_mb"), peak, "MB");
        most = most.max(peak);
    }
    figure("framing_peak_mb", most, "MB");
    assert!(most <= PEAK_MAX, "found {most} MB for cutting a file, expected at most {PEAK_MAX}");
}
