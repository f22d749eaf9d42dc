//! Modernizing Medicine (EMA): its own description (OpenAPI), whose examples are what is answered here. There is no feed of charges.

use serde_json::{Value, json};

use super::fhir::{id_of, page, read, unauthorized};
use super::openapi::{of_json, text};
use super::table::{Row, Table};
use super::*;

const DESCRIPTION: &str = "modernizing-medicine-ema-proprietary-api-openapi.json";
const FIRM: &str = "/ema-dev/firm/apiportal/ema";
const BASE: &str = "/ema-dev/firm/apiportal/ema/fhir/v2";

/// Where tokens are given out is not public for client credentials: the site says it.
fn table(description: &str) -> Table {
    let mut table = of_json(description, FIRM)
        .and(vec![Row::post("/token", "7 Modernizing Medicine: Access (client credentials); address by the site")]);
    table
        .rows
        .iter_mut()
        .filter(|row| row.path.starts_with(BASE))
        .for_each(|row| row.headers.push("x-api-key".to_owned()));
    table
}

fn absolute(base: &str) -> impl Fn(&str) -> String + '_ {
    move |reference| format!("{base}/{reference}")
}

/// Everything the firm has. References are absolute; payers are not, and their ids hold a bar.
fn resources(base: &str) -> Vec<Value> {
    let mut all = vec![
        json!({"resourceType": "Organization", "id": "pay|1388", "identifier": [{"system": "payerId", "value": "00000"}], "active": true,
            "name": "EXAMPLE"}),
        json!({"resourceType": "Practitioner", "id": "dr-1", "name": [{"family": "Changeme", "given": ["Pat"]}],
            "identifier": [{"system": "http://www.hl7.org/fhir/v2/0203/index.html#v2-0203-NPI", "value": "1000000004"}]}),
        json!({"resourceType": "Location", "id": "MAIN", "name": "Main office"}),
    ];
    for number in 1..=3_u32 {
        let mut person = super::fhir::person(number, absolute(base));
        person[0]["identifier"] = json!([
            {"system": "http://www.hl7.org/fhir/v2/0203/index.html#v2-0203-MR", "value": format!("MM{number}")},
            {"system": "PMS", "value": format!("PAT{number}")}]);
        let coverage = &mut person[1];
        coverage.as_object_mut().unwrap().remove("subscriberId");
        coverage["identifier"] = json!([{"system": "payerId", "value": "00000"}]);
        coverage["relationship"] = json!({"coding": [{"code": "SEL", "display": "Self"}], "text": "Self"});
        coverage["payor"] = json!([{"reference": "Organization/pay|1388", "display": "EXAMPLE"}]);
        coverage["class"] =
            json!([{"type": {"coding": [{"code": "plan"}]}, "value": format!("P{number}"), "name": "Plan A"}]);
        coverage["order"] = json!(1);
        all.append(&mut person);
        all.push(super::fhir::encounter(number, absolute(base)));
    }
    all.extend([
        charge(base, 1722, 1, "99213", 1.0, 120.5, &["25"], "L57.0"),
        charge(base, 1723, 1, "17000", 1.0, 95.0, &["LT"], "L57.0"),
        charge(base, 1724, 2, "17003", 3.0, 12.0, &[], "L57.0"),
        charge(base, 1725, 2, "11102", 1.0, 110.0, &[], "L82.1"),
        charge(base, 1726, 3, "99212", 1.0, 80.0, &[], "L82.1"),
    ]);
    all
}

/// A charge as the examples of what is written have it. Numbers may be texts.
#[allow(clippy::too_many_arguments)]
fn charge(
    base: &str,
    id: u32,
    of: u32,
    code: &str,
    units: f64,
    price: f64,
    modifiers: &[&str],
    diagnosis: &str,
) -> Value {
    let quantity = if id.is_multiple_of(2) { json!(units.to_string()) } else { json!(units) };
    let mut detail = vec![
        json!({"url": "performingProviderId", "valueString": "1000000004"}),
        json!({"url": "code", "valueCoding": {"system": "CPT", "code": code}}),
        json!({"url": "quantity", "valueDecimal": quantity}),
        json!({"url": "unitCost", "valueMoney": {"value": price, "currency": "USD"}}),
        json!({"url": "transactionPeriod", "valuePeriod": {"start": "2026-03-02T14:30:00-05:00", "end": "2026-03-02T14:30:00-05:00"}}),
        json!({"url": "transactionType", "valueString": "CG"}),
        json!({"url": "diagnosisDetail", "extension": [{"url": "diagnosisCode", "valueCoding": {"system": "I10", "code": diagnosis}}]}),
    ];
    detail.extend(modifiers.iter().map(|text| json!({"url": "procedureCodeModifier", "valueString": text})));
    json!({
        "resourceType": "ChargeItem", "id": format!("CHG|{id}"), "meta": {"lastUpdated": "2026-03-02T18:00:00Z"},
        "extension": [{"url": "financialTransaction", "extension": [
            {"url": "locationId", "valueString": "MAIN"},
            {"url": "totalCost", "valueMoney": {"value": price * units, "currency": "USD"}},
            {"url": "financialTransactionDetail", "extension": detail}]}],
        "status": "billable", "subject": {"reference": format!("{base}/Patient/p-{of}")},
        "context": {"reference": format!("{base}/Encounter/e-{of}")}, "occurrenceDateTime": "2026-03-02T14:30:00-05:00",
        "reason": [{"coding": [{"system": "I10", "code": diagnosis}]}],
    })
}

fn api(description: &str, change: fn(&mut Vec<Value>)) -> Api {
    Api::start(table(description), move |asked, _| {
        if asked.path() == "/token" {
            let holds = asked.parameter("grant_type") == Some("client_credentials")
                && asked.parameter("client_secret") == Some("client-secret-01");
            return match holds {
                true => Answer::json(
                    &json!({"access_token": "access-token-0001", "token_type": "Bearer", "expires_in": 3600}),
                ),
                false => Answer::new(401, "{\"error\": \"invalid_client\"}"),
            };
        }
        if asked.header("x-api-key") != "the-api-key-0123" {
            return Answer::new(403, "{\"message\": \"Forbidden\"}");
        }
        if let Some(answer) = unauthorized(asked, "access-token-0001") {
            return answer;
        }
        let base = format!("https://{}{BASE}", asked.header("host"));
        let mut all = resources(&base);
        change(&mut all);
        let path = claimhost_tests::https::decoded(asked.path());
        let below = path.strip_prefix(BASE).unwrap().trim_start_matches('/').to_owned();
        let Some((kind, id)) = below.split_once('/') else { return search(&base, &below, asked, &all) };
        read(&all, kind, id)
    })
}

fn search(base: &str, kind: &str, asked: &Asked, all: &[Value]) -> Answer {
    // "The maximum page size for this Resource is 50"; a date in the format yyyy-mm-dd behind gt, eq or le.
    let count: usize = asked.value("_count").parse().unwrap_or(50);
    let updated = asked.value("_lastUpdated");
    let is_day = |text: &str| text.len() == 12 && ["gt", "eq", "le"].contains(&&text[..2]);
    if count > 50 || !updated.is_empty() && !is_day(&updated) {
        return Answer::new(400, format!("not documented: _count={count}, _lastUpdated={updated}"));
    }
    let is = |one: &Value, parameter: &str, path: &str| {
        let wanted = asked.value(parameter);
        wanted.is_empty() || id_of(one.pointer(path).and_then(Value::as_str).unwrap_or_default()) == id_of(&wanted)
    };
    let fits = |one: &&Value| {
        one["resourceType"] == kind
            && is(one, "context", "/context/reference")
            && (kind != "Coverage" || is(one, "patient", "/beneficiary/reference"))
            && is(one, "status", "/status")
            && (updated.is_empty() || one["meta"]["lastUpdated"].as_str().unwrap()[..10] > updated[2..])
    };
    let found: Vec<Value> = all.iter().filter(fits).cloned().collect();
    // Two a page, so that there are pages.
    let at: usize = asked.value("page").parse().unwrap_or(1);
    let size = count.min(2);
    let rest = found.get((at - 1) * size..).unwrap_or_default();
    let next = (rest.len() > size).then(|| {
        let query = asked.target.split_once('?').map_or("", |(_, query)| query);
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("page=")).collect();
        format!("{base}/{kind}?{}&page={}", kept.join("&"), at + 1)
    });
    page(base, &rest[..rest.len().min(size)], next)
}

fn source() -> Source {
    Source {
        connectors: vec!["modernizing-medicine", "modernizing-medicine-pull"],
        base: BASE,
        config: "puller = \"modernizing-medicine-pull\"\nadapter = \"modernizing-medicine\"\nmapping = \"mapping.modmed.toml\"\n\
                 since = \"2026-03-01\"\n\
                 [[intake.pull.auth]]\nkind = \"api-key\"\nheader = \"x-api-key\"\nsecret = { file = \"secrets/api-key\" }\n\
                 [[intake.pull.auth]]\nkind = \"oauth2-client\"\nclient_id = \"client-1\"\ntoken_url = \"BASE/token\"\n\
                 secret = { file = \"secrets/client\" }"
            .to_owned(),
        files: vec![
            // That the plan's class is the policy's number is not public: a site that has seen it says so.
            ("mapping.modmed.toml".to_owned(), "[coverage]\nmember_id = \"class[type=plan].value\"\n".to_owned()),
            ("secrets/api-key".to_owned(), "the-api-key-0123".to_owned()),
            ("secrets/client".to_owned(), "client-secret-01".to_owned()),
        ],
        ..Source::default()
    }
}

const SENT: [&str; 5] = [
    "P1 1 17000:LT 9500 20260302 1",
    "P1 1 99213:25 12050 20260302 1",
    "P2 1 11102 11000 20260302 1",
    "P2 1 17003 3600 20260302 3",
    "P3 1 99212 8000 20260302 1",
];

#[test]
fn finished_encounters_bring_their_charges_to_an_837() {
    let Some(description) = text(DESCRIPTION) else { return };
    let api = api(&description, |_| ());
    let (site, outcome) = undisturbed(&source(), &api);
    assert!(problems(&site).is_empty(), "{:?}", problems(&site));
    assert_eq!(outcome.sent, SENT, "{outcome:#?} {:?}", rules(&site));
    let listed: Vec<Asked> =
        api.server.asked().into_iter().filter(|asked| asked.path().ends_with("/Encounter")).collect();
    assert_eq!(
        (listed[0].value("_lastUpdated"), listed[0].value("status")),
        ("gt2026-02-27".to_owned(), "finished".to_owned())
    );
}

#[test]
fn killed_in_mid_page_it_loses_and_doubles_nothing() {
    let Some(description) = text(DESCRIPTION) else { return };
    let (_site, expected) = undisturbed(&source(), &api(&description, |_| ()));
    killed_in_mid_page(&source(), || api(&description, |_| ()), &expected);
}

#[test]
fn a_charge_with_several_details_is_no_line_of_the_first() {
    let Some(description) = text(DESCRIPTION) else { return };
    let api = api(&description, |all| {
        let charge = all.iter_mut().find(|one| one["id"] == "CHG|1726").unwrap();
        let transaction = charge.pointer_mut("/extension/0/extension").unwrap().as_array_mut().unwrap();
        let mut second = transaction[2].clone();
        second["extension"][1]["valueCoding"]["code"] = json!("17003");
        transaction.push(second);
    });
    let (site, outcome) = undisturbed(&source(), &api);
    assert_eq!(outcome.sent, SENT[..4], "{outcome:#?}");
    let told = problems(&site);
    assert!(told.len() == 1 && told[0].contains("fhir.several-details"), "{told:?}");
    assert!(told[0].contains("extension[0].extension[3]"), "{told:?}");
}

#[test]
fn a_charge_as_the_one_public_reply_has_it_says_what_it_lacks() {
    let Some(description) = text(DESCRIPTION) else { return };
    // `CHG|1722` as it is read: no code, no modifier, no diagnosis, no context.
    let api = api(&description, |all| {
        let charge = all.iter_mut().find(|one| one["id"] == "CHG|1726").unwrap();
        let detail = charge.pointer_mut("/extension/0/extension/2/extension").unwrap().as_array_mut().unwrap();
        detail.retain(|part| !["code", "diagnosisDetail"].contains(&part["url"].as_str().unwrap()));
        charge.as_object_mut().unwrap().remove("reason");
    });
    let (site, outcome) = undisturbed(&source(), &api);
    assert_eq!(outcome.sent, SENT[..4], "{outcome:#?}");
    let told = problems(&site);
    assert!(told.len() == 1 && told[0].contains("fhir.no-code"), "{told:?}");
}

/// An assistant takes part in the encounter; the charge says who performed it, by the practice system's id or by an NPI, and who ordered it.
#[test]
fn whoever_the_charge_names_renders_it_and_not_who_took_part_in_the_encounter() {
    let Some(description) = text(DESCRIPTION) else { return };
    let api = api(&description, |all| {
        let doctor = all.iter_mut().find(|one| one["id"] == "dr-1").unwrap();
        doctor["name"] = json!([{"family": "Helper", "given": ["Ann"]}]);
        doctor["identifier"][0]["value"] = json!("1000000012");
        for (id, performer) in [("CHG|1725", "450861"), ("CHG|1724", "450861")] {
            let charge = all.iter_mut().find(|one| one["id"] == id).unwrap();
            let detail = charge.pointer_mut("/extension/0/extension/2/extension").unwrap().as_array_mut().unwrap();
            detail[0]["valueString"] = json!(performer);
            detail.push(json!({"url": "orderingProviderId", "valueString": "1000000004"}));
        }
    });
    let source = Source { profile: vec![("ids = [\"DR01\"]", "ids = [\"DR01\", \"450861\"]")], ..source() };
    let (site, outcome) = undisturbed(&source, &api);
    assert_eq!(outcome.sent, SENT, "{outcome:#?} {:?}", rules(&site));
    let sent: String = site.outbox().into_iter().map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect();
    let rendering: Vec<&str> = sent.split('~').filter(|segment| segment.starts_with("NM1*82*")).collect();
    assert_eq!(rendering, ["NM1*82*1*CHANGEME*PAT****XX*1000000004"; 3], "{sent}");
}
