//! athenahealth (athenaOne). Section 1: paths and parameters as public clients have them, answers as the samples of one. Who reads the feed consumes
//! it, whether the answer arrives or not.

use serde_json::{Value, json};

use super::table::{Row, Table};
use super::*;

const BASE: &str = "/v1/195900";

fn table() -> Table {
    let (feed, samples) = ("1 athenahealth: Change feed", "1 athenahealth: element table (samples)");
    let parameters = ["leaveunprocessed", "showprocessedstartdatetime", "showprocessedenddatetime", "limit", "offset"];
    Table::new(
        BASE,
        vec![
            Row::get("/claims/changed", &parameters, feed),
            Row::get("/patients/{id}", &[], samples),
            Row::get("/patients/{id}/insurances", &[], samples),
            Row::get("/providers/{id}", &[], samples),
            Row::get("/departments/{id}", &[], samples),
        ],
    )
    .and(vec![Row::post("/oauth2/v1/token", "1 athenahealth: Access")])
}

fn claim(id: u32, charges: &[(u32, &str, &str)]) -> Value {
    let procedures: Vec<Value> = charges
        .iter()
        .map(|(id, code, amount)| json!({"transactionid": id.to_string(), "procedurecode": code, "chargeamount": amount}))
        .collect();
    json!({
        "claimid": id.to_string(), "patientid": id + 60, "departmentid": 1, "billedproviderid": 5, "billedservicedate": "03/02/2026",
        "claimcreateddate": "03/02/2026", "procedures": procedures, "primaryinsurancepayer": {"primarypatientinsuranceid": 945, "status": "CLOSED"},
        // ICD-9 beside ICD-10, booleans as texts, and what was deleted stays.
        "diagnoses": [
            {"diagnosisrawcode": "J06.9", "diagnosiscodeset": "ICD10", "deleteddiagnosis": "false"},
            {"diagnosisrawcode": "300.0", "diagnosiscodeset": "ICD9", "deleteddiagnosis": "false"},
            {"diagnosisrawcode": "R05.9", "diagnosiscodeset": "ICD10", "deleteddiagnosis": "true"}],
    })
}

/// Claims that changed, two to a page.
fn claims() -> Vec<Value> {
    vec![
        claim(11, &[(171, "99213", "120.50"), (172, "G0008", "30")]),
        claim(12, &[(173, "99212", "80")]),
        claim(13, &[(174, "99214", "160")]),
        claim(14, &[(175, "36415", "12")]),
        claim(15, &[(176, "83036", "25.50")]),
    ]
}

/// Claims of the feed, each with whether it was read.
type Feed = Arc<Mutex<Vec<(Value, bool)>>>;

fn feed(claims: Vec<Value>) -> Feed {
    Arc::new(Mutex::new(claims.into_iter().map(|claim| (claim, false)).collect()))
}

fn api() -> Api {
    api_of(feed(claims()))
}

fn api_of(feed: Feed) -> Api {
    Api::start(table(), move |asked, _| {
        if asked.path() == "/oauth2/v1/token" {
            let holds = asked.parameter("grant_type") == Some("client_credentials")
                && asked.parameter("scope").is_some_and(|scope| scope.contains("athena%2Fservice%2FAthenanet.MDP"));
            return match holds {
                true => Answer::json(&json!({"access_token": "access-token-0001", "expires_in": 3600})),
                false => Answer::new(401, "{\"error\": \"invalid_client\"}"),
            };
        }
        if let Some(answer) = super::fhir::unauthorized(asked, "access-token-0001") {
            return answer;
        }
        let below = asked.path().strip_prefix(BASE).unwrap().to_owned();
        let parts: Vec<&str> = below.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["claims", "changed"] => changed(asked, &mut feed.lock().unwrap()),
            ["patients", id] => Answer::json(&json!([{
                "patientid": id, "lastname": format!("VANCE{}", &id[1..]).replace(|letter: char| letter.is_ascii_digit(), "K"), "firstname": "ORLA",
                "dob": format!("02/01/19{id}"), "sex": "F", "address1": "1 OAK WAY", "city": "SALEM", "state": "OR", "zip": "97301"}])),
            ["patients", id, "insurances"] => Answer::json(&json!({"totalcount": 1, "insurances": [{
                "insuranceid": "7990", "sequencenumber": 1, "insuranceidnumber": format!("P{id}"), "insuranceplanname": "EXAMPLE",
                "relationshiptoinsured": "Self", "insurancepolicyholderlastname": "", "insurancepolicyholderfirstname": ""}]})),
            ["providers", id] => Answer::json(&json!([{"providerid": id, "npi": 1_000_000_004}])),
            _ => Answer::json(&json!([{"departmentid": "1", "name": "Main", "placeofservicetypeid": "11"}])),
        }
    })
}

fn changed(asked: &Asked, feed: &mut [(Value, bool)]) -> Answer {
    let from = asked.value("showprocessedstartdatetime");
    let again = !from.is_empty();
    // mm/dd/yyyy hh24:mi:ss, and an end beside it.
    let is_moment = |text: &str| text.len() == 19 && text.as_bytes()[2] == b'/' && text.as_bytes()[13] == b':';
    if again && !(is_moment(&from) && is_moment(&asked.value("showprocessedenddatetime"))) {
        return Answer::new(400, format!("not documented: showprocessedstartdatetime={from}"));
    }
    let offset: usize = asked.value("offset").parse().unwrap_or(0);
    let wanted: Vec<usize> = (0..feed.len()).filter(|at| feed[*at].1 == again).collect();
    let page: Vec<usize> = wanted.iter().copied().skip(offset).take(2).collect();
    if asked.value("leaveunprocessed") != "true" {
        page.iter().for_each(|at| feed[*at].1 = true);
    }
    let rows: Vec<Value> = page.iter().map(|at| feed[*at].0.clone()).collect();
    let mut answer = json!({"totalcount": wanted.len(), "claims": rows});
    if wanted.len() > offset + 2 {
        answer["next"] = json!(format!("/claims/changed?limit=2&offset={}", offset + 2));
    }
    Answer::json(&answer)
}

fn source() -> Source {
    let pulled = std::fs::read_to_string(workspace().join("connectors/athenahealth/pulled.toml")).unwrap();
    Source {
        connectors: vec!["athenahealth", "athenahealth-pull"],
        base: BASE,
        config: "puller = \"athenahealth-pull\"\nadapter = \"athenahealth\"\nmapping = \"pulled.toml\"\nsince = \"2026-03-01\"\n\
                 [[intake.pull.auth]]\nkind = \"oauth2-client\"\nclient_id = \"client-1\"\ntoken_url = \"BASE/oauth2/v1/token\"\n\
                 scope = \"athena/service/Athenanet.MDP.*\"\nsecret = { file = \"secrets/client\" }"
            .to_owned(),
        files: vec![
            ("pulled.toml".to_owned(), pulled),
            ("secrets/client".to_owned(), "client-secret-01".to_owned()),
        ],
        ..Source::default()
    }
}

#[test]
fn the_feed_is_read_until_it_is_empty_and_its_claims_say_what_they_lack() {
    let api = api();
    let (site, outcome) = undisturbed(&source(), &api);
    assert!(problems(&site).is_empty(), "{:?}", problems(&site));
    // The claim list has neither units nor modifiers: held, with the finding that names them.
    assert!(outcome.sent.is_empty(), "{outcome:#?}");
    assert_eq!(
        (&outcome.summary[0]["held"], &outcome.summary[1]["billed"]),
        (&5.into(), &42_800.into()),
        "{outcome:#?}"
    );
    let rules = rules(&site);
    assert!(rules.iter().any(|rule| rule == "units.undelivered"), "{rules:?}");
    for missed in ["patient", "subscriber", "member", "place-of-service", "rendering", "diagnos"] {
        assert!(!rules.iter().any(|rule| rule.starts_with(missed)), "{missed} came: {rules:?}");
    }
    // Until it was empty, then again what was read: never with an offset into a list that shrinks.
    let asked: Vec<Asked> =
        api.server.asked().into_iter().filter(|asked| asked.path().ends_with("/claims/changed")).collect();
    let (again, drained): (Vec<&Asked>, Vec<&Asked>) =
        asked.iter().partition(|asked| !asked.value("showprocessedstartdatetime").is_empty());
    assert!(drained.len() >= 4 && drained.iter().all(|asked| asked.value("offset").is_empty()));
    assert_eq!(again[0].value("showprocessedstartdatetime"), "02/28/2026 18:00:00");
    assert_eq!(again.iter().take(4).map(|asked| asked.value("offset")).collect::<Vec<_>>(), ["0", "2", "4", "5"]);
}

#[test]
fn killed_in_mid_page_it_loses_and_doubles_nothing() {
    let (_site, expected) = undisturbed(&source(), &api());
    killed_in_mid_page(&source(), api, &expected);
}

#[test]
fn an_answer_that_was_consumed_and_never_arrived_comes_again() {
    // The first page is consumed by an answer that breaks off: the host asks again, and gets the second.
    let lost = AtomicUsize::new(0);
    let feed = feed(claims());
    let api = Api::start(table(), move |asked, _| {
        let below = asked.path().to_owned();
        if below.ends_with("/claims/changed") {
            let answer = changed(asked, &mut feed.lock().unwrap());
            let cut = (lost.fetch_add(1, Ordering::SeqCst) == 0).then_some(10);
            return Answer { cut, ..answer };
        }
        match below.as_str() {
            "/oauth2/v1/token" => Answer::json(&json!({"access_token": "access-token-0001", "expires_in": 3600})),
            path if path.ends_with("/insurances") => Answer::json(&json!({"insurances": []})),
            path if path.contains("/patients/") => Answer::json(&json!([{"lastname": "VANCE", "firstname": "ORLA"}])),
            _ => Answer::json(&json!([{}])),
        }
    });
    let site = source().site(&api);
    let told = pull(&site, "api");
    assert_eq!((&told["ended"], &told["retries"]), (&json!("done"), &json!(1)), "{told}");
    site.run_unapproved(DAY);
    let stored: std::collections::BTreeSet<String> = site
        .documents(PRACTICE)
        .iter()
        .flat_map(|document| {
            let raw: Value = serde_json::from_slice(&site.raw(document)).unwrap();
            raw["item"]["claimid"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(stored.len(), 5, "{stored:?}");
    api.assert_documented();
}

/// A claim of a site whose reply has what `/services` supplies elsewhere.
fn whole(id: u32, charges: &[(u32, &str, &str)]) -> Value {
    let mut claim = claim(id, charges);
    for procedure in claim["procedures"].as_array_mut().unwrap() {
        procedure["units"] = json!("1");
        procedure["modifiers"] = json!([]);
    }
    claim
}

/// The list says of no claim when it changed: what a later turn brings counts, and a claim is the whole of its lines.
#[test]
fn a_claim_that_changes_after_it_was_billed_is_corrected_and_lines_that_vanish_are_taken_back() {
    let feed = feed(vec![
        whole(21, &[(271, "99213", "120.50")]),
        whole(22, &[(272, "99214", "160")]),
        whole(23, &[(273, "99212", "80"), (274, "36415", "12")]),
    ]);
    let api = api_of(Arc::clone(&feed));
    let mut source = source();
    source.files[0].1.push_str("units = \"units\"\nmodifiers = \"modifiers\"\n");
    let site = source.site(&api);
    let summary = site.run(DAY);
    let sent = Outcome::of(&site, &summary).sent;
    let first = [
        "P81 1 99213 12050 20260302 1",
        "P82 1 99214 16000 20260302 1",
        "P83 1 36415 1200 20260302 1",
        "P83 1 99212 8000 20260302 1",
    ];
    assert_eq!(sent, first, "{summary} {:?}", rules(&site));
    accept_all(&site);
    let changed = [whole(21, &[(271, "99213", "110.50")]), whole(22, &[]), whole(23, &[(273, "99212", "80")])];
    feed.lock().unwrap().extend(changed.map(|claim| (claim, false)));
    let summary = site.run("2026-03-04");
    let mut all = first.to_vec();
    all.extend(["P81 7 99213 11050 20260302 1", "P82 8 99214 16000 20260302 1", "P83 7 99212 8000 20260302 1"]);
    all.sort_unstable();
    assert_eq!(Outcome::of(&site, &summary).sent, all, "{summary} {:?}", rules(&site));
    assert_eq!(summary["cents"]["billed"], 11_050 + 8_000, "{summary}");
    site.assert_accounted("2026-03-04");
    api.assert_documented();
}
