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
    let (first, second) = (Site::new(), Site::new());
    std::fs::copy(first.dir().join("key"), second.dir().join("key")).unwrap();
    let mut runs = Vec::new();
    for site in [&first, &second] {
        deliver(site);
        runs.push(site.run("2026-05-20"));
    }
    assert_eq!(runs[0], runs[1]);
    assert_eq!(runs[0]["claims"]["submitted"], 4, "{}", runs[0]);
    let (one, other) = (first.outbox(), second.outbox());
    assert!(!one.is_empty());
    assert!(one == other, "names {:?} and {:?}, or their bytes", names(&one), names(&other));
    let text = String::from_utf8(one[0].1.clone()).unwrap();
    assert!(text.contains("*260520*") && text.contains("*20260520*"), "ISA09 and GS04 are the day of the run");
}

fn names(files: &[(String, Vec<u8>)]) -> Vec<&str> {
    files.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn another_key_or_another_day_writes_other_control_numbers_or_dates() {
    let (first, second, later) = (Site::new(), Site::new(), Site::new());
    std::fs::copy(first.dir().join("key"), later.dir().join("key")).unwrap();
    for (site, day) in [(&first, "2026-05-20"), (&second, "2026-05-20"), (&later, "2026-05-21")] {
        deliver(site);
        site.run(day);
    }
    assert!(first.outbox() != second.outbox(), "claim numbers that anybody could compute name the visit");
    assert!(first.outbox() != later.outbox());
}

#[test]
fn a_service_date_ahead_is_held_until_the_day_has_come() {
    let site = Site::new();
    site.hl7("1.hl7", Charge { day: "20260610".to_owned(), ..Charge::new(1) }.message().as_bytes());
    let early = site.run("2026-06-09");
    assert_eq!(early["findings"]["service-date.future"], 1, "{early}");
    assert_eq!((&early["claims"]["held"], &early["claims"]["submitted"]), (&1.into(), &0.into()), "{early}");
    let late = site.run("2026-06-10");
    assert_eq!((&late["claims"]["held"], &late["claims"]["submitted"]), (&0.into(), &1.into()), "{late}");
    let fresh = Site::new();
    fresh.hl7("1.hl7", Charge { day: "20260610".to_owned(), ..Charge::new(1) }.message().as_bytes());
    assert_eq!(fresh.run("2026-06-10")["claims"]["submitted"], 1);
}
