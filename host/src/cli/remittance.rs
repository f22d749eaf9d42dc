//! `remittance list|show|choose|apply`: what payers sent, what of it is posted, which of two contents under one trace
//! number counts, and which claim an unapplied payment is for.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::{Deserialize, Serialize};

use super::output::{BOLD, RESET, day, dollars, print, print_json, table};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::visit::history_table;
use super::{Failure, Global, Whose};
use crate::lifecycle::{Applied, Choice};
use crate::store::acceptance::Acceptance;
use crate::store::history::HistoryRow;
use crate::store::remittance::{RemittanceClaimRow, RemittanceRow};
use crate::store::{StoreResult, Tx};

/// Looks at remittances.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Remittance {
    /// Lists remittances: check or EFT amount, state, what is unapplied
    List(List),
    /// Shows one remittance: each claim in it, what was posted or not and why, its history
    Show(Show),
    /// Posts this one of several contents under one trace number, and sets the others aside
    Choose(Choose),
    /// Posts a payment that belongs to no claim yet to the claim it is for
    Apply(Apply),
}

/// `remittance list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Only remittances in this state
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(["posted", "parked", "set-aside"]))]
    state: Option<String>,
}

/// `remittance show`
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The remittance, as `remittance list` prints it
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
}

/// `remittance choose`
#[derive(Debug, clap::Args)]
pub(crate) struct Choose {
    /// The remittance that is right, as `remittance list` prints it
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
}

/// `remittance apply`
#[derive(Debug, clap::Args)]
pub(crate) struct Apply {
    /// The remittance, as `remittance list` prints it
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    /// Which payment of it, as `remittance show` numbers them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    clp: u32,
    /// The claim that it pays, as `claim list` prints it, or its CLM01
    #[arg(long, value_name = "PRACTICE/ID")]
    claim: Reference,
    /// Why: kept with the payment, and shown by `remittance show`
    #[arg(long, value_name = "TEXT", value_parser = super::words)]
    reason: String,
    /// Who says it
    #[arg(long, value_name = "NAME", default_value = "operator")]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    practice: String,
    #[serde(flatten)]
    row: RemittanceRow,
    paid_on: String,
    /// TRN02: number of the check or EFT.
    trace_number: String,
    payer_name: String,
    /// CLPs in it.
    claims: usize,
    /// Cents that belong to no claim yet.
    unapplied_cents: i64,
    /// Other contents under the same key.
    other_contents: Vec<String>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    payments: Vec<Paid>,
    /// What it moved in each account of the ledger, cents; accounts it left as they were are not here.
    accounts: BTreeMap<String, i64>,
    history: Vec<HistoryRow>,
}

#[derive(Serialize)]
struct Paid {
    #[serde(flatten)]
    row: RemittanceClaimRow,
    /// Who put it on its claim, where nothing in it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_hand: Option<Acceptance>,
}

/// Of what one CLP said.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    by_hand: Option<Acceptance>,
}

#[derive(Serialize)]
struct Put {
    id: String,
    clp: u32,
    claim: String,
    version: u32,
}

#[derive(Serialize)]
struct Chosen {
    id: String,
    /// False: it was chosen before, and nothing has changed.
    changed: bool,
    state: &'static str,
    set_aside: Vec<String>,
}

impl Remittance {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::List(list) => list.run(global, &reader),
            Self::Show(show) => show.run(global, &reader),
            Self::Choose(choose) => choose.run(global, &reader),
            Self::Apply(apply) => apply.run(global, &reader),
        }
    }
}

impl Listed {
    fn of(tx: &Tx<'_>, unapplied: &BTreeMap<u64, i64>, row: RemittanceRow) -> StoreResult<Self> {
        let (practice, id) = (tx.practice_id(), row.remittance_id);
        let names = tx.remittance_names(id)?;
        let others = tx.remittances_beside(id)?;
        Ok(Self {
            id: name(practice, id),
            practice: practice.to_owned(),
            paid_on: day(row.paid_day),
            trace_number: names.trace_number,
            payer_name: names.payer_name,
            claims: tx.remittance_claims(Some(id), None)?.len(),
            unapplied_cents: unapplied.get(&id).copied().unwrap_or(0),
            other_contents: others.iter().map(|other| name(practice, other.remittance_id)).collect(),
            row,
        })
    }
}

impl List {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let mut listed = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            let rows = practice.read(|tx| -> StoreResult<Vec<Listed>> {
                let unapplied = tx.unapplied_by_remittance()?;
                let rows = tx.remittances()?;
                let asked = rows.into_iter().filter(|row| self.state.as_deref().is_none_or(|state| row.state == state));
                let list = |row: RemittanceRow| Listed::of(tx, &unapplied, row);
                asked.map(list).collect()
            })?;
            listed.extend(rows);
        }
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        let heading =
            ["remittance", "payer", "trace", "paid", "amount", "state", "unapplied", "off by", "other contents"];
        let mut out = table(&heading);
        for Listed { id, row, paid_on, trace_number, unapplied_cents, other_contents, .. } in &listed {
            let (amount, unapplied, off) =
                (dollars(row.amount_cents), dollars(*unapplied_cents), dollars(row.difference_cents));
            let others = other_contents.join(" ");
            out.add_row([id, &row.payer_id, trace_number, paid_on, &amount, &row.state, &unapplied, &off, &others]);
        }
        print(&out.to_string());
        let posted: i64 = listed.iter().filter(|one| one.row.state == "posted").map(|one| one.row.amount_cents).sum();
        anstream::eprintln!("{} remittances, ${} posted", listed.len(), dollars(posted));
        if listed.iter().any(|one| one.row.state == "parked") {
            anstream::eprintln!("hint: `claimhost remittance choose PRACTICE/ID` posts one of those that are parked");
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Show {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.one(&self.id, self.whose.practice(), "remittance", "remittance list")?;
        let shown = practice.read(|tx| -> StoreResult<_> {
            let Some(row) = tx.remittance(id)? else { return Ok(None) };
            Ok(Some(Shown {
                listed: Listed::of(tx, &tx.unapplied_by_remittance()?, row)?,
                payments: payments(tx, id)?,
                accounts: accounts(tx, id)?,
                history: tx.history("remittance", id)?,
            }))
        })?;
        let shown = shown.ok_or_else(|| no_such("remittance", &self.id, "remittance list"))?;
        if global.json {
            print_json(&shown);
        } else {
            tell(&shown);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The CLPs of a remittance.
fn payments(tx: &Tx<'_>, id: u64) -> StoreResult<Vec<Paid>> {
    let paid = |row: RemittanceClaimRow| {
        let said: Said = tx.remittance_claim_body(id, row.ordinal)?;
        Ok(Paid { row, by_hand: said.by_hand })
    };
    tx.remittance_claims(Some(id), None)?.into_iter().map(paid).collect()
}

/// What a remittance moved in each account.
fn accounts(tx: &Tx<'_>, id: u64) -> StoreResult<BTreeMap<String, i64>> {
    let mut accounts: BTreeMap<String, i64> = BTreeMap::new();
    for posting in tx.postings(None, Some(id))? {
        *accounts.entry(posting.account).or_default() += posting.amount_cents;
    }
    accounts.retain(|_, cents| *cents != 0);
    Ok(accounts)
}

fn tell(shown: &Shown) {
    let Listed { id, practice, row, paid_on, trace_number, payer_name, unapplied_cents, other_contents, .. } =
        &shown.listed;
    print(&format!("{BOLD}Remittance {id}{RESET}  {}, ${}", row.state, dollars(row.amount_cents)));
    print(&format!("  payer      {payer_name} ({})", row.payer_id));
    print(&format!("  trace      {trace_number}, paid {paid_on}"));
    print(&format!("  document   {}", name(practice, row.document_id)));
    print(&format!(
        "  unapplied  {}, the check is off by {}",
        dollars(*unapplied_cents),
        dollars(row.difference_cents)
    ));
    if !other_contents.is_empty() {
        print(&format!("  others     {} under the same trace number", other_contents.join(", ")));
    }
    print(&format!("\n{BOLD}Claims{RESET}"));
    let mut out = table(&["CLP", "claim", "version", "found by", "state", "paid", "off by"]);
    for Paid { row: payment, .. } in &shown.payments {
        let claim = payment.claim.map(|(claim_id, _)| name(practice, claim_id)).unwrap_or_default();
        let version = payment.claim.map(|(_, version)| version.to_string()).unwrap_or_default();
        let (clp, paid, off) =
            ((payment.ordinal + 1).to_string(), dollars(payment.paid_cents), dollars(payment.difference_cents));
        out.add_row([&clp, &claim, &version, &payment.matched_by, &payment.state, &paid, &off]);
    }
    print(&out.to_string());
    for Paid { row, by_hand } in &shown.payments {
        if let Some(Acceptance { by, reason, on }) = by_hand {
            print(&format!("  CLP {} by {by} on {on}: {reason}", row.ordinal + 1));
        }
    }
    print(&format!("\n{BOLD}Accounts{RESET} (debit is positive)"));
    shown.accounts.iter().for_each(|(account, cents)| print(&format!("  {account:<18} {}", dollars(*cents))));
    print(&format!("\n{BOLD}History{RESET}"));
    print(&history_table(&shown.history));
}

impl Choose {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.one(&self.id, self.whose.practice(), "remittance", "remittance list")?;
        let named = name(practice.id(), id);
        let (changed, others) = match global.open()?.choose_remittance(practice.id(), id)? {
            Choice::Posted(others) => (true, others),
            Choice::Already(others) => (false, others),
            Choice::NoConflict => {
                let words = format!(
                    "remittance {named} is not in conflict: no other content came under its trace number\n\
                     hint: `claimhost remittance list --state parked` shows those that are"
                );
                return Err(Failure::missing(words));
            }
            Choice::Unknown => return Err(no_such("remittance", &self.id, "remittance list")),
        };
        let set_aside: Vec<String> = others.into_iter().map(|other| name(practice.id(), other)).collect();
        let chosen = Chosen { id: named, changed, state: "posted", set_aside };
        if global.json {
            print_json(&chosen);
        } else if changed {
            print(&format!("Remittance {} is posted, {} is set aside", chosen.id, chosen.set_aside.join(", ")));
        } else {
            print(&format!("Remittance {} was chosen before, nothing has changed", chosen.id));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Apply {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.one(&self.id, self.whose.practice(), "remittance", "remittance list")?;
        let (of_claim, claim_id) = reader.claim(&self.claim, Some(practice.id()))?;
        let (named, claim, clp) = (name(practice.id(), id), name(of_claim.id(), claim_id), self.clp);
        if of_claim.id() != practice.id() {
            return Err(Failure::missing(format!("claim {claim} is another practice's than remittance {named}")));
        }
        let (by, reason) = (self.by.as_str(), self.reason.as_str());
        let of = (id, clp - 1);
        let version = match global.open()?.apply_payment(practice.id(), of, claim_id, (by, reason))? {
            Applied::Posted(version) => version,
            Applied::Unknown => {
                return Err(Failure::missing(format!(
                    "remittance {named} has no payment {clp}; nothing was changed\n\
                     hint: `claimhost remittance show {named}` numbers them"
                )));
            }
            Applied::NotUnapplied => {
                return Err(Failure::missing(format!(
                    "payment {clp} of remittance {named} is not unapplied: it has a claim, or its remittance is parked or set \
                     aside; nothing was changed\n\
                     hint: `claimhost remittance show {named}` says which"
                )));
            }
            Applied::OtherCharge(cents) => {
                return Err(Failure::missing(format!(
                    "payment {clp} of remittance {named} is for a charge of {} (CLP03), and no version of claim {claim} that \
                     has left charges that; nothing was changed\n\
                     hint: `claimhost claim show {claim}` has what each version charges",
                    dollars(cents)
                )));
            }
            Applied::Unbalanced(cents) => {
                return Err(Failure::missing(format!(
                    "payment {clp} of remittance {named} does not add up, by {}: its money stays unapplied; nothing was \
                     changed\n\
                     hint: ask the payer for a corrected remittance",
                    dollars(cents)
                )));
            }
        };
        let put = Put { id: named, clp, claim, version };
        if global.json {
            print_json(&put);
        } else {
            print(&format!(
                "Payment {clp} of remittance {} is posted to claim {}, version {version}",
                put.id, put.claim
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
