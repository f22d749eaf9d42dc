//! Medicare Part B: rules over professional claims that CMS has published, one file a rule in `rules/`.
//!
//! Forms, presence and duplicates are the host's standard edits, not here. Each rule names its CMS source and the dates
//! between which it holds; it looks at the date of service.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod claim;
mod rules;
mod table;

use claimhost_sdk::intake::{Problem, Setup};
use claimhost_sdk::review::{ClaimInContext, Finding};
use claimhost_sdk::{Rules, RulesDescription, setting};
use table::Table;

/// One session of the rule set.
#[derive(Debug)]
pub struct Medicare {
    table: Table,
}

impl Rules for Medicare {
    fn describe() -> RulesDescription {
        RulesDescription {
            id: "medicare".to_owned(),
            title: "Medicare Part B, professional claims".to_owned(),
            look_back_days: rules::LOOK_BACK_DAYS,
            rules: rules::ALL.iter().map(|rule| (rule.describe)()).collect(),
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        setting::only(&setup, &[])?;
        Table::read(&setup.mapping).map(|table| Self { table })
    }

    fn check(&self, claim: &ClaimInContext) -> Vec<Finding> {
        let mut findings = Vec::new();
        for rule in rules::ALL {
            (rule.check)(claim, &self.table, &mut findings);
        }
        findings
    }
}

claimhost_sdk::rules!(Medicare);
