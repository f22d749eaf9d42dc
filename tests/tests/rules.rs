//! Rule tables through the real binary: tried, refused, activated, run in the sandbox, explained, compared with what payers did; their
//! fixes, and what happens when a table or its component goes bad.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::house::{again, table};
use claimhost_tests::serving::Serving;
use claimhost_tests::site::{Charge, Site};
use serde_json::Value;

const DAY: &str = "2026-05-20";
const PROFILE: &str = "practices/my-practice/profile.toml";

fn said(site: &Site, arguments: &[&str], code: i32) -> (String, String) {
    let output = site.command(&[&["--as-of", DAY], arguments].concat());
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {out}{err}");
    (out.into_owned(), err.into_owned())
}

fn why(site: &Site, claim: &str) -> Value {
    site.json(&["claim", "why", claim])
}

fn of_rule<'a>(answer: &'a Value, rule: &str) -> Vec<&'a Value> {
    answer["findings"].as_array().unwrap().iter().filter(|found| found["rule"] == rule).collect()
}

/// An 835 of one claim billed at 90.00; what is not paid lacks information (CO-16).
fn paid(site: &Site, claim: &str, amount: u32) {
    let body = [
        "ST*835*0001".to_owned(),
        format!("BPR*I*{amount}*C*ACH*CCP*01*111111118*DA*1*1999999999**01*222222226*DA*2*20260518"),
        "TRN*1*T1*1999999999".to_owned(),
        "DTM*405*20260518".to_owned(),
        "N1*PR*EXAMPLE".to_owned(),
        "N3*1 PAYER ROAD".to_owned(),
        "N4*ANYTOWN*OH*430010000".to_owned(),
        "PER*BL*HELP DESK*TE*5555550101".to_owned(),
        "N1*PE*MY PRACTICE CHANGE ME*XX*1234567893".to_owned(),
        "LX*1".to_owned(),
        format!("CLP*{claim}*1*90*{amount}**12*ICN{claim}"),
        "NM1*QC*1*VANCE*ORLA****MI*ID1".to_owned(),
        format!("SVC*HC:99213*90*{amount}**1"),
        "DTM*472*20260501".to_owned(),
    ];
    let denied = (amount < 90).then(|| format!("CAS*CO*16*{}", 90 - amount));
    let body: Vec<String> = body.into_iter().chain(denied).collect();
    let count = body.len() + 1;
    let text = format!(
        "ISA*00*          *00*          *ZZ*RECEIVERID     *ZZ*SUBMITTERID    *260518*1200*^*00501*000000007*0*T*:~\
         GS*HP*RECEIVERID*SUBMITTERID*20260518*1200*7*X*005010X221A1~{}~SE*{count}*0001~GE*1*7~IEA*1*000000007~",
        body.join("~")
    );
    site.answer("7.835", text.as_bytes());
}

#[test]
fn a_table_is_tried_compared_activated_and_explains_itself() {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    assert_eq!(site.run(DAY)["claims"]["submitted"], 1);
    let control = site.json(&["visit", "list"])[0]["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned();
    paid(&site, &control, 90);
    site.run(DAY);

    // A candidate whose cases fail is told with what its rule saw, and not activated.
    let file = site.dir().join("candidate.toml");
    let name = file.to_str().unwrap();
    site.write("candidate.toml", table("1", "50").replace("99213 $1\"", "99213 $51\"").as_bytes());
    let (out, err) = said(&site, &["rules", "test", name], 4);
    for part in [
        "house.limit, case \"below\"",
        "- expected no finding",
        "+ line 1: 99213 on line 1 is billed at $51.00",
        "line.charge = $51.00",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(err.contains("1 of 1 tables fail"), "{err}");
    let (_, err) = said(&site, &["rules", "activate", name, "--by", "Kit"], 4);
    assert!(
        err.contains("case \"below\": found 1 findings, expected none") && err.contains("nothing was changed"),
        "{err}"
    );
    let (out, _) = said(&site, &["rules", "list"], 0);
    assert!(out.contains("no rule table is active"), "{out}");
    // So is one that names a field that is none, at its place.
    site.write("candidate.toml", table("1", "50").replace("line.charge >", "line.chargge >").as_bytes());
    let (_, err) = said(&site, &["rules", "test", name], 4);
    assert!(
        err.contains("line 38, column 42, rule \"limit\", when: found `chargge`")
            && err.contains("did you mean `charge`?"),
        "{err}"
    );

    // What it would have done to the claim that was paid.
    site.write("candidate.toml", table("1", "50").as_bytes());
    let page = site.dir().join("shadow.html");
    let told = site.json(&["rules", "shadow", name, "--since", "2026-01-01", "--html", page.to_str().unwrap()]);
    assert_eq!((&told["looked_at"], &told["concerned"], &told["active"]), (&1.into(), &1.into(), &Value::Null));
    assert_eq!((&told["newly_held"]["claims"], &told["newly_held"]["paid"]), (&1.into(), &1.into()), "{told}");
    let one = &told["claims"][0];
    assert_eq!(
        (&one["change"], &one["outcome"], &one["agrees"]),
        (&"newly-held".into(), &"paid".into(), &false.into())
    );
    assert_eq!(one["added"].as_array().unwrap().len(), 2);
    let html = std::fs::read_to_string(page).unwrap();
    assert!(html.contains("newly held") && html.contains("house.limit") && !html.contains("VANCE"), "{html}");
    let none = site.json(&["rules", "shadow", name, "--since", "2026-05-02"]);
    assert_eq!(none["looked_at"], 0, "its service is before the day");

    // Activated, it looks at the next claim.
    let (out, _) = said(&site, &["rules", "activate", name, "--by", "Kit"], 0);
    assert!(out.contains("house version 1 is active") && out.contains("by Kit"), "{out}");
    site.hl7("2.hl7", Charge::new(2).message().as_bytes());
    site.run(DAY);
    let answer = why(&site, "2");
    assert_eq!(answer["state"], "held", "{answer}");
    let found = of_rule(&answer, "house.limit");
    let listed = site.json(&["rules", "list"]);
    let digest = &listed["tables"][0]["digest"];
    assert_eq!(
        (found.len(), &found[0]["table"]["id"], &found[0]["table"]["version"]),
        (1, &"house".into(), &"1".into())
    );
    assert_eq!((&found[0]["table"]["digest"], &found[0]["table"]["on"]), (digest, &DAY.into()));
    assert_eq!(found[0]["words"], "99213 on line 1 is billed at $90.00: the limit is $50.");
    let rules = answer["tables"][0]["rules"].as_array().unwrap();
    let limit = rules.iter().find(|rule| rule["rule"] == "house.limit").unwrap();
    assert_eq!(limit["result"], "found");
    assert!(
        limit["saw"].as_array().unwrap().contains(&serde_json::json!(["line 1: line.charge", "$90.00"])),
        "{limit}"
    );
    let (out, _) = said(&site, &["claim", "why", "2"], 0);
    assert!(out.contains("rule table house version 1") && out.contains("line 1: line.procedure.code = 99213"), "{out}");
    // Who activated it, in its list and in the host's own history; which text looked, in the claim's.
    assert_eq!(listed["tables"][0]["activated"]["by"], "Kit");
    let history = site.json(&["claim", "history", "2"]).to_string();
    assert!(history.contains(digest.as_str().unwrap()), "{history}");

    // Another limit frees it; the shadow says so before, the host does it after.
    site.write("candidate.toml", table("2", "100").as_bytes());
    let told = site.json(&["rules", "shadow", name, "--since", "2026-01-01"]);
    assert_eq!((&told["newly_released"]["claims"], &told["newly_held"]["claims"]), (&2.into(), &0.into()), "{told}");
    let released = &told["newly_released"];
    assert_eq!(
        [&released["paid"], &released["billed_cents"], &released["held_now"], &released["held_now_cents"]],
        [1, 18_000, 1, 9_000],
        "of the two one is paid, and waits for nothing"
    );
    let (out, _) = said(&site, &["rules", "shadow", name, "--since", "2026-01-01"], 0);
    assert!(
        out.contains("Released, $90.00 of 1 claims that are held now would no longer wait; payers paid 1"),
        "{out}"
    );
    assert_eq!(told["active"]["version"], "1");
    said(&site, &["rules", "activate", name, "--by", "Lou"], 0);
    site.run(DAY);
    assert_eq!(why(&site, "2")["state"], "submitted");
    site.assert_accounted(DAY);
}

#[test]
fn a_fix_is_applied_by_policy_shown_and_taken_back() {
    let site = Site::new();
    site.write("candidate.toml", table("1", "50").as_bytes());
    let file = site.dir().join("candidate.toml");
    said(&site, &["rules", "activate", file.to_str().unwrap(), "--by", "Kit"], 0);
    site.edit(PROFILE, "apply_fixes = []", "apply_fixes = [\"house.needs-gp\"]");
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let answer = why(&site, "1");
    assert_eq!(answer["state"], "held", "the other rule holds it: {answer}");
    assert_eq!(of_rule(&answer, "house.needs-gp").len(), 0);
    let fixed = &answer["fixed"][0];
    assert_eq!(
        (&fixed["rule"], &fixed["line"], &fixed["field"]),
        (&"house.needs-gp".into(), &1.into(), &"procedure.modifiers".into())
    );
    assert_eq!(
        (&fixed["before"], &fixed["after"], &fixed["table"]["version"]),
        (&"".into(), &"GP".into(), &"1".into())
    );
    let (out, _) = said(&site, &["claim", "why", "1"], 0);
    assert!(out.contains("line 1, procedure.modifiers: nothing is now GP") && out.contains("undo-fix"), "{out}");

    let (_, err) = said(&site, &["claim", "undo-fix", "1", "house.limit", "--reason", "x"], 4);
    assert!(err.contains("no fix of `house.limit` was applied"), "{err}");
    said(&site, &["claim", "undo-fix", "1", "house.needs-gp", "--reason", "not therapy", "--by", "Kit"], 0);
    site.run(DAY);
    let answer = why(&site, "1");
    assert_eq!(answer["fixed"], serde_json::json!([]), "{answer}");
    let found = of_rule(&answer, "house.needs-gp");
    assert_eq!(
        (found.len(), &found[0]["fix_refused"]["by"], &found[0]["fix_refused"]["reason"]),
        (1, &"Kit".into(), &"not therapy".into())
    );
    let history = site.json(&["claim", "history", "1"]).to_string();
    assert!(history.contains("fix applied") && history.contains("house.needs-gp fix taken back"), "{history}");
    // And again, once somebody thinks better of it; what has left stays as it was.
    said(&site, &["claim", "undo-fix", "1", "house.needs-gp", "--take-back"], 0);
    site.run(DAY);
    assert_eq!(why(&site, "1")["fixed"][0]["after"], "GP");
    said(&site, &["claim", "accept", "1", "house.limit", "--reason", "agreed with the payer"], 0);
    site.run(DAY);
    assert_eq!(why(&site, "1")["state"], "submitted");
    let (_, err) = said(&site, &["claim", "undo-fix", "1", "house.needs-gp", "--reason", "x"], 4);
    assert!(err.contains("has left as it is"), "{err}");
    site.assert_accounted(DAY);
}

#[test]
fn no_fix_is_applied_where_policy_names_none() {
    let site = Site::new();
    assert!(site.text(PROFILE).contains("apply_fixes = []"), "a new practice lets nothing be applied");
    site.write("rules/house.toml", table("1", "100").as_bytes());
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let answer = why(&site, "1");
    assert_eq!((&answer["fixed"], &answer["state"]), (&serde_json::json!([]), &"submitted".into()), "{answer}");
    let found = of_rule(&answer, "house.needs-gp");
    assert_eq!((found.len(), &found[0]["fix"]), (1, &"add modifier GP to line 1".into()), "{answer}");
    let sent: Vec<String> = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    assert!(sent.len() == 1 && sent[0].contains("SV1*HC:99213*90*"), "the claim left as the visit says it: {sent:?}");
    assert!(!site.json(&["claim", "history", "1"]).to_string().contains("fix applied"));
}

#[test]
fn what_a_fix_of_a_candidate_mends_is_not_newly_held() {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    site.write("candidate.toml", table("1", "100").replace("\"warn\"", "\"hold\"").as_bytes());
    let file = site.dir().join("candidate.toml");
    let shadow = || site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"]);
    let told = shadow();
    assert_eq!((&told["newly_held"]["claims"], &told["claims"][0]["added"][0]["fixed"]), (&1.into(), &false.into()));
    site.edit(PROFILE, "apply_fixes = []", "apply_fixes = [\"house.needs-gp\"]");
    let told = shadow();
    assert_eq!((&told["newly_held"]["claims"], &told["changed"]["claims"]), (&0.into(), &1.into()), "{told}");
    let added = told["claims"][0]["added"].as_array().unwrap();
    assert_eq!((added.len(), &added[0]["rule"], &added[0]["fixed"]), (1, &"house.needs-gp".into(), &true.into()));
    let (out, _) = said(&site, &["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"], 0);
    assert!(out.contains("+ hold house.needs-gp line 1 (its fix is applied)"), "{out}");
}

#[test]
fn a_candidate_sees_the_claim_as_it_was_before_the_active_tables_fixes() {
    let site = Site::new();
    site.write("rules/house.toml", table("1", "100").as_bytes());
    site.edit(PROFILE, "apply_fixes = []", "apply_fixes = [\"house.needs-gp\"]");
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let answer = why(&site, "1");
    assert_eq!((&answer["fixed"][0]["after"], &answer["state"]), (&"GP".into(), &"submitted".into()), "{answer}");
    let file = site.dir().join("candidate.toml");
    let shadow = |text: &str| {
        site.write("candidate.toml", text.as_bytes());
        site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"])
    };
    let told = shadow(&table("2", "100"));
    assert_eq!((&told["concerned"], &told["unchanged"]), (&1.into(), &1.into()), "{told}");
    // The same finding, which holds and mends nothing: the claim would have waited for GP.
    let holds = table("2", "100").replace("fix = { add_modifier = \"GP\" }\n", "").replace("\"warn\"", "\"hold\"");
    let told = shadow(&holds);
    assert_eq!((&told["newly_held"]["claims"], &told["changed"]["claims"]), (&1.into(), &0.into()), "{told}");
    let (added, removed) = (&told["claims"][0]["added"][0], &told["claims"][0]["removed"][0]);
    assert_eq!((&added["severity"], &added["fixed"]), (&"hold".into(), &false.into()), "{told}");
    assert_eq!((&removed["severity"], &removed["fixed"]), (&"warn".into(), &true.into()), "{told}");
}

#[test]
fn what_somebody_accepted_of_a_hold_is_no_word_on_a_rejection() {
    let site = Site::new();
    site.write("rules/house.toml", table("1", "50").as_bytes());
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    said(&site, &["claim", "accept", "1", "house.limit", "--reason", "agreed with the payer"], 0);
    site.run(DAY);
    assert_eq!(why(&site, "1")["state"], "submitted");
    let file = site.dir().join("candidate.toml");
    let shadow = |text: &str| {
        site.write("candidate.toml", text.as_bytes());
        let told = site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"]);
        (told["newly_held"]["claims"].clone(), told["unchanged"].clone())
    };
    assert_eq!(shadow(&table("2", "50")), (0.into(), 1.into()), "the same hold is accepted");
    assert_eq!(shadow(&table("2", "50").replace("\"hold\"", "\"reject\"")), (1.into(), 0.into()));
}

#[test]
fn what_another_rule_holds_is_no_hold_of_a_table_whose_id_it_begins_with() {
    let site = Site::new();
    // The second is held by an edit of the host's own, `duplicate.claim`.
    site.hl7("1.hl7", Charge { mrn: "M1".to_owned(), ..Charge::new(1) }.message().as_bytes());
    site.hl7("2.hl7", Charge { mrn: "M1".to_owned(), ..Charge::new(2) }.message().as_bytes());
    site.run(DAY);
    let held = why(&site, "2");
    assert_eq!((&held["state"], of_rule(&held, "duplicate.claim").len()), (&"held".into(), 1), "{held}");
    site.write("candidate.toml", table("1", "50").replace("id = \"house\"", "id = \"duplicate\"").as_bytes());
    let file = site.dir().join("candidate.toml");
    let told = site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"]);
    let change = |claim: u64| {
        let one = told["claims"].as_array().unwrap().iter().find(|one| one["claim_id"] == claim).unwrap();
        one["change"].as_str().unwrap().to_owned()
    };
    assert_eq!((change(1), change(2)), ("newly-held".to_owned(), "changed".to_owned()), "{told}");
}

#[test]
fn a_bad_table_changes_nothing_and_a_missing_component_holds() {
    let site = Site::new();
    site.write("rules/house.toml", table("1", "50").as_bytes());
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let before = why(&site, "1");
    assert_eq!(of_rule(&before, "house.limit").len(), 1);
    let (out, _) = said(&site, &["rules", "list"], 0);
    assert!(out.contains("file changed"), "nobody said who: {out}");

    // An editor saves something wrong: what was active stays, also for a host that starts now.
    site.write("rules/house.toml", table("2", "100").replace("usd(100)", "100").as_bytes());
    site.hl7("2.hl7", Charge::new(2).message().as_bytes());
    site.run(DAY);
    let after = why(&site, "2");
    assert_eq!(of_rule(&after, "house.limit")[0]["table"], of_rule(&before, "house.limit")[0]["table"], "{after}");
    let (out, _) = said(&site, &["check-config"], 3);
    for part in [
        "rule table",
        "house.toml: line 38, column 49, rule \"limit\", when: found an amount of money beside a whole number",
        "usd(125)",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    // One that never was active keeps the host from starting: nobody knows whom its rules are for.
    site.write("rules/other.toml", b"[table]\nid = \"other\"\n");
    let (_, err) = said(&site, &["run", "--once"], 3);
    assert!(err.contains("other.toml: line 1, column 1, table, title: found nothing"), "{err}");
    std::fs::remove_file(site.dir().join("rules/other.toml")).unwrap();

    // Without the component that runs tables, their claims wait.
    std::fs::remove_dir_all(site.dir().join("plugins/rule-table")).unwrap();
    site.hl7("3.hl7", Charge::new(3).message().as_bytes());
    site.run(DAY);
    let answer = why(&site, "3");
    let found = of_rule(&answer, "rules.not-evaluated");
    assert!(found[0]["words"].as_str().unwrap().contains("rule table `house`"), "{answer}");
    site.assert_accounted(DAY);
}

#[test]
fn a_running_serve_counts_what_it_refuses_and_keeps_who_took_a_table_away() {
    let site = Site::new();
    site.edit("claimhost.toml", "settle_seconds = 5", "settle_seconds = 0");
    let (path, beside) = (site.dir().join("rules/house.toml"), site.dir().join("house.tmp"));
    site.write("rules/house.toml", table("1", "50").as_bytes());
    // As an editor saves: another file, then a rename over the old one.
    let save = |text: String| {
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &path).unwrap();
    };
    let reloads = |outcome: &str| format!("claimhost_data_reloads_total{{kind=\"rules\",outcome=\"{outcome}\"}}");
    let serving = Serving::start(&site, DAY);
    save(table("2", "100").replace("usd(100)", "100"));
    serving.wait_for(&reloads("refused"), 1);
    assert_eq!(serving.metric(&reloads("activated")), 0);
    save(table("2", "100"));
    serving.wait_for(&reloads("activated"), 1);
    std::fs::remove_file(&path).unwrap();
    serving.wait_for(&reloads("activated"), 2);
    // The same text again, by the command.
    std::fs::write(&beside, table("2", "100")).unwrap();
    said(&site, &["rules", "activate", beside.to_str().unwrap(), "--by", "Kit"], 0);
    serving.wait_for(&reloads("activated"), 3);
    assert_eq!(serving.metric(&reloads("refused")), 1);
    serving.stop();
    let kept = site.text("rules/history/activations.jsonl");
    let kept: Vec<Value> = kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = kept.iter().map(|one| (&one["version"], &one["by"], one["removed"] == true)).collect();
    let by_hand = &Value::from("file changed");
    let (one, two, kit) = (&Value::from("1"), &Value::from("2"), &Value::from("Kit"));
    assert_eq!(
        told,
        [(one, by_hand, false), (two, by_hand, false), (two, by_hand, true), (two, kit, false)],
        "{kept:?}"
    );
    // The host's own history has no names.
    let store = rusqlite::Connection::open(site.dir().join("store/claimhost.db")).unwrap();
    let mut rows = store
        .prepare("SELECT actor || ': ' || event FROM history WHERE subject_kind = 'rule-table' ORDER BY seq")
        .unwrap();
    let events: Vec<String> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(
        events,
        [
            "host: rule table house version 1 active",
            "host: rule table house version 2 active",
            "host: rule table house no longer active",
            "operator: rule table house version 2 active",
        ]
    );
}

#[test]
fn a_folder_of_tables_that_goes_frees_nothing_and_is_told() {
    let site = Site::new();
    site.edit("claimhost.toml", "settle_seconds = 5", "settle_seconds = 0");
    site.write("rules/house.toml", table("1", "50").as_bytes());
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    assert_eq!(why(&site, "1")["state"], "held");
    let (path, aside) = (site.dir().join("rules"), site.dir().join("aside"));
    let reloads = |outcome: &str| format!("claimhost_data_reloads_total{{kind=\"rules\",outcome=\"{outcome}\"}}");
    let serving = Serving::start(&site, DAY);
    std::fs::rename(&path, &aside).unwrap();
    serving.wait_for(&reloads("refused"), 1);
    assert_eq!(serving.metric(&reloads("activated")), 0);
    serving.drain("no run starts without the tables");
    assert_eq!((&why(&site, "1")["state"], site.outbox().len()), (&"held".into(), 0));

    // Nor does a host start without them, whether the folder is not there or empty.
    for there in [false, true] {
        if there {
            std::fs::create_dir(&path).unwrap();
        }
        let (_, err) = said(&site, &["run", "--once"], 3);
        assert!(err.contains("expected the folder of the tables that are active: house"), "{err}");
        let (out, _) = said(&site, &["check-config"], 3);
        assert!(out.contains("the tables that are active: house") && out.contains("does not start"), "{out}");
        // Nor does a table that is activated now stand in for them.
        site.write("candidate.toml", again("1", "warn").as_bytes());
        let (_, err) = said(&site, &["rules", "activate", "candidate.toml", "--by", "Kit"], 4);
        assert!(err.contains("the tables that are active: house") && err.contains("nothing was changed"), "{err}");
        assert!(!path.join("history").exists());
    }
    // Unless somebody says so; the host's own history tells that, too.
    std::fs::create_dir(path.join("history")).unwrap();
    site.run(DAY);
    assert_eq!(why(&site, "1")["state"], "submitted");
    let store = rusqlite::Connection::open(site.dir().join("store/claimhost.db")).unwrap();
    let last: String = store
        .query_row("SELECT event FROM history WHERE subject_kind = 'rule-table' ORDER BY seq DESC LIMIT 1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(last, "rule table house no longer active");
    site.assert_accounted(DAY);
}

/// Another charge for the visit and the cover of the first.
fn one_more(charge: &Charge) -> String {
    charge.message().replace("99213", "36415").replace(&format!("ID{}", charge.number), "ID1")
}

/// The charge with this number for one patient, on a day of May 2026.
fn on_day(number: u32, day: u32) -> String {
    Charge { mrn: "M1".to_owned(), day: format!("202605{day:02}"), ..Charge::new(number) }.message()
}

#[test]
fn a_look_back_sees_no_later_day_and_is_told_again_as_it_was() {
    let site = Site::new();
    site.write("rules/again.toml", again("1", "warn").as_bytes());
    // The days of the visits; each comes in on a day of its own, not in their order.
    for (number, day) in [(1, 10), (2, 1), (3, 5), (4, 15)] {
        site.hl7(&format!("{number}.hl7"), on_day(number, day).as_bytes());
        let summary = site.run(&format!("2026-05-2{number}"));
        assert_eq!(summary["claims"]["submitted"], number, "{summary}");
    }
    // What each saw, also of those whose look-back would find more by now.
    for (claim, days) in [("1", ""), ("2", ""), ("3", "2026-05-01"), ("4", "2026-05-10, 2026-05-05, 2026-05-01")] {
        let answer = why(&site, claim);
        let words: Vec<&Value> = of_rule(&answer, "again.visit").iter().map(|found| &found["words"]).collect();
        let rule = &answer["tables"][0]["rules"][0];
        if days.is_empty() {
            assert_eq!((words.len(), &rule["result"]), (0, &"passed".into()), "{claim}: {answer}");
        } else {
            assert_eq!(
                (words, &rule["result"]),
                (vec![&Value::from(format!("Another visit on {days}."))], &"found".into())
            );
        }
        let codes = match days {
            "" => "nothing".to_owned(),
            days => days.split(", ").map(|_| "99213").collect::<Vec<_>>().join(", "),
        };
        assert_eq!(rule["saw"], serde_json::json!([["earlier[].procedure.code", codes]]), "{claim}: {answer}");
    }
    // A candidate sees what was known on the day of each check, too.
    site.write("candidate.toml", again("2", "hold").as_bytes());
    let file = site.dir().join("candidate.toml");
    let told = site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"]);
    let of: Vec<(&Value, &Value)> =
        told["claims"].as_array().unwrap().iter().map(|one| (&one["claim_id"], &one["added"][0]["words"])).collect();
    assert_eq!(
        of,
        [
            (&3.into(), &"Another visit on 2026-05-01.".into()),
            (&4.into(), &"Another visit on 2026-05-10, 2026-05-05, 2026-05-01.".into())
        ],
        "{told}"
    );
    assert_eq!((&told["concerned"], &told["unchanged"]), (&4.into(), &2.into()));
}

#[test]
fn a_look_back_sees_the_later_line_of_a_claim_that_began_before_it() {
    let site = Site::new();
    site.write("rules/again.toml", again("1", "warn").as_bytes());
    // One visit with a service of 1 April and one of 1 May; 30 days before 15 May only the second counts.
    let of_visit = |number: u32, day: &str| {
        let charge =
            Charge { mrn: "M1".to_owned(), visit: "V1".to_owned(), day: day.to_owned(), ..Charge::new(number) };
        charge.message().replace(&format!("ID{number}"), "ID1")
    };
    site.hl7("1.hl7", of_visit(1, "20260401").as_bytes());
    site.hl7("2.hl7", of_visit(2, "20260501").as_bytes());
    site.run("2026-05-10");
    site.hl7("3.hl7", on_day(3, 15).as_bytes());
    site.run(DAY);
    assert_eq!(site.json(&["claim", "list"]).as_array().unwrap().len(), 2, "the visit is one claim");
    let of = |claim: &str| of_rule(&why(&site, claim), "again.visit").len();
    assert_eq!((of("1"), of("2")), (0, 1));
    let words = of_rule(&why(&site, "2"), "again.visit")[0]["words"].clone();
    assert_eq!(words, "Another visit on 2026-05-01.");
    // A candidate sees the same.
    site.write("candidate.toml", again("2", "hold").as_bytes());
    let file = site.dir().join("candidate.toml");
    let told = site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"]);
    assert_eq!(told["claims"][0]["added"][0]["words"], "Another visit on 2026-05-01.", "{told}");
    assert_eq!((&told["concerned"], &told["unchanged"]), (&2.into(), &1.into()), "{told}");
}

#[test]
fn a_table_whose_look_back_is_withheld_holds_its_claims() {
    let site = Site::new();
    site.write("rules/again.toml", again("1", "warn").as_bytes());
    let folder = site.dir().join("plugins/rule-table").display().to_string();
    let grant = |more: &[&str]| site.json(&[&["plugin", "add", "--yes", &folder], more].concat());
    grant(&["--refuse", "look-back"]);
    site.hl7("1.hl7", on_day(1, 10).as_bytes());
    site.run(DAY);
    let answer = why(&site, "1");
    let found = of_rule(&answer, "rules.not-evaluated");
    assert_eq!((found.len(), &answer["state"]), (1, &"held".into()), "{answer}");
    let words = "Rule table `again` looks back 30 days, and the plugin `rule-table` is granted 0; grant it look-back";
    assert!(found[0]["words"].as_str().unwrap().starts_with(words), "{answer}");
    let (out, _) = said(&site, &["check-config"], 3);
    assert!(out.contains("rule table again: looks back 30 days, and the plugin `rule-table` is granted 0"), "{out}");
    grant(&[]);
    site.run(DAY);
    assert_eq!(why(&site, "1")["state"], "submitted");
    site.assert_accounted(DAY);
}

#[test]
fn a_table_that_is_a_plugin_of_its_own_holds_its_claims_too_where_its_look_back_is_withheld() {
    let site = Site::new();
    let manifest = "id = \"again\"\nversion = \"1.0.0\"\nkind = \"rules\"\ncontract = \"0.1.0-draft\"\nevidence = \"documented\"\n\
                    base = \"rule-table\"\nmapping = \"table.toml\"\n[permissions]\nlook_back_days = 30\n";
    site.write("mine/again/plugin.toml", manifest.as_bytes());
    site.write("mine/again/table.toml", again("1", "warn").as_bytes());
    let folder = site.dir().join("mine/again").display().to_string();
    site.json(&["plugin", "add", "--yes", "--refuse", "look-back", &folder]);
    let (none, mine) = ("[\"medicare\"].\nrules = []", "[\"medicare\"].\nrules = [\"again\"]");
    site.edit("practices/my-practice/profile.toml", none, mine);
    site.hl7("1.hl7", on_day(1, 10).as_bytes());
    site.run(DAY);
    let answer = why(&site, "1");
    let found = of_rule(&answer, "rules.not-evaluated");
    assert_eq!((found.len(), &answer["state"]), (1, &"held".into()), "{answer}");
    let words = "Rule set `again` looks back 30 days, and the plugin `again` is granted 0; grant it look-back";
    assert!(found[0]["words"].as_str().unwrap().starts_with(words), "{answer}");
    let (out, _) = said(&site, &["check-config"], 3);
    assert!(out.contains("looks back 30 days, and the plugin `again` is granted 0"), "{out}");
}

#[test]
fn rules_of_a_component_hold_their_claims_too_where_its_look_back_is_withheld() {
    let site = Site::new();
    let folder = site.dir().join("plugins/medicare").display().to_string();
    let grant = |more: &[&str]| site.json(&[&["plugin", "add", "--yes", &folder], more].concat());
    grant(&["--refuse", "look-back"]);
    let (none, own) = ("[\"medicare\"].\nrules = []", "[\"medicare\"].\nrules = [\"medicare\"]");
    site.edit(PROFILE, none, own);
    site.hl7("1.hl7", on_day(1, 10).as_bytes());
    site.run(DAY);
    let answer = why(&site, "1");
    let found = of_rule(&answer, "rules.not-evaluated");
    assert_eq!((found.len(), &answer["state"]), (1, &"held".into()), "{answer}");
    let words = "Rule set `medicare` looks back 400 days, and the plugin `medicare` is granted 0; grant it look-back";
    assert!(found[0]["words"].as_str().unwrap().starts_with(words), "{answer}");
    let (out, _) = said(&site, &["check-config"], 3);
    assert!(out.contains("looks back 400 days, and the plugin `medicare` is granted 0"), "{out}");
    grant(&[]);
    site.run(DAY);
    assert_eq!(why(&site, "1")["state"], "submitted");
    site.assert_accounted(DAY);
}

#[test]
fn a_rule_whose_look_back_saw_what_was_made_anew_is_told_by_what_it_found() {
    let site = Site::new();
    site.write("rules/again.toml", again("1", "warn").as_bytes());
    // Nobody has approved that the practice submits: both wait.
    site.hl7("1.hl7", on_day(1, 1).as_bytes());
    site.hl7("2.hl7", on_day(2, 10).as_bytes());
    site.run_unapproved(DAY);
    let before = why(&site, "2");
    assert_eq!(before["tables"][0]["rules"][0]["saw"][0][1], "99213", "{before}");
    // The first visit gets a second charge, so that its claim is made anew; nothing looks at the second again.
    let more = Charge { mrn: "M1".to_owned(), visit: "V1".to_owned(), ..Charge::new(3) };
    site.hl7("3.hl7", one_more(&more).as_bytes());
    site.run_unapproved(DAY);
    let after = why(&site, "2");
    assert_eq!(after["findings"], before["findings"]);
    let rule = &after["tables"][0]["rules"][0];
    assert_eq!((&rule["result"], &rule["saw"]), (&"found".into(), &serde_json::json!([])), "{after}");
    assert!(rule["note"].as_str().unwrap().contains("was made anew since"), "{after}");
    let (out, _) = said(&site, &["claim", "why", "2"], 0);
    assert!(out.contains("found   again.visit") && out.contains("was made anew since"), "{out}");
}

#[test]
fn a_payer_that_denied_what_a_candidate_holds_agrees_with_it() {
    let site = Site::new();
    site.hl7("1.hl7", Charge::new(1).message().as_bytes());
    site.run(DAY);
    let control = site.json(&["visit", "list"])[0]["claims"][0]["control_numbers"][0].as_str().unwrap().to_owned();
    paid(&site, &control, 40);
    site.run(DAY);
    site.write("candidate.toml", table("1", "50").as_bytes());
    let file = site.dir().join("candidate.toml");
    let told = site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"]);
    let one = &told["claims"][0];
    assert_eq!(
        (&one["outcome"], &one["agrees"], &one["denied_cents"]),
        (&"refused".into(), &true.into(), &5000.into()),
        "{told}"
    );
    assert_eq!(one["reasons"], serde_json::json!(["CO-16"]));
    assert_eq!((&told["newly_held"]["refused"], &told["newly_held"]["denied_cents"]), (&1.into(), &5000.into()));
    let (out, _) = said(&site, &["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"], 0);
    for part in [
        "newly held",
        "the payer denied $50.00 (CO-16): it agrees",
        "stopped $50.00 that payers denied",
        "+ hold house.limit line 1",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }

    // A corrected claim takes its place: what the payer said of the one before is no word on it.
    let more = Charge { mrn: "M1".to_owned(), visit: "V1".to_owned(), ..Charge::new(2) };
    site.hl7("2.hl7", one_more(&more).as_bytes());
    site.run(DAY);
    let corrected = why(&site, "1");
    assert_eq!((&corrected["version"], &corrected["state"]), (&2.into(), &"submitted".into()), "{corrected}");
    let told = site.json(&["rules", "shadow", file.to_str().unwrap(), "--since", "2026-01-01"]);
    let one = &told["claims"][0];
    assert_eq!(
        (&one["change"], &one["outcome"], &one["agrees"], &one["denied_cents"], &one["reasons"]),
        (&"newly-held".into(), &"unknown".into(), &Value::Null, &0.into(), &serde_json::json!([])),
        "{told}"
    );
    assert_eq!((&told["newly_held"]["refused"], &told["newly_held"]["denied_cents"]), (&0.into(), &0.into()));
}
