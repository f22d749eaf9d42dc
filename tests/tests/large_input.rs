//! Large files stream: the memory of a run grows with the largest document taken, never with the file. Each kind of framing, with
//! one document that never ends and with many, and an answer of the clearinghouse, through the real binary.
//!
//! `CLAIMHOST_BIG=1` makes each file 200 MB; 24 MB without it. Prints `figure peak_memory_NAME VALUE MB`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::io::Write;
use std::process::Stdio;

use claimhost_tests::site::{CLEARING, Charge, PRACTICE, Site};
use serde_json::Value;

const DAY: &str = "2026-05-20";
/// What a run may need beyond that of a small file, whatever the size of a large one. The largest document is 16 MiB, and is held
/// as cut, as translated and as what the plugin was given.
const GROWTH_MAX: u64 = 120;
/// Bytes that the index of FHIR resources has for each: what belongs together may stand anywhere in a file.
const INDEX_BYTES: usize = 100;

fn megabytes() -> usize {
    if std::env::var_os("CLAIMHOST_BIG").is_some() { 200 } else { 24 }
}

/// Writes a file of `bytes` bytes: a beginning, a middle again and again, an end.
fn write(site: &Site, path: &str, bytes: usize, parts: [&str; 3]) {
    let file = std::fs::File::create(site.dir().join(path)).unwrap();
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    out.write_all(parts[0].as_bytes()).unwrap();
    for _ in 0..bytes / parts[1].len() {
        out.write_all(parts[1].as_bytes()).unwrap();
    }
    out.write_all(parts[2].as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Runs once; gives the summary and the most memory that the process had, in MB.
fn run(site: &Site) -> (Value, u64) {
    let mut command = site.prepared(&["--as-of", DAY, "run", "--once", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    loop {
        // Its own memory. Pages of the store's file that it has mapped are the system's, which takes them back at need.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
        let kb = mark.and_then(|mark| mark.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        peak_kb = peak_kb.max(kb.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut said).unwrap();
    (serde_json::from_str(said.trim()).unwrap(), peak_kb / 1024)
}

/// An HL7 message of a kind that is no charge, of some 250 kB.
fn report() -> String {
    let note = format!("NTE|1||{}\r", "x".repeat(1_000)).repeat(250);
    format!("MSH|^~\\&|LAB|SITE|CH|CH|20260501||ORU^R01|R1|P|2.5\rPID|1||M1\r{note}")
}

#[test]
fn no_framing_holds_its_file() {
    let small = Site::new();
    small.hl7("a.hl7", Charge::new(1).message().as_bytes());
    let (_, base) = run(&small);
    println!("figure peak_memory_small {base} MB");
    let isa =
        "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260505*1200*^*00501*000000001*0*T*:~";
    let many = report();
    let resource = r#"{"resourceType":"Observation","id":"o","status":"final","note":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#;
    let entry = format!("{{\"resource\":{resource}}},\n");
    // Name, folder, parts, and the reason of the rejection that has to be there; none: nothing is rejected.
    for (name, folder, parts, reason) in [
        ("hl7_no_header", "inbox/my-practice", ["", "PID|1||M1^^^A|A\r", ""], Some("hl7.too-long")),
        ("hl7_no_line_end", "inbox/my-practice", ["MSH|^~\\&|", "xxxxxxxx", ""], Some("hl7.too-long")),
        ("hl7_many", "inbox/my-practice", ["", many.as_str(), ""], None),
        ("csv_one_line", "inbox/csv", ["Visit ID,Note\n", "xxxxxxx,", ""], Some("csv.too-long")),
        ("csv_open_quote", "inbox/csv", ["Visit ID,Note\n1,\"", "xxxxxxx,", ""], Some("csv.too-long")),
        ("x12_no_segments", "inbox/x12", [isa, "xxxxxxxx", ""], Some("x12.too-large")),
        ("x12_no_header", "inbox/x12", ["", "CLM*1*1~", ""], Some("x12.no-isa")),
        (
            "fhir_one_entry",
            "inbox/fhir",
            ["{\"resourceType\":\"Bundle\",\"note\":\"", "xxxxxxxx", "\"}"],
            Some("fhir.too-large"),
        ),
        (
            "fhir_one_text",
            "inbox/fhir",
            ["{\"resourceType\":\"Observation\",\"note\":\"", "xxxxxxxx", "\"}"],
            Some("fhir.too-large"),
        ),
        (
            "fhir_many",
            "inbox/fhir",
            ["{\"resourceType\":\"Bundle\",\"entry\":[\n", entry.as_str(), "{\"resource\":{}}]}"],
            Some("fhir.no-resource"),
        ),
        ("fhir_deep", "inbox/fhir", ["{\"resourceType\":\"Bundle\",\"entry\":[", "[[[[[[[[", ""], Some("fhir.")),
        ("answer", "transport/in", [isa, "CLP*1*1*1*1~", ""], Some("x12.too-large")),
    ] {
        let site = Site::new();
        site.add_folder("fhir", "fhir-r4");
        write(&site, &format!("{folder}/big"), megabytes() << 20, parts);
        site.hl7("z-good.hl7", Charge::new(1).message().as_bytes());
        let started = std::time::Instant::now();
        let (summary, peak) = run(&site);
        println!("figure peak_memory_{name} {peak} MB ({:?}, {})", started.elapsed(), summary["documents"]);
        let indexed = if name == "fhir_many" { (megabytes() << 20) / entry.len() } else { 0 };
        let growth = GROWTH_MAX + u64::try_from((indexed * INDEX_BYTES) >> 20).unwrap();
        assert!(peak <= base + growth, "{name}: {peak} MB of memory, {base} MB for a small file");
        assert_eq!(summary["documents"]["pending"], 0, "{name}: {summary}");
        // As far as a practice goes that nobody has approved.
        assert_eq!(summary["claims"]["ready"], 1, "{name}: the good one goes on: {summary}");
        let mut rejected = Vec::new();
        for tenant in [PRACTICE, CLEARING] {
            let listed = site.json(&["document", "list", "--practice", tenant, "--status", "rejected"]);
            rejected.extend(listed.as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap().to_owned()));
        }
        match reason {
            Some(reason) => assert!(rejected.iter().any(|found| found.starts_with(reason)), "{name}: {rejected:?}"),
            None => assert!(rejected.is_empty(), "{name}: {:?}", &rejected[..rejected.len().min(5)]),
        }
        site.assert_accounted(DAY);
    }
}
