//! What a plugin call costs with the shipped contract and the shipped plugins: rules on the full claim record, messages
//! through the adapter, a fresh session, a cold start.
//!
//! Every answer is looked at: a claim that was not evaluated or a message that was not translated stops the run.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../plugins/ehr/fhir-r4/benches/bundle.rs"]
mod bundle;
mod support;

use claimhost::claim::{ClaimInContext, Document, Outcome, visits};
use claimhost::intake::framing::{Framer, Framing, Item, Joins};
use claimhost::plugin::{Checked, RuleSet, Translated};
use claimhost_sdk::{Adapter, claim, intake};
use support::{claims, figure, median, micros, per_second};

const BATCH: usize = 100;

fn check(rules: &RuleSet, practice: &str, claims: &[ClaimInContext]) {
    let answers = rules.check(practice, &claims::setup(), claims);
    assert_eq!(answers.len(), claims.len());
    assert!(answers.iter().all(|answer| matches!(answer, Checked::Findings(_))), "{:?}", answers[0]);
}

/// The same documents for a plugin that is called natively.
fn natively(documents: &[Document]) -> Vec<intake::Document> {
    let day = claim::Date { year: 2026, month: 3, day: 2 };
    let part =
        |part: &claimhost::claim::Related| intake::Related { name: part.name.clone(), content: part.content.clone() };
    let one = |document: &Document| intake::Document {
        format: document.format.clone(),
        content: document.content.clone(),
        related: document.related.iter().map(part).collect(),
        received: day,
        ordinal: document.ordinal,
    };
    documents.iter().map(one).collect()
}

/// The time of a pass of the plugin's own code, without sandbox and crossing; its charges are counted.
fn native<A: Adapter>(documents: &[intake::Document], charges: usize) -> std::time::Duration {
    let session = A::open(intake::Setup { settings: Vec::new(), mapping: String::new() }).unwrap();
    let of = |outcome| match outcome {
        intake::Outcome::Events(events) => events
            .iter()
            .map(|event| match event {
                intake::Event::Visit(update) => update.charges.len(),
                intake::Event::Expected(_) => 0,
            })
            .sum(),
        _ => 0,
    };
    median(|| {
        let found: usize = documents.iter().map(|document| of(session.translate(document))).sum();
        assert_eq!(found, charges);
    })
}

/// What the sandbox leaves of the native speed, in percent.
fn kept(native: std::time::Duration, called: std::time::Duration) -> f64 {
    native.as_secs_f64() / called.as_secs_f64() * 100.0
}

fn main() {
    support::machine();
    let folders = support::plugin_folders();
    let host = support::plugins(&folders);
    let adapter = host.adapter("hl7v2-dft").unwrap();
    let rules = host.rules("medicare").unwrap();

    let typical = claims::typical(&adapter, BATCH);
    let batch = |one: &dyn Fn(usize) -> ClaimInContext| (0..BATCH).map(one).collect::<Vec<_>>();
    let smallest = claims::smallest(&typical[0]);
    let largest = claims::in_context(&claims::largest(&typical[0]), false);
    let batches = [
        ("rule_call_smallest_batch_us", batch(&|_| claims::in_context(&smallest, false))),
        ("rule_call_typical_batch_us", batch(&|n| claims::in_context(&typical[n], false))),
        ("rule_call_look_back_batch_us", batch(&|n| claims::in_context(&typical[n], true))),
        ("rule_call_largest_batch_us", batch(&|_| largest.clone())),
    ];
    for (name, batch) in &batches {
        figure(name, micros(median(|| check(&rules, "bench", batch)), BATCH), "us");
    }
    let alone = ["rule_call_smallest_alone_us", "rule_call_typical_alone_us", "", "rule_call_largest_alone_us"];
    for (name, (_, batch)) in alone.iter().zip(&batches).filter(|(name, _)| !name.is_empty()) {
        figure(name, micros(median(|| check(&rules, "bench", &batch[..1])), 1), "us");
    }

    // A practice that has no session yet: store, instance, `open` and the call.
    let mut practice = 0;
    let fresh = median(|| {
        practice += 1;
        check(&rules, &format!("new-{practice}"), &batches[1].1[..1]);
    });
    figure("fresh_session_us", micros(fresh, 1), "us");

    let documents = claims::documents(1_000);
    let translate = median(|| {
        let answers = adapter.translate("bench", &claims::setup(), &documents).unwrap();
        let full = |answer: &Translated| match answer {
            Translated::Outcome(Outcome::Events(events)) => {
                visits(events.clone()).iter().map(|update| update.charges.len()).sum::<usize>()
                    == support::practice::LINES
            }
            _ => false,
        };
        assert_eq!(answers.iter().filter(|answer| full(answer)).count(), documents.len());
    });
    figure("dft_messages_per_s", per_second(translate, documents.len()), "1/s");
    let own = native::<plugin_hl7v2_dft::Dft>(&natively(&documents), documents.len() * support::practice::LINES);
    figure("dft_vs_native_pct", kept(own, translate), "%");

    // A bundle cut into visits, then through the warm adapter; `cargo bench -p plugin-fhir-r4` has the same natively.
    let file = bundle::bundle(1_000);
    let fhir = host.adapter("fhir-r4").unwrap();
    let framer =
        Framer::open(Framing::FhirBundle, "fhir-r4", "", Joins::default(), std::io::Cursor::new(&file)).unwrap();
    let documents: Vec<Document> = framer
        .filter_map(|item| match item.unwrap() {
            Item::Frame(frame) => Some(Document {
                format: frame.format,
                content: frame.content,
                related: frame.related,
                received: claimhost::claim::from_day_number(20_000),
                ordinal: frame.ordinal,
            }),
            _ => None,
        })
        .collect();
    let translate = median(|| {
        let answers = fhir.translate("bench", &claims::setup(), &documents).unwrap();
        let charges = |answer: Translated| match answer {
            Translated::Outcome(Outcome::Events(events)) => {
                visits(events).iter().map(|visit| visit.charges.len()).sum()
            }
            _ => 0,
        };
        assert_eq!(answers.into_iter().map(charges).sum::<usize>(), 1_000 * bundle::CHARGES);
    });
    figure("fhir_adapter_mb_per_s", per_second(translate, file.len()) / 1e6, "MB/s");
    let own = native::<plugin_fhir_r4::FhirR4>(&natively(&documents), 1_000 * bundle::CHARGES);
    figure("fhir_vs_native_pct", kept(own, translate), "%");

    drop((rules, adapter, fhir, host));
    let cold = median(|| drop(support::plugins(&folders)));
    figure("cold_start_from_cache_ms", micros(cold, 1) / 1e3, "ms");
}
