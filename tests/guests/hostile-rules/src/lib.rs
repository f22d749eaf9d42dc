//! A rule set that misbehaves on request: the patient's last name says how, the first name how much. It exports the world directly,
//! since the SDK's trait cannot answer short. See `host/tests/plugin_rules.rs` and `tests/tests/plugin_waits.rs`.
#![cfg(target_arch = "wasm32")]

use claimhost_sdk::bindings::rules::exports::claimhost::plugin::check as world;
use claimhost_sdk::intake::{Place, Problem, Setup};
use claimhost_sdk::review::{ClaimInContext, ClaimPlace, DateBasis, Finding, Fix, LineModifier, Rule, Severity};

struct Component;

struct Session;

/// Tests write `MENDED` into the component, to have a version of it that misbehaves no more.
#[used]
static MARK: [u8; 19] = *b"RULES-MARK-HOSTILE!";

/// Whether this version behaves, as it is in the component and not as the compiler knew it.
fn is_mended() -> bool {
    let mark = MARK.iter().skip(11).map(|byte| unsafe { std::ptr::read_volatile(byte) });
    mark.eq(*b"MENDED!!")
}

/// The one rule that it describes.
const SEEN: &str = "hostile-rules.seen";

impl world::Guest for Component {
    type Session = Session;
    fn describe() -> world::Description {
        world::Description {
            id: "hostile-rules".into(),
            title: "Misbehaves on request".into(),
            look_back_days: 0,
            rules: vec![Rule {
                id: SEEN.into(),
                title: "A claim was looked at".into(),
                severity: Severity::Info,
                source_url: String::new(),
                effective: None,
                ended: None,
                basis: DateBasis::Service,
            }],
        }
    }
}

impl world::GuestSession for Session {
    fn open(setup: Setup) -> Result<world::Session, Vec<Problem>> {
        let word = setup.settings.first().map_or(setup.mapping.as_str(), |(_, value)| value.as_str());
        match word {
            "trap" if !is_mended() => std::process::abort(),
            "loop" if !is_mended() => forever(),
            "refuse" => Err(vec![Problem {
                id: "table.bad".into(),
                at: Place { path: "line 1".into(), offset: None },
                found: "one word".into(),
                expected: "a table".into(),
                remedy: "write one".into(),
            }]),
            _ => Ok(world::Session::new(Session)),
        }
    }

    fn check(&self, claims: Vec<ClaimInContext>) -> Vec<Vec<Finding>> {
        let mut answers: Vec<Vec<Finding>> = claims.iter().map(check).collect();
        let says = |word: &str| !is_mended() && claims.iter().any(|claim| verb(claim) == word);
        if says("LONG") {
            answers.push(Vec::new());
        }
        if says("SHORT") {
            answers.pop();
        }
        answers
    }
}

fn verb(claim: &ClaimInContext) -> String {
    claim.claim.header.patient.name.last.to_ascii_uppercase()
}

fn forever() -> ! {
    loop {
        std::hint::black_box(());
    }
}

/// One finding: that the claim was seen, in words that are its own.
fn check(claim: &ClaimInContext) -> Vec<Finding> {
    let first = &claim.claim.header.patient.name.first;
    let finding = Finding {
        rule: SEEN.into(),
        severity: Severity::Info,
        at: ClaimPlace { line: None, field: "claim".into() },
        words: format!("seen {}", claim.claim.control_number),
        fix: None,
    };
    if is_mended() {
        return vec![finding];
    }
    match verb(claim).as_str() {
        "LOOP" => forever(),
        "TRAP" => std::process::abort(),
        "PANIC" => panic!("{first}"),
        "EAT" => {
            let mut all: Vec<Vec<u8>> = Vec::new();
            loop {
                all.push(vec![1; 1 << 20]);
                std::hint::black_box(&all);
            }
        }
        "HUGE" => vec![Finding { words: "x".repeat(8 << 20), ..finding }],
        "MANY" => vec![finding; first.parse().unwrap_or(1)],
        "UNDECLARED" => vec![Finding { rule: first.clone(), ..finding }],
        "FIX" => {
            let modifier = LineModifier { line: 1, modifier: "GP".into() };
            vec![Finding { fix: Some(Fix::AddModifier(modifier)), ..finding }]
        }
        _ => vec![finding],
    }
}

claimhost_sdk::bindings::rules::export_rules_world!(Component with_types_in claimhost_sdk::bindings::rules);
