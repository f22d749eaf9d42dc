//! `connector probe URL`: what `[base]/metadata` says. The one request is without credentials, and nothing is asked unless somebody types it.

use std::path::PathBuf;
use std::process::ExitCode;

use super::super::output::{BOLD, RESET, print, print_json, table, visible};
use super::super::{Failure, Global};
use super::capability::read;
use crate::pull::{SendError, WireError, probe};

/// `connector probe`
#[derive(Debug, clap::Args)]
pub(crate) struct Probe {
    /// Base URL of a FHIR R4 server: `https`; `http` only towards this machine
    #[arg(value_name = "URL")]
    url: String,
    /// Certificates (PEM) that are trusted beside those of the web
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Keep the statement: the profile names it as `ehr.fhir_capability`
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

impl Probe {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let base = self.url.trim_end_matches('/');
        let base = base.strip_suffix("/metadata").unwrap_or(base);
        let wrong = |words: String| Failure::missing(format!("{base}/metadata: {words}"));
        let came = probe(base, "/metadata", self.ca_file.as_deref()).map_err(|error| match error {
            // It names the file; the address is not to blame.
            SendError::Config(words) => Failure::missing(words),
            other => wrong(words(other)),
        })?;
        let said = read(came.status, &came.body).map_err(wrong)?;
        if let Some(path) = &self.save {
            std::fs::write(path, &came.body)
                .map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
        }
        if global.json {
            print_json(&said);
            return Ok(ExitCode::SUCCESS);
        }
        let smart = if said.smart { ", SMART on FHIR" } else { "" };
        let software = if said.software.is_empty() { String::new() } else { format!("{}, ", visible(&said.software)) };
        print(&format!(
            "{BOLD}{base}{RESET}  {software}FHIR {}, {} resources{smart}",
            said.fhir_version, said.resources
        ));
        let mut out = table(&["part of a claim", "can come by", "must come another way"]);
        for element in &said.elements {
            let other = if element.by.is_empty() { element.otherwise } else { "" };
            out.add_row([element.element, &element.by.join(", "), other]);
        }
        print(&out.to_string());
        anstream::eprintln!("what a resource holds only a sample shows: `claimhost onboard SAMPLE`");
        Ok(ExitCode::SUCCESS)
    }
}

/// The same errors in the words of this command.
fn words(error: SendError) -> String {
    match error {
        SendError::RedirectNotAllowed(host) => {
            format!(
                "found a redirect to {host}, expected an answer of this server; if that is the EHR's own, probe it there"
            )
        }
        SendError::NotAllowed(_) => {
            "found another address, expected https://HOST/PATH (http only towards this machine)".to_owned()
        }
        SendError::Redirects(count) => {
            format!("found more than {count} redirects, expected an answer; name the address they lead to")
        }
        SendError::Wire(WireError::TooLarge(bytes)) => {
            format!("found more than {bytes} bytes, expected a CapabilityStatement")
        }
        other => other.to_string(),
    }
}
