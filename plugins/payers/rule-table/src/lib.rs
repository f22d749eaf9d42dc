//! One component for every rule table: the table comes as the session's mapping and is parsed once.
//!
//! The language, its checks and its evaluation are the crate `claimhost-rules`, which the host uses too. What this component describes
//! is empty: the rules are those of the table, which the host has read.

use claimhost_rules::{LOOK_BACK_MAX, Problem, Table};
use claimhost_sdk::intake::{self, Setup};
use claimhost_sdk::review::{ClaimInContext, Finding};
use claimhost_sdk::{Rules, RulesDescription, setting};

/// One session: one table, or none.
#[derive(Debug)]
pub struct RuleTable {
    table: Option<Table>,
}

impl Rules for RuleTable {
    fn describe() -> RulesDescription {
        RulesDescription {
            id: "rule-table".to_owned(),
            title: "Rule tables".to_owned(),
            look_back_days: LOOK_BACK_MAX,
            rules: Vec::new(),
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<intake::Problem>> {
        setting::only(&setup, &[])?;
        if setup.mapping.is_empty() {
            return Ok(Self { table: None });
        }
        let problems = |problems: Vec<Problem>| problems.into_iter().map(Problem::into_contract).collect::<Vec<_>>();
        Ok(Self { table: Some(Table::read(&setup.mapping).map_err(problems)?) })
    }

    fn check(&self, claim: &ClaimInContext) -> Vec<Finding> {
        self.table.as_ref().map(|table| table.check(claim)).unwrap_or_default()
    }
}

claimhost_sdk::rules!(RuleTable);
