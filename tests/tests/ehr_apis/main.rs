//! Pullers of the named EHRs, each against a mock of its API: the documented paths, ways of signing in, pages, limits, oddities and
//! errors, over real HTTPS, with the real binary. A request that is not documented is answered so, and fails the test (`table.rs`).
//!
//! Each is also ended in the middle of a page (`kill -9`) and begun again: visits, claims and 837P are those of an undisturbed run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod athena;
mod cerner;
mod drchrono;
mod ecw;
mod fields;
mod modmed;
mod nextgen;
mod openapi;
mod table;
mod tebra;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use claimhost_tests::fhir;
use claimhost_tests::https::{Answer, Asked, Server};
use claimhost_tests::programs::workspace;
use claimhost_tests::serving::PATIENCE;
use claimhost_tests::site::{PRACTICE, Site, copy_folder};
use claimhost_tests::x12::{accepted, claims_of};
use serde_json::Value;
use table::Table;

/// The day of every test: charges are of the day before.
const DAY: &str = "2026-03-03";
const NEVER: usize = usize::MAX;

/// A mock of an API.
pub struct Api {
    server: Server,
    /// What was asked that is not documented.
    undocumented: Arc<Mutex<Vec<String>>>,
    /// The request that never gets its answer: the client is ended meanwhile.
    hangs_at: Arc<AtomicUsize>,
}

impl Api {
    /// Starts it. `answer` is told of each documented request, and how many came before.
    pub fn start(table: Table, answer: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let (undocumented, hangs_at) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(NEVER)));
        let (told, hangs) = (Arc::clone(&undocumented), Arc::clone(&hangs_at));
        let server = Server::start(move |asked, nth| {
            if let Err(what) = table.check(asked) {
                let words = format!("not documented: {what}");
                told.lock().unwrap().push(words.clone());
                return Answer::new(400, words);
            }
            let answer = answer(asked, nth);
            if answer.status == 400 {
                told.lock().unwrap().push(String::from_utf8_lossy(&answer.body).into_owned());
            }
            // What the server does is done; what it says never arrives.
            let slow = if nth == hangs.load(Ordering::SeqCst) { PATIENCE } else { answer.slow };
            Answer { slow, ..answer }
        });
        Self { server, undocumented, hangs_at }
    }

    /// Asserts that everything that was asked is documented.
    pub fn assert_documented(&self) {
        let told = self.undocumented.lock().unwrap();
        assert!(told.is_empty(), "{told:#?}");
        assert!(!self.server.asked().is_empty(), "nothing was asked");
    }
}

/// A source of a connector.
#[derive(Clone, Default)]
pub struct Source {
    /// Folders of `connectors` that the site has.
    connectors: Vec<&'static str>,
    /// What stands below the server's address.
    base: &'static str,
    /// `[[intake.pull]]` without practice, name and address, blocks of its own last. `BASE` is the server's address.
    config: String,
    /// Further files of the site: names and texts. Names that begin with `secrets/` are nobody else's to read.
    files: Vec<(String, String)>,
    /// What the site changes in its profile.
    profile: Vec<(&'static str, &'static str)>,
}

impl Source {
    /// A site with this source, named `api`.
    pub fn site(&self, api: &Api) -> Site {
        let site = Site::new();
        for name in &self.connectors {
            let to = site.dir().join("own").join(name);
            std::fs::create_dir_all(&to).unwrap();
            copy_folder(&workspace().join("connectors").join(name), &to);
        }
        let text = site.text("claimhost.toml");
        let line = text.lines().find(|line| line.starts_with("folders = ")).unwrap();
        site.edit("claimhost.toml", line, &line.replace(']', ", \"own\"]"));
        site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"any\"");
        for (from, to) in &self.profile {
            site.edit("practices/my-practice/profile.toml", from, to);
        }
        self.add(&site, api, "api");
        site
    }

    /// Adds the source under a name.
    pub fn add(&self, site: &Site, api: &Api, name: &str) {
        site.write("ca.pem", api.server.pem.as_bytes());
        for (file, text) in &self.files {
            site.write(file, text.as_bytes());
            let mode = if file.starts_with("secrets/") { 0o600 } else { 0o644 };
            std::fs::set_permissions(site.dir().join(file), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let text = format!(
            "{}\n[[intake.pull]]\npractice = \"{PRACTICE}\"\nname = \"{name}\"\nca_file = \"ca.pem\"\nbase_url = \"{}{}\"\n\
             timeout_seconds = 20\ntries = 3\nwait_seconds_max = 3\n{}\n",
            site.text("claimhost.toml"),
            api.server.url(),
            self.base,
            self.config.replace("BASE", &api.server.url()),
        );
        site.write("claimhost.toml", text.as_bytes());
    }
}

/// What has to be the same, however often the program was ended.
#[derive(Debug, PartialEq)]
pub struct Outcome {
    /// Counts of visits, claims and findings, and cents.
    summary: Vec<Value>,
    /// Each visit as it is listed, without its number: charges may arrive in another order.
    visits: Vec<String>,
    /// Each line that left: member, code, cents, day, units.
    sent: Vec<String>,
}

impl Outcome {
    /// Of a site that was run.
    pub fn of(site: &Site, summary: &Value) -> Self {
        let summary = ["claims", "cents", "visits", "findings"].iter().map(|key| summary[*key].clone()).collect();
        let listed = site.json(&["visit", "list"]);
        let rows = listed.as_array().or_else(|| listed["visits"].as_array()).unwrap();
        let mut visits: Vec<String> = rows.iter().map(|row| without_ids(row).to_string()).collect();
        visits.sort();
        let mut sent = Vec::new();
        for (_, bytes) in site.outbox() {
            for claim in claims_of(&String::from_utf8(bytes).unwrap()) {
                for line in claim.lines {
                    let (member, frequency) = (&claim.member, &claim.frequency);
                    sent.push(format!(
                        "{member} {frequency} {} {} {} {}",
                        line.code, line.charge, line.day, line.units
                    ));
                }
            }
        }
        sent.sort();
        Self { summary, visits, sent }
    }
}

/// A row without what is numbered as it came, and when.
fn without_ids(row: &Value) -> Value {
    let mut row = row.clone();
    if let Some(fields) = row.as_object_mut() {
        fields.retain(|name, _| {
            !["id", "visit_id", "visit", "claims", "claim", "document", "documents", "at"].contains(&name.as_str())
        });
    }
    row
}

/// One undisturbed run: everything is pulled, approved and sent.
pub fn undisturbed(source: &Source, api: &Api) -> (Site, Outcome) {
    let site = source.site(api);
    let summary = site.run(DAY);
    assert!(work(&site).is_empty(), "{:?}", work(&site));
    let outcome = Outcome::of(&site, &summary);
    site.assert_accounted(DAY);
    api.assert_documented();
    (site, outcome)
}

/// Ends the program with `kill -9` while it waits for an answer, at several requests of its first turn, and begins it again: the outcome is that
/// of the undisturbed run. `api` makes the mock anew.
pub fn killed_in_mid_page(source: &Source, api: impl Fn() -> Api, expected: &Outcome) {
    let whole = api();
    let site = source.site(&whole);
    site.run_unapproved(DAY);
    let requests = whole.server.asked().len();
    assert!(requests > 4, "{requests} requests have no middle");
    for at in [requests / 3, requests * 2 / 3, requests - 1] {
        let api = api();
        api.hangs_at.store(at, Ordering::SeqCst);
        let site = source.site(&api);
        let mut child = site
            .prepared(&["--as-of", DAY, "run", "--once"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + PATIENCE;
        while api.server.asked().len() <= at {
            assert!(
                Instant::now() < until && child.try_wait().unwrap().is_none(),
                "request {at} of {requests} never came"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        let summary = site.run(DAY);
        assert_eq!(Outcome::of(&site, &summary), *expected, "killed at request {at} of {requests}");
        site.assert_accounted(DAY);
        api.assert_documented();
    }
}

/// The payer takes every claim that left, and gives each a number: what is corrected or voided names it.
pub fn accept_all(site: &Site) {
    let texts: Vec<String> = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    let claims: Vec<String> = texts.iter().flat_map(|text| claims_of(text)).map(|claim| claim.clm01).collect();
    let claims: Vec<&str> = claims.iter().map(String::as_str).collect();
    site.answer("1.277", accepted(1, &claims).as_bytes());
}

/// What `claimhost pull` reports of a source.
pub fn pull(site: &Site, name: &str) -> Value {
    let output = site.command(&["--as-of", DAY, "pull", PRACTICE, name, "--json"]);
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}\n{complained}"))
}

/// Words of open work of sources that could not be pulled.
pub fn work(site: &Site) -> Vec<String> {
    let listed = site.json(&["work", "list", "--kind", "pull.failed"]);
    listed.as_array().unwrap().iter().map(|item| item["words"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Rules of the findings of all claims, sorted, each once.
pub fn rules(site: &Site) -> Vec<String> {
    let mut all = std::collections::BTreeSet::new();
    for claim in site.json(&["claim", "list"]).as_array().unwrap() {
        let why = site.json(&["claim", "why", claim["id"].as_str().unwrap()]);
        all.extend(
            why["findings"].as_array().unwrap().iter().filter_map(|one| one["rule"].as_str().map(str::to_owned)),
        );
    }
    all.into_iter().collect()
}

/// The problems of documents that were rejected.
pub fn problems(site: &Site) -> Vec<String> {
    let documents = site.documents(PRACTICE);
    let rejected = documents.iter().filter(|document| document["status"] == "rejected");
    rejected.map(|document| document["detail"].to_string()).collect()
}
