//! A folder made by `claimhost init` for one invented practice, with an inbox for each of the three kinds of documents.
//!
//! Runs the real binary only. What a test asserts it reads from `--json`. Read `charge_message` for the HL7 message that
//! this practice bills without a finding.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::custody::{assert_accounted, assert_left};
use crate::programs::{claimhost, workspace};

/// The practice that `claimhost init` makes.
pub const PRACTICE: &str = "my-practice";
/// The host's own tenant, which has the clearinghouse's files.
pub const CLEARING: &str = "clearing";

/// The token of an upload that a test opens, and its SHA-256, as a configuration has it.
pub const UPLOAD_TOKEN: &str = "5f1c6b0e-a-token-of-these-tests";
const UPLOAD_TOKEN_SHA256: &str = "a46aac986f63a45d1b4697c1a40e9780efa3c3978e59656b78ef9ec19d8b6a42";

/// A folder of one practice. It goes with the value.
#[derive(Debug)]
pub struct Site {
    folder: tempfile::TempDir,
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

#[allow(clippy::expect_used, clippy::panic, reason = "a test helper: its failure is the test's")]
impl Site {
    /// Makes the folder: `init`, then a folder each for 837s and superbills, and a bill-hold of no days.
    ///
    /// # Panics
    /// Where `init` fails.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let site = Self { folder };
        let made =
            Command::new(claimhost()).args(["init", "--json"]).arg(site.dir()).output().expect("claimhost starts");
        assert!(made.status.success(), "init: {}", String::from_utf8_lossy(&made.stderr));
        // The plugins are compiled once for all tests, in the cache that the demo uses.
        let cache = format!("cache = {:?}", workspace().join("target/plugin-cache"));
        site.edit("claimhost.toml", "cache = \"cache\"", &cache);
        let more = "\n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/x12\"\nadapter = \"x12-837\"\n\
                    \n[[intake.folder]]\npractice = \"my-practice\"\npath = \"inbox/csv\"\nadapter = \"csv-superbill\"\n\
                    mapping = \"practices/my-practice/mapping.csv-superbill.toml\"\n";
        let config = site.dir().join("claimhost.toml");
        let text = std::fs::read_to_string(&config).expect("claimhost.toml");
        std::fs::write(&config, text + more).expect("claimhost.toml");
        site.edit("practices/my-practice/profile.toml", "bill_hold_days = 3", "bill_hold_days = 0");
        // This practice's EHR corrects a charge by AJ and takes it back by DT, which the standard does not have.
        let mapping = "practices/my-practice/mapping.toml";
        site.edit(mapping, "# AJ = \"replace\"\n# DT", "AJ = \"replace\"\nDT");
        for inbox in ["inbox/x12", "inbox/csv"] {
            std::fs::create_dir_all(site.dir().join(inbox)).expect("an inbox");
        }
        site
    }

    /// [`Site::new`], whose plugins are the connectors too. They are data that nobody has consented to one by one.
    pub fn with_connectors() -> Self {
        let site = Self::new();
        let text = site.text("claimhost.toml");
        let line = text.lines().find(|line| line.starts_with("folders = ")).expect("folders of plugins");
        let more = line.replace(']', &format!(", {:?}]", workspace().join("connectors").display().to_string()));
        site.edit("claimhost.toml", line, &more);
        site.edit("claimhost.toml", "trust = \"locked\"", "trust = \"any\"");
        site
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces a text of a file, which has to be there.
    ///
    /// # Panics
    /// Where the file or the text is not there.
    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.dir().join(file);
        let text = std::fs::read_to_string(&path).expect("a file to edit");
        assert!(text.contains(from), "{file} has no `{from}`");
        std::fs::write(path, text.replace(from, to)).expect("written");
    }

    /// The text of a file of the folder.
    ///
    /// # Panics
    /// Where it is not there.
    pub fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.dir().join(file)).expect("a file of the folder")
    }

    /// Writes a file of the folder, and the folders above it.
    ///
    /// # Panics
    /// Where that fails.
    pub fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.dir().join(file);
        std::fs::create_dir_all(path.parent().unwrap_or(self.dir())).expect("a folder");
        std::fs::write(path, bytes).expect("a file of the folder");
    }

    /// Adds a folder `inbox/NAME` whose files go through an adapter, with its defaults for a mapping.
    ///
    /// # Panics
    /// Where `claimhost.toml` cannot be changed.
    pub fn add_folder(&self, name: &str, adapter: &str) {
        let config = self.dir().join("claimhost.toml");
        let text = std::fs::read_to_string(&config).expect("claimhost.toml");
        let more = format!(
            "\n[[intake.folder]]\npractice = \"{PRACTICE}\"\npath = \"inbox/{name}\"\nadapter = \"{adapter}\"\n"
        );
        std::fs::write(config, text + &more).expect("claimhost.toml");
        std::fs::create_dir_all(self.dir().join("inbox").join(name)).expect("an inbox");
    }

    /// Opens an upload with one feed; [`UPLOAD_TOKEN`] is its token.
    pub fn allow_uploads(&self, feed: &str, adapter: &str) {
        let text = format!(
            "{}\n[intake.upload]\nlisten = \"127.0.0.1:0\"\n[[intake.upload.feed]]\npractice = \"{PRACTICE}\"\nname = \"{feed}\"\n\
             adapter = \"{adapter}\"\n[[intake.upload.token]]\npractice = \"{PRACTICE}\"\nsha256 = \"{UPLOAD_TOKEN_SHA256}\"\n",
            self.text("claimhost.toml")
        );
        self.write("claimhost.toml", text.as_bytes());
    }

    /// Puts a file into the inbox for HL7 messages.
    pub fn hl7(&self, name: &str, bytes: &[u8]) {
        self.put("inbox/my-practice", name, bytes);
    }

    /// Puts a file into the inbox for 837s.
    pub fn x12(&self, name: &str, bytes: &[u8]) {
        self.put("inbox/x12", name, bytes);
    }

    /// Puts a file into the inbox for superbills.
    pub fn csv(&self, name: &str, bytes: &[u8]) {
        self.put("inbox/csv", name, bytes);
    }

    /// Puts a file where the clearinghouse's answers arrive.
    pub fn answer(&self, name: &str, bytes: &[u8]) {
        self.put("transport/in", name, bytes);
    }

    /// Puts a file into a folder of this one.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn put(&self, inbox: &str, name: &str, bytes: &[u8]) {
        std::fs::write(self.dir().join(inbox).join(name), bytes).expect("a file in the inbox");
    }

    /// A command on this folder that is not started yet.
    pub fn prepared(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(claimhost());
        command.arg("--config").arg(self.dir().join("claimhost.toml")).args(arguments);
        command
    }

    /// Runs a command on this folder.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn command(&self, arguments: &[&str]) -> Output {
        self.prepared(arguments).output().expect("claimhost starts")
    }

    /// Runs a command with `--json` and reads its answer.
    ///
    /// # Panics
    /// Where it fails or answers no JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(&[arguments, &["--json"]].concat());
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}: {complained}", output.status);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {complained}"))
    }

    /// `run --once` on a day; where claims wait because nobody has approved that the practice submits (the first ones, and those after a
    /// mapping has changed), they are looked at and approved, and leave in a second run. Whatever a test does, the store is what it
    /// was made of afterwards, and nothing is unaccounted for.
    pub fn run(&self, as_of: &str) -> Value {
        let summary = self.turns(as_of);
        self.assert_accounted(as_of);
        summary
    }

    /// [`Site::run`], in a test that leaves something in none of the ends, or that has changed something, on purpose: of these tables, and of
    /// no others. `why` says what was done, or what nobody has done.
    ///
    /// # Panics
    /// Where that is not what is left.
    pub fn run_leaving(&self, as_of: &str, tables: &[&str], why: &str) -> Value {
        let summary = self.turns(as_of);
        assert_left(&self.dir().join("claimhost.toml"), as_of, tables, why);
        summary
    }

    fn turns(&self, as_of: &str) -> Value {
        let mut summary = self.turn(as_of);
        if summary.pointer("/claims/ready").and_then(Value::as_u64).unwrap_or(0) > 0 {
            self.approve(as_of);
            summary = self.turn(as_of);
        }
        summary
    }

    fn turn(&self, as_of: &str) -> Value {
        self.json(&["--as-of", as_of, "run", "--once"])
    }

    /// Approves for every practice with claims that it submits, as an operator does.
    ///
    /// # Panics
    /// Where that is refused.
    pub fn approve(&self, as_of: &str) {
        let claims = self.json(&["claim", "list", "--state", "ready"]);
        let of = |claim: &Value| claim.get("practice").and_then(Value::as_str).unwrap_or_default().to_owned();
        let practices: std::collections::BTreeSet<String> = claims.as_array().into_iter().flatten().map(of).collect();
        for practice in practices {
            let approved = self.json(&["--as-of", as_of, "go-live", &practice, "--approve", "--by", "test"]);
            assert_eq!(approved.get("approved"), Some(&Value::Bool(true)), "{approved}");
        }
    }

    /// `run --once` on a day, without anybody's approval; what holds after [`Site::run`] holds.
    pub fn run_unapproved(&self, as_of: &str) -> Value {
        let summary = self.turn(as_of);
        self.assert_accounted(as_of);
        summary
    }

    /// Asserts that on a day nothing is unaccounted for.
    pub fn assert_accounted(&self, as_of: &str) {
        assert_accounted(&self.dir().join("claimhost.toml"), as_of);
    }

    /// Every document of a tenant as `document show` prints it, with its problems.
    ///
    /// # Panics
    /// Where a command fails.
    pub fn documents(&self, tenant: &str) -> Vec<Value> {
        let listed = self.json(&["document", "list", "--practice", tenant]);
        let id = |row: &Value| row.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let rows = listed.as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| self.json(&["document", "show", &id(row)])).collect()
    }

    /// The bytes of a document, as it arrived.
    pub fn raw(&self, document: &Value) -> Vec<u8> {
        let id = document.get("id").and_then(Value::as_str).unwrap_or_default();
        self.command(&["document", "show", id, "--raw"]).stdout
    }

    /// Every 837 that left, by file name.
    ///
    /// # Panics
    /// Where the outbox cannot be read.
    pub fn outbox(&self) -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<PathBuf> = std::fs::read_dir(self.dir().join("transport/out"))
            .expect("the outbox")
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| path.is_file())
            .collect();
        files.sort();
        let read = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("an 837"))
        };
        files.iter().map(read).collect()
    }
}

/// One charge of one visit, as the invented site sends it: billed without a finding where nothing in it is changed.
#[derive(Debug, Clone)]
pub struct Charge {
    /// MSH-10 and the tail of visit, account and charge ids.
    pub number: u32,
    /// PID-3.1.
    pub mrn: String,
    /// PID-5, as HL7 writes it.
    pub name: String,
    /// PID-7.
    pub born: String,
    /// PV1-19; empty: none.
    pub visit: String,
    /// FT1-4.
    pub day: String,
    /// IN1-4.
    pub payer: String,
}

impl Charge {
    /// The charge with this number.
    pub fn new(number: u32) -> Self {
        Self {
            number,
            mrn: format!("M{number}"),
            name: "VANCE^ORLA".to_owned(),
            born: "19800101".to_owned(),
            visit: format!("V{number}"),
            day: "20260501".to_owned(),
            payer: "EXAMPLE".to_owned(),
        }
    }

    /// The charge with this number, of a patient who is born on a day of their own and so is taken for nobody else.
    pub fn of_nobody_else(number: u32) -> Self {
        let born = format!("{}{:02}{:02}", 1950 + number / 28 / 12, 1 + number / 28 % 12, 1 + number % 28);
        Self { born, ..Self::new(number) }
    }

    /// The DFT^P03.
    pub fn message(&self) -> String {
        let Self { number, mrn, name, born, visit, day, payer } = self;
        let segments = [
            format!("MSH|^~\\&|EHR|SITE|CH|CH|20260501120000||DFT^P03|MSG{number}|P|2.5"),
            "EVN|P03|20260501120000".to_owned(),
            segment(
                "PID",
                &[(1, "1"), (3, &format!("{mrn}^^^SITE^MR")), (5, name), (7, born), (8, "F"), (11, ADDRESS)],
            ),
            segment("PV1", &[(1, "1"), (2, "O"), (3, "MAIN"), (7, "DR01^CHANGEME^PAT"), (19, visit)]),
            segment(
                "FT1",
                &[
                    (1, "1"),
                    (2, &format!("C{number}")),
                    (4, day),
                    (6, "CG"),
                    (7, "99213^^C4"),
                    (10, "1"),
                    (11, "90.00"),
                    (16, "MAIN"),
                    (19, "J06.9^^I10"),
                    (20, "DR01"),
                ],
            ),
            "DG1|1||J06.9^^I10".to_owned(),
            segment(
                "IN1",
                &[
                    (1, "1"),
                    (3, payer),
                    (4, payer),
                    (16, name),
                    (17, "SEL"),
                    (18, born),
                    (19, ADDRESS),
                    (36, &format!("ID{number}")),
                    (43, "F"),
                ],
            ),
        ];
        segments.map(|segment| segment + "\r").concat()
    }
}

const ADDRESS: &str = "12 ELM STREET^^ANYTOWN^OH^43001";

/// A segment of HL7 v2 with these fields at these places.
pub fn segment(name: &str, fields: &[(usize, &str)]) -> String {
    let mut text = name.to_owned();
    let mut at = 0;
    for (place, value) in fields {
        text += &"|".repeat(place - at);
        text += value;
        at = *place;
    }
    text
}

/// The documents of a summary by end.
///
/// # Panics
/// Where they do not add up to what was received.
#[allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test helper: its failure is the test's")]
pub fn counts(summary: &Value) -> BTreeMap<String, u64> {
    let documents = summary["documents"].as_object().expect("documents");
    let counts: BTreeMap<_, _> =
        documents.iter().map(|(key, value)| (key.clone(), value.as_u64().expect("a count"))).collect();
    let ends: u64 = ["translated", "ignored", "rejected", "parked", "pending"].iter().map(|end| counts[*end]).sum();
    assert_eq!(counts["received"], ends, "{summary}");
    counts
}

/// Copies what is in a folder, and in folders of it, into another one.
///
/// # Panics
/// Where something cannot be read or written.
#[allow(clippy::expect_used, reason = "a test helper: its failure is the test's")]
pub fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}
