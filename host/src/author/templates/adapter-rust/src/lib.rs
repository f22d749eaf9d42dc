//! {{name}}: one JSON object a line, one charge each, to visit events. `mapping.toml` says where each element stands.

use std::collections::BTreeMap;

use claimhost_sdk::claim::{
    ClaimHeader, Coverage, Date, DateRange, Gender, Patient, PatientId, PatientIdKind, Payer, PersonName, Procedure,
    Provider, Quantity, Relationship, Responsibility, ServiceLine, Subscriber, Unit,
};
use claimhost_sdk::intake::{
    Charge, ChargeAction, Document, Event, Ignored, Outcome, Place, Problem, Setup, VisitUpdate,
};
use claimhost_sdk::mapping::Mapping;
use claimhost_sdk::{Adapter, AdapterDescription, code, evidence};
use serde_json::Value;

/// Elements that the mapping may place, and whether it has to.
const ELEMENTS: [(&str, bool); 17] = [
    ("visit", true),
    ("charge_id", true),
    ("patient_id", false),
    ("patient_last", false),
    ("patient_first", false),
    ("patient_birth_date", false),
    ("patient_gender", false),
    ("payer", false),
    ("member_id", false),
    ("rendering_npi", false),
    ("place_of_service", false),
    ("service_date", true),
    ("procedure", true),
    ("modifiers", false),
    ("units", true),
    ("amount", true),
    ("diagnoses", false),
];

/// Contract fields for which this source has no place: what is missing then says so.
const UNDELIVERED: [&str; 2] = ["header.billing", "coverage.filing-indicator"];

/// One site's feed.
pub struct Feed {
    source_system: String,
    /// Element to the names that lead to it.
    fields: BTreeMap<&'static str, String>,
}

impl Adapter for Feed {
    fn describe() -> AdapterDescription {
        AdapterDescription {
            id: "{{name}}".to_owned(),
            title: "Charges of {{name}}".to_owned(),
            family: "{{name}}".to_owned(),
            formats: vec!["ndjson".to_owned()],
            delivers: ["header.patient", "header.coverages", "header.diagnoses", "header.rendering", "line.procedure", "line.units", "line.charge"]
                .map(str::to_owned)
                .to_vec(),
            evidence: evidence::Level::StandardOnly,
        }
    }

    fn open(setup: Setup) -> Result<Self, Vec<Problem>> {
        let mut mapping = Mapping::parse(&setup.mapping);
        let source_system = mapping.text("source_system", "{{name}}");
        let mut fields = BTreeMap::new();
        for (element, required) in ELEMENTS {
            let key = format!("fields.{element}");
            let path = mapping.text(&key, "");
            if path.is_empty() && required {
                mapping.problem(&key, "{{name}}.mapping", "nothing", "the names that lead to it");
            }
            fields.insert(element, path);
        }
        mapping.finish()?;
        Ok(Self { source_system, fields })
    }

    fn translate(&self, document: &Document) -> Outcome {
        let Ok(record) = serde_json::from_slice::<Value>(&document.content) else {
            let at = Place { path: "/".to_owned(), offset: None };
            return Outcome::Rejected(vec![problem("not-json", at, "no JSON", "one JSON object a line")]);
        };
        let mut reader = Reader { feed: self, record: &record, problems: Vec::new() };
        if reader.text("procedure").is_empty() && reader.text("amount").is_empty() {
            let reason = "a record without a charge".to_owned();
            return Outcome::Ignored(Ignored { id: "{{name}}.no-charge".to_owned(), reason });
        }
        let update = reader.visit();
        if reader.problems.is_empty() {
            Outcome::Events(vec![Event::Visit(update)])
        } else {
            Outcome::Rejected(reader.problems)
        }
    }
}

/// Reads one record and collects what is wrong with it.
struct Reader<'a> {
    feed: &'a Feed,
    record: &'a Value,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn visit(&mut self) -> VisitUpdate {
        let visit_number = self.required("visit");
        let charge_id = self.required("charge_id");
        let birth_date = self.date("patient_birth_date");
        let patient = Patient {
            ids: self.patient_ids(),
            name: PersonName {
                last: self.text("patient_last"),
                first: self.text("patient_first"),
                ..PersonName::default()
            },
            birth_date,
            gender: match self.text("patient_gender").as_str() {
                "" => None,
                "F" => Some(Gender::Female),
                "M" => Some(Gender::Male),
                _ => Some(Gender::Unknown),
            },
            ..Patient::default()
        };
        let npi = self.text("rendering_npi");
        let diagnoses: Vec<_> = self.list("diagnoses").iter().map(|text| code::diagnosis("", text)).collect();
        let header = ClaimHeader {
            coverages: self.coverage(&patient).into_iter().collect(),
            patient,
            rendering: (!npi.is_empty()).then(|| Provider { npi: Some(npi), ..Provider::default() }),
            place_of_service: self.text("place_of_service"),
            diagnoses,
            ..ClaimHeader::default()
        };
        let charge = self.charge(charge_id, header.diagnoses.len());
        VisitUpdate {
            source_system: self.feed.source_system.clone(),
            visit_number,
            header,
            charges: vec![charge],
            undelivered: UNDELIVERED.map(str::to_owned).to_vec(),
            ..VisitUpdate::default()
        }
    }

    fn charge(&mut self, id: String, diagnoses: usize) -> Charge {
        self.required("service_date");
        let day = self.date("service_date").unwrap_or_default();
        let procedure = self.required("procedure").to_uppercase();
        let units = self.decimal("units", 3, "units such as 1 or 1.5");
        let charge = self.decimal("amount", 2, "an amount such as 120.50");
        let line = ServiceLine {
            procedure: Procedure {
                system: code::procedure_system("", &procedure),
                code: procedure,
                modifiers: self.list("modifiers"),
                ..Procedure::default()
            },
            charge,
            units: Quantity { unit: Unit::Units, thousandths: units },
            service_dates: DateRange { start: day, end: day },
            // The first four, as SV107 has room for them.
            diagnosis_pointers: (1..=4).take(diagnoses).collect(),
            ..ServiceLine::default()
        };
        Charge { id, action: ChargeAction::New, line, at: self.place("procedure"), ..Charge::default() }
    }

    fn coverage(&self, patient: &Patient) -> Option<Coverage> {
        let name = self.text("payer");
        let subscriber = Subscriber {
            name: patient.name.clone(),
            member_id: self.text("member_id"),
            birth_date: patient.birth_date,
            gender: patient.gender,
            ..Subscriber::default()
        };
        // The host finds the payer in the practice profile by what the source calls it.
        let payer = Payer { local_ids: vec![name.clone()], name: name.clone(), ..Payer::default() };
        (!name.is_empty()).then(|| Coverage {
            responsibility: Responsibility::Primary,
            payer,
            subscriber,
            relationship: Relationship::PatientIsSubscriber,
            ..Coverage::default()
        })
    }

    fn patient_ids(&self) -> Vec<PatientId> {
        let value = self.text("patient_id");
        let id = PatientId { kind: PatientIdKind::MedicalRecord, authority: String::new(), value };
        if id.value.is_empty() { Vec::new() } else { vec![id] }
    }

    /// The value of an element; `Null` where the record has none.
    fn value(&self, element: &str) -> &Value {
        let path = self.feed.fields.get(element).map_or("", String::as_str);
        let names = path.split('.').filter(|name| !name.is_empty());
        if path.is_empty() { &Value::Null } else { names.fold(self.record, |value, name| &value[name]) }
    }

    fn text(&self, element: &str) -> String {
        plain(self.value(element))
    }

    fn list(&self, element: &str) -> Vec<String> {
        let texts = match self.value(element) {
            Value::Array(items) => items.iter().map(plain).collect(),
            one => vec![plain(one)],
        };
        texts.into_iter().filter(|text| !text.is_empty()).collect()
    }

    fn place(&self, element: &str) -> Place {
        let path = self.feed.fields.get(element).map_or("", String::as_str);
        Place { path: format!("/{}", path.replace('.', "/")), offset: None }
    }

    fn required(&mut self, element: &str) -> String {
        let text = self.text(element);
        if text.is_empty() {
            self.problem(element, "missing", "nothing", "a text");
        }
        text
    }

    /// A day (YYYY-MM-DD) that the calendar has.
    fn date(&mut self, element: &str) -> Option<Date> {
        let text = self.text(element);
        let day = day(&text);
        if day.is_none() && !text.is_empty() {
            self.problem(element, "date", &length(&text), "a day such as 2026-03-02");
        }
        day
    }

    /// A number of at most so many decimals, as a whole number of the last of them: never a float.
    fn decimal(&mut self, element: &str, decimals: usize, expected: &str) -> i64 {
        let text = self.text(element);
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let scaled = format!("{whole}{fraction:0<decimals$}").parse();
        match scaled {
            Ok(number) if digits(whole) && digits(fraction) && fraction.len() <= decimals => number,
            _ => {
                self.problem(element, "number", &length(&text), expected);
                0
            }
        }
    }

    fn problem(&mut self, element: &str, id: &str, found: &str, expected: &str) {
        self.problems.push(problem(id, self.place(element), found, expected));
    }
}

/// Says what is wrong, never with a value of the document.
fn problem(id: &str, at: Place, found: &str, expected: &str) -> Problem {
    Problem {
        id: format!("{{name}}.{id}"),
        at,
        found: found.to_owned(),
        expected: expected.to_owned(),
        remedy: "correct it in the source, or its place in mapping.toml".to_owned(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn length(text: &str) -> String {
    if text.is_empty() { "nothing".to_owned() } else { format!("{} characters", text.chars().count()) }
}

fn day(text: &str) -> Option<Date> {
    let parts: Vec<&str> = text.split('-').collect();
    let &[year, month, day] = parts.as_slice() else { return None };
    if [year.len(), month.len(), day.len()] != [4, 2, 2] {
        return None;
    }
    let (year, month, day): (u16, u8, u8) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(leap),
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day).then_some(Date { year, month, day })
}

claimhost_sdk::adapter!(Feed);
