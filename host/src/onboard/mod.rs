//! `claimhost onboard`: from a practice's sample export to a drafted mapping and profile, a coverage report and a dry run to 837P.
//!
//! `recognise.rs` says what a sample is; `delimited.rs` (with `fixed` where columns stand by position), `hl7.rs`, `records.rs` draft a mapping in
//! the language of the stock component that reads it, by what things are called (`columns.rs`) and what they look like (`form.rs`), with a reason for every line. `dry_run.rs` runs the
//! draft through the real host in a folder that is thrown away; `coverage.rs` counts on what the adapter made of the samples, `profile.rs`
//! drafts the profile of it, `report.rs` is the result, and what a later sample has no longer.
//!
//! Nothing here reads a format: framing, adapters, store, scrub and 837P are those of the host.

mod by_position;
mod columns;
mod connectors;
mod coverage;
mod delimited;
mod disguise;
mod draft;
mod dry_run;
mod fhir;
mod fixed;
mod fixtures;
mod form;
mod hl7;
mod names;
mod profile;
mod recognise;
mod records;
mod report;
mod sheet;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use connectors::{Connector, carried as carried_connectors, read as read_connectors};
pub(crate) use coverage::State;
pub(crate) use dry_run::Surroundings;
pub(crate) use fixtures::{Deidentifier, Fixture};
pub(crate) use report::{Report, VERSION, WayIn, percent};

use crate::claim::{Date, day_number, from_day_number, iso};
use crate::codes::Library;
use crate::lifecycle::HostError;
use coverage::Counted;
use draft::{Draft, Hints};
use dry_run::{ProfileAt, Throwaway, Way};
use recognise::{Format, Sample};
use report::PayerSeen;

/// Why there is no report. Words hold no value of a patient; a path is as it was typed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OnboardError {
    /// A sample cannot be used: found, expected, what to do.
    #[error("{}: {words}", path.display())]
    Sample {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        words: String,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The host of the dry run.
    #[error("dry run: {0}")]
    Host(HostError),
    /// A defect, or its surroundings.
    #[error("{0}")]
    Internal(String),
}

impl OnboardError {
    fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }

    fn store(error: crate::store::StoreError) -> Self {
        Self::Host(HostError::Store(error))
    }
}

/// What is drafted, beside the report.
pub(crate) struct Onboarded {
    /// The report; its files are those of the drafts.
    pub(crate) report: Report,
    /// `profile.toml`.
    pub(crate) profile: String,
    /// Adapter and mapping of each way in, with the names of its samples' files.
    pub(crate) ways: Vec<(String, String)>,
    /// De-identified samples.
    pub(crate) fixtures: Vec<Fixture>,
}

/// What is asked for.
pub(crate) struct Wanted<'a> {
    /// The samples.
    pub(crate) samples: &'a [PathBuf],
    /// Id of the practice.
    pub(crate) practice: &'a str,
    /// The profile that the practice has; none: one is drafted.
    pub(crate) profile: Option<PathBuf>,
    /// Plugins and code tables.
    pub(crate) surroundings: Surroundings,
    /// Folders with connectors.
    pub(crate) connectors: Vec<PathBuf>,
    /// The day; none: that after the newest service.
    pub(crate) as_of: Option<Date>,
    /// Today.
    pub(crate) today: Date,
    /// An earlier report and the mappings that are in force now: nothing is drafted, the ways in are those of the report.
    pub(crate) before: Option<(Report, Vec<String>)>,
}

/// Drafts, runs and reports.
///
/// # Errors
/// [`OnboardError`].
pub(crate) fn onboard(wanted: &Wanted<'_>) -> Result<Onboarded, OnboardError> {
    let samples: Vec<Sample> =
        (1..).zip(wanted.samples).map(|(number, path)| Sample::read(number, path)).collect::<Result<_, _>>()?;
    let connectors = connectors::read(&wanted.connectors);
    let template = profile::TEMPLATE.replacen("id = \"my-practice\"", &format!("id = \"{}\"", wanted.practice), 1);
    let mut groups: BTreeMap<&'static str, Vec<&Sample>> = BTreeMap::new();
    for sample in &samples {
        groups.entry(sample.format.kind()).or_default().push(sample);
    }
    let mut drafts = Vec::new();
    for (&kind, group) in &groups {
        let Some(first) = group.first() else { continue };
        let adapter = first.format.component().to_owned();
        let known = connectors::like(&connectors, group)?;
        let draft = match (&wanted.before, &known) {
            (Some((before, mappings)), _) => in_force(before, mappings, kind, &adapter)?,
            (None, Some(known)) if !known.mapping.is_empty() => known.draft(),
            (None, _) => drafted(group)?,
        };
        drafts.push(Drafted { adapter, kind, known, samples: group.clone(), draft });
    }
    let ways: Vec<Way<'_>> = drafts.iter().map(Drafted::way).collect();
    let counted = count(wanted, &template, &ways)?;
    let mut hints = Hints::default();
    drafts.iter().for_each(|one| hints.add(one.draft.hints.clone()));
    let profile = profile::draft(&template, &counted, &hints);
    let in_use = wanted.profile.as_deref().map_or(ProfileAt::Text(&profile.filled), ProfileAt::File);
    let newest = counted.newest.map(|day| day + 1).filter(|day| *day <= day_number(wanted.today)).map(from_day_number);
    let as_of = wanted.as_of.or(newest).unwrap_or(wanted.today);
    let throwaway = Throwaway::make()?;
    let practice = wanted.practice;
    let mut host = throwaway.open(&wanted.surroundings, &ways, (practice, in_use), as_of)?;
    let (dry_run, go_live) = dry_run::run(&mut host, practice, as_of)?;
    let payers = payers(&counted, &hints, host.profile(practice));
    drop(host);
    let way_in = |(at, one): (usize, &Drafted<'_>)| WayIn {
        adapter: one.adapter.clone(),
        kind: one.kind.to_owned(),
        connector: one.known.as_ref().map(|known| known.id.clone()).unwrap_or_default(),
        connector_why: one.known.as_ref().map(|known| known.why.clone()).unwrap_or_default(),
        mapping: mapping_file(practice, at),
        samples: one.samples.iter().map(|sample| sample.number).collect(),
        entries: one.draft.entries.clone(),
        unused: one.draft.unused.clone(),
        notes: one.draft.notes.clone(),
        shifted: u64::try_from(one.draft.shifted).unwrap_or(u64::MAX),
        modifiers_not_read: one.draft.modifiers_not_read.clone(),
    };
    let mut report = Report {
        version: VERSION,
        day: iso(wanted.today),
        practice: practice.to_owned(),
        samples: samples.iter().map(Sample::recognised).collect(),
        ways: drafts.iter().enumerate().map(way_in).collect(),
        elements: counted.elements(),
        codes: counted.codes(),
        with_modifiers: counted.with_modifiers,
        payers,
        to_do: if wanted.profile.is_some() { Vec::new() } else { profile.to_do },
        dry_run,
        go_live,
        files: Vec::new(),
        against: None,
    };
    report.against = wanted.before.as_ref().map(|(before, _)| report.against(before));
    let fixtures = if wanted.before.is_some() {
        Vec::new()
    } else {
        let made = drafts.iter().enumerate().map(|(at, one)| fixtures::of(at, &one.samples, &one.draft));
        made.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
    };
    let ways = drafts.iter().map(|one| (one.adapter.clone(), one.draft.mapping.clone())).collect();
    Ok(Onboarded { report, profile: profile.draft, ways, fixtures })
}

/// Path of a way in's mapping, from the folder that is written.
pub(crate) fn mapping_file(practice: &str, at: usize) -> String {
    let number = if at == 0 { String::new() } else { format!("-{}", at + 1) };
    format!("practices/{practice}/mapping{number}.toml")
}

/// One way in while it is worked on.
struct Drafted<'s> {
    adapter: String,
    kind: &'static str,
    known: Option<connectors::Like>,
    samples: Vec<&'s Sample>,
    draft: Draft,
}

impl Drafted<'_> {
    fn way(&self) -> Way<'_> {
        // Two samples of one name come from two folders.
        let mut names: Vec<(String, &Path)> = Vec::new();
        for sample in &self.samples {
            let name = sample.file_name();
            let taken = names.iter().any(|(known, _)| *known == name);
            names.push((if taken { format!("{}-{name}", sample.number) } else { name }, &sample.path));
        }
        Way { adapter: &self.adapter, mapping: &self.draft.mapping, files: names }
    }
}

fn drafted(group: &[&Sample]) -> Result<Draft, OnboardError> {
    match group.first().map(|sample| sample.format) {
        Some(Format::Delimited { .. } | Format::Fixed { .. }) => delimited::draft(group),
        Some(Format::Hl7v2) => hl7::draft(group),
        Some(Format::Json | Format::Xml) => records::draft(group),
        // Both standards say where everything stands: the component's defaults are the mapping until a server says otherwise.
        Some(Format::Fhir) => Ok(Draft {
            mapping: "# Drafted by `claimhost onboard`: the component's defaults (FHIR R4, US Core). Every key: docs/mapping.md, fhir-r4.\n".to_owned(),
            ..Draft::default()
        }),
        Some(Format::X12) | None => Ok(Draft {
            mapping: "# Drafted by `claimhost onboard`: an 837P says where everything stands; there is nothing to map.\n".to_owned(),
            ..Draft::default()
        }),
    }
}

/// The mapping that is in force for a way in of an earlier report.
fn in_force(before: &Report, mappings: &[String], kind: &str, adapter: &str) -> Result<Draft, OnboardError> {
    let is_same = |way: &WayIn| if way.kind.is_empty() { way.adapter == adapter } else { way.kind == kind };
    let mapping = before.ways.iter().position(is_same).and_then(|at| mappings.get(at));
    let name = |way: &WayIn| if way.kind.is_empty() { way.adapter.clone() } else { way.kind.clone() };
    let ways: Vec<String> = before.ways.iter().map(name).collect();
    let mapping = mapping.ok_or_else(|| {
        OnboardError::Internal(format!(
            "found a sample for {kind}, expected what the earlier report was of: {}",
            ways.join(", ")
        ))
    })?;
    Ok(Draft { mapping: mapping.clone(), ..Draft::default() })
}

/// What the adapters make of the samples; no practice is needed for that, so the profile is `init`'s.
fn count(wanted: &Wanted<'_>, template: &str, ways: &[Way<'_>]) -> Result<Counted, OnboardError> {
    let throwaway = Throwaway::make()?;
    let mut host =
        throwaway.open(&wanted.surroundings, ways, (wanted.practice, ProfileAt::Text(template)), wanted.today)?;
    if let Some((id, error)) =
        host.plugins().list().into_iter().find_map(|plugin| plugin.error.map(|error| (plugin.id, error)))
        && ways.iter().any(|way| way.adapter == id)
    {
        return Err(OnboardError::Internal(format!("plugin {id}: {error}")));
    }
    let missing = ways.iter().find(|way| host.plugins().adapter(way.adapter).is_none());
    if let Some(way) = missing {
        let words = format!("the adapter {} is not active; `claimhost plugin list` says why", way.adapter);
        return Err(OnboardError::Internal(words));
    }
    host.settle().map_err(OnboardError::Host)?;
    let shelf = Library::open(&wanted.surroundings.codes.folder).shelf();
    let mut counted = Counted::default();
    dry_run::each_visit(&host, wanted.practice, |events| counted.visit(events, &shelf))?;
    Ok(counted)
}

fn payers(counted: &Counted, hints: &Hints, profile: Option<&crate::practice::Profile>) -> Vec<PayerSeen> {
    let seen = |(name, (ids, visits)): (&String, &(std::collections::BTreeSet<String>, u64))| {
        let of_sample = hints.payers.get(name).and_then(|(id, _)| id.clone());
        let names = ids.iter().map(String::as_str).chain([name.as_str()]);
        let of_profile = profile.and_then(|profile| profile.payer_by(names)).map(|payer| payer.id.clone());
        // What the dry run has invented is no id.
        let of_profile = of_profile.filter(|id| !id.starts_with("ONBOARD"));
        PayerSeen {
            name: counted.shown(name).unwrap_or_default(),
            visits: *visits,
            id: of_sample.or(of_profile).unwrap_or_default(),
        }
    };
    let mut payers: Vec<PayerSeen> = counted.payers.iter().map(seen).collect();
    payers.sort_by(|left, right| right.visits.cmp(&left.visits).then_with(|| left.name.cmp(&right.name)));
    payers
}
