//! What a rule table costs: 200 rules, 50 of which loop over the lines and 5 find something, opened and asked in the sandbox.
//!
//! Every answer is looked at: one that is not the five findings stops the run.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fmt::Write;

use claimhost::claim::ClaimInContext;
use claimhost::plugin::Checked;
use claimhost::rules::{COMPONENT, RuleTable, to_contract};
use support::{claims, figure, median, median_on_cpu, micros};

const BATCH: usize = 100;
const FIND: usize = 5;
const LOOP: usize = 50;
const RULES: usize = 200;

/// One rule of a payer's table, with the two cases that every rule has.
fn rule(out: &mut String, at: usize) {
    let code = format!("Q{:04}", at % 10_000);
    let (each, when, finds, silent) = if at < FIND {
        // Found on every claim with a charge.
        (
            "claim",
            format!("lines.exists(l, l.charge > usd(0.0{at})) && size(lines) > 0"),
            "lines = [\"99213\"]",
            "lines = [\"99213 $0\"]",
        )
    } else if at < FIND + LOOP {
        let when = format!(
            "lines.exists(l, l.units.amount > {at} && !(\"59\" in l.procedure.modifiers) && l.charge < usd({at})) || \
             lines.exists(l, l.procedure.system == \"hcpcs\" && l.charge > usd({at}00))"
        );
        ("claim", when, "lines = [\"G0001 $99999\"]", "lines = [\"99213\"]")
    } else {
        let when = format!(
            "line.procedure.code in [\"{code}\", \"J{:04}\", \"G{:04}\"] && !line.procedure.modifiers.exists(m, m in [\"JW\", \"JZ\"]) \
             && place(line) in [\"11\", \"22\", \"19\"]",
            at, at
        );
        ("line", when, "", "lines = [\"99213\"]")
    };
    let finds = if finds.is_empty() { format!("lines = [\"{code}\"]") } else { finds.to_owned() };
    let line = if each == "line" { "{line.procedure.code} on line {line_number}" } else { "This claim" };
    write!(
        out,
        "\n[[rule]]\nid = \"rule-{at}\"\ntitle = \"Rule {at} of a payer's policy\"\nseverity = \"warn\"\n\
         source = \"https://example.org/policy/{at}\"\neffective = 2010-01-01\neach = \"{each}\"\nwhen = '''\n  {when}\n'''\n\
         message = \"{line} is not billed as policy {at} wants it: see there.\"\n\n  [[rule.case]]\n  name = \"finds\"\n  finds = true\n  {finds}\n\n\
         \x20 [[rule.case]]\n  name = \"passes\"\n  finds = false\n  {silent}\n"
    )
    .unwrap();
}

fn main() {
    support::machine();
    let folders = support::plugin_folders();
    let host = support::plugins(&folders);
    let adapter = host.adapter("hl7v2-dft").unwrap();
    let rules = host.rules(COMPONENT).unwrap();

    let mut text = "[table]\nid = \"bench\"\ntitle = \"A payer's policies\"\nversion = \"1\"\n".to_owned();
    (0..RULES).for_each(|at| rule(&mut text, at));
    let table = RuleTable::load("bench", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(table.rules.len(), RULES);
    let setup = table.setup();
    figure("table200_kb", text.len() as f64 / 1024.0, "KB");
    // On save, outside of the sandbox: read, checked, and every case run.
    let load = median(|| drop(RuleTable::load("bench", text.as_bytes()).unwrap()));
    figure("table200_load_ms", micros(load, 1) / 1e3, "ms");

    // A practice that has no session yet: instance and `open` of the table.
    let open = median(|| rules.try_open("bench", &setup).unwrap());
    figure("table200_open_ms", micros(open, 1) / 1e3, "ms");
    let open = median_on_cpu(|| rules.try_open("bench", &setup).unwrap());
    figure("table200_open_cpu_ms", micros(open, 1) / 1e3, "ms");

    let typical = claims::typical(&adapter, BATCH);
    let batch: Vec<ClaimInContext> = (0..BATCH).map(|at| claims::in_context(&typical[at], false)).collect();
    let check = |claims: &[ClaimInContext]| {
        let answers = rules.check_declared("bench", &setup, claims, &table.rules);
        assert_eq!(answers.len(), claims.len());
        for answer in answers {
            assert!(matches!(&answer, Checked::Findings(found) if found.len() == FIND), "{answer:?}");
        }
    };
    figure("table200_check_us", micros(median(|| check(&batch)), BATCH), "us");
    figure("table200_check_cpu_us", micros(median_on_cpu(|| check(&batch)), BATCH), "us");
    figure("table200_check_alone_us", micros(median(|| check(&batch[..1])), 1), "us");
    // The evaluation alone, natively: what is left is the crossing.
    let native: Vec<_> = batch.iter().map(|claim| to_contract(claim).unwrap()).collect();
    let evaluate = median(|| native.iter().for_each(|claim| assert_eq!(table.table.check(claim).len(), FIND)));
    figure("table200_native_us", micros(evaluate, BATCH), "us");
}
