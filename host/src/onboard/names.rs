//! Names of JSON objects that may be shown: an object's name may be an id or a person's where somebody made keys of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::columns::is_of_element;

/// Names of one sample's objects, and those that are known.
pub(super) struct Names {
    known: BTreeSet<String>,
    /// By the names that lead to a group of objects: in how many of them each name stands.
    counts: BTreeMap<Vec<String>, BTreeMap<String, usize>>,
}

impl Names {
    /// Counts the names of a tree. `known`: names that are written elsewhere anyhow.
    pub(super) fn of(tree: &Value, known: BTreeSet<String>) -> Self {
        let mut names = Self { known, counts: BTreeMap::new() };
        names.count(tree, &mut Vec::new());
        names
    }

    fn count(&mut self, value: &Value, path: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    *self.counts.entry(path.clone()).or_default().entry(name.clone()).or_default() += 1;
                    path.push(name.clone());
                    self.count(value, path);
                    path.pop();
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.count(item, path)),
            _ => {}
        }
    }

    /// Whether the name of an object below `path` is shown: one of an element or of the mapping is; another one where it holds no digit and
    /// more than one object of its place has it.
    pub(super) fn is_shown(&self, path: &[String], name: &str) -> bool {
        if self.known.contains(name) || is_of_element(name) {
            return true;
        }
        let count = self.counts.get(path).and_then(|names| names.get(name)).copied().unwrap_or(0);
        count > 1 && !has_digit(name)
    }
}

/// Whether a name holds a digit that is not the number of an element.
pub(super) fn has_digit(name: &str) -> bool {
    name.chars().any(char::is_numeric) && !is_of_element(name)
}

/// Whether a name looks like an id: few letters, or more digits than a name is numbered with. `ins1` and `dx1Code` are names.
pub(super) fn is_like_id(name: &str) -> bool {
    let digits = name.chars().filter(|one| one.is_numeric()).count();
    let letters = name.chars().filter(|one| one.is_alphabetic()).count();
    has_digit(name) && (digits > 2 || letters < 3)
}

/// Every name that a mapping's values are made of.
pub(super) fn of_mapping(mapping: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let table: Result<toml::Table, _> = mapping.parse();
    table.iter().flat_map(toml::Table::values).for_each(|value| add(value, &mut names));
    names
}

fn add(value: &toml::Value, names: &mut BTreeSet<String>) {
    match value {
        toml::Value::String(text) => {
            let parts = text.split(['.', '[', ']', '|', '^', '/', ':', '=', '*']);
            names.extend(parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
        }
        toml::Value::Array(items) => items.iter().for_each(|item| add(item, names)),
        toml::Value::Table(table) => table.values().for_each(|value| add(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_name_is_shown_where_it_is_known_or_many_have_it() {
        let tree =
            json!({"rows": [{"plan": "A", "extra": 1, "ZQVANCE": 1, "E11": 1}, {"extra": 2, "E11": 2}], "ZQORLA": {}});
        let names =
            Names::of(&tree, of_mapping("[framing]\nrecords = \"rows\"\n[visit]\nvisit = \"^a.key7|b[0].c\"\n"));
        let top: &[String] = &[];
        let below = ["rows".to_owned()];
        for (path, name, shown) in [
            (top, "rows", true),
            (top, "ZQORLA", false),
            (top, "key7", true),
            (&below[..], "plan", true),
            (&below[..], "extra", true),
            (&below[..], "ZQVANCE", false),
            (&below[..], "E11", false),
        ] {
            assert_eq!(names.is_shown(path, name), shown, "{name}");
        }
    }

    #[test]
    fn ids_are_told_from_numbered_names() {
        for (name, is_id) in [
            ("555-01-0099", true),
            ("P7", true),
            ("VANCE1980", true),
            ("7up", true),
            ("ins1", false),
            ("dx1Code", false),
            ("payer1Line2", false),
            ("dx12", false),
            ("address2", false),
        ] {
            assert_eq!(is_like_id(name), is_id, "{name}");
        }
    }
}
