//! `claimhost-labelled --seed N --claims M --out DIR`: writes labelled claims; see the library.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};

const USAGE: &str = "\
Writes claims with a label: clean, a near-miss, or one defect at a known place.

Usage: claimhost-labelled --seed N --claims M --out DIR [--practice ID]

  --seed N       the same seed writes the same claims
  --claims M     how many labelled claims (some bring an earlier claim along)
  --out DIR      the folder; made when missing
  --practice ID  the practice's id in the profile [default: labelled-group]
  -h, --help     this text

Writes DIR/feed/*.837, DIR/labels.ndjson, DIR/profile.toml, DIR/claimhost.toml (pieces), DIR/ncci/*, DIR/practice/* and
DIR/about.json with the day on which the claims are to be looked at.

Kinds (label, name, family of findings, what has to be there first):
";

struct Options {
    seed: u64,
    claims: usize,
    out: PathBuf,
    practice: String,
}

fn options(arguments: impl Iterator<Item = String>) -> anyhow::Result<Option<Options>> {
    let (mut seed, mut claims, mut out, mut practice) = (None, None, None, "labelled-group".to_owned());
    let mut arguments = arguments;
    while let Some(name) = arguments.next() {
        if ["-h", "--help"].contains(&name.as_str()) {
            return Ok(None);
        }
        let mut value = || arguments.next().with_context(|| format!("{name}: expected a value; see --help"));
        match name.as_str() {
            "--seed" => seed = Some(value()?.parse().context("--seed: expected a whole number")?),
            "--claims" => claims = Some(value()?.parse().context("--claims: expected a whole number")?),
            "--out" => out = Some(PathBuf::from(value()?)),
            "--practice" => practice = value()?,
            _ => bail!("unknown argument {name}; see --help"),
        }
    }
    let missing = |what: &str| format!("{what} is missing; see --help");
    Ok(Some(Options {
        seed: seed.with_context(|| missing("--seed"))?,
        claims: claims.with_context(|| missing("--claims"))?,
        out: out.with_context(|| missing("--out"))?,
        practice,
    }))
}

fn main() -> anyhow::Result<()> {
    match options(std::env::args().skip(1))? {
        None => {
            let mut text = USAGE.to_owned();
            for [label, name, family, needs] in claimhost_labelled::kinds() {
                text += &format!("  {label:<10} {name:<42} {family:<24} {needs}\n");
            }
            std::io::stdout().write_all(text.as_bytes())?;
        }
        Some(Options { seed, claims, out, practice }) => {
            claimhost_labelled::write(&out, &claimhost_labelled::files(seed, claims, &practice)?)?;
        }
    }
    Ok(())
}
