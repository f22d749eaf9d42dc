//! Sources that are pulled, over real HTTPS: a server that answers late, in parts, too much, elsewhere or not at all, and the real
//! binary, ended in the middle. Whatever happens, every charge is there once, and no secret is anywhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

mod server;

use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claimhost_tests::programs::workspace;
use claimhost_tests::serving::Serving;
use claimhost_tests::site::{PRACTICE, Site};
use serde_json::{Value, json};
use server::{Answer, Asked, Server};

const DAY: &str = "2026-03-03";
const NAME: &str = "drchrono";

/// A folder of one practice that finds the connectors beside the plugins.
fn site() -> Site {
    let site = Site::new();
    let connectors = workspace().join("connectors");
    let line = site.text("claimhost.toml").lines().find(|line| line.starts_with("folders = ")).unwrap().to_owned();
    let more = line.replace(']', &format!(", {:?}]", connectors.display().to_string()));
    site.edit("claimhost.toml", &line, &more);
    site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"any\"");
    site
}

/// Adds a source with these lines of its own; `[intake.pull...]` blocks come last in them.
fn add(site: &Site, server: &Server, name: &str, more: &str) {
    site.write("ca.pem", server.pem.as_bytes());
    let text = format!(
        "{}\n[[intake.pull]]\npractice = \"{PRACTICE}\"\nname = \"{name}\"\nca_file = \"ca.pem\"\nbase_url = \"{}\"\n\
         timeout_seconds = 2\ntries = 3\nwait_seconds_max = 3\n{more}\n",
        site.text("claimhost.toml"),
        server.url(),
    );
    site.write("claimhost.toml", text.as_bytes());
}

/// DrChrono's connector.
fn add_drchrono(site: &Site, server: &Server, more: &str) {
    site.write("pulled.toml", &std::fs::read(workspace().join("connectors/drchrono/pulled.toml")).unwrap());
    let own = "puller = \"drchrono-pull\"\nadapter = \"drchrono\"\nmapping = \"pulled.toml\"\nsince = \"2026-03-01\"\n";
    add(site, server, NAME, &format!("{own}{more}"));
}

/// A secret of the site, where nobody else reads it.
fn secret(site: &Site, file: &str, text: &str) {
    site.write(file, text.as_bytes());
    std::fs::set_permissions(site.dir().join(file), std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn pull(site: &Site) -> Output {
    site.command(&["--as-of", DAY, "pull", PRACTICE, NAME, "--json"])
}

fn report(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}\n{complained}"))
}

/// Kinds of open work, with their words.
fn work(site: &Site) -> Vec<(String, String)> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let listed = site.json(&["work", "list", "--kind", "pull.failed"]);
    listed.as_array().unwrap().iter().map(|item| (text(item, "kind"), text(item, "words"))).collect()
}

fn line(id: u32) -> Value {
    json!({
        "id": id, "appointment": 9000 + id, "patient": 77, "doctor": 5, "code": "99213", "procedure_type": "C",
        "modifiers": [], "quantity": 1, "units": "UN", "price": 100.0 + f64::from(id), "billed": 100.0 + f64::from(id),
        "service_date": "2026-03-02", "updated_at": "2026-03-02T16:10:00", "diagnosis_pointers": ["1"],
    })
}

/// What DrChrono answers of a patient, an appointment or a doctor.
fn related(asked: &Asked) -> Option<Answer> {
    let id = asked.path().rsplit('/').next()?;
    let found = match asked.path().split('/').nth(2)? {
        "patients" => json!({
            "id": 77, "last_name": "VANCE", "first_name": "ORLA", "date_of_birth": "1950-02-01", "gender": "Female",
            "address": "1 OAK WAY", "city": "SALEM", "state": "OR", "zip_code": "97301",
            "primary_insurance": {"insurance_company": "FIRST PLAN", "insurance_payer_id": "00000", "insurance_id_number": "P77"},
            "secondary_insurance": {"insurance_company": "", "insurance_payer_id": "", "insurance_id_number": ""},
        }),
        "appointments" => json!({"id": id, "office": 3, "status": "Complete", "icd10_codes": ["J06.9"]}),
        "doctors" => json!({"id": 5, "npi_number": "1234567893", "last_name": "ADLER"}),
        _ => return None,
    };
    Some(Answer::json(&found))
}

/// Pages of line items; `next` is an address on the server itself, which only a request knows.
fn lines(asked: &Asked, pages: &[&[u32]]) -> Answer {
    let at: usize = asked.parameter("cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let rows: Vec<Value> = pages.get(at).map(|page| page.iter().map(|id| line(*id)).collect()).unwrap_or_default();
    let next =
        (at + 1 < pages.len()).then(|| format!("https://{}/api/line_items?cursor={}", asked.header("host"), at + 1));
    Answer::json(&json!({"previous": null, "next": next, "results": rows}))
}

fn cents(ids: impl Iterator<Item = u32>) -> u64 {
    ids.map(|id| u64::from(100 + id) * 100).sum()
}

/// Three pages, one id on two of them.
const PAGES: [&[u32]; 3] = [&[1, 2], &[2, 3], &[4]];

fn three_pages() -> Server {
    Server::start(|asked, _| related(asked).unwrap_or_else(|| lines(asked, &PAGES)))
}

#[test]
fn every_charge_comes_once_wherever_the_program_ends() {
    for moment in
        ["before-pulled:1", "after-pulled:1", "before-pulled:2", "after-pulled:2", "after-pulled:3", "mid-file"]
    {
        let (site, server) = (site(), three_pages());
        add_drchrono(&site, &server, "");
        let ended =
            site.prepared(&["--as-of", DAY, "run", "--once"]).env("CLAIMHOST_CRASH_AT", moment).output().unwrap();
        if moment != "mid-file" {
            assert!(!ended.status.success(), "{moment}: it was ended");
        }
        let pages_before = server.count("/api/line_items");
        let summary = site.run_unapproved(DAY);
        assert_eq!(summary["cents"]["billed"], cents([1, 2, 3, 4].into_iter()), "{moment}: {summary}");
        assert_eq!(summary["documents"]["rejected"], 0, "{moment}: {summary} {:?}", site.documents(PRACTICE));
        assert_eq!(summary["documents"]["translated"], 4, "{moment}: {summary}");
        // What was stored is not asked for again; what was not, is.
        let pages = server.count("/api/line_items");
        let (nth, again) = match moment {
            "before-pulled:1" => (1, 3),
            "after-pulled:1" => (1, 2),
            "before-pulled:2" => (2, 2),
            "after-pulled:2" => (2, 1),
            // The last page is stored with the cursor of the next turn: one page of what changed since.
            _ => (3, 3),
        };
        assert_eq!((pages_before, pages - pages_before), (nth, again), "{moment}");
        site.assert_accounted(DAY);
    }
}

#[test]
fn a_turn_says_what_it_did_and_the_next_begins_where_it_ended() {
    let (site, server) = (site(), three_pages());
    add_drchrono(&site, &server, "");
    let checked = site.command(&["check-config", "--json"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    assert!(server.asked().is_empty(), "nothing is asked for unless somebody wants it");
    let first = report(&pull(&site));
    assert_eq!(
        (&first["ended"], &first["documents"], &first["cursor_moved"]),
        (&json!("done"), &json!(5), &json!(true))
    );
    assert_eq!((&first["retries"], &first["problem"]), (&json!(0), &Value::Null), "{first}");
    assert_eq!(first["requests"].as_u64().unwrap(), u64::try_from(server.asked().len()).unwrap());
    let since = |at: usize| {
        let of_list = server.asked().into_iter().filter(|asked| asked.path() == "/api/line_items");
        of_list.map(|asked| asked.parameter("since").map(str::to_owned)).nth(at).unwrap()
    };
    assert_eq!(since(0).as_deref(), Some("2026-03-01"), "what the site says");
    // A patient is asked for once a page, whatever the lines.
    assert_eq!(server.count("/api/patients/77"), 3);
    let second = report(&pull(&site));
    assert_eq!(second["documents"], 5, "{second}");
    assert_eq!(since(3).as_deref(), Some("2026-03-02"), "the day of the first turn, and a day back");
    let summary = site.run_unapproved(DAY);
    assert_eq!(summary["cents"]["billed"], cents([1, 2, 3, 4].into_iter()), "{summary}");
    let missing = site.command(&["pull", PRACTICE, "drchrom"]);
    let words = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(missing.status.code() == Some(4) && words.contains("did you mean `my-practice drchrono`?"), "{words}");
}

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
        let site = site();
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
        let site = site();
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
    let site = site();
    let server = failing(1, |_| Answer::new(429, "").with("Retry-After", "3600"));
    add_drchrono(&site, &server, "");
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["wait_seconds"]), (&json!("later"), &json!(3_600)), "{told}");
    assert!(work(&site).is_empty());
    assert_eq!(server.asked().len(), 1, "nothing was asked for meanwhile");
    // A rate that is spent is the same.
    let (site, server) = (self::site(), three_pages());
    let text = site.text("claimhost.toml") + "\n[[intake.rate]]\nname = \"hour\"\ncalls = 4\nper = \"1h\"\nburst = 4\n";
    site.write("claimhost.toml", text.as_bytes());
    add_drchrono(&site, &server, "rate = [\"hour\"]");
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["requests"]), (&json!("later"), &json!(4)), "{told}");
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn a_turn_sends_so_many_requests_and_the_next_goes_on() {
    let (site, server) = (site(), three_pages());
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

/// A server whose tokens hold for some requests, and whose refresh tokens hold once.
fn with_tokens(uses: usize) -> Server {
    let valid: Arc<Mutex<(String, usize, usize)>> = Arc::new(Mutex::new((String::new(), 0, 0)));
    let refresh = Arc::new(Mutex::new("refresh-token-0-first".to_owned()));
    Server::start(move |asked, _| {
        if asked.path() == "/oauth/token" {
            let mut state = valid.lock().unwrap();
            let basic = asked.header("authorization") == "Basic Y2xpZW50LTE6Y2xpZW50LXNlY3JldC0wMQ==";
            let body = asked.parameter("client_secret") == Some("client-secret-01");
            let mut refresh = refresh.lock().unwrap();
            let known = match asked.parameter("grant_type") {
                Some("client_credentials") => basic || body,
                Some("refresh_token") => asked.parameter("refresh_token") == Some(refresh.as_str()),
                _ => false,
            };
            if !known {
                return Answer::new(400, "{\"error\": \"invalid_grant\", \"error_description\": \"VANCE\"}");
            }
            state.2 += 1;
            *state = (format!("access-token-{:04}", state.2), uses, state.2);
            *refresh = format!("refresh-token-{}-next", state.2);
            return Answer::json(&json!({"access_token": state.0, "expires_in": 3600, "refresh_token": *refresh}));
        }
        let mut state = valid.lock().unwrap();
        if state.0.is_empty() || asked.header("authorization") != format!("Bearer {}", state.0) || state.1 == 0 {
            return Answer::new(401, "{\"detail\": \"expired\"}").with("WWW-Authenticate", "Bearer");
        }
        state.1 -= 1;
        drop(state);
        related(asked).unwrap_or_else(|| lines(asked, &PAGES))
    })
}

#[test]
fn tokens_are_fetched_renewed_and_kept_to_themselves() {
    for (kind, more) in [
        ("oauth2-client", "secret = { file = \"client\" }"),
        ("oauth2-client", "secret = { file = \"client\" }\nclient_auth = \"basic\"\nscope = \"billing:read\""),
        ("oauth2-refresh", "secret = { file = \"client\" }\nrefresh_token = { file = \"refresh\" }"),
    ] {
        let (site, server) = (site(), with_tokens(4));
        secret(&site, "client", "client-secret-01\n");
        secret(&site, "refresh", "refresh-token-0-first\n");
        let url = format!("{}/oauth/token", server.url());
        add_drchrono(
            &site,
            &server,
            &format!(
                "[[intake.pull.auth]]\nkind = \"{kind}\"\nclient_id = \"client-1\"\ntoken_url = \"{url}\"\n{more}"
            ),
        );
        let told = report(&pull(&site));
        assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(5)), "{kind}: {told}");
        assert!(server.count("/oauth/token") > 2, "{kind}: tokens ended while the pages were read");
        // Another process: the refresh token that came last is the one that still holds.
        let output = site
            .prepared(&["--as-of", DAY, "pull", PRACTICE, NAME, "--json"])
            .env("CLAIMHOST_LOG", "trace")
            .output()
            .unwrap();
        assert_eq!(report(&output)["ended"], "done", "{kind}");
        let logged = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        for word in ["client-secret-01", "refresh-token-", "access-token-", "Bearer", "VANCE"] {
            assert!(!logged.contains(word), "{kind}: {word}");
        }
        assert_no_file_has(
            &site,
            &["refresh-token-1", "refresh-token-2", "access-token-", "client-secret-01"],
            &["client"],
        );
    }
}

/// Asserts that no file of the folder, the store and what SQLite has beside it among them, holds one of these texts in the clear.
fn assert_no_file_has(site: &Site, words: &[&str], but: &[&str]) {
    fn files(folder: &std::path::Path, all: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() { files(&path, all) } else { all.push(path) }
        }
    }
    let mut all = Vec::new();
    files(site.dir(), &mut all);
    for path in all {
        let name = path.file_name().unwrap().to_str().unwrap();
        if but.contains(&name) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for word in words {
            assert!(!bytes.windows(word.len()).any(|part| part == word.as_bytes()), "{word} is in {}", path.display());
        }
    }
}

#[test]
fn a_wrong_secret_is_told_by_its_place_and_never_by_itself() {
    let (site, server) = (site(), with_tokens(4));
    secret(&site, "client", "client-secret-XX");
    let url = format!("{}/oauth/token", server.url());
    add_drchrono(
        &site,
        &server,
        &format!(
            "[[intake.pull.auth]]\nkind = \"oauth2-client\"\nclient_id = \"client-1\"\ntoken_url = \"{url}\"\nsecret = {{ file = \"client\" }}"
        ),
    );
    let failed = report(&pull(&site));
    let words = failed["problem"].as_str().unwrap();
    assert!(
        words.contains("status 400, `invalid_grant`") && !words.contains("VANCE") && !words.contains("XX"),
        "{words}"
    );
    // Others can read it.
    std::fs::set_permissions(site.dir().join("client"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let checked = site.command(&["check-config"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(!checked.status.success() && said.contains("mode is 644") && said.contains("chmod 600"), "{said}");
    assert!(!said.contains("client-secret"), "{said}");
    // Mended while nothing else changes.
    secret(&site, "client", "client-secret-01");
    assert_eq!(report(&pull(&site))["ended"], "done");
}

#[test]
fn an_assertion_is_signed_anew_each_time_and_holds_for_minutes() {
    let es384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for (algorithm, key) in [("ES384", es384.serialize_pem()), ("RS384", include_str!("rsa.pem").to_owned())] {
        let site = site();
        let server = Server::start(|asked, _| match asked.path() {
            "/token" => Answer::json(&json!({"access_token": "token-of-an-assertion", "expires_in": "1"})),
            _ if asked.header("authorization") != "Bearer token-of-an-assertion" => Answer::new(401, ""),
            _ => related(asked).unwrap_or_else(|| lines(asked, &PAGES)),
        });
        secret(&site, "signing-key", &key);
        let url = format!("{}/token", server.url());
        add_drchrono(
            &site,
            &server,
            &format!(
                "[[intake.pull.auth]]\nkind = \"smart-backend\"\nclient_id = \"client-1\"\nkey_id = \"k1\"\nalgorithm = \"{algorithm}\"\n\
             token_url = \"{url}\"\nsecret = {{ file = \"signing-key\" }}\nscope = \"system/ChargeItem.rs\""
            ),
        );
        let told = report(&pull(&site));
        assert_eq!(told["ended"], "done", "{algorithm}: {told}");
        let asked: Vec<Asked> = server.asked().into_iter().filter(|asked| asked.path() == "/token").collect();
        let mut seen = std::collections::BTreeSet::new();
        for request in &asked {
            assert_eq!(request.parameter("grant_type"), Some("client_credentials"));
            assert_eq!(
                request.parameter("client_assertion_type"),
                Some("urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer")
            );
            assert_eq!(request.parameter("scope"), Some("system%2FChargeItem.rs"));
            let assertion = request.parameter("client_assertion").unwrap();
            let parts: Vec<&str> = assertion.split('.').collect();
            assert_eq!(parts.len(), 3);
            let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
            assert_eq!(header, json!({"alg": algorithm, "kid": "k1", "typ": "JWT"}));
            assert_eq!(
                (&claims["iss"], &claims["sub"], &claims["aud"]),
                (&json!("client-1"), &json!("client-1"), &json!(url))
            );
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            let left = claims["exp"].as_u64().unwrap() - now;
            assert!((1..=300).contains(&left), "{left}");
            assert!(seen.insert(claims["jti"].as_str().unwrap().to_owned()), "a jti twice");
            let signature = base64_url(parts[2]);
            assert_eq!(signature.len(), if algorithm == "ES384" { 96 } else { 256 });
        }
        assert!(!asked.is_empty());
    }
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&base64_url(part)).unwrap()
}

/// RFC 4648, 5, without padding.
fn base64_url(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in text.bytes() {
        let value = LETTERS.iter().position(|letter| *letter == byte).expect("a letter of base64url");
        held = held << 6 | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    out
}

#[test]
fn secrets_are_filled_in_for_the_own_host_and_no_puller_ever_sees_one() {
    let site = site();
    let elsewhere = Server::start(|_, _| Answer::new(200, ""));
    let server = Server::start(|asked, _| {
        assert_eq!(asked.method, "POST");
        // A server that repeats what it was sent.
        let body =
            format!("<Envelope><Key>{}</Key><Rows><Row><Visit>1</Visit></Row></Rows></Envelope>", "hunter2&lt;hunter2");
        let body = format!("<a><echo>{}</echo>{}</a>", "swordfish-01", body);
        Answer::new(200, body).with("Set-Cookie", "session=1").with("X-Echo", "swordfish-01")
    });
    secret(&site, "customer-key", "hunter2<hunter2");
    secret(&site, "password", "swordfish-01");
    secret(&site, "api-key", "the-api-key-0123");
    site.write("soap.toml", br#"
[pull]
format = "xml"
method = "post"
path = "/soap"
body = "<r><User>{setting.user}</User><Key>{secret.customer-key}</Key><Password>{secret.password}</Password><From>{since}</From></r>"
items = "Envelope.Rows.Row"
[pull.headers]
content-type = "text/xml; charset=utf-8"
SOAPAction = "\"x\""
"#);
    site.write("records.toml", b"source_system = \"S\"\n[framing]\nrecords = \"Row\"\n[visit]\nvisit = \"Visit\"\n");
    add(
        &site,
        &server,
        NAME,
        "puller = \"http-pull\"\npull_mapping = \"soap.toml\"\nadapter = \"records\"\nmapping = \"records.toml\"\n\
        since = \"2026-03-01\"\n[intake.pull.settings]\nuser = \"a&b\"\n[intake.pull.secrets]\ncustomer-key = { file = \"customer-key\" }\n\
        password = { file = \"password\" }\n[[intake.pull.auth]]\nkind = \"api-key\"\nheader = \"X-Key\"\nsecret = { file = \"api-key\" }",
    );
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(1)), "{told}");
    let asked = server.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        "<r><User>a&amp;b</User><Key>hunter2&lt;hunter2</Key><Password>swordfish-01</Password><From>2026-03-01</From></r>"
    );
    assert_eq!((asked[0].header("x-key"), asked[0].header("soapaction")), ("the-api-key-0123", "\"x\""));
    // What came is stored without them.
    site.run_unapproved(DAY);
    let documents = site.documents(PRACTICE);
    assert!(!documents.is_empty());
    for document in &documents {
        assert!(!String::from_utf8_lossy(&site.raw(document)).contains("swordfish-01"));
    }
    assert_no_file_has(
        &site,
        &["swordfish-01", "the-api-key-0123", "hunter2<hunter2"],
        &["customer-key", "password", "api-key"],
    );
    assert!(elsewhere.asked().is_empty());
}

#[test]
fn serve_pulls_on_its_schedule_and_takes_what_comes() {
    let site = site();
    let ids = Arc::new(Mutex::new(vec![1_u32]));
    let known = Arc::clone(&ids);
    let server = Server::start(move |asked, _| {
        related(asked).unwrap_or_else(|| lines(asked, &[known.lock().unwrap().as_slice()]))
    });
    add_drchrono(&site, &server, "every = \"1s\"");
    let serving = Serving::start(&site, DAY);
    let translated = "claimhost_documents{practice=\"my-practice\",status=\"translated\"}";
    serving.wait_for(translated, 1);
    ids.lock().unwrap().push(2);
    serving.wait_for(translated, 2);
    let of = "{practice=\"my-practice\",source=\"drchrono\"";
    assert!(serving.metric(&format!("claimhost_pull_turns_total{of},ended=\"done\"}}")) >= 2);
    assert!(serving.metric(&format!("claimhost_pull_documents_total{of}}}")) >= 2);
    assert!(serving.metric(&format!("claimhost_pull_last_done_timestamp_seconds{of}}}")) > 1_700_000_000);
    assert_eq!(serving.metric(&format!("claimhost_pull_turns_total{of},ended=\"failed\"}}")), 0);
}

#[test]
fn encounters_bring_their_charges_by_absolute_references() {
    let site = site();
    let input: Value = serde_json::from_slice(
        &std::fs::read(workspace().join("connectors/modernizing-medicine/fixtures/dermatology-day/input.json"))
            .unwrap(),
    )
    .unwrap();
    let entries = input["entry"].as_array().unwrap().clone();
    let server = Server::start(move |asked, _| {
        let base = format!("https://{}", asked.header("host"));
        let text = serde_json::to_string(&entries).unwrap().replace("https://fhir.example/r4", &base);
        let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
        let of = |kind: &str| -> Vec<Value> {
            entries.iter().filter(|entry| entry["resource"]["resourceType"] == kind).cloned().collect()
        };
        let path = asked.path().trim_start_matches('/');
        let bundle = |entries: Vec<Value>| {
            Answer::json(&json!({"resourceType": "Bundle", "type": "searchset", "entry": entries}))
        };
        match path.split_once('/') {
            None if path == "ChargeItem" => {
                let context = asked.parameter("context").unwrap().to_owned();
                bundle(
                    of(path)
                        .into_iter()
                        .filter(|entry| {
                            entry["resource"]["context"]["reference"]
                                .as_str()
                                .is_some_and(|text| text.ends_with(&format!("/{context}")))
                        })
                        .collect(),
                )
            }
            None => bundle(of(path)),
            Some((kind, id)) => of(kind)
                .into_iter()
                .find(|entry| entry["resource"]["id"] == id)
                .map_or(Answer::new(404, ""), |entry| Answer::json(&entry["resource"])),
        }
    });
    add(
        &site,
        &server,
        NAME,
        "puller = \"modernizing-medicine-pull\"\nadapter = \"modernizing-medicine\"\nsince = \"2026-03-01\"",
    );
    let told = report(&pull(&site));
    assert_eq!(told["ended"], "done", "{told}");
    let asked = server.asked();
    let list = asked.iter().find(|asked| asked.path() == "/Encounter").unwrap();
    assert_eq!((list.parameter("_lastUpdated"), list.parameter("status")), (Some("gt2026-03-01"), Some("finished")));
    let summary = site.run_unapproved(DAY);
    // The same documents as a file of that day.
    let file = self::site();
    file.add_folder("ema", "modernizing-medicine");
    file.put("inbox/ema", "day.json", serde_json::to_string(&input).unwrap().as_bytes());
    let expected = file.run_unapproved(DAY);
    assert!(expected["cents"]["billed"].as_u64().unwrap() > 0, "{expected}");
    assert_eq!(summary["cents"]["billed"], expected["cents"]["billed"], "{summary} {:?}", site.documents(PRACTICE));
}
