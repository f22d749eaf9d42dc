//! `connector`: the connector of a product by its name, and what a server says that it can deliver.

mod capability;
mod probe;
mod search;

use std::process::ExitCode;

use clap::Subcommand;

use super::{Failure, Global};

/// Connectors of EHRs
#[derive(Debug, Subcommand)]
pub(crate) enum Connector {
    /// Finds connectors by the name of a product or its developer
    Search(search::Search),
    /// Asks a FHIR R4 server for its CapabilityStatement, and says which parts of a claim it can deliver
    Probe(probe::Probe),
}

impl Connector {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        match self {
            Self::Search(command) => command.run(global),
            Self::Probe(command) => command.run(global),
        }
    }
}
