//! `claim show ID`: the claim as a biller reads it. Patient data appears here, on the reader's own screen.

use std::process::ExitCode;

use serde::Serialize;

use super::super::output::{BOLD, RESET, day, dollars, print, print_json, table};
use super::super::reader::{Reader, no_such};
use super::super::reference::{Reference, name};
use super::super::visit::{code, thousandths};
use super::super::{Failure, Global, Whose};
use super::{FoundLine, found};
use crate::claim::{self, Claim, PersonName, Provider, destination, iso};
use crate::lifecycle::summary::{Cents, cents};
use crate::store::StoreResult;
use crate::store::claim::{ClaimRow, VersionRow};
use crate::store::remittance::PostingRow;

/// `claim show`
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The claim, as `claim list` prints it, or its CLM01
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    practice: String,
    #[serde(flatten)]
    row: ClaimRow,
    visit_number: String,
    split: String,
    claim: Claim,
    findings: Vec<FoundLine>,
    versions: Vec<VersionRow>,
    cents: Cents,
    postings: Vec<PostingRow>,
}

impl Show {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.claim(&self.id, self.whose.practice())?;
        let shown = practice.read(|tx| -> StoreResult<_> {
            let Some(row) = tx.claim(id)? else { return Ok(None) };
            let body = tx.version_body(id, row.live_version)?;
            Ok(Some(Shown {
                id: name(practice.id(), id),
                practice: practice.id().to_owned(),
                visit_number: body.visit_number,
                split: body.split,
                claim: body.claim,
                findings: tx.findings(id, row.live_version)?.iter().map(found).collect(),
                versions: tx.versions(id)?,
                cents: cents(tx, &row)?,
                postings: tx.postings(Some(id), None)?,
                row,
            }))
        })?;
        let shown = shown.ok_or_else(|| no_such("claim", &self.id, "claim list"))?;
        if global.json {
            print_json(&shown);
        } else {
            tell(&shown);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn tell(shown: &Shown) {
    let Shown { id, practice, row, claim, visit_number, .. } = shown;
    print(&format!("{BOLD}Claim {id}{RESET}  {}, ${}", row.state, dollars(row.billed_cents)));
    for (key, value) in header(claim) {
        print(&format!("  {key:<11} {value}"));
    }
    print(&format!("  visit       {}, {visit_number} in the EHR", name(practice, row.visit_id)));
    print(&format!("\n{BOLD}Lines{RESET}"));
    print(&lines(claim));
    if !shown.findings.is_empty() {
        print(&format!("\n{BOLD}Findings{RESET}"));
        let mut findings = table(&["severity", "rule", "place", "words"]);
        for found in &shown.findings {
            findings.add_row([&found.severity, &found.rule, &found.place, &found.words]);
        }
        print(&findings.to_string());
    }
    print(&format!("\n{BOLD}Versions{RESET}"));
    let mut versions = table(&["version", "kind", "state", "payer", "CLM01", "charged", "sent"]);
    for version in &shown.versions {
        let VersionRow { control_number, payer_id, .. } = version;
        let sent = version.submitted_day.map(day).unwrap_or_default();
        let (number, charged) = (version.version.to_string(), dollars(version.charge_cents));
        versions.add_row([
            &number,
            version.kind.as_str(),
            version.state.as_str(),
            payer_id,
            control_number,
            &charged,
            &sent,
        ]);
    }
    print(&versions.to_string());
    print(&format!("\n{BOLD}Money{RESET}"));
    print(&money(&shown.cents));
}

/// One line: where the billed amount is.
pub(in super::super) fn money(cents: &Cents) -> String {
    let parts = [
        ("paid", cents.paid),
        ("contract", cents.contractual),
        ("patient", cents.patient),
        ("denied", cents.denied),
        ("held", cents.held),
        ("open", cents.open),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, cents)| *cents != 0)
        .map(|(word, cents)| format!("{word} {}", dollars(*cents)))
        .collect();
    format!(
        "  billed {} = {}",
        dollars(cents.billed),
        if parts.is_empty() { "0.00".to_owned() } else { parts.join(" + ") }
    )
}

fn header(claim: &Claim) -> Vec<(&'static str, String)> {
    let header = &claim.header;
    let born = header.patient.birth_date.map(|date| format!(", born {}", iso(date))).unwrap_or_default();
    let mut rows = vec![("patient", format!("{}{born}", person(&header.patient.name)))];
    if let Some(coverage) = destination(claim) {
        rows.push(("payer", format!("{} ({})", coverage.payer.name, coverage.payer.id)));
        rows.push(("member", coverage.subscriber.member_id.clone()));
    }
    for (key, provider) in [("rendering", &header.rendering), ("billing", &header.billing)] {
        rows.extend(provider.as_ref().map(|provider| (key, of_provider(provider))));
    }
    let diagnoses: Vec<&str> = header.diagnoses.iter().map(|diagnosis| diagnosis.code.as_str()).collect();
    rows.push(("diagnoses", diagnoses.join(" ")));
    rows.push(("place", header.place_of_service.clone()));
    rows
}

fn person(name: &PersonName) -> String {
    let parts = [&name.first, &name.middle, &name.last, &name.suffix];
    parts.iter().filter(|part| !part.is_empty()).map(|part| part.as_str()).collect::<Vec<_>>().join(" ")
}

fn of_provider(provider: &Provider) -> String {
    format!("{} {}", provider.npi.as_deref().unwrap_or("without NPI"), person(&provider.name))
}

fn lines(claim: &Claim) -> String {
    let mut out = table(&["line", "service", "code", "units", "charge", "place", "diagnoses"]);
    for (at, line) in claim.lines.iter().enumerate() {
        let pointers: Vec<String> = line.diagnosis_pointers.iter().map(ToString::to_string).collect();
        out.add_row([
            (at + 1).to_string(),
            iso(line.service_dates.start),
            code(&line.procedure),
            thousandths(line.units.thousandths),
            dollars(line.charge),
            claim::place_of_service(&claim.header, line).to_owned(),
            pointers.join(","),
        ]);
    }
    out.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_an_equation() {
        let cents = Cents { billed: 15_000, paid: 9_000, contractual: 4_000, patient: 2_000, ..Cents::default() };
        assert_eq!(money(&cents), "  billed 150.00 = paid 90.00 + contract 40.00 + patient 20.00");
        assert_eq!(money(&Cents::default()), "  billed 0.00 = 0.00");
    }
}
