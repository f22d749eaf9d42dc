//! Every fault leaves the same money in the end; kills leave the same files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;
use common::*;
use std::fs;

/// Twelve claims in three files, a crossover among them.
fn day(world: &World, start: u32, only: &[u32]) {
    for at in 0..3u32 {
        if !only.is_empty() && !only.contains(&at) {
            continue;
        }
        let claims: Vec<Claim> = (0..4).map(|n| numbered(at * 4 + n)).collect();
        let control = start + at;
        world.send(&format!("cedar-{control:09}"), &file(control, &claims));
    }
}

fn numbered(number: u32) -> Claim {
    let mut one = claim(&format!("V{number}"), &[("99213", 15000 + i64::from(number)), ("99214", 20000)]);
    one.member = format!("M{number}");
    if number % 4 == 3 {
        one.payer = "90002";
        one.others =
            "SBR*S*18*******CI~OI***Y***Y~NM1*IL*1*O'Hara-Lund*Ines****MI*M9~NM1*PR*2*Second Plan*****PI*90001".into();
    }
    one
}

fn plain() -> std::collections::BTreeMap<String, i64> {
    let world = World::new();
    day(&world, 1, &[]);
    world.drain(&[]);
    net(&world.texts("835"))
}

#[test]
fn money_is_the_same_under_every_delivery_fault() {
    let expected = plain();
    assert_eq!(expected.len(), 15, "twelve claims and three crossovers");
    let names = ["late", "duplicate", "out-of-order", "truncated", "reversed"];
    for mask in 1u32..32 {
        let chosen: Vec<&str> =
            names.iter().enumerate().filter(|(at, _)| mask & (1 << at) != 0).map(|(_, n)| *n).collect();
        if chosen.len() > 2 && chosen.len() < 5 {
            continue;
        }
        let flags: Vec<&str> = chosen.iter().flat_map(|name| ["--fault", name]).collect();
        let world = World::new();
        day(&world, 1, &[]);
        world.drain(&flags);
        let texts = world.texts("835");
        assert_eq!(net(&texts), expected, "{chosen:?}");
        let cut = texts.iter().filter(|text| !text.contains("~\nIEA*")).count();
        assert_eq!(cut > 0, chosen.contains(&"truncated"), "{chosen:?}");
        assert_eq!(cut * 2 == texts.len(), chosen.contains(&"truncated"), "{chosen:?}");
        let reversals = texts.iter().filter(|text| text.contains("*22*-")).count();
        assert_eq!(reversals > 0, chosen.contains(&"reversed"), "{chosen:?}");
        let mut traces: Vec<_> =
            texts.iter().flat_map(|t| split(t)).filter(|s| s[0] == "TRN").map(|s| s[2].clone()).collect();
        let all = traces.len();
        traces.sort();
        traces.dedup();
        let repeated = chosen.contains(&"duplicate") || chosen.contains(&"truncated");
        assert_eq!(traces.len() < all, repeated, "{chosen:?}");
    }
}

#[test]
fn late_holds_for_two_turns_or_until_a_later_day() {
    let world = World::new();
    day(&world, 1, &[0]);
    let first = world.turn(&["--fault", "late"]);
    assert!(first["pending"].as_u64().unwrap() > 0 && world.texts("835").is_empty());
    assert!(!world.texts("277ca").is_empty());
    world.turn(&["--fault", "late"]);
    assert!(world.texts("835").is_empty());
    world.turn(&["--fault", "late"]);
    assert!(!world.texts("835").is_empty());
    let world = World::new();
    day(&world, 1, &[0]);
    world.turn(&["--fault", "late"]);
    assert!(world.command("2026-03-03", "--once", &["--fault", "late"]).status().unwrap().success());
    assert!(!world.texts("835").is_empty());
}

#[test]
fn out_of_order_names_the_835_first() {
    let world = World::new();
    day(&world, 1, &[0]);
    world.turn(&["--fault", "out-of-order"]);
    let names: Vec<String> = world.answers().into_keys().collect();
    let at = |end: &str| names.iter().position(|name| name.ends_with(end)).unwrap();
    assert!(at(".835") < at(".277ca") && at(".277ca") < at(".999") && at(".999") < at(".ta1"), "{names:?}");
}

#[test]
fn reject_faults_strike_once_and_the_resent_claims_are_paid() {
    for fault in ["ta1-reject", "999-reject", "277ca-reject"] {
        let world = World::new();
        let flags = ["--fault", fault];
        let mut rejected = 0;
        // Sent again and again under new numbers; claims already taken are only confirmed.
        for round in 0..3 {
            day(&world, 1 + round * 10, &[]);
            let summary = world.turn(&flags);
            let count = |name: &str| summary[name].as_u64().unwrap();
            let now = count("interchanges_rejected") + count("transactions_rejected") + count("claims_rejected");
            assert!(round == 0 || now == 0, "{fault}: {summary}");
            rejected += now;
        }
        assert!(rejected > 0, "{fault} never struck");
        world.drain(&flags);
        assert_eq!(net(&world.texts("835")), plain(), "{fault}");
    }
}

#[test]
fn money_does_not_depend_on_turn_boundaries() {
    let world = World::new();
    for at in [2, 0, 1] {
        day(&world, 1, &[at]);
        world.turn(&[]);
    }
    world.drain(&[]);
    assert_eq!(net(&world.texts("835")), plain());
}

#[test]
fn redelivery_repeats_contents_under_new_numbers() {
    let world = World::new();
    day(&world, 1, &[]);
    world.drain(&[]);
    let before = world.texts("835");
    let summary = world.turn(&["--redeliver"]);
    assert_eq!(summary["redelivered"].as_u64().unwrap() as usize, before.len());
    let after = world.texts("835");
    assert_eq!(after.len(), before.len() * 2);
    let bare = |text: &str| text.lines().filter(|l| !l.starts_with("ISA") && !l.starts_with("IEA")).collect::<String>();
    let mut old: Vec<_> = before.iter().map(|t| bare(t)).collect();
    let mut new: Vec<_> = after[before.len()..].iter().map(|t| bare(t)).collect();
    old.sort();
    new.sort();
    assert_eq!(old, new);
    let mut controls: Vec<_> = after.iter().map(|t| t[90..99].to_owned()).collect();
    controls.sort();
    controls.dedup();
    assert_eq!(controls.len(), after.len());
    // What was redelivered once is not redelivered twice over.
    assert_eq!(world.turn(&["--redeliver"])["redelivered"].as_u64().unwrap() as usize, before.len());
    let journal = fs::read_to_string(world.dir.join("sandbox/journal.ndjson")).unwrap();
    assert_eq!(journal.matches("\"redelivery\"").count(), 2);
}

#[test]
fn a_kill_at_any_byte_of_the_journal_leaves_the_same_answers() {
    let reference = World::new();
    day(&reference, 1, &[0]);
    reference.turn(&[]);
    day(&reference, 1, &[1]);
    reference.turn(&[]);
    reference.drain(&[]);
    let expected = reference.answers();
    let journal = fs::read(reference.dir.join("sandbox/journal.ndjson")).unwrap();
    let ends: Vec<usize> = journal.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    let mut cuts = vec![0, 1, journal.len()];
    cuts.extend(ends.iter().flat_map(|end| [end - 1, *end, (end + 25).min(journal.len())]));
    for (number, cut) in cuts.into_iter().enumerate() {
        if number % 3 == 1 && number > 6 {
            continue; // every cut is alike; keep the test short
        }
        let world = World::new();
        fs::create_dir_all(world.dir.join("sandbox")).unwrap();
        fs::write(world.dir.join("sandbox/journal.ndjson"), &journal[..cut]).unwrap();
        let turns = |end: usize| {
            let text = String::from_utf8_lossy(&journal[..end]).into_owned();
            text.split_inclusive('\n').filter(|l| l.contains("\"kind\":\"commit\"") && l.ends_with('\n')).count()
        };
        // Answers of turns delivered before the cut are in place; those after it never were.
        let delivered = String::from_utf8_lossy(&journal[..cut]).matches("\"kind\":\"delivered\"").count();
        fs::create_dir_all(world.dir.join("transport/in")).unwrap();
        for (name, text) in &expected {
            if name[..6].parse::<usize>().unwrap() <= delivered.min(turns(cut)) {
                fs::write(world.dir.join("transport/in").join(name), text).unwrap();
            }
        }
        day(&world, 1, &[0]);
        if turns(cut) == 0 {
            world.turn(&[]);
        }
        day(&world, 1, &[1]);
        world.turn(&[]);
        world.drain(&[]);
        assert!(world.answers() == expected, "cut at byte {cut}: answers differ");
    }
}

#[test]
fn deleted_answers_of_an_undelivered_turn_come_back_the_same() {
    let world = World::new();
    day(&world, 1, &[]);
    world.turn(&[]);
    let expected = world.answers();
    let path = world.dir.join("sandbox/journal.ndjson");
    let journal = fs::read_to_string(&path).unwrap();
    let last = journal.trim_end().rfind('\n').unwrap();
    assert!(journal[last..].contains("delivered"));
    fs::write(&path, &journal[..last + 9]).unwrap(); // torn in its first word
    for name in expected.keys() {
        fs::remove_file(world.dir.join("transport/in").join(name)).unwrap();
    }
    world.turn(&[]);
    let now = world.answers();
    assert!(expected.iter().all(|(name, text)| now.get(name) == Some(text)));
    // A damaged line in the middle is not guessed away.
    fs::write(&path, format!("{{}}\n{journal}")).unwrap();
    assert!(!world.command("2026-03-02", "--once", &[]).status().unwrap().success());
}

#[test]
fn watch_answers_and_ends_with_its_stdin() {
    let world = World::new();
    let mut child = world
        .command("2026-03-02", "--watch", &[])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    fs::write(world.dir.join("transport/out/half.837.part"), "ISA").unwrap();
    day(&world, 1, &[0]);
    for _ in 0..100 {
        if world.texts("835").len() >= 2 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(child.stdin.take());
    let out = child.wait_with_output().unwrap();
    assert!(out.status.success());
    assert!(String::from_utf8_lossy(&out.stdout).lines().count() >= 1);
    assert_eq!(world.texts("ta1").len(), 1);
    assert!(world.texts("835").len() >= 2);
}

#[test]
fn random_claims_always_balance() {
    let world = World::new();
    let mut state = 11u64;
    let mut next = |bound: u64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) % bound
    };
    let codes = ["99213", "99214", "J1100", "G0296", "A4550"];
    let claims: Vec<Claim> = (0..300)
        .map(|number| {
            let lines: Vec<(&str, i64)> =
                (0..1 + next(8)).map(|_| (codes[next(5) as usize], 1 + next(40000) as i64)).collect();
            let mut one = claim(&format!("R{number}"), &lines);
            one.payer = if next(3) == 0 { "90002" } else { "90001" };
            one.npi = if next(2) == 0 { NPI } else { OTHER_NPI };
            one.lines.iter_mut().for_each(|line| line.2 = 1 + next(12) as i64);
            one
        })
        .collect();
    world.send("cedar-1", &file(1, &claims));
    assert_eq!(world.turn(&["--fault", "reversed"])["claims_accepted"], 300);
    world.drain(&["--fault", "reversed"]);
    let checked: usize = world.texts("835").iter().map(|text| check_835(text).len()).sum();
    assert!(checked > 300, "{checked}");
}

/// Control numbers by CLM01, from the payers' 277CAs.
fn control_numbers(world: &World) -> std::collections::BTreeMap<String, String> {
    let mut found = std::collections::BTreeMap::new();
    let mut number = String::new();
    for s in world.texts("277ca").iter().flat_map(|text| split(text)) {
        match (s[0].as_str(), s[1].as_str()) {
            ("TRN", "2") => number = s[2].clone(),
            ("REF", "1K") => {
                found.insert(number.clone(), s[2].clone());
            }
            _ => {}
        }
    }
    found
}

#[test]
fn corrections_meet_reversals_and_held_files_at_any_moment() {
    let corrected = |wait: usize, flags: &[&str]| {
        let world = World::new();
        let names: Vec<String> = (0..24).map(|n| format!("V{n}")).collect();
        let claims: Vec<Claim> = names.iter().map(|n| claim(n, &[("99213", 15000)])).collect();
        world.send("a", &file(1, &claims));
        world.turn(flags);
        let numbers = control_numbers(&world);
        for _ in 0..wait {
            world.turn(flags);
        }
        let corrections: Vec<Claim> = names
            .iter()
            .enumerate()
            .filter(|(at, _)| at % 3 != 0)
            .map(|(at, name)| {
                let mut one = claim(&format!("{name}C"), &[("99214", 20000)]);
                one.frequency = if at % 3 == 1 { "7" } else { "8" };
                one.original = numbers[name].clone();
                one
            })
            .collect();
        world.send("b", &file(2, &corrections));
        assert_eq!(world.turn(flags)["claims_accepted"], 16);
        world.drain(flags);
        net(&world.texts("835"))
    };
    let expected = corrected(0, &[]);
    assert_eq!(expected.len(), 16, "eight untouched, eight replaced, eight voided");
    assert_eq!(expected.values().sum::<i64>(), 8 * 5360 + 8 * 10440);
    for wait in 0..3 {
        let all = ["late", "duplicate", "out-of-order", "truncated", "reversed"];
        let every: Vec<&str> = all.iter().flat_map(|name| ["--fault", name]).collect();
        for flags in [&["--fault", "reversed"][..], &every] {
            assert_eq!(corrected(wait, flags), expected, "{wait} {flags:?}");
        }
    }
}
