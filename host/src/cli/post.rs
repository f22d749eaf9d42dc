//! `post list|confirm|refuse|again` (`drop` in a file of its own): what EHRs are told of payers' decisions, and what people say of it.

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use serde::Serialize;

use super::output::{day, dollars, print, print_json, table};
use super::reader::{Reader, no_such};
use super::reference::{Reference, name};
use super::{Failure, Global, Whose};
use crate::claim::day_number;
use crate::config::Config;
use crate::post::{self, Said, Told};
use crate::store::post::{PostRow, PostState};
use crate::store::{PracticeStore, StoreResult, Tx};

/// Looks at what EHRs are told.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Post {
    /// Lists postings to EHRs, with counts for each target that add up
    List(List),
    /// Says that the EHR has what was sent, or what was refused and keyed by hand
    Confirm(Confirm),
    /// Says that the EHR does not take what was sent: it becomes work
    Refuse(Refuse),
    /// Tells the EHR again what it, or the poster, refused; under the same id
    Again(Again),
    /// Ends what waits for a target that the configuration has no more: nobody is told of it
    Drop(super::post_drop::Drop),
}

/// `post list`
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    whose: Whose,
    /// Only this target, as `[[post]]` names it
    #[arg(long, value_name = "NAME")]
    target: Option<String>,
    /// Only postings in this state; the counts are of all
    #[arg(long, value_name = "STATE", value_parser = PossibleValuesParser::new(PostState::ALL.map(PostState::as_str)))]
    state: Option<String>,
}

/// `post confirm`
#[derive(Debug, clap::Args)]
pub(crate) struct Confirm {
    /// Postings, as `post list` prints them
    #[arg(value_name = "PRACTICE/ID", required_unless_present = "file")]
    ids: Vec<Reference>,
    /// What is sent of a file, by its name; what stands otherwise stays so, and is told
    #[arg(long, value_name = "NAME", conflicts_with = "ids")]
    file: Option<String>,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

/// `post refuse`
#[derive(Debug, clap::Args)]
pub(crate) struct Refuse {
    /// The posting, as `post list` prints it
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    /// What the EHR says
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

/// `post again`
#[derive(Debug, clap::Args)]
pub(crate) struct Again {
    /// The posting, as `post list` prints it
    #[arg(value_name = "PRACTICE/ID")]
    id: Reference,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

/// Counts of a target. `postings` is the sum of the five that follow.
#[derive(Default, Serialize)]
struct Counted {
    practice: String,
    target: String,
    /// Whether the configuration has it: of one that it has no more nothing leaves.
    configured: bool,
    postings: u64,
    queued: u64,
    sent: u64,
    confirmed: u64,
    refused: u64,
    nothing_to_post: u64,
    /// CLP04 of what was sent or confirmed, reversals against it.
    paid_cents: i64,
}

#[derive(Serialize)]
struct Listed {
    id: String,
    practice: String,
    /// The id that its file carries.
    posting: String,
    #[serde(flatten)]
    row: PostRow,
    claim_name: String,
    created: String,
    file_name: String,
    why: String,
}

#[derive(Serialize)]
struct Answered {
    id: String,
    /// False: it was so before, or, of a file, it stands otherwise and stays so.
    changed: bool,
    state: PostState,
}

impl Post {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let reader = Reader::open(global)?;
        match self {
            Self::Drop(drop) => drop.run(global, &reader),
            Self::List(list) => list.run(global, &reader),
            Self::Confirm(confirm) => confirm.run(global, &reader),
            Self::Refuse(Refuse { id, reason, by, whose }) => {
                let (practice, id) = reader.one(id, whose.practice(), "posting", "post list")?;
                say(global, &practice, (&[id], Vec::new()), PostState::Refused, |store, id, day| {
                    post::refuse(store, id, reason, by, day)
                })
            }
            Self::Again(Again { id, by, whose }) => {
                let (practice, id) = reader.one(id, whose.practice(), "posting", "post list")?;
                say(global, &practice, (&[id], Vec::new()), PostState::Queued, |store, id, day| {
                    post::again(store, id, by, day)
                })
            }
        }
    }
}

impl List {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let (mut counted, mut listed) = (Vec::new(), Vec::new());
        for practice in reader.chosen(self.whose.practice())? {
            practice.read(|tx| self.gather(tx, &reader.config, &mut counted, &mut listed))?;
        }
        if global.json {
            print_json(&serde_json::json!({ "targets": counted, "postings": listed }));
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = table(&["posting", "target", "kind", "claim", "made", "paid", "state", "file or reason"]);
        for Listed { id, row, claim_name, created, file_name, why, .. } in &listed {
            let paid = dollars(row.paid_cents);
            let told = if why.is_empty() { file_name } else { why };
            let state = row.state.as_str();
            out.add_row([id, &row.target, &row.kind, claim_name, created, &paid, state, told]);
        }
        print(&out.to_string());
        for of in &counted {
            let Counted { practice, target, postings, queued, sent, confirmed, refused, nothing_to_post, .. } = of;
            let gone = match (of.configured, queued) {
                (true, _) => "",
                (false, 0) => " (no [[post]] has this name any more)",
                (false, _) => {
                    " (no [[post]] has this name any more: put it back, or end what waits with `claimhost post drop`)"
                }
            };
            anstream::eprintln!(
                "{practice} {target}{gone}: {postings} postings = {queued} queued + {sent} sent + {confirmed} confirmed + \
                 {refused} refused + {nothing_to_post} with nothing to post"
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    fn gather(
        &self,
        tx: &Tx<'_>,
        config: &Config,
        counted: &mut Vec<Counted>,
        listed: &mut Vec<Listed>,
    ) -> StoreResult<()> {
        let practice = tx.practice_id();
        let wanted = |target: &str| self.target.as_deref().is_none_or(|asked| asked == target);
        let empty = |target: &str, configured| Counted {
            practice: practice.to_owned(),
            target: target.to_owned(),
            configured,
            ..Counted::default()
        };
        let mut own: Vec<Counted> =
            config.posts_of(practice).filter(|post| wanted(&post.name)).map(|post| empty(&post.name, true)).collect();
        for row in tx.posts()?.into_iter().filter(|row| wanted(&row.target)) {
            if !own.iter().any(|of| of.target == row.target) {
                own.push(empty(&row.target, false));
            }
            if let Some(of) = own.iter_mut().find(|of| of.target == row.target) {
                of.postings += 1;
                *match row.state {
                    PostState::Queued => &mut of.queued,
                    PostState::Sent => &mut of.sent,
                    PostState::Confirmed => &mut of.confirmed,
                    PostState::Refused => &mut of.refused,
                    PostState::Nothing => &mut of.nothing_to_post,
                } += 1;
                if matches!(row.state, PostState::Sent | PostState::Confirmed) {
                    of.paid_cents += row.paid_cents;
                }
            }
            if self.state.as_deref().is_none_or(|state| state == row.state.as_str()) {
                listed.push(Listed::of(tx, row)?);
            }
        }
        counted.append(&mut own);
        Ok(())
    }
}

impl Listed {
    fn of(tx: &Tx<'_>, row: PostRow) -> StoreResult<Self> {
        let practice = tx.practice_id();
        let told: Told = tx.post_body(row.post_id)?;
        let batch = row.batch_id.map(|id| tx.post_batch(id)).transpose()?.flatten();
        Ok(Self {
            id: name(practice, row.post_id),
            practice: practice.to_owned(),
            posting: told.posting.id,
            claim_name: name(practice, row.claim.0),
            created: day(row.created_day),
            file_name: batch.map(|batch| batch.file_name).unwrap_or_default(),
            why: told.why,
            row,
        })
    }
}

impl Confirm {
    fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let word = |store: &PracticeStore, id, day| post::confirm(store, id, &self.by, day);
        if let Some(file) = &self.file {
            for practice in reader.chosen(self.whose.practice())? {
                let rows = practice.read(|tx| -> StoreResult<Vec<PostRow>> {
                    let highest = tx.highest("post_batch", "batch_id")?;
                    let batches = tx.post_batches_between(0, highest)?;
                    let Some(batch) = batches.into_iter().find(|batch| batch.file_name == *file) else {
                        return Ok(Vec::new());
                    };
                    tx.posts_of_batch(batch.batch_id)
                })?;
                if rows.is_empty() {
                    continue;
                }
                // One that the EHR refused is not in it: only who names it can say that it was keyed since.
                let (sent, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.state == PostState::Sent);
                let ids: Vec<u64> = sent.iter().map(|row| row.post_id).collect();
                let as_is =
                    |row: &PostRow| Answered { id: name(practice.id(), row.post_id), changed: false, state: row.state };
                let others = others.iter().map(as_is).collect();
                return say(global, &practice, (&ids, others), PostState::Confirmed, word);
            }
            let words = "there is no such file\nhint: `claimhost post list` has the files of postings";
            return Err(Failure::missing(words));
        }
        let mut practice = None;
        let mut ids = Vec::new();
        for id in &self.ids {
            let (store, id) = reader.one(id, self.whose.practice(), "posting", "post list")?;
            if practice.as_ref().is_some_and(|known: &PracticeStore| known.id() != store.id()) {
                return Err(Failure::usage("postings of several practices; confirm those of one at a time"));
            }
            practice = Some(store);
            ids.push(id);
        }
        match practice {
            Some(practice) => say(global, &practice, (&ids, Vec::new()), PostState::Confirmed, word),
            None => Err(Failure::usage("name a posting, or a file with --file")),
        }
    }
}

/// Opens the store to write, says it of each, and prints what came of it, with what is left as it is.
fn say(
    global: &Global,
    practice: &PracticeStore,
    (ids, left): (&[u64], Vec<Answered>),
    state: PostState,
    word: impl Fn(&PracticeStore, u64, i64) -> StoreResult<Said>,
) -> Result<ExitCode, Failure> {
    let host = global.open()?;
    let gone = || Failure::missing(format!("there is no practice `{}`", practice.id()));
    let store = host.practice_store(practice.id()).ok_or_else(gone)?;
    let today = day_number(global.today());
    let mut answered = Vec::new();
    for id in ids {
        let named = name(practice.id(), *id);
        let changed = match word(&store, *id, today)? {
            Said::Done => true,
            Said::Already => false,
            Said::Not(found) => {
                let words = format!(
                    "posting {named} is {}, and cannot become {}\nhint: `claimhost post list` shows where postings stand",
                    found.as_str(),
                    state.as_str()
                );
                return Err(Failure::missing(words));
            }
            Said::Unknown => {
                let reference = named.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
                return Err(no_such("posting", &reference, "post list"));
            }
        };
        answered.push(Answered { id: named, changed, state });
    }
    answered.extend(left);
    if global.json {
        print_json(&answered);
    } else {
        for one in &answered {
            let words = match one {
                Answered { changed: true, .. } => "is",
                Answered { state: found, .. } if *found == state => "was before",
                Answered { .. } => "stays",
            };
            print(&format!("Posting {} {words} {}", one.id, one.state.as_str()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
