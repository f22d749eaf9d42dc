//! Reads `profile.toml` and says everything that is wrong with it, each at its line and column.
//!
//! The shape (keys, types) is checked first (`shape.rs`), then all values, unless so much is missing that nobody can say which are
//! meant. All problems are told at once. What the profile is for: `profile.rs`.

use std::collections::BTreeMap;
use std::fmt;

use toml::de::{DeTable, DeValue};

use super::crosswalk::{self, CodeSet};
use super::eligibility::EligibilityPolicy;
use super::profile::{Contact, Payer, PostalAddress, Profile};
use super::shape::{self, line_and_column};
use crate::claim::npi_is_valid;

/// A profile that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    /// The file, as it was named.
    pub path: String,
    /// Everything found, in the order of the file.
    pub problems: Vec<ProfileProblem>,
}

/// One thing wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// The key (`payer[2].aliases`); empty where the text is no TOML.
    pub key: String,
    /// What was found, what was expected, and what to do.
    pub words: String,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            let ProfileProblem { line, column, key, words } = problem;
            let end = if number == 0 { "" } else { "\n" };
            let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
            write!(formatter, "{end}{}:{line}:{column}: {key}{words}", self.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for ProfileError {}

impl Profile {
    /// Reads and checks a profile. `path` is only named in the error.
    ///
    /// # Errors
    /// [`ProfileError`] with every problem of the shape and of the values.
    pub fn load(text: &str, path: &str) -> Result<Self, ProfileError> {
        let error = |problems| ProfileError { path: path.to_owned(), problems };
        let shape = shape::read::<Self>(text);
        // Values are told by their positions, which have to be those of the file.
        let Some(profile) = shape.value.filter(|_| !shape.renumbered) else { return Err(error(shape.problems)) };
        let (table, _) = DeTable::parse_recoverable(text);
        let mut check = Check { text, table: table.get_ref(), problems: Vec::new() };
        check.profile(&profile);
        check.left_to_do();
        // Of what was taken out of the shape nothing is known.
        let is_below = |key: &str, taken: &str| {
            key.strip_prefix(taken).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        check.problems.retain(|problem| !shape.taken.iter().any(|taken| is_below(&problem.key, taken)));
        check.problems.extend(shape.problems);
        if check.problems.is_empty() {
            return Ok(profile);
        }
        check.problems.sort_by_key(|problem| (problem.line, problem.column));
        Err(error(check.problems))
    }
}

/// Claim filing indicator codes (X222A1 2000B SBR09, code source 1032).
const FILING_INDICATORS: [&str; 23] = [
    "11", "12", "13", "14", "15", "16", "17", "AM", "BL", "CH", "CI", "DS", "FI", "HM", "LM", "MA", "MB", "MC", "OF",
    "TV", "VA", "WC", "ZZ",
];

/// Days before a visit, and days that an answer is waited for, at most.
const DAYS_BEFORE_MAX: u16 = 31;

/// One step of a key path.
#[derive(Clone)]
enum Step {
    Key(&'static str),
    At(usize),
    Entry(String),
}

struct Check<'a> {
    text: &'a str,
    table: &'a DeTable<'a>,
    problems: Vec<ProfileProblem>,
}

impl Check<'_> {
    fn profile(&mut self, profile: &Profile) {
        use Step::{At, Entry, Key};
        let id_ok =
            !profile.id.is_empty() && profile.id.chars().all(|char| char.is_ascii_alphanumeric() || char == '-');
        self.unless(id_ok, &[Key("id")], || found(&profile.id, "letters, digits and `-`"));
        self.unless(!profile.name.trim().is_empty(), &[Key("name")], || found("", "the practice's legal name"));
        self.npi(&profile.npi, &[Key("npi")]);
        self.taxonomy(&profile.taxonomy, &[Key("taxonomy")]);
        let tax = profile.tax_id.value.as_str();
        self.unless(digits(tax, &[9]), &[Key("tax_id"), Key("value")], || found(tax, "nine digits without a dash"));
        let clia = profile.clia.as_str();
        let clia_ok = clia.is_empty() || (clia.len() == 10 && clia.chars().all(|char| char.is_ascii_alphanumeric()));
        self.unless(clia_ok, &[Key("clia")], || found(clia, "a CLIA number of ten characters"));
        // 2010AA and 2310C: "the full nine digits" (N403); 2010AB only where it is a street.
        self.address(&profile.address, &[9], &[Key("address")]);
        if let Some(address) = &profile.pay_to_address {
            self.address(address, &[5, 9], &[Key("pay_to_address")]);
        }
        if let Some(Contact { telephone, .. }) = &profile.contact {
            self.telephone(telephone, &[Key("contact"), Key("telephone")]);
        }
        if let Some(ehr) = &profile.ehr {
            let since = ehr.no_fhir_as_of.as_deref();
            let day_ok = since.is_none_or(|day| super::crosswalk::sheet_day(day).is_some());
            self.unless(day_ok, &[Key("ehr"), Key("no_fhir_as_of")], || {
                found(since.unwrap_or_default(), "a day as YYYY-MM-DD")
            });
            let one = since.is_none() || ehr.fhir_capability.is_none();
            self.unless(one, &[Key("ehr"), Key("no_fhir_as_of")], || {
                "found fhir_capability too, expected one of the two: the EHR has FHIR or it has not".to_owned()
            });
        }
        self.telephone(&profile.submitter.telephone, &[Key("submitter"), Key("telephone")]);
        for (id, section) in [(&profile.submitter.id, "submitter"), (&profile.receiver.id, "receiver")] {
            let ok = (2..=15).contains(&id.len()) && id.chars().all(|char| char.is_ascii_graphic());
            self.unless(ok, &[Key(section), Key("id")], || found(id, "2 to 15 characters (GS02, GS03)"));
        }
        for (at, provider) in profile.provider.iter().enumerate() {
            self.npi(&provider.npi, &[Key("provider"), At(at), Key("npi")]);
            self.taxonomy(&provider.taxonomy, &[Key("provider"), At(at), Key("taxonomy")]);
            self.unless(!provider.last.trim().is_empty(), &[Key("provider"), At(at), Key("last")], || {
                found("", "a last name (NM103)")
            });
        }
        self.once("provider", "npi", profile.provider.iter().map(|provider| vec![provider.npi.clone()]), false);
        self.once("provider", "ids", profile.provider.iter().map(|provider| provider.ids.clone()), true);
        for (at, location) in profile.location.iter().enumerate() {
            let place = location.place_of_service.as_str();
            let path = [Key("location"), At(at), Key("place_of_service")];
            self.unless(digits(place, &[2]), &path, || found(place, "a place-of-service code of two digits"));
            self.unless(!location.ids.is_empty(), &[Key("location"), At(at), Key("ids")], || {
                "found an empty list, expected the ids that the sending system uses for this place".into()
            });
            if let Some(facility) = &location.facility {
                if !facility.npi.is_empty() {
                    self.npi(&facility.npi, &[Key("location"), At(at), Key("facility"), Key("npi")]);
                }
                self.address(&facility.address, &[9], &[Key("location"), At(at), Key("facility"), Key("address")]);
            }
        }
        self.once("location", "ids", profile.location.iter().map(|location| location.ids.clone()), true);
        self.payers(&profile.payer);
        self.eligibility(&profile.eligibility);
        let sets = profile.rule_sets();
        for set in profile.rule_settings.keys() {
            self.unless(sets.contains(set.as_str()), &[Key("rule_settings"), Entry(set.clone())], || {
                let known = if sets.is_empty() {
                    "none".to_owned()
                } else {
                    sets.iter().copied().collect::<Vec<_>>().join(", ")
                };
                format!("found a rule set that looks at no claim, expected one that `rules` names: {known}")
            });
        }
        for (set, map) in
            [(CodeSet::Procedure, &profile.crosswalk.procedure), (CodeSet::Diagnosis, &profile.crosswalk.diagnosis)]
        {
            for (internal, code) in map {
                let path = [Key("crosswalk"), Key(set.as_str()), Entry(internal.clone())];
                let fault = crosswalk::target_fault(set, code);
                self.unless(fault.is_none(), &path, || fault.clone().unwrap_or_default());
            }
        }
        for (at, row) in profile.crosswalk.code.iter().enumerate() {
            for (key, words) in crosswalk::faults(row) {
                self.unless(false, &[Key("crosswalk"), Key("code"), At(at), Key(key)], || words.clone());
            }
        }
    }

    /// Values that a draft has left to the site (`claimhost onboard`): whatever else is wrong with such a text says less.
    fn left_to_do(&mut self) {
        let mut left = Vec::new();
        to_do(self.table, &mut String::new(), &mut left);
        for (key, at, words) in left {
            let (line, column) = line_and_column(self.text, at);
            self.problems.retain(|problem| (problem.line, problem.column) != (line, column));
            let words = format!("found {words}, expected what only the practice knows; put it in its place");
            self.problems.push(ProfileProblem { line, column, key, words });
        }
    }

    fn payers(&mut self, payers: &[Payer]) {
        use Step::{At, Key};
        self.unless(!payers.is_empty(), &[Key("payer")], || {
            "found no [[payer]], expected at least one: without it every claim is held".into()
        });
        for (at, payer) in payers.iter().enumerate() {
            let id_ok = (2..=80).contains(&payer.id.trim().len());
            self.unless(id_ok, &[Key("payer"), At(at), Key("id")], || found(&payer.id, "an electronic payer id"));
            let named = !payer.name.trim().is_empty();
            self.unless(named, &[Key("payer"), At(at), Key("name")], || found("", "the payer's name"));
            let filing = payer.filing_indicator.as_str();
            // None is the scrub's to tell, of the claims that lack it.
            let filing_ok = filing.is_empty() || FILING_INDICATORS.contains(&filing);
            self.unless(filing_ok, &[Key("payer"), At(at), Key("filing_indicator")], || {
                let known = FILING_INDICATORS.join(", ");
                found(filing, &format!("a claim filing indicator code (SBR09): {known}"))
            });
        }
        self.once("payer", "id", payers.iter().map(|payer| vec![payer.id.clone()]), false);
        // The name counts as an alias: `Profile::payer_by` finds a payer by it too.
        let names = payers.iter().map(|payer| {
            let own = |alias: &&String| !alias.trim().eq_ignore_ascii_case(payer.name.trim());
            let mut names: Vec<String> = payer.aliases.iter().filter(own).cloned().collect();
            names.push(payer.name.clone());
            names
        });
        self.once("payer", "aliases", names, false);
    }

    fn eligibility(&mut self, policy: &EligibilityPolicy) {
        use Step::Key;
        let (days, wait) = (policy.days_before, policy.wait_days);
        self.unless(days <= DAYS_BEFORE_MAX, &[Key("eligibility"), Key("days_before")], || {
            format!("found {days}, expected at most {DAYS_BEFORE_MAX} days: payers answer for a month ahead at most")
        });
        self.unless((1..=DAYS_BEFORE_MAX).contains(&wait), &[Key("eligibility"), Key("wait_days")], || {
            format!("found {wait}, expected 1 to {DAYS_BEFORE_MAX} days until a question without an answer is work")
        });
    }

    /// Each value belongs to one entry of the list only. Compared trimmed; without case unless `exact`.
    fn once(&mut self, list: &'static str, key: &'static str, entries: impl Iterator<Item = Vec<String>>, exact: bool) {
        let mut owner: BTreeMap<String, usize> = BTreeMap::new();
        for (at, values) in entries.enumerate() {
            for value in values.iter().map(|value| value.trim()).filter(|value| !value.is_empty()) {
                let value = if exact { value.to_owned() } else { value.to_uppercase() };
                let first = *owner.entry(value).or_insert(at);
                let path = [Step::Key(list), Step::At(at), Step::Key(key)];
                self.unless(first == at, &path, || {
                    format!("found a value that {list}[{first}] has too, expected each to name one {list}; remove one")
                });
            }
        }
    }

    fn npi(&mut self, npi: &str, path: &[Step]) {
        let words = || {
            let wrong_digit = digits(npi, &[10]) && npi.starts_with(['1', '2']);
            if wrong_digit {
                "found ten digits whose check digit is wrong, expected an NPI; compare it with NPPES".into()
            } else {
                found(npi, "an NPI: ten digits that begin with 1 or 2")
            }
        };
        self.unless(npi_is_valid(npi), path, words);
    }

    fn taxonomy(&mut self, taxonomy: &str, path: &[Step]) {
        let ok =
            taxonomy.is_empty() || (taxonomy.len() == 10 && taxonomy.chars().all(|char| char.is_ascii_alphanumeric()));
        self.unless(ok, path, || found(taxonomy, "a taxonomy code of ten characters"));
    }

    fn telephone(&mut self, telephone: &str, path: &[Step]) {
        self.unless(digits(telephone, &[10]), path, || found(telephone, "ten digits without punctuation"));
    }

    fn address(&mut self, address: &PostalAddress, zip_digits: &[usize], path: &[Step]) {
        let under = |key| [path, &[Step::Key(key)]].concat();
        for (text, key) in [(&address.line1, "line1"), (&address.city, "city")] {
            self.unless(!text.trim().is_empty(), &under(key), || found("", "text"));
        }
        let state = address.state.as_str();
        self.unless(STATES.contains(&state), &under("state"), || {
            found(state, "a state or territory of the US, two capital letters")
        });
        let zip = address.postal_code.as_str();
        let expected = if zip_digits.contains(&5) { "a ZIP of 5 or 9 digits" } else { "a ZIP+4: nine digits" };
        self.unless(digits(zip, zip_digits), &under("postal_code"), || {
            found(zip, &format!("{expected} without a dash"))
        });
    }

    fn unless(&mut self, ok: bool, path: &[Step], words: impl FnOnce() -> String) {
        if !ok {
            let (line, column) = line_and_column(self.text, self.locate(path));
            self.problems.push(ProfileProblem { line, column, key: key_text(path), words: words() });
        }
    }

    /// Byte at which the value of a path stands, or the nearest part above it that does.
    fn locate(&self, path: &[Step]) -> usize {
        let mut at = 0;
        let mut table = Some(self.table);
        let mut value: Option<&DeValue<'_>> = None;
        for step in path {
            let next = match step {
                Step::At(index) => value.and_then(DeValue::as_array).and_then(|array| array.get(*index)),
                Step::Key(name) => table.and_then(|table| table.get(*name)),
                Step::Entry(name) => table.and_then(|table| table.get(name.as_str())),
            };
            let Some(next) = next else { break };
            at = next.span().start;
            value = Some(next.get_ref());
            table = next.get_ref().as_table();
        }
        at
    }
}

/// What a text begins with that a draft has left to the site.
pub(crate) const TO_DO: &str = "TODO";

/// Texts of a table, and of tables and lists in it, that a draft has left to the site: key, byte, text.
fn to_do(table: &DeTable<'_>, path: &mut String, left: &mut Vec<(String, usize, String)>) {
    let length = path.len();
    for (name, value) in table {
        path.push_str(if length == 0 { "" } else { "." });
        path.push_str(name.get_ref());
        to_do_of(value, path, left);
        path.truncate(length);
    }
}

fn to_do_of(value: &toml::Spanned<DeValue<'_>>, path: &mut String, left: &mut Vec<(String, usize, String)>) {
    match value.get_ref() {
        DeValue::String(text) if text.starts_with(TO_DO) => {
            left.push((path.clone(), value.span().start, format!("`{text}`")));
        }
        DeValue::Table(table) => to_do(table, path, left),
        DeValue::Array(values) => {
            let length = path.len();
            for (at, value) in values.iter().enumerate() {
                path.push_str(&format!("[{at}]"));
                to_do_of(value, path, left);
                path.truncate(length);
            }
        }
        _ => {}
    }
}

fn key_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::At(index) => text.push_str(&format!("[{index}]")),
            Step::Key(name) => {
                text.push_str(if text.is_empty() { "" } else { "." });
                text.push_str(name);
            }
            Step::Entry(name) => text.push_str(&format!(".{name:?}")),
        }
    }
    text
}

/// Says the class of what was found, never the text: a profile may hold a social security number.
pub(crate) fn found(text: &str, expected: &str) -> String {
    let class = if text.is_empty() {
        "nothing".to_owned()
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{} digits", text.len())
    } else {
        format!("{} characters", text.chars().count())
    };
    format!("found {class}, expected {expected}")
}

fn digits(text: &str, lengths: &[usize]) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// USPS abbreviations of states, territories, freely associated states and armed forces.
#[rustfmt::skip]
pub(crate) const STATES: &[&str] = &[
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA",
    "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR",
    "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
    "AS", "GU", "MP", "PR", "VI", "UM", "FM", "MH", "PW", "AA", "AE", "AP",
];

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
