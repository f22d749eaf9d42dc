//! Claims with a label: clean, a near-miss, or one defect at a known place, as a practice system's 837P, with everything that a
//! host needs to judge them.
//!
//! Written from the rules (005010X222A1, CMS manuals, the NCCI policy manual, the guidelines of ICD-10-CM), not from what any
//! program finds; it shares no code with the host, the SDK or the other peers.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)
)]

mod day;
mod defects;
mod kinds;
mod maker;
mod model;
mod near;
mod rng;
mod shapes;
mod sources;
#[cfg(test)]
mod tests;
mod x12;

use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use kinds::Kind;
use maker::Maker;
use model::{Claim, Label, Needs};
pub use sources::File;

/// Claims of one file.
const PER_FILE: usize = 100;
/// Of a hundred claims: near-misses and defects; the others are clean.
const NEAR_PERCENT: usize = 20;
const DEFECT_PERCENT: usize = 45;

/// One row of `labels.ndjson`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    /// CLM01.
    visit: &'a str,
    /// REF EA.
    mrn: &'a str,
    /// `clean`, `near-miss` or `defect`.
    label: &'static str,
    /// The kind; of a clean claim `clean`, or `context` where another claim follows it.
    kind: &'static str,
    /// The family of findings that a good scrub gives.
    family: &'static str,
    /// The line that the defect is on, from 1; of the claim as a whole none.
    line: Option<usize>,
    /// Where the defect is: see `Kind::places`.
    places: &'static [&'static str],
    /// `nothing`, `codes`, `ncci` or `capture`.
    needs: &'static str,
}

/// A claim with what it is.
struct Labelled {
    claim: Claim,
    kind: Option<&'static Kind>,
    context: bool,
}

/// Every file of a run, by its path under the output folder.
///
/// # Errors
/// Where a row cannot be written as JSON.
pub fn files(seed: u64, claims: usize, practice: &str) -> anyhow::Result<Vec<File>> {
    let mut maker = Maker::new(seed, practice);
    let made = labelled(&mut maker, claims);
    let mut files = sources::files(&maker.practice);
    files.push(sources::about(seed, claims));
    let mut labels = String::new();
    for one in &made {
        labels += &serde_json::to_string(&row(one))?;
        labels.push('\n');
    }
    files.push(File { path: "labels.ndjson".to_owned(), text: labels });
    let earlier: Vec<&Claim> = made.iter().filter(|one| one.context).map(|one| &one.claim).collect();
    files.push(sources::history(&earlier));
    for (at, chunk) in (1..).zip(made.chunks(PER_FILE)) {
        let claims: Vec<&Claim> = chunk.iter().map(|one| &one.claim).collect();
        files.push(File { path: format!("feed/claims-{at:03}.837"), text: x12::file(&maker.practice, &claims, at) });
    }
    Ok(files)
}

/// Writes files under a folder, which is made.
///
/// # Errors
/// Where a folder or file cannot be written.
pub fn write(dir: &Path, files: &[File]) -> anyhow::Result<()> {
    for file in files {
        let path = dir.join(&file.path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        std::fs::write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Every kind as a line: label, name, family, what it needs.
pub fn kinds() -> Vec<[&'static str; 4]> {
    let rows = kinds::near().iter().chain(kinds::defects());
    rows.map(|kind| [kind.label.name(), kind.name, kind.family, kind.needs.name()]).collect()
}

fn labelled(maker: &mut Maker, claims: usize) -> Vec<Labelled> {
    let (near, defects) = (kinds::near(), kinds::defects());
    let mut made = Vec::with_capacity(claims);
    let mut defects = defects.into_iter().cycle();
    let mut near = near.iter().cycle();
    let mut shapes = shapes::SHAPES.iter().cycle();
    for at in 0..claims {
        // Spread evenly, so that files of any length hold all three.
        let turn = at * 37 % 100;
        let kind = if turn < DEFECT_PERCENT {
            defects.next()
        } else if turn < DEFECT_PERCENT + NEAR_PERCENT {
            near.next()
        } else {
            None
        };
        match kind {
            Some(kind) => {
                let mut all = (kind.make)(maker);
                let last = all.pop();
                // Of two people under one id neither is right before somebody has looked.
                let own = (kind.name == "one-id-on-two-people").then_some(kind);
                made.extend(all.into_iter().map(|claim| Labelled { claim, kind: own, context: true }));
                made.extend(last.map(|claim| Labelled { claim, kind: Some(kind), context: false }));
            }
            None => {
                let claim = maker.make(shapes.next().copied().unwrap_or_default());
                made.push(Labelled { claim, kind: None, context: false });
            }
        }
    }
    made
}

fn row(one: &Labelled) -> Row<'_> {
    let Claim { visit, mrn, bad_line, .. } = &one.claim;
    let clean = Row {
        visit,
        mrn,
        label: Label::Clean.name(),
        kind: if one.context { "context" } else { "clean" },
        family: "",
        line: None,
        places: &[],
        needs: Needs::Nothing.name(),
    };
    let Some(kind) = one.kind else { return clean };
    let on_line = kind.places.iter().any(|place| place.starts_with("line:"));
    Row {
        label: kind.label.name(),
        kind: kind.name,
        family: kind.family,
        line: (kind.label == Label::Defect && on_line).then_some(*bad_line),
        places: kind.places,
        needs: kind.needs.name(),
        ..clean
    }
}
