//! The shape of `profile.toml`. Every key is here with its meaning; an unknown key is an error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::check::{ProfileError, ProfileProblem};
use super::crosswalk::Crosswalk;
use super::ehr::{Capability, Ehr};
use super::eligibility::{Eligibility, EligibilityPolicy};
use super::fees::Fees;
use crate::claim::Setup;

/// One practice. Loop and element names are those of the 837P.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Id used in `claimhost.toml`, in folders and on the command line. Letters, digits, `-`.
    pub id: String,
    /// 2010AA NM103.
    pub name: String,
    /// 2010AA NM109: the billing NPI.
    pub npi: String,
    /// 2000A PRV03.
    #[serde(default)]
    pub taxonomy: String,
    /// Days a visit waits for late charges before it is billed, counted from its first charge's arrival.
    #[serde(default = "three")]
    pub bill_hold_days: u16,
    /// 2010AA REF.
    pub tax_id: BillingTaxId,
    /// 2300 REF X4: the CLIA number of the practice's laboratory, for claims with laboratory tests that carry none.
    #[serde(default)]
    pub clia: String,
    /// 2010AA N3 and N4. The guide wants a street address here, and ZIP+4.
    pub address: PostalAddress,
    /// 2010AA PER.
    #[serde(default)]
    pub contact: Option<Contact>,
    /// 2010AB, where payments go to another address (a lock box).
    #[serde(default)]
    pub pay_to_address: Option<PostalAddress>,
    /// 1000A.
    pub submitter: Submitter,
    /// 1000B.
    pub receiver: Receiver,
    /// ISA15.
    #[serde(default)]
    pub usage: Usage,
    /// Rule sets that look at every claim of this practice.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Settings of rule sets, by id of the set: single values are its settings, lists and tables its rule table.
    #[serde(default)]
    pub rule_settings: BTreeMap<String, toml::Table>,
    /// Ids of rules and scrub edits whose fixes the host applies by itself.
    #[serde(default)]
    pub apply_fixes: Vec<String>,
    /// Rendering, referring and supervising providers, found by local id or NPI.
    #[serde(default)]
    pub provider: Vec<RosterProvider>,
    /// Places, found by the sending system's location id.
    #[serde(default)]
    pub location: Vec<Location>,
    /// Payers, found by electronic id or alias.
    #[serde(default)]
    pub payer: Vec<Payer>,
    /// Internal codes.
    #[serde(default)]
    pub crosswalk: Crosswalk,
    /// Days that originals, answers and answered 837s stay in archives and outbox; 0 keeps them.
    #[serde(default)]
    pub transport_days: u16,
    /// Days after which a submitted claim without an answer becomes work.
    #[serde(default = "thirty")]
    pub alarm_days: u16,
    /// Hours after the start of an expected visit until missing charges are a gap.
    #[serde(default = "seventy_two")]
    pub charge_capture_hours: u16,
    /// Visit types, in the schedule's own words, that nobody charges for. Compared trimmed and without case.
    #[serde(default)]
    pub no_charge_visit_types: Vec<String>,
    /// What happens to a claim with more units of a day than a clinical limit (NCCI MUE, indicator 3) pays without appeal.
    #[serde(default)]
    pub mue_clinical: Consequence,
    /// The fee schedule: a csv beside the profile, with `code`, `modifiers`, `fee` or `cents`, `from`, `to`.
    #[serde(default)]
    pub fees: Option<String>,
    /// How far a charge may be from its fee before anybody is told, in percent of the fee.
    #[serde(default = "ten")]
    pub fee_tolerance_percent: u16,
    /// What happens to a claim with a charge off the fee schedule that looks like no slip of the keyboard. Slips hold.
    #[serde(default = "warn")]
    pub fee_difference: Consequence,
    /// Rows of that file: [`Profile::read_files`].
    #[serde(skip)]
    pub fee_schedule: Fees,
    /// Months after which tables of codes are too old: a day of service that lies so long after the last day that they know holds
    /// the claim (`code.not-covered`); before, and for days older than the tables, it warns. 0: every day after them holds.
    #[serde(default = "thirty_six")]
    pub code_cover_hold_months: u16,
    /// How and when payers are asked about cover.
    #[serde(default)]
    pub eligibility: EligibilityPolicy,
    /// What is known of the EHR.
    #[serde(default)]
    pub ehr: Option<Ehr>,
}

const fn ten() -> u16 {
    10
}

const fn warn() -> Consequence {
    Consequence::Warn
}

const fn thirty_six() -> u16 {
    36
}

const fn seventy_two() -> u16 {
    72
}

/// What a finding does where policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// The claim waits for a person.
    #[default]
    Hold,
    /// It is sent, and the finding is told.
    Warn,
}

const fn three() -> u16 {
    3
}

const fn thirty() -> u16 {
    30
}

/// REF01 of 2010AA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaxIdKind {
    /// `EI`
    Ein,
    /// `SY`
    Ssn,
}

/// REF EI or SY of 2010AA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingTaxId {
    /// EIN or SSN.
    pub kind: TaxIdKind,
    /// Nine digits.
    pub value: String,
}

/// N3 and N4.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostalAddress {
    /// N301.
    pub line1: String,
    /// N302.
    #[serde(default)]
    pub line2: String,
    /// N401.
    pub city: String,
    /// N402.
    pub state: String,
    /// N403, digits only.
    pub postal_code: String,
}

/// PER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// PER02.
    pub name: String,
    /// PER04 with TE, ten digits.
    pub telephone: String,
}

/// 1000A.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submitter {
    /// NM103.
    pub name: String,
    /// NM109 and ISA06, GS02.
    pub id: String,
    /// PER02.
    pub contact: String,
    /// PER04.
    pub telephone: String,
}

/// 1000B.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receiver {
    /// NM103.
    pub name: String,
    /// NM109 and ISA08, GS03.
    pub id: String,
}

/// ISA15.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Usage {
    /// Test data.
    #[default]
    T,
    /// Production data.
    P,
}

/// A provider of the practice, or one who refers to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterProvider {
    /// The sending systems' own ids (XCN.1).
    #[serde(default)]
    pub ids: Vec<String>,
    /// NM109.
    pub npi: String,
    /// NM103.
    pub last: String,
    /// NM104.
    #[serde(default)]
    pub first: String,
    /// NM105.
    #[serde(default)]
    pub middle: String,
    /// NM107.
    #[serde(default)]
    pub suffix: String,
    /// PRV03.
    #[serde(default)]
    pub taxonomy: String,
}

/// A place where services are given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// The sending systems' location ids (PV1-3.1, FT1-16.1).
    pub ids: Vec<String>,
    /// CLM05-1.
    pub place_of_service: String,
    /// 2310C, where services are not given at the billing address.
    #[serde(default)]
    pub facility: Option<Facility>,
}

/// 2310C.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facility {
    /// NM103.
    pub name: String,
    /// NM109.
    #[serde(default)]
    pub npi: String,
    /// N3, N4.
    pub address: PostalAddress,
}

/// How claims of a payer leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// In our 837P.
    #[default]
    Clearinghouse,
    /// Handed to the EHR's own billing, tracked to the same ends, never also sent by us.
    ViaEhr,
}

/// A payer as this practice bills it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payer {
    /// 2010BB NM109: the electronic payer id.
    pub id: String,
    /// 2010BB NM103.
    pub name: String,
    /// What the sending systems call it; compared trimmed and without case.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// SBR09.
    #[serde(default)]
    pub filing_indicator: String,
    /// Which way its claims leave.
    #[serde(default)]
    pub route: Route,
    /// Takes CLM05-3 = 7.
    #[serde(default = "yes")]
    pub replacement: bool,
    /// Takes CLM05-3 = 8.
    #[serde(default = "yes")]
    pub void: bool,
    /// Rule sets that look at its claims.
    #[serde(default)]
    pub rules: Vec<String>,
    /// Follows CMS's NCCI: pairs, units, add-on codes. Medicare and Medicaid do, most others too; workers' compensation
    /// and motor insurers often do not.
    #[serde(default = "yes")]
    pub ncci: bool,
    /// Days from the service within which an original claim has to be filed; 0: no limit is known here. Medicare's (MB, MA) is
    /// one calendar year without this key.
    #[serde(default)]
    pub timely_filing_days: u16,
    /// What its claims carry beside what every claim must.
    #[serde(default)]
    pub requires: Vec<Requirement>,
    /// Whether it is asked about cover, and how.
    #[serde(default)]
    pub eligibility: Eligibility,
}

impl Payer {
    /// Whether it is asked about cover.
    pub fn is_asked(&self) -> bool {
        self.eligibility == Eligibility::X270
    }
}

/// What a payer may want on every claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requirement {
    /// 2000B SBR03.
    GroupNumber,
    /// 2300 REF G1.
    PriorAuthorization,
    /// 2300 REF 9F.
    ReferralNumber,
    /// 2310A.
    ReferringProvider,
    /// 2410, beside every HCPCS drug code.
    Ndc,
}

const fn yes() -> bool {
    true
}

impl Profile {
    /// The files beside the profile that it names, as it names them.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let capability = self.ehr.as_ref().and_then(|ehr| ehr.fhir_capability.as_deref());
        self.crosswalk.file.as_deref().into_iter().chain(self.fees.as_deref()).chain(capability)
    }

    /// Reads the files that the profile names, relative to its own folder.
    ///
    /// # Errors
    /// [`ProfileError`] of the first file that cannot be used, with every problem of it.
    pub fn read_files(&mut self, folder: &Path) -> Result<(), ProfileError> {
        if let Some(file) = &self.crosswalk.file {
            let (path, text) = read(folder, file, "crosswalk.file")?;
            self.crosswalk.take_file(&path, &text)?;
        }
        if let Some(file) = &self.fees {
            let (path, text) = read(folder, file, "fees")?;
            self.fee_schedule = Fees::read(&path, &text)?;
        }
        if let Some(ehr) = &mut self.ehr
            && let Some(file) = &ehr.fhir_capability
        {
            let (path, text) = read(folder, file, "ehr.fhir_capability")?;
            ehr.capability = Some(Capability::read(&path, &text)?);
        }
        Ok(())
    }

    /// Every rule set that looks at claims of this practice, each once.
    pub fn rule_sets(&self) -> BTreeSet<&str> {
        let of_payers = self.payer.iter().flat_map(|payer| &payer.rules);
        self.rules.iter().chain(of_payers).map(String::as_str).collect()
    }

    /// What sessions of a rule set are opened with for this practice.
    pub fn rule_setup(&self, set: &str) -> Setup {
        let mut setup = Setup { settings: Vec::new(), mapping: String::new() };
        let mut table = toml::Table::new();
        for (key, value) in self.rule_settings.get(set).into_iter().flatten() {
            match value {
                toml::Value::Array(_) | toml::Value::Table(_) => {
                    table.insert(key.clone(), value.clone());
                }
                toml::Value::String(text) => setup.settings.push((key.clone(), text.clone())),
                other => setup.settings.push((key.clone(), other.to_string())),
            }
        }
        if !table.is_empty() {
            setup.mapping = table.to_string();
        }
        setup
    }

    /// The payer that any of the names means: by electronic id first, then by alias, then by name; trimmed, without case.
    pub fn payer_by<'a, 'b>(&'a self, names: impl IntoIterator<Item = &'b str>) -> Option<&'a Payer> {
        let same = |left: &str, right: &str| left.trim().eq_ignore_ascii_case(right.trim());
        let mut by_alias = None;
        for name in names.into_iter().filter(|name| !name.trim().is_empty()) {
            if let Some(payer) = self.payer.iter().find(|payer| same(&payer.id, name)) {
                return Some(payer);
            }
            let known = |payer: &&Payer| same(&payer.name, name) || payer.aliases.iter().any(|alias| same(alias, name));
            by_alias = by_alias.or_else(|| self.payer.iter().find(known));
        }
        by_alias
    }

    /// The roster entry with this NPI or, where that is empty, this local id.
    pub fn provider_by(&self, npi: Option<&str>, local_id: &str) -> Option<&RosterProvider> {
        let by_npi = npi.and_then(|npi| self.provider.iter().find(|provider| provider.npi == npi));
        by_npi.or_else(|| {
            let known = |provider: &&RosterProvider| provider.ids.iter().any(|id| id == local_id);
            (!local_id.is_empty()).then(|| self.provider.iter().find(known)).flatten()
        })
    }

    /// The place with this location id.
    pub fn location_by(&self, id: &str) -> Option<&Location> {
        (!id.is_empty()).then(|| self.location.iter().find(|location| location.ids.iter().any(|known| known == id)))?
    }
}

/// A file beside the profile: its path and text.
fn read(folder: &Path, file: &str, key: &str) -> Result<(String, String), ProfileError> {
    let path = folder.join(file);
    let shown = path.display().to_string();
    match std::fs::read(&path) {
        Ok(bytes) => Ok((shown, String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) => {
            let words = format!("{error}; the profile names it as `{key}`, relative to its own folder");
            let problem = ProfileProblem { line: 1, column: 1, key: String::new(), words };
            Err(ProfileError { path: shown, problems: vec![problem] })
        }
    }
}
