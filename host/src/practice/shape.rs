//! A TOML file in its shape, and everything that does not fit it, each at its line and column: what is no TOML, keys that nobody
//! knows, values of another kind, keys that have to be there.
//!
//! serde stops at the first. That one is taken out, or gets the name that it was meant for, and the rest is read again, until nothing
//! is left to say. Whether the values
//! make sense: `check.rs`, and `crate::config`.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::check::ProfileProblem;

/// A file, read as far as it can be.
#[derive(Debug)]
pub(crate) struct Shape<T> {
    /// All but what the problems name; none where too little is left.
    pub(crate) value: Option<T>,
    /// In the order of the file.
    pub(crate) problems: Vec<ProfileProblem>,
    /// A block of a list was left out: those behind it stand at other positions than in the file.
    pub(crate) renumbered: bool,
    /// Keys that were left out, and those that a misspelt one was meant for.
    pub(crate) taken: Vec<String>,
}

/// Reads a file.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Shape<T> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What stands behind a broken line may belong elsewhere: nothing more is said.
        let problems = errors.iter().map(|error| problem(text, error, String::new())).collect();
        return Shape { value: None, problems, renumbered: false, taken: Vec::new() };
    }
    let mut left = document.clone();
    let mut shape = Shape { value: None, problems: Vec::new(), renumbered: false, taken: Vec::new() };
    loop {
        let error = match T::deserialize(toml::de::Deserializer::from(left.clone())) {
            Ok(value) => {
                shape.value = Some(value);
                break;
            }
            Err(error) => error,
        };
        let place = |table: &DeTable<'_>| error.span().and_then(|span| path_to(table, &span)).unwrap_or_default();
        let key = spoken(&place(document.get_ref()));
        // A key that was taken out is not missing, nor one that another was meant for.
        let missing = missing_field(error.message()).map(|field| join(&key, field));
        if missing.is_none_or(|field| !shape.taken.contains(&field)) {
            shape.problems.push(problem(text, &error, key.clone()));
        }
        let path = place(left.get_ref());
        if path.is_empty() {
            break;
        }
        if let Some(meant) = suggestion(error.message()) {
            let table = path.split_last().map(|(_, table)| spoken(table)).unwrap_or_default();
            if rename(left.get_mut(), &path, meant) {
                shape.taken.push(join(&table, meant));
                shape.taken.push(key);
                continue;
            }
            shape.taken.push(join(&table, meant));
        }
        shape.renumbered |= matches!(path.last(), Some(Step::At(_)));
        shape.taken.push(key);
        take_out(left.get_mut(), &path);
    }
    shape.problems.sort_by_key(|problem| (problem.line, problem.column));
    shape
}

fn problem(text: &str, fault: &toml::de::Error, key: String) -> ProfileProblem {
    let (line, column) = line_and_column(text, fault.span().map_or(0, |span| span.start));
    let message = fault.message().trim();
    let mut words = message.lines().collect::<Vec<_>>().join(" ");
    if let Some(near) = suggestion(message) {
        words.push_str(&format!("; did you mean `{near}`?"));
    }
    ProfileProblem { line, column, key, words }
}

/// The known key nearest to an unknown one, from serde's words: "unknown field `npis`, expected one of `id`, `npi`".
fn suggestion(message: &str) -> Option<&str> {
    let mut quoted = message.strip_prefix("unknown field")?.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    let near = quoted.map(|known| (strsim::jaro_winkler(unknown, known), known));
    near.filter(|(score, _)| *score > 0.75).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// From serde's words: "missing field `profile`".
fn missing_field(message: &str) -> Option<&str> {
    message.trim().strip_prefix("missing field `")?.split('`').next()
}

/// Line and column of a byte, from 1, in characters.
pub(super) fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// One step to an entry.
enum Step {
    Key(String),
    At(usize),
}

fn spoken(path: &[Step]) -> String {
    path.iter().fold(String::new(), |text, step| match step {
        Step::Key(key) => join(&text, key),
        Step::At(at) => format!("{text}[{at}]"),
    })
}

fn join(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}

/// The entry whose key or value stands there, the innermost one.
fn path_to(table: &DeTable<'_>, span: &std::ops::Range<usize>) -> Option<Vec<Step>> {
    table.iter().find_map(|(key, value)| {
        let own = || key.span() == *span || value.span() == *span;
        let below = path_in(value, span).or_else(|| own().then(Vec::new))?;
        Some([Step::Key(key.get_ref().to_string())].into_iter().chain(below).collect())
    })
}

fn path_in(value: &Spanned<DeValue<'_>>, span: &std::ops::Range<usize>) -> Option<Vec<Step>> {
    match value.get_ref() {
        DeValue::Table(table) => path_to(table, span),
        DeValue::Array(items) => items.iter().enumerate().find_map(|(at, item)| {
            let below = path_in(item, span).or_else(|| (item.span() == *span).then(Vec::new))?;
            Some([Step::At(at)].into_iter().chain(below).collect())
        }),
        _ => None,
    }
}

fn take_out(table: &mut DeTable<'_>, path: &[Step]) {
    match path {
        [Step::Key(key)] => {
            table.remove(key.as_str());
        }
        [Step::Key(key), rest @ ..] => {
            table.get_mut(key.as_str()).into_iter().for_each(|value| take_out_of(value.get_mut(), rest));
        }
        _ => {}
    }
}

fn take_out_of(value: &mut DeValue<'_>, path: &[Step]) {
    match (value, path) {
        (DeValue::Table(table), _) => take_out(table, path),
        (DeValue::Array(items), [Step::At(place)]) => {
            let all = std::mem::replace(items, DeArray::new());
            *items = all.into_iter().enumerate().filter(|(at, _)| at != place).map(|(_, item)| item).collect();
        }
        (DeValue::Array(items), [Step::At(place), rest @ ..]) => {
            items.get_mut(*place).into_iter().for_each(|item| take_out_of(item.get_mut(), rest));
        }
        _ => {}
    }
}

/// Gives a misspelt key the name that it was meant for, unless that is there too. Returns whether it did.
fn rename(table: &mut DeTable<'_>, path: &[Step], meant: &str) -> bool {
    match path {
        [Step::Key(key)] if !table.contains_key(meant) => {
            let Some((old, value)) = table.remove_entry(key.as_str()) else { return false };
            table.insert(Spanned::new(old.span(), meant.to_owned().into()), value);
            true
        }
        [Step::Key(key), rest @ ..] if !rest.is_empty() => {
            table.get_mut(key.as_str()).is_some_and(|value| rename_in(value.get_mut(), rest, meant))
        }
        _ => false,
    }
}

fn rename_in(value: &mut DeValue<'_>, path: &[Step], meant: &str) -> bool {
    match (value, path) {
        (DeValue::Table(table), _) => rename(table, path, meant),
        (DeValue::Array(items), [Step::At(place), rest @ ..]) => {
            items.get_mut(*place).is_some_and(|item| rename_in(item.get_mut(), rest, meant))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        top: Table,
        #[serde(default)]
        row: Vec<Row>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Table {
        count: u8,
        words: Vec<String>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        id: String,
        number: u8,
    }

    fn told(text: &str) -> (Vec<String>, Shape<File>) {
        let shape = read::<File>(text);
        let line = |p: &ProfileProblem| format!("{}:{} {} {}", p.line, p.column, p.key, p.words);
        (shape.problems.iter().map(line).collect(), shape)
    }

    #[test]
    fn every_fault_is_told_once_and_the_rest_is_read() {
        let text = "topp = 1\n[top]\ncount = 300\nwords = [\"a\", 5]\n[[row]]\nid = \"one\"\n[[row]]\nid = \"two\"\nnumber = \"x\"\n\
                    [[row]]\nid = \"three\"\nnumber = 3\nextra = { deep = 1 }\n";
        let (told, shape) = told(text);
        let expected = [
            "1:1 topp unknown field `topp`, expected `top` or `row`; did you mean `top`?",
            "3:9 top.count invalid value: integer `300`, expected u8",
            "4:15 top.words[1] invalid type: integer `5`, expected a string",
            "5:1 row[0] missing field `number`",
            "9:10 row[1].number invalid type: string \"x\", expected u8",
            "13:1 row[2].extra unknown field `extra`, expected `id` or `number`",
        ];
        assert_eq!(told, expected);
        let rest =
            File { top: Table { count: 0, words: vec!["a".into()] }, row: vec![Row { id: "three".into(), number: 3 }] };
        assert_eq!(shape.value, Some(rest));
        assert!(shape.renumbered);
    }

    #[test]
    fn all_that_is_no_toml_is_told_and_nothing_that_may_follow_from_it() {
        let (told, shape) = told("[top\ncount = 1\n[[row]]\nid = \nnumber = 1\n");
        assert!(
            told.len() >= 2 && told[0].starts_with("1:") && told.iter().any(|one| one.starts_with("4:")),
            "{told:?}"
        );
        assert!(shape.value.is_none());
    }

    #[test]
    fn a_file_that_fits_has_no_problem() {
        let (told, shape) = told("[[row]]\nid = \"one\"\nnumber = 1\n");
        assert!(told.is_empty() && !shape.renumbered && shape.value.is_some_and(|file| file.row.len() == 1));
    }
}
