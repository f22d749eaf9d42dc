//! Rule sets that misbehave (`tests/guests/hostile-rules`): rules fail closed, claim by claim. And one that keeps memory of its own between
//! calls (`tests/guests/keeper`), which the memory of the SDK leaves alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use claimhost::claim::{ClaimInContext, Finding, Fix, LineModifier, Setup};
use claimhost::plugin::build::build_guest;
use claimhost::plugin::{
    Checked, Fault, FaultKind, Offer, Permissions, PluginHost, PluginHostConfig, RuleSet, Trust, TrustPolicy,
};

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder with one guest of world `rules`.
struct Site {
    root: tempfile::TempDir,
    id: &'static str,
}

impl Site {
    fn new(id: &'static str, tail: &str) -> Self {
        let site = Self { root: tempfile::tempdir().unwrap(), id };
        let folder = site.root.path().join("plugins").join(id);
        fs::create_dir_all(&folder).unwrap();
        let component = build_guest(workspace(), &format!("guest-{id}")).unwrap();
        fs::copy(component, folder.join("plugin.wasm")).unwrap();
        let manifest = format!(
            "id = \"{id}\"\nversion = \"1.0.0\"\nkind = \"rules\"\ncontract = \"0.1.0-draft\"\nevidence = \"standard-only\"\n{tail}"
        );
        fs::write(folder.join("plugin.toml"), manifest).unwrap();
        site
    }

    fn config(&self) -> PluginHostConfig {
        // The components are compiled once for all tests of a process.
        static CACHE: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
        let cache = CACHE.get_or_init(|| tempfile::tempdir().unwrap()).path().to_owned();
        PluginHostConfig::new(vec![self.root.path().join("plugins")], cache)
    }

    fn open(&self) -> (PluginHost, Arc<RuleSet>) {
        self.open_with(self.config())
    }

    fn open_with(&self, config: PluginHostConfig) -> (PluginHost, Arc<RuleSet>) {
        let host = PluginHost::open(config).unwrap();
        let rules = host.rules(self.id).unwrap_or_else(|| panic!("{:?}", host.list()));
        (host, rules)
    }
}

fn setup(mapping: &str) -> Setup {
    Setup { settings: Vec::new(), mapping: mapping.to_owned() }
}

/// A claim of a patient with this name, and a number of its own.
fn claim(number: usize, last: &str, first: &str) -> ClaimInContext {
    let text = fs::read(workspace().join("plugins/payers/medicare/fixtures/chiropractic-with-at-passes/claim.json"));
    let mut claims: Vec<ClaimInContext> = serde_json::from_slice(&text.unwrap()).unwrap();
    let mut claim = claims.remove(0);
    claim.claim.control_number = number.to_string();
    let name = &mut claim.claim.header.patient.name;
    last.clone_into(&mut name.last);
    first.clone_into(&mut name.first);
    claim
}

/// A hundred claims, of which one is of somebody else.
fn hundred(place: usize, last: &str, first: &str) -> Vec<ClaimInContext> {
    let of = |number| if number == place { claim(number, last, first) } else { claim(number, "Hollis", "Edith") };
    (0..100).map(of).collect()
}

fn findings(answer: &Checked) -> &[Finding] {
    match answer {
        Checked::Findings(findings) => findings,
        Checked::NotEvaluated(fault) => panic!("{fault}"),
    }
}

fn fault(answer: &Checked) -> &Fault {
    match answer {
        Checked::NotEvaluated(fault) => fault,
        Checked::Findings(findings) => panic!("{findings:?}"),
    }
}

#[test]
fn of_a_hundred_claims_one_that_a_rule_set_fails_on_is_not_evaluated_and_the_others_are() {
    type Is = fn(&FaultKind) -> bool;
    let cases: [(&str, &str, Is); 8] = [
        ("TRAP", "", |kind| matches!(kind, FaultKind::Trap(_))),
        ("PANIC", "ZUNIGA", |kind| matches!(kind, FaultKind::Trap(_))),
        ("LOOP", "", |kind| matches!(kind, FaultKind::Deadline { .. })),
        ("EAT", "", |kind| *kind == FaultKind::Memory { mib: 32 }),
        ("HUGE", "", |kind| *kind == FaultKind::Oversize { mib: 4 }),
        ("SHORT", "", |kind| *kind == FaultKind::Count { expected: 1, found: 0 }),
        ("LONG", "", |kind| *kind == FaultKind::Count { expected: 1, found: 2 }),
        ("MANY", "11", |kind| *kind == FaultKind::Results { found: 11, expected: 10 }),
    ];
    for (at, (last, first, is)) in cases.into_iter().enumerate() {
        let site =
            Site::new("hostile-rules", "[limits]\ndeadline_ms = 60\nmemory_mib = 32\noutput_mib = 4\nresults = 10\n");
        let (_host, rules) = site.open();
        let place = [0, 37, 99][at % 3];
        let answers = rules.check("north", &setup(""), &hundred(place, last, first));
        assert_eq!(answers.len(), 100, "{last}: one answer each");
        for (at, answer) in answers.iter().enumerate() {
            if at == place {
                let fault = fault(answer);
                assert!(is(fault.kind()) && !fault.was_not_run(), "{last}: {fault}");
                assert!(!format!("{fault} {fault:?} {answer:?}").contains("ZUNIGA"), "{fault}");
            } else {
                assert_eq!(findings(answer)[0].words, format!("seen {at}"), "{last}");
            }
        }
        assert!(rules.faults() >= 2, "{last}: alone, and alone again");
    }
    // As many as are allowed are no fault.
    let (_host, rules) = Site::new("hostile-rules", "[limits]\nresults = 10\n").open();
    assert_eq!(findings(&rules.check("north", &setup(""), &[claim(0, "MANY", "10")])[0]).len(), 10);
}

#[test]
fn an_id_that_a_rule_set_has_not_declared_is_not_kept() {
    let (_host, rules) = Site::new("hostile-rules", "").open();
    for id in ["medicare.chiropractic-at", "ZUNIGA MARISOL", ""] {
        let answers = rules.check("north", &setup(""), &[claim(0, "UNDECLARED", id), claim(1, "Hollis", "Edith")]);
        assert_eq!(findings(&answers[0])[0].rule, "rules.undeclared", "{id}");
        assert_eq!(findings(&answers[1])[0].rule, "hostile-rules.seen");
    }
}

#[test]
fn a_rule_set_that_cannot_be_opened_evaluates_nothing_until_it_is_released() {
    let site = Site::new("hostile-rules", "[limits]\ndeadline_ms = 40\n");
    for word in ["trap", "loop"] {
        let (host, rules) = site.open();
        let both = [claim(0, "Hollis", "Edith"), claim(1, "Hollis", "Edith")];
        let first = rules.check("north", &setup(word), &both);
        assert!(first.iter().all(|answer| fault(answer).is_quarantine()), "{word}: {first:?}");
        assert_eq!(rules.quarantined(), ["north"]);
        // Its setup was mended: that is not what ends a quarantine.
        let again = rules.check("north", &setup(""), &both);
        assert!(again.iter().all(|answer| *fault(answer).kind() == FaultKind::Quarantined), "{word}: {again:?}");
        assert_eq!(host.release("hostile-rules", Some("north")).unwrap(), ["north"]);
        assert_eq!(findings(&rules.check("north", &setup(""), &both)[1])[0].words, "seen 1");
    }
    let (_host, rules) = site.open();
    let refused = rules.check("north", &setup("refuse"), &[claim(0, "Hollis", "Edith")]);
    assert!(matches!(fault(&refused[0]).kind(), FaultKind::SetupRefused(problems) if problems[0].id == "table.bad"));
    assert!(rules.quarantined().is_empty(), "a refusal is no fault");
}

#[test]
fn a_fix_is_proposed_only_where_fixes_were_granted() {
    let site = Site::new("hostile-rules", "[permissions]\nfixes = true\n");
    let asked = [claim(0, "FIX", "")];
    let proposed = |rules: &RuleSet| {
        let answers = rules.check("north", &setup(""), &asked);
        let found = findings(&answers[0]);
        assert_eq!((found.len(), found[0].rule.as_str()), (1, "hostile-rules.seen"));
        found[0].fix.clone()
    };
    let with_lock = || {
        let lock = Some(site.root.path().join("plugins.lock"));
        PluginHostConfig { trust: TrustPolicy { mode: Trust::Locked, lock, keys: Vec::new() }, ..site.config() }
    };
    let consent = |grants: Permissions| {
        let offer = Offer::read(&with_lock(), &site.root.path().join("plugins/hostile-rules")).unwrap();
        offer.consent(&site.root.path().join("plugins.lock"), grants).unwrap();
        site.open_with(with_lock()).1
    };
    let fix = Fix::AddModifier(LineModifier { line: 1, modifier: "GP".to_owned() });
    assert_eq!(proposed(&consent(Permissions { fixes: true, ..Permissions::default() })), Some(fix));
    assert_eq!(proposed(&consent(Permissions::default())), None, "asked for and refused");
    let unasked = Site::new("hostile-rules", "");
    assert_eq!(proposed(&unasked.open().1), None, "not asked for");
}

/// How many blocks the keeper has after a claim, of what it had before: see `tests/guests/keeper`.
fn kept(before: usize, number: usize) -> usize {
    let before = if number == 50 { 0 } else { before };
    match (number % 4, before) {
        (2, 1..) => before,
        (3, 1..) => before - 1,
        _ => before + 1,
    }
}

#[test]
fn what_a_rule_set_keeps_over_its_calls_is_never_written_over_by_what_it_is_lent() {
    let site = Site::new("keeper", "[limits]\ndeadline_ms = 5000\noutput_mib = 16\n");
    let (host, rules) = site.open();
    let sum = |text: &str| text.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
    let mut blocks = 0;
    // Asks for so many claims, the last with a text of so many bytes; gives the pages of memory that the guest has after it.
    let mut call = |count: usize, bytes: usize| -> usize {
        let mut claims: Vec<ClaimInContext> = (0..count).map(|number| claim(number, "Hollis", "Edith")).collect();
        let text: String = (0..bytes).map(|at| char::from(b'a' + u8::try_from(at % 23).unwrap())).collect();
        claims[count - 1].claim.lines[0].procedure.description.clone_from(&text);
        let answers = rules.check("north", &setup(""), &claims);
        let mut pages = 0;
        for (number, answer) in answers.iter().enumerate() {
            blocks = kept(blocks, number);
            let of_text = if number + 1 == count { sum(&text) } else { 0 };
            let told = findings(answer);
            assert_eq!(told[0].words, format!("{number}: kept {blocks}, broken 0, text {of_text}"), "of {count}");
            pages = told[1].words.parse().unwrap();
        }
        pages
    };
    for count in [1, 2, 5, 10, 30, 60, 100, 100, 3, 100] {
        call(count, 200);
    }
    // From one hundred to the next nothing is kept that was not kept before.
    let pages = call(100, 200);
    assert!(pages > 0);
    assert_eq!(call(100, 200), pages, "memory grows with its calls");
    call(7, 5 << 20);
    let pages = call(100, 200);
    assert_eq!(call(100, 200), pages, "nor after a text larger than what is lent at once");
    assert_eq!((rules.faults(), host.idle_sessions()), (0, 1));
}
