//! Reads a site's `mapping.toml`: each key once, with its default, and every key nobody asked for is a problem at its line.
//!
//! An adapter asks for what it knows (`text("charge.code", "FT1-25|FT1-7")`) and calls [`Mapping::finish`]. What was
//! asked for IS the list of known keys, so a typo gets the nearest of them as a suggestion. Values are the site's own
//! words, never a patient's, so they may be shown.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use crate::intake::{Place, Problem};

/// A mapping that is being read.
pub struct Mapping<'a> {
    text: &'a str,
    entries: BTreeMap<String, Entry>,
    known: Vec<String>,
    problems: Vec<Problem>,
}

struct Entry {
    value: Value,
    offset: usize,
    asked: bool,
}

enum Value {
    Text(String),
    List(Vec<String>),
    /// A table; its entries have dotted keys of their own.
    Table,
    Other(&'static str),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Table => "a table",
            Self::Other(kind) => kind,
        }
    }
}

impl<'a> Mapping<'a> {
    /// Parses the text. A text that is no TOML is one problem, told by [`Mapping::finish`].
    pub fn parse(text: &'a str) -> Self {
        let mut mapping = Self { text, entries: BTreeMap::new(), known: Vec::new(), problems: Vec::new() };
        match DeTable::parse(text) {
            Ok(table) => mapping.collect("", table.get_ref()),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                let at = mapping.place(offset, "");
                mapping.problems.push(Problem {
                    id: "mapping.syntax".to_owned(),
                    at,
                    found: error.message().to_owned(),
                    expected: "TOML".to_owned(),
                    remedy: "correct this line of the mapping".to_owned(),
                });
            }
        }
        mapping
    }

    fn collect(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name =
                if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
            let read = match value.get_ref() {
                DeValue::String(text) => Value::Text(text.to_string()),
                DeValue::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        if let DeValue::Table(inner) = item.get_ref() {
                            self.collect(&format!("{name}.{index}"), inner);
                        }
                    }
                    let texts = items.iter().map(|item| match item.get_ref() {
                        DeValue::String(text) => Some(text.to_string()),
                        _ => None,
                    });
                    texts.collect::<Option<Vec<_>>>().map_or(Value::Other("a list"), Value::List)
                }
                DeValue::Table(inner) => {
                    self.collect(&name, inner);
                    Value::Table
                }
                DeValue::Integer(_) | DeValue::Float(_) => Value::Other("a number"),
                DeValue::Boolean(_) => Value::Other("true or false"),
                DeValue::Datetime(_) => Value::Other("a date"),
            };
            self.entries.insert(name, Entry { value: read, offset: key.span().start, asked: false });
        }
    }

    /// The text of a key, or the default where the mapping does not have the key.
    pub fn text(&mut self, key: &str, default: &str) -> String {
        match self.ask(key) {
            None => default.to_owned(),
            Some(Value::Text(text)) => text.clone(),
            Some(other) => {
                let found = other.kind();
                self.problem(key, "mapping.type", found, "a text in quotes");
                default.to_owned()
            }
        }
    }

    /// The texts of a list, or the default. One text stands for a list of one.
    pub fn list(&mut self, key: &str, default: &[&str]) -> Vec<String> {
        let default = || default.iter().map(|text| (*text).to_owned()).collect();
        match self.ask(key) {
            None => default(),
            Some(Value::Text(text)) => vec![text.clone()],
            Some(Value::List(texts)) => texts.clone(),
            Some(other) => {
                let found = other.kind();
                self.problem(key, "mapping.type", found, "a list of texts");
                default()
            }
        }
    }

    /// The texts of a table whose keys are the site's own, over the defaults: an entry replaces the default of its key.
    pub fn table(&mut self, key: &str, defaults: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut table: BTreeMap<String, String> =
            defaults.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        if !matches!(self.ask(key), None | Some(Value::Table)) {
            self.problem(key, "mapping.type", "a single value", "a table");
        }
        let prefix = format!("{key}.");
        let mut wrong = Vec::new();
        for (name, entry) in self.entries.iter_mut().filter(|(name, _)| name.starts_with(&prefix)) {
            entry.asked = true;
            match &entry.value {
                Value::Text(text) => {
                    table.insert(name.get(prefix.len()..).unwrap_or_default().to_owned(), text.clone());
                }
                other => wrong.push((name.clone(), other.kind())),
            }
        }
        for (name, found) in wrong {
            self.problem(&name, "mapping.type", found, "a text in quotes");
        }
        table
    }

    /// How many tables an array of them has (`[[pull.with]]`); their entries are `KEY.0.name`, `KEY.1.name`, each to be asked for.
    pub fn array(&mut self, key: &str) -> usize {
        let found = match self.ask(key) {
            None => return 0,
            Some(Value::List(texts)) if texts.is_empty() => return 0,
            Some(Value::Other("a list")) => None,
            Some(other) => Some(other.kind()),
        };
        if let Some(found) = found {
            self.problem(key, "mapping.type", found, "a list of tables");
            return 0;
        }
        let has = |at: &usize| {
            let prefix = format!("{key}.{at}.");
            self.entries.range(prefix.clone()..).next().is_some_and(|(name, _)| name.starts_with(&prefix))
        };
        (0..).take_while(has).count()
    }

    /// Passes over a table that somebody else reads (`framing` is the host's).
    pub fn leave(&mut self, table: &str) {
        let prefix = format!("{table}.");
        self.known.push(table.to_owned());
        for (name, entry) in &mut self.entries {
            entry.asked |= name == table || name.starts_with(&prefix);
        }
    }

    /// Whether the site's mapping has this key.
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Whether the site's mapping has a text for this key that is not empty: an empty one says that there is none.
    pub fn says(&self, key: &str) -> bool {
        match self.entries.get(key).map(|entry| &entry.value) {
            Some(Value::Text(text)) => !text.trim().is_empty(),
            Some(Value::List(texts)) => texts.iter().any(|text| !text.trim().is_empty()),
            _ => false,
        }
    }

    /// Adds a problem of the value of a key.
    pub fn problem(&mut self, key: &str, id: &str, found: &str, expected: &str) {
        let at = self.place(self.offset(key), key);
        self.problems.push(Problem {
            id: id.to_owned(),
            at,
            found: found.to_owned(),
            expected: expected.to_owned(),
            remedy: format!("correct `{}` in this site's mapping", last(key)),
        });
    }

    /// What is wrong so far; what was never asked for is not among it.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Adds what was never asked for, and gives all problems, or nothing.
    ///
    /// # Errors
    /// Everything that is wrong with the mapping, by line.
    pub fn finish(mut self) -> Result<(), Vec<Problem>> {
        let unknown: Vec<(String, usize)> = self
            .entries
            .iter()
            .filter(|(name, entry)| {
                let known_table = matches!(entry.value, Value::Table) && self.leads(name);
                !entry.asked && !known_table
            })
            .map(|(name, entry)| (name.clone(), entry.offset))
            .collect();
        for (name, offset) in &unknown {
            // Of a table that is unknown as a whole, only the table is named.
            if unknown.iter().any(|(other, _)| name.starts_with(&format!("{other}."))) {
                continue;
            }
            let at = self.place(*offset, name);
            let suggestion = nearest(name, &self.known);
            self.problems.push(Problem {
                id: "mapping.unknown-key".to_owned(),
                at,
                found: format!("key `{}`", last(name)),
                expected: suggestion.map_or("a key of this adapter".to_owned(), |known| format!("`{}`", spoken(known))),
                remedy: suggestion
                    .map_or("remove this line; the adapter's README lists the keys".to_owned(), |known| {
                        format!("did you mean `{}`?", spoken(known))
                    }),
            });
        }
        self.problems.sort_by_key(|problem| problem.at.offset);
        if self.problems.is_empty() { Ok(()) } else { Err(self.problems) }
    }

    /// Where a key stands; of a key that is not there, or of an item of a list, where the item begins.
    fn offset(&self, key: &str) -> usize {
        let first_below = |table: &str| {
            let prefix = format!("{table}.");
            let below = self.entries.iter().filter(|(name, _)| name.starts_with(&prefix));
            below.map(|(_, entry)| entry.offset).min()
        };
        let of_item = || {
            let (item, _) = key.rsplit_once('.').filter(|(item, _)| !self.entries.contains_key(*item))?;
            first_below(item)
        };
        let own = self.entries.get(key).map(|entry| entry.offset);
        own.or_else(|| first_below(key)).or_else(of_item).unwrap_or(0)
    }

    /// Whether some known key lies in this table.
    fn leads(&self, table: &str) -> bool {
        let prefix = format!("{table}.");
        self.known.iter().any(|known| known.starts_with(&prefix))
    }

    fn ask(&mut self, key: &str) -> Option<&Value> {
        self.known.push(key.to_owned());
        let entry = self.entries.get_mut(key)?;
        entry.asked = true;
        Some(&entry.value)
    }

    fn place(&self, offset: usize, key: &str) -> Place {
        let line = self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        let path = if key.is_empty() {
            format!("mapping line {line}")
        } else {
            format!("mapping line {line}, {}", spoken(key))
        };
        Place { path, offset: u32::try_from(offset).ok() }
    }
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// `charge.code` as it is written in the file: `[charge] code`.
pub fn spoken(key: &str) -> String {
    match key.rsplit_once('.') {
        Some((table, name)) => format!("[{table}] {name}"),
        None => key.to_owned(),
    }
}

/// The known word that differs in the fewest letters, if it is near enough to be meant.
pub fn nearest<'k>(word: &str, known: &'k [String]) -> Option<&'k str> {
    let limit = (last(word).len() / 2).clamp(2, 5);
    let scored = known.iter().map(|key| (distance(word, key), key.as_str()));
    scored.min().filter(|(score, _)| *score <= limit).map(|(_, key)| key)
}

/// Letters to change, add or remove (Levenshtein), without case.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = index;
        let mut before = index + 1;
        for (other, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + usize::from(*other != letter);
            diagonal = *cell;
            *cell = changed.min(before + 1).min(diagonal + 1);
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_defaults_and_overrides() {
        let mut mapping =
            Mapping::parse("a = \"1\"\n[charge]\ncode = \"FT1-6\"\nids = [\"x\", \"y\"]\n[types]\nC = \"new\"\n");
        assert_eq!(mapping.text("a", "0"), "1");
        assert_eq!(mapping.text("charge.code", "FT1-7"), "FT1-6");
        assert_eq!(mapping.text("charge.date", "FT1-4"), "FT1-4");
        assert_eq!(mapping.list("charge.ids", &[]), ["x", "y"]);
        let types = mapping.table("types", &[("CG", "new"), ("CD", "credit")]);
        assert_eq!(types.len(), 3);
        assert_eq!(mapping.finish(), Ok(()));
    }

    #[test]
    fn an_unknown_key_is_located_and_the_nearest_is_suggested() {
        let mut mapping = Mapping::parse("\n[charge]\nkode = \"FT1-6\"\n[bogus]\nx = 1\n");
        let _ = mapping.text("charge.code", "FT1-7");
        let _ = mapping.text("charge.units", "FT1-10");
        let problems = mapping.finish().unwrap_err();
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].at.path, "mapping line 3, [charge] kode");
        assert_eq!(problems[0].remedy, "did you mean `[charge] code`?");
        assert_eq!(problems[1].at.path, "mapping line 4, bogus");
    }

    #[test]
    fn a_wrong_type_and_broken_toml_are_located() {
        let mut mapping = Mapping::parse("[charge]\ncode = 7\n");
        let _ = mapping.text("charge.code", "FT1-7");
        assert_eq!(mapping.finish().unwrap_err()[0].at.path, "mapping line 2, [charge] code");
        let problems = Mapping::parse("a = \"1\"\nb = \n").finish().unwrap_err();
        assert_eq!(problems[0].id, "mapping.syntax");
        assert!(problems[0].at.path.starts_with("mapping line 2"), "{}", problems[0].at.path);
    }

    #[test]
    fn distance_counts_changes() {
        for (left, right, count) in
            [("", "abc", 3), ("code", "code", 0), ("kode", "code", 1), ("unit", "units", 1), ("ab", "ba", 2)]
        {
            assert_eq!(distance(left, right), count, "{left} {right}");
        }
    }
}
