//! `plugin.toml`: what a plugin is, what it wants, what it may cost. An unknown key is an error with a suggestion.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::files;

/// A manifest larger than this is not read.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;
/// Of a text that is shown as it is.
const TEXT_BYTES_MAX: usize = 200;

/// Contract versions this host runs.
pub(super) const CONTRACTS: [&str; 1] = ["0.1.0-draft"];

/// What a plugin is for: the world its component has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Documents of one EHR to visit events.
    Adapter,
    /// Fetches documents over HTTP.
    Puller,
    /// Hands postings back to an EHR.
    Poster,
    /// One payer's rules over claims.
    Rules,
}

/// How the host cuts a file into documents before the plugin sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// One HL7 v2 message; FHS and BHS envelopes are unwrapped.
    #[serde(rename = "hl7v2")]
    Hl7v2,
    /// Header and rows; a document is a row, the header is its `related`.
    Delimited,
    /// A JSON object each line.
    Ndjson,
    /// Entries of a FHIR bundle grouped by patient.
    FhirBundle,
    /// Items of an array in a JSON file, elements of one name in an XML file: `[framing] records` of the mapping says which.
    Records,
    /// One CLM of an 837 with its parent loops.
    #[serde(rename = "x12-claim")]
    X12Claim,
    /// The file as it is, at most 16 MiB.
    Whole,
}

/// How far the author could check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Against a sample from that system.
    SampleVerified,
    /// Against public documentation.
    Documented,
    /// Against the standard only.
    StandardOnly,
}

/// Ceilings. The host's own cap (`limits_cap`) is never exceeded: the lower of both counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Milliseconds of one call, a batch of at most 100 documents. 250: a typical batch takes 2-5.
    pub deadline_ms: u32,
    /// MiB of linear memory of one session, of all its memories together. 64.
    pub memory_mib: u32,
    /// Elements of one table. 10,000.
    pub table_elements: u32,
    /// MiB that one call may answer. 16.
    pub output_mib: u32,
    /// Lines of the `log` import in one call; more are counted and dropped. 1,000.
    pub log_lines: u32,
    /// Events or problems of one document, findings of one claim. 2,000.
    pub results: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline_ms: 250,
            memory_mib: 64,
            table_elements: 10_000,
            output_mib: 16,
            log_lines: 1_000,
            results: 2_000,
        }
    }
}

impl Limits {
    /// What the host allows at most, unless its configuration says otherwise: enough for a Python component.
    pub const CAP: Self = Self {
        deadline_ms: 5_000,
        memory_mib: 512,
        table_elements: 200_000,
        output_mib: 64,
        log_lines: 10_000,
        results: 20_000,
    };

    /// The lower of both, each for itself.
    #[must_use]
    pub fn capped(self, cap: &Self) -> Self {
        Self {
            deadline_ms: self.deadline_ms.min(cap.deadline_ms),
            memory_mib: self.memory_mib.min(cap.memory_mib),
            table_elements: self.table_elements.min(cap.table_elements),
            output_mib: self.output_mib.min(cap.output_mib),
            log_lines: self.log_lines.min(cap.log_lines),
            results: self.results.min(cap.results),
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        Duration::from_millis(u64::from(self.deadline_ms))
    }
}

/// What it wants beyond its input. Nothing else exists to be granted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Permissions {
    /// Hosts a puller or poster may name in a request: DNS names in lower case, no address, port or wildcard.
    pub http_hosts: Vec<String>,
    /// Code tables it may look up: names of [`crate::codes::System`].
    pub code_tables: Vec<String>,
    /// Days of earlier lines a rule set may see; the lower of this and what it asks for.
    pub look_back_days: u16,
    /// May propose typed fixes. Without, its findings arrive without them.
    pub fixes: bool,
}

/// A certified EHR product, as the public list (CHPL) has it. None of this is used to reach it: where a practice's own server is, the
/// practice says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Product {
    /// Who makes it.
    pub developer: String,
    /// What it is called.
    pub name: String,
    /// The certified version.
    pub version: String,
    /// CHPL product number.
    pub chpl_id: String,
    /// Where the developer lists its customers' endpoints.
    pub endpoint_list_url: String,
    /// One endpoint of that list: an example, never a default.
    pub example_base_url: String,
    /// What is odd about it.
    pub facts: Vec<String>,
}

/// One `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Lower-case letters, digits and `-`: the name in configuration and on the command line.
    pub id: String,
    /// The plugin's own version, three numbers.
    pub version: String,
    /// Its world.
    pub kind: Kind,
    /// EHR or payer it belongs to (`epic`, `medicare`).
    #[serde(default)]
    pub family: String,
    /// Version of the contract, equal to that of the component.
    pub contract: String,
    /// How files are cut. Adapters only.
    #[serde(default)]
    pub framing: Option<Framing>,
    /// Formats of its documents. Adapters only.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Electronic payer ids its rules are for.
    #[serde(default)]
    pub payer_ids: Vec<String>,
    /// How far the author could check it.
    pub evidence: Evidence,
    /// File of the component in the plugin's folder.
    #[serde(default = "plugin_wasm")]
    pub component: String,
    /// Id of the plugin whose component this one runs, with data of its own: the folder has none then.
    #[serde(default)]
    pub base: Option<String>,
    /// File in the plugin's folder (TOML) that sessions are opened with; what a site's own mapping says goes before it.
    #[serde(default)]
    pub mapping: Option<String>,
    /// The product that a connector is for.
    #[serde(default)]
    pub product: Option<Product>,
    /// Ceilings.
    #[serde(default)]
    pub limits: Limits,
    /// Grants it asks for.
    #[serde(default)]
    pub permissions: Permissions,
}

fn plugin_wasm() -> String {
    "plugin.wasm".to_owned()
}

/// What is wrong with a `plugin.toml`, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {problem}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ManifestError {
    /// The file.
    pub path: PathBuf,
    /// Line, from 1, where it is known.
    pub line: Option<usize>,
    /// Found, expected, what to do.
    pub problem: String,
}

impl Manifest {
    /// Reads and checks `plugin.toml` of a plugin folder.
    ///
    /// # Errors
    /// [`ManifestError`] with the line of the first problem.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        Self::read_with_text(folder).map(|(manifest, _)| manifest)
    }

    /// The manifest with its text: what is checked is what is digested.
    pub(super) fn read_with_text(folder: &Path) -> Result<(Self, String), ManifestError> {
        let path = folder.join("plugin.toml");
        let fail = |line, problem: String| ManifestError { path: path.clone(), line, problem };
        let text =
            files::read(folder, Path::new("plugin.toml"), MANIFEST_BYTES_MAX).map_err(|problem| fail(None, problem))?;
        let text = String::from_utf8(text).map_err(|_| fail(None, "is not UTF-8".to_owned()))?;
        let manifest = Self::parse(&text).map_err(|(line, problem)| fail(line, problem))?;
        Ok((manifest, text))
    }

    /// Parses and checks the text; an error has its line.
    pub(crate) fn parse(text: &str) -> Result<Self, (Option<usize>, String)> {
        let line_of = |offset: usize| text.get(..offset).map(|before| before.matches('\n').count() + 1);
        let manifest: Self = toml::from_str(text)
            .map_err(|error| (error.span().and_then(|span| line_of(span.start)), with_suggestion(error.message())))?;
        let at = |key: &str| {
            let starts =
                |line: &str| line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
            text.lines().position(starts).map(|index| index + 1)
        };
        manifest.check().map_err(|(key, problem)| (at(key), problem))?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), (&'static str, String)> {
        let plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if self.id.is_empty() || !plain(&self.id) {
            return Err(("id", "id: expected lower-case letters, digits and `-`".to_owned()));
        }
        let numbers: Vec<&str> = self.version.split('.').collect();
        if numbers.len() != 3 || numbers.iter().any(|number| number.parse::<u32>().is_err()) {
            return Err(("version", "version: expected three numbers as 1.0.0".to_owned()));
        }
        if !CONTRACTS.contains(&self.contract.as_str()) {
            let known = CONTRACTS.join(", ");
            return Err((
                "contract",
                format!("contract: found `{}`, this host runs {known}; rebuild the plugin with its SDK", self.contract),
            ));
        }
        if self.kind == Kind::Adapter && self.framing.is_none() {
            return Err((
                "kind",
                "framing is missing: an adapter needs hl7v2, delimited, ndjson, fhir-bundle, records, x12-claim or whole"
                    .to_owned(),
            ));
        }
        if self.kind == Kind::Adapter && self.formats.is_empty() {
            return Err(("kind", "formats is missing: an adapter names the formats of its documents".to_owned()));
        }
        let family = std::slice::from_ref(&self.family);
        let shown =
            [("family", family), ("formats", self.formats.as_slice()), ("payer_ids", self.payer_ids.as_slice())];
        let is_odd = |text: &String| text.len() > TEXT_BYTES_MAX || text.chars().any(char::is_control);
        if let Some((key, _)) = shown.into_iter().find(|(_, texts)| texts.iter().any(is_odd)) {
            let problem = format!("{key}: expected at most {TEXT_BYTES_MAX} bytes a text, and no control characters");
            return Err((key, problem));
        }
        let named = [("component", Some(&self.component)), ("mapping", self.mapping.as_ref())];
        if let Some((key, _)) = named.into_iter().find(|(_, name)| name.is_some_and(|name| !is_plain_name(name))) {
            return Err((key, format!("{key}: expected the name of a file in the plugin's folder")));
        }
        if self.base.is_some() && self.component != plugin_wasm() {
            return Err(("base", "base: a plugin runs its own component or that of another; leave one out".to_owned()));
        }
        let tables = || crate::codes::System::ALL.into_iter().map(crate::codes::System::name);
        if let Some(unknown) = self.permissions.code_tables.iter().find(|table| !tables().any(|known| known == *table))
        {
            let known: Vec<&str> = tables().collect();
            return Err(("code_tables", format!("code_tables: no table `{unknown}`; there are {}", known.join(", "))));
        }
        if let Some(host) = self.permissions.http_hosts.iter().find(|host| !is_host_name(host)) {
            let problem = format!("http_hosts: found {host:?}, expected a DNS name in lower case, as api.example.org");
            return Err(("http_hosts", problem));
        }
        let limits = &self.limits;
        let ceilings = [
            ("deadline_ms", limits.deadline_ms),
            ("memory_mib", limits.memory_mib),
            ("table_elements", limits.table_elements),
            ("output_mib", limits.output_mib),
            ("results", limits.results),
        ];
        if let Some((key, _)) = ceilings.into_iter().find(|(_, value)| *value == 0) {
            return Err((key, format!("limits.{key}: found 0, expected at least 1; leave it out for the default")));
        }
        Ok(())
    }
}

/// One name, of a file right in the folder: no `..`, no folder of its own.
fn is_plain_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!((parts.next(), parts.next()), (Some(std::path::Component::Normal(_)), None))
}

/// A DNS name of two labels or more (RFC 1123, 2.1), in lower case: no address, port, path or wildcard, and nothing that a
/// terminal would take for something else.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(known) && !label.starts_with('-') && !label.ends_with('-')
    };
    let top = name.rsplit('.').next().unwrap_or_default();
    let named = top.bytes().any(|byte| byte.is_ascii_lowercase());
    name.len() <= 253 && name.contains('.') && name.split('.').all(is_label) && named
}

/// Adds the nearest known name to serde's "unknown field `x`, expected one of `a`, `b`".
fn with_suggestion(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let nearest = match (message.starts_with("unknown "), names.split_first()) {
        (true, Some((found, known))) => known
            .iter()
            .map(|name| (strsim::jaro_winkler(found, name), name))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|left, right| left.0.total_cmp(&right.0))
            .map(|(_, name)| *name),
        _ => None,
    };
    let message = message.trim_end();
    nearest.map_or_else(|| message.to_owned(), |name| format!("{message}; did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "id = \"some-ehr\"\nversion = \"1.0.0\"\nkind = \"adapter\"\ncontract = \"0.1.0-draft\"\n\
        framing = \"hl7v2\"\nformats = [\"hl7v2\"]\nevidence = \"documented\"\n";

    #[test]
    fn a_plain_manifest_has_every_default() {
        let manifest = Manifest::parse(GOOD).unwrap();
        assert_eq!(manifest.component, "plugin.wasm");
        assert_eq!(manifest.limits, Limits::default());
        assert_eq!(manifest.permissions, Permissions::default());
        for framing in ["hl7v2", "delimited", "ndjson", "fhir-bundle", "records", "x12-claim", "whole"] {
            assert!(
                Manifest::parse(&GOOD.replace("\"hl7v2\"\nform", &format!("\"{framing}\"\nform"))).is_ok(),
                "{framing}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let cases = [
            ("id = \"some-ehr\"", "id = \"Some EHR\"", Some(1), "lower-case"),
            ("\"1.0.0\"", "\"one\"", Some(2), "three numbers"),
            ("\"adapter\"", "\"adaptor\"", Some(3), "did you mean `adapter`"),
            ("0.1.0-draft", "9.0.0", Some(4), "this host runs 0.1.0-draft"),
            ("framing = ", "framin = ", Some(5), "did you mean `framing`"),
            ("framing = \"hl7v2\"", "", Some(3), "framing is missing"),
            ("formats = [\"hl7v2\"]", "", Some(3), "formats is missing"),
            ("formats = [\"hl7v2\"]", "formats = [\"hl7v2\", \"\\u001b[2J\"]", Some(6), "no control characters"),
            ("evidence = ", "family = \"\\u009b2J\"\nevidence = ", Some(7), "no control characters"),
            (
                "evidence = \"documented\"",
                "evidence = \"documented\"\n[permissions]\ncode_tables = [\"icd10\"]",
                Some(9),
                "no table `icd10`; there are icd10cm",
            ),
            (
                "evidence = \"documented\"",
                "evidence = \"documented\"\n[permissions]\nhttp_hosts = [\"a.example.org\", \"b.example.org:443\"]",
                Some(9),
                "found \"b.example.org:443\", expected a DNS name",
            ),
            ("evidence", "component = \"../else.wasm\"\nevidence", Some(7), "name of a file"),
            ("evidence", "mapping = \"/etc/mapping\"\nevidence", Some(7), "name of a file"),
            ("evidence", "component = \"a.wasm\"\nbase = \"b\"\nevidence", Some(8), "leave one out"),
            ("\"documented\"\n", "\"documented\"\n[limits]\nmemory_mb = 1\n", Some(9), "did you mean `memory_mib`"),
            ("\"documented\"\n", "\"documented\"\n[limits]\ndeadline_ms = 0\n", Some(9), "at least 1"),
        ];
        for (from, to, line, words) in cases {
            let (found, problem) = Manifest::parse(&GOOD.replace(from, to)).unwrap_err();
            assert!(problem.contains(words), "{to}: {problem}");
            assert_eq!(found, line, "{to}: {problem}");
        }
    }

    #[test]
    fn a_host_is_a_name_and_nothing_else() {
        for good in ["api.example.org", "a.b", "fhir-1.ehr.example", "1.example.org"] {
            assert!(is_host_name(good), "{good}");
        }
        let long = format!("{}.org", "a".repeat(64));
        for bad in [
            "",
            "fixes",
            "localhost",
            "API.example.org",
            "*.example.org",
            "https://example.org",
            "example.org/path",
            "example.org.",
            ".example.org",
            "a..org",
            "-a.org",
            "a-.org",
            "10.0.0.1",
            "a.example.org\u{1b}[2K",
            "exämple.org",
            &long,
        ] {
            assert!(!is_host_name(bad), "{bad}");
        }
    }

    #[test]
    fn the_lower_limit_counts() {
        let wish = Limits { memory_mib: 9_999, deadline_ms: 10, ..Limits::default() };
        let capped = wish.capped(&Limits::CAP);
        assert_eq!((capped.memory_mib, capped.deadline_ms), (Limits::CAP.memory_mib, 10));
    }
}
