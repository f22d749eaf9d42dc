//! `claim why ID`: every rule that found something on the live version, in a biller's words, and who looked at all.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::super::output::{BOLD, RED, RESET, print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::visit::thousandths;
use super::super::{Failure, Global, Whose};
use crate::claim::{ClaimPlace, Fix, Severity};
use crate::store::StoreResult;
use crate::store::acceptance::Acceptance;
use crate::store::claim::Looked;
use crate::store::finding::{StoredFinding, severity_str};

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
    /// An operator's word that it is right as it is: it no longer holds the claim.
    pub(in super::super) accepted: Option<Acceptance>,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    state: String,
    version: u32,
    findings: Vec<FoundLine>,
    /// Who looked at this version, as they were then: claimhost's own edits (rule set empty, its version), then rule sets.
    looked: Vec<Looked>,
}

impl Why {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.claim(&self.id, self.whose.practice())?;
        let known = practice.read(|tx| -> StoreResult<_> {
            let Some(claim) = tx.claim(id)? else { return Ok(None) };
            let findings = tx.findings(id, claim.live_version)?;
            let looked = tx.version_body(id, claim.live_version)?.looked;
            Ok(Some((claim, findings, looked)))
        })?;
        let (claim, findings, looked) = known.ok_or_else(|| no_such("claim", &self.id, "claim list"))?;
        let answer = Answer {
            id: name(practice.id(), id),
            state: claim.state,
            version: claim.live_version,
            findings: findings.iter().map(found).collect(),
            looked,
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
    for FoundLine { rule, severity, place, words, fix, plugin_digest, accepted } in &answer.findings {
        let colour = if matches!(severity.as_str(), "reject" | "hold") { RED } else { BOLD };
        print(&format!("\n{colour}{severity}{RESET}  {rule}  at {place}"));
        print(&format!("  {words}"));
        if let Some(fix) = fix {
            print(&format!("  fix: {fix}; add {rule} to apply_fixes of the profile to let claimhost do it"));
        }
        if let Some(Acceptance { by, reason, on }) = accepted {
            print(&format!("  accepted on {on} by {by}: {reason}"));
        }
        if !plugin_digest.is_empty() {
            print(&format!("  plugin {plugin_digest}"));
        }
    }
    let looked: Vec<String> = answer.looked.iter().map(who).collect();
    print(&format!("\nlooked: {}", looked.join(", ")));
}

fn who(looked: &Looked) -> String {
    if looked.rule_set.is_empty() {
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
