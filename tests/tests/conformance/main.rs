//! The conformance kit: every connector that ships, end to end, from its EHR's interface to the values of an 837P.
//!
//! `catalogue.rs`: the 249 certified products, each pulled over HTTPS from a server of its own (`certified.rs`), once with what certification
//! covers and once with what a site supplies. `named.rs`: the nine by name, from the feeds in `feeds/`, and the table of clean-claim elements.
//! What left is read from the bytes (`claimhost_tests::sent`), what was held from its findings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod catalogue;
mod certified;
mod feeds;
mod named;

use std::collections::{BTreeMap, BTreeSet};

use claimhost_tests::sent::{Sent, claims};
use claimhost_tests::site::{PRACTICE, Site};
use serde_json::Value;

/// The day of every test.
pub const DAY: &str = "2026-03-03";

/// What became of a visit's claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// State of the claim; of several claims of a visit each.
    pub states: Vec<String>,
    /// Rules that keep it.
    pub rules: BTreeSet<String>,
}

/// By number of the visit in its EHR: what became of each visit of a practice that has a claim.
pub fn outcomes(site: &Site, practice: &str) -> BTreeMap<String, Outcome> {
    let visits = site.json(&["visit", "list", "--practice", practice]);
    let numbers: BTreeMap<u64, String> = visits
        .as_array()
        .unwrap()
        .iter()
        .map(|visit| (visit["visit_id"].as_u64().unwrap(), visit["visit"].as_str().unwrap().to_owned()))
        .collect();
    let mut found: BTreeMap<String, Outcome> = BTreeMap::new();
    for claim in site.json(&["claim", "list", "--practice", practice, "--findings"]).as_array().unwrap() {
        let number = &numbers[&claim["visit_id"].as_u64().unwrap()];
        let outcome =
            found.entry(number.clone()).or_insert_with(|| Outcome { states: Vec::new(), rules: BTreeSet::new() });
        outcome.states.push(claim["state"].as_str().unwrap().to_owned());
        let blocks = |finding: &&Value| matches!(finding["severity"].as_str(), Some("hold" | "reject"));
        let findings = claim["findings"].as_array().unwrap().iter().filter(blocks);
        outcome.rules.extend(findings.map(|finding| finding["rule"].as_str().unwrap().to_owned()));
    }
    found
}

/// The claims of a practice that left, by member id. Nobody has two.
pub fn sent(site: &Site, practice: &str) -> BTreeMap<String, Sent> {
    let mut found = BTreeMap::new();
    let own = |name: &str| {
        name.strip_prefix(practice)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    for (name, bytes) in site.outbox().into_iter().filter(|(name, _)| own(name)) {
        for claim in claims(&String::from_utf8(bytes).unwrap()) {
            let member = claim["member-id"].clone();
            assert!(found.insert(member.clone(), claim).is_none(), "{name}: two claims of member {member}");
        }
    }
    found
}

/// A practice `id` whose profile is that of `init`, changed by `edits`; gives its block for `claimhost.toml`.
pub fn practice(site: &Site, id: &str, edits: &[(&str, &str)]) -> String {
    let own = format!("practices/{id}/profile.toml");
    let mut profile = site.text(&format!("practices/{PRACTICE}/profile.toml"));
    for (from, to) in
        [&[(format!("id = \"{PRACTICE}\"").as_str(), format!("id = \"{id}\"").as_str())][..], edits].concat()
    {
        assert!(profile.contains(from), "the profile that init writes has {from}");
        profile = profile.replace(from, to);
    }
    site.write(&own, profile.as_bytes());
    format!("\n[[practice]]\nid = \"{id}\"\nprofile = \"{own}\"\n")
}

/// `claimhost.toml` without the practice that `init` makes.
pub fn without_practice(site: &Site) -> String {
    site.text("claimhost.toml").split("# One block for each practice.").next().unwrap().to_owned()
}
