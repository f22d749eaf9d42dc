//! Elements that an interface has no place for: a finding that one is missing says so, because the person who mends it is not
//! at the registration desk.
//!
//! The finding's id ends in `.undelivered` instead of `.missing`; severity and place stay. Which elements those are, an adapter
//! says with every visit (`visit-update.undelivered`).

use std::collections::BTreeSet;

use crate::claim::{ClaimPlace, Finding};

/// Where else an element can come from.
const SOURCES: &[(&str, &str)] = &[
    ("billing", "the practice profile (`name`, `npi`, `taxonomy`, `address`)"),
    ("service-facility", "the profile's [[location]] with a `facility`"),
    ("place-of-service", "the profile's [[location]] of the visit with its `place_of_service`, or a mapping entry"),
    ("filing-indicator", "the profile's [[payer]] with its `filing_indicator`"),
    ("rendering", "the profile's [[provider]] with the local id that the feed sends, or a mapping entry"),
];
const ANY_SOURCE: &str =
    "a mapping entry, where the site sends it elsewhere in the document, or another feed of the practice";

/// What every interface that told of a visit has no place for, each by whether it told of charges: one that has could have sent it. Of a line
/// only those count that told of charges: a feed of admissions could not have sent it either.
pub fn of_visit(told: &[(bool, &[String])]) -> Vec<String> {
    let lacks = |element: &&String| {
        let is_of_line = element.starts_with("line.");
        told.iter().filter(|(charged, _)| *charged || !is_of_line).all(|(_, elements)| elements.contains(element))
    };
    let all: BTreeSet<&String> = told.iter().flat_map(|(_, elements)| *elements).collect();
    all.into_iter().filter(lacks).cloned().collect()
}

/// Tells findings about missing elements that the visit's interface does not deliver apart from those it should have.
pub fn explain(findings: &mut [Finding], undelivered: &[String]) {
    for finding in findings {
        // Units and amounts that nobody sends are zero.
        let endings = [".missing", ".not-positive", ".zero"];
        let Some(stem) = endings.iter().find_map(|ending| finding.rule.strip_suffix(ending)) else { continue };
        let Some(element) = undelivered.iter().find(|element| names(element, &finding.at)) else { continue };
        let element = bare(element);
        let known = SOURCES.iter().find(|(known, _)| element == *known || starts(&element, known));
        let source = known.map_or(ANY_SOURCE, |(_, source)| source);
        let rule = format!("{stem}.undelivered");
        finding.words +=
            &format!(" The interface that sent this visit has no place for it: it has to come from {source}.");
        finding.rule = rule;
    }
}

/// Whether a finding is about an element of the contract, or a part of it.
fn names(element: &str, at: &ClaimPlace) -> bool {
    if element.starts_with("line.") && at.line.is_none() {
        return false;
    }
    let field = bare(&at.field);
    let element = bare(element);
    field == element || starts(&field, &element)
}

fn starts(field: &str, element: &str) -> bool {
    field.strip_prefix(element).is_some_and(|rest| rest.starts_with('.'))
}

/// The element in the contract's words, without the record it is in: `coverages[0].filing_indicator` is `filing-indicator`.
fn bare(path: &str) -> String {
    let path = path.replace('_', "-");
    let record = |part: &str| {
        let name = part.split('[').next().unwrap_or(part);
        matches!(name, "header" | "coverage" | "line" | "lines" | "claim")
            || (name == "coverages" && part.contains('['))
    };
    match path.split_once('.') {
        Some((first, rest)) if record(first) => bare(rest),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::Severity;

    fn finding(rule: &str, line: Option<u16>, field: &str) -> Finding {
        let at = ClaimPlace { line, field: field.to_owned() };
        Finding { rule: rule.to_owned(), severity: Severity::Hold, at, words: "Missing.".to_owned(), fix: None }
    }

    #[test]
    fn an_interface_answers_for_what_it_could_have_sent_and_one_without_charges_for_no_line() {
        let of = |elements: &[&str]| elements.iter().map(|element| (*element).to_owned()).collect::<Vec<_>>();
        let (charges, admissions) =
            (of(&["line.units", "header.billing", "header.place-of-service"]), of(&["header.billing"]));
        assert_eq!(of_visit(&[]), of(&[]));
        assert_eq!(of_visit(&[(true, &charges)]), of(&["header.billing", "header.place-of-service", "line.units"]));
        assert_eq!(of_visit(&[(false, &admissions), (true, &charges)]), of(&["header.billing", "line.units"]));
        assert_eq!(
            of_visit(&[(true, &admissions), (true, &charges)]),
            of(&["header.billing"]),
            "one with charges had a place for units"
        );
    }

    #[test]
    fn only_what_the_interface_cannot_deliver_is_told_apart() {
        let undelivered = [
            "header.billing",
            "coverage.filing-indicator",
            "header.place-of-service",
            "line.drug.amount",
            "line.units",
            "line.charge",
        ]
        .map(str::to_owned);
        let table = [
            (finding("billing.missing", None, "billing.npi"), "billing.undelivered", "practice profile"),
            (
                finding("payer.filing-indicator.missing", None, "coverages[1].filing_indicator"),
                "payer.filing-indicator.undelivered",
                "`filing_indicator`",
            ),
            (
                finding("place-of-service.missing", None, "place_of_service"),
                "place-of-service.undelivered",
                "[[location]]",
            ),
            (finding("drug.amount.missing", Some(2), "drug.amount"), "drug.amount.undelivered", "another feed"),
            (finding("units.not-positive", Some(1), "units"), "units.undelivered", "another feed"),
            (finding("charge.zero", Some(1), "charge"), "charge.undelivered", "another feed"),
            // Another element, no line, and something that is not about a missing element.
            (finding("patient.name.missing", None, "patient.name.last"), "patient.name.missing", ""),
            (finding("drug.amount.missing", None, "drug.amount"), "drug.amount.missing", ""),
            (finding("billing.tax-id", None, "billing.tax_id"), "billing.tax-id", ""),
            (finding("billing-code.missing", None, "billing_code"), "billing-code.missing", ""),
        ];
        for (mut one, rule, words) in table {
            explain(std::slice::from_mut(&mut one), &undelivered);
            assert_eq!(one.rule, rule);
            assert!(one.words.contains(words), "{}", one.words);
            assert_eq!(one.words == "Missing.", words.is_empty(), "{}", one.words);
        }
    }
}
