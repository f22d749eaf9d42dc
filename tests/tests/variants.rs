//! Files that we wrote ourselves, as senders write them: other separators and versions, batches, escapes, bundles of every kind,
//! several interchanges, other guides. Each ends as the standard says, through the real binary, each in a practice of its own.
//!
//! The first case of each family is a visit that is billed without a finding; the others differ from it in one thing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_tests::ends::{End, Ends};
use claimhost_tests::site::{Charge, Site};

/// One file, and the ends of its documents in any order: `claim`, `visit`, `held: rule rule`, `ignored: words of the reason`,
/// `rejected: problem place`.
struct Case {
    name: &'static str,
    mapping: &'static str,
    bytes: Vec<u8>,
    ends: Vec<String>,
}

fn case(name: &'static str, text: impl Into<String>, ends: &[&str]) -> Case {
    bytes(name, text.into().into_bytes(), ends)
}

fn bytes(name: &'static str, bytes: Vec<u8>, ends: &[&str]) -> Case {
    Case { name, mapping: "", bytes, ends: ends.iter().map(|end| (*end).to_owned()).collect() }
}

fn mapped(mapping: &'static str, case: Case) -> Case {
    Case { mapping, ..case }
}

fn fits(expected: &str, end: &End) -> bool {
    let (outcome, what) = expected.split_once(": ").unwrap_or((expected, ""));
    let told = match outcome {
        "held" => end.what.iter().cloned().collect::<Vec<_>>().join(" ") == what,
        "ignored" | "rejected" => end.what.iter().any(|told| told.contains(what)),
        _ => what.is_empty(),
    };
    end.outcome == outcome && told && end.half.is_empty()
}

fn check(adapter: &str, cases: &[Case]) {
    let mut ends = Ends::new();
    let id = |at: usize| format!("case-{at}");
    for (at, case) in cases.iter().enumerate() {
        let mapping = (!case.mapping.is_empty()).then_some(case.mapping);
        ends.practice(&id(at), adapter, mapping, &[("file.txt", case.bytes.as_slice())]);
    }
    let told = ends.run("2026-06-01");
    let mut wrong = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        let mut found = told.get(&id(at)).cloned().unwrap_or_default();
        let all = format!("{found:?}");
        let taken = case.ends.iter().all(|expected| {
            let at = found.iter().position(|end| fits(expected, end));
            at.map(|at| found.remove(at)).is_some()
        });
        if !taken || !found.is_empty() {
            wrong.push(format!("{}: expected {:?}, found {all}", case.name, case.ends));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// A charge message that is billed without a finding, and the same with one text for another.
fn message() -> String {
    Charge::new(1).message()
}

fn with(from: &str, to: &str) -> String {
    let message = message();
    assert!(message.contains(from), "{from}");
    message.replace(from, to)
}

fn second() -> String {
    Charge { name: "QUILL^IDA".to_owned(), born: "19720202".to_owned(), ..Charge::new(2) }.message()
}

fn version(version: &str) -> String {
    with("|P|2.5\r", &format!("|P|{version}\r"))
}

/// The message behind another header: an event of another kind.
fn of_kind(kind: &str) -> String {
    with("DFT^P03", kind).replace("EVN|P03", &format!("EVN|{}", kind.rsplit('^').next().unwrap_or_default()))
}

const SIU: &str = "MSH|^~\\&|EHR|SITE|CH|CH|20260501120000||SIU^S12|M1|P|2.5\rSCH|P1|F1|||||ROUTINE|OV|30|m|^^30^20260501100000|||||||||||||Booked\r\
                   PID|1||M1^^^SITE^MR||VANCE^ORLA||19800101|F\rAIP|1||DR01\rAIL|1||MAIN\r";

#[test]
fn hl7_messages() {
    let batch = |trailer: &str| format!("FHS|^~\\&|EHR\rBHS|^~\\&|EHR\r{}{}{trailer}", message(), second());
    let other = message().replace('|', "$").replace('^', "%").replace("%~\\&", "%*@!");
    let mut latin = with("VANCE^ORLA", "VANC#^ORLA").into_bytes();
    latin.iter_mut().filter(|byte| **byte == b'#').for_each(|byte| *byte = 0xc9);
    let named = |mrn: &str| with("M1^^^SITE^MR", mrn);
    check(
        "hl7v2-dft",
        &[
            case("as it is", message(), &["claim"]),
            case("other separators", other, &["claim"]),
            case("line feeds", message().replace('\r', "\n"), &["claim"]),
            case("carriage return and line feed", message().replace('\r', "\r\n"), &["claim"]),
            case("no end of line at the end", message().trim_end(), &["held: line.open-end"]),
            case("MLLP", format!("\u{b}{}\u{1c}\r", message()), &["claim"]),
            case("byte order mark", format!("\u{feff}{}", message()), &["claim"]),
            bytes("Latin-1", latin, &["claim"]),
            case("2.1", version("2.1"), &["claim"]),
            case("2.2", version("2.2"), &["claim"]),
            case("2.3", version("2.3"), &["claim"]),
            case("2.3.1", version("2.3.1"), &["claim"]),
            case("2.4", version("2.4"), &["claim"]),
            case("2.5.1 with a profile", version("2.5.1^USA&&ISO"), &["claim"]),
            case("2.6", version("2.6"), &["claim"]),
            case("2.7 with its truncation character", version("2.7").replace("MSH|^~\\&|", "MSH|^~\\&#|"), &["claim"]),
            case("2.8", version("2.8"), &["claim"]),
            case("MSH-9 with structure", with("DFT^P03", "DFT^P03^DFT_P03"), &["claim"]),
            case("MSH-9 without event", with("DFT^P03", "DFT"), &["claim"]),
            case("escaped separator", with("12 ELM STREET", "12 ELM STREET \\T\\ 5"), &["claim"]),
            case("escaped hexadecimal", with("12 ELM STREET", "12 ELM\\X20\\STREET"), &["claim"]),
            case("Z-segments", with("PV1|", "ZPI|1|x^y\rPV1|").replace("DG1|", "ZCH|9~8\rDG1|"), &["claim"]),
            case("segments nobody asked for", with("DG1|", "NTE|1||a note\rROL|1|AD\rDG1|"), &["claim"]),
            case("day with time and offset", with("|20260501||CG", "|20260501143000-0500||CG"), &["claim"]),
            case("range of days", with("|20260501||CG", "|20260501^20260501||CG"), &["claim"]),
            case("amount with currency", with("90.00", "90.00&USD"), &["claim"]),
            case("amount of another currency", with("90.00", "90.00&EUR"), &["rejected: hl7.misaligned FT1[1]-11"]),
            case("without DG1", with("DG1|1||J06.9^^I10\r", ""), &["claim"]),
            case(
                "without PV1, the account is the visit",
                with("PV1|1|O|MAIN||||DR01^CHANGEME^PAT||||||||||||V1\r", "")
                    .replace("43001\rFT1", "43001|||||||A77\rFT1"),
                &["claim"],
            ),
            case("without a visit number", with("|V1\r", "|\r"), &["rejected: hl7.no-visit-number PV1-19"]),
            case(
                "an account for a visit number, and another day",
                {
                    let one = with("|V1\r", "|\r").replace("43001\rPV1", "43001|||||||A77\rPV1");
                    let other = one.replace("|C1||20260501|", "|C2||20260502|").replace("|MSG1|", "|MSG2|");
                    one + &other.replace("20260501120000", "20260502120000")
                },
                &["held: visit.shared-number", "held: visit.shared-number"],
            ),
            case(
                "a social security number for a visit number",
                with("|V1\r", "|\r").replace("43001\rPV1", "43001|||||||900001111^^^USA^SS\rPV1"),
                &["rejected: hl7.visit-number-type PID-18"],
            ),
            case("two ids of the patient", named("M1^^^SITE^MR~900-00-1111^^^USA^SS"), &["claim"]),
            case(
                "the medical record number is not the first id",
                named("900-00-1111^^^USA^SS~M1^^^SITE^MR"),
                &["claim"],
            ),
            case(
                "gender taken back",
                with("|19800101|F|||12 ELM", "|19800101|\"\"|||12 ELM").replace("||||||F\r", "||||||\r"),
                &["held: patient.gender.missing"],
            ),
            case("two messages", message() + &second(), &["claim", "claim"]),
            case("batch", batch("BTS|2\rFTS|1\r"), &["claim", "claim"]),
            case("batch with a wrong count", batch("BTS|3\rFTS|1\r"), &["claim", "claim", "rejected: hl7.count file"]),
            case("batch without its end", batch(""), &["claim", "claim", "rejected: hl7.truncated file"]),
            case(
                "torn line",
                with("12 ELM STREET", "12 ELM\rSTREET"),
                &["rejected: hl7.torn-segment line after PID", "rejected: hl7.stray-lines file"],
            ),
            case("a header and no more", "MSH|^~\\&|EHR|SITE", &["rejected: hl7.message-type MSH-9"]),
            case("BAR P01", of_kind("BAR^P01"), &["ignored: BAR^P01"]),
            case("BAR P05", of_kind("BAR^P05"), &["ignored: BAR^P05"]),
            case("BAR P12", of_kind("BAR^P12"), &["ignored: BAR^P12"]),
            case("a result", of_kind("ORU^R01"), &["ignored: ORU^R01"]),
            case("DFT P11", of_kind("DFT^P11"), &["claim"]),
            case("arrival", of_kind("ADT^A04"), &["visit"]),
            case("discharge", of_kind("ADT^A03"), &["visit"]),
            case("cancelled", of_kind("ADT^A11"), &["visit"]),
            case("news of a person", of_kind("ADT^A08").replace("|V1\r", "|\r"), &["ignored: without a visit number"]),
            case("merge", of_kind("ADT^A40"), &["ignored: ADT^A40"]),
            case("appointment", SIU, &["visit"]),
            case("appointment that nobody came to", SIU.replace("S12", "S26"), &["visit"]),
            case("appointment without a time", SIU.replace("^^30^20260501100000", ""), &["rejected: hl7.no-start"]),
            case("an 837 in this folder", "ISA*00*          *00*          *", &["rejected: framing.wrong-kind file"]),
            case("blank lines", "\r\n\r\n", &["rejected: framing.no-documents file"]),
        ],
    );
}

/// The resources of a visit that is billed without a finding.
const RESOURCES: [&str; 4] = [
    r#"{"resourceType":"Patient","id":"p1","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"SITE","value":"M1"}],"name":[{"family":"VANCE","given":["ORLA"]}],"gender":"female","birthDate":"1980-01-01","address":[{"line":["12 ELM STREET"],"city":"ANYTOWN","state":"OH","postalCode":"43001"}]}"#,
    r#"{"resourceType":"Coverage","id":"v1","status":"active","beneficiary":{"reference":"Patient/p1"},"subscriberId":"ID1","relationship":{"coding":[{"code":"self"}]},"payor":[{"display":"EXAMPLE"}]}"#,
    r#"{"resourceType":"Encounter","id":"e1","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"location":[{"location":{"reference":"Location/MAIN"}}]}"#,
    r#"{"resourceType":"ChargeItem","id":"c1","status":"billable","code":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"99213"}]},"subject":{"reference":"Patient/p1"},"context":{"reference":"Encounter/e1"},"occurrenceDateTime":"2026-05-01","performer":[{"actor":{"reference":"Practitioner/DR01"}}],"quantity":{"value":1},"priceOverride":{"value":90.00,"currency":"USD"},"reason":[{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J06.9"}]}]}"#,
];

/// A claim of its own: patient, coverage, payer and place are inside of it.
const CLAIM: &str = r##"{"resourceType":"Claim","id":"k1","status":"active","use":"claim","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/claim-type","code":"professional"}]},
"contained":[{"resourceType":"Patient","id":"pat","identifier":[{"type":{"coding":[{"code":"MR"}]},"value":"M1"}],"name":[{"family":"VANCE","given":["ORLA"]}],"gender":"female","birthDate":"1980-01-01","address":[{"line":["12 ELM STREET"],"city":"ANYTOWN","state":"OH","postalCode":"43001"}]},
{"resourceType":"Coverage","id":"cov","status":"active","subscriberId":"ID1","relationship":{"coding":[{"code":"self"}]},"beneficiary":{"reference":"#pat"},"payor":[{"reference":"#pay"}]},
{"resourceType":"Organization","id":"pay","name":"EXAMPLE"}],
"patient":{"reference":"#pat"},"created":"2026-05-01","careTeam":[{"sequence":1,"provider":{"reference":"Practitioner/DR01"}}],
"diagnosis":[{"sequence":1,"diagnosisCodeableConcept":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"J06.9"}]}}],
"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"#cov"}}],
"item":[{"sequence":1,"careTeamSequence":[1],"diagnosisSequence":[1],"productOrService":{"coding":[{"system":"http://www.ama-assn.org/go/cpt","code":"99213"}]},"servicedDate":"2026-05-01","locationCodeableConcept":{"coding":[{"system":"https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set","code":"11"}]},"quantity":{"value":1},"unitPrice":{"value":90,"currency":"USD"},"net":{"value":90,"currency":"USD"}}]}"##;

/// A bundle of these resources, each with what `around` puts beside it.
fn bundle(kind: &str, resources: &[String], around: impl Fn(usize, &str) -> String) -> String {
    let entry = |(at, resource): (usize, &String)| format!("{{{}\"resource\":{resource}}}", around(at, resource));
    let entries: Vec<String> = resources.iter().enumerate().map(entry).collect();
    format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{}]}}"#, entries.join(",\n"))
}

#[test]
fn fhir_files() {
    let own = RESOURCES.map(str::to_owned);
    let plain = |kind: &str| bundle(kind, &own, |_, _| String::new());
    let changed = |from: &str, to: &str| {
        assert!(plain("searchset").contains(from), "{from}");
        plain("searchset").replace(from, to)
    };
    let found = bundle("searchset", &own, |at, _| {
        let mode = if at == 3 { "match" } else { "include" };
        format!(r#""search":{{"mode":"{mode}"}},"fullUrl":"https://ehr.example/fhir/X/{at}","#)
    });
    let ids = ["p1", "v1", "e1", "c1"];
    let names = ["Patient", "Coverage", "Encounter", "ChargeItem"];
    let urn = |at: usize| format!("urn:uuid:00000000-0000-4000-8000-00000000000{at}");
    let absolute = |at: usize| format!("https://ehr.example/fhir/{}/{}", names[at], ids[at]);
    // Every reference to one of the entries is written as its full URL.
    let referring = |url: &dyn Fn(usize) -> String| {
        own.clone().map(|text| {
            (0..4).fold(text, |text, at| {
                text.replace(&format!("\"{}/{}\"", names[at], ids[at]), &format!("\"{}\"", url(at)))
            })
        })
    };
    let transaction = bundle("transaction", &referring(&urn), |at, _| {
        format!(r#""fullUrl":"{}","request":{{"method":"POST","url":"{}"}},"#, urn(at), names[at])
    });
    let remote = bundle("collection", &referring(&absolute), |at, _| format!(r#""fullUrl":"{}","#, absolute(at)));
    let versioned = changed("\"Patient/p1\"", "\"Patient/p1/_history/3\"")
        .replace("\"Encounter/e1\"", "\"Encounter/e1/_history/1\"");
    let someone = own.clone().map(|text| {
        let text = ids.iter().fold(text, |text, id| text.replace(&format!("/{id}\""), &format!("/{id}b\"")));
        let text =
            ids.iter().fold(text, |text, id| text.replace(&format!("\"id\":\"{id}\""), &format!("\"id\":\"{id}b\"")));
        text.replace("\"M1\"", "\"M2\"")
            .replace("VANCE", "QUILL")
            .replace("ORLA", "IDA")
            .replace("1980-01-01", "1972-02-02")
            .replace("ID1", "ID2")
    });
    let both: Vec<String> = own.iter().chain(&someone).cloned().collect();
    let claim = |from: &str, to: &str| {
        assert!(CLAIM.contains(from), "{from}");
        CLAIM.replace(from, to)
    };
    let clinical = changed("http://www.ama-assn.org/go/cpt", "http://snomed.info/sct");
    let mut reversed = own.to_vec();
    reversed.reverse();
    check(
        "fhir-r4",
        &[
            case("searchset", plain("searchset"), &["claim"]),
            case("searchset with includes", found, &["claim"]),
            case("collection", plain("collection"), &["claim"]),
            case("batch", plain("batch"), &["claim"]),
            case("transaction with urn:uuid", transaction, &["claim"]),
            case("absolute references", remote, &["claim"]),
            case("versioned references", versioned, &["claim"]),
            case(
                "the charge before what it refers to",
                bundle("collection", &reversed, |_, _| String::new()),
                &["claim"],
            ),
            case("a resource a line", own.join("\n"), &["claim"]),
            case("a resource a line, carriage return and line feed", own.join("\r\n") + "\r\n", &["claim"]),
            case("byte order mark", format!("\u{feff}{}", plain("searchset")), &["claim"]),
            case("two patients", bundle("searchset", &both, |_, _| String::new()), &["claim", "claim"]),
            case("a claim with contained resources", CLAIM, &["claim"]),
            case("a claim in a bundle", bundle("collection", &[CLAIM.to_owned()], |_, _| String::new()), &["claim"]),
            case("an institutional claim", claim("\"professional\"", "\"institutional\""), &["held: fhir.claim-type"]),
            mapped(
                "[claim]\ntypes = [\"institutional\"]\n",
                case(
                    "a source that calls all its claims institutional",
                    claim("\"professional\"", "\"institutional\""),
                    &["claim"],
                ),
            ),
            case("a dental claim", claim("\"professional\"", "\"oral\""), &["ignored: type oral"]),
            case("a pharmacy claim", claim("\"professional\"", "\"pharmacy\""), &["ignored: type pharmacy"]),
            case(
                "a preauthorization",
                claim("\"use\":\"claim\"", "\"use\":\"preauthorization\""),
                &["ignored: preauthorization"],
            ),
            case(
                "a claim of STU3",
                claim("\"use\":\"claim\"", "\"use\":\"complete\""),
                &["rejected: fhir.claim-use Claim.use"],
            ),
            case(
                "a draft",
                claim("\"status\":\"active\",\"use\"", "\"status\":\"draft\",\"use\""),
                &["ignored: draft"],
            ),
            case(
                "a claim entered in error",
                claim("\"status\":\"active\",\"use\"", "\"status\":\"entered-in-error\",\"use\""),
                &["visit"],
            ),
            case(
                "a claim in euros",
                claim("\"net\":{\"value\":90,\"currency\":\"USD\"}", "\"net\":{\"value\":90,\"currency\":\"EUR\"}"),
                &["rejected: fhir.currency Claim.item[0].net"],
            ),
            case(
                "a pointer to no diagnosis",
                claim("\"diagnosisSequence\":[1]", "\"diagnosisSequence\":[2]"),
                &["rejected: fhir.pointer Claim.item[0].diagnosisSequence"],
            ),
            case(
                "a year for a day",
                claim("\"servicedDate\":\"2026-05-01\"", "\"servicedDate\":\"2026\""),
                &["rejected: fhir.date-precision Claim.item[0].servicedDate"],
            ),
            case("coded in SNOMED CT only", clinical, &["held: procedure.unmapped"]),
            case("a charge entered in error", changed("\"billable\"", "\"entered-in-error\""), &["visit"]),
            case("a charge that is planned", changed("\"billable\"", "\"planned\""), &["ignored: planned"]),
            case("a visit that did not take place", changed("\"finished\"", "\"cancelled\""), &["visit"]),
            case("an encounter alone", RESOURCES[2], &["visit"]),
            case("a patient alone", RESOURCES[0], &["ignored: Patient (1"]),
            case(
                "what a payer decided",
                r#"{"resourceType":"ExplanationOfBenefit","id":"x"}"#,
                &["ignored: what a payer has decided"],
            ),
            case(
                "an error of the server",
                r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}"#,
                &["ignored: OperationOutcome"],
            ),
            case(
                "a deleted charge",
                r#"{"resourceType":"Bundle","type":"history","entry":[{"request":{"method":"DELETE","url":"ChargeItem/1"}}]}"#,
                &["rejected: fhir.deletion Bundle.entry[0]"],
            ),
            case(
                "a search that found nothing",
                r#"{"resourceType":"Bundle","type":"searchset","total":0}"#,
                &["ignored: no resource"],
            ),
            case("cut off", plain("searchset").trim_end_matches("]}"), &["rejected: fhir.truncated file", "claim"]),
            case(
                "XML",
                "<?xml version=\"1.0\"?><Bundle xmlns=\"http://hl7.org/fhir\"/>",
                &["rejected: framing.wrong-kind file"],
            ),
            bytes("compressed", b"\x1f\x8b\x08\x00\x00".to_vec(), &["rejected: framing.binary file"]),
        ],
    );
}

/// The 837P that the host itself sends of the charge: sound, so that what the cases change is all that is wrong.
fn interchange() -> String {
    let site = Site::new();
    site.hl7("one.hl7", message().as_bytes());
    assert_eq!(site.run("2026-05-02")["claims"]["submitted"], 1);
    String::from_utf8(site.outbox().remove(0).1).unwrap().replace(['\r', '\n'], "")
}

#[test]
fn x12_files() {
    let text = interchange();
    assert!(text.starts_with("ISA*") && text.ends_with('~') && text[104..105] == *":", "{text}");
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    let control = text.split("CLM*").nth(1).unwrap().split('*').next().unwrap().to_owned();
    let member = |text: &str| text.replace(&format!("CLM*{control}*"), "CLM*OTHER1*");
    let guide = |version: &str| changed("005010X222A1", version);
    // Other delimiters: the repetition separator is one of them.
    let repetition = &text[82..83];
    let other = |element: &str, component: &str, terminator: &str| {
        let bare = text.replace(repetition, "!");
        bare.replace('*', element).replace(':', component).replace('~', terminator)
    };
    let st = text.find("~ST*").unwrap() + 1;
    let se = text.find("~SE*").unwrap() + 1;
    let header = format!("{}{}", &text[..text.find("~GS*").unwrap() + 1], &text[text.find("~GS*").unwrap() + 1..st]);
    let trailer = &text[text.find("~GE*").unwrap() + 1..];
    let body = |kind: &str| format!("{header}ST*{kind}*0001~SE*2*0001~{trailer}");
    let dental = guide("005010X224A2");
    check(
        "x12-837",
        &[
            case("as it is", text.clone(), &["claim"]),
            case("a segment a line", text.replace('~', "~\n"), &["claim"]),
            case("a segment a line, carriage return and line feed", text.replace('~', "~\r\n"), &["claim"]),
            case("blank lines between", text.replace('~', "~\n\n"), &["claim"]),
            case("other delimiters", other("|", ">", "\n"), &["claim"]),
            case("control characters as delimiters", other("\u{1d}", "\u{1f}", "\u{1c}"), &["claim"]),
            case("carriage return as terminator", other("*", ":", "\r"), &["claim"]),
            case("byte order mark", format!("\u{feff}{text}"), &["claim"]),
            case("ISA of 4010 around 5010", changed("*00501*", "*00401*"), &["claim"]),
            case("005010X222", guide("005010X222"), &["claim"]),
            case("005010X222A2", guide("005010X222A2"), &["claim"]),
            case("ST03 left out", text.replacen("*005010X222A1~BHT", "~BHT", 1), &["claim"]),
            case("an encounter", text.replacen("*CH~", "*RP~", 1), &["claim"]),
            case("a demand of subrogation", text.replacen("*CH~", "*31~", 1), &["rejected: x12.element BHT06"]),
            case("two interchanges", text.clone() + &member(&text), &["claim", "held: duplicate.claim"]),
            case(
                "two interchanges, the second of other delimiters",
                text.clone() + &member(&other("|", ">", "\n")).replace(&format!("CLM|{control}|"), "CLM|OTHER2|"),
                &["claim", "held: duplicate.claim"],
            ),
            case("837I", guide("005010X223A2"), &["rejected: x12.version GS08"]),
            case("837I, the next erratum", guide("005010X223A3"), &["rejected: x12.version GS08"]),
            case("837D", dental, &["rejected: x12.version GS08"]),
            case("professional, 4010", guide("004010X098A1"), &["rejected: x12.version GS08"]),
            case("institutional, 4010", guide("004010X096A1"), &["rejected: x12.version GS08"]),
            case("post-adjudicated", guide("005010X298"), &["rejected: x12.version GS08"]),
            case(
                "835 in this folder",
                body("835").replace("005010X222A1", "005010X221A1"),
                &["rejected: x12.wrong-transaction file"],
            ),
            case(
                "834 in this folder",
                body("834").replace("005010X222A1", "005010X220A1"),
                &["rejected: x12.wrong-transaction file"],
            ),
            case(
                "278 in this folder",
                body("278").replace("005010X222A1", "005010X217"),
                &["rejected: x12.wrong-transaction file"],
            ),
            case("837 without a claim", body("837"), &["rejected: x12.no-claims file"]),
            case(
                "cut off inside of the claim",
                &text[..se - 20],
                &["rejected: x12.truncated file", "rejected: x12.truncated file"],
            ),
            case(
                "IEA is gone",
                text[..text.find("~IEA*").unwrap() + 1].to_owned(),
                &["claim", "rejected: x12.truncated file"],
            ),
            case("no ISA", &text[text.find("~GS*").unwrap() + 1..], &["rejected: x12.no-isa file"]),
            case("an HL7 message in this folder", message(), &["rejected: framing.wrong-kind file"]),
        ],
    );
}

const HEADER: &str = "Visit ID,Line ID,Status,Patient ID,Patient Last,Patient First,Patient DOB,Patient Sex,Address 1,City,State,ZIP,Payer,Member ID,Rendering NPI,Location,DOS,CPT,Units,Charge,Dx1\n";
const ROW: &str = "V1,1,closed,M1,VANCE,ORLA,01/01/1980,F,12 ELM STREET,ANYTOWN,OH,43001,EXAMPLE,ID1,1000000004,MAIN,05/01/2026,99213,1,90.00,J06.9\n";

#[test]
fn delimited_files() {
    let file = |from: &str, to: &str| {
        assert!(ROW.contains(from), "{from}");
        format!("{HEADER}{}", ROW.replace(from, to))
    };
    let all = |from: &str, to: &str| file("V1", "V1").replace(from, to);
    check(
        "csv-superbill",
        &[
            case("as it is", file("V1", "V1"), &["claim"]),
            case("byte order mark", format!("\u{feff}{}", file("V1", "V1")), &["claim"]),
            case("carriage return and line feed", all("\n", "\r\n"), &["claim"]),
            mapped("[framing]\ndelimiter = \"tab\"\n", case("tabs", all(",", "\t"), &["claim"])),
            mapped("[framing]\ndelimiter = \"|\"\n", case("bars", all(",", "|"), &["claim"])),
            mapped("[framing]\ndelimiter = \";\"\n", case("semicolons", all(",", ";"), &["claim"])),
            mapped(
                "date_format = \"DD-MMM-YYYY\"\n",
                case(
                    "months by name",
                    file("01/01/1980", "01-Jan-1980").replace("05/01/2026", "1-MAY-2026"),
                    &["claim"],
                ),
            ),
            mapped(
                "[values.patient_gender]\n\"2\" = \"F\"\n[values.status]\nfinal = \"closed\"\n",
                case("codes of the site's own", file(",F,", ",2,").replace(",closed,", ",final,"), &["claim"]),
            ),
            case("money as people write it", file("90.00", "\"$90.00\""), &["claim"]),
            case("total row", file("V1", "V1") + "Total,,,,,,,,,,,,,,,,,,1,90.00,\n", &["claim", "ignored: sums up"]),
            case("blank row", file("V1", "V1") + ",,,,,,,,,,,,,,,,,,,,\n", &["claim", "ignored: without anything"]),
            case("an amount without a code", file("99213", ""), &["held: procedure.missing"]),
            case("neither code nor amount", file("99213,1,90.00", ",1,0.00"), &["visit"]),
            case("a day in another order", file("05/01/2026", "2026-05-01"), &["rejected: csv.date row 1, column DOS"]),
            case("a cell too many", file("J06.9", "J06.9,x"), &["rejected: csv."]),
            mapped(
                "[columns]\nprocedure = \"Code\"\n",
                case("a column that is not there", file("V1", "V1"), &["rejected: csv."]),
            ),
        ],
    );
}
