//! Which named connector a sample looks like: by the names that its mapping reads, by who sends (MSH-3, MSH-4), by the hosts of its URLs.
//!
//! A connector is never taken for evidence of what the site has: its mapping is the draft, and the report says why it was taken.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use claimhost_hl7v2::{Message, Path, frames};
use serde_json::Value;

use super::OnboardError;
use super::columns::plain;
use super::draft::Draft;
use super::recognise::{Format, Sample};
use super::tree::tree;
use crate::plugin::{Manifest, plugin_folders};

/// Of the names that a mapping reads, this many in ten have to be there, and at least so many.
const TENTHS: usize = 8;
const NAMES_MIN: usize = 6;
/// Hosts of standards: every server's resources name them.
const STANDARDS: [&str; 8] =
    ["hl7.org", "loinc.org", "snomed.info", "nih.gov", "ama-assn.org", "nucc.org", "cms.gov", "w3.org"];
/// Domains of the servers of named connectors, as their READMEs and the developers' endpoint lists have them.
const DOMAINS: [(&str, &[&str]); 3] = [
    ("modernizing-medicine", &["ema-api.com"]),
    ("oracle-cerner", &["cerner.com"]),
    ("eclinicalworks", &["eclinicalworks.com"]),
];
/// Bytes that are looked through for URLs.
const URLS_WITHIN: usize = 1 << 20;

/// A connector as its folder has it.
pub(crate) struct Connector {
    /// What its `plugin.toml` says.
    pub(crate) manifest: Manifest,
    /// Its mapping; empty: the component's defaults.
    pub(crate) mapping: String,
    /// Its README; empty: it has none.
    pub(crate) readme: String,
    /// Its folder; of one that this binary carries, within the project's sources.
    pub(crate) folder: PathBuf,
}

/// Folder, manifest, mapping and README of each connector that this binary was built with.
const CARRIED: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/connectors.rs"));

/// What a sample looks like.
pub(crate) struct Like {
    /// Id of the connector.
    pub(crate) id: String,
    /// Why.
    pub(crate) why: String,
    /// Its mapping, where it is more than a hint; empty: the draft is the sample's own.
    pub(crate) mapping: String,
}

impl Like {
    /// The connector's mapping as a draft.
    pub(super) fn draft(&self) -> Draft {
        let head = format!(
            "# Drafted by `claimhost onboard`: the mapping of the connector {}, since {}.\n# Every key: docs/mapping.md.\n\n",
            self.id, self.why
        );
        Draft { mapping: head + &self.mapping, ..Draft::default() }
    }
}

/// Reads the connectors of these folders: plugins over a stock component. A folder that cannot be read has none here; `plugin list` says
/// why.
pub(crate) fn read(folders: &[PathBuf]) -> Vec<Connector> {
    let connector = |folder: PathBuf| {
        let manifest = Manifest::read(&folder).ok()?;
        manifest.base.as_ref()?;
        let mapping = manifest.mapping.as_ref().and_then(|name| fs::read_to_string(folder.join(name)).ok());
        let readme = fs::read_to_string(folder.join("README.md")).unwrap_or_default();
        Some(Connector { manifest, mapping: mapping.unwrap_or_default(), readme, folder })
    };
    plugin_folders(folders).into_iter().filter_map(connector).collect()
}

/// The connectors that this binary carries: what ships is known wherever it runs.
pub(crate) fn carried() -> Vec<Connector> {
    let connector = |(folder, manifest, mapping, readme): &(&str, &str, &str, &str)| {
        let manifest = Manifest::parse(manifest).ok()?;
        manifest.base.as_ref()?;
        let mapping = if manifest.mapping.is_some() { (*mapping).to_owned() } else { String::new() };
        Some(Connector { manifest, mapping, readme: (*readme).to_owned(), folder: PathBuf::from(folder) })
    };
    CARRIED.iter().filter_map(connector).collect()
}

/// The connector that samples of one format look like.
///
/// # Errors
/// [`OnboardError::Sample`]: a sample that is no JSON or XML after all.
pub(super) fn like(connectors: &[Connector], samples: &[&Sample]) -> Result<Option<Like>, OnboardError> {
    let Some(first) = samples.first() else { return Ok(None) };
    let component = first.format.component();
    let over = || connectors.iter().filter(|connector| connector.manifest.base.as_deref() == Some(component));
    Ok(match first.format {
        Format::Json | Format::Xml => {
            let mut names = BTreeSet::new();
            for sample in samples {
                keys(&tree(sample)?, &mut names);
            }
            over()
                .filter_map(|connector| by_names(connector, &names))
                .max_by_key(|(share, _)| *share)
                .map(|(_, like)| like)
        }
        Format::Hl7v2 => {
            let senders = senders(samples);
            over().find_map(|connector| {
                let is_named = |sender: &&String| sender.contains(&plain(&connector.manifest.id));
                senders.iter().find(is_named).map(|_| Like {
                    id: connector.manifest.id.clone(),
                    why: "MSH-3 or MSH-4 names it".to_owned(),
                    mapping: String::new(),
                })
            })
        }
        Format::Fhir => {
            let hosts = hosts(samples);
            let (of_catalogue, named): (Vec<&Connector>, Vec<&Connector>) =
                over().partition(|connector| connector.manifest.product.is_some());
            let mut known = of_catalogue.iter().filter_map(|connector| by_host(connector, &hosts));
            // One host may be many products': then it says nothing.
            let only = known.next().filter(|_| known.next().is_none());
            named.iter().find_map(|connector| by_host(connector, &hosts)).or(only)
        }
        Format::Delimited { .. } | Format::Fixed { .. } | Format::X12 => None,
    })
}

fn keys(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                keys(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, names)),
        _ => {}
    }
}

/// How many in a hundred of the names that a mapping reads are in the sample.
fn by_names(connector: &Connector, names: &BTreeSet<String>) -> Option<(usize, Like)> {
    let mapping: toml::Table = connector.mapping.parse().ok()?;
    let mut wanted = BTreeSet::new();
    for table in ["visit", "charge"] {
        for value in mapping.get(table).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values) {
            let texts = value.as_array().map_or_else(|| vec![value], |values| values.iter().collect());
            for path in texts.into_iter().filter_map(toml::Value::as_str) {
                // A joined file may be missing from the sample; a constant is no place.
                if path.contains(':') || path.starts_with('=') {
                    continue;
                }
                let first = path.split('|').next().unwrap_or_default().trim_start_matches(['^', '/']);
                wanted.extend(first.split(['.', '[']).next().filter(|name| !name.is_empty()).map(str::to_owned));
            }
        }
    }
    let known = wanted.iter().filter(|name| names.contains(*name)).count();
    let enough = wanted.len() >= NAMES_MIN && known * 10 >= wanted.len() * TENTHS;
    enough.then(|| {
        let why = format!("the sample has {known} of the {} names that its mapping reads", wanted.len());
        (
            known * 100 / wanted.len(),
            Like { id: connector.manifest.id.clone(), why, mapping: connector.mapping.clone() },
        )
    })
}

/// MSH-3 and MSH-4, in lower-case letters and digits.
fn senders(samples: &[&Sample]) -> BTreeSet<String> {
    let mut senders = BTreeSet::new();
    for frame in samples.iter().flat_map(|sample| frames(&sample.bytes).messages()) {
        let Ok(message) = Message::parse(frame.bytes) else { continue };
        for path in ["MSH-3.1", "MSH-4.1"] {
            if let Ok(path) = Path::parse(path) {
                senders.insert(plain(&message.get(&path).text()));
            }
        }
    }
    senders
}

/// Hosts of the URLs in the samples.
fn hosts(samples: &[&Sample]) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    for sample in samples {
        let text = String::from_utf8_lossy(sample.bytes.get(..URLS_WITHIN).unwrap_or(&sample.bytes));
        for rest in text.split("://").skip(1) {
            let host: String =
                rest.chars().take_while(|one| one.is_ascii_alphanumeric() || matches!(one, '.' | '-')).collect();
            hosts.insert(host.to_ascii_lowercase());
        }
    }
    hosts.retain(|host| !STANDARDS.iter().any(|standard| is_below(host, standard)));
    hosts
}

/// Whether a host is a domain or below it.
fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn by_host(connector: &Connector, hosts: &BTreeSet<String>) -> Option<Like> {
    let manifest = &connector.manifest;
    let like = |own: &str, mapping: &str| {
        Some(Like { id: manifest.id.clone(), why: format!("its URLs are of {own}"), mapping: mapping.to_owned() })
    };
    if let Some(product) = &manifest.product {
        let url = url::Url::parse(&product.example_base_url).ok()?;
        let host = url.host_str()?;
        return if hosts.contains(host) { like(host, &connector.mapping) } else { None };
    }
    if let Some((_, domains)) = DOMAINS.iter().find(|(id, _)| *id == manifest.id) {
        let own = hosts.iter().find(|host| domains.iter().any(|domain| is_below(host, domain)))?;
        return like(own, &connector.mapping);
    }
    // A host that is called like a connector is a hint: a practice of that name may be anybody's customer.
    let id = plain(&manifest.id);
    like(hosts.iter().find(|host| host.split('.').any(|label| plain(label) == id))?, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A FHIR sample with one URL.
    fn of_url(url: &str) -> Option<(String, bool)> {
        let text = format!("{{\"resourceType\":\"Bundle\",\"entry\":[{{\"fullUrl\":\"{url}\"}}]}}");
        let sample = Sample { number: 1, path: "a.json".into(), format: Format::Fhir, bytes: text.into_bytes() };
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../connectors");
        let found = like(&read(&[folder]), &[&sample]).map_err(|error| error.to_string()).unwrap();
        found.map(|like| (like.id, like.mapping.is_empty()))
    }

    #[test]
    fn a_server_is_known_by_its_domain_and_not_by_a_word_in_it() {
        for (url, id) in [
            ("https://pbd.mmi.prod.fhir.ema-api.com/fhir/r4/Patient/1", "modernizing-medicine"),
            ("https://stage.ema-api.com/fhir/v2", "modernizing-medicine"),
            ("https://fhir-ehr.cerner.com/r4/tenant", "oracle-cerner"),
            ("https://fhir4.eclinicalworks.com/fhir/r4/CODE", "eclinicalworks"),
        ] {
            assert_eq!(of_url(url), Some((id.to_owned(), false)), "{url}");
        }
        for url in [
            "https://fhir.hopkinsmedicine.org/r4",
            "https://medicine.example/r4",
            "https://notcerner.com/r4",
            "https://cerner.com.example/r4",
            "http://hl7.org/fhir/us/core",
        ] {
            assert_eq!(of_url(url), None, "{url}");
        }
    }

    #[test]
    fn a_host_that_is_called_like_another_connector_is_a_hint_without_a_mapping() {
        let manifest = Manifest { product: None, id: "lakeside-ehr".to_owned(), ..of_cerner().manifest };
        let connector =
            Connector { manifest, mapping: "a = 1\n".to_owned(), readme: String::new(), folder: PathBuf::new() };
        let found =
            |host: &str| by_host(&connector, &BTreeSet::from([host.to_owned()])).map(|like| (like.id, like.mapping));
        assert_eq!(found("fhir.lakeside-ehr.example"), Some(("lakeside-ehr".to_owned(), String::new())));
        assert_eq!(found("lakeside.example"), None);
    }

    fn of_cerner() -> Connector {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../connectors");
        read(&[folder]).into_iter().find(|connector| connector.manifest.id == "oracle-cerner").unwrap()
    }
}
