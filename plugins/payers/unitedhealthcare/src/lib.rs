//! UnitedHealthcare, commercial plans: rules over professional claims that the payer has published, one file a rule in
//! `rules/`.
//!
//! Forms, presence and duplicates are the host's standard edits, not here. Each rule names its source and the first day of
//! service for which it holds.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod claim;
mod rules;

use claimhost_sdk::intake::{Place, Problem, Setup};
use claimhost_sdk::review::{ClaimInContext, Finding};
use claimhost_sdk::{Rules, RulesDescription};

/// One session of the rule set.
#[derive(Debug)]
pub struct UnitedHealthcare;

impl Rules for UnitedHealthcare {
    fn describe() -> RulesDescription {
        RulesDescription {
            id: "unitedhealthcare".to_owned(),
            title: "UnitedHealthcare commercial plans, professional claims".to_owned(),
            look_back_days: 0,
            rules: rules::ALL.iter().map(|rule| (rule.describe)()).collect(),
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        if setup.mapping.trim().is_empty() {
            return Ok(Self);
        }
        Err(vec![Problem {
            id: "unitedhealthcare.table".to_owned(),
            at: Place { path: "rule table, line 1".to_owned(), offset: Some(0) },
            found: "a rule table".to_owned(),
            expected: "none: these rules have nothing to set".to_owned(),
            remedy: "remove the table".to_owned(),
        }])
    }

    fn check(&self, claim: &ClaimInContext) -> Vec<Finding> {
        let mut findings = Vec::new();
        for rule in rules::ALL {
            (rule.check)(claim, &mut findings);
        }
        findings
    }
}

claimhost_sdk::rules!(UnitedHealthcare);
