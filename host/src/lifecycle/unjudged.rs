//! Visits whose claims are held since a rule set was not run: its fault budget was spent, or it is quarantined for the practice. They are looked at
//! again as soon as it may run, and not only the next day. Nothing of this outlives the host: the first turn looks at all that is held.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;

use crate::plugin::PluginHost;
use crate::store::{PracticeStore, StoreError};

/// By the plugin that was not run.
#[derive(Default)]
pub(super) struct Unjudged(Mutex<BTreeMap<String, BTreeSet<u64>>>);

impl Unjudged {
    /// Notes a visit with a claim that a rule set was not run for.
    pub(super) fn note(&self, plugin: &str, visit_id: u64) {
        self.0.lock().entry(plugin.to_owned()).or_default().insert(visit_id);
    }

    /// Has the visits looked at again whose rule set may run now.
    pub(super) fn look_again(&self, plugins: &PluginHost, store: &PracticeStore) -> Result<(), StoreError> {
        let mut waiting = self.0.lock();
        let may_run = |id: &String| plugins.rules(id).is_none_or(|rules| rules.may_run(store.id()));
        let ready: Vec<String> = waiting.keys().filter(|id| may_run(id)).cloned().collect();
        let visits: BTreeSet<u64> = ready.iter().filter_map(|id| waiting.get(id)).flatten().copied().collect();
        if !visits.is_empty() {
            store.write(|tx| visits.iter().try_for_each(|visit_id| tx.look_again_at(*visit_id)))?;
        }
        waiting.retain(|id, _| !ready.contains(id));
        Ok(())
    }
}
