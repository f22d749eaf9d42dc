//! One payer's rules: claims in, findings out. Fails closed: a claim that could not be evaluated says so.

use std::sync::Arc;

use super::contract::rules::exports::claimhost::plugin::check::Description;
use super::fault::{Fault, FaultKind};
use super::registry::Plugin;
use super::runner;
use super::session::{Exports, Started};
use crate::claim::{ClaimInContext, Finding, Rule, Setup};

/// What became of one claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Checked {
    /// The rules ran.
    Findings(Vec<Finding>),
    /// They did not: the claim is held with this reason, never passed.
    NotEvaluated(Fault),
}

/// An active rule set.
pub struct RuleSet {
    pub(super) plugin: Arc<Plugin>,
    description: Description,
}

impl RuleSet {
    /// Asks the component what it is, once.
    pub(super) fn new(plugin: Arc<Plugin>) -> Result<Self, Fault> {
        let _slot = plugin.shared.pool.slot();
        let mut started = Started::new(&plugin, "")?;
        let description = started.call(&plugin, plugin.limits.deadline() * 4, |exports, store| match exports {
            Exports::Rules(world) => world.claimhost_plugin_check().call_describe(store),
            Exports::Adapter(_) => Err(wasmtime::Error::msg("not a rule set")),
        })?;
        drop(started);
        Ok(Self { plugin, description })
    }

    /// Id of its manifest.
    pub fn id(&self) -> &str {
        &self.plugin.manifest.id
    }

    /// SHA-256 of component and manifest, hex: what history events record.
    pub fn digest(&self) -> &str {
        &self.plugin.digest
    }

    /// Its `plugin.toml`.
    pub fn manifest(&self) -> &super::Manifest {
        &self.plugin.manifest
    }

    /// Days of earlier lines to hand it: what it asks for, at most what its manifest was granted.
    pub fn look_back_days(&self) -> u16 {
        self.description.look_back_days.min(self.plugin.manifest.permissions.look_back_days)
    }

    /// Its rules as it describes them.
    pub fn rules(&self) -> &[Rule] {
        &self.description.rules
    }

    /// What the component says of itself.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Faults of this digest since the host started.
    pub fn faults(&self) -> u64 {
        self.plugin.faults()
    }

    /// Lifts the quarantine of a practice after a fault in `open`.
    pub fn release(&self, practice: &str) {
        self.plugin.release(practice);
    }

    /// Checks claims of one practice: exactly one answer each, in order. Blocks like [`super::Adapter::translate`].
    pub fn check(&self, practice: &str, setup: &Setup, claims: &[ClaimInContext]) -> Vec<Checked> {
        let results = match runner::run(&self.plugin, practice, setup, claims, &call) {
            Ok(results) => results,
            Err(problems) => {
                let fault = Fault::new(FaultKind::SetupRefused(problems));
                return claims.iter().map(|_| Checked::NotEvaluated(fault.clone())).collect();
            }
        };
        let granted = self.plugin.manifest.permissions.fixes;
        let findings = |mut findings: Vec<Finding>| {
            if !granted {
                findings.iter_mut().for_each(|finding| finding.fix = None);
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
        Exports::Rules(world) => world.claimhost_plugin_check().session().call_check(store, handle, claims),
        Exports::Adapter(_) => Err(wasmtime::Error::msg("not a rule set")),
    }
}
