//! Whether each seeded hand-off failure was found by its own detector, and whether nobody else was: what the practices'
//! answer says of each visit against what the host's reports say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::programs::json;

/// Seeded kind, and the rule that has to be found on its claim, which is held.
const FOUND_BY: [(&str, &str); 22] = [
    ("demographic-name", "demographic.name"),
    ("demographic-birth-date", "demographic.birth-date"),
    ("demographic-member-id", "demographic.member-id"),
    ("demographic-subscriber", "demographic.subscriber"),
    ("demographic-coverage-ended", "demographic.coverage-dates"),
    ("eligibility-inactive", "eligibility.inactive"),
    ("eligibility-rejected", "eligibility.rejected"),
    ("eligibility-name", "demographic.name"),
    ("code-unmapped", "procedure.unmapped"),
    ("code-other-days", "crosswalk.other-days"),
    ("code-retired", "crosswalk.retired"),
    ("typo-charge", "typo.charge"),
    ("typo-member-id", "typo.member-id"),
    ("typo-service-date", "typo.service-date"),
    ("typo-near-duplicate", "typo.near-duplicate"),
    ("modifier-25", "ncci.ptp.modifier-missing"),
    ("modifier-59", "ncci.ptp.modifier-missing"),
    ("modifier-50", "modifier-omission.bilateral"),
    ("modifier-57", "modifier-omission.decision-for-surgery"),
    ("modifier-24", "modifier-omission.global-visit"),
    ("modifier-26", "modifier-omission.component"),
    // Lost before any payer sees it: the first one pays, and the second is never billed.
    ("secondary-no-member-id", "payer.other.incomplete"),
];

/// The reports that count by rule, and how they call the list.
const REPORTS: [(&str, &str); 3] = [("demographics", "fields"), ("typos", "rules"), ("modifiers", "rules")];

/// Near misses that are told all the same, as a warning that holds nothing.
const WARNED_BY: [(&str, &str); 3] = [
    ("near:payer-nickname", "demographic.name-variant"),
    ("near:nickname", "demographic.name-variant"),
    ("near:new-address", "demographic.address"),
];

/// Kinds whose visits have to stand in the audit of charges as gaps.
const GAPS: [&str; 2] = ["capture-gap", "missing-charges"];

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(row: &Value, key: &str) -> i64 {
    row.get(key).and_then(Value::as_i64).unwrap_or_default()
}

fn list<'a>(row: &'a Value, key: &str) -> &'a [Value] {
    row.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Practice and visit number.
pub type Key = (String, String);

/// Everything that is wrong, each with its visit and kind. `config` is the demo's claimhost.toml.
pub fn differences(config: &str, answers: &BTreeMap<Key, Value>, visits: &[Value], summary: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    // By rule: claims, and cents, as the answer has them.
    let mut expected: BTreeMap<&str, (u64, i64)> = BTreeMap::new();
    for visit in visits {
        let key = (text(visit, "practice").to_owned(), text(visit, "visit").to_owned());
        let Some(answer) = answers.get(&key) else { continue };
        let kind = list(answer, "seeded").first().and_then(Value::as_str).unwrap_or_default();
        seen.insert(kind);
        let findings: Vec<&str> =
            list(visit, "claims").iter().flat_map(|claim| list(claim, "findings")).filter_map(Value::as_str).collect();
        let own = FOUND_BY.iter().find(|(known, _)| *known == kind).map(|(_, rule)| *rule);
        if let Some(rule) = own {
            if !findings.contains(&rule) {
                wrong.push(format!("{key:?} {kind}: missed by {rule}, found {findings:?}"));
            }
            let sum = expected.entry(rule).or_default();
            sum.0 += 1;
            sum.1 += number(answer, "billed");
        }
        let others: BTreeSet<&str> = FOUND_BY.iter().map(|(_, rule)| *rule).filter(|rule| Some(*rule) != own).collect();
        for rule in others.into_iter().filter(|rule| findings.contains(rule)) {
            // A claim that is held for one thing may have another one truly wrong: a code that no row maps has no fee.
            if text(answer, "end") != "held" || text(visit, "end") != "held" || own.is_some() {
                wrong.push(format!("{key:?} {kind}: {rule} cried wolf"));
            }
        }
        if let Some((_, rule)) = WARNED_BY.iter().find(|(known, _)| *known == kind)
            && !findings.contains(rule)
        {
            wrong.push(format!("{key:?} {kind}: {rule} says nothing, found {findings:?}"));
        }
    }
    let kinds = FOUND_BY.iter().map(|(kind, _)| *kind).chain(WARNED_BY.iter().map(|(kind, _)| *kind)).chain(GAPS);
    wrong.extend(kinds.filter(|kind| !seen.contains(kind)).map(|kind| format!("{kind} was never seeded")));
    gaps(config, answers, summary, &mut wrong);
    reported(config, &expected, &mut wrong);
    wrong
}

/// The audit of charges against the answer: the same visits, no more and no fewer, each with a price.
fn gaps(config: &str, answers: &BTreeMap<Key, Value>, summary: &Value, wrong: &mut Vec<String>) {
    let audits = json(&["--config", config, "--json", "audit", "charges"]);
    let mut found: BTreeMap<Key, Value> = BTreeMap::new();
    for audit in audits.as_array().into_iter().flatten() {
        for gap in list(audit, "gap_list") {
            let key = (text(audit, "practice").to_owned(), text(gap, "visit_number").to_owned());
            let kind = answers.get(&key).map(|answer| list(answer, "seeded"));
            let kind = kind.and_then(|kinds| kinds.first()).and_then(Value::as_str).unwrap_or("no visit of the answer");
            if !GAPS.contains(&kind) {
                wrong.push(format!("audit charges cried wolf over {kind}: {gap}"));
            }
            if number(gap, "cents") <= 0 || text(gap, "basis") == "none" {
                wrong.push(format!("a gap without a price: {gap}"));
            }
            found.insert(key, gap.clone());
        }
    }
    let missing = answers.iter().filter(|(_, answer)| text(answer, "end") == "missing");
    let missing: BTreeSet<&Key> = missing.map(|(key, _)| key).collect();
    wrong.extend(missing.iter().filter(|key| !found.contains_key(**key)).map(|key| format!("{key:?} is no gap")));
    let said = summary.get("visits").map_or(0, |visits| number(visits, "missing_charges"));
    let counted = summary.get("findings").map_or(0, |findings| number(findings, "audit.charge-gap"));
    if [said, counted] != [i64::try_from(missing.len()).unwrap_or(-1); 2] {
        wrong.push(format!("{} visits are missing, the summary says {said} and {counted}", missing.len()));
    }
}

/// The audits that count by rule against the answer: claims and cents.
fn reported(config: &str, expected: &BTreeMap<&str, (u64, i64)>, wrong: &mut Vec<String>) {
    let mut found: BTreeMap<String, (u64, i64)> = BTreeMap::new();
    for (report, rules) in REPORTS {
        let audits = json(&["--config", config, "--json", "audit", report]);
        for field in audits.as_array().into_iter().flatten().flat_map(|audit| list(audit, rules)) {
            let sum = found.entry(text(field, "rule").to_owned()).or_default();
            sum.0 += field.get("claims").and_then(Value::as_u64).unwrap_or_default();
            sum.1 += number(field, "cents");
        }
    }
    // `audit codes` counts by code of the practice. An unmapped one may be a code that was meant to be a public one.
    let audits = json(&["--config", config, "--json", "audit", "codes"]);
    for code in audits.as_array().into_iter().flatten().flat_map(|audit| list(audit, "codes")) {
        let sum = found.entry(format!("crosswalk.{}", text(code, "kind"))).or_default();
        sum.0 += code.get("claims").and_then(Value::as_u64).unwrap_or_default();
        sum.1 += number(code, "cents");
    }
    // What payers answered, and what is not there, is the finding itself: no audit counts it.
    let counted = |rule: &str| {
        rule != "procedure.unmapped" && !["eligibility.", "payer."].iter().any(|start| rule.starts_with(start))
    };
    for (rule, sum) in expected.iter().filter(|(rule, _)| counted(rule)) {
        if found.get(*rule) != Some(sum) {
            wrong.push(format!("audit of {rule}: {:?}, the answer has {sum:?}", found.get(*rule)));
        }
    }
}
