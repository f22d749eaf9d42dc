//! A rule set whose one finding is all of the claim that it was handed, in words. See `host/tests/plugin_claims.rs`.

use claimhost_sdk::intake::{Problem, Setup};
use claimhost_sdk::review::{ClaimInContext, ClaimPlace, Finding, Severity};
use claimhost_sdk::{Rules, RulesDescription};

/// One session; it needs nothing.
#[derive(Debug)]
pub struct Echo;

impl Rules for Echo {
    fn describe() -> RulesDescription {
        RulesDescription {
            id: "echo".to_owned(),
            title: "Says what it was handed".to_owned(),
            look_back_days: 0,
            rules: Vec::new(),
        }
    }

    fn open(_setup: Setup) -> Result<Self, Vec<Problem>> {
        Ok(Self)
    }

    fn check(&self, claim: &ClaimInContext) -> Vec<Finding> {
        let at = ClaimPlace { line: None, field: String::new() };
        let words = format!("{claim:?}");
        vec![Finding { rule: String::new(), severity: Severity::Info, at, words, fix: None }]
    }
}

claimhost_sdk::rules!(Echo);
