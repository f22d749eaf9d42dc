//! Cases of a rule set: one plain claim, a change of it, and how many findings a person expects.
//!
//! For the tests of a rule set's crate. [`run`] checks every case of a table and keeps it as `fixtures/<case>/claim.json` and
//! `expected.json`, which the host runs in the sandbox before it activates the plugin. With `UPDATE=1` in the environment the
//! files are written instead of compared; the number in the table is written by hand, so an update cannot hide a wrong answer.

use std::fs;
use std::path::Path;

use crate::Rules;
use crate::claim::{
    Assignment, Claim, ClaimHeader, Date, DateRange, Diagnosis, DiagnosisSystem, Frequency, Gender, Patient,
    PersonName, Procedure, ProcedureSystem, Provider, Quantity, ServiceLine, Unit,
};
use crate::intake::Setup;
use crate::review::{ClaimInContext, Finding};

/// One case.
pub struct Case {
    /// The rule that it is about.
    pub rule: &'static str,
    /// Its folder below `fixtures/`: ends in `-fails`, `-passes` or `-before-its-date-passes`.
    pub name: &'static str,
    /// Findings of this rule; every other rule must be silent.
    pub expected: usize,
    /// Makes the claim.
    pub build: fn() -> ClaimInContext,
}

/// A row of a table of cases.
pub const fn case(rule: &'static str, name: &'static str, expected: usize, build: fn() -> ClaimInContext) -> Case {
    Case { rule, name, expected, build }
}

/// Runs every case against a session without settings, and against the fixtures below `crate_folder`.
///
/// # Errors
/// Each case whose findings or files differ; a rule without a source that begins with `source`, without a first day, or
/// without a case of each ending; a folder that no case has. In words for the test's output.
pub fn run<R: Rules>(crate_folder: &Path, source: &str, cases: &[Case]) -> Result<(), String> {
    let session = R::open(Setup { settings: Vec::new(), mapping: String::new() })
        .map_err(|problems| format!("the session does not open: {problems:?}"))?;
    let fixtures = crate_folder.join("fixtures");
    let mut wrong = Vec::new();
    for case in cases {
        let claim = (case.build)();
        let findings = session.check(&claim);
        if findings.len() != case.expected || findings.iter().any(|finding| finding.rule != case.rule) {
            let found: Vec<_> = findings.iter().map(|finding| finding.rule.as_str()).collect();
            wrong.push(format!("{}: {} times {} expected, found {found:?}", case.name, case.expected, case.rule));
        }
        wrong.extend(files(&fixtures.join(case.name), &[claim], &[findings]).err());
    }
    for rule in R::describe().rules {
        let has = |end: &str| cases.iter().any(|case| case.rule == rule.id && case.name.ends_with(end));
        for end in ["-fails", "-passes", "-before-its-date-passes"] {
            if !has(end) {
                wrong.push(format!("{} has no case that ends in {end}", rule.id));
            }
        }
        if !rule.source_url.starts_with(source) || rule.effective.is_none() {
            wrong.push(format!("{} needs a source that begins with {source}, and its first day", rule.id));
        }
    }
    for entry in fs::read_dir(&fixtures).map_err(|error| format!("{}: {error}", fixtures.display()))? {
        let name = entry.map_err(|error| error.to_string())?.file_name();
        // What `plugin test --accept` has written of them.
        if name != "accepted.toml" && !cases.iter().any(|case| name == case.name) {
            wrong.push(format!("fixtures/{} has no case", name.display()));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

/// Compares or writes the two files of a case, and reads the claim back: the host checks what was checked here.
fn files(folder: &Path, claims: &[ClaimInContext], answers: &[Vec<Finding>]) -> Result<(), String> {
    let pretty = |text: serde_json::Result<String>| text.map(|text| text + "\n").map_err(|error| error.to_string());
    let claims_json = pretty(serde_json::to_string_pretty(claims))?;
    let answers_json = pretty(serde_json::to_string_pretty(answers))?;
    for (name, text) in [("claim.json", &claims_json), ("expected.json", &answers_json)] {
        let path = folder.join(name);
        let at = |error: std::io::Error| format!("{}: {error}; UPDATE=1 writes it", path.display());
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(folder).map_err(at)?;
            fs::write(&path, text).map_err(at)?;
        }
        if fs::read_to_string(&path).map_err(at)? != *text {
            return Err(format!("{} differs: this rule set says\n{text}", path.display()));
        }
    }
    let read: Vec<ClaimInContext> = serde_json::from_str(&claims_json).map_err(|error| error.to_string())?;
    if read == claims { Ok(()) } else { Err(format!("{}: claim.json does not read back", folder.display())) }
}

/// `2026-03-02`; a text that is no date is the empty date.
pub fn date(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    let (year, month, day) = (next(), next(), next());
    Date { year, month: u8::try_from(month).unwrap_or_default(), day: u8::try_from(day).unwrap_or_default() }
}

/// One day.
pub fn days(text: &str) -> DateRange {
    DateRange { start: date(text), end: date(text) }
}

/// A person with this NPI.
pub fn person(last: &str, first: &str, npi: &str) -> Provider {
    let name = PersonName { last: last.into(), first: first.into(), ..PersonName::default() };
    Provider { name, npi: Some(npi.into()), ..Provider::default() }
}

/// `99213-25`: a line of one unit, $50.00, diagnosis 1.
pub fn line(service: &str, day: &str) -> ServiceLine {
    let mut parts = service.split('-');
    let code: String = parts.next().unwrap_or_default().into();
    let system = if code.starts_with(|letter: char| letter.is_ascii_digit()) {
        ProcedureSystem::Cpt
    } else {
        ProcedureSystem::Hcpcs
    };
    ServiceLine {
        procedure: Procedure { system, code, modifiers: parts.map(Into::into).collect(), ..Procedure::default() },
        charge: 5_000,
        units: Quantity { unit: Unit::Units, thousandths: 1000 },
        diagnosis_pointers: vec![1],
        service_dates: days(day),
        ..ServiceLine::default()
    }
}

/// The plain claim: an office visit of one day, looked at on that day, with these services.
pub fn claim(day: &str, services: &[&str]) -> ClaimInContext {
    let lines: Vec<_> = services.iter().map(|service| line(service, day)).collect();
    let name = PersonName { last: "Hollis".into(), first: "Edith".into(), ..PersonName::default() };
    let patient =
        Patient { name, birth_date: Some(date("1950-04-05")), gender: Some(Gender::Female), ..Patient::default() };
    let header = ClaimHeader {
        patient,
        diagnoses: vec![Diagnosis { system: DiagnosisSystem::Icd10cm, code: "I10".into() }],
        billing: Some(Provider { is_person: false, ..person("Cedar Family Medicine", "", "1234567893") }),
        rendering: Some(person("Osei", "Daniel", "1245319599")),
        place_of_service: "11".into(),
        provider_signature: Some(true),
        assignment: Some(Assignment::Assigned),
        ..ClaimHeader::default()
    };
    let claim = Claim {
        control_number: "C2".into(),
        frequency: Frequency::Original,
        payer_control_number: None,
        destination: 0,
        total_charge: lines.iter().map(|line| line.charge).sum(),
        header,
        lines,
    };
    ClaimInContext { claim, as_of: date(day), earlier: vec![] }
}

/// The claim with line `at` (from 0) changed.
#[must_use]
pub fn on_line(mut input: ClaimInContext, at: usize, change: impl FnOnce(&mut ServiceLine)) -> ClaimInContext {
    if let Some(line) = input.claim.lines.get_mut(at) {
        change(line);
    }
    input
}
