//! `claim why ID`: every rule that found something on the live version, in a biller's words, and who looked at all.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use claimhost_rules::{End, Seen};

use super::super::output::{BOLD, RED, RESET, print, print_json, visible};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::visit::thousandths;
use super::super::{Failure, Global, Whose};
use crate::claim::{ClaimInContext, ClaimPlace, Fix, Severity, from_day_number, parse_iso};
use crate::lifecycle::{Window, seen_lines};
use crate::rules::{RuleTable, TableRef, Tables, to_contract};
use crate::store::acceptance::Acceptance;
use crate::store::claim::{AppliedFix, ClaimRow, Looked, VersionBody};
use crate::store::finding::{StoredFinding, severity_str};
use crate::store::{StoreResult, Tx};

/// `claim why`
#[derive(Debug, clap::Args)]
pub(crate) struct Why {
    /// The claim, as `claim list` prints it, or its CLM01
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
}

/// One finding as it is shown.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct FoundLine {
    /// Rule id.
    pub(in super::super) rule: String,
    /// `reject`, `hold`, `warn` or `info`.
    pub(in super::super) severity: String,
    /// `line 2, units`, `patient.birth-date`.
    pub(in super::super) place: String,
    /// For a biller.
    pub(in super::super) words: String,
    /// What the rule offers to do.
    pub(in super::super) fix: Option<String>,
    /// Digest of the rule set; empty for claimhost's own edits.
    pub(in super::super) plugin_digest: String,
    /// The rule table that it comes from.
    #[serde(default)]
    pub(in super::super) table: Option<TableRef>,
    /// An operator's word that its fix is not to be applied.
    #[serde(default)]
    pub(in super::super) fix_refused: Option<Acceptance>,
    /// An operator's word that it is right as it is: it no longer holds the claim.
    pub(in super::super) accepted: Option<Acceptance>,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    state: String,
    version: u32,
    findings: Vec<FoundLine>,
    /// What fixes have changed of this version, before and after.
    fixed: Vec<AppliedFix>,
    /// Who looked at this version, as they were then: claimhost's own edits (rule set empty, its version), then rule sets.
    looked: Vec<Looked>,
    /// What each rule of the tables among them made of it.
    tables: Vec<TableAnswer>,
}

/// A rule table, as it was when it looked.
#[derive(Serialize)]
struct TableAnswer {
    #[serde(flatten)]
    table: TableRef,
    /// Its title; empty where its text is no longer kept.
    title: String,
    rules: Vec<RuleAnswer>,
}

/// What one rule of a table made of the claim.
#[derive(Serialize)]
struct RuleAnswer {
    rule: String,
    title: String,
    /// First day, ISO 8601.
    effective: Option<String>,
    /// Last day.
    ended: Option<String>,
    /// `found`, `passed`, `failed`, `not-touched`, `not-in-force`.
    result: &'static str,
    /// What it needs on a claim, or why it has no answer.
    note: String,
    /// What its condition read, as it writes it, and what was there.
    saw: Vec<(String, String)>,
}

impl Why {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.claim(&self.id, self.whose.practice())?;
        let folder = Tables::look_at(&reader.config.rules.folder);
        let known = practice.read(|tx| -> StoreResult<_> {
            let Some(claim) = tx.claim(id)? else { return Ok(None) };
            let findings = tx.findings(id, claim.live_version)?;
            let body = tx.version_body(id, claim.live_version)?;
            let tables = tables(&folder, tx, &claim, &body, &findings)?;
            Ok(Some((claim, findings, body, tables)))
        })?;
        let (claim, findings, body, tables) = known.ok_or_else(|| no_such("claim", &self.id, "claim list"))?;
        let answer = Answer {
            id: name(practice.id(), id),
            state: claim.state,
            version: claim.live_version,
            findings: findings.iter().map(found).collect(),
            fixed: body.fixed,
            looked: body.looked,
            tables,
        };
        if global.json {
            print_json(&answer);
        } else {
            tell(&answer);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(answer: &Answer) {
    print(&format!("{BOLD}Claim {}{RESET}  {}, version {}", answer.id, answer.state, answer.version));
    if answer.findings.is_empty() {
        print("  nothing was found");
    }
    for found in &answer.findings {
        let FoundLine { rule, severity, place, words, fix, plugin_digest, table, fix_refused, accepted } = found;
        let colour = if matches!(severity.as_str(), "reject" | "hold") { RED } else { BOLD };
        print(&format!("\n{colour}{severity}{RESET}  {rule}  at {place}"));
        print(&format!("  {words}"));
        if let Some(Acceptance { by, reason, on }) = fix_refused {
            print(&format!("  fix taken back on {on} by {by}: {reason}"));
        } else if let Some(fix) = fix {
            print(&format!("  fix: {fix}; add {rule} to apply_fixes of the profile to let claimhost do it"));
        }
        if let Some(Acceptance { by, reason, on }) = accepted {
            print(&format!("  accepted on {on} by {by}: {reason}"));
        }
        if let Some(TableRef { id, version, digest, on }) = table {
            print(&format!("  rule table {id} version {version}, on {on}, {digest}"));
        }
        if !plugin_digest.is_empty() {
            print(&format!("  plugin {plugin_digest}"));
        }
    }
    for AppliedFix { rule, line, field, before, after, .. } in &answer.fixed {
        let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { visible(text) };
        print(&format!(
            "\n{BOLD}fixed{RESET}  {rule}: line {line}, {field}: {} is now {}",
            shown(before),
            shown(after)
        ));
        print(&format!("  claimhost claim undo-fix {} {rule} --reason \"...\" takes it back", answer.id));
    }
    answer.tables.iter().for_each(tell_table);
    let looked: Vec<String> = answer.looked.iter().map(who).collect();
    print(&format!("\nlooked: {}", looked.join(", ")));
}

/// The rules of a table that looked, what they saw, and how many did not.
fn tell_table(answer: &TableAnswer) {
    let TableRef { id, version, digest, on } = &answer.table;
    print(&format!("\n{BOLD}rule table {id}{RESET} version {version}, on {on}, {digest}"));
    if answer.rules.is_empty() {
        print("  its text is no longer kept: what its rules saw cannot be told");
    }
    for rule in answer.rules.iter().filter(|rule| !rule.result.starts_with("not-")) {
        let from = rule.effective.as_ref().map(|day| format!(" from {day}")).unwrap_or_default();
        let to = rule.ended.as_ref().map(|day| format!(" to {day}")).unwrap_or_default();
        print(&format!("  {:<7} {}: {}{from}{to}", rule.result, rule.rule, rule.title));
        for (label, value) in &rule.saw {
            print(&format!("            {label} = {}", visible(value)));
        }
        if !rule.note.is_empty() && (rule.result == "failed" || rule.saw.is_empty()) {
            print(&format!("            {}", rule.note));
        }
    }
    let count = |result: &str| answer.rules.iter().filter(|rule| rule.result == result).count();
    print(&format!(
        "  {} rules need what this claim does not have, {} are for other days",
        count("not-touched"),
        count("not-in-force")
    ));
}

/// What the rules of each table that looked made of a version, told again from its text and the other claims as they were then.
fn tables(
    folder: &Tables,
    tx: &Tx<'_>,
    claim: &ClaimRow,
    body: &VersionBody,
    findings: &[StoredFinding],
) -> StoreResult<Vec<TableAnswer>> {
    let mut answers = Vec::new();
    for (looked, reference) in body.looked.iter().filter_map(|looked| Some((looked, looked.table.as_ref()?))) {
        let text = folder.text(&reference.digest);
        let table = text.and_then(|text| RuleTable::read(&reference.id, text.as_bytes()).ok());
        let Some(table) = table else {
            answers.push(TableAnswer { table: reference.clone(), title: String::new(), rules: Vec::new() });
            continue;
        };
        let window = Window::of(&body.claim, i64::from(table.table.look_back_days()));
        let earlier = seen_lines(tx, &looked.earlier, window)?;
        let is_kept = earlier.is_some();
        let as_of = parse_iso(&reference.on).unwrap_or_else(|_| from_day_number(claim.service_to));
        let context = ClaimInContext { claim: body.claim.clone(), as_of, earlier: earlier.unwrap_or_default() };
        let seen = to_contract(&context).map(|context| table.table.explain(&context)).unwrap_or_default();
        let title = table.header().title.clone();
        let looks_back = |id: &str| table.table.rules.iter().any(|rule| rule.id == id && rule.look_back_days > 0);
        let rules = seen.into_iter().map(|seen| match is_kept || !looks_back(&seen.rule) {
            true => rule(seen),
            false => as_found(rule(seen), reference, findings),
        });
        answers.push(TableAnswer { table: reference.clone(), title, rules: rules.collect() });
    }
    Ok(answers)
}

/// The answer of a rule whose look-back saw a claim that was made anew since: what was found is kept, what it read is not.
fn as_found(mut answer: RuleAnswer, table: &TableRef, findings: &[StoredFinding]) -> RuleAnswer {
    if answer.result.starts_with("not-") {
        return answer;
    }
    let of_rule = |stored: &StoredFinding| stored.finding.rule == answer.rule && stored.table.as_ref() == Some(table);
    answer.result = if findings.iter().any(of_rule) { "found" } else { "passed" };
    "a claim of the patient that it saw was made anew since: what it read is not kept".clone_into(&mut answer.note);
    answer.saw.clear();
    answer
}

fn rule(seen: Seen) -> RuleAnswer {
    let (result, note) = match seen.end {
        End::NotInForce => ("not-in-force", String::new()),
        End::NotTouched(needs) => ("not-touched", needs),
        End::Passed => ("passed", String::new()),
        End::Found(count) => ("found", format!("{count} findings")),
        End::Failed(why) => ("failed", why),
    };
    let day = |number: Option<i64>| number.map(claimhost_rules::iso);
    let (effective, ended) = (day(seen.effective), day(seen.ended));
    RuleAnswer { rule: seen.rule, title: seen.title, effective, ended, result, note, saw: seen.saw }
}

fn who(looked: &Looked) -> String {
    if let Some(TableRef { id, version, digest, on }) = &looked.table {
        format!("rule table {id} version {version} on {on} ({digest}, run by {})", looked.digest)
    } else if looked.rule_set.is_empty() {
        format!("claimhost's own edits ({})", looked.digest)
    } else {
        format!("rule set {} ({})", looked.rule_set, looked.digest)
    }
}

/// A finding as it is shown.
pub(in super::super) fn found(stored: &StoredFinding) -> FoundLine {
    let finding = &stored.finding;
    FoundLine {
        rule: finding.rule.clone(),
        severity: severity_word(finding.severity).to_owned(),
        place: place(&finding.at),
        words: finding.words.clone(),
        fix: finding.fix.as_ref().map(fix_words),
        plugin_digest: stored.plugin_digest.clone(),
        table: stored.table.clone(),
        fix_refused: stored.fix_refused.clone(),
        accepted: stored.accepted.clone(),
    }
}

const fn severity_word(severity: Severity) -> &'static str {
    severity_str(severity)
}

fn place(at: &ClaimPlace) -> String {
    match (at.line, at.field.is_empty()) {
        (Some(line), true) => format!("line {line}"),
        (Some(line), false) => format!("line {line}, {}", at.field),
        (None, true) => "claim".to_owned(),
        (None, false) => at.field.clone(),
    }
}

/// What a fix would do.
fn fix_words(fix: &Fix) -> String {
    match fix {
        Fix::AddModifier(change) => format!("add modifier {} to line {}", change.modifier, change.line),
        Fix::RemoveModifier(change) => format!("remove modifier {} from line {}", change.modifier, change.line),
        Fix::SetUnits(change) => {
            format!("set the units of line {} to {}", change.line, thousandths(change.thousandths))
        }
        Fix::SetPlaceOfService(change) => {
            format!("set the place of service of line {} to {}", change.line, change.value)
        }
        Fix::SetProcedure(change) => format!("set the code of line {} to {}", change.line, change.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::{LineModifier, LineUnits};

    #[test]
    fn places_and_fixes_read_as_words() {
        let at = |line, field: &str| place(&ClaimPlace { line, field: field.into() });
        assert_eq!(at(Some(2), "units"), "line 2, units");
        assert_eq!(at(None, ""), "claim");
        assert_eq!(
            fix_words(&Fix::AddModifier(LineModifier { line: 1, modifier: "JZ".into() })),
            "add modifier JZ to line 1"
        );
        assert_eq!(
            fix_words(&Fix::SetUnits(LineUnits { line: 3, thousandths: 1500 })),
            "set the units of line 3 to 1.5"
        );
    }
}
