//! `work list`: what people have to do, by when and about what, a line each; `work show ID`: one item in full words, and how.
//!
//! There is no command that closes an item: the host does, when its cause is gone. An item that could be closed by hand while
//! its claim is still denied would be a lie, and its money would be in none of the ends.

use std::process::ExitCode;

use serde::Serialize;

use super::output::{BOLD, RED, RESET, cut, day, dollars, line_width, print, print_json, visible};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::{Failure, Global, Whose};
use crate::claim::day_number;
use crate::lifecycle::VersionState;
use crate::store::work::WorkRow;
use crate::store::{StoreResult, Tx};

/// Kinds of work, and what to do about them. `{}` is the subject as it is typed.
const KINDS: [(&str, &str); 31] = [
    (
        "practice.go-live",
        "`claimhost go-live PRACTICE` shows coverage, dry run and crosswalk; `--approve --by NAME` lets claims leave",
    ),
    ("claim.held", "`claimhost claim why {}` says what to mend, in the EHR or in the profile"),
    ("claim.rejected", "`claimhost claim show {}`: correct it in the EHR, which sends it again"),
    ("claim.denied", "`claimhost denial list` has payer and reason: appeal, or correct it in the EHR"),
    (
        "claim.unapplied",
        "`claimhost claim show {}` has the payments that do not balance; ask the payer for a corrected remittance",
    ),
    ("claim.unanswered", "ask clearinghouse and payer where it is; put their answer into the clearinghouse inbox"),
    ("visit.correction-waits", "ask the payer for its number of the claim; a 277CA or 835 brings it"),
    (
        "visit.missing-charges",
        "charge the visit in the EHR, or cancel it there; where that cannot be, `claimhost visit dismiss {} --reason WORDS --by NAME`",
    ),
    (
        "visit.problem",
        "`claimhost visit show {}`: nothing of it was billed or corrected; mend it in the EHR, which sends it again; or, once it is settled by hand, `claimhost visit settle {} \
         --reason WORDS --by NAME`",
    ),
    (
        "visit.unmatched-reversal",
        "`claimhost visit show {}`: the EHR takes back what it never sent here. Void it with the payer by hand if another system billed it; then cancel the visit in the EHR, or `claimhost visit dismiss {} --reason WORDS --by NAME`",
    ),
    (
        "visit.amendment",
        "`claimhost work show` has the reason, `claimhost visit show {}` what was billed and what the visit says now",
    ),
    ("document.rejected", "`claimhost document show {}` has place and remedy; then `claimhost document retry {}`"),
    (
        "pull.failed",
        "`claimhost work show` has the reason: mend what it names; it is tried again by itself, or now with `claimhost pull PRACTICE SOURCE`",
    ),
    (
        "post.failed",
        "`claimhost work show` has the reason: mend what it names; what waits for this EHR leaves by itself then; where there is no such EHR any \
         more, `claimhost post drop TARGET --reason WORDS --by NAME`",
    ),
    (
        "post.refused",
        "`claimhost work show` has the reason: mend the poster's mapping and it is told again by itself, or `claimhost post again {} --by NAME`; \
         or key it into the EHR by hand, and `claimhost post confirm {} --by NAME`",
    ),
    (
        "post.parked",
        "mend or replace the poster; it is asked again by itself then; or key it into the EHR by hand, and `claimhost post confirm {} --by NAME`",
    ),
    (
        "document.parked",
        "mend or replace the plugin; it runs again then, or with `claimhost document retry {}`. Where its reason is plugin.quarantined: `claimhost \
         plugin release`",
    ),
    ("remittance.conflict", "ask the payer which one is right; then `claimhost remittance choose` that one"),
    (
        "remittance.unapplied",
        "`claimhost remittance show`: find the claim of each payment and `remittance apply` it, or ask the payer",
    ),
    ("remittance.unbalanced", "ask the payer for a corrected remittance"),
    ("audit.charge-gap", "charge the visit in the EHR, or say there that it was cancelled, missed or free"),
    ("audit.schedule-unclear", "correct the schedule, or map its column `sequence` or `updated`"),
    ("audit.codes", "`claimhost audit codes` has the codes: mend the crosswalk of the practice, or correct the charge"),
    ("audit.demographics", "`claimhost claim why {}` has both values: correct the EHR, or load a better roster"),
    (
        "audit.modifiers",
        "`claimhost claim why {}` asks what the record says: enter the modifier in the EHR, or allow the fix",
    ),
    (
        "eligibility.unanswered",
        "ask the clearinghouse for the 271, or ask again: `claimhost eligibility ask --again {}`",
    ),
    (
        "eligibility.not-sent",
        "`claimhost eligibility show {}` says what was refused; then `claimhost eligibility ask --again {}`",
    ),
    ("eligibility.inactive", "ask the patient for another card, and register it in the EHR"),
    ("eligibility.rejected", "compare the registration with the card; a corrected one is asked about by itself"),
    (
        "eligibility.conflict",
        "`claimhost eligibility show {}` has both answers; then `claimhost eligibility ask --again {}`",
    ),
    ("audit.typos", "`claimhost claim why {}` has what was keyed and what was meant: correct it in the EHR"),
];

/// Looks at work.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Work {
    /// Lists open work, what is due first; words are cut to the width of the terminal
    List(List),
    /// Shows one item: all of its words, and what to do
    Show(Show),
}

/// `work show`
#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The item, as `work list` prints it
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    #[command(flatten)]
    whose: Whose,
}

/// `work list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Only this kind: claim.denied, remittance.conflict, ... or all of claim, visit, document, remittance, post, eligibility
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<String>,
    /// Only what should be done already
    #[arg(long)]
    overdue: bool,
}

fn kind(text: &str) -> Result<String, String> {
    let known = KINDS.iter().map(|(kind, _)| *kind);
    let subjects = known.clone().filter_map(|kind| kind.split_once('.').map(|(subject, _)| subject));
    if known.clone().chain(subjects).any(|kind| kind == text) {
        return Ok(text.to_owned());
    }
    let near = crate::config::suggest(text, known.clone());
    Err(format!("there is no such kind{near}; the kinds are {}", known.collect::<Vec<_>>().join(", ")))
}

#[derive(Serialize)]
struct Listed {
    id: String,
    practice: String,
    #[serde(flatten)]
    row: WorkRow,
    /// What it is about, as commands take it.
    subject: String,
    opened: String,
    due: String,
    overdue: bool,
    words: String,
    to_do: String,
}

impl Work {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::List(list) => list.run(global, &reader),
            Self::Show(show) => show.run(global, &reader),
        }
    }
}

impl Show {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (practice, id) = reader.one(&self.id, self.whose.practice(), "work item", "work list")?;
        let today = day_number(global.today());
        let found = practice.read(|tx| -> StoreResult<_> {
            let row = tx.open_work_items()?.into_iter().find(|row| row.work_id == id);
            row.map(|row| Listed::of(tx, row, today)).transpose()
        })?;
        let Some(item) = found else { return Err(no_such("open work item", &self.id, "work list")) };
        if global.json {
            print_json(&item);
            return Ok(ExitCode::SUCCESS);
        }
        let overdue = if item.overdue { format!("  {RED}overdue{RESET}") } else { String::new() };
        let Listed { id, row, subject, opened, due, words, to_do, .. } = &item;
        print(&format!("{BOLD}{id}{RESET}  {}, ${}", row.kind, dollars(row.amount_cents)));
        print(&format!("about   {} {subject}", row.subject_kind));
        print(&format!("opened  {opened}, due {due}{overdue}"));
        print(&format!("what    {words}"));
        print(&format!("to do   {to_do}"));
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let today = day_number(global.today());
        let mut listed = Vec::new();
        for practice in reader.tenants(self.whose.practice())? {
            listed.extend(practice.read(|tx| -> StoreResult<Vec<Listed>> {
                let rows = tx.open_work_items()?;
                rows.into_iter().filter(|row| self.asks_for(row, today)).map(|row| Listed::of(tx, row, today)).collect()
            })?);
        }
        // The store has the most money first; that stays so within a day.
        listed.sort_by_key(|listed| listed.row.due_day);
        if global.json {
            print_json(&listed);
            return Ok(ExitCode::SUCCESS);
        }
        print(&lines(&listed, line_width()));
        let overdue = listed.iter().filter(|listed| listed.overdue).count();
        anstream::eprintln!(
            "{} work items, {overdue} overdue; `claimhost work show ID` has all words of one, and what to do",
            listed.len()
        );
        Ok(ExitCode::SUCCESS)
    }

    fn asks_for(&self, row: &WorkRow, today: i64) -> bool {
        let within = |kind: &str| row.kind.split_once('.').is_some_and(|(family, _)| family == kind);
        let of_kind = |kind: &str| row.kind == kind || row.subject_kind == kind || within(kind);
        self.kind.as_deref().is_none_or(of_kind) && (!self.overdue || row.due_day < today)
    }
}

/// A line for each item, none longer than `width`: what does not fit of its words is cut.
fn lines(listed: &[Listed], width: usize) -> String {
    let cells = |item: &Listed| {
        let due = if item.overdue { format!("{} overdue", item.due) } else { item.due.clone() };
        [due, item.row.kind.clone(), item.id.clone(), item.subject.clone(), dollars(item.row.amount_cents)]
    };
    let heading = ["due", "kind", "id", "about", "amount"].map(str::to_owned);
    let rows: Vec<[String; 5]> = listed.iter().map(cells).collect();
    let mut wide = [0_usize; 5];
    for row in std::iter::once(&heading).chain(&rows) {
        for (wide, cell) in wide.iter_mut().zip(row) {
            *wide = (*wide).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 5], words: &str| {
        let mut line = String::new();
        for (cell, wide) in row.iter().zip(wide) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', wide + 2 - cell.chars().count()));
        }
        line.push_str(&visible(words));
        cut(line.trim_end(), width)
    };
    let head = format!("{BOLD}{}{RESET}", line(&heading, "words"));
    let of_items = listed.iter().zip(&rows).map(|(item, row)| {
        let line = line(row, &item.words);
        if item.overdue { format!("{RED}{line}{RESET}") } else { line }
    });
    std::iter::once(head).chain(of_items).collect::<Vec<_>>().join("\n")
}

impl Listed {
    fn of(tx: &Tx<'_>, row: WorkRow, today: i64) -> StoreResult<Self> {
        let practice = tx.practice_id();
        let subject = name(practice, row.subject_id);
        let to_do = KINDS.iter().find(|(kind, _)| *kind == row.kind).map_or("", |(_, to_do)| to_do);
        Ok(Self {
            id: name(practice, row.work_id),
            practice: practice.to_owned(),
            words: words(tx, &row)?,
            to_do: to_do.replace("{}", &subject),
            opened: day(row.opened_day),
            due: day(row.due_day),
            overdue: row.due_day < today,
            subject,
            row,
        })
    }
}

/// The words of an item; of a held claim what holds it, of a denied one the reasons, of an unapplied one its payments.
fn words(tx: &Tx<'_>, row: &WorkRow) -> StoreResult<String> {
    let claim_id = row.subject_id;
    match row.kind.as_str() {
        "claim.held" => {
            let Some(claim) = tx.claim(claim_id)? else { return Ok(String::new()) };
            let findings = tx.findings(claim_id, claim.live_version)?;
            let holds = findings.iter().filter(|one| one.holds());
            Ok(each_once(holds.map(|one| one.finding.rule.clone())))
        }
        "claim.denied" => {
            let denied = tx.denied_of(claim_id)?;
            Ok(each_once(denied.into_iter().map(|(group, reason)| format!("{group}-{reason}"))))
        }
        "claim.rejected" => {
            let mut refused = Vec::new();
            for version in tx.versions(claim_id)?.into_iter().filter(|version| version.state == VersionState::Rejected)
            {
                let facts = tx.facts(claim_id, version.version)?;
                let codes = each_once(facts.iter().filter_map(|(fact, ..)| fact.refusal()));
                refused.push(format!("version {} ({}): {codes}", version.version, version.kind.as_str()));
            }
            Ok(refused.join("; "))
        }
        "claim.unapplied" => {
            let payments = tx.remittance_claims(None, Some(claim_id))?;
            let practice = tx.practice_id();
            let told = payments.into_iter().filter(|payment| payment.state == "unapplied").map(|payment| {
                let (paid, off) = (dollars(payment.paid_cents), dollars(payment.difference_cents));
                let remittance = name(practice, payment.remittance_id);
                format!("remittance {remittance}, claim {}: ${paid} paid, off by ${off}", payment.ordinal + 1)
            });
            Ok(told.collect::<Vec<_>>().join("; "))
        }
        _ => Ok(tx.work_words(row.work_id)?.into_inner()),
    }
}

fn each_once(texts: impl Iterator<Item = String>) -> String {
    let mut once: Vec<String> = Vec::new();
    for text in texts {
        if !once.contains(&text) {
            once.push(text);
        }
    }
    once.join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_kind_that_is_opened_says_what_to_do() {
        let mut all = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        let opened: Vec<&str> = all.split("open_work(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(opened.len() > 4, "{opened:?}");
        for kind in opened {
            assert!(KINDS.iter().any(|(known, _)| *known == kind), "{kind} has no line in KINDS");
        }
        for (kind, to_do) in KINDS {
            assert!(all.contains(&format!("\"{kind}\"")) && !to_do.is_empty(), "{kind}");
        }
    }

    #[test]
    fn a_line_fits_and_its_words_are_cut() {
        let item = |words: &str, overdue| Listed {
            id: "cedar-family/1204".to_owned(),
            practice: "cedar-family".to_owned(),
            row: WorkRow {
                work_id: 1_204,
                kind: "audit.demographics".to_owned(),
                subject_kind: "claim".to_owned(),
                subject_id: 7,
                opened_day: 0,
                due_day: 14,
                amount_cents: 12_345,
            },
            subject: "cedar-family/7".to_owned(),
            opened: "2026-05-01".to_owned(),
            due: "2026-05-15".to_owned(),
            overdue,
            words: words.to_owned(),
            to_do: "read it".to_owned(),
        };
        let long = "A finding with many words, each of them needed by whoever mends it. ".repeat(8);
        let said = lines(&[item(&long, true), item("short\nwords", false)], 120);
        let said = anstream::adapter::strip_str(&said).to_string();
        let widths: Vec<usize> = said.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.iter().max(), Some(&120), "{said}");
        assert_eq!(widths.len(), 3, "a line for the heading and each item: {said}");
        assert!(said.contains("overdue") && said.contains('\u{2026}') && said.contains("short\\nwords"), "{said}");
    }

    #[test]
    fn a_kind_is_checked_and_a_subject_stands_for_all_of_its_kinds() {
        assert_eq!(kind("claim.denied").as_deref(), Ok("claim.denied"));
        assert_eq!(kind("remittance").as_deref(), Ok("remittance"));
        assert!(kind("claim.denid").unwrap_err().contains("claim.denied"));
    }
}
