//! `--as-of` is the one clock: the same inputs on the same day write the same bytes, and a date that lies ahead on one day
//! does not on a later one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, Site};

fn deliver(site: &Site) {
    for number in 1..=4 {
        site.hl7(&format!("{number}.hl7"), Charge::new(number).message().as_bytes());
    }
}

#[test]
fn the_same_inputs_on_the_same_day_write_the_same_bytes() {
    // Claim numbers are made with the practice's own key, which lies in the store: both begin with one store.
    let (first, second) = (Site::new(), Site::new());
    first.run("2026-05-19");
    std::fs::copy(first.dir().join("key"), second.dir().join("key")).unwrap();
    std::fs::create_dir_all(second.dir().join("store")).unwrap();
    for entry in std::fs::read_dir(first.dir().join("store")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), second.dir().join("store").join(entry.file_name())).unwrap();
    }
    let mut runs = Vec::new();
    for site in [&first, &second] {
        deliver(site);
        runs.push(site.run("2026-05-20"));
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0]["claims"]["submitted"], 4, "{}", runs[0]);
    let (one, other) = (first.outbox(), second.outbox());
    assert!(!one.is_empty());
    assert_eq!(names(&one), names(&other));
    assert!(one == other, "the bytes differ");
    let text = String::from_utf8(one[0].1.clone()).unwrap();
    assert!(text.contains("*260520*") && text.contains("*20260520*"), "ISA09 and GS04 are the day of the run");
}

#[test]
fn two_hosts_write_the_same_but_for_the_numbers_they_mint() {
    let (first, second) = (Site::new(), Site::new());
    for site in [&first, &second] {
        deliver(site);
        site.run("2026-05-20");
    }
    let (one, other) = (minted(&first), minted(&second));
    assert_eq!(one.0, other.0);
    assert!(one.1.len() >= 4, "CLM01 of four claims: {:?}", one.1);
    assert!(
        one.1.iter().all(|number| !other.1.contains(number)),
        "numbers that another host can compute name the visit"
    );
}

/// Segments of all 837s, sorted, with CLM01 and the line control numbers (REF 6R) taken out; and those.
fn minted(site: &Site) -> (Vec<String>, Vec<String>) {
    let (mut segments, mut numbers) = (Vec::new(), Vec::new());
    for (_, bytes) in site.outbox() {
        for segment in String::from_utf8(bytes).unwrap().split('~') {
            let mut elements: Vec<&str> = segment.trim().split('*').collect();
            let at = match elements[..] {
                ["CLM", ..] => Some(1),
                ["REF", "6R", ..] => Some(2),
                _ => None,
            };
            if let Some(at) = at {
                numbers.push(elements[at].to_owned());
                elements[at] = "";
            }
            segments.push(elements.join("*"));
        }
    }
    segments.sort();
    (segments, numbers)
}

fn names(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_service_date_ahead_is_held_until_the_day_has_come() {
    let site = Site::new();
    site.hl7("1.hl7", Charge { day: "20260610".to_owned(), ..Charge::new(1) }.message().as_bytes());
    let early = site.run("2026-06-09");
    assert_eq!(early["findings"]["service-date.future"], 1, "{early}");
    assert_eq!((&early["claims"]["held"], &early["claims"]["submitted"]), (&1.into(), &0.into()), "{early}");
    let later = Site::new();
    later.hl7("1.hl7", Charge { day: "20260610".to_owned(), ..Charge::new(1) }.message().as_bytes());
    let late = later.run("2026-06-10");
    assert_eq!((&late["claims"]["held"], &late["claims"]["submitted"]), (&0.into(), &1.into()), "{late}");
}

#[test]
fn a_claim_held_for_a_day_ahead_leaves_when_the_day_has_come() {
    let site = Site::new();
    site.hl7("1.hl7", Charge { day: "20260610".to_owned(), ..Charge::new(1) }.message().as_bytes());
    assert_eq!(site.run("2026-06-09")["claims"]["held"], 1);
    let late = site.run("2026-06-11");
    assert_eq!((&late["claims"]["held"], &late["claims"]["submitted"]), (&0.into(), &1.into()), "{late}");
}
