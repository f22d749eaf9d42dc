//! The drafted mapping over the samples, through the real adapter, store, scrub and 837P writer, in a folder that is thrown away.
//!
//! Samples are linked into the folder, not copied; what is kept of them is sealed with a key that nobody has afterwards, and an 837P that
//! is written stands there in clear text until the folder goes. It goes with this value, whatever happens to the run; a process that is
//! killed leaves it for the next run to remove, which looks for folders whose process is gone.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::OnboardError;
use crate::claim::{Date, day_number, from_day_number};
use crate::config::{CodesConfig, Config, FolderConfig, LastLine, PluginsConfig, PracticeConfig};
use crate::lifecycle::{GoLive, Host};
use crate::private;
use crate::store::document::DocumentStatus;
use crate::store::visit::StoredEvent;
use crate::store::{MasterKey, StoreResult, Tx};

/// What names of such folders begin with; the process's id follows.
const PREFIX: &str = "claimhost-onboard-";

/// One way in: adapter, mapping, files.
pub(crate) struct Way<'a> {
    /// Id of the adapter.
    pub(crate) adapter: &'a str,
    /// What the site's mapping says; empty: nothing.
    pub(crate) mapping: &'a str,
    /// The files, by the name they have in the inbox.
    pub(crate) files: Vec<(String, &'a Path)>,
}

/// The practice's profile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ProfileAt<'a> {
    /// Drafted.
    Text(&'a str),
    /// The practice's own, with the tables beside it.
    File(&'a Path),
}

/// What a run may use of the site: plugins and code tables, never its store.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// `[plugins]`.
    pub(crate) plugins: PluginsConfig,
    /// `[codes]`.
    pub(crate) codes: CodesConfig,
}

/// What came of it, in counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DryRun {
    /// The day it was run as: the day after the newest service, so that an old sample is not found to be late.
    pub(crate) as_of: String,
    /// Documents by end.
    pub(crate) documents: BTreeMap<String, u64>,
    /// What rejected them.
    pub(crate) problems: Vec<Rejection>,
    /// Visits by state.
    pub(crate) visits: BTreeMap<String, u64>,
    /// Claims by state, before any is sent.
    pub(crate) claims: BTreeMap<String, u64>,
    /// Cents on claims that are ready.
    pub(crate) ready_cents: i64,
    /// Findings by rule.
    pub(crate) findings: BTreeMap<String, u64>,
    /// Claims that are ready and were written into 837Ps.
    pub(crate) written: u64,
    /// 837P files that these fill.
    pub(crate) files_837: u64,
}

/// Problems of one kind at one place. Places and words of problems hold no values of patients (the contract says so).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejection {
    /// Its id.
    pub(crate) id: String,
    /// The place, without row, repetition and byte.
    pub(crate) at: String,
    /// What was expected there.
    pub(crate) expected: String,
    /// What to do.
    pub(crate) remedy: String,
    /// How often.
    pub(crate) count: u64,
}

/// A folder that is thrown away, with a practice in it.
pub(crate) struct Throwaway {
    folder: PathBuf,
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        // What cannot be removed now, the next run looks for.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Throwaway {
    /// Makes an empty folder for its owner only, and removes those that killed runs have left.
    ///
    /// # Errors
    /// The operating system's.
    pub(crate) fn make() -> Result<Self, OnboardError> {
        let parent = std::env::temp_dir();
        let mut random = [0; 8];
        getrandom::fill(&mut random)
            .map_err(|_| OnboardError::Internal("no random bytes from the operating system".to_owned()))?;
        let folder = parent.join(format!("{PREFIX}{}-{}", std::process::id(), hex::encode(random)));
        private::make_folder(&folder).map_err(|error| OnboardError::file(&folder, error))?;
        sweep(&parent, &folder);
        Ok(Self { folder })
    }

    /// Opens a host over these ways in, for one practice with this profile.
    ///
    /// # Errors
    /// [`OnboardError`].
    pub(crate) fn open(
        &self,
        surroundings: &Surroundings,
        ways: &[Way<'_>],
        (practice, profile): (&str, ProfileAt<'_>),
        as_of: Date,
    ) -> Result<Host, OnboardError> {
        let at = |path: &str| self.folder.join(path);
        let file = |path: PathBuf| move |error| OnboardError::file(&path, error);
        let write = |path: PathBuf, text: &str| {
            use std::io::Write;
            let written = private::create_new(&path).and_then(|mut opened| opened.write_all(text.as_bytes()));
            written.map_err(file(path))
        };
        let mut config: Config = toml::from_str("").map_err(|error| OnboardError::Internal(error.to_string()))?;
        config.store.path = at("store.db");
        config.keys.master_key_file = at("key");
        // The site's key is for the site's store.
        config.keys.master_key_env = format!("CLAIMHOST_ONBOARD_{}", std::process::id());
        config.plugins = surroundings.plugins.clone();
        config.codes = surroundings.codes.clone();
        config.rules.folder = at("rules");
        config.clearinghouse.outbox = at("out");
        config.clearinghouse.inbox = at("in");
        config.intake.charge_entry = at("charge-entry");
        for folder in ["rules", "out", "in"] {
            private::make_folder(&at(folder)).map_err(file(at(folder)))?;
        }
        let key = MasterKey::generate().map_err(|error| OnboardError::Internal(error.to_string()))?;
        write(at("key"), &key.to_hex())?;
        let profile = match profile {
            ProfileAt::File(path) => path.to_owned(),
            ProfileAt::Text(text) => {
                write(at("profile.toml"), text)?;
                at("profile.toml")
            }
        };
        config.practice.push(PracticeConfig { id: practice.to_owned(), profile });
        for (number, way) in ways.iter().enumerate() {
            let inbox = at(&format!("inbox-{number}"));
            private::make_folder(&inbox).map_err(file(inbox.clone()))?;
            for (name, path) in &way.files {
                let real = fs::canonicalize(path).map_err(file(path.to_path_buf()))?;
                symlink(real, inbox.join(name)).map_err(file(inbox.clone()))?;
            }
            let mapping = at(&format!("mapping-{number}.toml"));
            write(mapping.clone(), way.mapping)?;
            config.intake.folder.push(FolderConfig {
                // A sample is what was picked out for it.
                last_line: LastLine::Open,
                practice: practice.to_owned(),
                path: inbox,
                adapter: way.adapter.to_owned(),
                mapping: Some(mapping),
            });
        }
        Host::open(config, as_of).map_err(OnboardError::Host)
    }
}

/// Removes folders of processes that are gone, where the system says which run; only those of whoever owns `own`.
fn sweep(parent: &Path, own: &Path) {
    let owner = |path: &Path| fs::symlink_metadata(path).ok().filter(|data| data.is_dir()).map(|data| data.uid());
    if !Path::new("/proc/self").exists() {
        return;
    }
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process =
            name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next()).and_then(|id| id.parse::<u32>().ok());
        let is_gone = process.is_some_and(|process| !Path::new("/proc").join(process.to_string()).exists());
        if is_gone && owner(&entry.path()) == owner(own) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Hands over the events of each visit.
///
/// # Errors
/// The store's.
pub(crate) fn each_visit(
    host: &Host,
    practice: &str,
    mut take: impl FnMut(&[StoredEvent]),
) -> Result<(), OnboardError> {
    let Some(store) = host.practice_store(practice) else { return Ok(()) };
    let read = store.read(|tx: &Tx<'_>| -> StoreResult<()> {
        for visit in tx.visits()? {
            take(&tx.events(visit.visit_id)?);
        }
        Ok(())
    });
    read.map_err(OnboardError::store)
}

/// Runs everything to the 837P, and counts. The record is what `go-live` shows, before anything is sent.
///
/// # Errors
/// [`OnboardError`].
pub(crate) fn run(host: &mut Host, practice: &str, as_of: Date) -> Result<(DryRun, GoLive), OnboardError> {
    host.settle().map_err(OnboardError::Host)?;
    // Nobody waits for late charges of a sample: its visits are billed when the bill-hold would end.
    let hold = host.profile(practice).map_or(0, |profile| i64::from(profile.bill_hold_days));
    if hold > 0 {
        host.set_as_of(from_day_number(day_number(as_of) + hold));
        host.settle().map_err(OnboardError::Host)?;
    }
    let record = host.go_live(practice).map_err(OnboardError::Host)?;
    let record = record.ok_or_else(|| OnboardError::Internal("the practice of the dry run is not there".to_owned()))?;
    let store = host
        .practice_store(practice)
        .ok_or_else(|| OnboardError::Internal("the store of the dry run is not there".to_owned()))?;
    let counted =
        |read: StoreResult<Vec<(String, u64)>>| read.map(|counts| counts.into_iter().collect::<BTreeMap<_, _>>());
    let (documents, visits, claims, findings, problems) = store
        .read(|tx: &Tx<'_>| -> StoreResult<_> {
            let mut documents: BTreeMap<String, u64> =
                DocumentStatus::ALL.iter().map(|status| (status.as_str().to_owned(), 0)).collect();
            documents.extend(tx.received_document_counts()?);
            let (visits, claims) = (counted(tx.visit_counts())?, counted(tx.claim_counts())?);
            Ok((documents, visits, claims, counted(tx.finding_counts())?, rejections(tx)?))
        })
        .map_err(OnboardError::store)?;
    let ready = record.dry_run.ready;
    // Nothing leaves the folder: this is the practice's word for itself, in a store that is thrown away.
    if ready > 0 && host.approve(practice, "onboard").map_err(OnboardError::Host)?.is_ok() {
        host.settle().map_err(OnboardError::Host)?;
    }
    let outbox = fs::read_dir(&host.config().clearinghouse.outbox).into_iter().flatten().flatten();
    let sent = store.read(|tx: &Tx<'_>| tx.claim_counts()).map_err(OnboardError::store)?;
    let still: u64 = sent.iter().filter(|(state, _)| state == "ready").map(|(_, count)| *count).sum();
    Ok((
        DryRun {
            as_of: crate::claim::iso(as_of),
            documents,
            problems,
            visits,
            claims,
            ready_cents: record.dry_run.ready_cents,
            findings,
            written: ready.saturating_sub(still),
            files_837: outbox.filter(|entry| entry.path().is_file()).map(|_| 1).sum(),
        },
        record,
    ))
}

/// Why documents were not translated, by problem and place.
fn rejections(tx: &Tx<'_>) -> StoreResult<Vec<Rejection>> {
    let mut all: BTreeMap<(String, String), Rejection> = BTreeMap::new();
    for status in [DocumentStatus::Rejected, DocumentStatus::Parked] {
        for row in tx.documents(Some(status))? {
            let detail = tx.document_detail(row.document_id)?;
            let problems = detail.as_array().or_else(|| detail.get("problems").and_then(Value::as_array));
            let problems = problems.cloned().unwrap_or_default();
            if problems.is_empty() {
                let blank = || String::new();
                let rejection =
                    Rejection { id: row.reason.clone(), at: blank(), expected: blank(), remedy: blank(), count: 0 };
                all.entry((row.reason, String::new())).or_insert(rejection).count += 1;
            }
            for problem in &problems {
                let text = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                let at = problem
                    .get("at")
                    .map(|at| at.get("path").unwrap_or(at))
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let (id, at) = (text("id"), place(at));
                let rejection = Rejection {
                    id: id.clone(),
                    at: at.clone(),
                    expected: text("expected"),
                    remedy: text("remedy"),
                    count: 0,
                };
                all.entry((id, at)).or_insert(rejection).count += 1;
            }
        }
    }
    let mut all: Vec<Rejection> = all.into_values().collect();
    all.sort_by(|left, right| {
        right.count.cmp(&left.count).then_with(|| (&left.id, &left.at).cmp(&(&right.id, &right.at)))
    });
    Ok(all)
}

/// A place without the number of its row, and of what it is counted by.
fn place(path: &str) -> String {
    let path = match path.split_once(", ") {
        Some((row, rest)) if row.starts_with("row ") || row.starts_with("line ") => rest,
        _ if path.starts_with("row ") => "row",
        _ if path.starts_with("line ") => "line",
        _ => path,
    };
    let mut out = String::new();
    let mut within = false;
    for one in path.chars() {
        match one {
            '[' => within = true,
            ']' => within = false,
            one if within && one.is_ascii_digit() => continue,
            _ => {}
        }
        out.push(one);
    }
    out.replace("[]", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_without_what_they_are_counted_by() {
        for (path, told) in [
            ("row 12, column DOS", "column DOS"),
            ("row 3", "row"),
            ("FT1[1]-7", "FT1-7"),
            ("Bundle.entry[12].resource.item[0].net", "Bundle.entry.resource.item.net"),
            ("identifier[type=MR].value", "identifier[type=MR].value"),
        ] {
            assert_eq!(place(path), told);
        }
    }

    #[test]
    fn a_folder_goes_with_its_value_and_one_of_a_gone_process_with_the_next() {
        let left = std::env::temp_dir().join(format!("{PREFIX}4194305-dead"));
        fs::create_dir_all(left.join("inbox-0")).unwrap();
        let made = Throwaway::make().unwrap();
        let folder = made.folder.clone();
        assert!(folder.is_dir() && !left.exists());
        drop(made);
        assert!(!folder.exists());
    }
}
