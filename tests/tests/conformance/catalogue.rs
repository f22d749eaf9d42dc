//! Every certified product of the catalogue, as it ships: pulled from its own server, held for exactly what certification does not cover, and with
//! what a site supplies on an 837P whose every value is the server's. One host has all of them: 249 sources in each of two practices.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use claimhost_tests::fhir::{backend_auth, backend_key};
use claimhost_tests::programs::{claimhost, workspace};
use claimhost_tests::sent::{Sent, in_order};
use claimhost_tests::site::Site;
use serde_json::Value;

use crate::certified::{MAPPING, Product, Servers, Supply};
use crate::{DAY, outcomes, practice, sent, without_practice};

/// What a chart lacks of a claim, by the finding that names it.
const LACKING: [&str; 4] = ["charge.undelivered", "modifiers.undelivered", "pointer.undelivered", "units.undelivered"];

/// The products, by the folders that ship.
fn products() -> Vec<Product> {
    let folders = std::fs::read_dir(workspace().join("connectors/catalogue")).unwrap();
    let named = folders.map(|folder| folder.unwrap().path()).filter(|folder| folder.join("plugin.toml").is_file());
    let mut ids: Vec<String> = named.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    ids.sort();
    ids.into_iter().enumerate().map(|(number, id)| Product { id, number }).collect()
}

/// The source of a product in one of the two practices.
fn source(product: &Product, side: &str, servers: &Servers) -> String {
    let Product { id, number } = product;
    let base = format!("{}/{id}/{side}", servers.server.url());
    let more = match (side, product.supply()) {
        ("supplied", Supply::Claims) => "pull_mapping = \"claims.toml\"\n",
        ("supplied", Supply::ChargeItems) => "pull_mapping = \"charge-items.toml\"\n",
        ("supplied", Supply::Mapping) => "mapping = \"chart.toml\"\n",
        _ => "",
    };
    format!(
        "\n[[intake.pull]]\npractice = \"{side}\"\nname = \"s{number}\"\npuller = \"us-core-pull\"\nadapter = \"{id}\"\nca_file = \"ca.pem\"\n\
         base_url = \"{base}\"\nsince = \"2025-06-01\"\ntimeout_seconds = 20\n{more}[intake.pull.settings]\npatients = \"p-{number}\"\n{}\n",
        backend_auth("system/*.read").replace("BASE", &base)
    )
}

/// What the product's server says of its visit, as an 837P has to say it.
fn expected(product: &Product) -> Sent {
    let [first, second, third] = product.charges();
    let day = product.day().replace('-', "");
    let values = [
        ("patient.name", format!("{}, ORLA", product.family())),
        ("patient.birth-date", product.born().replace('-', "")),
        ("patient.sex", "F".to_owned()),
        ("patient.address", "1 OAK WAY, SALEM OR 97301".to_owned()),
        ("member-id", format!("M{:03}", product.number)),
        ("payer", "00000".to_owned()),
        ("billing", "MY PRACTICE CHANGE ME 1234567893".to_owned()),
        ("rendering", "1000000004".to_owned()),
        ("place-of-service", "11".to_owned()),
        ("diagnoses", "J069 M1711".to_owned()),
        ("codes", "99213 20610 J1100".to_owned()),
        ("modifiers", "25 RT -".to_owned()),
        ("dates", format!("{day} {day} {day}")),
        ("units", format!("{} {} {}", first.1, second.1, third.1)),
        ("charges", format!("{} {} {}", first.0, second.0, third.0)),
        ("pointers", "1 2 2".to_owned()),
        ("total", (first.0 + second.0 + third.0).to_string()),
    ];
    let mut claim: Sent = values.into_iter().collect();
    in_order(&mut claim);
    claim
}

#[test]
fn every_certified_product_is_held_for_what_it_lacks_and_billed_with_what_its_site_supplies() {
    let products = products();
    assert_eq!(products.len(), 249);
    let servers = Servers::start(products.clone());
    let site = Site::with_connectors();
    let mut config = without_practice(&site);
    for side in ["certified", "supplied"] {
        config += &practice(&site, side, &[]);
        config.extend(products.iter().map(|product| source(product, side, &servers)));
    }
    site.write("claimhost.toml", config.as_bytes());
    site.write("ca.pem", servers.server.pem.as_bytes());
    site.write("chart.toml", MAPPING.as_bytes());
    for name in ["claims.toml", "charge-items.toml"] {
        site.write(name, &std::fs::read(workspace().join("connectors/us-core-pull").join(name)).unwrap());
    }
    let (file, key) = backend_key();
    site.write(&file, key.as_bytes());
    std::fs::set_permissions(site.dir().join(file), std::fs::Permissions::from_mode(0o600)).unwrap();

    let summary = site.run(DAY);
    servers.assert_certified();
    let work = site.json(&["work", "list", "--kind", "pull.failed"]);
    assert!(work.as_array().unwrap().is_empty(), "{work:#}");
    let documents = &summary["documents"];
    assert_eq!((&documents["translated"], &documents["rejected"]), (&498.into(), &0.into()), "{summary}");

    let (certified, supplied, left) =
        (outcomes(&site, "certified"), outcomes(&site, "supplied"), sent(&site, "supplied"));
    let lacking: BTreeSet<String> = LACKING.map(str::to_owned).into();
    let mut wrong = Vec::new();
    let mut billed: BTreeMap<Supply, usize> = BTreeMap::new();
    for product in &products {
        let visit = format!("e-{}", product.number);
        match certified.get(&visit) {
            Some(outcome) if outcome.states == ["held"] && outcome.rules == lacking => {}
            other => wrong.push(format!("{}: with what certification covers: {other:?}", product.id)),
        }
        match left.get(&format!("M{:03}", product.number)) {
            Some(claim) if *claim == expected(product) => *billed.entry(product.supply()).or_default() += 1,
            other => {
                let found = (other, supplied.get(&visit));
                wrong.push(format!(
                    "{}: with {:?}: {found:?}, expected {:?}",
                    product.id,
                    product.supply(),
                    expected(product)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), products.len(), &wrong[..wrong.len().min(6)]);
    assert_eq!((certified.len(), left.len()), (249, 249), "no visit and no claim beside those of the products");
    assert_eq!(billed.into_values().collect::<Vec<_>>(), [83, 83, 83], "each way of supplying what is missing");
    site.assert_accounted(DAY);
    println!("figure connectors_conforming 249 count");
}

#[test]
fn what_a_certified_server_says_of_itself_has_no_charges() {
    let servers = Servers::start(products());
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, &servers.server.pem).unwrap();
    let url = format!("{}/amazing-charts/certified", servers.server.url());
    let output =
        Command::new(claimhost()).args(["connector", "probe", &url, "--json", "--ca-file"]).arg(&ca).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let by = |element: &str| {
        let elements = said["elements"].as_array().unwrap();
        let one = elements.iter().find(|one| one["element"].as_str().unwrap().starts_with(element)).unwrap();
        one["by"].as_array().unwrap().len()
    };
    assert_eq!((by("charges"), by("visits"), by("coverage")), (0, 1, 1), "{said:#}");
}
