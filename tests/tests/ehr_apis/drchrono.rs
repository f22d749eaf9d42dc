//! DrChrono, v4: its own description (OpenAPI) says which requests there are and which fields an answer has.

use serde_json::{Value, json};

use super::openapi::{fields_of, of_yaml, text};
use super::table::{Row, Table};
use super::*;

const DESCRIPTION: &str = "drchrono-rest-api-openapi.yml";

/// Three pages of lines, one of them on two; the description says `data`, the guide `results`.
const PAGES: [&[u32]; 3] = [&[501, 502, 503], &[503, 504], &[505, 506]];

fn line(id: u32) -> Value {
    // Appointment, code, kind, modifiers, units, price, pointers.
    let (appointment, code, kind, modifiers, units, price, pointers) = match id {
        501 => (91, "99213", "C", json!(["25", "", "", ""]), 1.0, 120.5, json!(["1", "2", "", ""])),
        // A code in the place of a number.
        502 => (91, "G0008", "HCPCS(H)", json!([]), 1.0, 30.0, json!(["Z23"])),
        503 => (92, "99212", "CPT(C)", json!([]), 1.0, 80.0, json!(["1"])),
        // The practice's own: never billed.
        504 => (92, "FORM-FEE", "Custom(U)", json!([]), 1.0, 15.0, json!([])),
        // Of an appointment that was deleted.
        506 => (94, "99214", "C", json!([]), 1.0, 160.0, json!(["1"])),
        _ => (93, "J1100", "H", json!([]), 4.0, 6.0, json!(["1"])),
    };
    json!({
        "id": id, "appointment": appointment, "patient": (appointment - 20).to_string(), "doctor": "5", "code": code,
        "procedure_type": kind, "modifiers": modifiers, "quantity": units, "units": "UN", "price": price, "billed": price * units,
        "service_date": "2026-03-02", "updated_at": "2026-03-02T16:10:00", "diagnosis_pointers": pointers,
    })
}

fn appointment(id: u32) -> Value {
    let codes = if id == 91 { json!(["J06.9", "Z23"]) } else { json!(["J06.9"]) };
    json!({
        "id": id.to_string(), "office": 3, "status": "Complete", "icd10_codes": codes, "deleted_flag": id == 94, "patient": id - 20,
        // One visit has its payer's name only: that comes before the number of the patient's payer of today.
        "scheduled_time": "2026-03-02T16:00:00", "primary_insurer_payer_id": if id == 92 { "" } else { "00000" },
        "primary_insurer_name": "EXAMPLE",
        "primary_insurance_id_number": format!("P{id}"), "secondary_insurer_payer_id": "", "secondary_insurance_id_number": "",
    })
}

fn patient(id: u32, verbose: bool) -> Value {
    let mut patient = json!({
        "id": id, "last_name": format!("VANCE{}", char::from(b'A' + u8::try_from(id % 26).unwrap())), "first_name": "ORLA",
        "date_of_birth": format!("19{id}-02-01"), "gender": "Female", "address": "1 OAK WAY", "city": "SALEM", "state": "OR",
        "zip_code": "97301",
    });
    if verbose {
        patient["primary_insurance"] = json!({"insurance_company": "ANOTHER", "insurance_payer_id": "99999",
            "insurance_id_number": "TODAYS", "patient_relationship_to_subscriber": "", "is_subscriber_the_patient": true});
    }
    patient
}

/// Answers have only what the description says of them, without `verbose` where its path does not know that.
struct Schemas(String);

impl Schemas {
    fn holds(&self, schema: &str, rows: &[Value]) {
        let (fields, verbose) = fields_of(&self.0, schema);
        for name in rows.iter().flat_map(|row| row.as_object().unwrap().keys()) {
            assert!(fields.contains(name) && !verbose.contains(name), "{schema} has no {name}");
        }
    }
}

/// What a site may ask for: the description, the address of tokens, which the application's own page says; and, once DrChrono has told this site
/// so, a patient with `verbose`.
fn table(description: &str, confirmed: bool) -> Table {
    let mut table = of_yaml(description, "")
        .and(vec![Row::post("/o/token/", "8 DrChrono: Access (OAuth2 code flow); address by the site")]);
    if confirmed {
        let is_patient = |row: &&mut Row| row.method == "GET" && row.path == "/api/patients/{id}";
        table.rows.iter_mut().find(is_patient).unwrap().query.push(("verbose".to_owned(), false));
    }
    table
}

fn api(description: &str, confirmed: bool) -> Api {
    let schemas = Schemas(description.to_owned());
    schemas.holds("BillingLineItem", &[501, 502, 503, 504, 505, 506].map(line));
    schemas.holds("Appointment", &[appointment(91)]);
    schemas.holds("Patient", &[patient(71, false)]);
    let throttled = AtomicUsize::new(0);
    let refresh = Mutex::new("refresh-token-0".to_owned());
    Api::start(table(description, confirmed), move |asked, nth| {
        if asked.path() == "/o/token/" {
            let mut refresh = refresh.lock().unwrap();
            if asked.parameter("refresh_token") != Some(refresh.as_str()) {
                return Answer::new(401, "{\"error\": \"invalid_grant\"}");
            }
            *refresh = format!("refresh-token-{}", nth + 1);
            // 48 hours.
            return Answer::json(
                &json!({"access_token": "access-token-0001", "expires_in": 172_800, "refresh_token": *refresh}),
            );
        }
        if asked.header("authorization") != "Bearer access-token-0001" {
            return Answer::new(401, "{\"detail\": \"Authentication credentials were not provided.\"}");
        }
        // A limit that is spent comes without headers; one that says how long is waited for.
        match (asked.path(), throttled.load(Ordering::SeqCst)) {
            ("/api/appointments/91", 0) => {
                throttled.store(1, Ordering::SeqCst);
                return Answer::new(429, "{\"detail\": \"Request was throttled.\"}");
            }
            ("/api/appointments/93", 1) => {
                throttled.store(2, Ordering::SeqCst);
                return Answer::new(429, "").with("Retry-After", "1");
            }
            _ => {}
        }
        let id = asked.path().rsplit('/').next().unwrap();
        let number = || id.parse::<u32>().unwrap();
        match asked.path().split('/').nth(2).unwrap() {
            "line_items" => lines(asked),
            "patients" => Answer::json(&patient(number(), asked.value("verbose") == "true")),
            "appointments" => Answer::json(&appointment(number())),
            "doctors" => Answer::json(&json!({"id": 5, "npi_number": "1000000004", "last_name": "CHANGEME"})),
            "line_item_deletions" => Answer::json(&json!({"previous": null, "next": null, "results": [
                {"billing_line_item_id": 503, "appointment_id": 92, "created_at": "2026-03-02T18:00:00"}]})),
            _ => Answer::new(404, "{\"detail\": \"Not found.\"}"),
        }
    })
}

fn lines(asked: &Asked) -> Answer {
    let at: usize = asked.value("cursor").parse().unwrap_or(0);
    let rows: Vec<Value> = PAGES[at].iter().copied().map(line).collect();
    let next = (at + 1 < PAGES.len())
        .then(|| format!("https://{}/api/line_items?since=2026-02-28&cursor={}", asked.header("host"), at + 1));
    let name = if at == 1 { "results" } else { "data" };
    Answer::json(&json!({"previous": null, "next": next, name: rows}))
}

/// A token that was given out already: a refresh token is one source's own.
const BEARER: &str =
    "[[intake.pull.auth]]\nkind = \"api-key\"\nheader = \"authorization\"\nsecret = { file = \"secrets/bearer\" }";

fn bearer() -> (String, String) {
    ("secrets/bearer".to_owned(), "Bearer access-token-0001".to_owned())
}

/// The source, with what DrChrono has confirmed.
fn confirmed() -> Source {
    let verbose = std::fs::read_to_string(workspace().join("connectors/drchrono-pull/verbose.toml")).unwrap();
    let mut source = source();
    source.config = source.config.replacen("since = ", "pull_mapping = \"verbose.toml\"\nsince = ", 1);
    source.files.push(("verbose.toml".to_owned(), verbose));
    source
}

fn source() -> Source {
    let pulled = std::fs::read_to_string(workspace().join("connectors/drchrono/pulled.toml")).unwrap();
    Source {
        connectors: vec!["drchrono", "drchrono-pull"],
        base: "",
        config: "puller = \"drchrono-pull\"\nadapter = \"drchrono\"\nmapping = \"pulled.toml\"\nrate = [\"second\"]\n\
                 since = \"2026-03-01\"\n[[intake.pull.auth]]\nkind = \"oauth2-refresh\"\nclient_id = \"client-1\"\ntoken_url = \"BASE/o/token/\"\n\
                 secret = { file = \"secrets/client\" }\nrefresh_token = { file = \"secrets/refresh\" }\n\
                 [[intake.rate]]\nname = \"second\"\ncalls = 100\nper = \"1s\"\nburst = 100"
            .to_owned(),
        files: vec![
            ("pulled.toml".to_owned(), pulled),
            ("secrets/client".to_owned(), "client-secret-01".to_owned()),
            ("secrets/refresh".to_owned(), "refresh-token-0".to_owned()),
        ],
        // An office's number is no place of service: the site says which place it is.
        profile: vec![("ids = [\"MAIN\"]", "ids = [\"MAIN\", \"3\"]")],
    }
}

#[test]
fn lines_come_to_an_837_and_a_deletion_takes_one_back() {
    let Some(description) = text(DESCRIPTION) else { return };
    let api = api(&description, true);
    let (whole, outcome) = undisturbed(&confirmed(), &api);
    assert!(problems(&whole).is_empty(), "{:?}", problems(&whole));
    assert_eq!(
        outcome.sent,
        [
            "P91 1 99213:25 12050 20260302 1",
            "P91 1 G0008 3000 20260302 1",
            "P92 1 99212 8000 20260302 1",
            "P93 1 J1100 2400 20260302 4",
        ],
        "{outcome:#?} {:?}",
        rules(&whole)
    );
    assert_eq!(api.server.asked().iter().filter(|asked| asked.path() == "/o/token/").count(), 2, "one token a run");
    api.assert_documented();
    // The feed of deletions is a source of its own. It takes back what has not left yet.
    let api = self::api(&description, true);
    let site = confirmed().site(&api);
    assert_eq!(site.run_unapproved(DAY)["cents"]["billed"], 25_450);
    let deletions = workspace().join("connectors/drchrono/deletions.toml");
    let own = workspace().join("connectors/drchrono-pull/deletions.toml");
    let feed = Source {
        config: format!(
            "puller = \"drchrono-pull\"\npull_mapping = \"deletions.pull.toml\"\nadapter = \"drchrono\"\nmapping = \"deletions.toml\"\n\
             since = \"2026-03-01\"\n{BEARER}"
        ),
        files: vec![
            ("deletions.toml".to_owned(), std::fs::read_to_string(deletions).unwrap()),
            ("deletions.pull.toml".to_owned(), std::fs::read_to_string(own).unwrap()),
            bearer(),
        ],
        ..source()
    };
    feed.add(&site, &api, "deletions");
    let told = pull(&site, "deletions");
    assert_eq!((&told["ended"], &told["documents"]), (&json!("done"), &json!(1)), "{told}");
    let summary = site.run(DAY);
    assert_eq!(summary["cents"]["billed"], 12_050 + 3_000 + 2_400, "{summary}");
    let sent = Outcome::of(&site, &summary).sent;
    assert!(sent.len() == 3 && !sent.iter().any(|line| line.starts_with("P92")), "{sent:?}");
    site.assert_accounted(DAY);
    api.assert_documented();
}

#[test]
fn killed_in_mid_page_it_loses_and_doubles_nothing() {
    let Some(description) = text(DESCRIPTION) else { return };
    let (_site, expected) = undisturbed(&confirmed(), &api(&description, true));
    assert_eq!(expected.sent.len(), 4, "{expected:#?}");
    killed_in_mid_page(&confirmed(), || api(&description, true), &expected);
}

#[test]
fn what_only_verbose_brings_is_missed_and_never_made_up() {
    let Some(description) = text(DESCRIPTION) else { return };
    let (site, outcome) = undisturbed(&source(), &api(&description, false));
    assert_eq!((outcome.sent.len(), &outcome.summary[0]["held"]), (0, &json!(3)), "{outcome:#?}");
    assert!(rules(&site).iter().any(|rule| rule.starts_with("subscriber.")), "{:?}", rules(&site));
}

#[test]
fn a_parameter_that_is_not_public_fails_the_puller_that_sends_it() {
    let Some(description) = text(DESCRIPTION) else { return };
    let api = api(&description, false);
    let site = confirmed().site(&api);
    let told = pull(&site, "api");
    assert_eq!(told["ended"], "failed", "{told}");
    let undocumented = api.undocumented.lock().unwrap();
    assert!(
        undocumented[0].contains("not documented: GET /api/patients/71: the parameter verbose"),
        "{undocumented:?}"
    );
}

#[test]
fn what_the_application_may_ask_in_an_hour_is_shared() {
    let Some(description) = text(DESCRIPTION) else { return };
    let api = api(&description, false);
    let own = source().config.split_once("[[intake.pull.auth]]").unwrap().0.replace("second", "hour");
    let mut source = Source { config: format!("{own}{BEARER}"), ..source() };
    source.files.push(bearer());
    // Two practices with a source each, and five calls are left of the hour: nothing is asked for beyond them, and nobody has to look at it.
    let site = source.site(&api);
    source.add(&site, &api, "other");
    let own = format!("practice = \"{PRACTICE}\"\nname = \"other\"");
    site.edit("claimhost.toml", &own, "practice = \"north\"\nname = \"other\"");
    let profile = site.text("practices/my-practice/profile.toml");
    let profile = profile.replace("id = \"my-practice\"", "id = \"north\"").replace("1234567893", "1345678902");
    site.write("practices/north/profile.toml", profile.as_bytes());
    let more = "\n[[practice]]\nid = \"north\"\nprofile = \"practices/north/profile.toml\"\n\
                [[intake.rate]]\nname = \"hour\"\ncalls = 5\nper = \"1h\"\nburst = 5\n";
    site.write("claimhost.toml", (site.text("claimhost.toml") + more).as_bytes());
    // The second run is another process, some minutes later: the hour is the same.
    for run in ["first", "second"] {
        site.run_unapproved(DAY);
        assert_eq!(api.server.asked().len(), 5, "{run}: requests of two sources, with a rate that has five");
    }
    assert!(work(&site).is_empty(), "a wait is no fault: {:?}", work(&site));
    api.assert_documented();
}
