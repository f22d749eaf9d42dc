//! Sources that are pulled, over real HTTPS: a server that answers late, in parts, too much, elsewhere or not at all, and the real
//! binary, ended in the middle. Whatever happens, every charge is there once, and no secret is anywhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod credentials;
mod failures;
mod hostile;

use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::sync::{Arc, Mutex};

use claimhost_tests::https::{self, Answer, Asked, RSA_KEY, Server, add, add_rows};
use claimhost_tests::programs::{guest, workspace};
use claimhost_tests::serving::Serving;
use claimhost_tests::site::{PRACTICE, Site};
use serde_json::{Value, json};

const DAY: &str = "2026-03-03";
const NAME: &str = "drchrono";

/// DrChrono's connector.
fn add_drchrono(site: &Site, server: &Server, more: &str) {
    site.write("pulled.toml", &std::fs::read(workspace().join("connectors/drchrono/pulled.toml")).unwrap());
    let own = "puller = \"drchrono-pull\"\nadapter = \"drchrono\"\nmapping = \"pulled.toml\"\nsince = \"2026-03-01\"\n";
    add(site, server, NAME, &format!("{own}{more}"));
}

/// A secret of the site, where nobody else reads it.
fn secret(site: &Site, file: &str, text: &str) {
    site.write(file, text.as_bytes());
    std::fs::set_permissions(site.dir().join(file), std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn pull(site: &Site) -> Output {
    site.command(&["--as-of", DAY, "pull", PRACTICE, NAME, "--json"])
}

fn report(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}\n{complained}"))
}

/// Kinds of open work, with their words.
fn work(site: &Site) -> Vec<(String, String)> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let listed = site.json(&["work", "list", "--kind", "pull.failed"]);
    listed.as_array().unwrap().iter().map(|item| (text(item, "kind"), text(item, "words"))).collect()
}

fn line(id: u32) -> Value {
    json!({
        "id": id, "appointment": 9000 + id, "patient": 77, "doctor": 5, "code": "99213", "procedure_type": "C",
        "modifiers": [], "quantity": 1, "units": "UN", "price": 100.0 + f64::from(id), "billed": 100.0 + f64::from(id),
        "service_date": "2026-03-02", "updated_at": "2026-03-02T16:10:00", "diagnosis_pointers": ["1"],
    })
}

/// What DrChrono answers of a patient, an appointment or a doctor.
fn related(asked: &Asked) -> Option<Answer> {
    let id = asked.path().rsplit('/').next()?;
    let found = match asked.path().split('/').nth(2)? {
        "patients" => {
            let mut patient = json!({
                "id": 77, "last_name": "VANCE", "first_name": "ORLA", "date_of_birth": "1950-02-01", "gender": "Female",
                "address": "1 OAK WAY", "city": "SALEM", "state": "OR", "zip_code": "97301",
            });
            patient["primary_insurance"] = json!({"insurance_company": "FIRST PLAN", "insurance_payer_id": "00000",
                "insurance_id_number": "P77", "is_subscriber_the_patient": true});
            patient["secondary_insurance"] =
                json!({"insurance_company": "", "insurance_payer_id": "", "insurance_id_number": ""});
            patient
        }
        "appointments" => json!({"id": id, "office": 3, "status": "Complete", "icd10_codes": ["J06.9"]}),
        "doctors" => json!({"id": 5, "npi_number": "1234567893", "last_name": "ADLER"}),
        _ => return None,
    };
    Some(Answer::json(&found))
}

/// Pages of line items; `next` is an address on the server itself, which only a request knows.
fn lines(asked: &Asked, pages: &[&[u32]]) -> Answer {
    let at: usize = asked.parameter("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let rows: Vec<Value> = pages.get(at).map(|page| page.iter().map(|id| line(*id)).collect()).unwrap_or_default();
    let next =
        (at + 1 < pages.len()).then(|| format!("https://{}/api/line_items?cursor={}", asked.header("host"), at + 1));
    Answer::json(&json!({"previous": null, "next": next, "results": rows}))
}

fn cents(ids: impl Iterator<Item = u32>) -> u64 {
    ids.map(|id| u64::from(100 + id) * 100).sum()
}

/// Three pages, one id on two of them.
const PAGES: [&[u32]; 3] = [&[1, 2], &[2, 3], &[4]];

fn three_pages() -> Server {
    Server::start(|asked, _| related(asked).unwrap_or_else(|| lines(asked, &PAGES)))
}

#[test]
fn every_charge_comes_once_wherever_the_program_ends() {
    for moment in
        ["before-pulled:1", "after-pulled:1", "before-pulled:2", "after-pulled:2", "after-pulled:3", "mid-file"]
    {
        let (site, server) = (Site::with_connectors(), three_pages());
        add_drchrono(&site, &server, "");
        let ended =
            site.prepared(&["--as-of", DAY, "run", "--once"]).env("CLAIMHOST_CRASH_AT", moment).output().unwrap();
        if moment != "mid-file" {
            assert!(!ended.status.success(), "{moment}: it was ended");
        }
        let pages_before = server.count("/api/line_items");
        let summary = site.run_unapproved(DAY);
        assert_eq!(summary["cents"]["billed"], cents([1, 2, 3, 4].into_iter()), "{moment}: {summary}");
        assert_eq!(summary["documents"]["rejected"], 0, "{moment}: {summary} {:?}", site.documents(PRACTICE));
        assert_eq!(summary["documents"]["translated"], 4, "{moment}: {summary}");
        // What was stored is not asked for again; what was not, is.
        let pages = server.count("/api/line_items");
        let (nth, again) = match moment {
            "before-pulled:1" => (1, 3),
            "after-pulled:1" => (1, 2),
            "before-pulled:2" => (2, 2),
            "after-pulled:2" => (2, 1),
            // The last page is stored with the cursor of the next turn: one page of what changed since.
            _ => (3, 3),
        };
        assert_eq!((pages_before, pages - pages_before), (nth, again), "{moment}");
        site.assert_accounted(DAY);
    }
}

#[test]
fn a_turn_says_what_it_did_and_the_next_begins_where_it_ended() {
    let (site, server) = (Site::with_connectors(), three_pages());
    add_drchrono(&site, &server, "");
    let checked = site.command(&["check-config", "--json"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert!(server.asked().is_empty(), "nothing is asked for unless somebody wants it");
    let first = report(&pull(&site));
    assert_eq!(
        (&first["ended"], &first["documents"], &first["cursor_moved"]),
        (&json!("done"), &json!(5), &json!(true))
    );
    assert_eq!((&first["retries"], &first["problem"]), (&json!(0), &Value::Null), "{first}");
    assert_eq!(first["requests"].as_u64().unwrap(), u64::try_from(server.asked().len()).unwrap());
    let since = |at: usize| {
        let of_list = server.asked().into_iter().filter(|asked| asked.path() == "/api/line_items");
        of_list.map(|asked| asked.parameter("since").map(str::to_owned)).nth(at).unwrap()
    };
    assert_eq!(since(0).as_deref(), Some("2026-02-28"), "what the site says, and a day back");
    // A patient is asked for once a page, whatever the lines.
    assert_eq!(server.count("/api/patients/77"), 3);
    let second = report(&pull(&site));
    assert_eq!((&second["documents"], &second["unchanged"]), (&json!(0), &json!(5)), "{second}");
    assert_eq!(since(3).as_deref(), Some("2026-03-02"), "the day of the first turn, and a day back");
    let summary = site.run_unapproved(DAY);
    assert_eq!(summary["cents"]["billed"], cents([1, 2, 3, 4].into_iter()), "{summary}");
    for document in site.documents(PRACTICE) {
        let raw = String::from_utf8_lossy(&site.raw(&document)).into_owned();
        assert!(raw.contains("FIRST PLAN"), "a patient without its insurance: {raw}");
    }
    let missing = site.command(&["pull", PRACTICE, "drchrom"]);
    let words = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(missing.status.code() == Some(4) && words.contains("did you mean `my-practice drchrono`?"), "{words}");
}

#[test]
fn what_came_of_a_source_stays_its_own_wherever_the_configuration_names_it() {
    let site = Site::with_connectors();
    let server = Server::start(|asked, _| match asked.path() {
        "/rows" => Answer::json(&json!({"rows": []})),
        _ => related(asked).unwrap_or_else(|| lines(asked, &PAGES)),
    });
    let alone = site.text("claimhost.toml");
    add_drchrono(&site, &server, "");
    assert_eq!(report(&pull(&site))["documents"], 5);
    // Before a turn takes it, another source of another adapter comes to stand before it.
    let own = site.text("claimhost.toml").split_once("[[intake.pull]]").unwrap().1.to_owned();
    site.write("claimhost.toml", alone.as_bytes());
    add_rows(&site, &server, "rows", "");
    site.write("claimhost.toml", format!("{}\n[[intake.pull]]{own}", site.text("claimhost.toml")).as_bytes());
    let summary = site.run_unapproved(DAY);
    assert_eq!(summary["documents"]["rejected"], 0, "{summary} {:?}", site.documents(PRACTICE));
    assert_eq!(summary["cents"]["billed"], cents([1, 2, 3, 4].into_iter()), "{summary}");
    site.assert_accounted(DAY);
}

#[test]
fn serve_pulls_on_its_schedule_and_takes_what_comes() {
    let site = Site::with_connectors();
    let ids = Arc::new(Mutex::new(vec![1_u32]));
    let known = Arc::clone(&ids);
    let server = Server::start(move |asked, _| {
        related(asked).unwrap_or_else(|| lines(asked, &[known.lock().unwrap().as_slice()]))
    });
    add_drchrono(&site, &server, "every = \"1s\"");
    let serving = Serving::start(&site, DAY);
    let translated = "claimhost_documents{practice=\"my-practice\",status=\"translated\"}";
    serving.wait_for(translated, 1);
    ids.lock().unwrap().push(2);
    serving.wait_for(translated, 2);
    let of = "{practice=\"my-practice\",source=\"drchrono\"";
    assert!(serving.metric(&format!("claimhost_pull_turns_total{of},ended=\"done\"}}")) >= 2);
    assert!(serving.metric(&format!("claimhost_pull_documents_total{of}}}")) >= 2);
    assert!(serving.metric(&format!("claimhost_pull_last_done_timestamp_seconds{of}}}")) > 1_700_000_000);
    assert_eq!(serving.metric(&format!("claimhost_pull_turns_total{of},ended=\"failed\"}}")), 0);
}

#[test]
fn encounters_bring_their_charges_by_absolute_references() {
    let site = Site::with_connectors();
    let input: Value = serde_json::from_slice(
        &std::fs::read(workspace().join("connectors/modernizing-medicine/fixtures/dermatology-day/input.json"))
            .unwrap(),
    )
    .unwrap();
    let entries = input["entry"].as_array().unwrap().clone();
    let server = Server::start(move |asked, _| {
        let base = format!("https://{}", asked.header("host"));
        let text = serde_json::to_string(&entries).unwrap().replace("https://fhir.example/r4", &base);
        let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
        let of = |kind: &str| -> Vec<Value> {
            entries.iter().filter(|entry| entry["resource"]["resourceType"] == kind).cloned().collect()
        };
        let path = asked.path().trim_start_matches('/');
        let bundle = |entries: Vec<Value>| {
            Answer::json(&json!({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
        };
        match path.split_once('/') {
            None if path == "ChargeItem" => {
                let context = asked.parameter("context").unwrap().to_owned();
                bundle(
                    of(path)
                        .into_iter()
                        .filter(|entry| {
                            entry["resource"]["context"]["reference"]
                                .as_str()
                                .is_some_and(|text| text.ends_with(&format!("/{context}")))
                        })
                        .collect(),
                )
            }
            None => bundle(of(path)),
            Some((kind, id)) => of(kind)
                .into_iter()
                .find(|entry| entry["resource"]["id"] == id)
                .map_or(Answer::new(404, ""), |entry| Answer::json(&entry["resource"])),
        }
    });
    add(
        &site,
        &server,
        NAME,
        "puller = \"modernizing-medicine-pull\"\nadapter = \"modernizing-medicine\"\nsince = \"2026-03-01\"",
    );
    let told = report(&pull(&site));
    assert_eq!(told["ended"], "done", "{told}");
    let asked = server.asked();
    let list = asked.iter().find(|asked| asked.path() == "/Encounter").unwrap();
    assert_eq!((list.parameter("_lastUpdated"), list.parameter("status")), (Some("gt2026-02-27"), Some("finished")));
    let summary = site.run_unapproved(DAY);
    // The same documents as a file of that day.
    let file = Site::with_connectors();
    file.add_folder("ema", "modernizing-medicine");
    file.put("inbox/ema", "day.json", serde_json::to_string(&input).unwrap().as_bytes());
    let expected = file.run_unapproved(DAY);
    assert!(expected["cents"]["billed"].as_u64().unwrap() > 0, "{expected}");
    assert_eq!(summary["cents"]["billed"], expected["cents"]["billed"], "{summary} {:?}", site.documents(PRACTICE));
}

#[test]
fn a_puller_whose_sdk_has_another_name_builds_and_pulls() {
    let site = Site::with_connectors();
    let server = Server::start(|_, _| Answer::json(&json!({"visit": "1"})));
    let folder = guest("puller", site.dir());
    site.json(&["plugin", "add", "--yes", folder.to_str().unwrap()]);
    site.write("records.toml", b"source_system = \"S\"\n[visit]\nvisit = \"visit\"\n");
    add(&site, &server, NAME, "puller = \"one-request\"\nadapter = \"records\"\nmapping = \"records.toml\"");
    let told = report(&pull(&site));
    assert_eq!(
        (&told["ended"], &told["documents"], &told["requests"]),
        (&json!("done"), &json!(1), &json!(1)),
        "{told}"
    );
    assert_eq!(server.count("/rows"), 1);
}
