//! What is drafted of the samples of one way in: its mapping with a reason for every line, and what only the practice profile takes.

use std::collections::BTreeMap;

use super::columns::{Column, Entry, Found};

/// The draft of one way in.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// The mapping, in the component's own language.
    pub(crate) mapping: String,
    /// What of it is where, and why.
    pub(crate) entries: Vec<Entry>,
    /// Columns, or names in records, that nothing reads.
    pub(crate) unused: Vec<String>,
    /// What a person has to know.
    pub(crate) notes: Vec<String>,
    /// Rows or messages whose values do not stand in their places.
    pub(crate) shifted: usize,
    /// What the profile takes of the samples.
    pub(crate) hints: Hints,
    /// Columns of modifiers that no element reads.
    pub(crate) modifiers_not_read: Vec<String>,
}

/// What samples say that no adapter reads, and the profile needs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Hints {
    /// By the payer's name as it came: electronic id, filing indicator.
    pub(crate) payers: BTreeMap<String, (Option<String>, Option<String>)>,
    /// By NPI.
    pub(crate) providers: BTreeMap<String, ProviderHint>,
}

/// Of a provider: last name, first name, taxonomy.
type ProviderHint = (Option<String>, Option<String>, Option<String>);

impl Hints {
    /// Takes those of another draft.
    pub(crate) fn add(&mut self, other: Self) {
        self.payers.extend(other.payers);
        self.providers.extend(other.providers);
    }

    /// Reads them off columns. A value counts where it is the only one beside its payer or provider.
    pub(crate) fn of(found: &Found, columns: &[Column]) -> Self {
        let column = |key: &str| found.column(key).and_then(|at| columns.get(at));
        let beside = |of: &str, key: &str| only(column(of), column(key));
        let of = |all: &BTreeMap<String, String>, key: &str| all.get(key).cloned();
        let (ids, filings) = (beside("payer", "payer_id"), beside("payer", "filing_indicator"));
        let is_filing =
            |text: &String| (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let payers = values(column("payer")).map(|name| {
            let filing = of(&filings, name).map(|text| text.to_ascii_uppercase()).filter(is_filing);
            (name.to_owned(), (of(&ids, name), filing))
        });
        let (last, first) = (beside("rendering_npi", "rendering_last"), beside("rendering_npi", "rendering_first"));
        let taxonomy = beside("rendering_npi", "taxonomy");
        let providers = values(column("rendering_npi"))
            .map(|npi| (npi.to_owned(), (of(&last, npi), of(&first, npi), of(&taxonomy, npi))));
        Self { payers: payers.collect(), providers: providers.collect() }
    }
}

fn values(column: Option<&Column>) -> impl Iterator<Item = &str> {
    column.into_iter().flat_map(Column::said)
}

/// For each value of one column the only one that stands beside it in another; none where there are two.
fn only(of: Option<&Column>, column: Option<&Column>) -> BTreeMap<String, String> {
    let mut all: BTreeMap<String, Option<String>> = BTreeMap::new();
    let (Some(of), Some(column)) = (of, column) else { return BTreeMap::new() };
    for (key, value) in of.values.iter().zip(&column.values) {
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() || value.is_empty() {
            continue;
        }
        all.entry(key.to_owned())
            .and_modify(|known| {
                if known.as_deref() != Some(value) {
                    *known = None;
                }
            })
            .or_insert_with(|| Some(value.to_owned()));
    }
    all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// A text as a TOML string.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
