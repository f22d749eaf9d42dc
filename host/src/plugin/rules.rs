//! One payer's rules: claims in, findings out. Fails closed: a claim that could not be evaluated says so.

use std::sync::Arc;

use super::contract::rules::exports::claimhost::plugin::check::Description;
use super::fault::{Fault, FaultKind};
use super::load::Plugin;
use super::loaded::Loaded;
use super::runner;
use super::session::{Exports, bounded};
use crate::claim::{ClaimInContext, Finding, Rule, Setup};
use crate::rules::{self, RuleTable};

/// What became of one claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Checked {
    /// The rules ran.
    Findings(Vec<Finding>),
    /// They did not: the claim is held with this reason, never passed.
    NotEvaluated(Fault),
}

/// Rule of a finding whose own is not among those that the rule set describes.
const UNDECLARED: &str = "rules.undeclared";

/// An active rule set.
pub type RuleSet = Loaded<Description>;

impl RuleSet {
    /// Asks the component what it is, once.
    pub(super) fn new(plugin: Arc<Plugin>) -> Result<Self, Fault> {
        let mut set = Self::describe(plugin, |exports, store| match exports {
            Exports::Rules(world, _) => world.claimhost_plugin_check().call_describe(store),
            Exports::Adapter(_) | Exports::Puller(_) | Exports::Poster(_) => {
                Err(wasmtime::Error::msg("not a rule set"))
            }
        })?;
        // A folder over the component of tables: its rules are those of its own table. A table that cannot be read opens no session.
        if set.plugin.manifest.base.as_deref() == Some(rules::COMPONENT)
            && let Some(text) = &set.plugin.mapping
            && let Ok(table) = RuleTable::read(set.id(), text.as_bytes())
        {
            set.description.look_back_days = table.table.look_back_days();
            set.description.rules.clone_from(&table.rules);
            set.table = Some(Arc::new(table));
        }
        Ok(set)
    }

    /// Whether the plugin takes a setup: opens a session and drops it.
    ///
    /// # Errors
    /// [`Fault`]; problems of the setup are [`FaultKind::SetupRefused`].
    pub fn try_open(&self, practice: &str, setup: &Setup) -> Result<(), Fault> {
        self.open_once(practice, setup, &call)
    }

    /// Days of earlier lines to hand it: what it asks for, at most what its manifest was granted.
    pub fn look_back_days(&self) -> u16 {
        self.description.look_back_days.min(self.plugin.granted.look_back_days)
    }

    /// Why it cannot run its own rules, or those of a table: with fewer days of earlier lines than the rules ask for, they would find
    /// nothing where there is something. None: it can.
    pub(crate) fn withheld(&self, table: Option<&RuleTable>) -> Option<String> {
        let asked = table.map_or(self.description.look_back_days, |table| table.table.look_back_days());
        let granted = self.look_back_days();
        let id = self.id();
        (asked > granted).then(|| {
            format!("looks back {asked} days, and the plugin `{id}` is granted {granted}; grant it look-back: `claimhost plugin add`")
        })
    }

    /// The table whose rules it runs, with what a practice's setup lays over it: its header says which claims it is for. `None` where the
    /// component has rules of its own, which are for every claim, and where the text is no table: no session opens with that.
    pub fn table_with(&self, setup: &Setup) -> Option<Arc<RuleTable>> {
        let own = self.table.as_ref()?;
        if setup.mapping.trim().is_empty() {
            return Some(Arc::clone(own));
        }
        RuleTable::read(self.id(), self.mapping_with(&setup.mapping).as_bytes()).ok().map(Arc::new)
    }

    /// Its rules as it describes them.
    pub fn rules(&self) -> &[Rule] {
        &self.description.rules
    }

    /// Checks claims of one practice: exactly one answer each, in order. Blocks like [`super::Adapter::translate`].
    pub fn check(&self, practice: &str, setup: &Setup, claims: &[ClaimInContext]) -> Vec<Checked> {
        self.check_declared(practice, setup, claims, &self.description.rules)
    }

    /// The same of a component whose rules are those of its setup, which the host has read: `declared`.
    pub fn check_declared(
        &self,
        practice: &str,
        setup: &Setup,
        claims: &[ClaimInContext],
        declared: &[Rule],
    ) -> Vec<Checked> {
        let results = match runner::run(&self.plugin, practice, setup, claims, &call) {
            Ok(results) => results,
            Err(problems) => {
                let fault = Fault::new(FaultKind::SetupRefused(problems));
                return claims.iter().map(|_| Checked::NotEvaluated(fault.clone())).collect();
            }
        };
        let granted = self.plugin.granted.fixes;
        let findings = |mut findings: Vec<Finding>| {
            for finding in &mut findings {
                if !granted {
                    finding.fix = None;
                }
                // Ids of rules are kept in the clear: only those it has declared.
                if !declared.iter().any(|rule| rule.id == finding.rule) {
                    UNDECLARED.clone_into(&mut finding.rule);
                }
            }
            Checked::Findings(findings)
        };
        results.into_iter().map(|result| result.map_or_else(Checked::NotEvaluated, findings)).collect()
    }
}

/// `session.check` of a batch.
pub(super) fn call(
    exports: &Exports,
    store: &mut wasmtime::Store<super::wasi::State>,
    handle: wasmtime::component::ResourceAny,
    claims: &[ClaimInContext],
) -> wasmtime::Result<Vec<Vec<Finding>>> {
    match exports {
        Exports::Rules(_, check) => {
            let answers = check.call(store, handle, claims)?;
            bounded(store, answers, Vec::len)
        }
        Exports::Adapter(_) | Exports::Puller(_) | Exports::Poster(_) => Err(wasmtime::Error::msg("not a rule set")),
    }
}
