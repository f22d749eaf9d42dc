//! Public FHIR files through the real binary: every one of the corpus. Each entry of each file is in a document, each document
//! has one end, and for the files of the table the end was decided by reading them.
//!
//! The corpus lies outside of the project: `CLAIMHOST_CORPUS` names its folder, and without it these tests are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use claimhost_tests::site::{PRACTICE, Site};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What becomes of a file, and the path that decides it.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Every document is a visit.
    Translated,
    /// Every document is ignored; the reason has these words.
    Ignored(&'static str),
    /// The documents with charges are rejected, each with this problem at this path; the others are ignored.
    Rejected(&'static str, &'static str),
}
use Fate::{Ignored, Rejected, Translated};

/// SHA-256, what becomes of the file, why.
const DECIDED: &[(&str, Fate, &str)] = &[
    (
        "9f5772b885ed9279361b761e5483a929ece57c2e1d32ac2315ce12caef186339",
        Ignored("type oral"),
        "Claim.type: oral, an 837D",
    ),
    ("e04c49b40261f3dfb12847aa53c634680617d1107bf036123afe98695eff40ff", Ignored("use preauthorization"), "Claim.use"),
    (
        "ecfd2e34db330ee470afd1d12148cf58ab84c01f0b330d924cc9fcbe3031e352",
        Translated,
        "Claim.type: vision; its code is of an example system: the practice's own, held",
    ),
    (
        "bec52e8a66cdf2301ae943381ad2c6accd59edab84c170eab94ec4d3278abfa2",
        Translated,
        "Claim.type: vision, one item with a net amount",
    ),
    (
        "84e9fc4a387bcaa75dd1ad7ec4b2f2b174dc0563f00e89236e341d5cd5d49cf4",
        Ignored("type pharmacy"),
        "Claim.type: pharmacy",
    ),
    (
        "a59c77d7ba931b7d24c8602d6abb147214545298b60da3801fc2244860c72782",
        Translated,
        "Claim.type: professional; Claim.item.productOrService is of an example system",
    ),
    (
        "e0c62fb533434834d3b44cfb28a8bbca5995b71529a772b960f7bb27b1361c60",
        Rejected("fhir.currency", "ChargeItem.priceOverride"),
        "40 EUR",
    ),
    (
        "6ef7c93b28fa76d3f1f1dcd3e795a8e35c70b5f86ad4659b75f7fc3d93ff0bb5",
        Translated,
        "Encounter.status: in-progress, a visit without charges yet",
    ),
    (
        "8e7e45dc4a587fc64146ac03b6b43e160de9b6b89faf3e3510b1c3383837f316",
        Translated,
        "Encounter.status: finished; Encounter.type is SNOMED CT, which is no charge",
    ),
    (
        "d73617364c6080c39083912e22bb76162e7594611dca360412d7010e74ff68c2",
        Ignored("ExplanationOfBenefit (1, what a payer has decided)"),
        "resourceType",
    ),
    (
        "f4e2467ea3052559304522a666eb78c879e0aa5c50be7b162c37f0a85a2843e3",
        Ignored("Coverage (1, to which no charge"),
        "resourceType",
    ),
    (
        "de84052aafd50684c157d0d80e7ed865feaa94fb64c4208be11d2654a67a37b2",
        Translated,
        "Encounter.type: CPT 99211, a charge without price or units",
    ),
    (
        "3b14813f2886db55d7b37ba7f368f8feefdb868584b98b8ca8655359881afc8d",
        Rejected("fhir.not-billable-code", "Procedure.code"),
        "Procedure.code: SNOMED CT and ICD-10-PCS only",
    ),
    ("6a426e4a451313a5387076f3a1019c370772b6f0dab8446cb25b304911c43b74", Translated, "Procedure.code: CPT 33249"),
    (
        "189fa30c7e13ca5f5fc9abbb63bc48c44d4c423d8ef1de802d51735dd540fb71",
        Ignored("Condition (1): no charge"),
        "a diagnosis without its visit",
    ),
    (
        "0bd94ad422eb62bf0815f845ece0fd5f3bf8937608f8e994b5a49567f9628c4c",
        Ignored("Patient (1, to which no charge"),
        "resourceType",
    ),
    (
        "42fed4f16acc633142c5cb67b64a451a92a611914324b6b92b1c98e56f0b74cf",
        Ignored("DocumentReference"),
        "no entry is a charge",
    ),
    // Its codes are those of STU3: Claim.use is `complete`, Claim.type is missing. The first claim of the visit says so.
    (
        "84cee680b3b114800384cb7f7974c0cac33dc768b3790010957c0ec59d96b5f6",
        Rejected("fhir.claim-use", "Bundle.entry[3].resource.use"),
        "Claim.use: complete",
    ),
    (
        "d22b8e31bb85f53101686b24cc43a64d84b8be640d434689cf50bbf45fa2716e",
        Ignored("Organization (18"),
        "no entry is a charge",
    ),
    // Sixteen claims for fourteen encounters, each institutional or pharmacy: the chart is not billed a second time.
    (
        "c2f6451ae983fb0bf9a9a4b450e22fe77508715cd2cb5322b0b49da057827335",
        Ignored(""),
        "Claim.type: institutional, pharmacy",
    ),
    (
        "0b1a63790d4308c5336482da33af141217f13b4a78e581a10c3a0265eabc3f15",
        Ignored("what a payer has decided"),
        "199 lines of ExplanationOfBenefit",
    ),
];

fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, out) } else { out.push(path) }
    }
}

/// Entries of a file, counted without the project's own reader.
fn entries(bytes: &[u8]) -> usize {
    let values = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
    let of = |value: Value| match value["resourceType"].as_str() {
        Some("Bundle") => value["entry"].as_array().map_or(0, Vec::len),
        _ => 1,
    };
    values.map(|value| of(value.unwrap())).sum()
}

/// A folder of one practice with an inbox for FHIR.
fn site() -> Site {
    let site = Site::new();
    let config = site.dir().join("claimhost.toml");
    let folder = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/fhir\"\nadapter = \"fhir-r4\"\n";
    std::fs::write(&config, std::fs::read_to_string(&config).unwrap() + folder).unwrap();
    std::fs::create_dir_all(site.dir().join("inbox/fhir")).unwrap();
    site
}

#[test]
fn every_fhir_file_ends_as_decided_and_every_entry_is_accounted_for() {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS names no folder of public files");
        return;
    };
    let mut files = Vec::new();
    walk(&Path::new(&root).join("fhir-r4"), &mut files);
    files.sort();
    let site = site();
    let mut expected: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for (number, file) in files.iter().enumerate() {
        let bytes = std::fs::read(file).unwrap();
        let name = format!("{number:03}.json");
        std::fs::write(site.dir().join("inbox/fhir").join(&name), &bytes).unwrap();
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        expected.insert(name, (entries(&bytes), digest));
    }
    let known: BTreeSet<&str> = expected.values().map(|(_, digest)| digest.as_str()).collect();
    for (digest, _, why) in DECIDED {
        assert!(
            known.contains(digest),
            "the corpus has no file of {digest} ({why}): decide on the one that replaced it"
        );
    }

    let summary = site.run("2026-06-01");
    let counted = summary["documents"].as_object().unwrap();
    let ends: u64 =
        counted.iter().filter(|(key, _)| *key != "received").map(|(_, count)| count.as_u64().unwrap()).sum();
    assert_eq!(counted["received"].as_u64(), Some(ends), "{summary}");
    assert_eq!((&counted["parked"], &counted["pending"]), (&0.into(), &0.into()), "{summary}");

    let documents = site.documents(PRACTICE);
    assert_eq!(documents.len() as u64, ends, "each document is listed once");
    let mut wrong = Vec::new();
    for (file, (entries, digest)) in &expected {
        let of_file: Vec<&Value> = documents.iter().filter(|document| document["file_name"] == *file).collect();
        let ranges: BTreeSet<String> = of_file
            .iter()
            .flat_map(|document| document["ranges"].as_str().unwrap().split(',').map(str::to_owned).collect::<Vec<_>>())
            .collect();
        if ranges.len() != *entries {
            wrong.push(format!("{file}: {} of {entries} entries are in documents", ranges.len()));
        }
        for document in &of_file {
            for problem in document["detail"]["problems"].as_array().into_iter().flatten() {
                let said = |key: &str| problem[key].as_str().is_some_and(|text| !text.is_empty());
                let placed = problem["at"]["path"].as_str().is_some_and(|path| !path.is_empty());
                if !(said("id") && said("found") && said("expected") && said("remedy") && placed) {
                    wrong.push(format!("{file}: half a problem: {problem}"));
                }
            }
            let reason = document["detail"]["reason"].as_str().unwrap_or_default();
            if document["status"] == "ignored" && reason.is_empty() {
                wrong.push(format!("{file}: ignored without a reason: {document}"));
            }
        }
        let Some((_, fate, why)) = DECIDED.iter().find(|(known, _, _)| known == digest) else { continue };
        if let Err(found) = ends_as(&of_file, *fate) {
            wrong.push(format!("{file} ({why}): {fate:?}, found {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ends_as(documents: &[&Value], fate: Fate) -> Result<(), String> {
    let all = |status: &str| documents.iter().all(|document| document["status"] == status);
    let ok = match fate {
        Translated => all("translated"),
        Ignored(words) => {
            all("ignored")
                && documents.iter().all(|one| one["detail"]["reason"].as_str().is_some_and(|why| why.contains(words)))
        }
        Rejected(id, path) => {
            let (rejected, others): (Vec<&Value>, Vec<&Value>) =
                documents.iter().partition(|one| one["status"] == "rejected");
            let at = |one: &Value| {
                let problems = one["detail"]["problems"].as_array().unwrap();
                problems.iter().any(|problem| problem["id"] == id && problem["at"]["path"] == path)
            };
            !rejected.is_empty() && rejected.into_iter().all(at) && others.iter().all(|one| one["status"] == "ignored")
        }
    };
    if ok && !documents.is_empty() { Ok(()) } else { Err(format!("{documents:?}")) }
}

/// A visit of the practice that `init` makes, as a server sends it: nothing in it is wrong.
const DAY: &str = r#"{"resourceType":"Bundle","type":"searchset","entry":[
{"resource":{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"SITE","value":"M1"}],"name":[{"family":"VANCE","given":["ORLA"]}],"gender":"female","birthDate":"1980-01-01","address":[{"line":["12 ELM STREET"],"city":"ANYTOWN","state":"OH","postalCode":"43001"}]}},
{"resource":{"resourceType":"Coverage","id":"v1","status":"active","beneficiary":{"reference":"Patient/p1"},"subscriberId":"ID1","relationship":{"coding":[{"code":"self"}]},"payor":[{"display":"EXAMPLE"}]}},
{"resource":{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"location":[{"location":{"reference":"Location/MAIN"}}]}},
{"resource":{"resourceType":"ChargeItem","id":"c1","meta":{"versionId":"1","lastUpdated":"2026-05-01T12:00:00Z"},"status":"billable","code":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"99213"}]},"subject":{"reference":"Patient/p1"},"context":{"reference":"Encounter/e1"},"occurrenceDateTime":"2026-05-01","performer":[{"actor":{"reference":"Practitioner/DR01"}}],"quantity":{"value":1},"priceOverride":{"value":90.00,"currency":"USD"},"reason":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J06.9"}]}]}},
{"resource":{"resourceType":"ChargeItem","id":"c2","status":"billable","subject":{"reference":"Patient/p1"},"context":{"reference":"Encounter/e2"},}},
{"resource":{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"}}}
]}"#;

#[test]
fn a_bundle_becomes_a_claim_beside_a_broken_entry_and_a_later_file_takes_the_charge_back() {
    let site = site();
    let put = |name: &str, text: &str| std::fs::write(site.dir().join("inbox/fhir").join(name), text).unwrap();
    put("day.json", DAY);
    let summary = site.run("2026-05-02");
    assert_eq!(summary["claims"]["submitted"], 1, "{summary}");
    let ends: Vec<(String, String)> = site
        .documents(PRACTICE)
        .iter()
        .map(|document| {
            (document["status"].as_str().unwrap().to_owned(), document["reason"].as_str().unwrap().to_owned())
        })
        .collect();
    let told = |status: &str, reason: &str| (status.to_owned(), reason.to_owned());
    let expected = [told("rejected", "fhir.malformed"), told("translated", ""), told("ignored", "fhir.no-charge")];
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert!(expected.iter().all(|end| ends.contains(end)), "{ends:?}");
    let (_, bytes) = site.outbox().remove(0);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("SV1*HC:99213*90*UN*1") && text.contains("HI*ABK:J069"), "{text}");

    // The same bundle again is a repeat; the charge entered in error is taken back, and the claim waits for its answer.
    put("again.json", DAY);
    assert_eq!(site.run("2026-05-03")["claims"]["submitted"], 1);
    let error =
        DAY.replace("\"billable\",\"code\"", "\"entered-in-error\",\"code\"").replace("2026-05-01T12", "2026-05-03T12");
    put("error.json", &error);
    let summary = site.run("2026-05-04");
    assert_eq!(summary["documents"]["parked"], 0, "{summary}");
    let shown = site.json(&["visit", "show", &format!("{PRACTICE}/1")]);
    let told = shown["events"].as_array().unwrap().iter().filter(|event| event["charge"] == "ChargeItem/c1");
    let told: Vec<&str> = told.map(|event| event["what"].as_str().unwrap()).collect();
    assert_eq!(told, ["new", "new", "cancel"], "{shown}");
    assert_eq!(summary["claims"]["total"], 1, "{summary}");
}
