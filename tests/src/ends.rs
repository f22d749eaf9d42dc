//! A folder with one practice for each file, so that no file meddles with another, and what became of each.
//!
//! One run of the real binary takes all of them. What is told here comes from `--json`: of each document its outcome in the
//! words of `tests/corpus/README.md`, with the rules, reasons or places that go with it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::site::{CLEARING, PRACTICE, Site};

/// What became of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// `claim`, `held`, `visit`, `ignored`, `rejected`, or what else the host calls it.
    pub outcome: String,
    /// Held: the rules that keep the claims. Ignored: id and reason. Rejected: `id place` of each problem. Parked: the fault.
    pub what: BTreeSet<String>,
    /// What of it is half: a problem without remedy, a finding without words.
    pub half: Vec<String>,
}

/// A folder with one practice for each file.
#[derive(Debug)]
pub struct Ends {
    site: Site,
    config: String,
    answers: Vec<String>,
    whole: bool,
}

impl Default for Ends {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test helper: its failure is the test's")]
impl Ends {
    /// Makes the folder, with no practice in it.
    ///
    /// # Panics
    /// Where `init` fails.
    pub fn new() -> Self {
        let site = Site::new();
        let text = site.text("claimhost.toml");
        let config = text.split("# One block for each practice.").next().unwrap_or_default().to_owned();
        Self { site, config, answers: Vec::new(), whole: false }
    }

    /// Says of the practices that come now that their files are whole where they end without a line end.
    pub fn files_are_whole(&mut self) {
        self.whole = true;
    }

    /// The practice `id`, with these files in its inbox. `mapping`: the site's, where it has one.
    ///
    /// # Panics
    /// Where a file cannot be written.
    pub fn practice(&mut self, id: &str, adapter: &str, mapping: Option<&str>, files: &[(&str, &[u8])]) {
        let own = format!("practices/{id}");
        let profile = self.site.text(&format!("practices/{PRACTICE}/profile.toml"));
        let named = format!("id = \"{PRACTICE}\"");
        assert!(profile.contains(&named), "the profile that init writes has {named}");
        self.site.write(&format!("{own}/profile.toml"), profile.replace(&named, &format!("id = \"{id}\"")).as_bytes());
        let mapping = mapping.map(|text| {
            self.site.write(&format!("{own}/mapping.toml"), text.as_bytes());
            format!("mapping = \"{own}/mapping.toml\"\n")
        });
        self.config += &format!(
            "\n[[practice]]\nid = \"{id}\"\nprofile = \"{own}/profile.toml\"\n\n[[intake.folder]]\npractice = \"{id}\"\n\
             path = \"inbox/{id}\"\nadapter = \"{adapter}\"\n{}{}",
            mapping.unwrap_or_default(),
            if self.whole { "last_line = \"open\"\n" } else { "" }
        );
        for (name, bytes) in files {
            self.site.write(&format!("inbox/{id}/{name}"), bytes);
        }
    }

    /// A file of the clearinghouse, known as `id`.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn answer(&mut self, id: &str, bytes: &[u8]) {
        self.site.answer(id, bytes);
        self.answers.push(id.to_owned());
    }

    /// Runs once, on a day, and tells the end of every document, in order, by practice or answer.
    ///
    /// # Panics
    /// Where a command fails, or the counts of the run do not add up.
    pub fn run(&self, as_of: &str) -> BTreeMap<String, Vec<End>> {
        self.site.write("claimhost.toml", self.config.as_bytes());
        let summary = self.site.run(as_of);
        let documents = summary.get("documents").and_then(Value::as_object).expect("counts of documents");
        let count = |key: &str| documents.get(key).and_then(Value::as_u64).unwrap_or_default();
        let ends: u64 = documents.keys().filter(|key| *key != "received").map(|key| count(key)).sum();
        assert_eq!(count("received"), ends, "the counts add up: {summary}");
        assert_eq!(count("pending"), 0, "every document has an end: {summary}");

        let claims = self.claims();
        let mut told: BTreeMap<String, Vec<End>> = BTreeMap::new();
        for row in list(&self.site.json(&["document", "list"])) {
            let (id, practice, status) = (text(row, "id"), text(row, "practice"), text(row, "status"));
            let number = row.get("document_id").and_then(Value::as_u64).unwrap_or_default();
            let key = (practice.clone(), number);
            if status == "translated" && practice != CLEARING {
                let of_document = claims.get(&key).cloned().unwrap_or_default();
                told.entry(practice).or_default().push(of_claims(of_document));
                continue;
            }
            let shown = self.site.json(&["document", "show", &id]);
            let whose = if practice == CLEARING { text(&shown, "file_name") } else { practice };
            told.entry(whose).or_default().push(of_document(&status, &shown));
        }
        told
    }

    /// Practice and document: the claims of the visits it tells of.
    fn claims(&self) -> BTreeMap<(String, u64), Vec<Value>> {
        let mut by_visit: BTreeMap<(String, u64), Vec<Value>> = BTreeMap::new();
        for claim in list(&self.site.json(&["claim", "list", "--findings"])) {
            let visit = claim.get("visit_id").and_then(Value::as_u64).unwrap_or_default();
            by_visit.entry((text(claim, "practice"), visit)).or_default().push(claim.clone());
        }
        let mut found: BTreeMap<(String, u64), Vec<Value>> = BTreeMap::new();
        for visit in list(&self.site.json(&["visit", "list"])) {
            let practice = text(visit, "practice");
            let number = visit.get("visit_id").and_then(Value::as_u64).unwrap_or_default();
            let Some(claims) = by_visit.get(&(practice.clone(), number)) else { continue };
            let shown = self.site.json(&["visit", "show", &format!("{practice}/{number}")]);
            let events = shown.get("events").map(list).unwrap_or_default().iter();
            let documents: BTreeSet<u64> =
                events.filter_map(|event| event.get("document").and_then(Value::as_u64)).collect();
            for document in documents {
                found.entry((practice.clone(), document)).or_default().extend(claims.iter().cloned());
            }
        }
        found
    }
}

fn of_claims(claims: Vec<Value>) -> End {
    let (mut what, mut half) = (BTreeSet::new(), Vec::new());
    let mut states: BTreeSet<String> = claims.iter().map(|claim| text(claim, "state")).collect();
    for finding in claims.iter().flat_map(|claim| claim.get("findings").map(list).unwrap_or_default()) {
        if text(finding, "words").len() < 10 || text(finding, "place").is_empty() {
            half.push(finding.to_string());
        }
        if matches!(text(finding, "severity").as_str(), "hold" | "reject") {
            what.insert(text(finding, "rule"));
        }
    }
    let outcome = match (states.pop_first().as_deref(), states.len()) {
        (None, _) => "visit".to_owned(),
        (Some("held"), 0) => "held".to_owned(),
        (Some("submitted"), 0) => "claim".to_owned(),
        (Some(first), _) => {
            format!("{first}{}", states.into_iter().map(|state| format!(" and {state}")).collect::<String>())
        }
    };
    End { outcome, what, half }
}

fn of_document(status: &str, shown: &Value) -> End {
    let (mut what, mut half) = (BTreeSet::new(), Vec::new());
    let reason = text(shown, "reason");
    let detail = shown.get("detail").unwrap_or(&Value::Null);
    for problem in detail.get("problems").map(list).unwrap_or_default() {
        let place = problem.get("at").map(|at| text(at, "path")).unwrap_or_default();
        let said = ["id", "found", "expected", "remedy"].iter().all(|key| !text(problem, key).is_empty());
        if place.is_empty() || !said {
            half.push(problem.to_string());
        }
        // `CLP03 (segment 9)`: the element is what a table names.
        let place = place.split(" (").next().unwrap_or_default();
        what.insert(format!("{} {place}", text(problem, "id")));
    }
    if status != "rejected" {
        what.insert(format!("{reason}: {}{}", text(detail, "reason"), text(detail, "fault")));
    }
    if what.is_empty() {
        half.push(shown.to_string());
    }
    End { outcome: status.to_owned(), what, half }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
