//! Tokens, assertions and secrets: who gets them, and that nobody else does.

use std::time::{Duration, Instant};

use claimhost_tests::serving::PATIENCE;

use super::*;

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

/// A source of rows whose token is of the refresh token in the file `refresh`.
fn add_refreshing(site: &Site, server: &Server) {
    let url = format!("{}/token", server.url());
    add_rows(
        site,
        server,
        NAME,
        &format!(
            "[[intake.pull.auth]]\nkind = \"oauth2-refresh\"\nclient_id = \"c\"\ntoken_url = \"{url}\"\nrefresh_token = {{ file = \"refresh\" }}"
        ),
    );
}

#[test]
fn tokens_are_fetched_renewed_and_kept_to_themselves() {
    for (kind, more) in [
        ("oauth2-client", "secret = { file = \"client\" }"),
        ("oauth2-client", "secret = { file = \"client\" }\nclient_auth = \"basic\"\nscope = \"billing:read\""),
        ("oauth2-refresh", "secret = { file = \"client\" }\nrefresh_token = { file = \"refresh\" }"),
    ] {
        let (site, server) = (Site::with_connectors(), with_tokens(4));
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

#[test]
fn a_refresh_token_and_a_page_that_come_while_the_service_ends_are_kept() {
    for slow in ["/token", "/rows"] {
        let site = Site::with_connectors();
        let valid = Mutex::new("refresh-token-0-first".to_owned());
        let server = Server::start(move |asked, nth| {
            let answer = if asked.path() == "/token" {
                let mut valid = valid.lock().unwrap();
                if asked.parameter("refresh_token") != Some(valid.as_str()) {
                    return Answer::new(400, "{\"error\": \"invalid_grant\"}");
                }
                *valid = format!("refresh-token-{nth}-next");
                Answer::json(&json!({"access_token": "access-token-01", "refresh_token": *valid}))
            } else {
                Answer::json(&json!({"rows": [{"visit": "1"}]}))
            };
            let is_slow = asked.path() == slow && nth < 2;
            Answer { slow: if is_slow { Duration::from_secs(1) } else { Duration::ZERO }, ..answer }
        });
        secret(&site, "refresh", "refresh-token-0-first");
        add_refreshing(&site, &server);
        let serving = Serving::start(&site, DAY);
        let until = Instant::now() + PATIENCE;
        while server.count(slow) == 0 {
            assert!(Instant::now() < until, "{slow}: nothing was asked for");
            std::thread::sleep(Duration::from_millis(10));
        }
        serving.drain("a run would ask the source once more");
        let rows = server.count("/rows");
        assert_eq!(rows, usize::from(slow == "/rows"), "{slow}: nothing is sent once the service ends");
        let told = report(&pull(&site));
        // The server knows the last token only, and of what was stored nothing is new.
        let known = u64::from(slow == "/rows");
        assert_eq!(
            (&told["ended"], &told["documents"], &told["unchanged"]),
            (&json!("done"), &json!(1 - known), &json!(known)),
            "{slow}: {told}"
        );
    }
}

#[test]
fn a_refresh_token_that_takes_longer_than_the_drain_is_waited_for_and_kept() {
    let site = Site::with_connectors();
    let valid = Mutex::new("refresh-token-0-first".to_owned());
    let server = Server::start(move |asked, nth| {
        if asked.path() != "/token" {
            return Answer::json(&json!({"rows": [{"visit": "1"}]}));
        }
        let mut valid = valid.lock().unwrap();
        if asked.parameter("refresh_token") != Some(valid.as_str()) {
            return Answer::new(400, "{\"error\": \"invalid_grant\"}");
        }
        *valid = format!("refresh-token-{nth}-next");
        let answer = Answer::json(&json!({"access_token": "access-token-01", "refresh_token": *valid}));
        Answer { slow: if nth < 2 { Duration::from_secs(4) } else { Duration::ZERO }, ..answer }
    });
    secret(&site, "refresh", "refresh-token-0-first");
    add_refreshing(&site, &server);
    // The server gets 20 seconds for an answer, and work in hand one.
    site.edit("claimhost.toml", "timeout_seconds = 2", "timeout_seconds = 20");
    site.edit("claimhost.toml", "drain_seconds = 30", "drain_seconds = 1");
    let mut serving = Serving::start(&site, DAY);
    let until = Instant::now() + PATIENCE;
    while server.count("/token") == 0 {
        assert!(Instant::now() < until, "nothing was asked for");
        std::thread::sleep(Duration::from_millis(10));
    }
    let told = Instant::now();
    serving.terminate();
    serving.ended();
    assert!(told.elapsed() > Duration::from_secs(2), "it ended before the token came: {:?}", told.elapsed());
    assert_eq!(server.count("/rows"), 0, "nothing is sent once the service ends");
    // The server has forgotten the first token: only who kept the second is let in.
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(1)), "{told}");
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
    let (site, server) = (Site::with_connectors(), with_tokens(4));
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

/// Whether the public half of a private key (PEM, PKCS #8) says that a signature is of this text (RFC 7518, 3.3 and 3.4).
fn is_signed(algorithm: &str, key: &str, text: &[u8], signature: &[u8]) -> bool {
    use ring::signature::{
        ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA384,
        UnparsedPublicKey,
    };
    let base64: String = key.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64_url(base64.replace('+', "-").replace('/', "_").trim_end_matches('='));
    match algorithm {
        "ES384" => {
            let random = ring::rand::SystemRandom::new();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &der, &random).unwrap();
            UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, pair.public_key()).verify(text, signature).is_ok()
        }
        _ => {
            let pair = ring::rsa::KeyPair::from_pkcs8(&der).unwrap();
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA384, pair.public_key()).verify(text, signature).is_ok()
        }
    }
}

#[test]
fn an_assertion_is_signed_anew_each_time_and_holds_for_minutes() {
    let es384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for (algorithm, key) in [("ES384", es384.serialize_pem()), ("RS384", RSA_KEY.to_owned())] {
        let site = Site::with_connectors();
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
            let (signed, signature) = (format!("{}.{}", parts[0], parts[1]), base64_url(parts[2]));
            assert!(is_signed(algorithm, &key, signed.as_bytes(), &signature), "{algorithm}");
            let other = signed.replacen('.', "_.", 1);
            assert!(!is_signed(algorithm, &key, other.as_bytes(), &signature), "{algorithm}");
        }
        assert!(!asked.is_empty());
    }
}

#[test]
fn what_the_first_request_lacks_is_told_before_anything_is_asked() {
    let es384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let signing = |algorithm: &str| {
        format!(
            "[[intake.pull.auth]]\nkind = \"smart-backend\"\nclient_id = \"c\"\nkey_id = \"k1\"\nalgorithm = \"{algorithm}\"\n\
             token_url = \"https://127.0.0.1:9/token\"\nsecret = {{ file = \"signing-key\" }}"
        )
    };
    let settings = "[intake.pull.settings]\noffice = \"3\"\n".to_owned();
    let secrets = "[intake.pull.secrets]\nkey = { file = \"api-key\" }\n".to_owned();
    for (more, told) in [
        (secrets.clone(), Some("setting.missing at office")),
        (settings.clone(), Some("the puller needs the secret `key`")),
        (
            format!("{settings}{secrets}{}", signing("RS384")),
            Some("its private key cannot be read; expected an RSA private key"),
        ),
        (format!("{settings}{secrets}{}", signing("ES384")), None),
    ] {
        let (site, server) = (Site::with_connectors(), Server::start(|_, _| Answer::new(500, "")));
        secret(&site, "api-key", "the-api-key-0123");
        secret(&site, "signing-key", &es384.serialize_pem());
        add_rows(&site, &server, NAME, &more);
        site.write(
            "rows.toml",
            b"[pull]\npath = \"/{setting.office}\"\nitems = \"rows\"\n[pull.headers]\nx-key = \"{secret.key}\"\n",
        );
        let checked = site.command(&["check-config"]);
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert_eq!(checked.status.success(), told.is_none(), "{told:?}: {said}");
        assert!(said.contains(told.unwrap_or("nothing was asked for")), "{told:?}: {said}");
        assert!(server.asked().is_empty() && !said.contains("the-api-key"), "{told:?}");
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
    let site = Site::with_connectors();
    let server = Server::start(|asked, _| {
        assert_eq!(asked.method, "POST");
        // A server that repeats what it was sent.
        let echo = "hunter2&lt;hunter2 swordfish-01";
        let row = format!("<Row><Visit>1</Visit><Echo>{echo}</Echo></Row>");
        let body = format!("<a><echo>{echo}</echo><Envelope><Rows>{row}</Rows></Envelope></a>");
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
        "<r><User>a&amp;b</User><Key>hunter2&lt;hunter2</Key><Password>swordfish-01</Password><From>2026-02-28</From></r>"
    );
    assert_eq!((asked[0].header("x-key"), asked[0].header("soapaction")), ("the-api-key-0123", "\"x\""));
    // What came is stored without them.
    site.run_unapproved(DAY);
    let documents = site.documents(PRACTICE);
    assert!(!documents.is_empty());
    for document in &documents {
        let raw = String::from_utf8_lossy(&site.raw(document)).into_owned();
        assert!(raw.contains("<Echo>****************** ************</Echo>"), "{raw}");
        for word in ["swordfish-01", "hunter2<hunter2", "hunter2&lt;hunter2"] {
            assert!(!raw.contains(word), "{raw}");
        }
    }
    assert_no_file_has(
        &site,
        &["swordfish-01", "the-api-key-0123", "hunter2<hunter2", "hunter2&lt;hunter2"],
        &["customer-key", "password", "api-key"],
    );
}

/// What is stored of every document of a site.
fn stored(site: &Site) -> Vec<String> {
    site.run_unapproved(DAY);
    let documents = site.documents(PRACTICE);
    assert!(!documents.is_empty());
    documents.iter().map(|document| String::from_utf8_lossy(&site.raw(document)).into_owned()).collect()
}

#[test]
fn a_password_and_a_refresh_token_that_a_server_repeats_are_struck_out() {
    let row = |echo: &str| Answer::json(&json!({"rows": [{"visit": "1", "echo": echo}]}));
    // The password in words and in what was sent of it.
    let (site, server) =
        (Site::with_connectors(), Server::start(move |_, _| row("swordfish\"01 dTpzd29yZGZpc2giMDE=")));
    secret(&site, "password", "swordfish\"01");
    add_rows(
        &site,
        &server,
        NAME,
        "[[intake.pull.auth]]\nkind = \"basic\"\nuser = \"u\"\nsecret = { file = \"password\" }",
    );
    let told = report(&pull(&site));
    assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(1)), "{told}");
    assert_eq!(server.asked()[0].header("authorization"), "Basic dTpzd29yZGZpc2giMDE=");
    for raw in stored(&site) {
        assert!(raw.contains("****") && !raw.contains("swordfish") && !raw.contains("dTpz"), "{raw}");
    }
    // The token that replaced the configured one, in the turn that got it and in the next, by another process.
    for turns in [1, 2] {
        let site = Site::with_connectors();
        let server = Server::start(move |asked, _| match asked.path() {
            "/token" => {
                Answer::json(&json!({"access_token": "access-token-01", "refresh_token": "refresh-token-next"}))
            }
            _ => row("access-token-01 refresh-token-next"),
        });
        secret(&site, "refresh", "refresh-token-first");
        add_refreshing(&site, &server);
        for _ in 0..turns {
            assert_eq!(report(&pull(&site))["ended"], "done");
        }
        for raw in stored(&site) {
            assert!(raw.contains("*** ***") && !raw.contains("-token-"), "{raw}");
        }
    }
}

#[test]
fn credentials_go_to_the_origin_of_the_base_url_and_nowhere_else() {
    const AUTH: &str = "[[intake.pull.auth]]\nkind = \"api-key\"\nheader = \"X-Key\"\nsecret = { file = \"api-key\" }\n\
                        [[intake.pull.auth]]\nkind = \"basic\"\nuser = \"u\"\nsecret = { file = \"password\" }";
    // A redirect, and an address of the next page, lead to a host that the manifest asks for and the operator granted.
    // Where the operator refused it, nothing is sent there.
    for (redirected, granted) in [(true, true), (false, true), (true, false), (false, false)] {
        let site = Site::with_connectors();
        let line = site.text("claimhost.toml").lines().find(|line| line.starts_with("folders = ")).unwrap().to_owned();
        site.edit("claimhost.toml", &line, &line.replace(']', ", \"own\"]"));
        site.write(
            "own/two-hosts/plugin.toml",
            b"id = \"two-hosts\"\nversion = \"0.1.0\"\nkind = \"puller\"\nfamily = \"two-hosts\"\ncontract = \"0.1.0-draft\"\n\
              evidence = \"standard-only\"\nbase = \"http-pull\"\nmapping = \"mapping.toml\"\n[permissions]\nhttp_hosts = [\"bulk.example\"]\n\
              [limits]\ndeadline_ms = 5000\n",
        );
        site.write(
            "own/two-hosts/mapping.toml",
            b"[pull]\npath = \"/rows\"\nitems = \"rows\"\n[pull.headers]\nx-plain = \"1\"\n[pull.paging]\nby = \"link\"\nnext = \"next\"\n",
        );
        let bulk = Server::named("bulk.example", |_, _| Answer::json(&json!({"rows": [{"visit": "2"}]})));
        let server = Server::named("ehr.example", move |_, _| match redirected {
            true => Answer::new(307, "").with("Location", "https://bulk.example/rows?page=1"),
            false => Answer::json(&json!({"rows": [{"visit": "1"}], "next": "https://bulk.example/rows?page=2"})),
        });
        let through = https::proxy(vec![("ehr.example:443", server.address), ("bulk.example:443", bulk.address)]);
        secret(&site, "api-key", "the-api-key-0123");
        secret(&site, "password", "swordfish-01");
        let more = format!("puller = \"two-hosts\"\nadapter = \"records\"\nproxy = \"http://{through}\"\n{AUTH}");
        add(&site, &server, NAME, &more);
        site.edit("claimhost.toml", &server.url(), "https://ehr.example");
        site.write("ca.pem", format!("{}{}", server.pem, bulk.pem).as_bytes());
        if !granted {
            site.edit("claimhost.toml", "trust = \"any\"", "trust = \"locked\"");
            let own = site.dir().join("own/two-hosts");
            site.json(&["plugin", "add", "--yes", "--refuse", "bulk.example", own.to_str().unwrap()]);
            let told = report(&pull(&site));
            assert_eq!(told["ended"], "failed", "{redirected}: {told}");
            assert!(told["problem"].as_str().unwrap().contains("bulk.example"), "{redirected}: {told}");
            assert_eq!((server.asked().len(), bulk.asked().len()), (1, 0), "{redirected}");
            continue;
        }
        let told = report(&pull(&site));
        let documents = if redirected { 1 } else { 2 };
        assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(documents)), "{redirected}: {told}");
        let (own, elsewhere) = (server.asked(), bulk.asked());
        assert_eq!((own.len(), elsewhere.len()), (1, 1), "{redirected}");
        assert_eq!(
            (own[0].header("x-key"), own[0].header("authorization")),
            ("the-api-key-0123", "Basic dTpzd29yZGZpc2gtMDE=")
        );
        assert_eq!(elsewhere[0].header("x-plain"), "1", "what the puller says goes there");
        for (name, value) in &elsewhere[0].headers {
            assert!(!["x-key", "authorization", "cookie"].contains(&name.as_str()), "{name}");
            assert!(!value.contains("the-api-key") && !value.contains("dTpz"), "{name}");
        }
    }
}

#[test]
fn a_slow_rate_leaves_room_for_the_token() {
    let site = Site::with_connectors();
    let server = Server::start(|asked, _| match asked.path() {
        "/token" => Answer::json(&json!({"access_token": "access-token-01", "expires_in": 3600})),
        _ if asked.header("authorization") != "Bearer access-token-01" => Answer::new(401, ""),
        _ => Answer::json(&json!({"rows": []})),
    });
    secret(&site, "client", "client-secret-01");
    // A request each four seconds, and a turn that waits three at most.
    let text = site.text("claimhost.toml") + "\n[[intake.rate]]\nname = \"slow\"\ncalls = 1\nper = \"4s\"\n";
    site.write("claimhost.toml", text.as_bytes());
    let url = format!("{}/token", server.url());
    add_rows(
        &site,
        &server,
        NAME,
        &format!(
            "every = \"1s\"\nrate = [\"slow\"]\n[[intake.pull.auth]]\nkind = \"oauth2-client\"\nclient_id = \"c\"\ntoken_url = \"{url}\"\n\
             secret = {{ file = \"client\" }}"
        ),
    );
    let serving = Serving::start(&site, DAY);
    serving.wait_for("claimhost_pull_turns_total{practice=\"my-practice\",source=\"drchrono\",ended=\"done\"}", 1);
    assert_eq!(server.count("/token"), 1, "one token, and its request when there is room for it");
}
