//! What a plugin that misbehaves holds up, and what frees it: another version, its budget, an operator. Through the real binary, with the guests
//! `hostile-rules` and `hostile` of `tests/guests`; how faults are found is in `host/tests/plugin_rules.rs` and `plugin_hostile.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;

use claimhost_tests::programs::guest;
use claimhost_tests::serving::Serving;
use claimhost_tests::site::{Charge, PRACTICE, Site};
use serde_json::Value;

const DAY: &str = "2026-05-04";
const PROFILE: &str = "practices/my-practice/profile.toml";

/// A site that has a guest among its plugins.
fn with_guest(name: &str, limits: &str) -> (Site, PathBuf) {
    let site = Site::new();
    site.edit("claimhost.toml", "settle_seconds = 5", "settle_seconds = 0");
    site.edit("claimhost.toml", "poll_seconds = 5", "poll_seconds = 1");
    site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"any\"");
    let own = site.dir().join("plugins").join(name);
    std::fs::rename(guest(name, site.dir()), &own).unwrap();
    let manifest = own.join("plugin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(manifest, format!("{text}{limits}")).unwrap();
    (site, own)
}

/// A site whose claims are looked at by `hostile-rules`.
fn with_rules(limits: &str) -> (Site, PathBuf) {
    let (site, own) = with_guest("hostile-rules", limits);
    let of_all = "Rule sets of one payer stand at the payer.\nrules = ";
    site.edit(PROFILE, &format!("{of_all}[]"), &format!("{of_all}[\"hostile-rules\"]"));
    (site, own)
}

/// One charge, whose patient's name tells the rule set what to do.
fn charge(number: u32, name: &str) -> String {
    Charge { name: name.to_owned(), ..Charge::of_nobody_else(number) }.message()
}

/// Puts a file where HL7 messages arrive, whole under its name.
fn send(site: &Site, name: &str, text: &str) {
    let inbox = site.dir().join("inbox/my-practice");
    std::fs::write(inbox.join(format!("{name}.tmp")), text).unwrap();
    std::fs::rename(inbox.join(format!("{name}.tmp")), inbox.join(format!("{name}.hl7"))).unwrap();
}

fn claims(state: &str) -> String {
    format!("claimhost_claims{{practice=\"{PRACTICE}\",state=\"{state}\"}}")
}

/// Words of what holds a claim.
fn why(site: &Site, claim: &str) -> String {
    let answer = site.json(&["claim", "why", claim]);
    let held = answer["findings"].as_array().unwrap().iter().filter(|found| found["rule"] == "rules.not-evaluated");
    held.map(|found| found["words"].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

/// Exit code, and what is said.
fn said(site: &Site, arguments: &[&str]) -> (Option<i32>, String) {
    let output = site.command(arguments);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn a_claim_that_a_rule_set_fails_on_is_held_alone_until_the_rule_set_is_mended() {
    let (site, own) = with_rules("");
    let all = [charge(1, "VANCE^ORLA"), charge(2, "TRAP^ORLA"), charge(3, "VANCE^MILO")].concat();
    send(&site, "all", &all);
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["held"], &summary["claims"]["submitted"]), (&1.into(), &2.into()), "{summary}");
    let held = site.json(&["claim", "list", "--state", "held"]);
    let id = held[0]["id"].as_str().unwrap();
    let words = why(&site, id);
    assert!(words.contains("`hostile-rules` could not be evaluated: the plugin stopped"), "{words}");
    assert_eq!(site.run(DAY)["claims"]["held"], 1, "another run changes nothing");

    let wasm = own.join("plugin.wasm");
    let mut bytes = std::fs::read(&wasm).unwrap();
    let mark = bytes.windows(19).position(|bytes| bytes == b"RULES-MARK-HOSTILE!").unwrap();
    bytes[mark + 11..mark + 19].copy_from_slice(b"MENDED!!");
    std::fs::write(&wasm, bytes).unwrap();
    let summary = site.run(DAY);
    assert_eq!((&summary["claims"]["held"], &summary["claims"]["submitted"]), (&0.into(), &3.into()), "{summary}");
    site.assert_accounted(DAY);
}

#[test]
fn claims_that_wait_for_a_budget_are_looked_at_again_when_there_is_some() {
    let (site, _) = with_rules("[limits]\ndeadline_ms = 70\n");
    // A rule set is asked about a hundred claims at once, by their days: the one that never ends is among the first hundred, and finding it costs
    // all that there is.
    let looping = Charge { day: "20260401".to_owned(), name: "LOOP^ORLA".to_owned(), ..Charge::of_nobody_else(1) };
    let others = (2..=101).map(|number| charge(number, "VANCE^ORLA"));
    let all: String = std::iter::once(looping.message()).chain(others).collect();
    let serving = Serving::start(&site, DAY);
    send(&site, "all", &all);
    serving.wait_for(&format!("claimhost_documents{{practice=\"{PRACTICE}\",status=\"translated\"}}"), 101);
    // Words of what holds each held claim.
    let words = || -> Vec<String> {
        let held = site.json(&["claim", "list", "--state", "held", "--findings"]);
        let of = |claim: &Value| {
            claim["findings"].as_array().unwrap().iter().map(|found| found["words"].to_string()).collect()
        };
        held.as_array().unwrap().iter().map(of).collect()
    };
    let first = words();
    assert!(first.iter().any(|words| words.contains("did not answer within 700 ms")), "{first:?}");
    assert!(first.iter().any(|words| words.contains("budget is spent")), "nothing waits: {first:?}");
    // The day is the same, and nothing has changed.
    serving.wait_for(&claims("ready"), 100);
    let last = words();
    assert!(last.len() == 1 && last[0].contains("did not answer within 700 ms"), "{last:?}");
    serving.stop();
}

#[test]
fn a_quarantine_holds_claims_until_an_operator_ends_it() {
    let (site, _) = with_rules("");
    let profile = site.text(PROFILE);
    site.write(PROFILE, format!("{profile}\n[rule_settings.hostile-rules]\nopen = \"trap\"\n").as_bytes());
    let serving = Serving::start(&site, DAY);
    send(&site, "1", &charge(1, "VANCE^ORLA"));
    serving.wait_for(&claims("held"), 1);
    let quarantined = "claimhost_plugin_quarantined_practices{plugin=\"hostile-rules\"}";
    serving.wait_for(quarantined, 1);

    // The profile is mended; the quarantine is still the operator's to end.
    site.write(PROFILE, profile.as_bytes());
    serving.wait_for("claimhost_data_reloads_total{kind=\"profile\",outcome=\"activated\"}", 1);
    let (code, text) = said(&site, &["plugin", "release", "nobody"]);
    assert!(code == Some(4) && text.contains("no active plugin has this id"), "{text}");
    let (code, text) = said(&site, &["plugin", "release", "hostile-rules", "--practice", "nobody"]);
    assert!(code == Some(4) && text.contains("no practice `nobody`"), "{text}");
    assert_eq!((serving.metric(quarantined), serving.metric(&claims("held"))), (1, 1));
    let words = why(&site, "1");
    assert!(words.contains("the plugin is quarantined") && words.contains("claimhost plugin release"), "{words}");

    let released = site.json(&["plugin", "release", "hostile-rules", "--practice", PRACTICE]);
    assert_eq!(released["released"], serde_json::json!([PRACTICE]));
    serving.wait_for(&claims("ready"), 1);
    assert_eq!(serving.metric(quarantined), 0);
    let (code, text) = said(&site, &["plugin", "release", "hostile-rules"]);
    assert!(code == Some(4) && text.contains("`hostile-rules` is not quarantined"), "{text}");
    serving.stop();
    let (code, text) = said(&site, &["plugin", "release", "hostile-rules"]);
    assert!(code == Some(4) && text.contains("no serve runs here"), "{text}");
}

#[test]
fn documents_that_a_quarantine_kept_from_running_run_when_it_ends() {
    let (site, _) = with_guest("hostile", "");
    let mapping = "practices/my-practice/mapping.hostile.toml";
    site.write(mapping, b"# trap\n");
    let config = site.text("claimhost.toml");
    let folder = format!(
        "\n[[intake.folder]]\npractice = \"{PRACTICE}\"\npath = \"inbox/odd\"\nadapter = \"hostile\"\nmapping = \"{mapping}\"\n"
    );
    site.write("claimhost.toml", (config + &folder).as_bytes());
    for name in ["1", "2"] {
        site.write(&format!("inbox/odd/{name}.txt"), format!("well {name}").as_bytes());
    }
    let documents = |status: &str| format!("claimhost_documents{{practice=\"{PRACTICE}\",status=\"{status}\"}}");
    let serving = Serving::start(&site, DAY);
    serving.wait_for(&documents("parked"), 2);
    let listed = site.json(&["document", "list", "--practice", PRACTICE]);
    let reasons: Vec<&Value> = listed.as_array().unwrap().iter().map(|row| &row["reason"]).collect();
    assert_eq!(reasons, ["plugin.quarantined", "plugin.quarantined"]);

    // Another mapping is another digest; nothing of the practice runs all the same.
    site.write(mapping, b"# well\n");
    serving.wait_for("claimhost_data_reloads_total{kind=\"mapping\",outcome=\"activated\"}", 1);
    assert_eq!(serving.metric(&documents("parked")), 2);
    let (code, text) = said(&site, &["plugin", "release", "hostile"]);
    assert!(code == Some(0) && text.contains("released") && text.contains(PRACTICE), "{text}");
    serving.wait_for(&documents("ignored"), 2);
    serving.stop();
    site.assert_accounted(DAY);
}
