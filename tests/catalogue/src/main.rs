//! Writes `connectors/catalogue/ID/plugin.toml`, one a product, from the Certified Health IT Product List of the ONC (CHPL, public
//! domain): active products certified for the standardised API (170.315 (g)(10)), one row a product.
//!
//! `claimhost-catalogue PRODUCTS.csv connectors/catalogue`. Columns: developer, product, version, chpl_product_number, status, certified,
//! endpoint_list_url, endpoints_listed, sample_fhir_base_url. Products of developers that have a connector of their own are left out.
//! What is written is made of the list alone: the same list gives the same files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use claimhost_sdk::delimited::{fields, records};

/// Developers with a connector of their own.
const NAMED: [&str; 9] = [
    "athenahealth, Inc.",
    "Cerner Corporation",
    "drchrono Inc.",
    "eClinicalWorks, LLC",
    "Epic Systems Corporation",
    "Modernizing Medicine",
    "Modernizing Medicine Gastroenterology, LLC",
    "NextGen Healthcare",
    "Tebra Technologies, Inc.",
];

const COLUMNS: [&str; 5] = ["developer", "product", "version", "chpl_product_number", "status"];

struct Product {
    developer: String,
    name: String,
    version: String,
    chpl_id: String,
    endpoint_list_url: String,
    base_url: String,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, out] = arguments.as_slice() else {
        bail!("expected two arguments: the list of products (CSV) and the folder to write");
    };
    let bytes = fs::read(list).with_context(|| format!("{list} cannot be read"))?;
    let products = read(&bytes)?;
    let shared = shared_urls(&products);
    for (id, product) in ids(&products) {
        let folder = Path::new(out).join(&id);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("plugin.toml"), manifest(&id, product, &shared))?;
    }
    Ok(())
}

fn read(bytes: &[u8]) -> Result<Vec<Product>> {
    let rows = records(bytes, b',');
    let Some((header, rows)) = rows.split_first() else { bail!("the list is empty") };
    let names = fields(header, b',');
    if let Some(missing) = COLUMNS.iter().find(|column| !names.iter().any(|name| name == *column)) {
        bail!("the list has no column `{missing}`; its columns are {}", names.join(", "));
    }
    let mut products = Vec::new();
    for row in rows {
        let cells = fields(row, b',');
        let cell = |name: &str| {
            let at = names.iter().position(|known| known == name);
            at.and_then(|at| cells.get(at)).map(|text| text.trim().to_owned()).unwrap_or_default()
        };
        let developer = cell("developer");
        if developer.is_empty() || cell("status") != "Active" || NAMED.contains(&developer.as_str()) {
            continue;
        }
        products.push(Product {
            developer,
            name: cell("product"),
            version: cell("version"),
            chpl_id: cell("chpl_product_number"),
            endpoint_list_url: cell("endpoint_list_url"),
            base_url: cell("sample_fhir_base_url"),
        });
    }
    Ok(products)
}

/// Base URLs that several products give.
fn shared_urls(products: &[Product]) -> BTreeSet<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for product in products.iter().filter(|product| !product.base_url.is_empty()) {
        *counts.entry(product.base_url.as_str()).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).map(|(url, _)| url).collect()
}

/// The product's name as an id; where several have it, the developer's before it, then the list's number behind it.
fn ids(products: &[Product]) -> BTreeMap<String, &Product> {
    let ways: [fn(&Product) -> String; 3] = [
        |product| slug(&product.name),
        |product| slug(&format!("{} {}", product.developer, product.name)),
        |product| slug(&format!("{} {} {}", product.developer, product.name, product.chpl_id)),
    ];
    let mut ids = BTreeMap::new();
    let mut left: Vec<&Product> = products.iter().collect();
    for way in ways {
        let mut found: BTreeMap<String, Vec<&Product>> = BTreeMap::new();
        for product in left.drain(..) {
            found.entry(way(product)).or_default().push(product);
        }
        for (id, products) in found {
            match products.as_slice() {
                [only] if !id.is_empty() && !ids.contains_key(&id) => {
                    ids.insert(id, *only);
                }
                _ => left.extend(products),
            }
        }
    }
    ids
}

fn slug(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { ' ' })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join("-")
}

fn manifest(id: &str, product: &Product, shared: &BTreeSet<&str>) -> String {
    let mut text = format!(
        "id = {}\nversion = \"0.1.0\"\nkind = \"adapter\"\nfamily = \"fhir-r4\"\ncontract = \"0.1.0-draft\"\nframing = \"fhir-bundle\"\n\
         formats = [\"fhir-r4\"]\nevidence = \"standard-only\"\nbase = \"fhir-r4\"\n\n[limits]\ndeadline_ms = 2000\nmemory_mib = 256\n\n\
         [product]\ndeveloper = {}\nname = {}\nversion = {}\nchpl_id = {}\n",
        quoted(id),
        quoted(&product.developer),
        quoted(&product.name),
        quoted(&product.version),
        quoted(&product.chpl_id),
    );
    let mut facts = Vec::new();
    let url = &product.base_url;
    if !product.endpoint_list_url.is_empty() {
        text += &format!("endpoint_list_url = {}\n", quoted(&product.endpoint_list_url));
    }
    if !url.is_empty() {
        text += &format!("example_base_url = {}\n", quoted(url));
        if !url.starts_with("https://") || url.contains(char::is_whitespace) {
            facts.push("the published base URL is malformed or not https");
        }
        if shared.contains(url.as_str()) {
            facts.push("another product has the same base URL");
        }
        if url.to_ascii_lowercase().contains("/r2/") {
            facts.push("the path says R2: check the version that it answers");
        }
    }
    if !facts.is_empty() {
        text += &format!("facts = [{}]\n", facts.iter().map(|fact| quoted(fact)).collect::<Vec<_>>().join(", "));
    }
    text
}

/// A TOML text.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|letter| match letter {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            control if control.is_control() => " ".to_owned(),
            other => other.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}
