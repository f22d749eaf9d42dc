//! `post drop`: the end of a queue whose target is gone for good.

use std::process::ExitCode;

use serde::Serialize;

use super::output::{dollars, print, print_json};
use super::reader::Reader;
use super::reference::name;
use super::{Failure, Global, Whose};
use crate::claim::day_number;
use crate::post;
use crate::store::PracticeStore;
use crate::store::post::PostRow;

/// `post drop`
#[derive(Debug, clap::Args)]
pub(crate) struct Drop {
    /// The target, as `post list` prints it
    #[arg(value_name = "TARGET")]
    target: String,
    /// Why nobody is to be told
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Who says so
    #[arg(long, value_name = "NAME")]
    by: String,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Serialize)]
struct Ended {
    practice: String,
    target: String,
    /// Postings that nobody is told of now.
    dropped: Vec<String>,
    /// CLP04 of these, reversals against it.
    paid_cents: i64,
    /// Those of them that take back what the EHR was told: it keeps money that was taken back.
    reversals: Vec<String>,
    /// Postings whose file may be in its folder: they wait.
    on_their_way: Vec<String>,
}

impl Drop {
    pub(super) fn run(&self, global: &Global, reader: &Reader) -> Result<ExitCode, Failure> {
        let target = self.target.as_str();
        let mut waiting = Vec::new();
        for practice in reader.chosen(self.whose.practice())? {
            if practice.read(|tx| tx.posts_waiting())?.iter().any(|row| row.target == target) {
                waiting.push(practice);
            }
        }
        let practice = match waiting.as_slice() {
            [practice] => practice,
            [] => {
                let words =
                    format!("nothing waits for `{target}`\nhint: `claimhost post list` shows what waits for whom");
                return Err(Failure::missing(words));
            }
            several => {
                let ids: Vec<&str> = several.iter().map(PracticeStore::id).collect();
                let words = format!("`{target}` is a target of {}\nhint: add --practice", ids.join(", "));
                return Err(Failure::usage(words));
            }
        };
        if reader.config.posts_of(practice.id()).any(|post| post.name == target) {
            let words = format!(
                "`{target}` is a [[post]] of {}: what waits for it leaves\nhint: take the block out first; `claimhost work list --kind post` \
                 says what it waits for",
                practice.id()
            );
            return Err(Failure::missing(words));
        }
        let host = global.open()?;
        let gone = || Failure::missing(format!("there is no practice `{}`", practice.id()));
        let store = host.practice_store(practice.id()).ok_or_else(gone)?;
        let dropped = post::drop_queue(&store, target, &self.reason, &self.by, day_number(global.today()))?;
        let names = |rows: &[PostRow]| rows.iter().map(|row| name(practice.id(), row.post_id)).collect::<Vec<String>>();
        let back: Vec<PostRow> = dropped.ended.iter().filter(|row| row.kind == "reversal").cloned().collect();
        self.print(
            global,
            &Ended {
                practice: practice.id().to_owned(),
                target: target.to_owned(),
                dropped: names(&dropped.ended),
                paid_cents: dropped.ended.iter().map(|row| row.paid_cents).sum(),
                reversals: names(&back),
                on_their_way: names(&dropped.on_their_way),
            },
        )
    }

    fn print(&self, global: &Global, ended: &Ended) -> Result<ExitCode, Failure> {
        let Ended { practice, target, dropped, paid_cents, reversals, on_their_way } = ended;
        if global.json {
            print_json(ended);
        } else {
            let paid = dollars(*paid_cents);
            print(&format!("{practice} {target}: {} postings are told to nobody, {paid} paid in them", dropped.len()));
            if !reversals.is_empty() {
                let ids = reversals.join(", ");
                print(&format!(
                    "  these took back what was paid; where the EHR was told of that, correct it by hand: {ids}"
                ));
            }
        }
        if on_their_way.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::missing(format!(
            "{} postings stay: their file may be in its folder already: {}\nhint: put [[post]] `{target}` back for one run, which ends \
             what it had begun",
            on_their_way.len(),
            on_their_way.join(", ")
        )))
    }
}
