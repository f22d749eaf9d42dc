//! `connector search NAME`: by product, developer or id, whatever the case and punctuation; what is close is suggested.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{print_json, table};
use super::super::{Failure, Global, peers};
use crate::config::Config;
use crate::lifecycle::HostError;
use crate::onboard::{Connector, carried_connectors, read_connectors};
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
        let connectors = known(&folders(global)?);
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
        let first = found.first().map(|one| one.folder.as_path()).unwrap_or_else(|| Path::new(""));
        let place = if first.is_dir() { "" } else { " of the project's sources, which are not at hand here" };
        let folder = first.display();
        anstream::eprintln!("{} connectors; `claimhost plugin add FOLDER` takes one: {folder}{place}", found.len());
        Ok(ExitCode::SUCCESS)
    }
}

/// Plugin folders of the configuration, where there is one, and the project's own, where its sources are at hand.
fn folders(global: &Global) -> Result<Vec<PathBuf>, Failure> {
    let mut folders = Vec::new();
    if global.config.exists() {
        folders = Config::load(&global.config).map_err(HostError::from)?.plugins.folders;
    }
    folders.extend(peers::workspace().map(|workspace| workspace.join("connectors")));
    Ok(folders)
}

/// The connectors of these folders, and whatever else ships: an installed binary has its list with it.
fn known(folders: &[PathBuf]) -> Vec<Connector> {
    let mut connectors = read_connectors(folders);
    let ids: BTreeSet<String> = connectors.iter().map(|connector| connector.manifest.id.clone()).collect();
    connectors.extend(carried_connectors().into_iter().filter(|connector| !ids.contains(&connector.manifest.id)));
    connectors
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
    let Connector { manifest, mapping, readme, folder } = connector;
    let product = manifest.product.clone().unwrap_or_default();
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

/// Installed alone, without sources and without a configuration: what ships is found all the same, as its folder would have it.
#[test]
fn a_binary_has_the_list_of_what_ships_with_it() {
    let alone: Vec<Found> = known(&[]).iter().map(told).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors");
    let sources: Vec<Found> = read_connectors(&[folder]).iter().map(told).collect();
    let said = |all: &[Found]| -> BTreeSet<(String, String, String)> {
        all.iter().map(|one| (one.id.clone(), one.product.clone(), one.needs.clone())).collect()
    };
    assert!(alone.len() > 250, "{}", alone.len());
    assert_eq!(said(&alone), said(&sources));
}
