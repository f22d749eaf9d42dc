//! What a puller may not ask for: refused before anything leaves.

use super::super::outgoing::{BODY_BYTES_MAX, HEADERS_MAX};
use super::*;
use crate::config::Config;
use crate::store::{MasterKey, Store};

fn client(folder: &std::path::Path) -> Client {
    let secret = folder.join("secret");
    std::fs::write(&secret, "swordfish-01").unwrap();
    crate::private::close_file(&secret).unwrap();
    // Port 9 (discard): nobody answers there, and nothing of these tests gets so far.
    let text = "[[practice]]\nid = \"elm\"\nprofile = \"p\"\n[[intake.pull]]\npractice = \"elm\"\nname = \"ehr\"\npuller = \"p\"\n\
                adapter = \"a\"\nbase_url = \"https://127.0.0.1:9/r4\"\n[intake.pull.secrets]\nkey = { file = \"secret\" }\n";
    let path = folder.join("claimhost.toml");
    std::fs::write(&path, text).unwrap();
    let config = Config::load(&path).unwrap();
    let store = Store::open(&folder.join("store.db"), MasterKey::generate().unwrap()).unwrap();
    let today: super::super::kept::Today = std::sync::Arc::new(|| 0);
    let rates = super::super::rate::Rates::new(&[], store.practice(crate::store::CLEARING).unwrap()).of(&[]);
    let kept =
        Kept { store: store.practice("elm").unwrap(), source: "ehr".to_owned(), channel: "pull:ehr".to_owned(), today };
    Client::open(&config.intake.pull[0], &["images.example".to_owned()], rates, kept).unwrap()
}

fn request(url: &str) -> Request {
    Request { method: Method::Get, url: url.to_owned(), headers: Vec::new(), body: Vec::new(), secrets: Vec::new() }
}

fn header(name: &str, value: &str) -> Header {
    Header { name: name.to_owned(), value: value.to_owned() }
}

#[test]
fn what_a_puller_may_not_ask_for_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path());
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    let sending = Sending { client: &client, counts: &counts, stop: &stop, left: AtomicU64::new(100) };
    let own = || request("/Encounter");
    let key = || vec!["key".to_owned()];
    let xml = || vec![header("content-type", "text/xml")];
    for (what, request, words) in [
        ("another host", request("https://evil.example/"), "evil.example"),
        ("a credential", Request { headers: vec![header("Authorization", "x")], ..own() }, "the host's own"),
        ("a cookie", Request { headers: vec![header("cookie", "x")], ..own() }, "the host's own"),
        ("a framing", Request { headers: vec![header("Transfer-Encoding", "chunked")], ..own() }, "the host's own"),
        ("a header in two", Request { headers: vec![header("x", "a\r\nHost: b")], ..own() }, "a header that is none"),
        ("a name that is none", Request { headers: vec![header("x y", "a")], ..own() }, "a header that is none"),
        ("many headers", Request { headers: vec![header("x", "1"); HEADERS_MAX + 1], ..own() }, "more than 50 headers"),
        ("a large body", Request { body: vec![b'x'; BODY_BYTES_MAX + 1], ..own() }, "larger than 4 MiB"),
        (
            "a secret that the site has not",
            Request { body: b"{{secret.other}}".to_vec(), secrets: vec!["other".to_owned()], headers: xml(), ..own() },
            "the secret `other`",
        ),
        (
            "a secret in who knows what",
            Request { body: b"{{secret.key}}".to_vec(), secrets: key(), ..own() },
            "no content-type of XML, JSON or a form",
        ),
        (
            "a secret for another host",
            Request {
                body: b"{{secret.key}}".to_vec(),
                secrets: key(),
                headers: xml(),
                ..request("https://images.example/x")
            },
            "another host than the site's own",
        ),
        (
            "a secret for another host, in a header",
            Request {
                headers: vec![header("x-key", "{{secret.key}}")],
                secrets: key(),
                ..request("https://images.example/x")
            },
            "another host than the site's own",
        ),
    ] {
        let error = sending.send(&request).unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains("swordfish"), "{what}: {error}");
    }
    assert_eq!(counts.requests.load(Ordering::Relaxed), 0, "nothing left");
}

#[test]
fn a_host_that_stops_waits_for_nothing_and_a_turn_has_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path());
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    let sending = Sending { client: &client, counts: &counts, stop: &stop, left: AtomicU64::new(3) };
    let sent = || counts.requests.load(Ordering::Relaxed);
    let began = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while sent() == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            stop.store(true, Ordering::Relaxed);
        });
        // Nobody answers: it would wait and try again.
        assert!(matches!(sending.send(&request("/x")), Err(SendError::Stopped)));
    });
    assert!(began.elapsed() < Duration::from_secs(20));
    assert!(matches!(sending.send(&request("/x")), Err(SendError::Stopped)));
    assert_eq!(sent(), 1, "nothing is sent once the host stops");
    stop.store(false, Ordering::Relaxed);
    assert!(matches!(sending.send(&request("/x")), Err(SendError::RequestsMax)));
    assert_eq!(sent(), 3);
}

#[test]
fn a_puller_sees_neither_cookies_nor_challenges_nor_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(folder.path());
    let (counts, stop) = (Counts::default(), AtomicBool::new(false));
    let sending = Sending { client: &client, counts: &counts, stop: &stop, left: AtomicU64::new(1) };
    let name = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![name("set-cookie", "s=1"), name("www-authenticate", "Bearer"), name("x", "a swordfish-01")];
    let handed = sending.handed(Incoming { status: 200, headers, body: b"<k>swordfish-01</k>".to_vec() });
    assert_eq!(handed.body, b"<k>************</k>");
    assert_eq!(handed.headers, [header("x", "a ************")]);
}
