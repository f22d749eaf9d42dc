//! What an active plugin of either world has: its manifest, its digest, what it says of itself, what it has cost.

use std::sync::Arc;

use wasmtime::Store;

use super::fault::{Fault, FaultKind};
use super::load::Plugin;
use super::manifest::Permissions;
use super::runner::{self, Call};
use super::session::{Exports, Started};
use super::source;
use super::wasi::State;
use crate::claim::Setup;
use crate::rules::RuleTable;

/// An active plugin; `D` is what its world describes. Cheap to clone through its `Arc`; calls block, so keep them off
/// tokio's workers.
pub struct Loaded<D> {
    pub(super) plugin: Arc<Plugin>,
    pub(super) description: D,
    /// Of a rule set over the component of tables: its table.
    pub(super) table: Option<Arc<RuleTable>>,
}

impl<D> Loaded<D> {
    /// Asks the component what it is, once.
    pub(super) fn describe(
        plugin: Arc<Plugin>,
        call: impl FnOnce(&Exports, &mut Store<State>) -> wasmtime::Result<D>,
    ) -> Result<Self, Fault> {
        let _slot = plugin.shared.pool.slot();
        let mut started = Started::new(&plugin, "")?;
        let description = started.call(&plugin, plugin.limits.deadline() * 4, call)?;
        drop(started);
        Ok(Self { plugin, description, table: None })
    }

    /// Id of its manifest.
    pub fn id(&self) -> &str {
        &self.plugin.manifest.id
    }

    /// SHA-256 of component and manifest, hex: what history events record.
    pub fn digest(&self) -> &str {
        &self.plugin.digest
    }

    /// What an outcome or a check records: the digest, and where there is a setup or a grant the first half of the digest of
    /// both. Equal versions with equal setups and rights answer equally, and no others have this text.
    pub fn digest_with(&self, setup: &Setup) -> String {
        let nothing_granted = self.plugin.granted == Permissions::default();
        if setup.settings.is_empty() && setup.mapping.is_empty() && nothing_granted {
            return self.plugin.digest.clone();
        }
        let opened_with = hex::encode(runner::opened_with(&self.plugin, setup));
        format!("{}+{}", self.plugin.digest, opened_with.get(..32).unwrap_or_default())
    }

    /// The mapping that its sessions are opened with: its own, and before it what the site says.
    pub fn mapping_with(&self, site: &str) -> String {
        source::joined(self.plugin.mapping.as_deref(), site)
    }

    /// Whether it may run now: where its fault budget is spent, calls are refused until it has filled up.
    pub fn has_budget(&self) -> bool {
        !self.plugin.budget.is_spent()
    }

    /// Whether it may run for a practice now: it has budget, and is not quarantined there.
    pub fn may_run(&self, practice: &str) -> bool {
        self.has_budget() && !self.plugin.is_quarantined(practice)
    }

    /// Practices that it does not run for since its `open` faulted.
    pub fn quarantined(&self) -> Vec<String> {
        self.plugin.quarantined()
    }

    /// Its `plugin.toml`.
    pub fn manifest(&self) -> &super::Manifest {
        &self.plugin.manifest
    }

    /// What the component says of itself.
    pub fn description(&self) -> &D {
        &self.description
    }

    /// Faults of this digest since the host started.
    pub fn faults(&self) -> u64 {
        self.plugin.faults()
    }

    /// Opens a session with a setup and drops it again. A refusal is [`FaultKind::SetupRefused`].
    pub(super) fn open_once<I, O>(&self, practice: &str, setup: &Setup, call: Call<'_, I, O>) -> Result<(), Fault> {
        match runner::run_alone(&self.plugin, practice, setup, &[], call)? {
            Ok(_) => Ok(()),
            Err(problems) => Err(Fault::new(FaultKind::SetupRefused(problems))),
        }
    }
}
