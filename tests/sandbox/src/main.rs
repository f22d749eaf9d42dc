//! claimhost-sandbox: a clearinghouse and payers in a folder, for demos and tests.
//!
//! Reads 837P and 270 files, answers with TA1, 999, 277CA, balanced 835s and 271s, and can misbehave on request (`--fault`).
//! It shares no code with the engine: it is the second opinion on what the engine writes.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod adjudicate;
mod answers;
mod business;
mod claim;
mod deliver;
mod faults;
mod grammar;
mod inquiry;
mod journal;
mod reader;
mod turn;
mod validate;
mod walk;

use anyhow::{Context, Result, bail};
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const HELP: &str = "\
claimhost-sandbox --transport DIR --payers FILE --state DIR --as-of CCYY-MM-DD --seed N
                  [--fault NAME]... [--redeliver] (--once | --watch)
  --transport DIR  reads DIR/out/*.{837,270}, writes DIR/in/*.{ta1,999,277ca,835,271}
  --payers FILE    fee schedules (TOML)
  --state DIR      journal, lock and accepted.ndjson of the sandbox
  --as-of DATE     the date in every answer
  --seed N         decides where faults strike
  --fault NAME     late, duplicate, out-of-order, truncated, reversed, ta1-reject, 999-reject, 277ca-reject, 271-odd
  --redeliver      first writes every past 835 again under new interchange numbers
  --once           one turn; waits for the state folder's lock
  --watch          a turn each 200 ms until stdin closes
Prints one JSON object per turn. `pending` counts what later turns still owe.";

/// Pause between two looks at transport/out.
const WATCH_PAUSE: Duration = Duration::from_millis(200);

struct Arguments {
    settings: turn::Settings,
    payers: PathBuf,
    redeliver: bool,
    watch: bool,
}

fn arguments() -> Result<Option<Arguments>> {
    let mut words = std::env::args().skip(1);
    let (mut transport, mut payers, mut state, mut as_of, mut seed) = (None, None, None, None, None);
    let (mut redeliver, mut once, mut watch) = (false, false, false);
    let mut faults = faults::Faults::default();
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word}: expected a value after it"));
        match word.as_str() {
            "--transport" => transport = Some(PathBuf::from(value()?)),
            "--payers" => payers = Some(PathBuf::from(value()?)),
            "--state" => state = Some(PathBuf::from(value()?)),
            "--as-of" => as_of = Some(value()?),
            "--seed" => seed = Some(value()?.parse().context("--seed: expected a whole number")?),
            "--fault" => faults.enable(&value()?)?,
            "--redeliver" => redeliver = true,
            "--once" => once = true,
            "--watch" => watch = true,
            "--help" | "-h" => return Ok(None),
            _ => bail!("unknown option; see --help"),
        }
    }
    if once == watch {
        bail!("expected one of --once and --watch");
    }
    let as_of: String = as_of.context("--as-of is missing")?;
    if !validate::date_is_valid(&as_of.replace('-', "")) || as_of.len() != 10 {
        bail!("--as-of: expected CCYY-MM-DD");
    }
    let settings = turn::Settings {
        transport: transport.context("--transport is missing")?,
        state: state.context("--state is missing")?,
        as_of,
        seed: seed.context("--seed is missing")?,
        faults,
    };
    Ok(Some(Arguments { settings, payers: payers.context("--payers is missing")?, redeliver, watch }))
}

fn main() -> Result<()> {
    let mut stdout = std::io::stdout();
    let Some(Arguments { settings, payers, mut redeliver, watch }) = arguments()? else {
        writeln!(stdout, "{HELP}")?;
        return Ok(());
    };
    fs::create_dir_all(&settings.state).context("--state: cannot create the folder")?;
    let lock = OpenOptions::new().create(true).append(true).open(settings.state.join("lock"))?;
    lock.lock().context("--state: cannot lock the folder")?;
    let text = fs::read_to_string(&payers).context("--payers: cannot read the file")?;
    let payers: adjudicate::Payers = toml::from_str(&text).context("--payers: not the expected TOML")?;
    let (mut journal, mut state) = journal::Journal::open(&settings.state.join("journal.ndjson"))?;
    let recovered = deliver::deliver(&settings, &mut journal, &mut state)?;
    deliver::write_services(&settings, &state)?;
    let ended = Arc::new(AtomicBool::new(!watch));
    if watch {
        let ended = Arc::clone(&ended);
        std::thread::spawn(move || {
            let mut bytes = [0; 256];
            while std::io::stdin().read(&mut bytes).is_ok_and(|count| count > 0) {}
            ended.store(true, Ordering::SeqCst);
        });
    }
    let mut known = deliver::Known::new();
    let mut first = recovered;
    loop {
        let last = ended.load(Ordering::SeqCst);
        let files = deliver::new_files(&settings, &mut known)?;
        let files: Vec<_> =
            files.into_iter().filter(|(_, bytes)| !state.answered.contains(&faults::fingerprint(bytes))).collect();
        let (mut summary, worked) = turn::run(&settings, &payers, &mut journal, &mut state, &files, redeliver)?;
        redeliver = false;
        summary.delivered += std::mem::take(&mut first);
        if worked || !watch {
            writeln!(stdout, "{}", serde_json::to_string(&summary)?)?;
            stdout.flush()?;
        }
        if last {
            return Ok(());
        }
        std::thread::sleep(WATCH_PAUSE);
    }
}
