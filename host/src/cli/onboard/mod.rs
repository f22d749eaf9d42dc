//! `onboard SAMPLE…`: a folder with drafted mapping and profile, de-identified fixtures, a report and the record for the sign-off; with
//! `--against`, what a later sample has no longer.

mod words;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::init::{CLAIMHOST, fill};
use super::output::{print, print_json};
use super::{Failure, Global, peers};
use crate::config::{CodesConfig, Config, PluginsConfig};
use crate::lifecycle::{HostError, load_profile};
use crate::onboard::{self, Fixture, OnboardError, Onboarded, Report, Surroundings, VERSION, Wanted};
use crate::plugin::Trust;
use crate::private;

/// The report in the folder that is written.
const REPORT: &str = "report.json";
/// What `go-live` will be compared with.
const GO_LIVE: &str = "go-live.json";
/// Name of the configuration where none is named.
const CONFIG: &str = "claimhost.toml";
/// Practice of the drafts where none is named.
const PRACTICE: &str = "my-practice";

/// `onboard`
#[derive(Debug, clap::Args)]
pub(crate) struct Onboard {
    /// Files of one export: HL7 v2, FHIR R4 (JSON), JSON, XML, delimited rows (files that join each other together), fixed width, or an 837P
    #[arg(value_name = "SAMPLE", required = true)]
    samples: Vec<PathBuf>,
    /// Folder for everything that is drafted; default: `onboard` beside the first sample
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace drafts that are there; the key and the store stay
    #[arg(long)]
    force: bool,
    /// Id of the practice in the drafts
    #[arg(long, value_name = "ID", default_value = PRACTICE, value_parser = practice_id)]
    practice: String,
    /// The profile that the practice has: nothing is drafted of it, and payers, providers and places are looked up there
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Write the report as a page too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Compare with an earlier report, reading the samples with the mappings beside it: the quarterly transfer audit
    #[arg(long, value_name = "REPORT", conflicts_with_all = ["out", "force"])]
    against: Option<PathBuf>,
}

fn practice_id(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text != crate::store::CLEARING
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits { Ok(text.to_owned()) } else { Err("expected letters, digits and `-`".to_owned()) }
}

impl Onboard {
    pub(crate) fn run(&self, global: &Global) -> Result<ExitCode, Failure> {
        let out = self.out.clone().unwrap_or_else(|| {
            self.samples.first().and_then(|sample| sample.parent()).unwrap_or(Path::new("")).join("onboard")
        });
        if self.against.is_none() {
            self.refuse_taken(&out)?;
        }
        let (surroundings, connectors) = surroundings(global)?;
        let before = self.against.as_deref().map(earlier).transpose()?;
        let (practice, profile) = self.known_practice(before.as_ref())?;
        let wanted = Wanted {
            samples: &self.samples,
            practice: &practice,
            profile,
            surroundings,
            connectors,
            as_of: global.as_of,
            today: global.today(),
            before: before.map(|before| (before.report, before.mappings)),
        };
        let mut onboarded = onboard::onboard(&wanted).map_err(failure)?;
        if self.against.is_none() {
            write(&out, &mut onboarded, wanted.profile.as_deref())?;
        }
        let report = &onboarded.report;
        if let Some(path) = &self.html {
            let page = words::page(report);
            fs::write(path, page).map_err(|error| Failure::internal(format!("{}: {error}", path.display())))?;
        }
        if global.json {
            print_json(report);
        } else {
            print(&words::text(report));
            if self.against.is_none() {
                next(&out, report);
            }
        }
        let broke = report.against.as_ref().is_some_and(|against| !against.broken.is_empty());
        Ok(if broke { ExitCode::from(4) } else { ExitCode::SUCCESS })
    }

    /// Nothing that is there is replaced unasked.
    fn refuse_taken(&self, out: &Path) -> Result<(), Failure> {
        let taken: Vec<&str> =
            [CONFIG, REPORT, "practices", "fixtures"].into_iter().filter(|name| out.join(name).exists()).collect();
        if self.force || taken.is_empty() {
            return Ok(());
        }
        let words = format!("{} has {} already; nothing was changed", out.display(), taken.join(", "));
        Err(Failure::missing(format!(
            "{words}\nhint: name another folder with --out, or replace the drafts with --force"
        )))
    }

    /// The practice, and the profile that it has.
    fn known_practice(&self, before: Option<&Before>) -> Result<(String, Option<PathBuf>), Failure> {
        let of_before = before.and_then(|before| before.profile.clone());
        let Some(path) = self.profile.clone().or(of_before) else {
            return Ok((before.map_or(self.practice.clone(), |before| before.report.practice.clone()), None));
        };
        let profile = load_profile(&path)?;
        Ok((profile.id, Some(fs::canonicalize(&path)?)))
    }
}

fn failure(error: OnboardError) -> Failure {
    match error {
        OnboardError::Sample { .. } => Failure::missing(error.to_string()),
        OnboardError::Host(error) => Failure::from(error),
        other => Failure::internal(other.to_string()),
    }
}

/// Plugins and code tables of the configuration, or of the project's sources; and where connectors are.
fn surroundings(global: &Global) -> Result<(Surroundings, Vec<PathBuf>), Failure> {
    let workspace = peers::workspace();
    let shipped = workspace.as_ref().map(|workspace| workspace.join("connectors"));
    if global.config.exists() || global.config != Path::new(CONFIG) {
        let config = Config::load(&global.config).map_err(HostError::from)?;
        let connectors = config.plugins.folders.iter().cloned().chain(shipped).collect();
        return Ok((Surroundings { plugins: config.plugins, codes: config.codes }, connectors));
    }
    let Some(workspace) = workspace else {
        let words = format!("there is no {CONFIG} here, so there are no plugins to read a sample with");
        return Err(Failure::config(format!(
            "{words}\nhint: make one with `claimhost init DIR`, and name it with --config"
        )));
    };
    crate::plugin::build::build_missing(&workspace).map_err(|error| Failure::internal(error.to_string()))?;
    let plugins = PluginsConfig {
        folders: vec![workspace.join("plugins/ehr"), workspace.join("plugins/payers")],
        cache: workspace.join("target/plugin-cache"),
        trust: Trust::Any,
        ..PluginsConfig::default()
    };
    // Opening a folder of code tables makes it: not where somebody happens to work.
    let codes = CodesConfig { folder: workspace.join("target/codes") };
    Ok((Surroundings { plugins, codes }, shipped.into_iter().collect()))
}

/// An earlier report, with what is in force beside it.
struct Before {
    report: Report,
    mappings: Vec<String>,
    profile: Option<PathBuf>,
}

fn earlier(path: &Path) -> Result<Before, Failure> {
    let unreadable = |error: String| {
        Failure::missing(format!("{}: {error}; name the report.json of an earlier onboard", path.display()))
    };
    let text = fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let report: Report = serde_json::from_str(&text).map_err(|error| unreadable(format!("is no report: {error}")))?;
    if report.version != VERSION {
        return Err(unreadable(format!("is of form {}, expected {VERSION}", report.version)));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mapping = |way: &onboard::WayIn| {
        let path = folder.join(&way.mapping);
        fs::read_to_string(&path).map_err(|error| {
            Failure::missing(format!("{}: {error}; the mapping has to lie beside its report", path.display()))
        })
    };
    let mappings = report.ways.iter().map(mapping).collect::<Result<_, _>>()?;
    // A profile that is not filled in yet says nothing of payers.
    let profile = folder.join(format!("practices/{}/profile.toml", report.practice));
    let profile = load_profile(&profile).is_ok().then_some(profile);
    Ok(Before { report, mappings, profile })
}

/// Writes everything that was drafted, as `init` does.
fn write(out: &Path, onboarded: &mut Onboarded, own: Option<&Path>) -> Result<(), Failure> {
    let Onboarded { report, profile, ways, fixtures } = onboarded;
    let practice = report.practice.clone();
    let mut texts = vec![(CONFIG.to_owned(), configuration(&practice, own, ways))];
    if own.is_none() {
        texts.push((format!("practices/{practice}/profile.toml"), profile.clone()));
    }
    for (at, (_, mapping)) in ways.iter().enumerate() {
        texts.push((onboard::mapping_file(&practice, at), mapping.clone()));
    }
    let inboxes: Vec<String> = (0..ways.len()).map(|at| inbox(&practice, at)).collect();
    let mut private_folders: Vec<&str> = inboxes.iter().map(String::as_str).collect();
    private_folders.extend(["transport/out", "transport/in", "store", "cache"]);
    let made = fill(out, &texts, &private_folders, true)?;
    // Fixtures of an earlier run may be of other samples.
    match fs::remove_dir_all(out.join("fixtures")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    report.files = made.files;
    for Fixture { path, bytes } in fixtures.iter() {
        write_file(&out.join(path), bytes)?;
        report.files.push(path.clone());
    }
    report.files.extend([GO_LIVE.to_owned(), REPORT.to_owned()]);
    let json = |value: Result<Vec<u8>, serde_json::Error>| value.map_err(|error| Failure::internal(error.to_string()));
    write_file(&out.join(GO_LIVE), &json(serde_json::to_vec_pretty(&report.go_live))?)?;
    write_file(&out.join(REPORT), &json(serde_json::to_vec_pretty(&*report))?)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    private::make_folder(folder)?;
    Ok(private::write_whole(folder, &name, bytes)?)
}

fn inbox(practice: &str, at: usize) -> String {
    if at == 0 { format!("inbox/{practice}") } else { format!("inbox/{practice}-{}", at + 1) }
}

/// `init`'s configuration with these ways in, and with the profile that the practice has.
fn configuration(practice: &str, own: Option<&Path>, ways: &[(String, String)]) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let first = ways.first().map_or("hl7v2-dft", |(adapter, _)| adapter.as_str());
    let mut text = String::new();
    for line in CLAIMHOST.lines() {
        let line = match own {
            _ if line == "adapter = \"hl7v2-dft\"" => format!("adapter = {}", quoted(first)),
            Some(own) if line.starts_with("profile = ") => format!("profile = {}", quoted(&own.display().to_string())),
            _ => line.replace(PRACTICE, practice),
        };
        text += &format!("{line}\n");
    }
    for (at, (adapter, _)) in ways.iter().enumerate().skip(1) {
        text += &format!(
            "\n[[intake.folder]]\npractice = {}\npath = {}\nadapter = {}\nmapping = {}\n",
            quoted(practice),
            quoted(&inbox(practice, at)),
            quoted(adapter),
            quoted(&onboard::mapping_file(practice, at))
        );
    }
    text
}

fn next(out: &Path, report: &Report) {
    let (folder, practice) = (out.display(), &report.practice);
    print("\nNext");
    print(&format!("  look at {folder}/{}: each line says why", onboard::mapping_file(practice, 0)));
    if !report.to_do.is_empty() {
        print(&format!("  supply what begins with TODO in {folder}/practices/{practice}/profile.toml"));
    }
    print(&format!("  claimhost --config {folder}/claimhost.toml check-config"));
    print(&format!("  put the samples into {folder}/inbox/{practice}, then: run --once, and go-live {practice}"));
    print(&format!("  each quarter: claimhost onboard --against {folder}/{REPORT} SAMPLE"));
}
