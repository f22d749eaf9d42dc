//! Charge capture through the real binary: a schedule CSV, SIU and ADT messages against charges, a second run, messages out of
//! order, bad rows, and a schedule of many rows. What is asserted is what `audit charges --json` says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use claimhost_tests::site::{Charge, PRACTICE, Site};
use serde_json::Value;

/// Long after every visit of these tests.
const LATER: &str = "2026-05-20";

const HEADER: &str = "Appt ID,Visit ID,Status,Updated,Date,Time,Visit Type,Provider ID,Patient ID,Patient Last,Patient First,Patient DOB,Reason\n";

fn site() -> Site {
    let site = Site::new();
    let mapping = "source_system = \"SITE\"\ncontent = \"schedule\"\n";
    std::fs::write(site.dir().join("practices/my-practice/mapping.schedule.toml"), mapping).unwrap();
    let config = site.dir().join("claimhost.toml");
    let more = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/schedule\"\nadapter = \"csv-superbill\"\n\
                mapping = \"practices/my-practice/mapping.schedule.toml\"\n";
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text + more).unwrap();
    std::fs::create_dir_all(site.dir().join("inbox/schedule")).unwrap();
    site
}

fn schedule(site: &Site, name: &str, rows: &str) {
    std::fs::write(site.dir().join("inbox/schedule").join(name), format!("{HEADER}{rows}")).unwrap();
}

/// A last name for each number.
fn last(number: u32) -> String {
    let letter = |digit: char| digit.to_digit(10).and_then(|digit| char::from_u32('A' as u32 + digit)).unwrap();
    format!("VANCE{}", number.to_string().chars().map(letter).collect::<String>())
}

/// A row of the patient with this number: the one of `charge(number)`.
fn row(appointment: &str, visit: &str, status: &str, day: &str, kind: &str, number: u32) -> String {
    format!("{appointment},{visit},{status},,{day},9:00,{kind},DR01,M{number},{},ORLA,01/01/1980,\n", last(number))
}

fn charge(site: &Site, number: u32, cents: &str) {
    let charge = Charge { name: format!("{}^ORLA", last(number)), ..Charge::new(number) };
    let message = charge.message().replace("|90.00|", &format!("|{cents}|"));
    site.hl7(&format!("c{number}.hl7"), message.as_bytes());
}

fn report(site: &Site) -> Value {
    let reports = site.json(&["audit", "charges"]);
    let report = reports[0].clone();
    adds_up(&report);
    for groups in ["by_provider", "by_visit_type", "by_day"] {
        let groups = report[groups].as_array().unwrap();
        groups.iter().for_each(adds_up);
        for count in ["told", "charged", "gaps", "gap_cents", "not_yet_due"] {
            let sum: i64 = groups.iter().map(|group| group[count].as_i64().unwrap()).sum();
            assert_eq!(report[count].as_i64().unwrap(), sum, "{count}");
        }
    }
    report
}

fn adds_up(counts: &Value) {
    let of = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!(of("told"), of("same_visit") + of("moved") + of("expected"), "{counts}");
    let ends = ["charged", "cancelled", "no_show", "no_charge", "gaps", "not_yet_due"];
    assert_eq!(of("expected"), ends.into_iter().map(of).sum::<u64>(), "{counts}");
}

fn count(report: &Value, name: &str) -> u64 {
    report[name].as_u64().unwrap()
}

#[test]
fn a_schedule_against_charges_and_what_ends_a_visit_without_one() {
    let site = site();
    site.edit(
        "practices/my-practice/profile.toml",
        "bill_hold_days = 0",
        "bill_hold_days = 0\nno_charge_visit_types = [\"nurse\"]",
    );
    for (number, cents) in [(1, "100.00"), (2, "140.00"), (3, "120.00"), (4, "300.00")] {
        charge(&site, number, cents);
    }
    let rows = [
        row("A1", "V1", "Completed", "05/01/2026", "EST", 1),
        row("A2", "V2", "Completed", "05/01/2026", "EST", 2),
        row("A3", "", "Completed", "05/01/2026", "EST", 3), // no visit number: same patient, day and provider
        row("A4", "OTHER", "Completed", "05/01/2026", "NEW", 4), // another visit number
        row("A5", "V5", "Cancelled", "05/01/2026", "EST", 5),
        row("A6", "V6", "No Show", "05/01/2026", "EST", 6),
        row("A7", "V7", "Completed", "05/01/2026", "Nurse", 7),
        row("A8", "V8", "Rescheduled", "05/01/2026", "EST", 8),
        row("A9", "V9", "Completed", "05/01/2026", "EST", 9), // a gap, worth what EST visits are
        row("A10", "V10", "Completed", "05/04/2026", "ODD", 10), // a gap of a type that was never charged
        row("A11", "V11", "Scheduled", "05/19/2026", "EST", 11), // its hours have not passed
        row("A12", "V12", "Scheduled", "06/19/2026", "EST", 12),
        row("A9", "V9", "Completed", "05/01/2026", "EST", 9), // the same row twice is one
        row("A13", "", "Completed", "05/01/2026", "EST", 9),  // the same slot booked twice is one
    ];
    schedule(&site, "s.csv", &rows.concat());
    let summary = site.run(LATER);
    assert_eq!(summary["documents"]["rejected"], 0, "{summary}");
    let found = report(&site);
    let counts = ["charged", "cancelled", "no_show", "no_charge", "gaps", "not_yet_due", "moved", "same_visit"];
    assert_eq!(counts.map(|name| count(&found, name)), [4, 1, 1, 1, 2, 2, 1, 1], "{found}");
    assert_eq!(found["capture_rate_permille"], 666);
    assert_eq!(found["charged_cents"], 66_000);
    let gaps = found["gap_list"].as_array().unwrap();
    let gap = |appointment: &str| gaps.iter().find(|gap| gap["appointment_id"] == appointment).unwrap();
    let (known, odd) = (gap("A9"), gap("A10"));
    assert_eq!((&known["cents"], &known["basis"], &known["over"]), (&12_000.into(), &"visit-type".into(), &3.into()));
    // DR01 was charged 100, 120, 140 and 300.
    assert_eq!((&odd["cents"], &odd["basis"], &odd["over"]), (&13_000.into(), &"provider".into(), &4.into()));

    // Nothing moves in a second run, nor when the same file comes again.
    schedule(&site, "again.csv", &rows.concat());
    let summary = site.run(LATER);
    assert_eq!(report(&site), found);
    assert_eq!(summary["documents"]["ignored"], 15, "{summary}");

    // The charge arrives: the gap closes by itself.
    charge(&site, 9, "125.00");
    site.run(LATER);
    let closed = report(&site);
    assert_eq!((count(&closed, "gaps"), count(&closed, "charged")), (1, 5));
    let month = site.json(&["audit", "charges", "--month", "2026-06", "--practice", PRACTICE]);
    assert_eq!((count(&month[0], "told"), count(&month[0], "not_yet_due")), (1, 1));

    // The hours of one visit pass, and the other's do not.
    site.run("2026-05-24");
    let later = report(&site);
    assert_eq!((count(&later, "gaps"), count(&later, "not_yet_due")), (2, 1));
    let text = site.command(&["audit", "charges"]);
    let said = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.status.success() && said.contains("capture") && said.contains("past visits of this type"), "{said}");
}

/// SIU^Sxx of one appointment.
fn siu(event: &str, at: &str, appointment: &str, start: &str, number: u32) -> String {
    let start = if start.is_empty() { String::new() } else { format!("^^30^{start}") };
    format!(
        "MSH|^~\\&|EHR|SITE|CH|CH|{at}||SIU^{event}|S{event}{at}{appointment}|P|2.5\r\
         SCH|P{appointment}|{appointment}||||||EST|||{start}\r\
         PID|1||M{number}^^^SITE^MR||{}^ORLA||19800101|F\rAIP|1||DR01^CHANGEME^PAT\r",
        last(number)
    )
}

/// ADT of the visit of `Charge::new(number)`.
fn adt(event: &str, at: &str, number: u32) -> String {
    format!(
        "MSH|^~\\&|EHR|SITE|CH|CH|{at}||ADT^{event}|A{event}{at}{number}|P|2.5\rEVN|{event}|{at}\r\
         PID|1||M{number}^^^SITE^MR||{}^ORLA||19800101|F\r\
         PV1|1|O|MAIN||||DR01^CHANGEME^PAT||||||||||||V{number}|||||||||||||||||||||||||20260501090000\r",
        last(number)
    )
}

#[test]
fn messages_in_any_order_give_the_same_end() {
    let messages = [
        // Booked, moved, arrived, charged: one visit.
        siu("S12", "20260401080000", "A1", "20260428090000", 1),
        siu("S13", "20260402080000", "A1", "20260501090000", 1),
        adt("A04", "20260501085500", 1),
        adt("A03", "20260501100000", 1),
        // Booked and cancelled.
        siu("S12", "20260401080000", "A2", "20260501100000", 2),
        siu("S15", "20260403080000", "A2", "", 2),
        // Booked, cancelled, booked again: a gap.
        siu("S12", "20260401080000", "A3", "20260501110000", 3),
        siu("S15", "20260402080000", "A3", "", 3),
        siu("S12", "20260403080000", "A3", "20260501110000", 3),
        // No-show.
        siu("S12", "20260401080000", "A4", "20260501120000", 4),
        siu("S26", "20260501130000", "A4", "20260501120000", 4),
        // An arrival without an appointment, and no charges: a gap.
        adt("A04", "20260501090000", 5),
        adt("A03", "20260501100000", 5),
        // An arrival that was a mistake.
        adt("A04", "20260501090000", 6),
        adt("A11", "20260501090500", 6),
    ];
    let mut ends = Vec::new();
    for order in 0..3 {
        let site = site();
        let mut ordered = messages.to_vec();
        match order {
            0 => {}
            1 => ordered.reverse(),
            _ => ordered.rotate_left(5),
        }
        for (at, message) in ordered.iter().enumerate() {
            // The charge comes before, among and after the messages.
            if at == order * 7 {
                charge(&site, 1, "90.00");
            }
            site.hl7(&format!("m{at:02}.hl7"), message.as_bytes());
            if at % 4 == 0 {
                site.run("2026-05-10");
            }
        }
        let summary = site.run("2026-05-10");
        assert_eq!(summary["documents"]["rejected"], 0, "{summary}");
        assert_eq!(summary["documents"]["translated"], 16, "{summary}");
        let report = report(&site);
        let names = ["told", "same_visit", "charged", "cancelled", "no_show", "gaps", "not_yet_due"];
        assert_eq!(names.map(|name| count(&report, name)), [7, 1, 1, 2, 1, 2, 0], "order {order}: {report}");
        ends.push(report["by_day"].clone());
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:?}");
}

#[test]
fn rows_that_cannot_be_read_or_contradict_each_other_are_named() {
    let site = site();
    let two_days = [
        row("A1", "", "Completed", "05/01/2026", "EST", 1),
        row("A1", "", "Completed", "05/04/2026", "EST", 1), // nothing says which is newer
        row("A2", "", "Confrimed", "05/01/2026", "EST", 2),
        row("A3", "", "Completed", "", "EST", 3),
        ",,Completed,,05/01/2026,9:00,EST,DR01,,,,,\n".to_owned(),
        "short,row\n".to_owned(),
    ];
    schedule(&site, "s.csv", &two_days.concat());
    std::fs::write(site.dir().join("inbox/schedule/t.csv"), "Appt ID,When\nA9,05/01/2026\n").unwrap();
    let summary = site.run(LATER);
    assert_eq!(
        (&summary["documents"]["translated"], &summary["documents"]["rejected"]),
        (&2.into(), &5.into()),
        "{summary}"
    );
    let problems: Vec<String> = site
        .documents(PRACTICE)
        .iter()
        .filter_map(|document| document["detail"]["problems"][0]["at"]["path"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(
        problems,
        ["row 3, column Status", "row 4, column Date", "row 5, column Patient ID", "row 6", "row 1, column Patient ID"]
    );
    let report = report(&site);
    assert_eq!((count(&report, "told"), count(&report, "gaps")), (1, 1));
    assert_eq!(report["gap_list"][0]["day"], "2026-05-04", "the later day counts until somebody says which");
}

/// A hospital's schedule of a year in one file.
#[test]
fn a_schedule_of_many_rows_streams() {
    let rows: u32 = if std::env::var_os("CLAIMHOST_BIG").is_some() { 100_000 } else { 5_000 };
    let site = site();
    let all: String =
        (1..=rows).map(|n| row(&format!("A{n}"), &format!("V{n}"), "Completed", "05/01/2026", "EST", n)).collect();
    schedule(&site, "big.csv", &all);
    charge(&site, 1, "100.00");
    let started = std::time::Instant::now();
    let summary = site.run(LATER);
    println!("{rows} rows: {:?}", started.elapsed());
    assert_eq!(summary["documents"]["translated"], rows + 1, "{summary}");
    let report = report(&site);
    assert_eq!(
        (count(&report, "told"), count(&report, "charged"), count(&report, "gaps")),
        (rows.into(), 1, u64::from(rows) - 1)
    );
    assert_eq!(report["gap_cents"].as_i64().unwrap(), i64::from(rows - 1) * 10_000);
}

#[test]
fn one_charged_visit_answers_one_expected_visit() {
    let partner = |row: String| row.replace(",DR01,", ",DR99,");
    let rows = [
        // Two appointments of a day and one charged visit: one of them is a gap.
        row("A1", "", "Completed", "05/01/2026", "EST", 1),
        row("A2", "", "Completed", "05/01/2026", "LAB", 1).replace(",9:00,", ",9:30,"),
        // Booked with somebody else of the practice, who was covered.
        partner(row("A3", "", "Completed", "05/01/2026", "EST", 2)),
        // Cancelled on the schedule, seen and charged all the same; cancelled with somebody else, and that stays so.
        row("A4", "", "Cancelled", "05/01/2026", "EST", 3),
        partner(row("A5", "", "Cancelled", "05/01/2026", "EST", 4)),
        // Two appointments under one visit number have its dollars once.
        row("A6", "V5", "Completed", "05/01/2026", "EST", 5),
        row("A7", "V5", "Completed", "05/01/2026", "LAB", 5).replace(",9:00,", ",9:30,"),
    ];
    for is_reversed in [false, true] {
        let site = site();
        let mut rows = rows.to_vec();
        if is_reversed {
            rows.reverse();
            // Charges after the schedule: the gaps close, but for one.
            schedule(&site, "s.csv", &rows.concat());
            site.run(LATER);
            assert_eq!(count(&report(&site), "gaps"), 5);
        }
        for number in 1..=5 {
            charge(&site, number, "125.00");
        }
        if !is_reversed {
            schedule(&site, "s.csv", &rows.concat());
        }
        site.run(LATER);
        let found = report(&site);
        let counts = ["charged", "cancelled", "gaps"].map(|name| count(&found, name));
        assert_eq!(counts, [5, 1, 1], "{found}");
        assert_eq!(found["charged_cents"], 4 * 12_500, "{found}");
        assert_eq!(found["gap_list"][0]["appointment_id"], "A2", "{found}");
    }
}
