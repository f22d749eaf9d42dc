//! Tebra (Kareo), SOAP 1.1. Section 4: everything is known by a public client only. Its service drops what is out of the order of its WSDL without a
//! word; here that fails the puller. Errors come within status 200, an empty answer is one charge without anything in it.

use soap::Element;

use super::table::{Row, Table};
use super::*;

const PATH: &str = "/services/soap/2.1/KareoServices.svc";
const ACTION: &str = "http://www.kareo.com/api/schemas/KareoServices/";
const NAMESPACE: &str = "http://www.kareo.com/api/schemas/";

/// An element of XML as much as a request of this service needs it: names without prefixes, in their order.
mod soap {
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Element {
        pub name: String,
        pub children: Vec<Self>,
        pub text: String,
    }

    impl Element {
        /// The first child of this name.
        pub fn child(&self, name: &str) -> Option<&Self> {
            self.children.iter().find(|child| child.name == name)
        }

        /// Names of the children, in their order.
        pub fn names(&self) -> Vec<&str> {
            self.children.iter().map(|child| child.name.as_str()).collect()
        }

        /// The text of a child; empty: there is none.
        pub fn text_of(&self, name: &str) -> String {
            self.child(name).map(|child| child.text.clone()).unwrap_or_default()
        }
    }

    /// Reads a body without comments, CDATA and entities of its own: what the puller sends has none.
    pub fn parse(text: &str) -> Element {
        let mut open = vec![Element::default()];
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            let (before, from) = rest.split_at(at);
            open.last_mut().unwrap().text.push_str(before.trim());
            let (tag, after) = from[1..].split_once('>').expect("a tag that ends");
            rest = after;
            let local = |tag: &str| {
                let name = tag.split([' ', '/']).next().unwrap_or_default();
                name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned()
            };
            if tag.starts_with('?') {
                continue;
            }
            if let Some(closed) = tag.strip_prefix('/') {
                let element = open.pop().unwrap();
                assert_eq!(element.name, local(closed), "elements are closed in order");
                open.last_mut().unwrap().children.push(element);
                continue;
            }
            let element = Element { name: local(tag), ..Element::default() };
            match tag.ends_with('/') {
                true => open.last_mut().unwrap().children.push(element),
                false => open.push(element),
            }
        }
        assert_eq!(open.len(), 1, "every element is closed");
        open.remove(0)
    }
}

/// Members of the filter of GetCharges in the order of the WSDL (section 4, Order).
const CHARGE_FILTER: [&str; 18] = [
    "BatchNumber",
    "BilledTo",
    "CasePayerScenario",
    "DiagnosisCode",
    "EncounterStatus",
    "FromCreatedDate",
    "FromLastModifiedDate",
    "FromPostingDate",
    "FromServiceDate",
    "IncludeUnapprovedCharges",
    "PatientName",
    "ProcedureCode",
    "RenderingProviderFullName",
    "Status",
    "ToCreatedDate",
    "ToLastModifiedDate",
    "ToPostingDate",
    "ToServiceDate",
];

fn table() -> Table {
    let row =
        |path: &str| Row::post(path, "4 Kareo / Tebra: Access").with_header("soapaction").with_header("content-type");
    Table::new("", vec![row(PATH)])
}

/// Days since 1970 of a day as filters write it.
fn day(text: &str) -> i64 {
    let parts: Vec<i64> = text.split('-').map(|part| part.parse().unwrap()).collect();
    let (year, month, day) = (parts[0] - i64::from(parts[1] <= 2), parts[1], parts[2]);
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Says what of a request the service would drop or refuse. Gives the operation and its filter.
fn documented(asked: &Asked) -> Result<(String, Element), String> {
    let quoted = asked.header("soapaction").strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let action =
        quoted.and_then(|text| text.strip_prefix(ACTION)).ok_or("SOAPAction: quoted, with the contract's name")?;
    if !asked.header("content-type").starts_with("text/xml") || !asked.body.contains(&format!("=\"{NAMESPACE}\"")) {
        return Err("content type or namespace".to_owned());
    }
    let root = soap::parse(&asked.body);
    let operation = root.child("Envelope").and_then(|one| one.child("Body")).and_then(|one| one.child(action));
    let request = operation.and_then(|one| one.child("request")).ok_or_else(|| format!("{action}: no request"))?;
    // GetPatient has no Fields; all others have them empty.
    let wanted = if action == "GetPatient" {
        vec!["RequestHeader", "Filter"]
    } else {
        vec!["RequestHeader", "Fields", "Filter"]
    };
    let header = request.child("RequestHeader").cloned().unwrap_or_default();
    if request.names() != wanted || header.names() != ["CustomerKey", "Password", "User"] {
        return Err(format!("{action}: {:?} with {:?}", request.names(), header.names()));
    }
    if request.child("Fields").is_some_and(|fields| !fields.children.is_empty()) {
        return Err(format!("{action}: Fields that are not empty"));
    }
    let filter = request.child("Filter").cloned().unwrap_or_default();
    let known: &[&str] = match action {
        "GetCharges" => &CHARGE_FILTER,
        "GetEncounterDetails" => &["EncounterID", "Practice"],
        "GetPatient" => &["ExternalID", "ExternalVendorID", "PatientID"],
        other => return Err(format!("the operation {other}")),
    };
    let places: Vec<Option<usize>> =
        filter.names().iter().map(|name| known.iter().position(|one| one == name)).collect();
    if places.contains(&None) || !places.is_sorted() {
        return Err(format!("{action}: a filter {:?}, out of order or unknown", filter.names()));
    }
    if action == "GetCharges" {
        let (from, to) = (filter.text_of("FromLastModifiedDate"), filter.text_of("ToLastModifiedDate"));
        if from.len() != 10 || to.len() != 10 || day(&to) - day(&from) > 60 || day(&to) < day(&from) {
            return Err(format!("GetCharges: from {from} to {to}, more than 60 days or none"));
        }
        if !["T", "F"].contains(&filter.text_of("IncludeUnapprovedCharges").as_str()) {
            return Err("GetCharges: IncludeUnapprovedCharges that is neither T nor F".to_owned());
        }
    }
    Ok((action.to_owned(), filter))
}

fn envelope(operation: &str, inner: &str) -> Answer {
    Answer::new(
        200,
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
             <{operation}Response xmlns=\"{NAMESPACE}\"><{operation}Result xmlns:a=\"{NAMESPACE}\">\
             <ErrorResponse><IsError>false</IsError></ErrorResponse>\
             <SecurityResponse><Authenticated>true</Authenticated><Authorized>true</Authorized></SecurityResponse>{inner}\
             </{operation}Result></{operation}Response></s:Body></s:Envelope>"
        ),
    )
}

type Charge = (u32, u32, &'static str, &'static str, u32, &'static str, &'static str, &'static str);

/// Charges: id, encounter, code, modifier, units, price, status, and the day on which they changed.
const CHARGES: [Charge; 6] = [
    (101, 11, "99213", "25", 1, "120.50", "Ready", "2026-01-20"),
    (102, 11, "G0008", "", 1, "30.00", "Ready", "2026-01-20"),
    (103, 12, "99212", "", 1, "80.00", "Completed", "2026-02-25"),
    (104, 12, "36415", "", 1, "12.00", "Pending", "2026-02-25"),
    (105, 13, "J1100", "", 4, "6.00", "Error - Rejection", "2026-03-02"),
    (106, 13, "99214", "", 1, "160.00", "Voided", "2026-03-02"),
];

fn charges(all: &[Charge], filter: &Element) -> String {
    let (from, to) = (day(&filter.text_of("FromLastModifiedDate")), day(&filter.text_of("ToLastModifiedDate")));
    // Whether the last day counts is not public: it does not, which is the harder case.
    let within = all.iter().filter(|charge| (from..to).contains(&day(charge.7)));
    let written: Vec<String> = within
        .map(|(id, encounter, code, modifier, units, price, status, _)| {
            let total = price.parse::<f64>().unwrap() * f64::from(*units);
            let patient = encounter + 60;
            format!(
                "<a:ChargeData><a:ID>{id}</a:ID><a:EncounterID>{encounter}</a:EncounterID><a:PatientID>{patient}</a:PatientID>\
                 <a:ProcedureCode>{code}</a:ProcedureCode><a:ProcedureModifier1>{modifier}</a:ProcedureModifier1><a:Units>{units}</a:Units>\
                 <a:EncounterDiagnosisID1>J06.9</a:EncounterDiagnosisID1><a:UnitCharge>{price}</a:UnitCharge><a:TotalCharges>{total:.2}</a:TotalCharges><a:Status>{status}</a:Status>\
                 <a:ServiceStartDate>3/2/2026</a:ServiceStartDate><a:PostingDate>3/2/2026</a:PostingDate>\
                 <a:RenderingProviderName>PAT CHANGEME</a:RenderingProviderName><a:PrimaryInsurancePlanName>CASE PLAN</a:PrimaryInsurancePlanName></a:ChargeData>"
            )
        })
        .collect();
    let written = if written.is_empty() { "<a:ChargeData/>".to_owned() } else { written.concat() };
    format!("<a:Charges>{written}</a:Charges>")
}

fn api(spaced: bool, first_throttled: usize) -> Api {
    api_of(spaced, first_throttled, || (CHARGES.to_vec(), "P"))
}

/// With these charges, and policies of patients whose numbers begin so.
fn api_of(
    spaced: bool,
    first_throttled: usize,
    now: impl Fn() -> (Vec<Charge>, &'static str) + Send + Sync + 'static,
) -> Api {
    let (last, throttled) = (Mutex::new(None::<Instant>), AtomicUsize::new(first_throttled));
    Api::start(table(), move |asked, _| {
        let (operation, filter) = match documented(asked) {
            Ok(read) => read,
            Err(what) => return Answer::new(400, format!("not documented: {what}")),
        };
        let header = soap::parse(&asked.body);
        let header = &header.children[0].children[0].children[0].children[0].children[0];
        let said = ["CustomerKey", "Password", "User"].map(|name| header.text_of(name));
        if said != ["key-0123456789", "password-01", "billing@clinic.example"] {
            let denied = "<SecurityResponse><Authenticated>false</Authenticated></SecurityResponse>";
            return Answer::new(200, format!("<Envelope><Body>{denied}<Charges/></Body></Envelope>"));
        }
        // GetCharges: one a second, and what comes sooner is an error within status 200.
        let too_soon = operation == "GetCharges"
            && spaced
            && last
                .lock()
                .unwrap()
                .replace(Instant::now())
                .is_some_and(|before| before.elapsed() < Duration::from_secs(1));
        let is_throttled = operation == "GetCharges"
            && throttled.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if too_soon || is_throttled {
            let error =
                "<ErrorResponse><ErrorMessage>VANCE: throttled</ErrorMessage><IsError>true</IsError></ErrorResponse>";
            return Answer::new(
                200,
                format!("<Envelope><Body>{error}<Charges><ChargeData/></Charges></Body></Envelope>"),
            );
        }
        let inner = match operation.as_str() {
            "GetCharges" => charges(&now().0, &filter),
            "GetEncounterDetails" => {
                let id = filter.text_of("EncounterID");
                format!(
                    "<EncounterDetails><a:EncounterDetailsData><a:EncounterID>{id}</a:EncounterID><a:EncounterStatus>3</a:EncounterStatus>\
                     <a:PlaceOfServiceCode>11</a:PlaceOfServiceCode><a:RenderingProvider>PAT CHANGEME</a:RenderingProvider>\
                     <a:ServiceLocationName>MAIN</a:ServiceLocationName></a:EncounterDetailsData></EncounterDetails>"
                )
            }
            _ => {
                let (id, policy) = (filter.text_of("PatientID"), now().1);
                format!(
                    "<Patient><a:ID>{id}</a:ID><a:FirstName>ORLA</a:FirstName><a:LastName>VANCE{}</a:LastName><a:DOB>2/1/19{id}</a:DOB>\
                     <a:Gender>Female</a:Gender><a:AddressLine1>1 OAK WAY</a:AddressLine1><a:City>SALEM</a:City><a:State>OR</a:State>\
                     <a:ZipCode>97301</a:ZipCode><a:PrimaryInsurancePolicyPlanName>EXAMPLE</a:PrimaryInsurancePolicyPlanName>\
                     <a:PrimaryInsurancePolicyNumber>{policy}{id}</a:PrimaryInsurancePolicyNumber></Patient>",
                    char::from(b'A' + u8::try_from(id.parse::<u32>().unwrap() % 26).unwrap())
                )
            }
        };
        envelope(&operation, &inner)
    })
}

fn source(rate: &str) -> Source {
    let pulled = std::fs::read_to_string(workspace().join("connectors/tebra/pulled.toml")).unwrap();
    Source {
        connectors: vec!["tebra", "tebra-pull"],
        base: "",
        config: format!(
            "puller = \"tebra-pull\"\nadapter = \"tebra\"\nmapping = \"pulled.toml\"\nsince = \"2026-01-15\"\n{rate}\
             [intake.pull.settings]\nuser = \"billing@clinic.example\"\n[intake.pull.secrets]\n\
             customer-key = {{ file = \"secrets/customer-key\" }}\npassword = {{ file = \"secrets/password\" }}\n"
        ),
        files: vec![
            ("pulled.toml".to_owned(), pulled),
            ("secrets/customer-key".to_owned(), "key-0123456789".to_owned()),
            ("secrets/password".to_owned(), "password-01".to_owned()),
        ],
        // Charges have the provider's name: the site adds it to the ids of its provider.
        profile: vec![("ids = [\"DR01\"]", "ids = [\"DR01\", \"PAT CHANGEME\"]")],
    }
}

#[test]
fn charges_come_window_by_window_with_their_encounters_and_patients() {
    let api = api(false, 0);
    let (site, outcome) = undisturbed(&source(""), &api);
    assert!(problems(&site).is_empty(), "{:?}", problems(&site));
    // No reply says what a charge's diagnosis is: held, and never billed without.
    assert!(outcome.sent.is_empty(), "{outcome:#?}");
    assert_eq!(
        (&outcome.summary[0]["held"], &outcome.summary[1]["billed"]),
        (&3.into(), &(12_050 + 3_000 + 8_000 + 2_400).into())
    );
    let rules = rules(&site);
    assert!(rules.iter().any(|rule| rule == "diagnosis.undelivered"), "{rules:?}");
    for missed in ["patient", "member", "place-of-service", "rendering"] {
        assert!(!rules.iter().any(|rule| rule.starts_with(missed)), "{missed} came: {rules:?}");
    }
    // Nor whose the policy is; and the plan of the charge's case is not put beside the number of the patient's policy.
    assert!(rules.iter().any(|rule| rule.starts_with("subscriber.")), "{rules:?}");
    for claim in site.json(&["claim", "list"]).as_array().unwrap() {
        let shown = site.json(&["claim", "show", claim["id"].as_str().unwrap()]).to_string();
        assert!(shown.contains("EXAMPLE") && !shown.contains("CASE PLAN"), "{shown}");
    }
    let windows: Vec<Element> = api
        .server
        .asked()
        .iter()
        .filter_map(|asked| documented(asked).ok())
        .filter(|(name, _)| name == "GetCharges")
        .map(|(_, filter)| filter)
        .collect();
    let first: Vec<(String, String)> = windows
        .iter()
        .take(2)
        .map(|one| (one.text_of("FromLastModifiedDate"), one.text_of("ToLastModifiedDate")))
        .collect();
    let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    assert_eq!(first, [pair("2026-01-13", "2026-02-12"), pair("2026-02-12", "2026-03-03")]);
    // An encounter and a patient are asked for once a page.
    let count =
        |name: &str| api.server.asked().iter().filter(|asked| asked.header("soapaction").contains(name)).count();
    assert_eq!(count("GetPatient"), count("GetEncounterDetails"));
}

#[test]
fn killed_in_mid_page_it_loses_and_doubles_nothing() {
    let (_site, expected) = undisturbed(&source(""), &api(false, 0));
    killed_in_mid_page(&source(""), || api(false, 0), &expected);
}

#[test]
fn an_error_within_status_200_moves_no_cursor_and_spaced_calls_are_not_throttled() {
    let api_one = api(false, 1);
    let site = source("").site(&api_one);
    let told = pull(&site, "api");
    assert_eq!(
        (&told["ended"], &told["cursor_moved"], &told["documents"]),
        (&"failed".into(), &false.into(), &0.into()),
        "{told}"
    );
    assert!(
        told["problem"].as_str().unwrap().contains("ErrorResponse.IsError") && !told.to_string().contains("VANCE"),
        "{told}"
    );
    assert_eq!(work(&site).len(), 1);
    assert_eq!(pull(&site, "api")["ended"], "done");
    assert!(work(&site).is_empty());
    // Wrong credentials are an error too, and no empty list.
    let api_two = api(false, 0);
    let site = source("").site(&api_two);
    site.write("secrets/password", b"password-XX");
    let told = pull(&site, "api");
    assert!(told["problem"].as_str().is_some_and(|words| words.contains("SecurityResponse.Authenticated")), "{told}");
    // As the README's rate spaces calls, none comes too soon.
    let api_three = api(true, 0);
    let site = source("rate = [\"tebra\"]\n").site(&api_three);
    let rate = "\n[[intake.rate]]\nname = \"tebra\"\ncalls = 48\nper = \"1m\"\n";
    site.write("claimhost.toml", (site.text("claimhost.toml") + rate).as_bytes());
    assert_eq!(pull(&site, "api")["ended"], "done");
    for api in [api_one, api_two, api_three] {
        api.assert_documented();
    }
}

/// A site that has seen codes in the charge's diagnosis, and whose patients hold their own policies.
fn confirmed() -> Source {
    let mut source = source("");
    let pulled = &mut source.files[0].1;
    *pulled = pulled.replace("relationship = \"= unknown\"", "relationship = \"= self\"");
    pulled.push_str("charge_dx = \"item.ChargeData.EncounterDiagnosisID1\"\n");
    source
}

/// Nothing in a reply says when a charge changed: what a later turn brings counts.
#[test]
fn a_charge_that_is_corrected_or_voided_later_goes_out_so() {
    const FIRST: [Charge; 3] = [
        (201, 21, "99213", "", 1, "120.50", "Ready", "2026-03-02"),
        (202, 22, "99214", "", 1, "160.00", "Ready", "2026-03-02"),
        (203, 23, "99212", "", 1, "80.00", "Pending", "2026-03-02"),
    ];
    const LATER: [Charge; 3] = [
        (201, 21, "99213", "", 1, "110.50", "Ready", "2026-03-03"),
        (202, 22, "99214", "", 1, "160.00", "Voided", "2026-03-03"),
        (203, 23, "99212", "", 1, "80.00", "Ready", "2026-03-03"),
    ];
    let later = Arc::new(AtomicUsize::new(0));
    let turn = Arc::clone(&later);
    // The third patient's policy is another one by the time the charge is ready; so is that of the others.
    let api = api_of(false, 0, move || match turn.load(Ordering::SeqCst) {
        0 => (FIRST.to_vec(), "P"),
        _ => (LATER.to_vec(), "Q"),
    });
    let site = confirmed().site(&api);
    let summary = site.run(DAY);
    let first = ["P81 1 99213 12050 20260302 1", "P82 1 99214 16000 20260302 1"];
    assert_eq!(Outcome::of(&site, &summary).sent, first, "{summary} {:?}", rules(&site));
    accept_all(&site);
    later.store(1, Ordering::SeqCst);
    let summary = site.run("2026-03-04");
    let all = [
        first[0],
        first[1],
        "P82 8 99214 16000 20260302 1",
        "Q81 7 99213 11050 20260302 1",
        "Q83 1 99212 8000 20260302 1",
    ];
    assert_eq!(Outcome::of(&site, &summary).sent, all, "{summary} {:?}", rules(&site));
    assert_eq!(summary["cents"]["billed"], 11_050 + 8_000, "{summary}");
    // Pulled once more, nothing is news.
    let again = site.run("2026-03-04");
    assert_eq!(Outcome::of(&site, &again).sent, all, "{again}");
    site.assert_accounted("2026-03-04");
    api.assert_documented();
}
