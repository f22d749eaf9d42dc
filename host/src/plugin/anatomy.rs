//! What is inside a component, before anything of it runs: its world, what it imports, how big it is.

use std::path::Path;

use serde::Serialize;

use super::engine::Placement;
use super::registry::{PluginError, PluginHost};
use super::source::Pass;

/// A component, looked into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anatomy {
    /// Bytes of the component file.
    pub component_bytes: usize,
    /// SHA-256 of the component file, hex: connectors that run one component share it.
    pub component_sha256: String,
    /// The plugin whose component it runs, where it has none of its own.
    pub base: Option<String>,
    /// Interfaces that it imports, with their versions.
    pub imports: Vec<String>,
    /// Interfaces that it exports.
    pub exports: Vec<String>,
    /// `pooled`: starts from reserved slots in microseconds; `on-demand`: is too big for one.
    pub engine: &'static str,
}

impl PluginHost {
    /// Looks into the component of a plugin folder.
    ///
    /// # Errors
    /// [`PluginError`] where it cannot be read or is no component.
    pub fn anatomy(&self, folder: &Path) -> Result<Anatomy, PluginError> {
        let source = Pass::new(&self.found()).source(folder)?;
        let limits = self.limits(&source.manifest);
        let built = self.shared.built(&source.component, &limits);
        let (placement, component) = built
            .map_err(|problem| PluginError::Component { path: folder.join(&source.manifest.component), problem })?;
        let engine = self.shared.engines.get(placement);
        let ty = component.component_type();
        let names = |found: &mut dyn Iterator<Item = String>| found.collect::<Vec<_>>();
        Ok(Anatomy {
            component_bytes: source.component.bytes.len(),
            component_sha256: hex::encode(source.component.sha256),
            base: source.manifest.base.clone(),
            imports: names(&mut ty.imports(engine).map(|(name, _)| name.to_owned())),
            exports: names(&mut ty.exports(engine).map(|(name, _)| name.to_owned())),
            engine: match placement {
                Placement::Pooled => "pooled",
                Placement::OnDemand => "on-demand",
            },
        })
    }
}
