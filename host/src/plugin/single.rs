//! A host of one plugin folder: for its author, wherever it lies.

use std::path::Path;

use super::discover;
use super::manifest::Manifest;
use super::registry::{PluginError, PluginHostConfig};
use super::trust::{Trust, TrustPolicy};

impl PluginHostConfig {
    /// Only this folder, and the one among the configured folders whose component it runs. Whoever tries a plugin of their own has consented
    /// to it.
    ///
    /// # Errors
    /// [`PluginError::Manifest`].
    pub fn of_one(self, folder: &Path) -> Result<Self, PluginError> {
        let manifest = Manifest::read(folder)?;
        let mut folders = vec![folder.to_owned()];
        if let Some(base) = &manifest.base {
            let is_base = |place: &std::path::PathBuf| {
                Manifest::read(place).is_ok_and(|found| found.id == *base && found.base.is_none())
            };
            folders.extend(discover::folders(&self.folders).into_iter().find(is_base));
        }
        let trust = TrustPolicy { mode: Trust::Any, ..TrustPolicy::default() };
        Ok(Self { folders, trust, keep_versions: false, ..self })
    }
}
