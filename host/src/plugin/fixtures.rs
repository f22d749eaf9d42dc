//! A plugin's own examples, run before it becomes active: right, and the same alone as among others.
//!
//! `fixtures/<case>/` of an adapter: `input.<ext>` is a file as the system sends it, framed as the manifest says (joined files
//! lie beside it), `mapping.toml` and `settings.toml` are the setup, `expected.json` the list of outcomes. Of a rule set:
//! `claim.json` (a list of claims in context), `expected.json` (a list of findings for each). Of a puller: `scripts.rs`; of a poster: `postings.rs`. Errors say where, never what: a
//! fixture may hold a patient by mistake.

mod accept;
mod compared;
mod difference;
mod marks;
mod postings;
mod scripts;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

pub(in crate::plugin) use accept::accept;
pub(crate) use accept::mark_invented;
pub use accept::{Accepted, DataIs, Disguiser, Given};
use compared::Compared;
pub use difference::{Difference, Differing};

use super::fault::{Fault, FaultKind};
use super::files;
use super::load::Plugin;
use super::runner::{self, BATCH_MAX, Call};
use super::session::Pre;
use super::source;
use crate::claim::{ClaimInContext, Date, Document, Setup};
use crate::config::LastLine;
use crate::intake::framing;

/// The day every fixture document was received.
const RECEIVED: Date = Date { year: 2026, month: 3, day: 2 };
/// The practice that fixtures run for: no id in a configuration can be empty. Its code tables are the public ones that come
/// with claimhost.
pub(super) const PRACTICE: &str = "";
/// A file of a fixture bigger than this is not read.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Fixtures bigger than this all together are not copied.
const ALL_BYTES_MAX: u64 = 256 << 20;
/// Orders that the warm session sees, besides the one by name.
const SHUFFLES: u64 = 3;

/// Why a fixture fails. `case` is the folder's name.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FixtureError {
    /// A file is missing or cannot be read.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Found, expected, what to do.
        problem: String,
    },
    /// The answer is not `expected.json`.
    #[error(
        "{case}: at {pointer} the answer is {found}, expected.json has {expected}; correct the plugin, or accept the new answer"
    )]
    Mismatch {
        /// Folder of the first fixture.
        case: String,
        /// JSON pointer of the first difference.
        pointer: String,
        /// Class of what the plugin answered.
        found: String,
        /// Class of what the file has.
        expected: String,
        /// Every difference of every fixture, for its author.
        all: Vec<Differing>,
    },
    /// The same input gave another answer in another company: the plugin remembers something.
    #[error(
        "{case}: answers differently at {pointer} among other documents than alone; the plugin must keep nothing between documents"
    )]
    Impure {
        /// Folder of the fixture.
        case: String,
        /// JSON pointer of the first difference.
        pointer: String,
    },
    /// The plugin faulted.
    #[error("{case}: {fault}")]
    Fault {
        /// Folder of the fixture, or how many ran together.
        case: String,
        /// What happened.
        fault: Fault,
    },
    /// The plugin refused the fixture's own setup.
    #[error("{case}: the plugin refuses the fixture's mapping: {} problems, the first {}", problems.len(), problems.first().map_or("", String::as_str))]
    Setup {
        /// Folder of the fixture.
        case: String,
        /// Ids of the problems with their places.
        problems: Vec<String>,
    },
}

/// What ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixtureReport {
    /// Fixture folders.
    pub cases: usize,
    /// Documents or claims in them.
    pub items: usize,
}

/// One fixture folder, read.
struct Case<I> {
    name: String,
    folder: PathBuf,
    setup: Setup,
    items: Vec<I>,
}

/// Runs every fixture alone in a fresh session, then all of one setup together in one warm session in several orders.
pub(super) fn verify(plugin: &Plugin) -> Result<FixtureReport, FixtureError> {
    // Joined files are read by their framer: none may be a link to elsewhere.
    digest(&plugin.folder)?;
    match &plugin.compiled.pre {
        Pre::Adapter(_) => check(plugin, &cases(plugin, documents)?, &super::adapter::call),
        Pre::Rules(_) => check(plugin, &cases(plugin, claims)?, &super::rules::call),
        Pre::Puller(_) => scripts::verify(plugin),
        Pre::Poster(_) => postings::verify(plugin),
    }
}

/// Digest of every file below `fixtures/`, for what is remembered as verified.
pub(super) fn digest(folder: &Path) -> Result<[u8; 32], FixtureError> {
    let mut hasher = Sha256::new();
    each_file(folder, |name, bytes| {
        hasher.update(Sha256::digest(name.as_os_str().as_encoded_bytes()));
        hasher.update(Sha256::digest(bytes));
        Ok(())
    })?;
    Ok(hasher.finalize().into())
}

/// Every file of every fixture, by its path below the plugin's folder: to be copied with the plugin.
pub(super) fn all_files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, FixtureError> {
    let (mut files, mut total) = (Vec::new(), 0);
    each_file(folder, |name, bytes| {
        total += bytes.len() as u64;
        if total > ALL_BYTES_MAX {
            let problem =
                format!("found over {ALL_BYTES_MAX} bytes in all fixtures, expected at most that; take some out");
            return Err(file(&folder.join("fixtures"), problem));
        }
        files.push((name.to_owned(), bytes));
        Ok(())
    })?;
    let marks = Path::new("fixtures").join(marks::NAME);
    if folder.join(&marks).is_file() {
        files.push((marks.clone(), read(folder, &folder.join(&marks))?));
    }
    Ok(files)
}

fn each_file(
    folder: &Path,
    mut with: impl FnMut(&Path, Vec<u8>) -> Result<(), FixtureError>,
) -> Result<(), FixtureError> {
    for case in sorted(&folder.join("fixtures"))?.into_iter().filter(|path| path.is_dir()) {
        for path in sorted(&case)?.into_iter().filter(|path| path.is_file()) {
            with(path.strip_prefix(folder).unwrap_or(&path), read(folder, &path)?)?;
        }
    }
    Ok(())
}

fn check<I: Clone, O: Serialize>(
    plugin: &Plugin,
    cases: &[Case<I>],
    call: Call<'_, I, O>,
) -> Result<FixtureReport, FixtureError> {
    let mut answers: Vec<Vec<Value>> = Vec::with_capacity(cases.len());
    let mut compared = Compared::new(plugin)?;
    for case in cases {
        // Each item alone: purity is per document.
        let mut outputs = Vec::with_capacity(case.items.len());
        for item in &case.items {
            outputs.extend(alone(plugin, case, std::slice::from_ref(item), call)?);
        }
        compared.case(case, &serde_json::to_value(&outputs).unwrap_or(Value::Null))?;
        answers.push(outputs.iter().map(|output| serde_json::to_value(output).unwrap_or(Value::Null)).collect());
    }
    compared.end()?;
    together(plugin, cases, &answers, call)?;
    let items = cases.iter().map(|case| case.items.len()).sum();
    Ok(FixtureReport { cases: cases.len(), items })
}

/// All items of one setup in shuffled batches of the one warm session that the pool keeps for them.
fn together<I: Clone, O: Serialize>(
    plugin: &Plugin,
    cases: &[Case<I>],
    answers: &[Vec<Value>],
    call: Call<'_, I, O>,
) -> Result<(), FixtureError> {
    type Member<'a, I> = (&'a Case<I>, I, &'a Value);
    let mut groups: BTreeMap<[u8; 32], Vec<Member<'_, I>>> = BTreeMap::new();
    for (case, answers) in cases.iter().zip(answers) {
        let group = groups.entry(runner::setup_digest(&case.setup)).or_default();
        group.extend(case.items.iter().cloned().zip(answers).map(|(item, answer)| (case, item, answer)));
    }
    for mut group in groups.into_values() {
        for seed in 0..=SHUFFLES {
            for batch in group.chunks(BATCH_MAX) {
                let items: Vec<I> = batch.iter().map(|(_, item, _)| item.clone()).collect();
                let Some((first, ..)) = batch.first() else { continue };
                let results = runner::run(plugin, PRACTICE, &first.setup, &items, call)
                    .map_err(|problems| refused(&first.name, &problems))?;
                for (result, (case, _, alone)) in results.into_iter().zip(batch) {
                    let output = result.map_err(|fault| FixtureError::Fault { case: case.name.clone(), fault })?;
                    let value = serde_json::to_value(&output).unwrap_or(Value::Null);
                    if let Some((pointer, ..)) = difference::first(&value, alone) {
                        return Err(FixtureError::Impure { case: case.name.clone(), pointer });
                    }
                }
            }
            shuffle(&mut group, seed);
        }
    }
    plugin.shared.pool.retire(|key| key.practice.is_empty() && *key.plugin == *plugin.digest);
    Ok(())
}

/// Fisher-Yates by a fixed generator (Knuth's MMIX constants): the same orders on every host.
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pick = (state >> 33) % (last as u64 + 1);
        items.swap(last, usize::try_from(pick).unwrap_or(0));
    }
}

fn alone<I, O>(plugin: &Plugin, case: &Case<I>, items: &[I], call: Call<'_, I, O>) -> Result<Vec<O>, FixtureError> {
    match runner::run_alone(plugin, PRACTICE, &case.setup, items, call) {
        Ok(Ok(outputs)) => Ok(outputs),
        Ok(Err(problems)) => Err(refused(&case.name, &problems)),
        Err(fault) => Err(FixtureError::Fault { case: case.name.clone(), fault }),
    }
}

pub(super) fn refused(case: &str, problems: &[crate::claim::Problem]) -> FixtureError {
    let problems = problems.iter().map(|problem| format!("{} at {}", problem.id, problem.at.path)).collect();
    FixtureError::Setup { case: case.to_owned(), problems }
}

/// Reads every fixture folder, by name. A plugin without a `fixtures` folder has none.
fn cases<I>(
    plugin: &Plugin,
    items: impl Fn(&Plugin, &Path) -> Result<Vec<I>, FixtureError> + Copy,
) -> Result<Vec<Case<I>>, FixtureError> {
    folders(&plugin.folder)?.iter().map(|folder| case_of(plugin, folder, items)).collect()
}

/// Folders of cases, by name.
fn folders(plugin: &Path) -> Result<Vec<PathBuf>, FixtureError> {
    Ok(sorted(&plugin.join("fixtures"))?.into_iter().filter(|path| path.is_dir()).collect())
}

fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Reads one fixture folder.
fn case_of<I>(
    plugin: &Plugin,
    folder: &Path,
    items: impl Fn(&Plugin, &Path) -> Result<Vec<I>, FixtureError>,
) -> Result<Case<I>, FixtureError> {
    let settings = folder.join("settings.toml");
    let settings: BTreeMap<String, String> = match settings.is_file() {
        true => toml::from_str(&text(&plugin.folder, &settings)?)
            .map_err(|error| file(&settings, error.message().to_owned()))?,
        false => BTreeMap::new(),
    };
    let setup = Setup { settings: settings.into_iter().collect(), mapping: mapping_of(plugin, folder)? };
    Ok(Case { name: name_of(folder), setup, items: items(plugin, folder)?, folder: folder.to_owned() })
}

/// The mapping of a fixture alone; empty where it has none.
fn mapping_of(plugin: &Plugin, folder: &Path) -> Result<String, FixtureError> {
    let mapping = folder.join("mapping.toml");
    if mapping.is_file() { text(&plugin.folder, &mapping) } else { Ok(String::new()) }
}

/// Files of a case by name: what the plugin is given, not how it is set up and not what it has to say.
type Data = Vec<(String, Vec<u8>)>;

/// The data of a case.
fn data_of(plugin: &Plugin, folder: &Path) -> Result<Data, FixtureError> {
    data_in(&plugin.folder, folder)
}

fn data_in(root: &Path, folder: &Path) -> Result<Data, FixtureError> {
    let mut data = Vec::new();
    for path in sorted(folder)?.into_iter().filter(|path| path.is_file()) {
        let name = name_of(&path);
        if !["expected.json", "mapping.toml", "settings.toml"].contains(&name.as_str()) {
            data.push((name, read(root, &path)?));
        }
    }
    Ok(data)
}

/// Setup and documents of every fixture of an adapter.
pub(super) fn documents_of(plugin: &Plugin) -> Result<Vec<(Setup, Vec<Document>)>, FixtureError> {
    Ok(cases(plugin, documents)?.into_iter().map(|case| (case.setup, case.items)).collect())
}

/// Setup and claims of every fixture of a rule set.
pub(super) fn claims_of(plugin: &Plugin) -> Result<Vec<(Setup, Vec<ClaimInContext>)>, FixtureError> {
    Ok(cases(plugin, claims)?.into_iter().map(|case| (case.setup, case.items)).collect())
}

/// The documents of an adapter's fixture: `input.*` cut as the manifest says, exactly as the host cuts a file that arrives.
fn documents(plugin: &Plugin, folder: &Path) -> Result<Vec<Document>, FixtureError> {
    documents_of_data(plugin, folder, &data_of(plugin, folder)?)
}

fn documents_of_data(
    plugin: &Plugin,
    folder: &Path,
    data: &[(String, Vec<u8>)],
) -> Result<Vec<Document>, FixtureError> {
    let framing = plugin.manifest.framing.map_or(framing::Framing::Whole, framing::Framing::from);
    let format = plugin.manifest.formats.first().map_or("", String::as_str);
    let mapping = source::joined(plugin.mapping.as_deref(), &mapping_of(plugin, folder)?);
    let joins = || -> Result<framing::Joins, framing::FramingError> {
        let settings = framing::Settings::from_mapping(&mapping)?;
        let mut joins = framing::Joins::with(LastLine::Open); // as an author wrote them
        for join in &settings.join {
            let files = data.iter().filter(|(name, _)| join.takes(name));
            files.into_iter().try_for_each(|(_, bytes)| joins.add(&settings, join, bytes))?;
        }
        Ok(joins)
    };
    let mut documents = Vec::new();
    for (name, bytes) in data {
        let path = folder.join(name);
        if path.file_stem().is_none_or(|stem| stem != "input") {
            continue;
        }
        let framer = joins()
            .and_then(|joins| {
                framing::Framer::open(framing, format, &mapping, joins, std::io::Cursor::new(bytes.as_slice()))
            })
            .map_err(|error| file(&path, error.to_string()))?;
        for item in framer {
            match item.map_err(|error| file(&path, error.to_string()))? {
                framing::Item::Frame(frame) => documents.push(Document {
                    format: frame.format,
                    content: frame.content,
                    related: frame.related,
                    received: RECEIVED,
                    ordinal: frame.ordinal,
                }),
                framing::Item::Problem(problem) => return Err(file(&path, problem.to_string())),
                framing::Item::Gap(_) => {}
            }
        }
    }
    if documents.is_empty() {
        return Err(file(folder, "has no document in input.*; put a file in it as the system sends it".to_owned()));
    }
    Ok(documents)
}

/// The claims of a rule set's fixture.
fn claims(plugin: &Plugin, folder: &Path) -> Result<Vec<ClaimInContext>, FixtureError> {
    let path = folder.join("claim.json");
    let claims: Vec<ClaimInContext> = json(&plugin.folder, &path)?;
    // A record that is read may lack what is empty; here that would be a name that is misspelt.
    let (given, whole) = (json(&plugin.folder, &path)?, serde_json::to_value(&claims).unwrap_or_default());
    differing_field(&given, &whole, "").map_or(Ok(claims), |words| Err(file(&path, words)))
}

fn json<T: DeserializeOwned>(root: &Path, path: &Path) -> Result<T, FixtureError> {
    serde_json::from_slice(&read(root, path)?).map_err(|error| {
        let class = if error.is_data() { "a field is missing or of another kind" } else { "no JSON" };
        file(path, format!("line {}, column {}: {class}", error.line(), error.column()))
    })
}

/// The first field that a file has and its record has not, or the other way round.
fn differing_field(given: &Value, whole: &Value, at: &str) -> Option<String> {
    match (given, whole) {
        (Value::Object(given), Value::Object(whole)) => {
            let missing = whole.iter().find(|(name, value)| !value.is_null() && !given.contains_key(*name));
            let unknown = given.keys().find(|name| !whole.contains_key(*name));
            match (missing, unknown) {
                (None, None) => given
                    .iter()
                    .find_map(|(name, value)| differing_field(value, whole.get(name)?, &format!("{at}/{name}"))),
                (Some((name, _)), _) => Some(format!("{at}: a field is missing: `{name}`")),
                (None, Some(name)) => Some(format!("{at}: no field of the contract is called `{name}`")),
            }
        }
        (Value::Array(given), Value::Array(whole)) => given
            .iter()
            .zip(whole)
            .enumerate()
            .find_map(|(number, (given, whole))| differing_field(given, whole, &format!("{at}/{number}"))),
        _ => None,
    }
}

fn text(root: &Path, path: &Path) -> Result<String, FixtureError> {
    String::from_utf8(read(root, path)?).map_err(|_| file(path, "is not UTF-8".to_owned()))
}

/// A file of the plugin's folder, and of no other.
fn read(root: &Path, path: &Path) -> Result<Vec<u8>, FixtureError> {
    let name = path.strip_prefix(root).unwrap_or(path);
    files::read(root, name, FILE_BYTES_MAX).map_err(|problem| file(path, problem))
}

/// Entries of a folder by name; none where it does not exist.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>, FixtureError> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(|error| file(folder, error.to_string()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn file(path: &Path, problem: String) -> FixtureError {
    FixtureError::File { path: path.to_owned(), problem }
}

impl FixtureError {
    /// Whether the plugin, not the fixture, was stopped by its fault budget: run again later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Fault { fault, .. } if matches!(fault.kind(), FaultKind::BudgetSpent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_every_item_and_moves_some() {
        for seed in 0..=SHUFFLES {
            let mut items: Vec<u32> = (0..50).collect();
            shuffle(&mut items, seed);
            assert_ne!(items, (0..50).collect::<Vec<_>>());
            items.sort_unstable();
            assert_eq!(items, (0..50).collect::<Vec<_>>());
        }
    }
}
