//! The fixtures, cut as the host cuts them, and what single resources come to under the standard and under a mapping.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

use std::path::Path;

use claimhost_fhir::{EntryScanner, Grouper, Head, Scanned};
use claimhost_sdk::Adapter;
use claimhost_sdk::claim::{ClaimDateKind, Date, DiagnosisSystem, ProcedureSystem, Provider, Relationship, Unit};
use claimhost_sdk::intake::{
    ChargeAction, Document, Event, Outcome, Problem, Related, Setup, VisitStatus, VisitUpdate,
};
use plugin_fhir_r4::FhirR4;

/// Content and related parts of a document.
type Cut = (Vec<u8>, Vec<Related>);

/// Documents of a file, and how many entries were no JSON.
fn documents(file: &[u8]) -> (Vec<Cut>, usize) {
    let (mut scanner, mut grouper, mut broken) = (EntryScanner::default(), Grouper::default(), 0);
    scanner.push(file);
    scanner.finish();
    while let Some(piece) = scanner.next_piece() {
        match piece {
            Scanned::Entry(entry) => match Head::read(std::str::from_utf8(&entry.bytes).unwrap()) {
                Ok(head) => grouper.note(&entry.range, entry.number, &head),
                Err(_) => broken += 1,
            },
            Scanned::Problem(_) => broken += 1,
            _ => {}
        }
    }
    let mut groups = grouper.groups();
    let mut documents = Vec::new();
    let read = |range: std::ops::Range<u64>| Ok::<_, ()>(file[range.start as usize..range.end as usize].to_vec());
    while let Some(group) = groups.next_group(read).unwrap() {
        let numbers = group.numbers.iter().map(|number| number.map_or("-".to_owned(), |number| number.to_string()));
        let content = numbers.collect::<Vec<_>>().join(" ").into_bytes();
        documents.push((group.bytes, vec![Related { name: "entries".to_owned(), content }]));
    }
    (documents, broken)
}

fn outcomes(mapping: &str, file: &str) -> Vec<Outcome> {
    let session = FhirR4::open(Setup { settings: Vec::new(), mapping: mapping.to_owned() }).unwrap();
    let translate = |(content, related)| {
        let received = Date { year: 2026, month: 3, day: 2 };
        session.translate(&Document { format: "fhir-r4".to_owned(), content, related, received, ordinal: 0 })
    };
    documents(file.as_bytes()).0.into_iter().map(translate).collect()
}

/// The visits that a document tells of.
fn updates(outcome: &Outcome) -> Vec<VisitUpdate> {
    let Outcome::Events(events) = outcome else { panic!("expected events, found {outcome:?}") };
    let visit = |event: &Event| match event {
        Event::Visit(update) => update.clone(),
        Event::Expected(expected) => panic!("expected a visit update, found {expected:?}"),
    };
    events.iter().map(visit).collect()
}

fn visit(mapping: &str, file: &str) -> VisitUpdate {
    let mut updates = updates(&outcomes(mapping, file)[0]);
    assert_eq!(updates.len(), 1);
    updates.remove(0)
}

fn problem(mapping: &str, file: &str) -> Problem {
    match outcomes(mapping, file).remove(0) {
        Outcome::Rejected(mut problems) => problems.remove(0),
        other => panic!("expected a rejection, found {other:?}"),
    }
}

fn ignored(file: &str) -> String {
    match outcomes("", file).remove(0) {
        Outcome::Ignored(ignored) => ignored.reason,
        other => panic!("expected to be ignored, found {other:?}"),
    }
}

#[test]
fn fixtures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let frame = |_: &Path, file: &[u8]| {
        let (documents, broken) = documents(file);
        assert_eq!(broken, 0, "the host refuses a fixture with an entry that is no JSON");
        documents
    };
    let ran = claimhost_sdk::fixtures::run::<FhirR4>(&folder, "input.json", frame);
    assert_eq!(ran, Ok(6), "{}", ran.clone().err().unwrap_or_default());
}

const CPT: &str = "http://www.ama-assn.org/go/cpt";

fn charge_item(extra: &str) -> String {
    format!(
        r#"{{"resourceType":"ChargeItem","id":"c1","status":"billable","subject":{{"reference":"Patient/p"}},
        "context":{{"reference":"Encounter/e1"}},"code":{{"coding":[{{"system":"{CPT}","code":"99213"}}]}},
        "occurrenceDateTime":"2026-02-03","quantity":{{"value":1}},"priceOverride":{{"value":90.10,"currency":"USD"}}{extra}}}"#
    )
}

#[test]
fn a_charge_item_alone() {
    let update = visit("", &charge_item(r#","meta":{"versionId":"3"}"#));
    assert_eq!((update.visit_number.as_str(), update.order.sequence), ("e1", Some(3)));
    let charge = &update.charges[0];
    assert_eq!((charge.id.as_str(), charge.line.charge, charge.line.units.thousandths), ("ChargeItem/c1", 9010, 1000));
    assert_eq!(update.header.patient.ids[0].value, "p");
}

#[test]
fn a_charge_item_has_no_place_for_modifiers_until_somebody_says_where_they_are() {
    let lacks = |mapping: &str, extra: &str| {
        visit(mapping, &charge_item(extra)).undelivered.contains(&"line.procedure.modifiers".to_owned())
    };
    assert!(lacks("", ""));
    assert!(lacks("[charge_item]\nmodifiers = \"\"\n", ""), "an empty path says that there is none");
    assert!(!lacks("", r#","extension":[{"url":"https://ehr.example/modifier","valueCode":"25"}]"#), "it is there");
    assert!(!lacks("[charge_item]\nmodifiers = \"extension(mod).valueCode\"\n", ""), "none is an answer there");
    assert!(!lacks("blank_is_none = [\"line.procedure.modifiers\"]\n", ""), "the site has answered");
}

#[test]
fn places_name_path_class_and_remedy_and_never_the_value() {
    for (from, to, id, at, found) in [
        ("2026-02-03", "2026", "fhir.date-precision", "ChargeItem.occurrenceDateTime", "a year without month and day"),
        ("2026-02-03", "2026-02", "fhir.date-precision", "ChargeItem.occurrenceDateTime", "a month without day"),
        ("2026-02-03", "2026-02-30", "fhir.date", "ChargeItem.occurrenceDateTime", "a string"),
        (
            "90.10",
            "90.101",
            "fhir.amount",
            "ChargeItem.priceOverride",
            "a part of a cent, or a number that does not fit",
        ),
        ("90.10", "-90.10", "fhir.negative", "ChargeItem.priceOverride", "a negative amount"),
        ("USD", "EUR", "fhir.currency", "ChargeItem.priceOverride", "another currency"),
        ("{\"value\":1}", "{\"value\":\"one\"}", "fhir.quantity", "ChargeItem.quantity", "no such number"),
        ("billable", "unknown", "fhir.status", "ChargeItem.status", "another status"),
        ("\"occurrenceDateTime\":\"2026-02-03\",", "", "fhir.no-date", "ChargeItem", "no day of service"),
        ("\"id\":\"c1\",", "", "fhir.no-charge-id", "ChargeItem.id", "nothing"),
    ] {
        let file = charge_item("").replace(from, to);
        let problem = problem("", &file);
        assert_eq!((problem.id.as_str(), problem.at.path.as_str(), problem.found.as_str()), (id, at, found));
        assert!(!problem.remedy.is_empty() && !problem.expected.is_empty());
    }
    let bundle = format!(
        r#"{{"resourceType":"Bundle","entry":[{{"resource":{{"resourceType":"Basic"}}}},{{"resource":{}}}]}}"#,
        charge_item("").replace("2026-02-03", "2026")
    );
    assert_eq!(problem("", &bundle).at.path, "Bundle.entry[1].resource.occurrenceDateTime");
}

#[test]
fn an_item_with_several_charges_in_it_is_no_line_of_one_of_them() {
    let mapping = "[charge_item]\ncode = \"extension(t).extension(d).extension(code).valueCoding\"\ndetails = \"extension(t).extension(d)\"\n";
    let detail = |code: &str| {
        format!(r#"{{"url":"d","extension":[{{"url":"code","valueCoding":{{"system":"{CPT}","code":"{code}"}}}}]}}"#)
    };
    let of = |details: &str| charge_item(&format!(r#","extension":[{{"url":"t","extension":[{details}]}}]"#));
    let update = visit(mapping, &of(&detail("17000")));
    assert_eq!(update.charges[0].line.procedure.code, "17000");
    let two = of(&format!("{},{}", detail("17000"), detail("17003")));
    let told = problem(mapping, &two);
    assert_eq!(
        (told.id.as_str(), told.at.path.as_str()),
        ("fhir.several-details", "ChargeItem.extension[0].extension[1]")
    );
    // What takes it back takes back all of it.
    let taken_back = visit(mapping, &two.replace("billable", "not-billable"));
    assert_eq!(taken_back.charges.last().unwrap().action, ChargeAction::Cancel);
    // A mapping that says nothing of it reads the first, as before.
    assert_eq!(visit(mapping.split_once("details").unwrap().0, &two).charges[0].line.procedure.code, "17000");
}

#[test]
fn a_day_that_may_be_the_day_before_is_in_doubt() {
    let at = |time: &str| charge_item("").replace("\"2026-02-03\"", time);
    let doubts = |mapping: &str, time: &str| -> Vec<String> {
        visit(mapping, &at(time)).doubts.into_iter().map(|doubt| format!("{} {}", doubt.id, doubt.at.path)).collect()
    };
    let (five, doubtful) = ("[charge_item]\nutc_hours = \"5\"\n", ["fhir.day-in-utc ChargeItem.occurrenceDateTime"]);
    for time in ["\"2026-02-04T00:00:00Z\"", "\"2026-02-04T04:59:59+00:00\""] {
        assert_eq!(doubts(five, time), doubtful, "{time}");
        assert!(doubts("", time).is_empty(), "{time}: the day is the one that is written");
    }
    // A day without a time, a time at the facility's own clock, and the working day.
    for time in
        ["\"2026-02-03\"", "\"2026-02-03T00:30:00-05:00\"", "\"2026-02-03T05:00:00Z\"", "\"2026-02-03T23:59:00Z\""]
    {
        assert!(doubts(five, time).is_empty(), "{time}");
    }
    let period = charge_item("").replace(
        "\"occurrenceDateTime\":\"2026-02-03\"",
        "\"occurrencePeriod\":{\"start\":\"2026-02-03T23:30:00Z\",\"end\":\"2026-02-04T00:30:00Z\"}",
    );
    assert_eq!(visit(five, &period).doubts[0].at.path, "ChargeItem.occurrencePeriod.end");
    // What is taken back is no charge of any day. Oracle Health writes UTC: until a site says how far it is behind, as far as Hawaii.
    assert!(visit(five, &at("\"2026-02-04T00:00:00Z\"").replace("billable", "not-billable")).doubts.is_empty());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../connectors/oracle-cerner");
    let cerner = std::fs::read_to_string(folder.join("mapping.toml")).unwrap();
    assert_eq!(doubts(&cerner, "\"2026-02-04T09:59:00Z\""), doubtful);
    assert!(doubts(&cerner, "\"2026-02-04T10:00:00Z\"").is_empty());
}

#[test]
fn statuses_and_what_is_not_for_us() {
    let with = |status: &str| charge_item("").replace("billable", status);
    let actions =
        |file: &str| -> Vec<ChargeAction> { visit("", file).charges.iter().map(|charge| charge.action).collect() };
    assert_eq!(actions(&with("billable")), [ChargeAction::New]);
    for status in ["aborted", "entered-in-error", "not-billable"] {
        assert_eq!(actions(&with(status)), [ChargeAction::New, ChargeAction::Cancel], "{status}");
    }
    assert!(ignored(&with("billed")).contains("billed"));
    let handed_over = visit("[statuses]\nbilled = \"replace\"\n", &with("billed"));
    assert_eq!(handed_over.charges[0].action, ChargeAction::Replace);
    assert!(ignored(r#"{"resourceType":"ExplanationOfBenefit","id":"x"}"#).contains("what a payer has decided"));
    assert!(ignored(r#"{"resourceType":"Encounter","id":"x","status":"planned"}"#).contains("planned"));
    let claim = |kind: &str, used: &str| {
        format!(
            r#"{{"resourceType":"Claim","id":"x","status":"active","use":"{used}","type":{{"coding":[{{"code":"{kind}"}}]}},"item":[]}}"#
        )
    };
    assert!(ignored(&claim("oral", "claim")).contains("type oral"));
    assert!(ignored(&claim("pharmacy", "claim")).contains("type pharmacy"));
    assert!(ignored(&claim("professional", "preauthorization")).contains("preauthorization"));
    assert_eq!(problem("", &claim("professional", "complete")).at.path, "Claim.use");
    assert_eq!(problem("", &claim("professional", "claim")).id, "fhir.no-items");
    let gone = r#"{"entry":[{"request":{"method":"DELETE","url":"ChargeItem/1"}}]}"#;
    assert_eq!(
        (problem("", gone).id.as_str(), problem("", gone).at.path.as_str()),
        ("fhir.deletion", "Bundle.entry[0]")
    );
}

#[test]
fn a_service_that_is_coded_clinically_only_is_a_charge_for_the_crosswalk() {
    let clinical = charge_item("").replace(CPT, "http://snomed.info/sct");
    let procedure = &visit("", &clinical).charges[0].line.procedure;
    assert_eq!((procedure.system, procedure.code.as_str()), (ProcedureSystem::Internal, "99213"));
    let chart = r#"{"resourceType":"Procedure","id":"x","status":"completed","code":{"coding":[{"system":"http://snomed.info/sct","code":"24165007"}]},"performedDateTime":"2026-02-03","encounter":{"reference":"Encounter/e"}}"#;
    assert_eq!(visit("", chart).charges[0].line.procedure.code, "24165007");
    let silent = outcomes("[charges]\nclinical_procedures = \"ignore\"\n", chart);
    assert!(matches!(silent[..], [Outcome::Ignored(_)]), "{silent:?}");
}

/// A claim of one line, of a visit.
fn claim(id: &str, kind: &str) -> String {
    format!(
        r#"{{"resourceType":"Claim","id":"{id}","status":"active","use":"claim","type":{{"coding":[{{"code":"{kind}"}}]}},"item":[{{"sequence":1,"productOrService":{{"coding":[{{"system":"{CPT}","code":"99213"}}]}},"servicedDate":"2026-02-03","quantity":{{"value":1}},"net":{{"value":90}},"encounter":[{{"reference":"Encounter/e"}}]}}]}}"#
    )
}

/// Who is responsible for a claim bills it where that is an organization. A person has rendered it: the profile says who bills.
#[test]
fn a_practitioner_who_is_responsible_for_a_claim_renders_it_and_does_not_bill_it() {
    let told = |kind: &str| {
        let who = format!(
            r#""provider":{{"reference":"{kind}/p","identifier":{{"system":"http://hl7.org/fhir/sid/us-npi","value":"1000000004"}}}},"item""#
        );
        let file = claim("x", "professional").replacen(r#""item""#, &who, 1);
        let header = visit("", &file).header;
        let npi = |provider: Option<Provider>| provider.and_then(|known| known.npi).unwrap_or_default();
        (npi(header.billing), npi(header.rendering))
    };
    let npi = || "1000000004".to_owned();
    assert_eq!(told("Practitioner"), (String::new(), npi()));
    assert_eq!(told("PractitionerRole"), (String::new(), npi()));
    assert_eq!(told("Organization"), (npi(), String::new()));
}

#[test]
fn a_claim_of_another_type_is_read_with_a_doubt_and_is_no_second_bill() {
    let update = visit("", &claim("x", "institutional"));
    assert_eq!(update.charges.len(), 1);
    let doubt = &update.doubts[0];
    assert_eq!((doubt.id.as_str(), doubt.at.path.as_str()), ("fhir.claim-type", "Claim.type"));
    assert_eq!(doubt.found, "type institutional");
    // Beside a professional claim of the visit it is the hospital's.
    let both = visit("", &format!("{}\n{}\n", claim("x", "institutional"), claim("y", "professional")));
    let ids: Vec<&str> = both.charges.iter().map(|charge| charge.id.as_str()).collect();
    assert_eq!((ids, both.doubts.len()), (vec!["Claim/y#1"], 0));
    // A site says what its source means by it.
    let ours = visit("[claim]\ntypes = [\"institutional\"]\n", &claim("x", "institutional"));
    assert_eq!((ours.charges.len(), ours.doubts.len()), (1, 0));
    let theirs = outcomes("[claim]\nignored_types = [\"institutional\"]\n", &claim("x", "institutional"));
    assert!(matches!(theirs[..], [Outcome::Ignored(_)]), "{theirs:?}");
}

/// What the standard says of an item that leaves it out, and what follows where there is one diagnosis only.
#[test]
fn an_item_without_quantity_is_one_unit_and_without_pointers_for_the_only_diagnosis() {
    let told = |diagnoses: &[&str], item: &str| {
        let coded = (1..).zip(diagnoses).map(|(at, code)| {
            format!(
                r#"{{"sequence":{at},"diagnosisCodeableConcept":{{"coding":[{{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"{code}"}}]}}}}"#
            )
        });
        let coded = coded.collect::<Vec<_>>().join(",");
        let file = format!(
            r#"{{"resourceType":"Claim","id":"x","status":"active","use":"claim","type":{{"coding":[{{"code":"professional"}}]}},"patient":{{"reference":"Patient/1"}},"diagnosis":[{coded}],"item":[{{"sequence":1,"productOrService":{{"coding":[{{"system":"http://www.ama-assn.org/go/cpt","code":"99213"}}]}},"servicedDate":"2026-02-02",{item}}}]}}"#
        );
        let update = visit("", &file);
        let line = &update.charges[0].line;
        (line.units.thousandths, line.charge, line.diagnosis_pointers.clone())
    };
    let price = r#""unitPrice":{"value":90.10}"#;
    assert_eq!(told(&["J06.9"], price), (1_000, 9_010, vec![1]));
    assert_eq!(
        told(&["J06.9"], &format!(r#"{price},"quantity":{{"value":2}},"diagnosisSequence":[1]"#)),
        (2_000, 18_020, vec![1])
    );
    assert_eq!(told(&["J06.9", "I10"], price), (1_000, 9_010, vec![]), "of two diagnoses none is taken");
    assert_eq!(visit("", &charge_item("").replace(r#""quantity""#, r#""other""#)).charges[0].line.units.thousandths, 0);
}

#[test]
fn of_two_versions_the_newer_counts_and_two_contents_of_one_are_a_problem() {
    let version = |number: u32, amount: &str| {
        charge_item(&format!(r#","meta":{{"versionId":"{number}","lastUpdated":"2026-02-0{number}T00:00:00Z"}}"#))
            .replace("90.10", amount)
    };
    let file = format!("{}\n{}\n", version(2, "80"), version(1, "70"));
    let update = visit("", &file);
    assert_eq!((update.charges.len(), update.charges[0].line.charge), (1, 8000));
    assert_eq!(update.order.event_time, "20260202000000000000");
    assert_eq!(problem("", &format!("{}\n{}\n", version(2, "80"), version(2, "70"))).id, "fhir.same-version-twice");
    assert_eq!(visit("", &format!("{}\n{}\n", version(2, "80"), version(2, "80"))).charges.len(), 1);
}

#[test]
fn a_mapping_says_where_another_ehr_keeps_things() {
    let mapping = "[charge_item]\ncode = \"extension(procedure-code).extension(code).valueCodeableConcept|code\"\n\
                   modifiers = \"extension(modifier-code).extension(code).valueCodeableConcept\"\n";
    let extension = |name: &str, system: &str, code: &str| {
        format!(
            r#"{{"url":"https://ehr.example/StructureDefinition/{name}","extension":[{{"url":"code","valueCodeableConcept":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}}}]}}"#
        )
    };
    let both = [extension("procedure-code", CPT, "20610"), extension("modifier-code", "https://ehr.example/MOD", "RT")];
    let file = charge_item(&format!(r#","extension":[{}]"#, both.join(",")));
    let line = &visit(mapping, &file).charges[0].line;
    assert_eq!((line.procedure.code.as_str(), line.procedure.modifiers.join(" ")), ("20610", "RT".to_owned()));
    let problems = FhirR4::open(Setup { settings: Vec::new(), mapping: "[charge_item]\nkode = \"code\"\n".to_owned() });
    assert_eq!(problems.err().unwrap()[0].remedy, "did you mean `[charge_item] code`?");
    let problems = FhirR4::open(Setup { settings: Vec::new(), mapping: "[visit]\nnumber = \"a[b\"\n".to_owned() });
    assert_eq!(problems.err().unwrap()[0].at.path, "mapping line 2, [visit] number");
}

/// Reads one of the fixtures; what is asserted here was decided before it was run.
fn fixture(name: &str) -> Vec<Outcome> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).join("input.json");
    outcomes("", &std::fs::read_to_string(path).unwrap())
}

#[test]
fn a_claim_with_two_coverages() {
    let updates = updates(&fixture("claim-two-coverages")[0]);
    let update = &updates[0];
    assert_eq!((update.visit_number.as_str(), update.status), ("enc-501", VisitStatus::Closed));
    let header = &update.header;
    let members: Vec<&str> = header.coverages.iter().map(|coverage| coverage.subscriber.member_id.as_str()).collect();
    assert_eq!(members, ["W5550001", "MDC77120"]);
    assert_eq!(header.coverages[0].relationship, Relationship::Spouse);
    assert_eq!(header.coverages[0].subscriber.name.first, "Anselm");
    assert_eq!(header.coverages[0].prior_authorization.as_deref(), Some("PA-9913"));
    assert_eq!(header.coverages[1].relationship, Relationship::PatientIsSubscriber);
    assert_eq!(header.coverages[0].payer.local_ids, ["LAKE01", "Lakeshore Mutual", "payer-lake"]);
    let codes: Vec<&str> = header.diagnoses.iter().map(|diagnosis| diagnosis.code.as_str()).collect();
    assert_eq!(codes, ["M1711", "I10"]);
    assert_eq!(header.referring.as_ref().unwrap().npi.as_deref(), Some("1679576722"));
    assert_eq!((header.place_of_service.as_str(), header.location.as_str()), ("11", "loc-main"));
    assert_eq!(header.stated_total, Some(24_550));
    let lines: Vec<_> = update.charges.iter().map(|charge| (charge.id.as_str(), charge.line.charge)).collect();
    assert_eq!(lines, [("Claim/clm-9001#1", 12_050), ("Claim/clm-9001#2", 11_000), ("Claim/clm-9001#3", 1_500)]);
    let second = &update.charges[1].line;
    assert_eq!(
        (second.procedure.modifiers.join(" "), second.diagnosis_pointers.as_slice()),
        ("RT".to_owned(), &[1][..])
    );
    assert_eq!(update.charges[0].line.procedure.modifiers, ["25"]);
    let drug = update.charges[2].line.drug.as_ref().unwrap();
    assert_eq!((drug.code.as_str(), drug.amount.unwrap().thousandths), ("00003029328", 1000));
    let rendering = update.charges[0].line.providers.as_ref().unwrap().rendering.as_ref().unwrap();
    assert_eq!((rendering.npi.as_deref(), rendering.taxonomy.as_deref()), (Some("1245319599"), Some("207X00000X")));
}

#[test]
fn a_us_core_day_is_derived_where_codes_are_billable_and_says_what_it_has_not() {
    let found = fixture("us-core-day");
    assert_eq!(found.len(), 3);
    let updates = updates(&found[0]);
    let update = &updates[0];
    let codes: Vec<&str> = update.charges.iter().map(|charge| charge.line.procedure.code.as_str()).collect();
    assert_eq!(codes, ["99213", "11102"]);
    assert!(update.charges.iter().all(|charge| charge.line.charge == 0 && charge.line.units.thousandths == 0));
    let lacks = ["line.charge", "line.units", "line.procedure.modifiers"];
    assert!(lacks.iter().all(|field| update.undelivered.iter().any(|told| told == field)), "{:?}", update.undelivered);
    assert_eq!(update.charges[1].line.diagnosis_pointers, [1]);
    assert_eq!(update.header.diagnoses[0].code, "D485");
    assert_eq!(update.charges[1].line.procedure.system, ProcedureSystem::Cpt);
    // The second visit has a procedure in SNOMED CT only: nobody has coded it, and the scrub holds it.
    let second = self::updates(&found[1]).remove(0);
    let line = &second.charges[0].line;
    assert_eq!(line.procedure.system, ProcedureSystem::Internal);
    assert!(line.procedure.code.len() > 5 && line.procedure.code.bytes().all(|byte| byte.is_ascii_digit()));
    let Outcome::Ignored(ignored) = &found[2] else { panic!() };
    assert_eq!(ignored.reason, "Observation (1): no charge and no visit");
}

#[test]
fn contained_urn_absolute_and_logical_references() {
    let updates = updates(&fixture("contained-and-urn")[0]);
    let header = &updates[0].header;
    assert_eq!(header.patient.name.last, "Quillfeather");
    assert_eq!(header.coverages[0].subscriber.member_id, "HX-4410");
    assert_eq!(header.coverages[0].payer.name, "Harbor Health Plan");
    assert_eq!(header.referring.as_ref().unwrap().npi.as_deref(), Some("1679576722"));
    assert_eq!(header.diagnoses[0].system, DiagnosisSystem::Icd10cm);
    let line = &updates[0].charges[0].line;
    assert_eq!(line.providers.as_ref().unwrap().rendering.as_ref().unwrap().name.last, "Abernathy");
}

#[test]
fn malformed_entries_do_not_hold_the_others() {
    let file = format!(
        "{}\n{{\"resourceType\":\"Patient\",\"id\":\"p\",}}\n{}\n",
        charge_item(""),
        charge_item("").replace("c1", "c2")
    );
    let (documents, broken) = documents(file.as_bytes());
    assert_eq!((documents.len(), broken), (1, 1));
    let updates = updates(&outcomes("", &file)[0]);
    assert_eq!(updates[0].charges.len(), 2);
}

#[test]
fn no_text_makes_it_panic() {
    let whole = charge_item(
        r##","reason":[{"coding":[{"code":"x"}]}],"performer":[{"actor":{"reference":"#a"}}],"contained":[{"id":"a"}]"##,
    );
    for at in 0..whole.len() {
        for (from, to) in [("\"", "1"), ("{", "["), ("[", "{"), (":", ","), ("1", "null")] {
            let Some((head, tail)) = whole.split_at_checked(at) else { continue };
            let _ = outcomes("", &format!("{head}{}", tail.replacen(from, to, 1)));
        }
    }
}

/// An Encounter of this class and period beside a charge of its.
fn encounter(class: &str, period: &str) -> String {
    let encounter = format!(
        r#"{{"resourceType":"Encounter","id":"e1","status":"finished","class":{{"code":"{class}"}},"period":{period}}}"#
    );
    format!(r#"{{"resourceType":"Bundle","entry":[{{"resource":{encounter}}},{{"resource":{}}}]}}"#, charge_item(""))
}

#[test]
fn the_period_of_an_inpatient_encounter_is_the_stay() {
    let whole = r#"{"start":"2026-02-01T08:00:00Z","end":"2026-02-05"}"#;
    let days = |class: &str, period: &str| -> Vec<(ClaimDateKind, u8)> {
        let extras = visit("", &encounter(class, period)).header.extras;
        extras.into_iter().flat_map(|extras| extras.dates).map(|date| (date.kind, date.value.start.day)).collect()
    };
    let both = [(ClaimDateKind::Admission, 1), (ClaimDateKind::Discharge, 5)];
    for class in ["IMP", "ACUTE", "NONAC"] {
        assert_eq!(days(class, whole), both, "{class}");
    }
    assert_eq!(days("IMP", r#"{"start":"2026-02-01"}"#), both[..1], "still there");
    // A month is no day of admission: the scrub asks for it.
    assert_eq!(days("IMP", r#"{"start":"2026-02"}"#), []);
    assert_eq!(days("AMB", whole), []);
}

#[test]
fn a_quantity_in_minutes_is_minutes() {
    let timed = charge_item("").replace(r#""quantity":{"value":1}"#, r#""quantity":{"value":45,"code":"min"}"#);
    let units = visit("", &timed).charges[0].line.units;
    assert_eq!((units.unit, units.thousandths), (Unit::Minutes, 45_000));
    assert_eq!(visit("", &charge_item("")).charges[0].line.units.unit, Unit::Units);
}

#[test]
fn a_coverage_that_is_cancelled_is_not_billed_and_that_is_said() {
    let file = |status: &str| {
        let claim = format!(
            r#"{{"resourceType":"Claim","id":"k1","status":"active","use":"claim","type":{{"coding":[{{"code":"professional"}}]}},
            "patient":{{"reference":"Patient/p"}},"insurance":[
            {{"sequence":1,"coverage":{{"reference":"Coverage/a"}}}},{{"sequence":2,"coverage":{{"reference":"Coverage/b"}}}}],
            "item":[{{"sequence":1,"productOrService":{{"coding":[{{"system":"{CPT}","code":"99213"}}]}},
            "servicedDate":"2026-02-03","quantity":{{"value":1}},"net":{{"value":90,"currency":"USD"}}}}]}}"#
        );
        let coverage = |id: &str, status: &str| {
            format!(
                r#"{{"resourceType":"Coverage","id":"{id}","status":"{status}","subscriberId":"{id}1",
                "beneficiary":{{"reference":"Patient/p"}},"payor":[{{"display":"PAYER {id}"}}]}}"#
            )
        };
        let entries =
            [claim, coverage("a", status), coverage("b", "active")].map(|one| format!(r#"{{"resource":{one}}}"#));
        format!(r#"{{"resourceType":"Bundle","entry":[{}]}}"#, entries.join(","))
    };
    let members = |update: &VisitUpdate| -> Vec<String> {
        update.header.coverages.iter().map(|coverage| coverage.subscriber.member_id.clone()).collect()
    };
    let active = visit("", &file("active"));
    assert_eq!((members(&active), active.doubts.len()), (vec!["a1".to_owned(), "b1".to_owned()], 0));
    for status in ["cancelled", "entered-in-error", "draft"] {
        let update = visit("", &file(status));
        assert_eq!(members(&update), ["b1"], "{status}");
        let doubt = &update.doubts[0];
        assert_eq!(doubt.id, "fhir.coverage-status");
        assert!(doubt.found.contains(status) && doubt.at.path.ends_with("status"), "{doubt:?}");
        assert_eq!(
            update.header.coverages[0].responsibility, active.header.coverages[0].responsibility,
            "it is the first now"
        );
    }
}

#[test]
fn a_visit_of_which_something_could_not_be_read_is_no_whole_one() {
    let encounter = |severity: &str| {
        format!(
            "{{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{{\"resource\":{{\"resourceType\":\"Encounter\",\"id\":\"e1\",\"status\":\"finished\",\
             \"subject\":{{\"reference\":\"Patient/p1\"}}}},\"response\":{{\"status\":\"206\",\"outcome\":{{\"resourceType\":\"OperationOutcome\",\"issue\":\
             [{{\"severity\":\"{severity}\",\"code\":\"incomplete\",\"diagnostics\":\"coverage: status 403\"}}]}}}}}}]}}"
        )
    };
    for severity in ["error", "fatal"] {
        let found = problem("", &encounter(severity));
        assert_eq!((found.id.as_str(), found.at.path.as_str()), ("fhir.entry-failed", "Bundle.entry[0]"), "{found:?}");
    }
    assert!(!matches!(&outcomes("", &encounter("warning"))[0], Outcome::Rejected(_)));
}
