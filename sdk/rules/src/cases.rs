//! The cases of a rule: a plain claim, what is different about it, and what the rule has to say.
//!
//! The plain claim is an office visit of one line at place 11, of an invented patient. `lines`, `diagnoses`, `earlier` and so on say
//! what most cases need; `set` reaches every field of the contract by its name.

mod set;

use claimhost_sdk::calendar::civil;
use claimhost_sdk::claim::{
    Assignment, Claim, ClaimHeader, Coverage, Date, DateRange, Diagnosis, DiagnosisSystem, Frequency, Gender, Patient,
    Payer, PersonName, Procedure, ProcedureSystem, Provider, Quantity, Relationship, Responsibility, ServiceLine,
    Subscriber, Unit,
};
use claimhost_sdk::review::{ClaimInContext, EarlierLine, Finding};
use toml::de::{DeTable, DeValue};

use crate::keys::{Keys, Text, kind};
use crate::problem::Problems;
use crate::run::End;
use crate::table::{Header, Table, cents, scaled};
use crate::value::parse_day;

/// One case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// Line of the file where it begins.
    pub line: usize,
    /// Findings of the rule that are expected.
    pub finds: Finds,
    /// The claim.
    pub context: ClaimInContext,
}

/// What a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finds {
    /// One finding or more.
    Something,
    /// Exactly so many.
    Exactly(usize),
}

/// What became of a case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The rule.
    pub rule: String,
    /// The case's name.
    pub case: String,
    /// Its line in the file.
    pub line: usize,
    /// What was expected.
    pub expected: Finds,
    /// What the rule found.
    pub findings: Vec<Finding>,
    /// Why the rule has no answer on the case: it fails then, whatever was expected.
    pub trouble: Option<String>,
    /// What it read, for the answer to why.
    pub saw: Vec<(String, String)>,
}

impl Outcome {
    /// Whether it is as expected.
    pub fn passes(&self) -> bool {
        let as_expected = match self.expected {
            Finds::Something => !self.findings.is_empty(),
            Finds::Exactly(count) => self.findings.len() == count,
        };
        as_expected && self.trouble.is_none()
    }
}

/// Runs every case of a table: each sees its own rule only.
pub fn run(table: &Table) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for rule in &table.rules {
        for case in &rule.cases {
            let (findings, seen) = table.try_rule(rule, &case.context);
            let trouble = match seen.end {
                End::Failed(why) => Some(why),
                _ => None,
            };
            outcomes.push(Outcome {
                rule: rule.id.clone(),
                case: case.name.clone(),
                line: case.line,
                expected: case.finds,
                findings,
                trouble,
                saw: seen.saw,
            });
        }
    }
    outcomes
}

/// Rules without a case that finds something, or without one that finds nothing: nobody has seen them work.
pub fn untried(table: &Table) -> Vec<(&str, usize, &'static str)> {
    let mut untried = Vec::new();
    for rule in &table.rules {
        let silent = |case: &Case| case.finds == Finds::Exactly(0);
        if !rule.cases.iter().any(|case| !silent(case)) {
            untried.push((rule.id.as_str(), rule.line, "no case that finds something (finds = true)"));
        }
        if !rule.cases.iter().any(silent) {
            untried.push((rule.id.as_str(), rule.line, "no case that finds nothing (finds = false)"));
        }
    }
    untried
}

/// The day of service of the plain claim.
const SERVICE: i64 = 20_514;

pub(crate) fn read(
    table: &DeTable<'_>,
    at: usize,
    of: &str,
    header: &Header,
    problems: &mut Problems<'_>,
) -> Option<Case> {
    let line = problems.line(at);
    let before = problems.count();
    let mut keys = Keys::new(table, &format!("{of}, case"), at, problems);
    let name = keys.required("name", "what the case is about").unwrap_or_default().value;
    let of = format!("{of}, case \"{name}\"");
    keys.named(of.clone());
    let finds = match keys.any("finds").map(|value| (value.get_ref(), value.span().start)) {
        None => {
            keys.missing("finds", "true, false, or the number of findings");
            Finds::Something
        }
        Some((DeValue::Boolean(true), _)) => Finds::Something,
        Some((DeValue::Boolean(false), _)) => Finds::Exactly(0),
        Some((DeValue::Integer(number), at)) => {
            let count = number.as_str().parse();
            if count.is_err() {
                keys.wrong(at, "finds", &number.to_string(), "the number of findings", "");
            }
            Finds::Exactly(count.unwrap_or_default())
        }
        Some((other, at)) => {
            keys.wrong(at, "finds", kind(other), "true, false, or the number of findings", "");
            Finds::Something
        }
    };
    let service = keys.day("service").map_or(SERVICE, |(day, _)| day);
    let as_of = keys.day("as_of").map_or(service, |(day, _)| day);
    let payer = keys.text("payer").map(|text| text.value);
    let payer = payer.or_else(|| header.payers.first().cloned()).unwrap_or_else(|| "PAYER".to_owned());
    let filing = header.filing_indicators.first().cloned().unwrap_or_default();
    let place_of_service = keys.text("place").map_or_else(|| "11".to_owned(), |text| text.value);
    let lines = keys.texts("lines");
    let diagnoses = keys.texts("diagnoses");
    let earlier = keys.texts("earlier");
    let set = keys.table("set");
    let unset = keys.texts("unset");
    keys.finish();

    let mut context = plain(service, as_of, &payer, &filing, &place_of_service);
    if !diagnoses.is_empty() {
        let diagnosis = |text: Text| Diagnosis { system: DiagnosisSystem::Icd10cm, code: text.value.replace('.', "") };
        context.claim.header.diagnoses = diagnoses.into_iter().map(diagnosis).collect();
    }
    if !lines.is_empty() {
        context.claim.lines = lines.iter().filter_map(|text| line_of(text, service, &of, problems)).collect();
    }
    context.claim.total_charge = context.claim.lines.iter().map(|line| line.charge).sum();
    context.earlier = earlier.iter().filter_map(|text| earlier_of(text, &of, problems)).collect();
    let context = set::changed(context, set, &unset, &of, problems)?;
    (problems.count() == before).then_some(Case { name, line, finds, context })
}

fn day(number: i64) -> Date {
    let (year, month, day) = civil(number);
    let small = |number: i64| u8::try_from(number).unwrap_or_default();
    Date { year: u16::try_from(year).unwrap_or_default(), month: small(month), day: small(day) }
}

fn days(number: i64) -> DateRange {
    DateRange { start: day(number), end: day(number) }
}

fn procedure(service: &str) -> Option<Procedure> {
    let mut parts = service.split('-');
    let code = parts.next()?;
    let modifiers: Vec<String> = parts.map(ToOwned::to_owned).collect();
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if code.is_empty() || !plain(code) || !modifiers.iter().all(|modifier| modifier.len() == 2 && plain(modifier)) {
        return None;
    }
    let system = if code.starts_with(|letter: char| letter.is_ascii_digit()) {
        ProcedureSystem::Cpt
    } else {
        ProcedureSystem::Hcpcs
    };
    Some(Procedure { system, code: code.to_owned(), modifiers, ..Procedure::default() })
}

/// `99213-25 x2 $125.00 @22 2026-03-02`: code and modifiers, units, charge, place of service, day; all but the code may be left out.
fn line_of(text: &Text, service: i64, of: &str, problems: &mut Problems<'_>) -> Option<ServiceLine> {
    let mut words = text.value.split_whitespace();
    let procedure = words.next().and_then(procedure);
    let read = || {
        let mut line = ServiceLine {
            procedure: procedure?,
            charge: 5_000,
            units: Quantity { unit: Unit::Units, thousandths: 1_000 },
            diagnosis_pointers: vec![1],
            service_dates: days(service),
            ..ServiceLine::default()
        };
        for word in words {
            match word.split_at_checked(1)? {
                ("x", units) => line.units.thousandths = scaled(units, 3)?,
                ("$", charge) => line.charge = cents(charge)?,
                ("@", place) => line.place_of_service = place.to_owned(),
                _ => line.service_dates = days(parse_day(word)?),
            }
        }
        Some(line)
    };
    let line = read();
    if line.is_none() {
        let found = format!("\"{}\"", text.value);
        let expected = "a line as \"99213-25 x2 $125.00 @22 2026-03-02\"";
        problems.at(
            text.span.start,
            &format!("{of}, lines"),
            &found,
            expected,
            "units, charge, place and day may be left out",
        );
    }
    line
}

/// `G0439 2025-03-15`: code and modifiers, day; then units and charge.
fn earlier_of(text: &Text, of: &str, problems: &mut Problems<'_>) -> Option<EarlierLine> {
    let dated = text.value.split_whitespace().any(|word| parse_day(word).is_some());
    let line = dated.then(|| line_of(text, SERVICE, of, problems)).flatten();
    let Some(line) = line else {
        if !dated {
            let found = format!("\"{}\"", text.value);
            problems.at(
                text.span.start,
                &format!("{of}, earlier"),
                &found,
                "a line with its day: \"G0439 2025-03-15\"",
                "",
            );
        }
        return None;
    };
    Some(EarlierLine {
        claim_id: "EARLIER".to_owned(),
        service_dates: line.service_dates,
        procedure: line.procedure,
        units: line.units,
        charge: line.charge,
        rendering_npi: RENDERING.to_owned(),
        diagnoses: vec!["I10".to_owned()],
    })
}

const RENDERING: &str = "1245319599";

/// The plain claim.
fn plain(service: i64, as_of: i64, payer: &str, filing: &str, place: &str) -> ClaimInContext {
    let person = |last: &str, first: &str, npi: &str| Provider {
        name: PersonName { last: last.to_owned(), first: first.to_owned(), ..PersonName::default() },
        npi: Some(npi.to_owned()),
        ..Provider::default()
    };
    let name = PersonName { last: "Hollis".to_owned(), first: "Edith".to_owned(), ..PersonName::default() };
    let coverage = Coverage {
        responsibility: Responsibility::Primary,
        payer: Payer { id: payer.to_owned(), name: payer.to_owned(), ..Payer::default() },
        subscriber: Subscriber { name: name.clone(), member_id: "1EG4TE5MK73".to_owned(), ..Subscriber::default() },
        relationship: Relationship::PatientIsSubscriber,
        filing_indicator: filing.to_owned(),
        ..Coverage::default()
    };
    let header = ClaimHeader {
        patient: Patient { name, birth_date: Some(day(-7_211)), gender: Some(Gender::Female), ..Patient::default() },
        coverages: vec![coverage],
        diagnoses: vec![Diagnosis { system: DiagnosisSystem::Icd10cm, code: "I10".to_owned() }],
        billing: Some(Provider { is_person: false, ..person("Cedar Family Medicine", "", "1234567893") }),
        rendering: Some(person("Osei", "Daniel", RENDERING)),
        place_of_service: place.to_owned(),
        provider_signature: Some(true),
        assignment: Some(Assignment::Assigned),
        ..ClaimHeader::default()
    };
    let line = ServiceLine {
        procedure: procedure("99213").unwrap_or_default(),
        charge: 5_000,
        units: Quantity { unit: Unit::Units, thousandths: 1_000 },
        diagnosis_pointers: vec![1],
        service_dates: days(service),
        ..ServiceLine::default()
    };
    let claim = Claim {
        control_number: "CASE".to_owned(),
        frequency: Frequency::Original,
        payer_control_number: None,
        destination: 0,
        total_charge: line.charge,
        header,
        lines: vec![line],
    };
    ClaimInContext { claim, as_of: day(as_of), earlier: Vec::new() }
}
