//! Bad files among good ones, in one run: each bad one is refused or held with its place and remedy and kept byte for
//! byte, the good ones become claims, the counts add up, and no patient's value is in what is logged.
//!
//! `CLAIMHOST_BIG=1` adds a file of 200 MB; one of 20 MB is always there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{CLEARING, Charge, PRACTICE, Site, counts};
use serde_json::Value;

/// In a bad file where a patient's value would be: it must not be seen in a log.
const CANARY: &str = "XANTHIPPE";
const DAY: &str = "2026-05-20";

/// The 837 of one claim, as a practice system exports it.
const CLAIM_837: &str = "ISA*00*          *00*          *ZZ*LINDENPM       *ZZ*EXAMPLECH      *260505*1200*^*00501*000000001*0*T*:~\
GS*HC*LINDENPM*EXAMPLECH*20260505*1200*1*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260505*1200*CH~\
NM1*41*2*LINDEN PEDIATRIC GROUP*****46*LPG01~PER*IC*BILLING OFFICE*TE*6145550100~NM1*40*2*EXAMPLE CLEARINGHOUSE*****46*EXCH1~\
HL*1**20*1~PRV*BI*PXC*207Q00000X~NM1*85*2*LINDEN PEDIATRIC GROUP*****XX*1234567893~N3*1 EXAMPLE STREET~\
N4*ANYTOWN*OH*430010000~REF*EI*123456789~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*XANTHIPPE*ORLA****MI*ID900~\
N3*12 ELM STREET~N4*ANYTOWN*OH*43001~DMG*D8*19800101*F~NM1*PR*2*EXAMPLE*****PI*00000~CLM*X900*90***11:B:1*Y*A*Y*Y~\
HI*ABK:J069~NM1*82*1*CHANGEME*PAT****XX*1000000004~PRV*PE*PXC*207Q00000X~LX*1~SV1*HC:99213*90*UN*1***1~\
DTP*472*D8*20260501~SE*26*0001~GE*1*1~IEA*1*000000001~";

const REMITTANCE: &str = "ISA*00*          *00*          *ZZ*EXAMPLECH      *ZZ*LINDENPM       *260505*1200*^*00501*000000009*0*T*:~\
GS*HP*EXAMPLECH*LINDENPM*20260505*1200*9*X*005010X221A1~ST*835*0001~BPR*I*0*C*NON************20260505~TRN*1*1*1999999999~\
N1*PR*XANTHIPPE~SE*5*0001~GE*1*9~IEA*1*000000009~";

/// A canary in every value of a patient.
fn canary(number: u32) -> Charge {
    Charge {
        mrn: format!("{CANARY}MRN{number}"),
        name: format!("{CANARY}^{CANARY}"),
        visit: format!("{CANARY}V{number}"),
        ..Charge::new(number)
    }
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

/// Bytes that are no text, the same in every run.
fn garbage(count: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// A bad file: inbox, name, bytes, ids of its problems (one has to be there), and the place of that problem.
struct Bad {
    inbox: &'static str,
    name: &'static str,
    bytes: Vec<u8>,
    id: &'static str,
    at: &'static str,
}

fn bad(inbox: &'static str, name: &'static str, bytes: impl Into<Vec<u8>>, id: &'static str, at: &'static str) -> Bad {
    Bad { inbox, name, bytes: bytes.into(), id, at }
}

fn bad_files() -> Vec<Bad> {
    let message = canary(901).message();
    let shifted = message.replace("|CG|99213^^C4|", "|99213^^C4|1|");
    let two_codes = message.replace("|CG|99213^^C4|", "|CG|99213^^C4~36415^^C4|");
    vec![
        bad("hl7", "b-empty.hl7", "", "framing.empty", "file"),
        bad("hl7", "b-cut.hl7", &message[..message.find("FT1").unwrap() + 12], "hl7.cut-off", "file"),
        bad("hl7", "b-binary.hl7", garbage(10_000), "framing.binary", "file"),
        bad("hl7", "b-utf16.hl7", utf16(&message), "framing.binary", "file"),
        bad("hl7", "b-835.hl7", REMITTANCE, "framing.wrong-kind", "file"),
        bad(
            "hl7",
            "b-pdf.hl7",
            format!("%PDF-1.7\n1 0 obj << /Title ({CANARY}) >>\n%%EOF\n"),
            "framing.binary",
            "file",
        ),
        bad("hl7", "b-csv.hl7", format!("visit,patient,code\n1,{CANARY},99213\n"), "hl7.stray-lines", "file"),
        bad(
            "hl7",
            "b-no-visit.hl7",
            Charge { visit: String::new(), ..canary(902) }.message(),
            "hl7.no-visit-number",
            "PV1-19.1",
        ),
        bad("hl7", "b-shifted.hl7", shifted, "hl7.misaligned", "FT1[1]-6"),
        bad("hl7", "b-two-codes.hl7", two_codes, "hl7.repetition", "FT1[1]-7"),
        bad("x12", "b-empty.x12", "", "framing.empty", "file"),
        bad("x12", "b-cut.x12", &CLAIM_837[..CLAIM_837.find("SV1").unwrap()], "x12.truncated", "file"),
        bad("x12", "b-cut-isa.x12", &CLAIM_837[..60], "x12.isa-layout", "file"),
        bad("x12", "b-binary.x12", garbage(10_000), "framing.binary", "file"),
        bad("x12", "b-utf16.x12", utf16(CLAIM_837), "framing.binary", "file"),
        bad("x12", "b-835.x12", REMITTANCE, "x12.wrong-transaction", "file"),
        bad("x12", "b-message.x12", canary(903).message(), "framing.wrong-kind", "file"),
        bad("csv", "b-empty.csv", "", "framing.empty", "file"),
        bad("csv", "b-message.csv", canary(904).message(), "framing.wrong-kind", "file"),
        bad("csv", "b-binary.csv", garbage(10_000), "framing.binary", "file"),
        bad("answer", "b-empty.835", "", "x12.no-isa", "file"),
        bad(
            "answer",
            "b-cut.835",
            &REMITTANCE[..REMITTANCE.find("N1*PR").unwrap()],
            "x12.truncated",
            "TRN (segment 5)",
        ),
        bad("answer", "b-binary.835", garbage(10_000), "x12.no-isa", "file"),
        bad("answer", "b-message.835", canary(905).message(), "x12.no-isa", "file"),
        bad("answer", "b-claim.835", CLAIM_837, "x12.kind", "ST01 (segment 3)"),
    ]
}

fn put(site: &Site, file: &Bad) {
    match file.inbox {
        "hl7" => site.hl7(file.name, &file.bytes),
        "x12" => site.x12(file.name, &file.bytes),
        "csv" => site.csv(file.name, &file.bytes),
        _ => site.answer(file.name, &file.bytes),
    }
}

#[test]
fn bad_files_are_refused_with_place_and_remedy_and_the_rest_goes_on() {
    let site = Site::new();
    let files = bad_files();
    for file in &files {
        put(&site, file);
    }
    for number in 1..=5 {
        site.hl7(
            &format!("{}-good-{number}.hl7", if number < 3 { "a" } else { "c" }),
            Charge::new(number).message().as_bytes(),
        );
    }
    site.x12("c-good.x12", CLAIM_837.replace("XANTHIPPE", "VANCE").as_bytes());
    let output = site.command(&["--as-of", DAY, "run", "--once", "--json"]);
    let logged = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{logged}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    let counts = counts(&summary);
    let mut documents = site.documents(PRACTICE);
    documents.extend(site.documents(CLEARING));
    assert_eq!(counts["received"], documents.len() as u64, "every document is listed");
    for file in &files {
        refused(&site, &documents, file);
    }
    let good = |name: &str| documents.iter().find(|document| document["file_name"] == name).unwrap();
    for name in ["a-good-1.hl7", "a-good-2.hl7", "c-good-3.hl7", "c-good-4.hl7", "c-good-5.hl7", "c-good.x12"] {
        assert_eq!(good(name)["status"], "translated", "{name}");
    }
    assert_eq!((counts["translated"], counts["parked"], counts["pending"]), (6, 0, 0), "{summary}");
    assert_eq!(summary["claims"]["ready"], 6, "{summary}");
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["submitted"], 6, "approved, they leave: {summary}");
    assert_eq!(summary["cents"]["billed"], 6 * 9_000, "{summary}");
    assert!(!logged.contains(CANARY), "a patient's value in a log: {logged}");
    // The same files again: refused again, and nothing else moves.
    for file in &files {
        put(&site, file);
    }
    let output = site.command(&["--as-of", DAY, "run", "--once"]);
    let (said, logged) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && !said.contains(CANARY) && !logged.contains(CANARY), "{said}\n{logged}");
    let again = site.run(DAY);
    assert_eq!(self::counts(&again)["translated"], 6, "{again}");
    for entry in std::fs::read_dir(site.dir().join("store")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(
            !bytes.windows(CANARY.len()).any(|some| some == CANARY.as_bytes()),
            "a patient's value unsealed in the store"
        );
    }
    assert_eq!((&again["claims"], &again["ledger_digest"]), (&summary["claims"], &summary["ledger_digest"]));
}

/// The file has no translated document, and a rejection with the id, place, found, expected and remedy; it is kept whole.
fn refused(site: &Site, documents: &[Value], file: &Bad) {
    let Bad { name, id, at, bytes, .. } = file;
    let found: Vec<&Value> = documents.iter().filter(|document| document["file_name"] == *name).collect();
    assert!(!found.is_empty(), "{name} was lost");
    for document in &found {
        assert_eq!(document["status"], "rejected", "{name}: {document}");
        assert!(!document["detail"].to_string().contains(CANARY), "{name}: a patient's value in {document}");
    }
    let fits = |document: &&Value| match document["detail"]["problems"].as_array() {
        Some(problems) => {
            problems.iter().any(|problem| problem["id"] == *id && problem["at"]["path"] == *at && complete(problem))
        }
        None => document["reason"] == *id && document["detail"].to_string().contains(at),
    };
    assert!(found.iter().any(fits), "{name}: expected {id} at {at}, found {found:#?}");
    // The original: every byte that a document names is where it was, and the file lies in the archive.
    for document in &found {
        let mut expected = Vec::new();
        for range in document["ranges"].as_str().unwrap().split(',').filter(|range| !range.is_empty()) {
            let (start, end) = range.trim().split_once('-').unwrap();
            expected.extend_from_slice(&bytes[start.parse().unwrap()..end.parse().unwrap()]);
        }
        assert_eq!(site.raw(document), expected, "{name}: --raw");
    }
    let inbox = match file.inbox {
        "hl7" => "inbox/my-practice",
        "x12" => "inbox/x12",
        "csv" => "inbox/csv",
        _ => "transport/in",
    };
    let kept = std::fs::read(site.dir().join(inbox).join("archive").join(name)).unwrap();
    assert!(kept == *bytes, "{name} is not what it was");
    assert!(!site.dir().join(inbox).join(name).exists(), "{name} still lies in the inbox");
}

fn complete(problem: &Value) -> bool {
    let said = |key: &str| problem[key].as_str().is_some_and(|text| !text.is_empty());
    said("found") && said("expected") && said("remedy") && problem["at"].get("offset").is_some()
}

/// Every document with a claim that is held, by rule and words.
fn held(site: &Site) -> Vec<(String, Vec<Value>)> {
    let listed = site.json(&["claim", "list", "--state", "held"]);
    let show = |row: &Value| {
        let shown = site.json(&["claim", "show", row["id"].as_str().unwrap()]);
        (shown["visit_number"].as_str().unwrap().to_owned(), shown["findings"].as_array().unwrap().clone())
    };
    listed.as_array().unwrap().iter().map(show).collect()
}

#[test]
fn an_unknown_payer_is_held_and_says_what_to_add() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.hl7("b.hl7", Charge { payer: "NOBODYKNOWS".to_owned(), ..Charge::new(2) }.message().as_bytes());
    let summary = site.run(DAY);
    counts(&summary);
    assert_eq!((&summary["claims"]["submitted"], &summary["claims"]["held"]), (&1.into(), &1.into()), "{summary}");
    let held = held(&site);
    let (visit, findings) = &held[0];
    assert_eq!((visit.as_str(), findings[0]["rule"].as_str()), ("V2", Some("payer.unknown")), "{findings:?}");
    assert!(findings[0]["words"].as_str().unwrap().contains("add the alias to its [[payer]]"), "{findings:?}");
    assert_eq!(findings[0]["place"], "header.coverages[0].payer");
    assert_eq!(summary["findings"]["payer.unknown"], 1, "one fault is counted once: {summary}");
}

#[test] // HL7 has no place of service: registration cannot mend that, the profile can
fn what_the_interface_has_no_place_for_is_not_simply_missing() {
    let site = Site::new();
    let nowhere = Charge::new(1).message().replace("|MAIN|", "|NOWHERE|");
    site.hl7("a.hl7", nowhere.as_bytes());
    let summary = site.run(DAY);
    assert_eq!(summary["claims"]["held"], 1, "{summary}");
    let (_, findings) = &held(&site)[0];
    let found = |rule: &str| findings.iter().find(|finding| finding["rule"] == rule);
    assert!(found("place-of-service.missing").is_none(), "{findings:?}");
    let words = found("place-of-service.undelivered").expect("told apart")["words"].as_str().unwrap();
    assert!(words.contains("has no place for it") && words.contains("[[location]]"), "{words}");
    assert_eq!(summary["findings"]["place-of-service.undelivered"], 1, "{summary}");
}

/// Somebody else under the id of charge 1.
fn other_person() -> Charge {
    Charge {
        mrn: "M1".to_owned(),
        name: "QUILL^BASTIAN".to_owned(),
        born: "19550505".to_owned(),
        // Another day, so that nothing else than the identity can hold it.
        day: "20260502".to_owned(),
        ..Charge::new(2)
    }
}

#[test]
fn two_patients_with_one_id_are_held_and_never_merged() {
    let site = Site::new();
    let other = other_person();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.hl7("b.hl7", other.message().as_bytes());
    site.hl7("c.hl7", Charge::new(3).message().as_bytes());
    let summary = site.run(DAY);
    counts(&summary);
    assert_eq!(summary["claims"]["total"], 3, "{summary}");
    assert_eq!((&summary["claims"]["held"], &summary["claims"]["submitted"]), (&2.into(), &1.into()), "{summary}");
    let conflicts = |site: &Site| {
        let held = held(site)
            .into_iter()
            .filter(|(_, findings)| findings.iter().any(|finding| finding["rule"] == "patient.identity-conflict"));
        held.map(|(visit, _)| visit).collect::<Vec<_>>()
    };
    assert_eq!(conflicts(&site), ["V1", "V2"], "whose id it is, nobody knows");
    // The EHR gives the second patient an id of their own: both may leave.
    let mended = Charge { mrn: "M9".to_owned(), ..other };
    site.hl7("d.hl7", mended.message().replace("20260501120000", "20260502120000").as_bytes());
    site.run(DAY);
    let summary = site.run(DAY);
    assert_eq!((conflicts(&site), &summary["claims"]["submitted"]), (Vec::new(), &3.into()), "{summary}");
    // A third person under an id whose claim has left is held alone: what has left, has left.
    let third = Charge {
        mrn: "M9".to_owned(),
        name: "REED^OTIS".to_owned(),
        born: "19610606".to_owned(),
        day: "20260503".to_owned(),
        ..Charge::new(4)
    };
    site.hl7("e.hl7", third.message().as_bytes());
    let summary = site.run(DAY);
    assert_eq!((conflicts(&site), &summary["claims"]["submitted"]), (vec!["V4".to_owned()], &3.into()), "{summary}");
}

#[test]
fn a_claim_that_waits_to_leave_is_held_when_another_person_comes_under_its_id() {
    let site = Site::new();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!(summary["claims"]["ready"], 1, "{summary}");
    let other = other_person();
    site.hl7("b.hl7", other.message().as_bytes());
    site.hl7("c.hl7", Charge::new(3).message().as_bytes());
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["held"], &summary["claims"]["submitted"]), (&2.into(), &1.into()), "{summary}");
}

#[test]
fn two_people_whose_conflict_is_accepted_are_done_with() {
    let site = Site::new();
    let other = other_person();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.hl7("b.hl7", other.message().as_bytes());
    site.run_unapproved(DAY);
    for claim in site.json(&["claim", "list", "--state", "held"]).as_array().unwrap() {
        let (id, rule) = (claim["id"].as_str().unwrap(), "patient.identity-conflict");
        site.json(&["--as-of", DAY, "claim", "accept", id, rule, "--reason", "the id is shared", "--by", "test"]);
    }
    // Nobody has approved that the practice submits: both wait, and the run ends.
    let summary = site.run_unapproved(DAY);
    assert_eq!(summary["claims"]["ready"], 2, "{summary}");
    assert_eq!(site.run(DAY)["claims"]["submitted"], 2);
}

#[test]
fn a_name_that_x12_cannot_carry_holds_its_claim_and_no_other() {
    let site = Site::new();
    // ISO 8859-1, as an old interface sends it: one byte for the letter, which is no UTF-8.
    let message = Charge { name: "VANCE^J\u{1}RG".to_owned(), ..Charge::new(2) }.message();
    let latin: Vec<u8> = message.bytes().map(|byte| if byte == 1 { 0xF6 } else { byte }).collect();
    site.hl7("a.hl7", Charge::new(1).message().as_bytes());
    site.hl7("b-latin1.hl7", &latin);
    site.hl7("c.hl7", Charge::new(3).message().as_bytes());
    // An accent is left off, as on the card; a delimiter in a name (an escaped `^` of HL7) is nothing we may leave off.
    let star = Charge { name: "VANCE*X^MIRA".to_owned(), ..Charge::new(4) }.message();
    site.hl7("d.hl7", star.as_bytes());
    let summary = site.run(DAY);
    counts(&summary);
    assert_eq!(summary["claims"]["submitted"], 3, "the others leave: {summary}");
    assert_eq!(summary["claims"]["held"], 1, "the one is held: {summary}");
}

#[test]
fn a_message_cut_in_its_header_is_no_message_to_ignore() {
    let site = Site::new();
    site.hl7("a.hl7", &Charge::new(1).message().as_bytes()[..14]);
    let summary = site.run(DAY);
    assert_eq!(counts(&summary)["rejected"], 1, "{summary}");
}

#[test]
fn a_batch_without_messages_is_received_and_ignored() {
    let site = Site::new();
    site.add_folder("fhir", "fhir-r4");
    site.hl7("a.hl7", b"FHS|^~\\&|EHR|SITE\rBHS|^~\\&|EHR|SITE\rBTS|0\rFTS|1\r");
    site.put("inbox/fhir", "a.json", br#"{"resourceType":"Bundle","type":"searchset","entry":[]}"#);
    let summary = site.run(DAY);
    let counted = counts(&summary);
    assert_eq!((counted["received"], counted["ignored"]), (2, 2), "{summary}");
    assert!(site.documents(PRACTICE).iter().all(|document| document["reason"] == "no-documents"));
    site.assert_accounted(DAY);
}

/// Many messages in one file, then bytes that are none: the visits are all there, the rest is refused, memory stays.
fn big(megabytes: usize) {
    let site = Site::new();
    // A long message that is no charge: an HL7 observation report is ignored, with its reason.
    let note = format!("NTE|1||{}\r", "x".repeat(1_000)).repeat(500);
    let report = format!("MSH|^~\\&|LAB|SITE|CH|CH|20260501||ORU^R01|R1|P|2.5\rPID|1||M1\r{note}");
    let mut file = Vec::with_capacity(megabytes << 20);
    let mut number = 0;
    while file.len() < megabytes << 20 {
        number += 1;
        file.extend_from_slice(Charge::of_nobody_else(number).message().as_bytes());
        file.extend_from_slice(report.as_bytes());
    }
    site.hl7("big.hl7", &file);
    site.hl7("garbage.hl7", &garbage(megabytes << 20));
    // One message without an end: its header is good, what follows never stops.
    site.hl7(
        "one.hl7",
        &[Charge::new(888_888).message().as_bytes(), "NTE|1||x\r".repeat((megabytes << 20) / 9).as_bytes()].concat(),
    );
    site.hl7("z-good.hl7", Charge::new(999_999).message().as_bytes());
    let started = std::time::Instant::now();
    let summary = site.run(DAY);
    println!("{megabytes} MB: {:?}, {}", started.elapsed(), summary["documents"]);
    let counts = counts(&summary);
    assert_eq!(counts["translated"], u64::from(number) + 1, "{summary}");
    assert_eq!(counts["ignored"], u64::from(number), "{summary}");
    assert_eq!(counts["rejected"], 2, "garbage, and the message that is too long for one: {summary}");
    let too_long = site.documents(PRACTICE).into_iter().find(|document| document["file_name"] == "one.hl7").unwrap();
    assert!(complete(&too_long["detail"]["problems"][0]), "{too_long}");
    assert_eq!(summary["claims"]["submitted"], number + 1, "{summary}");
    let archived = std::fs::read(site.dir().join("inbox/my-practice/archive/big.hl7")).unwrap();
    assert!(archived == file, "the original is kept");
}

#[test]
fn a_file_of_20_mb_goes_through() {
    big(20);
}

#[test]
fn a_file_of_200_mb_goes_through() {
    if std::env::var_os("CLAIMHOST_BIG").is_none() {
        println!("skipped: CLAIMHOST_BIG is not set; it asks for a file of 200 MB");
        return;
    }
    big(200);
}
