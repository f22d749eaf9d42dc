//! Synthetic servers certified for 170.315 (g)(10): US Core over FHIR R4, SMART Backend Services, paged searches; one for each product, all behind one
//! address. What certification does not cover (ChargeItem, Claim, extensions of a vendor's own) is there only where a site is said to have it.
//! A request that US Core does not require of every server is refused, and fails the test.

use std::sync::{Arc, Mutex};

use claimhost_tests::fhir::{backend_token, id_of, page, read, unauthorized};
use claimhost_tests::https::{Answer, Asked, Server};
use serde_json::{Value, json};

const CPT: &str = "http://www.ama-assn.org/go/cpt";
const HCPCS: &str = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets";
const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";

/// What a site supplies beside the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Supply {
    /// Its server has Claim.
    Claims,
    /// Its server has ChargeItem, with modifiers in an extension.
    ChargeItems,
    /// Its server has the charge's parts as extensions of the chart, and its mapping says where.
    Mapping,
}

/// One product's server and the one visit that it knows.
#[derive(Debug, Clone)]
pub struct Product {
    /// Id of the connector.
    pub id: String,
    /// Which of them, from 0: everything of its patient and visit comes from it.
    pub number: usize,
}

impl Product {
    /// What its site supplies.
    pub fn supply(&self) -> Supply {
        [Supply::Claims, Supply::ChargeItems, Supply::Mapping][self.number % 3]
    }

    /// Day of service.
    pub fn day(&self) -> String {
        let month = 5 + self.number / 28;
        format!("{}-{:02}-{:02}", 2025 + month / 12, 1 + month % 12, 1 + self.number % 28)
    }

    /// The patient's last name: nobody else's.
    pub fn family(&self) -> String {
        let letter = |at: usize| char::from(b'A' + u8::try_from(at % 26).unwrap());
        format!("VANCE{}{}", letter(self.number / 26), letter(self.number))
    }

    /// The patient's day of birth: nobody else's.
    pub fn born(&self) -> String {
        format!("{}-{:02}-{:02}", 1950 + self.number / 12, 1 + self.number % 12, 1 + self.number % 28)
    }

    /// Cents and units of the three services: 99213-25, 20610-RT, J1100.
    pub fn charges(&self) -> [(i64, i64); 3] {
        let doses = 1 + i64::try_from(self.number % 4).unwrap();
        [(9000 + i64::try_from(self.number).unwrap(), 1), (14_000, 1), (600 * doses, doses)]
    }

    /// Everything this server has: the chart, and where the site supplies it, more.
    fn resources(&self, supplied: bool) -> Vec<Value> {
        let number = self.number;
        let supply = supplied.then(|| self.supply());
        let to = |kind: &str, id: &str| json!({"reference": format!("{kind}/{id}")});
        let (patient, encounter) = (to("Patient", &format!("p-{number}")), to("Encounter", &format!("e-{number}")));
        let updated = json!({"lastUpdated": format!("{}T18:00:00Z", self.day())});
        // Some servers name the person, some the role.
        let performer =
            if number.is_multiple_of(2) { to("PractitionerRole", "role-1") } else { to("Practitioner", "dr-1") };
        let mut all = vec![
            json!({"resourceType": "Patient", "id": format!("p-{number}"), "meta": updated,
                "identifier": [{"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                    "system": format!("https://{}.example/mrn", self.id), "value": format!("MRN-{number}")}],
                "name": [{"use": "official", "family": self.family(), "given": ["ORLA"]}], "gender": "female", "birthDate": self.born(),
                "address": [{"line": ["1 OAK WAY"], "city": "SALEM", "state": "OR", "postalCode": "97301"}]}),
            json!({"resourceType": "Coverage", "id": format!("cov-{number}"), "meta": updated, "status": "active", "beneficiary": patient,
                "relationship": {"coding": [{"code": "self"}]}, "subscriberId": format!("M{number:03}"), "payor": [to("Organization", "pay-1")]}),
            json!({"resourceType": "Organization", "id": "pay-1", "identifier": [{"value": "00000"}], "name": "EXAMPLE"}),
            json!({"resourceType": "PractitionerRole", "id": "role-1", "practitioner": to("Practitioner", "dr-1")}),
            json!({"resourceType": "Practitioner", "id": "dr-1", "name": [{"family": "CHANGEME", "given": ["PAT"]}],
                "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000004"}]}),
            json!({"resourceType": "Location", "id": "MAIN", "name": "Main office"}),
            json!({"resourceType": "Encounter", "id": format!("e-{number}"), "meta": updated, "status": "finished",
                "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
                "type": [{"coding": [{"system": CPT, "code": "99213"}]}], "subject": patient,
                "period": {"start": format!("{}T16:00:00Z", self.day()), "end": format!("{}T16:30:00Z", self.day())},
                "participant": [{"individual": performer}], "location": [{"location": to("Location", "MAIN")}]}),
        ];
        for (at, code) in ["J06.9", "M17.11"].into_iter().enumerate() {
            all.push(json!({"resourceType": "Condition", "id": format!("c-{number}-{}", at + 1), "meta": updated, "subject": patient,
                "encounter": encounter, "code": {"coding": [{"system": ICD, "code": code}]}}));
        }
        // Another visit's, of a year before: it is the chart's, and not this visit's.
        all.push(json!({"resourceType": "Condition", "id": format!("c-{number}-old"), "meta": updated, "subject": patient,
            "encounter": to("Encounter", &format!("old-{number}")), "code": {"coding": [{"system": ICD, "code": "I10"}]}}));
        for (at, (system, code)) in [(CPT, "20610"), (HCPCS, "J1100")].into_iter().enumerate() {
            all.push(json!({"resourceType": "Procedure", "id": format!("pr-{number}-{}", at + 1), "meta": updated, "status": "completed",
                "subject": patient, "encounter": encounter, "performedDateTime": self.day(),
                "code": {"coding": [{"system": system, "code": code}]}}));
        }
        match supply {
            Some(Supply::Claims) => all.push(self.claim(&to)),
            Some(Supply::ChargeItems) => all.extend(self.charge_items(&to)),
            Some(Supply::Mapping) => self.extend(&mut all, &to),
            None => {}
        }
        all
    }

    /// The services: system, code, modifiers, position of the diagnosis.
    const fn services() -> [(&'static str, &'static str, &'static str, usize); 3] {
        [(CPT, "99213", "25", 1), (CPT, "20610", "RT", 2), (HCPCS, "J1100", "", 2)]
    }

    fn claim(&self, to: &impl Fn(&str, &str) -> Value) -> Value {
        let number = self.number;
        let lines = Self::services().into_iter().zip(self.charges()).enumerate();
        let items: Vec<Value> = lines
            .map(|(at, ((system, code, modifier, diagnosis), (cents, units)))| {
                let modifiers: Vec<Value> = Some(modifier)
                    .filter(|code| !code.is_empty())
                    .map(|code| json!({"coding": [{"system": CPT, "code": code}]}))
                    .into_iter()
                    .collect();
                json!({"sequence": at + 1, "diagnosisSequence": [diagnosis], "careTeamSequence": [1], "servicedDate": self.day(),
                    "productOrService": {"coding": [{"system": system, "code": code}]}, "modifier": modifiers, "quantity": {"value": units},
                    "net": money(cents), "encounter": [to("Encounter", &format!("e-{number}"))]})
            })
            .collect();
        let diagnosis = |at: usize, code: &str| json!({"sequence": at, "diagnosisCodeableConcept": {"coding": [{"system": ICD, "code": code}]}});
        let total: i64 = self.charges().iter().map(|(cents, _)| cents).sum();
        json!({"resourceType": "Claim", "id": format!("cl-{number}"), "status": "active", "use": "claim",
            "meta": {"lastUpdated": format!("{}T18:00:00Z", self.day())},
            "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": "professional"}]},
            "patient": to("Patient", &format!("p-{number}")), "created": self.day(), "facility": to("Location", "MAIN"),
            "careTeam": [{"sequence": 1, "provider": to("Practitioner", "dr-1")}], "diagnosis": [diagnosis(1, "J06.9"), diagnosis(2, "M17.11")],
            "insurance": [{"sequence": 1, "focal": true, "coverage": to("Coverage", &format!("cov-{number}"))}], "item": items,
            "total": money(total)})
    }

    fn charge_items(&self, to: &impl Fn(&str, &str) -> Value) -> Vec<Value> {
        let number = self.number;
        let lines = Self::services().into_iter().zip(self.charges()).enumerate();
        lines
            .map(|(at, ((system, code, modifier, diagnosis), (cents, units)))| {
                let extensions: Vec<Value> = Some(modifier)
                    .filter(|code| !code.is_empty())
                    .map(|code| json!({"url": format!("https://{}.example/modifier", self.id), "valueCode": code}))
                    .into_iter()
                    .collect();
                let reason = ["J06.9", "M17.11"][diagnosis - 1];
                json!({"resourceType": "ChargeItem", "id": format!("ci-{number}-{at}"), "status": "billable", "extension": extensions,
                    "meta": {"lastUpdated": format!("{}T18:00:00Z", self.day())}, "code": {"coding": [{"system": system, "code": code}]},
                    "subject": to("Patient", &format!("p-{number}")), "context": to("Encounter", &format!("e-{number}")),
                    "occurrenceDateTime": self.day(), "quantity": {"value": units}, "priceOverride": money(cents),
                    "reason": [{"coding": [{"system": ICD, "code": reason}]}],
                    "performer": [{"actor": to("Practitioner", "dr-1")}]})
            })
            .collect()
    }

    /// Puts the parts of a charge into the chart, under names of the site's own.
    fn extend(&self, all: &mut [Value], to: &impl Fn(&str, &str) -> Value) {
        let number = self.number;
        let charged = ["e-0", "pr-1", "pr-2"].into_iter().zip(Self::services()).zip(self.charges());
        for ((name, (_, _, modifier, diagnosis)), (cents, units)) in charged {
            let (kind, rest) = name.split_once('-').unwrap();
            let id = if kind == "e" { format!("e-{number}") } else { format!("pr-{number}-{rest}") };
            let resource = all.iter_mut().find(|resource| resource["id"] == id.as_str()).unwrap();
            let url = |name: &str| format!("https://{}.example/billing-{name}", self.id);
            let mut extensions = vec![
                json!({"url": url("units"), "valueDecimal": units}),
                json!({"url": url("amount"), "valueMoney": money(cents)}),
            ];
            if !modifier.is_empty() {
                extensions.push(json!({"url": url("modifier"), "valueCode": modifier}));
            }
            resource["extension"] = json!(extensions);
            let condition = to("Condition", &format!("c-{number}-{diagnosis}"));
            match kind {
                "e" => resource["diagnosis"] = json!([{"condition": condition}]),
                _ => resource["reasonReference"] = json!([condition]),
            }
        }
    }
}

/// The mapping of a site whose chart has the parts of a charge in extensions.
pub const MAPPING: &str = r#"[procedure]
units = "extension(billing-units).valueDecimal"
amount = "extension(billing-amount).valueMoney"
modifiers = "extension(billing-modifier).valueCode"
[encounter]
units = "extension(billing-units).valueDecimal"
amount = "extension(billing-amount).valueMoney"
modifiers = "extension(billing-modifier).valueCode"
reasons = "diagnosis.condition"
"#;

fn money(cents: i64) -> Value {
    // Whole cents: a decimal of two places that JSON can hold.
    json!({"value": f64::from(i32::try_from(cents).unwrap()) / 100.0, "currency": "USD"})
}

/// All servers, behind one address: `/ID/certified` with what certification covers, `/ID/supplied` with what a site has beside it.
pub struct Servers {
    /// The address.
    pub server: Server,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Servers {
    /// Starts them.
    pub fn start(products: Vec<Product>) -> Self {
        let (refused, seen) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(Vec::new()));
        let told = Arc::clone(&refused);
        let server = Server::start(move |asked, _| {
            let answer = answer(&products, asked, &seen);
            if answer.status >= 400 {
                let mut told = told.lock().unwrap();
                told.push(format!("{} {}: {}", asked.method, asked.target, String::from_utf8_lossy(&answer.body)));
            }
            answer
        });
        Self { server, refused }
    }

    /// Asserts that nothing was asked that a certified server need not answer.
    pub fn assert_certified(&self) {
        let refused = self.refused.lock().unwrap();
        assert!(refused.is_empty(), "{:#?}", &refused[..refused.len().min(10)]);
    }
}

fn answer(products: &[Product], asked: &Asked, seen: &Mutex<Vec<String>>) -> Answer {
    let refuse = |words: &str| Answer::new(400, format!("not certified: {words}"));
    let parts: Vec<&str> = asked.path().trim_start_matches('/').split('/').collect();
    let [id, side, rest @ ..] = parts.as_slice() else { return refuse("no server here") };
    let Some(product) = products.iter().find(|product| product.id == *id) else { return refuse("no such product") };
    let token = format!("token-of-{id}-{side}");
    match rest {
        ["metadata"] => return Answer::json(&statement()),
        ["token"] => {
            let given = backend_token(asked, "RS384", seen);
            let body = json!({"access_token": token, "token_type": "bearer", "expires_in": 300});
            return if given.status == 200 { Answer::json(&body) } else { given };
        }
        _ => {}
    }
    if let Some(answer) = unauthorized(asked, &token) {
        return answer;
    }
    let supplied = *side == "supplied";
    let all = product.resources(supplied);
    match rest {
        [kind, id] if READ.contains(kind) => read(&all, kind, id),
        [kind] => search(product, supplied, asked, kind, &all),
        _ => refuse("a read of this kind"),
    }
}

/// What US Core requires to be read by id.
const READ: [&str; 6] = ["Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Condition"];

/// Searches that US Core requires of every server, with all their parameters; then those of a site that has more.
fn is_required(product: &Product, supplied: bool, kind: &str, names: &[&str]) -> bool {
    match (kind, names) {
        ("Encounter" | "Procedure", ["date", "patient"]) | ("Condition" | "Coverage", ["patient"]) => true,
        ("Claim", ["encounter"]) => supplied && product.supply() == Supply::Claims,
        ("ChargeItem", ["context"]) => supplied && product.supply() == Supply::ChargeItems,
        _ => false,
    }
}

fn search(product: &Product, supplied: bool, asked: &Asked, kind: &str, all: &[Value]) -> Answer {
    let query = asked.query();
    let mut names: Vec<&str> = query.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "page").collect();
    names.sort_unstable();
    if !is_required(product, supplied, kind, &names) {
        return Answer::new(400, format!("not certified: {kind} by {names:?}"));
    }
    let is = |one: &Value, parameter: &str, paths: &[&str]| {
        let wanted = asked.value(parameter);
        let found = paths.iter().find_map(|path| one.pointer(path)?.as_str()).unwrap_or_default();
        wanted.is_empty() || id_of(found) == id_of(&wanted)
    };
    let date = asked.value("date");
    let when = |one: &Value| {
        let day = one.pointer("/period/start").or_else(|| one.pointer("/performedDateTime"));
        day.and_then(Value::as_str).map(|day| day[..10].to_owned()).unwrap_or_default()
    };
    let fits = |one: &&Value| {
        one["resourceType"] == kind
            && is(one, "patient", &["/subject/reference", "/beneficiary/reference"])
            && is(one, "context", &["/context/reference"])
            && is(one, "encounter", &["/item/0/encounter/0/reference"])
            && (date.is_empty() || when(one).as_str() >= date.trim_start_matches("ge"))
    };
    let found: Vec<Value> = all.iter().filter(fits).cloned().collect();
    let at: usize = asked.value("page").parse().unwrap_or(0);
    let rest = found.get(at * 2..).unwrap_or_default();
    let base =
        format!("https://{}/{}/{}", asked.header("host"), product.id, if supplied { "supplied" } else { "certified" });
    let again: Vec<String> =
        query.iter().filter(|(name, _)| name != "page").map(|(name, value)| format!("{name}={value}")).collect();
    let next = (rest.len() > 2).then(|| format!("{base}/{kind}?{}&page={}", again.join("&"), at + 1));
    page(&base, &rest[..rest.len().min(2)], next)
}

/// `[base]/metadata` of every one of them: what certification asks for.
fn statement() -> Value {
    let resource = |(kind, parameters): (&str, &[&str])| {
        let parameters: Vec<Value> = parameters.iter().map(|name| json!({"name": name, "type": "reference"})).collect();
        json!({"type": kind, "interaction": [{"code": "read"}, {"code": "search-type"}], "searchParam": parameters})
    };
    let searched: [(&str, &[&str]); 9] = [
        ("Patient", &["_id", "identifier", "name"]),
        ("Encounter", &["patient", "date"]),
        ("Condition", &["patient"]),
        ("Procedure", &["patient", "date"]),
        ("Coverage", &["patient"]),
        ("Practitioner", &["_id", "name"]),
        ("PractitionerRole", &["practitioner"]),
        ("Organization", &["name"]),
        ("Location", &["name"]),
    ];
    json!({"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1", "date": "2026-01-05",
        "software": {"name": "A synthetic certified server"}, "format": ["json"],
        "rest": [{"mode": "server", "security": {"service": [{"coding": [{"code": "SMART-on-FHIR"}]}]},
            "resource": searched.map(resource)}]})
}
