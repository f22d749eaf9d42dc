//! The nine EHRs by name, each from its own feed: the table of clean-claim elements. With the element, the 837P has its value; without it, the claim is
//! held by exactly the rule of the table, or the document refused, or, where nothing is an answer, the claim leaves without. Never a default.
//!
//! Each connector has two practices: one of a site that has answered what the README asks, one of a site that has answered nothing.

use std::collections::{BTreeMap, BTreeSet};

use claimhost_tests::sent::Sent;
use claimhost_tests::site::Site;
use serde_json::Value;

use crate::feeds::{Case, Connector, ELEMENTS, End, connectors, hl7, present};
use crate::{DAY, Outcome, outcomes, practice, sent, without_practice};

/// The second payer of every site.
const SECOND: (&str, &str) = (
    "[crosswalk.procedure]",
    "[[payer]]\nid = \"11111\"\nname = \"SECOND\"\nfiling_indicator = \"CI\"\n\n[crosswalk.procedure]",
);

/// The cases of a table: the whole visit, then one without each element that an interface can be without.
fn cases(table: &[(&'static str, End)]) -> Vec<Case> {
    let left_out = table.iter().filter(|(_, end)| !matches!(end, End::OfProfile)).map(|(element, _)| *element);
    std::iter::once("").chain(left_out).enumerate().map(|(number, without)| Case { number, without }).collect()
}

/// Adds a practice with these visits in its inbox; gives its blocks for `claimhost.toml`.
fn add(
    site: &Site,
    id: &str,
    connector: &Connector,
    mapping: &str,
    profile: &[(&str, &str)],
    cases: &[Case],
) -> String {
    let mut config = practice(site, id, &[&[SECOND][..], profile].concat());
    config +=
        &format!("\n[[intake.folder]]\npractice = \"{id}\"\npath = \"inbox/{id}\"\nadapter = \"{}\"\n", connector.id);
    if !mapping.is_empty() {
        site.write(&format!("practices/{id}/mapping.toml"), mapping.as_bytes());
        config += &format!("mapping = \"practices/{id}/mapping.toml\"\n");
    }
    for (name, bytes) in (connector.files)(cases) {
        site.write(&format!("inbox/{id}/{name}"), &bytes);
    }
    config
}

/// What became of the visits of a practice.
struct Ended {
    claims: BTreeMap<String, Outcome>,
    sent: BTreeMap<String, Sent>,
    /// Ids of the problems of its rejected documents.
    refused: BTreeSet<String>,
}

impl Ended {
    fn of(site: &Site, id: &str) -> Self {
        let documents = site.documents(id);
        let rejected = documents.iter().filter(|document| document["status"] == "rejected");
        let problems =
            rejected.flat_map(|document| document["detail"]["problems"].as_array().cloned().unwrap_or_default());
        let refused = problems.map(|problem: Value| problem["id"].as_str().unwrap().to_owned()).collect();
        Self { claims: outcomes(site, id), sent: sent(site, id), refused }
    }

    /// What is wrong with a visit's end; nothing where it is as expected.
    fn check(&self, case: Case, end: End) -> Option<String> {
        let (visit, member) = (case.id().to_string(), format!("P{}", case.id()));
        let (claim, left) = (self.claims.get(&visit), self.sent.get(&member));
        let holds = match end {
            End::Held(rules) => {
                let rules: BTreeSet<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
                left.is_none() && claim.is_some_and(|claim| claim.states == ["held"] && claim.rules == rules)
            }
            End::Refused(problem) => left.is_none() && claim.is_none() && self.refused.contains(problem),
            End::Leaves(value) => {
                left.is_some_and(|left| case.without.is_empty() || left.get(case.without).map(String::as_str) == value)
            }
            End::OfProfile => true,
        };
        let without = if case.without.is_empty() { "whole" } else { case.without };
        (!holds)
            .then(|| format!("{without}: expected {end:?}, found {claim:?}, refused {:?}, sent {left:?}", self.refused))
    }
}

#[test]
fn the_table_of_clean_claim_elements_holds_for_each_connector_by_name() {
    let connectors = connectors();
    assert_eq!(connectors.len(), 9);
    let site = Site::with_connectors();
    let mut config = without_practice(&site);
    let whole = [Case { number: 0, without: "" }];
    for connector in &connectors {
        let names: Vec<&str> = connector.table.iter().map(|(element, _)| *element).collect();
        assert_eq!(names, ELEMENTS, "{}: a line an element", connector.id);
        let Connector { id, shipped, supplied, profile, table, .. } = connector;
        config += &add(&site, id, connector, supplied, profile, &cases(table));
        config += &add(&site, &format!("{id}-unanswered"), connector, shipped, &[], &whole);
    }
    site.write("claimhost.toml", config.as_bytes());
    site.run(DAY);

    let (mut wrong, mut cells) = (Vec::new(), 0);
    for connector in &connectors {
        let id = connector.id;
        let ended = Ended::of(&site, id);
        let first = ended.sent.get("P100").unwrap_or_else(|| {
            panic!("{id}: the whole visit did not leave: {:?} {:?}", ended.claims.get("100"), ended.refused)
        });
        for element in ELEMENTS {
            let found = first.get(element).map(String::as_str);
            cells += 1;
            if found != Some(present(element)) {
                wrong.push(format!("{id}: {element}: expected {}, found {found:?}", present(element)));
            }
        }
        for case in cases(&connector.table) {
            let end = connector
                .table
                .iter()
                .find(|(element, _)| *element == case.without)
                .map_or(End::Leaves(None), |(_, end)| *end);
            cells += usize::from(!case.without.is_empty());
            wrong.extend(ended.check(case, end).map(|words| format!("{id}: {words}")));
        }
        let expected: BTreeSet<String> = connector
            .table
            .iter()
            .filter_map(|(_, end)| if let End::Refused(problem) = end { Some((*problem).to_owned()) } else { None })
            .collect();
        if ended.refused != expected {
            wrong.push(format!("{id}: refused {:?}, expected {expected:?}", ended.refused));
        }
        let unanswered = Ended::of(&site, &format!("{id}-unanswered"));
        wrong
            .extend(unanswered.check(whole[0], connector.unanswered).map(|words| format!("{id}, unanswered: {words}")));
    }
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
    // Seventeen elements that are there, and sixteen that are left out: the billing provider is the profile's, and no profile is without it.
    assert_eq!(cells, 9 * (17 + 16));
    println!("figure clean_claim_cells {cells} count");
    site.assert_accounted(DAY);
}

#[test]
fn a_profile_without_its_billing_provider_is_refused_by_its_key() {
    for (key, line) in [("npi", "npi = \"1234567893\"\n"), ("name", "name = \"MY PRACTICE CHANGE ME\"\n")] {
        let site = Site::new();
        site.edit("practices/my-practice/profile.toml", line, "");
        let output = site.command(&["check-config"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success() && said.contains(&format!("`{key}`")), "{key}: {said}");
    }
}

/// An interface of which the mapping says that it has no modifiers: a question, until the site answers that it has none.
#[test]
fn an_interface_without_modifiers_is_a_question_that_a_site_answers_once() {
    let site = Site::with_connectors();
    let mut config = without_practice(&site);
    let case = [Case { number: 0, without: "modifiers" }];
    let hl7 =
        Connector { files: |cases| vec![("charges.hl7".to_owned(), hl7::messages("EPIC", cases))], ..hl7::epic() };
    let csv = crate::feeds::csv::imd_health();
    let of_csv = csv.supplied.replace("modifier1 = \"Eye\"", "modifier1 = \"\"");
    let answer = "blank_is_none = [\"line.procedure.modifiers\"]\n";
    let ways = [("hl7", &hl7, "[charge]\nmodifiers = \"\"\n".to_owned()), ("csv", &csv, of_csv)];
    for (id, connector, mapping) in &ways {
        config += &add(&site, id, connector, mapping, &[], &case);
        config += &add(&site, &format!("{id}-answered"), connector, &format!("{answer}{mapping}"), &[], &case);
    }
    site.write("claimhost.toml", config.as_bytes());
    site.run(DAY);
    for (id, ..) in &ways {
        let asked = Ended::of(&site, id);
        assert_eq!(asked.check(case[0], End::Held(&["modifiers.undelivered"])), None, "{id}");
        let answered = Ended::of(&site, &format!("{id}-answered"));
        assert_eq!(answered.check(case[0], End::Leaves(Some("- -"))), None, "{id}");
    }
    // What was held can be answered for one visit, too.
    site.json(&[
        "--as-of",
        DAY,
        "claim",
        "accept",
        "hl7/1",
        "modifiers.undelivered",
        "--reason",
        "the chart calls for none",
        "--by",
        "test",
    ]);
    site.run(DAY);
    assert!(sent(&site, "hl7").contains_key("P100"), "{:?}", outcomes(&site, "hl7"));
}
