//! `connector search NAME`: by product, developer or id, whatever the case and punctuation; what is close is suggested.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{print_json, table};
use super::super::{Failure, Global, peers};
use crate::config::Config;
use crate::lifecycle::HostError;
use crate::onboard::{Connector, read_connectors};
use crate::plugin::Evidence;

/// How alike two names are at least that one is suggested for the other.
const ALIKE: f64 = 0.86;
/// Suggestions at most.
const SUGGESTED: usize = 5;

/// `connector search`
#[derive(Debug, clap::Args)]
pub(crate) struct Search {
    /// A product or its developer, or a part of the name
    #[arg(value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    name: String,
}

/// One that was found.
#[derive(Debug, Serialize)]
struct Found {
    id: String,
    product: String,
    developer: String,
    family: String,
    evidence: Evidence,
    /// What it lacks before it bills.
    needs: String,
    folder: PathBuf,
}

impl Search {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let connectors = read_connectors(&folders(global)?);
        if connectors.is_empty() {
            return Err(Failure::missing(
                "there is no connector in the plugin folders; `plugins.folders` of claimhost.toml names them",
            ));
        }
        let wanted = plain(&self.name);
        let found: Vec<Found> = connectors
            .iter()
            .filter(|connector| names(connector).iter().any(|name| plain(name).contains(&wanted)))
            .map(told)
            .collect();
        if found.is_empty() || wanted.is_empty() {
            let near = near(&wanted, &connectors);
            let hint = if near.is_empty() {
                "without one, `claimhost onboard SAMPLE` drafts a mapping from an export".to_owned()
            } else {
                format!("did you mean {}?", near.join(", "))
            };
            return Err(Failure::missing(format!("no connector is called like `{}`\nhint: {hint}", self.name)));
        }
        if global.json {
            print_json(&found);
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["connector", "product", "developer", "family", "evidence", "still needs"]);
        for one in &found {
            out.add_row([&one.id, &one.product, &one.developer, &one.family, evidence(one.evidence), &one.needs]);
        }
        super::super::output::print(&out.to_string());
        anstream::eprintln!("{} connectors; `claimhost plugin add FOLDER` takes one: {}", found.len(), {
            found.first().map(|one| one.folder.display().to_string()).unwrap_or_default()
        });
        Ok(ExitCode::SUCCESS)
    }
}

/// Plugin folders of the configuration, or what is shipped where there is none.
fn folders(global: &Global) -> Result<Vec<PathBuf>, Failure> {
    if global.config.exists() {
        let mut folders = Config::load(&global.config).map_err(HostError::from)?.plugins.folders;
        // What is shipped and not taken yet is found too.
        folders.extend(peers::workspace().map(|workspace| workspace.join("connectors")));
        return Ok(folders);
    }
    let shipped = peers::workspace().map(|workspace| workspace.join("connectors"));
    shipped.map(|folder| vec![folder]).ok_or_else(|| {
        Failure::config("there is no claimhost.toml here, and the project's sources are not at hand: name a configuration with --config")
    })
}

fn plain(text: &str) -> String {
    text.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn names(connector: &Connector) -> Vec<&str> {
    let manifest = &connector.manifest;
    let product = manifest.product.as_ref();
    let of_product = product.map(|product| [product.name.as_str(), product.developer.as_str()]);
    [manifest.id.as_str()].into_iter().chain(of_product.into_iter().flatten()).filter(|name| !name.is_empty()).collect()
}

/// Names that are close to what was typed, the closest first.
fn near(wanted: &str, connectors: &[Connector]) -> Vec<String> {
    let mut near: Vec<(f64, &str)> = Vec::new();
    let mut seen = BTreeSet::new();
    for name in connectors.iter().flat_map(names) {
        // Of a long name a word may be what was meant.
        let words = name.split_whitespace().filter(|word| word.len() > 3).map(plain);
        let score = words.chain([plain(name)]).map(|known| strsim::jaro_winkler(wanted, &known)).fold(0.0, f64::max);
        if score >= ALIKE && seen.insert(name) {
            near.push((score, name));
        }
    }
    near.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.cmp(right.1)));
    near.into_iter().take(SUGGESTED).map(|(_, name)| format!("`{name}`")).collect()
}

const fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::SampleVerified => "sample verified",
        Evidence::Documented => "documented",
        Evidence::StandardOnly => "standard only",
    }
}

fn told(connector: &Connector) -> Found {
    let Connector { manifest, mapping, folder } = connector;
    let product = manifest.product.clone().unwrap_or_default();
    let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let title = readme.lines().next().and_then(|line| line.strip_prefix("# ")).unwrap_or(&manifest.id).to_owned();
    let supplies = readme.split("\n\n").find_map(|part| part.trim().strip_prefix("**A site supplies**"));
    let needs = match supplies {
        Some(words) => words.split_whitespace().collect::<Vec<_>>().join(" "),
        None if manifest.product.is_some() => {
            "the practice's own base URL, and a server that is seen to have charges: certification proves clinical reads".to_owned()
        }
        None if mapping.is_empty() => "a mapping from a sample of the site: nothing of its layout is public".to_owned(),
        None => "what its README says".to_owned(),
    };
    Found {
        id: manifest.id.clone(),
        product: if product.name.is_empty() { title } else { product.name },
        developer: product.developer,
        family: manifest.base.clone().unwrap_or_else(|| manifest.family.clone()),
        evidence: manifest.evidence,
        needs,
        folder: folder.clone(),
    }
}
