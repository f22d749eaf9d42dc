//! Public files through the real binary: every DFT, every 837P and every 835 of the corpus. Each ends as a claim, as a held
//! claim with findings, or as a rejection that names segment and element; the decision for each was made by reading it.
//!
//! The corpus lies outside of the project: `CLAIMHOST_CORPUS` names its folder, and without it these tests are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use claimhost_tests::site::{CLEARING, PRACTICE, Site};
use serde_json::Value;

/// What becomes of a file.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Every claim of it is held with these rules: none of these payers and providers is in the profile.
    Held(&'static [&'static str]),
    /// Documents are rejected, each place at least once, and no claim comes of it.
    Rejected(&'static [(&'static str, &'static str)]),
}
use Fate::{Held, Rejected};

/// The patient's ZIP (PID-11.5) does not lie in the state beside it (PID-11.4) either.
const BOTH: &[&str] =
    &["location.unknown", "patient.address.zip-state", "payer.unknown", "provider.not-in-roster", "visit.order-tie"];
/// SBR09 = MB, and the services (DTP 472) are years old: 42 CFR 424.44 gives Medicare claims one calendar year.
const OLD_MEDICARE: &[&str] = &["payer.unknown", "timely-filing.past"];

/// The charge messages. The five in the style of vendors and the rest agree with the adapter's own corpus test.
const MESSAGES: &[(&str, Fate)] = &[
    // FT1-4 holds the transaction type: the fields stand two to the left from there.
    ("epic_upmc_dft.hl7", Rejected(&[("hl7.misaligned", "FT1[1]-4"), ("hl7.misaligned", "FT1[1]-6")])),
    // FT1-6 holds the procedure code, FT1-7 something else: one field was left out.
    ("cerner_franciscan_dft.hl7", Rejected(&[("hl7.misaligned", "FT1[1]-6"), ("hl7.misaligned", "FT1[1]-7")])),
    // The charge is well placed up to the quantity.
    ("meditech_erlanger_dft.hl7", Rejected(&[("hl7.misaligned", "FT1[1]-10"), ("hl7.misaligned", "FT1[1]-20")])),
    ("meditech_southshore_dft.hl7", Rejected(&[("hl7.misaligned", "FT1[1]-4"), ("hl7.misaligned", "FT1[1]-6")])),
    ("pointclickcare_dft.hl7", Rejected(&[("hl7.misaligned", "FT1[1]-4"), ("hl7.misaligned", "FT1[1]-6")])),
    // Both published messages are of one visit and one moment, with different content: a tie, which is held. The people and
    // places in them are in nobody's profile.
    ("DFT-P03-01.hl7", Held(BOTH)),
    ("DFT-P11-01.hl7", Held(BOTH)),
    // A test of insurance segments: PV1-19 and PID-18 are empty, so that no visit is named.
    ("Hl7DFTMessageTest_01.hl7", Rejected(&[("hl7.no-visit-number", "PV1-19.1")])),
    ("Hl7FinancialInsuranceTest_01.hl7", Rejected(&[("hl7.no-visit-number", "PV1-19.1")])),
    ("Hl7FinancialInsuranceTest_03.hl7", Rejected(&[("hl7.no-visit-number", "PV1-19.1")])),
    ("Hl7FinancialInsuranceTest_04.hl7", Rejected(&[("hl7.no-visit-number", "PV1-19.1")])),
    ("Hl7FinancialInsuranceTest_06.hl7", Rejected(&[("hl7.no-visit-number", "PV1-19.1")])),
    ("Hl7FinancialInsuranceTest_07.hl7", Rejected(&[("hl7.no-visit-number", "PV1-19.1")])),
    ("Hl7FinancialInsuranceTest_08.hl7", Rejected(&[("hl7.no-visit-number", "PV1-19.1")])),
];

/// The professional claims; they agree with the host's own round-trip test.
const CLAIMS: &[(&str, Fate)] = &[
    // 2010BB is not there: CLM stands where NM1*PR must. PRV02 is the old qualifier ZZ.
    ("hccinfhir__sample_files-sample_837_11.txt", Rejected(&[("x12.missing", "CLM"), ("x12.element", "PRV02")])),
    // The imsweb files have neither SBR02 = 18 nor a 2000C loop, and most have HI*BK*8901, a qualifier without its code.
    ("imsweb__837_5010-x12_ambiguous_loop.txt", Rejected(&[("x12.element", "SBR02")])),
    // Its ISA is one character off, which the codec reads past (a warning); the claims are refused as the others of this kind.
    ("imsweb__837_5010-x12_bad_first_line.txt", Rejected(&[("x12.element", "SBR02")])),
    ("imsweb__837_5010-x12_bad_segment_identifier.txt", Rejected(&[("x12.missing", "?")])),
    ("imsweb__837_5010-x12_complex.txt", Rejected(&[("x12.element", "SBR02"), ("x12.element", "HI01-2")])),
    // A second 2010AA; no 2010AA; NM102 of the receiver left out; no 2010BA.
    ("imsweb__837_5010-x12_loop_errors1_exceeds_max_1_parent.txt", Rejected(&[("x12.missing", "NM1")])),
    ("imsweb__837_5010-x12_loop_errors3_missing_loops.txt", Rejected(&[("x12.missing", "NM1")])),
    ("imsweb__837_5010-x12_missing_elements.txt", Rejected(&[("x12.element", "NM102")])),
    ("imsweb__837_5010-x12_missing_required_loop_in_one_repeat.txt", Rejected(&[("x12.element", "SBR02")])),
    ("imsweb__837_5010-x12_multiple_gs.txt", Rejected(&[("x12.element", "SBR02")])),
    ("imsweb__837_5010-x12_multiple_st.txt", Rejected(&[("x12.element", "SBR02")])),
    ("imsweb__837_5010-x12_no_errors.txt", Rejected(&[("x12.element", "SBR02")])),
    ("imsweb__837_5010-x12_segment_errors.txt", Rejected(&[("x12.missing", "N4")])), // N3 left out
    ("imsweb__837_5010-x12_valid_different_separators.txt", Rejected(&[("x12.element", "SBR02")])),
    ("lfh__837_005010X222A2-demo.ambulance.example5.837", Rejected(&[("x12.element", "CLM05-2")])), // 41::1
    ("lfh__837_005010X222A2-demo.cob.example3.A.837", Rejected(&[("x12.missing", "LX")])),          // no 2330B
    // ISA16 is `:`, the data has `>`.
    ("lfh__837_005010X222A2-demo.example9.837", Rejected(&[("x12.element", "CLM05-2")])),
    // A header and a REF, and nothing after them.
    ("staedi__issue229-837-header-ref-only.edi", Rejected(&[("x12.no-claims", "file")])),
    ("staedi__x12-sample837-small.edi", Rejected(&[("x12.no-claims", "file")])),
    // Valid ones. Their payers are in nobody's profile, and where no 2310B names the one who rendered, the billing provider
    // is an organisation. (What only warns is not listed: made-up NPIs, a ZIP code without its last four.)
    ("lfh__837_005010X222A2-demo.example1.837", Held(&["payer.unknown", "rendering.missing"])),
    ("lfh__837_005010X222A2-demo.example2.837", Held(&["payer.unknown", "rendering.missing"])),
    // Blanks stand before its segments, which the reader says and skips.
    ("staedi__x12-sample837-original.edi", Held(&["payer.unknown"])),
    ("stupidedi__X222A1-pass-COB-claim-from-billing-provider-to-payer-a.edi", Held(&["payer.unknown"])),
    ("stupidedi__X222A1-pass-ambulance.edi", Held(OLD_MEDICARE)),
    ("stupidedi__X222A1-pass-anesthesia.edi", Held(OLD_MEDICARE)),
    ("stupidedi__X222A1-pass-chiropractic.edi", Held(OLD_MEDICARE)),
    ("stupidedi__X222A1-pass-commercial-health-insurance.edi", Held(&["payer.unknown", "rendering.missing"])),
    ("stupidedi__X222A1-pass-encounter.edi", Held(&["payer.unknown", "rendering.missing"])),
];

/// The remittances: reason of the first document, and a place or word of it where the file itself is at fault.
const REMITTANCES: &[(&str, &str, &str)] = &[
    ("affect835__test_edi_835_files-sample_835.txt", "x12.envelope", "SE01"), // 46 and 96 segments counted, 55 and 106 there
    ("edi835__test_edi_835_files-emedny_sample.txt", "clearing.unowned", ""),
    ("edi835__test_edi_835_files-united_healthcare_legacy_sample.txt", "clearing.unowned", ""),
    ("lfh__835_005010X221A1-managed-care.835", "x12.transaction", "BPR16"), // a day 99999999
    ("lfh__835_005010X221A1-medicare-part-a.835", "clearing.unowned", ""),
    ("pyx12__tests-835_mult_loops.txt", "clearing.unowned", ""),
    ("ryanco__resources-example835One.txt", "x12.envelope", "GE02"),
    ("ryanco__resources-example835SpecialCharsOne.txt", "x12.envelope", "GE02"),
    ("stupidedi__X091A1-case-1.edi", "clearing.unowned", ""),
    ("stupidedi__X221-case-1.edi", "x12.envelope", "before the first ISA"), // a comment stands above the ISA
    ("stupidedi__X221-case-2.edi", "x12.envelope", "before the first ISA"),
    ("stupidedi__X221A1-pass-dollars-and-data-sent-separate.edi", "clearing.unowned", ""),
    ("stupidedi__X221A1-pass-dollars-and-data-sent-together.edi", "clearing.unowned", ""),
    ("stupidedi__X221A1-pass-era-sample.edi", "clearing.unowned", ""),
    ("tastypackets__835-multi-line-not-delimited.edi", "clearing.unowned", ""),
];

/// Files of the corpus under a folder, or none where it is not at hand.
fn corpus(folder: &str) -> Option<Vec<PathBuf>> {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return None;
    };
    let mut files = Vec::new();
    walk(&Path::new(&root).join(folder), &mut files);
    files.sort();
    Some(files)
}

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, out) } else { out.push(path) }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The files of the corpus and the table name each other: a new file has to be decided on.
fn same<T>(files: &[PathBuf], table: &[(&str, T)]) {
    let found: BTreeSet<String> = files.iter().map(|path| name(path)).collect();
    let known: BTreeSet<String> = table.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(found, known);
}

/// A run on a day after every message. Returns the summary.
fn run(site: &Site) -> Value {
    let summary = site.run("2026-06-01");
    let documents = summary["documents"].as_object().unwrap();
    let ends: u64 =
        documents.iter().filter(|(key, _)| *key != "received").map(|(_, count)| count.as_u64().unwrap()).sum();
    assert_eq!(documents["received"].as_u64(), Some(ends), "{summary}");
    assert_eq!(
        (&summary["documents"]["parked"], &summary["documents"]["pending"]),
        (&0.into(), &0.into()),
        "{summary}"
    );
    summary
}

/// By document: the claims of the visits it tells of, each with its state and rules.
fn claims_of(site: &Site) -> BTreeMap<u64, Vec<(String, BTreeSet<String>)>> {
    let mut found: BTreeMap<u64, Vec<_>> = BTreeMap::new();
    let listed = site.json(&["claim", "list"]);
    let mut by_visit: BTreeMap<u64, Vec<(String, BTreeSet<String>)>> = BTreeMap::new();
    for row in listed.as_array().unwrap() {
        let claim = site.json(&["claim", "show", row["id"].as_str().unwrap()]);
        let rules = claim["findings"].as_array().unwrap().iter();
        for finding in rules.clone() {
            assert!(finding["words"].as_str().is_some_and(|words| words.len() > 10), "{finding}");
            assert!(finding["place"].as_str().is_some_and(|place| !place.is_empty()), "{finding}");
        }
        let rules = rules.filter(|finding| finding["severity"] == "hold");
        let rules = rules.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect();
        let state = claim["state"].as_str().unwrap().to_owned();
        by_visit.entry(row["visit_id"].as_u64().unwrap()).or_default().push((state, rules));
    }
    for visit in site.json(&["visit", "list"]).as_array().unwrap() {
        let id = visit["visit_id"].as_u64().unwrap();
        let shown = site.json(&["visit", "show", &format!("{PRACTICE}/{id}")]);
        let documents: BTreeSet<u64> =
            shown["events"].as_array().unwrap().iter().map(|event| event["document"].as_u64().unwrap()).collect();
        for document in documents {
            found.entry(document).or_default().extend(by_visit.get(&id).cloned().unwrap_or_default());
        }
    }
    found
}

/// What differs from the table.
fn check(site: &Site, table: &[(&str, Fate)]) -> Vec<String> {
    let (documents, claims) = (site.documents(PRACTICE), claims_of(site));
    let mut wrong = Vec::new();
    for (file, fate) in table {
        let of_file: Vec<&Value> = documents.iter().filter(|document| document["file_name"] == *file).collect();
        let translated: Vec<u64> = of_file
            .iter()
            .filter(|document| document["status"] == "translated")
            .map(|document| document["document_id"].as_u64().unwrap())
            .collect();
        let problems: Vec<&Value> =
            of_file.iter().filter_map(|document| document["detail"]["problems"].as_array()).flatten().collect();
        for problem in &problems {
            let said = |key: &str| problem[key].as_str().is_some_and(|text| !text.is_empty());
            if !(said("id") && said("found") && said("expected") && said("remedy") && problem["at"]["path"].is_string())
            {
                wrong.push(format!("{file}: half a problem: {problem}"));
            }
        }
        match fate {
            Rejected(places) => {
                let at =
                    |problem: &Value| problem["at"]["path"].as_str().unwrap().split(' ').next().unwrap().to_owned();
                for (id, place) in *places {
                    if !problems.iter().any(|problem| problem["id"] == *id && at(problem) == *place) {
                        wrong.push(format!("{file}: no {id} at {place}: {problems:?}"));
                    }
                }
                if !translated.is_empty() || of_file.iter().any(|document| document["status"] != "rejected") {
                    wrong.push(format!("{file}: not only rejected: {of_file:?}"));
                }
            }
            Held(rules) => {
                let refused = of_file.iter().copied().filter(|document| document["status"] == "rejected");
                let refused: Vec<&Value> = refused.collect();
                if !refused.is_empty() {
                    wrong.push(format!("{file}: refused too: {refused:?}"));
                }
                let found: Vec<_> = translated.iter().flat_map(|id| claims.get(id).into_iter().flatten()).collect();
                let expected: BTreeSet<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
                if found.is_empty() || found.iter().any(|(state, found)| state != "held" || *found != expected) {
                    wrong.push(format!("{file}: {found:?} instead of held for {expected:?}"));
                }
            }
        }
    }
    wrong
}

#[test]
fn every_charge_message_ends_as_decided() {
    let Some(files) = corpus("hl7v2") else { return };
    let holds_dft = |path: &PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        path.extension().is_some_and(|extension| extension == "hl7") && bytes.windows(4).any(|four| four == b"DFT^")
    };
    let files: Vec<PathBuf> = files.into_iter().filter(holds_dft).collect();
    same(&files, MESSAGES);
    let site = Site::new();
    for file in &files {
        site.hl7(&name(file), &std::fs::read(file).unwrap());
    }
    run(&site);
    let wrong = check(&site, MESSAGES);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_professional_claim_ends_as_decided() {
    let Some(files) = corpus("x12/837p") else { return };
    same(&files, CLAIMS);
    let site = Site::new();
    for file in &files {
        site.x12(&name(file), &std::fs::read(file).unwrap());
    }
    run(&site);
    let wrong = check(&site, CLAIMS);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_valid_837p_comes_back_with_nothing_lost() {
    let Some(files) = corpus("x12/837p") else { return };
    let site = Site::new();
    let mut wrong = Vec::new();
    for file in files {
        let (name, path) = (name(&file), file.to_str().unwrap());
        let valid = CLAIMS.iter().any(|(known, fate)| *known == name && matches!(fate, Held(_)));
        let output = site.command(&["x12", "roundtrip", path, "--json"]);
        let complained = String::from_utf8_lossy(&output.stderr);
        let code = output.status.code();
        if valid {
            let said: Option<Value> = serde_json::from_slice(&output.stdout).ok();
            let whole =
                said.as_ref().is_some_and(|said| said["claims"] == 1 && said["lost"] == Value::Array(Vec::new()));
            if code != Some(0) || !whole {
                wrong.push(format!("{name}: {code:?}: {complained}"));
            }
        } else if code != Some(4) || complained.trim().is_empty() {
            wrong.push(format!("{name} is refused with its places: {code:?}: {complained}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_remittance_is_read_and_the_host_goes_on() {
    let Some(files) = corpus("x12/835") else { return };
    let table: Vec<(&str, ())> = REMITTANCES.iter().map(|(name, _, _)| (*name, ())).collect();
    same(&files, &table);
    let site = Site::new();
    for file in &files {
        site.answer(&name(file), &std::fs::read(file).unwrap());
    }
    site.hl7("good.hl7", claimhost_tests::site::Charge::new(1).message().as_bytes());
    let summary = run(&site);
    assert_eq!(summary["claims"]["submitted"], 1, "the host goes on: {summary}");
    assert_eq!(summary["cents"]["paid"], 0, "nobody's money is posted to nobody: {summary}");
    let documents = site.documents(CLEARING);
    let mut wrong = Vec::new();
    for (file, reason, word) in REMITTANCES {
        let of_file: Vec<&Value> = documents.iter().filter(|document| document["file_name"] == *file).collect();
        let fits = |document: &&Value| {
            document["status"] == "rejected"
                && document["reason"] == *reason
                && document["detail"].to_string().contains(word)
        };
        if of_file.is_empty() || !of_file.iter().all(fits) {
            wrong.push(format!("{file}: {of_file:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
