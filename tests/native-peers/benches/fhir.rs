//! Megabytes of one bundle a second on one core: cut into visits and translated by the adapter, and read into their own records by crates of
//! others, which translate nothing. Of each the ChargeItems are counted.

#[allow(dead_code, reason = "its own main is not run here")]
#[path = "../../../plugins/ehr/fhir-r4/benches/translate.rs"]
mod translate;

use std::hint::black_box;

use claimhost_native_peers::{best, figure, rounds};
use claimhost_sdk::Adapter;
use claimhost_sdk::intake::Setup;
use fhirbolt::FhirReleases;
use fhirbolt::element::{Element, Primitive, Value};
use translate::bundle;

type R4 = Element<{ FhirReleases::R4 }>;

/// ChargeItems of a bundle in fhirbolt's element model.
fn of_fhirbolt(text: &str) -> usize {
    let bundle: R4 = fhirbolt::json::from_str(text, None).expect("a bundle");
    let Some(Value::Sequence(entries)) = bundle.get("entry") else { return 0 };
    let is_charge = |entry: &&R4| match entry.get("resource") {
        Some(Value::Element(resource)) => {
            matches!(resource.get("resourceType"), Some(Value::Primitive(Primitive::String(kind))) if kind == "ChargeItem")
        }
        _ => false,
    };
    entries.iter().filter(is_charge).count()
}

/// ChargeItems of a bundle in fhir-sdk's typed model.
fn of_fhir_sdk(text: &str) -> usize {
    use fhir_sdk::r4b::resources::{Bundle, Resource};
    let bundle: Bundle = serde_json::from_str(text).expect("a bundle");
    let resources = bundle.entry.iter().flatten().filter_map(|entry| entry.resource.as_ref());
    resources.filter(|resource| matches!(resource, Resource::ChargeItem(_))).count()
}

fn main() {
    let visits = usize::try_from(rounds(2_000)).unwrap_or(1);
    let file = bundle::bundle(visits);
    let wanted = visits * bundle::CHARGES;
    let session = plugin_fhir_r4::FhirR4::open(Setup { settings: Vec::new(), mapping: String::new() }).expect("a session");
    let megabytes = file.len() as f64 / 1e6;
    let measure = |name: &str, read: &mut dyn FnMut(&str) -> usize| {
        let time = best(|| assert_eq!(read(black_box(&file)), wanted, "{name}"));
        figure(name, megabytes / time.as_secs_f64(), "MB/s");
    };
    measure("fhir_mb_per_s", &mut |text| translate::charges(&session, &translate::cut(text.as_bytes())));
    measure("peer_fhirbolt_mb_per_s", &mut of_fhirbolt);
    measure("peer_fhir_sdk_mb_per_s", &mut of_fhir_sdk);
    let time = best(|| drop(black_box(serde_json::from_str::<serde_json::Value>(&file).expect("JSON"))));
    figure("peer_serde_json_mb_per_s", megabytes / time.as_secs_f64(), "MB/s");
}
