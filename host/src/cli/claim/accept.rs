//! `claim accept ID RULE... --reason TEXT`: a biller's word that what holds a claim is right as it is.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{print, print_json};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::{Failure, Global, Whose};
use crate::lifecycle::{Answer, Word};

/// `claim accept`
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("word").required(true))]
pub(crate) struct Accept {
    /// The claim, as `claim list` prints it, or its CLM01
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    /// The rules whose findings are right as they are, as `claim why` prints them
    #[arg(value_name = "RULE", required = true)]
    rules: Vec<String>,
    /// Why: kept with the claim, and shown by `claim why`
    #[arg(long, value_name = "TEXT", group = "word", value_parser = super::super::words)]
    reason: Option<String>,
    /// Take an earlier word back: the claim is held again
    #[arg(long, group = "word")]
    take_back: bool,
    /// Who says it
    #[arg(long, value_name = "NAME", default_value = "operator")]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Accepted {
    id: String,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
struct Rule {
    rule: String,
    /// Findings of it.
    findings: usize,
}

impl Accept {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.claim(&self.id, self.whose.practice())?;
        let named = name(practice.id(), id);
        let word = Word { by: &self.by, reason: self.reason.as_deref() };
        let answers = global
            .open()?
            .accept_findings(practice.id(), id, &self.rules, word)?
            .ok_or_else(|| no_such("claim", &self.id, "claim list"))?;
        let mut rules = Vec::new();
        for (rule, answer) in self.rules.iter().zip(answers) {
            match answer {
                Answer::Done(findings) => rules.push(Rule { rule: rule.clone(), findings }),
                Answer::NoSuchFinding => {
                    let what = if self.take_back { "was accepted" } else { "holds it" };
                    let words = format!(
                        "claim {named}: no finding of `{rule}` {what}; nothing was changed\n\
                         hint: `claimhost claim why {named}` shows what was found"
                    );
                    return Err(Failure::missing(words));
                }
                Answer::NotAcceptable => {
                    let words = format!(
                        "claim {named}: `{rule}` cannot be accepted: the standard, or the claim form, leaves no choice, or the \
                         rule was not evaluated; nothing was changed\n\
                         hint: `claimhost claim why {named}` says what to correct"
                    );
                    return Err(Failure::missing(words));
                }
            }
        }
        let accepted = Accepted { id: named, rules };
        if global.json {
            print_json(&accepted);
        } else {
            let verb = if self.take_back { "taken back" } else { "accepted" };
            for Rule { rule, findings } in &accepted.rules {
                print(&format!("Claim {}: {findings} of {rule} {verb}", accepted.id));
            }
            anstream::eprintln!("hint: `claimhost run --once`, or a running `serve`, looks at the claim again");
        }
        Ok(ExitCode::SUCCESS)
    }
}
