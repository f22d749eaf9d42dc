//! What servers do wrong, and what a puller may not cost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;

/// Answers the first tries of the list otherwise, then as it should.
fn failing(tries: usize, answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |asked, _| {
        related(asked).unwrap_or_else(|| {
            let nth = count.fetch_add(1, Ordering::SeqCst);
            if nth < tries { answer(nth) } else { lines(asked, &[&[1]]) }
        })
    })
}

#[test]
fn what_passes_is_tried_again_and_then_comes() {
    let good = || json!({"next": null, "results": [line(1)]}).to_string();
    let cases: Vec<(&str, Server, u64)> = vec![
        ("500", failing(2, |_| Answer::new(500, "VANCE broke it")), 2),
        ("429", failing(1, |_| Answer::new(429, "").with("Retry-After", "1")), 1),
        ("503", failing(1, |_| Answer::new(503, "").with("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")), 1),
        ("slow", failing(1, |_| Answer { slow: Duration::from_secs(4), ..Answer::new(200, "{}") }), 1),
        ("cut", failing(1, move |_| Answer { cut: Some(20), ..Answer::new(200, good()) }), 1),
        ("cut at once", failing(1, |_| Answer { cut: Some(0), ..Answer::new(200, "{\"results\":[]}") }), 1),
    ];
    for (what, server, retries) in cases {
        let site = Site::with_connectors();
        add_drchrono(&site, &server, "");
        let output = pull(&site);
        let report = report(&output);
        assert_eq!((&report["ended"], &report["documents"]), (&json!("done"), &json!(1)), "{what}: {report}");
        assert_eq!(report["retries"], retries, "{what}: {report}");
        assert!(work(&site).is_empty(), "{what}");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!words.contains("VANCE"), "{what}: {words}");
    }
}

#[test]
fn what_does_not_pass_ends_the_turn_and_is_work_until_it_does() {
    let large = || format!("{{\"next\": null, \"results\": [], \"filler\": \"{}\"}}", "VANCE ".repeat(400_000));
    let cases: Vec<(&str, Server, &str, &str)> = vec![
        (
            "503 all the time",
            failing(3, |_| Answer::new(503, "VANCE")),
            "",
            "gave up after 3 tries; the last: status 503",
        ),
        (
            "huge",
            failing(1, move |_| Answer::new(200, large())),
            "answer_megabytes_max = 1",
            "raise answer_megabytes_max",
        ),
        ("401", failing(1, |_| Answer::new(401, "")), "", "does not take the credentials (401)"),
        ("403", failing(1, |_| Answer::new(403, "{\"name\": \"VANCE\"}")), "", "status 403"),
        ("a page for people", failing(1, |_| Answer::new(200, "<html>VANCE</html>")), "", "base_url"),
        (
            "a redirect elsewhere",
            failing(1, |_| Answer::new(302, "").with("Location", "https://evil.example/?n=VANCE")),
            "",
            "evil.example",
        ),
        (
            "a redirect in the clear",
            failing(1, |_| Answer::new(307, "").with("Location", "http://ehr.example/")),
            "",
            "http://ehr.example",
        ),
        (
            "a circle of redirects",
            failing(6, |_| Answer::new(302, "").with("Location", "/api/line_items?x=1")),
            "",
            "more than 5 times",
        ),
    ];
    for (what, server, more, words) in cases {
        let site = Site::with_connectors();
        add_drchrono(&site, &server, more);
        let output = pull(&site);
        assert_eq!(output.status.code(), Some(1), "{what}");
        let failed = report(&output);
        assert_eq!(
            (&failed["ended"], &failed["documents"], &failed["cursor_moved"]),
            (&json!("failed"), &json!(0), &json!(false)),
            "{what}: {failed}"
        );
        let problem = failed["problem"].as_str().unwrap();
        assert!(problem.contains(words), "{what}: {problem}");
        let all = format!("{failed}{}", String::from_utf8_lossy(&output.stderr));
        assert!(!all.contains("VANCE") && !all.contains("since="), "{what}: {all}");
        let open = work(&site);
        assert!(open.len() == 1 && open[0].1.contains(words), "{what}: {open:?}");
        // The same again is one piece of work; and it closes by itself.
        let mended = report(&pull(&site));
        assert_eq!((&mended["ended"], &mended["documents"]), (&json!("done"), &json!(1)), "{what}: {mended}");
        assert!(work(&site).is_empty(), "{what}");
        site.run_unapproved(DAY);
        site.assert_accounted(DAY);
    }
}

#[test]
fn a_long_pause_ends_the_turn_without_a_fault() {
    let site = Site::with_connectors();
    let server = failing(1, |_| Answer::new(429, "").with("Retry-After", "3600"));
    add_drchrono(&site, &server, "");
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["wait_seconds"]), (&json!("later"), &json!(3_600)), "{told}");
    assert!(work(&site).is_empty());
    assert_eq!(server.asked().len(), 1, "nothing was asked for meanwhile");
    // A year, and what no clock has, are a day; and the turn after that is one like any other.
    for year in ["31536000", "99999999999999999999", "Sat, 06 Nov 2094 08:49:37 GMT"] {
        let (site, server) =
            (Site::with_connectors(), failing(1, move |_| Answer::new(503, "").with("Retry-After", year)));
        add_drchrono(&site, &server, "");
        let told = report(&pull(&site));
        assert_eq!((&told["ended"], &told["wait_seconds"]), (&json!("later"), &json!(86_400)), "{year}: {told}");
        assert_eq!(report(&pull(&site))["ended"], "done", "{year}");
    }
    // A rate that is spent is the same.
    let (site, server) = (Site::with_connectors(), three_pages());
    let text = site.text("claimhost.toml") + "\n[[intake.rate]]\nname = \"hour\"\ncalls = 4\nper = \"1h\"\nburst = 4\n";
    site.write("claimhost.toml", text.as_bytes());
    add_drchrono(&site, &server, "rate = [\"hour\"]");
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["requests"]), (&json!("later"), &json!(4)), "{told}");
    assert_eq!(server.asked().len(), 4);
}

/// Some servers say that a rate is spent and not for how long: a window of the source's own rate is long enough.
#[test]
fn a_rate_that_is_spent_nobody_says_for_how_long_is_no_fault() {
    let spent = |count: usize| failing(count, |_| Answer::new(429, ""));
    let (site, server) = (Site::with_connectors(), spent(1));
    add_drchrono(&site, &server, "");
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["wait_seconds"]), (&json!("later"), &json!(60)), "no rate says more: {told}");
    assert_eq!((server.asked().len(), work(&site).len()), (1, 0));
    assert_eq!(report(&pull(&site))["ended"], "done");
    // A window that a turn waits for, and one that is not over yet after all tries.
    for (count, ended, retries) in [(2, "done", 2), (3, "later", 2)] {
        let (site, server) = (Site::with_connectors(), spent(count));
        let rate = "\n[[intake.rate]]\nname = \"second\"\ncalls = 100\nper = \"1s\"\nburst = 100\n";
        site.write("claimhost.toml", (site.text("claimhost.toml") + rate).as_bytes());
        add_drchrono(&site, &server, "rate = [\"second\"]");
        let told = report(&pull(&site));
        assert_eq!((&told["ended"], &told["retries"]), (&json!(ended), &json!(retries)), "{told}");
        assert!(work(&site).is_empty(), "{told}");
    }
}

#[test]
fn days_of_nothing_but_waiting_are_work() {
    let site = Site::with_connectors();
    let server = failing(3, |_| Answer::new(429, "").with("Retry-After", "99999999999"));
    add_drchrono(&site, &server, "");
    let on = |day: &str| report(&site.command(&["--as-of", day, "pull", PRACTICE, NAME, "--json"]));
    for (day, works) in [("2026-03-03", 0), ("2026-03-04", 0), ("2026-03-05", 1)] {
        assert_eq!(on(day)["ended"], "later", "{day}");
        let open = work(&site);
        assert_eq!(open.len(), works, "{day}: {open:?}");
        assert!(open.iter().all(|(_, words)| words.contains("2 days without anything")), "{open:?}");
    }
    assert_eq!(on("2026-03-05")["ended"], "done");
    assert!(work(&site).is_empty());
}

#[test]
fn a_turn_sends_so_many_requests_and_the_next_goes_on() {
    let (site, server) = (Site::with_connectors(), three_pages());
    add_drchrono(&site, &server, "requests_max = 6");
    let mut documents = 0;
    let mut turns = 0;
    loop {
        let told = report(&pull(&site));
        assert!(told["requests"].as_u64().unwrap() <= 6, "{told}");
        documents += told["documents"].as_u64().unwrap();
        turns += 1;
        if told["ended"] == "done" {
            break;
        }
        assert!(told["ended"] == "more" && turns < 10, "{told}");
    }
    assert_eq!((documents, turns), (5, 3));
    // Too few for one page: the same would come again and again.
    site.edit("claimhost.toml", "requests_max = 6", "requests_max = 3");
    site.edit("claimhost.toml", "name = \"drchrono\"", "name = \"other\"");
    let told = report(&site.command(&["--as-of", DAY, "pull", PRACTICE, "other", "--json"]));
    assert_eq!((&told["ended"], &told["requests"]), (&json!("failed"), &json!(3)), "{told}");
    assert!(told["problem"].as_str().unwrap().contains("requests_max"), "{told}");
}

#[test]
fn a_puller_over_its_ceilings_ends_its_turn_and_nothing_else() {
    for (limits, words) in [("memory_mib = 3", "more than its 3 MiB of memory"), ("output_mib = 1", "more than 1 MiB")]
    {
        let site = Site::with_connectors();
        let line = site.text("claimhost.toml").lines().find(|line| line.starts_with("folders = ")).unwrap().to_owned();
        site.edit("claimhost.toml", &line, &line.replace(']', ", \"own\"]"));
        let manifest = format!(
            "id = \"tight\"\nversion = \"0.1.0\"\nkind = \"puller\"\nfamily = \"tight\"\ncontract = \"0.1.0-draft\"\n\
             evidence = \"standard-only\"\nbase = \"http-pull\"\nmapping = \"mapping.toml\"\n[limits]\ndeadline_ms = 5000\n{limits}\n"
        );
        site.write("own/tight/plugin.toml", manifest.as_bytes());
        site.write("own/tight/mapping.toml", b"[pull]\npath = \"/rows\"\nitems = \"rows\"\n");
        let large = format!("{{\"rows\": [1], \"filler\": \"{}\"}}", "VANCE ".repeat(500_000));
        let server = Server::start(move |_, nth| match nth {
            0 => Answer::new(200, large.clone()),
            _ => Answer::new(200, "{\"rows\": [1]}"),
        });
        add(&site, &server, NAME, "puller = \"tight\"\nadapter = \"records\"\n");
        let failed = report(&pull(&site));
        assert_eq!((&failed["ended"], &failed["documents"]), (&json!("failed"), &json!(0)), "{limits}: {failed}");
        assert!(failed["problem"].as_str().unwrap().contains(words), "{limits}: {failed}");
        assert!(!failed.to_string().contains("VANCE"));
        assert_eq!(work(&site).len(), 1);
        let next = report(&pull(&site));
        assert_eq!((&next["ended"], &next["documents"]), (&json!("done"), &json!(1)), "{limits}: {next}");
        assert!(work(&site).is_empty());
    }
}

/// How many documents say that something of them could not be read.
fn lacking(site: &Site) -> usize {
    let raw = |document: &Value| String::from_utf8_lossy(&site.raw(document)).into_owned();
    site.documents(PRACTICE).iter().filter(|document| raw(document).contains("\"pull.unreadable\":{\"")).count()
}

#[test]
fn one_record_that_is_closed_to_us_is_one_document_and_the_others_go_on() {
    let site = Site::with_connectors();
    let server = Server::start(|asked, _| match asked.path() {
        "/api/patients/78" => Answer::new(403, "VANCE"),
        "/api/line_items" => {
            let mut rows = [line(1), line(2), line(3)];
            rows[1]["patient"] = json!(78);
            Answer::json(&json!({"next": null, "results": rows}))
        }
        _ => related(asked).unwrap_or_else(|| Answer::new(404, "")),
    });
    add_drchrono(&site, &server, "");
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(3)), "{told}");
    // It is the same document as long as the record is closed.
    let again = report(&pull(&site));
    assert_eq!((&again["documents"], &again["unchanged"]), (&json!(0), &json!(3)), "{again}");
    let summary = site.run_unapproved(DAY);
    let documents = &summary["documents"];
    assert_eq!((&documents["rejected"], &documents["translated"]), (&json!(1), &json!(2)), "{summary}");
    assert_eq!(summary["cents"]["billed"], cents([1, 3].into_iter()), "{summary}");
    assert_eq!(lacking(&site), 1);
    site.assert_accounted(DAY);
}

#[test]
fn an_address_of_one_item_that_is_not_allowed_is_not_sent_and_stops_nothing() {
    // What is kept from us is not nothing, optional or not.
    for optional in ["yes", "no"] {
        let site = Site::with_connectors();
        let server = Server::start(|asked, _| match asked.path() {
            "/rows" => {
                let elsewhere = json!({"visit": "1", "doctor": "https://evil.example/d/1"});
                let rows = [elsewhere, json!({"visit": "2", "doctor": "d/2"}), json!({"visit": "3", "doctor": "d/3"})];
                Answer::json(&json!({"rows": rows}))
            }
            "/d/2" => Answer::new(302, "").with("Location", "https://evil.example/d/2"),
            _ => Answer::new(200, "{}"),
        });
        add_rows(&site, &server, NAME, "");
        let with = format!("[[pull.with]]\nname = \"doctor\"\nreference = \"doctor\"\noptional = \"{optional}\"\n");
        let mapping = format!("[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n{with}");
        site.write("rows.toml", mapping.as_bytes());
        let told = report(&pull(&site));
        assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(3)), "{optional}: {told}");
        site.run_unapproved(DAY);
        assert_eq!(lacking(&site), 2, "{optional}");
    }
    // Of the list itself it is the end of the turn, in words that name the host.
    let (site, server) = (Site::with_connectors(), Server::start(|_, _| Answer::new(200, "{\"rows\": []}")));
    add_rows(&site, &server, NAME, "");
    site.write("rows.toml", b"[pull]\npath = \"https://evil.example/rows\"\nitems = \"rows\"\n");
    let told = report(&pull(&site));
    assert_eq!(told["ended"], "failed");
    assert!(told["problem"].as_str().unwrap().contains("asked for https://evil.example"), "{told}");
}
