//! A puller that misbehaves (`tests/guests/puller`): its turn fails, says why, and stops nobody else.

use std::sync::Condvar;
use std::time::{Duration, Instant};

use claimhost_tests::serving::PATIENCE;
use claimhost_tests::site::Charge;

use super::*;

/// More than there are sessions.
const SOURCES: usize = 70;

const ENDED: &str = "claimhost_pull_turns_total{practice=\"my-practice\",source=\"drchrono\",ended=\"failed\"}";

/// A site with the guest as its one source, opened with a word.
fn site_of(server: &Server, word: &str, limits: &str) -> Site {
    let site = Site::with_connectors();
    let folder = guest("puller", site.dir());
    let manifest = folder.join("plugin.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text + limits).unwrap();
    site.json(&["plugin", "add", "--yes", folder.to_str().unwrap()]);
    site.write("word.toml", format!("# {word}\n").as_bytes());
    site.write("records.toml", b"source_system = \"S\"\n[visit]\nvisit = \"visit\"\n");
    let own = "puller = \"one-request\"\npull_mapping = \"word.toml\"\nadapter = \"records\"\nmapping = \"records.toml\"\nevery = \"1s\"";
    add(&site, server, NAME, own);
    site
}

/// Waits until something is so.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_puller_that_traps_loops_or_runs_in_a_circle_ends_its_turn_alone() {
    for (word, words, asked) in [
        ("open-traps", "the plugin stopped: ", 0),
        ("open-loops", "did not answer within 320 ms", 0),
        ("traps", "the plugin stopped: ", 1),
        ("loops", "did not answer within 80 ms", 1),
        ("stores", "runs in a circle", 1),
    ] {
        let server = Server::start(|_, _| Answer::json(&json!({"visit": "1"})));
        let site = site_of(&server, word, "[limits]\ndeadline_ms = 80\n");
        let told = report(&pull(&site));
        assert_eq!((&told["ended"], &told["documents"]), (&json!("failed"), &json!(0)), "{word}: {told}");
        assert!(told["problem"].as_str().unwrap().contains(words), "{word}: {told}");
        assert_eq!(server.count("/rows"), asked, "{word}");
        assert_eq!(work(&site).len(), 1, "{word}");
        // With another mapping the next turn goes well, and the work is done.
        site.write("word.toml", b"");
        let told = report(&pull(&site));
        assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(1)), "{word}: {told}");
        assert_eq!(work(&site).len(), 0, "{word}");
    }
}

#[test]
fn a_puller_whose_open_faults_is_quarantined_until_it_is_released() {
    let server = Server::start(|_, _| Answer::json(&json!({"visit": "1"})));
    let site = site_of(&server, "open-traps", "");
    let serving = Serving::start(&site, DAY);
    let quarantined = "claimhost_plugin_quarantined_practices{plugin=\"one-request\"}";
    serving.wait_for(quarantined, 1);
    // A mended mapping alone does not end it: later turns fail, and ask for nothing.
    site.write("word.toml", b"");
    let failed = serving.metric(ENDED);
    wait_until("no further turn", || serving.metric(ENDED) >= failed + 2);
    assert_eq!(server.asked().len(), 0);
    assert!(work(&site)[0].1.contains("quarantined for this practice"), "{:?}", work(&site));
    site.json(&["plugin", "release", "one-request", "--practice", PRACTICE]);
    wait_until("no turn after its release", || server.count("/rows") > 0);
    assert_eq!(serving.metric(quarantined), 0);
    serving.stop();
}

#[test]
fn slow_sources_leave_sessions_for_everybody_else() {
    // A server that answers nobody until it is told to: how many wait, how many waited at most, whether it answers.
    let held = Arc::new((Mutex::new((0_usize, 0_usize, false)), Condvar::new()));
    let of_server = Arc::clone(&held);
    let server = Server::start(move |_, _| {
        let mut state = of_server.0.lock().unwrap();
        state.0 += 1;
        state.1 = state.1.max(state.0);
        while !state.2 {
            state = of_server.1.wait(state).unwrap();
        }
        state.0 -= 1;
        Answer::json(&json!({"rows": []}))
    });
    let site = Site::with_connectors();
    site.edit("claimhost.toml", "settle_seconds = 5", "settle_seconds = 0");
    for source in 0..SOURCES {
        add_rows(&site, &server, &format!("slow-{source}"), "every = \"1h\"");
    }
    site.edit("claimhost.toml", "timeout_seconds = 2", "timeout_seconds = 300");
    let serving = Serving::start(&site, DAY);
    wait_until("16 turns", || server.asked().len() >= 16);
    site.write("1.hl7", Charge::new(1).message().as_bytes());
    std::fs::rename(site.dir().join("1.hl7"), site.dir().join("inbox/my-practice/1.hl7")).unwrap();
    serving.wait_for("claimhost_documents{practice=\"my-practice\",status=\"translated\"}", 1);
    held.0.lock().unwrap().2 = true;
    held.1.notify_all();
    wait_until("every source", || server.asked().len() >= SOURCES);
    assert_eq!(held.0.lock().unwrap().1, 16, "so many turns at once, and no more");
    serving.stop();
}
